import csv
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from governflow.calendars import WorkingCalendar
from governflow.calendars.allowances import Allowance, DayCount
from governflow.errors import CalendarError

DATA = Path(__file__).parents[1].parent / "shared/data"
WORKWEEK = ("mon", "tue", "wed", "thu", "fri")
HOUR = timedelta(hours=1)
OFFICE = WorkingCalendar(
    tz="Asia/Shanghai",
    weekly={day: [("09:00", "12:00"), ("14:00", "18:00")] for day in WORKWEEK},
    holidays=[date(2026, 2, day) for day in range(15, 24)],
    shifts={date(2026, 2, day): [("09:00", "12:00"), ("14:00", "18:00")] for day in (14, 28)},
    coverage=(date(2026, 1, 1), date(2026, 12, 31)),
)
ALWAYS = WorkingCalendar.always("Asia/Shanghai")
BOSTON = DayCount(cutoff=time(17), resume=time(8, 30), off_day="same_time", end="same_time", skip="weekends")
BOSTON_OFFICE = WorkingCalendar(
    tz="America/New_York",
    weekly={day: [("08:30", "17:00")] for day in WORKWEEK},
    holidays=[date(2011, 7, 4), date(2011, 9, 5), date(2011, 10, 10), date(2011, 11, 11)],
)


def at(text: str) -> datetime:
    """A wall time of Shanghai in 2026."""
    return datetime.fromisoformat(f"2026-{text}+08:00")


def boston(text: str) -> datetime:
    """A wall time of Boston in 2011."""
    return datetime.fromisoformat(f"2011-{text}").replace(tzinfo=ZoneInfo("America/New_York"))


# --- text ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        *((text, text) for text in ("45s", "30min", "4h", "2d", "1w", "4wh", "5wd", "15cd")),
        (" 4 h ", "4h"),
        ("30分钟", "30min"),
        ("30分", "30min"),
        ("2小时", "2h"),
        ("2个小时", "2h"),
        ("半小时", "30min"),
        ("半个小时", "30min"),
        ("半天", "12h"),
        ("1.5h", "90min"),
        ("0.5天", "12h"),
        ("2紧急工作时", "2h"),
        ("1紧急工作时\n", "1h"),
        ("3紧急工作日", "3d"),
        ("4工作时", "4wh"),
        ("4个工作小时", "4wh"),
        ("2工作日", "2wd"),
        ("5个工作日", "5wd"),
        ("两个工作日", "2wd"),
        ("十五个工作日", "15wd"),
        ("二十日", "20d"),
        ("十天", "10d"),
        ("5天", "5d"),
        ("5日", "5d"),
        ("５天", "5d"),
        ("15个自然日", "15cd"),
        ("15日历日", "15cd"),
        ("1周", "1w"),
        ("一个星期", "1w"),
    ],
)
def test_an_allowance_is_read_as_tables_write_it(text: str, canonical: str) -> None:
    allowance = Allowance.parse(text)
    assert str(allowance) == canonical
    assert Allowance.parse(str(allowance)) == allowance


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4",
        "h",
        "four hours",
        "4 fortnights",
        "-4h",
        "1h30min",
        "1紧急工作时制止",
        "三三天",
        "2个月",
        "4..5h",
        None,
        4,
    ],
)
def test_text_that_is_no_allowance_is_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(CalendarError, match="write 30min, 4h, 2d, 1w, 4wh, 5wd or 15cd") as refusal:
        Allowance.parse(text)
    assert "30分钟" in refusal.value.text.zh


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda: Allowance.parse("0h"), "whole number from 1"),
        (lambda: Allowance.parse("半个工作日"), "not a whole number of working days"),
        (lambda: Allowance.parse("0.3s"), "not a whole number of seconds"),
        (lambda: Allowance.parse(timedelta(0)), "whole number from 1"),
        (lambda: Allowance.parse(timedelta(hours=-1)), "whole number from 1"),
        (lambda: Allowance.parse(timedelta(microseconds=1)), "not a whole number of seconds"),
        (lambda: Allowance(1.5, "h"), "whole number from 1"),
        (lambda: Allowance(True, "h"), "whole number from 1"),
        (lambda: Allowance(1, "month"), "no unit of time"),
        (lambda: Allowance(10**20, "h"), "more time than there is"),
        (lambda: Allowance(1, "h", DayCount()), "no days to count"),
        (lambda: DayCount(end="noon"), "use one of 'same_time', 'close', 'midnight'"),
        (lambda: DayCount(skip="mondays"), "use one of 'holidays', 'weekends'"),
        (lambda: DayCount(off_day="go"), "use one of 'stay', 'same_time', 'resume'"),
        (lambda: DayCount(cutoff=time(17), end="same_time"), r"give resume=time\(8, 30\)"),
    ],
)
def test_an_allowance_that_makes_no_sense_is_refused(wrong, sentence: str) -> None:
    with pytest.raises(CalendarError, match=sentence):
        wrong()


def test_a_timedelta_is_elapsed_time() -> None:
    for span, canonical in ((90 * HOUR / 60, "90min"), (48 * HOUR, "2d"), (timedelta(seconds=61), "61s")):
        assert str(Allowance.parse(span)) == canonical


@pytest.mark.parametrize("text", ["45s", "30min", "4h", "2d", "1w", "4wh", "5wd", "15cd", "1wd"])
def test_what_people_read_in_chinese_can_be_read_back(text: str) -> None:
    assert Allowance.parse(Allowance.parse(text).text("zh")) == Allowance.parse(text)


def test_people_read_words() -> None:
    assert Allowance.parse("5wd").text("en") == "5 working days"
    assert Allowance.parse("1cd").text("en") == "1 calendar day"
    assert Allowance.parse("2d").text("zh") == "2天"


def test_equal_allowances_are_one_value() -> None:
    assert len({Allowance.parse("2wd"), Allowance.parse("2工作日"), Allowance(2, "wd")}) == 1
    assert Allowance(2, "wd", BOSTON) != Allowance(2, "wd")


# --- due ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "start", "due"),
    [
        ("30min", "02-13T23:45", "02-14T00:15"),
        ("2d", "02-13T17:00", "02-15T17:00"),
        ("1w", "02-13T17:00", "02-20T17:00"),
        ("4wh", "02-13T17:00", "02-14T12:00"),
        ("8wh", "02-14T17:00", "02-24T18:00"),
        ("1wd", "02-13T17:00", "02-14T18:00"),
        ("2wd", "02-13T17:00", "02-24T18:00"),
        ("2wd", "02-16T10:00", "02-25T18:00"),
        ("4cd", "02-10T09:00", "02-15T00:00"),
        ("5cd", "02-10T09:00", "02-25T00:00"),
    ],
)
def test_the_allowance_is_due_when_it_is_used_up(text: str, start: str, due: str) -> None:
    result = Allowance.parse(text).due(at(start), OFFICE)
    assert result == at(due)
    assert result.tzinfo is UTC


def test_elapsed_time_ignores_the_calendar_and_the_change_of_the_clocks() -> None:
    closed = WorkingCalendar(tz="Europe/Berlin", weekly={})
    start = datetime(2026, 3, 28, 12, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    assert Allowance.parse("1d").due(start, closed) - start.astimezone(UTC) == 24 * HOUR


def test_a_working_day_of_24_hours_closes_at_midnight() -> None:
    assert Allowance.parse("1wd").due(at("03-02T10:00"), WorkingCalendar.china()) == at("03-04T00:00")


def test_days_end_when_their_rule_says() -> None:
    start = at("03-02T10:15")
    for end, due in (("same_time", "03-03T10:15"), ("close", "03-03T18:00"), ("midnight", "03-04T00:00")):
        assert Allowance(1, "wd", DayCount(end=end)).due(start, OFFICE) == at(due)
        assert Allowance(1, "cd", DayCount(end=end)).due(start, OFFICE) == at(due)


def test_a_start_on_a_day_off_stays_or_moves_as_its_rule_says() -> None:
    sunday = at("03-08T10:15")
    for off_day, due in (("stay", "03-09T10:15"), ("same_time", "03-10T10:15"), ("resume", "03-10T09:00")):
        counting = DayCount(off_day=off_day, resume=time(9), end="same_time")
        assert Allowance(1, "wd", counting).due(sunday, OFFICE) == at(due)


def test_a_rule_that_skips_weekends_only_counts_holidays_and_no_make_up_days() -> None:
    counting = DayCount(skip="weekends")
    assert Allowance(1, "wd", counting).due(at("02-13T10:00"), OFFICE) == at("02-16T18:00")


def test_an_allowance_too_long_for_any_calendar_is_refused() -> None:
    for text in ("999999d", "9999999w"):
        with pytest.raises(CalendarError):
            Allowance.parse(text).due(at("03-02T10:00").replace(year=9990), OFFICE)


def test_a_start_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 - the point of the test
    for text in ("4h", "4wh", "5wd", "15cd"):
        with pytest.raises(CalendarError, match="not a moment with a time zone"):
            Allowance.parse(text).due(naive, OFFICE)


# --- Boston -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("07-01T02:18:31", "07-05T02:18:31"),  # Independence Day, a Monday, is not skipped
        ("07-06T16:59:59", "07-08T16:59:59"),
        ("07-06T17:00:00", "07-11T08:30:00"),
        ("07-09T10:00:00", "07-13T10:00:00"),
        ("07-09T19:00:00", "07-13T08:30:00"),
    ],
)
def test_bostons_practice_can_be_said(start: str, due: str) -> None:
    assert Allowance(2, "wd", BOSTON).due(boston(start), BOSTON_OFFICE) == boston(due).astimezone(UTC)


@pytest.mark.skipif(not DATA.exists(), reason="the shared data of Boston's 311 service are not here")
def test_bostons_own_due_times_are_reproduced() -> None:
    with (DATA / "boston311_rules.csv").open(encoding="utf-8") as file:
        rules = {row["type"]: row["rule"].split()[0] for row in csv.DictReader(file)}
    # What the rules call elapsed hours are whole days that end at the same wall time, summer time or not.
    all_days = WorkingCalendar.always("America/New_York")
    seen: Counter[str] = Counter()
    with (DATA / "boston311_2011q3.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            rule = rules.get(row["type"])
            if rule is None or not row["target_dt"]:
                continue
            opened, target = (datetime.fromisoformat(row[name]) for name in ("open_dt", "target_dt"))
            opened, target = (moment.replace(tzinfo=BOSTON_OFFICE.zone) for moment in (opened, target))
            if rule.endswith("h"):
                days, left = divmod(int(rule[:-1]), 24)
                assert not left
                due = Allowance(days, "cd", DayCount(end="same_time")).due(opened, all_days)
            else:
                due = Allowance(int(rule), "wd", BOSTON).due(opened, BOSTON_OFFICE)
            seen[rule] += 1
            seen["reproduced"] += abs(due - target.astimezone(UTC)) <= timedelta(minutes=3)
    rows = seen.total() - seen["reproduced"]
    share = seen["reproduced"] / rows
    assert rows > 25_000
    assert share >= 0.96, f"{seen['reproduced']} of {rows} due times within 3 minutes: {share:.2%}"


# --- pauses -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "start", "pause", "due"),
    [
        ("2h", "03-02T09:00", ("03-02T10:00", "03-03T10:00"), "03-03T11:00"),
        ("2wh", "03-02T09:00", ("03-02T10:00", "03-03T10:00"), "03-03T11:00"),
        ("2wh", "03-02T09:00", ("03-02T18:00", "03-03T10:00"), "03-02T11:00"),
        # two working days of 7 h each are left when it stops
        ("2wd", "03-02T09:00", ("03-03T09:00", "03-05T09:00"), "03-06T18:00"),
        ("2wd", "03-02T09:00", ("03-03T09:00", "03-05T12:00"), "03-09T12:00"),
        ("3cd", "03-02T09:00", ("03-03T09:00", "03-04T09:00"), "03-07T00:00"),
        ("3cd", "03-02T09:00", ("03-03T09:00", "03-04T10:00"), "03-10T00:00"),
    ],
)
def test_a_pause_keeps_the_remainder(text: str, start: str, pause: tuple[str, str], due: str) -> None:
    allowance = Allowance.parse(text)
    begin, end = at(pause[0]), at(pause[1])
    before = allowance.due(at(start), OFFICE)
    assert allowance.due(at(start), OFFICE, [(begin, end)]) == at(due)
    assert allowance.shift(before, begin, end, OFFICE) == at(due)


@pytest.mark.parametrize("text", ["1h", "1wh", "1wd", "1cd"])
def test_a_pause_from_the_due_moment_on_moves_nothing(text: str) -> None:
    allowance, start = Allowance.parse(text), at("03-02T09:00")
    due = allowance.due(start, OFFICE)
    pause = (due, due + 100 * HOUR)
    assert allowance.shift(due, *pause, OFFICE) == due
    assert allowance.due(start, OFFICE, [pause, (due + HOUR, None)]) == due


@pytest.mark.parametrize("text", ["1h", "1wh", "1wd", "1cd"])
def test_a_clock_that_is_still_paused_has_no_due_time(text: str) -> None:
    with pytest.raises(CalendarError, match="with no end to the pause"):
        Allowance.parse(text).due(at("03-02T09:00"), OFFICE, [(at("03-02T08:00"), None)])


@pytest.mark.parametrize("text", ["1h", "1wh", "1wd", "1cd"])
def test_a_pause_never_makes_anything_due_earlier(text: str) -> None:
    allowance, start = Allowance.parse(text), at("03-02T09:00")
    due = allowance.due(start, OFFICE)
    for hours in range(1, 60):
        begin = start + hours * HOUR / 2
        for length in (1, 5, 14, 24, 100):
            assert allowance.shift(due, begin, begin + length * HOUR, OFFICE) >= due


def test_a_pause_in_the_night_before_a_day_at_the_same_time_leaves_what_was_left() -> None:
    allowance = Allowance(1, "wd", DayCount(end="same_time"))
    due = allowance.due(at("03-02T02:00"), OFFICE)
    assert allowance.shift(due, at("03-03T01:00"), at("03-03T10:00"), OFFICE) == at("03-03T11:00")


def test_calendar_days_that_close_with_business_end_with_a_working_day_after_a_pause() -> None:
    allowance = Allowance(3, "cd", DayCount(end="close"))
    due = allowance.due(at("03-02T09:00"), OFFICE)
    assert due == at("03-05T18:00")
    assert allowance.shift(due, at("03-03T09:00"), at("03-03T10:00"), OFFICE) == at("03-06T18:00")


# --- warnings and coverage ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "start", "warning"),
    [
        ("10h", "03-02T09:00", "03-02T17:00"),
        ("5wh", "03-02T09:00", "03-02T15:00"),
        ("1wd", "03-02T09:00", "03-03T15:12"),  # 14 h of working time, 11 h 12 min of it
    ],
)
def test_a_warning_comes_when_four_fifths_are_used_up(text: str, start: str, warning: str) -> None:
    allowance = Allowance.parse(text)
    due = allowance.due(at(start), OFFICE)
    assert allowance.warn(at(start), due, OFFICE) == at(warning)


@pytest.mark.parametrize("text", ["30min", "7d", "1wh", "3wd", "15cd"])
def test_a_warning_comes_after_the_start_and_before_the_due_time(text: str) -> None:
    allowance, start = Allowance.parse(text), at("02-13T17:30")
    due = allowance.due(start, OFFICE)
    assert start < allowance.warn(start, due, OFFICE, share=0.1) < allowance.warn(start, due, OFFICE) < due


def test_a_warning_where_no_working_time_lies_between_goes_by_the_hours_that_pass() -> None:
    start, due = at("03-07T00:00"), at("03-07T10:00")
    assert Allowance.parse("1cd").warn(start, due, OFFICE) == at("03-07T08:00")


@pytest.mark.parametrize("share", [0, 1, -0.5, 80])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(CalendarError, match=r"give 0\.8"):
        Allowance.parse("1h").warn(at("03-02T09:00"), at("03-02T10:00"), OFFICE, share=share)


def test_only_what_rests_on_the_holiday_list_is_flagged_beyond_it() -> None:
    start = at("12-31T10:00")
    flags = {}
    for allowance in (*map(Allowance.parse, ("2d", "4wh", "9wh", "1wd", "1cd")), Allowance(1, "wd", BOSTON)):
        flags[str(allowance), allowance.counting] = allowance.flagged(start, allowance.due(start, OFFICE), OFFICE)
    assert list(flags.values()) == [False, False, True, True, True, False]
