"""From a file to rows of text: which format it is, in which encoding, and where its headings are.

The content decides, not the name: a workbook called ``.csv`` is read as a workbook. Whatever makes the whole file
unreadable is a `JournalError` of one sentence.
"""

import codecs
import io
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Literal, Protocol, TypeAlias

import attrs

from governflow.errors import JournalError
from governflow.tabular.records import Notice, Record, Reject, letter
from governflow.text import Text

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
        ...


def named(
    tables: Sequence[tuple[str, RowSource]],
    missing: Callable[[tuple[str, ...]], list[str]],
    lack: Callable[[tuple[str, ...], list[str]], Text],
) -> Iterator[Record | Reject | Notice]:
    """Find the table and the row with the headings, and give the rows below it.

    Raises:
        JournalError: If no table has the headings.
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
                yield from _taken_for_granted(headings, record[0], skipped)
                if len(tables) > 1:
                    others = [other for other, _ in tables if other != name]
                    en, zh = ", ".join(others), "、".join(others)
                    what = Text(f"sheet {name} is read; not read: {en}", f"读取工作表“{name}”；未读取：{zh}")
                    yield Notice("sheet", what)
                table.headings = headings
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


def _taken_for_granted(headings: tuple[str, ...], line: int, skipped: int) -> Iterator[Notice]:
    twice = list(dict.fromkeys(name for name in headings if headings.count(name) > 1))
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
