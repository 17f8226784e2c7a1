"""The calendar against a stepper that looks at every single minute, and the laws that need no stepper."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import attrs
from hypothesis import given
from hypothesis import strategies as st

from governflow.calendars.working import DAYS, WorkingCalendar
from governflow.errors import CalendarError

MINUTE = timedelta(minutes=1)
LENGTH = 12  # days that the stepper looks at
# A zone, and a day near which it does something: a change of the clocks of an hour or of half of one, at midnight, at
# one in the morning; a jump across the date line; make-up days; nothing at all.
PLACES = [
    ("UTC", date(2024, 2, 27)),
    ("Asia/Shanghai", date(2026, 2, 14)),
    ("Asia/Kathmandu", date(2025, 12, 30)),
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("America/Havana", date(2026, 3, 8)),
    ("America/Havana", date(2026, 11, 1)),
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("America/Sao_Paulo", date(2018, 2, 18)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Pacific/Apia", date(2011, 12, 30)),
]


def hhmm(quarters: int) -> str:
    return f"{quarters // 4:02}:{quarters % 4 * 15:02}"


@attrs.frozen
class World:
    """A calendar, and what the stepper says of each minute from `first` on."""

    calendar: WorkingCalendar
    first: datetime
    kinds: list[str]

    def at(self, minute: int) -> datetime:
        return self.first + minute * MINUTE

    def stops(self, pauses: list[tuple[int, int]]) -> list[tuple[datetime, datetime]]:
        return [(self.at(a), self.at(b)) for a, b in pauses]


def step(calendar: WorkingCalendar, first: datetime, minutes: int) -> list[str]:
    def inside(windows: tuple[tuple[str, str], ...], clock: str) -> bool:
        return any(a <= clock < b for a, b in windows)

    weekly, shifts, zone = dict(calendar.weekly), dict(calendar.shifts), ZoneInfo(calendar.tz)
    kinds = []
    for minute in range(minutes):
        local = (first + minute * MINUTE).astimezone(zone)
        day, clock = local.date(), f"{local.hour:02}:{local.minute:02}"
        usual = weekly.get(DAYS[day.weekday()], ())
        if day in shifts:
            extra = day in calendar.holidays or not usual
            kinds.append(("make-up" if extra else "counted") if inside(shifts[day], clock) else "closed")
        elif day in calendar.holidays:
            kinds.append("holiday")
        else:
            kinds.append("counted" if inside(usual, clock) else "closed")
    return kinds


@st.composite
def windows(draw: st.DrawFn, fewest: int = 0) -> list[tuple[str, str]]:
    edges = sorted(draw(st.sets(st.integers(0, 96), min_size=2 * fewest, max_size=6)))
    return [(hhmm(a), hhmm(b)) for a, b in zip(edges[::2], edges[1::2], strict=False)]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    tz, near = draw(st.sampled_from(PLACES))
    nearby = st.integers(-2, LENGTH).map(lambda days: near + timedelta(days=days))
    calendar = WorkingCalendar(
        tz=tz,
        weekly=draw(st.dictionaries(st.sampled_from(DAYS), windows(), max_size=7)),
        holidays=draw(st.sets(nearby, max_size=4)),
        shifts=draw(st.dictionaries(nearby, windows(), max_size=3)),
    )
    first = datetime(near.year, near.month, near.day, tzinfo=UTC) - timedelta(days=1)
    return World(calendar, first, step(calendar, first, LENGTH * 1440))


minutes = st.integers(0, 4 * 1440)
pause_lists = st.lists(st.tuples(minutes, st.integers(0, 1440)).map(lambda p: (p[0], p[0] + p[1])), max_size=4)


def counted(kind: str) -> bool:
    return kind in ("counted", "make-up")


def running(world: World, pauses: list[tuple[int, int]]) -> list[bool]:
    run = [counted(kind) for kind in world.kinds]
    for a, b in pauses:
        run[a:b] = [False] * (b - a)
    return run


@given(worlds(), minutes, st.integers(1, 2000), pause_lists)
def test_due_and_between_agree_with_a_stepper(
    world: World, start: int, need: int, pauses: list[tuple[int, int]]
) -> None:
    run, stops = running(world, pauses), world.stops(pauses)
    ran = [minute for minute in range(start, len(run)) if run[minute]]
    end = world.at(len(run))
    assert world.calendar.between(world.at(start), end, stops) == len(ran) * MINUTE
    if len(ran) < need:
        try:
            assert world.calendar.due(world.at(start), need * MINUTE, stops) > end
        except CalendarError:
            assert not world.calendar.weekly
        return
    last = ran[need - 1] + 1
    due = world.calendar.due(world.at(start), need * MINUTE, stops)
    assert due == world.at(last)
    reopened = next((minute for minute in range(last, len(run)) if counted(world.kinds[minute])), None)
    if reopened is not None:
        assert world.calendar.due(world.at(start), need * MINUTE, stops, boundary="open") == world.at(reopened)


@given(worlds(), minutes, st.integers(0, 8 * 1440), pause_lists)
def test_segments_tile_the_time_as_a_stepper_sees_it(
    world: World, start: int, length: int, pauses: list[tuple[int, int]]
) -> None:
    stops, kinds = world.stops(pauses), list(world.kinds)
    for a, b in pauses:
        kinds[a:b] = ["paused"] * (b - a)
    segments = world.calendar.segments(world.at(start), world.at(start + length), stops)
    edges = [segment.start for segment in segments] + [world.at(start + length)] * bool(segments)
    assert edges[:1] == [world.at(start)] * bool(length)
    assert [segment.end for segment in segments] == edges[1:]
    assert all(a.kind != b.kind for a, b in pairwise(segments))
    assert [segment.kind for segment in segments for _ in range((segment.end - segment.start) // MINUTE)] == kinds[
        start : start + length
    ]


moments = st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
spans = st.timedeltas(timedelta(microseconds=1), timedelta(days=30))
gaps = st.lists(st.tuples(st.timedeltas(timedelta(0), timedelta(days=40)), spans), max_size=4)
offices = st.builds(
    WorkingCalendar,
    tz=st.sampled_from([tz for tz, _ in PLACES]),
    weekly=st.dictionaries(st.sampled_from(DAYS), windows(fewest=1), min_size=1, max_size=7),
    holidays=st.sets(st.dates(date(1990, 1, 1), date(2040, 1, 1)), max_size=5),
)


@given(offices, moments, spans, gaps)
def test_what_is_due_has_just_been_worked(
    calendar: WorkingCalendar, start: datetime, allowance: timedelta, gaps: list[tuple[timedelta, timedelta]]
) -> None:
    pauses = [(start + a, start + a + b) for a, b in gaps]
    due = calendar.due(start, allowance, pauses)
    tiny = timedelta(microseconds=1)
    assert calendar.between(start, due, pauses) == allowance
    assert calendar.between(start, due - tiny, pauses) == allowance - tiny
    assert calendar.due(start, allowance, pauses, boundary="open") >= due
    segments = calendar.segments(start, due, pauses)
    assert segments[0].start == start
    assert segments[-1].end == due
    worked = sum((s.end - s.start for s in segments if counted(s.kind)), timedelta(0))
    assert worked == allowance


@given(offices, moments, spans, gaps)
def test_counting_backwards_is_counting_the_other_way(
    calendar: WorkingCalendar, end: datetime, allowance: timedelta, gaps: list[tuple[timedelta, timedelta]]
) -> None:
    pauses = [(end - a - b, end - a) for a, b in gaps]
    start = calendar.due(end, -allowance, pauses)
    assert calendar.between(start, end, pauses) == allowance
    assert calendar.due(end, -allowance, pauses, boundary="open") <= start


@given(offices, moments, spans, spans)
def test_working_time_adds_up_and_never_runs_backwards(
    calendar: WorkingCalendar, start: datetime, one: timedelta, two: timedelta
) -> None:
    middle, end = start + one, start + one + two
    whole = calendar.between(start, end)
    assert whole == calendar.between(start, middle) + calendar.between(middle, end)
    assert calendar.due(start, one + two) == calendar.due(calendar.due(start, one), two)
    assert calendar.due(start, one) <= calendar.due(middle, one)


@given(offices, st.dates(date(1990, 1, 1), date(2040, 1, 1)), st.integers(-60, 60))
def test_working_days_are_those_that_a_stepper_counts(calendar: WorkingCalendar, start: date, days: int) -> None:
    day, left, one = start, abs(days), timedelta(days=1 if days > 0 else -1)
    while left:
        day += one
        left -= calendar.is_working(day)
    assert calendar.add_days(start, days) == day
    if days >= 0:
        last = start + timedelta(days=days)
        while not calendar.is_working(last):
            last += timedelta(days=1)
        assert calendar.add_calendar_days(start, days) == last
