"""What a case's book tells of facts that came late or were retracted, and of what was withdrawn since (补录更正)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, NamedTuple, cast

import attrs

from governflow.engine.known_facts import facts_of
from governflow.model.case import BESIDE
from governflow.model.events import AMENDED, RECALCULATED, Event
from governflow.model.life import life, without_false_breaches
from governflow.reports.format import plain


class Timed(NamedTuple):
    """An event of a case in the order of time.

    Args:
        event: The event; its number is that of the entry of the book that brought it.
        told: When it was told, where it is a fact that came late.
        anew: Whether it follows from what an amendment told.
    """

    event: Event
    told: datetime | None = None
    anew: bool = False


def timeline(book: Sequence[Event]) -> list[Timed]:
    """Return what a case's book tells in the order of time: the life as it stands, and what was said of the book.

    What an amendment has withdrawn is left out (`amendments` lists it); a breach that a newer calendar has withdrawn is
    at its place, marked.

    Args:
        book: The entries of the book, as ``engine.history`` returns them.
    """
    amended = {event.seq: event.at for event in book if event.kind == AMENDED}
    if not amended:
        return [Timed(event, event.at if "done_at" in event.about else None) for event in book]
    lived = without_false_breaches(life(book))
    facts = {place for place, _ in facts_of(lived)}
    timed = []
    for place, event in enumerate(lived):
        came = amended.get(event.seq)
        if place not in facts:
            timed.append(Timed(event, anew=came is not None))
        else:
            timed.append(Timed(event, event.at if "done_at" in event.about else came))
    for event in book:
        if event.kind in BESIDE:
            place = next((place for place, other in enumerate(timed) if other.event.at > event.at), len(timed))
            timed.insert(place, Timed(event))
    return timed


def brought(entry: Event) -> list[Mapping[str, Any]]:
    """Return the events that an amendment brought, as the book holds them; none for every other entry."""
    if entry.kind != AMENDED:
        return []
    items = cast(Sequence[int | Mapping[str, Any]], entry.about["life"])
    return [item for item in items if not isinstance(item, int) and item["seq"] == entry.seq]


def is_shared(entry: Event) -> bool:
    """Return whether the texts of an entry came with several facts."""
    return sum("secret" in event for event in brought(entry)) > 1


@attrs.frozen
class Gone:
    """An event that was withdrawn: the number of its entry, its kind, its moment, and its clock if it has one."""

    seq: int
    kind: str
    at: datetime
    clock: str | None


@attrs.frozen
class Told:
    """A fact that was told late: which action, when it happened, who did it (None where that is not known)."""

    action: str
    at: datetime
    by: Mapping[str, Any] | None


@attrs.frozen
class Retracted:
    """A fact that was retracted, who retracted it, and when."""

    fact: Gone
    by: Mapping[str, Any] | None
    entered: datetime


@attrs.frozen
class Amendment:
    """What one entry of the book has changed of a life.

    Args:
        seq: The number of the entry.
        kind: ``amended``, or ``recalculated`` where a calendar that has learnt withdrew breaches.
        at: When it was told, by the engine's clock.
        told: The facts that were told late.
        retracted: The facts that were retracted.
        withdrawn: What does not follow any more.
    """

    seq: int
    kind: str
    at: datetime
    told: Sequence[Told]
    retracted: Sequence[Retracted]
    withdrawn: Sequence[Gone]

    def as_json(self, zone: tzinfo) -> dict[str, Any]:
        """Return it as plain JSON values; times are ISO 8601 in the given zone."""
        return {
            **plain(self, zone, "seq", "kind", "at"),
            "told": [plain(fact, zone, "action", "at", "by") for fact in self.told],
            "retracted": [
                {**plain(gone.fact, zone, "seq", "kind", "at"), **plain(gone, zone, "by", "entered")}
                for gone in self.retracted
            ],
            "withdrawn": [plain(gone, zone, "seq", "kind", "at", "clock") for gone in self.withdrawn],
        }


def amendments(book: Sequence[Event]) -> list[Amendment]:
    """Return what was told late, retracted and withdrawn, in the order of the book.

    Args:
        book: The entries of the book, as ``engine.history`` returns them.
    """
    return [_amendment(event, book) for event in book if event.kind == AMENDED or _withdraws(event)]


def _withdraws(event: Event) -> bool:
    return event.kind == RECALCULATED and "withdrawn" in event.about


def _amendment(event: Event, book: Iterable[Event]) -> Amendment:
    if event.kind == RECALCULATED:
        gone = [_gone(_named(other)) for other in book if other.withdrawn == event.seq]
        return Amendment(event.seq, event.kind, event.at, (), (), gone)
    about = cast(Mapping[str, Sequence[Mapping[str, Any]]], event.about)
    told = [Told(fact["action"], _moment(fact["at"]), fact["by"]) for fact in about["told"]]
    retracted = [Retracted(_gone(one), one["by"], _moment(one["entered"])) for one in about.get("retracted", ())]
    facts = [one.fact for one in retracted]
    withdrawn = [gone for gone in map(_gone, about["withdraws"]) if gone not in facts]
    return Amendment(event.seq, event.kind, event.at, told, retracted, withdrawn)


def _named(event: Event) -> dict[str, Any]:
    clock = event.about.get("clock") or (event.escalation["clock"] if event.escalation is not None else None)
    return {"seq": event.seq, "kind": event.kind, "at": event.at, "clock": clock}


def _gone(named: Mapping[str, Any]) -> Gone:
    return Gone(named["seq"], named["kind"], _moment(named["at"]), named.get("clock"))


def _moment(value: object) -> datetime:
    """Read a moment that an event holds: as it was made, or as it came back from the ledger."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
