"""A journal laid out on disk and sorted by time, so that a million rows need little memory (暂存与排序)."""

import sqlite3
from collections.abc import Iterator
from datetime import datetime

import msgspec

from governflow.journal import Reject, Row
from governflow.text import Text
from governflow.timesource import from_micros, to_micros


class SortedStep(msgspec.Struct, array_like=True):
    """A step of a row as it waits on disk.

    Args:
        line: The row's line in the file.
        case: The case.
        fields: Our fields.
        extra: What nobody mapped.
        cells: The row whole, for the rejects.
        digest: What the row is known by.
        action: What the step does.
        first: Whether it is the first step of its row.
    """

    line: int
    case: str
    fields: dict[str, str]
    extra: dict[str, str]
    cells: dict[str, str]
    digest: bytes
    action: str
    first: bool


_encode = msgspec.msgpack.Encoder().encode
_laid = msgspec.msgpack.Decoder(SortedStep).decode


class ExternalSort:
    """Rows laid out on disk until all have been read, then given back in time order.

    `rows` and `steps` count what was laid out, `repeats` the rows that repeat another one exactly.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)  # a private temporary file, gone when closed
        self._db.execute("PRAGMA journal_mode=OFF")
        self._db.execute("PRAGMA cache_size=-16384")
        self._db.execute("CREATE TABLE steps (at INTEGER, line INTEGER, place INTEGER, body BLOB)")
        self._db.execute("CREATE TABLE digests (digest BLOB PRIMARY KEY) WITHOUT ROWID")
        self._db.execute("CREATE TABLE reported (name TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        self._db.execute(
            "CREATE TABLE opened (name TEXT, at INTEGER, line INTEGER, PRIMARY KEY (name, at, line)) WITHOUT ROWID"
        )
        self._db.execute("BEGIN")
        self._waiting: list[tuple[int, int, int, bytes]] = []
        self._opening: list[tuple[str, int, int]] = []
        self.rows = 0
        self.repeats = 0
        self.steps = 0
        self._last: int | None = None

    @property
    def last(self) -> datetime | None:
        """The moment of the last step."""
        return from_micros(self._last) if self._last is not None else None

    def lay(self, row: Row, *, wide: bool) -> Reject | None:
        """Lay out a row unless it repeats another one exactly; refuse a second row for one case of a wide journal."""
        new = self._db.execute("INSERT OR IGNORE INTO digests VALUES (?)", (row.digest,)).rowcount
        if not new:
            self.repeats += 1
            return None
        if wide and not self._db.execute("INSERT OR IGNORE INTO reported VALUES (?, ?)", (row.case, row.line)).rowcount:
            query = "SELECT line FROM reported WHERE name = ?"
            line = self._db.execute(query, (row.case,)).fetchone()[0]
            return row.refused(
                Text(f"case {row.case} stands in line {line} already", f"事项 {row.case} 已在第 {line} 行出现"),
                Text("one row a case", "每个事项一行"),
                value=row.case,
            )
        self.rows += 1
        for place, step in enumerate(row.steps):
            at = to_micros(step.at)
            laid = SortedStep(row.line, row.case, row.fields, row.extra, row.cells, row.digest, step.action, place == 0)
            self._waiting.append((at, row.line, place, _encode(laid)))
            if step.action == "report":
                self._opening.append((row.case, at, row.line))
            self.steps += 1
            if self._last is None or at > self._last:
                self._last = at
        if len(self._waiting) >= 2000:
            self._put()
        return None

    def _put(self) -> None:
        self._db.executemany("INSERT INTO steps VALUES (?, ?, ?, ?)", self._waiting)
        self._db.executemany("INSERT OR IGNORE INTO opened VALUES (?, ?, ?)", self._opening)
        self._waiting, self._opening = [], []

    def report_of(self, case: str) -> tuple[datetime, int] | None:
        """Return when and in which line the journal first reports a case."""
        query = "SELECT at, line FROM opened WHERE name = ? ORDER BY at, line LIMIT 1"
        found = self._db.execute(query, (case,)).fetchone()
        return (from_micros(found[0]), found[1]) if found else None

    def in_order(self) -> Iterator[tuple[datetime, SortedStep]]:
        """Return the steps by time, then by line."""
        self._put()
        self._db.execute("DROP TABLE digests")
        for at, body in self._db.execute("SELECT at, body FROM steps ORDER BY at, line, place"):
            yield from_micros(at), _laid(body)

    def close(self) -> None:
        """Throw the file away."""
        self._db.close()
