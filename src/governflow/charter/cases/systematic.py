"""Admissible cases, cut at the boundaries of a locality's own tables, units and clocks (用例生成).

At the level ``certify`` the stream is always the same: first everything alone that the rules can tell
apart, then a case for every rule of every table, then rows in which every two values meet. `everywhere` adds every
unit of the chart. At the level ``search`` Hypothesis draws from the same values: `strategy`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice, product
from typing import TYPE_CHECKING, Any

from governflow.charter.cases.dimensions import Dimensions, tables_of
from governflow.charter.cases.reported import CASE_FIELDS, YES_NO_FIELDS, ReportedCase, distinct, written
from governflow.errors import CommandError
from governflow.isolation.literals import literals_of
from governflow.model.terms import Mode, Severity, Urgency
from governflow.policy.stack import Policy
from governflow.tables import Table
from governflow.tables.partition import sampled

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

#: About so many cases are looked at, at the level ``certify``.
BUDGET = 2000
#: However many items there are, so many cases are rows in which everything is stated.
_MIXED = 400
#: So many units of the chart are tried, and so many of the rest; so many cases of a unit with a sort of item.
_UNITS, _REST, _WHERE = 600, 100, 500
#: So many pairs of an item and a place that hooks name; some of them with every severity in both modes.
_NAMED = 300


def anywhen(policy: Policy) -> Iterator[ReportedCase]:
    """Return the cases of the level ``certify`` for laws on rulings: reported at many moments, and at every unit."""
    return distinct(chain(timed(policy), everywhere(policy)), written)


def timed(policy: Policy) -> Iterator[ReportedCase]:
    """Return the cases of the level ``certify``, many of them at other moments; a few may come twice."""
    dimensions = Dimensions.of(policy)
    alone = list(_systematic(policy, dimensions))
    return chain(alone, _meeting(dimensions, max(BUDGET - len(alone), _MIXED)))


def everywhere(policy: Policy) -> Iterator[ReportedCase]:
    """Return a case for every unit of the chart, by its id and by its name, and every sort of item at many of them."""
    # The units of a kind of which there are few come before those of which there are thousands.
    count = Counter(unit.kind for unit in policy.units.units.values())
    units = sorted(policy.units.units.values(), key=lambda unit: count[unit.kind])
    rest = units[_UNITS:]
    near = units[:_UNITS] + rest[:: max(1, len(rest) // _REST)]
    for word in literals_of(policy).texts:
        near += [unit for unit in rest if len(word) > 2 and (word in unit.id or word in unit.text.zh)][:2]
    yield from ({"place": unit.id} for unit in near)
    items = _sorts(policy)
    for number, unit in enumerate(near):
        severity = tuple(Severity)[number % len(Severity)].value
        yield _plain(place=unit.text.zh, item=items[number % len(items)], severity=severity)
    yield from ({"place": unit.id, "item": item} for unit, item in islice(product(near, items), _WHERE))


def _sorts(policy: Policy) -> Sequence[str]:
    """Return an item of each sort: items that differ in their names and sources alone are of one sort."""
    found: dict[object, str] = {}
    for _, catalogue in policy.ruled.catalogues:
        for item in catalogue.items:
            entry = policy.ruled.entry(item)
            found.setdefault(frozenset((name, entry[name]) for name in entry.keys() - _OF_ITS_OWN), item)
    return list(found.values()) or [""]


#: What an item has for itself alone.
_OF_ITS_OWN = frozenset({"item", "code", "basis", "reason", "reason_en", "reason_zh"})


# --- the stream -------------------------------------------------------------------------------------------------------


def _systematic(policy: Policy, dimensions: Dimensions) -> Iterator[ReportedCase]:
    emergency, pressing = {"mode": Mode.EMERGENCY.value}, list(product(Severity, Urgency))
    yield from ({}, emergency)
    yield from ({"item": item} for item in dimensions.items[1:])
    yield from (
        _plain(severity=severity.value, urgency=urgency.value, visit=visit, asked=asked)
        for (severity, urgency), visit, asked in product(pressing, (None, True, False), (True, False))
    )
    yield from ({"lifecycle": lifecycle} for lifecycle in dimensions.lifecycles)
    yield from ({"place": place} for place in dimensions.places[1:])
    yield from ({"facts": {name: value}} for name, values in dimensions.facts.items() for value in values)
    for _, catalogue in policy.ruled.catalogues:
        yield from (
            {"item": entry.item, "facts": {"condition": entry.condition}}
            for entry in catalogue.entries
            if entry.condition
        )
    yield from ({"item": item, **emergency} for item in dimensions.items[1 : BUDGET // 2])
    yield from ({"severity": severity.value, "urgency": urgency.value, **emergency} for severity, urgency in pressing)
    for table in tables_of(policy):
        yield from of_rules(policy, table)
    yield from _named(policy, dimensions)
    somewhere = dimensions.places[1] if len(dimensions.places) > 1 else ""
    yield from (
        _plain(severity=severity.value, place=place) for severity, place in product(Severity, dimensions.places[1:])
    )
    yield from (
        {"item": item, "severity": severity.value, "place": somewhere}
        for item, severity in islice(product(dimensions.items[1:], Severity), BUDGET // 4)
    )


def _plain(**fields: Any) -> dict[str, Any]:
    """Leave out what a report need not say."""
    silent = {"visit": None, "asked": True, "severity": "general", "urgency": "normal"}
    return {name: value for name, value in fields.items() if name not in silent or value != silent[name]}


def _meeting(dimensions: Dimensions, count: int) -> Iterator[ReportedCase]:
    """Return cases in which everything is stated, or not: soon every two values have stood in one of them."""
    axes: dict[str, Sequence[Any]] = {
        "item": dimensions.items,
        "place": dimensions.places,
        "severity": [one.value for one in Severity],
        "urgency": [one.value for one in Urgency],
        "visit": (None, True, False),
        "asked": (True, False),
        "mode": (None, Mode.EMERGENCY.value),
        "at": (None, *dimensions.moments),
        "channel": dimensions.channels,
        "informant": dimensions.informants,
        # An item says which lifecycle is its own: naming another one is rare.
        **({"lifecycle": (*[None] * 4, *dimensions.lifecycles)} if dimensions.lifecycles else {}),
    }
    facts = {name: (None, *values) for name, values in dimensions.facts.items()}
    values = [*axes.values(), *facts.values()]
    for row in rows([len(one) for one in values], count):
        chosen = [one[place] for one, place in zip(values, row, strict=True)]
        case = {name: value for name, value in zip(axes, chosen, strict=False) if value not in (None, "")}
        stated = {name: value for name, value in zip(facts, chosen[len(axes) :], strict=True) if value is not None}
        yield _plain(**case) | ({"facts": stated} if stated else {})


def _named(policy: Policy, dimensions: Dimensions) -> Iterator[ReportedCase]:
    """Return cases of what hooks name together: an item, a place, how hard it is, and an emergency."""
    words = literals_of(policy).texts
    items = [next((item for item in dimensions.items if word == item), "") or _with(word, dimensions) for word in words]
    places = [unit.text.zh for word in words for unit in [policy.units.units.get(word)] if unit is not None]
    places += [word for word in words if policy.units.find(word) is not None]
    exact = [item for item in items if item in words]
    both = list(islice(product(dict.fromkeys((*exact, *filter(None, items))), dict.fromkeys(places)), _NAMED))
    for item, place in both:
        yield {"item": item, "place": place}
    kinds = [(severity.value, mode) for severity in Severity for mode in (None, Mode.EMERGENCY.value)]
    for number, (item, place) in enumerate(both):
        for severity, mode in kinds if number < _NAMED // 10 else kinds[number % len(kinds) :][:1]:
            yield _plain(item=item, place=place, severity=severity) | ({"mode": mode} if mode else {})


def _with(word: str, dimensions: Dimensions) -> str:
    return next((item for item in dimensions.items if word in item), "") if len(word) > 1 else ""


# --- a case for every rule of a table: its conditions, turned into what a report tells (逐条用例) ----

#: Tables with more rules are sampled without looking for cases that no earlier rule takes.
_MANY_RULES = 400
#: What the defaults make of a severity, where no table says.
_SEVERITY_OF = {"1": "major", "2": "complex", "3": "general"}


def of_rules(policy: Policy, table: Table) -> Iterator[ReportedCase]:
    """Return for every rule a case that it answers, as far as a report can tell one."""
    space = table.space
    for number, box in enumerate(space.boxes):
        if not all(box):
            continue
        wanted = _answered_by(table, number) if len(space.boxes) <= _MANY_RULES else sampled(space.axes, box)
        by_facts: dict[str, Any] = {}
        _want(policy, wanted, by_facts, depth=3)
        yield by_facts
        item = next(_items_with(policy, wanted), None)
        if item is not None:
            yield {**by_facts, "item": item}


def _answered_by(table: Table, number: int) -> Mapping[str, str | int]:
    """Return a case that a rule answers, and none before it where there is one."""
    box = table.space.boxes[number]
    return sampled(table.space.axes, table.space.search(box, (1 << number) - 1)[0] or box)


def _want(policy: Policy, wanted: Mapping[str, str | int], case: dict[str, Any], depth: int) -> None:
    """Tell what makes each column hold a value; what only a later step can bring about is left to whole lives."""
    for column, value in wanted.items():
        if column in CASE_FIELDS:
            case.setdefault(column, value)
        elif column in YES_NO_FIELDS:
            case.setdefault(column, value == "yes")
        elif column in policy.ruled.fact_columns:
            case.setdefault("facts", {}).setdefault(column, value)
        elif depth:
            _invert(policy, column, str(value), case, depth)


def _invert(policy: Policy, column: str, value: str, case: dict[str, Any], depth: int) -> None:
    """Tell what makes a table derive a value."""
    for table in (one for one in tables_of(policy) if one.name == column):
        for number, rule in enumerate(table.rules):
            if rule.outcomes.get(column) == value and all(table.space.boxes[number]):
                _want(policy, _answered_by(table, number), case, depth - 1)
                return
    if column == "tier" and value in _SEVERITY_OF:
        case.setdefault("severity", _SEVERITY_OF[value])


def _items_with(policy: Policy, wanted: Mapping[str, str | int]) -> Iterator[str]:
    """Return the items whose own attributes are those that are wanted."""
    for _, catalogue in policy.ruled.catalogues:
        for item in catalogue.items:
            if any((catalogue.item(item) or {}).get(name) for name in wanted):
                entry = policy.ruled.entry(item)
                asked = [name for name in wanted if entry.get(name)]
                if asked and all(_same(policy, name, entry[name], wanted[name]) for name in asked):
                    yield item


def _same(policy: Policy, name: str, attribute: str, value: str | int) -> bool:
    known = policy.ruled.fact_columns.get(name)
    if known is None:
        return attribute == value
    try:
        return known[0].read_fact(known[1], attribute) == value
    except CommandError:
        return False


# --- few rows in which every two values meet (两两组合): most faults hang on two circumstances at once ----


def rows(sizes: Sequence[int], count: int) -> Iterator[tuple[int, ...]]:
    """Return rows of one place for each axis, so that soon every two places of any two axes stood in one row.

    Each row takes what has met least; it costs a few bit operations for every two axes. The rows are always the same.
    Each axis has at least one place.
    """
    axes = range(len(sizes))
    #: Which places of the second axis have not met a place of the first one: [first][place][second] -> bits.
    apart = [[[(1 << size) - 1 for size in sizes] for _ in range(own)] for own in sizes]
    longest = max(axes, key=lambda axis: sizes[axis], default=0)
    others = sorted((axis for axis in axes if axis != longest), key=lambda axis: -sizes[axis])
    for number in range(count):
        turn = number % len(others) if others else 0
        row = {longest: number % sizes[longest]}
        for axis in (*others[turn:], *others[:turn]):
            row[axis] = _least_met(sizes[axis], [apart[one][place][axis] for one, place in row.items()], number)
        for one, place in row.items():
            for other, where in row.items():
                apart[one][place][other] &= ~(1 << where)
        yield tuple(row[axis] for axis in axes)


def _least_met(size: int, apart: Sequence[int], number: int) -> int:
    """Choose a place that has met as few of the others as can be; by turns where several are equal."""
    left = (1 << size) - 1
    for one in apart:
        if left & one:
            left &= one
    start = number % size
    later = left >> start
    return start + _first(later) if later else _first(left)


def _first(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


# --- the same cases as Hypothesis draws them ---


def strategy(policy: Policy) -> "SearchStrategy[dict[str, Any]]":
    """Return a Hypothesis strategy of the same cases, for tests of your own.

    Args:
        policy: The rules of the locality: ``Localities().policy("371621")``.
    """
    from hypothesis import strategies as st  # only those who test need it

    dimensions = Dimensions.of(policy)
    facts = {name: st.sampled_from(values) for name, values in dimensions.facts.items()}
    return st.fixed_dictionaries(
        {},
        optional={
            "item": st.sampled_from(dimensions.items),
            "place": st.sampled_from(dimensions.places),
            "severity": st.sampled_from([one.value for one in Severity]),
            "urgency": st.sampled_from([one.value for one in Urgency]),
            "visit": st.booleans(),
            "asked": st.booleans(),
            "mode": st.sampled_from([one.value for one in Mode]),
            "channel": st.sampled_from(dimensions.channels),
            "informant": st.sampled_from(dimensions.informants),
            **({"lifecycle": st.sampled_from(dimensions.lifecycles)} if dimensions.lifecycles else {}),
            **({"facts": st.fixed_dictionaries({}, optional=facts)} if facts else {}),
        },
    )
