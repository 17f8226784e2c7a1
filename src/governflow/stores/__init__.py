"""Where cases are kept: one protocol, in memory or in SQLite (存储)."""

from governflow.stores.memory import MemoryStore
from governflow.stores.sqlite import SQLiteStore
from governflow.stores.store import Entry, Store

__all__ = ["Entry", "MemoryStore", "SQLiteStore", "Store"]
