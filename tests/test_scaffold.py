"""A new locality: what is written installs, passes its own tests, and says what to do next in both languages."""

import csv
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from governflow import CommandError
from governflow.charter.check import check, laws
from governflow.model.units import OrgChart
from governflow.policy import registry as localities
from governflow.policy.discovery import installed
from governflow.scaffold import Scaffold
from governflow.tables import Catalogue

Command = Callable[..., Any]


def put_on_path(folder: Path, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what an installer does with the project file: entry points into the metadata, the package onto the path."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    (package,) = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    name, version = project["project"]["name"], project["project"]["version"]
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (entry,) = project["project"]["entry-points"]["governflow"].items()
    (info / "entry_points.txt").write_text(f"[governflow]\n{entry[0]} = {entry[1]}\n")
    monkeypatch.syspath_prepend(site)
    monkeypatch.syspath_prepend((folder / package).parent)
    monkeypatch.setattr(localities, "installed", lambda: installed([str(site)]))


@pytest.mark.parametrize(
    ("code", "name", "more"),
    [
        ("379901", "示例县", ("--lang", "zh")),
        ("379902", "示例县", ("--lang", "en", "--name-en", "Example County", "--parent", "370000")),
        ("379903001", "示例街道", ()),
        ("example-town", 'a "quoted" \\ $name', ("--parent", "379901")),
    ],
)
def test_what_is_written_is_found_loads_and_has_no_faults(
    governflow: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, name: str, more: tuple[str, ...]
) -> None:
    folder = tmp_path / "made"
    assert governflow("new", code, name, "--folder", folder, *more).status == 0
    put_on_path(folder, tmp_path / "site", monkeypatch)
    listed = {one["code"]: one for one in governflow("localities", "--json").json}
    assert (listed[code]["name"], listed[code]["faults"]) == (name, [])
    assert listed[code]["from"] == f"governflow-{code} 0.1.0"
    assert listed[code]["name_en"] == ("Example County" if "--name-en" in more else name)
    shown = governflow("table", code, "--json")
    assert (shown.status, list(shown.json["layers"][0]["tables"])) == (0, ["catalogue"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lang", "some", "count"),
    # Of the two languages only the rows differ: the laws that look at no row are checked once.
    [("zh", (), 2 + len(laws())), ("en", ("-k", "item or total or examples"), 4)],
)
def test_its_own_tests_pass(tmp_path: Path, lang: str, some: tuple[str, ...], count: int) -> None:
    folder = tmp_path / "made"
    Scaffold("379904", "示例县").write(folder, lang)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder), *some]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ})
    assert done.returncode == 0, done.stdout
    assert f"{count} passed" in done.stdout


@pytest.mark.slow
def test_its_own_tests_fail_when_the_catalogue_names_a_unit_that_is_not_there(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    Scaffold("379905", "示例县").write(folder, "zh")
    catalogue = folder / "src" / "governflow_379905" / "tables" / "catalogue.csv"
    catalogue.write_text(catalogue.read_text(encoding="utf-8-sig").replace("379905-bureau", "379905-nobody"), "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "379905-nobody" in done.stdout


def test_a_whole_day_runs_by_the_rules_that_were_written(
    governflow: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Scaffold("379906", "示例县", "Example County").write(tmp_path / "made", "zh")
    put_on_path(tmp_path / "made", tmp_path / "site", monkeypatch)
    done = governflow("demo", "--locality", "379906", "--lang", "zh")
    assert done.status == 0
    assert "按示例县（379906）的规则办理" in done.out
    assert "governflow demo --locality 379906 --journal demo.csv" in done.out


@pytest.mark.parametrize(("lang", "mark"), [("zh", "示例"), ("en", "example")])
def test_there_is_one_table_whose_rows_are_marked_as_examples(tmp_path: Path, lang: str, mark: str) -> None:
    Scaffold("379907", "示例县").write(tmp_path / "made", lang)
    (file,) = (tmp_path / "made" / "src").glob("*/tables/*")
    catalogue = Catalogue.read(file)
    assert {entry.attributes["basis"] for entry in catalogue.entries} == {mark}
    for column in ("domain", "tier", "severity", "lead"):
        assert all(entry.attributes[column] for entry in catalogue.entries)
    assert all(entry.allowance is not None for entry in catalogue.entries)
    assert bool(re.search("[\u4e00-\u9fff]", file.read_text(encoding="utf-8-sig"))) is (lang == "zh")


@pytest.mark.parametrize(("lang", "words"), [("zh", "示例：请换成"), ("en", "example: replace by")])
def test_its_examples_are_looked_at_and_say_that_their_source_is_to_be_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lang: str, words: str
) -> None:
    Scaffold("379917", "示例县").write(tmp_path / "made", lang)
    put_on_path(tmp_path / "made", tmp_path / "site", monkeypatch)
    sys.modules.pop("governflow_379917", None)
    (verdict,) = check(localities.Localities(), "379917", laws=["ruling/examples"]).verdicts
    assert (verdict.outcome, verdict.examples) == ("passed", 2)
    (file,) = (tmp_path / "made" / "src").glob("*/examples.csv")
    heads, *rows = csv.reader(file.read_text(encoding="utf-8-sig").splitlines())
    assert all(row[heads.index("来源" if lang == "zh" else "source")].startswith(words) for row in rows)


@pytest.mark.slow
def test_its_own_tests_fail_when_a_rule_no_longer_keeps_what_an_example_promises(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    Scaffold("379918", "示例县").write(folder, "zh")
    catalogue = folder / "src" / "governflow_379918" / "tables" / "catalogue.csv"
    told = catalogue.read_text(encoding="utf-8-sig")
    catalogue.write_text(told.replace("路灯不亮,公共设施,三级", "路灯不亮,公共设施,二级"), "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder), "-k", "examples"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, "1 failed" in done.stdout) == (1, True)
    assert "路灯不亮" in done.stdout


def test_the_units_are_few_marked_as_examples_and_stand_for_every_form(tmp_path: Path) -> None:
    Scaffold("379908", "示例县").write(tmp_path / "made", "zh")
    chart = OrgChart.read(tmp_path / "made" / "src" / "governflow_379908" / "units.csv")
    assert len(chart.units) == 7
    assert all("示例" in unit.text.zh and "Example" in unit.text.en for unit in chart.units.values())
    kinds = [unit.kind for unit in chart.units.values()]
    assert sorted(kinds) == ["department", "intake", "joint", "leaders", "town", "village", "village"]
    assert {form for unit in chart.units.values() for form in unit.forms} == {
        "direct", "verify", "assist", "lead", "joint", "study"
    }  # fmt: skip


def test_excel_opens_the_tables_as_what_they_are(tmp_path: Path) -> None:
    Scaffold("379909", "示例县").write(tmp_path / "made", "zh")
    tables = [*tmp_path.rglob("*.csv")]
    assert {file.name for file in tables} == {"units.csv", "catalogue.csv", "examples.csv"}
    assert all(file.read_bytes().startswith(b"\xef\xbb\xbf") for file in tables)


def test_the_readme_says_what_to_do_next_in_both_languages(tmp_path: Path) -> None:
    Scaffold("379910", "示例县", "Example County").write(tmp_path / "made", "zh")
    readme = (tmp_path / "made" / "README.md").read_text(encoding="utf-8")
    assert "示例县 · Example County (379910)" in readme
    chinese, english = readme.split("## Next steps (English)")
    files = ("catalogue.csv", "units.csv", "examples.csv")
    for words in (*files, "governflow table", "governflow check 379910", "pip install", "--locality 379910", "pytest"):
        assert words in chinese
        assert words in english


def test_without_a_folder_it_is_named_after_the_code(
    governflow: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = governflow("new", "379911", "示例县", "--lang", "zh")
    assert (done.status, [path.name for path in tmp_path.iterdir()]) == (0, ["governflow_379911"])
    assert "python -m pip install -e ./governflow_379911" in done.out
    assert "填写事项" in done.out
    told = governflow("new", "379912", "示例县", "--json").json
    assert (told["code"], told["distribution"], told["folder"]) == ("379912", "governflow-379912", "governflow_379912")
    assert all((tmp_path / file).is_file() for file in told["files"])


def test_a_folder_that_holds_anything_is_left_as_it_is(governflow: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    for lang, words in (("en", "is not empty"), ("zh", "不为空")):
        done = governflow("new", "379913", "示例县", "--folder", tmp_path, "--lang", lang)
        assert (done.status, done.out, len(done.err.splitlines())) == (2, "", 1)
        assert words in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    file = governflow("new", "379913", "示例县", "--folder", tmp_path / "mine.txt")
    assert (file.status, (tmp_path / "mine.txt").read_text()) == (2, "mine")


def test_an_empty_folder_may_be_written_to(governflow: Command, tmp_path: Path) -> None:
    assert governflow("new", "379914", "示例县", "--folder", tmp_path).status == 0
    assert (tmp_path / "pyproject.toml").is_file()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("37990", "5 digits"),
        ("379900000", "write 379900"),
        ("379900001000", "write 379900001"),
        ("379900000000", "write 379900"),
        ("000000", "built in"),
        ("100000", "built in"),
        ("惠民县", "is no code"),
        ("../up", "is no code"),
        ("Two Words", "is no code"),
        ("-x", "is no code"),
        ("", "is no code"),
        ("x" * 41, "is no code"),
        ("３７９９０１", "is no code"),
    ],
)
def test_what_is_no_code_is_refused_with_what_would_be_one(tmp_path: Path, code: str, words: str) -> None:
    with pytest.raises(CommandError, match=re.escape(words)) as refused:
        Scaffold(code, "示例县")
    assert re.search("[\u4e00-\u9fff]", refused.value.text.zh)


def test_a_parent_may_be_the_country_but_not_the_locality_itself() -> None:
    assert Scaffold("example", "示例", parent="100000").parent == "100000"
    with pytest.raises(CommandError, match="its own parent"):
        Scaffold("379915", "示例县", parent="379915")
    with pytest.raises(CommandError, match="is no code"):
        Scaffold("379915", "示例县", parent="up there")


@pytest.mark.parametrize("name", ["", "  ", "two\nlines"])
def test_a_name_that_is_none_is_refused(governflow: Command, tmp_path: Path, name: str) -> None:
    done = governflow("new", "379916", name, "--folder", tmp_path / "made")
    assert (done.status, len(done.err.splitlines())) == (2, 1)
    assert not (tmp_path / "made").exists()
