"""One life told twice: fact by fact as it happens, and late, in any order and in any pieces (补录次序)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby, zip_longest
from typing import Any

import attrs

from governflow.charter.cases.reported import BEGIN, ReportedCase
from governflow.charter.lives.simulation import CASE, DAY, HOUR, choices, details
from governflow.engine.engine import Engine
from governflow.errors import GovernflowError
from governflow.model.clocks import Clock
from governflow.model.events import Actor, Event, Fact
from governflow.policy.stack import Policy

#: Chooses one of several.
Choose = Callable[[Sequence[Any]], Any]

_BY = Actor("check")
#: Minutes between two facts, between the first ones, and after the last one.
_PAUSES = (0, 1, 4, 15, 45, 2 * HOUR, 10 * HOUR, DAY, 4 * DAY)
_SOON = (1, 4, 15)
_TAILS = (0, HOUR, DAY, 9 * DAY, 40 * DAY)
_PICKS = range(120)
#: What is about another case, which would have to be told too.
_OF_OTHERS = frozenset({"merge"})
#: So many times is looked for something that is taken, where the rules refuse what the lifecycle allows.
_TRIES = 3


@attrs.frozen
class Story:
    """The facts of one case, all of which are taken when they are told in time.

    Args:
        facts: The facts, in the order of time; the report is the first.
        until: How far the engine's clock is advanced in the end.
    """

    facts: tuple[Fact, ...]
    until: datetime


def lived_in_time(engine: Engine, code: str, reported_case: ReportedCase, choose: Choose, most: int) -> Story | None:
    """Live a case in an engine, each fact told as it happens; None if it cannot be reported.

    Args:
        engine: Where it is lived: afterwards its clock stands at the end of the story.
        code: The locality.
        reported_case: The case as its report tells it; in the everyday mode.
        choose: Draws.
        most: How many facts there are at most.
    """
    report = {name: value for name, value in reported_case.items() if name != "mode"}
    at, policy = BEGIN, engine.localities.policy(code)
    try:
        engine.report(locality=code, case_id=CASE, at=at, by=_BY, **report)
    except GovernflowError:
        return None
    facts = [Fact("report", at, _BY, report)]
    for number in range(most - 1):
        # Something is done soon: what follows from its not being known is withdrawn when it is told.
        at += timedelta(minutes=choose(_PAUSES if number > 1 else _SOON))
        fact = _next(engine, policy, at, choose)
        if fact is None:
            break
        facts.append(fact)
    until = at + timedelta(minutes=choose(_TAILS))
    engine.advance(until)
    return Story(tuple(facts), until)


def _next(engine: Engine, policy: Policy, at: datetime, choose: Choose) -> Fact | None:
    """Do something that the case allows at a moment, and return it; None if all that was tried was refused."""
    if engine.now is None or engine.now < at:
        engine.advance(at)
    for _ in range(_TRIES):
        case = engine.case(CASE)
        may = choices(policy, case)
        listed = choose((may.lasting,) * 4 + (may.moving,) + (may.possible,) * 3) or may.possible
        action = choose([action for action in listed if action not in _OF_OTHERS] or [""])
        given = details(action, choose(_PICKS), case, policy, at)
        try:
            engine.act(action, CASE, at=at, by=_BY, **given)
        except GovernflowError:
            continue
        return Fact(action, at, _BY, given)
    return None


def told_in_any_order(
    engine: Engine,
    code: str,
    story: Story,
    choose: Choose,
    between: Callable[[list[Fact]], None] = lambda _: None,
) -> list[Fact]:
    """Tell the facts of a story to a fresh engine in any order and in any pieces, time passing in between.

    Args:
        engine: Where they are told.
        code: The locality.
        story: The facts.
        choose: Draws.
        between: Is called after each telling with what was refused so far, and may add to it what has to be told again.

    Returns:
        The facts that were refused, to be told again with `told_again`.
    """
    waiting, refused = _shuffled(story.facts, choose), list[Fact]()
    if choose((True,) * 9 + (False,)):  # most of what there is would wait for the report
        waiting.sort(key=lambda fact: fact.action != "report")
    span = story.until - BEGIN
    leaps = choose(((0, 1, 2, 4, 8, 8, 8), (0, 0, 0, 0, 1, 2)))  # nearly all is late, or some of it
    while waiting:
        count = choose((1, 1, 1, 1, 2, 3)) if len(waiting) < len(story.facts) else 1
        batch, waiting = waiting[:count], waiting[count:]
        try:
            engine.tell(CASE, batch, locality=code)
        except GovernflowError:
            refused += batch
        between(refused)
        ahead = BEGIN + span * choose(leaps) / 8
        if engine.now is None or engine.now < ahead:
            engine.advance(ahead)
    return refused


def told_again(engine: Engine, code: str, story: Story, refused: Sequence[Fact]) -> None:
    """Tell what was refused again, together, and let the time pass to the end of the story.

    Raises:
        CommandError: If it is refused once more.
    """
    if refused:
        engine.tell(CASE, refused, locality=code)
    engine.advance(story.until)


def _shuffled(facts: Sequence[Fact], choose: Choose) -> list[Fact]:
    left, shuffled = list(facts), list[Fact]()
    while left:
        shuffled.append(left.pop(choose(range(len(left)))))
    return shuffled


#: Fields of a case that say how its life was told.
_OF_TELLING = frozenset({"version", "latest_action"})
#: What happened at a moment: when, what, and what it left: the state, and the clocks that it touched.
Moment = tuple[datetime, tuple[str, ...], str, Mapping[str, Clock]]


def differences(one: Engine, other: Engine) -> list[str]:
    """Return in what the case of one engine differs from that of another: fields, and the life; nothing of telling."""
    mine, yours = vars(one.case(CASE)), vars(other.case(CASE))
    found = [name for name, value in mine.items() if name not in _OF_TELLING and value != yours[name]]
    if first_difference(one, other) is not None:
        found.append("life")
    return found


def first_difference(one: Engine, other: Engine) -> tuple[Moment | None, Moment | None] | None:
    """Return the first moments in which the lives of two engines differ; None in place of a life that is over there."""
    pairs = zip_longest(_moments(one.life(CASE)), _moments(other.life(CASE)))
    return next(((mine, yours) for mine, yours in pairs if mine != yours), None)


def _moments(life: Iterable[Event]) -> Iterator[Moment]:
    """Return a life moment by moment: several things of one moment have no order that anybody knows."""
    for at, group in groupby(life, key=lambda event: event.at):
        events = list(group)
        touched = {clock.mark: clock for event in events for clock in event.clocks}
        yield at, tuple(sorted(event.kind for event in events)), events[-1].state, touched


def waits_for_who_asked(engine: Engine) -> bool:
    """Return whether something that the one who asked did counts from its own moment, and moved the case later."""
    return any("done_at" in event.about for event in engine.life(CASE))
