"""Sorting more than memory holds: records wait in a temporary file and are read back by their keys (暂存与排序)."""

import sqlite3
from collections.abc import Iterator
from types import TracebackType
from typing import TypeAlias

#: What records are sorted by, whole numbers from the first to the last.
Key: TypeAlias = tuple[int, int, int]


def temporary_database() -> sqlite3.Connection:
    """Return a database in a private temporary file, which is gone when it is closed."""
    db = sqlite3.connect("", isolation_level=None)
    db.execute("PRAGMA journal_mode=OFF")
    db.execute("PRAGMA cache_size=-16384")
    db.execute("BEGIN")
    return db


class ExternalSort:
    """Records laid out on disk, given back in the order of their keys, as a context manager that closes the file."""

    def __init__(self) -> None:
        self._db = temporary_database()
        self._db.execute("CREATE TABLE records (first INTEGER, second INTEGER, third INTEGER, body BLOB)")
        self._waiting: list[tuple[int, int, int, bytes]] = []

    def add(self, key: Key, body: bytes) -> None:
        """Lay out a record."""
        self._waiting.append((*key, body))
        if len(self._waiting) >= 2000:
            self._put()

    def _put(self) -> None:
        self._db.executemany("INSERT INTO records VALUES (?, ?, ?, ?)", self._waiting)
        self._waiting = []

    def in_order(self) -> Iterator[tuple[Key, bytes]]:
        """Return all records by key."""
        self._put()
        for *key, body in self._db.execute("SELECT * FROM records ORDER BY first, second, third"):
            yield (key[0], key[1], key[2]), body

    def close(self) -> None:
        """Throw the file away."""
        self._db.close()

    def __enter__(self) -> "ExternalSort":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
