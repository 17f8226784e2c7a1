"""What a command makes of a case: pure, without I/O, clock or randomness.

    decide(case, command, policy, at, mode) -> events      what somebody does
    fire(case, policy, mode)                -> events      what falls due by itself

One action leaves one event; an evaluation that closes the case and a fault in the rules leave a second. The case after
the events comes with them, so that nobody has to fold twice.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec.structs import replace

from governflow.engine import actions
from governflow.engine.transition import Transition
from governflow.errors import CommandError, IllegalAction, NotAllowed, shown
from governflow.model import clocks
from governflow.model.base_lifecycle import BASE
from governflow.model.case import NO_FACTS, Case, changed
from governflow.model.clocks import DUTY, LAPSES, SURVIVES_TRANSFER, Clock
from governflow.model.events import REQUESTER, Actor, Event
from governflow.model.faults import Faults, HookFault
from governflow.model.lifecycle import START, CompiledTransition, Lifecycle
from governflow.model.rulings import RecordedRuling
from governflow.model.terms import Cause, Exempt, Kind, Mode, Outcome, Severity, Urgency, Verdict, member
from governflow.policy.hookspecs import Allowed, Breach, Escalation, Refused, Ruling
from governflow.policy.rulings import decided
from governflow.policy.stack import Policy
from governflow.text import Text

#: Actions that say something about a case and change nothing of its life: they may come late without harm.
REMARKS = frozenset({"note", "inform", "urge"})
#: Where the rules say nothing usable the holder is urged daily for a week, then weekly.
_FALLBACK_AGAIN, _FALLBACK_RARELY, _OFTEN = timedelta(days=1), timedelta(weeks=1), 7


class Command(msgspec.Struct, frozen=True, gc=False):
    """What somebody wants done.

    Args:
        action: The action's name.
        details: What it needs: ``to``, ``until``, ``satisfied``, ... Free text in it never reaches an event.
        by: Who wants it.
        secret: The commitment to the texts and personal data that come with it.
    """

    action: str
    details: Mapping[str, Any]
    by: Actor | None = None
    secret: str | None = None


Outcomes = tuple[list[Event], Case]


def decide(case: Case, command: Command, policy: Policy, at: datetime, mode: Mode = Mode.NORMAL) -> Outcomes:
    """Decide what a command makes of a case.

    Args:
        case: The case; for ``report`` a fresh one from `unreported`.
        command: What is wanted.
        policy: The rules to ask.
        at: When it happened, in UTC.
        mode: The mode of the locality.

    Returns:
        The events and the case after them.

    Raises:
        IllegalAction: If the state does not allow the action.
        CommandError: If the details make no sense, the actor may not do it, or it comes too late to fit.
    """
    action = command.action
    faults: Faults = []
    lifecycle = policy.lifecycle(case, faults)
    ways = lifecycle.transitions.get((case.state, action))
    if ways is None:
        raise _illegal(case, action, lifecycle, policy)
    if case.last_changed_at is not None and at < case.last_changed_at:
        _refuse_late(case, action, at)
    draft = Transition(case, policy, at, mode, faults)
    # The defaults let everybody through who names no unit: the commonest case need not ask them.
    if policy.judges or (command.by is not None and command.by.unit is not None):
        _authorise(draft, command)
    details = command.details
    by = REQUESTER if action == "evaluate" and case.asked else command.by
    if action == "report":
        _report(draft)
    else:
        handler = actions.HANDLERS.get(action)
        if handler is not None:
            handler(draft, details, by)
    way = ways[0] if ways[0].guard is None else _open_way(ways, draft, details)
    if way is None:
        raise _illegal(case, action, lifecycle, policy)
    event, after = _take(draft, way, by, command.secret)
    events = [event]
    if action == "evaluate":
        after = _close_if_done(after, policy, at, mode, lifecycle, events, faults)
    if faults:
        after = triaged(after, policy, at, mode, faults, lifecycle, events)
    return events, after


def unreported(case_id: str, policy: Policy, at: datetime, mode: Mode, details: Mapping[str, Any]) -> Case:
    """Return the case that a report begins with: as it was told, before any rule was asked.

    Raises:
        CommandError: If the locality has no lifecycle of that name.
    """
    ruled = policy.ruled
    item = details.get("item") or ""
    if ruled.catalogues:
        item = ruled.name_of(item)
    entry = ruled.entry(item) if ruled.catalogues else ruled.nothing
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
    told = details.get("facts")
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
        facts=MappingProxyType(ruled.read(told)) if told else NO_FACTS,
        visit=visit,
        asked=asked is not False,
        mode=mode,
        zone=details.get("zone") or policy.zone,
    )


def _illegal(case: Case, action: str, lifecycle: Lifecycle, policy: Policy) -> IllegalAction:
    return IllegalAction(
        case.id, action, case.state, lifecycle.allowed_in(action), lifecycle.possible(case.state), policy.names
    )


def _refuse_late(case: Case, action: str, at: datetime) -> None:
    _refuse_before(case, at)
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


def _refuse_before(case: Case, at: datetime) -> None:
    if case.opened is not None and at < case.opened:
        raise CommandError(
            "{at} is before case {case} was opened ({opened})",
            "{at} 早于事项 {case} 的上报时间（{opened}）",
            at=at,
            case=case.id,
            opened=case.opened,
        )


def _authorise(draft: Transition, command: Command) -> None:
    policy, by, action = draft.policy, command.by, command.action
    for source, ask in policy.authorities:
        try:
            answer = ask(by, action, draft.case, draft.context)
        except (Exception, SystemExit, GeneratorExit) as fault:  # noqa: BLE001 - whatever a county's rule raises, the case must stand
            draft.faults.append(HookFault.raised(source, "governflow_authorise", fault))
            continue
        if answer is None:
            continue
        if isinstance(answer, Allowed):
            return
        if isinstance(answer, Refused) and type(answer.reason) is Text:
            who = by.id if by else "nobody in particular"
            raise NotAllowed(
                f"{who} may not {action} case {draft.case.id}: {answer.reason.en}",
                f"{who} 不能对事项 {draft.case.id} 执行“{policy.name(action).zh}”：{answer.reason.zh}",
                {"action": action, "reason": answer.reason, "rule": str(answer.rule), "source": source}
                | ({"faults": listed(draft.faults)} if draft.faults else {}),
            )
        wrong = "wrong_answer", (shown(answer), "Allowed or Refused")
        draft.faults.append(HookFault(source, "governflow_authorise", *wrong))


def _open_way(
    ways: tuple[CompiledTransition, ...], draft: Transition, details: Mapping[str, Any]
) -> CompiledTransition | None:
    """Find the way whose guard holds; soundness has made sure that there is at most one."""
    fact = ways[0].guard[0] if ways and ways[0].guard else ""
    held: Any
    if fact == "verdict":
        held = draft.changes["verdict"]
    elif fact == "origin":
        held = draft.case.suspended_from
    else:
        held = "yes" if details.get("recurred") else "no"
    return next((way for way in ways if way.guard is not None and way.guard[1] == held), None)


#: What a report may leave as it is by default; only what differs goes into the event.
_TOLD = ("item", "place", "channel", "informant", "visit", "asked", "mode", "lifecycle")
_SILENT = Case("")


def _report(draft: Transition) -> None:
    """Write what was told into the event, and ask the rules about it."""
    case, changes, policy = draft.case, draft.changes, draft.policy
    if policy.ruled.looks:
        facts, rulings = _derived(draft, case)
        case = draft.case = changed(case, {"facts": facts})
    answer = policy.ask("governflow_assess", draft.faults, case, draft.context)
    severity, urgency = case.severity, case.urgency
    if answer is not None:
        value, ruling, source = answer
        severity, urgency = value.severity, value.urgency
        draft.rulings.append(decided("assess", [severity, urgency], ruling, source))
    if policy.ruled.looks:
        if severity is not case.severity or urgency is not case.urgency:
            # What is derived looks at how hard and how pressing the case was found to be.
            assessed = changed(case, {"severity": severity, "urgency": urgency})
            facts, rulings = _derived(draft, assessed)
        draft.rulings += rulings
        case = draft.case = changed(case, {"facts": facts})
    if case.facts:
        changes["facts"] = dict(case.facts)
    changes["locality"] = case.locality
    changes["zone"] = case.zone
    changes["unit"] = case.unit
    changes["severity"] = severity
    changes["urgency"] = urgency
    told, silent = case.__dict__, _SILENT.__dict__
    for name in _TOLD:
        if told[name] != silent[name]:
            changes[name] = told[name]
    if severity is case.severity and urgency is case.urgency:
        draft.seen()
    actions.tier(draft)


def _derived(draft: Transition, case: Case) -> tuple[dict[str, Any], list[RecordedRuling]]:
    """Work out the facts; tables that fail leave what was told, and the fault in the book."""
    try:
        return draft.policy.ruled.derive(case, draft.context)
    except (Exception, SystemExit, GeneratorExit) as fault:  # noqa: BLE001 - whatever a county's table does, the case must stand
        draft.faults.append(HookFault.raised(draft.policy.code, "governflow_tables", fault))
        return dict(case.facts), []


def _take(
    draft: Transition, way: CompiledTransition, by: Actor | None, secret: str | None = None, kind: str | None = None
) -> tuple[Event, Case]:
    """Go a way: end and start the clocks that it ends and starts, and seal the event."""
    action = way.action.name
    target = way.target
    if draft.case.suspended_until is not None and target != draft.case.state:
        draft.changes |= {"origin": None, "until": None}
    plan = draft.plan
    stops = plan.by_stop.get(action)
    if stops:
        draft.stop(stops)
    if action == "inform":
        draft.stop(("promise",))
    if way.ends:
        draft.cancel()
        if draft.case.closed is None and "closed" not in draft.changes:
            draft.changes["closed"] = draft.at.isoformat()
    else:
        if draft.case.closed is not None and "closed" not in draft.changes:
            draft.changes["closed"] = None  # it goes on: a review was asked for
        if action == "answer":
            draft.stop(("promise",))
        if way.cycle:
            draft.cancel(keep=SURVIVES_TRANSFER)
            if draft.case.special is not None:
                draft.changes["special"] = None  # the new cycle reports for itself; the old report stays in the book
        for trigger in way.triggers if draft.case.visit else way.triggers_at_desk:
            for spec in plan.by_start.get(trigger, ()):
                if spec.name != "check_in":
                    draft.start(spec)
        if not way.closes and (target != "suspended" or draft.changes.get("until") is None):
            draft.attend()
    return draft.seal(kind or way.action.past, target, action, by, secret)


def _close_if_done(
    case: Case,
    policy: Policy,
    at: datetime,
    mode: Mode,
    lifecycle: Lifecycle,
    events: list[Event],
    faults: Faults,
) -> Case:
    """Close an evaluated case at once, unless its lifecycle makes a revisit compulsory by forbidding the close."""
    ways = lifecycle.transitions.get((case.state, "close"))
    if case.state != "evaluated" or ways is None:
        return case
    draft = Transition(case, policy, at, mode, faults)
    actions.close(draft, {}, None)
    event, after = _take(draft, ways[0], None)
    events.append(event)
    return after


def listed(faults: Faults) -> list[dict[str, Any]]:
    """Return faults as an event keeps them."""
    return [fault.as_json() for fault in faults]


def triaged(
    case: Case, policy: Policy, at: datetime, mode: Mode, faults: Faults, lifecycle: Lifecycle, events: list[Event]
) -> Case:
    """Record what went wrong in the rules and put the case before a human, with a clock running."""
    draft = Transition(case, policy, at, mode, [])
    draft.about["faults"] = listed(faults)
    if case.id.startswith("@"):  # a locality's book is no case that anybody could look at anew
        event, after = draft.seal("faulted", case.state)
        events.append(event)
        return after
    known = case.clocks.get("triage")
    if known is not None and known.stopped is None and policy.fault:
        return case  # it is with a human already, and the fault stands in the book
    if case.state not in lifecycle.ends:
        draft.triage()
    event, after = draft.seal("faulted", case.state)
    events.append(event)
    return after


# --- what falls due by itself -----------------------------------------------------------------------------------------


def fire(case: Case, policy: Policy, mode: Mode = Mode.NORMAL) -> Outcomes:
    """Let the next thing happen that falls due by itself, at its own moment: `case.next_event_at`.

    Returns:
        The events, each with the moment at which it was due, and the case after them.
    """
    at = case.next_event_at
    if at is None:
        return [], case
    draft = Transition(case, policy, at, mode, [])
    lifecycle = policy.lifecycle(case, draft.faults)
    if policy.fault:
        draft.faults.append(HookFault.refused(policy.code, "", policy.fault))
    events, after = _fall_due(draft, lifecycle)
    if draft.faults:
        after = triaged(after, policy, at, mode, draft.faults, lifecycle, events)
    return events, after


def _fall_due(draft: Transition, lifecycle: Lifecycle) -> Outcomes:
    case, at = draft.case, draft.at
    if case.suspended_until == at:
        actions.resume(draft, {}, None)
        way = _open_way(lifecycle.transitions_for(case.state, "resume"), draft, {})
        if way is None:  # a lifecycle without a way back: the case stays where it is, and its clocks run
            event, after = draft.seal("resumed", case.state, "resume")
        else:
            event, after = _take(draft, way, None)
        return [event], after
    clock = next(_due(case, at))
    again = clock.exempt is Exempt.DISPROVED and clock.missed_at is not None and clock.missed_at < clock.due
    if clock.outcome is Outcome.BREACHED and not again:
        return _climb(draft, clock, lifecycle)
    draft.about["clock"] = f"{clock.name}#{clock.cycle}"
    if clock.warn == at:
        draft.put(replace(clock, warn=None))
        event, after = draft.seal("warned", case.state)
        return [event], after
    if LAPSES in clock.traits:
        return _lapse(draft, clock, lifecycle)
    # A breach that was disproved excuses nothing of the due time that took its place.
    draft.put(replace(clocks.breached(clock), exempt=None))
    event, after = draft.seal("breached", case.state)
    return [event], after


def _due(case: Case, at: datetime) -> Any:
    """Return the clocks to which something happens now: warnings first, then due times, then rungs; by name."""
    due = [clock for clock in case.clocks.values() if clock.stopped is None and clock.moment == at]
    due.sort(key=lambda clock: (clock.outcome is Outcome.BREACHED, clock.warn != at, clock.name))
    return iter(due)


def _lapse(draft: Transition, clock: Clock, lifecycle: Lifecycle) -> Outcomes:
    draft.put(clocks.lapsed(clock))
    way = next(
        (
            way
            for way in lifecycle.transitions_for(draft.case.state, clock.name)
            if way.guard == ("verdict", Verdict.NONE)
        ),
        None,
    )
    if way is None:
        draft.attend()
        event, after = draft.seal("lapsed", draft.case.state)
        return [event], after
    actions.evaluate(draft, Verdict.NONE, None, None)
    event, after = _take(draft, way, None, kind="lapsed")
    events = [event]
    after = _close_if_done(after, draft.policy, draft.at, draft.mode, lifecycle, events, draft.faults)
    return events, after


def _climb(draft: Transition, clock: Clock, lifecycle: Lifecycle) -> Outcomes:
    """Climb one rung of a clock's ladder."""
    case = draft.case
    holder = clock.duty or (clock.name.partition(":")[2] if clock.name.startswith("check_in:") else case.unit)
    cause = Breach(clock, clock.rung, holder, clocks.gap(clock))
    escalation = _rung(draft, cause)
    again = None if escalation.next_after is None else draft.at + escalation.next_after
    climbed = {"next_rung_at": again, "rung": clock.rung + 1}
    draft.about["escalation"] = {
        "kind": escalation.kind,
        "cause": Cause.BREACH,
        "from": holder,
        "to": escalation.to,
        "form": escalation.form,
        "clock": f"{clock.name}#{clock.cycle}",
    }
    if escalation.kind is Kind.TAKE_OVER:
        events, after = _taken_over(draft, clock, climbed, escalation, lifecycle)
    else:
        if escalation.kind is Kind.SPECIAL_REPORT:
            draft.changes["special"] = draft.at.isoformat()
        draft.put(replace(clock, **climbed))
        event, after = draft.seal(_RUNGS[escalation.kind], case.state)
        events = [event]
    return events, after


_RUNGS = {Kind.URGE: "urged", Kind.SUPERVISE: "supervised", Kind.SPECIAL_REPORT: "special_report_filed"}


def _rung(draft: Transition, cause: Breach) -> Escalation:
    """Ask what this rung does; where the answer makes no sense the holder is urged, so that nothing is forgotten."""
    answer = draft.policy.ask("governflow_escalate", draft.faults, draft.case, draft.context, cause)
    if draft.policy.fault:
        answer = None  # the defaults' ladder leads to units that this locality does not have
    if answer is not None:
        escalation, ruling, source = answer
        draft.rulings.append(decided("escalate", escalation.kind, ruling, source))
        return escalation  # type: ignore[no-any-return]
    again = _FALLBACK_AGAIN if cause.rung < _OFTEN else _FALLBACK_RARELY
    escalation = Escalation(Kind.URGE, cause.holder, None, again)
    reason = Text("the rules gave no usable escalation: the holder is urged", "规则未给出可用的升级方式：先行催办")
    draft.rulings.append(decided("escalate", Kind.URGE, Ruling(escalation, reason, "ladder/fallback"), "governflow"))
    return escalation


def _taken_over(
    draft: Transition, clock: Clock, climbed: dict[str, Any], escalation: Escalation, lifecycle: Lifecycle
) -> Outcomes:
    """Take a case over: a new cycle with the higher unit, or only the duty where the state has to stay."""
    case = draft.case
    action = "dispatch" if clock.name == "dispatch" else "escalate"
    ways = lifecycle.transitions_for(case.state, action)
    stays = DUTY in clock.traits and SURVIVES_TRANSFER not in clock.traits
    if not ways or stays:
        draft.put(replace(clock, **climbed, duty=escalation.to))
        if not clock.name.startswith("check_in:"):
            draft.changes["unit"] = escalation.to
            if escalation.form is not None:
                draft.changes["form"] = escalation.form
                actions.retier(draft)
        event, after = draft.seal("taken_over", case.state)
        return [event], after
    if SURVIVES_TRANSFER in clock.traits:
        draft.put(replace(clock, **climbed))
    draft.end_ladders(but=clock.name)
    draft.cancel(keep=SURVIVES_TRANSFER, told=False)
    if action == "dispatch":
        actions.route(draft, None)
        draft.about["escalation"] |= {"to": draft.changes["unit"], "form": draft.changes["form"], "by": escalation.to}
    else:
        draft.changes |= {"unit": escalation.to, "assist": [], "designated": False}
        if escalation.form is not None:
            draft.changes["form"] = escalation.form
            actions.retier(draft)
    event, after = _take(draft, ways[0], None, kind="taken_over")
    return [event], after


# --- asking anew ------------------------------------------------------------------------------------------------------


def reassess(case: Case, policy: Policy, at: datetime, mode: Mode, by: Actor | None) -> Outcomes:
    """Ask the rules installed now about an open case, on purpose: severity, tier and the clocks that still run."""
    faults: Faults = []
    lifecycle = policy.lifecycle(case, faults)
    _require_open(case, lifecycle)
    _refuse_before(case, at)
    draft = Transition(case, policy, at, mode, faults)
    answer = policy.ask("governflow_assess", faults, case, draft.context)
    if answer is not None:
        value, ruling, source = answer
        draft.changes |= {"severity": value.severity, "urgency": value.urgency}
        draft.rulings.append(decided("assess", [value.severity, value.urgency], ruling, source))
    actions.derive(draft)
    actions.tier(draft)
    actions.recount(draft)
    draft.stop(("triage",))
    before = {"severity": case.severity, "urgency": case.urgency, "tier": case.tier, "facts": dict(case.facts)}
    now = draft.view().__dict__
    draft.about["before"] = {name: value for name, value in before.items() if value != now[name]}
    draft.about["due"] = due_changes(case, draft)
    draft.attend()
    event, after = draft.seal("reassessed", case.state, "reassess", by)
    events = [event]
    if faults:
        after = triaged(after, policy, at, mode, faults, lifecycle, events)
    return events, after


def remode(case: Case, policy: Policy, at: datetime, mode: Mode, by: Actor | None) -> Outcomes:
    """Tell an open case that the mode has changed: its running clocks get the allowances of the new mode."""
    faults: Faults = []
    lifecycle = policy.lifecycle(case, faults)
    draft = Transition(case, policy, at, mode, faults)
    draft.changes["mode"] = mode
    actions.recount(draft, fairly=True)
    if case.state not in lifecycle.ends and case.suspended_until is None:
        draft.attend()
    draft.about |= {"from": case.mode, "to": mode, "due": due_changes(case, draft)}
    event, after = draft.seal("mode_switched", case.state, "", by)
    events = [event]
    if faults:
        after = triaged(after, policy, at, mode, faults, lifecycle, events)
    return events, after


def due_changes(case: Case, draft: Transition) -> dict[str, list[str]]:
    """Return the due times that a step changes, before and after."""
    changes = {}
    for clock in draft.changed.values():
        before = case.clocks.get(clock.name)
        if before is not None and before.cycle == clock.cycle and before.due != clock.due:
            changes[f"{clock.name}#{clock.cycle}"] = [before.due.isoformat(), clock.due.isoformat()]
    return changes


def recalculate(case: Case, policy: Policy, at: datetime, mode: Mode, by: Actor | None) -> Outcomes:
    """Count again the clocks that were fixed when the calendar did not yet know the year."""
    faults: Faults = []
    lifecycle = policy.lifecycle(case, faults)
    _require_open(case, lifecycle)
    draft = Transition(case, policy, at, mode, faults)
    actions.recount(draft, flagged_only=True)
    events: list[Event] = []
    after = case
    if draft.changed:
        event, after = draft.seal("recalculated", case.state, "recalculate", by)
        events.append(event)
    if faults:
        after = triaged(after, policy, at, mode, faults, lifecycle, events)
    return events, after


def _require_open(case: Case, lifecycle: Lifecycle) -> None:
    if case.state in lifecycle.ends or case.state == START:
        raise CommandError(f"case {case.id} is {case.state}: nothing of it runs any more", f"事项 {case.id} 已了结")
