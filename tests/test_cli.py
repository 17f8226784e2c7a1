"""The other commands, and what every command owes to whoever types it: one sentence, a status, clean output."""

import json
import os
import pty
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from governflow import Engine

Command = Callable[..., Any]

JOURNAL = """time,case,action,unit,satisfied,reporter,phone,text,note,until
2024-01-01 09:00,1,report,,,王小明,13800138000,王小明家门前路灯不亮,,
2024-01-01 09:04,1,dispatch,,,,,,,
2024-01-01 09:10,1,suspend,,,,,,等材料,2024-01-01 10:00
2024-01-01 10:20,1,arrive,,,,,,,
2024-01-01 10:30,1,resolve,,,,,,,
2024-01-01 11:00,1,answer,,,,,已修好,,
2024-01-01 12:00,1,evaluate,,yes,,,,,
2024-01-01 12:00,2,report,,,,,,,
"""
#: Words that stand for data, not for labels: ids of units, rules and plugins, and the zone.
_DATA = re.compile(r"community|street|department|intake|leader|governflow|Asia/Shanghai|[\w-]+/[\w/-]+|[0-9a-f]{16,}")


@pytest.fixture
def store(tmp_path: Path, governflow: Command) -> Path:
    journal, store = tmp_path / "journal.csv", tmp_path / "cases.db"
    journal.write_text(JOURNAL, encoding="utf-8")
    assert governflow("run", journal, "--locality", "000000", "--store", store).status == 0
    return store


def foreign(out: str, lang: str) -> list[str]:
    """Words of the other language in what a person reads, ids and rules aside."""
    if lang == "zh":
        return [word for word in re.findall(r"[A-Za-z]{2,}", _DATA.sub("", out)) if word not in ("W", "T")]
    return re.findall("[\u3400-\u9fff]+", out)


# --- show -------------------------------------------------------------------------------------------------------------


def test_show_tells_the_case_and_hides_who_asked_unless_it_is_wanted(store: Path, governflow: Command) -> None:
    plain = governflow("show", "1", "--store", store)
    assert plain.status == 0
    assert "王小明" not in plain.out
    assert "13800138000" not in plain.out
    whole = governflow("show", "1", "--store", store, "--with-personal-data")
    assert "王小明" in whole.out
    assert "13800138000" in whole.out


def test_a_page_is_never_written_over_a_store(store: Path, governflow: Command) -> None:
    before = store.read_bytes()
    done = governflow("show", "1", "--store", store, "--html", store)
    assert done.status == 2
    assert store.read_bytes() == before


def test_an_auditor_reads_a_store_that_may_not_be_written_to(store: Path, governflow: Command) -> None:
    with closing(sqlite3.connect(store)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.chmod(0o444)
    assert governflow("verify", "--store", store).status == 0
    assert governflow("show", "1", "--store", store).status == 0


def test_show_json_is_the_case_of_run_and_its_steps_without_personal_data(
    store: Path, tmp_path: Path, governflow: Command
) -> None:
    shown = governflow("show", "1", "--store", store, "--json")
    case = dict(shown.json)
    steps = case.pop("steps")
    run = governflow("run", tmp_path / "journal.csv", "--locality", "000000", "--json").json
    assert case == run["cases"][0]
    assert [step["seq"] for step in steps] == list(range(1, len(steps) + 1))
    assert [step["at"] for step in steps] == sorted(step["at"] for step in steps)
    assert "王小明" not in shown.out


def test_show_html_writes_one_page_and_says_where(store: Path, tmp_path: Path, governflow: Command) -> None:
    page = tmp_path / "page.html"
    done = governflow("show", "1", "--store", store, "--html", page)
    assert (done.status, done.out) == (0, "")
    assert str(page) in done.err
    text = page.read_text(encoding="utf-8")
    assert text.lower().startswith("<!doctype html>")
    assert "王小明" not in text
    for lang, word in (("en", "cannot be written"), ("zh", "无法写入")):
        done = governflow("show", "1", "--store", store, "--html", tmp_path / "absent" / "page.html", "--lang", lang)
        assert done.status == 2
        assert word in done.err


# --- explain ----------------------------------------------------------------------------------------------------------


def test_explain_gives_every_ruling_with_reason_rule_and_source(store: Path, governflow: Command) -> None:
    told = governflow("explain", "1", "--store", store, "--json").json
    assert told["case"] == "1"
    for ruling in told["rulings"]:
        assert ruling["reason"]
        assert ruling["rule"]
        assert ruling["source"] == "governflow"
    asked = [ruling["what"] for ruling in told["rulings"]]
    assert {"assess", "tier", "route"} <= set(asked)


def test_explain_accounts_for_every_clock_from_its_start_to_its_due_time_without_a_gap(
    store: Path, governflow: Command
) -> None:
    clocks = governflow("explain", "1", "--store", store, "--json").json["clocks"]
    assert {clock["clock"] for clock in clocks} >= {"dispatch", "arrive", "resolve", "answer", "evaluate", "whole"}
    for clock in clocks:
        moments = [clock["started"]]
        for segment in clock["segments"]:
            assert segment["from"] == moments[-1]
            assert segment["to"] > segment["from"]
            moments.append(segment["to"])
        assert moments[-1] == clock["due"]
    # 40 minutes from 09:04, paused from 09:10 to 10:00: 6 minutes, the pause, and the 34 that were left.
    arrive = next(clock for clock in clocks if clock["clock"] == "arrive")
    assert [(part["kind"], part["from"][11:16], part["to"][11:16]) for part in arrive["segments"]] == [
        ("counted", "09:04", "09:10"),
        ("paused", "09:10", "10:00"),
        ("counted", "10:00", "10:34"),
    ]


# --- verify -----------------------------------------------------------------------------------------------------------


def test_verify_prints_the_head_alone_on_standard_output(store: Path, governflow: Command) -> None:
    done = governflow("verify", "--store", store)
    assert done.status == 0
    assert re.fullmatch(r"\d+:[0-9a-f]{64}\n", done.out)
    assert governflow("verify", "--store", store, "--json").json == {"intact": True, "head": done.out.strip()}
    assert governflow("verify", "--store", store, "--against", done.out.strip()).status == 0


def test_verify_names_the_case_that_was_altered_with_status_1(store: Path, governflow: Command) -> None:
    head = governflow("verify", "--store", store).out.strip()
    with closing(sqlite3.connect(store)) as db:
        position, body = db.execute(
            "SELECT position, body FROM events JOIN cases USING (number) WHERE id = '1' ORDER BY position DESC LIMIT 1"
        ).fetchone()
        db.execute("UPDATE events SET body = ? WHERE position = ?", (bytes(body).replace(b"1", b"2", 1), position))
        db.commit()
    for more in ((), ("--against", head)):
        done = governflow("verify", "--store", store, *more)
        assert (done.status, done.out) == (1, "")
        assert len(done.err.splitlines()) == 1
    told = governflow("verify", "--store", store, "--json")
    assert (told.status, told.json["intact"]) == (1, False)
    assert "case 1" in told.json["fault"]
    assert "事项 1" in governflow("verify", "--store", store, "--lang", "zh").err


def test_verify_against_an_earlier_head_finds_what_was_cut_off(
    store: Path, tmp_path: Path, governflow: Command
) -> None:
    shorter = tmp_path / "shorter.db"
    first = tmp_path / "first.csv"
    first.write_text("\n".join(JOURNAL.splitlines()[:3]) + "\n", encoding="utf-8")
    governflow("run", first, "--locality", "000000", "--store", shorter)
    early = governflow("verify", "--store", shorter).out.strip()
    late = governflow("verify", "--store", store).out.strip()
    assert governflow("verify", "--store", shorter, "--against", early).status == 0
    done = governflow("verify", "--store", shorter, "--against", late)
    assert (done.status, "cut off" in done.err) == (1, True)
    wrong = governflow("verify", "--store", store, "--against", "yesterday's")
    assert (wrong.status, "is no head" in wrong.err) == (2, True)


# --- watch ------------------------------------------------------------------------------------------------------------


def test_watch_once_fires_what_is_due_and_a_second_time_nothing(store: Path, governflow: Command) -> None:
    first = governflow("watch", "--once", "--store", store, "--json")
    assert first.status == 0
    fired = [json.loads(line) for line in first.out.splitlines()]
    # The dispatch of case 2, reported at 12:00, was due at 12:05; its warning came at 80 % of that.
    assert [(event["case"], event["kind"], event["at"]) for event in fired[:2]] == [
        ("2", "warned", "2024-01-01T12:04:00+08:00"),
        ("2", "breached", "2024-01-01T12:05:00+08:00"),
    ]
    assert [datetime.fromisoformat(event["at"]) for event in fired] == sorted(
        datetime.fromisoformat(event["at"]) for event in fired
    )
    again = governflow("watch", "--once", "--store", store, "--json")
    assert (again.status, len(again.out.splitlines()) <= 1) == (0, True)
    assert governflow("verify", "--store", store).status == 0


def test_watch_waits_while_the_machines_clock_is_behind_says_so_once_and_does_not_end(
    tmp_path: Path, governflow: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, slept = tmp_path / "ahead.db", list[float]()
    with Engine.open(path) as engine:
        engine.advance(engine.clock.now() + timedelta(hours=1))

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", sleep)
    done = governflow("watch", "--store", path, "--every", "1")
    assert slept == [1, 1, 1]
    assert done.err.count("waiting until then") == 1
    once = governflow("watch", "--once", "--store", path)
    assert (once.status, once.out, once.err.count("waiting until then")) == (0, "", 1)


# --- diagram ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lang", "label"), [("en", "dispatch"), ("zh", "派单")])
def test_the_diagram_is_mermaid_in_the_language_that_is_asked_for(governflow: Command, lang: str, label: str) -> None:
    done = governflow("diagram", "000000", "--lang", lang)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("stateDiagram-v2\n")
    assert label in done.out
    if lang == "en":
        assert foreign(done.out, "en") == []


def test_the_diagram_as_json_is_the_table_of_the_lifecycle(governflow: Command) -> None:
    rows = governflow("diagram", "--json").json
    ways = {(row["action"], row["from"], row["to"]) for row in rows}
    assert {("dispatch", "reported", "dispatched"), ("claim", "dispatched", "claimed")} <= ways
    assert ("return", "claimed", "accepted") in ways


def test_an_svg_without_graphviz_is_one_sentence_and_no_file(
    tmp_path: Path, governflow: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for lang in ("en", "zh"):
        done = governflow("diagram", "--svg", tmp_path / "d.svg", "--lang", lang)
        assert (done.status, done.out, len(done.err.splitlines())) == (2, "", 1)
        assert "Graphviz" in done.err
    assert not (tmp_path / "d.svg").exists()


def test_a_lifecycle_that_a_locality_has_not_is_refused_with_those_that_it_has(governflow: Command) -> None:
    done = governflow("diagram", "--lifecycle", "mediation")
    assert (done.status, "everyday" in done.err) == (2, True)


# --- what every command owes ------------------------------------------------------------------------------------------

READING = [("show", "1"), ("explain", "1"), ("verify",), ("watch", "--once"), ("upgrade", "000000")]


@pytest.mark.parametrize("command", READING)
def test_a_store_that_is_not_there_is_refused_and_not_made(
    tmp_path: Path, governflow: Command, command: tuple[str, ...]
) -> None:
    done = governflow(*command, "--store", tmp_path / "absent.db")
    assert (done.status, done.out) == (2, "")
    assert done.err == f"there is no store {tmp_path / 'absent.db'}\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", READING)
def test_a_file_that_is_no_store_is_refused(tmp_path: Path, governflow: Command, command: tuple[str, ...]) -> None:
    (tmp_path / "notes.db").write_text("not a database at all", encoding="utf-8")
    done = governflow(*command, "--store", tmp_path / "notes.db")
    assert (done.status, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert (tmp_path / "notes.db").read_text(encoding="utf-8") == "not a database at all"


@pytest.mark.parametrize("command", ["show", "explain"])
def test_a_case_that_is_not_there_is_one_sentence(store: Path, governflow: Command, command: str) -> None:
    done = governflow(command, "99", "--store", store)
    assert (done.status, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert "99" in done.err
    assert "没有编号为 99 的事项" in governflow(command, "99", "--store", store, "--lang", "zh").err


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("command", READING)
def test_plain_output_is_in_one_language_and_without_escape_codes(
    store: Path, governflow: Command, command: tuple[str, ...], lang: str
) -> None:
    done = governflow(*command, "--store", store, "--lang", lang)
    assert done.status == 0
    assert "\x1b" not in done.out + done.err
    told = done.out.replace("已修好", "").replace("等材料", "").replace("***家门前路灯不亮", "").replace("cases.db", "")
    words = foreign(told, lang)
    if command[0] == "explain" and lang == "zh":  # the ids of rules are data; a narrow column breaks them
        rulings = governflow(*command, "--store", store, "--json").json["rulings"]
        rules = " ".join(ruling["rule"] for ruling in rulings)
        words = [word for word in words if word not in rules]
    assert words == []


@pytest.mark.parametrize(
    ("arguments", "words", "zh_words"),
    [
        (("run", "--nonsense"), ["--nonsense"], ["没有选项", "--nonsense"]),
        (("run",), ["JOURNAL"], ["缺少参数", "JOURNAL"]),
        (("show", "1"), ["--store"], ["缺少选项", "--store"]),
        (("run", "a.csv", "--map"), ["--map"], ["--map"]),
        (("run", "a.csv", "b.csv"), ["b.csv"], ["b.csv"]),
        (("run", "a.csv", "--store", "/"), ["--store", "directory"], ["--store", "目录"]),
        (("watch", "--store", "a.db", "--every", "often"), ["--every", "often"], ["--every", "数字"]),
        (("run", "a.csv", "--lang", "fr"), ["--lang", "zh", "en"], ["--lang", "zh 或 en"]),
        (("nonsense",), ["nonsense"], ["nonsense"]),
    ],
)
def test_what_is_typed_wrong_is_one_sentence_on_standard_error_and_status_2(
    governflow: Command,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    words: list[str],
    zh_words: list[str],
) -> None:
    for lang, wanted in (("en", words), ("zh", zh_words)):
        monkeypatch.setenv("GOVERNFLOW_LANG", lang)
        done = governflow(*arguments)
        assert (done.status, done.out, len(done.err.splitlines())) == (2, "", 1)
        for word in wanted:
            assert word in done.err
        if lang == "zh":
            assert re.findall("[\u3400-\u9fff]", done.err)


def test_governflow_alone_shows_its_commands(governflow: Command) -> None:
    done = governflow()
    assert done.status == 2
    assert re.search(r"^  run ", done.err, re.MULTILINE)
    assert governflow("--help").status == 0
    assert governflow("--version").out.startswith("governflow ")


def test_a_fault_of_governflow_itself_is_one_sentence_too(
    store: Path, governflow: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("left")

    monkeypatch.setattr("governflow.cli.cases.show", broken)
    done = governflow("show", "1", "--store", store)
    assert (done.status, len(done.err.splitlines())) == (2, 1)
    assert "please report it" in done.err


# --- as a program -----------------------------------------------------------------------------------------------------


def _program(*arguments: str | Path, **more: Any) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "GOVERNFLOW_LANG": "en", "TERM": "xterm", "COLUMNS": "100"}
    command = [sys.executable, "-m", "governflow", *map(str, arguments)]
    return subprocess.run(command, env=environment, check=False, timeout=60, **more)


@pytest.mark.slow
def test_the_program_keeps_the_statuses_and_both_streams_apart(store: Path, tmp_path: Path) -> None:
    journal = tmp_path / "journal.csv"
    journal.write_text(JOURNAL + "2024-13-01 09:00,3,report,,,,,,,\n", encoding="utf-8")
    some = _program("run", journal, "--locality", "000000", "--json", capture_output=True)
    assert (some.returncode, len(json.loads(some.stdout)["cases"])) == (1, 2)
    assert some.stderr.startswith(b"line 10: column time")
    assert b"\x1b" not in some.stderr
    assert _program("verify", "--store", store, capture_output=True).returncode == 0
    none = _program("verify", "--store", tmp_path / "absent.db", capture_output=True)
    assert (none.returncode, none.stdout) == (2, b"")


def test_a_reader_that_has_seen_enough_is_no_error(store: Path) -> None:
    source, sink = os.pipe()
    os.close(source)
    done = _program("show", "1", "--store", store, stdout=sink, stderr=subprocess.PIPE)
    os.close(sink)
    assert done.stderr == b""


def test_there_is_a_progress_bar_on_a_terminal_and_none_in_a_pipe(store: Path, tmp_path: Path) -> None:
    run = ("run", tmp_path / "journal.csv", "--locality", "000000", "--json")
    ours, theirs = pty.openpty()
    done = _program(*run, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    assert done.returncode == 0
    assert b"taking rows" in shown
    assert b"\x1b" not in done.stdout
    piped = _program(*run, capture_output=True)
    assert piped.stderr == b""
    assert piped.stdout == done.stdout
