"""Urging without end: repeated urgings of one clock are one event, and how often is worked out when somebody asks."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governflow import Engine, Text, hookimpl
from governflow.model.case import fold
from governflow.model.terms import Kind, Way
from governflow.model.urgings import Urging
from governflow.policy.hookspecs import Breach, Context, Escalation, Ruling
from governflow.reports.consequences import Consequences, repeated_urgings
from governflow.reports.digest import digest
from governflow.reports.rates import Report, lives
from governflow.testing import ManualClock, counted

T0 = datetime(2006, 3, 16, tzinfo=UTC)
MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
US = timedelta.resolution
LONG = 7305 * DAY  # twenty years


@pytest.fixture(params=["memory", "sqlite"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = None if request.param == "memory" else tmp_path / "cases.db"
    with Engine.open(url, clock=ManualClock(T0 + LONG), entropy=counted()) as opened:
        yield opened
        assert all(fold(opened.history(case.id)) == case for case in opened.cases())
        opened.verify()


# --- the closed form --------------------------------------------------------------------------------------------------

GAPS = st.lists(st.sampled_from([MINUTE, HOUR, DAY, WEEK]), max_size=30)


@given(GAPS, st.integers(-10, 40 * 7 * 24 * 60).map(lambda minutes: T0 + minutes * MINUTE))
def test_the_count_is_that_of_the_moments_one_by_one(gaps: list[timedelta], asked: datetime) -> None:
    urging = Urging.of(T0, 3, gaps)
    moments = list(accumulate(gaps, initial=T0))
    before = [moment for moment in moments if moment < asked]
    assert urging.total == len(moments)
    assert urging.count(asked) == len(before)
    assert list(urging.moments(asked)) == before
    assert [urging.at(number) for number in range(1, len(moments) + 2)] == [*moments, None]
    later = [(number, moment) for number, moment in enumerate(moments, 1) if moment >= asked]
    assert urging.next(asked) == (later[0] if later else None)


# --- the book is bounded, and the count is that of single urgings ----------------------------------------------------


def urged(engine: Engine, case: str = "c") -> list[datetime]:
    """Every moment at which somebody was urged."""
    history = engine.history(case)
    repeated = repeated_urgings(history, engine.now)
    moments = []
    for event in history:
        if event.kind == "urged":
            urging, ended = repeated.get(event.seq, (Urging(event.at, 0, ()), event.at + US))
            moments += list(urging.moments(ended))
    return sorted(moments)


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("locality", ["000000", "371621", "321171", "320113007", "520625", "520628"])
def test_a_case_open_for_twenty_years_has_at_most_forty_events(way: Way, locality: str) -> None:
    with Engine.open(clock=ManualClock(T0 + LONG), way=way) as engine:
        engine.report(case_id="c", locality=locality, at=T0)
        engine.dispatch("c", at=T0 + MINUTE)
        engine.advance(T0 + LONG)
        assert len(engine.history("c")) <= 40
        assert len(urged(engine)) > 1000


def test_the_holder_is_urged_daily_for_a_week_and_then_weekly_by_one_event(engine: Engine) -> None:
    engine.report(case_id="c", severity="major", at=T0)
    engine.dispatch("c", to="leader", at=T0)
    engine.advance(T0 + 50 * DAY)
    (filed,) = [event.at for event in engine.history("c") if event.kind == "special_report_filed"]
    (event,) = [event for event in engine.history("c") if event.kind == "urged" and event.at > filed]
    assert event.at == filed + DAY
    assert [moment for moment in urged(engine) if moment > filed] == [
        *(filed + day * DAY for day in range(1, 8)),
        *(filed + week * WEEK for week in range(2, 8)),
    ]


def test_the_count_does_not_depend_on_how_the_time_was_cut(engine: Engine) -> None:
    for case in ("c", "d"):
        engine.report(case_id=case, at=T0)
    slow = Engine.open(clock=ManualClock(T0 + LONG))
    slow.report(case_id="c", at=T0)
    for day in range(1, 200):
        slow.advance(T0 + day * DAY)
    engine.advance(T0 + 199 * DAY)
    assert urged(engine) == urged(slow)
    assert engine.history("c") == slow.history("c")


def test_an_urging_is_never_altered_and_ends_with_the_fact_that_stops_its_clock(engine: Engine) -> None:
    engine.report(case_id="c", at=T0)
    engine.dispatch("c", at=T0)
    engine.advance(T0 + 30 * DAY)
    before, noted = urged(engine), engine.history("c")
    engine.resolve("c", at=T0 + 30 * DAY)
    engine.answer("c", at=T0 + 30 * DAY)
    engine.advance(T0 + 300 * DAY)
    assert urged(engine) == before
    assert engine.history("c")[: len(noted)] == noted
    assert engine.case("c").clocks["arrive"].urging is None


class Sometimes:
    """A locality that urges daily, and at some rungs does something else."""

    def __init__(self, *others: int, ends: int | None = None) -> None:
        self.others, self.ends, self.asked = others, ends, 0

    @hookimpl
    def governflow_escalate(self, cause: Breach, context: Context) -> Ruling:
        self.asked += 1
        supervised = cause.rung in self.others or (self.ends is not None and cause.rung >= self.ends)
        to = "leader" if supervised else cause.holder
        kind = Kind.SUPERVISE if supervised else Kind.URGE
        return Ruling(Escalation(kind, to, None, DAY), Text("so it is", "如此"), "sometimes")


@pytest.mark.parametrize(("others", "ends"), [((5,), None), ((5, 20), None), ((), 300), ((), 4000), ((3,), 77)])
def test_where_the_rules_answer_otherwise_at_a_later_rung_they_are_heard(
    engine: Engine, others: tuple[int, ...], ends: int | None
) -> None:
    rules = Sometimes(*others, ends=ends)
    engine.localities.register("county", rules)
    engine.report(case_id="c", locality="county", visit=False, at=T0)
    until = T0 + 10 * 366 * DAY
    engine.advance(until)
    due = T0 + 5 * MINUTE
    days = (until - due) // DAY + 1
    expected = [day for day in range(days) if day in others or (ends is not None and day >= ends)]
    history = [event for event in engine.history("c") if event.escalation and event.escalation["clock"] == "dispatch#1"]
    supervised = [(event.at - due) // DAY for event in history if event.kind == "supervised"]
    assert supervised == expected
    repeated = repeated_urgings(engine.history("c"), engine.now)
    daily = sum(
        repeated[event.seq][0].count(repeated[event.seq][1]) if event.seq in repeated else 1
        for event in history
        if event.kind == "urged"
    )
    assert daily == days - len(expected)


def test_what_the_rules_looked_at_changes_and_they_are_asked_anew(engine: Engine) -> None:
    """From severity major on the leader is urged instead of the holder."""

    class BySeverity:
        @hookimpl
        def governflow_escalate(self, case: Any, cause: Breach) -> Ruling:
            to = "leader" if case.severity == "major" else cause.holder
            return Ruling(Escalation(Kind.URGE, to, None, DAY), Text("by severity", "按难易"), "by-severity")

    engine.localities.register("county", BySeverity())
    engine.report(case_id="c", locality="county", visit=False, at=T0)
    engine.advance(T0 + 10 * DAY)
    engine.reclassify("c", severity="major", at=T0 + 10 * DAY)
    engine.advance(T0 + 20 * DAY)
    climbs = Consequences.read(engine, "c").escalations
    mine = [(climb["to"], climb["times"]) for climb in climbs if climb["clock"] == "dispatch#1"]
    assert mine == [("intake", 10), ("leader", 10)]  # each day at 00:05 from the first day on


# --- wherever urgings are counted or listed ---------------------------------------------------------------------------


def test_a_run_and_a_digest_count_urgings_one_by_one(engine: Engine) -> None:
    engine.report(case_id="c", at=T0)
    engine.advance(T0 + 40 * DAY)
    report = Report()
    for case, followed in lives(engine, "000000"):
        report.add(case, followed)
    assert report.escalations["urge"] == len(urged(engine))
    week = digest(engine, "000000", period="week", until=T0 + 12 * DAY)
    inside = [moment for moment in urged(engine) if T0 + 5 * DAY <= moment < T0 + 12 * DAY]
    assert week.escalations.get(Kind.URGE, 0) == len(inside) > 1


def test_a_run_says_when_one_row_lies_far_behind_all_others_and_sets_its_end(
    governflow: Callable[..., Any], tmp_path: Path
) -> None:
    rows = tmp_path / "rows.csv"
    near = "time,case,action\n2006-03-16 08:00,a,report\n2006-03-17 08:00,b,report\n"
    rows.write_text(near + "2016-03-16 08:00,z,report\n", encoding="utf-8")
    told = governflow("run", rows, "--lang", "en").err
    assert "line 4 lies 3652 days behind all other rows and sets the end of the run, 2016-03-16 08:00:00" in told
    assert "behind all other rows" not in governflow("run", rows, "--until", "2006-04-01", "--lang", "en").err
    rows.write_text(near, encoding="utf-8")
    assert "behind all other rows" not in governflow("run", rows, "--lang", "en").err
