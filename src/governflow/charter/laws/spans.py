"""How long a clock runs from a moment on (时限长短)."""

from datetime import datetime, timedelta
from functools import lru_cache

from governflow.calendars import WorkingCalendar
from governflow.calendars.allowances import Allowance
from governflow.charter.cases.reported import BEGIN
from governflow.charter.subject import Subject
from governflow.errors import CalendarError
from governflow.model.case import Case
from governflow.model.clocks import ClockSpec

#: When clocks are started to compare them, and when rules are asked for them: in and out of hours, at a weekend, before
#: and in the long holidays, on make-up workdays, at the ends of a quarter and of the year, on a leap day.
STARTS = tuple(
    datetime.fromisoformat(f"{moment}+08:00").astimezone(BEGIN.tzinfo)
    for moment in (
        "2026-03-02T09:00",
        "2026-03-06T17:40",
        "2026-03-07T03:00",
        "2026-02-13T16:00",
        "2026-02-14T10:00",
        "2026-02-18T12:00",
        "2026-03-31T23:30",
        "2026-06-30T09:00",
        "2026-07-15T22:00",
        "2026-09-30T18:00",
        "2026-10-03T11:00",
        "2026-10-10T09:00",
        "2026-12-31T23:59",
        "2027-01-01T00:30",
        "2028-02-29T12:00",
    )
)


def span(subject: Subject, case: Case, spec: ClockSpec, start: datetime) -> timedelta | None:
    """Return how long a clock runs if it starts at a moment; None if its calendar cannot tell."""
    if spec.span is not None:
        return spec.span
    try:
        return _counted(
            spec.allowance, subject.policy.calendar(spec.name, subject.context(case, case.mode, start), []), start
        )
    except (CalendarError, OverflowError):
        return None


@lru_cache(1024)
def _counted(allowance: Allowance, calendar: WorkingCalendar, start: datetime) -> timedelta:
    return allowance.due(start, calendar) - start
