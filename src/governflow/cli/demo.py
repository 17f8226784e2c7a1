"""``governflow demo``: one generated day, taken through the rules like any journal, and one dossier of it (演示)."""

import sys
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from governflow import demo
from governflow.cli.dossier_screen import print_dossier
from governflow.cli.output import new_console, print_note
from governflow.cli.run import print_result
from governflow.engine.engine import Engine
from governflow.errors import JournalError
from governflow.model.terms import Kind, Verdict
from governflow.policy.codes import NATION, ROOT
from governflow.reports.dossier import compile_dossier
from governflow.reports.dossier_html import render_html
from governflow.reports.rates import lives
from governflow.run.runner import run
from governflow.text import Text

#: A dossier with more events than this fills more than two screens.
_SHOWN = 32
_PLUGIN = (
    "\nor see the county's own rules: python -m pip install ./plugins/huimin, and governflow demo again",
    "\n或查看惠民县自己的规则：python -m pip install ./plugins/huimin，再运行 governflow demo",
)


def demonstrate(*, locality: str | None, journal: Path | None, html: Path | None, as_json: bool, lang: str) -> int:
    """Run a generated day, and show what became of it.

    Without a locality it is Huimin's own day where its plugin is installed, else a day by the default rules.

    Returns:
        The exit status: 1 if the locality's rules refused some of the rows.
    """
    out = sys.stderr if as_json else sys.stdout
    with Engine.open() as engine, TemporaryDirectory(prefix="governflow-demo-") as folder:
        chosen = engine.localities.require_code(locality) if locality is not None else _usual(engine)
        policy = engine.localities.policy(chosen)
        zone = ZoneInfo(policy.zone)
        own = policy.demo()
        if own is not None:
            content, until, about = own.journal.read_bytes(), own.until, own.about
        else:
            content = demo.as_csv(demo.fitted(demo.journal(), policy.units))
            until, about = demo.UNTIL, _about(engine, chosen)
        if journal is not None:
            _keep(journal, content)
        path = Path(folder) / "demo.csv"
        path.write_bytes(content)
        print(demo.GENERATED.say(lang), file=out)
        if not as_json:
            print(about.say(lang) + "\n")
        result = run(
            engine,
            path,
            locality=chosen,
            until=until.replace(tzinfo=zone),
            rejected=lambda reject: print(reject.say(lang), file=sys.stderr),
        )
        print_result(engine, chosen, result, zone=zone, as_json=as_json, lang=lang)
        case = own.shown if own is not None and own.shown else most_telling(engine, chosen)
        if case is not None:
            _show(engine, case, html, as_json=as_json, lang=lang)
        for line in own.after(engine) if own is not None and own.after is not None else ():
            print(line.say(lang), file=out)
        if not as_json:
            print("\n" + _next(journal, chosen, case, until, usual=chosen == _usual(engine)).say(lang))
    return 1 if result.rejected else 0


def _usual(engine: Engine) -> str:
    """Return Huimin's code where its rules are installed, else that of the default rules."""
    return demo.LOCALITY if engine.localities.nearest(demo.LOCALITY) == demo.LOCALITY else ROOT


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


def _next(journal: Path | None, locality: str, case: str | None, until: datetime, *, usual: bool) -> Text:
    """Return what to try next."""
    file = "demo.csv" if journal is None else str(journal)
    demo_of = "governflow demo" if usual else f"governflow demo --locality {locality}"
    commands = "\n".join(
        [
            *([f"  {demo_of} --journal {file}"] if journal is None else []),
            f'  governflow run {file} --locality {locality} --until "{until:%Y-%m-%d %H:%M}" --store demo.db',
            f"  governflow show {case or 'CASE'} --store demo.db",
        ]
    )
    en, zh = _PLUGIN if usual and locality == ROOT else ("", "")
    return Text(
        f"Next, get this day's journal and keep its cases:\n{commands}\n"
        f"or take your own: governflow run YOUR.csv --locality {locality}{en}",
        f"下一步，导出这一天的台账并保存事项：\n{commands}\n"
        f"或办理自己的台账：governflow run 台账.csv --locality {locality}{zh}",
    )


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


def most_telling(engine: Engine, locality: str) -> str | None:
    """Choose the case whose dossier shows most: breached, taken over, and in the end satisfied.

    None if no case at all was satisfied after an escalation.
    """
    ranked: list[tuple[int, int, int, str]] = []
    for place, (case, followed) in enumerate(lives(engine, locality)):
        climbs = followed.escalations
        if climbs and case.verdict is Verdict.SATISFIED and case.asked and case.version <= _SHOWN:
            kinds = {climb["kind"] for climb in climbs} & {Kind.URGE, Kind.SUPERVISE, Kind.TAKE_OVER}
            ranked.append((len(kinds), len({event.kind for event in engine.history(case.id)}), -place, case.id))
    return max(ranked)[-1] if ranked else None


def _show(engine: Engine, case: str, html: Path | None, *, as_json: bool, lang: str) -> None:
    """Print the dossier, and write it as a page."""
    book = compile_dossier(engine, case, lang=lang, personal=False)
    if html is not None:
        html.write_text(render_html(book), encoding="utf-8")
        print_note(Text(f"the dossier of {case} is in {html}", f"事项 {case} 的一事一册已写入 {html}"), lang)
    if not as_json:
        print(Text("One of these cases, from the first word to the last:\n", "其中一件，从头到尾：\n").say(lang))
        print_dossier(book, new_console())
