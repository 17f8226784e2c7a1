"""Withdrawn consequences reverse their merits by counter-entries: the accounts are those of the life told in time."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from governflow import Actor, Case, Engine, Event, Fact, Text, hookimpl
from governflow.calendars import WorkingCalendar
from governflow.calendars.allowances import Allowance
from governflow.policy.builtin.default_clocks import ANSWER, RESOLVE, WHOLE
from governflow.policy.hookspecs import Deadlines, Merit
from governflow.reports.merits import award, balances, ranking

BEGIN = datetime(2026, 3, 16, tzinfo=UTC)
END = BEGIN + timedelta(hours=5)
YEAR = timedelta(days=365)
WORKER = Actor("grid-12")
CASE, CODE = "A1", "county"
POINTS = {"breached": -5, "arrived": 3}


class County:
    """Breaches cost five points, an arrival earns three, for whichever unit has the case."""

    def __init__(self) -> None:
        self.points = dict(POINTS)

    @hookimpl
    def governflow_merits(self, event: Event, case: Case) -> Sequence[Merit]:
        points = self.points.get(event.kind)
        if points is None:
            return []
        return [Merit(case.unit, "unit", points, Text(event.kind, "考核"), f"on/{event.kind}", event.at + YEAR)]


def after(minutes: float) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


def fact(action: str, minutes: float, **details: object) -> Fact:
    return Fact(action, after(minutes), WORKER, details)


REPORT, DISPATCH, ARRIVE = fact("report", 0), fact("dispatch", 3), fact("arrive", 25)


@pytest.fixture(params=["memory", "sqlite"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Engine]:
    """Open a fresh engine with the county's rules, in each of the stores."""
    number = iter(range(9))

    def open_engine() -> Engine:
        engine = Engine.open(tmp_path / f"{next(number)}.db" if request.param == "sqlite" else None)
        engine.localities.register(CODE, County())
        return engine

    return open_engine


def lived(engine: Engine, *facts: Fact, until: datetime = END) -> Engine:
    """Tell facts one after the other, and let the time pass."""
    for one in facts:
        engine.tell(CASE, [one], locality=CODE)
    engine.advance(until)
    return engine


def merits(engine: Engine) -> list[dict[str, Any]]:
    return [dict(entry.about) for entry in engine.book(CODE) if entry.kind == "merit_entered"]


def accounts(engine: Engine) -> list[object]:
    """What a locality reads of its merits: accounts at several moments, rankings of each hour, the award."""
    book = engine.book(CODE)
    hours = [BEGIN + timedelta(hours=hour) for hour in range(6)]
    found: list[object] = [dict(balances(book, moment)) for moment in (*hours, END + YEAR)]
    found += [ranking(book, hour, hour + timedelta(hours=1)) for hour in hours]
    return [*found, award(book, BEGIN, END, "unit")]


def retract(engine: Engine, kind: str) -> None:
    (wrong,) = [event for event in engine.life(CASE) if event.kind == kind]
    engine.retract(wrong, reason="another case", by=Actor("desk-3"), at=END)


# --- a fact told late, a retraction, and both -------------------------------------------------------------------------


def test_an_entry_keeps_which_event_of_the_case_earned_it(opened: Callable[[], Engine]) -> None:
    engine = lived(opened(), REPORT, DISPATCH, ARRIVE)
    (arrived,) = [event for event in engine.life(CASE) if event.kind == "arrived"]
    earner = {"kind": "arrived", "at": after(25).isoformat(), "seq": arrived.seq}
    assert [entry["for"] for entry in merits(engine) if entry["points"] == 3] == [earner]


def test_withdrawn_breaches_reverse_their_merits_and_the_late_arrival_earns_its_own(
    opened: Callable[[], Engine],
) -> None:
    in_time = lived(opened(), REPORT, DISPATCH, ARRIVE)
    late = lived(opened(), REPORT, DISPATCH)
    before = late.book(CODE)
    assert {entry["points"] for entry in merits(late)} == {-5}
    late.tell(CASE, [ARRIVE])
    assert accounts(late) == accounts(in_time)
    assert late.book(CODE)[: len(before)] == before  # nothing of the book is altered
    late.verify()


def test_a_counter_entry_names_what_it_reverses_and_expires_with_it(opened: Callable[[], Engine]) -> None:
    engine = lived(opened(), REPORT, DISPATCH)
    breach = next(entry for entry in engine.book(CODE) if entry.kind == "merit_entered")
    engine.tell(CASE, [ARRIVE])
    (counter,) = [entry for entry in merits(engine) if entry.get("reverses") == breach.seq]
    reason = {"en": "withdrawn: breached", "zh": "已撤销：考核"}
    assert counter == {**breach.about, "points": 5, "reason": reason, "reverses": breach.seq}


def test_a_retracted_arrival_loses_what_it_earned_and_the_breaches_cost_theirs(opened: Callable[[], Engine]) -> None:
    never = lived(opened(), REPORT, DISPATCH)
    engine = lived(opened(), REPORT, DISPATCH, ARRIVE)
    retract(engine, "arrived")
    assert accounts(engine) == accounts(never)


def test_a_late_arrival_that_is_retracted_leaves_the_accounts_as_they_were(opened: Callable[[], Engine]) -> None:
    engine = lived(opened(), REPORT, DISPATCH)
    first = accounts(engine)
    for _ in range(2):
        engine.tell(CASE, [ARRIVE])
        assert accounts(engine) != first
        retract(engine, "arrived")
        assert accounts(engine) == first
    reversed_ones = [entry["reverses"] for entry in merits(engine) if "reverses" in entry]
    assert len(reversed_ones) == len(set(reversed_ones))  # nothing is reversed twice


def test_an_amendment_that_is_undone_leaves_no_trace_in_the_accounts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, expected = Engine.open(tmp_path / "cases.db"), Engine.open()
    for one in (engine, expected):
        one.localities.register(CODE, County())
    lived(engine, REPORT, DISPATCH)
    lived(expected, REPORT, DISPATCH, ARRIVE)
    first = accounts(engine)
    engine.tell(CASE, [ARRIVE])
    retract(engine, "arrived")

    def full(*_: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(type(engine._session.store), "commit", full)
        with pytest.raises(OSError, match="disk"):
            engine.tell(CASE, [ARRIVE])
    assert accounts(engine) == first
    engine.tell(CASE, [ARRIVE])
    assert accounts(engine) == accounts(expected)


def test_a_retracted_report_leaves_no_merits(opened: Callable[[], Engine]) -> None:
    engine = lived(opened(), REPORT)
    assert merits(engine)
    retract(engine, "reported")
    assert dict(balances(engine.book(CODE), END)) == {}


def test_an_event_that_stays_keeps_what_it_earned_whatever_the_rules_say_now() -> None:
    engine, county = Engine.open(), County()
    engine.localities.register(CODE, county)
    lived(engine, REPORT, DISPATCH, ARRIVE)
    (earned,) = [entry for entry in merits(engine) if entry["points"] == 3]
    county.points["arrived"] = 4
    engine.tell(CASE, [fact("resolve", 40)])
    assert [entry for entry in merits(engine) if entry["rule"] == "on/arrived"] == [earned]


def test_an_entry_that_does_not_say_what_earned_it_is_read_and_not_entered_again(
    opened: Callable[[], Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = opened()
    write = engine._session.append_to_book

    def as_older_versions_did(locality: str, kind: str, about: dict[str, Any], *more: Any, **named: Any) -> Event:
        return write(locality, kind, {name: one for name, one in about.items() if name != "for"}, *more, **named)

    with monkeypatch.context() as older:
        older.setattr(engine._session, "append_to_book", as_older_versions_did)
        lived(engine, REPORT, DISPATCH, ARRIVE)
    before = merits(engine)
    engine.tell(CASE, [fact("note", 10, text="on the way")])
    assert merits(engine) == before


# --- a calendar that learns -------------------------------------------------------------------------------------------


class Office(County):
    """A locality with working days, which learns of a holiday."""

    def __init__(self) -> None:
        super().__init__()
        self.learn()

    def learn(self, *holidays: date) -> None:
        weekly = {day: [("09:00", "17:00")] for day in ("mon", "tue", "wed", "thu", "fri")}
        coverage = (date(2026, 1, 1), date(2027, 12, 31))
        self.calendar = WorkingCalendar(tz="Asia/Shanghai", weekly=weekly, holidays=holidays, coverage=coverage)

    @hookimpl
    def governflow_deadlines(self) -> Deadlines:
        spans = ((ANSWER, "2wd"), (RESOLVE, "5wd"), (WHOLE, "60cd"))
        return Deadlines(tuple(attrs.evolve(spec, allowance=Allowance.parse(span)) for spec, span in spans))

    @hookimpl
    def governflow_calendar(self) -> WorkingCalendar:
        return self.calendar


def test_breaches_that_a_recalculation_withdraws_reverse_their_merits(tmp_path: Path) -> None:
    for path in (None, tmp_path / "cases.db"):
        office, engine = Office(), Engine.open(path)
        engine.localities.register(CODE, office)
        engine.report(case_id=CASE, locality=CODE, visit=False, at=BEGIN)
        engine.dispatch(CASE, at=after(3))
        engine.advance(datetime(2026, 3, 23, 10, tzinfo=UTC))  # five working days are over at 17:00 in China
        (breached,) = [event for event in engine.life(CASE) if event.kind == "breached"]
        office.learn(date(2026, 3, 20))
        engine.recalculate(CASE, at=datetime(2026, 3, 23, 11, tzinfo=UTC))
        first, counter = merits(engine)
        assert (first["points"], first["for"]["seq"]) == (-5, breached.seq)
        assert (counter["points"], counter["reverses"]) == (5, engine.book(CODE)[0].seq)
        assert dict(balances(engine.book(CODE), datetime(2026, 3, 24, tzinfo=UTC))) == {}
        engine.close()
