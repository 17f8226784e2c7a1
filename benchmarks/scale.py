"""How the engine behaves when a store is large: `advance` over 1,000 due timers among a million open cases, and the
memory that a journal of a million rows needs.
"""

import csv
import gc
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from governflow import Actor, Engine
from measuring import Row, show

SMALL, LARGE = 10_000, 1_000_000
DUE = 1_000
WAVES = 5
START_AT = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
BY = Actor("grid-12", "community")
ROWS = 1_000_000
MIB = 1024


def opened(path: Path | None, cases: int) -> Engine:
    """Make an engine with so many open cases, of which `WAVES` times `DUE` fall due first, ten seconds apart."""
    engine = Engine.open(path)
    with engine.in_bulk():
        for number in range(cases):
            wave = number // DUE
            at = START_AT + (timedelta(seconds=10 * wave) if wave < WAVES else timedelta(hours=1))
            engine.report(locality="000000", case_id=f"C{number}", at=at, by=BY)
    return engine


def fired(engine: Engine) -> float:
    """Give the seconds of the best wave: the first timer of a case is its warning, 4 minutes after the report."""
    best = float("inf")
    for wave in range(WAVES):
        goal = START_AT + timedelta(minutes=4, seconds=10 * wave + 1)
        gc.collect()
        gc.disable()
        began = time.perf_counter()
        events = engine.advance(goal)
        best = min(best, time.perf_counter() - began)
        gc.enable()
        if len(events) != DUE:
            raise SystemExit(f"wave {wave} fired {len(events)} timers, not {DUE}")
    return best


def advance(folder: Path) -> list[Row]:
    """Compare the large store with the small one, in memory and on SQLite."""
    rows = []
    for name, target in (("memory", "<= 1.5"), ("SQLite", "<= 2.5")):
        figures = []
        for cases in (SMALL, LARGE):
            engine = opened(folder / f"{cases}.db" if name == "SQLite" else None, cases)
            figures.append(fired(engine) * 1e3)
            engine.close()
            del engine
            gc.collect()
        small, large = figures
        what = f"`advance` over {DUE:,} due timers in {name}: {LARGE:,} open cases : {SMALL:,}"
        rows.append(Row(what, f"{large:.1f} ms", f"{small:.1f} ms", large / small, target))
    return rows


def memory(folder: Path) -> Row:
    """Run a journal of a million rows with ``--store`` in a process of its own and look at its peak."""
    source = folder / "million.csv"
    with source.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["time", "case", "action", "actor", "place", "text", "reporter", "phone", "visit", "satisfied"])
        for number in range(ROWS // 5):
            opened_at = START_AT + timedelta(seconds=7 * number)
            case = f"M{number:07}"
            for minute, action in ((0, "report"), (3, "dispatch"), (25, "resolve"), (30, "answer"), (50, "evaluate")):
                at = (opened_at + timedelta(minutes=minute)).isoformat()
                told = [f"第{number % 97}网格", "路灯不亮，请处理", f"演示{number}", "000-0000-0001", "no"]
                told = told if action == "report" else [""] * 5
                out.writerow([at, case, action, "grid-12", *told, "yes" if action == "evaluate" else ""])
    command = [sys.executable, "-m", "governflow", "run", str(source), "--store", str(folder / "million.db")]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    began = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ}, check=False)
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(done.stderr.decode())
    peak = max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / MIB
    what = f"peak memory of `run --store` over {ROWS:,} rows ({seconds:.0f} s) : 300 MiB"
    return Row(what, f"{peak:.0f} MiB", "300 MiB", peak / 300, "<= 1")


def rows() -> list[Row]:
    """Measure."""
    with tempfile.TemporaryDirectory() as folder:
        # Memory first: a child inherits the peak of the process that starts it.
        return [memory(Path(folder)), *advance(Path(folder))]


if __name__ == "__main__":
    show(rows())
