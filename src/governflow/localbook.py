"""A locality's own book: what belongs to no case (地方台账): switches of mode and their musters, outages, merits."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from governflow import musters
from governflow.case import Case
from governflow.decide import Outcomes
from governflow.deliveries import Deliveries
from governflow.errors import CommandError
from governflow.events import Actor, Event
from governflow.hookspecs import Merit
from governflow.keeping import require_actor
from governflow.merits import entry as merit_entry
from governflow.policy import Policy
from governflow.terms import Mode, member
from governflow.timekeeping import in_utc


class Books(Deliveries):
    """The part of an engine that keeps the localities' own books."""

    def book(self, locality: str) -> list[Event]:
        """Give the locality's own book: mode switches, declared outages."""
        with self._lock:
            return self.store.history(f"@{locality}")

    def outages(self, locality: str) -> Sequence[tuple[datetime, datetime]]:
        """Give the declared outages of a locality and of those above it."""
        return [
            (datetime.fromisoformat(event.about["from"]), datetime.fromisoformat(event.about["to"]))
            for code in self._rules_of(locality).lineage
            for event in self.book(code)
            if event.kind == "outage_declared"
        ]

    def switch_mode(
        self, locality: str, mode: str, *, reason: str, by: Actor | None = None, at: datetime | None = None
    ) -> Event:
        """Switch a locality between everyday and emergency running (平急转换); it is written in the locality's book.

        Switching to emergency calls a muster of all posts. Every open case of the locality and of what lies below it
        says what the switch does to it; its running clocks get the allowances of the new mode.

        Args:
            locality: The locality's code.
            mode: ``normal`` or ``emergency``.
            reason: Why.
            by: Who ordered it.
            at: When; now by default.

        Returns:
            The entry in the book.

        Raises:
            CommandError: If it runs in this mode already, or a later switch is in the book.
        """
        wanted = member(Mode, mode)
        about = {"reason": reason}
        return self._in_book(
            locality, by, at, lambda book, policy, moment: self._switch(book, policy, moment, wanted, about, by)
        )

    def check_in_at_muster(
        self, locality: str, *, post: str, by: Actor | None = None, at: datetime | None = None
    ) -> Event:
        """Let a post check in at the muster (到岗); the muster is complete when the last one has.

        Args:
            locality: The locality's code.
            post: The post's unit.
            by: Who says so.
            at: When it came; now by default.

        Raises:
            CommandError: If the post is not awaited.
        """
        return self._in_book(
            locality, by, at, lambda book, policy, moment: musters.check_in(book, policy, moment, post, by)
        )

    def muster(self, locality: str) -> musters.Muster | None:
        """Give the present muster of a locality, or None in everyday running."""
        with self._lock:
            self.store.refresh()
            return musters.muster(self.store.load(f"@{locality}"))

    def award(
        self, locality: str, merit: Merit, *, source: str, by: Actor | None = None, at: datetime | None = None
    ) -> Event:
        """Enter merits by hand (积分登记): for what no event of a case tells. They never influence a ruling.

        Args:
            locality: The locality's code.
            merit: To whom, how many points, why, until when.
            source: Where it is known from: a roster, an inspection, a resident committee's minutes.
            by: Who enters it.
            at: When; now by default.
        """
        return self._enter(locality, "merit_entered", {}, merit_entry(merit, source, None), by, at)

    def declare_outage(
        self,
        locality: str,
        since: datetime,
        until: datetime,
        *,
        reason: str,
        by: Actor | None = None,
        at: datetime | None = None,
    ) -> Event:
        """Declare that nobody could keep deadlines for a while; breaches due inside are exempt from the statistics.

        Args:
            locality: The locality's code.
            since: From when, timezone-aware.
            until: Until when.
            reason: Why.
            by: Who declared it.
            at: When it was declared; now by default.
        """
        start, end = in_utc(since), in_utc(until)
        if end <= start:
            raise CommandError("an outage ends after it begins", "停运的结束时间必须晚于开始时间")
        about = {"from": start.isoformat(), "to": end.isoformat(), "reason": reason}
        return self._enter(locality, "outage_declared", {}, about, by, at)

    def _in_book(
        self,
        locality: str,
        by: Actor | None,
        at: datetime | None,
        decide: Callable[[Case, Policy, datetime], Outcomes],
    ) -> Event:
        """Decide something in the locality's own book, after what falls due there before."""
        if by is not None:
            require_actor(by)
        moment = in_utc(self.clock.now() if at is None else at)
        with self._transaction():
            policy = self.localities.policy(locality)
            book = self.store.load(f"@{locality}")
            fallen, now = (
                ([], Case(f"@{locality}", opened=moment, state=musters.BOOK))
                if book is None
                else self._catch_up(book, policy, moment)
            )
            events, after = decide(now, policy, moment)
            self._keep(policy, book, after, fallen + events)
            self._modes.clear()
        if policy.observed:
            self.deliver()
        return events[0]

    def _switch(
        self, book: Case, policy: Policy, at: datetime, mode: Mode, about: Mapping[str, Any], by: Actor | None
    ) -> Outcomes:
        later = [then for then, _ in self._switches(policy.code) if then > at]
        if later:
            raise CommandError(
                f"{policy.code} was switched at {later[0].isoformat()} already: a switch cannot come before it",
                f"{policy.code} 已在 {later[0].isoformat()} 切换过：不能补记更早的切换",
            )
        events, after = musters.switch(book, policy, at, mode, about, by)
        for name in self.store.running():
            case = self.store.load(name)
            rules = self._rules_of(case.locality) if case is not None else policy
            if case is None or policy.code not in rules.lineage:
                continue
            fallen, now = self._catch_up(case, rules, at)
            if now.next is None or now.opened is None or at < now.opened:  # over by then, or not yet begun
                continue
            told, then = musters.remode(now, rules, at, mode, by)
            self._keep(rules, case, then, fallen + told)
        return events, after

    def _enter(
        self,
        locality: str,
        kind: str,
        changes: dict[str, Any],
        about: dict[str, Any],
        by: Actor | None,
        at: datetime | None,
    ) -> Event:
        """Write into the locality's own book: a chain like that of a case, under the id ``@<code>``."""
        if by is not None:
            require_actor(by)
        moment = in_utc(self.clock.now() if at is None else at)
        with self._transaction():
            return self._write_in(locality, kind, changes, about, by, moment)
