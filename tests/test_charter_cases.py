"""The cases that the charter asks: every value and pair of values, the same every time; and a search for more."""

import json
import time
from collections.abc import Hashable, Iterator, Mapping
from datetime import datetime
from itertools import combinations, islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from riverside import CHART, ITEMS, County, subject, text
from riverside_faults import FailsForOneVillageAndMajor

from governflow.charter.answers.ask import asked
from governflow.charter.answers.collect import batches, drawn, searched
from governflow.charter.cases.reported import reported, written
from governflow.charter.cases.systematic import BUDGET, anywhen, rows, strategy
from governflow.charter.model import Failure
from governflow.charter.subject import Subject


@pytest.fixture(scope="module")
def sound() -> Subject:
    """A sound county; its cases are made once for those who only look at them."""
    return subject(County())


def test_the_stream_of_cases_is_the_same_every_time_and_repeats_nothing() -> None:
    once, again = (list(map(written, anywhen(subject(County()).policy))) for _ in range(2))
    assert once == again
    assert len(set(once)) == len(once)
    assert BUDGET / 2 < len(once) < BUDGET * 1.5


def test_the_stream_begins_with_the_case_that_tells_nothing() -> None:
    assert next(anywhen(subject(County()).policy)) == {}


def test_every_item_is_tried_in_both_modes(sound: Subject) -> None:
    cases = [case for case in sound.anywhen if case.keys() <= {"item", "mode"}]
    for item in (*ITEMS, "清单以外的事项"):
        assert {"item": item} in cases
        assert {"item": item, "mode": "emergency"} in cases


def test_both_sides_of_each_bound_of_a_table_are_tried(sound: Subject) -> None:
    people = {case["facts"]["people"] for case in sound.anywhen if "people" in case.get("facts", {})}
    assert {0, 29, 30, 1000} <= people


def test_every_rule_of_every_table_is_asked(sound: Subject) -> None:
    rules = {ruling.rule for case in sound.anywhen for ruling in asked(sound.policy, case).rulings}
    assert {"tier/T1", "tier/T2", "tier/T3", "tier/T4", "deadlines/D1", "deadlines/D2", "deadlines/D3"} <= rules


@pytest.mark.slow
def test_a_search_goes_on_with_other_cases_after_those_of_the_plan() -> None:
    (certified,) = batches(subject(County()))
    planned, drawn = islice(batches(subject(County(), level="search", seconds=60, seed=7)), 2)
    assert [one.reported_case for one in planned] == [one.reported_case for one in certified]
    assert len({written(one.reported_case) for one in drawn} - {written(one.reported_case) for one in planned}) >= 20


@given(st.data())
def test_a_strategy_draws_cases_that_can_be_reported(data: st.DataObject) -> None:
    county = subject(County())
    case = reported(county.policy, data.draw(strategy(county.policy)))
    assert case.tier is not None


def test_a_case_can_be_written_as_json_and_read_back(sound: Subject) -> None:
    cases = sound.anywhen
    assert [json.loads(written(case)) for case in cases] == cases


def test_few_rows_are_enough_for_every_two_values_to_meet() -> None:
    sizes = (9, 2, 5, 3, 7)
    met = {(one, row[one], two, row[two]) for row in rows(sizes, 80) for one, two in combinations(range(5), 2)}
    assert len(met) == sum(sizes[one] * sizes[two] for one, two in combinations(range(5), 2))


def test_every_unit_is_a_place_and_so_is_its_name(sound: Subject) -> None:
    places = {case.get("place") for case in sound.anywhen}
    assert {unit.id for unit in CHART.units.values()} <= places
    assert {unit.text.zh for unit in CHART.units.values()} <= places


def test_cases_are_told_by_day_and_by_night_in_every_month(sound: Subject) -> None:
    moments = [datetime.fromisoformat(case["at"]) for case in sound.anywhen if "at" in case]
    assert {moment.hour for moment in moments} == set(range(24))
    assert {moment.month for moment in moments} == set(range(1, 13))
    assert {moment.weekday() for moment in moments} == set(range(7))


@pytest.mark.slow
def test_hypothesis_draws_the_same_cases_from_the_same_seed_until_the_time_is_up() -> None:
    first, again = (list(islice(drawn(subject(County(), level="search", seconds=60, seed=7)), 100)) for _ in range(2))
    other = list(islice(drawn(subject(County(), level="search", seconds=60, seed=8)), 100))
    assert first == again
    assert first != other
    begun = time.perf_counter()
    list(drawn(subject(County(), level="search", seconds=0.5)))
    assert time.perf_counter() - begun >= 0.5


def test_what_a_search_finds_is_made_small() -> None:
    searching = subject(FailsForOneVillageAndMajor(), level="search", seconds=60)

    def look(told: Mapping[str, Any]) -> Iterator[tuple[str, Failure]]:
        if asked(searching.policy, told).faults:
            yield "fault", Failure(text("it fails"), told)

    known: set[Hashable] = set()
    ((key, failure),) = searched(searching, look, known, 1)
    assert known == {key} == {"fault"}  # with it the search is over, long before its time
    assert failure.case["severity"] == "major"
    assert failure.case.keys() == {"severity", "place"}
