"""A case that is handed to and fro is supervised, whatever its clocks say."""

from datetime import UTC, datetime, timedelta

import pytest

from governflow import Engine, hookimpl
from governflow.model.case import fold
from governflow.model.events import Event
from governflow.policy.hookspecs import Locality
from governflow.testing import ManualClock

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def plus(minutes: float) -> datetime:
    return T0 + minutes * MINUTE


@pytest.fixture
def engine() -> Engine:
    return Engine.open(clock=ManualClock(T0))


def supervisions(engine: Engine) -> list[Event]:
    return [event for event in engine.history("c") if event.kind == "supervised"]


def to_and_fro(engine: Engine, times: int, since: float = 1, locality: str = "000000") -> None:
    if engine.find("c") is None:
        engine.report(case_id="c", locality=locality, at=T0)
        engine.dispatch("c", to="community", at=plus(since))
    for number in range(times):
        to = "street" if engine.case("c").unit == "community" else "community"
        engine.transfer("c", to=to, at=plus(since + 30 * (number + 1)))


@pytest.mark.parametrize("times", [1, 2])
def test_a_case_that_was_handed_over_twice_is_left_alone(engine: Engine, times: int) -> None:
    to_and_fro(engine, times)
    assert supervisions(engine) == []
    assert engine.case("c").handed_over == times


def test_from_the_third_hand_over_on_the_next_unit_up_supervises_at_its_very_moment(engine: Engine) -> None:
    to_and_fro(engine, 5)
    found = supervisions(engine)
    assert [event.at for event in found] == [plus(1 + 30 * number) for number in (3, 4, 5)]
    # It stands above both of them, not only above who has it now.
    assert [event.about["escalation"]["to"] for event in found] == ["department"] * 3
    assert [event.about["escalation"]["from"] for event in found] == ["street", "community", "street"]
    assert {event.about["escalation"]["cause"] for event in found} == {"handed_over"}
    # Supervision moves nothing.
    assert engine.case("c").unit == "street"
    assert fold(engine.history("c")) == engine.case("c")


def test_returns_count_as_transfers_do(engine: Engine) -> None:
    engine.report(case_id="c", at=T0)
    for number in range(3):
        engine.dispatch("c", to="street", at=plus(1 + 4 * number))
        engine.return_("c", at=plus(3 + 4 * number))
    (event,) = supervisions(engine)
    assert (event.at, event.about["escalation"]["to"]) == (plus(11), "department")


def test_a_reopened_case_begins_to_count_anew(engine: Engine) -> None:
    to_and_fro(engine, 2)
    engine.resolve("c", at=plus(70))
    engine.answer("c", at=plus(71))
    engine.evaluate("c", satisfied=False, at=plus(72))
    assert engine.case("c").handed_over == 0
    engine.dispatch("c", to="community", at=plus(73))
    to_and_fro(engine, 2, since=73)
    assert supervisions(engine) == []


@pytest.mark.parametrize(("limit", "found"), [(2, 3), (4, 1), (0, 0), (None, 2)])
def test_the_number_is_the_localitys(engine: Engine, limit: int | None, found: int) -> None:
    class County:
        @hookimpl
        def governflow_locality(self) -> Locality:
            return Locality("990101", "某县", "Some County", hand_overs=limit)

    engine.localities.register("990101", County())
    to_and_fro(engine, 4, locality="990101")
    assert len(supervisions(engine)) == found


def test_a_village_counts_as_the_county_above_it_does(engine: Engine) -> None:
    class County:
        @hookimpl
        def governflow_locality(self) -> Locality:
            return Locality("990101", "某县", "Some County", hand_overs=1)

    class Village:
        @hookimpl
        def governflow_locality(self) -> Locality:
            return Locality("990101001", "某村", "Some Village")

    engine.localities.register("990101", County())
    engine.localities.register("990101001", Village())
    to_and_fro(engine, 1, locality="990101001")
    assert len(supervisions(engine)) == 1
