"""The facts of a life, as they are taken again when it is worked out anew (已知事实)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from governflow.engine.decide import Command
from governflow.model.events import Event

#: What stands for a text in a command that is taken again: that there was one is known, what it said is not.
_SOMETHING = dict.fromkeys(("reason", "text"), "…")


class KnownFact(NamedTuple):
    """What somebody did or said, as a life that is worked out anew takes it (事实).

    Args:
        action: The action, as `Engine.act` takes it.
        at: When it happened, in UTC.
        command: What was done, by whom, with which details; None for what only the engine's own methods do.
        event: The event that it left when it was told before; None if it is told now.
    """

    action: str
    at: datetime
    command: Command | None
    event: Event | None = None

    @property
    def is_new(self) -> bool:
        """Whether it is told now."""
        return self.event is None


def facts_of(lived: Sequence[Event]) -> Iterator[tuple[int, KnownFact]]:
    """Return the facts of a life with their places; what follows from them or from the time is left out."""
    for place, event in enumerate(lived):
        if event.action == "report" or _was_told(event, lived, place):
            yield place, KnownFact(event.action, event.at, _command(event), event)


#: What a case hears of another one that it is merged with: it is no consequence of its own life.
OF_ANOTHER = frozenset({"joined", "answered_with", "unmerged"})
#: Kinds of events without an action that somebody caused all the same.
_CAUSED = frozenset({"mode_switched", "reassessed", "recalculated", *OF_ANOTHER})
#: What the engine does by itself leaves an action and a kind of its own.
_CONSEQUENT = frozenset({"lapsed", "taken_over"})


def _was_told(event: Event, lived: Sequence[Event], place: int) -> bool:
    """Return whether an event was a fact: somebody did it, or told a case of the rules or of the mode."""
    if event.kind in _CAUSED:
        return True
    if not event.action or event.kind in _CONSEQUENT:
        return False
    if event.by is not None or event.secret is not None or event.details:
        return True
    before = lived[place - 1]
    if event.kind == "closed" and event.at == before.at and before.kind in ("evaluated", "lapsed"):
        return False
    return event.kind != "resumed" or not _ends_pause(event, lived[:place])


def _ends_pause(event: Event, before: Sequence[Event]) -> bool:
    """Return whether a suspension ended at its own end."""
    until = next((old.changes.get("until") for old in reversed(before) if old.kind == "suspended"), None)
    return until is not None and datetime.fromisoformat(str(until)) == event.at


def _command(event: Event) -> Command | None:
    """Return the command that left an event; None for what no command does."""
    if event.kind in _CAUSED:
        return None
    details: dict[str, Any] = {**event.details} if event.details is not None else _guessed(event)
    if "until" in details:
        details["until"] = datetime.fromisoformat(details["until"])
    texts = _SOMETHING if event.secret is not None else {}
    done_at = event.about.get("done_at")
    moment = datetime.fromisoformat(str(done_at)) if done_at is not None else None
    return Command(event.action, {**texts, **details}, event.by, event.secret, replayed=True, done_at=moment)


def _guessed(event: Event) -> dict[str, Any]:
    """Return the details of a command from what its event changed: older ledgers kept no more."""
    changes, about = event.changes, event.about
    guesses: dict[str, dict[str, Any]] = {
        "dispatch": {"to": about.get("chosen")},
        "claim": {"unit": changes.get("unit")},
        "transfer": {"to": changes.get("unit")},
        "escalate": {"to": changes.get("unit"), "form": changes.get("form")},
        "suspend": {"until": changes.get("until")},
        "whistle": {"units": about.get("units")},
        "check_in": {"unit": about.get("unit")},
        "evaluate": {"satisfied": changes.get("verdict") == "satisfied", "score": changes.get("score")},
        "revisit": {"recurred": "reopened" in changes},
        "reclassify": {"severity": changes.get("severity"), "urgency": changes.get("urgency")},
        "appeal": {"clock": about.get("clock")},
        "rule": {"clock": about.get("clock"), "granted": about.get("granted")},
        "merge": {"into": changes.get("merged_into")},
    }
    found = guesses.get(event.action, {})
    if event.action in ("extend", "confer"):
        mark = str(about.get("clock", "promise#"))
        until = next((clock.due for clock in event.clocks if clock.mark.startswith(mark)), None)
        if event.action == "confer" and until is None:
            return {}  # a conference that promised no date: nothing was said, by whatever version
        found = {"clock": about.get("clock"), "approved_by": about.get("approved_by", "…")}
        found["until"] = until.isoformat() if until is not None else None
        found |= {"reason": "…"}
    return {name: value for name, value in found.items() if value is not None}


def leaves(fact: KnownFact, event: Event) -> bool:
    """Return whether an event of a step is the fact's own; another one may go before it, or follow."""
    return event.action == fact.action and event.kind not in _CONSEQUENT


def said(fact: KnownFact) -> bytes:
    """Return what a fact says, and who says it, in one canonical form."""
    command = fact.command
    if command is None:
        return b"" if fact.event is None else str(fact.event.seq).encode()
    details = {name: value for name, value in command.details.items() if name not in _SOMETHING}
    return msgspec.json.encode([command.by, details], order="deterministic", enc_hook=str)
