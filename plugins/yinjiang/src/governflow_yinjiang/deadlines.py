"""The clocks of the three lists and of mediation; the everyday ones stand in ``tables/deadlines.csv`` (时限).

Published is that the needs list is reviewed once a quarter. All other figures are illustrations.
"""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from governflow.plugin import PAUSES, Allowance, Case, ClockSpec, Context, Deadlines, Text

REVIEW = "review"
_ILLUSTRATION = Text("an illustration: the county sets its own figure", "示例：由县里自行确定")


def _clock(
    name: str, text: Text, allowance: str, starts: Iterable[str], stops: Iterable[str], *traits: str
) -> ClockSpec:
    return ClockSpec(
        name,
        text,
        Allowance.parse(allowance),
        frozenset(starts),
        frozenset(stops),
        traits,
        f"illustration/{name}",
        _ILLUSTRATION,
    )


_LISTS = (
    _clock("accept", Text("accept", "受理"), "1d", {"report"}, {"accept", "decline", "resolve"}),
    _clock("dispatch", Text("dispatch", "派单"), "4h", {"reopen"}, {"dispatch", "decline", "resolve"}),
    _clock("claim", Text("claim", "认领"), "5d", {"review", "return"}, {"claim"}),
    _clock("resolve", Text("resolve", "办结"), "30d", {"claim", "dispatch"}, {"resolve"}, PAUSES),
)

#: Mediation is measured by its first discussion and by its end, not by how soon somebody is at the door.
MEDIATION_DEADLINES = Deadlines(
    (
        _clock("discuss", Text("first discussion", "首次议事"), "3d", {"dispatch"}, {"discuss"}, PAUSES),
        _clock("resolve", Text("resolve", "办结"), "15d", {"dispatch"}, {"resolve"}, PAUSES),
    ),
    drop=("arrive",),
)


def last_day_of_quarter(day: date) -> date:
    """Give the last day of the calendar quarter that a day is in."""
    month = (day.month - 1) // 3 * 3 + 3
    return date(day.year, month, monthrange(day.year, month)[1])


def days_to_review(since: datetime, zone: str) -> int:
    """Give how many days after its own a need is reviewed at the latest (季度梳理).

    Args:
        since: When it went on the needs list, aware.
        zone: The zone of the case's days.

    Returns:
        The days to the last one of the calendar quarter; what comes on that very day is reviewed with the next quarter.
    """
    day = since.astimezone(ZoneInfo(zone)).date()
    last = last_day_of_quarter(day)
    if day == last:
        last = last_day_of_quarter(day + timedelta(days=1))
    return (last - day).days


def list_deadlines(case: Case, context: Context) -> Deadlines:
    """Give the clocks of a case on the three lists; the review is due when the quarter in which it was listed ends."""
    known = case.clocks.get(REVIEW)
    # Asked anew on a later day, a running review keeps the day that it began with.
    since = known.started if known is not None and known.stopped is None else context.at
    return _with_review(days_to_review(since, context.zone))


@cache
def _with_review(days: int) -> Deadlines:
    review = ClockSpec(
        REVIEW,
        Text("quarterly review", "季度梳理"),
        Allowance(days, "cd"),
        frozenset({"accept"}),
        frozenset({"review", "decline", "resolve"}),
        (),
        "lists/quarter",
        Text("the needs list is reviewed before the quarter ends", "需求清单按季度梳理"),
    )
    return Deadlines((*_LISTS, review), drop=("arrive",))
