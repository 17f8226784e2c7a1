"""What a rule of a table answers to a hook (表格结果): from the words of its cells to rulings."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from typing import Any

import attrs

from governflow.calendars.allowances import Allowance
from governflow.model.case import Case
from governflow.model.terms import Form, Kind, Severity, Tier, Urgency
from governflow.model.units import OrgChart
from governflow.policy.hookspecs import Assessment, Breach, Escalation, Route, Ruling
from governflow.text import Text

#: Words of an escalation table that stand for a unit.
HOLDER, ABOVE, STANDING = "holder", "above", "form"
#: The usual form of a tier: the lowest level that can handle it.
FORM_OF = {Tier.THREE: Form.DIRECT, Tier.TWO: Form.VERIFY, Tier.ONE: Form.LEAD}


@attrs.frozen(cache_hash=True)
class Allowances:
    """What a table changes of the clocks that the layers below give: allowances only, never what starts or stops them.

    Args:
        changed: Clocks and their new allowances.
        drop: Clocks that do not run.
        rule: The rule that says so.
        reason: Why.
    """

    changed: tuple[tuple[str, Allowance], ...]
    drop: tuple[str, ...]
    rule: str
    reason: Text


def several(cell: str) -> list[str]:
    """Return the parts of a cell that lists some: divided by ``|`` or by ``、``."""
    return [part.strip() for part in cell.replace("、", "|").split("|") if part.strip()]


@cache
def listed(item: str) -> Text:
    """Return the reason of a ruling that the catalogue gave."""
    return Text(f"as the catalogue says of {item}", f"按事项清单“{item}”")


def _unit(cell: str, case: Case, units: OrgChart) -> str:
    """Return the unit that a cell means; where the place does not say, the intake has to find out."""
    if not cell.startswith("@"):
        return cell
    found = units.at(case.place, cell[1:])
    return found.id if found is not None else units.intake


def _assessment(
    outcome: Mapping[str, str], rule: str, reason: Text, case: Case, units: OrgChart, cause: Any
) -> Ruling[Assessment]:
    severity = Severity(outcome["severity"]) if "severity" in outcome else case.severity
    urgency = Urgency(outcome["urgency"]) if "urgency" in outcome else case.urgency
    return Ruling(Assessment(severity, urgency), reason, rule)


def _route(
    outcome: Mapping[str, str], rule: str, reason: Text, case: Case, units: OrgChart, cause: Any
) -> Ruling[Route] | None:
    if "lead" not in outcome:
        return None
    lead = _unit(outcome["lead"], case, units)
    if lead not in units:
        return None  # a unit of an ancestor's own chart: this locality has to say who does it here
    named = dict.fromkeys(_unit(cell, case, units) for cell in several(outcome.get("assist", "")))
    assist = [unit for unit in named if unit != lead and unit in units]
    if "form" in outcome:
        form = Form(outcome["form"])
    else:
        known = units.units.get(lead)
        usual = FORM_OF[case.tier or Tier.THREE]
        form = known.forms[0] if known is not None and known.forms and usual not in known.forms else usual
    return Ruling(Route(lead, form, tuple(assist)), reason, rule)


@cache
def _allowances(cells: tuple[tuple[str, str], ...], rule: str, reason: Text) -> Allowances:
    changed = tuple((name, Allowance.parse(cell)) for name, cell in cells if cell != "-")
    return Allowances(changed, tuple(name for name, cell in cells if cell == "-"), rule, reason)


def _escalation(
    outcome: Mapping[str, str], rule: str, reason: Text, case: Case, units: OrgChart, cause: Breach
) -> Ruling[Escalation]:
    form = Form(outcome["form"]) if "form" in outcome else None
    again: timedelta | None = cause.gap
    if "again" in outcome:
        again = None if outcome["again"] == "-" else Allowance.parse(outcome["again"]).span
    to = outcome["to"]
    if to == HOLDER:
        to = cause.holder
    elif to == ABOVE:
        to = units.above(cause.holder, case.form) or cause.holder
    elif to == STANDING:
        standing = units.for_form(form or case.form or Form.DIRECT, cause.holder)
        to = standing.id if standing is not None else cause.holder
    else:
        to = _unit(to, case, units)
    return Ruling(Escalation(Kind(outcome["kind"]), to, form, again), reason, rule)


#: How the outcome of a rule becomes the answer to each question.
FROM_RULE: Mapping[str, Callable[..., Any]] = {
    "assess": _assessment,
    "tier": lambda outcome, rule, reason, *_: Ruling(Tier(outcome["tier"]), reason, rule),
    "route": _route,
    "deadlines": lambda outcome, rule, reason, *_: _allowances(tuple(outcome.items()), rule, reason),
    "escalate": _escalation,
}
#: Which columns of a catalogue answer which question.
FROM_ENTRY: Mapping[str, tuple[str, ...]] = {
    "assess": ("severity", "urgency"),
    "tier": ("tier",),
    "route": ("lead", "assist", "form"),
    "deadlines": ("resolve",),
}
