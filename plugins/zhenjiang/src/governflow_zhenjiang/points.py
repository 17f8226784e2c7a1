"""Points of informants (信息员积分), the ground of the whistle award (金哨奖).

The article names the points and the award, not their values: the figures here are an illustration. Points go to the
informant who reported, never to the one who asked, and no rule looks at them.
"""

from collections.abc import Iterator

from governflow.plugin import Case, Event, Merit, OrgChart, Text, Verdict

TAKEN_UP = 1
MUST_REPORT = 2
SETTLED = 2


def earned(event: Event, case: Case, chart: OrgChart) -> Iterator[Merit]:
    """Give what an event earns the informant of its case.

    Args:
        event: What happened.
        case: The case after it.
        chart: The org chart: only posts that it knows have an account, so that no resident's name comes into the book.

    Yields:
        Points for a report that was taken up, more if it had to be reported, and for one that ended to satisfaction.
    """
    informant = case.informant
    if informant is None or informant not in chart.units:
        return
    if _taken_up(event, case):
        yield Merit(informant, "informant", TAKEN_UP, Text("a report that was taken up", "上报被受理"), "taken_up")
        if case.facts.get("must_report") == "yes":
            reason = Text("a matter that must be reported up", "上报必报事项")
            yield Merit(informant, "informant", MUST_REPORT, reason, "must_report")
    # Once only: a case that comes back after its end is not paid for again.
    if event.kind == "closed" and case.judged is Verdict.SATISFIED and not case.reopened:
        yield Merit(informant, "informant", SETTLED, Text("settled to satisfaction", "办结满意"), "settled")


def _taken_up(event: Event, case: Case) -> bool:
    """Say whether this is the first dispatch, or the settlement on the spot of a case that never needed one."""
    if case.reopened:
        return False
    if case.dispatched is None:
        return event.kind == "resolved"
    return event.action in ("dispatch", "escalate") and event.at == case.dispatched
