"""What a command makes of a case: pure, without I/O, clock or randomness.

    decide(case, command, policy, at, mode) -> events and the case after them

What falls due by itself is in `deadlines_due`, what is asked anew in `review`.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import msgspec

from governflow.engine import actions
from governflow.engine.rulings import tier
from governflow.engine.transition import (
    Outcomes,
    Transition,
    choose,
    close_if_done,
    listed,
    refuse_before,
    take,
    triaged,
)
from governflow.errors import CommandError, IllegalAction, NotAllowed, shown
from governflow.model.base_lifecycle import BASE
from governflow.model.case import NO_FACTS, Case, changed
from governflow.model.events import REQUESTER, Actor
from governflow.model.faults import HookFault
from governflow.model.rulings import RecordedRuling
from governflow.model.terms import Mode, Severity, Urgency, member
from governflow.policy.hookspecs import Allowed, Refused
from governflow.policy.stack import Policy, decided
from governflow.text import Text

#: Actions that say something about a case and change nothing of its life: they may come late without harm.
REMARKS = frozenset({"note", "inform", "urge"})


class Command(msgspec.Struct, frozen=True, gc=False):
    """What somebody wants done."""

    action: str
    #: What the action needs: ``to``, ``until``, ``satisfied``, ... Free text in it never reaches an event.
    details: Mapping[str, Any]
    by: Actor | None = None
    #: The commitment to the texts and personal data that come with it.
    secret: str | None = None


def decide(case: Case, command: Command, policy: Policy, at: datetime, mode: Mode = Mode.NORMAL) -> Outcomes:
    """Decide what a command makes of a case, for ``report`` of a fresh one from `unreported`, at a moment in UTC.

    Raises:
        IllegalAction: If the state does not allow the action.
        CommandError: If the details make no sense, the actor may not do it, or it comes too late to fit.
    """
    action = command.action
    step = Transition(case, policy, at, mode)
    ways = step.lifecycle.transitions.get((case.state, action))
    if ways is None:
        raise _illegal(step, action)
    if case.last_changed_at is not None and at < case.last_changed_at:
        _refuse_late(case, action, at)
    # The defaults let everybody through who names no unit: the commonest case need not ask them.
    if policy.judges or (command.by is not None and command.by.unit is not None):
        _authorise(step, command)
    details = command.details
    by = REQUESTER if action == "evaluate" and case.asked else command.by
    if action == "report":
        _report(step)
    else:
        handler = actions.HANDLERS.get(action)
        if handler is not None:
            handler(step, details, by)
    way = ways[0] if ways[0].guard is None else choose(step, ways, details)
    if way is None:
        raise _illegal(step, action)
    outcomes = take(step, way, by, command.secret)
    if action == "evaluate":
        outcomes = close_if_done(step, outcomes)
    return triaged(step, outcomes) if step.faults else outcomes


def unreported(case_id: str, policy: Policy, at: datetime, mode: Mode, details: Mapping[str, Any]) -> Case:
    """Return the case that a report begins with: as it was reported, before any rule was asked.

    Raises:
        CommandError: If the locality has no lifecycle of that name.
    """
    ruled = policy.ruled
    item = ruled.name_of(details.get("item") or "")
    entry = ruled.entry(item)
    lifecycle = details.get("lifecycle") or entry.get("lifecycle") or BASE.name
    if lifecycle not in policy.lifecycles:
        known = ", ".join(policy.lifecycles)
        raise CommandError(
            f"{policy.code} has no lifecycle {lifecycle!r}; it has: {known}",
            f"{policy.code} 没有流程“{lifecycle}”；现有：{known}",
        )
    severity, urgency = details.get("severity"), details.get("urgency")
    visit, asked = actions.yes_no(details, "visit"), actions.yes_no(details, "asked")
    if visit is None:
        visit = entry.get("visit") != "no"
    facts = details.get("facts")
    return Case(
        case_id,
        locality=policy.code,
        lifecycle=lifecycle,
        opened=at,
        severity=member(Severity, severity) if severity else Severity.GENERAL,
        urgency=member(Urgency, urgency) if urgency else Urgency.NORMAL,
        unit=policy.units.intake,
        item=item,
        place=details.get("place") or "",
        channel=details.get("channel") or "",
        informant=details.get("informant") or None,
        facts=MappingProxyType(ruled.read(facts)) if facts else NO_FACTS,
        visit=visit,
        asked=asked is not False,
        mode=mode,
        zone=details.get("zone") or policy.zone,
    )


def _illegal(step: Transition, action: str) -> IllegalAction:
    case, lifecycle = step.case, step.lifecycle
    allowed_in, possible = lifecycle.allowed_in(action), lifecycle.possible(case.state)
    return IllegalAction(case.id, action, case.state, allowed_in, possible, step.policy.names)


def _refuse_late(case: Case, action: str, at: datetime) -> None:
    refuse_before(case, at)
    since = case.last_changed_at
    if action not in REMARKS and since is not None:
        raise CommandError(
            "{action} at {at} no longer fits case {case}: it has been {state} since {since}; "
            "a fact that comes late must be later than that",
            "{at} 的“{action}”已不符合事项 {case} 的经过：自 {since} 起状态为“{state}”；补录的时间必须晚于该时间",
            action=action,
            at=at,
            case=case.id,
            state=case.state,
            since=since,
        )


def _authorise(step: Transition, command: Command) -> None:
    policy, by, action = step.policy, command.by, command.action
    for source, ask in policy.authorities:
        try:
            answer = ask(by, action, step.case, step.context)
        except (Exception, SystemExit, GeneratorExit) as fault:  # noqa: BLE001 - whatever a county's rule raises, the case must stand
            step.faults.append(HookFault.raised(source, "governflow_authorise", fault))
            continue
        if answer is None:
            continue
        if isinstance(answer, Allowed):
            return
        if isinstance(answer, Refused) and type(answer.reason) is Text:
            who = by.id if by else "nobody in particular"
            raise NotAllowed(
                f"{who} may not {action} case {step.case.id}: {answer.reason.en}",
                f"{who} 不能对事项 {step.case.id} 执行“{policy.name(action).zh}”：{answer.reason.zh}",
                {"action": action, "reason": answer.reason, "rule": str(answer.rule), "source": source}
                | ({"faults": listed(step.faults)} if step.faults else {}),
            )
        wrong = "wrong_answer", (shown(answer), "Allowed or Refused")
        step.faults.append(HookFault(source, "governflow_authorise", *wrong))


#: What a report may leave as it is by default; only what differs goes into the event.
_REPORTED = ("item", "place", "channel", "informant", "visit", "asked", "mode", "lifecycle")
_DEFAULTS = Case("")


def _report(step: Transition) -> None:
    """Write what was reported into the event, and ask the rules about it."""
    case, changes, policy = step.case, step.changes, step.policy
    if policy.ruled.looks:
        facts, rulings = _derived(step, case)
        case = step.case = changed(case, {"facts": facts})
    answer = policy.ask("governflow_assess", step.faults, case, step.context)
    severity, urgency = case.severity, case.urgency
    if answer is not None:
        value, ruling, source = answer
        severity, urgency = value.severity, value.urgency
        step.rulings.append(decided("assess", [severity, urgency], ruling, source))
    if policy.ruled.looks:
        if severity is not case.severity or urgency is not case.urgency:
            # What is derived looks at how hard and how pressing the case was found to be.
            assessed = changed(case, {"severity": severity, "urgency": urgency})
            facts, rulings = _derived(step, assessed)
        step.rulings += rulings
        case = step.case = changed(case, {"facts": facts})
    if case.facts:
        changes["facts"] = dict(case.facts)
    changes["locality"] = case.locality
    changes["zone"] = case.zone
    changes["unit"] = case.unit
    changes["severity"] = severity
    changes["urgency"] = urgency
    reported, defaults = case.__dict__, _DEFAULTS.__dict__
    for name in _REPORTED:
        if reported[name] != defaults[name]:
            changes[name] = reported[name]
    if severity is case.severity and urgency is case.urgency:
        step.seen()
    tier(step)


def _derived(step: Transition, case: Case) -> tuple[dict[str, Any], list[RecordedRuling]]:
    """Return the derived facts and their rulings; if the tables fail, the reported facts, and the fault is noted."""
    try:
        return step.policy.ruled.derive(case, step.context)
    except (Exception, SystemExit, GeneratorExit) as fault:  # noqa: BLE001 - whatever a county's table does, the case must stand
        step.faults.append(HookFault.raised(step.policy.code, "governflow_tables", fault))
        return dict(case.facts), []
