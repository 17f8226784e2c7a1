"""The built-in policy: the clocks of 54321, three tiers, six forms, the default ladder. A plugin like any other.

How long each clock runs stands in `governflow.policy.builtin.default_clocks`.
"""

from datetime import timedelta

from governflow.model.base_lifecycle import BASE
from governflow.model.case import Case
from governflow.model.events import Actor
from governflow.model.own_clocks import MUSTER
from governflow.model.terms import FORMS, Form, Kind, Severity, Tier, Urgency
from governflow.model.units import OrgChart, Unit
from governflow.policy.builtin.default_clocks import DEADLINES
from governflow.policy.codes import ROOT
from governflow.policy.hookspecs import (
    Allowed,
    Assessment,
    Breach,
    Context,
    Deadlines,
    Escalation,
    Locality,
    Refused,
    Route,
    Ruling,
    hookimpl,
)
from governflow.policy.roles import authorise
from governflow.policy.table_outcomes import FORM_OF
from governflow.text import Text

#: An abstract chart, so that every default has somebody to act.
UNITS = OrgChart.of(
    [
        Unit("intake", Text("intake desk", "受理平台"), 0, "leader"),
        Unit("community", Text("community", "村（社区）"), 1, "street", (Form.DIRECT,)),
        Unit("street", Text("street", "镇（街道）"), 2, "department", (Form.VERIFY, Form.ASSIST)),
        Unit("department", Text("district department", "区直部门"), 3, "departments", (Form.LEAD,)),
        Unit("departments", Text("departments jointly", "区级部门（联办）"), 4, "leader", (Form.JOINT,)),
        Unit("leader", Text("leaders", "委领导"), 5, None, (Form.STUDY,)),
    ],
    open_to_all=True,
)

# --- tiers and routes -------------------------------------------------------------------------------------------------

_ASSESSED = {
    (severity, urgency): Ruling(
        Assessment(severity, urgency),
        Text(
            f"as reported: {severity.text.en}, {urgency.text.en}", f"按上报情况：{severity.text.zh}、{urgency.text.zh}"
        ),
        "assess/as-reported",
    )
    for severity in Severity
    for urgency in Urgency
}

_TIER_OF = {Severity.GENERAL: Tier.THREE, Severity.COMPLEX: Tier.TWO, Severity.MAJOR: Tier.ONE}
_TIERED = {
    severity: Ruling(
        tier,
        Text(f"{severity.text.en} cases are {tier.text.en}", f"{severity.text.zh}事项为{tier.text.zh}"),
        "tier/by-severity",
    )
    for severity, tier in _TIER_OF.items()
}


def _route_for(tier: Tier, form: Form, unit: Unit | None, name: Text) -> Ruling[Route]:
    return Ruling(
        Route(unit.id if unit is not None else UNITS.intake, form),
        Text(f"{tier.text.en}: {name.en}", f"{tier.text.zh}：{name.zh}"),
        "route/by-tier",
    )


_ROUTED = {tier: _route_for(tier, form, UNITS.for_form(form), form.text) for tier, form in FORM_OF.items()}

# --- the ladder -------------------------------------------------------------------------------------------------------

_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)


def _rung(
    kind: Kind, to: str, next_after: timedelta, en: str, zh: str, *, form: Form | None = None
) -> Ruling[Escalation]:
    return Ruling(Escalation(kind, to, form, next_after), Text(en, zh), "ladder/default")


def _at_the_top(case: Case, breach: Breach, context: Context) -> Ruling[Escalation]:
    if case.special is None:
        top = context.units.for_form(FORMS[-1], case.unit)
        en, zh = "no higher form is left: a special report to the leader in charge", "已至最高层级：形成专报"
        return _rung(Kind.SPECIAL_REPORT, top.id if top else breach.holder, _DAY, en, zh)
    since = max(case.special, breach.clock.due + breach.gap)
    gap = _DAY if context.at - since < _WEEK else _WEEK
    return _rung(Kind.URGE, breach.holder, gap, "urged until it is solved", "专报后持续催办")


# --- the hooks --------------------------------------------------------------------------------------------------------


@hookimpl
def governflow_locality() -> Locality:
    """The root of every stack."""
    return Locality(ROOT, "默认规则", "the defaults alone")


@hookimpl
def governflow_terms() -> dict[str, Text]:
    """Names of the clocks; states and actions are named by the lifecycle."""
    specs = DEADLINES[Severity.GENERAL].clocks
    clocks = {spec.name: spec.text for spec in specs if spec.name not in BASE.actions}
    return clocks | {"promise": Text("promised answer", "承诺答复")}


@hookimpl
def governflow_units() -> OrgChart:
    """An abstract chart, so that every default has somebody to act."""
    return UNITS


@hookimpl
def governflow_authorise(actor: Actor | None, action: str, case: Case, context: Context) -> Allowed | Refused | None:
    """Only the holder or above acts on a case, only the one who raised it evaluates, a supervisor urges."""
    return authorise(actor, action, case, context)


@hookimpl
def governflow_assess(case: Case) -> Ruling[Assessment]:
    """Take severity and urgency as they were reported; general and normal where nobody said."""
    return _ASSESSED[case.severity, case.urgency]


@hookimpl
def governflow_tier(case: Case) -> Ruling[Tier]:
    """General cases stay with the community, complex ones go to the street, major ones to the district."""
    return _TIERED[case.severity]


@hookimpl
def governflow_route(case: Case, context: Context) -> Ruling[Route]:
    """Each tier has its lowest form: handled at the lowest level that can, by the unit of the case's place."""
    tier = case.tier or Tier.THREE
    if context.units is UNITS:
        return _ROUTED[tier]
    form = FORM_OF[tier]
    place = context.units.find(case.place) if case.place else None
    # Where nobody knows the place the intake has to find out: its own path leads to no community.
    near = place.id if place is not None else context.units.intake
    return _route_for(tier, form, context.units.standing(form, near), context.form(form))


@hookimpl
def governflow_deadlines(case: Case) -> Deadlines:
    """54321 and the clocks around it; 54321 looks at severity only."""
    return DEADLINES[case.severity]


@hookimpl
def governflow_escalate(case: Case, cause: Breach, context: Context) -> Ruling[Escalation]:
    """Climb one rung: urge, supervise, take over form by form, special report, urge daily, then weekly."""
    units, holder, gap = context.units, cause.holder, cause.gap
    if cause.rung == 0:
        return _rung(Kind.URGE, holder, gap, "it is due: the holder is urged", "到期催办")
    above = units.above(holder, case.form)
    if cause.rung == 1 and above is not None:
        return _rung(Kind.SUPERVISE, above, gap, "still not done: the next unit up supervises", "逾期未办：上一级督办")
    if cause.clock.name == "dispatch":
        # Whoever is above dispatches; where to, the policy's own route says (兜底).
        en, zh = "nobody dispatched it: the level above does", "无人派单：上一级兜底派单"
        return _rung(Kind.TAKE_OVER, above or holder, gap, en, zh)
    if cause.clock.name.startswith("check_in:") or cause.clock.name == MUSTER.name:
        if above is None:
            return _at_the_top(case, cause, context)
        en, zh = "nobody checked in: the next unit up takes on the duty", "无人报到：上一级接手"
        return _rung(Kind.TAKE_OVER, above, gap, en, zh)
    higher = case.form.next if case.form else Form.DIRECT
    while higher is not None:
        unit = units.for_form(higher, case.unit)
        # Where the rules changed under the case a takeover by who has it already would only go in a circle.
        stays = case.rules_changed_at is not None and unit is not None and unit.id == holder
        if unit is not None and not stays and unit.level >= units.level(case.unit, case.form):
            name = context.form(higher)
            en, zh = f"not managed: {name.en}", f"未能办结：提级为{name.zh}"
            return _rung(Kind.TAKE_OVER, unit.id, gap, en, zh, form=higher)
        higher = higher.next
    return _at_the_top(case, cause, context)
