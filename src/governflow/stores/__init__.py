"""Where cases are kept: one protocol, in memory or in SQLite (存储)."""

from typing import TYPE_CHECKING

from governflow._names import loaded_when_used, names_renamed
from governflow.errors import StoreError
from governflow.stores.memory import MemoryStore
from governflow.stores.store import LedgerEntry, Store

if TYPE_CHECKING:
    from pathlib import Path

    from governflow.stores.sqlite import SQLiteStore

__all__ = ["LedgerEntry", "MemoryStore", "SQLiteStore", "Store", "open_store"]

# Who keeps everything in memory need not load SQLite.
__getattr__ = names_renamed(__name__, loaded_when_used(__name__, ["SQLiteStore"], "stores.sqlite"), Entry="LedgerEntry")


def open_store(url: "str | Path | None", *, must_exist: bool = False, read_only: bool = False) -> Store:
    """Return the store of a URL: a path of a SQLite file, or None for a store in memory.

    Args:
        url: The path, or None.
        must_exist: Refuse to make a new file.
        read_only: Only read.

    Raises:
        StoreError: If there is no such kind of store, or the file cannot be opened.
    """
    if url is None:
        return MemoryStore()
    kind, is_url, _ = str(url).partition("://")
    if is_url:
        raise StoreError(
            f"{kind} stores are not supported yet: give a path for SQLite, or nothing for memory",
            "暂不支持该类数据库：请给出 SQLite 文件路径，或不给（内存）",
        )
    from governflow.stores.sqlite import SQLiteStore

    return SQLiteStore(url, must_exist=must_exist, read_only=read_only)
