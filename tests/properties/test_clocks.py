"""Whatever happens to a clock, it is due when its allowance is used up: counted over the calendar, minus the pauses."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias

import attrs
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from governflow import Case, Engine, Event, GovernflowError, hookimpl
from governflow.calendars import WorkingCalendar
from governflow.calendars.allowances import Allowance
from governflow.model.case import evolve
from governflow.model.clocks import Clock
from governflow.model.terms import Kind
from governflow.policy.builtin.default_clocks import RESOLVE
from governflow.policy.hookspecs import Breach, Deadlines, Escalation, Ruling
from governflow.policy.registry import Localities
from governflow.text import Text

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BY_SEVERITY = {"general": 30 * MINUTE, "complex": 2 * DAY, "major": 7 * DAY}
#: A week in which every working day has its own hours, so that a mistake of a day shows.
WEEK = {"mon": [("08:00", "12:00"), ("14:00", "18:00")], **{day: [("09:00", "17:00")] for day in ("tue", "wed", "thu")}}
HOLIDAYS = [date(2026, 3, 1) + number * DAY for number in range(40)]

#: What happens, and how long after the last thing that happened.
Move: TypeAlias = tuple[str, Any, timedelta]


class Patient:
    """A locality that only urges, so that a clock stays with its holder; its calendar and allowance can be given."""

    def __init__(self, allowance: str | None = None, calendar: WorkingCalendar | None = None) -> None:
        self.allowance, self.calendar = allowance, calendar

    @hookimpl
    def governflow_escalate(self, case: Case, cause: Breach) -> Ruling[Escalation]:
        return Ruling(Escalation(Kind.URGE, cause.holder, None, DAY), Text("urged", "催办"), "patient/urge")

    @hookimpl
    def governflow_deadlines(self) -> Deadlines | None:
        if self.allowance is None:
            return None
        return Deadlines((attrs.evolve(RESOLVE, allowance=Allowance.parse(self.allowance)),))

    @hookimpl
    def governflow_calendar(self, clock: str) -> WorkingCalendar | None:
        return self.calendar if clock == "resolve" else None


def arrived(county: Patient, severity: str = "general") -> Engine:
    """Return an engine with one case, at which somebody has just arrived."""
    localities = Localities()
    localities.register("990101", county)
    engine = Engine.open(localities=localities)
    engine.report(case_id="c", locality="990101", severity=severity, at=T0 - 2 * MINUTE)
    engine.dispatch("c", at=T0 - MINUTE)
    engine.arrive("c", at=T0)
    return engine


def resolve(engine: Engine) -> Clock:
    return engine.case("c").clocks["resolve"]


#: No two moments are a whole number of minutes apart: whether a pause begins in the very due second is tested by hand.
spans = st.one_of(st.integers(1, 90), st.integers(1, 60 * 24 * 4)).map(lambda minutes: minutes * MINUTE)
severities = st.sampled_from(sorted(BY_SEVERITY))
suspensions = st.tuples(st.just("suspend"), spans)
resumptions = st.tuples(st.just("resume"), st.none())
reclassifications = st.tuples(st.just("reclassify"), severities)
extensions = st.one_of(
    st.tuples(st.just("until"), spans), st.tuples(st.just("allowance"), st.sampled_from(["20min", "5h", "3d"]))
)
waits = st.tuples(st.just("advance"), st.none())


def lives(*kinds: st.SearchStrategy[tuple[str, Any]], most: int = 8) -> st.SearchStrategy[list[Move]]:
    moves = st.tuples(st.one_of(*kinds), spans).map(lambda move: (*move[0], move[1]))
    return st.lists(moves, max_size=most)


def moments(moves: Iterable[Move]) -> Iterable[tuple[datetime, str, Any]]:
    at = T0
    for number, (action, value, after) in enumerate(moves):
        at += after + (number + 1) * timedelta(seconds=1)
        yield at, action, value


def do(engine: Engine, at: datetime, action: str, value: Any) -> bool:
    """Do something, and return whether it was taken."""
    told: dict[str, Any] = {
        "suspend": {"until": at + value} if action == "suspend" else {},
        "reclassify": {"severity": value},
        "until": {"until": at + value} if action == "until" else {},
        "allowance": {"allowance": value},
    }.get(action, {})
    with suppress(GovernflowError):
        if action == "advance":
            engine.advance(at)
        elif action in ("until", "allowance"):
            engine.extend("c", clock="resolve", approved_by="street", reason="snow", at=at, **told)
        else:
            engine.act(action, "c", at=at, **told)
        return True
    return False


# --- a suspension is a stretch of time --------------------------------------------------------------------------------


@attrs.define
class Plain:
    """The clock as anybody would count it who looks at the time that counts only: there a suspension does not exist."""

    allowance: timedelta
    due: timedelta = attrs.field(init=False)
    unextended: timedelta | None = None
    granted: timedelta | None = None
    pauses: list[tuple[datetime, datetime]] = attrs.field(factory=list)
    since: datetime | None = None

    def __attrs_post_init__(self) -> None:
        self.due = self.allowance

    def used(self, at: datetime) -> timedelta:
        at = at if self.since is None else self.since
        return at - T0 - sum((until - since for since, until in self.pauses), timedelta(0))

    def moment(self) -> datetime:
        due = T0 + self.due
        for since, until in self.pauses:
            if since < due:
                due += until - since
        return due

    def do(self, at: datetime, action: str, value: Any) -> None:
        now = self.used(at)
        if action == "suspend":
            self.since = at
        elif action == "resume" and self.since is not None:
            self.pauses.append((self.since, at))
            self.since = None
        elif action == "reclassify":
            self.reclassify(now, BY_SEVERITY[value])
        elif action in ("until", "allowance"):
            self.unextended = self.due if self.unextended is None else self.unextended
            self.due = now + value if action == "until" else self.due + Allowance.parse(value).span
            self.granted = self.due

    def reclassify(self, now: timedelta, allowance: timedelta) -> None:
        if allowance == self.allowance:
            return
        before, self.allowance, self.due = self.due, allowance, allowance
        if self.unextended is not None and self.granted is not None:
            self.due = max(allowance, self.granted)  # a granted date stands
        if self.due < now and self.due < before:
            self.due = min(before, now + allowance)  # what is asked only now asks nothing of the time before


def follow(plain: Plain, case: Case, at: datetime) -> None:
    """End a suspension that ended by itself before a moment."""
    if plain.since is not None and case.suspended_until is not None and case.suspended_until < at:
        plain.do(case.suspended_until, "resume", None)


@settings(max_examples=150)
@given(severities, lives(suspensions, resumptions, reclassifications, extensions, waits))
def test_a_clock_is_due_when_its_allowance_is_used_up_without_the_pauses(severity: str, moves: list[Move]) -> None:
    engine, plain = arrived(Patient(), severity), Plain(BY_SEVERITY[severity])
    at = T0
    for at, action, value in moments(moves):
        before = engine.case("c")
        follow(plain, before, at)
        if action == "until" and plain.since is not None:
            continue  # a date that is granted in a suspension knows of it: see the tests of extensions
        if do(engine, at, action, value):
            plain.do(at, action, value)
    until = engine.case("c").suspended_until
    if until is not None:
        engine.advance(until + MINUTE)
        follow(plain, engine.case("c"), until + MINUTE)
        if plain.since is not None:
            plain.do(until, "resume", None)
    assert resolve(engine).due == plain.moment()
    engine.advance(max(plain.moment(), at, engine.now or T0) + 10 * DAY)
    check_warnings_and_rungs(engine.history("c"))


def check_warnings_and_rungs(history: list[Event]) -> None:
    case: Case | None = None
    warned: set[datetime] = set()
    for event in history:
        before, case = case, evolve(case, event)
        if before is None or "resolve" not in before.clocks:
            continue
        clock = before.clocks["resolve"]
        if event.kind == "warned" and event.about["clock"] == clock.mark:
            assert event.at < clock.due
            assert clock.due not in warned
            warned.add(clock.due)
        if event.kind == "breached" and event.about["clock"] == clock.mark:
            assert event.at == clock.due
        if event.escalation is not None and event.escalation["clock"] == clock.mark and before.suspended_since:
            assert clock.due <= before.suspended_since  # there was no time left when the suspension began


@given(severities, lives(suspensions, resumptions, reclassifications, waits, most=4), spans, spans, reclassifications)
def test_what_is_decided_just_before_a_suspension_ends_is_what_is_decided_just_after(
    severity: str, moves: list[Move], after: timedelta, length: timedelta, change: tuple[str, Any]
) -> None:
    dues = []
    for decided in (-timedelta(seconds=1), timedelta(0), timedelta(seconds=1)):
        engine = arrived(Patient(), severity)
        at = T0
        for at, action, value in moments(moves):
            do(engine, at, action, value)
        begin = max(at, engine.case("c").suspended_until or at) + after + timedelta(seconds=30)
        do(engine, begin, "suspend", length)
        do(engine, begin + length + decided, *change)
        engine.advance(begin + length + MINUTE)
        clock = resolve(engine)
        assume(clock.since is None)  # what counts from its own moment counts from another one
        dues.append(clock.due)
    assert len(set(dues)) == 1


# --- an extension never makes a clock due earlier ---------------------------------------------------------------------


@settings(max_examples=150)
@given(severities, lives(suspensions, resumptions, reclassifications, waits), extensions, st.integers(0, 8), spans)
def test_an_extension_never_makes_a_clock_due_earlier(
    severity: str, moves: list[Move], extension: tuple[str, Any], place: int, after: timedelta
) -> None:
    with_it, without = arrived(Patient(), severity), arrived(Patient(), severity)
    known = [*moves[:place], (*extension, after), *moves[place:]]
    at = T0
    for at, action, value in moments(known):
        if action in ("until", "allowance"):
            do(with_it, at, action, value)
            continue
        assert do(with_it, at, action, value) == do(without, at, action, value)
    until = with_it.case("c").suspended_until
    for engine in (with_it, without):
        engine.advance(max(until or at, at, engine.now or at) + MINUTE)
    assert resolve(with_it).due >= resolve(without).due


# --- a calendar that learns -------------------------------------------------------------------------------------------

allowances = st.sampled_from(["3wh", "20wh", "1wd", "2wd", "9wd", "5cd", "12cd"])
learnt = st.sets(st.sampled_from(HOLIDAYS), max_size=6)
more = st.tuples(st.just("allowance"), st.sampled_from(["4wh", "3wd", "10cd", "2d"]))


def office(holidays: Iterable[date]) -> WorkingCalendar:
    return WorkingCalendar(tz="Asia/Shanghai", weekly=WEEK, holidays=holidays)


@settings(max_examples=200)
@given(
    allowances, st.sets(st.sampled_from(HOLIDAYS), max_size=6), lives(suspensions, resumptions, waits, most=5), spans
)
def test_a_calendar_that_learns_leaves_what_one_that_knew_would_have_left(
    allowance: str, holidays: set[date], moves: list[Move], after: timedelta
) -> None:
    county = Patient(allowance, office(()))
    learns, knew = arrived(county), arrived(Patient(allowance, office(holidays)))
    at = T0
    for at, action, value in moments(moves):
        assert do(learns, at, action, value) == do(knew, at, action, value)
    at = max(at, learns.case("c").suspended_until or at) + after
    for engine in (learns, knew):
        engine.advance(at)
        engine.resolve("c", at=at)
    county.calendar = office(holidays)
    learns.recalculate("c", at=at + MINUTE)
    told, known = resolve(learns), resolve(knew)
    assert (told.outcome, told.due, told.misses) == (known.outcome, known.due, known.misses)


@settings(max_examples=200)
@given(allowances, learnt, more, spans, lives(suspensions, resumptions, waits, most=4))
def test_a_running_clock_learns_too_with_what_was_granted_on_top_and_every_pause(
    allowance: str, holidays: set[date], extension: tuple[str, Any], after: timedelta, moves: list[Move]
) -> None:
    county = Patient(allowance, office(()))
    learns, knew = arrived(county), arrived(Patient(allowance, office(holidays)))
    at = T0
    for at, action, value in moments([(*extension, after), *moves]):
        assume(do(learns, at, action, value) == do(knew, at, action, value))
        # What one of them had missed already when it was extended, the other one had not: that is another life.
        assume(action != "allowance" or resolve(learns).misses == resolve(knew).misses == ())
    for engine in (learns, knew):
        engine.advance(max(at, engine.now or at) + MINUTE)
    county.calendar = office(holidays)
    learns.recalculate("c", at=at + MINUTE)
    told, known = resolve(learns), resolve(knew)
    assert (told.outcome, told.due, told.misses) == (known.outcome, known.due, known.misses)
