"""The case that somebody gives, as ``--case`` does: refused where no report could tell it (指定案例)."""

from collections.abc import Mapping

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
