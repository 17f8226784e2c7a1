"""A locality's own book, for what belongs to no case (地方台账): switches of mode, musters, outages, merits."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias, cast

from governflow.engine import musters, rulings
from governflow.engine.musters import Muster
from governflow.engine.session import ENTERED, Session, merit_entry, outage_of, require_actor
from governflow.engine.tell import work_anew
from governflow.errors import require
from governflow.model.case import Case
from governflow.model.events import Actor, Event
from governflow.model.terms import Mode, member
from governflow.policy.hookspecs import Merit
from governflow.policy.stack import Policy
from governflow.timesource import in_utc

#: The steps that were refused, by case.
_Steps: TypeAlias = Mapping[str, Sequence[str]]
#: The kind of the book's events that say of which cases steps were refused.
REFUSED = "steps_refused"
#: How many cases are looked through in one transaction for an outage that is declared late.
SLICE = 200
#: What a switch may not be entered before: another one, and posts that came to a muster.
_SETTLED = frozenset({"mode_switched", "checked_in"})


class Books:
    """The methods of an engine that read and write the localities' own books."""

    _session: Session

    def mode(self, locality: str) -> Mode:
        """Return the mode to which a locality itself was last switched, whatever those above it are in."""
        book = self._book(locality)
        return book.mode if book is not None else Mode.NORMAL

    def book(self, locality: str) -> list[Event]:
        """Return the entries of a locality's own book, oldest first: mode switches, musters, outages, merits."""
        with self._session.lock:
            return self._session.store.history(f"@{locality}")

    def outages(self, locality: str) -> Sequence[tuple[datetime, datetime]]:
        """Return the declared outages of a locality and of those above it, as pairs of moments in UTC."""
        return [
            outage_of(event)
            for code in self._session.rules_of(locality).lineage
            for event in self.book(code)
            if event.kind == "outage_declared"
        ]

    def incomplete(self, locality: str) -> Mapping[str, tuple[str, ...]]:
        """Return the cases of which steps of a journal were refused and not mended since, each with these steps."""
        found: dict[str, tuple[str, ...]] = {}
        for event in self.book(locality):
            if event.kind == REFUSED:
                found |= {case: tuple(steps) for case, steps in cast("_Steps", event.about["cases"]).items()}
        return {case: steps for case, steps in found.items() if steps}

    def note_refused(self, locality: str, cases: Mapping[str, Sequence[str]], *, at: datetime | None = None) -> None:
        """Note which steps of which cases a journal told in vain; none of a case where all was mended."""
        if cases:
            self._enter(locality, REFUSED, {"cases": {case: list(steps) for case, steps in cases.items()}}, None, at)

    def muster(self, locality: str) -> Muster | None:
        """Return the present muster of a locality, or None in everyday running."""
        return musters.muster(self._book(locality))

    def switch_mode(
        self, locality: str, mode: str, *, reason: str, by: Actor | None = None, at: datetime | None = None
    ) -> Event:
        """Switch a locality between everyday and emergency running (平急转换); it is written in the locality's book.

        Switching to emergency calls a muster of all posts. Every open case of the locality and of what lies below it
        records what the switch does to it; its running clocks get the allowances of the new mode.

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
        session = self._session
        wanted = member(Mode, mode)
        require(isinstance(reason, str) and reason.strip(), "a switch of mode needs a reason", "切换状态须说明理由")
        with session.step(by, at) as moment:
            policy = session.localities.policy(session.localities.require_code(locality))
            self._refuse_earlier(policy.code, moment)
            book, fallen, now = self._caught_up(policy, moment)
            events, after = musters.switch(now, policy, moment, wanted, {"reason": reason}, by)
            # All is decided before anything is written: what is interrupted leaves nothing behind.
            steps = [(policy, book, after, fallen + events), *self._switched_cases(policy.code, moment, wanted, by)]
            for step in steps:
                session.append(*step)
            session.forget_modes()
        return events[0]

    def check_in_at_muster(
        self, locality: str, *, post: str, by: Actor | None = None, at: datetime | None = None
    ) -> Event:
        """Let a post check in at the muster (到岗); the muster is complete when the last one has.

        Args:
            locality: The locality's code.
            post: The post's unit.
            by: Who reports it.
            at: When it came; now by default.

        Raises:
            CommandError: If the post is not awaited.
        """
        with self._session.step(by, at) as moment:
            policy = self._session.localities.policy(locality)
            book, fallen, now = self._caught_up(policy, moment)
            events, after = musters.check_in(now, policy, moment, post, by)
            self._session.append(policy, book, after, fallen + events)
        return events[0]

    def award(
        self, locality: str, merit: Merit, *, source: str, by: Actor | None = None, at: datetime | None = None
    ) -> Event:
        """Enter merits by hand (积分登记), for what no event of a case shows. They never influence a ruling.

        Args:
            locality: The locality's code.
            merit: To whom, how many points, why, until when.
            source: Where it is known from: a roster, an inspection, a resident committee's minutes.
            by: Who enters it.
            at: When; now by default.
        """
        return self._enter(locality, ENTERED, merit_entry(merit, source, None), by, at)

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
        """Declare that nobody could keep deadlines for a while: breaches due inside are exempt, and nothing follows.

        Told late, it withdraws what followed already from breaches inside, in every case that it concerns: many cases
        in slices, each a transaction of its own. What a kill cuts off, the next `Engine.advance` does.

        Args:
            locality: The locality's code.
            since: From when, timezone-aware.
            until: Until when.
            reason: Why.
            by: Who declared it.
            at: When it was declared; now by default.
        """
        start, end = in_utc(since), in_utc(until)
        require(end > start, "an outage ends after it begins", "停运的结束时间必须晚于开始时间")
        about = {"from": start.isoformat(), "to": end.isoformat(), "reason": reason}
        session = self._session
        require_actor(by)
        moment = session.moment(at)
        with session.lock:
            with session.transaction:
                entry = self._entered(locality, "outage_declared", about, by, moment)
                session.store.leave_unfinished(entry.case, entry.seq, 0)
            session.forget_modes()
            self._finish_outages()
        session.deliver()
        return entry

    def _finish_outages(self) -> None:
        """Work anew, slice by slice, what an outage concerns that was declared late; go on where a kill cut it off."""
        session = self._session
        with session.lock:
            session.store.refresh()
            for book, seq, done in session.store.unfinished():
                start, end = outage_of(session.store.history(book)[seq - 1])
                code, number = session.rules_of(book.removeprefix("@")).code, done
                while names := session.store.names(number, SLICE):
                    number = names[-1][0]
                    with session.transaction:
                        for _, name in names:
                            self._excuse(name, code, start, end)
                        session.store.leave_unfinished(book, seq, number)
                with session.transaction:
                    session.store.leave_unfinished(book, seq, None)

    def _excuse(self, name: str, code: str, start: datetime, end: datetime) -> None:
        """Work a life out anew in which something fell due in an outage that is declared only now."""
        session = self._session
        case = session.store.load(name)
        rules = session.rules_of(case.locality) if case is not None else None
        if case is None or rules is None or code not in rules.lineage:
            return
        missed = (miss for clock in case.all_clocks for miss in clock.misses)
        if any(start <= miss.at <= end and miss.exempt is None for miss in missed):
            work_anew(session, rules, case, start)

    def _enter(self, locality: str, kind: str, about: dict[str, Any], by: Actor | None, at: datetime | None) -> Event:
        """Write an entry that changes nothing but the book."""
        require_actor(by)
        moment = self._session.moment(at)
        with self._session.lock, self._session.transaction:
            return self._entered(locality, kind, about, by, moment)

    def _entered(self, locality: str, kind: str, about: dict[str, Any], by: Actor | None, at: datetime) -> Event:
        session = self._session
        rules, book = session.rules_of(locality), session.store.load(f"@{locality}")
        if book is not None:  # a muster that is late is late before whatever is written now
            fallen, now = session.catch_up(book, rules, at)
            if fallen:
                session.append(rules, book, now, fallen)
        return session.append_to_book(locality, kind, about, by, at)

    def _book(self, locality: str) -> Case | None:
        """Return a book as it stands, or None if nothing was entered yet."""
        with self._session.lock:
            self._session.store.refresh()
            return self._session.store.load(f"@{locality}")

    def _caught_up(self, policy: Policy, at: datetime) -> tuple[Case | None, list[Event], Case]:
        """Return a locality's book as it is kept, what fell due in it before a moment, and the book then."""
        book = self._session.store.load(f"@{policy.code}")
        if book is None:
            return None, [], Case(f"@{policy.code}", opened=at, state=musters.BOOK)
        return book, *self._session.catch_up(book, policy, at)

    def _refuse_earlier(self, code: str, at: datetime) -> None:
        for event in self.book(code):
            require(
                event.kind not in _SETTLED or event.at <= at,
                "the book of {code} has {kind} at {at} already: a switch cannot come before it",
                "{code} 的台账在 {at} 已有记录：不能补记更早的切换",
                code=code,
                kind=event.kind,
                at=event.at,
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
            switched, after = rulings.remode(now, rules, then, effective, by)
            yield rules, case, after, fallen + switched
