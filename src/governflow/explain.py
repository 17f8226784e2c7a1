"""Why things are as they are: every ruling with its reason, every clock with its time accounted for (说明理由)."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from governflow.allowances import Allowance
from governflow.calendars import Segment, WorkingCalendar
from governflow.case import Case
from governflow.clocks import PROMISED, Clock, Decided
from governflow.events import Event
from governflow.policy import Policy


@attrs.frozen
class Told:
    """One ruling and when it was given.

    Args:
        seq: The event that holds it.
        at: When, in UTC.
        ruling: What was ruled, why, by which rule of which plugin.
        rules: The hash of the rule set that was asked.
    """

    seq: int
    at: datetime
    ruling: Decided
    rules: str | None


@attrs.frozen
class ClockAccount:
    """A clock and how the time from its start to its due time was counted.

    Args:
        clock: The clock.
        segments: What was counted, closed, holiday, make-up or paused; they tile start to due without a gap.
        flagged: Whether the calendar did not know all the days up to the due time.
    """

    clock: Clock
    segments: Sequence[Segment]
    flagged: bool


@attrs.frozen
class Explanation:
    """What `Engine.explain` gives.

    Args:
        case: The case as it is now.
        rulings: Every ruling, oldest first.
        clocks: Every clock, in the order in which they started.
    """

    case: Case
    rulings: Sequence[Told]
    clocks: Sequence[ClockAccount]


def explain(case: Case, history: Sequence[Event], policy: Policy) -> Explanation:
    """Read back why a case went as it did. Rulings come from the events; no rule is asked again.

    Args:
        case: The case.
        history: Its events.
        policy: Its locality's policy: only the calendars are asked, to account for the time between.
    """
    rulings = [Told(event.seq, event.at, ruling, event.rules) for event in history for ruling in event.rulings]
    return Explanation(case, rulings, [_account(case, clock, policy) for clock in case.all_clocks])


def _account(case: Case, clock: Clock, policy: Policy) -> ClockAccount:
    calendar = WorkingCalendar.always(case.zone)
    if clock.allowance != PROMISED:
        allowance = Allowance.parse(clock.allowance)
        if not allowance.elapsed:
            context = policy.context(case, case.mode, clock.started)
            calendar = policy.calendar(clock.name.partition(":")[0], context, [])
    pauses = [pause for pause in clock.pauses if pause[0] < clock.due]
    if clock.paused is not None:
        pauses.append((clock.paused, max(clock.due, clock.paused)))
    return ClockAccount(clock, calendar.segments(clock.started, clock.due, pauses), clock.flagged)
