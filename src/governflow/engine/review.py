"""Asking the rules anew about an open case: on purpose, in another mode, with a newer calendar (重新研判)."""

from datetime import datetime

from governflow.engine import rulings
from governflow.engine.step import Outcomes, refuse_before, triaged
from governflow.engine.transition import Transition
from governflow.errors import CommandError
from governflow.model.case import Case
from governflow.model.events import Actor
from governflow.model.lifecycle import START
from governflow.model.terms import Mode
from governflow.policy.rulings import decided
from governflow.policy.stack import Policy


def reassess(case: Case, policy: Policy, at: datetime, mode: Mode, by: Actor | None) -> Outcomes:
    """Ask the rules installed now about an open case, on purpose: severity, tier and the clocks that still run."""
    step = Transition(case, policy, at, mode)
    _require_open(step)
    refuse_before(case, at)
    answer = policy.ask("governflow_assess", step.faults, case, step.context)
    if answer is not None:
        value, ruling, source = answer
        step.changes |= {"severity": value.severity, "urgency": value.urgency}
        step.rulings.append(decided("assess", [value.severity, value.urgency], ruling, source))
    rulings.derive(step)
    rulings.tier(step)
    rulings.recount(step)
    step.stop(("triage",))
    before = {"severity": case.severity, "urgency": case.urgency, "tier": case.tier, "facts": dict(case.facts)}
    now = step.view().__dict__
    step.about["before"] = {name: value for name, value in before.items() if value != now[name]}
    step.about["due"] = due_changes(case, step)
    step.attend()
    event, after = step.seal("reassessed", case.state, "reassess", by)
    return triaged(step, ([event], after))


def remode(case: Case, policy: Policy, at: datetime, mode: Mode, by: Actor | None) -> Outcomes:
    """Tell an open case that the mode has changed: its running clocks get the allowances of the new mode."""
    step = Transition(case, policy, at, mode)
    step.changes["mode"] = mode
    rulings.recount(step, fairly=True)
    if case.state not in step.lifecycle.ends and case.suspended_until is None:
        step.attend()
    step.about |= {"from": case.mode, "to": mode, "due": due_changes(case, step)}
    event, after = step.seal("mode_switched", case.state, "", by)
    return triaged(step, ([event], after))


def due_changes(case: Case, step: Transition) -> dict[str, list[str]]:
    """Return the due times that a step changes, before and after."""
    changes = {}
    for clock in step.changed.values():
        before = case.clocks.get(clock.name)
        if before is not None and before.cycle == clock.cycle and before.due != clock.due:
            changes[clock.mark] = [before.due.isoformat(), clock.due.isoformat()]
    return changes


def recalculate(case: Case, policy: Policy, at: datetime, mode: Mode, by: Actor | None) -> Outcomes:
    """Count again the clocks that were fixed when the calendar did not yet know the year."""
    step = Transition(case, policy, at, mode)
    _require_open(step)
    rulings.recount(step, flagged_only=True)
    if not step.changed:
        return triaged(step, ([], case))
    event, after = step.seal("recalculated", case.state, "recalculate", by)
    return triaged(step, ([event], after))


def _require_open(step: Transition) -> None:
    case = step.case
    if case.state in step.lifecycle.ends or case.state == START:
        raise CommandError(f"case {case.id} is {case.state}: nothing of it runs any more", f"事项 {case.id} 已了结")
