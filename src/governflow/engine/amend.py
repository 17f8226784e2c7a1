"""A life worked out anew: facts that come late, are told together, or are retracted (补录、撤销登记、重新推定).

A fact outranks every consequence. From the moment of the fact on, the facts that are known are taken again, each at its
own moment and in one order that does not depend on when they were told; what follows from them and from the time is
worked out between them. The result is compared with the life as it was: what is the same stays, what no longer follows
is withdrawn, and one event of the kind ``amended`` holds both, with the case's new values whole.
"""

import operator
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from types import MappingProxyType
from typing import Any

import attrs
import msgspec
from msgspec.structs import replace

from governflow.engine import rulings
from governflow.engine.answered import Answered, asked_others
from governflow.engine.decide import decide, fire, unreported
from governflow.engine.known_facts import OF_ANOTHER, KnownFact, facts_of, leaves, said
from governflow.engine.transition import Outcomes
from governflow.errors import CommandError
from governflow.model import clocks
from governflow.model.case import IN_ERROR, Case, differences, evolve
from governflow.model.events import AMENDED, Event
from governflow.model.life import is_same, life, live_through
from governflow.model.terms import Mode
from governflow.policy.stack import Policy
from governflow.text import Text

#: The mode in which a locality was at a moment.
ModeAt = Callable[[datetime], Mode]
#: When the outage ends in which a moment lies; None if it lies in none.
OutageAt = Callable[[datetime], datetime | None]

#: Up to so many facts of one moment are tried in every order; more are taken in the first that seems to go on.
MOST_ORDERED = 9


class Unfit(Exception):
    """The facts of a life do not fit together: this one cannot be where it is."""

    def __init__(self, fact: KnownFact, fault: CommandError) -> None:
        super().__init__(fact.action)
        self.fact, self.fault = fact, fault


class Anew:
    """Works lives of one case out anew: what was answered stands, and what is new is asked of the rules installed now.

    Args:
        name: The id of the case.
        policy: The rules.
        mode_at: The locality's mode at a moment.
        outage_at: When the outage of the locality ends in which a moment lies; None if in none.
    """

    def __init__(
        self, name: str, policy: Policy, mode_at: ModeAt, outage_at: Callable[[datetime], datetime | None]
    ) -> None:
        self.name = name
        self.policy = policy
        self.outage_at = outage_at
        self.mode_at = mode_at
        self.answered: Answered | None = None

    def remember(self, lived: Sequence[Event], changed: Container[datetime]) -> None:
        """Use the answers of a life again where it asked other rules than those installed now.

        ``changed`` are the moments at which a fact is told or retracted.
        """
        self.answered = Answered(lived, changed) if asked_others(lived, self.policy.rules) else None

    def lived(
        self, start: Sequence[Event], facts: Sequence[KnownFact], until: datetime, case: Case | None = None
    ) -> list[Event]:
        """Return the whole life that begins with some events and goes on with facts, up to a moment.

        ``case`` is what the events leave, where that is known.

        Raises:
            Unfit: If a fact cannot be where it is.
        """
        case, events = live_through(start) if case is None else case, list(start)
        ordered = sorted(facts, key=lambda fact: fact.at)
        for at, group in groupby(ordered, key=lambda fact: fact.at):
            case = self._followed(events, case, at)
            taken, case = self._fitted(self._in_order(group, case), case)
            events += taken
        self._followed(events, case, until)
        return events

    def _followed(self, events: list[Event], case: Case | None, until: datetime) -> Case | None:
        """Add what follows by itself before a moment."""
        while case is not None and case.next_event_at is not None and case.next_event_at < until:
            at = case.next_event_at
            outage = self.outage_at(at)
            known = self.answered.following(at, case) if self.answered is not None and outage is None else None
            fired, case = known or fire(case, self.policy, self.mode_at(at), outage=outage)
            events += fired
        return case

    def _in_order(self, group: Iterable[KnownFact], case: Case | None) -> list[KnownFact]:
        """Return the facts of one moment by their places in the lifecycle, then by what they say.

        What a case was told of rules and modes goes before: these hold from their moment on.
        """
        lifecycle = self.policy.lifecycle(case, []) if case is not None else None
        places: Mapping[str, int] = lifecycle.places if lifecycle is not None else {}
        return sorted(
            group, key=lambda fact: (places.get(fact.action, len(places)) if fact.command else -1, said(fact))
        )

    def _fitted(self, facts: list[KnownFact], case: Case | None) -> tuple[list[Event], Case]:
        """Take the facts of one moment in the first order in which all fit: if there is one, with effect."""
        found = self._ordered(facts, case, [], idle=False) if len(facts) > 1 else None
        faults: list[tuple[bool, int, Unfit]] = []
        found = self._ordered(facts, case, faults, idle=True) if found is None else found
        if found is None:
            raise max(faults, key=lambda fault: fault[:2])[2]  # what got furthest says most
        return found

    def _ordered(
        self, facts: list[KnownFact], case: Case | None, faults: list[tuple[bool, int, Unfit]], *, idle: bool
    ) -> tuple[list[Event], Case] | None:
        """Return what the first order leaves in which all fit, where a fact may stay ``idle`` or none may; or None."""
        dead: set[tuple[Any, ...]] = set()

        def taken(left: tuple[int, ...], case: Case | None) -> tuple[list[Event], Case] | None:
            if not left:
                assert case is not None
                return [], case
            state = (left, case.state, case.suspended_from) if case is not None else (left,)
            if state in dead:
                return None
            for number in left:
                try:
                    events, after = self.again(facts[number], case)
                    self._require_effect(facts, left, number, events, idle=idle)
                except CommandError as fault:
                    fact = facts[number]
                    faults.append((fact.is_new, -len(left), Unfit(fact, fault)))
                    continue
                rest = taken(tuple(other for other in left if other != number), after)
                if rest is not None:
                    return events + rest[0], rest[1]
                if len(facts) > MOST_ORDERED:
                    break
            dead.add(state)
            return None

        return taken(tuple(range(len(facts))), case)

    @staticmethod
    def _require_effect(
        facts: Sequence[KnownFact], left: Sequence[int], number: int, events: Sequence[Event], *, idle: bool
    ) -> None:
        """Refuse an order in which a fact has no effect, or only as one alike is told now for the same moment.

        Of two rulings on one appeal the second one is refused, in whatever order they are told.
        """
        moot = next((event.about["moot"] for event in events if "moot" in event.about), None)
        if not isinstance(moot, Text):
            return
        fact = facts[number]
        before = fact.event is None or "moot" in fact.event.about
        alike = (one for place, one in enumerate(facts) if place not in left and one.action == fact.action)
        if not idle or (not before and any(one.is_new for one in alike)):
            raise CommandError(moot.en, moot.zh)

    def again(self, fact: KnownFact, case: Case | None) -> Outcomes:
        """Take a fact at its own moment."""
        if self.answered is not None and (known := self.answered.step(fact, case)) is not None:
            return known
        mode, event, at = self.mode_at(fact.at), fact.event, fact.at
        if fact.command is None:
            assert event is not None
            assert case is not None
            outcomes = self._done_by_engine(event, case, mode)
        else:
            if case is None:
                case = unreported(self.name, self.policy, at, mode, fact.command.details)
            outcomes = decide(case, fact.command, self.policy, at, mode)
        # What was told keeps the number of the entry that told it: its texts stand under it.
        events, after = outcomes
        place = next((place for place, one in enumerate(events) if leaves(fact, one)), 0)
        events[place] = replace(events[place], seq=event.seq if event is not None else 0)
        return events, after

    def _done_by_engine(self, event: Event, case: Case, mode: Mode) -> Outcomes:
        """Do once more what a method of the engine did to the case."""
        if event.kind == "mode_switched":
            return rulings.remode(case, self.policy, event.at, Mode(str(event.about["to"])), event.by)
        if event.kind in ("reassessed", "recalculated"):
            ask = rulings.reassess if event.kind == "reassessed" else rulings.recalculate
            try:
                events, after = ask(case, self.policy, event.at, mode, event.by)
            except CommandError:
                events = []  # there is nothing left that it could be about
            if events:
                return events, after
        if event.kind not in OF_ANOTHER:
            event = replace(event, changes={}, clocks=())
        state = event.state if event.kind == "unmerged" else case.state
        kept = replace(event, seq=case.version + 1, state=state)
        return [kept], evolve(case, kept)


# --- from the life as it was to the entries of the book -------------------------------------------------------------


def amended(
    book: Sequence[Event],
    case: Case | None,
    anew: Anew,
    *,
    told: Sequence[KnownFact] = (),
    retracted: Mapping[int, Mapping[str, Any]] = MappingProxyType({}),
    since: datetime | None = None,
    now: datetime | None = None,
) -> Outcomes:
    """Return the entries that a book gains by facts told late or retracted, and the case after them.

    Args:
        book: The entries of the case's book; none if it is reported now.
        case: The case that they leave; None if there is none.
        anew: Works the life out.
        told: The facts told now.
        retracted: The places in the life of the facts that are retracted, each with what the book says of it.
        since: From when the life is worked out anew at the latest: what is known beside the case has changed.
        now: How far the engine's clock has been advanced.

    Raises:
        CommandError: If the life does not fit; it names the fact that contradicts.
    """
    lived = life(book)
    known = dict(facts_of(lived))
    changed = [*(fact.at for fact in told), *(lived[place].at for place in retracted)]
    since = min(changed if since is None else [*changed, since])
    keep = 0 if 0 in retracted else _kept(lived, known, since)
    facts = [fact for place, fact in known.items() if place >= keep and place not in retracted]
    moments = [*(fact.at for fact in known.values()), *(fact.at for fact in told)]
    until = max(moments if now is None else [*moments, now])
    anew.remember(lived, changed)
    try:
        new = anew.lived(lived[:keep], [*facts, *told], until, case if keep == len(lived) else None)
    except Unfit as unfit:
        later = [_told_only_now(fact, until) for fact in told]
        if unfit.fact.is_new or all(map(operator.is_, later, told)):
            raise _refusal(unfit, told, anew.name) from unfit
        return amended(book, case, anew, told=later, retracted=retracted, since=since, now=now)
    new = _numbered(new, lived, known, keep, case.version + 1 if case is not None else 1)
    if len(new) >= len(lived) and all(map(is_same, lived[keep:], new[keep:])):
        return appended(case, new[len(lived) :])
    assert case is not None
    if (plain := _told_in_turn(case, anew, facts, told, new)) is not None:
        return plain
    return _Entry(case, lived, known, new, keep).made(told, retracted, max(until, since))


def amended_life(
    case: Case, lived: Sequence[Event], known: Mapping[int, KnownFact], new: Sequence[Event], at: datetime
) -> Outcomes:
    """Return the entry that gives a case another life with the same facts, and the case after it."""
    new = _numbered(new, lived, known, 0, case.version + 1)
    return _Entry(case, lived, known, new, 0).made((), {}, at)


#: What the one who asked has a right to, however late it is typed in.
RIGHTS = frozenset({"evaluate", "request_review"})


def _told_only_now(fact: KnownFact, now: datetime) -> KnownFact:
    """Let what the one who asked did move the case only now, where later facts stand; it counts from its own moment."""
    command = fact.command
    if command is None or fact.action not in RIGHTS or command.done_at is not None:
        return fact
    return fact._replace(at=now, command=replace(command, done_at=fact.at))


def _kept(lived: Sequence[Event], known: Mapping[int, KnownFact], since: datetime) -> int:
    """Return how many events of a life come before everything that has to be worked out anew from a moment on."""
    first = 1
    while first < len(lived) and lived[first].kind == "faulted" and lived[first].at == lived[0].at:
        first += 1  # a report is not taken again, nor is what was wrong with the rules that it asked
    while True:
        keep = next((place for place in range(first, len(lived)) if lived[place].at >= since), len(lived))
        earlier = min((fact.at for place, fact in known.items() if place >= keep), default=since)
        if earlier >= since:
            return keep
        since = earlier  # an older ledger holds remarks in the order in which they were told


def _numbered(
    new: Sequence[Event], lived: Sequence[Event], known: Mapping[int, KnownFact], keep: int, number: int
) -> list[Event]:
    """Give each event the number of the entry that brings it: its old one where it says the same as before."""
    before: dict[tuple[str, datetime], list[Event]] = {}
    for event in lived[keep:]:
        before.setdefault((event.kind, event.at), []).append(event)
    facts = {(lived[place].seq, fact.action, fact.at) for place, fact in known.items()}
    numbered = list(new[:keep])
    for event in new[keep:]:
        alike = before.get((event.kind, event.at), [])
        same = next((old for old in alike if is_same(old, event)), None)
        if same is not None:
            alike.remove(same)  # two alike are two
            numbered.append(same)
        elif (event.seq, event.action, event.at) in facts:
            numbered.append(event)
        else:
            numbered.append(replace(event, seq=number))
    return numbered


def appended(case: Case | None, events: Sequence[Event]) -> Outcomes:
    """Return events that only follow on what was there, as entries of their own."""
    entries = []
    for event in events:
        entry = replace(event, seq=case.version + 1 if case is not None else 1)
        case = evolve(case, entry)
        entries.append(entry)
    assert case is not None
    return entries, case


def _told_in_turn(
    case: Case, anew: Anew, facts: Sequence[KnownFact], told: Sequence[KnownFact], new: Sequence[Event]
) -> Outcomes | None:
    """Return the entries that facts of the latest moment leave in the order of telling, if that makes no difference."""
    if not told or not case.latest_action or any(fact.at != case.latest_at for fact in (*facts, *told)):
        return None
    entries: list[Event] = []
    after = case
    try:
        for fact in told:
            events, after = anew.again(fact, after)
            entries += events
    except CommandError:
        return None
    lived = live_through(new)
    assert lived is not None
    is_alike = after.state == lived.state and not differences(after, lived).keys() - {"latest_action"}
    return appended(case, entries) if is_alike else None


@attrs.frozen
class _Entry:
    """The one entry that gives a case another life."""

    case: Case
    lived: Sequence[Event]
    known: Mapping[int, KnownFact]
    new: Sequence[Event]
    keep: int

    def made(self, told: Sequence[KnownFact], retracted: Mapping[int, Mapping[str, Any]], at: datetime) -> Outcomes:
        """Return the entry, and the case after it."""
        case, lived, tail = self.case, self.lived, self.new[self.keep :]
        after = live_through(self.new) or _in_error(case, at)
        places = {id(event): place for place, event in enumerate(lived) if place >= self.keep}
        about: dict[str, Any] = {
            "told": [_told(fact) for fact in told],
            "from": self.keep,
            "life": [places[id(one)] if id(one) in places else msgspec.to_builtins(one) for one in tail],
            "withdraws": [_named(event) for event in self._gone(retracted)],
        }
        if retracted:
            about["retracted"] = [{**_named(lived[place]), **why} for place, why in retracted.items()]
        by = next((fact.command.by for fact in told if fact.command is not None), None)
        asked = [event.rules for event in tail if event.rules]
        answers = [event.rules for event in tail if event.rules and id(event) not in places]
        rules = next(reversed(answers or asked), None)
        secret = next((fact.command.secret for fact in told if fact.command and fact.command.secret), None)
        changes = differences(case, after)
        number = case.version + 1
        state, way = after.state, after.way
        entry = Event(case.id, number, AMENDED, at, state, "", by, changes, (), (), about, secret, rules, way)
        return [entry], evolve(case, entry)

    def _gone(self, retracted: Mapping[int, Any]) -> list[Event]:
        """Return what is no longer part of the life; a fact that was only worked out anew still is."""
        stays = {id(event) for event in self.new}
        gone = (place for place in range(self.keep, len(self.lived)) if id(self.lived[place]) not in stays)
        return [self.lived[place] for place in gone if place in retracted or place not in self.known]


def _in_error(case: Case, at: datetime) -> Case:
    """Return a case whose report is retracted: nothing of it runs any more, and nothing can be done to it."""
    running = [clock for clock in case.clocks.values() if clock.stopped is None]
    ended = {clock.name: clocks.cancelled(clock, max(at, clock.started)) for clock in running}
    after = MappingProxyType({**case.clocks, **ended})
    return attrs.evolve(
        case, in_error=True, state=IN_ERROR, clocks=after, suspended_from=None, suspended_until=None, closed=at
    )


def _told(fact: KnownFact) -> dict[str, Any]:
    command = fact.command
    assert command is not None
    return {"action": fact.action, "at": fact.at.isoformat(), "by": msgspec.to_builtins(command.by)}


def _named(event: Event) -> dict[str, object]:
    """Name an event of a life for whoever reads the book."""
    named = {"seq": event.seq, "kind": event.kind, "at": event.at.isoformat()}
    clock = event.about.get("clock") or (event.escalation["clock"] if event.escalation is not None else None)
    return {**named, "clock": clock} if clock else named


def _refusal(unfit: Unfit, told: Sequence[KnownFact], case: str) -> CommandError:
    """Say why a life does not fit, and which fact contradicts."""
    other, fault = unfit.fact, unfit.fault
    if other.is_new:
        return fault
    if not told:
        return CommandError(
            "it cannot be retracted: {other} at {then} of case {case} would not have been possible without it",
            "不能撤销：没有它，事项 {case} 在 {then} 的“{other}”将不成立",
            other=other.action,
            then=other.at,
            case=case,
        )
    return CommandError(
        "{action} at {at} does not fit case {case}: {other} at {then}, which is known, would not have been possible",
        "{at} 的“{action}”与事项 {case} 已登记的事实矛盾：{then} 的“{other}”将不成立",
        action=told[0].action,
        at=told[0].at,
        case=case,
        other=other.action,
        then=other.at,
    )
