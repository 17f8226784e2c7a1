"""How cells are cleaned.

A closed word may be written in English or Chinese, in any case, width and spacing. What is not known is never guessed:
the cleaner raises, naming what would be allowed.
"""

import re
from collections.abc import Callable, Mapping

from governflow.model.headings import FIELDS, Field, Sort
from governflow.normalize import ValueFault, half_width, key, nearest
from governflow.text import NOTHING, Text

Cleaner = Callable[[str], str]

_REMEMBERED, _SHORT = 10_000, 100

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
                "Excel has rounded this number and its last digits are lost: "
                "format the column as text and enter it again",
                "Excel 已将此编号取整，末尾数字已丢失：请将该列设为文本格式后重新录入",
            ),
            NOTHING,
        )
    if text.startswith("="):
        raise formula()
    if text in ERRORS:
        raise error_cell()
    return text


def error_cell() -> ValueFault:
    """Make the fault of a cell in which Excel shows an error."""
    return ValueFault(
        Text(
            "the cell holds an Excel error instead of a value: mend the formula, then paste the column as values",
            "单元格是 Excel 错误值：请修正公式后将该列粘贴为数值",
        ),
        NOTHING,
    )


def formula() -> ValueFault:
    """Make the fault of a cell that holds a formula where a value is needed."""
    return ValueFault(
        Text(
            "the cell holds a formula, not a value: copy the column and paste it as values",
            "单元格是公式而不是值：请复制该列并选择性粘贴为数值",
        ),
        NOTHING,
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


def as_it_stands(text: str) -> str:
    """Clean free text, which needs none.

    Args:
        text: The cell, without blanks around it.

    Returns:
        The text.

    Raises:
        ValueFault: If it is an Excel error.
    """
    if text in ERRORS:
        raise error_cell()
    return text


def translated(table: Mapping[str, str] | None, clean: Cleaner) -> Cleaner:
    """Make a cleaner that first looks into a map's table of values.

    Args:
        table: Their words to our values.
        clean: For words that are not in the table.

    Returns:
        The cleaner.
    """
    if not table:
        return clean
    folded = {key(theirs): ours for theirs, ours in table.items()}

    def translate(text: str) -> str:
        ours = table.get(text) or folded.get(key(text))
        return ours if ours is not None else clean(text)

    return translate


def remembering(clean: Cleaner) -> Cleaner:
    """Make a cleaner that does not clean the same text twice: units, items and names repeat by the thousand.

    Args:
        clean: The cleaner.

    Returns:
        One that does the same, in bounded memory.
    """
    known: dict[str, str] = {}

    def remember(text: str) -> str:
        try:
            return known[text]
        except KeyError:
            pass
        cleaned = clean(text)
        if len(text) <= _SHORT:
            if len(known) >= _REMEMBERED:
                known.clear()
            known[text] = cleaned
        return cleaned

    return remember
