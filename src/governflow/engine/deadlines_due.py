"""What falls due by itself: warnings, breaches, the rungs of ladders, lapses and the end of suspensions (到期)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from governflow.engine import actions, rulings
from governflow.engine.transition import Outcomes, Transition, choose, close_if_done, take, triaged
from governflow.model import clocks
from governflow.model.case import Case
from governflow.model.clocks import DUTY, LAPSES, SURVIVES_TRANSFER, Clock
from governflow.model.faults import HookFault
from governflow.model.terms import Cause, Exempt, Kind, Mode, Outcome, Verdict
from governflow.policy.hookspecs import Breach, Escalation, Ruling
from governflow.policy.stack import Policy, decided
from governflow.text import Text

#: Where the rules say nothing usable the holder is urged daily for a week, then weekly.
_DAILY, _WEEKLY, _RUNGS_BY_DAY = timedelta(days=1), timedelta(weeks=1), 7
#: The kinds of event that the rungs leave; a takeover has its own.
_RUNG_EVENTS: Mapping[Kind, str] = {
    Kind.URGE: "urged",
    Kind.SUPERVISE: "supervised",
    Kind.SPECIAL_REPORT: "special_report_filed",
}


def fire(case: Case, policy: Policy, mode: Mode = Mode.NORMAL) -> Outcomes:
    """Return what falls due next for a case, at its own moment: `case.next_event_at`.

    Returns:
        The events, each with the moment at which it was due, and the case after them.
    """
    at = case.next_event_at
    if at is None:
        return [], case
    step = Transition(case, policy, at, mode)
    if policy.fault:
        step.faults.append(HookFault.refused(policy.code, "", policy.fault))
    return triaged(step, _fall_due(step))


def _fall_due(step: Transition) -> Outcomes:
    case, at = step.case, step.at
    if case.suspended_until == at:
        actions.resume(step, {}, None)
        way = choose(step, step.lifecycle.transitions_for(case.state, "resume"), {})
        if way is None:  # a lifecycle without a way back: the case stays where it is, and its clocks run
            return step.seal("resumed", case.state, "resume")
        return take(step, way, None)
    clock = _first_due(case, at)
    again = clock.exempt is Exempt.DISPROVED and clock.missed_at is not None and clock.missed_at < clock.due
    if clock.outcome is Outcome.BREACHED and not again:
        return _climb(step, clock)
    step.about["clock"] = clock.mark
    if clock.warn == at:
        step.put(replace(clock, warn=None))
        return step.seal("warned", case.state)
    if LAPSES in clock.traits:
        return _lapse(step, clock)
    # A breach that was disproved excuses nothing of the due time that took its place.
    step.put(replace(clocks.breached(clock), exempt=None))
    return step.seal("breached", case.state)


def _first_due(case: Case, at: datetime) -> Clock:
    """Return the clock to which something happens first: warnings go before due times, these before rungs; by name."""
    due = (clock for clock in case.clocks.values() if clock.stopped is None and clock.moment == at)
    return min(due, key=lambda clock: (clock.outcome is Outcome.BREACHED, clock.warn != at, clock.name))


def _lapse(step: Transition, clock: Clock) -> Outcomes:
    step.put(clocks.lapsed(clock))
    ways = step.lifecycle.transitions_for(step.case.state, clock.name)
    way = next((way for way in ways if way.guard == ("verdict", Verdict.NONE)), None)
    if way is None:
        step.attend()
        return step.seal("lapsed", step.case.state)
    actions.evaluate(step, Verdict.NONE, None, None)
    return close_if_done(step, take(step, way, None, kind="lapsed"))


def _climb(step: Transition, clock: Clock) -> Outcomes:
    """Climb one rung of a clock's ladder."""
    case = step.case
    holder = clock.duty or (clock.name.partition(":")[2] if clock.name.startswith("check_in:") else case.unit)
    cause = Breach(clock, clock.rung, holder, clocks.gap(clock))
    escalation = _rung(step, cause)
    again = None if escalation.next_after is None else step.at + escalation.next_after
    climbed = {"next_rung_at": again, "rung": clock.rung + 1}
    step.about["escalation"] = {
        "kind": escalation.kind,
        "cause": Cause.BREACH,
        "from": holder,
        "to": escalation.to,
        "form": escalation.form,
        "clock": clock.mark,
    }
    if escalation.kind is Kind.TAKE_OVER:
        return _taken_over(step, clock, climbed, escalation)
    if escalation.kind is Kind.SPECIAL_REPORT:
        step.changes["special"] = step.at.isoformat()
    step.put(replace(clock, **climbed))
    return step.seal(_RUNG_EVENTS[escalation.kind], case.state)


def _rung(step: Transition, cause: Breach) -> Escalation:
    """Ask what this rung does; where the answer makes no sense the holder is urged, so that nothing is forgotten."""
    answer = step.policy.ask("governflow_escalate", step.faults, step.case, step.context, cause)
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
        rulings.route(step, None)
        step.about["escalation"] |= {"to": step.changes["unit"], "form": step.changes["form"], "by": escalation.to}
    else:
        step.changes |= {"unit": escalation.to, "assist": [], "designated": False}
        _in_form(step, escalation)
    return take(step, ways[0], None, kind="taken_over")


def _in_form(step: Transition, escalation: Escalation) -> None:
    if escalation.form is not None:
        step.changes["form"] = escalation.form
        rulings.tier(step, only_if_changed=True)
