"""Laws about time: clocks and replay (时限、重放); those about ladders stand in `ladders`."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise, product, zip_longest
from zoneinfo import ZoneInfo

import attrs

from governflow.allowances import Allowance
from governflow.calendars import WorkingCalendar
from governflow.case import Case
from governflow.charter.faults import in_chinese
from governflow.charter.laws import law
from governflow.charter.lives import MOST, Wrong, faulty
from governflow.charter.living import Life, done, first, kind_of, play
from governflow.charter.subject import BEGIN, Subject, Told
from governflow.charter.verdicts import Failure
from governflow.charter.walks import lives, pool, sorts
from governflow.clocks import LAPSES, LASTS, STATUTE, Clock, ClockSpec, Plan
from governflow.decide import Command, decide
from governflow.errors import CalendarError
from governflow.events import Event
from governflow.policy import Faults, Policy
from governflow.privacy import clean
from governflow.terms import Mode, Urgency
from governflow.text import Text
from governflow.voice import Voice

#: When clocks are started to compare them, and when rules are asked for them: in and out of hours, at a weekend, before
#: and in the long holidays, on make-up workdays, at the ends of a quarter and of the year, on a leap day.
STARTS = tuple(
    datetime.fromisoformat(f"{moment}+08:00").astimezone(BEGIN.tzinfo)
    for moment in (
        "2026-03-02T09:00",
        "2026-03-06T17:40",
        "2026-03-07T03:00",
        "2026-02-13T16:00",
        "2026-02-14T10:00",
        "2026-02-18T12:00",
        "2026-03-31T23:30",
        "2026-06-30T09:00",
        "2026-07-15T22:00",
        "2026-09-30T18:00",
        "2026-10-03T11:00",
        "2026-10-10T09:00",
        "2026-12-31T23:59",
        "2027-01-01T00:30",
        "2028-02-29T12:00",
    )
)
#: A clock that runs longer than this has no end that anybody lives to see.
LONGEST = timedelta(days=366)
#: Clocks that the core itself stops.
_BY_THE_CORE = frozenset({"attend", "muster", "check_in", "promise", "triage"})
#: What finishes a case: a clock that nothing else stops may not outlast what the law gives for the whole.
_FINISHES = frozenset({"resolve", "answer", "close"})
_PARTS = 7
#: Every so-manieth life is lived again in many leaps, and the ledger of every so-manieth checks itself.
_EVERY, _VERIFIED = 5, 4


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
    """Count every clock of the plans from several moments, in every state; then look at every clock of every life."""
    seen: set[object] = set()
    told_so: set[str] = set()
    for told, case, at in _asking(subject):
        for what, spec, source in _impossible(subject, case, at, seen):
            key = what.en.partition(" (")[0]
            if key in told_so or len(told_so) >= MOST:
                continue
            told_so.add(key)
            said = (
                Text(f"{spec.name}: {spec.written} ({spec.rule})", f"{spec.text.zh}：{spec.written}（{spec.rule}）")
                if spec
                else what
            )
            look = f"{spec.rule if spec else 'governflow_deadlines'} of {source}"
            yield Failure(what, told(), (said,), look, _OTHER_TIME)
    if not told_so:
        yield from faulty(subject, lambda life: backwards(life, subject.policy), _OTHER_TIME)


_OTHER_TIME = Text(
    "give the clock an allowance that ends, and an action that stops it", "请给该时限确定的期限和履行动作"
)


def _asking(subject: Subject) -> Iterator[tuple[Callable[[], Told], Case, datetime]]:
    """Give cases and moments to ask about, each with how it is told: as reported, all over the year; as lives go."""
    for told, *cases in pool(subject, sorts=1000):
        for case in cases:
            yield lambda told=told: told, case, BEGIN  # type: ignore[misc]
    for told, *cases in pool(subject):
        for case, at in product(cases, STARTS):
            yield lambda told=told: told, case, at  # type: ignore[misc]
    for moment in sorts(subject):
        yield moment.life.walk.as_case, moment.case, moment.at


def _impossible(
    subject: Subject, case: Case, at: datetime, seen: set[object]
) -> Iterator[tuple[Text, ClockSpec | None, str]]:
    """Give what is wrong with the clocks of a case, each with the plugin that says so."""
    faults: Faults = []
    plan = subject.policy.plan(case, subject.context(case, case.mode, at), faults)
    for source, _, what in faults:
        yield Text(f"clocks that cannot be used: {what}", f"时限不可用：{in_chinese(what)}"), None, source
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


def backwards(life: Life, policy: Policy) -> Wrong | None:
    """Say whether a clock of a life runs backwards or for years."""
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
    """Compare each clock of a case with that of the same case, more urgent or in an emergency, as its life goes on."""
    told_so: set[str] = set()
    seen: set[object] = set()
    for told, variants in _comparable(subject):
        for slow, fast in _PAIRS:
            subject.tried()
            for failure in _later(subject, told, variants[slow], variants[fast], seen):
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
#: How many cases, and how many moments of lives, are compared at the level ``certify``.
_COMPARED, _MOMENTS = 80, 150


@attrs.frozen
class Asked:
    """A case under a mode and an urgency.

    Args:
        under: Which mode and urgency.
        cases: The case as reported and as dispatched, or as a life has it.
    """

    under: _Under
    cases: tuple[Case, ...]


def _comparable(subject: Subject) -> Iterator[tuple[Told, dict[_Under, Asked]]]:
    """Give cases, each under every mode and urgency: those that are reported, and those that live."""
    asked: set[str] = set()
    for told, _, _ in pool(subject, sorts=1000):
        plain = {name: value for name, value in told.items() if name not in ("urgency", "mode", "steps")}
        key = repr(sorted(plain.items(), key=str))
        if key in asked or (len(asked) >= _COMPARED and subject.level == "certify"):
            continue
        asked.add(key)
        yield told, {(mode, urgency): _asked(subject, plain, mode, urgency) for mode, urgency in product(Mode, Urgency)}
    stood: set[object] = set()
    for moment in sorts(subject):
        case = moment.case
        stands = (case.lifecycle, case.state, case.severity, case.form, case.reopened > 0, case.special is None)
        if stands not in stood and len(stood) < _MOMENTS:
            stood.add(stands)
            yield (
                moment.life.walk.as_case(),
                {under: _pressed(subject, case, moment.at, *under) for under in product(Mode, Urgency)},
            )


def _asked(subject: Subject, plain: Told, mode: Mode, urgency: Urgency) -> Asked:
    """Tell a case as reported and as dispatched, as far as the rules take it."""
    cases: list[Case] = []
    try:
        cases.append(first(subject, {**plain, "mode": mode.value, "urgency": urgency.value}))
        cases.append(done(subject.policy, cases[0], "dispatch", BEGIN))
    except Exception:  # noqa: BLE001 - what cannot be reported or dispatched is the matter of ruling/total
        pass
    return Asked((mode, urgency), tuple(cases))


def _pressed(subject: Subject, case: Case, at: datetime, mode: Mode, urgency: Urgency) -> Asked:
    """Make a case that lives more or less urgent."""
    command = Command("reclassify", {"urgency": urgency})
    try:
        pressed = decide(attrs.evolve(case, mode=mode), command, subject.policy, at, mode)[1]
    except Exception:  # noqa: BLE001 - a case that has ended, or that nobody may classify anew
        return Asked((mode, urgency), ())
    return Asked((mode, urgency), (pressed,))


def _later(subject: Subject, told: Told, slow: Asked, fast: Asked, seen: set[object]) -> Iterator[Failure]:
    """Give the clocks that the more urgent case has later."""
    policy = subject.policy
    for one, other in zip(slow.cases, fast.cases, strict=False):
        if one.severity is not other.severity or one.lifecycle != other.lifecycle:
            return  # not all else is equal: the rules take it for another case
        for start in STARTS:
            before = policy.plan(one, subject.context(one, one.mode, start), [])
            after = policy.plan(other, subject.context(other, other.mode, start), [])
            key = (before, after, slow.under, fast.under, one.zone, start)
            if key in seen:
                continue
            seen.add(key)
            for name in before.specs:
                less, more = before.specs[name], after.specs.get(name)
                if more is None and less.starts:
                    yield _lost(subject, told, slow.under, fast.under, less, before.rulings[name].source)
                if more is None or (less == more and less.span is not None):
                    continue
                spans = _span(subject, one, less, start), _span(subject, other, more, start)
                if spans[0] is not None and spans[1] is not None and spans[1] > spans[0]:
                    source = after.rulings[name].source
                    yield _slower(subject, told, (slow.under, fast.under), (less, more), start, source)


def _lost(subject: Subject, told: Told, slow: _Under, fast: _Under, spec: ClockSpec, source: str) -> Failure:
    why = _why(slow, fast)
    name = subject.policy.name(spec.name)
    return Failure(
        Text(
            f"the clock {name.en} runs where {why} is {_word(slow, why)}, and there is none where it is "
            f"{_word(fast, why)}",
            f"时限“{name.zh}”：{_called(slow, why)}有，{_called(fast, why)}却没有",
        ),
        _told(told, fast),
        (Text(f"{why} {_word(slow, why)}: {spec.written} ({spec.rule})", f"{_called(slow, why)}：{spec.written}"),),
        f"governflow_deadlines; the clock is that of {spec.rule} of {source}",
        Text(f"keep the clock {spec.name}", f"保留时限“{name.zh}”"),
    )


def _slower(
    subject: Subject,
    told: Told,
    under: tuple[_Under, _Under],
    specs: tuple[ClockSpec, ClockSpec],
    start: datetime,
    source: str,
) -> Failure:
    slow, fast = under
    less, more = specs
    why = _why(slow, fast)
    name = subject.policy.name(less.name)
    return Failure(
        Text(
            f"the clock {name.en} gives {less.written} where {why} is {_word(slow, why)}, "
            f"but {more.written} where it is {_word(fast, why)}",
            f"时限“{name.zh}”：{_called(slow, why)}为 {less.written}，{_called(fast, why)}反为 {more.written}",
        ),
        _told(told, fast),
        tuple(
            Text(
                f"{why} {_word(one, why)}, from {start:%Y-%m-%d %H:%M} UTC: {spec.written} ({spec.rule})",
                f"{_called(one, why)}，自 {start:%Y-%m-%d %H:%M}（世界时）起：{spec.written}（{spec.rule}）",
            )
            for one, spec in zip(under, specs, strict=True)
        ),
        f"{more.rule} of {source}",
        Text(f"give at most {less.written} here", f"此处至多给 {less.written}"),
    )


def _told(told: Told, fast: _Under) -> Told:
    """Tell the more urgent case; one that lives is told as it lived, and made more urgent when it is looked at."""
    return told if "steps" in told else {**told, "mode": fast[0].value, "urgency": fast[1].value}


def _why(slow: _Under, fast: _Under) -> str:
    return "mode" if slow[0] is not fast[0] else "urgency"


def _word(under: _Under, why: str) -> str:
    return under[0].value if why == "mode" else under[1].value


def _called(under: _Under, why: str) -> str:
    return (under[0] if why == "mode" else under[1]).text.zh


# --- clock/splits -----------------------------------------------------------------------------------------------------


@law(
    "clock/splits",
    Text("nothing depends on when somebody looked", "结果与何时查看无关"),
    Text("advancing in many steps leaves the same events as in one", "分多步推进与一步推进留下同样的事件"),
    method="examples",
)
def splits(subject: Subject) -> Iterator[Failure]:
    """Live lives again in many leaps of time, and again without any, and compare the events."""
    advice = Text("answer from the case and the context alone", "只依据事项与上下文作答")
    tested = (life for number, life in enumerate(lives(subject)) if number % _EVERY == 0 or number < MOST)
    yield from faulty(subject, lambda life: differing(subject, life), advice, tested=tested)


def differing(subject: Subject, life: Life) -> Wrong | None:
    """Say what comes out differently when a life is lived again in many leaps of time, or without any."""
    if life.lost:
        return None
    # What falls due is caught up with by the commands themselves where nobody lets time pass.
    parts = 0 if len(life.walk.steps) % 3 == 2 else _PARTS
    again = play(subject, life.walk, parts=parts)
    for mine, theirs in ((life.events, again.events), (life.book, again.book)):
        if mine == theirs:
            continue
        odd = next(pair for pair in zip_longest(mine, theirs) if pair[0] != pair[1])
        kind = kind_of(next(event for event in odd if event is not None), subject.policy)
        rulings = [ruling for event in odd if event is not None for ruling in event.rulings if ruling.rule]
        return Wrong(
            Text(
                f"the event {kind.en} comes out differently when time passes in other leaps",
                f"时间以不同步长推进时，“{kind.zh}”的结果不同",
            ),
            _that_differs(odd) or (f"{rulings[-1].rule} of {rulings[-1].source}" if rulings else ""),
        )
    return None


def _that_differs(pair: Sequence[Event | None]) -> str:
    """Name the rule that was given in one of two events and not in the other."""
    these, those = ([ruling for ruling in event.rulings if ruling.rule] if event else [] for event in pair)
    odd = [ruling for ruling in (*these, *those) if ruling not in these or ruling not in those]
    return f"{odd[0].rule} of {odd[0].source}" if odd else ""


# --- replay/same ------------------------------------------------------------------------------------------------------


@law(
    "replay/same",
    Text("the book is the truth", "账本即真相"),
    Text("folding the events again gives the same case, and the book is whole", "由事件重放得到同样的事项，且账本完整"),
    method="examples",
)
def replayed(subject: Subject) -> Iterator[Failure]:
    """Fold every life's events again, and let the ledger of every so-manieth check itself."""
    advice = Text("let no hook change the case or the event that it is given", "钩子不得改动传入的事项或事件")

    def differs(life: Life) -> Wrong | None:
        verified = subject.only is not None or len(life.events) % _VERIFIED == 0
        return unlike(life, subject.policy, verified=verified)

    yield from faulty(subject, differs, advice)


#: What of a case has no name of its own among the facts.
_PARTS_OF_A_CASE = {"clocks": "时限", "past": "以往时限", "facts": "要素", "state": "状态", "mode": "运行状态"}


def unlike(life: Life, policy: Policy, *, verified: bool = True) -> Wrong | None:
    """Say whether the events of a life give another case, or its ledger is not whole where it is verified."""
    again = life.cases[-1] if life.cases else None
    if again is not None and life.case is not None and again != life.case:
        names = [field.name for field in attrs.fields(Case)]
        odd = [name for name in names if getattr(again, name) != getattr(life.case, name)]
        voice = Voice("zh", ZoneInfo(policy.zone), policy, clean, policy.tables)
        zh = "、".join(_PARTS_OF_A_CASE.get(name) or voice.fact(name) for name in odd)
        return Wrong(Text(f"replaying the book gives another {', '.join(odd)}", f"由账本重放得到的“{zh}”不同"))
    if verified and life.unsound:
        return Wrong(Text(f"the book is not whole: {life.unsound}", f"账本不完整：{life.unsound}"))
    return None
