"""How a case lives under check: steps with time between, in an engine of its own or without one (演练).

A `Walk` is a value: a case as it is told, and steps of three plain parts, so that it can be written as JSON, lived
again to the letter, and shortened by leaving steps out. What a step needs beside (a unit, a date, a reason) is filled
in from the case as it then stands and from the step's own number. Actors name no unit: who may do what is not what is
looked at here.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import attrs
from msgspec.structs import replace

from governflow import decide
from governflow.case import Case, evolve
from governflow.charter.subject import BEGIN, Subject, Told
from governflow.decide import Command
from governflow.errors import GovernflowError
from governflow.events import Event
from governflow.policy import Policy
from governflow.terms import Mode, Severity, Urgency
from governflow.text import Text

#: The id of the case that lives, and of the one that it may be merged into.
CASE, OTHER = "life", "other"

#: What a step may do beside the actions of the lifecycle.
ADVANCE, SWITCH, MUSTER, OUTAGE, REASSESS = "advance", "switch_mode", "check_in_at_muster", "declare_outage", "reassess"

HOUR, DAY, YEAR = 60, 1440, 525_600


@attrs.frozen
class Step:
    """One step of a life.

    Args:
        after: Minutes since the step before it.
        do: An action of the lifecycle, or one of `ADVANCE`, `SWITCH`, `MUSTER`, `OUTAGE` and `REASSESS`.
        pick: What its details are chosen by.
    """

    after: int
    do: str
    pick: int = 0


@attrs.frozen
class Walk:
    """A life that can be lived again.

    Args:
        told: The case as its report tells it.
        steps: What is done then.
    """

    told: Told
    steps: tuple[Step, ...]

    def as_case(self) -> dict[str, object]:
        """Write it as a failure tells its case: the steps stand beside what was told, under ``steps``."""
        return {**self.told, "steps": [[step.after, step.do, step.pick] for step in self.steps]}

    @classmethod
    def read(cls, told: Told) -> "Walk":
        """Read back what `as_case` wrote; a case without steps is a life in which nobody acts."""
        steps = tuple(Step(*step) for step in told["steps"]) if "steps" in told else idle(told)
        return cls({name: value for name, value in told.items() if name != "steps"}, steps)


@attrs.frozen(eq=False)
class Life:
    """A walk that was lived.

    Args:
        walk: The walk.
        case: The case as the engine has it at the end; None if it could not be reported.
        events: Its events.
        book: The events of the locality's own book, without merits and without their numbers.
        broken: What was raised that is no refusal; empty if nothing was.
        unsound: What the ledger's own check said; empty if it is whole.
    """

    walk: Walk
    case: Case | None
    events: tuple[Event, ...]
    book: tuple[Event, ...]
    broken: str
    unsound: str

    def moments(self) -> Iterator[tuple[Event, Case]]:
        """Give the case as each moment leaves it, with the moment's last event."""
        case: Case | None = None
        for event, following in zip(self.events, (*self.events[1:], None), strict=True):
            case = evolve(case, event)
            if following is None or following.at != event.at:
                yield event, case

    def said(self, policy: Policy, last: int = 12) -> tuple[Text, ...]:
        """Tell the life, or its end: one line an event."""
        return tuple(line(event, policy) for event in self.events[-last:])


def line(event: Event, policy: Policy) -> Text:
    """Tell one event: when, what, the state afterwards, and which rules said so."""
    when = f"{event.at:%Y-%m-%d %H:%M}"
    rules = ", ".join(f"{ruling.rule} ({ruling.source})" for ruling in event.rulings if ruling.rule)
    word, state = policy.name(event.action or event.kind), policy.name(event.state)
    climb = event.about.get("escalation")
    to = f" -> {climb['to']}" if isinstance(climb, Mapping) else ""
    by = f" [{rules}]" if rules else ""
    return Text(f"{when} {event.kind}{to} ({state.en}){by}", f"{when} {word.zh}{to}（{state.zh}）{by}")


def idle(told: Told) -> tuple[Step, ...]:
    """Give the steps of a life in which nobody acts: ever longer leaps over two years; no emergency lasts so long."""
    calm = (Step(0, SWITCH),) if told.get("mode") == Mode.EMERGENCY else ()
    waits = tuple(Step(span, ADVANCE) for span in (4, HOUR, 7 * DAY, 60 * DAY, YEAR, YEAR))
    return (*waits[:3], *calm, *waits[3:])


# --- living -----------------------------------------------------------------------------------------------------------


class Player:
    """Lives a walk in an engine of its own.

    Args:
        subject: The locality.
        told: The case.
        parts: In how many leaps time passes between two steps; 1 leaves it to the engine.
    """

    def __init__(self, subject: Subject, told: Told, parts: int = 1) -> None:
        self.subject, self.told, self.parts = subject, told, parts
        self.policy = subject.policy
        self.engine = subject.engine()
        self.at = BEGIN
        self.broken = ""
        self._try(self._begin)

    def _begin(self) -> None:
        if self.told.get("mode") == Mode.EMERGENCY:
            self.engine.switch_mode(self.policy.code, Mode.EMERGENCY, reason="check", at=BEGIN)
        self._report(CASE)

    def _report(self, name: str) -> None:
        told = {key: value for key, value in self.told.items() if key != "mode"}
        self.engine.report(locality=self.subject.code, case_id=name, at=self.at, **told)

    @property
    def case(self) -> Case | None:
        """The case as it is now."""
        return self.engine.store.load(CASE)

    def step(self, step: Step) -> None:
        """Do one step; what the rules refuse is not done."""
        before, self.at = self.at, self.at + timedelta(minutes=step.after)
        if self.parts > 1 or step.do == ADVANCE:
            for part in range(1, self.parts + 1):
                goal = before + (self.at - before) * part / self.parts
                self._try(partial(self.engine.advance, goal))
        if step.do != ADVANCE:
            self._try(lambda: self._do(step))

    def _try(self, do: Callable[[], object]) -> None:
        try:
            do()
        except GovernflowError:
            pass  # refused, with a sentence: that is what a rule may do
        except Exception as raised:  # noqa: BLE001 - whatever a county's rule raises must not end the check
            self.broken = self.broken or f"{type(raised).__name__}: {raised}"

    def _do(self, step: Step) -> None:
        engine, code, at, pick = self.engine, self.policy.code, self.at, step.pick
        case = engine.case(CASE)
        if step.do == SWITCH:
            book = engine.store.load(f"@{code}")
            everyday = book is None or book.mode is Mode.NORMAL
            engine.switch_mode(code, Mode.EMERGENCY if everyday else Mode.NORMAL, reason="check", at=at)
        elif step.do == MUSTER:
            muster = engine.muster(code)
            if muster is not None and muster.absent:
                engine.check_in_at_muster(code, post=muster.absent[pick % len(muster.absent)], at=at)
        elif step.do == OUTAGE:
            engine.declare_outage(code, at - timedelta(hours=pick % 5 + 1), at, reason="check", at=at)
        elif step.do == REASSESS:
            engine.reassess(CASE, at=at)
        else:
            if step.do == "merge" and engine.store.load(OTHER) is None:
                self._report(OTHER)
            # What is filled in must not depend on whether time was let pass in between.
            book = engine.store.load(f"@{code}")
            mode = book.mode if book is not None else Mode.NORMAL
            now = [case, *(after for _, after in fallen(self.policy, case, at, mode))][-1]
            engine.act(step.do, CASE, at=at, **details(step.do, pick, now, self.policy, at))

    def life(self, steps: tuple[Step, ...]) -> Life:
        """Give what was lived."""
        # A command that was refused leaves nothing behind, not even what fell due before it.
        self._try(lambda: self.engine.advance(self.at))
        store, case, unsound = self.engine.store, self.case, ""
        events: tuple[Event, ...] = ()
        book: tuple[Event, ...] = ()
        try:
            events = tuple(store.history(CASE)) if case is not None else ()
            entries = store.history(f"@{self.policy.code}")
            # Merits are entered when the store learns of what earned them: they and their numbers depend on that.
            book = tuple(replace(event, seq=0) for event in entries if event.kind != "merit_entered")
            self.engine.verify()
        except GovernflowError as fault:
            unsound = str(fault)
        return Life(Walk(self.told, steps), case, events, book, self.broken, unsound)


def play(subject: Subject, walk: Walk, parts: int = 1) -> Life:
    """Live a walk.

    Args:
        subject: The locality.
        walk: The walk.
        parts: In how many leaps time passes between two steps.
    """
    player = Player(subject, walk.told, parts)
    for step in walk.steps:
        player.step(step)
    return player.life(walk.steps)


def details(action: str, pick: int, case: Case, policy: Policy, at: datetime) -> dict[str, Any]:
    """Fill in what an action needs, as the case stands; an action that a locality added needs nothing."""
    units = tuple(policy.units.units)
    other = [unit for unit in units if unit != case.unit] or [case.unit]
    days = timedelta(days=pick % 10 + 1)
    running = [clock.name for clock in case.clocks.values() if clock.stopped is None]
    waiting = [name.partition(":")[2] for name in running if name.startswith("check_in:")]
    of: dict[str, Callable[[], dict[str, Any]]] = {
        "decline": lambda: {"reason": "check"},
        "return": lambda: {"reason": "check"},
        "dispatch": lambda: {"to": units[pick % len(units)]} if pick % 3 == 1 else {},
        "claim": lambda: {"unit": _claiming(policy, pick)},
        "confer": lambda: {"until": at + days} if pick % 2 else {},
        "suspend": lambda: {"until": at + days} if pick % 4 else {},
        "transfer": lambda: {"to": other[pick % len(other)]},
        "whistle": lambda: {"units": [other[pick % len(other)]]},
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
    fill = of.get(action)
    return fill() if fill is not None else {}


def _claiming(policy: Policy, pick: int) -> str:
    teams = policy.units.having("team") or tuple(policy.units.units.values())
    return teams[pick % len(teams)].id


# --- single steps without an engine ----------------------------------------------------------------------------------


def first(subject: Subject, told: Told) -> Case:
    """Report a case without an engine."""
    return done(subject.policy, subject.unreported(told), "report", BEGIN)


def done(policy: Policy, case: Case, action: str, at: datetime, pick: int = 0) -> Case:
    """Do an action without an engine."""
    given = {} if action == "report" else details(action, pick, case, policy, at)
    return decide.decide(case, Command(action, given), policy, at, case.mode)[1]


def fallen(policy: Policy, case: Case, until: datetime, mode: Mode | None = None) -> Iterator[tuple[Event, Case]]:
    """Let everything happen that happens by itself before a moment, without an engine; the case after each event."""
    while case.next is not None and case.next < until:
        events, after = decide.fire(case, policy, mode or case.mode)
        for event in events:
            case = evolve(case, event)
            yield event, case
        case = after
