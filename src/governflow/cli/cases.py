"""Commands that read a store: ``show``, ``explain``, ``verify``, ``watch``; and ``diagram``."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from governflow.cli.output import allowance_text, new_console, print_indented, print_json, ruled_text, span_text
from governflow.engine.engine import Engine
from governflow.engine.explain import Archive, Explanation
from governflow.engine.explain import explain as explained
from governflow.errors import CommandError, PolicyError, Tampered
from governflow.masking import clean
from governflow.model.clocks import RecordedRuling
from governflow.model.events import Event
from governflow.model.lifecycle import SAME
from governflow.policy.registry import Localities
from governflow.policy.stack import Policy
from governflow.reports.dossier_model import Step
from governflow.reports.history import chronicle
from governflow.reports.localize import Localizer
from governflow.reports.rates import case_as_json, escalations
from governflow.text import Text


def show(case: str, *, store: Path, html: Path | None, personal: bool, as_json: bool, lang: str) -> int:
    """Show a case's dossier on the terminal, as JSON, or as a page."""
    from governflow.cli.dossier_screen import print_dossier
    from governflow.reports.dossier import compile_dossier
    from governflow.reports.dossier_html import render_html

    with Engine.open(store, must_exist=True, deliver=False) as engine:
        book = compile_dossier(engine, case, lang=lang, personal=personal)
        if html is not None:
            _write(html, render_html(book).encode())
            told = Text(f"the dossier of {case} is in {html}", f"事项 {case} 的一事一册已写入 {html}")
            print(told.say(lang), file=sys.stderr)
        if as_json:
            found = engine.case(case)
            history = engine.history(case)
            outages = engine.outages(found.locality)
            zone = ZoneInfo(found.zone)
            told_json = case_as_json(found, escalations(history), outages, zone, lang)
            print_json({**told_json, "steps": [_step(event, zone) for event in history]})
        elif html is None:
            print_dossier(book, new_console())
    return 0


def _step(event: Event, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "seq": event.seq,
        "at": event.at.astimezone(zone).isoformat(),
        "kind": event.kind,
        "state": event.state,
        "by": {"id": event.by.id, "unit": event.by.unit} if event.by else None,
        "about": dict(event.about),
    }


def explain(case: str, *, store: Path, as_json: bool, lang: str) -> int:
    """Print every ruling with reason, rule and source, and every clock with its time accounted for."""
    with Engine.open(store, must_exist=True, deliver=False) as engine:
        found = engine.case(case)
        history = engine.history(case)
        policy = engine.rules_of(found.locality)
        told = explained(found, history, policy, engine.rule_set)
        archive = Archive(engine.rule_set)
        earlier = archive.tables(event.rules for event in history if event.rules != policy.rules)
        voice = Localizer(lang, ZoneInfo(found.zone), policy, clean, [*policy.tables, *earlier])
        steps = chronicle(voice, found, history, {}, archive)
    beside = [step for step in steps if step.kind in _BESIDE]
    if as_json:
        print_json(_explained(told, beside, lang))
    else:
        _print_explanation(told, beside, voice)
    return 0


#: What is no ruling, and says all the same why a case is as it is.
_BESIDE = ("denied", "mode_switched", "reassessed")


def _explained(told: Explanation, beside: Sequence[Step], lang: str) -> dict[str, Any]:
    zone = ZoneInfo(told.case.zone)

    def local(moment: datetime) -> str:
        return moment.astimezone(zone).isoformat()

    return {
        "case": told.case.id,
        "facts": dict(told.case.facts),
        "rulings": [
            {
                "seq": entry.seq,
                "at": local(entry.at),
                "what": entry.ruling.what,
                "value": entry.ruling.value,
                "reason": entry.ruling.reason.say(lang),
                "rule": entry.ruling.rule,
                "source": entry.ruling.source,
                "rules": entry.rules,
                "row": entry.row.as_json() if entry.row is not None else None,
            }
            for entry in told.rulings
        ],
        "beside": [
            {
                "seq": step.seq,
                "at": step.at.isoformat(),
                "kind": step.kind,
                "what": step.what,
                "by": step.by,
                "details": list(step.details),
                "reasons": [{"reason": one.text, "rule": one.rule, "source": one.source} for one in step.reasons],
            }
            for step in beside
        ],
        "clocks": [
            {
                "clock": account.clock.name,
                "cycle": account.clock.cycle,
                "allowance": account.clock.allowance,
                "started": local(account.clock.started),
                "due": local(account.clock.due),
                "original": local(account.clock.original) if account.clock.original else None,
                "flagged": account.flagged,
                "segments": [
                    {"from": local(part.start), "to": local(part.end), "kind": part.kind} for part in account.segments
                ],
            }
            for account in told.clocks
        ],
    }


_SEGMENTS = {
    "counted": Text("counted", "计入"),
    "closed": Text("closed", "非工作时间"),
    "holiday": Text("holiday", "节假日"),
    "make-up": Text("make-up workday", "调休上班"),
    "paused": Text("paused", "暂停"),
}
_ASKED: Mapping[str, Text] = {
    "assess": Text("severity and urgency", "定级"),
    "tier": Text("tier", "分级"),
    "route": Text("route", "派单去向"),
    "escalate": Text("escalation", "升级"),
}


def _asked(what: str, voice: Localizer) -> str:
    """Return what a ruling was asked for: a question, a clock, or a fact that a table derives."""
    kind, _, name = what.rpartition(":")
    if kind == "fact":
        return voice.fact(name)
    return _ASKED[name].say(voice.lang) if name in _ASKED else voice.name(name)


def _ruled(ruling: RecordedRuling, voice: Localizer) -> str:
    kind, _, name = ruling.what.rpartition(":")
    return voice.value(name, ruling.value) if kind == "fact" else ruled_text(ruling.value, voice.policy, voice.lang)


def _print_explanation(told: Explanation, beside: Sequence[Step], voice: Localizer) -> None:
    out = new_console()
    policy, lang = voice.policy, voice.lang

    def local(moment: datetime) -> str:
        return f"{voice.local(moment):%Y-%m-%d %H:%M:%S}"

    title = Text(f"Case {told.case.id}: what was ruled, and why", f"事项 {told.case.id}：裁量与理由")
    out.print(title.say(lang), style="bold")
    for _, label, value in voice.facts_of(told.case.facts):
        print_indented(out, f"{label}{voice.t(': ', '：')}{value}", 2)
    for entry in told.rulings:
        ruling = entry.ruling
        out.print()
        out.print(f"{local(entry.at)}  {_asked(ruling.what, voice)}{voice.t(': ', '：')}{_ruled(ruling, voice)}")
        print_indented(out, ruling.reason.say(lang), 2)
        if entry.row is not None:
            print_indented(out, voice.row(entry.row, ruling.reason.say(lang)), 2)
        rules = f" · {voice.t('rule set', '规则集')} {entry.rules}" if entry.rules else ""
        print_indented(out, f"{ruling.rule} · {ruling.source}{rules}", 2, style="dim")
    if beside:
        out.print()
        out.print(Text("What was refused, or assessed anew", "未予准许与重新研判").say(lang), style="bold")
    for step in beside:
        out.print(f"{step.at:%Y-%m-%d %H:%M:%S}  {step.what}  {step.by}")
        for line in (*step.details, *(reason.text for reason in step.reasons)):
            print_indented(out, line, 2)
    out.print()
    out.print(Text("How the time was counted", "时限如何计算").say(lang), style="bold")
    for account in told.clocks:
        clock = account.clock
        heading = (
            f"{policy.name(clock.name).say(lang)} #{clock.cycle}  {allowance_text(clock.allowance, lang)}  "
            f"{local(clock.started)} → {local(clock.due)}  {clock.outcome.text.say(lang)}"
        )
        out.print(heading)
        if clock.original is not None:
            out.print("  " + Text("due before the extension: ", "延期前的截止时间：").say(lang) + local(clock.original))
        if account.flagged:
            warning = Text(
                "the calendar does not know all these days: check the due time",
                "日历未包含其中部分日期：请核对截止时间",
            )
            out.print("  " + warning.say(lang), style="yellow")
        for part in account.segments:
            out.print(
                f"  {local(part.start)} – {local(part.end)}  {_SEGMENTS[part.kind].say(lang)}  "
                f"{span_text(part.end - part.start, lang)}"
            )


def verify(*, store: Path, against: str | None, as_json: bool, lang: str) -> int:
    """Recompute every chain and print the head; exit status 1 if anything was altered."""
    with Engine.open(store, must_exist=True, deliver=False) as engine:
        try:
            head = engine.verify(against)
        except Tampered as fault:
            if as_json:
                print_json({"intact": False, "fault": fault.text.say(lang)})
            print(fault.text.say(lang), file=sys.stderr)
            return 1
    if as_json:
        print_json({"intact": True, "head": head})
    else:
        print(head)
        print(Text("nothing was altered or cut off", "账本完整，未被改动或截断").say(lang), file=sys.stderr)
    return 0


def watch(*, store: Path, every: float, once: bool, as_json: bool, lang: str) -> int:
    """Fire deadlines as they come due and print each, until interrupted."""
    with Engine.open(store, must_exist=True) as engine:
        while True:
            for event in engine.advance():
                policy, zone = _rules_of(engine, event)
                _print_event(event, policy, zone, lang, as_json=as_json)
            if once:
                return 0
            time.sleep(every)


def _rules_of(engine: Engine, event: Event) -> tuple[Policy, ZoneInfo]:
    """Return the rules and the zone of an event's case, or of the locality in whose own book it stands."""
    code, zone = event.case[1:], ""
    if not event.case.startswith("@"):
        case = engine.case(event.case)
        code, zone = case.locality, case.zone
    try:
        policy = engine.localities.policy(code)
    except PolicyError as fault:  # the clocks have run by the defaults, and are told by them
        policy = engine.localities.fallback(code, fault)
    return policy, ZoneInfo(zone or policy.zone)


_KINDS = {
    "warned": Text("soon due", "即将到期"),
    "breached": Text("overdue", "超时"),
    "urged": Text("urged", "催办"),
    "supervised": Text("supervised", "督办"),
    "taken_over": Text("taken over", "提级"),
    "special_report_filed": Text("special report filed", "形成专报"),
    "lapsed": Text("time ran out", "到期"),
    "resumed": Text("resumed", "恢复"),
    "closed": Text("closed", "归档"),
    "faulted": Text("fault in the rules", "规则故障"),
}


def _print_event(event: Event, policy: Policy, zone: ZoneInfo, lang: str, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"case": event.case, **_step(event, zone)}, ensure_ascii=False), flush=True)
        return
    told = event.about.get("escalation") or {}
    clock = str(event.about.get("clock") or told.get("clock") or "").partition("#")[0]
    kind = _KINDS.get(event.kind, Text(event.kind, event.kind)).say(lang)
    name = policy.name(clock).say(lang) if clock else ""
    to = f" → {policy.units.name(told['to']).say(lang)}" if told else ""
    print(f"{event.at.astimezone(zone):%Y-%m-%d %H:%M:%S}  {event.case}  {kind}  {name}{to}".rstrip(), flush=True)


def diagram(code: str, *, lifecycle: str, svg: Path | None, as_json: bool, lang: str) -> int:
    """Print the lifecycle as Mermaid or JSON, or draw it with Graphviz."""
    policy = Localities().policy(code)
    found = policy.lifecycles.get(lifecycle)
    if found is None:
        known = ", ".join(policy.lifecycles)
        raise CommandError(
            f"{code} has no lifecycle {lifecycle!r}; it has: {known}", f"{code} 没有流程“{lifecycle}”；现有：{known}"
        )
    if svg is not None:
        _draw(found.dot(lang), svg)
    elif as_json:
        print_json(
            [
                {
                    "action": row.action,
                    "from": source,
                    "to": source if row.target == SAME else row.target,
                    "guard": row.guard,
                }
                for row in found.rows
                for source in row.sources
            ]
        )
    else:
        sys.stdout.write(found.mermaid(lang))
    return 0


def _draw(dot: str, svg: Path) -> None:
    program = shutil.which("dot")
    if program is None:
        raise CommandError(
            "Graphviz is not installed (there is no program `dot`): leave --svg out for Mermaid",
            "未安装 Graphviz（找不到 dot 程序）：不加 --svg 可输出 Mermaid",
        )
    drawn = subprocess.run([program, "-Tsvg"], input=dot.encode(), capture_output=True, check=False)
    if drawn.returncode:
        raise CommandError(f"Graphviz failed: {drawn.stderr.decode().strip()}")
    _write(svg, drawn.stdout)


#: What may be written over: a page or a picture, never a store or a journal whose name was typed by mistake.
_PAGES = (".html", ".htm", ".svg")


def _write(path: Path, content: bytes) -> None:
    if path.suffix.lower() not in _PAGES:
        raise CommandError(
            f"{path} is not the name of a page: let it end in {' or '.join(_PAGES)}",
            f"{path} 不是网页文件名：应以 {'、'.join(_PAGES)} 结尾",
        )
    try:
        path.write_bytes(content)
    except OSError as fault:
        why = fault.strerror or str(fault)
        raise CommandError(f"{path} cannot be written: {why}", f"无法写入 {path}：{why}") from None
