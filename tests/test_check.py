"""``governflow check``: each law has a verdict, whatever the plugin is that is named, a place or a path."""

import gc
import json
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from checked import CODE, CONFLICT, GAP, PLUGIN, REAL, SOUND, county, holds, the_law, tier_table, unique, verdicts

from governflow import CommandError, PolicyError, Text
from governflow.charter import check as charter
from governflow.charter.check import Failure, LawVerdict, Subject, check
from governflow.charter.model import Law, LookAt, the_plugin
from governflow.model.lifecycle import Lifecycle, Move
from governflow.model.rulings import RuleRef

Command = Callable[..., Any]


# --- verdicts ---------------------------------------------------------------------------------------------------------


def test_every_law_has_a_verdict_in_the_order_of_the_charter(three_laws: object) -> None:
    report = check(county(), CODE)
    assert [verdict.law for verdict in report.verdicts] == ["story/exact", "story/tried", "story/broken"]
    assert [verdict.outcome for verdict in report.verdicts] == ["passed", "passed", "failed"]
    assert [verdict.examples for verdict in report.verdicts] == [0, 1234, 3]
    assert not report.passed
    assert re.fullmatch("[0-9a-f]{16}", report.rules)


def test_all_failures_of_a_law_are_kept_in_their_order(three_laws: object) -> None:
    failures = verdicts(county())["story/broken"].failures
    assert [failure.case["facts"] for failure in failures] == [{"people": 25}, {"people": 35}]


@pytest.mark.parametrize("usual", [700, 90_000, 0])
def test_python_collects_rarely_while_a_law_is_looked_at_and_as_usual_afterwards(
    three_laws: dict[str, Law], usual: int
) -> None:
    seen = []

    def notes(subject: Subject) -> Iterator[Failure]:
        seen.append(gc.get_threshold())
        raise ZeroDivisionError

    three_laws["story/exact"] = the_law("story/exact", "exact", notes)
    before = gc.get_threshold()
    gc.set_threshold(usual, 10, 11)
    try:
        check(county(), CODE, laws=["story/exact"])
        assert gc.get_threshold() == (usual, 10, 11)
    finally:
        gc.set_threshold(*before)
    assert seen == [(usual and max(usual, 50_000), 10, 11)]  # whoever has switched it off wants it off


def test_only_the_laws_that_are_asked_for_are_looked_at(three_laws: object) -> None:
    assert list(verdicts(county(), laws=["story/tried", "story/exact"])) == ["story/exact", "story/tried"]
    assert check(county(), CODE, laws=["story/exact"]).passed


def test_a_verdict_is_heard_as_soon_as_it_is_reached(three_laws: object) -> None:
    heard: list[LawVerdict] = []
    report = check(county(), CODE, heard=heard.append)
    assert tuple(heard) == report.verdicts


def test_how_long_a_law_took_is_told_for_each(three_laws: dict[str, Law], monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([0.0, 0.5, 10.0, 12.0])
    monkeypatch.setattr(charter.time, "perf_counter", lambda: next(moments))
    del three_laws["story/broken"]
    assert [verdict.seconds for verdict in check(county(), CODE).verdicts] == [0.5, 2.0]


@pytest.mark.parametrize(("what", "given"), [("'story/no'", {"laws": ["story/no"]}), ("'deep'", {"level": "deep"})])
def test_a_law_or_a_level_that_there_is_not_is_refused(three_laws: object, what: str, given: dict[str, Any]) -> None:
    with pytest.raises(CommandError, match=what) as refused:
        check(county(), CODE, **given)
    assert "没有" in refused.value.text.zh


def test_a_law_that_breaks_off_fails_with_the_line_of_the_code_that_broke_and_hides_no_other(
    three_laws: dict[str, Law],
) -> None:
    def breaks(subject: Subject) -> Iterator[Failure]:
        yield from ()
        raise ZeroDivisionError("no posts")

    three_laws["story/exact"] = the_law("story/exact", "exact", breaks)
    found = verdicts(county())
    (failure,) = found["story/exact"].failures
    assert "ZeroDivisionError: no posts" in failure.sentence.en
    assert "ZeroDivisionError: no posts" in failure.sentence.zh
    assert re.fullmatch(r"test_check\.py:\d+ breaks", str(failure.look_at))
    assert found["story/tried"].outcome == "passed"


def test_at_the_level_search_each_law_has_the_seconds_that_are_given(three_laws: dict[str, Law]) -> None:
    seen: list[tuple[str, float, int]] = []

    def notes(subject: Subject) -> Iterator[Failure]:
        seen.append((subject.level, subject.seconds, subject.seed))
        return iter(())

    three_laws["story/exact"] = the_law("story/exact", "exact", notes)
    check(county(), CODE, laws=["story/exact"], level="search", seconds=2.5, seed=7)
    check(county(), CODE, laws=["story/exact"])
    assert seen == [("search", 2.5, 7), ("certify", charter.SECONDS, 0)]


def test_only_the_case_that_is_given_is_looked_at(three_laws: object) -> None:
    bad, good = {"facts": {"people": 21}}, {"facts": {"people": 20}}
    localities = county(governflow_tables=lambda: {"tier": tier_table(SOUND)})
    for case, outcome in ((bad, "failed"), (good, "passed")):
        verdict = verdicts(localities, case=case, laws=["story/broken"])["story/broken"]
        assert (verdict.outcome, verdict.examples) == (outcome, 1)


@pytest.mark.parametrize(
    "case",
    [
        *({"severity": "huge"}, {"mode": "holiday"}, {"facts": {"nobody": 1}}, {"lifecycle": "x"}, {"at": "noon"}),
        *({"item": 5}, {"item": ["x"]}, {"place": 5}, {"informant": 5}, {"facts": "x"}),
        *({"steps": "x"}, {"steps": [[0]]}, {"steps": [["a", "dispatch", 0]]}),
    ],
)
def test_a_case_that_no_report_could_tell_is_refused(three_laws: object, case: dict[str, Any]) -> None:
    with pytest.raises(CommandError):
        check(county(), CODE, case=case)


def test_a_case_that_tells_what_no_case_tells_is_refused_with_what_it_may_tell(three_laws: object) -> None:
    with pytest.raises(CommandError, match="tells no 'plaec'; it may tell: item, place, severity"):
        check(county(), CODE, case={"plaec": "李庄村"})


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_could_not_be_looked_at_is_told_wherever_a_verdict_is(
    three_laws: dict[str, Law], governflow: Command, uninstalled: Callable[..., Path], tmp_path: Path, lang: str
) -> None:
    def looks_no_further(subject: Subject) -> Iterator[Failure]:
        subject.note = Text("no second machine at hand", "没有另一台机器")
        return iter(())

    three_laws["story/exact"] = the_law("story/exact", "examples", looks_no_further)
    words = {"en": "no second machine at hand", "zh": "没有另一台机器"}[lang]
    files = ("--junit", tmp_path / "check.xml", "--html", tmp_path / "check.html")
    done = governflow("check", uninstalled(), "--lang", lang, *files)
    assert words in done.out
    assert words in (tmp_path / "check.xml").read_text(encoding="utf-8")
    assert words in (tmp_path / "check.html").read_text(encoding="utf-8")
    (report,) = json.loads(governflow("check", uninstalled(), "--lang", lang, "--json").out)["reports"]
    assert [law["note"] for law in report["laws"]] == [words, None, None]


def test_rules_that_cannot_be_loaded_are_an_error_and_no_verdict(three_laws: object) -> None:
    with pytest.raises(PolicyError, match="no hook governflow_teir"):
        check(county(governflow_teir=lambda: None), CODE)


def test_rules_refused_for_a_lifecycle_without_a_way_out_break_the_law_of_sound_lifecycles(
    three_laws: dict[str, Law],
) -> None:
    def trap(base: Lifecycle) -> dict[str, Lifecycle]:
        limbo = base.derive(
            "everyday", states={"limbo": Text("limbo", "悬置")}, add=[Move("suspend", ("reported",), "limbo")]
        )
        return {"everyday": limbo}

    three_laws["lifecycle/sound"] = the_law("lifecycle/sound", "exact", holds)
    report = check(county(governflow_lifecycles=trap), CODE)
    (verdict,) = report.verdicts
    assert (verdict.law, verdict.outcome) == ("lifecycle/sound", "failed")
    assert "limbo" in verdict.failures[0].sentence.en
    assert str(verdict.failures[0].look_at) == f"governflow_lifecycles of {CODE}"
    with pytest.raises(PolicyError):
        check(county(governflow_lifecycles=trap), CODE, laws=["story/exact"])


def test_rules_refused_for_a_table_break_the_law_of_tables_alone_and_its_case_is_told(
    governflow: Command, uninstalled: Callable[..., Path]
) -> None:
    for tier, sentence, look_at, people in (
        (GAP, "nobody answers people = 30", "tier/T1, tier/T2 of 990371", 30),
        (CONFLICT, "T1 (row 3) answers", "tier/T1 and tier/T2 of 990371", 20),
    ):
        done = governflow("check", uninstalled(tier=tier), "--json")
        assert done.status == 1
        (report,) = done.json["reports"]
        assert [(law["law"], law["outcome"]) for law in report["laws"]] == [
            ("ruling/unambiguous", "failed"),
            ("lifecycle/sound", "passed"),
        ]
        (failure,) = [one for one in report["laws"][0]["failures"] if sentence in one["sentence"]]
        assert (failure["look_at"], failure["case"]) == (look_at, {"facts": {"people": people}})


@pytest.mark.parametrize(
    ("look_at", "en", "zh"),
    [
        (RuleRef("tier", "T14", source="371621@0.1.0"), "tier/T14 of 371621@0.1.0", "371621@0.1.0 的 tier/T14"),
        (RuleRef("tier", source="371621"), "table tier of 371621", "371621 的 表格 tier"),
        (RuleRef.of("a/b of c", "371621"), "a/b of c of 371621", "371621 的 a/b of c"),
        (RuleRef.of("T1", ""), "T1", "T1"),
        (RuleRef(source="371621"), "371621", "371621"),
        (RuleRef(hook="tell", source="371621", line="a.py:7"), "tell (a.py:7) of 371621", "371621 的 tell (a.py:7)"),
        (the_plugin("371621"), "the plugin of 371621", "371621 的 插件"),
    ],
)
def test_a_place_to_look_at_is_said_in_both_languages(look_at: LookAt, en: str, zh: str) -> None:
    assert (look_at.say("en"), look_at.say("zh")) == (en, zh)


def test_a_rule_whose_name_holds_a_slash_at_its_end_is_in_no_table() -> None:
    assert RuleRef.of("T1/", "371621") == RuleRef(rule="T1/", source="371621")


def test_that_the_other_laws_were_not_looked_at_is_said(governflow: Command, uninstalled: Callable[..., Path]) -> None:
    folder = uninstalled(tier=GAP)
    assert "cannot be loaded: the other laws were not looked at" in governflow("check", folder).out
    done = governflow("check", folder, "--law", "ruling/pure")
    assert (done.status, "nobody answers people = 30" in done.err) == (2, True)


# --- a plugin by its path ---------------------------------------------------------------------------------------------


def test_all_localities_of_a_folder_are_checked_the_county_before_its_city(
    three_laws: object, governflow: Command, uninstalled: Callable[..., Path]
) -> None:
    folder = uninstalled(codes=("990300", CODE))
    told = governflow("check", folder, "--json").json
    assert [report["code"] for report in told["reports"]] == [CODE, "990300"]
    failure = told["reports"][1]["laws"][2]["failures"][0]
    assert "--locality 990300" in failure["again"]
    one = governflow("check", folder, "--locality", "990300", "--json").json
    assert [report["code"] for report in one["reports"]] == ["990300"]


def test_a_single_file_is_a_plugin_of_the_code_that_it_names(
    three_laws: object, governflow: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    file = tmp_path / f"single_{next(unique)}.py"
    file.write_text(PLUGIN.format(code="371699"), encoding="utf-8")
    done = governflow("check", file, "--law", "story/exact")
    assert done.status == 0
    assert "(371699)" in done.out


def test_a_file_that_does_not_say_whom_it_speaks_for_is_refused(
    three_laws: object, governflow: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    file = tmp_path / f"mute_{next(unique)}.py"
    file.write_text("", encoding="utf-8")
    done = governflow("check", file)
    assert (done.status, "has no governflow_locality" in done.err) == (2, True)


def test_a_folder_without_entry_points_is_refused_with_what_is_missing(
    three_laws: object, governflow: Command, tmp_path: Path
) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "nothing"\n')
    done = governflow("check", tmp_path)
    assert (done.status, "[project.entry-points.governflow]" in done.err) == (2, True)


def test_a_lifecycle_that_is_unsound_when_the_plugin_is_imported_breaks_its_law(
    governflow: Command, uninstalled: Callable[..., Path], tmp_path: Path
) -> None:
    trap = """
from governflow.model.base_lifecycle import BASE
from governflow.model.lifecycle import Move
from governflow.text import Text

TRAP = BASE.derive("everyday", states={{"limbo": Text("limbo", "悬置")}}, add=[Move("suspend", ("reported",), "limbo")])
"""
    single = tmp_path / f"trap_{next(unique)}.py"
    single.write_text(trap.replace("{{", "{").replace("}}", "}"), encoding="utf-8")
    for what in (uninstalled(trap), single):
        done = governflow("check", what, "--json")
        assert done.status == 1
        laws = {law["law"]: law for law in done.json["reports"][0]["laws"]}
        assert laws["lifecycle/sound"]["outcome"] == "failed"
        assert "limbo" in laws["lifecycle/sound"]["failures"][0]["sentence"]


def test_a_plugin_that_cannot_be_imported_makes_the_status_2_and_says_why(
    three_laws: object, governflow: Command, uninstalled: Callable[..., Path]
) -> None:
    done = governflow("check", uninstalled("raise RuntimeError('half a plugin')"))
    assert (done.status, "RuntimeError: half a plugin" in done.err) == (2, True)


# --- docs/charter.md --------------------------------------------------------------------------------------------------

PAGE = (Path(__file__).parents[1] / "docs" / "charter.md").read_text(encoding="utf-8")


def test_the_page_of_the_charter_lists_every_law_with_its_method() -> None:
    rows = re.findall(r"^\| `([\w/-]+)` \| (\w+) \|", PAGE, re.MULTILINE)
    assert dict(rows) == {law.id: law.method for law in REAL.values()}
    assert len(rows) == len(REAL)


@pytest.mark.slow
def test_the_fault_of_the_page_is_found_and_told_as_the_page_shows(
    governflow: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    planted, *_ = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    [shown] = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    Path("riverside.py").write_text(planted, encoding="utf-8")
    done = governflow("check", "riverside.py", "--law", "ruling/impartial")
    assert done.status == 1
    told = iter(re.sub(r"^\d+\. ", "", line.strip()) for line in done.out.splitlines())
    for line in shown.splitlines():
        assert line.strip() == "..." or line.strip() in told, line  # in this order
    _, *arguments = shlex.split(shown.splitlines()[-1])
    again = governflow(*arguments, "--json")
    (law,) = again.json["reports"][0]["laws"]
    assert [failure["case"] for failure in law["failures"]] == [{"channel": "12345"}]


@pytest.mark.slow
@pytest.mark.parametrize("plugin_folder", ["huimin"])
def test_the_check_gives_the_same_verdict_every_time(
    governflow: Command, plugin_folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    folder = Path(__file__).parents[1] / "plugins" / plugin_folder
    laws = ["ruling/total", "ruling/unambiguous", "lifecycle/sound"]
    asked = ["check", folder, "--locality", "371621", "--json", *(word for law in laws for word in ("--law", law))]
    one, two = (governflow(*asked).json for _ in range(2))
    for told in (one, two):
        for law in told["reports"][0]["laws"]:
            assert law.pop("seconds") >= 0
    assert one == two
