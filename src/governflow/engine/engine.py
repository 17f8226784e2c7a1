"""The engine: the public face of rules, cases, clock and store.

    engine = Engine.open("cases.db")
    case = engine.report(locality="371621", text="路灯不亮", by=Actor("网格员12"))
    engine.dispatch(case.id, by=Actor("平台3"))
    engine.advance()

Every command is decided by pure functions and taken by the store in one transaction; whatever fell due for the case
before it is fired first, each thing with its own moment.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Unpack, cast, overload

from governflow.engine import rulings
from governflow.engine.books import Books
from governflow.engine.command_handler import take_command, tell
from governflow.engine.readings import Readings
from governflow.engine.retell import retell
from governflow.engine.session import Session, require_actor
from governflow.engine.transition import Outcomes
from governflow.engine.verbs import Common, ReportDetails, Verbs
from governflow.engine.widen import widen
from governflow.model.case import Case, evolve
from governflow.model.events import Actor, Event, Fact
from governflow.model.source import Source
from governflow.model.terms import Mode, Way, member
from governflow.policy.registry import Localities
from governflow.policy.stack import Policy
from governflow.stores import Store, open_store
from governflow.timesource import Entropy, SystemClock, TimeSource, salt

if TYPE_CHECKING:
    from pathlib import Path


#: What `Engine.report` may be told beside what every command takes.
_REPORTED = frozenset(ReportDetails.__annotations__)
#: Asks the rules anew about a case: case, policy, moment, mode, actor.
Review = Callable[[Case, Policy, datetime, Mode, Actor | None], Outcomes]


class Engine(Verbs, Books, Readings):
    """Takes commands, keeps deadlines, remembers everything. Safe to share between threads.

    Args:
        store: Where the cases are kept.
        clock: What ``at=None`` and ``advance()`` mean by now.
        entropy: Where the salts of commitments come from.
        localities: The localities it knows.
        way: How the cases that are reported here are run, unless their report says otherwise: ``live``, ``record``
            (a journal is the record: measures are written down as due) or ``enforce`` (as if the rules had been live).
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: TimeSource | None = None,
        entropy: Entropy = salt,
        localities: Localities | None = None,
        way: Way | str = Way.LIVE,
    ) -> None:
        self._session = Session(store, clock or SystemClock(), entropy, localities or Localities())
        self._way = member(Way, way)

    @property
    def store(self) -> Store:
        """Where the cases are kept."""
        return self._session.store

    @property
    def clock(self) -> TimeSource:
        """What ``at=None`` means."""
        return self._session.clock

    @property
    def way(self) -> Way:
        """How the cases that are reported here are run, unless their report says otherwise."""
        return self._way

    @property
    def localities(self) -> Localities:
        """The localities that it knows."""
        return self._session.localities

    @classmethod
    def open(
        cls,
        url: "str | Path | None" = None,
        *,
        clock: TimeSource | None = None,
        entropy: Entropy = salt,
        localities: Localities | None = None,
        way: Way | str = Way.LIVE,
        must_exist: bool = False,
        deliver: bool = True,
    ) -> "Engine":
        """Open an engine.

        Args:
            url: A path of a SQLite file, made if it does not exist; None keeps everything in memory.
            clock: What ``at=None`` means; the machine's clock by default.
            entropy: Where the salts of commitments come from.
            localities: The localities it knows; by default the built-in and the installed ones.
            way: How the cases that are reported here are run: see `Engine`.
            must_exist: Refuse to make a new file.
            deliver: Tell plugins at once what they had still to hear; False where you only read.

        Returns:
            The engine.

        Raises:
            StoreError: If the store cannot be opened.
        """
        store = open_store(url, must_exist=must_exist, read_only=not deliver)
        engine = cls(store, clock=clock, entropy=entropy, localities=localities, way=way)
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

    def close(self, *arguments: str, **common: object) -> Case | None:
        """Close the engine and its store; what was acknowledged is durable already. It takes nothing.

        For one release ``close(case_id)`` still closes a case, with a warning: use `archive`.
        """
        if not arguments and not common:
            self.store.close()
            return None
        warnings.warn("close(case_id) is now archive(case_id)", DeprecationWarning, stacklevel=2)
        return self.archive(*arguments, **cast("Common", common))

    # --- commands -----------------------------------------------------------------------------------------------------

    def report(
        self,
        *,
        locality: str = "000000",
        case_id: str | None = None,
        at: datetime | None = None,
        by: Actor | None = None,
        command_id: str | bytes | None = None,
        **details: Unpack[ReportDetails],
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
            way: ``live``, ``record`` or ``enforce``, as long as the case lives; the engine's own by default.
            extra: Columns of a journal that mean nothing to the engine. Erasable.
            note: A remark. Erasable.
            source: What the journal that it comes from records; everything by default. What is not recorded is not
                measured.
            case_id: An id of your own; made if not given.
            at: When it happened, timezone-aware; now by default.
            by: Who reports it.
            command_id: An id under which the command is known: sent again it changes nothing.

        Returns:
            The case.

        Raises:
            CommandError: If the id is taken or a value makes no sense.
        """
        if not _REPORTED.issuperset(details):
            raise TypeError(f"report() takes no argument {', '.join(sorted(details.keys() - _REPORTED))}")
        way = member(Way, details.pop("way", None) or self._way)
        if way is not Way.LIVE:  # what is said of every case by default needs no word
            details["way"] = way
        return take_command(self._session, "report", case_id, details, by, at, command_id, None, locality)

    def act(
        self,
        action: str,
        case_id: str,
        *,
        by: Actor | None = None,
        at: datetime | None = None,
        command_id: str | bytes | None = None,
        version: int | None = None,
        **details: object,
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
        return take_command(self._session, action, case_id, details, by, at, command_id, version)

    def widen(self, case_id: str, source: Source) -> None:
        """Let a case that came from a journal be measured by all that the journal records now.

        Args:
            case_id: The case.
            source: What is recorded; the life is worked out anew where that is another than before.
        """
        widen(self._session, case_id, source)

    def retell(self, command_id: bytes, action: str, **texts: object) -> bool:
        """Update the texts and personal data of a fact that is known (文字更正), in place; never of a forgotten case.

        Args:
            command_id: The command that told it.
            action: What was done.
            **texts: Any of ``reporter``, ``phone``, ``text``, ``note``, ``reason``, ``extra``; others are passed over.

        Returns:
            Whether anything was new.
        """
        return retell(self._session, command_id, action, texts)

    def tell(
        self,
        case_id: str,
        facts: Iterable[Fact],
        *,
        locality: str | None = None,
        instead: Iterable[Event] = (),
        reason: str = "",
        by: Actor | None = None,
        at: datetime | None = None,
    ) -> Case:
        """Tell several facts of one case together, in any order: they are judged in the order of time, all or none.

        A fact may be late: it is taken at its own moment if the life then fits, and what follows is worked out anew.
        What was told wrongly is corrected (更正) by telling what is right ``instead`` of it. That may be the report,
        and what came after it stays.

        Args:
            case_id: The case.
            facts: What was done or said; a report among them begins the case.
            locality: The code of the locality, for a case that is reported now.
            instead: The facts that are retracted with it, as `history` or `life` returns them.
            reason: Why these are retracted. Erasable.
            by: Who retracts them.
            at: When; now by default.

        Returns:
            The case afterwards.

        Raises:
            CommandError: If they do not fit together; it names the fact that contradicts. Nothing is changed then.
            NotAllowed: If the rules do not let the actor retract.
        """
        return tell(self._session, case_id, tuple(facts), locality, tuple(instead), reason, by, at)

    def retract(self, event: Event, *, reason: str, by: Actor | None = None, at: datetime | None = None) -> Case:
        """Retract a fact that was told wrongly (撤销登记): the life is worked out as if it had never been told.

        Args:
            event: The fact, as `history` or `life` returns it.
            reason: Why. Erasable.
            by: Who retracts it.
            at: When; now by default.

        Returns:
            The case afterwards.

        Raises:
            CommandError: If it is no fact of the case as it stands, or another fact needs it.
            NotAllowed: If the rules do not let the actor do it.
        """
        return tell(self._session, event.case, (), None, (event,), reason, by, at)

    # --- time ---------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime | None:
        """How far the engine's clock has been advanced, in UTC; None if never."""
        with self._session.lock:
            self.store.refresh()
            return self.store.now

    def advance(self, to: datetime | None = None) -> tuple[Event, ...]:
        """Fire everything that is due before a moment: in due order, each exactly once, however late.

        Args:
            to: How far, timezone-aware; now by default. What is due exactly then is not yet late.

        Returns:
            The events, each with the moment at which it was due.

        Raises:
            ClockBackwards: If the engine has been further already; by up to five minutes another machine's clock may
                have been ahead of this one's, then nothing happens.
        """
        fired: list[Event] = []
        self._finish_outages()
        self._session.advance(to, fired)
        return tuple(fired)

    def advance_quietly(self, to: datetime) -> None:
        """Do what `advance` does without gathering the events: for journals of millions of rows."""
        self._finish_outages()
        self._session.advance(to, None)

    def deliver(self) -> int:
        """Deliver to the plugins what was recorded and they have not heard yet; what fails is kept for the next time.

        Returns:
            How many deliveries failed and wait.
        """
        return self._session.deliver()

    @contextmanager
    def in_bulk(self) -> Iterator[None]:
        """Make many commands durable together; what a crash cuts off is whole transactions, never half a command."""
        self.store.bulk(on=True)
        try:
            yield
        except BaseException:
            self.store.abandon()
            raise
        self.store.bulk(on=False)

    # --- asking anew, and forgetting ----------------------------------------------------------------------------------

    def reassess(self, case_id: str, *, by: Actor | None = None, at: datetime | None = None) -> Case:
        """Ask the rules installed now about an open case; past rulings stay in the book."""
        return self._review(rulings.reassess, case_id, by, at)

    def recalculate(self, case_id: str, *, by: Actor | None = None, at: datetime | None = None) -> Case:
        """Count anew what a calendar counted: it may have learnt of a holiday, or of a whole year.

        Clocks that were stopped are counted too, and those of archived cases. A breach of a due time that was none is
        withdrawn, and an appeal against it needs no ruling any more. What people did because of it stays done.
        """
        return self._review(rulings.recalculate, case_id, by, at)

    def _review(self, ask: Review, case_id: str, by: Actor | None, at: datetime | None) -> Case:
        """Ask the rules anew about a case, write what that changes, and return the case afterwards."""
        session = self._session
        with session.step(by, at) as moment:
            case = session.load(case_id)
            policy = session.localities.policy(case.locality)
            fallen, now = session.catch_up(case, policy, moment)
            events, after = ask(now, policy, moment, session.mode(policy, moment), by)
            if fallen or events:
                session.append(policy, case, after, fallen + events)
        return after

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
        session = self._session
        require_actor(by)
        moment = session.moment(at)
        with session.lock, session.transaction:
            case = session.load(case_id)
            about = {"texts": session.store.erase(case_id)}
            event = Event(case_id, case.version + 1, "forgotten", moment, case.state, by=by, about=about, way=case.way)
            after = evolve(case, event)
            session.append(session.rules_of(case.locality), case, after, [event])
        with session.lock:
            session.store.scrub()
        session.deliver()
        return after
