"""Worked examples: what a plugin promised with its source comes out as promised, or is told."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from riverside import COUNTY, SAID, County, Promises, broken, subject

from governflow import hookimpl
from governflow.charter.answers.examples import of_rows
from governflow.charter.check import laws
from governflow.policy.hookspecs import (
    Example,
)

RIGHT = Example(
    {"severity": "复杂", "人数": 12, "place": "丁镇甲村"},
    {"tier": "二级", "unit": "丁镇", "form": "核办", "clock:resolve": "3d", "people": 12, "severity": "complex"},
    SAID,
)


def test_worked_examples_that_come_out_as_promised_pass() -> None:
    county = Promises(RIGHT, Example({}, {"clock:resolve": "1天"}, SAID))
    assert broken("ruling/examples", county) == []
    looked = subject(county)
    list(laws()["ruling/examples"].check(looked))
    assert looked.examples == 2  # the verdict says how many were shipped: none is no proof


def test_a_worked_example_that_comes_out_otherwise_is_told() -> None:
    class Shipped(County):
        @hookimpl
        def governflow_examples(self) -> Sequence[Example]:
            return [Example({"severity": "complex"}, {"tier": "1"}, SAID)]

    (failure,) = broken("ruling/examples", Shipped())
    assert str(failure.look_at) == "tier/T3 of 990101"
    assert SAID in failure.sentence.en
    assert failure.case == {"severity": "complex"}


@pytest.mark.parametrize(
    ("example", "words"),
    [
        (Example({}, {"clock:resolve": "2d"}, SAID), "clock:resolve = 2d"),
        (Example({}, {"clock:arrive": "-"}, SAID), "clock:arrive = -"),
        (Example({}, {"tier": "3"}, " "), "has no source"),
        (Example({}, {}, SAID), "expects nothing"),
        (Example({"dogs": 3}, {"tier": "3"}, SAID), "dogs"),
        (Example({"severity": "huge"}, {"tier": "3"}, SAID), "huge"),
        (Example({}, {"tier": "fifth"}, SAID), "fifth"),
        (Example({"people": 3}, {"people": 4}, SAID), "people = 4"),
        (Example({"severity": "major"}, {"assist": "住建局"}, SAID), "the rules say -"),
        (Example({"visit": False}, {"clock:arrive": "40min"}, SAID), "the rules say -"),
        (Example({}, {"visit": "no"}, SAID), "visit = no"),
        (Example({}, {"lifecycle": "petition"}, SAID), "lifecycle = petition"),
        ({"told": {}}, "no Example"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_example_that_is_wrong_is_told_with_what_is_wrong(example: object, words: str) -> None:
    failures = broken("ruling/examples", Promises(example))
    assert [words in failure.sentence.en for failure in failures] == [True]


def test_a_clock_that_starts_later_is_looked_for_at_the_rule_that_gives_it() -> None:
    (failure,) = broken("ruling/examples", Promises(Example({}, {"clock:resolve": "2d"}, SAID)))
    assert str(failure.look_at) == f"deadlines/D1 of {COUNTY}"


def test_an_example_may_promise_that_nobody_assists_and_that_a_clock_does_not_run() -> None:
    nobody = Example({"severity": "major"}, {"assist": "-", "lifecycle": "everyday", "visit": "是"}, SAID)
    nowhere = Example({"visit": False, "people": 12}, {"clock:arrive": "-", "人数": "12"}, SAID)
    by_night = Example({"at": "2026-03-07T23:30+08:00"}, {"clock:resolve": "1d"}, SAID)
    assert broken("ruling/examples", Promises(nobody, nowhere, by_night)) == []


def test_examples_are_read_from_a_sheet_with_chinese_headings(tmp_path: Path) -> None:
    file = tmp_path / "examples.csv"
    rows = "严重程度,人数,是否到场,→事项等级,→办结,→牵头单位,来源\n复杂,12,是,二级,3天,,公告\n一般,,否,一级,1天,,公告\n"
    file.write_text(rows, encoding="utf-8")

    class Shipped(County):
        @hookimpl
        def governflow_examples(self) -> Path:
            return file

    (failure,) = broken("ruling/examples", Shipped())
    assert failure.sentence.en.startswith("example 2 (公告) promises tier = 1")
    assert failure.case == {"severity": "general", "visit": False}


def test_a_sheet_says_what_is_told_what_is_expected_and_who_promised_it() -> None:
    (example,) = of_rows([["事项", "→办结", "→form", "source"], ["路灯", "2d", "直办", "公告"]])
    assert example == Example({"item": "路灯"}, {"clock:resolve": "2d", "form": "直办"}, "公告")
