"""The clocks of a case: what starts and stops them, and what became of each (时限).

A deadline is a value, not a timer: it is fixed from allowance and calendar when the clock starts or changes, and is
recorded. The rules:

* A stop exactly at the due time is on time: a clock is breached only when ``due < now``.
* A pause keeps the remainder; one begun after the due moment moves nothing. A pause is a stretch of time: a clock that
  gets time back while its case is suspended stands still from the beginning of the suspension.
* A date that somebody granted stands: nothing that is counted anew brings the due time before it.
* A breach once recorded survives everything: a late stop, a new cycle, a later fact (which marks it ``disproved``).
  Each due moment that is missed is a breach of its own, and an exemption excuses the one that it was given for.
* After a breach the clock climbs the ladder of escalation until it is stopped; ``next_rung_at`` is the next rung.
"""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import attrs
import msgspec
from msgspec.structs import replace

from governflow._names import old_attributes
from governflow.calendars import WorkingCalendar
from governflow.calendars.allowances import Allowance
from governflow.model.terms import Exempt, Form, Outcome, Tier
from governflow.model.urgings import Urging
from governflow.text import Text

#: What a clock is like, beyond its allowance.
PAUSES = "pauses"  # a suspended case pauses it
LAPSES = "lapses"  # running out is no breach (an evaluation that never comes)
SURVIVES_TRANSFER = "lasts"  # no return, transfer or escalation restarts it: the requester's own clock
DUTY = "duty"  # a takeover moves the duty to a higher unit while the state stays
STATUTE = "statute"  # a law says so: localities below it may tighten the allowance, never drop or loosen it

TRAITS = frozenset({PAUSES, LAPSES, SURVIVES_TRANSFER, DUTY, STATUTE})

WARNING_SHARE = 0.8

#: What stands for the allowance of a clock whose due time somebody promised.
PROMISED = "promised"
#: The clock of an answer that was promised to the one who asked, for a date: whoever holds the case owes it.
PROMISE = "promise"

#: Units of allowances that count whole days.
DAY_UNITS = ("wd", "cd")

#: A share of elapsed time needs an allowance to be asked for; how long it is makes no difference.
_ELAPSED = Allowance(1, "d")

#: The shortest and longest gap between two rungs of the ladder.
SHORTEST_GAP = timedelta(minutes=30)
LONGEST_GAP = timedelta(days=1)


_NO_REASON = Text("", "")


@attrs.frozen(cache_hash=True)
class ClockSpec:
    """How one kind of clock behaves.

    Args:
        name: ``dispatch``, ``arrive``, ``resolve``, ...
        text: Its name in both languages.
        allowance: How long it may run.
        starts: What starts it: actions, ``reopen``, ``dispatch:visit`` or ``dispatch:no_visit``.
        stops: The actions that stop it.
        traits: Any of `PAUSES`, `LAPSES`, `SURVIVES_TRANSFER`, `DUTY`, `STATUTE`.
        rule: The id of the rule that gives the allowance.
        reason: Why, in both languages.
        extension: The longest extension, which may then be granted once only; None sets no limit.
    """

    name: str
    text: Text
    allowance: Allowance
    starts: frozenset[str]
    stops: frozenset[str]
    traits: tuple[str, ...] = ()
    rule: str = ""
    reason: Text = _NO_REASON
    extension: Allowance | None = None
    written: str = attrs.field(init=False, eq=False, repr=False)
    span: timedelta | None = attrs.field(init=False, eq=False, repr=False)
    warn_after: timedelta | None = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        # What every start of this clock needs is worked out once: elapsed time asks no calendar.
        span = self.allowance.span if self.allowance.elapsed else None
        warns = span is not None and LAPSES not in self.traits
        object.__setattr__(self, "written", str(self.allowance))
        object.__setattr__(self, "span", span)
        object.__setattr__(self, "warn_after", span * WARNING_SHARE if span is not None and warns else None)


class Miss(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A due moment that was missed.

    Args:
        at: The due moment, in UTC.
        exempt: Why it does not count in the statistics; None if it does.
        appealed: Whether an appeal against it waits for its ruling, of a clock that has missed another one since.
    """

    at: datetime
    exempt: Exempt | None = None
    appealed: bool = False


class Addition(msgspec.Struct, frozen=True, gc=False):
    """An allowance that was granted on top of what a clock had.

    Args:
        allowance: The allowance as text.
        at: When it was granted, in UTC.
    """

    allowance: str
    at: datetime


#: Names of fields in the ledger that are called otherwise in Python.
_IN_LEDGER = {"missed_at": "fell", "next_rung_at": "climb", "calendar_unknown": "flagged"}


class Paper(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Where a clock's measures would have brought the case, had they been carried out: all of it on paper.

    Args:
        unit: Who would hold the case, or the duty; None while no takeover was due.
        form: In which form it would be handled.
        tier: Who would have to manage it.
        state: The state in which it would be.
        special: When a special report became due.
        clock: The clock of the cycle that would have begun, as it would have been missed; the ladder goes on for it.
    """

    unit: str | None = None
    form: Form | None = None
    tier: Tier | None = None
    state: str = ""
    special: datetime | None = None
    clock: "Clock | None" = None


@old_attributes(**{old: new for new, old in _IN_LEDGER.items()})
class Clock(msgspec.Struct, frozen=True, omit_defaults=True, gc=False, rename=_IN_LEDGER):
    """One clock of one case, in one cycle. Moments are in UTC.

    Args:
        name: Its name; ``check_in:<unit>`` for a summons.
        cycle: 1 for the first of its name in the case, then 2, ...
        started: When it began to count.
        due: When it must be stopped at the latest.
        allowance: Its allowance as text.
        traits: See `ClockSpec`.
        warn: When to warn (80 % of the allowance); None once warned or stopped.
        outcome: What became of it so far.
        missed_at: The due moment that was missed, if one was: a later extension does not undo it.
        stopped: When it ended, by whatever outcome; None while it is unfinished.
        original: When it would be due without its extensions; None if there was none.
        paused: Since when it is paused.
        pauses: The pauses that are over.
        next_rung_at: When the next rung of its ladder is due; only after a breach.
        rung: How many rungs it has climbed.
        exempt: Why its breach does not count in the statistics.
        duty: The unit that took the duty over.
        calendar_unknown: Whether the calendar did not know the days up to the due time.
        paper: Where measures that are only due would have brought the case; only where a journal is the record.
        urging: The times at which the same unit is urged until ``next_rung_at``; None where its ladder does more.
        since: From when its allowance counts, where that is not its start: a later rule asks nothing of what is past.
        granted: The date that was granted: whatever is counted anew, it is not due before.
        added: What was granted on top where no date was named: a newer calendar counts it anew.
        counted: While it is paused, when it would be due without the date that was granted during the pause: only this
            waits for the end of the pause.
        earlier: The due moments that were missed before `missed_at`.
    """

    name: str
    cycle: int
    started: datetime
    due: datetime
    allowance: str
    traits: tuple[str, ...] = ()
    warn: datetime | None = None
    outcome: Outcome = Outcome.RUNNING
    stopped: datetime | None = None
    original: datetime | None = None
    paused: datetime | None = None
    pauses: tuple[tuple[datetime, datetime], ...] = ()
    next_rung_at: datetime | None = None
    rung: int = 0
    exempt: Exempt | None = None
    missed_at: datetime | None = None
    duty: str | None = None
    calendar_unknown: bool = False
    paper: Paper | None = None
    urging: Urging | None = None
    since: datetime | None = None
    granted: datetime | None = None
    added: tuple[Addition, ...] = ()
    counted: datetime | None = None
    earlier: tuple[Miss, ...] = ()

    @property
    def mark(self) -> str:
        """Its name and its cycle, as appeals and escalations call it: ``resolve#2``."""
        return f"{self.name}#{self.cycle}"

    @property
    def running(self) -> bool:
        """Whether it is unfinished and not paused, breached or not."""
        return self.stopped is None and self.paused is None

    @property
    def moment(self) -> datetime | None:
        """When something next happens to it by itself: warning, due time or rung."""
        if self.stopped is not None or self.paused is not None:
            return None
        if self.warn is not None:
            return self.warn  # of a breached clock it is set only where another due moment lies ahead
        return self.next_rung_at if self.outcome is Outcome.BREACHED else self.due

    @property
    def begun(self) -> datetime:
        """From when its present allowance counts."""
        return self.since or self.started

    @property
    def misses(self) -> tuple[Miss, ...]:
        """Every due moment that it missed, oldest first."""
        if self.outcome is not Outcome.BREACHED:
            return ()
        return (*self.earlier, Miss(self.missed_at or self.due, self.exempt))

    @property
    def is_due_again(self) -> bool:
        """Whether it missed a due moment and was given another one, whose ladder has not begun."""
        missed_at = self.missed_at
        return self.outcome is Outcome.BREACHED and missed_at is not None and missed_at < self.due == self.next_rung_at


#: What is noted of a breached clock while the cycle that a measure would have begun guards it: its ladder waits.
ASLEEP = Paper()


def guards(clock: Clock) -> bool:
    """Return whether a clock stands for a cycle that a measure would have begun, and that nobody has ended."""
    return clock.stopped is None and clock.paper is not None and clock.paper.clock is not None


def awake(clock: Clock, at: datetime) -> Clock:
    """Let a ladder that waited go on, one gap after the clock that guarded it has ended."""
    return replace(clock, paper=None, next_rung_at=at + gap(clock))


def asked_again(clock: Clock, at: datetime) -> Clock:
    """Ask the rules anew with the next urging: what they looked at has changed."""
    coming = clock.urging.next(at) if clock.urging is not None else None
    if clock.urging is None or coming is None:
        return replace(clock, urging=None)
    number, moment = coming
    return replace(clock, urging=None, next_rung_at=moment, rung=clock.urging.rung + number - 1)


def started(spec: ClockSpec, name: str, at: datetime, cycle: int) -> Clock:
    """Start a clock of elapsed time: fix its due time and its warning."""
    assert spec.span is not None
    warn = at + spec.warn_after if spec.warn_after is not None else None
    return Clock(name, cycle, at, at + spec.span, spec.written, spec.traits, warn)


def started_on(spec: ClockSpec, name: str, at: datetime, cycle: int, calendar: WorkingCalendar) -> Clock:
    """Start a clock that a calendar counts: fix its due time and its warning."""
    allowance = spec.allowance
    due = allowance.due(at, calendar)
    warn = None if LAPSES in spec.traits else _warning(allowance, at, due, calendar)
    return Clock(name, cycle, at, due, spec.written, spec.traits, warn, calendar_unknown=calendar.flagged(due, at))


def fixed(name: str, at: datetime, due: datetime, traits: tuple[str, ...], cycle: int = 1) -> Clock:
    """Start a clock whose due time somebody promised instead of a rule."""
    span = due - at
    return Clock(name, cycle, at, due, PROMISED, traits, at + span * WARNING_SHARE if span else None)


def _warning(
    allowance: Allowance | None,
    start: datetime,
    due: datetime,
    calendar: WorkingCalendar,
    pauses: tuple[tuple[datetime, datetime], ...] = (),
) -> datetime | None:
    if due <= start:
        return None
    warn = (allowance or _ELAPSED).warn(start, due, calendar, WARNING_SHARE, pauses)
    return warn if warn < due else None


def warning(clock: Clock, due: datetime, allowance: Allowance | None, calendar: WorkingCalendar) -> datetime | None:
    """Return when to warn of a due time: what was paused is not counted. A promised date has no allowance."""
    return None if LAPSES in clock.traits else _warning(allowance, clock.begun, due, calendar, clock.pauses)


def allowance_of(clock: Clock) -> Allowance | None:
    """Return the allowance of a clock; None where somebody promised a date instead."""
    return None if clock.allowance == PROMISED else Allowance.parse(clock.allowance)


def stopped(clock: Clock, at: datetime) -> Clock:
    """Stop a clock at the moment that fulfils it; a breach that this disproves stays in the book, exempt."""
    if clock.outcome is Outcome.RUNNING and clock.paused is None and at <= clock.due:
        return replace(clock, stopped=at, warn=None, outcome=Outcome.MET)
    ended: dict[str, Any] = {"stopped": at, "warn": None, "paused": None, "pauses": _pause_over(clock, at)}
    if clock.outcome is Outcome.BREACHED:
        return replace(clock, **ended, next_rung_at=None, urging=None, counted=None, exempt=_disproved(clock, at))
    if clock.paused is not None:
        return replace(clock, **ended, outcome=Outcome.MET, counted=None)
    if at <= clock.due:
        return replace(clock, stopped=at, warn=None, outcome=Outcome.MET)
    return replace(clock, stopped=at, warn=None, outcome=Outcome.BREACHED, missed_at=clock.due)


def _disproved(clock: Clock, at: datetime) -> Exempt | None:
    """Return why the breach does not count, given what happened at a moment and was reported late."""
    if clock.exempt is None and clock.missed_at is not None and at <= clock.missed_at:
        return Exempt.DISPROVED
    return clock.exempt


def cancelled(clock: Clock, at: datetime, *, disproves: bool = True) -> Clock:
    """End a clock that nobody has to keep any more; a breach stays a breach.

    What somebody did disproves a breach that lies later; a takeover for the sake of the breach does not.
    """
    outcome = Outcome.BREACHED if clock.outcome is Outcome.BREACHED else Outcome.CANCELLED
    exempt = _disproved(clock, at) if disproves else clock.exempt
    pauses = _pause_over(clock, at)
    ended = replace(clock, stopped=at, warn=None, next_rung_at=None, outcome=outcome, exempt=exempt)
    return replace(ended, paused=None, pauses=pauses, counted=None, urging=None)


def _pause_over(clock: Clock, at: datetime) -> tuple[tuple[datetime, datetime], ...]:
    return clock.pauses if clock.paused is None else (*clock.pauses, (clock.paused, at))


def breached(clock: Clock, *, appealed: bool = False) -> Clock:
    """Record that the due moment passed; the ladder begins at that very moment.

    A due moment that was missed before stays beside it, with its excuse; ``appealed``: that one waits for a ruling.
    """
    climb = clock.next_rung_at if clock.next_rung_at is not None else clock.due
    new: dict[str, Any] = {"warn": None, "outcome": Outcome.BREACHED, "next_rung_at": climb, "missed_at": clock.due}
    if clock.missed_at is not None:
        new |= {"earlier": (*clock.earlier, Miss(clock.missed_at, clock.exempt, appealed)), "exempt": None}
    return replace(clock, **new, urging=None)


def excused(clock: Clock, why: Exempt | None) -> Clock:
    """Rule on an appeal: excuse the missed due moment that it was about, or none if there is no reason to.

    It was about the one whose appeal waited when another was missed; else about the last one that nothing excuses.
    """
    if not clock.misses:
        return clock  # the breach was withdrawn meanwhile
    earlier = list(clock.earlier)
    waiting = next((place for place, miss in enumerate(earlier) if miss.appealed), None)
    if waiting is None and clock.exempt is not None:
        waiting = next((place for place in reversed(range(len(earlier))) if earlier[place].exempt is None), None)
    if waiting is not None:
        miss = earlier[waiting]
        earlier[waiting] = Miss(miss.at, miss.exempt or why)
        return replace(clock, earlier=tuple(earlier))
    # A fact that came meanwhile may have disproved the breach already.
    return clock if clock.exempt is not None or why is None else replace(clock, exempt=why)


def waits(clock: Clock) -> bool:
    """Return whether a clock stands still while its case is suspended; a summoned unit could not check in either."""
    return PAUSES in clock.traits or clock.name.startswith("check_in:")


def paused(clock: Clock, at: datetime) -> Clock:
    """Pause a clock; one that is past its due moment keeps its due time, and its ladder does not wait."""
    if clock.outcome is Outcome.BREACHED and clock.missed_at is not None and at <= clock.missed_at:
        # Told late: it was paused before it fell due. The breach stays in the book; the ladder waits for the new due.
        return replace(clock, paused=at, urging=None, exempt=_disproved(clock, at))
    if at > clock.due or not (clock.outcome is Outcome.RUNNING or clock.is_due_again):
        return clock
    return _held(clock, at)


def _held(clock: Clock, at: datetime) -> Clock:
    """Let a clock that has time left stand still; one that missed an earlier due moment stays breached."""
    outcome = Outcome.PAUSED if clock.outcome is Outcome.RUNNING else clock.outcome
    return replace(clock, paused=at, outcome=outcome)


def resumed(clock: Clock, at: datetime, allowance: Allowance | None, calendar: WorkingCalendar) -> Clock:
    """Let a paused clock go on with the remainder that it had of its allowance, counted on its calendar.

    A promised date has no allowance: a pause moves it by its own length. A date that was granted during the pause knew
    of it, and stands.
    """
    since = clock.paused
    if since is None:
        return clock

    def after_pause(moment: datetime) -> datetime:
        if moment == since:
            return at  # paused at the very moment, which is not late: nothing was left, and nothing is
        if allowance is None:
            return moment + (at - since) if moment > since else moment
        return allowance.shift(moment, since, at, calendar)

    new: dict[str, Any] = {"paused": None, "pauses": _pause_over(clock, at), "counted": None}
    due = after_pause(clock.due if clock.counted is None else clock.counted)
    if clock.counted is not None:
        due = max(due, clock.due)
    elif clock.granted is not None:
        new["granted"] = after_pause(clock.granted)
    if clock.original is not None:
        new["original"] = after_pause(clock.original)
    new["due"] = due
    going = replace(clock, **new)
    # One that fell due before the pause has fired already. The share that was counted before the pause is not lost.
    warn = warning(going, due, allowance, calendar) if clock.warn is not None else None
    new["warn"] = warn if warn is not None and warn >= at else None
    if clock.outcome is Outcome.BREACHED:
        return replace(going, warn=new["warn"], **_ladder_anew(going))
    return replace(going, warn=new["warn"], outcome=Outcome.RUNNING)


def retimed(
    clock: Clock, due: datetime, warn: datetime | None, at: datetime, held: datetime | None = None, **changes: Any
) -> Clock:
    """Return an unfinished clock another due time (extension, reclassification, a newer calendar).

    ``held`` is since when its case is suspended: with time left from then on the clock stands still from then on. What
    the new times put before ``at`` is not made up: neither the warning nor the missed rungs. A clock already breached
    stays so, and its ladder begins anew at the new due time if that lies ahead.
    """
    new = replace(clock, due=due, **changes)
    if held is not None and new.paused is None and waits(new) and due > max(held, new.started):
        new = _held(new, max(held, new.started))
    now = at if new.paused is None else new.paused
    warn = warn if warn is not None and warn >= now else None
    if new.outcome is not Outcome.BREACHED:
        return replace(new, warn=warn)
    new = replace(new, exempt=_disproved(clock, at))
    return replace(new, warn=warn, **_ladder_anew(new)) if due >= now else new


def _ladder_anew(clock: Clock) -> dict[str, Any]:
    """Return what lets the ladder of a breached clock begin anew at its due time, on paper too."""
    paper = clock.paper if clock.paper != ASLEEP else None
    if paper is not None and paper.clock is not None:
        paper = replace(paper, clock=None)
    return {"next_rung_at": clock.due, "rung": 0, "paper": paper, "urging": None}


@lru_cache
def _elapsed(written: str) -> timedelta | None:
    allowance = Allowance.parse(written) if written != PROMISED else None
    return allowance.span if allowance is not None and allowance.elapsed else None


def gap(clock: Clock) -> timedelta:
    """Return the time between two rungs: the clock's allowance, or its length without pauses; 30 min to 1 day."""
    length = _elapsed(clock.allowance)
    if length is None:
        length = clock.due - clock.begun
        for since, until in clock.pauses:
            length -= until - since
    return min(max(length, SHORTEST_GAP), LONGEST_GAP)


def added_to(due: datetime, more: Allowance, calendar: WorkingCalendar) -> datetime:
    """Return a due time with an allowance granted on top: days are added to the last day, which 24:00 still is."""
    start = due - timedelta.resolution if more.unit in DAY_UNITS else due
    return more.due(start, calendar)
