"""Rulings from a county's tables: which row answers, what that makes of a case, and what the layer below is left."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from governflow import Case, CommandError, Engine, Text, hookimpl
from governflow.calendars.allowances import Allowance
from governflow.model.case import fold
from governflow.model.clocks import STATUTE, ClockSpec
from governflow.model.lifecycle import Action, Lifecycle, Move
from governflow.model.terms import Form, Kind, Severity, Tier, Urgency
from governflow.model.units import OrgChart, Unit
from governflow.policy.builtin.default_clocks import WHOLE
from governflow.policy.hookspecs import Deadlines, Ruling
from governflow.reports import escalations
from governflow.tables import Catalogue, Table
from governflow.testing import ManualClock

T0 = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
COUNTY = "990101"
FIRST = "hit policy,first"


def named(code: str, zh: str, level: int, parent: str | None, *forms: Form, kind: str = "") -> Unit:
    return Unit(code, Text(code, zh), level, parent, forms, kind=kind)


UNITS = OrgChart.of(
    [
        named("intake", "受理平台", 0, "leaders"),
        named("990101001001", "乐安村", 2, "990101001", Form.DIRECT, kind="village"),
        named("990101001002", "新民社区", 2, "990101001", Form.DIRECT, kind="village"),
        named("990101002001", "西庄村", 2, "990101002", Form.DIRECT, kind="village"),
        named("990101001", "东镇", 3, "joint", Form.VERIFY, Form.ASSIST, kind="town"),
        named("990101002", "西镇", 3, "joint", Form.VERIFY, Form.ASSIST, kind="town"),
        named("990101001-team", "东镇网格队", 2, "990101001", kind="team"),
        named("water", "水务局", 4, "joint", Form.LEAD, kind="department"),
        named("roads", "交通局", 4, "joint", Form.LEAD, kind="department"),
        named("joint", "部门联办", 5, "leaders", Form.JOINT),
        named("leaders", "县领导", 6, None, Form.STUDY),
    ]
)


def plus(minutes: float) -> datetime:
    return T0 + minutes * MINUTE


def table(name: str, *lines: str) -> Table:
    return Table.read((f"{name}.csv", "\n".join(lines).encode()), name=name)


def catalogue(*lines: str) -> Catalogue:
    return Catalogue.read(("catalogue.csv", "\n".join(lines).encode()))


class Plugin:
    """A plugin with tables, a chart, and the hooks that are named, without their prefix."""

    def __init__(self, *given: Table | Catalogue, units: OrgChart | None = UNITS, **hooks: Callable[..., Any]) -> None:
        if given:
            by_name = {"catalogue" if isinstance(one, Catalogue) else one.name: one for one in given}
            hooks["tables"] = lambda: by_name
        if units is not None:
            hooks["units"] = lambda: units
        for name, function in hooks.items():
            setattr(self, f"governflow_{name}", hookimpl(function))


@pytest.fixture(params=["memory", "sqlite"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = None if request.param == "memory" else tmp_path / "cases.db"
    with Engine.open(url, clock=ManualClock(T0)) as opened:
        yield opened
        faulted = [event for case in opened.cases() for event in opened.history(case.id) if event.kind == "faulted"]
        assert faulted == []
        assert all(fold(opened.history(case.id)) == case for case in opened.cases())
        opened.verify()


def using(engine: Engine, *given: Table | Catalogue, **hooks: Any) -> None:
    engine.localities.register(COUNTY, Plugin(*given, **hooks))


def report(engine: Engine, **told: Any) -> Case:
    return engine.report(**{"case_id": "c", "locality": COUNTY, "at": T0, **told})


def rulings(engine: Engine, case: str = "c") -> dict[str, tuple[Any, str, str]]:
    """What was ruled on last, each with its value, rule and source."""
    return {
        one.ruling.what: (one.ruling.value, one.ruling.rule, one.ruling.source) for one in engine.explain(case).rulings
    }


# --- assess and tier --------------------------------------------------------------------------------------------------


def test_a_table_rules_on_severity_and_urgency_and_leaves_what_it_does_not_say(engine: Engine) -> None:
    rows = ("A1,燃气泄漏,major,emergency", "A2,路灯,complex,", "A3,,,")
    using(engine, table("assess", FIRST, "rule,item,severity,urgency", "domain,*,,", *rows))
    assert (leak := report(engine, item="燃气泄漏")).severity == Severity.MAJOR
    assert leak.urgency == Urgency.EMERGENCY
    assert rulings(engine)["assess"] == (["major", "emergency"], "assess/A1", COUNTY)
    lamp = report(engine, case_id="lamp", item="路灯", urgency="urgent")
    assert (lamp.severity, lamp.urgency) == (Severity.COMPLEX, Urgency.URGENT)


def test_what_the_table_assessed_is_what_the_table_of_tiers_asks_about(engine: Engine) -> None:
    assess = table("assess", FIRST, "rule,item,severity", "domain,*,", "A1,燃气泄漏,major", "A2,,")
    tier = table("tier", "rule,severity,tier", "T1,major,1", "T2,general|complex,3")
    using(engine, assess, tier)
    assert report(engine, item="燃气泄漏").tier == Tier.ONE
    assert report(engine, case_id="d", item="路灯").tier == Tier.THREE


def test_the_ruling_carries_the_rules_own_reason_in_both_languages_and_its_id(engine: Engine) -> None:
    using(engine, table("tier", "rule,severity,tier,reason_en,reason_zh", "T7,,2,to the town,到镇街"))
    report(engine)
    (told,) = [one.ruling for one in engine.explain("c").rulings if one.ruling.what == "tier"]
    assert (told.rule, told.reason) == ("tier/T7", Text("to the town", "到镇街"))


def test_a_rule_without_an_outcome_leaves_the_case_to_the_layer_below(engine: Engine) -> None:
    engine.localities.register("990100", Plugin(table("tier", "rule,severity,tier", "P1,,2"), units=None))
    using(engine, table("tier", "rule,severity,tier", "T1,major,1", "T2,general|complex,"))
    report(engine)
    assert rulings(engine)["tier"] == ("2", "tier/P1", "990100")
    report(engine, case_id="d", severity="major")
    assert rulings(engine, "d")["tier"] == ("1", "tier/T1", COUNTY)


def test_within_a_layer_the_hook_is_asked_before_the_table_and_the_table_before_the_catalogue(engine: Engine) -> None:
    def tier(case: Case) -> Ruling | None:
        return Ruling(Tier.ONE, "by hand", "hook/1") if case.item == "井盖" else None

    items = catalogue("item,tier", "井盖,3", "路灯,3", "树木,3")
    using(engine, items, table("tier", FIRST, "rule,item,tier", "domain,*,", "T1,井盖|路灯,2", "T2,,"), tier=tier)
    for item in ("井盖", "路灯", "树木"):
        report(engine, case_id=item, item=item)
    assert [rulings(engine, item)["tier"] for item in ("井盖", "路灯", "树木")] == [
        ("1", "hook/1", COUNTY),
        ("2", "tier/T1", COUNTY),
        ("3", "catalogue/树木", COUNTY),
    ]


def test_the_catalogue_of_a_county_is_asked_before_the_hook_of_its_city(engine: Engine) -> None:
    engine.localities.register("990100", Plugin(units=None, tier=lambda: Ruling(Tier.ONE, "the city says")))
    using(engine, catalogue("item,tier", "路灯,3"))
    assert report(engine, item="路灯").tier == Tier.THREE
    assert report(engine, case_id="d", item="井盖").tier == Tier.ONE


def test_the_catalogue_of_a_city_waits_for_its_hook_although_the_county_above_has_nothing_to_say(
    engine: Engine,
) -> None:
    items = catalogue("item,tier", "路灯,3")
    engine.localities.register("990100", Plugin(items, units=None, tier=lambda: Ruling(Tier.ONE, "the city says")))
    using(engine)
    assert report(engine, item="路灯").tier == Tier.ONE


# --- routes -----------------------------------------------------------------------------------------------------------


def routed(engine: Engine, place: str = "", **told: Any) -> Case:
    report(engine, place=place, **told)
    return engine.dispatch("c", at=plus(1))


def test_a_route_names_a_unit_who_assists_and_a_form(engine: Engine) -> None:
    using(engine, table("route", "rule,tier,lead,assist,form", "R1,,water,roads|990101001,joint"))
    case = routed(engine)
    assert (case.unit, case.assist, case.form) == ("water", ("roads", "990101001"), Form.JOINT)
    assert rulings(engine)["route"] == (
        {"lead": "water", "form": "joint", "assist": ["roads", "990101001"]},
        *("route/R1", COUNTY),
    )


@pytest.mark.parametrize(
    ("place", "unit"),
    [
        ("990101001002", "990101001002"),
        ("东镇新民社区3号楼", "990101001002"),
        ("西庄村", "990101002001"),
        ("西镇", "intake"),
        ("somewhere else", "intake"),
        ("", "intake"),
    ],
    ids=["code", "text", "the only village named", "only a town", "unknown", "none"],
)
def test_a_route_to_a_kind_goes_to_the_unit_of_that_kind_around_the_place_or_back_to_the_intake(
    engine: Engine, place: str, unit: str
) -> None:
    """西镇 has one village only, but a town is not that village."""
    chart = OrgChart.of([*UNITS.units.values(), named("990101002002", "北庄村", 2, "990101002", kind="village")])
    using(engine, table("route", "rule,tier,lead", "R1,,@village"), units=chart)
    assert routed(engine, place).unit == unit


def test_a_route_to_a_team_finds_the_only_team_of_the_town_around_the_place(engine: Engine) -> None:
    using(engine, table("route", "rule,tier,lead,assist", "R1,,@team,@town"))
    case = routed(engine, "新民社区")
    assert (case.unit, case.assist) == ("990101001-team", ("990101001",))


def test_a_unit_that_leads_does_not_assist_itself(engine: Engine) -> None:
    using(engine, table("route", "rule,tier,lead,assist", "R1,,@town,990101001|roads"))
    assert routed(engine, "东镇").assist == ("roads",)


@pytest.mark.parametrize(
    ("severity", "lead", "form"),
    [
        ("general", "990101001001", Form.DIRECT),
        ("complex", "990101001", Form.VERIFY),
        ("major", "water", Form.LEAD),
        ("general", "water", Form.LEAD),
        ("major", "990101001-team", Form.LEAD),
    ],
    ids=["village", "town", "department", "a department for a small matter", "a team that stands for no form"],
)
def test_without_a_form_the_tiers_form_is_taken_unless_the_unit_stands_for_others(
    engine: Engine, severity: str, lead: str, form: Form
) -> None:
    using(engine, table("route", "rule,tier,lead", f"R1,,{lead}"))
    assert routed(engine, severity=severity).form == form


def test_a_route_may_ask_for_the_place_by_its_code(engine: Engine) -> None:
    lines = (FIRST, "rule,place,lead", "domain,code,", "R1,990101001*,water", "R2,,roads")
    using(engine, table("route", *lines))
    for number, (place, lead) in enumerate(
        [
            ("990101001002", "water"),
            ("东镇新民社区", "water"),
            ("990101002001", "roads"),
            ("西庄村", "roads"),
            ("", "roads"),
        ]
    ):
        report(engine, case_id=str(number), place=place)
        assert engine.dispatch(str(number), at=plus(1)).unit == lead, place


# --- deadlines --------------------------------------------------------------------------------------------------------


def allowances(case: Case) -> dict[str, str]:
    return {clock.name: clock.allowance for clock in case.clocks.values()}


def test_a_table_of_deadlines_changes_allowances_and_nothing_else_of_a_clock(engine: Engine) -> None:
    using(engine, table("deadlines", "rule,severity,arrive,resolve", "D1,general,20min,2h", "D2,complex|major,,3d"))
    report(engine)
    case = engine.dispatch("c", at=plus(1))
    arrive = case.clocks["arrive"]
    assert (arrive.due, arrive.traits) == (plus(21), ("pauses",))
    assert rulings(engine)["clock:arrive"] == ("20min", "deadlines/D1", COUNTY)
    assert engine.arrive("c", at=plus(5)).clocks["resolve"].due == plus(125)
    report(engine, case_id="d", severity="complex")
    assert allowances(engine.dispatch("d", at=plus(1)))["arrive"] == "40min"
    assert engine.arrive("d", at=plus(2)).clocks["resolve"].due == plus(2) + 3 * DAY


def test_a_clock_that_a_table_drops_does_not_run(engine: Engine) -> None:
    using(engine, table("deadlines", "rule,severity,arrive,resolve", "D1,general,-,", "D2,complex|major,不设,"))
    report(engine)
    assert "arrive" not in engine.dispatch("c", at=plus(1)).clocks
    report(engine, case_id="d", severity="major")
    assert "arrive" not in engine.dispatch("d", at=plus(1)).clocks


def test_a_cell_that_is_empty_leaves_the_clock_as_the_layer_below_has_it(engine: Engine) -> None:
    city = table("deadlines", "rule,severity,arrive,resolve", "P1,,30min,1h")
    engine.localities.register("990100", Plugin(city, units=None))
    using(engine, table("deadlines", "rule,severity,arrive,resolve", "D1,,10min,"))
    report(engine)
    engine.dispatch("c", at=plus(1))
    case = engine.arrive("c", at=plus(2))
    assert (allowances(case)["arrive"], allowances(case)["resolve"]) == ("10min", "1h")
    assert [rulings(engine)[f"clock:{name}"][2] for name in ("arrive", "resolve")] == [COUNTY, "990100"]


def faults_of(engine: Engine, case: str = "c") -> list[str]:
    return [
        fault["fault"] for event in engine.history(case) if event.kind == "faulted" for fault in event.about["faults"]
    ]


def test_a_clock_of_the_law_is_not_dropped_and_the_attempt_is_a_fault() -> None:
    engine = Engine.open(clock=ManualClock(T0))
    using(engine, table("deadlines", "rule,severity,whole,resolve", "D1,,-,"))
    assert report(engine).clocks["whole"].running
    (fault,) = faults_of(engine)
    assert "drops the clock whole, which petition-regulation/34 demands" in fault


def test_a_clock_of_the_law_may_be_tightened(engine: Engine) -> None:
    using(engine, table("deadlines", "rule,severity,whole,resolve", "D1,,30cd,"))
    assert report(engine).clocks["whole"].allowance == "30cd"
    assert STATUTE in report(engine, case_id="d").clocks["whole"].traits


def test_a_clock_of_the_law_that_a_hook_tightens_stays_one_of_the_law_and_is_extended_no_further(
    engine: Engine,
) -> None:
    quick = ClockSpec("whole", WHOLE.text, Allowance.parse("30cd"), WHOLE.starts, WHOLE.stops, ("lasts", "duty"))
    told = Deadlines((quick,))
    using(engine, deadlines=lambda: told)
    clock = report(engine).clocks["whole"]
    assert (clock.allowance, STATUTE in clock.traits) == ("30cd", True)
    with pytest.raises(CommandError, match="can be extended by 30 calendar days at most"):
        engine.extend("c", clock="whole", allowance="31cd", approved_by="chief", reason="x", at=plus(1))


def test_a_clock_of_the_law_is_not_loosened_by_a_table_and_the_attempt_is_a_fault() -> None:
    engine = Engine.open(clock=ManualClock(T0))
    using(engine, table("deadlines", "rule,severity,whole,resolve", "D1,,90cd,"))
    assert report(engine).clocks["whole"].allowance == "60cd"
    assert any("whole" in fault for fault in faults_of(engine))


def test_a_clock_of_the_law_is_not_loosened_by_a_hook_and_the_attempt_is_a_fault() -> None:
    engine = Engine.open(clock=ManualClock(T0))
    slow = ClockSpec("whole", WHOLE.text, Allowance.parse("90cd"), WHOLE.starts, WHOLE.stops, WHOLE.traits)
    told = Deadlines((slow,))
    using(engine, deadlines=lambda: told)
    clock = report(engine).clocks["whole"]
    assert (clock.allowance, STATUTE in clock.traits) == ("60cd", True)
    assert any("whole" in fault for fault in faults_of(engine))


HEARING = Deadlines(
    (
        ClockSpec(
            "hearing", Text("hearing", "听证"), Allowance.parse("5d"), frozenset({"report"}), frozenset({"answer"})
        ),
    )
)


def test_a_table_changes_a_clock_that_the_city_starts_and_is_at_fault_where_the_city_does_not() -> None:
    engine = Engine.open(clock=ManualClock(T0))
    started = Plugin(units=None, deadlines=lambda case: HEARING if case.severity == "major" else None)
    engine.localities.register("990100", started)
    using(engine, table("deadlines", "rule,severity,resolve,→hearing", "D1,,,2d"))
    assert report(engine, severity="major").clocks["hearing"].allowance == "2d"
    assert faults_of(engine) == []
    report(engine, case_id="d")
    assert faults_of(engine, "d") == ["gives hearing an allowance, but no layer starts it"]


def test_a_clock_that_the_hook_of_a_layer_starts_is_the_hooks_and_the_table_beside_it_is_no_fault(
    engine: Engine,
) -> None:
    using(engine, table("deadlines", "rule,severity,resolve,→hearing", "D1,,1d,2d"), deadlines=lambda: HEARING)
    assert report(engine).clocks["hearing"].allowance == "5d"


def test_a_table_of_deadlines_may_look_at_the_item_and_its_catalogue_gives_the_time_to_resolve(engine: Engine) -> None:
    using(engine, catalogue("item,allowance", "井盖,2紧急工作时", "路灯,3天", "树木,"), units=None)
    for item in ("井盖", "路灯", "树木"):
        report(engine, case_id=item, item=item, visit=False)
    times = {item: engine.dispatch(item, at=plus(1)).clocks["resolve"].allowance for item in ("井盖", "路灯", "树木")}
    assert times == {"井盖": "2h", "路灯": "3d", "树木": "30min"}
    assert rulings(engine, "井盖")["clock:resolve"][1:] == ("catalogue/井盖", COUNTY)


def test_a_table_of_deadlines_comes_before_the_catalogue_of_its_own_layer(engine: Engine) -> None:
    lines = ("rule,severity,resolve", "D1,major,1d", "D2,general|complex,")
    using(engine, catalogue("item,allowance", "路灯,3天"), table("deadlines", *lines))
    report(engine, item="路灯", visit=False)
    assert engine.dispatch("c", at=plus(1)).clocks["resolve"].allowance == "3d"
    report(engine, case_id="d", item="路灯", severity="major", visit=False)
    assert engine.dispatch("d", at=plus(1)).clocks["resolve"].allowance == "1d"


# --- escalation -------------------------------------------------------------------------------------------------------


def ladder(*rules: str) -> Table:
    return table("escalate", FIRST, "rule,clock,rung,kind,to,→form,again", "domain,*,,,,,", *rules)


def climbed(engine: Engine, case: str = "c") -> list[tuple[str, Any]]:
    """Each rung that was climbed: the kind of the event and to whom."""
    return [
        (event.kind, event.about["escalation"]["to"]) for event in engine.history(case) if "escalation" in event.about
    ]


def test_a_table_says_who_is_urged_who_supervises_and_after_how_long(engine: Engine) -> None:
    using(
        engine,
        ladder("E1,dispatch,0,urge,holder,,10min", "E2,dispatch,1,supervise,water,,20min", "E3,,,,,,"),
        table("route", "rule,tier,lead", "R1,,@village"),
    )
    report(engine)
    engine.advance(plus(36))
    assert [(event.kind, event.at) for event in engine.history("c")[2:]] == [
        ("breached", plus(5)),
        ("urged", plus(5)),
        ("supervised", plus(15)),
        ("taken_over", plus(35)),
    ]
    assert climbed(engine)[:2] == [("urged", "intake"), ("supervised", "water")]
    assert rulings(engine)["escalate"][2] == "governflow"


@pytest.mark.parametrize(
    ("word", "unit"),
    [("holder", "990101001001"), ("above", "990101001"), ("roads", "roads"), ("@town", "990101001")],
)
def test_the_receiver_of_an_escalation_is_the_holder_the_unit_above_one_of_a_kind_or_a_named_one(
    engine: Engine, word: str, unit: str
) -> None:
    using(
        engine,
        ladder(f"E1,arrive,0,supervise,{word},,1d", "E2,,,,,,"),
        table("route", "rule,tier,lead", "R1,,@village"),
    )
    report(engine, place="乐安村")
    engine.dispatch("c", at=plus(1))
    engine.advance(plus(42))
    assert climbed(engine) == [("supervised", unit)]


def test_a_takeover_in_a_form_goes_to_the_unit_that_stands_for_it_near_the_holder(engine: Engine) -> None:
    using(
        engine,
        ladder("E1,arrive,0,take_over,form,verify,1h", "E2,,,,,,"),
        table("route", "rule,tier,lead", "R1,,@village"),
    )
    report(engine, place="西庄村")
    engine.dispatch("c", at=plus(1))
    engine.advance(plus(42))
    case = engine.case("c")
    assert (case.unit, case.form) == ("990101002", Form.VERIFY)
    assert rulings(engine)["escalate"][:2] == (Kind.TAKE_OVER, "escalate/E1")


def test_without_an_interval_the_next_rung_comes_after_the_clocks_own_time(engine: Engine) -> None:
    using(engine, ladder("E1,arrive,,urge,holder,,", "E2,,,,,,"))
    report(engine)
    engine.dispatch("c", at=plus(1))
    engine.advance(plus(41 + 40 + 40 + 1))
    (urged,) = escalations(engine.life("c"), engine.now)  # the same again and again is one event
    assert (urged["at"], urged["times"], urged["until"]) == (plus(41), 3, plus(121))


def test_an_interval_that_is_crossed_out_is_the_last_rung(engine: Engine) -> None:
    using(engine, ladder("E1,arrive,,urge,holder,,-", "E2,,,,,,"))
    report(engine)
    engine.dispatch("c", at=plus(1))
    engine.advance(plus(600))
    assert [event.at for event in engine.history("c") if event.kind == "urged"] == [plus(41)]


# --- facts ------------------------------------------------------------------------------------------------------------

PEOPLE = ("rule,people/人数,tier", "domain,0..365; default 0", "T1,<30,3", "T2,>=30,1")


@pytest.mark.parametrize("told", [{"people": 40}, {"人数": 40}, {"people": "40"}, {"人数": "４０"}])
def test_a_fact_is_told_by_its_id_or_its_chinese_name(engine: Engine, told: Mapping[str, Any]) -> None:
    using(engine, table("tier", *PEOPLE))
    case = report(engine, facts=told)
    assert (case.facts, case.tier) == ({"people": 40}, Tier.ONE)


def test_told_facts_are_in_the_event_so_that_the_case_can_be_told_again(tmp_path: Path) -> None:
    with Engine.open(tmp_path / "cases.db") as engine:
        using(engine, table("tier", *PEOPLE))
        report(engine, facts={"people": 40})
        assert engine.history("c")[0].changes["facts"] == {"people": 40}
    with Engine.open(tmp_path / "cases.db") as engine:
        assert engine.case("c").facts == {"people": 40}


def test_a_fact_that_is_not_told_counts_as_the_default_of_its_column(engine: Engine) -> None:
    using(engine, table("tier", *PEOPLE))
    case = report(engine, facts={"people": None, "人数": ""})
    assert (case.facts, case.tier) == ({}, Tier.THREE)


@pytest.mark.parametrize("wrong", [366, -1, "many", 2.5, True, [3]])
def test_a_fact_outside_its_domain_is_refused_with_what_is_allowed_in_both_languages(
    engine: Engine, wrong: object
) -> None:
    using(engine, table("tier", *PEOPLE))
    with pytest.raises(CommandError, match=r"0\.\.365") as refused:
        report(engine, facts={"people": wrong})
    assert "人数" in refused.value.text.zh
    assert "0..365" in refused.value.text.zh
    assert list(engine.cases()) == []


def test_a_fact_of_a_closed_set_is_told_in_chinese_and_refused_with_the_values(engine: Engine) -> None:
    using(engine, table("tier", "rule,net/网,tier", "domain,road/路网|water/水网,", "T1,,1"))
    assert report(engine, facts={"网": "水网"}).facts == {"net": "water"}
    with pytest.raises(CommandError, match="road, water") as refused:
        report(engine, case_id="d", facts={"net": "air"})
    assert "road（路网）、water（水网）" in refused.value.text.zh


def test_a_fact_that_no_table_asks_for_is_refused_with_those_that_are(engine: Engine) -> None:
    using(engine, table("tier", *PEOPLE))
    with pytest.raises(CommandError, match="ask for no fact 'persons'; they ask for: people") as refused:
        report(engine, facts={"persons": 3})
    assert "没有要素“persons”；现有：people" in refused.value.text.zh


@pytest.mark.parametrize("name", ["severity", "colour", "mode"])
def test_what_the_case_says_itself_or_a_table_derives_is_not_told_as_a_fact(engine: Engine, name: str) -> None:
    using(engine, table("colour", "rule,severity,mode,colour", "C1,,,green"))
    with pytest.raises(CommandError, match=f"no fact '{name}'"):
        report(engine, facts={name: "red"})


def test_a_city_may_ask_for_facts_too(engine: Engine) -> None:
    engine.localities.register("990100", Plugin(table("tier", *PEOPLE), units=None))
    using(engine)
    assert report(engine, facts={"people": 40}).tier == Tier.ONE


def test_attributes_of_the_item_are_facts_and_columns_for_people_are_not(engine: Engine) -> None:
    items = catalogue(
        "领域,事项,must_report/必报,处置单位,主管部门,依据,立案条件,处置时限,事项等级",
        *("市容,路灯,yes,市政中心,城管局,第一条,不亮,3天,三级", "市容,井盖,,市政中心,城管局,第一条,缺失,2小时,三级"),
    )
    using(engine, items, units=None)
    assert report(engine, item="路灯").facts == {"domain": "市容", "must_report": "yes"}
    assert report(engine, case_id="d", item="井盖").facts == {"domain": "市容"}
    assert report(engine, case_id="e", item="nothing like it").facts == {}


def test_what_the_county_says_of_an_item_comes_before_what_the_city_says_one_by_one(engine: Engine) -> None:
    engine.localities.register("990100", Plugin(catalogue("item,domain,net", "路灯,市容,水网"), units=None))
    using(engine, catalogue("item,domain", "路灯,道路"), units=None)
    assert report(engine, item="路灯").facts == {"domain": "道路", "net": "水网"}


def test_an_attribute_is_a_condition_of_tables_and_is_read_as_their_domain_has_it(engine: Engine) -> None:
    using(
        engine,
        catalogue("item,net", "路灯,路网", "井盖,水网"),
        table("tier", "rule,net/网,tier", "domain,road/路网|water/水网,", "T1,road,3", "T2,water,1", "T3,none,2"),
    )
    assert (case := report(engine, item="井盖")).tier == Tier.ONE
    assert case.facts == {"net": "water"}
    assert report(engine, case_id="d").tier == Tier.TWO


def test_the_catalogue_says_what_an_item_is_whatever_the_report_tells(engine: Engine) -> None:
    using(
        engine,
        catalogue("item,net", "路灯,road"),
        table("tier", "rule,net,tier", "domain,road|water,", "T1,road,3", "T2,water|none,1"),
    )
    assert report(engine, item="路灯", facts={"net": "water"}).tier == Tier.THREE


def test_the_condition_of_a_catalogue_row_is_told_with_the_report(engine: Engine) -> None:
    """An item may have several rows, one for each condition under which it is taken up (立案条件)."""
    using(engine, catalogue("item,condition,allowance,tier", "井盖,缺失,2小时,1", ",破损,5天,3"), units=None)
    case = report(engine, item="井盖", facts={"condition": "破损"}, visit=False)
    assert case.tier == Tier.THREE
    assert engine.dispatch("c", at=plus(1)).clocks["resolve"].allowance == "5d"


def test_an_item_whose_condition_nobody_told_has_what_its_rows_have_in_common(engine: Engine) -> None:
    using(engine, catalogue("item,condition,allowance,domain", "井盖,缺失,2小时,市容", ",破损,5天,市容"), units=None)
    report(engine, item="井盖", visit=False)
    case = engine.dispatch("c", at=plus(1))
    assert (case.facts, case.clocks["resolve"].allowance) == ({"domain": "市容"}, "30min")


# --- derived attributes -----------------------------------------------------------------------------------------------

COLOUR = ("rule,people/人数,colour", "domain,0..365; default 0", "C1,<30,green", "C2,>=30,red")
TEAM = ("rule,colour,team", "domain,green|red,", "M1,red,county", "M2,green|none,town")


def test_a_derived_attribute_is_worked_out_once_and_asked_about_by_later_tables(engine: Engine) -> None:
    tier = table("tier", "rule,team,tier", "domain,county|town,", "T1,county,1", "T2,town|none,3")
    using(engine, tier, table("team", *TEAM), table("colour", *COLOUR))
    case = report(engine, facts={"people": 40})
    assert case.facts == {"people": 40, "colour": "red", "team": "county"}
    assert case.tier == Tier.ONE
    told = rulings(engine)
    assert told["fact:colour"] == ("red", "colour/C2", COUNTY)
    assert told["fact:team"] == ("county", "team/M1", COUNTY)


def test_a_derived_attribute_is_what_hooks_read(engine: Engine) -> None:
    seen: list[Mapping[str, Any]] = []
    using(engine, table("colour", *COLOUR), tier=lambda case: seen.append(dict(case.facts)))
    report(engine)
    assert seen == [{"colour": "green"}]


def test_a_county_derives_what_the_city_asks_about(engine: Engine) -> None:
    city = table("tier", "rule,colour,tier", "domain,green|red,", "P1,red,1", "P2,green|none,2")
    engine.localities.register("990100", Plugin(city, units=None))
    using(engine, table("colour", *COLOUR))
    assert report(engine, facts={"people": 40}).tier == Tier.ONE
    assert rulings(engine)["tier"][1:] == ("tier/P1", "990100")


def test_a_county_without_an_opinion_leaves_the_attribute_to_the_city(engine: Engine) -> None:
    engine.localities.register("990100", Plugin(table("colour", "rule,severity,colour", "P1,,blue"), units=None))
    lines = ("rule,people,colour", "domain,0..365; default 0", "C1,<30,", "C2,>=30,red")
    using(engine, table("colour", *lines))
    assert report(engine).facts == {"colour": "blue"}
    assert report(engine, case_id="d", facts={"people": 40}).facts == {"people": 40, "colour": "red"}


def test_a_derived_attribute_comes_before_the_catalogues_and_without_an_opinion_leaves_it(engine: Engine) -> None:
    net = table("net", FIRST, "rule,severity,net", "N1,major,air", "N2,,")
    using(engine, net, catalogue("item,net", "路灯,road"), units=None)
    assert report(engine, item="路灯", severity="major").facts == {"net": "air"}
    assert report(engine, case_id="d", item="路灯").facts == {"net": "road"}


def test_what_is_derived_is_worked_out_anew_when_a_case_is_reclassified(engine: Engine) -> None:
    colour = table("colour", "rule,severity,colour", "C1,general,green", "C2,complex|major,red")
    using(engine, colour)
    report(engine)
    assert engine.case("c").facts == {"colour": "green"}
    assert engine.reclassify("c", severity="major", at=plus(1)).facts == {"colour": "red"}
    assert engine.reassess("c", at=plus(2)).facts == {"colour": "red"}


# --- lifecycle and visit ----------------------------------------------------------------------------------------------


def with_mediation(base: Lifecycle) -> Mapping[str, Lifecycle]:
    mediate = Action("mediate", "mediated", Text("mediate", "调解"))
    return {
        "mediation": base.derive("mediation", actions=[mediate], add=[Move("mediate", ("dispatched",), "handling")])
    }


def test_the_catalogue_says_which_life_an_item_has(engine: Engine) -> None:
    using(engine, catalogue("item,lifecycle", "邻里纠纷,mediation", "路灯,"), units=None, lifecycles=with_mediation)
    assert report(engine, item="邻里纠纷").lifecycle == "mediation"
    engine.dispatch("c", at=plus(1))
    assert engine.act("mediate", "c", at=plus(2)).state == "handling"
    assert report(engine, case_id="d", item="路灯").lifecycle == "everyday"


def test_whoever_reports_may_say_another_lifecycle_than_the_catalogue(engine: Engine) -> None:
    using(engine, catalogue("item,lifecycle", "邻里纠纷,mediation"), units=None, lifecycles=with_mediation)
    assert report(engine, item="邻里纠纷", lifecycle="everyday").lifecycle == "everyday"


def test_a_lifecycle_that_the_locality_does_not_have_is_refused_with_those_it_has(engine: Engine) -> None:
    using(engine, lifecycles=with_mediation)
    with pytest.raises(CommandError, match="no lifecycle 'arbitration'; it has: everyday, petition, mediation"):
        report(engine, lifecycle="arbitration")


def test_the_catalogue_says_whether_somebody_has_to_go_there_unless_the_report_does(engine: Engine) -> None:
    using(engine, catalogue("item,visit", "咨询,no", "路灯,是", "井盖,"), units=None)
    told = [("咨询", None), ("路灯", None), ("井盖", None), ("咨询", True), ("路灯", False)]
    visits = [
        report(engine, case_id=str(place), item=item, visit=visit).visit for place, (item, visit) in enumerate(told)
    ]
    assert visits == [False, True, True, True, False]


def test_an_item_may_be_told_by_its_code(engine: Engine) -> None:
    using(engine, catalogue("item,code,tier,domain", "路灯,0102,1,市容"), units=None)
    case = report(engine, item="0102")
    assert (case.tier, case.facts) == (Tier.ONE, {"domain": "市容"})


# --- journals ---------------------------------------------------------------------------------------------------------

Command = Callable[..., Any]
TERMS = {
    "report": Text("take note", "掌握诉求"),
    "dispatch": Text("send", "派发"),
    "resolve": Text("handle", "问题办理"),
}


@pytest.fixture
def county(monkeypatch: pytest.MonkeyPatch) -> None:
    """A county that the command line knows without an installation."""
    from governflow.policy import registry as localities

    class One:
        code, value = COUNTY, "in this test"
        called = "governflow-test 0.1"
        version = "0.1"

        @staticmethod
        def load() -> object:
            return Plugin(table("tier", *PEOPLE), terms=lambda: TERMS)

    monkeypatch.setattr(localities, "installed", lambda: {COUNTY: (One,)})


def journal(folder: Path, *rows: str) -> Path:
    path = folder / "journal.csv"
    path.write_text("\n".join(["时间,事项编号,动作,人数,单位", *rows]) + "\n", encoding="utf-8")
    return path


@pytest.mark.usefixtures("county")
def test_a_column_of_a_journal_with_the_name_of_a_fact_tells_it(tmp_path: Path, governflow: Command) -> None:
    path = journal(tmp_path, "2026-03-02 08:00,1,上报,40,", "2026-03-02 08:00,2,上报,,")
    done = governflow("run", path, "--locality", COUNTY, "--json")
    assert done.status == 0, done.err
    assert [case["tier"] for case in done.json["cases"]] == ["1", "3"]


@pytest.mark.usefixtures("county")
def test_a_fact_outside_its_domain_is_a_reject_that_names_its_column_and_what_is_allowed(
    tmp_path: Path, governflow: Command
) -> None:
    path = journal(tmp_path, "2026-03-02 08:00,1,上报,400,", "2026-03-02 08:00,2,上报,4,")
    done = governflow("run", path, "--locality", COUNTY, "--json")
    assert done.status == 1
    assert "0..365" in done.err
    assert "人数" in done.err
    assert "400" in done.err
    assert [case["case"] for case in done.json["cases"]] == ["2"]


@pytest.mark.usefixtures("county")
def test_a_journal_may_use_the_countys_own_words_for_actions(tmp_path: Path, governflow: Command) -> None:
    rows = ("2026-03-02 08:00,1,掌握诉求,,", "2026-03-02 08:03,1,派发,,", "2026-03-02 08:20,1,问题办理,,")
    done = governflow("run", journal(tmp_path, *rows), "--locality", COUNTY, "--json")
    assert (done.status, done.err) == (0, "")
    assert [case["state"] for case in done.json["cases"]] == ["resolved"]


@pytest.mark.usefixtures("county")
def test_the_usual_words_are_understood_beside_the_countys_own(tmp_path: Path, governflow: Command) -> None:
    rows = ("2026-03-02 08:00,1,上报,,", "2026-03-02 08:03,1,dispatch,,", "2026-03-02 08:20,1,办结,,")
    done = governflow("run", journal(tmp_path, *rows), "--locality", COUNTY, "--json")
    assert (done.status, done.err) == (0, "")


def test_a_rule_set_that_is_kept_is_plain_json(engine: Engine) -> None:
    using(engine, table("tier", *PEOPLE), catalogue("item,tier", "路灯,3"))
    report(engine)
    kept = engine.rule_set(engine.history("c")[0].rules or "")
    assert kept is not None
    assert {layer["source"] for layer in json.loads(kept)} >= {COUNTY, "100000", "governflow"}
