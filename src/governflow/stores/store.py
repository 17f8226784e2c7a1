"""What every store keeps, and how its books are chained (账本).

* The *ledger*: all events in the order in which they were taken, each as its body. Every case has a hash chain of its
  own over its bodies; the store has a head over all of them: ``head = sha256(head + tail of the case's chain)``.
* A projection of each case: where it is, and when something next happens to it. It can be rebuilt from the ledger.
* The erasable table: free text and personal data by event, each with the salt of its commitment.
* Command ids already seen, and the outbox of what plugins still have to hear.

Everything that one command changes is taken in one `append` and becomes durable in one `commit`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from heapq import heappop, heappush
from typing import Generic, NamedTuple, TypeVar

import msgspec

from governflow._names import names_renamed
from governflow.errors import CommandError, StoreError, Tampered
from governflow.model.case import Case, fold
from governflow.model.events import RETOLD, Event, decode, encode

#: The hash that every chain begins with.
GENESIS = b"\0" * 32

#: Returns the hash of a rule set from what a store kept of it, or None if it cannot be read.
RuleSetHash = Callable[[bytes], str | None]


M = TypeVar("M", int, datetime)


def link(previous: bytes, content: bytes) -> bytes:
    """Return the next hash of a chain: SHA-256 over the previous hash and the content."""
    return sha256(previous + content).digest()


def commitment(salt: bytes, content: bytes) -> str:
    """Return the commitment to erasable content; without the salt it says nothing about the content."""
    return sha256(salt + content).hexdigest()


class LedgerEntry(NamedTuple):
    """One line of the ledger.

    Args:
        position: Its place in the ledger, from 1.
        case: The case that it belongs to.
        body: The event as it was hashed.
        recorded: When the store learnt of it.
    """

    position: int
    case: str
    body: bytes
    recorded: datetime


class Projection(NamedTuple):
    """What a store keeps of a case beside the ledger; it can be made anew from its events.

    Args:
        case: The case's id.
        locality: Its locality.
        state: Its state.
        unit: The unit responsible for it.
        version: The number of its events.
        next: When something next happens to it.
        tail: The last hash of its chain.
    """

    case: str
    locality: str
    state: str
    unit: str
    version: int
    next: datetime | None
    tail: bytes

    @classmethod
    def of(cls, case: Case, tail: bytes) -> "Projection":
        """Project a case."""
        return cls(case.id, case.locality, case.state, case.unit, case.version, case.next_event_at, tail)


class LedgerStep(msgspec.Struct, frozen=True, eq=False, gc=False):
    """What one command changes, chained; `Store.append` explains the fields that it takes."""

    before: Case | None
    after: Case
    #: Position in the ledger and body of each event.
    lines: Sequence[tuple[int, bytes]]
    #: The last hash of the case's chain after them.
    tail: bytes
    recorded: datetime
    secret: tuple[int, bytes, bytes] | None
    command_id: bytes | None
    listeners: Sequence[str]
    #: What tells the command from every other one; None where it has no id.
    digest: bytes | None = None


class DueQueue(Generic[M]):
    """Cases by the moment at which something next happens to them: a heap whose outdated entries are dropped.

    Moments are of any one type that can be compared; entries of one moment come in the order of the cases' numbers.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[M, int, str]] = []
        self._next: dict[str, M | None] = {}

    def __len__(self) -> int:
        return len(self._heap)

    def clear(self) -> None:
        """Forget all entries."""
        self._heap.clear()
        self._next.clear()

    def put(self, moment: M | None, number: int, case: str) -> None:
        """Enter when something next happens to a case; None if nothing does. It replaces what was entered before."""
        if moment is not None and self._next.get(case) != moment:
            heappush(self._heap, (moment, number, case))
        self._next[case] = moment

    def first(self) -> tuple[M, int, str] | None:
        """Return the entry that comes first, as moment, number and case, or None."""
        heap = self._heap
        while heap and self._next[heap[0][2]] != heap[0][0]:
            heappop(heap)
        return heap[0] if heap else None


class Store(ABC):
    """The protocol of a store. What is common to all of them is done here, once."""

    def __init__(self) -> None:
        self.position = 0
        self.head = GENESIS
        self.now: datetime | None = None
        #: Changes whenever what was read before may be stale: another connection wrote, or a transaction was undone.
        self.generation: object = object()

    # --- transactions -------------------------------------------------------------------------------------------------

    @abstractmethod
    def begin(self) -> None:
        """Begin a transaction; what was cached is made fresh if somebody else wrote meanwhile."""

    @abstractmethod
    def commit(self) -> None:
        """Make everything since `begin` durable."""

    @abstractmethod
    def rollback(self) -> None:
        """Forget everything since `begin`."""

    @abstractmethod
    def close(self) -> None:
        """Close the store."""

    def refresh(self) -> None:  # noqa: B027 - a store that nobody else can write to is always fresh
        """Make what was cached fresh if somebody else wrote meanwhile."""

    def bulk(self, *, on: bool) -> None:  # noqa: B027 - a store that writes at once has nothing to switch
        """Switch bulk writing on (many commands become durable together) or off."""

    def abandon(self) -> None:  # noqa: B027 - what a store has written at once stays
        """End a bulk run whose last transaction must not become durable."""

    @abstractmethod
    def erase(self, case: str) -> int:
        """Erase the texts and personal data of a case, within a transaction; return how many there were."""

    @abstractmethod
    def scrub(self) -> None:
        """Make sure that what was erased is gone from the medium too; called after the commit."""

    # --- reading ------------------------------------------------------------------------------------------------------

    @abstractmethod
    def load(self, case: str) -> Case | None:
        """Return a case, or None."""

    @abstractmethod
    def names(self, after: int, limit: int) -> list[tuple[int, str]]:
        """Return the numbers and ids of the next cases after a number; books are left out."""

    @abstractmethod
    def count(self) -> int:
        """Return how many cases there are, books included: the number of the last one."""

    @abstractmethod
    def entries(self, case: str | None = None) -> Iterator[LedgerEntry]:
        """Return the ledger, whole or of one case, in order."""

    @abstractmethod
    def entry(self, position: int) -> LedgerEntry:
        """Return one line of the ledger."""

    @abstractmethod
    def next_due(self, before: datetime) -> Case | None:
        """Return the case to which something happens next before a moment: by moment, then in order of reporting."""

    @abstractmethod
    def texts(self, case: str) -> dict[int, tuple[bytes, bytes]]:
        """Return the texts and personal data of a case by event number: ``(salt, content)``."""

    @abstractmethod
    def command(self, command_id: bytes) -> tuple[str, int] | None:
        """Return the case and version that a command id led to, or None if it is new."""

    @abstractmethod
    def command_digest(self, command_id: bytes) -> bytes | None:
        """Return the digest of the command that was known by an id, or None where none was kept."""

    @abstractmethod
    def undelivered(self) -> list[tuple[int, str]]:
        """Return what plugins still have to hear: ``(position, plugin)``."""

    @abstractmethod
    def attempt(self, deliveries: Sequence[tuple[int, str]]) -> None:
        """Note that deliveries are attempted now, and make that durable: whatever becomes of them, they were."""

    @abstractmethod
    def attempts(self, position: int, plugin: str) -> int:
        """Return how often a delivery that waits was attempted, whether it failed or nobody knows; 0 if never."""

    @abstractmethod
    def delivered(self, position: int, plugin: str, fault: str | None) -> None:
        """Note that a plugin heard an event, or need not hear it any more, or why it failed to."""

    @abstractmethod
    def rule_set(self, rules: str) -> bytes | None:
        """Return a rule set by the hash under which it was kept, or None."""

    @abstractmethod
    def keep_rule_set(self, rules: str, content: bytes) -> None:
        """Keep a rule set under its hash, within a transaction; known ones stay as they are."""

    @abstractmethod
    def rule_sets(self) -> Iterator[tuple[str, bytes]]:
        """Return every rule set that is kept, with its hash."""

    @abstractmethod
    def running(self) -> list[str]:
        """Return the ids of the cases to which something still happens by itself; books are left out."""

    @abstractmethod
    def localities(self) -> list[str]:
        """Return the codes in which something still happens to a case by itself, in order."""

    @abstractmethod
    def applied_rules(self, locality: str) -> str | None:
        """Return the hash of the rule set under which the open cases of a locality were last looked through."""

    @abstractmethod
    def apply_rules(self, locality: str, rules: str) -> None:
        """Note that the open cases of a locality were looked through under a rule set, within a transaction."""

    @abstractmethod
    def unfinished(self) -> list[tuple[str, int, int]]:
        """Return what entries of books still have to change: the book, the entry, and the last case that it reached."""

    @abstractmethod
    def leave_unfinished(self, book: str, seq: int, number: int | None) -> None:
        """Note how far an entry of a book has reached, None where all is done; within a transaction."""

    @abstractmethod
    def projections(self) -> Iterator["Projection"]:
        """Return what is kept of every case beside the ledger."""

    # --- writing ------------------------------------------------------------------------------------------------------

    @abstractmethod
    def tail(self, case: str) -> bytes:
        """Return the last hash of a case's chain."""

    @abstractmethod
    def write(self, step: "LedgerStep") -> None:
        """Take a step that `append` has chained."""

    def append(
        self,
        before: Case | None,
        after: Case,
        events: Sequence[Event],
        recorded: datetime,
        secret: tuple[int, bytes, bytes] | None = None,
        command_id: bytes | None = None,
        listeners: Sequence[str] = (),
        digest: bytes | None = None,
    ) -> None:
        """Take the events of one step, chained and hashed.

        Args:
            before: The case before them; None if it is new.
            after: The case after them.
            events: The events.
            recorded: When the store learns of them.
            secret: Event number, salt and content of the texts that came with the command.
            command_id: The id of the command that led to them.
            listeners: The plugins that want to hear of them.
            digest: What tells the command from every other one, kept beside its id.
        """
        tail = self.tail(after.id) if before is not None else GENESIS
        head, position = self.head, self.position
        lines = []
        try:
            for event in events:
                body = encode(event)
                tail = sha256(tail + body).digest()  # as `link`: twice an event, in every step
                head = sha256(head + tail).digest()
                position += 1
                lines.append((position, body))
        except UnicodeEncodeError as fault:
            raise CommandError(
                f"{fault.object!r:.40} holds half a character, which cannot be written", "文字中含有无法写入的半个字符"
            ) from None
        self.write(LedgerStep(before, after, lines, tail, recorded, secret, command_id, listeners, digest))
        # Only now: what could not be written has not happened.
        self.head, self.position = head, position

    def history(self, case: str, *, holding: Sequence[bytes] = (b"",)) -> list[Event]:
        """Return the events of a case, oldest first; only those whose body holds any of the given bytes."""
        entries = self.entries(case)
        return [decode(one.body, one.recorded) for one in entries if any(part in one.body for part in holding)]

    # --- verifying ----------------------------------------------------------------------------------------------------

    def verify(self, against: str | None, rule_set_hash: RuleSetHash) -> str:
        """Recompute every chain and compare it with what is kept.

        Args:
            against: A head noted earlier, as this method returned it; None for none.
            rule_set_hash: Returns the hash of a rule set from what was kept of it, or None if it cannot be read.

        Returns:
            The head: ``<number of events>:<hash>``.

        Raises:
            Tampered: If anything was altered, cut off or reordered; the sentence names the case.
            StoreError: If ``against`` is no head.
        """
        wanted = _read_head(against) if against is not None else None
        tails: dict[str, bytes] = {}
        head, position = GENESIS, 0
        for entry in self.entries():
            position += 1
            if entry.position != position:
                raise Tampered(f"event {position} is missing from the ledger", f"账本缺少第 {position} 个事件")
            tails[entry.case] = link(tails.get(entry.case, GENESIS), entry.body)
            head = link(head, tails[entry.case])
            if wanted is not None and wanted[0] == position and wanted[1] != head.hex():
                raise Tampered(
                    f"the first {position} events are not those of the head {against}: something was altered",
                    f"前 {position} 个事件与校验值 {against} 不符：账本被改动过",
                )
        if wanted is not None and wanted[0] > position:
            raise Tampered(
                f"the ledger has {position} events, the head {against} spoke of {wanted[0]}: something was cut off",
                f"账本只有 {position} 个事件，校验值 {against} 记载 {wanted[0]} 个：账本被截断",
            )
        asked: set[str] = set()
        for kept in self.projections():
            self._verify_case(kept, tails.pop(kept.case, None), asked)
        for case in tails:
            raise Tampered(f"case {case} is in the ledger, but not among the cases", f"事项 {case} 的登记被删除")
        if (head, position) != (self.head, self.position):
            raise Tampered("the ledger does not lead to the head that is kept", "账本与所存校验值不符")
        for rules, content in self.rule_sets():
            asked.discard(rules)
            if rule_set_hash(content) != rules:
                raise Tampered(f"the rule set {rules} was altered", f"规则集 {rules} 被改动过")
        for rules in sorted(asked):
            raise Tampered(f"the rule set {rules} was removed", f"规则集 {rules} 被删除")
        return f"{position}:{head.hex()}"

    def _verify_case(self, kept: Projection, found: bytes | None, asked: set[str]) -> None:
        case = kept.case
        if found != kept.tail:
            raise Tampered(f"the events of case {case} were altered", f"事项 {case} 的事件被改动过")
        events = self.history(case)
        asked.update(event.rules for event in events if event.rules is not None)
        known = fold(events)
        if known is None or Projection.of(known, kept.tail) != kept:
            raise Tampered(
                f"what is kept of case {case} ({kept.state}, with {kept.unit}) is not what its events say",
                f"事项 {case} 的登记状态与其事件不符",
            )
        texts = self.texts(case)
        secrets = {_holder(event): event.secret for event in events if event.secret is not None}
        erased = max((event.seq for event in events if event.kind == "forgotten"), default=0)
        if texts.keys() - secrets.keys():
            raise Tampered(f"case {case} has a text that no event speaks of", f"事项 {case} 有来历不明的文本")
        for seq, secret in secrets.items():
            if seq not in texts and seq > erased:
                raise Tampered(f"the texts of case {case} were removed", f"事项 {case} 的文本被删除")
            if seq in texts and commitment(*texts[seq]) != secret:
                raise Tampered(f"the texts of case {case} were altered", f"事项 {case} 的文本被改动过")


def _holder(event: Event) -> int:
    """Return the number of the event under which the texts stand that an event commits to."""
    seq = event.about["seq"] if event.kind == RETOLD else event.seq
    return seq if isinstance(seq, int) else event.seq


def _read_head(text: str) -> tuple[int, str]:
    position, _, digest = text.strip().partition(":")
    if not position.isdigit() or len(digest) != 64:
        raise StoreError(
            f"{text!r} is no head: it looks like 123:abcd... as `governflow verify` prints it",
            f"{text!r} 不是校验值：应为 governflow verify 所显示的“123:abcd…”",
        )
    return int(position), digest.lower()


__getattr__ = names_renamed(__name__, Entry="LedgerEntry", Step="LedgerStep")
