"""Huimin: each row of the county's practice, the law of the city above it, and a whole life through the engine."""

import csv
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import governflow_huimin as huimin
import pytest
from governflow_huimin import binzhou
from governflow_huimin.chart import chart
from governflow_huimin.merits import indicators, merit, mustered
from governflow_huimin.publishing import notice, settled, settler

from governflow import Actor, Case, Engine, IllegalAction, NotAllowed
from governflow.calendars.allowances import Allowance
from governflow.demo import as_csv, fitted
from governflow.demo import journal as generated_day
from governflow.model.events import encode
from governflow.model.terms import Form, Mode, Outcome, Tier, Verdict
from governflow.policy.hookspecs import HOLDERS
from governflow.policy.registry import Localities
from governflow.reports.dossier import compile_dossier
from governflow.reports.merits import balances
from governflow.run.runner import run
from governflow.tables import Catalogue
from governflow.testing import ManualClock, counted

CHINA = ZoneInfo("Asia/Shanghai")
DIVISIONS = Path(__file__).parents[4] / "shared" / "data" / "divisions_2023.csv"
T0 = datetime(2026, 3, 18, 8, tzinfo=CHINA)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
US = timedelta(microseconds=1)

COUNTY, PLACE = "371621", "孙武街道古城社区3号楼2单元"
TOWN, VILLAGE, COMMAND = "371621001", "371621001020", "371621-command"
PLATFORM, WORKER, CLERK = Actor("坐席", "intake"), Actor("网格员", VILLAGE), Actor("值班员", TOWN)


def county() -> Localities:
    localities = Localities()
    localities.register(COUNTY, huimin)
    localities.register("371600", binzhou)
    return localities


@pytest.fixture
def engine() -> Engine:
    return Engine.open(clock=ManualClock(T0), entropy=counted(), localities=county())


def report(engine: Engine, item: str = "井盖破损", *, severity: str = "general", place: str = PLACE) -> Case:
    return engine.report(
        case_id="c", locality=COUNTY, item=item, severity=severity, place=place, reporter="王某", text="请来看看", at=T0
    )


def dispatched(engine: Engine, item: str = "井盖破损", *, severity: str = "general", place: str = PLACE) -> Case:
    report(engine, item, severity=severity, place=place)
    return engine.dispatch("c", at=T0 + MINUTE, by=PLATFORM)


def answered(engine: Engine) -> Case:
    """Take a general case through the village, everything in time."""
    dispatched(engine)
    engine.arrive("c", at=T0 + 30 * MINUTE, by=WORKER)
    engine.resolve("c", at=T0 + 50 * MINUTE, by=WORKER)
    return engine.answer("c", text="已更换井盖", at=T0 + HOUR, by=WORKER)


def closed(engine: Engine) -> Case:
    answered(engine)
    return engine.evaluate("c", satisfied=True, at=T0 + 2 * HOUR)


def rungs(engine: Engine) -> list[tuple[str, timedelta, str]]:
    """What the ladders did: kind, how long after the report, to whom."""
    return [
        (event.kind, event.at - T0, event.about["escalation"]["to"])
        for event in engine.history("c")
        if "escalation" in event.about
    ]


def entered(engine: Engine) -> list[tuple[str, str, int]]:
    return [
        (event.about["rule"], event.about["to"], event.about["points"])
        for event in engine.book(COUNTY)
        if event.kind == "merit_entered"
    ]


# --- the chart: micro-grids, real towns and villages ------------------------------------------------------------------


def test_no_village_is_without_a_micro_grid_and_no_micro_grid_without_a_liaison() -> None:
    assert chart().uncovered("village", by="micro_grid") == ()
    micro_grids = chart().of_kind("micro_grid")
    assert set(micro_grids) == set(chart().having("liaison"))
    assert {chart().units[unit.parent or ""].kind for unit in micro_grids} == {"village"}


def test_the_chart_has_the_towns_and_villages_of_the_codes_of_2023() -> None:
    assert (len(chart().of_kind("town")), len(chart().of_kind("village"))) == (15, 116)
    if not DIVISIONS.exists():
        pytest.skip("the division codes are not here")
    with DIVISIONS.open(encoding="utf-8-sig") as file:
        codes = {row["code12"]: row["level"] for row in csv.DictReader(file) if row["areaCode"] == COUNTY}
    assert {unit.id for unit in chart().of_kind("town")} == {
        code[:9] for code, level in codes.items() if level == "乡级"
    }
    assert {unit.id for unit in chart().of_kind("village")} == {
        code for code, level in codes.items() if level == "村级"
    }


def test_a_place_is_found_down_to_its_micro_grid() -> None:
    found = chart().find("孙武街道古城社区第2微网格王家院")
    assert found is not None
    assert chart().path(found.id)[:3] == (f"{VILLAGE}-2", VILLAGE, TOWN)


def test_the_chart_knows_every_unit_of_the_countys_generated_day() -> None:
    rows = generated_day()
    assert fitted(rows, chart()) == [
        {**row, "单位": next((unit.id for unit in chart().units.values() if unit.text.zh == row["单位"]), "")}
        for row in rows
    ]
    named = {row["单位"] for row in rows} - {""}
    assert named <= {unit.text.zh for unit in chart().units.values()}


# --- 54321 ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("severity", "solved"), [("general", 30 * MINUTE), ("complex", 2 * DAY), ("major", 7 * DAY)])
def test_54321_five_minutes_forty_minutes_then_by_severity(engine: Engine, severity: str, solved: timedelta) -> None:
    case = report(engine, severity=severity)
    assert case.clocks["dispatch"].due - T0 == 5 * MINUTE
    case = engine.dispatch("c", at=T0 + 5 * MINUTE, by=PLATFORM)
    assert case.clocks["dispatch"].outcome is Outcome.MET
    assert case.clocks["arrive"].due - T0 == 45 * MINUTE
    case = engine.arrive("c", at=T0 + 45 * MINUTE, by=Actor("经办人", case.unit))
    assert case.clocks["arrive"].outcome is Outcome.MET
    assert case.clocks["resolve"].due - T0 == 45 * MINUTE + solved


def test_a_county_reads_54321_in_the_table_of_deadlines() -> None:
    table = huimin.governflow_tables()["deadlines"]
    assert not isinstance(table, Catalogue)
    heads, *rules = table.rows("zh")
    places = [heads.index(f"→ {clock}") for clock in ("派单", "到场", "办结")]
    figures = {rule[0]: [str(Allowance.parse(rule[place])) for place in places] for rule in rules}
    assert [figures[name] for name in ("D1", "D2", "D3")] == [
        ["5min", "40min", "30min"],
        ["5min", "40min", "2d"],
        ["5min", "40min", "1w"],
    ]


# --- the key ----------------------------------------------------------------------------------------------------------


def test_one_key_calls_every_post_to_be_there_within_30_minutes(engine: Engine) -> None:
    assert engine.muster(COUNTY) is None
    engine.switch_mode(COUNTY, "emergency", reason="演练", at=T0)
    muster = engine.muster(COUNTY)
    assert muster is not None
    assert muster.due - T0 == 30 * MINUTE
    posts = [chart().units[post] for post in muster.posts]
    assert {unit.id for unit in chart().of_kind("town")} < {unit.id for unit in posts}
    assert {unit.parent for unit in posts if unit.kind == "village"} == {unit.id for unit in chart().of_kind("town")}
    assert {unit.text.zh for unit in posts if unit.kind == "department"} == {
        *("县委组织部", "县卫生健康局", "县应急管理局", "县综合行政执法局")
    }


def test_a_post_at_the_thirtieth_minute_is_in_time_and_one_that_never_comes_keeps_the_muster_open(
    engine: Engine,
) -> None:
    engine.switch_mode(COUNTY, "emergency", reason="演练", at=T0)
    muster = engine.muster(COUNTY)
    assert muster is not None
    *punctual, late = muster.posts
    for post in punctual:
        engine.check_in_at_muster(COUNTY, post=post, at=T0 + 30 * MINUTE)
    engine.advance(T0 + 30 * MINUTE + US)
    muster = engine.muster(COUNTY)
    assert muster is not None
    assert (muster.absent, muster.complete) == ((late,), None)
    assert {muster.posts[post].outcome for post in punctual} == {Outcome.MET}
    assert muster.posts[late].outcome is Outcome.BREACHED
    engine.check_in_at_muster(COUNTY, post=late, at=T0 + 41 * MINUTE)
    muster = engine.muster(COUNTY)
    assert muster is not None
    assert muster.complete == T0 + 41 * MINUTE


def test_an_absent_post_is_pursued_by_the_county_command_itself(engine: Engine) -> None:
    engine.switch_mode(COUNTY, "emergency", reason="演练", at=T0)
    engine.advance(T0 + 91 * MINUTE)
    climbed = [
        (event.kind, event.at - T0, event.about["escalation"]["to"])
        for event in engine.book(COUNTY)
        if event.about.get("escalation", {}).get("clock") == f"check_in:{VILLAGE}#1"
    ]
    assert climbed == [
        ("urged", 30 * MINUTE, VILLAGE),
        ("supervised", 60 * MINUTE, COMMAND),
        ("taken_over", 90 * MINUTE, COMMAND),
    ]


def test_the_key_turned_back_ends_the_muster(engine: Engine) -> None:
    engine.switch_mode(COUNTY, "emergency", reason="演练", at=T0)
    engine.switch_mode(COUNTY, "normal", reason="演练结束", at=T0 + HOUR)
    assert engine.muster(COUNTY) is None
    assert engine.advance(T0 + DAY) == ()


def test_the_switch_gives_a_running_incident_the_time_of_the_emergency_and_back(engine: Engine) -> None:
    dispatched(engine, "突发安全事故", severity="major")
    engine.arrive("c", at=T0 + 20 * MINUTE, by=Actor("工作组", "371621-safety"))
    engine.switch_mode(COUNTY, "emergency", reason="演练", at=T0 + HOUR)
    assert engine.case("c").clocks["resolve"].due == T0 + 20 * MINUTE + DAY
    assert [event.kind for event in engine.history("c")][-1] == "mode_switched"
    engine.switch_mode(COUNTY, "normal", reason="演练结束", at=T0 + 2 * HOUR)
    assert engine.case("c").clocks["resolve"].due == T0 + 20 * MINUTE + 7 * DAY


# --- two chains of command --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "group"), [("突发安全事故", "371621-safety"), ("突发公共卫生事件", "371621-epidemic")]
)
def test_in_everyday_running_a_working_group_leads_an_incident(engine: Engine, item: str, group: str) -> None:
    case = dispatched(engine, item, severity="complex")
    assert (case.unit, case.form, case.tier) == (group, Form.LEAD, Tier.ONE)


@pytest.mark.parametrize(
    ("item", "department"),
    [
        ("防控人员值守", "371621-organisation"),
        ("医护人员支援", "371621-health"),
        ("救援物资调度", "371621-emergency"),
        ("涉疫垃圾清运", "371621-enforcement"),
        ("重点区域巡查", "371621-enforcement"),
    ],
)
def test_in_an_emergency_an_order_goes_straight_to_the_village_and_each_department_has_its_task(
    engine: Engine, item: str, department: str
) -> None:
    engine.switch_mode(COUNTY, "emergency", reason="演练", at=T0)
    case = dispatched(engine, item, severity="complex")
    assert (case.unit, case.form, case.assist, case.mode) == (VILLAGE, Form.DIRECT, (department,), Mode.EMERGENCY)
    case = engine.whistle("c", units=case.assist, at=T0 + 2 * MINUTE, by=WORKER)
    assert case.clocks[f"check_in:{department}"].due - T0 == 32 * MINUTE


def test_everyday_escalation_goes_by_the_town_and_in_an_emergency_by_the_county_command(engine: Engine) -> None:
    dispatched(engine)
    engine.advance(T0 + 122 * MINUTE)
    assert rungs(engine) == [
        ("urged", 41 * MINUTE, VILLAGE),
        ("supervised", 81 * MINUTE, TOWN),
        ("taken_over", 121 * MINUTE, TOWN),
    ]
    other = Engine.open(clock=ManualClock(T0), localities=county())
    other.switch_mode(COUNTY, "emergency", reason="演练", at=T0)
    dispatched(other)
    other.advance(T0 + 112 * MINUTE)
    assert rungs(other) == [
        ("urged", 41 * MINUTE, VILLAGE),
        ("supervised", 81 * MINUTE, COMMAND),
        ("taken_over", 111 * MINUTE, COMMAND),
    ]
    assert other.case("c").form is Form.JOINT


# --- the lowest level that can ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "severity", "tier", "unit"),
    [
        ("井盖破损", "general", Tier.THREE, VILLAGE),  # small matters do not leave the community
        ("井盖破损", "complex", Tier.TWO, TOWN),  # big ones do not leave the town
        ("危房隐患", "major", Tier.TWO, TOWN),
        ("道路塌陷", "general", Tier.TWO, TOWN),  # the village lacks the powers
        ("燃气管道隐患", "general", Tier.ONE, "371621-housing"),  # only the county has them
        ("清单外事项", "general", Tier.THREE, VILLAGE),
        ("清单外事项", "major", Tier.ONE, "371621-centre"),
    ],
)
def test_a_case_is_handled_at_the_lowest_level_that_can(
    engine: Engine, item: str, severity: str, tier: Tier, unit: str
) -> None:
    case = dispatched(engine, item, severity=severity)
    assert (case.tier, case.unit) == (tier, unit)


def test_a_place_that_names_only_the_town_goes_to_the_towns_grid(engine: Engine) -> None:
    case = dispatched(engine, place="胡集镇")
    assert (case.unit, case.form) == ("371621104-grid", Form.DIRECT)


def test_the_share_settled_at_each_level_counts_who_really_settled_a_case(engine: Engine) -> None:
    answered(engine)
    liaison = Actor("联户党员", f"{VILLAGE}-1")
    engine.report(
        case_id="spot", locality=COUNTY, item="飞线充电", place=PLACE, asked=False, informant=liaison.unit, at=T0
    )
    engine.resolve("spot", at=T0 + MINUTE, by=liaison)
    engine.report(case_id="big", locality=COUNTY, item="道路塌陷", severity="complex", place=PLACE, at=T0)
    engine.dispatch("big", at=T0 + MINUTE, by=PLATFORM)
    engine.resolve("big", at=T0 + HOUR, by=CLERK)
    settlers = [settler(case, engine.history(case.id)) for case in engine.cases()]
    assert settlers == [VILLAGE, f"{VILLAGE}-1", TOWN]
    assert settled(settlers, chart()) == {"village": 2, "town": 1, "county": 0}


def test_what_a_worker_found_is_verified_by_the_town_where_it_lies_and_never_by_the_holder(engine: Engine) -> None:
    engine.report(case_id="c", locality=COUNTY, item="桥面破损", place=PLACE, asked=False, at=T0)
    case = engine.dispatch("c", at=T0 + MINUTE, by=PLATFORM)
    holder = Actor("经办人", case.unit)
    engine.arrive("c", at=T0 + 20 * MINUTE, by=holder)
    engine.resolve("c", at=T0 + 40 * MINUTE, by=holder)
    engine.answer("c", at=T0 + HOUR, by=holder)
    with pytest.raises(NotAllowed):
        engine.evaluate("c", satisfied=True, at=T0 + 2 * HOUR, by=holder)
    with pytest.raises(NotAllowed):
        engine.evaluate("c", satisfied=True, at=T0 + 2 * HOUR, by=Actor("别处", "371621104"))
    case = engine.evaluate("c", satisfied=True, at=T0 + 2 * HOUR, by=CLERK)
    assert (case.unit, case.state, case.verifier) == ("371621-transport", "closed", TOWN)


# --- credit -----------------------------------------------------------------------------------------------------------


def test_the_indicators_that_the_county_names_are_there_with_their_sign() -> None:
    signs = {one.text.zh: one.points > 0 for one in indicators().values()}
    named: Mapping[str, bool] = {"垃圾分类": True, "履职尽责": True, "乱搭乱建": False, "不配合应急处置": False}
    assert named.items() <= signs.items()


def test_incentive_comes_first_and_restraint_second() -> None:
    good = [one for one in indicators().values() if one.points > 0]
    bad = [one for one in indicators().values() if one.points < 0]
    assert sum(one.points for one in good) > -sum(one.points for one in bad)
    assert max(one.days for one in bad) < min(one.days for one in good)
    assert [one.rule for one in bad if one.event] == []  # what is bad is never entered without a person
    assert {one.holder for one in indicators().values()} <= HOLDERS.keys()


def test_a_case_done_in_time_and_to_satisfaction_earns_its_holder_credit(engine: Engine) -> None:
    closed(engine)
    assert entered(engine) == [("credit/duty", VILLAGE, 2)]


def test_a_late_case_a_lapsed_verdict_and_a_reopened_one_earn_nothing(engine: Engine) -> None:
    dispatched(engine)
    engine.resolve("c", at=T0 + 50 * MINUTE, by=WORKER)  # not on site within 40 minutes
    engine.answer("c", at=T0 + HOUR, by=WORKER)
    engine.evaluate("c", satisfied=True, at=T0 + 2 * HOUR)
    assert engine.case("c").state == "closed"
    lapsing = Engine.open(clock=ManualClock(T0), localities=county())
    answered(lapsing)
    lapsing.advance(T0 + 4 * DAY)
    assert lapsing.case("c").verdict is Verdict.NONE
    again = Engine.open(clock=ManualClock(T0), localities=county())
    answered(again)
    again.evaluate("c", satisfied=False, at=T0 + 2 * HOUR)
    again.dispatch("c", at=T0 + 2 * HOUR + MINUTE, by=PLATFORM)
    again.resolve("c", at=T0 + 2 * HOUR + 20 * MINUTE, by=WORKER)
    again.answer("c", at=T0 + 3 * HOUR, by=WORKER)
    again.evaluate("c", satisfied=True, at=T0 + 4 * HOUR)
    assert again.case("c").state == "closed"
    assert [entered(one) for one in (engine, lapsing, again)] == [[], [], []]


def test_a_summoned_unit_earns_credit_by_coming_in_time_and_none_by_coming_late(engine: Engine) -> None:
    case = dispatched(engine, "道路塌陷", severity="complex")
    units = ("371621-transport", "371621-water")
    engine.whistle("c", units=units, at=T0 + 2 * MINUTE, by=Actor("值班员", case.unit))
    engine.check_in("c", unit=units[0], at=T0 + 32 * MINUTE, by=Actor("联络员", units[0]))
    engine.check_in("c", unit=units[1], at=T0 + 33 * MINUTE, by=Actor("联络员", units[1]))
    assert entered(engine) == [("credit/summons", units[0], 1)]


def test_whoever_keeps_the_record_of_a_muster_enters_the_posts_that_came_in_time(engine: Engine) -> None:
    engine.switch_mode(COUNTY, "emergency", reason="演练", at=T0)
    engine.check_in_at_muster(COUNTY, post=TOWN, at=T0 + 10 * MINUTE)
    engine.check_in_at_muster(COUNTY, post=VILLAGE, at=T0 + 31 * MINUTE)
    muster = engine.muster(COUNTY)
    assert muster is not None
    assert [(one.to, one.rule) for one in mustered(muster)] == [(TOWN, "credit/muster")]


def test_what_was_bad_is_forgotten_when_its_time_is_over(engine: Engine) -> None:
    good = merit("credit/waste", to=VILLAGE, at=T0)
    bad = merit("credit/building", to=VILLAGE, at=T0)
    for one in (good, bad):
        engine.award(COUNTY, one, source="三月份检查记录", by=CLERK, at=T0)
    before, after = (balances(engine.book(COUNTY), T0 + 90 * DAY - span)[VILLAGE] for span in (US, timedelta()))
    assert (before.points, after.points, after.expired) == (1, 2, 1)


def test_credit_changes_no_tier_no_route_and_no_deadline() -> None:
    plain, rich = (Engine.open(clock=ManualClock(T0), entropy=counted(), localities=county()) for _ in range(2))
    for rule, to in [("credit/uncooperative", VILLAGE), ("credit/volunteer", "王某"), ("credit/duty", TOWN)]:
        for _ in range(50):
            rich.award(COUNTY, merit(rule, to=to, at=T0 - HOUR), source="检查记录", by=CLERK, at=T0 - HOUR)
    lives = []
    for engine in (plain, rich):
        closed(engine)
        engine.report(case_id="d", locality=COUNTY, item="道路塌陷", severity="complex", place=PLACE, at=T0)
        engine.advance(T0 + 10 * DAY)
        lives.append([encode(event) for name in ("c", "d") for event in engine.history(name)])
    assert lives[0] == lives[1]
    assert len(lives[0]) > 15


# --- the result is made public ----------------------------------------------------------------------------------------


def test_the_result_is_published_after_the_case_was_closed_and_nothing_waits_for_it(engine: Engine) -> None:
    case = closed(engine)
    assert (case.state, case.closed) == ("closed", T0 + 2 * HOUR)
    published = engine.act("publish", "c", at=T0 + DAY, by=WORKER)
    assert (published.state, published.closed, published.next_event_at) == ("closed", T0 + 2 * HOUR, None)


def test_nothing_is_published_before_the_one_who_asked_has_judged(engine: Engine) -> None:
    answered(engine)
    with pytest.raises(IllegalAction):
        engine.act("publish", "c", at=T0 + 90 * MINUTE, by=WORKER)


def test_the_published_event_holds_no_text_and_the_notice_names_no_person_and_no_door(engine: Engine) -> None:
    case = closed(engine)
    engine.act("publish", "c", at=T0 + DAY, by=WORKER)
    event = engine.history("c")[-1]
    assert (event.kind, event.changes, event.about, event.secret) == ("published", {}, {}, None)
    told = notice(case, engine.history("c"), chart())
    assert told.zh == "古城社区“井盖破损”：由古城社区办理，历时0天2小时0分钟，满意"
    assert not [word for word in ("王某", "3号楼", "请来看看") if word in encode(event).decode() + told.zh + told.en]


# --- the city's regulation --------------------------------------------------------------------------------------------


def test_the_city_publishes_a_list_of_items_that_lies_below_each_countys_own(engine: Engine) -> None:
    listed = binzhou.governflow_tables()["catalogue"]
    assert isinstance(listed, Catalogue)
    assert {"安全隐患排查整治", "矛盾纠纷排查化解", "公共服务代办"} <= set(listed.items)
    assert report(engine, "矛盾纠纷排查化解").facts["domain"] == "矛盾纠纷"


@pytest.mark.parametrize(("late", "state"), [(timedelta(), "accepted"), (US, "dispatched")])
def test_a_unit_says_promptly_that_it_is_not_its_duty_or_keeps_the_case(
    engine: Engine, late: timedelta, state: str
) -> None:
    engine.report(case_id="c", locality=COUNTY, severity="complex", place=PLACE, visit=False, at=T0)
    engine.dispatch("c", at=T0 + MINUTE, by=PLATFORM)
    at = T0 + MINUTE + 2 * HOUR + late
    if late:
        with pytest.raises(NotAllowed, match=r"art\. 11"):
            engine.act("return", "c", reason="不属于本镇街职责", at=at, by=CLERK)
    else:
        engine.act("return", "c", reason="不属于本镇街职责", at=at, by=CLERK)
    case = engine.case("c")
    assert (case.state, case.unit) == (state, TOWN if late else "intake")


def test_no_case_is_closed_before_the_result_was_told(engine: Engine) -> None:
    dispatched(engine)
    case = engine.resolve("c", at=T0 + 20 * MINUTE, by=WORKER)
    assert case.clocks["answer"].running
    with pytest.raises(IllegalAction):
        engine.archive("c", at=T0 + 21 * MINUTE, by=WORKER)


def test_a_liaison_member_helps_and_does_no_more(engine: Engine) -> None:
    liaison = Actor("联户党员", f"{VILLAGE}-1")
    report(engine)
    engine.dispatch("c", to=f"{VILLAGE}-1", at=T0 + MINUTE, by=PLATFORM)
    engine.arrive("c", at=T0 + 10 * MINUTE, by=liaison)
    with pytest.raises(NotAllowed, match=r"art\. 13"):
        engine.whistle("c", units=[TOWN], at=T0 + 11 * MINUTE, by=liaison)
    engine.whistle("c", units=[TOWN], at=T0 + 11 * MINUTE, by=WORKER)
    assert engine.resolve("c", at=T0 + 20 * MINUTE, by=liaison).state == "resolved"


def test_personal_data_are_for_the_holder_alone(engine: Engine) -> None:
    dispatched(engine)
    assert engine.personal("c", by=WORKER)[0]["reporter"] == "王某"
    with pytest.raises(NotAllowed):
        engine.personal("c", by=Actor("值班员", "371621104"))


def test_the_electronic_file_holds_the_whole_course(engine: Engine) -> None:
    closed(engine)
    book = compile_dossier(engine, "c", lang="zh", personal=False)
    assert sum(step.last - step.seq + 1 for step in book.steps) == len(engine.history("c"))
    assert not [step for step in book.steps if "王某" in "".join((*step.details, *step.words))]


def test_a_county_of_the_city_without_rules_of_its_own_stands_under_the_regulation() -> None:
    policy = county().policy("371602")
    assert [layer.code for layer in policy.layers] == ["371600", "100000", "000000"]


def test_the_countys_stack_goes_down_to_the_national_statute() -> None:
    assert [layer.code for layer in county().policy(COUNTY).layers] == [COUNTY, "371600", "100000", "000000"]


# --- tables and days --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tier", "route", "deadlines", "escalate"])
def test_no_table_has_a_gap_a_conflict_or_a_dead_rule(name: str) -> None:
    table = huimin.governflow_tables()[name]
    assert not isinstance(table, Catalogue)
    assert table.analyse().faults() == ()


def test_every_item_has_a_source_or_says_that_it_is_an_illustration() -> None:
    for plugin in (huimin, binzhou):
        listed = plugin.governflow_tables()["catalogue"]
        assert isinstance(listed, Catalogue)
        assert [entry.item for entry in listed.entries if not entry.attributes.get("basis")] == []


def shown() -> tuple[Engine, list[str]]:
    """Run the county's own demo."""
    told = huimin.governflow_demo()
    engine = Engine.open(localities=county())
    refused: list[str] = []
    run(
        engine,
        told.journal,  # type: ignore[arg-type]
        locality=COUNTY,
        until=told.until.replace(tzinfo=CHINA),
        rejected=lambda reject: refused.append(reject.say("en")),
    )
    assert refused == []
    return engine, [line.zh for line in told.after(engine)] if told.after is not None else []


def kinds(engine: Engine, case: str) -> list[str]:
    return [event.kind for event in engine.history(case) if event.kind not in ("warned", "lapsed")]


def test_the_demo_is_told_in_the_countys_own_words_and_shows_the_ladder_to_a_happy_end() -> None:
    engine, _ = shown()
    assert kinds(engine, "惠民演示-01") == [
        *("reported", "dispatched", "breached", "urged", "supervised", "taken_over", "arrived", "resolved"),
        *("answered", "evaluated", "closed", "published"),
    ]
    assert engine.case("惠民演示-01").judged is Verdict.SATISFIED
    assert engine.case("惠民演示-07").reopened == 1


def test_the_drill_says_who_is_absent_what_became_of_the_cases_and_where_the_order_went() -> None:
    engine, lines = shown()
    told = "\n".join(lines)
    assert "向34个点位发出集结指令" in told
    assert "14:31 已到岗32个点位；未到岗：清河镇、清河联村" in told
    assert "惠民演示-06：问题办理截止由03-25 10:20提前到03-19 10:20" in told
    assert "直达大崔联村，召集：县应急管理局" in told
    assert "03-18 15:00 报到（清河联村）：督办（县急时指挥体系）" in told
    assert engine.muster(COUNTY) is None


def test_in_the_generated_day_only_a_holder_who_verifies_its_own_work_is_refused(tmp_path: Path) -> None:
    rows = fitted(generated_day(), chart())
    path = tmp_path / "day.csv"
    path.write_bytes(as_csv(rows))
    refused: list[str] = []
    engine = Engine.open(localities=county())
    result = run(engine, path, locality=COUNTY, rejected=lambda reject: refused.append(reject.say("en")))
    assert result.taken + len(refused) == len(rows)
    assert [sentence for sentence in refused if "a unit above the holder verifies" not in sentence] == []
    faults = [event for case in engine.cases() for event in engine.history(case.id) if event.kind == "faulted"]
    assert faults == []


# --- one life from end to end -----------------------------------------------------------------------------------------


def test_one_life_reported_handled_answered_judged_published_and_whole() -> None:
    engine = Engine.open(clock=ManualClock(T0), entropy=counted(), localities=county())
    closed(engine)
    case = engine.act("publish", "c", at=T0 + DAY, by=WORKER)
    outcomes = {name: clock.outcome for name, clock in case.clocks.items()}
    assert outcomes == dict.fromkeys(
        ("dispatch", "arrive", "explain", "resolve", "answer", "evaluate", "whole"), Outcome.MET
    )
    rules = {ruling.rule for event in engine.history("c") for ruling in event.rulings}
    assert {"tier/T6", "route/R7", "deadlines/D1", "binzhou/11"} <= rules
    assert engine.verify().startswith(f"{len(engine.history('c')) + len(engine.book(COUNTY))}:")


def test_the_tables_and_the_clocks_are_made_once() -> None:
    assert binzhou.governflow_deadlines(Case("a")) is binzhou.governflow_deadlines(Case("b"))
    assert huimin.governflow_tables() is huimin.governflow_tables()
