"""The documentation says what is so: its code runs, its commands exist, its tables are those of the code."""

import io
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import click
import pytest

from governflow.cli.commands import cli
from governflow.model.clocks import ClockSpec
from governflow.model.headings import ACTIONS, FIELDS, ORDER
from governflow.model.terms import Severity
from governflow.normalize import key
from governflow.policy.builtin.defaults import governflow_deadlines

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
READMES = ("README.md", "README.zh-CN.md")
GUIDES = ("docs/journals.md", "docs/clocks.md", "docs/results.md")
_DOCS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))
PAGES = (*READMES, *GUIDES, *_DOCS, "plugins/README.md", "CHANGELOG.md")
PAGES = tuple(dict.fromkeys(PAGES))

Command = Callable[..., Any]


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page(name), re.MULTILINE | re.DOTALL)


def tables(text: str) -> Iterator[list[list[str]]]:
    """The Markdown tables of a text: rows of cells, the heading first and the rule left out."""
    for found in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        rows = [[cell.strip() for cell in line[1:-1].split(" | ")] for line in found.splitlines()]
        yield [rows[0], *rows[2:]]


def table(name: str, *headings: str) -> list[list[str]]:
    return next(rows[1:] for rows in tables(page(name)) if rows[0][: len(headings)] == list(headings))


def quoted(name: str) -> list[str]:
    """The sentences that a page quotes, each on one line."""
    return [
        " ".join(found.split("\n> ")).strip("> \n") for found in re.findall(r"(?:^> .*\n)+", page(name), re.MULTILINE)
    ]


def words(cell: str) -> list[str]:
    return re.findall(r"`([^`]*)`", cell)


def printed_by(block: str, names: dict[str, object]) -> list[str]:
    out = io.StringIO()
    with redirect_stdout(out):
        exec(compile(block, "docs", "exec"), names)
    return out.getvalue().splitlines()


def commands(name: str) -> Iterator[list[str]]:
    """Every call of ``governflow`` that a page shows, in a block or in a line, as its arguments."""
    text = page(name)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))
    for line in [line for block in blocks(name, "sh") for line in block.splitlines()] + inline:
        for part in line.split("&&"):
            found = re.match(r"\s*(?:\.venv/bin/)?governflow (.+)", part)
            if found:
                yield shlex.split(found[1], comments=True)


def commands_of_block(name: str, number: int) -> list[list[str]]:
    """The calls of ``governflow`` in a block of shell, each as its arguments."""
    lines = (shlex.split(line, comments=True) for line in blocks(name, "sh")[number].splitlines())
    return [arguments for _, *arguments in lines]


# --- both READMEs -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["sh", "csv", "python"])
def test_both_readmes_have_the_same_code_blocks(language: str) -> None:
    english, chinese = (blocks(name, language) for name in READMES)
    assert english
    assert english == chinese


def test_both_readmes_begin_with_the_same_two_commands() -> None:
    for name in READMES:
        demo, tests = blocks(name, "sh")[:2]
        assert demo.count("\n") == tests.count("\n") == 1
        assert demo.rstrip().endswith(".venv/bin/governflow demo")
        assert tests.rstrip().endswith(".venv/bin/python -m pytest")


@pytest.mark.parametrize("name", READMES)
def test_the_python_of_a_readme_runs_and_prints_what_its_comments_say(name: str) -> None:
    for block in blocks(name, "python"):
        promised = re.findall(r"^# (.*)$", block, re.MULTILINE)
        printed = printed_by(block, {"__name__": "docs"})
        assert promised
        assert [line for line in promised if line not in printed] == []
        assert re.fullmatch(r"\d+:[0-9a-f]{64}", printed[-1])  # the head that verify gives


@pytest.mark.parametrize("name", READMES)
def test_the_journal_of_a_readme_gives_what_it_says_of_a1_and_a2(
    name: str, governflow: Command, tmp_path: Path
) -> None:
    (tmp_path / "day.csv").write_text(blocks(name, "csv")[0], encoding="utf-8")
    done = governflow("run", tmp_path / "day.csv", "--locality", "371621", "--json")
    assert done.status == 0
    first, second = done.json["cases"]
    clocks = {clock["clock"]: clock for clock in first["clocks"]}
    assert clocks["arrive"]["outcome"] == "met"
    assert clocks["resolve"]["outcome"] == "breached"
    assert (clocks["resolve"]["due"][11:16], clocks["resolve"]["stopped"][11:16]) == ("09:00", "09:10")
    assert [(step["at"][11:16], step["kind"], step["to"]) for step in second["escalations"]][:2] == [
        ("08:10", "urge", "intake"),
        ("08:40", "supervise", "leader"),
    ]
    due = second["measures_due"][0]
    assert (due["at"][11:16], due["kind"], due["to"]) == ("09:10", "take_over", "street")
    assert (second["state"], second["unit"]) == ("reported", "intake")


@pytest.mark.parametrize("name", READMES)
def test_every_command_of_a_readme_works_on_its_journal(
    name: str, governflow: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("day.csv").write_text(blocks(name, "csv")[0], encoding="utf-8")
    for block in blocks(name, "sh")[2:]:
        if "pip install" in block or "371621  " in block:
            continue  # a locality and its commands: see test_guide.py, and below
        for line in block.splitlines():
            arguments = shlex.split(line, comments=True)
            assert arguments.pop(0) == ".venv/bin/governflow"
            assert governflow(*arguments).status == 0, line
    assert Path("A1.html").exists()
    assert not Path("rejected.csv").exists()  # nothing was refused


@pytest.mark.slow
@pytest.mark.installed
def test_a_readmes_commands_on_an_installed_locality_work_from_the_folder_of_the_project(
    governflow: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("plugins").symlink_to(ROOT / "plugins")
    (block,) = [block for block in blocks("README.md", "sh") if "governflow check" in block]
    for line in block.splitlines():
        arguments = shlex.split(line, comments=True)[1:]
        assert governflow(*arguments).status == 0, line
    assert "惠民县" in Path("check.html").read_text(encoding="utf-8") or "Huimin" in Path("check.html").read_text(
        "utf-8"
    )


# --- what pages point to ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_every_relative_link_leads_somewhere(name: str) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", page(name)):
        path, _, anchor = link.partition("#")
        if path.startswith("http"):
            continue
        target = (ROOT / name).parent / path if path else ROOT / name
        assert target.exists(), link
        if anchor:
            titles = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles], link


@pytest.mark.parametrize("name", PAGES)
def test_every_file_that_is_named_exists(name: str) -> None:
    named = re.findall(r"(?<![\w/.])((?:tests|src|docs|benchmarks|plugins)/[\w./-]*\w)", page(name))
    # The guide's invented county is written by whoever follows it.
    assert [path for path in named if not (ROOT / path).exists() and "governflow_example" not in path] == []


@pytest.mark.parametrize("name", PAGES)
def test_every_command_and_option_that_is_shown_exists(name: str) -> None:
    for arguments in commands(name):
        if arguments[0].startswith("-"):
            assert arguments[0] in ("--help", "--version")
            continue
        assert arguments[0] in cli.commands, arguments
        known = {option for param in cli.commands[arguments[0]].params for option in param.opts} | {"--help"}
        assert [word for word in arguments[1:] if word.startswith("--") and word not in known] == [], arguments


def test_every_option_that_a_page_names_alone_belongs_to_some_command() -> None:
    known = {option for command in cli.commands.values() for param in command.params for option in param.opts}
    for name in (*READMES, *GUIDES):
        alone = {word for span in re.findall(r"`(--[^`\n]+)`", page(name)) for word in re.findall(r"--[a-z-]+", span)}
        assert alone <= known, name


def test_the_journal_page_explains_every_option_of_run() -> None:
    for param in cli.commands["run"].params:
        if isinstance(param, click.Option) and "--lang" not in param.opts:
            assert param.opts[0] in page("docs/journals.md")


def test_every_extra_that_is_named_exists() -> None:
    extras = tomllib.loads(page("pyproject.toml"))["project"]["optional-dependencies"]
    for name in PAGES:
        assert set(re.findall(r"(?:governflow|\.)\[([a-z]+)\]", page(name))) <= set(extras)


@pytest.mark.parametrize("name", PAGES)
def test_no_page_holds_a_path_of_a_machine(name: str) -> None:
    text = page(name)
    assert re.findall(r"(?:^|[\s`(\"'])(?:/(?:work|home|root|tmp|Users|opt|mnt)/\S*|[A-Z]:\\\S*)", text) == []


# --- docs/journals.md -------------------------------------------------------------------------------------------------


def test_the_journal_page_lists_every_heading() -> None:
    listed = table("docs/journals.md", "English", "中文", "also understood")
    assert [(*words(name), *words(zh), tuple(words(also))) for name, zh, also in listed] == [
        (field.name, field.zh, field.headings) for field in FIELDS.values()
    ]


def test_the_journal_page_lists_every_word_of_every_closed_set() -> None:
    listed = table("docs/journals.md", "field", "becomes", "may be written")
    told = {
        (words(name)[0], key(word)): words(value)[0]
        for name, value, written in listed
        if FIELDS[words(name)[0]].choices
        for word in words(written)
    }
    assert told == {
        (field.name, word): {True: "yes", False: "no", "": "none"}.get(value, value)
        for field in FIELDS.values()
        for word, value in field.choices.items()
    }


def test_the_journal_page_lists_every_action_in_the_order_of_the_lifecycle() -> None:
    [line] = [line for line in page("docs/journals.md").splitlines() if line.startswith("`report` 上报 · ")]
    told = [(words(pair)[0], pair.split("` ")[1]) for pair in line.split(" · ")]
    assert [name for name, _ in told] == list(ORDER)
    assert all(ACTIONS[zh] == name for name, zh in told)


def test_times_that_the_journal_page_calls_understood_are_one_moment(governflow: Command, tmp_path: Path) -> None:
    written = [row[0].strip("`") for row in table("docs/journals.md", "written", "")]
    assert len(written) == 7
    journal = tmp_path / "times.csv"
    journal.write_text("time,case,action\n" + "\n".join(f"{time},{n},report" for n, time in enumerate(written)))
    done = governflow("run", journal, "--json")
    assert (done.status, len(done.json["cases"])) == (0, 7)
    assert {case["opened"][:16] for case in done.json["cases"]} == {"2019-04-25T09:32"}


def says(told: str, shown: str) -> bool:
    """Whether a sentence is the one shown; a list that a page leaves out ends as ``…``."""
    return told.startswith(shown[:-1]) if shown.endswith("…") else told == shown


def test_each_faulty_row_is_refused_in_the_very_words_of_the_journal_page(governflow: Command, tmp_path: Path) -> None:
    [headings] = set(
        re.findall(r"^Each journal below has the headings `([^`]+)`", page("docs/journals.md"), re.MULTILINE)
    )
    rows = table("docs/journals.md", "rows", "English", "中文")
    assert len(rows) > 20
    journal = tmp_path / "day.csv"
    for cells, english, chinese in rows:
        lines = [line + "," * (headings.count(",") - line.count(",")) for line in words(cells)]
        journal.write_text("\n".join([headings, *lines]) + "\n", encoding="utf-8")
        for lang, shown in (("en", english), ("zh", chinese)):
            done = governflow("run", journal, "--lang", lang)
            assert done.status == 1
            assert says(done.err.strip(), shown), (done.err, shown)


FILES: dict[str, tuple[str, bytes | None]] = {
    "no such file": ("nix.csv", None),
    "nothing in it": ("day.csv", b""),
    "headings but no rows": ("day.csv", "时间,事项编号,动作\n".encode()),
    "a heading is missing": ("day.csv", "时间,编码\n2026-03-16 08:00,1\n".encode()),
    "two headings for one field": (
        "day.csv",
        "时间,事项编号,动作,说明,办理意见\n2026-03-16 08:00,1,上报,a,b\n".encode(),
    ),
    "one heading twice": ("day.csv", "时间,事项编号,动作,动作\n2026-03-16 08:00,1,上报,上报\n".encode()),
    "an old workbook": ("day.xls", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)),
    "a PDF": ("day.pdf", b"%PDF-1.4\n"),
    "a web page saved as a table": ("day.xls", b"<html><table></table></html>"),
    "a JSON array": ("day.json", b"[{}]"),
    "a damaged workbook": ("day.xlsx", b"PK\x03\x04 broken"),
}


def test_each_unusable_file_is_refused_in_the_very_words_of_the_journal_page(
    governflow: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = table("docs/journals.md", "what is wrong", "English", "中文")
    assert {what for what, _, _ in rows if not words(what)} == set(FILES)
    for what, english, chinese in rows:
        name, content = FILES.get(what, ("day.csv", "时间,事项编号,动作\n2026-03-16 08:00,1,上报\n".encode()))
        if content is not None:
            Path(name).write_bytes(content)
        options = words(what)[0].split() if words(what) else []
        for lang, shown in (("en", english), ("zh", chinese)):
            done = governflow("run", name, *options, "--lang", lang)
            assert (done.status, done.out) == (2, "")
            assert says(done.err.strip(), shown), (done.err, shown)


def test_the_map_of_the_journal_page_reads_the_export_it_describes(
    governflow: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("map.toml").write_text(blocks("docs/journals.md", "toml")[0], encoding="utf-8")
    Path("export.csv").write_text(
        "id,opened,done,kind,pri\n"
        "1,2026-03-16 08:00,2026-03-16 09:00,路灯,hard\n"
        "2,2026-03-16 08:00,2026-03-15 09:00,路灯,hard\n"
        "3,2026-03-16 08:00,,路灯,soft\n"
        "1,2026-03-16 08:00,2026-03-16 10:00,路灯,hard\n",
        encoding="utf-8",
    )
    [arguments] = [command for command in commands("docs/journals.md") if "export.csv" in command]
    done = governflow(*arguments, "--json")
    assert done.status == 1
    assert [line.split(":")[0] for line in done.err.splitlines()] == ["line 3", "line 5"]
    assert [(case["case"], case["state"], case["severity"]) for case in done.json["cases"]] == [
        ("1", "answered", "complex"),
        ("2", "dispatched", "complex"),  # it lacks the settlement, which lies before the report
        ("3", "dispatched", "general"),
    ]


def test_the_journal_page_lists_every_key_of_the_json(governflow: Command, tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_text(blocks("README.md", "csv")[0], encoding="utf-8")
    found = governflow("run", tmp_path / "day.csv", "--json").json
    told = [
        ([word for row in rows[1:] for word in words(row[0])], rows)
        for rows in tables(page("docs/journals.md"))
        if rows[0] == ["key", "what it holds"]
    ]
    assert [names for names, _ in told] == [list(found), list(found["cases"][0]), list(found["summary"])]
    described = {words(row[0])[0]: words(row[1]) for _, rows in told for row in rows[1:]}
    case = found["cases"][1]
    assert described["clocks"] == list(next(iter(found["summary"]["clocks"].values())))
    for name in ("clocks", "escalations"):
        [cell] = [row[1] for row in told[1][1][1:] if row[0] == f"`{name}`"]
        assert words(cell) == list(case[name][0])


# --- docs/clocks.md ---------------------------------------------------------------------------------------------------


class Of:
    """As much of a case as the default deadlines look at."""

    def __init__(self, severity: Severity) -> None:
        self.severity = severity


def specs() -> Iterator[tuple[str, ClockSpec]]:
    for severity in Severity:
        for spec in governflow_deadlines(Of(severity)).clocks:  # type: ignore[arg-type]
            yield (f"{spec.name} {severity}" if spec.name == "resolve" else spec.name), spec


def test_the_clock_table_is_that_of_the_defaults() -> None:
    rows = table("docs/clocks.md", "clock", "中文", "starts", "stops", "allowance", "traits", "rule")
    told = {
        clock.replace("`", ""): (
            zh,
            frozenset(words(starts)),
            frozenset(words(stops)),
            words(allowance)[0],
            () if traits == "–" else tuple(traits.split(", ")),
            words(rule)[0],
        )
        for clock, zh, starts, stops, allowance, traits, rule in rows
    }
    assert len(told) == len(rows)
    assert told == {
        name: (spec.text.zh, spec.starts, spec.stops, str(spec.allowance), spec.traits, spec.rule)
        for name, spec in specs()
    }


def journal_of(name: str, case: str, path: Path) -> Path:
    [text] = [block for block in blocks(name, "csv") if f",{case},上报" in block]
    path.write_text(text, encoding="utf-8")
    return path


def test_the_ladder_of_the_clocks_page_is_climbed_at_the_very_times(governflow: Command, tmp_path: Path) -> None:
    ladder = journal_of("docs/clocks.md", "B1", tmp_path / "ladder.csv")
    done = governflow("run", ladder, "--enforce", "--until", "2026-04-20 12:00", "--json")
    [case] = done.json["cases"]
    climbed = [
        (step["at"][:16].replace("T", " "), step["because"].split()[0], step["kind"], step["from"], step["to"])
        for step in case["escalations"]
    ]
    rows = table("docs/clocks.md", "time", "clock", "kind", "from", "to")
    assert climbed[: len(rows)] == [(row[0], *(words(cell)[0] for cell in row[1:])) for row in rows]
    assert climbed[len(rows) :] == [("2026-03-17 19:20", "arrive", "urge", "leader", "leader")]
    # Seven days, from the 17th to the 23rd, then the 30th, the 6th and the 13th.
    again = case["escalations"][-1]
    assert (again["times"], again["until"][:16]) == (10, "2026-04-13T19:20")


def test_the_pause_and_the_extension_of_the_clocks_page_are_counted_as_shown(
    governflow: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    journal_of("docs/clocks.md", "P1", Path("pause.csv"))
    assert governflow("run", "pause.csv", "--store", "pause.db", "--lang", "en").status == 0
    explained = governflow("explain", "P1", "--store", "pause.db", "--lang", "en").out
    lines = [line.rstrip() for line in explained.splitlines()]
    shown = blocks("docs/clocks.md", "text")[0].splitlines()
    start = lines.index(shown[0])
    assert lines[start : start + len(shown)] == shown


@pytest.mark.parametrize("until", ["2026-03-16 09:00", "2026-03-16 11:00"])
def test_the_late_fact_of_the_clocks_page_withdraws_its_breach_and_what_the_ladder_did(
    governflow: Command, tmp_path: Path, until: str
) -> None:
    day, late, store = tmp_path / "day.csv", tmp_path / "late.csv", tmp_path / "cases.db"
    day.write_text("time,case,action\n2026-03-16 08:00,L1,report\n2026-03-16 08:03,L1,dispatch\n")
    late.write_text("时间,事项编号,动作\n2026-03-16 08:40,L1,到场\n", encoding="utf-8")
    governflow("run", day, "--enforce", "--store", store, "--until", until)
    done = governflow("run", late, "--store", store, "--json")
    [case] = done.json["cases"]
    clocks = {clock["clock"]: clock for clock in reversed(case["clocks"])}  # the first of each name
    assert (clocks["arrive"]["due"][11:16], clocks["arrive"]["outcome"]) == ("08:43", "met")
    assert clocks["arrive"]["exempt"] is None
    assert clocks["resolve"]["started"][11:16] == "08:40"
    assert done.json["summary"]["rates"]["response"] == {"n": 1, "of": 1, "excluded": 0}


def test_a_late_row_that_another_fact_contradicts_is_refused_as_the_journal_page_says(
    governflow: Command, tmp_path: Path
) -> None:
    day, late, store = tmp_path / "day.csv", tmp_path / "late.csv", tmp_path / "cases.db"
    day.write_text("time,case,action\n2026-03-16 08:00,L1,report\n2026-03-16 08:03,L1,dispatch\n")
    late.write_text("时间,事项编号,动作,备注\n2026-03-16 08:02,L1,不予受理,非本县事项\n", encoding="utf-8")
    governflow("run", day, "--store", store)
    refused = governflow("run", late, "--store", store)
    assert (refused.status, refused.err.strip()) == (1, quoted("docs/journals.md")[0])


def test_a_dispatch_told_after_the_ladder_dispatched_by_itself_is_the_dispatch(
    governflow: Command, tmp_path: Path
) -> None:
    day, mended, store = tmp_path / "day.csv", tmp_path / "mended.csv", tmp_path / "cases.db"
    heading = "时间,事项编号,动作\n"
    day.write_text(f"{heading}2026-03-16 08:00,A1,上报\n2026-03-16 10:00,A2,上报\n", encoding="utf-8")
    mended.write_text(f"{heading}2026-03-16 08:03,A1,派单\n", encoding="utf-8")
    governflow("run", day, "--enforce", "--store", store)
    done = governflow("run", mended, "--store", store, "--json")
    [clock] = [clock for clock in done.json["cases"][0]["clocks"] if clock["clock"] == "dispatch"]
    assert (done.status, clock["outcome"], clock["stopped"][11:16]) == (0, "met", "08:03")


def test_the_rates_of_the_clocks_page_are_those_of_the_readme_journal(governflow: Command, tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_text(blocks("README.md", "csv")[0], encoding="utf-8")
    rates = governflow("run", tmp_path / "day.csv", "--locality", "371621", "--json").json["summary"]["rates"]
    told = re.findall(r"(\w+) \*\*(\d+) / (\d+)\*\*", page("docs/clocks.md"))
    assert [(name.lower(), int(n), int(of)) for name, n, of in told] == [
        (name, rate["n"], rate["of"]) for name, rate in rates.items()
    ]


def test_the_lists_of_the_clocks_page_print_what_it_says(
    governflow: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("day.csv").write_text(blocks("README.md", "csv")[0], encoding="utf-8")
    lists = [line.split()[1:] for line in page("docs/clocks.md").splitlines() if "--list" in line and "run" in line]
    assert [line[-1] for line in lists] == ["resolve.breached", "办结.超时"]
    for line in lists:
        assert governflow(*line).out == "A1\n"
    assert "--list 办结.超时" in page("README.zh-CN.md")
    assert "--list resolve.breached" in page("README.md")


def test_every_allowance_of_the_clocks_page_reads_as_its_english_form() -> None:
    from governflow.calendars.allowances import Allowance

    for english, chinese, _ in table("docs/clocks.md", "text", "Chinese forms", "meaning"):
        amount, unit = re.fullmatch(r"(\d+)(\w+)", words(english)[0]).groups()  # type: ignore[union-attr]
        for text in words(chinese):
            assert Allowance.parse(text).unit == unit, text
        assert str(Allowance.parse(words(chinese)[0])) == f"{amount}{unit}"


def test_the_python_of_the_clocks_page_runs_and_prints_what_its_comments_say() -> None:
    names: dict[str, object] = {"__name__": "docs"}
    for block in blocks("docs/clocks.md", "python"):
        assert printed_by(block, names) == re.findall(r"^# (.*)$", block, re.MULTILINE)


# --- docs/facts.md ----------------------------------------------------------------------------------------------------


def test_the_life_of_the_facts_page_is_told_late_as_shown(
    governflow: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, block in zip(("day.csv", "late.csv"), blocks("docs/facts.md", "csv"), strict=True):
        Path(name).write_text(block, encoding="utf-8")
    first, second, show = commands_of_block("docs/facts.md", 0)
    before = governflow(*first, "--json").json
    assert before["cases"][0]["unit"] == "leader"
    # One case missed its arrival; the five cycles after it were started by measures and stand apart.
    assert [before["summary"][group]["arrive"]["breached"] for group in ("clocks", "again")] == [1, 5]
    after = governflow(*second, "--json").json
    assert (after["cases"][0]["unit"], after["cases"][0]["escalations"]) == ("community", [])
    assert {after["summary"]["clocks"][name]["met"] for name in ("arrive", "resolve")} == {1}
    shown = [line.rstrip() for line in governflow(*show).out.splitlines()]
    promised = blocks("docs/facts.md", "text")[0].splitlines()
    start = shown.index(promised[0])
    assert shown[start : start + len(promised)] == promised
    assert [line for line in shown if "2026-03-16 08:35  Warning" in line]

    lines = [block.splitlines() for block in blocks("docs/facts.md", "csv")]
    Path("whole.csv").write_text("\n".join([*lines[0], *lines[1][1:]]), encoding="utf-8")
    in_time = governflow("run", "whole.csv", "--enforce", "--until", "2026-03-17 08:00", "--json").json
    assert in_time["cases"] == after["cases"]
    assert in_time["summary"] == after["summary"]


def test_the_python_of_the_facts_page_runs_and_prints_what_its_comments_say() -> None:
    names: dict[str, object] = {"__name__": "docs"}
    for block in blocks("docs/facts.md", "python"):
        promised = re.findall(r"^# (.*)$", block, re.MULTILINE)
        assert promised
        assert printed_by(block, names) == promised


# --- docs/results.md --------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(not (DATA / "petitions_2816.xlsx").exists(), reason="the shared data are not here")
def test_the_petitions_come_out_as_the_results_page_shows(governflow: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    [arguments] = [command for command in commands("docs/results.md") if "petitions" in " ".join(command)]
    done = governflow(*(argument.replace("DATA/", f"{DATA}/") for argument in arguments))
    shown = blocks("docs/results.md", "text")[0]
    assert done.status == 0
    assert [line.strip() for line in done.out.splitlines() if line.strip()] == [
        line.strip() for line in shown.splitlines() if line.strip()
    ]
    assert f"`{done.err.strip()}`" in page("docs/results.md")


@pytest.mark.skipif(not DATA.exists(), reason="the shared data are not here")
def test_the_data_that_the_results_page_reads_are_there() -> None:
    named = re.findall(r"\bDATA/([\w.]+)", page("docs/results.md"))
    assert len(named) >= 2
    assert [name for name in named if not (DATA / name).exists()] == []
