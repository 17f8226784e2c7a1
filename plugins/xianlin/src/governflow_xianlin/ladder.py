"""The street's own ladder (矛盾不上交): what is late climbs to the street and its leaders; the district comes last.

Rung by rung: whoever holds it is urged; the next unit up inside the street supervises (for a community that is the
office tied to it, which is responsible with it); the street's conference takes it over (街道会办); the leaders do. Only
what they could not settle is reported to the district, in one special report, and they stay responsible for it; where
a settled case waits for its answer or its revisit, the report stays with the leaders.
The gaps between the rungs are the clock's own, with the leaders a day; the daily, then weekly, urging at the top is
that of the built-in ladder.
"""

from datetime import timedelta

from governflow.plugin import Breach, Case, Context, Escalation, Form, Kind, Ruling, Text

STREET, LEADERS, DISTRICT = "320113007", "320113007-leaders", "320113"

_DAY, _WEEK = timedelta(days=1), timedelta(weeks=1)

_URGED = Text("it is due: the holder is urged", "到期催办")
_SUPERVISED = Text("still not done: the next unit up in the street supervises", "逾期未办：街道内上一级督办")
_TAKEN_OVER = {
    STREET: (Form.JOINT, Text("not managed: the street's conference takes it over", "未能办结：提交街道会办")),
    LEADERS: (Form.STUDY, Text("not managed: the street's leaders take it over", "未能办结：街道党工委研办")),
}
_REPORTED = Text("the street could not settle it: a special report to the district", "街道未能化解：向栖霞区专报")
_RECORDED = Text(
    "settled, but not followed up: a special report to the street's leaders", "已处理未跟进：专报街道党工委"
)
_STILL = Text("reported, and still the street's to do", "已专报，仍由街道负责")

_SETTLED = frozenset({"resolved", "answered", "evaluated"})


def climb(case: Case, breach: Breach, context: Context) -> Ruling[Escalation] | None:
    """Say what a rung of a breached clock's ladder does.

    Args:
        case: The case.
        breach: The breach and the rung that it has come to.
        context: What else is known.

    Returns:
        The ruling; None for a case that nobody has dispatched, which the built-in ladder dispatches (兜底派单).
    """
    if breach.clock.name == "dispatch":
        return None
    units, holder = context.units, breach.holder
    gap = _DAY if holder == LEADERS else breach.gap  # a clock of an hour must not go to the district within two
    if breach.rung == 0:
        return Ruling(Escalation(Kind.URGE, holder, None, gap), _URGED, "ladder/urge")
    top = units.level(LEADERS, None)
    inside = [unit for unit in units.path(holder)[1:] if units.level(unit, None) <= top]
    if breach.rung == 1 and inside:
        return Ruling(Escalation(Kind.SUPERVISE, inside[0], None, gap), _SUPERVISED, "ladder/supervise")
    for unit, (form, reason) in _TAKEN_OVER.items():
        if units.level(unit, None) > units.level(holder, case.form):
            return Ruling(Escalation(Kind.TAKE_OVER, unit, form, gap), reason, f"ladder/{form}")
    if case.special is None:
        to, reason = (LEADERS, _RECORDED) if case.state in _SETTLED else (DISTRICT, _REPORTED)
        if units.level(holder, case.form) > top:  # somebody handed it up: nothing of it comes down again by itself
            to = holder
        return Ruling(Escalation(Kind.SPECIAL_REPORT, to, None, _DAY), reason, "ladder/report")
    again = _DAY if context.at - case.special < _WEEK else _WEEK
    return Ruling(Escalation(Kind.URGE, holder, None, again), _STILL, "ladder/still")
