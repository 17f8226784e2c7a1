"""What a locality is let off for a while: its waivers, and what is wrong with one (豁免)."""

from datetime import date

from governflow.charter.laws.registry import LAWS
from governflow.charter.model import Failure
from governflow.errors import PolicyError, described
from governflow.model.rulings import RuleRef
from governflow.policy.hookspecs import Waiver
from governflow.policy.stack import Policy
from governflow.text import Text

_HOOK = "governflow_waivers"


def waivers_of(policy: Policy) -> dict[str, Waiver]:
    """Return the locality's own waivers by law: what its city is let off it has to keep, or to waive in its own name.

    Raises:
        PolicyError: If the hook answers with something else, or waives what is no law.
    """
    found: dict[str, Waiver] = {}
    faults: list[Text] = []
    own = policy.layers[0].source
    for source, function, _ in policy.impls(_HOOK):
        if source != own:
            continue
        try:
            given = list(function() or ())
        except Exception as raised:  # noqa: BLE001 - whatever it raises, the county's author has to read it
            what = described(raised)
            faults.append(Text(f"{_HOOK} raised {what}", f"{_HOOK} 出错：{what}"))
            continue
        for waiver in given:
            if not isinstance(waiver, Waiver) or waiver.law not in LAWS:
                what = f"{getattr(waiver, 'law', waiver)!r:.80}"
                faults.append(Text(f"{_HOOK}: {what} is no law", f"{_HOOK}：{what} 不是宪章条目"))
            else:
                found[waiver.law] = waiver
    if faults:
        raise PolicyError.listing(Text(f"{own} cannot be checked", f"{own} 无法检验"), faults)
    return found


def unfit(waiver: Waiver, today: date) -> Failure | None:
    """Return what is wrong with a waiver: it needs a reason and an end that has not come."""
    sentence = _without_reason(waiver) or _without_end(waiver, today)
    return Failure(sentence, look_at=RuleRef(hook=_HOOK)) if sentence is not None else None


def _without_reason(waiver: Waiver) -> Text | None:
    reason = waiver.reason
    if isinstance(reason, Text) and reason.sound and reason.en.strip() and reason.zh.strip():
        return None
    return Text(
        "the waiver of this law gives no reason: say why, in both languages",
        "本条的豁免未写理由：请用中英文写明原因",
    )


def _without_end(waiver: Waiver, today: date) -> Text | None:
    try:
        until = date.fromisoformat(waiver.until)
    except (TypeError, ValueError):
        return Text(
            f"the waiver of this law ends on {waiver.until!r}, which is no day: write YYYY-MM-DD",
            f"本条豁免的截止日“{waiver.until}”不是日期：请写成 YYYY-MM-DD",
        )
    if until >= today:
        return None
    return Text(
        f"the waiver of this law ended on {until}: mend the rules, or waive it anew with a reason",
        f"本条的豁免已于 {until} 到期：请修改规则，或重新说明理由后豁免",
    )
