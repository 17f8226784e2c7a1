"""Laws on how localities stand beside and above one another (层级)."""

from bisect import bisect
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice, pairwise, product

import attrs

from governflow.calendars import WorkingCalendar
from governflow.charter.answers.ask import Answer, asked
from governflow.charter.answers.collect import Fault, company, everything, firsts, found, raised, sample
from governflow.charter.answers.compare import answered_otherwise
from governflow.charter.answers.remote import WorkerAnswers, WorkerEnvironment, answered, begin, few, unlike_elsewhere
from governflow.charter.cases.reported import BEGIN, ReportedCase, mode_of, moment_of, wall_times, written
from governflow.charter.model import Failure, law, the_plugin
from governflow.charter.subject import Subject
from governflow.errors import PolicyError
from governflow.model.base_lifecycle import BASE
from governflow.model.case import Case, changed
from governflow.model.clocks import LAPSES, PAUSES, STATUTE, SURVIVES_TRANSFER, ClockSpec
from governflow.model.faults import Faults
from governflow.model.rulings import RuleRef
from governflow.model.terms import Form, Mode, Tier
from governflow.policy.assembly import assemble
from governflow.policy.codes import NATION, ROOT
from governflow.policy.deadlines import looser
from governflow.policy.stack import Layer, Policy
from governflow.text import Text

#: So many other localities are asked.
_OTHERS = 8
#: What hashes start from in both processes that are compared: sets have one order in them.
_SEED = 1

# --- locality/isolated ------------------------------------------------------------------------------------------------


def together(subject: Subject) -> None:
    """Begin a process in which the others are asked after this locality was loaded and asked."""
    home, *others_above = subject.policy.layers
    above = tuple(layer.code for layer in others_above if _package(layer) != _package(home))
    begin(
        subject,
        "together",
        {subject.code: asked_elsewhere(subject), **dict.fromkeys(_codes(subject))},
        WorkerEnvironment(seed=_SEED, first=above),
    )


def asked_elsewhere(subject: Subject) -> list[ReportedCase]:
    """Return the cases that other processes are asked: `company`, and before it the only one that is looked at."""
    return [*([subject.only] if subject.only is not None else []), *company(subject)]


def alone_and_together(subject: Subject) -> None:
    """Begin that process, and one in which the others are asked and this locality was never heard of."""
    together(subject)
    begin(subject, "alone", dict.fromkeys(_codes(subject)), WorkerEnvironment(seed=_SEED, without=(subject.code,)))


def _package(layer: Layer) -> str:
    """Return the package of a plugin: what it does as it is imported, it does for each locality that it speaks for."""
    name = getattr(layer.plugin, "__name__", None) or type(layer.plugin).__module__
    return str(name).partition(".")[0]


@law(
    "locality/isolated",
    Text("each place minds its own", "各地各管各的"),
    Text(
        "installing this locality's plugin changes no other locality's rulings, and nothing of governflow itself",
        "安装本地插件不改变其他地方的裁定，也不改动 governflow 自身",
    ),
    ahead=alone_and_together,
)
def isolated(subject: Subject) -> Iterator[Failure]:
    """Ask the others in a process in which this locality was never heard of, and in one in which it was asked first."""
    before, after = (answered(subject, name) for name in ("alone", "together"))
    if isinstance(before, WorkerAnswers) and isinstance(after, WorkerAnswers):
        yield from _apart(subject, subject.policy, before, after)
        return
    for why in (after, before):
        if isinstance(why, Failure):
            yield why
            return
        if isinstance(why, Text):
            subject.note = Text(f"looked at in this process alone: {why.en}", f"仅在本进程中检验：{why.zh}")
    yield from _before_and_after(subject)


def _apart(subject: Subject, policy: Policy, alone: WorkerAnswers, together: WorkerAnswers) -> Iterator[Failure]:
    """Compare what the others answered without this locality and with it."""
    for name in together.tampered[:1]:
        yield Failure(
            Text(
                f"loading {subject.code} changes {name} of governflow",
                f"加载 {subject.code} 会改动 governflow 的 {name}",
            ),
            look_at=the_plugin(subject.code),
            suggestion=_KEEP_OUT,
        )
    when = Text(f"with {subject.code} loaded", f"加载 {subject.code} 后")
    for code, others in alone.cases.items():
        if code not in together.cases:
            why = together.refused[code]
            yield unlike_elsewhere(subject, Text(f"{when.en}, {why.en}", f"{when.zh}，{why.zh}"))
            continue
        unlike = [
            (one, other) for one, other in zip(others, together.cases[code], strict=False) if one.digest != other.digest
        ]
        subject.examples += len(others)
        if unlike:
            before, after = min(unlike, key=lambda pair: len(written(pair[0].reported_case)))
            asked_with_it = Text(f"{when.en}, {code} answers", f"{when.zh}，{code} 对")
            failure = answered_otherwise(policy, before, after, asked_with_it, _KEEP_OUT)
            yield attrs.evolve(failure, look_at=the_plugin(subject.code))


def _codes(subject: Subject) -> list[str]:
    """Return the codes of the others; the defaults and the country are among them.

    At the level ``certify`` a few are asked, those with the nearest codes; at ``search`` all of them.
    """
    codes = [code for code in subject.localities.codes if code not in (subject.code, ROOT, NATION)]
    if subject.level != "search":
        codes = codes[max(0, bisect(codes, subject.code) - _OTHERS // 2) :][:_OTHERS]
    return list(dict.fromkeys((ROOT, NATION, *(code for code in codes if not _over(subject, code)))))


def _over(subject: Subject, code: str) -> bool:
    """Return whether this locality stands over another one, which then takes its rules by right."""
    try:
        return subject.code in [layer.code for layer in subject.localities.layers(code)]
    except PolicyError:
        return True  # it has no rules that could be changed


def _before_and_after(subject: Subject) -> Iterator[Failure]:
    """Ask the others here, load this locality and ask it, and ask them anew: for what cannot be taken elsewhere."""
    before = _asked_here(subject)
    subject.localities.anew().policy(subject.code)
    everything(subject)
    yield from islice(_apart(subject, subject.policy, before, _asked_here(subject)), 1)


def _asked_here(subject: Subject) -> WorkerAnswers:
    """Ask the others in this process, with rules that are loaded anew."""
    here = WorkerAnswers({}, [], {})
    for code in _codes(subject):
        try:
            policy = subject.localities.anew().policy(code)
        except PolicyError as fault:
            here.refused[code] = fault.text
        else:
            here.cases[code] = [asked(policy, reported_case).plain for reported_case in few(policy)]
    return here


_KEEP_OUT = Text(
    "a plugin changes nothing outside itself: no module of governflow, no shared object",
    "插件不得改动自身以外的任何内容：包括 governflow 的模块和共享对象",
)


# --- locality/stricter ------------------------------------------------------------------------------------------------

#: Moments from which due times are counted: around holidays and make-up workdays, and on days like any other.
_STARTS = wall_times(
    *("2025-01-24T17:00", "2025-03-05T10:00", "2025-04-30T18:30", "2025-08-15T23:59", "2025-09-28T09:00"),
    *("2025-12-20T12:00", "2026-01-01T08:30", "2026-02-12T17:00", "2026-02-17T11:00", "2026-03-02T09:00"),
    *("2026-04-03T17:59", "2026-06-18T16:00", "2026-09-24T15:00", "2026-09-30T23:59", "2026-07-11T20:00"),
)


@law(
    "locality/stricter",
    Text("a place may promise more than the law, never less", "地方只可加严，不可放宽"),
    Text(
        "where a layer below declares a statute, a locality may tighten its clock, never loosen or drop it",
        "上级规定的法定时限，地方只可缩短，不得放宽或取消",
    ),
)
def stricter(subject: Subject) -> Iterator[Failure]:
    """Compare each layer's clocks with those of the stack below it, counted on the calendars of both."""
    policy = subject.policy
    try:
        stack = [policy, *(assemble(layer.code, policy.layers[at:]) for at, layer in enumerate(policy.layers) if at)]
    except PolicyError as fault:  # what stands above cannot be loaded without it: a fault where that one is checked
        subject.note = Text(
            f"not compared with it: what stands above cannot be loaded: {fault.text.en}",
            f"未能与上级比较：上级规则无法加载：{fault.text.zh}",
        )
        return
    # Only where a layer says something of clocks or calendars can a clock be another one.
    pairs = [(child, parent) for child, parent in pairwise(stack) if _speaks(child)]
    if pairs:
        cases = [one.reported_case for one in sample(subject)]
        yield from found(subject, lambda case: _loosened(subject, pairs, case), cases)


def _speaks(policy: Policy) -> bool:
    own = policy.layers[0].source
    hooks = ("governflow_deadlines", "governflow_calendar")
    tables = dict(policy.tables).get(own, {})
    return any(source == own for hook in hooks for source, _, _ in policy.impls(hook)) or bool(tables)


def _loosened(subject: Subject, pairs: Sequence[tuple[Policy, Policy]], reported_case: ReportedCase) -> Iterator[Fault]:
    """Find what one case's clocks are looser in."""
    answer = next((one.answer for one in firsts(subject, (reported_case,))), None)
    if not isinstance(answer, Answer) or answer.dispatched is None or answer.reported is None:
        return  # what cannot be reported is the matter of ruling/total
    at = moment_of(reported_case, BEGIN)
    try:
        for child, parent in pairs:
            own = child.layers[0].source
            for case, mode in _variants(child, answer.reported, answer.dispatched, reported_case):
                for key, what, spec in _looser(child, parent, case, mode, at):
                    where = RuleRef.of(spec.rule or spec.name, own) if spec else RuleRef(source=own)
                    yield (child.code, *key), Failure(what, reported_case, (), where, _MEND)
    except Exception as fault:  # noqa: BLE001 - whatever a county's rule raises is what is looked for
        yield raised(reported_case, fault)


def _looser(
    child: Policy, parent: Policy, case: Case, mode: Mode, at: datetime
) -> Iterator[tuple[tuple[str, str], Text, ClockSpec | None]]:
    faults: Faults = []
    ours = child.plan(case, child.context(case, mode, at), faults)
    law_ = parent.plan(case, parent.context(case, mode, at), [])
    for fault in faults:
        if fault.source == child.layers[0].source and fault.hook == "governflow_deadlines":
            said = Text(f"{fault.where} {fault.text.en}", f"{fault.source} 的 {fault.hook}：{fault.text.zh}")
            yield (fault.kind, " ".join(fault.args)), said, None
    for name, spec in law_.specs.items():
        if STATUTE not in spec.traits:
            continue
        own = ours.specs.get(name)
        if own is None:
            yield ("dropped", name), _of_clock(spec, "is dropped", "被取消"), None
            continue
        calendars: Sequence[WorkingCalendar] = (_ALWAYS, _ALWAYS)
        if not (own.allowance.elapsed and spec.allowance.elapsed):
            calendars = tuple(who.calendar(name, who.context(case, mode, at), []) for who in (child, parent))
        for kind, sentence in _compared(own, spec, calendars):
            yield (kind, name), sentence, own


#: What time that simply elapses is counted on.
_ALWAYS = WorkingCalendar.always("Asia/Shanghai")


@lru_cache(1024)
def _compared(own: ClockSpec, spec: ClockSpec, calendars: Sequence[WorkingCalendar]) -> Sequence[tuple[str, Text]]:
    return (*_rules(own, spec), *_due(own, spec, calendars))


def _variants(
    policy: Policy, reported: Case, dispatched: Case, reported_case: ReportedCase
) -> Iterator[tuple[Case, Mode]]:
    """Return a case as it may come to stand: in both modes, under every form and tier, in every state, reopened."""
    other = Mode.NORMAL if mode_of(reported_case) is Mode.EMERGENCY else Mode.EMERGENCY
    yield reported, mode_of(reported_case)
    yield dispatched, mode_of(reported_case)
    yield dispatched, other
    if len(reported_case) > 1 or "place" in reported_case:
        return
    for form, tier in product(Form, Tier):
        yield changed(dispatched, {"form": form, "tier": tier}), mode_of(reported_case)
    yield changed(dispatched, {"reopened": 1}), mode_of(reported_case)
    if "item" in reported_case:
        return
    for reopened, state in product((0, 1, 2), policy.lifecycles.get(dispatched.lifecycle, BASE).states):
        yield changed(dispatched, {"reopened": reopened, "state": state}), mode_of(reported_case)


def _rules(own: ClockSpec, spec: ClockSpec) -> Iterator[tuple[str, Text]]:
    """Compare when a clock starts and stops, what pauses it, and how far it may be extended."""
    if missing := ", ".join(sorted(spec.starts - own.starts)):
        yield "starts", _of_clock(spec, f"no longer starts at {missing}", f"不再由 {missing} 启动")
    if more := ", ".join(sorted(own.stops - spec.stops)):
        yield "stops", _of_clock(spec, f"is stopped by {more}, too", f"可被 {more} 停止")
    for trait, en, zh in ((PAUSES, "can be paused", "可以暂停"), (LAPSES, "runs out without a breach", "到期不算超时")):
        if trait in own.traits and trait not in spec.traits:
            yield trait, _of_clock(spec, en, zh)
    if SURVIVES_TRANSFER in spec.traits and SURVIVES_TRANSFER not in own.traits:
        yield SURVIVES_TRANSFER, _of_clock(spec, "begins anew with each transfer", "每次转办重新计时")
    limit, longer = spec.extension, own.extension
    if limit is not None and (longer is None or looser(longer, limit)):
        how, zh = ("without a limit", "不限时间") if longer is None else (f"by {longer}", f"{longer}")
        yield "extension", _of_clock(spec, f"may be extended {how} instead of {limit}", f"可延长{zh}，而法定为 {limit}")


def _due(own: ClockSpec, spec: ClockSpec, calendars: Sequence[WorkingCalendar]) -> Iterator[tuple[str, Text]]:
    """Count both from moments all over the year."""
    for start in _STARTS:
        mine = own.allowance.due(start, calendars[0])
        lawful = spec.allowance.due(start, calendars[1])
        if mine > lawful:
            begun, ends, law_ends = (f"{moment:%Y-%m-%d %H:%M}" for moment in (start, mine, lawful))
            en = f"({own.written} instead of {spec.written}) started at {begun} ends at {ends}, after {law_ends} (UTC)"
            zh = f"（{own.written}，法定 {spec.written}）自 {begun} 起算至 {ends}，晚于 {law_ends}（UTC）"
            yield "due", _of_clock(spec, en, zh)
            return


def _of_clock(spec: ClockSpec, en: str, zh: str) -> Text:
    by = f", which {spec.rule} demands," if spec.rule else ", a statute,"
    return Text(f"the clock {spec.name}{by} {en}", f"法定时限“{spec.text.zh}”（{spec.rule}）{zh}")


_MEND = Text("tighten the clock or leave it to the layer below", "缩短该时限，或交由上级规定")
