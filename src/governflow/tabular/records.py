"""What a file of rows is read into: records, rows that cannot be taken apart, and notices.

A row that cannot be used is a `Reject`, which keeps its cells whole so that it can be written out, mended and run
again; a `Notice` says what the reader took for granted.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import attrs

from governflow.text import NOTHING, Text

#: Line, headings, one text per heading, and the places of cells that hold a formula.
Record: TypeAlias = tuple[int, tuple[str, ...], list[str], frozenset[int]]
NO_FORMULAS: frozenset[int] = frozenset()

#: Columns that a rejects file has for the clerk; they are no part of the journal.
RESERVED = frozenset(("_line", "_reason", "_行号", "_原因"))

#: How much of a value is shown in a sentence; a cell may hold megabytes.
SHOWN = 60


def shorten(value: str) -> str:
    """Cut a value down to what fits into a sentence: one line of `SHOWN` characters and a mark of what was left out."""
    flat = " ".join(value[: SHOWN * 4].split())
    if len(value) <= SHOWN * 4 and len(flat) <= SHOWN:
        return flat
    return f"{flat[:SHOWN]}… ({len(value)})"


@attrs.frozen
class Fault:
    """One thing that is wrong with a row.

    Args:
        column: The heading as it stands in the file; empty when the row as a whole is at fault.
        value: The cell, shortened for display.
        reason: What is wrong with it.
        allowed: What would be right; may be empty.
    """

    column: str
    value: str
    reason: Text
    allowed: Text = NOTHING

    def say(self, lang: str) -> str:
        """Return the fault as one sentence, without the line number."""
        said = self.reason.say(lang)
        if self.column:
            said = f"“{self.column}”列：{said}" if lang == "zh" else f"column {self.column}: {said}"
        if self.allowed.say(lang):
            said += f"；应为：{self.allowed.zh}" if lang == "zh" else f"; allowed: {self.allowed.en}"
        return said


@attrs.frozen
class Reject:
    """A row that cannot be used, with every fault that was found in it.

    Args:
        line: The line (CSV, JSONL) or row (XLSX) number in the file, from 1.
        faults: What is wrong; at least one.
        headings: All headings of the file, in its order.
        cells: Heading to raw text, whole; a short row lacks its last headings.
        surplus: Cells beyond the last heading, or the whole line where it could not be taken apart.
    """

    line: int
    faults: tuple[Fault, ...]
    headings: tuple[str, ...]
    cells: Mapping[str, str]
    surplus: tuple[str, ...] = ()

    def say(self, lang: str) -> str:
        """Return line, columns, reasons and what would be allowed, on one line."""
        return (f"第 {self.line} 行：" if lang == "zh" else f"line {self.line}: ") + self.because(lang)

    def because(self, lang: str) -> str:
        """Return the reasons without the line number, on one line."""
        return ("；" if lang == "zh" else "; ").join(fault.say(lang) for fault in self.faults)


@attrs.frozen
class Notice:
    """Something that the reader took for granted and that a person ought to know.

    Args:
        kind: ``"heading"`` (rows above the headings skipped), ``"sheet"`` (other sheets not read), ``"unmapped"``
            (columns kept outside the events), ``"formulas"`` (formulas in unmapped columns) or ``"dates"`` (dates
            without a time).
        text: The sentence.
    """

    kind: str
    text: Text

    def say(self, lang: str) -> str:
        """Return the sentence."""
        return self.text.say(lang)


def refuse(line: int, headings: tuple[str, ...], values: Sequence[str], reason: Text) -> Reject:
    """Return the reject of a row that could not be taken apart as its headings want it."""
    cells = dict(zip(headings, values, strict=False))
    return Reject(line, (Fault("", "", reason),), headings, cells, tuple(values[len(headings) :]))


def uneven(line: int, headings: tuple[str, ...], values: Sequence[str]) -> Reject:
    """Return the reject of a row with more or fewer cells than there are headings."""
    found, wanted = len(values), len(headings)
    en = f"the row has {found} cells, but there are {wanted} headings"
    return refuse(line, headings, values, Text(en, f"该行有 {found} 个单元格，而表头有 {wanted} 列"))


def trim(values: list[str], width: int) -> None:
    """Drop blank cells beyond the last heading: Excel writes them where a column was once formatted."""
    while len(values) > width and not values[-1].strip():
        values.pop()


def letter(place: int) -> str:
    """Name a column, by its place from 0, as a spreadsheet does: ``A`` to ``Z``, then ``AA`` and so on."""
    name, place = "", place + 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
