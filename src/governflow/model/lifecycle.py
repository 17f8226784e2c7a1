"""The life of a case as one table (办理流程).

A row says: this action takes a case from these states to that one. The rules of the table:

* Every case begins at `START` and lives until a state in which it needs no further work (an *end*).
* `SAME` as target means that the state stays as it is.
* Two rows may share an action and a state only where their guards exclude each other: same fact, different values.
* A row that opens a new *cycle* ends the unfinished clocks of the old one (转办、提级、退单、重新办理).
* `report` is the only action from `START`.

The table is declared through `transitions` (`Lifecycle.machine`): one shared machine, no automatic transitions, no
callbacks with effects. `transitions` accepts unknown targets, trap states and two open ways without a word, so that
soundness is checked when a lifecycle is built. What runs is a dictionary made from the same table; a property test
holds the two equal, and whoever only runs cases need not import `transitions`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs
import msgspec

from governflow.errors import UnsoundLifecycle
from governflow.text import Text

if TYPE_CHECKING:
    from transitions import Machine

START = "start"
SAME = "="

#: What a guard may ask about, and what the answers may be (None: the name of a state).
FACTS: Mapping[str, tuple[str, ...] | None] = {
    "origin": None,
    "verdict": ("satisfied", "unsatisfied", "none"),
    "recurred": ("yes", "no"),
}


@attrs.frozen
class Action:
    """What can be done to a case.

    Args:
        name: The imperative, as in ``engine.act(name, ...)``.
        past: The kind of the event that it leaves, in the past tense.
        text: Its name in both languages.
    """

    name: str
    past: str
    text: Text


@attrs.frozen
class Move:
    """One row of the table.

    Args:
        action: The action's name.
        sources: The states that allow it.
        target: The state that it leads to, or `SAME`.
        guard: ``(fact, value)`` that must hold, or None. The facts are those of `FACTS`.
        cycle: Whether it opens a new cycle of clocks.
    """

    action: str
    sources: tuple[str, ...]
    target: str
    guard: tuple[str, str] | None = None
    cycle: bool = False


class CompiledTransition(msgspec.Struct, frozen=True):
    """A compiled row: what one action does in one state."""

    action: Action
    source: str
    target: str
    guard: tuple[str, str] | None
    cycle: bool
    ends: bool  #: Whether the target is an end.
    closes: bool  #: Whether a case there may be closed at once.
    triggers: tuple[str, ...]  #: What it starts clocks in the name of, where a visit is needed.
    triggers_at_desk: tuple[str, ...]  #: The same where no visit is needed.


@attrs.frozen(eq=False, slots=False)
class Lifecycle:
    """A sound lifecycle; build it with `Lifecycle.build`.

    Args:
        name: Its name among the lifecycles of a locality.
        states: Names of the states in both languages, in the order of a case's life.
        ends: The states in which a case needs no further work.
        actions: The actions by name, in the order of a case's life.
        rows: The table.
        transitions: The compiled table: what is open by ``(state, action)``.
    """

    name: str
    states: Mapping[str, Text]
    ends: frozenset[str]
    actions: Mapping[str, Action]
    rows: tuple[Move, ...]
    transitions: Mapping[tuple[str, str], tuple[CompiledTransition, ...]]

    @classmethod
    def build(
        cls,
        name: str,
        *,
        states: Mapping[str, Text],
        ends: Iterable[str],
        actions: Iterable[Action],
        rows: Iterable[Move],
    ) -> "Lifecycle":
        """Declare a lifecycle and check that it is sound.

        Args:
            name: Its name among the lifecycles of a locality.
            states: Every state with its names; `START` is added.
            ends: The states in which a case needs no further work.
            actions: Every action that the rows speak of.
            rows: The table.

        Returns:
            The lifecycle.

        Raises:
            UnsoundLifecycle: If a state is unreachable or a trap, a target is unknown, or one action has two open ways;
                all the faults are named, each with its states.
        """
        table = tuple(rows)
        known = {action.name: action for action in actions}
        finals = frozenset(ends)
        if faults := unsound(table, states, finals, known):
            raise UnsoundLifecycle(name, faults)
        transitions = _compiled(table, known, finals)
        return cls(name, MappingProxyType(dict(states)), finals, MappingProxyType(known), table, transitions)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The place of each action in a case's life: facts of one moment are taken in this order."""
        return {name: place for place, name in enumerate(self.actions)}

    @cached_property
    def machine(self) -> "Machine":
        """The table as `transitions` has it; a guard asks the model for the fact of that name."""
        from transitions import Machine

        def asks(fact: str, value: str) -> Any:
            return lambda event: getattr(event.model, fact) == value

        declared = [
            {
                "trigger": row.action,
                "source": list(row.sources),
                "dest": row.target,
                "conditions": asks(*row.guard) if row.guard else None,
            }
            for row in self.rows
        ]
        return Machine(
            model=None,
            states=[START, *self.states],
            transitions=declared,
            initial=START,
            auto_transitions=False,
            send_event=True,
        )

    def transitions_for(self, state: str, action: str) -> tuple[CompiledTransition, ...]:
        """Return what an action can do in a state; nothing if it is not possible there."""
        return self.transitions.get((state, action), ())

    def allowed_in(self, action: str) -> tuple[str, ...]:
        """Return the states that allow an action, in the order of a case's life."""
        return tuple(state for state in self.states if (state, action) in self.transitions)

    def possible(self, state: str) -> tuple[str, ...]:
        """Return the actions that a state allows, in the order of a case's life."""
        return tuple(action for action in self.actions if (state, action) in self.transitions)

    def names(self) -> dict[str, Text]:
        """Return the names of all states and actions."""
        actions = {action.name: action.text for action in self.actions.values()}
        return {START: Text("not yet reported", "未上报"), **actions, **self.states}

    def derive(
        self,
        name: str,
        *,
        states: Mapping[str, Text] | None = None,
        ends: Iterable[str] = (),
        actions: Iterable[Action] = (),
        add: Iterable[Move] = (),
        forbid: Iterable[tuple[str, str]] = (),
    ) -> "Lifecycle":
        """Make another lifecycle from this one: states, actions and rows added, single actions forbidden in a state.

        Args:
            name: The new lifecycle's name.
            states: States to add.
            ends: Ends to add.
            actions: Actions to add or rename.
            add: Rows to add.
            forbid: ``(state, action)`` pairs that are no longer possible.

        Returns:
            The new lifecycle.

        Raises:
            UnsoundLifecycle: If the result is unsound.
        """
        forbidden = set(forbid)

        def without_forbidden(row: Move) -> Move:
            return attrs.evolve(
                row, sources=tuple(source for source in row.sources if (source, row.action) not in forbidden)
            )

        remaining = [row for row in map(without_forbidden, self.rows) if row.sources]
        return Lifecycle.build(
            name,
            states={**self.states, **(states or {})},
            ends=self.ends | frozenset(ends),
            actions=({**self.actions} | {action.name: action for action in actions}).values(),
            rows=[*remaining, *add],
        )

    def mermaid(self, lang: str) -> str:
        """Draw the table as a Mermaid state diagram.

        Args:
            lang: ``"zh"`` or ``"en"``.

        Returns:
            The diagram's source; actions that leave the state as it is are listed in a note, not drawn as loops.
        """
        lines = ["stateDiagram-v2", "    direction TB"]
        lines += [f"    {state}: {text.say(lang)}" for state, text in self.states.items()]
        arrows, stays = self._arrows(lang)
        for (source, target), labels in arrows.items():
            lines.append(f"    {'[*]' if source == START else source} --> {target}: {' / '.join(labels)}")
        lines += [f"    {state} --> [*]" for state in self.states if state in self.ends]
        if stays:
            first = next(iter(self.states))
            unchanged = Text("state unchanged", "状态不变").say(lang)
            lines += [f"    note right of {first}", f"        {unchanged}: {', '.join(stays)}", "    end note"]
        return "\n".join(lines) + "\n"

    def dot(self, lang: str) -> str:
        """Draw the table in Graphviz's language; see `mermaid`."""
        joint = "\\n"  # a line break in Graphviz's own notation
        lines = ["digraph lifecycle {", '  node [shape=box, style=rounded, fontname="sans-serif"];']
        lines += ['  edge [fontname="sans-serif", fontsize=10];', f'  {START} [shape=point, label=""];']
        for state, text in self.states.items():
            rim = 2 if state in self.ends else 1
            lines.append(f'  "{state}" [label="{text.say(lang)}", peripheries={rim}];')
        for (source, target), labels in self._arrows(lang)[0].items():
            lines.append(f'  "{source}" -> "{target}" [label="{joint.join(labels)}"];')
        return "\n".join([*lines, "}"]) + "\n"

    def _arrows(self, lang: str) -> tuple[dict[tuple[str, str], list[str]], list[str]]:
        """Return the labels of each arrow, and the actions that leave the state as it is."""
        arrows: dict[tuple[str, str], list[str]] = {}
        stays: dict[str, None] = {}
        for row in self.rows:
            label = self.actions[row.action].text.say(lang)
            if row.target == SAME:
                stays[label] = None
                continue
            if row.guard and row.guard[0] != "origin":
                label += f" [{_guard_text(row.guard).say(lang)}]"
            for source in row.sources:
                arrows.setdefault((source, row.target), []).append(label)
        return arrows, list(stays)


def _guard_text(guard: tuple[str, str]) -> Text:
    return {
        ("verdict", "satisfied"): Text("satisfied", "满意"),
        ("verdict", "unsatisfied"): Text("not satisfied", "不满意"),
        ("verdict", "none"): Text("no verdict", "未评价"),
        ("recurred", "yes"): Text("recurred", "复发"),
        ("recurred", "no"): Text("did not recur", "未复发"),
    }.get(guard, Text(*([f"{guard[0]} = {guard[1]}"] * 2)))


def _by_state_and_action(rows: Iterable[Move]) -> dict[tuple[str, str], list[Move]]:
    """Arrange a table by state and action, in the order in which its machine holds it."""
    by_action: dict[str, dict[str, list[Move]]] = {}
    for row in rows:
        for source in row.sources:
            by_action.setdefault(row.action, {}).setdefault(source, []).append(row)
    return {(source, action): ways for action, sources in by_action.items() for source, ways in sources.items()}


def _compiled(
    rows: Iterable[Move], actions: Mapping[str, Action], ends: frozenset[str]
) -> Mapping[tuple[str, str], tuple[CompiledTransition, ...]]:
    moves = _by_state_and_action(rows)

    def compiled(row: Move, source: str) -> CompiledTransition:
        target = source if row.target == SAME else row.target
        return CompiledTransition(
            action=actions[row.action],
            source=source,
            target=target,
            guard=row.guard,
            cycle=row.cycle,
            ends=target in ends,
            closes=(target, "close") in moves,
            triggers=_triggers(row, "visit"),
            triggers_at_desk=_triggers(row, "no_visit"),
        )

    return MappingProxyType({key: tuple(compiled(row, key[0]) for row in ways) for key, ways in moves.items()})


def _triggers(row: Move, visit: str) -> tuple[str, ...]:
    """A transfer and an escalation dispatch; any other new cycle but a return reopens the case."""
    if row.action in ("dispatch", "transfer", "escalate"):
        return ("dispatch", f"dispatch:{visit}")
    return (row.action, "reopen") if row.cycle and row.action != "return" else (row.action,)


# --- soundness --------------------------------------------------------------------------------------------------------


def unsound(
    rows: Sequence[Move], states: Mapping[str, Text], ends: frozenset[str], actions: Mapping[str, Action]
) -> list[Text]:
    """Return everything that makes a table unsound, each with its states; nothing if it is sound."""
    return [*_unknown(rows, states, ends, actions), *_two_ways(rows), *_lost(rows, states, ends)]


def _unknown(
    rows: Iterable[Move], states: Mapping[str, Text], ends: frozenset[str], actions: Mapping[str, Action]
) -> Iterator[Text]:
    """Find the states, actions and facts that rows speak of and nobody declared."""
    for state in sorted(ends - states.keys()):
        yield Text(f"end {state!r} is not among the states", f"终点“{state}”不在状态之列")
    if not ends:
        yield Text("no state is an end", "没有终点状态")
    for row in rows:
        name = row.action
        for state in row.sources:
            if state not in states and state != START:
                yield Text(f"{name!r} starts from the unknown state {state!r}", f"“{name}”的起始状态“{state}”不存在")
        if row.target != SAME and row.target not in states:
            yield Text(
                f"{name!r} from {', '.join(row.sources)} leads to the unknown state {row.target!r}",
                f"“{name}”（自 {'、'.join(row.sources)}）通向不存在的状态“{row.target}”",
            )
        if name not in actions:
            yield Text(f"{name!r} is not among the actions", f"“{name}”不在动作之列")
        fact, value = row.guard or ("", "")
        values = FACTS.get(fact, ())
        if fact and values is not None and value not in values:
            yield Text(
                f"{name!r} asks for {fact} = {value}, which no case can answer",
                f"“{name}”要求 {fact} = {value}，任何事项都无法满足",
            )


def _two_ways(rows: Iterable[Move]) -> Iterator[Text]:
    """Two rows for one action in one state are two open ways unless one fact tells them apart."""
    for (source, action), ways in _by_state_and_action(rows).items():
        guards = [way.guard for way in ways]
        facts = {guard[0] if guard else None for guard in guards}
        if len(ways) > 1 and (None in facts or len(facts) > 1 or len(set(guards)) < len(guards)):
            targets = ", ".join(source if way.target == SAME else way.target for way in ways)
            yield Text(
                f"{action!r} has two open ways in state {source!r}: to {targets}",
                f"“{action}”在状态“{source}”下有两条通路：{targets}",
            )


def _lost(rows: Iterable[Move], states: Iterable[str], ends: frozenset[str]) -> Iterator[Text]:
    """Find the states that no case reaches, and those from which none reaches an end."""
    forward: dict[str, set[str]] = {}
    backward: dict[str, set[str]] = {}
    for row in rows:
        for source in row.sources:
            target = source if row.target == SAME else row.target
            forward.setdefault(source, set()).add(target)
            backward.setdefault(target, set()).add(source)
    reached, saved = _spread({START}, forward), _spread(ends, backward)
    for state in states:
        if state not in reached:
            yield Text(f"state {state!r} is unreachable", f"状态“{state}”无法到达")
    for state in states:
        if state not in saved:
            yield Text(f"state {state!r} is a trap: no end can be reached from it", f"状态“{state}”是死路：到不了终点")


def _spread(seeds: Iterable[str], edges: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    todo = set(seeds)
    while todo:
        found |= todo
        todo = {target for state in todo for target in edges.get(state, ())} - found
    return found
