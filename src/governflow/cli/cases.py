"""Commands about the cases of a store: ``show``, ``verify`` and ``watch``."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from governflow.cli.dossier_screen import print_dossier
from governflow.cli.output import new_console, print_json, print_note, write_page
from governflow.engine.engine import Engine
from governflow.errors import PolicyError, Tampered
from governflow.model.events import Event
from governflow.policy.stack import Policy
from governflow.reports.dossier import compile_dossier
from governflow.reports.dossier_html import render_html
from governflow.reports.format import plain
from governflow.reports.rates import case_as_json, escalations
from governflow.text import Text


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
            content = case_as_json(found, escalations(history), engine.outages(found.locality), zone, lang)
            print_json({**content, "steps": [_event_as_json(event, zone) for event in history]})
        elif html is None:
            print_dossier(book, new_console())
    return 0


def _event_as_json(event: Event, zone: ZoneInfo) -> dict[str, Any]:
    return {
        **plain(event, zone, "seq", "at", "kind", "state"),
        "by": plain(event.by, zone, "id", "unit") if event.by else None,
        "about": dict(event.about),
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
    """Fire deadlines as they come due and print each, until interrupted."""
    with Engine.open(store, must_exist=True) as engine:
        while True:
            for event in engine.advance():
                policy, zone = _rules_of(engine, event)
                if as_json:
                    line = json.dumps({"case": event.case, **_event_as_json(event, zone)}, ensure_ascii=False)
                else:
                    line = _line(event, policy, zone, lang)
                print(line, flush=True)
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


_KINDS: Mapping[str, Text] = {
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


def _line(event: Event, policy: Policy, zone: ZoneInfo, lang: str) -> str:
    """Return an event in one line: when, of which case, what, which clock, to whom."""
    escalation = event.about.get("escalation") or {}
    clock = str(event.about.get("clock") or escalation.get("clock") or "").partition("#")[0]
    kind = _KINDS.get(event.kind, Text(event.kind, event.kind)).say(lang)
    name = policy.name(clock).say(lang) if clock else ""
    to = f" → {policy.units.name(escalation['to']).say(lang)}" if escalation else ""
    return f"{event.at.astimezone(zone):%Y-%m-%d %H:%M:%S}  {event.case}  {kind}  {name}{to}".rstrip()
