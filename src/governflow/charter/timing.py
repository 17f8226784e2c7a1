"""Laws about time: clocks and replay (时限、重放); those about ladders stand in `ladders`."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise

import attrs

from governflow.allowances import Allowance
from governflow.calendars import WorkingCalendar
from governflow.case import Case, fold
from governflow.charter.laws import law
from governflow.charter.lives import MOST, faulty
from governflow.charter.living import Life, done, first, play
from governflow.charter.subject import BEGIN, Subject, Told
from governflow.charter.verdicts import Failure
from governflow.charter.walks import lives, pool
from governflow.clocks import LAPSES, LASTS, STATUTE, Clock, ClockSpec, Plan
from governflow.errors import CalendarError
from governflow.policy import Faults
from governflow.terms import Mode, Urgency
from governflow.text import Text

#: When clocks are started to compare them: in and out of hours, at a weekend, before the long holidays, at New Year.
STARTS = tuple(
    datetime.fromisoformat(f"{moment}+08:00").astimezone(BEGIN.tzinfo)
    for moment in (
        "2026-03-02T09:00",
        "2026-03-06T17:40",
        "2026-03-07T03:00",
        "2026-02-13T16:00",
        "2026-09-30T18:00",
        "2026-12-31T23:59",
    )
)
#: A clock that runs longer than this has no end that anybody lives to see.
LONGEST = timedelta(days=366)
#: Clocks that the core itself stops.
_BY_THE_CORE = frozenset({"attend", "muster", "check_in", "promise", "triage"})
#: What finishes a case: a clock that nothing else stops may not outlast what the law gives for the whole.
_FINISHES = frozenset({"resolve", "answer", "close"})
_PARTS = 7
#: At the level ``certify`` every so-manieth life is lived again in many leaps.
_EVERY = 5


# --- clock/positive ---------------------------------------------------------------------------------------------------


@law(
    "clock/positive",
    Text("every duty has its time", "事事有时限"),
    Text(
        "a clock is due after it starts, warns before it is due, can be met, and keeps within the law's own limit",
        "截止晚于开始，预警早于截止，时限能够被履行，且不超过法定最长时限",
    ),
    method="examples",
)
def positive(subject: Subject) -> Iterator[Failure]:
    """Count every clock of the plans from several moments; then look at every clock of every life."""
    seen: set[object] = set()
    told_so: set[str] = set()
    for told, *cases in pool(subject, sorts=1000):
        for case in cases:
            for what, spec, source in _impossible(subject, case, seen):
                if what.en in told_so or len(told_so) >= MOST:
                    continue
                told_so.add(what.en)
                said = (
                    Text(f"{spec.name}: {spec.written} ({spec.rule})", f"{spec.text.zh}：{spec.written}")
                    if spec
                    else what
                )
                look = f"{spec.rule if spec else 'governflow_deadlines'} of {source}"
                yield Failure(what, told, (said,), look, _OTHER_TIME)
    if not told_so:
        yield from faulty(subject, _backwards, _OTHER_TIME)


_OTHER_TIME = Text(
    "give the clock an allowance that ends, and an action that stops it", "请给该时限确定的期限和履行动作"
)


def _impossible(subject: Subject, case: Case, seen: set[object]) -> Iterator[tuple[Text, ClockSpec | None, str]]:
    """Give what is wrong with the clocks of a case, each with the plugin that says so."""
    faults: Faults = []
    plan = subject.policy.plan(case, subject.context(case, case.mode), faults)
    for source, _, what in faults:
        yield Text(f"clocks that cannot be used: {what}", f"时限不可用：{what}"), None, source
    for spec in plan.specs.values():
        if (spec, case.lifecycle, case.mode) not in seen:
            seen.add((spec, case.lifecycle, case.mode))
            subject.tried()
            wrong = _wrong(subject, case, spec, plan)
            if wrong is not None:
                yield wrong, spec, plan.rulings[spec.name].source


def _wrong(subject: Subject, case: Case, spec: ClockSpec, plan: Plan) -> Text | None:
    """Say what is wrong with a clock of a plan."""
    if not spec.starts:
        return None
    name = subject.policy.name(spec.name)
    actions = subject.policy.lifecycle(case, []).actions
    if spec.name not in _BY_THE_CORE and LAPSES not in spec.traits and spec.stops.isdisjoint(actions):
        return Text(
            f"nothing stops the clock {name.en}: it can only be missed",
            f"没有任何动作能停止时限“{name.zh}”：只能超时",
        )
    for start in STARTS:
        span = _span(subject, case, spec, start)
        if span is None:
            return Text(
                f"the clock {name.en} cannot be counted from {start:%Y-%m-%d}",
                f"时限“{name.zh}”自 {start:%Y-%m-%d} 起无法计算",
            )
        if span <= timedelta(0):
            return Text(
                f"the clock {name.en} is due when it starts ({spec.written})",
                f"时限“{name.zh}”一开始即到期（{spec.written}）",
            )
        if span > LONGEST:
            return Text(f"the clock {name.en} never ends: {spec.written}", f"时限“{name.zh}”没有尽头：{spec.written}")
    for law_ in plan.specs.values():
        whole = STATUTE in law_.traits and LASTS in law_.traits and law_.starts
        finishes = whole and spec.stops and spec.stops <= _FINISHES and LAPSES not in spec.traits
        if finishes and spec.allowance.span > law_.allowance.span:
            return Text(
                f"the clock {name.en} gives {spec.written}, but the law gives {law_.written} for the whole case",
                f"时限“{name.zh}”为 {spec.written}，而法定全程时限为 {law_.written}",
            )
    return None


def _span(subject: Subject, case: Case, spec: ClockSpec, start: datetime) -> timedelta | None:
    """Give how long a clock runs if it starts at a moment; None if its calendar cannot tell."""
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


def _backwards(life: Life) -> Text | None:
    for event in life.events:
        for clock in event.clocks:
            fault = _times(clock)
            if fault is not None:
                return Text(f"the clock {clock.name} {fault.en}", f"时限“{clock.name}”{fault.zh}")
    return None


def _times(clock: Clock) -> Text | None:
    if clock.due <= clock.started:
        return Text("is due before it starts", "的截止不晚于开始")
    if clock.warn is not None and not clock.started <= clock.warn < clock.due:
        return Text("does not warn between its start and its due time", "的预警不在开始与截止之间")
    if clock.due - clock.started > 2 * LONGEST:
        return Text("runs for years", "长达数年")
    return None


# --- clock/monotone ---------------------------------------------------------------------------------------------------


@law(
    "clock/monotone",
    Text("pressing matters first; in an emergency nobody is slower", "急事先办；急时不慢于平时"),
    Text(
        "all else equal, what is more urgent is never due later, and emergency running is never slower than everyday",
        "其他条件相同时，越紧急的事项截止不得越晚；急时不得慢于平时",
    ),
    method="examples",
)
def monotone(subject: Subject) -> Iterator[Failure]:
    """Compare each clock of a case with that of the same case, more urgent or in an emergency."""
    told_so: set[str] = set()
    asked: set[str] = set()
    for told, _, _ in pool(subject, sorts=1000):
        plain = {name: value for name, value in told.items() if name not in ("urgency", "mode", "steps")}
        key = repr(sorted(plain.items(), key=str))
        if key in asked or (len(asked) >= _COMPARED and subject.level == "certify"):
            continue
        asked.add(key)
        variants = {
            (mode, urgency): _asked(subject, {**plain, "mode": mode.value, "urgency": urgency.value})
            for mode in Mode
            for urgency in Urgency
        }
        for slow, fast in _PAIRS:
            subject.tried()
            for failure in _later(subject, variants[slow], variants[fast]):
                if failure.sentence.en not in told_so and len(told_so) < MOST:
                    told_so.add(failure.sentence.en)
                    yield failure


#: Under mode and urgency: the second may not be slower than the first.
_Under = tuple[Mode, Urgency]
_RISING = tuple(Urgency)
_PAIRS: tuple[tuple[_Under, _Under], ...] = (
    *(((mode, less), (mode, more)) for mode in Mode for less, more in pairwise(_RISING)),
    *(((Mode.NORMAL, urgency), (Mode.EMERGENCY, urgency)) for urgency in Urgency),
)
#: How many cases are compared at the level ``certify``.
_COMPARED = 80


@attrs.frozen
class Asked:
    """A case and the clocks that it has, as reported and as dispatched.

    Args:
        told: How it was told.
        seen: The case and its plan, each time.
    """

    told: Told
    seen: tuple[tuple[Case, Plan], ...]


def _asked(subject: Subject, told: Told) -> Asked:
    """Ask about a case as reported and as dispatched, as far as the rules take it."""
    cases: list[Case] = []
    try:
        cases.append(first(subject, told))
        cases.append(done(subject.policy, cases[0], "dispatch", BEGIN))
    except Exception:  # noqa: BLE001 - what cannot be reported or dispatched is the matter of ruling/total
        pass
    plans = (subject.policy.plan(case, subject.context(case, case.mode), []) for case in cases)
    return Asked(told, tuple(zip(cases, plans, strict=True)))


def _later(subject: Subject, slow: Asked, fast: Asked) -> Iterator[Failure]:
    """Give the clocks that the more urgent case has later."""
    for (one, before), (other, after) in zip(slow.seen, fast.seen, strict=False):
        if one.severity is not other.severity or one.lifecycle != other.lifecycle:
            return  # not all else is equal: the rules take it for another case
        for name in before.specs:
            less, more = before.specs[name], after.specs.get(name)
            if more is None and less.starts:
                yield _lost(subject, slow.told, fast.told, less, before.rulings[name].source)
            if more is None or (less == more and less.span is not None):
                continue
            for start in STARTS:
                spans = _span(subject, one, less, start), _span(subject, other, more, start)
                if spans[0] is not None and spans[1] is not None and spans[1] > spans[0]:
                    yield _slower(subject, (slow.told, fast.told), (less, more), start, after.rulings[name].source)
                    break


def _lost(subject: Subject, slow: Told, fast: Told, spec: ClockSpec, source: str) -> Failure:
    why = "mode" if slow["mode"] != fast["mode"] else "urgency"
    name = subject.policy.name(spec.name)
    return Failure(
        Text(
            f"the clock {name.en} runs where {why} is {slow[why]}, and there is none where it is {fast[why]}",
            f"时限“{name.zh}”：{_called(slow, why)}有，{_called(fast, why)}却没有",
        ),
        fast,
        (Text(f"{why} {slow[why]}: {spec.written} ({spec.rule})", f"{_called(slow, why)}：{spec.written}"),),
        f"governflow_deadlines; the clock is that of {spec.rule} of {source}",
        Text(f"keep the clock {spec.name}", f"保留时限“{name.zh}”"),
    )


def _slower(
    subject: Subject, told: tuple[Told, Told], specs: tuple[ClockSpec, ClockSpec], start: datetime, source: str
) -> Failure:
    slow, fast = told
    less, more = specs
    why = "mode" if slow["mode"] != fast["mode"] else "urgency"
    name = subject.policy.name(less.name)
    return Failure(
        Text(
            f"the clock {name.en} gives {less.written} where {why} is {slow[why]}, "
            f"but {more.written} where it is {fast[why]}",
            f"时限“{name.zh}”：{_called(slow, why)}为 {less.written}，{_called(fast, why)}反为 {more.written}",
        ),
        fast,
        tuple(
            Text(
                f"{why} {case[why]}, from {start:%Y-%m-%d %H:%M} UTC: {spec.written} ({spec.rule})",
                f"{_called(case, why)}，自 {start:%Y-%m-%d %H:%M} UTC 起：{spec.written}（{spec.rule}）",
            )
            for case, spec in zip(told, specs, strict=True)
        ),
        f"{more.rule} of {source}",
        Text(f"give at most {less.written} here", f"此处至多给 {less.written}"),
    )


def _called(told: Told, why: str) -> str:
    return (Mode if why == "mode" else Urgency)(str(told[why])).text.zh


#: How an event is called that one life has and the other has not.
_MORE = "the last one"


# --- clock/splits -----------------------------------------------------------------------------------------------------


@law(
    "clock/splits",
    Text("nothing depends on when somebody looked", "结果与何时查看无关"),
    Text("advancing in many steps leaves the same events as in one", "分多步推进与一步推进留下同样的事件"),
    method="examples",
)
def splits(subject: Subject) -> Iterator[Failure]:
    """Live lives again in many leaps, and compare the events."""

    def differs(life: Life) -> Text | None:
        again = play(subject, life.walk, parts=_PARTS)
        for mine, theirs in ((life.events, again.events), (life.book, again.book)):
            if mine != theirs:
                kind = next((one.kind for one, two in zip(mine, theirs, strict=False) if (one,) != (two,)), _MORE)
                return Text(
                    f"the event {kind} comes out differently when time passes in {_PARTS} leaps instead of one",
                    f"时间分 {_PARTS} 步推进时，“{kind}”的结果不同",
                )
        return None

    advice = Text("answer from the case and the context alone", "只依据事项与上下文作答")
    tested = (life for number, life in enumerate(lives(subject)) if number % _EVERY == 0 or number < MOST)
    yield from faulty(subject, differs, advice, tested=tested)


# --- replay/same ------------------------------------------------------------------------------------------------------


@law(
    "replay/same",
    Text("the book is the truth", "账本即真相"),
    Text("folding the events again gives the same case, and the book is whole", "由事件重放得到同样的事项，且账本完整"),
    method="examples",
)
def replayed(subject: Subject) -> Iterator[Failure]:
    """Fold every life's events again."""
    advice = Text("let no hook change the case or the event that it is given", "钩子不得改动传入的事项或事件")
    yield from faulty(subject, _unlike, advice)


def _unlike(life: Life) -> Text | None:
    again = fold(life.events)
    if again is not None and life.case is not None and again != life.case:
        fields = (field.name for field in attrs.fields(Case))
        listed = ", ".join(name for name in fields if getattr(again, name) != getattr(life.case, name))
        return Text(f"replaying the book gives another {listed}", f"由账本重放得到的 {listed} 不同")
    if life.unsound:
        return Text(f"the book is not whole: {life.unsound}", f"账本不完整：{life.unsound}")
    return None
