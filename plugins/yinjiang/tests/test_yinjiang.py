"""Yinjiang: each row of its practice, the soundness of its tables, and whole lives through the engine."""

import csv
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import governflow_yinjiang as yinjiang
import pytest
from governflow_yinjiang.deadlines import days_to_review

from governflow import Actor, Case, CommandError, Engine, IllegalAction, NotAllowed
from governflow.calendars import WorkingCalendar
from governflow.calendars.allowances import Allowance
from governflow.model.terms import Form, Mode, Outcome, Verdict
from governflow.policy.registry import Localities
from governflow.policy.stack import Policy, actions_of
from governflow.run.runner import run
from governflow.testing import ManualClock

CHINA = ZoneInfo("Asia/Shanghai")
DIVISIONS = Path(__file__).parents[4] / "shared" / "data" / "divisions_2023.csv"
DEMO = Path(yinjiang.__file__).with_name("demo.csv")

PLATFORM = Actor("platform", "intake")
HOUSING = Actor("housing", "520625-zhujian")
COMMITTEE = Actor("convener", "520625001-dagongwei")
REQUESTER = Actor("requester")
PLACE = "峨岭街道城南社区1号小区2栋"
COMMUNITY = "520625001001"


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=CHINA)  # type: ignore[misc]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(local(2026, 2, 10, 9))


@pytest.fixture
def engine(clock: ManualClock) -> Engine:
    localities = Localities()
    localities.register("520625", yinjiang)
    return Engine.open(localities=localities, clock=clock)


@pytest.fixture
def policy(engine: Engine) -> Policy:
    return engine.localities.policy("520625")


def report(engine: Engine, item: str = "楼道照明损坏", place: str = PLACE, **told: object) -> Case:
    return engine.report(locality="520625", item=item, place=place, **told)  # type: ignore[arg-type]


def listed(engine: Engine, item: str = "停车位不足") -> Case:
    """Give a case on the needs list."""
    case = report(engine, item)
    return engine.accept(case.id, by=PLATFORM)


def no_faults(engine: Engine, case: Case) -> None:
    assert [event.about["faults"] for event in engine.history(case.id) if event.kind == "faulted"] == []


# --- 收集、受理、处置、答复 -------------------------------------------------------------------------------------------


def test_the_four_steps_are_names_for_the_same_actions(policy: Policy) -> None:
    understood = actions_of(policy)
    steps = {word: understood[word] for word in ("收集", "受理", "处置", "答复")}
    assert steps == {"收集": "report", "受理": "accept", "处置": "begin", "答复": "answer"}
    assert policy.name("answer").zh == "答复"


def test_the_cores_own_words_for_the_steps_are_still_understood(policy: Policy) -> None:
    understood = actions_of(policy)
    assert (understood["上报"], understood["落实"], understood["反馈"]) == ("report", "begin", "answer")


# --- 社区总网格—小区(街区)网格长—楼栋(街巷)网格员 --------------------------------------------------------------------


def test_a_building_lies_in_an_estate_in_a_community_in_a_street(policy: Policy) -> None:
    found = policy.units.find(PLACE)
    assert found is not None
    assert [policy.units.units[above].kind for above in policy.units.path(found.id)[:4]] == [
        "building",
        "estate",
        "community",
        "town",
    ]
    assert found.text.zh == "城南社区1号小区2栋"


def test_every_community_of_the_seat_has_estates_and_every_estate_has_buildings(policy: Policy) -> None:
    communities = [unit.id for unit in policy.units.of_kind("community") if unit.text.zh.endswith("社区")]
    bare = {unit.id for unit in policy.units.uncovered("community", by="estate")}
    assert len(communities) == 14
    assert bare.isdisjoint(communities)
    assert policy.units.uncovered("estate", by="building") == ()


@pytest.mark.skipif(not DIVISIONS.exists(), reason="the division codes of 2023 are not beside the repository")
def test_towns_and_the_seats_communities_are_those_of_the_division_codes(policy: Policy) -> None:
    with DIVISIONS.open(encoding="utf-8-sig") as file:
        rows = [row for row in csv.DictReader(file) if row["areaCode"] == "520625"]
    towns = {row["code12"][:9]: row["name"] for row in rows if row["level"] == "乡级"}
    assert {unit.id: unit.text.zh for unit in policy.units.of_kind("town")} == towns
    seat = {row["code12"] for row in rows if row["level"] == "村级" and row["code12"][:9] <= "520625003"}
    assert {unit.id for unit in policy.units.of_kind("community")} == seat


def test_the_chart_has_somebody_for_each_of_the_six_forms(policy: Policy) -> None:
    standing = {form: policy.units.for_form(form, COMMUNITY) for form in Form}
    assert all(unit is not None and form in unit.forms for form, unit in standing.items())
    assert [unit.level for unit in standing.values() if unit] == [2, 3, 3, 4, 5, 6]


def test_a_general_case_is_handled_by_the_community_of_its_place(engine: Engine) -> None:
    case = engine.dispatch(report(engine).id, by=PLATFORM)
    assert (case.unit, case.form) == (COMMUNITY, Form.DIRECT)


def test_a_place_without_a_known_community_goes_to_its_town(engine: Engine) -> None:
    case = engine.dispatch(report(engine, place="板溪镇").id, by=PLATFORM)
    assert (case.unit, case.form) == ("520625101", Form.VERIFY)


def test_a_case_without_a_place_is_led_from_above_and_not_given_to_some_street(
    engine: Engine, clock: ManualClock
) -> None:
    case = engine.dispatch(report(engine, "楼道照明损坏", place="").id, by=PLATFORM)
    assert case.unit == "intake"
    clock.tick(timedelta(days=5))
    engine.advance()
    after = engine.case(case.id)
    assert (after.unit, after.form) == ("520625-shegong", Form.LEAD)
    no_faults(engine, after)


def test_a_complex_case_goes_to_the_street_with_the_department_of_its_domain(engine: Engine) -> None:
    case = engine.dispatch(report(engine, "困难群体帮扶", severity="complex").id, by=PLATFORM)
    assert (case.unit, case.form, case.assist) == ("520625001", Form.VERIFY, ("520625-minzheng",))


def test_a_major_case_is_led_by_the_department_and_the_street_assists(engine: Engine) -> None:
    case = engine.dispatch(report(engine, "治安隐患", severity="major").id, by=PLATFORM)
    assert (case.unit, case.form, case.assist) == ("520625-gongan", Form.LEAD, ("520625001",))


# --- 分色治理 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("importance", "urgency", "colour"),
    [
        ("general", "normal", "blue"),
        ("general", "urgent", "yellow"),
        ("general", "emergency", "orange"),
        ("important", "normal", "yellow"),
        ("important", "urgent", "orange"),
        ("important", "emergency", "red"),
        ("critical", "normal", "orange"),
        ("critical", "urgent", "red"),
        ("critical", "emergency", "red"),
    ],
)
def test_importance_and_urgency_give_the_colour(engine: Engine, importance: str, urgency: str, colour: str) -> None:
    case = report(engine, urgency=urgency, facts={"importance": importance})
    assert case.facts["colour"] == colour


def test_importance_may_be_told_in_chinese_and_is_general_where_nobody_tells_it(engine: Engine) -> None:
    assert report(engine, facts={"重要程度": "特别重要"}).facts["colour"] == "orange"
    assert report(engine).facts["colour"] == "blue"


def test_an_importance_that_does_not_exist_is_refused_with_those_that_do(engine: Engine) -> None:
    with pytest.raises(CommandError) as refused:
        report(engine, facts={"importance": "huge"})
    assert "general, important, critical" in refused.value.text.en
    assert "特别重要" in refused.value.text.zh


def test_the_colour_decides_how_long_everything_may_take(engine: Engine) -> None:
    due = {}
    for urgency in ("normal", "urgent", "emergency"):
        case = report(engine, urgency=urgency, facts={"importance": "important"})
        due[case.facts["colour"]] = case.clocks["dispatch"].due - local(2026, 2, 10, 9)
    assert due == {"yellow": timedelta(hours=1), "orange": timedelta(minutes=15), "red": timedelta(minutes=5)}


def test_the_worklist_goes_by_colour_and_then_by_what_is_due_first(engine: Engine, clock: ManualClock) -> None:
    early_blue = report(engine)
    clock.tick(timedelta(minutes=1))
    yellow = report(engine, urgency="urgent")
    later_blue = report(engine)
    red = report(engine, urgency="emergency", facts={"importance": "critical"})
    done = report(engine, urgency="emergency")
    engine.withdraw(done.id, by=PLATFORM)
    cases = [engine.case(case.id) for case in (later_blue, early_blue, yellow, done, red)]
    assert [case.id for case in yinjiang.worklist(cases)] == [red.id, yellow.id, early_blue.id, later_blue.id]


def test_within_a_colour_the_holders_own_clock_orders_the_work_and_not_the_sixty_days(
    engine: Engine, clock: ManualClock
) -> None:
    first = engine.dispatch(report(engine).id, by=PLATFORM)  # reported earlier, but has two days to arrive
    clock.tick(timedelta(hours=1))
    second = report(engine)  # four hours to be dispatched
    assert [case.id for case in yinjiang.worklist([first, second])] == [second.id, first.id]


# --- 三张清单 ---------------------------------------------------------------------------------------------------------


def test_a_need_is_listed_reviewed_claimed_solved_answered_and_judged(engine: Engine, clock: ManualClock) -> None:
    case = report(engine, "停车位不足")
    states = [case.state]
    clock.tick(timedelta(hours=2))
    states.append(engine.accept(case.id, by=PLATFORM).state)
    clock.set(local(2026, 3, 27, 10))
    states.append(engine.act("review", case.id, by=PLATFORM).state)
    claimed = engine.claim(case.id, by=HOUSING)
    states.append(claimed.state)
    assert claimed.unit == "520625-zhujian"
    clock.tick(timedelta(days=1))
    engine.arrive(case.id, by=HOUSING)
    states.append(engine.confer(case.id, by=COMMITTEE).state)
    engine.begin(case.id, by=HOUSING)
    clock.tick(timedelta(days=6))
    states.append(engine.resolve(case.id, by=HOUSING).state)
    states.append(engine.answer(case.id, by=HOUSING, text="新增停车位12个").state)
    closed = engine.evaluate(case.id, score=5, by=REQUESTER)
    states.append(closed.state)
    assert states == [
        "reported",
        "needs_list",
        "problems_list",
        "services_list",
        "conferring",
        "resolved",
        "answered",
        "closed",
    ]
    assert closed.verdict is Verdict.SATISFIED
    assert {clock.name: clock.outcome for clock in closed.all_clocks if clock.outcome is Outcome.BREACHED} == {}
    no_faults(engine, closed)


@pytest.mark.parametrize(
    ("listed_on", "last_day"),
    [
        ((2026, 1, 1), (2026, 3, 31)),
        ((2026, 2, 10), (2026, 3, 31)),
        ((2026, 4, 1), (2026, 6, 30)),
        ((2026, 8, 15), (2026, 9, 30)),
        ((2026, 10, 5), (2026, 12, 31)),
    ],
)
def test_the_review_is_due_when_the_calendar_quarter_ends(
    engine: Engine, clock: ManualClock, listed_on: tuple[int, int, int], last_day: tuple[int, int, int]
) -> None:
    clock.set(local(*listed_on, 15))
    review = listed(engine).clocks["review"]
    assert review.due == local(*last_day) + timedelta(days=1)


def test_a_quarter_that_ends_on_a_weekend_ends_all_the_same(engine: Engine, clock: ManualClock) -> None:
    clock.set(local(2024, 3, 4, 9))  # 2024-03-31 is a Sunday
    assert listed(engine).clocks["review"].due == local(2024, 4, 1)


def test_what_is_listed_on_the_last_day_of_a_quarter_is_reviewed_with_the_next(
    engine: Engine, clock: ManualClock
) -> None:
    clock.set(local(2026, 3, 31, 9))
    assert listed(engine).clocks["review"].due == local(2026, 7, 1)


def test_the_quarter_is_that_of_the_cases_own_zone() -> None:
    moment = datetime(2026, 3, 31, 20, tzinfo=ZoneInfo("UTC"))  # 1 April, 4 o'clock, in China
    assert (days_to_review(moment, "Asia/Shanghai"), days_to_review(moment, "UTC")) == (90, 91)


def test_needs_of_one_day_share_one_set_of_clocks(policy: Policy) -> None:
    asked = [
        yinjiang.governflow_deadlines(
            Case(str(minute), lifecycle=yinjiang.THREE_LISTS),
            policy.context(Case("", zone="Asia/Shanghai"), Mode.NORMAL, local(2026, 2, 10, 9, minute)),
        )
        for minute in (0, 30)
    ]
    assert asked[0] is asked[1]


def test_asking_the_rules_again_weeks_later_leaves_the_review_where_it_was(engine: Engine, clock: ManualClock) -> None:
    case = listed(engine)
    clock.set(local(2026, 3, 1, 9))
    engine.reclassify(case.id, severity="major", by=PLATFORM)
    again = engine.reassess(case.id)
    assert again.clocks["review"].due == local(2026, 4, 1)


def test_a_need_goes_through_the_review_and_not_straight_to_a_department(engine: Engine) -> None:
    case = report(engine, "停车位不足")
    for attempt in (engine.dispatch, engine.claim):
        with pytest.raises(IllegalAction):
            attempt(case.id, by=PLATFORM)
    engine.accept(case.id, by=PLATFORM)
    with pytest.raises(IllegalAction):
        engine.claim(case.id, by=HOUSING)


def test_the_review_may_decline_a_need_but_only_with_a_reason(engine: Engine) -> None:
    case = listed(engine)
    with pytest.raises(CommandError):
        engine.decline(case.id, reason="", by=PLATFORM)
    assert engine.decline(case.id, reason="不属于本县职责", by=PLATFORM).state == "declined"


def test_only_departments_claim_from_the_problems_list(engine: Engine) -> None:
    case = listed(engine)
    engine.act("review", case.id, by=PLATFORM)
    with pytest.raises(NotAllowed, match="departments claim"):
        engine.claim(case.id, by=Actor("secretary", "520625001"))
    assert engine.claim(case.id, by=HOUSING).unit == "520625-zhujian"


def test_a_department_may_give_a_case_back_to_the_problems_list_and_another_claims_it(engine: Engine) -> None:
    case = listed(engine)
    engine.act("review", case.id, by=PLATFORM)
    engine.claim(case.id, by=HOUSING)
    back = engine.return_(case.id, reason="应由执法部门认领", by=HOUSING)
    assert (back.state, back.unit, back.clocks["claim"].cycle) == ("problems_list", "intake", 2)
    assert engine.claim(case.id, by=Actor("enforcement", "520625-chengguan")).unit == "520625-chengguan"


def test_what_no_department_claims_is_supervised_and_then_taken_by_the_departments_jointly(
    engine: Engine, clock: ManualClock
) -> None:
    case = listed(engine)
    engine.act("review", case.id, by=PLATFORM)
    clock.tick(timedelta(days=8))
    engine.advance()
    after = engine.case(case.id)
    assert (after.state, after.unit, after.form) == ("dispatched", "520625-joint", Form.JOINT)
    kinds = [event.kind for event in engine.history(case.id) if "escalation" in event.about]
    assert kinds == ["urged", "supervised", "taken_over"]
    no_faults(engine, after)


def test_what_nobody_reviews_does_not_stay_on_the_needs_list(engine: Engine, clock: ManualClock) -> None:
    clock.set(local(2026, 3, 20, 9))
    case = listed(engine)
    clock.set(local(2026, 4, 5))
    engine.advance()
    assert engine.case(case.id).unit == "520625-joint"
    assert engine.case(case.id).clocks["review"].outcome is Outcome.BREACHED


def test_what_a_department_claimed_and_did_not_solve_goes_to_the_departments_jointly(
    engine: Engine, clock: ManualClock
) -> None:
    clock.set(local(2026, 3, 20, 9))
    case = listed(engine)
    engine.act("review", case.id, by=PLATFORM)
    engine.claim(case.id, by=HOUSING)
    clock.tick(timedelta(days=33))
    engine.advance()
    assert (engine.case(case.id).unit, engine.case(case.id).form) == ("520625-joint", Form.JOINT)


def test_a_reopened_need_is_dispatched_and_does_not_wait_for_another_quarter(
    engine: Engine, clock: ManualClock
) -> None:
    case = listed(engine)
    engine.act("review", case.id, by=PLATFORM)
    engine.claim(case.id, by=HOUSING)
    clock.tick(timedelta(days=2))
    engine.resolve(case.id, by=HOUSING)
    engine.answer(case.id, by=HOUSING)
    again = engine.evaluate(case.id, satisfied=False, by=REQUESTER)
    assert (again.state, again.clocks["dispatch"].due - clock.now()) == ("accepted", timedelta(hours=4))
    assert engine.dispatch(case.id, to="520625-zhujian", by=PLATFORM).unit == "520625-zhujian"


def test_a_suspended_service_comes_back_to_the_services_list_with_its_remainder(
    engine: Engine, clock: ManualClock
) -> None:
    case = listed(engine)
    engine.act("review", case.id, by=PLATFORM)
    due = engine.claim(case.id, by=HOUSING).clocks["resolve"].due
    engine.suspend(case.id, until=clock.now() + timedelta(days=3), reason="等待材料", by=HOUSING)
    clock.tick(timedelta(days=4))
    engine.advance()
    back = engine.case(case.id)
    assert (back.state, back.clocks["resolve"].due) == ("services_list", due + timedelta(days=3))


def test_the_sixty_days_of_the_petition_regulation_run_on_the_lists_too(engine: Engine, clock: ManualClock) -> None:
    clock.set(local(2026, 1, 5, 9))
    case = listed(engine)
    assert case.clocks["whole"].due == local(2026, 3, 7)  # 6 March is the 60th day after 5 January
    later = engine.extend(
        case.id, clock="whole", until=local(2026, 4, 1), approved_by="县分管领导", reason="待季度梳理", by=PLATFORM
    )
    assert later.clocks["whole"].due == local(2026, 4, 1)


# --- 街道“大工委”现场办公 ---------------------------------------------------------------------------------------------


def test_nobody_confers_before_they_are_on_site(engine: Engine) -> None:
    case = engine.dispatch(report(engine).id, by=PLATFORM)
    worker = Actor("grid head", case.unit)
    with pytest.raises(IllegalAction):
        engine.confer(case.id, by=worker)
    engine.arrive(case.id, by=worker)
    assert engine.confer(case.id, by=COMMITTEE).state == "conferring"


def test_work_that_has_begun_is_conferred_on_after_arriving_again(engine: Engine) -> None:
    case = engine.dispatch(report(engine).id, by=PLATFORM)
    worker = Actor("grid head", case.unit)
    engine.begin(case.id, by=worker)
    engine.arrive(case.id, by=worker)
    assert engine.confer(case.id, by=COMMITTEE).state == "conferring"


def test_a_committee_confers_on_the_cases_of_its_own_street_only(engine: Engine) -> None:
    case = engine.dispatch(report(engine, place="龙津街道城中社区").id, by=PLATFORM)
    engine.arrive(case.id, by=Actor("grid head", case.unit))
    with pytest.raises(NotAllowed, match="own street"):
        engine.confer(case.id, by=COMMITTEE)
    assert engine.confer(case.id, by=Actor("convener", "520625002-dagongwei")).state == "conferring"


# --- 两议两评两公开 ---------------------------------------------------------------------------------------------------


def mediated(engine: Engine) -> tuple[Case, Actor]:
    case = engine.dispatch(report(engine, "邻里纠纷").id, by=PLATFORM)
    return case, Actor("mediator", case.unit)


def test_disputes_are_mediated_and_other_items_are_not(engine: Engine) -> None:
    assert report(engine, "邻里纠纷").lifecycle == yinjiang.MEDIATION
    assert report(engine, "停车位不足").lifecycle == yinjiang.THREE_LISTS
    assert report(engine, "占道经营").lifecycle == "everyday"


def test_a_dispute_goes_to_the_community_with_the_mediation_team_and_the_appraisers(engine: Engine) -> None:
    case, _ = mediated(engine)
    assert (case.unit, case.assist) == (COMMUNITY, ("520625-tiaojie", "520625-pingyi"))


def test_two_discussions_two_appraisals_and_two_publications_come_in_this_order(engine: Engine) -> None:
    case, mediator = mediated(engine)
    acts = ["discuss", "discuss", "appraise", "appraise", "publish", "publish"]
    states = [engine.act(act, case.id, by=mediator).state for act in acts]
    assert states == [
        "discussed_once",
        "discussed_twice",
        "appraised_once",
        "appraised_twice",
        "published_once",
        "published_twice",
    ]
    engine.resolve(case.id, by=mediator)
    engine.answer(case.id, by=mediator)
    closed = engine.evaluate(case.id, satisfied=True, by=REQUESTER)
    assert closed.state == "closed"
    no_faults(engine, closed)


def test_no_act_of_a_mediation_can_be_skipped(engine: Engine) -> None:
    case, mediator = mediated(engine)
    acts = ["discuss", "discuss", "appraise", "appraise", "publish", "publish", "resolve"]
    for done, act in enumerate(acts):
        for later in {*acts[done + 1 :]} - {act}:
            with pytest.raises(IllegalAction):
                engine.act(later, case.id, by=mediator)
        engine.act(act, case.id, by=mediator)


def test_a_dispute_is_not_settled_on_the_spot_without_mediation(engine: Engine) -> None:
    case = report(engine, "邻里纠纷")
    with pytest.raises(IllegalAction):
        engine.resolve(case.id, by=Actor("mediator", COMMUNITY))


def test_a_mediation_is_measured_by_its_first_discussion_and_its_end(engine: Engine, clock: ManualClock) -> None:
    case, mediator = mediated(engine)
    start = clock.now()
    assert case.clocks["discuss"].due - start == timedelta(days=3)
    assert case.clocks["resolve"].due - start == timedelta(days=15)
    assert "arrive" not in case.clocks
    clock.tick(timedelta(days=3))
    assert engine.act("discuss", case.id, by=mediator).clocks["discuss"].outcome is Outcome.MET


def test_a_mediation_that_is_taken_over_begins_again_with_the_higher_form(engine: Engine, clock: ManualClock) -> None:
    case, mediator = mediated(engine)
    engine.act("discuss", case.id, by=mediator)
    clock.tick(timedelta(days=18))
    engine.advance()
    after = engine.case(case.id)
    assert (after.state, after.unit, after.form) == ("dispatched", "520625001", Form.VERIFY)
    no_faults(engine, after)


# --- the whole ------------------------------------------------------------------------------------------------------


def test_no_table_has_a_gap_a_conflict_or_a_dead_rule() -> None:
    tables = yinjiang.governflow_tables()
    assert {"catalogue", "colour", "deadlines", "route"} <= tables.keys()
    for name, table in tables.items():
        if name != "catalogue":
            assert table.analyse().faults() == (), name  # type: ignore[union-attr]


def test_a_more_pressing_colour_never_has_more_time() -> None:
    table = yinjiang.governflow_tables()["deadlines"]
    start, around_the_clock = local(2026, 2, 10, 9), WorkingCalendar.always("Asia/Shanghai")
    due = []
    for colour in yinjiang.COLOURS:
        rule = table.decide({"colour": colour})  # type: ignore[union-attr]
        assert rule is not None
        due.append([Allowance.parse(cell).due(start, around_the_clock) for cell in rule.outcomes.values()])
    for pressing, less in pairwise(due):
        assert all(soon <= late for soon, late in zip(pressing, less, strict=True))


def test_whatever_is_no_published_figure_is_marked_as_an_illustration() -> None:
    for name in ("colour", "deadlines"):
        for rule in yinjiang.governflow_tables()[name].rules:  # type: ignore[union-attr]
            assert rule.basis.startswith("示例"), (name, rule.id)


def test_the_generated_quarter_runs_without_a_refusal_or_a_fault(engine: Engine, clock: ManualClock) -> None:
    demo = yinjiang.governflow_demo()
    clock.set(demo.until.replace(tzinfo=CHINA))
    refused: list[object] = []
    run(engine, DEMO, locality="520625", until=demo.until.replace(tzinfo=CHINA), rejected=refused.append)
    cases = list(engine.cases())
    assert refused == []
    for case in cases:
        no_faults(engine, case)
    assert {case.lifecycle for case in cases} == {"everyday", "three_lists", "mediation"}
    assert {case.facts["colour"] for case in cases} == set(yinjiang.COLOURS)
    breached = [clock for case in cases for clock in case.all_clocks if clock.outcome is Outcome.BREACHED]
    assert breached
    assert any(case.state == "closed" and case.verdict is Verdict.SATISFIED for case in cases)
