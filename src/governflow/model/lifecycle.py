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

from collections.abc import Iterable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs

from governflow.errors import UnsoundLifecycle
from governflow.model.lifecycle_table import FACTS, SAME, START, Action, Move
from governflow.model.soundness import unsound
from governflow.text import Text

if TYPE_CHECKING:
    from transitions import Machine

__all__ = ["FACTS", "SAME", "START", "Action", "CompiledTransition", "Lifecycle", "Move"]


@attrs.frozen
class CompiledTransition:
    """A compiled row: what one action does in one state.

    Args:
        action: The action.
        source: The state that it is done in.
        target: The state that it leads to.
        guard: What must hold.
        cycle: Whether it opens a new cycle of clocks.
        ends: Whether the target is an end.
        closes: Whether a case there may be closed at once.
        triggers: What it starts clocks in the name of, where a visit is needed.
        triggers_at_desk: The same where no visit is needed.
    """

    action: Action
    source: str
    target: str
    guard: tuple[str, str] | None
    cycle: bool
    ends: bool
    closes: bool
    triggers: tuple[str, ...]
    triggers_at_desk: tuple[str, ...]


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
        remaining = []
        for row in self.rows:
            sources = tuple(source for source in row.sources if (source, row.action) not in forbidden)
            if sources:
                remaining.append(attrs.evolve(row, sources=sources))
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


def _compiled(
    rows: Iterable[Move], actions: Mapping[str, Action], ends: frozenset[str]
) -> Mapping[tuple[str, str], tuple[CompiledTransition, ...]]:
    """Arrange a sound table by state and action, in the order in which its machine holds it."""
    by_action: dict[str, dict[str, list[Move]]] = {}
    for row in rows:
        for source in row.sources:
            by_action.setdefault(row.action, {}).setdefault(source, []).append(row)
    closable = by_action.get("close", {}).keys()

    def compiled(row: Move, source: str) -> CompiledTransition:
        target = source if row.target == SAME else row.target
        return CompiledTransition(
            action=actions[row.action],
            source=source,
            target=target,
            guard=row.guard,
            cycle=row.cycle,
            ends=target in ends,
            closes=target in closable,
            triggers=_triggers(row, "visit"),
            triggers_at_desk=_triggers(row, "no_visit"),
        )

    return MappingProxyType(
        {
            (source, action): tuple(compiled(row, source) for row in moves)
            for action, by_source in by_action.items()
            for source, moves in by_source.items()
        }
    )


def _triggers(row: Move, visit: str) -> tuple[str, ...]:
    """A transfer and an escalation dispatch; any other new cycle but a return reopens the case."""
    if row.action in ("dispatch", "transfer", "escalate"):
        return ("dispatch", f"dispatch:{visit}")
    return (row.action, "reopen") if row.cycle and row.action != "return" else (row.action,)
