"""A case as a report tells it, and the case that the engine makes of it."""

import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from governflow.engine.decide import Command, decide, unreported
from governflow.errors import CommandError
from governflow.model.case import Case
from governflow.model.terms import Mode, member
from governflow.policy.stack import Policy

#: Every check begins at this moment: a Monday morning in Shanghai, so that the same check gives the same verdict.
BEGIN = datetime(2026, 3, 2, 1, tzinfo=UTC)

_One = TypeVar("_One")

#: What a report tells in one word, and what it answers with yes or no; what a case says of who asked.
CASE_FIELDS = ("item", "place", "severity", "urgency", "lifecycle", "mode")
YES_NO_FIELDS = ("visit", "asked")
WHO = ("channel", "informant")
#: All that a case of ``--case`` may tell; ``steps`` are those of a life.
KNOWN = (*CASE_FIELDS, *YES_NO_FIELDS, *WHO, "facts", "at", "steps")
_TEXTS = ("item", "place", "lifecycle", *WHO)

#: The keyword arguments of `Engine.report`, ``mode``, and ``at`` where it is not reported at the usual moment.
ReportedCase = Mapping[str, Any]


def wall_times(*moments: str) -> tuple[datetime, ...]:
    """Return moments, in UTC, of wall times in Shanghai."""
    return tuple(datetime.fromisoformat(f"{moment}+08:00").astimezone(UTC) for moment in moments)


def written(case: ReportedCase) -> str:
    """Return a case as one line of JSON, its keys in order; ``json.loads`` reads it back."""
    return json.dumps(case, ensure_ascii=False, sort_keys=True)


def timeless(reported_case: ReportedCase) -> ReportedCase:
    """Return a case without the moment at which it is reported."""
    return {name: value for name, value in reported_case.items() if name != "at"}


def mode_of(reported_case: ReportedCase) -> Mode:
    """Return the mode in which a case is reported."""
    return Mode(reported_case.get("mode", Mode.NORMAL))


def moment_of(reported_case: ReportedCase, usual: datetime = BEGIN) -> datetime:
    """Return when a case is reported, in the zone of the usual moment, which is that of a case that names none.

    Raises:
        CommandError: If ``at`` is no moment with an offset.
    """
    at = reported_case.get("at")
    if at is None:
        return usual
    with suppress(ValueError):
        moment = datetime.fromisoformat(str(at))
        if moment.tzinfo is not None:
            return moment.astimezone(usual.tzinfo)
    raise CommandError(
        f"{at!r} is no moment with an offset: write 2026-03-02T09:00+08:00",
        f"“{at}”不是带时差的时刻：请写成 2026-03-02T09:00+08:00",
    )


def fresh(policy: Policy, reported_case: ReportedCase, at: datetime = BEGIN, number: str = "check") -> Case:
    """Return the case, reported at a moment in UTC, before any rule was asked about it."""
    details = {name: value for name, value in reported_case.items() if name != "mode"}
    return unreported(number, policy, at, mode_of(reported_case), details)


def reported(policy: Policy, reported_case: ReportedCase, at: datetime = BEGIN) -> Case:
    """Return the case that a report leaves at a moment in UTC: facts derived, assessed, tiered, its clocks running."""
    return decide(fresh(policy, reported_case, at), Command("report", {}), policy, at, mode_of(reported_case))[1]


def distinct(some: Iterable[_One], key: Callable[[_One], Hashable]) -> Iterator[_One]:
    """Return the first of those that have one key, in order."""
    seen: set[Hashable] = set()
    for one in some:
        if (mark := key(one)) not in seen:
            seen.add(mark)
            yield one


def smallest(reported_case: ReportedCase, fails: Callable[[ReportedCase], bool]) -> ReportedCase:
    """Shrink a case that shows a fault: leave out what is not needed for a smaller one to fail."""
    case = dict(reported_case)
    for name in ("facts", *sorted(reported_case.keys() - {"facts"})):
        if name in case and fails(smaller := {one: value for one, value in case.items() if one != name}):
            case = dict(smaller)
    for name in sorted(case.get("facts", ())):
        rest = {one: value for one, value in case["facts"].items() if one != name}
        if rest and fails(smaller := {**case, "facts": rest}):
            case = dict(smaller)
    return case


# --- the case of ``--case``: on one line, and refused where no report could tell it (指定案例) -----


def refuse_untellable(policy: Policy, case: ReportedCase) -> None:
    """Refuse a case that no report could tell.

    Raises:
        CommandError: A value of it makes no sense.
    """
    for name in case:
        if name not in KNOWN:
            raise CommandError(
                f"a case tells no {name!r}; it may tell: {', '.join(KNOWN)}",
                f"案例中不能有“{name}”；可写：{'、'.join(KNOWN)}",
            )
    for name in _TEXTS:
        if not isinstance(case.get(name, ""), str):
            raise CommandError(f"{name} is {case[name]!r}: give it as a text", f"“{name}”为 {case[name]!r}：应为文字")
    if not isinstance(case.get("facts", {}), Mapping):
        raise CommandError(
            f"facts are {case['facts']!r}: give each by its name", f"要素为 {case['facts']!r}：请逐项写明名称和值"
        )
    steps = case.get("steps", ())
    if not isinstance(steps, (list, tuple)) or not all(map(_is_step, steps)):
        raise CommandError(
            f"steps are {steps!r}: give each as [minutes, action, number]",
            f"经过为 {steps!r}：每一步应写成 [分钟, 动作, 序号]",
        )
    if "mode" in case:
        member(Mode, case["mode"])
    moment_of(case)
    fresh(policy, case)


def _is_step(step: object) -> bool:
    return isinstance(step, (list, tuple)) and len(step) == 3 and all(map(isinstance, step, (int, str, int)))


def case_line(case: object) -> str:
    """Return a case as one line of JSON, for ``--case``."""
    return json.dumps(case, ensure_ascii=False, default=_plain)


def plain(case: Mapping[str, object]) -> dict[str, object]:
    """Return a case as plain JSON values."""
    values: dict[str, object] = json.loads(case_line(case))
    return values


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def read_case(written: str) -> dict[str, object]:
    """Read the case of a command.

    Raises:
        CommandError: If it is no JSON object.
    """
    try:
        case = json.loads(written)
    except ValueError as fault:
        raise CommandError(f"--case is no JSON: {fault}", f"--case 不是 JSON：{fault}") from None
    if not isinstance(case, dict):
        raise CommandError(
            'a case is a JSON object such as {"item": "..."}', '案例应为 JSON 对象，例如 {"item": "..."}'
        )
    return case
