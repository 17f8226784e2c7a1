"""Broken rules: what a county's author reads, and that no case is lost whatever a plugin does."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import msgspec
import pytest

from governflow import Case, Engine, PolicyError, TableError, Text, hookimpl
from governflow.calendars.allowances import Allowance
from governflow.model.base_lifecycle import BASE
from governflow.model.case import fold
from governflow.model.clocks import ClockSpec
from governflow.model.events import Event
from governflow.model.faults import SENTENCES, HookFault
from governflow.model.lifecycle import Lifecycle
from governflow.model.terms import Form, Kind, Mode, Severity, Tier, Urgency
from governflow.model.units import OrgChart, Unit
from governflow.policy import registry as localities
from governflow.policy.hookspecs import Assessment, Breach, Context, Deadlines, Escalation, Locality, Route, Ruling
from governflow.policy.registry import Localities
from governflow.tables import Catalogue, Table
from governflow.testing import ManualClock

T0 = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
COUNTY, OTHER = "990101", "990102"


def plus(minutes: float) -> datetime:
    return T0 + minutes * MINUTE


def named(code: str, zh: str, level: int, parent: str | None, *forms: Form) -> Unit:
    return Unit(code, Text(code, zh), level, parent, forms)


UNITS = OrgChart.of(
    [
        named("intake", "受理平台", 0, "leaders"),
        named("lean", "乐安村", 2, "east", Form.DIRECT),
        named("east", "东镇", 3, "joint", Form.VERIFY, Form.ASSIST),
        named("west", "西镇", 3, "joint", Form.VERIFY, Form.ASSIST),
        named("water", "水务局", 4, "joint", Form.LEAD),
        named("joint", "部门联办", 5, "leaders", Form.JOINT),
        named("leaders", "县领导", 6, None, Form.STUDY),
    ]
)

#: Arrivals are counted in working hours, so that somebody is asked for a calendar.
WORKING = Deadlines(
    (
        ClockSpec(
            *("arrive", Text("arrive", "到场"), Allowance.parse("4wh"), frozenset({"dispatch:visit"})),
            *(frozenset({"arrive", "begin", "resolve"}), ("pauses",)),
        ),
    )
)


class Plugin:
    """A plugin with a chart and the hooks that are named, without their prefix."""

    def __init__(self, **hooks: Callable[..., Any]) -> None:
        for name, function in {"units": lambda: UNITS, **hooks}.items():
            setattr(self, f"governflow_{name}", hookimpl(function))


def table(name: str, *lines: str) -> Table:
    return Table.read((f"{name}.csv", "\n".join(lines).encode()), name=name)


@pytest.fixture(params=["memory", "sqlite"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = None if request.param == "memory" else tmp_path / "cases.db"
    with Engine.open(url, clock=ManualClock(T0)) as opened:
        yield opened
        for case in opened.cases():
            assert fold(opened.history(case.id)) == case
        opened.verify()


def live(engine: Engine, case: str = "c", locality: str = COUNTY) -> Case:
    """Report, dispatch and let the first deadline pass."""
    engine.report(case_id=case, locality=locality, at=T0)
    engine.dispatch(case, at=plus(1))
    engine.advance(T0 + DAY)
    return engine.case(case)


def faults(engine: Engine, case: str = "c") -> list[tuple[str, str, str]]:
    """Each fault in the case's book: plugin, hook and what went wrong."""
    return [
        (fault["plugin"], fault["hook"], fault["fault"])
        for event in engine.history(case)
        if event.kind == "faulted"
        for fault in event.about["faults"]
    ]


def assert_stands(engine: Engine, case: str = "c") -> None:
    """The case is with somebody, its life goes on, and a human has been asked to look at the rules."""
    found = engine.case(case)
    assert found.unit
    assert any(clock.running for clock in found.clocks.values())
    assert any(clock.name == "triage" for clock in found.all_clocks)


# --- hooks that raise, or answer in the wrong type --------------------------------------------------------------------

DECIDING = ["assess", "tier", "route", "deadlines", "escalate", "authorise"]


@pytest.mark.parametrize("hook", [*DECIDING, "calendar"])
def test_a_hook_that_raises_is_named_with_its_plugin_and_what_it_raised_and_the_case_goes_on(
    engine: Engine, hook: str
) -> None:
    def raising() -> None:
        raise LookupError("the file is gone")

    hooks = {hook: raising} | ({"deadlines": lambda: WORKING} if hook == "calendar" else {})
    engine.localities.register(COUNTY, Plugin(**hooks))
    assert live(engine).state == "dispatched"
    assert set(faults(engine)) == {(COUNTY, f"governflow_{hook}", "LookupError: the file is gone")}
    assert_stands(engine)


@pytest.mark.parametrize("hook", [*DECIDING, "calendar"])
@pytest.mark.parametrize("answer", ["1", 7, ["east"], object], ids=["text", "number", "list", "class"])
def test_a_hook_that_answers_in_the_wrong_type_is_named_with_its_answer_and_the_case_goes_on(
    engine: Engine, hook: str, answer: object
) -> None:
    hooks: dict[str, Callable[..., Any]] = {hook: lambda: answer}
    if hook == "calendar":
        hooks["deadlines"] = lambda: WORKING
    engine.localities.register(COUNTY, Plugin(**hooks))
    assert live(engine).state == "dispatched"
    found = faults(engine)
    assert {(plugin, name) for plugin, name, _ in found} == {(COUNTY, f"governflow_{hook}")}
    assert all(repr(answer) in what for _, _, what in found)
    assert_stands(engine)


def test_a_fault_says_what_would_be_right(engine: Engine) -> None:
    engine.localities.register(COUNTY, Plugin(tier=lambda: "1"))
    live(engine)
    assert set(faults(engine)) == {(COUNTY, "governflow_tier", "answered '1' instead of a Ruling of Tier")}


@pytest.mark.parametrize(
    ("hook", "value", "said"),
    [
        ("route", Route("nobody", Form.DIRECT), "routed to 'nobody', which the chart does not know"),
        ("route", Route("east", Form.VERIFY, ("nobody",)), "routed to 'nobody', which the chart does not know"),
        ("escalate", Escalation(Kind.URGE, "nobody", None, DAY), "escalated to 'nobody', which the chart does not"),
        ("escalate", Escalation(Kind.TAKE_OVER, "lean", Form.DIRECT, DAY), "escalated down from 'east' to 'lean'"),
        ("escalate", Escalation(Kind.URGE, "east", None, timedelta(0)), "it must be a minute at least"),
        ("escalate", Escalation(Kind.URGE, "east", None, -DAY), "it must be a minute at least"),
        ("escalate", Escalation(Kind.URGE, "east", None, 60), "it must be a minute at least"),
    ],
    ids=["lead", "assistant", "receiver", "down", "no interval", "into the past", "a number"],
)
def test_a_ruling_that_cannot_be_followed_is_named_and_the_layer_below_rules_instead(
    engine: Engine, hook: str, value: object, said: str
) -> None:
    to_the_town = Ruling(Route("east", Form.VERIFY), "to the town", "r/1")
    hooks = {"route": lambda: to_the_town} | {hook: lambda: Ruling(value, "because", "x/1")}
    engine.localities.register(COUNTY, Plugin(**hooks))
    live(engine)
    assert any(said in what for _, _, what in faults(engine))
    assert_stands(engine)


def test_from_the_intake_a_case_may_go_to_any_level(engine: Engine) -> None:
    high = OrgChart.of([attrs.evolve(UNITS.units["intake"], level=5), *list(UNITS.units.values())[1:]])
    down = Ruling(Escalation(Kind.TAKE_OVER, "east", Form.VERIFY, DAY), "the town dispatches it", "x/1")
    engine.localities.register(COUNTY, Plugin(units=lambda: high, escalate=lambda: down))
    engine.report(case_id="c", locality=COUNTY, at=T0)
    engine.advance(plus(6))
    assert "taken_over" in {event.kind for event in engine.history("c")}
    assert faults(engine) == []


class Unspeakable:
    """What cannot even be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("detached from its database")

    __str__ = __repr__


class UnspeakableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize("hook", [*DECIDING, "calendar"])
@pytest.mark.parametrize("how", ["answers", "raises", "raises half a character"])
def test_what_a_hook_brings_up_need_not_even_be_sayable(hook: str, how: str) -> None:
    engine = Engine.open(clock=ManualClock(T0))

    def misbehaving() -> object:
        if how == "answers":
            return Unspeakable()
        raise UnspeakableError if how == "raises" else FileNotFoundError("\udcff.csv")

    hooks = {hook: misbehaving} | ({"deadlines": lambda: WORKING} if hook == "calendar" else {})
    engine.localities.register(COUNTY, Plugin(**hooks))
    assert live(engine).state == "dispatched"
    assert {(plugin, name) for plugin, name, _ in faults(engine)} == {(COUNTY, f"governflow_{hook}")}
    assert_stands(engine)


# --- answers that would poison the book -------------------------------------------------------------------------------


def clock(**odd: Any) -> Deadlines:
    sound = {
        "name": "extra",
        "text": Text("extra", "另"),
        "allowance": Allowance.parse("1h"),
        "starts": frozenset({"report"}),
        "stops": frozenset({"answer"}),
    }
    return Deadlines((ClockSpec(**{**sound, **odd}),))


ODD_CLOCKS: dict[str, Deadlines] = {
    "a reason that is plain text": clock(reason="because"),
    "half a reason": clock(reason=Text("because", None)),  # type: ignore[arg-type]
    "a rule that is a number": clock(rule=7),
    "a name that is a number": clock(name=7),
    "a name in plain text": clock(text="extra"),
    "triggers as a set": clock(starts={"report"}),
    "triggers as a list": clock(stops=["answer"]),
    "triggers as text": clock(starts="report"),
    "traits as a list": clock(traits=["pauses"]),
    "traits that there are not": clock(traits=("patient",)),
    "an allowance beyond the end of time": clock(allowance=Allowance.parse("999999w")),
    "half a character": clock(reason=Text("\ud800", "\ud800")),
}


def live_and_open_again(path: Path, **hooks: Callable[..., Any]) -> Engine:
    """Let a case live under a plugin, and read all of it from the file."""
    with Engine.open(path, clock=ManualClock(T0)) as engine:
        engine.localities.register(COUNTY, Plugin(**hooks))
        assert live(engine).state == "dispatched"
    again = Engine.open(path, clock=ManualClock(T0))
    again.verify()
    assert_stands(again)
    return again


@pytest.mark.parametrize("odd", ODD_CLOCKS)
def test_a_clock_that_is_oddly_made_is_a_fault_and_everything_written_can_be_read_again(
    tmp_path: Path, odd: str
) -> None:
    engine = live_and_open_again(tmp_path / "cases.db", deadlines=lambda: ODD_CLOCKS[odd])
    assert {(plugin, name) for plugin, name, _ in faults(engine)} == {(COUNTY, "governflow_deadlines")}
    assert "extra" not in engine.case("c").clocks
    engine.close()


_SOUND = Assessment(Severity.GENERAL, Urgency.NORMAL)


@pytest.mark.parametrize(
    "reason",
    [Text("because", None), Text(1, 2), Text("\ud800", "\ud800")],  # type: ignore[arg-type]
    ids=["half", "numbers", "half a character"],
)
@pytest.mark.parametrize(
    ("hook", "value"),
    [
        ("assess", _SOUND),
        ("tier", Tier.ONE),
        ("route", Route("east", Form.VERIFY)),
        ("escalate", Escalation(Kind.URGE, "east", None, DAY)),
    ],
    ids=["assess", "tier", "route", "escalate"],
)
def test_a_reason_that_nobody_could_read_again_is_a_fault(
    tmp_path: Path, hook: str, value: object, reason: Text
) -> None:
    ruling = Ruling(value, reason, "x/1")
    engine = live_and_open_again(tmp_path / "cases.db", **{hook: lambda: ruling})
    assert {(plugin, name) for plugin, name, _ in faults(engine)} == {(COUNTY, f"governflow_{hook}")}
    engine.close()


def test_a_next_rung_beyond_the_end_of_time_is_a_fault_and_stops_no_other_county(engine: Engine) -> None:
    never = Ruling(Escalation(Kind.URGE, "east", None, timedelta(days=999_999_999)), "in due time", "x/1")
    engine.localities.register(COUNTY, Plugin(escalate=lambda: never))
    engine.report(case_id="d", locality=OTHER, at=T0)
    live(engine)
    assert any(name == "governflow_escalate" for _, name, _ in faults(engine))
    assert "breached" in {event.kind for event in engine.history("d")}


# --- ladders that never end -------------------------------------------------------------------------------------------


def rung(kind: Kind, to: str, form: Form | None = None) -> Ruling:
    return Ruling(Escalation(kind, to, form, MINUTE), "again", "x/1")


def back_and_forth() -> Callable[..., Ruling]:
    """East and West take the case from each other for ever; neither is below the other."""
    rungs = {"east": rung(Kind.TAKE_OVER, "west", Form.VERIFY), "west": rung(Kind.TAKE_OVER, "east", Form.VERIFY)}
    return lambda cause: rungs.get(cause.holder, rungs["west"])


ENDLESS: dict[str, Callable[..., Ruling]] = {
    "urging": lambda: rung(Kind.URGE, "east"),
    "supervising": lambda: rung(Kind.SUPERVISE, "east"),
    "reporting": lambda: rung(Kind.SPECIAL_REPORT, "leaders"),
    "taking over": lambda: rung(Kind.TAKE_OVER, "leaders", Form.STUDY),
    "back and forth": back_and_forth(),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_ladder_that_asks_for_its_next_rung_every_minute_does_not_drown_the_book(engine: Engine, kind: str) -> None:
    engine.localities.register(COUNTY, Plugin(escalate=ENDLESS[kind]))
    engine.report(case_id="c", locality=COUNTY, at=T0)
    engine.dispatch("c", at=plus(1))
    assert len(engine.advance(T0 + 30 * DAY)) < 400
    assert_stands(engine)


@pytest.mark.parametrize("kind", ["urge", "supervise", "take_over"])
def test_a_table_that_asks_for_its_next_rung_every_minute_does_not_drown_the_book(engine: Engine, kind: str) -> None:
    ladder = table("escalate", "rule,mode,kind,to,again", f"E1,,{kind},above,1min")
    engine.localities.register(COUNTY, Plugin(tables=lambda: {"escalate": ladder}))
    engine.report(case_id="c", locality=COUNTY, at=T0)
    engine.dispatch("c", at=plus(1))
    assert len(engine.advance(T0 + 30 * DAY)) < 400
    assert_stands(engine)


def test_a_ladder_that_was_too_long_says_so(engine: Engine) -> None:
    engine.localities.register(COUNTY, Plugin(escalate=ENDLESS["urging"]))
    engine.report(case_id="c", locality=COUNTY, at=T0)
    engine.advance(T0 + DAY)
    assert any("after 40 rungs a ladder rests a day" in what for _, _, what in faults(engine))


# --- hooks that change their mind, or what they are given -------------------------------------------------------------


def test_a_hook_that_changes_its_mind_changes_nothing_that_was_ruled(engine: Engine) -> None:
    tiers = itertools.cycle([Ruling(Tier.ONE, "high", "t/1"), Ruling(Tier.THREE, "low", "t/3")])
    times = itertools.cycle([clock(), Deadlines(), clock(allowance=Allowance.parse("2h"))])
    engine.localities.register(COUNTY, Plugin(tier=lambda: next(tiers), deadlines=lambda: next(times)))
    reported = engine.report(case_id="c", locality=COUNTY, at=T0)
    assert (reported.tier, reported.clocks["extra"].allowance) == (Tier.ONE, "1h")
    case = live_on(engine)
    assert case.tier == Tier.ONE
    assert case.clocks["extra"].allowance == "1h"
    assert [ruling.rule for event in engine.history("c") for ruling in event.rulings if ruling.what == "tier"] == [
        "t/1"
    ]


def live_on(engine: Engine) -> Case:
    engine.dispatch("c", at=plus(1))
    engine.arrive("c", at=plus(2))
    return engine.resolve("c", at=plus(3))


def test_a_hook_whose_answers_are_never_the_same_object_costs_no_memory_for_each(engine: Engine) -> None:
    engine.localities.register(COUNTY, Plugin(deadlines=lambda: clock()))
    for number in range(20):
        engine.report(case_id=str(number), locality=COUNTY, at=T0)
        engine.dispatch(str(number), at=plus(1))
    policy = engine.localities.policy(COUNTY)
    plans = {id(policy.plan(engine.case(str(number)), context(), [])) for number in range(20)}
    assert len(plans) == 1


def context() -> Context:
    return Context(COUNTY, Mode.NORMAL, T0, UNITS, "Asia/Shanghai")


def changing_the_case(case: Case, context: Context) -> None:
    case.tier = Tier.ONE  # type: ignore[misc]


def changing_the_facts(case: Case, context: Context) -> None:
    case.facts["people"] = 0  # type: ignore[index]


def changing_the_clocks(case: Case, context: Context) -> None:
    case.clocks.clear()  # type: ignore[attr-defined]


def changing_the_context(case: Case, context: Context) -> None:
    context.mode = "emergency"  # type: ignore[assignment, misc]


def changing_the_chart(case: Case, context: Context) -> None:
    context.units.units["mine"] = UNITS.units["east"]  # type: ignore[index]


def changing_the_intake(case: Case, context: Context) -> None:
    context.units.intake = "east"  # type: ignore[misc]


def changing_a_unit(case: Case, context: Context) -> None:
    context.units.units["east"].level = 9  # type: ignore[misc]


MEDDLING = [
    *(changing_the_case, changing_the_facts, changing_the_clocks, changing_the_context),
    *(changing_the_chart, changing_the_intake, changing_a_unit),
]


@pytest.mark.parametrize("meddling", MEDDLING)
def test_a_hook_that_changes_what_it_is_given_is_at_fault_and_nothing_is_changed(
    engine: Engine, meddling: Callable[..., None]
) -> None:
    people = table("colour", "rule,people,colour", "domain,0..9; default 0", "C1,,green")
    plain, meddled = Plugin(tables=lambda: {"colour": people}), Plugin(tables=lambda: {"colour": people}, tier=meddling)
    engine.localities.register(OTHER, plain)
    engine.localities.register(COUNTY, meddled)
    for case, locality in (("c", COUNTY), ("d", OTHER)):
        engine.report(case_id=case, locality=locality, facts={"people": 3}, at=T0)
        engine.dispatch(case, at=plus(1))
    ours, theirs = engine.case("c"), engine.case("d")
    assert (ours.tier, ours.facts, ours.mode, ours.unit) == (theirs.tier, theirs.facts, theirs.mode, theirs.unit)
    assert ours.facts == {"people": 3, "colour": "green"}
    assert {(plugin, name) for plugin, name, _ in faults(engine)} == {(COUNTY, "governflow_tier")}


def test_a_ladder_that_changes_the_breach_is_at_fault(engine: Engine) -> None:
    def forgiving(cause: Breach) -> None:
        cause.clock.outcome = "met"  # type: ignore[assignment, misc]

    engine.localities.register(COUNTY, Plugin(escalate=forgiving))
    live(engine)
    assert {name for _, name, _ in faults(engine)} == {"governflow_escalate"}


def test_whoever_is_asked_for_merits_cannot_rewrite_the_event(engine: Engine) -> None:
    def rewriting(event: Event) -> None:
        event.changes["facts"]["people"] = 0

    people = table("colour", "rule,people,colour", "domain,0..9; default 0", "C1,,green")
    engine.localities.register(COUNTY, Plugin(tables=lambda: {"colour": people}, merits=rewriting))
    engine.report(case_id="c", locality=COUNTY, facts={"people": 3}, at=T0)
    assert engine.case("c").facts == engine.history("c")[0].changes["facts"] == {"people": 3, "colour": "green"}


@pytest.fixture
def base_kept() -> Iterator[None]:
    """Put the base lifecycle back if a test has managed to change it."""
    before = {name: dict(getattr(BASE, name)) for name in ("states", "actions", "transitions")}
    yield
    for name, kept in before.items():
        if dict(getattr(BASE, name)) != kept:
            getattr(BASE, name).clear()
            getattr(BASE, name).update(kept)


@pytest.mark.usefixtures("base_kept")
@pytest.mark.parametrize("part", ["states", "actions", "transitions"])
def test_a_plugin_that_changes_the_base_lifecycle_is_refused_and_no_other_county_notices(part: str) -> None:
    def meddling(base: Lifecycle) -> None:
        getattr(base, part).clear()

    engine = Engine.open(clock=ManualClock(T0))
    engine.localities.register(COUNTY, Plugin(lifecycles=meddling))
    with pytest.raises(PolicyError, match="governflow_lifecycles raised"):
        engine.report(locality=COUNTY, at=T0)
    engine.report(case_id="d", locality=OTHER, at=T0)
    assert engine.dispatch("d", at=plus(1)).state == "dispatched"


# --- rules that are broken by an upgrade ------------------------------------------------------------------------------


def gap() -> Plugin:
    tiers = table("tier", "rule,days,tier", "domain,0..9; default 0", "A,<5,1", "B,>5,2")
    return Plugin(tables=lambda: {"tier": tiers})


def overlap() -> Plugin:
    tiers = table("tier", "rule,days,tier", "domain,0..9; default 0", "A,<6,1", "B,>4,2")
    return Plugin(tables=lambda: {"tier": tiers})


def unreadable_cell() -> Plugin:
    return Plugin(tables=lambda: {"tier": table("tier", "rule,days,tier", "domain,0..9", "A,soon,1", "B,,2")})


def too_many_rows() -> Plugin:
    lines = [f"R{number},{number},1" for number in range(50_000)]
    return Plugin(tables=lambda: {"tier": table("tier", "rule,days,tier", "domain,0..49999", *lines)})


def circle_of_parents() -> Plugin:
    return Plugin(locality=lambda: Locality(COUNTY, "某县", "somewhere", parent=COUNTY))


def misspelt() -> Plugin:
    return Plugin(teir=lambda: None)


def raising() -> Plugin:
    def tables() -> Mapping[str, Table | Catalogue]:
        raise FileNotFoundError("tables/tier.csv")

    return Plugin(tables=tables)


BROKEN: dict[str, tuple[Callable[[], Plugin], str, str]] = {
    "a gap": (gap, "nobody answers days = 5", "没有规则回答days＝5"),
    "an overlap": (overlap, "A (row 3) answers tier = tier 1 (district) and B (row 4)", "二者都适用于"),
    "an unreadable cell": (unreadable_cell, "row 3, column B (days)", "第 3 行 B 列（days）"),
    "50,000 rows": (too_many_rows, "it has more than 10,000 rules: split it", "规则超过 10000 条"),
    "a circle of parents": (circle_of_parents, "go in a circle: 990101 -> 990101", "上级成环"),
    "a misspelt hook": (misspelt, "do you mean governflow_tier?", "是否为 governflow_tier？"),
    "a file that is gone": (raising, "FileNotFoundError: tables/tier.csv", "FileNotFoundError: tables/tier.csv"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_rules_that_an_upgrade_broke_take_no_new_case_and_say_why_in_both_languages(how: str) -> None:
    broken, en, zh = BROKEN[how]
    engine = Engine.open(clock=ManualClock(T0))
    engine.localities.register(COUNTY, broken())
    with pytest.raises(PolicyError) as refused:
        engine.report(case_id="c", locality=COUNTY, at=T0)
    assert en in refused.value.text.en
    assert zh.replace("＝", "=") in refused.value.text.zh.replace("＝", "=")
    assert list(engine.cases()) == []
    assert engine.report(locality=OTHER, at=T0).state == "reported"


@pytest.mark.parametrize("how", BROKEN)
def test_no_open_case_is_lost_by_rules_that_an_upgrade_broke(engine: Engine, how: str) -> None:
    """Its clocks run on under the defaults, the fault is in its book, and mended rules take it up where it stands."""
    broken, en, _ = BROKEN[how]
    engine.localities.register(COUNTY, Plugin())
    engine.report(case_id="c", locality=COUNTY, at=T0)
    engine.localities.register(COUNTY, broken())
    engine.advance(plus(6))
    assert "breached" in {event.kind for event in engine.history("c")}
    assert any(en in what for _, _, what in faults(engine))
    assert_stands(engine)
    with pytest.raises(PolicyError):
        engine.dispatch("c", at=plus(7))
    engine.localities.register(COUNTY, Plugin())
    assert engine.dispatch("c", at=plus(7)).state == "dispatched"
    assert engine.reassess("c", at=plus(8)).clocks["triage"].stopped is not None


def test_no_open_case_is_lost_by_two_plugins_for_one_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class One:
        code, value = COUNTY, "a module"

        def __init__(self, called: str) -> None:
            self.called = called

    path = tmp_path / "cases.db"
    with Engine.open(path, clock=ManualClock(T0)) as engine:
        engine.report(case_id="c", locality=COUNTY, at=T0)
    monkeypatch.setattr(localities, "installed", lambda: {COUNTY: (One("ours 1.0"), One("theirs 2.0"))})
    with Engine.open(path, clock=ManualClock(T0), localities=Localities()) as engine:
        engine.advance(plus(6))
        assert any("ours 1.0 (a module) and theirs 2.0 (a module)" in what for _, _, what in faults(engine))
        assert_stands(engine)
        with pytest.raises(PolicyError, match="two plugins for 990101: ours") as refused:
            engine.dispatch("c", at=plus(7))
        assert "请只保留一个" in refused.value.text.zh
        engine.verify()


def test_a_catalogue_of_fifty_thousand_rows_is_refused_with_what_would_be_right() -> None:
    lines = [f"item {number},{number % 3 + 1},{number % 9 + 1}天" for number in range(50_000)]
    with pytest.raises(TableError, match="10,000") as refused:
        Catalogue.read(("catalogue.csv", "\n".join(["item,tier,allowance", *lines]).encode()))
    assert "10000" in refused.value.text.zh


def test_a_catalogue_of_thousands_of_rows_answers_for_each_of_its_items(engine: Engine) -> None:
    lines = [f"item {number},{number % 3 + 1},{number % 9 + 1}天" for number in range(5_000)]
    items = Catalogue.read(("catalogue.csv", "\n".join(["item,tier,allowance", *lines]).encode()))
    engine.localities.register(COUNTY, Plugin(tables=lambda: {"catalogue": items}))
    case = engine.report(case_id="c", locality=COUNTY, item="item 4999", visit=False, at=T0)
    assert case.tier == Tier.TWO
    assert engine.dispatch("c", at=plus(1)).clocks["resolve"].allowance == "5d"


@pytest.mark.parametrize("ending", [SystemExit, GeneratorExit])
def test_a_hook_that_ends_the_program_is_a_fault_and_the_case_stands(ending: type[BaseException]) -> None:
    def exiting() -> None:
        raise ending

    engine = Engine.open(clock=ManualClock(T0))
    engine.localities.register(COUNTY, Plugin(tier=exiting))
    assert live(engine).state == "dispatched"
    assert {(plugin, name) for plugin, name, _ in faults(engine)} == {(COUNTY, "governflow_tier")}


def test_the_book_of_a_case_is_read_while_the_rules_cannot_be_loaded(tmp_path: Path) -> None:
    def gone() -> None:
        raise LookupError("the file is gone")

    path = tmp_path / "cases.db"
    with Engine.open(path, clock=ManualClock(T0)) as engine:
        engine.localities.register(COUNTY, Plugin())
        live(engine)
    with Engine.open(path, clock=ManualClock(T0)) as engine:
        engine.localities.register(COUNTY, Plugin(units=gone))
        assert engine.explain("c").rulings


# --- how a fault is kept ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", SENTENCES)
def test_a_fault_is_kept_as_data_and_read_again(code: str) -> None:
    fault = HookFault("371621@1.0", "governflow_route", code, ("one", "two", "three", "four"))
    entry = msgspec.json.decode(msgspec.json.encode(fault.as_json()))
    assert HookFault.from_json(entry) == fault
    assert entry["fault"] == fault.text.en
    assert "{" not in f"{fault.text.en}{fault.text.zh}"


def test_a_fault_of_an_older_event_is_its_sentence() -> None:
    entry = {"plugin": "371621", "hook": "governflow_route", "fault": "routed to {nobody}"}
    fault = HookFault.from_json(entry)
    assert (fault.source, fault.hook) == ("371621", "governflow_route")
    assert fault.text == Text("routed to {nobody}", "routed to {nobody}")


def test_an_error_of_the_core_keeps_both_languages() -> None:
    fault = HookFault.refused("371621", "", PolicyError("it is wrong", "有误"))
    assert fault.text == Text("it is wrong", "有误")
