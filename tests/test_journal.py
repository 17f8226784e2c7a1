"""Journals in: what a clerk's slightly wrong file may hold, and what becomes of each row."""

import io
import json
import os
import zipfile
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from governflow.errors import GovernflowError, JournalError, MapError
from governflow.journal import ACTIONS, FIELDS, Item, Map, Notice, Reject, RejectsWriter, Row, read
from governflow.text import Text

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
SHANGHAI = "Asia/Shanghai"


def of_text(tmp_path: Path, text: str | bytes, name: str = "journal.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def of_cells(tmp_path: Path, rows: Iterable[Iterable[Any]], name: str = "journal.xlsx") -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    path = tmp_path / name
    book.save(path)
    return path


def items(path: Path, map: Map | None = None, zone: str = SHANGHAI, **more: Any) -> list[Item]:
    return list(read(path, map, zone=zone, **more))


def rows(path: Path, map: Map | None = None, zone: str = SHANGHAI, **more: Any) -> list[Row]:
    found = items(path, map, zone, **more)
    assert [item.say("en") for item in found if isinstance(item, Reject)] == []
    return [item for item in found if isinstance(item, Row)]


def rejects(path: Path, map: Map | None = None, zone: str = SHANGHAI) -> list[Reject]:
    return [item for item in items(path, map, zone) if isinstance(item, Reject)]


def notices(path: Path, map: Map | None = None, zone: str = SHANGHAI) -> list[Notice]:
    return [item for item in items(path, map, zone) if isinstance(item, Notice)]


def one_row(tmp_path: Path, **cells: str) -> Row:
    cells = {"time": "2019-04-25 09:32", "case": "1", "action": "report"} | cells
    (row,) = rows(of_text(tmp_path, json.dumps(cells), "one.jsonl"))
    return row


def one_reject(tmp_path: Path, **cells: str) -> Reject:
    cells = {"time": "2019-04-25 09:32", "case": "1", "action": "report"} | cells
    (reject,) = rejects(of_text(tmp_path, json.dumps(cells), "one.jsonl"))
    return reject


def refused(path: Path, map: Map | None = None, zone: str = SHANGHAI) -> str:
    with pytest.raises(JournalError) as caught:
        items(path, map, zone)
    assert isinstance(caught.value, GovernflowError)
    assert caught.value.text.zh != caught.value.text.en
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- narrow journals ------------------------------------------------------------------------------


def test_a_narrow_row_has_one_step_and_its_fields(tmp_path: Path) -> None:
    path = of_text(tmp_path, "time,case,action,actor,weather\n2019-04-25 09:32:09,HM1,dispatch,王五,rain\n")
    (row,) = rows(path)
    assert (row.line, row.case) == (2, "HM1")
    assert row.fields == {"actor": "王五"}
    assert row.extra == {"weather": "rain"}
    assert [(step.action, step.at, step.date_only) for step in row.steps] == [
        ("dispatch", datetime(2019, 4, 25, 1, 32, 9, tzinfo=UTC), False)
    ]
    assert row.cells == {
        "time": "2019-04-25 09:32:09",
        "case": "HM1",
        "action": "dispatch",
        "actor": "王五",
        "weather": "rain",
    }


def test_every_field_is_known_by_its_english_and_chinese_heading(tmp_path: Path) -> None:
    cells = {
        "severity": "一般",
        "urgency": "紧急",
        "visit": "否",
        "satisfied": "满意",
        "score": "5",
        "until": "2019-05-01 08:00",
    }
    needed = {"time": "2019-04-25 09:32", "case": "1", "action": "上报"}
    for name, field in FIELDS.items():
        if name in needed:
            continue
        value = cells.get(name, "某")
        for heading in (name, name.upper(), f" {field.zh} ", *field.headings):
            path = of_text(tmp_path, json.dumps({**needed, heading: value}), "f.jsonl")
            assert set(rows(path)[0].fields) == {name}, heading


@pytest.mark.parametrize(
    "headings",
    [
        "时间,事项编号,动作",
        "操作时间,工单号,办理环节",
        "Time,CASE_ID, Action ",
        "*时间：,编号,操作",
        "ＴＩＭＥ,案件 编号,步骤",
    ],
)
def test_headings_may_be_typed_in_many_ways(tmp_path: Path, headings: str) -> None:
    (row,) = rows(of_text(tmp_path, f"{headings}\n2019-4-25 9:32,7,派单\n"))
    assert (row.case, row.steps[0].action) == ("7", "dispatch")


def test_every_action_is_known_in_english_and_chinese(tmp_path: Path) -> None:
    for name, canonical in ACTIONS.items():
        assert one_row(tmp_path, action=name).steps[0].action == canonical
    assert one_row(tmp_path, action=" Check-In ").steps[0].action == "check_in"
    assert one_row(tmp_path, action="并案").steps[0].action == "merge"
    assert one_row(tmp_path, action="超时申诉").steps[0].action == "appeal"


def test_a_locality_may_name_its_own_actions(tmp_path: Path) -> None:
    path = of_text(tmp_path, "time,case,action\n2019-04-25 09:32,1,基层报单\n")
    assert rows(path, actions={**ACTIONS, "基层报单": "report"})[0].steps[0].action == "report"
    assert rejects(path)[0].faults[0].column == "action"


def test_an_unknown_action_is_refused_with_the_nearest_and_all_that_are_known(tmp_path: Path) -> None:
    reject = one_reject(tmp_path, action="dispach")
    assert (reject.line, reject.faults[0].column, reject.faults[0].value) == (1, "action", "dispach")
    assert "dispatch" in reject.faults[0].reason.en
    assert "check_in" in reject.faults[0].allowed.en
    assert "报到" in reject.faults[0].allowed.zh
    assert reject.say("zh").startswith("第 1 行：“action”列：")


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (
            "severity",
            {"general": "general", "一般": "general", "Complex": "complex", "复杂": "complex", "重大": "major"},
        ),
        ("urgency", {"NORMAL": "normal", "普通": "normal", "紧急": "urgent", "特急": "emergency"}),
        ("visit", {"yes": True, "是": True, "TRUE": True, "1": True, "Y": True, "否": False, "0": False, "n": False}),
        ("satisfied", {"满意": True, "基本满意": True, "非常满意": True, "不满意": False, "false": False, "否": False}),
        ("score", {"1": 1, "５": 5, "4.0": 4, "3分": 3}),
    ],
)
def test_closed_values_are_read_in_both_languages(tmp_path: Path, column: str, values: dict[str, object]) -> None:
    for written, value in values.items():
        fields = one_row(tmp_path, **{column: f" {written}　"}).fields
        assert [(name, type(read), read) for name, read in fields.items()] == [(column, type(value), value)]


@pytest.mark.parametrize(
    ("column", "value", "allowed"),
    [
        ("severity", "terrible", "major"),
        ("urgency", "soon", "emergency"),
        ("visit", "maybe", "yes"),
        ("satisfied", "嗯", "no"),
        ("score", "6", "1 to 5"),
        ("score", "4.5", "1 to 5"),
    ],
)
def test_a_value_that_is_not_known_is_refused_naming_row_column_value_and_what_is_allowed(
    tmp_path: Path, column: str, value: str, allowed: str
) -> None:
    reject = one_reject(tmp_path, **{column: value})
    assert (reject.line, reject.faults[0].column, reject.faults[0].value) == (1, column, value)
    assert allowed in reject.faults[0].allowed.en
    assert reject.faults[0].allowed.zh
    assert reject.cells[column] == value


def test_a_row_names_all_its_faults_at_once(tmp_path: Path) -> None:
    reject = one_reject(tmp_path, time="yesterday", case="", action="jump", score="9")
    assert [fault.column for fault in reject.faults] == ["case", "time", "action", "score"]


def test_a_field_may_be_empty_and_is_then_absent(tmp_path: Path) -> None:
    assert one_row(tmp_path, severity="", text="  ").fields == {}


def test_of_two_headings_for_one_field_the_proper_one_counts(tmp_path: Path) -> None:
    path = of_text(tmp_path, "时间,事项编号,动作,备注,说明\n2019-04-25 09:32,1,上报,甲,乙\n")
    (row,) = rows(path)
    assert (row.fields, row.extra) == ({"note": "甲"}, {"说明": "乙"})


def test_two_synonyms_for_one_field_are_refused(tmp_path: Path) -> None:
    path = of_text(tmp_path, "时间,事项编号,动作,办理人,操作人\n2019-04-25 09:32,1,上报,甲,乙\n")
    assert "办理人, 操作人 could all be actor" in refused(path)


# --- times ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        "2019/4/25 9:32:09",
        "2019-04-25 09:32:09",
        "2019-04-25T09:32:09",
        "2019-04-25T09:32:09+08:00",
        "2019-04-25T01:32:09Z",
        "2019-04-24T21:32:09-0400",
        "2019年4月25日 9时32分9秒",
        "2019年4月25日9时32分09秒",
        "2019.4.25 9:32:09",
        "2019/4/25 上午9:32:09",
        "2019/4/25 9:32:09 AM",
        "２０１９／４／２５　９：３２：０９",
        "43580.3973263889",
    ],
)
def test_a_time_is_read_however_it_is_written(tmp_path: Path, written: str) -> None:
    step = one_row(tmp_path, time=written).steps[0]
    assert (step.at, step.date_only) == (datetime(2019, 4, 25, 1, 32, 9, tzinfo=UTC), False)


@pytest.mark.parametrize("written", ["2019-04-25", "2019/4/25", "2019年4月25日", "2019.4.25", "43580"])
def test_a_date_without_a_time_is_the_end_of_that_day(tmp_path: Path, written: str) -> None:
    step = one_row(tmp_path, time=written).steps[0]
    assert (step.at, step.date_only) == (datetime(2019, 4, 25, 15, 59, 59, tzinfo=UTC), True)


def test_dates_without_a_time_are_noticed_once_a_column(tmp_path: Path) -> None:
    path = of_text(tmp_path, "time,case,action\n2019-04-25 08:00,1,report\n2019-04-25,1,claim\n2019-04-26,1,arrive\n")
    (notice,) = notices(path)
    assert notice.kind == "dates"
    assert "column time has dates without a time in 2 rows (first in line 3)" in notice.say("en")
    assert "当日结束" in notice.say("zh")


def test_24_00_is_the_next_midnight(tmp_path: Path) -> None:
    assert one_row(tmp_path, time="2019-04-25 24:00").steps[0].at == datetime(2019, 4, 25, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2019-13-45",
        "2019-02-31",
        "2019-02-31 08:00",
        "2019-04-25 25:61",
        "2019-04-25 24:01",
        "2019-04-25 09:32:60",
        "1989-12-31 08:00",
        "2101-01-01",
        "0000-01-01",
        "9:32",
        "tomorrow",
        "2019-04-25x09:32",
        "2019/4/259:32",
        "12345.5",
        "2019-04-25 09:32+99:00",
    ],
)
def test_a_time_that_cannot_be_is_refused(tmp_path: Path, written: str) -> None:
    reject = one_reject(tmp_path, time=written)
    assert (reject.faults[0].column, reject.faults[0].value) == ("time", written)
    assert "2019-04-25 09:32" in reject.faults[0].allowed.en


@pytest.mark.parametrize("written", ["4/25/2019", "25.4.2019 09:32", "4-5-19"])
def test_a_time_that_does_not_begin_with_the_year_is_not_guessed(tmp_path: Path, written: str) -> None:
    assert "write the year first" in one_reject(tmp_path, time=written).faults[0].reason.en


def test_a_time_that_the_clocks_skipped_is_refused(tmp_path: Path) -> None:
    path = of_text(tmp_path, "time,case,action\n2019-03-10 02:30,1,report\n2019-03-10 03:00,2,report\n")
    (reject,) = rejects(path, zone="America/New_York")
    assert "does not exist in America/New_York" in reject.faults[0].reason.en
    assert "拨快" in reject.faults[0].reason.zh


def test_a_time_that_came_twice_is_the_first_of_the_two(tmp_path: Path) -> None:
    path = of_text(tmp_path, "time,case,action\n2019-11-03 01:30,1,report\n2019-11-03 02:30,1,claim\n")
    assert [row.steps[0].at for row in rows(path, zone="America/New_York")] == [
        datetime(2019, 11, 3, 5, 30, tzinfo=UTC),
        datetime(2019, 11, 3, 7, 30, tzinfo=UTC),
    ]


def test_until_is_read_as_a_time_and_keeps_its_offset(tmp_path: Path) -> None:
    assert one_row(tmp_path, until="2019/5/1 8:00").fields["until"].isoformat() == "2019-05-01T08:00:00+08:00"
    assert one_row(tmp_path, until="2019/5/1").fields["until"].isoformat() == "2019-05-01T23:59:59+08:00"
    assert one_reject(tmp_path, until="soon").faults[0].column == "until"


def test_a_zone_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    path = of_text(tmp_path, "time,case,action\n2019-03-10 02:30,1,report\n")
    assert "Asia/Beijing" in refused(path, zone="Asia/Beijing")


# --- maps and wide journals -----------------------------------------------------------------------

WIDE = Map(
    columns={"case": "id", "item": "type"},
    times={"report": "opened", "resolve": "closed", "answer": "closed", "claim": "taken"},
    constants={"visit": "no"},
)


def test_a_wide_row_has_a_step_for_every_time_in_order(tmp_path: Path) -> None:
    text = "id,type,opened,closed,taken,who\n7,light,2019-04-01 08:00,2019-04-03 08:00,2019-04-02 08:00,x\n"
    (row,) = rows(of_text(tmp_path, text), WIDE)
    assert [step.action for step in row.steps] == ["report", "claim", "resolve", "answer"]
    assert row.fields == {"visit": False, "item": "light"}
    assert row.extra == {"who": "x"}


def test_a_time_that_is_empty_has_not_happened(tmp_path: Path) -> None:
    (row,) = rows(of_text(tmp_path, "id,type,opened,closed,taken\n7,light,2019-04-01 08:00,,\n"), WIDE)
    assert [step.action for step in row.steps] == ["report"]


def test_steps_of_one_moment_follow_the_lifecycle(tmp_path: Path) -> None:
    path = of_text(tmp_path, "id,type,opened,closed,taken\n7,l,2019-04-01,2019-04-01,2019-04-01\n")
    assert [step.action for step in rows(path, WIDE)[0].steps] == ["report", "claim", "resolve", "answer"]
    order = ("report", "answer", "resolve", "claim")
    assert [step.action for step in rows(path, WIDE, order=order)[0].steps] == list(order)


def test_a_time_before_the_report_costs_its_step_naming_both_columns(tmp_path: Path) -> None:
    path = of_text(tmp_path, "id,type,opened,closed,taken\n7,l,2019-04-02 08:00,2019-04-01 08:00,\n")
    (row,) = rows(path, WIDE)
    assert [step.action for step in row.steps] == ["report"]
    assert row.faults[0].column == "closed"
    assert "before the report in column opened (2019-04-02 08:00)" in row.faults[0].reason.en


def test_a_wide_row_without_the_time_of_its_report_is_refused(tmp_path: Path) -> None:
    (reject,) = rejects(of_text(tmp_path, "id,type,opened,closed,taken\n7,l,,2019-04-01 08:00,\n"), WIDE)
    assert (reject.faults[0].column, reject.faults[0].reason.en) == ("opened", "the cell is empty")


def test_every_mapped_column_must_exist(tmp_path: Path) -> None:
    path = of_text(tmp_path, "id,kind,opened,close,taken\n7,l,2019-04-02 08:00,2019-04-01 08:00,\n")
    sentence = refused(path, WIDE)
    assert "type" in sentence
    assert "closed (nearest: close)" in sentence


def test_the_map_decides_the_zone_and_translates_values(tmp_path: Path) -> None:
    path = of_text(
        tmp_path,
        'zone = "America/New_York"\n[columns]\ncase = "No"\n[values.action]\n"Neu" = "上报"\n'
        '[values.severity]\n"hard" = "复杂"\n"" = "general"\n[values.channel]\n"Tel" = "hotline"\n',
        "map.toml",
    )
    map = Map.load(path)
    text = "time,No,action,severity,channel\n2019-04-01 08:00,1,neu,HARD,Tel\n2019-04-01 08:00,2,neu,,web\n"
    first, second = rows(of_text(tmp_path, text), map, zone=SHANGHAI)
    assert first.steps[0].at == datetime(2019, 4, 1, 12, 0, tzinfo=UTC)
    assert first.fields == {"severity": "complex", "channel": "hotline"}
    assert second.fields == {"severity": "general", "channel": "web"}


def mapped(tmp_path: Path, map: str, journal: str) -> tuple[Path, Map]:
    return of_text(tmp_path, journal), Map.load(of_text(tmp_path, map, "map.toml"))


SWAPPED = '[values.score]\n"1" = "5"\n"2" = "4"\n"4" = "2"\n"5" = "1"\n'


def test_what_a_map_puts_for_an_empty_cell_is_not_translated_again(tmp_path: Path) -> None:
    map = f'{SWAPPED}"" = "5"\n[values.unit]\n"A" = "B"\n"B" = "C"\n"" = "B"\n'
    text = "time,case,action,score,unit\n2019-04-01,1,report,,\n2019-04-01,2,report,1,A\n2019-04-01,3,report,5,B\n"
    assert [row.fields for row in rows(*mapped(tmp_path, map, text))] == [
        {"score": 5, "unit": "B"},
        {"score": 5, "unit": "B"},
        {"score": 1, "unit": "C"},
    ]


def test_a_constant_of_a_map_is_not_translated(tmp_path: Path) -> None:
    map = f'[constants]\nscore = "5"\nunit = "A"\n{SWAPPED}[values.unit]\n"A" = "B"\n'
    (row,) = rows(*mapped(tmp_path, map, "time,case,action\n2019-04-01,1,report\n"))
    assert row.fields == {"score": 5, "unit": "A"}


@pytest.mark.parametrize("table", ['"Neu" = "report"\n', '"Neu" = "report"\n"" = ""\n'])
def test_an_empty_action_is_refused_although_the_map_translates_actions(tmp_path: Path, table: str) -> None:
    text = "time,case,action\n2019-04-01 08:00,1,Neu\n2019-04-02 08:00,1,\n"
    first, second = items(*mapped(tmp_path, f"[values.action]\n{table}", text))
    assert isinstance(first, Row)
    assert isinstance(second, Reject)
    assert second.say("en") == "line 3: column action: the cell is empty"


def test_an_empty_action_is_the_one_that_the_map_puts_for_it(tmp_path: Path) -> None:
    text = "time,case,action\n2019-04-01 08:00,1,\n"
    (row,) = rows(*mapped(tmp_path, '[values.action]\n"" = "report"\n', text))
    assert [step.action for step in row.steps] == ["report"]


def test_a_word_that_the_map_translates_to_no_action_is_refused_naming_the_word(tmp_path: Path) -> None:
    text = "time,case,action\n2019-04-01 08:00,1,Memo\n"
    (reject,) = rejects(*mapped(tmp_path, '[values.action]\n"Memo" = ""\n', text))
    assert (reject.faults[0].column, reject.faults[0].value) == ("action", "Memo")
    assert reject.faults[0].reason.en == "the map gives this word no action"


def test_a_map_names_all_its_faults_in_one_sentence(tmp_path: Path) -> None:
    path = of_text(
        tmp_path,
        'zone = "Asia/Beijing"\nzones = 1\n[columns]\ncaes = "a"\nitem = 5\n[times]\nrepport = "b"\n'
        '[constants]\nvisit = "perhaps"\n[values.severity]\n"x" = "bad"\n[values.time]\n"x" = "y"\n',
        "map.toml",
    )
    with pytest.raises(MapError) as caught:
        Map.load(path)
    for word in ("Asia/Beijing", "zones", "caes", "perhaps case is meant", "repport", "item", "perhaps", "bad", "time"):
        assert word in str(caught.value)
    assert "对照表" in caught.value.text.zh
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("zone = ", "cannot be read"),
        ('[times]\nresolve = "a"\n[columns]\ncase = "c"\n', "no report"),
        ('[times]\nreport = "a"\n', "no case"),
        ('[times]\nreport = "a"\n[columns]\ncase = "c"\ntime = "t"\n', "time has no place"),
        ('[columns]\nitem = "a"\n[constants]\nitem = "b"\n', "both a column and a constant"),
        ('[columns]\nitem = "a"\ntext = "a"\n', "both item and text"),
        ('[constants]\ncase = "b"\n', "cannot be the same"),
        ("columns = 3\n", "must be a table"),
        ("values = 3\n", "must be tables"),
    ],
)
def test_a_map_that_makes_no_sense_is_refused(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(MapError, match=word):
        Map.load(of_text(tmp_path, text, "map.toml"))


def test_a_map_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MapError, match="cannot be read"):
        Map.load(tmp_path / "none.toml")
    with pytest.raises(MapError, match="cannot be read"):
        Map.load(of_text(tmp_path, b"\xff\xfe\x00", "map.toml"))


# --- formats and encodings ------------------------------------------------------------------------

CHINESE = "时间,事项编号,动作,内容\n2019-04-25 09:32,1,上报,路灯不亮\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_a_csv_file_is_read_in_the_encodings_that_offices_use(tmp_path: Path, encoding: str) -> None:
    (row,) = rows(of_text(tmp_path, CHINESE.encode(encoding)))
    assert row.fields == {"text": "路灯不亮"}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    assert rows(of_text(tmp_path, CHINESE.replace(",", delimiter)))[0].fields == {"text": "路灯不亮"}
    noted = f"sep={delimiter}\n" + CHINESE.replace(",", delimiter)
    assert rows(of_text(tmp_path, noted))[0].line == 3


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_way_and_are_counted_as_the_clerk_counts_them(tmp_path: Path, end: str) -> None:
    lines = ["time,case,action,note", "", '2019-04-25 09:32,1,report,"a', 'b"', "", "2019-04-25 09:33,1,claim,"]
    assert [row.line for row in rows(of_text(tmp_path, end.join(lines)))] == [3, 6]


def test_the_content_decides_the_format_not_the_name(tmp_path: Path) -> None:
    sheet = of_cells(tmp_path, [["time", "case", "action"], ["2019-04-25 09:32", "1", "report"]], "really.csv")
    assert rows(sheet)[0].case == "1"
    assert rows(of_text(tmp_path, CHINESE, "really.xlsx"))[0].case == "1"
    line = '{"time": "2019-04-25 09:32", "case": 1, "action": "report", "visit": true, "note": null}\n'
    assert rows(of_text(tmp_path, line, "really.csv"))[0].fields == {"visit": True}


def test_the_same_row_has_the_same_digest_in_every_format(tmp_path: Path) -> None:
    cells = {"时间": "2019-04-25 09:32:00", "事项编号": "7", "动作": "上报", "内容": "甲\n乙", "备注": ""}
    csv_path = of_text(tmp_path, '时间,事项编号,动作,内容,备注\r\n2019-04-25 09:32:00,7,上报,"甲\r\n乙",\r\n')
    reordered = of_text(tmp_path, '内容,事项编号,动作,时间\n"甲\n乙 ",7,上报,2019-04-25 09:32:00\n', "other.csv")
    typed = {**cells, "时间": datetime(2019, 4, 25, 9, 32), "事项编号": 7.0}  # noqa: DTZ001 - a cell
    sheet = of_cells(tmp_path, [list(typed), list(typed.values())])
    line = of_text(tmp_path, json.dumps(cells), "j.jsonl")
    assert len({rows(path)[0].digest for path in (csv_path, reordered, sheet, line)}) == 1


def test_an_exact_repeat_has_the_same_digest_and_any_change_another(tmp_path: Path) -> None:
    text = "time,case,action,a,b\n" + "".join(
        f"2019-04-25 09:32,1,report,{a},{b}\n"
        for a, b in [("x", "y"), ("x", "y"), ("x", "z"), ("xy", ""), ("", "xy"), ("x\x1eb\x1fy", "")]
    )
    digests = [row.digest for row in rows(of_text(tmp_path, text))]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 5
    assert {len(digest) for digest in digests} == {16}


def test_unmapped_columns_are_kept_and_noticed(tmp_path: Path) -> None:
    path = of_text(tmp_path, "time,case,action,a,b\n2019-04-25 09:32,1,report,,x\n")
    (notice,) = notices(path)
    assert (notice.kind, "2 columns are not mapped" in notice.say("en")) == ("unmapped", True)
    assert rows(path)[0].extra == {"b": "x"}


def test_rows_above_the_headings_are_skipped_with_a_notice(tmp_path: Path) -> None:
    path = of_cells(
        tmp_path, [["2019年4月工单汇总"], [], ["时间", "事项编号", "动作"], ["2019-04-25 09:32", "1", "上报"]]
    )
    assert rows(path)[0].line == 4
    assert [notice.kind for notice in notices(path)] == ["heading"]
    text = of_text(tmp_path, "2019年4月工单汇总,,\n时间,事项编号,动作\n2019-04-25 09:32,1,上报\n")
    assert rows(text)[0].line == 3


def test_blank_rows_are_skipped(tmp_path: Path) -> None:
    path = of_text(tmp_path, "time,case,action\n\n , ,\n,,\n2019-04-25 09:32,1,report\n   \n\n")
    assert [row.line for row in rows(path)] == [5]
    sheet = of_cells(tmp_path, [["time", "case", "action"], [], [None, " "], ["2019-04-25 09:32", "1", "report"]])
    assert [row.line for row in rows(sheet)] == [4]


def test_blank_cells_beyond_the_headings_do_not_matter(tmp_path: Path) -> None:
    path = of_text(tmp_path, "time,case,action,,\n2019-04-25 09:32,1,report,,\n2019-04-25 09:33,1,claim,, ,\n")
    assert [row.extra for row in rows(path)] == [{}, {}]


# --- workbooks ------------------------------------------------------------------------------------


def test_a_number_that_excel_made_of_an_id_is_an_id_again(tmp_path: Path) -> None:
    at = "2019-04-25 09:32"
    path = of_cells(tmp_path, [["time", "case", "action"], *([at, case, "report"] for case in (2549.0, 2.549e3, 7))])
    assert [row.case for row in rows(path)] == ["2549", "2549", "7"]
    long = of_text(tmp_path, '{"time": "2019-04-25", "case": 1.01000295613e11, "action": "report"}', "j.jsonl")
    assert rows(long)[0].case == "101000295613"


def test_zeros_before_an_id_stay_and_its_blanks_and_full_width_digits_go(tmp_path: Path) -> None:
    assert one_row(tmp_path, case="007").case == "007"
    assert one_row(tmp_path, case="　 ＨＭ００７\ufeff ").case == "HM007"
    assert one_row(tmp_path, case="2E5").case == "2E5"


@pytest.mark.parametrize("column", ["case", "phone", "unit"])
def test_an_id_whose_digits_excel_lost_is_refused(tmp_path: Path, column: str) -> None:
    reject = one_reject(tmp_path, **{column: "1.01E+11"})
    assert (reject.faults[0].column, reject.faults[0].value) == (column, "1.01E+11")
    assert "last digits are lost" in reject.faults[0].reason.en
    assert "as text" in reject.faults[0].reason.en


def test_a_numeric_id_beyond_excels_fifteen_digits_is_refused(tmp_path: Path) -> None:
    at = "2019-04-25 09:32"
    cases = (999_999_999_999_999, 110101199003070012, 1.10101199003070e17)
    found = items(of_cells(tmp_path, [["time", "case", "action"], *([at, case, "report"] for case in cases)]))
    assert [type(item) for item in found] == [Row, Reject, Reject]
    assert isinstance(found[1], Reject)
    assert "rounded" in found[1].faults[0].reason.en
    # JSON keeps all digits.
    line = of_text(tmp_path, '{"time": "2019-04-25", "case": 110101199003070012, "action": "report"}', "j.jsonl")
    assert rows(line)[0].case == "110101199003070012"


def test_dates_in_cells_are_read_with_or_without_a_time(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["time", "case", "action"])
    for moment, number_format in [
        (datetime(2019, 4, 25, 9, 32, 9), "yyyy-mm-dd hh:mm:ss"),  # noqa: DTZ001 - a cell
        (date(2019, 4, 25), '[$-804]yyyy"年"m"月"d"日"'),
        (datetime(2019, 4, 25), "yyyy-mm-dd hh:mm"),  # noqa: DTZ001 - a cell
        (43580.5, "General"),
    ]:
        sheet.append([moment, 1, "report"])
        sheet.cell(sheet.max_row, 1).number_format = number_format
    path = tmp_path / "dates.xlsx"
    book.save(path)
    assert [(row.steps[0].at.isoformat(), row.steps[0].date_only) for row in rows(path)] == [
        ("2019-04-25T01:32:09+00:00", False),
        ("2019-04-25T15:59:59+00:00", True),
        ("2019-04-24T16:00:00+00:00", False),
        ("2019-04-25T04:00:00+00:00", False),
    ]


def test_bare_numbers_in_a_workbook_that_counts_from_1904_are_not_guessed(tmp_path: Path) -> None:
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    assert sheet is not None
    for row in (["time", "case", "action"], [42118.5, 1, "report"], [datetime(2019, 4, 25, 12), 1, "claim"]):  # noqa: DTZ001
        sheet.append(row)
    path = tmp_path / "mac.xlsx"
    book.save(path)
    bad, good = items(path)
    assert isinstance(bad, Reject)
    assert "1904" in bad.faults[0].reason.en
    assert isinstance(good, Row)
    assert good.steps[0].at == datetime(2019, 4, 25, 4, tzinfo=UTC)


def test_a_formula_in_a_mapped_column_is_refused_and_in_another_kept(tmp_path: Path) -> None:
    path = of_cells(
        tmp_path,
        [
            ["time", "case", "action", "note", "seq"],
            ["2019-04-25 09:32", 1, "report", "=B2&C2", 1],
            ["2019-04-25 09:32", 2, "report", "x", "=ROW()-1"],
        ],
    )
    (reject,) = rejects(path)
    assert (reject.faults[0].column, reject.faults[0].value, reject.cells["note"]) == ("note", "=B2&C2", "=B2&C2")
    assert "paste it as values" in reject.faults[0].reason.en
    kept = [item for item in items(path) if isinstance(item, Row)]
    assert kept[0].extra == {"seq": "=ROW()-1"}
    assert [notice.kind for notice in notices(path)] == ["unmapped", "formulas"]


@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#VALUE!"])
def test_an_excel_error_in_a_mapped_column_is_refused(tmp_path: Path, error: str) -> None:
    for column in ("item", "unit", "time", "action", "severity"):
        cells = {"time": "2019-04-25", "case": "1", "action": "report", "item": "x", "unit": "y", "severity": "一般"}
        cells[column] = error
        (reject,) = rejects(of_cells(tmp_path, [list(cells), list(cells.values())]))
        assert (reject.faults[0].column, reject.faults[0].value) == (column, error)
        assert "Excel error" in reject.faults[0].reason.en


def test_a_cell_beyond_the_headings_of_a_sheet_is_kept_under_its_column(tmp_path: Path) -> None:
    path = of_cells(tmp_path, [["time", "case", "action"], ["2019-04-25", 1, "report", None, "scribble"]])
    assert rows(path)[0].extra == {"(E)": "scribble"}


def test_the_first_visible_sheet_with_the_headings_is_read(tmp_path: Path) -> None:
    book = Workbook()
    cover = book.active
    assert cover is not None
    cover.title = "说明"
    cover.append(["这是说明"])
    hidden = book.create_sheet("旧")
    hidden.append(["时间", "事项编号", "动作"])
    hidden.sheet_state = "hidden"
    sheet = book.create_sheet("台账")
    sheet.append(["时间", "事项编号", "动作"])
    sheet.append(["2019-04-25 09:32", "1", "上报"])
    path = tmp_path / "book.xlsx"
    book.save(path)
    assert rows(path)[0].case == "1"
    (notice,) = notices(path)
    assert (notice.kind, notice.say("zh")) == ("sheet", "读取工作表“台账”；未读取：说明")


def test_a_wrong_size_written_into_the_sheet_does_not_cut_it(tmp_path: Path) -> None:
    whole = of_cells(tmp_path, [["time", "case", "action"], ["2019-04-25", 1, "report"], ["2019-04-25", 2, "report"]])
    path = tmp_path / "wrong.xlsx"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b'<dimension ref="A1:C3"', b'<dimension ref="A1:A1"'))
    assert len(rows(path)) == 2


# --- files that cannot be read --------------------------------------------------------------------


def _archive(**files: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("empty.csv", b"", "is empty"),
        ("blank.csv", b"\n\n , ,\n", "the journal is empty"),
        ("head.csv", b"time,case,action\n", "no rows"),
        ("missing.csv", b"tme,case,action\n2019-04-25,1,report\n", r"time \(时间\) \(nearest: tme\)"),
        ("twice.csv", b"time,case,action,note,note\n2019-04-25,1,report,x,y\n", "same heading: note"),
        (
            "latin.csv",
            b"time,case,action\n2019,1,caf\xe9\n\xff\xff\n",
            r"neither UTF-8 nor GB18030.*line 2",
        ),
        ("cut.csv", ("时间,事项编号,动作,内容\n" * 9).encode()[:-2], r"neither UTF-8 nor GB18030.*line 9"),
        ("old.xls", OLE, "save it as .xlsx"),
        ("locked.xlsx", OLE + "EncryptedPackage".encode("utf-16-le"), "password"),
        ("cut.xlsx", b"PK\x03\x04 and then nothing", "damaged"),
        ("letter.docx", _archive(**{"word/document.xml": b"<x/>"}), "no .xlsx workbook"),
        ("hollow.xlsx", _archive(**{"xl/workbook.xml": b"<x/>"}), "damaged"),
        ("page.xls", b"<html><table></table></html>", "a web page"),
        ("print.pdf", b"%PDF-1.7 ...", "a PDF"),
        ("photo.csv", bytes(range(256)) * 3 + b"\0" * 100, "neither text nor a workbook"),
        ("list.json", b'[{"time": "2019-04-25"}]', "one object per line"),
        ("half.csv", b"\xff\xfet\x00i\x00m", "cannot be decoded"),
    ],
)
def test_a_file_that_is_no_journal_is_refused_in_one_sentence(
    tmp_path: Path, name: str, content: bytes, word: str
) -> None:
    path = of_text(tmp_path, content, name)
    with pytest.raises(JournalError, match=word):
        items(path)
    refused(path)


def test_a_directory_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    assert "is a directory" in refused(tmp_path)
    assert "there is no file" in refused(tmp_path / "none.csv")


def test_a_file_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = of_text(tmp_path, CHINESE)

    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    assert "may not be read" in refused(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    assert "no ordinary file" in refused(path)


def test_a_workbook_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    whole = of_cells(tmp_path, [["time", "case", "action"], *(["2019-04-25", n, "report"] for n in range(50))])
    for part in (0.3, 0.7, 0.95):
        cut = of_text(tmp_path, whole.read_bytes()[: int(whole.stat().st_size * part)], "cut.xlsx")
        assert "damaged" in refused(cut)


def test_a_workbook_whose_sheet_is_damaged_is_refused(tmp_path: Path) -> None:
    whole = of_cells(tmp_path, [["time", "case", "action"], *(["2019-04-25", n, "report"] for n in range(50))])
    path = tmp_path / "damaged.xlsx"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content[: len(content) // 2] if "sheet1" in name else content)
    assert "damaged" in refused(path)


# --- rows that cannot be read ---------------------------------------------------------------------

GOOD = "2019-04-25 09:32,{},report,x\n"
HEAD = "time,case,action,note\n"


def test_rows_with_too_many_or_too_few_cells_are_refused_and_the_others_go_through(tmp_path: Path) -> None:
    path = of_text(tmp_path, HEAD + "2019-04-25 09:32,1,report\n" + "2019-04-25 09:32,2,report,a,b\n" + GOOD.format(3))
    short, long, good = items(path)
    assert isinstance(short, Reject)
    assert isinstance(long, Reject)
    assert isinstance(good, Row)
    assert short.say("en") == "line 2: the row has 3 cells, but there are 4 headings"
    assert (long.line, long.surplus, long.cells["note"]) == (3, ("b",), "a")


def test_a_nul_character_is_refused(tmp_path: Path) -> None:
    found = items(of_text(tmp_path, HEAD + GOOD.format("1\0") + GOOD.format(2)))
    assert [type(item) for item in found] == [Reject, Row]
    assert isinstance(found[0], Reject)
    assert (found[0].faults[0].column, found[0].line) == ("case", 2)
    assert found[0].cells["case"] == "1\0"


def test_a_cell_of_ten_megabytes_is_refused_shown_short_and_kept_whole(tmp_path: Path) -> None:
    big = "长" * 3_500_000
    path = of_text(tmp_path, HEAD + f"2019-04-25 09:32,1,report,{big}\n" + GOOD.format(2))
    reject, row = items(path)
    assert isinstance(reject, Reject)
    assert isinstance(row, Row)
    assert reject.cells["note"] == big
    assert len(reject.say("zh")) < 200
    with RejectsWriter(tmp_path / "rejects.csv") as writer:
        writer.write(reject)
    (again,) = rejects(tmp_path / "rejects.csv")
    assert again.cells == reject.cells


def test_a_quote_that_is_never_closed_costs_one_row(tmp_path: Path) -> None:
    for after in (1, 3, 2500):
        text = (
            HEAD + GOOD.format(0) + '2019-04-25 09:32,1,report,"open\n' + "".join(map(GOOD.format, range(2, 2 + after)))
        )
        found = items(of_text(tmp_path, text))
        assert [type(item) for item in found] == [Row, Reject, *[Row] * after]
        assert isinstance(found[1], Reject)
        assert (found[1].line, found[1].cells["note"]) == (3, "open")
        assert "quote" in found[1].faults[0].reason.en
        assert [item.line for item in found if isinstance(item, Row)] == [2, *range(4, 4 + after)]


def test_a_quote_closed_by_a_later_rows_quote_does_not_swallow_that_row(tmp_path: Path) -> None:
    text = HEAD + '2019-04-25 09:32,1,report,"open\n' + '2019-04-25 09:32,2,report,"whole"\n' + GOOD.format(3)
    found = items(of_text(tmp_path, text))
    assert [type(item) for item in found] == [Reject, Row, Row]


def test_a_quoted_cell_may_run_over_many_lines_but_not_a_thousand(tmp_path: Path) -> None:
    some, many = "\n".join("abc"), "line\n" * 1500
    path = of_text(tmp_path, HEAD + f'2019-04-25,1,report,"{some}"\n2019-04-25,2,report,"{many}"\n' + GOOD.format(3))
    first, tall, last = items(path)[:3]
    assert isinstance(first, Row)
    assert first.fields == {"note": some}
    assert isinstance(tall, Reject)
    assert (tall.line, tall.cells["note"]) == (5, many)
    assert isinstance(last, Row)
    assert last.line == 1506


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("{nonsense", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('"text"', "no JSON object"),
        ('{"time": "2019-04-25", "case": [1], "action": "report"}', "a list or an object"),
        ('{"case": 1, "case": 2}', "twice"),
        ('{"case": 1, "action": "report"}', "lacks the column time"),
        ('{"time": "2019-04-25", "case": "1", "action": "report", "note": "\\ud800"}', "half a character"),
    ],
)
def test_a_jsonl_line_that_is_no_row_is_refused_and_the_others_go_through(tmp_path: Path, line: str, word: str) -> None:
    good = '{"time": "2019-04-25 09:32", "case": "1", "action": "report"}'
    path = of_text(tmp_path, f"{good}\n{line}\n\n{good}\n", "j.jsonl")
    found = items(path)
    bad = [item for item in found if isinstance(item, Reject)]
    assert len(bad) == 1
    assert bad[0].line == 2
    assert word in bad[0].faults[0].reason.en
    assert [item.line for item in found if isinstance(item, Row)] == [1, 4]


# --- rejects --------------------------------------------------------------------------------------

SUFFIXES = (".csv", ".xlsx", ".jsonl")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_rejects_are_written_whole_with_line_and_reason_and_can_be_run_again(tmp_path: Path, suffix: str) -> None:
    cells = {"时间": "昨天", "事项编号": "007", "动作": "上报", "内容": '=1+1\r\n“"x"”, 甲', "别的": "#N/A"}
    source = of_text(tmp_path, json.dumps(cells), "j.jsonl")
    (reject,) = rejects(source)
    path = tmp_path / f"rejects{suffix}"
    with RejectsWriter(path, lang="zh") as writer:
        writer.check(source)
        writer.write(reject)
        assert writer.count == 1
        assert not path.exists()
    (again,) = rejects(path)
    assert again.cells == cells
    assert again.headings == tuple(cells)
    assert [name for name in os.listdir(tmp_path) if name.startswith(".")] == []


def test_mended_rejects_are_the_row_that_they_would_have_been(tmp_path: Path) -> None:
    text = "time,case,action,x\n{},1,report,y\n"
    (reject,) = rejects(of_text(tmp_path, text.format("never")))
    path = tmp_path / "rejects.csv"
    with RejectsWriter(path) as writer:
        writer.write(reject)
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert b'"_line","_reason","time","case","action","x"' in content
    path.write_bytes(content.replace(b"\n2,column time: not a time", b"\nmended").replace(b",never,", b",2019-04-25,"))
    (mended,) = rows(path)
    (meant,) = rows(of_text(tmp_path, text.format("2019-04-25")))
    assert (mended.digest, mended.extra, mended.cells) == (meant.digest, meant.extra, meant.cells)


def test_rejects_in_a_workbook_are_text_so_that_excel_changes_nothing(tmp_path: Path) -> None:
    (reject,) = rejects(of_text(tmp_path, "time,case,action,x\nnever,007,report,=1+1\n"))
    path = tmp_path / "rejects.xlsx"
    with RejectsWriter(path) as writer:
        writer.write(reject)
    sheet = load_workbook(path).active
    assert sheet is not None
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} == {"s"}
    assert {cell.number_format for cell in cells} == {"@"}
    assert [cell.value for cell in cells][-3:] == ["007", "report", "=1+1"]


def test_a_row_that_the_engine_refuses_is_written_with_its_reason(tmp_path: Path) -> None:
    (row,) = rows(of_text(tmp_path, CHINESE))
    reject = row.refused(Text("case 1 is closed", "事项 1 已归档"), column="动作", value="上报")
    path = tmp_path / "rejects.csv"
    with RejectsWriter(path, lang="zh") as writer:
        writer.write(reject)
    assert "2,“动作”列：事项 1 已归档,2019-04-25 09:32,1,上报,路灯不亮" in path.read_text("utf-8-sig")
    assert rows(path)[0].digest == row.digest


def test_without_rejects_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    with RejectsWriter(path) as writer:
        writer.check()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_rows_that_could_not_be_taken_apart_are_refused_again_until_they_are_mended(
    tmp_path: Path, suffix: str
) -> None:
    bad = [
        *rejects(of_text(tmp_path, HEAD + "2019-04-25,1,report,a,b\n")),
        *rejects(of_text(tmp_path, '{nonsense\n{"time": [1]}\n', "j.jsonl")),
    ]
    path = tmp_path / f"rejects{suffix}"
    with RejectsWriter(path) as writer:
        for reject in bad:
            writer.write(reject)
    assert len(rejects(path)) == 3


def test_a_row_that_was_too_short_stays_so_in_csv(tmp_path: Path) -> None:
    (bad,) = rejects(of_text(tmp_path, HEAD + "2019-04-25,1,report\n"))
    path = tmp_path / "rejects.csv"
    with RejectsWriter(path) as writer:
        writer.write(bad)
    (again,) = rejects(path)
    assert (again.cells, again.headings) == (bad.cells, bad.headings)


def test_a_failing_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (bad,) = rejects(of_text(tmp_path, HEAD + "never,1,report,x\n"))
    path = of_text(tmp_path, "what was there", "rejects.csv")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    writer = RejectsWriter(path)
    writer.write(bad)
    with pytest.raises(JournalError, match="No space left"):
        writer.close()
    assert path.read_text() == "what was there"
    assert sorted(os.listdir(tmp_path)) == ["journal.csv", "rejects.csv"]


def test_where_rejects_cannot_be_written_is_known_before_work_starts(tmp_path: Path) -> None:
    journal = of_text(tmp_path, CHINESE)
    with pytest.raises(JournalError, match="cannot be written"):
        RejectsWriter(tmp_path / "none" / "r.csv").check()
    with pytest.raises(JournalError, match=r"name it \.csv, \.xlsx or \.jsonl"):
        RejectsWriter(tmp_path / "r.txt").check()
    with pytest.raises(JournalError, match="overwrite the journal"):
        RejectsWriter(journal).check(journal)
    (tmp_path / "d.csv").mkdir()
    with pytest.raises(JournalError, match="is a directory"):
        RejectsWriter(tmp_path / "d.csv").check()


# --- the real files -------------------------------------------------------------------------------


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data are not here")
@pytest.mark.parametrize(
    ("map", "file", "cases", "steps"),
    [
        ("petitions", "petitions_2816.xlsx", 2816, 3 * 2816),
        pytest.param("boston311", "boston311_2011q3.csv", 31828, 91990, marks=pytest.mark.slow),
    ],
)
def test_the_real_files_are_read_whole(map: str, file: str, cases: int, steps: int) -> None:
    read_rows = rows(DATA / file, Map.load(ROOT / "docs" / "maps" / f"{map}.toml"), zone="UTC")
    assert len(read_rows) == cases
    assert sum(len(row.steps) for row in read_rows) == steps
    assert all(row.steps[0].action == "report" for row in read_rows)


def test_the_maps_that_the_docs_show_can_be_loaded() -> None:
    for path in sorted((ROOT / "docs" / "maps").glob("*.toml")):
        Map.load(path)
