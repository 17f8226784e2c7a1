"""What a journal is turned into: clean rows, rejected rows, and notices.

Nothing here reads a file. A row that can be used is a `Row`; one that cannot is a `Reject`, which keeps the cells whole
so that it can be written out, mended and run again; a `Notice` says what the reader took for granted.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias

import attrs

from governflow.text import Text

#: How much of a value is shown in a sentence; a cell may hold megabytes.
SHOWN = 60

NOTHING = Text("", "")


def shorten(value: str) -> str:
    """Cut a value down to what fits into a sentence.

    Args:
        value: Any text, of any length.

    Returns:
        The value on one line, at most `SHOWN` characters and a mark of what was left out.
    """
    flat = " ".join(value[: SHOWN * 4].split())
    if len(value) <= SHOWN * 4 and len(flat) <= SHOWN:
        return flat
    return f"{flat[:SHOWN]}… ({len(value)})"


@attrs.frozen
class Step:
    """One action of a case at one moment.

    Args:
        action: The action's canonical English name.
        at: When it happened, in UTC.
        date_only: The journal gave a date without a time; `at` is then the end of that day (23:59:59) in its zone.
    """

    action: str
    at: datetime
    date_only: bool


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
        """Return the fault as one sentence.

        Args:
            lang: ``"zh"`` or ``"en"``.

        Returns:
            The sentence, without the line number.
        """
        zh = lang == "zh"
        parts = []
        if self.column:
            parts.append(f"“{self.column}”列：" if zh else f"column {self.column}: ")
        parts.append(self.reason.say(lang))
        if self.allowed.say(lang):
            parts.append(f"；应为：{self.allowed.zh}" if zh else f"; allowed: {self.allowed.en}")
        return "".join(parts)


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

    @property
    def column(self) -> str:
        """The heading of the first fault; empty when the row as a whole is at fault."""
        return self.faults[0].column

    @property
    def value(self) -> str:
        """The cell of the first fault, shortened for display."""
        return self.faults[0].value

    @property
    def reason(self) -> Text:
        """Why the row is refused (its first fault)."""
        return self.faults[0].reason

    @property
    def allowed(self) -> Text:
        """What would be right (for its first fault); may be empty."""
        return self.faults[0].allowed

    def say(self, lang: str) -> str:
        """Return line, columns, reasons and what would be allowed.

        Args:
            lang: ``"zh"`` or ``"en"``.

        Returns:
            One line of text for a person.
        """
        return (f"第 {self.line} 行：" if lang == "zh" else f"line {self.line}: ") + self.because(lang)

    def because(self, lang: str) -> str:
        """Return the reasons without the line number.

        Args:
            lang: ``"zh"`` or ``"en"``.

        Returns:
            One line of text for a person.
        """
        return ("；" if lang == "zh" else "; ").join(fault.say(lang) for fault in self.faults)


@attrs.frozen
class Row:
    """A clean row: one action (narrow journal) or one case with its steps (wide journal).

    Args:
        line: The line (CSV, JSONL) or row (XLSX) number in the file, from 1; of a record over several lines, the first.
        cells: Heading to raw text, whole.
        case: The case's id.
        fields: Our field names to cleaned text; an empty cell is absent. ``visit`` and ``satisfied`` are ``yes`` or
            ``no``, ``severity`` and ``urgency`` English, ``score`` 1 to 5, ``until`` ISO 8601 with offset.
        extra: Columns that nobody mapped: heading to raw text; empty cells are absent.
        steps: At least one, in the order in which to apply them.
        digest: 16 bytes over all non-empty cells with their headings; an exact repeat has the same. The order of the
            columns, the file's format and blanks around a cell do not matter.
    """

    line: int
    cells: dict[str, str]
    case: str
    fields: dict[str, str]
    extra: dict[str, str]
    steps: tuple[Step, ...]
    digest: bytes

    def refused(self, reason: Text, allowed: Text = NOTHING, *, column: str = "", value: str = "") -> Reject:
        """Make a reject of a row that reads well but that the engine refuses.

        Args:
            reason: Why it is refused.
            allowed: What would be right.
            column: The heading at fault, if it is one.
            value: The value at fault.

        Returns:
            The reject, with the row's cells whole.
        """
        fault = Fault(column, shorten(value), reason, allowed)
        return Reject(self.line, (fault,), tuple(self.cells), self.cells)


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
        """Return the sentence.

        Args:
            lang: ``"zh"`` or ``"en"``.

        Returns:
            One line of text for a person.
        """
        return self.text.say(lang)


Item: TypeAlias = Row | Reject | Notice
