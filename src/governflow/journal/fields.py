"""Our fields: the headings by which they are known, and how their cells are cleaned.

A heading or a closed word may be written in English or Chinese, in any case, width and spacing. What is not known is
never guessed: the cleaner raises, naming what would be allowed.
"""

import re
from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType

import attrs

from governflow.journal.rows import NOTHING
from governflow.journal.wording import ValueFault, half_width, key, nearest
from governflow.terms import Severity, Urgency
from governflow.text import Text

Cleaner = Callable[[str], str]


class Sort(Enum):
    """What kind of cell a field holds."""

    ID = "id"  # a name that must survive Excel: no digits lost
    TEXT = "text"
    CHOICE = "choice"
    SCORE = "score"
    TIME = "time"
    ACTION = "action"


@attrs.frozen
class Field:
    """One field of ours.

    Args:
        name: Its English name, as in ``Row.fields`` and in a map.
        zh: Its Chinese name.
        sort: What its cells hold.
        headings: Other headings by which a narrow journal may call it.
        choices: For a closed set: the word as typed (folded) to the value.
        allowed: What may be written.
    """

    name: str
    zh: str
    sort: Sort
    headings: tuple[str, ...] = ()
    choices: Mapping[str, str] = attrs.field(factory=dict)
    allowed: Text = NOTHING


def _choices(words: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType({key(word): value for value, listed in words.items() for word in listed.split()})


_YES_NO = {"yes": "yes y true 1 是 对 √ ✓", "no": "no n false 0 否 不 × ✗"}
_SEVERITIES = {member.value: f"{member.value} {member.text.zh}" for member in Severity}
_URGENCIES = {member.value: f"{member.value} {member.text.zh}" for member in Urgency}


def _listed(words: Mapping[str, str]) -> Text:
    pairs = [listed.split()[:2] for listed in words.values()]
    return Text(", ".join(pair[0] for pair in pairs), "、".join(pair[-1] for pair in pairs))


_FIELDS = (
    Field("time", "时间", Sort.TIME, ("at", "timestamp", "datetime", "操作时间", "办理时间", "发生时间", "日期")),
    Field(
        "case",
        "事项编号",
        Sort.ID,
        ("case id", "case no", "编号", "工单编号", "工单号", "案件编号", "案件号", "诉求编号", "事件编号", "事项号"),
    ),
    Field("action", "动作", Sort.ACTION, ("step", "操作", "环节", "办理环节", "办理动作", "步骤")),
    Field("actor", "经办人", Sort.ID, ("by", "操作人", "办理人", "处理人", "操作员")),
    Field("informant", "信息员", Sort.ID, ("上报人", "上报信息员", "采集员")),
    Field("unit", "单位", Sort.ID, ("department", "承办单位", "责任单位", "办理单位", "处置单位", "承办部门", "部门")),
    Field(
        "item",
        "事项",
        Sort.TEXT,
        ("category", "事项类别", "事项名称", "事项类型", "类别", "类型", "诉求类别", "诉求类型"),
    ),
    Field(
        "severity",
        "严重程度",
        Sort.CHOICE,
        ("难易程度", "复杂程度", "事项等级"),
        _choices(_SEVERITIES),
        _listed(_SEVERITIES),
    ),
    Field(
        "urgency",
        "紧急程度",
        Sort.CHOICE,
        ("priority", "缓急", "缓急程度"),
        _choices(_URGENCIES),
        _listed(_URGENCIES),
    ),
    Field("place", "地点", Sort.TEXT, ("address", "location", "地址", "位置", "发生地点", "事发地点", "所在地")),
    Field(
        "text", "内容", Sort.TEXT, ("description", "诉求内容", "问题描述", "事项内容", "事项描述", "描述", "留言内容")
    ),
    Field("channel", "渠道", Sort.TEXT, ("source", "来源", "诉求渠道", "诉求来源", "信息来源", "事项来源")),
    Field(
        "reporter", "反映人", Sort.TEXT, ("requester", "诉求人", "姓名", "来电人", "联系人", "反映人姓名", "诉求人姓名")
    ),
    Field(
        "phone",
        "电话",
        Sort.ID,
        ("telephone", "phone number", "联系电话", "手机", "手机号", "手机号码", "电话号码", "联系方式"),
    ),
    Field(
        "visit",
        "是否到场",
        Sort.CHOICE,
        ("needs visit", "到场", "是否需要到场", "是否现场"),
        _choices(
            {"yes": _YES_NO["yes"] + " 需要 需 需到场 到场", "no": _YES_NO["no"] + " 不需要 无需 不需到场 不到场"}
        ),
        Text("yes, no", "是、否"),
    ),
    Field("score", "评分", Sort.SCORE, ("rating", "得分", "分数", "评价分数"), allowed=Text("1 to 5", "1 至 5")),
    Field(
        "satisfied",
        "是否满意",
        Sort.CHOICE,
        ("satisfaction", "满意度", "满意情况", "评价结果"),
        _choices(
            {
                "yes": _YES_NO["yes"] + " satisfied 满意 基本满意 非常满意 很满意 比较满意",
                "no": _YES_NO["no"] + " unsatisfied dissatisfied 不满意 非常不满意 很不满意 不太满意",
            }
        ),
        Text("yes, no", "满意、基本满意、非常满意、不满意、是、否"),
    ),
    Field("note", "备注", Sort.TEXT, ("notes", "remark", "remarks", "comment", "说明", "办理意见")),
    Field("until", "截止时间", Sort.TIME, ("截止", "期限", "截止日期", "挂起至", "延期至", "承诺时间")),
)

#: Our fields by name.
FIELDS: Mapping[str, Field] = MappingProxyType({field.name: field for field in _FIELDS})

#: Headings (folded) to the name of the field.
HEADINGS: Mapping[str, str] = MappingProxyType(
    {key(word): field.name for field in _FIELDS for word in (field.name, field.zh, *field.headings)}
)

_NAMES: dict[str, str] = {
    "report": "上报",
    "accept": "受理",
    "decline": "不予受理",
    "dispatch": "派单",
    "return": "退单",
    "claim": "领单",
    "arrive": "到场",
    "confer": "会商",
    "begin": "落实",
    "suspend": "挂起",
    "resume": "恢复",
    "resolve": "办结",
    "answer": "反馈",
    "evaluate": "评价",
    "close": "归档",
    "revisit": "回头看",
    "transfer": "转办",
    "escalate": "提级",
    "whistle": "吹哨",
    "check_in": "报到",
    "extend": "延期",
    "reclassify": "重新定级",
    "appeal": "超时申诉",
    "rule": "申诉裁定",
    "inform": "进度告知",
    "urge": "催办",
    "note": "备注",
    "merge": "并案",
    "withdraw": "撤回",
}

#: Names of the base lifecycle's actions, English and Chinese, to the canonical one.
ACTIONS: Mapping[str, str] = MappingProxyType({name: name for name in _NAMES} | {zh: en for en, zh in _NAMES.items()})

#: The order in which actions at the very same moment are applied.
ORDER: tuple[str, ...] = tuple(_NAMES)

# What Excel shows of a long number: the digits behind the last shown are gone. Without the plus it may be a name (2E5).
_DIGITS_LOST = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE]\+\d+")
_SCORE = re.compile(r"([1-5])(?:\.0+)?\s*分?")

#: What Excel leaves in a cell whose formula failed.
ERRORS = frozenset(
    (
        "#N/A",
        "#REF!",
        "#VALUE!",
        "#NAME?",
        "#DIV/0!",
        "#NULL!",
        "#NUM!",
        "#SPILL!",
        "#CALC!",
        "#GETTING_DATA",
        "#FIELD!",
    )
)


def clean_id(text: str) -> str:
    """Clean a name or number by which something is known.

    Args:
        text: The cell, without blanks around it.

    Returns:
        Half-width, otherwise as typed: leading zeros stay.

    Raises:
        ValueFault: If Excel has lost digits of it, or it is a formula.
    """
    text = half_width(text)
    if "+" in text and _DIGITS_LOST.fullmatch(text):
        raise ValueFault(
            Text(
                "Excel has rounded this number and its last digits are lost",
                "Excel 已将此编号取整，末尾数字已丢失",
            ),
            Text("format the column as text and enter the number again", "将该列设为文本格式后重新录入"),
        )
    if text.startswith("="):
        raise formula()
    if text in ERRORS:
        raise error_cell()
    return text


def error_cell() -> ValueFault:
    """Make the fault of a cell in which Excel shows an error."""
    return ValueFault(
        Text("the cell holds an Excel error instead of a value", "单元格是 Excel 错误值"),
        Text("mend the formula, then paste the column as values", "修正公式后将该列粘贴为数值"),
    )


def formula() -> ValueFault:
    """Make the fault of a cell that holds a formula where a value is needed."""
    return ValueFault(
        Text("the cell holds a formula, not a value", "单元格是公式而不是值"),
        Text("copy the column and paste it as values", "复制该列并选择性粘贴为数值"),
    )


def clean_score(text: str) -> str:
    """Clean a score.

    Args:
        text: The cell, without blanks around it.

    Returns:
        ``"1"`` to ``"5"``.

    Raises:
        ValueFault: If it is anything else.
    """
    found = _SCORE.fullmatch(half_width(text))
    if found is None:
        raise ValueFault(Text("not a score", "不是有效评分"), FIELDS["score"].allowed)
    return found[1]


def chooser(field: Field) -> Cleaner:
    """Make the cleaner of a field with a closed set of values.

    Args:
        field: The field.

    Returns:
        A function from the cell to the value; it raises `ValueFault` for any other word.
    """

    def choose(text: str) -> str:
        try:
            return field.choices[key(text)]
        except KeyError:
            raise ValueFault(
                Text(f"not a known {field.name}", f"不是有效的{field.zh}"),
                field.allowed,
            ) from None

    return choose


def action_reader(actions: Mapping[str, str]) -> Cleaner:
    """Make the cleaner of action names.

    Args:
        actions: Every name by which an action may be called, to its canonical name.

    Returns:
        A function from the cell to the canonical name; it raises `ValueFault` for any other word, with the nearest.
    """
    known = {key(name): canonical for name, canonical in actions.items()}
    chinese = [name for name in actions if not name.isascii()]

    def read(text: str) -> str:
        try:
            return known[key(text)]
        except KeyError:
            pass
        en, zh = "not a known action", "不是已知的动作"
        alike = nearest(text, actions)
        if alike is not None:
            en, zh = f"{en}; perhaps {alike} is meant", f"{zh}；是否为“{alike}”"
        raise ValueFault(
            Text(en, zh),
            Text(", ".join(dict.fromkeys(actions.values())), "、".join(chinese or dict.fromkeys(actions.values()))),
        )

    return read


def cleaner(field: Field) -> Cleaner | None:
    """Find how the cells of a field are cleaned.

    Args:
        field: A field that is neither a time nor an action.

    Returns:
        The cleaner, or None for free text, which is taken as it stands.
    """
    if field.sort is Sort.ID:
        return clean_id
    if field.sort is Sort.SCORE:
        return clean_score
    if field.sort is Sort.CHOICE:
        return chooser(field)
    return None
