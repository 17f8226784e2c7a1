"""The charter's laws: each catches the faults that break it, tells the smallest case, and passes a sound county."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from riverside import COUNTY, LAWS, ONE, County, broken, looked_at, subject
from riverside_faults import (
    PLANTED,
    REMEMBERED,
    BoundShiftedUp,
    ByTheNumber,
    FailsForOneItem,
    FailsForOneVillageAndMajor,
    FailsFromAHundredAndElevenPeople,
    HotlineFirst,
    Longer,
    OneVillageForgotten,
    OnlyByDay,
    RuleDeleted,
    TheFirstStays,
    found_in,
)

from governflow import hookimpl
from governflow.charter.cases.reported import smallest
from governflow.charter.check import check
from governflow.charter.subject import Subject
from governflow.errors import PolicyError
from governflow.policy.hookspecs import (
    Allowed,
    Context,
    Ruling,
)

pytestmark = pytest.mark.usefixtures("defaults_as_they_were")


OURS = (
    "ruling/total",
    "ruling/unambiguous",
    "ruling/examples",
    "ruling/pure",
    "ruling/impartial",
    "locality/isolated",
    "locality/stricter",
)


@pytest.fixture(scope="module")
def sound() -> Subject:
    """A sound county whose laws are looked at one after the other, as in a check: what one found the next goes by."""
    return subject(County())


@pytest.mark.parametrize("law", OURS)
def test_a_sound_county_keeps_the_law(law: str, sound: Subject) -> None:
    assert looked_at(law, sound) == []


def _one_a_law_fast() -> Iterator[Any]:
    """Give each planted fault; the first of a law is a fast test, the others are slow.

    Each of those of ruling/pure needs other interpreters: its fast tests are those of test_charter_watching.py.
    """
    laws = {"ruling/pure"}
    for planted, (law, _) in PLANTED.items():
        yield pytest.param(planted, id=planted.__name__, marks=[pytest.mark.slow] if law in laws else [])
        laws.add(law)


@pytest.mark.parametrize("planted", list(_one_a_law_fast()))
def test_a_planted_fault_is_caught_by_the_law_that_it_breaks(planted: type[County]) -> None:
    _, where = PLANTED[planted]
    failures = found_in(planted)
    assert failures
    assert where in str(failures[0].look_at)
    assert all(failure.sentence.en and failure.sentence.zh for failure in failures)
    assert len(failures) <= 5


@pytest.mark.slow
def test_two_laws_of_one_check_look_at_the_answers_of_one_process() -> None:
    report = check(subject(County()).localities, COUNTY, laws=["ruling/pure", "locality/isolated"])
    assert [(verdict.outcome, verdict.note) for verdict in report.verdicts] == [("passed", None), ("passed", None)]


# --- the smallest case ------------------------------------------------------------------------------------------------


def test_a_fault_of_one_item_is_told_with_the_item_and_nothing_else() -> None:
    (failure,) = found_in(FailsForOneItem)
    assert failure.case == {"item": "事项137"}


def test_a_fault_of_two_circumstances_is_told_with_both() -> None:
    (failure,) = broken("ruling/total", FailsForOneVillageAndMajor())
    assert failure.case.keys() == {"severity", "place"}


def test_a_number_that_only_a_hook_knows_is_tried() -> None:
    (failure,) = broken("ruling/total", FailsFromAHundredAndElevenPeople())
    assert failure.case == {"facts": {"people": 111}}


def test_a_gap_is_told_with_the_case_that_nobody_answers() -> None:
    (failure,) = broken("ruling/unambiguous", BoundShiftedUp())
    assert failure.case["facts"] == {"people": 30}
    assert failure.suggestion is not None


def test_a_channel_that_only_a_hook_knows_is_tried_and_told() -> None:
    (failure,) = found_in(HotlineFirst)
    assert failure.case == {"channel": "县长信箱"}


def test_a_case_is_shrunk_to_what_the_fault_needs() -> None:
    big = {"item": "a", "place": "b", "facts": {"x": 1, "y": 2}}
    assert smallest(big, lambda case: case.get("facts", {}).get("y") == 2) == {"facts": {"y": 2}}


@pytest.mark.slow
def test_a_fault_of_one_moment_is_told_with_the_moment_alone_and_found_again_by_it() -> None:
    (failure,) = broken("ruling/total", OnlyByDay())
    assert failure.case.keys() == {"at"}
    assert datetime.fromisoformat(str(failure.case["at"])).hour == 3
    assert len(list(LAWS["ruling/total"].check(subject(OnlyByDay(), only=failure.case)))) == 1


class CallsTheLeaderByNight(County):
    @hookimpl
    def governflow_tier(self, context: Context) -> Ruling | None:
        return ONE if context.at.astimezone(ZoneInfo("Asia/Shanghai")).hour < 6 else None


@pytest.mark.slow
@pytest.mark.parametrize("law", ["ruling/total", "ruling/pure", "ruling/impartial"])
def test_a_rule_may_look_at_the_moment_of_the_report(law: str) -> None:
    assert broken(law, CallsTheLeaderByNight()) == []


@pytest.mark.slow
def test_an_order_of_asking_that_matters_is_found_again_by_the_case_alone() -> None:
    (failure,) = broken("ruling/pure", TheFirstStays())
    REMEMBERED.clear()
    again = broken("ruling/pure", TheFirstStays(), only=failure.case)
    assert [one.case for one in again] == [failure.case]


def test_only_what_differs_is_told_before_and_after() -> None:
    (failure,) = found_in(HotlineFirst)
    assert {line.en.partition(":")[0] for line in failure.said} == {"before", "after"}
    assert any("tier: 1" in line.en for line in failure.said)
    assert not any("assess" in line.en for line in failure.said)


@pytest.mark.slow
@pytest.mark.parametrize("planted", [OneVillageForgotten, HotlineFirst, ByTheNumber, TheFirstStays, Longer])
def test_a_failure_in_chinese_has_no_english_words_but_identifiers(planted: type[County]) -> None:
    law, _ = PLANTED[planted]
    failure = broken(law, planted())[0]
    lines = [failure.sentence, *failure.said, *([failure.suggestion] if failure.suggestion else [])]
    for line in lines:
        plain = re.sub(
            r"[\w-]+/[\w-]+|governflow\w*|by the hook|hook|whole|None|\w+Error|UTC|context.at|sorted|\d+cd", "", line.zh
        )
        assert not re.search("[A-Za-z]{3,}", plain), plain


# --- rules that cannot be loaded --------------------------------------------------------------------------------------


@pytest.mark.parametrize("law", [law for law in OURS if law != "ruling/unambiguous"])
def test_rules_that_cannot_be_loaded_keep_no_law(law: str) -> None:
    with pytest.raises(PolicyError, match="cannot be loaded"):
        check(subject(RuleDeleted()).localities, COUNTY, laws=[law])


@pytest.mark.slow
def test_an_actor_is_allowed_by_a_county_that_says_nothing_else() -> None:
    class Open(County):
        @hookimpl
        def governflow_authorise(self) -> Allowed:
            return Allowed()

    assert broken("ruling/total", Open()) == []
