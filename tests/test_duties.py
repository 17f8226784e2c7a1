"""Duties: who took one on can fulfil it, and a promise to the one who asked passes on with its date."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from governflow import Actor, CommandError, Engine
from governflow.model.terms import Outcome, Way
from governflow.testing import ManualClock

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def plus(minutes: float) -> datetime:
    return T0 + minutes * MINUTE


@pytest.fixture
def engine() -> Engine:
    return Engine.open(clock=ManualClock(T0))


def in_hand(engine: Engine, **told: Any) -> None:
    engine.report(case_id="c", severity="major", at=T0, **told)
    engine.dispatch("c", to="street", at=plus(1))


# --- promises ---------------------------------------------------------------------------------------------------------

PASSED_ON: dict[str, dict[str, Any]] = {"transfer": {"to": "community"}, "escalate": {}, "return": {}}


@pytest.mark.parametrize("action", PASSED_ON)
def test_a_promise_passes_to_the_new_holder_with_its_date(engine: Engine, action: str) -> None:
    in_hand(engine)
    engine.confer("c", until=plus(2000), at=plus(5))
    if action == "return":
        engine.transfer("c", to="department", at=plus(6))  # nobody returns a case that is under discussion
    after = engine.act(action, "c", at=plus(10), **PASSED_ON[action])
    promise = after.clocks["promise"]
    assert (promise.cycle, promise.due, promise.running, promise.duty) == (1, plus(2000), True, None)
    fired = [event for event in engine.advance(plus(2001)) if event.about.get("clock") == "promise#1"]
    assert [(event.kind, event.at) for event in fired][-1] == ("breached", plus(2000))
    if engine.case("c").state == "dispatched":
        engine.resolve("c", at=plus(2002))
        assert engine.answer("c", at=plus(2003)).clocks["promise"].stopped == plus(2003)


def test_a_promise_passes_to_who_takes_the_case_over(engine: Engine) -> None:
    in_hand(engine)
    engine.confer("c", until=plus(2000), at=plus(5))
    engine.arrive("c", at=plus(6))
    engine.transfer("c", to="community", at=plus(7))  # where nobody arrives
    taken = next(event for event in engine.advance(plus(300)) if event.kind == "taken_over")
    promise = engine.case("c").clocks["promise"]
    assert taken.at > plus(7)
    assert (promise.cycle, promise.due, promise.stopped) == (1, plus(2000), None)


def test_a_promise_that_was_missed_is_the_new_holders_too(engine: Engine) -> None:
    in_hand(engine)
    engine.confer("c", until=plus(20), at=plus(5))
    engine.advance(plus(21))
    promise = engine.transfer("c", to="community", at=plus(22)).clocks["promise"]
    assert (promise.outcome, promise.stopped, promise.missed_at) == (Outcome.BREACHED, None, plus(20))


@pytest.mark.parametrize("action", ["answer", "inform"])
def test_a_promise_that_was_passed_on_is_kept_by_whoever_answers(engine: Engine, action: str) -> None:
    in_hand(engine)
    engine.confer("c", until=plus(2000), at=plus(5))
    engine.transfer("c", to="community", at=plus(10))
    if action == "answer":
        engine.resolve("c", at=plus(15))
    assert engine.act(action, "c", at=plus(20)).clocks["promise"].outcome is Outcome.MET


# --- summons ----------------------------------------------------------------------------------------------------------


def test_a_summons_stands_still_while_the_case_is_suspended(engine: Engine) -> None:
    in_hand(engine)
    engine.arrive("c", at=plus(20))
    engine.whistle("c", units=["department"], at=plus(30))
    engine.suspend("c", until=plus(3000), at=plus(40))
    assert engine.advance(plus(2999)) == ()
    engine.advance(plus(3001))
    summons = engine.case("c").clocks["check_in:department"]
    assert (summons.due, summons.outcome) == (plus(3020), Outcome.RUNNING)  # 20 of its 30 minutes were left
    assert engine.check_in("c", unit="department", at=plus(3019)).clocks["check_in:department"].outcome is Outcome.MET


def test_who_took_over_the_duty_to_come_can_come(engine: Engine) -> None:
    in_hand(engine)
    engine.arrive("c", at=plus(20))
    engine.whistle("c", units=["community"], at=plus(30))
    engine.advance(plus(30 + 100))  # due after 30 minutes, then urged, supervised, taken over
    duty = engine.case("c").clocks["check_in:community"].duty
    assert duty is not None
    came = engine.check_in("c", by=Actor("w", duty), at=plus(131))
    assert came.clocks["check_in:community"].stopped == plus(131)
    with pytest.raises(CommandError, match="was not summoned"):
        engine.check_in("c", by=Actor("w", duty), at=plus(132))


# --- verdicts that contradict themselves ------------------------------------------------------------------------------

CONTRADICTIONS = [(True, 1), (True, 2), (False, 4), (False, 5)]


def answered(engine: Engine, way: Way = Way.LIVE) -> None:
    engine.report(case_id="c", at=T0, way=way)
    engine.resolve("c", at=plus(1))
    engine.answer("c", at=plus(2))


@pytest.mark.parametrize("way", [Way.LIVE, Way.ENFORCE])
@pytest.mark.parametrize(("satisfied", "score"), CONTRADICTIONS)
def test_a_word_that_the_score_contradicts_is_refused(engine: Engine, way: Way, *, satisfied: bool, score: int) -> None:
    answered(engine, way)
    with pytest.raises(CommandError, match="contradict each other") as refused:
        engine.evaluate("c", satisfied=satisfied, score=score, at=plus(3))
    assert "相互矛盾" in refused.value.text.zh
    assert engine.case("c").state == "answered"


@pytest.mark.parametrize(("satisfied", "score"), CONTRADICTIONS)
def test_in_a_record_the_word_counts_and_the_contradiction_is_found(
    engine: Engine, *, satisfied: bool, score: int
) -> None:
    answered(engine, Way.RECORD)
    engine.evaluate("c", satisfied=satisfied, score=score, at=plus(3))
    (event,) = (event for event in engine.history("c") if event.kind == "evaluated")
    assert event.changes["verdict"] == ("satisfied" if satisfied else "unsatisfied")
    (finding,) = event.about["findings"]
    assert (finding["code"], finding["args"]) == ("contradictory_verdict", [str(satisfied).lower(), str(score)])


@pytest.mark.parametrize(("satisfied", "score"), [(True, 3), (True, 5), (False, 3), (False, 1)])
def test_a_word_and_a_score_that_agree_are_taken(engine: Engine, *, satisfied: bool, score: int) -> None:
    answered(engine)
    after = engine.evaluate("c", satisfied=satisfied, score=score, at=plus(3))
    assert (after.judged, after.score) == ("satisfied" if satisfied else "unsatisfied", score)
