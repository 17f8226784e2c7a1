"""The headings of tables in English and Chinese, and what the questions of a policy have for outcomes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

import attrs

from governflow.calendars.allowances import Allowance
from governflow.errors import CalendarError
from governflow.model.base_lifecycle import BASE
from governflow.model.headings import FIELDS
from governflow.normalize import half_width, key
from governflow.tables.domains import FORM, KIND, MODE, SEVERITY, TIER, URGENCY, YES_NO, Closed, Domain, Number, Open
from governflow.text import COMMA, Text

IS = Text(" = ", "=")
UNIT, UNITS, ALLOWANCE, TEXT = "unit", "units", "allowance", "text"

#: Outcomes in an outcome column are of a closed set or one of the sorts above.
OutcomeKind = Closed | str

#: Whether one rule at most may fit, or the first that fits counts.
Hit: TypeAlias = Literal["unique", "first"]


@attrs.frozen
class Known:
    """A fact that every case has or may have.

    Args:
        domain: What it may hold.
        zh: Its Chinese name.
        words: Other headings.
        always: Whether every case states it when a table that asks for it is asked.
    """

    domain: Domain
    zh: str
    words: tuple[str, ...] = ()
    always: bool = True


#: Condition columns that need no domain row. A form is only there once a case was dispatched.
KNOWN: Mapping[str, Known] = MappingProxyType(
    {
        "severity": Known(SEVERITY, "严重程度", ("难易程度", "复杂程度")),
        "urgency": Known(URGENCY, "紧急程度", ("缓急", "缓急程度")),
        "tier": Known(TIER, "事项等级", ("层级", "事项层级")),
        "form": Known(FORM, "办理方式", always=False),
        "mode": Known(MODE, "平急状态", ("平急", "模式", "运行模式")),
        "visit": Known(YES_NO, "是否到场", ("需到场", "是否需要到场")),
        "asked": Known(YES_NO, "是否有人诉求", ("有人诉求",)),
        "clock": Known(Open(), "时限名称", ("时钟",)),
        "rung": Known(Number(0, None), "级次", ("梯级",)),
    }
)

#: Names of facts that need a domain row.
_ALSO = {"item": ("事项", "条目"), "place": ("地点", "区划"), "domain": ("领域",), "lifecycle": ("流程",)}

_CLOCKS = {name: action.text.zh for name, action in BASE.actions.items() if name not in ("rule", "note", "report")}
CLOCKS: Mapping[str, str] = MappingProxyType(
    {**_CLOCKS, "whole": "全程", "triage": "人工研判", "attend": "跟进", "promise": "承诺答复"}
)

#: The outcomes of each question: what they hold, and their headings beside the id.
OUTCOMES: Mapping[str, Mapping[str, tuple[OutcomeKind, tuple[str, ...]]]] = MappingProxyType(
    {
        "assess": {"severity": (SEVERITY, ("严重程度",)), "urgency": (URGENCY, ("紧急程度",))},
        "tier": {"tier": (TIER, ("层级", "事项等级", "事项层级"))},
        "route": {
            "lead": (UNIT, ("牵头单位", "主办单位")),
            "assist": (UNITS, ("协办单位", "配合单位")),
            "form": (FORM, ("办理方式",)),
        },
        "deadlines": {name: (ALLOWANCE, (zh, f"{zh}时限")) for name, zh in CLOCKS.items()},
        "escalate": {
            "kind": (KIND, ("措施", "催督方式")),
            "to": (UNIT, ("对象", "送达单位")),
            "form": (FORM, ("办理方式",)),
            "again": (ALLOWANCE, ("间隔", "再次")),
        },
    }
)

RULE = frozenset(map(key, ("rule", "rule id", "规则", "规则编号", "规则号")))
DOMAIN = frozenset(map(key, ("domain", "取值", "取值范围")))
HIT = frozenset(map(key, ("hit policy", "命中策略")))
HITS: Mapping[str, Hit] = MappingProxyType({"unique": "unique", "唯一": "unique", "first": "first", "首个": "first"})
NOTE = frozenset(map(key, ("note", "notes", "备注")))
REASONS: Mapping[str, str] = MappingProxyType(
    {
        key(word): name
        for name, words in {
            "reason": ("reason", "理由", "原因"),
            "reason_en": ("reason_en", "理由（英文）", "英文理由"),
            "reason_zh": ("reason_zh", "理由（中文）", "中文理由"),
            "basis": ("basis", "legal basis", "依据", "法律依据", "政策依据"),
        }.items()
        for word in words
    }
)

_WHO = ("reporter", "phone", "channel", "informant")
#: Who asks, and how well they behaved, decides nothing: columns on that are refused.
FORBIDDEN = frozenset(
    key(word) for name in _WHO for word in (name, FIELDS[name].zh, *FIELDS[name].headings)
) | frozenset(map(key, ("merits", "merit", "积分", "信用", "信用评价", "信用分", "申请人", "投诉人", "举报人")))

#: Parts of a heading that tell of whoever asks, or of the way in which they asked, in whatever compound.
_TELLING = tuple(
    key(word)
    for words in (
        ("渠道", "电话", "手机", "身份证", "来电", "户籍", "姓名", "信用", "积分"),
        ("诉求人", "反映人", "投诉人", "举报人", "申请人"),
        ("reporter", "requester", "caller", "citizen", "complainant", "phone", "channel", "informant", "merit"),
    )
    for word in words
)

_CONDITIONS = {
    key(word): name
    for name, words in {
        **{name: (known.zh, *known.words) for name, known in KNOWN.items()},
        **_ALSO,
    }.items()
    for word in (name, *words)
}

_CHINESE = {name: words[0] for question in OUTCOMES.values() for name, (_, words) in question.items()}
_CHINESE |= {name: words[0] for name, words in _ALSO.items()} | {name: known.zh for name, known in KNOWN.items()}


@attrs.frozen
class Heading:
    """A heading as it was understood.

    Args:
        id: The column's id.
        text: Its name in both languages.
        marked: Whether it is marked as an outcome (``→``, ``=>``).
        forbidden: Whether it asks who asked.
    """

    id: str
    text: Text
    marked: bool = False
    forbidden: bool = False


def heading(cell: str, outcomes: Mapping[str, tuple[OutcomeKind, tuple[str, ...]]] = MappingProxyType({})) -> Heading:
    """Understand a heading, such as ``people/人数`` or ``→colour``; the outcomes of a question come first."""
    plain = half_width(cell).strip()
    mark = next((mark for mark in ("→", "=>", "->") if plain.startswith(mark)), "")
    plain = plain.removeprefix(mark).strip()
    parts = [part.strip() for part in plain.split("/") if part.strip()] or [plain]
    words = [key(part) for part in (plain, *parts)]
    ours = {key(word): name for name, (_, known) in outcomes.items() for word in (name, *known)}
    known = next((names[word] for names in (ours, _CONDITIONS) for word in words if word in names), None)
    latin = next((part for part in parts if part.isascii()), parts[0])
    name = known or latin.replace(" ", "_").lower()
    zh = next((part for part in parts if not part.isascii()), "") or _CHINESE.get(known or "", parts[0])
    forbidden = any(word in FORBIDDEN or any(part in word for part in _TELLING) for word in words)
    return Heading(name, Text(name.replace("_", " "), zh), bool(mark), forbidden)


def outcome_name(name: str) -> Text:
    """Name an outcome column."""
    return Text(name.replace("_", " "), _CHINESE.get(name, name))


def outcome_text(name: str, value: str) -> Text:
    """Say an outcome to people: ``tier 2 (street)``, ``2 days``."""
    sort = next((question[name][0] for question in OUTCOMES.values() if name in question), TEXT)
    if isinstance(sort, Closed) and value in sort.values:
        return sort.say(value)
    if sort != ALLOWANCE or not value:
        return Text(value, value.replace("|", "、"))
    try:
        allowance = Allowance.parse(value)
    except CalendarError:
        return Text("none", "不设") if value == "-" else Text(value, value)
    return Text(allowance.text("en"), allowance.text("zh"))


def outcomes_text(outcomes: Mapping[str, str]) -> Text:
    """Return what a rule decides."""
    said = [IS.join((outcome_name(name), outcome_text(name, value))) for name, value in outcomes.items()]
    return COMMA.join(said) if said else Text("no opinion", "不作规定")
