"""One case, one book: what the dossier says, what it keeps to itself, and how the page is set."""

import io
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from governflow import Actor, Case, Engine, Text, UnknownCase, hookimpl
from governflow.cli.dossier_screen import print_dossier
from governflow.masking import masker
from governflow.model.lifecycle import Action, Lifecycle, Move
from governflow.model.terms import Outcome, Tier
from governflow.policy.hookspecs import Locality, Ruling
from governflow.reports.consequences import repeated_urgings
from governflow.reports.dossier import compile_dossier
from governflow.reports.dossier_html import render_html
from governflow.reports.dossier_model import ClockLine, Dossier
from governflow.reports.format import format_due, format_moment
from governflow.reports.time_axis import TimeAxis, stretches

CST = timezone(timedelta(hours=8))
START = datetime(2026, 1, 5, 9, 0, tzinfo=CST)
DESK = Actor("平台3", "intake")
WORKER = Actor("网格员12")
STREET = Actor("镇值班", "street")


def minutes(number: float) -> datetime:
    return START + timedelta(minutes=number)


def days(number: float) -> datetime:
    return START + timedelta(days=number)


def good(**given: object) -> tuple[Engine, str]:
    """A case that went as it should, in an hour and a half."""
    engine = Engine.open()
    details = {
        "locality": "371621",
        "item": "路灯不亮",
        "text": "门前路灯不亮，我是王五，电话 138 0000 0000",
        "place": "武定府街道",
        "reporter": "王五",
        "phone": "13800000000",
        "extra": {"来电工单": "甲十七"},
        "channel": "热线",
        "at": START,
        "by": DESK,
    }
    case = engine.report(**(details | given)).id  # type: ignore[arg-type]
    engine.dispatch(case, at=minutes(3), by=DESK)
    engine.arrive(case, at=minutes(25), by=WORKER, note="已联系王五本人")
    engine.resolve(case, at=minutes(46), by=WORKER)
    engine.answer(case, at=minutes(60), by=WORKER, text="王五您好，路灯已修复，有事请拨 0543-5321234")
    engine.evaluate(case, satisfied=True, score=5, at=minutes(95))
    return engine, case


def neglected() -> tuple[Engine, str]:
    """A case that nobody went to: it climbs the whole ladder, and is urged daily after the special report."""
    engine = Engine.open()
    case = engine.report(locality="371621", item="噪声扰民", text="夜间施工", place="孙武街道", at=START, by=DESK).id
    engine.dispatch(case, at=minutes(3), by=DESK)
    engine.advance(days(12))
    return engine, case


def winding() -> tuple[Engine, str]:
    """A major case over forty days: a promise, a whistle, a pause, an extension, a breach, an appeal, a reopening."""
    engine = Engine.open()
    case = engine.report(locality="371621", item="排水改造", text="小区积水", severity="major", at=START, by=DESK).id
    engine.accept(case, at=minutes(2), by=DESK)
    engine.dispatch(case, at=minutes(4), by=DESK)
    engine.arrive(case, at=minutes(40), by=WORKER)
    engine.confer(case, at=minutes(90), by=WORKER, until=days(2))
    engine.inform(case, at=days(1), by=WORKER, text="已现场会商")
    engine.whistle(case, units=["street"], at=days(1.1), by=WORKER)
    engine.check_in(case, at=days(1.11), by=STREET)
    engine.begin(case, at=days(1.2), by=WORKER)
    engine.suspend(case, until=days(20), reason="等待管材到货", at=days(3), by=WORKER)
    engine.resume(case, at=days(18), by=WORKER)
    engine.extend(
        case, clock="resolve", until=days(30), approved_by="分管副县长", reason="冬季施工", at=days(19), by=WORKER
    )
    engine.resolve(case, at=days(30.5), by=WORKER)
    engine.answer(case, at=days(30.6), by=WORKER, text="已疏通")
    engine.evaluate(case, satisfied=False, score=2, at=days(31))
    engine.dispatch(case, at=days(31) + timedelta(minutes=2), by=DESK)
    engine.arrive(case, at=days(31) + timedelta(minutes=20), by=WORKER)
    engine.resolve(case, at=days(33), by=WORKER)
    engine.appeal(case, reason="厂家延迟交付", clock="resolve#1", at=days(33.1), by=WORKER)
    engine.rule(case, granted=True, clock="resolve#1", at=days(33.2), by=Actor("县长", "leader"))
    engine.answer(case, at=days(33.3), by=WORKER, text="支管已更换")
    engine.evaluate(case, satisfied=True, score=4, at=days(34))
    return engine, case


MADE = {"good": good, "neglected": neglected, "winding": winding}


def book(made: tuple[Engine, str], lang: str = "zh", *, personal: bool = False) -> Dossier:
    return compile_dossier(*made, lang=lang, personal=personal)


def printed(dossier: Dossier, width: int = 80) -> str:
    out = io.StringIO()
    print_dossier(dossier, Console(file=out, width=width))
    return out.getvalue()


class Read(HTMLParser):
    """What a reader of the page sees, and which elements and attributes it is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return "\n".join(self.words)


def drawing(page: str) -> ElementTree.Element:
    found = re.search(r"<svg.*?</svg>", page, re.DOTALL)
    assert found is not None
    return ElementTree.fromstring(found.group())


def drawn(page: str, outcome: str, label: str) -> ElementTree.Element:
    """The drawing of one clock."""
    groups = [group for group in drawing(page).iter("g") if (group.findtext("title") or "").startswith(f"{label}:")]
    assert [group.get("class") for group in groups] == [outcome]
    return groups[0]


def rects(group: ElementTree.Element, kind: str) -> list[tuple[float, float]]:
    found = [rect for rect in group.iter("rect") if rect.get("class") == kind]
    return [(float(rect.get("x", "")), float(rect.get("width", ""))) for rect in found]


# --- what it says -----------------------------------------------------------------------------------------------------


def test_the_head_says_who_what_and_where() -> None:
    facts = {fact.name: fact.value for fact in book(good()).facts}
    assert facts["item"] == "路灯不亮"
    assert facts["place"] == "武定府街道"
    assert facts["unit"] == "村（社区）"
    assert facts["state"] == "已归档"
    assert facts["channel"] == "热线"
    assert facts["opened"] == "2026-01-05 09:00"  # Beijing time, not UTC
    assert facts["closed"] == "2026-01-05 10:35"


def test_the_title_names_the_case() -> None:
    page = render_html(book(good()))
    assert "<title>一事一册 · 事项 371621-20260105-00001</title>" in page


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_no_event_is_left_out(made: object) -> None:
    engine, case = made()  # type: ignore[operator]
    dossier = book((engine, case))
    history = engine.history(case)
    repeated = repeated_urgings(history, engine.now).values()
    again = sum(urging.count(ended) - 1 for urging, ended in repeated)  # urgings that no event of their own tells
    assert sum(step.times for step in dossier.steps) == len(history) + again
    assert len(history) == dossier.events
    assert dossier.steps[0].seq == 1
    assert dossier.steps[-1].last == dossier.events


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_every_step_has_its_time_unit_reason_and_rule(made: object, lang: str) -> None:
    dossier = book(made(), lang)  # type: ignore[operator]
    page = Read(render_html(dossier)).text
    plain = "".join(printed(dossier, 200).split())
    for step in dossier.steps:
        assert step.unit not in ("", "—")
        assert step.by
        assert step.reasons, step
        for reason in step.reasons:
            assert reason.text
            # a promised date is the one deadline that no rule has set
            assert (reason.rule and reason.source) or reason.text in ("承诺的日期", "a promised date")
            assert reason.text in page
            assert reason.rule in page
            assert reason.rule in plain
        assert format_moment(step.at).split()[1] in page
        assert step.what in page


def test_a_deadline_that_passed_names_the_rule_that_set_it() -> None:
    late = next(step for step in book(neglected()).steps if step.kind == "breached")
    assert [(reason.rule, reason.source) for reason in late.reasons] == [("54321/arrive", "governflow")]
    assert late.at == minutes(43)


def test_an_escalation_says_from_whom_to_whom() -> None:
    supervised = next(step for step in book(neglected(), "en").steps if step.kind == "supervised")
    assert "Supervised: community → street (arrive: a deadline was missed)" in supervised.details


def test_urging_day_by_day_is_one_line_that_loses_nothing() -> None:
    # Six forms of two hours each from 09:03, special report at 20:23, then a week of days.
    folded = [step for step in book(neglected(), "en").steps if step.times > 1]
    assert [(step.times, step.at.day, step.until.day) for step in folded] == [(7, 6, 12)]
    assert "7 times, from 2026-01-06 20:23 to 2026-01-12 20:23" in printed(book(neglected(), "en"), 100)
    assert "共7次，2026-01-06 20:23 至 2026-01-12 20:23" in render_html(book(neglected()))
    assert folded[0].number == str(folded[0].seq)  # one event of the book


def test_a_special_report_is_remembered_after_a_reopening() -> None:
    engine, case = neglected()
    engine.resolve(case, at=days(12.1), by=WORKER)
    engine.answer(case, at=days(12.2), by=WORKER, text="done")
    engine.evaluate(case, satisfied=False, at=days(12.3))
    facts = {fact.name: fact.value for fact in book((engine, case), "en").facts}
    assert (facts["special"], facts["reopened"]) == ("2026-01-05 20:23", "once")


def test_what_was_answered_and_judged_is_told_for_every_round() -> None:
    dossier = book(winding())
    assert [told.text for told in dossier.answers] == ["已疏通", "支管已更换"]
    assert [told.text for told in dossier.verdicts] == ["不满意，评分 2（满分 5）", "满意，评分 4（满分 5）"]
    assert dossier.judged == "满意，评分 4（满分 5）"
    page = Read(render_html(dossier)).text
    assert page.index("已疏通") < page.rindex("满意，评分 4")


def test_an_open_case_says_that_it_is_neither_answered_nor_judged() -> None:
    for words in (printed(book(neglected(), "en")), Read(render_html(book(neglected(), "en"))).text):
        assert "not answered yet" in words.lower()
        assert "not evaluated" in words


def test_a_case_that_was_declined_is_answered_with_the_reason() -> None:
    engine = Engine.open()
    case = engine.report(text="邻里借款纠纷", at=START, by=DESK).id
    engine.decline(case, reason="属司法途径", at=minutes(2), by=DESK)
    assert [(told.what, told.text) for told in book((engine, case)).answers] == [("不予受理，理由", "属司法途径")]


def test_a_merged_case_points_to_the_other() -> None:
    engine = Engine.open()
    other = engine.report(text="a", at=START, by=DESK).id
    case = engine.report(text="b", at=START, by=DESK).id
    engine.merge(case, into=other, at=minutes(2), by=DESK)
    assert [told.text for told in book((engine, case), "en").answers] == [f"see case {other}"]


def test_what_a_worker_found_has_no_requester_and_is_verified() -> None:
    made = good(asked=False, reporter=None, phone=None)
    dossier = book(made, "en")
    assert [fact.value for fact in dossier.requester] == ["found by a worker, nobody asked"]
    assert dossier.judged == "satisfied, score 5 of 5, verified by street"


def test_a_verdict_that_never_came_says_so() -> None:
    engine = Engine.open()
    case = engine.report(text="a", visit=False, at=START, by=DESK).id
    engine.resolve(case, at=minutes(2), by=WORKER)
    engine.answer(case, at=minutes(3), by=WORKER, text="done")
    engine.advance(days(4))
    dossier = book((engine, case), "en")
    assert dossier.judged == "no verdict given in time"
    assert {clock.name: clock.result for clock in dossier.clocks}["evaluate"] == "lapsed"
    assert dossier.ended


def test_what_closes_by_itself_is_not_laid_on_anybody() -> None:
    closed = book(good(), "en").steps[-1]
    assert (closed.kind, closed.by) == ("closed", "the system")


def test_somebody_who_gave_no_name_is_not_the_system() -> None:
    engine = Engine.open()
    case = engine.report(text="a", at=START).id
    assert book((engine, case), "en").steps[0].by == "not named"


def test_an_unknown_case_is_refused() -> None:
    with pytest.raises(UnknownCase):
        compile_dossier(Engine.open(), "nowhere-1", lang="en", personal=False)


# --- the clocks -------------------------------------------------------------------------------------------------------


def test_an_extended_clock_shows_its_first_due_time() -> None:
    clock = next(clock for clock in book(winding()).clocks if clock.name == "resolve" and clock.cycle == 1)
    # 7 days from 09:40 on the 5th, 15 days of pause: the 27th; then the extension to the 30th day.
    assert clock.original == days(22) + timedelta(minutes=40)
    assert clock.due == days(30)
    assert "原定 2026-01-27 09:40" in render_html(book(winding())).replace("</span>", " ")


def test_a_granted_appeal_is_told_beside_the_breach() -> None:
    clock = next(clock for clock in book(winding(), "en").clocks if clock.name == "resolve" and clock.cycle == 1)
    assert (clock.outcome, clock.exempt) == (Outcome.BREACHED, "appeal granted")
    page = render_html(book(winding(), "en"))
    assert "not counted: appeal granted" in page
    assert "breached (exempt)" in "".join(drawn(page, "breached", "resolve").itertext())


def test_a_breach_inside_a_declared_outage_is_not_counted() -> None:
    engine, case = neglected()
    engine.declare_outage("371621", minutes(30), minutes(50), reason="停电", at=days(12))
    told = [(clock.label, clock.exempt) for clock in book((engine, case), "en").clocks if clock.exempt]
    assert told == [("arrive", "declared outage")]


def test_a_due_time_at_midnight_ends_the_day_before() -> None:
    assert format_due(datetime(2026, 3, 7, tzinfo=CST)) == "2026-03-06 24:00"
    assert format_due(datetime(2026, 3, 7, 0, 1, tzinfo=CST)) == "2026-03-07 00:01"


def test_the_timeline_marks_breached_and_paused() -> None:
    page = render_html(book(winding()))
    resolve = drawn(page, "breached", "办结")
    ((paused, long),) = rects(resolve, "paused-part")
    ((late, beyond),) = rects(resolve, "late-part")
    before, *after = rects(resolve, "counted")
    assert before[0] < paused < after[0][0] < late
    assert before[0] + before[1] == pytest.approx(paused, abs=0.2)
    assert paused + long == pytest.approx(after[0][0], abs=0.2)
    assert beyond > 0
    assert resolve.find("path[@class='mark warned']") is not None
    assert resolve.find("path[@class='first']") is not None
    assert "超时" in "".join(resolve.itertext())


def test_a_clock_that_was_met_has_nothing_past_due() -> None:
    page = render_html(book(good()))
    arrive = drawn(page, "met", "到场")
    assert rects(arrive, "late-part") == rects(arrive, "paused-part") == []
    assert len(rects(arrive, "counted")) == 1
    assert arrive.find("path[@class='left-part']") is not None  # it was stopped before it was due


def test_every_outcome_has_a_sign_and_a_word_beside_its_shade() -> None:
    told = Read(render_html(book(winding(), "en"))).text
    assert "✓ met" in told
    assert "✗ breached" in told
    assert "▷ running" in Read(render_html(book(neglected(), "en"))).text


def test_five_minutes_are_seen_beside_three_days() -> None:
    engine = Engine.open()
    case = engine.report(text="a", visit=False, at=START, by=DESK).id
    engine.dispatch(case, at=minutes(5), by=DESK)
    engine.resolve(case, at=minutes(20), by=WORKER)
    engine.answer(case, at=days(1), by=WORKER, text="done")
    engine.advance(days(5))
    page = render_html(book((engine, case), "en"))
    ((start, width),) = rects(drawn(page, "met", "dispatch"), "counted")
    assert width >= 5
    assert "3 d" in Read(page).words  # and how long the shortened stretch was is written under it
    assert rects(drawn(page, "lapsed", "evaluate"), "counted")[0][0] > start + width


def test_a_short_case_is_drawn_to_scale() -> None:
    engine = Engine.open()
    case = engine.report(text="a", visit=False, at=START, by=DESK).id
    engine.dispatch(case, at=minutes(2), by=DESK)
    engine.resolve(case, at=minutes(6), by=WORKER)
    page = render_html(book((engine, case), "en"))
    ((_, dispatch),) = rects(drawn(page, "met", "dispatch"), "counted")
    ((_, resolve),) = rects(drawn(page, "met", "resolve"), "counted")
    assert resolve == pytest.approx(2 * dispatch, rel=0.02)  # 4 minutes and 2


@pytest.mark.parametrize(("rounds", "clocks", "pictures"), [(19, 40, 1), (20, 42, 2)])
def test_forty_clocks_fit_into_one_picture(rounds: int, clocks: int, pictures: int) -> None:
    engine = Engine.open()
    case = engine.report(text="a", at=START, by=DESK).id
    at = START
    for _ in range(rounds):
        at += timedelta(minutes=2)
        engine.dispatch(case, at=at, by=DESK)
        at += timedelta(minutes=10)
        engine.return_(case, at=at, by=WORKER)
    dossier = book((engine, case), "en")
    assert len(dossier.clocks) == clocks
    page = render_html(dossier)
    assert page.count("<svg") == pictures
    assert page.count("<title>") == clocks + 1


@given(st.lists(st.integers(0, 10**8), min_size=1, max_size=30), st.integers(0, 10**8))
def test_on_the_axis_later_is_never_further_left(offsets: list[int], asked: int) -> None:
    moments = [START + timedelta(seconds=offset) for offset in offsets]
    axis = TimeAxis.fit(moments, 440, gap=34, least=5)
    places = [axis.x(moment) for moment in sorted([*moments, START + timedelta(seconds=asked)])]
    assert places == sorted(places)
    assert places[0] >= 0
    assert places[-1] <= 440.001
    assert all(seconds > 0 and right > left for left, right, seconds in axis.breaks)


def test_an_axis_is_to_scale_between_its_breaks() -> None:
    moments = [START, minutes(10), minutes(30), days(60)]
    axis = TimeAxis.fit(moments, 400, gap=40, least=5)
    assert [seconds for _, _, seconds in axis.breaks] == [60 * 86_400 - 1800]
    assert [round(axis.x(moment)) for moment in moments] == [0, 120, 360, 400]


def test_the_stretches_of_a_clock_leave_no_gap() -> None:
    for made in MADE.values():
        dossier = book(made())
        for clock in dossier.clocks:
            end = max(dossier.until, clock.due)
            parts = stretches(clock, dossier.until, end)
            assert parts[0][1] == clock.started
            assert all(before[2] == after[1] for before, after in pairwise(parts))
            assert parts[-1][2] == max(clock.due, clock.stopped or dossier.until)


def test_a_disproved_breach_is_not_drawn_as_late() -> None:
    clock = ClockLine(
        name="arrive",
        label="arrive",
        cycle=1,
        allowance="40 minutes",
        started=START,
        due=minutes(40),
        original=None,
        warned=None,
        stopped=minutes(30),
        outcome=Outcome.BREACHED,
        result="breached",
        exempt="disproved by a later fact",
        pauses=(),
    )
    assert [kind for kind, _, _ in stretches(clock, minutes(90), minutes(90))] == ["counted", "left"]


# --- what it keeps to itself ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_personal_data_is_only_there_when_asked_for(lang: str) -> None:
    private = ("王五", "13800000000", "138 0000 0000", "5321234", "来电工单", "甲十七")
    closed = book(good(), lang)
    for words in (render_html(closed), printed(closed, 200), repr(closed)):
        assert [word for word in private if word in words] == []
        assert "门前路灯不亮，我是***，电话 ***" in words
    opened = book(good(), lang, personal=True)
    for words in (render_html(opened), printed(opened, 200), repr(opened)):
        assert [word for word in private if word not in words] == []
    assert {"zh": "载有个人信息", "en": "Holds personal data"}[lang] in render_html(opened)
    assert {"zh": "载有个人信息", "en": "Holds personal data"}[lang] not in render_html(closed)


@pytest.mark.parametrize(
    "number",
    [
        "13800000000",
        "138-0000-0000",
        "138 0000 0000",
        "+86 13800000000",
        "8613800000000",
        "１３８００００００００",
        "138\u200b00000000",
        "0543-5321234",
        "05435321234",
        "(010)65431234",
        "371621199001011234",
        "37162119900101123X",
        "371621 19900101 123x",
        "371621900101123",
        "6222021234567890123",
        "zhang.san@example.cn",
        "+1 617 555 0100",
    ],
)
def test_a_phone_number_inside_the_text_is_masked(number: str) -> None:
    said = f"请回电{number}谢谢"
    assert masker([], [])(said) == "请回电***谢谢"
    engine, case = good(text=said, item=said, place=said, channel=said, by=Actor(said))
    page = render_html(book((engine, case)))
    assert number not in page
    assert page.count("请回电***谢谢") >= 4


@pytest.mark.parametrize(
    "harmless",
    [
        "事项 371621-20260105-00001",
        "2026-01-05 14:30 至 2026-02-13 18:00",
        "12345热线，54321",
        "共 3000 元，面积 120.5 平方米",
        "2026年1月5日 9时30分",
    ],
)
def test_dates_and_case_ids_are_left_alone(harmless: str) -> None:
    assert masker([], [])(harmless) == harmless


@pytest.mark.parametrize(
    ("name", "said", "left"),
    [
        ("王五", "我叫王 五，王五家", "我叫***，***家"),
        ("王五、李四", "李四陪同王五", "***陪同***"),
        ("John Smith", "Mr Smith, john smith, the smithy", "Mr ***, ***, the smithy"),
        ("王", "王府街", "王府街"),  # a surname alone names nobody
    ],
)
def test_a_name_is_masked_wherever_it_stands(name: str, said: str, left: str) -> None:
    assert masker([name], [])(said) == left


def test_a_name_in_a_column_that_nobody_mapped_is_masked_too() -> None:
    made = good(reporter=None, phone=None, text="孙大圣反映灯不亮", extra={"联系人姓名": "孙大圣", "片区": "灯不亮"})
    assert book(made).request == "***反映灯不亮"


def test_a_number_that_the_case_knows_is_masked_however_it_is_written() -> None:
    assert masker([], ["532 1234"])("请打5321234或532-1234") == "请打***或***"


def test_reasons_and_remarks_are_masked_too() -> None:
    engine = Engine.open()
    case = engine.report(text="a", reporter="王五", at=START, by=Actor("王五")).id
    engine.dispatch(case, at=minutes(1), by=DESK)
    engine.return_(case, reason="王五要求", note="王五在场", at=minutes(2), by=DESK)
    engine.dispatch(case, at=minutes(3), by=DESK)
    engine.answer(engine.resolve(case, at=minutes(4)).id, text="王五您好", at=minutes(5))
    dossier = book((engine, case))
    assert "王五" not in repr(dossier)
    returned = next(step for step in dossier.steps if step.kind == "returned")
    assert returned.words == ("理由：***要求", "备注：***在场")


def test_a_forgotten_case_says_so() -> None:
    engine, case = good()
    engine.forget(case, at=minutes(120), by=DESK)
    for lang, says in (("zh", "已应要求删除"), ("en", "erased on request")):
        for personal in (False, True):
            dossier = book((engine, case), lang, personal=personal)
            assert dossier.requester[0].value == says
            assert dossier.request == says
            assert [told.text for told in dossier.answers] == [says]
            assert dossier.steps[-1].kind == "forgotten"
            for words in (render_html(dossier), printed(dossier)):
                assert says in words
                assert "王五" not in words
                assert "路灯不亮，" not in words
    assert dossier.events == len(engine.history(case))


def test_a_case_without_a_text_was_not_erased() -> None:
    engine = Engine.open()
    case = engine.report(at=START, by=DESK).id
    assert book((engine, case), "en").request == "(no text was given)"


# --- how it is set ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_the_page_is_self_contained(made: object, lang: str) -> None:
    page = render_html(book(made(), lang))  # type: ignore[operator]
    read = Read(page)
    assert not set(read.tags) & {"script", "link", "img", "iframe", "object", "embed", "base", "image", "use"}
    assert not {name for name, _ in read.attributes} & {"src", "href", "xlink:href", "srcset", "action", "style"}
    assert not re.search(r"https?:|@import|//\w", page)
    assert {told[:1] for told in re.findall(r"url\(([^)]*)\)", page)} == {"#"}
    assert ("lang", {"zh": "zh-CN", "en": "en"}[lang]) in read.attributes
    assert ("charset", "utf-8") in read.attributes


def test_every_element_of_the_page_is_closed() -> None:
    for made in MADE.values():
        page = render_html(book(made()))
        body = re.sub(r"<(meta|br)[^>]*>", "", page.removeprefix("<!DOCTYPE html>\n"))
        ElementTree.fromstring(body)


def test_the_page_is_ready_for_print() -> None:
    page = render_html(book(good()))
    assert "@page { size: A4;" in page
    assert "@media print" in page
    assert "Noto Serif CJK SC" in page
    assert "SimSun" in page


def test_text_is_escaped() -> None:
    evil = "<script>alert(1)</script>\"'&amp;"
    made = good(text=evil, item=evil, place=evil, channel=evil, extra={evil: evil}, by=Actor(evil))
    for personal, least in ((False, 5), (True, 7)):
        page = render_html(book(made, personal=personal))
        assert "<script" not in page
        assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&amp;amp;") == least
        assert "script" not in Read(page).tags


class County:
    """A locality with a name and rules of its own, one of them broken, all of them hostile to a page."""

    @hookimpl
    def governflow_locality(self) -> Locality:
        return Locality("371621", "惠民县<b>", "Huimin<b>")

    @hookimpl
    def governflow_tier(self, case: Case) -> Ruling:
        return Ruling(Tier.TWO, Text("<b>because", "<b>因为"), "<b>/rule")

    @hookimpl
    def governflow_route(self, case: Case) -> Ruling:
        raise ValueError("<b>王五 13800000000")


def test_names_reasons_and_faults_of_a_locality_are_escaped_and_masked() -> None:
    engine = Engine.open()
    engine.localities.register("371621", County())
    case = engine.report(locality="371621", reporter="王五", informant="<b>", at=START, by=DESK).id
    engine.dispatch(case, to="<b>局", at=minutes(2), by=DESK)
    engine.whistle(case, units=["<b>队"], at=minutes(3), by=DESK)
    for lang, locality, reason in (("zh", "惠民县<b>", "<b>因为"), ("en", "Huimin<b>", "<b>because")):
        dossier = book((engine, case), lang)
        assert dossier.locality == locality
        assert (reason, "<b>/rule", "371621") in [attrs.astuple(told) for told in dossier.steps[0].reasons]
        assert any("ValueError: <b>*** ***" in line for step in dossier.steps for line in step.details)
        page = render_html(dossier)
        assert "b" not in Read(page).tags
        assert "&lt;b&gt;队" in page
        assert "<b>队" in printed(dossier)


def test_an_action_that_a_locality_adds_is_told_by_its_name() -> None:
    class Mediating:
        @hookimpl
        def governflow_lifecycles(self, base: Lifecycle) -> dict[str, Lifecycle]:
            told = Action("mediate", "mediated", Text("mediate", "调解"))
            row = Move("mediate", ("dispatched",), "=")
            return {"mediation": base.derive("mediation", actions=[told], add=[row])}

    engine = Engine.open()
    engine.localities.register("371621", Mediating())
    case = engine.report(locality="371621", lifecycle="mediation", at=START, by=DESK).id
    engine.dispatch(case, at=minutes(2), by=DESK)
    engine.act("mediate", case, at=minutes(3), by=WORKER, note="双方到场")
    step = book((engine, case)).steps[-1]
    assert (step.what, step.words) == ("调解", ("备注：双方到场",))
    assert (step.reasons[0].rule, step.reasons[0].source) == ("lifecycle/mediation", "371621")


def test_a_dossier_reads_the_same_from_a_file(tmp_path: Path) -> None:
    with Engine.open(tmp_path / "cases.db") as engine:
        case = engine.report(text="灯", reporter="王五", at=START, by=DESK).id
        engine.dispatch(case, at=minutes(2), by=DESK)
        before = book((engine, case))
    with Engine.open(tmp_path / "cases.db", must_exist=True) as engine:
        assert book((engine, case)) == before


def test_nothing_in_a_case_is_markup_or_an_order_to_the_terminal() -> None:
    made = good(text="[bold]急[/bold] [/nothing] \x1b[31m红\x07\u202e", item="[red]灯[/red]")
    told = printed(book(made))
    assert "[bold]急[/bold] [/nothing] [31m红" in told
    assert "[red]灯[/red]" in told
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202e]", told)
    assert "\x1b" not in render_html(book(made))


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_a_pipe_gets_plain_lines_of_eighty_columns(made: object, lang: str) -> None:
    told = printed(book(made(), lang))  # type: ignore[operator]
    assert "\x1b" not in told
    assert max(map(cell_len, told.splitlines())) <= 80


def test_the_terminal_shows_the_pause_and_the_breach_as_signs() -> None:
    lines = printed(book(winding(), "en"), 120).splitlines()
    resolve = next(line for line in lines if line.strip().startswith("resolve ") and "breached" in line)
    assert re.search(r"=~+=+\|#", resolve)
    arrive = next(line for line in lines if line.strip().startswith("arrive ") and "due" in line)
    assert "#" not in arrive


def bare(words: str) -> str:
    """Leave out what is the same in every language: rules with their sources, the case's id, codes."""
    return re.sub(r"〔[^〕]*〕|371621-\d+-\d+", "", words)


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_a_chinese_page_has_no_english_word_left_over(made: object) -> None:
    for personal in (False, True):
        dossier = book(made(), personal=personal)  # type: ignore[operator]
        for words in (Read(render_html(dossier)).text, printed(dossier, 300)):
            assert re.findall(r"[A-Za-z]+", bare(words)) == []


def test_an_english_page_has_no_chinese_word_left_over() -> None:
    engine = Engine.open()
    case = engine.report(
        locality="371621", text="dark", item="lamp", place="Main St", reporter="Ann Lee", at=START, by=Actor("w1")
    ).id
    engine.dispatch(case, at=minutes(3), by=Actor("d1", "intake"))
    engine.whistle(case, units=["street"], at=minutes(4), by=Actor("w1", "community"))
    engine.suspend(case, reason="rain", at=minutes(5), by=Actor("w1"))
    engine.advance(days(20))
    for personal in (False, True):
        dossier = book((engine, case), "en", personal=personal)
        style = render_html(dossier)
        for words in (Read(style).text, printed(dossier, 300), style):
            assert re.findall(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+", words) == []


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    engine = Engine.open()
    opened = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)  # 01:30 in New York, summer time
    case = engine.report(text="a", visit=False, zone="America/New_York", at=opened, by=DESK).id
    engine.resolve(case, at=opened + timedelta(hours=1), by=WORKER)
    dossier = book((engine, case), "en")
    report, resolve = (step for step in dossier.steps if step.kind in ("reported", "resolved"))
    assert (format_moment(report.at), format_moment(resolve.at)) == ("2026-11-01 01:30", "2026-11-01 01:30 EST")
    assert resolve.at - report.at == timedelta(hours=1)
    dispatch = next(clock for clock in dossier.clocks if clock.name == "dispatch")
    assert (dispatch.outcome, dispatch.stopped) == (Outcome.BREACHED, resolve.at)
    assert rects(drawn(render_html(dossier), "breached", "dispatch"), "late-part")


def test_importing_governflow_or_making_a_page_does_not_load_rich() -> None:
    code = (
        "import sys, governflow\nfrom governflow.reports import dossier, dossier_html\nsys.exit('rich' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
