"""A source that corrects itself (更正): `run --amend`, and `Engine.tell` with what it tells instead."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random  # noqa: TID251 - seeded: the same number makes the same journal
from typing import Any

import pytest
from openpyxl import Workbook

from governflow import Actor, CommandError, Engine, Fact
from governflow.model.case import Case, differences, fold
from governflow.testing import ManualClock, counted

T0 = datetime(2026, 3, 16, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
Governflow = Callable[..., Any]

WIDE = (
    '[columns]\ncase = "id"\nunit = "unit"\nitem = "item"\nsatisfied = "satisfied"\ntext = "text"\nreporter = "who"\n'
)
WIDE += '[times]\nreport = "reported"\ndispatch = "dispatched"\narrive = "arrived"\nresolve = "resolved"\n'
WIDE += 'answer = "answered"\nevaluate = "judged"\n'
HEAD = "id,reported,dispatched,arrived,resolved,answered,judged,satisfied,unit,item,text,who"
FIRST = [
    "1,03-16 09:00,03-16 09:03,03-16 09:20,03-16 09:50,03-16 10:00,,,street,lamp,dark,Li",
    "2,03-16 09:00,03-16 09:03,03-16 12:20,,,,,street,lamp,dark,Li",
    "3,03-16 09:00,03-16 09:03,,,,,,street,lamp,dark,Li",
]
UNTIL = ("--until", "2026-03-18 12:00")


def dated(row: str) -> str:
    return ",".join(f"2026-{cell}" if cell.startswith("03-") else cell for cell in row.split(","))


@pytest.fixture
def run(tmp_path: Path, governflow: Governflow) -> Governflow:
    (tmp_path / "map.toml").write_text(WIDE, encoding="utf-8")

    def take(rows: list[str], *options: str, store: str = "cases.db") -> Any:
        journal = tmp_path / "export.csv"
        journal.write_text("\n".join([HEAD, *map(dated, rows)]) + "\n", encoding="utf-8")
        ours = ("--map", tmp_path / "map.toml", "--store", tmp_path / store, *UNTIL)
        return governflow("run", journal, *ours, *options)

    return take


@pytest.fixture
def cases(tmp_path: Path) -> Callable[[str], list[Case]]:
    def read(store: str = "cases.db") -> list[Case]:
        with Engine.open(tmp_path / store) as engine:
            engine.verify()
            found = sorted(engine.cases(), key=lambda case: case.id)
            assert all(fold(engine.history(case.id)) == case for case in found)
            return found

    return read


def unlike(one: list[Case], other: list[Case]) -> list[dict[str, Any]]:
    """Return what differs between the cases of two stores, pair by pair."""
    assert [case.id for case in one] == [case.id for case in other]
    pairs = [(mine, theirs) for mine, theirs in zip(one, other, strict=True) if differences(mine, theirs)]
    return [{"id": mine.id, **differences(mine, theirs)} for mine, theirs in pairs]


CORRECTIONS = {
    "a later arrival": (1, "2,03-16 09:00,03-16 09:03,03-16 09:40,,,,,street,lamp,dark,Li"),
    "an earlier report": (0, "1,03-16 08:00,03-16 09:03,03-16 09:20,03-16 09:50,03-16 10:00,,,street,lamp,dark,Li"),
    "a later report": (0, "1,03-16 09:02,03-16 09:03,03-16 09:20,03-16 09:50,03-16 10:00,,,street,lamp,dark,Li"),
    "another item": (2, "3,03-16 09:00,03-16 09:03,,,,,,street,drain,dark,Li"),
    "another unit": (2, "3,03-16 09:00,03-16 09:03,,,,,,community,lamp,dark,Li"),
    "cells filled in": (
        2,
        "3,03-16 09:00,03-16 09:03,03-16 09:30,03-16 09:40,03-16 09:50,03-16 10:00,yes,street,lamp,dark,Li",
    ),
    "another life": (
        0,
        "1,03-16 10:00,03-16 10:03,03-16 11:20,03-16 11:50,03-16 12:00,03-16 13:00,no,community,drain,dark,Li",
    ),
}


@pytest.mark.parametrize("which", CORRECTIONS)
def test_a_row_corrected_at_the_source_ends_as_if_it_had_been_right_at_first(
    run: Governflow, cases: Callable[..., list[Case]], which: str
) -> None:
    place, row = CORRECTIONS[which]
    corrected = [*FIRST[:place], row, *FIRST[place + 1 :]]
    assert run(FIRST).status == 0
    done = run(corrected, "--amend", "--json")
    assert (done.status, done.json["rows"]["refused"]) == (0, 0), done.err
    assert (done.json.get("amended", {"replaced": 0})["replaced"] > 0) == (which != "cells filled in")
    assert run(corrected, store="right.db").status == 0
    assert unlike(cases(), cases("right.db")) == []
    again = run(corrected, "--amend", "--json")
    assert (again.status, "amended" in again.json) == (0, False)
    assert run(corrected).status == 0


def test_what_was_corrected_and_is_corrected_back_ends_as_at_first(
    run: Governflow, cases: Callable[..., list[Case]]
) -> None:
    _, row = CORRECTIONS["a later arrival"]
    for rows in (FIRST, [FIRST[0], row, FIRST[2]], FIRST):
        assert run(rows, "--amend").status == 0
    run(FIRST, store="right.db")
    assert unlike(cases(), cases("right.db")) == []


def test_without_amend_a_changed_row_is_named_and_refused_and_the_rest_of_it_is_taken(
    run: Governflow, cases: Callable[..., list[Case]]
) -> None:
    run(FIRST)
    row = "2,03-16 09:00,03-16 09:03,03-16 09:40,03-16 12:30,,,,street,lamp,dark,Li"
    done = run([FIRST[0], row, FIRST[2]])
    assert done.status == 1
    assert "line 3" in done.err
    assert "--amend" in done.err
    assert cases()[1].resolved is not None
    assert "“到场”此前登记为 2026-03-16 12:20:00" in run([FIRST[0], row, FIRST[2]], "--lang", "zh").err


def test_what_the_file_does_not_hold_any_more_is_retracted_only_where_that_is_asked_for(
    run: Governflow, cases: Callable[..., list[Case]]
) -> None:
    run(FIRST)
    emptied = [FIRST[0], "2,03-16 09:00,03-16 09:03,,,,,,street,lamp,dark,Li"]
    assert run(emptied, "--amend").status == 0
    assert cases()[1].told[-1] == "arrive"
    done = run(emptied, "--amend", "--whole-cases", "--json")
    assert done.status == 0
    gone = [{"case": "2", "action": "arrive", "at": "2026-03-16T12:20:00+08:00"}]
    assert done.json["amended"] == {"replaced": 0, "retracted": gone}
    assert "case 2: arrive of 2026-03-16 12:20:00 is not in the file any more and is retracted" in done.err
    run([*emptied, FIRST[2]], store="right.db")
    assert unlike(cases(), cases("right.db")) == []  # case 3, which is not in the file, stands


def test_whole_cases_goes_with_amend(run: Governflow) -> None:
    done = run(FIRST, "--whole-cases")
    assert (done.status, done.out) == (2, "")
    assert "--whole-cases goes with --amend" in done.err


def test_a_correction_that_contradicts_is_refused_and_nothing_is_lost(
    run: Governflow, cases: Callable[..., list[Case]]
) -> None:
    run(FIRST)
    before = cases()
    wrong = "1,03-16 09:00,03-16 09:03,03-16 09:20,03-16 10:30,03-16 10:00,,,street,lamp,dark,Li"
    done = run([wrong, *FIRST[1:]], "--amend")
    assert done.status == 1
    assert "line 2" in done.err
    assert "answer at 2026-03-16 10:00:00, which is known, would not have been possible" in done.err
    assert unlike(before, cases()) == []


def test_who_asked_and_free_text_are_no_change_and_never_come_back_to_a_forgotten_case(
    run: Governflow, tmp_path: Path
) -> None:
    run(FIRST)
    other = [row.replace("dark,Li", "still dark,Wang") for row in FIRST]
    done = run(other, "--amend", "--json")
    assert (done.status, "amended" in done.json) == (0, False)
    with Engine.open(tmp_path / "cases.db") as engine:
        assert {text.get("reporter") for text in engine.texts("1")} >= {"Wang"}
        engine.forget("1")
    row = CORRECTIONS["an earlier report"][1].replace("dark,Li", "dark,Zhao")
    assert run([row, *other[1:]], "--amend").status == 0
    with Engine.open(tmp_path / "cases.db") as engine:
        assert all(not {"reporter", "text"} & text.keys() for text in engine.texts("1"))
        assert "Zhao" not in str(engine.history("1"))


def test_a_narrow_journal_corrects_itself_too(tmp_path: Path, governflow: Governflow) -> None:
    def take(*rows: str, store: str = "cases.db") -> Any:
        journal = tmp_path / "narrow.csv"
        journal.write_text("\n".join(["time,case,action,unit", *(f"2026-03-16 {row}" for row in rows)]) + "\n")
        return governflow("run", journal, "--store", tmp_path / store, *UNTIL, *options)

    options = ("--amend", "--whole-cases")
    first = ("09:00,1,report,", "09:03,1,dispatch,street", "12:20,1,arrive,street", "12:40,1,inform,street")
    right = ("09:00,1,report,", "09:03,1,dispatch,street", "09:20,1,arrive,street")
    assert (take(*first).status, take(*right).status, take(*right, store="right.db").status) == (0, 0, 0)
    found = []
    for store in ("cases.db", "right.db"):
        with Engine.open(tmp_path / store) as engine:
            found.append(list(engine.cases()))
    left = [{name for name in one if name not in ("id", "source", "unrecorded")} for one in unlike(*found)]
    assert left in ([], [set()])


@pytest.mark.parametrize("number", range(12))
def test_a_random_export_corrected_at_random_ends_as_if_it_had_been_right_at_first(
    number: int, run: Governflow, cases: Callable[..., list[Case]]
) -> None:
    chance = Random(f"amending/{number}")

    def row(case: int) -> str:
        minute = 9 * 60
        times = []
        for _ in range(5):
            minute += chance.choice((0, 3, 20, 45, 90))
            times.append(f"03-16 {minute // 60:02}:{minute % 60:02}")
        told = chance.randint(1, 5)
        times = [time if place < told else "" for place, time in enumerate(times)]
        judged = chance.choice(("", "yes", "no")) if told == 5 else ""
        when = "03-17 09:00" if judged else ""
        unit, item = chance.choice(("street", "community")), chance.choice(("lamp", "drain"))
        return f"{case},{','.join(times)},{when},{judged},{unit},{item},dark,Li"

    first = [row(case) for case in range(6)]
    right = [chance.choice((before, row(case))) for case, before in enumerate(first)]
    run(first)
    done = run(right, "--amend", "--whole-cases")
    assert done.status == 0, done.err
    assert run(right, store="right.db").status == 0
    assert unlike(cases(), cases("right.db")) == []


def saved_again(folder: Path, rows: list[str]) -> dict[str, Path]:
    """Return the same rows as Excel saves a CSV again, as a workbook and as JSONL, each in a file of its own."""
    lines = [dated(row).split(",") for row in rows]
    excel = [[cell.replace("-03-", "/3/").replace(" 09:", " 9:") for cell in line] for line in lines]
    files = {name: folder / f"again.{name}" for name in ("csv", "xlsx", "jsonl")}
    files["csv"].write_text("\n".join([HEAD, *map(",".join, excel)]) + "\n", encoding="utf-8-sig")
    book = Workbook()
    for line in (HEAD.split(","), *lines):
        book.active.append([datetime.fromisoformat(cell) if cell.startswith("2026-") else cell for cell in line])
    book.save(files["xlsx"])
    objects = [dict(zip(HEAD.split(","), line, strict=True)) for line in lines]
    files["jsonl"].write_text("\n".join(map(json.dumps, objects)) + "\n", encoding="utf-8")
    return files


@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl"])
def test_the_same_rows_in_another_form_of_file_correct_nothing_but_texts(
    run: Governflow, cases: Callable[..., list[Case]], tmp_path: Path, governflow: Governflow, form: str
) -> None:
    run(FIRST)
    before = cases()
    again = saved_again(tmp_path, [row.replace("dark,Li", "still dark,Wang") for row in FIRST])[form]
    ours = ("--map", tmp_path / "map.toml", "--store", tmp_path / "cases.db", *UNTIL)
    done = governflow("run", again, *ours, "--amend", "--whole-cases", "--json")
    assert (done.status, done.json["rows"]["refused"], "amended" in done.json) == (0, 0, False), done.err
    assert unlike(before, cases()) == []
    with Engine.open(tmp_path / "cases.db") as engine:
        assert {text.get("reporter") for text in engine.texts("1")} >= {"Wang"}


def test_a_row_of_a_case_that_was_merged_since_is_corrected_and_the_case_stays_merged(
    run: Governflow, cases: Callable[..., list[Case]], tmp_path: Path
) -> None:
    run(FIRST)
    with Engine.open(tmp_path / "cases.db") as engine:
        engine.merge("3", into="2", at=engine.now, by=Actor("desk"))
    drain = CORRECTIONS["another item"][1]
    done = run([*FIRST[:2], drain], "--amend", "--whole-cases")
    assert done.status == 0, done.err
    merged = cases()[2]
    assert (merged.state, merged.item, merged.told[-1]) == ("merged", "drain", "merge")


# --- the call ---------------------------------------------------------------------------------------------------------


def engine() -> Engine:
    opened = Engine.open(clock=ManualClock(T0), entropy=counted())
    opened.report(case_id="c", item="lamp", text="dark", at=T0)
    opened.dispatch("c", to="street", at=T0 + 3 * MINUTE)
    opened.arrive("c", at=T0 + 20 * MINUTE, by=Actor("w", "street"))
    opened.advance(T0 + 30 * MINUTE)
    return opened


def test_a_report_told_otherwise_keeps_what_came_after_it() -> None:
    late = engine()
    (report,) = [event for event in late.life("c") if event.action == "report"]
    right = Fact("report", T0 - 30 * MINUTE, None, {"item": "drain", "text": "flooded"})
    after = late.tell("c", [right], instead=[report], reason="another item")
    assert (after.opened, after.item, after.state) == (T0 - 30 * MINUTE, "drain", "on_site")
    assert after.clocks["dispatch"].missed_at == T0 - 25 * MINUTE
    assert fold(late.history("c")) == after
    late.verify()


def test_a_report_is_not_told_twice_and_not_taken_away_from_what_came_after_it() -> None:
    late = engine()
    (report,) = [event for event in late.life("c") if event.action == "report"]
    before = late.case("c")
    with pytest.raises(CommandError, match="reported once only"):
        late.tell("c", [Fact("report", T0 - MINUTE)])
    with pytest.raises(CommandError, match="only when no other fact of it is left"):
        late.tell("c", [], instead=[report], reason="wrong")
    with pytest.raises(CommandError, match="a retraction needs a reason"):
        late.tell("c", [Fact("report", T0 - MINUTE)], instead=[report])
    with pytest.raises(CommandError, match="is no event of case"):
        late.tell("c", [], instead=[late.report(case_id="d", at=T0)], reason="wrong")  # type: ignore[list-item]
    assert late.case("c") == before


def test_all_facts_of_a_case_may_be_retracted_together() -> None:
    late = engine()
    facts = [event for event in late.life("c") if event.action in ("report", "dispatch", "arrive")]
    assert late.tell("c", [], instead=facts, reason="registered in error").in_error
