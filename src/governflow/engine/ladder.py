"""The ladder that a missed deadline climbs: urging, supervision, takeover form by form, special report (升级阶梯).

What moves a case or a duty is a *measure* (处置). Where a journal is the record of a case, measures are written down as
due and the ladder climbs on on paper: holder, form, state and clocks change by facts only.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from governflow.engine.rulings import route, tier
from governflow.engine.transition import Outcomes, Transition, take
from governflow.model import clocks
from governflow.model.case import Case, changed
from governflow.model.clocks import DUTY, LAPSES, SURVIVES_TRANSFER, Clock, Paper
from governflow.model.faults import Faults, HookFault
from governflow.model.rulings import RecordedRuling
from governflow.model.terms import FORMS, Cause, Form, Kind, Way
from governflow.model.urgings import Urging
from governflow.policy.hookspecs import Breach, Context, Escalation, Ruling
from governflow.policy.stack import decided
from governflow.text import Text

#: Where the rules say nothing usable the holder is urged daily for a week, then weekly.
_DAILY, _WEEKLY, _RUNGS_BY_DAY = timedelta(days=1), timedelta(weeks=1), 7
#: The kinds of event that the rungs leave; a takeover has its own.
_RUNG_EVENTS: Mapping[Kind, str] = {
    Kind.URGE: "urged",
    Kind.SUPERVISE: "supervised",
    Kind.SPECIAL_REPORT: "special_report_filed",
}


def climb(step: Transition, clock: Clock) -> Outcomes:
    """Climb one rung of a clock's ladder."""
    holder = clock.duty or (clock.name.partition(":")[2] if clock.name.startswith("check_in:") else step.case.unit)
    if holder not in step.policy.units:
        holder = step.case.unit  # the rules have changed: nobody urges a unit that is gone
    if step.case.way is Way.RECORD:
        return _climb_on_paper(step, clock, holder)
    case, cause = step.case, Breach(clock, clock.rung, holder, clocks.gap(clock))
    escalation = _rung(step, case, cause)
    climbed = _climbed(step, clock, escalation, cause, case)
    step.about["escalation"] = _told(clock, escalation, holder, escalation.to)
    if escalation.kind is Kind.TAKE_OVER:
        return _taken_over(step, clock, climbed, escalation)
    if escalation.kind is Kind.SPECIAL_REPORT:
        step.changes["special"] = step.at.isoformat()
    step.put(replace(clock, **climbed))
    return step.seal(_RUNG_EVENTS[escalation.kind], case.state)


def _climbed(
    step: Transition, clock: Clock, escalation: Escalation, cause: Breach | None = None, case: Case | None = None
) -> dict[str, Any]:
    """Return where a rung leaves the ladder of its clock; one that only urges is followed ahead (`_followed`)."""
    if escalation.next_after is None:
        return {"next_rung_at": None, "rung": clock.rung + 1, "urging": None}
    if escalation.kind is Kind.URGE and cause is not None and case is not None:
        return _followed(step, clock, case, cause, escalation)
    return {"next_rung_at": step.at + escalation.next_after, "rung": clock.rung + 1, "urging": None}


# --- urging ahead: what the rules answer at the next rungs, until they answer otherwise -----------------------------

#: So many rungs are asked one by one, at first and at most; gaps alike for so many rungs go on; so far ahead the rules
#: are asked at all.
_ONE_BY_ONE, _MOST, _SETTLED, _FAR = 24, 1024, 8, timedelta(days=36525)


def _followed(step: Transition, clock: Clock, case: Case, cause: Breach, escalation: Escalation) -> dict[str, Any]:
    """Ask the rules ahead as long as they urge the same unit again; all of these urgings are one event.

    Rung by rung at first. Once the gaps are all alike the rungs are asked in strides that double, and where one
    answers otherwise, those between are searched: a rung far up the ladder that alone differs is not seen.
    """

    def gap_after(rung: int, at: datetime) -> timedelta | None:
        missed = replace(cause.clock, rung=rung, next_rung_at=at, urging=None)
        context, faults = step.policy.context(case, step.mode, at), list[HookFault]()
        found, _ = _answer(step, case, context, Breach(missed, rung, cause.holder, cause.gap), faults)
        same = found.kind is Kind.URGE and found.to == escalation.to and not faults
        return found.next_after if same else None

    assert escalation.next_after is not None
    gaps, at = [escalation.next_after], step.at + escalation.next_after
    before = clock.urging.total if clock.urging is not None else 0
    ahead = min(max(_ONE_BY_ONE, 2 * before), _MOST)  # where the gaps never settle, each event holds twice as many
    while len(gaps) < ahead and (gap := gap_after(cause.rung + len(gaps), at)) is not None:
        gaps.append(gap)
        at += gap
    last = gaps[-1]
    if len(gaps) == ahead and gaps[-_SETTLED:] == [last] * _SETTLED:
        known, origin = len(gaps) - 1, at - len(gaps) * last

        def alike(number: int) -> bool:
            return gap_after(cause.rung + number, origin + number * last) == last

        number = _first_other(alike, known, known + _FAR // last)
        gaps += [last] * (number - len(gaps))
        at = origin + number * last
    urging = Urging.of(step.at, cause.rung, gaps[:-1]) if len(gaps) > 1 else None
    return {"next_rung_at": at, "rung": cause.rung + len(gaps), "urging": urging}


def _first_other(alike: Callable[[int], bool], known: int, most: int) -> int:
    """Return the first number after a known one that is not alike, or the last that is looked at at all."""
    stride, low = 1, known
    while (high := min(known + stride, most)) > low and alike(high):
        low, stride = high, stride * 2
        if high == most:
            return most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if alike(middle) else (low, middle)
    return high


def _told(clock: Clock, escalation: Escalation, holder: str, to: str) -> dict[str, Any]:
    """Return what the event says of a rung."""
    return {
        "kind": escalation.kind,
        "cause": Cause.BREACH,
        "from": holder,
        "to": to,
        "form": escalation.form,
        "clock": clock.mark,
    }


def _rung(step: Transition, case: Case, cause: Breach) -> Escalation:
    """Ask what this rung does; where the answer makes no sense the holder is urged, so that nothing is forgotten."""
    escalation, ruling = _answer(step, case, step.context, cause, step.faults)
    step.rulings.append(ruling)
    return escalation


def _answer(
    step: Transition, case: Case, context: Context, cause: Breach, faults: Faults
) -> tuple[Escalation, RecordedRuling]:
    answer = step.policy.ask("governflow_escalate", faults, case, context, cause)
    if step.policy.fault:
        answer = None  # the defaults' ladder leads to units that this locality does not have
    if answer is not None:
        escalation, ruling, source = answer
        return escalation, decided("escalate", escalation.kind, ruling, source)
    again = _DAILY if cause.rung < _RUNGS_BY_DAY else _WEEKLY
    escalation = Escalation(Kind.URGE, cause.holder, None, again)
    reason = Text("the rules gave no usable escalation: the holder is urged", "规则未给出可用的升级方式：先行催办")
    return escalation, decided("escalate", Kind.URGE, Ruling(escalation, reason, "ladder/fallback"), "governflow")


def _taken_over(step: Transition, clock: Clock, climbed: dict[str, Any], escalation: Escalation) -> Outcomes:
    """Take a case over: a new cycle with the higher unit, or only the duty where the state has to stay."""
    case = step.case
    action = "dispatch" if clock.name == "dispatch" else "escalate"
    ways = step.lifecycle.transitions_for(case.state, action)
    stays = DUTY in clock.traits and SURVIVES_TRANSFER not in clock.traits
    if not ways or stays:
        step.put(replace(clock, **climbed, duty=escalation.to))
        if not clock.name.startswith("check_in:"):
            step.changes["unit"] = escalation.to
            _in_form(step, escalation)
        return step.seal("taken_over", case.state)
    if SURVIVES_TRANSFER in clock.traits:
        step.put(replace(clock, **climbed))
    step.end_ladders(but=clock.name)
    step.cancel(keep=SURVIVES_TRANSFER, disproves=False)
    if action == "dispatch":
        route(step, None)
        step.about["escalation"] |= {"to": step.changes["unit"], "form": step.changes["form"], "by": escalation.to}
    else:
        step.changes |= {"unit": escalation.to, "assist": [], "designated": False}
        _in_form(step, escalation)
    return take(step, ways[0], None, kind="taken_over")


def _in_form(step: Transition, escalation: Escalation) -> None:
    if escalation.form is not None:
        step.changes["form"] = escalation.form
        tier(step, only_if_changed=True)


# --- on paper: where the case would be if the measures that were due had been carried out (实录) ----------------------


def _climb_on_paper(step: Transition, clock: Clock, holder: str) -> Outcomes:
    """Climb one rung where the journal is the record: a measure is due, and whoever holds the case keeps it."""
    case, paper = _on_paper(step, clock), clock.paper or Paper()
    missed = paper.clock or clock
    cause = Breach(missed, clock.rung, paper.unit or (holder if _apart(clock) else case.unit), clocks.gap(missed))
    escalation = _rung(step, case, cause)
    climbed = _climbed(step, clock, escalation, cause, case)
    if escalation.kind is Kind.TAKE_OVER:
        return _takeover_due(step, clock, case, cause, escalation)
    if escalation.kind is Kind.SPECIAL_REPORT:
        step.about["measure_due"] = _told(clock, escalation, holder, escalation.to)
        step.put(replace(clock, **climbed, paper=replace(paper, special=step.at)))
        return step.seal("special_report_due", step.case.state)
    if SURVIVES_TRANSFER not in clock.traits and any(
        clocks.guards(other) for other in step.live.values() if other.name != clock.name
    ):
        climbed |= {
            "next_rung_at": None,
            "urging": None,
            "paper": clocks.ASLEEP,
        }  # a cycle that would have begun guards this clock too
    # Whoever really holds the case is the one who is urged.
    to = holder if escalation.to == cause.holder else escalation.to
    step.about["escalation"] = _told(clock, escalation, holder, to)
    step.put(replace(clock, **climbed))
    return step.seal(_RUNG_EVENTS[escalation.kind], step.case.state)


def _apart(clock: Clock) -> bool:
    """Return whether a clock is owed by somebody else than the holder of the case."""
    return clock.duty is not None or clock.name.startswith("check_in:")


def _on_paper(step: Transition, clock: Clock) -> Case:
    """Return the case as it would stand if every measure that became due had been carried out."""
    case, units = step.case, step.policy.units
    unfinished = [other for other in case.clocks.values() if other.stopped is None and other.paper is not None]
    papers = [other.paper for other in unfinished if not other.name.startswith("check_in:")]
    changes: dict[str, Any] = {}
    moved = [paper for paper in papers if paper is not None and paper.unit is not None]
    if moved:
        highest = max(
            moved,
            key=lambda paper: (
                units.level(paper.unit or "", paper.form),
                _rank(paper.form),
                paper is clock.paper,
            ),
        )
        changes = {"unit": highest.unit, "form": highest.form, "tier": highest.tier, "state": highest.state}
    special = min((paper.special for paper in papers if paper is not None and paper.special is not None), default=None)
    if case.special is None and special is not None:
        changes["special"] = special
    return changed(case, changes) if changes else case


def _takeover_due(step: Transition, clock: Clock, case: Case, cause: Breach, escalation: Escalation) -> Outcomes:
    """Write down a takeover as due: to whom, in which form. The step that would carry it out is taken on paper only.

    The ladder goes on where the cycle that the takeover would have begun would have missed its first deadline.
    """
    missed, trial = cause.clock, Transition(case, step.policy, step.at, step.mode, step.lifecycle, step.faults)
    trial.about["escalation"] = _told(clock, escalation, step.case.unit, escalation.to)
    _, after = _taken_over(trial, missed, _climbed(step, clock, escalation), escalation)
    step.rulings += [ruling for ruling in trial.rulings if ruling.what == "route"]
    told = step.about["measure_due"] = trial.about["escalation"]
    begun = [
        new
        for new in trial.changed.values()
        if new.stopped is None and new.started == step.at and LAPSES not in new.traits
    ]
    paper = Paper(told["to"], after.form, after.tier, after.state, special=after.special)
    if not begun:
        special = clock.paper.special if clock.paper is not None else None
        paper = replace(paper, clock=missed if missed is not clock else None, special=special)
        step.put(replace(clock, **_climbed(step, clock, escalation), paper=paper))
        return step.seal("takeover_due", step.case.state)
    first = min(begun, key=lambda new: (new.due, new.name))
    cycle = missed.cycle + 1 if first.name == missed.name else first.cycle
    first = clocks.breached(replace(first, cycle=cycle))
    for other in tuple(step.live.values()):
        if other.stopped is None and other.next_rung_at is not None and other.name != clock.name:
            step.put(replace(other, next_rung_at=None, urging=None, paper=clocks.ASLEEP))
    step.put(replace(clock, next_rung_at=first.due, rung=0, urging=None, paper=replace(paper, clock=first)))
    return step.seal("takeover_due", step.case.state)


def rise_due(step: Transition, outcomes: Outcomes) -> Outcomes:
    """Write down as due that a reopened case goes to a higher form, where the rules' route rises with a reopening."""
    events, after = outcomes
    answer = step.policy.ask("governflow_route", step.faults, step.case, step.context)
    if answer is None or _rank(answer[0].form) <= _rank(after.form):
        return outcomes
    value, ruling, source = answer
    note = Transition(after, step.policy, step.at, step.mode, step.lifecycle, step.faults)
    note.rulings.append(decided("route", {"lead": value.lead, "form": value.form}, ruling, source))
    note.about["measure_due"] = {
        "kind": Kind.TAKE_OVER,
        "cause": Cause.UNSATISFIED,
        "from": after.unit,
        "to": value.lead,
        "form": value.form,
        "clock": None,
    }
    due, after = note.seal("takeover_due", after.state)
    return events + due, after


def _rank(form: Form | None) -> int:
    return FORMS.index(form) if form is not None else -1
