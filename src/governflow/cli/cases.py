"""Commands about the cases of a store: ``show``, ``explain``, ``verify`` and ``watch``."""

import json
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console

from governflow.cli.dossier_screen import print_dossier
from governflow.cli.inputs import DECIDING
from governflow.cli.output import (
    new_console,
    print_indented,
    print_json,
    print_note,
    ruled_text,
    span_text,
    write_page,
)
from governflow.engine.engine import Engine
from governflow.engine.explain import Explanation, KeptRules
from governflow.engine.explain import explain as explain_case
from governflow.errors import ClockBackwards, PolicyError, Tampered
from governflow.masking import clean
from governflow.model.clocks import Miss
from governflow.model.events import Event
from governflow.policy.stack import Policy
from governflow.reports.amendments import amendments
from governflow.reports.consequences import Consequences
from governflow.reports.dossier import compile_dossier
from governflow.reports.dossier_html import render_html
from governflow.reports.dossier_model import DossierStep
from governflow.reports.format import allowance_text, plain
from governflow.reports.history import compile_steps
from governflow.reports.localize import Localizer
from governflow.reports.rates import case_as_json
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


def show(case: str, *, store: Path, html: Path | None, personal: bool, as_json: bool, lang: str) -> int:
    """Show a case's dossier on the terminal, as JSON, or as a page."""
    with Engine.open(store, must_exist=True, deliver=False) as engine:
        book = compile_dossier(engine, case, lang=lang, personal=personal)
        if html is not None:
            write_page(html, render_html(book).encode())
            print_note(Text(f"the dossier of {case} is in {html}", f"事项 {case} 的一事一册已写入 {html}"), lang)
        if as_json:
            found, history = engine.case(case), engine.history(case)
            zone = ZoneInfo(found.zone)
            code = found.locality
            lacking, outages = engine.incomplete(code), engine.outages(code)
            followed = Consequences.read(engine, case)
            content = case_as_json(found, followed, outages, zone, lang, incomplete=lacking)
            steps = [_event_as_json(event, zone) for event in history]
            amended = _amended_as_json(history, engine.life(case), zone)
            print_json({**content, "steps": steps, **amended})
        elif html is None:
            print_dossier(book, new_console())
    return 0


def _amended_as_json(history: Sequence[Event], life: Sequence[Event], zone: ZoneInfo) -> dict[str, Any]:
    """Return the life as it stands beside the book, and each amendment; nothing where nothing was amended."""
    found = [one.as_json(zone) for one in amendments(history)]
    return {"life": [_event_as_json(event, zone) for event in life], "amendments": found} if found else {}


def _event_as_json(event: Event, zone: ZoneInfo) -> dict[str, Any]:
    return {
        **plain(event, zone, "seq", "at", "kind", "state"),
        "by": plain(event.by, zone, "id", "unit") if event.by else None,
        "about": dict(event.about),
        **({"withdrawn": event.withdrawn} if event.withdrawn is not None else {}),
    }


def verify(*, store: Path, against: str | None, as_json: bool, lang: str) -> int:
    """Recompute every chain and print the head; exit status 1 if anything was altered."""
    with Engine.open(store, must_exist=True, deliver=False) as engine:
        try:
            head = engine.verify(against)
        except Tampered as fault:
            if as_json:
                print_json({"intact": False, "fault": fault.text.say(lang)})
            print_note(fault.text, lang)
            return 1
    if as_json:
        print_json({"intact": True, "head": head})
    else:
        print(head)
        print_note(Text("nothing was altered or cut off", "账本完整，未被改动或截断"), lang)
    return 0


def watch(*, store: Path, every: float, once: bool, as_json: bool, lang: str) -> int:
    """Fire deadlines as they come due and print each, until interrupted; wait while the machine's clock is behind."""
    with Engine.open(store, must_exist=True) as engine:
        behind = False
        while True:
            try:
                fired, behind = engine.advance(), False
            except ClockBackwards as fault:
                fired = ()
                if not behind:  # it is said once, and again when it happens again
                    print_note(_waiting(fault), lang)
                behind = True
            for event in fired:
                policy, zone = _rules_of(engine, event)
                if as_json:
                    line = json.dumps({"case": event.case, **_event_as_json(event, zone)}, ensure_ascii=False)
                else:
                    line = _line(event, policy, zone, lang)
                print(line, flush=True)
            if once:
                return 0
            time.sleep(every)


def _waiting(fault: ClockBackwards) -> Text:
    """Say that the machine's clock is behind the store's, both as the machine's zone has them."""
    machine, kept = (f"{moment.astimezone():%Y-%m-%d %H:%M:%S}" for moment in (fault.there, fault.here))
    return Text(
        f"this machine's clock shows {machine}, the store has been at {kept} already: waiting until then",
        f"本机时钟为 {machine}，早于账本已到的 {kept}：等待至该时刻再继续",
    )


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


_KINDS: Mapping[str, Text] = {
    "warned": Text("soon due", "即将到期"),
    "breached": Text("overdue", "超时"),
    "urged": Text("urged", "催办"),
    "supervised": Text("supervised", "督办"),
    "taken_over": Text("taken over", "提级"),
    "special_report_filed": Text("special report filed", "形成专报"),
    "takeover_due": Text("takeover due", "应提级"),
    "special_report_due": Text("special report due", "应形成专报"),
    "lapsed": Text("time ran out", "到期"),
    "resumed": Text("resumed", "恢复"),
    "closed": Text("closed", "归档"),
    "faulted": Text("fault in the rules", "规则故障"),
}


def _line(event: Event, policy: Policy, zone: ZoneInfo, lang: str) -> str:
    """Return an event in one line: when, of which case, what, which clock, to whom."""
    climb = event.escalation or event.measure_due
    clock = str(event.about.get("clock") or (climb and climb["clock"]) or "").partition("#")[0]
    kind = _KINDS.get(event.kind, Text(event.kind, event.kind)).say(lang)
    name = policy.name(clock).say(lang) if clock else ""
    to = f" → {policy.units.name(climb['to']).say(lang)}" if climb else ""
    return f"{event.at.astimezone(zone):%Y-%m-%d %H:%M:%S}  {event.case}  {kind}  {name}{to}".rstrip()


# --- why: every ruling with reason, rule and source; every clock as segments ------------------------------------------


def explain(case: str, *, store: Path, as_json: bool, lang: str) -> int:
    """Print every ruling with reason, rule and source, and every clock with its time accounted for."""
    with Engine.open(store, must_exist=True, deliver=False) as engine:
        found, history = engine.case(case), engine.history(case)
        policy = engine.rules_of(found.locality)
        explanation = explain_case(found, engine.life(case), policy, engine.rule_set)
        kept_rules = KeptRules(engine.rule_set)
        earlier = kept_rules.tables(event.rules for event in history if event.rules != policy.rules)
        localizer = Localizer(lang, ZoneInfo(found.zone), policy, clean, [*policy.tables, *earlier])
        steps = compile_steps(localizer, found, history, {}, kept_rules, engine.now)
    beside = [step for step in steps if step.kind in _BESIDE]
    if as_json:
        print_json(_explanation_as_json(explanation, beside, lang))
    else:
        _print_explanation(explanation, beside, localizer)
    return 0


def _explanation_as_json(explanation: Explanation, beside: Sequence[DossierStep], lang: str) -> dict[str, Any]:
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


def _print_explanation(explanation: Explanation, beside: Sequence[DossierStep], localizer: Localizer) -> None:
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


def _miss(miss: Miss, localizer: Localizer) -> str:
    """Say which due moment was missed, and why that does not count, if it does not."""
    why = miss.exempt.text.say(localizer.lang) if miss.exempt is not None else ""
    return _local(miss.at, localizer) + (localizer.t(f" ({why})", f"（{why}）") if why else "")


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
        if clock.since is not None:
            out.print("  " + t("counted from: ", "起算时间：") + _local(clock.since, localizer))
        if len(clock.misses) > 1:
            out.print(
                "  " + t("missed: ", "超时：") + t("; ", "；").join(_miss(miss, localizer) for miss in clock.misses)
            )
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
    hook = DECIDING.get(f"governflow_{name}")
    question = hook.say(localizer.lang) if hook is not None else localizer.name(name)
    return question, ruled_text(value, localizer.policy, localizer.lang)
