"""The commands about localities and their rules: what is installed, what it rules, and what a new table changes."""

import itertools
import json
import re
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from governflow import Actor, Engine, Text, hookimpl
from governflow.model.terms import Form
from governflow.model.units import OrgChart, Unit
from governflow.policy import registry as localities
from governflow.policy.discovery import installed
from governflow.policy.hookspecs import Locality, Merit
from governflow.tables import Catalogue, Table

Command = Callable[..., Any]
Install = Callable[..., Path]

CST = timezone(timedelta(hours=8))
START = datetime(2026, 1, 5, 9, 0, tzinfo=CST)

PLUGIN = """
from importlib.resources import files

from governflow.policy.hookspecs import Locality, hookimpl
from governflow.policy.files import tables


@hookimpl
def governflow_locality():
    return Locality({code!r}, {name!r}, {name_en!r})


@hookimpl
def governflow_tables():
    return tables(files(__name__) / "tables")
"""
TIER = """规则,days/天数,事项等级,reason_en,reason_zh,依据
取值,0..365,,,,
T14,{first},3,few days,天数少,细则
T15,{second},2,,,
"""
SOUND = TIER.format(first="<30|none", second=">=30")
_unique = itertools.count()


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install localities into a folder of their own, as a package installer would."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    monkeypatch.setattr(localities, "installed", lambda: installed([str(site)]))

    def add(
        code: str,
        name: str = "惠民县",
        name_en: str = "Huimin County",
        *,
        tables: Mapping[str, str] | None = None,
        source: str = PLUGIN,
        version: str = "0.1.0",
    ) -> Path:
        package = site / f"plugin_{next(_unique)}"
        (package / "tables").mkdir(parents=True)
        (package / "__init__.py").write_text(source.format(code=code, name=name, name_en=name_en), encoding="utf-8")
        for file, text in (tables or {}).items():
            (package / "tables" / file).write_text(text, encoding="utf-8")
        info = site / f"governflow_{code}-{version}.dist-info"
        for other in site.glob(f"governflow_{code}-*.dist-info"):
            for file in other.iterdir():
                file.unlink()
            other.rmdir()
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: governflow-{code}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[governflow]\n{code} = {package.name}\n")
        return package / "tables"

    return add


def write(folder: Path, **tables: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def english(out: str) -> list[str]:
    """Words of English in what a Chinese reader sees, codes, versions and hashes aside."""
    return re.findall(r"[A-Za-z]{2,}", re.sub(r"governflow|[\w.]*@[\d.]+|[0-9a-f]{16}|--\w+|\bT\d+", "", out))


def chinese(out: str) -> list[str]:
    return re.findall("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+", out)


# --- localities -------------------------------------------------------------------------------------------------------


def test_localities_says_what_is_installed_where_it_comes_from_and_what_lies_above(
    governflow: Command, install: Install
) -> None:
    install("371621", version="1.2.3")
    install("371600", "滨州市", "Binzhou City")
    done = governflow("localities", "--json")
    assert done.status == 0
    listed = {one["code"]: one for one in done.json}
    assert sorted(listed) == ["000000", "100000", "371600", "371621"]
    county = listed["371621"]
    assert (county["name"], county["name_en"]) == ("惠民县", "Huimin County")
    assert county["from"] == "governflow-371621 1.2.3"
    assert county["ancestors"] == ["371600", "100000", "000000"]
    assert re.fullmatch("[0-9a-f]{16}", county["rules"])
    assert [one["faults"] for one in listed.values()] == [[]] * 4
    assert listed["000000"]["from"] == "built in"


def test_the_rule_set_of_the_list_is_the_one_that_events_name(governflow: Command, install: Install) -> None:
    install("371621", tables={"tier.csv": SOUND})
    (county,) = (one for one in governflow("localities", "--json").json if one["code"] == "371621")
    with Engine.open() as engine:
        case = engine.report(locality="371621", at=START).id
        assert engine.history(case)[0].rules == county["rules"]


def test_one_broken_locality_hides_no_other_and_makes_the_status_1(governflow: Command, install: Install) -> None:
    install("371621", source="raise RuntimeError('half a plugin')")
    install("371600", "滨州市", "Binzhou City")
    done = governflow("localities")
    assert done.status == 1
    assert "RuntimeError: half a plugin" in done.out
    assert "Binzhou City" in done.out
    assert done.out.splitlines()[-1] == "4 localities, 1 with faults"
    told = {one["code"]: one for one in governflow("localities", "--json").json}
    assert (told["371621"]["name"], told["371621"]["rules"], len(told["371621"]["faults"])) == (None, None, 1)
    assert told["371600"]["faults"] == []


def test_every_fault_of_a_locality_has_a_line_of_its_own(governflow: Command, install: Install) -> None:
    source = (
        PLUGIN + "\n\n@hookimpl\ndef governflow_teir(case):\n    return None\n\n\ndef governflow_route(case): ...\n"
    )
    install("371621", source=source)
    for lang, near, unmarked in (
        ("en", "do you mean governflow_tier?", "governflow_route is not marked"),
        ("zh", "是否为 governflow_tier？", "governflow_route 未标注"),
    ):
        lines = governflow("localities", "--lang", lang).out.splitlines()
        (first,) = (line for line in lines if near in line)
        (second,) = (line for line in lines if unmarked in line)
        assert first != second
        assert first.lstrip().startswith("✗")


def test_two_distributions_for_one_code_are_a_fault_that_names_both(
    governflow: Command, install: Install, tmp_path: Path
) -> None:
    install("371621")
    other = tmp_path / "site" / "another-2.0.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: another\nVersion: 2.0\n")
    (other / "entry_points.txt").write_text("[governflow]\n371621 = another\n")
    done = governflow("localities")
    assert done.status == 1
    flat = " ".join(done.out.split())
    assert "governflow-371621 0.1.0" in flat
    assert "another 2.0" in flat


def test_the_list_speaks_one_language(governflow: Command, install: Install) -> None:
    install("371621")
    assert english(governflow("localities", "--lang", "zh").out.replace("governflow-371621", "")) == []
    assert chinese(governflow("localities", "--lang", "en").out) == []


# --- table ------------------------------------------------------------------------------------------------------------


def test_table_prints_the_rules_of_every_layer_with_the_layer_that_gives_them(
    governflow: Command, install: Install
) -> None:
    install("371621", tables={"tier.csv": SOUND})
    install(
        "371600", "滨州市", "Binzhou City", tables={"assess.csv": "规则,平急状态,严重程度\nA7,急时,重大\nA8,平时,\n"}
    )
    done = governflow("table", "371621", "--lang", "zh")
    assert done.status == 0
    assert done.out.index("371621@0.1.0") < done.out.index("T14") < done.out.index("371600@0.1.0")
    assert done.out.index("371600@0.1.0") < done.out.index("A7")
    for words in (
        "天数≤29或未填",
        "事项等级=三级事项",
        "天数少",
        "细则",
        "天数≥30",
        "事项等级=二级事项",
        "命中策略：唯一",
    ):
        assert words in done.out
    assert "不作规定，由下一层决定" in done.out  # A8 has no outcome
    assert "已对全部情形检查：无漏项、无冲突、无失效规则" in done.out


def test_table_says_what_is_decided_in_code_beside_the_tables(governflow: Command, install: Install) -> None:
    more = "\n\n@hookimpl\ndef governflow_tier(case):\n    return None\n"
    install("371621", source=PLUGIN + more, tables={"tier.csv": SOUND})
    done = governflow("table", "371621", "--json")
    assert done.json["code"]["governflow_tier"] == ["371621@0.1.0", "governflow"]
    assert "分级：371621@0.1.0 → governflow" in governflow("table", "371621", "--lang", "zh").out


def test_the_tables_of_the_json_can_be_made_again(governflow: Command, install: Install) -> None:
    folder = install("371621", tables={"tier.csv": SOUND, "catalogue.csv": "事项,时限\n路灯,1天\n"})
    (layer,) = governflow("table", "371621", "--json").json["layers"]
    assert Table.from_json(layer["tables"]["tier"]).digest == Table.read(folder / "tier.csv", name="tier").digest
    assert layer["tables"]["catalogue"]["digest"] == Catalogue.read(folder / "catalogue.csv").digest
    assert layer["tables"]["tier"]["findings"] == []


def test_a_long_catalogue_is_counted_by_domain_unless_all_is_wanted(governflow: Command, tmp_path: Path) -> None:
    rows = [f"事项{number},{'环境' if number < 30 else '治安'},1天" for number in range(41)]
    folder = write(tmp_path / "tables", catalogue="\n".join(["事项,领域,时限", *rows]) + "\n")
    short = governflow("table", folder, "--lang", "zh")
    assert "事项7" not in short.out
    assert re.search(r"环境\s+30\n\s+治安\s+11\n", short.out)
    whole = governflow("table", folder, "--all", "--lang", "zh")
    assert all(f"事项{number} " in whole.out for number in range(41))
    assert len(governflow("table", folder, "--json").json["layers"][0]["tables"]["catalogue"]["entries"]) == 41


def test_a_gap_in_a_file_is_named_with_the_case_that_nobody_answers_and_status_1(
    governflow: Command, tmp_path: Path
) -> None:
    file = write(tmp_path, rules=TIER.format(first="<30|none", second=">30")) / "rules.csv"
    done = governflow("table", file, "--name", "tier", "--lang", "en")
    assert done.status == 1
    flat = " ".join(done.out.split())
    assert "T14 (row 3) says days <= 29 or not stated, T15 (row 4) says days >= 31, nobody answers days = 30" in flat
    told = governflow("table", file, "--name", "tier", "--json", "--lang", "zh")
    assert (told.status, len(told.json["faults"])) == (1, 1)
    assert "天数=30" in told.json["faults"][0]


def test_a_conflict_in_a_file_is_named_with_both_rules_and_status_1(governflow: Command, tmp_path: Path) -> None:
    file = write(tmp_path, tier=TIER.format(first="<=30|none", second=">=30")) / "tier.csv"
    (fault,) = governflow("table", file, "--json").json["faults"]
    assert "T14 (row 3)" in fault
    assert "T15 (row 4)" in fault
    assert "days = 30" in fault
    assert governflow("table", file).status == 1


def test_a_sound_file_is_said_to_be_sound_and_is_named_after_its_question(governflow: Command, tmp_path: Path) -> None:
    done = governflow("table", write(tmp_path, tier=SOUND) / "tier.csv", "--lang", "en")
    assert done.status == 0
    assert "no gap, no conflict, no dead rule" in done.out
    assert "Tier table" in done.out


def test_each_fault_of_a_file_that_cannot_be_read_has_a_line_with_its_place(
    governflow: Command, tmp_path: Path
) -> None:
    text = "规则,严重程度,诉求人,事项等级\nT1,一搬,,3\nT1,复杂,,9\n"
    file = write(tmp_path, tier=text) / "tier.csv"
    done = governflow("table", file, "--lang", "zh")
    assert (done.status, done.out) == (1, "")
    assert [re.match(r"第 \d+ 行(?: [A-Z] 列)?", line)[0] for line in done.err.splitlines()] == [  # type: ignore[index]
        "第 1 行 C 列",  # who asks
        "第 2 行 B 列",  # no severity is called so
        "第 3 行 A 列",  # the id is there already
        "第 3 行 D 列",  # no such tier
    ]
    told = governflow("table", file, "--lang", "en", "--json")
    assert (told.status, len(told.json["faults"])) == (1, 4)
    assert told.json["faults"] == told.err.splitlines()


def test_each_fault_of_a_folder_has_a_line_with_its_file(governflow: Command, tmp_path: Path) -> None:
    bad = "规则,严重程度,事项等级\nT1,一搬,3\nT2,复杂,9\n"
    folder = write(tmp_path / "tables", tier=bad, assess="规则,平急状态,严重程度\nA1,急时,很重\n", route="空\n")
    lines = governflow("table", folder, "--lang", "zh").err.splitlines()
    assert [re.match(r"\w+\.csv 第 \d+ 行 [A-Z] 列|\w+\.csv", line)[0] for line in lines] == [  # type: ignore[index]
        "assess.csv 第 2 行 C 列",
        "route.csv",
        "tier.csv 第 2 行 B 列",
        "tier.csv 第 3 行 C 列",
    ]


def test_the_faults_of_an_installed_locality_are_printed_one_a_line(governflow: Command, install: Install) -> None:
    install("371621", tables={"tier.csv": TIER.format(first="<30", second=">30")})
    done = governflow("table", "371621")
    assert (done.status, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1
    assert "days = 30 or not stated" in done.err


def test_a_village_without_rules_of_its_own_shows_those_of_its_county(governflow: Command, install: Install) -> None:
    install("371621", tables={"tier.csv": SOUND})
    done = governflow("table", "371621100", "--lang", "en")
    assert done.status == 0
    assert done.out.startswith("371621100 (rules of Huimin County, 371621)")


@pytest.mark.parametrize("what", ["37162", "tier", "nowhere.csv"])
def test_what_is_neither_a_file_nor_a_locality_is_one_sentence_and_status_2(governflow: Command, what: str) -> None:
    for lang in ("en", "zh"):
        done = governflow("table", what, "--lang", lang)
        assert (done.status, done.out, len(done.err.splitlines())) == (2, "", 1)
        assert what in done.err
        assert bool(chinese(done.err)) is (lang == "zh")


def test_a_code_is_a_code_also_beside_a_folder_of_that_name(
    governflow: Command, install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("371621", tables={"tier.csv": SOUND})
    (tmp_path / "371621").mkdir()
    monkeypatch.chdir(tmp_path)
    assert governflow("table", "371621").out.startswith("Huimin County (371621), rule set ")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_tables_are_set_in_one_language_within_the_width_of_the_page(
    governflow: Command, tmp_path: Path, lang: str
) -> None:
    text = (
        "命中策略,首个\n规则,severity/严重程度,colour/颜色,→net/网络,reason_en,reason_zh\n"
        "取值,,red/红|blue/蓝；默认 blue,,,\n"
        "T1,复杂|重大,红,1,a long reason that does not fit into one line of the column,"
        + "理由" * 40
        + "\nT2,,,2,the rest,其余\n"
    )
    # What a table derives is named where another one asks for it.
    folder = write(tmp_path / "tables", net=text, tier="规则,net/网络,事项等级\n取值,*,\nT3,,3\n")
    done = governflow("table", folder, "--lang", lang)
    assert done.status == 0
    assert max(map(cell_len, done.out.splitlines())) <= 100
    left = english(done.out.replace("tables", ""))
    assert (left if lang == "zh" else chinese(done.out)) == []


# --- diff -------------------------------------------------------------------------------------------------------------


def test_the_same_rules_in_other_words_change_no_case(governflow: Command, tmp_path: Path) -> None:
    old = write(tmp_path / "old", tier=SOUND) / "tier.csv"
    other = SOUND.replace("<30|none", "none|0..29").replace("天数少", "不足三十天")
    new = write(tmp_path / "new", tier=other) / "tier.csv"
    done = governflow("diff", old, new, "--lang", "en")
    assert done.status == 0
    assert "tier.csv and tier.csv decide every one alike" in " ".join(done.out.split())
    assert governflow("diff", old, new, "--json").json["differences"] == []


def test_diff_names_exactly_the_cases_that_change(governflow: Command, tmp_path: Path) -> None:
    old = write(tmp_path / "old", tier=SOUND) / "tier.csv"
    new = write(tmp_path / "new", tier=TIER.format(first="<=30|none", second=">30")) / "tier.csv"
    done = governflow("diff", old, new, "--json", "--lang", "en")
    assert (done.status, done.json["same"]) == (1, False)
    (table,) = done.json["differences"]
    assert table["changes"] == [
        {
            "cases": {"days": "days = 30"},
            "example": {"days": 30},
            "old": {"rule": "T15", "outcomes": {"tier": "2"}},
            "new": {"rule": "T14", "outcomes": {"tier": "3"}},
        }
    ]
    assert table["complete"] is True
    for lang, words in (
        ("en", ["days = 30", "tier 2 (street)", "tier 3 (community)", "tier table: 1 group of cases"]),
        ("zh", ["天数=30", "二级事项", "三级事项", "分级表1类情形；其余情形的处理结果不变"]),
    ):
        plain = governflow("diff", old, new, "--lang", lang)
        assert plain.status == 1
        for word in words:
            assert word in "".join(plain.out.split("\n")) or word in " ".join(plain.out.split())
    assert english(governflow("diff", old, new, "--lang", "zh").out.replace("tier.csv", "")) == []
    assert chinese(governflow("diff", old, new, "--lang", "en").out) == []


def test_folders_are_compared_table_by_table_also_one_that_is_new(governflow: Command, tmp_path: Path) -> None:
    old = write(tmp_path / "old", tier=SOUND, catalogue="事项,时限,依据\n路灯,1天,甲\n井盖,1天,甲\n")
    new = write(
        tmp_path / "new",
        tier=SOUND,
        assess="规则,严重程度\nA1,重大\n",
        catalogue="事项,时限,依据\n路灯,2天,乙\n井盖,1天,甲\n积水,4小时,甲\n",
    )
    done = governflow("diff", old, new, "--json")
    told = {one["table"]: one for one in done.json["differences"]}
    assert set(told) == {"assess", "catalogue"}
    (added,) = told["assess"]["changes"]
    assert (added["old"], added["new"]["rule"], added["cases"]) == (None, "A1", {})
    # Another source of the same rule changes no case.
    assert told["catalogue"]["items"] == [
        {"item": "路灯", "condition": "", "old": {"resolve": "1d"}, "new": {"resolve": "2d"}},
        {"item": "积水", "condition": "", "old": None, "new": {"resolve": "4h"}},
    ]
    assert "事项清单2项" in governflow("diff", old, new, "--lang", "zh").out
    gone = governflow("diff", new, old, "--json").json["differences"]
    assert {one["table"] for one in gone} == {"assess", "catalogue"}


def test_a_file_is_compared_with_the_table_of_that_name_of_a_locality(
    governflow: Command, install: Install, tmp_path: Path
) -> None:
    install("371621", tables={"tier.csv": SOUND, "assess.csv": "规则,严重程度\nA1,重大\n"})
    file = write(tmp_path, tier=SOUND.replace("细则", "新细则")) / "tier.csv"
    done = governflow("diff", "371621", file)
    assert done.status == 0


def test_an_upgraded_locality_is_compared_with_the_rules_that_a_store_has_kept(
    governflow: Command, install: Install, tmp_path: Path
) -> None:
    install("371621", tables={"tier.csv": SOUND})
    store = tmp_path / "cases.db"
    with Engine.open(store) as engine:
        case = engine.report(locality="371621", at=START).id
        rules = engine.history(case)[0].rules
    assert rules is not None
    assert governflow("diff", rules, "371621", "--store", store).status == 0
    install("371621", tables={"tier.csv": TIER.format(first="<40|none", second=">=40")}, version="0.2.0")
    done = governflow("diff", rules, "371621", "--store", store, "--json", "--lang", "en")
    assert done.status == 1
    (table,) = done.json["differences"]
    assert (table["layer"], [change["cases"] for change in table["changes"]]) == (
        "371621@0.2.0",
        [{"days": "days = 30..39"}],
    )
    assert done.json["not_compared"] == [
        f"rule set {rules} was kept without the plugins' code: only tables are compared."
    ]


def test_diff_says_that_code_is_not_compared_where_one_side_is_tables_alone(
    governflow: Command, install: Install, tmp_path: Path
) -> None:
    more = "\n\n@hookimpl\ndef governflow_route(case):\n    return None\n"
    install("371621", source=PLUGIN + more, tables={"tier.csv": SOUND})
    done = governflow("diff", "371621", write(tmp_path / "new", tier=SOUND), "--lang", "zh")
    assert done.status == 0
    assert "仅比对表格：“惠民县（371621）”另有程序参与判断（派单去向），不在比对之列。" in done.out


def test_the_tables_of_a_plugin_that_is_not_installed_are_compared_with_files(
    governflow: Command, tmp_path: Path
) -> None:
    home = tmp_path / "county"
    (home / "plugin_county" / "tables").mkdir(parents=True)
    more = "\n\n@hookimpl\ndef governflow_route(case):\n    return None\n"
    source = (PLUGIN + more).format(code="990201", name="河畔县", name_en="Riverside")
    (home / "plugin_county" / "__init__.py").write_text(source, encoding="utf-8")
    (home / "pyproject.toml").write_text('[project.entry-points.governflow]\n990201 = "plugin_county"\n')
    write(home / "plugin_county" / "tables", tier=SOUND)
    new = write(tmp_path / "new", tier=TIER.format(first="<=30|none", second=">30"))
    done = governflow("diff", home, new, "--json", "--lang", "en")
    assert (done.status, [one["table"] for one in done.json["differences"]]) == (1, ["tier"])
    assert done.json["not_compared"] == [
        f"Only tables are compared: Riverside (990201) in {home} also decides in code (route)."
    ]


@pytest.mark.slow
def test_two_localities_are_compared_case_by_case(governflow: Command, install: Install) -> None:
    install("371600", "滨州市", "Binzhou City", tables={"tier.csv": SOUND})
    more = "\n\n@hookimpl\ndef governflow_tier(case):\n    from governflow.plugin import Ruling, Text, Tier\n"
    more += "    return Ruling(Tier.ONE, Text('all', '一律'), 'T1')\n"
    install("371621", source=PLUGIN + more, tables={"tier.csv": SOUND})
    done = governflow("diff", "371600", "371621", "--json", "--lang", "en")
    (one,) = done.json["localities"]
    assert (done.status, one["old"], one["new"], done.json["not_compared"]) == (1, "371600", "371621", [])
    tiers = [row for row in one["changes"] if row["aspect"] == "tier"]
    assert {row["new"] for row in tiers} == {"1"}
    assert {row["by_new"] for row in tiers} == {"T1 of 371621"}


def test_files_of_different_names_need_to_be_told_their_question(governflow: Command, tmp_path: Path) -> None:
    write(tmp_path, old=SOUND, new=SOUND)
    done = governflow("diff", tmp_path / "old.csv", tmp_path / "new.csv")
    assert (done.status, "--name tier" in done.err) == (2, True)
    assert governflow("diff", tmp_path / "old.csv", tmp_path / "new.csv", "--name", "tier").status == 0


def test_a_rule_set_is_only_found_in_the_store_that_kept_it(governflow: Command, tmp_path: Path) -> None:
    store = tmp_path / "cases.db"
    Engine.open(store).close()
    missing = governflow("diff", "0123456789abcdef", "000000", "--store", store)
    assert (missing.status, "has kept no rule set 0123456789abcdef" in missing.err) == (2, True)
    nowhere = governflow("diff", "0123456789abcdef", "000000")
    assert (nowhere.status, "--store" in nowhere.err) == (2, True)


# --- digest, merits, special ------------------------------------------------------------------------------------------

UNITS = OrgChart.of(
    [
        Unit("intake", Text("Desk", "平台"), 0, "leaders"),
        Unit("371621-village", Text("Village", "甲村"), 2, "leaders", (Form.DIRECT,), frozenset({"post"}), "village"),
        Unit(
            "leaders", Text("Leaders", "领导"), 6, None, (Form.VERIFY, Form.ASSIST, Form.LEAD, Form.JOINT, Form.STUDY)
        ),
    ]
)


class County:
    @hookimpl
    def governflow_locality(self) -> Locality:
        return Locality("371621", "惠民县", "Huimin County")

    @hookimpl
    def governflow_units(self) -> OrgChart:
        return UNITS


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of a county whose plugin is registered in every engine of this process."""
    plain = localities.Localities.__init__

    def registering(self: localities.Localities) -> None:
        plain(self)
        self.register("371621", County())

    monkeypatch.setattr(localities.Localities, "__init__", registering)
    path = tmp_path / "cases.db"
    with Engine.open(path) as engine:
        engine.report(case_id="a", locality="371621", item="路灯", place="甲村", at=START)
        engine.award("371621", Merit("w1", "volunteer", 3, Text("helped", "帮忙"), "m/1"), source="roster", at=START)
        engine.advance(START + timedelta(hours=1))
    return path


@pytest.mark.parametrize(
    ("command", "en", "zh"),
    [
        (("digest", "371621", "--period", "day", "--until", "2026-01-05"), "reported 1", "上报 1 件"),
        (("merits", "371621", "--since", "2026-01-05"), "Ranking", "积分"),
        (("special", "a"), "Special report on case a", "关于事项 a 的专报"),
    ],
)
def test_a_briefing_is_printed_in_both_languages_and_as_json(
    store: Path, governflow: Command, command: tuple[str, ...], en: str, zh: str
) -> None:
    plain = governflow(*command, "--store", store, "--lang", "en")
    assert (plain.status, plain.err) == (0, "")
    assert en in plain.out
    assert zh in governflow(*command, "--store", store, "--lang", "zh").out
    assert isinstance(governflow(*command, "--store", store, "--json").json, dict)


def test_merits_are_listed_with_the_points_of_their_book(store: Path, governflow: Command) -> None:
    (account,) = governflow("merits", "371621", "--store", store, "--json").json["balances"]
    assert (account["to"], account["points"]) == ("w1", 3)
    assert governflow("merits", "371621", "--store", store, "--holder", "post", "--json").json["balances"] == []


@pytest.mark.parametrize("command", [("digest", "371621"), ("merits", "371621"), ("special", "a")])
def test_a_briefing_makes_no_store(tmp_path: Path, governflow: Command, command: tuple[str, ...]) -> None:
    done = governflow(*command, "--store", tmp_path / "absent.db")
    assert (done.status, done.err) == (2, f"there is no store {tmp_path / 'absent.db'}\n")
    assert list(tmp_path.iterdir()) == []


def test_a_code_that_was_typed_wrong_is_pointed_out(store: Path, governflow: Command) -> None:
    assert "nobody registered 371622" in governflow("digest", "371622", "--store", store).err
    for wrong in ("37162", "惠民", "371621.0"):
        done = governflow("digest", wrong, "--store", store)
        assert (done.status, "is no code of a locality" in done.err) == (2, True)
    assert "nobody registered 371622" in governflow("digest", " ３７１６２２", "--store", store).err


# --- watch ------------------------------------------------------------------------------------------------------------


def test_watch_tells_of_a_post_that_does_not_come_to_the_muster(store: Path, governflow: Command) -> None:
    with Engine.open(store) as engine:
        engine.switch_mode(
            "371621", "emergency", reason="暴雨", by=Actor("县长", "leaders"), at=START + timedelta(hours=1)
        )
    done = governflow("watch", "--once", "--store", store, "--lang", "zh")
    assert done.status == 0
    assert re.search(r"2026-01-05 10:30:00  @371621  超时  报到（甲村）", done.out)
    events = [json.loads(line) for line in governflow("watch", "--once", "--store", store, "--json").out.splitlines()]
    assert len(events) <= 1  # everything was told the first time


# --- quick ------------------------------------------------------------------------------------------------------------


def test_help_imports_no_rules(governflow: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("governflow.cli.")]:
        monkeypatch.delitem(sys.modules, name)
    for command in ("localities", "table", "diff", "new", "digest", "merits", "special"):
        assert governflow(command, "--help").status == 0
    assert [name for name in sys.modules if name.startswith("governflow.cli.")] == []
