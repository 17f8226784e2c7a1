"""What a case's events tell of its ladder and of who acted: escalations, measures that were due, findings.

What was carried out and what was only due are told apart everywhere: a measure that is due has moved nothing.
"""

from collections.abc import Sequence
from typing import Any, cast

import attrs

from governflow.model.events import Escalated, Event
from governflow.model.terms import Cause
from governflow.text import Text

#: The details of events that these are read from.
TOLD_BY = ("escalation", "measure_due", "findings")


@attrs.frozen
class Consequences:
    """What followed for one case, oldest first.

    Args:
        escalations: What was carried out: kind, cause, clock, from, to, form, at, because.
        measures_due: What was only due, the same.
        findings: What is wrong about facts that were taken all the same: at, action, unit, code, reason.
    """

    escalations: Sequence[dict[str, Any]] = ()
    measures_due: Sequence[dict[str, Any]] = ()
    findings: Sequence[dict[str, Any]] = ()

    @classmethod
    def of(cls, history: Sequence[Event]) -> "Consequences":
        """Read them from events, whole or only those that hold any of `TOLD_BY`."""
        return cls(escalations(history), measures_due(history), findings(history))


def escalations(history: Sequence[Event]) -> list[dict[str, Any]]:
    """Return the escalations among the events of a case: when, why, what, from whom to whom."""
    climbs = ((event, event.escalation) for event in history if event.escalation is not None)
    return [{**climb, "at": event.at, "because": _because(event, climb)} for event, climb in climbs]


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
