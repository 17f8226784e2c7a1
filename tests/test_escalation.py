from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from governflow import Case, CommandError, Engine, hookimpl
from governflow.calendars.allowances import Allowance
from governflow.model.clocks import DUTY, SURVIVES_TRANSFER, Clock, ClockSpec
from governflow.model.events import Event
from governflow.model.terms import Form, Kind, Outcome
from governflow.model.units import OrgChart, Unit
from governflow.model.urgings import Urging
from governflow.policy.hookspecs import Breach, Context, Deadlines, Escalation, Route, Ruling
from governflow.reports.consequences import repeated_urgings
from governflow.text import Text

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
US = timedelta(microseconds=1)
CLIMBED = ("urged", "supervised", "taken_over", "special_report_filed")


def plus(minutes: float) -> datetime:
    return T0 + minutes * MINUTE


def desk(plugin: object | None = None, **details: Any) -> Engine:
    engine = Engine.open()
    if plugin is not None:
        engine.localities.register("county", plugin)
    engine.report(case_id="c", locality="county", at=T0, **details)
    return engine


def rungs(engine: Engine) -> list[tuple[str, datetime, str, str, str]]:
    """What the ladders did: kind, moment, from, to, clock; what was urged again and again at each of its moments."""
    found, history = [], engine.history("c")
    repeated = repeated_urgings(history, engine.now)
    for event in history:
        if event.kind in CLIMBED:
            told = event.escalation
            assert told is not None
            urging, ended = repeated.get(event.seq, (Urging(event.at, 0, ()), event.at + US))
            found += [(event.kind, at, told["from"], told["to"], str(told["clock"])) for at in urging.moments(ended)]
    return sorted(found, key=lambda rung: rung[1])


def clock(engine: Engine, name: str) -> Clock:
    return engine.case("c").clocks[name]


# --- the ladder of the dispatch clock ---------------------------------------------------------------------------------


def test_a_case_that_nobody_dispatches_is_urged_then_supervised_then_dispatched_from_above() -> None:
    engine = desk()
    engine.advance(plus(5 + 60) + US)
    assert rungs(engine) == [
        ("urged", plus(5), "intake", "intake", "dispatch#1"),
        ("supervised", plus(35), "intake", "leader", "dispatch#1"),
        ("taken_over", plus(65), "intake", "community", "dispatch#1"),
    ]
    case = engine.case("c")
    assert (case.state, case.unit, case.form, case.dispatched) == ("dispatched", "community", "direct", plus(65))
    assert (case.clocks["dispatch"].outcome, case.clocks["dispatch"].stopped) == (Outcome.BREACHED, plus(65))
    assert case.clocks["arrive"].due == plus(65 + 40)


@pytest.mark.parametrize(
    ("severity", "unit", "form"),
    [("general", "community", "direct"), ("complex", "street", "verify"), ("major", "department", "lead")],
)
def test_the_dispatch_from_above_goes_along_the_route(severity: str, unit: str, form: str) -> None:
    engine = desk(severity=severity)
    engine.advance(plus(66))
    case = engine.case("c")
    assert (case.state, case.unit, case.form) == ("dispatched", unit, form)


class Routing:
    """A locality that routes everything to the street, assisted by a department."""

    @hookimpl
    def governflow_route(self, case: Case) -> Ruling:
        return Ruling(Route("street", Form.ASSIST, ("department",)), Text("the street", "街道"), "route/street")


def test_the_dispatch_from_above_goes_along_the_route_of_the_localitys_own_policy() -> None:
    engine = desk(Routing())
    engine.advance(plus(66))
    case = engine.case("c")
    assert (case.state, case.unit, case.form, case.assist) == ("dispatched", "street", "assist", ("department",))


class OwnChart:
    """A locality whose units bear names of their own."""

    CHART = OrgChart.of(
        [
            Unit("desk", Text("desk", "受理台"), 0, "town"),
            Unit("village", Text("village", "村"), 1, "town", (Form.DIRECT,)),
            Unit("town", Text("town", "镇"), 2, "county", (Form.VERIFY, Form.ASSIST)),
            Unit("county", Text("county", "县"), 3, None, (Form.LEAD, Form.JOINT, Form.STUDY)),
        ],
        intake="desk",
    )

    @hookimpl
    def governflow_units(self) -> OrgChart:
        return self.CHART

    @hookimpl
    def governflow_route(self, case: Case) -> Ruling:
        return Ruling(Route("village", Form.DIRECT), Text("the village", "村"), "route/village")


def test_in_a_chart_of_its_own_a_locality_climbs_from_village_to_county() -> None:
    engine = desk(OwnChart())
    engine.dispatch("c", at=plus(1))
    engine.advance(T0 + DAY)
    takers = [to for kind, _, _, to, _ in rungs(engine) if kind == "taken_over"]
    assert takers == ["town", "town", "county", "county", "county"]
    assert not [event for event in engine.history("c") if event.kind == "faulted"]


def test_in_a_chart_of_its_own_a_case_that_nobody_dispatches_goes_to_the_routed_unit() -> None:
    engine = desk(OwnChart())
    engine.advance(plus(66))
    assert (engine.case("c").state, engine.case("c").unit) == ("dispatched", "village")
    assert not [event for event in engine.history("c") if event.kind == "faulted"]


# --- form by form to the top ------------------------------------------------------------------------------------------


def test_the_ladder_climbs_form_by_form_to_the_special_report_at_exact_times() -> None:
    """Nobody ever goes there: each form has 40 minutes, is urged, is supervised 40 later, and then loses the case."""
    engine = desk()
    engine.dispatch("c", at=T0)
    engine.advance(T0 + DAY)
    forms = [
        ("community", "street", "street"),
        ("street", "department", "street"),  # verify -> assist, both the street's
        ("street", "department", "department"),
        ("department", "departments", "departments"),
        ("departments", "leader", "leader"),
    ]
    wanted = []
    for cycle, (holder, above, taker) in enumerate(forms, start=1):
        due = 120 * (cycle - 1) + 40
        wanted += [
            ("urged", plus(due), holder, holder, f"arrive#{cycle}"),
            ("supervised", plus(due + 40), holder, above, f"arrive#{cycle}"),
            ("taken_over", plus(due + 80), holder, taker, f"arrive#{cycle}"),
        ]
    top = 120 * 5 + 40
    wanted += [
        ("urged", plus(top), "leader", "leader", "arrive#6"),
        # There is nobody above the leaders to supervise, and no higher form to take over.
        ("special_report_filed", plus(top + 40), "leader", "leader", "arrive#6"),
    ]
    assert rungs(engine) == wanted
    taken = [event for event in engine.history("c") if event.kind == "taken_over"]
    assert [event.about["escalation"]["form"] for event in taken] == ["verify", "assist", "lead", "joint", "study"]
    assert engine.case("c").special == plus(top + 40)


def test_after_the_special_report_the_holder_is_urged_daily_for_a_week_and_then_weekly() -> None:
    engine = desk(severity="major")
    engine.dispatch("c", to="leader", at=T0)
    engine.advance(T0 + 40 * DAY)
    (filed,) = [event.at for event in engine.history("c") if event.kind == "special_report_filed"]
    urged = [at - filed for kind, at, _, to, _ in rungs(engine) if kind == "urged" and to == "leader" and at > filed]
    assert urged == [*(n * DAY for n in range(1, 8)), 2 * WEEK, 3 * WEEK, 4 * WEEK, 5 * WEEK]


def test_the_special_report_is_filed_once() -> None:
    engine = desk()
    engine.advance(T0 + 200 * DAY)
    assert [kind for kind, *_ in rungs(engine)].count("special_report_filed") == 1


def test_the_ladder_of_a_case_that_is_never_touched_does_not_end_before_the_case() -> None:
    engine = desk()
    engine.advance(T0 + 400 * DAY)
    last = max(at for _, at, *_ in rungs(engine))
    assert last > T0 + 390 * DAY


# --- the gap ----------------------------------------------------------------------------------------------------------


def gaps(engine: Engine, name: str) -> timedelta:
    moments = [at for kind, at, _, _, climbed in rungs(engine) if climbed == f"{name}#1" and kind != "taken_over"]
    return moments[1] - moments[0]


def test_the_gap_is_the_clocks_own_allowance() -> None:
    engine = desk()
    engine.dispatch("c", at=T0)
    engine.advance(T0 + HOUR * 3)
    assert gaps(engine, "arrive") == 40 * MINUTE


def test_the_gap_is_at_least_half_an_hour() -> None:
    engine = desk()
    engine.advance(T0 + HOUR)
    assert gaps(engine, "dispatch") == 30 * MINUTE


@pytest.mark.parametrize("severity", ["complex", "major"])
def test_the_gap_is_at_most_a_day(severity: str) -> None:
    engine = desk(severity=severity)
    engine.dispatch("c", at=T0)
    engine.arrive("c", at=T0)
    engine.advance(T0 + 10 * DAY)
    assert gaps(engine, "resolve") == DAY


def test_a_pause_does_not_make_the_gap_longer() -> None:
    """The gap is the allowance, not the time that passed on the wall."""
    engine = desk()
    engine.dispatch("c", at=T0)
    engine.suspend("c", until=plus(310), at=plus(10))
    engine.advance(T0 + 12 * HOUR)
    assert rungs(engine)[:2] == [
        ("urged", plus(340), "community", "community", "arrive#1"),
        ("supervised", plus(380), "community", "street", "arrive#1"),
    ]


# --- what ends a ladder -----------------------------------------------------------------------------------------------


def test_stopping_the_clock_ends_its_ladder() -> None:
    engine = desk()
    engine.dispatch("c", at=T0)
    engine.arrive("c", at=plus(50))
    engine.resolve("c", at=plus(60))
    engine.answer("c", at=plus(61))
    engine.advance(T0 + DAY)
    assert [(kind, at) for kind, at, *_ in rungs(engine)] == [("urged", plus(40))]


def test_a_stop_at_the_very_moment_of_a_rung_forestalls_it() -> None:
    engine = desk()
    engine.dispatch("c", at=T0)
    engine.arrive("c", at=plus(80))
    assert [kind for kind, *_ in rungs(engine)] == ["urged"]


class Hurried:
    """A locality that gives the whole case a hundred minutes."""

    @hookimpl
    def governflow_deadlines(self) -> Deadlines:
        return self.DEADLINES

    DEADLINES = Deadlines(
        (
            ClockSpec(
                "whole",
                Text("whole case", "全程"),
                Allowance.parse("100min"),
                frozenset({"report", "reopen"}),
                frozenset({"answer"}),
                (SURVIVES_TRANSFER, DUTY),
            ),
        )
    )


def test_a_takeover_ends_all_other_ladders_of_the_case() -> None:
    """The time to arrive is up at 40 and takes over at 120; the whole time was up at 100 and would go on at 200."""
    engine = desk(Hurried())
    engine.dispatch("c", at=T0)
    engine.advance(plus(1000))
    assert [(kind, at) for kind, at, _, _, climbed in rungs(engine) if climbed == "whole#1"] == [("urged", plus(100))]
    assert clock(engine, "whole").running
    assert clock(engine, "whole").outcome is Outcome.BREACHED


def test_a_takeover_by_the_whole_case_keeps_its_own_ladder_and_its_due_time() -> None:
    engine = desk(Hurried(), severity="major")
    engine.dispatch("c", at=T0)
    engine.arrive("c", at=plus(1))
    engine.advance(plus(399))
    assert rungs(engine)[:3] == [
        ("urged", plus(100), "department", "department", "whole#1"),
        ("supervised", plus(200), "department", "departments", "whole#1"),
        ("taken_over", plus(300), "department", "departments", "whole#1"),
    ]
    assert (clock(engine, "whole").cycle, clock(engine, "whole").due) == (1, plus(100))
    assert clock(engine, "arrive").started == plus(300)


def test_a_takeover_of_one_duty_leaves_the_ladder_of_another() -> None:
    """Both summons are missed: whoever takes over the one duty opens no new cycle that would guard the other."""
    engine = desk(severity="major")
    engine.dispatch("c", to="community", at=T0)
    engine.arrive("c", at=plus(1))
    engine.whistle("c", units=["street"], at=plus(2))
    engine.whistle("c", units=["department"], at=plus(12))
    engine.advance(plus(2) + 3 * HOUR)
    by_clock = [climbed for kind, _, _, _, climbed in rungs(engine) if kind == "taken_over"]
    assert set(by_clock) == {"check_in:street#1", "check_in:department#1"}


# --- duties that move while the state stays ---------------------------------------------------------------------------


def test_an_answer_that_nobody_gives_moves_up_while_the_case_stays_resolved() -> None:
    engine = desk()
    engine.dispatch("c", at=T0)
    engine.resolve("c", at=plus(10))
    engine.advance(plus(10) + 3 * DAY + US)
    assert rungs(engine) == [
        ("urged", plus(10) + DAY, "community", "community", "answer#1"),
        ("supervised", plus(10) + 2 * DAY, "community", "street", "answer#1"),
        ("taken_over", plus(10) + 3 * DAY, "community", "street", "answer#1"),
    ]
    case = engine.case("c")
    assert (case.state, case.unit, case.clocks["answer"].duty) == ("resolved", "street", "street")
    assert case.clocks["answer"].running
    assert case.clocks["answer"].cycle == 1


def test_a_summons_that_nobody_follows_moves_to_the_unit_above_while_the_case_stays_where_it_is() -> None:
    engine = desk(severity="major")
    engine.dispatch("c", to="community", at=T0)
    engine.arrive("c", at=plus(1))
    engine.whistle("c", units=["department"], at=plus(2))
    engine.advance(plus(2 + 90) + US)
    assert rungs(engine) == [
        ("urged", plus(32), "department", "department", "check_in:department#1"),
        ("supervised", plus(62), "department", "departments", "check_in:department#1"),
        ("taken_over", plus(92), "department", "departments", "check_in:department#1"),
    ]
    case = engine.case("c")
    assert (case.state, case.unit) == ("on_site", "community")
    assert case.clocks["check_in:department"].duty == "departments"


def test_a_promise_that_nobody_keeps_moves_up_while_the_conference_goes_on() -> None:
    engine = desk(severity="major")
    engine.dispatch("c", to="community", at=T0)
    engine.arrive("c", at=plus(1))
    engine.confer("c", until=plus(62), at=plus(2))
    engine.advance(plus(62 + 120) + US)
    promised = [rung for rung in rungs(engine) if rung[4] == "promise#1"]
    assert [(kind, at) for kind, at, *_ in promised] == [
        ("urged", plus(62)),
        ("supervised", plus(122)),
        ("taken_over", plus(182)),
    ]
    case = engine.case("c")
    assert (case.state, case.clocks["promise"].duty) == ("conferring", promised[-1][3])
    assert case.unit == promised[-1][3]


# --- outages and reclassifications ------------------------------------------------------------------------------------


def test_after_an_outage_every_missed_rung_fires_once_with_the_moment_it_was_due() -> None:
    late, punctual = desk(), desk()
    for minute in range(1, 60 * 24):
        punctual.advance(plus(minute))
    late.advance(plus(60 * 24 - 1))
    assert rungs(late) == rungs(punctual)
    assert rungs(late)[0] == ("urged", plus(5), "intake", "intake", "dispatch#1")
    assert late.history("c") == punctual.history("c")


def test_a_reclassification_does_not_make_up_rungs_in_the_past() -> None:
    engine = desk(severity="complex")
    engine.dispatch("c", at=T0)
    engine.arrive("c", at=plus(10))
    engine.reclassify("c", severity="general", at=plus(115))  # due at 145, half an hour from now
    engine.advance(plus(200))
    assert [event.at for event in engine.history("c") if event.kind == "breached"] == [plus(145)]
    assert [(kind, at) for kind, at, *_ in rungs(engine)] == [("urged", plus(145)), ("supervised", plus(175))]


def test_a_week_that_becomes_half_an_hour_climbs_to_the_top_without_a_fault() -> None:
    """Nobody climbed the 288 rungs in between: they are no ladder that never ends."""
    engine = desk(severity="major")
    engine.dispatch("c", at=T0)
    engine.arrive("c", at=plus(10))
    engine.reclassify("c", severity="general", at=T0 + 6 * DAY)
    engine.advance(T0 + 8 * DAY)
    assert [event.kind for event in engine.history("c") if event.kind == "faulted"] == []
    assert engine.case("c").special is not None


def test_nobody_is_taken_over_from_in_the_second_in_which_the_case_is_found_to_be_simple() -> None:
    engine = desk(severity="major")
    engine.dispatch("c", at=T0)
    engine.arrive("c", at=plus(10))
    before = engine.case("c").unit
    engine.reclassify("c", severity="general", at=T0 + 3 * DAY)
    engine.advance(T0 + 3 * DAY + 31 * MINUTE)
    assert [(kind, at) for kind, at, *_ in rungs(engine)] == [("urged", T0 + 3 * DAY + 30 * MINUTE)]
    assert engine.case("c").unit == before


def test_a_reclassification_during_a_suspension_does_not_make_up_rungs_in_the_past() -> None:
    """A week becomes half an hour while the case is suspended: the half hour counts from the end of the suspension."""
    engine = desk(severity="major")
    engine.dispatch("c", at=T0)
    engine.arrive("c", at=plus(10))
    engine.suspend("c", until=plus(600), at=plus(200))
    engine.reclassify("c", severity="general", at=plus(300))
    engine.advance(plus(640))
    assert [(kind, at) for kind, at, *_ in rungs(engine)] == [("urged", plus(630))]


def test_an_extension_of_a_breached_clock_starts_its_ladder_anew_at_the_new_due() -> None:
    engine = desk()
    engine.dispatch("c", at=T0)
    engine.advance(plus(50))
    engine.extend("c", clock="arrive", until=plus(300), approved_by="street", reason="snow", at=plus(50))
    engine.advance(plus(300) + US)
    assert [(kind, at) for kind, at, *_ in rungs(engine)] == [("urged", plus(40)), ("urged", plus(300))]


# --- escalating by hand -----------------------------------------------------------------------------------------------


def test_an_escalation_by_hand_goes_to_the_next_higher_form() -> None:
    engine = desk()
    engine.dispatch("c", at=T0)
    forms = []
    for minute in range(1, 6):
        case = engine.escalate("c", at=plus(minute))
        forms.append((case.form, case.unit))
    assert forms == [
        ("verify", "street"),
        ("assist", "street"),
        ("lead", "department"),
        ("joint", "departments"),
        ("study", "leader"),
    ]
    with pytest.raises(CommandError):
        engine.escalate("c", at=plus(6))


def test_an_escalation_never_goes_to_a_lower_level() -> None:
    engine = desk()
    engine.dispatch("c", to="department", at=T0)
    with pytest.raises(CommandError, match="never goes down"):
        engine.escalate("c", to="community", at=plus(1))


@pytest.mark.parametrize("form", ["verify", "assist"])
def test_an_escalation_to_no_higher_form_is_refused(form: str) -> None:
    engine = desk()
    engine.dispatch("c", at=T0)
    engine.escalate("c", form="assist", at=plus(1))
    with pytest.raises(CommandError):
        engine.escalate("c", form=form, at=plus(2))


# --- a locality's own ladder ------------------------------------------------------------------------------------------


class Own:
    """A locality whose ladder answers whatever the test says."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    @hookimpl
    def governflow_deadlines(self) -> Deadlines:
        return Deadlines(drop=("whole",))

    @hookimpl
    def governflow_escalate(self, case: Case, cause: Breach, context: Context) -> Any:
        return self.answers[cause.rung] if cause.rung < len(self.answers) else None


def ruled(kind: Any, to: Any, again: Any = HOUR, form: Any = None) -> Ruling:
    return Ruling(Escalation(kind, to, form, again), "because", "own/1")


def climbed_once(plugin: object) -> tuple[Engine, Event]:
    engine = desk(plugin, severity="major")
    engine.dispatch("c", to="department", at=T0)
    engine.advance(plus(41))
    (first,) = [event for event in engine.history("c") if event.kind in CLIMBED]
    return engine, first


def test_a_locality_may_replace_the_ladder() -> None:
    engine, first = climbed_once(Own(ruled(Kind.SUPERVISE, "leader", 2 * HOUR), ruled(Kind.URGE, "department", None)))
    assert (first.kind, first.at, first.about["escalation"]["to"]) == ("supervised", plus(40), "leader")
    engine.advance(T0 + DAY)
    assert [(kind, at) for kind, at, *_ in rungs(engine)] == [("supervised", plus(40)), ("urged", plus(160))]


@pytest.mark.parametrize(
    "answer",
    [
        ruled(Kind.TAKE_OVER, "nobody", form=Form.JOINT),
        ruled(Kind.TAKE_OVER, "community", form=Form.DIRECT),
        ruled(Kind.URGE, "department", timedelta(0)),
        ruled(Kind.URGE, "department", "tomorrow"),
        ruled("promote", "department"),
        ruled("take_over", "departments", form="joint"),
        ruled(Kind.TAKE_OVER, "departments", form="nonsense"),
        ruled(Kind.URGE, None),
        ruled(Kind.URGE, ["department"]),
    ],
    ids=["unknown unit", "down", "no gap", "gap no span", "kind unknown", "names", "form unknown", "nobody", "list"],
)
def test_a_ladder_that_makes_no_sense_is_a_fault_and_the_holder_is_urged(answer: Any) -> None:
    """The abstract chart takes any name for a unit, so this locality closes it."""

    class Closed(Own):
        @hookimpl
        def governflow_units(self) -> OrgChart:
            return CLOSED

    engine, first = climbed_once(Closed(answer))
    assert (first.kind, first.at, first.about["escalation"]["to"]) == ("urged", plus(40), "department")
    (fault,) = [event for event in engine.history("c") if event.kind == "faulted"]
    assert fault.about["faults"][0]["plugin"] == "county"
    assert clock(engine, "triage").running
    assert clock(engine, "arrive").next_rung_at is not None


CLOSED = OrgChart.of(
    [
        Unit("intake", Text("intake", "受理"), 0, "leader"),
        Unit("community", Text("community", "社区"), 1, "department", (Form.DIRECT, Form.VERIFY, Form.ASSIST)),
        Unit("department", Text("department", "部门"), 3, "departments", (Form.LEAD,)),
        Unit("departments", Text("departments", "联办"), 4, "leader", (Form.JOINT,)),
        Unit("leader", Text("leader", "领导"), 5, None, (Form.STUDY,)),
    ],
    intake="intake",
)
