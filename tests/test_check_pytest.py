"""The charter in pytest: one test a law, by an option, in a line of a test module, and with a fixture."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from checked import CODE, ENDED, PLUGIN, REASON, county, the_law, waived

from governflow import CommandError
from governflow.charter import check as charter
from governflow.charter.check import Failure, Subject, Waiver
from governflow.charter.model import LAWS, Law
from governflow.testing import conformance


def test_conformance_is_one_test_for_each_law(three_laws: object) -> None:
    (mark,) = conformance(CODE, localities=county()).pytestmark  # type: ignore[attr-defined]
    assert mark.args == ("law", list(LAWS))


def test_a_code_that_nobody_registered_is_refused_as_a_typing_error(three_laws: object) -> None:
    with pytest.raises(CommandError, match="nobody registered '990110'"):
        conformance("990110", localities=county())("story/exact")


def test_a_law_that_fails_fails_its_test_with_the_story_and_one_that_is_waived_is_skipped(three_laws: object) -> None:
    test = conformance(CODE, localities=county(), lang="en")
    test("story/exact")
    with pytest.raises(pytest.fail.Exception) as failed:
        test("story/broken")
    assert "nobody is responsible <for> this case" in str(failed.value)
    assert f"governflow check {CODE} --law story/broken --case" in str(failed.value)
    lenient = conformance(CODE, localities=waived(Waiver("story/broken", REASON, "2999-12-31")), lang="zh")
    with pytest.raises(pytest.skip.Exception, match="豁免至 2999-12-31：正在修改"):
        lenient("story/broken")


def test_the_laws_of_one_locality_share_one_check_until_its_plugins_change(three_laws: dict[str, Law]) -> None:
    looked_at: list[Subject] = []

    def notes(subject: Subject) -> Iterator[Failure]:
        looked_at.append(subject)
        return iter(())

    three_laws["story/exact"] = the_law("story/exact", "exact", notes)
    three_laws["story/tried"] = the_law("story/tried", "examples", notes)
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
