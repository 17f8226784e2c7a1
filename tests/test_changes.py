"""``governflow diff`` for whole rule sets: whatever is changed in a copy of a plugin is told, and nothing else."""

import csv
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest

from governflow import Case, PolicyError, Text, hookimpl
from governflow.calendars import WorkingCalendar
from governflow.changes import summary as signing
from governflow.changes.compare import Journal, compare
from governflow.changes.of_code import clock_of
from governflow.changes.rows import ASPECTS, SHOWN, FoundChange, merged, rows
from governflow.charter.cases.reported import written
from governflow.charter.cases.systematic import anywhen
from governflow.model.rulings import RuleRef
from governflow.model.terms import Mode, Tier
from governflow.policy.hookspecs import Deadlines, Locality, Merit, Refused, Ruling
from governflow.policy.registry import Localities
from governflow.reports.localize import Localizer

Command = Callable[..., Any]

PLUGINS = Path(__file__).parents[1] / "plugins"
CODE = "990371"


def copy_of(name: str, to: Path) -> tuple[Path, Path]:
    """Copy one of the six, and give the copy and its package."""
    copied = to / name
    shutil.copytree(PLUGINS / name, copied, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    return copied, copied / "src" / f"governflow_{name}"


def edit(file: Path, old: str, new: str) -> None:
    """Change one place of a file: the place has to be there."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file.name}"
    file.write_text(text.replace(old, new), encoding="utf-8")


def asked(*arguments: str | Path) -> tuple[int, str, str]:
    """Ask the command in a process of its own, with what is really installed."""
    done = subprocess.run(
        [sys.executable, "-m", "governflow", "diff", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


@attrs.frozen
class Told:
    """What a comparison told of one locality."""

    status: int
    whole: Mapping[str, Any]

    @property
    def one(self) -> Mapping[str, Any]:
        (one,) = self.whole["localities"]
        return one

    def rows(self, aspect: str) -> list[Mapping[str, Any]]:
        return [row for row in self.one["changes"] if row["aspect"] == aspect]

    def row(self, aspect: str, what: str) -> Mapping[str, Any]:
        found = [row for row in self.rows(aspect) if row["what"] == what]
        assert found, f"no row {what} among {[row['what'] for row in self.rows(aspect)]}"
        return found[0]


def told(*arguments: str | Path) -> Told:
    status, out, _ = asked(*arguments, "--json", "--lang", "en")
    return Told(status, json.loads(out))


# --- a county changes many things at once -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of Huimin in which one thing of each sort is changed."""
    copied, package = copy_of("huimin", tmp_path_factory.mktemp("copy"))
    edit(package / "tables" / "deadlines.csv", "D1,,,general,5分钟,40分钟,30分钟", "D1,,,general,5分钟,40分钟,45分钟")
    edit(package / "tables" / "escalate.csv", "督办,371621-command,,30分钟", "督办,371621-leaders,,30分钟")
    edit(
        package / "indicators.csv", "done in time and to satisfaction,unit,2", "done in time and to satisfaction,unit,3"
    )
    edit(package / "publishing.py", '("evaluated", "closed"), SAME', '("closed",), SAME')
    init = package / "__init__.py"
    edit(init, "Route(grid, Form.DIRECT)", "Route(grid, Form.VERIFY)")
    edit(init, 'if action != "evaluate" or case.asked', 'if action == "evaluate" or case.asked')
    edit(init, '"resolve": Text("handle", "问题办理")', '"resolve": Text("settle", "办理问题")')
    return copied


@pytest.fixture(scope="module")
def of_county(county: Path) -> Told:
    return told(PLUGINS / "huimin", county, "--locality", "371621")


@pytest.mark.slow
def test_both_sides_may_hold_a_package_of_the_same_name(of_county: Told) -> None:
    assert (of_county.status, of_county.whole["same"]) == (1, False)
    assert (of_county.one["old"], of_county.one["new"]) == ("371621", "371621")


@pytest.mark.slow
def test_a_table_is_compared_exactly(of_county: Told) -> None:
    tables = {one["table"]: one for one in of_county.whole["differences"]}
    assert set(tables) == {"deadlines", "escalate"}
    (change,) = tables["deadlines"]["changes"]
    assert (change["old"]["outcomes"]["resolve"], change["new"]["outcomes"]["resolve"]) == ("30min", "45min")


@pytest.mark.slow
def test_a_deadline_that_starts_later_is_told_with_the_rule_that_gives_it(of_county: Told) -> None:
    row = of_county.row("due", "clock:resolve:allowance")
    assert (row["old"], row["new"], row["tried"]) == ("30min", "45min", "cases")
    assert row["by_old"] == row["by_new"] == "deadlines/D1 of 371621"
    assert row["example"] == {}  # the plainest case shows it
    assert 0 < row["count"] < row["of"] == of_county.one["compared"]["cases"]


@pytest.mark.slow
def test_a_route_that_code_decides_is_told_with_its_smallest_case(of_county: Told) -> None:
    row = of_county.row("route", "form")
    assert (row["old"], row["new"], row["by_new"]) == ("direct", "verify", "route/town-grid of 371621")
    assert set(row["example"]) == {"place"}
    assert not [row for row in of_county.rows("route") if row["what"] == "unit"]


@pytest.mark.slow
def test_a_rung_of_the_ladder_is_told_by_kind_and_to_whom(of_county: Told) -> None:
    found = [row for row in of_county.rows("escalation") if row["old"][:2] == ["supervise", "371621-command"]]
    assert found
    assert {row["new"][1] for row in found} == {"371621-leaders"}


@pytest.mark.slow
def test_a_way_that_is_gone_is_told_exactly(of_county: Told) -> None:
    (row,) = of_county.rows("lifecycle")
    assert (row["what"], row["tried"]) == ("way:everyday", "exact")
    assert row["old"] == ["evaluated", "publish", "evaluated", [], False]
    assert row["new"] is None


@pytest.mark.slow
def test_who_may_do_what_is_asked_of_actors_of_each_kind_of_unit(of_county: Told) -> None:
    row = of_county.row("authority", "may:evaluate|near:town")
    assert (row["old"], row["new"]) == ("allowed", "refused")
    assert (row["by_old"], row["by_new"]) == ("371621", "roles/verifier of governflow")
    assert row["example"]["asked"] is False


@pytest.mark.slow
def test_merits_are_told_by_their_rule(of_county: Told) -> None:
    row = of_county.row("merits", "merit:credit/duty")
    assert (row["old"], row["new"], row["tried"]) == ([["unit", 2, 365]], [["unit", 3, 365]], "lives")


@pytest.mark.slow
def test_words_are_told_but_decide_nothing(of_county: Told) -> None:
    row = of_county.row("names", "word:resolve")
    assert (row["old"], row["new"]) == (["handle", "问题办理"], ["settle", "办理问题"])
    assert ASPECTS["names"].en not in of_county.one["sentence"]


@pytest.mark.slow
def test_files_that_differ_are_named(of_county: Told) -> None:
    package = "src/governflow_huimin"
    assert of_county.one["files"] == {
        "changed": [
            f"{package}/{name}"
            for name in (
                "__init__.py",
                "indicators.csv",
                "publishing.py",
                "tables/deadlines.csv",
                "tables/escalate.csv",
            )
        ],
        "gained": [],
        "lost": [],
    }


@pytest.mark.slow
def test_the_sentence_says_what_was_proved_and_what_was_tried(of_county: Told) -> None:
    sentence, compared = of_county.one["sentence"], of_county.one["compared"]
    assert f"tried on {compared['cases']:,} boundary cases, {compared['lives']:,} whole lives" in sentence
    assert "Compared exactly over all possible cases of the tables" in sentence
    assert "lifecycle (1 change, exactly: everyday: way, evaluated" in sentence
    assert ": mostly settle: time allowed, 30 minutes → 45 minutes)" in sentence
    for aspect in ("route", "due", "escalation", "authority", "merits"):
        assert f"{ASPECTS[aspect].en} (" in sentence
    for aspect in ("tier", "severity", "chart", "calendar", "refused", "faults"):
        assert f"{ASPECTS[aspect].en} (" not in sentence


@pytest.mark.slow
def test_the_screen_speaks_the_language_of_the_reader(county: Path) -> None:
    status, out, _ = asked(PLUGINS / "huimin", county, "--locality", "371621", "--lang", "zh")
    assert status == 1
    assert "问题办理：时限" in out.replace("办理问题", "问题办理")
    text = out.replace("\n", "")
    assert "未发现其他变化" in text
    # Ids of rules and clocks, and what was typed, are the same in both languages.
    ours = "merit|huimin|diff|plugins|everyday|petition-regulation|petition|governflow|resolve|ladder|default|route"
    ours += "|roles|check_in|dispatch|disp|atch"
    left = re.sub(rf"[\w./-]*(?:/|\.(?:py|csv|toml))[\w./-]*|{ours}", "", text)
    assert re.findall(r"[A-Za-z]{5,}", left) == []


# --- a city and a zone change other things ----------------------------------------------------------------------------

_LAMPS = """

@hookimpl
def governflow_assess(case):
    from governflow.policy.hookspecs import Assessment, Ruling
    from governflow.model.terms import Severity, Urgency
    from governflow.text import Text

    if case.item != "路灯不亮":
        return None
    return Ruling(Assessment(Severity.COMPLEX, Urgency.URGENT), Text("lamps first", "路灯优先"), "assess/lamps")
"""
_FOUND = """

@hookimpl
def governflow_tier(case: Case) -> Ruling | None:
    return Ruling(Tier.ONE, Text("asked by nobody", "主动发现"), "tier/found") if not case.asked else None
"""


@pytest.fixture(scope="module")
def of_city(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """A copy of Jilin with other working hours, and two hooks more."""
    copied, package = copy_of("jilin", tmp_path_factory.mktemp("copy"))
    init = package / "__init__.py"
    edit(
        init,
        "WorkingCalendar.china()",
        'WorkingCalendar.china({"mon": [("09:00", "17:00")], "tue": [("09:00", "17:00")]})',
    )
    init.write_text(init.read_text(encoding="utf-8") + _LAMPS + _FOUND, encoding="utf-8")
    return told(PLUGINS / "jilin", copied, "--locality", "220200")


@pytest.mark.slow
def test_a_tier_that_a_new_hook_gives_is_told(of_city: Told) -> None:
    found = of_city.rows("tier")
    raised = {(row["old"], row["new"]): row for row in found if row["new"] == "1" and row["tried"] == "cases"}
    assert set(raised) == {("3", "1"), ("2", "1")}
    assert {row["by_new"] for row in raised.values()} == {"tier/found of 220200"}
    assert all(row["example"]["asked"] is False for row in raised.values())
    # What the other hook makes of a lamp is complex, and so tier 2.
    assert all(row["example"]["item"] == "路灯不亮" for row in found if row["new"] == "2")


@pytest.mark.slow
def test_severity_and_urgency_that_a_new_hook_gives_are_told(of_city: Told) -> None:
    found = {(row["what"], row["old"], row["new"]): row for row in of_city.rows("severity") if row["tried"] == "cases"}
    assert set(found) == {
        ("severity", "general", "complex"),
        ("severity", "major", "complex"),
        ("urgency", "normal", "urgent"),
        ("urgency", "emergency", "urgent"),
    }
    assert found["severity", "general", "complex"]["example"] == {"item": "路灯不亮"}
    assert {row["by_new"] for row in found.values()} == {"assess/lamps of 220200"}


@pytest.mark.slow
def test_a_calendar_is_compared_day_by_day(of_city: Told) -> None:
    monday, friday = of_city.row("calendar", "week:mon"), of_city.row("calendar", "week:fri")
    assert (monday["old"], monday["new"]) == ([["00:00", "24:00"]], [["09:00", "17:00"]])
    assert (friday["old"], friday["new"]) == ([["00:00", "24:00"]], None)
    assert monday["tried"] == "exact"


@pytest.mark.slow
def test_a_due_moment_that_only_the_calendar_moves_is_told_too(of_city: Told) -> None:
    moved = [row for row in of_city.rows("due") if row["what"] == "clock:confer:due"]
    # Two working days after Monday: Wednesday, or where only Monday and Tuesday are any, the Monday after, to 17:00.
    assert ("2026-03-04T16:00:00Z", "2026-03-09T09:00:00Z") in [(row["old"], row["new"]) for row in moved]


@pytest.mark.slow
def test_units_gained_lost_and_changed_are_told_exactly(tmp_path: Path) -> None:
    copied, package = copy_of("zhenjiang", tmp_path)
    units = package / "units.csv"
    *kept, last = units.read_text(encoding="utf-8").splitlines(keepends=True)
    (row,) = csv.reader([last])
    gone, kind = row[0], row[3]
    kept.append("321171-water,水务局,bureau of water,department,4,321171-joint,lead,,示例\n")
    units.write_text("".join(kept), encoding="utf-8")
    police = "321171-police,公安分局,police branch,department,4,321171"
    edit(units, f"{police}-joint", police)
    found = told(PLUGINS / "zhenjiang", copied)
    assert found.status == 1
    chart = found.rows("chart")
    assert {(row["what"], row["old"], row["new"]) for row in chart} == {
        (f"unit:{kind}", gone, None),
        ("unit:department", None, "321171-water"),
        ("of unit:parent", "321171-joint", "321171"),
    }
    assert all(row["tried"] == "exact" for row in chart)
    assert found.row("chart", "of unit:parent")["example"] == {"unit": "321171-police"}


# --- nothing passes in silence ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_copy_decides_everything_as_the_original(tmp_path: Path) -> None:
    copied, _ = copy_of("songtao", tmp_path)
    status, out, err = asked(PLUGINS / "songtao", copied, "--lang", "en")
    assert (status, err) == (0, "")
    assert "decides every one as" in " ".join(out.split())
    assert "differ" not in out.replace("differently", "")


@pytest.mark.slow
def test_a_file_that_differs_without_effect_is_named_and_said_to_have_none(tmp_path: Path) -> None:
    copied, package = copy_of("songtao", tmp_path)
    with (package / "__init__.py").open("a", encoding="utf-8") as file:
        file.write("\n_UNUSED = 1\n")
    (copied / "NOTES.md").write_text("notes", encoding="utf-8")
    status, out, err = asked(PLUGINS / "songtao", copied, "--lang", "zh")
    assert (status, err) == (0, "")
    assert "完全一致（但有2个文件内容不同）" in out.replace("\n", "")
    assert "内容不同的文件：src/governflow_songtao/__init__.py\n仅新方有的文件：NOTES.md" in out


@pytest.mark.slow
def test_an_installed_locality_is_compared_with_the_path_of_a_plugin(tmp_path: Path) -> None:
    copied, package = copy_of("xianlin", tmp_path)
    init = package / "__init__.py"
    init.write_text(init.read_text(encoding="utf-8") + _LAMPS, encoding="utf-8")
    found = told("320113007", copied)
    assert (found.status, found.one["files"]["changed"]) == (1, ["governflow_xianlin/__init__.py"])
    assert {row["by_new"] for row in found.rows("severity")} == {"assess/lamps of 320113007"}
    for aspect in ("calendar", "chart", "lifecycle", "names", "faults", "merits", "authority"):
        assert found.rows(aspect) == []


@pytest.mark.slow
def test_localities_that_only_one_side_has_are_named(tmp_path: Path) -> None:
    copied, _ = copy_of("huimin", tmp_path)
    edit(copied / "pyproject.toml", '"371621" = "governflow_huimin"\n', "")
    status, out, _ = asked(PLUGINS / "huimin", copied, "--lang", "en")
    assert status == 1
    assert f"371621: only in {PLUGINS / 'huimin'}." in " ".join(out.split())
    assert "Binzhou City (371600)" in out


# --- real cases -------------------------------------------------------------------------------------------------------

JOURNAL = """time,case,action,severity,visit,place,note
2026-03-02 09:00,A1,report,general,no,371621001020,
2026-03-02 09:00,A2,report,complex,no,371621001020,
2026-03-02 09:00,A3,report,general,no,371621001020,
2026-03-02 09:01,A1,dispatch,,,,
2026-03-02 09:01,A2,dispatch,,,,
2026-03-02 09:01,A3,dispatch,,,,
2026-03-02 09:05,A9,dispatch,,,,
2026-03-02 09:20,A3,resolve,,,,
2026-03-02 09:40,A1,resolve,,,,
2026-03-02 09:40,A2,resolve,,,,
"""


@pytest.fixture(scope="module")
def slower(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copied, package = copy_of("huimin", tmp_path_factory.mktemp("copy"))
    edit(package / "tables" / "deadlines.csv", "D1,,,general,5分钟,40分钟,30分钟", "D1,,,general,5分钟,40分钟,45分钟")
    return copied


@pytest.mark.slow
def test_a_journal_says_how_many_real_cases_would_have_gone_otherwise(slower: Path, tmp_path: Path) -> None:
    journal = tmp_path / "journal.csv"
    journal.write_text(JOURNAL, encoding="utf-8")
    found = told(PLUGINS / "huimin", slower, "--locality", "371621", "--journal", journal).one["journal"]
    # Three cases. A1 was 9 minutes late and would be in time: neither due then nor urged. A3 was in time and stays so,
    # with another due moment. A2 is complex: nothing changes. The row of A9, which nobody reported, is refused twice.
    assert (found["cases"], found["otherwise"]) == (3, 2)
    assert {aspect: (one["count"], one["ids"]) for aspect, one in found["aspects"].items() if one["count"]} == {
        "due": (2, ["A1", "A3"]),
        "escalation": (1, ["A1"]),
    }
    assert (found["rows"], found["refused"]) == (10, {"old": 1, "new": 1})


def test_a_journal_that_is_not_there_is_one_sentence(slower: Path, governflow: Command, tmp_path: Path) -> None:
    done = governflow("diff", PLUGINS / "huimin", slower, "--journal", tmp_path / "none.csv", "--lang", "en")
    assert (done.status, done.err) == (2, f"there is no file {tmp_path / 'none.csv'}\n")
    journal = tmp_path / "journal.csv"
    journal.write_text(JOURNAL, encoding="utf-8")
    done = governflow("diff", PLUGINS / "huimin", slower, "--journal", journal, "--lang", "en")
    assert (done.status, "--locality" in done.err) == (2, True)


# --- what cannot be compared ------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_each_fault_of_either_side_has_a_line_of_its_own(tmp_path: Path) -> None:
    copied, package = copy_of("songtao", tmp_path)
    (package / "__init__.py").write_text("import nothing_of_that_name\n", encoding="utf-8")
    other, package = copy_of("songtao", tmp_path / "other")
    (package / "__init__.py").write_text("raise SystemExit(3)\n", encoding="utf-8")
    status, out, err = asked(copied, other, "--lang", "en")
    assert (status, out) == (2, "")
    first, second = err.splitlines()
    assert first.startswith(f"{copied}: ")
    assert "nothing_of_that_name" in first
    assert second.startswith(f"{other}: ")


@pytest.mark.parametrize("what", ["nowhere.py", "12", "no/such/folder"])
def test_what_is_no_set_of_rules_is_one_sentence(what: str, governflow: Command) -> None:
    for lang in ("en", "zh"):
        done = governflow("diff", what, "000000", "--lang", lang)
        assert (done.status, done.out, len(done.err.splitlines())) == (2, "", 1)


def test_a_plugin_that_ends_the_process_is_a_fault_of_its_own(tmp_path: Path, governflow: Command) -> None:
    file = tmp_path / "county.py"
    file.write_text("import os\n\nos._exit(7)\n", encoding="utf-8")
    done = governflow("diff", file, "000000", "--lang", "en")
    assert (done.status, "exit status 7" in done.err) == (2, True)


@pytest.mark.slow
def test_a_rule_that_goes_by_the_order_of_a_set_is_the_same_on_both_sides(tmp_path: Path) -> None:
    file = tmp_path / "county.py"
    file.write_text(
        "from governflow.policy.hookspecs import Locality, Ruling, hookimpl\n"
        "from governflow.model.terms import Tier\nfrom governflow.text import Text\n\n"
        'FIRST = next(iter({"team01", "team02", "team03", "team04", "team05"}))\n\n\n'
        '@hookimpl\ndef governflow_locality():\n    return Locality("990371", "河畔县", "Riverside County")\n\n\n'
        "@hookimpl\ndef governflow_tier(case):\n    return Ruling(Tier.TWO, Text(FIRST, FIRST), FIRST)\n",
        encoding="utf-8",
    )
    assert told(file, file).status == 0


def test_a_journal_needs_whole_rule_sets(tmp_path: Path, governflow: Command) -> None:
    (tmp_path / "tier.csv").write_text("规则,事项等级\nT1,2\n", encoding="utf-8")
    done = governflow("diff", tmp_path / "tier.csv", tmp_path / "tier.csv", "--journal", tmp_path / "tier.csv")
    assert (done.status, "whole rule sets" in done.err) == (2, True)
    done = governflow("diff", "000000", "000000", "--auto-dispatch")
    assert (done.status, "--journal" in done.err) == (2, True)


# --- in one process ---------------------------------------------------------------------------------------------------


def county_of(**hooks: Callable[..., Any]) -> Localities:
    """Register a county that is nothing but its hooks."""

    @hookimpl
    def governflow_locality() -> Locality:
        return Locality(CODE, "河畔县", "Riverside County")

    localities = Localities()
    marked = {name: hookimpl(hook) for name, hook in hooks.items()}
    localities.register(CODE, SimpleNamespace(governflow_locality=governflow_locality, **marked))
    return localities


@pytest.mark.slow
def test_two_registries_are_compared_in_one_process_and_every_case_is_counted() -> None:
    def governflow_tier(context: Any) -> Ruling | None:
        return Ruling(Tier.ONE, Text("in an emergency", "急时"), "T1") if context.mode is Mode.EMERGENCY else None

    old, new = county_of(), county_of(governflow_tier=governflow_tier)
    changes = compare(old, new, CODE)
    cases = {written(case): case for side in (old, new) for case in anywhen(side.policy(CODE))}.values()
    # The defaults: general is tier 3, complex tier 2, major tier 1 already.
    emergency = [case.get("severity", "general") for case in cases if case.get("mode") == "emergency"]
    found = {(row.old, row.new): row for row in changes.rows if row.aspect == "tier" and row.tried == "cases"}
    assert changes.cases == len(cases)
    assert {pair: row.count for pair, row in found.items()} == {
        ("3", "1"): emergency.count("general"),
        ("2", "1"): emergency.count("complex"),
    }
    assert found["3", "1"].example == {"mode": "emergency"}
    assert str(found["3", "1"].by_new) == f"T1 of {CODE}"
    assert not changes.same


@pytest.mark.slow
def test_a_report_that_only_one_side_admits_is_a_difference() -> None:
    def governflow_lifecycles(base: Any) -> Mapping[str, Any]:
        return {"second": base.derive("second")}

    changes = compare(county_of(governflow_lifecycles=governflow_lifecycles), county_of(), CODE)
    refused = [row for row in changes.rows if row.aspect == "refused"]
    assert refused
    assert refused[0].old is None
    assert refused[0].example == {"lifecycle": "second"}
    assert any(row.what == "lifecycles" and row.old == "second" for row in changes.rows)


@pytest.mark.slow
def test_a_merit_that_is_given_no_more_and_a_holiday_are_told() -> None:
    def governflow_merits(event: Any, case: Any) -> list[Merit]:
        return [Merit("intake", "unit", 1, Text("done", "办结"), "done")] if event.kind == "resolved" else []

    week = {day: [("09:00", "17:00")] for day in ("mon", "tue", "wed", "thu", "fri")}
    calendars = [WorkingCalendar("Asia/Shanghai", week, holidays=days) for days in ([], [date(2026, 10, 8)])]
    old = county_of(governflow_calendar=lambda: calendars[0], governflow_merits=governflow_merits)
    new = county_of(governflow_calendar=lambda: calendars[1])
    changes = compare(old, new, CODE)
    merit = next(row for row in changes.rows if row.aspect == "merits")
    assert (merit.what, merit.old, merit.new) == ("merit:done", [["unit", 1, None]], None)
    assert {(row.what, row.old, row.new) for row in changes.rows if row.aspect == "calendar"} == {
        ("holiday", None, "2026-10-08")
    }


@pytest.mark.slow
def test_who_may_act_is_asked_by_night_when_all_is_late_and_of_holders_of_every_kind() -> None:
    def late(action: str, context: Any) -> Refused | None:
        return (
            Refused(Text("not at night", "夜间不办"), "night") if action == "arrive" and context.at.hour > 12 else None
        )

    def held(action: str, case: Case) -> Refused | None:
        return Refused(Text("?", "?"), "leader") if action == "suspend" and case.unit == "leader" else None

    for hook in (late, held):
        changes = compare(county_of(), county_of(governflow_authorise=hook), CODE)
        assert {row.aspect for row in changes.rows if row.tried == "questions"} == {"authority"}


@pytest.mark.slow
@pytest.mark.parametrize("when", ["designated", "reopened_twice"])
def test_what_only_comes_late_in_a_life_is_told(when: str) -> None:
    dropped = Deadlines(drop=("resolve",))

    def governflow_deadlines(case: Case) -> Deadlines | None:
        return dropped if (case.designated if when == "designated" else case.reopened > 1) else None

    changes = compare(county_of(), county_of(governflow_deadlines=governflow_deadlines), CODE)
    assert not changes.same


@pytest.mark.slow
def test_a_hook_that_fails_is_told_as_a_fault_and_other_reasons_only_counted() -> None:
    def wordy(case: Any) -> Ruling | None:
        return Ruling(Tier.THREE, Text("other words", "另一种说法"), "T9") if case.severity == "general" else None

    def failing(case: Any) -> None:
        raise ValueError("no idea")

    same = compare(county_of(), county_of(governflow_tier=wordy), CODE)
    assert same.same
    assert 0 < same.reworded < same.cases
    faulty = compare(county_of(), county_of(governflow_tier=failing), CODE)
    fault = next(row for row in faulty.rows if row.aspect == "faults")
    assert (fault.old, fault.new, fault.count) == (None, ["ValueError: no idea"], faulty.cases)


@pytest.mark.slow
def test_a_journal_can_be_run_under_two_registries(tmp_path: Path) -> None:
    def governflow_tier() -> Ruling:
        return Ruling(Tier.ONE, Text("everything", "一律"), "T1")

    journal = tmp_path / "journal.csv"
    journal.write_text(
        "time,case,action,severity\n2026-03-02 09:00,A,report,\n2026-03-02 09:00,B,report,major\n,C,report,\n"
    )
    changes = compare(county_of(), county_of(governflow_tier=governflow_tier), CODE, journal=Journal(journal))
    assert changes.journal is not None
    assert changes.journal.aspects["tier"] == (1, ("A",))  # a major case is tier 1 already
    assert (changes.journal.cases, changes.journal.otherwise, changes.journal.refused) == (2, 1, (1, 1))
    rules = Localities().policy("000000")
    en, zh = (
        list(signing.journal(changes.journal, Localizer(lang, ZoneInfo(rules.zone), rules, str)))
        for lang in ("en", "zh")
    )
    assert en[0].text.startswith("Of the 2 real cases of the journal, 1 would have gone differently: tier 1")
    assert zh[0].text.startswith("台账2件真实事项中，有1件的办理会有不同：分级1件")
    assert [(line.depth, line.text) for line in en[1:]] == [
        (1, "tier: A"),
        (0, "Of its 3 rows the old rules refuse 1, the new ones 1."),
    ]
    assert zh[-1].text == "台账共3行，旧规则退回1行，新规则退回1行。"


def test_rules_that_cannot_be_loaded_are_refused_with_the_faults_of_both_sides() -> None:
    def governflow_terms() -> Any:
        return {"resolve": "no Text"}

    broken = county_of(governflow_terms=governflow_terms)
    with pytest.raises(PolicyError) as raised:
        compare(broken, broken.anew(), CODE)
    assert raised.value.faults


@pytest.mark.parametrize(
    ("what", "clock"),
    [
        ("clock:resolve:allowance", ("resolve", "allowance")),
        ("clock:check_in:371621-health:due", ("check_in:371621-health", "due")),
        ("escalate:check_in:371621-health:0", ("check_in:371621-health", "0")),
        ("escalate:check_in:371621-health", ("check_in:371621-health", "")),
        ("escalate:arrive:1:again", ("arrive", "1")),
    ],
)
def test_a_summons_is_told_from_what_is_said_of_it(what: str, clock: tuple[str, str]) -> None:
    assert clock_of(what) == clock


# --- rows -------------------------------------------------------------------------------------------------------------


def test_cases_that_change_in_the_same_way_are_one_row_with_the_smallest_of_them() -> None:
    one, two, three = (RuleRef(rule=rule) for rule in ("T1", "T2", "T3"))
    found = [
        FoundChange(
            "tier", "tier", "3", "2", one, two, number, {"item": "a", "place": "b"} if number else {"item": "a"}
        )
        for number in range(5)
    ]
    found.append(FoundChange("tier", "tier", "3", "1", one, three, 7, {}))
    first, second = rows(found, tried="cases", of=10)
    assert (first.old, first.new, first.count, first.example) == ("3", "2", 5, {"item": "a"})
    assert (second.new, second.count, second.of) == ("1", 1, 10)


def test_a_table_too_long_to_be_read_puts_values_together_and_says_how_many() -> None:
    was, now = RuleRef(rule="R1"), RuleRef(rule="R2")
    found = [FoundChange("route", "unit", f"u{n}", f"v{n}", was, now, n, {"place": str(n)}) for n in range(SHOWN + 1)]
    (row,) = merged(rows(found, tried="cases", of=20))
    assert (row.count, row.others) == (SHOWN + 1, SHOWN)
    assert len(merged(rows(found[:SHOWN], tried="cases", of=20))) == SHOWN
