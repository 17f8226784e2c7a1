"""Rules that change under a running case: something is possible, somebody hears at once, nothing goes in a circle."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governflow import Engine, GovernflowError, hookimpl
from governflow.calendars.allowances import Allowance
from governflow.model.base_lifecycle import BASE
from governflow.model.case import Case, fold
from governflow.model.clocks import ClockSpec
from governflow.model.faults import faults_in
from governflow.model.lifecycle import Action, Lifecycle, Move
from governflow.model.terms import Form, Outcome
from governflow.model.units import OrgChart, Unit
from governflow.policy.hookspecs import Deadlines, Locality
from governflow.policy.registry import Localities
from governflow.testing import ManualClock
from governflow.text import Text

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
COUNTY = "990101"

_WAITING = {
    "states": {"waiting": Text("waiting", "等候")},
    "actions": [Action("wait", "waited", Text("wait", "等候"))],
    "add": [
        Move("wait", ("reported", "accepted", "dispatched", "handling"), "waiting"),
        Move("dispatch", ("waiting",), "dispatched"),
        Move("note", ("waiting",), "="),
        Move("withdraw", ("waiting",), "withdrawn"),
        Move("suspend", ("waiting",), "suspended"),
        Move("resume", ("suspended",), "waiting", guard=("origin", "waiting")),
    ],
}


def plus(minutes: float) -> datetime:
    return T0 + minutes * MINUTE


def chart(*units: str) -> OrgChart:
    """Return a chart with an intake, these units below a leader, and the leader."""
    made = [Unit(name, Text(name, name), 1, "leader", (Form.DIRECT,)) for name in units]
    return OrgChart.of(
        [
            Unit("intake", Text("intake", "平台"), 0, "leader"),
            *made,
            Unit("leader", Text("l", "领导"), 5, None, (Form.STUDY,)),
        ]
    )


_PAPERS = ClockSpec(
    "papers", Text("papers", "补材料"), Allowance.parse("2h"), frozenset({"accept"}), frozenset({"note"})
)


class Before:
    """A county with a state, a lifecycle, a unit and a clock that it will not have for long."""

    @hookimpl
    def governflow_locality(self) -> Locality:
        return Locality(COUNTY, "某县", "Some County")

    @hookimpl
    def governflow_units(self) -> OrgChart:
        return chart("office", "bureau")

    @hookimpl
    def governflow_lifecycles(self, base: Lifecycle) -> dict[str, Lifecycle]:
        waiting = base.derive("everyday", **_WAITING)
        return {"everyday": waiting, "special": base.derive("special", **_WAITING)}

    @hookimpl
    def governflow_deadlines(self) -> Deadlines:
        return Deadlines((_PAPERS,))


class After:
    """The county without them."""

    @hookimpl
    def governflow_locality(self) -> Locality:
        return Locality(COUNTY, "某县", "Some County")

    @hookimpl
    def governflow_units(self) -> OrgChart:
        return chart("office")


def changed(engine: Engine, plugin: object | None = None) -> None:
    engine.localities.register(COUNTY, plugin or After())


@pytest.fixture
def engine() -> Engine:
    opened = Engine.open(clock=ManualClock(T0))
    opened.localities.register(COUNTY, Before())
    return opened


def report(engine: Engine, **told: Any) -> Case:
    return engine.report(case_id="c", locality=COUNTY, at=T0, **told)


def in_a_lost_state(engine: Engine) -> None:
    report(engine)
    engine.accept("c", at=plus(1))
    engine.act("wait", "c", at=plus(2))


def in_a_lost_state_after_the_dispatch(engine: Engine) -> None:
    report(engine)
    engine.dispatch("c", to="office", at=plus(1))
    engine.act("wait", "c", at=plus(2))


def in_a_lost_lifecycle(engine: Engine) -> None:
    report(engine, lifecycle="special")
    engine.act("wait", "c", at=plus(2))


def suspended_out_of_a_lost_state(engine: Engine) -> None:
    in_a_lost_state_after_the_dispatch(engine)
    engine.suspend("c", until=plus(60), at=plus(3))


def with_a_lost_unit(engine: Engine) -> None:
    report(engine)
    engine.dispatch("c", to="bureau", at=plus(1))
    engine.arrive("c", at=plus(2))


LOST: dict[str, tuple[Callable[[Engine], None], str, str]] = {
    "state": (in_a_lost_state, "accepted", "no_state"),
    "state after the dispatch": (in_a_lost_state_after_the_dispatch, "dispatched", "no_state"),
    "lifecycle": (in_a_lost_lifecycle, "accepted", "no_lifecycle"),
    "state before a suspension": (suspended_out_of_a_lost_state, "suspended", "no_state"),
    "unit": (with_a_lost_unit, "on_site", "no_unit"),
}


@pytest.mark.parametrize("which", LOST)
def test_a_human_hears_at_the_next_look_and_the_case_stands_where_something_is_possible(
    engine: Engine, which: str
) -> None:
    begin, state, code = LOST[which]
    begin(engine)
    changed(engine)
    known = engine.case("c").latest_at
    assert known is not None
    (event,) = engine.advance(plus(3))  # nothing of it is due yet
    assert (event.kind, event.at, event.state) == ("faulted", known, state)
    assert code in [fault.code for fault in faults_in(event.about)]
    case = engine.case("c")
    assert case.unit in chart("office")
    assert case.clocks["triage"].running
    assert case.clocks["triage"].due == known + 60 * MINUTE
    assert engine.advance(plus(3)) == ()  # it is settled once
    assert fold(engine.history("c")) == case
    possible = engine.rules_of(COUNTY).lifecycles["everyday"].possible(case.state)
    assert {"note", "withdraw"} < set(possible)
    assert {"dispatch", "transfer", "resume"} & set(possible)


@pytest.mark.parametrize("which", LOST)
def test_a_command_finds_the_case_where_the_new_rules_know_what_to_do(engine: Engine, which: str) -> None:
    begin, _, _ = LOST[which]
    begin(engine)
    changed(engine)
    engine.note("c", text="seen", at=plus(4))
    kinds = [event.kind for event in engine.history("c")]
    assert kinds[-2:] == ["faulted", "noted"]
    assert engine.texts("c")[-1] == {"seq": len(kinds), "text": "seen"}


@pytest.mark.parametrize("which", LOST)
def test_nothing_goes_in_a_circle_and_the_ladder_comes_to_its_end(engine: Engine, which: str) -> None:
    begin, _, _ = LOST[which]
    begin(engine)
    changed(engine)
    fired = engine.advance(T0 + 5 * DAY)
    climbs = [event.about["escalation"] for event in fired if event.kind == "taken_over"]
    assert [climb for climb in climbs if climb["from"] == climb["to"]] == []
    heard = {climb["to"] for event in fired if (climb := event.about.get("escalation")) is not None}
    assert heard <= set(chart("office").units)
    assert "special_report_filed" in [event.kind for event in fired]


def test_a_suspension_ends_in_a_state_that_is_there(engine: Engine) -> None:
    suspended_out_of_a_lost_state(engine)
    changed(engine)
    engine.advance(plus(61))
    assert engine.case("c").state == "dispatched"
    assert engine.case("c").suspended_until is None


def test_a_clock_that_is_gone_is_no_breach_and_climbs_no_ladder(engine: Engine) -> None:
    report(engine)
    engine.accept("c", at=plus(1))
    engine.dispatch("c", to="office", at=plus(2))
    engine.resolve("c", at=plus(3))  # so that only the clock and the answer are open
    changed(engine)
    fired = engine.advance(plus(180))
    papers = engine.case("c").clocks["papers"]
    assert (papers.outcome, papers.stopped) == (Outcome.CANCELLED, plus(3))
    (event,) = (event for event in fired if event.kind == "faulted")
    assert [fault.code for fault in faults_in(event.about)] == ["clock_gone"]
    assert engine.case("c").clocks["triage"].started == plus(3)


def test_a_clock_that_is_gone_is_heard_of_at_the_next_look(engine: Engine) -> None:
    report(engine)
    engine.accept("c", at=plus(1))
    changed(engine)
    (event,) = engine.advance(plus(2))
    assert (event.kind, event.state, [fault.code for fault in faults_in(event.about)]) == (
        "faulted",
        "accepted",
        ["clock_gone"],
    )
    assert engine.case("c").clocks["papers"].stopped == plus(1)


def test_who_was_summoned_and_is_gone_need_not_come(engine: Engine) -> None:
    report(engine)
    engine.dispatch("c", to="bureau", at=plus(1))
    engine.arrive("c", at=plus(2))
    engine.whistle("c", units=["bureau", "office"], at=plus(3))
    changed(engine)
    engine.advance(plus(4))
    case = engine.case("c")
    assert case.clocks["check_in:bureau"].outcome is Outcome.CANCELLED
    assert case.clocks["check_in:office"].running


def test_rules_that_cannot_be_loaded_settle_nothing(engine: Engine) -> None:
    class Broken:
        @hookimpl
        def governflow_no_such_hook(self) -> None: ...

    in_a_lost_state(engine)
    changed(engine, Broken())
    engine.advance(plus(300))
    assert engine.case("c").state == "waiting"
    changed(engine, Before())
    assert engine.dispatch("c", to="office", at=plus(301)).state == "dispatched"


def test_an_ended_case_is_left_alone(engine: Engine) -> None:
    report(engine)
    engine.dispatch("c", to="bureau", at=plus(1))
    before = engine.withdraw("c", at=plus(3))
    changed(engine)
    engine.advance(plus(9999))
    assert engine.case("c") == before


def test_rules_that_fail_from_the_first_day_are_no_change_of_the_rules() -> None:
    class Failing(After):
        @hookimpl
        def governflow_deadlines(self, case: Case) -> object:
            return None if case.version == 0 else "nonsense"

    lives = []
    for looks in (0, 3):
        engine = Engine.open(clock=ManualClock(T0))
        changed(engine, Failing())
        report(engine)
        for minute in range(looks):
            engine.advance(plus(minute))
        engine.note("c", text="seen", at=plus(3))
        lives.append([(event.kind, event.at, event.state) for event in engine.history("c")])
    assert [kind for kind, *_ in lives[0]] == ["reported", "noted", "faulted"]
    assert lives[1] == lives[0]


def test_a_store_is_looked_through_once_for_each_rule_set(tmp_path: Path) -> None:
    def opened(plugin: object) -> Engine:
        engine = Engine.open(tmp_path / "cases.db", clock=ManualClock(T0))
        engine.localities.register(COUNTY, plugin)
        return engine

    with opened(Before()) as engine:
        in_a_lost_state(engine)
        engine.advance(plus(3))
        before = engine.rules_of(COUNTY).rules
        assert engine.store.applied_rules(COUNTY) == before
    with opened(After()) as engine:
        engine.advance(plus(3.5))
        assert engine.case("c").state == "accepted"
        assert engine.store.applied_rules(COUNTY) == engine.rules_of(COUNTY).rules != before
        assert engine.verify()


@given(st.lists(st.sampled_from(["accept", "dispatch", "wait", "arrive", "suspend", "whistle", "resolve"]), max_size=6))
def test_whatever_a_case_has_been_through_it_can_go_on_under_the_new_rules(tried: list[str]) -> None:
    engine = Engine.open(clock=ManualClock(T0))
    engine.localities.register(COUNTY, Before())
    report(engine)
    more = {"dispatch": {"to": "bureau"}, "whistle": {"units": ["bureau"]}, "suspend": {"until": plus(30)}}
    for number, action in enumerate(tried, 1):
        try:
            engine.act(action, "c", at=plus(number * 0.1), **more.get(action, {}))
        except GovernflowError:
            continue
    changed(engine)
    engine.advance(plus(31))
    case = engine.case("c")
    assert case.state in BASE.states
    assert case.unit in chart("office")
    assert engine.withdraw("c", at=plus(32)).state == "withdrawn"


# --- governflow upgrade -----------------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "cases.db"
    with Engine.open(path, clock=ManualClock(T0)) as engine:
        engine.localities.register(COUNTY, Before())
        in_a_lost_state(engine)
        engine.report(case_id="d", locality=f"{COUNTY}001", at=T0)
        engine.dispatch("d", to="bureau", at=plus(1))
        engine.report(case_id="e", locality=COUNTY, at=T0)
        engine.report(case_id="f", locality=COUNTY, at=T0)
        engine.dispatch("f", to="bureau", at=plus(1))
        engine.withdraw("f", at=plus(2))
        engine.report(case_id="g", locality="000000", at=T0)
    return path


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Callable[[object], None]:
    """Let every engine know a plugin of the county."""

    def use(plugin: object) -> None:
        begin = Localities.__init__

        def begun(self: Localities, **given: Any) -> None:
            begin(self, **given)
            self.register(COUNTY, plugin)

        monkeypatch.setattr(Localities, "__init__", begun)

    return use


def test_upgrade_names_the_open_cases_that_new_rules_know_nothing_of_and_writes_nothing(
    store: Path, installed: Callable[[object], None], governflow: Callable[..., Any]
) -> None:
    before = store.read_bytes()
    installed(After())
    done = governflow("upgrade", COUNTY, "--store", store, "--json")
    assert (done.status, done.err) == (1, "")
    assert (done.json["locality"], done.json["open"]) == (COUNTY, 3)
    c, d = done.json["concerned"]
    assert (c["case"], c["state"], c["then"]) == (
        "c",
        "waiting",
        {"lifecycle": "everyday", "state": "accepted", "unit": "intake"},
    )
    assert [lost["code"] for lost in c["lost"]] == ["no_state", "clock_gone"]
    assert (d["case"], d["locality"], d["unit"], d["then"]["unit"]) == ("d", f"{COUNTY}001", "bureau", "intake")
    assert [lost["code"] for lost in d["lost"]] == ["no_unit"]
    assert store.read_bytes() == before


@pytest.mark.parametrize(("lang", "words"), [("en", "2 of 3 open cases are concerned"), ("zh", "受影响 2 件")])
def test_upgrade_says_it_in_words(
    store: Path, installed: Callable[[object], None], governflow: Callable[..., Any], lang: str, words: str
) -> None:
    installed(After())
    done = governflow("upgrade", COUNTY, "--store", store, "--lang", lang)
    assert (done.status, words in done.out) == (1, True)


def test_upgrade_finds_nothing_where_nothing_is_gone(
    store: Path, installed: Callable[[object], None], governflow: Callable[..., Any]
) -> None:
    installed(Before())
    done = governflow("upgrade", COUNTY, "--store", store, "--json")
    assert (done.status, done.json["concerned"], done.json["open"]) == (0, [], 3)
