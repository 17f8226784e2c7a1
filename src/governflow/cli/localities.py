"""``governflow localities``: what can be used, where it comes from, and what is wrong with it (地方清单)."""

from typing import Any

from governflow.cli.output import new_console, print_indented, print_json
from governflow.cli.rule_sources import faults_of
from governflow.policy.registry import Found, Localities
from governflow.text import Text


def localities(*, as_json: bool, lang: str) -> int:
    """List every locality that is built in or installed; one that cannot be loaded hides no other.

    Returns:
        The exit status: 1 if any has faults.
    """
    found = [_as_json(locality, lang) for locality in Localities().all()]
    faulty = sum(bool(locality["faults"]) for locality in found)
    if as_json:
        print_json(found)
        return 1 if faulty else 0
    out = new_console()
    for locality in found:
        name = locality["name" if lang == "zh" else "name_en"] or Text("cannot be loaded", "无法加载").say(lang)
        rules, ancestors = locality["rules"], locality["ancestors"]
        hash_ = Text(f" · rule set {rules}", f" · 规则集 {rules}").say(lang) if rules else ""
        out.print(f"{locality['code']:<12}  {name}{hash_}", style="red" if locality["faults"] else "")
        over = Text(" · over ", " · 上级 ").say(lang) + " → ".join(ancestors) if ancestors else ""
        print_indented(out, locality["from"] + over, 14, style="dim")
        for fault in locality["faults"]:
            print_indented(out, f"✗ {fault}", 14)
    number = len(found)
    count = Text(
        f"{number} localities, {faulty} with faults" if faulty else f"{number} localities, no faults",
        f"共{number}个地方，{faulty}个有问题" if faulty else f"共{number}个地方，均可使用",
    )
    out.print(count.say(lang))
    return 1 if faulty else 0


def _as_json(found: Found, lang: str) -> dict[str, Any]:
    policy = found.policy
    known = policy.locality if policy is not None else None
    return {
        "code": found.code,
        "name": known.name if known is not None else None,
        "name_en": known.name_en if known is not None else None,
        "from": found.home.say(lang),
        "ancestors": [layer.code for layer in policy.layers[1:]] if policy is not None else [],
        "rules": policy.rules if policy is not None else None,
        "faults": [fault.say(lang) for fault in faults_of(found.fault)] if found.fault is not None else [],
    }
