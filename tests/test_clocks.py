from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from governflow import Actor, Case, CommandError, Engine, hookimpl
from governflow.calendars.allowances import Allowance
from governflow.model.clocks import Clock, ClockSpec
from governflow.model.events import Event
from governflow.model.lifecycle import Lifecycle
from governflow.model.terms import Exempt, Outcome, Severity
from governflow.policy import stack as policy
from governflow.policy.builtin.default_clocks import ARRIVE
from governflow.policy.hookspecs import Context, Deadlines, Ruling
from governflow.text import Text

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
#: Sixty days after 2 March, the first day not counted, is 1 May; its last moment in Shanghai is 16:00 UTC.
WHOLE = datetime(2026, 5, 1, 16, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
US = timedelta(microseconds=1)


class Desk:
    """One case and an engine in memory; moments are minutes after the report, or moments."""

    def __init__(self, *plugins: object, **details: Any) -> None:
        self.engine = Engine.open()
        for plugin in plugins:
            self.engine.localities.register("county", plugin)
        self.engine.report(case_id="c", locality="county", at=T0, **details)

    def __getattr__(self, action: str) -> Any:
        def act(minutes: float | datetime, **details: Any) -> Case:
            moment = minutes if isinstance(minutes, datetime) else T0 + minutes * MINUTE
            return self.engine.act(action, "c", at=moment, **details)

        return act

    def advance(self, minutes: float | datetime) -> tuple[Event, ...]:
        return self.engine.advance(minutes if isinstance(minutes, datetime) else T0 + minutes * MINUTE)

    def clock(self, name: str) -> Clock:
        return self.case.clocks[name]

    @property
    def case(self) -> Case:
        return self.engine.case("c")

    @property
    def running(self) -> set[str]:
        return {clock.name for clock in self.case.clocks.values() if clock.running}

    @property
    def history(self) -> list[Event]:
        return self.engine.history("c")

    def kinds(self) -> list[str]:
        return [event.kind for event in self.history]

    def past(self, name: str) -> list[Clock]:
        return [clock for clock in self.case.all_clocks if clock.name == name]


def plus(minutes: float) -> datetime:
    return T0 + minutes * MINUTE


# --- what starts and stops them ---------------------------------------------------------------------------------------


def test_a_report_starts_the_dispatch_clock_and_the_requesters_own() -> None:
    desk = Desk()
    assert desk.running == {"dispatch", "whole"}
    assert (desk.clock("dispatch").started, desk.clock("dispatch").due) == (T0, plus(5))
    assert desk.clock("whole").due == WHOLE


def test_several_clocks_run_at_once() -> None:
    desk = Desk()
    desk.dispatch(1)
    desk.whistle(2, units=["department", "leader"])
    assert desk.running == {"whole", "arrive", "check_in:department", "check_in:leader"}


def test_a_dispatch_starts_the_time_to_arrive_where_a_visit_is_needed() -> None:
    desk = Desk()
    desk.dispatch(3)
    assert (desk.clock("dispatch").outcome, desk.clock("dispatch").stopped) == (Outcome.MET, plus(3))
    assert desk.clock("arrive").due == plus(43)
    assert "resolve" not in desk.case.clocks


def test_a_dispatch_starts_the_time_to_resolve_where_no_visit_is_needed() -> None:
    desk = Desk(visit=False)
    desk.dispatch(3)
    assert desk.clock("resolve").due == plus(33)
    assert "arrive" not in desk.case.clocks


@pytest.mark.parametrize(
    ("severity", "allowance"),
    [("general", timedelta(minutes=30)), ("complex", timedelta(days=2)), ("major", timedelta(days=7))],
)
def test_the_time_to_resolve_counts_from_arrival_and_follows_the_severity(severity: str, allowance: timedelta) -> None:
    desk = Desk(severity=severity)
    desk.dispatch(1)
    desk.arrive(21)
    assert desk.clock("arrive").outcome is Outcome.MET
    assert (desk.clock("resolve").started, desk.clock("resolve").due) == (plus(21), plus(21) + allowance)


def test_beginning_counts_as_arrival_and_starts_the_time_to_resolve() -> None:
    desk = Desk()
    desk.dispatch(1)
    desk.begin(20)
    assert (desk.clock("arrive").outcome, desk.clock("arrive").stopped) == (Outcome.MET, plus(20))
    assert desk.clock("resolve").due == plus(50)


def test_beginning_after_an_arrival_does_not_start_the_time_to_resolve_again() -> None:
    desk = Desk()
    desk.dispatch(1)
    desk.arrive(10)
    desk.begin(20)
    assert (desk.clock("resolve").cycle, desk.clock("resolve").due) == (1, plus(40))


def test_resolving_counts_as_arrival_and_starts_the_time_to_answer() -> None:
    desk = Desk()
    desk.dispatch(1)
    desk.resolve(20)
    assert desk.clock("arrive").outcome is Outcome.MET
    assert desk.clock("answer").due == plus(20) + DAY
    assert desk.running == {"answer", "whole"}


def test_an_answer_stops_the_requesters_own_clock_and_starts_the_time_to_evaluate() -> None:
    desk = Desk()
    desk.resolve(1)
    desk.answer(2)
    assert desk.clock("whole").outcome is Outcome.MET
    assert desk.running == {"evaluate"}
    assert desk.clock("evaluate").due == plus(2) + 3 * DAY


def test_declining_stops_the_dispatch_clock_and_cancels_the_rest() -> None:
    desk = Desk()
    desk.decline(2, reason="not ours")
    assert desk.clock("dispatch").outcome is Outcome.MET
    assert desk.clock("whole").outcome is Outcome.CANCELLED
    assert not desk.running


@pytest.mark.parametrize("action", ["withdraw", "merge"])
def test_a_final_state_cancels_every_unfinished_clock(action: str) -> None:
    desk = Desk()
    desk.engine.report(case_id="other", locality="county", at=T0)
    desk.dispatch(1)
    desk.whistle(2, units=["department"])
    getattr(desk, action)(3, **({"into": "other"} if action == "merge" else {}))
    ended = {clock.name: (clock.outcome, clock.stopped) for clock in desk.case.clocks.values()}
    assert ended.pop("dispatch") == (Outcome.MET, plus(1))
    assert set(ended) == {"whole", "arrive", "check_in:department"}
    assert set(ended.values()) == {(Outcome.CANCELLED, plus(3))}
    assert not [event for event in desk.advance(10**6) if event.case == "c"]


def test_a_final_state_leaves_a_breach_a_breach() -> None:
    desk = Desk()
    desk.withdraw(10)
    assert (desk.clock("dispatch").outcome, desk.clock("dispatch").stopped) == (Outcome.BREACHED, plus(10))


# --- due, warning, breach ---------------------------------------------------------------------------------------------


def test_a_stop_at_the_due_time_is_on_time() -> None:
    desk = Desk()
    desk.dispatch(5)
    assert desk.clock("dispatch").outcome is Outcome.MET
    assert "breached" not in desk.kinds()


def test_a_stop_after_the_due_time_is_late_by_however_little() -> None:
    desk = Desk()
    desk.dispatch(plus(5) + US)
    assert (desk.clock("dispatch").outcome, desk.clock("dispatch").stopped) == (Outcome.BREACHED, plus(5) + US)


def test_what_is_due_exactly_at_the_moment_of_an_advance_is_not_yet_late() -> None:
    desk = Desk()
    assert [event.kind for event in desk.advance(5)] == ["warned"]
    assert desk.clock("dispatch").outcome is Outcome.RUNNING
    assert next(event.kind for event in desk.advance(plus(5) + US)) == "breached"


def test_a_warning_comes_at_four_fifths_of_the_allowance() -> None:
    desk = Desk()
    (warned,) = desk.advance(4.5)
    assert (warned.kind, warned.at, warned.about["clock"]) == ("warned", plus(4), "dispatch#1")


def test_a_warning_comes_once() -> None:
    desk = Desk()
    desk.advance(4.5)
    assert desk.advance(4.9) == ()
    assert desk.kinds().count("warned") == 1


def test_a_breach_carries_the_moment_it_fell_due_however_late_it_is_noticed() -> None:
    desk = Desk()
    desk.dispatch(9)
    breach = next(event for event in desk.history if event.kind == "breached")
    assert (breach.at, breach.about["clock"]) == (plus(5), "dispatch#1")


def test_a_breached_clock_runs_on_until_it_is_stopped() -> None:
    desk = Desk()
    desk.advance(20)
    assert desk.clock("dispatch").running
    assert desk.clock("dispatch").outcome is Outcome.BREACHED
    desk.dispatch(21)
    assert not desk.clock("dispatch").running
    assert desk.clock("dispatch").outcome is Outcome.BREACHED


# --- pause and resume -------------------------------------------------------------------------------------------------


def test_a_suspension_pauses_arrive_and_resolve_and_keeps_the_remainder() -> None:
    desk = Desk()
    desk.dispatch(1)
    desk.suspend(11, until=plus(600))
    assert desk.clock("arrive").outcome is Outcome.PAUSED
    assert desk.running == {"whole"}
    desk.resume(101)
    assert desk.clock("arrive").outcome is Outcome.RUNNING
    assert desk.clock("arrive").due == plus(41 + 90)
    assert desk.clock("arrive").pauses == ((plus(11), plus(101)),)


def test_a_paused_clock_neither_warns_nor_breaches() -> None:
    desk = Desk()
    desk.dispatch(1)
    desk.suspend(11, until=plus(600))
    assert desk.advance(599) == ()


def test_the_warning_keeps_its_remainder_too() -> None:
    desk = Desk()
    desk.dispatch(0)
    desk.suspend(10, until=plus(600))
    desk.resume(110)
    warned, *_ = desk.advance(300)
    assert (warned.kind, warned.at) == ("warned", plus(32 + 100))


def test_a_warning_that_came_before_the_pause_does_not_come_again() -> None:
    desk = Desk()
    desk.dispatch(0)
    desk.suspend(35, until=plus(135))
    desk.advance(139)
    assert desk.kinds().count("warned") == 1


def test_two_pauses_add_up() -> None:
    desk = Desk()
    desk.dispatch(0)
    desk.suspend(10)
    desk.resume(20)
    desk.suspend(30)
    desk.resume(50)
    assert desk.clock("arrive").due == plus(40 + 10 + 20)


def test_a_pause_begun_after_the_due_moment_moves_nothing() -> None:
    desk = Desk()
    desk.dispatch(0)
    desk.suspend(41, until=plus(600))
    desk.resume(100)
    assert desk.clock("arrive").due == plus(40)
    assert desk.clock("arrive").outcome is Outcome.BREACHED
    assert desk.clock("arrive").pauses == ()


def test_a_pause_begun_at_the_due_moment_leaves_no_time_at_all() -> None:
    desk = Desk()
    desk.dispatch(0)
    desk.suspend(40, until=plus(600))
    desk.resume(100)
    desk.arrive(100)
    assert desk.clock("arrive").outcome is Outcome.MET


def test_a_suspended_case_resumes_by_itself_at_its_date() -> None:
    desk = Desk()
    desk.dispatch(1)
    desk.suspend(11, until=plus(71))
    (resumed,) = desk.advance(72)
    assert (resumed.kind, resumed.at, resumed.state) == ("resumed", plus(71), "dispatched")
    assert desk.clock("arrive").due == plus(101)


def test_a_suspension_without_a_date_ends_after_seven_days() -> None:
    desk = Desk()
    desk.dispatch(1)
    assert desk.suspend(11).suspended_until == plus(11) + 7 * DAY
    desk.advance(plus(11) + 7 * DAY + US)
    assert (desk.case.state, desk.case.suspended_until) == ("dispatched", None)
    assert desk.clock("arrive").due == plus(41) + 7 * DAY


def test_a_suspension_into_the_past_is_refused() -> None:
    desk = Desk()
    desk.dispatch(1)
    with pytest.raises(CommandError):
        desk.suspend(11, until=plus(11))


def test_a_suspension_does_not_touch_the_requesters_own_clock() -> None:
    desk = Desk()
    desk.dispatch(1)
    desk.suspend(11)
    desk.resume(50)
    assert (desk.clock("whole").due, desk.clock("whole").pauses) == (WHOLE, ())


# --- extension --------------------------------------------------------------------------------------------------------


def test_an_extension_gives_a_new_due_and_keeps_the_original() -> None:
    desk = Desk()
    desk.dispatch(0)
    desk.extend(10, clock="arrive", until=plus(90), approved_by="street", reason="snow", by=Actor("clerk"))
    assert (desk.clock("arrive").due, desk.clock("arrive").original) == (plus(90), plus(40))
    event = desk.history[-1]
    assert (event.kind, event.about["approved_by"], event.by) == ("extended", "street", Actor("clerk"))
    assert desk.engine.texts("c")[-1]["reason"] == "snow"


def test_a_second_extension_keeps_the_very_first_due() -> None:
    desk = Desk()
    desk.dispatch(0)
    desk.extend(10, clock="arrive", until=plus(90), approved_by="street", reason="snow")
    desk.extend(20, clock="arrive", allowance="1h", approved_by="street", reason="more snow")
    assert (desk.clock("arrive").due, desk.clock("arrive").original) == (plus(150), plus(40))


@pytest.mark.parametrize("missing", ["approved_by", "reason"])
def test_an_extension_needs_who_approved_it_and_why(missing: str) -> None:
    desk = Desk()
    with pytest.raises(CommandError):
        desk.extend(1, clock="dispatch", until=plus(9), **{"approved_by": "street", "reason": "snow", missing: ""})
    assert desk.clock("dispatch").due == plus(5)


def test_an_extension_to_an_earlier_time_is_refused() -> None:
    desk = Desk()
    with pytest.raises(CommandError):
        desk.extend(1, clock="dispatch", until=plus(5), approved_by="street", reason="snow")


def test_an_extension_names_its_clock_where_several_run() -> None:
    desk = Desk()
    desk.dispatch(0)
    desk.whistle(1, units=["department"])
    with pytest.raises(CommandError, match="arrive"):
        desk.extend(2, until=plus(90), approved_by="street", reason="snow")


def test_an_extended_clock_is_breached_only_after_its_new_due() -> None:
    desk = Desk()
    desk.extend(1, clock="dispatch", until=plus(15), approved_by="street", reason="snow")
    desk.dispatch(15)
    assert desk.clock("dispatch").outcome is Outcome.MET


def test_an_extension_after_the_breach_does_not_disprove_the_breach() -> None:
    """Nothing was learnt about the past: the case was late, and was then given more time."""
    desk = Desk()
    desk.advance(10)
    desk.extend(10, clock="dispatch", until=plus(60), approved_by="street", reason="snow")
    desk.dispatch(20)
    assert (desk.clock("dispatch").outcome, desk.clock("dispatch").exempt) == (Outcome.BREACHED, None)


# --- reclassification -------------------------------------------------------------------------------------------------


def test_a_reclassified_clock_counts_from_its_own_start() -> None:
    desk = Desk()
    desk.dispatch(0)
    desk.arrive(10)
    desk.reclassify(20, severity="complex")
    assert (desk.clock("resolve").started, desk.clock("resolve").due) == (plus(10), plus(10) + 2 * DAY)
    assert desk.clock("resolve").cycle == 1


def test_a_reclassified_clock_carries_its_pauses() -> None:
    desk = Desk()
    desk.dispatch(0)
    desk.arrive(10)
    desk.suspend(20)
    desk.resume(50)
    desk.reclassify(55, severity="complex")
    assert desk.clock("resolve").due == plus(10 + 30) + 2 * DAY


def test_a_clock_reclassified_while_paused_carries_the_pause_when_it_goes_on() -> None:
    desk = Desk()
    desk.dispatch(0)
    desk.arrive(10)
    desk.suspend(20)
    desk.reclassify(30, severity="complex")
    assert desk.clock("resolve").outcome is Outcome.PAUSED
    desk.resume(50)
    assert desk.clock("resolve").due == plus(10 + 30) + 2 * DAY


def test_a_reclassification_leaves_clocks_alone_that_do_not_look_at_severity() -> None:
    desk = Desk()
    desk.dispatch(0)
    before = desk.clock("arrive"), desk.clock("whole")
    desk.reclassify(20, severity="major", urgency="emergency")
    assert (desk.clock("arrive"), desk.clock("whole")) == before


def test_a_reclassification_into_the_past_gives_the_new_allowance_from_its_own_moment() -> None:
    """Half an hour from 10 would have been over at 40, an hour before anybody asked for it."""
    desk = Desk(severity="complex")
    desk.dispatch(0)
    desk.arrive(10)
    desk.reclassify(100, severity="general")
    assert (desk.clock("resolve").due, desk.clock("resolve").since) == (plus(130), plus(100))
    assert desk.history[-1].about["anew"] == ["resolve#1"]
    fired = [(event.kind, event.at) for event in desk.advance(131)]
    assert fired[:2] == [("warned", plus(124)), ("breached", plus(130))]


def test_a_reclassification_shortly_before_the_due_time_gives_nobody_more_than_they_had() -> None:
    desk = Desk(severity="complex")
    desk.dispatch(0)
    desk.arrive(10)
    due = plus(10) + 2 * DAY
    desk.reclassify(due - 5 * MINUTE, severity="general")
    assert (desk.clock("resolve").due, desk.clock("resolve").outcome) == (due, Outcome.RUNNING)


def test_a_reclassification_that_still_leaves_time_counts_from_the_start_and_says_nothing_of_it() -> None:
    desk = Desk(severity="complex")
    desk.dispatch(0)
    desk.arrive(10)
    desk.reclassify(39, severity="general")
    assert (desk.clock("resolve").due, desk.clock("resolve").since) == (plus(40), None)
    assert "anew" not in desk.history[-1].about


def test_a_reclassification_back_counts_from_the_start_again() -> None:
    desk = Desk(severity="complex")
    desk.dispatch(0)
    desk.arrive(10)
    desk.reclassify(100, severity="general")
    desk.reclassify(110, severity="major")
    assert (desk.clock("resolve").due, desk.clock("resolve").since) == (plus(10) + 7 * DAY, None)


def test_a_new_assessment_that_asks_for_less_time_gives_it_from_its_own_moment() -> None:
    desk = Desk(Impatient())
    desk.dispatch(0)
    desk.engine.localities.register("county", Impatient("10min"))
    desk.engine.reassess("c", at=plus(30))
    assert desk.clock("arrive").due == plus(40)


class Impatient:
    """A locality that changes its mind about the time to arrive."""

    def __init__(self, allowance: str = "2h") -> None:
        self.deadlines = Deadlines((attrs.evolve(ARRIVE, allowance=Allowance.parse(allowance)),))

    @hookimpl
    def governflow_deadlines(self) -> Deadlines:
        return self.deadlines


def test_a_reclassification_after_the_breach_does_not_disprove_the_breach() -> None:
    desk = Desk()
    desk.dispatch(0)
    desk.arrive(10)
    desk.advance(50)
    desk.reclassify(50, severity="complex")
    desk.resolve(60)
    assert (desk.clock("resolve").outcome, desk.clock("resolve").exempt) == (Outcome.BREACHED, None)


def test_a_clock_that_was_stopped_is_not_counted_again() -> None:
    desk = Desk()
    desk.dispatch(0)
    desk.arrive(10)
    desk.resolve(20)
    before = desk.clock("resolve")
    desk.reclassify(30, severity="major")
    assert desk.clock("resolve") == before


# --- cycles -----------------------------------------------------------------------------------------------------------


def cycles(desk: Desk, name: str) -> list[tuple[int, Outcome]]:
    return [(clock.cycle, clock.outcome) for clock in desk.past(name)]


def test_a_transfer_begins_a_new_cycle_and_keeps_the_old_one() -> None:
    desk = Desk()
    desk.dispatch(0)
    desk.transfer(10, to="street")
    assert cycles(desk, "arrive") == [(1, Outcome.CANCELLED), (2, Outcome.RUNNING)]
    assert desk.past("arrive")[0].stopped == plus(10)
    assert desk.clock("arrive").due == plus(50)


def test_an_escalation_begins_a_new_cycle_and_keeps_the_old_one() -> None:
    desk = Desk()
    desk.dispatch(0)
    desk.arrive(10)
    desk.escalate(20)
    assert cycles(desk, "resolve") == [(1, Outcome.CANCELLED)]
    assert cycles(desk, "arrive") == [(1, Outcome.MET), (2, Outcome.RUNNING)]


def test_an_escalation_before_the_dispatch_cancels_the_dispatch_clock() -> None:
    """The table lets only dispatch, decline and resolve stop it; an escalation ends the old cycle as cancelled."""
    desk = Desk()
    desk.escalate(2)
    assert cycles(desk, "dispatch") == [(1, Outcome.CANCELLED)]


def test_a_return_begins_a_new_cycle_and_starts_the_dispatch_clock_again() -> None:
    desk = Desk()
    desk.dispatch(1)
    desk.engine.return_("c", at=plus(10))
    assert cycles(desk, "arrive") == [(1, Outcome.CANCELLED)]
    assert cycles(desk, "dispatch") == [(1, Outcome.MET), (2, Outcome.RUNNING)]
    assert desk.clock("dispatch").due == plus(15)


def test_a_reopening_begins_a_new_cycle_of_dispatch_and_of_the_requesters_own_clock() -> None:
    desk = Desk()
    desk.resolve(1)
    desk.answer(2)
    desk.evaluate(3, satisfied=False)
    assert cycles(desk, "dispatch") == [(1, Outcome.MET), (2, Outcome.RUNNING)]
    assert cycles(desk, "whole") == [(1, Outcome.MET), (2, Outcome.RUNNING)]
    assert cycles(desk, "evaluate") == [(1, Outcome.MET)]
    assert (desk.clock("whole").started, desk.clock("dispatch").due) == (plus(3), plus(8))


def test_a_case_that_recurred_begins_a_new_cycle() -> None:
    desk = Desk()
    desk.resolve(1)
    desk.answer(2)
    desk.evaluate(3, satisfied=True)
    desk.revisit(plus(3) + 30 * DAY, recurred=True)
    assert desk.running == {"dispatch", "whole"}
    assert desk.clock("whole").started == plus(3) + 30 * DAY


def test_a_breach_survives_a_new_cycle() -> None:
    desk = Desk()
    desk.dispatch(0)
    desk.transfer(45, to="street")
    first, second = desk.past("arrive")
    assert (first.outcome, first.stopped, first.exempt) == (Outcome.BREACHED, plus(45), None)
    assert second.outcome is Outcome.RUNNING


def test_the_summons_of_an_old_cycle_end_with_it() -> None:
    desk = Desk()
    desk.dispatch(0)
    desk.whistle(5, units=["department"])
    desk.transfer(10, to="street")
    assert cycles(desk, "check_in:department") == [(1, Outcome.CANCELLED)]


def test_nothing_but_a_reopening_restarts_the_requesters_own_clock() -> None:
    desk = Desk()
    desk.dispatch(1)
    desk.engine.return_("c", at=plus(2))
    desk.dispatch(3)
    desk.transfer(4, to="street")
    desk.escalate(5)
    desk.suspend(6)
    desk.resume(7)
    (whole,) = desk.past("whole")
    assert (whole.cycle, whole.started, whole.due, whole.outcome) == (1, T0, WHOLE, Outcome.RUNNING)


def test_three_cycles_are_all_in_the_book() -> None:
    desk = Desk()
    desk.dispatch(0)
    for minute, unit in ((1, "street"), (2, "department"), (3, "community")):
        desk.transfer(minute, to=unit)
    assert [clock.cycle for clock in desk.past("arrive")] == [1, 2, 3, 4]
    assert [clock.stopped for clock in desk.past("arrive")] == [plus(1), plus(2), plus(3), None]


# --- attend -----------------------------------------------------------------------------------------------------------


class Dropping:
    """A locality without some of the default clocks."""

    def __init__(self, *names: str) -> None:
        self.deadlines = Deadlines(drop=names)

    @hookimpl
    def governflow_deadlines(self) -> Deadlines:
        return self.deadlines


def test_a_case_that_would_have_no_clock_is_attended_within_a_day() -> None:
    desk = Desk(Dropping("whole", "arrive", "resolve"))
    desk.dispatch(1)
    assert desk.running == {"attend"}
    assert (desk.clock("attend").started, desk.clock("attend").due) == (plus(1), plus(1) + DAY)


def test_any_other_clock_ends_the_attending() -> None:
    desk = Desk(Dropping("whole", "arrive", "resolve"))
    desk.dispatch(1)
    desk.resolve(30)
    assert desk.running == {"answer"}
    assert (desk.clock("attend").outcome, desk.clock("attend").stopped) == (Outcome.MET, plus(30))


def test_the_last_check_in_leaves_the_case_attended() -> None:
    desk = Desk(Dropping("whole", "arrive", "resolve"))
    desk.dispatch(1)
    desk.whistle(2, units=["department"])
    assert desk.running == {"check_in:department"}
    desk.check_in(3, unit="department")
    assert desk.running == {"attend"}
    assert desk.clock("attend").cycle == 2


def test_attending_too_can_be_missed() -> None:
    desk = Desk(Dropping("whole", "arrive", "resolve"))
    desk.dispatch(1)
    fired = desk.advance(plus(1) + DAY + MINUTE)
    assert [(event.kind, event.at) for event in fired if event.kind in ("breached", "urged")] == [
        ("breached", plus(1) + DAY),
        ("urged", plus(1) + DAY),
    ]


def test_even_a_locality_that_drops_every_clock_leaves_no_case_without_one() -> None:
    desk = Desk(
        Dropping("dispatch", "arrive", "resolve", "answer", "evaluate", "check_in", "triage", "attend", "whole")
    )
    for minute, action in enumerate(["dispatch", "claim", "arrive", "begin", "resolve", "answer"], start=1):
        assert desk.running == {"attend"}
        getattr(desk, action)(minute)
    assert desk.running == {"attend"}


# --- summons, promises, evaluations -----------------------------------------------------------------------------------


def test_each_summoned_unit_has_its_own_clock() -> None:
    desk = Desk()
    desk.dispatch(0)
    desk.whistle(5, units=["department", "leader"])
    desk.check_in(10, by=Actor("x", unit="department"))
    assert (desk.clock("check_in:department").outcome, desk.clock("check_in:department").due) == (
        Outcome.MET,
        plus(35),
    )
    assert desk.clock("check_in:leader").running
    desk.advance(plus(35) + US)
    assert desk.clock("check_in:leader").outcome is Outcome.BREACHED
    assert desk.clock("check_in:department").outcome is Outcome.MET


def test_a_unit_that_nobody_summoned_cannot_check_in() -> None:
    desk = Desk()
    desk.dispatch(0)
    desk.whistle(5, units=["department"])
    with pytest.raises(CommandError, match="department"):
        desk.check_in(6, unit="leader")


def test_a_unit_summoned_again_gets_a_new_cycle() -> None:
    desk = Desk()
    desk.dispatch(0)
    desk.whistle(1, units=["department"])
    desk.check_in(2, unit="department")
    desk.whistle(3, units=["department"])
    assert cycles(desk, "check_in:department") == [(1, Outcome.MET), (2, Outcome.RUNNING)]


def test_a_check_in_before_its_whistle_is_refused() -> None:
    desk = Desk()
    desk.dispatch(0)
    desk.whistle(10, units=["department"])
    with pytest.raises(CommandError):
        desk.check_in(5, unit="department")
    assert desk.clock("check_in:department").running


def test_a_promised_answer_is_a_clock_that_the_answer_stops() -> None:
    desk = Desk()
    desk.dispatch(0)
    desk.confer(10, until=plus(10) + 7 * DAY)
    promise = desk.clock("promise")
    assert (promise.started, promise.due) == (plus(10), plus(10) + 7 * DAY)
    desk.resolve(20)
    assert desk.clock("promise").running
    desk.answer(30)
    assert (desk.clock("promise").outcome, desk.clock("promise").stopped) == (Outcome.MET, plus(30))


def test_a_promise_that_is_not_kept_is_a_breach() -> None:
    desk = Desk()
    desk.dispatch(0)
    desk.confer(10, until=plus(100))
    fired = desk.advance(101)
    assert ("breached", plus(100), "promise#1") in [(event.kind, event.at, event.about.get("clock")) for event in fired]


def test_a_new_promise_replaces_the_old_one_and_both_stay_in_the_book() -> None:
    desk = Desk()
    desk.dispatch(0)
    desk.confer(10, until=plus(100))
    desk.begin(20)
    desk.confer(30, until=plus(200))
    assert cycles(desk, "promise") == [(1, Outcome.CANCELLED), (2, Outcome.RUNNING)]
    assert desk.clock("promise").due == plus(200)


def test_telling_how_far_it_was_before_the_promise_does_not_keep_the_promise() -> None:
    desk = Desk()
    desk.dispatch(0)
    desk.confer(10, until=plus(100))
    desk.inform(5)
    assert desk.clock("promise").running


def test_an_evaluation_that_never_comes_lapses_after_three_days_and_the_case_closes() -> None:
    desk = Desk()
    desk.resolve(1)
    desk.answer(2)
    fired = desk.advance(plus(2) + 3 * DAY + US)
    assert {event.at for event in fired} == {plus(2) + 3 * DAY}
    assert (desk.case.state, desk.case.verdict, desk.case.closed) == ("closed", "none", plus(2) + 3 * DAY)
    assert desk.clock("evaluate").outcome is Outcome.LAPSED
    assert not {"breached", "warned", "urged"} & {event.kind for event in fired}


def test_an_evaluation_at_the_last_moment_counts() -> None:
    desk = Desk()
    desk.resolve(1)
    desk.answer(2)
    desk.evaluate(plus(2) + 3 * DAY, score=5)
    assert (desk.case.verdict, desk.clock("evaluate").outcome) == ("satisfied", Outcome.MET)


@pytest.mark.parametrize(
    ("score", "verdict"), [(1, "unsatisfied"), (2, "unsatisfied"), (3, "satisfied"), (5, "satisfied")]
)
def test_a_score_of_three_or_more_is_satisfied(score: int, verdict: str) -> None:
    desk = Desk()
    desk.resolve(1)
    desk.answer(2)
    assert desk.evaluate(3, score=score).verdict == verdict


@pytest.mark.parametrize("details", [{}, {"score": 0}, {"score": 6}, {"score": "many"}])
def test_an_evaluation_that_says_nothing_is_refused(details: dict[str, object]) -> None:
    desk = Desk()
    desk.resolve(1)
    desk.answer(2)
    with pytest.raises(CommandError):
        desk.evaluate(3, **details)


def test_where_nobody_asked_the_next_unit_up_verifies() -> None:
    desk = Desk(asked=False)
    desk.dispatch(1)
    desk.resolve(2)
    desk.answer(3)
    desk.evaluate(4, satisfied=True, by=Actor("checker"))
    assert (desk.case.unit, desk.case.verifier, desk.case.state) == ("community", "street", "closed")


def test_a_requester_who_evaluates_is_never_named() -> None:
    desk = Desk()
    desk.resolve(1)
    desk.answer(2)
    desk.evaluate(3, satisfied=True, by=Actor("Zhang San"))
    assert all(event.by is None or "Zhang" not in event.by.id for event in desk.history)


# --- faults in the rules ----------------------------------------------------------------------------------------------


class Faulty:
    """A locality whose rule on the tier breaks down."""

    @hookimpl
    def governflow_tier(self, case: Case) -> Ruling:
        raise KeyError(case.item)


def test_a_fault_in_the_rules_starts_the_triage_clock() -> None:
    desk = Desk(Faulty())
    assert (desk.clock("triage").started, desk.clock("triage").due) == (T0, T0 + HOUR)


def test_a_dispatch_stops_the_triage_clock() -> None:
    desk = Desk(Faulty())
    desk.dispatch(3)
    assert (desk.clock("triage").outcome, desk.clock("triage").stopped) == (Outcome.MET, plus(3))


def test_a_reassessment_stops_the_triage_clock_once_the_rules_are_mended() -> None:
    desk = Desk(Faulty())
    desk.engine.localities.register("county", Dropping())
    desk.engine.reassess("c", at=plus(3))
    assert (desk.clock("triage").outcome, desk.clock("triage").stopped) == (Outcome.MET, plus(3))


# --- appeals ----------------------------------------------------------------------------------------------------------


def test_a_granted_appeal_exempts_the_breach_and_leaves_it_in_the_book() -> None:
    desk = Desk()
    desk.dispatch(10)
    desk.appeal(11, reason="the line was down")
    assert desk.case.appeals == ("dispatch#1",)
    desk.rule(12, granted=True)
    assert desk.case.appeals == ()
    assert (desk.clock("dispatch").outcome, desk.clock("dispatch").exempt) == (Outcome.BREACHED, Exempt.APPEAL)


def test_a_refused_appeal_leaves_the_breach_in_the_statistics() -> None:
    desk = Desk()
    desk.dispatch(10)
    desk.appeal(11, reason="the line was down")
    desk.rule(12, granted=False)
    assert (desk.case.appeals, desk.clock("dispatch").exempt) == ((), None)


def test_an_appeal_reaches_a_breach_of_an_earlier_cycle_of_a_closed_case() -> None:
    desk = Desk()
    desk.dispatch(0)
    desk.transfer(45, to="street")
    desk.resolve(50)
    desk.answer(51)
    desk.evaluate(52, satisfied=True)
    desk.appeal(60, clock="arrive#1", reason="the road was closed")
    desk.rule(61, granted=True)
    first, second = desk.past("arrive")
    assert (first.exempt, second.exempt) == (Exempt.APPEAL, None)


def test_an_appeal_needs_a_breach() -> None:
    desk = Desk()
    desk.dispatch(1)
    with pytest.raises(CommandError):
        desk.appeal(2, reason="just so")


# --- a locality's own clocks ------------------------------------------------------------------------------------------


class Reviewing:
    """A locality with a quarterly review (季度梳理) on top of the defaults, and twice the time to arrive."""

    @hookimpl
    def governflow_deadlines(self, case: Case, context: Context) -> Deadlines:
        review = ClockSpec(
            "review",
            Text("review", "季度梳理"),
            Allowance.parse("90d"),
            frozenset({"accept"}),
            frozenset({"dispatch"}),
            rule="review/quarterly",
        )
        arrive = ClockSpec(
            "arrive",
            Text("arrive", "到场"),
            Allowance.parse("80min" if case.severity is Severity.GENERAL else "40min"),
            frozenset({"dispatch:visit"}),
            frozenset({"arrive", "begin", "resolve"}),
            rule="arrive/far",
        )
        return Deadlines((review, arrive))

    @hookimpl
    def governflow_lifecycles(self, base: Lifecycle) -> dict[str, Lifecycle]:
        return {}


def test_a_locality_adds_clocks_and_changes_others_and_keeps_the_rest() -> None:
    desk = Desk(Reviewing())
    desk.accept(1)
    assert desk.clock("review").due == plus(1) + 90 * DAY
    desk.dispatch(2)
    assert desk.clock("review").outcome is Outcome.MET
    assert desk.clock("arrive").due == plus(82)
    ruling = next(ruling for ruling in desk.history[-1].rulings if ruling.what == "clock:arrive")
    assert (ruling.source, ruling.rule) == ("county", "arrive/far")


class Remade:
    """A locality whose deadlines are made anew once, as behind a cache that was emptied."""

    def __init__(self) -> None:
        self.deadlines = Deadlines(drop=("arrive",))

    @hookimpl
    def governflow_deadlines(self) -> Deadlines:
        return self.deadlines


def test_deadlines_that_were_made_anew_are_known_by_their_value(monkeypatch: pytest.MonkeyPatch) -> None:
    county = Remade()
    desk = Desk(county)
    rules, case = desk.engine.localities.policy("county"), desk.case
    context = rules.context(case, case.mode, T0)
    before = rules.plan(case, context, [])
    county.deadlines = Deadlines(drop=("arrive",))
    looked: list[object] = []
    monkeypatch.setattr(policy, "only_specs", lambda answer: looked.append(answer) is None)
    assert all(rules.plan(case, context, []) is before for _ in range(3))
    assert not looked


def test_a_clock_is_a_value() -> None:
    desk = Desk()
    clock = desk.clock("dispatch")
    with pytest.raises(AttributeError):
        clock.due = T0  # type: ignore[misc]
    desk.dispatch(1)
    assert clock.stopped is None
