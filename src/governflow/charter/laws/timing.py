"""Laws about time: clocks and replay (时限、重放); those about ladders stand in `escalation`."""

from collections.abc import Hashable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice, pairwise, product, zip_longest
from operator import itemgetter

import attrs

from governflow.calendars import WorkingCalendar
from governflow.calendars.allowances import Allowance
from governflow.charter.answers.compare import voice_of
from governflow.charter.cases.reported import BEGIN, ReportedCase, distinct, wall_times
from governflow.charter.laws.lives import faulty, look_at
from governflow.charter.lives.scenarios import Moment, lives, pool, sorts
from governflow.charter.lives.simulation import SimulatedCase, done, first, kind_of, play
from governflow.charter.model import MOST, Failure, law
from governflow.charter.subject import Subject
from governflow.engine.decide import Command, decide
from governflow.errors import CalendarError
from governflow.model.case import Case
from governflow.model.clocks import LAPSES, STATUTE, SURVIVES_TRANSFER, Clock, ClockSpec
from governflow.model.events import Event
from governflow.model.faults import Faults
from governflow.model.life import numbered
from governflow.model.rulings import RuleRef
from governflow.model.terms import Mode, Urgency
from governflow.policy.deadlines import Plan
from governflow.policy.stack import Policy
from governflow.text import Text

#: A clock that runs longer than this has no end that anybody lives to see.
LONGEST = timedelta(days=366)
#: Clocks that the core itself stops.
_BY_THE_CORE = frozenset({"attend", "muster", "check_in", "promise", "triage"})
#: What finishes a case: a clock that nothing else stops may not outlast what the law gives for the whole.
_FINISHES = frozenset({"resolve", "answer", "close"})
_PARTS = 7
#: Every so-manieth life is lived again in many leaps, and the ledger of every so-manieth checks itself.
_EVERY, _VERIFIED = 5, 4
#: Under mode and urgency: the second may not be slower than the first.
_Under = tuple[Mode, Urgency]
_PAIRS: tuple[tuple[_Under, _Under], ...] = (
    *(((mode, less), (mode, more)) for mode in Mode for less, more in pairwise(Urgency)),
    *(((Mode.NORMAL, urgency), (Mode.EMERGENCY, urgency)) for urgency in Urgency),
)
#: How many cases, and how many moments of lives, are compared at the level ``certify``.
_COMPARED, _MOMENTS = 80, 150


#: When clocks are started to compare them, and when rules are asked for them: in and out of hours, at a weekend, before
#: and in the long holidays, on make-up workdays, at the ends of a quarter and of the year, on a leap day.
_STARTS = wall_times(
    *("2026-03-02T09:00", "2026-03-06T17:40", "2026-03-07T03:00", "2026-02-13T16:00", "2026-02-14T10:00"),
    *("2026-02-18T12:00", "2026-03-31T23:30", "2026-06-30T09:00", "2026-07-15T22:00", "2026-09-30T18:00"),
    *("2026-10-03T11:00", "2026-10-10T09:00", "2026-12-31T23:59", "2027-01-01T00:30", "2028-02-29T12:00"),
)


@law(
    "clock/positive",
    Text("every duty has its time", "事事有时限"),
    Text(
        "a clock is due after it starts, warns before it is due, can be met, and keeps within the law's own limit",
        "截止晚于开始，预警早于截止，时限能够被履行，且不超过法定最长时限",
    ),
)
def positive(subject: Subject) -> Iterator[Failure]:
    """Count every clock of the plans from several moments, in every state; then look at every clock of every life."""
    seen: set[object] = set()
    found = (one for asked in _asking(subject) for one in _impossible(subject, *asked, seen))
    failures = [failure for _, failure in islice(distinct(found, itemgetter(0)), MOST)]
    yield from failures
    if not failures:
        yield from faulty(subject, lambda life: backwards(life, subject.policy), _OTHER_TIME)


_OTHER_TIME = Text(
    "give the clock an allowance that ends, and an action that stops it", "请给该时限确定的期限和履行动作"
)


def _asking(subject: Subject) -> Iterator[tuple[ReportedCase, Case, datetime]]:
    """Return cases and moments to ask about, each with the reported case: at once, all over the year; as lives go."""
    for reported_case, *cases in pool(subject, sorts=1000):
        yield from ((reported_case, case, BEGIN) for case in cases)
    for reported_case, *cases in pool(subject):
        yield from ((reported_case, case, at) for case, at in product(cases, _STARTS))
    yield from ((life.scenario.as_case(), case, at) for life, case, at in sorts(subject))


def _impossible(
    subject: Subject, reported_case: ReportedCase, case: Case, at: datetime, seen: set[object]
) -> Iterator[tuple[Hashable, Failure]]:
    """Tell what is wrong with the clocks of a case, each with what makes it the same fault."""
    faults: Faults = []
    plan = subject.policy.plan(case, subject.context(case, case.mode, at), faults)
    for fault in faults:
        what = Text(f"clocks that cannot be used: {fault.text.en}", f"时限不可用：{fault.text.zh}")
        look = RuleRef(hook="governflow_deadlines", source=fault.source)
        yield (fault.code, fault.args), Failure(what, reported_case, (what,), look, _OTHER_TIME)
    asked = (plan, case.lifecycle, case.mode)
    if asked in seen:
        return
    seen.add(asked)
    for spec in plan.specs.values():
        if (spec, case.lifecycle, case.mode) in seen:
            continue
        seen.add((spec, case.lifecycle, case.mode))
        subject.tried()
        wrong = _wrong(subject, case, spec, plan)
        if wrong is not None:
            key, what = wrong
            said = Text(f"{spec.name}: {spec.written} ({spec.rule})", f"{spec.text.zh}：{spec.written}（{spec.rule}）")
            rule = RuleRef.of(spec.rule, plan.rulings[spec.name].source)
            yield (spec.name, key), Failure(what, reported_case, (said,), rule, _OTHER_TIME)


def _wrong(subject: Subject, case: Case, spec: ClockSpec, plan: Plan) -> tuple[Hashable, Text] | None:
    """Return what is wrong with a clock of a plan, and before it what makes it the same fault of that clock."""
    if not spec.starts:
        return None
    name = subject.policy.name(spec.name)
    actions = subject.policy.lifecycle(case, []).actions
    if spec.name not in _BY_THE_CORE and LAPSES not in spec.traits and spec.stops.isdisjoint(actions):
        return "unstoppable", Text(
            f"nothing stops the clock {name.en}: it can only be missed",
            f"没有任何动作能停止时限“{name.zh}”：只能超时",
        )
    for start in _STARTS:
        length = _span(subject, case, spec, start)
        if length is None:
            return ("uncounted", start), Text(
                f"the clock {name.en} cannot be counted from {start:%Y-%m-%d}",
                f"时限“{name.zh}”自 {start:%Y-%m-%d} 起无法计算",
            )
        if length <= timedelta(0):
            return "at once", Text(
                f"the clock {name.en} is due when it starts ({spec.written})",
                f"时限“{name.zh}”一开始即到期（{spec.written}）",
            )
        if length > LONGEST:
            return ("endless", spec.written), Text(
                f"the clock {name.en} never ends: {spec.written}", f"时限“{name.zh}”没有尽头：{spec.written}"
            )
    for law_ in plan.specs.values():
        whole = STATUTE in law_.traits and SURVIVES_TRANSFER in law_.traits and law_.starts
        finishes = whole and spec.stops and spec.stops <= _FINISHES and LAPSES not in spec.traits
        if finishes and spec.allowance.span > law_.allowance.span:
            return ("beyond the law", spec.written, law_.written), Text(
                f"the clock {name.en} gives {spec.written}, but the law gives {law_.written} for the whole case",
                f"时限“{name.zh}”为 {spec.written}，而法定全程时限为 {law_.written}",
            )
    return None


def _span(subject: Subject, case: Case, spec: ClockSpec, start: datetime) -> timedelta | None:
    """Return how long a clock runs if it starts at a moment; None if its calendar cannot tell."""
    if spec.span is not None:
        return spec.span
    try:
        return _counted(
            spec.allowance, subject.policy.calendar(spec.name, subject.context(case, case.mode, start), []), start
        )
    except (CalendarError, OverflowError):
        return None


@lru_cache(1024)
def _counted(allowance: Allowance, calendar: WorkingCalendar, start: datetime) -> timedelta:
    return allowance.due(start, calendar) - start


def backwards(life: SimulatedCase, policy: Policy) -> Failure | None:
    """Return whether a clock of a life runs backwards or for years."""
    for event in life.events:
        for clock in event.clocks:
            fault = _times(clock)
            if fault is not None:
                name = policy.name(clock.name)
                return Failure(Text(f"the clock {name.en} {fault.en}", f"时限“{name.zh}”{fault.zh}"))
    return None


def _times(clock: Clock) -> Text | None:
    if clock.due <= clock.started:
        return Text("is due before it starts", "的截止不晚于开始")
    if clock.warn is not None and not clock.started <= clock.warn < clock.due:
        return Text("does not warn between its start and its due time", "的预警不在开始与截止之间")
    if clock.due - clock.started > 2 * LONGEST:
        return Text("runs for years", "长达数年")
    return None


@law(
    "clock/monotone",
    Text("pressing matters first; in an emergency nobody is slower", "急事先办；急时不慢于平时"),
    Text(
        "all else equal, what is more urgent is never due later, and emergency running is never slower than everyday",
        "其他条件相同时，越紧急的事项截止不得越晚；急时不得慢于平时",
    ),
)
def monotone(subject: Subject) -> Iterator[Failure]:
    """Compare each clock of a case with that of the same case, more urgent or in an emergency, as its life goes on."""
    return islice(distinct(_all_later(subject), lambda failure: failure.sentence.en), MOST)


def _comparable(subject: Subject) -> Iterator[tuple[ReportedCase, dict[_Under, tuple[Case, ...]]]]:
    """Return cases, each under every mode and urgency: those that are reported, and those that live."""
    everything = (reported_case for reported_case, _, _ in pool(subject, sorts=1000))
    some = distinct(everything, lambda reported_case: repr(sorted(_calmly(reported_case).items(), key=str)))
    for reported_case in islice(some, _COMPARED if subject.level == "certify" else None):
        yield reported_case, {under: _reported(subject, reported_case, *under) for under in product(Mode, Urgency)}
    for life, case, at in islice(distinct(sorts(subject), _stands), _MOMENTS):
        yield life.scenario.as_case(), {under: _pressed(subject, case, at, *under) for under in product(Mode, Urgency)}


def _calmly(reported_case: ReportedCase) -> ReportedCase:
    return {name: value for name, value in reported_case.items() if name not in ("urgency", "mode", "steps")}


def _stands(moment: Moment) -> Hashable:
    _, case, _ = moment
    return case.lifecycle, case.state, case.severity, case.form, case.reopened > 0, case.special is None


def _reported(subject: Subject, reported_case: ReportedCase, mode: Mode, urgency: Urgency) -> tuple[Case, ...]:
    """Return a case as reported and as dispatched, as far as the rules take it."""
    cases: list[Case] = []
    # What cannot be reported or dispatched is the matter of ruling/total.
    with suppress(Exception):
        cases.append(first(subject, {**_calmly(reported_case), "mode": mode.value, "urgency": urgency.value}))
        cases.append(done(subject.policy, cases[0], "dispatch", BEGIN))
    return tuple(cases)


def _pressed(subject: Subject, case: Case, at: datetime, mode: Mode, urgency: Urgency) -> tuple[Case, ...]:
    """Return a case that lives, made more or less urgent; none if it has ended, or nobody may classify it anew."""
    with suppress(Exception):
        at_once = Command("reclassify", {"urgency": urgency})
        return (decide(attrs.evolve(case, mode=mode), at_once, subject.policy, at, mode)[1],)
    return ()


def _all_later(subject: Subject) -> Iterator[Failure]:
    """Return every clock that a more urgent case, or one in an emergency, has later than the same case otherwise."""
    seen: set[object] = set()
    for reported_case, variants in _comparable(subject):
        for slow, fast in _PAIRS:
            subject.tried()
            for one, other in zip(variants[slow], variants[fast], strict=False):
                if one.severity is not other.severity or one.lifecycle != other.lifecycle:
                    break  # not all else is equal: the rules take it for another case
                for start in _STARTS:
                    before = subject.policy.plan(one, subject.context(one, one.mode, start), [])
                    after = subject.policy.plan(other, subject.context(other, other.mode, start), [])
                    key = (before, after, slow, fast, one.zone, start)
                    if key not in seen:
                        seen.add(key)
                        yield from _later(subject, reported_case, (slow, fast), ((one, before), (other, after)), start)


def _later(
    subject: Subject,
    reported_case: ReportedCase,
    under: tuple[_Under, _Under],
    planned: tuple[tuple[Case, Plan], tuple[Case, Plan]],
    start: datetime,
) -> Iterator[Failure]:
    """Return the clocks that the more urgent case has later, or not at all."""
    (one, before), (other, after) = planned
    for name, less in before.specs.items():
        more = after.specs.get(name)
        if more is None:
            if less.starts:
                yield _lost(subject, reported_case, under, less, before.rulings[name].source)
        elif less != more or less.span is None:
            spans = _span(subject, one, less, start), _span(subject, other, more, start)
            if spans[0] is not None and spans[1] is not None and spans[1] > spans[0]:
                yield _slower(subject, reported_case, under, (less, more), start, after.rulings[name].source)


def _lost(
    subject: Subject, reported_case: ReportedCase, under: tuple[_Under, _Under], spec: ClockSpec, source: str
) -> Failure:
    why, (calm, pressing) = _compared(under)
    name, rule = subject.policy.name(spec.name), RuleRef.of(spec.rule, source)
    return Failure(
        Text(
            f"the clock {name.en} runs where {why} is {calm.en}, and there is none where it is {pressing.en}",
            f"时限“{name.zh}”：{calm.zh}有，{pressing.zh}却没有",
        ),
        _more_urgent(reported_case, under[1]),
        (Text(f"{why} {calm.en}: {spec.written} ({spec.rule})", f"{calm.zh}：{spec.written}"),),
        # No rule gives the clock that is missing, but one gives its like.
        Text(
            f"governflow_deadlines; the clock is that of {rule.say('en')}",
            f"governflow_deadlines；该时限出自 {rule.say('zh')}",
        ),
        Text(f"keep the clock {spec.name}", f"保留时限“{name.zh}”"),
    )


def _slower(
    subject: Subject,
    reported_case: ReportedCase,
    under: tuple[_Under, _Under],
    specs: tuple[ClockSpec, ClockSpec],
    start: datetime,
    source: str,
) -> Failure:
    why, words = _compared(under)
    (calm, pressing), (less, more) = words, specs
    name = subject.policy.name(less.name)
    return Failure(
        Text(
            f"the clock {name.en} gives {less.written} where {why} is {calm.en}, "
            f"but {more.written} where it is {pressing.en}",
            f"时限“{name.zh}”：{calm.zh}为 {less.written}，{pressing.zh}反为 {more.written}",
        ),
        _more_urgent(reported_case, under[1]),
        tuple(
            Text(
                f"{why} {word.en}, from {start:%Y-%m-%d %H:%M} UTC: {spec.written} ({spec.rule})",
                f"{word.zh}，自 {start:%Y-%m-%d %H:%M}（世界时）起：{spec.written}（{spec.rule}）",
            )
            for word, spec in zip(words, specs, strict=True)
        ),
        RuleRef.of(more.rule, source),
        Text(f"give at most {less.written} here", f"此处至多给 {less.written}"),
    )


def _more_urgent(reported_case: ReportedCase, fast: _Under) -> ReportedCase:
    """Tell the more urgent case; one that lives is reported as it lived, and made more urgent when it is looked at."""
    return (
        reported_case
        if "steps" in reported_case
        else {**reported_case, "mode": fast[0].value, "urgency": fast[1].value}
    )


def _compared(under: tuple[_Under, _Under]) -> tuple[str, tuple[Text, Text]]:
    """Return in what two cases differ, in mode or in urgency, and the words for it in each."""
    modes, urgencies = zip(*under, strict=True)
    why, (calm, pressing) = ("mode", modes) if modes[0] is not modes[1] else ("urgency", urgencies)
    return why, (Text(calm.value, calm.text.zh), Text(pressing.value, pressing.text.zh))


@law(
    "clock/splits",
    Text("nothing depends on when somebody looked", "结果与何时查看无关"),
    Text("advancing in many steps leaves the same events as in one", "分多步推进与一步推进留下同样的事件"),
)
def splits(subject: Subject) -> Iterator[Failure]:
    """Live lives again in many leaps of time, and again without any, and compare the events."""
    yield from faulty(
        subject,
        lambda life: differing(subject, life),
        Text("answer from the case and the context alone", "只依据事项与上下文作答"),
        tested=(life for number, life in enumerate(lives(subject)) if number % _EVERY == 0 or number < MOST),
    )


def differing(subject: Subject, life: SimulatedCase) -> Failure | None:
    """Return what comes out differently when a life is lived again in many leaps of time, or without any."""
    if life.lost:
        return None
    # What falls due is caught up with by the commands themselves where nobody lets time pass.
    again = play(subject, life.scenario, parts=0 if len(life.scenario.steps) % 3 == 2 else _PARTS)
    # A denial stands where it was written: who is refused sets nothing off, so that what was due before comes later.
    for mine, theirs in ((_numbered(life.events), _numbered(again.events)), (life.book, again.book)):
        if mine == theirs:
            continue
        odd = next(pair for pair in zip_longest(mine, theirs) if pair[0] != pair[1])
        events = [event for event in odd if event is not None]
        kind = kind_of(events[0], subject.policy)
        return Failure(
            Text(
                f"the event {kind.en} comes out differently when time passes in other leaps",
                f"时间以不同步长推进时，“{kind.zh}”的结果不同",
            ),
            look_at=_that_differs(odd) or look_at(events),
        )
    return None


def _numbered(events: Sequence[Event]) -> list[Event]:
    """Return events without denials, numbered anew."""
    return list(numbered(event for event in events if event.kind != "denied"))


def _that_differs(pair: Sequence[Event | None]) -> RuleRef | None:
    """Return the rule that was given in one of two events and not in the other."""
    these, those = ([ruling for ruling in event.rulings if ruling.rule] if event else [] for event in pair)
    odd = [ruling for ruling in (*these, *those) if ruling not in these or ruling not in those]
    return odd[0].ref if odd else None


@law(
    "replay/same",
    Text("the book is the truth", "账本即真相"),
    Text("folding the events again gives the same case, and the book is whole", "由事件重放得到同样的事项，且账本完整"),
)
def replayed(subject: Subject) -> Iterator[Failure]:
    """Fold every life's events again, and let the ledger of every so-manieth check itself."""

    def differs(life: SimulatedCase) -> Failure | None:
        verified = subject.only is not None or len(life.events) % _VERIFIED == 0
        return unlike(life, subject.policy, verified=verified)

    yield from faulty(
        subject,
        differs,
        Text("let no hook change the case or the event that it is given", "钩子不得改动传入的事项或事件"),
    )


#: What of a case has no name of its own among the facts.
_PARTS_OF_A_CASE = {"clocks": "时限", "past": "以往时限", "facts": "要素", "state": "状态", "mode": "运行状态"}


def unlike(life: SimulatedCase, policy: Policy, *, verified: bool = True) -> Failure | None:
    """Return whether the events of a life give another case, or its ledger is not whole where it is verified."""
    again = life.cases[-1] if life.cases else None
    if again is not None and life.case is not None and again != life.case:
        odd = [one.name for one in attrs.fields(Case) if getattr(again, one.name) != getattr(life.case, one.name)]
        voice = voice_of(policy, "zh")
        zh = "、".join(_PARTS_OF_A_CASE.get(name) or voice.fact(name) for name in odd)
        return Failure(Text(f"replaying the book gives another {', '.join(odd)}", f"由账本重放得到的“{zh}”不同"))
    if verified and life.unsound:
        return Failure(Text(f"the book is not whole: {life.unsound}", f"账本不完整：{life.unsound}"))
    return None
