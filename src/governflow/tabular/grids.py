"""From a file to grids of text: CSV in UTF-8 or GB18030, or the sheets of a workbook with merged cells filled down."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import attrs

from governflow.errors import JournalError, TableError
from governflow.tabular.records import NO_FORMULAS, InMemory, Record, Reject, letter, sort_of, unreadable
from governflow.text import Text

if TYPE_CHECKING:
    from openpyxl.worksheet.cell_range import CellRange

Source: TypeAlias = Path | Traversable | tuple[str, bytes]

#: More rules than this are no table that anybody has read.
MOST_RULES = 10_000
#: Headings, a title, the domain row.
_ABOVE = 20

_LITERAL = re.compile(r"=\s*-?\d+(?:\.\d+)?")


@attrs.frozen
class Grid:
    """One sheet.

    Args:
        name: Its name, "" for a CSV file.
        rows: The row numbers from 1, each with its cells; empty rows are left out.
        faults: What is wrong with single cells: row, place, what.
    """

    name: str
    rows: tuple[tuple[int, list[str]], ...]
    faults: tuple[tuple[int, int, Text], ...] = ()

    def where(self, row: int, place: int | None = None, heading: str = "") -> Text:
        """Return where a cell or row is."""
        en = f"sheet {self.name}, row {row}" if self.name else f"row {row}"
        zh = f"工作表“{self.name}”第 {row} 行" if self.name else f"第 {row} 行"
        if place is None:
            return Text(en, zh)
        name_en, name_zh = (f" ({heading})", f"（{heading}）") if heading else ("", "")
        return Text(f"{en}, column {letter(place)}{name_en}", f"{zh} {letter(place)} 列{name_zh}")


def read(source: Source, name: str = "") -> tuple[str, tuple[Grid, ...]]:
    """Read a file.

    Args:
        source: A path, a packaged resource, or a file's name and its bytes.
        name: What errors call it; "" for the file's name.

    Returns:
        The name, and the sheets that are visible; one for a CSV file.

    Raises:
        TableError: It cannot be read at all, or has more rows than `MOST_RULES`.
    """
    file = source[0] if isinstance(source, tuple) else source.name
    name = f"{name} ({file})" if name else file
    try:
        data = source[1] if isinstance(source, tuple) else source.read_bytes()
    except OSError as error:
        raise TableError(name, [unreadable(Path(file), error).text]) from None
    if not data.strip():
        raise TableError.of(name, "the file is empty", "文件是空的")
    held = InMemory(file, data)
    try:
        kind, encoding = sort_of(held)
        return name, _workbook(name, held) if kind == "xlsx" else (_csv(name, data.decode(encoding)),)
    except JournalError as error:
        raise TableError(name, [error.text]) from None
    except UnicodeDecodeError:
        raise TableError.of(
            name, "it cannot be decoded: save it as CSV UTF-8", "无法解码：请另存为 CSV UTF-8"
        ) from None


def _csv(name: str, text: str) -> Grid:
    cells = csv.reader(io.StringIO(text, newline=""))
    try:
        # Rows are counted as a spreadsheet shows them, which is not by lines where a cell has several.
        rows, _ = _filled(name, ((row, (), values, NO_FORMULAS) for row, values in enumerate(cells, 1)))
    except csv.Error as error:
        line = cells.line_num
        raise TableError.of(
            name, f"it is no CSV after line {line}: {error}", f"第 {line} 行之后不是 CSV：{error}"
        ) from None
    return Grid("", tuple(rows.items()))


def _filled(name: str, records: Iterable[Record | Reject]) -> tuple[dict[int, list[str]], list[tuple[int, int, Text]]]:
    """The rows that are not empty, and the cells of them whose formulas are not known by value."""
    rows: dict[int, list[str]] = {}
    faults: list[tuple[int, int, Text]] = []
    for record in records:
        assert not isinstance(record, Reject)  # which only a rejects file gives
        row, _, values, formulas = record
        if not any(value.strip() for value in values):
            continue
        rows[row] = values
        if len(rows) > MOST_RULES + _ABOVE:
            raise TableError.of(
                name,
                f"it has more than {MOST_RULES:,} rules: split it by a question that comes first",
                f"规则超过 {MOST_RULES} 条：请按先判断的问题拆成几张表",
            )
        # "=5" typed as a condition is kept by spreadsheets as a formula; it means what it says.
        real = sorted(place for place in formulas if not _LITERAL.fullmatch(values[place]))
        faults += [(row, place, Text("holds a formula: put its value there", "是公式：请改为数值")) for place in real]
    return rows, faults


def _workbook(name: str, file: InMemory) -> tuple[Grid, ...]:
    from governflow.tabular.workbook import Book  # which is only needed for workbooks

    with closing(Book(file)) as book:
        sheets = [(title, *_filled(name, sheet.records())) for title, sheet in book.tables()]
    merged = _merged(file.data)
    return tuple(_merged_down(title, rows, faults, merged.get(title, ())) for title, rows, faults in sheets)


def _merged(data: bytes) -> dict[str, "Sequence[CellRange]"]:
    """The merged ranges of each sheet, which are only known to those who load a workbook whole."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheets = [entry for entry in archive.namelist() if entry.startswith("xl/worksheets/")]
        if not any(b"<mergeCell" in archive.read(entry) for entry in sheets if not entry.endswith("/")):
            return {}
    import warnings

    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on styles and extensions that do not concern us
        book = load_workbook(io.BytesIO(data))
    return {sheet.title: tuple(sheet.merged_cells.ranges) for sheet in book.worksheets}


def _merged_down(
    title: str, rows: dict[int, list[str]], faults: list[tuple[int, int, Text]], merged: "Sequence[CellRange]"
) -> Grid:
    for area in merged:
        place = area.min_col - 1
        first = rows.get(area.min_row, [])
        value = first[place] if place < len(first) else ""
        for row in range(area.min_row + 1, area.max_row + 1):
            cells = rows.get(row)
            if cells is not None and value:
                cells += [""] * (place + 1 - len(cells))
                cells[place] = value
        if area.max_col > area.min_col and value:
            faults.append((area.min_row, place, Text("is merged across columns: split it", "跨列合并：请拆分")))
    return Grid(title, tuple(sorted(rows.items())), tuple(faults))
