"""``governflow check``: each law has a verdict and each failure a story, on the screen, in files and in pytest."""

import itertools
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from governflow import CommandError, PolicyError, Text, hookimpl
from governflow.charter import check as charter
from governflow.charter.check import LEVELS, Failure, LawVerdict, Subject, Waiver, check
from governflow.charter.model import LAWS, Law, LookAt, the_plugin
from governflow.charter.report import text as telling
from governflow.charter.report.text import CheckedLocality
from governflow.model.lifecycle import Lifecycle, Move
from governflow.model.rulings import RuleRef
from governflow.policy.hookspecs import Locality
from governflow.policy.registry import Localities
from governflow.testing import conformance

Command = Callable[..., Any]

CODE = "990371"
TODAY = date(2026, 3, 2)
SAYS = Text("it holds", "本条成立")
#: The laws as they are.
REAL = dict(charter.laws())

PLUGIN = """
from importlib.resources import files

from governflow.policy.hookspecs import Waiver
from governflow.policy.hookspecs import Locality, hookimpl
from governflow.text import Text


@hookimpl
def governflow_locality():
    return Locality({code!r}, "惠民县", "Huimin County")
"""
TABLES = """

@hookimpl
def governflow_tables():
    return files(__name__) / "tables"
"""
WAIVERS = """

@hookimpl
def governflow_waivers():
    return [Waiver("story/broken", Text("being mended", "正在修改"), "2999-12-31")]
"""
#: A law that fails whatever the rules are.
ENDED = WAIVERS.replace("story/broken", "ruling/unambiguous").replace("2999", "2020")
CONFLICT = """规则,people/人数,事项等级,reason_en,reason_zh,依据
取值,0..100,,,,
T1,<30|none,3,few,人少,细则
T2,>=20,2,many,人多,细则
T3,<10,3,fewer,更少,细则
"""
SOUND = """规则,people/人数,事项等级,reason_en,reason_zh,依据
取值,0..100,,,,
T1,<30|none,3,few,人少,细则
T2,>=30,2,many,人多,细则
"""
GAP = """规则,people/人数,事项等级,reason_en,reason_zh,依据
取值,0..100,,,,
T1,<30|none,3,few,人少,细则
T2,>30,2,many,人多,细则
"""
_unique = itertools.count()


# --- a charter of three laws, so that what is told does not hang on what the real ones find ---------------------------


def _holds(subject: Subject) -> Iterator[Failure]:
    return iter(())


def _tried(subject: Subject) -> Iterator[Failure]:
    for _ in range(1234):
        subject.tried()
    return iter(())


def _broken(subject: Subject) -> Iterator[Failure]:
    """Every case of more than 20 people fails: the three that are looked at, or the one that is given."""
    cases = (
        [subject.only]
        if subject.only is not None
        else [{"place": "李庄村", "facts": {"people": n}} for n in (5, 25, 35)]
    )
    for case in cases:
        subject.tried()
        if case.get("facts", {}).get("people", 0) > 20:
            yield Failure(
                Text("nobody is responsible <for> this case", "此案无人负责 <甲>"),
                case,
                (Text("tier: two", "事项等级：二级"), Text("route: nobody", "派单：无")),
                RuleRef("tier", "T2", source=f"{subject.code}@0.1.0"),
                Text("name a unit", "请指定单位"),
            )


def the_law(id: str, method: str, finds: Callable[[Subject], Iterator[Failure]]) -> Law:
    return Law(id, Text("everything is attended to", "件件有着落"), SAYS, method, finds)


@pytest.fixture
def small() -> Iterator[dict[str, Law]]:
    """A charter of three laws: one holds exactly, one after 1,234 examples, one is broken."""
    LAWS.clear()
    LAWS.update(
        {
            "story/exact": the_law("story/exact", "exact", _holds),
            "story/tried": the_law("story/tried", "examples", _tried),
            "story/broken": the_law("story/broken", "examples", _broken),
        }
    )
    yield LAWS
    LAWS.clear()
    LAWS.update(REAL)


def county(**hooks: Callable[..., Any]) -> Localities:
    """A county with some hooks of its own, registered in this process."""
    named = {"governflow_locality": lambda: Locality(CODE, "惠民县", "Huimin County")} | hooks
    localities = Localities()
    localities.register(CODE, SimpleNamespace(**{name: hookimpl(hook) for name, hook in named.items()}))
    return localities


def waived(*waivers: object) -> Localities:
    return county(governflow_waivers=lambda: list(waivers))


def verdicts(localities: Localities, **given: Any) -> dict[str, LawVerdict]:
    return {verdict.law: verdict for verdict in check(localities, CODE, today=TODAY, **given).verdicts}


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Write a distribution that is not installed."""
    monkeypatch.setattr(sys, "path", list(sys.path))

    def write(source: str = PLUGIN, *, tier: str = "", codes: tuple[str, ...] = (CODE,)) -> Path:
        name = f"checked_{os.getpid()}_{next(_unique)}"
        folder = tmp_path / name
        package = folder / "src" / name
        (package / "tables").mkdir(parents=True)
        points = ""
        for number, code in enumerate(codes):
            module = f"part_{number}"
            points += f'"{code}" = "{name}.{module}"\n'
            (package / f"{module}.py").write_text(
                source.format(code=code) + (TABLES.replace("__name__", repr(name)) if tier else ""), encoding="utf-8"
            )
        (package / "__init__.py").touch()
        if tier:
            (package / "tables" / "tier.csv").write_text(tier, encoding="utf-8")
        (folder / "pyproject.toml").write_text(
            f'[project]\nname = "{name}"\nversion = "0.1.0"\n\n[project.entry-points.governflow]\n{points}'
        )
        return folder

    return write


# --- verdicts ---------------------------------------------------------------------------------------------------------


def test_every_law_has_a_verdict_in_the_order_of_the_charter(small: object) -> None:
    report = check(county(), CODE)
    assert [verdict.law for verdict in report.verdicts] == ["story/exact", "story/tried", "story/broken"]
    assert [verdict.outcome for verdict in report.verdicts] == ["passed", "passed", "failed"]
    assert [verdict.examples for verdict in report.verdicts] == [0, 1234, 3]
    assert not report.passed
    assert re.fullmatch("[0-9a-f]{16}", report.rules)


def test_all_failures_of_a_law_are_kept_in_their_order(small: object) -> None:
    failures = verdicts(county())["story/broken"].failures
    assert [failure.case["facts"] for failure in failures] == [{"people": 25}, {"people": 35}]


def test_only_the_laws_that_are_asked_for_are_looked_at(small: object) -> None:
    assert list(verdicts(county(), laws=["story/tried", "story/exact"])) == ["story/exact", "story/tried"]
    assert check(county(), CODE, laws=["story/exact"]).passed


def test_a_verdict_is_heard_as_soon_as_it_is_reached(small: object) -> None:
    heard: list[LawVerdict] = []
    report = check(county(), CODE, heard=heard.append)
    assert tuple(heard) == report.verdicts


def test_how_long_a_law_took_is_told_for_each(small: dict[str, Law], monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([0.0, 0.5, 10.0, 12.0])
    monkeypatch.setattr(charter.time, "perf_counter", lambda: next(moments))
    del small["story/broken"]
    assert [verdict.seconds for verdict in check(county(), CODE).verdicts] == [0.5, 2.0]


@pytest.mark.parametrize(("what", "given"), [("'story/no'", {"laws": ["story/no"]}), ("'deep'", {"level": "deep"})])
def test_a_law_or_a_level_that_there_is_not_is_refused(small: object, what: str, given: dict[str, Any]) -> None:
    with pytest.raises(CommandError, match=what) as refused:
        check(county(), CODE, **given)
    assert "没有" in refused.value.text.zh


def test_a_law_that_breaks_off_fails_with_the_line_of_the_code_that_broke_and_hides_no_other(
    small: dict[str, Law],
) -> None:
    def breaks(subject: Subject) -> Iterator[Failure]:
        yield from ()
        raise ZeroDivisionError("no posts")

    small["story/exact"] = the_law("story/exact", "exact", breaks)
    found = verdicts(county())
    (failure,) = found["story/exact"].failures
    assert "ZeroDivisionError: no posts" in failure.sentence.en
    assert "ZeroDivisionError: no posts" in failure.sentence.zh
    assert re.fullmatch(r"test_check\.py:\d+ breaks", str(failure.look_at))
    assert found["story/tried"].outcome == "passed"


def test_at_the_level_search_each_law_has_the_seconds_that_are_given(small: dict[str, Law]) -> None:
    seen: list[tuple[str, float, int]] = []

    def notes(subject: Subject) -> Iterator[Failure]:
        seen.append((subject.level, subject.seconds, subject.seed))
        return iter(())

    small["story/exact"] = the_law("story/exact", "exact", notes)
    check(county(), CODE, laws=["story/exact"], level="search", seconds=2.5, seed=7)
    check(county(), CODE, laws=["story/exact"])
    assert seen == [("search", 2.5, 7), ("certify", charter.SECONDS, 0)]


def test_only_the_case_that_is_given_is_looked_at(small: object) -> None:
    bad, good = {"facts": {"people": 21}}, {"facts": {"people": 20}}
    localities = county(governflow_tables=lambda: {"tier": _tier(SOUND)})
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
def test_a_case_that_no_report_could_tell_is_refused(small: object, case: dict[str, Any]) -> None:
    with pytest.raises(CommandError):
        check(county(), CODE, case=case)


def test_a_case_that_tells_what_no_case_tells_is_refused_with_what_it_may_tell(small: object) -> None:
    with pytest.raises(CommandError, match="tells no 'plaec'; it may tell: item, place, severity"):
        check(county(), CODE, case={"plaec": "李庄村"})


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_could_not_be_looked_at_is_told_wherever_a_verdict_is(
    small: dict[str, Law], governflow: Command, plugin: Callable[..., Path], tmp_path: Path, lang: str
) -> None:
    def looks_no_further(subject: Subject) -> Iterator[Failure]:
        subject.note = Text("no second machine at hand", "没有另一台机器")
        return iter(())

    small["story/exact"] = the_law("story/exact", "examples", looks_no_further)
    words = {"en": "no second machine at hand", "zh": "没有另一台机器"}[lang]
    files = ("--junit", tmp_path / "check.xml", "--html", tmp_path / "check.html")
    done = governflow("check", plugin(), "--lang", lang, *files)
    assert words in done.out
    assert words in (tmp_path / "check.xml").read_text(encoding="utf-8")
    assert words in (tmp_path / "check.html").read_text(encoding="utf-8")
    (report,) = json.loads(governflow("check", plugin(), "--lang", lang, "--json").out)["reports"]
    assert [law["note"] for law in report["laws"]] == [words, None, None]


def _tier(text: str) -> Any:
    from governflow.tables import Table

    return Table.read(("tier.csv", text.encode()), name="tier")


def test_rules_that_cannot_be_loaded_are_an_error_and_no_verdict(small: object) -> None:
    with pytest.raises(PolicyError, match="no hook governflow_teir"):
        check(county(governflow_teir=lambda: None), CODE)


def test_rules_refused_for_a_lifecycle_without_a_way_out_break_the_law_of_sound_lifecycles(
    small: dict[str, Law],
) -> None:
    def trap(base: Lifecycle) -> dict[str, Lifecycle]:
        limbo = base.derive(
            "everyday", states={"limbo": Text("limbo", "悬置")}, add=[Move("suspend", ("reported",), "limbo")]
        )
        return {"everyday": limbo}

    small["lifecycle/sound"] = the_law("lifecycle/sound", "exact", _holds)
    report = check(county(governflow_lifecycles=trap), CODE)
    (verdict,) = report.verdicts
    assert (verdict.law, verdict.outcome) == ("lifecycle/sound", "failed")
    assert "limbo" in verdict.failures[0].sentence.en
    assert str(verdict.failures[0].look_at) == f"governflow_lifecycles of {CODE}"
    with pytest.raises(PolicyError):
        check(county(governflow_lifecycles=trap), CODE, laws=["story/exact"])


def test_rules_refused_for_a_table_break_the_law_of_tables_alone_and_its_case_is_told(
    governflow: Command, plugin: Callable[..., Path]
) -> None:
    for tier, sentence, look_at, people in (
        (GAP, "nobody answers people = 30", "tier/T1, tier/T2 of 990371", 30),
        (CONFLICT, "T1 (row 3) answers", "tier/T1 and tier/T2 of 990371", 20),
    ):
        done = governflow("check", plugin(tier=tier), "--json")
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


def test_that_the_other_laws_were_not_looked_at_is_said(governflow: Command, plugin: Callable[..., Path]) -> None:
    folder = plugin(tier=GAP)
    assert "cannot be loaded: the other laws were not looked at" in governflow("check", folder).out
    done = governflow("check", folder, "--law", "ruling/pure")
    assert (done.status, "nobody answers people = 30" in done.err) == (2, True)


# --- waivers ----------------------------------------------------------------------------------------------------------

REASON = Text("being mended", "正在修改")


def test_a_waived_law_does_not_fail_and_keeps_what_was_found(small: object) -> None:
    report = check(waived(Waiver("story/broken", REASON, "2026-03-02")), CODE, today=TODAY)
    verdict = report.verdicts[2]
    assert (verdict.outcome, len(verdict.failures)) == ("waived", 2)
    assert report.passed


@pytest.mark.parametrize(
    ("waiver", "en", "zh"),
    [
        (Waiver("story/exact", REASON, "2026-03-01"), "ended on 2026-03-01", "已于 2026-03-01 到期"),
        (Waiver("story/exact", REASON, "soon"), "'soon', which is no day", "“soon”不是日期"),
        (Waiver("story/exact", Text("because", " "), "2026-12-31"), "gives no reason", "未写理由"),
        (Waiver("story/exact", Text("", "因为"), "2026-12-31"), "gives no reason", "未写理由"),
        (Waiver("story/exact", "because", "2026-12-31"), "gives no reason", "未写理由"),  # type: ignore[arg-type]
    ],
)
def test_a_waiver_without_reason_or_end_or_past_its_end_is_a_failure_of_its_law(
    small: object, waiver: Waiver, en: str, zh: str
) -> None:
    verdict = verdicts(waived(waiver))["story/exact"]
    assert verdict.outcome == "failed"
    (failure,) = verdict.failures
    assert en in failure.sentence.en
    assert zh in failure.sentence.zh
    assert str(failure.look_at) == "governflow_waivers"


def test_a_law_that_holds_needs_no_waiver_and_is_said_to_need_none(small: object) -> None:
    verdict = verdicts(waived(Waiver("story/exact", REASON, "2026-12-31")))["story/exact"]
    assert verdict.outcome == "passed"
    assert telling.result(verdict) == Text(
        "passed exactly; its waiver is no longer needed", "成立（穷尽检验）；豁免已无必要"
    )


@pytest.mark.parametrize("waiver", [Waiver("story/no", REASON, "2026-12-31"), "story/broken"])
def test_a_waiver_of_what_is_no_law_makes_the_rules_unusable(small: object, waiver: object) -> None:
    with pytest.raises(PolicyError, match="is no law"):
        check(waived(waiver), CODE)


def test_a_city_cannot_waive_a_law_for_its_counties(small: object) -> None:
    localities = county()
    localities.register(
        "990300",
        SimpleNamespace(governflow_waivers=hookimpl(lambda: [Waiver("story/broken", REASON, "2999-12-31")])),
    )
    assert verdicts(localities)["story/broken"].outcome == "failed"
    assert check(localities, "990300").verdicts[2].outcome == "waived"


# --- on the screen ----------------------------------------------------------------------------------------------------


def test_each_law_is_said_to_be_proved_or_tried_or_failed_with_the_time_it_took(
    small: object, governflow: Command, plugin: Callable[..., Path]
) -> None:
    done = governflow("check", plugin(tier=SOUND))
    assert done.status == 1
    assert re.search(r"^✓ story/exact +passed exactly  \(\d+\.\d\d s\)$", done.out, re.MULTILINE)
    assert re.search(r"^✓ story/tried +passed after 1,234 examples  \(\d+\.\d\d s\)$", done.out, re.MULTILINE)
    assert re.search(r"^✗ story/broken +failed: 2 failures  \(\d+\.\d\d s\)$", done.out, re.MULTILINE)
    assert re.search(r"^Huimin County \(990371\), rule set [0-9a-f]{16}$", done.out, re.MULTILINE)
    assert re.search(r"^2 of 3 laws hold, 1 failed; \d+\.\d s$", done.out, re.MULTILINE)


def test_a_failure_tells_its_sentence_case_rules_place_to_look_and_what_would_mend_it(
    small: object, governflow: Command, plugin: Callable[..., Path]
) -> None:
    folder = plugin(tier=SOUND)
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
    small: object, governflow: Command, plugin: Callable[..., Path]
) -> None:
    done = governflow("check", plugin(tier=SOUND), "--json")
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
    small: object, governflow: Command, plugin: Callable[..., Path]
) -> None:
    folder = plugin(tier=SOUND)
    again = governflow("check", folder, "--json").json["reports"][0]["laws"][2]["failures"][0]["again"]
    assert len(again) > 100
    assert again in [line.strip() for line in governflow("check", folder).out.splitlines()]


def test_a_check_in_chinese_has_no_english_words(
    small: object, governflow: Command, plugin: Callable[..., Path]
) -> None:
    out = governflow("check", plugin(PLUGIN + WAIVERS, tier=SOUND), "--lang", "zh").out
    assert "豁免至 2999-12-31：正在修改" in out
    assert re.findall(r"[A-Za-z]{2,}", re.sub(r"story/\w+|[0-9a-f]{16}", "", out)) == []


def test_the_status_is_0_where_all_holds_and_1_where_a_law_fails_and_2_where_nothing_can_be_checked(
    small: object, governflow: Command, plugin: Callable[..., Path]
) -> None:
    sound = plugin(tier=SOUND)
    assert governflow("check", sound, "--law", "story/exact", "--law", "story/tried").status == 0
    assert governflow("check", plugin(PLUGIN + WAIVERS)).status == 0
    assert governflow("check", sound).status == 1
    unusable = governflow("check", plugin(PLUGIN + "\n\n@hookimpl\ndef governflow_teir(case): ...\n"))
    assert (unusable.status, unusable.out.startswith("✓")) == (2, False)
    assert "do you mean governflow_tier?" in unusable.err


def test_every_fault_of_unusable_rules_has_a_line_of_its_own(
    small: object, governflow: Command, plugin: Callable[..., Path]
) -> None:
    folder = plugin(PLUGIN + "\n\n@hookimpl\ndef governflow_teir(case): ...\n\n\ndef governflow_route(case): ...\n")
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
    small: object, governflow: Command, arguments: list[str], said: str
) -> None:
    done = governflow("check", *arguments)
    assert done.status == 2
    assert said in done.err
    assert len(done.err.splitlines()) == 1


def test_a_code_without_rules_of_its_own_is_checked_by_those_that_apply_and_this_is_said(
    small: object, governflow: Command
) -> None:
    done = governflow("check", CODE, "--law", "story/exact")
    assert done.status == 0
    assert "nobody registered 990371" in done.err


def test_the_levels_of_the_command_are_those_of_the_check() -> None:
    from governflow.cli.commands import cli

    (level,) = (param for param in cli.commands["check"].params if param.name == "level")
    assert tuple(level.type.choices) == LEVELS  # type: ignore[attr-defined]


# --- a plugin by its path ---------------------------------------------------------------------------------------------


def test_all_localities_of_a_folder_are_checked_the_county_before_its_city(
    small: object, governflow: Command, plugin: Callable[..., Path]
) -> None:
    folder = plugin(codes=("990300", CODE))
    told = governflow("check", folder, "--json").json
    assert [report["code"] for report in told["reports"]] == [CODE, "990300"]
    failure = told["reports"][1]["laws"][2]["failures"][0]
    assert "--locality 990300" in failure["again"]
    one = governflow("check", folder, "--locality", "990300", "--json").json
    assert [report["code"] for report in one["reports"]] == ["990300"]


def test_a_single_file_is_a_plugin_of_the_code_that_it_names(
    small: object, governflow: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    file = tmp_path / f"single_{next(_unique)}.py"
    file.write_text(PLUGIN.format(code="371699"), encoding="utf-8")
    done = governflow("check", file, "--law", "story/exact")
    assert done.status == 0
    assert "(371699)" in done.out


def test_a_file_that_does_not_say_whom_it_speaks_for_is_refused(
    small: object, governflow: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    file = tmp_path / f"mute_{next(_unique)}.py"
    file.write_text("", encoding="utf-8")
    done = governflow("check", file)
    assert (done.status, "has no governflow_locality" in done.err) == (2, True)


def test_a_folder_without_entry_points_is_refused_with_what_is_missing(
    small: object, governflow: Command, tmp_path: Path
) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "nothing"\n')
    done = governflow("check", tmp_path)
    assert (done.status, "[project.entry-points.governflow]" in done.err) == (2, True)


def test_a_lifecycle_that_is_unsound_when_the_plugin_is_imported_breaks_its_law(
    governflow: Command, plugin: Callable[..., Path], tmp_path: Path
) -> None:
    trap = """
from governflow.model.base_lifecycle import BASE
from governflow.model.lifecycle import Move
from governflow.text import Text

TRAP = BASE.derive("everyday", states={{"limbo": Text("limbo", "悬置")}}, add=[Move("suspend", ("reported",), "limbo")])
"""
    single = tmp_path / f"trap_{next(_unique)}.py"
    single.write_text(trap.replace("{{", "{").replace("}}", "}"), encoding="utf-8")
    for what in (plugin(trap), single):
        done = governflow("check", what, "--json")
        assert done.status == 1
        laws = {law["law"]: law for law in done.json["reports"][0]["laws"]}
        assert laws["lifecycle/sound"]["outcome"] == "failed"
        assert "limbo" in laws["lifecycle/sound"]["failures"][0]["sentence"]


def test_a_plugin_that_cannot_be_imported_makes_the_status_2_and_says_why(
    small: object, governflow: Command, plugin: Callable[..., Path]
) -> None:
    done = governflow("check", plugin("raise RuntimeError('half a plugin')"))
    assert (done.status, "RuntimeError: half a plugin" in done.err) == (2, True)


# --- files ------------------------------------------------------------------------------------------------------------


def test_the_junit_file_has_a_test_for_each_law_under_its_id(
    small: object, governflow: Command, plugin: Callable[..., Path], tmp_path: Path
) -> None:
    governflow("check", plugin(tier=SOUND), "--junit", tmp_path / "check.xml")
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
    small: object, governflow: Command, plugin: Callable[..., Path], tmp_path: Path
) -> None:
    governflow("check", plugin(PLUGIN + WAIVERS), "--junit", tmp_path / "check.xml")
    (suite,) = ElementTree.parse(tmp_path / "check.xml").getroot()
    (skipped,) = suite.findall("testcase/skipped")
    assert skipped.get("message") == "waived until 2999-12-31: being mended"


def test_signs_that_no_xml_may_hold_are_replaced(small: dict[str, Law]) -> None:
    def odd(subject: Subject) -> Iterator[Failure]:
        yield Failure(Text("a \x00 and a \ud800", "一"), {"text": "\x1b"})

    small["story/exact"] = the_law("story/exact", "exact", odd)
    report = check(county(), CODE)
    xml = telling.junit([CheckedLocality.of(county(), report, what=CODE)], "en")
    assert "a \ufffd and a \ufffd" in (next(ElementTree.fromstring(xml).iter("failure")).get("message") or "")


def page_of(governflow: Command, folder: Path, tmp_path: Path, *more: str) -> str:
    governflow("check", folder, "--html", tmp_path / "check.html", *more)
    return (tmp_path / "check.html").read_text(encoding="utf-8")


def test_the_page_needs_nothing_outside_it_and_escapes_what_it_is_told(
    small: object, governflow: Command, plugin: Callable[..., Path], tmp_path: Path
) -> None:
    page = page_of(governflow, plugin(tier=SOUND), tmp_path)
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
    small: dict[str, Law], governflow: Command, plugin: Callable[..., Path], tmp_path: Path
) -> None:
    page = page_of(governflow, plugin(tier=SOUND), tmp_path)
    assert row(page, "T1") == ("fine", "✓")
    assert row(page, "T2") == ("named", "✗")
    small["ruling/unambiguous"] = REAL["ruling/unambiguous"]
    page = page_of(governflow, plugin(tier=CONFLICT), tmp_path)
    assert row(page, "T1") == row(page, "T2") == ("conflict", "✗")
    assert row(page, "T3") == ("dead", "–")
    page = page_of(governflow, plugin(tier=GAP), tmp_path)
    assert row(page, "T1") == row(page, "T2") == ("named", "✗")
    assert row(page, "no rule") == ("gap", "✗")


def test_the_page_in_chinese_is_chinese(
    small: object, governflow: Command, plugin: Callable[..., Path], tmp_path: Path
) -> None:
    page = page_of(governflow, plugin(tier=SOUND), tmp_path, "--lang", "zh")
    assert '<html lang="zh-CN">' in page
    assert "宪章检验" in page
    assert "规则表" in page
    assert "人数≥30" in page
    assert "尚不能上线" in page
    assert "The charter" not in page


# --- in pytest --------------------------------------------------------------------------------------------------------


def test_conformance_is_one_test_for_each_law(small: object) -> None:
    (mark,) = conformance(CODE, localities=county()).pytestmark  # type: ignore[attr-defined]
    assert mark.args == ("law", list(LAWS))


def test_a_code_that_nobody_registered_is_refused_as_a_typing_error(small: object) -> None:
    with pytest.raises(CommandError, match="nobody registered '990110'"):
        conformance("990110", localities=county())("story/exact")


def test_a_law_that_fails_fails_its_test_with_the_story_and_one_that_is_waived_is_skipped(small: object) -> None:
    test = conformance(CODE, localities=county(), lang="en")
    test("story/exact")
    with pytest.raises(pytest.fail.Exception) as failed:
        test("story/broken")
    assert "nobody is responsible <for> this case" in str(failed.value)
    assert f"governflow check {CODE} --law story/broken --case" in str(failed.value)
    lenient = conformance(CODE, localities=waived(Waiver("story/broken", REASON, "2999-12-31")), lang="zh")
    with pytest.raises(pytest.skip.Exception, match="豁免至 2999-12-31：正在修改"):
        lenient("story/broken")


def test_the_laws_of_one_locality_share_one_check_until_its_plugins_change(small: dict[str, Law]) -> None:
    looked_at: list[Subject] = []

    def notes(subject: Subject) -> Iterator[Failure]:
        looked_at.append(subject)
        return iter(())

    small["story/exact"] = the_law("story/exact", "exact", notes)
    small["story/tried"] = the_law("story/tried", "examples", notes)
    localities = county()
    for law in ("story/exact", "story/tried"):
        conformance(CODE, localities=localities)(law)
    assert looked_at[0] is looked_at[1]
    localities.register(CODE, SimpleNamespace())
    conformance(CODE, localities=localities)("story/exact")
    assert looked_at[2].policy is not looked_at[0].policy


def run_pytest(folder: Path, *arguments: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run pytest in another process with the plugin, as it runs where governflow is installed."""
    found = [str(one) for one in (path, Path(charter.__file__).parents[2]) if one is not None]
    environment = {
        **os.environ,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": os.pathsep.join(found),
        "GOVERNFLOW_LANG": "en",
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "governflow.testing.pytest_plugin",
        "-p",
        "no:cacheprovider",
        *arguments,
    ]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def install(site: Path, code: str, source: str = PLUGIN) -> None:
    package = site / "installed_county"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(source.format(code=code), encoding="utf-8")
    info = site / "installed_county-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: installed-county\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text(f"[governflow]\n{code} = installed_county\n")


@pytest.mark.slow
def test_the_option_of_pytest_adds_a_test_for_each_law_beside_those_of_the_folder(tmp_path: Path) -> None:
    site, folder = tmp_path / "site", tmp_path / "tests"
    folder.mkdir()
    install(site, CODE)
    (folder / "test_one.py").write_text("def test_one(): pass\n")
    plain = run_pytest(folder, "--collect-only", "-q", path=site)
    assert "::story" not in plain.stdout
    assert "ruling/" not in plain.stdout
    listed = run_pytest(folder, "--collect-only", "-q", "--governflow", CODE, path=site).stdout.splitlines()
    assert "test_one.py::test_one" in listed
    assert [f"governflow::{CODE}::{law}" for law in charter.laws()] == [
        line for line in listed if line.startswith("governflow::")
    ]


@pytest.mark.slow
def test_a_law_that_fails_fails_its_own_test_alone_with_its_story(tmp_path: Path) -> None:
    install(tmp_path / "site", CODE, PLUGIN + ENDED)
    done = run_pytest(
        tmp_path, "--governflow", CODE, "-k", "unambiguous or lifecycle/sound", "-rA", path=tmp_path / "site"
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"PASSED governflow::{CODE}::lifecycle/sound" in done.stdout
    assert f"FAILED governflow::{CODE}::ruling/unambiguous" in done.stdout
    assert "the waiver of this law ended on 2020-12-31" in done.stdout
    assert "governflow check 990371 --law ruling/unambiguous" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.slow
def test_rules_that_cannot_be_loaded_fail_each_test_with_one_sentence(tmp_path: Path) -> None:
    install(tmp_path / "site", CODE, PLUGIN + "\n\ndef governflow_route(case): ...\n")
    done = run_pytest(tmp_path, "--governflow", CODE, "-k", "lifecycle/sound", path=tmp_path / "site")
    assert done.returncode == 1
    assert "governflow_route is not marked with @hookimpl" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.slow
def test_a_locality_that_there_is_not_is_a_usage_error_of_pytest(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, "--governflow", "nowhere")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "there is no such locality" in done.stderr + done.stdout


def test_one_line_makes_a_test_module(tmp_path: Path) -> None:
    install(tmp_path / "site", CODE, PLUGIN + ENDED)
    (tmp_path / "test_charter.py").write_text(
        f'import governflow.testing\n\ntest_charter = governflow.testing.conformance("{CODE}")\n'
    )
    done = run_pytest(
        tmp_path, "test_charter.py", "-k", "unambiguous or lifecycle/sound", "-rA", path=tmp_path / "site"
    )
    assert "PASSED test_charter.py::test_charter[lifecycle/sound]" in done.stdout
    assert "FAILED test_charter.py::test_charter[ruling/unambiguous]" in done.stdout


def test_the_engine_of_the_fixture_is_fresh_and_its_clock_stands_still(tmp_path: Path) -> None:
    (tmp_path / "test_engine.py").write_text(
        "import pytest\n\n\n"
        "@pytest.mark.parametrize('turn', [1, 2])\n"
        "def test_fresh(governflow_engine, turn):\n"
        "    assert list(governflow_engine.cases()) == []\n"
        "    case = governflow_engine.report(item='')\n"
        "    assert case.opened.isoformat() == '2026-03-02T01:00:00+00:00'\n"
    )
    done = run_pytest(tmp_path, "test_engine.py")
    assert "2 passed" in done.stdout, done.stdout


def test_the_plugin_of_pytest_loads_nothing_that_is_not_asked_for() -> None:
    code = (
        "import sys, governflow.testing.pytest_plugin; "
        "print(*(name for name in sys.modules if name[:10] == 'governflow'))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = set(out.split())
    assert loaded <= {
        "governflow",
        "governflow._names",
        "governflow.errors",
        "governflow.testing",
        "governflow.testing.pytest_plugin",
        "governflow.text",
        "governflow.timesource",
    }


def test_the_distribution_tells_pytest_of_the_plugin() -> None:
    import tomllib

    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"governflow": "governflow.testing.pytest_plugin"}


# --- docs/charter.md --------------------------------------------------------------------------------------------------

PAGE = (Path(__file__).parents[1] / "docs" / "charter.md").read_text(encoding="utf-8")


def test_the_page_of_the_charter_lists_every_law_with_its_method() -> None:
    rows = re.findall(r"^\| `([\w/]+)` \| (\w+) \|", PAGE, re.MULTILINE)
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
