"""Merits follow the life (积分更正): what an event earned is reversed when the event is withdrawn or retracted.

A locality's book only grows: a counter-entry takes back what an earlier entry gave, and names it. An event that is told
late, or follows only now, is asked about like any other. So the accounts are those of the life told in time.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from governflow.model.case import Case, evolve
from governflow.model.events import AMENDED, RECALCULATED, Event
from governflow.model.life import is_same, life, numbered, without_false_breaches

#: What tells apart the events that earn merits: kind, moment, and the number of the entry that brought it.
_Mark = tuple[str, str, int]
#: Fields of a case that say how its life was told.
_OF_TELLING = frozenset({"version", "latest_action"})
#: What makes an entry the same as another one, whoever entered it when.
_SAID = ("to", "holder", "points", "rule", "reason", "expires")


class Lived(NamedTuple):
    """An event of a life, and the case as the event leaves it."""

    event: Event
    case: Case


class Earned(NamedTuple):
    """What events earn by the rules of now.

    Args:
        entries: The entries, as the book keeps them.
        answered: The names of the plugins that were asked and did not fail.
    """

    entries: list[dict[str, Any]]
    answered: frozenset[str]


def withdraws(event: Event) -> bool:
    """Return whether an entry of a case may withdraw others."""
    return event.kind == AMENDED or (event.kind == RECALCULATED and "withdrawn" in event.about)


def earned_by(event: Event) -> dict[str, Any]:
    """Name an event of a case in the entry of what it earned: its kind, its moment, and its number."""
    return {"kind": event.kind, "at": event.at.isoformat(), "seq": event.seq}


def giver(source: str) -> str:
    """Return the name of the plugin that gave a merit, whatever its version."""
    return source.partition("@")[0]


def corrections(
    book: Sequence[Event], merits: Sequence[Event], ask: Callable[[Lived], Earned]
) -> Iterator[dict[str, Any]]:
    """Return the entries that make the merits of a case those of its life after the last entry of its book.

    An event that stays, of a case that was the same then, keeps what it earned. Entries that do not say which event
    earned them, as older versions wrote them, stay; nothing like them is entered again.

    Args:
        book: The entries of the case's book; the last one withdraws others.
        merits: The entries of merits that the locality's book holds of this case, counter-entries included.
        ask: Asks the rules of now what an event earns.
    """
    standing, unnamed = _by_event(merits)
    before, after = _standing(book[:-1]), _standing(book)
    for mark in dict.fromkeys([*before, *after]):
        old, new = before.get(mark, []), after.get(mark, [])
        if _stay(old, new):
            continue
        asked = [ask(lived) for lived in new]
        missing = [entry for earned in asked for entry in earned.entries]
        for entry in standing.get(mark, []):
            same = next((one for one in missing if _is_alike(one, entry.about)), None)
            if same is not None:
                missing.remove(same)
            elif all(giver(str(entry.about["source"])) in earned.answered for earned in asked):
                yield _reversed(entry)
        for one in missing:
            known = next((about for about in unnamed if _is_alike(one, about)), None) if old else None
            if known is None:
                yield one
            else:
                unnamed.remove(known)


def _by_event(merits: Sequence[Event]) -> tuple[Mapping[_Mark, list[Event]], list[Mapping[str, Any]]]:
    """Return the entries that are not reversed by the event that earned them, and those that name none."""
    reversed_already = {event.about.get("reverses") for event in merits}
    found: dict[_Mark, list[Event]] = defaultdict(list)
    unnamed: list[Mapping[str, Any]] = []
    for event in merits:
        earner = event.about.get("for")
        if not isinstance(earner, Mapping):
            unnamed.append(event.about)
        elif event.seq not in reversed_already and "reverses" not in event.about:
            found[str(earner["kind"]), str(earner["at"]), int(str(earner["seq"]))].append(event)
    return found, unnamed


def _standing(book: Sequence[Event]) -> Mapping[_Mark, list[Lived]]:
    """Return what stands of the life that a book tells, breaches of due times that were none left out."""
    lived = life(book)
    marked = without_false_breaches(list(numbered(lived)))
    found: dict[_Mark, list[Lived]] = defaultdict(list)
    case: Case | None = None
    for event, one in zip(lived, marked, strict=True):
        case = evolve(case, one)
        if one.withdrawn is None:
            found[event.kind, event.at.isoformat(), event.seq].append(Lived(event, case))
    return found


def _stay(old: Sequence[Lived], new: Sequence[Lived]) -> bool:
    """Return whether events are the same as before, and the case was the same when they happened."""
    return len(old) == len(new) and all(
        (one.event is other.event or is_same(one.event, other.event)) and _is_same_case(one.case, other.case)
        for one, other in zip(old, new, strict=True)
    )


def _is_same_case(one: Case, other: Case) -> bool:
    mine, yours = vars(one), vars(other)
    return all(value == yours[name] for name, value in mine.items() if name not in _OF_TELLING)


def _is_alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return giver(one["source"]) == giver(other["source"]) and all(one[name] == other[name] for name in _SAID)


def _reversed(entry: Event) -> dict[str, Any]:
    """Return the counter-entry of an entry: it expires when that one does."""
    about: Mapping[str, Any] = entry.about
    reason = {"en": f"withdrawn: {about['reason']['en']}", "zh": f"已撤销：{about['reason']['zh']}"}
    return {**about, "points": -about["points"], "reason": reason, "reverses": entry.seq}
