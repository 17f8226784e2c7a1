"""``governflow localities``: what can be used, where it comes from, and what is wrong with it (地方清单)."""

from typing import Any

from governflow.cli.output import new_console, print_indented, print_json
from governflow.cli.rule_sources import faults_of
from governflow.policy.registry import Found, Localities
from governflow.text import Text


def localities(*, as_json: bool, lang: str) -> int:
    """List every locality that is built in or installed; one that cannot be loaded hides no other.

    Args:
        as_json: Print a JSON list.
        lang: ``"zh"`` or ``"en"``.

    Returns:
        The exit status: 1 if any has faults.
    """
    found = list(Localities().all())
    faulty = sum(one.fault is not None for one in found)
    if as_json:
        print_json([_told(one, lang) for one in found])
        return 1 if faulty else 0
    out = new_console()
    for one in found:
        told = _told(one, lang)
        name = told["name" if lang == "zh" else "name_en"] or Text("cannot be loaded", "无法加载").say(lang)
        rules = Text(f" · rule set {told['rules']}", f" · 规则集 {told['rules']}").say(lang) if told["rules"] else ""
        out.print(f"{one.code:<12}  {name}{rules}", style="" if one.fault is None else "red")
        parts = [told["from"]]
        if told["ancestors"]:
            parts.append(Text("over ", "上级 ").say(lang) + " → ".join(told["ancestors"]))
        print_indented(out, " · ".join(parts), 14, style="dim")
        for fault in told["faults"]:
            print_indented(out, f"✗ {fault}", 14)
    number = len(found)
    count = Text(
        f"{number} localities, {faulty} with faults" if faulty else f"{number} localities, no faults",
        f"共{number}个地方，{faulty}个有问题" if faulty else f"共{number}个地方，均可使用",
    )
    out.print(count.say(lang))
    return 1 if faulty else 0


def _told(one: Found, lang: str) -> dict[str, Any]:
    policy = one.policy
    known = policy.locality if policy is not None else None
    return {
        "code": one.code,
        "name": known.name if known is not None else None,
        "name_en": known.name_en if known is not None else None,
        "from": one.home.say(lang),
        "ancestors": [layer.code for layer in policy.layers[1:]] if policy is not None else [],
        "rules": policy.rules if policy is not None else None,
        "faults": [fault.say(lang) for fault in faults_of(one.fault)] if one.fault is not None else [],
    }
