"""What a step asks the rules for: where the case goes, its tier, its facts and its clocks anew (研判、重新研判)."""

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from governflow.engine import recalculation
from governflow.engine.transition import Outcomes, Transition, refuse_before, triaged
from governflow.errors import CalendarError, CommandError, require
from governflow.model import clocks
from governflow.model.case import Case, changed
from governflow.model.clocks import Clock, ClockSpec
from governflow.model.events import Actor
from governflow.model.faults import HookFault
from governflow.model.lifecycle import START
from governflow.model.terms import Form, Mode, Way
from governflow.normalize import nearest
from governflow.policy.stack import Policy, decided


def route(step: Transition, chosen: str | None) -> None:
    """Rule where the case goes; a unit that somebody chose overrides the lead and keeps the ruling in the book."""
    case = step.view()
    if case.reopened and case.way is Way.RECORD:
        case = changed(case, {"reopened": 0})  # a rise after "not satisfied" is a measure: see `ladder.rise_due`
    answer = step.policy.ask("governflow_route", step.faults, case, step.context)
    units = step.policy.units
    lead, form, assist = units.intake, case.form or Form.DIRECT, []
    if answer is not None:
        ruled, ruling, source = answer
        lead, form, assist = ruled.lead, ruled.form, list(ruled.assist)
        step.rulings.append(decided("route", {"lead": lead, "form": form, "assist": assist}, ruling, source))
    if chosen is not None and chosen != lead:
        require_unit(step, chosen)
        known = units.units.get(chosen)
        if known is not None and known.forms and form not in known.forms:
            form = known.forms[0]
        step.about["chosen"] = chosen
        lead = chosen
    step.changes |= {"unit": lead, "form": form, "assist": assist}
    received(step, lead, designated=chosen is not None and "chosen" in step.about)


def received(step: Transition, unit: str, *, designated: bool) -> None:
    """Note who first received the case, and whether a person chose the present holder."""
    if step.case.first_receiver is None and unit != step.policy.units.intake:
        step.changes["first"] = unit
    if designated is not step.case.designated:
        step.changes["designated"] = designated


#: A chart with more names is not searched for what somebody may have meant.
_LOOKED_THROUGH = 2000


def require_unit(step: Transition, unit: object) -> None:
    """Refuse a unit that the org chart does not know."""
    if not isinstance(unit, str):
        raise CommandError(f"a unit is a text, not {unit!r}", f"单位应为文字，而不是 {unit!r}")
    if unit not in step.policy.units and not step.replaying:
        units = step.policy.units.units.values()
        names = (
            [name for unit in units for name in (unit.text.zh, unit.text.en)] if len(units) < _LOOKED_THROUGH else []
        )
        if (alike := nearest(unit, names)) is not None:
            raise CommandError(
                f"the org chart of {step.policy.code} has no unit {unit!r}; perhaps {alike} is meant",
                f"{step.policy.code} 的组织架构中没有“{unit}”；是否为“{alike}”",
            )
        first = list(step.policy.units.units.values())[:12]
        known, called = ", ".join(one.id for one in first), "、".join(one.text.zh for one in first)
        raise CommandError(
            f"the org chart of {step.policy.code} has no unit {unit!r}; it has: {known}",
            f"{step.policy.code} 的组织架构中没有“{unit}”；现有：{called}",
        )


def derive(step: Transition) -> None:
    """Work out anew what the tables look at: it may look at how hard and how pressing the case is."""
    facts, rulings = step.policy.ruled.derive(step.view(), step.context)
    step.rulings += rulings
    if facts != dict(step.case.facts):
        step.changes["facts"] = facts


def tier(step: Transition, *, only_if_changed: bool = False) -> None:
    """Rule on the tier anew.

    Where only the form has changed, which may change the tier (提级), one that stays as it is leaves no ruling.
    """
    answer = step.policy.ask("governflow_tier", step.faults, step.view(), step.context)
    if answer is None or (only_if_changed and answer[0] is step.case.tier):
        return
    value, ruling, source = answer
    step.changes["tier"] = value
    step.rulings.append(decided("tier", value, ruling, source))


def recount(step: Transition) -> None:
    """Count the clocks whose allowance has changed anew, from their own start, with their pauses carried.

    What is asked only now asks nothing of the time before: a due time that would be over already gives way to the new
    allowance from now on, if that is not later than what was asked so far. A date that was granted stands.
    """
    for clock in tuple(step.live.values()):
        spec = step.plan.specs.get(clock.name.partition(":")[0])
        if clock.stopped is not None or clock.allowance == clocks.PROMISED:
            continue
        if spec is None:
            if clock.name not in _ALWAYS:  # the rules do not give this clock any more
                step.put(clocks.cancelled(clock, max(step.at, clock.started), disproves=False))
            continue
        if spec.written == clock.allowance:
            continue
        try:
            recounted = _recounted(step, clock, spec)
        except CalendarError as fault:  # the clock keeps the due time that it has, and a human looks at the rules
            step.faults.append(HookFault.refused(step.policy.code, "governflow_calendar", fault))
            continue
        step.put(recounted)
        if recounted.since is not None:
            step.about["anew"] = [*step.about.get("anew", ()), clock.mark]
        ruling = step.plan.rulings.get(spec.name)
        if ruling is not None:
            step.rulings.append(ruling)


def _recounted(step: Transition, clock: Clock, spec: ClockSpec) -> Clock:
    """Return a clock with the allowance that the rules give it now."""
    calendar, now, pauses = step.calendar(spec), step.stands_at(clock), step.pauses(clock)
    count = due = spec.allowance.due(clock.started, calendar, pauses)
    flagged = spec.allowance.flagged(clock.started, count, calendar)
    new: dict[str, Any] = {"allowance": spec.written, "calendar_unknown": flagged, "since": None}
    if clock.original is not None:
        # The date that extensions gave so far is granted, whatever the rules say now.
        granted = clock.due if clock.due > clock.original else clock.granted
        new |= {"original": count, "granted": granted, "added": ()}
        if clock.counted is not None:
            new["counted"] = count if count >= now else min(clock.counted, spec.allowance.due(now, calendar))
        due = max(count, granted) if granted is not None else count
    if due < now and due < clock.due:
        # Nobody could have kept what was asked of them only now.
        anew = spec.allowance.due(now, calendar)
        due, new["since"] = (anew, now) if anew < clock.due else (clock.due, None)
        if clock.original is not None:
            new["original"] = due
    new["pauses"] = tuple(pause for pause in pauses if pause[0] < due)
    warn = clocks.warning(replace(clock, since=new["since"], pauses=new["pauses"]), due, spec.allowance, calendar)
    return clocks.retimed(clock, due, warn, step.at, step.held, **new)


#: Clocks that the engine starts by itself.
_ALWAYS = frozenset({"triage", "attend"})


# --- an open case looked at anew: on purpose, in another mode, with a newer calendar ---------------------------------


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
    derive(step)
    tier(step)
    recount(step)
    step.stop(("triage",))
    before = {"severity": case.severity, "urgency": case.urgency, "tier": case.tier, "facts": dict(case.facts)}
    now = step.view().__dict__
    step.about["before"] = {name: value for name, value in before.items() if value != now[name]}
    step.about["due"] = due_changes(case, step)
    step.attend()
    return triaged(step, step.seal("reassessed", case.state, "reassess", by))


def remode(case: Case, policy: Policy, at: datetime, mode: Mode, by: Actor | None) -> Outcomes:
    """Tell an open case that the mode has changed: its running clocks get the allowances of the new mode."""
    step = Transition(case, policy, at, mode)
    step.changes["mode"] = mode
    recount(step)
    if case.state not in step.lifecycle.ends and case.suspended_until is None:
        step.attend()
    step.about |= {"from": case.mode, "to": mode, "due": due_changes(case, step)}
    return triaged(step, step.seal("mode_switched", case.state, "", by))


def due_changes(case: Case, step: Transition) -> dict[str, list[str]]:
    """Return the due times that a step changes, before and after."""
    changes = {}
    for clock in step.changed.values():
        before = case.clocks.get(clock.name)
        if before is not None and before.cycle == clock.cycle and before.due != clock.due:
            changes[clock.mark] = [before.due.isoformat(), clock.due.isoformat()]
    return changes


def recalculate(case: Case, policy: Policy, at: datetime, mode: Mode, by: Actor | None) -> Outcomes:
    """Count anew every clock that a calendar counted: it may have learnt of a holiday, or of a whole year.

    Clocks that were stopped are reached too. A breach of a due time that was none is withdrawn, and the event says so.
    """
    step = Transition(case, policy, at, mode)
    require(case.state != START, f"case {case.id} was never reported", f"事项 {case.id} 未上报")
    for clock in (*case.past, *step.live.values()):
        try:
            counted = recalculation.counted_again(step, clock)
        except CalendarError as fault:  # the clock keeps the due time that it has, and a human looks at the rules
            step.faults.append(HookFault.refused(policy.code, "governflow_calendar", fault))
            continue
        if counted == clock:
            continue
        step.amend(counted)
        gone = [miss.at.isoformat() for miss in clock.misses[len(counted.misses) :]]
        if clock.misses and not counted.misses and clock.mark in case.appeals:
            waiting = step.changes.get("appeals", case.appeals)
            step.changes["appeals"] = [mark for mark in waiting if mark != clock.mark]  # there is nothing to rule on
        if gone:
            step.about["withdrawn"] = {**step.about.get("withdrawn", {}), clock.mark: gone}
    outcomes = step.seal("recalculated", case.state, "recalculate", by) if step.changed else ([], case)
    return triaged(step, outcomes)


def _require_open(step: Transition) -> None:
    case = step.case
    require(
        case.state not in step.lifecycle.ends and case.state != START,
        f"case {case.id} is {case.state}: nothing of it runs any more",
        f"事项 {case.id} 已了结",
    )
