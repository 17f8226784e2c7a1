"""What the supervising team looks at (“盯得紧”督导考核队): whatever is overdue and still owed."""

from collections.abc import Iterable
from datetime import datetime

import attrs

from governflow.plugin import Case, Outcome


@attrs.frozen
class Overdue:
    """One clock that was missed and has not been stopped.

    Args:
        case: The case's id.
        clock: The clock's name.
        due: When it was due, in UTC.
        owes: The unit that owes it.
    """

    case: str
    clock: str
    due: datetime
    owes: str


def overdue(cases: Iterable[Case]) -> tuple[Overdue, ...]:
    """List what is overdue, the longest overdue first.

    Args:
        cases: The cases, such as ``engine.cases()``, after ``engine.advance()``.

    Returns:
        One entry for each clock; the team urges by ``engine.act("urge", entry.case, by=...)``.
    """
    found = [
        Overdue(case.id, clock.name, clock.due, clock.duty or clock.name.partition(":")[2] or case.unit)
        for case in cases
        for clock in case.clocks.values()
        if clock.outcome is Outcome.BREACHED and clock.stopped is None
    ]
    return tuple(sorted(found, key=lambda entry: (entry.due, entry.case, entry.clock)))
