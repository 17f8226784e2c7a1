"""The pages for a county's author say what is so: the guide works step by step, each hook's example is asked."""

import functools
import importlib.util
import inspect
import io
import re
import shlex
import sys
import tomllib
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from governflow import Actor, Engine
from governflow.errors import CommandError, TableError
from governflow.policy import discovery, hookspecs
from governflow.policy import registry as localities
from governflow.policy.hook_checks import HOOKS, faults_of
from governflow.policy.registry import Localities
from governflow.run.runner import run
from governflow.tables import Table, catalogue_parser, vocabulary
from governflow.tables.domains import Closed, read_cell, read_domain
from governflow.testing import ManualClock

ROOT = Path(__file__).parents[1]
HOOK_PAGES = ROOT / "docs" / "hooks"
GUIDES = ("docs/guide.md", "docs/guide.zh-CN.md")
CODE = "990101"
ZONE = ZoneInfo("Asia/Shanghai")

Command = Callable[..., Any]

#: A file that a page tells to write, one that it tells to add to, or any other block.
_BLOCK = re.compile(
    r"(?:^`([\w./-]+)`(, added|（在文件末尾加上）)?[^\n`]*[:：]\n\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL
)


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def words(cell: str) -> list[str]:
    return re.findall(r"`([^`]*)`", cell)


def table(text: str, *headings: str) -> list[list[str]]:
    """The rows of the Markdown table that has these headings."""
    for found in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        rows = [[cell.strip() for cell in line[1:-1].split(" | ")] for line in found.splitlines()]
        if rows[0][: len(headings)] == list(headings):
            return rows[2:]
    raise AssertionError(f"there is no table with the headings {headings}")


# --- docs/hooks -------------------------------------------------------------------------------------------------------


def hook_page(hook: str) -> str:
    return (HOOK_PAGES / f"{hook}.md").read_text(encoding="utf-8")


def test_every_hook_has_a_page_and_every_page_a_hook() -> None:
    assert {path.stem for path in HOOK_PAGES.glob("*.md")} - {"README"} == set(HOOKS)
    listed = [words_[0] for words_ in (re.findall(r"\[(\w+)\]", row[0]) for row in table(overview(), "hook"))]
    assert listed == list(HOOKS)


def overview() -> str:
    return (HOOK_PAGES / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_page_gives_the_signature_and_the_first_line_of_the_code(hook: str) -> None:
    function = getattr(hookspecs, hook)
    signature = re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", str(inspect.signature(function))).replace("'", "")
    signature = re.sub(r"Optional\[(.+)\]$", r"\1 | None", signature)
    assert f"```text\n{hook}{signature}\n```" in hook_page(hook)
    assert (inspect.getdoc(function) or "").splitlines()[0] in hook_page(hook)


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_page_says_when_it_is_asked_what_none_means_and_what_a_fault_does_on_one_page(hook: str) -> None:
    text = hook_page(hook)
    assert text.count("\n") < 60
    told = ["**Asked**", "**Answer**", "**At a fault**", "In practice:"]
    assert [word for word in told if word not in text] == []
    assert "**`None`**" in text or hook == "governflow_recorded"


@pytest.mark.parametrize("hook", HOOKS)
def test_the_example_of_a_hook_page_is_asked_and_answers_without_a_fault(hook: str, tmp_path: Path) -> None:
    plugin = written_as_a_package(hook_page(hook), tmp_path)
    assert faults_of(plugin) == []
    answers: list[object] = []
    setattr(plugin, hook, watched(getattr(plugin, hook), answers))
    known = Localities()
    known.register(CODE, plugin)
    with Engine.open(localities=known, clock=ManualClock(datetime(2026, 3, 17, 12, tzinfo=ZONE))) as engine:
        live(engine)
        events = [event for case in engine.cases() for event in engine.history(case.id)] + engine.book(CODE)
    assert answers
    assert hook == "governflow_recorded" or any(answer is not None for answer in answers)
    assert [event.about for event in events if event.kind == "faulted"] == []


def written_as_a_package(text: str, folder: Path) -> ModuleType:
    """Write the files of a page beside its Python, and import that as a package."""
    for name, _, language, content in _BLOCK.findall(text):
        file = folder / ("__init__.py" if language == "python" else name)
        if language in ("python", "csv"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("county_of_a_page", folder / "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    sys.modules[spec.name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def watched(hook: Callable[..., object], answers: list[object]) -> Callable[..., object]:
    @functools.wraps(hook)
    def ask(*given: object) -> object:
        answers.append(hook(*given))
        return answers[-1]

    return ask


def live(engine: Engine) -> None:
    """Two nights and days in a county: enough for every hook to be asked, and for every example to have a say."""
    policy = engine.localities.policy(CODE)
    for hook in ("governflow_examples", "governflow_waivers"):  # asked by a check of the charter, by no case
        for _, function, _ in policy.impls(hook):
            function()
    own = policy.demo()
    if own is not None:
        refused: list[object] = []
        run(
            engine, Path(str(own.journal)), locality=CODE, until=own.until.replace(tzinfo=ZONE), rejected=refused.append
        )
        assert refused == []
    for item in ("路灯不亮", "道路结冰", "积水"):
        for hour in (9, 23):
            at = datetime(2026, 3, 16, hour, tzinfo=ZONE)
            case = engine.report(locality=CODE, item=item, place="北门社区", informant="信息员3", at=at)
            engine.dispatch(case.id, at=at)
            with suppress(CommandError):
                engine.whistle(case.id, units=["department"], by=Actor("王某", "community"), at=at)
            if item == "积水":
                engine.resolve(case.id, at=at + timedelta(minutes=20))
    engine.advance(datetime(2026, 3, 17, 12, tzinfo=ZONE))


# --- docs/tables.md ---------------------------------------------------------------------------------------------------


def tables_page() -> str:
    return page("docs/tables.md").replace("\\|", "|")


def test_the_example_of_the_tables_page_is_a_sound_table() -> None:
    [example] = re.findall(r"^```csv\n(.*?)^```$", page("docs/tables.md"), re.MULTILINE | re.DOTALL)
    read = Table.read(("tier.csv", example.encode()), name="tier")
    assert read.analyse().sound
    many = read.decide({"severity": "general", "people": 30})
    assert many is not None
    assert f"`tier/{many.id}`" in page("docs/tables.md")


def test_every_domain_of_the_tables_page_can_be_written_so() -> None:
    rows = table(page("docs/tables.md"), "written", "the column holds")
    assert len(rows) == 6
    for written, _ in rows:
        domain, default = read_domain(words(written.replace("\\|", "|"))[0])
        assert domain is not None
        assert default == ""
    assert read_domain("0..；默认 0")[1] == read_domain("0..; default 0")[1] == "0"


def test_every_condition_of_the_tables_page_can_be_written_so() -> None:
    rows = table(page("docs/tables.md"), "written", "takes in")
    kinds = {
        "*": "任意",
        "一般|复杂": "一般|复杂|重大",
        ">=3": "0..365",
        "3..10": "0..365",
        "3716*": "code",
        "none": "0..",
    }
    told = {words(written.replace("\\|", "|"))[0]: words(f"{written} {means}") for written, means in rows}
    assert set(told) == set(kinds)
    for first, alternatives in told.items():
        domain, _ = read_domain(kinds[first])
        assert domain is not None
        for cell in alternatives:
            found = read_cell(domain, cell.replace("\\|", "|"))
            assert (found is None) == (cell == "*"), cell


def test_the_tables_page_names_every_fact_that_needs_no_domain() -> None:
    rows = table(page("docs/tables.md"), "column", "中文", "holds")
    assert [(words(name)[0], zh) for name, zh, _ in rows] == [
        (name, known.zh) for name, known in vocabulary.KNOWN.items()
    ]
    for name, _, holds in rows:
        domain = vocabulary.KNOWN[words(name)[0]].domain
        if isinstance(domain, Closed) and name != "`form`":
            assert words(holds.replace("\\|", "|"))[0] == domain.written


def test_the_tables_page_names_every_question_and_its_outcomes() -> None:
    rows = {
        words(name)[0]: words(outcomes) for name, outcomes, _ in table(tables_page(), "table", "outcome") if words(name)
    }
    assert list(rows) == list(vocabulary.OUTCOMES)
    for question, outcomes in vocabulary.OUTCOMES.items():
        if question == "deadlines":
            assert set(rows[question]) < set(outcomes)
        else:
            assert rows[question] == list(outcomes)
    files = [words(row[0])[0] for row in table(tables_page(), "file", "answers") if words(row[0])]
    assert files[:6] == [*vocabulary.OUTCOMES, "catalogue"]


def test_the_tables_page_names_every_column_of_a_catalogue() -> None:
    rows = table(page("docs/tables.md"), "column", "also", "means")
    told = {name: also for names, also, _ in rows for name in words(names)}
    assert set(told) == set(catalogue_parser._HEADINGS)
    for names, also, _ in rows:
        known = {word for name in words(names) for word in catalogue_parser._HEADINGS[name]}
        assert {word for word in also.split(", ") if word != "–"} <= known


def test_a_table_that_asks_who_asked_is_refused_for_each_of_the_words_of_the_page() -> None:
    [sentence] = [
        line for line in page("docs/tables.md").splitlines() if line.startswith("No column may ask who asked")
    ]
    for word in words(sentence):
        text = f"rule,{word},tier\ndomain,*,\nA,,1\n"
        with pytest.raises(TableError, match="asks who asked"):
            Table.read(("tier.csv", text.encode()), name="tier")


# --- docs/guide.md ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", GUIDES)
def test_the_guide_works_as_it_is_told_step_by_step(
    name: str, governflow: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    reader = Reader(governflow, tmp_path, monkeypatch)
    for file, added, language, content in _BLOCK.findall(page(name)):
        reader.follow(file, language, content, adding=bool(added))
    assert reader.done == {"csv", "python", "toml", "sh", "text"}


class Reader:
    """Somebody who follows a page: writes its files, runs its commands and its Python, and looks at what they print."""

    def __init__(
        self, governflow: Command, folder: Path, monkeypatch: pytest.MonkeyPatch, *, site: Path | None = None
    ) -> None:
        self._governflow, self._folder, self._monkeypatch = governflow, folder, monkeypatch
        self._site = site or folder / "site-packages"
        self._names: dict[str, object] = {"__name__": "guide"}
        self.printed = ""
        self.done: set[str] = set()

    def follow(self, file: str, language: str, content: str, *, adding: bool) -> None:
        self.done.add(language)
        if file:
            self._write(self._folder / file, content, adding=adding)
        elif language == "python":
            self._run(content)
        elif language == "sh":
            self.printed = "".join(self._call(line) for line in content.splitlines())
        else:
            self._compare(content)

    def _write(self, file: Path, content: str, *, adding: bool) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        before = file.read_text(encoding="utf-8") + "\n\n" if adding else ""
        file.write_text(before + content, encoding="utf-8")
        for module in [name for name in sys.modules if name.startswith("governflow_example")]:
            del sys.modules[module]  # an editable installation is read anew by the next process
        importlib.invalidate_caches()

    def _run(self, content: str) -> None:
        out = io.StringIO()
        with redirect_stdout(out):
            exec(compile(content, "guide", "exec"), self._names)
        assert out.getvalue().splitlines() == re.findall(r"^# (.*)$", content, re.MULTILINE)

    def _call(self, line: str) -> str:
        words_ = shlex.split(line, comments=True)
        if words_[0] == ".venv/bin/python":
            assert words_[1:4] == ["-m", "pip", "install"]
            self._install(self._folder / words_[-1])
            return ""
        assert words_[0] == ".venv/bin/governflow"
        done = self._governflow(*(self._kept() if word == "HASH" else word for word in words_[1:]))
        assert done.status == (1 if "# exit status 1" in line else 0), done.err
        return str(done.out + done.err)

    def _install(self, distribution: Path) -> None:
        """Lay an editable installation out as pip does: the source on the path, the metadata beside it."""
        told = tomllib.loads((distribution / "pyproject.toml").read_text(encoding="utf-8"))
        project = told["project"]
        home = self._site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
        home.mkdir(parents=True)
        (home / "METADATA").write_text(
            f"Metadata-Version: 2.4\nName: {project['name']}\nVersion: {project['version']}\n"
        )
        points = [f"{code} = {module}" for code, module in project["entry-points"]["governflow"].items()]
        (home / "entry_points.txt").write_text("\n".join(["[governflow]", *points, ""]))
        [package] = told["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
        for found_by_other_processes in (self._site, (distribution / package).parent):
            self._monkeypatch.syspath_prepend(str(found_by_other_processes))
        self._monkeypatch.setattr(localities, "installed", lambda: discovery.installed([str(self._site)]))

    def _kept(self) -> str:
        """The rule set under which the week was run, as ``explain`` names it."""
        with Engine.open("county.db") as engine:
            return str(engine.history("W1")[0].rules)

    def _compare(self, shown: str) -> None:
        """See that everything shown was printed in this order, however the lines were broken."""
        rest = "".join(self.printed.split())
        for part in filter(str.strip, shown.split("…")):
            wanted = "".join(part.split())
            assert wanted in rest, f"not printed: {part}\n--- but:\n{self.printed}"
            rest = rest.partition(wanted)[2]


# --- README.md, plugins/README.md -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_locality_that_a_readme_installs_can_be_seen_and_shown(
    name: str, governflow: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    [block] = [content for _, _, _, content in _BLOCK.findall(page(name)) if "pip install ./plugins" in content]
    lines = block.splitlines()
    assert len(lines) == 4
    reader = Reader(governflow, ROOT, monkeypatch, site=tmp_path)
    for line in lines:
        reader.follow("", "sh", line, adding=False)
        assert reader.printed.strip() or "pip" in line


def test_the_page_of_the_plugins_lists_every_code_that_they_speak_for() -> None:
    rows = table(page("plugins/README.md"), "folder", "codes")
    told = {
        re.findall(r"\((\w+)/README.md\)", folder)[0]: set(re.findall(r"\d{6,12}", codes)) for folder, codes, _ in rows
    }
    assert told == {
        path.parent.name: set(tomllib.loads(path.read_text(encoding="utf-8"))["project"]["entry-points"]["governflow"])
        for path in (ROOT / "plugins").glob("*/pyproject.toml")
    }
    assert {line.split("/")[-1] for line in page("plugins/all.txt").splitlines() if line.startswith("-e")} == set(told)
