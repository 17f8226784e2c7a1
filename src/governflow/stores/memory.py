"""A store in memory: as quick as it gets, gone with the process."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice

from governflow.model.case import Case
from governflow.stores.store import GENESIS, DueQueue, LedgerEntry, LedgerStep, Projection, Store


class MemoryStore(Store):
    """Keeps everything in dictionaries; `Store` documents what the methods do."""

    def __init__(self) -> None:
        super().__init__()
        self._cases: dict[str, Case] = {}
        self._numbers: dict[str, int] = {}
        self._tails: dict[str, bytes] = {}
        self._ledger: list[tuple[str, bytes, datetime]] = []
        self._lines: dict[str, list[int]] = {}
        self._texts: dict[str, dict[int, tuple[bytes, bytes]]] = {}
        self._commands: dict[bytes, tuple[str, int]] = {}
        self._digests: dict[bytes, bytes] = {}
        self._outbox: dict[tuple[int, str], str | None] = {}
        self._attempts: Counter[tuple[int, str]] = Counter()
        self._due: DueQueue[datetime] = DueQueue()
        self._rule_sets: dict[str, bytes] = {}
        self._applied: dict[str, str] = {}
        self._unfinished: dict[tuple[str, int], int] = {}

    def begin(self) -> None:
        """Nothing to do, here and at the end: `append` takes all of a step or nothing, and keeps it nowhere else."""

    commit = rollback = close = scrub = begin

    def erase(self, case: str) -> int:
        return len(self._texts.pop(case, {}))

    def load(self, case: str) -> Case | None:
        return self._cases.get(case)

    def names(self, after: int, limit: int) -> list[tuple[int, str]]:
        known = islice(enumerate(self._cases, 1), after, None)
        return list(islice(((number, name) for number, name in known if not name.startswith("@")), limit))

    def count(self) -> int:
        return len(self._cases)

    def entries(self, case: str | None = None) -> Iterator[LedgerEntry]:
        positions = range(1, len(self._ledger) + 1) if case is None else self._lines.get(case, ())
        return map(self.entry, positions)

    def entry(self, position: int) -> LedgerEntry:
        return LedgerEntry(position, *self._ledger[position - 1])

    def next_due(self, before: datetime) -> Case | None:
        first = self._due.first()
        return self._cases[first[2]] if first is not None and first[0] < before else None

    def texts(self, case: str) -> dict[int, tuple[bytes, bytes]]:
        return dict(self._texts.get(case, {}))

    def command(self, command_id: bytes) -> tuple[str, int] | None:
        return self._commands.get(command_id)

    def command_digest(self, command_id: bytes) -> bytes | None:
        return self._digests.get(command_id)

    def undelivered(self) -> list[tuple[int, str]]:
        return list(self._outbox)

    def attempt(self, deliveries: Sequence[tuple[int, str]]) -> None:
        self._attempts.update(deliveries)

    def attempts(self, position: int, plugin: str) -> int:
        return self._attempts[position, plugin]

    def delivered(self, position: int, plugin: str, fault: str | None) -> None:
        if fault is None:
            self._outbox.pop((position, plugin), None)
            self._attempts.pop((position, plugin), None)
        else:
            self._outbox[position, plugin] = fault

    def rule_set(self, rules: str) -> bytes | None:
        return self._rule_sets.get(rules)

    def keep_rule_set(self, rules: str, content: bytes) -> None:
        self._rule_sets.setdefault(rules, content)

    def rule_sets(self) -> Iterator[tuple[str, bytes]]:
        return iter(self._rule_sets.items())

    def running(self) -> list[str]:
        return [
            name for name, case in self._cases.items() if case.next_event_at is not None and not name.startswith("@")
        ]

    def localities(self) -> list[str]:
        return sorted({self._cases[name].locality for name in self.running()})

    def applied_rules(self, locality: str) -> str | None:
        return self._applied.get(locality)

    def apply_rules(self, locality: str, rules: str) -> None:
        self._applied[locality] = rules

    def unfinished(self) -> list[tuple[str, int, int]]:
        return [(book, seq, number) for (book, seq), number in self._unfinished.items()]

    def leave_unfinished(self, book: str, seq: int, number: int | None) -> None:
        self._unfinished.pop((book, seq), None)
        if number is not None:
            self._unfinished[book, seq] = number

    def projections(self) -> Iterator[Projection]:
        return (Projection.of(case, self._tails[case.id]) for case in self._cases.values())

    def tail(self, case: str) -> bytes:
        return self._tails.get(case, GENESIS)

    def write(self, step: LedgerStep) -> None:
        after, lines, recorded, secret = step.after, step.lines, step.recorded, step.secret
        name = after.id
        if step.before is None:
            self._numbers[name] = len(self._numbers) + 1
            self._lines[name] = []
        mine, ledger = self._lines[name], self._ledger
        for position, body in lines:
            mine.append(position)
            ledger.append((name, body, recorded))
        self._cases[name] = after
        self._tails[name] = step.tail
        self._due.put(after.next_event_at, self._numbers[name], name)
        if secret is not None:
            self._texts.setdefault(name, {})[secret[0]] = secret[1:]
        if step.command_id is not None:
            self._commands[step.command_id] = (name, after.version)
            if step.digest is not None:
                self._digests[step.command_id] = step.digest
        for plugin in step.listeners:
            self._outbox.update({(position, plugin): None for position, _ in lines})
