"""What a row of a journal comes to: a case, its actions with their moments, and details of the right type.

Nothing is parsed behind this point: yes and no are bools, scores whole numbers, moments aware datetimes.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import blake2b
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
        steps: In the order in which to apply them; none where somebody was asked for a verdict and gave none.
        digest: 16 bytes over all non-empty cells with their headings; an exact repeat has the same. The order of the
            columns, the file's format and blanks around a cell do not matter.
        zone: The IANA zone in which the journal's times without an offset are read.
        faults: What is wrong with single steps of a wide row: they are not among its steps, and the others are.
        ordinal: How many rows before it in the file say the same but for free text.
    """

    line: int
    cells: dict[str, str]
    case: str
    fields: Fields
    extra: dict[str, str]
    steps: tuple[DatedAction, ...]
    digest: bytes
    zone: str = ""
    faults: tuple[Fault, ...] = ()
    ordinal: int = 0

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


# --- what makes a row the same row, and what no row may hold ----------------------------------------------------------

#: A cell with more characters than this is no cell of a journal.
MAX_CELL = 1_000_000

# Between cells, and between a heading and its cell; control characters that no keyboard makes.
_NEXT, _IS = "\x1e", "\x1f"


def prefix(heading: str) -> str:
    """Return what stands before a cell in the digest: its folded heading and a separator that occurs nowhere in it."""
    return heading.replace(_NEXT, "").replace(_IS, "") + _IS


def digest(parts: list[str], cells: Iterable[str]) -> bytes | None:
    """Return the 16 bytes by which a row is known.

    Args:
        parts: One for each cell that is not empty: `prefix` and cell, without blanks around it, in a fixed order.
        cells: The cells, whole.

    Returns:
        The digest; None if a cell is too long or holds what is no text, as `unfit` then tells.
    """
    whole = _NEXT.join(parts)
    if "\0" in whole or (len(whole) > MAX_CELL and max(map(len, cells)) > MAX_CELL):
        return None
    if whole.count(_NEXT) != len(parts) - 1 or whole.count(_IS) != len(parts):
        # Somebody's cell holds our own separators: say how long each part is, so that no two rows look alike.
        whole = "".join(f"{len(part)}{_NEXT}{part}" for part in parts)
    if "\r" in whole:  # a workbook has \n where a CSV file has \r\n
        whole = whole.replace("\r\n", "\n").replace("\r", "\n")
    try:
        return blake2b(whole.encode(), digest_size=16).digest()
    except UnicodeEncodeError:
        return None


def unfit(cells: Mapping[str, str]) -> list[Fault]:
    """Return what is wrong with the cells of a row that has no digest: one fault at least."""
    faults = []
    for heading, cell in cells.items():
        shown = cell.replace("\0", "␀").encode("utf-8", "replace").decode()
        if len(cell) > MAX_CELL:
            reason = Text(f"the cell has {len(cell)} characters", f"单元格有 {len(cell)} 个字符")
            allowed = Text(f"at most {MAX_CELL} characters", f"最多 {MAX_CELL} 个字符")
            faults.append(Fault(heading, shorten(cell), reason, allowed))
        elif "\0" in cell:
            faults.append(
                Fault(heading, shorten(shown), Text("the cell holds a NUL character", "单元格含有空字符（NUL）"))
            )
        elif shown != cell:
            reason = Text("the cell holds half a character", "单元格含有残缺字符")
            faults.append(Fault(heading, shorten(shown), reason))
    reason = Text("a heading of this row holds characters that are no text", "该行的表头含有非文字字符")
    return faults or [Fault("", "", reason)]
