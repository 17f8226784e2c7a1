"""A life that is worked out anew keeps what the rules of the time answered; what is new is asked of those of now."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from governflow import Actor, Engine, Fact, hookimpl
from governflow.calendars.allowances import Allowance
from governflow.model.clocks import ClockSpec
from governflow.model.events import Event
from governflow.model.terms import Form
from governflow.model.units import OrgChart, Unit
from governflow.policy.hookspecs import Deadlines, Locality
from governflow.testing import ManualClock
from governflow.text import Text

BEGIN = datetime(2026, 3, 16, 8, tzinfo=UTC)
COUNTY = "990101"


def after(minutes: float) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


def step(action: str, minutes: float) -> Fact:
    return Fact(action, after(minutes), Actor("网格员12"))


def clock(name: str, start: str, stop: str, allowance: str) -> ClockSpec:
    return ClockSpec(name, Text(name, name), Allowance.parse(allowance), frozenset({start}), frozenset({stop}))


def chart(*offices: str) -> OrgChart:
    made = [Unit(name, Text(name, name), 1, "leader", (Form.DIRECT,)) for name in offices]
    intake = Unit("intake", Text("intake", "平台"), 0, "leader")
    leader = Unit("leader", Text("leader", "领导"), 5, None, (Form.STUDY,))
    return OrgChart.of([intake, *made, leader])


class Earlier:
    """Forty minutes to arrive, and forty to settle it."""

    @hookimpl
    def governflow_locality(self) -> Locality:
        return Locality(COUNTY, "某县", "Some County")

    @hookimpl
    def governflow_units(self) -> OrgChart:
        return chart("office")

    @hookimpl
    def governflow_deadlines(self) -> Deadlines:
        return Deadlines(
            (clock("arrive", "dispatch", "arrive", "40min"), clock("resolve", "arrive", "resolve", "40min"))
        )


class Later(Earlier):
    """Twenty minutes to arrive, and twenty to settle it; another office, so that the rule set has another hash."""

    @hookimpl
    def governflow_units(self) -> OrgChart:
        return chart("office", "bureau")

    @hookimpl
    def governflow_deadlines(self) -> Deadlines:
        return Deadlines(
            (clock("arrive", "dispatch", "arrive", "20min"), clock("resolve", "arrive", "resolve", "20min"))
        )


@pytest.fixture(params=["memory", "sqlite"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    path = tmp_path / "cases.db" if request.param == "sqlite" else None
    opened = Engine.open(path, clock=ManualClock(BEGIN))
    opened.localities.register(COUNTY, Earlier())
    return opened


def told(engine: Engine, *facts: Fact) -> None:
    for one in facts:
        engine.tell("A1", [one], locality=COUNTY)


def rules_change(engine: Engine) -> tuple[str, str]:
    """Install the later rules; return the hashes of both."""
    earlier = engine.localities.policy(COUNTY).rules
    engine.localities.register(COUNTY, Later())
    later = engine.localities.policy(COUNTY).rules
    assert earlier != later
    return earlier, later


def minutes(engine: Engine) -> dict[str, float]:
    """How many minutes the clocks had whose allowances the two rule sets give otherwise."""
    clocks = [one for one in engine.case("A1").all_clocks if one.name in ("arrive", "resolve")]
    return {one.mark: (one.due - one.started) / timedelta(minutes=1) for one in clocks}


def last_amendment(engine: Engine) -> Event:
    return [event for event in engine.history("A1") if event.kind == "amended"][-1]


def test_a_late_fact_that_does_not_concern_a_ruling_leaves_it(engine: Engine) -> None:
    told(engine, step("report", 0), step("dispatch", 3), step("arrive", 10))
    earlier, _ = rules_change(engine)
    told(engine, step("note", 1))
    assert [event.kind for event in engine.life("A1")] == ["reported", "noted", "dispatched", "arrived"]
    assert minutes(engine) == {"arrive#1": 40, "resolve#1": 40}
    assert {event.rules for event in engine.life("A1") if event.rules} == {earlier}
    engine.verify()


def test_what_followed_from_a_ruling_stays_too(engine: Engine) -> None:
    told(engine, step("report", 0), step("dispatch", 3))
    engine.advance(after(50))
    before = [(event.kind, event.at) for event in engine.life("A1")]
    assert ("breached", after(43)) in before
    rules_change(engine)
    told(engine, step("note", 1))
    assert [(event.kind, event.at) for event in engine.life("A1") if event.kind != "noted"] == before
    engine.verify()


def test_a_late_fact_that_raises_a_new_question_is_answered_by_the_rules_of_now(engine: Engine) -> None:
    told(engine, step("report", 0), step("dispatch", 3))
    engine.advance(after(60))
    earlier, later = rules_change(engine)
    told(engine, step("arrive", 30))
    assert minutes(engine)["arrive#1"] == 40
    assert minutes(engine)["resolve#1"] == 20
    assert last_amendment(engine).rules == later
    assert [event.rules for event in engine.life("A1") if event.kind == "dispatched"] == [earlier]
    engine.verify()


def test_old_answers_and_a_new_one_in_one_amendment(engine: Engine) -> None:
    told(engine, step("report", 0), step("dispatch", 3))
    engine.advance(after(60))
    _, later = rules_change(engine)
    engine.tell("A1", [step("note", 1), step("arrive", 30)])
    assert minutes(engine)["arrive#1"] == 40
    assert minutes(engine)["resolve#1"] == 20
    assert last_amendment(engine).rules == later
    engine.verify()


def test_a_retraction_leaves_what_the_rules_of_the_time_answered(engine: Engine) -> None:
    told(engine, step("report", 0), step("note", 1), step("dispatch", 3), step("arrive", 10))
    rules_change(engine)
    [noted] = [event for event in engine.life("A1") if event.kind == "noted"]
    engine.retract(noted, reason="another case's", by=Actor("desk-3"))
    assert [event.kind for event in engine.life("A1")] == ["reported", "dispatched", "arrived"]
    assert minutes(engine) == {"arrive#1": 40, "resolve#1": 40}
    engine.verify()


def test_a_retraction_after_which_the_question_is_another_one_asks_the_rules_of_now(engine: Engine) -> None:
    told(engine, step("report", 0), step("dispatch", 3), step("arrive", 10))
    _, later = rules_change(engine)
    [dispatched] = [event for event in engine.life("A1") if event.kind == "dispatched"]
    engine.tell("A1", [step("dispatch", 5)], instead=[dispatched], reason="the wrong row", by=Actor("desk-3"))
    assert minutes(engine)["arrive#1"] == 20
    assert last_amendment(engine).rules == later
    engine.verify()


def test_an_outage_told_late_excuses_a_breach_under_the_rules_of_the_time(engine: Engine) -> None:
    told(engine, step("report", 0), step("dispatch", 3))
    engine.advance(after(60))
    rules_change(engine)
    engine.declare_outage(COUNTY, after(42), after(55), reason="power")
    assert minutes(engine)["arrive#1"] == 40
    assert engine.case("A1").clocks["arrive"].exempt == "outage"
    engine.verify()
