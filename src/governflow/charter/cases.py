"""Admissible cases, cut at the boundaries of a locality's own tables, units and clocks (用例生成).

A case is what a report tells: `Told`, plain values that JSON can hold. At the level ``certify`` the stream is always
the same: first everything alone that the rules can tell apart, then a case for every rule of every table, then a mix.
At the level ``search`` it goes on at random, as long as it is given.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice, product
from random import Random  # noqa: TID251 - a fixed seed gives the same cases every time
from typing import TYPE_CHECKING, Any

import attrs

from governflow.case import Case
from governflow.charter.words import Words, spoken_of
from governflow.decide import Command, decide, unreported
from governflow.errors import CommandError
from governflow.policy import Policy
from governflow.tables import Catalogue, Table
from governflow.tables.atoms import sampled
from governflow.tables.domains import Number
from governflow.terms import Mode, Severity, Urgency
from governflow.units import OrgChart

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from governflow.charter.subject import Subject, Told

#: About so many cases are looked at, at the level ``certify``.
BUDGET = 2000
#: However many items there are, so many cases are a mix of everything.
_MIXED = 400
#: Tables with more rules are sampled without looking for cases that no earlier rule takes.
_MANY_RULES = 400
_WORDS = 24

UNKNOWN_ITEM = "清单以外的事项"
UNKNOWN_PLACE = "查无此地"

_CASE_FIELDS = ("item", "place", "severity", "urgency", "lifecycle", "mode")
_YES_NO_FIELDS = ("visit", "asked")
#: What the defaults make of a severity, where no table says.
_SEVERITY_OF = {"1": "major", "2": "complex", "3": "general"}


@attrs.frozen
class Dimensions:
    """What a report can tell, and the values of each at which the rules may begin to answer differently.

    Args:
        items: Items: every one of the catalogues, none, and one that no catalogue knows.
        places: Places: units of each kind, none, and one that nobody knows.
        lifecycles: Lifecycles beside the everyday one.
        facts: Values of each fact that tables ask for.
    """

    items: tuple[str, ...]
    places: tuple[str, ...]
    lifecycles: tuple[str, ...]
    facts: Mapping[str, tuple[str | int, ...]]

    @classmethod
    def of(cls, policy: Policy) -> "Dimensions":
        """Read them off a locality's tables, chart and hooks."""
        words = spoken_of(policy)
        columns: dict[str, dict[str | int, None]] = {}
        for _, table in _tables(policy):
            for column, values in _cut(table).items():
                columns.setdefault(column, {}).update(dict.fromkeys(values))
        items = [item for _, catalogue in policy.ruled.catalogues for item in catalogue.items]
        return cls(
            _texts("", *items, UNKNOWN_ITEM, *columns.get("item", ()), *words.texts[:_WORDS]),
            _texts("", *_places(policy.units), UNKNOWN_PLACE, *columns.get("place", ()), *words.texts[:_WORDS]),
            tuple(name for name in policy.lifecycles if name != "everyday"),
            {
                name: known
                for name in columns
                if name in policy.ruled.told and (known := _readable(policy, name, columns[name], words))
            },
        )


def told(subject: "Subject") -> Iterator["Told"]:
    """Give the cases of a check: the simplest first, none twice; see the module."""
    seen: set[str] = set()
    for case in certified(subject.policy):
        if (key := written(case)) not in seen:
            seen.add(key)
            yield case
    if subject.level != "search":
        return
    chance, dimensions = Random(subject.seed), Dimensions.of(subject.policy)
    end = time.monotonic() + subject.seconds
    while time.monotonic() < end:
        yield mixed(dimensions, chance)


def written(case: "Told") -> str:
    """Write a case as one line of JSON, always in the same order; `Subject` reads it back with ``json.loads``."""
    return json.dumps(case, ensure_ascii=False, sort_keys=True)


def certified(policy: Policy) -> Iterator["Told"]:
    """Give the cases of the level ``certify``; a few may come twice."""
    dimensions = Dimensions.of(policy)
    count = 0
    for case in _systematic(policy, dimensions):
        count += 1
        yield case
    chance = Random(0)
    for _ in range(max(BUDGET - count, _MIXED)):
        yield mixed(dimensions, chance)


def strategy(policy: Policy) -> "SearchStrategy[dict[str, Any]]":
    """Give a Hypothesis strategy of the same cases, for tests of your own.

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
            **({"lifecycle": st.sampled_from(dimensions.lifecycles)} if dimensions.lifecycles else {}),
            **({"facts": st.fixed_dictionaries({}, optional=facts)} if facts else {}),
        },
    )


def reported(policy: Policy, told: "Told", at: datetime) -> Case:
    """Make the case that a report leaves: facts worked out, assessed, tiered, its clocks running; without a store.

    Args:
        policy: The rules.
        told: What is reported.
        at: When, in UTC.
    """
    return decide(fresh(policy, told, at), Command("report", {}), policy, at, mode_of(told))[1]


def fresh(policy: Policy, told: "Told", at: datetime) -> Case:
    """Make the case before any rule was asked about it."""
    details = {name: value for name, value in told.items() if name != "mode"}
    return unreported("check", policy, at, mode_of(told), details)


def mode_of(told: "Told") -> Mode:
    """Give the mode in which a case is reported."""
    return Mode(told.get("mode", Mode.NORMAL))


def smallest(told: "Told", fails: Callable[["Told"], bool]) -> "Told":
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


def _systematic(policy: Policy, dimensions: Dimensions) -> Iterator["Told"]:
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
    for source, table in _tables(policy):
        yield from _of_rules(policy, source, table)
    somewhere = dimensions.places[1] if len(dimensions.places) > 1 else ""
    for severity, place in product(Severity, dimensions.places[1:]):
        yield _plain(severity=severity.value, place=place)
    for item, severity in islice(product(dimensions.items[1:], Severity), BUDGET // 4):
        yield {"item": item, "severity": severity.value, "place": somewhere}


def _plain(**told: Any) -> dict[str, Any]:
    """Leave out what a report need not say."""
    silent = {"visit": None, "asked": True, "severity": "general", "urgency": "normal"}
    return {name: value for name, value in told.items() if name not in silent or value != silent[name]}


def mixed(dimensions: Dimensions, chance: Random) -> "Told":
    """Give a case in which anything may be told; about half of what could be is."""
    case = _plain(
        severity=chance.choice([one.value for one in Severity]),
        urgency=chance.choice([one.value for one in Urgency]),
        visit=chance.choice((None, None, True, False)),
        asked=chance.choice((True, True, False)),
    )
    for name, values in (("item", dimensions.items), ("place", dimensions.places)):
        if chance.random() < 0.75 and (value := chance.choice(values)):
            case[name] = value
    if chance.random() < 0.3:
        case["mode"] = Mode.EMERGENCY.value
    if dimensions.lifecycles and chance.random() < 0.1:
        case["lifecycle"] = chance.choice(dimensions.lifecycles)
    facts = {name: chance.choice(values) for name, values in dimensions.facts.items() if chance.random() < 0.5}
    return {**case, "facts": facts} if facts else case


# --- boundaries -------------------------------------------------------------------------------------------------------


def _tables(policy: Policy) -> Iterator[tuple[str, Table]]:
    for source, tables in policy.tables:
        yield from ((source, table) for table in tables.values() if isinstance(table, Table))


def _cut(table: Table) -> Mapping[str, list[str | int]]:
    """Give a value in each class of each column; of whole numbers the first and the last one."""
    found: dict[str, list[str | int]] = {}
    for column, axis in zip(table.columns, table.space.axes, strict=True):
        values: list[str | int] = [axis.atoms.sample(place) for place in range(axis.atoms.count)]
        if isinstance(column.domain, Number) and column.domain.whole:
            values += [value - 1 for value in values if isinstance(value, int)]
            values += [int(end) for end in (column.domain.low, column.domain.high) if end is not None]
        found[column.id] = values
    return found


def _readable(policy: Policy, name: str, values: Mapping[str | int, None], words: Words) -> tuple[str | int, ...]:
    """Keep the values that a report may tell; numbers that hooks speak of are boundaries too."""
    near: list[str | int] = []
    if any(isinstance(value, int) for value in values):
        near = [number + step for number in words.numbers[:_WORDS] for step in (-1, 0, 1)]
    found = []
    for value in dict.fromkeys((*values, *near, *words.texts[:_WORDS])):
        try:
            policy.ruled.read({name: value})
        except CommandError:
            continue
        found.append(value)
    return tuple(found)


def _places(units: OrgChart) -> Iterator[str]:
    """Give the first, a middle and the last unit of each kind: by id, and one by its name, as people write it."""
    kinds: dict[str, list[str]] = {}
    for unit in units.units.values():
        kinds.setdefault(unit.kind, []).append(unit.id)
    for ids in kinds.values():
        yield ids[0]
        yield units.name(ids[len(ids) // 2]).zh
        yield ids[-1]


def _texts(*values: str | int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(value) for value in values))


# --- a case for every rule --------------------------------------------------------------------------------------------


def _of_rules(policy: Policy, source: str, table: Table) -> Iterator["Told"]:
    """Give for every rule a case that it answers, as far as a report can tell one."""
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
    for _, table in _tables(policy):
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
    """Give the items whose own attributes are those that are wanted."""
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
