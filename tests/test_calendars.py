import json
import pickle
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from governflow.calendars.timeline import joined
from governflow.calendars.working import Segment, WorkingCalendar
from governflow.errors import CalendarError

VECTORS = Path(__file__).parents[1].parent / "shared/data/deadline_vectors.json"
WORKWEEK = ("mon", "tue", "wed", "thu", "fri")
OFFICE = {day: [("09:00", "12:00"), ("14:00", "18:00")] for day in WORKWEEK}
HOUR = timedelta(hours=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def china_2026() -> WorkingCalendar:
    return WorkingCalendar(
        tz="Asia/Shanghai",
        weekly=OFFICE,
        holidays=[date(2026, 2, day) for day in range(15, 24)],
        shifts={date(2026, 2, 14): OFFICE["mon"], date(2026, 2, 28): OFFICE["mon"]},
        coverage=(date(2026, 1, 1), date(2026, 12, 31)),
    )


def office(tz: str = "UTC", **more: object) -> WorkingCalendar:
    return WorkingCalendar(tz=tz, weekly=OFFICE, **more)  # type: ignore[arg-type]


# --- other people's arithmetic, restated as data ------------------------------------------------------


def vectors() -> list[dict]:
    return json.loads(VECTORS.read_text(encoding="utf-8")) if VECTORS.exists() else []


def expectations(vector: dict, answer: str) -> dict[str, str | int]:
    """What must come out, per boundary: the vector's own figure where it is right, else the stepper's."""
    check = vector["check"]
    if answer != "due":
        figure = vector["expected"] if check["agrees"] else check["naive"]
        return {"close": figure[answer]} if answer in figure else {}
    if not check["agrees"]:
        return {"close": check["naive"]["earliest"], "open": check["naive"]["next_open"]}
    boundaries = {"either": ("close", "open"), "earliest": ("close",), "next_open": ("open",)}[check["boundary"]]
    return dict.fromkeys(boundaries, vector["expected"]["due"])


@pytest.mark.skipif(not VECTORS.exists(), reason="the shared deadline vectors are not here")
def test_the_vectors_are_all_there() -> None:
    assert len(vectors()) == 225


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector["id"])
def test_a_vector_of_another_test_suite_holds(vector: dict) -> None:
    given, inputs = vector["calendar"], vector["inputs"]
    calendar = WorkingCalendar(
        tz=given["tz"],
        weekly=given["weekly"],
        holidays=[date.fromisoformat(day) for day in given["holidays"]],
        shifts={date.fromisoformat(extra["date"]): extra["windows"] for extra in given["extra_workdays"]},
    )
    pauses = [(at(a), at(b)) for a, b in inputs.get("pauses", ())]
    checked = 0
    if vector["op"] in ("add_working_minutes", "sla_due_with_pauses"):
        allowance = timedelta(seconds=inputs["seconds"])
        for boundary, expected in expectations(vector, "due").items():
            assert calendar.due(at(inputs["start"]), allowance, pauses, boundary=boundary) == at(expected)
            checked += 1
    elif vector["op"] == "working_minutes_between":
        worked = calendar.between(at(inputs["start"]), at(inputs["end"]), pauses)
        for answer, unit in (("seconds", 1), ("minutes", 60), ("minutes_floor", 60)):
            for expected in expectations(vector, answer).values():
                exactly = timedelta(seconds=expected * unit)
                assert worked // timedelta(minutes=1) == expected if answer == "minutes_floor" else worked == exactly
                checked += 1
    else:
        add = {"add_working_days": calendar.add_days, "calendar_days_roll_forward": calendar.add_calendar_days}
        result = add[vector["op"]](date.fromisoformat(inputs["start_date"]), inputs["days"])
        for expected in expectations(vector, "date").values():
            assert result == date.fromisoformat(expected)
            checked += 1
    assert checked


# --- due ----------------------------------------------------------------------------------------------


def test_a_lunch_break_is_not_counted() -> None:
    assert office().due(at("2026-03-02T11:00Z"), 2 * HOUR) == at("2026-03-02T15:00Z")


def test_an_allowance_used_up_at_closing_time_is_due_at_closing_or_at_the_next_opening() -> None:
    friday = at("2026-03-06T14:00Z")
    assert office().due(friday, 4 * HOUR) == at("2026-03-06T18:00Z")
    assert office().due(friday, 4 * HOUR, boundary="open") == at("2026-03-09T09:00Z")


def test_an_allowance_of_nothing_is_due_at_the_start_or_as_soon_as_it_is_open() -> None:
    sunday = at("2026-03-08T10:00Z")
    assert office().due(sunday, timedelta(0)) == sunday
    assert office().due(sunday, timedelta(0), boundary="open") == at("2026-03-09T09:00Z")
    assert office().due(at("2026-03-09T09:30Z"), timedelta(0), boundary="open") == at("2026-03-09T09:30Z")


def test_a_window_up_to_midnight_joins_the_one_that_follows() -> None:
    night = WorkingCalendar(tz="UTC", weekly={"mon": [("22:00", "24:00")], "tue": [("00:00", "06:00")]})
    for boundary in ("close", "open"):
        assert night.due(at("2026-03-02T22:00Z"), 2 * HOUR, boundary=boundary) == at("2026-03-03T00:00Z")
    assert night.due(at("2026-03-02T22:00Z"), 3 * HOUR) == at("2026-03-03T01:00Z")


def test_a_shift_beats_a_holiday_and_replaces_the_weeks_windows() -> None:
    day = date(2026, 3, 2)
    calendar = office(holidays=[day], shifts={day: [("10:00", "11:00")]})
    assert calendar.between(at("2026-03-02T00:00Z"), at("2026-03-03T00:00Z")) == HOUR
    closed = office(shifts={day: []})
    assert closed.between(at("2026-03-02T00:00Z"), at("2026-03-03T00:00Z")) == timedelta(0)


def test_microseconds_are_kept() -> None:
    start = at("2026-03-02T09:00:00.000001+00:00")
    assert office().due(start, timedelta(microseconds=1)) == at("2026-03-02T09:00:00.000002+00:00")


def test_a_negative_allowance_counts_backwards() -> None:
    calendar, monday = office(), at("2026-03-09T10:00Z")
    assert calendar.due(monday, -2 * HOUR) == at("2026-03-06T17:00Z")
    assert calendar.due(monday, -HOUR) == at("2026-03-09T09:00Z")
    assert calendar.due(monday, -HOUR, boundary="open") == at("2026-03-06T18:00Z")
    pauses = [(at("2026-03-06T16:00Z"), at("2026-03-06T17:00Z"))]
    assert calendar.due(monday, -3 * HOUR, pauses) == at("2026-03-06T15:00Z")


def test_moments_of_any_zone_are_taken_and_come_back_in_utc() -> None:
    due = china_2026().due(datetime(2026, 3, 2, 11, 0, tzinfo=SHANGHAI), 2 * HOUR)
    assert due == datetime(2026, 3, 2, 15, 0, tzinfo=SHANGHAI)
    assert due.tzinfo is UTC


def test_a_year_of_working_time_ends_where_it_should() -> None:
    weeks = 52
    assert office().due(at("2026-03-02T09:00Z"), 35 * weeks * HOUR) == at("2027-02-26T18:00Z")


def test_a_calendar_of_shifts_alone_is_met_as_far_as_it_goes() -> None:
    calendar = WorkingCalendar(
        tz="UTC", weekly={}, shifts={date(2026, 3, 2): [("09:00", "10:00")], date(2046, 3, 2): [("09:00", "10:00")]}
    )
    assert calendar.due(at("2020-01-01T00:00Z"), timedelta(minutes=90)) == at("2046-03-02T09:30Z")
    with pytest.raises(CalendarError, match="can never be met"):
        calendar.due(at("2020-01-01T00:00Z"), 3 * HOUR)
    with pytest.raises(CalendarError, match="can never be met"):
        calendar.due(at("2020-01-01T00:00Z"), 2 * HOUR, boundary="open")


@pytest.mark.parametrize("allowance", [HOUR, timedelta(0)])
def test_an_allowance_where_nothing_is_ever_open_is_refused_at_once(allowance: timedelta) -> None:
    with pytest.raises(CalendarError, match="can never be met"):
        WorkingCalendar(tz="UTC", weekly={}).due(at("2026-03-02T09:00Z"), allowance, boundary="open")


def test_an_allowance_longer_than_all_time_is_refused_at_once() -> None:
    for calendar in (office(), WorkingCalendar.always()):
        with pytest.raises(CalendarError):
            calendar.due(at("2026-03-02T09:00Z"), timedelta.max)


# --- pauses -------------------------------------------------------------------------------------------


def test_pauses_may_overlap_and_come_in_any_order() -> None:
    pauses = [
        (at("2026-03-02T10:30Z"), at("2026-03-02T11:00Z")),
        (at("2026-03-02T10:00Z"), at("2026-03-02T10:45Z")),
        (at("2026-03-02T10:40Z"), at("2026-03-02T10:41Z")),
    ]
    assert office().due(at("2026-03-02T09:00Z"), 2 * HOUR, pauses) == at("2026-03-02T12:00Z")
    assert office().between(at("2026-03-02T09:00Z"), at("2026-03-02T12:00Z"), iter(pauses)) == 2 * HOUR
    assert joined(pauses) == [(at("2026-03-02T10:00Z"), at("2026-03-02T11:00Z"))]


def test_a_pause_that_begins_after_the_due_moment_does_not_move_it() -> None:
    for begin in ("2026-03-02T10:00Z", "2026-03-02T10:30Z"):
        for end in (at("2026-03-05T10:00Z"), None):
            assert office().due(at("2026-03-02T09:00Z"), HOUR, [(at(begin), end)]) == at("2026-03-02T10:00Z")


def test_a_pause_that_begins_at_closing_time_does_not_move_what_is_due_then() -> None:
    pause = (at("2026-03-02T18:00Z"), at("2026-03-03T12:00Z"))
    assert office().due(at("2026-03-02T17:00Z"), HOUR, [pause]) == at("2026-03-02T18:00Z")
    assert office().due(at("2026-03-02T17:00Z"), 2 * HOUR, [pause]) == at("2026-03-03T15:00Z")


def test_a_pause_outside_working_hours_changes_nothing() -> None:
    pause = (at("2026-03-02T19:00Z"), at("2026-03-03T08:00Z"))
    assert office().due(at("2026-03-02T17:00Z"), 2 * HOUR, [pause]) == at("2026-03-03T10:00Z")


def test_the_due_time_of_a_clock_that_is_still_paused_is_refused() -> None:
    pause = (at("2026-03-02T09:30Z"), None)
    for calendar in (office(), WorkingCalendar.always()):
        with pytest.raises(CalendarError, match="with no end to the pause"):
            calendar.due(at("2026-03-02T09:00Z"), HOUR, [pause])
    assert office().between(at("2026-03-02T09:00Z"), at("2026-03-02T12:00Z"), [pause]) == HOUR / 2


def test_a_clock_round_the_clock_can_be_paused() -> None:
    pause = (at("2026-03-02T09:30Z"), at("2026-03-09T09:30Z"))
    assert WorkingCalendar.always().due(at("2026-03-02T09:00Z"), HOUR, [pause]) == at("2026-03-09T10:00Z")


def test_a_pause_that_ends_in_another_decade_is_reached() -> None:
    pause = (at("2026-03-02T09:30Z"), at("2049-03-01T09:30Z"))
    assert office().due(at("2026-03-02T09:00Z"), HOUR, [pause]) == at("2049-03-01T10:00Z")


# --- changes of the clocks ----------------------------------------------------------------------------


def test_a_day_of_25_hours_counts_25_hours_and_one_of_23_counts_23() -> None:
    calendar = WorkingCalendar.always("Europe/Berlin")
    explicit = WorkingCalendar(tz="Europe/Berlin", weekly={"sun": [("00:00", "24:00")]})
    for text, hours in (("2026-10-25", 25), ("2026-03-29", 23), ("2026-03-22", 24)):
        day = date.fromisoformat(text)
        start = calendar.end_of_day(day - timedelta(days=1))
        for each in (calendar, explicit):
            assert each.between(start, calendar.end_of_day(day)) == hours * HOUR


def test_a_local_time_that_does_not_exist_is_skipped() -> None:
    calendar = WorkingCalendar(tz="America/New_York", weekly={"sun": [("02:15", "03:10")]})
    sunday = at("2026-03-08T00:00-05:00"), at("2026-03-09T00:00-04:00")
    assert calendar.between(*sunday) == timedelta(minutes=10)
    assert calendar.due(sunday[0], timedelta(minutes=5)) == at("2026-03-08T03:05-04:00")


def test_a_local_time_that_comes_twice_is_counted_twice() -> None:
    calendar = WorkingCalendar(tz="America/New_York", weekly={"sun": [("01:15", "01:30")]})
    sunday = at("2026-11-01T00:00-04:00")
    assert calendar.between(sunday, sunday + timedelta(days=1)) == timedelta(minutes=30)
    assert calendar.due(sunday, timedelta(minutes=20)) == at("2026-11-01T01:20-05:00")


def test_a_start_in_a_repeated_hour_is_told_from_its_twin() -> None:
    zone = ZoneInfo("America/New_York")
    calendar = WorkingCalendar.always("America/New_York")
    first, second = (datetime(2026, 11, 1, 1, 30, tzinfo=zone, fold=fold) for fold in (0, 1))
    assert calendar.due(second, HOUR) - calendar.due(first, HOUR) == HOUR
    assert calendar.between(first, second) == HOUR


def test_a_day_that_the_zone_left_out_is_no_working_day() -> None:
    apia = WorkingCalendar.always("Pacific/Apia")  # crossed the date line at the end of 29 December 2011
    assert not apia.is_working(date(2011, 12, 30))
    assert apia.add_days(date(2011, 12, 29), 1) == date(2011, 12, 31)
    assert apia.end_of_day(date(2011, 12, 30)) == apia.end_of_day(date(2011, 12, 29)) == at("2011-12-30T10:00Z")


def test_a_day_ends_where_the_clocks_skip_midnight() -> None:
    assert WorkingCalendar.always("America/Sao_Paulo").end_of_day(date(2018, 11, 3)) == at("2018-11-04T03:00Z")


# --- days ---------------------------------------------------------------------------------------------


def test_the_first_day_is_not_counted() -> None:
    assert office().add_days(date(2026, 3, 2), 1) == date(2026, 3, 3)
    assert office().add_calendar_days(date(2026, 3, 2), 1) == date(2026, 3, 3)


def test_make_up_workdays_are_working_days() -> None:
    calendar = china_2026()
    assert calendar.add_days(date(2026, 2, 13), 1) == date(2026, 2, 14)
    assert calendar.add_days(date(2026, 2, 13), 2) == date(2026, 2, 24)
    assert calendar.add_calendar_days(date(2026, 2, 13), 15) == date(2026, 2, 28)


def test_a_last_day_that_is_a_holiday_rolls_forward() -> None:
    assert china_2026().add_calendar_days(date(2026, 2, 10), 5) == date(2026, 2, 24)


def test_days_can_be_counted_back() -> None:
    assert office().add_days(date(2026, 3, 2), -1) == date(2026, 2, 27)
    assert office().add_days(date(2026, 3, 7), 0) == date(2026, 3, 7)


def test_working_days_that_do_not_exist_are_refused_at_once() -> None:
    with pytest.raises(CalendarError, match="there are no 5 working days"):
        WorkingCalendar(tz="UTC", weekly={}).add_days(date(2026, 3, 2), 5)
    with pytest.raises(CalendarError, match="working days from"):
        office().add_days(date(2026, 3, 2), 10**15)
    with pytest.raises(CalendarError, match="give 0 or more"):
        office().add_calendar_days(date(2026, 3, 2), -1)


def test_business_closes_at_the_end_of_the_last_window() -> None:
    assert office().close_of_business(date(2026, 3, 2)) == at("2026-03-02T18:00Z")
    assert office().end_of_day(date(2026, 3, 2)) == at("2026-03-03T00:00Z")
    with pytest.raises(CalendarError, match="no close of business"):
        office().close_of_business(date(2026, 3, 7))


# --- segments -----------------------------------------------------------------------------------------


def test_segments_tell_counted_closed_holiday_make_up_and_paused_time() -> None:
    calendar = china_2026()
    start = at("2026-02-14T16:00+08:00")
    pauses = [(at("2026-02-24T09:00+08:00"), at("2026-02-24T10:00+08:00"))]
    due = calendar.due(start, 3 * HOUR, pauses)
    assert calendar.segments(start, due, pauses) == [
        Segment(start, at("2026-02-14T18:00+08:00"), "make-up"),
        Segment(at("2026-02-14T18:00+08:00"), at("2026-02-15T00:00+08:00"), "closed"),
        Segment(at("2026-02-15T00:00+08:00"), at("2026-02-24T00:00+08:00"), "holiday"),
        Segment(at("2026-02-24T00:00+08:00"), at("2026-02-24T09:00+08:00"), "closed"),
        Segment(at("2026-02-24T09:00+08:00"), at("2026-02-24T10:00+08:00"), "paused"),
        Segment(at("2026-02-24T10:00+08:00"), due, "counted"),
    ]


def test_a_shift_on_a_day_that_is_open_anyway_is_counted_and_no_make_up() -> None:
    calendar = office(shifts={date(2026, 3, 2): [("09:00", "10:00")]})
    kinds = [segment.kind for segment in calendar.segments(at("2026-03-02T09:00Z"), at("2026-03-02T12:00Z"))]
    assert kinds == ["counted", "closed"]


def test_nothing_lies_between_a_moment_and_an_earlier_one() -> None:
    later, earlier = at("2026-03-02T12:00Z"), at("2026-03-02T09:00Z")
    assert office().segments(later, earlier) == []
    assert office().between(later, earlier) == timedelta(0)


# --- coverage and China -------------------------------------------------------------------------------


def test_china_knows_holidays_and_make_up_workdays() -> None:
    calendar = WorkingCalendar.china(OFFICE)
    assert calendar.is_working(date(2026, 2, 14))
    assert not calendar.is_working(date(2026, 2, 16))
    assert calendar.due(at("2026-02-14T17:00+08:00"), 3 * HOUR) == at("2026-02-24T11:00+08:00")
    assert WorkingCalendar.china().close_of_business(date(2026, 2, 14)) == at("2026-02-15T00:00+08:00")


def test_china_covers_the_years_that_its_package_knows() -> None:
    from chinese_calendar import is_workday

    calendar = WorkingCalendar.china()
    assert calendar.coverage is not None
    first, last = calendar.coverage
    days = [date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1)]
    assert [day for day in days if calendar.is_working(day) != is_workday(day)] == []
    for beyond in (first - timedelta(days=1), last + timedelta(days=1)):
        assert not calendar.covers(beyond)
        with pytest.raises(NotImplementedError):
            is_workday(beyond)


def test_a_missing_package_is_named_with_the_way_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "chinese_calendar", None)
    with pytest.raises(CalendarError, match=r"pip install chinesecalendar"):
        WorkingCalendar.china()


def test_a_due_time_beyond_the_coverage_is_flagged() -> None:
    calendar = china_2026()
    start = at("2026-12-31T17:00+08:00")
    inside, outside = calendar.due(start, HOUR), calendar.due(start, 2 * HOUR)
    assert not calendar.flagged(inside, start)
    assert calendar.flagged(outside, start)
    assert calendar.flagged(outside)
    assert calendar.flagged(at("2026-01-05T10:00+08:00"), at("2025-12-31T10:00+08:00"))
    assert not calendar.flagged(at("2027-01-01T00:00+08:00"), start), "24:00 belongs to the day that ends then"
    assert not office().flagged(at("2999-01-01T00:00Z"))


def test_a_strict_calendar_refuses_what_lies_beyond_its_coverage() -> None:
    calendar = WorkingCalendar(
        tz="Asia/Shanghai",
        weekly=OFFICE,
        coverage=(date(2026, 1, 1), date(2026, 12, 31)),
        beyond="error",
    )
    start = at("2026-12-31T17:00+08:00")
    assert calendar.due(start, HOUR) == start + HOUR
    for beyond in (
        lambda: calendar.due(start, 2 * HOUR),
        lambda: calendar.between(start, start + timedelta(days=2)),
        lambda: calendar.add_days(date(2026, 12, 31), 1),
        lambda: calendar.add_calendar_days(date(2026, 12, 31), 1),
    ):
        with pytest.raises(CalendarError, match="the holiday list speaks for 2026-01-01 … 2026-12-31, not for 2027"):
            beyond()


# --- values -------------------------------------------------------------------------------------------


def test_equal_calendars_are_one_value() -> None:
    a, b = china_2026(), china_2026()
    a.due(at("2026-03-02T09:00Z"), HOUR)
    assert a == b
    assert len({a, b}) == 1
    assert a != office("Asia/Shanghai")
    assert pickle.loads(pickle.dumps(a)) == a
    with pytest.raises(AttributeError):
        a.tz = "UTC"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"tz": "Asia/Huimin"}, "there is no time zone 'Asia/Huimin'"),
        ({"tz": "Asia"}, "there is no time zone"),
        ({"weekly": {"monday": [("09:00", "17:00")]}}, "'monday' is not a day of the week"),
        ({"weekly": {"mon": [("09:00", "12:00"), ("11:00", "17:00")]}}, "overlaps"),
        ({"weekly": {"mon": [("17:00", "09:00")]}}, "ends before it begins"),
        ({"weekly": {"mon": [("09:00", "09:00")]}}, "ends before it begins"),
        ({"weekly": {"mon": [("nine", "17:00")]}}, "'nine' is not a time of day"),
        ({"weekly": {"mon": [("09:00", "24:01")]}}, "'24:01' is not a time of day"),
        ({"weekly": {"mon": [("09:60", "17:00")]}}, "'09:60' is not a time of day"),
        ({"weekly": {"mon": ["09:00"]}}, "is not a list of windows"),
        ({"shifts": {date(2026, 3, 2): [("10:00", "09:00")]}}, "of 2026-03-02 ends before it begins"),
        ({"holidays": ["2026-03-02"]}, "is not a date"),
        ({"holidays": [datetime(2026, 3, 2, tzinfo=UTC)]}, "is not a date"),
        ({"coverage": (date(2026, 3, 2), date(2026, 3, 1))}, "ends before it begins"),
        ({"beyond": "ignore"}, "use 'flag' or 'error'"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(wrong: dict, sentence: str) -> None:
    with pytest.raises(CalendarError, match=sentence) as refusal:
        WorkingCalendar(**{"tz": "UTC", "weekly": OFFICE, **wrong})
    assert refusal.value.text.zh


def test_a_moment_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 - the point of the test
    aware = at("2026-03-02T09:00Z")
    for calendar in (office(), WorkingCalendar.always()):
        for question in (
            lambda calendar=calendar: calendar.due(naive, HOUR),
            lambda calendar=calendar: calendar.due(aware, HOUR, [(naive, None)]),
            lambda calendar=calendar: calendar.between(aware, naive),
            lambda calendar=calendar: calendar.segments(naive, aware),
            lambda calendar=calendar: calendar.flagged(naive),
        ):
            with pytest.raises(CalendarError, match="not a moment with a time zone"):
                question()


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (lambda: office().due(at("2026-03-02T09:00Z"), "4h"), "is not a timedelta"),
        (lambda: office().due(at("2026-03-02T09:00Z"), HOUR, boundary="noon"), "use 'close' or 'open'"),
        (lambda: joined([(at("2026-03-02T09:00Z"), at("2026-03-02T08:00Z"))]), "ends before it begins"),
        (lambda: office().due(datetime.max.replace(tzinfo=UTC), HOUR), "counts from the year"),
        (lambda: office().is_working(date.max), "counts from the year"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(question, sentence: str) -> None:
    with pytest.raises(CalendarError, match=sentence):
        question()
