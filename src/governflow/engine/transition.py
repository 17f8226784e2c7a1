"""A step in the making: what it changes in a case and its clocks, until it is sealed into its events.

One action leaves one event; an evaluation that closes the case and a fault in the rules leave a second.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from governflow.calendars import WorkingCalendar
from governflow.engine.unrecorded import is_missing, measured, unrecorded
from governflow.errors import CalendarError, require
from governflow.model import clocks
from governflow.model.case import Case, changed, evolve
from governflow.model.clocks import SURVIVES_TRANSFER, Clock, ClockSpec
from governflow.model.events import Actor, Event
from governflow.model.faults import Faults, HookFault
from governflow.model.lifecycle import CompiledTransition, Lifecycle
from governflow.model.own_clocks import ATTEND, TRIAGE
from governflow.model.rulings import RecordedRuling
from governflow.model.source import Source
from governflow.model.terms import Mode, Way
from governflow.policy.deadlines import Plan
from governflow.policy.stack import Policy
from governflow.text import Text

#: Clocks that the engine starts by itself: no source could record them.
_KEPT = frozenset({ATTEND.name, TRIAGE.name})
#: The events of a step, and the case after them.
Outcomes = tuple[list[Event], Case]


class Transition:
    """What one step changes, at a moment in UTC. `live` shows the clocks of the present cycles as it leaves them.

    The rules are asked for the lifecycle if it is left out; faults in them are noted in `faults`. `details` are those
    of the command that it carries out; `replaying` says that the command was taken before and is only worked out anew.
    """

    __slots__ = (
        "_plan",
        "_ruled",
        "_view",
        "_viewed",
        "about",
        "action",
        "at",
        "case",
        "changed",
        "changes",
        "context",
        "details",
        "faults",
        "lifecycle",
        "live",
        "mode",
        "policy",
        "replaying",
        "rulings",
    )

    def __init__(
        self,
        case: Case,
        policy: Policy,
        at: datetime,
        mode: Mode,
        lifecycle: Lifecycle | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.case = case
        self.policy = policy
        self.at = at
        self.mode = mode
        self.context = policy.context(case, mode, at)
        self.faults: Faults = [] if faults is None else faults
        self.lifecycle = policy.lifecycle(case, self.faults) if lifecycle is None else lifecycle
        self.action = ""  # of the lifecycle, once it is taken
        self.changes: dict[str, Any] = {}
        self.about: dict[str, Any] = {}
        self.details: dict[str, Any] | None = None
        self.replaying = False
        self.rulings: list[RecordedRuling] = []
        self.live = case.clocks.copy()
        self.changed: dict[tuple[str, int], Clock] = {}
        self._plan: Plan | None = None
        self._ruled: Plan | None = None
        self._view: Case | None = None
        self._viewed = 0

    def view(self) -> Case:
        """Return the case with the changes made so far, for hooks to look at; a field is changed once in a step."""
        changes = self.changes
        if not changes:
            return self.case
        if self._view is None or len(changes) != self._viewed:
            self._view, self._viewed = changed(self.case, changes), len(changes)
        return self._view

    def seen(self) -> None:
        """Note that the case shows the changes made so far already."""
        self._view, self._viewed = self.case, len(self.changes)

    @property
    def plan(self) -> Plan:
        """The clocks of this case that its source can measure; what it never records is not started."""
        plan = self._plan
        if plan is None:
            plan, source = self._ruled or self._ask_plan(), self.case.source
            if source is not None:
                plan = measured(plan, source, frozenset(self.case.told if source.once else ()))
            self._plan = plan
        return plan

    @property
    def ruled(self) -> Plan:
        """The clocks that the rules give this case; asked once, after the changes that matter are made."""
        return self._ruled or self._ask_plan()

    def _ask_plan(self) -> Plan:
        plan = self._ruled = self.policy.plan(self.view(), self.context, self.faults)
        return plan

    def put(self, clock: Clock) -> None:
        """Take a clock's new value."""
        self.live[clock.name] = clock
        self.changed[clock.name, clock.cycle] = clock

    def amend(self, clock: Clock) -> None:
        """Take a new value of a clock of an earlier cycle."""
        if self.live[clock.name].cycle == clock.cycle:
            self.live[clock.name] = clock
        self.changed[clock.name, clock.cycle] = clock

    def calendar(self, spec: ClockSpec) -> WorkingCalendar:
        """Return the calendar of a clock; elapsed time needs none and asks nobody."""
        if spec.allowance.elapsed:
            return WorkingCalendar.always(self.case.zone)
        return self.policy.calendar(spec.name, self.context, self.faults)

    def stop(self, names: tuple[str, ...]) -> None:
        """Stop those of the named clocks that are unfinished."""
        for name in names:
            clock = self.live.get(name)
            # What happened before a clock started cannot have stopped it, however late it is reported.
            if clock is not None and clock.stopped is None and clock.started <= self.at:
                self.put(clocks.stopped(clock, self.at))

    def start(self, spec: ClockSpec, name: str | None = None) -> None:
        """Start a clock unless it is running already; the ruling that gave its allowance goes into the event."""
        name = name or spec.name
        if self.case.source is not None and spec.name not in _KEPT and not self._measures(spec):
            return
        before = self.live.get(name)
        if before is not None and before.stopped is None:
            return
        cycle = before.cycle + 1 if before is not None else 1
        if spec.span is not None:
            clock = clocks.started(spec, name, self.at, cycle)
        else:
            clock = self._started_on_calendar(spec, name, cycle)
        self.put(clock)
        ruling = self.plan.rulings.get(spec.name)
        if ruling is not None:
            self.rulings.append(ruling)

    def _started_on_calendar(self, spec: ClockSpec, name: str, cycle: int) -> Clock:
        calendar = self.policy.calendar(spec.name, self.context, self.faults)
        try:
            return clocks.started_on(spec, name, self.at, cycle, calendar)
        except CalendarError as fault:
            # The case must not be left without a clock: count round the clock, and let a human look at the rules.
            self.faults.append(HookFault.refused(self.policy.code, "governflow_calendar", fault))
            return clocks.started_on(spec, name, self.at, cycle, WorkingCalendar.always(self.case.zone))

    def cancel(self, *, keep: str | None = None, disproves: bool = True) -> None:
        """End the unfinished clocks of the cycle; those with the trait ``keep`` go on, and so does a promise then.

        A promise was made to the one who asked: it passes to whoever holds the case now, with its date.
        """
        for clock in tuple(self.live.values()):
            if clock.stopped is not None or (keep is not None and keep in clock.traits):
                continue
            if keep is not None and clock.name == clocks.PROMISE:
                if clock.duty is not None:
                    self.put(replace(clock, duty=None))
            else:
                self.put(clocks.cancelled(clock, max(self.at, clock.started), disproves=disproves))

    def pause(self) -> None:
        """Pause the running clocks that a suspension pauses, and those of summoned units: nobody could check in."""
        for clock in tuple(self.live.values()):
            if clock.running and clocks.waits(clock):
                held = clocks.paused(clock, self.at)
                if held is not clock:
                    self.put(held)

    def resume(self) -> None:
        """Let the paused clocks go on with what was left of them."""
        for clock in tuple(self.live.values()):
            if clock.paused is not None:
                spec = self.plan.specs.get(clock.name.partition(":")[0])
                calendar = self.calendar(spec) if spec else WorkingCalendar.always(self.case.zone)
                self.put(clocks.resumed(clock, self.at, clocks.allowance_of(clock), calendar))

    @property
    def held(self) -> datetime | None:
        """Since when the case is suspended; None if it is not."""
        return self.case.suspended_since if self.case.suspended_until is not None else None

    def pauses(self, clock: Clock) -> tuple[tuple[datetime, datetime], ...]:
        """Return the pauses that are over in which a clock does not count, those after its due moment included.

        They move nothing while it is due before them; once it gets more time they were pauses all the same.
        """
        if not clocks.waits(clock):
            return clock.pauses
        suspended, start = self.case.suspensions, clock.started
        return tuple((max(since, start), until) for since, until in suspended if until > start)

    def stands_at(self, clock: Clock) -> datetime:
        """Return the moment from which on an unfinished clock has still to count: now, or where its pause began."""
        return max(self.at, clock.started) if clock.paused is None else clock.paused

    def end_ladders(self, *, but: str) -> None:
        """End every ladder of the case but one: a new cycle guards it now."""
        for clock in tuple(self.live.values()):
            if clock.next_rung_at is not None and clock.stopped is None and clock.name != but:
                self.put(replace(clock, next_rung_at=None, urging=None))

    def attend(self) -> None:
        """See to it that an open case has a clock, and that `attend` runs only where there is no other.

        Nobody has to attend to a case that is suspended until a date, or whose next step no source records.
        """
        attending = self.live.get(ATTEND.name)
        if attending is not None and attending.stopped is not None:
            attending = None
        if self._is_attended(attending):
            if attending is not None:
                self.put(clocks.stopped(attending, max(self.at, attending.started)))
        elif attending is None:
            self.start(self.plan.specs.get(ATTEND.name, ATTEND))

    def _is_attended(self, attending: Clock | None) -> bool:
        """Return whether a case needs no clock beside those that it has."""
        for clock in self.live.values():
            if clock.stopped is None and clock.paused is None and clock is not attending:
                return True
        if self.changes.get("until", self.case.suspended_until) is not None:
            return True
        return self._unmeasured()

    def unrecorded(self, source: Source) -> list[str]:
        """Return the clocks that the rules give the case and that its source never measures."""
        return list(unrecorded(self.ruled, source, visit=self.case.visit))

    def _measures(self, spec: ClockSpec) -> bool:
        """Return whether the source of the case records both what starts a clock and what fulfils it."""
        known = self.plan.specs.get(spec.name)
        return known is not None and bool(known.starts)

    def _unmeasured(self) -> bool:
        """Return whether a clock is missing only because the source does not record what it measures."""
        source = self.case.source
        return source is not None and is_missing(self.view(), self.ruled, source, self.action)

    def find(self, code: str, reason: Text, **beside: Any) -> None:
        """Note what is wrong about a fact that is taken all the same, because a journal is the record."""
        self.about.setdefault("findings", []).append({"code": code, "reason": reason, **beside})

    def _ask_again(self) -> None:
        """Let the rules be asked with the next urging of each ladder: what they looked at is different now."""
        for clock in tuple(self.live.values()):
            if clock.urging is not None and (clock.name, clock.cycle) not in self.changed:
                self.put(clocks.asked_again(clock, self.at))

    def _wake_ladders(self) -> None:
        """Let the ladders that waited go on where what guarded them, on paper, has ended."""
        known = self.case.clocks
        ended = any(clock.stopped is not None and clock.paper is not None for clock in self.changed.values())
        lost = any(name in known and clocks.guards(known[name]) for name, _ in self.changed)
        if (ended or lost) and not any(map(clocks.guards, self.live.values())):
            for clock in tuple(self.live.values()):
                if clock.stopped is None and clock.next_rung_at is None and clock.paper == clocks.ASLEEP:
                    self.put(clocks.awake(clock, self.at))

    def seal(
        self, kind: str, state: str, action: str = "", by: Actor | None = None, secret: str | None = None
    ) -> Outcomes:
        """Make the event, and the case after it."""
        case, changes = self.case, self.changes
        if case.way is Way.RECORD:
            self._wake_ladders()
        if changes or state != case.state or action == "reassess":
            for clock in self.live.values():
                if clock.urging is not None:
                    self._ask_again()
                    break
        event = Event(
            case.id,
            case.version + 1,
            kind,
            self.at,
            state,
            action,
            by,
            changes,
            tuple(self.changed.values()),
            tuple(self.rulings),
            self.about,
            secret,
            self.policy.rules if self.rulings else None,
            case.way,
            self.details,
        )
        return [event], evolve(case, event, self._view if self._viewed == len(changes) else None)


# --- from a step to its events ---------------------------------------------------------------------------------------


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
) -> Outcomes:
    """Go one way of the lifecycle: end and start the clocks that it ends and starts, and seal the event.

    The kind of the event is the action's own where none is given; ``secret`` is the commitment to the texts with it.
    """
    action, target, case = way.action.name, way.target, step.case
    step.action = action
    if case.suspended_until is not None and target != case.state:
        step.changes |= {"origin": None, "until": None}
    plan = step.plan
    stops = plan.by_stop.get(action)
    if stops:
        step.stop(stops)
    if action == "inform":
        step.stop((clocks.PROMISE,))
    if way.ends:
        step.cancel()
        if case.closed is None and "closed" not in step.changes:
            step.changes["closed"] = step.at.isoformat()
    else:
        if case.closed is not None and "closed" not in step.changes:
            step.changes["closed"] = None  # it goes on: a review was asked for
        if action == "answer":
            step.stop((clocks.PROMISE,))
        if way.cycle:
            step.cancel(keep=SURVIVES_TRANSFER)
            if case.special is not None:
                step.changes["special"] = None  # the new cycle reports for itself; the old report stays in the book
        for trigger in way.triggers if case.visit else way.triggers_at_desk:
            for spec in plan.by_start.get(trigger, ()):
                if spec.name != "check_in":
                    step.start(spec)
        if not way.closes:
            step.attend()
    return step.seal(kind or way.action.past, target, action, by, secret)


def close_if_done(step: Transition, outcomes: Outcomes) -> Outcomes:
    """Close an evaluated case at once, unless its lifecycle makes a revisit compulsory by forbidding the close."""
    events, after = outcomes
    ways = step.lifecycle.transitions.get((after.state, "close"))
    if after.state != "evaluated" or ways is None:
        return outcomes
    closing = Transition(after, step.policy, step.at, step.mode, step.lifecycle, step.faults)
    closing.changes["closed"] = closing.at.isoformat()
    closed, after = take(closing, ways[0], None)
    return events + closed, after


def refuse_before(case: Case, at: datetime) -> None:
    """Refuse what is said to have happened before a case was opened."""
    require(
        case.opened is None or at >= case.opened,
        "{at} is before case {case} was opened ({opened})",
        "{at} 早于事项 {case} 的上报时间（{opened}）",
        at=at,
        case=case.id,
        opened=case.opened,
    )


def triaged(step: Transition, outcomes: Outcomes) -> Outcomes:
    """Record what went wrong in the rules, if anything did, and put the case before a human, with a clock running."""
    if not step.faults:
        return outcomes
    events, case = outcomes
    record = Transition(case, step.policy, step.at, step.mode, step.lifecycle)
    record.about["faults"] = [fault.as_json() for fault in step.faults]
    if not case.id.startswith("@"):  # a locality's book is no case that anybody could look at anew
        known = case.clocks.get("triage")
        if known is not None and known.stopped is None and step.policy.fault:
            return outcomes  # it is with a human already, and the fault stands in the book
        if case.state not in step.lifecycle.ends:
            record.start(record.plan.specs.get(TRIAGE.name, TRIAGE))
    told, case = record.seal("faulted", case.state)
    return events + told, case
