"""Xianlin: each row of its practice, the soundness of its tables, and whole lives through the engine."""

import csv
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import governflow_xianlin as xianlin
import pytest
from governflow_xianlin.chart import GRIDS, ORGANISATIONS, chart
from governflow_xianlin.data import DUTIES, INFORMANTS
from governflow_xianlin.watch import overdue
from governflow_xianlin.zeros import four_zeros

from governflow import Actor, Case, Engine, IllegalAction, NotAllowed
from governflow.model.terms import Form, Kind, Outcome
from governflow.policy.registry import Localities
from governflow.policy.stack import Policy, actions_of
from governflow.reports import escalations
from governflow.reports.digest import digest
from governflow.run.runner import run
from governflow.testing import ManualClock

CODE = "320113007"
CHINA = ZoneInfo("Asia/Shanghai")
DIVISIONS = Path(__file__).parents[4] / "shared" / "data" / "divisions_2023.csv"
DEMO = Path(xianlin.__file__).with_name("demo.csv")

GRID, COMMUNITY, OFFICE = f"{CODE}006-03", f"{CODE}006", f"{CODE}-petitions"
PLACE = "和园社区03网格"
STREET, LEADERS, DISTRICT, TEAM = CODE, f"{CODE}-leaders", "320113", f"{CODE}-supervisors"
DAY = timedelta(days=1)


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=CHINA)  # type: ignore[misc]


def of(unit: str) -> Actor:
    """Somebody of a unit."""
    return Actor("someone", unit)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(local(2026, 3, 16, 9))


@pytest.fixture
def engine(clock: ManualClock) -> Engine:
    localities = Localities()
    localities.register(CODE, xianlin)
    return Engine.open(localities=localities, clock=clock)


@pytest.fixture
def policy(engine: Engine) -> Policy:
    return engine.localities.policy(CODE)


def report(engine: Engine, item: str = "消防通道堵塞", place: str = PLACE, **told: object) -> Case:
    return engine.report(locality=CODE, item=item, place=place, **told)  # type: ignore[arg-type]


def answered(engine: Engine, case: Case) -> Case:
    """Settle a case and tell whoever asked."""
    if case.state == "reported":
        case = engine.dispatch(case.id)
    engine.arrive(case.id, by=of(case.unit))
    engine.resolve(case.id, by=of(case.unit))
    return engine.answer(case.id, by=of(case.unit))


def evaluated(engine: Engine, case: Case) -> Case:
    return engine.evaluate(answered(engine, case).id, satisfied=True)


def kinds(engine: Engine, case: Case) -> list[tuple[str, str]]:
    return [(entry["kind"], entry["to"]) for entry in escalations(engine.history(case.id))]


# --- 三级网格 ---------------------------------------------------------------------------------------------------------


def test_the_street_has_10_level_1_156_level_2_and_1786_level_3_grids() -> None:
    assert [len(chart().of_kind(kind)) for kind in ("community", "grid", "organisation")] == [10, 156, 1786]


@pytest.mark.skipif(not DIVISIONS.exists(), reason="the division codes of 2023 are not beside the repository")
def test_the_level_1_grids_are_the_communities_of_the_division_codes() -> None:
    with DIVISIONS.open(encoding="utf-8-sig") as file:
        rows = [row for row in csv.DictReader(file) if row["code12"].startswith(CODE)]
    names = {row["code12"]: row["name"].removesuffix("居委会") for row in rows if row["level"] == "村级"}
    assert {unit.id: unit.text.zh for unit in chart().of_kind("community")} == names


def test_every_grid_lies_in_a_grid_of_the_level_above() -> None:
    units = chart()
    assert units.uncovered("community", by="grid") == units.uncovered("grid", by="organisation") == ()
    for organisation in units.of_kind("organisation"):
        above = [units.units[unit].kind for unit in units.path(organisation.id)]
        assert above[:6] == ["organisation", "grid", "community", "office", "street", "leaders"]


def test_the_organisations_that_the_article_names_are_in_the_chart() -> None:
    for name in ("南京大学", "泰康仙林鼓楼医院"):
        found = chart().at(f"{name}东门", "organisation")
        assert found is not None
        assert found.text.zh == name


def test_a_place_is_found_by_as_many_lookups_as_in_a_chart_of_a_tenth_the_size() -> None:
    class Counted(str):
        """A text that counts how often a part of it is looked at."""

        looked = 0

        def casefold(self) -> "Counted":
            return self

        def __getitem__(self, part: object) -> str:
            Counted.looked += 1
            return str(self)[part]  # type: ignore[index]

    counts = []
    for units in (chart(), chart(GRIDS, ORGANISATIONS // 10)):
        Counted.looked = 0
        found = units.find(Counted("栖霞区仙林街道驻街单位0150的北门外路口"))
        assert found is not None
        assert found.text.zh == "驻街单位0150"
        counts.append(Counted.looked)
    assert counts[0] == counts[1] < 500


def test_a_case_at_an_organisation_goes_to_the_grid_around_it(engine: Engine) -> None:
    case = engine.dispatch(report(engine, place="驻街单位1786门前").id)
    assert case.unit == chart().units[f"{CODE}010-15-1786"].parent
    assert case.form is Form.DIRECT


def test_a_case_of_which_only_the_community_is_known_goes_to_the_community(engine: Engine) -> None:
    assert engine.dispatch(report(engine, place="和园社区").id).unit == COMMUNITY


def test_a_case_of_which_no_place_is_known_stays_with_the_intake_to_find_out(engine: Engine) -> None:
    assert engine.dispatch(report(engine, place="").id).unit == "intake"


# --- 四步法 -----------------------------------------------------------------------------------------------------------


def test_the_four_steps_are_names_over_the_same_actions(policy: Policy) -> None:
    understood = actions_of(policy)
    steps = {word: understood[word] for word in ("采集", "处理", "街道会办", "回头看")}
    assert steps == {"采集": "report", "处理": "resolve", "街道会办": "confer", "回头看": "revisit"}
    assert (understood["上报"], understood["办结"], understood["会商"]) == ("report", "resolve", "confer")


def test_step_1_an_informant_collects_what_nobody_asked_for_and_the_next_unit_up_verifies(engine: Engine) -> None:
    case = answered(engine, report(engine, informant="绿化队员", asked=False))
    with pytest.raises(NotAllowed, match="above the holder"):
        engine.evaluate(case.id, satisfied=True, by=of(GRID))
    assert engine.evaluate(case.id, satisfied=True, by=of(COMMUNITY)).verifier == COMMUNITY


def test_step_2_a_grid_may_settle_it_on_the_spot(engine: Engine) -> None:
    case = engine.resolve(report(engine).id, by=of(GRID))
    assert case.state == "resolved"
    assert engine.history(case.id)[-1].about["settled_by"] == GRID


def test_step_2_what_is_complex_goes_before_the_streets_conference_with_a_promised_answer(engine: Engine) -> None:
    case = engine.dispatch(report(engine, "物业服务纠纷").id)
    assert (case.unit, case.form) == (STREET, Form.JOINT)
    assert set(case.assist) == {COMMUNITY, OFFICE}
    case = engine.confer(case.id, by=of(STREET), until=local(2026, 3, 18, 18))
    assert case.state == "conferring"
    assert case.clocks["promise"].due == local(2026, 3, 18, 18)


def test_step_3_a_satisfied_case_is_not_closed_before_the_revisit(engine: Engine) -> None:
    case = evaluated(engine, report(engine))
    assert case.state == "evaluated"
    assert case.closed is None
    with pytest.raises(IllegalAction):
        engine.archive(case.id)
    assert engine.revisit(case.id, by=of(COMMUNITY)).state == "closed"


def test_step_3_a_lapsed_evaluation_does_not_close_it_either(engine: Engine) -> None:
    case = answered(engine, report(engine))
    engine.advance(local(2026, 3, 20, 9))
    case = engine.case(case.id)
    assert (case.state, case.clocks["evaluate"].outcome) == ("evaluated", Outcome.LAPSED)
    assert case.clocks["revisit"].outcome is Outcome.RUNNING


def test_step_3_the_revisit_is_due_7_days_after_the_answer(engine: Engine) -> None:
    case = evaluated(engine, report(engine))
    assert case.clocks["revisit"].due == local(2026, 3, 23, 9)
    case = engine.revisit(case.id, by=of(COMMUNITY), at=local(2026, 3, 23, 9))
    assert case.clocks["revisit"].outcome is Outcome.MET


def test_step_3_a_missed_revisit_climbs_inside_the_street(engine: Engine) -> None:
    case = evaluated(engine, report(engine))
    engine.advance(local(2026, 4, 20, 9))
    climbed = kinds(engine, case)
    assert climbed[:2] == [(Kind.URGE, GRID), (Kind.SUPERVISE, COMMUNITY)]
    assert (Kind.SPECIAL_REPORT, LEADERS) in climbed
    assert DISTRICT not in {to for _, to in climbed}


def test_step_3_a_case_that_recurs_is_opened_again_and_dispatched_anew(engine: Engine) -> None:
    case = evaluated(engine, report(engine))
    case = engine.revisit(case.id, recurred=True, by=of(COMMUNITY))
    assert (case.state, case.unit, case.reopened) == ("accepted", "intake", 1)
    assert case.clocks["dispatch"].outcome is Outcome.RUNNING
    again = engine.dispatch(case.id)
    assert engine.revisit(evaluated(engine, again).id, by=of(COMMUNITY)).state == "closed"


def test_step_3_a_closed_case_that_recurs_is_opened_again_too(engine: Engine) -> None:
    case = engine.revisit(evaluated(engine, report(engine)).id, by=of(COMMUNITY))
    assert engine.revisit(case.id, recurred=True, by=of(COMMUNITY)).state == "accepted"


def test_an_unsatisfied_case_has_no_revisit_before_it_is_settled_anew(engine: Engine) -> None:
    case = engine.evaluate(answered(engine, report(engine)).id, satisfied=False)
    assert case.state == "accepted"
    assert case.clocks["revisit"].outcome is Outcome.CANCELLED


def test_step_4_two_cases_of_a_kind_that_was_never_there_are_spotted_early(engine: Engine) -> None:
    for place in ("文澜社区", "仙龙湾社区"):
        report(engine, "高校周边噪声", place)
    report(engine, "邻里纠纷", "亚东社区")
    week = digest(engine, CODE, period="week", until=local(2026, 3, 17, 0))
    assert [(issue.item, issue.cases) for issue in week.emerging] == [("高校周边噪声", 2)]


# --- 网格“十联”、“十大员” ---------------------------------------------------------------------------------------------


def test_a_grid_has_ten_duties_and_the_catalogue_knows_no_other(policy: Policy) -> None:
    names = {duty.text.zh for duty in DUTIES}
    (_, catalogue), *_ = policy.ruled.catalogues
    assert len(DUTIES) == len(names) == 10
    assert {entry.attributes["domain"] for entry in catalogue.entries} == names


def test_there_are_ten_kinds_of_informant_and_two_of_them_are_the_articles() -> None:
    assert len({one.id for one in INFORMANTS}) == 10
    assert [one.text.zh for one in INFORMANTS if one.basis.startswith("article")] == ["城管协管员", "绿化队员"]


def test_every_grid_takes_in_a_matter_of_every_duty(engine: Engine, policy: Policy) -> None:
    (_, catalogue), *_ = policy.ruled.catalogues
    taken = {}
    for entry in catalogue.entries:
        if entry.attributes.get("severity") == "general":
            taken[entry.attributes["domain"]] = engine.dispatch(report(engine, entry.item).id).unit
    assert set(taken.values()) == {GRID}
    assert len(taken) == 10


# --- 服务办公室 捆绑 一级网格 -----------------------------------------------------------------------------------------


def test_each_of_the_ten_offices_is_tied_to_one_level_1_grid() -> None:
    tied = [unit.parent for unit in chart().of_kind("community")]
    assert sorted(map(str, tied)) == sorted(unit.id for unit in chart().of_kind("office"))


@pytest.mark.parametrize("item", ["消防通道堵塞", "物业服务纠纷"])
def test_the_tied_office_is_the_second_responsible_unit(engine: Engine, item: str) -> None:
    case = engine.dispatch(report(engine, item).id)
    assert OFFICE in case.assist
    assert engine.arrive(case.id, by=of(OFFICE)).state == "on_site"


def test_another_office_is_not_responsible(engine: Engine) -> None:
    case = engine.dispatch(report(engine).id)
    with pytest.raises(NotAllowed):
        engine.arrive(case.id, by=of(f"{CODE}-party"))


# --- “盯得紧”督导考核队 -----------------------------------------------------------------------------------------------


def test_the_supervising_team_sees_what_is_overdue_and_urges(engine: Engine) -> None:
    late = engine.dispatch(report(engine).id)
    report(engine, at=local(2026, 3, 16, 10, 25))
    engine.advance(local(2026, 3, 16, 10, 30))
    seen = overdue(engine.cases())
    assert [(entry.case, entry.clock, entry.owes) for entry in seen] == [(late.id, "arrive", GRID)]
    engine.urge(seen[0].case, by=of(TEAM), at=local(2026, 3, 16, 10, 30))
    event = engine.history(late.id)[-1]
    assert (event.kind, event.by) == ("urged", of(TEAM))


def test_the_supervising_team_does_nothing_else(engine: Engine, policy: Policy) -> None:
    other, case = report(engine), engine.dispatch(report(engine).id)
    possible = set(policy.lifecycles["everyday"].possible(case.state)) - {"urge"}
    for action in possible:
        into = {"into": other.id} if action == "merge" else {}
        with pytest.raises(NotAllowed, match="may only: urge"):
            engine.act(action, case.id, by=of(TEAM), **into)
    assert {"resolve", "transfer", "note"} <= possible
    assert engine.case(case.id).state == "dispatched"


def test_a_neighbouring_community_may_not_urge(engine: Engine) -> None:
    case = engine.dispatch(report(engine).id)
    with pytest.raises(NotAllowed):
        engine.urge(case.id, by=of(f"{CODE}001"))


# --- 信访“四个零” -----------------------------------------------------------------------------------------------------


def test_what_nobody_settles_climbs_the_street_up_to_its_leaders_and_reaches_the_district_last(engine: Engine) -> None:
    case = engine.dispatch(report(engine).id)
    engine.advance(local(2026, 3, 20, 9))
    climbed = kinds(engine, case)
    assert climbed[:9] == [
        (Kind.URGE, GRID),
        (Kind.SUPERVISE, COMMUNITY),
        (Kind.TAKE_OVER, STREET),
        (Kind.URGE, STREET),
        (Kind.SUPERVISE, LEADERS),
        (Kind.TAKE_OVER, LEADERS),
        (Kind.URGE, LEADERS),
        (Kind.SPECIAL_REPORT, DISTRICT),
        (Kind.URGE, LEADERS),
    ]
    assert engine.case(case.id).unit == LEADERS


def test_nobody_above_the_district_is_ever_an_address_of_the_ladder(engine: Engine) -> None:
    case = engine.dispatch(report(engine, "物业服务纠纷").id)
    engine.advance(local(2026, 7, 1, 9))
    addressed = {to for _, to in kinds(engine, case)}
    assert addressed == {STREET, LEADERS, DISTRICT}


def test_a_month_in_which_everything_is_settled_in_the_street_has_four_zeros(engine: Engine) -> None:
    evaluated(engine, report(engine))
    found = four_zeros(engine, local(2026, 3, 1), local(2026, 4, 1))
    assert found.zero
    assert [line.zh.partition("（")[0] + line.zh.rpartition("：")[2] for line in found.lines()] == [
        "到区0 件",
        "去市0 件",
        "赴省0 件",
        "进京0 件",
    ]


def test_a_case_counts_where_it_was_handed_up_where_it_was_reported_up_and_where_it_came_down_from(
    engine: Engine,
) -> None:
    handed = engine.dispatch(report(engine).id, to=LEADERS)
    engine.transfer(handed.id, to="320100", by=of(LEADERS))
    came_down = evaluated(engine, report(engine, channel="赴省上访交办"))
    unsettled = engine.dispatch(report(engine, at=local(2026, 3, 16, 9, 1)).id, at=local(2026, 3, 16, 9, 2))
    engine.advance(local(2026, 3, 20, 9))
    found = four_zeros(engine, local(2026, 3, 1), local(2026, 4, 1))
    assert not found.zero
    assert {unit: cases for unit, cases in found.cases.items() if cases} == {
        DISTRICT: (unsettled.id,),
        "320100": (handed.id,),
        "320000": (came_down.id,),
    }


def test_what_went_above_in_another_month_does_not_count_in_this_one(engine: Engine) -> None:
    report(engine, channel="进京上访交办")
    assert four_zeros(engine, local(2026, 2, 1), local(2026, 3, 1)).zero
    assert not four_zeros(engine, local(2026, 3, 1), local(2026, 4, 1)).zero


def test_where_a_case_came_from_changes_no_ruling(engine: Engine) -> None:
    ruled = []
    for channel in ("", "进京上访交办"):
        case = engine.dispatch(report(engine, "物业服务纠纷", channel=channel).id)
        history = engine.history(case.id)
        ruled.append([(one.what, one.value, one.rule) for event in history for one in event.rulings])
    assert ruled[0] == ruled[1]


# --- the whole --------------------------------------------------------------------------------------------------------


def test_the_tables_have_no_faults(policy: Policy) -> None:
    (_, tables), *_ = policy.tables
    assert set(tables) == {"catalogue", "deadlines", "route"}
    assert [fault for name, table in tables.items() if name != "catalogue" for fault in table.analyse().faults()] == []


def test_the_street_has_a_unit_for_each_of_the_six_forms_on_the_way_up_from_every_grid() -> None:
    units = chart()
    for form in Form:
        standing = units.for_form(form, GRID)
        assert standing is not None
        assert form in standing.forms
        assert standing.id in units.path(GRID)


def test_the_streets_own_deadlines_apply_and_no_other_countys(engine: Engine) -> None:
    case = engine.arrive(engine.dispatch(report(engine).id).id, by=of(GRID))
    assert case.clocks["dispatch"].due == local(2026, 3, 16, 9, 15)
    assert case.clocks["resolve"].due == local(2026, 3, 17, 9)


def test_a_life_from_the_informant_to_the_second_revisit_ends_closed_and_leaves_no_fault(
    engine: Engine, clock: ManualClock
) -> None:
    case = report(engine, informant="城管协管员", asked=False)
    clock.tick(timedelta(minutes=10))
    case = answered(engine, case)
    clock.tick(timedelta(hours=1))
    engine.evaluate(case.id, satisfied=True, by=of(COMMUNITY))
    clock.tick(3 * DAY)
    case = engine.revisit(case.id, recurred=True, by=of(COMMUNITY))
    case = answered(engine, engine.dispatch(case.id))
    engine.evaluate(case.id, satisfied=True, by=of(COMMUNITY))
    clock.tick(6 * DAY)
    case = engine.revisit(case.id, by=of(COMMUNITY))
    assert (case.state, case.reopened) == ("closed", 1)
    assert {clock.outcome for clock in case.all_clocks} <= {Outcome.MET, Outcome.CANCELLED}
    assert [event for event in engine.history(case.id) if event.kind == "faulted"] == []


def test_the_demo_runs_without_a_refusal_and_shows_a_recurrence_a_missed_revisit_and_four_zeros() -> None:
    localities = Localities()
    localities.register(CODE, xianlin)
    engine = Engine.open(localities=localities, clock=ManualClock(local(2026, 4, 2)))
    refused: list[object] = []
    demo = xianlin.governflow_demo()
    run(engine, DEMO, locality=CODE, until=demo.until.replace(tzinfo=CHINA), rejected=refused.append)
    assert refused == []
    cases = {case.id: case for case in engine.cases() if case.locality == CODE}
    assert len(cases) == 9
    assert (cases["XL03"].state, cases["XL03"].reopened) == ("closed", 1)
    assert cases["XL04"].clocks["revisit"].outcome is Outcome.BREACHED
    assert (Kind.TAKE_OVER, LEADERS) in kinds(engine, cases["XL06"])
    assert [event.kind for case in cases.values() for event in engine.history(case.id) if event.kind == "faulted"] == []
    assert demo.after is not None
    told = [line.zh for line in demo.after(engine)]
    assert told[0] == "苗头性问题：高校周边噪声，本周 2 件，此前没有"
    assert [line[-3:] for line in told[1:]] == ["0 件"] * 4
