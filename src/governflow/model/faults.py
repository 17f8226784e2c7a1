"""What went wrong in a hook, as data (钩子故障): the core never loses a case over it, and a person reads it later.

The book keeps the code and its arguments, and the English sentence beside them for whoever reads the file itself.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from governflow.errors import GovernflowError, described
from governflow.model.rulings import RuleRef
from governflow.text import Text

#: What an exception of the plugin's own says, and what an error of the core says in two languages.
RAISED, REFUSED = "raised", "refused"

#: What each code means; arguments stand in the sentences by their number.
SENTENCES: Mapping[str, Text] = {
    RAISED: Text("{0}", "{0}"),
    REFUSED: Text("{0}", "{1}"),
    "no_ruling": Text("answered {0} instead of a Ruling of {1}", "返回了 {0}，应为 {1} 的裁定（Ruling）"),
    "wrong_answer": Text("answered {0} instead of {1}", "返回了 {0}，应为 {1}"),
    "no_calendar": Text("answered {0}, which is no calendar", "返回了 {0}，不是日历"),
    "no_text": Text(
        "gave the reason {0} and the rule id {1}: both must be text", "理由为 {0}、规则编号为 {1}：两者都应为文字"
    ),
    "no_assessment": Text(
        "assessed {0}, {1}: give a Severity and an Urgency", "定级为 {0}, {1}：应给出 Severity 和 Urgency"
    ),
    "no_route": Text(
        "routed with {0}: give a Form, and the assisting units as a tuple",
        "派单结果为 {0}：应给出办理方式（Form），协办单位用元组",
    ),
    "routed_nowhere": Text("routed to {0}, which the chart does not know", "派往 {0}，组织架构中没有该单位"),
    "no_escalation": Text(
        "escalated with {0}: give a Kind, and a Form or None",
        "升级结果为 {0}：应给出措施（Kind）、办理方式（Form）或 None",
    ),
    "escalated_nowhere": Text("escalated to {0}, which the chart does not know", "升级给 {0}，组织架构中没有该单位"),
    "escalated_down": Text("escalated down from {0} to {1}", "由 {0} 降级到 {1}"),
    "rung_too_early": Text(
        "asked for the next rung after {0}: it must be a minute at least", "要求 {0} 后再次升级：至少应为一分钟"
    ),
    "rung_too_late": Text(
        "asked for the next rung after {0}: it must be a year at most", "要求 {0} 后再次升级：至多应为一年"
    ),
    "no_rest": Text(
        "asked for rung {0} after {1}: after {2} rungs a ladder rests a day",
        "要求 {1} 后升到第 {0} 级：{2} 级之后每天至多一级",
    ),
    "circle": Text(
        "took the case over for the {0}th time: a ladder that goes in circles ends in urging",
        "第 {0} 次接管同一事项：循环的升级最终应为催办",
    ),
    "statute_dropped": Text("drops the clock {0}, which {1} demands", "取消了 {1} 要求的时限 {0}"),
    "statute_loosened": Text(
        "gives {0} {1}, looser than the {2} that {3} demands", "为 {0} 规定 {1}，宽于 {3} 要求的 {2}"
    ),
    "no_clock": Text("gives {0} an allowance, but no layer starts it", "为 {0} 规定了期限，但没有任何一层启动它"),
    "no_lifecycle": Text("there is no lifecycle {0} any more", "流程 {0} 已不存在"),
    "no_state": Text("there is no state {0!r} any more: the case is {1} now", "状态“{0}”已不存在：事项转为“{2}”"),
    "no_unit": Text(
        "there is no unit {0!r} any more: the case is with {1} now", "单位“{0}”已不存在：事项转由“{2}”承办"
    ),
    "clock_gone": Text("there is no clock {0!r} any more: it is cancelled", "时限“{2}”已不存在：予以取消"),
}

_LONGEST = 500


class HookFault(msgspec.Struct, frozen=True, gc=False):
    """What went wrong in a hook of a plugin, ``code@version``: which of `SENTENCES`, and what stands in it."""

    source: str
    hook: str
    code: str
    args: tuple[str, ...]

    @classmethod
    def raised(cls, source: str, hook: str, exception: BaseException) -> "HookFault":
        """Return what a plugin's exception says, in its own words."""
        return cls(source, hook, RAISED, (described(exception),))

    @classmethod
    def refused(cls, source: str, hook: str, error: GovernflowError) -> "HookFault":
        """Return what an error of the core says."""
        return cls(source, hook, REFUSED, (error.text.en, error.text.zh))

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> "HookFault":
        """Read a fault as an event keeps it; older events keep the English sentence alone."""
        if entry.get("code") in SENTENCES:
            return cls(entry["plugin"], entry["hook"], entry["code"], tuple(entry["args"]))
        return cls(entry["plugin"], entry["hook"], RAISED, (entry["fault"],))

    def as_json(self) -> dict[str, Any]:
        """Return it as an event keeps it."""
        return {
            "plugin": self.source,
            "hook": self.hook,
            "fault": self.text.en[:_LONGEST],
            "code": self.code,
            "args": [arg[:_LONGEST] for arg in self.args],
        }

    @property
    def text(self) -> Text:
        """What went wrong, without who and where; an exception's own words are not translated."""
        sentence = SENTENCES[self.code]
        return Text(sentence.en.format(*self.args), sentence.zh.format(*self.args))

    @property
    def kind(self) -> str:
        """What tells two sorts of faults apart: the code, or the class of an exception."""
        return self.args[0].partition(":")[0] if self.code == RAISED else self.code

    @property
    def where(self) -> RuleRef:
        """The hook and its plugin: ``governflow_route of 371621@0.1.0``."""
        return RuleRef(hook=self.hook, source=self.source)


Faults = list[HookFault]


def faults_in(about: Mapping[str, Any]) -> tuple[HookFault, ...]:
    """Return the faults that the ``about`` of an event tells of."""
    return tuple(HookFault.from_json(entry) for entry in about.get("faults", ()))
