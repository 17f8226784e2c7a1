"""Decision tables: how they are read, what they answer, what is found in them."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from governflow.errors import CommandError, TableError
from governflow.model.terms import Severity
from governflow.tables import Table, compare

TIERS = [
    ["示例：三级事项分级表"],
    ["命中策略", "唯一"],
    ["规则", "严重程度", "people/人数", "事项等级", "理由", "依据"],
    ["取值", "", "0..365；默认 0", "", "", ""],
    ["T1", "一般", "<30", "三级", "小事不出社区", "第一条"],
    ["T2", "一般", "≥30", "二级事项", "", ""],
    ["T3", "复杂、重大", "", "1", "", "第二条"],
]


def as_csv(rows: Iterable[Sequence[str]], encoding: str = "utf-8") -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue().encode(encoding)


def as_xlsx(rows: Iterable[Sequence[Any]], *merged: str, title: str = "Sheet", more: Iterable[str] = ()) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    for area in merged:
        sheet.merge_cells(area)
    for name in more:
        book.create_sheet(name).append(["rule", "severity", "tier"])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def read(rows: Iterable[Sequence[str]], name: str = "tier", **how: Any) -> Table:
    return Table.read(("table.csv", as_csv(rows)), name=name, **how)


def colours(
    *rules: Sequence[str], columns: str = "days", domains: str = "0..100; default 0", hit: str = "unique"
) -> Table:
    """A table that derives a colour; columns and domains are separated by blanks and bars."""
    head = ["rule", *columns.split(), "colour"]
    return read([["hit policy", hit], head, ["domain", *domains.split(" / ")], *rules], "colour")


def fault(rows: Iterable[Sequence[str]], name: str = "tier") -> str:
    with pytest.raises(TableError) as refused:
        read(rows, name)
    assert len(refused.value.faults) == 1, refused.value.faults
    assert refused.value.faults[0].zh != refused.value.faults[0].en
    return refused.value.faults[0].en


def one_column(domain: str, cell: str) -> list[list[str]]:
    return [["rule", "days", "tier"], ["domain", domain, ""], ["T1", cell, "1"], ["T2", "*", "2"]]


# --- reading ----------------------------------------------------------------------------------------------------------


def test_chinese_headings_and_values_are_understood() -> None:
    table = read(TIERS)
    assert [column.id for column in table.columns] == ["severity", "people"]
    assert (table.hit, table.outcomes) == ("unique", ("tier",))
    assert [rule.outcomes["tier"] for rule in table.rules] == ["3", "2", "1"]
    assert [(rule.id, rule.row, rule.basis) for rule in table.rules] == [
        ("T1", 5, "第一条"),
        ("T2", 6, ""),
        ("T3", 7, "第二条"),
    ]


def test_a_rule_without_a_reason_gets_one_from_its_conditions() -> None:
    told, made, _ = read(TIERS).rules
    assert (told.reason.en, told.reason.zh) == ("小事不出社区", "小事不出社区")
    assert (made.reason.en, made.reason.zh) == ("severity = general, people >= 30", "严重程度=一般，人数≥30")


def test_reasons_may_be_given_in_both_languages() -> None:
    table = read([["rule", "severity", "tier", "reason_en", "reason_zh"], ["T1", "*", "1", "all", "全部"]])
    assert (table.rules[0].reason.en, table.rules[0].reason.zh) == ("all", "全部")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_the_encoding_of_a_csv_file_makes_no_difference(encoding: str) -> None:
    assert Table.read(("t.csv", as_csv(TIERS, encoding)), name="tier") == read(TIERS)


def test_a_workbook_says_the_same_as_a_csv_file() -> None:
    table = Table.read(("t.xlsx", as_xlsx(TIERS)), name="tier")
    assert table.rules[0].sheet == "Sheet"
    assert table.digest == read(TIERS).digest
    assert compare(table, read(TIERS)) == []


def test_merged_cells_are_filled_down() -> None:
    rows = [list(row) for row in TIERS]
    rows[5][1] = ""
    table = Table.read(("t.xlsx", as_xlsx(rows, "B5:B6", "A1:F1")), name="tier")
    assert table.digest == read(TIERS).digest


def test_numbers_in_a_workbook_are_conditions_and_so_is_what_a_spreadsheet_takes_for_a_formula() -> None:
    rows = [["rule", "people", "tier"], ["domain", "0..9"], ["T1", 5, 1], ["T2", "=6", 2], ["T3", "<5|>6", 3]]
    table = Table.read(("t.xlsx", as_xlsx(rows)), name="tier")
    decided = [table.decide({"people": people}) for people in (5, 6, 7)]
    assert [rule.id for rule in decided if rule] == ["T1", "T2", "T3"]


def test_a_formula_is_refused_with_its_place() -> None:
    rows = [["rule", "people", "tier"], ["domain", "0..9"], ["T1", "=A1+1", 1]]
    with pytest.raises(TableError, match=r"sheet Sheet, row 3, column B \(people\) holds a formula") as refused:
        Table.read(("t.xlsx", as_xlsx(rows)), name="tier")
    assert "工作表“Sheet”第 3 行 B 列（people）是公式" in refused.value.text.zh


def test_a_cell_merged_across_columns_is_refused() -> None:
    rows = [["rule", "severity", "urgency", "tier"], ["T1", "*", "", "1"]]
    with pytest.raises(TableError, match=r"row 2, column B \(severity\) is merged across columns"):
        Table.read(("t.xlsx", as_xlsx(rows, "B2:C2")), name="tier")


def test_the_sheet_is_the_one_that_is_named_or_called_like_the_table() -> None:
    data = as_xlsx(TIERS, title="tier", more=["other"])
    assert Table.read(("t.xlsx", data), name="tier").rules[0].sheet == "tier"
    with pytest.raises(TableError, match="several sheets are tables"):
        Table.read(("t.xlsx", data), name="route")
    with pytest.raises(TableError, match="no sheet 'x', only tier, other"):
        Table.read(("t.xlsx", data), name="tier", sheet="x")


def test_a_table_is_read_from_a_path_and_from_a_packaged_resource(tmp_path: Path) -> None:
    path = tmp_path / "tier.csv"
    path.write_bytes(as_csv(TIERS))
    assert Table.read(path, name="tier") == read(TIERS)
    with pytest.raises(TableError, match="there is no file"):
        Table.read(files("governflow") / "nowhere.csv", name="tier")


def test_the_hit_policy_of_the_file_comes_before_the_one_that_is_asked_for() -> None:
    assert read(TIERS, hit="first").hit == "unique"
    assert read(TIERS[2:], hit="first").hit == "first"
    assert read(TIERS[2:]).hit == "unique"


def test_deadlines_have_one_column_for_each_clock() -> None:
    rows = [
        ["rule", "severity", "办结", "到场", "全程时限"],
        ["T1", "*", "30分钟", "不设", "60cd"],
        ["T2", "major", "", "", ""],
    ]
    table = read(rows, "deadlines", hit="first")
    assert table.outcomes == ("resolve", "arrive", "whole")
    assert table.rules[0].outcomes == {"resolve": "30min", "arrive": "-", "whole": "60cd"}
    assert table.rules[1].outcomes == {}


def test_a_route_names_units_by_id_or_by_kind() -> None:
    rows = [["规则", "牵头单位", "协办单位", "办理方式"], ["R1", "@village", "371621-health、371621-fire", "领办"]]
    assert read(rows, "route").rules[0].outcomes == {
        "lead": "@village",
        "assist": "371621-health|371621-fire",
        "form": "lead",
    }


def test_an_escalation_asks_for_clock_and_rung_without_a_domain_row() -> None:
    rows = [["rule", "clock", "rung", "kind", "to", "again"], ["E1", "resolve", ">=1", "督办", "@town", "30min"]]
    table = read(rows, "escalate")
    rule = table.decide({"clock": "resolve", "rung": 3})
    assert rule is not None
    assert rule.outcomes == {"kind": "supervise", "to": "@town", "again": "30min"}


def test_a_derived_attribute_may_have_a_domain_of_its_own() -> None:
    rows = [
        ["rule", "severity", "colour/颜色"],
        ["domain", "", "red/红|green/绿"],
        ["C1", "major", "红"],
        ["C2", "*", "green"],
    ]
    assert [rule.outcomes["colour"] for rule in read(rows, "colour", hit="first").rules] == ["red", "green"]


def test_a_marked_outcome_leaves_the_plain_heading_to_be_a_condition() -> None:
    rows = [["rule", "severity", "→severity", "urgency"], ["A1", "general", "complex", "紧急"]]
    table = read(rows, "assess")
    assert [column.id for column in table.columns] == ["severity"]
    assert table.rules[0].outcomes == {"severity": "complex", "urgency": "urgent"}


# --- what cannot be read ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("domain", "cell", "sentence"),
    [
        ("0..9", "many", "row 3, column B (days) 'many' is no condition on numbers: write 5, >=3"),
        ("0..9", "12", "'12' speaks of 12, which is outside the domain 0..9"),
        ("0..9", "1.5", "speaks of 1.5, but the domain 0..9 has whole numbers only"),
        ("0..9", "5..3", "'5..3' holds no number of the domain"),
        ("0..9", "(3,4)", "'(3,4)' holds no number of the domain"),
        ("0..9", ">9", "'>9' holds no number of the domain"),
        ("0..9; default 1", "none", "asks for none, but it has a default"),
        ("0..9", "3||4", "has an empty alternative"),
        ("red|green", "blue", "'blue' cannot be used: give one of red, green"),
        ("code", "37162", "'37162' cannot be used: give a division code"),
        ("code", "town*", "cannot be used: give a division code"),
    ],
)
def test_a_condition_that_cannot_be_read_is_named_with_its_place(domain: str, cell: str, sentence: str) -> None:
    said = fault(one_column(domain, cell))
    assert said.startswith("row 3, column B (days) ")
    assert sentence in said


@pytest.mark.parametrize(
    ("domain", "sentence"),
    [
        ("", "row 1, column B (days) has no domain: write what days may hold under it"),
        ("many", "row 2, column B (days) 'many' is no domain: write a|b|c"),
        ("9..0", "'9..0' ends before it begins"),
        ("..", "is no domain"),
        ("0..9; sometimes 3", "'sometimes 3' is no default"),
        ("0..9; default 12", "'12' cannot be used: give a whole number in 0..9"),
        ("a|b|a", "names a value twice"),
        ("a|none", "uses a word that means any or none"),
    ],
)
def test_a_domain_that_cannot_be_read_is_named_with_its_place(domain: str, sentence: str) -> None:
    assert sentence in fault(one_column(domain, "*"))


def test_a_heading_like_a_known_one_is_offered() -> None:
    assert "is severity meant" in fault([["rule", "sevrity", "tier"], ["T1", "a", "1"]])


@pytest.mark.parametrize(
    "heading", ["reporter", "诉求人", "phone", "channel", "来源", "informant", "信息员", "merits", "积分"]
)
def test_no_column_may_ask_who_asked(heading: str) -> None:
    said = fault([["rule", heading, "tier"], ["domain", "*", ""], ["T1", "x", "1"]])
    assert said.startswith(f"row 1, column B ({heading}) asks who asked, or how well they behaved")


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([["severity", "tier", "reason"], ["general", "1", ""]], "row 1 holds headings, but the first is not rule"),
        ([["a", "b"], ["c", "d"]], "no row begins with the heading rule"),
        ([["rule", "severity", "tier"]], "row 1 is followed by no rule"),
        ([["rule", "severity"], ["T1", "general"]], "row 1 has no outcome column: add tier"),
        ([["rule", "→colour"], ["T1", "red"]], "row 1 has no outcome column: add tier"),
        ([["rule", "tier"], ["T1", "1"], ["T1", "2"]], "row 3, column A (rule) 'T1' is the id of row 2 too"),
        ([["rule", "tier"], ["", "1"]], "row 2, column A (rule) is empty: give the rule an id"),
        ([["rule", "tier"], ["T1", "4"]], "row 2, column B (tier) '4' cannot be used: give one of 1, 2, 3"),
        ([["rule", "tier"], ["T1", "1", "x"]], "row 2, column C has no heading above it"),
        ([["rule", "tier", "tier"], ["T1", "1", "1"]], "row 1, column C (tier) is there twice"),
        ([["hit policy", "any"], ["rule", "tier"], ["T1", "1"]], "row 1, column B 'any' is no hit policy"),
        (
            [["rule", "severity", "tier"], ["domain", "general|complex", ""], ["T1", "*", "1"]],
            "has the domain general/一般|",
        ),
        ([["rule", "severity", "tier"], ["T1", "none", "1"]], "asks for none, but every case states it"),
    ],
)
def test_a_table_that_is_no_table_is_refused_with_what_would_be_right(rows: list[list[str]], sentence: str) -> None:
    assert sentence in fault(rows)


def test_an_outcome_that_cannot_be_read_is_named_with_its_place() -> None:
    assert "row 2, column B (办结) 'soon' is no allowance" in fault([["rule", "办结"], ["T1", "soon"]], "deadlines")
    assert "'a、b' names several units" in fault([["rule", "lead"], ["T1", "a、b"]], "route")


def test_every_fault_of_a_file_is_named_at_once() -> None:
    rows = [["rule", "days", "phone", "tier"], ["domain", "0..9", "", ""], ["T1", "x", "1", "7"], ["T1", "3", "", ""]]
    with pytest.raises(TableError) as refused:
        read(rows)
    places = [one.en.split(" (")[0] for one in refused.value.faults]
    assert places == [
        "row 1, column C",
        "row 3, column B",
        "row 3, column D",
        "row 4, column A",
    ]
    assert all(one.en in refused.value.text.en and one.zh in refused.value.text.zh for one in refused.value.faults)


def test_more_rules_than_anybody_can_read_are_refused() -> None:
    rows = [["rule", "tier"], *([f"T{number}", "1"] for number in range(50_000))]
    assert "more than 10,000 rules: split it" in fault(rows)
    assert "at most 10,000 can be checked" in fault(rows[:10_003])


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "the file is empty"),
        (b"PK\x03\x04", "is damaged or was not copied to its end"),
        (b"\xd0\xcf\x11\xe0", "old Excel workbook"),
        (b"rule,tier\nT1,\xff\xff", "neither UTF-8 nor GB18030"),
        (b"\xff\xferul", "cannot be decoded"),
        (b"<html><table>", "a web page or XML"),
    ],
)
def test_a_file_that_is_no_table_at_all_is_refused_in_one_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(TableError, match=sentence):
        Table.read(("t.csv", data), name="tier")


# --- answering --------------------------------------------------------------------------------------------------------


def test_a_column_that_a_case_does_not_state_counts_as_its_default() -> None:
    table = read(TIERS)
    rule = table.decide({"severity": Severity.GENERAL})
    assert rule is table.rules[0]


def test_a_value_outside_a_closed_domain_fits_only_cells_that_take_anything() -> None:
    table = colours(["C1", "<50", "red"], ["C2", "*", "green"], hit="first")
    answers = [table.decide({"days": days}) for days in (49, 50, 101, "many")]
    assert [rule.id for rule in answers if rule] == ["C1", "C2", "C2", "C2"]


def test_a_rule_without_outcomes_has_no_opinion() -> None:
    table = colours(["C1", "<50", ""], ["C2", ">=50", "green"])
    assert table.decide({"days": 1}) is None
    assert table.match({"days": 1}) is table.rules[0]
    assert table.analyse().sound


def test_a_longer_code_belongs_to_every_prefix_of_it() -> None:
    table = colours(
        ["C1", "371621*", "red"],
        ["C2", "3716*", "green"],
        ["C3", "*", "blue"],
        columns="place",
        domains="code",
        hit="first",
    )
    answers = [table.decide({"place": place}) for place in ("371621001002", "371600", "230000", None, "东关村")]
    assert [rule.id for rule in answers if rule] == ["C1", "C2", "C3", "C3", "C3"]


@pytest.mark.parametrize(
    ("domains", "told", "held"),
    [
        ("0..100", "７", 7),
        ("0..100", 7, 7),
        ("0.0..1.0", "0.50", "0.5"),
        ("0.0..1.0", 1, "1"),
        ("red/红|green/绿", "红", "red"),
        ("是|否", True, "yes"),
        ("是|否", "否", "no"),
        ("code", "371621000000", "371621"),
        ("*", " 井盖 ", "井盖"),
    ],
)
def test_a_told_fact_is_brought_to_the_form_that_facts_have(domains: str, told: object, held: str | int) -> None:
    table = colours(["C1", "*", "red"], columns="fact", domains=domains)
    assert table.read_fact("fact", told) == held
    assert table.decide({"fact": held}) is table.rules[0]


def test_a_told_fact_that_the_domain_does_not_know_is_refused_with_what_it_knows() -> None:
    table = colours(["C1", "*", "red"], columns="fact", domains="red/红|green/绿")
    with pytest.raises(CommandError) as refused:
        table.read_fact("fact", "blue")
    assert refused.value.text.en == "fact: 'blue' cannot be used: give one of red, green"
    assert refused.value.text.zh == "fact：“blue”不可用：应为red（红）、green（绿） 之一"
    with pytest.raises(CommandError, match="is no fact of the table colour: it asks for fact"):
        table.read_fact("other", "blue")


# --- findings ---------------------------------------------------------------------------------------------------------


def test_a_gap_between_two_numbers_names_the_rules_on_both_sides_and_the_case() -> None:
    rows = [["rule", "severity", "days", "tier"], ["domain", "", "0..365; default 0", ""]]
    rows += [["T14", "general", "<30", "3"], ["T15", "general", ">30", "2"], ["T16", "complex|major", "", "1"]]
    findings = read(rows).analyse()
    assert [gap.case for gap in findings.gaps] == [{"severity": "general", "days": 30}]
    (sentence,) = findings.faults()
    assert sentence.en == (
        "T14 (row 3) says days <= 29, T15 (row 4) says days >= 31, nobody answers severity = general, days = 30: "
        "add a rule for it (for example severity = general, days = 30)"
    )
    assert "T14（第 3 行）写的是days≤29" in sentence.zh
    assert "没有规则回答严重程度=一般、days=30" in sentence.zh


def test_whole_numbers_have_no_gap_between_neighbours_and_decimals_have_one() -> None:
    assert colours(["C1", "<=3", "red"], ["C2", ">=4", "green"]).analyse().sound
    findings = colours(["C1", "<=3", "red"], ["C2", ">=4", "green"], domains="0.0..9.0; default 0").analyse()
    assert [gap.case for gap in findings.gaps] == [{"days": "3.5"}]
    assert findings.gaps[0].region["days"].en == "days in (3, 4)"


def test_not_stated_is_a_case_of_its_own_where_there_is_no_default() -> None:
    findings = colours(["C1", "<=50", "red"], ["C2", ">50", "green"], domains="0..100").analyse()
    assert [(gap.case, gap.region["days"].en) for gap in findings.gaps] == [({}, "days not stated")]
    assert colours(["C1", "<=50|none", "red"], ["C2", ">50", "green"], domains="0..100").analyse().sound


def test_an_overlap_with_different_outcomes_names_both_rules_and_the_case() -> None:
    findings = colours(["C1", "<=50", "red"], ["C2", ">=50", "green"]).analyse()
    assert [one.case for one in findings.conflicts] == [{"days": 50}]
    (sentence,) = findings.faults()
    assert sentence.en == (
        "C1 (row 4) answers colour = red and C2 (row 5) answers colour = green to days = 50: narrow one of them "
        "(for example days = 50)"
    )


def test_an_overlap_with_the_same_outcome_is_no_conflict() -> None:
    assert colours(["C1", "<=50", "red"], ["C2", ">=50", "red"]).analyse().sound


def test_rules_after_one_that_takes_everything_are_dead() -> None:
    findings = colours(["C1", "<50", "red"], ["C2", "*", "red"], ["C3", ">50", "green"], hit="first").analyse()
    assert [(one.rule.id, [rule.id for rule in one.covers]) for one in findings.dead] == [("C3", ["C2"])]
    assert findings.faults()[0].en.startswith("C3 (row 6) can never be the answer, C2 (row 5) takes in all its cases")


def test_a_rule_that_two_others_cover_together_is_dead() -> None:
    findings = colours(["C1", "<=50", "red"], ["C2", ">50", "red"], ["C3", "40..60", "red"]).analyse()
    assert [(one.rule.id, [rule.id for rule in one.covers]) for one in findings.dead] == [("C3", ["C1", "C2"])]


def test_of_many_gaps_twenty_are_named_and_it_is_said_that_there_are_more() -> None:
    rules = [[f"C{days}", f"={days}", f"={days}", "red"] for days in range(30)]
    findings = colours(*rules, columns="days nights", domains="0..29; default 0 / 0..29; default 0").analyse()
    assert len(findings.gaps) == 20
    assert findings.more_gaps
    assert findings.faults()[20].en == "there are more than 20 gaps"


def test_a_prefix_all_of_whose_digits_are_named_has_nothing_left_of_its_own() -> None:
    rules = [[f"C{digit}", f"371621{digit}*", "red"] for digit in range(10)]
    rules += [["D", "371621", "red"], ["E", "371621*", "green"], ["F", "*", "blue"]]
    findings = colours(*rules, columns="place", domains="code", hit="first").analyse()
    assert [(one.rule.id, len(one.covers)) for one in findings.dead] == [("E", 11)]


# --- comparing --------------------------------------------------------------------------------------------------------


def test_a_comparison_says_which_cases_change_and_how() -> None:
    old = colours(["C1", "<30", "red"], ["C2", ">=30", "green"])
    new = colours(["C1", "<40", "red"], ["C2", ">=40", "green"])
    (change,) = compare(old, new)
    assert (change.case, change.old and change.old.id, change.new and change.new.id) == ({"days": 30}, "C2", "C1")
    assert change.text.en == "days = 30..39: colour = green (C2) becomes colour = red (C1) (for example days = 30)"


def test_reasons_and_ids_alone_change_no_case() -> None:
    rows = [[*row] for row in TIERS]
    rows[4][0], rows[4][4] = "T9", "another reason"
    assert compare(read(TIERS), read(rows)) == []


def test_a_column_that_is_added_counts_as_anything_before() -> None:
    old = colours(["C1", "*", "red"])
    new = colours(
        ["C1", "*", "no", "red"],
        ["C2", "*", "yes", "green"],
        columns="days night",
        domains="0..100; default 0 / yes|no; default no",
    )
    changes = compare(old, new)
    assert [(change.case, change.new and change.new.id) for change in changes] == [({"days": 0, "night": "yes"}, "C2")]
    assert [change.case["night"] for change in compare(new, old)] == ["yes"]


def test_a_changed_default_changes_the_cases_that_do_not_state_it() -> None:
    rules = (["C1", "<50", "red"], ["C2", ">=50", "green"])
    changes = compare(colours(*rules), colours(*rules, domains="0..100; default 80"))
    assert [(change.case, change.region["days"].en) for change in changes] == [({}, "days not stated")]


def test_a_widened_domain_changes_only_the_values_that_are_new() -> None:
    changes = compare(
        colours(["C1", ">=50", "red"], ["C2", "*", "green"], hit="first"),
        colours(["C1", ">=50", "red"], ["C2", "*", "green"], hit="first", domains="0..200; default 0"),
    )
    assert [change.region["days"].en for change in changes] == ["days >= 101"]


# --- keeping and showing ----------------------------------------------------------------------------------------------


def test_the_digest_looks_at_what_a_table_says_and_not_at_how_it_is_typed() -> None:
    typed = [[*row] for row in TIERS]
    typed[5][2], typed[6][1] = ">=３０", "复杂|major"
    assert read(typed).digest == read(TIERS).digest
    typed[5][2] = ">=31"
    assert read(typed).digest != read(TIERS).digest


def test_a_table_is_kept_as_plain_json_and_comes_back_whole() -> None:
    table = read(TIERS)
    assert Table.from_json(json.loads(json.dumps(table.as_json()))) == table
    with pytest.raises(TableError, match="it was not kept whole"):
        Table.from_json({"name": "tier"})


def test_the_rows_for_people_have_headings_and_names_in_their_language() -> None:
    english, chinese = read(TIERS).rows("en"), read(TIERS).rows("zh")
    assert english[0] == ["rule", "severity", "people", "→ tier", "reason", "basis"]
    assert chinese[0] == ["规则", "严重程度", "人数", "→ 事项等级", "理由", "依据"]
    assert chinese[1] == ["T1", "一般", "<30", "三级事项", "小事不出社区", "第一条"]
    assert english[2][3] == "tier 2 (street)"


def test_openpyxl_is_not_imported_for_those_who_read_no_workbook() -> None:
    program = """
import sys
from governflow.tables import Table
Table.read(("t.csv", b"rule,tier\\nT1,1"), name="tier")
print("openpyxl" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
