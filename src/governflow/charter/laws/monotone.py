"""The same case, more urgent or in an emergency: which of its clocks are due later (轻重缓急)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise, product

import attrs

from governflow.calendars import WorkingCalendar
from governflow.calendars.allowances import Allowance
from governflow.charter.cases.reported import BEGIN, ReportedCase
from governflow.charter.lives.scenarios import pool, sorts
from governflow.charter.lives.simulation import done, first
from governflow.charter.model import Failure
from governflow.charter.subject import Subject
from governflow.engine.decide import Command, decide
from governflow.errors import CalendarError
from governflow.model.case import Case
from governflow.model.clocks import ClockSpec
from governflow.model.rulings import RuleRef
from governflow.model.terms import Mode, Urgency
from governflow.text import Text

#: Under mode and urgency: the second may not be slower than the first.
_Under = tuple[Mode, Urgency]
_RISING = tuple(Urgency)
_PAIRS: tuple[tuple[_Under, _Under], ...] = (
    *(((mode, less), (mode, more)) for mode in Mode for less, more in pairwise(_RISING)),
    *(((Mode.NORMAL, urgency), (Mode.EMERGENCY, urgency)) for urgency in Urgency),
)
#: How many cases, and how many moments of lives, are compared at the level ``certify``.
_COMPARED, _MOMENTS = 80, 150


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


def span(subject: Subject, case: Case, spec: ClockSpec, start: datetime) -> timedelta | None:
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


@attrs.frozen
class _Variant:
    """A case under a mode and an urgency: as reported and as dispatched, or as a life has it."""

    under: _Under
    cases: tuple[Case, ...]


def _comparable(subject: Subject) -> Iterator[tuple[ReportedCase, dict[_Under, _Variant]]]:
    """Return cases, each under every mode and urgency: those that are reported, and those that live."""
    compared: set[str] = set()
    for told, _, _ in pool(subject, sorts=1000):
        plain = {name: value for name, value in told.items() if name not in ("urgency", "mode", "steps")}
        key = repr(sorted(plain.items(), key=str))
        if key in compared or (len(compared) >= _COMPARED and subject.level == "certify"):
            continue
        compared.add(key)
        yield (
            told,
            {(mode, urgency): _reported(subject, plain, mode, urgency) for mode, urgency in product(Mode, Urgency)},
        )
    stood: set[object] = set()
    for moment in sorts(subject):
        case = moment.case
        stands = (case.lifecycle, case.state, case.severity, case.form, case.reopened > 0, case.special is None)
        if stands not in stood and len(stood) < _MOMENTS:
            stood.add(stands)
            yield (
                moment.life.scenario.as_case(),
                {under: _pressed(subject, case, moment.at, *under) for under in product(Mode, Urgency)},
            )


def _reported(subject: Subject, plain: ReportedCase, mode: Mode, urgency: Urgency) -> _Variant:
    """Tell a case as reported and as dispatched, as far as the rules take it."""
    cases: list[Case] = []
    try:
        cases.append(first(subject, {**plain, "mode": mode.value, "urgency": urgency.value}))
        cases.append(done(subject.policy, cases[0], "dispatch", BEGIN))
    except Exception:  # noqa: BLE001 - what cannot be reported or dispatched is the matter of ruling/total
        pass
    return _Variant((mode, urgency), tuple(cases))


def _pressed(subject: Subject, case: Case, at: datetime, mode: Mode, urgency: Urgency) -> _Variant:
    """Make a case that lives more or less urgent."""
    command = Command("reclassify", {"urgency": urgency})
    try:
        pressed = decide(attrs.evolve(case, mode=mode), command, subject.policy, at, mode)[1]
    except Exception:  # noqa: BLE001 - a case that has ended, or that nobody may classify anew
        return _Variant((mode, urgency), ())
    return _Variant((mode, urgency), (pressed,))


def later(subject: Subject) -> Iterator[Failure]:
    """Return every clock that a more urgent case, or one in an emergency, has later than the same case otherwise."""
    seen: set[object] = set()
    for told, variants in _comparable(subject):
        for slow, fast in _PAIRS:
            subject.tried()
            yield from _later(subject, told, variants[slow], variants[fast], seen)


def _later(
    subject: Subject, told: ReportedCase, slow: _Variant, fast: _Variant, seen: set[object]
) -> Iterator[Failure]:
    """Return the clocks that the more urgent case has later."""
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
                spans = span(subject, one, less, start), span(subject, other, more, start)
                if spans[0] is not None and spans[1] is not None and spans[1] > spans[0]:
                    source = after.rulings[name].source
                    yield _slower(subject, told, (slow.under, fast.under), (less, more), start, source)


def _lost(subject: Subject, told: ReportedCase, slow: _Under, fast: _Under, spec: ClockSpec, source: str) -> Failure:
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
        _no_clock(RuleRef.of(spec.rule, source)),
        Text(f"keep the clock {spec.name}", f"保留时限“{name.zh}”"),
    )


def _no_clock(rule: RuleRef) -> Text:
    """Return where to look for a clock that is missing: no rule gives it, but one gives its like."""
    return Text(
        f"governflow_deadlines; the clock is that of {rule.say('en')}",
        f"governflow_deadlines；该时限出自 {rule.say('zh')}",
    )


def _slower(
    subject: Subject,
    told: ReportedCase,
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
        RuleRef.of(more.rule, source),
        Text(f"give at most {less.written} here", f"此处至多给 {less.written}"),
    )


def _told(told: ReportedCase, fast: _Under) -> ReportedCase:
    """Tell the more urgent case; one that lives is told as it lived, and made more urgent when it is looked at."""
    return told if "steps" in told else {**told, "mode": fast[0].value, "urgency": fast[1].value}


def _why(slow: _Under, fast: _Under) -> str:
    return "mode" if slow[0] is not fast[0] else "urgency"


def _word(under: _Under, why: str) -> str:
    return under[0].value if why == "mode" else under[1].value


def _called(under: _Under, why: str) -> str:
    return (under[0] if why == "mode" else under[1]).text.zh
