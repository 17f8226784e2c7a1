"""A case as a report tells it, and the case that the engine makes of it."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from governflow.engine.decide import Command, decide, unreported
from governflow.errors import CommandError
from governflow.model.case import Case
from governflow.model.terms import Mode
from governflow.policy.stack import Policy

#: Every check begins at this moment: a Monday morning in Shanghai, so that the same check gives the same verdict.
BEGIN = datetime(2026, 3, 2, 1, tzinfo=UTC)

#: The keyword arguments of `Engine.report`, ``mode``, and ``at`` where it is not told at the usual moment.
ReportedCase = Mapping[str, Any]


def written(case: ReportedCase) -> str:
    """Return a case as one line of JSON, its keys in order; ``json.loads`` reads it back."""
    return json.dumps(case, ensure_ascii=False, sort_keys=True)


def timeless(told: ReportedCase) -> ReportedCase:
    """Return a case without the moment at which it is told."""
    return {name: value for name, value in told.items() if name != "at"}


def mode_of(told: ReportedCase) -> Mode:
    """Return the mode in which a case is reported."""
    return Mode(told.get("mode", Mode.NORMAL))


def moment_of(told: ReportedCase, usual: datetime = BEGIN) -> datetime:
    """Return when a case is told, in the zone of the usual moment.

    Args:
        told: The case.
        usual: The moment of a case that names none.

    Raises:
        CommandError: If ``at`` is no moment with an offset.
    """
    at = told.get("at")
    if at is None:
        return usual
    try:
        moment = datetime.fromisoformat(str(at))
        if moment.tzinfo is not None:
            return moment.astimezone(usual.tzinfo)
    except ValueError:
        pass
    raise CommandError(
        f"{at!r} is no moment with an offset: write 2026-03-02T09:00+08:00",
        f"“{at}”不是带时差的时刻：请写成 2026-03-02T09:00+08:00",
    )


def fresh(policy: Policy, told: ReportedCase, at: datetime = BEGIN, number: str = "check") -> Case:
    """Return the case before any rule was asked about it.

    Args:
        policy: The rules.
        told: What is reported.
        at: When, in UTC.
        number: The case's id.
    """
    details = {name: value for name, value in told.items() if name != "mode"}
    return unreported(number, policy, at, mode_of(told), details)


def reported(policy: Policy, told: ReportedCase, at: datetime = BEGIN) -> Case:
    """Return the case that a report leaves: facts derived, assessed, tiered, its clocks running; without a store.

    Args:
        policy: The rules.
        told: What is reported.
        at: When, in UTC.
    """
    return decide(fresh(policy, told, at), Command("report", {}), policy, at, mode_of(told))[1]


def smallest(told: ReportedCase, fails: Callable[[ReportedCase], bool]) -> ReportedCase:
    """Shrink a case that shows a fault: leave out what the fault does not need.

    Args:
        told: The case.
        fails: Whether a smaller case still shows the same fault.
    """
    case = dict(told)
    for name in ("facts", *sorted(told.keys() - {"facts"})):
        if name in case and fails(smaller := {one: value for one, value in case.items() if one != name}):
            case = dict(smaller)
    for name in sorted(case.get("facts", ())):
        rest = {one: value for one, value in case["facts"].items() if one != name}
        if rest and fails(smaller := {**case, "facts": rest}):
            case = dict(smaller)
    return case
