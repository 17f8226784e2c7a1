"""Domains (取值范围): what a column of a table may hold, and how a cell speaks of it: read, written in one way, said.

A condition cell is read into a `Cell`: the parts of the domain that it takes in. Numbers are kept as half-open spans
between *cuts*: ``(5, 0)`` lies just before 5 and ``(5, 1)`` just after it, so that open and closed ends, whole numbers
and decimals are all one kind of thing.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import TypeAlias

import attrs

from governflow.model.terms import Form, Kind, Mode, Severity, Tier, Urgency
from governflow.normalize import half_width, key
from governflow.text import Text

Cut: TypeAlias = tuple[int | Decimal, int]

BEFORE_ALL: Cut = (Decimal("-Infinity"), 0)
AFTER_ALL: Cut = (Decimal("Infinity"), 1)

#: How many digits a division code has without its trailing groups of zeros: province to village.
CODE_LENGTHS = (6, 9, 12, 4, 2)

_NUMBER = r"-?\d{1,15}(?:\.\d{1,15})?"
_DOTS = r"\s*(?:\.\.|~|至)\s*"
_COMPARED = re.compile(rf"(>=|<=|>|<|=|≥|≤)?\s*({_NUMBER})")
_RANGE = re.compile(rf"({_NUMBER})?{_DOTS}({_NUMBER})?")
_BRACKETS = re.compile(rf"([\[(])\s*({_NUMBER})?\s*,\s*({_NUMBER})?\s*([\])])")


class Unfit(Exception):
    """A cell or value that the domain does not know; never leaves this package.

    Args:
        en: What is wrong and what would be right, to follow the place where it is.
        zh: The same in Chinese.
    """

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.text = Text(en, zh)


@attrs.frozen
class Span:
    """The numbers between two cuts.

    Args:
        start: The cut before the first of them.
        end: The cut after the last of them.
    """

    start: Cut
    end: Cut


Part: TypeAlias = str | Span


@attrs.frozen
class Cell:
    """What one condition asks of one column.

    Args:
        parts: Values, spans, or codes (``3716*``: all that begin so); any of them fits.
        unstated: Whether a case that does not state the column fits too.
    """

    parts: tuple[Part, ...]
    unstated: bool = False


# --- the kinds of domain ----------------------------------------------------------------------------------------------


@attrs.frozen(cache_hash=True)
class Closed:
    """A closed set of values.

    Args:
        values: The values, as facts hold them.
        names: Their names, in the same order.
        also: Other spellings of each, in the same order.
    """

    values: tuple[str, ...]
    names: tuple[Text, ...]
    also: tuple[tuple[str, ...], ...] = ()

    @cached_property
    def _spelt(self) -> Mapping[str, str]:
        spelt: dict[str, str] = {}
        also = self.also or ((),) * len(self.values)
        for value, name, others in zip(self.values, self.names, also, strict=True):
            for word in (value, name.en, name.zh, *others):
                spelt.setdefault(key(word), value)
        return spelt

    @property
    def written(self) -> str:
        """The domain as a table declares it."""
        pairs = zip(self.values, self.names, strict=True)
        return "|".join(value if value == name.zh else f"{value}/{name.zh}" for value, name in pairs)

    @property
    def allowed(self) -> Text:
        """What may be told."""
        pairs = zip(self.values, self.names, strict=True)
        zh = "、".join(value if value == name.zh else f"{value}（{name.zh}）" for value, name in pairs)
        return Text(f"one of {', '.join(self.values)}", f"{zh} 之一")

    def member(self, word: str) -> str | None:
        """Return the value that a word means, or None."""
        return self._spelt.get(key(word))

    def read(self, value: object) -> str:
        """Read a told value."""
        if isinstance(value, bool):
            value = "yes" if value else "no"
        found = self.member(value) if isinstance(value, str) else None
        if found is None:
            raise _wrong(value, self.allowed)
        return found

    def say(self, part: Part) -> Text:
        """Name a value."""
        return self.names[self.values.index(str(part))] if part in self.values else Text(str(part), str(part))


@attrs.frozen(cache_hash=True)
class Number:
    """Numbers between two bounds, both ends in.

    Args:
        low: The lowest, or None.
        high: The highest, or None.
        whole: Whether they are whole numbers.
    """

    low: int | Decimal | None
    high: int | Decimal | None
    whole: bool = True

    @property
    def written(self) -> str:
        """The domain as a table declares it."""
        low, high = ("" if bound is None else self._write(bound) for bound in (self.low, self.high))
        return f"{low}..{high}"

    def _write(self, bound: int | Decimal) -> str:
        text = str(bound)
        return text if self.whole or "." in text else f"{text}.0"

    @property
    def allowed(self) -> Text:
        """What may be told."""
        en, zh = ("a whole number", "整数") if self.whole else ("a number", "数")
        return Text(f"{en} in {self.written}", f"{self.written} 范围内的{zh}")

    @property
    def span(self) -> Span:
        """All of the domain."""
        start = BEFORE_ALL if self.low is None else (self.low, 0)
        return Span(start, AFTER_ALL if self.high is None else self.after(self.high))

    def after(self, number: int | Decimal) -> Cut:
        """Return the cut after a number: before the next one where numbers are whole."""
        return (number + 1, 0) if self.whole else (number, 1)

    def number(self, value: object) -> int | Decimal | None:
        """Return a value as a number of this kind, or None."""
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if not isinstance(value, (str, float, Decimal)) or not re.fullmatch(_NUMBER, half_width(str(value))):
            return None
        number = Decimal(half_width(str(value)))
        if not self.whole:
            return number
        return int(number) if number == number.to_integral_value() else None

    def read(self, value: object) -> str | int:
        """Read a told value."""
        number = self.number(value)
        if number is None or not self._inside(number):
            raise _wrong(value, self.allowed)
        if self.whole:
            return int(number)
        text = format(Decimal(number), "f") if number else "0"
        return text.rstrip("0").rstrip(".") if "." in text else text

    def _inside(self, number: int | Decimal) -> bool:
        span = self.span
        return span.start <= (number, 0) < span.end

    def part(self, piece: str) -> Part:
        """Read one alternative of a condition cell."""
        start, end = self._ends(piece)
        whole = self.span
        span = Span(max(start, whole.start), min(end, whole.end))
        if span.start >= span.end:
            raise Unfit(
                f"{piece!r} holds no number of the domain {self.written}: widen it or leave the rule out",
                f"“{piece}”不含取值范围 {self.written} 内的任何数：请放宽或删去该规则",
            )
        return span

    def _ends(self, piece: str) -> tuple[Cut, Cut]:
        if found := _COMPARED.fullmatch(piece):
            sign, number = found[1] or "=", self._bound(found[2], piece)
            before, after = (number, 0), self.after(number)
            start = {"=": before, ">=": before, "≥": before, ">": after}.get(sign, BEFORE_ALL)
            return start, {"=": after, "<=": after, "≤": after, "<": before}.get(sign, AFTER_ALL)
        found = _RANGE.fullmatch(piece)
        brackets = _BRACKETS.fullmatch(piece)
        if (found is None and brackets is None) or (found and found[1] is None and found[2] is None):
            raise Unfit(
                f"{piece!r} is no condition on numbers: write 5, >=3, <30, 3..10 or [3,10)",
                f"“{piece}”不是数值条件：请写 5、>=3、<30、3..10 或 [3,10)",
            )
        opening, low, high, closing = ("[", found[1], found[2], "]") if found else brackets.groups()  # type: ignore[union-attr]
        start, end = BEFORE_ALL, AFTER_ALL
        if low is not None:
            number = self._bound(low, piece)
            start = (number, 0) if opening == "[" else self.after(number)
        if high is not None:
            number = self._bound(high, piece)
            end = self.after(number) if closing == "]" else (number, 0)
        return start, end

    def _bound(self, text: str, piece: str) -> int | Decimal:
        number = self.number(text)
        if number is None:
            raise Unfit(
                f"{piece!r} speaks of {text}, but the domain {self.written} has whole numbers only",
                f"“{piece}”含 {text}，而取值范围 {self.written} 只有整数",
            )
        if not self._inside(number):
            raise Unfit(
                f"{piece!r} speaks of {text}, which is outside the domain {self.written}: mend the cell or the domain",
                f"“{piece}”中的 {text} 超出取值范围 {self.written}：请修改单元格或取值范围",
            )
        return number

    def say(self, part: Part) -> Text:
        """Write a span with a sign before it: ``= 5``, ``>= 30``, ``= 3..10``."""
        assert isinstance(part, Span)
        sign, number = self._said(part)
        return Text(f"{sign} {number}", f"{ {'>=': '≥', '<=': '≤', 'in': '∈'}.get(sign, sign) }{number}")

    def _said(self, span: Span) -> tuple[str, str]:
        (low, after_low), (high, after_high) = span.start, span.end
        from_below, to_above = span.start <= self.span.start, span.end >= self.span.end
        first, last = ("" if end in (BEFORE_ALL[0], AFTER_ALL[0]) else end for end in (low, high))
        if self.whole:
            last = last - 1 if isinstance(last, int) else last
            after_low, after_high = 0, 1
        if first == last:
            return "=", str(first)
        if from_below and not to_above:
            return "<=" if after_high else "<", str(last)
        if to_above and not from_below:
            return ">" if after_low else ">=", str(first)
        if after_high and not after_low:
            return "=", f"{first}..{last}"
        return "in", f"{'(' if after_low else '['}{first}, {last}{']' if after_high else ')'}"


class _Texts:
    """Texts that are said as they are written."""

    __slots__ = ()

    def say(self, part: Part) -> Text:
        """Write a text."""
        return Text(str(part), str(part))


@attrs.frozen
class Code(_Texts):
    """Division codes (区划代码) of 2 to 12 digits, without trailing groups of zeros; other texts are other places."""

    written = "code"
    allowed = Text(
        "a division code of 2, 4, 6, 9 or 12 digits, such as 371621", "2、4、6、9 或 12 位区划代码，如 371621"
    )

    def read(self, value: object) -> str:
        """Read a told value."""
        text = half_width(value) if isinstance(value, str) else str(value) if type(value) is int else ""
        if not re.fullmatch(r"[0-9]+", text) or len(text) not in CODE_LENGTHS:
            raise _wrong(value, self.allowed)
        while len(text) > 6 and text.endswith("000"):
            text = text[:-3]
        return text

    def part(self, piece: str) -> Part:
        """Read one alternative of a condition cell."""
        return piece if re.fullmatch(r"[0-9]{1,12}\*", piece) else self.read(piece)


@attrs.frozen
class Open(_Texts):
    """Any text: what no rule names is one class, "anything else"."""

    written = "*"
    allowed = Text("any text", "任意文字")

    def read(self, value: object) -> str:
        """Read a told value."""
        text = half_width(value).strip() if isinstance(value, str) else str(value) if type(value) is int else ""
        if not text:
            raise _wrong(value, self.allowed)
        return text


Domain: TypeAlias = Closed | Number | Code | Open


# --- the sets that everybody knows ------------------------------------------------------------------------------------


def _closed(members: Iterable[Severity | Urgency | Tier | Form | Mode | Kind], *also: tuple[str, ...]) -> Closed:
    found = tuple(members)
    return Closed(tuple(one.value for one in found), tuple(one.text for one in found), also)


YES_NO = Closed(("yes", "no"), (Text("yes", "是"), Text("no", "否")), (("true", "y", "√"), ("false", "n", "×")))
SEVERITY = _closed(Severity)
URGENCY = _closed(Urgency)
TIER = _closed(Tier, ("tier 1", "一级", "1级"), ("tier 2", "二级", "2级"), ("tier 3", "三级", "3级"))
# 直办、核办、协办、领办、联办、研办: what people call the six forms.
FORM = _closed(Form, *((form.text.zh[-2:],) for form in Form))
MODE = _closed(Mode, ("平", "everyday"), ("急",))
KIND = _closed(Kind)


def _wrong(value: object, allowed: Text) -> Unfit:
    return Unfit(f"{value!r:.80} cannot be used: give {allowed.en}", f"“{str(value)[:80]}”不可用：应为{allowed.zh}")


# --- cells: how a condition and a domain are read, written in one way and said to people ------------------------------

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
    found = _RANGE.fullmatch(spec)
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
