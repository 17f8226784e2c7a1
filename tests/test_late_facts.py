"""Facts that come late, are told together, or are retracted: the life ends as if they had come in time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from governflow import Actor, Case, CommandError, Engine, Fact, IllegalAction
from governflow.engine import books
from governflow.model.case import fold
from governflow.model.life import live_through

BEGIN = datetime(2026, 3, 16, 8, tzinfo=UTC)
#: Fields that say how a life was told, not what it was.
TELLING = frozenset({"version"})
CASE = "A1"


def after(minutes: float) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


def fact(action: str, minutes: float, **details: object) -> Fact:
    return Fact(action, after(minutes), Actor("网格员12"), details)


def told(engine: Engine, *facts: Fact) -> Case:
    """Tell facts one by one, in the order given."""
    for one in facts:
        case = engine.tell(CASE, [one])
    return case


def lived(engine: Engine) -> dict[str, object]:
    """What a case is, apart from how it was told."""
    return {name: value for name, value in vars(engine.case(CASE)).items() if name not in TELLING}


def kinds(engine: Engine) -> list[str]:
    return [event.kind for event in engine.life(CASE)]


@pytest.fixture(params=["memory", "sqlite"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    return Engine.open(tmp_path / "cases.db" if request.param == "sqlite" else None)


def in_time(*facts: Fact, until: datetime) -> dict[str, object]:
    """The case that facts leave that are told one by one, each in time."""
    engine = Engine.open()
    told(engine, *sorted(facts, key=lambda one: one.at))
    engine.advance(until)
    return lived(engine)


REPORT, DISPATCH = fact("report", 0, text="路灯不亮"), fact("dispatch", 1)
ARRIVE, RESOLVE, ANSWER = fact("arrive", 20), fact("resolve", 40), fact("answer", 60, text="已修")


def test_one_row_typed_in_a_day_late(engine: Engine) -> None:
    told(engine, REPORT, DISPATCH)
    engine.advance(after(24 * 60))
    assert "taken_over" in kinds(engine)
    told(engine, ARRIVE)
    assert kinds(engine)[:3] == ["reported", "dispatched", "arrived"]
    assert {clock.mark: clock.outcome for clock in engine.case(CASE).all_clocks}["arrive#1"] == "met"
    assert lived(engine) == in_time(REPORT, DISPATCH, ARRIVE, until=after(24 * 60))


def test_what_is_withdrawn_stays_in_the_book_marked(engine: Engine) -> None:
    told(engine, REPORT, DISPATCH)
    engine.advance(after(300))
    before = len(engine.history(CASE))
    told(engine, ARRIVE, RESOLVE)
    book = engine.history(CASE)
    first = book[before]
    assert first.kind == "amended"
    assert [event.kind for event in book[:2]] == ["reported", "dispatched"]
    assert {event.withdrawn for event in book[2:before]} == {first.seq}
    assert not any(event.withdrawn for event in book[:2])
    assert "taken_over" not in kinds(engine)


def test_a_worker_offline_for_six_hours(engine: Engine) -> None:
    told(engine, REPORT, DISPATCH)
    engine.advance(after(360))
    engine.tell(CASE, [RESOLVE, ANSWER, ARRIVE])
    assert lived(engine) == in_time(REPORT, DISPATCH, ARRIVE, RESOLVE, ANSWER, until=after(360))
    assert [event.kind for event in engine.history(CASE)].count("amended") == 1


def test_batches_are_judged_together_in_the_order_of_time(engine: Engine) -> None:
    """Neither the pause nor its end would fit alone before the arrival that is known."""
    told(engine, REPORT, DISPATCH, ARRIVE, RESOLVE)
    engine.advance(after(600))
    with pytest.raises(CommandError):
        engine.tell(CASE, [fact("suspend", 5, until=after(60))])
    pause = [fact("resume", 15), fact("suspend", 5, until=after(60), reason="等配件")]
    engine.tell(CASE, pause)
    assert lived(engine) == in_time(REPORT, DISPATCH, ARRIVE, RESOLVE, *pause, until=after(600))
    assert engine.case(CASE).clocks["arrive"].pauses == ((after(5), after(15)),)


def test_a_whole_reopening_comes_in_as_one(engine: Engine) -> None:
    last = [fact("resolve", 300), fact("answer", 310, text="再修")]
    told(engine, REPORT, DISPATCH, ARRIVE, RESOLVE, ANSWER)
    engine.advance(after(100))
    again = [*last, fact("evaluate", 70, satisfied=False), fact("dispatch", 80), fact("arrive", 90)]
    engine.tell(CASE, again)
    engine.advance(after(400))
    assert engine.case(CASE).reopened == 1
    assert lived(engine) == in_time(REPORT, DISPATCH, ARRIVE, RESOLVE, ANSWER, *again, until=after(400))


def test_a_case_is_told_whole(engine: Engine) -> None:
    engine.tell(CASE, [ANSWER, RESOLVE, ARRIVE, DISPATCH, REPORT])
    engine.advance(after(300))
    assert lived(engine) == in_time(REPORT, DISPATCH, ARRIVE, RESOLVE, ANSWER, until=after(300))
    assert engine.history(CASE)[0].kind == "reported"
    assert "路灯不亮" in str(engine.texts(CASE))


def test_a_refused_late_fact_names_the_fact_that_contradicts_it(engine: Engine) -> None:
    told(engine, REPORT, DISPATCH, ARRIVE)
    engine.advance(after(600))
    before = engine.history(CASE)
    with pytest.raises(CommandError, match=r"arrive at .* which is known"):
        engine.tell(CASE, [fact("resolve", 10)])
    with pytest.raises(IllegalAction):
        engine.tell(CASE, [fact("answer", 10, text="已修")])
    assert engine.history(CASE) == before


def test_a_fact_told_wrongly_is_retracted(engine: Engine) -> None:
    told(engine, REPORT, DISPATCH, ARRIVE, RESOLVE)
    engine.advance(after(24 * 60))
    (wrong,) = [event for event in engine.life(CASE) if event.kind == "resolved"]
    engine.retract(wrong, reason="填错", by=Actor("平台3"))
    assert lived(engine) == in_time(REPORT, DISPATCH, ARRIVE, until=after(24 * 60))
    assert engine.history(CASE)[wrong.seq - 1].withdrawn == engine.case(CASE).version
    with pytest.raises(CommandError, match="no fact of case"):
        engine.retract(wrong, reason="填错")


def test_a_fact_that_another_needs_is_not_retracted(engine: Engine) -> None:
    told(engine, REPORT, DISPATCH, ARRIVE, RESOLVE, ANSWER)
    (needed,) = [event for event in engine.life(CASE) if event.kind == "resolved"]
    with pytest.raises(CommandError, match=r"answer at .* without it"):
        engine.retract(needed, reason="填错")


def test_a_late_fact_that_is_retracted_leaves_the_life_as_before(engine: Engine) -> None:
    told(engine, REPORT, DISPATCH)
    engine.advance(after(600))
    before = lived(engine)
    told(engine, ARRIVE)
    engine.retract(next(event for event in engine.life(CASE) if event.kind == "arrived"), reason="不是这件")
    assert lived(engine) == before


def test_facts_of_one_moment_have_one_order_whatever_that_of_telling() -> None:
    day = [fact(action, 0, **details) for action, details in (("report", {}), ("dispatch", {}), ("resolve", {}))]
    day.append(fact("answer", 0, text="已修"))
    ends = []
    for order in (day, day[::-1], [day[2], day[0], day[3], day[1]]):
        engine = Engine.open()
        engine.tell(CASE, order)
        engine.advance(after(500))
        ends.append(lived(engine))
    assert ends[0] == ends[1] == ends[2]
    assert ends[0]["state"] == "answered"


def test_a_book_with_amendments_folds_to_the_case_verifies_and_survives(tmp_path: Path) -> None:
    path = tmp_path / "cases.db"
    with Engine.open(path) as engine:
        told(engine, REPORT, DISPATCH)
        engine.advance(after(2000))
        told(engine, RESOLVE, ARRIVE, ANSWER)
        engine.verify()
        kept = engine.case(CASE)
        assert fold(engine.history(CASE)) == kept
    with Engine.open(path) as again:
        assert again.case(CASE) == kept
        assert fold(again.history(CASE)) == kept
        life = live_through(again.life(CASE))
        assert life is not None
        assert {name for name, value in vars(life).items() if value != vars(kept)[name]} == {"version"}
        again.verify()


def test_a_command_id_told_again_changes_nothing(engine: Engine) -> None:
    told(engine, REPORT, DISPATCH)
    engine.advance(after(300))
    late = Fact("arrive", after(20), Actor("网格员12"), {}, "row 3")
    first = engine.tell(CASE, [late])
    assert engine.tell(CASE, [late]) == first
    assert len([event for event in engine.history(CASE) if event.kind == "amended"]) == 1


def outage(engine: Engine) -> None:
    engine.declare_outage("000000", after(0), after(960), reason="断网", by=Actor("平台3"), at=after(1440))


def test_an_outage_told_late_withdraws_what_followed_from_breaches_inside_it(engine: Engine) -> None:
    told(engine, REPORT, DISPATCH)
    held = engine.case(CASE).unit
    engine.advance(after(1440))
    assert engine.case(CASE).unit != held
    outage(engine)
    case = engine.case(CASE)
    assert (case.unit, case.special) == (held, None)
    assert not [event for event in engine.life(CASE) if event.about.get("escalation")]
    assert {clock.exempt for clock in case.all_clocks if clock.outcome == "breached"} == {"outage"}
    assert any(clock.running and clock.exempt is None for clock in case.clocks.values())
    engine.verify()


def test_an_outage_told_late_leaves_what_one_told_in_time_leaves(engine: Engine) -> None:
    told(engine, REPORT, DISPATCH)
    engine.advance(after(1440))
    outage(engine)
    engine.advance(after(9000))
    in_time = Engine.open()
    in_time.declare_outage("000000", after(0), after(960), reason="断网", at=after(0))
    told(in_time, REPORT, DISPATCH)
    in_time.advance(after(9000))
    assert lived(engine) == lived(in_time)


@pytest.mark.parametrize("last", ["B2", "B3"])
def test_an_outage_told_late_that_is_killed_is_finished_by_the_next_advance(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    """Between two slices or within one: nothing is lost, and no life is worked out twice."""
    names = [f"B{number}" for number in range(5)]
    for name in names:
        for one in (REPORT, DISPATCH):
            engine.tell(name, [one])
    engine.advance(after(1440))
    with monkeypatch.context() as patch:
        patch.setattr(books, "SLICE", 2)
        excuse = engine._excuse

        def dies(name: str, *about: object) -> None:
            if name == last:
                raise KeyboardInterrupt
            excuse(name, *about)

        patch.setattr(engine, "_excuse", dies)
        with pytest.raises(KeyboardInterrupt):
            outage(engine)
    changed = [sum(event.kind == "amended" for event in engine.history(name)) for name in names]
    assert (changed[:2], changed[3:]) == ([1, 1], [0, 0])  # the store in memory undoes no half slice
    engine.advance(after(1441))
    assert [sum(event.kind == "amended" for event in engine.history(name)) for name in names] == [1] * 5
    assert [entry.kind for entry in engine.book("000000")].count("outage_declared") == 1
    assert engine.store.unfinished() == []
    engine.verify()


def test_a_case_that_an_outage_does_not_concern_is_left_alone(engine: Engine) -> None:
    told(engine, REPORT, DISPATCH, ARRIVE, RESOLVE, ANSWER)
    engine.advance(after(1440))
    before = engine.history(CASE)
    outage(engine)
    assert engine.history(CASE) == before


def test_a_verdict_is_never_refused_for_having_been_typed_in_late(engine: Engine) -> None:
    """The lapse that followed from the silence is withdrawn with it."""
    told(engine, REPORT, DISPATCH, ARRIVE, RESOLVE, ANSWER)
    engine.advance(after(60 * 24 * 40))
    assert engine.case(CASE).state == "closed"
    engine.tell(CASE, [fact("evaluate", 90, satisfied=True)])
    case = engine.case(CASE)
    assert (case.state, case.judged, case.closed) == ("closed", "satisfied", after(90))
    assert "lapsed" not in kinds(engine)


def test_a_verdict_that_later_facts_contradict_moves_the_case_from_the_moment_at_which_it_is_told(
    engine: Engine,
) -> None:
    """Somebody looked again after the silence: that stands, and the one who asked is heard all the same."""
    looked = fact("revisit", 60 * 24 * 41, recurred=False)
    told(engine, REPORT, DISPATCH, ARRIVE, RESOLVE, ANSWER)
    engine.advance(after(60 * 24 * 40))
    told(engine, looked)
    engine.advance(after(60 * 24 * 42))
    engine.tell(CASE, [fact("evaluate", 90, satisfied=False)])
    case = engine.case(CASE)
    assert (case.state, case.judged, case.reopened) == ("accepted", "unsatisfied", 1)
    assert "revisited" in kinds(engine)
    (verdict,) = [event for event in engine.life(CASE) if event.action == "evaluate" and event.kind == "evaluated"]
    assert verdict.about["done_at"] == after(90).isoformat()
    assert verdict.at == after(60 * 24 * 42)
    told(engine, fact("note", 5, text="补"))
    assert engine.case(CASE).judged == "unsatisfied"
    engine.verify()


def together(*facts: Fact) -> Case:
    """The case that facts leave that are told in one batch."""
    return Engine.open().tell(CASE, facts)


def test_two_facts_of_one_moment_leave_the_same_state_whichever_is_told_first() -> None:
    """On site comes before conferring in the lifecycle, so that the case is conferring afterwards."""
    arrive, confer = fact("arrive", 20), fact("confer", 20)
    for order in ((arrive, confer), (confer, arrive)):
        assert told(Engine.open(), REPORT, DISPATCH, *order).state == "conferring"


def test_a_third_fact_of_one_moment_is_taken_where_the_lifecycle_has_it() -> None:
    """The claim fits before the work was done, and is put there; the dispatch follows the verdict in any case."""
    day = [
        fact("resolve", 5),
        fact("answer", 5, text="已修"),
        fact("evaluate", 5, satisfied=False),
        fact("dispatch", 5),
    ]
    claim = fact("claim", 5)
    in_turn = told(Engine.open(), REPORT, DISPATCH, *day, claim)
    assert in_turn.state == "dispatched"
    assert vars(in_turn).keys() == vars(together(REPORT, DISPATCH, claim, *day)).keys()
    assert together(REPORT, DISPATCH, claim, *day).clocks == in_turn.clocks


def test_an_extension_of_the_moment_of_the_answer_counts_whichever_is_told_first() -> None:
    extend = fact("extend", 45, clock="answer", allowance="1h", approved_by="主任", reason="雪")
    answer = fact("answer", 45, text="已修")
    for order in ((extend, answer), (answer, extend)):
        case = told(Engine.open(), REPORT, DISPATCH, ARRIVE, RESOLVE, *order)
        assert [addition.allowance for addition in case.clocks["answer"].added] == ["1h"]


def test_of_two_rulings_of_one_moment_on_one_appeal_the_second_is_refused() -> None:
    rulings = [fact("rule", 6000, granted=granted) for granted in (True, False)]
    for first, second in (rulings, rulings[::-1]):
        engine = Engine.open()
        told(engine, REPORT, fact("appeal", 5000, reason="停电"), first)
        with pytest.raises(CommandError):
            engine.tell(CASE, [second])


def moot(engine: Engine) -> list[str]:
    """The actions that stay in the life although what they were about is no more."""
    return [event.action for event in engine.life(CASE) if "moot" in event.about]


@pytest.mark.parametrize("granted", [True, False])
def test_an_appeal_and_its_ruling_stay_as_moot_where_the_breach_is_withdrawn(engine: Engine, *, granted: bool) -> None:
    appeal, ruling = (
        fact("appeal", 60, clock="arrive", reason="停电"),
        fact("rule", 90, clock="arrive", granted=granted),
    )
    told(engine, REPORT, DISPATCH, appeal, ruling)
    case = told(engine, ARRIVE)
    assert moot(engine) == ["appeal", "rule"]
    arrive = {clock.mark: clock for clock in case.all_clocks}["arrive#1"]
    assert (arrive.outcome, arrive.exempt, arrive.misses, case.appeals) == ("met", None, (), ())


def test_an_extension_stays_as_moot_where_its_clock_had_been_met(engine: Engine) -> None:
    extend = fact("extend", 30, clock="arrive", allowance="1h", approved_by="主任", reason="雪")
    case = told(engine, REPORT, DISPATCH, extend, ARRIVE)
    assert moot(engine) == ["extend"]
    arrive = {clock.mark: clock for clock in case.all_clocks}["arrive#1"]
    assert (arrive.outcome, arrive.stopped, arrive.added) == ("met", after(20), ())


def test_a_check_in_stays_as_moot_where_the_whistle_is_retracted(engine: Engine) -> None:
    whistle, came = fact("whistle", 25, units=["department"]), fact("check_in", 30, unit="department")
    told(engine, REPORT, DISPATCH, ARRIVE, whistle, came)
    (wrong,) = [event for event in engine.life(CASE) if event.action == "whistle"]
    case = engine.retract(wrong, reason="填错", by=Actor("平台3"))
    assert moot(engine) == ["check_in"]
    assert "check_in:department" not in case.clocks
    told(engine, RESOLVE)
    assert engine.case(CASE).state == "resolved"
    engine.verify()


def test_an_appeal_that_names_no_clock_is_about_the_last_breach_of_the_life_as_it_stands() -> None:
    """Told before the dispatch was known it was about that one's breach; told after it, about the arrival's."""
    appeal = fact("appeal", 100, reason="停电")
    facts = (REPORT, fact("dispatch", 10), appeal)
    engine = Engine.open()
    told(engine, REPORT, appeal)
    engine.tell(CASE, [fact("dispatch", 10)])
    engine.advance(after(200))
    assert lived(engine) == in_time(*facts, until=after(200))


def test_what_is_no_fact_and_what_a_report_does_not_take_is_refused_with_a_sentence(engine: Engine) -> None:
    with pytest.raises(CommandError, match="'nonsense' is no Fact"):
        engine.tell(CASE, ["nonsense"])  # type: ignore[list-item]
    with pytest.raises(CommandError, match="a report takes no colour"):
        engine.tell(CASE, [fact("report", 0, colour="red")])
    with pytest.raises(CommandError, match="at least one fact"):
        engine.tell(CASE, [])
    assert engine.find(CASE) is None


def test_a_report_is_retracted_as_the_last_fact_and_the_case_counts_nowhere(engine: Engine) -> None:
    told(engine, REPORT, DISPATCH)
    engine.advance(after(600))
    report = engine.life(CASE)[0]
    with pytest.raises(CommandError, match="only when no other fact"):
        engine.retract(report, reason="不是诉求")
    engine.retract(next(event for event in engine.life(CASE) if event.kind == "dispatched"), reason="填错")
    case = engine.retract(report, reason="不是诉求", by=Actor("平台3"))
    assert (case.in_error, case.next_event_at) == (True, None)
    assert all(clock.stopped is not None for clock in case.clocks.values())
    assert list(engine.cases()) == []
    assert engine.life(CASE) == []
    assert engine.advance(after(90_000)) == ()
    assert fold(engine.history(CASE)) == case == engine.case(CASE)
    engine.verify()


def test_nothing_can_be_done_to_a_case_registered_in_error_and_its_id_is_not_used_again(engine: Engine) -> None:
    told(engine, REPORT)
    engine.retract(engine.life(CASE)[0], reason="不是诉求")
    with pytest.raises(CommandError):
        told(engine, DISPATCH)
    with pytest.raises(CommandError, match="reported"):
        told(engine, REPORT)
    with pytest.raises(CommandError, match="reported"):
        engine.report(case_id=CASE, at=after(1))


def test_an_appeal_that_names_no_clock_means_the_same_one_in_whatever_order_the_summonses_were_told() -> None:
    summonses = [fact("whistle", 5, units=["community"]), fact("whistle", 5, units=["street"])]
    appeal = fact("appeal", 90, reason="停电")
    found = []
    for first, second in (summonses, summonses[::-1]):
        engine = Engine.open()
        told(engine, REPORT, DISPATCH, first, second)
        engine.advance(after(80))
        told(engine, appeal)
        found.append(engine.case(CASE).appeals)
    assert found[0] == found[1]


def test_what_was_said_without_details_is_taken_again_without_any(engine: Engine) -> None:
    told(engine, REPORT, DISPATCH, fact("confer", 30))
    claim = fact("claim", 10, unit="community")
    told(engine, claim)
    (confer,) = [event for event in engine.life(CASE) if event.kind == "conferred"]
    assert (confer.withdrawn, confer.details) == (None, None)
    assert lived(engine) == in_time(REPORT, DISPATCH, claim, fact("confer", 30), until=after(30))
