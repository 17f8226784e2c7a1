"""What kinds of events are called that have no name of their own in the lifecycle."""

from collections.abc import Mapping

from governflow.text import Text

#: By kind: what the engine does by itself, in both languages.
EVENT_NAMES: Mapping[str, Text] = {
    "warned": Text("Warning: soon due", "临期预警"),
    "breached": Text("Deadline missed", "超时"),
    "urged": Text("Holder urged", "催办"),
    "supervised": Text("Supervised from above", "督办"),
    "taken_over": Text("Taken over by a higher form", "提级接办"),
    "special_report_filed": Text("Special report filed", "形成专报"),
    "lapsed": Text("Time ran out", "到期"),
    "faulted": Text("Fault in the rules: put before a human", "规则故障：转人工研判"),
    "forgotten": Text("Personal data erased on request", "应要求删除个人信息"),
    "reassessed": Text("Assessed anew", "重新研判"),
    "recalculated": Text("Deadlines counted anew", "重算时限"),
    "denied": Text("Not allowed", "不予准许"),
    "mode_switched": Text("Mode switched", "平急转换"),
}
