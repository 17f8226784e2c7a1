"""Which rules of a locality's own tables its worked examples speak of (算例覆盖)."""

from collections.abc import Iterator, Mapping
from typing import Any

from governflow.charter.answers.ask import Answer, asked
from governflow.charter.answers.examples import as_told, plan_of, shipped
from governflow.charter.cases.reported import mode_of
from governflow.policy.registry import Localities
from governflow.policy.stack import Policy
from governflow.tables import Rule, Table
from governflow.tables.domains import Closed, Domain, Number, Open, Part, Span
from governflow.text import Text

#: What a rung does is no part of an example: see ``check CODE --law escalation/climbs``.
_RUNGS = "escalate"
_EXPECTED_AS = {"lead": "unit"}


def unspoken(code: str, *, localities: Localities | None = None) -> tuple[Text, ...]:
    """Name the rules of a locality's own decision tables that no worked example of it speaks of.

    An example speaks of a rule that rules on it, of the outcomes that it expects, and of the values that it has in the
    rule's conditions: every one of a list, and the whole numbers on the inner side of each bound.

    Args:
        code: Its code.
        localities: Where it is registered; the installed ones by default.

    Returns:
        A sentence for each rule, outcome or value that is not spoken of. Rules of the ladder are left out, and those
        that ask for a form of handling: no report tells either.

    Raises:
        PolicyError: If the rules cannot be used.

    Example:
        ``assert governflow.testing.unspoken("371621") == ()``
    """
    policy = (localities or Localities()).policy(code)
    own = policy.layers[0].source
    answers = [(asked(policy, as_told(example.told)), example.expect) for example in shipped(policy)]
    tables = dict(policy.tables).get(own, {})
    return tuple(
        Text(f"no example speaks of {name}/{rule.id}: {what}", f"没有算例涉及 {name}/{rule.id}：{what}")
        for name, table in tables.items()
        if isinstance(table, Table) and name != _RUNGS
        for number, rule in enumerate(table.rules)
        if rule.outcomes and "form" not in rule.cells
        for what in _lacking(policy, own, table, number, answers)
    )


def _lacking(
    policy: Policy, own: str, table: Table, number: int, answers: list[tuple[Answer, Mapping[str, Any]]]
) -> Iterator[str]:
    """Return the outcomes of a rule that nobody expects, and the values of its conditions that nobody tells."""
    rule, expected = table.rules[number], set[str]()
    ruled: list[Answer] = []
    for answer, expect in answers:
        spoken = {name for name in rule.outcomes if _said_as(table.name, name) in expect}
        if spoken := {name for name in spoken if _decided(policy, own, table, rule, name, answer)}:
            expected |= spoken
            ruled.append(answer)
    yield from sorted(rule.outcomes.keys() - expected)
    if not ruled:
        return
    for column in table.columns:
        cell = table.cell(number, column)
        if cell is None:
            continue
        told = {column.default if (value := _value(answer, column.id)) is None else value for answer in ruled}
        values = (value for part in cell.parts for value in _apart(column.domain, part))
        yield from (f"{column.id} = {value}" for value in values if value not in told)
        if cell.unstated and None not in told:
            yield f"{column.id} = none"


def _apart(domain: Domain, part: Part) -> Iterator[str | int]:
    """Return the values at which moving a condition by the least is noticed: each one, or whole numbers at a bound."""
    if isinstance(domain, (Closed, Open)):
        yield str(part)
    elif isinstance(domain, Number) and domain.whole and isinstance(part, Span):
        if part.start > domain.span.start:
            yield int(part.start[0]) + part.start[1]
        if part.end < domain.span.end:
            yield int(part.end[0]) - 1 + part.end[1]


def _said_as(table: str, outcome: str) -> str:
    return f"clock:{outcome}" if table == "deadlines" else _EXPECTED_AS.get(outcome, outcome)


def _decided(policy: Policy, own: str, table: Table, rule: Rule, outcome: str, answer: Answer) -> bool:
    """Return whether an outcome of a case is what this rule says, and not what a hook or another layer does."""
    case, by = answer.dispatched, (f"{table.name}/{rule.id}", own)
    if case is None:
        return False
    if table.name != "deadlines":
        return any((one.rule, one.source) == by for one in answer.rulings)
    rulings = plan_of(policy, answer.told, case).rulings
    if outcome in rulings:
        return (rulings[outcome].rule, rulings[outcome].source) == by
    # Where no clock runs there is no ruling: the rule is the one that gave the others.
    return rule.outcomes[outcome] == "-" and any((one.rule, one.source) == by for one in rulings.values())


def _value(answer: Answer, column: str) -> object:
    case = answer.dispatched
    if column == "mode":
        return mode_of(answer.told).value
    known = case.facts.get(column, vars(case).get(column)) if case is not None else None
    return {True: "yes", False: "no"}.get(known, known) if isinstance(known, bool) else known
