"""One plain form of what rules say of a case: values that JSON can hold, equal in every process (裁定的平面形式).

The charter compares whole answers; a comparison of two sets of rules compares decisions, each with who gave it.
"""

import hashlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, TypeVar

import msgspec

from governflow.model.case import Case
from governflow.model.faults import HookFault
from governflow.model.rulings import RecordedRuling, RuleRef
from governflow.text import Text

#: What is asked of a case after it was reopened is marked so.
REOPENED = "reopened:"
#: A rung of a ladder: ``escalate:`` and the clock, and the number of the rung.
RUNG = "escalate:"
#: The question that decides a field of a case.
DECIDED_BY = {
    "severity": "assess",
    "urgency": "assess",
    "tier": "tier",
    "unit": "route",
    "form": "route",
    "assist": "route",
}

_Value = TypeVar("_Value")


class Decision(msgspec.Struct, frozen=True, array_like=True):
    """One thing that was decided, and who decided it.

    Args:
        value: What was decided, in plain values.
        rule: The id of the rule.
        source: The code of the plugin, without its version: an upgrade is no other rule.
        reason: Why.
    """

    value: Any = None
    rule: str = ""
    source: str = ""
    reason: Text | None = None

    @classmethod
    def of(cls, value: object, ruling: RecordedRuling | None) -> "Decision":
        """Return what a ruling decided; nobody decided it where there is no ruling."""
        if ruling is None:
            return cls(value)
        return cls(value, ruling.rule, ruling.source.partition("@")[0], ruling.reason)

    @property
    def by(self) -> RuleRef | None:
        """The rule and whose it is; None where nobody said it."""
        return RuleRef.of(self.rule, self.source) if self.rule or self.source else None


class PlainAnswer(msgspec.Struct, dict=True):
    """What rules say of one case.

    Args:
        told: The case as it is reported.
        refused: Why its report or its dispatch was refused, if it was.
        faults: What went wrong in the rules.
        rulings: Every ruling, in the order in which it was given.
        results: What became of the case at its report and at its dispatch, by field: ``severity@report``,
            ``facts@report``, ``clock:solve:due@dispatch``.
    """

    told: dict[str, Any]
    refused: Text | None
    faults: list[HookFault]
    rulings: list[RecordedRuling]
    results: dict[str, Any]

    @cached_property
    def digest(self) -> str:
        """SHA-256 over all that the rules said."""
        parts = [self.refused and self.refused.en, self.faults, self.rulings, self.results]
        return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()

    def decisions(self) -> dict[str, Decision]:
        """Return every decision by field: results, the ladder rung by rung, and what is said after a reopening."""
        given = {one.what: one for one in self.rulings if not one.what.startswith(RUNG)}
        found: dict[str, Decision] = {}
        for name, value in self.results.items():
            field, _, moment = name.partition("@")
            if field in DECIDED_BY:
                routed = DECIDED_BY[field] == "route" and moment == "report"  # nobody routes a report
                found[name] = Decision.of(value, None if routed else given.get(DECIDED_BY[field]))
            elif field.endswith(":due"):
                found[name] = Decision.of(value, given.get(field.removesuffix(":due")))
            elif field == "lifecycle":
                found[name] = Decision(value)
        ladder: dict[str, Decision] = {}
        for one in self.rulings:
            if one.what == f"{REOPENED}route":
                parts = (("unit", "lead"), ("form", "form"), ("assist", "assist"))
                found |= {f"{REOPENED}{field}": Decision.of(one.value[key], one) for field, key in parts}
            elif one.what.startswith(REOPENED):
                found[one.what] = Decision.of(one.value, one)
            elif one.what.startswith("escalate"):
                ladder[one.what if one.what not in ladder else f"{one.what}:again"] = Decision.of(one.value, one)
        return found | ladder


def results_of(reported: Case | None, dispatched: Case | None) -> dict[str, Any]:
    """Return what became of a case, by field; see `PlainAnswer`."""
    found: dict[str, Any] = {}
    for moment, case in (("report", reported), ("dispatch", dispatched)):
        if case is None:
            continue
        for field in ("lifecycle", "severity", "urgency", "tier", "unit", "form"):
            found[f"{field}@{moment}"] = getattr(case, field)
        found[f"assist@{moment}"] = list(case.assist)
        found[f"facts@{moment}"] = dict(case.facts)
        for _, clock in sorted(case.clocks.items()):
            found[f"clock:{clock.name}:due@{moment}"] = clock.due
            found[f"clock:{clock.name}:terms@{moment}"] = [clock.allowance, sorted(clock.traits)]
    return found


def differing(one: Mapping[str, _Value], other: Mapping[str, _Value]) -> Iterator[str]:
    """Return the names of the fields that differ, or that only one of two answers has, in order."""
    return (name for name in dict.fromkeys((*one, *other)) if one.get(name) != other.get(name))
