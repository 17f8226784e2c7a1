"""The ladder that a missed deadline climbs: urging, supervision, takeover form by form, special report (升级阶梯).

What moves a case or a duty is a *measure* (处置). Where a journal is the record of a case, measures are written down as
due and the ladder climbs on on paper: holder, form, state and clocks change by facts only.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from governflow.engine.rulings import route, tier
from governflow.engine.transition import Outcomes, Transition, take
from governflow.model import clocks
from governflow.model.case import Case, changed
from governflow.model.clocks import DUTY, LAPSES, SURVIVES_TRANSFER, Clock, Paper
from governflow.model.terms import FORMS, Cause, Form, Kind, Way
from governflow.policy.hookspecs import Breach, Escalation, Ruling
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
    climbed = _climbed(step, clock, escalation)
    step.about["escalation"] = _told(clock, escalation, holder, escalation.to)
    if escalation.kind is Kind.TAKE_OVER:
        return _taken_over(step, clock, climbed, escalation)
    if escalation.kind is Kind.SPECIAL_REPORT:
        step.changes["special"] = step.at.isoformat()
    step.put(replace(clock, **climbed))
    return step.seal(_RUNG_EVENTS[escalation.kind], case.state)


def _climbed(step: Transition, clock: Clock, escalation: Escalation) -> dict[str, Any]:
    again = None if escalation.next_after is None else step.at + escalation.next_after
    return {"next_rung_at": again, "rung": clock.rung + 1}


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
    answer = step.policy.ask("governflow_escalate", step.faults, case, step.context, cause)
    if step.policy.fault:
        answer = None  # the defaults' ladder leads to units that this locality does not have
    if answer is not None:
        escalation, ruling, source = answer
        step.rulings.append(decided("escalate", escalation.kind, ruling, source))
        return escalation  # type: ignore[no-any-return]
    again = _DAILY if cause.rung < _RUNGS_BY_DAY else _WEEKLY
    escalation = Escalation(Kind.URGE, cause.holder, None, again)
    reason = Text("the rules gave no usable escalation: the holder is urged", "规则未给出可用的升级方式：先行催办")
    step.rulings.append(decided("escalate", Kind.URGE, Ruling(escalation, reason, "ladder/fallback"), "governflow"))
    return escalation


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
    climbed = _climbed(step, clock, escalation)
    if escalation.kind is Kind.TAKE_OVER:
        return _takeover_due(step, clock, case, cause, escalation)
    if escalation.kind is Kind.SPECIAL_REPORT:
        step.about["measure_due"] = _told(clock, escalation, holder, escalation.to)
        step.put(replace(clock, **climbed, paper=replace(paper, special=step.at)))
        return step.seal("special_report_due", step.case.state)
    if SURVIVES_TRANSFER not in clock.traits and any(
        clocks.guards(other) for other in step.live.values() if other.name != clock.name
    ):
        climbed |= {"next_rung_at": None, "paper": clocks.ASLEEP}  # a cycle that would have begun guards this clock too
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
            step.put(replace(other, next_rung_at=None, paper=clocks.ASLEEP))
    step.put(replace(clock, next_rung_at=first.due, rung=0, paper=replace(paper, clock=first)))
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
