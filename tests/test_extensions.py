"""Extensions and exemptions (延期、不计考核) are about one due moment: what they gave stands, and no more."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from governflow import CommandError, Engine, hookimpl
from governflow.calendars.allowances import Allowance
from governflow.model.clocks import Clock, Miss
from governflow.model.terms import Exempt, Mode, Outcome
from governflow.policy.builtin.default_clocks import ANSWER, WHOLE
from governflow.policy.hookspecs import Context, Deadlines
from governflow.reports import Report
from governflow.reports.dossier import compile_dossier

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
Command = Callable[..., Any]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
GRANTED = {"approved_by": "street", "reason": "snow"}


def plus(minutes: float) -> datetime:
    return T0 + minutes * MINUTE


def dispatched(severity: str = "general", **details: Any) -> Engine:
    """Return an engine with a case that was dispatched at `T0`: somebody has to arrive within 40 minutes."""
    engine = Engine.open()
    engine.report(case_id="c", severity=severity, at=plus(-1), **details)
    engine.dispatch("c", at=T0)
    return engine


def clock(engine: Engine, name: str = "arrive") -> Clock:
    return engine.case("c").clocks[name]


def extended(engine: Engine, at: float, until: float, name: str = "arrive") -> None:
    engine.extend("c", clock=name, until=plus(until), at=plus(at), **GRANTED)


def summary(engine: Engine) -> dict[str, Any]:
    report = Report(engine.outages("000000"))
    report.add(engine.case("c"), [])
    return report.as_json()


# --- it gives time from now on ----------------------------------------------------------------------------------------


def test_an_extension_into_a_time_that_is_over_is_refused() -> None:
    engine = dispatched()
    with pytest.raises(CommandError, match="over already") as refused:
        extended(engine, at=120, until=100)
    assert "延期" in refused.value.text.zh
    assert clock(engine).due == plus(40)


def test_an_allowance_on_top_that_is_over_already_is_refused() -> None:
    engine = dispatched()
    with pytest.raises(CommandError, match="over already"):
        engine.extend("c", clock="arrive", allowance="30min", at=plus(120), **GRANTED)


def test_a_refused_extension_leaves_the_clock_without_one() -> None:
    engine = dispatched()
    with pytest.raises(CommandError):
        extended(engine, at=120, until=100)
    engine.arrive("c", at=plus(130))
    assert clock(engine).original is None


# --- the date that was granted stands ---------------------------------------------------------------------------------


class Hasty:
    """A locality with two days for the answer, and four hours in an emergency."""

    @hookimpl
    def governflow_deadlines(self, context: Context) -> Deadlines:
        allowance = Allowance.parse("4h" if context.mode is Mode.EMERGENCY else "2d")
        return Deadlines((attrs.evolve(ANSWER, allowance=allowance),))


def resolved_in_an_emergency() -> Engine:
    engine = Engine.open()
    engine.localities.register("county", Hasty())
    engine.report(case_id="c", locality="county", at=plus(-1))
    engine.resolve("c", at=T0)
    engine.switch_mode("county", "emergency", reason="flood", at=plus(30))
    return engine


@pytest.mark.parametrize("more", [{"until": plus(12 * 60)}, {"allowance": "8h"}])
def test_after_an_emergency_the_answer_is_due_when_it_would_be_without_an_extension(more: dict[str, Any]) -> None:
    engine = resolved_in_an_emergency()
    engine.extend("c", clock="answer", at=plus(60), **more, **GRANTED)
    assert clock(engine, "answer").due == plus(12 * 60)
    engine.switch_mode("county", "normal", reason="over", at=plus(120))
    assert clock(engine, "answer").due == T0 + 2 * DAY


def test_a_date_beyond_what_the_rules_give_stands_through_every_switch() -> None:
    engine = resolved_in_an_emergency()
    engine.extend("c", clock="answer", until=T0 + 5 * DAY, at=plus(60), **GRANTED)
    for minute, mode in enumerate(("normal", "emergency", "normal"), start=61):
        engine.switch_mode("county", mode, reason="x", at=plus(minute))
        assert clock(engine, "answer").due == T0 + 5 * DAY


@pytest.mark.parametrize(("severity", "due"), [("general", 2), ("complex", 2), ("major", 7)])
def test_a_reclassification_never_takes_back_a_date_that_was_granted(severity: str, due: int) -> None:
    engine = dispatched("general" if severity != "general" else "complex")
    engine.arrive("c", at=plus(1))
    engine.extend("c", clock="resolve", until=plus(1) + 2 * DAY + HOUR, at=plus(2), **GRANTED)
    engine.reclassify("c", severity=severity, at=plus(3))
    expected = plus(1) + 2 * DAY + HOUR if due == 2 else plus(1) + 7 * DAY
    assert clock(engine, "resolve").due == expected


def test_a_date_that_the_rules_had_outdone_counts_again_when_they_ask_for_less() -> None:
    engine = dispatched()
    engine.arrive("c", at=T0)
    extended(engine, at=1, until=300, name="resolve")
    engine.reclassify("c", severity="complex", at=plus(2))
    assert clock(engine, "resolve").due == T0 + 2 * DAY
    engine.reclassify("c", severity="general", at=plus(50))
    assert clock(engine, "resolve").due == plus(300)


def test_the_due_time_without_the_extension_is_kept_beside_it() -> None:
    engine = dispatched()
    engine.arrive("c", at=T0)
    extended(engine, at=1, until=300, name="resolve")
    engine.reclassify("c", severity="complex", at=plus(2))
    assert clock(engine, "resolve").original == T0 + 2 * DAY


# --- once for each clock ----------------------------------------------------------------------------------------------


class Once:
    """A locality whose whole clock may be extended once, by three days at most."""

    @hookimpl
    def governflow_deadlines(self) -> Deadlines:
        return Deadlines((attrs.evolve(WHOLE, allowance=Allowance.parse("9d"), extension=Allowance.parse("3d")),))


def test_an_extension_after_the_first_ones_clock_is_gone_is_a_first() -> None:
    engine = Engine.open()
    engine.localities.register("county", Once())
    engine.report(case_id="c", locality="county", at=T0)
    engine.extend("c", clock="whole", allowance="3d", at=plus(1), **GRANTED)
    with pytest.raises(CommandError, match="once already"):
        engine.extend("c", clock="whole", allowance="1d", at=plus(2), **GRANTED)
    engine.resolve("c", at=plus(3))
    engine.answer("c", at=plus(4))
    engine.evaluate("c", satisfied=False, at=plus(5))
    engine.extend("c", clock="whole", allowance="3d", at=plus(6), **GRANTED)
    assert (clock(engine, "whole").cycle, clock(engine, "whole").due) == (2, plus(5) + 12 * DAY)


# --- each due moment that is missed is a breach of its own ------------------------------------------------------------


def breaches(engine: Engine) -> list[datetime]:
    events = engine.history("c")
    return [event.at for event in events if event.kind == "breached" and event.about["clock"] == "arrive#1"]


def test_a_second_due_time_that_is_missed_is_a_second_breach() -> None:
    engine = dispatched()
    engine.advance(plus(45))
    extended(engine, at=45, until=100)
    engine.advance(plus(105))
    assert breaches(engine) == [plus(40), plus(100)]
    assert clock(engine).misses == (Miss(plus(40)), Miss(plus(100)))
    assert summary(engine)["clocks"]["arrive"]["breached"] == 1


def test_a_second_due_time_that_is_kept_leaves_the_first_breach() -> None:
    engine = dispatched()
    engine.advance(plus(45))
    extended(engine, at=45, until=100)
    engine.arrive("c", at=plus(90))
    assert (clock(engine).outcome, clock(engine).misses) == (Outcome.BREACHED, (Miss(plus(40)),))


@pytest.mark.parametrize("excuse", ["appeal", "outage"])
@pytest.mark.parametrize(("arrived", "exempt", "breached"), [(90, 1, 0), (110, 0, 1)])
def test_an_excuse_for_the_first_miss_is_none_for_the_second(
    excuse: str, arrived: float, exempt: int, breached: int
) -> None:
    engine = dispatched()
    engine.advance(plus(45))
    if excuse == "appeal":
        engine.appeal("c", clock="arrive", reason="road closed", at=plus(46))
        engine.rule("c", granted=True, at=plus(47))
    else:
        engine.declare_outage("000000", plus(30), plus(46), reason="storm", at=plus(47))
    extended(engine, at=50, until=100)
    engine.arrive("c", at=plus(arrived))
    counts = summary(engine)["clocks"]["arrive"]
    assert (counts["exempt"], counts["breached"], counts["met"]) == (exempt, breached, 0)


def test_an_appeal_is_about_the_miss_that_was_known_when_it_was_made() -> None:
    """Made at 46 about the miss of 40; the ruling comes after the second miss, which it does not excuse."""
    engine = dispatched()
    engine.advance(plus(45))
    engine.appeal("c", clock="arrive", reason="road closed", at=plus(46))
    extended(engine, at=50, until=100)
    engine.advance(plus(105))
    engine.rule("c", granted=True, at=plus(106))
    assert clock(engine).misses == (Miss(plus(40), Exempt.APPEAL), Miss(plus(100)))
    assert summary(engine)["clocks"]["arrive"]["breached"] == 1
    engine.appeal("c", clock="arrive", reason="road still closed", at=plus(107))
    engine.rule("c", granted=True, at=plus(108))
    assert [miss.exempt for miss in clock(engine).misses] == [Exempt.APPEAL, Exempt.APPEAL]
    assert summary(engine)["clocks"]["arrive"] == {"met": 0, "breached": 0, "exempt": 1, "running": 0}


def test_a_refused_appeal_about_the_first_miss_excuses_neither() -> None:
    engine = dispatched()
    engine.advance(plus(45))
    engine.appeal("c", clock="arrive", reason="road closed", at=plus(46))
    extended(engine, at=50, until=100)
    engine.advance(plus(105))
    engine.rule("c", granted=False, at=plus(106))
    assert clock(engine).misses == (Miss(plus(40)), Miss(plus(100)))


def test_an_appeal_about_the_second_miss_leaves_the_first_in_the_statistics() -> None:
    engine = dispatched()
    engine.advance(plus(45))
    extended(engine, at=50, until=100)
    engine.advance(plus(105))
    engine.appeal("c", clock="arrive", reason="road closed", at=plus(106))
    engine.rule("c", granted=True, at=plus(107))
    assert [miss.exempt for miss in clock(engine).misses] == [None, Exempt.APPEAL]
    assert summary(engine)["clocks"]["arrive"]["breached"] == 1


# --- rates ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("granted", "responded"), [(30, 1), (50, 0)])
def test_more_time_before_the_breach_counts_and_after_it_does_not(granted: float, responded: int) -> None:
    engine = dispatched()
    extended(engine, at=granted, until=200)
    engine.arrive("c", at=plus(150))
    assert summary(engine)["rates"]["response"] == {"n": responded, "of": 1, "excluded": 0}


def test_a_suspension_told_after_the_breach_mends_no_rate() -> None:
    engine = dispatched()
    engine.suspend("c", at=plus(50), until=plus(100))
    engine.arrive("c", at=plus(110))
    assert summary(engine)["rates"]["response"]["n"] == 0


def excused(engine: Engine, name: str, at: float) -> dict[str, Any]:
    engine.appeal("c", clock=name, reason="the line was down", at=plus(at))
    engine.rule("c", granted=True, at=plus(at + 1))
    return summary(engine)["rates"]


@pytest.mark.parametrize(("name", "response"), [("dispatch", (1, 1, 0)), ("arrive", (0, 0, 1)), ("resolve", (1, 1, 0))])
def test_an_excuse_takes_a_case_out_of_the_rate_of_its_own_clock_and_no_verdict_out_of_any(
    name: str, response: tuple[int, int, int]
) -> None:
    late = {"dispatch": (20, 21, 22), "arrive": (1, 60, 61), "resolve": (1, 2, 90)}[name]
    engine = Engine.open()
    engine.report(case_id="c", at=T0)
    for action, minute in zip(("dispatch", "arrive", "resolve"), late, strict=True):
        engine.act(action, "c", at=plus(minute))
    engine.answer("c", at=plus(100))
    engine.evaluate("c", satisfied=False, at=plus(101))
    rates = excused(engine, f"{name}#1", 102)
    assert tuple(rates["response"].values()) == response
    assert rates["satisfaction"] == {"n": 0, "of": 1, "excluded": 0}
    assert rates["resolution"] == {"n": 0, "of": 1, "excluded": 0}


# --- what a person reads ----------------------------------------------------------------------------------------------


def test_explain_names_every_missed_due_time_with_its_excuse(governflow: Command, tmp_path: Path) -> None:
    with Engine.open(tmp_path / "cases.db") as engine:
        engine.report(case_id="c", at=plus(-1))
        engine.dispatch("c", at=T0)
        engine.advance(plus(45))
        engine.appeal("c", clock="arrive", reason="road closed", at=plus(46))
        engine.rule("c", granted=True, at=plus(47))
        extended(engine, at=50, until=100)
        engine.advance(plus(105))
    told = governflow("explain", "c", "--store", tmp_path / "cases.db", "--lang", "zh").out
    assert "超时：2026-03-02 16:40:00（申诉成立）；2026-03-02 17:40:00" in told


def steps(engine: Engine, lang: str, kind: str) -> list[tuple[str, ...]]:
    dossier = compile_dossier(engine, "c", lang=lang, personal=False)
    return [tuple(step.details) for step in dossier.steps if step.kind == kind]


def test_the_dossier_says_which_miss_an_appeal_excused() -> None:
    engine = dispatched()
    engine.advance(plus(45))
    engine.appeal("c", clock="arrive", reason="road closed", at=plus(46))
    extended(engine, at=50, until=100)
    engine.advance(plus(105))
    engine.rule("c", granted=True, at=plus(106))
    ((*lines,),) = steps(engine, "en", "ruled")
    (line,) = [line for line in lines if line.startswith("Not counted")]
    assert "16:40" in line  # Shanghai's time of the first due moment
    assert "17:40" not in line


def test_the_dossier_and_explain_say_from_when_a_new_time_counts(governflow: Command, tmp_path: Path) -> None:
    with Engine.open(tmp_path / "cases.db") as engine:
        engine.report(case_id="c", severity="complex", at=plus(-1))
        engine.dispatch("c", at=T0)
        engine.arrive("c", at=plus(1))
        engine.reclassify("c", severity="general", at=plus(100))
        ((*lines,),) = steps(engine, "zh", "reclassified")
    assert "办结：新时限自此刻起算，否则已经届满" in lines
    told = governflow("explain", "c", "--store", tmp_path / "cases.db", "--lang", "en").out
    assert "counted from: 2026-03-02 17:40:00" in told
