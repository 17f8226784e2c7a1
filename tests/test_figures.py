"""Figures: per case, from facts, half up with one decimal, and each with the cases behind it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governflow import Actor, CommandError, Engine
from governflow.reports.digest import behind, digest
from governflow.reports.figure_names import paths
from governflow.reports.figures import RATES
from governflow.reports.format import one_decimal, percent
from governflow.reports.rates import Report, cases_behind, lives
from governflow.testing import ManualClock

T0 = datetime(2026, 3, 16, 1, tzinfo=UTC)
HEAD = "time,case,action,unit,satisfied,into,note\n"
#: A journal with every kind of figure: done, archived, reopened, late, left out, incomplete, done by the wrong unit.
JOURNAL = HEAD + "\n".join(
    f"2026-03-16 {row}{',' * (6 - row.count(','))}"
    for row in (
        *("09:00,good,report,,,", "09:02,good,dispatch,street,,", "09:20,good,arrive,street,,"),
        *("09:40,good,resolve,street,,", "10:00,good,answer,street,,", "10:10,good,evaluate,,yes,"),
        *("09:00,done,report,,,", "09:02,done,dispatch,street,,", "09:20,done,arrive,street,,"),
        *("09:40,done,resolve,street,,", "10:00,done,answer,street,,"),
        *("09:00,again,report,,,", "09:02,again,dispatch,street,,", "09:50,again,arrive,street,,"),
        *("09:55,again,resolve,street,,", "10:00,again,answer,street,,", "10:10,again,evaluate,,no,"),
        *("10:12,again,dispatch,street,,", "10:20,again,arrive,street,,"),
        *("09:00,late,report,,,", "09:07,late,dispatch,street,,"),
        *("09:00,wrong,report,,,", "09:02,wrong,dispatch,street,,", "09:20,wrong,arrive,community,,"),
        *("09:00,lacking,report,,,", "09:01,lacking,answer,,,", "09:02,lacking,dispatch,street,,"),
        *("09:00,declined,report,,,", "09:01,declined,decline,,,,not ours", "09:00,other,report,,,"),
        "09:05,other,merge,,,good",
    )
)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "journal.csv"
    path.write_text(JOURNAL, encoding="utf-8")
    return path


def listed(governflow: Callable[..., Any], *arguments: str | Path) -> list[str]:
    done = governflow(*arguments)
    assert done.status in (0, 1), done.err
    return done.out.split()


@pytest.mark.parametrize("way", ["--record", "--enforce"])
def test_every_figure_of_a_run_is_as_long_as_the_list_of_its_cases(
    journal: Path, governflow: Callable[..., Any], way: str
) -> None:
    store = journal.with_suffix(".db")
    run = ("run", journal, way, "--store", store, "--until", "2026-03-17 12:00")
    summary = governflow(*run, "--json").json["summary"]
    figures = dict(paths(summary))
    assert {figure[0] for figure in figures} == set(summary) - (
        {"measures_due", "findings"} if way == "--enforce" else set()
    )
    with Engine.open(store) as engine:
        for figure, number in figures.items():
            assert len(cases_behind(engine, "000000", ".".join(figure))[1]) == number, figure
    for figure in {figure[0]: figure for figure in figures}.values():  # one of each group, as the command prints it
        assert len(listed(governflow, *run, "--list", ".".join(figure))) == figures[figure], figure


def test_the_cases_behind_figures_are_those_counted_by_hand(journal: Path, governflow: Callable[..., Any]) -> None:
    def cases(figure: str) -> str:
        return " ".join(listed(governflow, "run", journal, "--until", "2026-03-16 12:00", "--list", figure))

    assert cases("closed") == "good done declined other"
    assert cases("archived") == "good"
    assert cases("open") == "again late wrong lacking"
    assert cases("clocks.dispatch.breached") == "late"
    # The first arrival counts for a case, and the one after the reopening stands apart.
    assert cases("clocks.arrive.breached") == "again late lacking"
    assert cases("again.arrive.met") == "again"
    assert cases("rates.satisfaction.n") == "good"
    assert cases("rates.satisfaction.of") == "good again"
    assert cases("rates.resolved.n") == "good done again"
    assert cases("rates.resolution.n") == "good done"
    assert cases("rates.resolved.excluded") == "declined other"
    assert cases("findings.community") == "wrong"
    assert cases("incomplete") == "lacking"
    assert cases("incomplete_in.open") == "lacking"


@pytest.mark.parametrize(
    "name", ["clocks.arrive.breached", "arrive.breached", "时限.到场.超时", "到场.超时", "到场超时", "Arrive-Breached"]
)
def test_a_figure_is_called_as_json_calls_it_or_as_the_tables_do(
    journal: Path, governflow: Callable[..., Any], name: str
) -> None:
    assert len(listed(governflow, "run", journal, "--until", "2026-03-16 12:00", "--list", name)) == 3


@pytest.mark.parametrize(
    "name", ["满意率", "三率.满意率", "satisfaction", "rates.satisfaction", "rates.satisfaction.n"]
)
def test_the_name_of_a_rate_means_its_numerator(journal: Path, governflow: Callable[..., Any], name: str) -> None:
    assert listed(governflow, "run", journal, "--until", "2026-03-16 12:00", "--list", name) == ["good"]


@pytest.mark.parametrize("name", RATES)
def test_every_rate_is_called_by_the_words_of_its_row_in_either_language(
    journal: Path, governflow: Callable[..., Any], name: str
) -> None:
    run = ("run", journal, "--until", "2026-03-16 12:00", "--list")
    by_path = listed(governflow, *run, f"rates.{name}.n")
    assert listed(governflow, *run, RATES[name].zh) == by_path
    assert listed(governflow, *run, f"rates.{RATES[name].en}") == by_path


def test_a_figure_that_nobody_knows_is_refused_with_the_nearest(
    journal: Path, tmp_path: Path, governflow: Callable[..., Any]
) -> None:
    done = governflow("run", journal, "--list", "arive.breached")
    assert (done.status, done.out) == (2, "")
    assert "there is no figure 'arive.breached'; the nearest is clocks.arrive.breached" in done.err
    done = governflow("run", journal, "--list", "到场.超期", "--lang", "zh")
    assert "没有名为“到场.超期”的指标；最接近的是 时限.到场.超时（clocks.arrive.breached）" in done.err
    done = governflow("run", journal, "--list", "zzz")
    assert done.status == 2
    assert "there is no figure 'zzz'; the nearest is " in done.err
    assert governflow("run", journal, "--list", "").status == 2


def test_a_list_is_json_where_that_is_asked_for(journal: Path, governflow: Callable[..., Any]) -> None:
    done = governflow("run", journal, "--list", "archived", "--json")
    assert done.json == {"figure": "archived", "number": 1, "cases": ["good"]}


# --- cycles that a measure started ------------------------------------------------------------------------------------


def test_a_clock_that_a_measure_started_stands_apart() -> None:
    engine = Engine.open(clock=ManualClock(T0))
    engine.report(case_id="c", at=T0)
    engine.dispatch("c", to="community", at=T0 + timedelta(minutes=1))
    engine.advance(T0 + timedelta(days=1))  # taken over by the street, and on from there
    report = Report()
    for case, followed in lives(engine, "000000"):
        report.add(case, followed)
    assert engine.case("c").clocks["arrive"].cycle > 1
    assert report.as_json()["clocks"]["arrive"] == {"met": 0, "breached": 1, "exempt": 0, "running": 0}
    assert sum(report.as_json()["again"]["arrive"].values()) == engine.case("c").clocks["arrive"].cycle - 1


def test_a_clock_that_somebody_started_by_handing_up_is_a_fact() -> None:
    engine = Engine.open(clock=ManualClock(T0))
    engine.report(case_id="c", at=T0)
    engine.escalate("c", to="street", by=Actor("a", "intake"), at=T0 + timedelta(minutes=1))
    report = Report()
    for case, followed in lives(engine, "000000"):
        report.add(case, followed)
    assert report.clocks["arrive"].running == 1
    assert report.again == {}


def test_what_came_back_within_its_time_counts_from_where_it_went_next() -> None:
    engine = Engine.open(clock=ManualClock(T0))
    engine.report(case_id="c", at=T0)
    engine.dispatch("c", to="community", at=T0 + timedelta(minutes=1))
    engine.act("return", "c", note="not ours", at=T0 + timedelta(minutes=2))
    engine.dispatch("c", to="street", at=T0 + timedelta(minutes=3))
    engine.arrive("c", at=T0 + timedelta(minutes=20))
    report = Report()
    for case, followed in lives(engine, "000000"):
        report.add(case, followed)
    assert (report.clocks["arrive"].met, report.clocks["dispatch"].met) == (1, 1)


# --- digests ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def store(journal: Path, tmp_path: Path, governflow: Callable[..., Any]) -> Path:
    path = tmp_path / "cases.db"
    governflow("run", journal, "--store", path, "--until", "2026-03-17 12:00")
    return path


def test_every_figure_of_a_digest_is_as_long_as_the_list_of_its_cases(
    store: Path, governflow: Callable[..., Any]
) -> None:
    made = ("digest", "000000", "--store", store, "--period", "week")
    told = governflow(*made, "--json").json
    lists = {"rising", "emerging", "recurring", "compared", "signs"}
    figures = [(figure, number) for figure, number in paths(told) if figure[0] not in lists]
    assert {figure[0] for figure, _ in figures} >= {
        *("reported", "closed", "archived", "open", "overdue", "escalations", "measures_due", "findings"),
        *("proactive", "by_item", "incomplete_in"),
    }
    for figure, number in figures:
        assert len(listed(governflow, *made, "--list", ".".join(figure))) == number, figure


def test_a_digest_keeps_what_was_due_apart_from_what_was_carried_out(
    store: Path, governflow: Callable[..., Any]
) -> None:
    made = ("digest", "000000", "--store", store, "--period", "week")
    told = governflow(*made, "--json").json
    assert set(told["escalations"]) <= {"urge", "supervise"}
    assert set(told["measures_due"]) == {"take_over", "special_report"}
    assert told["findings"] == {"community": 1}
    zh = governflow(*made, "--lang", "zh").out
    for words in (
        "已采取的处置：催办",
        "应采取的处置（台账为准，未改变事项）：提级",
        "发现的问题：村（社区） 1",
        "其中不完整",
    ):
        assert words in zh


def test_a_digest_of_python_gives_its_lists_too(store: Path) -> None:
    until = datetime(2026, 3, 20, tzinfo=UTC)
    with Engine.open(store) as engine:
        made = digest(engine, "000000", period="week", until=until)
        figure, cases = behind(engine, "000000", "已办结", period="week", until=until)
        assert (figure, len(cases)) == (("closed",), made.closed)
        with pytest.raises(CommandError, match="no figure 'closd'; the nearest is closed"):
            behind(engine, "000000", "closd", period="week", until=until)


# --- one decimal, half up ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "of", "text"),
    [(1, 8, "12.5 %"), (1, 16, "6.3 %"), (3, 16, "18.8 %"), (1, 3, "33.3 %"), (2, 3, "66.7 %"), (1, 2000, "0.1 %")],
)
def test_shares_are_rounded_half_up(n: int, of: int, text: str) -> None:
    assert percent(n, of) == text


@given(st.integers(0, 10**7), st.integers(1, 10**7))
def test_a_rounded_figure_is_never_further_off_than_half_a_tenth_and_a_half_goes_up(n: int, of: int) -> None:
    off = Fraction(one_decimal(Fraction(n, of))) - Fraction(n, of)
    assert -Fraction(1, 20) < off <= Fraction(1, 20)


@pytest.mark.parametrize(("mean", "text"), [(3 / 20, "0.2"), (7 / 20, "0.4"), (1 / 3, "0.3"), (2.25, "2.3")])
def test_a_mean_is_rounded_as_it_is_written(mean: float, text: str) -> None:
    assert one_decimal(mean) == text


def test_nothing_of_nothing_is_no_share() -> None:
    assert percent(0, 0) == "–"


def test_run_and_digest_write_a_share_alike(store: Path, governflow: Callable[..., Any]) -> None:
    out = governflow("digest", "000000", "--store", store, "--period", "week", "--lang", "en").out
    assert f"found by workers 0 of 8 ({percent(0, 8)})" in out


# --- the week of a real office's form ---------------------------------------------------------------------------------

WEEK = Path(__file__).parents[2] / "shared" / "cases" / "week"


needs_week = pytest.mark.skipif(not WEEK.exists(), reason="the week of 60 cases is not part of the project")
#: Of a digest, what stands out: no counts of cases by id.
STANDS_OUT = {"rising", "emerging", "recurring", "compared", "signs"}


def run_of_week(governflow: Callable[..., Any], *arguments: str | Path) -> dict[str, Any]:
    done = governflow("run", WEEK / "week.xlsx", "--map", WEEK / "week.toml", "--json", *arguments)
    return dict(done.json)


@needs_week
def test_the_week_comes_out_as_counted_beside_it(governflow: Callable[..., Any]) -> None:
    told = run_of_week(governflow)
    expected, summary = json.loads((WEEK / "expected.json").read_text(encoding="utf-8")), told["summary"]
    satisfied = summary["rates"]["satisfaction"]
    assert {
        "cases": summary["cases"],
        "refused": told["rows"]["refused"],
        "clocks": {
            clock: {outcome: summary["clocks"][clock][outcome] for outcome in outcomes}
            for clock, outcomes in expected["clocks"].items()
        },
        "satisfaction": {"n": satisfied["n"], "of": satisfied["of"]},
        "resolved": summary["rates"]["resolved"]["n"],
        "units": dict(sorted(summary["by_unit"].items())),
    } == expected
    assert summary["findings"] == {}


@needs_week
@pytest.mark.parametrize("way", ["--record", pytest.param("--enforce", marks=pytest.mark.slow)])
def test_every_figure_of_the_week_is_as_long_as_its_list(
    governflow: Callable[..., Any], tmp_path: Path, way: str
) -> None:
    store = tmp_path / "week.db"
    told = run_of_week(governflow, way, "--store", store)
    with Engine.open(store) as engine:
        for figure, number in paths(told["summary"]):
            assert len(cases_behind(engine, told["locality"], ".".join(figure))[1]) == number, figure


@needs_week
def test_every_figure_of_the_weeks_digest_is_as_long_as_its_list(
    governflow: Callable[..., Any], tmp_path: Path
) -> None:
    store = tmp_path / "week.db"
    told = run_of_week(governflow, "--store", store)
    until = datetime.fromisoformat(told["until"]) + timedelta(seconds=1)
    with Engine.open(store) as engine:
        made = digest(engine, told["locality"], period="month", until=until)
        assert made.reported == 60
        for figure, number in paths(made.as_json()):
            if figure[0] not in STANDS_OUT:
                name = ".".join(figure)
                found = behind(engine, told["locality"], name, period="month", until=until)
                assert len(found[1]) == number, figure


# --- what counts nowhere ----------------------------------------------------------------------------------------------


def test_a_case_registered_in_error_counts_in_no_figure_of_run_and_digest() -> None:
    engine = Engine.open(clock=ManualClock(T0))
    engine.report(case_id="good", at=T0)
    before = Report()
    for case, followed in lives(engine, "000000"):
        before.add(case, followed)
    engine.report(case_id="wrong", at=T0 + timedelta(minutes=1))
    [report] = [event for event in engine.life("wrong") if event.action == "report"]
    engine.retract(report, reason="another county's", by=Actor("desk-3"), at=T0 + timedelta(minutes=2))
    after = Report()
    for case, followed in lives(engine, "000000"):
        after.add(case, followed)
    assert after.as_json() == before.as_json()
    until = T0 + timedelta(hours=1)
    made = digest(engine, "000000", period="day", until=until)
    assert (made.reported, made.open) == (1, 1)
    assert cases_behind(engine, "000000", "cases")[1] == ["good"]
    assert behind(engine, "000000", "reported", period="day", until=until)[1] == ["good"]
