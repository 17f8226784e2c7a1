"""What the source of a case does not record is not started, not breached, and climbs no ladder (未记录的时限)."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governflow import Engine
from governflow.model.case import Case, fold
from governflow.model.source import ASSUMED, Source
from governflow.model.terms import Outcome
from governflow.plugin import Deadlines, Locality, hookimpl

ZONE = ZoneInfo("Asia/Shanghai")
T0 = datetime(2026, 3, 16, 8, tzinfo=ZONE)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

#: A message board: when somebody wrote, and when they were answered.
BOARD = Source({"report": "written", "resolve": "answered", "answer": "answered"}, once=True)
STEPS = ("report", "dispatch", "arrive", "resolve", "answer", "evaluate")
WHOLE_ROW = Source({step: step for step in STEPS}, once=True)


def clocks(case: Case) -> dict[str, Outcome]:
    return {clock.mark: clock.outcome for clock in case.all_clocks}


def lived(source: Source, *steps: tuple[str, timedelta], visit: bool = True, until: timedelta = 90 * DAY) -> Case:
    with Engine.open() as engine:
        engine.report(case_id="A", source=source, visit=visit, at=T0)
        for action, after in steps:
            details = {"satisfied": False} if action == "evaluate" else {}
            engine.act(action, "A", at=T0 + after, **details)
        engine.advance(T0 + until)
        case = engine.case("A")
        assert fold(engine.history("A")) == case
        return case


def test_a_board_that_knows_two_moments_is_measured_by_the_time_between_them_alone() -> None:
    case = lived(BOARD, ("resolve", 9 * DAY), ("answer", 9 * DAY), visit=False)
    assert clocks(case) == {"whole#1": Outcome.MET}
    assert set(case.unrecorded) == {"dispatch", "resolve", "answer", "evaluate"}
    assert case.state == "answered"


def test_an_empty_cell_under_a_column_that_the_source_has_means_not_happened() -> None:
    assert clocks(lived(BOARD, visit=False))["whole#1"] is Outcome.BREACHED
    assert clocks(lived(WHOLE_ROW, ("dispatch", 3 * MINUTE)))["arrive#1"] is Outcome.BREACHED


def test_a_settlement_ends_the_clock_of_the_dispatch_and_does_not_measure_it() -> None:
    source = Source({"report": "a", "resolve": "b", "answer": "c"}, once=True)
    case = lived(source, ("resolve", 2 * HOUR), ("answer", 3 * HOUR), visit=False)
    assert clocks(case) == {"answer#1": Outcome.MET, "whole#1": Outcome.MET}


def test_a_dispatch_that_is_taken_for_granted_starts_clocks_and_meets_none() -> None:
    source = Source({**BOARD.recorded, "dispatch": ASSUMED}, once=True)
    case = lived(source, ("dispatch", timedelta()), ("resolve", 20 * MINUTE), ("answer", 20 * MINUTE), visit=False)
    assert clocks(case) == {"resolve#1": Outcome.MET, "whole#1": Outcome.MET}
    assert "dispatch" in case.unrecorded


def test_a_map_may_say_from_which_recorded_step_a_clock_counts() -> None:
    source = Source({"report": "a", "resolve": "b", "answer": "c"}, {"resolve": "report"}, once=True)
    case = lived(source, ("resolve", 31 * MINUTE), ("answer", 40 * MINUTE))
    resolve = case.clocks["resolve"]
    assert (resolve.started, resolve.due, resolve.outcome) == (T0, T0 + 30 * MINUTE, Outcome.BREACHED)
    assert set(case.unrecorded) == {"dispatch", "arrive", "evaluate"}


def test_what_follows_a_reopening_is_unrecorded_where_each_step_is_told_once() -> None:
    steps = [(step, number * 5 * MINUTE) for number, step in enumerate(STEPS[1:], 1)]
    case = lived(WHOLE_ROW, *steps)
    assert (case.state, case.reopened, case.unrecorded) == ("accepted", 1, ())
    assert {clock.cycle for clock in case.all_clocks} == {1}
    assert case.unit == "community"  # as the row says; a second dispatch is not in it
    assert "attend" not in case.clocks


def test_a_narrow_journal_may_tell_a_second_dispatch_which_is_then_measured() -> None:
    steps = [(step, number * 4 * MINUTE) for number, step in enumerate(STEPS[1:], 1)]
    case = lived(Source({step: step for step in STEPS}), *steps, ("dispatch", 60 * MINUTE), until=61 * MINUTE)
    assert clocks(case)["dispatch#2"] is Outcome.BREACHED  # due five minutes after the verdict at 08:20


def test_a_case_that_is_reported_live_is_measured_whole() -> None:
    with Engine.open() as engine:
        case = engine.report(case_id="A", at=T0)
    assert (case.source, case.unrecorded, case.told) == (None, (), ())
    assert set(case.clocks) == {"dispatch", "whole"}


@pytest.mark.parametrize("column", ["", "a"])
def test_a_clock_whose_start_and_stop_come_from_one_column_or_from_nobody_is_unrecorded(column: str) -> None:
    case = lived(Source({"report": "a", "dispatch": column}, once=True), ("dispatch", timedelta()))
    assert "dispatch" in case.unrecorded
    assert "dispatch" not in case.clocks


@given(
    recorded=st.sets(st.sampled_from(STEPS[1:])),
    counted_from=st.sampled_from([{}, {"resolve": "report"}]),
    until=st.integers(0, 200),
)
def test_nothing_is_breached_that_the_source_could_not_have_told(
    recorded: set[str], counted_from: dict[str, str], until: int
) -> None:
    """Whatever a wide row records: a clock that runs is fulfilled by a step that has a column of its own."""
    source = Source({step: step for step in ("report", *recorded)}, counted_from, once=True)
    case = lived(source, until=until * DAY)
    assert "attend" not in case.clocks or not case.unrecorded
    for clock in case.all_clocks:
        measured_by = {"whole": "answer"}.get(clock.name, clock.name)
        assert measured_by in recorded
        assert clock.name not in case.unrecorded


class Unmeasured:
    """A county that promises a settlement, and nothing else that this source records."""

    @hookimpl
    def governflow_locality(self) -> Locality:
        return Locality("none", "无时限县", "None", parent="000000", zone="Asia/Shanghai")

    @hookimpl
    def governflow_deadlines(self) -> Deadlines:
        return Deadlines((), ("dispatch", "arrive", "resolve", "whole"))


def test_where_the_rules_give_no_clock_somebody_looks_after_the_case_until_an_unrecorded_one_would_run() -> None:
    with Engine.open() as engine:
        engine.localities.register("none", Unmeasured())
        engine.report(case_id="A", locality="none", source=BOARD, visit=False, at=T0)
        assert engine.case("A").clocks["attend"].running
        engine.resolve("A", at=T0 + HOUR)  # the answer would run now, had the source a column of its own for it
        engine.answer("A", at=T0 + HOUR)
        engine.advance(T0 + 90 * DAY)
        assert clocks(engine.case("A")) == {"attend#1": Outcome.MET}
