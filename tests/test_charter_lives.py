"""The laws about whole lives, clocks and ladders: each planted fault is caught by its law, and sound rules pass."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs
import pytest

from governflow import charter
from governflow.allowances import Allowance
from governflow.case import Case
from governflow.charter import living, walks
from governflow.charter.living import ADVANCE, Step, Walk
from governflow.charter.subject import Subject
from governflow.charter.verdicts import Failure
from governflow.clocks import PAUSES, ClockSpec
from governflow.hookspecs import Breach, Context, Deadlines, Escalation, Ruling, hookimpl
from governflow.lifecycle import BASE, Action, Lifecycle, Row, Way
from governflow.localities import Localities
from governflow.terms import Form, Kind, Mode, Tier, Urgency
from governflow.text import Text
from governflow.units import OrgChart, Unit

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
    monkeypatch.setattr(walks, "_RANDOM", 6)


def told(failures: list[Failure]) -> str:
    return " | ".join(failure.sentence.en for failure in failures)


# --- sound rules ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [CODE, UNDER_THE_LAW])
def test_sound_rules_break_no_law(code: str) -> None:
    sound = subject(code)
    assert {law: told(broken_by(law, sound)) for law in OF_LIVES} == dict.fromkeys(OF_LIVES, "")


# --- lifecycles -------------------------------------------------------------------------------------------------------


def everyday(**more: Any) -> Callable[[Lifecycle], dict[str, Lifecycle]]:
    """A lifecycle that the library itself would build."""
    return lambda base: {"everyday": base.derive("everyday", **more)}


def forced(*rows: Row, states: tuple[str, ...] = ()) -> Callable[[Lifecycle], dict[str, Lifecycle]]:
    """A lifecycle put together by hand, past the checks of `Lifecycle.build`."""

    def make(base: Lifecycle) -> dict[str, Lifecycle]:
        actions = {row.action: Action(row.action, f"{row.action}ed", WHY) for row in rows} | dict(base.actions)
        ways = dict(base.ways)
        for row in rows:
            for source in row.sources:
                way = Way(actions[row.action], source, row.target, None, False, False, False, (row.action,), ())
                ways[source, row.action] = (*ways.get((source, row.action), ()), way)
        known = {**base.states, **dict.fromkeys(states, WHY)}
        return {"everyday": attrs.evolve(base, states=known, actions=actions, rows=(*base.rows, *rows), ways=ways)}

    return make


UNSOUND = {
    "a state with no way out": (forced(Row("shelve", ("handling",), "limbo"), states=("limbo",)), "trap"),
    "a state that nothing leads to": (forced(Row("close", ("limbo",), "closed"), states=("limbo",)), "unreachable"),
    "two open ways for one action": (forced(Row("accept", ("reported",), "declined")), "two open ways"),
    "a state that nobody declared": (forced(Row("shelve", ("handling",), "nowhere")), "unknown state"),
}


@pytest.mark.parametrize("planted", UNSOUND)
def test_an_unsound_lifecycle_is_caught(planted: str) -> None:
    lifecycles, says = UNSOUND[planted]
    assert says in told(broken_by("lifecycle/sound", subject(lifecycles=lifecycles)))


def test_what_runs_is_checked_and_not_only_what_was_declared() -> None:
    def lifecycles(base: Lifecycle) -> dict[str, Lifecycle]:
        kept = {key: ways for key, ways in base.ways.items() if key != ("resolved", "answer")}
        stuck = {key: ways for key, ways in kept.items() if key[0] != "resolved"}
        return {"everyday": attrs.evolve(base, ways=stuck)}

    assert "'resolved' is a trap" in told(broken_by("lifecycle/sound", subject(lifecycles=lifecycles)))


# --- answers ----------------------------------------------------------------------------------------------------------

SHELVE = Action("shelve", "shelved", Text("shelve", "搁置"))
UNANSWERED = {
    "an answer that can be skipped": (everyday(add=[Row("close", ("resolved",), "closed")]), "nobody was answered"),
    "an evaluation that can be skipped": (everyday(add=[Row("close", ("answered",), "closed")]), "nobody judged"),
    "a case that is shelved": (
        everyday(actions=[SHELVE], add=[Row("shelve", ("dispatched", "handling"), "closed")]),
        "nobody was answered",
    ),
    "a refusal without a reason": (
        everyday(
            actions=[SHELVE], states={"refused": WHY}, ends=["refused"], add=[Row("shelve", ("reported",), "refused")]
        ),
        "nobody was answered",
    ),
    "a reopened case that is closed on its old answer": (
        everyday(add=[Row("close", ("accepted",), "closed")], forbid=[("reported", "accept")]),
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
    life = living.play(planted, Walk.read(failure.case))
    assert life.case is not None
    assert (life.case.state, life.case.answered) == ("closed", None)


# --- attended ---------------------------------------------------------------------------------------------------------


def clock(name: str, allowance: str, starts: str, stops: str, *traits: str) -> ClockSpec:
    starting, stopping = frozenset(starts.split()), frozenset(stops.split())
    return ClockSpec(name, WHY, Allowance.parse(allowance), starting, stopping, traits, f"planted/{name}", WHY)


def test_a_case_in_a_state_without_any_clock_is_caught() -> None:
    # A case may be closed from there, so that nobody looks for a clock; and nobody closes it.
    planted = subject(
        lifecycles=everyday(
            actions=[SHELVE],
            states={"shelved": WHY},
            add=[Row("shelve", ("handling",), "shelved"), Row("close", ("shelved",), "closed")],
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


@pytest.mark.parametrize("planted", NOT_POSITIVE)
def test_an_impossible_clock_is_caught(planted: str) -> None:
    code, spec, says = NOT_POSITIVE[planted]
    failures = broken_by("clock/positive", subject(code, deadlines=given(spec)))
    assert says in told(failures)
    assert failures[0].look_at.endswith(f" of {code}")


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


@pytest.mark.parametrize("planted", NOT_MONOTONE)
def test_what_is_more_urgent_and_later_is_caught(planted: str) -> None:
    hook = NOT_MONOTONE[planted]

    def deadlines(case: Case, context: Context) -> Deadlines:
        return hook(case, context)

    failures = broken_by("clock/monotone", subject(deadlines=deadlines))
    assert "5h" in told(failures)
    assert "planted/resolve" in failures[0].look_at


def test_a_deadline_that_is_dropped_in_an_emergency_is_caught() -> None:
    dropped = Deadlines(drop=("resolve",))

    def deadlines(context: Context) -> Deadlines | None:
        return dropped if context.mode is Mode.EMERGENCY else None

    assert "there is none where it is emergency" in told(broken_by("clock/monotone", subject(deadlines=deadlines)))


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
    assert failure.look_at == f"planted/ladder of {CODE}"
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


def test_the_same_locality_has_the_same_lives_every_time() -> None:
    first, second = ([life.events for life in walks.lives(subject())] for _ in range(2))
    assert first == second


def test_every_way_of_the_everyday_lifecycle_is_gone() -> None:
    gone = {
        (before, event.action)
        for life in walks.lives(subject())
        for before, event in zip(("start", *(event.state for event in life.events)), life.events, strict=False)
    }
    # A satisfied case is closed at once; and what needs a breach, a summons or an appeal is done where there is one.
    passing, needing = "evaluated", {"appeal", "rule", "check_in", "extend"}
    missing = {key for key in BASE.ways if key not in gone and key[0] != passing and key[1] not in needing}
    assert missing == set()
    assert needing <= {action for _, action in gone}


def test_a_walk_is_read_back_as_it_was_told() -> None:
    walk = Walk({"severity": "major"}, (Step(3, "dispatch", 1), Step(90, ADVANCE)))
    assert Walk.read(walk.as_case()) == walk


def test_a_failing_walk_is_shortened_to_what_makes_it_fail() -> None:
    steps = [Step(1, "note", number) for number in range(30)]
    steps[4], steps[21] = Step(1, "dispatch"), Step(1, "resolve")

    def fails(walk: Walk) -> bool:
        done = [step.do for step in walk.steps]
        return "dispatch" in done and "resolve" in done

    short = walks.shortened(Walk({"severity": "major"}, tuple(steps)), fails)
    assert [step.do for step in short.steps] == ["dispatch", "resolve"]
    assert short.told == {}


def test_a_refused_step_leaves_the_life_as_it_was() -> None:
    life = living.play(subject(), Walk({}, (Step(1, "answer"), Step(1, "dispatch"))))
    assert [event.kind for event in life.events] == ["reported", "dispatched"]
    assert life.broken == ""


def test_the_runner_lives_a_told_failure_again() -> None:
    planted = subject(escalate=ladder(_report_and_rest(None)))
    [verdict] = charter.check(planted.localities, CODE, laws=["escalation/ends"]).verdicts
    [again] = charter.check(planted.localities, CODE, laws=["escalation/ends"], case=verdict.failures[0].case).verdicts
    assert verdict.outcome == "failed"
    assert again.failures[0].sentence == verdict.failures[0].sentence


def test_at_the_level_search_lives_go_on_as_long_as_they_are_given() -> None:
    searched = subject()
    certified = sum(1 for _ in walks.lives(searched))
    longer = Subject(searched.localities, CODE, level="search", seconds=0.3)
    assert sum(1 for _ in walks.lives(longer)) > certified
