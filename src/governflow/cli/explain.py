"""``governflow explain``: every ruling of a case with reason, rule and source; every clock as segments (说明理由)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console

from governflow.cli.output import allowance_text, new_console, print_indented, print_json, ruled_text, span_text
from governflow.engine.engine import Engine
from governflow.engine.explain import Archive, Explanation
from governflow.engine.explain import explain as explain_case
from governflow.masking import clean
from governflow.reports.dossier_model import Step
from governflow.reports.format import plain
from governflow.reports.history import compile_steps
from governflow.reports.localize import Localizer
from governflow.text import Text

#: What is no ruling, and says all the same why a case is as it is.
_BESIDE = ("denied", "mode_switched", "reassessed")

_SEGMENTS: Mapping[str, Text] = {
    "counted": Text("counted", "计入"),
    "closed": Text("closed", "非工作时间"),
    "holiday": Text("holiday", "节假日"),
    "make-up": Text("make-up workday", "调休上班"),
    "paused": Text("paused", "暂停"),
}
_QUESTIONS: Mapping[str, Text] = {
    "assess": Text("severity and urgency", "定级"),
    "tier": Text("tier", "分级"),
    "route": Text("route", "派单去向"),
    "escalate": Text("escalation", "升级"),
}


def explain(case: str, *, store: Path, as_json: bool, lang: str) -> int:
    """Print every ruling with reason, rule and source, and every clock with its time accounted for."""
    with Engine.open(store, must_exist=True, deliver=False) as engine:
        found, history = engine.case(case), engine.history(case)
        policy = engine.rules_of(found.locality)
        explanation = explain_case(found, history, policy, engine.rule_set)
        archive = Archive(engine.rule_set)
        earlier = archive.tables(event.rules for event in history if event.rules != policy.rules)
        localizer = Localizer(lang, ZoneInfo(found.zone), policy, clean, [*policy.tables, *earlier])
        steps = compile_steps(localizer, found, history, {}, archive)
    beside = [step for step in steps if step.kind in _BESIDE]
    if as_json:
        print_json(_as_json(explanation, beside, lang))
    else:
        _print(explanation, beside, localizer)
    return 0


def _as_json(explanation: Explanation, beside: Sequence[Step], lang: str) -> dict[str, Any]:
    case = explanation.case
    zone = ZoneInfo(case.zone)
    return {
        "case": case.id,
        "facts": dict(case.facts),
        "rulings": [
            {
                **plain(record, zone, "seq", "at"),
                **plain(record.ruling, zone, "what", "value"),
                "reason": record.ruling.reason.say(lang),
                **plain(record.ruling, zone, "rule", "source"),
                "rules": record.rules,
                "row": record.row.as_json() if record.row is not None else None,
            }
            for record in explanation.rulings
        ],
        "beside": [
            {
                **plain(step, zone, "seq", "at", "kind", "what", "by", "details"),
                "reasons": [
                    {"reason": reason.text, **plain(reason, zone, "rule", "source")} for reason in step.reasons
                ],
            }
            for step in beside
        ],
        "clocks": [
            {
                "clock": account.clock.name,
                **plain(account.clock, zone, "cycle", "allowance", "started", "due", "original"),
                "flagged": account.flagged,
                "segments": [
                    {"from": plain(part.start, zone), "to": plain(part.end, zone), "kind": part.kind}
                    for part in account.segments
                ],
            }
            for account in explanation.clocks
        ],
    }


def _print(explanation: Explanation, beside: Sequence[Step], localizer: Localizer) -> None:
    out, t = new_console(), localizer.t
    case, colon = explanation.case, t(": ", "：")
    out.print(t(f"Case {case.id}: what was ruled, and why", f"事项 {case.id}：裁量与理由"), style="bold")
    for _, label, value in localizer.facts_of(case.facts):
        print_indented(out, f"{label}{colon}{value}", 2)
    for record in explanation.rulings:
        ruling, reason = record.ruling, record.ruling.reason.say(localizer.lang)
        question, answer = _ruling(ruling.what, ruling.value, localizer)
        out.print()
        out.print(f"{_local(record.at, localizer)}  {question}{colon}{answer}")
        print_indented(out, reason, 2)
        if record.row is not None:
            print_indented(out, localizer.row(record.row, reason), 2)
        rules = f" · {t('rule set', '规则集')} {record.rules}" if record.rules else ""
        print_indented(out, f"{ruling.rule} · {ruling.source}{rules}", 2, style="dim")
    if beside:
        out.print()
        out.print(t("What was refused, or assessed anew", "未予准许与重新研判"), style="bold")
    for step in beside:
        out.print(f"{step.at:%Y-%m-%d %H:%M:%S}  {step.what}  {step.by}")
        for line in (*step.details, *(reason.text for reason in step.reasons)):
            print_indented(out, line, 2)
    out.print()
    out.print(t("How the time was counted", "时限如何计算"), style="bold")
    _print_clocks(explanation, localizer, out)


def _print_clocks(explanation: Explanation, localizer: Localizer, out: Console) -> None:
    lang, t = localizer.lang, localizer.t
    for account in explanation.clocks:
        clock = account.clock
        out.print(
            f"{localizer.policy.name(clock.name).say(lang)} #{clock.cycle}  {allowance_text(clock.allowance, lang)}  "
            f"{_local(clock.started, localizer)} → {_local(clock.due, localizer)}  {clock.outcome.text.say(lang)}"
        )
        if clock.original is not None:
            out.print("  " + t("due before the extension: ", "延期前的截止时间：") + _local(clock.original, localizer))
        if account.flagged:
            warning = t(
                "the calendar does not know all these days: check the due time",
                "日历未包含其中部分日期：请核对截止时间",
            )
            out.print("  " + warning, style="yellow")
        for part in account.segments:
            out.print(
                f"  {_local(part.start, localizer)} – {_local(part.end, localizer)}  "
                f"{_SEGMENTS[part.kind].say(lang)}  {span_text(part.end - part.start, lang)}"
            )


def _local(moment: datetime, localizer: Localizer) -> str:
    return f"{localizer.local(moment):%Y-%m-%d %H:%M:%S}"


def _ruling(what: str, value: object, localizer: Localizer) -> tuple[str, str]:
    """Return what a ruling was asked for (a question, a clock, or a fact that a table derives), and the answer."""
    kind, _, name = what.rpartition(":")
    if kind == "fact":
        return localizer.fact(name), localizer.value(name, value)
    question = _QUESTIONS[name].say(localizer.lang) if name in _QUESTIONS else localizer.name(name)
    return question, ruled_text(value, localizer.policy, localizer.lang)
