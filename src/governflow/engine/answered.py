"""What the rules of the time answered, used again where the question is the same (当时的裁定).

Code that has gone cannot be asked again, but its answers stand in the events. A step of the earlier life that is taken
at the same moment, from a case with the same fields, asks the same questions: its events are taken as they were.
"""

from collections.abc import Container, Sequence
from datetime import datetime

from msgspec.structs import replace

from governflow.engine.known_facts import KnownFact, facts_of
from governflow.engine.transition import Outcomes
from governflow.model.case import Case, evolve
from governflow.model.events import Event

#: Fields that say how a life was told: they are no part of a question. The next moment follows from the clocks.
_TELLING = frozenset({"version", "latest_at", "latest_action", "next_event_at"})


class Answered:
    """The steps of a life that other rules than those installed now had a part in.

    Args:
        lived: The life as it was.
        changed: The moments, in UTC, at which a fact is told or retracted now: what follows there is worked out anew.
    """

    def __init__(self, lived: Sequence[Event], changed: Container[datetime]) -> None:
        self._lived = lived
        self._changed = changed
        self._known = {place for place, _ in facts_of(lived)}
        self._places = {id(event): place for place, event in enumerate(lived)}
        self._consequences: dict[datetime, list[int]] = {}
        self._before: list[Case | None] = []
        case: Case | None = None
        for place, event in enumerate(lived):
            self._before.append(case)
            case = _after(case, event)
            if place not in self._known:
                self._consequences.setdefault(event.at, []).append(place)

    def step(self, fact: KnownFact, case: Case | None) -> Outcomes | None:
        """Return the step that a known fact was, and the case after it; None if it has to be asked anew."""
        place = self._places.get(id(fact.event))
        if place is None or case is None:
            return None
        first = place
        while not self._is_same(first, case):
            first -= 1  # a suspension that ends at its moment belongs to the step
            if first < 0 or first in self._known or self._lived[first].at != fact.at:
                return None
        return self._taken(first, place + 1, case)

    def following(self, at: datetime, case: Case) -> Outcomes | None:
        """Return what followed at a moment by itself, and the case after it; None if it has to be asked anew."""
        place = next((place for place in self._consequences.get(at, ()) if self._is_same(place, case)), None)
        return None if place is None else self._taken(place, place + 1, case)

    def _is_same(self, place: int, case: Case) -> bool:
        """Return whether a case has the fields that it had before a place of the life."""
        before = self._before[place]
        if before is None:
            return False
        ignored = _TELLING if case.source is not None else _TELLING | {"told"}
        now, then = case.__dict__, before.__dict__
        return all(now[name] == then[name] for name in now if name not in ignored)

    def _taken(self, first: int, end: int, case: Case) -> Outcomes:
        """Return the events of a step, with what followed at its moment."""
        at = self._lived[first].at
        while at not in self._changed and end < len(self._lived) and self._lived[end].at == at:
            if end in self._known:
                break
            end += 1
        events = list(self._lived[first:end])
        for event in events:
            case = _after(case, event)
        return events, case


def _after(case: Case | None, event: Event) -> Case:
    return evolve(case, replace(event, seq=case.version + 1 if case is not None else 1))


def asked_others(lived: Sequence[Event], rules: str) -> bool:
    """Return whether rules other than these, by their hash, were asked in a life."""
    return any(event.rules is not None and event.rules != rules for event in lived)
