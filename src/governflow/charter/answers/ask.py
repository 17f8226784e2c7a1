"""All that a locality's rules say of one case: what they say at its report and its dispatch, and rung by rung.

An answer has one plain form: values that JSON can hold, equal in every process. The charter compares whole answers; a
comparison of two sets of rules compares decisions, each with who gave it.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property
from itertools import product
from typing import Any, TypeVar

import attrs
import msgspec

from governflow.charter.cases.reported import WHO, ReportedCase, fresh, mode_of, moment_of
from governflow.engine.decide import Command, decide
from governflow.errors import CommandError, IllegalAction
from governflow.model import clocks
from governflow.model.case import Case, changed
from governflow.model.clocks import LAPSES
from governflow.model.events import Actor, Event
from governflow.model.faults import Faults, HookFault, faults_in
from governflow.model.rulings import RecordedRuling, RuleRef
from governflow.model.terms import Outcome, Verdict
from governflow.policy.hookspecs import Breach
from governflow.policy.stack import Policy
from governflow.text import Text

#: Who reports and dispatches in a check: somebody without a unit, so that no rule on units stands in the way.
ACTOR = Actor("charter")
#: The rungs that are asked about, after the report and after the dispatch.
_RUNGS_REPORTED, _RUNGS_DISPATCHED = (2,), (0, 1, 2)
#: The rungs of a case of one item or of one place, and those of every clock of a case that tells neither.
_RUNGS_SIMPLE, _ALL_RUNGS = (0, 1, 2, 3), (0, 1, 2, 3, 4, 5, 9)
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
    """One thing that was decided, in plain values, and who decided it."""

    value: Any = None
    rule: str = ""
    #: The code of the plugin, without its version: an upgrade is no other rule.
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
    """What rules say of one case, in values that JSON can hold; see `Answer`."""

    reported_case: dict[str, Any]
    refused: Text | None
    faults: list[HookFault]
    rulings: list[RecordedRuling]
    #: What became of the case at its report and at its dispatch, by field: ``severity@report``, ``facts@report``,
    #: ``clock:solve:due@dispatch``.
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


def differing(one: Mapping[str, _Value], other: Mapping[str, _Value]) -> Iterator[str]:
    """Return the names of the fields that differ, or that only one of two answers has, in order."""
    return (name for name in dict.fromkeys((*one, *other)) if one.get(name) != other.get(name))


@attrs.frozen(slots=False)
class Answer:
    """What the rules say of one case.

    Args:
        reported_case: The case as it is reported.
        reported: The case after its report; None if it was refused.
        dispatched: The case after its dispatch; as reported where it was refused, or cannot be dispatched yet.
        rulings: Every ruling, in the order in which it was given.
        faults: What went wrong in the rules.
        refused: Why the report or the dispatch was refused, if it was.
    """

    reported_case: ReportedCase
    reported: Case | None
    dispatched: Case | None
    rulings: tuple[RecordedRuling, ...]
    faults: tuple[HookFault, ...] = ()
    refused: Text | None = None

    @cached_property
    def plain(self) -> PlainAnswer:
        """The answer in plain values, which can be compared between two processes."""
        results: dict[str, Any] = {}
        for moment, case in (("report", self.reported), ("dispatch", self.dispatched)):
            if case is None:
                continue
            for field in ("lifecycle", "severity", "urgency", "tier", "unit", "form"):
                results[f"{field}@{moment}"] = getattr(case, field)
            results[f"assist@{moment}"] = list(case.assist)
            results[f"facts@{moment}"] = dict(case.facts)
            for _, clock in sorted(case.clocks.items()):
                results[f"clock:{clock.name}:due@{moment}"] = clock.due
                results[f"clock:{clock.name}:terms@{moment}"] = [clock.allowance, sorted(clock.traits)]
        return PlainAnswer({**self.reported_case}, self.refused, list(self.faults), list(self.rulings), results)


def asked(policy: Policy, reported_case: ReportedCase, number: str = "check") -> Answer:
    """Ask the rules everything about a case, through what the engine itself decides by, without a store."""
    mode, at = mode_of(reported_case), moment_of(reported_case)

    def do(case: Case, action: str) -> tuple[list[Event], Case]:
        return decide(case, Command(action, {}, ACTOR), policy, at, mode)

    events: list[Event] = []
    reported: Case | None = None
    case: Case | None = None
    refused = None
    try:
        events, reported = do(fresh(policy, reported_case, at, number), "report")
        case = reported
        for action in ("dispatch", "accept"):
            with suppress(IllegalAction):
                more, case = do(reported, action)
                events += more
                break
    except CommandError as refusal:
        refused = refusal.text
    if case is not None and refused is None:
        with suppress(CommandError):  # the rules may look at the form in which it is handled
            events += do(case, "escalate")[0]
    rulings = [ruling for event in events for ruling in event.rulings]
    faults = [fault for event in events for fault in _faults(event)]
    if case is not None and reported is not None:
        simple = len(reported_case.keys() - WHO) <= 1
        closely = simple and reported_case.keys().isdisjoint(("item", "place"))
        rulings += _rungs(policy, reported, reported_case, _ALL_RUNGS if closely else _RUNGS_REPORTED, faults)
        rungs = _ALL_RUNGS if closely else _RUNGS_SIMPLE if simple else _RUNGS_DISPATCHED
        rulings += _rungs(policy, case, reported_case, rungs, faults)
        if (simple or "at" in reported_case) and refused is None:
            rulings += _reopened(policy, case, reported_case, at, faults)
    return Answer(reported_case, reported, case, tuple(rulings), tuple(dict.fromkeys(faults)), refused)


def _reopened(
    policy: Policy, case: Case, reported_case: ReportedCase, at: datetime, faults: Faults
) -> Iterator[RecordedRuling]:
    """Ask what becomes of the case when it was resolved and answered, and whoever asked is not satisfied."""
    back = policy.lifecycle(case, []).transitions_for("answered", "evaluate")
    hour, judged = timedelta(hours=1), Verdict.UNSATISFIED
    contacted, resolved, answered, at = (at + after * hour for after in (1, 2, 3, 4))
    again = changed(
        case,
        {
            "contacted": contacted,
            "resolved": resolved,
            "answered": answered,
            "dispatched": case.dispatched or at,
            "first": case.first_receiver or case.unit,
            "moved": at,
            "reopened": 1,
            "verdict": judged,
            "judged": judged,
            "state": next((way.target for way in back if way.guard == ("verdict", judged)), "accepted"),
        },
    )
    try:
        events, _ = decide(again, Command("dispatch", {}, ACTOR), policy, at, mode_of(reported_case))
    except CommandError:
        return
    for hook in ("governflow_assess", "governflow_tier"):  # as a reassessment does
        answer = policy.ask(hook, faults, again, policy.context(again, mode_of(reported_case), at))
        if answer is not None:
            value, ruling, source = answer
            plain = str(value) if hook == "governflow_tier" else [value.severity, value.urgency]
            what = f"{REOPENED}{hook.removeprefix('governflow_')}"
            yield RecordedRuling(what, plain, ruling.reason, ruling.rule, source)
    for event in events:
        faults += _faults(event)
        yield from (msgspec.structs.replace(one, what=f"{REOPENED}{one.what}") for one in event.rulings)


def _faults(event: Event) -> tuple[HookFault, ...]:
    return faults_in(event.about) if event.kind == "faulted" else ()


def _rungs(
    policy: Policy, case: Case, reported_case: ReportedCase, rungs: tuple[int, ...], faults: Faults
) -> Iterator[RecordedRuling]:
    """Ask what some rungs do of the clock that falls due first, if nobody acts; of every clock where all are asked."""
    running = [clock for clock in case.clocks.values() if clock.stopped is None and LAPSES not in clock.traits]
    running.sort(key=lambda clock: (clock.due, clock.name))
    for first, rung in product(running if rungs is _ALL_RUNGS else running[:1], rungs):
        gap = clocks.gap(first)
        clock = msgspec.structs.replace(first, warn=None, outcome=Outcome.BREACHED, missed_at=first.due, rung=rung)
        context = policy.context(case, mode_of(reported_case), first.due + rung * gap)
        answer = policy.ask("governflow_escalate", faults, case, context, Breach(clock, rung, case.unit, gap))
        if answer is not None:
            value, ruling, source = answer
            said = [value.kind, value.to, value.form, value.next_after]
            yield RecordedRuling(f"{RUNG}{first.name}:{rung}", said, ruling.reason, ruling.rule, source)
