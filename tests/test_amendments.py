"""What a person reads of facts that came late: the life in the order of time, and what that withdrew."""

import io
import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from governflow import Actor, Engine, Fact, NotAllowed
from governflow.cli.dossier_screen import print_dossier
from governflow.model.events import Event
from governflow.reports.amendments import amendments, timeline
from governflow.reports.dossier import compile_dossier
from governflow.reports.dossier_html import render_html
from governflow.reports.dossier_model import Dossier

ZONE = ZoneInfo("Asia/Shanghai")
BEGIN = datetime(2026, 3, 16, 8, tzinfo=ZONE)
WORKER = Actor("网格员12")
CASE = "A1"


def after(minutes: float) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


def fact(action: str, minutes: float, **details: object) -> Fact:
    return Fact(action, after(minutes), WORKER, details)


def amended(path: Path | None = None) -> Engine:
    """A case of which nothing was known for a day but that it was dispatched; then its arrival and settlement."""
    engine = Engine.open(path)
    engine.tell(CASE, [fact("report", 0, text="路灯不亮", reporter="王五")], locality="371621")
    engine.tell(CASE, [fact("dispatch", 3)])
    engine.advance(after(1440))
    engine.tell(CASE, [fact("resolve", 46), fact("arrive", 25, note="王五带路")])
    return engine


def retracted() -> Engine:
    engine = amended()
    (wrong,) = [event for event in engine.life(CASE) if event.kind == "resolved"]
    engine.retract(wrong, reason="填错了", by=Actor("值班2"), at=after(1500))
    return engine


def book(engine: Engine, lang: str = "zh") -> Dossier:
    return compile_dossier(engine, CASE, lang=lang, personal=False)


def screen(dossier: Dossier) -> str:
    out = io.StringIO()
    print_dossier(dossier, Console(file=out, width=160))
    return out.getvalue()


def test_the_steps_are_the_life_in_the_order_of_time() -> None:
    dossier = book(amended())
    assert [step.kind for step in dossier.steps[:4]] == ["reported", "dispatched", "arrived", "resolved"]
    assert [step.at for step in dossier.steps] == sorted(step.at for step in dossier.steps)
    assert "taken_over" not in {step.kind for step in dossier.steps}


def test_a_late_fact_is_marked_with_when_it_was_told_and_its_entry() -> None:
    engine = amended()
    dossier = book(engine)
    (entry,) = [event.seq for event in engine.history(CASE) if event.kind == "amended"]
    assert [step.mark for step in dossier.steps[:4]] == ["", "", "补录", "补录"]
    assert dossier.steps[2].details[0] == f"2026-03-17 08:00 补录，见第{entry}号"
    assert dossier.steps[2].number == str(entry)
    assert book(engine, "en").steps[2].mark == "told late"


def test_what_follows_only_now_is_marked_as_worked_out_anew() -> None:
    steps = [step for step in book(amended()).steps if step.kind in ("warned", "breached")]
    assert steps  # nobody has answered since 08:46 the day before, which is a day by 08:46, and the warning 80 % of it
    assert {(step.what, step.mark) for step in steps} == {("临期预警", "重新推定")}


def test_the_words_of_a_late_fact_stand_beside_it_masked() -> None:
    steps = {step.kind: step for step in book(amended()).steps}
    assert steps["arrived"].words == ("备注：***带路",)
    assert steps["resolved"].words == ()


def test_the_words_that_came_with_several_facts_stand_in_the_amendment() -> None:
    engine = amended()
    engine.tell(CASE, [fact("note", 30, text="照片一"), fact("note", 31, text="照片二")])
    dossier = book(engine)
    last = dossier.amendments[-1]
    noted = [step.words for step in dossier.steps if step.kind == "noted"]
    assert noted == [(f"内容：见补录更正第{last.number}号",)] * 2
    assert "内容：照片一\n照片二" in last.lines
    engine.retract(
        next(event for event in engine.life(CASE) if event.kind == "noted"), reason="重复", by=Actor("值班2")
    )
    assert [step.words for step in book(engine).steps if step.kind == "noted"] == noted[1:]


def test_an_amendment_names_what_was_told_by_whom_and_what_it_withdrew() -> None:
    engine = amended()
    (one,) = amendments(engine.history(CASE))
    assert {(told.action, told.at, (told.by or {})["id"]) for told in one.told} == {
        ("arrive", after(25), "网格员12"),
        ("resolve", after(46), "网格员12"),
    }
    breached = [gone for gone in one.withdrawn if gone.kind == "breached"]
    assert (breached[0].clock, breached[0].at) == ("arrive#1", after(43))
    (told,) = book(engine).amendments
    assert "补录：到场，2026-03-16 08:25，网格员12" in told.lines
    assert any(line.startswith("撤销推定：提级接办（到场），") for line in told.lines)


def test_a_retraction_names_who_when_and_why() -> None:
    dossier = book(retracted())
    last = dossier.amendments[-1]
    assert last.what == "撤销登记"
    (line,) = [line for line in last.lines if line.startswith("撤销登记：")]
    assert line.startswith("撤销登记：办结，2026-03-16 08:46，")
    assert line.endswith("值班2于 2026-03-17 09:00 撤销")
    assert "理由：填错了" in last.lines
    assert "resolved" not in {step.kind for step in dossier.steps}


def test_a_refused_retraction_stands_at_its_own_time() -> None:
    engine = amended()
    (wrong,) = [event for event in engine.life(CASE) if event.kind == "resolved"]
    with pytest.raises(NotAllowed):
        engine.retract(wrong, reason="填错了", by=Actor("平台3", "intake"), at=after(1500))
    last = book(engine).steps[-1]
    assert (last.kind, last.details) == ("denied", ("申请动作：撤销登记",))


def test_nothing_withdrawn_is_counted_or_marks_a_clock() -> None:
    dossier = book(amended())
    arrive = [clock for clock in dossier.clocks if clock.name == "arrive"]
    assert [(clock.outcome, clock.warned) for clock in arrive] == [("met", None)]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_terminal_and_page_have_the_section_only_where_something_was_amended(lang: str) -> None:
    title = {"zh": "补录更正", "en": "Amendments"}[lang]
    dossier = book(retracted(), lang)
    for shown in (screen(dossier), render_html(dossier)):
        assert title in shown
        assert all(line.split("\n")[0] in shown for line in dossier.amendments[0].lines)
    engine = Engine.open()
    engine.tell(CASE, [fact("report", 0)])
    for shown in (screen(book(engine, lang)), render_html(book(engine, lang))):
        assert title not in shown


def test_a_chinese_amendment_has_no_raw_value() -> None:
    engine = retracted()
    engine.tell(CASE, [fact("note", 30, text="照片")])
    (noted,) = [event for event in engine.life(CASE) if event.kind == "noted"]
    engine.retract(noted, reason="不是这件", by=Actor("值班2"))
    lines = [line for one in book(engine).amendments for line in (one.what, *one.lines)]
    assert [line for line in lines if any(sign.isascii() and sign.isalpha() for sign in line)] == []


def test_show_tells_programs_the_life_and_the_amendments(governflow: object, tmp_path: Path) -> None:
    path = tmp_path / "cases.db"
    with amended(path) as engine:
        life = [event.kind for event in engine.life(CASE)]
        written = [event.kind for event in engine.history(CASE)]
    done = governflow("show", CASE, "--store", path, "--json")  # type: ignore[operator]
    told = json.loads(done.out)
    assert [step["kind"] for step in told["steps"]] == written
    assert [step["kind"] for step in told["life"]] == life
    (one,) = told["amendments"]
    assert {fact["action"] for fact in one["told"]} == {"arrive", "resolve"}
    assert {step["seq"] for step in told["steps"] if step.get("withdrawn") == one["seq"]} == {
        gone["seq"] for gone in one["withdrawn"]
    }
    assert [climb["kind"] for climb in told["escalations"] if climb["clock"] == "arrive#1"] == []


def test_explain_gives_the_rulings_of_the_life() -> None:
    engine = amended()
    kept = {(event.seq, ruling.what) for event in engine.life(CASE) for ruling in event.rulings}
    rulings = engine.explain(CASE).rulings
    assert {(one.seq, one.ruling.what) for one in rulings} == kept
    assert "escalate" not in {one.ruling.what for one in rulings}
    assert "clock:resolve" in {one.ruling.what for one in rulings}


def test_a_special_report_that_was_withdrawn_is_a_draft_again() -> None:
    from governflow.reports.special import special_report

    engine = Engine.open()
    engine.tell(CASE, [fact("report", 0)], locality="371621")
    engine.tell(CASE, [fact("dispatch", 3)])
    engine.advance(after(1440))
    assert special_report(engine, CASE).filed is not None
    engine.tell(CASE, [fact("arrive", 25), fact("resolve", 46)])
    assert special_report(engine, CASE).filed is None


def test_a_book_without_amendments_reads_as_it_was_written() -> None:
    engine = Engine.open()
    engine.tell(CASE, [fact("report", 0)])
    engine.advance(after(600))
    history = engine.history(CASE)
    assert [one.event for one in timeline(history)] == history
    assert amendments(history) == []


def test_a_verdict_that_moves_the_case_only_now_says_when_it_was_given() -> None:
    engine = amended()
    engine.tell(CASE, [fact("answer", 60, text="已修")])
    engine.advance(after(60 * 24 * 40))
    engine.tell(CASE, [fact("revisit", 60 * 24 * 41, recurred=False)])
    engine.advance(after(60 * 24 * 42))
    engine.tell(CASE, [Fact("evaluate", after(90), None, {"satisfied": False})])
    dossier = book(engine)
    (step,) = [step for step in dossier.steps if step.kind == "evaluated"]
    assert step.mark == "补录"
    assert step.details[0] == "实际发生于 2026-03-16 09:30，按该时刻计算"
    assert dossier.verdicts[-1].text == "不满意"


def test_an_outage_told_late_names_no_fact_and_what_it_withdrew() -> None:
    engine = Engine.open()
    engine.tell(CASE, [fact("report", 0), fact("dispatch", 3)])
    engine.advance(after(1440))
    engine.declare_outage("000000", after(0), after(960), reason="断网", by=Actor("平台3"), at=after(1440))
    (one,) = book(engine).amendments
    assert one.what == "重新推定"
    assert one.lines[0].startswith("因系统停运")
    assert any(line.startswith("撤销推定：提级接办（到场）") for line in one.lines)
    (breach,) = [step for step in book(engine).steps if step.kind == "breached"]
    assert breach.mark == "重新推定"


def test_a_forgotten_late_remark_is_told_as_erased() -> None:
    engine = amended()
    engine.forget(CASE, by=Actor("平台3"))
    dossier = book(engine)
    (arrived,) = [step for step in dossier.steps if step.kind == "arrived"]
    assert arrived.words == ("内容：已应要求删除",)
    assert "带路" not in screen(dossier) + render_html(dossier)


def _recalculated() -> list[Event]:
    at = after(0)
    gone = {"arrive#1": [after(43).isoformat()]}
    reported = Event(CASE, 1, "reported", at, "reported", "report")
    breached = Event(CASE, 2, "breached", after(43), "reported", about={"clock": "arrive#1"}, withdrawn=3)
    return [reported, breached, Event(CASE, 3, "recalculated", after(60), "reported", about={"withdrawn": gone})]


def test_a_breach_that_a_newer_calendar_withdrew_stays_at_its_place_marked() -> None:
    history = _recalculated()
    assert [one.event.withdrawn for one in timeline(history)] == [None, 3, None]
    (one,) = amendments(history)
    assert [(gone.seq, gone.kind, gone.clock) for gone in one.withdrawn] == [(2, "breached", "arrive#1")]
