"""The charter's laws on localities: a neighbour is left alone, and a county's clocks are as strict as the law."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from riverside import COUNTY, IDLE, LAWS, OTHER, County, Neighbour, broken, looked_at, subject, whole
from riverside_faults import Longer

from governflow import Text, hookimpl
from governflow.calendars import WorkingCalendar
from governflow.calendars.allowances import Allowance
from governflow.charter.answers.remote import changed_names, governflow_state
from governflow.charter.laws import localities as stacks
from governflow.charter.subject import Subject
from governflow.errors import PolicyError
from governflow.model.clocks import LAPSES, PAUSES
from governflow.policy.builtin import defaults
from governflow.policy.hookspecs import (
    Deadlines,
    Locality,
    Ruling,
)
from governflow.tables import Table

pytestmark = pytest.mark.usefixtures("defaults_as_they_were")


class BreaksTheNeighbour(County):
    @hookimpl
    def governflow_terms(self) -> Mapping[str, Text]:
        Neighbour.governflow_terms = _seven  # type: ignore[attr-defined]
        return {}


@hookimpl
def _seven(self: object) -> int:
    return 7


class BreaksTheNeighbourWhenAsked(County):
    @hookimpl
    def governflow_tier(self) -> Ruling | None:
        Neighbour.governflow_terms = _seven  # type: ignore[attr-defined]
        return None


class BreaksTheNeighbourHere(BreaksTheNeighbourWhenAsked):
    """Cannot be taken elsewhere."""

    def __reduce__(self) -> str:
        raise TypeError


@pytest.mark.parametrize(
    "plugin",
    [BreaksTheNeighbour, BreaksTheNeighbourWhenAsked, pytest.param(BreaksTheNeighbourHere, marks=pytest.mark.slow)],
)
def test_a_neighbour_that_can_no_longer_be_loaded_was_not_left_alone(plugin: type[County]) -> None:
    county = subject(plugin())
    try:
        (failure,) = looked_at("locality/isolated", county)
    finally:
        if hasattr(Neighbour, "governflow_terms"):
            del Neighbour.governflow_terms
    assert OTHER in failure.sentence.en
    assert "governflow_terms answered 7" in failure.sentence.en
    assert str(failure.look_at) == f"the plugin of {COUNTY}"


def test_what_governflow_holds_in_lists_and_sets_is_watched_too(monkeypatch: pytest.MonkeyPatch) -> None:
    held: dict[str, Any] = {"a_list": [1, 2], "a_set": {1}, "a_table": {1: 1}}
    for name, value in held.items():
        monkeypatch.setattr(defaults, name, value, raising=False)
    before = governflow_state()
    held["a_table"][2] = 2  # what a table learns more is no harm
    assert list(changed_names(before)) == []
    held["a_list"].reverse()
    held["a_set"].add(2)
    assert set(changed_names(before)) == {
        "governflow.policy.builtin.defaults.a_list",
        "governflow.policy.builtin.defaults.a_set",
    }


def test_clocks_that_could_not_be_compared_with_the_law_are_no_proof_and_say_so() -> None:
    class City:
        @hookimpl
        def governflow_locality(self) -> Locality:
            return Locality("990100", "上级市", "Upper City")

        @hookimpl
        def governflow_tables(self) -> Mapping[str, Table]:
            return {}

    county = subject(County())
    county.localities.register("990100", City())
    whole_stack = stacks.assemble

    def refused(code: str, layers: Any) -> Any:
        if code == "990100":
            raise PolicyError("the city leans on its county", "市级规则依赖县级规则")
        return whole_stack(code, layers)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stacks, "assemble", refused)
        assert list(LAWS["locality/stricter"].check(county)) == []
    assert county.note is not None
    assert "the city leans on its county" in county.note.en


# --- clocks of the law ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"starts": frozenset({"dispatch"})}, "starts"),
        ({"stops": frozenset({"answer", "resolve"})}, "stops"),
        ({"traits": (*whole().traits, PAUSES)}, "pauses"),
        ({"traits": (*whole().traits, LAPSES)}, "lapses"),
        ({"traits": ("duty", "statute")}, "lasts"),
        ({"extension": None}, "extension"),
        ({"extension": Allowance.parse("31cd")}, "extension"),
    ],
)
def test_a_clock_is_looser_by_more_than_its_allowance(changes: Mapping[str, Any], what: str) -> None:
    assert [kind for kind, _ in stacks._rules(whole(**changes), whole())] == [what]


def test_a_clock_that_is_tightened_is_no_fault() -> None:
    tight = whole(allowance=Allowance.parse("30cd"), extension=Allowance.parse("10cd"), stops=frozenset())
    assert list(stacks._rules(tight, whole())) == []
    assert list(stacks._due(tight, whole(), (WorkingCalendar.china(), WorkingCalendar.china()))) == []


def test_a_county_that_tightens_the_law_keeps_it() -> None:
    class Tighter(Longer):
        clock = Deadlines((whole(allowance=Allowance.parse("30cd")),))

    assert broken("locality/stricter", Tighter()) == []


def test_an_equal_number_of_days_ends_later_on_a_calendar_with_more_holidays() -> None:
    (found,) = stacks._due(whole(), whole(), (IDLE, WorkingCalendar.china()))
    assert found[0] == "due"


def test_a_locality_below_is_not_among_those_that_are_to_be_left_alone() -> None:
    class City:
        @hookimpl
        def governflow_locality(self) -> Locality:
            return Locality("990100", "上级市", "Upper City")

    city = subject(County())
    city.localities.register("990100", City())
    asking: Callable[[Subject], list[str]] = stacks._codes
    assert COUNTY not in asking(Subject(city.localities, "990100"))
    assert OTHER in asking(city)
