"""What contributors read and run is so: commands, paths, lowest versions, changelog fragments."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
KINDS = {kind["directory"] for kind in PROJECT["tool"]["towncrier"]["type"]}


def recipes() -> dict[str, list[str]]:
    """The commands of each recipe of the justfile, written out."""
    text = (ROOT / "justfile").read_text(encoding="utf-8")
    python = re.search(r'^python := "(.*)"$', text, re.MULTILINE)
    assert python is not None
    found: dict[str, list[str]] = {}
    for line in text.replace("{{python}}", python[1]).splitlines():
        if re.fullmatch(r"[a-z]+:", line):
            found[line[:-1]] = []
        elif line.startswith("    "):
            found[list(found)[-1]].append(line.strip())
    return found


def commands() -> list[str]:
    """The commands of CONTRIBUTING.md, in its blocks and in its table, but for those of pre-commit and of a release."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", CONTRIBUTING, re.MULTILINE | re.DOTALL)
    table = re.findall(r"^\| \w+ \| .* \| `(.*)` \|$", CONTRIBUTING, re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line for line in lines if "towncrier" not in line and "[release]" not in line] + table


def test_the_justfile_holds_the_commands_of_the_page() -> None:
    written = [command for name, lines in recipes().items() if name != "ci" for command in lines]
    assert sorted(written) == sorted(commands())
    assert {"setup", "fast", "slow", "long", "coverage", "lowest", "lint"} <= recipes().keys()


def test_ci_runs_the_commands_of_the_justfile() -> None:
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    known = recipes()
    wanted = [command for name in ("lint", "lowest", "coverage") for command in known[name]]
    quiet = ci.replace(" --quiet --disable-pip-version-check", "")
    assert [command for command in wanted if command not in quiet] == []


def test_the_fast_tier_is_the_readmes_test_command() -> None:
    (command,) = recipes()["fast"]
    for name in ("README.md", "README.zh-CN.md"):
        assert f"&& {command}\n" in (ROOT / name).read_text(encoding="utf-8")


def test_every_path_of_the_page_is_there() -> None:
    named = r"`((?:src|tests|docs|plugins|\.ci)/[^`\s]*|[\w.-]+\.(?:toml|yaml))`|\]\(([^)#:]+)\)"
    paths = re.findall(named, CONTRIBUTING)
    assert len(paths) > 15
    assert [path for pair in paths for path in pair if path and not (ROOT / path).exists()] == []


def test_pre_commit_runs_what_the_environment_holds() -> None:
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    programs = {entry.split()[0] for entry in re.findall(r"entry: (.*)", text)}
    assert programs == {command.split()[0] for command in recipes()["lint"]}
    assert "http" not in text


# --- versions ---------------------------------------------------------------------------------------------------------


def _bounds(requirements: list[str]) -> dict[str, str]:
    pattern = re.compile(r"([\w-]+)>=([\d.]+)(?:;.*)?")
    matches = [pattern.fullmatch(requirement.replace(" ", "")) for requirement in requirements]
    return {match[1]: match[2] for match in matches if match is not None}


def test_the_lowest_versions_that_are_tested_are_those_that_are_declared() -> None:
    project = PROJECT["project"]
    required = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    lines = (ROOT / "tests" / "lowest.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    assert len(_bounds(required)) == len(required)
    assert pinned == {name: version for name, version in _bounds(required).items() if name != "tzdata"}  # Windows alone


# --- the changelog ----------------------------------------------------------------------------------------------------

FRAGMENTS = sorted(path for path in (ROOT / "changes.d").iterdir() if path.name not in {".gitignore", "README.md"})


@pytest.mark.parametrize("path", FRAGMENTS, ids=[path.name for path in FRAGMENTS])
def test_a_changelog_fragment_is_well_formed(path: Path) -> None:
    named = re.fullmatch(r"(?:\d+|\+[a-z0-9-]+)\.(\w+)(?:\.\d+)?\.md", path.name)
    assert named is not None, "NUMBER.KIND.md, or +some-words.KIND.md"
    assert named[1] in KINDS
    text = path.read_text(encoding="utf-8")
    assert text.strip().endswith((".", "。"))
    assert not re.search(r"^#|^\s*$", text.rstrip("\n"), re.MULTILINE), "no heading, no empty line"


def test_the_changelog_has_a_place_for_what_is_assembled() -> None:
    assert PROJECT["tool"]["towncrier"]["start_string"] in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert all(f"`{kind}`" in CONTRIBUTING for kind in KINDS)
