"""What a row of a journal comes to: a case, its actions with their moments, and details of the right type.

Nothing is parsed behind this point: yes and no are bools, scores whole numbers, moments aware datetimes.
"""

from datetime import datetime
from typing import TypeAlias, TypedDict

import msgspec

from governflow.tabular.records import Fault, Notice, Reject, shorten
from governflow.text import NOTHING, Text

#: What a cell is read as.
Value: TypeAlias = str | bool | int | datetime


class Fields(TypedDict, total=False):
    """The cells of a row by our field names; an empty cell is absent.

    ``severity`` and ``urgency`` are the English words, ``score`` is 1 to 5, ``until`` is an aware datetime.
    """

    actor: str
    informant: str
    unit: str
    item: str
    severity: str
    urgency: str
    place: str
    text: str
    channel: str
    reporter: str
    phone: str
    visit: bool
    score: int
    satisfied: bool
    note: str
    clock: str
    into: str
    until: datetime


class DatedAction(msgspec.Struct, frozen=True, array_like=True):
    """One action of a case at one moment.

    Args:
        action: The action's canonical English name.
        at: When it happened, in UTC.
        date_only: The journal gave a date without a time; `at` is then the end of that day (23:59:59) in its zone.
    """

    action: str
    at: datetime
    date_only: bool


class Row(msgspec.Struct, frozen=True, array_like=True):
    """A clean row: one action (narrow journal) or one case with its actions (wide journal).

    Args:
        line: The line (CSV, JSONL) or row (XLSX) number in the file, from 1; of a record over several lines, the first.
        cells: Heading to raw text, whole.
        case: The case's id.
        fields: What the row says, by our field names.
        extra: Columns that nobody mapped: heading to raw text; empty cells are absent.
        steps: At least one, in the order in which to apply them.
        digest: 16 bytes over all non-empty cells with their headings; an exact repeat has the same. The order of the
            columns, the file's format and blanks around a cell do not matter.
        zone: The IANA zone in which the journal's times without an offset are read.
    """

    line: int
    cells: dict[str, str]
    case: str
    fields: Fields
    extra: dict[str, str]
    steps: tuple[DatedAction, ...]
    digest: bytes
    zone: str = ""

    def refused(self, reason: Text, allowed: Text = NOTHING, *, column: str = "", value: str = "") -> Reject:
        """Return the reject of a row that reads well but that the engine refuses.

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
