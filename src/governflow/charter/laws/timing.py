"""Laws about time: clocks and replay (时限、重放); those about ladders stand in `escalation`."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import product, zip_longest
from zoneinfo import ZoneInfo

import attrs

from governflow.charter.cases.reported import BEGIN, ReportedCase
from governflow.charter.laws.lives import Wrong, faulty, look_at
from governflow.charter.laws.monotone import STARTS, later, span
from governflow.charter.laws.registry import MOST, each_once, law
from governflow.charter.lives.scenarios import lives, pool, sorts
from governflow.charter.lives.simulation import SimulatedCase, kind_of, play
from governflow.charter.model import Failure
from governflow.charter.subject import Subject
from governflow.masking import clean
from governflow.model.case import Case
from governflow.model.clocks import LAPSES, STATUTE, SURVIVES_TRANSFER, Clock, ClockSpec
from governflow.model.events import Event
from governflow.model.faults import Faults
from governflow.model.rulings import RuleRef
from governflow.policy.deadlines import Plan
from governflow.policy.stack import Policy
from governflow.reports.localize import Localizer
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
    kinds: set[Hashable] = set()
    for told, case, at in _asking(subject):
        for key, what, spec, source in _impossible(subject, case, at, seen):
            if key in kinds or len(kinds) >= MOST:
                continue
            kinds.add(key)
            said = (
                Text(f"{spec.name}: {spec.written} ({spec.rule})", f"{spec.text.zh}：{spec.written}（{spec.rule}）")
                if spec
                else what
            )
            look = RuleRef.of(spec.rule, source) if spec else RuleRef(hook="governflow_deadlines", source=source)
            yield Failure(what, told(), (said,), look, _OTHER_TIME)
    if not kinds:
        yield from faulty(subject, lambda life: backwards(life, subject.policy), _OTHER_TIME)


_OTHER_TIME = Text(
    "give the clock an allowance that ends, and an action that stops it", "请给该时限确定的期限和履行动作"
)


def _asking(subject: Subject) -> Iterator[tuple[Callable[[], ReportedCase], Case, datetime]]:
    """Return cases and moments to ask about, each with how it is told: as reported, all over the year; as lives go."""
    for told, *cases in pool(subject, sorts=1000):
        for case in cases:
            yield lambda told=told: told, case, BEGIN  # type: ignore[misc]
    for told, *cases in pool(subject):
        for case, at in product(cases, STARTS):
            yield lambda told=told: told, case, at  # type: ignore[misc]
    for moment in sorts(subject):
        yield moment.life.scenario.as_case, moment.case, moment.at


def _impossible(
    subject: Subject, case: Case, at: datetime, seen: set[object]
) -> Iterator[tuple[Hashable, Text, ClockSpec | None, str]]:
    """Return what is wrong with the clocks of a case, each with what makes it the same fault and with its plugin."""
    faults: Faults = []
    plan = subject.policy.plan(case, subject.context(case, case.mode, at), faults)
    for fault in faults:
        what = fault.text
        sentence = Text(f"clocks that cannot be used: {what.en}", f"时限不可用：{what.zh}")
        yield (fault.code, fault.args), sentence, None, fault.source
    asked = (plan, case.lifecycle, case.mode)
    if asked in seen:
        return
    seen.add(asked)
    for spec in plan.specs.values():
        if (spec, case.lifecycle, case.mode) not in seen:
            seen.add((spec, case.lifecycle, case.mode))
            subject.tried()
            wrong = _wrong(subject, case, spec, plan)
            if wrong is not None:
                key, what = wrong
                yield (spec.name, key), what, spec, plan.rulings[spec.name].source


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
    for start in STARTS:
        length = span(subject, case, spec, start)
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
            what = Text(f"the clock {name.en} never ends: {spec.written}", f"时限“{name.zh}”没有尽头：{spec.written}")
            return ("endless", spec.written), what
    for law_ in plan.specs.values():
        whole = STATUTE in law_.traits and SURVIVES_TRANSFER in law_.traits and law_.starts
        finishes = whole and spec.stops and spec.stops <= _FINISHES and LAPSES not in spec.traits
        if finishes and spec.allowance.span > law_.allowance.span:
            return ("beyond the law", spec.written, law_.written), Text(
                f"the clock {name.en} gives {spec.written}, but the law gives {law_.written} for the whole case",
                f"时限“{name.zh}”为 {spec.written}，而法定全程时限为 {law_.written}",
            )
    return None


def backwards(life: SimulatedCase, policy: Policy) -> Wrong | None:
    """Return whether a clock of a life runs backwards or for years."""
    for event in life.events:
        for clock in event.clocks:
            fault = _times(clock)
            if fault is not None:
                name = policy.name(clock.name)
                return Wrong(Text(f"the clock {name.en} {fault.en}", f"时限“{name.zh}”{fault.zh}"))
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
    return each_once(later(subject))


@law(
    "clock/splits",
    Text("nothing depends on when somebody looked", "结果与何时查看无关"),
    Text("advancing in many steps leaves the same events as in one", "分多步推进与一步推进留下同样的事件"),
)
def splits(subject: Subject) -> Iterator[Failure]:
    """Live lives again in many leaps of time, and again without any, and compare the events."""
    advice = Text("answer from the case and the context alone", "只依据事项与上下文作答")
    tested = (life for number, life in enumerate(lives(subject)) if number % _EVERY == 0 or number < MOST)
    yield from faulty(subject, lambda life: differing(subject, life), advice, tested=tested)


def differing(subject: Subject, life: SimulatedCase) -> Wrong | None:
    """Return what comes out differently when a life is lived again in many leaps of time, or without any."""
    if life.lost:
        return None
    # What falls due is caught up with by the commands themselves where nobody lets time pass.
    parts = 0 if len(life.scenario.steps) % 3 == 2 else _PARTS
    again = play(subject, life.scenario, parts=parts)
    for mine, theirs in ((life.events, again.events), (life.book, again.book)):
        if mine == theirs:
            continue
        odd = next(pair for pair in zip_longest(mine, theirs) if pair[0] != pair[1])
        events = [event for event in odd if event is not None]
        kind = kind_of(events[0], subject.policy)
        return Wrong(
            Text(
                f"the event {kind.en} comes out differently when time passes in other leaps",
                f"时间以不同步长推进时，“{kind.zh}”的结果不同",
            ),
            _that_differs(odd) or look_at(events),
        )
    return None


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
    advice = Text("let no hook change the case or the event that it is given", "钩子不得改动传入的事项或事件")

    def differs(life: SimulatedCase) -> Wrong | None:
        verified = subject.only is not None or len(life.events) % _VERIFIED == 0
        return unlike(life, subject.policy, verified=verified)

    yield from faulty(subject, differs, advice)


#: What of a case has no name of its own among the facts.
_PARTS_OF_A_CASE = {"clocks": "时限", "past": "以往时限", "facts": "要素", "state": "状态", "mode": "运行状态"}


def unlike(life: SimulatedCase, policy: Policy, *, verified: bool = True) -> Wrong | None:
    """Return whether the events of a life give another case, or its ledger is not whole where it is verified."""
    again = life.cases[-1] if life.cases else None
    if again is not None and life.case is not None and again != life.case:
        names = [field.name for field in attrs.fields(Case)]
        odd = [name for name in names if getattr(again, name) != getattr(life.case, name)]
        voice = Localizer("zh", ZoneInfo(policy.zone), policy, clean, policy.tables)
        zh = "、".join(_PARTS_OF_A_CASE.get(name) or voice.fact(name) for name in odd)
        return Wrong(Text(f"replaying the book gives another {', '.join(odd)}", f"由账本重放得到的“{zh}”不同"))
    if verified and life.unsound:
        return Wrong(Text(f"the book is not whole: {life.unsound}", f"账本不完整：{life.unsound}"))
    return None
