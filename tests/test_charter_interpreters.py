"""The charter asks a second interpreter, and other circumstances: what it answers there, and what stops it."""

import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from riverside import COUNTY, County, subject
from riverside_faults import LooksAtTheClock

from governflow import Case, Text
from governflow.charter.answers.ask import asked
from governflow.charter.answers.remote import RemoteAnswers, WorkerEnvironment
from governflow.charter.check import check
from governflow.isolation.environment import OTHER_DAYS, fields_read, machine_showing, plugin_modules
from governflow.isolation.worker import Worker
from governflow.policy.registry import Localities

pytestmark = pytest.mark.usefixtures("defaults_as_they_were")


DIES = "import sys; sys.exit('a plugin\\nhas had enough')"
SLEEPS = "import time; time.sleep(60)"


@pytest.mark.parametrize("law", ["ruling/pure", "locality/isolated"])
def test_a_second_interpreter_that_dies_breaks_the_law_and_says_what_it_died_of(
    law: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("governflow.isolation.worker._COMMAND", (sys.executable, "-c", DIES))
    (verdict,) = check(subject(County()).localities, COUNTY, laws=[law], case={}).verdicts
    assert verdict.outcome == "failed"
    assert "another process could not answer" in verdict.failures[0].sentence.en
    assert "status 1: has had enough" in verdict.failures[0].sentence.en


def test_a_second_interpreter_that_does_not_come_back_is_told_and_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("governflow.isolation.worker._COMMAND", (sys.executable, "-c", SLEEPS))
    there = RemoteAnswers(subject(County()).localities, {COUNTY: [{}]}, WorkerEnvironment())
    assert there.answers(0.2) is None
    assert there.why is not None
    assert "in time" in there.why.en
    assert there.begun
    assert there.late


@pytest.mark.parametrize(("level", "outcome"), [("certify", "failed"), ("search", "passed")])
def test_a_second_interpreter_that_is_late_breaks_the_law_unless_the_time_of_a_search_is_up(
    level: str, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("governflow.isolation.worker._COMMAND", (sys.executable, "-c", SLEEPS))
    monkeypatch.setattr("governflow.charter.answers.remote.PATIENCE", 0.1)
    localities = subject(County()).localities
    (verdict,) = check(localities, COUNTY, level=level, seconds=0.1, laws=["locality/isolated"], case={}).verdicts
    assert verdict.outcome == outcome
    told = [failure.sentence for failure in verdict.failures] or [verdict.note or Text("", "")]
    assert "in time" in told[0].en


# --- plugins that are a file of their own -----------------------------------------------------------------------------

HEAD = f"""
import os
from datetime import timedelta

from governflow.policy.hookspecs import Escalation, Locality, Ruling, hookimpl
from governflow.model.terms import Kind, Tier
from governflow.text import Text

WHY = Text("because", "理由")


@hookimpl
def governflow_locality():
    return Locality("{COUNTY}", "河畔县", "Riverside County")

"""
BY_A_SET = """
@hookimpl
def governflow_tier(case):
    team = next(iter({"team01", "team02", "team03", "team04", "team05"}))
    return Ruling(Tier.TWO, WHY, "T1") if team in ("team01", "team02") else None
"""


@pytest.fixture
def pure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], Any]]:
    """Writes a plugin down, imports it, and gives the verdict on ``ruling/pure``."""
    names = []

    def looked_at(name: str, body: str) -> Any:
        (tmp_path / f"{name}.py").write_text(HEAD + body, encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        names.append(name)
        localities = Localities()
        localities.register(COUNTY, importlib.import_module(name))
        (verdict,) = check(localities, COUNTY, laws=["ruling/pure"], case={}).verdicts
        return verdict

    yield looked_at
    for name in names:
        del sys.modules[name]


@pytest.mark.slow
def test_the_order_of_a_set_gives_one_verdict_whatever_the_hashes_of_the_checking_process_start_from(
    tmp_path: Path,
) -> None:
    (tmp_path / "by_a_set.py").write_text(HEAD + BY_A_SET, encoding="utf-8")
    words = (
        "import by_a_set; from governflow.charter.check import check; "
        "from governflow.policy.registry import Localities; "
        f"here = Localities(); here.register('{COUNTY}', by_a_set); "
        f"verdict = check(here, '{COUNTY}', laws=['ruling/pure'], case={{}}).verdicts[0]; "
        "print(verdict.outcome, verdict.failures)"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", words],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(tmp_path)},
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        for seed in ("0", "5", "7")
    }
    assert len(said) == 1
    assert said.pop().startswith(b"failed")


def test_a_plugin_that_cannot_be_imported_on_another_machine_is_not_pure(pure: Callable[[str, str], Any]) -> None:
    verdict = pure("dies_elsewhere", 'if os.environ.get("USER") == "somebody":\n    raise KeyError("MYZONE")\n')
    assert verdict.outcome == "failed"
    assert "KeyError: 'MYZONE'" in verdict.failures[0].sentence.en


def test_rules_that_cannot_be_loaded_on_another_machine_are_not_pure(pure: Callable[[str, str], Any]) -> None:
    body = """
@hookimpl
def governflow_terms():
    if SOMEBODY:
        raise ValueError("only on this machine")
    return {}
"""
    verdict = pure("refused_elsewhere", f'SOMEBODY = os.environ.get("USER") == "somebody"\n{body}')
    assert verdict.outcome == "failed"
    assert "only on this machine" in verdict.failures[0].sentence.en


@pytest.mark.slow
def test_what_a_plugin_prints_as_it_ends_stands_in_nobodys_way(pure: Callable[[str, str], Any]) -> None:
    body = "import atexit\nprint('hello')\natexit.register(print, 'bye')\n"
    assert (pure("prints", body).outcome, pure("prints_and_draws", body + BY_A_SET).outcome) == ("passed", "failed")


def test_a_file_beside_a_plugin_does_not_shadow_what_governflow_stands_on(
    pure: Callable[[str, str], Any], tmp_path: Path
) -> None:
    (tmp_path / "attrs.py").write_text("x = 1\n", encoding="utf-8")
    assert pure("has_a_neighbour", "").outcome == "passed"


@pytest.mark.slow
def test_spans_that_come_from_another_process_are_no_difference_and_are_told_as_here(
    pure: Callable[[str, str], Any],
) -> None:
    body = """
@hookimpl
def governflow_escalate(case, cause):
    span = timedelta(days=2, hours=3) if FIRST and cause.rung == 1 else timedelta(hours=3)
    return Ruling(Escalation(Kind.URGE, cause.holder, None, span), WHY, "E1") if cause.rung < 2 else None
"""
    ladder = pure("ladder", 'FIRST = os.environ.get("USER") == "somebody"\n' + body)
    told = [line.en for line in ladder.failures[0].said]
    assert len(told) == 2
    assert "again after 180 min" in told[0]
    assert "again after 3060 min" in told[1]
    again = BY_A_SET.replace('"team02") else', '"team02") and case.reopened else')
    (failure,) = pure("ladder_and_set", "FIRST = False\n" + body + again).failures
    assert "(tier after a reopening)" in failure.sentence.en
    assert str(failure.look_at) == f"T1 of {COUNTY}"


@pytest.mark.slow
def test_pure_alone_begins_no_process_in_which_this_locality_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []

    class Seen(RemoteAnswers):
        def __init__(self, localities: Localities, cases: Any, how: WorkerEnvironment) -> None:
            begun.append(how)
            super().__init__(localities, cases, how)

    monkeypatch.setattr("governflow.charter.answers.remote.RemoteAnswers", Seen)
    assert check(subject(County()).localities, COUNTY, laws=["ruling/pure"], case={}).passed
    assert [how.without for how in begun if how.without] == []
    assert len({how.seed for how in begun}) >= 4


# --- other circumstances ----------------------------------------------------------------------------------------------


def test_on_another_day_a_plugin_sees_that_day_and_everybody_sees_today_again_afterwards() -> None:
    policy = subject(LooksAtTheClock()).policy
    before = datetime.now  # noqa: TID251
    with machine_showing(OTHER_DAYS[0], plugin_modules(policy)):
        assert date.today().year == 2031  # noqa: DTZ011
        assert isinstance(OTHER_DAYS[0], datetime)
    assert datetime.now == before  # noqa: TID251
    assert date.today().year != 2031  # noqa: DTZ011


def test_what_is_read_of_a_case_is_seen() -> None:
    case = Case("1", channel="app")
    with fields_read("channel") as read:
        assert read == set()
        assert case.channel == "app"
        assert read == {"channel"}
    assert case.channel == "app"


def test_a_second_interpreter_gives_a_sound_county_the_same_answers() -> None:
    county = subject(County())
    cases = [{}, {"severity": "major"}]
    heard = RemoteAnswers(county.localities, {COUNTY: cases}, WorkerEnvironment()).answers()
    assert heard is not None
    assert [one.digest for one in heard.cases[COUNTY]] == [asked(county.policy, case).plain.digest for case in cases]
    assert heard.tampered == []


def test_several_laws_may_go_by_the_answers_of_one_process() -> None:
    there = RemoteAnswers(subject(County()).localities, {COUNTY: [{}]}, WorkerEnvironment())
    assert there.answers() is there.answers() is not None
    assert there.why is None


def test_an_interpreter_is_kept_for_the_next_job_which_begins_with_nothing_of_the_last() -> None:
    with Worker(list, seed=3) as first:
        interpreter = first._interpreter
        first.ask(list.append, 1)
        assert first.answer(object, 60) is None
        first.ask(list.__len__)
        assert first.answer(int, 60) == 1
    with Worker(list, seed=3) as second:
        assert second._interpreter is interpreter
        second.ask(list.__len__)
        assert second.answer(int, 60) == 0


@pytest.mark.slow
def test_a_plugin_that_cannot_be_taken_elsewhere_is_asked_here_only() -> None:
    class Local(County):
        pass

    county = subject(Local())
    there = RemoteAnswers(county.localities, {COUNTY: [{}]}, WorkerEnvironment())
    assert there.answers() is None
    assert there.why is not None
    assert COUNTY in there.why.en
    for law in ("ruling/pure", "locality/isolated"):
        (verdict,) = check(county.localities, COUNTY, laws=[law]).verdicts
        assert verdict.outcome == "passed"
        assert verdict.note is not None  # what could not be looked at is never skipped in silence
