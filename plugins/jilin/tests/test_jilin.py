"""What Jilin City and its districts are known for, one test a mechanism (source: Guangming Daily, 28 July 2023)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from governflow_jilin.chart import STREET_TEAMS, chart

from governflow import Actor, Case, Engine
from governflow.errors import IllegalAction
from governflow.model.terms import FORMS, Form, Outcome, Tier, Verdict
from governflow.policy.registry import Localities
from governflow.run.runner import run
from governflow.tables import Catalogue, Table
from governflow.testing import ManualClock

DATA = Path(__file__).parent / "data"
ZONE = ZoneInfo("Asia/Shanghai")
CODES = {
    "220200": "governflow_jilin",
    "220202": "governflow_jilin.changyi",
    "220204": "governflow_jilin.chuanying",
    "220211": "governflow_jilin.fengman",
    "220221": "governflow_jilin.yongji",
    "220283": "governflow_jilin.shulan",
}
#: A Monday of a week without holidays.
MONDAY = datetime(2025, 6, 16, 9, tzinfo=ZONE)
RESIDENT = Actor("requester")
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def localities() -> Localities:
    known = Localities()
    for code, module in CODES.items():
        known.register(code, import_module(module))
    return known


@pytest.fixture
def engine(localities: Localities) -> Engine:
    return Engine.open(localities=localities, clock=ManualClock(MONDAY + 30 * DAY))


def reported(engine: Engine, code: str, **details: Any) -> Case:
    return engine.report(locality=code, at=MONDAY, **details)


def dispatched(engine: Engine, code: str, **details: Any) -> Case:
    return engine.dispatch(reported(engine, code, **details).id, at=MONDAY)


def done(engine: Engine, case: Case, *actions: str, at: datetime = MONDAY, **details: Any) -> Case:
    """Do one thing after the other: facts of one and the same moment would have an order of their own."""
    for action in actions:
        latest = case.latest_at
        moment = at if latest is None or latest < at else latest + timedelta.resolution
        case = engine.act(action, case.id, at=moment, **details)
    return case


def taken(engine: Engine, path: Path, code: str, *, until: datetime | None = None) -> None:
    refused: list[object] = []
    run(engine, path, locality=code, until=until, rejected=refused.append)
    assert not refused


def journal(folder: Path, rows: str) -> Path:
    path = folder / "journal.csv"
    path.write_text("时间,事项编号,动作,单位,事项,地点,评分\n" + rows, encoding="utf-8")
    return path


def kinds(engine: Engine, case_id: str) -> list[str]:
    return [event.kind for event in engine.history(case_id)]


def overdue(engine: Engine) -> list[tuple[str, str]]:
    return [
        (case.id, clock.name)
        for case in engine.cases()
        for clock in case.all_clocks
        if clock.outcome is Outcome.BREACHED or clock.missed_at is not None
    ]


# --- the city: six steps ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["220200", "220202", "220204", "220211", "220221", "220283"])
@pytest.mark.parametrize("state", ["dispatched", "claimed", "on_site"])
@pytest.mark.parametrize("skipping", ["begin", "resolve"])
def test_in_the_six_steps_conferring_cannot_be_skipped(engine: Engine, code: str, state: str, skipping: str) -> None:
    case = dispatched(engine, code, item="下水道堵塞", place="昌邑区")
    if state != "dispatched":
        case = done(engine, case, {"claimed": "claim", "on_site": "arrive"}[state])
    with pytest.raises(IllegalAction) as refused:
        done(engine, case, skipping)
    assert refused.value.state == state
    assert "conferring" in refused.value.allowed_in


def test_in_the_six_steps_nothing_is_settled_on_the_spot(engine: Engine) -> None:
    case = reported(engine, "220200", item="垃圾清理")
    with pytest.raises(IllegalAction):
        done(engine, case, "resolve")


def test_every_path_from_a_report_to_a_settled_case_leads_through_conferring(localities: Localities) -> None:
    ways = localities.policy("220200").lifecycles["everyday"].transitions
    reached, todo = {"start"}, ["start"]
    while todo:
        state = todo.pop()
        for (source, action), open_ways in ways.items():
            if source != state or action == "confer" or (action == "resume" and state == "suspended"):
                continue  # a suspended case goes back to where it was
            for way in open_ways:
                if way.target not in reached:
                    reached.add(way.target)
                    todo.append(way.target)
    assert {"dispatched", "claimed", "on_site", "suspended"} <= reached
    assert reached.isdisjoint({"conferring", "handling", "resolved", "answered", "evaluated", "closed"})


def test_whoever_goes_there_after_conferring_need_not_confer_again(engine: Engine) -> None:
    case = done(engine, dispatched(engine, "220200", item="管道维修"), "confer", "arrive")
    assert case.state == "handling"
    assert done(engine, case, "resolve").state == "resolved"


def test_after_a_transfer_the_new_holder_has_to_confer(engine: Engine) -> None:
    case = done(engine, dispatched(engine, "220200", item="管道维修", place="文庙街道"), "confer")
    case = done(engine, case, "transfer", to="220202-centre")
    with pytest.raises(IllegalAction):
        done(engine, case, "resolve")


SIX_STEPS_OFFLINE = """\
2025-06-16 09:00,1,上报,,下水道堵塞,文庙街道,
2025-06-16 09:10,1,受理,,,,
2025-06-16 09:20,1,派单,,,,
2025-06-16 09:30,1,领单,,,,
2025-06-16 09:40,1,吹哨,220202-centre,,,
2025-06-16 09:50,1,报到,220202-centre,,,
2025-06-16 10:00,1,会商,,,,
2025-06-16 10:10,1,催办,,,,
2025-06-16 11:00,1,落实,,,,
2025-06-16 12:00,1,办结,,,,
2025-06-16 13:00,1,反馈,,,,
2025-06-16 14:00,1,评价,,,,5
"""
ONLINE: Mapping[str, str] = {
    "上报": "基层报单",
    "受理": "平台接单",
    "派单": "中心派单",
    "领单": "部门领单",
    "催办": "市委督单",
    "评价": "群众评单",
}


def test_the_six_steps_have_two_vocabularies_for_one_process(localities: Localities, tmp_path: Path) -> None:
    online = SIX_STEPS_OFFLINE
    for offline, word in ONLINE.items():
        online = online.replace(f",{offline},", f",{word},")
    assert all(word in online for word in ONLINE.values())
    told = []
    for rows in (SIX_STEPS_OFFLINE, online):
        engine = Engine.open(localities=localities, clock=ManualClock(MONDAY + DAY))
        taken(engine, journal(tmp_path, rows), "220200")
        told.append([(event.kind, event.at, event.state) for event in engine.history("1")])
    assert told[0] == told[1]
    assert told[0][-1][0] == "closed"


def test_each_action_is_shown_under_one_local_name(localities: Localities) -> None:
    policy = localities.policy("220200")
    shown = {action: policy.name(action).zh for action in ("report", "accept", "dispatch", "claim", "urge", "evaluate")}
    assert list(shown.values()) == ["基层报单", "平台接单", "中心派单", "部门领单", "市委督单", "评价·群众评单"]
    offline = [policy.name(action).zh for action in ("whistle", "check_in", "confer", "begin", "answer")]
    assert offline == ["吹哨", "报到", "会商", "落实", "反馈"]


def test_the_city_committee_supervises_what_is_overdue(engine: Engine) -> None:
    case = dispatched(engine, "220283", item="下水道堵塞", place="正阳社区")
    events = [event for event in engine.advance(MONDAY + 5 * DAY) if event.kind == "supervised"]
    # Two working days to confer: urged at the end of Wednesday, supervised a day later.
    assert [event.at for event in events] == [datetime(2025, 6, 20, tzinfo=ZONE)]
    assert events[0].about["escalation"]["to"] == "220200-supervision"
    assert events[0].about["escalation"]["from"] == case.unit


def test_carrying_out_counts_from_the_moment_of_conferring(engine: Engine) -> None:
    case = done(engine, dispatched(engine, "220200", item="垃圾清理", place="文庙街道"), "confer", at=MONDAY + DAY)
    assert case.clocks["confer"].outcome is Outcome.MET
    # Three working days after a Tuesday end with Friday.
    assert case.clocks["resolve"].due == datetime(2025, 6, 21, tzinfo=ZONE)


def test_working_days_skip_weekends_and_holidays(engine: Engine) -> None:
    friday = datetime(2025, 9, 30, 15, tzinfo=ZONE)  # before eight days of National Day and Mid-Autumn
    case = engine.report(locality="220200", item="垃圾清理", at=friday)
    assert case.clocks["dispatch"].due == datetime(2025, 10, 10, tzinfo=ZONE)


# --- the city: four nets and five teams -------------------------------------------------------------------------------

NETS = {
    "党员联系服务": ("party", "grid"),
    "健康义诊": ("party", "volunteers"),
    "矛盾纠纷": ("safety", "safety"),
    "占道经营": ("safety", "enforcement"),
    "养老服务": ("livelihood", "safety"),
    "垃圾清理": ("livelihood", "grid"),
    "企业用工": ("enterprise", "business"),
    "谁也没有列过的事": ("livelihood", "grid"),
}


@pytest.mark.parametrize(("item", "expected"), NETS.items())
def test_the_domain_decides_the_net_and_the_net_the_team(engine: Engine, item: str, expected: tuple[str, str]) -> None:
    facts = reported(engine, "220200", item=item).facts
    assert (facts["net"], facts["team"]) == expected


def test_all_four_nets_and_all_five_teams_are_used(localities: Localities) -> None:
    tables = dict(localities.policy("220200").tables)["220200"]
    assert isinstance(tables["net"], Table)
    assert isinstance(tables["team"], Table)
    assert {rule.outcomes["net"] for rule in tables["net"].rules} == {"party", "safety", "livelihood", "enterprise"}
    assert {rule.outcomes["team"] for rule in tables["team"].rules} == {*STREET_TEAMS, "enforcement"}


@pytest.mark.parametrize(
    ("item", "unit", "form", "assist"),
    [
        ("垃圾清理", "220202002-grid", Form.DIRECT, ()),
        ("矛盾纠纷", "220202002-safety", Form.VERIFY, ("220202002",)),
        ("企业用工", "220202002-business", Form.VERIFY, ("220202002",)),
        ("健康义诊", "220202002-volunteers", Form.DIRECT, ()),
        ("占道经营", "220202-enforcement", Form.LEAD, ("220202002",)),
        ("重大安全隐患", "220202-centre", Form.LEAD, ("220202002-safety", "220202002")),
    ],
)
def test_a_case_goes_to_the_team_of_its_place(
    engine: Engine, item: str, unit: str, form: Form, assist: tuple[str, ...]
) -> None:
    case = dispatched(engine, "220200", item=item, place="昌邑区文庙街道12号楼")
    assert (case.unit, case.form, case.assist) == (unit, form, assist)


@pytest.mark.parametrize(
    ("code", "place", "unit"),
    [
        ("220200", "", "220200-centre"),
        ("220200", "船营区", "220204-centre"),
        ("220283", "说不清的地方", "220283-centre"),
        ("220283001002", "", "220283-centre"),
    ],
)
def test_where_the_place_names_no_street_the_centre_finds_out(engine: Engine, code: str, place: str, unit: str) -> None:
    assert dispatched(engine, code, item="垃圾清理", place=place).unit == unit


# --- Changyi ----------------------------------------------------------------------------------------------------------

COUNCIL = {"item": "议事会垃圾清理", "place": "维北社区"}
NEXT_MEETING = MONDAY + 14 * DAY


def test_what_the_small_stool_council_settles_on_the_spot_needs_no_promise(engine: Engine) -> None:
    case = dispatched(engine, "220202", **COUNCIL)
    assert (case.lifecycle, case.unit, case.form) == ("council", "220202004001", Form.DIRECT)
    case = done(engine, case, "confer", "resolve", "answer", at=MONDAY + timedelta(minutes=20))
    assert case.state == "answered"
    assert "promise" not in case.clocks


def test_what_the_council_cannot_settle_is_answered_at_the_next_meeting(engine: Engine) -> None:
    case = engine.confer(dispatched(engine, "220202", **COUNCIL).id, until=NEXT_MEETING, at=MONDAY)
    assert case.clocks["promise"].due == NEXT_MEETING
    case = engine.whistle(case.id, units=["220202004"], at=MONDAY)
    engine.check_in(case.id, unit="220202004", at=MONDAY + DAY)
    case = done(engine, case, "begin", "resolve", at=MONDAY + DAY)
    assert case.clocks["promise"].outcome is Outcome.RUNNING
    case = done(engine, case, "answer", at=NEXT_MEETING)
    assert case.clocks["promise"].outcome is Outcome.MET
    assert overdue(engine) == []


def test_a_council_that_forgets_its_promise_is_urged(engine: Engine) -> None:
    case = engine.confer(dispatched(engine, "220202", **COUNCIL).id, until=NEXT_MEETING, at=MONDAY)
    case = done(engine, case, "begin", "resolve", at=MONDAY + DAY)
    engine.advance(NEXT_MEETING)
    assert overdue(engine) == []
    engine.advance(NEXT_MEETING + timedelta(minutes=1))
    assert overdue(engine) == [(case.id, "promise")]
    urged = [event.about["escalation"]["to"] for event in engine.history(case.id) if event.kind == "urged"]
    assert urged == ["220202004001"]


def test_a_council_that_names_no_date_still_has_to_answer_at_its_next_meeting(engine: Engine) -> None:
    case = done(engine, dispatched(engine, "220202", **COUNCIL), "confer", "begin")
    assert case.clocks["meeting"].due == datetime(2025, 7, 17, tzinfo=ZONE)
    assert done(engine, case, "resolve", "answer", at=MONDAY + DAY).clocks["meeting"].outcome is Outcome.MET


def test_the_council_calls_others_in_and_passes_nothing_on(engine: Engine) -> None:
    case = engine.confer(dispatched(engine, "220202", **COUNCIL).id, until=NEXT_MEETING, at=MONDAY)
    with pytest.raises(IllegalAction):
        done(engine, case, "transfer", to="220202-centre")


def test_the_next_meeting_may_promise_anew(engine: Engine) -> None:
    case = engine.confer(dispatched(engine, "220202", **COUNCIL).id, until=NEXT_MEETING, at=MONDAY)
    case = engine.inform(case.id, text="下次会上答复", at=MONDAY + 13 * DAY)
    case = engine.confer(case.id, until=NEXT_MEETING + 14 * DAY, at=MONDAY + 13 * DAY + DAY / 24)
    assert case.clocks["promise"].due == NEXT_MEETING + 14 * DAY
    assert [clock.outcome for clock in case.past if clock.name == "promise"] == [Outcome.MET]


def test_the_councils_own_words_are_understood_beside_the_citys(engine: Engine, tmp_path: Path) -> None:
    rows = """\
2025-06-16 09:00,1,收集,,议事会垃圾清理,维北社区,
2025-06-16 09:01,1,中心派单,,,,
2025-06-16 09:10,1,协商,,,,
2025-06-17 09:00,1,落实,,,,
2025-06-17 10:00,1,办结,,,,
2025-06-17 11:00,1,反馈,,,,
2025-06-16 09:00,2,基层报单,,垃圾清理,维北社区,
2025-06-16 09:01,2,中心派单,,,,
2025-06-16 09:10,2,会商,,,,
"""
    taken(engine, journal(tmp_path, rows), "220202")
    assert kinds(engine, "1") == ["reported", "dispatched", "conferred", "begun", "resolved", "answered"]
    assert kinds(engine, "2") == ["reported", "dispatched", "conferred"]


# --- Chuanying --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "liaison"),
    [("低保咨询", "220204-civil-affairs"), ("就近入学", "220204-education"), ("家庭医生", "220204-health")],
)
def test_liaisons_of_the_party_building_alliance_assist(engine: Engine, item: str, liaison: str) -> None:
    case = dispatched(engine, "220204", item=item, place="北山街道")
    assert case.unit == "220204010-safety"
    assert case.assist == (liaison,)


def test_a_liaison_helps_beside_the_street_and_takes_nothing_over(engine: Engine) -> None:
    case = dispatched(engine, "220204", item="矛盾纠纷", place="北山街道")
    assert case.assist == ("220204010", "220204-justice")
    asked = case.id
    case = engine.confer(asked, by=Actor("联络员", "220204-justice"), at=MONDAY)
    assert case.unit == "220204010-safety"


def test_the_liaisons_come_from_eight_departments(localities: Localities) -> None:
    policy = localities.policy("220204")
    liaisons = {unit.id for unit in policy.units.having("liaison")}
    table = dict(policy.tables)["220204"]["liaison"]
    assert isinstance(table, Table)
    assert len(liaisons) == 8
    assert {rule.outcomes["liaison"] for rule in table.rules if rule.outcomes} == liaisons


def test_the_alliance_covers_the_eleven_streets_of_chuanying() -> None:
    streets = [unit for unit in chart("220204").of_kind("town") if unit.id[:6] == "220204" and "街道" in unit.text.zh]
    assert len(streets) == 11


def test_where_no_liaison_is_asked_for_the_citys_route_stands(engine: Engine) -> None:
    case = dispatched(engine, "220204", item="垃圾清理", place="北山街道")
    assert (case.unit, case.assist) == ("220204010-grid", ())


# --- Fengman ----------------------------------------------------------------------------------------------------------


def test_in_fengman_one_street_has_one_enforcement_team(engine: Engine) -> None:
    streets = [unit for unit in chart("220211").of_kind("town") if unit.id[:6] == "220211" and "街道" in unit.text.zh]
    assert len(streets) == 7
    for street in streets:
        case = dispatched(engine, "220211", item="占道经营", place=street.text.zh)
        assert (case.unit, case.form, case.assist) == (f"{street.id}-enforcement", Form.VERIFY, (street.id,))


def test_outside_the_streets_of_fengman_the_district_team_enforces(engine: Engine) -> None:
    assert dispatched(engine, "220211", item="占道经营", place="旺起镇").unit == "220211-enforcement"


@pytest.mark.parametrize("item", [item for item, (_, team) in NETS.items() if team != "enforcement"])
def test_of_everything_but_enforcement_fengman_has_no_opinion(engine: Engine, item: str) -> None:
    here, city = (dispatched(engine, code, item=item, place="泰山街道") for code in ("220211", "220200"))
    assert (here.unit, here.form, here.assist) == (city.unit, city.form, city.assist)
    ruled = [ruling.source for ruling in engine.history(here.id)[1].rulings if ruling.what == "route"]
    assert ruled == ["220200"]


# --- Yongji -----------------------------------------------------------------------------------------------------------


def services(localities: Localities) -> tuple[str, ...]:
    catalogue = dict(localities.policy("220221").tables)["220221"]["catalogue"]
    assert isinstance(catalogue, Catalogue)
    return tuple(catalogue.items)


def test_the_digital_community_has_thirteen_services_without_a_visit(engine: Engine, localities: Localities) -> None:
    items = services(localities)
    assert len(items) == 13
    for item in items:
        case = dispatched(engine, "220221", item=item, place="口前镇")
        assert (case.visit, case.lifecycle, case.unit) == (False, "online", "220221-digital")
        assert case.clocks["resolve"].due == datetime(2025, 6, 18, tzinfo=ZONE)
        assert "confer" not in case.clocks


def test_a_service_online_is_given_without_conferring(engine: Engine) -> None:
    case = dispatched(engine, "220221", item="居住证明", place="口前镇")
    assert done(engine, case, "resolve", "answer").state == "answered"


def test_yongji_overrides_the_citys_catalogue_for_its_services_only(engine: Engine, localities: Localities) -> None:
    city = dict(localities.policy("220200").tables)["220200"]["catalogue"]
    assert isinstance(city, Catalogue)
    both = set(services(localities)) & set(city.items)
    assert both
    for item in city.items:
        here = reported(engine, "220221", item=item, place="口前镇")
        there = reported(engine, "220200", item=item, place="口前镇")
        assert there.visit
        if item in both:
            assert (here.visit, here.lifecycle) == (False, "online")
        else:
            assert (here.visit, here.lifecycle, here.facts) == (there.visit, there.lifecycle, there.facts)


# --- Shulan: the drain ------------------------------------------------------------------------------------------------


def test_the_drain_at_zhidongqi_ends_closed_very_satisfied_and_with_nothing_overdue(engine: Engine) -> None:
    taken(engine, DATA / "drain.csv", "220283", until=datetime(2022, 6, 30, tzinfo=ZONE))
    case = engine.case("1")
    assert (case.state, case.verdict, case.score) == ("closed", Verdict.SATISFIED, 5)
    assert case.closed is not None
    assert case.closed.astimezone(ZONE).date().isoformat() == "2022-05-26"
    assert overdue(engine) == []
    assert case.unit == "220283001-justice"
    came = {clock.name: clock.outcome for clock in case.all_clocks if clock.name.startswith("check_in:")}
    assert came == {"check_in:220283001-justice": Outcome.MET, "check_in:220283-mediation": Outcome.MET}
    days: dict[str, set[str]] = {}
    for event in engine.history("1"):
        if event.kind != "warned":
            days.setdefault(event.at.astimezone(ZONE).date().isoformat(), set()).add(event.kind)
    assert days == {
        "2022-05-23": {"reported"},
        "2022-05-24": {"dispatched", "whistled"},
        "2022-05-25": {"checked_in", "conferred", "begun", "resolved"},
        "2022-05-26": {"answered", "evaluated", "closed"},
    }


def test_the_drain_belongs_to_the_livelihood_net_and_its_street_assists(engine: Engine) -> None:
    taken(engine, DATA / "drain.csv", "220283")
    case = engine.case("1")
    assert case.facts["net"] == "livelihood"
    assert (case.tier, case.assist) == (Tier.TWO, ("220283001",))


def test_a_drain_left_alone_for_a_day_more_would_be_overdue(engine: Engine, tmp_path: Path) -> None:
    late = (DATA / "drain.csv").read_text(encoding="utf-8").replace("2022-05-24", "2022-05-25")
    path = tmp_path / "late.csv"
    path.write_text(late, encoding="utf-8")
    taken(engine, path, "220283")
    assert overdue(engine) == [("1", "dispatch")]


# --- charts and tables ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", CODES)
def test_every_form_of_handling_has_a_unit_of_the_localitys_own(localities: Localities, code: str) -> None:
    units = localities.policy(code).units
    standing = {form: units.for_form(form) for form in FORMS}
    assert all(standing.values())
    lead = standing[Form.LEAD]
    assert lead is not None
    assert lead.id == f"{code}-centre"


@pytest.mark.parametrize(
    ("county", "towns"), [("220202", 19), ("220204", 16), ("220211", 11), ("220221", 9), ("220283", 20)]
)
def test_each_county_has_its_streets_and_towns_of_the_2023_codes(county: str, towns: int) -> None:
    units = chart(county)
    own = [unit for unit in units.of_kind("town") if unit.parent == county]
    assert len(own) == towns
    for town in own:
        teams = {unit.kind for unit in units.units.values() if unit.parent == town.id and "team" in unit.roles}
        assert {f"team_{name}" for name in STREET_TEAMS} <= teams


def test_every_unit_has_a_name_in_both_languages() -> None:
    for unit in chart("220200").units.values():
        assert unit.text.en.isascii()
        assert not unit.text.zh.isascii()


def test_the_smallest_place_named_is_found() -> None:
    units = chart("220283")
    assert [units.find(place).id for place in ("正阳社区制动器小区", "舒兰市北城街道", "220283001002003")] == [
        "220283001002",
        "220283001",
        "220283001002",
    ]


@pytest.mark.parametrize("code", CODES)
def test_no_table_has_a_gap_a_conflict_or_a_dead_rule(localities: Localities, code: str) -> None:
    checked = [
        (name, table.analyse().faults())
        for _, tables in localities.policy(code).tables
        for name, table in tables.items()
        if isinstance(table, Table)
    ]
    assert len(checked) >= 4
    assert all(not faults for _, faults in checked)


def test_what_no_article_publishes_is_marked_as_an_illustration(localities: Localities) -> None:
    deadlines = dict(localities.policy("220200").tables)["220200"]["deadlines"]
    assert isinstance(deadlines, Table)
    assert all("示例" in rule.basis for rule in deadlines.rules)


# --- lives ------------------------------------------------------------------------------------------------------------


def test_an_unsatisfied_resident_sends_a_case_through_the_six_steps_again(engine: Engine) -> None:
    case = dispatched(engine, "220200", item="垃圾清理", place="文庙街道")
    case = done(engine, case, "claim", "confer", "begin", "resolve", "answer")
    case = done(engine, case, "evaluate", score=2, by=RESIDENT)
    assert (case.state, case.reopened) == ("accepted", 1)
    case = done(engine, case, "dispatch")
    with pytest.raises(IllegalAction):
        done(engine, case, "begin")
    case = done(engine, case, "confer", "begin", "resolve", "answer")
    assert done(engine, case, "evaluate", score=5, by=RESIDENT).state == "closed"
    assert overdue(engine) == []
    assert "faulted" not in kinds(engine, case.id)


@pytest.mark.parametrize("code", CODES)
def test_the_demo_is_taken_whole_and_shows_a_breach_and_a_supervision(
    engine: Engine, localities: Localities, code: str
) -> None:
    demo = localities.policy(code).demo()
    assert demo is not None
    taken(engine, Path(str(demo.journal)), code, until=demo.until)
    assert demo.shown is not None
    assert engine.case(demo.shown).state in ("evaluated", "closed")
    told = {kind for case in engine.cases() for kind in kinds(engine, case.id)}
    assert {"breached", "urged", "supervised"} <= told
    assert "faulted" not in told
