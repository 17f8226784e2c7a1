"""Laws on how localities stand beside and above one another (层级)."""

from bisect import bisect
from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice, pairwise, product

from governflow.calendars import WorkingCalendar
from governflow.case import Case, changed
from governflow.charter.asking import Answer, asked, difference
from governflow.charter.cases import mode_of
from governflow.charter.elsewhere import elsewhere
from governflow.charter.gathering import AT_MOST, Fault, batches, found, usable
from governflow.charter.laws import law
from governflow.charter.subject import BEGIN, Subject, Told
from governflow.charter.verdicts import Failure
from governflow.clocks import LAPSES, LASTS, PAUSES, STATUTE, ClockSpec, Plan
from governflow.defaults import ROOT
from governflow.errors import PolicyError
from governflow.localities import Localities
from governflow.plans import looser
from governflow.policy import NATION, Policy
from governflow.terms import Form, Mode, Tier
from governflow.text import Text

#: So many other localities are asked, and so many cases of each.
_OTHERS, _CASES = 8, 40

# --- locality/isolated ------------------------------------------------------------------------------------------------


@law(
    "locality/isolated",
    Text("each place minds its own", "各地各管各的"),
    Text(
        "installing this locality's plugin changes no other locality's rulings",
        "安装本地插件不改变其他地方的裁定",
    ),
    method="examples",
)
def isolated(subject: Subject) -> Iterator[Failure]:
    """Ask the others before and after, and in a process in which this locality was never heard of."""
    others = _others(subject)
    first: dict[str, list[Answer]] = {}
    cases: dict[str, list[Told]] = {}
    for code, other in others.items():
        cases[code] = _some(subject.localities, code)
        first[code] = [asked(other, told) for told in cases[code]]
    policy = usable(subject)
    if isinstance(policy, Failure):
        yield policy
        return
    try:
        for batch in batches(subject):
            for told in batch[::5]:
                asked(policy, told)
            break
    except Exception:  # noqa: BLE001 - that its own rules break off is the business of another law
        pass
    changes = list(_changed(subject, first))
    if not changes:
        changes = list(_never_heard(subject, first))
    yield from changes[:AT_MOST]


def _others(subject: Subject) -> Mapping[str, Policy]:
    """Give the localities that this one does not stand over, loaded anew; the defaults and the country are among them.

    At the level ``certify`` a few are asked, those with the nearest codes; at ``search`` all of them.
    """
    fresh = subject.localities.anew()
    codes = [code for code in fresh.codes if code not in (subject.code, ROOT, NATION)]
    if subject.level != "search":
        place = bisect(codes, subject.code)
        codes = codes[max(0, place - _OTHERS // 2) :][:_OTHERS]
    given: dict[str, Policy] = {}
    for code in dict.fromkeys((ROOT, NATION, *codes)):
        try:
            policy = fresh.policy(code)
        except PolicyError:
            continue  # its own fault, or that of something above it
        if subject.code not in {layer.code for layer in policy.layers}:
            given[code] = policy
    return given


def _some(localities: Localities, code: str) -> list[Told]:
    return list(islice(Subject(localities, code).told(), 0, 10 * _CASES, 10))


def _changed(subject: Subject, first: Mapping[str, Sequence[Answer]]) -> Iterator[Failure]:
    """Load the other localities anew, now that this one has been loaded and asked, and compare."""
    for code, policy in _others(subject).items():
        for before in first.get(code, ()):
            subject.tried()
            after = asked(policy, before.told)
            if after.digest != before.digest:
                what, _ = difference(before, after)
                yield _meddles(subject, code, before, what, after.said)
                break


def _never_heard(subject: Subject, first: Mapping[str, Sequence[Answer]]) -> Iterator[Failure]:
    """Compare with a process in which this locality is not there."""
    cases = {code: [answer.told for answer in answers] for code, answers in first.items()}
    alone = elsewhere(subject.localities, cases, without=(subject.code,))
    if alone is None:
        return
    here = {code: [answer.digest for answer in answers] for code, answers in first.items()}
    if alone == here:
        return
    # Its own cases are asked first there, so that it is loaded before the others.
    together = elsewhere(subject.localities, {subject.code: _some(subject.localities, subject.code), **cases})
    if together is None:
        return
    for code in first:
        for number, answer in enumerate(first[code]):
            if together[code][number] != alone[code][number]:
                yield _meddles(subject, code, answer, "in a process of its own", ())
                break


def _meddles(subject: Subject, code: str, answer: Answer, what: str, after: tuple[Text, ...]) -> Failure:
    sentence = Text(
        f"with {subject.code} loaded, {code} answers this case differently ({what})",
        f"加载 {subject.code} 后，{code} 对该事项的裁定不同（{what}）",
    )
    mend = Text(
        "a plugin changes nothing outside itself: no module of governflow, no shared object",
        "插件不得改动自身以外的任何内容：包括 governflow 的模块和共享对象",
    )
    return Failure(sentence, answer.told, (*answer.said, *after), f"the plugin of {subject.code}", mend)


# --- locality/stricter ------------------------------------------------------------------------------------------------

#: Moments from which due times are counted: around holidays and make-up workdays, and on days like any other.
_STARTS = tuple(
    datetime(*moment, tzinfo=UTC)
    for moment in (
        (2025, 1, 24, 9, 0),
        (2025, 3, 5, 2, 0),
        (2025, 4, 30, 10, 30),
        (2025, 8, 15, 15, 59),
        (2025, 9, 28, 1, 0),
        (2025, 12, 20, 4, 0),
        (2026, 1, 1, 0, 30),
        (2026, 2, 12, 9, 0),
        (2026, 2, 17, 3, 0),
        (2026, 3, 2, 1, 0),
        (2026, 4, 3, 9, 59),
        (2026, 6, 18, 8, 0),
        (2026, 9, 24, 7, 0),
        (2026, 9, 30, 15, 59),
        (2026, 7, 11, 12, 0),
    )
)


@law(
    "locality/stricter",
    Text("a place may promise more than the law, never less", "地方只可加严，不可放宽"),
    Text(
        "where a layer below declares a statute, a locality may tighten its clock, never loosen or drop it",
        "上级规定的法定时限，地方只可缩短，不得放宽或取消",
    ),
    method="examples",
)
def stricter(subject: Subject) -> Iterator[Failure]:
    """Compare each layer's clocks with those of the stack below it, counted on the calendars of both."""
    policy = usable(subject)
    if isinstance(policy, Failure):
        yield policy
        return
    try:
        stack = [policy, *(Policy(layer.code, policy.layers[at:]) for at, layer in enumerate(policy.layers) if at)]
    except PolicyError:
        return  # what stands above cannot be loaded without it: told where that one is checked
    # Only where a layer says something of clocks or calendars can a clock be another one.
    pairs = [(child, parent) for child, parent in pairwise(stack) if _speaks(child)]
    judge = _Judge(subject)
    for batch in batches(subject):
        failures = list(found(subject, lambda told: judge.look(pairs, told), batch if pairs else ()))
        if failures:
            yield from failures
            return


def _speaks(policy: Policy) -> bool:
    own = policy.layers[0].source
    hooks = ("governflow_deadlines", "governflow_calendar")
    tables = dict(policy.tables).get(own, {})
    return any(source == own for hook in hooks for source, _, _ in policy.impls(hook)) or bool(tables)


class _Judge:
    """Compares clocks; equal ones are compared once.

    Args:
        subject: What is checked.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._known: dict[Hashable, list[tuple[str, Text]]] = {}
        self._kept: list[object] = []  # so that no id is given twice

    def look(self, pairs: Sequence[tuple[Policy, Policy]], told: Told) -> Iterator[Fault]:
        """Find what one case's clocks are looser in."""
        try:
            answer = asked(self._subject.policy, told)
            if answer.dispatched is None or answer.reported is None:
                return
            for child, parent in pairs:
                for case, mode in _variants(answer.reported, answer.dispatched, told):
                    for key, what, spec in self._looser(child, parent, case, mode):
                        where = (
                            f"{spec.rule or spec.name} of {child.layers[0].source}" if spec else child.layers[0].source
                        )
                        yield (child.code, *key), Failure(what, told, answer.said, where, _MEND)
        except Exception as fault:  # noqa: BLE001 - whatever a county's rule raises is what is looked for
            words = f"{type(fault).__name__}: {fault}"
            yield (
                ("raised", type(fault).__name__),
                Failure(Text(f"comparing the clocks broke off: {words}", f"比较时限时中断：{words}"), told),
            )

    def _looser(
        self, child: Policy, parent: Policy, case: Case, mode: Mode
    ) -> Iterator[tuple[tuple[str, str], Text, ClockSpec | None]]:
        faults: list[tuple[str, str, str]] = []
        ours = child.plan(case, child.context(case, mode, BEGIN), faults)
        law_ = parent.plan(case, parent.context(case, mode, BEGIN), [])
        for source, hook, what in faults:
            if source == child.layers[0].source and hook == "governflow_deadlines":
                sentence = Text(f"{hook} of {source} {what}", f"{source} 的 {hook}：{what}")
                yield ("refused", what.partition(",")[0]), sentence, None
        for name, spec in law_.specs.items():
            if STATUTE not in spec.traits:
                continue
            own = ours.specs.get(name)
            if own is None:
                yield ("dropped", name), _told(spec, "is dropped", "被取消"), None
                continue
            for kind, sentence in self._compared(child, parent, case, mode, own, spec, ours):
                yield (kind, name), sentence, own

    def _compared(
        self, child: Policy, parent: Policy, case: Case, mode: Mode, own: ClockSpec, spec: ClockSpec, plan: Plan
    ) -> list[tuple[str, Text]]:
        calendars = [
            who.calendar(spec.name, who.context(case, mode, BEGIN), [])
            if not (own.allowance.elapsed and spec.allowance.elapsed)
            else None
            for who in (child, parent)
        ]
        key = (id(own), id(spec), *map(id, calendars))
        if key not in self._known:
            self._kept += [own, spec, plan, *calendars]
            self._known[key] = [*_rules(own, spec), *_due(own, spec, calendars)]
        return self._known[key]


def _variants(reported: Case, dispatched: Case, told: Told) -> Iterator[tuple[Case, Mode]]:
    """Give a case as it may come to stand: in both modes, under every form and tier, reopened."""
    other = Mode.NORMAL if mode_of(told) is Mode.EMERGENCY else Mode.EMERGENCY
    yield reported, mode_of(told)
    yield dispatched, mode_of(told)
    yield dispatched, other
    if len(told) <= 1:
        for form, tier in product(Form, Tier):
            yield changed(dispatched, {"form": form, "tier": tier}), mode_of(told)
        yield changed(dispatched, {"reopened": 1}), mode_of(told)


def _rules(own: ClockSpec, spec: ClockSpec) -> Iterator[tuple[str, Text]]:
    """Compare when a clock starts and stops, what pauses it, and how far it may be extended."""
    if missing := sorted(spec.starts - own.starts):
        listed = ", ".join(missing)
        yield "starts", _told(spec, f"no longer starts at {listed}", f"不再由 {listed} 启动")
    if more := sorted(own.stops - spec.stops):
        listed = ", ".join(more)
        yield "stops", _told(spec, f"is stopped by {listed}, too", f"可被 {listed} 停止")
    for trait, en, zh in ((PAUSES, "can be paused", "可以暂停"), (LAPSES, "runs out without a breach", "到期不算超时")):
        if trait in own.traits and trait not in spec.traits:
            yield trait, _told(spec, en, zh)
    if LASTS in spec.traits and LASTS not in own.traits:
        yield LASTS, _told(spec, "begins anew with each transfer", "每次转办重新计时")
    limit, longer = spec.extension, own.extension
    if limit is not None and (longer is None or looser(longer, limit)):
        how = "without a limit" if longer is None else f"by {longer}"
        zh = "不限时间" if longer is None else f"{longer}"
        yield "extension", _told(spec, f"may be extended {how} instead of {limit}", f"可延长{zh}，而法定为 {limit}")


def _due(own: ClockSpec, spec: ClockSpec, calendars: Sequence[WorkingCalendar | None]) -> Iterator[tuple[str, Text]]:
    """Count both from moments all over the year."""
    always = WorkingCalendar.always("Asia/Shanghai")
    for start in _STARTS:
        mine = own.allowance.due(start, calendars[0] or always)
        lawful = spec.allowance.due(start, calendars[1] or always)
        if mine > lawful:
            begun, ends, law_ends = (f"{moment:%Y-%m-%d %H:%M}" for moment in (start, mine, lawful))
            en, zh = f"({own.written} instead of {spec.written})", f"（{own.written}，法定 {spec.written}）"
            yield (
                "due",
                _told(
                    spec,
                    f"{en} started at {begun} ends at {ends}, after {law_ends} (UTC)",
                    f"{zh}自 {begun} 起算至 {ends}，晚于 {law_ends}（UTC）",
                ),
            )
            return


def _told(spec: ClockSpec, en: str, zh: str) -> Text:
    by = f", which {spec.rule} demands," if spec.rule else ", a statute,"
    return Text(f"the clock {spec.name}{by} {en}", f"法定时限“{spec.text.zh}”（{spec.rule}）{zh}")


_MEND = Text("tighten the clock or leave it to the layer below", "缩短该时限，或交由上级规定")
