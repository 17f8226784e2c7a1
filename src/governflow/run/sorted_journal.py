"""Sorting more than memory holds (暂存与排序): a journal of a million rows by time, exact repeats left out."""

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from governflow.journal import DatedAction, Reject, Row
from governflow.text import Text
from governflow.timesource import from_micros, to_micros

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Row).decode


#: So many records go into the file together.
_TOGETHER = 2000
#: What records are sorted by, whole numbers from the first to the last.
Key: TypeAlias = tuple[int, int, int]


class ExternalSort:
    """Records laid out in a private temporary file, given back in the order of their keys; close it in the end."""

    def __init__(self) -> None:
        self.db = sqlite3.connect("", isolation_level=None)
        self.db.execute("PRAGMA journal_mode=OFF")
        self.db.execute("PRAGMA cache_size=-16384")
        self.db.execute("BEGIN")
        self.db.execute("CREATE TABLE records (first INTEGER, second INTEGER, third INTEGER, body BLOB)")
        self._waiting: list[tuple[int, int, int, bytes]] = []

    def add(self, key: Key, body: bytes) -> None:
        """Lay out a record."""
        self._waiting.append((*key, body))
        if len(self._waiting) >= _TOGETHER:
            self.lay_out()

    def lay_out(self) -> None:
        """Bring what waits into the file, so that queries see it."""
        self.db.executemany("INSERT INTO records VALUES (?, ?, ?, ?)", self._waiting)
        self._waiting.clear()

    def in_order(self) -> Iterator[tuple[int, bytes]]:
        """Return the last part of the key and the body of each record, by key."""
        self.lay_out()
        return self.db.execute("SELECT third, body FROM records ORDER BY first, second, third")

    def close(self) -> None:
        """Throw the file away."""
        self.db.close()


#: A last row that lies so much later than all others is worth a word: it sets the end of the run.
FAR_BEHIND = timedelta(days=30)


class SortedJournal:
    """Rows laid out on disk until all have been read, then given back action by action in time order.

    `rows` and `steps` count what was laid out, `repeats` the rows that repeat another one exactly.
    """

    def __init__(self) -> None:
        self._sort = ExternalSort()
        self._db = self._sort.db
        self._db.execute("CREATE TABLE digests (digest BLOB PRIMARY KEY) WITHOUT ROWID")
        self._db.execute("CREATE TABLE facts (id BLOB PRIMARY KEY, rows INTEGER) WITHOUT ROWID")
        self._db.execute("CREATE TABLE cases (name TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        self._db.execute(
            "CREATE TABLE reports (name TEXT, at INTEGER, line INTEGER, PRIMARY KEY (name, at, line)) WITHOUT ROWID"
        )
        self.rows = self.repeats = self.steps = 0
        self._last: int | None = None

    @property
    def last(self) -> datetime | None:
        """The moment of the last action."""
        return from_micros(self._last) if self._last is not None else None

    def far_behind(self) -> tuple[datetime, int, int] | None:
        """Return the moment and line of the last row where it lies far behind all others, and how many days."""
        self._sort.lay_out()
        last = self._db.execute("SELECT first, second FROM records ORDER BY first DESC LIMIT 1").fetchone()
        if last is None:
            return None
        (before,) = self._db.execute("SELECT max(first) FROM records WHERE second <> ?", (last[1],)).fetchone()
        if before is None:
            return None
        apart = from_micros(last[0]) - from_micros(before)
        return (from_micros(last[0]), last[1], apart.days) if apart > FAR_BEHIND else None

    def add(self, row: Row, words: bytes, fact_id: bytes | None) -> Reject | None:
        """Lay out a row unless it says the same as another one; refuse a second row for one case of a wide journal.

        Args:
            row: The row.
            words: What it says, free text included.
            fact_id: What its fact is known by; None for a row of a wide journal, which has many.
        """
        if not self._db.execute("INSERT OR IGNORE INTO digests VALUES (?)", (words,)).rowcount:
            self.repeats += 1
            return None
        wide = fact_id is None
        if fact_id is not None:
            row = self._numbered(row, fact_id)
        if wide and not self._db.execute("INSERT OR IGNORE INTO cases VALUES (?, ?)", (row.case, row.line)).rowcount:
            line = self._db.execute("SELECT line FROM cases WHERE name = ?", (row.case,)).fetchone()[0]
            return row.refused(
                Text(f"case {row.case} stands in line {line} already", f"事项 {row.case} 已在第 {line} 行出现"),
                Text("one row a case", "每个事项一行"),
                value=row.case,
            )
        self.rows += 1
        body = _encode(row)
        for place, step in enumerate(row.steps):
            at = to_micros(step.at)
            self._sort.add((at, row.line, place), body)
            if step.action == "report":
                self._db.execute("INSERT OR IGNORE INTO reports VALUES (?, ?, ?)", (row.case, at, row.line))
            self._last = at if self._last is None else max(at, self._last)
        self.steps += len(row.steps)
        return None

    def _numbered(self, row: Row, fact_id: bytes) -> Row:
        """Tell a row from those before it that say the same in other words, such as two remarks of one minute."""
        query = "INSERT INTO facts VALUES (?, 1) ON CONFLICT (id) DO UPDATE SET rows = rows + 1 RETURNING rows"
        (rows,) = self._db.execute(query, (fact_id,)).fetchone()
        return replace(row, ordinal=rows - 1) if rows > 1 else row

    def report_of(self, case: str) -> tuple[datetime, int] | None:
        """Return when and in which line the journal first reports a case."""
        query = "SELECT at, line FROM reports WHERE name = ? ORDER BY at, line LIMIT 1"
        found = self._db.execute(query, (case,)).fetchone()
        return (from_micros(found[0]), found[1]) if found else None

    def in_order(self) -> Iterator[tuple[Row, DatedAction]]:
        """Return the actions by time, then by line, each with the row that it is of."""
        self._db.execute("DROP TABLE digests")
        self._db.execute("DROP TABLE facts")
        for place, body in self._sort.in_order():
            row = _decode(body)
            yield row, row.steps[place]

    def close(self) -> None:
        """Throw the file away."""
        self._sort.close()
