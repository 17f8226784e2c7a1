"""The fields of a journal, the headings by which they are known, and the closed words that some of them hold.

A heading or a closed word may be written in English or Chinese, in any case, width and spacing.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

import attrs

from governflow.model.base_lifecycle import BASE
from governflow.model.terms import Severity, Urgency
from governflow.normalize import key
from governflow.text import NOTHING, Text


class CellKind(Enum):
    """What kind of cell a field holds."""

    ID = "id"  # a name that must survive Excel: no digits lost
    TEXT = "text"
    CHOICE = "choice"
    SCORE = "score"
    TIME = "time"
    ACTION = "action"


@attrs.frozen
class Field:
    """One field of ours, by its English name, as in ``Row.fields`` and in a map, and its Chinese name."""

    name: str
    zh: str
    sort: CellKind
    headings: tuple[str, ...] = ()  #: Other headings by which a narrow journal may call it.
    choices: Mapping[str, str | bool] = attrs.field(factory=dict)  #: The word as typed (folded) to the value.
    allowed: Text = NOTHING  #: What may be written.


def _choices(words: Mapping[str, str] | Mapping[bool, str], nothing: str = "") -> Mapping[str, str | bool]:
    """Return the value of each word, folded; the words for nothing stand for an empty cell."""
    known = {key(word): value for value, listed in words.items() for word in listed.split()}
    return MappingProxyType({**dict.fromkeys(map(key, nothing.split()), ""), **known})


#: What stands where nobody was reached or nobody judged: no verdict, as an empty cell.
_NO_VERDICT = "未评价 不评价 未回访 未接通 未接听 无人接听 无法接通 无法联系 联系不上 空号 停机 none n/a unreachable"
_YES, _NO = "yes y true 1 是 对 √ ✓", "no n false 0 否 不 × ✗"
_SEVERITIES = {member.value: f"{member.value} {member.text.zh}" for member in Severity}
_URGENCIES = {member.value: f"{member.value} {member.text.zh}" for member in Urgency}


def _listed(words: Mapping[str, str]) -> Text:
    pairs = [listed.split()[:2] for listed in words.values()]
    return Text(", ".join(pair[0] for pair in pairs), "、".join(pair[-1] for pair in pairs))


_FIELDS = (
    Field("time", "时间", CellKind.TIME, ("at", "timestamp", "datetime", "操作时间", "办理时间", "发生时间", "日期")),
    Field(
        "case",
        "事项编号",
        CellKind.ID,
        ("case id", "case no", "编号", "工单编号", "工单号", "案件编号", "案件号", "诉求编号", "事件编号", "事项号"),
    ),
    Field("action", "动作", CellKind.ACTION, ("step", "操作", "环节", "办理环节", "办理动作", "步骤")),
    Field("actor", "经办人", CellKind.ID, ("by", "操作人", "办理人", "处理人", "操作员")),
    Field("informant", "信息员", CellKind.ID, ("上报人", "上报信息员", "采集员")),
    Field(
        "unit", "单位", CellKind.ID, ("department", "承办单位", "责任单位", "办理单位", "处置单位", "承办部门", "部门")
    ),
    Field(
        "item",
        "事项",
        CellKind.TEXT,
        ("category", "事项类别", "事项名称", "事项类型", "类别", "类型", "诉求类别", "诉求类型"),
    ),
    Field(
        "severity",
        "严重程度",
        CellKind.CHOICE,
        ("难易程度", "复杂程度", "事项等级"),
        _choices(_SEVERITIES),
        _listed(_SEVERITIES),
    ),
    Field(
        "urgency",
        "紧急程度",
        CellKind.CHOICE,
        ("priority", "缓急", "缓急程度"),
        _choices(_URGENCIES),
        _listed(_URGENCIES),
    ),
    Field("place", "地点", CellKind.TEXT, ("address", "location", "地址", "位置", "发生地点", "事发地点", "所在地")),
    Field(
        "text",
        "内容",
        CellKind.TEXT,
        ("description", "诉求内容", "问题描述", "事项内容", "事项描述", "描述", "留言内容"),
    ),
    Field("channel", "渠道", CellKind.TEXT, ("source", "来源", "诉求渠道", "诉求来源", "信息来源", "事项来源")),
    Field(
        "reporter",
        "反映人",
        CellKind.TEXT,
        ("requester", "诉求人", "姓名", "来电人", "联系人", "反映人姓名", "诉求人姓名"),
    ),
    Field(
        "phone",
        "电话",
        CellKind.ID,
        ("telephone", "phone number", "联系电话", "手机", "手机号", "手机号码", "电话号码", "联系方式"),
    ),
    Field(
        "visit",
        "是否到场",
        CellKind.CHOICE,
        ("needs visit", "到场", "是否需要到场", "是否现场"),
        _choices({True: _YES + " 需要 需 需到场 到场", False: _NO + " 不需要 无需 不需到场 不到场"}),
        Text("yes, no", "是、否"),
    ),
    Field("score", "评分", CellKind.SCORE, ("rating", "得分", "分数", "评价分数"), allowed=Text("1 to 5", "1 至 5")),
    Field(
        "satisfied",
        "是否满意",
        CellKind.CHOICE,
        ("satisfaction", "满意度", "满意情况", "评价结果"),
        _choices(
            {
                True: _YES + " satisfied 满意 基本满意 非常满意 很满意 比较满意",
                False: _NO + " unsatisfied dissatisfied 不满意 非常不满意 很不满意 不太满意",
            },
            _NO_VERDICT,
        ),
        Text("yes, no", "满意、基本满意、非常满意、不满意、是、否"),
    ),
    Field("note", "备注", CellKind.TEXT, ("notes", "remark", "remarks", "comment", "说明", "办理意见")),
    Field("clock", "时限", CellKind.TEXT, ("时限名称",)),
    Field("into", "并入事项", CellKind.ID, ("并入", "并入编号", "merged into")),
    Field("until", "截止时间", CellKind.TIME, ("截止", "期限", "截止日期", "挂起至", "延期至", "承诺时间")),
)

#: Our fields by name.
FIELDS: Mapping[str, Field] = MappingProxyType({field.name: field for field in _FIELDS})

#: Headings (folded) to the name of the field.
HEADINGS: Mapping[str, str] = MappingProxyType(
    {key(word): field.name for field in _FIELDS for word in (field.name, field.zh, *field.headings)}
)

_NAMES: dict[str, str] = {action.name: action.text.zh for action in BASE.actions.values()}

#: Names of the base lifecycle's actions, English and Chinese, to the canonical one.
ACTIONS: Mapping[str, str] = MappingProxyType({name: name for name in _NAMES} | {zh: en for en, zh in _NAMES.items()})

#: The order in which actions at the very same moment are applied.
ORDER: tuple[str, ...] = tuple(_NAMES)
