"""A plugin that is wrong in itself is refused when it is loaded: every fault at once, in both languages."""

import functools
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from governflow import Engine, PolicyError, Text, hookimpl
from governflow.model.base_lifecycle import BASE
from governflow.model.lifecycle import Lifecycle
from governflow.model.terms import Form, Tier
from governflow.model.units import OrgChart, Unit
from governflow.policy.files import tables
from governflow.policy.hook_checks import HOOKS, faults_of
from governflow.policy.hookspecs import Demo, Locality, Ruling
from governflow.policy.registry import Localities
from governflow.tables import Catalogue, Table

UNITS = OrgChart.of(
    [
        Unit("intake", Text("intake", "受理平台"), 0, "leaders"),
        Unit("990101001001", Text("Lean Village", "乐安村"), 2, "990101001", (Form.DIRECT,), kind="village"),
        Unit("990101001", Text("East Town", "东镇"), 3, "water", (Form.VERIFY, Form.ASSIST), kind="town"),
        Unit("water", Text("Water Bureau", "水务局"), 4, "leaders", (Form.LEAD, Form.JOINT), kind="department"),
        Unit("leaders", Text("leaders", "县领导"), 6, None, (Form.STUDY,)),
    ]
)

FIRST = ("hit policy,first",)


class Plugin:
    """A plugin with the functions that are named, without their prefix, as they are."""

    def __init__(self, **functions: Callable[..., Any]) -> None:
        for name, function in functions.items():
            setattr(self, f"governflow_{name}", function)


def plugin(**hooks: Callable[..., Any]) -> Plugin:
    """A plugin whose hooks are all marked."""
    return Plugin(**{name: hookimpl(function) for name, function in hooks.items()})


def table(name: str, *lines: str) -> Table:
    return Table.read((f"{name}.csv", "\n".join(lines).encode()), name=name)


def catalogue(*lines: str) -> Catalogue:
    return Catalogue.read(("catalogue.csv", "\n".join(lines).encode()))


def having(*given: Table | Catalogue, **hooks: Callable[..., Any]) -> Plugin:
    """A plugin with a chart and tables."""
    by_name = {"catalogue" if isinstance(one, Catalogue) else one.name: one for one in given}
    return plugin(units=lambda: UNITS, tables=lambda: by_name, **hooks)


def refused(one: object) -> tuple[Text, ...]:
    """The faults for which a plugin is refused."""
    known = Localities()
    known.register("990101", one)
    with pytest.raises(PolicyError) as found:
        known.policy("990101")
    error = found.value
    assert error.text.en.startswith("the rules of 990101 cannot be loaded: ")
    assert error.text.zh.startswith("990101 的规则无法加载：")
    for fault in error.faults:
        assert fault.en in error.text.en
        assert fault.zh in error.text.zh
        assert any("\u4e00" <= letter <= "\u9fff" for letter in fault.zh), fault.zh
    return error.faults


def sole_fault(one: object) -> Text:
    faults = refused(one)
    assert len(faults) == 1, faults
    return faults[0]


def loads(one: object) -> None:
    known = Localities()
    known.register("990101", one)
    assert known.policy("990101").code == "990101"


# --- the hooks as functions -------------------------------------------------------------------------------------------


def keyword_only(case: object, *, context: object) -> None: ...


async def asynchronous(case: object) -> None: ...


def generating(case: object) -> Iterator[None]:
    yield


async def generating_asynchronously(case: object) -> AsyncIterator[None]:
    yield


class Callable_:
    def __call__(self, case: object) -> None: ...


@pytest.mark.parametrize(
    ("one", "en", "zh"),
    [
        (plugin(teir=lambda: None), "no hook governflow_teir: do you mean governflow_tier?", "governflow_tier？"),
        (plugin(untold=lambda: None), "no hook governflow_untold: do you mean governflow_", "没有 governflow_untold"),
        (Plugin(tier=lambda: None), "governflow_tier is not marked with @hookimpl", "未标注 @hookimpl"),
        (plugin(tier=keyword_only), "takes 'context' by keyword only", "“context”只能按名称传入"),
        (
            plugin(tier=lambda case, weather: None),
            "unknown argument 'weather'; it may take: case, context",
            "参数“weather”未知；可用：case, context",
        ),
        (plugin(units=lambda case: None), "unknown argument 'case'; it may take: none", "参数“case”未知；可用：无"),
        (plugin(tier=lambda *all_: None), "governflow_tier takes *all_: name the arguments", "请写明参数"),
        (plugin(tier=lambda **all_: None), "governflow_tier takes *", "请写明参数"),
        (plugin(tier=asynchronous), "hooks are synchronous", "钩子须同步返回"),
        (plugin(tier=generating), "hooks are synchronous", "钩子须同步返回"),
        (plugin(tier=generating_asynchronously), "hooks are synchronous", "钩子须同步返回"),
        (Plugin(tier=hookimpl(wrapper=True)(generating)), "hooks are synchronous", "钩子须同步返回"),
        (Plugin(tier=hookimpl(Callable_())), "Callable_, no function, and would never be asked", "不是函数"),
    ],
    ids=[
        *("misspelt", "like no other", "unmarked", "keyword-only argument", "unknown argument", "no arguments there"),
        *("any arguments", "any keywords", "async", "generator", "async generator", "wrapper", "callable object"),
    ],
)
def test_a_function_that_would_never_be_asked_or_would_fail_when_asked_is_refused(
    one: object, en: str, zh: str
) -> None:
    fault = sole_fault(one)
    assert en in fault.en
    assert zh in fault.zh


def test_an_argument_with_a_default_is_refused_because_it_would_never_be_given() -> None:
    def tier(case: object, context: object = None) -> None: ...

    assert "context" in sole_fault(plugin(tier=tier)).en


def test_a_hook_that_is_marked_for_another_name_is_looked_at_under_that_name() -> None:
    class Renamed:
        @hookimpl(specname="governflow_tier")
        def my_tier(self, case: object, weather: object) -> None: ...

    assert "weather" in sole_fault(Renamed()).en


def test_a_class_in_the_place_of_its_object_is_refused() -> None:
    class Forgotten:
        @hookimpl
        def governflow_tier(self, case: object) -> None: ...

    assert "'self'" in sole_fault(Forgotten).en


def test_a_hook_may_remember_its_answer() -> None:
    @hookimpl
    @functools.cache
    def tiers() -> Mapping[str, Table]:
        return {"tier": table("tier", "rule,severity,tier", "A,,1")}

    loads(Plugin(tables=tiers))


def test_functions_of_a_plugin_that_are_no_hooks_are_left_alone() -> None:
    class Own:
        def tier_of(self, case: object, weather: object) -> None: ...

    loads(Own())


def test_the_hooks_that_are_looked_for_are_those_of_the_contract() -> None:
    assert len(HOOKS) == 17
    assert HOOKS["governflow_authorise"] == ("actor", "action", "case", "context")
    assert faults_of(object()) == []


# --- what the hooks answer when they are loaded -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hook", "answer", "wanted"),
    [
        ("locality", "惠民县", "a Locality"),
        ("terms", ["dispatch"], "a mapping by name"),
        ("terms", {"dispatch": "派单"}, "a Text for 'dispatch'"),
        ("units", {"street": 1}, "an OrgChart"),
        ("units", 7, "an OrgChart"),
        ("tables", [1], "a mapping by name"),
        ("tables", {"tier": "tier.csv"}, "a Table for 'tier'"),
        ("tables", {"catalogue": table("tier", "rule,severity,tier", "A,,1")}, "a Catalogue for 'catalogue'"),
        ("tables", {"tier": catalogue("item", "路灯")}, "a Table for 'tier'"),
        ("lifecycles", BASE, "a mapping by name"),
        ("lifecycles", {"mediation": "slowly"}, "a Lifecycle for 'mediation'"),
    ],
)
def test_an_answer_of_the_wrong_type_is_refused_with_what_was_answered_and_what_is_wanted(
    hook: str, answer: object, wanted: str
) -> None:
    known = Localities()
    known.register("990101", plugin(**{hook: lambda: answer}))
    with pytest.raises(PolicyError) as found:
        known.policy("990101")
    for text in (found.value.text.en, found.value.text.zh):
        assert f"governflow_{hook}" in text
    assert wanted in found.value.text.en
    assert "返回了" in found.value.text.zh


@pytest.mark.parametrize("hook", ["locality", "terms", "units", "tables", "lifecycles"])
def test_a_hook_that_raises_when_it_is_loaded_is_refused_with_what_it_raised(hook: str) -> None:
    def raising() -> None:
        raise LookupError("the file is gone")

    known = Localities()
    known.register("990101", plugin(**{hook: raising}))
    with pytest.raises(PolicyError) as found:
        known.policy("990101")
    for text in (found.value.text.en, found.value.text.zh):
        assert f"governflow_{hook}" in text
        assert "LookupError: the file is gone" in text


@pytest.mark.parametrize(
    ("wrong", "named"), [({"zone": "Mars/Base"}, "Mars/Base"), ({"zone": 8}, "8"), ({"parent": 370000}, "370000")]
)
def test_a_locality_that_cannot_be_is_refused(wrong: dict[str, Any], named: str) -> None:
    known = Localities()
    told = Locality(**{"code": "990101", "name": "某县", "name_en": "somewhere", **wrong})
    known.register("990101", plugin(locality=lambda: told))
    with pytest.raises(PolicyError) as found:
        known.policy("990101")
    assert named in found.value.text.en
    assert named in found.value.text.zh


def test_an_unsound_lifecycle_is_refused_with_each_of_its_faults() -> None:
    def unsound(base: Lifecycle) -> Mapping[str, Lifecycle]:
        return {"slow": base.derive("slow", states={"waiting": Text("waiting", "等待")}, ends=["over"])}

    known = Localities()
    known.register("990101", plugin(lifecycles=unsound))
    with pytest.raises(PolicyError) as found:
        known.policy("990101")
    faults = found.value.faults
    said = " ".join(fault.en for fault in faults)
    assert len(faults) == 3
    for fault in ("end 'over' is not among the states", "'waiting' is unreachable", "'waiting' is a trap"):
        assert fault in said


def test_the_faults_of_a_lifecycle_are_said_in_chinese_too() -> None:
    def unsound(base: Lifecycle) -> Mapping[str, Lifecycle]:
        return {"slow": base.derive("slow", states={"waiting": Text("waiting", "等待")})}

    for fault in refused(plugin(lifecycles=unsound)):
        assert "is unreachable" not in fault.zh
        assert "is a trap" not in fault.zh


# --- tables -----------------------------------------------------------------------------------------------------------


def test_an_unknown_unit_of_a_table_is_refused_with_its_rule() -> None:
    fault = sole_fault(having(table("route", "rule,tier,lead,assist", "R1,1,nobody,water", "R2,2|3,water,")))
    assert "rule R1 of table route names 'nobody', which the chart does not know" in fault.en
    assert "规则 R1" in fault.zh
    assert "“nobody”不在组织架构中" in fault.zh


def test_an_unknown_assisting_unit_is_refused_like_a_leading_one() -> None:
    fault = sole_fault(having(table("route", "rule,tier,lead,assist", "R1,,water,water|nobody")))
    assert "names 'nobody'" in fault.en


def test_an_unknown_kind_of_unit_is_refused_with_its_rule() -> None:
    fault = sole_fault(having(table("route", "rule,tier,lead", "R1,1,@city", "R2,2|3,@town")))
    assert "rule R1 of table route names units of the kind 'city', and the chart has none" in fault.en
    assert "单位类别“city”" in fault.zh


def test_an_unknown_receiver_of_an_escalation_is_refused_and_the_words_for_units_are_not() -> None:
    lines = ("hit policy,first", "rule,clock,rung,kind,to", "domain,*,", "E1,,0,urge,holder", "E2,,1,supervise,above")
    loads(having(table("escalate", *lines, "E3,,,take_over,form")))
    fault = sole_fault(having(table("escalate", *lines, "E3,,,take_over,nobody")))
    assert "rule E3 of table escalate names 'nobody'" in fault.en


@pytest.mark.parametrize(
    ("lines", "en"),
    [
        (("rule,tier,lead,form", "R1,,,verify"), "rule R1 of table route gives no lead unit"),
        (("rule,rung,kind,to", "E1,,urge,"), "rule E1 of table escalate does not say what it does, and to whom"),
    ],
    ids=["route", "escalate"],
)
def test_half_an_outcome_is_refused(lines: tuple[str, ...], en: str) -> None:
    fault = sole_fault(having(table("route" if "lead" in lines[0] else "escalate", *lines)))
    assert en in fault.en


def test_a_rule_without_any_outcome_has_no_opinion_and_is_no_fault() -> None:
    loads(having(table("route", "rule,tier,lead,form", "R1,1,,", "R2,2|3,water,lead")))


@pytest.mark.parametrize(
    ("lines", "en", "zh"),
    [
        (("rule,days,tier", "domain,0..9; default 0", "A,<5,1", "B,>5,2"), "nobody answers days = 5", "没有规则回答"),
        (
            ("rule,days,tier", "domain,0..9; default 0", "A,<6,1", "B,>4,2"),
            "A (row 3) answers tier = ",
            "二者都适用于",
        ),
        (
            ("hit policy,first", "rule,days,tier", "domain,0..9; default 0", "A,,1", "B,>4,2"),
            "B (row 5) can never be the answer",
            "永远不会被采用",
        ),
    ],
    ids=["gap", "conflict", "dead rule"],
)
def test_a_table_that_does_not_answer_every_case_once_is_refused(lines: tuple[str, ...], en: str, zh: str) -> None:
    fault = sole_fault(having(table("tier", *lines)))
    assert en in fault.en
    assert zh in fault.zh


def test_a_gap_in_a_table_names_the_table_and_the_layer_that_it_is_in() -> None:
    fault = sole_fault(having(table("tier", "rule,days,tier", "domain,0..9; default 0", "A,<5,1", "B,>5,2")))
    assert fault.en.startswith("990101: ")
    assert "tier" in fault.en
    assert "tier" in fault.zh


@pytest.mark.parametrize("column", ["arrive", "→hearing"])
def test_a_deadline_for_a_clock_that_nobody_starts_is_refused_and_names_those_that_there_are(column: str) -> None:
    """Without a hook of its own a county has the clocks of the layers below, and a table starts none."""
    hearing = having(table("deadlines", f"rule,severity,resolve,{column}", "D1,,1d,2d"))
    if column == "arrive":
        loads(hearing)
        return
    fault = sole_fault(hearing)
    assert "names the clock 'hearing'; there is: " in fault.en
    assert "whole" in fault.en
    assert "“hearing”不存在" in fault.zh


def test_an_allowance_of_a_clock_of_ones_own_that_cannot_be_read_is_refused_when_it_is_loaded() -> None:
    def given() -> Mapping[str, Table]:
        return {"deadlines": table("deadlines", "rule,severity,resolve,→muster", "D1,,1d,soon")}

    assert "soon" in sole_fault(plugin(tables=given)).en


def test_a_table_may_speak_of_a_clock_of_ones_own_alone() -> None:
    loads(having(table("deadlines", "rule,severity,→muster", "D1,,20min")))


def test_a_derived_attribute_that_asks_for_itself_by_way_of_another_is_refused() -> None:
    net = table("net", *FIRST, "rule,colour,net", "domain,*,", "A,red,one", "B,,two")
    colour = table("colour", *FIRST, "rule,net,colour", "domain,*,", "A,one,red", "B,,green")
    faults = refused(having(net, colour))
    assert any("tables colour, net ask about each other in a circle" in fault.en for fault in faults)
    assert any("互相引用" in fault.zh for fault in faults)


def test_a_table_that_derives_an_attribute_from_itself_is_refused() -> None:
    faults = refused(having(table("colour", *FIRST, "rule,colour,→colour", "domain,*,", "A,red,red", "B,,green")))
    assert any("colour" in fault.en and "circle" in fault.en for fault in faults)


def test_the_order_in_which_derived_tables_are_given_is_no_circle() -> None:
    net = table("net", *FIRST, "rule,colour,net", "domain,*,", "A,red,one", "B,,two")
    colour = table("colour", "rule,days,colour", "domain,0..9; default 0", "A,<5,red", "B,>=5,green")
    loads(having(net, colour))
    loads(having(colour, net))


def test_one_fact_with_two_domains_is_refused() -> None:
    """Which of them a told value is read by would depend on the order of the tables."""
    tier = table("tier", "rule,people,tier", "domain,0..9; default 0", "A,,1")
    colour = table("colour", "rule,people,colour", "domain,few|many; default few", "A,,green")
    faults = refused(having(tier, colour))
    assert any("people" in fault.en for fault in faults)


def test_an_unknown_lifecycle_of_a_catalogue_is_refused_with_its_item_and_row() -> None:
    fault = sole_fault(having(catalogue("item,lifecycle", "路灯,everyday", "邻里纠纷,mediation")))
    assert "catalogue item '邻里纠纷' (row 3) names the lifecycle 'mediation'; there is: everyday, petition" in fault.en
    assert "“mediation”不存在" in fault.zh


def test_an_unknown_unit_of_a_catalogue_is_refused_with_its_item_and_row() -> None:
    faults = refused(having(catalogue("item,lead,assist", "路灯,nobody,@city")))
    assert len(faults) == 2
    assert "catalogue item '路灯' (row 2) names 'nobody'" in faults[0].en
    assert "the kind 'city'" in faults[1].en


def test_an_attribute_of_a_catalogue_outside_the_domain_of_the_table_that_asks_for_it_is_refused() -> None:
    colour = table("colour", "rule,net/网,colour", "domain,one|two,", "A,,green")
    fault = sole_fault(having(colour, catalogue("item,net", "路灯,three")))
    assert "catalogue item '路灯' (row 2): net: " in fault.en
    assert "one, two" in fault.en
    assert "网" in fault.zh


# --- all at once ------------------------------------------------------------------------------------------------------


def everything_wrong() -> Plugin:
    """One fault of every kind."""
    given = {
        "tier": table("tier", "rule,days,tier", "domain,0..9; default 0", "A,<5,1", "B,>5,2", "C,>7,3"),
        "route": table("route", "rule,tier,lead", "R1,1,nobody", "R2,2|3,@city"),
        "deadlines": table("deadlines", "rule,severity,resolve,→hearing", "D1,,1d,2d"),
        "net": table("net", *FIRST, "rule,colour,net", "domain,*,", "A,red,one", "B,,two"),
        "colour": table("colour", *FIRST, "rule,net,colour", "domain,*,", "A,one,red", "B,,green"),
        "catalogue": catalogue("item,lifecycle", "邻里纠纷,mediation"),
        "assess": "general",
    }

    def unsound(base: Lifecycle) -> Mapping[str, Lifecycle]:
        return {"slow": base.derive("slow", states={"waiting": Text("waiting", "等待")})}

    marked = plugin(
        teir=lambda: None,
        escalate=keyword_only,
        assess=lambda case, weather: None,
        calendar=asynchronous,
        lifecycles=unsound,
        terms=lambda: {"dispatch": "派单"},
        units=lambda: UNITS,
        tables=lambda: given,
    )
    marked.governflow_merits = lambda event: None  # type: ignore[attr-defined]
    return marked


ALL_FAULTS = {
    "a misspelt hook": "governflow_teir",
    "an unmarked hook": "governflow_merits is not marked",
    "a keyword-only argument": "'context' by keyword only",
    "an unknown argument": "'weather'",
    "an async hook": "governflow_calendar is no plain function",
    "an unsound lifecycle": "'waiting' is unreachable",
    "a wrong type": "a Text for 'dispatch'",
    "a wrong table": "a Table for 'assess'",
    "an unknown unit": "'nobody'",
    "an unknown kind": "'city'",
    "a gap": "nobody answers days = 5",
    "a conflict": "B (row 4) answers tier",
    "an unknown lifecycle": "'mediation'",
    "an unknown clock": "'hearing'",
    "a circle of tables": "in a circle",
}


@pytest.fixture(scope="module")
def all_faults() -> str:
    known = Localities()
    known.register("990101", everything_wrong())
    with pytest.raises(PolicyError) as found:
        known.policy("990101")
    return " | ".join(fault.en for fault in found.value.faults)


@pytest.mark.parametrize("kind", ALL_FAULTS)
def test_whatever_else_is_wrong_with_a_plugin_each_of_its_faults_is_named_at_once(all_faults: str, kind: str) -> None:
    assert ALL_FAULTS[kind] in all_faults


def test_the_faults_of_every_layer_are_named_at_once() -> None:
    known = Localities()
    known.register("990101", plugin(teir=lambda: None))
    known.register("990100", plugin(rouet=lambda: None))
    with pytest.raises(PolicyError) as found:
        known.policy("990101")
    assert [fault.en.partition(":")[0] for fault in found.value.faults] == ["990100", "990101"]


def test_the_faults_of_all_tables_of_a_folder_are_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "tier.csv").write_text("rule,days,tier\nA,,1\n", encoding="utf-8")
    (tmp_path / "route.csv").write_text("rule,tier,lead\nA,huge,water\n", encoding="utf-8")
    (tmp_path / "catalogue.csv").write_text("name\n路灯\n", encoding="utf-8")
    (tmp_path / "colour.csv").write_text("rule,severity,colour\nA,,red\n", encoding="utf-8")
    (tmp_path / "colour.xlsx").write_bytes(b"")
    faults = refused(plugin(tables=lambda: tables(tmp_path)))
    said = " | ".join(fault.en for fault in faults)
    for one in ("tier.csv", "route.csv", "catalogue.csv", "two tables colour"):
        assert one in said


def test_files_that_are_no_tables_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "tier.csv").write_text("rule,severity,tier\nA,,1\n", encoding="utf-8")
    for name in ("~$tier.xlsx", ".tier.csv", "README.md", "notes.txt"):
        (tmp_path / name).write_text("no table", encoding="utf-8")
    assert list(tables(tmp_path)) == ["tier"]


def test_a_plugin_that_is_refused_stops_nobody_else() -> None:
    engine = Engine.open()
    engine.localities.register("990101", everything_wrong())
    with pytest.raises(PolicyError):
        engine.report(locality="990101")
    assert engine.report(locality="990102").state == "reported"


def test_a_plugin_that_was_mended_is_taken_at_once() -> None:
    engine = Engine.open()
    engine.localities.register("990101", everything_wrong())
    with pytest.raises(PolicyError):
        engine.report(locality="990101")
    engine.localities.register("990101", plugin(tier=lambda: Ruling(Tier.ONE, "mended")))
    assert engine.report(locality="990101").tier == Tier.ONE


@pytest.mark.parametrize("answer", ["a day", Demo])
def test_a_demonstration_that_is_none_is_said_to_whoever_asks_for_it_and_refuses_no_case(answer: object) -> None:
    engine = Engine.open()
    engine.localities.register("990101", plugin(demo=lambda: answer))
    assert engine.report(locality="990101").state == "reported"
    with pytest.raises(PolicyError, match=r"governflow_demo answered .*, not a Demo") as found:
        engine.localities.policy("990101").demo()
    assert "应为 a Demo" in found.value.text.zh
