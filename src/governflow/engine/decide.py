"""What a command makes of a case, and what falls due by itself: pure, without I/O, clock or randomness.

    decide(case, command, policy, at, mode) -> events and the case after them
    fire(case, policy, mode)                -> the same for what comes next: a warning, a breach, a rung, a lapse (到期)

What is asked anew is in `rulings`.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec.structs import replace

from governflow.engine import actions
from governflow.engine.hand_overs import supervised
from governflow.engine.ladder import climb, rise_due
from governflow.engine.rule_changes import is_lost, settle
from governflow.engine.rulings import tier
from governflow.engine.transition import (
    Outcomes,
    Transition,
    choose,
    close_if_done,
    refuse_before,
    take,
    triaged,
)
from governflow.errors import CommandError, IllegalAction, NotAllowed, require, shown
from governflow.model import clocks
from governflow.model.base_lifecycle import BASE
from governflow.model.case import HAND_OVERS, NO_FACTS, Case, changed
from governflow.model.clocks import LAPSES, Clock
from governflow.model.events import REQUESTER, Actor, Event
from governflow.model.faults import HookFault
from governflow.model.lifecycle import Lifecycle
from governflow.model.rulings import RecordedRuling
from governflow.model.source import Source
from governflow.model.terms import Exempt, Mode, Outcome, Severity, Urgency, Verdict, Way, member
from governflow.policy.hookspecs import Allowed, Refused
from governflow.policy.stack import Policy, decided
from governflow.text import Text
from governflow.timesource import in_utc

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
    #: Whether it was taken before and is only worked out anew: then the lifecycle alone is asked whether it fits.
    replayed: bool = False
    #: When the one who asked did it, where facts that came later stand in its way: it counts from then, and moves the
    #: case from the moment at which it was told.
    done_at: datetime | None = None


def decide(case: Case, command: Command, policy: Policy, at: datetime, mode: Mode = Mode.NORMAL) -> Outcomes:
    """Decide what a command makes of a case, for ``report`` of a fresh one from `unreported`, at a moment in UTC.

    Raises:
        IllegalAction: If the state does not allow the action.
        CommandError: If the details make no sense, the actor may not do it, or it comes too late to fit.
    """
    action = command.action
    settled: list[Event] = []
    if is_lost(case, policy):
        settled, case = settle(case, policy, at, mode)
    step = Transition(case, policy, at, mode, policy.lifecycles.get(case.lifecycle))
    ways = step.lifecycle.transitions.get((case.state, action))
    if ways is None:
        if case.suspended_until == case.next_event_at == at:
            # The suspension ends at this very moment: what is done now is done after it.
            ended, now = fire(case, policy, mode)
            events, now = decide(now, command, policy, at, mode)
            return settled + ended + events, now
        if command.done_at is not None:
            ways = next((ways for (_, name), ways in step.lifecycle.transitions.items() if name == action), None)
        if ways is None:
            raise illegal(case, action, step.lifecycle, policy)
    if command.done_at is not None:
        step.about["done_at"] = command.done_at.isoformat()
    if case.last_changed_at is not None and at < case.last_changed_at:
        _refuse_late(case, action, at, policy)
    step.replaying = command.replayed
    # The defaults let everybody through who names no unit: the commonest case need not ask them.
    if policy.judges or (command.by is not None and command.by.unit is not None):
        authorise(step, command)
    details = command.details
    by = REQUESTER if action == "evaluate" and case.asked else command.by
    if action == "report":
        _report(step)
    else:
        if details or action in _CHOOSES:
            step.details = kept_details(details) or ({} if action in _CHOOSES else None)
        handler = actions.HANDLERS.get(action)
        if handler is not None:
            _handle(handler, step, details, by)
    way = ways[0] if ways[0].guard is None else choose(step, ways, details)
    if way is None:
        raise illegal(step.case, action, step.lifecycle, policy)
    outcomes = take(step, way, by, command.secret)
    if action == "evaluate":
        outcomes = close_if_done(step, outcomes)
    if action in HAND_OVERS:
        outcomes = supervised(step, outcomes)
    elif action == "dispatch" and case.reopened and case.way is Way.RECORD:
        outcomes = rise_due(step, outcomes)
    if step.faults:
        outcomes = triaged(step, outcomes)
    return (settled + outcomes[0], outcomes[1]) if settled else outcomes


#: What of a command's details an event keeps, so that the command can be worked out anew; never a text.
_KEPT = frozenset(
    (
        *("to", "unit", "units", "until", "form", "satisfied", "score", "recurred", "severity", "urgency"),
        *("clock", "granted", "allowance", "approved_by", "into"),
    )
)
#: Actions that choose for themselves what they are not told, so that nothing said is something else than not known:
#: taken again in another life they may have to choose otherwise.
_CHOOSES = frozenset({"appeal", "check_in", "claim", "escalate"})


def kept_details(details: Mapping[str, Any]) -> dict[str, Any]:
    """Return the details of a command as its event keeps them."""
    return {name: _plain(value) for name, value in details.items() if name in _KEPT and value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return in_utc(value).isoformat()
    return value if isinstance(value, (str, int, float, list, tuple)) else str(value)


def _handle(handler: actions.Handler, step: Transition, details: Mapping[str, Any], by: Actor | None) -> None:
    try:
        handler(step, details, by)
    except CommandError as refused:
        if not step.replaying:
            raise
        # It was taken once; what it was about is no longer there (标的已不存在), so that it stands without effect.
        step.about["moot"] = refused.text


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
    facts, way = details.get("facts"), details.get("way")
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
        way=member(Way, way) if way else Way.LIVE,
        source=Source.read(details.get("source")),
    )


def illegal(case: Case, action: str, lifecycle: Lifecycle, policy: Policy) -> IllegalAction:
    """Return the error for an action that the state of a case does not allow."""
    allowed_in, possible = lifecycle.allowed_in(action), lifecycle.possible(case.state)
    return IllegalAction(case.id, action, case.state, allowed_in, possible, policy.names)


def _refuse_late(case: Case, action: str, at: datetime, policy: Policy) -> None:
    refuse_before(case, at)
    since = case.last_changed_at
    require(
        action in REMARKS or since is None,
        "{action} at {at} no longer fits case {case}: it has been {state} since {since}; "
        "a fact that comes late must be later than that",
        "{at} 的“{action_zh}”已不符合事项 {case} 的经过：自 {since} 起状态为“{state_zh}”；补录的时间必须晚于该时间",
        action=action,
        at=at,
        case=case.id,
        state=case.state,
        since=since,
        action_zh=policy.name(action).zh,
        state_zh=policy.name(case.state).zh,
    )


def authorise(step: Transition, command: Command) -> None:
    """Ask the rules whether the actor of a command may do it.

    Raises:
        NotAllowed: If they say no.
    """
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
            if step.replaying or step.case.way is Way.RECORD:  # it has happened: who was allowed to is a finding
                rule = {"action": action, "rule": str(answer.rule), "source": source}
                step.find("not_permitted", answer.reason, **rule)
                return
            who = Text(by.id, by.id) if by else Text("nobody in particular", "未记名人员")
            if by == REQUESTER:
                who = Text(REQUESTER.id, "诉求人")
            raise NotAllowed(
                f"{who.en} may not {action} case {step.case.id}: {answer.reason.en}",
                f"{who.zh} 不能对事项 {step.case.id} 执行“{policy.name(action).zh}”：{answer.reason.zh}",
                {"action": action, "reason": answer.reason, "rule": str(answer.rule), "source": source}
                | ({"faults": [fault.as_json() for fault in step.faults]} if step.faults else {}),
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
    if case.source is not None:
        changes["source"] = case.source.as_json()
        changes["unrecorded"] = step.unrecorded(case.source)


def _derived(step: Transition, case: Case) -> tuple[dict[str, Any], list[RecordedRuling]]:
    """Return the derived facts and their rulings; if the tables fail, the reported facts, and the fault is noted."""
    try:
        return step.policy.ruled.derive(case, step.context)
    except (Exception, SystemExit, GeneratorExit) as fault:  # noqa: BLE001 - whatever a county's table does, the case must stand
        step.faults.append(HookFault.raised(step.policy.code, "governflow_tables", fault))
        return dict(case.facts), []


# --- what falls due by itself -----------------------------------------------------------------------------------------


def fire(case: Case, policy: Policy, mode: Mode = Mode.NORMAL, *, outage: datetime | None = None) -> Outcomes:
    """Return what falls due next for a case, at its own moment: `case.next_event_at`.

    What falls due in an ``outage``, which ends then, is missed and excused: for a day after it nobody is urged or loses
    the case for its sake.

    Returns:
        The events, each with the moment at which it was due, and the case after them.
    """
    at = case.next_event_at
    if at is None:
        return [], case
    if is_lost(case, policy):
        return settle(case, policy, at, mode)
    step = Transition(case, policy, at, mode)
    if policy.fault:
        step.faults.append(HookFault.refused(policy.code, "", policy.fault))
    return triaged(step, _fall_due(step, outage=outage))


def _fall_due(step: Transition, *, outage: datetime | None) -> Outcomes:
    case, at = step.case, step.at
    if case.suspended_until == at:
        actions.resume(step, {}, None)
        way = choose(step, step.lifecycle.transitions_for(case.state, "resume"), {})
        if way is None:  # a lifecycle without a way back: the case stays where it is, and its clocks run
            return step.seal("resumed", case.state, "resume")
        return take(step, way, None)
    clock = _first_due(case, at)
    if clock.outcome is Outcome.BREACHED and clock.warn != at and not clock.is_due_again:
        return climb(step, clock)
    step.about["clock"] = clock.mark
    if clock.warn == at:
        step.put(replace(clock, warn=None))
        return step.seal("warned", case.state)
    if LAPSES in clock.traits:
        return _lapse(step, clock)
    # Whatever excuses a breach excuses nothing of the due time that took its place.
    missed = clocks.breached(clock, appealed=clock.mark in case.appeals)
    if outage is not None:
        missed = replace(missed, exempt=Exempt.OUTAGE, next_rung_at=outage + clocks.LONGEST_GAP)
    step.put(missed)
    return step.seal("breached", case.state)


def _first_due(case: Case, at: datetime) -> Clock:
    """Return the clock to which something happens first: warnings go before due times, these before rungs; by name."""
    due = [clock for clock in case.clocks.values() if clock.stopped is None and clock.moment == at]
    if len(due) == 1:
        return due[0]
    return min(due, key=lambda clock: (clock.outcome is Outcome.BREACHED, clock.warn != at, clock.name))


def _lapse(step: Transition, clock: Clock) -> Outcomes:
    step.put(replace(clock, stopped=clock.due, outcome=Outcome.LAPSED))
    ways = step.lifecycle.transitions_for(step.case.state, clock.name)
    way = next((way for way in ways if way.guard == ("verdict", Verdict.NONE)), None)
    if way is None:
        step.attend()
        return step.seal("lapsed", step.case.state)
    actions.evaluate(step, Verdict.NONE, None, None)
    return close_if_done(step, take(step, way, None, kind="lapsed"))
