"""What can be read of an engine: cases, their books and lives, their texts, and how every ruling came about (查询)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from governflow.engine.session import Session
from governflow.errors import NotAllowed
from governflow.model.case import Case
from governflow.model.events import Actor, Event, decode
from governflow.model.life import life, marked, without_false_breaches
from governflow.policy.rulesets import read_again
from governflow.policy.stack import Policy
from governflow.text import Json

if TYPE_CHECKING:
    from governflow.engine.explain import Explanation


class Readings:
    """The methods of an engine that only read."""

    _session: Session

    def case(self, case_id: str) -> Case:
        """Return a case.

        Raises:
            UnknownCase: If there is none.
        """
        with self._session.lock:
            return self._session.load(case_id)

    def cases(self) -> Iterator[Case]:
        """Return all cases in the order in which they were first reported, without those registered in error."""
        number = 0
        while True:
            with self._session.lock:
                self._session.store.refresh()
                names = self._session.store.names(number, 200)
            if not names:
                return
            for _, name in names:
                with self._session.lock:
                    case = self._session.store.load(name)
                if case is not None and not case.in_error:
                    yield case
            number = names[-1][0]

    def history(self, case_id: str, *, about: str | Sequence[str] = "") -> list[Event]:
        """Return the entries of a case's book, oldest first; what was withdrawn since says so (``withdrawn``).

        Args:
            case_id: The case.
            about: Only those that tell this detail, such as ``escalation``, or any of several; all by default.

        Raises:
            UnknownCase: If there is no such case.
        """
        return marked(self._read(case_id, about))

    def life(self, case_id: str, *, about: str | Sequence[str] = "") -> list[Event]:
        """Return the life of a case as it stands: its events in the order of time, without what was withdrawn.

        Args:
            case_id: The case.
            about: Only those that tell this detail; all by default.

        Raises:
            UnknownCase: If there is no such case.
        """
        wanted = (about,) if isinstance(about, str) else about
        lived = without_false_breaches(life(self._read(case_id, about)))
        lived = [event for event in lived if event.withdrawn is None]
        return [event for event in lived if not about or not event.about.keys().isdisjoint(wanted)]

    def _read(self, case_id: str, about: str | Sequence[str]) -> list[Event]:
        """Return the entries of a book: only those that tell a detail, where nothing was amended."""
        self.case(case_id)
        with self._session.lock:
            entries = list(self._session.store.entries(case_id))
        wanted = (about,) if isinstance(about, str) else about
        parts = [detail.encode() for detail in wanted]
        if any(b'"amended"' in entry.body or b'"withdrawn"' in entry.body for entry in entries):
            return [decode(entry.body, entry.recorded) for entry in entries]
        told = (entry for entry in entries if any(part in entry.body for part in parts))
        events = [decode(entry.body, entry.recorded) for entry in told]
        return [event for event in events if not about or not event.about.keys().isdisjoint(wanted)]

    def find(self, case_id: str) -> Case | None:
        """Return a case, or None if there is none."""
        with self._session.lock:
            return None if case_id.startswith("@") else self._session.store.load(case_id)

    def has_taken(self, command_id: str | bytes) -> bool:
        """Return whether a command of this id was taken before."""
        with self._session.lock:
            return (
                self._session.store.command(command_id.encode() if isinstance(command_id, str) else command_id)
                is not None
            )

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever recorded."""
        return self._session.store.position == 0

    def rule_set(self, rules: str) -> bytes | None:
        """Return a rule set as the store keeps it, by its hash."""
        with self._session.lock:
            return self._session.store.rule_set(rules)

    def explain(self, case_id: str) -> "Explanation":
        """Return every ruling with reason, rule and source, and every clock as segments from start to due."""
        from governflow.engine.explain import explain  # it reads tables, which no command needs

        case = self.case(case_id)
        return explain(case, self.life(case_id), self.rules_of(case.locality), self.rule_set)

    def personal(self, case_id: str, *, by: Actor) -> list[Mapping[str, Json]]:
        """Return the texts and personal data of a case, one mapping an event that brought any.

        Args:
            case_id: The case.
            by: Who reads: only the unit that holds the case may.

        Returns:
            Mappings with ``seq`` and any of ``reporter``, ``phone``, ``text``, ``note``, ``reason``, ``extra``.

        Raises:
            NotAllowed: If the reader's unit does not hold the case.
        """
        case = self.case(case_id)
        if by.unit != case.unit:
            raise NotAllowed(
                f"personal data of case {case_id} is for {case.unit}, which holds it, not for {by.unit or 'no unit'}",
                f"事项 {case_id} 的个人信息仅限承办单位“{case.unit}”查看",
            )
        return self.texts(case_id)

    def texts(self, case_id: str) -> list[Mapping[str, Json]]:
        """Return the erasable texts of a case without asking who reads: for the store's own keeper."""
        with self._session.lock:
            kept = self._session.store.texts(case_id)
        return [{"seq": seq, **msgspec.json.decode(content)} for seq, (_, content) in sorted(kept.items())]

    def verify(self, against: str | None = None) -> str:
        """Recompute every chain of the ledger.

        Args:
            against: A head noted earlier.

        Returns:
            The head, ``<number of events>:<hash>``: note it elsewhere.

        Raises:
            Tampered: If anything was altered, cut off or reordered.
        """
        with self._session.lock:
            self._session.store.refresh()
            return self._session.store.verify(against, read_again)

    def rules_of(self, locality: str) -> Policy:
        """Return a locality's rules, or the defaults if they cannot be loaded: one county stops no other's clocks."""
        return self._session.rules_of(locality)
