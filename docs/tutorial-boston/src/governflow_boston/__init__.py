"""The city of Boston's 311 service: one target per type of request, counted as the city counts (docs/boston.md)."""

from collections.abc import Mapping
from datetime import time
from functools import cache
from importlib.resources import files

from governflow.plugin import (
    DUTY,
    SURVIVES_TRANSFER,
    Allowance,
    Case,
    Catalogue,
    ClockSpec,
    DayCount,
    Deadlines,
    Locality,
    OrgChart,
    Table,
    Text,
    WorkingCalendar,
    hookimpl,
    tables,
)

HERE = files(__package__)
ZONE = "America/New_York"

# --- who --------------------------------------------------------------------------------------------------------------


@hookimpl
def governflow_locality() -> Locality:
    """Boston, directly above the defaults: none of the layers between is its own."""
    return Locality("boston", "波士顿市", "City of Boston", parent="000000", zone=ZONE)


@hookimpl
def governflow_units() -> OrgChart:
    """The 311 desk, the queues, their departments, the mayor's office."""
    return OrgChart.read(HERE / "units.csv")


@hookimpl
def governflow_tables() -> Mapping[str, Table | Catalogue]:
    """The catalogue (queue and target of each type), and what happens when a target has passed."""
    return tables(HERE / "tables")


# --- how long ---------------------------------------------------------------------------------------------------------

#: From 17:00 on a request counts as opened at 8:30 of the next business day; one of a weekend as opened on Monday at
#: the same time of day; the last day ends at that time of day; only weekends are skipped.
BUSINESS_DAYS = DayCount(cutoff=time(17), resume=time(8, 30), off_day="same_time", end="same_time", skip="weekends")
#: Whole days that end at the same time of day, summer time or not.
CALENDAR_DAYS = DayCount(end="same_time")

OFFICE = WorkingCalendar(tz=ZONE, weekly={day: [("08:30", "17:00")] for day in ("mon", "tue", "wed", "thu", "fri")})

#: The built-in promises are another city's: dispatched in 5 minutes, on site in 40, answered within 60 days.
NOT_OURS = ("dispatch", "arrive", "resolve", "whole")

NAMES = {
    "target": Text("target, business days", "期限（工作日）"),
    "target_days": Text("target, calendar days", "期限（自然日）"),
    "attend": Text("look again", "跟进"),
}

LOOK_AGAIN = ClockSpec(
    "attend",
    NAMES["attend"],
    Allowance.parse("30d"),
    frozenset({"idle"}),
    frozenset(),
    (DUTY,),
    "boston/attend",
    Text("a request whose type has no target is looked at within 30 days", "无办理期限的请求30天内跟进"),
)


@cache  # the same object for the same target
def due_in(target: str) -> Deadlines:
    """Give the clocks of a request: its target, or a reminder where its type has none."""
    if not target:
        return Deadlines((LOOK_AGAIN,), NOT_OURS)
    business = target.endswith("wd")
    name = "target" if business else "target_days"
    clock = ClockSpec(
        name,
        NAMES[name],
        Allowance.parse(target, BUSINESS_DAYS if business else CALENDAR_DAYS),
        frozenset({"report", "reopen"}),  # what starts it
        frozenset({"resolve"}),  # what stops it
        (SURVIVES_TRANSFER, DUTY),  # no transfer restarts it
        f"boston/{target}",
        Text(f"the city's target for this type: {target}", f"该类请求的期限：{target}"),
    )
    return Deadlines((clock, LOOK_AGAIN), NOT_OURS)


@hookimpl
def governflow_deadlines(case: Case) -> Deadlines:
    """Boston's own clocks: what the catalogue says of the type."""
    return due_in(str(case.facts.get("target", "")))


@hookimpl
def governflow_calendar(clock: str) -> WorkingCalendar | None:
    """Business days are counted on the office's calendar, calendar days on one that never closes."""
    return OFFICE if clock == "target" else None


@hookimpl
def governflow_terms() -> Mapping[str, Text]:
    """The names of the clocks."""
    return NAMES
