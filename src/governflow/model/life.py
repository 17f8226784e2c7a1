"""The life of a case as its book tells it now: facts in the order in which they happened, with what follows (事项经过).

A book only grows. A fact that comes late, or is retracted, leaves one event of the kind `AMENDED` that says from which
place on the life is another one: what stays as it was is named by its place, what is different stands there whole. So
the life, like the case, is folded from the book and asks nobody.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import astuple, replace

from governflow.model.case import BESIDE, Case, evolve
from governflow.model.events import AMENDED, RECALCULATED, Event

#: What follows from a breach and moves nothing: with the breach it is withdrawn. Who took a case over has it.
_FOLLOWS = frozenset({"breached", "urged", "supervised", "takeover_due", "special_report_due"})


class _Gone(msgspec.Struct):
    """Names an event that was withdrawn."""

    seq: int
    kind: str


class _Change(msgspec.Struct, rename={"since": "from"}):
    """What an amendment does to a life: from which place on it is another one, and which."""

    since: int
    life: list[int | Event]
    withdraws: list[_Gone]


def life(book: Iterable[Event]) -> list[Event]:
    """Return the life that a book tells, in the order of time.

    The events keep the numbers of the entries that brought them: a late fact and what newly follows have that of the
    amendment, a fact that was only worked out anew keeps its own. A denial, or that data were erased, is
    said of the book and no part of a life.
    """
    lived: list[Event] = []
    for event in book:
        if event.kind in BESIDE:
            continue
        if event.kind != AMENDED:
            lived.append(event)
            continue
        before, change = lived, msgspec.convert(event.about, _Change)
        lived = before[: change.since]
        lived += [before[item] if isinstance(item, int) else item for item in change.life]
    return lived


def marked(book: Iterable[Event]) -> list[Event]:
    """Return the entries of a book, those that an amendment has withdrawn marked with its number."""
    events = list(book)
    for amended in [event for event in events if event.kind == AMENDED]:
        for gone in msgspec.convert(amended.about, _Change).withdraws:
            place = gone.seq - 1
            if events[place].kind == gone.kind:  # what an amendment itself brought stands inside of it
                events[place] = replace(events[place], withdrawn=amended.seq)
    return without_false_breaches(events)


def without_false_breaches(events: list[Event]) -> list[Event]:
    """Mark the breaches of due times that were none, as a calendar knew later, and what followed from them.

    The mark is the number of the recalculation that withdrew them.
    """
    for later in [event for event in events if event.kind == RECALCULATED and "withdrawn" in event.about]:
        since = {mark: min(missed) for mark, missed in msgspec.convert(later.about["withdrawn"], _Missed).items()}
        for place, event in enumerate(events):
            mark = _breached_clock(event)
            if event.seq < later.seq and event.withdrawn is None and mark in since and event.at >= since[mark]:
                events[place] = replace(event, withdrawn=later.seq)
    return events


#: Clocks, with their cycles, to due moments that were none.
_Missed = dict[str, list[datetime]]


def _breached_clock(event: Event) -> str:
    """Return the clock from whose breach an event follows; empty for every other event."""
    if event.kind not in _FOLLOWS:
        return ""
    told = event.about.get("escalation") or event.about.get("measure_due") or event.about
    return str(told.get("clock") or "") if isinstance(told, Mapping) else ""


def live_through(events: Iterable[Event]) -> Case | None:
    """Fold a life into the case that it leaves; its version is the number of the events of the life."""
    case: Case | None = None
    for event in numbered(events):
        case = evolve(case, event)
    return case


def numbered(events: Iterable[Event]) -> Iterator[Event]:
    """Return the events of a life with numbers of their own, as `evolve` takes them."""
    for number, event in enumerate(events, 1):
        yield event if event.seq == number else replace(event, seq=number)


def is_same(one: Event, other: Event) -> bool:
    """Return whether two events say the same, in whatever entry of the book."""
    return _content(one) == _content(other)


def _content(event: Event) -> tuple[Any, ...]:
    case, _, *rest = astuple(event)
    return case, *msgspec.to_builtins(rest[:-2])
