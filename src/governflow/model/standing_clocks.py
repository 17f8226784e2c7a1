"""The clocks that the engine starts by itself, as they run where no locality gives them otherwise (兜底时限)."""

from governflow.calendars.allowances import Allowance
from governflow.model.clocks import DUTY, ClockSpec
from governflow.text import Text

CHECK_IN = ClockSpec(
    "check_in",
    Text("check in", "报到"),
    Allowance.parse("30min"),
    frozenset({"whistle"}),
    frozenset({"check_in"}),
    (DUTY,),
    "default/check_in",
    Text("a summoned unit checks in within 30 minutes", "被吹哨单位30分钟内报到"),
)
MUSTER = ClockSpec(
    "muster",
    Text("muster", "集结"),
    Allowance.parse("30min"),
    frozenset({"muster"}),
    frozenset(),
    (DUTY,),
    "default/muster",
    Text("every post has checked in within 30 minutes of the assembly order", "集结指令下达后30分钟内全部到岗到位"),
)
TRIAGE = ClockSpec(
    "triage",
    Text("triage", "人工研判"),
    Allowance.parse("1h"),
    frozenset({"fault"}),
    frozenset({"reassess", "dispatch"}),
    (DUTY,),
    "default/triage",
    Text("a fault in the rules is looked at within an hour", "规则故障1小时内人工研判"),
)
ATTEND = ClockSpec(
    "attend",
    Text("attend", "跟进"),
    Allowance.parse("1d"),
    frozenset({"idle"}),
    frozenset(),
    (DUTY,),
    "default/attend",
    Text("no open case is without a clock", "未结事项必须有时限"),
)
