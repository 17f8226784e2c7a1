"""Worked examples (算例): read from what a plugin ships, and compared with what its rules say."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from governflow.calendars.allowances import Allowance
from governflow.charter.answers.ask import Answer, asked
from governflow.charter.answers.compare import said
from governflow.charter.cases.reported import BEGIN, ReportedCase, mode_of, moment_of
from governflow.charter.model import Failure
from governflow.errors import GovernflowError
from governflow.masking import clean
from governflow.model.rulings import RuleRef
from governflow.normalize import half_width, key
from governflow.policy.hookspecs import Example
from governflow.policy.stack import Policy
from governflow.reports.localize import Localizer
from governflow.tables.domains import FORM, MODE, SEVERITY, TIER, URGENCY, YES_NO, Closed, Unfit
from governflow.tables.vocabulary import CLOCKS, OUTCOMES, heading
from governflow.tabular.grids import Grid, read
from governflow.text import Text

_HOOK = "governflow_examples"
_SOURCE = frozenset(map(key, ("source", "来源", "出处")))
_CLOSED: Mapping[str, Closed] = {"severity": SEVERITY, "urgency": URGENCY, "tier": TIER, "form": FORM, "mode": MODE}
_TOLD = ("item", "place", "severity", "urgency", "visit", "asked", "lifecycle", "mode", "at")
_HEADINGS = {
    name: sort for question in ("route", "tier", "assess", "deadlines") for name, sort in OUTCOMES[question].items()
}
_UNITS = {"unit": "unit", "lead": "unit", "assist": "assist"}
#: What stands for nobody, for a clock that must not run, and for a fact that a case does not have.
_NOTHING = ("-", "不设", "无")


def failures(policy: Policy, tried: Callable[[], None]) -> Iterator[Failure]:
    """Rule on every example that the locality itself ships, and tell those that come out otherwise.

    Args:
        policy: The rules.
        tried: Called for each example: one that nobody shipped is not looked at, and the verdict says how many were.
    """
    own = policy.layers[0].source
    for source, function, _ in policy.impls(_HOOK):
        if source != own:
            continue
        try:
            answer = function()
            shipped = list(_read(answer)) if isinstance(answer, (Path, Traversable)) else list(answer or ())
        except GovernflowError as fault:
            yield _unread(own, fault.text)
            continue
        except Exception as fault:  # noqa: BLE001 - whatever it raises is what is wrong with it
            what = f"{type(fault).__name__}: {fault}"
            yield _unread(own, Text(what, what))
            continue
        for number, example in enumerate(shipped, 1):
            tried()
            yield from _wrong(policy, own, number, example)


def _unread(source: str, what: Text) -> Failure:
    return Failure(
        Text(f"the worked examples cannot be read: {what.en}", f"算例无法读取：{what.zh}"),
        look_at=RuleRef(hook=_HOOK, source=source),
    )


def _wrong(policy: Policy, source: str, number: int, example: object) -> Iterator[Failure]:
    where = Text(f"example {number}", f"算例 {number}")
    if not isinstance(example, Example):
        yield _unread(
            source, Text(f"{where.en} is {example!r:.80}, no Example", f"{where.zh}为 {example!r:.80}，应为 Example")
        )
        return
    told: ReportedCase = {}
    try:
        told = as_told(example.told)
        lacking = []
        if not str(example.source or "").strip():
            lacking.append(Text(f"{where.en} has no source: say who promised it", f"{where.zh}没有来源：请写明出处"))
        if not example.expect:
            what = f"{where.en} expects nothing: say what must come out"
            lacking.append(Text(what, f"{where.zh}没有预期：请写明应有的裁定"))
        yield from (Failure(sentence, told, look_at=RuleRef(hook=_HOOK, source=source)) for sentence in lacking)
        answer = asked(policy, told)
        for name, value in example.expect.items():
            wanted, given = _expected(policy, name, value), _given(policy, answer, name)
            if wanted != given:
                yield _otherwise(policy, where, example, told, answer, name, wanted, given)
    except (GovernflowError, Unfit) as fault:
        sentence = Text(f"{where.en} cannot be used: {fault.text.en}", f"{where.zh}不可用：{fault.text.zh}")
        yield Failure(sentence, told, look_at=RuleRef(hook=_HOOK, source=source))
    except Exception as fault:  # noqa: BLE001 - whatever a county's rule raises is what is wrong with it
        what = f"{type(fault).__name__}: {fault}"
        sentence = Text(f"{where.en} breaks off: {what}", f"{where.zh}中断：{what}")
        yield Failure(sentence, told, look_at=RuleRef(hook=_HOOK, source=source))


def _otherwise(
    policy: Policy,
    where: Text,
    example: Example,
    told: ReportedCase,
    answer: Answer,
    name: str,
    wanted: str,
    given: str | Text,
) -> Failure:
    about = {"unit": "route", "form": "route", "assist": "route", "severity": "assess", "urgency": "assess"}.get(
        name, name
    )
    rulings = [ruling for ruling in answer.rulings if ruling.what in (about, f"fact:{name}")]
    case = answer.dispatched
    if not rulings and name.startswith("clock:") and case is not None:  # a clock that starts later
        plan = policy.plan(case, policy.context(case, mode_of(told), moment_of(told, BEGIN)), [])
        rulings = [plan.rulings[clock] for clock in (name.removeprefix("clock:"),) if clock in plan.rulings]
    sentence = Text(
        f"{where.en} ({example.source}) promises {name} = {wanted}; the rules say {given}",
        f"{where.zh}（{example.source}）承诺{_in_chinese(policy, name, wanted, '=')}，"
        f"规则的结果为{_in_chinese(policy, name, given)}",
    )
    mend = Text("mend the rule, or the example if the promise has changed", "修改规则；若承诺已变更则修改算例")
    return Failure(
        sentence,
        told,
        said(policy, answer.plain),
        rulings[-1].ref if rulings else RuleRef(hook=_HOOK, source=policy.layers[0].source),
        mend,
    )


def _in_chinese(policy: Policy, name: str, value: str | Text, equals: str = "") -> str:
    voice = Localizer("zh", ZoneInfo(policy.zone), policy, clean)
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


def as_told(columns: Mapping[str, Any]) -> ReportedCase:
    """Return a case as a report tells it, from the columns of a sheet or of an `Example`.

    Raises:
        Unfit: If a value makes no sense.
    """
    told: dict[str, Any] = {}
    facts: dict[str, Any] = dict(columns.get("facts") or {})
    for name, value in columns.items():
        if value is None or value == "" or name == "facts":
            continue
        if name in ("visit", "asked"):
            told[name] = value if isinstance(value, bool) else YES_NO.read(value) == "yes"
        elif name in _CLOSED and name in _TOLD:
            told[name] = _CLOSED[name].read(value)
        elif name in _TOLD:
            told[name] = str(value)
        else:
            facts[name] = value
    return {**told, "facts": facts} if facts else told


def _expected(policy: Policy, name: str, value: object) -> str:
    """Return an expectation as the rules would write it."""
    if name in _CLOSED:
        return _CLOSED[name].read(value)
    if name == "visit":
        return YES_NO.read(value)
    if str(value).strip() in _NOTHING:
        return "-"
    if name in _UNITS:
        return "|".join(sorted(policy.units.id_of(part.strip()) for part in str(value).replace("、", "|").split("|")))
    if name.startswith("clock:"):
        return str(Allowance.parse(str(value)))
    known = policy.ruled.told.get(name)
    return str(known[0].read_fact(known[1], value)) if known is not None else str(value)


def _given(policy: Policy, answer: Answer, name: str) -> str | Text:
    """Return what came out, as the rules would write it; a text where the case was refused."""
    case = answer.dispatched
    if case is None:
        return Text(f"refused: {answer.refused.en}" if answer.refused else "refused", "被拒绝")
    if name in _UNITS:
        return case.unit if _UNITS[name] == "unit" else "|".join(sorted(case.assist)) or "-"
    if name in ("severity", "urgency", "tier", "form"):
        return str(getattr(case, name))
    if name.startswith("clock:"):
        plan = policy.plan(case, policy.context(case, mode_of(answer.told), moment_of(answer.told, BEGIN)), [])
        spec = plan.specs.get(name.removeprefix("clock:"))
        never = "dispatch:no_visit" if case.visit else "dispatch:visit"
        return "-" if spec is None or spec.starts <= {never} else spec.written
    if name in ("lifecycle", "visit"):
        return case.lifecycle if name == "lifecycle" else "yes" if case.visit else "no"
    known = policy.ruled.told.get(name)
    return str(case.facts.get(known[1] if known is not None else name, "-"))


# --- from a file ------------------------------------------------------------------------------------------------------


def _read(source: Path | Traversable) -> Iterator[Example]:
    _, grids = read(source, "examples")
    for grid in grids:
        yield from _rows(grid)


def _rows(grid: Grid) -> Iterator[Example]:
    if not grid.rows:
        return
    heads = [_head(cell) for cell in grid.rows[0][1]]
    for _, cells in grid.rows[1:]:
        parts: dict[str, dict[str, str]] = {"told": {}, "expect": {}, "source": {}}
        for (part, name), cell in zip(heads, cells, strict=False):
            if name and cell.strip():
                parts[part][name] = cell.strip()
        yield Example(parts["told"], parts["expect"], parts["source"].get("source", ""))


def _head(cell: str) -> tuple[str, str]:
    """Understand a heading: which part of an example it belongs to, and its name there."""
    plain = half_width(cell).strip()
    if any(key(part) in _SOURCE for part in plain.split("/")):
        return "source", "source"
    known = heading(plain, _HEADINGS if plain.startswith(("→", "=>", "->")) else {})
    if not known.marked:
        return "told", known.id
    if known.id in CLOCKS and known.id not in _CLOSED:
        return "expect", f"clock:{known.id}"
    return "expect", "unit" if known.id == "lead" else known.id


def of_rows(rows: Sequence[Sequence[str]]) -> list[Example]:
    """Return the examples in rows of cells, the headings first."""
    return list(_rows(Grid("", tuple(enumerate((list(row) for row in rows), 1)))))
