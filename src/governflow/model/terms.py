"""Closed sets with English and Chinese names.

Sets that a locality may not extend are enums; names that it may add to (states, actions, clocks) belong to its
lifecycle and clock specifications, and carry a `Text` of their own.
"""

from enum import StrEnum
from typing import TypeVar

from governflow.errors import CommandError
from governflow.text import Text


class _Named(StrEnum):
    """A string enum whose members carry a name in both languages."""

    text: Text  #: The member's name in English and Chinese.

    def __new__(cls, value: str, en: str = "", zh: str = "") -> "_Named":
        member = str.__new__(cls, value)
        member._value_ = value
        member.text = Text(en, zh)
        return member


N = TypeVar("N", bound="_Named")


def member(closed: type[N], value: object) -> N:
    """Read a member of a closed set.

    Raises:
        CommandError: If the value is none of its members; the sentence lists them.
    """
    found = closed._value2member_map_.get(value) if isinstance(value, str) else None
    if found is None:
        en = ", ".join(closed)
        zh = "、".join(one.text.zh for one in closed)
        raise CommandError(
            f"{value!r} is no {closed.__name__.lower()}: use one of {en}", f"“{value}”不可用：应为{zh}之一"
        )
    return found  # type: ignore[return-value]


class Severity(_Named):
    """How hard a case is (54321: 一般 / 复杂 / 重大)."""

    GENERAL = "general", "general", "一般"
    COMPLEX = "complex", "complex", "复杂"
    MAJOR = "major", "major", "重大"


class Urgency(_Named):
    """How pressing a case is."""

    NORMAL = "normal", "normal", "普通"
    URGENT = "urgent", "urgent", "紧急"
    EMERGENCY = "emergency", "emergency", "特急"


class Tier(_Named):
    """Who has to manage a case (三级事项): tier 1 is the highest (district), 3 the lowest, as in Zhenjiang."""

    ONE = "1", "tier 1 (district)", "一级事项"
    TWO = "2", "tier 2 (street)", "二级事项"
    THREE = "3", "tier 3 (community)", "三级事项"


class Form(_Named):
    """The six forms of handling (六办), in the order in which escalation climbs them."""

    DIRECT = "direct", "handled by the community", "村社区直办"
    VERIFY = "verify", "verified and handled by the street", "镇街道核办"
    ASSIST = "assist", "handled with the street's assistance", "镇街道协办"
    LEAD = "lead", "one department leads", "区直部门领办"
    JOINT = "joint", "departments jointly", "区级部门联办"
    STUDY = "study", "studied by the leaders", "委领导研办"

    @property
    def term(self) -> str:
        """What it is called in the terms of a locality: ``form:study``."""
        return f"form:{self.value}"

    @property
    def next(self) -> "Form | None":
        """The next higher form, or None at the top."""
        rank = FORMS.index(self) + 1
        return FORMS[rank] if rank < len(FORMS) else None


FORMS: tuple[Form, ...] = tuple(Form)


class Mode(_Named):
    """Everyday or emergency running (平急转换)."""

    NORMAL = "normal", "everyday", "平时"
    EMERGENCY = "emergency", "emergency", "急时"


class Way(_Named):
    """Who is the record of a case, and so what a measure does to it (runs: live, from a journal, as a trial)."""

    LIVE = "live", "live", "在线"
    RECORD = "record", "from records", "实录"
    ENFORCE = "enforce", "rules enforced", "推演"


class Outcome(_Named):
    """What became of a clock."""

    RUNNING = "running", "running", "计时中"
    PAUSED = "paused", "paused", "暂停"
    MET = "met", "met", "按时"
    BREACHED = "breached", "breached", "超时"
    CANCELLED = "cancelled", "cancelled", "取消"
    LAPSED = "lapsed", "lapsed", "到期"


class Exempt(_Named):
    """Why a breach does not count in the statistics; it stays in the book all the same."""

    APPEAL = "appeal", "appeal granted", "申诉成立"
    DISPROVED = "disproved", "disproved by a later fact", "事后查明未超时"
    OUTAGE = "outage", "declared outage", "系统停运"


class Cause(_Named):
    """Why a case is escalated."""

    BREACH = "breach", "a deadline was missed", "超时"
    MANUAL = "manual", "somebody asked for it", "人工提级"
    HANDED_OVER = "handed_over", "handed to and fro", "反复转办退单"
    UNSATISFIED = "unsatisfied", "the result was not satisfactory", "办理结果不满意"


class Kind(_Named):
    """What an escalation does (催办、督办、提级、专报)."""

    URGE = "urge", "urged", "催办"
    SUPERVISE = "supervise", "supervised", "督办"
    TAKE_OVER = "take_over", "taken over", "提级"
    SPECIAL_REPORT = "special_report", "special report", "专报"


class Verdict(_Named):
    """How the one who asked judges the result (谁提诉求、由谁评价)."""

    SATISFIED = "satisfied", "satisfied", "满意"
    UNSATISFIED = "unsatisfied", "not satisfied", "不满意"
    NONE = "none", "no verdict given", "未评价"
