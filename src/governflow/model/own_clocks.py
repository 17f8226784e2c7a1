"""The clocks that the engine starts by itself where no locality gives them otherwise (兜底时限)."""

from collections.abc import Mapping

from governflow.calendars.allowances import Allowance
from governflow.model.clocks import DUTY, ClockSpec
from governflow.text import Text

#: What a clock is called, its allowance, what starts it, what stops it (words with blanks between), and its traits.
Runs = tuple[Text, str, str, str, tuple[str, ...]]


def specified(runs: Mapping[str, Runs], why: Mapping[str, tuple[str, Text]]) -> tuple[ClockSpec, ...]:
    """Return the clocks of two tables by name: when each runs; the id of the rule that says so, and its reason."""
    return tuple(
        ClockSpec(
            name, text, Allowance.parse(span), frozenset(starts.split()), frozenset(stops.split()), traits, *why[name]
        )
        for name, (text, span, starts, stops, traits) in runs.items()
    )


_RUNS: Mapping[str, Runs] = {
    "check_in": (Text("check in", "报到"), "30min", "whistle", "check_in", (DUTY,)),
    "muster": (Text("muster", "集结"), "30min", "muster", "", (DUTY,)),
    "triage": (Text("triage", "人工研判"), "1h", "fault", "reassess dispatch", (DUTY,)),
    "attend": (Text("attend", "跟进"), "1d", "idle", "", (DUTY,)),
}
_REASONS = {
    "check_in": Text("a summoned unit checks in within 30 minutes", "被吹哨单位30分钟内报到"),
    "muster": Text(
        "every post has checked in within 30 minutes of the assembly order", "集结指令下达后30分钟内全部到岗到位"
    ),
    "triage": Text("a fault in the rules is looked at within an hour", "规则故障1小时内人工研判"),
    "attend": Text("no open case is without a clock", "未结事项必须有时限"),
}
BY_THE_ENGINE = specified(_RUNS, {name: (f"default/{name}", reason) for name, reason in _REASONS.items()})
CHECK_IN, MUSTER, TRIAGE, ATTEND = BY_THE_ENGINE
