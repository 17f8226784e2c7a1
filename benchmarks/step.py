"""One engine step in memory, whole, against a bare trigger of `transitions` and a `send` of python-statemachine.

A step is a command through the public method: command -> rulings -> events, encoded and hashed -> clocks -> next case.
All three sides walk the same life: report, dispatch, claim, arrive, begin, resolve, answer, evaluate (which closes).
"""

from datetime import UTC, datetime, timedelta

from statemachine import State, StateMachine

from governflow import Actor, Engine
from governflow.model.base_lifecycle import BASE
from governflow.model.lifecycle import START
from measuring import Row, best, show

LIVES = 400
WALK = ("report", "dispatch", "claim", "arrive", "begin", "resolve", "answer", "evaluate", "close")
START_AT = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
TIMES = [START_AT + timedelta(minutes=minute) for minute in range(len(WALK))]
BY = Actor("grid-12")


class Model:
    """What `transitions` moves: a state and the facts that guards ask for."""

    def __init__(self) -> None:
        self.state = START
        self.origin = None
        self.verdict = "satisfied"
        self.recurred = "no"


class Walker(StateMachine):
    """The walked part of the base lifecycle for python-statemachine."""

    start = State(initial=True)
    reported = State()
    dispatched = State()
    claimed = State()
    on_site = State()
    handling = State()
    resolved = State()
    answered = State()
    evaluated = State()
    closed = State(final=True)
    report = start.to(reported)
    dispatch = reported.to(dispatched)
    claim = dispatched.to(claimed)
    arrive = claimed.to(on_site) | dispatched.to(on_site)
    begin = on_site.to(handling)
    resolve = handling.to(resolved) | reported.to(resolved)
    answer = resolved.to(answered)
    evaluate = answered.to(evaluated)
    close = evaluated.to(closed)


def engine_lives() -> None:
    """Walk through the engine; the evaluation closes the case, so eight commands leave nine events."""
    engine = Engine.open()
    for _ in range(LIVES):
        case = engine.report(locality="000000", at=TIMES[0], by=BY).id
        engine.dispatch(case, at=TIMES[1], by=BY)
        engine.claim(case, at=TIMES[2], by=BY)
        engine.arrive(case, at=TIMES[3], by=BY)
        engine.begin(case, at=TIMES[4], by=BY)
        engine.resolve(case, at=TIMES[5], by=BY)
        engine.answer(case, at=TIMES[6], by=BY)
        engine.evaluate(case, satisfied=True, at=TIMES[7], by=BY)


def bare_lives() -> None:
    """Walk through one shared `transitions` machine, and do nothing else."""
    events = BASE.machine.events
    for _ in range(LIVES):
        model = Model()
        for action in WALK:
            events[action].trigger(model)


MACHINES: list[Walker] = []


def sent_lives() -> None:
    """Walk through python-statemachine; making the machines is not counted."""
    for _ in range(LIVES // 4):
        machine = MACHINES.pop()
        for action in WALK:
            machine.send(action)


def rows() -> list[Row]:
    """Measure."""
    MACHINES.extend(Walker() for _ in range(LIVES // 4 * 8))
    ours, bare, sent = best(engine_lives, bare_lives, sent_lives)
    steps = LIVES * len(WALK)
    ours, bare, sent = ours / steps * 1e6, bare / steps * 1e6, sent * 4 / steps * 1e6
    return [
        Row("engine step : bare `transitions` trigger", f"{ours:.1f} µs", f"{bare:.1f} µs", ours / bare, "<= 3"),
        Row("engine step : python-statemachine `send`", f"{ours:.1f} µs", f"{sent:.1f} µs", ours / sent, "<= 0.333"),
    ]


if __name__ == "__main__":
    show(rows())
