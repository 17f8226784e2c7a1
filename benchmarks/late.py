"""What a late fact costs against one in time, and an outage that is declared late, over more and more cases.

A late fact is told of a case whose book holds 30 events, in the middle of what is known; the fact in time is told of
the same case after everything that is known. Both in memory: what a disk adds is alike on both sides.
"""

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from governflow import Actor, Engine, Fact
from governflow.testing import ManualClock
from measuring import Row, show

START_AT = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BY = Actor("grid-12")
#: How many cases each side tells one fact of.
CASES = 60
EVENTS = 30
#: The cases that the smallest of three outages concerns.
CONCERNED = 200


def with_thirty_events(engine: Engine, case: str) -> datetime:
    """Report a case, work on it until its book holds 30 events, and return the moment of the last one."""
    engine.report(case_id=case, at=START_AT, by=BY)
    engine.dispatch(case, to="community", at=START_AT + MINUTE, by=BY)
    engine.claim(case, at=START_AT + 2 * MINUTE, by=BY)
    engine.arrive(case, at=START_AT + 3 * MINUTE, by=BY)
    at = START_AT + 4 * MINUTE
    while len(engine.history(case)) < EVENTS:
        engine.note(case, text="…", at=at, by=BY)
        at += MINUTE
    return at - MINUTE


def telling(at_of: Callable[[datetime], datetime]) -> Callable[[], float]:
    """Return what tells one fact of each of many cases, and how many seconds that takes beside the preparation."""

    def tell() -> float:
        with Engine.open(clock=ManualClock(START_AT + timedelta(hours=2))) as engine:
            cases = [f"c{number}" for number in range(CASES)]
            moments = {case: at_of(with_thirty_events(engine, case)) for case in cases}
            started = time.perf_counter()
            for case, at in moments.items():
                engine.tell(case, [Fact("note", at, BY, {"text": "…"})])
            return time.perf_counter() - started

    return tell


def late_fact(rounds: int = 7) -> Row:
    """Compare a fact in the middle of what is known with one after it; the sides take turns."""
    late = telling(lambda _: START_AT + 10 * MINUTE + timedelta(seconds=30))
    in_time = telling(lambda last: last + timedelta(seconds=30))
    turns = [(late(), in_time()) for _ in range(rounds + 1)][1:]
    ours, theirs = (min(side) / CASES * 1e6 for side in zip(*turns, strict=True))
    what = f"a fact told late : in time, of a case with {EVENTS} events"
    return Row(what, f"{ours:,.0f} µs", f"{theirs:,.0f} µs", ours / theirs, "<= 5")


def overdue_fact(rounds: int = 7) -> Row:
    """Compare an arrival told late, which withdraws what the ladder did in a day, with one told after that day."""

    def tell(at: datetime) -> float:
        with Engine.open(clock=ManualClock(START_AT + timedelta(days=1))) as engine:
            cases = [f"c{number}" for number in range(CASES)]
            for case in cases:
                engine.report(case_id=case, at=START_AT, by=BY)
                engine.dispatch(case, at=START_AT + MINUTE, by=BY)
            engine.advance()
            started = time.perf_counter()
            for case in cases:
                engine.tell(case, [Fact("arrive", at, BY)])
            return time.perf_counter() - started

    late, in_time = START_AT + 30 * MINUTE, START_AT + timedelta(days=1)
    turns = [(tell(late), tell(in_time)) for _ in range(rounds + 1)][1:]
    ours, theirs = (min(side) / CASES * 1e6 for side in zip(*turns, strict=True))
    what = "an arrival told a day late, which withdraws the ladder : in time"
    return Row(what, f"{ours:,.0f} µs", f"{theirs:,.0f} µs", ours / theirs, "<= 5")


def old_case(rounds: int = 5) -> Row:
    """Count the events of a case that nobody touches for twenty years, and time it against one of a month."""

    def left_open(days: int) -> tuple[int, float]:
        with Engine.open(clock=ManualClock(START_AT)) as engine:
            for number in range(CASES):
                engine.report(case_id=f"c{number}", at=START_AT - timedelta(days=days))
            started = time.perf_counter()
            engine.advance()
            return len(engine.history("c0")), (time.perf_counter() - started) / CASES

    turns = [(left_open(7305), left_open(30)) for _ in range(rounds)]
    events = turns[0][0][0]
    old, young = min(turn[0][1] for turn in turns), min(turn[1][1] for turn in turns)
    what = f"events of a case left open for twenty years ({old * 1e3:.1f} ms; for a month {young * 1e3:.1f} ms) : 40"
    return Row(what, f"{events} events", "40 events", events / 40, "<= 1")


def outage(concerned: int) -> float:
    """Return how many seconds it takes to declare an outage late that so many cases missed a deadline in."""
    with tempfile.TemporaryDirectory() as folder:
        clock = ManualClock(START_AT + timedelta(hours=4))
        with Engine.open(Path(folder) / "cases.db", clock=clock) as engine:
            for number in range(concerned):
                engine.report(case_id=f"c{number}", locality="000000", at=START_AT)
            engine.advance()
            started = time.perf_counter()
            engine.declare_outage("000000", START_AT, START_AT + timedelta(hours=3), reason="flood")
            return time.perf_counter() - started


def outages(rounds: int = 3) -> list[Row]:
    """Compare outages over N, 2N and 4N cases: per case each costs what the smallest costs."""
    sizes = (CONCERNED, 2 * CONCERNED, 4 * CONCERNED)
    turns = [[outage(size) for size in sizes] for _ in range(rounds)]
    small, *larger = (min(side) for side in zip(*turns, strict=True))
    return [
        Row(
            f"an outage declared late: {size:,} cases : {times} x {CONCERNED}",
            f"{took:.2f} s",
            f"{times * small:.2f} s",
            took / (times * small),
            "<= 1.25",
        )
        for size, took, times in zip(sizes[1:], larger, (2, 4), strict=True)
    ]


def rows() -> list[Row]:
    """Return what late facts cost."""
    return [late_fact(), overdue_fact(), *outages(), old_case()]


if __name__ == "__main__":
    show(rows())
