"""All that a locality's rules say of one case: what they say at its report and its dispatch, and rung by rung."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

import attrs
import msgspec

from governflow import clocks
from governflow.case import Case
from governflow.charter.cases import fresh, mode_of
from governflow.charter.subject import BEGIN, Told
from governflow.clocks import LAPSES, Decided
from governflow.decide import Command, decide
from governflow.errors import CommandError, IllegalAction
from governflow.events import Actor, Event
from governflow.hookspecs import Breach
from governflow.policy import Policy
from governflow.terms import Outcome
from governflow.text import Text

#: Who reports and dispatches in a check: somebody without a unit, so that no rule on units stands in the way.
ACTOR = Actor("charter")
#: The rungs that are asked about, after the report and after the dispatch.
_RUNGS_REPORTED, _RUNGS_DISPATCHED = (2,), (0, 1, 2)


@attrs.frozen(slots=False)
class Answer:
    """What the rules say of one case.

    Args:
        told: The case as it is reported.
        reported: The case after its report; None if it was refused.
        dispatched: The case after its dispatch; as reported where it was refused, or cannot be dispatched yet.
        rulings: Every ruling, in the order in which it was given.
        faults: What went wrong in the rules: ``(plugin, hook, what)``.
        refused: Why the report or the dispatch was refused, if it was.
    """

    told: Told
    reported: Case | None
    dispatched: Case | None
    rulings: tuple[Decided, ...]
    faults: tuple[tuple[str, str, str], ...] = ()
    refused: Text | None = None

    @cached_property
    def parts(self) -> Mapping[str, Any]:
        """What was decided, by what it is about: plain values that can be compared between two processes."""
        found: dict[str, Any] = {"refused": self.refused and self.refused.en, "faults": self.faults}
        for when, case in (("report", self.reported), ("dispatch", self.dispatched)):
            if case is None:
                continue
            found[when] = [case.severity, case.urgency, case.tier, case.unit, case.form, list(case.assist)]
            found[f"facts at {when}"] = dict(case.facts)
            found[f"clocks at {when}"] = [
                [clock.name, clock.allowance, clock.due, sorted(clock.traits)]
                for _, clock in sorted(case.clocks.items())
            ]
        for number, one in enumerate(self.rulings):
            found[f"{one.what}#{number}"] = [one.value, one.reason.en, one.reason.zh, one.rule, one.source]
        return found

    @cached_property
    def digest(self) -> str:
        """SHA-256 over what was decided."""
        return hashlib.sha256(msgspec.json.encode(self.parts, order="deterministic")).hexdigest()

    @property
    def said(self) -> tuple[Text, ...]:
        """What the rules said, one sentence a ruling, each with who said it."""
        found = []
        for one in self.rulings:
            by = f"{one.rule} of {one.source}" if one.rule else one.source
            value = one.value if isinstance(one.value, str) else msgspec.json.encode(one.value).decode()
            zh = f"{one.what}：{value}（{one.reason.zh}；{one.source} {one.rule}".rstrip() + "）"
            found.append(Text(f"{one.what}: {value} ({one.reason.en}; {by})", zh))
        found += [
            Text(f"{hook} of {source}: {what}", f"{source} 的 {hook}：{what}") for source, hook, what in self.faults
        ]
        return tuple(found)


def asked(policy: Policy, told: Told, at: datetime = BEGIN) -> Answer:
    """Ask the rules everything about a case, through what the engine itself decides by, without a store.

    Args:
        policy: The rules.
        told: The case.
        at: When it is reported, in UTC.
    """
    mode = mode_of(told)
    events: list[Event] = []
    reported: Case | None = None
    case: Case | None = None
    refused = None
    try:
        more, reported = decide(fresh(policy, told, at), Command("report", {}, ACTOR), policy, at, mode)
        case = reported
        events += more
        for action in ("dispatch", "accept"):
            try:
                more, case = decide(reported, Command(action, {}, ACTOR), policy, at, mode)
            except IllegalAction:
                continue
            events += more
            break
    except CommandError as refusal:
        refused = refusal.text
    if case is not None and refused is None:
        events += _escalated(policy, case, told, at)
    rulings = [ruling for event in events for ruling in event.rulings]
    faults = [fault for event in events for fault in _faults(event)]
    if case is not None and reported is not None:
        rulings += _rungs(policy, reported, told, _RUNGS_REPORTED, faults)
        rulings += _rungs(policy, case, told, _RUNGS_DISPATCHED, faults)
    return Answer(told, reported, case, tuple(rulings), tuple(dict.fromkeys(faults)), refused)


def _escalated(policy: Policy, case: Case, told: Told, at: datetime) -> list[Event]:
    """Escalate it by hand: the rules may look at the form in which it is handled."""
    try:
        return decide(case, Command("escalate", {}, ACTOR), policy, at, mode_of(told))[0]
    except CommandError:
        return []


def _faults(event: Event) -> Iterator[tuple[str, str, str]]:
    for fault in event.about.get("faults", ()) if event.kind == "faulted" else ():
        yield fault["plugin"], fault["hook"], fault["fault"]


def _rungs(
    policy: Policy, case: Case, told: Told, rungs: tuple[int, ...], faults: list[tuple[str, str, str]]
) -> Iterator[Decided]:
    """Ask what some rungs do of the clock that falls due first, if nobody acts."""
    running = [clock for clock in case.clocks.values() if clock.stopped is None and LAPSES not in clock.traits]
    if not running:
        return
    first = min(running, key=lambda clock: (clock.due, clock.name))
    gap = clocks.gap(first)
    for rung in rungs:
        clock = msgspec.structs.replace(first, warn=None, outcome=Outcome.BREACHED, fell=first.due, rung=rung)
        context = policy.context(case, mode_of(told), first.due + rung * gap)
        answer = policy.ask("governflow_escalate", faults, case, context, Breach(clock, rung, case.unit, gap))
        if answer is not None:
            value, ruling, source = answer
            said = [value.kind, value.to, value.form, value.again]
            yield Decided(f"escalate:{first.name}:{rung}", said, ruling.reason, ruling.rule, source)


def difference(one: Answer, other: Answer) -> tuple[str, str]:
    """Say about what two answers differ, and who gave the one that differs.

    Returns:
        What it is about, and the rule and the plugin to look at.
    """
    these, those = one.parts, other.parts
    keys = [key for key in (*these, *those) if these.get(key) != those.get(key)]
    ruled = next((key for key in keys if "#" in key), None)
    if ruled is None:
        return (keys[0] if keys else "", "")
    number = int(ruled.rpartition("#")[2])
    rulings = one.rulings if number < len(one.rulings) else other.rulings
    return ruled.partition("#")[0], look_at(rulings[number])


def look_at(ruling: Decided) -> str:
    """Name the rule to look at, and whose it is."""
    return f"{ruling.rule or ruling.what} of {ruling.source}"
