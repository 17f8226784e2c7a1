"""Catalogues: items, their conditions and deadlines, as offices keep them."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from governflow.errors import TableError
from governflow.tables import Catalogue

STANDARD = Path(__file__).parents[2] / "shared" / "data" / "yuncheng_standard.xlsx"

ITEMS = [
    ["网格上报事项清单（示例）"],
    ["领域", "事项", "小类代码", "处置单位", "立案条件", "处置时限", "事项等级", "must_report/必报"],
    ["市容", "井盖", "01", "排水中心、产权单位", "缺失", "2紧急工作时", "三级", "yes"],
    ["", "", "", "", "破损", "5天", "", ""],
    ["市容", "路灯", "02", "市政中心", "不亮", "2工作日", "二级事项", "no"],
]


def as_csv(rows: Iterable[Sequence[str]]) -> tuple[str, bytes]:
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return "catalogue.csv", file.getvalue().encode()


def as_xlsx(sheets: dict[str, list[list[str]]], *merged: str) -> tuple[str, bytes]:
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
        for area in merged:
            sheet.merge_cells(area)
    file = io.BytesIO()
    book.save(file)
    return "catalogue.xlsx", file.getvalue()


def test_an_empty_item_cell_continues_the_item_above_it() -> None:
    catalogue = Catalogue.read(as_csv(ITEMS))
    assert catalogue.items == ("井盖", "路灯")
    one, two = catalogue.rows("井盖")
    assert (one.row, two.row) == (3, 4)
    assert [(entry.condition, str(entry.allowance), entry.written) for entry in (one, two)] == [
        ("缺失", "2h", "2紧急工作时"),
        ("破损", "5d", "5天"),
    ]
    assert one.units == two.units == ("排水中心", "产权单位")


def test_an_item_is_found_by_name_or_code_with_what_its_rows_have_in_common() -> None:
    catalogue = Catalogue.read(as_csv(ITEMS))
    assert catalogue.item("井盖") == {
        "domain": "市容",
        "units": "排水中心|产权单位",
        "tier": "3",
        "must_report": "yes",
    }
    assert catalogue.item("02") == catalogue.item(" 路灯 ")
    assert catalogue.item("喷泉") is None
    assert catalogue.domains == ("市容",)


def test_what_the_rows_of_an_item_do_not_share_is_left_out() -> None:
    rows = [["item", "condition", "severity"], ["drain", "blocked", "general"], ["drain", "collapsed", "major"]]
    assert Catalogue.read(as_csv(rows)).item("drain") == {}


def test_a_row_is_found_by_its_condition_and_alone_without_one() -> None:
    catalogue = Catalogue.read(as_csv(ITEMS))
    found = catalogue.entry("井盖", "破损")
    assert found is not None
    assert found.row == 4
    assert catalogue.entry("井盖") is None
    assert catalogue.entry("井盖", "丢失") is None
    alone = catalogue.entry("路灯")
    assert alone is not None
    assert str(alone.allowance) == "2wd"


def test_a_code_that_two_items_share_finds_neither() -> None:
    rows = [["item", "code"], ["drain", "1"], ["lamp", "1"]]
    assert Catalogue.read(as_csv(rows)).item("1") is None


def test_all_sheets_are_read_and_merged_cells_are_filled_down() -> None:
    rows = [list(row) + [""] * (8 - len(row)) for row in ITEMS]
    catalogue = Catalogue.read(as_xlsx({"部件": rows, "事件": [["事项", "处置时限"], ["占道", "4小时"]]}, "D3:D4"))
    assert [(entry.sheet, entry.item) for entry in catalogue.entries] == [
        ("部件", "井盖"),
        ("部件", "井盖"),
        ("部件", "路灯"),
        ("事件", "占道"),
    ]


def test_a_workbook_says_the_same_as_a_csv_file() -> None:
    rows = [list(row) + [""] * (8 - len(row)) for row in ITEMS]
    assert Catalogue.read(as_xlsx({"清单": rows})).digest == Catalogue.read(as_csv(ITEMS)).digest


def test_a_row_that_cannot_be_taken_is_named_and_the_others_are_taken_where_that_is_wanted() -> None:
    rows = [
        *ITEMS,
        ["市容", "伐树", "03", "", "", "1紧急工作时制止", "", ""],
        ["", "占道", "04", "", "", "", "四级", ""],
    ]
    catalogue = Catalogue.read(as_csv(rows), strict=False)
    assert len(catalogue.entries) == 3
    assert [(one.row, one.item) for one in catalogue.refused] == [(6, "伐树"), (7, "占道")]
    assert catalogue.refused[0].reason.en.startswith("'1紧急工作时制止' is no allowance: write 30min")
    assert catalogue.refused[1].reason.en.startswith("tier: '四级' cannot be used")
    with pytest.raises(TableError) as refused:
        Catalogue.read(as_csv(rows))
    assert [fault.en.partition(":")[0] for fault in refused.value.faults] == ["row 6 (伐树)", "row 7 (占道)"]
    assert refused.value.faults[0].zh.startswith("第 6 行（伐树）：")


def test_the_same_item_under_the_same_condition_twice_is_refused() -> None:
    rows = [*ITEMS, ["市容", "井盖", "01", "", "破损", "1天", "", ""]]
    with pytest.raises(TableError, match=r"row 6 \(井盖\): it repeats the item and condition of row 4"):
        Catalogue.read(as_csv(rows))


def test_a_sheet_without_items_is_never_passed_over_in_silence() -> None:
    data = as_xlsx({"清单": [["事项"], ["井盖"]], "旧": [["名字", "时限"], ["路灯", "1天"]]})
    with pytest.raises(TableError, match="sheet 旧, row 1: no row here has the heading item"):
        Catalogue.read(data)
    assert [one.sheet for one in Catalogue.read(data, strict=False).refused] == ["旧"]
    with pytest.raises(TableError, match="no row here has the heading item"):
        Catalogue.read(as_csv([["a", "b"], ["c", "d"]]), strict=False)


def test_a_row_above_the_first_item_belongs_to_none() -> None:
    (refused,) = Catalogue.read(as_csv([["item", "allowance"], ["", "1d"], ["drain", "1d"]]), strict=False).refused
    assert (refused.row, refused.reason.en) == (2, "it belongs to no item: write the item's name")


def test_no_column_may_say_who_asked() -> None:
    with pytest.raises(TableError, match=r"row 1, column B \(诉求人\) says who asked"):
        Catalogue.read(as_csv([["事项", "诉求人"], ["井盖", "x"]]), strict=False)


def test_a_catalogue_is_kept_as_plain_json_and_comes_back_whole() -> None:
    catalogue = Catalogue.read(as_csv(ITEMS))
    assert Catalogue.from_json(json.loads(json.dumps(catalogue.as_json()))) == catalogue
    with pytest.raises(TableError, match="it was not kept whole"):
        Catalogue.from_json({"entries": [{}]})


@pytest.mark.slow
@pytest.mark.skipif(not STANDARD.exists(), reason="the municipal standard is not in ../shared/data")
def test_a_real_standard_of_519_rules_loads_as_it_is() -> None:
    rows = {
        sheet.title: [
            row for row, cell in enumerate(sheet["G"], 1) if row > 2 and (cell.value or sheet.cell(row, 9).value)
        ]
        for sheet in load_workbook(STANDARD).worksheets
    }
    catalogue = Catalogue.read(STANDARD, strict=False)
    taken = {sheet: [one.row for one in catalogue.entries if one.sheet == sheet] for sheet in rows}
    refused = {sheet: [one.row for one in catalogue.refused if one.sheet == sheet] for sheet in rows}
    assert {sheet: len(found) for sheet, found in rows.items()} == {"部件": 375, "事件": 144}
    assert {sheet: sorted(taken[sheet] + refused[sheet]) for sheet in rows} == rows
    # The one deadline that is a sentence: it is to be stopped within an hour, and no time is given for the rest.
    assert [(one.sheet, one.item) for one in catalogue.refused] == [("事件", "非法伐树")]


@pytest.mark.skipif(not STANDARD.exists(), reason="the municipal standard is not in ../shared/data")
def test_the_deadlines_of_a_real_standard_keep_their_own_units() -> None:
    catalogue = Catalogue.read(STANDARD, strict=False)
    written = {entry.written: str(entry.allowance) for entry in catalogue.entries}
    assert {text: written[text] for text in ("2紧急工作时", "4小时", "5天", "1紧急工作日")} == {
        "2紧急工作时": "2h",
        "4小时": "4h",
        "5天": "5d",
        "1紧急工作日": "1d",
    }
    lid = catalogue.rows("上水井盖")
    assert [str(entry.allowance) for entry in lid] == ["2h", "4h", "2d", "5d"]
    assert lid[3].units == ("运城市城市节约用水中心", "各产权单位")


def test_where_a_row_of_the_list_comes_from_is_no_matter_of_who_asked() -> None:
    assert Catalogue.read(as_csv([["事项", "来源"], ["井盖", "示例"]])).item("井盖") == {"来源": "示例"}
