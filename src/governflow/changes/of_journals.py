"""Last year's real cases under one set of rules (真实台账试算): the journal is run whole, in memory."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from governflow.engine.engine import Engine
from governflow.journal import Map
from governflow.model.case import Case
from governflow.model.terms import Way
from governflow.policy.registry import Localities
from governflow.policy.stack import actions_of
from governflow.reports.consequences import Consequences
from governflow.reports.rates import lives
from governflow.run.runner import run
from governflow.text import Text

#: What may go differently in a case, in the order in which it is told.
ASPECTS: Mapping[str, Text] = {
    "assess": Text("severity, urgency", "定级"),
    "tier": Text("tier", "分级"),
    "route": Text("route", "派单去向"),
    "due": Text("due", "时限"),
    "escalation": Text("escalation", "升级"),
    "end": Text("end", "结局"),
}
#: So many ids are named of each aspect.
NAMED = 10


@attrs.frozen
class JournalChange:
    """What would have gone differently in a journal.

    Args:
        cases: How many cases both sets of rules took.
        otherwise: How many of them go differently in any aspect.
        aspects: By aspect how many, and the first ids.
        alone: The ids of the cases that only the old, and only the new rules took.
        refused: How many rows the old and the new rules refused.
        rows: How many rows there are.
        end: Up to when the clock was taken.
    """

    cases: int
    otherwise: int
    aspects: Mapping[str, tuple[int, tuple[str, ...]]]
    alone: tuple[tuple[str, ...], tuple[str, ...]]
    refused: tuple[int, int]
    rows: int
    end: str

    @property
    def differs(self) -> bool:
        """Whether any case, or any row that is refused, goes otherwise."""
        return bool(self.otherwise or any(self.alone) or self.refused[0] != self.refused[1])


def lived(
    localities: Localities, code: str, *, path: str, map: str | None, auto_dispatch: bool
) -> Mapping[str, object]:
    """Run a journal in memory and tell what became of each case; see `governflow.changes.compare.Journal`.

    Raises:
        JournalError: If the journal or its map cannot be read.
    """
    columns = Map.load(map, actions=actions_of(localities.policy(code))) if map is not None else None
    with Engine.open(localities=localities, way=Way.ENFORCE) as engine:
        result = run(
            engine, Path(path), locality=code, map=columns, auto_dispatch=auto_dispatch, rejected=lambda _: None
        )
        return {
            "taken": result.taken,
            "rejected": result.rejected,
            "until": result.until,
            "cases": {case.id: _outcomes(case, followed) for case, followed in lives(engine, code)},
        }


def _outcomes(case: Case, followed: Consequences) -> Mapping[str, object]:
    return {
        "assess": [case.severity, case.urgency],
        "tier": case.tier,
        "route": [case.unit, case.form, case.assist],
        "due": [[clock.name, clock.cycle, clock.due] for clock in case.all_clocks],
        "escalation": [[one["at"], one["kind"], one["from"], one["to"]] for one in followed.escalations],
        "end": [case.state, case.closed, case.verdict],
    }


def compared(old: Mapping[str, Any], new: Mapping[str, Any]) -> JournalChange:
    """Compare what two sets of rules made of a journal, as `lived` tells it."""
    before, after = old["cases"], new["cases"]
    both = [case for case in before if case in after]
    differing = {aspect: [case for case in both if before[case][aspect] != after[case][aspect]] for aspect in ASPECTS}
    return JournalChange(
        len(both),
        len({case for cases in differing.values() for case in cases}),
        {aspect: (len(cases), tuple(cases[:NAMED])) for aspect, cases in differing.items()},
        (tuple(case for case in before if case not in after), tuple(case for case in after if case not in before)),
        (old["rejected"], new["rejected"]),
        old["taken"] + old["rejected"],
        max(old["until"] or "", new["until"] or ""),
    )
