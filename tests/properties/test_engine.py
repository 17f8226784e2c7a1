"""Whatever happens to cases, in whatever order, what the engine promises holds after every step.

The same commands go to an engine in memory and to one on SQLite; their events must be equal.
"""

import tempfile
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from governflow import Actor, Case, Engine, Event, GovernflowError, hookimpl
from governflow.model.case import evolve, fold
from governflow.model.clocks import Clock
from governflow.model.lifecycle import Lifecycle
from governflow.model.terms import Exempt, Outcome
from governflow.policy.hookspecs import Deadlines
from governflow.policy.registry import Localities
from governflow.testing import ManualClock, counted

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
UNITS = ("intake", "community", "street", "department", "departments", "leader", "Bureau of Lamps")
CASES = ("a", "b", "c")
SPANS = (
    timedelta(0),
    timedelta(microseconds=1),
    timedelta(seconds=59),
    MINUTE,
    4 * MINUTE,
    5 * MINUTE,
    30 * MINUTE,
    40 * MINUTE,
    timedelta(hours=5),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=8),
    timedelta(days=61),
)


class Bare:
    """A locality that leaves out the clocks which usually cover every state, and closes nothing without a revisit."""

    DEADLINES = Deadlines(drop=("whole", "arrive", "evaluate"))

    @hookimpl
    def governflow_deadlines(self) -> Deadlines:
        return self.DEADLINES

    @hookimpl
    def governflow_lifecycles(self, base: Lifecycle) -> dict[str, Lifecycle]:
        return {"revisited": base.derive("revisited", forbid=[("evaluated", "close")])}


def open_engine(path: Path | None = None) -> Engine:
    localities = Localities()
    localities.register("371621", Bare())
    return Engine.open(path, clock=ManualClock(T0), entropy=counted(), localities=localities)


# --- what can be asked of an engine -----------------------------------------------------------------------------------

spans = st.one_of(st.sampled_from(SPANS), st.integers(0, 60 * 24 * 30).map(lambda minutes: timedelta(minutes=minutes)))
#: A minute or an hour leaves more of a case's life than a month does.
short_spans = st.one_of(st.sampled_from(SPANS[:9]), st.integers(0, 90).map(lambda minutes: timedelta(minutes=minutes)))
reports = st.fixed_dictionaries(
    {
        "locality": st.sampled_from(["000000", "371621"]),
        "severity": st.sampled_from([None, "general", "complex", "major"]),
        "visit": st.booleans(),
        "asked": st.booleans(),
        "text": st.sampled_from(["", "dark"]),
    }
)
units = st.sampled_from(UNITS)
numbers = st.integers(0, 5)
DETAILS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "decline": st.just({"reason": "not ours"}),
    "dispatch": st.fixed_dictionaries({"to": st.one_of(st.none(), units)}),
    "return": st.just({}),
    "confer": st.fixed_dictionaries({"until": st.one_of(st.none(), spans)}),
    "suspend": st.fixed_dictionaries({"until": st.one_of(st.none(), spans)}),
    "transfer": st.fixed_dictionaries({"to": units}),
    "escalate": st.fixed_dictionaries(
        {
            "to": st.one_of(st.none(), units),
            "form": st.sampled_from([None, "direct", "verify", "assist", "lead", "joint", "study"]),
        }
    ),
    "whistle": st.fixed_dictionaries({"units": st.lists(units, min_size=1, max_size=2, unique=True)}),
    "check_in": st.fixed_dictionaries({"unit": units}),
    "evaluate": st.fixed_dictionaries({"score": st.integers(1, 5)}),
    "revisit": st.fixed_dictionaries({"recurred": st.booleans()}),
    "extend": st.fixed_dictionaries(
        {
            "clock": st.sampled_from([None, "dispatch", "arrive", "resolve", "answer", "whole", "evaluate"]),
            "allowance": st.sampled_from(["30min", "2d"]),
            "approved_by": st.just("leader"),
            "reason": st.just("snow"),
        }
    ),
    "reclassify": st.one_of(
        st.fixed_dictionaries({"severity": st.sampled_from(["general", "complex", "major"])}),
        st.fixed_dictionaries({"urgency": st.sampled_from(["normal", "urgent", "emergency"])}),
    ),
    "appeal": st.just({"reason": "the line was down"}),
    "rule": st.fixed_dictionaries({"granted": st.booleans()}),
    "note": st.just({"text": "seen"}),
    "merge": st.fixed_dictionaries({"into": st.sampled_from(CASES)}),
}
PLAIN = ("accept", "claim", "arrive", "begin", "resume", "resolve", "answer", "close", "inform", "urge", "withdraw")
#: Weighted: what leads a case on comes more often than what ends it.
WEIGHTS = {
    **dict.fromkeys(("merge", "withdraw", "decline", "note", "urge", "inform", "appeal", "rule"), 1),
    **dict.fromkeys(("suspend", "resume", "reclassify", "extend"), 8),
}
ACTIONS = [action for action in (*DETAILS, *PLAIN) for _ in range(WEIGHTS.get(action, 4))]
actions = st.sampled_from(ACTIONS).flatmap(lambda action: st.tuples(st.just(action), DETAILS.get(action, st.just({}))))


def told(details: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Spans of time become moments."""
    return {name: at + value if isinstance(value, timedelta) else value for name, value in details.items()}


# --- what always holds ------------------------------------------------------------------------------------------------


def finished(case: Case) -> Iterable[Clock]:
    return (clock for clock in case.all_clocks if clock.stopped is not None)


def check_case(engine: Engine, case: Case) -> None:
    policy = engine.localities.policy(case.locality)
    history = engine.history(case.id)
    assert fold(history) == case
    assert case.version == len(history)
    life = [replace(event, seq=number) for number, event in enumerate(engine.life(case.id), 1)]
    assert vars(fold(life)) | {"version": case.version} == vars(case)
    assert [event.at for event in life] == sorted(event.at for event in life)
    if case.state in policy.lifecycles[case.lifecycle].ends:
        assert all(clock.stopped is not None for clock in case.clocks.values())
        assert case.next_event_at is None
    else:
        assert case.unit in policy.units
        dated = case.state == "suspended" and case.suspended_until is not None
        assert dated or any(clock.running for clock in case.clocks.values())
    for clock in finished(case):
        assert clock.stopped is not None
        assert clock.stopped >= clock.started
        assert clock.outcome not in (Outcome.RUNNING, Outcome.PAUSED)
    check_events(engine, case, life)


def check_events(engine: Engine, case: Case, life: list[Event]) -> None:
    units = engine.localities.policy(case.locality).units
    before: Case | None = None
    fell: dict[str, datetime] = {}
    touched: dict[str, datetime] = {}
    for event in life:
        after = evolve(before, event)
        if event.kind in ("warned", "urged", "supervised", "taken_over", "special_report_filed"):
            mark = event.about.get("clock") or event.about.get("escalation", {}).get("clock")
            # What falls due by itself is never made up for a time before the clock was last decided about.
            assert mark is None or event.at >= touched[mark], (event.kind, mark, event.at, touched[mark])
        if event.kind != "breached":
            touched |= {f"{clock.name}#{clock.cycle}": event.at for clock in event.clocks}
        if event.kind == "breached":
            mark = event.about["clock"]
            (clock,) = [clock for clock in event.clocks if f"{clock.name}#{clock.cycle}" == mark]
            assert event.at == clock.due
            # A breach is recorded once, unless the clock was given another due time, missed in its turn.
            assert mark not in fell or fell[mark] < event.at
            assert [miss.at for miss in clock.misses][-1] == event.at
            fell[mark] = event.at
        if before is not None and event.kind in ("taken_over", "escalated"):
            assert units.level(after.unit, after.form) >= units.level(before.unit, before.form)
        before = after
    for clock in case.all_clocks:
        mark = f"{clock.name}#{clock.cycle}"
        assert (clock.outcome is Outcome.BREACHED) == (mark in fell)
        if clock.exempt is Exempt.DISPROVED:
            # Something told late, but done in time, disproves a breach: a stop, a pause, or another due time.
            done = [clock.stopped, clock.paused, *(since for since, _ in clock.pauses)]
            assert any(at <= fell[mark] for at in done if at is not None) or clock.due > fell[mark]


def check_nothing_is_overdue(engine: Engine) -> None:
    """After an advance every deadline that has passed is known to have passed."""
    now = engine.now
    assert now is not None
    for case in engine.cases():
        assert case.next_event_at is None or case.next_event_at >= now
        for clock in case.clocks.values():
            if clock.running and clock.due < now:
                assert clock.outcome is Outcome.BREACHED


class Lives(RuleBasedStateMachine):
    """Up to three cases, in two localities, on two stores."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.engines = (open_engine(), open_engine(Path(self.folder.name) / "cases.db"))
        self.now = T0
        self.ended: dict[tuple[str, str, int], Clock] = {}
        self.checked: dict[str, int] = {}

    def both(self, do: str, **details: Any) -> Any:
        """Do the same on both engines: they must answer alike."""
        answers = []
        for engine in self.engines:
            try:
                answers.append(getattr(engine, do)(**details))
            except GovernflowError as refused:
                answers.append((type(refused), str(refused)))
        assert answers[0] == answers[1]
        return answers[0]

    def known(self, number: int) -> Case:
        cases = list(self.engines[0].cases())
        return cases[number % len(cases)]

    @initialize(details=reports)
    def begin(self, details: dict[str, Any]) -> None:
        self.both("report", case_id="a", at=self.now, by=Actor("desk"), **details)

    @precondition(lambda self: len(list(self.engines[0].cases())) < len(CASES))
    @rule(details=reports, after=spans, revisited=st.booleans())
    def report(self, details: dict[str, Any], after: timedelta, revisited: bool) -> None:  # noqa: FBT001
        self.now += after
        if details["locality"] == "371621" and revisited:
            details["lifecycle"] = "revisited"
        name = CASES[len(list(self.engines[0].cases()))]
        self.both("report", case_id=name, at=self.now, by=Actor("desk"), **details)

    def act(self, case_id: str, action: str, details: dict[str, Any], at: datetime) -> None:
        self.both("act", action=action, case_id=case_id, at=at, by=Actor("clerk", unit="street"), **told(details, at))

    def draw(self, data: st.DataObject, case: Case) -> tuple[str, dict[str, Any]]:
        """Draw something that this very case allows, about the clocks and units that it has."""
        lifecycle = self.engines[0].localities.policy(case.locality).lifecycles[case.lifecycle]
        action = data.draw(st.sampled_from([name for name in ACTIONS if (case.state, name) in lifecycle.transitions]))
        details = data.draw(DETAILS.get(action, st.just({})))
        unfinished = [clock.name for clock in case.clocks.values() if clock.stopped is None]
        waiting = [name.partition(":")[2] for name in unfinished if name.startswith("check_in:")]
        if action == "extend" and unfinished:
            details = {**details, "clock": data.draw(st.sampled_from(unfinished))}
        if action == "check_in" and waiting:
            details = {"unit": data.draw(st.sampled_from(waiting))}
        return action, details

    @rule(number=numbers, data=st.data(), after=short_spans)
    def act_as_the_lifecycle_allows(self, number: int, data: st.DataObject, after: timedelta) -> None:
        case = self.known(number)
        self.now += after
        self.act(case.id, *self.draw(data, case), self.now)

    @rule(number=numbers, data=st.data(), after=short_spans)
    def act_again_as_the_lifecycle_allows(self, number: int, data: st.DataObject, after: timedelta) -> None:
        for _ in range(3):
            self.act_as_the_lifecycle_allows(number, data, after)

    @rule(number=numbers, data=st.data(), share=st.sampled_from([0, 1, 50, 99, 100]))
    def learn_late(self, number: int, data: st.DataObject, share: int) -> None:
        case = self.known(number)
        since = min(case.last_changed_at or self.now, self.now)
        self.act(case.id, *self.draw(data, case), since + (self.now - since) * share // 100)

    @rule(case_id=st.sampled_from(CASES), asked=actions, ago=st.one_of(st.just(timedelta(0)), spans))
    def ask_for_anything_at_any_time(self, case_id: str, asked: tuple[str, dict[str, Any]], ago: timedelta) -> None:
        self.act(case_id, *asked, self.now - ago)

    @rule(number=numbers, data=st.data())
    def act_at_the_very_moment_when_something_falls_due(self, number: int, data: st.DataObject) -> None:
        case = self.known(number)
        if case.next_event_at is None or case.next_event_at < self.now:
            return
        self.now = case.next_event_at
        self.act(case.id, *self.draw(data, case), self.now)

    @rule(after=st.one_of(short_spans, spans))
    def advance(self, after: timedelta) -> None:
        self.now += after
        self.both("advance", to=self.now)
        for engine in self.engines:
            check_nothing_is_overdue(engine)

    @rule(case_id=st.sampled_from(CASES))
    def ask_the_rules_anew(self, case_id: str) -> None:
        self.both("reassess", case_id=case_id, at=self.now)

    @rule(case_id=st.sampled_from(CASES))
    def forget(self, case_id: str) -> None:
        self.both("forget", case_id=case_id, at=self.now)

    @invariant()
    def every_promise_holds(self) -> None:
        memory, sqlite = self.engines
        for case in memory.cases():
            if self.checked.get(case.id) == case.version:
                continue
            self.checked[case.id] = case.version
            assert sqlite.case(case.id) == case
            assert sqlite.history(case.id) == memory.history(case.id)
            assert sqlite.texts(case.id) == memory.texts(case.id)
            check_case(memory, case)
            if memory.history(case.id)[-1].kind == "amended":  # it has had another life since
                self.ended = {key: clock for key, clock in self.ended.items() if key[0] != case.id}
            for clock in finished(case):
                kept = self.ended.setdefault((case.id, clock.name, clock.cycle), clock)
                assert finished_as(kept) == finished_as(clock)
                assert kept.exempt in (None, clock.exempt)

    def teardown(self) -> None:
        memory, sqlite = self.engines
        assert memory.verify() == sqlite.verify()
        sqlite.close()
        with open_engine(Path(self.folder.name) / "cases.db") as again:
            assert list(again.cases()) == list(memory.cases())
        self.folder.cleanup()


def finished_as(clock: Clock) -> tuple[Any, ...]:
    """All that a finished clock says, but for its exemption."""
    return (
        clock.name,
        clock.cycle,
        clock.started,
        clock.due,
        clock.allowance,
        clock.outcome,
        clock.stopped,
        clock.original,
        clock.pauses,
        clock.rung,
        clock.next_rung_at,
        clock.duty,
    )


Lives.TestCase.settings = settings(
    stateful_step_count=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
TestLives = Lives.TestCase


# --- how time is cut makes no difference ------------------------------------------------------------------------------

steps = st.lists(st.tuples(st.sampled_from(CASES), actions, spans), max_size=12)


def play(
    engine: Engine,
    given_reports: list[dict[str, Any]],
    commands: list[tuple[str, tuple[str, dict[str, Any]], timedelta]],
    cuts: list[timedelta],
    leap: timedelta,
) -> None:
    """Play commands, advancing in between as the cuts say, and in the end over the leap."""
    at = T0
    for name, details in zip(CASES, given_reports, strict=False):
        engine.report(case_id=name, at=at, **details)
    for number, (case_id, (action, details), after) in enumerate(commands):
        cut = cuts[number] if number < len(cuts) else None
        if cut is not None and cut < after:
            engine.advance(at + cut)
        at += after
        with suppress(GovernflowError):
            engine.act(action, case_id, at=at, **told(details, at))
    for cut in sorted(cuts):
        if cut < leap and (engine.now is None or at + cut >= engine.now):
            engine.advance(at + cut)
    engine.advance(at + leap)


def histories(engine: Engine) -> list[list[Event]]:
    return [engine.history(case.id) for case in engine.cases()]


@given(st.lists(reports, min_size=1, max_size=3), steps, st.lists(spans, max_size=8), spans)
def test_many_small_advances_leave_the_same_events_as_one_leap(
    given_reports: list[dict[str, Any]],
    commands: list[tuple[str, tuple[str, dict[str, Any]], timedelta]],
    cuts: list[timedelta],
    leap: timedelta,
) -> None:
    cut, whole = open_engine(), open_engine()
    play(cut, given_reports, commands, cuts, leap)
    play(whole, given_reports, commands, [], leap)
    assert histories(cut) == histories(whole)


@given(st.lists(reports, min_size=1, max_size=3), steps, st.lists(spans, max_size=4), spans)
def test_the_same_commands_leave_the_same_ledger(
    given_reports: list[dict[str, Any]],
    commands: list[tuple[str, tuple[str, dict[str, Any]], timedelta]],
    cuts: list[timedelta],
    leap: timedelta,
) -> None:
    first, second = open_engine(), open_engine()
    play(first, given_reports, commands, cuts, leap)
    play(second, given_reports, commands, cuts, leap)
    assert first.verify() == second.verify()
    assert [fold(history) for history in histories(first)] == list(second.cases())


@given(st.lists(st.tuples(st.sampled_from(SPANS), st.sampled_from(["advance", "dispatch", "arrive"])), max_size=8))
def test_what_the_engine_fires_comes_in_due_order(moves: list[tuple[timedelta, str]]) -> None:
    engine = open_engine()
    at = T0
    for number, name in enumerate(CASES):
        engine.report(case_id=name, at=T0 + number * MINUTE)
    for number, (span, move) in enumerate(moves):
        at += max(span, 3 * MINUTE)
        if move == "advance":
            moments = [event.at for event in engine.advance(at)]
            assert moments == sorted(moments)
        else:
            with suppress(GovernflowError):
                engine.act(move, CASES[number % len(CASES)], at=at)
