"""The tutorial about Boston (docs/boston.md) says what is so: its files are shown as they are, its figures come out."""

import csv
import importlib.util
import io
import re
import runpy
import shlex
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from governflow import Engine
from governflow.journal import Map
from governflow.policy.registry import Localities
from governflow.reports import escalations
from governflow.reports.rates import case_as_json
from governflow.run.runner import run

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "boston.md"
FOLDER = ROOT / "docs" / "tutorial-boston"
DATA = ROOT.parent / "shared" / "data"
JOURNAL = DATA / "boston311_2011q3.csv"
ZONE = ZoneInfo("America/New_York")

needs_data = pytest.mark.skipif(not JOURNAL.exists(), reason="the city's data are not beside the repository")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def loaded(name: str) -> ModuleType:
    """One of the tutorial's scripts as a module."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def boston() -> Iterator[ModuleType]:
    """The plugin, as if it were installed."""
    sys.path.insert(0, str(FOLDER / "src"))
    try:
        yield importlib.import_module("governflow_boston")
    finally:
        sys.path.remove(str(FOLDER / "src"))


@pytest.fixture(scope="module")
def requests() -> list[dict[str, str]]:
    with JOURNAL.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def cases(boston: ModuleType) -> list[dict[str, Any]]:
    """The whole journal through the plugin: what ``governflow run --json`` gives as cases."""
    localities = Localities()
    localities.register("boston", boston)
    refused: list[object] = []
    with Engine.open(localities=localities, way="record") as engine:
        map_ = Map.load(FOLDER / "boston.toml")
        run(engine, JOURNAL, locality="boston", map=map_, auto_dispatch=True, rejected=refused.append)
        assert refused == []
        return [case_as_json(case, [], (), ZONE) for case in engine.cases() if case.locality == "boston"]


# --- what the page shows ----------------------------------------------------------------------------------------------


def test_every_piece_of_code_on_the_page_is_a_piece_of_a_file_or_an_example_that_prints() -> None:
    paths = [FOLDER / name for name in ("pyproject.toml", "boston.toml", "make_tables.py")]
    paths += [path for path in (FOLDER / "src").rglob("*") if path.suffix in (".py", ".csv")]
    files = [path.read_text(encoding="utf-8") for path in paths]
    shown = [block for language in ("toml", "csv", "python") for block in blocks(language) if "print(" not in block]
    assert len(shown) > 8
    for block in shown:
        pieces = block.splitlines() if block.count(",") and "def " not in block and "=" not in block else [block]
        assert all(any(piece in file for file in files) for piece in pieces), block


def test_the_example_of_the_page_prints_what_its_comments_say(boston: ModuleType) -> None:
    (example,) = [block for block in blocks("python") if "print(" in block]
    out = io.StringIO()
    with redirect_stdout(out):
        exec(compile(example, "docs/boston.md", "exec"), {})
    assert out.getvalue().splitlines() == re.findall(r"^# (.*)$", example, re.MULTILINE)


def test_the_page_has_a_summary_in_chinese() -> None:
    assert len(re.findall(r"[\u4e00-\u9fff]", PAGE.read_text(encoding="utf-8"))) > 150


def test_the_tables_that_are_kept_are_small() -> None:
    assert (
        sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file() and "cache" not in str(path)) < 60_000
    )


# --- the plugin -------------------------------------------------------------------------------------------------------


def test_boston_stands_on_the_defaults_alone(boston: ModuleType) -> None:
    localities = Localities()
    localities.register("boston", boston)
    policy = localities.policy("boston")
    assert [layer.code for layer in policy.layers] == ["boston", "000000"]
    assert policy.zone == "America/New_York"


def test_none_of_the_built_in_promises_is_left(boston: ModuleType) -> None:
    localities = Localities()
    localities.register("boston", boston)
    with Engine.open(localities=localities) as engine:
        opened = datetime(2011, 7, 6, 17, tzinfo=ZONE)
        case = engine.report(locality="boston", item="Graffiti Removal", at=opened)
        case = engine.dispatch(case.id, at=opened)
        assert case.unit == "prop-graf-graffitiremoval"
        assert set(case.clocks) == {"target"}
        # 45 weekdays after Thursday, 7 July, 8:30
        assert case.clocks["target"].due == datetime(2011, 9, 8, 8, 30, tzinfo=ZONE)


def test_a_target_in_calendar_days_ends_at_the_same_wall_time_across_the_change_of_the_clocks(
    boston: ModuleType,
) -> None:
    localities = Localities()
    localities.register("boston", boston)
    with Engine.open(localities=localities) as engine:
        case = engine.report(locality="boston", item="Bed Bugs", at=datetime(2011, 9, 1, 10, tzinfo=ZONE))
        assert case.clocks["target_days"].due == datetime(2011, 12, 30, 10, tzinfo=ZONE)


def test_a_type_without_a_target_still_has_a_clock(boston: ModuleType) -> None:
    localities = Localities()
    localities.register("boston", boston)
    with Engine.open(localities=localities) as engine:
        case = engine.report(locality="boston", item="Carbon Monoxide", at=datetime(2011, 9, 1, 10, tzinfo=ZONE))
        assert set(case.clocks) == {"attend"}
        assert case.clocks["attend"].due == datetime(2011, 10, 1, 10, tzinfo=ZONE)


def test_a_request_past_its_target_climbs_to_the_mayors_office(boston: ModuleType) -> None:
    localities = Localities()
    localities.register("boston", boston)
    with Engine.open(localities=localities) as engine:
        case = engine.report(locality="boston", item="Graffiti Removal", at=datetime(2011, 7, 6, 10, tzinfo=ZONE))
        engine.dispatch(case.id, at=datetime(2011, 7, 6, 10, tzinfo=ZONE))
        engine.advance(datetime(2012, 2, 1, tzinfo=ZONE))
        told = escalations(engine.history(case.id), engine.now)
        queue = "prop-graf-graffitiremoval"
        assert [(one["kind"], one["to"], one.get("times", 1)) for one in told] == [
            ("urge", queue, 1),
            ("supervise", "prop", 1),
            ("special_report", "mayor", 1),
            ("urge", queue, 2),
        ]


@needs_data
def test_the_tables_are_those_that_the_script_makes_of_the_data(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "copy", ignore=shutil.ignore_patterns("*.csv", "__pycache__"))
    (tmp_path / "copy" / "src" / "governflow_boston" / "tables").mkdir(exist_ok=True)
    (command,) = [line for block in blocks("sh") for line in block.splitlines() if "make_tables.py" in line]
    _, script, data = shlex.split(command)
    assert (ROOT / script, data) == (FOLDER / "make_tables.py", "DATA")
    made = runpy.run_path(str(tmp_path / "copy" / "make_tables.py"))
    made["main"](DATA)
    for name in ("units.csv", "tables/catalogue.csv"):
        kept = FOLDER / "src" / "governflow_boston" / name
        assert (tmp_path / "copy" / "src" / "governflow_boston" / name).read_bytes() == kept.read_bytes()


# --- the run ----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@needs_data
def test_96_percent_of_the_citys_due_times_and_every_verdict_come_out(
    cases: list[dict[str, Any]], requests: list[dict[str, str]]
) -> None:
    counted = loaded("compare").compare(requests, cases)
    assert counted["due of"] > 25_000
    assert counted["due"] >= 0.96 * counted["due of"]
    assert counted["verdict of"] > 20_000
    assert counted["verdict"] == counted["verdict of"]
    due, verdict = blocks("text")[1].splitlines()
    assert due.endswith(f"{counted['due']} of {counted['due of']} = {counted['due'] / counted['due of']:.2%}")
    assert verdict.endswith(f"{counted['verdict']} of {counted['verdict of']} = 100.00%")


@pytest.mark.slow
@needs_data
def test_the_clocks_of_the_page_are_those_of_the_run(cases: list[dict[str, Any]], boston: ModuleType) -> None:
    heading, until, unrecorded, _, *rows = blocks("text")[0].splitlines()
    closed = sum(case["state"] == "answered" for case in cases)  # nobody records a verdict: the answer is the last
    assert unrecorded == "answer and evaluate are not recorded in this journal: not assessed"
    assert heading == f"boston: {len(cases)} cases, {closed} closed (0 archived), {len(cases) - closed} open"
    assert f"{len(cases)} rows taken, 0 refused" in until
    outcomes = Counter((clock["clock"], clock["outcome"]) for case in cases for clock in case["clocks"])
    names = {text.en: name for name, text in boston.NAMES.items()}
    shown = [re.fullmatch(r"  (.*?) +(\d+) +(\d+) +(\d+) +(\d+) +.*", row) for row in rows]
    assert {found[1] for found in shown if found} == names.keys()
    for found in shown:
        assert found is not None
        name = names[found[1]]
        counts = [outcomes[name, outcome] for outcome in ("met", "breached", "exempt", "running")]
        assert [int(found[place]) for place in range(2, 6)] == counts, name


@pytest.mark.slow
@needs_data
def test_what_the_page_says_of_the_due_times_that_differ_is_so(
    cases: list[dict[str, Any]], requests: list[dict[str, str]]
) -> None:
    dues = {case["case"]: clock["due"] for case in cases for clock in case["clocks"] if "target" in clock["clock"]}
    differ = evening = 0
    for row in requests:
        if row["case_enquiry_id"] not in dues or not row["target_dt"]:
            continue
        opened, theirs = (datetime.fromisoformat(row[name]).replace(tzinfo=ZONE) for name in ("open_dt", "target_dt"))
        later = theirs - datetime.fromisoformat(dues[row["case_enquiry_id"]])
        if abs(later) > timedelta(minutes=3):
            differ += 1
            evening += (
                opened.weekday() >= 5 and opened.hour >= 17 and abs(later - timedelta(days=1)) <= timedelta(minutes=3)
            )
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert f"Of the {differ} due times that differ, {evening} are" in page


@needs_data
@pytest.mark.installed
def test_the_commands_of_the_page_run_on_the_first_rows(
    governflow: Any, boston: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = tmp_path / "site" / "governflow_boston-0.1.0.dist-info"  # what installing the folder would leave
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: governflow-boston\nVersion: 0.1.0\n")
    entry = re.search(
        r"^\[project\.entry-points\.(governflow)\]\n(.*)$", (FOLDER / "pyproject.toml").read_text(), re.MULTILINE
    )
    assert entry is not None
    (about / "entry_points.txt").write_text(f"[{entry[1]}]\n{entry[2].replace(chr(34), '')}\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    with JOURNAL.open(encoding="utf-8") as file:
        (tmp_path / "first.csv").write_text("".join(next(file) for _ in range(201)), encoding="utf-8")
    lines = [line for block in blocks("sh") for line in block.splitlines() if "governflow run" in line]
    assert len(lines) == 2
    for line in lines:
        program, *arguments = shlex.split(line.partition(">")[0])
        assert program.endswith("governflow")
        arguments = [str(ROOT / word) if word.startswith("docs/") else word for word in arguments]
        arguments[1] = str(tmp_path / "first.csv")
        done = governflow(*arguments)
        assert done.status == 0, done.err
    (tmp_path / "boston.json").write_text(done.out, encoding="utf-8")
    out = io.StringIO()
    with redirect_stdout(out):
        loaded("compare").main(DATA, tmp_path / "boston.json")
    due, verdict = out.getvalue().splitlines()
    assert due.startswith("due times within 3 minutes: ")
    assert verdict.endswith("= 100.00%")
