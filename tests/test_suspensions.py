"""A suspension (挂起) is a stretch of time: whatever is decided in it knows of it, and nobody is blamed for it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from governflow import Engine, IllegalAction, hookimpl
from governflow.calendars.allowances import Allowance
from governflow.model.clocks import Clock
from governflow.model.terms import Mode, Outcome
from governflow.policy.builtin.default_clocks import ARRIVE
from governflow.policy.hookspecs import Context, Deadlines

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
GRANTED = {"approved_by": "street", "reason": "parts"}


def plus(minutes: float) -> datetime:
    return T0 + minutes * MINUTE


def arrived(severity: str = "general", *plugins: object) -> Engine:
    """Return an engine with a case on site since `T0`: half an hour, two days or a week to resolve it."""
    engine = Engine.open()
    for plugin in plugins:
        engine.localities.register("county", plugin)
    engine.report(case_id="c", locality="county", severity=severity, at=plus(-2))
    engine.dispatch("c", at=plus(-1))
    engine.arrive("c", at=T0)
    return engine


def clock(engine: Engine, name: str = "resolve") -> Clock:
    return engine.case("c").clocks[name]


def blamed(engine: Engine) -> list[tuple[str, datetime]]:
    return [(event.kind, event.at) for event in engine.history("c") if event.escalation is not None]


# --- more time for what was late already ------------------------------------------------------------------------------


def test_a_clock_that_gets_time_back_in_a_suspension_has_stood_still_since_its_beginning() -> None:
    """Breached at 30, suspended at 50: of two days 50 minutes are used, whenever somebody finds the case complex."""
    engine = arrived()
    engine.suspend("c", at=plus(50), until=plus(50) + 10 * DAY)
    engine.reclassify("c", severity="complex", at=plus(80))
    assert clock(engine).paused == plus(50)
    before = blamed(engine)
    engine.advance(plus(51) + 10 * DAY)
    assert blamed(engine) == before
    assert clock(engine).due == T0 + 12 * DAY
    assert (clock(engine).outcome, clock(engine).missed_at) == (Outcome.BREACHED, plus(30))


def test_a_clock_that_gets_time_back_after_a_suspension_is_not_charged_for_it() -> None:
    engine = arrived()
    engine.suspend("c", at=plus(50), until=plus(50) + 10 * DAY)
    engine.advance(plus(51) + 10 * DAY)
    engine.reclassify("c", severity="complex", at=plus(60) + 10 * DAY)
    assert clock(engine).due == T0 + 12 * DAY
    assert clock(engine).pauses == ((plus(50), plus(50) + 10 * DAY),)


@pytest.mark.parametrize("extended", [60, 300, 600])
def test_an_allowance_on_top_counts_the_same_in_a_suspension_and_after_it(extended: int) -> None:
    """Due at 30; two hours more: 20 minutes of them are over when the suspension begins at 50."""
    engine = arrived()
    engine.suspend("c", at=plus(50), until=plus(550))
    engine.advance(plus(extended))
    engine.extend("c", clock="resolve", allowance="10h", at=plus(extended), **GRANTED)
    engine.advance(plus(601))
    assert clock(engine).due == plus(30 + 600 + 500)


def test_a_late_clock_with_a_new_due_time_stands_still_like_any_other() -> None:
    engine = arrived()
    engine.advance(plus(40))
    engine.extend("c", clock="resolve", until=plus(100), at=plus(40), **GRANTED)
    engine.suspend("c", at=plus(60), until=plus(1000))
    before = blamed(engine)
    engine.advance(plus(1000) + MINUTE)
    assert blamed(engine) == before
    assert clock(engine).due == plus(1040)


class Emergency:
    """A locality with eight hours to arrive every day, and five minutes in an emergency."""

    @hookimpl
    def governflow_deadlines(self, context: Context) -> Deadlines:
        allowance = Allowance.parse("5min" if context.mode is Mode.EMERGENCY else "8h")
        return Deadlines((attrs.evolve(ARRIVE, allowance=allowance),))


def test_the_end_of_an_emergency_in_a_suspension_gives_the_time_from_its_beginning() -> None:
    engine = Engine.open()
    engine.localities.register("990101", Emergency())
    engine.switch_mode("990101", "emergency", reason="flood", at=plus(-60))
    engine.report(case_id="c", locality="990101", at=plus(-1))
    engine.dispatch("c", at=T0)
    engine.suspend("c", at=plus(10), until=plus(10) + DAY)
    before = blamed(engine)
    engine.switch_mode("990101", "normal", reason="over", at=plus(20))
    assert clock(engine, "arrive").paused == plus(10)
    engine.advance(plus(11) + DAY)
    assert [entry for entry in blamed(engine) if entry not in before] == []
    assert clock(engine, "arrive").due == T0 + 8 * HOUR + DAY


# --- warnings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decided", [600, 1000, 1030])
def test_four_fifths_of_the_time_that_counts_are_a_warning_wherever_the_pause_lies(decided: int) -> None:
    """Two days from `T0`, a pause from 10 to 1010: 80 % of 2880 minutes are 2304, and the pause is no part of them."""
    engine = arrived()
    engine.suspend("c", at=plus(10), until=plus(1010))
    engine.advance(plus(decided))
    engine.reclassify("c", severity="complex", at=plus(decided))
    warned = [event.at for event in engine.advance(plus(1000) + 3 * DAY) if event.kind == "warned"]
    assert warned[0] == plus(2304 + 1000)


def test_a_second_due_time_is_warned_of_in_its_turn() -> None:
    engine = arrived()
    engine.advance(plus(29))
    engine.extend("c", clock="resolve", until=plus(100), at=plus(29), **GRANTED)
    engine.advance(plus(100))
    warned = [
        event.at for event in engine.history("c") if event.kind == "warned" and event.about["clock"] == "resolve#1"
    ]
    assert warned == [plus(24), plus(80)]


def test_a_late_clock_that_is_given_more_time_is_warned_before_it_is_late_again() -> None:
    engine = arrived()
    engine.advance(plus(40))
    engine.extend("c", clock="resolve", until=plus(100), at=plus(40), **GRANTED)
    assert [(event.kind, event.at) for event in engine.advance(plus(100))] == [("warned", plus(80))]


# --- a date that was granted ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("resumed", [None, 2000, 4300])
def test_a_date_granted_in_a_suspension_is_not_moved_by_it(resumed: float | None) -> None:
    """Two days, one of them used; suspended for two. Whoever grants the sixth day knows of the suspension."""
    engine = arrived("complex")
    engine.suspend("c", at=T0 + DAY, until=T0 + 3 * DAY)
    engine.extend("c", clock="resolve", until=T0 + 6 * DAY, at=T0 + DAY + HOUR, **GRANTED)
    if resumed is not None:
        engine.resume("c", at=plus(resumed))
    engine.advance(T0 + 3 * DAY + MINUTE)
    assert clock(engine).due == T0 + 6 * DAY


def test_a_date_granted_in_a_suspension_takes_nothing_of_what_was_left() -> None:
    """A day is left when it is suspended until the tenth: the eleventh is later than the fifth that was granted."""
    engine = arrived("complex")
    engine.suspend("c", at=T0 + DAY, until=T0 + 10 * DAY)
    engine.extend("c", clock="resolve", until=T0 + 5 * DAY, at=T0 + 2 * DAY, **GRANTED)
    engine.advance(T0 + 10 * DAY + MINUTE)
    assert (clock(engine).due, clock(engine).outcome) == (T0 + 11 * DAY, Outcome.RUNNING)


def test_a_suspension_that_begins_after_the_grant_keeps_what_was_left_of_it() -> None:
    engine = arrived("complex")
    engine.extend("c", clock="resolve", until=T0 + 6 * DAY, at=plus(10), **GRANTED)
    engine.suspend("c", at=T0 + 5 * DAY, until=T0 + 9 * DAY)
    engine.advance(T0 + 9 * DAY + MINUTE)
    assert clock(engine).due == T0 + 10 * DAY


def test_a_date_granted_in_one_suspension_is_kept_whole_by_the_next() -> None:
    engine = arrived("complex")
    engine.suspend("c", at=T0 + DAY, until=T0 + 3 * DAY)
    engine.extend("c", clock="resolve", until=T0 + 6 * DAY, at=T0 + DAY + HOUR, **GRANTED)
    engine.suspend("c", at=T0 + 4 * DAY, until=T0 + 5 * DAY)
    engine.advance(T0 + 5 * DAY + MINUTE)
    assert clock(engine).due == T0 + 7 * DAY


def test_found_to_be_simple_in_a_suspension_a_case_keeps_the_date_that_was_granted() -> None:
    engine = arrived("complex")
    engine.suspend("c", at=T0 + DAY, until=T0 + 3 * DAY)
    engine.extend("c", clock="resolve", until=T0 + 6 * DAY, at=T0 + DAY + HOUR, **GRANTED)
    engine.reclassify("c", severity="general", at=T0 + 2 * DAY)
    engine.advance(T0 + 3 * DAY + MINUTE)
    assert clock(engine).due == T0 + 6 * DAY


# --- the second in which it ends --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("action", "details"), [("resolve", {}), ("transfer", {"to": "department"}), ("begin", {})])
def test_what_is_done_in_the_second_in_which_a_suspension_ends_is_done_after_it(
    action: str, details: dict[str, Any]
) -> None:
    engine = arrived("complex")
    engine.suspend("c", at=plus(10), until=plus(100))
    engine.act(action, "c", at=plus(100), **details)
    kinds = [event.kind for event in engine.history("c")]
    assert kinds[-2] == "resumed"
    assert engine.history("c")[-1].action == action
    assert clock(engine).pauses == ((plus(10), plus(100)),)


def test_a_suspension_can_be_prolonged_in_the_second_in_which_it_ends() -> None:
    engine = arrived("complex")
    engine.suspend("c", at=plus(10), until=plus(100))
    engine.suspend("c", at=plus(100), until=plus(200), text="still no parts")
    engine.advance(plus(201))
    assert clock(engine).due == T0 + 2 * DAY + 190 * MINUTE
    assert engine.texts("c")[-1]["text"] == "still no parts"
    engine.verify()


def test_somebody_may_still_resume_a_case_in_that_second() -> None:
    engine = arrived("complex")
    engine.suspend("c", at=plus(10), until=plus(100))
    engine.resume("c", at=plus(100))
    assert [event.kind for event in engine.history("c")].count("resumed") == 1


def test_a_second_earlier_the_case_is_suspended() -> None:
    engine = arrived("complex")
    engine.suspend("c", at=plus(10), until=plus(100))
    with pytest.raises(IllegalAction):
        engine.resolve("c", at=plus(100) - timedelta(seconds=1))


def test_a_clock_paused_in_its_due_second_is_met_in_the_second_in_which_the_suspension_ends() -> None:
    engine = arrived()
    engine.suspend("c", at=plus(30), until=plus(100))
    engine.resolve("c", at=plus(100))
    assert clock(engine).outcome is Outcome.MET


# --- nobody has to attend to it ---------------------------------------------------------------------------------------


class Sparse:
    """A locality in which a case on site has no clock of its own."""

    @hookimpl
    def governflow_deadlines(self) -> Deadlines:
        return Deadlines(drop=("resolve", "whole"))


@pytest.mark.parametrize("action", ["reassess", "note", "reclassify"])
def test_nobody_has_to_attend_to_a_suspended_case_whatever_is_said_about_it(action: str) -> None:
    engine = arrived("general", Sparse())
    assert clock(engine, "attend").running
    engine.suspend("c", at=plus(10), until=plus(10) + 5 * DAY)
    assert clock(engine, "attend").stopped == plus(10)
    if action == "reassess":
        engine.reassess("c", at=plus(20))
    elif action == "note":
        engine.note("c", at=plus(20), text="seen")
    else:
        engine.reclassify("c", at=plus(20), severity="complex")
    engine.advance(plus(11) + 5 * DAY)
    assert blamed(engine) == []
    assert (clock(engine, "attend").cycle, clock(engine, "attend").due) == (2, plus(10) + 6 * DAY)
