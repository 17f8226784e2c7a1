"""What commands, deadlines, books and deliveries have in common: one store, one lock, one way to take a step (保存).

Whatever was decided is taken by `Session._keep`: the events, the rule set that they name and the merits that they earn,
in one transaction.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from governflow.engine import decide as deciding
from governflow.engine.merits import entry as merit_entry
from governflow.engine.musters import BOOK
from governflow.errors import CommandError, PolicyError
from governflow.model.case import Case, evolve
from governflow.model.events import Actor, Event, decode, encode
from governflow.model.faults import HookFault
from governflow.model.terms import Mode
from governflow.policy.registry import Localities
from governflow.policy.stack import Policy
from governflow.stores import Store
from governflow.timesource import Entropy, TimeSource

#: A code and the switches of its mode, oldest first.
Switches = tuple[str, tuple[tuple[datetime, Mode], ...]]

_TEXT_OR_NONE = (str, type(None))


def require_actor(by: object) -> None:
    """Refuse an actor that could be written into an event, but never read back."""
    if type(by) is not Actor or type(by.id) is not str or type(by.unit) not in _TEXT_OR_NONE:
        raise CommandError(
            f"{by!r} is no actor: give Actor(id, unit), both texts",
            f"{by!r} 不是经办人：请用 Actor(编号, 单位)，均为文字",
        )


class Session:
    """A store and the rules for it; what the parts of an engine share.

    Args:
        store: Where the cases are kept.
        clock: What ``at=None`` and ``advance()`` mean by now.
        entropy: Where the salts of commitments come from.
        localities: The localities it knows.
    """

    def __init__(self, store: Store, clock: TimeSource, entropy: Entropy, localities: Localities) -> None:
        self.store = store
        self.clock = clock
        self.localities = localities
        self._entropy = entropy
        self._lock = threading.RLock()
        self._modes: dict[str, tuple[Switches, ...]] = {}
        self._kept: set[str] = set()
        self._seen = store.generation

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Make what is done inside durable together, or none of it. `_run`, the hottest path, does the same inline."""
        with self._lock:
            self.store.begin()
            try:
                yield
                self.store.commit()
            except BaseException:
                self.store.rollback()
                raise

    def _keep(
        self,
        policy: Policy,
        before: Case | None,
        after: Case,
        events: list[Event],
        secret: tuple[int, bytes, bytes] | None = None,
        key: bytes | None = None,
    ) -> None:
        """Take the events of a step, the rule set that they name, and the merits that they earn."""
        if policy.rules not in self._kept:
            self.store.keep_rule_set(policy.rules, policy.rule_set)
            self._kept.add(policy.rules)
        self.store.append(before, after, events, self.clock.now(), secret, key, policy.observed)
        if policy.rewarding and not after.id.startswith("@"):
            for kind, about in self._rewards(policy, after, events):
                self._write_in(policy.layers[0].code, kind, {}, about, None, events[-1].at)

    def _rewards(self, policy: Policy, case: Case, events: list[Event]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Ask for merits; a hook that fails loses its merits, never the case, and the book says so."""
        for event in (decode(encode(event)) for event in events):  # whoever is asked cannot rewrite what happened
            context = policy.context(case, self._mode(policy, event.at), event.at)
            for source, ask in policy.rewarding:
                try:
                    merits = [merit_entry(merit, source, case.id) for merit in ask(event, case, context) or ()]
                except (Exception, SystemExit, GeneratorExit) as fault:  # noqa: BLE001 - whatever a county's rule raises, the case must stand
                    yield "faulted", {"faults": [HookFault.raised(source, "governflow_merits", fault).as_json()]}
                    continue
                for entry in merits:
                    yield "merit_entered", entry

    def rules_of(self, locality: str) -> Policy:
        """Return a locality's rules, or the defaults where they cannot be loaded: no other county's clocks stop."""
        try:
            return self.localities.policy(locality)
        except PolicyError as fault:
            return self.localities.fallback(locality, fault)

    def _catch_up(self, case: Case, policy: Policy, at: datetime) -> tuple[list[Event], Case]:
        """Let happen what fell due for this case before a command, each thing with its own moment."""
        fallen: list[Event] = []
        while case.next_event_at is not None and case.next_event_at < at:
            events, case = deciding.fire(case, policy, self._mode(policy, case.next_event_at))
            fallen += events
        return fallen, case

    def _write_in(
        self,
        locality: str,
        kind: str,
        changes: dict[str, Any],
        about: dict[str, Any],
        by: Actor | None,
        at: datetime,
        key: bytes | None = None,
        listeners: Sequence[str] = (),
    ) -> Event:
        """Write into a book within a transaction."""
        name = f"@{locality}"
        book = self.store.load(name)
        if book is None:
            changes = {**changes, "locality": locality}
        seq = book.version + 1 if book else 1
        event = Event(name, seq, kind, at, BOOK, by=by, changes=changes, about=about)
        self.store.append(book, evolve(book, event), [event], self.clock.now(), None, key, listeners)
        return event

    def _mode(self, policy: Policy, at: datetime, *, but: str | None = None) -> Mode:
        """Return the mode of a locality at a moment: emergency while it, or anything above it, is in emergency.

        Args:
            policy: The locality's policy.
            at: The moment.
            but: A code whose own switches are left out.
        """
        if self._seen is not self.store.generation:  # somebody else wrote, or a transaction was undone
            self._seen = self.store.generation
            self._modes.clear()
            self._kept.clear()
        switched = self._modes.get(policy.code)
        if switched is None:
            switched = tuple((code, found) for code in policy.lineage if (found := self._switches(code)))
            self._modes[policy.code] = switched
        for code, switches in switched:
            if code == but:
                continue
            before = [mode for then, mode in switches if then <= at]
            if before and before[-1] is Mode.EMERGENCY:
                return Mode.EMERGENCY
        return Mode.NORMAL

    def _switches(self, locality: str) -> tuple[tuple[datetime, Mode], ...]:
        """Return every switch of a locality's mode, oldest first."""
        events = self.store.history(f"@{locality}", holding=b'"mode_switched"')
        return tuple((event.at, Mode(event.changes["mode"])) for event in events if event.kind == "mode_switched")
