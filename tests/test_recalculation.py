"""A calendar learns (重算时限) of a holiday or of a whole year, and whatever counted the day hears of it."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import attrs
import pytest

from governflow import Engine, hookimpl
from governflow.calendars import WorkingCalendar
from governflow.calendars.allowances import Allowance
from governflow.model.clocks import Clock
from governflow.model.terms import Outcome
from governflow.policy.builtin.default_clocks import ANSWER, RESOLVE, WHOLE
from governflow.policy.hookspecs import Deadlines
from governflow.reports import Report
from governflow.reports.dossier import compile_dossier

CN = ZoneInfo("Asia/Shanghai")
WEEK = {day: [("09:00", "17:00")] for day in ("mon", "tue", "wed", "thu", "fri")}
GRANTED = {"approved_by": "street", "reason": "an expert opinion is awaited"}


def cn(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CN)


def days(first: str, last: str) -> list[date]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [start + number * timedelta(days=1) for number in range((end - start).days + 1)]


class Office:
    """A locality with two working days for the answer, five for the resolution, and the whole in 60 calendar days."""

    def __init__(self) -> None:
        self.learn((), ("2026-01-01", "2026-12-31"))

    def learn(self, holidays: Iterable[date], coverage: tuple[str, str] = ("2026-01-01", "2027-12-31")) -> None:
        first, last = map(date.fromisoformat, coverage)
        self.calendar = WorkingCalendar(tz="Asia/Shanghai", weekly=WEEK, holidays=holidays, coverage=(first, last))

    @hookimpl
    def governflow_deadlines(self) -> Deadlines:
        spans = ((ANSWER, "2wd"), (RESOLVE, "5wd"), (WHOLE, "60cd"))
        return Deadlines(tuple(attrs.evolve(spec, allowance=Allowance.parse(span)) for spec, span in spans))

    @hookimpl
    def governflow_calendar(self) -> WorkingCalendar:
        return self.calendar


def opened(reported: str) -> tuple[Engine, Office]:
    office, engine = Office(), Engine.open()
    engine.localities.register("county", office)
    engine.report(case_id="c", locality="county", visit=False, at=cn(reported))
    return engine, office


def clock(engine: Engine, name: str) -> Clock:
    return engine.case("c").clocks[name]


def counted(engine: Engine, name: str) -> dict[str, int]:
    report = Report()
    report.add(engine.case("c"), [])
    tally: dict[str, int] = report.as_json()["clocks"][name]
    return tally


# --- a holiday at short notice ----------------------------------------------------------------------------------------


def test_a_day_that_becomes_a_holiday_moves_every_clock_that_counted_it() -> None:
    """Thursday 5 March, five working days: Thursday the 12th. With Tuesday the 10th off: Friday the 13th."""
    engine, office = opened("2026-03-05T10:00")
    engine.dispatch("c", at=cn("2026-03-05T10:01"))
    assert clock(engine, "resolve").due == cn("2026-03-12T17:00")
    assert not clock(engine, "resolve").calendar_unknown
    office.learn(days("2026-03-10", "2026-03-10"))
    engine.recalculate("c", at=cn("2026-03-09T09:00"))
    assert clock(engine, "resolve").due == cn("2026-03-13T17:00")
    warned = [event for event in engine.advance(cn("2026-03-13T12:00")) if event.kind == "warned"]
    # 6 h 59 min of Thursday and five days of 8 h are 46 h 59 min; four fifths of them are over 37 h 35 min 12 s.
    assert [(event.about["clock"], event.at) for event in warned] == [("resolve#1", cn("2026-03-12T15:36:12"))]


def test_a_case_that_a_later_holiday_does_not_touch_is_left_alone() -> None:
    engine, office = opened("2026-03-05T10:00")
    engine.dispatch("c", at=cn("2026-03-05T10:01"))
    office.learn(days("2026-03-20", "2026-03-20"), ("2026-01-01", "2026-12-31"))
    before = engine.case("c").version
    assert engine.recalculate("c", at=cn("2026-03-09T09:00")).version == before


def test_recalculating_twice_changes_nothing_the_second_time() -> None:
    engine, office = opened("2026-03-05T10:00")
    engine.dispatch("c", at=cn("2026-03-05T10:01"))
    engine.extend("c", clock="resolve", allowance="2wd", at=cn("2026-03-06T10:00"), **GRANTED)
    engine.suspend("c", at=cn("2026-03-06T11:00"), until=cn("2026-03-09T11:00"))
    engine.advance(cn("2026-03-09T12:00"))
    office.learn(days("2026-03-10", "2026-03-10"))
    once = engine.recalculate("c", at=cn("2026-03-09T13:00"))
    assert engine.recalculate("c", at=cn("2026-03-09T14:00")).version == once.version


def test_a_paused_clock_learns_and_keeps_its_pause() -> None:
    engine, office = opened("2026-03-05T10:00")
    engine.dispatch("c", at=cn("2026-03-05T10:01"))
    engine.suspend("c", at=cn("2026-03-06T09:00"), until=cn("2026-03-09T09:00"))
    office.learn(days("2026-03-11", "2026-03-11"))
    engine.recalculate("c", at=cn("2026-03-07T09:00"))
    assert clock(engine, "resolve").outcome is Outcome.PAUSED
    engine.advance(cn("2026-03-09T10:00"))
    # Five days are left on Monday the 9th at 9, and Wednesday is off: Monday the 16th is the fifth.
    assert clock(engine, "resolve").due == cn("2026-03-16T17:00")


# --- a breach of a due time that was none -----------------------------------------------------------------------------


def provisional() -> tuple[Engine, Office]:
    """Resolved on 30 April, and nobody knows yet of the holidays in May: the answer seems due on Monday the 4th."""
    engine, office = opened("2026-04-30T09:00")
    office.learn((), ("2026-01-01", "2026-04-30"))
    engine.resolve("c", at=cn("2026-04-30T10:00"))
    assert (clock(engine, "answer").due, clock(engine, "answer").calendar_unknown) == (cn("2026-05-04T17:00"), True)
    return engine, office


def test_a_breach_that_was_none_is_withdrawn_and_the_clock_runs_on() -> None:
    engine, office = provisional()
    engine.advance(cn("2026-05-05T09:00"))
    assert clock(engine, "answer").outcome is Outcome.BREACHED
    office.learn(days("2026-05-01", "2026-05-05"))
    engine.recalculate("c", at=cn("2026-05-05T09:30"))
    answer = clock(engine, "answer")
    assert (answer.outcome, answer.due, answer.misses) == (Outcome.RUNNING, cn("2026-05-07T17:00"), ())
    assert engine.history("c")[-1].about["withdrawn"] == {
        "answer#1": [cn("2026-05-04T17:00").astimezone(UTC).isoformat()]
    }
    fired = [(event.kind, event.at) for event in engine.advance(cn("2026-05-07T18:00"))]
    assert [kind for kind, _ in fired] == ["warned", "breached", "urged"]
    assert fired[1][1] == cn("2026-05-07T17:00")


@pytest.mark.parametrize(
    ("answered", "tally"),
    [
        ("2026-05-06T10:00", {"met": 1, "breached": 0, "exempt": 0, "running": 0}),
        ("2026-05-07T17:00", {"met": 1, "breached": 0, "exempt": 0, "running": 0}),
        ("2026-05-07T17:01", {"met": 0, "breached": 1, "exempt": 0, "running": 0}),
    ],
)
def test_an_answer_that_was_given_before_the_list_is_measured_by_the_list(answered: str, tally: dict[str, int]) -> None:
    engine, office = provisional()
    engine.answer("c", at=cn(answered))
    assert counted(engine, "answer")["breached"] == 1
    office.learn(days("2026-05-01", "2026-05-05"))
    engine.recalculate("c", at=cn("2026-05-08T11:00"))
    assert counted(engine, "answer") == tally
    assert clock(engine, "answer").due == cn("2026-05-07T17:00")


def test_a_case_that_is_archived_learns_too() -> None:
    engine, office = provisional()
    engine.answer("c", at=cn("2026-05-06T10:00"))
    engine.evaluate("c", satisfied=True, at=cn("2026-05-06T11:00"))
    assert engine.case("c").state == "closed"
    office.learn(days("2026-05-01", "2026-05-05"))
    engine.recalculate("c", at=cn("2026-05-08T11:00"))
    assert (clock(engine, "answer").outcome, clock(engine, "answer").stopped) == (
        Outcome.MET,
        cn("2026-05-06T10:00"),
    )


def test_a_clock_of_an_earlier_cycle_learns_too() -> None:
    engine, office = provisional()
    engine.answer("c", at=cn("2026-05-06T10:00"))
    engine.evaluate("c", satisfied=False, at=cn("2026-05-06T11:00"))
    engine.dispatch("c", at=cn("2026-05-06T11:01"))
    engine.resolve("c", at=cn("2026-05-06T12:00"))
    office.learn(days("2026-05-01", "2026-05-05"))
    engine.recalculate("c", at=cn("2026-05-06T13:00"))
    first = next(old for old in engine.case("c").past if old.name == "answer")
    assert (first.outcome, first.due) == (Outcome.MET, cn("2026-05-07T17:00"))


def test_a_clock_that_was_ended_and_not_fulfilled_is_cancelled_when_its_breach_is_withdrawn() -> None:
    engine, office = provisional()
    engine.withdraw("c", at=cn("2026-05-06T10:00"))
    assert clock(engine, "answer").outcome is Outcome.BREACHED
    office.learn(days("2026-05-01", "2026-05-05"))
    engine.recalculate("c", at=cn("2026-05-08T11:00"))
    assert clock(engine, "answer").outcome is Outcome.CANCELLED


def test_a_breach_that_stays_one_is_a_breach_of_the_true_due_time() -> None:
    engine, office = provisional()
    engine.advance(cn("2026-05-08T09:00"))
    office.learn(days("2026-05-01", "2026-05-05"))
    engine.recalculate("c", at=cn("2026-05-08T09:30"))
    answer = clock(engine, "answer")
    assert (answer.outcome, answer.missed_at, answer.due) == (
        Outcome.BREACHED,
        cn("2026-05-07T17:00"),
        cn("2026-05-07T17:00"),
    )
    assert "withdrawn" not in engine.history("c")[-1].about


def test_a_calendar_that_becomes_shorter_breaches_nobody_in_the_second_in_which_it_is_known() -> None:
    """The list makes Saturday 2 May a working day: the answer would have been due then, and it is the 3rd by now."""
    engine, office = provisional()
    office.calendar = WorkingCalendar(
        tz="Asia/Shanghai",
        weekly=WEEK,
        shifts={date(2026, 5, 2): [("09:00", "17:00")]},
        coverage=(date(2026, 1, 1), date(2026, 12, 31)),
    )
    engine.recalculate("c", at=cn("2026-05-03T09:30"))
    answer = clock(engine, "answer")
    assert (answer.outcome, answer.due, answer.calendar_unknown) == (Outcome.RUNNING, cn("2026-05-04T17:00"), False)


def test_an_appeal_against_a_breach_that_is_withdrawn_needs_no_ruling_and_excuses_no_later_breach() -> None:
    engine, office = provisional()
    engine.advance(cn("2026-05-05T09:00"))
    engine.appeal("c", clock="answer", reason="it was a holiday", at=cn("2026-05-05T09:10"))
    office.learn(days("2026-05-01", "2026-05-05"))
    engine.recalculate("c", at=cn("2026-05-05T09:30"))
    assert engine.case("c").appeals == ()
    engine.advance(cn("2026-05-08T09:00"))
    assert counted(engine, "answer")["breached"] == 1


def test_what_followed_from_a_breach_that_was_none_is_marked_in_the_book_and_no_part_of_the_life() -> None:
    engine, office = provisional()
    engine.advance(cn("2026-05-05T09:00"))
    office.learn(days("2026-05-01", "2026-05-05"))
    engine.recalculate("c", at=cn("2026-05-05T09:30"))
    recalculated = engine.history("c")[-1].seq
    gone = [(event.kind, event.at) for event in engine.history("c") if event.withdrawn == recalculated]
    due = cn("2026-05-04T17:00")
    assert gone == [("breached", due), ("urged", due)]
    assert [event for event in engine.life("c") if event.at == due] == []
    engine.advance(cn("2026-05-07T18:00"))
    true = [event.kind for event in engine.life("c") if event.at == cn("2026-05-07T17:00")]
    assert true == ["breached", "urged"]


def test_the_dossier_says_that_a_breach_was_withdrawn() -> None:
    engine, office = provisional()
    engine.answer("c", at=cn("2026-05-06T10:00"))
    office.learn(days("2026-05-01", "2026-05-05"))
    engine.recalculate("c", at=cn("2026-05-08T11:00"))
    last = compile_dossier(engine, "c", lang="zh", personal=False).steps[-1]
    assert "撤销超时认定：反馈" in last.details


# --- days that roll (民法典 203) --------------------------------------------------------------------------------------


def test_a_last_day_that_became_a_holiday_rolls_and_so_does_what_was_granted_on_top() -> None:
    """60 days from 10 December end on 8 February; off until the 11th they end on the 12th. 30 more: Sunday 14 March."""
    engine, office = opened("2026-12-10T10:00")
    assert clock(engine, "whole").due == cn("2027-02-09T00:00")
    assert clock(engine, "whole").calendar_unknown
    engine.extend("c", clock="whole", allowance="30cd", at=cn("2027-01-22T10:00"), **GRANTED)
    office.learn(days("2027-02-05", "2027-02-11"))
    engine.recalculate("c", at=cn("2027-01-22T11:00"))
    whole = clock(engine, "whole")
    assert (whole.original, whole.due) == (cn("2027-02-13T00:00"), cn("2027-03-16T00:00"))


def test_a_date_that_was_granted_is_not_moved_by_the_list() -> None:
    engine, office = opened("2026-12-10T10:00")
    engine.extend("c", clock="whole", until=cn("2027-03-10T12:00"), at=cn("2027-01-22T10:00"), **GRANTED)
    office.learn(days("2027-02-05", "2027-02-11"))
    engine.recalculate("c", at=cn("2027-01-22T11:00"))
    assert clock(engine, "whole").due == cn("2027-03-10T12:00")


def test_a_date_that_was_granted_gives_way_to_a_list_that_gives_more() -> None:
    engine, office = opened("2026-12-10T10:00")
    engine.extend("c", clock="whole", until=cn("2027-02-10T12:00"), at=cn("2027-01-22T10:00"), **GRANTED)
    office.learn(days("2027-02-05", "2027-02-11"))
    engine.recalculate("c", at=cn("2027-01-22T11:00"))
    assert clock(engine, "whole").due == cn("2027-02-13T00:00")
