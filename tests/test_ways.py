"""Live, record and enforce: who is the record of a case, and what a measure then does."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from governflow import Actor, Case, CommandError, Engine, IllegalAction, NotAllowed, Text, hookimpl
from governflow.journal import Reject
from governflow.model.case import fold
from governflow.model.events import encode
from governflow.model.terms import Form, Way
from governflow.policy.hookspecs import Route, Ruling
from governflow.run.runner import run
from governflow.testing import ManualClock, counted

T0 = datetime(2026, 3, 2, 8, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

Open = Callable[..., Engine]
Command = Callable[..., Any]


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


# --- record: measures are due, and move nothing -----------------------------------------------------------------------


def left_alone(way: Way, *actions: str, locality: str = "000000", days: int = 30) -> Engine:
    """A case that is reported, whose first steps are told, and that nobody sees to from then on."""
    engine = Engine.open(clock=ManualClock(T0 + 400 * DAY), entropy=counted(), way=way)
    engine.report(case_id="c", locality=locality, at=T0)
    for minute, action in enumerate(actions, 1):
        engine.act(action, "c", at=T0 + minute * MINUTE)
    engine.advance(T0 + days * DAY)
    return engine


ALONE = [(), ("dispatch",), ("dispatch", "arrive"), ("dispatch", "arrive", "resolve")]
LOCALITIES = ["000000", "371621", "321171", "320113007", "520625", "520628"]


@pytest.mark.parametrize("locality", LOCALITIES)
@pytest.mark.parametrize("actions", ALONE)
def test_in_a_record_the_ladder_climbs_on_paper_as_it_would_where_rules_are_enforced(
    locality: str, actions: tuple[str, ...]
) -> None:
    """To the same units, in the same forms, at the same moments, up to the special report."""
    enforced, recorded = (left_alone(way, *actions, locality=locality) for way in (Way.ENFORCE, Way.RECORD))
    done = [
        (event.at, event.escalation["to"], event.escalation["form"])
        for event in enforced.history("c")
        if event.escalation is not None and event.kind in ("taken_over", "special_report_filed")
    ]
    due = [
        (event.at, event.measure_due["to"], event.measure_due["form"])
        for event in recorded.history("c")
        if event.measure_due is not None
    ]
    assert len(done) > 2
    assert due == done


@pytest.mark.parametrize("locality", LOCALITIES)
@pytest.mark.parametrize("actions", ALONE)
def test_in_a_record_no_measure_moves_holder_form_state_or_clocks(locality: str, actions: tuple[str, ...]) -> None:
    before, after = (left_alone(Way.RECORD, *actions, locality=locality, days=days).case("c") for days in (0, 30))
    for name in ("state", "unit", "form", "tier", "assist", "special", "closed"):
        assert getattr(after, name) == getattr(before, name), name
    assert {(clock.name, clock.cycle) for clock in after.all_clocks} == {
        (clock.name, clock.cycle) for clock in before.all_clocks
    }
    assert all(clock.duty is None for clock in after.all_clocks)


def test_in_a_record_a_clock_that_a_fact_stops_late_ends_the_ladder_on_paper() -> None:
    engine = left_alone(Way.RECORD, "dispatch", days=2)
    engine.arrive("c", at=T0 + 3 * DAY)
    engine.resolve("c", at=T0 + 3 * DAY + 20 * MINUTE)  # within half an hour of the arrival
    engine.answer("c", at=T0 + 3 * DAY + HOUR)
    engine.advance(T0 + 30 * DAY)
    last = [event.at for event in engine.history("c") if event.measure_due is not None][-1]
    assert last < T0 + 3 * DAY
    assert engine.case("c").clocks["resolve"].outcome == "met"
    assert engine.case("c").unit == "community"


def test_in_a_record_whoever_holds_the_case_is_urged_and_not_who_should_have_taken_it() -> None:
    engine = left_alone(Way.RECORD, "dispatch")
    urged = [event.escalation for event in engine.history("c") if event.kind == "urged"]
    assert {(climb["from"], climb["to"]) for climb in urged if climb is not None} == {("community", "community")}


def test_in_a_record_who_was_allowed_to_is_a_finding_and_what_the_lifecycle_cannot_be_is_refused() -> None:
    with Engine.open(clock=ManualClock(T0 + DAY), way=Way.RECORD) as engine:
        engine.report(case_id="c", at=T0)
        engine.dispatch("c", to="community", at=T0 + MINUTE)
        with pytest.raises(IllegalAction):
            engine.answer("c", at=T0 + 2 * MINUTE)
        engine.arrive("c", by=Actor("post 9", "street"), at=T0 + 3 * MINUTE)  # above the holder: allowed
        engine.resolve("c", by=Actor("post 7", "intake"), at=T0 + 4 * MINUTE)  # neither the holder nor above it
        arrived, resolved = engine.history("c")[2:]
        assert "findings" not in arrived.about
        ((finding,), case) = resolved.about["findings"], engine.case("c")
        assert finding["code"] == "not_permitted"
        assert (case.state, case.unit) == ("resolved", "community")


@pytest.mark.parametrize("way", [Way.LIVE, Way.ENFORCE])
def test_elsewhere_who_may_not_is_refused(way: Way) -> None:
    with Engine.open(clock=ManualClock(T0 + DAY), way=way) as engine:
        engine.report(case_id="c", at=T0)
        engine.dispatch("c", to="community", at=T0 + MINUTE)
        with pytest.raises(NotAllowed):
            engine.resolve("c", by=Actor("post 7", "intake"), at=T0 + 4 * MINUTE)


class Rising:
    """A locality that sends what was reopened to the street."""

    @hookimpl
    def governflow_route(self, case: Case) -> Ruling:
        if case.reopened:
            return Ruling(Route("street", Form.VERIFY), Text("reopened: the street", "重办：街道"), "route/reopened")
        return Ruling(Route("community", Form.DIRECT), Text("the community", "社区"), "route/first")


@pytest.mark.parametrize("way", Way)
def test_a_rise_after_not_satisfied_is_a_measure(way: Way) -> None:
    with Engine.open(clock=ManualClock(T0 + DAY), way=way) as engine:
        engine.localities.register("county", Rising())
        engine.report(case_id="c", locality="county", at=T0)
        for minute, action in enumerate(("dispatch", "arrive", "resolve", "answer"), 1):
            engine.act(action, "c", at=T0 + minute * MINUTE)
        engine.evaluate("c", satisfied=False, at=T0 + 9 * MINUTE)
        case = engine.dispatch("c", at=T0 + 10 * MINUTE)
        due = [event.measure_due for event in engine.history("c") if event.measure_due is not None]
    if way is Way.RECORD:
        assert (case.unit, case.form) == ("community", "direct")
        assert [(one["kind"], one["cause"], one["to"], one["form"]) for one in due] == [
            ("take_over", "unsatisfied", "street", "verify")
        ]
    else:
        assert (case.unit, case.form, due) == ("street", "verify", [])


# --- what a run and a dossier tell of it ------------------------------------------------------------------------------


def test_measures_due_and_measures_carried_out_are_never_mixed(governflow: Command, tmp_path: Path) -> None:
    # Another case shows that the journal records the steps after the dispatch too.
    steps = ("report", "dispatch", "arrive", "resolve", "answer")
    kept = [f"2026-03-02 08:0{minute},kept,{step}" for minute, step in enumerate(steps)]
    rows = journal(tmp_path, "2026-03-02 08:00,c,report", "2026-03-02 08:05,c,dispatch", *kept)
    until = ("--until", "2026-03-03 08:00", "--json")
    recorded, enforced = (governflow("run", rows, way, *until).json for way in ("--record", "--enforce"))
    assert (recorded["way"], enforced["way"]) == ("record", "enforce")
    summary = recorded["summary"]
    assert summary["escalations"].keys() == {"urge", "supervise"}
    assert summary["measures_due"] == {
        kind: number for kind, number in enforced["summary"]["escalations"].items() if kind not in ("urge", "supervise")
    }
    assert enforced["summary"]["measures_due"] == {}
    due = recorded["cases"][0]["measures_due"]
    assert [(one["kind"], one["to"], one["form"]) for one in due][:2] == [
        ("take_over", "street", "verify"),
        ("take_over", "street", "assist"),
    ]


def test_run_is_a_record_by_default_and_shows_due_measures_and_findings_in_tables_and_dossier(
    governflow: Command, tmp_path: Path
) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text(
        "time,case,action,actor,unit\n2026-03-02 08:00,c,report,,\n2026-03-02 08:05,c,dispatch,,community\n"
        "2026-03-02 15:00,c,begin,post 7,intake\n2026-03-02 08:10,kept,report,,\n2026-03-02 08:11,kept,dispatch,,\n"
        "2026-03-02 08:12,kept,arrive,,\n",
        encoding="utf-8",
    )
    store = tmp_path / "cases.db"
    done = governflow("run", rows, "--store", store, "--lang", "en")
    assert done.status == 0
    assert "Measures due" in done.out
    assert "Findings" in done.out
    told = governflow("run", rows, "--store", store, "--json").json
    (finding,) = told["cases"][0]["findings"]
    assert (finding["at"][11:16], finding["action"], finding["unit"]) == ("15:00", "begin", "intake")
    assert told["summary"]["findings"] == {"intake": 1}
    shown = governflow("show", "c", "--store", store, "--lang", "zh").out
    assert "应采取的处置" in shown
    assert "发现的问题" in shown


def test_a_store_that_was_run_as_a_record_goes_on_so_and_refuses_to_be_enforced(
    governflow: Command, tmp_path: Path
) -> None:
    rows, store = journal(tmp_path, "2026-03-02 08:00,c,report"), tmp_path / "cases.db"
    assert governflow("run", rows, "--store", store).status == 0
    refused = governflow("run", rows, "--store", store, "--enforce", "--lang", "en")
    assert refused.status == 1
    assert "record as long as it lives, not enforce" in refused.err
    assert governflow("run", rows, "--store", store, "--record").status == 0
