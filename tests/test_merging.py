"""A merged case is answered by whatever answers the other, and comes back where that one will answer nobody."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governflow import Case, CommandError, Engine, GovernflowError
from governflow.model.case import fold
from governflow.testing import ManualClock

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def plus(minutes: float) -> datetime:
    return T0 + minutes * MINUTE


@pytest.fixture(params=["memory", "sqlite"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with Engine.open(None if request.param == "memory" else tmp_path / "cases.db", clock=ManualClock(T0)) as opened:
        yield opened


def merged(engine: Engine) -> Case:
    """Merge case a into case b."""
    for name in ("a", "b", "c"):
        engine.report(case_id=name, at=T0)
    engine.dispatch("a", to="street", at=plus(1))
    return engine.merge("a", into="b", at=plus(2))


def kinds(engine: Engine, case: str) -> list[str]:
    return [event.kind for event in engine.history(case)]


def checked(engine: Engine) -> None:
    for case in engine.cases():
        assert fold(engine.history(case.id)) == case
    engine.verify()


SILENCED: dict[str, Callable[[Engine], Case]] = {
    "withdrawn": lambda engine: engine.withdraw("b", at=plus(3)),
    "declined": lambda engine: engine.decline("b", reason="not ours", at=plus(3)),
    "merged": lambda engine: engine.merge("b", into="c", at=plus(3)),
}


@pytest.mark.parametrize("how", SILENCED)
def test_a_merged_case_comes_back_when_the_other_one_will_answer_nobody(engine: Engine, how: str) -> None:
    merged(engine)
    SILENCED[how](engine)
    case = engine.case("a")
    assert (case.state, case.unit, case.merged_into, case.closed) == ("accepted", "intake", None, None)
    # Somebody has to dispatch it, within the five minutes of a report, and to answer it within its 60 days.
    assert {name for name, clock in case.clocks.items() if clock.running} == {"dispatch", "whole"}
    assert case.clocks["dispatch"].due == plus(8)
    event = engine.history("a")[-1]
    assert (event.kind, event.at, event.about) == ("unmerged", plus(3), {"case": "b", "because": how})
    engine.dispatch("a", at=plus(4))
    engine.resolve("a", at=plus(5))
    assert engine.answer("a", at=plus(6)).answered == plus(6)
    checked(engine)


def test_a_merged_case_is_answered_when_the_other_one_is(engine: Engine) -> None:
    merged(engine)
    engine.resolve("b", at=plus(3))
    assert engine.case("a").answered is None
    engine.answer("b", at=plus(4))
    case = engine.case("a")
    assert (case.state, case.merged_into, case.answered) == ("merged", "b", plus(4))
    assert (engine.history("a")[-1].kind, engine.history("a")[-1].at) == ("answered_with", plus(4))
    checked(engine)


def test_a_case_that_was_answered_with_the_other_one_does_not_come_back(engine: Engine) -> None:
    merged(engine)
    engine.resolve("b", at=plus(3))
    engine.answer("b", at=plus(4))
    engine.withdraw("b", at=plus(5))
    assert engine.case("a").state == "merged"


def test_a_case_merged_into_one_that_was_answered_is_answered_at_once(engine: Engine) -> None:
    for name in ("a", "b"):
        engine.report(case_id=name, at=T0)
    engine.resolve("b", at=plus(1))
    engine.answer("b", at=plus(2))
    engine.merge("a", into="b", at=plus(3))
    assert engine.case("a").answered == plus(3)


def test_a_reopened_case_answers_who_was_merged_into_it_afterwards(engine: Engine) -> None:
    for name in ("a", "b"):
        engine.report(case_id=name, at=T0)
    engine.resolve("b", at=plus(1))
    engine.answer("b", at=plus(2))
    engine.evaluate("b", satisfied=False, at=plus(3))
    engine.merge("a", into="b", at=plus(4))
    assert engine.case("a").answered is None  # the answer that was given did not satisfy
    engine.dispatch("b", at=plus(5))
    engine.resolve("b", at=plus(6))
    engine.answer("b", at=plus(7))
    assert engine.case("a").answered == plus(7)


def test_a_chain_comes_back_one_after_the_other(engine: Engine) -> None:
    merged(engine)
    engine.merge("b", into="c", at=plus(3))
    engine.withdraw("c", at=plus(4))
    assert [engine.case(name).state for name in ("a", "b", "c")] == ["accepted", "accepted", "withdrawn"]
    assert kinds(engine, "a").count("unmerged") == 1
    engine.merge("a", into="b", at=plus(5))
    engine.withdraw("b", at=plus(6))
    assert kinds(engine, "a").count("unmerged") == 2
    checked(engine)


def test_the_other_cases_book_says_who_waits_and_its_life_goes_on_as_it_would_have(engine: Engine) -> None:
    engine.report(case_id="alone", at=T0)
    merged(engine)
    joined = engine.history("b")[-1]
    assert (joined.kind, joined.about) == ("joined", {"case": "a"})
    engine.advance(plus(400))
    alone, other = engine.history("alone"), engine.history("b")
    assert [(event.kind, event.at) for event in other if event.kind != "joined"] == [
        (event.kind, event.at) for event in alone
    ]


def test_a_promise_passes_to_the_case_that_a_case_is_merged_into(engine: Engine) -> None:
    for name in ("a", "b"):
        engine.report(case_id=name, at=T0)
        engine.dispatch(name, to="street", at=plus(1))
    engine.confer("a", until=plus(3000), at=plus(2))
    engine.merge("a", into="b", at=plus(3))
    assert engine.case("b").clocks["promise"].due == plus(3000)
    engine.report(case_id="c", at=plus(3))
    engine.dispatch("c", to="street", at=plus(3))
    engine.confer("c", until=plus(2000), at=plus(4))
    engine.merge("c", into="b", at=plus(5))
    assert engine.case("b").clocks["promise"].due == plus(2000)  # the earlier of the two keeps both


def test_cases_of_two_localities_are_not_merged(engine: Engine) -> None:
    engine.report(case_id="a", at=T0)
    engine.report(case_id="b", locality="990101", at=T0)
    with pytest.raises(CommandError, match="a case is merged within its locality") as refused:
        engine.merge("a", into="b", at=plus(1))
    assert "只能在同一地方内并案" in refused.value.text.zh
    assert engine.case("a").state == "reported"


_STEPS = ["merge", "withdraw", "decline", "resolve", "answer", "dispatch", "revisit"]


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(_STEPS), st.sampled_from("abcd")), max_size=14))
def test_nobody_who_asked_waits_for_a_case_that_will_answer_nobody(steps: list[tuple[str, str, str]]) -> None:
    engine = Engine.open(clock=ManualClock(T0))
    for name in "abcd":
        engine.report(case_id=name, at=T0)
    more: dict[str, dict[str, Any]] = {"decline": {"reason": "no"}, "revisit": {"recurred": True}}
    for number, (name, action, into) in enumerate(steps, 1):
        details = {"into": into} if action == "merge" else more.get(action, {})
        try:
            engine.act(action, name, at=plus(number * 0.1), **details)
        except GovernflowError:
            continue
    for case in engine.cases():
        if case.state == "merged" and (case.answered is None or case.answered < (case.closed or T0)):
            assert case.merged_into is not None
            assert engine.case(case.merged_into).state not in ("merged", "declined", "withdrawn")
        assert fold(engine.history(case.id)) == case
