"""Who may do what (权限): the rules that hold where no locality says otherwise, and a few that a locality may add.

1. Everybody may report, and everybody whom the chart knows may settle a case on the spot before it is dispatched.
2. Only the holder, who assists it, a summoned unit that has come, who took on a duty of it, and the units above the
   holder act on a case.
3. The intake takes in, dispatches, answers, calls back and closes whoever holds the case.
4. Only the one who asked judges (谁提诉求、由谁评价); where nobody asked, a unit above the holder verifies.
5. A summons is answered by the unit that was summoned; nobody rules on an appeal of their own or of the holder's level.
6. Supervisors (督查) and the units above urge; a unit below or beside does not.

An actor without a unit cannot be placed and is let through: it may be the one who asked, or a log without posts.
These functions run at every command, so whatever is common is answered first.
"""

from collections.abc import Callable

from governflow.model.case import Case
from governflow.model.events import REQUESTER, Actor
from governflow.model.terms import Outcome
from governflow.model.units import OrgChart
from governflow.policy.hookspecs import Allowed, Context, Refused
from governflow.text import Text

Rule = Callable[[Actor | None, str, Case, Context], Allowed | Refused | None]

ALLOWED = Allowed()

#: What the intake may do with a case that somebody else holds.
AT_THE_INTAKE = frozenset(
    {
        *("accept", "decline", "dispatch", "return", "transfer", "answer", "close", "merge", "withdraw"),
        *("inform", "revisit", "reclassify", "whistle"),
    }
)
#: What whoever settles a case on the spot (当场处理) does, before anybody was dispatched.
ON_THE_SPOT = frozenset({"resolve", "answer", "inform"})

_SUMMONS = "check_in:"


def authorise(actor: Actor | None, action: str, case: Case, context: Context) -> Allowed | Refused:
    """Return whether the actor may do it, as far as the org chart tells.

    Args:
        actor: Who wants to; None and actors without a unit are let through.
        action: The action's name, a locality's own ones included.
        case: The case before the action.
        context: What else is known; only its org chart is looked at.

    Returns:
        `Allowed`, or `Refused` with the reason and who may.
    """
    if actor is None or actor.unit is None:
        return ALLOWED
    own = _OWN.get(action)
    if own is None and (actor.unit == case.unit or action == "report"):
        return ALLOWED
    units = context.units
    if actor.unit not in units.units:
        if units.open:
            return ALLOWED
        en = f"the org chart has no unit {actor.unit!r}: act for one of its units"
        return _refused("unknown_unit", en, f"组织架构中没有单位“{actor.unit}”：请以其中的单位身份办理")
    if own is not None:
        return own(actor, case, units)
    return _act(actor.unit, action, case, units)


def _refused(rule: str, en: str, zh: str) -> Refused:
    return Refused(Text(en, zh), f"roles/{rule}")


def _act(unit: str, action: str, case: Case, units: OrgChart) -> Allowed | Refused:
    holder = units.units.get(case.unit)
    if holder is None or unit in case.assist or _has_come(unit, case) or unit in units.path(holder.id):
        return ALLOWED
    if any(clock.duty == unit and clock.stopped is None for clock in case.clocks.values()):
        return ALLOWED  # who took on a duty can fulfil it
    at_the_intake = unit == units.intake and action in AT_THE_INTAKE
    on_the_spot = case.dispatched is None and action in ON_THE_SPOT
    if at_the_intake or on_the_spot or (action == "claim" and "pool" in holder.roles):
        return ALLOWED
    who = units.name(unit)
    may = _listed(units, (*units.path(holder.id), *case.assist))
    return _refused(
        "holder",
        f"{who.en} neither holds it nor assists nor stands above its holder; who may: {may.en}",
        f"“{who.zh}”不是承办单位、协办单位或其上级；可以办理的有：{may.zh}",
    )


def _has_come(unit: str, case: Case) -> bool:
    summons = case.clocks.get(_SUMMONS + unit)
    return summons is not None and summons.stopped is not None and summons.outcome is not Outcome.CANCELLED


def _listed(units: OrgChart, listed: tuple[str, ...]) -> Text:
    names = [units.name(unit) for unit in dict.fromkeys(listed)]
    return Text(", ".join(name.en for name in names) or "nobody", "、".join(name.zh for name in names) or "无")


def _superiors(case: Case, units: OrgChart) -> tuple[str, ...]:
    """Return who stands above the holder; nobody stands above the top, so the intake does what they would."""
    return units.path(case.unit)[1:] or (units.intake,)


# --- actions with rules of their own ----------------------------------------------------------------------------------


def _evaluate(actor: Actor, case: Case, units: OrgChart) -> Allowed | Refused:
    if case.asked:
        if actor.id == REQUESTER.id:
            return ALLOWED
        return _refused(
            "requester",
            "whoever asked judges the result, and no unit does it for them: "
            f"record their verdict as that of {REQUESTER.id!r}",
            "谁提诉求、由谁评价，任何单位不得代评：请以诉求人的身份记录其评价",
        )
    return _from_above(actor, case, units, Text("verifies", "核查"), "verifier")


def _rule(actor: Actor, case: Case, units: OrgChart) -> Allowed | Refused:
    appealed = {mark.rpartition("#")[0] for mark in case.appeals}
    if any(_owes(actor.unit, name, case) for name in appealed):
        en = "nobody rules on an appeal of their own: a unit above does"
        return _refused("own_appeal", en, "不得裁定本单位的申诉：应由上级裁定")
    return _from_above(actor, case, units, Text("rules on the appeal", "裁定申诉"), "appeal")


def _owes(unit: str | None, name: str, case: Case) -> bool:
    clock = case.clocks.get(name)
    return name == f"{_SUMMONS}{unit}" or (clock is not None and clock.duty == unit)


def _from_above(actor: Actor, case: Case, units: OrgChart, what: Text, rule: str) -> Allowed | Refused:
    superiors = _superiors(case, units)
    if case.unit not in units.units or actor.unit in superiors:
        return ALLOWED
    may = _listed(units, superiors)
    return _refused(rule, f"a unit above the holder {what.en}: {may.en}", f"应由承办单位的上级{what.zh}：{may.zh}")


def _urge(actor: Actor, case: Case, units: OrgChart) -> Allowed | Refused:
    known = units.units[actor.unit or ""]
    superiors = _superiors(case, units)
    supervises = known.id == units.intake or known.id in superiors or "supervisor" in known.roles
    if supervises or case.unit not in units.units:
        return ALLOWED
    may = _listed(units, (units.intake, *superiors, *(unit.id for unit in units.having("supervisor"))))
    return _refused(
        "urge", f"only the intake, supervisors and units above urge: {may.en}", f"催办限受理平台、督查和上级：{may.zh}"
    )


def _check_in(actor: Actor, case: Case, units: OrgChart) -> Allowed | Refused:
    summoned = [clock for clock in case.clocks.values() if clock.name.startswith(_SUMMONS) and clock.stopped is None]
    if any(actor.unit in (clock.name.removeprefix(_SUMMONS), clock.duty) for clock in summoned):
        return ALLOWED
    who = units.name(actor.unit or "")
    may = _listed(units, tuple(clock.name.removeprefix(_SUMMONS) for clock in summoned))
    return _refused(
        "summoned",
        f"{who.en} was not summoned; still to check in: {may.en}",
        f"“{who.zh}”未被吹哨召集；待报到：{may.zh}",
    )


def _appeal(actor: Actor, case: Case, units: OrgChart) -> Allowed | Refused:
    breaches = [clock for clock in case.all_clocks if clock.missed_at is not None]
    # A case does not say who held it before: where it has changed hands since the breach, whoever appeals is heard, and
    # a unit above decides.
    moved = any(clock.duty is not None or case.clocks.get(clock.name) is not clock for clock in breaches)
    summoned = any(clock.name == f"{_SUMMONS}{actor.unit}" for clock in breaches)
    if moved or summoned or actor.unit == case.unit or case.unit not in units.units:
        return ALLOWED
    may = _listed(units, (case.unit,))
    return _refused("breached", f"only who missed the deadline appeals: {may.en}", f"申诉限超时的单位提出：{may.zh}")


_OWN: dict[str, Callable[[Actor, Case, OrgChart], Allowed | Refused]] = {
    "note": lambda actor, case, units: ALLOWED,
    "evaluate": _evaluate,
    "rule": _rule,
    "urge": _urge,
    "check_in": _check_in,
    "appeal": _appeal,
}


# --- rules that a locality may add ------------------------------------------------------------------------------------
# Each has no opinion where it does not refuse, so that a plugin's hook may simply return its answer.


def first_receiver(actor: Actor | None, action: str, case: Case, context: Context) -> Refused | None:
    """Keep a case with the unit that first received it (首接负责制): it leads to the end, and others assist it.

    Beijing's regulation on swift response to requests (北京市接诉即办工作条例, 2021), art. 14; whoever objects to the
    dispatch turns to the hotline (art. 12), so the intake may still move the case, and art. 20 lets it go up.
    """
    if action not in ("return", "transfer") or case.unit != case.first_receiver or not _by_holder(actor, action, case):
        return None
    return _refused(
        "first_receiver",
        "the first receiver leads to the end: summon others to assist, or have the intake decide an objection",
        "首接负责制：首接单位牵头办理到底，可吹哨协办；对派单有异议的，由受理平台审核",
    )


def no_return_after_designation(actor: Actor | None, action: str, case: Case, context: Context) -> Refused | None:
    """Refuse the return of a case by a unit that somebody chose for it.

    Weifang's hotline regulation (潍坊市12345政务服务便民热线条例, 2021), art. 22: a unit that was determined or
    designated may not return the matter.
    """
    if action != "return" or not case.designated or not _by_holder(actor, action, case):
        return None
    return _refused(
        "designated",
        "a designated unit may not return the case: handle it, or escalate what it cannot solve",
        "经指定的承办单位不得退回：应当办理，确实不能解决的可以提级",
    )


def _by_holder(actor: Actor | None, action: str, case: Case) -> bool:
    """Return whether the holder gives the case away; a return by nobody in particular is the holder's."""
    unit = actor.unit if actor is not None else None
    return unit == case.unit if unit is not None else action == "return"


def only(*actions: str, role: str = "supervisor") -> Rule:
    """Make a rule for teams that may do a few things and nothing else, wherever in the chart they stand.

    Args:
        *actions: What they may do, such as ``urge`` and ``note``.
        role: The role that makes a unit one of these teams.

    Returns:
        The rule: it allows these actions and refuses all others to units of that role, and has no opinion on others.
    """
    named = ", ".join(actions)

    def rule(actor: Actor | None, action: str, case: Case, context: Context) -> Allowed | Refused | None:
        unit = context.units.units.get(actor.unit) if actor is not None and actor.unit is not None else None
        if unit is None or role not in unit.roles:
            return None
        if action in actions:
            return ALLOWED
        return _refused(
            "only", f"{unit.text.en} may only: {named}", f"“{unit.text.zh}”只可以：{named.replace(', ', '、')}"
        )

    return rule
