"""One row for all that changes in the same way (归并): what, from, to, how often, who said it, who says it now."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any

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


@attrs.frozen
class Found:
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
class Row:
    """All that changes in the same way.

    Args:
        aspect: One of `ASPECTS`.
        what: What of it.
        old: What it was, in plain values; None for nothing.
        new: What it is.
        by_old: Which rule or hook said it; None where nobody need say it.
        by_new: Which one says it now.
        tried: What was compared: ``exact`` (everything), ``cases``, ``lives`` or ``questions``.
        of: How many of them were compared; 0 where everything was.
        numbers: Which of them differ so.
        example: The smallest of them.
        others: How many other changes of the same sort the row stands for.
    """

    aspect: str
    what: str
    old: Any
    new: Any
    by_old: RuleRef | None
    by_new: RuleRef | None
    tried: str
    of: int
    numbers: frozenset[int]
    example: Example
    others: int = 0

    @property
    def count(self) -> int:
        """How many cases, lives, questions or parts differ so."""
        return len(self.numbers)


def rows(found: Iterable[Found], *, tried: str, of: int = 0) -> tuple[Row, ...]:
    """Put together what changes in the same way.

    Args:
        found: The single differences.
        tried: What was compared.
        of: How many were compared; 0 where everything was.

    Returns:
        The rows, by aspect, the most frequent first.
    """
    together: dict[Hashable, list[Found]] = {}
    for one in found:
        key = (one.aspect, one.what, _key(one.old), _key(one.new), one.by_old, one.by_new)
        together.setdefault(key, []).append(one)
    made = []
    for ones in together.values():
        least = min(ones, key=lambda one: _size(one.example))
        numbers = frozenset(one.number for one in ones)
        said = (least.aspect, least.what, least.old, least.new, least.by_old, least.by_new)
        made.append(Row(*said, tried, of, numbers, least.example))
    order = list(ASPECTS)
    return tuple(sorted(made, key=lambda row: (order.index(row.aspect), -row.count, row.what)))


def merged(together: Iterable[Row], most: int = SHOWN) -> tuple[Row, ...]:
    """Put rows of one aspect together until a person can read them.

    Args:
        together: The rows.
        most: How many there may be.
    """
    given = tuple(together)
    for key in _COARSER:
        groups: dict[Hashable, list[Row]] = {}
        for row in given:
            groups.setdefault((row.tried, key(row)), []).append(row)
        if len(groups) <= most:
            break
    return tuple(sorted(map(_one, groups.values()), key=lambda row: -row.count))


_COARSER: tuple[Callable[[Row], Hashable], ...] = (
    lambda row: (row.what, _key(row.old), _key(row.new), row.by_old, row.by_new),
    lambda row: (row.what, row.by_old, row.by_new),
    lambda row: (row.what, _key(row.old), _key(row.new)),
    lambda row: (row.what, row.old is None, row.new is None),
    lambda row: (row.what.partition(":")[0], row.by_old, row.by_new, row.old is None, row.new is None),
    lambda row: (row.what.partition(":")[0], row.old is None, row.new is None),
)


def _one(group: list[Row]) -> Row:
    first = max(group, key=lambda row: row.count)
    several = {(row.what, _key(row.old), _key(row.new)) for row in group}
    return attrs.evolve(first, numbers=frozenset().union(*(row.numbers for row in group)), others=len(several) - 1)


def _key(value: object) -> bytes:
    return msgspec.json.encode(value, order="deterministic")


def _size(example: Example) -> tuple[int, int]:
    told = [value for value in example.values() if not isinstance(value, Mapping)]
    inner = [value for value in example.values() if isinstance(value, Mapping)]
    return len(told) + sum(len(one) for one in inner), len(_key(example))


def aspects(given: Iterable[Row]) -> Iterator[tuple[str, tuple[Row, ...]]]:
    """Return the rows of each aspect that has any, in order."""
    listed = tuple(given)
    for aspect in ASPECTS:
        of = tuple(row for row in listed if row.aspect == aspect)
        if of:
            yield aspect, of
