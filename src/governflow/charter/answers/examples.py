"""Worked examples (算例): what a plugin ships, whether its rules say the same, and which rules are spoken of."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from governflow.calendars.allowances import Allowance
from governflow.charter.answers.ask import DECIDED_BY, Answer, asked
from governflow.charter.answers.compare import said, voice_of
from governflow.charter.cases.reported import ReportedCase, mode_of, moment_of
from governflow.charter.model import Failure
from governflow.errors import GovernflowError, described
from governflow.model.case import Case
from governflow.model.rulings import RuleRef
from governflow.normalize import half_width, key
from governflow.policy.deadlines import Plan
from governflow.policy.hookspecs import Example
from governflow.policy.registry import Localities
from governflow.policy.stack import Policy
from governflow.tables import Rule, Table
from governflow.tables.domains import (
    FORM,
    MODE,
    SEVERITY,
    TIER,
    URGENCY,
    YES_NO,
    Closed,
    Domain,
    Number,
    Open,
    Part,
    Span,
    Unfit,
)
from governflow.tables.vocabulary import CLOCKS, OUTCOMES, heading
from governflow.tabular.grids import read
from governflow.text import Text

_HOOK = "governflow_examples"
_SOURCE = frozenset(map(key, ("source", "来源", "出处")))
_CLOSED: Mapping[str, Closed] = {
    "severity": SEVERITY,
    "urgency": URGENCY,
    "tier": TIER,
    "form": FORM,
    "mode": MODE,
    "visit": YES_NO,
}
_CASE_COLUMNS = ("item", "place", "severity", "urgency", "visit", "asked", "lifecycle", "mode", "at")
_HEADINGS = {
    name: sort for question in ("route", "tier", "assess", "deadlines") for name, sort in OUTCOMES[question].items()
}
_UNITS = ("unit", "lead", "assist")
#: What stands for nobody, for a clock that must not run, and for a fact that a case does not have.
_NOTHING = ("-", "不设", "无")


def failures(policy: Policy, tried: Callable[[], None]) -> Iterator[Failure]:
    """Rule on every example that the locality itself ships, and tell those that come out otherwise."""
    where = RuleRef(hook=_HOOK, source=policy.layers[0].source)
    try:
        examples = list(shipped(policy))
    except Exception as fault:  # noqa: BLE001 - whatever it raises is what is wrong with it
        yield _unread(where, _fault_text(fault))
        return
    for number, example in enumerate(examples, 1):
        tried()
        yield from _wrong(policy, where, Text(f"example {number}", f"算例 {number}"), example)


def shipped(policy: Policy) -> Iterator[Example]:
    """Return the examples that the locality itself ships, as they stand in its code or in its file."""
    for source, function, _ in policy.impls(_HOOK):
        answer = function() if source == policy.layers[0].source else ()
        if isinstance(answer, (Path, Traversable)):
            for grid in read(answer, "examples")[1]:
                yield from of_rows([cells for _, cells in grid.rows])
        else:
            yield from answer or ()


def _unread(where: RuleRef, what: Text) -> Failure:
    return Failure(Text(f"the worked examples cannot be read: {what.en}", f"算例无法读取：{what.zh}"), look_at=where)


def _fault_text(fault: Exception) -> Text:
    if isinstance(fault, (GovernflowError, Unfit)):
        return fault.text
    what = described(fault)
    return Text(what, what)


def _wrong(policy: Policy, where: RuleRef, name: Text, example: object) -> Iterator[Failure]:
    """Find what is wrong with one example; a plugin's code may hold anything in its place."""
    if not isinstance(example, Example):
        yield _unread(
            where, Text(f"{name.en} is {example!r:.80}, no Example", f"{name.zh}为 {example!r:.80}，应为 Example")
        )
        return
    reported_case: ReportedCase = {}

    def bad(en: str, zh: str) -> Failure:
        return Failure(Text(f"{name.en} {en}", f"{name.zh}{zh}"), reported_case, look_at=where)

    try:
        reported_case = as_reported(example.case)
        if not str(example.source or "").strip():
            yield bad("has no source: say who promised it", "没有来源：请写明出处")
        if not example.expect:
            yield bad("expects nothing: say what must come out", "没有预期：请写明应有的裁定")
        answer = asked(policy, reported_case)
        for field, value in example.expect.items():
            wanted, given = _expected(policy, field, value), _given(policy, answer, field)
            if wanted != given:
                promised = Text(f"{name.en} ({example.source})", f"{name.zh}（{example.source}）")
                yield _otherwise(policy, where, promised, answer, field, wanted, given)
    except (GovernflowError, Unfit) as fault:
        yield bad(f"cannot be used: {fault.text.en}", f"不可用：{fault.text.zh}")
    except Exception as fault:  # noqa: BLE001 - whatever a county's rule raises is what is wrong with it
        yield bad(f"breaks off: {described(fault)}", f"中断：{described(fault)}")


def _otherwise(
    policy: Policy, where: RuleRef, promised: Text, answer: Answer, name: str, wanted: str, given: str | Text
) -> Failure:
    rulings = [ruling for ruling in answer.rulings if ruling.what in (DECIDED_BY.get(name, name), f"fact:{name}")]
    if not rulings and answer.dispatched is not None:  # a clock that starts later
        plan = plan_of(policy, answer.reported_case, answer.dispatched)
        rulings = [ruling for clock, ruling in plan.rulings.items() if name == f"clock:{clock}"]
    sentence = Text(
        f"{promised.en} promises {name} = {wanted}; the rules say {given}",
        f"{promised.zh}承诺{_in_chinese(policy, name, wanted, '=')}，规则的结果为{_in_chinese(policy, name, given)}",
    )
    mend = Text("mend the rule, or the example if the promise has changed", "修改规则；若承诺已变更则修改算例")
    return Failure(
        sentence, answer.reported_case, said(policy, answer.plain), rulings[-1].ref if rulings else where, mend
    )


def plan_of(policy: Policy, reported_case: ReportedCase, case: Case) -> Plan:
    """Return the plan of the clocks of a case as it was reported."""
    return policy.plan(case, policy.context(case, mode_of(reported_case), moment_of(reported_case)), [])


def _in_chinese(policy: Policy, name: str, value: str | Text, equals: str = "") -> str:
    voice = voice_of(policy, "zh")
    clock = name.removeprefix("clock:")
    label = voice.name(clock) if clock != name else voice.fact({"unit": "lead"}.get(name, name))
    if isinstance(value, Text):
        value = value.zh
    elif name in _UNITS:
        value = voice.join(map(voice.unit, value.split("|"))) if value != "-" else "无"
    elif clock != name:
        value = "不设" if value == "-" else Allowance.parse(value).text("zh")
    else:
        value = "未填" if value == "-" else voice.value(name, value)
    return f"{label}{equals}{value}" if equals else value


def as_reported(columns: Mapping[str, Any]) -> ReportedCase:
    """Return a case as a report tells it, from the columns of a sheet or of an `Example`.

    Raises:
        Unfit: If a value makes no sense.
    """
    reported_case: dict[str, Any] = {}
    facts: dict[str, Any] = dict(columns.get("facts") or {})
    for name, value in columns.items():
        if value is None or value == "" or name == "facts":
            continue
        if name in ("visit", "asked"):
            reported_case[name] = value if isinstance(value, bool) else YES_NO.read(value) == "yes"
        elif name in _CLOSED and name in _CASE_COLUMNS:
            reported_case[name] = _CLOSED[name].read(value)
        elif name in _CASE_COLUMNS:
            reported_case[name] = str(value)
        else:
            facts[name] = value
    return {**reported_case, "facts": facts} if facts else reported_case


def _expected(policy: Policy, name: str, value: object) -> str:
    """Return an expectation as the rules would write it."""
    if name in _CLOSED:
        return _CLOSED[name].read(value)
    if str(value).strip() in _NOTHING:
        return "-"
    if name in _UNITS:
        return "|".join(sorted(policy.units.id_of(part.strip()) for part in str(value).replace("、", "|").split("|")))
    if name.startswith("clock:"):
        return str(Allowance.parse(str(value)))
    known = policy.ruled.fact_columns.get(name)
    return str(known[0].read_fact(known[1], value)) if known is not None else str(value)


def _given(policy: Policy, answer: Answer, name: str) -> str | Text:
    """Return what came out, as the rules would write it; a text where the case was refused."""
    case = answer.dispatched
    if case is None:
        return Text(f"refused: {answer.refused.en}" if answer.refused else "refused", "被拒绝")
    if name == "assist":
        return "|".join(sorted(case.assist)) or "-"
    if name in _UNITS:
        return case.unit
    if name in ("severity", "urgency", "tier", "form", "lifecycle"):
        return str(getattr(case, name))
    if name == "visit":
        return "yes" if case.visit else "no"
    if name.startswith("clock:"):
        spec = plan_of(policy, answer.reported_case, case).specs.get(name.removeprefix("clock:"))
        never = "dispatch:no_visit" if case.visit else "dispatch:visit"
        return "-" if spec is None or spec.starts <= {never} else spec.written
    known = policy.ruled.fact_columns.get(name)
    return str(case.facts.get(known[1] if known is not None else name, "-"))


# --- from a file ------------------------------------------------------------------------------------------------------


def of_rows(rows: Sequence[Sequence[str]]) -> Iterator[Example]:
    """Return the examples in rows of cells, the headings first."""
    heads = [_head(cell) for cell in rows[0]] if rows else []
    for cells in rows[1:]:
        parts: dict[str, dict[str, str]] = {"case": {}, "expect": {}, "source": {}}
        for (part, name), cell in zip(heads, cells, strict=False):
            if name and cell.strip():
                parts[part][name] = cell.strip()
        yield Example(parts["case"], parts["expect"], parts["source"].get("source", ""))


def _head(cell: str) -> tuple[str, str]:
    """Understand a heading: which part of an example it belongs to, and its name there."""
    plain = half_width(cell).strip()
    if any(key(part) in _SOURCE for part in plain.split("/")):
        return "source", "source"
    known = heading(plain, _HEADINGS if plain.startswith(("→", "=>", "->")) else {})
    if not known.marked:
        return "case", known.id
    if known.id in CLOCKS and known.id not in _CLOSED:
        return "expect", f"clock:{known.id}"
    return "expect", "unit" if known.id == "lead" else known.id


# --- which rules they speak of ----------------------------------------------------------------------------------------

#: What a rung does is no part of an example: see ``check CODE --law escalation/climbs``.
_RUNGS = "escalate"


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
    answers = [(asked(policy, as_reported(example.case)), example.expect) for example in shipped(policy)]
    return tuple(
        Text(f"no example speaks of {name}/{rule.id}: {what}", f"没有算例涉及 {name}/{rule.id}：{what}")
        for name, table in dict(policy.tables).get(own, {}).items()
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
        values_seen = {column.default if (value := _value_of(answer, column.id)) is None else value for answer in ruled}
        values = (value for part in cell.parts for value in _apart(column.domain, part))
        yield from (f"{column.id} = {value}" for value in values if value not in values_seen)
        if cell.unstated and None not in values_seen:
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
    return f"clock:{outcome}" if table == "deadlines" else "unit" if outcome == "lead" else outcome


def _decided(policy: Policy, own: str, table: Table, rule: Rule, outcome: str, answer: Answer) -> bool:
    """Return whether an outcome of a case is what this rule says, and not what a hook or another layer does."""
    case, by = answer.dispatched, (f"{table.name}/{rule.id}", own)
    if case is None:
        return False
    if table.name != "deadlines":
        return any((one.rule, one.source) == by for one in answer.rulings)
    rulings = plan_of(policy, answer.reported_case, case).rulings
    if outcome in rulings:
        return (rulings[outcome].rule, rulings[outcome].source) == by
    # Where no clock runs there is no ruling: the rule is the one that gave the others.
    return rule.outcomes[outcome] == "-" and any((one.rule, one.source) == by for one in rulings.values())


def _value_of(answer: Answer, column: str) -> object:
    case = answer.dispatched
    if column == "mode":
        return mode_of(answer.reported_case).value
    known = case.facts.get(column, vars(case).get(column)) if case is not None else None
    return {True: "yes", False: "no"}.get(known, known) if isinstance(known, bool) else known
