"""The clocks of a case: what starts and stops them, and what became of each (时限).

A deadline is a value, not a timer: it is fixed from allowance and calendar when the clock starts or changes, and is
recorded. The rules:

* A stop exactly at the due time is on time: a clock is breached only when ``due < now``.
* A pause keeps the remainder; one begun after the due moment moves nothing.
* A breach once recorded survives everything: a late stop, a new cycle, a later fact (which marks it ``disproved``).
* After a breach the clock climbs the ladder of escalation until it is stopped; ``next_rung_at`` is the next rung.
"""

from collections.abc import Mapping
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

#: A rung above which no ladder tells rungs apart.
HIGH_UP = 20
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
        original: The due time before the first extension.
        paused: Since when it is paused.
        pauses: The pauses that are over.
        next_rung_at: When the next rung of its ladder is due; only after a breach.
        rung: How many rungs it has climbed.
        exempt: Why its breach does not count in the statistics.
        duty: The unit that took the duty over.
        calendar_unknown: Whether the calendar did not know the days up to the due time.
        paper: Where measures that are only due would have brought the case; only where a journal is the record.
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
        if self.outcome is Outcome.BREACHED:
            return self.next_rung_at
        return self.warn or self.due


#: What is noted of a breached clock while the cycle that a measure would have begun guards it: its ladder waits.
ASLEEP = Paper()


def guards(clock: Clock) -> bool:
    """Return whether a clock stands for a cycle that a measure would have begun, and that nobody has ended."""
    return clock.stopped is None and clock.paper is not None and clock.paper.clock is not None


def awake(clock: Clock, at: datetime) -> Clock:
    """Let a ladder that waited go on, one gap after the clock that guarded it has ended."""
    return replace(clock, paper=None, next_rung_at=at + gap(clock))


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


def _warning(allowance: Allowance, start: datetime, due: datetime, calendar: WorkingCalendar) -> datetime | None:
    warn = allowance.warn(start, due, calendar, WARNING_SHARE)
    return warn if warn < due else None


def stopped(clock: Clock, at: datetime) -> Clock:
    """Stop a clock at the moment that fulfils it; a breach that this disproves stays in the book, exempt."""
    if clock.outcome is Outcome.BREACHED:
        return replace(clock, stopped=at, next_rung_at=None, exempt=_disproved(clock, at))
    if clock.paused is not None:
        return replace(clock, stopped=at, warn=None, outcome=Outcome.MET, paused=None, pauses=_pause_over(clock, at))
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
    return replace(
        clock, stopped=at, warn=None, next_rung_at=None, outcome=outcome, exempt=exempt, paused=None, pauses=pauses
    )


def _pause_over(clock: Clock, at: datetime) -> tuple[tuple[datetime, datetime], ...]:
    return clock.pauses if clock.paused is None else (*clock.pauses, (clock.paused, at))


def breached(clock: Clock) -> Clock:
    """Record that the due moment passed; the ladder begins at that very moment."""
    climb = clock.next_rung_at if clock.next_rung_at is not None else clock.due
    return replace(clock, warn=None, outcome=Outcome.BREACHED, next_rung_at=climb, missed_at=clock.due)


def paused(clock: Clock, at: datetime) -> Clock:
    """Pause a clock; one that is past its due moment keeps its due time, and its ladder does not wait."""
    if clock.outcome is Outcome.BREACHED and clock.missed_at is not None and at <= clock.missed_at:
        # Told late: it was paused before it fell due. The breach stays in the book; the ladder waits for the new due.
        return replace(clock, paused=at, exempt=_disproved(clock, at))
    if clock.outcome is not Outcome.RUNNING or at > clock.due:
        return clock
    return replace(clock, paused=at, outcome=Outcome.PAUSED)


def resumed(clock: Clock, at: datetime, allowance: Allowance | None, calendar: WorkingCalendar) -> Clock:
    """Let a paused clock go on with the remainder that it had of its allowance, counted on its calendar.

    A promised date has no allowance: a pause moves it by its own length.
    """
    since = clock.paused
    if since is None:
        return clock

    def after_pause(moment: datetime) -> datetime:
        if moment == since:
            return at  # paused at the very moment, which is not late: nothing was left, and nothing is
        if allowance is None or (allowance.unit in DAY_UNITS and moment is not clock.due):
            return moment + (at - since)
        return allowance.shift(moment, since, at, calendar)

    due = after_pause(clock.due)
    # The warning keeps its own remainder; one that fell due before the pause has fired already.
    warn = after_pause(clock.warn) if clock.warn is not None else None
    warn = warn if warn is not None and warn < due else None
    pauses = _pause_over(clock, at)
    if clock.outcome is Outcome.BREACHED:
        ahead = {"next_rung_at": due, "rung": 0} if due >= at else missed_rungs(due, gap(clock), at)
        return replace(clock, paused=None, due=due, warn=None, pauses=pauses, **ahead)
    return replace(clock, paused=None, outcome=Outcome.RUNNING, due=due, warn=warn, pauses=pauses)


def retimed(clock: Clock, due: datetime, warn: datetime | None, at: datetime, **changes: Any) -> Clock:
    """Return an unfinished clock another due time (extension, reclassification).

    What the new times put before ``at`` is not made up: neither the warning nor the missed rungs. A clock already
    breached stays so, and its ladder begins anew at the new due time if that lies ahead.
    """
    new = {"due": due, **changes}
    if clock.outcome is Outcome.BREACHED:
        new["exempt"] = _disproved(clock, at)
        if due >= at:
            new |= {"next_rung_at": due, "rung": 0}
        return replace(clock, **new)
    new["warn"] = warn if warn is not None and warn >= at else None
    if clock.paused is not None and due < clock.paused:
        # Its time was up before the pause began, which therefore moves nothing.
        new |= {"paused": None, "outcome": Outcome.RUNNING, "warn": None}
    if due < min(at, clock.paused or at):
        new |= missed_rungs(due, gap(replace(clock, due=due, allowance=changes.get("allowance", clock.allowance))), at)
    return replace(clock, **new)


def missed_rungs(due: datetime, step: timedelta, at: datetime) -> dict[str, Any]:
    """Skip the rungs that a new due time would put into the past: the ladder goes on with the first that is not."""
    skipped = -((due - at) // step)
    # A clock of weeks that becomes one of minutes skips thousands of rungs, which no ladder has: it is high up, and
    # those that nobody climbed must not count as a ladder that never ends.
    return {"next_rung_at": due + skipped * step, "rung": min(skipped, HIGH_UP)}


@lru_cache
def _elapsed(written: str) -> timedelta | None:
    allowance = Allowance.parse(written) if written != PROMISED else None
    return allowance.span if allowance is not None and allowance.elapsed else None


def gap(clock: Clock) -> timedelta:
    """Return the time between two rungs: the clock's allowance, or its length without pauses; 30 min to 1 day."""
    length = _elapsed(clock.allowance)
    if length is None:
        length = clock.due - clock.started
        for since, until in clock.pauses:
            length -= until - since
    return min(max(length, SHORTEST_GAP), LONGEST_GAP)


def due_again(clock: Clock, allowance: Allowance, calendar: WorkingCalendar) -> tuple[datetime, datetime | None, bool]:
    """Count a clock anew: its due time, its warning, and whether the calendar did not know all the days up to it."""
    due = allowance.due(clock.started, calendar, clock.pauses)
    warn = None if LAPSES in clock.traits else _warning(allowance, clock.started, due, calendar)
    return due, warn, not allowance.elapsed and calendar.flagged(due, clock.started)


# --- the clocks that the engine starts by itself where no locality gives them otherwise (兜底时限) --------------------

#: What a clock is called, its allowance, what starts it, what stops it (words with blanks between), and its traits.
Runs = tuple[Text, str, str, str, tuple[str, ...]]


def specified(runs: Mapping[str, Runs], why: Mapping[str, tuple[str, Text]]) -> tuple[ClockSpec, ...]:
    """Return the clocks of two tables by name: when each runs; the id of the rule that says so, and its reason."""
    return tuple(
        ClockSpec(
            name, text, Allowance.parse(span), frozenset(starts.split()), frozenset(stops.split()), traits, *why[name]
        )
        for name, (text, span, starts, stops, traits) in runs.items()
    )


_RUNS: Mapping[str, Runs] = {
    "check_in": (Text("check in", "报到"), "30min", "whistle", "check_in", (DUTY,)),
    "muster": (Text("muster", "集结"), "30min", "muster", "", (DUTY,)),
    "triage": (Text("triage", "人工研判"), "1h", "fault", "reassess dispatch", (DUTY,)),
    "attend": (Text("attend", "跟进"), "1d", "idle", "", (DUTY,)),
}
_REASONS = {
    "check_in": Text("a summoned unit checks in within 30 minutes", "被吹哨单位30分钟内报到"),
    "muster": Text(
        "every post has checked in within 30 minutes of the assembly order", "集结指令下达后30分钟内全部到岗到位"
    ),
    "triage": Text("a fault in the rules is looked at within an hour", "规则故障1小时内人工研判"),
    "attend": Text("no open case is without a clock", "未结事项必须有时限"),
}
BY_THE_ENGINE = specified(_RUNS, {name: (f"default/{name}", reason) for name, reason in _REASONS.items()})
CHECK_IN, MUSTER, TRIAGE, ATTEND = BY_THE_ENGINE
