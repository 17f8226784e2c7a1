"""A case for every rule of a table: its conditions, turned into what a report tells (逐条用例)."""

from collections.abc import Iterator, Mapping
from typing import Any

from governflow.charter.cases.dimensions import tables_of
from governflow.charter.cases.reported import CASE_FIELDS, YES_NO_FIELDS, ReportedCase
from governflow.errors import CommandError
from governflow.policy.stack import Policy
from governflow.tables import Table
from governflow.tables.partition import sampled

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
        elif column in policy.ruled.told:
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
    known = policy.ruled.told.get(name)
    if known is None:
        return attribute == value
    try:
        return known[0].read_fact(known[1], attribute) == value
    except CommandError:
        return False
