"""Why a case is as it is, where tables rule: the row of the time, what was refused, what changed anew."""

import io
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from governflow import Actor, CommandError, Engine, Text, hookimpl
from governflow.cli.dossier_screen import print_dossier
from governflow.engine.explain import KeptRow, KeptRules, explain
from governflow.model.rulings import RecordedRuling
from governflow.model.terms import Form, Tier
from governflow.model.units import OrgChart, Unit
from governflow.policy import registry as localities
from governflow.policy.hookspecs import Locality, Ruling
from governflow.policy.registry import Localities
from governflow.reports.dossier import compile_dossier
from governflow.reports.dossier_html import render_html
from governflow.reports.dossier_model import Dossier
from governflow.tables import Catalogue, Table

Command = Callable[..., Any]
Tables = Mapping[str, Table | Catalogue]

CST = timezone(timedelta(hours=8))
START = datetime(2026, 1, 5, 9, 0, tzinfo=CST)
CODE = "371621"
DESK, LEADER, OUTSIDER = Actor("坐席", "intake"), Actor("县长", "leaders"), Actor("丁", "village")

UNITS = OrgChart.of(
    [
        Unit("intake", Text("Desk", "受理平台"), 0, "leaders"),
        Unit("village", Text("Village", "甲村"), 2, "town", (Form.DIRECT,), frozenset({"post"}), "village"),
        Unit("other", Text("Other Village", "丁村"), 2, "town", kind="village"),
        Unit("town", Text("Town", "乙镇"), 3, "bureau", (Form.VERIFY, Form.ASSIST), kind="town"),
        Unit("bureau", Text("Bureau", "丙局"), 4, "leaders", (Form.LEAD, Form.JOINT)),
        Unit("leaders", Text("Leaders", "领导"), 6, None, (Form.STUDY,)),
    ]
)

CATALOGUE = (
    "事项,领域,严重程度,must_report/必报,时限,依据\n"
    "路灯,公共设施,一般,是,3小时,清单标准\n井盖,公共设施,一般,否,,清单标准\n"
)
COLOUR = (
    "规则,people/人数,→colour/颜色,reason_en,reason_zh,依据\n取值,0..,red/红|yellow/黄|blue/蓝,,,\n"
    "C1,>=10,red,many people,人多,条例第3条\nC2,<10|none,{few},few people,人少,\n"
)
TIER = "规则,colour/颜色,事项等级,依据\n取值,red/红|yellow/黄|blue/蓝,,\nT1,红,二级,细则第1条\nT2,黄|蓝|未填,三级,\n"
ROUTE = "规则,事项等级,牵头单位,协办单位,reason_en,reason_zh\nR1,,@village,bureau,by place,按地点\n"
DEADLINES = (
    "命中策略,首个\n规则,平急状态,到场,reason_en,reason_zh,依据\n"
    "D1,急时,10分钟,quick in an emergency,急时从快,\nD2,,{arrive},by the list,按规定,示例\n"
)


def tables(few: str = "yellow", arrive: str = "30分钟") -> Tables:
    def table(name: str, text: str) -> Table:
        return Table.read((f"{name}.csv", text.encode()), name=name)

    return {
        "catalogue": Catalogue.read(("catalogue.csv", CATALOGUE.encode())),
        "colour": table("colour", COLOUR.format(few=few)),
        "tier": table("tier", TIER),
        "route": table("route", ROUTE),
        "deadlines": table("deadlines", DEADLINES.format(arrive=arrive)),
    }


class County:
    """A county all of whose rules are tables."""

    def __init__(self, ruled: Tables) -> None:
        self.ruled = ruled

    @hookimpl
    def governflow_locality(self) -> Locality:
        return Locality(CODE, "惠民县", "Huimin County")

    @hookimpl
    def governflow_units(self) -> OrgChart:
        return UNITS

    @hookimpl
    def governflow_tables(self) -> Tables:
        return self.ruled

    @hookimpl
    def governflow_terms(self) -> dict[str, Text]:
        return {"must_report": Text("must be reported", "必报")}


def opened(url: Path | None = None, **changed: str) -> Engine:
    found = Localities()
    found.register(CODE, County(tables(**changed)))
    return Engine.open(url, localities=found)


def minutes(number: float) -> datetime:
    return START + timedelta(minutes=number)


def reported(engine: Engine, item: str = "路灯", **facts: object) -> str:
    case = engine.report(locality=CODE, item=item, place="甲村", facts=facts, at=START, by=DESK).id
    engine.dispatch(case, at=minutes(2), by=DESK)
    return case


def rows(engine: Engine, case: str) -> dict[str, KeptRow | None]:
    history = engine.history(case)
    told = explain(engine.case(case), history, engine.localities.policy(CODE), engine.rule_set)
    return {entry.ruling.what: entry.row for entry in told.rulings}


def book(engine: Engine, case: str, lang: str = "zh") -> Dossier:
    return compile_dossier(engine, case, lang=lang, personal=False)


def printed(dossier: Dossier) -> str:
    out = io.StringIO()
    print_dossier(dossier, Console(file=out, width=400))
    return out.getvalue()


def page(dossier: Dossier) -> str:
    words: list[str] = []

    class Reader(HTMLParser):
        style = False

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.style = tag == "style"

        def handle_data(self, data: str) -> None:
            if not self.style:
                words.append(data)

    Reader().feed(render_html(dossier))
    return "\n".join(words)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store whose county is registered in every engine of this process."""
    plain = localities.Localities.__init__

    def registering(self: Localities) -> None:
        plain(self)
        self.register(CODE, County(tables()))

    monkeypatch.setattr(localities.Localities, "__init__", registering)
    return tmp_path / "cases.db"


# --- the row of the time ----------------------------------------------------------------------------------------------


def test_every_ruling_from_a_table_has_its_row_with_conditions_outcomes_and_source() -> None:
    engine = opened()
    found = rows(engine, reported(engine, 人数=12))
    colour = found["fact:colour"]
    assert colour is not None
    assert colour.as_json() == {
        "table": "colour",
        "sheet": "",
        "row": 3,
        "conditions": {"people": ">=10"},
        "outcomes": {"colour": "red"},
        "basis": "条例第3条",
    }
    numbers = {what: (row.table, row.number) for what, row in found.items() if row is not None}
    assert numbers == {
        "fact:colour": ("colour", 3),
        "assess": ("catalogue", 2),
        "tier": ("tier", 3),
        "route": ("route", 2),
        "clock:arrive": ("deadlines", 4),
    }


def test_a_row_of_the_catalogue_shows_what_it_decides_of_the_question() -> None:
    engine = opened()
    case = reported(engine)
    engine.arrive(case, at=minutes(5), by=Actor("甲", "village"))
    found = rows(engine, case)
    assess, resolve = found["assess"], found["clock:resolve"]
    assert assess is not None
    assert assess.as_json() == {
        "table": "catalogue",
        "sheet": "",
        "row": 2,
        "conditions": {"item": "路灯"},
        "outcomes": {"severity": "general"},
        "basis": "清单标准",
    }
    assert resolve is not None
    assert resolve.outcomes == {"resolve": "3h"}


def test_what_no_table_ruled_has_no_row() -> None:
    class Ruling_:
        @hookimpl
        def governflow_tier(self) -> Ruling:
            return Ruling(Tier.ONE, Text("so", "如此"), "tier/T1")

    found = Localities()
    found.register(CODE, Ruling_())
    engine = Engine.open(localities=found)
    case = engine.report(locality=CODE, at=START).id
    assert set(rows(engine, case).values()) == {None}


@pytest.mark.parametrize("where", ["memory", "file"])
def test_after_an_upgrade_the_row_of_the_time_is_shown(where: str, tmp_path: Path) -> None:
    engine = opened(tmp_path / "cases.db" if where == "file" else None, arrive="30分钟")
    case = reported(engine)
    engine.localities.register(CODE, County(tables(arrive="2小时")))
    arrive = rows(engine, case)["clock:arrive"]
    assert arrive is not None
    assert arrive.outcomes == {"arrive": "30min"}
    for words in (printed(book(engine, case)), page(book(engine, case))):
        assert "到场=30分钟" in words
        assert "2小时" not in words


def test_a_store_that_kept_no_rule_set_shows_the_rulings_without_rows() -> None:
    kept_rules = KeptRules(lambda rules: None)
    assert kept_rules.layers("0123456789abcdef") is None
    assert kept_rules.row(RecordedRuling("tier", "2", Text("so", "如此"), "tier/T1", CODE), "0123456789abcdef") is None
    assert list(kept_rules.tables(["0123456789abcdef", None])) == []


def test_a_rule_that_the_table_of_the_time_does_not_have_has_no_row() -> None:
    engine = opened()
    case = reported(engine)
    rules = engine.history(case)[0].rules
    kept_rules = KeptRules(engine.rule_set)
    for rule in ("tier/T9", "tier", "catalogue/积水", "nothing/T1"):
        assert kept_rules.row(RecordedRuling("tier", "2", Text("so", "如此"), rule, CODE), rules) is None


def test_the_dossier_shows_a_row_whole_when_it_is_first_met_and_then_by_its_place() -> None:
    engine = opened()
    case = reported(engine, 人数=12)
    engine.return_(case, at=minutes(5), by=LEADER)
    engine.dispatch(case, at=minutes(6), by=DESK)
    steps = [step for step in book(engine, case).steps if step.kind == "dispatched"]
    first, second = ([reason.text for reason in step.reasons] for step in steps)
    assert "按规定（时限表第4行：其他情形，则到场=30分钟；出处：示例）" in first
    assert "按规定（时限表第4行）" in second


def test_units_kinds_and_values_of_a_row_are_said_by_their_names() -> None:
    engine = opened()
    case = reported(engine, 人数=12)
    assert "派单去向表第2行：其他情形，则牵头单位=属地村社区，协办单位=丙局" in printed(book(engine, case))
    english = printed(book(engine, case, "en"))
    assert "(route table, row 2: all other cases → lead = the village of the place, assist = Bureau)" in english
    assert "(colour table, row 3: people >= 10 → colour = red; source: 条例第3条)" in english


def test_explain_prints_the_row_and_gives_it_as_json(store: Path, governflow: Command) -> None:
    with Engine.open(store) as engine:
        case = reported(engine, 人数=12)
    done = governflow("explain", case, "--store", store, "--lang", "zh")
    assert done.status == 0
    flat = "".join(done.out.split())
    assert "颜色：红人多颜色表第3行：人数≥10，则颜色=红；出处：条例第3条" in flat
    assert "分级：二级事项颜色=红分级表第3行：事项等级=二级事项；出处：细则第1条" in flat  # the reason says it once
    told = governflow("explain", case, "--store", store, "--json").json
    rulings = {entry["what"]: entry for entry in told["rulings"]}
    assert rulings["tier"]["row"]["conditions"] == {"colour": "红"}
    assert rulings["clock:dispatch"]["row"] is None
    assert told["facts"] == {"people": 12, "domain": "公共设施", "must_report": "是", "colour": "red"}


# --- facts ------------------------------------------------------------------------------------------------------------


def test_the_facts_of_a_case_are_told_by_their_local_names() -> None:
    engine = opened()
    case = reported(engine, 人数=3)
    told = {fact.label: fact.value for fact in book(engine, case).facts if fact.name.startswith("fact:")}
    assert told == {"人数": "3", "领域": "公共设施", "必报": "是", "颜色": "黄"}
    names = {fact.name: (fact.label, fact.value) for fact in book(engine, case, "en").facts}
    assert names["fact:colour"] == ("colour", "yellow")
    assert names["fact:people"] == ("people", "3")


def test_facts_keep_their_names_when_the_rules_of_today_do_not_know_them_any_more() -> None:
    engine = opened()
    case = reported(engine, 人数=3)
    engine.localities.register(CODE, County({}))
    told = {fact.label: fact.value for fact in book(engine, case).facts if fact.name.startswith("fact:")}
    assert (told["人数"], told["颜色"]) == ("3", "黄")


# --- what was refused, and what changed anew --------------------------------------------------------------------------


def eventful(engine: Engine) -> str:
    """A case with a denial, an emergency, and new rules in the middle of its life."""
    case = reported(engine, 人数=3)
    with suppress(CommandError):
        engine.urge(case, at=minutes(3), by=OUTSIDER)
    engine.switch_mode(CODE, "emergency", reason="暴雨", by=LEADER, at=minutes(5))
    engine.localities.register(CODE, County(tables(few="red")))
    engine.reassess(case, at=minutes(6), by=LEADER)
    engine.reassess(case, at=minutes(7), by=LEADER)
    engine.switch_mode(CODE, "normal", reason="雨停", by=LEADER, at=minutes(8))
    return case


def test_a_denial_says_who_asked_for_what_and_why_not() -> None:
    engine = opened()
    case = eventful(engine)
    for lang, by, asked, why in (
        ("zh", "丁（甲村）", "申请动作：催办", "催办限受理平台、督查和上级"),
        ("en", "丁 (Village)", "Asked for: urge", "only the intake, supervisors and units above urge"),
    ):
        (step,) = (step for step in book(engine, case, lang).steps if step.kind == "denied")
        (reason,) = step.reasons
        assert (step.by, step.details) == (by, (asked,))
        assert reason.text.startswith(why)
        assert (reason.rule, reason.source) == ("roles/urge", "governflow")


def test_a_denial_by_nobody_in_particular_is_not_laid_on_the_system() -> None:
    class Closed:
        @hookimpl
        def governflow_authorise(self, action: str) -> object:
            from governflow.policy.hookspecs import Refused

            return Refused(Text("never", "一律不准"), "no/1") if action == "resolve" else None

    found = Localities()
    found.register(CODE, Closed())
    engine = Engine.open(localities=found)
    case = engine.report(locality=CODE, visit=False, at=START).id
    with suppress(CommandError):
        engine.resolve(case, at=minutes(1))
    assert book(engine, case, "en").steps[-1].by == "not named"


def test_a_switch_of_the_mode_tells_from_what_to_what_and_the_due_times_before_and_after() -> None:
    engine = opened()
    case = eventful(engine)
    there, back = (step for step in book(engine, case).steps if step.kind == "mode_switched")
    assert there.what == "平急转换"
    assert there.details == (
        "运行状态：平时 → 急时",
        "截止时间调整：到场，2026-01-05 09:32 → 2026-01-05 09:12",
    )
    assert back.details == (
        "运行状态：急时 → 平时",
        "截止时间调整：到场，2026-01-05 09:12 → 2026-01-05 09:32",
    )
    assert [reason.rule for reason in there.reasons] == ["deadlines/D1"]


def test_a_switch_that_changes_no_clock_still_says_why_it_is_in_the_book() -> None:
    engine = Engine.open()
    case = engine.report(locality=CODE, at=START, by=DESK).id
    engine.switch_mode(CODE, "emergency", reason="storm", at=minutes(1))
    step = book(engine, case, "en").steps[-1]
    assert (step.what, step.details) == ("Mode switched", ("Mode: everyday → emergency",))
    assert [reason.text for reason in step.reasons] == ["the mode applies to every open case"]


def test_a_new_assessment_tells_what_it_changed_or_that_nothing_did() -> None:
    engine = opened()
    case = eventful(engine)
    first, second = (step for step in book(engine, case).steps if step.kind == "reassessed")
    assert first.details == ("事项层级：三级事项 → 二级事项", "颜色：黄 → 红")
    assert second.details == ("结果无变化",)


def test_explain_tells_of_denials_switches_and_new_assessments_beside_the_rulings(
    store: Path, governflow: Command
) -> None:
    with Engine.open(store) as engine:
        case = eventful(engine)
    told = governflow("explain", case, "--store", store, "--json", "--lang", "en").json["beside"]
    kinds = ["denied", "mode_switched", "reassessed", "reassessed", "mode_switched"]
    assert [entry["kind"] for entry in told] == kinds
    assert told[0]["by"] == "丁 (Village)"
    plain = governflow("explain", case, "--store", store, "--lang", "zh")
    assert "申请动作：催办" in plain.out
    assert "颜色：黄 → 红" in plain.out
    steps = governflow("show", case, "--store", store, "--json").json["steps"]
    assert [step["about"]["rule"] for step in steps if step["kind"] == "denied"] == ["roles/urge"]


# --- both languages ---------------------------------------------------------------------------------------------------


def bare(words: str) -> str:
    """Leave out rules with their sources, hashes, and the case's id."""
    return re.sub(r"〔[^〕]*〕|371621-\d+-\d+|[\w-]+/[\w-]+ · \S+|[0-9a-f]{16}", "", words)


def test_a_chinese_page_of_a_case_by_tables_has_no_english_word_left_over(store: Path, governflow: Command) -> None:
    with Engine.open(store) as engine:
        case = eventful(engine)
        dossier = book(engine, case)
        for words in (page(dossier), printed(dossier)):
            assert re.findall(r"[A-Za-z]+", bare(words)) == []
    done = governflow("explain", case, "--store", store, "--lang", "zh")
    assert re.findall(r"[A-Za-z]+", bare(done.out)) == []


def test_an_english_page_of_a_case_by_tables_has_only_the_data_in_chinese(store: Path, governflow: Command) -> None:
    data = r"路灯|甲村|公共设施|清单标准|条例第3条|细则第1条|示例|必报|坐席|县长|丁|是"
    with Engine.open(store) as engine:
        case = eventful(engine)
        dossier = book(engine, case, "en")
        for words in (page(dossier), printed(dossier)):
            assert re.findall("[\u4e00-\u9fff]+", re.sub(data, "", words)) == []
    done = governflow("explain", case, "--store", store, "--lang", "en")
    assert re.findall("[\u4e00-\u9fff]+", re.sub(data, "", done.out)) == []


# --- clocks -----------------------------------------------------------------------------------------------------------


def test_calendar_days_count_whether_anybody_works_or_not_and_only_the_last_is_moved() -> None:
    engine = Engine.open()
    # The 60th day after Wednesday 18 March 2026 is Sunday 17 May: the clock runs to the end of Monday.
    case = engine.report(locality=CODE, at=datetime(2026, 3, 18, 9, tzinfo=CST)).id
    told = explain(engine.case(case), engine.history(case), engine.localities.policy(CODE))
    (whole,) = (account for account in told.clocks if account.clock.name == "whole")
    parts = [(part.kind, f"{part.end.astimezone(CST):%m-%d %H:%M}") for part in whole.segments]
    assert parts == [("counted", "05-18 00:00"), ("counted", "05-19 00:00")]


def test_a_clock_that_lapses_without_being_an_evaluation_has_only_run_out() -> None:
    engine = Engine.open()
    case = engine.report(locality=CODE, lifecycle="petition", at=START, by=DESK).id
    engine.dispatch(case, at=minutes(5), by=DESK)
    engine.advance(START + timedelta(days=12))
    for lang, what, result in (("zh", "到期", "到期"), ("en", "Time ran out", "lapsed")):
        dossier = book(engine, case, lang)
        (step,) = (step for step in dossier.steps if step.kind == "lapsed")
        (clock,) = (clock for clock in dossier.clocks if clock.name == "objection")
        assert (step.what, clock.result) == (what, result)


def test_an_evaluation_that_never_came_is_said_to_have_lapsed_without_a_verdict() -> None:
    engine = Engine.open()
    case = engine.report(visit=False, at=START, by=DESK).id
    engine.resolve(case, at=minutes(2), by=DESK)
    engine.answer(case, at=minutes(3), by=DESK, text="完成")
    engine.advance(START + timedelta(days=4))
    assert [step.what for step in book(engine, case).steps if step.kind == "lapsed"] == ["到期未评"]
    assert [step.what for step in book(engine, case, "en").steps if step.kind == "lapsed"] == [
        "Lapsed without a verdict"
    ]
