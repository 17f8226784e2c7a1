"""What must be true of a ruling beyond its type (裁定校验): an escalation that goes down or never ends is a fault."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from governflow.errors import shown
from governflow.model.case import Case
from governflow.model.terms import Form, Kind, Severity, Urgency
from governflow.model.units import OrgChart
from governflow.policy.hookspecs import Assessment, Breach, Escalation, Route

#: The shortest time after which a ladder may ask for its next rung, or `advance` would never come through.
SHORTEST_AGAIN = timedelta(minutes=1)
#: After so many rungs a ladder rests a day at least: one that never comes to its top must not drown the book.
LONGEST_LADDER = 40
RESTED = timedelta(days=1)
#: So often may one kind of clock start anew before no takeover for its sake is taken any more: nobody climbs so far.
LONGEST_CLIMB = 20
#: No promise of local government is longer, and no calendar reaches further.
LONGEST = timedelta(days=36_600)
LONGEST_AGAIN = timedelta(days=366)


#: A code of `governflow.model.faults.SENTENCES` and its arguments.
Fault = tuple[str, tuple[str, ...]]


def _assessment(value: Assessment, case: Case, units: OrgChart, cause: Any) -> Fault | None:
    if type(value.severity) is Severity and type(value.urgency) is Urgency:
        return None
    return "no_assessment", (repr(value.severity), repr(value.urgency))


def _route(value: Route, case: Case, units: OrgChart, cause: Any) -> Fault | None:
    if type(value.form) is not Form or type(value.assist) is not tuple:
        return "no_route", (shown(value),)
    for unit in (value.lead, *value.assist):
        if type(unit) is not str or unit not in units:
            return "routed_nowhere", (shown(unit),)
    return None


def _escalation(value: Escalation, case: Case, units: OrgChart, cause: Breach) -> Fault | None:
    if type(value.kind) is not Kind or (value.form is not None and type(value.form) is not Form):
        return "no_escalation", (shown(value),)
    if type(value.to) is not str or value.to not in units:
        return "escalated_nowhere", (shown(value.to),)
    if value.next_after is not None and not (
        isinstance(value.next_after, timedelta) and value.next_after >= SHORTEST_AGAIN
    ):
        return "rung_too_early", (shown(value.next_after),)
    if value.next_after is not None and value.next_after > LONGEST_AGAIN:
        return "rung_too_late", (str(value.next_after),)
    if value.kind is Kind.TAKE_OVER and cause.clock.cycle > LONGEST_CLIMB:
        return "circle", (str(cause.clock.cycle),)
    if value.next_after is not None and cause.rung >= LONGEST_LADDER and value.next_after < RESTED:
        return "no_rest", (str(cause.rung + 2), str(value.next_after), str(LONGEST_LADDER))
    if value.kind is Kind.TAKE_OVER and cause.holder != units.intake:
        form = value.form or case.form
        if units.level(value.to, form) < units.level(cause.holder, case.form):
            return "escalated_down", (repr(cause.holder), repr(value.to))
    return None


#: What must be true of a ruling's value beyond its type: the code of what is wrong, and its arguments.
SENSE: Mapping[str, Callable[[Any, Case, OrgChart, Any], Fault | None]] = {
    "governflow_assess": _assessment,
    "governflow_tier": lambda value, case, units, cause: None,
    "governflow_route": _route,
    "governflow_escalate": _escalation,
}
