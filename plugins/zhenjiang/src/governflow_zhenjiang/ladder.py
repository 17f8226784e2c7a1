"""The six forms (三级六办) climbed in order, each by the unit that stands for it around the case.

    村社区直办 → 镇街道核办 → 镇街道协办 → 区直部门领办 → 区级部门联办 → 委领导研办 → 专报

The layer below urges and has the next unit up supervise. Here is only said who takes over, and that the special report
goes to the leader who is tied to the area (领导联系), not to leaders in general.
"""

from collections.abc import Callable

from governflow.plugin import Breach, Case, Context, Escalation, Form, Kind, OrgChart, Ruling, Text

#: The zone, and the group of its departments: who has the last word where neither place nor item says.
ZONE, GROUP = "321171", "321171-joint"

#: Gives the department that leads on an item, if the list of items names it.
Leading = Callable[[str], str | None]

_KIND = {Form.DIRECT: "community", Form.VERIFY: "town", Form.ASSIST: "town", Form.STUDY: "leader"}

_SPECIAL = Text(
    "no higher form is left: a special report to the leader tied to the area",
    "已至最高层级：形成专报，报联系该地的委领导",
)


def climb(case: Case, cause: Breach, context: Context, leading: Leading) -> Ruling[Escalation] | None:
    """Say who takes a case over, or who gets the special report.

    Args:
        case: The case.
        cause: The breach and its rung.
        context: What else is known; its org chart is looked at.
        leading: The list of items.

    Returns:
        The ruling; None where the layer below knows what to do: while the holder is urged or supervised, for clocks
        that move a duty instead of the case, and once the special report is filed.
    """
    chart, clock = context.units, cause.clock.name
    summons = clock.startswith("check_in:")
    if cause.rung == 0 or clock == "dispatch":
        return None
    if chart.above(cause.holder, case.form) is not None and (cause.rung == 1 or summons):
        return None
    form = None if summons else _next(case)
    while form is not None:
        unit = standing(form, case, chart, leading)
        if unit is not None and chart.units[unit].level >= chart.level(case.unit, case.form):
            reason = Text(f"not managed in time: {form.text.en}", f"未能按时办结：提级为{form.text.zh}")
            return Ruling(Escalation(Kind.TAKE_OVER, unit, form, cause.gap), reason, f"ladder/{form}")
        form = form.next
    if case.special is not None:
        return None
    leader = standing(Form.STUDY, case, chart, leading) or ZONE
    return Ruling(Escalation(Kind.SPECIAL_REPORT, leader, None, cause.gap), _SPECIAL, "ladder/special_report")


def standing(form: Form, case: Case, chart: OrgChart, leading: Leading) -> str | None:
    """Give the unit that handles a case in a form.

    Args:
        form: The form.
        case: The case: its item says which department leads; its holder, or else its place, says which community, town
            and leader.
        chart: The org chart.
        leading: The list of items.

    Returns:
        The unit's id, or None where nobody can tell which community or town. What is not on the list goes to the group
        of departments, which says who leads; and the zone itself studies what no leader is tied to.
    """
    if form is Form.LEAD:
        return leading(case.item) or GROUP
    if form is Form.JOINT:
        return GROUP
    unit = chart.at(case.unit, _KIND[form]) or chart.at(case.place, _KIND[form])
    if unit is None:
        return ZONE if form is Form.STUDY else None
    return unit.id


def _next(case: Case) -> Form | None:
    return case.form.next if case.form else Form.DIRECT
