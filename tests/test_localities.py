"""The stack of a locality: who is asked first, who is left alone, and under which rules a case was decided."""

import inspect
import io
import json
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from governflow import Actor, Engine, Event, NotAllowed, PolicyError, Tampered, Text, hookimpl
from governflow.calendars import WorkingCalendar
from governflow.calendars.allowances import Allowance
from governflow.model.base_lifecycle import BASE
from governflow.model.case import fold
from governflow.model.clocks import ClockSpec
from governflow.model.terms import Form, Kind, Severity, Tier, Urgency
from governflow.model.units import OrgChart, Unit
from governflow.policy import registry as localities
from governflow.policy.builtin.defaults import UNITS
from governflow.policy.discovery import installed
from governflow.policy.hook_checks import HOOKS
from governflow.policy.hookspecs import (
    Allowed,
    Assessment,
    Deadlines,
    Escalation,
    Locality,
    Merit,
    Refused,
    Route,
    Ruling,
)
from governflow.policy.registry import Localities
from governflow.tables import Table
from governflow.testing import ManualClock, counted

T0 = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

#: The other county's life is looked at when this one has rules of its own.
COUNTY, OTHER = "371621", "371622"


def plus(minutes: float) -> datetime:
    return T0 + minutes * MINUTE


class Plugin:
    """A plugin with the hooks that are named, without their prefix."""

    def __init__(self, **hooks: Callable[..., Any]) -> None:
        for name, function in hooks.items():
            setattr(self, f"governflow_{name}", function)


def plugin(**hooks: Callable[..., Any]) -> Plugin:
    return Plugin(**{name: hookimpl(function) for name, function in hooks.items()})


def under(parent: str, **hooks: Callable[..., Any]) -> Plugin:
    return plugin(locality=lambda: Locality("", "某地", "somewhere", parent=parent), **hooks)


def tiering(tier: Tier, rule: str = "t/1") -> Plugin:
    return plugin(tier=lambda: Ruling(tier, "so it is here", rule))


def known(**plugins: object) -> Localities:
    """Localities by code: ``c371621=...``."""
    registered = Localities()
    for code, one in plugins.items():
        registered.register(code.removeprefix("c"), one)
    return registered


def stack(registered: Localities, code: str) -> list[str]:
    return [layer.code for layer in registered.policy(code).layers]


@pytest.fixture(params=["memory", "sqlite"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = None if request.param == "memory" else tmp_path / "cases.db"
    with Engine.open(url, clock=ManualClock(T0), entropy=counted()) as opened:
        yield opened


# --- the order of the layers ------------------------------------------------------------------------------------------


def test_a_county_is_asked_before_its_city_its_province_the_statutes_and_the_defaults() -> None:
    registered = known(c370000=plugin(), c371621=plugin(), c371600=plugin())
    assert stack(registered, "371621") == ["371621", "371600", "370000", "100000", "000000"]
    assert stack(registered, "371600") == ["371600", "370000", "100000", "000000"]
    assert stack(registered, "000000") == ["000000"]


def test_a_layer_that_nobody_registered_is_left_out() -> None:
    assert stack(known(c370000=plugin(), c371621=plugin()), "371621") == ["371621", "370000", "100000", "000000"]
    assert stack(known(c371621=plugin()), "371621") == ["371621", "100000", "000000"]


def test_a_street_and_a_village_with_rules_of_their_own_stand_above_their_county() -> None:
    registered = known(c371621=plugin(), c371621001=plugin(), c371621001203=plugin())
    assert stack(registered, "371621001203") == ["371621001203", "371621001", "371621", "100000", "000000"]


def test_a_code_that_is_no_division_of_china_has_the_defaults_alone_below_it() -> None:
    assert stack(known(cboston=plugin()), "boston") == ["boston", "000000"]
    assert stack(known(), "somewhere") == ["000000"]


def test_the_lowest_layer_that_has_an_opinion_answers_and_is_named() -> None:
    registered = known(
        c371621=plugin(tier=lambda case: None), c371600=plugin(), c370000=tiering(Tier.ONE), c360000=tiering(Tier.TWO)
    )
    engine = Engine.open(localities=registered)
    engine.report(case_id="c", locality="371621", at=T0)
    (ruling,) = [told.ruling for told in engine.explain("c").rulings if told.ruling.what == "tier"]
    assert (ruling.source, ruling.rule, ruling.value) == ("370000", "t/1", Tier.ONE)


def test_each_ruling_of_a_case_names_the_layer_that_gave_it() -> None:
    arrive = ClockSpec(
        *("arrive", Text("arrive", "到场"), Allowance.parse("20min")),
        *(frozenset({"dispatch:visit"}), frozenset({"arrive"}), (), "city/arrive", Text("sooner", "更快")),
    )
    registered = known(
        c371621=tiering(Tier.TWO),
        c371600=plugin(deadlines=lambda: Deadlines((arrive,))),
        c370000=plugin(route=lambda: Ruling(Route("street", Form.VERIFY), "to the street", "r/1")),
    )
    engine = Engine.open(localities=registered)
    engine.report(case_id="c", locality="371621", at=T0)
    engine.dispatch("c", at=plus(1))
    sources = {told.ruling.what: told.ruling.source for told in engine.explain("c").rulings}
    assert sources == {
        "assess": "governflow",
        "tier": "371621",
        "route": "370000",
        "clock:dispatch": "governflow",
        "clock:arrive": "371600",
        "clock:whole": "100000",
    }


@pytest.mark.parametrize("order", [{"tryfirst": True}, {"trylast": True}])
@pytest.mark.parametrize("marked", ["371621", "370000"])
def test_no_marking_of_a_hook_brings_a_layer_out_of_its_order(order: dict[str, bool], marked: str) -> None:
    """pluggy would call a province's ``tryfirst`` before the county, and a county's ``trylast`` after the defaults."""

    def saying(code: str) -> Plugin:
        options = order if code == marked else {}
        units = OrgChart.of([Unit("intake", Text(code, code), 0)])
        refused = Refused(Text(code, code), code)
        return Plugin(
            units=hookimpl(**options)(lambda: units),
            authorise=hookimpl(**options)(lambda action: refused if action == "dispatch" else None),
            terms=hookimpl(**options)(lambda: {"dispatch": Text(code, code)}),
        )

    registered = known(c371621=saying("371621"), c370000=saying("370000"))
    policy = registered.policy("371621")
    assert policy.units.name("intake").en == "371621"
    assert policy.name("dispatch").en == "371621"
    assert [source for source, *_ in policy.impls("governflow_authorise")][:2] == ["371621", "370000"]
    assert policy.impls("governflow_authorise")[-1][0] == "governflow"


def test_what_the_law_of_the_land_refuses_no_county_allows() -> None:
    law = plugin(authorise=lambda action: Refused("no case is returned", "law/1") if action == "return" else None)
    engine = Engine.open(localities=known(c100000=law, c371621=plugin(authorise=lambda: Allowed())))
    engine.report(case_id="c", locality="371621", at=T0)
    engine.dispatch("c", at=plus(1))
    with pytest.raises(NotAllowed, match="no case is returned"):
        engine.act("return", "c", at=plus(2))
    assert engine.history("c")[-1].about["source"] == "100000"


# --- parents ----------------------------------------------------------------------------------------------------------


def test_a_zone_may_name_the_parent_that_its_digits_do_not_say() -> None:
    """Zhenjiang's new area, 321171, lies below the district of Dantu, 321112, in this example."""
    registered = known(c321171=under("321112"), c321112=plugin(), c321100=plugin())
    assert stack(registered, "321171") == ["321171", "321112", "321100", "100000", "000000"]


def test_a_parent_that_nobody_registered_stands_for_its_own_ancestors() -> None:
    registered = known(c990101=under("321112"), c321100=plugin(), c990100=plugin())
    assert stack(registered, "990101") == ["990101", "321100", "100000", "000000"]
    assert stack(known(c990101=under("321112")), "990101") == ["990101", "100000", "000000"]


@pytest.mark.parametrize(
    ("plugins", "asked", "circle"),
    [
        ({"c990101": under("990101")}, "990101", "990101 -> 990101"),
        ({"c990101": under("990201"), "c990201": under("990101")}, "990101", "990101 -> 990201 -> 990101"),
        (
            {"c990101": under("990201"), "c990201": under("990301"), "c990301": under("990201")},
            *("990101", "990101 -> 990201 -> 990301 -> 990201"),
        ),
        ({"c990100": under("990101"), "c990101": plugin()}, "990101", "990101 -> 990100 -> 990101"),
    ],
    ids=["itself", "each other", "above it", "a city below its county"],
)
def test_parents_that_go_in_a_circle_are_refused_with_the_circle_in_both_languages(
    plugins: dict[str, object], asked: str, circle: str
) -> None:
    with pytest.raises(PolicyError) as refused:
        known(**plugins).policy(asked)
    assert refused.value.text.en == f"the parents of {asked} go in a circle: {circle}"
    assert refused.value.text.zh == f"{asked} 的上级成环：{circle}"


def test_a_parent_that_is_no_code_is_refused_when_it_is_loaded() -> None:
    with pytest.raises(PolicyError, match="370000"):
        known(c990101=under(370000)).policy("990101")  # type: ignore[arg-type]


# --- codes that nobody registered -------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["371699", "371621001", "371621001203", "371621999", "371621000000"])
def test_a_code_that_nobody_registered_has_its_nearest_ancestors_rules_under_its_own_name(code: str) -> None:
    registered = known(c371600=tiering(Tier.TWO), c371621=tiering(Tier.ONE))
    nearest = registered.policy("371600" if code == "371699" else "371621")
    policy = registered.policy(code)
    assert policy.code == code
    assert policy.layers is nearest.layers
    assert policy.rules == nearest.rules
    assert policy.impls("governflow_tier") is nearest.impls("governflow_tier")


def test_a_code_that_nobody_registered_tells_hooks_its_own_name() -> None:
    heard = []
    registered = known(c371621=plugin(tier=lambda context: heard.append(context.locality)))
    case = Engine.open(localities=registered).report(locality="371621001", at=T0)
    assert (case.locality, heard) == ("371621001", ["371621001"])


def test_what_is_registered_later_speaks_for_what_was_asked_before() -> None:
    registered = known(c371621=plugin())
    assert stack(registered, "371621001") == ["371621", "100000", "000000"]
    registered.register("371600", plugin())
    assert stack(registered, "371621001") == ["371621", "371600", "100000", "000000"]


# --- nobody else is touched -------------------------------------------------------------------------------------------

_MERIT = Merit("street", "unit", 1, Text("x", "某"), "m/1")
_SOON = ClockSpec("dispatch", Text("x", "某"), Allowance.parse("1min"), frozenset({"report"}), frozenset({"dispatch"}))
_LIFE = BASE.derive("everyday", forbid=[("dispatched", "claim")])
_LADDER = Escalation(Kind.URGE, "leader", None, timedelta(days=1))

#: What a county may say with each hook; whatever it is, other counties must not notice.
OPINIONS: dict[str, Callable[..., Any]] = {
    "governflow_locality": lambda: Locality(COUNTY, "惠民县", "Huimin", zone="America/New_York"),
    "governflow_terms": lambda: {"dispatch": Text("send", "派发")},
    "governflow_units": lambda: OrgChart.of([*UNITS.units.values(), Unit("pool", Text("pool", "池"), 1)]),
    "governflow_tables": lambda: {"tier": table("tier", "rule,severity,tier", "A,,1")},
    "governflow_lifecycles": lambda: {"everyday": _LIFE},
    "governflow_calendar": lambda: WorkingCalendar.always("America/New_York"),
    "governflow_assess": lambda: Ruling(Assessment(Severity.MAJOR, Urgency.EMERGENCY), "all is major"),
    "governflow_tier": lambda: Ruling(Tier.ONE, "all to the top"),
    "governflow_route": lambda: Ruling(Route("leader", Form.STUDY), "to the leaders"),
    "governflow_deadlines": lambda: Deadlines((_SOON,), drop=("arrive",)),
    "governflow_escalate": lambda: Ruling(_LADDER, "urge the leader"),
    "governflow_authorise": lambda: Allowed(),
    "governflow_merits": lambda: [_MERIT],
    "governflow_recorded": lambda: None,
    "governflow_demo": lambda: None,
    "governflow_examples": lambda: None,
    "governflow_waivers": lambda: None,
}


def table(name: str, *lines: str) -> Table:
    return Table.read((f"{name}.csv", "\n".join(lines).encode()), name=name)


def life(engine: Engine, case: str, locality: str) -> None:
    """A case that is dispatched, overtaken by the ladder, settled and judged."""
    engine.report(case_id=case, locality=locality, severity="complex", place="zone 3", at=T0)
    engine.dispatch(case, at=plus(2), by=Actor("desk", "intake"))
    engine.advance(plus(300))
    for minutes, action in enumerate(("begin", "resolve", "answer"), 301):
        engine.act(action, case, at=plus(minutes))
    engine.evaluate(case, satisfied=True, at=plus(310))


def told(engine: Engine, case: str) -> list[Event]:
    return engine.history(case)


def test_there_is_an_opinion_of_every_hook_below() -> None:
    assert OPINIONS.keys() == HOOKS.keys()


@pytest.mark.parametrize("hook", sorted(HOOKS))
def test_a_county_that_has_opinions_changes_no_event_of_another_county(hook: str) -> None:
    alone, beside = (Engine.open(clock=ManualClock(T0), entropy=counted()) for _ in range(2))
    beside.localities.register(COUNTY, plugin(**{hook.removeprefix("governflow_"): OPINIONS[hook]}))
    beside.report(case_id="ours", locality=COUNTY, at=T0)
    for engine in (alone, beside):
        life(engine, "c", OTHER)
    assert told(beside, "c") == told(alone, "c")
    assert beside.book(OTHER) == alone.book(OTHER) == []


def test_each_locality_has_a_manager_of_its_own() -> None:
    registered = known(c371621=tiering(Tier.ONE), c371622=tiering(Tier.TWO))
    for code in ("371621", "371622"):
        assert [source for source, *_ in registered.policy(code).impls("governflow_tier")] == [code, "governflow"]
    assert [source for source, *_ in registered.policy("371623").impls("governflow_tier")] == ["governflow"]


def test_one_plugin_may_speak_for_two_counties() -> None:
    both = tiering(Tier.ONE)
    registered = known(c371621=both, c371622=both)
    sources = [registered.policy(code).impls("governflow_tier")[0][0] for code in ("371621", "371622")]
    assert sources == ["371621", "371622"]


def test_one_plugin_for_a_county_and_its_city_is_refused_in_a_sentence_that_names_both() -> None:
    """Whoever has no rules of their own takes those of the city anyway."""
    both = tiering(Tier.ONE)
    with pytest.raises(PolicyError) as refused:
        known(c371621=both, c371600=both).policy("371621")
    for text in (refused.value.text.en, refused.value.text.zh):
        assert "371621" in text
        assert "371600" in text


def test_a_plugin_that_speaks_for_another_code_than_it_is_registered_for_is_refused() -> None:
    with pytest.raises(PolicyError, match="990199"):
        known(c990101=plugin(locality=lambda: Locality("990199", "别县", "elsewhere"))).policy("990101")


def test_a_city_may_name_units_of_its_own_chart_without_harm_to_a_county_with_another() -> None:
    chart = OrgChart.of([Unit("intake", Text("x", "某"), 0), Unit("bureau", Text("x", "某"), 4)])
    city = plugin(
        units=lambda: chart,
        tables=lambda: {"route": table("route", "rule,severity,lead,reason", "A,,bureau,the city's bureau")},
    )
    county = plugin(units=lambda: OrgChart.of([Unit("intake", Text("y", "乙"), 0)]))
    localities = known(c990101=county, c990100=city)
    engine = Engine.open(localities=localities, clock=ManualClock(T0))
    engine.report(case_id="c", locality="990101", at=T0)
    assert engine.dispatch("c", at=T0).unit == "intake"
    assert "faulted" not in {event.kind for event in engine.history("c")}
    assert localities.policy("990100").units is chart


def test_a_broken_county_is_listed_with_its_faults_and_hides_no_other() -> None:
    misspelt = plugin(teir=lambda: None)
    listed = {found.code: found for found in known(c371621=misspelt, c371622=plugin()).all()}
    assert list(listed) == ["000000", "100000", "371621", "371622"]
    assert listed["371621"].policy is None
    assert listed["371621"].fault is not None
    assert "governflow_teir" in listed["371621"].fault.text.zh
    assert listed["371622"].fault is None


# --- which rules were asked -------------------------------------------------------------------------------------------

TIERS = ("rule,people/人数,tier,reason", "domain,0..365; default 0", "A,<30,3,few", "B,>=30,2,many")


def ruled(*lines: str) -> Plugin:
    given = table("tier", *lines)
    return plugin(tables=lambda: {"tier": given})


def rules_of(one: object) -> str:
    return known(c371621=one).policy("371621").rules


def test_the_rule_set_is_known_by_another_hash_when_one_cell_of_a_table_changes() -> None:
    changed = [
        ("A,<29,3,few", "B,>=29,2,many"),
        ("A,<30,2,few", "B,>=30,2,many"),
        ("A,<30,3,a few", "B,>=30,2,many"),
        ("A1,<30,3,few", "B,>=30,2,many"),
    ]
    hashes = {rules_of(ruled(*TIERS)), *(rules_of(ruled(*TIERS[:2], *rules)) for rules in changed)}
    assert len(hashes) == 5


def test_the_rule_set_is_known_by_another_hash_when_a_layer_below_changes() -> None:
    own = ruled(*TIERS)
    below = known(c371621=own, c370000=ruled(*TIERS))
    assert below.policy("371621").rules != rules_of(own)


def test_the_rule_set_is_known_by_the_same_hash_however_its_tables_are_kept() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "tier"
    for line in ("一张表,,,", *TIERS):
        sheet.append(line.split(","))
    file = io.BytesIO()
    book.save(file)
    from_workbook = Table.read(("tier.xlsx", file.getvalue()), name="tier")
    spaced = ("rule, people/人数 ,tier,reason", "domain,0..365; default 0", "", "A, < 30 ,3,few", "B,≥30,2,many")
    assert rules_of(plugin(tables=lambda: {"tier": from_workbook})) == rules_of(ruled(*TIERS))
    assert rules_of(ruled(*spaced)) == rules_of(ruled(*TIERS))


def test_the_rule_set_is_known_by_another_hash_in_each_version_of_a_plugin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(localities, "installed", lambda: installed([str(tmp_path)]))
    (tmp_path / "place_versioned.py").touch()
    hashes, sources = [], []
    for version in ("1.0", "1.1", "1.0"):
        home = tmp_path / f"place_versioned-{version}.dist-info"
        home.mkdir()
        (home / "METADATA").write_text(f"Metadata-Version: 2.1\nName: place-versioned\nVersion: {version}\n")
        (home / "entry_points.txt").write_text("[governflow]\n990101 = place_versioned\n")
        policy = Localities().policy("990101")
        hashes.append(policy.rules)
        sources.append(policy.layers[0].source)
        for file in home.iterdir():
            file.unlink()
        home.rmdir()
    del sys.modules["place_versioned"]
    assert sources == ["990101@1.0", "990101@1.1", "990101@1.0"]
    assert hashes[0] == hashes[2] != hashes[1]


def test_the_events_of_a_case_say_under_which_rules_it_was_decided(engine: Engine) -> None:
    engine.localities.register("371621", ruled(*TIERS))
    engine.report(case_id="c", locality="371621", at=T0)
    engine.dispatch("c", at=plus(1))
    rules = engine.localities.policy("371621").rules
    assert [event.rules for event in engine.history("c")] == [rules, rules]


def test_the_tables_of_the_time_are_kept_under_that_hash(engine: Engine) -> None:
    engine.localities.register("371621", ruled(*TIERS))
    engine.report(case_id="c", locality="371621", facts={"people": 40}, at=T0)
    engine.localities.register("371621", ruled(*TIERS[:2], "Z,,1,all"))
    event = engine.history("c")[0]
    assert event.rules is not None
    kept = engine.rule_set(event.rules)
    assert kept is not None
    (layer,) = [layer for layer in json.loads(kept) if layer["source"] == "371621"]
    again = Table.from_json(layer["tables"]["tier"])
    assert again == table("tier", *TIERS)
    (tier,) = [ruling for ruling in event.rulings if ruling.what == "tier"]
    assert (tier.rule, tier.source) == ("tier/B", "371621")
    (row,) = [rule for rule in again.rules if f"tier/{rule.id}" == tier.rule]
    assert row.cells == {"people": ">=30"}
    assert engine.rule_set("0123456789abcdef") is None


def test_a_rule_set_is_kept_when_the_file_is_opened_again(tmp_path: Path) -> None:
    with Engine.open(tmp_path / "cases.db", localities=known(c371621=ruled(*TIERS))) as engine:
        engine.report(case_id="c", locality="371621", at=T0)
    with Engine.open(tmp_path / "cases.db") as engine:
        rules = engine.history("c")[0].rules
        assert rules is not None
        kept = engine.rule_set(rules)
        assert kept is not None
        assert b"tier" in kept
        engine.verify()


@pytest.mark.parametrize(
    "tampering",
    ["UPDATE meta SET value = replace(value, '>=30', '>=31') WHERE key = ?", "DELETE FROM meta WHERE key = ?"],
    ids=["altered", "removed"],
)
def test_verification_finds_a_rule_set_that_is_no_longer_what_it_was(tmp_path: Path, tampering: str) -> None:
    path = tmp_path / "cases.db"
    with Engine.open(path, localities=known(c371621=ruled(*TIERS))) as engine:
        engine.report(case_id="c", locality="371621", at=T0)
        rules = engine.history("c")[0].rules
        engine.verify()
    with closing(sqlite3.connect(path)) as store, store:
        assert store.execute(tampering, (f"rules:{rules}",)).rowcount == 1
    with Engine.open(path) as engine, pytest.raises(Tampered, match=f"rule set {rules}") as found:
        engine.verify()
    assert str(rules) in found.value.text.zh


# --- an upgrade -------------------------------------------------------------------------------------------------------

DAYS = ("rule,tier,resolve,dispatch", "A,3,30min,", "B,2,2h,10min", "C,1,1d,10min")


def county(tiers: tuple[str, ...], deadlines: tuple[str, ...] = DAYS) -> Plugin:
    given = {"tier": table("tier", *tiers), "deadlines": table("deadlines", *deadlines)}
    return plugin(tables=lambda: given)


def test_an_upgrade_changes_nothing_of_what_was_ruled_before(engine: Engine) -> None:
    engine.localities.register("371621", county(TIERS))
    before = engine.report(case_id="c", locality="371621", facts={"people": 40}, at=T0)
    history = engine.history("c")
    engine.localities.register("371621", county((*TIERS[:2], "Z,,1,all to the top")))
    assert engine.case("c") == before
    assert engine.history("c") == history
    assert fold(history) == before
    engine.verify()


def test_a_reassessment_asks_the_new_rules_and_says_what_it_changed(engine: Engine) -> None:
    engine.localities.register("371621", county(TIERS))
    engine.report(case_id="c", locality="371621", facts={"people": 3}, at=T0)
    engine.localities.register("371621", county((*TIERS[:2], "Z,,2,never below the town")))
    case = engine.reassess("c", at=plus(1), by=Actor("chief"))
    assert case.tier == Tier.TWO
    assert case.clocks["dispatch"].due == plus(10)
    event = engine.history("c")[-1]
    assert event.about["before"] == {"tier": "3"}
    assert event.about["due"] == {"dispatch#1": [plus(5).isoformat(), plus(10).isoformat()]}
    (tier,) = [ruling for ruling in event.rulings if ruling.what == "tier"]
    assert (tier.rule, tier.reason.en) == ("tier/Z", "never below the town")
    assert event.rules == engine.localities.policy("371621").rules != engine.history("c")[0].rules
    assert fold(engine.history("c")) == engine.case("c")
    engine.verify()


def test_a_reassessment_that_changes_nothing_says_so(engine: Engine) -> None:
    engine.localities.register("371621", county(TIERS))
    engine.report(case_id="c", locality="371621", at=T0)
    engine.reassess("c", at=plus(1))
    event = engine.history("c")[-1]
    assert (event.kind, event.about["before"], event.about["due"]) == ("reassessed", {}, {})


def test_a_reassessment_ends_the_triage_and_counts_that_as_no_change_of_a_due_time(engine: Engine) -> None:
    engine.localities.register("371621", plugin(tier=lambda: "1"))
    assert engine.report(case_id="c", locality="371621", at=T0).clocks["triage"].running
    engine.localities.register("371621", plugin())
    assert engine.reassess("c", at=plus(1)).clocks["triage"].stopped == plus(1)
    assert engine.history("c")[-1].about["due"] == {}


def test_a_reassessment_says_which_facts_it_changed(engine: Engine) -> None:
    def coloured(*rules: str) -> Plugin:
        derived = table("colour", "rule,people,colour", "domain,0..365; default 0", *rules)
        return plugin(tables=lambda: {"colour": derived})

    engine.localities.register("371621", coloured("A,,green"))
    engine.report(case_id="c", locality="371621", facts={"people": 3}, at=T0)
    engine.localities.register("371621", coloured("A,,red"))
    case = engine.reassess("c", at=plus(1))
    assert case.facts == {"people": 3, "colour": "red"}
    assert engine.history("c")[-1].about["before"] == {"facts": {"people": 3, "colour": "green"}}


def test_a_reassessment_forgets_what_the_new_rules_no_longer_derive(engine: Engine) -> None:
    derived = table("colour", "rule,people,colour", "domain,0..365; default 0", "A,,green")
    engine.localities.register("371621", plugin(tables=lambda: {"colour": derived}))
    engine.report(case_id="c", locality="371621", facts={"people": 3}, at=T0)
    engine.localities.register("371621", ruled(*TIERS))
    assert engine.reassess("c", at=plus(1)).facts == {"people": 3}


def test_both_stores_say_the_same_of_an_upgrade(tmp_path: Path) -> None:
    said: list[Mapping[str, Any]] = []
    for url in (None, tmp_path / "cases.db"):
        with Engine.open(url, clock=ManualClock(T0), entropy=counted()) as engine:
            engine.localities.register("371621", county(TIERS))
            engine.report(case_id="c", locality="371621", facts={"people": 3}, at=T0)
            engine.localities.register("371621", county((*TIERS[:2], "Z,,2,never below the town")))
            engine.reassess("c", at=plus(1))
            kept = {rules: engine.rule_set(rules) for rules in (e.rules for e in engine.history("c")) if rules}
            said.append({"history": engine.history("c"), "head": engine.verify(), "rules": kept})
    assert said[0] == said[1]


def test_every_hook_of_the_contract_may_leave_out_all_of_its_arguments() -> None:
    """The opinions above take none, so none of them may need any."""
    assert not any(inspect.signature(opinion).parameters for opinion in OPINIONS.values())


def test_rules_in_the_place_of_the_defaults_without_a_chart_have_the_default_one() -> None:
    class Bare:
        @hookimpl
        def governflow_locality(self) -> Locality:
            return Locality("000000", "默认规则", "our own defaults")

    known = Localities()
    known.register("000000", Bare())
    assert known.policy("000000").units.units == UNITS.units
