"""``governflow run``: what the contract promises, checked through the command line."""

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from governflow import Engine
from governflow.journal import Map, Reject, Row, read
from governflow.run.commands import JournalCommands
from governflow.run.runner import run

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
NAMES = ("time", "case", "action", "unit", "visit", "score", "satisfied", "note", "until")

#: The clean journal of most tests: case 1 goes wrong on the way and ends well, case 2 is reported later and left.
CLEAN = [
    "2024-01-01 09:00,1,report",
    "2024-01-01 09:04,1,dispatch",
    "2024-01-01 09:50,1,arrive",
    "2024-01-01 10:00,2,report",
    "2024-01-01 10:03,2,dispatch",
    "2024-01-01 10:20,1,resolve",
    "2024-01-01 11:00,1,answer",
    "2024-01-01 12:00,1,evaluate,,,,yes",
]

Command = Callable[..., Any]


def write(path: Path, rows: Iterable[str], heading: str = ",".join(NAMES)) -> Path:
    width = heading.count(",")
    lines = [heading, *(line + "," * (width - line.count(",")) for line in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    return write(tmp_path / "clean.csv", CLEAN)


def but_rows(done: Any) -> Any:
    """What a run found out about the cases, without how many rows said so and which cases lack one."""
    told = done.json
    del told["rows"], told["summary"]["incomplete"]
    told["summary"].pop("incomplete_in", None)
    for case in told["cases"]:
        case.pop("incomplete", None)
    for figure in (*told["summary"]["clocks"].values(), *told["summary"]["rates"].values()):
        figure.pop("incomplete", None)
    return told


def outcomes(case: Any) -> dict[str, tuple[str, str | None]]:
    return {clock["clock"]: (clock["outcome"], clock["exempt"]) for clock in case["clocks"]}


# --- the JSON of the contract -----------------------------------------------------------------------------------------


def test_the_json_is_the_object_of_the_contract_to_the_last_key(clean: Path, governflow: Command) -> None:
    done = governflow("run", clean, "--locality", "000000", "--json")
    assert (done.status, done.err) == (0, "")
    told = done.json
    assert list(told) == ["locality", "rules", "until", "way", "rows", "cases", "summary"]
    assert told["rows"] == {"taken": 8, "refused": 0, "repeated": 0}
    assert told["locality"] == "000000"
    assert told["until"] == "2024-01-01T12:00:00+08:00"
    assert [case["case"] for case in told["cases"]] == ["1", "2"]

    def at(clock: str) -> str:
        return f"2024-01-01T{clock}:00+08:00"

    first = told["cases"][0]
    assert isinstance(first["escalations"][0].pop("because"), str)
    assert first == {
        "case": "1",
        "way": "record",
        "state": "closed",
        "severity": "general",
        "tier": "3",
        "form": "direct",
        "unit": "community",
        "opened": at("09:00"),
        "closed": at("12:00"),
        "clocks": [
            _clock("dispatch", at("09:00"), at("09:05"), at("09:04"), "met"),
            # 60 days, the first not counted, to the end of the last: 1 March 2024 24:00.
            _clock("whole", at("09:00"), "2024-03-02T00:00:00+08:00", at("11:00"), "met"),
            _clock("arrive", at("09:04"), at("09:44"), at("09:50"), "breached"),
            _clock("resolve", at("09:50"), at("10:20"), at("10:20"), "met"),
            _clock("answer", at("10:20"), "2024-01-02T10:20:00+08:00", at("11:00"), "met"),
            _clock("evaluate", at("11:00"), "2024-01-04T11:00:00+08:00", at("12:00"), "met"),
        ],
        "escalations": [
            {"at": at("09:44"), "cause": "breach", "kind": "urge", "from": "community", "to": "community"},
        ],
        "measures_due": [],
        "findings": [],
        "reopened": 0,
        "satisfied": True,
    }
    second = told["cases"][1]
    # On the road since 10:03: urged at 10:43, supervised by the street at 11:23, taken over by it at 12:03.
    assert [(step["at"], step["kind"], step["to"]) for step in second["escalations"]] == [
        (at("10:43"), "urge", "community"),
        (at("11:23"), "supervise", "street"),
    ]
    assert (second["closed"], second["satisfied"]) == (None, None)
    assert outcomes(second) == {
        "dispatch": ("met", None),
        "whole": ("running", None),
        "arrive": ("breached", None),
    }
    assert told["summary"] == {
        "incomplete": 0,
        "cases": 2,
        "open": 1,
        "closed": 1,
        "archived": 1,
        "reopened": 0,
        "clocks": {
            "dispatch": _tally(met=2),
            "arrive": _tally(breached=2),
            "resolve": _tally(met=1),
            "answer": _tally(met=1),
            "evaluate": _tally(met=1),
            "whole": _tally(met=1, running=1),
        },
        "rates": {
            "response": {"n": 0, "of": 2, "excluded": 0},
            "resolution": {"n": 1, "of": 1, "excluded": 0},
            "satisfaction": {"n": 1, "of": 1, "excluded": 0},
            "contacted": {"n": 1, "of": 2, "excluded": 0},
            "resolved": {"n": 1, "of": 2, "excluded": 0},
            "resolved_on_time": {"n": 1, "of": 1, "excluded": 0},
        },
        "again": {},
        "by_state": {"closed": 1, "dispatched": 1},
        "escalations": {"urge": 2, "supervise": 1},
        "measures_due": {},
        "findings": {},
        "by_unit": {"community": 2},
    }


def _clock(name: str, started: str, due: str, stopped: str, outcome: str) -> dict[str, Any]:
    return {"clock": name, "started": started, "due": due, "stopped": stopped, "outcome": outcome, "exempt": None}


def _tally(**counts: int) -> dict[str, int]:
    return {"met": 0, "breached": 0, "exempt": 0, "running": 0} | counts


def test_every_outcome_of_the_contract_can_be_seen(tmp_path: Path, governflow: Command) -> None:
    journal = write(
        tmp_path / "journal.csv",
        [
            "2024-01-01 09:00,a,report",
            "2024-01-01 09:06,a,dispatch",
            "2024-01-01 09:10,a,suspend,,,,,waiting,2024-02-01 00:00",
            "2024-01-01 09:00,b,report",
            "2024-01-01 09:01,b,dispatch",
            "2024-01-01 09:05,b,return,,,,,not mine",
            "2024-01-01 09:00,c,report",
            "2024-01-01 09:01,c,resolve",
            "2024-01-01 09:02,c,answer",
        ],
    )
    told = governflow("run", journal, "--locality", "000000", "--json", "--enforce", "--until", "2024-01-04 10:00").json
    a, b, c = told["cases"]
    assert outcomes(a)["dispatch"][0] == "breached"
    assert outcomes(a)["arrive"][0] == "paused"
    assert outcomes(a)["whole"][0] == "running"
    # Cycle 1 of the dispatch was met; the arrive clock of the unit that gave the case back was cancelled.
    assert ("dispatch", "met") in [(clock["clock"], clock["outcome"]) for clock in b["clocks"]]
    assert ("arrive", "cancelled") in [(clock["clock"], clock["outcome"]) for clock in b["clocks"]]
    assert outcomes(c)["evaluate"][0] == "lapsed"
    assert (c["state"], c["satisfied"]) == ("closed", None)


def test_a_breach_is_exempt_by_an_appeal_or_an_outage_and_withdrawn_by_a_late_fact(
    tmp_path: Path, governflow: Command
) -> None:
    store = tmp_path / "cases.db"
    # Outage from 11:00 to 11:30 in the locality's book; the dispatch of case o falls due inside it.
    with Engine.open(store) as engine:
        engine.declare_outage("000000", _utc("11:00"), _utc("11:30"), reason="power cut", at=_utc("08:00"))
    journal = write(
        tmp_path / "journal.csv",
        [
            "2024-01-01 09:00,a,report",
            "2024-01-01 09:06,a,dispatch",
            "2024-01-01 09:07,a,appeal,,,,,the line was down",
            "2024-01-01 09:08,a,rule,,,,yes",
            "2024-01-01 12:00,d,report",
            "2024-01-01 11:00,o,report",
            "2024-01-01 11:06,o,dispatch",
        ],
    )
    run = ("--locality", "000000", "--store", store, "--json", "--until", "2024-01-01 12:30")
    assert governflow("run", journal, *run).status == 0
    # What the dispatcher of case d wrote down came late.
    late = write(tmp_path / "late.csv", ["2024-01-01 12:04,d,dispatch"])
    told = governflow("run", late, *run).json
    assert {case["case"]: outcomes(case)["dispatch"] for case in told["cases"]} == {
        "a": ("breached", "appeal"),
        "d": ("met", None),
        "o": ("breached", "outage"),
    }
    assert told["summary"]["clocks"]["dispatch"] == _tally(exempt=2, met=1)
    assert told["summary"]["rates"]["response"]["excluded"] == 0  # an exemption concerns the rate of its own clock


def _utc(clock: str) -> datetime:
    return datetime.fromisoformat(f"2024-01-01T{clock}:00+08:00")


def test_cases_come_in_the_order_of_their_first_report_whatever_the_order_of_the_file(
    tmp_path: Path, governflow: Command
) -> None:
    journal = write(tmp_path / "journal.csv", [f"2024-01-{day:02} 09:00,{day},report" for day in (5, 3, 9, 1)])
    told = governflow("run", journal, "--locality", "000000", "--json").json
    assert [case["case"] for case in told["cases"]] == ["1", "3", "5", "9"]


def test_a_case_that_comes_to_the_store_late_stands_where_it_was_reported(tmp_path: Path, governflow: Command) -> None:
    store = tmp_path / "cases.db"
    options = ("--locality", "000000", "--store", store, "--json")
    governflow("run", write(tmp_path / "b.csv", ["2024-01-02 09:00,b,report"]), *options)
    told = governflow("run", write(tmp_path / "a.csv", ["2024-01-01 09:00,a,report"]), *options).json
    assert [case["case"] for case in told["cases"]] == ["a", "b"]


# --- journals ---------------------------------------------------------------------------------------------------------


def test_csv_xlsx_and_jsonl_in_any_encoding_give_the_same_json(
    tmp_path: Path, clean: Path, governflow: Command
) -> None:
    rows = [line.split(",") for line in clean.read_text(encoding="utf-8").splitlines()]
    book = Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "clean.xlsx")
    objects = (json.dumps(dict(zip(rows[0], row, strict=True))) for row in rows[1:])
    (tmp_path / "clean.jsonl").write_text("\n".join(objects), encoding="utf-8")
    for encoding in ("utf-8-sig", "gb18030"):
        (tmp_path / f"{encoding}.csv").write_text(clean.read_text(encoding="utf-8"), encoding=encoding)
    files = (clean, *(tmp_path / name for name in ("clean.xlsx", "clean.jsonl", "utf-8-sig.csv", "gb18030.csv")))
    told = [governflow("run", file, "--locality", "000000", "--json") for file in files]
    assert [done.status for done in told] == [0] * 5
    assert len({done.out for done in told}) == 1


def test_chinese_headings_and_actions_mean_the_same(tmp_path: Path, clean: Path, governflow: Command) -> None:
    zh = write(
        tmp_path / "台账.csv",
        [
            "2024年1月1日 9时00分,1,上报",
            "2024/1/1 9:04,1,派单",
            "2024-01-01 09:50,1,到场",
            "2024-01-01 10:00,2,上报",
            "2024-01-01 10:03,2,派单",
            "2024-01-01 10:20,1,办结",
            "2024-01-01 11:00,1,反馈",
            "2024-01-01 12:00,1,评价,满意",
        ],
        "时间,事项编号,动作,是否满意",
    )
    told = [governflow("run", file, "--locality", "000000", "--json").out for file in (clean, zh)]
    assert told[0] == told[1]


def test_a_wide_journal_is_read_through_its_map(tmp_path: Path, governflow: Command) -> None:
    map = tmp_path / "map.toml"
    map.write_text(
        'zone = "America/New_York"\n[columns]\ncase = "id"\n[times]\nreport = "opened"\nresolve = "closed"\n'
        'answer = "closed"\n[constants]\nvisit = "no"\n',
        encoding="utf-8",
    )
    journal = tmp_path / "wide.csv"
    journal.write_text("id,opened,closed\n7,2024-01-01 09:00,2024-01-01 09:20\n8,2024-01-01 09:10,\n", encoding="utf-8")
    done = governflow("run", journal, "--locality", "000000", "--map", map, "--auto-dispatch", "--json")
    seven, eight = done.json["cases"]
    # Dispatched at once, so the 30 minutes of a case without a visit count from the report.
    resolve = next(clock for clock in seven["clocks"] if clock["clock"] == "resolve")
    assert (resolve["started"], resolve["due"]) == ("2024-01-01T09:00:00-05:00", "2024-01-01T09:30:00-05:00")
    assert (seven["state"], resolve["outcome"]) == ("answered", "met")
    assert (eight["state"], eight["unit"]) == ("dispatched", "community")


def test_rows_are_taken_in_time_order_and_rows_of_one_moment_in_the_order_that_fits(
    tmp_path: Path, clean: Path, governflow: Command
) -> None:
    reverse = write(tmp_path / "reverse.csv", reversed(CLEAN))
    told = [governflow("run", file, "--locality", "000000", "--json").out for file in (clean, reverse)]
    assert told[0] == told[1]
    day = [f"2024-01-01,1,{action}" for action in ("answer", "resolve", "arrive", "dispatch", "report")]
    done = governflow("run", write(tmp_path / "day.csv", day), "--locality", "000000", "--json")
    assert (done.status, done.json["cases"][0]["state"]) == (0, "answered")


def test_an_exact_repeat_is_skipped_with_a_note(tmp_path: Path, clean: Path, governflow: Command) -> None:
    twice = write(tmp_path / "twice.csv", [*CLEAN, CLEAN[0], CLEAN[-1]])
    done = governflow("run", twice, "--locality", "000000", "--json")
    assert done.status == 0
    assert done.err == "2 rows repeat another row exactly and were skipped\n"
    assert done.json["rows"] == {"taken": 8, "refused": 0, "repeated": 2}
    assert but_rows(done) == but_rows(governflow("run", clean, "--locality", "000000", "--json"))


# --- options ----------------------------------------------------------------------------------------------------------


def test_until_as_a_date_is_the_end_of_that_day_and_the_output_says_so(clean: Path, governflow: Command) -> None:
    done = governflow("run", clean, "--locality", "000000", "--until", "2024-01-03", "--json")
    assert done.json["until"] == "2024-01-03T23:59:59+08:00"
    assert "--until 2024-01-03" in done.err
    assert "end of that day" in done.err
    zh = governflow("run", clean, "--locality", "000000", "--until", "2024-01-03", "--lang", "zh")
    assert "按当日结束" in zh.err


def test_until_in_the_middle_leaves_the_later_steps_out_and_says_so(clean: Path, governflow: Command) -> None:
    done = governflow("run", clean, "--locality", "000000", "--until", "2024-01-01 09:30", "--json")
    assert done.status == 0
    assert [case["case"] for case in done.json["cases"]] == ["1"]
    assert "6 steps lie after the end of the run" in done.err


def test_a_code_that_nobody_registered_takes_its_nearest_ancestors_rules_and_says_so(
    clean: Path, governflow: Command
) -> None:
    done = governflow("run", clean, "--locality", "999999", "--json")
    assert (done.status, done.json["locality"]) == (0, "999999")
    assert "999999" in done.err
    assert "000000" in done.err
    root = governflow("run", clean, "--locality", "000000", "--json")
    assert done.json["cases"] == root.json["cases"]


def test_running_the_same_journal_into_the_same_store_again_changes_nothing(
    tmp_path: Path, governflow: Command
) -> None:
    # With every way of not being taken: a repeat, a broken cell, an action that comes before its time in one moment.
    rows = [*CLEAN, CLEAN[0], "2024-01-01 12:00,2,close", "2024-13-01 12:00,2,arrive", "2024-01-01 09:00,9,dispatch"]
    journal, store = write(tmp_path / "journal.csv", rows), tmp_path / "cases.db"
    options = ("--locality", "000000", "--store", store, "--json", "--until", "2024-01-09")
    first = governflow("run", journal, *options)
    head = governflow("verify", "--store", store).out
    again = governflow("run", journal, *options)
    assert (first.status, first.out, first.err) == (again.status, again.out, again.err)
    assert governflow("verify", "--store", store).out == head
    assert governflow("verify", "--store", store, "--against", head.strip()).status == 0


@pytest.mark.parametrize(
    "row",
    [
        "2024-01-01 12:01,1,note,,,,,too late: the case is closed",  # and reopened at 12:02
        "2024-01-01 10:04,2,appeal,,,,,too early: nothing is overdue",  # the arrive clock is at 10:43
        "2024-01-01 10:04,2,check_in,street",  # summoned at 10:05
        "2024-01-01 09:30,1,answer",  # resolved at 10:20
        "2024-01-01 09:59,2,note,,,,,too early: not reported yet",
    ],
)
def test_a_row_that_was_refused_is_refused_when_the_journal_is_run_again(
    tmp_path: Path, governflow: Command, row: str
) -> None:
    rows = [*CLEAN, row, "2024-01-01 10:05,2,whistle,street", "2024-01-01 12:02,1,revisit,,,,no"]
    journal, store = write(tmp_path / "journal.csv", rows), tmp_path / "cases.db"
    options = ("--locality", "000000", "--store", store, "--json", "--until", "2024-01-01 13:00")
    first = governflow("run", journal, *options)
    head = governflow("verify", "--store", store).out
    again = governflow("run", journal, *options)
    assert (first.status, again.status) == (1, 1)
    assert [done.err.split(":")[0] for done in (first, again)] == ["line 10", "line 10"]
    assert again.out == first.out
    assert governflow("verify", "--store", store).out == head


def test_a_store_gives_the_same_json_as_memory(tmp_path: Path, clean: Path, governflow: Command) -> None:
    memory = governflow("run", clean, "--locality", "000000", "--json")
    store = governflow("run", clean, "--locality", "000000", "--json", "--store", tmp_path / "cases.db")
    assert store.out == memory.out


def test_a_stores_clock_does_not_go_back_and_the_output_says_where_it_stands(
    tmp_path: Path, clean: Path, governflow: Command
) -> None:
    store = tmp_path / "cases.db"
    governflow("run", clean, "--locality", "000000", "--store", store, "--until", "2024-01-09 12:00")
    done = governflow("run", clean, "--locality", "000000", "--store", store, "--until", "2024-01-02 12:00", "--json")
    assert (done.status, done.json["until"]) == (0, "2024-01-09T12:00:00+08:00")
    assert "2024-01-09 12:00:00" in done.err


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_tables_hold_no_word_of_the_other_language(clean: Path, governflow: Command, lang: str) -> None:
    out = governflow("run", clean, "--locality", "000000", "--lang", lang, "--until", "2024-01-09 12:00").out
    if lang == "en":
        assert out.isascii() or not [sign for sign in out if "\u3000" <= sign <= "\uffef"]
    else:
        words = "".join(sign if sign.isascii() and sign.isalpha() else " " for sign in out).split()
        assert set(words) <= {"Asia", "Shanghai"}
    assert "\x1b" not in out


# --- rows that are refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("2024-13-01 09:00,3,report", "time", ["2024-13-01 09:00", "2019-04-25 09:32"]),
        ("soon,3,report", "time", ["soon", "2019-04-25 09:32"]),
        ("05/04/2024 09:00,3,report", "time", ["05/04/2024 09:00", "year first"]),
        ("2024-01-01 08:00,1,arrive", "time", ["2024-01-01 08:00:00", "case 1", "2024-01-01 09:00:00"]),
        ("2024-01-01 12:30,1,dispach", "action", ["dispach", "perhaps dispatch"]),
        ("2024-01-01 12:30,1,dispatch", "action", ["closed", "dispatch", "reported, accepted"]),
        ("2024-01-01 12:30,99,dispatch", "case", ["99", "report it first"]),
        ("2024-01-01 12:30,1,report", "case", ["reported already", "2024-01-01 09:00:00"]),
        ("2024-01-01 12:30,,report", "case", ["empty"]),
        ("2024-01-01 12:30,1.23457E+17,report", "case", ["1.23457E+17", "as text"]),
        ("2024-01-01 12:30,3,report,,perhaps", "visit", ["perhaps", "yes, no"]),
        ("2024-01-01 11:30,1,evaluate,,,9", "score", ["9", "1 to 5"]),
        ("2024-01-01 12:00,2,suspend,,,,,,2023-01-01 00:00", "until", ["2023-01-01 00:00:00", "not after"]),
        ("2024-01-01 10:05,2,transfer", "unit", ["the unit that it goes to"]),
    ],
)
def test_a_wrong_row_is_one_sentence_with_line_column_value_and_remedy_and_the_others_go_through(
    tmp_path: Path, clean: Path, governflow: Command, row: str, column: str, words: list[str]
) -> None:
    journal, rejects = write(tmp_path / "journal.csv", [CLEAN[0], row, *CLEAN[1:]]), tmp_path / "rejects.csv"
    options = ("--locality", "000000", "--json", "--until", "2024-01-01 13:00")
    done = governflow("run", journal, *options, "--rejects", rejects)
    assert done.status == 1
    (sentence,) = done.err.splitlines()
    assert sentence.startswith(f"line 3: column {column}")
    for word in words:
        assert word in sentence
    assert done.json["rows"] == {"taken": 8, "refused": 1, "repeated": 0}
    assert but_rows(done) == but_rows(governflow("run", clean, *options))
    lines = rejects.read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 2
    assert lines[1].endswith(row + "," * (len(NAMES) - 1 - row.count(",")))
    zh = governflow("run", journal, "--locality", "000000", "--lang", "zh").err
    assert zh.startswith(f"第 3 行：“{column}”列")


def test_moments_in_a_refusal_are_those_of_the_clerks_own_clock(tmp_path: Path, governflow: Command) -> None:
    store = tmp_path / "cases.db"
    governflow("run", write(tmp_path / "a.csv", CLEAN), "--locality", "000000", "--store", store)
    late = write(tmp_path / "late.csv", ["2024-01-01 10:01,2,decline,,,,,not ours", "2024-01-01 09:59,2,note"])
    done = governflow("run", late, "--locality", "000000", "--store", store)
    assert done.status == 1
    note, decline = done.err.splitlines()
    assert "2024-01-01 09:59:00 is before case 2 was opened (2024-01-01 10:00:00)" in note
    assert "2024-01-01 10:01:00" in decline
    assert "2024-01-01 10:03:00" in decline
    assert "+00:00" not in done.err


def test_a_second_row_of_one_case_in_a_wide_journal_is_refused(tmp_path: Path, governflow: Command) -> None:
    map = tmp_path / "map.toml"
    map.write_text('[columns]\ncase = "id"\n[times]\nreport = "t"\nresolve = "u"\n', encoding="utf-8")
    journal = tmp_path / "wide.csv"
    journal.write_text(
        "id,t,u\n1,2024-01-01 09:00,\n1,2024-01-02 09:00,\n2,2024-01-01 09:00,2023-01-01 09:00\n", encoding="utf-8"
    )
    done = governflow("run", journal, "--locality", "000000", "--map", map, "--json")
    assert (done.status, [case["case"] for case in done.json["cases"]]) == (1, ["1", "2"])
    assert sorted(line.split(":")[0] for line in done.err.splitlines()) == ["line 3", "line 4"]
    assert "column u" in done.err


#: Case 2 is broken throughout, so that nothing of it is taken before it is mended.
BROKEN = [line.replace("2024-01-01 10:00,2", "2024-01-32 10:00,2") for line in CLEAN]


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "jsonl"])
def test_mended_rejects_bring_a_store_to_the_very_same_cases(
    tmp_path: Path, clean: Path, governflow: Command, suffix: str
) -> None:
    broken, rejects, store = write(tmp_path / "broken.csv", BROKEN), tmp_path / f"r.{suffix}", tmp_path / "cases.db"
    options = ("--locality", "000000", "--json", "--store", store)
    first = governflow("run", broken, *options, "--rejects", rejects)
    assert first.status == 1
    assert [line.split(":")[0] for line in first.err.splitlines()] == ["line 5", "line 6"]
    mended = tmp_path / f"mended.{suffix}"
    if suffix == "xlsx":
        book = load_workbook(rejects)
        assert book.active is not None
        for cells in book.active.iter_rows():
            for cell in cells:
                if cell.value == "2024-01-32 10:00":
                    cell.value = "2024-01-01 10:00"
        book.save(mended)
    else:
        text = rejects.read_text(encoding="utf-8-sig")
        mended.write_text(text.replace("2024-01-32 10:00", "2024-01-01 10:00"), encoding="utf-8")
    second = governflow("run", mended, *options)
    assert second.status == 0
    assert second.json["rows"] == {"taken": 2, "refused": 0, "repeated": 0}
    assert but_rows(second) == but_rows(governflow("run", clean, "--locality", "000000", "--json"))
    # And the journal that was right from the start finds nothing left to do.
    head = governflow("verify", "--store", store).out
    assert but_rows(governflow("run", clean, *options)) == but_rows(second)
    assert governflow("verify", "--store", store).out == head


def test_mended_rejects_put_back_into_the_journal_give_the_very_same_json_without_a_store(
    tmp_path: Path, clean: Path, governflow: Command
) -> None:
    broken, rejects = write(tmp_path / "broken.csv", BROKEN), tmp_path / "rejects.csv"
    governflow("run", broken, "--locality", "000000", "--rejects", rejects)
    with rejects.open(encoding="utf-8-sig", newline="") as file:
        refused = [",".join(cells[2:]) for cells in list(csv.reader(file))[1:]]
    mended = [line.replace("2024-01-32", "2024-01-01") for line in refused]
    whole = write(tmp_path / "whole.csv", [*mended, *(line for line in BROKEN if ",2," not in line)])
    done = governflow("run", whole, "--locality", "000000", "--json")
    assert (done.status, done.err) == (0, "")
    assert done.out == governflow("run", clean, "--locality", "000000", "--json").out


def test_a_cell_of_ten_megabytes_costs_its_row_and_stays_whole(
    tmp_path: Path, clean: Path, governflow: Command
) -> None:
    journal, rejects = tmp_path / "big.csv", tmp_path / "rejects.csv"
    write(journal, [*CLEAN, "2024-01-01 12:00,3,report,,,,," + "漏" * 3_500_000])
    done = governflow("run", journal, "--locality", "000000", "--json", "--rejects", rejects)
    assert done.status == 1
    assert "line 10: column note" in done.err
    assert "1000000" in done.err
    assert len(done.err) < 500
    assert rejects.read_text(encoding="utf-8-sig").count("漏") >= 3_500_000
    assert done.json["summary"]["cases"] == 2


def test_a_formula_and_an_id_that_excel_rounded_cost_their_rows(tmp_path: Path, governflow: Command) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.append(["time", "case", "action"])
    book.active.append(["2024-01-01 09:00", 1001.0, "report"])
    book.active.append(["2024-01-01 09:00", "=A1", "report"])
    book.active.append(["2024-01-01 09:00", 371621202401010001, "report"])
    book.save(tmp_path / "book.xlsx")
    done = governflow("run", tmp_path / "book.xlsx", "--locality", "000000", "--json")
    assert (done.status, [case["case"] for case in done.json["cases"]]) == (1, ["1001"])
    third, fourth = done.err.splitlines()
    assert third.startswith("line 3: column case")
    assert "formula" in third
    assert fourth.startswith("line 4: column case")
    assert "digits are lost" in fourth


# --- nothing can be read ----------------------------------------------------------------------------------------------


def _bad_files(tmp_path: Path) -> dict[str, Path]:
    made = {name: tmp_path / name for name in ("empty.csv", "headings.csv", "bytes.csv", "cut.xlsx", "lacking.csv")}
    made["empty.csv"].write_bytes(b"")
    made["headings.csv"].write_text("time,case,action\n", encoding="utf-8")
    made["bytes.csv"].write_bytes(b"time,case,action\n2024-01-01 09:00,\xff\xfe\xff,report\n")
    made["lacking.csv"].write_text("time,number,action\n2024-01-01 09:00,1,report\n", encoding="utf-8")
    book = Workbook()
    assert book.active is not None
    book.active.append(["time", "case", "action"])
    book.save(made["cut.xlsx"])
    made["cut.xlsx"].write_bytes(made["cut.xlsx"].read_bytes()[:-400])
    return made | {"absent": tmp_path / "absent.csv", "directory": tmp_path}


@pytest.mark.parametrize(
    ("name", "word", "zh_word"),
    [
        ("empty.csv", "empty", "空文件"),
        ("headings.csv", "no rows", "没有数据行"),
        ("bytes.csv", "line 2", "第 2 行"),
        ("lacking.csv", "case", "事项编号"),
        ("cut.xlsx", "damaged", "已损坏"),
        ("absent", "there is no file", "没有文件"),
        ("directory", "directory", "目录"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence_status_2_and_leaves_no_store(
    tmp_path: Path, governflow: Command, name: str, word: str, zh_word: str
) -> None:
    journal, store = _bad_files(tmp_path)[name], tmp_path / "cases.db"
    options = ("--locality", "000000", "--json", "--store", store, "--rejects", tmp_path / "rejects.csv")
    done = governflow("run", journal, *options)
    assert (done.status, done.out) == (2, "")
    (sentence,) = done.err.splitlines()
    assert word in sentence
    assert zh_word in governflow("run", journal, *options, "--lang", "zh").err
    assert not list(tmp_path.glob("cases.db*"))
    assert not (tmp_path / "rejects.csv").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--until", "whenever"), ["--until", "whenever", "2019-04-25"]),
        (("--map", "absent.toml"), ["absent.toml", "cannot be read"]),
        (("--map", "broken.toml"), ["broken.toml", "line 1"]),
        (("--map", "wrong.toml"), ["wrong.toml", "colums", "columns"]),
        (("--rejects", "absent/rejects.csv"), ["rejects.csv", "cannot be written"]),
        (("--rejects", "rejects.doc"), ["rejects.doc", ".csv"]),
        (("--rejects", "clean.csv"), ["overwrite the journal"]),
        (("--lang", "fr"), ["--lang", "fr", "zh"]),
        (("--locality", ""), ["--locality", "000000"]),
    ],
)
def test_arguments_that_cannot_be_used_are_one_sentence_status_2_and_leave_no_store(
    tmp_path: Path,
    clean: Path,
    governflow: Command,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    words: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.toml").write_text("[columns\n", encoding="utf-8")
    (tmp_path / "wrong.toml").write_text('[colums]\ncase = "id"\n', encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    done = governflow("run", clean, "--json", "--store", "cases.db", "--locality", "000000", *options)
    assert (done.status, done.out) == (2, "")
    (sentence,) = done.err.splitlines()
    for word in words:
        assert word in sentence
    assert sorted(tmp_path.iterdir()) == before


def test_a_store_that_is_none_is_refused_and_left_as_it_was(tmp_path: Path, clean: Path, governflow: Command) -> None:
    text, other = tmp_path / "notes.db", tmp_path / "other.db"
    text.write_text("no database", encoding="utf-8")
    with closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE things (name TEXT)")
    for store, word in (
        (text, "not a database"),
        (other, "no store"),
        (tmp_path / "absent" / "x.db", "cannot be used"),
    ):
        done = governflow("run", clean, "--locality", "000000", "--json", "--store", store)
        assert (done.status, done.out) == (2, "")
        (sentence,) = done.err.splitlines()
        assert word in sentence
    assert text.read_text(encoding="utf-8") == "no database"
    with closing(sqlite3.connect(other)) as db:
        assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("things",)]


# --- a run that is killed ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_run_that_is_killed_is_completed_by_running_it_again(tmp_path: Path, governflow: Command) -> None:
    journal, store = tmp_path / "long.csv", tmp_path / "cases.db"
    rows = []
    for number in range(4000):
        hour, minute = divmod(number, 60)
        day, hour = divmod(hour, 24)
        for later, action in ((0, "report"), (1, "dispatch"), (20, "arrive"), (30, "resolve")):
            if minute + later < 60:
                rows.append(f"2024-01-{day + 1:02} {hour:02}:{minute + later:02},{number},{action}")
    write(journal, rows)
    options = ("--locality", "000000", "--json", "--until", "2024-01-05 12:00")
    environment = os.environ | {"GOVERNFLOW_LANG": "en"}
    arguments = [sys.executable, "-m", "governflow", "run", str(journal), *options, "--store", str(store)]
    running = subprocess.Popen(
        arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, cwd=tmp_path
    )
    try:
        while running.poll() is None and not _events(store):
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
    finally:
        running.kill()
        running.wait()
    cut = _events(store)
    assert governflow("verify", "--store", store).status == 0
    done = governflow("run", journal, *options, "--store", store)
    assert 0 < cut < _events(store)
    assert done.status == 0
    assert done.out == governflow("run", journal, *options).out
    assert governflow("verify", "--store", store).status == 0


def _events(store: Path) -> int:
    if not store.exists():
        return 0
    db = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    try:
        return int(db.execute("SELECT count(*) FROM events").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        db.close()


# --- real journals ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data are not beside this repository")
@pytest.mark.parametrize(
    ("file", "map", "more", "cases"),
    [
        ("petitions_2816.xlsx", "petitions.toml", (), 2816),
        pytest.param(
            *("boston311_2011q3.csv", "boston311.toml", ("--until", "2011-12-31"), 31828), marks=pytest.mark.long
        ),  # two million urgings, for one request was open for eight years
    ],
)
def test_a_real_journal_is_taken_whole(
    governflow: Command, file: str, map: str, more: tuple[str, ...], cases: int
) -> None:
    done = governflow(
        "run", DATA / file, "--locality", "000000", "--map", ROOT / "docs" / "maps" / map, *more, "--json"
    )
    assert done.status == 0
    summary = done.json["summary"]
    assert (summary["cases"], len(done.json["cases"])) == (cases, cases)
    assert summary["open"] + summary["closed"] == cases
    assert sum(summary["by_unit"].values()) == cases
    rates = summary["rates"].values()
    assert all(rate["n"] <= rate["of"] <= cases - rate["excluded"] for rate in rates)


def test_a_typing_error_in_the_year_does_not_take_the_clock_there(tmp_path: Path) -> None:
    """A row of the year 2062 is refused; the store's clock would otherwise never come back."""
    journal = tmp_path / "j.csv"
    journal.write_text(
        "time,case,action\n2026-03-02 08:00,A,report\n2062-03-02 08:05,A,dispatch\n2026-03-02 08:04,B,report\n",
        encoding="utf-8",
    )
    refused: list[Reject] = []
    with Engine.open() as engine:
        result = run(engine, journal, locality="000000", rejected=refused.append)
        assert engine.now == datetime(2026, 3, 2, 0, 4, tzinfo=UTC)
    assert (result.taken, result.rejected) == (2, 1)
    assert [reject.line for reject in refused] == [3]
    assert "2062-03-02 08:05:00 lies more than a year ahead" in refused[0].say("en")


def test_a_countys_journal_acts_on_no_other_countys_case(tmp_path: Path) -> None:
    """Numbers such as 1 are used by every county."""
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text("time,case,action\n2026-03-02 08:00,1,report\n", encoding="utf-8")
    second.write_text("time,case,action\n2026-03-02 08:01,1,report\n2026-03-02 08:02,1,dispatch\n", encoding="utf-8")
    refused: list[Reject] = []
    with Engine.open() as engine:
        run(engine, first, locality="371621", rejected=refused.append)
        result = run(engine, second, locality="110000", rejected=refused.append)
        assert engine.case("1").state == "reported"
    assert (result.taken, [reject.line for reject in refused]) == (0, [2, 3])


def test_rows_of_one_moment_are_taken_in_whatever_order_although_one_of_them_is_wrong(tmp_path: Path) -> None:
    journal = tmp_path / "j.csv"
    rows = ["2026-03-16 09:00,A,dispatch", "2026-03-16 09:00,A,report", "2026-03-16 09:00,B,arrive"]
    journal.write_text("time,case,action\n" + "\n".join(rows) + "\n", encoding="utf-8")
    refused: list[Reject] = []
    with Engine.open() as engine:
        run(engine, journal, locality="000000", rejected=refused.append)
        assert engine.case("A").state == "dispatched"
        head = engine.verify()
        run(engine, journal, locality="000000", rejected=refused.append)
        assert engine.verify() == head
    assert [reject.line for reject in refused] == [4, 4]


# --- rows are known by the same ids in every version ---------------------------------------------------------

_NARROW = (
    "时间,事项编号,动作,是否到场,评分,截止时间,备注\n"
    "2019-04-25 09:32,7,上报,是,,,甲\n2019-04-25 09:40,7,派单,,,,\n2019/4/25 10时,7,会商,,,2019/5/1 8:00,\n"
    "2019/4/26,7,备注,,,,  乙\x1e丙\n"
)
_WIDE = "id,type,opened,closed\n7,light,2019-04-01 08:00,2019-04-03 08:00\n8,light,2019-04-01,\n"
_WIDE_MAP = Map(
    columns={"case": "id", "item": "type"},
    times={"report": "opened", "resolve": "closed", "answer": "closed"},
    constants={"visit": "no"},
    zone="America/New_York",
)


@pytest.mark.parametrize(
    ("text", "map", "ids"),
    [
        (
            _NARROW,
            None,
            {
                "8f07f5f6875edbcf624e5f9982998c99": ("7", 1),
                "fba6454e62149024ecf88d6795dd2b3b": ("7", 5),
                "e499fb0746b0aba46dd8d9269739f785": ("7", 6),
                "644ece656f27c50ea2763a92af5c33ff": ("7", 37),
            },
        ),
        (
            _WIDE,
            _WIDE_MAP,
            {
                "3b5005f642edc51f220933020b3735d9": ("7", 1),
                "3b5005f642edc51f220933020b3735d96175746f": ("7", 2),
                "b63b097ba50b8b910a2c0f1dcfdfbd65": ("8", 1),
                "b63b097ba50b8b910a2c0f1dcfdfbd656175746f": ("8", 2),
                "77960b5eea9d20bd8cf42de5c0a39b1c": ("7", 33),
                "ac5b4c528c4c35ff79a09bf99daee70d": ("7", 34),
            },
        ),
    ],
)
def test_a_store_of_an_older_version_knows_the_rows_that_it_has_taken(
    tmp_path: Path, text: str, map: Map | None, ids: dict[str, tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.csv"
    path.write_text(text, encoding="utf-8")
    engine, refused = Engine.open(), list[Reject]()
    with monkeypatch.context() as older:  # a narrow row was known by the text of its cells, a wide step by its moment
        older.setattr(JournalCommands, "_id_of", lambda commands, row, step, *_: commands._former_id(row, step))
        run(engine, path, locality="000000", map=map, auto_dispatch=map is not None, rejected=refused.append)
    assert {command: engine.store.command(bytes.fromhex(command)) for command in ids} == ids
    head = engine.verify()
    run(engine, path, locality="000000", map=map, auto_dispatch=map is not None, rejected=refused.append)
    assert not refused
    assert engine.verify() == head


def test_a_word_that_a_map_translates_to_nothing_is_an_empty_cell(tmp_path: Path) -> None:
    path = tmp_path / "journal.csv"
    path.write_text("time,case,action,visit\n2019-04-25 09:32,7,report,unknown\n", encoding="utf-8")
    (row,) = (item for item in read(path, Map(values={"visit": {"unknown": ""}}), zone="Asia/Shanghai"))
    assert isinstance(row, Row)
    assert row.fields == {}
