"""Songtao: each row of its practice, the soundness of its tables, and whole lives through the engine."""

import csv
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import governflow_songtao as songtao
import pytest

from governflow import Actor, Case, Engine, NotAllowed
from governflow.model.terms import Form, Outcome, Verdict
from governflow.policy.registry import Localities
from governflow.policy.stack import Policy, actions_of
from governflow.reports.summons import summonses
from governflow.run.runner import run
from governflow.testing import ManualClock

CHINA = ZoneInfo("Asia/Shanghai")
DIVISIONS = Path(__file__).parents[4] / "shared" / "data" / "divisions_2023.csv"
DEMO = Path(songtao.__file__).with_name("demo.csv")

DESK = Actor("desk", "intake")
STREET = Actor("street", "520628002")
POLICE, FIRE = "520628-gongan", "520628-xiaofang"
TEAM = Actor("leader", "520628-team07")
REQUESTER = Actor("requester")
PLACE = "蓼皋街道南门社区"
COMMUNITY = "520628002003"


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=CHINA)  # type: ignore[misc]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(local(2026, 5, 6, 9))


@pytest.fixture
def engine(clock: ManualClock) -> Engine:
    localities = Localities()
    localities.register("520628", songtao)
    return Engine.open(localities=localities, clock=clock)


@pytest.fixture
def policy(engine: Engine) -> Policy:
    return engine.localities.policy("520628")


def dispatched(engine: Engine, item: str, place: str = PLACE, **told: object) -> Case:
    case = engine.report(locality="520628", item=item, place=place, **told)  # type: ignore[arg-type]
    return engine.dispatch(case.id, by=DESK)


def escalations(engine: Engine, case: Case, clock: str) -> list[tuple[str, str]]:
    told = [event.about["escalation"] for event in engine.history(case.id) if "escalation" in event.about]
    return [(climb["kind"], climb["to"]) for climb in told if climb["clock"] == f"{clock}#1"]


def no_faults(engine: Engine, case: Case) -> None:
    assert [event.about["faults"] for event in engine.history(case.id) if event.kind == "faulted"] == []


# --- 街道吹哨、部门报到 -----------------------------------------------------------------------------------------------


def whistled(engine: Engine, *units: str) -> Case:
    case = dispatched(engine, "消防通道堵塞", severity="complex")
    engine.arrive(case.id, by=STREET)
    return engine.whistle(case.id, units=units, by=STREET)


def test_each_summoned_department_has_a_clock_of_its_own(engine: Engine, clock: ManualClock) -> None:
    case = whistled(engine, POLICE, FIRE)
    due = {name: summons.due for name, summons in case.clocks.items() if name.startswith("check_in:")}
    assert due == dict.fromkeys((f"check_in:{POLICE}", f"check_in:{FIRE}"), clock.now() + timedelta(hours=2))


def test_a_department_that_comes_stops_its_own_clock_only(engine: Engine, clock: ManualClock) -> None:
    case = whistled(engine, POLICE, FIRE)
    clock.tick(timedelta(hours=2))  # at the very due time, which is on time
    case = engine.check_in(case.id, by=Actor("officer", FIRE))
    assert case.clocks[f"check_in:{FIRE}"].outcome is Outcome.MET
    assert case.clocks[f"check_in:{POLICE}"].outcome is Outcome.RUNNING


def test_the_record_of_both_sides_says_who_called_whom_when_due_and_when_they_came(
    engine: Engine, clock: ManualClock
) -> None:
    case = whistled(engine, POLICE, FIRE)
    blown = clock.now()
    clock.tick(timedelta(minutes=50))
    engine.check_in(case.id, by=Actor("officer", FIRE))
    clock.tick(timedelta(hours=3))
    engine.check_in(case.id, by=Actor("officer", POLICE))
    (summons,) = summonses(engine.history(case.id))
    assert (summons.unit, summons.at) == ("520628002", blown)
    due = blown + timedelta(hours=2)
    assert [(one.unit, one.due, one.came, one.in_time) for one in summons.called] == [
        (POLICE, due, blown + timedelta(hours=3, minutes=50), False),
        (FIRE, due, blown + timedelta(minutes=50), True),
    ]


def test_a_department_that_does_not_show_is_urged_and_then_supervised_by_the_mechanism(
    engine: Engine, clock: ManualClock
) -> None:
    case = whistled(engine, POLICE, FIRE)
    engine.check_in(case.id, by=Actor("officer", FIRE))
    clock.tick(timedelta(hours=5))
    engine.advance()
    climbed = escalations(engine, case, f"check_in:{POLICE}")
    assert climbed == [("urge", POLICE), ("supervise", "520628-mechanism")]
    assert escalations(engine, case, f"check_in:{FIRE}") == []
    assert engine.case(case.id).unit == "520628002"  # the case stays with the street


def test_the_street_whistles_and_its_communities_ask_it_to(engine: Engine) -> None:
    case = dispatched(engine, "邻里矛盾")
    with pytest.raises(NotAllowed, match="the street whistles"):
        engine.whistle(case.id, units=[POLICE], by=Actor("secretary", case.unit))
    assert f"check_in:{POLICE}" in engine.whistle(case.id, units=[POLICE], by=STREET).clocks


def test_songtaos_own_words_for_whistle_and_check_in_are_understood(policy: Policy) -> None:
    understood = actions_of(policy)
    words = {word: understood[word] for word in ("街道吹哨", "部门报到", "吹哨", "报到", "认领")}
    assert words == {
        "街道吹哨": "whistle",
        "部门报到": "check_in",
        "吹哨": "whistle",
        "报到": "check_in",
        "认领": "claim",
    }


# --- 6个工作组 --------------------------------------------------------------------------------------------------------

GROUPS = {
    "消防通道堵塞": "520628-zhili",
    "困难家庭助学": "520628-shehui",
    "独居老人探访": "520628-shuangbaodao",
    "党群服务中心设施报修": "520628-fuwu",
    "证明代办": "520628-fuwu",
    "小区物业管理混乱": "520628-wuye",
    "安置点就业对接": "520628-banqian",
}


def test_there_are_six_groups_below_the_mechanism(policy: Policy) -> None:
    groups = policy.units.of_kind("group")
    assert {group.id for group in groups} == set(GROUPS.values())
    assert {group.parent for group in groups} == {"520628-mechanism"}


@pytest.mark.parametrize(("item", "group"), GROUPS.items())
def test_the_domain_decides_the_group_that_leads_what_is_major(engine: Engine, item: str, group: str) -> None:
    case = dispatched(engine, item, severity="major")
    assert (case.unit, case.form, case.assist) == (group, Form.LEAD, ("520628002",))


@pytest.mark.parametrize(("item", "group"), GROUPS.items())
def test_the_domain_decides_the_group_that_assists_the_street_in_what_is_complex(
    engine: Engine, item: str, group: str
) -> None:
    case = dispatched(engine, item, severity="complex")
    assert (case.unit, case.form, case.assist) == ("520628002", Form.VERIFY, (group,))


def test_what_is_general_stays_with_the_community_of_the_place(engine: Engine) -> None:
    case = dispatched(engine, "电梯故障")
    assert (case.unit, case.form) == (COMMUNITY, Form.DIRECT)


def test_a_place_without_a_known_community_goes_to_its_town(engine: Engine) -> None:
    case = dispatched(engine, "邻里矛盾", place="孟溪镇")
    assert (case.unit, case.form) == ("520628106", Form.VERIFY)


def test_a_case_without_a_place_is_led_from_above_and_not_given_to_some_street(
    engine: Engine, clock: ManualClock
) -> None:
    case = dispatched(engine, "电梯故障", place="")
    assert case.unit == "intake"
    clock.tick(timedelta(days=5))
    engine.advance()
    after = engine.case(case.id)
    assert (after.unit, after.form) == ("520628-zhili", Form.LEAD)
    no_faults(engine, after)


# --- 双报到 -----------------------------------------------------------------------------------------------------------


def test_volunteering_goes_to_the_pool_and_a_team_claims_it(engine: Engine, clock: ManualClock) -> None:
    case = dispatched(engine, "独居老人探访")
    assert (case.unit, case.clocks["claim"].due) == (songtao.POOL, clock.now() + timedelta(days=1))
    assert "arrive" not in case.clocks
    clock.tick(timedelta(hours=20))
    claimed = engine.claim(case.id, by=TEAM)
    assert (claimed.unit, claimed.state, claimed.clocks["claim"].outcome) == (TEAM.unit, "claimed", Outcome.MET)
    assert claimed.clocks["arrive"].due == clock.now() + timedelta(days=1)


def test_a_team_takes_a_case_from_the_pool_to_a_satisfied_end(engine: Engine, clock: ManualClock) -> None:
    case = dispatched(engine, "独居老人探访")
    engine.claim(case.id, by=TEAM)
    clock.tick(timedelta(hours=3))
    engine.arrive(case.id, by=TEAM)
    engine.begin(case.id, by=TEAM)
    clock.tick(timedelta(days=2))
    engine.resolve(case.id, by=TEAM)
    engine.answer(case.id, by=TEAM)
    closed = engine.evaluate(case.id, score=5, by=REQUESTER)
    assert (closed.state, closed.verdict) == ("closed", Verdict.SATISFIED)
    assert {clock.outcome for clock in closed.all_clocks} == {Outcome.MET}
    no_faults(engine, closed)


def test_the_pool_needs_no_visit_where_the_item_needs_none(engine: Engine) -> None:
    case = dispatched(engine, "法律援助咨询")
    claimed = engine.claim(case.id, by=Actor("lawyer", "520628-team06"))
    assert (claimed.unit, "arrive" in claimed.clocks) == ("520628-team06", False)


def test_only_teams_claim_from_the_pool(engine: Engine) -> None:
    case = dispatched(engine, "独居老人探访")
    for unit in (COMMUNITY, POLICE):
        with pytest.raises(NotAllowed, match="teams of the double check-in"):
            engine.claim(case.id, by=Actor("somebody", unit))


@pytest.mark.parametrize(
    ("place", "unit", "form"),
    [
        (PLACE, COMMUNITY, Form.DIRECT),
        ("孟溪镇", "520628106", Form.VERIFY),
        ("", "520628-shuangbaodao", Form.LEAD),
    ],
)
def test_what_nobody_claims_is_dispatched_to_the_unit_of_its_place(
    engine: Engine, clock: ManualClock, place: str, unit: str, form: Form
) -> None:
    case = dispatched(engine, "小区清洁行动", place=place)
    clock.tick(timedelta(days=1, hours=1))
    engine.advance()
    after = engine.case(case.id)
    assert (after.state, after.unit, after.form) == ("dispatched", unit, form)
    assert escalations(engine, case, "claim") == [("urge", "520628-shuangbaodao"), ("take_over", unit)]
    claim = after.clocks["claim"]
    assert (claim.outcome, claim.exempt, claim.stopped) == (Outcome.BREACHED, None, claim.due + timedelta(minutes=30))
    no_faults(engine, after)


def test_the_unit_of_the_place_need_not_claim_again_but_has_to_arrive(engine: Engine, clock: ManualClock) -> None:
    case = dispatched(engine, "小区清洁行动")
    clock.tick(timedelta(days=1, hours=1))
    engine.advance()
    after = engine.case(case.id)
    running = {name for name, one in after.clocks.items() if one.stopped is None}
    assert running == {"arrive", "whole"}
    engine.arrive(case.id, by=Actor("secretary", COMMUNITY))
    engine.resolve(case.id, by=Actor("secretary", COMMUNITY))
    assert engine.answer(case.id, by=Actor("secretary", COMMUNITY)).state == "answered"


def test_a_team_that_does_not_finish_gives_way_to_the_community_of_the_place(
    engine: Engine, clock: ManualClock
) -> None:
    case = dispatched(engine, "独居老人探访")
    engine.claim(case.id, by=TEAM)
    engine.arrive(case.id, by=TEAM)
    clock.tick(timedelta(days=6))  # three days to resolve, then two rungs of a day each
    engine.advance()
    climbed = escalations(engine, case, "resolve")
    assert climbed == [("urge", TEAM.unit), ("supervise", "520628-shuangbaodao"), ("take_over", COMMUNITY)]


# --- 四网联建 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "net"),
    [
        ("消防通道堵塞", "party"),
        ("独居老人探访", "party"),
        ("证明代办", "smart"),
        ("党群服务中心设施报修", "service"),
        ("小区物业管理混乱", "service"),
        ("困难家庭助学", "development"),
        ("安置点就业对接", "development"),
    ],
)
def test_the_domain_decides_the_net(engine: Engine, item: str, net: str) -> None:
    case = engine.report(locality="520628", item=item, place=PLACE)
    assert case.facts["net"] == net


def test_the_four_nets_are_songtaos_own_and_not_jilins() -> None:
    table = songtao.governflow_tables()["net"]
    reasons = {rule.outcomes["net"]: rule.reason.zh[:3] for rule in table.rules}  # type: ignore[union-attr]
    assert reasons == {"party": "党建网", "smart": "智慧网", "service": "服务网", "development": "发展网"}


# --- the whole --------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not DIVISIONS.exists(), reason="the division codes of 2023 are not beside the repository")
def test_towns_and_the_seats_communities_are_those_of_the_division_codes(policy: Policy) -> None:
    with DIVISIONS.open(encoding="utf-8-sig") as file:
        rows = [row for row in csv.DictReader(file) if row["areaCode"] == "520628"]
    towns = {row["code12"][:9]: row["name"] for row in rows if row["level"] == "乡级"}
    assert {unit.id: unit.text.zh for unit in policy.units.of_kind("town")} == towns
    seat = {row["code12"] for row in rows if row["level"] == "村级" and row["code12"].startswith("520628002")}
    assert {unit.id for unit in policy.units.of_kind("community")} == seat


def test_the_chart_has_somebody_for_each_of_the_six_forms(policy: Policy) -> None:
    standing = {form: policy.units.for_form(form, COMMUNITY) for form in Form}
    assert all(unit is not None and form in unit.forms for form, unit in standing.items())
    assert [unit.level for unit in standing.values() if unit] == [2, 3, 3, 4, 5, 6]


def test_no_table_has_a_gap_a_conflict_or_a_dead_rule() -> None:
    tables = songtao.governflow_tables()
    assert {"catalogue", "deadlines", "group", "net", "route"} <= tables.keys()
    for name, table in tables.items():
        if name != "catalogue":
            assert table.analyse().faults() == (), name  # type: ignore[union-attr]


def test_every_figure_is_marked_as_an_illustration() -> None:
    for rule in songtao.governflow_tables()["deadlines"].rules:  # type: ignore[union-attr]
        assert rule.basis.startswith("示例"), rule.id


def test_the_generated_weeks_run_without_a_refusal_or_a_fault(engine: Engine, clock: ManualClock) -> None:
    demo = songtao.governflow_demo()
    until = demo.until.replace(tzinfo=CHINA)
    clock.set(until)
    refused: list[object] = []
    run(engine, DEMO, locality="520628", until=until, rejected=refused.append)
    cases = {case.id: case for case in engine.cases()}
    assert refused == []
    for case in cases.values():
        no_faults(engine, case)
    assert cases["演示01"].clocks[f"check_in:{POLICE}"].outcome is Outcome.BREACHED
    assert (cases["演示02"].unit, cases["演示03"].unit) == ("520628-team07", "520628002004")
    assert {case.facts["net"] for case in cases.values()} == {"party", "smart", "service", "development"}
