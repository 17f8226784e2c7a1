"""Whether the table of a lifecycle is sound: nothing unknown, no two open ways, no state out of reach, no trap.

`transitions` takes such tables without a word, so that this is checked when a lifecycle is built.
"""

from collections.abc import Mapping, Sequence

from governflow.model.lifecycle_table import FACTS, SAME, START, Action, Move
from governflow.text import Text


def unsound(
    rows: Sequence[Move], states: Mapping[str, Text], ends: frozenset[str], actions: Mapping[str, Action]
) -> list[Text]:
    """Return everything that makes a table unsound, each with its states; nothing if it is sound."""
    return [*_unknown(rows, states, ends, actions), *_two_ways(rows), *_lost(rows, states, ends)]


def _unknown(
    rows: Sequence[Move], states: Mapping[str, Text], ends: frozenset[str], actions: Mapping[str, Action]
) -> list[Text]:
    """Return the states, actions and facts that rows speak of and nobody declared."""
    faults = [
        Text(f"end {state!r} is not among the states", f"终点“{state}”不在状态之列")
        for state in sorted(ends - set(states))
    ]
    if not ends:
        faults.append(Text("no state is an end", "没有终点状态"))
    for row in rows:
        strangers = [state for state in row.sources if state not in states and state != START]
        faults += [
            Text(f"{row.action!r} starts from the unknown state {state!r}", f"“{row.action}”的起始状态“{state}”不存在")
            for state in strangers
        ]
        if row.target != SAME and row.target not in states:
            faults.append(
                Text(
                    f"{row.action!r} from {', '.join(row.sources)} leads to the unknown state {row.target!r}",
                    f"“{row.action}”（自 {'、'.join(row.sources)}）通向不存在的状态“{row.target}”",
                )
            )
        if row.action not in actions:
            faults.append(Text(f"{row.action!r} is not among the actions", f"“{row.action}”不在动作之列"))
        if row.guard is None:
            continue
        fact, value = row.guard
        values = FACTS.get(fact, ())
        if fact not in FACTS or (values is not None and value not in values):
            faults.append(
                Text(
                    f"{row.action!r} asks for {fact} = {value}, which no case can answer",
                    f"“{row.action}”要求 {fact} = {value}，任何事项都无法满足",
                )
            )
    return faults


def _two_ways(rows: Sequence[Move]) -> list[Text]:
    """Two rows for one action in one state are two open ways unless one fact tells them apart."""
    seen: dict[tuple[str, str], list[Move]] = {}
    for row in rows:
        for source in row.sources:
            seen.setdefault((source, row.action), []).append(row)
    faults = []
    for (source, action), ways in seen.items():
        guards = [way.guard for way in ways]
        facts = {guard[0] if guard else None for guard in guards}
        if len(ways) > 1 and (None in facts or len(facts) > 1 or len(set(guards)) < len(guards)):
            targets = ", ".join(source if way.target == SAME else way.target for way in ways)
            faults.append(
                Text(
                    f"{action!r} has two open ways in state {source!r}: to {targets}",
                    f"“{action}”在状态“{source}”下有两条通路：{targets}",
                )
            )
    return faults


def _lost(rows: Sequence[Move], states: Mapping[str, Text], ends: frozenset[str]) -> list[Text]:
    forward: dict[str, set[str]] = {}
    backward: dict[str, set[str]] = {}
    for row in rows:
        for source in row.sources:
            target = source if row.target == SAME else row.target
            forward.setdefault(source, set()).add(target)
            backward.setdefault(target, set()).add(source)
    reached = _spread({START}, forward)
    saved = _spread(set(ends), backward)
    faults = [
        Text(f"state {state!r} is unreachable", f"状态“{state}”无法到达") for state in states if state not in reached
    ]
    return faults + [
        Text(f"state {state!r} is a trap: no end can be reached from it", f"状态“{state}”是死路：到不了终点")
        for state in states
        if state not in saved
    ]


def _spread(seeds: set[str], edges: Mapping[str, set[str]]) -> set[str]:
    found, todo = set(seeds), list(seeds)
    while todo:
        for state in edges.get(todo.pop(), ()):
            if state not in found:
                found.add(state)
                todo.append(state)
    return found
