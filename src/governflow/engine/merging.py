"""Cases that were merged into another one (并案): answered with it, and back where it will answer nobody.

A merged case ends, and whoever asked waits for the answer of the other one. That one knows who waits (`Case.joined`).
When it is answered, each of them is; when it is withdrawn, declined or merged on before that, each comes back to the
intake, with its clocks running.
"""

from collections.abc import Iterator
from datetime import datetime

from governflow.engine.transition import Outcomes, Transition, triaged
from governflow.model import clocks
from governflow.model.case import Case
from governflow.model.clocks import Clock
from governflow.model.lifecycle import START
from governflow.model.terms import Mode
from governflow.policy.stack import Policy

#: The states in which a case will answer nobody.
SILENT = frozenset({"merged", "declined", "withdrawn"})
#: The states in which a case has given the answer that it has to give.
_ANSWERED = frozenset({"answered", "evaluated", "closed"})


def waiting(before: Case | None, after: Case) -> Iterator[str]:
    """Return the cases that hear of what happened to another one: those that were merged into it, if it matters."""
    if before is None or not after.joined:
        return
    if after.answered != before.answered or (after.state in SILENT and before.state not in SILENT):
        yield from after.joined


def waits_for(case: Case, other: Case) -> bool:
    """Return whether a case is merged into another one."""
    return case.state == "merged" and case.merged_into == other.id


def join(other: Case, case: Case, promise: Clock | None, policy: Policy, at: datetime) -> Outcomes:
    """Tell a case that another one was merged into it; what was promised there passes to it with its date."""
    step = Transition(other, policy, at, other.mode)
    step.changes["joined"] = [*(name for name in other.joined if name != case.id), case.id]
    step.about["case"] = case.id
    if (
        promise is not None
        and promise.stopped is None
        and promise.due > at
        and other.state not in (*_ANSWERED, *SILENT)
    ):
        _take_promise(step, promise)
    return step.seal("joined", other.state)


def _take_promise(step: Transition, promise: Clock) -> None:
    own = step.live.get(clocks.PROMISE)
    unfinished = own is not None and own.stopped is None
    if own is not None and unfinished:
        if own.due <= promise.due:
            return
        step.put(clocks.cancelled(own, max(step.at, own.started)))
    cycle = own.cycle + 1 if own is not None else 1
    step.put(clocks.fixed(clocks.PROMISE, step.at, promise.due, promise.traits, cycle))


def follow(case: Case, other: Case, policy: Policy, at: datetime, mode: Mode) -> Outcomes:
    """Tell a merged case what became of the one that it was merged into: it is answered with it, or comes back."""
    since = case.closed or at
    heard = case.answered is not None and case.answered >= since
    moment = max(at, since)
    if other.state in SILENT:
        return ([], case) if heard else _come_back(case, other, policy, moment, mode)
    answered = other.answered if has_answered(other) else None
    if (answered is not None) is heard:
        return [], case
    step = Transition(case, policy, moment, mode)
    step.changes["answered"] = None if answered is None else max(answered, since).isoformat()
    step.about["case"] = other.id
    return step.seal("answered_with", case.state)


def has_answered(other: Case) -> bool:
    """Return whether a case has given its answer, and not been reopened since."""
    return other.answered is not None and other.state in _ANSWERED


def _come_back(case: Case, other: Case, policy: Policy, at: datetime, mode: Mode) -> Outcomes:
    step = Transition(case, policy, at, mode)
    accepted = "accepted" in step.lifecycle.states
    state = "accepted" if accepted else step.lifecycle.transitions_for(START, "report")[0].target
    step.changes |= {"merged_into": None, "closed": None, "unit": policy.units.intake, "assist": []}
    step.about |= {"case": other.id, "because": other.state}
    for spec in step.plan.by_start.get("reopen", ()):
        step.start(spec)
    step.attend()
    return triaged(step, step.seal("unmerged", state))
