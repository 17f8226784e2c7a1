"""Rejected rows, written whole so that they can be mended and run again.

The file has the journal's own headings behind two that the reader skips: the line in the journal and the reason. Every
cell comes back as it was: nothing is put before a leading ``=``, no zero is dropped.
"""

import contextlib
import csv
import json
import os
import tempfile
from collections.abc import Iterator
from itertools import chain
from os import PathLike
from pathlib import Path
from typing import IO

from governflow.errors import JournalError
from governflow.tabular.records import Reject
from governflow.tabular.workbook import SHEET_ROWS, write_sheet
from governflow.text import Text

_SUFFIXES = (".csv", ".xlsx", ".jsonl", ".ndjson")

#: What stands for cells beyond the headings in JSONL; a list, which the reader refuses until it is mended.
SURPLUS = "_surplus"


class RejectsWriter(contextlib.AbstractContextManager["RejectsWriter"]):
    """Writes rejects to a CSV, XLSX or JSONL file, by the suffix of its name.

    Use it as a context manager. The file appears whole at the end, or not at all; if nothing was rejected, nothing is
    written and a file that is already there stays as it is. Excel shows at most 32,767 characters of a cell; a longer
    one is written whole all the same, for which CSV is the better choice.

    Args:
        path: The file to write.
        lang: The language of the reasons and of the two headings, ``"zh"`` or ``"en"``.
    """

    def __init__(self, path: str | PathLike[str], *, lang: str = "en") -> None:
        self.path = Path(path)
        self.count = 0
        self._lang = lang
        self._spool: IO[str] | None = None
        self._headings: dict[str, None] = {}

    def check(self, journal: str | PathLike[str] | None = None) -> None:
        """Find out before any work starts whether the file can be written.

        Args:
            journal: The journal that is to be read: it must not be the same file.

        Raises:
            JournalError: If it cannot.
        """
        path = self.path
        if path.suffix.lower() not in _SUFFIXES:
            raise JournalError(
                f"rejects cannot be written to {path.name}: name it .csv, .xlsx or .jsonl",
                f"无法将退回行写入 {path.name}：文件名应以 .csv、.xlsx 或 .jsonl 结尾",
            )
        with self._writing():
            if path.is_dir():
                raise JournalError(f"{path} is a directory: name a file in it", f"{path} 是目录：请指明其中的文件")
            if journal is not None and path.exists() and path.samefile(journal):
                raise JournalError(
                    "the rejects would overwrite the journal: give them another name", "退回行会覆盖台账：请另取文件名"
                )
            if path.exists():
                path.open("ab").close()  # fails where it is read-only, or open in Excel
            tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.").close()

    def write(self, reject: Reject) -> None:
        """Take one reject.

        Args:
            reject: From the reader, or from `Row.refused`.

        Raises:
            JournalError: If there is no room for it.
        """
        self._headings.update(dict.fromkeys(reject.headings))
        entry = (reject.line, reject.because(self._lang), dict(reject.cells), list(reject.surplus))
        with self._writing():
            if self._spool is None:
                # Beside the target only at the end: until then the headings may still grow (JSONL).
                self._spool = tempfile.TemporaryFile("w+", encoding="ascii")  # noqa: SIM115 - closed in close()
            self._spool.write(json.dumps(entry) + "\n")
        self.count += 1

    def close(self) -> None:
        """Put the file in place, if there were rejects.

        Raises:
            JournalError: If it cannot be written.
        """
        if self._spool is None:
            return
        try:
            with self._spool, self._writing():
                self._put_in_place()
        finally:
            self._spool = None

    def _put_in_place(self) -> None:
        suffix = self.path.suffix.lower()
        if suffix == ".xlsx" and self.count >= SHEET_ROWS:
            raise OSError(None, f"{self.count} rows are more than a workbook holds; name the file .csv")
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        os.close(handle)
        made = Path(name)
        try:
            if suffix == ".xlsx":
                write_sheet(made, chain([[*self._added, *self._headings]], self._rows()))
            elif suffix == ".csv":
                self._csv(made)
            else:
                self._jsonl(made)
            with made.open("rb+") as file:
                os.fsync(file.fileno())
            made.chmod(_ordinary_mode(self.path))
            made.replace(self.path)
        finally:
            made.unlink(missing_ok=True)

    def __exit__(self, *raised: object) -> None:
        # A run that broke off has still refused these rows; the clerk wants them all the more.
        self.close()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Say of a file that cannot be written which it is, and why."""
        try:
            yield
        except OSError as error:
            why = error.strerror or str(error)
            raise JournalError(f"{self.path} cannot be written: {why}", f"无法写入 {self.path}：{why}") from None

    @property
    def _added(self) -> tuple[str, str]:
        return ("_行号", "_原因") if self._lang == "zh" else ("_line", "_reason")

    def _entries(self) -> Iterator[tuple[int, str, dict[str, str], list[str]]]:
        assert self._spool is not None
        self._spool.seek(0)
        return map(json.loads, self._spool)

    def _rows(self) -> Iterator[list[str]]:
        """One list a row: line, reason, the cells as far as the row had them, and what it had beyond."""
        headings = list(self._headings)
        for line, reason, cells, surplus in self._entries():
            row = [cells.get(name) for name in headings]
            while not surplus and row and row[-1] is None:
                row.pop()  # a row that was too short stays so: filled up, it might pass unmended
            yield [str(line), reason, *(cell or "" for cell in row), *surplus]

    def _csv(self, path: Path) -> None:
        # Excel takes a CSV file without the mark of "utf-8-sig" for one in the local code page.
        with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
            # All headings in quotes, lest a comma or tab in one be taken for the delimiter.
            csv.writer(file, quoting=csv.QUOTE_ALL).writerow([*self._added, *self._headings])
            csv.writer(file).writerows(self._rows())

    def _jsonl(self, path: Path) -> None:
        with path.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
            for line, reason, cells, surplus in self._entries():
                if not cells and len(surplus) == 1:
                    file.write(surplus[0] + "\n")  # a line that was no object
                    continue
                entry: dict[str, object] = {**dict(zip(self._added, (str(line), reason), strict=True)), **cells}
                if surplus:
                    entry[SURPLUS] = surplus
                text = json.dumps(entry, ensure_ascii=False)
                file.write((text if Text(text, text).sound else json.dumps(entry)) + "\n")


def _ordinary_mode(path: Path) -> int:
    """The permissions of the file that is replaced, else those of any new file: temporary files are private."""
    with contextlib.suppress(OSError):
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
