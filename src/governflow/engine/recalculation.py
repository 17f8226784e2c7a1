"""A clock counted anew when its calendar has learnt: a holiday at short notice, or a list for a new year (重算时限)."""

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from governflow.calendars import WorkingCalendar
from governflow.calendars.allowances import Allowance
from governflow.engine.transition import Transition
from governflow.model import clocks
from governflow.model.clocks import Clock
from governflow.model.terms import Outcome


def counted_again(step: Transition, clock: Clock) -> Clock:
    """Return a clock as the calendar of now counts it; the clock itself where that makes no difference.

    Raises:
        CalendarError: The calendar refuses.
    """
    own = _own_allowance(step, clock)
    added = [Allowance.parse(more.allowance) for more in clock.added]
    if own is None or (own.elapsed and all(more.elapsed for more in added)):
        return clock
    calendar = step.policy.calendar(clock.name.partition(":")[0], step.context, step.faults)
    # A pause that its end cut short has moved nothing.
    pauses = tuple(pause for pause in step.pauses(clock) if clock.stopped is None or pause[1] < clock.stopped)
    count, due = _due(clock, own, added, calendar, pauses)
    flagged = any(one.flagged(clock.begun, due, calendar) for one in (own, *added))
    if due == clock.due and flagged is clock.calendar_unknown:
        return clock
    new = replace(clock, calendar_unknown=flagged)
    if due == clock.due:
        return new
    if clock.stopped is None:
        new = replace(new, pauses=tuple(pause for pause in pauses if pause[0] < due))
    extended = {"original": count} if clock.original is not None else {}
    if clock.stopped is not None:
        return _ended(step, clock, new, count, due, extended)
    return _going(step, clock, new, count, due, extended, own, calendar)


def _own_allowance(step: Transition, clock: Clock) -> Allowance | None:
    """Return the allowance of a clock, with the way in which its days are counted where the rules still give it."""
    spec = step.plan.specs.get(clock.name.partition(":")[0])
    if spec is not None and spec.written == clock.allowance:
        return spec.allowance
    return clocks.allowance_of(clock)


def _due(
    clock: Clock,
    own: Allowance,
    added: list[Allowance],
    calendar: WorkingCalendar,
    pauses: tuple[tuple[datetime, datetime], ...],
) -> tuple[datetime, datetime]:
    """Return when a clock is due without its extensions, and with them: as things happened, one after the other."""
    count = own.due(clock.begun, calendar, pauses)
    due = _in_turn(clock, own, added, calendar, pauses) if added else count
    if clock.granted is not None:
        due = max(due, clock.granted)
    elif clock.original is not None and not added:
        due += clock.due - clock.original  # of an older ledger, which kept only what the extension came to
    return count, due


def _in_turn(
    clock: Clock,
    own: Allowance,
    added: list[Allowance],
    calendar: WorkingCalendar,
    pauses: tuple[tuple[datetime, datetime], ...],
) -> datetime:
    """Return when a clock is due to which something was granted on top, now and then between its pauses."""
    due, waiting = own.due(clock.begun, calendar), list(pauses)
    for more, granted in [*zip(added, (one.at for one in clock.added), strict=True), (None, None)]:
        while waiting and (granted is None or waiting[0][1] <= granted) and waiting[0][0] < due:
            due = own.shift(due, *waiting.pop(0), calendar)
        if more is not None:
            due = clocks.added_to(due, more, calendar)
    return due


def _ended(
    step: Transition, clock: Clock, new: Clock, count: datetime, due: datetime, extended: dict[str, Any]
) -> Clock:
    """Return a clock that was stopped: in time by the calendar of now, or late in another way; never late anew."""
    end = clock.stopped
    assert end is not None
    if clock.outcome is not Outcome.BREACHED:
        return replace(new, due=due, **extended) if end <= due and clock.outcome is not Outcome.LAPSED else new
    if end <= due:
        outcome = Outcome.MET if _is_fulfilled(step, clock) else Outcome.CANCELLED
        return replace(_without_breach(new), outcome=outcome, due=due, **extended)
    return _moved(new, count, due, end, extended)


def _going(
    step: Transition,
    clock: Clock,
    new: Clock,
    count: datetime,
    due: datetime,
    extended: dict[str, Any],
    own: Allowance,
    calendar: WorkingCalendar,
) -> Clock:
    """Return a clock that is unfinished, with its new due time and the warning before it."""
    now = clock.paused or (clocks.waits(clock) and step.held) or step.at
    if due < now and due < clock.due:
        # A calendar that has become shorter asks nothing of the time before.
        due = min(clock.due, own.due(now, calendar))
        if due == clock.due:
            return new
    if clock.outcome is Outcome.BREACHED:
        new = _moved(new, count, due, now, {})
        if due < now:
            return replace(new, **extended)
    warn = clocks.warning(new, due, own, calendar)
    return clocks.retimed(new, due, warn, step.at, step.held, **extended)


def _moved(clock: Clock, count: datetime, due: datetime, now: datetime, extended: dict[str, Any]) -> Clock:
    """Return a breached clock whose due moments were others: those that had not come by ``now`` were not missed."""
    earlier = tuple(replace(miss, at=max(miss.at, count)) for miss in clock.earlier if count < now)
    last = clock.misses[-1]
    at = max(last.at, count if clock.is_due_again else due)
    if at < now:
        return replace(clock, due=max(due, at), missed_at=at, earlier=earlier, **extended)
    if not earlier:
        return replace(_without_breach(clock), due=due, **extended)
    last = earlier[-1]
    return replace(clock, due=due, missed_at=last.at, exempt=last.exempt, earlier=earlier[:-1], **extended)


def _without_breach(clock: Clock) -> Clock:
    """Return a clock of which nothing was missed."""
    outcome = Outcome.RUNNING if clock.paused is None else Outcome.PAUSED
    return replace(
        clock,
        outcome=outcome,
        missed_at=None,
        exempt=None,
        earlier=(),
        next_rung_at=None,
        rung=0,
        warn=None,
        paper=None,
        urging=None,
    )


def _is_fulfilled(step: Transition, clock: Clock) -> bool:
    """Return whether a clock that was stopped after its breach was stopped by what fulfils it, and not ended otherwise.

    What fulfils one clock starts the next one at the same moment.
    """
    specs = step.plan.specs
    spec = specs.get(clock.name.partition(":")[0])
    stops = spec.stops if spec is not None else frozenset()
    following = [other.name.partition(":")[0] for other in step.case.all_clocks if other.started == clock.stopped]
    starts = {start.partition(":")[0] for name in following if name in specs for start in specs[name].starts}
    if not stops.isdisjoint(starts):
        return True
    present = step.case.clocks.get(clock.name)
    return present is not None and present.cycle == clock.cycle and step.case.state not in step.lifecycle.ends
