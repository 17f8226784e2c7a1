"""Which command it is, who acts, and what a refused command leaves behind: the denial and nothing else."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governflow import Actor, ClockBackwards, CommandError, Engine, GovernflowError, IllegalAction, NotAllowed
from governflow.engine.session import SKEW
from governflow.stores import SQLiteStore
from governflow.testing import ManualClock

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ME = Actor("王小明")


def plus(minutes: float) -> datetime:
    return T0 + minutes * MINUTE


@pytest.fixture
def watch() -> ManualClock:
    return ManualClock(T0)


@pytest.fixture(params=["memory", "sqlite"])
def engine(request: pytest.FixtureRequest, tmp_path: Path, watch: ManualClock) -> Iterator[Engine]:
    with Engine.open(None if request.param == "memory" else tmp_path / "cases.db", clock=watch) as opened:
        yield opened


def kinds(engine: Engine, case: str = "c") -> list[str]:
    return [event.kind for event in engine.history(case)]


# --- refused commands -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ahead", [MINUTE, DAY, 366 * DAY, 3660 * DAY])
def test_a_denied_command_leaves_its_denial_and_fires_nothing_however_far_ahead_it_is(
    engine: Engine, ahead: timedelta
) -> None:
    engine.report(case_id="c", at=T0)
    before = engine.dispatch("c", to="street", at=plus(3))
    with pytest.raises(NotAllowed):
        engine.urge("c", by=Actor("w", "community"), at=plus(3) + ahead)
    (denied,) = engine.history("c")[before.version :]
    assert (denied.kind, denied.at) == ("denied", plus(3) + ahead)
    assert engine.now is None
    after = engine.case("c")
    assert (after.state, after.unit, after.clocks, after.special) == (
        before.state,
        before.unit,
        before.clocks,
        before.special,
    )
    # Whoever comes in time is heard.
    assert engine.arrive("c", by=Actor("w", "street"), at=plus(4)).state == "on_site"


@pytest.mark.parametrize("ahead", [MINUTE, 366 * DAY])
def test_an_illegal_command_leaves_nothing_at_all(engine: Engine, ahead: timedelta) -> None:
    before = engine.report(case_id="c", at=T0)
    with pytest.raises(IllegalAction):
        engine.answer("c", at=T0 + ahead)
    assert engine.case("c") == before
    assert engine.now is None


#: What is refused of a case that the street holds: by the rules, by the lifecycle, or by the action itself.
_REFUSED: dict[str, dict[str, Any]] = {
    "urge": {"by": Actor("w", "community")},
    "answer": {},
    "check_in": {"unit": "street"},
    "evaluate": {"satisfied": True},
}


@given(st.lists(st.tuples(st.integers(0, 600_000), st.sampled_from(sorted(_REFUSED))), max_size=4))
def test_a_life_with_refusals_in_it_is_the_life_without_them(refused: list[tuple[int, str]]) -> None:
    lives = []
    for tried in ([], refused):
        engine = Engine.open(clock=ManualClock(T0))
        engine.report(case_id="c", at=T0)
        engine.dispatch("c", to="street", at=plus(1))
        for minutes, action in tried:
            with pytest.raises(GovernflowError):
                engine.act(action, "c", at=plus(2 + minutes), **_REFUSED[action])
        engine.arrive("c", at=plus(20))
        engine.advance(plus(400))
        lives.append([event for event in engine.history("c") if event.kind != "denied"])
    first, second = ([(event.kind, event.at, event.changes, event.clocks) for event in life] for life in lives)
    assert first == second


# --- command ids ------------------------------------------------------------------------------------------------------

OTHER_COMMANDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "another case": ("dispatch", "b", {"to": "street", "at": plus(1)}),
    "another action": ("escalate", "a", {"to": "street", "at": plus(1)}),
    "another moment": ("dispatch", "a", {"to": "street", "at": plus(2)}),
    "another actor": ("dispatch", "a", {"to": "street", "at": plus(1), "by": Actor("平台3", "intake")}),
    "other details": ("dispatch", "a", {"to": "community", "at": plus(1)}),
}


@pytest.mark.parametrize("which", OTHER_COMMANDS)
def test_a_command_id_that_comes_again_with_another_command_is_refused(engine: Engine, which: str) -> None:
    for case in ("a", "b"):
        engine.report(case_id=case, at=T0)
    engine.dispatch("a", to="street", at=plus(1), command_id="k")
    before = [engine.case(case) for case in ("a", "b")]
    action, case, details = OTHER_COMMANDS[which]
    with pytest.raises(CommandError, match="the command id k belongs to another command, about case a") as refused:
        engine.act(action, case, command_id="k", **details)
    assert refused.value.text.zh == "指令编号“k”已用于另一条指令（事项 a）：每条指令应使用自己的编号"
    assert [engine.case(case) for case in ("a", "b")] == before


def test_a_command_that_says_the_same_in_other_words_is_the_same_command(engine: Engine) -> None:
    engine.report(case_id="a", at=T0)
    first = engine.dispatch("a", at=plus(1), command_id=b"k")
    local = plus(1).astimezone()
    assert engine.dispatch("a", to=None, at=local, command_id="k") == first
    assert engine.dispatch("a", at=plus(1), note="typed again", command_id="k") == first


def test_a_report_without_an_id_of_its_own_is_known_by_its_command_id(engine: Engine) -> None:
    first = engine.report(item="路灯", at=T0, command_id="k")
    assert engine.report(item="路灯", at=T0, command_id="k") == first
    with pytest.raises(CommandError, match="belongs to another command"):
        engine.report(item="井盖", at=T0, command_id="k")


def test_a_command_sent_again_later_without_a_moment_is_the_same_command(engine: Engine, watch: ManualClock) -> None:
    engine.report(case_id="a", at=T0)
    first = engine.dispatch("a", command_id="k")
    watch.tick(MINUTE)
    assert engine.dispatch("a", command_id="k") == first


def test_a_store_without_digests_opens_and_takes_its_ids_as_the_same(tmp_path: Path) -> None:
    path = tmp_path / "cases.db"
    with Engine.open(path, clock=ManualClock(T0)) as engine:
        engine.report(case_id="a", at=T0)
        engine.dispatch("a", to="street", at=plus(1), command_id="k")
    with sqlite3.connect(path) as database:
        database.execute("ALTER TABLE commands DROP COLUMN digest")
    with Engine.open(path, clock=ManualClock(T0), deliver=False) as engine:
        assert engine.has_taken("k")
    with Engine.open(path, clock=ManualClock(T0)) as engine:
        assert engine.dispatch("a", to="community", at=plus(2), command_id="k").unit == "street"
        engine.arrive("a", at=plus(3), command_id="l")
        with pytest.raises(CommandError, match="belongs to another command"):
            engine.arrive("a", at=plus(4), command_id="l")
        engine.verify()


# --- the one who asked ------------------------------------------------------------------------------------------------

ACTIONS: dict[str, dict[str, Any]] = {
    "withdraw": {},
    "urge": {},
    "note": {"text": "还没人来"},
    "merge": {"into": "other"},
    "inform": {},
    "transfer": {"to": "community"},
}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("called", ["王小明", " 王 小明", "13800000001"])
def test_who_asked_is_gone_from_the_file_after_forget_whatever_they_did(
    tmp_path: Path, action: str, called: str
) -> None:
    path = tmp_path / "cases.db"
    with Engine.open(path, clock=ManualClock(T0)) as engine:
        engine.report(case_id="other", at=T0)
        by = Actor(called)
        engine.report(case_id="c", reporter="王小明", phone="13800000001", text="漏水", at=T0, by=by)
        engine.dispatch("c", to="street", at=plus(1))
        engine.act(action, "c", by=by, at=plus(2), command_id="k", **ACTIONS[action])
        assert [event.by for event in engine.history("c")][::2] == [Actor("requester")] * 2
        engine.forget("c", at=plus(3))
    content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert called.encode() not in content
    assert "王小明".encode() not in content


def test_only_the_one_who_asked_withdraws_without_a_unit(engine: Engine) -> None:
    engine.report(case_id="c", at=T0)
    engine.withdraw("c", by=ME, at=plus(1))
    assert engine.history("c")[-1].by == Actor("requester")


def test_an_official_stays_in_the_book_by_post(engine: Engine) -> None:
    engine.report(case_id="c", reporter="网格员12", at=T0, by=Actor("网格员12", "community"))
    engine.dispatch("c", at=plus(1), by=Actor("平台3"))
    assert [event.by for event in engine.history("c")] == [Actor("网格员12", "community"), Actor("平台3")]


# --- clocks of machines -----------------------------------------------------------------------------------------------


def test_two_machines_a_little_apart_do_not_block_each_other(tmp_path: Path) -> None:
    fast, slow = ManualClock(plus(2)), ManualClock(T0)
    with Engine.open(tmp_path / "cases.db", clock=fast) as one, Engine.open(tmp_path / "cases.db", clock=slow) as two:
        one.report(case_id="c")
        one.advance()
        assert two.advance() == ()
        assert two.dispatch("c").last_changed_at == plus(2)
        assert two.now == plus(2)
        slow.tick(3 * MINUTE)
        two.advance()
        assert one.now == plus(3)


def test_a_clock_far_behind_is_still_refused(engine: Engine, watch: ManualClock) -> None:
    engine.advance(T0 + SKEW)
    assert engine.advance() == ()
    with pytest.raises(ClockBackwards):
        engine.advance(T0)  # somebody names an earlier moment
    engine.advance(T0 + SKEW + MINUTE)
    with pytest.raises(ClockBackwards):
        engine.advance()


def test_the_store_keeps_what_tells_commands_apart(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "cases.db")
    with Engine(store, clock=ManualClock(T0)) as engine:
        engine.report(case_id="a", at=T0, command_id="k")
        kept = store.command_digest(b"k")
        assert kept is not None
        assert len(kept) == 16
