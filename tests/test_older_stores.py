"""A store that an earlier version wrote opens, verifies, reads the same and goes on to the same life.

``data/store_9de449d.db`` was written by commit 9de449d: Huimin's rules, a zone below it whose rules fail, the defaults
and the national statute; every kind of action, a muster, an outage, merits, erased texts and a delivery that failed.
``data/store_9de449d.json`` is what that commit read from it, and how its lives went on.
"""

import importlib
import json
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import governflow_huimin as huimin
import pytest
from governflow_huimin import binzhou

from governflow import Actor, Engine
from governflow.model.case import fold
from governflow.policy.registry import Localities
from governflow.reports.consequences import repeated_urgings
from governflow.reports.merits import balances
from governflow.stores import SQLiteStore
from governflow.testing import ManualClock, counted

Command = Callable[..., Any]

DATA = Path(__file__).parent / "data"
RECORDED: dict[str, Any] = json.loads((DATA / "store_9de449d.json").read_text(encoding="utf-8"))

#: What is said of a case since then, and means the same of an older one.
NEW: dict[str, Any] = {"way": "live", "measures_due": [], "findings": []}

COUNTY = "371621"
T0 = datetime(2026, 3, 18, 8, tzinfo=ZoneInfo("Asia/Shanghai"))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PLATFORM, LEADER = Actor("坐席", "intake"), Actor("值班领导", "371621-leaders")

#: Module and hash of every locality's rules, registered in the process, as commit 9de449d worked it out.
RULE_SETS = {
    "000000": ("", "267799639e7807d1"),
    "100000": ("", "e55a9e311e7994b8"),
    "220200": ("governflow_jilin", "30e0fb8ace4d2bb6"),
    "220202": ("governflow_jilin.changyi", "24f4077065dd86c9"),
    "220204": ("governflow_jilin.chuanying", "5346779af85a7d48"),
    "220211": ("governflow_jilin.fengman", "c5b6d9f7e14efaf6"),
    "220221": ("governflow_jilin.yongji", "32c863386a3c3998"),
    "220283": ("governflow_jilin.shulan", "0821879cca14bc77"),
    "320113007": ("governflow_xianlin", "753fa70d3049f619"),
    "321171": ("governflow_zhenjiang", "0a16e3075417c94c"),
    "371600": ("governflow_huimin.binzhou", "2e389b933aa0a535"),
    "371621": ("governflow_huimin", "f63d7b6a7174facb"),
    "520625": ("governflow_yinjiang", "507bc56eb57bd972"),
    "520628": ("governflow_songtao", "6311c5384ffc67d9"),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return Path(shutil.copy(DATA / "store_9de449d.db", tmp_path / "cases.db"))


def opened(path: Path, *, deliver: bool = True) -> Engine:
    localities = Localities()
    localities.register(COUNTY, huimin)
    localities.register("371600", binzhou)
    return Engine.open(
        path, clock=ManualClock(T0 + 9 * HOUR), entropy=counted(), localities=localities, deliver=deliver
    )


def test_an_older_store_verifies_against_the_head_that_was_noted_then(path: Path) -> None:
    with opened(path) as engine:
        assert engine.verify(RECORDED["head"]) == RECORDED["head"]
        assert {case.id: [event.kind for event in engine.history(case.id)] for case in engine.cases()} == RECORDED[
            "kinds"
        ]
        assert [fold(engine.history(case.id)) for case in engine.cases()] == list(engine.cases())


def test_an_older_stores_book_and_merits_are_read_as_before(path: Path) -> None:
    with opened(path) as engine:
        book = engine.book(COUNTY)
        assert [event.kind for event in book] == RECORDED["book"]
        assert {to: account.points for to, account in balances(book, T0 + 9 * HOUR).items()} == RECORDED["merits"]


@pytest.mark.parametrize("case", RECORDED["cases"])
def test_show_says_of_an_older_case_what_it_said_then(governflow: Command, path: Path, case: str) -> None:
    shown = governflow("show", case, "--store", path, "--json", "--lang", "zh").json
    assert {name: value for name, value in shown.items() if name != "steps"} == RECORDED["cases"][case] | NEW


@pytest.mark.parametrize("case", RECORDED["whole"])
def test_every_step_and_every_reason_of_an_older_case_reads_as_it_did_then(
    governflow: Command, path: Path, case: str
) -> None:
    recorded = RECORDED["whole"][case]
    assert governflow("show", case, "--store", path, "--json", "--lang", "zh").json == recorded["show"] | NEW
    assert governflow("explain", case, "--store", path, "--json", "--lang", "en").json == recorded["explain"]


def test_an_older_store_goes_on_as_its_own_version_would_have_gone_on(path: Path) -> None:
    """The same happens at the same moments to the same units; urgings that repeat are one event now."""
    with opened(path) as engine:
        assert len(engine.advance(T0 + 36 * HOUR)) == RECORDED["fired"]
        engine.resolve("extended-01", at=T0 + 36 * HOUR, by=LEADER, note="换好了")
        engine.inform("kept-01", text="再次告知", at=T0 + 36 * HOUR, by=LEADER)
        engine.recalculate("petition-01", at=T0 + 36 * HOUR)
        engine.report(
            case_id="new-01",
            locality=COUNTY,
            item="井盖破损",
            severity="general",
            place="孙武街道古城社区3号楼2单元",
            reporter="赵某",
            text="又坏了",
            at=T0 + 36 * HOUR,
        )
        engine.dispatch("new-01", at=T0 + 36 * HOUR + MINUTE, by=PLATFORM)
        # An outage in which nothing fell due: one told late withdraws today what followed from breaches inside it.
        engine.declare_outage(
            COUNTY, T0 + 30 * HOUR, T0 + 30 * HOUR + MINUTE, reason="检修", by=LEADER, at=T0 + 36 * HOUR + 2 * MINUTE
        )
        engine.advance(T0 + 10 * DAY)
        engine.verify(RECORDED["head"])
        stories = {case.id: _story(engine, case.id) for case in engine.cases()}
    expected = {case: sorted(story, key=_moment) for case, story in RECORDED["after"].items()}
    assert {case: story for case, story in stories.items() if story} == expected


def _story(engine: Engine, case: str) -> list[list[str | None]]:
    """What happened to a case since the older version: kind, moment and to whom, each urging by itself."""
    history, known, told = engine.history(case), len(RECORDED["kinds"].get(case, ())), []
    repeated = repeated_urgings(history, engine.now)
    for event in history[known:]:
        to = event.escalation["to"] if event.escalation is not None else None
        urging = repeated.get(event.seq)
        moments = [event.at] if urging is None else urging[0].moments(urging[1])
        told += [[event.kind, at.isoformat(), to] for at in moments]
    return sorted(told, key=_moment)


def _moment(told: list[str | None]) -> str:
    return str(told[1])


def test_what_was_erased_stays_erased_and_what_waits_to_be_delivered_still_waits(path: Path) -> None:
    with opened(path, deliver=False) as engine:
        assert engine.texts("forgotten-01") == []
        assert engine.texts("kept-01")[0]["reporter"] == "王某"
    store = SQLiteStore(path)
    assert store.undelivered() == [(69, "371621990")]
    assert store.command(b"r-kept-01") == ("kept-01", 1)
    store.close()


def test_every_localitys_rules_are_known_by_the_hash_that_older_stores_name() -> None:
    localities = Localities()
    for code, (module, _) in RULE_SETS.items():
        if module:
            localities.register(code, importlib.import_module(module))
    assert {code: localities.policy(code).rules for code in RULE_SETS} == {
        code: rules for code, (_, rules) in RULE_SETS.items()
    }
