"""What the parts of an engine share: one store, one lock, one clock, and one way to write a step (会话).

What was written is told to the plugins after the commit (办后告知): ``governflow_recorded``.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import msgspec

from governflow.engine import merging
from governflow.engine.decide import fire
from governflow.engine.musters import BOOK
from governflow.engine.rewards import Earned, Lived, corrections, earned_by, giver, withdraws
from governflow.engine.rule_changes import lost_of, settle
from governflow.engine.transition import Outcomes
from governflow.errors import ClockBackwards, CommandError, PolicyError, UnknownCase, described, require, shown
from governflow.model.case import Case, evolve
from governflow.model.clocks import PROMISE
from governflow.model.events import AMENDED, RECALCULATED, Actor, Event, decode, encode
from governflow.model.faults import HookFault
from governflow.model.life import marked
from governflow.model.terms import Mode
from governflow.policy.hookspecs import HOLDERS, Merit
from governflow.policy.registry import Localities
from governflow.policy.stack import Policy
from governflow.stores import LedgerEntry, Store
from governflow.text import Text
from governflow.timesource import Entropy, TimeSource, in_utc

#: A code and the switches of its mode, oldest first.
Switches = tuple[str, tuple[tuple[datetime, Mode], ...]]

#: How far the clocks of two machines that write to one store may stand apart.
SKEW = timedelta(minutes=5)

#: The kind of the book's events that enter a merit.
ENTERED = "merit_entered"

#: What the body of an event holds that withdraws others.
_WITHDRAWING = (f'"{AMENDED}"'.encode(), f'"{RECALCULATED}"'.encode())

_TEXT_OR_NONE = (str, type(None))
_encode = msgspec.json.encode


def outage_of(event: Event) -> tuple[datetime, datetime]:
    """Return from when to when an outage lasted that a book declares."""
    return datetime.fromisoformat(str(event.about["from"])), datetime.fromisoformat(str(event.about["to"]))


def require_actor(by: object) -> None:
    """Refuse an actor that could be written into an event, but never read back."""
    if by is not None and (type(by) is not Actor or type(by.id) is not str or type(by.unit) not in _TEXT_OR_NONE):
        raise CommandError(
            f"{by!r} is no actor: give Actor(id, unit), both texts",
            f"{by!r} 不是经办人：请用 Actor(编号, 单位)，均为文字",
        )


class Transaction:
    """Makes what is done in its ``with`` block durable together, or none of it; only for who holds the lock."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __enter__(self) -> None:
        self._store.begin()

    def __exit__(self, fault: type[BaseException] | None, value: object, traceback: object) -> None:
        try:
            if fault is None:
                self._store.commit()
        except BaseException:
            self._store.rollback()
            raise
        if fault is not None:
            self._store.rollback()


class Session:
    """A store and the rules for it; `Engine` documents what it is made of."""

    def __init__(self, store: Store, clock: TimeSource, entropy: Entropy, localities: Localities) -> None:
        self.store = store
        self.clock = clock
        self.entropy = entropy
        self.localities = localities
        self.lock = threading.RLock()
        self.transaction = Transaction(store)
        self._modes: dict[str, tuple[Switches, ...]] = {}
        self._outages: dict[str, tuple[tuple[datetime, datetime], ...]] = {}
        # The entries of merits of each case, by locality; read when the first life of a locality changes.
        self._merits: dict[str, dict[str, list[Event]]] = {}
        self._kept_rules: set[str] = set()
        self._generation = store.generation
        # The rules under which the open cases were looked through; None before that.
        self._looked_under: object = None
        self._delivering = False
        self._failed: set[tuple[int, str]] = set()
        # Of the cases of which plugins are told now: the version, and the positions in the ledger of what is withdrawn.
        self._withdrawn: dict[str, tuple[int, frozenset[int]]] = {}

    @contextmanager
    def step(self, by: object, at: datetime | None) -> Iterator[datetime]:
        """Give the moment, in UTC, at which somebody does what the ``with`` block writes; tell the plugins of it."""
        require_actor(by)
        moment = self.moment(at)
        with self.lock, self.transaction:
            yield moment
        self.deliver()

    def moment(self, at: datetime | None) -> datetime:
        """Return a moment in UTC; the clock's present one if none is given."""
        return in_utc(self.clock.now() if at is None else at)

    def load(self, case_id: object) -> Case:
        """Return a case.

        Raises:
            UnknownCase: If there is none; a locality's book is no case.
        """
        case = self.store.load(case_id) if isinstance(case_id, str) else None
        if case is None or case.id.startswith("@"):
            raise UnknownCase(str(case_id))
        return case

    def append(
        self,
        policy: Policy,
        before: Case | None,
        after: Case,
        events: list[Event],
        secret: tuple[int, bytes, bytes] | None = None,
        key: bytes | None = None,
        digest: bytes | None = None,
    ) -> None:
        """Write the events of a step, the rule set that they name and the merits that they earn; see `Store.append`."""
        if policy.rules not in self._kept_rules:
            self.store.keep_rule_set(policy.rules, policy.rule_set)
            self._kept_rules.add(policy.rules)
            if before is None and policy.code not in self.store.localities():
                # No open case of it is older than these rules: under them none has to be looked through.
                self.store.apply_rules(policy.code, policy.rules)
        self.store.append(before, after, events, self.clock.now(), secret, key, policy.observed, digest)
        if events and (after.merged_into is not None or after.joined):
            self._tell_others(before, after, events[-1].at)
        if events and not after.id.startswith("@"):
            for kind, about in self._rewards(policy, before, after, events):
                self.append_to_book(policy.layers[0].code, kind, about, None, events[-1].at)

    def _tell_others(self, before: Case | None, after: Case, at: datetime) -> None:
        """Tell the case that another one was merged into, and those that were merged into this one."""
        into = after.merged_into
        if into is not None and before is not None and into != before.merged_into:
            other = self.store.load(into)
            if other is not None:
                rules = self.rules_of(other.locality)
                events, joined = merging.join(other, after, before.clocks.get(PROMISE), rules, at)
                self.append(rules, other, joined, events)
                if merging.has_answered(joined):
                    self._follow(after, joined, at)
        for name in merging.waiting(before, after):
            case = self.store.load(name)
            if case is not None and merging.waits_for(case, after):
                self._follow(case, after, at)

    def _follow(self, case: Case, other: Case, at: datetime) -> None:
        rules = self.rules_of(case.locality)
        events, now = merging.follow(case, other, rules, at, self.mode(rules, at))
        if events:
            self.append(rules, case, now, events)

    def append_to_book(
        self,
        locality: str,
        kind: str,
        about: dict[str, Any],
        by: Actor | None,
        at: datetime,
        key: bytes | None = None,
        listeners: Sequence[str] = (),
    ) -> Event:
        """Write an entry into a locality's own book: a chain like that of a case, under the id ``@<code>``."""
        name = f"@{locality}"
        book = self.store.load(name)
        changes = {"locality": locality} if book is None else {}
        seq = book.version + 1 if book else 1
        event = Event(name, seq, kind, at, BOOK, by=by, changes=changes, about=about)
        self.store.append(book, evolve(book, event), [event], self.clock.now(), None, key, listeners)
        if kind == ENTERED and about["case"] is not None and locality in self._merits:
            self._merits[locality].setdefault(about["case"], []).append(event)
        return event

    def _rewards(
        self, policy: Policy, before: Case | None, after: Case, events: list[Event]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Return what the book says of merits: what events earn, and the counter-entries of what they withdraw."""
        case = before
        for event in events:
            if policy.rewarding:
                case = after if event is events[-1] else evolve(case, event)
            if withdraws(event):
                yield from self._corrected_merits(policy, after.id, event)
            elif policy.rewarding and case is not None:
                earned, faults = self._earned(policy, Lived(event, case))
                yield from faults
                for entry in earned.entries:
                    yield ENTERED, entry

    def _corrected_merits(self, policy: Policy, name: str, event: Event) -> Iterator[tuple[str, dict[str, Any]]]:
        """Return what the book says of merits when an entry of a case gives it another life."""
        merits = self._merits_of(policy.layers[0].code, name)
        if not merits and not policy.rewarding:
            return
        faults: list[tuple[str, dict[str, Any]]] = []

        def ask(lived: Lived) -> Earned:
            earned, failed = self._earned(policy, lived)
            faults.extend(failed)
            return earned

        book = self.store.history(name)[: event.seq]
        entries = list(corrections(book, merits, ask))
        yield from faults
        for entry in entries:
            yield ENTERED, entry

    def _merits_of(self, locality: str, name: str) -> list[Event]:
        """Return the entries of merits that a locality's book holds of a case, counter-entries included."""
        self._forget_if_others_wrote()
        found = self._merits.get(locality)
        if found is None:
            found = self._merits[locality] = {}
            for event in self.store.history(f"@{locality}", holding=[_encode(ENTERED)]):
                if event.kind == ENTERED and event.about["case"] is not None:
                    found.setdefault(str(event.about["case"]), []).append(event)
        return list(found.get(name, ()))

    def _earned(self, policy: Policy, lived: Lived) -> tuple[Earned, list[tuple[str, dict[str, Any]]]]:
        """Ask for merits; a hook that fails loses its merits, never the case, and the book says so."""
        entries: list[dict[str, Any]] = []
        answered: set[str] = set()
        faults: list[tuple[str, dict[str, Any]]] = []
        event, case = decode(encode(lived.event)), lived.case  # a hook cannot rewrite what happened
        context = policy.context(case, self.mode(policy, event.at), event.at)
        for source, ask in policy.rewarding:
            try:
                merits = [merit_entry(merit, source, case.id) for merit in ask(event, case, context) or ()]
            except (Exception, SystemExit, GeneratorExit) as fault:  # noqa: BLE001 - whatever a county's rule raises, the case must stand
                said = HookFault.raised(source, "governflow_merits", fault).as_json()
                faults.append(("faulted", {"faults": [said]}))
                continue
            answered.add(giver(source))
            entries += [{**entry, "for": earned_by(event)} for entry in merits]
        return Earned(entries, frozenset(answered)), faults

    def rules_of(self, locality: str) -> Policy:
        """Return a locality's rules, or the defaults if they cannot be loaded: one county stops no other's clocks."""
        try:
            return self.localities.policy(locality)
        except PolicyError as fault:
            return self.localities.fallback(locality, fault)

    def catch_up(self, case: Case, policy: Policy, at: datetime) -> tuple[list[Event], Case]:
        """Return what fell due for a case before a moment, each event at its own moment, and the case then."""
        fallen: list[Event] = []
        while case.next_event_at is not None and case.next_event_at < at:
            events, case = self.fire(case, policy)
            fallen += events
        return fallen, case

    def advance(self, to: datetime | None, fired: list[Event] | None) -> None:
        """Fire everything that falls due before a moment, and set the store's clock to it; events go into ``fired``.

        A machine whose clock is a little behind that of another one that writes to the store finds nothing to do.
        """
        store, observed, goal = self.store, False, self.moment(to)
        with self.lock, self.transaction:
            if store.now is not None and to is None and goal < store.now <= goal + SKEW:
                return
            if store.now is not None and goal < store.now:
                raise ClockBackwards(store.now, goal)
            if self._looked_under is not self.localities.generation:
                settled = self._settle_under_new_rules(store.now)
                observed = bool(settled)
                if fired is not None:
                    fired += settled
            while (case := store.next_due(goal)) is not None:
                policy = self.rules_of(case.locality)
                observed = observed or bool(policy.observed)
                events, after = self.fire(case, policy)
                self.append(policy, case, after, events)
                if fired is not None:
                    fired += events
            store.now = goal
        if observed:
            self.deliver()

    def _settle_under_new_rules(self, now: datetime | None) -> list[Event]:
        """Put every open case that new rules know nothing of where they do, at once, and not when it next falls due."""
        settled: list[Event] = []
        found = {code: self.rules_of(code) for code in self.store.localities()}
        new = {
            code: policy
            for code, policy in found.items()
            if policy.fault is None and self.store.applied_rules(code) != policy.rules
        }
        for name in self.store.running() if new else ():
            case = self.store.load(name)
            policy = new.get(case.locality) if case is not None else None
            if case is None or policy is None:
                continue
            assert case.latest_at is not None
            moment = case.latest_at if now is None else max(now, case.latest_at)
            mode = self.mode(policy, moment)
            if not lost_of(case, policy, moment, mode):
                continue
            events, after = settle(case, policy, moment, mode)
            self.append(policy, case, after, events)
            settled += events
        for code, policy in new.items():
            self.store.apply_rules(code, policy.rules)
        self._looked_under = self.localities.generation
        return settled

    def mode(self, policy: Policy, at: datetime, *, but: str | None = None) -> Mode:
        """Return the mode of a locality at a moment: emergency while it, or anything above it ``but`` one, is in it."""
        self._forget_if_others_wrote()
        switched = self._modes.get(policy.code)
        if switched is None:
            switched = tuple((code, found) for code in policy.lineage if (found := self._switches(code)))
            self._modes[policy.code] = switched
        for code, switches in switched:
            if code == but:
                continue
            before = [mode for then, mode in switches if then <= at]
            if before and before[-1] is Mode.EMERGENCY:
                return Mode.EMERGENCY
        return Mode.NORMAL

    def _forget_if_others_wrote(self) -> None:
        """Read again what is kept of the store where somebody else wrote, or a transaction was undone."""
        if self._generation is not self.store.generation:
            self._generation = self.store.generation
            self._kept_rules.clear()
            self._merits.clear()
            self.forget_modes()

    def fire(self, case: Case, policy: Policy) -> Outcomes:
        """Return what falls due next for a case, in the mode and with the outages of that moment."""
        at = case.next_event_at
        if at is None:
            return [], case
        mode = self.mode(policy, at)
        return fire(case, policy, mode, outage=self.outage_at(policy, at))

    def outage_at(self, policy: Policy, at: datetime) -> datetime | None:
        """Return when the outage of a locality, or of one above it, ends in which a moment lies; None if in none."""
        outages = self._outages.get(policy.code)
        if outages is None:
            entries = [
                event
                for code in policy.lineage
                for event in self.store.history(f"@{code}", holding=[b'"outage_declared"'])
                if event.kind == "outage_declared"
            ]
            outages = self._outages[policy.code] = tuple(outage_of(event) for event in entries)
        if not outages:
            return None
        return max((end for start, end in outages if start <= at <= end), default=None)

    def forget_modes(self) -> None:
        """Read switches of modes and outages again when they are next asked for."""
        self._modes.clear()
        self._outages.clear()

    def _switches(self, locality: str) -> tuple[tuple[datetime, Mode], ...]:
        """Return every switch of a locality's mode, oldest first."""
        events = self.store.history(f"@{locality}", holding=[b'"mode_switched"'])
        return tuple((event.at, Mode(str(event.changes["mode"]))) for event in events if event.kind == "mode_switched")

    # --- what plugins have still to hear; a delivery that fails is kept and tried again ------------------------------

    def deliver(self) -> int:
        """Deliver everything that waits, what failed before included; return how many deliveries failed."""
        with self.lock:
            self._failed.clear()
            self.deliver_new()
            return len(self._failed)

    def deliver_new(self) -> None:
        """Deliver what was not tried yet; what failed once waits for the next `deliver`."""
        with self.lock:
            if self._delivering:
                return  # a plugin acts on what it hears: what that leads to is delivered in its turn
            self._delivering = True
            try:
                while waiting := [entry for entry in self.store.undelivered() if entry not in self._failed]:
                    # What is withdrawn is told no more: the event that withdrew it waits too, and is its follow-up.
                    if stands := [entry for entry in waiting if not self._is_withdrawn(entry[0])]:
                        self.store.attempt(stands)
                    # Asked once more before each call: a plugin that hears something may withdraw something.
                    faults = {entry: self._tell(*entry) for entry in stands if not self._is_withdrawn(entry[0])}
                    self._failed |= {entry for entry, fault in faults.items() if fault is not None}
                    with self.transaction:
                        for entry in waiting:
                            self.store.delivered(*entry, faults.get(entry))
            finally:
                self._delivering = False
                self._withdrawn.clear()

    def _is_withdrawn(self, position: int) -> bool:
        """Return whether an entry of the ledger was withdrawn since; a book's entries never are."""
        name = self.store.entry(position).case
        if name.startswith("@"):
            return False
        case = self.store.load(name)
        assert case is not None
        version, positions = self._withdrawn.get(name, (0, frozenset[int]()))
        if version != case.version:
            positions = _withdrawn_of(list(self.store.entries(name)))
            self._withdrawn[name] = case.version, positions
        return position in positions

    def _tell(self, position: int, plugin: str) -> str | None:
        """Call a plugin; return why it failed, or None if it heard the event."""
        entry = self.store.entry(position)
        case = self.store.load(entry.case)
        assert case is not None
        event = decode(entry.body, entry.recorded)
        try:
            policy = self.localities.policy(case.locality)
        except PolicyError as fault:
            return str(fault)
        for source, function, names in policy.impls("governflow_recorded"):
            if source.partition("@")[0] == plugin:
                try:
                    function(*[event if name == "event" else case for name in names])
                except Exception as fault:  # noqa: BLE001 - a plugin that fails never breaks the case
                    return described(fault)
                return None
        return f"{plugin} is not registered"


def _withdrawn_of(lines: Sequence[LedgerEntry]) -> frozenset[int]:
    """Return the positions of those entries of a case's book that an amendment or a recalculation has withdrawn."""
    if not any(kind in line.body for line in lines for kind in _WITHDRAWING):
        return frozenset()
    book = marked(decode(line.body, line.recorded) for line in lines)
    return frozenset(line.position for line, event in zip(lines, book, strict=True) if event.withdrawn is not None)


def merit_entry(merit: Merit, source: str, case: str | None) -> dict[str, Any]:
    """Return a merit as the ``about`` of the book's event keeps it, with who says so, and the case that earned it.

    Merits (积分) never change how a case is treated, and whoever asks for something never has any.

    Raises:
        CommandError: If it is nobody's, of an unknown holder, of no points, or without reason or source.
    """
    require(type(merit) is Merit, f"{shown(merit)} is no Merit", f"{shown(merit)} 不是 Merit")
    if not isinstance(merit.holder, str) or merit.holder not in HOLDERS:
        en, zh = ", ".join(HOLDERS), "、".join(f"{name}（{text.zh}）" for name, text in HOLDERS.items())
        raise CommandError(
            f"merits are for {en}, not for {merit.holder!r}: whoever asks has none",
            f"积分对象应为 {zh} 之一，而不是 {merit.holder!r}：诉求人没有积分",
        )
    require(isinstance(merit.to, str) and merit.to.strip(), "a merit needs whose it is (to)", "积分须注明对象（to）")
    require(
        type(merit.points) is int and merit.points != 0,
        f"{merit.points!r} points: give a whole number other than zero",
        f"分值 {merit.points!r} 应为非零整数",
    )
    if type(merit.rule) is not str or not Text(f"{merit.to}{merit.rule}", str(source)).sound:
        raise CommandError(
            f"whose it is, rule and source must be text, not {shown(merit.rule)}",
            f"积分的对象、规则和来源应为文字，而不是 {shown(merit.rule)}",
        )
    require(
        merit.reason.sound and merit.reason.en.strip() and merit.reason.zh.strip(),
        "a merit needs a reason in both languages",
        "积分须说明理由（中英文）",
    )
    require(isinstance(source, str) and source.strip(), "a merit needs its source: who says so", "积分须注明来源")
    return {
        "to": merit.to,
        "holder": merit.holder,
        "points": merit.points,
        "reason": {"en": merit.reason.en, "zh": merit.reason.zh},
        "rule": merit.rule,
        "source": source,
        "expires": in_utc(merit.expires).isoformat() if merit.expires is not None else None,
        "case": case,
    }
