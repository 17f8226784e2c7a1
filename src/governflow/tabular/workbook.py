"""Workbooks: XLSX, streamed one row at a time.

A cell is turned into the text that the clerk sees, so that the same journal gives the same text from a workbook and
from a CSV file.
"""

import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias, cast

import attrs

from governflow.errors import JournalError
from governflow.normalize import number_text
from governflow.tabular.records import NO_FORMULAS, RESERVED, File, Record, Reject, letter, trim, uneven

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell, MergedCell
    from openpyxl.cell.read_only import EmptyCell, ReadOnlyCell
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet
    from openpyxl.worksheet.worksheet import Worksheet

    AnyCell: TypeAlias = Cell | MergedCell | ReadOnlyCell | EmptyCell

# How OOXML writes a character that XML cannot hold, and the underscore that would be mistaken for the start of one.
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_TO_ESCAPE = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")

# What in a number format is shown as it stands: quoted, escaped or bracketed (a colour, a language).
_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')

_AT_A_TIME = 500


class Book:
    """One workbook, open.

    Args:
        path: The file.

    Raises:
        JournalError: If it is no workbook, or damaged.
    """

    def __init__(self, path: File) -> None:
        self._name = path.name
        self._file: BinaryIO = path.open("rb")
        try:
            self._book = self._load()
        except BaseException:
            self._file.close()
            raise

    def _load(self) -> "Workbook":
        from openpyxl import load_workbook  # a fifth of a second: only for those who read a workbook

        name = self._name
        try:
            with zipfile.ZipFile(self._file) as archive:
                inside = set(archive.namelist())
        except Exception:  # noqa: BLE001 - zipfile has many names for a damaged file
            raise JournalError(
                f"{name} is damaged or was not copied to its end: save it again as .xlsx",
                f"{name} 已损坏或未复制完整：请重新另存为 .xlsx",
            ) from None
        if "xl/workbook.xml" not in inside:
            raise JournalError(
                f"{name} is no .xlsx workbook: open it in Excel and save it as .xlsx",
                f"{name} 不是 .xlsx 工作簿：请用 Excel 打开后另存为 .xlsx",
            )
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # on styles and extensions that do not concern us
                return load_workbook(self._file, read_only=True, data_only=False)
        except Exception:  # noqa: BLE001 - openpyxl promises no particular exceptions for a damaged file
            raise self._damaged() from None

    def _damaged(self, line: int = 0) -> JournalError:
        en, zh = (f" after row {line}", f"第 {line} 行之后") if line else ("", "")
        return JournalError(
            f"{self._name} is damaged{en}: open it in Excel and save it again as .xlsx",
            f"{self._name} {zh}已损坏：请用 Excel 打开后重新另存为 .xlsx",
        )

    def close(self) -> None:
        """Close the file."""
        self._book.close()
        self._file.close()

    def tables(self) -> "list[tuple[str, SheetTable]]":
        """Return the visible sheets in their order, with their names."""
        sheets = [sheet for sheet in self._book.worksheets if sheet.sheet_state == "visible"]
        return [(sheet.title, SheetTable(self, sheet)) for sheet in sheets]

    @property
    def serials(self) -> bool:
        """Whether days are counted from 1900, as everywhere but on old Macs."""
        return bool(self._book.epoch.year < 1904)

    def rows(self, sheet: "ReadOnlyWorksheet") -> "Iterator[tuple[AnyCell, ...]]":
        """Return the rows of a sheet.

        Raises:
            JournalError: If the file is damaged on the way.
        """
        sheet.reset_dimensions()  # many programs write a wrong one
        rows = cast("Worksheet", sheet).iter_rows()
        done = 0
        while True:
            try:
                # Filters of warnings belong to the process: they are never left changed while somebody else runs.
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # a date out of bounds arrives as the error cell that it is
                    some = list(islice(rows, _AT_A_TIME))
            except Exception:  # noqa: BLE001 - openpyxl promises no particular exceptions for a damaged file
                raise self._damaged(done) from None
            if not some:
                return
            yield from some
            done += len(some)


@attrs.define
class SheetTable:
    """One sheet of a workbook."""

    _book: Book
    _sheet: "ReadOnlyWorksheet"
    headings: tuple[str, ...] = ()

    def records(self) -> Iterator[Record | Reject]:
        """Return the rows, numbered as in Excel.

        Raises:
            JournalError: If the file is damaged on the way.
        """
        for line, row in enumerate(self._book.rows(self._sheet), 1):
            if not row:
                continue
            headings, width = self.headings, len(self.headings)
            values = [_text(cell) if cell.value is not None else "" for cell in row]
            values += [""] * (width - len(values))
            trim(values, width)
            if len(values) > width and not RESERVED.isdisjoint(headings):
                # What a rejects file has beyond its headings was refused for standing there, until it is mended.
                yield uneven(line, headings, values)
                continue
            if width and len(values) > width:
                headings = (*headings, *(f"({letter(place)})" for place in range(width, len(values))))
            formulas = [place for place, cell in enumerate(row[: len(values)]) if cell.data_type == "f"]
            yield line, headings, values, frozenset(formulas) if formulas else NO_FORMULAS


def _text(cell: "AnyCell") -> str:
    value = cell.value
    if isinstance(value, str):
        escaped = cell.data_type == "s" and "_x" in value
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value) if escaped else value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return number_text(value)
    if isinstance(value, datetime):
        shown = _LITERAL.sub("", str(cell.number_format)).casefold()
        day = value.time() == time.min and not ("h" in shown or "s" in shown)
        return value.date().isoformat() if day else value.isoformat(" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    # Array formulas come as objects that hold their text; spans of time have a text of their own.
    return str(getattr(value, "text", None) or value)


#: A sheet holds no more rows than this.
SHEET_ROWS = 1_048_576


def write_sheet(path: Path, rows: Iterable[list[str]]) -> None:
    """Write a workbook of one sheet in which every cell is the text that it is: no formula, no number, nothing cut."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = cast("WriteOnlyWorksheet", book.create_sheet())
    for row in rows:
        cells = []
        for text in row:
            cell = WriteOnlyCell(sheet)
            # Past the cell's own setter, which makes a formula of "=1", an error of "#N/A", and cuts long text.
            plain = _TO_ESCAPE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
            setattr(cell, "_value", plain or None)  # noqa: B010 - unknown to the type stubs
            cell.data_type = "s"
            cell.number_format = "@"
            cells.append(cell)
        sheet.append(cells)
    book.save(path)
