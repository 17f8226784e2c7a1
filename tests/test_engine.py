import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from governflow import (
    Actor,
    Case,
    ClockBackwards,
    CommandError,
    Conflict,
    Engine,
    GovernflowError,
    IllegalAction,
    NotAllowed,
    PolicyError,
    StoreError,
    UnknownCase,
    hookimpl,
)
from governflow.calendars import WorkingCalendar
from governflow.model.case import fold
from governflow.model.events import Event
from governflow.model.lifecycle import Lifecycle, Move
from governflow.model.terms import Form, Outcome, Severity, Tier, Urgency
from governflow.policy.hookspecs import Allowed, Assessment, Context, Deadlines, Refused, Route, Ruling
from governflow.policy.registry import Localities
from governflow.testing import ManualClock
from governflow.text import Text

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
US = timedelta(microseconds=1)


def plus(minutes: float) -> datetime:
    return T0 + minutes * MINUTE


@pytest.fixture
def watch() -> ManualClock:
    return ManualClock(T0)


@pytest.fixture(params=["memory", "sqlite"])
def engine(request: pytest.FixtureRequest, tmp_path: Path, watch: ManualClock) -> Iterator[Engine]:
    with Engine.open(None if request.param == "memory" else tmp_path / "cases.db", clock=watch) as opened:
        yield opened


def kinds(engine: Engine, case: str = "c") -> list[str]:
    return [event.kind for event in engine.history(case)]


# --- commands ---------------------------------------------------------------------------------------------------------


def test_a_reported_case_is_with_the_intake_and_says_what_was_reported(engine: Engine) -> None:
    case = engine.report(item="street light", place="zone 3", channel="12345", informant="grid 7", by=Actor("desk"))
    assert (case.state, case.unit, case.version, case.opened) == ("reported", "intake", 1, T0)
    assert (case.item, case.place, case.channel, case.informant) == ("street light", "zone 3", "12345", "grid 7")
    assert engine.case(case.id) == case
    assert engine.history(case.id)[0].by == Actor("desk")


def test_a_command_without_a_time_happens_now(engine: Engine, watch: ManualClock) -> None:
    engine.report(case_id="c")
    watch.set(plus(3))
    assert engine.dispatch("c").dispatched == plus(3)


def test_times_of_any_zone_are_kept_in_utc(engine: Engine) -> None:
    case = engine.report(case_id="c", at=datetime.fromisoformat("2026-03-02T16:00:00+08:00"))
    assert case.opened == T0
    assert case.opened.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(engine: Engine) -> None:
    with pytest.raises(CommandError, match="zone"):
        engine.report(at=T0.replace(tzinfo=None))
    assert list(engine.cases()) == []


def test_an_unknown_case_is_named(engine: Engine) -> None:
    with pytest.raises(UnknownCase, match="nothing-7"):
        engine.dispatch("nothing-7")
    with pytest.raises(UnknownCase):
        engine.history("nothing-7")
    with pytest.raises(UnknownCase):
        engine.report(case_id="c") and engine.merge("c", into="nothing-7")


def test_a_localitys_book_is_no_case(engine: Engine) -> None:
    engine.switch_mode("000000", "emergency", reason="flood")
    with pytest.raises(UnknownCase):
        engine.note("@000000", text="x")
    with pytest.raises(UnknownCase):
        engine.case("@000000")
    with pytest.raises(CommandError):
        engine.report(case_id="@000000")
    assert list(engine.cases()) == []


def test_a_case_cannot_be_merged_into_itself(engine: Engine) -> None:
    engine.report(case_id="c")
    with pytest.raises(CommandError, match="itself"):
        engine.merge("c", into="c")


@pytest.mark.parametrize(
    "wrong", [{"severity": "huge"}, {"urgency": "very"}, {"zone": "Mars/Base"}, {"lifecycle": "x"}]
)
def test_a_report_with_a_value_that_makes_no_sense_is_refused_with_a_sentence(
    engine: Engine, wrong: dict[str, Any]
) -> None:
    with pytest.raises(GovernflowError):
        engine.report(case_id="c", **wrong)
    with pytest.raises(UnknownCase):
        engine.case("c")


@pytest.mark.parametrize(
    ("action", "wrong"),
    [
        ("reclassify", {"severity": "huge"}),
        ("reclassify", {"urgency": "very"}),
        ("reclassify", {}),
        ("escalate", {"form": "none"}),
        ("escalate", {"to": ""}),
        ("transfer", {"to": ""}),
        ("transfer", {"to": "community"}),
        ("whistle", {"units": []}),
        ("extend", {"clock": "arrive", "allowance": "soon", "approved_by": "x", "reason": "y"}),
        ("extend", {"clock": "tea", "allowance": "1d", "approved_by": "x", "reason": "y"}),
        ("extend", {"clock": "arrive", "approved_by": "x", "reason": "y"}),
        ("extend", {"clock": "arrive", "until": datetime(2026, 4, 1), "approved_by": "x", "reason": "y"}),  # noqa: DTZ001
        ("suspend", {"until": datetime(2026, 4, 1)}),  # noqa: DTZ001
        ("confer", {"until": T0}),
        ("rule", {"granted": True}),
        ("dance", {}),
    ],
)
def test_a_command_that_makes_no_sense_is_refused_with_a_sentence_and_changes_nothing(
    engine: Engine, action: str, wrong: dict[str, Any]
) -> None:
    engine.report(case_id="c")
    before = engine.dispatch("c", at=plus(1))
    if (action, wrong) == ("escalate", {"to": ""}):
        assert engine.act(action, "c", at=plus(2)).unit == "street"  # nobody named: the next higher form
        return
    with pytest.raises(GovernflowError):
        engine.act(action, "c", at=plus(2), **wrong)
    assert engine.case("c") == before


def test_ids_that_the_engine_makes_never_collide_with_ids_that_were_given(engine: Engine) -> None:
    first = engine.report(case_id="000000-20260302-00002")
    second = engine.report()
    third = engine.report()
    assert len({first.id, second.id, third.id}) == 3
    assert [case.version for case in engine.cases()] == [1, 1, 1]
    engine.verify()


def test_an_unregistered_county_takes_the_rules_of_its_ancestor_and_keeps_its_own_code(engine: Engine) -> None:
    engine.localities.register("370000", Tiering(Ruling(Tier.ONE, "provincial", "p/1")))
    case = engine.report(case_id="c", locality="371621")
    assert (case.locality, case.tier) == ("371621", Tier.ONE)
    assert engine.report(locality="110101").tier == Tier.THREE


# --- idempotence and versions -----------------------------------------------------------------------------------------


def test_a_command_sent_again_returns_what_it_returned_the_first_time(engine: Engine) -> None:
    reported = engine.report(case_id="c", command_id="a")
    dispatched = engine.dispatch("c", at=plus(1), command_id="b")
    engine.arrive("c", at=plus(2))
    assert engine.report(case_id="c", command_id="a") == reported
    assert engine.dispatch("c", at=plus(1), command_id=b"b") == dispatched
    assert kinds(engine) == ["reported", "dispatched", "arrived"]


def test_a_report_sent_again_without_an_id_of_its_own_makes_no_second_case(engine: Engine) -> None:
    assert engine.report(command_id="a") == engine.report(command_id="a")
    assert len(list(engine.cases())) == 1


def test_an_action_that_would_be_illegal_by_now_still_returns_what_it_returned(engine: Engine) -> None:
    engine.report(case_id="c")
    engine.dispatch("c", at=plus(1))
    claimed = engine.claim("c", at=plus(2), command_id="claim")
    engine.resolve("c", at=plus(3))
    assert engine.claim("c", at=plus(2), command_id="claim", version=2) == claimed


def test_a_command_that_was_refused_may_be_sent_again(engine: Engine) -> None:
    engine.report(case_id="c")
    with pytest.raises(CommandError):
        engine.claim("c", at=plus(1), command_id="claim")
    engine.dispatch("c", at=plus(1))
    assert engine.claim("c", at=plus(2), command_id="claim").state == "claimed"


def test_a_stale_version_is_a_conflict(engine: Engine) -> None:
    engine.report(case_id="c")
    engine.dispatch("c", at=plus(1), version=1)
    with pytest.raises(Conflict) as refused:
        engine.claim("c", at=plus(2), version=1)
    assert (refused.value.expected, refused.value.found) == (1, 2)
    assert kinds(engine) == ["reported", "dispatched"]


def test_the_version_is_the_number_of_events(engine: Engine) -> None:
    engine.report(case_id="c")
    engine.dispatch("c", at=plus(50))
    assert engine.case("c").version == len(engine.history("c"))


def test_a_refused_command_leaves_nothing_of_its_own_behind(engine: Engine) -> None:
    """What fell due before it has happened all the same; it would have happened without the command."""
    engine.report(case_id="c", command_id="a")
    with pytest.raises(CommandError):
        engine.claim("c", at=plus(30), note="my telephone", command_id="b")
    assert set(kinds(engine)) <= {"reported", "warned", "breached", "urged"}
    assert engine.texts("c") == []
    engine.advance(plus(30))
    assert kinds(engine) == ["reported", "warned", "breached", "urged"]
    engine.verify()


class Interrupted:
    """A locality whose rule is interrupted from the keyboard when a case is to be major."""

    @hookimpl
    def governflow_tier(self, case: Case) -> None:
        if case.severity is Severity.MAJOR:
            raise KeyboardInterrupt


def test_an_interrupted_command_leaves_nothing_behind(engine: Engine) -> None:
    engine.localities.register("371621", Interrupted())
    engine.report(case_id="c", locality="371621")
    before = engine.case("c"), engine.history("c"), engine.verify()
    with pytest.raises(KeyboardInterrupt):
        engine.reclassify("c", severity="major", at=plus(30))
    assert (engine.case("c"), engine.history("c"), engine.verify()) == before
    assert engine.dispatch("c", at=plus(1)).clocks["dispatch"].outcome is Outcome.MET


# --- advancing --------------------------------------------------------------------------------------------------------


def test_what_falls_due_fires_in_due_order_over_all_cases(engine: Engine) -> None:
    for number in range(5):
        engine.report(case_id=f"c{number}", at=plus(7 * number % 5))
    fired = engine.advance(plus(30))
    assert [event.at for event in fired] == sorted(event.at for event in fired)
    assert {(event.case, event.kind) for event in fired} == {
        (f"c{number}", kind) for number in range(5) for kind in ("warned", "breached", "urged")
    }


def test_cases_that_fall_due_together_fire_in_the_order_of_their_reports(engine: Engine) -> None:
    for name in ("b", "a", "c"):
        engine.report(case_id=name)
    assert [event.case for event in engine.advance(plus(4.5))] == ["b", "a", "c"]


def test_nothing_fires_twice(engine: Engine) -> None:
    engine.report(case_id="c")
    assert len(engine.advance(plus(30))) == 3
    assert engine.advance(plus(30)) == ()
    assert engine.advance(plus(31)) == ()


def test_after_an_outage_everything_fires_with_the_moment_it_was_due(engine: Engine, watch: ManualClock) -> None:
    engine.report(case_id="c")
    watch.set(T0 + 10 * DAY)
    fired = engine.advance()
    assert [(event.kind, event.at) for event in fired[:4]] == [
        ("warned", plus(4)),
        ("breached", plus(5)),
        ("urged", plus(5)),
        ("supervised", plus(35)),
    ]
    assert all(event.recorded == T0 + 10 * DAY for event in engine.history("c")[1:])


def test_the_engines_clock_never_goes_back(engine: Engine) -> None:
    engine.report(case_id="c")
    engine.advance(plus(10))
    with pytest.raises(ClockBackwards):
        engine.advance(plus(9))
    assert engine.now == plus(10)


def test_advancing_remembers_how_far_it_came_even_where_nothing_was_due(engine: Engine) -> None:
    engine.advance(plus(10))
    assert engine.now == plus(10)


def test_many_steps_leave_the_same_events_as_one_leap(engine: Engine) -> None:
    other = Engine.open()
    for each in (engine, other):
        each.report(case_id="c", at=T0)
        each.report(case_id="d", at=plus(3))
        each.dispatch("d", at=plus(4))
    for hour in range(1, 97):
        engine.advance(T0 + hour * HOUR)
    other.advance(T0 + 96 * HOUR)
    assert engine.history("c") == other.history("c")
    assert engine.history("d") == other.history("d")


def test_a_command_fires_first_what_fell_due_before_it(engine: Engine) -> None:
    engine.report(case_id="c")
    engine.dispatch("c", at=plus(40))
    assert kinds(engine) == ["reported", "warned", "breached", "urged", "supervised", "dispatched"]


# --- late facts -------------------------------------------------------------------------------------------------------


def test_a_late_fact_that_fits_is_taken_and_withdraws_the_breach(engine: Engine, watch: ManualClock) -> None:
    engine.report(case_id="c")
    engine.dispatch("c", at=T0)
    watch.set(plus(50))
    engine.advance()
    case = engine.arrive("c", at=plus(30))
    arrive = case.clocks["arrive"]
    assert (arrive.stopped, arrive.outcome, arrive.exempt) == (plus(30), Outcome.MET, None)
    entry = engine.history("c")[-1]
    assert (entry.kind, entry.recorded) == ("amended", plus(50))
    assert "breached" in kinds(engine)
    assert [event.kind for event in engine.life("c")] == ["reported", "dispatched", "arrived"]
    assert case.clocks["resolve"].due == plus(60)


def test_a_late_fact_at_the_very_due_moment_withdraws_the_breach(engine: Engine) -> None:
    engine.report(case_id="c")
    engine.advance(plus(20))
    assert engine.dispatch("c", at=plus(5)).clocks["dispatch"].outcome is Outcome.MET


def test_a_late_fact_that_was_late_all_the_same_withdraws_no_breach(engine: Engine) -> None:
    engine.report(case_id="c")
    engine.advance(plus(20))
    case = engine.dispatch("c", at=plus(6))
    assert (case.clocks["dispatch"].outcome, case.clocks["dispatch"].exempt) == (Outcome.BREACHED, None)
    assert case.clocks["dispatch"].stopped == plus(6)


def test_a_late_fact_before_the_report_is_refused(engine: Engine) -> None:
    engine.report(case_id="c")
    for action, details in (("dispatch", {}), ("note", {"text": "seen"})):
        with pytest.raises(CommandError, match="opened"):
            engine.act(action, "c", at=plus(-1), **details)


def test_a_late_fact_that_does_not_fit_is_refused_with_the_fact_that_contradicts(engine: Engine) -> None:
    engine.report(case_id="c")
    engine.dispatch("c", at=plus(1))
    engine.claim("c", at=plus(20))
    with pytest.raises(CommandError, match=r"claim at .* would not have been possible"):
        engine.arrive("c", at=plus(10))
    assert engine.case("c").state == "claimed"


def test_a_late_fact_outranks_a_takeover(engine: Engine) -> None:
    engine.report(case_id="c")
    held = engine.dispatch("c", at=T0).unit
    assert engine.advance(plus(130))[-1].state == "dispatched"
    assert engine.case("c").clocks["arrive"].cycle == 2
    case = engine.arrive("c", at=plus(30))
    arrive = next(clock for clock in case.all_clocks if clock.mark == "arrive#1")
    assert arrive.outcome is Outcome.MET
    assert next(event.state for event in engine.life("c") if event.kind == "arrived") == "on_site"
    assert held == engine.life("c")[1].changes["unit"]


def test_a_late_fact_makes_an_appeal_without_a_breach_moot(engine: Engine) -> None:
    engine.report(case_id="c")
    engine.dispatch("c", at=T0)
    engine.appeal("c", at=plus(45), reason="somebody was there, the paper is on its way")
    case = engine.arrive("c", at=plus(30))
    assert case.clocks["arrive"].outcome is Outcome.MET
    assert case.appeals == ()
    (appeal,) = [event for event in engine.life("c") if event.action == "appeal"]
    assert "moot" in appeal.about


def test_a_late_remark_is_always_welcome(engine: Engine) -> None:
    engine.report(case_id="c")
    engine.dispatch("c", at=plus(1))
    engine.claim("c", at=plus(20))
    engine.note("c", text="seen on the way", at=plus(10))
    assert [(event.kind, event.at) for event in engine.life("c")][2] == ("noted", plus(10))


def test_a_first_contact_that_is_learnt_late_is_the_first_all_the_same(engine: Engine) -> None:
    engine.report(case_id="c")
    engine.dispatch("c", at=plus(1))
    engine.claim("c", at=plus(30))
    assert engine.inform("c", text="we are coming", at=plus(10)).contacted == plus(10)


def test_the_outcome_is_the_same_whether_the_fact_came_late_or_not_but_for_the_breach(engine: Engine) -> None:
    for name in ("late", "punctual"):
        engine.report(case_id=name)
        engine.dispatch(name, at=T0)
    engine.arrive("punctual", at=plus(30))
    engine.advance(plus(50))
    engine.arrive("late", at=plus(30))
    late, punctual = engine.case("late"), engine.case("punctual")
    assert (late.state, late.unit, late.clocks["resolve"]) == (
        punctual.state,
        punctual.unit,
        punctual.clocks["resolve"],
    )


# --- asking anew ------------------------------------------------------------------------------------------------------


def test_past_rulings_stand_until_a_reassessment_asks_anew(engine: Engine) -> None:
    engine.report(case_id="c", locality="371621")
    engine.localities.register("371621", Tiering(Ruling(Tier.ONE, "all to the district", "t/1")))
    assert engine.case("c").tier == Tier.THREE
    case = engine.reassess("c", at=plus(1), by=Actor("chief"))
    assert case.tier == Tier.ONE
    event = engine.history("c")[-1]
    assert (event.kind, event.by) == ("reassessed", Actor("chief"))
    assert event.rules != engine.history("c")[0].rules


def test_a_case_that_is_over_cannot_be_reassessed(engine: Engine) -> None:
    engine.report(case_id="c")
    engine.withdraw("c", at=plus(1))
    with pytest.raises(CommandError):
        engine.reassess("c", at=plus(2))


def test_a_recalculation_that_changes_nothing_leaves_no_event(engine: Engine) -> None:
    engine.report(case_id="c")
    assert engine.recalculate("c", at=plus(1)).version == 1


def test_replaying_asks_no_plugin(engine: Engine) -> None:
    engine.localities.register("371621", Tiering(Ruling(Tier.ONE, "all to the district", "t/1")))
    case = engine.report(case_id="c", locality="371621")
    engine.localities.register("371621", Tiering(RuntimeError("the rules are gone")))
    assert fold(engine.history("c")) == case == engine.case("c")


def test_an_explanation_names_rule_and_plugin_of_every_ruling(engine: Engine) -> None:
    engine.localities.register("371621", Tiering(Ruling(Tier.ONE, Text("to the district", "区级"), "t/1")))
    engine.report(case_id="c", locality="371621")
    told = {each.ruling.what: each.ruling for each in engine.explain("c").rulings}
    assert (told["tier"].source, told["tier"].rule, told["tier"].reason.zh) == ("371621", "t/1", "区级")
    assert (told["clock:dispatch"].source, told["clock:dispatch"].value) == ("governflow", "5min")
    assert {"assess", "tier", "clock:dispatch", "clock:whole"} <= set(told)


def test_an_explanation_accounts_for_all_the_time_of_every_clock(engine: Engine) -> None:
    engine.report(case_id="c")
    engine.dispatch("c", at=plus(1))
    engine.suspend("c", at=plus(11), until=plus(71))
    engine.advance(plus(80))
    for account in engine.explain("c").clocks:
        assert account.segments[0].start == account.clock.started
        assert account.segments[-1].end == account.clock.due
        assert all(a.end == b.start for a, b in zip(account.segments, account.segments[1:], strict=False))
    arrive = next(account for account in engine.explain("c").clocks if account.clock.name == "arrive")
    assert [(s.start, s.end) for s in arrive.segments if s.kind == "paused"] == [(plus(11), plus(71))]


# --- modes and outages ------------------------------------------------------------------------------------------------


def test_a_switch_of_mode_is_in_the_localitys_book_and_on_the_cases_that_follow(engine: Engine) -> None:
    before = engine.report(locality="371621")
    engine.switch_mode("371621", "emergency", reason="flood", by=Actor("chief"))
    after = engine.report(locality="371621")
    elsewhere = engine.report(locality="371622")
    assert (before.mode, after.mode, elsewhere.mode) == ("normal", "emergency", "normal")
    assert [event.kind for event in engine.book("371621")] == ["mode_switched"]
    engine.switch_mode("371621", "normal", reason="the water is gone")
    assert engine.report(locality="371621").mode == "normal"


def test_an_unknown_mode_is_refused_with_a_sentence(engine: Engine) -> None:
    with pytest.raises(GovernflowError):
        engine.switch_mode("371621", "panic", reason="flood")


def test_a_declared_outage_is_in_the_localitys_book(engine: Engine) -> None:
    engine.declare_outage("371621", T0, T0 + HOUR, reason="power cut", by=Actor("chief"))
    assert list(engine.outages("371621")) == [(T0, T0 + HOUR)]
    with pytest.raises(CommandError):
        engine.declare_outage("371621", T0, T0, reason="nothing")


# --- plugins that fail ------------------------------------------------------------------------------------------------


class Tiering:
    """A locality whose rule on the tier gives, or raises, whatever the test says."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    @hookimpl
    def governflow_tier(self, case: Case) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def assert_stands_in_triage(engine: Engine, hook: str) -> None:
    case = engine.case("c")
    (fault, *_) = [event for event in engine.history("c") if event.kind == "faulted"]
    assert {(told["plugin"], told["hook"]) for told in fault.about["faults"]} == {("371621", hook)}
    assert case.clocks["triage"].due == case.clocks["triage"].started + HOUR
    assert any(clock.running for clock in case.clocks.values())
    assert fold(engine.history("c")) == case
    engine.verify()


@pytest.mark.parametrize(
    "answer",
    [
        RuntimeError("out of order"),
        "1",
        Tier.ONE,
        True,
        Ruling("1", "text instead of a tier", "t/1"),
        Ruling(None, "nothing", "t/1"),
        Ruling(Tier.ONE, None, "t/1"),  # type: ignore[arg-type]
        Ruling(Tier.ONE, "a number for a rule", 7),  # type: ignore[arg-type]
    ],
    ids=["raises", "text", "bare", "bool", "ruling of text", "ruling of nothing", "no reason", "odd rule"],
)
def test_a_rule_that_fails_leaves_the_case_standing_in_triage(engine: Engine, answer: Any) -> None:
    engine.localities.register("371621", Tiering(answer))
    case = engine.report(case_id="c", locality="371621")
    assert case.state == "reported"
    assert case.tier == Tier.THREE  # the rule below answered instead
    assert_stands_in_triage(engine, "governflow_tier")


class Routing:
    def __init__(self, value: Any) -> None:
        self.value = value

    @hookimpl
    def governflow_route(self) -> Any:
        return Ruling(self.value, "because", "r/1")

    @hookimpl
    def governflow_units(self) -> Any:
        # The abstract chart takes any name for a unit, so this locality closes it.
        from governflow.model.units import OrgChart
        from governflow.policy.builtin.defaults import governflow_units

        chart = governflow_units()
        return OrgChart.of(chart.units.values(), intake=chart.intake)


@pytest.mark.parametrize(
    "value",
    [
        Route("nobody", Form.DIRECT),
        Route("street", Form.DIRECT, ("nobody",)),
        Route(None, Form.DIRECT),  # type: ignore[arg-type]
        Route("street", "by foot"),  # type: ignore[arg-type]
        Route("street", Form.VERIFY, None),  # type: ignore[arg-type]
        Route(["street"], Form.VERIFY),  # type: ignore[arg-type]
        "street",
    ],
    ids=["unknown lead", "unknown assistant", "no lead", "odd form", "no tuple", "list", "text"],
)
def test_a_route_that_makes_no_sense_leaves_the_case_standing_in_triage(engine: Engine, value: Any) -> None:
    engine.localities.register("371621", Routing(value))
    engine.report(case_id="c", locality="371621")
    case = engine.dispatch("c", at=plus(1))
    assert case.state == "dispatched"
    assert case.unit in engine.localities.policy("371621").units
    assert_stands_in_triage(engine, "governflow_route")


class Timing:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    @hookimpl
    def governflow_deadlines(self) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    "answer",
    [
        ZeroDivisionError(),
        {"arrive": "40min"},
        Deadlines(("arrive",)),  # type: ignore[arg-type]
        Deadlines(None),  # type: ignore[arg-type]
        Deadlines(drop=None),  # type: ignore[arg-type]
    ],
    ids=["raises", "mapping", "names for clocks", "no clocks", "no drop"],
)
def test_deadlines_that_make_no_sense_leave_the_case_standing_in_triage(engine: Engine, answer: Any) -> None:
    engine.localities.register("371621", Timing(answer))
    engine.report(case_id="c", locality="371621")
    assert engine.case("c").clocks["dispatch"].due == plus(5)
    assert_stands_in_triage(engine, "governflow_deadlines")


class Assessing:
    def __init__(self, value: Any) -> None:
        self.value = value

    @hookimpl
    def governflow_assess(self) -> Any:
        return Ruling(self.value, "because", "a/1")


@pytest.mark.parametrize(
    "value",
    [
        Severity.MAJOR,
        Assessment("huge", Urgency.NORMAL),  # type: ignore[arg-type]
        Assessment(Severity.MAJOR, None),  # type: ignore[arg-type]
    ],
    ids=["bare", "unknown severity", "no urgency"],
)
def test_an_assessment_that_makes_no_sense_leaves_the_case_standing_in_triage(engine: Engine, value: Any) -> None:
    engine.localities.register("371621", Assessing(value))
    engine.report(case_id="c", locality="371621")
    assert (engine.case("c").severity, engine.case("c").urgency) == ("general", "normal")
    assert_stands_in_triage(engine, "governflow_assess")


class Calendars:
    """A locality whose arrivals count in working hours, on whatever calendar the test gives."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    @hookimpl
    def governflow_deadlines(self) -> Deadlines:
        from governflow.calendars.allowances import Allowance
        from governflow.model.clocks import ClockSpec

        arrive = ClockSpec(
            "arrive",
            Text("arrive", "到场"),
            Allowance.parse("4wh"),
            frozenset({"dispatch:visit"}),
            frozenset({"arrive", "begin", "resolve"}),
        )
        return Deadlines((arrive,))

    @hookimpl
    def governflow_calendar(self, clock: str, context: Context) -> Any:
        if clock != "arrive":
            return None
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    "answer",
    [RuntimeError("no calendar"), "9 to 5", WorkingCalendar(tz="Asia/Shanghai", weekly={})],
    ids=["raises", "text", "never open"],
)
@pytest.mark.parametrize("how", ["dispatched", "dispatched from above"])
def test_a_calendar_that_makes_no_sense_leaves_the_case_standing_in_triage(
    engine: Engine, answer: Any, how: str
) -> None:
    engine.localities.register("371621", Calendars(answer))
    engine.report(case_id="c", locality="371621")
    if how == "dispatched from above":
        engine.advance(plus(66))
    else:
        engine.dispatch("c", at=plus(1))
    assert engine.case("c").state == "dispatched"
    assert_stands_in_triage(engine, "governflow_calendar")


class Authorising:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    @hookimpl
    def governflow_authorise(self, actor: Actor | None, action: str) -> Any:
        if action == "report":
            return None
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_an_actor_that_the_locality_refuses_is_told_why(engine: Engine) -> None:
    engine.localities.register("371621", Authorising(Refused(Text("not your grid", "不属于本网格"))))
    engine.report(case_id="c", locality="371621")
    with pytest.raises(NotAllowed, match="not your grid") as refused:
        engine.dispatch("c", at=plus(1), by=Actor("desk"))
    assert "不属于本网格" in refused.value.text.zh
    assert engine.case("c").state == "reported"


def test_an_actor_that_the_locality_allows_is_not_asked_about_further(engine: Engine) -> None:
    engine.localities.register("370000", Authorising(Refused("the province says no")))
    engine.localities.register("371621", Authorising(Allowed()))
    engine.report(case_id="c", locality="371621")
    assert engine.dispatch("c", at=plus(1)).state == "dispatched"


@pytest.mark.parametrize("answer", [RuntimeError("out of order"), False, True, "yes"])
def test_an_authorisation_that_makes_no_sense_is_a_fault_in_the_book(engine: Engine, answer: Any) -> None:
    engine.localities.register("371621", Authorising(answer))
    engine.report(case_id="c", locality="371621")
    engine.note("c", text="x", at=plus(1))
    assert_stands_in_triage(engine, "governflow_authorise")


def test_a_rule_that_fails_when_a_suspension_ends_by_itself_is_a_fault_in_the_book(engine: Engine) -> None:
    engine.localities.register("371621", Timing(None))
    engine.report(case_id="c", locality="371621")
    engine.dispatch("c", at=plus(1))
    engine.suspend("c", at=plus(2), until=plus(60))
    engine.localities.register("371621", Timing(RuntimeError("out of order")))
    engine.advance(plus(61))
    assert engine.case("c").state == "dispatched"
    assert_stands_in_triage(engine, "governflow_deadlines")


def test_one_localitys_failing_rule_stops_no_other_localitys_deadlines(engine: Engine) -> None:
    engine.localities.register("371621", Tiering(RuntimeError("out of order")))
    engine.report(case_id="c", locality="371621")
    engine.report(case_id="d", locality="371622")
    engine.advance(plus(10))
    assert "breached" in kinds(engine, "c")
    assert "faulted" not in kinds(engine, "d")
    assert "breached" in kinds(engine, "d")


class Misspelt:
    @hookimpl
    def governflow_teir(self) -> None: ...


class Demanding:
    @hookimpl
    def governflow_tier(self, case: Case, weather: str) -> None: ...


@pytest.mark.parametrize(("plugin", "named"), [(Misspelt(), "governflow_teir"), (Demanding(), "weather")])
def test_a_plugin_that_is_wrong_in_itself_is_refused_when_it_is_loaded(
    engine: Engine, plugin: object, named: str
) -> None:
    engine.localities.register("371621", plugin)
    with pytest.raises(PolicyError, match=named):
        engine.report(locality="371621")
    assert engine.report(locality="371622").state == "reported"


# --- telling plugins --------------------------------------------------------------------------------------------------


class Listening:
    """A locality that keeps what it is told, and fails as often as the test says."""

    def __init__(self, failing: int = 0) -> None:
        self.heard: list[tuple[str, int, str]] = []
        self.failing = failing

    @hookimpl
    def governflow_recorded(self, event: Event, case: Case) -> None:
        if self.failing:
            self.failing -= 1
            raise ConnectionError("no line")
        self.heard.append((event.case, event.seq, event.kind))


def test_plugins_hear_every_event_once_in_order(engine: Engine) -> None:
    plugin = Listening()
    engine.localities.register("371621", plugin)
    engine.report(case_id="c", locality="371621")
    engine.report(case_id="d", locality="371622")
    engine.advance(plus(10))
    engine.dispatch("c", at=plus(11))
    assert plugin.heard == [("c", event.seq, event.kind) for event in engine.history("c")]


def test_a_delivery_that_fails_is_kept_and_tried_again(engine: Engine) -> None:
    plugin = Listening(failing=2)
    engine.localities.register("371621", plugin)
    assert engine.report(case_id="c", locality="371621").state == "reported"
    assert plugin.heard == []
    assert engine.deliver() == 1
    assert engine.deliver() == 0
    assert plugin.heard == [("c", 1, "reported")]
    assert engine.deliver() == 0
    assert plugin.heard == [("c", 1, "reported")]


def test_a_plugin_that_fails_never_breaks_the_case(engine: Engine) -> None:
    engine.localities.register("371621", Listening(failing=10**6))
    engine.report(case_id="c", locality="371621")
    engine.dispatch("c", at=plus(1))
    engine.advance(plus(60))
    assert engine.case("c").version == len(engine.history("c")) > 3
    assert "faulted" not in kinds(engine)


def test_plugins_hear_nothing_of_a_refused_command(engine: Engine) -> None:
    plugin = Listening()
    engine.localities.register("371621", plugin)
    engine.report(case_id="c", locality="371621")
    with pytest.raises(CommandError):
        engine.claim("c", at=plus(1))
    engine.deliver()
    assert [kind for _, _, kind in plugin.heard] == ["reported"]


class Acting:
    """A locality that writes a remark as soon as it hears of a case."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.heard: list[str] = []

    @hookimpl
    def governflow_recorded(self, event: Event, case: Case) -> None:
        self.heard.append(event.kind)
        if event.kind == "reported" and len(self.heard) < 10:
            self.engine.note(case.id, text="a letter was sent")


def test_a_plugin_that_acts_on_what_it_hears_hears_it_once_all_the_same(engine: Engine) -> None:
    plugin = Acting(engine)
    engine.localities.register("371621", plugin)
    engine.report(case_id="c", locality="371621")
    engine.deliver()
    assert plugin.heard == ["reported", "noted"]
    assert kinds(engine) == ["reported", "noted"]


# --- threads ----------------------------------------------------------------------------------------------------------


def test_threads_share_an_engine(engine: Engine) -> None:
    problems: list[BaseException] = []

    def work(name: int) -> None:
        try:
            for number in range(10):
                engine.report(case_id=f"{name}-{number}", at=T0)
                engine.dispatch(f"{name}-{number}", at=plus(1))
        except BaseException as problem:  # noqa: BLE001 - the test names it
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert sum(case.version for case in engine.cases()) == 120
    engine.verify()


def test_engines_do_not_share_localities() -> None:
    one, two = Engine.open(), Engine.open(localities=Localities())
    one.localities.register("371621", Tiering(Ruling(Tier.ONE, "x", "t/1")))
    assert two.report(locality="371621").tier == Tier.THREE


# --- closing ----------------------------------------------------------------------------------------------------------


class Shelving:
    @hookimpl
    def governflow_lifecycles(self, base: Lifecycle) -> dict[str, Lifecycle]:
        return {"everyday": base.derive("everyday", add=[Move("close", ("resolved",), "closed")])}


def test_a_case_is_archived_by_its_id(engine: Engine) -> None:
    engine.localities.register("371621", Shelving())
    engine.report(case_id="c", locality="371621", at=T0)
    engine.resolve("c", at=plus(1))
    assert engine.archive("c", at=plus(2)).state == "closed"
    assert engine.history("c")[-1].action == "close"


def test_closing_a_case_through_close_still_works_and_warns(engine: Engine) -> None:
    engine.report(case_id="c", at=T0)
    with pytest.warns(DeprecationWarning, match="archive"), pytest.raises(IllegalAction):
        engine.close("c", at=plus(1))


def test_an_engine_is_closed_without_a_word_about_cases(tmp_path: Path) -> None:
    engine = Engine.open(tmp_path / "cases.db")
    engine.report(case_id="c", at=T0)
    engine.close()
    with pytest.raises(StoreError):
        engine.report(case_id="d", at=T0)


@pytest.mark.parametrize(("case", "details"), [((None,), {}), (("",), {}), ((None,), {"at": T0}), ((), {"at": T0})])
def test_closing_without_the_id_of_a_case_never_closes_the_store(
    engine: Engine, case: tuple[Any, ...], details: dict[str, Any]
) -> None:
    engine.report(case_id="c", at=T0)
    with pytest.warns(DeprecationWarning, match="archive"), pytest.raises((UnknownCase, TypeError)):
        engine.close(*case, **details)
    assert engine.dispatch("c", at=plus(1)).state == "dispatched"


# --- what is told late, in the wrong words, or by broken rules --------------------------------------------------------


@pytest.mark.parametrize("action", ["suspend", "transfer", "extend"])
def test_whatever_is_told_late_but_was_done_in_time_withdraws_the_breach(engine: Engine, action: str) -> None:
    engine.report(case_id="c", at=T0)
    engine.dispatch("c", at=plus(1))
    engine.advance(plus(60))
    details: dict[str, Any] = {
        "suspend": {"until": plus(600)},
        "transfer": {"to": "street"},
        "extend": {"clock": "arrive", "until": plus(300), "approved_by": "street", "reason": "snow"},
    }[action]
    engine.act(action, "c", at=plus(10), **details)
    (clock,) = [clock for clock in engine.case("c").all_clocks if clock.name == "arrive" and clock.cycle == 1]
    assert clock.missed_at is None or clock.missed_at > plus(41)


def test_a_case_suspended_late_is_urged_by_nobody_until_it_resumes(engine: Engine) -> None:
    engine.report(case_id="c", at=T0)
    engine.dispatch("c", at=plus(1))
    engine.advance(plus(60))
    engine.suspend("c", at=plus(10), until=plus(600))
    urged = [event for event in engine.advance(plus(600)) if event.kind in ("urged", "supervised", "taken_over")]
    assert urged == []


@pytest.mark.parametrize(("action", "details"), [("evaluate", {"satisfied": "no"}), ("revisit", {"recurred": "no"})])
def test_a_word_is_no_yes_and_no_no(engine: Engine, action: str, details: dict[str, Any]) -> None:
    engine.report(case_id="c", at=T0)
    engine.resolve("c", at=plus(1))
    engine.answer("c", at=plus(2))
    if action == "revisit":
        engine.evaluate("c", satisfied=True, at=plus(3))
    with pytest.raises(CommandError, match="True or False"):
        engine.act(action, "c", at=plus(4), **details)


def test_a_list_of_units_is_no_text(engine: Engine) -> None:
    engine.report(case_id="c", at=T0)
    engine.dispatch("c", at=plus(1))
    with pytest.raises(CommandError, match="list of units"):
        engine.act("whistle", "c", units="street", at=plus(2))


def test_recalculating_returns_the_case_that_the_store_holds(engine: Engine) -> None:
    engine.report(case_id="c", at=T0)
    assert engine.recalculate("c", at=plus(60)) == engine.case("c")


def test_one_countys_broken_rules_stop_no_other_countys_clocks(engine: Engine) -> None:
    class Fine:
        pass

    class Broken:
        @hookimpl
        def governflow_units(self) -> Any:
            raise KeyError("boom")

    engine.localities.register("371621", Fine())
    engine.report(case_id="c", locality="371621", at=T0)
    engine.report(case_id="d", at=T0)
    engine.localities.register("371621", Broken())
    fired = engine.advance(plus(6))
    assert {event.case for event in fired if event.kind == "breached"} == {"c", "d"}
    assert "boom" in next(event for event in fired if event.kind == "faulted").about["faults"][0]["fault"]
    assert engine.case("c").clocks["triage"].running
    with pytest.raises(PolicyError, match="boom"):
        engine.dispatch("c", at=plus(7))


def test_a_case_whose_lifecycle_is_gone_keeps_its_clocks(engine: Engine) -> None:
    from governflow.model.base_lifecycle import BASE

    class Mediating:
        @hookimpl
        def governflow_lifecycles(self, base: Any) -> Any:
            return {"mediation": BASE.derive("mediation")}

    class Plain:
        pass

    engine.localities.register("371621", Mediating())
    engine.report(case_id="c", locality="371621", lifecycle="mediation", at=T0)
    engine.localities.register("371621", Plain())
    assert "breached" in [event.kind for event in engine.advance(plus(6))]
    assert engine.case("c").clocks["triage"].running


def test_nobody_verifies_their_own_work(engine: Engine) -> None:
    engine.report(case_id="c", asked=False, at=T0)
    engine.dispatch("c", to="community", at=plus(1))
    engine.resolve("c", at=plus(2))
    engine.answer("c", at=plus(3))
    with pytest.raises(NotAllowed, match="a unit above the holder verifies"):
        engine.evaluate("c", satisfied=True, by=Actor("w", "community"), at=plus(4))
    assert engine.history("c")[-1].kind == "denied"
    assert engine.evaluate("c", satisfied=True, by=Actor("w"), at=plus(4)).verifier == "street"


def test_a_case_is_merged_into_no_book(engine: Engine) -> None:
    engine.switch_mode("000000", "emergency", reason="flood", at=T0)
    engine.report(case_id="c", at=T0)
    with pytest.raises(UnknownCase):
        engine.merge("c", into="@000000", at=plus(1))


def test_ids_carry_the_day_of_the_locality(engine: Engine) -> None:
    case = engine.report(at=datetime(2026, 1, 1, 7, 0, tzinfo=UTC) - 8 * HOUR)
    assert case.id == "000000-20260101-00001"


@pytest.mark.parametrize("by", ["网格员12", Actor(5), Actor("a", 5)])  # type: ignore[arg-type]
def test_an_actor_that_could_not_be_read_back_is_refused(engine: Engine, by: Any) -> None:
    engine.report(case_id="c", at=T0)
    for act in (
        lambda: engine.report(case_id="d", at=T0, by=by),
        lambda: engine.dispatch("c", at=plus(1), by=by),
        lambda: engine.forget("c", at=plus(1), by=by),
        lambda: engine.reassess("c", at=plus(1), by=by),
        lambda: engine.switch_mode("000000", "emergency", reason="flood", at=T0, by=by),
    ):
        with pytest.raises(CommandError, match="actor"):
            act()
    engine.verify()


def test_a_disproved_breach_excuses_no_later_one(engine: Engine) -> None:
    """Arrive was breached at 41; told late, it had been extended at 20 to 60; nobody came by then either."""
    engine.report(case_id="c", at=T0)
    engine.dispatch("c", at=plus(1))
    engine.advance(plus(50))
    engine.extend("c", clock="arrive", until=plus(60), approved_by="street", reason="snow", at=plus(20))
    fired = engine.advance(plus(110))
    assert ("breached", plus(60)) in [(event.kind, event.at) for event in fired]
    clock = engine.case("c").clocks["arrive"]
    assert (clock.outcome, clock.exempt) == (Outcome.BREACHED, None)


def test_a_ruling_comes_after_its_appeal(engine: Engine) -> None:
    engine.report(case_id="c", at=T0)
    engine.advance(plus(30))
    engine.appeal("c", reason="storm", clock="dispatch", at=plus(20))
    with pytest.raises(CommandError, match="which appeal is ruled on"):
        engine.rule("c", granted=True, at=plus(10))


def test_a_store_that_cannot_roll_back_stops_no_other_thread(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    case = engine.report(at=T0)

    def broken() -> None:
        raise StoreError("the disk is gone", "磁盘不可用")

    with monkeypatch.context() as patch:
        patch.setattr(engine.store, "commit", broken)
        patch.setattr(engine.store, "rollback", broken)
        with pytest.raises(StoreError):
            engine.report(at=T0)
    engine.store.rollback()
    seen: list[str] = []
    other = threading.Thread(target=lambda: seen.append(engine.case(case.id).id), daemon=True)
    other.start()
    other.join(timeout=10)
    assert seen == [case.id]


@pytest.mark.parametrize("name", ["store", "clock", "localities"])
def test_what_an_engine_is_made_of_is_given_when_it_is_opened_and_not_set_afterwards(name: str) -> None:
    with Engine.open() as engine:
        with pytest.raises(AttributeError):
            setattr(engine, name, None)
        assert getattr(engine, name) is not None
