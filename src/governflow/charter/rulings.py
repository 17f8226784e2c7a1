"""Laws on what the rules say of a case (裁定): somebody answers for it, always the same way, whoever asks."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from random import Random  # noqa: TID251 - a fixed seed gives the same order every time

from governflow import packaged
from governflow.charter import examples as shipped
from governflow.charter.asking import ACTOR, Answer, asked, difference
from governflow.charter.cases import BUDGET, written
from governflow.charter.elsewhere import SEEDS, elsewhere
from governflow.charter.gathering import AT_MOST, Fault, batches, found, raised, usable
from governflow.charter.laws import law
from governflow.charter.otherwise import OTHER_DAYS, on, watched
from governflow.charter.subject import BEGIN, Subject, Told
from governflow.charter.verdicts import Failure
from governflow.charter.words import spoken_of
from governflow.engine import Engine
from governflow.errors import CommandError, PolicyError, TableError
from governflow.hookspecs import Merit
from governflow.policy import Layer, Policy
from governflow.tables import Table
from governflow.terms import Form, Mode, Severity, Tier, Urgency
from governflow.text import Text

# --- ruling/total -----------------------------------------------------------------------------------------------------


@law(
    "ruling/total",
    Text("every matter has somebody who answers for it", "事事有人理"),
    Text(
        "every admissible case gets a severity, a tier, an existing unit and a running clock, and no rule fails at it",
        "每一件可受理的事项都有严重程度、层级、存在的承办单位和运行中的时限，且没有规则出错",
    ),
    method="examples",
)
def total(subject: Subject) -> Iterator[Failure]:
    """Report and dispatch every case."""
    policy = usable(subject)
    if isinstance(policy, Failure):
        yield policy
        return
    yield from found(subject, lambda told: _lacking(policy, told), subject.told())


def _lacking(policy: Policy, told: Told) -> Iterator[Fault]:
    try:
        answer = asked(policy, told)
    except Exception as fault:  # noqa: BLE001 - whatever a county's rule raises is what is looked for
        yield raised(told, fault)
        return
    for source, hook, what in answer.faults:
        sentence = Text(f"{hook} of {source} fails: {what}", f"{source} 的 {hook} 出错：{what}")
        mend = Text(
            "give a usable answer to this case, or None to ask below",
            "请对此类事项给出可用的裁定，或返回 None 交由下层",
        )
        yield (source, hook, what.partition(":")[0]), Failure(sentence, told, answer.said, f"{hook} of {source}", mend)
    for lack in _missing(policy, answer):
        yield lack.en, Failure(lack, told, answer.said, _last(answer))


def _last(answer: Answer) -> str:
    return f"{answer.rulings[-1].rule} of {answer.rulings[-1].source}" if answer.rulings else ""


def _missing(policy: Policy, answer: Answer) -> Iterator[Text]:
    if answer.refused is not None:
        yield Text(f"nobody may report or dispatch it: {answer.refused.en}", f"无法上报或派单：{answer.refused.zh}")
        return
    for when, zh, case in (("reported", "上报", answer.reported), ("dispatched", "派单", answer.dispatched)):
        if case is None:
            continue
        for name, value, kind in (
            ("severity", case.severity, Severity),
            ("urgency", case.urgency, Urgency),
            ("tier", case.tier, Tier),
        ):
            if type(value) is not kind:
                yield Text(f"after it is {when} it has no {name}", f"{zh}后没有 {name}")
        if case.unit not in policy.units:
            yield Text(
                f"after it is {when} its unit {case.unit!r} does not exist", f"{zh}后的承办单位“{case.unit}”不存在"
            )
        if case.state == "dispatched" and type(case.form) is not Form:
            yield Text("after it is dispatched it has no form of handling", "派单后没有办理方式")
        if not any(clock.running for clock in case.clocks.values()):
            yield Text(f"after it is {when} no clock of it runs", f"{zh}后没有运行中的时限")


# --- ruling/unambiguous -----------------------------------------------------------------------------------------------


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
        yield Failure(fault.text, look_at=f"the plugin of {subject.code}")
        return
    failures = [failure for layer in layers for failure in _of_layer(layer)]
    yield from sorted(failures, key=lambda failure: len(written(failure.case)))[:AT_MOST]


def _of_layer(layer: Layer) -> Iterator[Failure]:
    hook = getattr(layer.plugin, "governflow_tables", None)
    if hook is None:
        return
    where = f"governflow_tables of {layer.source}"
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

    def told(text: Text) -> Text:
        return Text(f"table {name}: {text.en}", f"表格“{name}”：{text.zh}")

    for gap in findings.gaps[:AT_MOST]:
        near = ", ".join(f"{name}/{rule.id}" for rule, _ in gap.near) or f"table {name}"
        mend = Text(f"add a rule for {gap.example.en}", f"为{gap.example.zh}补充一条规则")
        yield Failure(told(gap.text), _as_told(gap.case), (), f"{near} of {source}", mend)
    for overlap in findings.conflicts[:AT_MOST]:
        one, two = overlap.rules
        mend = Text(f"narrow {one.id} or {two.id}", f"收窄 {one.id} 或 {two.id}")
        both = f"{name}/{one.id} and {name}/{two.id} of {source}"
        yield Failure(told(overlap.text), _as_told(overlap.case), (), both, mend)
    for dead in findings.dead[:AT_MOST]:
        mend = Text(f"leave {dead.rule.id} out, or mend its conditions", f"删去 {dead.rule.id} 或修改其条件")
        yield Failure(told(dead.text), {}, (), f"{name}/{dead.rule.id} of {source}", mend)


_OF_A_REPORT = ("item", "place", "severity", "urgency", "lifecycle", "mode")


def _as_told(case: Mapping[str, str | int]) -> Told:
    """Tell a case of a table as a report does, as far as it can: tier, form and rung are what rules make of it."""
    told: dict[str, object] = {name: case[name] for name in _OF_A_REPORT if name in case}
    told |= {name: case[name] == "yes" for name in ("visit", "asked") if name in case}
    facts = {name: value for name, value in case.items() if name not in told}
    return told | ({"facts": facts} if facts else {})


# --- ruling/examples --------------------------------------------------------------------------------------------------


@law(
    "ruling/examples",
    Text("what was promised to the public is what the rules say", "说到做到"),
    Text(
        "the worked examples that the plugin ships, each with its source, come out as stated",
        "插件附带的每个算例都注明出处，且裁定结果与所述一致",
    ),
    method="examples",
)
def examples(subject: Subject) -> Iterator[Failure]:
    """Rule on each example that the locality itself ships."""
    policy = usable(subject)
    if isinstance(policy, Failure):
        yield policy
        return
    yield from islice(shipped.failures(policy, subject.tried), AT_MOST)


# --- ruling/pure ------------------------------------------------------------------------------------------------------


@law(
    "ruling/pure",
    Text("the same matter gets the same answer", "同事同规"),
    Text(
        "the same case gets the same ruling: twice in a row, in another order, on another day, and in another process",
        "同一事项的裁定始终相同：连问两次、换个顺序、换个日子、换个进程均如此",
    ),
    method="examples",
)
def pure(subject: Subject) -> Iterator[Failure]:
    """Ask again, and otherwise."""
    policy = usable(subject)
    if isinstance(policy, Failure):
        yield policy
        return
    for number, batch in enumerate(batches(subject)):
        failures = list(islice(_impure(subject, policy, batch, elsewhere_too=number == 0), 1))
        if failures:
            yield from failures
            return


def _impure(subject: Subject, policy: Policy, batch: list[Told], *, elsewhere_too: bool) -> Iterator[Failure]:
    first: list[Answer] = []
    try:
        for told in batch:
            subject.tried()
            first.append(asked(policy, told))
            again = asked(policy, told)
            if again.digest != first[-1].digest:
                yield _varies(first[-1], again, _TWICE)
        for order in (range(len(batch) - 1, -1, -2), Random(1).sample(range(len(batch)), len(batch) // 3)):
            for number in order:
                again = asked(policy, batch[number])
                if again.digest != first[number].digest:
                    yield _varies(first[number], again, _ORDER)
        for moment in OTHER_DAYS:
            with on(moment, policy):
                later = [asked(policy, told) for told in batch[:: max(1, len(batch) // 200)]]
            for before, again in zip(first[:: max(1, len(batch) // 200)], later, strict=True):
                if again.digest != before.digest:
                    yield _varies(before, again, _DAY)
    except Exception as fault:  # noqa: BLE001 - whatever a county's rule raises is what is looked for
        yield raised(batch[len(first)] if len(first) < len(batch) else {}, fault)[1]
        return
    if elsewhere_too:
        yield from _in_another_process(subject, policy, first)


def _in_another_process(subject: Subject, policy: Policy, first: list[Answer]) -> Iterator[Failure]:
    """Ask in three processes that know nothing of each other, forwards and backwards: their answers are the same."""
    some = first[: BUDGET // 16] + first[BUDGET // 16 :: 5]
    cases = {subject.code: [answer.told for answer in some]}
    with ThreadPoolExecutor(len(SEEDS)) as pool:
        asking = [
            pool.submit(elsewhere, subject.localities, cases, seed=seed, backwards=backwards)
            for seed, backwards in SEEDS
        ]
        given = [answers[subject.code] for one in asking if (answers := one.result()) is not None]
    for number, answer in enumerate(some if given else ()):
        if len({digests[number] for digests in given}) > 1:
            sentence = Text(
                "in another process, asked in another order, the rules answer this case differently: a rule goes by "
                "the order of a set, or by what it kept from an earlier case",
                "换个进程、换个顺序提问，该事项的裁定不同：规则依赖集合的顺序，或保留了此前事项的内容",
            )
            yield Failure(sentence, answer.told, answer.said, f"the hooks of {policy.layers[0].source}", _PURE)


_TWICE = Text("asked twice in a row", "连问两次")
_ORDER = Text("asked after other cases", "在其他事项之后再问")
_DAY = Text("asked on another day", "换个日子再问")
_PURE = Text(
    "look at the case and the context alone: context.at is the moment, sorted() gives a set one order",
    "只看事项和上下文：时刻用 context.at，集合用 sorted() 定序",
)


def _varies(one: Answer, other: Answer, when: Text) -> Failure:
    what, where = difference(one, other)
    sentence = Text(
        f"{when.en}, the rules answer this case differently ({what})", f"{when.zh}，该事项的裁定不同（{what}）"
    )
    return Failure(sentence, one.told, (*one.said, *other.said), where, _PURE)


# --- ruling/impartial -------------------------------------------------------------------------------------------------

#: Where cases come from in practice.
_CHANNELS = ("热线12345", "网格员", "领导批示", "媒体", "app", "演示数据")


@law(
    "ruling/impartial",
    Text("whoever asks, by whatever way, is treated alike", "谁来提都一样"),
    Text(
        "who asked, by which channel, who reported it on duty and who has how many merits changes no ruling",
        "诉求人、渠道、上报的信息员以及积分，都不改变裁定",
    ),
    method="examples",
)
def impartial(subject: Subject) -> Iterator[Failure]:
    """Change who asks, and nothing else."""
    policy = usable(subject)
    if isinstance(policy, Failure):
        yield policy
        return
    words = spoken_of(policy).texts[: BUDGET // 40]
    posts = [unit.id for unit in policy.units.having("post")][:2]
    others = [{"channel": channel} for channel in (*_CHANNELS, *words)]
    others += [{"informant": informant} for informant in (*posts, "信息员甲", *words)]
    failures: list[Failure] = []
    for batch in batches(subject):
        failures += _partial(subject, policy, batch, others)
        if failures:
            break
        failures += islice(_after_merits(subject, policy, batch[:: max(1, len(batch) // 150)], posts), 1)
    yield from sorted(failures, key=lambda failure: len(written(failure.case)))[:AT_MOST]


#: What a case says of who asked.
_WHO = ("channel", "informant")


def _partial(
    subject: Subject, policy: Policy, batch: Sequence[Told], others: Sequence[Mapping[str, str]]
) -> Iterator[Failure]:
    """Ask a case as everybody if a rule reads who asks; else the simplest as everybody, and some others as somebody."""
    turn = 0
    weighed: set[str] = set()

    def look(told: Told) -> Iterator[Fault]:
        nonlocal turn
        turn += 1
        plain = {name: value for name, value in told.items() if name not in _WHO}
        try:
            with watched(*_WHO) as read:
                before = asked(policy, plain)
            if plain != told:  # a case that is being shrunk: it keeps who asks
                some: Sequence[Mapping[str, str]] = [{name: told[name] for name in told.keys() - plain.keys()}]
            elif read - weighed or turn <= 2:
                some = [other for other in others if turn <= 2 or not other.keys().isdisjoint(read - weighed)]
            else:
                some = [others[turn // 4 % len(others)]] if turn % 4 == 0 else []
            for other in some:
                after = asked(policy, {**plain, **other})
                if after.digest != before.digest:
                    weighed.update(other)
                    yield _weighed(before, after, *other)
        except Exception as fault:  # noqa: BLE001 - whatever a county's rule raises is what is looked for
            yield raised(told, fault)

    yield from found(subject, look, batch)


def _weighed(before: Answer, after: Answer, name: str) -> Fault:
    what, where = difference(after, before)
    zh = {"channel": "渠道", "informant": "信息员"}[name]
    sentence = Text(
        f"with another {name} the rules answer this case differently ({what})",
        f"换一个{zh}，该事项的裁定不同（{what}）",
    )
    mend = Text(f"rule on the matter alone: leave {name} out of it", f"只看事项本身：裁定不得依据{zh}")
    return (name, what), Failure(sentence, after.told, (*before.said, *after.said), where, mend)


def _after_merits(subject: Subject, policy: Policy, cases: Sequence[Told], posts: Sequence[str]) -> Iterator[Failure]:
    """Ask, let merits be earned and entered, and ask again; who asked is told to the engine in between."""
    try:
        before = [asked(policy, told) for told in cases]
        with_engine(subject, cases[:40], posts or ("信息员甲",))
        for first in before:
            subject.tried()
            again = asked(policy, first.told)
            if again.digest != first.digest:
                what, where = difference(again, first)
                sentence = Text(
                    f"after merits were earned the rules answer this case differently ({what})",
                    f"记入积分后，该事项的裁定不同（{what}）",
                )
                mend = Text(
                    "merits reward those on duty: no ruling may look at them", "积分只用于激励：裁定不得依据积分"
                )
                yield Failure(sentence, first.told, (*first.said, *again.said), where, mend)
    except CommandError as refusal:
        yield Failure(Text(f"merits cannot be entered: {refusal.text.en}", f"积分无法记入：{refusal.text.zh}"))
    except Exception as fault:  # noqa: BLE001 - whatever a county's rule raises is what is looked for
        yield raised({}, fault)[1]


def with_engine(subject: Subject, cases: Sequence[Told], holders: Sequence[str]) -> None:
    """Live through cases in a real engine: named people ask, posts report, the work is done, merits are entered."""
    engine = subject.engine()
    for number, told in enumerate(cases):
        details = {name: value for name, value in told.items() if name != "mode"}
        if told.get("mode", Mode.NORMAL) != Mode.NORMAL:
            continue
        holder = holders[number % len(holders)]
        case = engine.report(
            locality=subject.code,
            at=BEGIN,
            by=ACTOR,
            **{**details, "reporter": f"某人{number}", "phone": "13800000000", "text": "请尽快", "informant": holder},
        )
        _work(engine, case.id)
        points = 1000 if number % 2 else -1000
        kind = "informant" if number % 3 else "post"
        merit = Merit(holder, kind, points, Text("a check", "检验"), "charter")
        engine.award(subject.code, merit, source="charter", by=ACTOR, at=BEGIN)
    engine.shut()


def _work(engine: Engine, case_id: str) -> None:
    for step in (engine.dispatch, engine.claim, engine.arrive, engine.resolve, engine.answer):
        try:
            step(case_id, by=ACTOR, at=BEGIN)
        except CommandError:
            continue  # a lifecycle of its own: the rest is tried
