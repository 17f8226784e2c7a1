"""How cells are read: text in, a value of the field's type out.

A closed word may be written in English or Chinese, in any case, width and spacing. What is not known is never guessed:
the reader raises `ValueFault`, naming what would be allowed.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeVar

from governflow.journal.records import Value
from governflow.model.headings import FIELDS, CellKind, Field
from governflow.normalize import ValueFault, half_width, key, nearest
from governflow.text import NOTHING, Text

_V = TypeVar("_V")

_REMEMBERED, _SHORT = 10_000, 100

# What Excel shows of a long number: the digits behind the last shown are gone. Without the plus it may be a name (2E5).
_DIGITS_LOST = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE]\+\d+")
_SCORE = re.compile(r"([1-5])(?:\.0+)?\s*分?")

#: What Excel leaves in a cell whose formula failed.
_NAMES = ("N/A", "REF!", "VALUE!", "NAME?", "DIV/0!", "NULL!", "NUM!", "SPILL!", "CALC!", "GETTING_DATA", "FIELD!")
ERRORS = frozenset(f"#{name}" for name in _NAMES)

_DIGITS = Text(
    "Excel has rounded this number and its last digits are lost: format the column as text and enter it again",
    "Excel 已将此编号取整，末尾数字已丢失：请将该列设为文本格式后重新录入",
)
ERROR = Text(
    "the cell holds an Excel error instead of a value: mend the formula, then paste the column as values",
    "单元格是 Excel 错误值：请修正公式后将该列粘贴为数值",
)
FORMULA = Text(
    "the cell holds a formula, not a value: copy the column and paste it as values",
    "单元格是公式而不是值：请复制该列并选择性粘贴为数值",
)


def read_text(text: str) -> str:
    """Return free text as it stands, unless it is what Excel leaves of a formula that failed."""
    if text[:1] == "#" and text in ERRORS:
        raise ValueFault(ERROR, NOTHING)
    return text


def read_id(text: str) -> str:
    """Read a name or number by which something is known: half-width, otherwise as typed, leading zeros and all."""
    text = half_width(text)
    if "+" in text and _DIGITS_LOST.fullmatch(text):
        raise ValueFault(_DIGITS, NOTHING)
    if text.startswith("="):
        raise ValueFault(FORMULA, NOTHING)
    return read_text(text)


def _read_score(text: str) -> int:
    found = _SCORE.fullmatch(half_width(text))
    if found is None:
        raise ValueFault(Text("not a score", "不是有效评分"), FIELDS["score"].allowed)
    return int(found[1])


def field_reader(field: Field) -> Callable[[str], Value]:
    """Return the reader of a field's cells; the field is neither a time nor an action."""

    def choose(text: str) -> Value:
        try:
            return field.choices[key(text)]
        except KeyError:
            raise ValueFault(Text(f"not a known {field.name}", f"不是有效的{field.zh}"), field.allowed) from None

    readers: Mapping[CellKind, Callable[[str], Value]] = {
        CellKind.ID: read_id,
        CellKind.SCORE: _read_score,
        CellKind.CHOICE: choose,
    }
    return readers.get(field.sort, read_text)


def action_reader(actions: Mapping[str, str]) -> Callable[[str], str]:
    """Return the reader of action names, given each with its canonical name; of any other word it names the nearest."""
    known = {key(name): canonical for name, canonical in actions.items()}
    names = dict.fromkeys(actions.values())
    chinese = [name for name in actions if not name.isascii()]

    def read(text: str) -> str:
        if (found := known.get(key(text))) is not None:
            return found
        alike = nearest(text, actions)
        en, zh = ("", "") if alike is None else (f"; perhaps {alike} is meant", f"；是否为“{alike}”")
        raise ValueFault(
            Text(f"not a known action{en}", f"不是已知的动作{zh}"), Text(", ".join(names), "、".join(chinese or names))
        )

    return read


def translating(table: Mapping[str, str], read: Callable[[str], _V]) -> Callable[[str], _V | None]:
    """Return a reader that first looks into a map's table, their words to ours; a word translated to "" is None."""
    if not table:
        return read
    folded = {key(theirs): ours for theirs, ours in table.items()}

    def translate(text: str) -> _V | None:
        ours = table.get(text) or folded.get(key(text), text)
        return read(ours) if ours else None

    return translate


def remembering(read: Callable[[str], _V]) -> Callable[[str], _V]:
    """Return a reader that does not read the same text twice, in bounded memory: units and items repeat."""
    known = lru_cache(_REMEMBERED)(read)
    return lambda text: known(text) if len(text) <= _SHORT else read(text)
