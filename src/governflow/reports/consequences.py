"""What a case's events tell of its ladder and of who acted: escalations, measures that were due, findings.

What was carried out and what was only due are told apart everywhere: a measure that is due has moved nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import attrs

from governflow.model.events import AMENDED, Escalated, Event
from governflow.model.life import life, numbered
from governflow.model.terms import Cause
from governflow.model.urgings import Urging
from governflow.policy.hookspecs import CaseReader
from governflow.text import Text

#: The details of events that these are read from.
TOLD_BY = ("escalation", "measure_due", "findings")


@attrs.frozen
class Consequences:
    """What followed for one case, oldest first.

    Args:
        escalations: What was carried out: kind, cause, clock, from, to, form, at, because; of urgings that repeat also
            ``times``, how many there have been, and ``until``, the last of them.
        measures_due: What was only due, the same.
        findings: What is wrong about facts that were taken all the same: at, action, unit, code, reason.
        started_by_measures: The cycles of clocks that began because a measure was carried out: ``arrive#2``.
    """

    escalations: Sequence[dict[str, Any]] = ()
    measures_due: Sequence[dict[str, Any]] = ()
    findings: Sequence[dict[str, Any]] = ()
    started_by_measures: Collection[str] = ()

    @classmethod
    def of(cls, history: Sequence[Event], until: datetime | None = None) -> "Consequences":
        """Read them from the events of a case, as of a moment; as of the last event by default."""
        lived = as_lived(history)
        return cls(escalations(lived, until), measures_due(lived), findings(lived), _started_by_measures(lived))

    @classmethod
    def read(cls, reader: CaseReader, case: str) -> "Consequences":
        """Read what followed for a case, as of the reader's clock."""
        told = reader.life(case, about=TOLD_BY)
        if any(clock.urging is not None for event in told for clock in event.clocks):
            told = reader.life(case)  # what ends an urging may tell nothing else
        return cls.of(told, reader.now)


def as_lived(history: Sequence[Event]) -> Sequence[Event]:
    """Return the life that the events of a case tell, each with its own number: what was withdrawn counts nowhere."""
    if len({event.seq for event in history}) == len(history) and all(event.kind != AMENDED for event in history):
        return history
    return tuple(numbered(life(history)))


def escalations(history: Sequence[Event], until: datetime | None = None) -> list[dict[str, Any]]:
    """Return the escalations among the events of a case: when, why, what, from whom to whom.

    Args:
        history: The events; all of them where urgings repeat.
        until: As of when repeated urgings are counted; the last event by default.
    """
    history = as_lived(history)
    repeated = repeated_urgings(history, until)
    climbs = ((event, event.escalation) for event in history if event.escalation is not None)
    return [
        {**climb, "at": event.at, "because": _because(event, climb), **_times(repeated.get(event.seq))}
        for event, climb in climbs
    ]


def _times(repeated: tuple[Urging, datetime] | None) -> dict[str, Any]:
    if repeated is None:
        return {}
    urging, ended = repeated
    times = max(urging.count(ended), 1)
    return {"times": times, "until": urging.at(times), "repeated": repeated}


def times_within(climb: Mapping[str, Any], since: datetime, until: datetime) -> int:
    """Return how many times what an escalation tells happened from a moment on and before another one."""
    if "repeated" not in climb:
        return int(since <= climb["at"] < until)
    urging, ended = cast(tuple[Urging, datetime], climb["repeated"])
    return max(urging.count(min(until, ended)) - urging.count(since), 0)


def repeated_urgings(history: Sequence[Event], until: datetime | None = None) -> dict[int, tuple[Urging, datetime]]:
    """Return the urgings that repeat, by the number of the event, each with the moment before which they happened.

    They end with the event that stops, pauses or changes their clock; else with ``until``, by default the last event.
    """
    found: dict[int, tuple[Urging, datetime]] = {}
    going: dict[tuple[str, int], tuple[int, Urging]] = {}
    latest = max([event.at for event in history], default=until)
    for event in history:
        for clock in event.clocks:
            mark = clock.name, clock.cycle
            if mark in going and going[mark][1] != clock.urging:
                seq, urging = going.pop(mark)
                found[seq] = urging, event.at
            if clock.urging is not None and mark not in going:
                going[mark] = event.seq, clock.urging
    if latest is not None:
        latest = latest if until is None else max(latest, until)
        found |= {seq: (urging, latest) for seq, urging in going.values()}
    return found


def measures_due(history: Sequence[Event]) -> list[dict[str, Any]]:
    """Return the measures that were due and that the journal, which is the record, need not show: as `escalations`."""
    due = ((event, event.measure_due) for event in history if event.measure_due is not None)
    return [{**climb, "at": event.at, "because": _because(event, climb)} for event, climb in due]


def findings(history: Sequence[Event]) -> list[dict[str, Any]]:
    """Return what is wrong about facts that were taken all the same: when, which action, by which unit, and why."""
    return [
        {
            "at": event.at,
            "action": event.action,
            "unit": (event.by.unit or event.by.id) if event.by is not None else None,
            "code": found["code"],
            "reason": found["reason"] if isinstance(found["reason"], Text) else Text(**found["reason"]),
        }
        for event in history
        for found in cast(Sequence[dict[str, Any]], event.about.get("findings", ()))
    ]


def _started_by_measures(history: Sequence[Event]) -> Collection[str]:
    """Return the cycles of clocks that began with a takeover by the rules; what somebody escalated is a fact."""
    return {
        clock.mark
        for event in history
        if event.escalation is not None and event.escalation["cause"] != Cause.MANUAL
        for clock in event.clocks
        if clock.started == event.at and clock.stopped is None
    }


def _because(event: Event, climb: Escalated) -> Text:
    """Return why a case was escalated, or should have been, in both languages."""
    reason = next((ruling.reason for ruling in event.rulings if ruling.what == "escalate"), None)
    if climb["clock"] is None:
        cause = Cause(climb["cause"]).text
        return cause if reason is None else Text(f"{cause.en}: {reason.en}", f"{cause.zh}：{reason.zh}")
    name = str(climb["clock"]).partition("#")[0]
    en = f"{name} is overdue" + (f": {reason.en}" if reason else "")
    zh = f"“{name}”超时" + (f"：{reason.zh}" if reason else "")
    return Text(en, zh)
