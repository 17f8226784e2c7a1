"""What went wrong in a hook, said in Chinese (钩子故障的中文表述): the book keeps it in English, as Python says it."""

import re
from collections.abc import Mapping

#: How the core writes a fault, and how a reader of Chinese is told; what a plugin itself raised stays in its words.
_SAID: Mapping[str, str] = {
    r"answered (.+) instead of a Ruling of (\w+)": r"返回了 \1，应为 \2 的裁定（Ruling）",
    r"answered (.+) instead of (Allowed or Refused|Deadlines)": r"返回了 \1，应为 \2",
    r"answered (.+), which is no calendar": r"返回了 \1，不是日历",
    r"assessed (.+): give a Severity and an Urgency": r"定级为 \1：应给出 Severity 和 Urgency",
    r"routed with (.+): give a Form, and the assisting units as a tuple": (
        r"派单结果为 \1：应给出办理方式（Form），协办单位用元组"
    ),
    r"routed to (.+), which the chart does not know": r"派往 \1，组织架构中没有该单位",
    r"escalated with (.+): give a Kind, and a Form or None": (
        r"升级结果为 \1：应给出措施（Kind）、办理方式（Form）或 None"
    ),
    r"escalated to (.+), which the chart does not know": r"升级给 \1，组织架构中没有该单位",
    r"escalated down from (.+) to (.+)": r"由 \1 降级到 \2",
    r"asked for the next rung after (.+): it must be a minute at least": r"要求 \1 后再次升级：至少应为一分钟",
    r"asked for the next rung after (.+): it must be a year at most": r"要求 \1 后再次升级：至多应为一年",
    r"asked for rung (\d+) after (.+): after (\d+) rungs a ladder rests a day": (
        r"要求 \2 后升到第 \1 级：\3 级之后每天至多一级"
    ),
    r"took the case over for the (\d+)th time.*": r"第 \1 次接管同一事项：循环的升级最终应为催办",
    r"gave the reason (.+) and the rule id (.+): both must be text": r"理由为 \1、规则编号为 \2：两者都应为文字",
    r"drops the clock (\S+), which (.+) demands": r"取消了 \2 要求的时限 \1",
    r"gives (\S+) an allowance, but no layer starts it": r"为 \1 规定了期限，但没有任何一层启动它",
    r"gives (\S+) (.+), looser than the (.+) that (.+) demands": r"为 \1 规定 \2，宽于 \4 要求的 \3",
    r"there is no lifecycle (.+) any more": r"流程 \1 已不存在",
}


def in_chinese(what: str) -> str:
    """Return what went wrong in a hook, as far as the core said it."""
    for written, said in _SAID.items():
        found = re.fullmatch(written, what, re.DOTALL)
        if found is not None:
            return found.expand(said)
    return what
