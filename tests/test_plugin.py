"""A plugin imports one module of the library, and every name of it is documented."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from governflow import plugin

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "plugin.md").read_text(encoding="utf-8")

#: What examples that run a plugin use beside it; a plugin's own sources use none of it.
AROUND = {"governflow", "governflow.testing"}
SOURCES = [
    path
    for folder in (*(ROOT / "plugins").glob("*/src"), ROOT / "docs" / "tutorial-boston" / "src")
    for path in sorted(folder.rglob("*.py"))
]
PAGES = [
    *sorted((ROOT / "docs" / "hooks").glob("*.md")),
    *sorted((ROOT / "docs").glob("guide*.md")),
    *sorted((ROOT / "src" / "governflow" / "scaffold" / "files").rglob("*.md*")),
]


def imported(source: str) -> Iterator[str]:
    """The modules of the library that a source imports."""
    for node in ast.walk(ast.parse(source)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            names = [node.module]
        yield from (name for name in names if name.split(".")[0] == "governflow")


def test_every_name_is_on_the_page_and_nothing_else() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == plugin.__all__


def test_the_page_says_where_each_name_is_defined() -> None:
    for name, module in re.findall(r"^\| `(\w+)` \| .* \| `([\w.]+)` \|$", PAGE, re.MULTILINE):
        value = getattr(plugin, name)
        if module != "governflow.policy.roles":
            assert getattr(__import__(module, fromlist=[name]), name) is value, name


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_county_imports_nothing_else_of_the_library(path: Path) -> None:
    assert set(imported(path.read_text(encoding="utf-8"))) <= {"governflow.plugin"}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_for_authors_imports_nothing_else_of_the_library(path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert {name for block in blocks for name in imported(block)} <= {"governflow.plugin"} | AROUND


def test_what_a_new_plugin_begins_with_imports_nothing_else_of_the_library() -> None:
    files = sorted((ROOT / "src" / "governflow" / "scaffold" / "files").rglob("*"))
    texts = [path.read_text(encoding="utf-8") for path in files if path.is_file() and ".pyc" not in path.name]
    found = {name for text in texts for name in re.findall(r"^(?:from|import) (governflow(?:\.\w+)*)", text, re.M)}
    assert found <= {"governflow.plugin"} | AROUND
    assert "governflow.plugin" in found
