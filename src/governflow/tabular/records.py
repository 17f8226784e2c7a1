"""From a file to records of text: its format and encoding, where its headings are, and what its rows are read into.

The content decides, not the name: a workbook called ``.csv`` is read as a workbook. Whatever makes the whole file
unreadable is a `JournalError` of one sentence. A row that cannot be used is a `Reject`, which keeps its cells whole so
that it can be written out, mended and run again; a `Notice` says what the reader took for granted.
"""

import codecs
import io
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Literal, Protocol, TypeAlias

import attrs

from governflow.errors import JournalError
from governflow.text import NOTHING, SEMICOLON, Text

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

    def say(self, lang: str, *, values: bool = False) -> str:
        """Return the fault as one sentence, without the line number; with the value too unless the reason shows it."""
        said = self.reason.say(lang)
        shown = values and self.value and self.value not in said
        value = Text(f" {self.value!r}", f"“{self.value}”") if shown else NOTHING
        if self.column:
            said = f"“{self.column}”列{value.zh}：{said}" if lang == "zh" else f"column {self.column}{value.en}: {said}"
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

    def say(self, lang: str, *, values: bool = False) -> str:
        """Return line, columns, reasons and what would be allowed, on one line; the values too if wanted."""
        return (f"第 {self.line} 行：" if lang == "zh" else f"line {self.line}: ") + self.because(lang, values=values)

    def because(self, lang: str, *, values: bool = False) -> str:
        """Return the reasons without the line number, on one line."""
        return SEMICOLON.say(lang).join(fault.say(lang, values=values) for fault in self.faults)


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


# --- which format a file has, and where its headings are --------------------------------------------------------------

#: How many rows may stand above the headings (a title, a date, the name of the office).
_ABOVE = 10
_CHUNK = 1 << 20
#: So many bytes of multi-byte UTF-8 are no accident: what follows is a damaged UTF-8 file, not a GB18030 one.
_SURELY_UTF8 = 24

_OLE = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


class RowSource(Protocol):
    """One grid of text: a CSV file, or one sheet of a workbook."""

    #: Empty until the row that holds them was found.
    headings: tuple[str, ...]

    def records(self) -> Iterator[Record | Reject]:
        """Return the rows; those above the headings have none."""


def named(
    tables: Sequence[tuple[str, RowSource]],
    missing: Callable[[tuple[str, ...]], list[str]],
    lack: Callable[[tuple[str, ...], list[str]], Text],
    matters: Callable[[str], bool],
) -> Iterator[Record | Reject | Notice]:
    """Find the table and the row with the headings, and give the rows below it.

    Args:
        tables: The tables of the file by name.
        missing: Returns what some headings lack.
        lack: Says so.
        matters: Whether somebody asks for a heading: then it may stand there once only.

    Raises:
        JournalError: If no table has the headings, or a heading that matters stands there twice.
    """
    tried: list[tuple[tuple[str, ...], list[str]]] = []
    for name, table in tables:
        records = table.records()
        skipped = 0
        for record in records:
            if isinstance(record, Reject) or not any(cell.strip() for cell in record[2]):
                continue
            headings = _headings(record[2])
            absent = missing(headings)
            if not absent:
                yield from _taken_for_granted(headings, record[0], skipped, matters)
                if len(tables) > 1:
                    others = [other for other, _ in tables if other != name]
                    en, zh = ", ".join(others), "、".join(others)
                    what = Text(f"sheet {name} is read; not read: {en}", f"读取工作表“{name}”；未读取：{zh}")
                    yield Notice("sheet", what)
                table.headings = _told_apart(headings)
                yield from records
                return
            tried.append((headings, absent))
            skipped += 1
            if skipped >= _ABOVE:
                break
    if not tried:
        raise JournalError("the journal is empty", "台账是空的")
    text = lack(*min(tried, key=lambda one: len(one[1])))
    raise JournalError(text.en, text.zh)


def _headings(cells: Sequence[str]) -> tuple[str, ...]:
    """The headings of a row: blank ones at its end are none, others are called after their column."""
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    return tuple(name or f"({letter(place)})" for place, name in enumerate(names))


def _told_apart(headings: tuple[str, ...]) -> tuple[str, ...]:
    """Return the headings, each with its column where the same one stands there before."""
    return tuple(
        f"{name} ({letter(place)})" if name in headings[:place] else name for place, name in enumerate(headings)
    )


def _taken_for_granted(
    headings: tuple[str, ...], line: int, skipped: int, matters: Callable[[str], bool]
) -> Iterator[Notice]:
    twice = list(dict.fromkeys(name for name in headings if headings.count(name) > 1 and matters(name)))
    if twice:
        raise JournalError(
            f"several columns have the same heading: {', '.join(twice)}; give each its own",
            f"有多列使用同一表头：{'、'.join(twice)}；请分别命名",
        )
    if skipped:
        rows = "row" if skipped == 1 else "rows"
        en = f"the headings are in line {line}; {skipped} {rows} above them skipped"
        yield Notice("heading", Text(en, f"表头在第 {line} 行；其上 {skipped} 行已跳过"))


@attrs.frozen
class InMemory:
    """A file of which the whole content is there."""

    name: str
    data: bytes

    def open(self, mode: Literal["rb"]) -> BinaryIO:
        """Return the content as an open file."""
        return io.BytesIO(self.data)


#: What a file of rows is read from.
File: TypeAlias = Path | InMemory


def require_ordinary(path: Path) -> None:
    """Refuse what is no ordinary file: a file is read twice, first for its encoding."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise unreadable(path, error) from None
    if stat.S_ISDIR(mode):
        raise JournalError(
            f"{path} is a directory: name the file in it that is the journal", f"{path} 是目录：请指明其中的台账文件"
        )
    if not stat.S_ISREG(mode):
        raise JournalError(f"{path} is no ordinary file: save the journal first", f"{path} 不是普通文件：请先保存台账")


def sort_of(path: File) -> tuple[str, str]:
    """Find the format and encoding of a file by its content.

    Raises:
        JournalError: If it is none of these, or cannot be opened.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError as error:
        raise unreadable(path, error) from None
    if not start:
        raise JournalError(f"{path.name} is empty", f"{path.name} 是空文件")
    if start.startswith(b"PK"):
        return "xlsx", ""
    if start.startswith(_OLE):
        raise _old_workbook(path)
    if start.startswith(b"%PDF"):
        raise _not_a_journal(path, "a PDF", "PDF 文件")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "csv", "utf-16"
    if start.count(0) * 10 > len(start):
        raise _not_a_journal(path, "neither text nor a workbook", "既非文本也非工作簿")
    head = start.removeprefix(codecs.BOM_UTF8).lstrip()
    if head[:1] == b"<":
        # Many offices' systems export a web page under the name of a workbook.
        raise _not_a_journal(path, "a web page or XML", "网页或 XML 文件")
    if head[:1] == b"[":
        raise JournalError(
            f"{path.name} begins like a JSON array: write one object per line (JSONL)",
            f"{path.name} 像是 JSON 数组：请每行写一个对象（JSONL）",
        )
    return ("jsonl" if head[:1] == b"{" else "csv"), _encoding(path)


def unreadable(path: File, error: OSError) -> JournalError:
    """Return why a file cannot be opened."""
    if isinstance(error, FileNotFoundError):
        return JournalError(f"there is no file {path}", f"没有文件 {path}")
    if isinstance(error, PermissionError):
        return JournalError(f"{path} may not be read: ask for permission to it", f"没有读取 {path} 的权限")
    why = error.strerror or str(error)
    return JournalError(f"{path} cannot be read: {why}", f"无法读取 {path}：{why}")


def _old_workbook(path: File) -> JournalError:
    # Both old and password-protected workbooks are OLE files; only the latter hold this name.
    tail = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if _ENCRYPTED in tail + chunk:
                return JournalError(
                    f"{path.name} is protected by a password: remove it in Excel and save again",
                    f"{path.name} 有密码保护：请在 Excel 中取消密码后重新保存",
                )
            tail = chunk[-len(_ENCRYPTED) :]
    return JournalError(
        f"{path.name} is an old Excel workbook (.xls): save it as .xlsx",
        f"{path.name} 是旧版 Excel 工作簿（.xls）：请另存为 .xlsx",
    )


def _not_a_journal(path: File, en: str, zh: str) -> JournalError:
    return JournalError(
        f"{path.name} is {en}: open it in Excel and save it as .xlsx",
        f"{path.name} 是{zh}：请用 Excel 打开后另存为 .xlsx",
    )


def _encoding(path: File) -> str:
    """UTF-8 if the whole file is; else GB18030 (and with it GBK) if the whole file is."""
    bad, longer = _first_bad_line(path, "utf-8")
    if bad is None:
        return "utf-8-sig"
    if longer < _SURELY_UTF8 and _first_bad_line(path, "gb18030")[0] is None:
        return "gb18030"
    raise JournalError(
        f"{path.name} is neither UTF-8 nor GB18030 text (line {bad}): save it as CSV UTF-8 or as .xlsx",
        f"{path.name} 不是 UTF-8 或 GB18030 编码（第 {bad} 行）：请另存为 CSV UTF-8 或 .xlsx",
    )


def _first_bad_line(path: File, encoding: str) -> tuple[int | None, int]:
    """The line in which decoding fails (None: nowhere), and by how many bytes the text before is longer than itself."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line, longer = 1, 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            held = len(decoder.getstate()[0])
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                good = error.object[: error.start]
                return line + good.count(b"\n"), longer + len(good) - len(good.decode(encoding, "replace"))
            line += chunk.count(b"\n")
            longer += held + len(chunk) - len(decoder.getstate()[0]) - len(text)
            if not chunk:
                return None, longer
