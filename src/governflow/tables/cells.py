"""Cells: how a condition and a domain are read, written in one way and said to people."""

import re
from decimal import Decimal
from functools import lru_cache

from governflow.normalize import half_width, key
from governflow.tables.domains import RANGE, YES_NO, Cell, Closed, Code, Domain, Number, Open, Part, Span, Unfit
from governflow.text import Text

OR = Text(" or ", "或")

#: So many alternatives of one condition are said.
_SAID = 8

_ANY = {"", "*", "-", "任意", "不限", "any"}
_NONE = {"none", "未填"}
_DEFAULT = re.compile(r"(?:default|默认值?为?)\s*[:=]?\s*(.+)", re.IGNORECASE)


def read_domain(text: str) -> tuple[Domain | None, str]:
    """Read a cell of the domain row, such as ``general|complex|major``, ``0..365; default 0`` or ``任意``.

    Returns:
        The domain, None if it is left to be the one that the column is known by, and the default as written.

    Raises:
        Unfit: It is none of these.
    """
    spec, _, rest = (part.strip() for part in half_width(text).partition(";"))
    if not rest and _DEFAULT.fullmatch(spec):
        spec, rest = "", spec
    found = _DEFAULT.fullmatch(rest)
    if rest and found is None:
        raise Unfit(f"{rest!r} is no default: write ; default X", f"“{rest}”不是默认值：请写“；默认 X”")
    return _domain(spec), found[1].strip() if found else ""


def _domain(spec: str) -> Domain | None:
    if not spec:
        return None
    if spec.casefold() in {"*", "任意", "any"}:
        return Open()
    if spec.casefold() in {"code", "区划代码"}:
        return Code()
    found = RANGE.fullmatch(spec)
    if found and (found[1] or found[2]):
        whole = "." not in f"{found[1] or ''}{found[2] or ''}"
        low, high = (None if end is None else int(end) if whole else Decimal(end) for end in found.groups())
        if low is not None and high is not None and low > high:
            raise Unfit(f"{spec!r} ends before it begins: swap the two", f"“{spec}”上限小于下限：请对调")
        return Number(low, high, whole)
    pieces = [piece.strip() for piece in re.split(r"[|、]", spec)]
    if len(pieces) < 2 or not all(pieces):
        raise Unfit(
            f"{spec!r} is no domain: write a|b|c, yes|no, 0..365, 0.0..1.0, code or *",
            f"“{spec}”不是取值范围：请写 甲|乙|丙、是|否、0..365、0.0..1.0、区划代码 或 任意",
        )
    pairs = [tuple(part.strip() for part in piece.split("/", 1)) for piece in pieces]
    values, names = [pair[0] for pair in pairs], [Text(pair[0], pair[-1] or pair[0]) for pair in pairs]
    if len(values) == 2 and {YES_NO.member(value) for value in values} == {"yes", "no"}:
        return YES_NO
    spelt = [key(word) for value, name in zip(values, names, strict=True) for word in {value, name.zh}]
    if len(set(spelt)) < len(spelt):
        raise Unfit(f"{spec!r} names a value twice: name each once", f"“{spec}”有重复的值：每个值只写一次")
    if not {key(value) for value in values}.isdisjoint(_ANY | _NONE):
        raise Unfit(f"{spec!r} uses a word that means any or none", f"“{spec}”含有表示任意或未填的词")
    return Closed(tuple(values), tuple(names))


@lru_cache(maxsize=65536)
def read_cell(domain: Domain, text: str) -> Cell | None:
    """Read a condition cell; None for anything at all.

    Raises:
        Unfit: It cannot be read, or speaks of values outside the domain.
    """
    plain = half_width(text).strip()
    if plain.casefold() in _ANY:
        return None
    parts: dict[Part, None] = {}
    unstated = False
    for word in map(str.strip, re.split(r"[|、]", plain)):
        if not word:
            raise Unfit(f"{text!r} has an empty alternative: write a|b", f"“{text}”有空的选项：请写 甲|乙")
        if word.casefold() in _NONE:
            unstated = True
        else:
            parts[domain.part(word) if isinstance(domain, (Number, Code)) else domain.read(word)] = None
    return Cell(tuple(parts), unstated)


def canonical(domain: Domain, cell: Cell | None) -> str:
    """Write a cell so that every way of writing the same condition comes out the same."""
    if cell is None:
        return "*"
    if isinstance(domain, Closed):
        parts = [value for value in domain.values if value in cell.parts]
    elif isinstance(domain, Number):
        parts = [f"{span.start[0]}{'+' * span.start[1]}:{span.end[0]}{'+' * span.end[1]}" for span in _joined(cell)]
    else:
        parts = sorted(str(part) for part in cell.parts)
    return "|".join([*parts, *(["none"] if cell.unstated else [])])


def _joined(cell: Cell) -> list[Span]:
    """The spans of a cell in order, those that touch made one."""
    joined: list[Span] = []
    for span in sorted((part for part in cell.parts if isinstance(part, Span)), key=lambda span: span.start):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined


def say(domain: Domain, text: Text, cell: Cell) -> Text:
    """Say a condition on a column of this name to people: ``severity = general or complex``, ``people >= 30``."""
    parts = _joined(cell) if isinstance(domain, Number) else cell.parts
    said = [domain.say(part) for part in parts[:_SAID]]
    if len(parts) > _SAID:
        said.append(Text(f"{len(parts) - _SAID} more", f"另外 {len(parts) - _SAID} 处"))
    if cell.unstated:
        said.append(Text("not stated", "未填"))
    equals = Text(" = ", "=") if parts and not isinstance(domain, Number) else Text(" ", "")
    return equals.join((text, OR.join(said)))
