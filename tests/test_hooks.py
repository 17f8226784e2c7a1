"""Every hook of the contract: each has a test and takes any of its arguments; denials and merits are in the book."""

import ast
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import attrs
import pytest

from governflow import Actor, Case, CommandError, Engine, Event, NotAllowed, Text, hookimpl
from governflow.calendars import WorkingCalendar
from governflow.calendars.allowances import Allowance
from governflow.model.case import fold
from governflow.model.clocks import ClockSpec
from governflow.model.lifecycle import Action, Lifecycle, Move
from governflow.model.terms import Form, Kind, Severity, Tier, Urgency
from governflow.model.units import OrgChart, Unit
from governflow.policy import registry as localities
from governflow.policy.hook_checks import HOOKS
from governflow.policy.hookspecs import (
    Allowed,
    Assessment,
    Breach,
    Context,
    Deadlines,
    Demo,
    Escalation,
    Locality,
    Merit,
    Refused,
    Route,
    Ruling,
)
from governflow.reports.dossier import compile_dossier
from governflow.reports.merits import balances
from governflow.tables import Table
from governflow.testing import ManualClock, counted

T0 = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
COUNTY, OTHER = "990101", "990102"

# --- each hook has a test ---------------------------------------------------------------------------------------------

#: Where it is tested that a hook does what the contract says of it.
TESTED: Mapping[str, str] = {
    "governflow_locality": "test_hooks.py::test_a_locality_says_its_name_its_zone_and_what_lies_above_it",
    "governflow_terms": "test_hooks.py::test_a_county_has_its_own_words_for_actions_states_clocks_and_facts",
    "governflow_units": "test_hooks.py::test_a_county_has_its_own_chart_and_its_villages_share_it",
    "governflow_tables": "test_hooks.py::test_a_county_decides_by_its_tables",
    "governflow_lifecycles": "test_hooks.py::test_a_lifecycle_is_derived_from_the_everyday_one_of_the_layer_below",
    "governflow_calendar": "test_hooks.py::test_a_calendar_is_asked_for_by_clock_and_counts_its_working_time",
    "governflow_assess": "test_hooks.py::test_a_hook_rules_on_severity_and_urgency",
    "governflow_tier": "test_hooks.py::test_a_hook_rules_on_the_tier",
    "governflow_route": "test_hooks.py::test_a_hook_rules_on_where_a_case_goes",
    "governflow_deadlines": "test_hooks.py::test_a_hook_adds_changes_and_drops_clocks",
    "governflow_escalate": "test_hooks.py::test_a_hook_rules_on_each_rung_of_the_ladder",
    "governflow_authorise": "test_hooks.py::test_a_refusal_is_told_to_the_actor_and_written_into_the_case",
    "governflow_merits": "test_hooks.py::test_what_an_event_earns_is_in_the_book_with_its_source_and_its_case",
    "governflow_recorded": "test_hooks.py::test_a_plugin_hears_of_an_event_after_it_is_kept_with_the_case",
    "governflow_demo": "test_hooks.py::test_a_demonstration_is_the_localitys_own_and_not_that_of_its_city",
    "governflow_examples": "test_charter_examples.py::test_a_worked_example_that_comes_out_otherwise_is_told",
    "governflow_waivers": "test_charter_waivers.py::test_a_law_that_is_waived_with_a_reason_and_an_end_fails_nobody",
}


@cache
def sources(file: str) -> Mapping[str, str]:
    """The source of each test in a file, by name."""
    text = (Path(__file__).parent / file).read_text(encoding="utf-8")
    return {
        node.name: ast.get_source_segment(text, node) or ""
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_hook_of_the_contract_has_a_test_and_every_test_a_hook() -> None:
    assert TESTED.keys() == HOOKS.keys()
    assert len(set(TESTED.values())) == len(TESTED)


@pytest.mark.parametrize("hook", TESTED)
def test_the_test_of_a_hook_exists_and_uses_it(hook: str) -> None:
    file, _, name = TESTED[hook].partition("::")
    source = sources(file).get(name, "")
    named = {node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}
    defined = {node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)}
    assert hook in named | defined


# --- what each hook does ----------------------------------------------------------------------------------------------


def plus(minutes: float) -> datetime:
    return T0 + minutes * MINUTE


class Plugin:
    """A plugin with the hooks that are named, without their prefix."""

    def __init__(self, **hooks: Callable[..., Any]) -> None:
        for name, function in hooks.items():
            setattr(self, f"governflow_{name}", hookimpl(function))


def table(name: str, *lines: str) -> Table:
    return Table.read((f"{name}.csv", "\n".join(lines).encode()), name=name)


@pytest.fixture(params=["memory", "sqlite"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = None if request.param == "memory" else tmp_path / "cases.db"
    with Engine.open(url, clock=ManualClock(T0), entropy=counted()) as opened:
        yield opened
        assert all(fold(opened.history(case.id)) == case for case in opened.cases())
        opened.verify()


def using(engine: Engine, plugin: object) -> None:
    engine.localities.register(COUNTY, plugin)


def report(engine: Engine, case: str = "c", **told: Any) -> Case:
    return engine.report(**{"case_id": case, "locality": COUNTY, "at": T0, **told})


def test_a_locality_says_its_name_its_zone_and_what_lies_above_it(engine: Engine) -> None:
    class County:
        @hookimpl
        def governflow_locality(self) -> Locality:
            return Locality(COUNTY, "某县", "Some County", parent="990201", zone="Asia/Urumqi")

    using(engine, County())
    engine.localities.register("990201", Plugin())
    policy = engine.localities.policy(COUNTY)
    assert (policy.locality.name, policy.locality.name_en, policy.zone) == ("某县", "Some County", "Asia/Urumqi")
    assert [layer.code for layer in policy.layers][:2] == [COUNTY, "990201"]
    assert report(engine).zone == "Asia/Urumqi"
    assert report(engine, "d", locality=f"{COUNTY}001").zone == "Asia/Urumqi"


def test_a_county_has_its_own_words_for_actions_states_clocks_and_facts(engine: Engine) -> None:
    class County:
        @hookimpl
        def governflow_terms(self) -> Mapping[str, Text]:
            return {
                "dispatch": Text("send", "派发"),
                "reported": Text("taken note of", "已掌握"),
                "whole": Text("all of it", "全部"),
                "people": Text("people concerned", "涉及人数"),
            }

    using(engine, County())
    policy = engine.localities.policy(COUNTY)
    words = ("dispatch", "reported", "whole", "people", "resolve", "nothing like it")
    assert [policy.name(word).zh for word in words] == ["派发", "已掌握", "全部", "涉及人数", "办结", "nothing like it"]
    assert engine.localities.policy(OTHER).name("dispatch").zh == "派单"


def test_a_county_has_its_own_chart_and_its_villages_share_it(engine: Engine) -> None:
    chart = OrgChart.of(
        [
            Unit("intake", Text("intake", "受理平台"), 0, "top"),
            Unit("lean", Text("Lean Village", "乐安村"), 2, "top", (Form.DIRECT,)),
            Unit("xinmin", Text("Xinmin Community", "新民社区"), 2, "top", (Form.DIRECT,)),
            Unit("top", Text("top", "县"), 6, None, (Form.STUDY,)),
        ]
    )

    class County:
        @hookimpl
        def governflow_units(self) -> OrgChart:
            return chart

    using(engine, County())
    report(engine, place="新民社区3号楼")
    assert engine.dispatch("c", at=plus(1)).unit == "xinmin"
    assert engine.localities.policy(f"{COUNTY}001").units is chart
    with pytest.raises(CommandError, match="no unit 'street'"):
        engine.transfer("c", to="street", at=plus(2))


def test_a_county_decides_by_its_tables(engine: Engine) -> None:
    tiers = table("tier", "rule,severity,tier", "T1,general,2", "T2,complex|major,1")

    class County:
        @hookimpl
        def governflow_tables(self) -> Mapping[str, Table]:
            return {"tier": tiers}

    using(engine, County())
    assert report(engine).tier == Tier.TWO
    assert report(engine, "d", severity="major").tier == Tier.ONE


def test_a_lifecycle_is_derived_from_the_everyday_one_of_the_layer_below(engine: Engine) -> None:
    class City:
        @hookimpl
        def governflow_lifecycles(self, base: Lifecycle) -> Mapping[str, Lifecycle]:
            publish = Action("publish", "published", Text("publish", "公示"))
            return {"everyday": base.derive("everyday", actions=[publish], add=[Move("publish", ("resolved",), "=")])}

    class County:
        @hookimpl
        def governflow_lifecycles(self, base: Lifecycle) -> Mapping[str, Lifecycle]:
            assert "publish" in base.actions
            return {"everyday": base.derive("everyday", forbid=[("dispatched", "resolve")])}

    engine.localities.register("990100", City())
    using(engine, County())
    report(engine)
    engine.dispatch("c", at=plus(1))
    with pytest.raises(CommandError, match="resolve is not possible there"):
        engine.resolve("c", at=plus(2))
    engine.arrive("c", at=plus(3))
    engine.resolve("c", at=plus(4))
    assert engine.act("publish", "c", at=plus(5)).state == "resolved"
    assert engine.history("c")[-1].kind == "published"


_WORKING = ClockSpec(
    *("arrive", Text("arrive", "到场"), Allowance.parse("2wh"), frozenset({"dispatch:visit"})),
    *(frozenset({"arrive", "begin", "resolve"}), ("pauses",)),
)
WORKING = Deadlines((_WORKING,))


def test_a_calendar_is_asked_for_by_clock_and_counts_its_working_time(engine: Engine) -> None:
    """Monday 2 March 2026, 11:00 in China: an hour is left in the morning, and one is counted in the afternoon."""
    office = WorkingCalendar(tz="Asia/Shanghai", weekly={"mon": [("09:00", "12:00"), ("14:00", "18:00")]})
    asked: list[str] = []

    class County:
        @hookimpl
        def governflow_deadlines(self) -> Deadlines:
            return WORKING

        @hookimpl
        def governflow_calendar(self, clock: str) -> WorkingCalendar | None:
            asked.append(clock)
            return office if clock == "arrive" else None

    using(engine, County())
    report(engine, at=T0 + 3 * HOUR)
    case = engine.dispatch("c", at=T0 + 3 * HOUR)
    assert case.clocks["arrive"].due == T0 + 7 * HOUR
    assert "dispatch" not in asked
    assert "arrive" in asked


def test_a_hook_rules_on_severity_and_urgency(engine: Engine) -> None:
    class County:
        @hookimpl
        def governflow_assess(self, case: Case) -> Ruling | None:
            if "燃气" not in case.item:
                return None
            return Ruling(Assessment(Severity.MAJOR, Urgency.EMERGENCY), Text("gas", "燃气"), "assess/gas")

    using(engine, County())
    case = report(engine, item="燃气泄漏")
    assert (case.severity, case.urgency, case.tier) == (Severity.MAJOR, Urgency.EMERGENCY, Tier.ONE)
    assert report(engine, "d", item="路灯").severity == Severity.GENERAL


def test_a_hook_rules_on_the_tier(engine: Engine) -> None:
    class County:
        @hookimpl
        def governflow_tier(self, case: Case, context: Context) -> Ruling | None:
            return Ruling(Tier.ONE, "far from here") if "边界" in case.place and context.locality == COUNTY else None

    using(engine, County())
    assert report(engine, place="边界").tier == Tier.ONE
    assert report(engine, "d", place="县城").tier == Tier.THREE


def test_a_hook_rules_on_where_a_case_goes(engine: Engine) -> None:
    class County:
        @hookimpl
        def governflow_route(self, case: Case) -> Ruling:
            return Ruling(Route("department", Form.LEAD, ("street", "community")), "to the department", "r/1")

    using(engine, County())
    report(engine)
    case = engine.dispatch("c", at=plus(1))
    assert (case.unit, case.form, case.assist) == ("department", Form.LEAD, ("street", "community"))


def test_a_hook_adds_changes_and_drops_clocks(engine: Engine) -> None:
    def spec(name: str, allowance: str, starts: str, stops: str) -> ClockSpec:
        return ClockSpec(
            name, Text(name, name), Allowance.parse(allowance), frozenset({starts}), frozenset({stops}), (), "own/1"
        )

    told = Deadlines((spec("visit_back", "2h", "report", "answer"), spec("dispatch", "1min", "report", "dispatch")))

    class County:
        @hookimpl
        def governflow_deadlines(self, case: Case) -> Deadlines:
            return told if case.severity != "major" else Deadlines(drop=("arrive",))

    using(engine, County())
    case = report(engine)
    assert (case.clocks["visit_back"].due, case.clocks["dispatch"].due) == (plus(120), plus(1))
    report(engine, "d", severity="major")
    assert "arrive" not in engine.dispatch("d", at=plus(1)).clocks


def test_a_hook_rules_on_each_rung_of_the_ladder(engine: Engine) -> None:
    asked: list[tuple[str, int, str]] = []

    class County:
        @hookimpl
        def governflow_escalate(self, case: Case, cause: Breach, context: Context) -> Ruling | None:
            asked.append((cause.clock.name, cause.rung, cause.holder))
            if cause.rung == 0:
                return Ruling(Escalation(Kind.SUPERVISE, "leader", None, 10 * MINUTE), "at once", "l/1")
            return None

    using(engine, County())
    report(engine)
    engine.advance(plus(16))
    assert asked == [("dispatch", 0, "intake"), ("dispatch", 1, "intake")]
    climbed = [(event.kind, event.at, event.about["escalation"]["to"]) for event in engine.history("c")[3:]]
    assert climbed == [("supervised", plus(5), "leader"), ("supervised", plus(15), "leader")]


def test_a_plugin_hears_of_an_event_after_it_is_kept_with_the_case(engine: Engine) -> None:
    heard: list[tuple[str, str, int]] = []

    class County:
        @hookimpl
        def governflow_recorded(self, event: Event, case: Case) -> None:
            assert event.recorded is not None
            heard.append((event.kind, case.state, len(engine.history("c"))))

    using(engine, County())
    report(engine)
    engine.dispatch("c", at=plus(1))
    assert heard == [("reported", "reported", 1), ("dispatched", "dispatched", 2)]


def test_a_demonstration_is_the_localitys_own_and_not_that_of_its_city(tmp_path: Path) -> None:
    day = Demo(tmp_path / "day.csv", datetime(2026, 3, 2, 20), Text("a day", "一天"))  # noqa: DTZ001 - wall time

    class City:
        @hookimpl
        def governflow_demo(self) -> Demo:
            return day

    engine = Engine.open()
    engine.localities.register("990100", City())
    using(engine, Plugin())
    assert engine.localities.policy("990100").demo() is day
    assert engine.localities.policy(COUNTY).demo() is None


# --- arguments --------------------------------------------------------------------------------------------------------

KINDS: Mapping[str, type | tuple[type, ...]] = {
    "actor": (Actor, type(None)),
    "action": str,
    "base": Lifecycle,
    "case": Case,
    "cause": Breach,
    "clock": str,
    "context": Context,
    "event": Event,
}
ORDERS = [
    (hook, order)
    for hook, names in HOOKS.items()
    for size in range(len(names) + 1)
    for order in itertools.permutations(names, size)
]


def taking(order: Sequence[str], heard: list[tuple[Any, ...]]) -> Callable[..., Any]:
    """Make a function that takes these arguments in this order and notes what it is given."""
    names = ", ".join(order)
    return eval(f"lambda {names}: heard.append(({names}{',' if order else ''}))", {"heard": heard})  # type: ignore[no-any-return]


@pytest.mark.parametrize(("hook", "order"), ORDERS, ids=[f"{hook}({', '.join(order)})" for hook, order in ORDERS])
def test_a_hook_takes_any_of_its_arguments_in_any_order(hook: str, order: tuple[str, ...]) -> None:
    heard: list[tuple[Any, ...]] = []
    hooks: dict[str, Callable[..., Any]] = {hook.removeprefix("governflow_"): taking(order, heard)}
    if hook == "governflow_calendar":
        hooks["deadlines"] = lambda: WORKING
    engine = Engine.open(clock=ManualClock(T0))
    if hook == "governflow_locality":  # None is no answer to who it speaks for
        hooks["locality"] = lambda: heard.append(()) or Locality(COUNTY, "某县", "somewhere")
    using(engine, Plugin(**hooks))
    report(engine)
    engine.dispatch("c", by=Actor("desk", "intake"), at=plus(1))
    engine.advance(plus(60))
    engine.localities.policy(COUNTY).demo()
    for asked in ("governflow_examples", "governflow_waivers"):  # by a check of the charter, and by no case
        for _, function, _ in engine.localities.policy(COUNTY).impls(asked):
            function()
    assert heard
    for given in heard:
        assert len(given) == len(order)
        assert all(isinstance(value, KINDS[name]) for value, name in zip(given, order, strict=True))
    assert "faulted" not in {event.kind for event in engine.history("c")}


# --- denials ----------------------------------------------------------------------------------------------------------

DESK = Actor("desk 3", "community")


class Guarded:
    """A county in which some actions are refused."""

    def __init__(self, *refused: str) -> None:
        self.refused = set(refused)

    @hookimpl
    def governflow_authorise(self, action: str) -> Refused | None:
        return Refused(Text("not on a Monday", "周一不办"), "mondays/1") if action in self.refused else None


def denials(events: Sequence[Event]) -> list[Event]:
    return [event for event in events if event.kind == "denied"]


def test_a_refusal_is_told_to_the_actor_and_written_into_the_case(engine: Engine) -> None:
    class County:
        @hookimpl
        def governflow_authorise(self, actor: Actor | None, action: str, case: Case) -> Allowed | Refused | None:
            if action != "claim" or actor is None:
                return None
            return Refused(Text("not on a Monday", "周一不办"), "mondays/1")

    using(engine, County())
    report(engine)
    before = engine.dispatch("c", at=plus(1))
    with pytest.raises(NotAllowed, match="desk 3 may not claim case c: not on a Monday") as refused:
        engine.claim("c", by=DESK, at=plus(2))
    assert refused.value.text.zh == "desk 3 不能对事项 c 执行“领单”：周一不办"
    event = engine.history("c")[-1]
    assert (event.kind, event.at, event.by, event.state) == ("denied", plus(2), DESK, "dispatched")
    assert event.about == {
        "action": "claim",
        "reason": {"en": "not on a Monday", "zh": "周一不办"},
        "rule": "mondays/1",
        "source": COUNTY,
    }
    assert engine.case("c") == attrs.evolve(before, version=before.version + 1)


def test_a_refusal_by_the_defaults_is_written_down_like_any_other(engine: Engine) -> None:
    engine.report(case_id="c", locality="000000", asked=False, at=T0)
    engine.dispatch("c", to="community", at=plus(1))
    engine.resolve("c", at=plus(2))
    engine.answer("c", at=plus(3))
    with pytest.raises(NotAllowed):
        engine.evaluate("c", satisfied=True, by=DESK, at=plus(4))
    (event,) = denials(engine.history("c"))
    assert (event.about["source"], event.about["rule"]) == ("governflow", "roles/verifier")


def test_a_command_that_is_sent_again_is_denied_again_and_written_down_once(engine: Engine) -> None:
    using(engine, Guarded("claim"))
    report(engine)
    engine.dispatch("c", at=plus(1))
    for command in ("a", "a", b"a", "b"):
        with pytest.raises(NotAllowed):
            engine.claim("c", at=plus(2), command_id=command)
    assert len(denials(engine.history("c"))) == 2


def test_a_command_without_an_id_is_written_down_each_time(engine: Engine) -> None:
    using(engine, Guarded("claim"))
    report(engine)
    engine.dispatch("c", at=plus(1))
    for minutes in (2, 3):
        with pytest.raises(NotAllowed):
            engine.claim("c", at=plus(minutes))
    assert [event.at for event in denials(engine.history("c"))] == [plus(2), plus(3)]


def test_a_command_that_was_denied_may_be_sent_again_under_its_id_when_the_rules_allow_it(engine: Engine) -> None:
    guarded = Guarded("claim")
    using(engine, guarded)
    report(engine)
    engine.dispatch("c", at=plus(1))
    with pytest.raises(NotAllowed):
        engine.claim("c", at=plus(2), command_id="a")
    guarded.refused.clear()
    assert engine.claim("c", at=plus(2), command_id="a").state == "claimed"
    assert engine.claim("c", at=plus(2), command_id="a").state == "claimed"
    assert [event.kind for event in engine.history("c")] == ["reported", "dispatched", "denied", "claimed"]


@pytest.mark.parametrize("locality", [COUNTY, f"{COUNTY}001"])
def test_a_report_that_is_denied_goes_into_the_localitys_book(engine: Engine, locality: str) -> None:
    using(engine, Guarded("report"))
    for _ in range(2):
        with pytest.raises(NotAllowed):
            report(engine, locality=locality, by=DESK, command_id="a")
    (event,) = engine.book(locality)
    assert (event.kind, event.by, event.about["action"], event.about["rule"]) == ("denied", DESK, "report", "mondays/1")
    assert list(engine.cases()) == []
    assert engine.book(OTHER) == []


def test_a_report_that_was_denied_may_be_sent_again_when_the_rules_allow_it(engine: Engine) -> None:
    guarded = Guarded("report")
    using(engine, guarded)
    with pytest.raises(NotAllowed):
        report(engine, command_id="a")
    guarded.refused.clear()
    assert report(engine, command_id="a").state == "reported"


def test_nothing_of_what_a_denied_command_told_is_kept(engine: Engine) -> None:
    using(engine, Guarded("claim", "report"))
    with pytest.raises(NotAllowed):
        report(engine, reporter="王某", phone="13900000000", text="at my door")
    engine.localities.register(COUNTY, Guarded("claim"))
    report(engine)
    engine.dispatch("c", at=plus(1))
    with pytest.raises(NotAllowed):
        engine.claim("c", note="my telephone is 13900000000", at=plus(2))
    assert engine.texts("c") == []
    written = b"".join(entry.body for entry in engine.store.entries())
    assert b"13900000000" not in written
    assert "王某".encode() not in written


def test_a_denied_command_lets_happen_what_fell_due_before_it(engine: Engine) -> None:
    using(engine, Guarded("dispatch"))
    report(engine)
    with pytest.raises(NotAllowed):
        engine.dispatch("c", at=plus(6))
    engine.advance(plus(7))
    kinds = [event.kind for event in engine.history("c")]
    assert sorted(kinds) == sorted(["reported", "warned", "breached", "urged", "denied"])


def test_a_plugin_hears_of_a_denial_as_of_every_event(engine: Engine) -> None:
    heard: list[str] = []

    class Listening(Guarded):
        @hookimpl
        def governflow_recorded(self, event: Event) -> None:
            heard.append(event.kind)

    using(engine, Listening("claim"))
    report(engine)
    engine.dispatch("c", at=plus(1))
    with pytest.raises(NotAllowed):
        engine.claim("c", at=plus(2))
    engine.deliver()
    assert heard == [event.kind for event in engine.history("c")]


def test_a_plugin_hears_when_a_case_was_forgotten_so_that_it_forgets_it_too(engine: Engine) -> None:
    heard: list[str] = []
    using(engine, Plugin(recorded=lambda event: heard.append(event.kind)))
    report(engine, text="at my door")
    engine.forget("c", at=plus(1))
    engine.deliver()
    assert heard == ["reported", "forgotten"]


Command = Callable[..., Any]


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A county that the command line knows without an installation, and in which nobody claims."""

    class One:
        code, value, called = COUNTY, "in this test", "governflow-test 0.1"
        version = "0.1"

        @staticmethod
        def load() -> object:
            return Guarded("claim")

    monkeypatch.setattr(localities, "installed", lambda: {COUNTY: (One,)})


@pytest.mark.usefixtures("guarded")
def test_a_denied_row_of_a_journal_is_a_reject_and_one_denial_however_often_it_is_run(
    tmp_path: Path, governflow: Command
) -> None:
    journal, store = tmp_path / "journal.csv", tmp_path / "cases.db"
    rows = ("2026-03-02 08:00,1,上报", "2026-03-02 08:03,1,派单", "2026-03-02 08:04,1,领单")
    journal.write_text("\n".join(["时间,事项编号,动作", *rows]) + "\n", encoding="utf-8")
    for _ in range(2):
        done = governflow("run", journal, "--enforce", "--locality", COUNTY, "--store", store, "--json")
        assert done.status == 1
        assert "line 4" in done.err
        assert "not on a Monday" in done.err
        assert [case["state"] for case in done.json["cases"]] == ["dispatched"]
    with Engine.open(store) as engine:
        assert len(denials(engine.history("1"))) == 1
        engine.verify()


# --- merits -----------------------------------------------------------------------------------------------------------

QUICK = Text("dispatched in time", "按时派单")


def rewarding(event: Event, case: Case) -> Sequence[Merit]:
    return [Merit(case.unit, "unit", 2, QUICK, "quick/1")] if event.kind == "dispatched" else []


def test_what_an_event_earns_is_in_the_book_with_its_source_and_its_case(engine: Engine) -> None:
    class County:
        @hookimpl
        def governflow_merits(self, event: Event, case: Case, context: Context) -> Sequence[Merit] | None:
            if event.kind != "dispatched" or context.mode != "normal":
                return None
            return [Merit(case.unit, "unit", 2, QUICK, "quick/1", expires=event.at + DAY)]

    using(engine, County())
    report(engine)
    assert engine.book(COUNTY) == []
    engine.dispatch("c", at=plus(1))
    (entry,) = engine.book(COUNTY)
    assert (entry.kind, entry.at) == ("merit_entered", plus(1))
    assert entry.about == {
        "to": "community",
        "holder": "unit",
        "points": 2,
        "reason": {"en": "dispatched in time", "zh": "按时派单"},
        "rule": "quick/1",
        "source": COUNTY,
        "expires": (plus(1) + DAY).isoformat(),
        "case": "c",
        "for": {"kind": "dispatched", "at": plus(1).isoformat(), "seq": 2},
    }
    assert balances(engine.book(COUNTY), plus(2))["community"].points == 2


def test_merits_are_asked_for_every_event_of_a_case_whoever_did_it(engine: Engine) -> None:
    heard: list[str] = []
    plugin = Guarded("claim")
    plugin.governflow_merits = hookimpl(lambda event: heard.append(event.kind))  # type: ignore[attr-defined]
    using(engine, plugin)
    report(engine)
    engine.advance(plus(6))
    engine.dispatch("c", at=plus(7))
    with pytest.raises(NotAllowed):
        engine.claim("c", at=plus(8))
    engine.switch_mode(COUNTY, "emergency", reason="flood", at=plus(9))
    engine.reassess("c", at=plus(10))
    assert heard == [event.kind for event in engine.history("c")]


def test_merits_are_not_asked_for_what_is_in_the_book_and_belongs_to_no_case(engine: Engine) -> None:
    using(engine, Plugin(merits=lambda: [Merit("community", "unit", 1, QUICK)]))
    engine.switch_mode(COUNTY, "emergency", reason="flood", at=T0)
    engine.declare_outage(COUNTY, T0, plus(60), reason="power cut", at=T0)
    assert [event.kind for event in engine.book(COUNTY)] == ["mode_switched", "outage_declared"]


def test_merits_of_a_county_and_of_its_city_are_both_entered(engine: Engine) -> None:
    engine.localities.register("990100", Plugin(merits=rewarding))
    using(engine, Plugin(merits=rewarding))
    report(engine)
    engine.dispatch("c", at=plus(1))
    assert [entry.about["source"] for entry in engine.book(COUNTY)] == [COUNTY, "990100"]


def test_the_merits_of_a_town_are_in_the_book_of_the_county_whose_rules_it_has(engine: Engine) -> None:
    using(engine, Plugin(merits=rewarding))
    report(engine, locality=f"{COUNTY}001")
    engine.dispatch("c", at=plus(1))
    assert len(engine.book(COUNTY)) == 1


def test_merits_never_change_what_happens_to_a_case() -> None:
    histories = []
    for plugin in (Plugin(), Plugin(merits=lambda: [Merit("community", "unit", 99, QUICK)])):
        engine = Engine.open(clock=ManualClock(T0), entropy=counted())
        using(engine, plugin)
        report(engine)
        engine.dispatch("c", at=plus(1))
        engine.advance(plus(200))
        histories.append(engine.history("c"))
    assert histories[0] == histories[1]


WRONG_MERITS: Mapping[str, Callable[[], Any]] = {
    "raises": lambda: [][1],
    "no list": lambda: 7,
    "no merits": lambda: ["community"],
    "a merit without a list": lambda: Merit("community", "unit", 1, QUICK),
    "whoever asks": lambda: [Merit("王某", "requester", 1, QUICK)],
    "no points": lambda: [Merit("community", "unit", 0, QUICK)],
    "half a reason": lambda: [Merit("community", "unit", 1, Text("quick", None))],  # type: ignore[arg-type]
    "half a character": lambda: [Merit("\ud800", "unit", 1, QUICK)],
    "a rule that is no text": lambda: [Merit("community", "unit", 1, QUICK, object())],  # type: ignore[arg-type]
}


@pytest.mark.parametrize("how", WRONG_MERITS)
def test_a_rule_on_merits_that_fails_is_in_the_book_by_name_and_the_case_goes_on(engine: Engine, how: str) -> None:
    using(engine, Plugin(merits=WRONG_MERITS[how]))
    report(engine)
    case = engine.dispatch("c", at=plus(1))
    assert (case.state, [event.kind for event in engine.history("c")]) == ("dispatched", ["reported", "dispatched"])
    assert {event.kind for event in engine.book(COUNTY)} == {"faulted"}
    (fault,) = engine.book(COUNTY)[0].about["faults"]
    assert (fault["plugin"], fault["hook"]) == (COUNTY, "governflow_merits")
    assert fault["fault"]


def test_a_rule_on_merits_that_fails_takes_nobody_elses_merits_with_it(engine: Engine) -> None:
    engine.localities.register("990100", Plugin(merits=rewarding))
    using(engine, Plugin(merits=WRONG_MERITS["raises"]))
    report(engine)
    engine.dispatch("c", at=plus(1))
    assert [entry.kind for entry in engine.book(COUNTY)] == ["faulted", "faulted", "merit_entered"]


def test_a_command_that_is_sent_again_earns_nothing_twice(engine: Engine) -> None:
    using(engine, Plugin(merits=rewarding))
    report(engine)
    for _ in range(2):
        engine.dispatch("c", at=plus(1), command_id="a")
    assert len(engine.book(COUNTY)) == 1


def test_merits_are_kept_with_the_event_that_earned_them(tmp_path: Path) -> None:
    with Engine.open(tmp_path / "cases.db", clock=ManualClock(T0)) as engine:
        using(engine, Plugin(merits=rewarding))
        report(engine)
        engine.dispatch("c", at=plus(1))
    with Engine.open(tmp_path / "cases.db") as engine:
        assert [entry.about["to"] for entry in engine.book(COUNTY)] == ["community"]
        engine.verify()


def test_merits_are_entered_by_hand_with_their_source(engine: Engine) -> None:
    merit = Merit("grid 7", "informant", 5, Text("saved a child", "救助儿童"), "brave/1")
    event = engine.award(COUNTY, merit, source="inspection of 1 March", by=Actor("chief"), at=plus(1))
    assert engine.book(COUNTY) == [event]
    assert (event.kind, event.by, event.about["source"], event.about["case"]) == (
        *("merit_entered", Actor("chief"), "inspection of 1 March"),
        None,
    )
    assert balances(engine.book(COUNTY), plus(2))["grid 7"].points == 5


@pytest.mark.parametrize(
    ("wrong", "source"),
    [
        ({"holder": "requester"}, "roster"),
        ({"points": 0}, "roster"),
        ({}, " "),
        ({"reason": Text("x", None)}, "roster"),
    ],
)
def test_merits_by_hand_that_make_no_sense_are_refused_with_a_sentence_and_leave_no_entry(
    engine: Engine, wrong: dict[str, Any], source: str
) -> None:
    merit = attrs.evolve(Merit("grid 7", "informant", 5, QUICK), **wrong)
    with pytest.raises(CommandError) as refused:
        engine.award(COUNTY, merit, source=source, at=plus(1))
    assert refused.value.text.zh != refused.value.text.en
    assert engine.book(COUNTY) == []


def test_a_county_names_the_forms_of_handling_in_its_papers_and_in_its_reasons(engine: Engine) -> None:
    class County:
        @hookimpl
        def governflow_terms(self) -> Mapping[str, Text]:
            return {"form:study": Text("studied by the county's leaders", "县领导研办")}

        @hookimpl
        def governflow_units(self) -> OrgChart:
            return OrgChart.of(
                [
                    Unit("intake", Text("intake", "平台"), 0, "leader"),
                    Unit("office", Text("office", "办公室"), 1, "leader", (Form.DIRECT,)),
                    Unit("leader", Text("leader", "县长"), 5, None, (Form.STUDY,)),
                ]
            )

    using(engine, County())
    report(engine)
    engine.dispatch("c", to="office", at=plus(1))
    engine.advance(plus(600))
    taken = [event for event in engine.history("c") if event.kind == "taken_over"][-1]
    assert taken.rulings[0].reason == Text("not managed: studied by the county's leaders", "未能办结：提级为县领导研办")
    assert "县领导研办" in str(compile_dossier(engine, "c", lang="zh", personal=False))
    assert "委领导" not in str(compile_dossier(engine, "c", lang="zh", personal=False))
