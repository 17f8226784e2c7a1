"""Rows that say otherwise than the store (更正): a changed row is a retraction and a new fact, told as one batch.

What a file does not hold any more is retracted only where that is asked for, of the cases that are in it and the steps
that it records. Nothing is lost: a batch that does not fit is tried fact by fact, and what contradicts is refused.
"""

from collections.abc import Collection, Iterator, Sequence

import attrs
from msgspec.structs import replace

from governflow.engine.engine import Engine
from governflow.engine.identity import TEXTS
from governflow.engine.known_facts import facts_of
from governflow.errors import GovernflowError, StoreError
from governflow.journal import DatedAction, Row
from governflow.model.case import Case
from governflow.model.events import Event, Fact
from governflow.model.terms import Way
from governflow.run.commands import JournalCommands

#: Why the source's own corrections retract what it told before.
REASON = "来源台账更正"

#: A step of a row.
Step = tuple[Row, DatedAction]


@attrs.frozen
class New:
    """A fact that the store does not hold, with the one that it stands instead of, and the step that tells it."""

    fact: Fact
    step: Step
    old: Event | None = None
    #: What goes with the old one and comes again with the new one: the dispatch that ``--auto-dispatch`` vouches for.
    beside: tuple[Fact, Event] | None = None


@attrs.frozen
class Amendment:
    """What the rows of one case change in the store.

    Args:
        case: The case's id.
        new: The facts that it does not hold.
        gone: The facts that the file does not hold any more.
        same: The steps that it holds as they are.
    """

    case: str
    new: Sequence[New]
    gone: Sequence[Event]
    same: Sequence[Step]


@attrs.frozen
class Amender:
    """Compares the rows of cases with the store, and makes the store say what the rows say.

    Args:
        engine: The engine.
        commands: Says what a row tells.
        recorded: The actions that the file records: no others are missing in it.
        whole: Whether what the file does not hold any more is retracted.
    """

    engine: Engine
    commands: JournalCommands
    recorded: Collection[str]
    whole: bool

    def compare(self, steps: Sequence[Step], *, is_whole: bool) -> Amendment:
        """Return what the rows of one case change.

        Args:
            steps: All steps that the file tells of it.
            is_whole: Whether these begin with its report, so that a step which only the store has was changed.
        """
        case = self.commands.require_ours(steps[0][0].case)
        assert case is not None
        standing = [fact.event for _, fact in facts_of(self.engine.life(case.id)) if fact.command and fact.event]
        forgotten = any(event.kind == "forgotten" for event in self.engine.history(case.id))
        told: list[tuple[Step, Fact]] = []
        same: list[Step] = []
        for row, step in steps:
            fact = self._fact(row, step, case, forgotten=forgotten)
            event = next((one for one in standing if self._says_so(one, fact, row, step)), None)
            if event is None:
                told.append(((row, step), fact))
            else:
                standing.remove(event)
                same.append((row, step))
        new = [self._new(step, fact, standing, case, is_whole=is_whole) for step, fact in told]
        taken = {id(event) for one in new for event in (one.old, one.beside and one.beside[1]) if event is not None}
        rest = [event for event in standing if id(event) not in taken and event.action != "report"]
        gone = [event for event in rest if event.action in self.recorded] if self.whole and is_whole else []
        return Amendment(case.id, new, gone, same)

    def _fact(self, row: Row, step: DatedAction, case: Case, *, forgotten: bool) -> Fact:
        fact = self.commands.fact(row, step, case)
        details = dict(fact.details)
        if forgotten:
            details = {name: value for name, value in details.items() if name not in TEXTS}
        if step.action == "report":
            source = self.commands.source
            details["source"] = case.source.joined(source) if case.source and source else case.source
            details.pop("way", None)
            if case.way is not Way.LIVE:
                details["way"] = case.way
        return replace(fact, details=details)

    def _says_so(self, event: Event, fact: Fact, row: Row, step: DatedAction) -> bool:
        """Return whether a fact of the store is what a step tells; its texts may differ."""
        done_at = event.about.get("done_at")
        at = event.at.isoformat() if done_at is None else str(done_at)
        if event.action != fact.action or at != fact.at.isoformat():
            return False
        if not self.commands.is_known(row, step, self.commands.fact_id(row, step)):
            return False
        return self.commands.tells_same(event, fact)

    def _new(self, step: Step, fact: Fact, standing: list[Event], case: Case, *, is_whole: bool) -> New:
        """Return a fact with the one that it stands instead of: the nearest of its kind that the file does not hold."""
        # What was said before, and then otherwise, may be said again: that is another command.
        command_id = self.commands.fact_id(*step)
        if self.commands.is_known(*step, command_id):
            command_id += f"@{case.version}".encode()
        fact = replace(fact, command_id=command_id)
        alike = [event for event in standing if event.action == fact.action] if is_whole else []
        old = min(alike, key=lambda event: abs(event.at - fact.at), default=None)
        if old is None:
            return New(fact, step)
        standing.remove(old)
        again = self.commands.assumed_dispatch(*step) if fact.action == "report" else None
        assumed = next((one for one in standing if one.action == "dispatch" and one.at == old.at), None)
        if again is None or assumed is None:
            return New(fact, step, old)
        standing.remove(assumed)
        return New(fact, step, old, (replace(again, command_id=command_id + b"auto"), assumed))

    def carry_out(self, amendment: Amendment) -> Iterator[tuple[New | Event, GovernflowError | None]]:
        """Change the store; return each new fact, and each fact that is gone, with why it was refused, or None."""
        for row, step in amendment.same:
            self.commands.take(row, step)  # its texts are updated
        if not amendment.new and not amendment.gone:
            return
        fault = self._told(amendment.case, amendment.new, amendment.gone)
        if fault is None:
            yield from ((one, None) for one in amendment.new)
            yield from ((event, None) for event in amendment.gone)
            return
        for one in sorted(amendment.new, key=lambda one: one.fact.at):
            yield one, self._told(amendment.case, (one,), ())
        for event in reversed(amendment.gone):
            yield event, self._told(amendment.case, (), (event,))

    def _told(self, case: str, new: Sequence[New], gone: Sequence[Event]) -> GovernflowError | None:
        beside = [one.beside for one in new if one.beside is not None]
        facts = [*(one.fact for one in new), *(fact for fact, _ in beside)]
        instead = [*(one.old for one in new if one.old is not None), *(event for _, event in beside), *gone]
        try:
            self.engine.tell(case, facts, instead=instead, reason=REASON, at=self.engine.now)
        except StoreError:
            raise  # no fault of the row: nothing more can be kept
        except GovernflowError as fault:
            return fault
        return None
