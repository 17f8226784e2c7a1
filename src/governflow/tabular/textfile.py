"""Text files: CSV and JSONL, one record at a time, never the whole file."""

import csv
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import TextIO

import attrs

from governflow.errors import JournalError
from governflow.normalize import number_text
from governflow.tabular.records import NO_FORMULAS, Fault, Record, Reject, refuse, shorten, trim, uneven
from governflow.text import Text

#: A record longer than this many characters is no row of a journal but a file without an end of line or of quote.
MAX_RECORD = 64 * 1024 * 1024
#: More lines than this in one record look like a quote that nobody closed.
MANY_LINES = 1000

_DELIMITERS = ",;\t"


class _Lines:
    """Hands physical lines to the CSV reader, remembers those of the current record, and can take them back."""

    __slots__ = ("_pending", "_readline", "limit", "size", "starved", "taken")

    def __init__(self, file: TextIO) -> None:
        self._readline = partial(file.readline, MAX_RECORD)
        self._pending: deque[str] = deque()
        self.taken: list[str] = []
        self.next_record()

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        taken = self.taken
        if len(taken) >= self.limit:
            self.starved = True
            raise StopIteration
        line = self._pending.popleft() if self._pending else self._readline()
        if not line:
            self.starved = True
            raise StopIteration
        self.size += len(line)
        if self.size >= MAX_RECORD:
            raise _endless()
        taken.append(line)
        return line

    def next_record(self) -> None:
        self.taken.clear()
        self.size = 0
        #: Whether the reader wanted another line for the record and was given none.
        self.starved = False
        self.limit: int = MANY_LINES

    def give_back(self, keep: int) -> None:
        self._pending.extendleft(reversed(self.taken[keep:]))
        self.next_record()


def _endless() -> JournalError:
    return JournalError(
        f"one row is longer than {MAX_RECORD} characters: a quote is not closed, or the file has no line ends",
        f"有一行超过 {MAX_RECORD} 个字符：引号没有闭合，或文件没有换行",
    )


@attrs.define
class CsvTable:
    """One CSV file."""

    _path: Path
    _encoding: str
    headings: tuple[str, ...] = ()

    def records(self) -> Iterator[Record | Reject]:
        """Return the rows, numbered by the physical line on which each begins.

        Raises:
            JournalError: If a record never ends.
        """
        # The limit belongs to the whole process; only ever raise it.
        csv.field_size_limit(max(csv.field_size_limit(), MAX_RECORD))
        with self._path.open(encoding=self._encoding, newline="") as file:
            delimiter = _delimiter(file)
            lines = _Lines(file)
            taken = lines.taken
            line = 1
            for values in csv.reader(lines, delimiter=delimiter):
                headings = self.headings
                count = len(taken)
                if count == 1 and len(values) == len(headings) and not lines.starved:
                    yield line, headings, values, NO_FORMULAS
                    taken.clear()
                    lines.size = 0
                    line += 1
                    continue
                torn = lines.starved or (count > 1 and len(_strictly(taken, delimiter)) != 1)
                if headings and count > 1 and (torn or len(values) != len(headings)):
                    # A quote that somebody forgot swallows the rows after it. Where one of the lines is a whole row by
                    # itself, only the first line is lost and reading goes on behind it.
                    if len(headings) in (len(row) for later in taken[1:] for row in _strictly([later], delimiter)):
                        first = next(csv.reader([taken[0].rstrip("\r\n")], delimiter=delimiter))
                        yield refuse(line, headings, first, _OPEN_QUOTE)
                        lines.give_back(1)
                        line += 1
                        continue
                    if lines.starved and count >= lines.limit:
                        lines.give_back(0)  # read the same record again, this time to its end
                        lines.limit = MAX_RECORD
                        continue
                lines.next_record()
                start, line = line, line + count
                trim(values, len(headings) or len(values))
                if not any(map(str.strip, values)):
                    continue
                if not headings:
                    if start == 1 and values[0].lower().startswith("sep=") and not any(values[1:]):
                        continue  # Excel's own note of the delimiter
                    yield start, headings, values, NO_FORMULAS
                elif torn:
                    yield refuse(start, headings, values, _OPEN_QUOTE)
                elif count > MANY_LINES:
                    yield refuse(start, headings, values, _TALL)
                elif len(values) != len(headings):
                    yield uneven(start, headings, values)
                else:
                    yield start, headings, values, NO_FORMULAS


_OPEN_QUOTE = Text('a quote (") is opened but not closed properly', '引号（"）没有正确闭合')
_TALL = Text(f"the row runs over more than {MANY_LINES} lines", f"该行跨越 {MANY_LINES} 行以上")


def _strictly(lines: list[str], delimiter: str) -> list[list[str]]:
    """Return the rows of lines that quote as the book says; none where text follows a closing quote."""
    try:
        return list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return []


def _delimiter(file: TextIO) -> str:
    """The delimiter that cuts the first lines into most cells; leaves the file at its start."""
    found, most = ",", 1
    for _ in range(20):
        line = file.readline(1 << 20)
        if line[:4].lower() == "sep=" and line[4:5] in _DELIMITERS:
            found = line[4:5]
            break
        for delimiter in _DELIMITERS:
            cells = len(next(csv.reader([line], delimiter=delimiter), []))
            if cells > most:
                found, most = delimiter, cells
        if most > 2:
            break
    file.seek(0)
    return found


def jsonl_records(path: Path, encoding: str) -> Iterator[Record | Reject]:
    """Read a JSONL file: one object a line, its keys the headings.

    Raises:
        JournalError: If a line never ends.
    """
    decode = json.JSONDecoder(
        object_pairs_hook=_Pairs, parse_int=str, parse_float=lambda text: number_text(float(text)), parse_constant=str
    ).decode
    same = lru_cache(1000)(tuple[str, ...])  # equal headings are one object: by that a reader knows them again
    with path.open(encoding=encoding, newline="") as file:
        for line, text in enumerate(iter(partial(file.readline, MAX_RECORD), ""), 1):
            if len(text) >= MAX_RECORD:
                raise _endless()
            if text := text.strip():
                yield _object(line, text, decode, same)


def _object(
    line: int, text: str, decode: Callable[[str], object], same: Callable[[tuple[str, ...]], tuple[str, ...]]
) -> Record | Reject:
    try:
        found = decode(text)
    except (ValueError, RecursionError):
        return _no_object(line, text, Text("the line is not JSON", "该行不是有效的 JSON"))
    if not isinstance(found, _Pairs):
        return _no_object(line, text, Text("the line is no JSON object", "该行不是 JSON 对象"))
    keys = tuple(str(name).strip() for name, _ in found)
    if len(set(keys)) != len(keys):
        return _no_object(line, text, Text("a name occurs twice in the object", "对象中有重复的名称"))
    for name, value in found:
        if isinstance(value, (list, _Pairs)):
            return _no_object(line, text, Text("the value is a list or an object", "值是列表或对象"), column=name)
    return line, same(keys), [str(_WORDS.get(value, value)) for _, value in found], NO_FORMULAS


#: How the values of JSON that are no text are written; numbers are read as they stand.
_WORDS: Mapping[object, str] = {None: "", True: "true", False: "false"}


class _Pairs(tuple[tuple[str, object], ...]):
    """The pairs of a JSON object as they stand, so that a repeated name is seen."""

    __slots__ = ()


def _no_object(line: int, text: str, reason: Text, *, column: str = "") -> Reject:
    allowed = Text('{"time": "2019-04-25 09:32", "case": "1", …}', '{"时间": "2019-04-25 09:32", "事项编号": "1", …}')
    return Reject(line, (Fault(column, shorten(text), reason, allowed),), (), {}, (text,))
