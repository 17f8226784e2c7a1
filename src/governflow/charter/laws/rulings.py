"""Laws on what the rules say of a case (裁定): somebody answers for it, with one answer, as was promised."""

from collections.abc import Iterator, Mapping
from itertools import islice, product
from types import MappingProxyType

import msgspec

from governflow.charter.answers import examples as shipped
from governflow.charter.answers.ask import Answer
from governflow.charter.answers.collect import Fault, everything, firsts, found, raised, size
from governflow.charter.cases.reported import BEGIN, CASE_FIELDS, YES_NO_FIELDS, ReportedCase, mode_of, moment_of
from governflow.charter.model import MOST, Failure, RuleRefs, law, the_plugin
from governflow.charter.subject import Subject
from governflow.errors import PolicyError, TableError, described, shown
from governflow.isolation.literals import BUILT_IN
from governflow.model.case import Case, changed
from governflow.model.events import Actor
from governflow.model.rulings import RuleRef
from governflow.model.terms import Form, Outcome, Severity, Tier, Urgency
from governflow.policy import files as packaged
from governflow.policy.hookspecs import Allowed, Refused
from governflow.policy.stack import Layer, Policy
from governflow.tables import Table
from governflow.text import Text


@law(
    "ruling/total",
    Text("every matter has somebody who answers for it", "事事有人理"),
    Text(
        "every admissible case gets a severity, a tier, an existing unit and a running clock, and no rule fails at it",
        "每一件可受理的事项都有严重程度、层级、确有的承办单位和运行中的时限，且没有规则出错",
    ),
)
def total(subject: Subject) -> Iterator[Failure]:
    """Report and dispatch every case."""
    policy = subject.policy
    judged: set[object] = set()

    def look(reported_case: ReportedCase) -> Iterator[Fault]:
        for first in firsts(subject, (reported_case,)):  # none where the time is up
            if isinstance(first.answer, Exception):
                yield raised(reported_case, first.answer)
                continue
            yield from _lacking(policy, reported_case, first.answer)
            if len(reported_case) <= 1:
                yield from _misjudging(policy, reported_case, first.answer, judged)

    yield from found(subject, look, [one.reported_case for one in everything(subject)])


def _lacking(policy: Policy, reported_case: ReportedCase, answer: Answer) -> Iterator[Fault]:
    for fault in answer.faults:
        what = fault.text
        sentence = Text(f"{fault.where} fails: {what.en}", f"{fault.source} 的 {fault.hook} 出错：{what.zh}")
        yield (fault.source, fault.hook, fault.kind), Failure(sentence, reported_case, (), fault.where, _USABLE)
    for lack in _missing(policy, answer):
        yield lack.en, Failure(lack, reported_case, (), answer.rulings[-1].ref if answer.rulings else None)


_USABLE = Text(
    "give a usable answer to this case, or None to ask below",
    "请对此类事项给出可用的裁定，或返回 None 交由下层",
)


def _missing(policy: Policy, answer: Answer) -> Iterator[Text]:
    if answer.refused is not None:
        yield Text(f"nobody may report or dispatch it: {answer.refused.en}", f"无法上报或派单：{answer.refused.zh}")
        return
    for when, zh, case in (("reported", "上报", answer.reported), ("dispatched", "派单", answer.dispatched)):
        if case is None:
            continue
        for name, called, value, kind in (
            ("severity", "严重程度", case.severity, Severity),
            ("urgency", "紧急程度", case.urgency, Urgency),
            ("tier", "事项等级", case.tier, Tier),
        ):
            if type(value) is not kind:
                yield Text(f"after it is {when} it has no {name}", f"{zh}后没有{called}")
        if case.unit not in policy.units:
            yield Text(
                f"after it is {when} its unit {case.unit!r} does not exist", f"{zh}后的承办单位“{case.unit}”不存在"
            )
        if case.state == "dispatched" and type(case.form) is not Form:
            yield Text("after it is dispatched it has no form of handling", "派单后没有办理方式")
        if not any(clock.running for clock in case.clocks.values()):
            yield Text(f"after it is {when} no clock of it runs", f"{zh}后没有运行中的时限")


def _misjudging(policy: Policy, reported_case: ReportedCase, answer: Answer, judged: set[object]) -> Iterator[Fault]:
    """Ask who may do what: every action of the lifecycle, by somebody of each kind of unit, on time and late."""
    reported, case = answer.reported, answer.dispatched or answer.reported
    if case is None or reported is None:
        return
    sort = (case.lifecycle, case.severity, case.asked, case.mode, policy.units.find(case.place) is None)
    if sort in judged or len(judged) >= _JUDGED:
        return
    judged.add(sort)
    own = [(source, ask) for source, ask in policy.authorities if source not in BUILT_IN]
    late = (_with_clocks(case, outcome) for outcome in (Outcome.BREACHED, Outcome.LAPSED, Outcome.MET))
    for stage, (source, ask) in product([reported, case, *late], own):
        context = policy.context(stage, mode_of(reported_case), moment_of(reported_case, BEGIN))
        for action, by in product(policy.lifecycle(stage, []).actions, _actors(policy, stage)):
            try:
                allowed = ask(by, action, stage, context)
            except (Exception, SystemExit, GeneratorExit) as fault:  # noqa: BLE001 - whatever it raises is looked for
                what = described(fault)
            else:
                if allowed is None or isinstance(allowed, (Allowed, Refused)):
                    continue
                what = shown(allowed)
            who, unit = (by.unit if by is not None else None) or "", policy.name(action)
            name = policy.units.name(who) if who else Text("nobody in particular", "未注明人员")
            sentence = Text(
                f"governflow_authorise of {source} fails where {name.en} is to {unit.en}: {what}",
                f"{source} 的 governflow_authorise 由“{name.zh}”执行“{unit.zh}”时出错：{what}",
            )
            where = RuleRef(hook="governflow_authorise", source=source)
            mend = Text("answer Allowed, Refused or None", "请返回 Allowed、Refused 或 None")
            yield (source, where.hook, what.partition(" ")[0]), Failure(sentence, reported_case, (), where, mend)
            return


#: So many sorts of cases are looked at for who may do what to them.
_JUDGED = 12


def _with_clocks(case: Case, outcome: Outcome) -> Case:
    """Let all clocks of a case have come to an end."""
    stopped = {name: msgspec.structs.replace(clock, outcome=outcome) for name, clock in case.clocks.items()}
    return changed(case, {"clocks": MappingProxyType(stopped)})


def _actors(policy: Policy, case: Case) -> Iterator[Actor | None]:
    """Return nobody in particular, somebody without a unit, and somebody of each kind of unit; the holder is one."""
    yield None
    yield Actor("charter")
    kinds = {unit.kind: unit.id for unit in policy.units.units.values()}
    yield from (Actor("charter", unit) for unit in dict.fromkeys((case.unit, *kinds.values())))


@law(
    "ruling/unambiguous",
    Text("one matter, one answer", "一事一策，不留空白"),
    Text(
        "in a unique table no two rules answer one case differently; in any table no rule is dead, no case is left "
        "without an answer, and every column declares its domain",
        "“唯一”表中没有两条规则对同一情形给出不同结果；任何表中没有失效规则、没有漏项，每一列都写明取值范围",
    ),
    method="exact",
)
def unambiguous(subject: Subject) -> Iterator[Failure]:
    """Analyse every table of the stack; it needs no rules that can be loaded, which those with a gap cannot."""
    try:
        layers = list(subject.localities.layers(subject.code))
    except PolicyError as fault:
        yield Failure(fault.text, look_at=the_plugin(subject.code))
        return
    yield from sorted((failure for layer in layers for failure in _of_layer(layer)), key=size)[:MOST]


def _of_layer(layer: Layer) -> Iterator[Failure]:
    hook = getattr(layer.plugin, "governflow_tables", None)
    if hook is None:
        return
    where = RuleRef(hook="governflow_tables", source=layer.source)
    try:
        tables = packaged.read(hook())
    except PolicyError as fault:
        for one in fault.faults if isinstance(fault, TableError) or fault.faults else (fault.text,):
            yield Failure(one, look_at=where)
        return
    except Exception as fault:  # noqa: BLE001 - whatever it raises is what is wrong with it
        what = f"{type(fault).__name__}: {fault}"
        yield Failure(Text(f"the tables cannot be read: {what}", f"表格无法读取：{what}"), look_at=where)
        return
    for name, table in tables.items() if isinstance(tables, Mapping) else ():
        if isinstance(table, Table):
            yield from _of_table(name, table, layer.source)


def _of_table(name: str, table: Table, source: str) -> Iterator[Failure]:
    findings = table.analyse()

    def in_table(text: Text) -> Text:
        return Text(f"table {name}: {text.en}", f"表格“{name}”：{text.zh}")

    for gap in findings.gaps[:MOST]:
        near = tuple(RuleRef(name, rule.id, source=source) for rule, _ in gap.near) or (RuleRef(name, source=source),)
        mend = Text(f"add a rule for {gap.example.en}", f"为{gap.example.zh}补充一条规则")
        yield Failure(in_table(gap.text), _as_reported(gap.case), (), RuleRefs(near, Text(", ", "、")), mend)
    for overlap in findings.conflicts[:MOST]:
        one, two = overlap.rules
        both = RuleRefs(tuple(RuleRef(name, rule.id, source=source) for rule in (one, two)), Text(" and ", "、"))
        mend = Text(f"narrow {one.id} or {two.id}", f"收窄 {one.id} 或 {two.id}")
        yield Failure(in_table(overlap.text), _as_reported(overlap.case), (), both, mend)
    for dead in findings.dead[:MOST]:
        mend = Text(f"leave {dead.rule.id} out, or mend its conditions", f"删去 {dead.rule.id} 或修改其条件")
        yield Failure(in_table(dead.text), {}, (), RuleRef(name, dead.rule.id, source=source), mend)


def _as_reported(case: Mapping[str, str | int]) -> ReportedCase:
    """Tell a case of a table as a report does, as far as it can: tier, form and rung are what rules make of it."""
    reported_case: dict[str, object] = {name: case[name] for name in CASE_FIELDS if name in case}
    reported_case |= {name: case[name] == "yes" for name in YES_NO_FIELDS if name in case}
    facts = {name: value for name, value in case.items() if name not in reported_case}
    return reported_case | ({"facts": facts} if facts else {})


@law(
    "ruling/examples",
    Text("what was promised to the public is what the rules say", "说到做到"),
    Text(
        "the worked examples that the plugin ships, each with its source, come out as stated",
        "插件附带的每个算例都注明出处，且裁定结果与所述一致",
    ),
)
def examples(subject: Subject) -> Iterator[Failure]:
    """Rule on each example that the locality itself ships."""
    yield from islice(shipped.failures(subject.policy, subject.tried), MOST)
