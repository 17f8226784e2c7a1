from functools import cache
from types import SimpleNamespace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from transitions import MachineError

from governflow.errors import UnsoundLifecycle
from governflow.model.base_lifecycle import BASE
from governflow.model.lifecycle import FACTS, START, Lifecycle
from governflow.policy.registry import Localities

ACTIONS = sorted(BASE.actions)
STATES = sorted(BASE.states)

facts = st.fixed_dictionaries(
    {fact: st.sampled_from(STATES if values is None else values) for fact, values in FACTS.items()}
)
walks = st.lists(st.tuples(st.sampled_from(ACTIONS), facts), min_size=1, max_size=40)


def compiled(lifecycle: Lifecycle, state: str, action: str, held: dict[str, str]) -> str | None:
    """The state that the compiled table leads to, or None if it does not allow the action."""
    open_ways = [
        way
        for way in lifecycle.transitions_for(state, action)
        if way.guard is None or held[way.guard[0]] == way.guard[1]
    ]
    assert len(open_ways) <= 1
    return open_ways[0].target if open_ways else None


def declared(lifecycle: Lifecycle, state: str, action: str, held: dict[str, str]) -> str | None:
    """The state that the machine leads to, or None if it does not allow the action."""
    if action not in lifecycle.machine.events:  # forbidden wherever it was possible
        return None
    model = SimpleNamespace(**held)
    lifecycle.machine.add_model(model, initial=state)
    try:
        moved = model.trigger(action)
    except MachineError:
        return None
    finally:
        lifecycle.machine.remove_model(model)
    return str(model.state) if moved else None


def hold_each_other(lifecycle: Lifecycle, walk: list[tuple[str, dict[str, str]]]) -> None:
    state = START
    for action, held in [("report", dict(walk[0][1])), *walk]:
        there = compiled(lifecycle, state, action, held)
        assert there == declared(lifecycle, state, action, held)
        if there is not None:
            state = there


@given(walks)
def test_the_compiled_table_walks_exactly_as_the_machine_does(walk: list[tuple[str, dict[str, str]]]) -> None:
    hold_each_other(BASE, walk)


@given(st.sampled_from([START, *STATES]), st.sampled_from(ACTIONS), facts)
def test_from_every_state_the_compiled_table_and_the_machine_agree(
    state: str, action: str, held: dict[str, str]
) -> None:
    assert compiled(BASE, state, action, held) == declared(BASE, state, action, held)


@cache
def lifecycles() -> list[Lifecycle]:
    """Every lifecycle of the localities that are installed, each table once, whatever its states are called there."""
    localities = Localities()
    found: list[Lifecycle] = []
    for code in sorted(localities.codes):
        for lifecycle in localities.policy(code).lifecycles.values():
            if all(lifecycle.transitions != known.transitions for known in found):
                found.append(lifecycle)
    return found


@pytest.mark.installed
@given(data=st.data())
def test_the_lifecycles_of_localities_walk_exactly_as_their_machines_do(data: st.DataObject) -> None:
    lifecycle = data.draw(st.sampled_from(lifecycles()))
    state = data.draw(st.sampled_from([START, *lifecycle.states]))
    for _ in range(20):
        action = data.draw(st.sampled_from(sorted(lifecycle.actions)))
        origin = st.sampled_from(sorted(lifecycle.states))
        held = {**data.draw(facts), "origin": data.draw(origin)}
        there = compiled(lifecycle, state, action, held)
        assert there == declared(lifecycle, state, action, held)
        state = there or state


@given(st.sets(st.sampled_from(sorted(BASE.transitions)), max_size=6), walks)
def test_a_derived_lifecycle_is_refused_or_agrees_with_its_machine(
    forbid: set[tuple[str, str]], walk: list[tuple[str, dict[str, str]]]
) -> None:
    try:
        lifecycle = BASE.derive("derived", forbid=forbid)
    except UnsoundLifecycle:
        assume(False)
    else:
        hold_each_other(lifecycle, walk)
        assert not forbid & set(lifecycle.transitions)
