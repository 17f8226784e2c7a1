"""The ways through a lifecycle, and the steps that go them (流程走向)."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from governflow.charter.lives.simulation import ADVANCE, DAY, ScenarioStep
from governflow.model.lifecycle import START, CompiledTransition, Lifecycle

#: Long enough for an evaluation to lapse.
_LAPSE = 35 * DAY


def ways(lifecycle: Lifecycle) -> Iterator[tuple[ScenarioStep, ...]]:
    """Return short lives that go every way of a lifecycle; what leaves the state as it is goes together."""
    for (state, origin), path in paths(lifecycle).items():
        stays = [ScenarioStep(7, way.action.name, 0) for way in out_of(lifecycle, state, origin) if way.target == state]
        if stays:
            yield (*path, *stays)
        for way in out_of(lifecycle, state, origin):
            if way.target != state:
                yield (*path, going(way, 3))


@lru_cache(64)
def paths(lifecycle: Lifecycle) -> Mapping[tuple[str, str], tuple[ScenarioStep, ...]]:
    """Return a shortest way to every state, and to every state that a suspended case may have come from."""
    start = next((way.target for way in lifecycle.transitions_for(START, "report")), START)
    found: dict[tuple[str, str], tuple[ScenarioStep, ...]] = {(start, ""): ()}
    todo = [(start, "")]
    for state, origin in todo:
        for way in out_of(lifecycle, state, origin):
            after = way.target, origin_after(way, origin)
            if after not in found:
                found[after] = (*found[state, origin], going(way, 1))
                todo.append(after)
    return found


def origin_after(way: CompiledTransition, origin: str) -> str:
    """Return where a suspended case came from: only a suspension remembers it, and leaving the state forgets it."""
    if way.target == way.source:
        return origin
    return way.source if way.action.name == "suspend" else ""


def out_of(lifecycle: Lifecycle, state: str, origin: str) -> list[CompiledTransition]:
    """Return the ways out of a state; of those that a suspended case may go, the one to where it came from."""
    every = (way for action in lifecycle.possible(state) for way in lifecycle.transitions_for(state, action))
    return [way for way in every if way.guard is None or way.guard[0] != "origin" or way.guard[1] == origin]


def going(way: CompiledTransition, after: int) -> ScenarioStep:
    """Return the step that goes a way."""
    if way.guard == ("verdict", "none"):
        return ScenarioStep(_LAPSE, ADVANCE)
    odd = way.guard in (("verdict", "unsatisfied"), ("recurred", "yes"))
    return ScenarioStep(after, way.action.name, 1 if odd else 0)
