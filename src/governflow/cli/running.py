"""``governflow run``: the journal, the clock, the refusals, and what became of the cases."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

from governflow.cli import screen
from governflow.engine import Engine
from governflow.errors import JournalError
from governflow.journal import Map, Reject, RejectsWriter
from governflow.journal.times import LocalTimes
from governflow.journal.wording import ValueFault
from governflow.reports import Report, case_as_json, lives
from governflow.run import Progress, Result, run
from governflow.text import Text


def run_journal(
    journal: Path,
    *,
    locality: str,
    map_path: Path | None,
    store: Path | None,
    until: str | None,
    auto_dispatch: bool,
    rejects: Path | None,
    as_json: bool,
    lang: str,
) -> int:
    """Run a journal and print the result; see `governflow.cli.run`.

    Returns:
        The exit status.
    """
    map = Map.load(map_path) if map_path is not None else None
    writer = RejectsWriter(rejects, lang=lang) if rejects is not None else None
    if writer is not None:
        writer.check(journal)
    is_new = store is not None and not store.exists()
    engine = Engine.open(store)
    try:
        policy = engine.localities.policy(locality)
        zone = ZoneInfo((map.zone if map else None) or policy.zone)
        end = _moment(until, zone) if until is not None else None

        def refused(reject: Reject) -> None:
            print(reject.say(lang), file=sys.stderr)
            if writer is not None:
                writer.write(reject)

        with _progress(lang) as progress:
            result = run(
                engine,
                journal,
                locality=locality,
                map=map,
                until=end,
                auto_dispatch=auto_dispatch,
                rejected=refused,
                progress=progress,
            )
        if writer is not None:
            writer.close()
        tell(engine, locality, result, zone=zone, as_json=as_json, lang=lang)
    except JournalError:
        engine.close()
        if is_new and store is not None:
            _remove(store)
        raise
    engine.close()
    return 1 if result.rejected else 0


def _remove(store: Path) -> None:
    """Take away the empty store that a journal that could not be read has left."""
    for suffix in ("", "-wal", "-shm"):
        store.with_name(store.name + suffix).unlink(missing_ok=True)


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        return LocalTimes(zone).read(text)[0]
    except ValueFault as fault:
        raise JournalError(
            f"--until {text!r}: {fault.reason.en}; allowed: {fault.allowed.en}",
            f"--until {text!r}：{fault.reason.zh}；应为：{fault.allowed.zh}",
        ) from None


def tell(
    engine: Engine,
    locality: str,
    result: Result,
    *,
    zone: ZoneInfo,
    as_json: bool,
    lang: str,
    out: IO[str] | None = None,
) -> None:
    """Print what became of the cases, as JSON or as tables; notices go to standard error."""
    for notice in result.notices:
        print(notice.say(lang), file=sys.stderr)
    policy = engine.localities.policy(locality)
    nearest = engine.localities.nearest(locality)
    if nearest != locality:
        print(_ancestor(locality, nearest).say(lang), file=sys.stderr, flush=True)
    report = Report(engine.outages(locality))
    stream = out or sys.stdout
    if as_json:
        until = result.until.astimezone(zone).isoformat() if result.until else None
        head = {"locality": locality, "rules": policy.rules, "until": until}
        stream.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "cases": [')
        for number, (case, told) in enumerate(lives(engine, locality)):
            report.add(case, told)
            line = json.dumps(case_as_json(case, told, report.outages, zone, lang), ensure_ascii=False)
            stream.write((",\n" if number else "\n") + line)
        stream.write('\n], "summary": ' + json.dumps(report.as_json(), ensure_ascii=False) + "}\n")
        return
    for case, told in lives(engine, locality):
        report.add(case, told)
    console = screen.console(out)
    name = policy.locality.name if nearest == locality else ""
    console.print(_headline(report, result, locality, name, zone).say(lang))
    screen.summary(report, policy, lang, console)


def _ancestor(locality: str, nearest: str) -> Text:
    return Text(
        f"nobody registered {locality}: the rules of {nearest} apply",
        f"没有登记 {locality} 的规则：适用 {nearest} 的规则",
    )


def _headline(report: Report, result: Result, locality: str, name: str, zone: ZoneInfo) -> Text:
    until = result.until.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if result.until else "–"
    known = f"（{name}）" if name else ""
    return Text(
        f"{locality}: {report.cases} cases, {report.closed} closed, {report.open} open\n"
        f"until {until} {zone.key}; {result.taken} rows taken, {result.rejected} refused",
        f"{locality}{known}：共 {report.cases} 件，已了结 {report.closed} 件，未了结 {report.open} 件\n"
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

    title = Text("taking rows", "办理中").say(lang)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=screen.console(err=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
