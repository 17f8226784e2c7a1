"""Live, record and enforce: who is the record of a case, and what a measure then does."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from governflow import CommandError, Engine
from governflow.journal import Reject
from governflow.model.case import fold
from governflow.model.events import encode
from governflow.model.terms import Way
from governflow.run.runner import run
from governflow.testing import ManualClock, counted

T0 = datetime(2026, 3, 2, 8, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

Open = Callable[..., Engine]


@pytest.fixture(params=["memory", "sqlite"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    def open_engine(way: Way | str = Way.LIVE) -> Engine:
        url = None if request.param == "memory" else tmp_path / "cases.db"
        return Engine.open(url, clock=ManualClock(T0 + 400 * DAY), entropy=counted(), way=way)

    return open_engine


@pytest.mark.parametrize("way", Way)
def test_a_case_is_run_the_way_of_its_report_and_each_event_says_which(opened: Open, way: Way) -> None:
    with opened(way) as engine:
        engine.report(case_id="c", at=T0)
        engine.dispatch("c", at=T0 + MINUTE)
        engine.advance(T0 + 10 * DAY)
        events = engine.history("c")
        assert engine.way is way
        assert {event.way for event in events} == {way}
        assert engine.case("c").way is way
        assert fold(events) == engine.case("c")


def test_a_report_may_say_another_way_than_the_engine(opened: Open) -> None:
    with opened(Way.RECORD) as engine:
        assert engine.report(case_id="live", at=T0, way="live").way is Way.LIVE
        assert engine.report(case_id="own", at=T0).way is Way.RECORD


def test_a_way_that_there_is_not_is_refused(opened: Open) -> None:
    with opened() as engine, pytest.raises(CommandError, match="use one of live, record, enforce"):
        engine.report(case_id="c", at=T0, way="paper")


def test_live_leaves_no_word_in_the_ledger(opened: Open) -> None:
    with opened() as engine:
        engine.report(case_id="c", at=T0)
        assert b"way" not in encode(engine.history("c")[0])


def test_a_store_goes_on_the_way_that_it_began_whatever_the_engine_says_by_default(tmp_path: Path) -> None:
    with Engine.open(tmp_path / "cases.db", clock=ManualClock(T0), way=Way.RECORD) as engine:
        engine.report(case_id="c", at=T0)
    with Engine.open(tmp_path / "cases.db", clock=ManualClock(T0 + HOUR)) as engine:
        assert engine.dispatch("c").way is Way.RECORD


def journal(folder: Path, *rows: str) -> Path:
    path = folder / "journal.csv"
    path.write_text("\n".join(("time,case,action", *rows)) + "\n", encoding="utf-8")
    return path


def test_another_way_for_a_case_already_in_the_store_is_refused(tmp_path: Path) -> None:
    refused: list[Reject] = []
    first = journal(tmp_path, "2026-03-02 08:00,c,report")
    with Engine.open(clock=ManualClock(T0 + DAY)) as engine:
        run(engine, first, locality="000000", way=Way.RECORD, rejected=refused.append)
        longer = journal(
            tmp_path, "2026-03-02 08:00,c,report", "2026-03-02 08:05,c,dispatch", "2026-03-02 09:00,d,report"
        )
        assert run(engine, longer, locality="000000", way=Way.ENFORCE, rejected=refused.append).rejected == 2
        assert all("record as long as it lives" in reject.say("en", values=False) for reject in refused)
        assert (engine.case("c").state, engine.case("d").way) == ("reported", Way.ENFORCE)
        assert not run(engine, longer, locality="000000", rejected=refused.append).rejected  # each as before
        assert (engine.case("c").state, engine.case("c").way) == ("dispatched", Way.RECORD)
