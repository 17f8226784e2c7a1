"""How a case lives under check: steps with time between, in an engine of its own or without one (演练).

A `Scenario` is a value: a reported case, and steps of three plain parts, so that it can be written as JSON, lived
again to the letter, and shortened by leaving steps out. What a step needs beside (a unit, a date, a reason) is filled
in from the case as it then stands and from the step's own number. Actors name no unit: who may do what is not what is
looked at here.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import Any
from zoneinfo import ZoneInfo

import attrs
from msgspec.structs import replace

from governflow.charter.cases.reported import BEGIN, ReportedCase, fresh
from governflow.charter.lives.fault_injection import twin
from governflow.charter.subject import Subject
from governflow.engine.decide import Command, decide, fire
from governflow.engine.engine import Engine
from governflow.errors import GovernflowError
from governflow.model.case import Case, evolve
from governflow.model.events import AMENDED, EVENT_NAMES, Event
from governflow.model.faults import HookFault, faults_in
from governflow.model.life import numbered
from governflow.model.terms import Mode, Severity, Urgency
from governflow.policy.stack import Policy
from governflow.text import Text

#: The id of the case that lives, and of the one that it may be merged into.
CASE, OTHER = "life", "other"

#: What a step may do beside the actions of the lifecycle.
ADVANCE, SWITCH, MUSTER, OUTAGE, REASSESS = "advance", "switch_mode", "check_in_at_muster", "declare_outage", "reassess"
#: A hook of the locality fails from here on, and all of them answer again.
FAIL, MEND = "rules_fail", "rules_mend"
#: What is no action of a case.
NO_ACTIONS = frozenset({ADVANCE, SWITCH, MUSTER, OUTAGE, REASSESS, FAIL, MEND, "report"})

HOUR, DAY, YEAR = 60, 1440, 525_600
#: A case with more events is lost in a ladder without end, which other laws tell of; so often it is looked at.
_ENDLESS, _LOOKED = 1200, timedelta(days=30)


@attrs.frozen
class ScenarioStep:
    """One step of a life.

    Args:
        after: Minutes since the step before it.
        do: An action of the lifecycle, or one of `ADVANCE`, `SWITCH`, `MUSTER`, `OUTAGE`, `REASSESS`, `FAIL`, `MEND`;
            a case is reported at `BEGIN` where no step does ``report``.
        pick: What its details are chosen by.
    """

    after: int
    do: str
    pick: int = 0


@attrs.frozen
class Scenario:
    """A life that can be lived again: the case as its report tells it, and what is done then."""

    reported_case: ReportedCase
    steps: tuple[ScenarioStep, ...]

    def as_case(self) -> dict[str, object]:
        """Write it as a failure tells its case: the steps stand beside what was reported, under ``steps``."""
        return {**self.reported_case, "steps": [[step.after, step.do, step.pick] for step in self.steps]}

    @classmethod
    def read(cls, reported_case: ReportedCase) -> "Scenario":
        """Read back what `as_case` wrote; a case without steps is a life in which nobody acts."""
        given = {name: value for name, value in reported_case.items() if name != "steps"}
        if "steps" not in reported_case:
            return cls(given, idle(reported_case))
        return cls(given, tuple(ScenarioStep(*step) for step in reported_case["steps"]))


@attrs.frozen(eq=False, slots=False)
class SimulatedCase:
    """A scenario that was lived.

    Args:
        scenario: The scenario.
        case: The case as the engine has it at the end; None if it could not be reported.
        events: Its events.
        book: The events of the locality's own book, without merits and without their numbers.
        broken: What was raised that is no refusal; empty if nothing was.
        engine: Where it was lived.
        swallowed: The hooks that were made to fail, and of whose failing the book says nothing.
        failed: The hooks that were made to fail.
        lost: Whether it was left before its end, for it has none.
    """

    scenario: Scenario
    case: Case | None
    events: tuple[Event, ...]
    book: tuple[Event, ...]
    broken: str
    engine: Engine
    swallowed: tuple[str, ...] = ()
    failed: frozenset[str] = frozenset()
    lost: bool = False

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """The case after each event."""
        found: list[Case] = []
        for event in self.events:
            found.append(evolve(found[-1] if found else None, event))
        return tuple(found)

    def moments(self) -> Iterator[tuple[Event, Case]]:
        """Return the case as each moment leaves it, with the moment's last event."""
        for event, case, following in zip(self.events, self.cases, (*self.events[1:], None), strict=True):
            if following is None or following.at != event.at:
                yield event, case

    @cached_property
    def unsound(self) -> str:
        """What the ledger's own check says; empty if it is whole."""
        try:
            self.engine.verify()
        except GovernflowError as fault:
            return str(fault)
        return ""

    def faults(self) -> Iterator[HookFault]:
        """Return what went wrong in the rules and was not made to."""
        for event in (*self.events, *self.book):
            yield from (fault for fault in faults_in(event.about) if fault.hook not in self.failed)

    def said(self, policy: Policy, last: int = 12) -> tuple[Text, ...]:
        """Tell the life, or its end: one line an event."""
        return tuple(line(event, policy) for event in self.events[-last:])


def line(event: Event, policy: Policy) -> Text:
    """Tell one event: when, what, the state afterwards, and which rules said so."""
    when = f"{event.at.astimezone(ZoneInfo(policy.zone)):%Y-%m-%d %H:%M}"
    rules = [f"{ruling.rule} ({ruling.source})" for ruling in event.rulings if ruling.rule]
    word, state = kind_of(event, policy), policy.name(event.state)
    climb = event.escalation
    to = policy.units.name(climb["to"]) if climb is not None else None
    en, zh = (f" -> {to.en}", f" → {to.zh}") if to is not None else ("", "")
    by = (f" [{', '.join(rules)}]", f"［{'、'.join(rules)}］") if rules else ("", "")
    return Text(f"{when} {word.en}{en} ({state.en}){by[0]}", f"{when} {word.zh}{zh}（{state.zh}）{by[1]}")


def kind_of(event: Event, policy: Policy) -> Text:
    """Name what happened, as the dossier does; in English by the event's kind."""
    known = EVENT_NAMES.get(event.kind)
    if known is not None and not (event.kind == "urged" and event.action):
        return Text(event.kind, known.zh)
    return Text(event.kind, policy.name(event.action or event.kind).zh)


def idle(reported_case: ReportedCase) -> tuple[ScenarioStep, ...]:
    """Return the steps of a life in which nobody acts: ever longer leaps over a year; no emergency lasts so long."""
    calm = (ScenarioStep(0, SWITCH),) if reported_case.get("mode") == Mode.EMERGENCY else ()
    waits = tuple(ScenarioStep(span, ADVANCE) for span in (4, HOUR, 3 * HOUR, 7 * DAY, 60 * DAY, YEAR))
    return (*waits[:3], *calm, *waits[3:])


# --- living -----------------------------------------------------------------------------------------------------------


class Simulator:
    """Lives a scenario in an engine of its own.

    Args:
        subject: The locality.
        reported_case: The case.
        parts: In how many leaps time passes between two steps; 0 leaves it to the commands to catch up.
        waits: Whether a step reports the case; it is reported at once by default.
        failing: Whether hooks may be made to fail.
    """

    def __init__(
        self,
        subject: Subject,
        reported_case: ReportedCase,
        *,
        parts: int = 1,
        waits: bool = False,
        failing: bool = False,
    ) -> None:
        self.reported_case, self.parts = reported_case, parts
        self.twin = twin(subject) if failing else None
        if self.twin is not None:
            subject = self.twin.subject
            self.twin.mend()
            self.twin.struck.clear()
        self.subject, self.policy = subject, subject.policy
        self.engine = subject.engine()
        self.at = BEGIN
        self.broken = ""
        #: Whether the case has more events than any life needs: it is not lived any further.
        self.lost = False
        self.steps: list[ScenarioStep] = []
        self._struck: set[str] = set()
        self._failed: set[str] = set()
        if reported_case.get("mode") == Mode.EMERGENCY:
            self._try(lambda: self.engine.switch_mode(self.policy.code, Mode.EMERGENCY, reason="check", at=BEGIN))
        if not waits:
            self._try(partial(self._report, CASE))

    def _report(self, name: str) -> None:
        reported_case = {key: value for key, value in self.reported_case.items() if key != "mode"}
        self.engine.report(locality=self.subject.code, case_id=name, at=self.at, **reported_case)

    @property
    def case(self) -> Case | None:
        """The case as it is now."""
        return self.engine.find(CASE)

    def step(self, step: ScenarioStep) -> None:
        """Do one step; what the rules refuse is not done."""
        self.steps.append(step)
        before, self.at = self.at, self.at + timedelta(minutes=step.after)
        # What fell due under a hook that fails must not wait until it answers again.
        parts = max(self.parts, 1) if step.do in (ADVANCE, FAIL, MEND) else self.parts
        if self.lost:
            return
        for part in range(1, parts + 1):
            self._advance(before + (self.at - before) * part / parts)
        if step.do == FAIL and self.twin is not None:
            self._failed.add(self.twin.fail(step.pick))
        elif step.do == MEND and self.twin is not None:
            self.twin.mend()
        elif step.do not in (ADVANCE, FAIL, MEND):
            self._try(lambda: self._do(step))

    def _advance(self, goal: datetime) -> None:
        """Let time pass, until the case is lost in a ladder without end."""
        while not self.lost and (self.engine.now or BEGIN) < goal:
            leap = min(goal, (self.engine.now or BEGIN) + _LOOKED)
            self._try(partial(self.engine.advance, leap))
            case = self.case
            self.lost = case is not None and case.version > _ENDLESS
            if (self.engine.now or BEGIN) < leap:
                return  # it was not possible; why, is known

    def _try(self, do: Callable[[], object]) -> None:
        struck = self.twin.struck if self.twin is not None else set[str]()
        struck.clear()
        try:
            do()
        except GovernflowError:
            return  # refused, with a sentence: that is what a rule may do
        except Exception as raised:  # noqa: BLE001 - whatever a county's rule raises must not end the check
            self.broken = self.broken or f"{type(raised).__name__}: {raised}"
        self._struck |= struck

    def _do(self, step: ScenarioStep) -> None:
        engine, code, at, pick = self.engine, self.policy.code, self.at, step.pick
        if step.do == SWITCH:
            everyday = engine.mode(code) is Mode.NORMAL
            engine.switch_mode(code, Mode.EMERGENCY if everyday else Mode.NORMAL, reason="check", at=at)
        elif step.do == MUSTER:
            muster = engine.muster(code)
            if muster is not None and muster.absent:
                engine.check_in_at_muster(code, post=muster.absent[pick % len(muster.absent)], at=at)
        elif step.do == OUTAGE:
            engine.declare_outage(code, at - timedelta(hours=pick % 5 + 1), at, reason="check", at=at)
        elif step.do == REASSESS:
            engine.reassess(CASE, at=at)
        elif step.do == "report":
            self._report(CASE)
        else:
            if step.do == "merge" and engine.find(OTHER) is None:
                self._report(OTHER)
            engine.act(step.do, CASE, at=at, **details(step.do, pick, self._now(), self.policy, at))

    def _now(self) -> Case:
        """Return the case at this moment: what is filled in must not depend on whether time was let pass in between."""
        case = self.engine.case(CASE)
        return case if self.parts else settled(self.policy, case, self.at, self.engine.mode(self.policy.code))

    def life(self) -> SimulatedCase:
        """Return what was lived so far."""
        # A command that was refused leaves nothing behind, not even what fell due before it.
        self._advance(self.at)
        engine, case = self.engine, self.case
        events = _life(engine, CASE) if case is not None else ()
        told = engine.history(CASE) if case is not None else ()  # with what was withdrawn since
        if case is not None and len(events) != case.version:  # told late: the life has other numbers than the book
            case = attrs.evolve(case, version=len(events))
        # Merits are entered when the store learns of what earned them: they and their numbers depend on that.
        book = tuple(replace(event, seq=0) for event in engine.book(self.policy.code) if event.kind != "merit_entered")
        other = _life(engine, OTHER) if engine.find(OTHER) is not None else ()
        recorded = {fault.hook for event in (*events, *told, *book, *other) for fault in faults_in(event.about)}
        return SimulatedCase(
            Scenario(self.reported_case, tuple(self.steps)),
            case,
            events,
            book,
            self.broken,
            engine,
            swallowed=tuple(sorted(self._struck - recorded)),
            failed=frozenset(self._failed),
            lost=self.lost,
        )


def _life(engine: Engine, name: str) -> tuple[Event, ...]:
    """Return the life of a case, with denials and the like where nothing was amended."""
    book = engine.history(name)
    amended = any(event.kind == AMENDED for event in book)
    return tuple(numbered(engine.life(name))) if amended else tuple(book)


def play(subject: Subject, scenario: Scenario, parts: int = 1) -> SimulatedCase:
    """Live a scenario; for the parts see `Simulator`."""
    does = {step.do for step in scenario.steps}
    simulator = Simulator(
        subject, scenario.reported_case, parts=parts, waits="report" in does, failing=not does.isdisjoint((FAIL, MEND))
    )
    for step in scenario.steps:
        simulator.step(step)
    return simulator.life()


def details(action: str, pick: int, case: Case, policy: Policy, at: datetime) -> dict[str, Any]:
    """Fill in what an action needs, as the case stands; an action that a locality added needs nothing."""
    units = tuple(policy.units.units)
    days = timedelta(days=pick % 10 + 1)
    running = [clock.name for clock in case.clocks.values() if clock.stopped is None]
    waiting = [name.partition(":")[2] for name in running if name.startswith("check_in:")]
    of: dict[str, Callable[[], dict[str, Any]]] = {
        "decline": lambda: {"reason": "check"},
        "return": lambda: {"reason": "check"},
        "dispatch": lambda: {"to": units[pick // 3 % len(units)]} if pick % 3 == 1 else {},
        "claim": lambda: {"unit": _claiming(policy, pick)},
        "confer": lambda: {"until": at + days} if pick % 2 else {},
        "suspend": lambda: {"until": at + days} if pick % 4 else {},
        "transfer": lambda: {"to": _another(units, case, pick)},
        "whistle": lambda: {"units": [_another(units, case, pick)]},
        "check_in": lambda: {"unit": waiting[pick % len(waiting)] if waiting else None},
        "answer": lambda: {"text": "check"},
        "evaluate": lambda: {"satisfied": pick % 2 == 0},
        "revisit": lambda: {"recurred": pick % 2 == 1},
        "extend": lambda: {
            "clock": running[pick % len(running)] if running else None,
            "allowance": "1h" if pick % 2 else "2d",
            "approved_by": "check",
            "reason": "check",
        },
        "reclassify": lambda: {
            "severity": tuple(Severity)[pick % len(Severity)],
            "urgency": tuple(Urgency)[pick // 3 % len(Urgency)],
        },
        "appeal": lambda: {"reason": "check"},
        "rule": lambda: {"granted": pick % 2 == 0},
        "merge": lambda: {"into": OTHER},
        "note": lambda: {"text": "check"},
    }
    return of.get(action, dict)()


def _another(units: Sequence[str], case: Case, pick: int) -> str:
    """Choose a unit that does not have the case, where there is one."""
    other = [unit for unit in units if unit != case.unit] or [case.unit]
    return other[pick % len(other)]


def _claiming(policy: Policy, pick: int) -> str:
    teams = policy.units.having("team") or tuple(policy.units.units.values())
    return teams[pick % len(teams)].id


# --- what may be done -------------------------------------------------------------------------------------------------

#: After so many cycles of a clock nobody begins another one: far fewer than the core takes for a ladder in a circle.
_CYCLES = 12


@attrs.frozen
class Choices:
    """The actions that a case's state allows, in the order of the lifecycle."""

    possible: tuple[str, ...]
    #: Those that may lead to another state, and those after which the case is still open there.
    moving: tuple[str, ...]
    lasting: tuple[str, ...]


def choices(policy: Policy, case: Case) -> Choices:
    """Return what may be done to a case; one that was begun anew again and again is only brought on."""
    lifecycle, state = policy.lifecycle(case, []), case.state
    worn_out = any(clock.cycle >= _CYCLES for clock in case.clocks.values())
    targets = {
        action: {way.target for way in lifecycle.transitions_for(state, action) if not (worn_out and way.cycle)}
        for action in lifecycle.possible(state)
    }
    return Choices(
        tuple(action for action, after in targets.items() if after),
        tuple(action for action, after in targets.items() if after - {state}),
        tuple(action for action, after in targets.items() if after - {state} - lifecycle.ends),
    )


# --- single steps without an engine ----------------------------------------------------------------------------------


def first(subject: Subject, reported_case: ReportedCase) -> Case:
    """Report a case without an engine."""
    return done(subject.policy, fresh(subject.policy, reported_case), "report", BEGIN)


def done(policy: Policy, case: Case, action: str, at: datetime, pick: int = 0) -> Case:
    """Do an action without an engine."""
    given = {} if action == "report" else details(action, pick, case, policy, at)
    return decide(case, Command(action, given), policy, at, case.mode)[1]


def fallen(policy: Policy, case: Case, until: datetime, mode: Mode | None = None) -> Iterator[tuple[Event, Case]]:
    """Let everything happen that happens by itself before a moment, without an engine; the case after each event."""
    while case.next_event_at is not None and case.next_event_at < until:
        events, after = fire(case, policy, mode or case.mode)
        for event in events:
            case = evolve(case, event)
            yield event, case
        case = after


def settled(policy: Policy, case: Case, until: datetime, mode: Mode | None = None) -> Case:
    """Return a case after everything that happens by itself before a moment."""
    for _, after in fallen(policy, case, until, mode):
        case = after
    return case


def reached(policy: Policy, case: Case, steps: Iterable[ScenarioStep]) -> Case | None:
    """Do steps without an engine, from `BEGIN` on; None where the rules refuse one."""
    at = BEGIN
    for step in steps:
        at += timedelta(minutes=step.after)
        case = settled(policy, case, at)
        if step.do in NO_ACTIONS:
            continue
        try:
            case = done(policy, case, step.do, at, step.pick)
        except GovernflowError:
            return None
    return case
