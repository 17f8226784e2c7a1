"""The SQLite file of a store: its tables, and how a file is opened.

``synchronous=FULL`` makes an acknowledged command survive a power failure, not only a killed process.
``secure_delete=ON`` overwrites what is erased.
"""

import os
import sqlite3
from pathlib import Path

from governflow.errors import StoreError

SCHEMA_VERSION = 1
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "cache_size=-32768")
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE cases (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    locality TEXT NOT NULL,
    state TEXT NOT NULL,
    unit TEXT NOT NULL,
    version INTEGER NOT NULL,
    next INTEGER,
    tail BLOB NOT NULL
);
CREATE INDEX cases_next ON cases (next, number) WHERE next IS NOT NULL;
CREATE TABLE events (
    position INTEGER PRIMARY KEY, number INTEGER NOT NULL, recorded INTEGER NOT NULL, body BLOB NOT NULL
);
CREATE INDEX events_of_case ON events (number);
CREATE TABLE texts (
    number INTEGER NOT NULL, seq INTEGER NOT NULL, salt BLOB NOT NULL, content BLOB NOT NULL, PRIMARY KEY (number, seq)
) WITHOUT ROWID;
CREATE TABLE commands (
    id BLOB PRIMARY KEY, number INTEGER NOT NULL, version INTEGER NOT NULL, digest BLOB
) WITHOUT ROWID;
CREATE TABLE outbox (
    position INTEGER NOT NULL, plugin TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0, fault TEXT,
    PRIMARY KEY (position, plugin)
) WITHOUT ROWID;
"""

_TABLES = {"meta", "cases", "events", "texts", "commands", "outbox"}


def unusable(path: str, fault: sqlite3.Error) -> StoreError:
    """Return the error for a file that SQLite cannot use."""
    return StoreError(f"the store {path} cannot be used: {fault}", f"数据文件 {path} 无法使用：{fault}")


def connect(path: str, *, must_exist: bool, read_only: bool) -> sqlite3.Connection:
    """Open a file, and make its tables if it is new.

    Args:
        path: The file.
        must_exist: Refuse to make a new one.
        read_only: Only read; a file that may not be written to can be read all the same.

    Returns:
        The connection, without transactions of its own.

    Raises:
        StoreError: If the file cannot be opened or is no store of governflow.
    """
    if must_exist and not Path(path).is_file():
        raise StoreError(f"there is no store {path}", f"没有找到数据文件 {path}")
    try:
        database = _open(path, immutable=read_only and not os.access(path, os.W_OK))
        # What the file is comes first: nothing of a stranger's database is changed, not even its journal mode.
        is_new = _is_new(database, path, must_exist=must_exist)
        for pragma in PRAGMAS:
            if not (read_only and pragma.startswith("journal_mode")):
                database.execute(f"PRAGMA {pragma}")
        if is_new:
            _make_tables(database)
        elif not read_only:
            _add_what_is_new(database)
    except sqlite3.Error as fault:
        raise unusable(path, fault) from fault
    return database


def _open(path: str, *, immutable: bool) -> sqlite3.Connection:
    target = path
    if immutable:
        # Evidence on a medium that cannot be written to: nobody else can be writing either, unless there is a log.
        still = "" if Path(path + "-wal").exists() else "&immutable=1"
        target = f"{Path(path).absolute().as_uri()}?mode=ro{still}"
    return sqlite3.connect(target, uri=immutable, isolation_level=None, check_same_thread=False, timeout=10)


def _is_new(database: sqlite3.Connection, path: str, *, must_exist: bool) -> bool:
    found = database.execute("PRAGMA user_version").fetchone()[0]
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if found == SCHEMA_VERSION and tables >= _TABLES:
        return False
    if found or tables or must_exist:
        database.close()
        raise StoreError(
            f"{path} is no store of this version of governflow", f"{path} 不是本版本 governflow 的数据文件"
        )
    return True


def _make_tables(database: sqlite3.Connection) -> None:
    # All of the schema or none of it: a process that dies here leaves an empty file, which is made anew. Another
    # process may have been quicker: then there is nothing to do.
    database.execute("BEGIN IMMEDIATE")
    if not database.execute("PRAGMA user_version").fetchone()[0]:
        for statement in _SCHEMA.split(";"):
            database.execute(statement)
        database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    database.execute("COMMIT")


def _add_what_is_new(database: sqlite3.Connection) -> None:
    """Add the columns that a file of an earlier version has not; that version can go on writing to it."""
    if not _lacks_digests(database):
        return
    database.execute("BEGIN IMMEDIATE")
    if _lacks_digests(database):  # another process may have been quicker
        database.execute("ALTER TABLE commands ADD COLUMN digest BLOB")
    database.execute("COMMIT")


def _lacks_digests(database: sqlite3.Connection) -> bool:
    return "digest" not in {column[1] for column in database.execute("PRAGMA table_info(commands)")}
