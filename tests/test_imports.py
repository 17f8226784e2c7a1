"""What importing the engine loads, and what it leaves for when it is asked for."""

import subprocess
import sys
from types import ModuleType

import pytest

from governflow import _names

_LISTED = """
import sys
{statement}
print("\\n".join(sys.modules))
"""


def loaded(statement: str) -> set[str]:
    """The modules that a fresh interpreter has after a statement."""
    done = subprocess.run(
        [sys.executable, "-c", _LISTED.format(statement=statement)], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.fixture(scope="module")
def engine_alone() -> set[str]:
    return loaded("from governflow import Engine")


@pytest.mark.parametrize(
    "unneeded",
    [
        "governflow.journal",
        "governflow.reports",
        "governflow.run",
        "governflow.charter",
        "governflow.changes",
        "governflow.testing",
        "governflow.cli",
        "governflow.isolation",
        "governflow.tabular",
        "governflow.tables.sheet_parser",
        "governflow.tables.catalogue_parser",
        "governflow.tables.coverage",
        "governflow.tables.findings",
        "governflow.tables.partition",
        "governflow.tables.table_diff",
        "governflow.policy.builtin.statute",
        "transitions",
        "openpyxl",
        "jinja2",
        "rich",
        "click",
        "hypothesis",
        "zipfile",
        "logging",
        "sqlite3",
        "secrets",
        "difflib",
    ],
)
def test_importing_the_engine_does_not_load(engine_alone: set[str], unneeded: str) -> None:
    assert "governflow.engine.engine" in engine_alone
    assert not {name for name in engine_alone if name == unneeded or name.startswith(f"{unneeded}.")}


def test_an_engine_that_takes_a_case_reads_no_parser_either() -> None:
    names = loaded("from governflow import Engine; Engine.open().report(text='dark')")
    assert not {name for name in names if name.startswith(("governflow.tabular", "governflow.tables.sheet_parser"))}


def test_a_fault_in_a_module_that_is_loaded_when_used_is_told_and_not_taken_for_a_missing_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(name: str) -> ModuleType:
        raise AttributeError(f"{name} asks for what is not there")

    monkeypatch.setattr(_names, "import_module", broken)
    find = _names.loaded_when_used("governflow", ["Engine"], "engine.engine")
    with pytest.raises(ImportError, match=r"engine\.engine asks for what is not there"):
        find("Engine")
    with pytest.raises(AttributeError, match="no attribute 'Motor'"):
        find("Motor")
