"""Rule 7 of the facts: messages not yet attempted are dropped; those attempted, success unknown included, get one
follow-up.
"""

import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import attrs
import pytest

from governflow import Actor, Case, Engine, Fact, hookimpl
from governflow.calendars import WorkingCalendar
from governflow.calendars.allowances import Allowance
from governflow.model.events import AMENDED, Event
from governflow.policy.builtin.default_clocks import ANSWER
from governflow.policy.hookspecs import Deadlines
from governflow.policy.registry import Localities
from governflow.stores import MemoryStore, SQLiteStore, Store

BEGIN = datetime(2026, 3, 16, tzinfo=UTC)
CASE, COUNTY = "A1", "371621"


def after(minutes: float) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


def fact(action: str, minutes: float) -> Fact:
    return Fact(action, after(minutes), Actor("网格员12"))


LATE = [fact("arrive", 40), fact("resolve", 65)]


class Killed(BaseException):
    """The process ends here."""


class Desk:
    """A county that sends messages; it keeps every attempt, and those that went through."""

    def __init__(self) -> None:
        self.tried: list[Event] = []
        self.heard: list[Event] = []
        self.on_call: Callable[[Event], None] = lambda event: None

    @hookimpl
    def governflow_recorded(self, event: Event, case: Case) -> None:
        self.tried.append(event)
        self.on_call(event)
        self.heard.append(event)

    def times(self, seq: int) -> int:
        return [event.seq for event in self.tried].count(seq)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made = MemoryStore() if request.param == "memory" else SQLiteStore(tmp_path / "cases.db")
    yield made
    made.close()


def engine_on(store: Store, desk: Desk) -> Engine:
    localities = Localities()
    localities.register(COUNTY, desk)
    return Engine(store, localities=localities)


def dispatched(store: Store, desk: Desk) -> Engine:
    """A case that was dispatched, of which nothing more is known."""
    engine = engine_on(store, desk)
    engine.tell(CASE, [fact("report", 0), fact("dispatch", 3)], locality=COUNTY)
    return engine


def no_line(event: Event) -> None:
    raise ConnectionError("no line")


def withdrawn(engine: Engine) -> list[int]:
    found = [event.seq for event in engine.history(CASE) if event.withdrawn is not None]
    assert found  # the day without news was full of breaches
    return found


def standing(engine: Engine) -> list[int]:
    return [event.seq for event in engine.history(CASE) if event.withdrawn is None]


def killed_at_the_mark(store: Store, monkeypatch: pytest.MonkeyPatch, *, before: bool) -> None:
    mark = store.attempt

    def attempt(deliveries: list[tuple[int, str]]) -> None:
        if not before:
            mark(deliveries)
        raise Killed

    monkeypatch.setattr(store, "attempt", attempt)


def test_messages_not_yet_attempted_are_dropped(store: Store, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = dispatched(store, desk)
    with monkeypatch.context() as patch:
        killed_at_the_mark(store, patch, before=True)
        with pytest.raises(Killed):
            engine.advance(after(1440))
        with pytest.raises(Killed):
            engine.tell(CASE, LATE)
    assert {store.attempts(*waiting) for waiting in store.undelivered()} == {0}
    again = engine_on(store, desk)
    assert again.deliver() == 0
    assert withdrawn(again)
    assert [event.seq for event in desk.tried] == standing(again)  # each once, in the order of the ledger
    assert store.undelivered() == []


def test_a_message_that_was_attempted_and_failed_is_not_tried_again_and_gets_one_follow_up(
    store: Store, desk: Desk
) -> None:
    engine = dispatched(store, desk)
    desk.on_call = no_line
    engine.advance(after(1440))
    desk.on_call = lambda event: None
    engine.tell(CASE, LATE)
    again = engine_on(store, desk)
    assert again.deliver() == 0
    assert again.deliver() == 0
    assert {desk.times(seq) for seq in withdrawn(again)} == {1}
    assert sorted(event.seq for event in desk.heard) == standing(again)
    assert [event.kind for event in desk.heard].count(AMENDED) == 1
    assert store.undelivered() == []


def test_a_message_of_unknown_success_is_not_tried_again_and_gets_one_follow_up(store: Store, desk: Desk) -> None:
    def dies(event: Event) -> None:
        if event.kind == "breached":
            raise Killed

    engine = dispatched(store, desk)
    desk.on_call = dies
    with pytest.raises(Killed):
        engine.advance(after(1440))
    (sent,) = [event.seq for event in desk.tried if event.kind == "breached"]
    desk.on_call = lambda event: None
    again = engine_on(store, desk)
    again.tell(CASE, LATE)
    assert again.deliver() == 0
    assert sent in withdrawn(again)
    assert desk.times(sent) == 1
    assert [event.kind for event in desk.tried].count(AMENDED) == 1
    assert desk.heard[-1].kind == AMENDED
    assert {"seq": sent, "kind": "breached"}.items() <= desk.heard[-1].about["withdraws"][0].items()  # type: ignore[index]


def test_a_kill_between_the_mark_and_the_call_leaves_the_mark(
    store: Store, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = dispatched(store, desk)
    with monkeypatch.context() as patch:
        killed_at_the_mark(store, patch, before=False)
        with pytest.raises(Killed):
            engine.advance(after(1440))
    waiting = store.undelivered()
    assert waiting
    if isinstance(store, SQLiteStore):
        other = SQLiteStore(store.path)
        assert [other.attempts(*entry) for entry in waiting] == [1] * len(waiting)
        other.close()
    assert [store.attempts(*entry) for entry in waiting] == [1] * len(waiting)
    again = engine_on(store, desk)
    again.tell(CASE, LATE)
    assert [event.seq for event in desk.tried] == standing(again)


def test_what_still_stands_is_told_after_a_kill_between_the_mark_and_the_call(
    store: Store, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = dispatched(store, desk)
    with monkeypatch.context() as patch:
        killed_at_the_mark(store, patch, before=False)
        with pytest.raises(Killed):
            engine.advance(after(1440))
    again = engine_on(store, desk)
    assert again.deliver() == 0
    assert [event.seq for event in desk.heard] == [event.seq for event in again.history(CASE)]


def test_the_follow_up_names_all_that_is_withdrawn(store: Store, desk: Desk) -> None:
    engine = dispatched(store, desk)
    engine.advance(after(1440))
    engine.tell(CASE, LATE)
    (follow_up,) = [event for event in desk.heard if event.kind == AMENDED]
    told = {event.seq for event in desk.heard}
    named = [gone["seq"] for gone in follow_up.about["withdraws"]]  # type: ignore[attr-defined]
    assert named == withdrawn(engine)
    assert set(named) <= told


def test_a_follow_up_that_fails_is_tried_until_it_goes_through_and_then_no_more(store: Store, desk: Desk) -> None:
    engine = dispatched(store, desk)
    engine.advance(after(1440))
    desk.on_call = no_line
    engine.tell(CASE, LATE)
    assert engine_on(store, desk).deliver() == 1
    desk.on_call = lambda event: None
    again = engine_on(store, desk)
    assert [again.deliver(), again.deliver()] == [0, 0]
    assert [event.kind for event in desk.heard].count(AMENDED) == 1
    assert desk.heard[-1].kind == AMENDED


def test_what_a_plugin_itself_withdraws_is_not_told_after_it(store: Store, desk: Desk) -> None:
    """The rest of what it was to hear was marked with it, but not called yet."""
    engine = dispatched(store, desk)

    def corrects(event: Event) -> None:
        if event.kind == "breached" and AMENDED not in [heard.kind for heard in engine.history(CASE)]:
            engine.tell(CASE, LATE)

    desk.on_call = corrects
    engine.advance(after(1440))
    first = next(event.seq for event in engine.history(CASE) if event.kind == "breached")
    assert [seq for seq in withdrawn(engine) if desk.times(seq)] == [first]
    assert desk.heard[-1].kind == AMENDED
    assert store.undelivered() == []


def test_a_retracted_fact_that_nobody_heard_of_is_not_told(
    store: Store, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = dispatched(store, desk)
    with monkeypatch.context() as patch:
        killed_at_the_mark(store, patch, before=True)
        with pytest.raises(Killed):
            engine.tell(CASE, [fact("arrive", 10)])
        (wrong,) = [event for event in engine.life(CASE) if event.kind == "arrived"]
        with pytest.raises(Killed):
            engine.retract(wrong, reason="another lamp", by=Actor("desk-3"), at=after(12))
    engine.deliver()
    assert [event.kind for event in desk.heard] == ["reported", "dispatched", AMENDED]


def test_the_mark_is_durable_before_a_plugin_is_called(tmp_path: Path, desk: Desk) -> None:
    path, seen = tmp_path / "cases.db", []

    def looks(event: Event) -> None:
        database = sqlite3.connect(path)
        seen.append(database.execute("SELECT tries FROM outbox JOIN events USING (position)").fetchall())
        database.close()

    desk.on_call = looks
    dispatched(SQLiteStore(path), desk).close()
    assert seen == [[(1,), (1,)], [(1,), (1,)]]


def test_in_bulk_nobody_hears_of_what_is_not_durable(tmp_path: Path, desk: Desk) -> None:
    path, seen = tmp_path / "cases.db", []

    def looks(event: Event) -> None:
        database = sqlite3.connect(path)
        seen.append(database.execute("SELECT count(*) FROM outbox WHERE tries = 1").fetchone()[0])
        database.close()

    desk.on_call = looks
    engine = engine_on(SQLiteStore(path), desk)
    with engine.in_bulk():
        engine.report(case_id="a", locality=COUNTY, at=BEGIN)
        assert len(list(engine.cases())) == 1  # brings the case into the open transaction
        engine.report(case_id="b", locality=COUNTY, at=BEGIN)
    engine.deliver()
    assert len(desk.heard) == 2
    assert 0 not in seen


def test_who_has_no_listener_pays_for_no_mark(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    killed_at_the_mark(store, monkeypatch, before=True)
    engine = Engine(store)
    engine.tell(CASE, [fact("report", 0), fact("dispatch", 3)])
    engine.advance(after(1440))
    engine.tell(CASE, LATE)
    assert engine.deliver() == 0


@pytest.mark.parametrize("place", range(1, 12, 2))
def test_wherever_it_is_killed_what_is_withdrawn_is_tried_once_at_most_and_the_follow_up_comes(
    store: Store, desk: Desk, place: int
) -> None:
    """What stands may be told twice after a kill: it is known by case and number."""
    engine = dispatched(store, desk)
    calls = iter(range(1, 10_000))

    def dies(event: Event) -> None:
        if next(calls) == place:
            raise Killed

    desk.on_call = dies
    with pytest.raises(Killed):
        engine.advance(after(1440))
    called = [event.seq for event in desk.tried]
    again = engine_on(store, desk)
    again.tell(CASE, LATE)
    assert again.deliver() == 0
    assert [seq for seq in withdrawn(again) if desk.times(seq)] == [seq for seq in withdrawn(again) if seq in called]
    assert max(desk.times(seq) for seq in withdrawn(again)) <= 1
    assert {seq for seq in standing(again) if not desk.times(seq)} == set()
    assert [event.kind for event in desk.tried].count(AMENDED) == 1
    assert store.undelivered() == []


def test_what_an_outage_told_late_withdraws_is_not_told(
    store: Store, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = dispatched(store, desk)
    with monkeypatch.context() as patch:
        killed_at_the_mark(store, patch, before=True)
        with pytest.raises(Killed):
            engine.advance(after(60))
    engine.declare_outage(COUNTY, after(10), after(50), reason="检修", by=Actor("desk-3"), at=after(60))
    told = [(event.case, event.seq) for event in desk.heard]
    assert not {(CASE, seq) for seq in withdrawn(engine)} & set(told)
    assert {(CASE, seq) for seq in standing(engine)} <= set(told)
    assert store.undelivered() == []


def test_what_a_newer_calendar_withdraws_is_not_told(store: Store, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is due in two working days, of a calendar that does not know the holidays of May yet."""

    class Office(Desk):
        def __init__(self, *holidays: date) -> None:
            super().__init__()
            week = {day: [("09:00", "17:00")] for day in ("mon", "tue", "wed", "thu", "fri")}
            covered = (date(2026, 1, 1), date(2026, 4, 30) if not holidays else date(2026, 12, 31))
            self.calendar = WorkingCalendar(tz="Asia/Shanghai", weekly=week, holidays=holidays, coverage=covered)

        @hookimpl
        def governflow_deadlines(self) -> Deadlines:
            return Deadlines((attrs.evolve(ANSWER, allowance=Allowance.parse("2wd")),))

        @hookimpl
        def governflow_calendar(self) -> WorkingCalendar:
            return self.calendar

    at = datetime(2026, 4, 30, 1, tzinfo=UTC)
    office = Office()
    engine = engine_on(store, office)
    engine.report(case_id=CASE, locality=COUNTY, visit=False, at=at)
    engine.resolve(CASE, at=at + timedelta(hours=1))
    with monkeypatch.context() as patch:
        killed_at_the_mark(store, patch, before=True)
        with pytest.raises(Killed):
            engine.advance(at + timedelta(days=6))
    learnt = Office(*(date(2026, 5, day) for day in range(1, 6)))
    again = engine_on(store, learnt)
    again.recalculate(CASE, at=at + timedelta(days=6))
    heard = [event.seq for event in office.heard + learnt.heard]
    assert "breached" in {event.kind for event in again.history(CASE) if event.seq in withdrawn(again)}
    assert heard == standing(again)


def test_entries_of_a_book_are_always_told(store: Store, desk: Desk) -> None:
    engine = dispatched(store, desk)
    engine.switch_mode(COUNTY, "emergency", reason="flood", at=after(5))
    engine.tell(CASE, [fact("arrive", 4)])
    heard = [(event.case, event.kind) for event in desk.heard]
    assert heard.count((f"@{COUNTY}", "mode_switched")) == 1
