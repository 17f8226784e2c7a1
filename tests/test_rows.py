"""A row is what it says, and of a wide row every step that fits is taken (台账行)."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import governflow_huimin
import pytest
from governflow_huimin import binzhou
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from governflow import Engine
from governflow.journal import Map, Reject
from governflow.model.case import Case
from governflow.model.terms import Outcome
from governflow.policy.registry import Localities
from governflow.run.runner import Result, run
from governflow.stores import SQLiteStore

HEADINGS = ("时间", "事项编号", "动作", "经办人", "备注")
ROWS = [
    ("2026-03-16 08:00", "A1", "上报", "", ""),
    ("2026-03-16 08:03", "A1", "派单", "平台3", ""),
    ("2026-03-16 08:06", "A1", "催办", "", "快"),
    ("2026-03-16 08:07", "A1", "进度告知", "", ""),
    ("2026-03-16 08:10", "A1", "提级", "", ""),
]
WIDE = Map(
    columns={"case": "编号", "unit": "承办单位", "satisfied": "满意度"},
    times={
        "report": "来电",
        "dispatch": "派单",
        "arrive": "到场",
        "resolve": "办结",
        "answer": "回复",
        "evaluate": "回访",
    },
)
WIDE_HEADINGS = ("编号", "来电", "派单", "承办单位", "到场", "办结", "回复", "回访", "满意度")
PERFECT = ("G1", "08:00", "08:03", "street", "08:30", "08:50", "09:00", "10:00", "满意")

Take = Callable[..., tuple[Result, list[Reject]]]


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine.open() as opened:
        yield opened


@pytest.fixture
def huimin() -> Iterator[Engine]:
    localities = Localities()
    localities.register("371621", governflow_huimin)
    localities.register("371600", binzhou)
    with Engine.open(localities=localities) as opened:
        yield opened


@pytest.fixture
def take(engine: Engine, tmp_path: Path) -> Take:
    """Takes a journal of a text, or of a file, into the engine; the day of the wide rows is 16 March 2026."""

    def taken(content: str | Path, map: Map | None = None, **options: Any) -> tuple[Result, list[Reject]]:
        path = content if isinstance(content, Path) else tmp_path / "journal.csv"
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        refused: list[Reject] = []
        return run(engine, path, locality="000000", map=map, rejected=refused.append, **options), refused

    return taken


def narrow(*rows: tuple[str, ...]) -> str:
    return "\n".join(",".join(row) for row in (HEADINGS, *rows)) + "\n"


def wide(*rows: tuple[str, ...]) -> str:
    dated = [[f"2026-03-16 {cell}" if ":" in cell else cell for cell in row] for row in rows]
    return "\n".join(",".join(row) for row in (WIDE_HEADINGS, *dated)) + "\n"


def outcomes(case: Case) -> dict[str, Outcome]:
    return {clock.name: clock.outcome for clock in case.all_clocks}


# --- a row is what it says --------------------------------------------------------------------------------------------


def as_workbook(path: Path) -> Path:
    book = Workbook()
    assert book.active is not None
    book.active.append(HEADINGS)
    for time, *cells in ROWS:
        book.active.append([datetime.fromisoformat(time), *cells])
    book.save(path)
    return path


def as_jsonl(path: Path) -> Path:
    lines = [json.dumps(dict(zip(HEADINGS, row, strict=True)), ensure_ascii=False) for row in ROWS]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_the_same_journal_enters_once_however_it_was_saved(engine: Engine, take: Take, tmp_path: Path) -> None:
    take(narrow(*ROWS))
    head = engine.verify()
    by_excel = narrow(*ROWS).replace("2026-03-16 08:", "2026/3/16 8:").replace("派单", "dispatch")
    for again in (narrow(*ROWS), by_excel, as_workbook(tmp_path / "a.xlsx"), as_jsonl(tmp_path / "a.jsonl")):
        result, refused = take(again)
        assert (result.taken, refused) == (len(ROWS), [])
        assert engine.verify() == head


def test_the_order_of_columns_and_columns_of_nobody_tell_no_new_fact(engine: Engine, take: Take) -> None:
    take(narrow(*ROWS))
    kinds = [event.kind for event in engine.history("A1")]
    turned = "\n".join(",".join((*reversed(row), str(n))) for n, row in enumerate((HEADINGS, *ROWS)))
    assert take(turned.replace("时间,0", "时间,序号"))[1] == []
    assert [event.kind for event in engine.history("A1") if event.kind != "retold"] == kinds


def test_two_remarks_of_one_minute_are_two_facts_and_a_repeat_is_none(engine: Engine, take: Take) -> None:
    remarks = [("2026-03-16 08:06", "A1", "备注", "", text) for text in ("一", "二", "一")]
    result, refused = take(narrow(*ROWS[:2], *remarks))
    assert (result.repeats, refused) == (1, [])
    assert [event.kind for event in engine.history("A1")].count("noted") == 2
    head = engine.verify()
    assert take(narrow(*ROWS[:2], *remarks))[1] == []
    assert engine.verify() == head


_TIMES = ("2026-03-16 08:0{}", "2026/3/16 8:0{}", "2026.3.16 08:0{}:00", "2026年3月16日8时0{}分", "20260316080{}00")


@given(forms=st.lists(st.sampled_from(_TIMES), min_size=3, max_size=3))
def test_any_way_of_writing_a_time_is_the_same_fact(tmp_path_factory: pytest.TempPathFactory, forms: list[str]) -> None:
    path = tmp_path_factory.mktemp("rows") / "journal.csv"
    steps = [("上报", 0), ("派单", 3), ("催办", 6)]
    heads = []
    with Engine.open() as engine:
        for written in (["2026-03-16 08:0{}"] * 3, forms):
            rows = [
                (form.format(minute), "A1", step, "", "") for form, (step, minute) in zip(written, steps, strict=True)
            ]
            path.write_text(narrow(*rows), encoding="utf-8")
            refused: list[Reject] = []
            run(engine, path, locality="000000", rejected=refused.append)
            assert not refused
            heads.append(engine.verify())
    assert heads[0] == heads[1]


def told(engine: Engine, phone: str, **more: str) -> str:
    return "时间,事项编号,动作,电话,内容,网格\n" + f"2026-03-16 08:00,A1,上报,{phone},路灯不亮,{more.get('grid', '')}\n"


def test_who_asked_is_updated_in_place_and_the_fact_stays_one(engine: Engine, take: Take) -> None:
    take(told(engine, "13800000000"))
    assert take(told(engine, "13800000001", grid="3"))[1] == []
    [texts] = engine.texts("A1")
    assert (texts["phone"], texts["text"], texts["extra"]) == ("13800000001", "路灯不亮", {"网格": "3"})
    assert [event.kind for event in engine.history("A1")] == ["reported", "retold"]
    head = engine.verify()
    take(told(engine, "13800000001", grid="3"))
    assert engine.verify() == head


def test_nothing_is_told_again_of_a_forgotten_case(engine: Engine, take: Take) -> None:
    take(told(engine, "13800000000"))
    engine.forget("A1")
    take(told(engine, "13800000001"))
    assert engine.texts("A1") == []
    engine.verify()


def test_texts_are_updated_in_a_file_as_in_memory(tmp_path: Path) -> None:
    journal, store = tmp_path / "journal.csv", tmp_path / "cases.db"
    for phone in ("13800000000", "13800000001"):
        with Engine.open(store) as engine:
            journal.write_text(told(engine, phone), encoding="utf-8")
            run(engine, journal, locality="000000", rejected=lambda reject: None)
    with Engine.open(store) as engine:
        assert [texts["phone"] for texts in engine.texts("A1")] == ["13800000001"]
        engine.verify()


# --- who did it -------------------------------------------------------------------------------------------------------


def test_the_unit_of_a_wide_row_handles_it_and_neither_reports_nor_judges(engine: Engine, take: Take) -> None:
    assert take(wide(PERFECT), WIDE)[1] == []
    by = {event.kind: event.by and event.by.id for event in engine.history("G1") if event.action}
    assert by["reported"] is None
    assert {by[kind] for kind in ("arrived", "resolved", "answered")} == {"street"}
    assert by["evaluated"] == "requester"
    assert engine.case("G1").unit == "street"


@pytest.mark.parametrize("verdict", ["", "未评价", "无法联系"])
def test_a_visit_that_reached_nobody_is_no_verdict(engine: Engine, take: Take, verdict: str) -> None:
    assert take(wide((*PERFECT[:-1], verdict)), WIDE)[1] == []
    assert (engine.case("G1").state, engine.case("G1").judged) == ("answered", None)


def test_a_verdict_is_the_requesters_whoever_typed_it_in(engine: Engine, take: Take) -> None:
    text = narrow(*ROWS[:2]) + ("2026-03-16 08:20,A1,办结,,\n2026-03-16 08:30,A1,反馈,,\n")
    take(text)
    _, refused = take("时间,事项编号,动作,经办人,单位,是否满意\n2026-03-16 09:00,A1,评价,坐席3,street,是\n")
    assert refused == []
    assert [event.by and event.by.id for event in engine.history("A1") if event.action == "evaluate"] == ["requester"]


def test_a_short_name_of_one_unit_is_that_unit_and_is_named(huimin: Engine, tmp_path: Path) -> None:
    path, refused = tmp_path / "wide.csv", list[Reject]()
    path.write_text(wide(("G2", *PERFECT[1:3], "县住建局", *PERFECT[4:])), encoding="utf-8")
    result = run(huimin, path, locality="371621", map=WIDE, rejected=refused.append)
    assert refused == []
    case = huimin.case("G2")
    assert huimin.localities.policy("371621").units.name(case.unit).zh == "县住房和城乡建设局"
    assert any("县住建局" in note.zh and "县住房和城乡建设局" in note.zh for note in result.notices)


def test_a_unit_that_nobody_can_mean_is_refused_with_the_nearest(huimin: Engine, tmp_path: Path) -> None:
    path, refused = tmp_path / "wide.csv", list[Reject]()
    path.write_text(wide(("G2", *PERFECT[1:3], "孙武街到", *PERFECT[4:])), encoding="utf-8")
    run(huimin, path, locality="371621", map=WIDE, rejected=refused.append)
    assert "孙武街道" in refused[0].say("zh")


# --- what fits is taken -----------------------------------------------------------------------------------------------


def test_of_a_wide_row_every_step_that_fits_is_taken_and_every_other_is_named(engine: Engine, take: Take) -> None:
    row = ("G1", "08:00", "08:03", "street", "08:30", "09:10", "09:00", "", "")  # answered before it was settled
    result, refused = take(wide(row), WIDE)
    assert (result.taken, result.rejected) == (0, 1)
    assert [fault.column for fault in refused[0].faults] == ["回复"]
    assert engine.case("G1").state == "resolved"
    assert engine.incomplete("000000").keys() == {"G1"}
    mended = (*row[:6], "09:20", "", "")
    assert take(wide(mended), WIDE)[1] == []
    assert engine.case("G1").state == "answered"
    assert engine.incomplete("000000") == {}


def test_a_cell_that_cannot_be_read_costs_its_own_step_only(engine: Engine, take: Take) -> None:
    _, refused = take(wide((*PERFECT[:6], "昨天", "", "")), WIDE)
    assert [fault.column for fault in refused[0].faults] == ["回复"]
    assert engine.case("G1").state == "resolved"


def test_all_that_is_wrong_with_a_wide_row_is_said_of_it_once(engine: Engine, take: Take) -> None:
    result, refused = take(wide(("G1", "08:00", "昨天", "street", "08:30", "08:50", "09:00", "", "")), WIDE)
    assert [fault.column for fault in refused[0].faults] == ["派单", "到场"]  # nobody arrives who was not sent
    assert (result.rejected, len(refused)) == (1, 1)


def test_a_row_that_has_changed_is_named_and_refused(engine: Engine, take: Take) -> None:
    take(wide(PERFECT), WIDE, way="record")
    head = engine.verify()
    _, refused = take(wide((*PERFECT[:4], "08:31", *PERFECT[5:])), WIDE, way="record")
    assert "到场" in {fault.column for fault in refused[0].faults}
    assert engine.verify().partition(":")[0] == str(int(head.partition(":")[0]) + 1)  # the case is incomplete now


def test_a_narrow_row_that_is_mended_completes_its_case(engine: Engine, take: Take) -> None:
    take(narrow(*ROWS[:2], ("2026-03-16 08:30", "A1", "反馈", "", "")))
    assert engine.incomplete("000000").keys() == {"A1"}
    take(narrow(("2026-03-16 08:20", "A1", "办结", "", "")))
    assert engine.incomplete("000000").keys() == {"A1"}
    take(narrow(("2026-03-16 08:30", "A1", "反馈", "", "")))
    assert engine.incomplete("000000") == {}


def test_more_than_a_tenth_refused_is_said_before_any_figure(take: Take) -> None:
    good = [("2026-03-16 08:00", f"A{n}", "上报", "", "") for n in range(18)]
    bad = [("2026-03-16 08:00", f"B{n}", "派单", "", "") for n in range(2)]
    assert take(narrow(*good, *bad))[0].mostly_refused is None
    said = take(narrow(*good, *bad, ("2026-03-16 08:00", "B2", "派单", "", "")))[0].mostly_refused
    assert said is not None
    assert "3" in said.zh


# --- cells that say that nothing has happened -------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["NULL", "-", "N/A", "未办结", "0000-00-00 00:00:00", "1900-01-01 00:00:00"])
def test_what_stands_for_no_time_is_an_empty_cell(engine: Engine, take: Take, cell: str) -> None:
    map = Map(columns={"case": "编号"}, times={"report": "受理时间", "resolve": "办结时间"})
    assert take(f"编号,受理时间,办结时间\n1,2026-03-16 08:00,{cell}\n", map)[1] == []
    assert engine.case("1").state == "reported"


def test_incomplete_cases_are_counted_in_every_figure_and_survive_in_a_store(tmp_path: Path, governflow: Any) -> None:
    path, store = tmp_path / "journal.csv", tmp_path / "cases.db"
    path.write_text(narrow(*ROWS[:2], ("2026-03-16 08:30", "A1", "反馈", "", "")), encoding="utf-8")
    done = governflow("run", path, "--store", store, "--json")
    assert done.json["rows"] == {"taken": 2, "refused": 1, "repeated": 0}
    assert done.json["cases"][0]["incomplete"] is True
    assert done.json["summary"]["incomplete"] == 1
    assert done.json["summary"]["clocks"]["dispatch"]["incomplete"] == 1
    text = governflow("run", path, "--store", store, "--lang", "zh").out
    assert text.index("有误未采用") < text.index("1 件有步骤未采用") < text.index("时限达成")
    with Engine(SQLiteStore(store)) as opened:
        assert opened.incomplete("000000").keys() == {"A1"}


# --- what comes late, and what is recorded only later -----------------------------------------------------------------

STEPS = ("上报", "派单", "到场", "办结", "反馈")


def day(case: str, *minutes: int) -> list[tuple[str, ...]]:
    return [(f"2026-03-16 08:{minute:02}", case, step, "", "") for step, minute in zip(STEPS, minutes, strict=False)]


def shown(engine: Engine) -> dict[str, Any]:
    return {
        case.id: (case.state, case.unit, case.source, case.unrecorded, case.told, sorted(case.all_clocks, key=str))
        for case in engine.cases()
    }


def test_a_journal_in_two_parts_leaves_the_same_cases_as_at_once(tmp_path: Path) -> None:
    first = [*day("L1", 0, 3), ("2026-03-16 17:00", "L2", "上报", "", "")]
    second = day("L1", 0, 3, 35, 55, 59)[2:]  # learnt next morning: the arrival and what followed
    path, found = tmp_path / "journal.csv", []
    for parts in ([first, second], [[*first, *second]]):
        with Engine.open(way="record") as engine:
            for rows in parts:
                path.write_text(narrow(*rows), encoding="utf-8")
                refused: list[Reject] = []
                run(engine, path, locality="000000", rejected=refused.append)
                assert refused == []
            found.append(shown(engine))
            engine.verify()
    assert found[0] == found[1]
    assert found[0]["L1"][0] == "answered"


def test_an_export_with_newly_filled_cells_completes_its_cases(engine: Engine, take: Take) -> None:
    later = ("G2", "16:00", "16:03", "street", "16:30", "16:50", "17:00", "", "")
    take(wide((*PERFECT[:5], "", "", "", ""), later), WIDE, way="record")
    _, refused = take(wide((*PERFECT[:5], "15:50", "16:30", "", ""), later), WIDE, way="record")
    assert refused == []
    found = outcomes(engine.case("G1"))
    assert (found["arrive"], found["resolve"]) == (Outcome.MET, Outcome.BREACHED)
    assert (engine.case("G1").state, engine.case("G1").unit) == ("answered", "street")


def test_a_pause_and_its_end_that_come_late_are_told_together(engine: Engine, take: Take) -> None:
    rows = [*day("A1", 0, 3, 10), ("2026-03-16 12:00", "A2", "上报", "", "")]
    take(narrow(*rows), way="record")
    told = [("2026-03-16 08:20", "A1", "挂起", "", "等料"), ("2026-03-16 11:00", "A1", "恢复", "", "")]
    assert take(narrow(*told), way="record")[1] == []
    assert engine.case("A1").state == "on_site"
    engine.verify()


_GAPS = st.lists(st.none() | st.integers(1, 600), min_size=5, max_size=5)


def export(cases: list[list[int | None]], until: int) -> str:
    """Return an export as it stands so many minutes after eight: of each case the steps that have happened by then."""
    rows = []
    for number, gaps in enumerate(cases):
        minute, cells = number, [number]
        for gap in gaps:
            if gap is None:
                break
            minute += gap
            cells.append(minute)
        known = [f"2026-03-16 08:00:{number:02}", *(_at(one) if one <= until else "" for one in cells[1:])]
        known += [""] * (6 - len(known))
        verdict = "满意" if known[5] else ""
        rows.append([f"G{number}", *known[:2], "street", *known[2:], verdict])
    return "\n".join(",".join(row) for row in (list(WIDE_HEADINGS), *rows)) + "\n"


def _at(minute: int) -> str:
    day, rest = divmod(8 * 60 + minute, 24 * 60)
    return f"2026-03-{16 + day:02} {rest // 60:02}:{rest % 60:02}"


@given(cases=st.lists(_GAPS, min_size=1, max_size=4), monday=st.integers(0, 3000))
def test_an_export_may_be_run_on_monday_and_again_longer_on_tuesday(
    tmp_path_factory: pytest.TempPathFactory, cases: list[list[int | None]], monday: int
) -> None:
    path = tmp_path_factory.mktemp("rows") / "export.csv"
    end = datetime.fromisoformat("2026-03-20 08:00+08:00")
    found = []
    for parts in ((monday, 10_000), (10_000,)):
        with Engine.open(way="record") as engine:
            for part in parts:
                path.write_text(export(cases, part), encoding="utf-8")
                refused: list[Reject] = []
                until = end if part == parts[-1] else None
                run(engine, path, locality="000000", map=WIDE, until=until, rejected=refused.append)
                assert refused == []
            found.append(shown(engine))
    assert found[0] == found[1]
