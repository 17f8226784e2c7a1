"""How fast a due time comes: against businesstimedelta, and for a long allowance against a short one.

Run as a script: it prints a small table. Every figure is the best of several rounds after a warm-up, and figures that
are compared with each other are taken in turns in one run.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from time import perf_counter

import businesstimedelta
import pytz

from governflow.calendars import WorkingCalendar
from governflow.calendars.allowances import Allowance

ZONE = "Europe/Berlin"
START = datetime(2024, 3, 4, 9, 30, tzinfo=UTC)
DAY, YEAR = timedelta(hours=8), timedelta(hours=8 * 5 * 52)
ROUNDS = 7


def seconds(calls: dict[str, tuple[Callable[[], object], int]]) -> dict[str, float]:
    """Measure each call (with how often to make it a round), taking turns; the best round counts."""
    best = dict.fromkeys(calls, float("inf"))
    for name, (call, _) in calls.items():
        call()
        best[name] = float("inf")
    for _ in range(ROUNDS):
        for name, (call, times) in calls.items():
            begin = perf_counter()
            for _ in range(times):
                call()
            best[name] = min(best[name], (perf_counter() - begin) / times)
    return best


def rows() -> list[tuple[str, float, str]]:
    """Return what was measured: name, figure, unit."""
    weekly = {day: [("09:00", "17:00")] for day in ("mon", "tue", "wed", "thu", "fri")}
    office, always = WorkingCalendar(tz=ZONE, weekly=weekly), WorkingCalendar.always(ZONE)
    china = WorkingCalendar.china({day: [("09:00", "12:00"), ("14:00", "18:00")] for day in weekly})
    rule = businesstimedelta.WorkDayRule(
        start_time=time(9), end_time=time(17), working_days=[0, 1, 2, 3, 4], tz=pytz.timezone(ZONE)
    )
    theirs = businesstimedelta.Rules([rule])
    their_year = businesstimedelta.BusinessTimeDelta(theirs, hours=YEAR // timedelta(hours=1))
    four_hours, later = Allowance.parse("4h"), office.due(START, YEAR)
    if START + their_year != later:
        raise SystemExit(f"the two do not agree: {START + their_year} and {later}")

    def cold() -> object:
        return WorkingCalendar(tz=ZONE, weekly=weekly).due(START, YEAR)

    best = seconds(
        {
            "year": (lambda: office.due(START, YEAR), 5000),
            "day": (lambda: office.due(START, DAY), 5000),
            "theirs": (lambda: START + their_year, 3),
            "between a year": (lambda: office.between(START, later), 5000),
            "between a day": (lambda: office.between(START, START + timedelta(days=1)), 5000),
            "always": (lambda: always.due(START, DAY), 20_000),
            "elapsed": (lambda: four_hours.due(START, always), 20_000),
            "china": (lambda: china.due(START, YEAR), 5000),
            "working days": (lambda: Allowance.parse("250wd").due(START, china), 500),
            "cold": (cold, 5),
        }
    )
    micro = 1e6
    return [
        ("due, a year of working time", best["year"] * micro, "µs"),
        ("due, a year of working time, businesstimedelta", best["theirs"] * micro, "µs"),
        ("due, a year of working time: times faster", best["theirs"] / best["year"], "x"),
        ("due, a year of allowance against a day", best["year"] / best["day"], "x"),
        ("between, a year against a day", best["between a year"] / best["between a day"], "x"),
        ("due, a year, China's holidays and lunch breaks", best["china"] * micro, "µs"),
        ("due, round the clock", best["always"] * micro, "µs"),
        ("due, allowance of elapsed hours", best["elapsed"] * micro, "µs"),
        ("parse and due, 250 working days", best["working days"] * micro, "µs"),
        ("new calendar and its first due, a year", best["cold"] * micro, "µs"),
        ("the same, times faster than businesstimedelta", best["theirs"] / best["cold"], "x"),
    ]


if __name__ == "__main__":
    for name, figure, unit in rows():
        print(f"{name:<50} {figure:>12,.2f} {unit}")
