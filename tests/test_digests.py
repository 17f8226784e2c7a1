"""Digests of a day, a week and a month, the special report, and both sides' record of a summons; counted by hand."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from governflow import Actor, Case, CommandError, Engine
from governflow.cli import reports as briefing
from governflow.errors import UnknownCase
from governflow.model.terms import Form, Kind
from governflow.model.units import OrgChart, Unit
from governflow.policy.hookspecs import Locality, hookimpl
from governflow.policy.registry import Localities
from governflow.reports.digest import Digest, digest
from governflow.reports.special import Summons, special_report, summonses
from governflow.reports.trends import Signs, back
from governflow.tables import Catalogue
from governflow.text import Text

CST = timezone(timedelta(hours=8))
#: Midnight of a Monday that is no first of a month.
NOW = datetime(2026, 3, 16, tzinfo=CST)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
CODE = "321171"
CATALOGUE = "item,domain\nnoise,order\nlamp,livelihood\ndrain,livelihood\n"


def unit(name: str, zh: str, kind: str, level: int, parent: str | None, *forms: Form) -> Unit:
    return Unit(name, Text(name.title(), zh), level, parent, forms, frozenset(), kind)


CHART = OrgChart.of(
    [
        unit("intake", "受理平台", "", 0, "leader"),
        unit("elm", "榆树村", "village", 2, "north", Form.DIRECT),
        unit("oak", "橡树村", "village", 2, "north", Form.DIRECT),
        unit("fir", "冷杉村", "village", 2, "south", Form.DIRECT),
        unit("north", "北镇", "town", 3, "bureau", Form.VERIFY, Form.ASSIST),
        unit("south", "南镇", "town", 3, "bureau", Form.VERIFY, Form.ASSIST),
        unit("bureau", "区住建局", "department", 4, "joint", Form.LEAD),
        unit("joint", "区级联办", "department", 5, "leader", Form.JOINT),
        unit("leader", "分管领导", "leader", 6, None, Form.STUDY),
    ]
)


class Zone:
    """A development zone with two towns, three villages and a catalogue of three items."""

    @hookimpl
    def governflow_locality(self) -> Locality:
        return Locality(CODE, "经开区", "the zone")

    @hookimpl
    def governflow_units(self) -> OrgChart:
        return CHART

    @hookimpl
    def governflow_tables(self) -> dict[str, Catalogue]:
        return {"catalogue": Catalogue.read(("catalogue.csv", CATALOGUE.encode()))}


@pytest.fixture
def engine() -> Iterator[Engine]:
    localities = Localities()
    localities.register(CODE, Zone())
    with Engine.open(localities=localities) as engine:
        yield engine


def report(engine: Engine, at: datetime, item: str = "lamp", place: str = "", **details: Any) -> str:
    return engine.report(locality=CODE, item=item, place=place, at=at, **details).id


def settle(engine: Engine, case: str, at: datetime, *, satisfied: bool = True) -> Case:
    """Resolve a reported case on the spot, answer it and have it judged, all at one moment."""
    engine.resolve(case, at=at)
    engine.answer(case, at=at)
    return engine.evaluate(case, satisfied=satisfied, at=at)


def week(engine: Engine, unit: str | None = None, **given: Any) -> Digest:
    return digest(engine, CODE, unit, "week", until=NOW, **given)


# --- periods ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("period", "until", "since"),
    [
        ("day", "2026-03-01T00:00", "2026-02-28T00:00"),
        ("week", "2026-03-02T00:00", "2026-02-23T00:00"),
        ("month", "2026-03-01T00:00", "2026-02-01T00:00"),
        ("month", "2026-01-01T00:00", "2025-12-01T00:00"),
        ("month", "2026-03-31T08:30", "2026-02-28T08:30"),  # February has no 31st
        ("month", "2024-03-31T08:30", "2024-02-29T08:30"),
    ],
)
def test_a_period_begins_at_the_same_wall_time_a_day_a_week_or_a_month_earlier(
    period: str, until: str, since: str
) -> None:
    assert back(datetime.fromisoformat(until), period, 1) == datetime.fromisoformat(since)


def test_five_months_before_the_end_of_march_is_the_end_of_october() -> None:
    assert back(datetime(2026, 3, 31, tzinfo=CST), "month", 5) == datetime(2025, 10, 31, tzinfo=CST)


def test_the_day_on_which_clocks_are_put_forward_has_23_hours() -> None:
    until = datetime(2026, 3, 9, tzinfo=ZoneInfo("America/New_York"))
    assert until.astimezone(CST) - back(until, "day", 1).astimezone(CST) == 23 * HOUR


@pytest.mark.parametrize(
    ("unit", "period"), [("elm", "day"), ("north", "week"), ("bureau", "month"), ("leader", "month"), (None, "month")]
)
def test_a_village_looks_daily_a_town_weekly_and_the_district_monthly(
    engine: Engine, unit: str | None, period: str
) -> None:
    assert digest(engine, CODE, unit, until=NOW).period == period


@pytest.mark.parametrize("period", ["day", "week", "month"])
@pytest.mark.parametrize("unit", ["elm", "north", "leader", None])
def test_every_unit_may_look_at_every_period(engine: Engine, unit: str | None, period: str) -> None:
    told = digest(engine, CODE, unit, period, until=NOW)
    assert (told.period, told.unit, told.until) == (period, unit, NOW)


def test_a_period_takes_its_first_moment_in_and_leaves_its_last_one_out(engine: Engine) -> None:
    for at in (NOW - 7 * DAY - MINUTE, NOW - 7 * DAY, NOW - MINUTE, NOW):
        report(engine, at)
    told = week(engine)
    assert told.reported == 2
    assert (told.since.isoformat(), told.until.isoformat()) == (
        "2026-03-09T00:00:00+08:00",
        "2026-03-16T00:00:00+08:00",
    )


def test_unknown_units_and_periods_are_refused_and_names_are_understood(engine: Engine) -> None:
    with pytest.raises(CommandError, match="no unit 'east'") as refused:
        week(engine, "east")
    assert "没有“east”" in refused.value.text.zh
    with pytest.raises(CommandError, match="'year' is no period"):
        digest(engine, CODE, period="year", until=NOW)
    assert week(engine, "北镇").unit == "north"


# --- counts -----------------------------------------------------------------------------------------------------------


def test_reported_closed_open_and_overdue_are_what_a_person_counts(engine: Engine) -> None:
    settle(engine, report(engine, NOW - 30 * DAY), NOW - 20 * DAY)  # long over
    settle(engine, report(engine, NOW - 8 * DAY), NOW - 6 * DAY)  # closed in the week
    settle(engine, report(engine, NOW - 2 * DAY), NOW - DAY)  # reported and closed in it
    report(engine, NOW - 3 * DAY)  # open: nobody has dispatched it
    report(engine, NOW - MINUTE)  # open: its first clock has 4 minutes left
    engine.advance(NOW)
    told = week(engine)
    assert (told.reported, told.closed, told.open, told.overdue) == (3, 2, 2, 1)


def test_a_digest_of_an_earlier_moment_leaves_out_what_came_later(engine: Engine) -> None:
    settle(engine, report(engine, NOW - 2 * DAY), NOW + DAY)
    report(engine, NOW + DAY)
    engine.advance(NOW + 2 * DAY)
    told = week(engine)
    assert (told.reported, told.closed, told.open, told.overdue) == (1, 0, 1, 1)


def test_what_falls_due_at_the_very_end_is_not_yet_late(engine: Engine) -> None:
    report(engine, NOW - 5 * MINUTE)
    assert week(engine).overdue == 0
    assert digest(engine, CODE, until=NOW + timedelta(microseconds=1)).overdue == 1


def test_a_deadline_missed_in_a_declared_outage_is_not_overdue(engine: Engine) -> None:
    report(engine, NOW - HOUR)
    engine.advance(NOW)
    assert week(engine).overdue == 1
    engine.declare_outage(CODE, NOW - 2 * HOUR, NOW, reason="power cut", at=NOW)
    assert week(engine).overdue == 0


def test_a_paused_deadline_and_an_evaluation_that_never_came_are_not_overdue(engine: Engine) -> None:
    paused = report(engine, NOW - 2 * DAY)
    engine.dispatch(paused, to="elm", at=NOW - 2 * DAY)
    engine.suspend(paused, until=NOW + DAY, at=NOW - 2 * DAY + MINUTE)
    answered = report(engine, NOW - 5 * DAY)
    engine.resolve(answered, at=NOW - 5 * DAY + MINUTE)
    engine.answer(answered, at=NOW - 5 * DAY + MINUTE)  # could be judged for 3 days
    # What is answered is done (办结), whether or not its verdict is still to come.
    assert (week(engine).open, week(engine).closed, week(engine).overdue) == (1, 1, 0)


def test_domains_and_items_are_counted_the_most_first(engine: Engine) -> None:
    for item in ("lamp", "noise", "drain", "lamp"):
        report(engine, NOW - DAY, item)
    told = week(engine)
    assert list(told.by_domain.items()) == [("livelihood", 3), ("order", 1)]
    assert list(told.by_item.items()) == [("lamp", 2), ("drain", 1), ("noise", 1)]


def test_the_share_of_cases_found_by_workers_is_of_those_reported(engine: Engine) -> None:
    report(engine, NOW - 9 * DAY, asked=False)
    for asked in (False, True, True, True):
        report(engine, NOW - DAY, asked=asked)
    assert (week(engine).proactive.n, week(engine).proactive.of) == (1, 4)


def test_the_book_of_a_locality_and_other_localities_are_not_counted(engine: Engine) -> None:
    engine.declare_outage(CODE, NOW - DAY, NOW, reason="power cut", at=NOW - DAY)
    engine.report(locality="000000", item="lamp", at=NOW - DAY)
    assert (week(engine).reported, week(engine).open) == (0, 0)


# --- areas ------------------------------------------------------------------------------------------------------------


def test_a_case_belongs_to_whom_its_holder_its_first_receiver_or_its_place_belongs(engine: Engine) -> None:
    report(engine, NOW - DAY, place="榆树村3组")
    report(engine, NOW - DAY, place="no such place")
    engine.dispatch(report(engine, NOW - DAY), to="oak", at=NOW - DAY)
    moved = report(engine, NOW - DAY)
    engine.dispatch(moved, to="elm", at=NOW - DAY)
    engine.transfer(moved, to="fir", at=NOW - DAY + MINUTE)
    counted = {name: week(engine, name).reported for name in ("elm", "oak", "fir", "north", "south", "leader")}
    # the intake itself is below the leader, and so is everything that it still holds
    assert counted == {"elm": 2, "oak": 1, "fir": 1, "north": 3, "south": 1, "leader": 4}
    assert week(engine).reported == 4


# --- what stands out --------------------------------------------------------------------------------------------------


def spread(engine: Engine, item: str, *weeks: int, place: str = "") -> None:
    """Report an item so often in each week, the present one last."""
    for ago, number in enumerate(reversed(weeks)):
        for _ in range(number):
            report(engine, NOW - ago * 7 * DAY - DAY, item, place)


@pytest.mark.parametrize(
    ("weeks", "found"),
    [
        ((2, 2, 2, 2, 3), ["noise"]),  # exactly half more than 2
        ((3, 2, 2, 2, 3), []),  # the mean is 2.25, half more is 3.375
        ((0, 0, 0, 1, 2), []),  # eight times the mean, but only two
        ((0, 0, 0, 1, 3), ["noise"]),
        ((9, 0, 0, 0, 0, 3), []),  # five weeks ago is too long ago: this is new
        ((4, 4, 4, 4, 4), []),
    ],
)
def test_an_item_rises_with_three_cases_and_half_more_than_the_mean_of_four_periods(
    engine: Engine, weeks: tuple[int, ...], found: list[str]
) -> None:
    spread(engine, "noise", *weeks)
    assert [issue.item for issue in week(engine).rising] == found


@pytest.mark.parametrize(
    ("weeks", "found"),
    [
        ((0, 0, 0, 0, 2), ["noise"]),
        ((0, 0, 0, 0, 1), []),
        ((1, 0, 0, 0, 2), []),
        ((1, 0, 0, 0, 0, 2), ["noise"]),
        ((0, 0, 0, 0, 5), ["noise"]),
    ],
)
def test_an_item_emerges_with_two_cases_where_four_periods_had_none(
    engine: Engine, weeks: tuple[int, ...], found: list[str]
) -> None:
    spread(engine, "noise", *weeks)
    assert [issue.item for issue in week(engine).emerging] == found
    assert week(engine).rising == ()


def test_an_issue_says_where_it_is_and_what_the_mean_was(engine: Engine) -> None:
    spread(engine, "noise", 1, 0, 0, 0, 2, place="榆树村3组")
    spread(engine, "noise", 0, 0, 0, 0, 1, place="冷杉村")
    spread(engine, "noise", 0, 0, 0, 0, 1, place="the old mill")
    (issue,) = week(engine).rising
    assert (issue.cases, issue.mean) == (4, 0.25)
    assert [(where.at, where.text.zh, where.cases) for where in issue.where] == [
        *(("elm", "榆树村", 2), ("fir", "冷杉村", 1), ("the old mill", "the old mill", 1))
    ]


def test_a_case_without_an_item_is_no_issue(engine: Engine) -> None:
    spread(engine, "", 0, 0, 0, 0, 4)
    told = week(engine)
    assert (told.by_item, told.rising, told.emerging) == ({"": 4}, (), ())


def test_what_counts_as_rising_and_emerging_is_a_parameter(engine: Engine) -> None:
    spread(engine, "noise", 2, 2, 2, 2, 3)
    spread(engine, "lamp", 0, 0, 0, 0, 2)
    strict = week(engine, signs=Signs(growth=1.0, emerging=3))
    assert (strict.rising, strict.emerging) == ((), ())


def test_the_digest_says_when_there_is_too_little_to_compare_with(engine: Engine) -> None:
    assert week(engine).compared == 0
    spread(engine, "noise", 1, 2)
    assert week(engine).compared == 0  # the first case came in the middle of last week
    report(engine, NOW - 21 * DAY)
    assert week(engine).compared == 2
    assert "the records cover 2 of the 4 periods before: compare with care" not in week(engine).lines("en")
    spread(engine, "lamp", 6)
    assert "the records cover 2 of the 4 periods before: compare with care" in week(engine).lines("en")


def test_an_item_recurs_at_one_place_within_ninety_days(engine: Engine) -> None:
    for days, place in ((90, "elm"), (5, "elm"), (91, "oak"), (5, "oak"), (5, "fir"), (5, "")):
        report(engine, NOW - days * DAY, "drain", place)
    report(engine, NOW - 5 * DAY, "lamp", "fir")
    report(engine, NOW - 4 * DAY, "drain", "")
    found = [(one.item, one.place, one.where.cases, one.reopened) for one in week(engine).recurring]
    assert found == [("drain", "elm", 2, 0)]


def test_a_reopened_case_recurs_though_it_was_reported_once(engine: Engine) -> None:
    old = report(engine, NOW - 200 * DAY, "drain", "elm")
    settle(engine, old, NOW - 199 * DAY, satisfied=False)
    (one,) = week(engine).recurring  # it is still open
    assert (one.item, one.where.at, one.where.cases, one.reopened) == ("drain", "elm", 1, 1)


# --- what went up -----------------------------------------------------------------------------------------------------


def test_only_a_case_that_left_the_unit_upwards_has_gone_above(engine: Engine) -> None:
    stayed, left = report(engine, NOW - DAY, place="elm"), report(engine, NOW - DAY, place="oak")
    for case, to in ((stayed, "elm"), (left, "oak")):
        engine.dispatch(case, to=to, at=NOW - DAY)
    engine.escalate(stayed, to="north", at=NOW - DAY + MINUTE)
    engine.escalate(left, form="lead", at=NOW - DAY + MINUTE)
    above = {name: week(engine, name).above for name in ("elm", "oak", "north", "bureau", None)}
    assert above == {"elm": 1, "oak": 1, "north": 1, "bureau": 0, None: 0}
    assert (week(engine, "north").escalated, week(engine).escalations) == (2, {Kind.TAKE_OVER: 2})
    engine.escalate(left, form="study", at=NOW - DAY + 2 * MINUTE)
    assert week(engine).above == 1


def test_an_escalation_belongs_to_the_period_in_which_it_was(engine: Engine) -> None:
    case = report(engine, NOW - 9 * DAY, place="elm")
    engine.dispatch(case, to="elm", at=NOW - 9 * DAY)
    engine.escalate(case, at=NOW - 9 * DAY + MINUTE)
    assert (week(engine, "elm").escalated, week(engine, "elm").above) == (0, 0)
    earlier = digest(engine, CODE, "elm", "week", until=NOW - 7 * DAY)
    assert (earlier.escalated, earlier.above) == (1, 1)


def test_an_escalation_counts_though_the_case_was_closed_in_the_same_period(engine: Engine) -> None:
    case = report(engine, NOW - DAY, place="elm")
    engine.dispatch(case, to="elm", at=NOW - DAY)
    engine.escalate(case, at=NOW - DAY + MINUTE)
    settle(engine, case, NOW - DAY + 2 * MINUTE)
    assert (week(engine, "elm").closed, week(engine, "elm").escalated, week(engine, "elm").above) == (1, 1, 1)


def test_a_case_that_somebody_else_dispatches_for_the_intake_has_not_gone_above(engine: Engine) -> None:
    report(engine, NOW - DAY, place="elm", severity="major")  # its route leads to the bureau
    engine.advance(NOW - DAY + 66 * MINUTE)  # due after 5 minutes, urged; then 30 minutes a rung
    told = week(engine, "elm")
    assert (told.escalated, told.above) == (1, 0)
    assert told.escalations == {Kind.URGE: 1, Kind.SUPERVISE: 1, Kind.TAKE_OVER: 1}


# --- what a person reads ----------------------------------------------------------------------------------------------


def test_a_telephone_number_in_a_place_or_an_item_is_masked(engine: Engine) -> None:
    for ago in (1, 2):
        report(engine, NOW - ago * DAY, "call 13800138000", "13900139000")
    told = week(engine)
    for said in (json.dumps(told.as_json()), "\n".join(told.lines("zh")), "\n".join(told.lines("en"))):
        assert "***" in said
        assert "13800138000" not in said
        assert "13900139000" not in said


def test_the_lines_say_what_the_digest_holds_in_either_language(engine: Engine) -> None:
    spread(engine, "noise", 2, 2, 2, 2, 3, place="榆树村")
    spread(engine, "lamp", 0, 0, 0, 0, 2, place="冷杉村")
    zh, en = week(engine, "bureau").lines("zh"), week(engine, "bureau").lines("en")
    assert zh[0] == "每周分析：区住建局"
    assert en[0] == "Weekly analysis: Bureau"
    assert "倾向性问题：noise：3 件，往期平均 2.0 件（榆树村 3）" in zh
    assert "rising: noise: 3, before 2.0 on average (Elm 3)" in en
    assert "苗头性问题：lamp：2 件，往期平均 0.0 件（冷杉村 2）" in zh
    assert "主动处置 0／5 件（0.0 %）" in zh
    assert "found by workers 0 of 5 (0.0 %)" in en


def test_a_long_list_is_cut_at_ten_and_says_so(engine: Engine) -> None:
    for number in range(12):
        for _ in range(2):
            report(engine, NOW - DAY, "drain", f"lane {number}")
    told = week(engine)
    assert len(told.recurring) == 12
    assert "recurring: 2 more" in told.lines("en")
    assert "反复出现：另有 2 项" in told.lines("zh")


def test_the_digest_as_json_holds_every_figure(engine: Engine) -> None:
    spread(engine, "noise", 2, 2, 2, 2, 3, place="榆树村")
    told = json.loads(json.dumps(week(engine, "elm").as_json()))
    assert (told["unit"], told["since"], told["reported"]) == ("elm", "2026-03-09T00:00:00+08:00", 3)
    assert told["rising"] == [{"item": "noise", "cases": 3, "mean": 2.0, "where": [{"at": "elm", "cases": 3}]}]
    assert told["recurring"] == [{"item": "noise", "place": "榆树村", "at": "elm", "cases": 11, "reopened": 0}]


# --- summonses --------------------------------------------------------------------------------------------------------


def called(*found: Summons) -> list[tuple[str, str, bool | None]]:
    """Who blew, who was called, and whether they came in time."""
    return [(one.unit, each.unit, each.in_time) for one in found for each in one.called]


@pytest.fixture
def whistled(engine: Engine) -> str:
    case = report(engine, NOW)
    engine.dispatch(case, to="north", at=NOW + MINUTE)
    engine.whistle(case, units=["bureau", "joint"], at=NOW + 2 * MINUTE, by=Actor("post 7", "north"))
    return case


def test_a_summons_keeps_who_called_whom_when_and_when_they_came(engine: Engine, whistled: str) -> None:
    engine.check_in(whistled, unit="bureau", at=NOW + 32 * MINUTE)
    engine.check_in(whistled, unit="joint", at=NOW + 33 * MINUTE)
    (one,) = summonses(engine.history(whistled))
    assert (one.at, one.unit) == (NOW + 2 * MINUTE, "north")
    assert [(each.unit, each.due, each.came, each.in_time) for each in one.called] == [
        ("bureau", NOW + 32 * MINUTE, NOW + 32 * MINUTE, True),
        ("joint", NOW + 32 * MINUTE, NOW + 33 * MINUTE, False),
    ]


def test_who_may_still_come_is_neither_late_nor_in_time(engine: Engine, whistled: str) -> None:
    assert called(*summonses(engine.history(whistled))) == [("north", "bureau", None), ("north", "joint", None)]
    engine.advance(NOW + 33 * MINUTE)
    assert called(*summonses(engine.history(whistled))) == [("north", "bureau", False), ("north", "joint", False)]


def test_who_was_no_longer_needed_is_not_late(engine: Engine, whistled: str) -> None:
    engine.resolve(whistled, at=NOW + 5 * MINUTE)
    assert called(*summonses(engine.history(whistled))) == [("north", "bureau", None), ("north", "joint", None)]


def test_a_unit_that_never_came_did_not_come_because_the_case_moved_on(engine: Engine, whistled: str) -> None:
    engine.transfer(whistled, to="south", at=NOW + 50 * MINUTE)
    (one,) = summonses(engine.history(whistled))
    assert [(each.came, each.in_time) for each in one.called] == [(None, False), (None, False)]


def test_a_unit_that_is_waited_for_is_not_summoned_twice_and_one_that_came_may_be_called_again(
    engine: Engine, whistled: str
) -> None:
    engine.whistle(whistled, units=["bureau"], at=NOW + 3 * MINUTE)
    engine.check_in(whistled, unit="bureau", at=NOW + 4 * MINUTE)
    engine.whistle(whistled, units=["bureau"], at=NOW + 5 * MINUTE)
    found = summonses(engine.history(whistled))
    assert called(*found) == [("north", "bureau", True), ("north", "joint", None), ("north", "bureau", None)]
    assert [one.at for one in found] == [NOW + 2 * MINUTE, NOW + 5 * MINUTE]


def test_the_duty_of_a_summons_that_nobody_answered_goes_to_the_unit_above(engine: Engine, whistled: str) -> None:
    engine.advance(NOW + 93 * MINUTE)  # due at 32, then urged, supervised at 62, taken over at 92
    (one,) = summonses(engine.history(whistled))
    assert [(each.unit, each.duty) for each in one.called] == [("bureau", "joint"), ("joint", "leader")]


def test_a_case_without_a_whistle_has_no_summons(engine: Engine) -> None:
    assert summonses(engine.history(report(engine, NOW))) == []


# --- the special report -----------------------------------------------------------------------------------------------


@pytest.fixture
def neglected(engine: Engine) -> str:
    """A case that nobody went to: it climbs through all six forms to the special report."""
    case = report(engine, NOW, "noise", "榆树村3组")
    engine.dispatch(case, to="elm", at=NOW + 3 * MINUTE)
    engine.advance(NOW + DAY)
    return case


def test_a_special_report_goes_to_the_leader_with_what_the_case_went_through(engine: Engine, neglected: str) -> None:
    told = special_report(engine, neglected)
    assert told.filed is not None
    assert told.filed == told.until
    assert (told.to, told.by, told.days, told.reopened) == ("leader", "joint", 0, 0)
    assert [(held.unit, held.form) for held in told.held] == [
        ("intake", None),
        ("elm", Form.DIRECT),
        ("north", Form.VERIFY),
        ("north", Form.ASSIST),
        ("bureau", Form.LEAD),
        ("joint", Form.JOINT),
        ("leader", Form.STUDY),
    ]
    assert {missed.clock for missed in told.missed} == {"arrive"}
    assert [missed.cycle for missed in told.missed] == [1, 2, 3, 4, 5, 6]
    assert not any(missed.exempt for missed in told.missed)


def test_what_happened_after_the_filing_is_not_in_the_special_report(engine: Engine, neglected: str) -> None:
    before = special_report(engine, neglected)
    engine.confer(neglected, at=NOW + 2 * DAY)
    report(engine, NOW + 2 * DAY, "noise", "冷杉村")
    after = special_report(engine, neglected)
    assert (after.conferences, after.growth, after.regions) == ((), before.growth, before.regions)


def test_the_trend_counts_the_item_by_month_for_twelve_months(engine: Engine, neglected: str) -> None:
    for month, item in ((3, "noise"), (4, "noise"), (4, "noise"), (12, "noise"), (12, "lamp")):
        report(engine, datetime(2025, month, 28, 12, tzinfo=CST), item)
    engine.report(locality="000000", item="noise", at=datetime(2025, 12, 28, tzinfo=CST))
    told = dict(special_report(engine, neglected).growth)
    assert list(told)[::11] == ["2025-04", "2026-03"]
    assert {month: number for month, number in told.items() if number} == {"2025-04": 2, "2025-12": 1, "2026-03": 1}


def test_a_month_begins_at_midnight_in_the_cases_zone(engine: Engine, neglected: str) -> None:
    report(engine, datetime(2026, 2, 1, 0, 0, tzinfo=CST), "noise")
    report(engine, datetime(2026, 1, 31, 23, 59, tzinfo=CST), "noise")
    told = dict(special_report(engine, neglected).growth)
    assert (told["2026-01"], told["2026-02"]) == (1, 1)


def test_the_distribution_is_by_town_and_else_by_place(engine: Engine, neglected: str) -> None:
    for place in ("橡树村", "oak", "冷杉村2组", "the old mill"):
        report(engine, NOW - DAY, "noise", place)
    told = special_report(engine, neglected)
    assert [(where.at, where.text.zh, where.cases) for where in told.regions] == [
        *(("north", "北镇", 3), ("south", "南镇", 1), ("the old mill", "the old mill", 1))
    ]
    assert sum(number for _, number in told.growth) == 5


def test_conferences_summonses_and_reopenings_are_told(engine: Engine, whistled: str) -> None:
    engine.check_in(whistled, unit="bureau", at=NOW + 10 * MINUTE)
    engine.confer(whistled, at=NOW + 15 * MINUTE, by=Actor("head", "bureau"))
    engine.resolve(whistled, at=NOW + 20 * MINUTE)
    engine.answer(whistled, at=NOW + 21 * MINUTE)
    engine.evaluate(whistled, satisfied=False, at=NOW + 3 * DAY)
    told = special_report(engine, whistled)
    assert told.conferences == ((NOW + 15 * MINUTE, "bureau"),)
    assert called(*told.summonses) == [("north", "bureau", True), ("north", "joint", None)]
    assert (told.reopened, told.days) == (1, 3)


def test_a_case_without_a_filing_gives_a_draft(engine: Engine, whistled: str) -> None:
    told = special_report(engine, whistled)
    assert (told.filed, told.to, told.until) == (None, "leader", NOW + 2 * MINUTE)
    assert told.lines("en")[1].startswith("draft")


def test_an_excused_deadline_is_marked(engine: Engine, neglected: str) -> None:
    engine.declare_outage(CODE, NOW, NOW + HOUR, reason="power cut", at=NOW + DAY)
    told = special_report(engine, neglected)
    assert [missed.exempt for missed in told.missed] == [True]


def test_the_special_report_has_the_three_parts_of_the_article_in_either_language(
    engine: Engine, neglected: str
) -> None:
    told = special_report(engine, neglected)
    zh, en = told.lines("zh"), told.lines("en")
    assert [line for line in zh if line[:2] in ("一、", "二、", "三、")] == [
        *("一、增长趋势", "二、区域分布", "三、疑难协调")
    ]
    assert "报：分管领导；报送单位：区级联办（经开区）" in zh
    assert "to Leader, from Joint (the zone)" in en
    assert "  北镇：1 件" in zh
    assert "近 12 个月同类事项 1 件：前 6 个月 0 件，后 6 个月 1 件" in zh
    assert "  超时：到场，应于 2026-03-16 00:43" in zh
    assert len(zh) == len(en)


def test_the_special_report_as_json_is_plain(engine: Engine, whistled: str) -> None:
    told = json.loads(json.dumps(special_report(engine, whistled).as_json()))
    assert told["growth"][-1] == {"month": "2026-03", "cases": 1}
    (one,) = told["difficulty"]["summonses"]
    assert (one["at"], one["unit"]) == ("2026-03-16T00:02:00+08:00", "north")
    assert one["called"][0] == {
        "unit": "bureau",
        "due": "2026-03-16T00:32:00+08:00",
        "came": None,
        "in_time": None,
        "duty": None,
    }


# --- the commands -----------------------------------------------------------------------------------------------------

Told = Callable[..., Any]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Three cases of one item under the default rules, on 14, 15 and 16 March; the clock stands at noon of the last."""
    path = tmp_path / "cases.db"
    with Engine.open(path) as engine:
        for number, day in enumerate((14, 15, 16), start=1):
            at = datetime(2026, 3, day, 9, tzinfo=CST)
            engine.report(locality="000000", case_id=str(number), item="lamp", place="elm", at=at)
        engine.advance(datetime(2026, 3, 16, 12, tzinfo=CST))
    return path


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str], store: Path) -> Told:
    def tell(**options: Any) -> Any:
        given = {"unit": None, "period": "day", "until": None, "as_json": True, "lang": "en"} | options
        assert briefing.digest("000000", store=store, **given) == 0
        out = capsys.readouterr().out
        return json.loads(out) if given["as_json"] else out

    return tell


def test_the_command_counts_a_given_date_in_and_stops_at_a_given_time(told: Told) -> None:
    whole = told(until="2026-03-15")
    assert (whole["since"], whole["until"]) == ("2026-03-15T00:00:00+08:00", "2026-03-16T00:00:00+08:00")
    assert whole["reported"] == 1
    assert told(until="2026-03-15 09:00")["reported"] == 1  # the 14th at 09:00 is in, the 15th at 09:00 is not
    assert told(until="2026-03-15 08:59")["reported"] == 1
    assert told(until="2026-03-15", period="week")["reported"] == 2


def test_the_command_ends_by_default_where_the_stores_clock_stands(told: Told) -> None:
    assert told()["until"] == "2026-03-16T12:00:00+08:00"
    assert told()["reported"] == 1
    assert told(period=None)["period"] == "month"


def test_the_command_prints_the_digest(told: Told) -> None:
    assert told(as_json=False, lang="zh", period="week").splitlines()[0] == "每周分析：默认规则"


def test_the_command_refuses_a_time_that_nobody_can_read(store: Path) -> None:
    with pytest.raises(CommandError, match=r"--until 'tomorrow'"):
        briefing.digest("000000", store=store, unit=None, period=None, until="tomorrow", as_json=True, lang="en")


def test_the_special_report_is_printed_or_given_as_json(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    assert briefing.special("3", store=store, as_json=False, lang="zh") == 0
    assert capsys.readouterr().out.splitlines()[0] == "关于事项 3 的专报"
    assert briefing.special("3", store=store, as_json=True, lang="en") == 0
    assert json.loads(capsys.readouterr().out)["regions"] == [{"at": "elm", "cases": 3}]
    with pytest.raises(UnknownCase):
        briefing.special("9", store=store, as_json=True, lang="en")
