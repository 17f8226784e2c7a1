"""Every mechanism of practice has a place in a plugin and a test, and docs/practice.md knows both."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "practice.md"
DESIGN = ROOT.parent / "shared" / "design" / "practice.md"

Row = tuple[str, str, list[str], list[str]]


def words(cell: str) -> list[str]:
    return re.findall(r"`([^`]*)`", cell)


def sections(path: Path) -> dict[str, list[list[str]]]:
    """The rows of each section's table, by the section's heading."""
    found: dict[str, list[list[str]]] = {}
    for title, _, body in (part.partition("\n") for part in path.read_text(encoding="utf-8").split("\n## ")[1:]):
        lines = [line for line in body.splitlines() if line.startswith("| ")]
        if lines:
            found[title] = [[cell.strip() for cell in line[1:-1].split(" | ")] for line in lines[1:]]
    return found


def terms(path: Path) -> set[str]:
    """The mechanisms that a page lists; what a list names as still to come is none yet."""
    return {
        row[0].replace("**", "")
        for title, body in sections(path).items()
        if not title.startswith("What each still lacks")
        for row in body
    }


def rows() -> list[Row]:
    """Every row: its section, its term, the files and the tests (``file::name``)."""
    found: list[Row] = []
    for title, body in sections(PAGE).items():
        [home] = re.findall(r"tests in `([^`]+)`", PAGE.read_text(encoding="utf-8").partition(f"## {title}\n")[2])[:1]
        for term, _, said, shown in body:
            tests = [test if "::" in test else f"{home}::{test}" for test in words(shown)]
            found.append((title, term, words(said), tests))
    return found


ROWS = rows()


@cache
def named_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("row", ROWS, ids=[f"{title.split()[0]}-{number}" for number, (title, *_) in enumerate(ROWS)])
def test_every_mechanism_is_said_in_a_file_and_shown_by_a_test(row: Row) -> None:
    _, term, files, tests = row
    assert files
    assert tests, term
    assert [file for file in files if not (ROOT / file).is_file()] == []
    assert [test for test in tests if test.partition("::")[2] not in named_in(test.partition("::")[0])] == []


def test_every_locality_of_the_plugins_has_its_mechanisms_on_the_page() -> None:
    plugins = {path.parent.name for path in (ROOT / "plugins").glob("*/pyproject.toml")}
    named = {file.split("/")[1] for _, _, files, _ in ROWS for file in files if file.startswith("plugins/")}
    assert named == plugins


@pytest.mark.skipif(not DESIGN.exists(), reason="the list of mechanisms is not beside the repository")
def test_no_mechanism_of_the_list_is_missing() -> None:
    assert terms(PAGE) == terms(DESIGN)
