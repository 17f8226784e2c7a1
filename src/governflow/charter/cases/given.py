"""The case of ``--case``: written on one line, read back, and refused where no report could tell it (指定案例)."""

import json
from collections.abc import Mapping
from datetime import date
from enum import Enum

from governflow.charter.cases.reported import ReportedCase, fresh, moment_of
from governflow.charter.cases.systematic import KNOWN
from governflow.errors import CommandError
from governflow.model.terms import Mode, member
from governflow.policy.stack import Policy

_TEXTS = ("item", "place", "lifecycle", "channel", "informant")


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
    kinds = (int, str, int)
    return isinstance(step, (list, tuple)) and len(step) == 3 and all(map(isinstance, step, kinds))


def case_line(case: object) -> str:
    """Return a case as one line of JSON, for ``--case``."""
    return json.dumps(case, ensure_ascii=False, default=_plain)


def plain(case: Mapping[str, object]) -> dict[str, object]:
    """Return a case as plain JSON values."""
    values: dict[str, object] = json.loads(case_line(case))
    return values


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)


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
