"""The engine: the only place where rules, cases, clock and store meet.

    engine = Engine.open("cases.db")
    case = engine.report(locality="371621", text="路灯不亮", by=Actor("网格员12"))
    engine.dispatch(case.id, by=Actor("平台3"))
    engine.advance()

Every command is decided by pure functions and taken by the store in one transaction; whatever fell due for the case
before it is fired first, each thing with its own moment.
"""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Unpack, overload
from zoneinfo import ZoneInfo

import msgspec

from governflow.engine import decide as deciding
from governflow.engine.books import Books
from governflow.engine.decide import Command
from governflow.engine.explain import Explanation, explain
from governflow.engine.session import require_actor
from governflow.engine.verbs import Common, Verbs
from governflow.errors import ClockBackwards, CommandError, Conflict, NotAllowed, StoreError, UnknownCase
from governflow.model.case import Case, evolve
from governflow.model.events import Actor, Event
from governflow.model.terms import Mode
from governflow.policy.registry import Localities
from governflow.policy.rulesets import read_again
from governflow.policy.stack import Policy
from governflow.stores import MemoryStore, SQLiteStore, Store
from governflow.stores.chain import commitment
from governflow.timesource import Entropy, SystemClock, TimeSource, in_utc, salt

#: What a command brings that may say who somebody is: it goes into the erasable table, never into an event.
TEXTS = ("reporter", "phone", "text", "note", "reason", "extra")
_TEXTS = frozenset(TEXTS)

_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.decode


class Engine(Verbs, Books):
    """Takes commands, keeps deadlines, remembers everything. Safe to share between threads.

    Args:
        store: Where the cases are kept.
        clock: What ``at=None`` and ``advance()`` mean by now.
        entropy: Where the salts of commitments come from.
        localities: The localities it knows.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: TimeSource | None = None,
        entropy: Entropy = salt,
        localities: Localities | None = None,
    ) -> None:
        super().__init__(store, clock or SystemClock(), entropy, localities or Localities())

    @classmethod
    def open(
        cls,
        url: str | Path | None = None,
        *,
        clock: TimeSource | None = None,
        entropy: Entropy = salt,
        localities: Localities | None = None,
        must_exist: bool = False,
        deliver: bool = True,
    ) -> "Engine":
        """Open an engine.

        Args:
            url: A path of a SQLite file, made if it does not exist; None keeps everything in memory.
            clock: What ``at=None`` means; the machine's clock by default.
            entropy: Where the salts of commitments come from.
            localities: The localities it knows; by default the built-in and the installed ones.
            must_exist: Refuse to make a new file.
            deliver: Tell plugins at once what they had still to hear; False where you only read.

        Returns:
            The engine.

        Raises:
            StoreError: If the store cannot be opened.
        """
        if url is None:
            store: Store = MemoryStore()
        elif "://" in str(url):
            kind = str(url).partition(":")[0]
            raise StoreError(
                f"{kind} stores are not supported yet: give a path for SQLite, or nothing for memory",
                "暂不支持该类数据库：请给出 SQLite 文件路径，或不给（内存）",
            )
        else:
            store = SQLiteStore(url, must_exist=must_exist, read_only=not deliver)
        engine = cls(store, clock=clock, entropy=entropy, localities=localities)
        if deliver:
            engine.deliver()
        return engine

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @overload
    def close(self) -> None: ...

    @overload
    def close(self, case_id: str, **common: Unpack[Common]) -> Case: ...

    def close(self, *arguments: str, **common: Any) -> Case | None:
        """Close the engine and its store; what was acknowledged is durable already. It takes nothing.

        For one release ``close(case_id)`` still closes a case, with a warning: use `archive`.
        """
        if not arguments and not common:
            self.store.close()
            return None
        warnings.warn("close(case_id) is now archive(case_id)", DeprecationWarning, stacklevel=2)
        return self.archive(*arguments, **common)

    # --- commands -----------------------------------------------------------------------------------------------------

    def report(
        self,
        *,
        locality: str = "000000",
        item: str = "",
        text: str = "",
        place: str = "",
        reporter: str | None = None,
        phone: str | None = None,
        informant: str | None = None,
        channel: str = "",
        severity: str | None = None,
        urgency: str | None = None,
        visit: bool | None = None,
        asked: bool = True,
        lifecycle: str | None = None,
        facts: Mapping[str, Any] | None = None,
        zone: str | None = None,
        extra: Mapping[str, str] | None = None,
        note: str | None = None,
        case_id: str | None = None,
        at: datetime | None = None,
        by: Actor | None = None,
        command_id: str | bytes | None = None,
    ) -> Case:
        """Report a case (上报).

        Args:
            locality: The code of the locality; one that nobody registered takes its nearest ancestor's rules.
            item: The catalogue item.
            text: What is wrong, in the words of the one who asks. Erasable.
            place: Where it is, as coarse as routing needs it; the door belongs into the text.
            reporter: Who asks. Erasable, never in an event.
            phone: Their telephone number. Erasable, never in an event.
            informant: The post that reports it on duty.
            channel: How it came in.
            severity: ``general``, ``complex`` or ``major``, where the reporter says so.
            urgency: ``normal``, ``urgent`` or ``emergency``.
            visit: Whether somebody has to go there; as the catalogue says of the item by default, else yes.
            asked: Whether somebody asked; False for what a worker found (主动发现).
            lifecycle: The name of a lifecycle; as the catalogue says of the item by default, else the everyday one.
            facts: What the locality's tables ask for beside, by name: ``{"people": 12}``. Never who asks.
            zone: The IANA zone in which its days are counted; the locality's by default.
            extra: Columns of a journal that mean nothing to the engine. Erasable.
            note: A remark. Erasable.
            case_id: An id of your own; made if not given.
            at: When it happened, timezone-aware; now by default.
            by: Who reports it.
            command_id: An id under which the command is known: sent again it changes nothing.

        Returns:
            The case.

        Raises:
            CommandError: If the id is taken or a value makes no sense.
        """
        details: dict[str, Any] = {
            "item": item,
            "text": text,
            "place": place,
            "reporter": reporter,
            "phone": phone,
            "informant": informant,
            "channel": channel,
            "severity": severity,
            "urgency": urgency,
            "visit": visit,
            "asked": asked,
            "lifecycle": lifecycle,
            "facts": facts,
            "zone": zone,
            "extra": extra,
            "note": note,
        }
        moment = self.clock.now() if at is None else at
        return self._run("report", case_id, details, by, moment, command_id, None, locality)

    def act(
        self,
        action: str,
        case_id: str,
        *,
        by: Actor | None = None,
        at: datetime | None = None,
        command_id: str | bytes | None = None,
        version: int | None = None,
        **details: Any,
    ) -> Case:
        """Do something to a case: any action of its lifecycle.

        Args:
            action: The action's name.
            case_id: The case.
            by: Who does it.
            at: When it happened, timezone-aware; now by default. A fact may come late if it still fits.
            command_id: An id under which the command is known: sent again it changes nothing and returns what it
                returned the first time.
            version: The version that the caller has read; refused if the case has changed since.
            **details: What the action needs (``to``, ``until``, ``satisfied``, ``text``, ...).

        Returns:
            The case afterwards.

        Raises:
            UnknownCase: If there is no such case.
            IllegalAction: If its state does not allow the action.
            Conflict: If ``version`` is stale.
            CommandError: If the details make no sense or the fact comes too late to fit.
        """
        moment = self.clock.now() if at is None else at
        return self._run(action, case_id, details, by, moment, command_id, version, None)

    def _run(
        self,
        action: str,
        case_id: str | None,
        details: Mapping[str, Any],
        by: Actor | None,
        at: datetime,
        command_id: str | bytes | None,
        version: int | None,
        locality: str | None,
    ) -> Case:
        at = in_utc(at)
        if by is not None:
            require_actor(by)
        key = command_id.encode() if isinstance(command_id, str) else command_id
        store = self.store
        with self._lock:
            store.begin()
            try:
                if key is not None and (seen := store.command(key)) is not None:
                    store.rollback()
                    return self._as_of(*seen)
                case, policy, fresh = self._subject(action, case_id, details, at, locality)
                if version is not None and version != case.version:
                    self._require_only_denials(case, version)
                mode = self._mode(policy, at)
                before = None if fresh else case
                fallen: list[Event] = []
                if case.next_event_at is not None and case.next_event_at < at:
                    fallen, case = self._catch_up(case, policy, at)
                secret = self._seal(details)
                command = Command(action, details, by, commitment(*secret) if secret else None)
                events, after = deciding.decide(case, command, policy, at, mode)
                kept = (events[0].seq, *secret) if secret else None
                if fallen:
                    events = fallen + events
                if policy.rules not in self._kept or policy.rewarding:
                    self._keep(policy, before, after, events, kept, key)
                else:
                    store.append(before, after, events, self.clock.now(), kept, key, policy.observed)
                store.commit()
            except NotAllowed as refused:
                store.rollback()
                if refused.denial is not None:
                    self._deny(refused.denial, action, case_id, locality, by, at, key)
                    self._tell_all()
                raise
            except BaseException:
                store.rollback()
                raise
        if policy.observed:
            with self._lock:
                self._tell_all()
        return after

    def _deny(
        self,
        denial: Mapping[str, object],
        action: str,
        case_id: str | None,
        locality: str | None,
        by: Actor | None,
        at: datetime,
        key: bytes | None,
    ) -> None:
        """Write a denial into the case, or into the locality's book where there is no case yet; once for a command."""
        mark = b"denied:" + key if key is not None else None
        with self._transaction():
            if mark is not None and self.store.command(mark) is not None:
                return
            case = self.store.load(case_id) if case_id is not None and action != "report" else None
            if case is None:
                code = locality or "000000"
                self._write_in(code, "denied", {}, dict(denial), by, at, mark, self.rules_of(code).observed)
                return
            rules = self.rules_of(case.locality)
            fallen, now = self._catch_up(case, rules, at)
            event = Event(now.id, now.version + 1, "denied", at, now.state, by=by, about=dict(denial))
            self._keep(rules, case, evolve(now, event), [*fallen, event], None, mark)

    def _subject(
        self, action: str, case_id: str | None, details: Mapping[str, Any], at: datetime, locality: str | None
    ) -> tuple[Case, Policy, bool]:
        store = self.store
        known = store.load(case_id) if case_id is not None else None
        if action != "report":
            if known is None or known.id.startswith("@"):
                raise UnknownCase(str(case_id))
            if action == "merge":
                self._require_other(known, details.get("into"))
            return known, self.localities.policy(known.locality), False
        if known is not None:
            raise CommandError(
                f"case {case_id} was reported already, on {known.opened:%Y-%m-%d %H:%M} UTC in {known.locality}",
                f"事项 {case_id} 已经上报过（{known.locality}）",
            )
        policy = self.localities.policy(locality or "000000")
        name = case_id or self._new_id(policy.code, at, policy.zone)
        if not isinstance(name, str) or name.startswith("@") or not name.strip():
            raise CommandError(f"{name!r} cannot be the id of a case", f"{name!r} 不能作为事项编号")
        return deciding.unreported(name, policy, at, self._mode(policy, at), details), policy, True

    def _require_only_denials(self, case: Case, version: int) -> None:
        """Refuse a stale version; what somebody else was not allowed to do has changed nothing."""
        if not 0 < version <= case.version or any(
            event.kind != "denied" for event in self.store.history(case.id)[version:]
        ):
            raise Conflict(case.id, version, case.version)

    def _new_id(self, code: str, at: datetime, zone: str) -> str:
        number = self.store.count() + 1
        day = at.astimezone(ZoneInfo(zone))
        while self.store.load(name := f"{code}-{day.year:04}{day.month:02}{day.day:02}-{number:05d}") is not None:
            number += 1  # somebody gave a case this very id
        return name

    def _require_other(self, case: Case, into: Any) -> None:
        other = self.store.load(into) if isinstance(into, str) else None
        if other is None or other.id.startswith("@"):
            raise UnknownCase(str(into))
        if other.state in ("merged", "declined", "withdrawn"):
            raise CommandError(
                f"case {into} is {other.state} and will answer nobody: merge into a case that will",
                f"事项 {into} 已终止，不会再有答复：请并入有答复的事项",
            )
        if into == case.id:
            raise CommandError(f"case {into} cannot be merged into itself", f"事项 {into} 不能并入自身")

    def _seal(self, details: Mapping[str, Any]) -> tuple[bytes, bytes] | None:
        if _TEXTS.isdisjoint(details):
            return None
        texts = {name: value for name in TEXTS if (value := details.get(name))}
        return (self._entropy(), _encode(texts)) if texts else None

    def _as_of(self, case_id: str, version: int) -> Case:
        """Return a case as it was at a version: what a command returned the first time."""
        known = self.case(case_id)
        if known.version == version:
            return known
        past: Case | None = None
        for event in self.store.history(case_id)[:version]:
            past = evolve(past, event)
        assert past is not None
        return past

    # --- time ---------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime | None:
        """How far the engine's clock has been advanced, in UTC; None if never."""
        with self._lock:
            self.store.refresh()
            return self.store.now

    def advance(self, to: datetime | None = None) -> tuple[Event, ...]:
        """Fire everything that is due before a moment: in due order, each exactly once, however late.

        Args:
            to: How far, timezone-aware; now by default. What is due exactly then is not yet late.

        Returns:
            The events, each with the moment at which it was due.

        Raises:
            ClockBackwards: If the engine has been further already.
        """
        fired: list[Event] = []
        self._advance(to, fired)
        return tuple(fired)

    def advance_quietly(self, to: datetime) -> None:
        """Do what `advance` does without gathering the events: for journals of millions of rows."""
        self._advance(to, None)

    def _advance(self, to: datetime | None, fired: list[Event] | None) -> None:
        goal = in_utc(self.clock.now() if to is None else to)
        store = self.store
        observed = False
        with self._lock:
            store.begin()
            try:
                if store.now is not None and goal < store.now:
                    raise ClockBackwards(store.now, goal)
                while (case := store.next_due(goal)) is not None:
                    policy = self.rules_of(case.locality)
                    observed = observed or bool(policy.observed)
                    assert case.next_event_at is not None
                    events, after = deciding.fire(case, policy, self._mode(policy, case.next_event_at))
                    self._keep(policy, case, after, events)
                    if fired is not None:
                        fired += events
                store.now = goal
                store.commit()
            except BaseException:
                store.rollback()
                raise
        if observed:
            self.deliver()

    @contextmanager
    def in_bulk(self) -> Iterator[None]:
        """Make many commands durable together; what a crash cuts off is whole transactions, never half a command."""
        self.store.bulk(on=True)
        try:
            yield
        except BaseException:
            if isinstance(self.store, SQLiteStore):
                self.store.abandon()
            raise
        self.store.bulk(on=False)

    # --- reading ------------------------------------------------------------------------------------------------------

    def case(self, case_id: str) -> Case:
        """Return a case.

        Raises:
            UnknownCase: If there is none.
        """
        with self._lock:
            case = self.store.load(case_id)
        if case is None or case_id.startswith("@"):
            raise UnknownCase(case_id)
        return case

    def cases(self) -> Iterator[Case]:
        """Return all cases in the order in which they were first reported."""
        number = 0
        while True:
            with self._lock:
                self.store.refresh()
                names = self.store.names(number, 200)
            if not names:
                return
            for _, name in names:
                with self._lock:
                    case = self.store.load(name)
                if case is not None:
                    yield case
            number = names[-1][0]

    def history(self, case_id: str, *, about: str = "") -> list[Event]:
        """Return the events of a case, oldest first.

        Args:
            case_id: The case.
            about: Only those that tell this detail, such as ``escalation``; all by default.

        Raises:
            UnknownCase: If there is no such case.
        """
        self.case(case_id)
        with self._lock:
            events = self.store.history(case_id, holding=about.encode())
        return [event for event in events if not about or about in event.about]

    def find(self, case_id: str) -> Case | None:
        """Return a case, or None if there is none."""
        with self._lock:
            return None if case_id.startswith("@") else self.store.load(case_id)

    def mode(self, locality: str) -> Mode:
        """Return the mode to which a locality itself was last switched, whatever those above it are in."""
        with self._lock:
            book = self.store.load(f"@{locality}")
        return book.mode if book is not None else Mode.NORMAL

    def has_taken(self, command_id: str | bytes) -> bool:
        """Return whether a command of this id was taken before."""
        with self._lock:
            return self.store.command(command_id.encode() if isinstance(command_id, str) else command_id) is not None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever recorded."""
        return self.store.position == 0

    def rule_set(self, rules: str) -> bytes | None:
        """Return a rule set as the store keeps it, by its hash."""
        with self._lock:
            return self.store.rule_set(rules)

    def explain(self, case_id: str) -> Explanation:
        """Return every ruling with reason, rule and source, and every clock as segments from start to due."""
        case = self.case(case_id)
        return explain(case, self.history(case_id), self.rules_of(case.locality), self.rule_set)

    def personal(self, case_id: str, *, by: Actor) -> list[Mapping[str, Any]]:
        """Return the texts and personal data of a case, one mapping an event that brought any.

        Args:
            case_id: The case.
            by: Who reads: only the unit that holds the case may.

        Returns:
            Mappings with ``seq`` and any of ``reporter``, ``phone``, ``text``, ``note``, ``reason``, ``extra``.

        Raises:
            NotAllowed: If the reader's unit does not hold the case.
        """
        case = self.case(case_id)
        if by.unit != case.unit:
            raise NotAllowed(
                f"personal data of case {case_id} is for {case.unit}, which holds it, not for {by.unit or 'no unit'}",
                f"事项 {case_id} 的个人信息仅限承办单位“{case.unit}”查看",
            )
        return self.texts(case_id)

    def texts(self, case_id: str) -> list[Mapping[str, Any]]:
        """Return the erasable texts of a case without asking who reads: for the store's own keeper."""
        with self._lock:
            kept = self.store.texts(case_id)
        return [{"seq": seq, **_decode(content)} for seq, (_, content) in sorted(kept.items())]

    def verify(self, against: str | None = None) -> str:
        """Recompute every chain of the ledger.

        Args:
            against: A head noted earlier.

        Returns:
            The head, ``<number of events>:<hash>``: note it elsewhere.

        Raises:
            Tampered: If anything was altered, cut off or reordered.
        """
        with self._lock:
            self.store.refresh()
            return self.store.verify(against, read_again)

    # --- on purpose ---------------------------------------------------------------------------------------------------

    def reassess(self, case_id: str, *, by: Actor | None = None, at: datetime | None = None) -> Case:
        """Ask the rules installed now about an open case; past rulings stay in the book."""
        return self._anew(deciding.reassess, case_id, by, at)

    def recalculate(self, case_id: str, *, by: Actor | None = None, at: datetime | None = None) -> Case:
        """Count anew the clocks that were fixed when the calendar did not yet know the year."""
        return self._anew(deciding.recalculate, case_id, by, at)

    def _anew(self, ask: Any, case_id: str, by: Actor | None, at: datetime | None) -> Case:
        if by is not None:
            require_actor(by)
        moment = in_utc(self.clock.now() if at is None else at)
        with self._transaction():
            case = self.store.load(case_id)
            if case is None or case_id.startswith("@"):
                raise UnknownCase(case_id)
            policy = self.localities.policy(case.locality)
            fallen, now = self._catch_up(case, policy, moment)
            events, after = ask(now, policy, moment, self._mode(policy, moment), by)
            if fallen or events:
                self._keep(policy, case, after, fallen + events)
        self.deliver()
        return after  # type: ignore[no-any-return]

    def forget(self, case_id: str, *, by: Actor | None = None, at: datetime | None = None) -> Case:
        """Erase everything that may say who somebody is; the ledger stays whole and verifiable.

        Args:
            case_id: The case.
            by: Who orders it.
            at: When; now by default.

        Returns:
            The case.

        Raises:
            StoreError: If another connection keeps the old pages from being overwritten.
        """
        case = self.case(case_id)
        if by is not None:
            require_actor(by)
        moment = in_utc(self.clock.now() if at is None else at)
        with self._transaction():
            case = self.store.load(case_id) or case
            erased = self.store.erase(case_id)
            event = Event(case_id, case.version + 1, "forgotten", moment, case.state, by=by, about={"texts": erased})
            after = evolve(case, event)
            self._keep(self.rules_of(case.locality), case, after, [event])
        with self._lock:
            self.store.scrub()
        self.deliver()
        return after
