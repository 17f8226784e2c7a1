"""The public testing kit: cases, journals, localities and lives that are drawn, and an engine for tests."""

import io
import json
import re
import shlex
import tempfile
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from governflow import Engine, testing
from governflow.charter import check as charter
from governflow.charter.cases.reported import BEGIN
from governflow.charter.laws import timing
from governflow.charter.laws.lives import left_lying, unanswered
from governflow.charter.lives.scenarios import drawn
from governflow.charter.subject import Subject
from governflow.journal import Reject
from governflow.model.case import Case
from governflow.model.lifecycle import Action, Lifecycle, Move
from governflow.model.terms import Kind
from governflow.policy.hookspecs import Breach, Context, Escalation, Locality, Ruling, hookimpl
from governflow.policy.registry import Localities
from governflow.policy.stack import Policy
from governflow.run.runner import run
from governflow.tables import Table
from governflow.testing import ManualClock
from governflow.text import Text

EXAMPLES = settings.default.max_examples  # of the tier that runs; what costs more than others takes a part of it
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
#: One under the national statutes.
CODE = "990101"


class Harbour:
    """A locality with a tier by how many people are concerned, and what a test adds."""

    def __init__(self, **hooks: Callable[..., Any]) -> None:
        for name, function in hooks.items():
            setattr(self, f"governflow_{name}", hookimpl(function))

    @hookimpl
    def governflow_locality(self) -> Locality:
        return Locality(CODE, "海港县", "Harbour County", zone="Europe/Berlin")

    @hookimpl
    def governflow_tables(self) -> dict[str, Table]:
        text = "rule,people,tier\ndomain,0..100; default 0,\nT1,<30,3\nT2,>=30,1\n"
        return {"tier": Table.read(("tier.csv", text.encode()), name="tier")}


def harbour(**hooks: Callable[..., Any]) -> Localities:
    localities = Localities()
    localities.register(CODE, Harbour(**hooks))
    return localities


HARBOUR = harbour()


# --- docs/testing.md --------------------------------------------------------------------------------------------------

PAGE = (Path(__file__).parents[1] / "docs" / "testing.md").read_text(encoding="utf-8")


@pytest.mark.installed
def test_the_examples_of_the_page_run_and_print_what_it_shows() -> None:
    examples = re.findall(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?", PAGE, re.MULTILINE | re.DOTALL)
    assert len(examples) >= 6
    for code, shown in examples:
        out = io.StringIO()
        with redirect_stdout(out):
            exec(compile(code, "docs/testing.md", "exec"), {})
        if "print(" in code:
            assert out.getvalue() == shown


def test_the_page_lists_what_is_public() -> None:
    listed = set(re.findall(r"^\| `(\w+)", PAGE, re.MULTILINE))
    assert listed == set(testing.__all__) - {"Counted"}


# --- an engine --------------------------------------------------------------------------------------------------------


def test_an_engine_for_tests_stands_where_its_clock_does() -> None:
    clock = testing.ManualClock(datetime(2026, 9, 30, 8, tzinfo=UTC))
    with testing.engine(clock, localities=HARBOUR) as engine:
        case = engine.report(locality=CODE, facts={"people": 40})
        assert (case.opened, case.tier) == (clock.now(), "1")
        clock.tick(timedelta(minutes=6))
        assert [event.kind for event in engine.advance()] == ["warned", "breached", "urged"]


# --- cases ------------------------------------------------------------------------------------------------------------


@given(testing.cases(CODE, localities=HARBOUR))
def test_a_drawn_case_can_be_reported_as_it_is(told: dict[str, Any]) -> None:
    with testing.engine(localities=HARBOUR) as engine:
        assert engine.report(**told).locality == CODE


def test_cases_lie_on_both_sides_of_a_table_s_bounds() -> None:
    people: set[int] = set()

    @settings(max_examples=200, deadline=None, database=None, derandomize=True)
    @given(testing.cases(HARBOUR.policy(CODE)))
    def look(told: dict[str, Any]) -> None:
        people.add(told.get("facts", {}).get("people", 0))

    look()
    assert {0, 29, 30, 100} <= people


# --- journals ---------------------------------------------------------------------------------------------------------


def taken(rows: list[dict[str, str]], code: str, localities: Localities, **how: Any) -> tuple[Any, list[Reject]]:
    rejected: list[Reject] = []
    with tempfile.TemporaryDirectory() as folder, testing.engine(localities=localities) as engine:
        file = testing.written(rows, Path(folder) / "journal.csv")
        result = run(engine, file, locality=code, rejected=rejected.append, **how)
        return (result, list(engine.cases())), rejected


@settings(suppress_health_check=SLOW)
@given(testing.journals(CODE, localities=HARBOUR))
def test_every_row_of_a_drawn_journal_is_taken(rows: list[dict[str, str]]) -> None:
    (result, _), rejected = taken(rows, CODE, HARBOUR)
    assert [reject.say("en") for reject in rejected] == []
    assert result.taken == len(rows)


@pytest.mark.parametrize("code", ["371621", "520625", "320113007"])
@settings(max_examples=EXAMPLES // 5, suppress_health_check=SLOW)
@given(data=st.data())
def test_drawn_journals_speak_as_a_locality_does_and_are_taken(code: str, data: st.DataObject) -> None:
    rows = data.draw(testing.journals(code))
    (result, cases), rejected = taken(rows, code, Localities())
    assert [reject.say("en") for reject in rejected] == []
    assert result.taken == len(rows)
    assert len(cases) == len({row["事项编号"] for row in rows})


@pytest.mark.slow
@pytest.mark.parametrize("action", ["上报", "派单", "办结", "反馈", "评价", "不予受理"])
def test_journals_tell_whole_lives(action: str) -> None:
    # How soon it is drawn is Hypothesis's own affair, and another one in each version: it is enough that it comes.
    rows = find(
        testing.journals(CODE, localities=HARBOUR, cases=1, rows=25),
        lambda rows: any(row["动作"] == action for row in rows),
        settings=settings(
            max_examples=3000,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=SLOW,
        ),
    )
    assert rows[0]["动作"] == "上报"


# --- localities -------------------------------------------------------------------------------------------------------

QUICK = ("ruling/unambiguous", "lifecycle/sound", "clock/positive", "clock/monotone")


@pytest.mark.slow
@settings(max_examples=EXAMPLES // 25, suppress_health_check=SLOW)
@given(testing.policies())
def test_a_drawn_locality_is_lawful(policy: Policy) -> None:
    report = charter.check(testing.registered(policy), policy.code, laws=QUICK)
    assert [(one.law, one.failures) for one in report.verdicts if one.outcome != "passed"] == []


def test_drawn_localities_differ_in_everything_that_tools_look_at() -> None:
    seen: dict[str, set[object]] = {"zone": set(), "tables": set(), "code": set(), "close": set(), "units": set()}

    @settings(max_examples=40, deadline=None, database=None, derandomize=True, suppress_health_check=SLOW)
    @given(testing.policies())
    def look(policy: Policy) -> None:
        seen["zone"].add(policy.zone)
        seen["code"].add(policy.code)
        seen["tables"] |= set(dict(policy.tables)[policy.layers[0].source])
        seen["close"].add(("evaluated", "close") in policy.lifecycles["everyday"].transitions)
        seen["units"].add(len(policy.units.units))

    look()
    assert seen["tables"] == {"catalogue", "tier", "route", "deadlines"}
    assert all(len(values) > 1 for values in seen.values())


@settings(max_examples=EXAMPLES // 2, suppress_health_check=SLOW)
@given(policy=testing.policies(), data=st.data())
def test_in_any_locality_a_life_keeps_the_laws_and_time_may_be_cut_anywhere(
    policy: Policy, data: st.DataObject
) -> None:
    subject = Subject(testing.registered(policy), policy.code)
    life = drawn(subject, data)
    assert left_lying(life, subject.policy) is None
    assert unanswered(life, subject.policy) is None
    assert timing.backwards(life, subject.policy) is None
    assert timing.unlike(life, subject.policy) is None
    assert timing.differing(subject, life) is None


@settings(max_examples=EXAMPLES // 5, suppress_health_check=SLOW)
@given(policy=testing.policies(), data=st.data())
def test_in_any_locality_a_store_on_disk_keeps_what_memory_keeps(policy: Policy, data: st.DataObject) -> None:
    localities = testing.registered(policy)
    rows = data.draw(testing.journals(policy))
    (_, in_memory), _ = taken(rows, policy.code, localities)
    with (
        tempfile.TemporaryDirectory() as folder,
        Engine.open(Path(folder) / "cases.db", clock=ManualClock(BEGIN), localities=localities) as engine,
    ):
        run(
            engine,
            testing.written(rows, Path(folder) / "journal.csv"),
            locality=policy.code,
            rejected=lambda reject: pytest.fail(reject.say("en")),
        )
        assert list(engine.cases()) == in_memory
        engine.close()


# --- lives ------------------------------------------------------------------------------------------------------------

Lives = testing.lives(CODE, localities=HARBOUR)
Lives.TestCase.settings = settings(Lives.TestCase.settings, max_examples=EXAMPLES // 4)
TestLives = Lives.TestCase


def broken(localities: Localities, **how: Any) -> str:
    machine = testing.lives(CODE, localities=localities, **how)
    with pytest.raises(AssertionError) as raised:
        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            machine, settings=settings(machine.TestCase.settings, max_examples=300, database=None, derandomize=True)
        )
    return str(raised.value)


def _skipping(base: Lifecycle) -> dict[str, Lifecycle]:
    return {"everyday": base.derive("everyday", add=[Move("close", ("resolved",), "closed")])}


def test_a_life_in_which_an_answer_is_skipped_is_told_as_the_page_shows_with_the_command_that_shows_it() -> None:
    machine: Any = testing.lives(CODE, localities=harbour(lifecycles=_skipping))()
    machine.report(_drawn({}), later=None, failing=False)
    for action in ("resolve", "close"):
        machine.act(_drawn(action), after=0, pick=0)
    with pytest.raises(AssertionError) as raised:
        machine.the_laws_hold()
    story = str(raised.value).splitlines()
    assert f"{story[0]}\n" in PAGE
    assert f"{story[-1]}\n" in PAGE


def _drawn(value: object) -> SimpleNamespace:
    """What draws one value, whatever there is to draw from."""
    return SimpleNamespace(draw=lambda strategy, label=None: value)


def _ending_at_will(base: Lifecycle) -> dict[str, Lifecycle]:
    return {"everyday": base.derive("everyday", add=[Move("close", ("reported", "dispatched"), "closed")])}


@pytest.mark.slow
def test_lives_find_an_answer_that_can_be_skipped_and_give_a_command_that_shows_it_again() -> None:
    localities = harbour(lifecycles=_ending_at_will)
    story = broken(localities).splitlines()
    assert story[0].startswith("case/answered: ")
    *command, law, _, case = shlex.split(story[-1])
    assert command == ["governflow", "check", CODE, "--law"]
    assert not charter.check(localities, CODE, laws=[law], case=json.loads(case)).passed


def test_a_law_that_is_waived_is_not_looked_at() -> None:
    machine = testing.lives(CODE, localities=harbour(lifecycles=_skipping), without=["case/answered"])
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine, settings=settings(machine.TestCase.settings, max_examples=30, database=None, derandomize=True)
    )


def _no_more(case: Case, cause: Breach, context: Context) -> Ruling | None:
    if case.reopened and cause.rung == 1:
        return Ruling(Escalation(Kind.URGE, cause.holder, None, None), Text("that is it", "到此为止"), "ladder/no-more")
    return None


@pytest.mark.slow
def test_lives_find_a_ladder_that_stops_only_after_a_reopening() -> None:
    assert broken(harbour(escalate=_no_more)).startswith("escalation/climbs: ")


SHELVE = Action("shelve", "shelved", Text("shelve", "搁置"))


def _fails_when_reopened(case: Case) -> Ruling | None:
    if case.reopened:
        raise KeyError(case.state)
    return None


@pytest.mark.slow
def test_lives_find_a_hook_that_fails_only_after_a_reopening() -> None:
    told = broken(harbour(route=_fails_when_reopened))
    assert told.startswith("case/attended: ")
    assert f"governflow_route of {CODE}" in told
