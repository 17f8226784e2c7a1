"""One row for all that changes in the same way (归并): what, from, to, how often, who said it, who says it now."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from itertools import groupby
from operator import attrgetter
from typing import Any, TypeVar

import attrs
import msgspec

from governflow.model.rulings import RuleRef
from governflow.text import Text

#: What may change, in the order in which it is told.
ASPECTS: Mapping[str, Text] = {
    "refused": Text("reports that are refused", "不予受理"),
    "severity": Text("severity and urgency", "定级"),
    "tier": Text("tier", "分级"),
    "route": Text("route", "派单去向"),
    "due": Text("deadlines", "时限"),
    "escalation": Text("escalation", "升级"),
    "lifecycle": Text("lifecycle", "办理流程"),
    "authority": Text("who may do what", "权限"),
    "merits": Text("merits", "积分"),
    "calendar": Text("calendar", "工作日历"),
    "chart": Text("units", "组织架构"),
    "course": Text("course of a life", "办理经过"),
    "faults": Text("rules that fail", "规则故障"),
    "names": Text("words", "用语"),
}
#: What decides nothing: it is told, and the decisions are the same all the same.
WORDS = frozenset({"names"})

#: A table of more rows puts those together that differ in their values only, then in more than that.
SHOWN = 12

#: A case as it is told, or whatever else shows a difference.
Example = Mapping[str, Any]


_Change = TypeVar("_Change", bound="FoundChange")


@attrs.frozen
class FoundChange:
    """One case in which something differs.

    Args:
        aspect: One of `ASPECTS`.
        what: What of it, such as ``clock:resolve:allowance``.
        old: What it was, in plain values; None for nothing.
        new: What it is.
        by_old: Which rule said it; None where nobody need say it.
        by_new: Which says it now.
        number: Which case it is, among those that were compared.
        example: The case.
    """

    aspect: str
    what: str
    old: Any
    new: Any
    by_old: RuleRef | None = None
    by_new: RuleRef | None = None
    number: int = 0
    example: Example = attrs.field(factory=dict)


@attrs.frozen
class ChangeGroup(FoundChange):
    """All that changes in the same way, as the smallest example shows it.

    Args:
        tried: What was compared: ``exact`` (everything), ``cases``, ``lives`` or ``questions``.
        of: How many of them were compared; 0 where everything was.
        numbers: Which of them differ so.
        others: How many other changes of the same sort the row stands for.
    """

    tried: str = "exact"
    of: int = 0
    numbers: frozenset[int] = frozenset()
    others: int = 0

    @property
    def count(self) -> int:
        """How many cases, lives, questions or parts differ so."""
        return len(self.numbers)


def rows(found: Iterable[FoundChange], *, tried: str, of: int = 0) -> list[ChangeGroup]:
    """Put together what changes in the same way, the most frequent first."""
    made = []
    for ones in _grouped(found, attrgetter("aspect"), _COARSER[0]):
        least = min(ones, key=lambda one: _size(one.example))
        numbers = frozenset(one.number for one in ones)
        made.append(ChangeGroup(**attrs.asdict(least, recurse=False), tried=tried, of=of, numbers=numbers))
    return sorted(made, key=lambda row: (-row.count, row.what))


def merged(together: Iterable[ChangeGroup]) -> tuple[ChangeGroup, ...]:
    """Put rows of one aspect together until there are few enough for a person to read."""
    given = tuple(together)
    for key in _COARSER:
        groups = _grouped(given, attrgetter("tried"), key)
        if len(groups) <= SHOWN:
            break
    return tuple(sorted(map(_one, groups), key=lambda row: -row.count))


_COARSER: tuple[Callable[[FoundChange], Hashable], ...] = (
    lambda row: (row.what, _key(row.old), _key(row.new), row.by_old, row.by_new),
    lambda row: (row.what, row.by_old, row.by_new),
    lambda row: (row.what, _key(row.old), _key(row.new)),
    lambda row: (row.what, row.old is None, row.new is None),
    lambda row: (row.what.partition(":")[0], row.by_old, row.by_new, row.old is None, row.new is None),
    lambda row: (row.what.partition(":")[0], row.old is None, row.new is None),
)


def _grouped(given: Iterable[_Change], *keys: Callable[[_Change], Hashable]) -> list[list[_Change]]:
    groups: dict[Hashable, list[_Change]] = {}
    for one in given:
        groups.setdefault(tuple(key(one) for key in keys), []).append(one)
    return list(groups.values())


def _one(group: list[ChangeGroup]) -> ChangeGroup:
    first = max(group, key=lambda row: row.count)
    several = {(row.what, _key(row.old), _key(row.new)) for row in group}
    return attrs.evolve(first, numbers=frozenset().union(*(row.numbers for row in group)), others=len(several) - 1)


def _key(value: object) -> bytes:
    return msgspec.json.encode(value, order="deterministic")


def _size(example: Example) -> tuple[int, int]:
    """Return how much a case tells, its facts one by one, and how long it is."""
    return sum(len(value) if isinstance(value, Mapping) else 1 for value in example.values()), len(_key(example))


def by_aspect(given: Iterable[ChangeGroup]) -> Iterator[tuple[str, tuple[ChangeGroup, ...]]]:
    """Return the rows of each aspect that has any: they are told in that order."""
    for aspect, of in groupby(given, key=attrgetter("aspect")):
        yield aspect, tuple(of)
