"""The org chart: what is refused in one, how it is read, and which unit a place means."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import pytest

from governflow import PolicyError
from governflow.model.terms import FORMS, Form
from governflow.model.units import OrgChart, Unit
from governflow.text import Text

HEADER = "unit,name,name_en,kind,level,parent,forms,roles"
ROWS = [
    "intake,受理平台,Intake,platform,0,leaders,,",
    "990101001001,乐安村,Le'an Village,village,2,990101001,direct,post",
    "990101001002,新民社区,Xinmin Community,village,2,990101001,direct,",
    "990101002001,乐安村,Le'an Village,village,2,990101002,direct,",
    "990101002002,小乐安村,Xiaole'an Village,village,2,990101002,direct,",
    "990101001,东镇,East Town,town,3,joint,verify|assist,post|team",
    "990101002,西镇,West Town,town,3,joint,verify|assist,",
    "990101001-grid,东镇网格队,East Town grid team,team,2,990101001,,team",
    "water,水务局,Water Bureau,department,4,joint,lead,",
    "transport,交通运输局,Transport Bureau,department,4,joint,lead,",
    "joint,各部门,Departments jointly,joint,5,leaders,joint,",
    "leaders,县领导,Leaders,leaders,6,,study,leader",
]


def unit(name: str, level: int, parent: str | None = None, roles: str = "") -> Unit:
    return Unit(name, Text(name, name), level, parent, roles=frozenset(roles.split()))


def write(folder: Path, rows: list[str], header: str = HEADER, encoding: str = "utf-8") -> Path:
    path = folder / "units.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding=encoding)
    return path


@pytest.fixture
def chart(tmp_path: Path) -> OrgChart:
    return OrgChart.read(write(tmp_path, ROWS))


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("units", "en", "zh"),
    [
        ([unit("a", 1), unit("a", 2)], "unit 'a' is there twice", "单位“a”重复"),
        ([unit("a", 1, "b")], "unit 'a' has the unknown parent 'b'", "单位“a”的上级“b”不存在"),
        ([unit("a", 1, "b"), unit("b", 1)], "unit 'a' is not below its parent 'b'", "层级不低于其上级“b”"),
        ([unit("a", 1, roles="mayor")], "unit 'a' has the unknown role 'mayor'", "角色“mayor”未知"),
    ],
    ids=["twice", "unknown parent", "parent beside it", "unknown role"],
)
def test_a_chart_that_contradicts_itself_is_refused_with_the_unit_in_both_languages(
    units: list[Unit], en: str, zh: str
) -> None:
    with pytest.raises(PolicyError) as refused:
        OrgChart.of([unit("intake", 0), *units])
    (fault,) = refused.value.faults
    assert en in fault.en
    assert zh in fault.zh


def test_a_chart_without_an_intake_is_refused() -> None:
    with pytest.raises(PolicyError, match="the intake 'intake' is not among the units") as refused:
        OrgChart.of([unit("a", 1)])
    assert "受理平台" in refused.value.text.zh


def test_units_that_are_above_each_other_in_a_circle_are_refused() -> None:
    with pytest.raises(PolicyError, match="not below its parent"):
        OrgChart.of([unit("intake", 0), unit("a", 1, "b"), unit("b", 2, "c"), unit("c", 3, "a")])


def test_every_fault_of_a_chart_is_named_and_not_only_the_first() -> None:
    with pytest.raises(PolicyError) as refused:
        OrgChart.of([unit("a", 1, "nobody"), unit("b", 1, "a"), unit("c", 0, roles="mayor")])
    assert len(refused.value.faults) == 4  # no intake, an unknown parent, one beside its parent, an unknown role


# --- reading ----------------------------------------------------------------------------------------------------------


def test_a_file_says_everything_about_a_unit(chart: OrgChart) -> None:
    town = chart.units["990101001"]
    assert (town.text, town.kind, town.level, town.parent) == (Text("East Town", "东镇"), "town", 3, "joint")
    assert town.forms == (Form.VERIFY, Form.ASSIST)
    assert town.roles == {"post", "team"}
    assert chart.intake == "intake"
    assert len(chart.units) == len(ROWS)


def test_a_byte_order_mark_makes_no_difference(tmp_path: Path, chart: OrgChart) -> None:
    assert OrgChart.read(write(tmp_path, ROWS, encoding="utf-8-sig")).units == chart.units


def test_a_chart_is_read_from_a_packaged_resource(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chart: OrgChart
) -> None:
    package = tmp_path / "packaged_units"
    package.mkdir()
    (package / "__init__.py").touch()
    write(package, ROWS)
    monkeypatch.syspath_prepend(tmp_path)
    source: Traversable = files("packaged_units") / "units.csv"
    assert OrgChart.read(source).units == chart.units


def test_a_unit_without_an_english_name_keeps_its_chinese_one(tmp_path: Path) -> None:
    assert OrgChart.read(write(tmp_path, ["intake,受理平台,,,0,,,"])).name("intake") == Text("受理平台", "受理平台")


def test_units_may_be_added_to_those_of_a_file(tmp_path: Path) -> None:
    chart = OrgChart.read(write(tmp_path, ROWS), more=[unit("volunteers", 2, "990101001", roles="supervisor")])
    assert [one.id for one in chart.having("supervisor")] == ["volunteers"]


def test_missing_columns_are_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"units\.csv lacks the columns name_en, level") as refused:
        OrgChart.read(write(tmp_path, ["intake,受理平台,platform"], "unit,name,kind"))
    assert "缺少列 name_en、level" in refused.value.text.zh


def test_every_cell_that_cannot_be_read_is_named_by_its_line(tmp_path: Path) -> None:
    rows = ["intake,受理平台,Intake,platform,low,,,", "a,甲,A,,1,,by foot,", ",乙,B,,1,,,"]
    with pytest.raises(PolicyError) as refused:
        OrgChart.read(write(tmp_path, rows))
    said = [fault.en for fault in refused.value.faults]
    assert len(said) == 3
    assert "line 2" in said[0]
    assert "'low'" in said[0]
    assert "line 3" in said[1]
    assert "'by foot'" in said[1]
    assert all(form in said[1] for form in FORMS)
    assert "line 4" in said[2]
    assert all("第" in fault.zh for fault in refused.value.faults)


def test_what_is_wrong_with_a_cell_is_said_in_chinese_to_a_chinese_author(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as refused:
        OrgChart.read(write(tmp_path, ["intake,受理平台,Intake,platform,low,,,"]))
    assert "the level of" not in refused.value.text.zh


# --- who is above whom ------------------------------------------------------------------------------------------------


def test_a_path_leads_from_a_unit_to_the_top(chart: OrgChart) -> None:
    assert chart.path("990101001001") == ("990101001001", "990101001", "joint", "leaders")
    assert chart.path("nobody") == ()


def test_units_are_found_by_kind_and_by_role(chart: OrgChart) -> None:
    assert [one.id for one in chart.of_kind("town")] == ["990101001", "990101002"]
    assert [one.id for one in chart.having("post")] == ["990101001001", "990101001"]
    assert chart.of_kind("city") == chart.having("liaison") == ()


def test_the_unit_that_stands_for_a_form_is_the_one_above_the_holder_where_there_are_several(chart: OrgChart) -> None:
    assert chart.for_form(Form.VERIFY, "990101002001") == chart.units["990101002"]
    assert chart.for_form(Form.VERIFY, "990101001001") == chart.units["990101001"]
    assert chart.for_form(Form.LEAD, "990101001001") == chart.units["water"]


def test_a_form_for_which_nobody_stands_goes_to_the_next_higher_one() -> None:
    chart = OrgChart.of([unit("intake", 0), Unit("top", Text("top", "上"), 9, None, (Form.JOINT,))])
    assert chart.for_form(Form.DIRECT) == chart.units["top"]
    assert chart.for_form(Form.STUDY) is None


def test_a_chart_that_is_open_takes_any_name_for_a_unit_and_a_closed_one_only_its_own(chart: OrgChart) -> None:
    opened = OrgChart.of(chart.units.values(), open_to_all=True)
    assert "bureau of roads" in opened
    assert "" not in opened
    assert "bureau of roads" not in chart
    assert chart.name("bureau of roads") == Text("bureau of roads", "bureau of roads")


def test_a_unit_is_called_by_its_name_in_either_language_unless_two_are_called_so(chart: OrgChart) -> None:
    assert chart.id_of("水务局") == chart.id_of("water bureau") == "water"
    assert chart.id_of("乐安村") == "乐安村"
    assert chart.id_of("990101001") == "990101001"
    assert chart.id_of("nobody") == "nobody"


def test_villages_that_no_team_covers_are_found(chart: OrgChart) -> None:
    assert [one.id for one in chart.uncovered("town", "team")] == ["990101002"]


# --- places -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("990101001002", "990101001002"),
        ("990101001999", "990101001"),
        ("990101001002077", "990101001002"),
        ("990102001001", None),
        ("新民社区3号楼", "990101001002"),
        ("East Town, Xinmin Community", "990101001002"),
        ("东镇", "990101001"),
        ("水务局门口", "water"),
        ("交通运输局旁新民社区", "990101001002"),
        ("somewhere else", None),
        ("", None),
    ],
    ids=[
        *("its id", "an unknown village of a known town", "a code below a village", "an unknown county"),
        *("its name in a text", "two English names", "a town", "a department", "a department beside it"),
        *("nothing known", "nothing"),
    ],
)
def test_a_place_means_the_smallest_unit_that_it_names(chart: OrgChart, place: str, found: str | None) -> None:
    unit = chart.find(place)
    assert (unit.id if unit is not None else None) == found


def test_an_unknown_town_of_a_county_means_the_county() -> None:
    chart = OrgChart.of([unit("intake", 0), unit("990101", 4)])
    found = [chart.find(place) for place in ("990101", "990101009", "990101009201", "990102009")]
    assert [one.id if one is not None else None for one in found] == ["990101", "990101", "990101", None]


@pytest.mark.parametrize(("town", "village"), [("东镇", "990101001001"), ("西镇", "990101002001")])
def test_of_two_villages_of_one_name_the_one_in_the_named_town_is_meant(
    chart: OrgChart, town: str, village: str
) -> None:
    found = chart.find(f"{town}乐安村村口")
    assert found is not None
    assert found.id == village


def test_a_name_inside_a_longer_name_is_not_meant(chart: OrgChart) -> None:
    found = chart.find("西镇小乐安村")
    assert found is not None
    assert found.id == "990101002002"


def test_of_two_villages_of_one_name_neither_is_meant_where_no_town_is_named(chart: OrgChart) -> None:
    """A guess would send every second case to the wrong town; the intake asks instead."""
    assert chart.find("乐安村村口") is None


@pytest.mark.parametrize(
    ("place", "kind", "found"),
    [
        ("990101001002", "town", "990101001"),
        ("新民社区", "village", "990101001002"),
        ("新民社区", "team", "990101001-grid"),
        ("东镇", "village", None),
        ("西镇", "team", None),
        ("somewhere else", "town", None),
    ],
    ids=["around it", "itself", "the only one below the town", "several below", "none", "unknown place"],
)
def test_a_kind_of_unit_is_found_around_a_place_or_as_the_only_one_below(
    chart: OrgChart, place: str, kind: str, found: str | None
) -> None:
    unit = chart.at(place, kind)
    assert (unit.id if unit is not None else None) == found
