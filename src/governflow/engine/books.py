"""A locality's own book, for what belongs to no case (地方台账): switches of mode, musters, outages, merits."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from governflow.engine import musters, review
from governflow.engine.outbox import Outbox
from governflow.engine.session import Session, require_actor
from governflow.errors import CommandError
from governflow.model.case import Case
from governflow.model.events import Actor, Event
from governflow.model.terms import Mode, member
from governflow.policy.stack import Policy

#: What a switch may not be entered before: another one, and posts that came to a muster.
_SETTLED = frozenset({"mode_switched", "checked_in"})


class Books:
    """The localities' own books; `Engine` documents the methods of the same names.

    Args:
        session: Where they are kept.
        outbox: Tells plugins of what happens in them.
    """

    def __init__(self, session: Session, outbox: Outbox) -> None:
        self._session, self._outbox = session, outbox

    def events(self, locality: str) -> list[Event]:
        """Return the entries of a book, oldest first."""
        with self._session.lock:
            return self._session.store.history(f"@{locality}")

    def load(self, locality: str) -> Case | None:
        """Return a book as it stands, or None if nothing was entered yet."""
        with self._session.lock:
            self._session.store.refresh()
            return self._session.store.load(f"@{locality}")

    def outages(self, locality: str) -> Sequence[tuple[datetime, datetime]]:
        """Return the declared outages of a locality and of those above it, as pairs of moments in UTC."""
        return [
            (datetime.fromisoformat(event.about["from"]), datetime.fromisoformat(event.about["to"]))
            for code in self._session.rules_of(locality).lineage
            for event in self.events(code)
            if event.kind == "outage_declared"
        ]

    def switch_mode(self, locality: str, mode: str, reason: str, by: Actor | None, at: datetime | None) -> Event:
        """Switch a locality's mode, and that of every open case below it; return the entry."""
        session = self._session
        wanted = member(Mode, mode)
        if not isinstance(reason, str) or not reason.strip():
            raise CommandError("a switch of mode needs a reason", "切换状态须说明理由")
        require_actor(by)
        moment = session.moment(at)
        with session.transaction:
            policy = session.localities.policy(session.localities.require_code(locality))
            self._refuse_earlier(policy.code, moment)
            book, fallen, now = self._caught_up(policy, moment)
            events, after = musters.switch(now, policy, moment, wanted, {"reason": reason}, by)
            # All is decided before anything is written: what is interrupted leaves nothing behind.
            steps = [(policy, book, after, fallen + events), *self._switched_cases(policy.code, moment, wanted, by)]
            for step in steps:
                session.append(*step)
            session.forget_modes()
        self._outbox.deliver()
        return events[0]

    def check_in(self, locality: str, post: str, by: Actor | None, at: datetime | None) -> Event:
        """Let a post check in at the muster; return the entry."""
        require_actor(by)
        moment = self._session.moment(at)
        with self._session.transaction:
            policy = self._session.localities.policy(locality)
            book, fallen, now = self._caught_up(policy, moment)
            events, after = musters.check_in(now, policy, moment, post, by)
            self._session.append(policy, book, after, fallen + events)
        self._outbox.deliver()
        return events[0]

    def enter(self, locality: str, kind: str, about: dict[str, Any], by: Actor | None, at: datetime | None) -> Event:
        """Write an entry that changes nothing but the book."""
        require_actor(by)
        moment = self._session.moment(at)
        with self._session.transaction:
            rules = self._session.rules_of(locality)
            book = self._session.store.load(f"@{locality}")
            if book is not None:  # a muster that is late is late before whatever is written now
                fallen, now = self._session.catch_up(book, rules, moment)
                if fallen:
                    self._session.append(rules, book, now, fallen)
            return self._session.append_to_book(locality, kind, about, by, moment)

    def _caught_up(self, policy: Policy, at: datetime) -> tuple[Case | None, list[Event], Case]:
        """Return a locality's book as it is kept, what fell due in it before a moment, and the book then."""
        book = self._session.store.load(f"@{policy.code}")
        if book is None:
            return None, [], Case(f"@{policy.code}", opened=at, state=musters.BOOK)
        return book, *self._session.catch_up(book, policy, at)

    def _refuse_earlier(self, code: str, at: datetime) -> None:
        later = [event for event in self.events(code) if event.kind in _SETTLED and event.at > at]
        if later:
            raise CommandError(
                "the book of {code} has {kind} at {at} already: a switch cannot come before it",
                "{code} 的台账在 {at} 已有记录：不能补记更早的切换",
                code=code,
                kind=later[0].kind,
                at=later[0].at,
            )

    def _switched_cases(
        self, code: str, at: datetime, mode: Mode, by: Actor | None
    ) -> Iterator[tuple[Policy, Case, Case, list[Event]]]:
        """Switch every open case below a locality whose mode changes with it."""
        session = self._session
        for name in session.store.running():
            case = session.store.load(name)
            rules = session.rules_of(case.locality) if case is not None else None
            if case is None or rules is None or case.opened is None or code not in rules.lineage:
                continue
            then = max(at, case.opened)  # a switch that is entered late reaches what was reported since
            fallen, now = session.catch_up(case, rules, then)
            others = mode is not Mode.EMERGENCY and session.mode(rules, then, but=code) is Mode.EMERGENCY
            effective = Mode.EMERGENCY if others else mode
            if now.next_event_at is None or now.mode is effective:
                continue
            switched, after = review.remode(now, rules, then, effective, by)
            yield rules, case, after, fallen + switched
