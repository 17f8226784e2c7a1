"""The embedded default: one SQLite file in WAL mode, durable at every commit.

Events of a transaction are gathered and written together at its end; in bulk mode those of many transactions are.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from governflow.errors import StoreError, Tampered
from governflow.model.case import Case, fold
from governflow.model.events import decode
from governflow.stores.schema import connect, unusable
from governflow.stores.store import GENESIS, DueQueue, LedgerEntry, LedgerStep, Projection, RuleSetHash, Store
from governflow.timesource import from_micros, to_micros

#: How the rows of what waits are written; a rule set that is known already stays as it is.
STATEMENTS = {
    "cases": "INSERT INTO cases (number, id, locality, state, unit, version, next, tail) VALUES "
    "(?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (number) DO UPDATE SET locality = excluded.locality, state = excluded.state, "
    "unit = excluded.unit, version = excluded.version, next = excluded.next, tail = excluded.tail",
    "events": "INSERT INTO events (position, number, recorded, body) VALUES (?, ?, ?, ?)",
    "texts": "INSERT OR REPLACE INTO texts (number, seq, salt, content) VALUES (?, ?, ?, ?)",
    "commands": "INSERT INTO commands (id, number, version, digest) VALUES (?, ?, ?, ?)",
    "outbox": "INSERT INTO outbox (position, plugin) VALUES (?, ?)",
    "rules": "INSERT OR IGNORE INTO meta (key, value) VALUES ('rules:' || ?, ?)",
    "meta": "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
}
_NOTHING_READ = (0, 0)
#: How many due moments may gather in memory before they are read afresh from the file.
_STALE = 20_000


class SQLiteStore(Store):
    """Keeps everything in one file; what one command changes becomes durable in one transaction.

    `Store` documents what the methods do.

    Args:
        path: The file; made if it does not exist.
        must_exist: Refuse to make a new one.
        read_only: Only read; a file that may not be written to can be read all the same.
        cached: How many cases stay in memory.
        bulk_size: How many events of a bulk run become durable together.
        page: How many due moments are read from the file at a time.

    Raises:
        StoreError: If the file cannot be opened or is no store of governflow.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        must_exist: bool = False,
        read_only: bool = False,
        cached: int = 3_000,
        bulk_size: int = 4_000,
        page: int = 1_000,
    ) -> None:
        super().__init__()
        self._cached, self._bulk_size, self._page = cached, bulk_size, page
        self.path = str(path)
        self._db = connect(self.path, must_exist=must_exist, read_only=read_only)
        self._cases: dict[str, Case] = {}
        # The number of a case, and the last hash of its chain.
        self._chains: dict[str, tuple[int, bytes]] = {}
        # What the file says of due moments, and what was written since it was read.
        self._due: DueQueue[int] = DueQueue()
        # The last (moment, number) that was read from the file; None where there is no more.
        self._horizon: tuple[int, int] | None = _NOTHING_READ
        self._bulk = False
        self._open = False
        self._pending = 0
        self._clear_buffers()
        self._seen_version = self._query("PRAGMA data_version")[0][0]
        self._read_meta()

    def _clear_buffers(self) -> None:
        self._new_events: list[tuple[int, int, int, bytes]] = []
        self._new_texts: dict[int, dict[int, tuple[bytes, bytes]]] = {}  # by the case's number, then by event
        self._new_commands: dict[bytes, tuple[str, int, bytes | None]] = {}
        self._new_outbox: list[tuple[int, str]] = []
        self._dirty: dict[str, None] = {}
        self._new_rules: dict[str, bytes] = {}

    def _read_meta(self) -> None:
        meta: dict[str, Any] = dict(self._query("SELECT key, value FROM meta WHERE key IN ('position', 'head', 'now')"))
        self.position = meta.get("position", 0)
        self.head = meta.get("head", GENESIS)
        self.now = from_micros(meta["now"]) if "now" in meta else None
        self._saved_now = self.now
        self._count: int = self._query("SELECT coalesce(max(number), 0) FROM cases")[0][0]

    def _query(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        """Read rows; a file that is damaged or locked is the store's fault, and said so."""
        try:
            return self._db.execute(query, arguments).fetchall()
        except sqlite3.Error as fault:
            raise unusable(self.path, fault) from fault

    # --- transactions -------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Take the writer's lock; if another connection wrote meanwhile, forget what was cached."""
        if not self._open:
            self._query("BEGIN IMMEDIATE")
            self.refresh()
            self._open = True

    def refresh(self) -> None:
        """Forget what was cached if another connection wrote meanwhile; within a transaction nobody else can."""
        if self._open:
            return
        version = self._query("PRAGMA data_version")[0][0]
        if version != self._seen_version:
            self._seen_version = version
            self._forget_cache()
            self._read_meta()

    def _forget_cache(self) -> None:
        self._cases.clear()
        self._chains.clear()
        self.generation = object()
        self._forget_upcoming()

    def _forget_upcoming(self) -> None:
        self._due.clear()
        self._horizon = _NOTHING_READ

    def commit(self) -> None:
        """Make everything durable; in bulk mode only when enough has gathered.

        Raises:
            StoreError: If it cannot be written; then nothing of the transaction is kept.
        """
        if self._bulk and self._pending + len(self._new_events) < self._bulk_size:
            return
        self._write(durable=True)
        self._evict()

    def _evict(self) -> None:
        """Let go of the cases that were used longest ago; what waits to be written stays."""
        if len(self._cases) <= self._cached:
            return
        for name in list(self._cases)[: len(self._cases) - self._cached // 2]:
            if name not in self._dirty:
                del self._cases[name]
        self._chains = {name: chain for name, chain in self._chains.items() if name in self._cases}

    def _write(self, *, durable: bool = False) -> None:
        """Bring what waits into the open transaction, so that queries see it; make it durable only if asked to."""
        if not self._open:
            return
        new = self._new_commands.items()
        commands = [(key, self._chains[name][0], version, digest) for key, (name, version, digest) in new]
        meta: list[tuple[str, object]] = [("position", self.position), ("head", self.head)] if self._new_events else []
        if self.now is not None and self.now != self._saved_now:
            meta.append(("now", to_micros(self.now)))
        try:
            for table, rows in (
                ("cases", [self._row(name) for name in self._dirty]),
                ("events", self._new_events),
                (
                    "texts",
                    [(number, seq, *kept) for number, new in self._new_texts.items() for seq, kept in new.items()],
                ),
                ("commands", commands),
                ("outbox", self._new_outbox),
                ("rules", list(self._new_rules.items())),
                ("meta", meta),
            ):
                if rows:
                    self._db.executemany(STATEMENTS[table], rows)
            if durable:
                self._db.execute("COMMIT")
        except sqlite3.Error as fault:
            self._abandon()
            raise unusable(self.path, fault) from fault
        self._saved_now = self.now
        self._open = not durable
        self._pending = 0 if durable else self._pending + len(self._new_events)
        self._clear_buffers()
        if len(self._due) > _STALE:
            self._forget_upcoming()

    def _row(self, name: str) -> tuple[Any, ...]:
        case, (number, tail) = self._cases[name], self._chains[name]
        upcoming = to_micros(case.next_event_at) if case.next_event_at is not None else None
        return number, name, case.locality, case.state, case.unit, case.version, upcoming, tail

    def rollback(self) -> None:
        """Forget everything since `begin`; in bulk mode what was taken before stays, for a refusal wrote nothing."""
        if not self._bulk:
            self._abandon()

    def _abandon(self) -> None:
        untouched = self._open and not (self._pending or self._dirty) and self.now == self._saved_now
        if self._open:
            self._open = False
            # If the transaction is gone already, that is what was wanted.
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
        self._pending = 0
        if untouched:
            return  # a refusal, or a command known already: what is cached is as true as before
        self._clear_buffers()
        self._forget_cache()
        self._read_meta()

    def bulk(self, *, on: bool) -> None:
        """Let many commands become durable together, or end that."""
        self._bulk = on
        if not on:
            self._write(durable=True)

    def abandon(self) -> None:
        self._bulk = False
        self._abandon()

    def close(self) -> None:
        """Make durable what waits, and close the file."""
        self._write(durable=True)
        self._db.close()

    def erase(self, case: str) -> int:
        self._write()
        query = "DELETE FROM texts WHERE number = (SELECT number FROM cases WHERE id = ?)"
        return self._db.execute(query, (case,)).rowcount

    def scrub(self) -> None:
        """Empty the write-ahead log, so that what was erased is in no file any more.

        Raises:
            StoreError: If another connection still reads the log.
        """
        busy, _, _ = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise StoreError(
                "the data is erased from the tables, but another connection holds the log: close it and forget again",
                "数据已从表中删除，但日志仍被其他连接占用：请关闭后重新执行",
            )

    # --- reading ------------------------------------------------------------------------------------------------------

    def load(self, case: str) -> Case | None:
        """Return a case, or None: from the cache, or folded from its events."""
        self.refresh()
        known = self._cases.get(case)
        if known is None:
            query = "SELECT e.body FROM events e JOIN cases c USING (number) WHERE c.id = ? ORDER BY e.position"
            known = fold(decode(body) for (body,) in self._query(query, case))
            if known is not None:
                self._cases[case] = known
        return known

    def names(self, after: int, limit: int) -> list[tuple[int, str]]:
        """Return the numbers and ids of the next cases; whoever walks through all of them leaves few in memory."""
        self._write()
        self._evict()
        query = "SELECT number, id FROM cases WHERE number > ? AND id NOT LIKE '@%' ORDER BY number LIMIT ?"
        return self._query(query, after, limit)

    def count(self) -> int:
        return self._count

    def entries(self, case: str | None = None) -> Iterator[LedgerEntry]:
        return self._entries() if case is None else self._entries("WHERE c.id = ?", case)

    def entry(self, position: int) -> LedgerEntry:
        return next(self._entries("WHERE e.position = ?", position))

    def _entries(self, which: str = "", *arguments: object) -> Iterator[LedgerEntry]:
        self._write()
        query = "SELECT e.position, c.id, e.body, e.recorded FROM events e LEFT JOIN cases c USING (number)"
        for position, name, body, recorded in self._db.execute(f"{query} {which} ORDER BY e.position", arguments):
            yield LedgerEntry(position, name or "?", _bytes(body), from_micros(recorded))

    def next_due(self, before: datetime) -> Case | None:
        """Return the case to which something happens next before a moment.

        What the file holds is read a page at a time; what was written since then is in the queue too.
        """
        limit = to_micros(before)
        while True:
            first = self._due.first()
            if first is not None and (self._horizon is None or first[:2] <= self._horizon):
                return self.load(first[2]) if first[0] < limit else None
            if self._horizon is None or self._horizon[0] >= limit:
                return None
            self._read_upcoming()

    def _read_upcoming(self) -> None:
        self._write()
        self._evict()
        self._forget_upcoming()
        query = "SELECT next, number, id, tail FROM cases WHERE next IS NOT NULL ORDER BY next, number LIMIT ?"
        rows = self._query(query, self._page)
        for upcoming, number, name, tail in rows:
            self._due.put(upcoming, number, name)
            self._chains[name] = number, tail
        self._horizon = (rows[-1][0], rows[-1][1]) if len(rows) == self._page else None

    def texts(self, case: str) -> dict[int, tuple[bytes, bytes]]:
        # Every command may ask for them: what waits to be written is looked at where it is, and goes on waiting.
        waiting = self._new_texts.get(self._chains[case][0], {}) if case in self._chains else {}
        query = "SELECT t.seq, t.salt, t.content FROM texts t JOIN cases c USING (number) WHERE c.id = ?"
        kept = {seq: (_bytes(salt), _bytes(content)) for seq, salt, content in self._query(query, case)}
        return kept | waiting

    def command(self, command_id: bytes) -> tuple[str, int] | None:
        if command_id in self._new_commands:
            return self._new_commands[command_id][:2]
        query = "SELECT c.id, k.version FROM commands k JOIN cases c USING (number) WHERE k.id = ?"
        return next(((name, version) for name, version in self._query(query, command_id)), None)

    def command_digest(self, command_id: bytes) -> bytes | None:
        if command_id in self._new_commands:
            return self._new_commands[command_id][2]
        (digest,) = self._query("SELECT digest FROM commands WHERE id = ?", command_id)[0]
        return None if digest is None else _bytes(digest)

    def undelivered(self) -> list[tuple[int, str]]:
        return self._query("SELECT position, plugin FROM outbox ORDER BY position, plugin")

    def attempt(self, deliveries: Sequence[tuple[int, str]]) -> None:
        """Note attempts; in bulk mode, too, nobody hears of anything that is not durable."""
        self.begin()
        self._write()
        try:
            query = "UPDATE outbox SET tries = tries + 1 WHERE position = ? AND plugin = ?"
            self._db.executemany(query, deliveries)
        except sqlite3.Error as fault:
            self._abandon()
            raise unusable(self.path, fault) from fault
        self._write(durable=True)

    def attempts(self, position: int, plugin: str) -> int:
        found = self._query("SELECT tries FROM outbox WHERE position = ? AND plugin = ?", position, plugin)
        return found[0][0] if found else 0

    def delivered(self, position: int, plugin: str, fault: str | None) -> None:
        if fault is None:
            self._db.execute("DELETE FROM outbox WHERE position = ? AND plugin = ?", (position, plugin))
        else:
            query = "UPDATE outbox SET fault = ? WHERE position = ? AND plugin = ?"
            self._db.execute(query, (fault, position, plugin))

    def rule_set(self, rules: str) -> bytes | None:
        if rules in self._new_rules:
            return self._new_rules[rules]
        found = self._query("SELECT value FROM meta WHERE key = ?", f"rules:{rules}")
        return _bytes(found[0][0]) if found else None

    def keep_rule_set(self, rules: str, content: bytes) -> None:
        """Keep a rule set; it becomes durable with the events that name it."""
        self._new_rules[rules] = content

    def rule_sets(self) -> Iterator[tuple[str, bytes]]:
        self._write()
        for key, value in self._query("SELECT key, value FROM meta WHERE key LIKE 'rules:%'"):
            yield key.removeprefix("rules:"), _bytes(value)

    def running(self) -> list[str]:
        self._write()
        query = "SELECT id FROM cases WHERE next IS NOT NULL AND id NOT LIKE '@%' ORDER BY number"
        return [name for (name,) in self._query(query)]

    def localities(self) -> list[str]:
        self._write()
        query = "SELECT DISTINCT locality FROM cases WHERE next IS NOT NULL AND id NOT LIKE '@%' ORDER BY locality"
        return [code for (code,) in self._query(query)]

    def applied_rules(self, locality: str) -> str | None:
        found = self._query("SELECT value FROM meta WHERE key = ?", f"applied:{locality}")
        return found[0][0] if found else None

    def apply_rules(self, locality: str, rules: str) -> None:
        self._db.execute(STATEMENTS["meta"], (f"applied:{locality}", rules))

    def unfinished(self) -> list[tuple[str, int, int]]:
        found = self._query("SELECT key, value FROM meta WHERE key >= 'unfinished:' AND key < 'unfinished;'")
        entries = [(key.removeprefix("unfinished:").rpartition(":"), number) for key, number in found]
        return [(book, int(seq), int(number)) for (book, _, seq), number in sorted(entries)]

    def leave_unfinished(self, book: str, seq: int, number: int | None) -> None:
        self._db.execute("DELETE FROM meta WHERE key = ?", (f"unfinished:{book}:{seq}",))
        if number is not None:
            self._db.execute(STATEMENTS["meta"], (f"unfinished:{book}:{seq}", number))

    def projections(self) -> Iterator[Projection]:
        self._write()
        rows = self._db.execute("SELECT id, locality, state, unit, version, next, tail FROM cases ORDER BY number")
        for name, locality, state, unit, version, upcoming, tail in rows:
            soon = from_micros(upcoming) if upcoming is not None else None
            yield Projection(name, locality, state, unit, version, soon, _bytes(tail))

    def verify(self, against: str | None, rule_set_hash: RuleSetHash) -> str:
        """Recompute every chain; treat a damaged file as tampered with."""
        try:
            return super().verify(against, rule_set_hash)
        except sqlite3.Error as fault:
            raise Tampered(f"{self.path} is damaged: {fault}", f"{self.path} 已损坏：{fault}") from fault

    # --- writing ------------------------------------------------------------------------------------------------------

    def tail(self, case: str) -> bytes:
        if case not in self._chains:
            (self._chains[case],) = self._query("SELECT number, tail FROM cases WHERE id = ?", case)
        return self._chains[case][1]

    def write(self, step: LedgerStep) -> None:
        after, lines, secret, listeners = step.after, step.lines, step.secret, step.listeners
        name = after.id
        if step.before is None:
            self._count += 1
        number = self._count if step.before is None else self._chains[name][0]
        learnt = to_micros(step.recorded)
        for position, body in lines:
            self._new_events.append((position, number, learnt, body))
        self._cases[name] = after
        self._chains[name] = number, step.tail
        self._dirty[name] = None
        upcoming = to_micros(after.next_event_at) if after.next_event_at is not None else None
        self._due.put(upcoming, number, name)
        if secret is not None:
            self._new_texts.setdefault(number, {})[secret[0]] = secret[1:]
        if step.command_id is not None:
            self._new_commands[step.command_id] = (name, after.version, step.digest)
        if listeners:
            self._new_outbox += [(position, plugin) for position, _ in lines for plugin in listeners]


def _bytes(value: Any) -> bytes:
    """Read a column that holds bytes; one that somebody has altered may hold text."""
    return value.encode() if isinstance(value, str) else bytes(value)
