"""Everyday and emergency: what a switch does to running cases, whom it reaches, and at which moment it counts."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from governflow import Actor, Case, CommandError, Engine, Event, Text, hookimpl
from governflow.calendars import WorkingCalendar
from governflow.calendars.allowances import Allowance
from governflow.model.case import fold
from governflow.model.clocks import PAUSES, ClockSpec
from governflow.model.terms import Mode, Outcome
from governflow.policy.hookspecs import Context, Deadlines, Locality
from governflow.reports.rates import Report, Tally, lives
from governflow.tables import Table
from governflow.testing import ManualClock, counted

T0 = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CITY, COUNTY, OTHER = "990100", "990101", "990102"


def plus(minutes: float) -> datetime:
    return T0 + minutes * MINUTE


def table(name: str, *lines: str) -> Table:
    return Table.read((f"{name}.csv", "\n".join(lines).encode()), name=name)


class Plugin:
    """A plugin with the hooks that are named, without their prefix."""

    def __init__(self, **hooks: Callable[..., Any]) -> None:
        for name, function in hooks.items():
            setattr(self, f"governflow_{name}", hookimpl(function))


#: In an emergency everything takes half as long.
TIMES = table("deadlines", "rule,mode,dispatch,arrive,resolve", "M1,emergency,2min,20min,15min", "M2,normal,,,")


def ruled(**hooks: Callable[..., Any]) -> Plugin:
    return Plugin(tables=lambda: {"deadlines": TIMES}, **hooks)


@pytest.fixture(params=["memory", "sqlite"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = None if request.param == "memory" else tmp_path / "cases.db"
    with Engine.open(url, clock=ManualClock(T0), entropy=counted()) as opened:
        opened.localities.register(CITY, ruled())
        yield opened
        assert all(fold(opened.history(case.id)) == case for case in opened.cases())
        opened.verify()


def report(engine: Engine, case: str = "c", locality: str = COUNTY, minutes: float = 0) -> Case:
    return engine.report(case_id=case, locality=locality, at=plus(minutes))


def switch(engine: Engine, mode: str, minutes: float, locality: str = COUNTY) -> Event:
    return engine.switch_mode(locality, mode, reason="flood", by=Actor("chief"), at=plus(minutes))


def switches(engine: Engine, case: str = "c") -> list[tuple[datetime, str, str]]:
    return [
        (event.at, event.about["from"], event.about["to"])
        for event in engine.history(case)
        if event.kind == "mode_switched"
    ]


def faults(engine: Engine, case: str = "c") -> list[tuple[str, str]]:
    return [
        (fault["plugin"], fault["hook"])
        for event in engine.history(case)
        if event.kind == "faulted"
        for fault in event.about["faults"]
    ]


# --- what a switch does -----------------------------------------------------------------------------------------------


def test_a_switch_gives_running_clocks_the_allowances_of_the_new_mode_from_their_own_start(engine: Engine) -> None:
    report(engine)
    engine.dispatch("c", at=plus(1))
    switch(engine, "emergency", 5)
    case = engine.case("c")
    assert (case.mode, case.state) == (Mode.EMERGENCY, "dispatched")
    assert (case.clocks["arrive"].due, case.clocks["arrive"].allowance) == (plus(21), "20min")
    assert case.clocks["whole"].allowance == "60cd"


def test_the_case_says_from_when_to_what_it_was_switched_and_how_its_due_times_changed(engine: Engine) -> None:
    report(engine)
    engine.dispatch("c", at=plus(1))
    switch(engine, "emergency", 5)
    event = engine.history("c")[-1]
    assert (event.kind, event.at, event.by, event.state) == ("mode_switched", plus(5), Actor("chief"), "dispatched")
    assert event.about == {
        "from": "normal",
        "to": "emergency",
        "due": {"arrive#1": [plus(41).isoformat(), plus(21).isoformat()]},
    }
    (ruling,) = event.rulings
    assert (ruling.what, ruling.value, ruling.rule, ruling.source) == ("clock:arrive", "20min", "deadlines/M1", CITY)


def test_switching_back_gives_the_everyday_due_times_back(engine: Engine) -> None:
    report(engine)
    before = engine.dispatch("c", at=plus(1)).clocks["arrive"]
    switch(engine, "emergency", 5)
    switch(engine, "normal", 10)
    after = engine.case("c")
    assert (after.mode, after.clocks["arrive"].due, after.clocks["arrive"].allowance) == (
        *(Mode.NORMAL, before.due),
        before.allowance,
    )
    assert switches(engine) == [(plus(5), "normal", "emergency"), (plus(10), "emergency", "normal")]


def test_a_switch_that_changes_no_due_time_is_told_to_the_case_all_the_same(engine: Engine) -> None:
    engine.localities.register(CITY, Plugin())
    report(engine)
    switch(engine, "emergency", 1)
    assert switches(engine) == [(plus(1), "normal", "emergency")]
    assert engine.history("c")[-1].about["due"] == {}


def test_what_begins_later_begins_in_the_mode_of_its_moment(engine: Engine) -> None:
    switch(engine, "emergency", 5)
    assert report(engine, minutes=5).mode == Mode.EMERGENCY
    assert engine.case("c").clocks["dispatch"].due == plus(7)
    assert engine.dispatch("c", at=plus(6)).clocks["arrive"].due == plus(26)
    switch(engine, "normal", 8)
    assert report(engine, "d", minutes=8).clocks["dispatch"].due == plus(13)


def test_tables_and_hooks_are_told_the_mode(engine: Engine) -> None:
    heard: list[tuple[str, Mode]] = []

    def tier(case: Case, context: Context) -> None:
        heard.append((case.id, context.mode))

    tiers = table("tier", "rule,mode,tier", "T1,emergency,1", "T2,normal,")
    engine.localities.register(COUNTY, Plugin(tables=lambda: {"tier": tiers}, tier=tier))
    assert report(engine).tier == "3"
    switch(engine, "emergency", 1)
    assert report(engine, "d", minutes=2).tier == "1"
    assert heard == [("c", Mode.NORMAL), ("d", Mode.EMERGENCY)]


def test_a_case_that_is_over_is_left_alone(engine: Engine) -> None:
    report(engine)
    engine.withdraw("c", at=plus(1))
    switch(engine, "emergency", 2)
    assert switches(engine) == []


def test_a_breach_stays_a_breach(engine: Engine) -> None:
    report(engine)
    engine.advance(plus(6))
    switch(engine, "emergency", 7)
    clock = engine.case("c").clocks["dispatch"]
    assert (clock.outcome, clock.missed_at, clock.exempt) == (Outcome.BREACHED, plus(5), None)


def test_what_falls_due_before_the_switch_falls_due_as_if_there_were_none(engine: Engine) -> None:
    report(engine)
    switch(engine, "emergency", 36)
    assert [event.kind for event in engine.history("c")] == [
        *("reported", "warned", "breached", "urged", "supervised", "mode_switched"),
    ]


def test_a_suspended_case_keeps_what_was_left_of_the_new_allowance(engine: Engine) -> None:
    """Ten minutes were used when it was suspended: of twenty, ten are left."""
    report(engine)
    engine.dispatch("c", at=plus(1))
    engine.suspend("c", at=plus(11), until=plus(60))
    switch(engine, "emergency", 20)
    engine.advance(plus(61))
    assert engine.case("c").clocks["arrive"].due == plus(70)


def test_an_extension_that_was_granted_outlasts_an_emergency(engine: Engine) -> None:
    report(engine)
    engine.dispatch("c", at=plus(1))
    granted = engine.extend("c", clock="arrive", until=plus(90), approved_by="street", reason="snow", at=plus(2))
    switch(engine, "emergency", 5)
    switch(engine, "normal", 10)
    assert engine.case("c").clocks["arrive"].due == granted.clocks["arrive"].due


def test_a_promised_date_is_not_moved_by_a_switch(engine: Engine) -> None:
    report(engine)
    engine.dispatch("c", at=plus(1))
    engine.confer("c", until=plus(300), at=plus(2))
    switch(engine, "emergency", 5)
    assert engine.case("c").clocks["promise"].due == plus(300)


# --- whom it reaches --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("switched", "reached"),
    [
        (COUNTY, {COUNTY, "990101001", "990101001203"}),
        ("990101001", {"990101001", "990101001203"}),
        (CITY, {COUNTY, "990101001", "990101001203", OTHER}),
        ("990000", {COUNTY, "990101001", "990101001203", OTHER, "990201"}),
        ("100000", {COUNTY, "990101001", "990101001203", OTHER, "990201"}),
        ("000000", {COUNTY, "990101001", "990101001203", OTHER, "990201", "boston"}),
    ],
    ids=["county", "town", "city", "province", "country", "everybody"],
)
def test_a_switch_reaches_what_lies_below_and_nobody_else(engine: Engine, switched: str, reached: set[str]) -> None:
    codes = [COUNTY, "990101001", "990101001203", OTHER, "990201", "boston"]
    for code in codes:
        report(engine, f"before {code}", code)
    switch(engine, "emergency", 1, switched)
    for code in codes:
        report(engine, f"after {code}", code, 2)
        mode = Mode.EMERGENCY if code in reached else Mode.NORMAL
        assert engine.case(f"before {code}").mode is mode, code
        assert engine.case(f"after {code}").mode is mode, code
        assert bool(switches(engine, f"before {code}")) is (code in reached), code


def test_the_emergency_of_a_county_goes_on_when_that_of_its_city_ends(engine: Engine) -> None:
    report(engine)
    engine.dispatch("c", at=plus(1))
    switch(engine, "emergency", 2)
    switch(engine, "emergency", 3, CITY)
    switch(engine, "normal", 4, CITY)
    assert (engine.case("c").mode, engine.case("c").clocks["arrive"].due) == (Mode.EMERGENCY, plus(21))
    assert report(engine, "d", minutes=5).mode is Mode.EMERGENCY
    switch(engine, "normal", 6)
    assert engine.case("c").mode is Mode.NORMAL
    assert report(engine, "e", minutes=7).mode is Mode.NORMAL


def test_a_case_hears_only_of_switches_that_change_its_mode(engine: Engine) -> None:
    report(engine)
    for minutes, (code, mode) in enumerate(
        [(COUNTY, "emergency"), (CITY, "emergency"), (CITY, "normal"), (COUNTY, "normal")], 1
    ):
        switch(engine, mode, minutes, code)
    assert switches(engine) == [(plus(1), "normal", "emergency"), (plus(4), "emergency", "normal")]


def zone_below(parent: str) -> Plugin:
    return Plugin(locality=lambda: Locality("990171", "新区", "New Area", parent=parent))


@pytest.mark.parametrize("known", [["990201"], []], ids=["registered", "nobody registered it"])
def test_an_emergency_reaches_a_zone_whose_parent_is_named_and_not_said_by_its_digits(
    engine: Engine, known: list[str]
) -> None:
    for code in known:
        engine.localities.register(code, Plugin())
    engine.localities.register("990171", zone_below("990201"))
    report(engine, "zone", "990171")
    switch(engine, "emergency", 1, "990201")
    assert engine.case("zone").mode is Mode.EMERGENCY
    assert report(engine, "later", "990171", 2).mode is Mode.EMERGENCY
    assert report(engine, "village", "990171001203", 2).mode is Mode.EMERGENCY


def test_an_emergency_of_the_city_in_its_digits_does_not_reach_a_zone_that_names_another_parent(
    engine: Engine,
) -> None:
    engine.localities.register("990171", zone_below("990201"))
    report(engine, "zone", "990171")
    switch(engine, "emergency", 1, CITY)
    assert engine.case("zone").mode is Mode.NORMAL
    assert report(engine, "later", "990171", 2).mode is Mode.NORMAL


@pytest.mark.parametrize("code", [CITY, "990000", "100000", "000000"])
def test_an_outage_that_a_city_declares_is_one_of_its_counties_too(engine: Engine, code: str) -> None:
    engine.declare_outage(code, T0, plus(60), reason="power cut")
    assert list(engine.outages(COUNTY)) == [(T0, plus(60))]
    assert list(engine.outages("990101001")) == [(T0, plus(60))]
    assert list(engine.outages("boston")) == ([(T0, plus(60))] if code == "000000" else [])


def test_an_outage_of_a_county_is_none_of_its_neighbour_nor_of_its_city(engine: Engine) -> None:
    engine.declare_outage(COUNTY, T0, plus(60), reason="power cut")
    assert list(engine.outages(OTHER)) == list(engine.outages(CITY)) == []


# --- at which moment it counts ----------------------------------------------------------------------------------------

_RUNGS = ("E1,emergency,supervise,department,1d", "E2,normal,,,")
LADDER = table("escalate", "hit policy,first", "rule,mode,kind,to,again", *_RUNGS)


def rungs(engine: Engine) -> list[tuple[datetime, str]]:
    return [(event.at, event.about["escalation"]["to"]) for event in engine.history("c") if "escalation" in event.about]


@pytest.mark.parametrize("how", ["advance", "dispatch"])
def test_the_mode_of_a_due_moment_is_that_of_the_moment_and_not_of_the_firing(engine: Engine, how: str) -> None:
    """The case is told of so late that every switch is in the book already."""
    engine.localities.register(COUNTY, Plugin(tables=lambda: {"escalate": LADDER}))
    switch(engine, "emergency", 34)
    switch(engine, "normal", 36)
    report(engine)
    if how == "advance":
        engine.advance(plus(600))
    else:
        engine.dispatch("c", at=plus(600))
    assert rungs(engine)[:2] == [(plus(5), "intake"), (plus(35), "department")]


def test_a_moment_after_the_emergency_is_everyday_although_the_firing_was_late(engine: Engine) -> None:
    engine.localities.register(COUNTY, Plugin(tables=lambda: {"escalate": LADDER}))
    switch(engine, "emergency", 6)
    switch(engine, "normal", 30)
    report(engine)
    engine.advance(plus(40))
    assert rungs(engine) == [(plus(5), "intake"), (plus(35), "leader")]  # both from the ladder of the defaults
    assert [
        ruling.source for event in engine.history("c") for ruling in event.rulings if ruling.what == "escalate"
    ] == [
        *("governflow", "governflow"),
    ]


def test_advancing_in_steps_or_at_once_leaves_the_same_events_around_a_switch() -> None:
    histories = []
    for steps in (True, False):
        engine = Engine.open(clock=ManualClock(T0), entropy=counted())
        engine.localities.register(CITY, ruled())
        report(engine)
        engine.dispatch("c", at=plus(1))
        for minutes, mode in ((10, "emergency"), (100, "normal")):
            for minute in range(minutes) if steps else ():
                if engine.now is None or plus(minute) > engine.now:
                    engine.advance(plus(minute))
            switch(engine, mode, minutes)
        engine.advance(plus(500))
        histories.append((engine.history("c"), engine.book(COUNTY)))
    assert histories[0] == histories[1]


def test_a_switch_that_is_told_late_counts_from_its_own_moment(engine: Engine) -> None:
    report(engine)
    engine.dispatch("c", at=plus(1))
    engine.advance(plus(10))
    switch(engine, "emergency", 5)
    assert engine.case("c").clocks["arrive"].due == plus(21)
    assert switches(engine) == [(plus(5), "normal", "emergency")]


def test_a_case_that_was_reported_between_a_switch_and_its_telling_is_in_the_emergency_too(engine: Engine) -> None:
    report(engine, minutes=6)
    engine.dispatch("c", at=plus(7))
    switch(engine, "emergency", 5)
    case = engine.case("c")
    assert (case.mode, case.clocks["arrive"].due) == (Mode.EMERGENCY, plus(27))


def test_a_switch_at_the_moment_of_a_report_counts_for_it(engine: Engine) -> None:
    switch(engine, "emergency", 5)
    assert report(engine, minutes=4.99).mode is Mode.NORMAL
    assert report(engine, "d", minutes=5).mode is Mode.EMERGENCY


# --- what is refused --------------------------------------------------------------------------------------------------


def test_a_switch_to_the_mode_that_it_runs_in_is_refused_in_both_languages(engine: Engine) -> None:
    with pytest.raises(CommandError, match="990101 runs in normal mode already") as refused:
        switch(engine, "normal", 1)
    assert "“平时”" in refused.value.text.zh
    switch(engine, "emergency", 2)
    with pytest.raises(CommandError, match="990101 runs in emergency mode already"):
        switch(engine, "emergency", 3)
    assert len(engine.book(COUNTY)) == 1


def test_a_switch_before_another_that_is_in_the_book_is_refused_with_that_ones_moment(engine: Engine) -> None:
    switch(engine, "emergency", 10)
    for minutes in (5, 9):
        with pytest.raises(CommandError, match="a switch cannot come before it") as refused:
            switch(engine, "normal", minutes)
        assert plus(10).isoformat() in refused.value.text.en
        assert plus(10).isoformat() in refused.value.text.zh
    switch(engine, "normal", 10)
    assert report(engine, minutes=10).mode is Mode.NORMAL


def test_a_refused_switch_leaves_nothing_behind(engine: Engine) -> None:
    report(engine)
    switch(engine, "emergency", 10)
    before = engine.case("c"), engine.book(COUNTY), engine.verify()
    for mode, minutes in (("normal", 5), ("emergency", 20)):
        with pytest.raises(CommandError):
            switch(engine, mode, minutes)
    assert (engine.case("c"), engine.book(COUNTY), engine.verify()) == before


def test_a_switch_that_is_interrupted_leaves_nothing_behind(engine: Engine) -> None:
    def interrupted(case: Case, context: Context) -> None:
        if case.id == "d" and context.mode is Mode.EMERGENCY:
            raise KeyboardInterrupt

    engine.localities.register(COUNTY, ruled(deadlines=interrupted))
    report(engine)
    report(engine, "d")
    before = engine.case("c"), engine.case("d"), engine.book(COUNTY), engine.verify()
    with pytest.raises(KeyboardInterrupt):
        switch(engine, "emergency", 1)
    assert (engine.case("c"), engine.case("d"), engine.book(COUNTY), engine.verify()) == before


# --- rules that fail in an emergency ----------------------------------------------------------------------------------


def failing_in_an_emergency(context: Context) -> None:
    if context.mode is Mode.EMERGENCY:
        raise LookupError("nobody wrote these rules")


def test_a_rule_that_fails_at_the_switch_is_a_fault_in_the_book_of_the_case(engine: Engine) -> None:
    engine.localities.register(COUNTY, Plugin(deadlines=failing_in_an_emergency))
    report(engine)
    engine.dispatch("c", at=plus(1))
    switch(engine, "emergency", 5)
    case = engine.case("c")
    assert (case.mode, case.clocks["arrive"].due) == (Mode.EMERGENCY, plus(21))  # as the city says
    assert faults(engine) == [(COUNTY, "governflow_deadlines")]
    assert case.clocks["triage"].running


_WORKING = ClockSpec(
    *("arrive", Text("arrive", "到场"), Allowance.parse("4wh"), frozenset({"dispatch:visit"})),
    *(frozenset({"arrive", "begin", "resolve"}), (PAUSES,)),
)


def test_a_calendar_that_is_never_open_stops_no_switch_of_a_whole_city(engine: Engine) -> None:
    told = Deadlines((_WORKING,))

    def working(context: Context) -> Deadlines | None:
        return told if context.mode is Mode.EMERGENCY else None

    shut = WorkingCalendar(tz="Asia/Shanghai", weekly={})
    engine.localities.register(COUNTY, Plugin(deadlines=working, calendar=lambda: shut))
    for code in (COUNTY, OTHER):
        report(engine, code, code)
        engine.dispatch(code, at=plus(1))
    switch(engine, "emergency", 5, CITY)
    assert engine.case(OTHER).clocks["arrive"].due == plus(21)
    assert engine.case(COUNTY).mode is Mode.EMERGENCY
    assert set(faults(engine, COUNTY)) == {(COUNTY, "governflow_calendar")}


def test_a_county_whose_rules_are_gone_stops_no_switch_of_its_city(engine: Engine) -> None:
    for code in (COUNTY, OTHER):
        report(engine, code, code)
    engine.localities.register(COUNTY, Plugin(teir=lambda: None))
    switch(engine, "emergency", 1, CITY)
    assert {engine.case(code).mode for code in (COUNTY, OTHER)} == {Mode.EMERGENCY}


def test_the_outage_of_a_city_excuses_breaches_in_its_counties_in_the_statistics(engine: Engine) -> None:
    for code in (COUNTY, OTHER, "990201"):
        report(engine, code, code)
    engine.advance(plus(10))
    engine.declare_outage(CITY, T0, plus(60), reason="power cut")
    dispatch = {}
    for code in (COUNTY, OTHER, "990201"):
        counted_up = Report(engine.outages(code))
        for case, escalated in lives(engine, code):
            counted_up.add(case, escalated)
        dispatch[code] = counted_up.clocks["dispatch"]
    excused, blamed = Tally(exempt=1), Tally(breached=1)
    assert dispatch == {COUNTY: excused, OTHER: excused, "990201": blamed}


# --- both stores ------------------------------------------------------------------------------------------------------


def test_both_stores_tell_the_same_of_an_emergency(tmp_path: Path) -> None:
    told = []
    for url in (None, tmp_path / "cases.db"):
        with Engine.open(url, clock=ManualClock(T0), entropy=counted()) as engine:
            engine.localities.register(CITY, ruled())
            report(engine)
            report(engine, "d", "990101001")
            engine.dispatch("c", at=plus(1))
            switch(engine, "emergency", 5, CITY)
            engine.arrive("c", at=plus(30))
            switch(engine, "normal", 40, CITY)
            engine.advance(plus(600))
            told.append(([engine.history(name) for name in ("c", "d")], engine.book(CITY), engine.verify()))
    assert told[0] == told[1]


def test_a_file_that_is_opened_again_knows_the_mode(tmp_path: Path) -> None:
    with Engine.open(tmp_path / "cases.db", clock=ManualClock(T0)) as engine:
        report(engine)
        switch(engine, "emergency", 5, CITY)
    with Engine.open(tmp_path / "cases.db", clock=ManualClock(T0)) as engine:
        assert engine.case("c").mode is Mode.EMERGENCY
        assert report(engine, "d", minutes=6).mode is Mode.EMERGENCY
        engine.verify()


def test_a_late_fact_withdraws_a_breach_in_an_emergency_too(engine: Engine) -> None:
    """Dispatched at 4 and told at 30: the emergency of 6 gave it two minutes, but it was dispatched before that."""
    report(engine)
    switch(engine, "emergency", 6)
    engine.advance(plus(30))
    clock = engine.dispatch("c", at=plus(6)).clocks["dispatch"]
    assert clock.outcome is Outcome.BREACHED
    assert clock.exempt is None
    report(engine, "d", minutes=40)
    engine.advance(plus(60))
    assert engine.dispatch("d", at=plus(41)).clocks["dispatch"].outcome is Outcome.MET
