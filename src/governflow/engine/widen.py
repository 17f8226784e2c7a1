"""A source that turns out to record more than it did (记录范围扩大): the life is worked out anew, by all of it.

Next month's journal may have a step that this month's did not. Then the step is recorded of every case, and a clock
that was unrecorded runs from where it would have begun.
"""

from msgspec.structs import replace

from governflow.engine.amend import amended_life
from governflow.engine.known_facts import facts_of
from governflow.engine.session import Session
from governflow.engine.tell import anew_of
from governflow.engine.transition import Transition
from governflow.model.case import evolve
from governflow.model.events import Event
from governflow.model.life import life
from governflow.model.source import Source
from governflow.model.terms import Mode
from governflow.policy.stack import Policy


def widen(session: Session, case_id: str, source: Source) -> None:
    """Let a case be measured by all that its source records now."""
    with session.lock, session.transaction:
        case = session.load(case_id)
        if case.source is None or case.source == source:
            return
        policy = session.localities.policy(case.locality)
        lived = life(session.store.history(case_id))
        first = _reported(lived[0], policy, session.mode(policy, lived[0].at), source)
        known = dict(facts_of(lived))
        start = 1
        while start < len(lived) and lived[start].kind == "faulted" and lived[start].at == lived[0].at:
            start += 1  # what was wrong with the rules that the report asked stays so
        facts = [fact for place, fact in known.items() if place >= start]
        anew = anew_of(session, policy, case_id)
        until = max([*(fact.at for fact in known.values()), session.store.now or lived[0].at])
        new = anew.lived([first, *lived[1:start]], facts, until)
        entries, after = amended_life(case, lived, known, new, until)
        session.append(policy, case, after, entries)


def _reported(event: Event, policy: Policy, mode: Mode, source: Source) -> Event:
    """Return the event of a report with another source: the rules are asked about its clocks alone."""
    changes = {**event.changes, "source": source.as_json()}
    bare = evolve(None, replace(event, seq=1, changes=changes, clocks=()))
    step = Transition(bare, policy, event.at, mode)
    step.action = "report"
    for spec in step.plan.by_start.get("report", ()):
        step.start(spec)
    step.attend()
    changes["unrecorded"] = step.unrecorded(source)
    asked = [ruling for ruling in event.rulings if not ruling.what.startswith("clock:")]
    return replace(event, changes=changes, clocks=tuple(step.changed.values()), rulings=(*asked, *step.rulings))
