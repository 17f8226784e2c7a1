"""``governflow run``: the journal, the clock, the refusals, and what became of the cases."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from governflow.cli.inputs import borrowed, read_time
from governflow.cli.output import new_console, print_behind, print_note, print_summary
from governflow.engine.engine import Engine
from governflow.errors import require
from governflow.journal import Map, Reject, RejectsWriter
from governflow.model.events import Event
from governflow.model.terms import Way, member
from governflow.policy.registry import Localities
from governflow.policy.stack import Policy, actions_of
from governflow.reports.figure_names import say_figure
from governflow.reports.format import plain
from governflow.reports.rates import Lives, Report, case_as_json, cases_behind, lives
from governflow.run.refusals import AHEAD, wall_time
from governflow.run.runner import Amend, Progress, Result, run
from governflow.run.sorted_journal import ExternalSort
from governflow.text import Text
from governflow.timesource import SystemClock, to_micros


def run_journal(
    journal: Path,
    *,
    locality: str,
    map_path: Path | None,
    store: Path | None,
    until: str | None,
    auto_dispatch: bool,
    way: str | None,
    rejects: Path | None,
    figure: str | None,
    amend: bool,
    whole_cases: bool,
    as_json: bool,
    lang: str,
) -> int:
    """Run a journal and print the result; see `governflow.cli.commands.run`.

    Returns:
        The exit status: 1 if some rows were refused.
    """
    require(
        locality.strip(),
        "--locality is empty: give a code, or 000000 for the defaults",
        "--locality 为空：请给出地方代码，默认规则为 000000",
    )
    localities = Localities()
    locality = localities.require_code(locality)
    policy = localities.policy(locality)
    amendment = _amendment(policy, lang, amend=amend, whole_cases=whole_cases)
    map = Map.load(map_path, actions=actions_of(policy)) if map_path is not None else None
    zone = ZoneInfo((map.zone if map else None) or policy.zone)
    end, notice = _until(until, zone, living=store is not None)
    writer = _rejects_writer(rejects, journal, lang)
    asked = member(Way, way) if way is not None else None

    def refuse(reject: Reject) -> None:
        print(reject.say(lang, values=True), file=sys.stderr)
        if writer is not None:
            writer.write(reject)

    with _opened(store, localities, asked or Way.RECORD) as engine:
        with _progress(lang) as progress:
            result = run(
                engine,
                journal,
                locality=locality,
                map=map,
                until=end,
                auto_dispatch=auto_dispatch,
                way=asked,
                amend=amendment,
                rejected=refuse,
                progress=progress,
            )
        if writer is not None:
            writer.close()
        result.notices.extend(notice)
        print_result(engine, locality, result, zone=zone, figure=figure, as_json=as_json, lang=lang)
    return 1 if result.rejected else 0


def _amendment(policy: Policy, lang: str, *, amend: bool, whole_cases: bool) -> Amend | None:
    """Return how changed rows are taken; facts that are to be retracted are listed before anything is changed."""
    require(
        amend or not whole_cases,
        "--whole-cases goes with --amend: it retracts what the file does not hold any more",
        "--whole-cases 须与 --amend 同用：文件中已不存在的登记将被撤销",
    )

    def listed(facts: Sequence[Event]) -> None:
        for fact in facts:
            at, action = wall_time(fact.at, policy.zone), policy.name(fact.action)
            print_note(
                Text(
                    f"case {fact.case}: {action.en} of {at} is not in the file any more and is retracted",
                    f"事项 {fact.case}：{at} 的“{action.zh}”已不在文件中，予以撤销",
                ),
                lang,
            )

    return Amend(whole_cases, listed) if amend else None


def _rejects_writer(rejects: Path | None, journal: Path, lang: str) -> RejectsWriter | None:
    """Return what writes refused rows, where somebody wants them; refuse a file that it must not write to."""
    if rejects is None:
        return None
    writer = RejectsWriter(rejects, lang=lang)
    writer.check(journal)
    return writer


@contextmanager
def _opened(store: Path | None, localities: Localities, way: Way) -> Iterator[Engine]:
    """Open a store; a run that fails before it took anything leaves no new store behind."""
    is_new = store is not None and not store.exists()
    try:
        with Engine.open(store, localities=localities, way=way) as engine:
            try:
                yield engine
            finally:
                is_new = is_new and engine.is_empty
    except BaseException:
        if is_new and store is not None:
            for suffix in ("", "-wal", "-shm"):
                store.with_name(store.name + suffix).unlink(missing_ok=True)
        raise


def _until(text: str | None, zone: ZoneInfo, *, living: bool) -> tuple[datetime | None, list[Text]]:
    """Read ``--until``: the moment, and what a date without a time is taken for."""
    if text is None:
        return None, []
    moment, date_only = read_time("--until", text, zone)
    require(
        not living or moment <= SystemClock().now() + AHEAD,
        f"--until {text} lies more than a year ahead: the store's clock would never come back from there",
        f"--until {text} 比今天晚一年以上：数据文件的时钟将无法退回",
    )
    if not date_only:
        return moment, []
    local = f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    return moment, [
        Text(
            f"--until {text} is a date without a time: taken as the end of that day, {local} {zone.key}",
            f"--until {text} 只有日期：按当日结束（{local}，{zone.key}）计",
        )
    ]


def print_result(
    engine: Engine,
    locality: str,
    result: Result,
    *,
    zone: ZoneInfo,
    figure: str | None = None,
    as_json: bool,
    lang: str,
) -> None:
    """Print what became of the cases, as JSON or as tables, or the cases behind a figure; notices to standard error."""
    for notice in result.notices:
        print_note(notice, lang)
    if figure is not None:
        named, cases = cases_behind(engine, locality, figure)
        print_behind(say_figure(named, engine.localities.policy(locality)), cases, as_json=as_json, lang=lang)
        return
    policy = engine.localities.policy(locality)
    ancestor = borrowed(engine.localities, locality)
    if ancestor is not None:
        print_note(ancestor, lang)
    report = Report(engine.outages(locality), engine.incomplete(locality))
    if as_json:
        until = result.until.astimezone(zone).isoformat() if result.until else None
        rows = {"taken": result.taken, "refused": result.rejected, "repeated": result.repeats}
        head: dict[str, Any] = {
            "locality": locality,
            "rules": policy.rules,
            "until": until,
            "way": engine.way,
            "rows": rows,
        }
        if result.replaced or result.retracted:
            gone = [{"case": one.case, "action": one.action, "at": plain(one.at, zone)} for one in result.retracted]
            head["amended"] = {"replaced": result.replaced, "retracted": gone}
        _print_json(head, report, lives(engine, locality), zone, lang)
        return
    for case, followed in lives(engine, locality):
        report.add(case, followed)
    console = new_console()
    if result.mostly_refused is not None:
        console.print(result.mostly_refused.say(lang), style="bold red")
    name = policy.locality.name if ancestor is None else ""
    console.print(_headline(report, result, locality, name, zone).say(lang))
    print_summary(report, policy, lang, console)


def _print_json(head: Mapping[str, Any], report: Report, cases: Lives, zone: ZoneInfo, lang: str) -> None:
    """Print one object, case by case, and count each in the report.

    A mended row may bring a case to the store after others that were reported later: they are sorted on disk.
    """
    out = sys.stdout
    with closing(ExternalSort()) as by_report:
        for number, (case, followed) in enumerate(cases):
            report.add(case, followed)
            told = case_as_json(case, followed, report.outages, zone, lang, incomplete=report.incomplete)
            line = json.dumps(told, ensure_ascii=False)
            by_report.add((to_micros(case.opened) if case.opened else 0, number, 0), line.encode())
        out.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "cases": [')
        for number, (_, body) in enumerate(by_report.in_order()):
            out.write((",\n" if number else "\n") + body.decode())
    out.write('\n], "summary": ' + json.dumps(report.as_json(), ensure_ascii=False) + "}\n")


def _headline(report: Report, result: Result, locality: str, name: str, zone: ZoneInfo) -> Text:
    until = result.until.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if result.until else "–"
    known = f"（{name}）" if name else ""
    taken = "1 row" if result.taken == 1 else f"{result.taken} rows"
    return Text(
        f"{locality}: {report.cases} cases, {report.closed} closed ({report.archived} archived), {report.open} open\n"
        f"until {until} {zone.key}; {taken} taken, {result.rejected} refused",
        f"{locality}{known}：共 {report.cases} 件，已办结 {report.closed} 件（归档 {report.archived} 件），"
        f"未办结 {report.open} 件\n"
        f"截至 {until}（{zone.key}）；采用 {result.taken} 行，退回 {result.rejected} 行",
    )


@contextmanager
def _progress(lang: str) -> Iterator[Progress | None]:
    """Show a progress bar on a terminal, and nothing in a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=new_console(err=True), transient=True) as bar:
        task = bar.add_task(Text("taking rows", "办理中").say(lang), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
