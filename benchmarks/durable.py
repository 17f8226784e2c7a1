"""What durability costs: single commands and a bulk run on SQLite, against bare inserts of the very same rows.

The pragmas are the same on both sides and are named in the table's first line: those of `governflow.stores.schema`.
The rows of the other side are read back from the file that ours has written, so nothing is left out.
"""

import csv
import sqlite3
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from governflow import Actor, Engine
from governflow.run.runner import run
from governflow.stores import SQLiteStore, schema
from governflow.stores.sqlite import STATEMENTS
from measuring import Row, best, show

COMMANDS = 300
CASES = 4000
START_AT = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
BY = Actor("grid-12", "community")
TABLES = ("cases", "events", "texts", "commands", "outbox", "meta")


def bare_store(path: Path) -> sqlite3.Connection:
    """Open an empty store of the same schema and pragmas, as a bare connection."""
    SQLiteStore(path).close()
    bare = sqlite3.connect(path, isolation_level=None)
    for pragma in schema.PRAGMAS:
        bare.execute(f"PRAGMA {pragma}")
    return bare


def durable_commands(folder: Path) -> tuple[Row, ...]:
    """One command, one transaction, on both sides."""
    counter = iter(range(10_000))

    def ours() -> None:
        engine = Engine.open(folder / f"ours-{next(counter)}.db")
        for number in range(COMMANDS):
            engine.report(locality="000000", at=START_AT + timedelta(seconds=number), by=BY, text="路灯不亮")
        engine.close()

    ours()
    written = sqlite3.connect(folder / "ours-0.db")
    cases = written.execute("SELECT number, id, locality, state, unit, version, next, tail FROM cases").fetchall()
    events = written.execute("SELECT position, number, recorded, body FROM events").fetchall()
    texts = written.execute("SELECT number, seq, salt, content FROM texts").fetchall()
    meta = dict(written.execute("SELECT key, value FROM meta").fetchall())

    def theirs() -> None:
        bare = bare_store(folder / f"bare-{next(counter)}.db")
        for case, event, text in zip(cases, events, texts, strict=True):
            bare.execute("BEGIN IMMEDIATE")
            bare.execute(STATEMENTS["cases"], case)
            bare.execute(STATEMENTS["events"], event)
            bare.execute(STATEMENTS["texts"], text)
            bare.execute(STATEMENTS["meta"], ("position", event[0]))
            bare.execute(STATEMENTS["meta"], ("head", meta["head"]))
            bare.execute("COMMIT")
        bare.close()

    mine, bare = best(ours, theirs, rounds=5)
    mine, bare = mine / COMMANDS * 1e6, bare / COMMANDS * 1e6
    what = f"durable command : bare inserts, rates ({', '.join(schema.PRAGMAS)})"
    return (Row(what, f"{1e6 / mine:,.0f} /s", f"{1e6 / bare:,.0f} /s", bare / mine, ">= 0.4"),)


def journal(path: Path) -> int:
    """Write a narrow journal of `CASES` cases and return its rows."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["time", "case", "action", "actor", "item", "place", "text", "satisfied"])
        steps = [("report", 0), ("dispatch", 3), ("claim", 8), ("arrive", 30), ("begin", 31), ("resolve", 50)]
        steps += [("answer", 60), ("evaluate", 90)]
        lines = []
        for number in range(CASES):
            opened = START_AT + timedelta(seconds=20 * number)
            for action, minute in steps:
                at = opened + timedelta(minutes=minute)
                told = ["路灯", f"第{number % 40}网格", "路灯不亮"] if action == "report" else ["", "", ""]
                verdict = "yes" if action == "evaluate" else ""
                lines.append([at.isoformat(), f"C{number:06}", action, "grid-12", *told, verdict])
        lines.sort(key=lambda line: line[0])
        out.writerows(lines)
    return len(lines)


def bulk(folder: Path) -> tuple[Row, ...]:
    """A whole journal into SQLite, from reading the file to the last commit, against `executemany` of all its rows."""
    counter = iter(range(10_000))
    source = folder / "journal.csv"
    rows = journal(source)

    def ours() -> None:
        engine = Engine.open(folder / f"bulk-{next(counter)}.db")
        run(engine, source, locality="000000", rejected=print)
        engine.close()

    ours()
    written = sqlite3.connect(folder / "bulk-0.db")
    tables = {name: written.execute(f"SELECT * FROM {name}").fetchall() for name in TABLES}

    def theirs() -> None:
        bare = bare_store(folder / f"many-{next(counter)}.db")
        bare.execute("BEGIN IMMEDIATE")
        for name, lines in tables.items():
            if lines:
                marks = ", ".join("?" * len(lines[0]))
                bare.executemany(f"INSERT OR REPLACE INTO {name} VALUES ({marks})", lines)
        bare.execute("COMMIT")
        bare.close()

    mine, bare = best(ours, theirs, rounds=3)
    count = sum(map(len, tables.values()))
    what = f"bulk `run` of {rows:,} rows : bare `executemany` of the {count:,} rows written"
    return (Row(what, f"{mine:.2f} s", f"{bare:.3f} s", mine / bare, "<= 10"),)


def rows() -> list[Row]:
    """Measure."""
    with tempfile.TemporaryDirectory() as folder:
        return [*durable_commands(Path(folder)), *bulk(Path(folder))]


if __name__ == "__main__":
    show(rows())
