"""What a lifecycle is declared with: actions, and moves from state to state."""

from collections.abc import Mapping

import attrs

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
