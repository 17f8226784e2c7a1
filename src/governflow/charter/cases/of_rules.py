"""A case for every rule of a table: its conditions, turned into what a report tells (逐条用例)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from governflow.charter.cases.dimensions import tables_of
from governflow.charter.cases.reported import ReportedCase
from governflow.errors import CommandError
from governflow.policy.stack import Policy
from governflow.tables import Catalogue, Table
from governflow.tables.partition import sampled

CASE_FIELDS = ("item", "place", "severity", "urgency", "lifecycle", "mode")
YES_NO_FIELDS = ("visit", "asked")
#: Tables with more rules are sampled without looking for cases that no earlier rule takes.
_MANY_RULES = 400
#: What the defaults make of a severity, where no table says.
_SEVERITY_OF = {"1": "major", "2": "complex", "3": "general"}


def of_rules(policy: Policy, source: str, table: Table) -> Iterator[ReportedCase]:
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
        if column in CASE_FIELDS:
            case.setdefault(column, value)
        elif column in YES_NO_FIELDS:
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
