"""From what a step changes to its events: the way through the lifecycle, and what follows at once.

One action leaves one event; an evaluation that closes the case and a fault in the rules leave a second.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from governflow.engine.transition import Transition
from governflow.errors import CommandError
from governflow.model.case import Case
from governflow.model.clocks import SURVIVES_TRANSFER
from governflow.model.events import Actor, Event
from governflow.model.faults import Faults
from governflow.model.lifecycle import CompiledTransition

#: The events of a step, and the case after them.
Outcomes = tuple[list[Event], Case]


def choose(
    step: Transition, ways: tuple[CompiledTransition, ...], details: Mapping[str, Any]
) -> CompiledTransition | None:
    """Return the one of several ways whose guard holds; soundness has made sure that there is at most one."""
    fact = ways[0].guard[0] if ways and ways[0].guard else ""
    held: Any
    if fact == "verdict":
        held = step.changes["verdict"]
    elif fact == "origin":
        held = step.case.suspended_from
    else:
        held = "yes" if details.get("recurred") else "no"
    return next((way for way in ways if way.guard is not None and way.guard[1] == held), None)


def take(
    step: Transition, way: CompiledTransition, by: Actor | None, secret: str | None = None, kind: str | None = None
) -> tuple[Event, Case]:
    """Go one way of the lifecycle: end and start the clocks that it ends and starts, and seal the event.

    Args:
        step: What the action has changed so far.
        way: The way to go.
        by: Who does it; None for the engine.
        secret: The commitment to the texts that came with it.
        kind: The kind of the event, where it is not the action's own.
    """
    action, target, case = way.action.name, way.target, step.case
    if case.suspended_until is not None and target != case.state:
        step.changes |= {"origin": None, "until": None}
    plan = step.plan
    stops = plan.by_stop.get(action)
    if stops:
        step.stop(stops)
    if action == "inform":
        step.stop(("promise",))
    if way.ends:
        step.cancel()
        if case.closed is None and "closed" not in step.changes:
            step.changes["closed"] = step.at.isoformat()
    else:
        if case.closed is not None and "closed" not in step.changes:
            step.changes["closed"] = None  # it goes on: a review was asked for
        if action == "answer":
            step.stop(("promise",))
        if way.cycle:
            step.cancel(keep=SURVIVES_TRANSFER)
            if case.special is not None:
                step.changes["special"] = None  # the new cycle reports for itself; the old report stays in the book
        for trigger in way.triggers if case.visit else way.triggers_at_desk:
            for spec in plan.by_start.get(trigger, ()):
                if spec.name != "check_in":
                    step.start(spec)
        if not way.closes and (target != "suspended" or step.changes.get("until") is None):
            step.attend()
    return step.seal(kind or way.action.past, target, action, by, secret)


def close_if_done(step: Transition, event: Event, after: Case) -> Outcomes:
    """Close an evaluated case at once, unless its lifecycle makes a revisit compulsory by forbidding the close."""
    ways = step.lifecycle.transitions.get((after.state, "close"))
    if after.state != "evaluated" or ways is None:
        return [event], after
    closing = Transition(after, step.policy, step.at, step.mode, step.lifecycle, step.faults)
    closing.changes["closed"] = closing.at.isoformat()
    closed, after = take(closing, ways[0], None)
    return [event, closed], after


def refuse_before(case: Case, at: datetime) -> None:
    """Refuse what is said to have happened before a case was opened."""
    if case.opened is not None and at < case.opened:
        raise CommandError(
            "{at} is before case {case} was opened ({opened})",
            "{at} 早于事项 {case} 的上报时间（{opened}）",
            at=at,
            case=case.id,
            opened=case.opened,
        )


def listed(faults: Faults) -> list[dict[str, Any]]:
    """Return faults as an event keeps them."""
    return [fault.as_json() for fault in faults]


def triaged(step: Transition, outcomes: Outcomes) -> Outcomes:
    """Record what went wrong in the rules, if anything did, and put the case before a human, with a clock running."""
    if not step.faults:
        return outcomes
    events, case = outcomes
    record = Transition(case, step.policy, step.at, step.mode, step.lifecycle)
    record.about["faults"] = listed(step.faults)
    if not case.id.startswith("@"):  # a locality's book is no case that anybody could look at anew
        known = case.clocks.get("triage")
        if known is not None and known.stopped is None and step.policy.fault:
            return outcomes  # it is with a human already, and the fault stands in the book
        if case.state not in step.lifecycle.ends:
            record.triage()
    event, case = record.seal("faulted", case.state)
    return [*events, event], case
