"""Open cases whose rules changed under them (规则变更): nothing of them may stand where the new rules know nothing.

A state, a lifecycle, a unit or a clock that the rules do not have any more would leave a case in which nothing is
possible, with a ladder that leads nowhere. Such a case is put where something is possible, with a unit that exists, and
before a human, with a clock running; the book says what was gone and what stands in its place.
"""

from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from governflow.engine.transition import Outcomes, Transition
from governflow.model import clocks
from governflow.model.base_lifecycle import BASE
from governflow.model.case import Case
from governflow.model.clocks import Clock
from governflow.model.faults import Faults, HookFault, faults_in
from governflow.model.lifecycle import START, Lifecycle
from governflow.model.own_clocks import BY_THE_ENGINE, TRIAGE
from governflow.model.terms import Mode
from governflow.policy.stack import Policy

_SUMMONS = "check_in:"
#: Clocks that the engine starts by itself, or that somebody gave a date of their own.
_WITHOUT_RULE = frozenset({clocks.PROMISE, *(spec.name for spec in BY_THE_ENGINE)})


def is_lost(case: Case, policy: Policy) -> bool:
    """Return whether a case stands in a lifecycle, in a state or with a unit that the rules do not have."""
    lifecycle, origin, units = policy.lifecycles.get(case.lifecycle), case.suspended_from, policy.units
    if (
        lifecycle is not None
        and case.state in lifecycle.states
        and (case.unit in units.units or case.unit in units)  # the first is the commonest case, and asks nobody
        and (origin is None or origin in lifecycle.states)
    ):
        return False
    # Rules that cannot be loaded say nothing of what is gone; nor is a locality's book a case.
    return case.state != START and not (case.in_error or case.id.startswith("@")) and policy.fault is None


def settle(case: Case, policy: Policy, at: datetime, mode: Mode) -> Outcomes:
    """Put a case where the rules know what to do with it, and before a human, with a clock running.

    Returns:
        One event that says what was gone and what stands in its place, and the case after it.
    """
    lifecycle = policy.lifecycles.get(case.lifecycle) or policy.lifecycles.get(BASE.name, BASE)
    step = Transition(case, policy, at, mode, lifecycle)
    state, changes, faults = case.state, step.changes, step.faults
    changes["rules_changed_at"] = at.isoformat()
    if case.lifecycle not in policy.lifecycles:
        changes["lifecycle"] = lifecycle.name
        faults.append(HookFault(policy.code, "governflow_lifecycles", "no_lifecycle", (repr(case.lifecycle),)))
    if state not in lifecycle.states:
        state = _standing(case, lifecycle)
        faults.append(_no_state(policy, case.state, state))
    origin = case.suspended_from
    if origin is not None and origin not in lifecycle.states:
        changes["origin"] = _origin(lifecycle)
        faults.append(_no_state(policy, origin, changes["origin"]))
    _to_living_units(step)
    if state in lifecycle.ends:
        step.cancel()
        step.about["faults"] = [fault.as_json() for fault in faults]
        return step.seal("faulted", state)
    _cancel_gone(step)
    return _before_a_human(step, state)


def _cancel_gone(step: Transition) -> None:
    for clock in tuple(step.live.values()):
        if is_gone(step, clock):
            _cancel(step, clock)


def is_gone(step: Transition, clock: Clock) -> bool:
    """Return whether a clock runs that the rules do not have any more: nothing could ever stop it."""
    if clock.stopped is not None or clock.name.partition(":")[0] in _WITHOUT_RULE:
        return False
    # The plan of a step is asked once, after the changes that matter; this is asked before them. Rules that fail say
    # nothing of what is gone.
    faults: Faults = []
    plan = step.policy.plan(step.view(), step.context, faults)
    step.faults += [fault for fault in faults if fault not in step.faults]
    return clock.name not in plan.specs and not faults and step.policy.fault is None


def _before_a_human(step: Transition, state: str) -> Outcomes:
    step.start(step.plan.specs.get(TRIAGE.name, TRIAGE))
    step.about["faults"] = [fault.as_json() for fault in step.faults]
    return step.seal("faulted", state)


def _cancel(step: Transition, clock: Clock) -> None:
    """End a clock that the rules do not have any more; what was missed before stays missed."""
    step.put(clocks.cancelled(clock, max(step.at, clock.started), disproves=False))
    text = step.policy.name(clock.name)
    step.faults.append(
        HookFault(step.policy.code, "governflow_deadlines", "clock_gone", (clock.name, text.en, text.zh))
    )


def lost_of(case: Case, policy: Policy, at: datetime, mode: Mode) -> list[HookFault]:
    """Return what the rules do not have any more of a case, clocks included; nothing if all is there."""
    step = Transition(case, policy, at, mode)
    gone = [clock for clock in case.clocks.values() if is_gone(step, clock)]
    triage = case.clocks.get(TRIAGE.name)
    before_a_human = triage is not None and triage.stopped is None
    if not is_lost(case, policy) and not gone and (before_a_human or not step.faults):
        return []
    events, _ = settle(case, policy, at, mode)
    return [fault for event in events for fault in faults_in(event.about)]


def _no_state(policy: Policy, gone: str, now: str) -> HookFault:
    name = policy.name(now)
    return HookFault(policy.code, "governflow_lifecycles", "no_state", (gone, name.en, name.zh))


def _to_living_units(step: Transition) -> None:
    """Give what a unit had that is gone to the intake; whoever was to come and is no more need not come."""
    case, units = step.case, step.policy.units
    intake = units.intake
    name = units.name(intake)
    if case.unit not in units:
        step.changes["unit"] = intake
        step.faults.append(HookFault(step.policy.code, "governflow_units", "no_unit", (case.unit, name.en, name.zh)))
    if gone := [unit for unit in case.assist if unit not in units]:
        step.changes["assist"] = [unit for unit in case.assist if unit not in gone]
    for clock in tuple(step.live.values()):
        if clock.stopped is None and clock.duty is not None and clock.duty not in units:
            step.put(replace(clock, duty=None))
        if clock.stopped is None and clock.name.startswith(_SUMMONS) and clock.name[len(_SUMMONS) :] not in units:
            step.put(clocks.cancelled(clock, max(step.at, clock.started), disproves=False))


def _standing(case: Case, lifecycle: Lifecycle) -> str:
    """Return the state that stands nearest to one that is gone: something is possible there, and nobody is skipped."""
    return next(state for state in _nearest(case, lifecycle) if state in lifecycle.states)


def _nearest(case: Case, lifecycle: Lifecycle) -> Iterator[str]:
    if case.closed is not None and case.next_event_at is None:
        yield "closed"
        yield from sorted(lifecycle.ends)
    if case.suspended_until is not None and lifecycle.transitions_for("suspended", "resume"):
        yield "suspended"
    if case.dispatched is not None:
        yield "dispatched"
    yield "accepted"
    yield lifecycle.transitions_for(START, "report")[0].target


def _origin(lifecycle: Lifecycle) -> str:
    """Return where a suspended case goes on whose state before the suspension is gone."""
    back = [way.target for way in lifecycle.transitions_for("suspended", "resume")]
    return "dispatched" if "dispatched" in back or not back else back[0]
