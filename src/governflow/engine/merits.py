"""Merits (积分) as a locality's book keeps them; `governflow.reports.merits` reads the accounts.

Merits never change how a case is treated, and whoever asks for something never has any.
"""

from typing import Any

from governflow.errors import CommandError, shown
from governflow.policy.hookspecs import HOLDERS, Merit
from governflow.text import Text
from governflow.timesource import in_utc

#: The kind of the book's events that enter a merit.
ENTERED = "merit_entered"


def entry(merit: Merit, source: str, case: str | None) -> dict[str, Any]:
    """Return a merit as the ``about`` of the book's event keeps it, with who says so, and the case that earned it.

    Raises:
        CommandError: If it is nobody's, of an unknown holder, of no points, or without reason or source.
    """
    if type(merit) is not Merit:
        raise CommandError(f"{shown(merit)} is no Merit", f"{shown(merit)} 不是 Merit")
    if not isinstance(merit.holder, str) or merit.holder not in HOLDERS:
        en, zh = ", ".join(HOLDERS), "、".join(f"{name}（{text.zh}）" for name, text in HOLDERS.items())
        raise CommandError(
            f"merits are for {en}, not for {merit.holder!r}: whoever asks has none",
            f"积分对象应为 {zh} 之一，而不是 {merit.holder!r}：诉求人没有积分",
        )
    if not isinstance(merit.to, str) or not merit.to.strip():
        raise CommandError("a merit needs whose it is (to)", "积分须注明对象（to）")
    if type(merit.points) is not int or merit.points == 0:
        raise CommandError(
            f"{merit.points!r} points: give a whole number other than zero", f"分值 {merit.points!r} 应为非零整数"
        )
    if type(merit.rule) is not str or not Text(f"{merit.to}{merit.rule}", str(source)).sound:
        raise CommandError(
            f"whose it is, rule and source must be text, not {shown(merit.rule)}",
            f"积分的对象、规则和来源应为文字，而不是 {shown(merit.rule)}",
        )
    if not merit.reason.sound or not merit.reason.en.strip() or not merit.reason.zh.strip():
        raise CommandError("a merit needs a reason in both languages", "积分须说明理由（中英文）")
    if not isinstance(source, str) or not source.strip():
        raise CommandError("a merit needs its source: who says so", "积分须注明来源")
    return {
        "to": merit.to,
        "holder": merit.holder,
        "points": merit.points,
        "reason": {"en": merit.reason.en, "zh": merit.reason.zh},
        "rule": merit.rule,
        "source": source,
        "expires": in_utc(merit.expires).isoformat() if merit.expires is not None else None,
        "case": case,
    }
