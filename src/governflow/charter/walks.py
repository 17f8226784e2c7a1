"""Which lives are looked at (走查): every way of every lifecycle, nobody acting, and legal actions at random."""

import time
from collections.abc import Callable, Iterator
from random import Random  # noqa: TID251 - seeded: the same seed makes the same lives
from typing import Any
from weakref import WeakKeyDictionary

import attrs

from governflow.case import Case
from governflow.charter.living import (
    ADVANCE,
    DAY,
    HOUR,
    MUSTER,
    OUTAGE,
    REASSESS,
    SWITCH,
    Life,
    Player,
    Step,
    Walk,
    done,
    first,
    idle,
    play,
)
from governflow.charter.subject import BEGIN, Subject, Told
from governflow.lifecycle import BASE, START, Lifecycle, Way
from governflow.terms import Mode

#: Long enough for an evaluation to lapse.
_LAPSE = 35 * DAY
#: How long nobody acts at the end of a life.
_TAIL = 90 * DAY
_PAUSES = (0, 1, 3, 10, 45, 2 * HOUR, 10 * HOUR, DAY, 3 * DAY, 7 * DAY, 20 * DAY)
#: How many random lives each lifecycle gets at the level ``certify``, and how many sorts of cases are looked at.
_RANDOM, _SORTS = 30, 12


# --- which lives ------------------------------------------------------------------------------------------------------

_LIVES: WeakKeyDictionary[Subject, list[Life]] = WeakKeyDictionary()
_POOLS: WeakKeyDictionary[Subject, list[tuple[Told, Case, Case]]] = WeakKeyDictionary()


def lives(subject: Subject) -> Iterator[Life]:
    """Give lives of the locality's cases: every way of every lifecycle, and random ones; longer at ``search``.

    They are lived once for all the laws that look at them.
    """
    known = _LIVES.get(subject)
    if known is None:
        walks = [Walk.read(subject.only)] if subject.only is not None else planned(subject)
        known = [play(subject, walk) for walk in walks]
        if subject.only is None:
            known += [wander(subject, told, Random(f"{subject.code}/{seed}")) for told, seed in _seeds(subject)]
        _LIVES[subject] = known
    yield from known
    if subject.level == "search" and subject.only is None:
        yield from _searched(subject)


def _seeds(subject: Subject) -> Iterator[tuple[Told, int]]:
    for told_of in by_lifecycle(subject).values():
        yield from ((told_of[number % len(told_of)], number) for number in range(_RANDOM))


def _wandered(subject: Subject, told: tuple[Told, int]) -> Iterator[Life]:
    yield wander(subject, told[0], Random(f"{subject.code}/{told[1]}"))


def _searched(subject: Subject) -> Iterator[Life]:
    end = time.monotonic() + subject.seconds
    chance = Random(subject.seed)
    told = [told for told, _, _ in pool(subject, sorts=1000)] or [{}]
    while time.monotonic() < end:
        yield wander(subject, chance.choice(told), chance)


def pool(subject: Subject, sorts: int = _SORTS) -> list[tuple[Told, Case, Case]]:
    """Give one told case of each sort, as reported and as dispatched; a sort differs in lifecycle, route or clocks.

    Args:
        subject: The locality.
        sorts: How many of each lifecycle at most.
    """
    known = _POOLS.get(subject)
    if known is None:
        known = _POOLS[subject] = list(_sorted_out(subject))
    counted: dict[str, int] = {}
    found = []
    for told, reported, dispatched in known:
        counted[reported.lifecycle] = counted.get(reported.lifecycle, 0) + 1
        if counted[reported.lifecycle] <= sorts:
            found.append((told, reported, dispatched))
    return found


def _sorted_out(subject: Subject) -> Iterator[tuple[Told, Case, Case]]:
    policy, seen = subject.policy, set[Any]()
    told_of = _and_lifecycles(subject) if subject.only is None else iter((Walk.read(subject.only).told,))
    for told in told_of:
        try:
            reported = first(subject, told)
            dispatched = done(policy, reported, "dispatch", reported.opened or BEGIN)
        except Exception:  # noqa: BLE001 - what cannot even be reported is the matter of ruling/total
            continue
        holder = policy.units.units.get(dispatched.unit)
        plan = policy.plan(dispatched, policy.context(dispatched, dispatched.mode, BEGIN), [])
        clocks = frozenset((spec.name, spec.written) for spec in plan.specs.values())
        sort = (
            reported.lifecycle,
            reported.asked,
            reported.mode,
            dispatched.tier,
            dispatched.form,
            holder and (holder.kind, holder.level),
            clocks,
        )
        if sort not in seen:
            seen.add(sort)
            yield told, reported, dispatched


def _and_lifecycles(subject: Subject) -> Iterator[Told]:
    """Give a plain case of every lifecycle first: one that no item names can be asked for by name."""
    for name in subject.policy.lifecycles:
        yield {} if name == BASE.name else {"lifecycle": name}
    yield from subject.told()


def by_lifecycle(subject: Subject) -> dict[str, list[Told]]:
    """Give the told cases of the pool by the name of their lifecycle."""
    found: dict[str, list[Told]] = {}
    for told, reported, _ in pool(subject):
        found.setdefault(reported.lifecycle, []).append(told)
    return found


def planned(subject: Subject) -> Iterator[Walk]:
    """Give the lives that are the same every time: nobody acts; and every way of every lifecycle is gone."""
    for name, told_of in by_lifecycle(subject).items():
        for told in told_of:
            yield Walk(told, idle(told))
        lifecycle = subject.policy.lifecycles[name]
        for number, steps in enumerate(ways(lifecycle)):
            told = told_of[number % len(told_of)]
            calm = (Step(30, SWITCH),) if told.get("mode") == Mode.EMERGENCY else ()
            yield Walk(told, (*steps, *calm, Step(_TAIL, ADVANCE)))


def ways(lifecycle: Lifecycle) -> Iterator[tuple[Step, ...]]:
    """Give short lives that go every way of a lifecycle; what leaves the state as it is goes together."""
    for (state, origin), path in paths(lifecycle).items():
        stays = [Step(7, way.action.name, 0) for way in out_of(lifecycle, state, origin) if way.target == state]
        if stays:
            yield (*path, *stays)
        for way in out_of(lifecycle, state, origin):
            if way.target != state:
                yield (*path, _going(way, 3))


def paths(lifecycle: Lifecycle) -> dict[tuple[str, str], tuple[Step, ...]]:
    """Give a shortest way to every state, and to every state that a suspended case may have come from."""
    start = next((way.target for way in lifecycle.ways_for(START, "report")), START)
    found: dict[tuple[str, str], tuple[Step, ...]] = {(start, ""): ()}
    todo = [(start, "")]
    for state, origin in todo:
        for way in out_of(lifecycle, state, origin):
            after = (way.target, state if way.target == "suspended" else "")
            if after not in found:
                found[after] = (*found[state, origin], _going(way, 1))
                todo.append(after)
    return found


def out_of(lifecycle: Lifecycle, state: str, origin: str) -> list[Way]:
    every = (way for action in lifecycle.possible(state) for way in lifecycle.ways_for(state, action))
    return [way for way in every if way.guard is None or way.guard[0] != "origin" or way.guard[1] == origin]


def _going(way: Way, after: int) -> Step:
    if way.guard == ("verdict", "none"):
        return Step(_LAPSE, ADVANCE)
    odd = way.guard in (("verdict", "unsatisfied"), ("recurred", "yes"))
    return Step(after, way.action.name, 1 if odd else 0)


def wander(subject: Subject, told: Told, chance: Random) -> Life:
    """Live a random life: legal actions in any order, time between them, switches of the mode, and an outage."""
    player, steps = Player(subject, told), list[Step]()
    alarmed = told.get("mode") == Mode.EMERGENCY

    def go(step: Step) -> None:
        steps.append(step)
        player.step(step)

    for _ in range(chance.randint(5, 22)):
        case = player.case
        if case is None:
            break
        action = _chosen(subject.policy.lifecycle(case, []), case.state, chance)
        if action == SWITCH:
            alarmed = not alarmed
        go(Step(chance.choice(_PAUSES[:4] if alarmed else _PAUSES), action, chance.randrange(60)))
    if alarmed:
        go(Step(30, SWITCH))
    go(Step(_TAIL, ADVANCE))
    return player.life(tuple(steps))


def _chosen(lifecycle: Lifecycle, state: str, chance: Random) -> str:
    if chance.random() < 0.25:
        return chance.choice((ADVANCE, ADVANCE, SWITCH, MUSTER, OUTAGE, REASSESS))
    possible = lifecycle.possible(state)
    moving = [name for name in possible if any(way.target != state for way in lifecycle.ways_for(state, name))]
    lasting = [
        name for name in moving if any(way.target not in lifecycle.ends for way in lifecycle.ways_for(state, name))
    ]
    listed = (lasting if chance.random() < 0.9 else moving) if chance.random() < 0.6 else possible
    return chance.choice(listed or possible or (ADVANCE,))


# --- shorter lives ----------------------------------------------------------------


def shortened(walk: Walk, fails: Callable[[Walk], bool], tries: int = 60) -> Walk:
    """Leave out steps and told facts as long as the walk still fails.

    Args:
        walk: A walk that fails.
        fails: Says whether a walk fails.
        tries: How many walks to try at most.
    """
    size = max(1, len(walk.steps) // 2)
    while size > 0:
        at = 0
        while at < len(walk.steps) and tries > 0:
            shorter = attrs.evolve(walk, steps=(*walk.steps[:at], *walk.steps[at + size :]))
            tries -= 1
            if fails(shorter):
                walk = shorter
            else:
                at += size
        size //= 2
    for name in tuple(walk.told):
        told = {key: value for key, value in walk.told.items() if key != name}
        if tries > 0 and fails(plain := attrs.evolve(walk, told=told)):
            walk = plain
        tries -= 1
    return walk
