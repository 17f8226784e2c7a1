"""The command ``upgrade``: which open cases the rules that are installed now would leave nowhere (规则升级预检)."""

from pathlib import Path
from typing import Any

import attrs

from governflow.cli.output import new_console, print_indented, print_json
from governflow.engine.engine import Engine
from governflow.engine.rule_changes import lost_of, settle
from governflow.model.case import Case
from governflow.model.faults import HookFault
from governflow.policy.stack import Policy
from governflow.text import Text


@attrs.frozen
class Concerned:
    """An open case of which the rules do not have everything any more, and the case as it would stand under them."""

    before: Case
    after: Case
    policy: Policy
    faults: tuple[HookFault, ...]

    def as_json(self, lang: str) -> dict[str, Any]:
        """Return it as ``--json`` prints it."""
        before, after = self.before, self.after
        return {
            "case": before.id,
            "locality": before.locality,
            "state": before.state,
            "unit": before.unit,
            "lost": [{"code": fault.code, "what": fault.text.say(lang)} for fault in self.faults],
            "then": {"lifecycle": after.lifecycle, "state": after.state, "unit": after.unit},
        }


def upgrade(code: str, *, store: Path, as_json: bool, lang: str) -> int:
    """List the open cases that the rules installed now would put elsewhere; nothing is written.

    Returns:
        The exit status: 1 if any case is concerned.
    """
    with Engine.open(store, must_exist=True, deliver=False) as engine:
        wanted = engine.localities.require_code(code)
        policy = engine.localities.policy(wanted)  # rules that cannot be loaded are named, not guessed around
        looked_at, concerned = _looked_through(engine, wanted)
    if as_json:
        found = [one.as_json(lang) for one in concerned]
        print_json({"locality": wanted, "rules": policy.rules, "open": looked_at, "concerned": found})
    else:
        _print(concerned, policy, looked_at, lang)
    return 1 if concerned else 0


def _looked_through(engine: Engine, code: str) -> tuple[int, list[Concerned]]:
    """Return how many open cases a locality and what lies below it have, and those that are concerned."""
    looked_at, concerned, now = 0, list[Concerned](), engine.clock.now()
    for case in engine.cases():
        policy = engine.rules_of(case.locality)
        if case.next_event_at is None or code not in policy.lineage:
            continue
        looked_at += 1
        moment = max(now, case.last_changed_at or now)
        if faults := lost_of(case, policy, moment, case.mode):
            _, after = settle(case, policy, moment, case.mode)
            concerned.append(Concerned(case, after, policy, tuple(faults)))
    return looked_at, concerned


def _print(concerned: list[Concerned], policy: Policy, looked_at: int, lang: str) -> None:
    out = new_console()
    for one in concerned:
        state, unit = one.policy.name(one.before.state), one.policy.units.name(one.before.unit)
        then, to = one.policy.name(one.after.state), one.policy.units.name(one.after.unit)
        out.print(
            Text(
                f"{one.before.id}  {state.en}, with {unit.en}  →  {then.en}, with {to.en}",
                f"{one.before.id}  {state.zh}，承办：{unit.zh}  →  {then.zh}，承办：{to.zh}",
            ).say(lang)
        )
        for fault in one.faults:
            print_indented(out, fault.text.say(lang), 2)
    number = len(concerned)
    out.print(
        Text(
            f"rule set {policy.rules}: {number} of {looked_at} open cases are concerned; nothing was written",
            f"规则集 {policy.rules}：在办 {looked_at} 件，受影响 {number} 件；未写入任何内容",
        ).say(lang)
    )
