"""``governflow demo``: one generated day, taken through the rules like any journal, and one dossier of it (演示)."""

import csv
import io
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from governflow.cli import run as running
from governflow.cli.output import new_console
from governflow.demo import generated_day as demo
from governflow.engine.engine import Engine
from governflow.errors import JournalError
from governflow.model.headings import FIELDS
from governflow.model.lifecycle import BASE
from governflow.model.terms import Kind, Verdict
from governflow.model.units import OrgChart
from governflow.policy.builtin.defaults import ROOT
from governflow.policy.stack import NATION
from governflow.reports.rates import lives
from governflow.run.runner import run
from governflow.text import Text

#: A dossier with more events than this fills more than two screens.
_SHOWN = 32


def demonstrate(*, locality: str, journal: Path | None, html: Path | None, as_json: bool, lang: str) -> int:
    """Generate a day, run it, and show what became of it.

    Args:
        locality: The code of the locality whose rules apply.
        journal: Also write the journal here.
        html: Also write the dossier here, as a page.
        as_json: Print what ``governflow run --json`` prints, and nothing else, on standard output.
        lang: ``"zh"`` or ``"en"``.

    Returns:
        The exit status: 1 if the locality's rules refused some of the rows.
    """
    with Engine.open() as engine, TemporaryDirectory(prefix="governflow-demo-") as folder:
        locality = engine.localities.require_code(locality)
        policy = engine.localities.policy(locality)
        zone = ZoneInfo(policy.zone)
        own = policy.demo()
        content = own.journal.read_bytes() if own is not None else _as_csv(fitted(demo.journal(), policy.units))
        until = own.until if own is not None else demo.UNTIL
        if journal is not None:
            _keep(journal, content)
        path = Path(folder) / "demo.csv"
        path.write_bytes(content)
        print(demo.GENERATED.say(lang), file=sys.stderr if as_json else sys.stdout)
        if not as_json:
            print((own.about if own is not None else _about(engine, locality)).say(lang) + "\n")
        result = run(
            engine,
            path,
            locality=locality,
            until=until.replace(tzinfo=zone),
            rejected=lambda reject: print(reject.say(lang), file=sys.stderr),
        )
        running.tell(engine, locality, result, zone=zone, as_json=as_json, lang=lang)
        case = own.shown if own is not None and own.shown else telling(engine, locality)
        _show(engine, case, html, as_json=as_json, lang=lang)
        for line in own.after(engine) if own is not None and own.after is not None else ():
            print(line.say(lang), file=sys.stderr if as_json else sys.stdout)
        if not as_json:
            print("\n" + _next(journal, locality, case, until).say(lang))
    return 1 if result.rejected else 0


def _about(engine: Engine, locality: str) -> Text:
    """Return what is shown, and by whose rules."""
    day, until = f"{demo.DAY:%Y-%m-%d}", f"{demo.UNTIL:%Y-%m-%d %H:%M}"
    nearest = engine.localities.nearest(locality)
    known = engine.localities.policy(locality).locality
    by = Text(f"by the rules of {known.name_en} ({nearest})", f"按{known.name}（{nearest}）的规则办理")
    if nearest in (ROOT, NATION):
        by = Text(f"by the default rules ({ROOT})", f"按默认规则（{ROOT}）办理")
    return Text(
        f"What people in Huimin County reported on {day}, followed until {until}, {by.en}.\n"
        "54321: dispatched within 5 minutes, on site within 40; solved within 30 minutes,\n"
        "a complex problem within 2 days, a major one within 1 week. The requests are in Chinese, as there.",
        f"惠民县 {day} 一天的诉求，跟踪至 {until}，{by.zh}。\n"
        "54321：5分钟内派单到人，40分钟内到达现场，一般问题30分钟、复杂问题2天、重大问题1周内解决。",
    )


def _next(journal: Path | None, locality: str, case: str | None, until: datetime) -> Text:
    """Return what to try next."""
    file = "demo.csv" if journal is None else str(journal)
    chosen = "" if locality == demo.LOCALITY else f" --locality {locality}"
    lines = [] if journal is not None else [f"  governflow demo{chosen} --journal {file}"]
    lines.append(f'  governflow run {file} --locality {locality} --until "{until:%Y-%m-%d %H:%M}" --store demo.db')
    lines.append(f"  governflow show {case or 'CASE'} --store demo.db")
    commands = "\n".join(lines)
    return Text(
        f"Next, get this day's journal and keep its cases:\n{commands}\n"
        f"or take your own: governflow run YOUR.csv --locality {locality}",
        f"下一步，导出这一天的台账并保存事项：\n{commands}\n"
        f"或办理自己的台账：governflow run 台账.csv --locality {locality}",
    )


# --- the journal ------------------------------------------------------------------------------------------------------


def fitted(rows: Sequence[dict[str, str]], units: OrgChart) -> list[dict[str, str]]:
    """Fit the day to a locality with a chart of its own, which need not know the demo's units.

    A dispatch to a unit that the chart does not know goes along the locality's route; a case that needs such a unit in
    another way (transferred, lifted or summoned) is left out.

    Args:
        rows: The day.
        units: The locality's chart.

    Returns:
        The rows, with the ids of the chart where it knows the names.
    """
    if units.open:
        return list(rows)
    ids = {unit.text.zh: unit.id for unit in units.units.values()}
    action, unit, case, into = (FIELDS[name].zh for name in ("action", "unit", "case", "into"))
    binding = {BASE.actions[name].text.zh for name in ("transfer", "escalate", "whistle", "check_in")}
    out = {row[case] for row in rows if row[action] in binding and row[unit] not in ids}
    out |= {row[case] for row in rows if row[into] in out}
    return [{**row, unit: ids.get(row[unit], "")} for row in rows if row[case] not in out]


def _as_csv(rows: Sequence[dict[str, str]]) -> bytes:
    """Write the journal as Excel reads it: with a byte order mark."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, demo.HEADINGS)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def _keep(journal: Path, content: bytes) -> None:
    """Write the journal for its reader; never over another file, which may be somebody's own journal."""
    if journal.suffix.lower() != ".csv":
        raise JournalError(f"{journal}: the journal is written as .csv", f"{journal}：台账以 .csv 格式写出")
    if journal.exists() and journal.read_bytes() != content:
        raise JournalError(
            f"{journal} is there already and is no demo journal: name another file",
            f"{journal} 已存在，且不是本演示的台账：请另取文件名",
        )
    journal.write_bytes(content)


# --- the dossier ------------------------------------------------------------------------------------------------------


def telling(engine: Engine, locality: str) -> str | None:
    """Choose the case whose dossier shows most: breached, taken over, and in the end satisfied.

    Args:
        engine: The engine after the run.
        locality: The locality of its cases.

    Returns:
        The case's id; None if no case at all was satisfied after an escalation.
    """
    best: tuple[int, int, int, str] | None = None
    for place, (case, told) in enumerate(lives(engine, locality)):
        if not told or case.verdict is not Verdict.SATISFIED or not case.asked or case.version > _SHOWN:
            continue
        kinds = {entry["kind"] for entry in told}
        steps = len({event.kind for event in engine.history(case.id)})
        rank = (len(kinds & {Kind.URGE, Kind.SUPERVISE, Kind.TAKE_OVER}), steps, -place, case.id)
        best = rank if best is None or rank > best else best
    return best[-1] if best is not None else None


def _show(engine: Engine, case: str | None, html: Path | None, *, as_json: bool, lang: str) -> None:
    """Print the dossier, and write it as a page."""
    from governflow.cli.dossier_screen import print_dossier
    from governflow.reports.dossier import compile_dossier
    from governflow.reports.dossier_html import render_html

    if case is None:
        return
    book = compile_dossier(engine, case, lang=lang, personal=False)
    if html is not None:
        html.write_text(render_html(book), encoding="utf-8")
        told = Text(f"the dossier of {case} is in {html}", f"事项 {case} 的一事一册已写入 {html}")
        print(told.say(lang), file=sys.stderr)
    if not as_json:
        title = Text("One of these cases, from the first word to the last:", "其中一件，从头到尾：")
        print(title.say(lang) + "\n")
        print_dossier(book, new_console())
