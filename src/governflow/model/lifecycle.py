"""The life of a case as one table (办理流程).

A row says: this action takes a case from these states to that one. The rules of the table:

* Every case begins at `START` and lives until a state in which it needs no further work (an *end*).
* `SAME` as target means that the state stays as it is.
* Two rows may share an action and a state only where their guards exclude each other: same fact, different values.
* A row that opens a new *cycle* ends the unfinished clocks of the old one (转办、提级、退单、重新办理).
* `report` is the only action from `START`.

The table is declared through `transitions`: one shared machine, no automatic transitions, no callbacks with effects.
`transitions` accepts unknown targets, trap states and two open ways without a word, so the table's soundness is checked
here, when a lifecycle is built. What runs is a compiled form of that very machine (a dictionary); a property test holds
the two equal.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import attrs
from transitions import Machine

from governflow.errors import UnsoundLifecycle
from governflow.text import Text

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


@attrs.frozen(eq=False)
class Lifecycle:
    """A sound lifecycle; build it with `Lifecycle.build`.

    Args:
        name: Its name among the lifecycles of a locality.
        states: Names of the states in both languages, in the order of a case's life.
        ends: The states in which a case needs no further work.
        actions: The actions by name, in the order of a case's life.
        rows: The table.
        machine: The `transitions.Machine` that declares it.
        transitions: The compiled table: ``(state, action)`` to the ways that are open there.
    """

    name: str
    states: Mapping[str, Text]
    ends: frozenset[str]
    actions: Mapping[str, Action]
    rows: tuple[Move, ...]
    machine: Machine
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
        faults = [*_unknown(table, states, finals, known), *_two_ways(table)]
        faults += _lost(table, states, finals)
        if faults:
            raise UnsoundLifecycle(name, faults)
        machine = _declare(table, states)
        ways = MappingProxyType(_compile(machine, known, finals, table))
        return cls(name, MappingProxyType(dict(states)), finals, MappingProxyType(known), table, machine, ways)

    def transitions_for(self, state: str, action: str) -> tuple[CompiledTransition, ...]:
        """Return the ways that an action has in a state; none if it is not possible there."""
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
        """Make another lifecycle from this one: states, actions and rows added, single ways forbidden.

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
        kept = []
        for row in self.rows:
            sources = tuple(source for source in row.sources if (source, row.action) not in forbidden)
            if sources:
                kept.append(attrs.evolve(row, sources=sources))
        return Lifecycle.build(
            name,
            states={**self.states, **(states or {})},
            ends=self.ends | frozenset(ends),
            actions=({**self.actions} | {action.name: action for action in actions}).values(),
            rows=[*kept, *add],
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


def _unknown(
    rows: tuple[Move, ...], states: Mapping[str, Text], ends: frozenset[str], actions: Mapping[str, Action]
) -> list[Text]:
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


def _two_ways(rows: tuple[Move, ...]) -> list[Text]:
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


def _lost(rows: tuple[Move, ...], states: Mapping[str, Text], ends: frozenset[str]) -> list[Text]:
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


def _declare(rows: tuple[Move, ...], states: Mapping[str, Text]) -> Machine:
    """Hand the table to `transitions`; a guard asks the model for the fact of that name."""

    def asks(fact: str, value: str) -> Any:
        return lambda event: getattr(event.model, fact) == value

    declared = [
        {
            "trigger": row.action,
            "source": list(row.sources),
            "dest": row.target,
            "conditions": asks(*row.guard) if row.guard else None,
        }
        for row in rows
    ]
    return Machine(
        model=None,
        states=[START, *states],
        transitions=declared,
        initial=START,
        auto_transitions=False,
        send_event=True,
    )


def _compile(
    machine: Machine, actions: Mapping[str, Action], ends: frozenset[str], rows: tuple[Move, ...]
) -> dict[tuple[str, str], tuple[CompiledTransition, ...]]:
    """Read the machine back into one dictionary; guards and cycles come from the rows, in the same order."""
    told: dict[tuple[str, str], list[Move]] = {}
    for row in rows:
        for source in row.sources:
            told.setdefault((row.action, source), []).append(row)
    ways: dict[tuple[str, str], tuple[CompiledTransition, ...]] = {}
    for event in machine.events.values():
        for source, transitions in event.transitions.items():
            ways[source, event.name] = tuple(
                _way(actions[event.name], source, transition.dest or source, row, ends, told)
                for transition, row in zip(transitions, told[event.name, source], strict=True)
            )
    return ways


def _way(
    action: Action,
    source: str,
    target: str,
    row: Move,
    ends: frozenset[str],
    told: Mapping[tuple[str, str], list[Move]],
) -> CompiledTransition:
    visiting = _triggers(row, "visit")
    at_desk = _triggers(row, "no_visit")
    closes = ("close", target) in told
    return CompiledTransition(action, source, target, row.guard, row.cycle, target in ends, closes, visiting, at_desk)


def _triggers(row: Move, visit: str) -> tuple[str, ...]:
    """A transfer and an escalation dispatch; any other new cycle but a return reopens the case."""
    if row.action in ("dispatch", "transfer", "escalate"):
        return ("dispatch", f"dispatch:{visit}")
    return (row.action, "reopen") if row.cycle and row.action != "return" else (row.action,)


# --- the base lifecycle -----------------------------------------------------------------------------------------------

_IN_HAND = ("dispatched", "claimed", "on_site", "conferring", "handling")
_OPEN = ("reported", "accepted", *_IN_HAND, "suspended", "resolved", "answered", "evaluated")
_ENDS = ("closed", "declined", "merged", "withdrawn")

_STATES = {
    "reported": Text("reported", "已上报"),
    "accepted": Text("accepted", "已受理"),
    "dispatched": Text("dispatched", "已派单"),
    "claimed": Text("claimed", "已领单"),
    "on_site": Text("on site", "已到场"),
    "conferring": Text("conferring", "会商中"),
    "handling": Text("handling", "办理中"),
    "suspended": Text("suspended", "已挂起"),
    "resolved": Text("resolved", "已办结"),
    "answered": Text("answered", "已反馈"),
    "evaluated": Text("evaluated", "已评价"),
    "closed": Text("closed", "已归档"),
    "declined": Text("declined", "不予受理"),
    "merged": Text("merged", "已并案"),
    "withdrawn": Text("withdrawn", "已撤回"),
}

_ACTIONS = [
    Action("report", "reported", Text("report", "上报")),
    Action("accept", "accepted", Text("accept", "受理")),
    Action("decline", "declined", Text("decline", "不予受理")),
    Action("dispatch", "dispatched", Text("dispatch", "派单")),
    Action("return", "returned", Text("return", "退单")),
    Action("claim", "claimed", Text("claim", "领单")),
    Action("arrive", "arrived", Text("arrive", "到场")),
    Action("confer", "conferred", Text("confer", "会商")),
    Action("begin", "begun", Text("begin", "落实")),
    Action("suspend", "suspended", Text("suspend", "挂起")),
    Action("resume", "resumed", Text("resume", "恢复")),
    Action("transfer", "transferred", Text("transfer", "转办")),
    Action("escalate", "escalated", Text("escalate", "提级")),
    Action("whistle", "whistled", Text("whistle", "吹哨")),
    Action("check_in", "checked_in", Text("check in", "报到")),
    Action("resolve", "resolved", Text("resolve", "办结")),
    Action("answer", "answered", Text("answer", "反馈")),
    Action("evaluate", "evaluated", Text("evaluate", "评价")),
    Action("close", "closed", Text("close", "归档")),
    Action("revisit", "revisited", Text("revisit", "回头看")),
    Action("extend", "extended", Text("extend", "延期")),
    Action("reclassify", "reclassified", Text("reclassify", "重新定级")),
    Action("appeal", "appealed", Text("appeal", "超时申诉")),
    Action("rule", "ruled", Text("rule on an appeal", "申诉裁定")),
    Action("inform", "informed", Text("inform", "进度告知")),
    Action("urge", "urged", Text("urge", "催办")),
    Action("note", "noted", Text("note", "备注")),
    Action("merge", "merged", Text("merge", "并案")),
    Action("withdraw", "withdrawn", Text("withdraw", "撤回")),
]

_ROWS = [
    Move("report", (START,), "reported"),
    Move("accept", ("reported",), "accepted"),
    Move("decline", ("reported",), "declined"),
    Move("dispatch", ("reported", "accepted"), "dispatched"),
    Move("return", ("dispatched", "claimed"), "accepted", cycle=True),
    Move("claim", ("dispatched",), "claimed"),
    Move("arrive", ("dispatched", "claimed", "conferring"), "on_site"),
    Move("confer", ("dispatched", "claimed", "on_site", "handling"), "conferring"),
    Move("begin", ("dispatched", "claimed", "on_site", "conferring"), "handling"),
    Move("suspend", _IN_HAND, "suspended"),
    *(Move("resume", ("suspended",), state, guard=("origin", state)) for state in _IN_HAND),
    Move("transfer", _IN_HAND, "dispatched", cycle=True),
    Move("escalate", ("reported", "accepted", *_IN_HAND), "dispatched", cycle=True),
    Move("whistle", _IN_HAND, SAME),
    Move("check_in", _IN_HAND, SAME),
    Move("resolve", ("reported", *_IN_HAND), "resolved"),
    Move("answer", ("resolved",), "answered"),
    Move("evaluate", ("answered",), "evaluated", guard=("verdict", "satisfied")),
    Move("evaluate", ("answered",), "evaluated", guard=("verdict", "none")),
    Move("evaluate", ("answered",), "accepted", guard=("verdict", "unsatisfied"), cycle=True),
    Move("close", ("evaluated",), "closed"),
    Move("revisit", ("evaluated", "closed"), "closed", guard=("recurred", "no")),
    Move("revisit", ("evaluated", "closed"), "accepted", guard=("recurred", "yes"), cycle=True),
    Move("extend", _OPEN, SAME),
    Move("reclassify", _OPEN, SAME),
    Move("appeal", (*_OPEN, *_ENDS), SAME),
    Move("rule", (*_OPEN, *_ENDS), SAME),
    Move("inform", _OPEN, SAME),
    Move("urge", _OPEN, SAME),
    Move("note", _OPEN, SAME),
    Move("merge", _OPEN, "merged"),
    Move("withdraw", _OPEN, "withdrawn"),
]

#: The everyday lifecycle (日常流程): ``architecture.md`` gives its table.
BASE = Lifecycle.build("everyday", states=_STATES, ends=_ENDS, actions=_ACTIONS, rows=_ROWS)
