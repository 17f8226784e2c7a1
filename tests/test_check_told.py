"""What a check found is told as a story: on the screen, in the JUnit file and on the page."""

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from checked import CODE, CONFLICT, GAP, PLUGIN, REAL, SOUND, WAIVERS, county, the_law

from governflow import Text
from governflow.charter.check import LEVELS, Failure, Subject, check
from governflow.charter.model import LAWS, Law
from governflow.charter.report import text as telling
from governflow.charter.report.text import CheckedLocality

Command = Callable[..., Any]


# --- on the screen ----------------------------------------------------------------------------------------------------


def test_each_law_is_said_to_be_proved_or_tried_or_failed_with_the_time_it_took(
    three_laws: object, governflow: Command, uninstalled: Callable[..., Path]
) -> None:
    done = governflow("check", uninstalled(tier=SOUND))
    assert done.status == 1
    assert re.search(r"^✓ story/exact +passed exactly  \(\d+\.\d\d s\)$", done.out, re.MULTILINE)
    assert re.search(r"^✓ story/tried +passed after 1,234 examples  \(\d+\.\d\d s\)$", done.out, re.MULTILINE)
    assert re.search(r"^✗ story/broken +failed: 2 failures  \(\d+\.\d\d s\)$", done.out, re.MULTILINE)
    assert re.search(r"^Huimin County \(990371\), rule set [0-9a-f]{16}$", done.out, re.MULTILINE)
    assert re.search(r"^2 of 3 laws hold, 1 failed; \d+\.\d s$", done.out, re.MULTILINE)


def test_a_failure_tells_its_sentence_case_rules_place_to_look_and_what_would_mend_it(
    three_laws: object, governflow: Command, uninstalled: Callable[..., Path]
) -> None:
    folder = uninstalled(tier=SOUND)
    for lang, words in (
        (
            "en",
            [
                "story/broken · everything is attended to",
                "nobody is responsible <for> this case",
                "the smallest case found: place = 李庄村, people = 25",
                "1. tier: two",
                "2. route: nobody",
                "look at: tier/T2 of 990371@0.1.0",
                "what would mend it: name a unit",
            ],
        ),
        (
            "zh",
            [
                "story/broken · 件件有着落",
                "此案无人负责 <甲>",
                "最小案例：",
                "人数=25",
                "1. 事项等级：二级",
                "请查看：990371@0.1.0 的 tier/T2",
                "修改建议：请指定单位",
            ],
        ),
    ):
        out = governflow("check", folder, "--lang", lang).out
        assert [word for word in words if word not in out] == []


def test_the_command_of_a_failure_finds_that_failure_again_and_no_other(
    three_laws: object, governflow: Command, uninstalled: Callable[..., Path]
) -> None:
    done = governflow("check", uninstalled(tier=SOUND), "--json")
    broken = done.json["reports"][0]["laws"][2]
    assert [failure["case"]["facts"]["people"] for failure in broken["failures"]] == [25, 35]
    for failure in broken["failures"]:
        command, *arguments = shlex.split(failure["again"])
        assert command == "governflow"
        again = governflow(*arguments, "--json")
        assert again.status == 1
        (law,) = again.json["reports"][0]["laws"]
        assert (law["law"], law["examples"]) == ("story/broken", 1)
        assert [one["case"] for one in law["failures"]] == [failure["case"]]


def test_the_command_of_a_failure_stands_whole_on_one_line(
    three_laws: object, governflow: Command, uninstalled: Callable[..., Path]
) -> None:
    folder = uninstalled(tier=SOUND)
    again = governflow("check", folder, "--json").json["reports"][0]["laws"][2]["failures"][0]["again"]
    assert len(again) > 100
    assert again in [line.strip() for line in governflow("check", folder).out.splitlines()]


def test_a_check_in_chinese_has_no_english_words(
    three_laws: object, governflow: Command, uninstalled: Callable[..., Path]
) -> None:
    out = governflow("check", uninstalled(PLUGIN + WAIVERS, tier=SOUND), "--lang", "zh").out
    assert "豁免至 2999-12-31：正在修改" in out
    assert re.findall(r"[A-Za-z]{2,}", re.sub(r"story/\w+|[0-9a-f]{16}", "", out)) == []


def test_the_status_is_0_where_all_holds_and_1_where_a_law_fails_and_2_where_nothing_can_be_checked(
    three_laws: object, governflow: Command, uninstalled: Callable[..., Path]
) -> None:
    sound = uninstalled(tier=SOUND)
    assert governflow("check", sound, "--law", "story/exact", "--law", "story/tried").status == 0
    assert governflow("check", uninstalled(PLUGIN + WAIVERS)).status == 0
    assert governflow("check", sound).status == 1
    unusable = governflow("check", uninstalled(PLUGIN + "\n\n@hookimpl\ndef governflow_teir(case): ...\n"))
    assert (unusable.status, unusable.out.startswith("✓")) == (2, False)
    assert "do you mean governflow_tier?" in unusable.err


def test_every_fault_of_unusable_rules_has_a_line_of_its_own(
    three_laws: object, governflow: Command, uninstalled: Callable[..., Path]
) -> None:
    folder = uninstalled(
        PLUGIN + "\n\n@hookimpl\ndef governflow_teir(case): ...\n\n\ndef governflow_route(case): ...\n"
    )
    assert len(governflow("check", folder).err.splitlines()) == 2
    told = governflow("check", folder, "--json")
    assert (told.status, told.json["passed"], len(told.json["faults"])) == (2, False, 2)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "neither a locality nor a plugin"),
        (["990371", "--law", "story/no"], "there is no law 'story/no'"),
        (["990371", "--seconds", "3"], "--seconds belongs to --level search"),
        (["990371", "--case", "{"], "--case is no JSON"),
        (["990371", "--case", "[1]"], "a case is a JSON object"),
        (["990371", "--locality", "990300"], "does not speak for 990300"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_sentence(
    three_laws: object, governflow: Command, arguments: list[str], said: str
) -> None:
    done = governflow("check", *arguments)
    assert done.status == 2
    assert said in done.err
    assert len(done.err.splitlines()) == 1


def test_a_code_without_rules_of_its_own_is_checked_by_those_that_apply_and_this_is_said(
    three_laws: object, governflow: Command
) -> None:
    done = governflow("check", CODE, "--law", "story/exact")
    assert done.status == 0
    assert "nobody registered 990371" in done.err


def test_the_levels_of_the_command_are_those_of_the_check() -> None:
    from governflow.cli.commands import cli

    (level,) = (param for param in cli.commands["check"].params if param.name == "level")
    assert tuple(level.type.choices) == LEVELS  # type: ignore[attr-defined]


# --- files ------------------------------------------------------------------------------------------------------------


def test_the_junit_file_has_a_test_for_each_law_under_its_id(
    three_laws: object, governflow: Command, uninstalled: Callable[..., Path], tmp_path: Path
) -> None:
    governflow("check", uninstalled(tier=SOUND), "--junit", tmp_path / "check.xml")
    (suite,) = ElementTree.parse(tmp_path / "check.xml").getroot()
    assert {name: suite.get(name) for name in ("name", "tests", "failures", "skipped")} == {
        "name": "governflow.990371",
        "tests": "3",
        "failures": "1",
        "skipped": "0",
    }
    tests = {test.get("name"): test for test in suite}
    assert list(tests) == ["story/exact", "story/tried", "story/broken"]
    (failure,) = tests["story/broken"]
    assert failure.get("message") == "nobody is responsible <for> this case"
    assert failure.text is not None
    assert "governflow check" in failure.text
    assert [len(tests[name]) for name in ("story/exact", "story/tried")] == [0, 0]


def test_a_waived_law_is_a_skipped_test_of_the_junit_file(
    three_laws: object, governflow: Command, uninstalled: Callable[..., Path], tmp_path: Path
) -> None:
    governflow("check", uninstalled(PLUGIN + WAIVERS), "--junit", tmp_path / "check.xml")
    (suite,) = ElementTree.parse(tmp_path / "check.xml").getroot()
    (skipped,) = suite.findall("testcase/skipped")
    assert skipped.get("message") == "waived until 2999-12-31: being mended"


def test_signs_that_no_xml_may_hold_are_replaced(three_laws: dict[str, Law]) -> None:
    def odd(subject: Subject) -> Iterator[Failure]:
        yield Failure(Text("a \x00 and a \ud800", "一"), {"text": "\x1b"})

    three_laws["story/exact"] = the_law("story/exact", "exact", odd)
    report = check(county(), CODE)
    xml = telling.junit([CheckedLocality.of(county(), report, what=CODE)], "en")
    assert "a \ufffd and a \ufffd" in (next(ElementTree.fromstring(xml).iter("failure")).get("message") or "")


def page_of(governflow: Command, folder: Path, tmp_path: Path, *more: str) -> str:
    governflow("check", folder, "--html", tmp_path / "check.html", *more)
    return (tmp_path / "check.html").read_text(encoding="utf-8")


def test_the_page_needs_nothing_outside_it_and_escapes_what_it_is_told(
    three_laws: object, governflow: Command, uninstalled: Callable[..., Path], tmp_path: Path
) -> None:
    page = page_of(governflow, uninstalled(tier=SOUND), tmp_path)
    assert re.findall(r"https?:|<script|<link|src=|url\(", page) == []
    assert "nobody is responsible &lt;for&gt; this case" in page
    assert [law for law in LAWS if law not in page] == []
    assert "<for>" not in page


def row(page: str, rule: str) -> tuple[str, str]:
    """The colour and the sign of a rule's row."""
    found = re.search(rf'<tr class="(\w+)"><td class="sign">(.)</td><td>{rule}</td>', page)
    assert found is not None, rule
    return found[1], found[2]


def test_the_page_colours_rules_that_contradict_each_other_are_dead_or_are_named_by_a_failure(
    three_laws: dict[str, Law], governflow: Command, uninstalled: Callable[..., Path], tmp_path: Path
) -> None:
    page = page_of(governflow, uninstalled(tier=SOUND), tmp_path)
    assert row(page, "T1") == ("fine", "✓")
    assert row(page, "T2") == ("named", "✗")
    three_laws["ruling/unambiguous"] = REAL["ruling/unambiguous"]
    page = page_of(governflow, uninstalled(tier=CONFLICT), tmp_path)
    assert row(page, "T1") == row(page, "T2") == ("conflict", "✗")
    assert row(page, "T3") == ("dead", "–")
    page = page_of(governflow, uninstalled(tier=GAP), tmp_path)
    assert row(page, "T1") == row(page, "T2") == ("named", "✗")
    assert row(page, "no rule") == ("gap", "✗")


def test_the_page_in_chinese_is_chinese(
    three_laws: object, governflow: Command, uninstalled: Callable[..., Path], tmp_path: Path
) -> None:
    page = page_of(governflow, uninstalled(tier=SOUND), tmp_path, "--lang", "zh")
    assert '<html lang="zh-CN">' in page
    assert "宪章检验" in page
    assert "规则表" in page
    assert "人数≥30" in page
    assert "尚不能上线" in page
    assert "The charter" not in page
