"""Admissible cases, cut at the boundaries of a locality's own tables, units and clocks (用例生成).

At the level ``certify`` the stream is always the same: first everything alone that the rules can tell
apart, then a case for every rule of every table, then rows in which every two values meet. `everywhere` adds every
unit of the chart. At the level ``search`` Hypothesis draws from the same values: `strategy`.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, product
from typing import TYPE_CHECKING, Any

from governflow.charter.cases import covering as pairs
from governflow.charter.cases.dimensions import WHO, Dimensions, tables_of
from governflow.charter.cases.reported import ReportedCase, timeless, written
from governflow.errors import CommandError
from governflow.isolation.literals import spoken_of
from governflow.model.terms import Mode, Severity, Urgency
from governflow.model.units import OrgChart, Unit
from governflow.policy.stack import Policy
from governflow.tables import Catalogue, Table
from governflow.tables.partition import sampled

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


#: About so many cases are looked at, at the level ``certify``.
BUDGET = 2000
#: However many items there are, so many cases are rows in which everything is told.
_MIXED = 400
#: So many units of the chart are tried, and so many of the rest; so many cases of a unit with a sort of item.
_UNITS, _REST, _WHERE = 600, 100, 500
#: So many pairs of an item and a place that hooks name; some of them with every severity in both modes.
_NAMED = 300
#: Tables with more rules are sampled without looking for cases that no earlier rule takes.
_MANY_RULES = 400
_CASE_FIELDS = ("item", "place", "severity", "urgency", "lifecycle", "mode")
_YES_NO_FIELDS = ("visit", "asked")
#: All that a case of ``--case`` may tell; ``steps`` are those of a life.
KNOWN = (*_CASE_FIELDS, *_YES_NO_FIELDS, *WHO, "facts", "at", "steps")
#: What the defaults make of a severity, where no table says.
_SEVERITY_OF = {"1": "major", "2": "complex", "3": "general"}


def anywhen(policy: Policy) -> Iterator[ReportedCase]:
    """Return the cases of the level ``certify`` for laws on rulings: told at many moments, and at every unit."""
    seen: set[str] = set()
    for case in (*timed(policy), *everywhere(policy)):
        if (key := written(case)) not in seen:
            seen.add(key)
            yield case


def certified(policy: Policy) -> Iterator[ReportedCase]:
    """Return the cases of the level ``certify`` as they are told at the usual moment; a few may come twice."""
    return map(timeless, timed(policy))


def timed(policy: Policy) -> Iterator[ReportedCase]:
    """Return the cases of the level ``certify``, many of them at other moments; a few may come twice."""
    dimensions = Dimensions.of(policy)
    count = 0
    for case in _systematic(policy, dimensions):
        count += 1
        yield case
    yield from _meeting(dimensions, max(BUDGET - count, _MIXED))


def everywhere(policy: Policy) -> Iterator[ReportedCase]:
    """Return a case for every unit of the chart, by its id and by its name, and every sort of item at many of them."""
    units = _rarest_first(policy.units)
    rest = units[_UNITS:]
    near = units[:_UNITS] + rest[:: max(1, len(rest) // _REST)]
    for word in spoken_of(policy).texts:
        near += [unit for unit in rest if len(word) > 2 and (word in unit.id or word in unit.text.zh)][:2]
    yield from ({"place": unit.id} for unit in near)
    items = _sorts(policy)
    for number, unit in enumerate(near):
        severity = tuple(Severity)[number % len(Severity)].value
        yield _plain(place=unit.text.zh, item=items[number % len(items)], severity=severity)
    yield from ({"place": unit.id, "item": item} for unit, item in islice(product(near, items), _WHERE))


def _rarest_first(units: OrgChart) -> list[Unit]:
    """Put the units of a kind of which there are few before those of which there are thousands."""
    count = Counter(unit.kind for unit in units.units.values())
    return sorted(units.units.values(), key=lambda unit: count[unit.kind])


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


def smallest(told: ReportedCase, fails: Callable[[ReportedCase], bool]) -> ReportedCase:
    """Shrink a case that shows a fault: leave out what the fault does not need.

    Args:
        told: The case.
        fails: Whether a smaller case still shows the same fault.
    """
    case = dict(told)
    for name in ("facts", *sorted(told.keys() - {"facts"})):
        if name in case and fails(smaller := {one: value for one, value in case.items() if one != name}):
            case = dict(smaller)
    for name in sorted(case.get("facts", ())):
        rest = {one: value for one, value in case["facts"].items() if one != name}
        if rest and fails(smaller := {**case, "facts": rest}):
            case = dict(smaller)
    return case


# --- the stream -------------------------------------------------------------------------------------------------------


def _systematic(policy: Policy, dimensions: Dimensions) -> Iterator[ReportedCase]:
    emergency = {"mode": Mode.EMERGENCY.value}
    yield {}
    yield emergency
    for item in dimensions.items[1:]:
        yield {"item": item}
    for severity, urgency in product(Severity, Urgency):
        for visit, asked in product((None, True, False), (True, False)):
            yield _plain(severity=severity.value, urgency=urgency.value, visit=visit, asked=asked)
    for lifecycle in dimensions.lifecycles:
        yield {"lifecycle": lifecycle}
    for place in dimensions.places[1:]:
        yield {"place": place}
    for name, values in dimensions.facts.items():
        yield from ({"facts": {name: value}} for value in values)
    for _, catalogue in policy.ruled.catalogues:
        yield from (
            {"item": entry.item, "facts": {"condition": entry.condition}}
            for entry in catalogue.entries
            if entry.condition
        )
    for item in dimensions.items[1 : BUDGET // 2]:
        yield {"item": item, **emergency}
    for severity, urgency in product(Severity, Urgency):
        yield {"severity": severity.value, "urgency": urgency.value, **emergency}
    for source, table in tables_of(policy):
        yield from _of_rules(policy, source, table)
    yield from _named(policy, dimensions)
    somewhere = dimensions.places[1] if len(dimensions.places) > 1 else ""
    for severity, place in product(Severity, dimensions.places[1:]):
        yield _plain(severity=severity.value, place=place)
    for item, severity in islice(product(dimensions.items[1:], Severity), BUDGET // 4):
        yield {"item": item, "severity": severity.value, "place": somewhere}


def _plain(**told: Any) -> dict[str, Any]:
    """Leave out what a report need not say."""
    silent = {"visit": None, "asked": True, "severity": "general", "urgency": "normal"}
    return {name: value for name, value in told.items() if name not in silent or value != silent[name]}


def _meeting(dimensions: Dimensions, count: int) -> Iterator[ReportedCase]:
    """Return cases in which everything is told, or not: soon every two values have stood in one of them."""
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
    for row in pairs.rows([len(one) for one in values], count):
        chosen = [one[place] for one, place in zip(values, row, strict=True)]
        case = {name: value for name, value in zip(axes, chosen, strict=False) if value not in (None, "")}
        stated = {name: value for name, value in zip(facts, chosen[len(axes) :], strict=True) if value is not None}
        yield _plain(**case) | ({"facts": stated} if stated else {})


def _named(policy: Policy, dimensions: Dimensions) -> Iterator[ReportedCase]:
    """Return cases of what hooks name together: an item, a place, how hard it is, and an emergency."""
    words = spoken_of(policy).texts
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


# --- a case for every rule --------------------------------------------------------------------------------------------


def _of_rules(policy: Policy, source: str, table: Table) -> Iterator[ReportedCase]:
    """Return for every rule a case that it answers, as far as a report can tell one."""
    space = table.space
    for number, box in enumerate(space.boxes):
        if not all(box):
            continue
        own = space.uncovered(box, (1 << number) - 1) if len(space.boxes) <= _MANY_RULES else None
        wanted = sampled(space.axes, own or box)
        by_facts: dict[str, Any] = {}
        _want(policy, wanted, by_facts, depth=3)
        yield by_facts
        items = _items_with(policy, wanted)
        if items:
            yield {**by_facts, "item": items[0]}


def _want(policy: Policy, wanted: Mapping[str, str | int], case: dict[str, Any], depth: int) -> None:
    """Tell what makes each column hold a value; what only a later step can bring about is left to whole lives."""
    for column, value in wanted.items():
        if column in _CASE_FIELDS:
            case.setdefault(column, value)
        elif column in _YES_NO_FIELDS:
            case.setdefault(column, value == "yes")
        elif column in policy.ruled.told:
            case.setdefault("facts", {}).setdefault(column, value)
        elif depth:
            _invert(policy, column, str(value), case, depth)


def _invert(policy: Policy, column: str, value: str, case: dict[str, Any], depth: int) -> None:
    """Tell what makes a table derive a value."""
    for _, table in tables_of(policy):
        if table.name != column:
            continue
        for number, rule in enumerate(table.rules):
            if rule.outcomes.get(column) == value and all(table.space.boxes[number]):
                own = table.space.uncovered(table.space.boxes[number], (1 << number) - 1)
                _want(policy, sampled(table.space.axes, own or table.space.boxes[number]), case, depth - 1)
                return
    if column == "tier" and value in _SEVERITY_OF:
        case.setdefault("severity", _SEVERITY_OF[value])


def _items_with(policy: Policy, wanted: Mapping[str, str | int]) -> Sequence[str]:
    """Return the items whose own attributes are those that are wanted."""
    found: list[str] = []
    for _, catalogue in policy.ruled.catalogues:
        for item in _of_interest(catalogue, wanted):
            entry = policy.ruled.entry(item)
            asked = [name for name in wanted if entry.get(name)]
            if asked and all(_same(policy, name, entry[name], wanted[name]) for name in asked):
                found.append(item)
    return found


def _of_interest(catalogue: Catalogue, wanted: Mapping[str, str | int]) -> Iterator[str]:
    return (item for item in catalogue.items if any((catalogue.item(item) or {}).get(name) for name in wanted))


def _same(policy: Policy, name: str, attribute: str, value: str | int) -> bool:
    known = policy.ruled.told.get(name)
    if known is None:
        return attribute == value
    try:
        return known[0].read_fact(known[1], attribute) == value
    except CommandError:
        return False
