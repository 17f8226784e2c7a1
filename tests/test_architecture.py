"""The page on the architecture names every room, and every place that it names is there."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import generated_docs  # noqa: E402 - a script of the repository, not a part of the package

PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
PACKAGE = ROOT / "src/governflow"


def answers() -> Iterator[tuple[str, str, str]]:
    """Return each question of the page with the file and the name in it that answer it."""
    section = PAGE.partition("## Where is ...?")[2]
    yield from re.findall(r"^\| ([^|]+) \| `([^`]+)`: `([^`]+)` \|$", section, re.MULTILINE)


@pytest.mark.parametrize(("question", "path", "name"), list(answers()))
def test_a_question_is_answered_by_a_name_in_a_file(question: str, path: str, name: str) -> None:
    source = (ROOT / path).read_text(encoding="utf-8")
    assert re.search(rf"^\s*(?:def|class) {name}\b|^{name}\b", source, re.MULTILINE), question


def test_every_question_has_an_answer() -> None:
    rows = re.findall(r"^\| (?!question|---)", PAGE.partition("## Where is ...?")[2], re.MULTILINE)
    assert len(list(answers())) == len(rows) > 10


def test_every_layer_is_in_the_contract_and_every_room_on_the_page() -> None:
    there = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    there -= {"__init__"}
    layered = {package for layer in generated_docs.layers() for package in layer}
    assert layered == there
    rooms = PAGE.partition("## The rooms")[2].partition("## ")[0]
    named = {
        name for row in re.findall(r"^\| (`[^|]+) \|", rooms, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    assert named == {name for name in there if not name.startswith("_") and not moved(name)}


def moved(name: str) -> bool:
    """Whether a module only says where its names are now."""
    path = PACKAGE / f"{name}.py"
    return path.exists() and "_moved" in path.read_text(encoding="utf-8")


def test_the_generated_parts_of_the_documentation_are_what_the_code_says() -> None:
    assert list(generated_docs.stale()) == [], "run: python tools/generated_docs.py"
