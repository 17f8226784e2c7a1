"""Zhenjiang: each row of its practice, the soundness of its tables and chart, and whole lives through the engine."""

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import governflow_zhenjiang as zhenjiang
import pytest

from governflow import Actor, Case, Engine, NotAllowed
from governflow.model.case import evolve
from governflow.model.terms import FORMS, Form, Kind, Tier
from governflow.policy.registry import Localities
from governflow.policy.stack import Policy
from governflow.reports.digest import digest
from governflow.reports.dossier import compile_dossier
from governflow.reports.merits import award, balances
from governflow.reports.rates import Report, lives
from governflow.reports.special import special_report
from governflow.run.runner import run
from governflow.tables import Catalogue, Table
from governflow.testing import ManualClock

CODE = "321171"
CHINA = ZoneInfo("Asia/Shanghai")
DIVISIONS = Path(__file__).parents[4] / "shared" / "data" / "divisions_2023.csv"
DEMO = Path(zhenjiang.__file__).with_name("demo.csv")

XINMAO, DINGGANG, DINGMAO = "321171102004", "321171102", "321171001001"
INFORMANT, HOUSEHOLD, BRANCH = f"{DINGMAO}-i03", f"{DINGMAO}-h1", f"{DINGMAO}-b1"
CLERK = Actor("受理员1", "intake")
LIAISON = Actor("社区联络员", DINGMAO)
REQUESTER = Actor("requester")
START = datetime(2026, 4, 13, 9, tzinfo=CHINA)


def after(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


@pytest.fixture(scope="module")
def localities() -> Localities:
    known = Localities()
    known.register(CODE, zhenjiang)
    return known


@pytest.fixture
def engine(localities: Localities) -> Iterator[Engine]:
    with Engine.open(localities=localities, clock=ManualClock(START)) as engine:
        yield engine


@pytest.fixture(scope="module")
def policy(localities: Localities) -> Policy:
    return localities.policy(CODE)


@pytest.fixture(scope="module")
def shown(localities: Localities) -> Iterator[Engine]:
    """The demo's three days."""
    until = zhenjiang.governflow_demo().until.replace(tzinfo=CHINA)
    with Engine.open(localities=localities, clock=ManualClock(until)) as engine:
        refused: list[object] = []
        run(engine, DEMO, locality=CODE, until=until, rejected=refused.append)
        assert refused == []
        yield engine


def report(engine: Engine, item: str, place: str = "丁卯街道丁卯社区", **told: object) -> Case:
    return engine.report(locality=CODE, item=item, place=place, at=START, **told)  # type: ignore[arg-type]


def passed_on(engine: Engine, item: str, place: str = "丁卯街道丁卯社区", **told: object) -> Case:
    return engine.dispatch(report(engine, item, place, **told).id, by=CLERK, at=after(2))


def climbs(engine: Engine, case: Case) -> list[tuple[Kind, str, str | None]]:
    told = [event.about["escalation"] for event in engine.history(case.id) if "escalation" in event.about]
    return [(Kind(one["kind"]), one["to"], one["form"]) for one in told]


# --- 信息员—中心户—党支部书记—村社区—镇街道—区 ------------------------------------------------------------------------


def test_the_information_chain_goes_from_the_informant_to_the_district(policy: Policy) -> None:
    units = policy.units
    kinds = [units.units[unit].kind for unit in units.path(INFORMANT)]
    assert kinds == ["informant", "centre_household", "branch", "community", "town", "leader", "district"]
    levels = [units.units[unit].level for unit in units.path(INFORMANT)]
    assert levels == sorted(set(levels))


def test_who_reported_and_through_whom_is_kept(engine: Engine, policy: Policy) -> None:
    case = report(engine, "狗患", informant=INFORMANT, by=Actor("信息员03", INFORMANT))
    kept = engine.case(case.id).informant
    assert kept == INFORMANT
    assert policy.units.path(kept)[:4] == (INFORMANT, HOUSEHOLD, BRANCH, DINGMAO)


def test_each_centre_household_leads_two_or_three_informants(policy: Policy) -> None:
    units = policy.units
    informants = [unit.parent for unit in units.of_kind("informant")]
    assert {informants.count(household.id) for household in units.of_kind("centre_household")} == {2, 3}


@pytest.mark.skipif(not DIVISIONS.exists(), reason="the division codes of 2023 are not there")
def test_the_chart_has_every_town_and_village_of_the_zone(policy: Policy) -> None:
    with DIVISIONS.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["areaCode"] == CODE]
    towns = {row["code12"][:9]: row["name"] for row in rows if row["level"] == "乡级"}
    villages = {row["code12"] for row in rows if row["level"] == "村级"}
    assert {unit.id: unit.text.zh for unit in policy.units.of_kind("town")} == towns
    assert {unit.id for unit in policy.units.of_kind("community")} == villages
    assert (len(towns), len(villages)) == (5, 61)


# --- 三级事项 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "tier", "unit", "form"),
    [
        ("小区违建", Tier.THREE, XINMAO, Form.DIRECT),
        ("临时菜市场环境脏乱", Tier.TWO, DINGGANG, Form.VERIFY),
        ("电动自行车充电设施", Tier.ONE, "321171-livelihood", Form.LEAD),
    ],
)
def test_tier_3_is_the_communitys_tier_2_the_towns_and_tier_1_the_districts(
    engine: Engine, item: str, tier: Tier, unit: str, form: Form
) -> None:
    case = passed_on(engine, item, "丁岗镇新茂社区")
    assert (case.tier, case.unit, case.form) == (tier, unit, form)


@pytest.mark.parametrize("severity", ["general", "complex", "major"])
def test_no_clock_follows_from_a_tier(engine: Engine, severity: str) -> None:
    cases = [passed_on(engine, item, severity=severity) for item in ("小区违建", "商业街区管理混乱", "失管小区治理")]
    assert [case.tier for case in cases] == [Tier.THREE, Tier.TWO, Tier.ONE]
    clocks = [{(clock.name, clock.allowance, clock.due) for clock in case.all_clocks} for case in cases]
    assert clocks[0] == clocks[1] == clocks[2] != set()


def test_a_tier_1_case_that_is_not_on_the_list_goes_to_the_group_of_departments(engine: Engine) -> None:
    case = passed_on(engine, "清单外的事", severity="major")
    assert (case.tier, case.unit, case.form) == (Tier.ONE, "321171-joint", Form.LEAD)


# --- 六办 -------------------------------------------------------------------------------------------------------------


def climbed(engine: Engine, item: str = "占道经营", place: str = "丁岗镇新茂社区") -> Case:
    """A general case that nobody solves: on site in time, then nothing for a day."""
    case = passed_on(engine, item, place)
    engine.arrive(case.id, by=Actor("网格员", case.unit), at=after(20))
    engine.advance(after(24 * 60))
    return engine.case(case.id)


def test_escalation_climbs_the_six_forms_in_order(engine: Engine) -> None:
    case = climbed(engine)
    taken = [(to, form) for kind, to, form in climbs(engine, case) if kind is Kind.TAKE_OVER]
    assert taken == [
        (DINGGANG, "verify"),
        (DINGGANG, "assist"),
        ("321171-enforcement", "lead"),
        ("321171-joint", "joint"),
        ("321171-leader-dinggang", "study"),
    ]
    assert [form for _, form in taken] == [form.value for form in FORMS[1:]]


def test_the_holder_is_urged_and_supervised_before_anybody_takes_over(engine: Engine) -> None:
    first = [(kind, to) for kind, to, _ in climbs(engine, climbed(engine))][:3]
    assert first == [(Kind.URGE, XINMAO), (Kind.SUPERVISE, DINGGANG), (Kind.TAKE_OVER, DINGGANG)]


def test_crossing_a_level_changes_the_tier(engine: Engine) -> None:
    now: Case | None = None
    tiers: dict[Form, Tier | None] = {}
    for event in engine.history(climbed(engine).id):
        now = evolve(now, event)
        if now.form is not None:
            tiers[now.form] = now.tier
    assert tiers == {
        Form.DIRECT: Tier.THREE,
        Form.VERIFY: Tier.TWO,
        Form.ASSIST: Tier.TWO,
        Form.LEAD: Tier.ONE,
        Form.JOINT: Tier.ONE,
        Form.STUDY: Tier.ONE,
    }


def test_the_tiers_of_the_forms_are_those_of_the_table() -> None:
    table = zhenjiang.governflow_tables()["tier"]
    assert isinstance(table, Table)
    found = {form: rule.outcomes["tier"] for form in FORMS if (rule := table.decide({"form": form.value}))}
    # Of what the community handles the table has no opinion: the list of items says the tier.
    assert found == {Form.VERIFY: "2", Form.ASSIST: "2", Form.LEAD: "1", Form.JOINT: "1", Form.STUDY: "1"}


def test_escalating_by_hand_goes_to_the_own_town_and_then_to_the_group_that_names_the_department(
    engine: Engine,
) -> None:
    case = passed_on(engine, "占道经营", "大路镇东岳村")
    by = Actor("村联络员", case.unit)
    assert engine.escalate(case.id, by=by, at=after(5)).unit == "321171101"
    by = Actor("承接员", "321171101")
    raised = engine.escalate(case.id, form="lead", by=by, at=after(6))
    assert (raised.unit, raised.form) == ("321171-joint", Form.LEAD)
    named = engine.transfer(case.id, to="321171-police", by=Actor("领导小组", "321171-joint"), at=after(7))
    assert (named.unit, named.form) == ("321171-police", Form.LEAD)


def test_without_a_place_the_forms_that_need_one_are_passed_over(engine: Engine) -> None:
    case = report(engine, "占道经营", place="")
    engine.dispatch(case.id, by=CLERK, at=after(2))
    engine.advance(after(24 * 60))
    taken = [(to, form) for kind, to, form in climbs(engine, case) if kind is Kind.TAKE_OVER]
    assert taken == [("321171-enforcement", "lead"), ("321171-joint", "joint"), (CODE, "study")]


def test_joint_handling_has_one_department_that_leads_and_others_that_assist(engine: Engine) -> None:
    case = passed_on(engine, "失管小区治理", severity="major")
    assert (case.form, case.unit) == (Form.JOINT, "321171-housing")
    assert case.assist == ("321171-enforcement", "321171-police", "321171-legal")
    # an assisting department works on the case with the one that leads
    assert engine.confer(case.id, by=Actor("民警", "321171-police"), at=after(60)).state == "conferring"


# --- 3级70项网格上报事项清单、必报事项 --------------------------------------------------------------------------------


def test_the_list_of_items_has_three_tiers_in_five_domains() -> None:
    listed = zhenjiang.governflow_tables()["catalogue"]
    assert isinstance(listed, Catalogue)
    assert set(listed.domains) == {"综合执法", "安全生产", "社会治安", "民生服务", "生态环保"}
    tiers = {entry.item: Tier(entry.attributes["tier"]) for entry in listed.entries}
    assert set(tiers.values()) == set(Tier)
    named = ("小区违建", "噪音扰民", "三乱", "绿化", "狗患", "管道堵塞", "水电气故障")
    assert {tiers[item] for item in named} == {Tier.THREE}
    assert {tiers[item] for item in ("临时菜市场环境脏乱", "商业街区管理混乱")} == {Tier.TWO}


def test_every_item_says_where_it_is_from_or_that_it_is_an_illustration() -> None:
    listed = zhenjiang.governflow_tables()["catalogue"]
    assert isinstance(listed, Catalogue)
    for entry in listed.entries:
        assert "人民网2024-10-11" in entry.attributes["basis"] or "示例" in entry.attributes["basis"]


@pytest.mark.parametrize(("item", "tier"), [("楼道堆放易燃物", "3"), ("矛盾激化风险", "2"), ("企业安全隐患", "1")])
def test_what_must_be_reported_reaches_the_district_whatever_its_tier(engine: Engine, item: str, tier: str) -> None:
    case = passed_on(engine, item)
    assert (case.tier, case.facts["must_report"]) == (tier, "yes")
    assert "intake" in case.assist


def test_what_need_not_be_reported_stays_where_it_is_handled(engine: Engine) -> None:
    assert passed_on(engine, "绿化").assist == ()


# --- 专报、领导联系 ---------------------------------------------------------------------------------------------------


def test_every_town_has_a_leader_tied_to_it(policy: Policy) -> None:
    tied = [policy.units.units[town.parent or ""] for town in policy.units.of_kind("town")]
    assert {leader.kind for leader in tied} == {"leader"}
    assert len({leader.id for leader in tied}) == len(policy.units.having("leader")) == 5


@pytest.mark.parametrize(
    ("place", "leader"),
    [
        ("丁岗镇新茂社区", "321171-leader-dinggang"),
        ("大路镇东岳村", "321171-leader-dalu"),
        ("姚桥镇", "321171-leader-yaoqiao"),
    ],
)
def test_the_special_report_goes_to_the_leader_tied_to_the_area(engine: Engine, place: str, leader: str) -> None:
    case = passed_on(engine, "电动自行车充电设施", place, severity="major")
    assert case.form is Form.LEAD
    engine.advance(after(24 * 60))
    filed = [to for kind, to, _ in climbs(engine, case) if kind is Kind.SPECIAL_REPORT]
    assert filed == [leader]
    made = special_report(engine, case.id)
    assert made.to == leader
    assert [one.form for one in made.held if one.form] == [Form.LEAD, Form.JOINT, Form.STUDY]
    assert made.growth[-1][1] == 1
    assert [where.text.zh for where in made.regions] == [place[:3]]


def test_the_ladder_stays_at_the_leader_and_goes_on_urging(engine: Engine) -> None:
    case = climbed(engine)
    filed = next(n for n, (kind, _, _) in enumerate(climbs(engine, case)) if kind is Kind.SPECIAL_REPORT)
    engine.advance(after(4 * 24 * 60))
    later = climbs(engine, case)[filed + 1 :]
    assert {(kind, to) for kind, to, _ in later} == {(Kind.URGE, "321171-leader-dinggang")}
    assert engine.case(case.id).unit == "321171-leader-dinggang"


def test_a_summons_that_nobody_answers_ends_with_the_leader_tied_to_the_area(engine: Engine) -> None:
    case = passed_on(engine, "临时菜市场环境脏乱", "丁岗镇", severity="major")
    engine.arrive(case.id, by=Actor("承接员", DINGGANG), at=after(10))
    engine.whistle(case.id, units=["321171-environment"], by=Actor("承接员", DINGGANG), at=after(15))
    engine.advance(after(24 * 60))
    told = climbs(engine, case)
    assert (Kind.SPECIAL_REPORT, "321171-leader-dinggang", None) in told
    assert engine.case(case.id).unit == DINGGANG  # the case itself stays: only the duty to come moves up


# --- 一事一册；谁提诉求、向谁反馈、由谁评价 ---------------------------------------------------------------------------


def test_one_case_has_one_book(engine: Engine) -> None:
    case = climbed(engine)
    book = compile_dossier(engine, case.id, lang="zh", personal=False)
    assert book.title == f"一事一册 · 事项 {case.id}"
    assert sum(step.times for step in book.steps) == len(engine.history(case.id))
    reasons = {reason.rule for step in book.steps for reason in step.reasons}
    assert {"route/R1", "ladder/verify", "ladder/lead", "ladder/study", "ladder/special_report"} <= reasons


def test_the_one_who_asked_is_answered_and_judges(engine: Engine) -> None:
    case = passed_on(engine, "噪音扰民", informant=INFORMANT, reporter="居民甲")
    engine.arrive(case.id, by=LIAISON, at=after(20))
    engine.resolve(case.id, by=LIAISON, at=after(30))
    engine.answer(case.id, text="已处理。", by=LIAISON, at=after(40))
    with pytest.raises(NotAllowed, match="whoever asked judges"):
        engine.evaluate(case.id, score=5, by=LIAISON, at=after(50))
    again = engine.evaluate(case.id, score=1, by=REQUESTER, at=after(50))
    assert (again.state, again.reopened) == ("accepted", 1)


def test_what_an_informant_found_is_verified_above_the_holder(engine: Engine) -> None:
    case = passed_on(engine, "绿化", informant=INFORMANT, asked=False)
    engine.arrive(case.id, by=LIAISON, at=after(20))
    engine.resolve(case.id, by=LIAISON, at=after(30))
    engine.answer(case.id, text="已补种。", by=LIAISON, at=after(40))
    with pytest.raises(NotAllowed, match="above the holder"):
        engine.evaluate(case.id, satisfied=True, by=LIAISON, at=after(50))
    done = engine.evaluate(case.id, satisfied=True, by=Actor("街道联络员", "321171001"), at=after(50))
    assert (done.state, done.verifier) == ("closed", "321171001")


# --- 每日一梳理、每周一分析、每月一通报 -------------------------------------------------------------------------------


@pytest.mark.parametrize(("unit", "period"), [(DINGMAO, "day"), (DINGGANG, "week"), (CODE, "month"), (None, "month")])
def test_the_community_looks_over_its_cases_daily_the_town_weekly_the_district_monthly(
    shown: Engine, unit: str | None, period: str
) -> None:
    assert digest(shown, CODE, unit, until=datetime(2026, 4, 16, tzinfo=CHINA)).period == period


def test_the_district_sees_first_signs_and_where_they_are(shown: Engine) -> None:
    month = digest(shown, CODE, until=datetime(2026, 4, 16, tzinfo=CHINA))
    assert [(issue.item, issue.cases, issue.where[0].at) for issue in month.emerging] == [("噪音扰民", 3, DINGMAO)]
    assert [(one.item, one.where.cases) for one in month.recurring] == [("噪音扰民", 3)]


# --- 联络员、受理员；点对点授权使用 -----------------------------------------------------------------------------------


def test_every_community_and_town_has_a_liaison_and_the_district_takes_in(policy: Policy) -> None:
    liaisons = {unit.id for unit in policy.units.having("liaison")}
    assert liaisons == {unit.id for kind in ("community", "town") for unit in policy.units.of_kind(kind)}
    assert policy.units.intake == "intake"
    assert policy.units.units["intake"].kind == "centre"


def test_personal_data_are_for_the_unit_that_holds_the_case(engine: Engine) -> None:
    case = passed_on(engine, "噪音扰民", informant=INFORMANT, reporter="居民甲")
    assert engine.personal(case.id, by=LIAISON)[0]["reporter"] == "居民甲"
    for unit in (INFORMANT, BRANCH, "321171001", CODE):
        with pytest.raises(NotAllowed):
            engine.personal(case.id, by=Actor("他人", unit))


@pytest.mark.parametrize("action", ["dispatch", "claim", "arrive", "transfer", "urge", "decline"])
def test_below_the_community_the_chain_does_not_handle_cases(engine: Engine, action: str) -> None:
    case = report(engine, "狗患") if action in ("dispatch", "decline") else passed_on(engine, "狗患")
    for unit in (INFORMANT, HOUSEHOLD, BRANCH):
        with pytest.raises(NotAllowed, match="hand it to the community"):
            engine.act(action, case.id, by=Actor("某人", unit), at=after(5), to="321171001", reason="。")


def test_below_the_community_everybody_reports_and_remarks(engine: Engine) -> None:
    for unit in (INFORMANT, HOUSEHOLD, BRANCH):
        actor = Actor("某人", unit)
        case = report(engine, "狗患", by=actor)
        assert engine.note(case.id, text="又来了一只。", by=actor, at=after(1)).state == "reported"


def test_a_branch_secretary_settles_an_easy_matter_of_the_own_community(engine: Engine) -> None:
    secretary = Actor("党支部书记", BRANCH)
    case = report(engine, "管道堵塞")
    engine.resolve(case.id, by=secretary, at=after(3))
    assert engine.answer(case.id, text="已疏通。", by=secretary, at=after(10)).state == "answered"


@pytest.mark.parametrize(("item", "place"), [("管道堵塞", "丁岗镇新茂社区"), ("商业街区管理混乱", "丁卯街道丁卯社区")])
def test_a_branch_secretary_settles_nothing_of_others_and_nothing_of_a_higher_tier(
    engine: Engine, item: str, place: str
) -> None:
    case = report(engine, item, place)
    with pytest.raises(NotAllowed, match="only tier-3 cases of the own community"):
        engine.resolve(case.id, by=Actor("党支部书记", BRANCH), at=after(3))


def test_an_informant_does_not_settle_on_the_spot(engine: Engine) -> None:
    case = report(engine, "管道堵塞")
    with pytest.raises(NotAllowed, match="hand it to the community"):
        engine.resolve(case.id, by=Actor("信息员03", INFORMANT), at=after(3))


# --- 主动处置、响应率、处置率 -----------------------------------------------------------------------------------------


def test_the_share_of_proactive_cases_is_a_figure(shown: Engine) -> None:
    month = digest(shown, CODE, until=datetime(2026, 4, 16, tzinfo=CHINA))
    with DEMO.open(encoding="utf-8", newline="") as file:
        reports = [row for row in csv.DictReader(file) if row["动作"] == "上报"]
    found = [row for row in reports if not row["反映人"]]
    assert (month.proactive.n, month.proactive.of) == (len(found), len(reports)) == (2, 8)


def test_response_and_handling_rates_of_a_tier_are_figures(shown: Engine) -> None:
    rates = Report()
    for case, told in lives(shown, CODE):
        if case.tier is Tier.TWO:
            rates.add(case, told)
    assert (rates.rates["response"].share, rates.rates["resolution"].share) == (1, 1)


# --- 积分管理、金哨奖 -------------------------------------------------------------------------------------------------


def points(engine: Engine) -> dict[str, int]:
    return {one.to: one.points for one in balances(engine.book(CODE), after(10 * 24 * 60)).values()}


def settled(engine: Engine, case: Case, start: float = 20) -> Case:
    engine.arrive(case.id, by=LIAISON, at=after(start))
    engine.resolve(case.id, by=LIAISON, at=after(start + 5))
    engine.answer(case.id, text="已办。", by=LIAISON, at=after(start + 6))
    return engine.evaluate(case.id, satisfied=True, by=REQUESTER, at=after(start + 7))


def test_informants_earn_points_for_what_they_report(engine: Engine) -> None:
    settled(engine, passed_on(engine, "狗患", informant=INFORMANT))
    assert points(engine) == {INFORMANT: 1 + 2}
    passed_on(engine, "楼道堆放易燃物", informant=INFORMANT)
    assert points(engine) == {INFORMANT: 1 + 2 + 1 + 2}


def test_a_case_that_comes_back_is_not_paid_for_twice(engine: Engine) -> None:
    case = passed_on(engine, "狗患", informant=INFORMANT)
    engine.arrive(case.id, by=LIAISON, at=after(3))
    engine.resolve(case.id, by=LIAISON, at=after(4))
    engine.answer(case.id, text="已办。", by=LIAISON, at=after(5))
    engine.evaluate(case.id, satisfied=False, by=REQUESTER, at=after(6))
    engine.dispatch(case.id, by=CLERK, at=after(8))
    assert settled(engine, case).state == "closed"
    assert points(engine) == {INFORMANT: 1}


def test_a_report_that_was_declined_earns_nothing(engine: Engine) -> None:
    case = report(engine, "狗患", informant=INFORMANT)
    engine.decline(case.id, reason="不属本区。", by=CLERK, at=after(2))
    assert points(engine) == {}


def test_a_residents_name_in_the_informants_place_never_comes_into_the_book(engine: Engine) -> None:
    settled(engine, passed_on(engine, "狗患", informant="居民甲"))
    assert points(engine) == {}


def test_the_whistle_award_goes_to_who_earned_most(shown: Engine) -> None:
    ranked = award(shown.book(CODE), START - timedelta(days=1), START + timedelta(days=7))
    assert (ranked[0].to, ranked[0].points) == (f"{DINGMAO}-i02", 1 + 2 + 2)
    assert all(place.to in shown.localities.policy(CODE).units.units for place in ranked)


# --- soundness --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tier", "route"])
def test_a_table_has_no_gap_no_conflict_and_no_dead_rule(name: str) -> None:
    table = zhenjiang.governflow_tables()[name]
    assert isinstance(table, Table)
    assert table.analyse().faults() == ()


def test_each_form_has_a_unit_that_stands_for_it(policy: Policy) -> None:
    for form in FORMS:
        standing = policy.units.for_form(form)
        assert standing is not None
        assert form in standing.forms


def test_the_zone_lies_below_zhenjiang_city_and_the_national_statute(policy: Policy) -> None:
    assert policy.locality.parent == "321100"
    assert [layer.code for layer in policy.layers] == [CODE, "100000", "000000"]


def test_no_rule_fails_in_three_days_of_work(shown: Engine) -> None:
    for case in shown.cases():
        assert [event for event in shown.history(case.id) if event.kind == "faulted"] == []
    assert [event for event in shown.book(CODE) if event.kind == "faulted"] == []


# --- the demo ---------------------------------------------------------------------------------------------------------


def test_the_demo_ends_lively(shown: Engine) -> None:
    cases = {case.id: case for case in shown.cases()}
    assert {name for name, case in cases.items() if case.state == "closed"} == {"ZJ01", "ZJ02", "ZJ03", "ZJ04", "ZJ05"}
    assert (cases["ZJ03"].form, cases["ZJ03"].unit) == (Form.STUDY, "321171-leader-dinggang")
    late = [clock for clock in cases["ZJ04"].all_clocks if clock.missed_at is not None]
    assert [clock.name for clock in late] == ["check_in:321171-environment"]
    assert cases["ZJ02"].dispatched is None


def test_the_demos_data_are_marked_as_made_up() -> None:
    with DEMO.open(encoding="utf-8", newline="") as file:
        reports = [row for row in csv.DictReader(file) if row["动作"] == "上报"]
    assert {row["渠道"] for row in reports} == {"演示数据"}


def test_after_the_demo_everything_is_told_in_both_languages(shown: Engine) -> None:
    demo = zhenjiang.governflow_demo()
    assert demo.after is not None
    lines = demo.after(shown)
    zh, en = ("\n".join(getattr(line, lang) for line in lines) for lang in ("zh", "en"))
    for told in (
        "ZJ05 的信息链：丁卯社区02号信息员 → 丁卯社区一号中心户",
        "报：委领导（联系丁岗镇）",
        "每日梳理",
        "每周分析",
        "每月通报",
        "金哨奖",
    ):
        assert told in zh
    for told in ("reported through", "to leader tied to Dinggang Town", "Weekly analysis", "Whistle award"):
        assert told in en
