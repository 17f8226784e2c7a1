"""Every date here is counted by hand from the law and from the State Council's holiday notice for 2026.

Holidays of 2026: 1-3 January, 15-23 February, 4-6 April, 1-5 May, 19-21 June, 25-27 September, 1-7 October. Worked
instead: 4 January, 14 and 28 February, 9 May, 20 September, 10 October.
"""

import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from governflow import Actor, Case, CommandError, Engine, IllegalAction, NotAllowed, hookimpl
from governflow.calendars import WorkingCalendar
from governflow.model.base_lifecycle import BASE
from governflow.model.clocks import STATUTE, Clock
from governflow.model.terms import Outcome
from governflow.policy.builtin import statute
from governflow.policy.hookspecs import Locality
from governflow.policy.registry import Localities
from governflow.tables import Table

SHANGHAI = ZoneInfo("Asia/Shanghai")
APPROVED = {"approved_by": "director", "reason": "证据尚在鉴定"}
INTAKE = Actor("clerk", "intake")


class County:
    @hookimpl
    def governflow_locality(self) -> Locality:
        return Locality("371621", "惠民县", "Huimin County", parent="100000")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def end_of(day: str) -> datetime:
    """24:00 of a day in Shanghai."""
    return (at(day) + timedelta(days=1)).astimezone(UTC)


def office(county: object | None = None) -> Engine:
    localities = Localities()
    localities.register("100000", statute)
    localities.register("371621", county or County())
    return Engine.open(localities=localities)


class Desk:
    """One case; every action takes the moment in Shanghai first."""

    def __init__(self, reported: str, *, county: object | None = None, **details: Any) -> None:
        self.engine = office(county)
        self.engine.report(case_id="p", locality="371621", text="路灯不亮", at=at(reported), **details)

    def __getattr__(self, action: str) -> Any:
        def act(moment: str, **details: Any) -> Case:
            return self.engine.act(action.rstrip("_"), "p", at=at(moment), **details)

        return act

    def advance(self, moment: str) -> None:
        self.engine.advance(at(moment))

    @property
    def case(self) -> Case:
        return self.engine.case("p")

    def clock(self, name: str) -> Clock:
        return self.case.clocks[name]

    @property
    def unfinished(self) -> set[str]:
        return {clock.name for clock in self.case.clocks.values() if clock.stopped is None}


def petition(reported: str, **more: Any) -> Desk:
    return Desk(reported, lifecycle="petition", **more)


def answered(on: str = "2026-04-07 10:00") -> Desk:
    """A petition that was answered on a Tuesday: a review may be requested to the end of Thursday, 7 May."""
    desk = petition("2026-03-02 10:00")
    desk.accept("2026-03-03 10:00")
    desk.dispatch("2026-03-03 11:00", to="street")
    desk.inform("2026-03-05 10:00")
    desk.resolve(on)
    desk.answer(on)
    return desk


def reviewed() -> Desk:
    """Reviewed on Monday, 1 June 2026: a re-review may be requested to the end of Wednesday, 1 July."""
    desk = answered()
    desk.request_review("2026-05-06 10:00")
    desk.review("2026-06-01 10:00", by=Actor("reviewer", "department"))
    return desk


def rereviewing() -> Desk:
    """The re-review was requested on Wednesday, 1 July 2026: it is due at the end of Friday, 31 July."""
    desk = reviewed()
    desk.request_rereview("2026-07-01 10:00")
    return desk


def says(refusal: pytest.ExceptionInfo[Any], article: int, *words: str) -> bool:
    """Whether a refusal names its article in both languages, and these words in either."""
    text = refusal.value.text
    cited = f"petition regulation, art. {article})" in text.en and f"（信访工作条例第{article}条）" in text.zh
    return cited and all(word in text.en + text.zh for word in words)


# --- the sixty days of every case -------------------------------------------------------------------------------------


@pytest.mark.parametrize("hour", ["00:00", "10:30", "23:59"])
def test_the_day_of_the_report_is_not_counted_and_the_sixtieth_ends_at_24_00(hour: str) -> None:
    """12 days are left of January, 28 of February: 20 more are 20 March, a Friday."""
    assert Desk(f"2026-01-19 {hour}").clock("whole").due == end_of("2026-03-20")


@pytest.mark.parametrize(
    ("reported", "last", "why"),
    [
        ("2026-08-04", "2026-10-08", "3 October is in the National Day holiday, which ends on the 7th"),
        ("2026-03-04", "2026-05-06", "3 May is in the Labour Day holiday, which ends on the 5th"),
        ("2026-01-13", "2026-03-16", "14 March is a Saturday"),
        ("2026-08-11", "2026-10-10", "10 October is a Saturday on which people work"),
        ("2026-08-07", "2026-10-08", "6 October, the last but one day of the holiday"),
    ],
)
def test_a_last_day_on_a_holiday_rolls_to_the_next_day_after_it(reported: str, last: str, why: str) -> None:
    assert Desk(f"{reported} 10:00").clock("whole").due == end_of(last), why


def test_an_everyday_case_has_the_sixty_days_of_the_statute_and_otherwise_the_clocks_of_54321() -> None:
    desk = Desk("2026-01-19 10:00")
    assert desk.unfinished == {"dispatch", "whole"}
    assert desk.clock("dispatch").due == at("2026-01-19 10:05")
    assert [name for name, clock in desk.case.clocks.items() if STATUTE in clock.traits] == ["whole"]
    assert desk.case.lifecycle == "everyday"


def test_the_sixty_days_say_which_article_of_which_layer_gives_them() -> None:
    [reported] = Desk("2026-01-19 10:00").engine.history("p")
    [told] = [ruling for ruling in reported.rulings if ruling.what == "clock:whole"]
    assert (told.value, told.rule, told.source) == ("60cd", "petition-regulation/34", "100000")
    assert "art. 34" in told.reason.en
    assert "信访工作条例第34条" in told.reason.zh


def test_every_case_in_china_is_counted_in_its_own_zone() -> None:
    """The same moment is still 18 January in Lisbon: one day earlier, and 19 March is a Thursday."""
    desk = Desk("2026-01-19 06:00", zone="Europe/Lisbon")
    assert desk.clock("whole").due == datetime(2026, 3, 20, tzinfo=UTC), "24:00 of the 19th, in Lisbon's winter time"


# --- days that no list speaks for -------------------------------------------------------------------------------------


def test_sixty_days_beyond_the_known_holidays_are_flagged() -> None:
    assert Desk("2099-02-02 10:00").clock("whole").calendar_unknown
    assert not Desk("2026-01-19 10:00").clock("whole").calendar_unknown


def test_an_extension_beyond_the_known_holidays_is_flagged() -> None:
    coverage = WorkingCalendar.china().coverage
    assert coverage is not None
    desk = Desk(f"{coverage[1] - timedelta(days=75)} 10:00")
    assert not desk.clock("whole").calendar_unknown
    desk.extend(f"{coverage[1] - timedelta(days=70)} 10:00", clock="whole", allowance="30cd", **APPROVED)
    assert desk.clock("whole").calendar_unknown
    [account] = [one for one in desk.engine.explain("p").clocks if one.clock.name == "whole"]
    assert account.flagged


def test_an_extension_within_the_known_holidays_is_not_flagged() -> None:
    desk = Desk("2026-01-19 10:00")
    desk.extend("2026-03-19 10:00", clock="whole", allowance="30cd", **APPROVED)
    assert not desk.clock("whole").calendar_unknown


def test_a_provisional_due_time_refuses_nobody() -> None:
    desk = petition("2099-03-02 10:00")
    desk.dispatch("2099-03-02 11:00", to="street")
    assert desk.clock("objection").calendar_unknown
    assert desk.return_("2099-03-30 10:00").state == "accepted"


def test_without_the_list_of_holidays_a_case_stands_and_a_human_looks_at_the_rules(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "chinese_calendar", None)
    statute._china.cache_clear()
    desk = Desk("2026-08-04 10:00")
    assert desk.clock("whole").due == end_of("2026-10-03"), "counted round the clock, no holiday being known"
    [fault] = [event for event in desk.engine.history("p") if event.kind == "faulted"]
    assert "chinesecalendar" in fault.about["faults"][0]["fault"]
    assert "triage" in desk.unfinished


# --- one extension of thirty days at most -----------------------------------------------------------------------------


def test_an_extension_of_thirty_days_is_counted_from_the_last_day() -> None:
    """Reported on 6 February: 22 days of it, 31 of March, 7 of April. Thirty more: 23 of April, 7 of May."""
    desk = Desk("2026-02-06 10:00")
    assert desk.clock("whole").due == end_of("2026-04-07")
    desk.extend("2026-04-01 10:00", clock="whole", allowance="30cd", **APPROVED)
    assert (desk.clock("whole").due, desk.clock("whole").original) == (end_of("2026-05-07"), end_of("2026-04-07"))
    assert desk.engine.texts("p")[-1]["reason"] == APPROVED["reason"]


def test_an_extension_to_the_very_last_moment_is_allowed() -> None:
    desk = Desk("2026-02-06 10:00")
    desk.extend("2026-04-01 10:00", clock="whole", until=end_of("2026-05-07"), **APPROVED)
    assert desk.clock("whole").due == end_of("2026-05-07")


@pytest.mark.parametrize(
    "longer",
    [{"allowance": text} for text in ("31cd", "31自然日", "21wd", "31d", "721h", "5w")]
    + [{"until": end_of("2026-05-07") + timedelta.resolution}],
)
def test_a_longer_extension_is_refused(longer: dict[str, Any]) -> None:
    """21 working days after 7 April: 13 to 24 April and 4 to the 30th, one on 6 May: the twenty-first is 8 May."""
    desk = Desk("2026-02-06 10:00")
    with pytest.raises(CommandError) as refusal:
        desk.extend("2026-04-01 10:00", clock="whole", **longer, **APPROVED)
    assert says(refusal, 34, "30 calendar days", "30个自然日", "2026-05-08 00:00")
    assert desk.clock("whole").due == end_of("2026-04-07")


def test_a_thirty_first_day_is_refused_even_where_it_ends_with_the_thirtieth() -> None:
    """Thirty days after 20 March are Sunday, 19 April, and roll to the Monday, which is the thirty-first."""
    desk = Desk("2026-01-19 10:00")
    with pytest.raises(CommandError) as refusal:
        desk.extend("2026-03-19 10:00", clock="whole", allowance="31cd", **APPROVED)
    assert says(refusal, 34)
    desk.extend("2026-03-19 10:00", clock="whole", allowance="30cd", **APPROVED)
    assert desk.clock("whole").due == end_of("2026-04-20")


def test_a_second_extension_is_refused_however_short() -> None:
    desk = Desk("2026-02-06 10:00")
    desk.extend("2026-04-01 10:00", clock="whole", allowance="5cd", **APPROVED)
    with pytest.raises(CommandError) as refusal:
        desk.extend("2026-04-02 10:00", clock="whole", allowance="1cd", **APPROVED)
    assert says(refusal, 34, "once already", "已延期一次")
    assert desk.clock("whole").due == end_of("2026-04-13"), "12 April is a Sunday"


def test_a_reopened_case_has_sixty_days_and_an_extension_of_its_own() -> None:
    desk = Desk("2026-02-06 10:00")
    desk.extend("2026-02-06 11:00", clock="whole", allowance="30cd", **APPROVED)
    desk.resolve("2026-02-06 12:00")
    desk.answer("2026-02-06 12:00")
    desk.evaluate("2026-02-06 13:00", satisfied=False)
    assert desk.clock("whole").due == end_of("2026-04-07")
    desk.extend("2026-02-06 14:00", clock="whole", allowance="30cd", **APPROVED)
    assert desk.clock("whole").due == end_of("2026-05-07")


def test_a_statutory_clock_for_which_the_law_knows_no_extension_cannot_be_extended() -> None:
    desk = petition("2026-03-02 10:00")
    with pytest.raises(CommandError) as refusal:
        desk.extend("2026-03-03 10:00", clock="register", allowance="1cd", **APPROVED)
    assert says(refusal, 22, "法定时限")


def test_an_extension_of_a_clock_that_no_law_limits_may_be_repeated() -> None:
    desk = Desk("2026-03-02 10:00")
    desk.extend("2026-03-02 10:01", clock="dispatch", allowance="1h", **APPROVED)
    desk.extend("2026-03-02 10:02", clock="dispatch", allowance="90d", **APPROVED)
    assert desk.clock("dispatch").due == at("2026-03-02 11:05") + timedelta(days=90)


# --- a petition is registered and passed on ---------------------------------------------------------------------------


def test_a_petition_is_registered_and_passed_on_within_fifteen_days() -> None:
    desk = petition("2026-03-02 10:00")
    assert desk.unfinished == {"register"}
    assert desk.clock("register").due == end_of("2026-03-17")
    desk.dispatch("2026-03-17 23:59", to="street")
    assert desk.clock("register").outcome is Outcome.MET


def test_a_petition_that_nobody_passes_on_goes_to_the_unit_above_the_intake() -> None:
    desk = petition("2026-03-02 10:00")
    desk.advance("2026-03-20 10:00")
    climbed = [
        (event.kind, event.about["escalation"]["to"])
        for event in desk.engine.history("p")
        if "escalation" in event.about
    ]
    assert climbed == [("urged", "intake"), ("supervised", "leader"), ("taken_over", "leader")]
    assert (desk.case.state, desk.case.unit) == ("dispatched", "leader")
    assert {"receipt", "objection", "whole"} <= desk.unfinished


class Hurried(County):
    """A county whose table gives every case the allowances of 54321."""

    @hookimpl
    def governflow_tables(self) -> dict[str, Table]:
        rows = "rule,severity,dispatch,arrive,resolve\nall,*,5min,40min,30min\n"
        return {"deadlines": Table.read(("deadlines.csv", rows.encode()), name="deadlines")}


def test_the_clocks_of_54321_never_start_in_a_petition_whatever_a_county_says_of_them() -> None:
    desk = petition("2026-03-02 10:00", county=Hurried())
    desk.dispatch("2026-03-03 10:00", to="street")
    desk.arrive("2026-03-04 10:00")
    assert {clock.name for clock in desk.case.all_clocks} == {"register", "receipt", "objection", "whole"}
    assert [event.kind for event in desk.engine.history("p") if event.kind == "faulted"] == []
    assert Desk("2026-03-02 10:00", county=Hurried()).unfinished == {"dispatch", "whole"}


def test_only_telling_the_petitioner_within_fifteen_days_of_the_receipt_fulfils_the_duty_to_tell() -> None:
    desk = petition("2026-03-02 10:00")
    desk.dispatch("2026-03-04 10:00", to="street")
    assert desk.clock("receipt").due == end_of("2026-03-19")
    desk.claim("2026-03-05 10:00")
    assert "receipt" in desk.unfinished
    desk.inform("2026-03-19 23:00", text="已收到，由街道办理")
    assert desk.clock("receipt").outcome is Outcome.MET


def test_whoever_is_not_told_within_fifteen_days_is_a_breach() -> None:
    desk = petition("2026-03-02 10:00")
    desk.dispatch("2026-03-04 10:00", to="street")
    desk.inform("2026-03-20 00:01")
    assert desk.clock("receipt").outcome is Outcome.BREACHED


# --- the sixty days of a petition -------------------------------------------------------------------------------------


def test_the_sixty_days_of_a_petition_count_from_its_acceptance() -> None:
    desk = petition("2026-01-12 10:00")
    assert "whole" not in desk.case.clocks
    desk.accept("2026-01-19 10:00")
    desk.dispatch("2026-01-20 10:00", to="street")
    assert desk.clock("whole").due == end_of("2026-03-20")


def test_the_sixty_days_of_a_petition_that_nobody_accepted_count_from_the_day_it_was_passed_on() -> None:
    desk = petition("2026-01-12 10:00")
    desk.dispatch("2026-01-19 10:00", to="street")
    desk.transfer("2026-02-02 10:00", to="department")
    assert desk.clock("whole").due == end_of("2026-03-20")


def test_a_suspension_of_the_handling_stops_no_statutory_clock() -> None:
    desk = petition("2026-01-12 10:00")
    desk.dispatch("2026-01-19 10:00", to="street")
    desk.begin("2026-01-20 10:00")
    before = {name: desk.clock(name).due for name in desk.unfinished}
    desk.suspend("2026-01-21 10:00", until=at("2026-01-25 10:00"))
    desk.advance("2026-01-25 11:00")
    assert desk.case.state == "handling"
    assert {name: desk.clock(name).due for name in before} == before


def test_the_sixty_days_of_a_petition_are_extended_once_too() -> None:
    desk = petition("2026-02-06 10:00")
    desk.accept("2026-02-06 10:00")
    desk.extend("2026-04-01 10:00", clock="whole", allowance="30cd", **APPROVED)
    assert desk.clock("whole").due == end_of("2026-05-07")
    with pytest.raises(CommandError):
        desk.extend("2026-04-02 10:00", clock="whole", allowance="1cd", **APPROVED)


# --- the objection ----------------------------------------------------------------------------------------------------


def passed_on() -> Desk:
    """Passed on before the Spring Festival of 2026, on Thursday, 12 February.

    The 13th is the first working day, Saturday the 14th the second, for people work; then nothing to the 23rd; the
    24th, 25th and 26th are the third, fourth and fifth.
    """
    desk = petition("2026-02-10 10:00")
    desk.dispatch("2026-02-12 10:00", to="street")
    return desk


def test_a_return_on_the_fifth_working_day_is_allowed() -> None:
    desk = passed_on()
    assert desk.clock("objection").due == end_of("2026-02-26")
    case = desk.return_("2026-02-26 23:59", reason="不属于本街道职权")
    assert (case.state, case.unit) == ("accepted", "intake")
    assert desk.clock("register").due == end_of("2026-03-13"), "it has to be passed on again within 15 days"


def test_a_return_on_the_sixth_working_day_is_refused() -> None:
    desk = passed_on()
    with pytest.raises(NotAllowed) as refusal:
        desk.return_("2026-02-27 00:01", reason="不属于本街道职权")
    assert says(refusal, 23, "2026-02-26")
    assert (desk.case.state, desk.case.unit) == ("dispatched", "street")


def test_an_objection_in_time_that_is_told_late_is_taken() -> None:
    desk = passed_on()
    desk.advance("2026-02-27 10:00")
    assert desk.return_("2026-02-26 16:00").state == "accepted"


def test_the_time_for_an_objection_lapses_without_a_breach() -> None:
    desk = passed_on()
    desk.advance("2026-02-27 00:01")
    assert desk.clock("objection").outcome is Outcome.LAPSED
    assert [event.kind for event in desk.engine.history("p") if event.kind in ("breached", "urged")] == []


def test_every_new_receiver_has_five_working_days_of_its_own() -> None:
    desk = passed_on()
    desk.transfer("2026-02-27 10:00", to="department")
    # Saturday the 28th is worked; then 2, 3, 4 and 5 March.
    assert desk.clock("objection").due == end_of("2026-03-05")
    assert desk.return_("2026-03-05 17:00").state == "accepted"


def test_an_everyday_case_may_be_returned_at_any_time() -> None:
    desk = Desk("2026-02-12 10:00")
    desk.dispatch("2026-02-12 10:01", to="street")
    desk.extend("2026-02-12 10:02", clock="arrive", allowance="50d", **APPROVED)
    assert desk.return_("2026-03-12 10:00").state == "accepted"


# --- review and re-review ---------------------------------------------------------------------------------------------


def test_a_review_may_be_requested_for_thirty_days_after_the_answer() -> None:
    desk = answered()
    assert desk.clock("request_review").due == end_of("2026-05-07")
    case = desk.request_review("2026-05-08 00:00", by=INTAKE)
    assert case.state == "reviewing"
    assert desk.clock("request_review").outcome is Outcome.MET


def test_a_review_requested_on_the_thirty_first_day_is_refused() -> None:
    desk = answered()
    with pytest.raises(NotAllowed) as refusal:
        desk.request_review("2026-05-08 00:01")
    assert says(refusal, 35, "2026-05-07")


def test_a_petition_is_closed_when_nobody_requests_a_review_in_time() -> None:
    desk = answered()
    desk.advance("2026-05-07 23:59")
    assert desk.case.state == "answered"
    desk.advance("2026-05-08 00:01")
    assert (desk.case.state, desk.unfinished) == ("closed", set())


def test_whoever_was_satisfied_may_still_request_a_review_in_time() -> None:
    desk = answered()
    assert desk.evaluate("2026-04-08 10:00", satisfied=True).state == "closed"
    assert desk.request_review("2026-05-07 10:00", by=INTAKE).state == "reviewing"
    desk = answered()
    desk.evaluate("2026-04-08 10:00", satisfied=True)
    with pytest.raises(NotAllowed) as refusal:
        desk.request_review("2026-05-08 10:00", by=INTAKE)
    assert says(refusal, 35)


def test_a_new_answer_opens_the_time_for_a_review_anew() -> None:
    desk = answered()
    desk.evaluate("2026-04-08 10:00", satisfied=False)
    assert desk.case.state == "accepted"
    desk.dispatch("2026-04-09 10:00", to="street")
    desk.resolve("2026-05-12 10:00")
    desk.answer("2026-05-12 10:00")
    assert desk.clock("request_review").due == end_of("2026-06-11")


def test_the_review_is_decided_within_thirty_days_of_its_request() -> None:
    desk = answered()
    desk.request_review("2026-05-06 10:00")
    assert desk.unfinished == {"review"}
    assert desk.clock("review").due == end_of("2026-06-05")
    desk.review("2026-06-05 23:59", by=Actor("reviewer", "department"))
    assert (desk.case.state, desk.clock("review").outcome) == ("reviewed", Outcome.MET)


def test_a_review_after_its_thirty_days_is_late_and_climbed_the_ladder() -> None:
    desk = answered()
    desk.request_review("2026-05-06 10:00")
    desk.advance("2026-06-08 10:00")
    assert desk.clock("review").outcome is Outcome.BREACHED
    assert desk.clock("review").rung > 0
    assert desk.review("2026-06-08 11:00").state == "reviewed"


def test_nobody_reviews_their_own_answer() -> None:
    desk = answered()
    desk.request_review("2026-05-06 10:00")
    with pytest.raises(NotAllowed) as refusal:
        desk.review("2026-05-07 10:00", by=Actor("handler", "street"))
    assert says(refusal, 35)
    assert desk.review("2026-05-07 11:00", by=Actor("reviewer", "department")).state == "reviewed"
    desk.request_rereview("2026-05-08 10:00")
    with pytest.raises(NotAllowed) as refusal:
        desk.rereview("2026-05-09 10:00", by=Actor("handler", "street"))
    assert says(refusal, 36)


def test_a_unit_that_took_an_overdue_review_over_decides_it() -> None:
    desk = answered()
    desk.request_review("2026-05-06 10:00")
    desk.advance("2026-06-10 10:00")
    taken = desk.clock("review").duty
    assert taken is not None
    assert desk.case.unit == taken
    assert desk.review("2026-06-10 11:00", by=Actor("reviewer", taken)).state == "reviewed"


def test_at_the_top_of_the_chart_somebody_records_what_was_decided_above_it() -> None:
    desk = petition("2026-03-02 10:00")
    desk.dispatch("2026-03-03 10:00", to="leader")
    desk.resolve("2026-04-07 10:00")
    desk.answer("2026-04-07 10:00")
    desk.request_review("2026-05-06 10:00")
    assert desk.review("2026-06-01 10:00", by=Actor("secretary", "leader")).state == "reviewed"


def test_a_re_review_may_be_requested_for_thirty_days_after_the_review() -> None:
    desk = reviewed()
    assert desk.clock("request_rereview").due == end_of("2026-07-01")
    with pytest.raises(NotAllowed) as refusal:
        desk.request_rereview("2026-07-02 00:01", by=INTAKE)
    assert says(refusal, 36, "2026-07-01")
    assert desk.request_rereview("2026-07-01 23:59", by=INTAKE).state == "rereviewing"


def test_a_reviewed_petition_is_closed_only_after_the_time_for_a_re_review() -> None:
    desk = reviewed()
    with pytest.raises(NotAllowed) as refusal:
        desk.close("2026-07-01 10:00", by=INTAKE)
    assert says(refusal, 36, "2026-07-01")
    desk.advance("2026-07-02 10:00")
    assert desk.unfinished == {"attend"}, "somebody has to close it"
    assert desk.close("2026-07-02 11:00", by=INTAKE).state == "closed"
    with pytest.raises(NotAllowed) as refusal:
        desk.request_review("2026-07-02 12:00", by=INTAKE)
    assert says(refusal, 35)


def test_the_re_review_is_decided_within_thirty_days_of_its_request() -> None:
    assert rereviewing().clock("rereview").due == end_of("2026-07-31")


def test_a_hearing_does_not_count_for_the_re_review() -> None:
    """Four days, from the 10th to the 14th: four days later than the end of 31 July is the end of 4 August."""
    desk = rereviewing()
    desk.suspend("2026-07-10 09:00", until=at("2026-07-14 09:00"), reason="听证")
    assert desk.clock("rereview").outcome is Outcome.PAUSED
    assert desk.unfinished == {"rereview"}, "a dated suspension is attended to"
    desk.advance("2026-07-14 10:00")
    assert desk.case.state == "rereviewing"
    assert desk.clock("rereview").due == end_of("2026-08-04")
    desk.rereview("2026-08-04 23:59")
    assert desk.clock("rereview").outcome is Outcome.MET


def test_a_hearing_that_is_over_early_counts_for_as_long_as_it_was() -> None:
    desk = rereviewing()
    desk.suspend("2026-07-10 09:00", until=at("2026-07-24 09:00"), reason="听证")
    desk.resume("2026-07-13 09:00")
    assert desk.case.state == "rereviewing"
    assert desk.clock("rereview").due == end_of("2026-08-03")


@pytest.mark.parametrize("action", ["suspend", "close", "extend", "evaluate"])
def test_nothing_stands_in_for_the_decision_of_a_review(action: str) -> None:
    desk = answered()
    desk.request_review("2026-05-06 10:00")
    with pytest.raises(IllegalAction):
        desk.engine.act(action, "p", at=at("2026-05-07 10:00"))


def test_a_petition_may_be_withdrawn_while_it_is_reviewed() -> None:
    assert rereviewing().withdraw("2026-07-02 10:00").state == "withdrawn"


# --- the end ----------------------------------------------------------------------------------------------------------


def test_after_the_re_review_nothing_is_left_to_be_done() -> None:
    desk = rereviewing()
    case = desk.rereview("2026-07-20 10:00", by=Actor("reviewer", "leader"))
    assert (case.state, case.closed) == ("concluded", at("2026-07-20 10:00"))
    assert (desk.unfinished, case.next_event_at) == (set(), None)
    assert "concluded" in desk.engine.localities.policy("371621").lifecycles["petition"].ends


@pytest.mark.parametrize("action", ["request_review", "request_rereview"])
def test_after_the_re_review_the_same_facts_are_not_taken_again(action: str) -> None:
    desk = rereviewing()
    desk.rereview("2026-07-20 10:00")
    for by in (None, INTAKE):
        with pytest.raises(NotAllowed) as refusal:
            desk.engine.act(action, "p", at=at("2026-07-21 10:00"), by=by)
        assert says(refusal, 36, "同一事实", "same facts")
    assert desk.case.state == "concluded"


@pytest.mark.parametrize("action", ["evaluate", "dispatch", "revisit", "extend", "rereview", "close"])
def test_after_the_re_review_nothing_else_moves_it(action: str) -> None:
    desk = rereviewing()
    desk.rereview("2026-07-20 10:00")
    with pytest.raises(IllegalAction):
        desk.engine.act(action, "p", at=at("2026-07-21 10:00"))


def test_a_breach_may_be_appealed_against_even_after_the_end() -> None:
    desk = answered("2026-05-08 10:00")
    desk.request_review("2026-05-11 10:00")
    desk.review("2026-05-12 10:00")
    desk.request_rereview("2026-05-13 10:00")
    desk.rereview("2026-05-14 10:00")
    assert desk.clock("whole").outcome is Outcome.BREACHED, "accepted on 3 March, answered after 6 May"
    desk.appeal("2026-05-15 10:00", clock="whole", reason="鉴定")
    desk.rule("2026-05-16 10:00", granted=True)
    assert desk.clock("whole").exempt == "appeal"


def test_a_whole_petition_goes_by_without_a_breach_or_a_fault() -> None:
    desk = rereviewing()
    desk.rereview("2026-07-20 10:00", by=Actor("reviewer", "leader"))
    outcomes = {clock.name: clock.outcome for clock in desk.case.all_clocks}
    assert outcomes == dict.fromkeys(
        (
            *("register", "whole", "receipt", "objection", "answer", "evaluate"),
            *("request_review", "review", "request_rereview", "rereview"),
        ),
        Outcome.MET,
    ) | {"objection": Outcome.LAPSED}
    kinds = [event.kind for event in desk.engine.history("p") if event.kind not in ("warned", "lapsed")]
    assert {"breached", "faulted", "urged"} & set(kinds) == set()
    assert kinds[-4:] == ["review_requested", "reviewed", "rereview_requested", "rereviewed"]


# --- the layer --------------------------------------------------------------------------------------------------------


def test_the_lifecycle_of_a_petition_is_the_everyday_one_with_reviews() -> None:
    petitions = office().localities.policy("371621").lifecycles["petition"]
    assert set(petitions.states) - set(BASE.states) == {"reviewing", "reviewed", "rereviewing", "concluded"}
    assert set(petitions.transitions) >= set(BASE.transitions)


def test_every_clock_and_action_of_a_petition_has_a_name_in_both_languages() -> None:
    desk = rereviewing()
    policy = desk.engine.localities.policy("371621")
    words = {clock.name for clock in desk.case.all_clocks} | set(policy.lifecycles["petition"].actions)
    assert [word for word in words if policy.name(word).zh == word] == []


def test_the_rules_give_the_same_deadlines_object_each_time() -> None:
    case = petition("2026-03-02 10:00").case
    assert statute.governflow_deadlines(case) is statute.governflow_deadlines(case)


def test_a_case_outside_china_has_no_statute_of_china() -> None:
    """The defaults alone: 60 days too, but no holiday, and no limit to extensions."""
    engine = Engine.open()
    case = engine.report(case_id="r", at=at("2026-08-04 10:00"))
    assert case.clocks["whole"].due == end_of("2026-10-03")
    assert date(2026, 10, 3) in WorkingCalendar.china().holidays
    assert "petition" not in engine.localities.policy("000000").lifecycles
