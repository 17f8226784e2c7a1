"""What a journal is turned into: clean rows, rejected rows, and notices.

Nothing here reads a file. A row that can be used is a `Row`; one that cannot is a `Reject`, which keeps the cells whole
so that it can be written out, mended and run again; a `Notice` says what the reader took for granted.
"""

from datetime import datetime
from typing import TypeAlias

import attrs

from governflow.tabular.records import Fault, Notice, Reject, shorten
from governflow.text import NOTHING, Text


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


Item: TypeAlias = Row | Reject | Notice
