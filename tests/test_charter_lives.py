"""The laws about whole lives, clocks and ladders: each planted fault is caught by its law, and sound rules pass."""

import itertools
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest

from governflow.calendars.allowances import Allowance
from governflow.charter import check as charter
from governflow.charter.laws import escalation as ladders
from governflow.charter.lives import fault_injection as faltering
from governflow.charter.lives import scenarios
from governflow.charter.lives import simulation as living
from governflow.charter.lives.simulation import ADVANCE, FAIL, MEND, REASSESS, Scenario, ScenarioStep
from governflow.charter.model import Failure
from governflow.charter.subject import Subject
from governflow.engine import decide, rulings
from governflow.model.base_lifecycle import BASE
from governflow.model.case import Case
from governflow.model.clocks import LAPSES, PAUSES, ClockSpec
from governflow.model.lifecycle import Action, CompiledTransition, Lifecycle, Move
from governflow.model.terms import Form, Kind, Mode, Tier, Urgency
from governflow.model.units import OrgChart, Unit
from governflow.policy.hookspecs import Breach, Context, Deadlines, Escalation, Ruling, hookimpl
from governflow.policy.registry import Localities
from governflow.text import Text

#: No division code: only the defaults lie below it. One under the national statutes is needed where the law is asked.
CODE, UNDER_THE_LAW = "harbour", "990101"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WHY = Text("planted", "植入")


def unit(id: str, level: int, parent: str | None, *forms: Form, roles: tuple[str, ...] = ()) -> Unit:
    return Unit(id, Text(id, id), level, parent, forms, frozenset(roles), id)


UNITS = OrgChart.of(
    [
        unit("intake", 0, "leaders"),
        unit("village", 2, "town", Form.DIRECT, roles=("post",)),
        unit("town", 3, "joint", Form.VERIFY, Form.ASSIST),
        unit("water", 4, "joint", Form.LEAD),
        unit("roads", 4, "joint"),
        unit("joint", 5, "leaders", Form.JOINT),
        unit("leaders", 6, None, Form.STUDY),
    ]
)


class Plugin:
    """A locality of these hooks."""

    def __init__(self, **hooks: Callable[..., Any]) -> None:
        for name, function in {"units": lambda: UNITS, **hooks}.items():
            setattr(self, f"governflow_{name}", hookimpl(function))


def subject(code: str = CODE, only: dict[str, object] | None = None, **hooks: Callable[..., Any]) -> Subject:
    localities = Localities()
    localities.register(code, Plugin(**hooks))
    return Subject(localities, code, only=only)


def broken_by(law: str, of: Subject) -> list[Failure]:
    return list(charter.laws()[law].check(of))


OF_LIVES = (
    *("case/attended", "case/answered", "lifecycle/sound", "clock/positive", "clock/monotone", "clock/splits"),
    *("escalation/climbs", "escalation/ends", "replay/same"),
)


@pytest.fixture(autouse=True)
def a_few_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at few random lives: what is planted here shows in the planned ones, or soon."""
    monkeypatch.setattr(scenarios, "_RANDOM", 6)


def told(failures: list[Failure]) -> str:
    return " | ".join(failure.sentence.en for failure in failures)


# --- sound rules ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [CODE, pytest.param(UNDER_THE_LAW, marks=pytest.mark.slow)])
def test_sound_rules_break_no_law(code: str) -> None:
    sound = subject(code)
    assert {law: told(broken_by(law, sound)) for law in OF_LIVES} == dict.fromkeys(OF_LIVES, "")


# --- lifecycles -------------------------------------------------------------------------------------------------------


def everyday(**more: Any) -> Callable[[Lifecycle], dict[str, Lifecycle]]:
    """A lifecycle that the library itself would build."""
    return lambda base: {"everyday": base.derive("everyday", **more)}


def forced(*rows: Move, states: tuple[str, ...] = ()) -> Callable[[Lifecycle], dict[str, Lifecycle]]:
    """A lifecycle put together by hand, past the checks of `Lifecycle.build`."""

    def make(base: Lifecycle) -> dict[str, Lifecycle]:
        actions = {row.action: Action(row.action, f"{row.action}ed", WHY) for row in rows} | dict(base.actions)
        ways = dict(base.transitions)
        for row in rows:
            for source in row.sources:
                way = CompiledTransition(
                    actions[row.action], source, row.target, None, False, False, False, (row.action,), ()
                )
                ways[source, row.action] = (*ways.get((source, row.action), ()), way)
        known = {**base.states, **dict.fromkeys(states, WHY)}
        return {
            "everyday": attrs.evolve(base, states=known, actions=actions, rows=(*base.rows, *rows), transitions=ways)
        }

    return make


UNSOUND = {
    "a state with no way out": (forced(Move("shelve", ("handling",), "limbo"), states=("limbo",)), "trap"),
    "a state that nothing leads to": (forced(Move("close", ("limbo",), "closed"), states=("limbo",)), "unreachable"),
    "two open ways for one action": (forced(Move("accept", ("reported",), "declined")), "two open ways"),
    "a state that nobody declared": (forced(Move("shelve", ("handling",), "nowhere")), "unknown state"),
}


@pytest.mark.parametrize("planted", UNSOUND)
def test_an_unsound_lifecycle_is_caught(planted: str) -> None:
    lifecycles, says = UNSOUND[planted]
    assert says in told(broken_by("lifecycle/sound", subject(lifecycles=lifecycles)))


def test_what_runs_is_checked_and_not_only_what_was_declared() -> None:
    def lifecycles(base: Lifecycle) -> dict[str, Lifecycle]:
        kept = {key: ways for key, ways in base.transitions.items() if key != ("resolved", "answer")}
        stuck = {key: ways for key, ways in kept.items() if key[0] != "resolved"}
        return {"everyday": attrs.evolve(base, transitions=stuck)}

    assert "'resolved' is a trap" in told(broken_by("lifecycle/sound", subject(lifecycles=lifecycles)))


# --- answers ----------------------------------------------------------------------------------------------------------

SHELVE = Action("shelve", "shelved", Text("shelve", "搁置"))
UNANSWERED = {
    "an answer that can be skipped": (everyday(add=[Move("close", ("resolved",), "closed")]), "nobody was answered"),
    "an evaluation that can be skipped": (everyday(add=[Move("close", ("answered",), "closed")]), "nobody judged"),
    "a case that is shelved": (
        everyday(actions=[SHELVE], add=[Move("shelve", ("dispatched", "handling"), "closed")]),
        "nobody was answered",
    ),
    "a refusal without a reason": (
        everyday(
            actions=[SHELVE], states={"refused": WHY}, ends=["refused"], add=[Move("shelve", ("reported",), "refused")]
        ),
        "nobody was answered",
    ),
    "a reopened case that is closed on its old answer": (
        everyday(add=[Move("close", ("accepted",), "closed")], forbid=[("reported", "accept")]),
        "nobody was answered",
    ),
}


@pytest.mark.parametrize("planted", UNANSWERED)
def test_an_end_without_an_answer_is_caught_with_the_way_to_it(planted: str) -> None:
    lifecycles, says = UNANSWERED[planted]
    failures = broken_by("case/answered", subject(lifecycles=lifecycles))
    assert says in told(failures)
    last = failures[0].case["steps"][-1]  # type: ignore[index]
    assert last[1] in ("close", "shelve")


def test_the_told_way_really_leads_to_the_end_without_an_answer() -> None:
    planted = subject(lifecycles=UNANSWERED["a case that is shelved"][0])
    failure = broken_by("case/answered", planted)[0]
    life = living.play(planted, Scenario.read(failure.case))
    assert life.case is not None
    assert (life.case.state, life.case.answered) == ("closed", None)


# --- attended ---------------------------------------------------------------------------------------------------------


def clock(name: str, allowance: str, starts: str, stops: str, *traits: str) -> ClockSpec:
    starting, stopping = frozenset(starts.split()), frozenset(stops.split())
    return ClockSpec(name, WHY, Allowance.parse(allowance), starting, stopping, traits, f"planted/{name}", WHY)


@pytest.mark.slow
def test_a_case_in_a_state_without_any_clock_is_caught() -> None:
    # A case may be closed from there, so that nobody looks for a clock; and nobody closes it.
    planted = subject(
        lifecycles=everyday(
            actions=[SHELVE],
            states={"shelved": WHY},
            add=[Move("shelve", ("handling",), "shelved"), Move("close", ("shelved",), "closed")],
        ),
        deadlines=lambda: Deadlines(
            (clock("resolve", "2d", "dispatch", "resolve shelve", PAUSES),), drop=("whole", "arrive")
        ),
    )
    failures = broken_by("case/attended", planted)
    assert "left lying" in told(failures)
    assert [step[1] for step in failures[0].case["steps"]][-1] == "shelve"  # type: ignore[attr-defined]


# --- clocks -----------------------------------------------------------------------------------------------------------


def given(*specs: ClockSpec) -> Callable[[], Deadlines]:
    deadlines = Deadlines(specs)
    return lambda: deadlines


NOT_POSITIVE = {
    "a clock without end": (CODE, clock("resolve", "99999d", "dispatch", "resolve"), "cannot be used"),
    "a clock of years": (CODE, clock("resolve", "800d", "dispatch", "resolve"), "never ends"),
    "a clock that nothing stops": (CODE, clock("resolve", "2d", "dispatch", "finish"), "nothing stops"),
    "a clock longer than the law": (UNDER_THE_LAW, clock("resolve", "61cd", "dispatch", "resolve"), "the law gives"),
}


@pytest.mark.slow
@pytest.mark.parametrize("planted", NOT_POSITIVE)
def test_an_impossible_clock_is_caught(planted: str) -> None:
    code, spec, says = NOT_POSITIVE[planted]
    failures = broken_by("clock/positive", subject(code, deadlines=given(spec)))
    assert says in told(failures)
    assert str(failures[0].look_at).endswith(f" of {code}")


@pytest.mark.slow
def test_a_clock_as_long_as_the_law_allows_is_none() -> None:
    spec = clock("resolve", "60cd", "dispatch", "resolve")
    assert broken_by("clock/positive", subject(UNDER_THE_LAW, deadlines=given(spec))) == []


SLOW, QUICK = (
    given(clock("resolve", "5h", "dispatch", "resolve"))(),
    given(clock("resolve", "4h", "dispatch", "resolve"))(),
)
NOT_MONOTONE = {
    "an emergency that is slower": lambda case, context: SLOW if context.mode is Mode.EMERGENCY else QUICK,
    "urgent cases that are slower": lambda case, context: SLOW if case.urgency is Urgency.URGENT else QUICK,
    "the most urgent that are slower, at night": lambda case, context: (
        SLOW if case.urgency is Urgency.EMERGENCY and context.mode is Mode.EMERGENCY else QUICK
    ),
    "slower once it is dispatched": lambda case, context: (
        SLOW if case.urgency is Urgency.EMERGENCY and case.form is not None else QUICK
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("planted", NOT_MONOTONE)
def test_what_is_more_urgent_and_later_is_caught(planted: str) -> None:
    hook = NOT_MONOTONE[planted]

    def deadlines(case: Case, context: Context) -> Deadlines:
        return hook(case, context)

    failures = broken_by("clock/monotone", subject(deadlines=deadlines))
    assert "5h" in told(failures)
    assert "planted/resolve" in str(failures[0].look_at)


@pytest.mark.slow
def test_a_deadline_that_is_dropped_in_an_emergency_is_caught() -> None:
    dropped = Deadlines(drop=("resolve",))

    def deadlines(context: Context) -> Deadlines | None:
        return dropped if context.mode is Mode.EMERGENCY else None

    failures = broken_by("clock/monotone", subject(deadlines=deadlines))
    assert "there is none where it is emergency" in told(failures)
    look_at = failures[0].look_at
    assert look_at is not None
    assert look_at.say("en") == "governflow_deadlines; the clock is that of 54321/resolve/general of governflow"
    assert look_at.say("zh") == "governflow_deadlines；该时限出自 governflow 的 54321/resolve/general"


@pytest.mark.slow
def test_what_is_more_urgent_and_quicker_is_no_fault() -> None:
    def deadlines(case: Case) -> Deadlines:
        return SLOW if case.urgency is Urgency.NORMAL else QUICK

    assert broken_by("clock/monotone", subject(deadlines=deadlines)) == []


# --- ladders ----------------------------------------------------------------------------------------------------------

Ladder = Callable[[Case, Breach, Context], Escalation | None]


def ladder(climb: Ladder) -> Callable[[Case, Breach, Context], Ruling | None]:
    def escalate(case: Case, cause: Breach, context: Context) -> Ruling | None:
        answer = climb(case, cause, context)
        return Ruling(answer, WHY, "planted/ladder") if answer is not None else None

    return escalate


def take(to: str, form: Form | None = None) -> Escalation:
    return Escalation(Kind.TAKE_OVER, to, form, DAY)


def _circle(case: Case, cause: Breach, context: Context) -> Escalation | None:
    if cause.clock.name != "arrive" or cause.rung < 1:
        return None
    return take("roads" if case.unit == "water" else "water", Form.LEAD)


def _down(case: Case, cause: Breach, context: Context) -> Escalation | None:
    return take("village") if cause.holder == "joint" and cause.rung == 1 else None


def _stops(case: Case, cause: Breach, context: Context) -> Escalation | None:
    return Escalation(Kind.URGE, cause.holder, None, None) if cause.clock.name == "arrive" else None


def _urged_for_ever(case: Case, cause: Breach, context: Context) -> Escalation | None:
    return Escalation(Kind.URGE, cause.holder, None, DAY)


def _unknown_unit(case: Case, cause: Breach, context: Context) -> Escalation | None:
    return Escalation(Kind.SUPERVISE, "ministry", None, DAY) if cause.rung == 1 else None


def _to_itself(case: Case, cause: Breach, context: Context) -> Escalation | None:
    return take(cause.holder, case.form) if cause.rung == 1 and cause.clock.name == "answer" else None


def _raises(case: Case, cause: Breach, context: Context) -> Escalation | None:
    if cause.rung == 3:
        raise KeyError("fourth rung")
    return None


ASTRAY = {
    "a ladder that circles": (_circle, "circle"),
    "a ladder that goes down": (_down, "down from 'joint' to 'village'"),
    "a ladder that stops before its top": (_stops, "stops before its top"),
    "a ladder that never comes to its top": (_urged_for_ever, "never comes to the top"),
    "a ladder to a unit that does not exist": (_unknown_unit, "'ministry'"),
    "a takeover by whoever has it": (_to_itself, "circle"),
}


@pytest.mark.slow
@pytest.mark.parametrize("planted", ASTRAY)
def test_a_ladder_that_goes_astray_is_caught(planted: str) -> None:
    climb, says = ASTRAY[planted]
    failures = broken_by("escalation/climbs", subject(escalate=ladder(climb)))
    assert says in told(failures)


def _report_and_rest(again: timedelta | None) -> Ladder:
    def climb(case: Case, cause: Breach, context: Context) -> Escalation | None:
        if case.special is None:
            return Escalation(Kind.SPECIAL_REPORT, "leaders", None, again)
        return Escalation(Kind.URGE, cause.holder, None, again)

    return climb


def _never_reported(case: Case, cause: Breach, context: Context) -> Escalation | None:
    return Escalation(Kind.URGE, cause.holder, None, 7 * DAY)


SILENT = {
    "a report after which nobody is urged": (_report_and_rest(None), "falls silent"),
    "a report after which nobody is urged for months": (_report_and_rest(90 * DAY), "nobody is urged for"),
    "a top without a report": (_never_reported, "no special report"),
}


@pytest.mark.parametrize("planted", SILENT)
def test_silence_at_the_top_is_caught(planted: str) -> None:
    climb, says = SILENT[planted]
    assert says in told(broken_by("escalation/ends", subject(escalate=ladder(climb))))


def test_a_failure_of_a_ladder_names_its_rule_and_can_be_lived_again() -> None:
    hooks = {"escalate": ladder(_circle)}
    failure = broken_by("escalation/climbs", subject(**hooks))[0]
    assert str(failure.look_at) == f"planted/ladder of {CODE}"
    again = broken_by("escalation/climbs", subject(only=dict(failure.case), **hooks))
    assert [one.sentence for one in again] == [failure.sentence]


# --- splits and replay ------------------------------------------------------------------------------------------------


def _every_seventh() -> Ladder:
    counter = itertools.count()

    def climb(case: Case, cause: Breach, context: Context) -> Escalation | None:
        return Escalation(Kind.URGE, cause.holder, None, HOUR) if next(counter) % 7 == 3 else None

    return climb


def _every_fifth() -> Callable[[Case], Deadlines]:
    counter = itertools.count()
    return lambda case: SLOW if next(counter) % 5 == 2 else QUICK


def _alternating() -> Callable[[Case], Ruling]:
    tiers = itertools.cycle((Tier.ONE, Tier.TWO, Tier.THREE, Tier.TWO, Tier.THREE))
    return lambda case: Ruling(next(tiers), WHY, "planted/tier")


COUNTING: dict[str, Callable[[], dict[str, Callable[..., Any]]]] = {
    "a ladder that counts its calls": lambda: {"escalate": ladder(_every_seventh())},
    "deadlines that count their calls": lambda: {"deadlines": _every_fifth()},
    "tiers dealt in turn": lambda: {"tier": _alternating()},
}


@pytest.mark.slow
@pytest.mark.parametrize("planted", COUNTING)
def test_an_answer_that_differs_from_call_to_call_is_caught(planted: str) -> None:
    assert "comes out differently" in told(broken_by("clock/splits", subject(**COUNTING[planted]())))


def _changes_the_case(case: Case) -> None:
    case.__dict__["place"] = "elsewhere"


def _changes_the_holder(case: Case, cause: Breach) -> None:
    case.__dict__["unit"] = "village"


@pytest.mark.parametrize(
    "hooks", [{"tier": _changes_the_case}, {"escalate": _changes_the_holder}], ids=["tier", "ladder"]
)
def test_a_hook_that_changes_what_it_is_given_is_caught(hooks: dict[str, Callable[..., Any]]) -> None:
    assert "replaying the book gives another" in told(broken_by("replay/same", subject(**hooks)))


# --- the lives themselves ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_same_locality_has_the_same_lives_every_time() -> None:
    first, second = ([life.events for life in scenarios.lives(subject())] for _ in range(2))
    assert first == second


def test_every_way_of_the_everyday_lifecycle_is_gone() -> None:
    gone = {
        (before, event.action)
        for life in scenarios.lives(subject())
        for before, event in zip(("start", *(event.state for event in life.events)), life.events, strict=False)
    }
    # A satisfied case is closed at once; and what needs a breach, a summons or an appeal is done where there is one.
    passing, needing = "evaluated", {"appeal", "rule", "check_in", "extend"}
    missing = {key for key in BASE.transitions if key not in gone and key[0] != passing and key[1] not in needing}
    assert missing == set()
    assert needing <= {action for _, action in gone}


def test_a_walk_is_read_back_as_it_was_told() -> None:
    scenario = Scenario({"severity": "major"}, (ScenarioStep(3, "dispatch", 1), ScenarioStep(90, ADVANCE)))
    assert Scenario.read(scenario.as_case()) == scenario


def test_a_failing_walk_is_shortened_to_what_makes_it_fail() -> None:
    steps = [ScenarioStep(1, "note", number) for number in range(30)]
    steps[4], steps[21] = ScenarioStep(1, "dispatch"), ScenarioStep(1, "resolve")

    def look(scenario: Scenario) -> Scenario | None:
        done = [step.do for step in scenario.steps]
        return scenario if "dispatch" in done and "resolve" in done else None

    short = scenarios.shortened(Scenario({"severity": "major"}, tuple(steps)), look)
    assert short is not None
    assert [step.do for step in short.steps] == ["dispatch", "resolve"]
    assert short.reported_case == {}


def test_a_refused_step_leaves_the_life_as_it_was() -> None:
    life = living.play(subject(), Scenario({}, (ScenarioStep(1, "answer"), ScenarioStep(1, "dispatch"))))
    assert [event.kind for event in life.events] == ["reported", "dispatched"]
    assert life.broken == ""


def test_the_runner_lives_a_told_failure_again() -> None:
    planted = subject(escalate=ladder(_report_and_rest(None)))
    [verdict] = charter.check(planted.localities, CODE, laws=["escalation/ends"]).verdicts
    [again] = charter.check(planted.localities, CODE, laws=["escalation/ends"], case=verdict.failures[0].case).verdicts
    assert verdict.outcome == "failed"
    assert again.failures[0].sentence == verdict.failures[0].sentence


@pytest.mark.slow
def test_every_lifecycle_has_lives_also_one_whose_cases_are_not_dispatched_at_once() -> None:
    def lists(base: Lifecycle) -> dict[str, Lifecycle]:
        states = {"listed": WHY}
        rows = [Move("accept", ("reported",), "listed"), Move("claim", ("listed",), "claimed")]
        forbid = [("reported", "accept"), ("reported", "dispatch")]
        return {"lists": base.derive("lists", states=states, add=rows, forbid=forbid)}

    lived = {life.case.lifecycle for life in scenarios.lives(subject(lifecycles=lists)) if life.case is not None}
    assert lived == {"everyday", "lists"}


def test_lives_begin_at_other_times_of_the_year_too() -> None:
    days = {f"{life.events[0].at + 8 * HOUR:%m-%d}" for life in scenarios.lives(subject()) if life.events}
    assert {"03-02", "02-29", "12-31", "10-03", "10-10"} <= days


def test_a_life_is_told_without_english_words_in_chinese() -> None:
    told_in_chinese = Subject(Localities(), "371621", only={"steps": [[1, "dispatch", 0], [3 * 1440, "advance", 0]]})
    (life,) = scenarios.lives(told_in_chinese)
    lines = [line.zh.partition("［")[0] for line in life.said(told_in_chinese.policy, last=40)]
    assert len(lines) > 10
    assert [line for line in lines if re.search("[A-Za-z]{2,}", line)] == []


# --- rules that fail --------------------------------------------------------------------------------------------------


def _tiers_by_hand(case: Case) -> Ruling:
    return Ruling(Tier.ONE, WHY, "planted/tier")


@pytest.mark.parametrize("manner", range(faltering.MANNERS))
@pytest.mark.parametrize("hook", range(len(faltering.FAILING)))
def test_a_hook_that_fails_loses_no_case_and_stands_in_the_book(hook: int, manner: int) -> None:
    fails = ScenarioStep(0, FAIL, hook + manner * len(faltering.FAILING))
    acts = (
        ScenarioStep(0, "report"),
        ScenarioStep(1, "dispatch"),
        ScenarioStep(9, "arrive"),
        ScenarioStep(1, "resolve"),
        ScenarioStep(1, "answer"),
    )
    life = living.play(subject(tier=_tiers_by_hand), Scenario({}, (fails, *acts, ScenarioStep(5 * 1440, ADVANCE))))
    assert life.case is not None
    assert life.failed == {faltering.FAILING[hook]}
    assert (life.broken, life.swallowed, life.case.state) == ("", (), "closed")
    told_of = {fault["hook"] for event in life.events for fault in event.about.get("faults", ())}
    # Nothing was late, so that no ladder was asked.
    assert told_of == life.failed - {"governflow_escalate"}


def test_the_layer_below_answers_for_a_hook_that_fails_and_the_hook_again_when_it_is_mended() -> None:
    harbour = subject(tier=_tiers_by_hand)
    steps = (ScenarioStep(0, FAIL, faltering.FAILING.index("governflow_tier")), ScenarioStep(0, "report"))
    assert (living.play(harbour, Scenario({}, steps)).case or Case("")).tier is Tier.THREE
    mended = living.play(harbour, Scenario({}, (*steps, ScenarioStep(5, MEND), ScenarioStep(0, REASSESS))))
    assert (mended.case or Case("")).tier is Tier.ONE


def test_a_failing_that_the_book_does_not_tell_of_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (decide, rulings):
        monkeypatch.setattr(module, "triaged", lambda step, outcomes: outcomes)
    assert "failed, and the book does not say so" in told(broken_by("case/attended", subject(tier=_tiers_by_hand)))


# --- faults that show late in a life only -----------------------------------------------------------------------------


def _when(condition: Callable[[Case, Context], bool], answer: Any) -> Callable[[Case, Context], Any]:
    def hook(case: Case, context: Context) -> Any:
        return answer() if condition(case, context) else None

    return hook


def _raises_here() -> None:
    raise KeyError("here")


def _rung(condition: Callable[[Case, Breach], bool], climb: Callable[[Breach], Escalation]) -> dict[str, Any]:
    return {"escalate": ladder(lambda case, cause, context: climb(cause) if condition(case, cause) else None)}


def _rests(cause: Breach) -> Escalation:
    return Escalation(Kind.URGE, cause.holder, None, None)


def _of_years() -> Deadlines:
    return Deadlines((clock("resolve", "800d", "dispatch", "resolve"),))


def _local(context: Context) -> str:
    return f"{context.at.astimezone(ZoneInfo(context.zone)):%m-%d}"


def _slow_or_quick(condition: Callable[[Case], bool]) -> dict[str, Any]:
    return {"deadlines": lambda case: SLOW if condition(case) else QUICK}


LATE: dict[str, tuple[str, dict[str, Any], str]] = {
    "a route that fails after a reopening": (
        "case/attended",
        {"route": _when(lambda case, context: case.reopened > 0, _raises_here)},
        "governflow_route",
    ),
    "a tier that fails after an escalation": (
        "case/attended",
        {"tier": _when(lambda case, context: case.form is Form.LEAD, _raises_here)},
        "governflow_tier",
    ),
    "merits that fail at the answer": (
        "case/attended",
        {"merits": lambda event: _raises_here() if event.action == "answer" else None},
        "governflow_merits",
    ),
    "a clock of years while people confer": (
        "clock/positive",
        {"deadlines": _when(lambda case, context: case.state == "conferring", _of_years)},
        "never ends",
    ),
    "a clock of years after a reopening": (
        "clock/positive",
        {"deadlines": _when(lambda case, context: case.reopened > 0, _of_years)},
        "never ends",
    ),
    "a clock of years on the last day of the year": (
        "clock/positive",
        {"deadlines": _when(lambda case, context: _local(context) == "12-31", _of_years)},
        "never ends",
    ),
    "clocks that fail on a make-up workday": (
        "clock/positive",
        {"deadlines": _when(lambda case, context: _local(context) == "10-10", _raises_here)},
        "cannot be used",
    ),
    "urgent cases that are slower once they are handled": (
        "clock/monotone",
        _slow_or_quick(lambda case: case.urgency is Urgency.URGENT and case.state == "handling"),
        "5h",
    ),
    "urgent cases that are slower after a reopening": (
        "clock/monotone",
        _slow_or_quick(lambda case: case.urgency is Urgency.EMERGENCY and case.reopened > 0),
        "5h",
    ),
    "a ladder that stops after a reopening": (
        "escalation/climbs",
        _rung(lambda case, cause: case.reopened > 0, _rests),
        "stops before its top",
    ),
    "a ladder that stops for one unit that is chosen by hand": (
        "escalation/climbs",
        _rung(lambda case, cause: case.unit == "roads" and cause.rung == 1, _rests),
        "stops before its top",
    ),
    "a ladder that stops for the last post of a muster": (
        "escalation/climbs",
        {**_rung(lambda case, cause: cause.clock.name == "check_in:post-8", _rests), "units": lambda: POSTS},
        "stops before its top",
    ),
    "a ladder that stops for a promised date": (
        "escalation/climbs",
        _rung(lambda case, cause: cause.clock.name == "promise", _rests),
        "stops before its top",
    ),
    "silence at the top of a reopened case": (
        "escalation/ends",
        _rung(
            lambda case, cause: case.reopened > 0 and case.special is not None,
            lambda cause: Escalation(Kind.URGE, cause.holder, None, 90 * DAY),
        ),
        "nobody is urged",
    ),
    "a listener that changes the case": (
        "replay/same",
        {"recorded": lambda case: case.__dict__.update(place="elsewhere")},
        "another place",
    ),
}
POSTS = OrgChart.of(
    [*UNITS.units.values(), *(unit(f"post-{number}", 1, "village", roles=("post",)) for number in range(9))]
)


def _one_a_law_fast() -> Iterator[Any]:
    """Give each fault that shows late; the first of a law is a fast test, the others are slow."""
    laws: set[str] = set()
    for planted, (law, *_) in LATE.items():
        yield pytest.param(planted, marks=[pytest.mark.slow] if law in laws else [])
        laws.add(law)


@pytest.mark.parametrize("planted", list(_one_a_law_fast()))
def test_what_shows_late_in_a_life_only_is_caught(planted: str) -> None:
    law, hooks, says = LATE[planted]
    failures = broken_by(law, subject(**hooks))
    assert says in told(failures)


@pytest.mark.slow
def test_the_smallest_case_of_a_ladder_says_only_what_the_fault_needs() -> None:
    planted = subject(**_rung(lambda case, cause: case.urgency is Urgency.URGENT, _rests))
    (failure, *_) = broken_by("escalation/climbs", planted)
    assert failure.case.keys() - {"steps"} == {"urgency"}


def _limbo(base: Lifecycle) -> dict[str, Lifecycle]:
    wait = Action("wait", "waited", WHY)
    return {"everyday": base.derive("everyday", actions=[wait], add=[Move("wait", ("handling",), "suspended")])}


def _drawer(base: Lifecycle) -> dict[str, Lifecycle]:
    rows = [Move("shelve", ("handling",), "drawer"), Move("withdraw", ("drawer",), "withdrawn")]
    return {"everyday": base.derive("everyday", actions=[SHELVE], states={"drawer": WHY}, add=rows)}


def _another_table(base: Lifecycle) -> dict[str, Lifecycle]:
    close = base.transitions["evaluated", "close"]
    return {"everyday": attrs.evolve(base, transitions={**base.transitions, ("resolved", "close"): close})}


NOWHERE = {
    "a state that only a case which was there could come back to": (
        everyday(forbid=[(state, "confer") for state in ("dispatched", "claimed", "on_site", "handling")]),
        "'conferring' is unreachable",
    ),
    "a suspension without a way back": (_limbo, "'suspended' can only be withdrawn"),
    "a drawer": (_drawer, "'drawer' can only be withdrawn"),
    "a way that nobody declared": (_another_table, "does not run as its row says"),
}


@pytest.mark.parametrize("planted", NOWHERE)
def test_a_lifecycle_that_leads_nowhere_is_caught(planted: str) -> None:
    lifecycles, says = NOWHERE[planted]
    assert says in told(broken_by("lifecycle/sound", subject(lifecycles=lifecycles)))


def test_a_verdict_that_nobody_can_give_is_caught() -> None:
    def lifecycles(base: Lifecycle) -> dict[str, Lifecycle]:
        happy = [row for row in base.rows if row.guard != ("verdict", "unsatisfied")]
        build = {"states": base.states, "ends": base.ends, "actions": base.actions.values()}
        return {"everyday": Lifecycle.build("everyday", rows=happy, **build)}

    assert "cannot say that they are unsatisfied" in told(broken_by("case/answered", subject(lifecycles=lifecycles)))


def test_a_close_that_stops_the_clock_of_the_evaluation_is_no_evaluation() -> None:
    planted = subject(
        lifecycles=everyday(add=[Move("close", ("answered",), "closed")]),
        deadlines=lambda: Deadlines((clock("evaluate", "3d", "answer", "evaluate close", LAPSES),)),
    )
    assert "nobody judged" in told(broken_by("case/answered", planted))


@pytest.mark.slow
def test_rules_that_climb_for_ever_are_told_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    followed = [0]

    def counted(*given: Any) -> Any:
        for step in living.fallen(*given):
            followed[0] += 1
            yield step

    monkeypatch.setattr(ladders, "fallen", counted)
    assert "never comes to the top" in told(broken_by("escalation/climbs", subject(escalate=ladder(_urged_for_ever))))
    every = sum(1 for _ in ladders.ladders(subject()))
    assert followed[0] < every * ladders._ENDLESS / 4  # of what it would take to follow each one as far as it goes


# --- searching --------------------------------------------------------------------------------------------------------


def _found(seed: int) -> living.SimulatedCase:
    planted = subject(route=_when(lambda case, context: case.reopened > 0, _raises_here))
    search = Subject(planted.localities, CODE, level="search", seed=seed, seconds=60)

    def key(life: living.SimulatedCase) -> str:
        return "".join(fault.hook for fault in life.faults())

    return next(scenarios.searched(search, key, set()))


@pytest.mark.slow
def test_a_search_finds_a_short_life_and_the_same_one_for_the_same_seed() -> None:
    first, second = _found(7), _found(7)
    assert first.scenario == second.scenario
    assert "governflow_route" in {fault.hook for fault in first.faults()}
    assert len(first.scenario.steps) <= 12


class Searched(Subject):
    """A search whose time is up after so many looks at the clock, whatever the machine does meanwhile."""

    looks = 0

    @property
    def left(self) -> float:
        self.looks -= 1
        return float(max(0, self.looks))


def _searched(looks: int) -> Searched:
    search = Searched(subject().localities, CODE, level="search", seconds=60)
    search.looks = looks
    return search


def test_a_search_is_over_when_its_time_is() -> None:
    certified = sum(1 for _ in scenarios.lives(subject()))
    looked = _searched(certified // 4)
    assert list(charter.laws()["case/attended"].check(looked)) == []
    assert 0 < looked.examples < certified


@pytest.mark.slow
def test_a_search_goes_on_after_the_lives_of_the_plan() -> None:
    certified = sum(1 for _ in scenarios.lives(subject()))
    longer = _searched(3 * certified + 500)  # each life looks at the clock, and those that are drawn more often
    assert list(charter.laws()["case/answered"].check(longer)) == []
    assert longer.examples > certified
