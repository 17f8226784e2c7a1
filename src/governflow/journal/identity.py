"""What makes a row the same row, and what no row may hold."""

from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from operator import itemgetter

from governflow.tabular.records import Fault, shorten
from governflow.text import Text

#: A cell with more characters than this is no cell of a journal.
MAX_CELL = 1_000_000

# Between cells, and between a heading and its cell; control characters that no keyboard makes.
_NEXT, _IS = "\x1e", "\x1f"


class Unfit(ValueError):
    """A row that holds what no row may hold; `unfit` says where."""


def prefix(heading: str) -> str:
    """Make what stands before a cell in the digest.

    Args:
        heading: The heading, folded.

    Returns:
        The heading and a separator that occurs nowhere else in it.
    """
    return heading.replace(_NEXT, "").replace(_IS, "") + _IS


def picker(places: list[int]) -> Callable[[list[str]], tuple[str, ...]]:
    """Make a function that gives the cells at some places.

    Args:
        places: In the order in which they enter the digest.

    Returns:
        A function from a row's cells to those.
    """
    if len(places) > 1:
        return itemgetter(*places)  # one call in C for all cells
    return lambda cells: tuple(cells[place] for place in places)


def digest(parts: list[str], cells: Iterable[str]) -> bytes:
    """Make the digest of a row.

    Args:
        parts: One for each cell that is not empty: `prefix` and cell, without blanks around it, in a fixed order.
        cells: The cells, whole.

    Returns:
        16 bytes.

    Raises:
        Unfit: If a cell is too long or holds what is no text.
    """
    whole = _NEXT.join(parts)
    if len(whole) > MAX_CELL and max(map(len, cells)) > MAX_CELL:
        raise Unfit
    if "\0" in whole:
        raise Unfit
    if whole.count(_NEXT) != len(parts) - 1 or whole.count(_IS) != len(parts):
        # Somebody's cell holds our own separators: say how long each part is, so that no two rows look alike.
        whole = "".join(f"{len(part)}{_NEXT}{part}" for part in parts)
    if "\r" in whole:  # a workbook has \n where a CSV file has \r\n
        whole = whole.replace("\r\n", "\n").replace("\r", "\n")
    try:
        return blake2b(whole.encode(), digest_size=16).digest()
    except UnicodeEncodeError:
        raise Unfit from None


def unfit(cells: Mapping[str, str]) -> tuple[Fault, ...]:
    """Return what is wrong with a row whose digest could not be made.

    Args:
        cells: Heading to cell, whole.

    Returns:
        At least one fault.
    """
    faults = []
    for heading, cell in cells.items():
        if len(cell) > MAX_CELL:
            reason = Text(f"the cell has {len(cell)} characters", f"单元格有 {len(cell)} 个字符")
            allowed = Text(f"at most {MAX_CELL} characters", f"最多 {MAX_CELL} 个字符")
            faults.append(Fault(heading, shorten(cell), reason, allowed))
        elif "\0" in cell:
            reason = Text("the cell holds a NUL character", "单元格含有空字符（NUL）")
            faults.append(Fault(heading, shorten(cell.replace("\0", "␀")), reason))
        elif (shown := cell.encode("utf-8", "replace").decode()) != cell:
            reason = Text("the cell holds half a character", "单元格含有残缺字符")
            faults.append(Fault(heading, shorten(shown), reason))
    if not faults:
        reason = Text("a heading of this row holds characters that are no text", "该行的表头含有非文字字符")
        faults.append(Fault("", "", reason))
    return tuple(faults)
