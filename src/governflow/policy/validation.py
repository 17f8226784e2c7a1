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


def _assessment(value: Assessment, case: Case, units: OrgChart, cause: Any) -> str | None:
    if type(value.severity) is Severity and type(value.urgency) is Urgency:
        return None
    return f"assessed {value.severity!r}, {value.urgency!r}: give a Severity and an Urgency"


def _route(value: Route, case: Case, units: OrgChart, cause: Any) -> str | None:
    if type(value.form) is not Form or type(value.assist) is not tuple:
        return f"routed with {shown(value)}: give a Form, and the assisting units as a tuple"
    for unit in (value.lead, *value.assist):
        if type(unit) is not str or unit not in units:
            return f"routed to {shown(unit)}, which the chart does not know"
    return None


def _escalation(value: Escalation, case: Case, units: OrgChart, cause: Breach) -> str | None:
    if type(value.kind) is not Kind or (value.form is not None and type(value.form) is not Form):
        return f"escalated with {shown(value)}: give a Kind, and a Form or None"
    if type(value.to) is not str or value.to not in units:
        return f"escalated to {shown(value.to)}, which the chart does not know"
    if value.next_after is not None and not (
        isinstance(value.next_after, timedelta) and value.next_after >= SHORTEST_AGAIN
    ):
        return f"asked for the next rung after {shown(value.next_after)}: it must be a minute at least"
    if value.next_after is not None and value.next_after > LONGEST_AGAIN:
        return f"asked for the next rung after {value.next_after}: it must be a year at most"
    if value.kind is Kind.TAKE_OVER and cause.clock.cycle > LONGEST_CLIMB:
        return f"took the case over for the {cause.clock.cycle}th time: a ladder that goes in circles ends in urging"
    if value.next_after is not None and cause.rung >= LONGEST_LADDER and value.next_after < RESTED:
        rests = f"after {LONGEST_LADDER} rungs a ladder rests a day"
        return f"asked for rung {cause.rung + 2} after {value.next_after}: {rests}"
    if value.kind is Kind.TAKE_OVER and cause.holder != units.intake:
        form = value.form or case.form
        if units.level(value.to, form) < units.level(cause.holder, case.form):
            return f"escalated down from {cause.holder!r} to {value.to!r}"
    return None


#: What must be true of a ruling's value beyond its type; the sentence says what is wrong.
SENSE: Mapping[str, Callable[[Any, Case, OrgChart, Any], str | None]] = {
    "governflow_assess": _assessment,
    "governflow_tier": lambda value, case, units, cause: None,
    "governflow_route": _route,
    "governflow_escalate": _escalation,
}
