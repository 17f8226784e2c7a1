"""The muster: one key calls every post, each has its half hour, and the whole is met when the last one has come."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from governflow import Actor, Case, CommandError, Engine, Text, hookimpl
from governflow.engine.musters import Muster
from governflow.model.case import fold
from governflow.model.terms import Exempt, Form, Mode, Outcome
from governflow.model.units import OrgChart, Unit
from governflow.tables import Table
from governflow.testing import ManualClock, counted

T0 = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
COUNTY = "990101"


def plus(minutes: float) -> datetime:
    return T0 + minutes * MINUTE


def named(code: str, zh: str, level: int, parent: str | None, *forms: Form, roles: str = "") -> Unit:
    return Unit(code, Text(code, zh), level, parent, forms, frozenset(roles.split()))


UNITS = [
    named("intake", "受理平台", 0, "leaders"),
    named("lean", "乐安村", 2, "east", Form.DIRECT, roles="post"),
    named("xinmin", "新民社区", 2, "east", Form.DIRECT, roles="post"),
    named("east", "东镇", 3, "joint", Form.VERIFY, Form.ASSIST),
    named("water", "水务局", 4, "joint", Form.LEAD, roles="post"),
    named("joint", "部门联办", 5, "leaders", Form.JOINT),
    named("leaders", "县领导", 6, None, Form.STUDY),
]
POSTS = ("lean", "xinmin", "water")


class County:
    """A county with three posts, and the hooks that are named, without their prefix."""

    def __init__(self, units: list[Unit] = UNITS, **hooks: Callable[..., Any]) -> None:
        chart = OrgChart.of(units)
        for name, function in {"units": lambda: chart, **hooks}.items():
            setattr(self, f"governflow_{name}", hookimpl(function))


def table(name: str, *lines: str) -> Table:
    return Table.read((f"{name}.csv", "\n".join(lines).encode()), name=name)


@pytest.fixture(params=["memory", "sqlite"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = None if request.param == "memory" else tmp_path / "cases.db"
    with Engine.open(url, clock=ManualClock(T0), entropy=counted()) as opened:
        opened.localities.register(COUNTY, County())
        yield opened
        if opened.book(COUNTY):
            assert fold(opened.book(COUNTY)) == opened.store.load(f"@{COUNTY}")
        opened.verify()


def call(engine: Engine, minutes: float = 0, locality: str = COUNTY) -> None:
    engine.switch_mode(locality, "emergency", reason="flood", by=Actor("chief"), at=plus(minutes))


def come(engine: Engine, post: str, minutes: float) -> None:
    engine.check_in_at_muster(COUNTY, post=post, by=Actor(post, post), at=plus(minutes))


def present(engine: Engine, locality: str = COUNTY) -> Muster:
    muster = engine.muster(locality)
    assert muster is not None
    return muster


def whole(engine: Engine) -> tuple[Outcome, Exempt | None]:
    book = engine.store.load(f"@{COUNTY}")
    assert book is not None
    clock = book.clocks["muster"]
    return clock.outcome, clock.exempt


# --- calling ----------------------------------------------------------------------------------------------------------


def test_the_switch_to_emergency_calls_every_post_for_half_an_hour(engine: Engine) -> None:
    call(engine)
    muster = present(engine)
    assert (muster.called, muster.due, muster.complete) == (T0, plus(30), None)
    assert muster.absent == tuple(muster.posts) == POSTS
    assert {clock.due for clock in muster.posts.values()} == {plus(30)}
    assert whole(engine) == (Outcome.RUNNING, None)


def test_the_book_says_who_called_whom_and_why(engine: Engine) -> None:
    call(engine)
    (event,) = engine.book(COUNTY)
    assert (event.kind, event.by, event.changes["mode"]) == ("mode_switched", Actor("chief"), Mode.EMERGENCY)
    assert event.about == {"reason": "flood", "posts": list(POSTS)}
    rulings = {ruling.what: (ruling.value, ruling.source) for ruling in event.rulings}
    assert rulings == {"clock:check_in": ("30min", "governflow"), "clock:muster": ("30min", "governflow")}


def test_in_everyday_running_there_is_no_muster(engine: Engine) -> None:
    assert engine.muster(COUNTY) is None


def test_where_there_are_no_posts_nobody_is_called(engine: Engine) -> None:
    engine.localities.register(COUNTY, County([unit for unit in UNITS if not unit.roles]))
    call(engine)
    assert engine.muster(COUNTY) is None
    assert engine.advance(plus(600)) == ()


def test_a_county_calls_its_own_posts_and_a_city_its_own(engine: Engine) -> None:
    engine.localities.register("990100", County([UNITS[0], named("leaders", "市领导", 6, None, roles="post")]))
    call(engine, locality="990100")
    assert present(engine, "990100").absent == ("leaders",)
    assert engine.muster(COUNTY) is None


def test_the_clock_of_a_post_is_named_after_it_in_both_languages(engine: Engine) -> None:
    assert engine.localities.policy(COUNTY).name("check_in:lean") == Text("check in (lean)", "报到（乐安村）")


def test_a_county_may_give_its_posts_less_time(engine: Engine) -> None:
    times = table("deadlines", "rule,mode,check_in,→muster", "M1,emergency,10min,20min", "M2,normal,,")
    engine.localities.register(COUNTY, County(tables=lambda: {"deadlines": times}))
    call(engine)
    muster = present(engine)
    assert {clock.due for clock in muster.posts.values()} == {plus(10)}
    assert muster.due == plus(20)


# --- coming -----------------------------------------------------------------------------------------------------------


def test_a_post_that_checks_in_stops_its_own_clock_and_no_other(engine: Engine) -> None:
    call(engine)
    come(engine, "xinmin", 12)
    muster = present(engine)
    assert muster.absent == ("lean", "water")
    assert (muster.posts["xinmin"].stopped, muster.posts["xinmin"].outcome) == (plus(12), Outcome.MET)
    assert muster.complete is None
    assert whole(engine) == (Outcome.RUNNING, None)


def test_the_muster_is_met_when_the_last_post_has_come_and_not_before(engine: Engine) -> None:
    call(engine)
    for minutes, post in enumerate(POSTS, 10):
        assert present(engine).complete is None
        come(engine, post, minutes)
    muster = present(engine)
    assert (muster.complete, muster.absent) == (plus(12), ())
    assert whole(engine) == (Outcome.MET, None)


def test_a_post_that_comes_at_the_very_end_of_the_half_hour_is_in_time(engine: Engine) -> None:
    call(engine)
    engine.advance(plus(30))
    for post in POSTS:
        come(engine, post, 30)
    assert {clock.outcome for clock in present(engine).posts.values()} == {Outcome.MET}
    assert whole(engine) == (Outcome.MET, None)


def test_the_muster_is_complete_when_the_last_one_came_in_whatever_order_it_is_told(engine: Engine) -> None:
    call(engine)
    for post, minutes in zip(POSTS, (25, 5, 15), strict=True):
        come(engine, post, minutes)
    assert present(engine).complete == plus(25)


def test_whoever_checks_in_is_in_the_book(engine: Engine) -> None:
    call(engine)
    come(engine, "lean", 3)
    event = engine.book(COUNTY)[-1]
    assert (event.kind, event.at, event.by, event.about["unit"]) == (
        *("checked_in", plus(3), Actor("lean", "lean")),
        "lean",
    )


@pytest.mark.parametrize("post", ["east", "nobody", ""])
def test_whoever_was_not_called_is_not_awaited_and_is_told_who_is_in_both_languages(engine: Engine, post: str) -> None:
    call(engine)
    with pytest.raises(CommandError, match="still absent: lean, xinmin, water") as refused:
        come(engine, post, 1)
    assert "尚未到岗：乐安村、新民社区、水务局" in refused.value.text.zh


def test_a_post_checks_in_once(engine: Engine) -> None:
    call(engine)
    come(engine, "lean", 1)
    with pytest.raises(CommandError, match="not awaited") as refused:
        come(engine, "lean", 2)
    assert "“乐安村”不在待到岗之列" in refused.value.text.zh


def test_nobody_checks_in_before_the_call(engine: Engine) -> None:
    call(engine, 10)
    with pytest.raises(CommandError, match="not awaited"):
        come(engine, "lean", 9)


def test_nobody_checks_in_where_nobody_was_called(engine: Engine) -> None:
    with pytest.raises(CommandError, match="still absent: nobody") as refused:
        come(engine, "lean", 1)
    assert "尚未到岗：无" in refused.value.text.zh
    assert engine.book(COUNTY) == []


# --- not coming -------------------------------------------------------------------------------------------------------


def climbed(engine: Engine, clock: str) -> list[tuple[str, datetime, str]]:
    return [
        (event.kind, event.at, event.about["escalation"]["to"])
        for event in engine.book(COUNTY)
        if "escalation" in event.about and event.about["escalation"]["clock"] == clock
    ]


def test_a_post_that_does_not_come_is_urged_then_the_unit_above_supervises_then_takes_the_duty_on(
    engine: Engine,
) -> None:
    call(engine)
    come(engine, "xinmin", 5)
    engine.advance(plus(91))
    assert climbed(engine, "check_in:lean#1") == [
        ("urged", plus(30), "lean"),
        ("supervised", plus(60), "east"),
        ("taken_over", plus(90), "east"),
    ]
    assert climbed(engine, "check_in:xinmin#1") == []
    assert present(engine).posts["lean"].duty == "east"


def test_a_post_that_comes_late_is_late_and_climbs_no_further(engine: Engine) -> None:
    call(engine)
    engine.advance(plus(45))
    for post in POSTS:
        come(engine, post, 45)
    muster = present(engine)
    assert {(clock.outcome, clock.exempt) for clock in muster.posts.values()} == {(Outcome.BREACHED, None)}
    assert muster.complete == plus(45)
    assert whole(engine) == (Outcome.BREACHED, None)
    before = len(engine.book(COUNTY))
    engine.advance(plus(600))
    assert len(engine.book(COUNTY)) == before


def test_a_post_that_came_in_time_and_said_so_late_disproves_the_breach(engine: Engine) -> None:
    call(engine)
    engine.advance(plus(100))
    for post, minutes in zip(POSTS, (10, 29, 30), strict=True):
        come(engine, post, minutes)
    muster = present(engine)
    assert {(clock.outcome, clock.exempt) for clock in muster.posts.values()} == {(Outcome.BREACHED, Exempt.DISPROVED)}
    assert whole(engine) == (Outcome.BREACHED, Exempt.DISPROVED)
    assert muster.complete == plus(30)


def test_one_post_that_was_late_leaves_the_whole_muster_late(engine: Engine) -> None:
    call(engine)
    engine.advance(plus(100))
    for post, minutes in zip(POSTS, (31, 10, 20), strict=True):
        come(engine, post, minutes)
    assert whole(engine) == (Outcome.BREACHED, None)
    assert present(engine).posts["water"].exempt is Exempt.DISPROVED


def test_a_county_may_have_a_ladder_of_its_own_for_its_posts(engine: Engine) -> None:
    rules = ("E1,check_in,0,urge,leaders,5min", "E2,,,,,")
    ladder = table("escalate", "hit policy,first", "rule,clock,rung,kind,to,again", "domain,*,,,,", *rules)
    engine.localities.register(COUNTY, County(tables=lambda: {"escalate": ladder}))
    call(engine)
    engine.advance(plus(36))
    assert climbed(engine, "check_in:lean#1") == [("urged", plus(30), "leaders"), ("supervised", plus(35), "east")]


def test_a_muster_that_nobody_ends_does_not_drown_the_book(engine: Engine) -> None:
    call(engine)
    engine.advance(T0 + 30 * DAY)
    assert len(engine.book(COUNTY)) < 150
    assert "special_report_filed" in {event.kind for event in engine.book(COUNTY)}


# --- ending -----------------------------------------------------------------------------------------------------------


def test_switching_back_ends_the_muster_without_blame_for_whoever_was_still_on_the_way(engine: Engine) -> None:
    call(engine)
    come(engine, "lean", 5)
    engine.switch_mode(COUNTY, "normal", reason="false alarm", at=plus(10))
    assert engine.muster(COUNTY) is None
    book = engine.store.load(f"@{COUNTY}")
    assert book is not None
    outcomes = {name: clock.outcome for name, clock in book.clocks.items()}
    assert outcomes.pop("check_in:lean") is Outcome.MET
    assert set(outcomes.values()) == {Outcome.CANCELLED}
    assert engine.advance(plus(600)) == ()
    with pytest.raises(CommandError, match="not awaited"):
        come(engine, "xinmin", 11)


def test_switching_back_leaves_whoever_was_late_late(engine: Engine) -> None:
    call(engine)
    engine.advance(plus(40))
    engine.switch_mode(COUNTY, "normal", reason="over", at=plus(40))
    book = engine.store.load(f"@{COUNTY}")
    assert book is not None
    assert {clock.outcome for clock in book.clocks.values()} == {Outcome.BREACHED}
    assert engine.advance(plus(600)) == ()


def test_the_next_emergency_calls_everybody_anew(engine: Engine) -> None:
    call(engine)
    for post in POSTS:
        come(engine, post, 5)
    engine.switch_mode(COUNTY, "normal", reason="over", at=plus(60))
    call(engine, 100)
    muster = present(engine)
    assert (muster.called, muster.due, muster.absent) == (plus(100), plus(130), POSTS)
    assert {clock.cycle for clock in muster.posts.values()} == {2}
    come(engine, "lean", 101)
    assert present(engine).absent == ("xinmin", "water")


def test_a_post_that_is_no_longer_in_the_chart_is_called_no_more(engine: Engine) -> None:
    call(engine)
    engine.switch_mode(COUNTY, "normal", reason="over", at=plus(60))
    engine.localities.register(COUNTY, County([unit for unit in UNITS if unit.id != "lean"]))
    call(engine, 100)
    muster = present(engine)
    assert muster.absent == tuple(muster.posts) == ("xinmin", "water")


def test_a_muster_goes_on_after_the_file_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "cases.db"
    with Engine.open(path, clock=ManualClock(T0)) as engine:
        engine.localities.register(COUNTY, County())
        call(engine)
        come(engine, "lean", 5)
        before = present(engine)
    with Engine.open(path, clock=ManualClock(T0)) as engine:
        assert present(engine) == before
        engine.localities.register(COUNTY, County())
        engine.advance(plus(31))
        assert {
            (event.kind, event.about.get("clock")) for event in engine.book(COUNTY) if event.kind == "breached"
        } == {("breached", f"{name}#1") for name in ("check_in:xinmin", "check_in:water", "muster")}
        engine.verify()


def test_both_stores_keep_the_same_book(tmp_path: Path) -> None:
    books = []
    for url in (None, tmp_path / "cases.db"):
        with Engine.open(url, clock=ManualClock(T0), entropy=counted()) as engine:
            engine.localities.register(COUNTY, County())
            call(engine)
            come(engine, "lean", 5)
            engine.advance(plus(200))
            come(engine, "water", 29)
            engine.switch_mode(COUNTY, "normal", reason="over", at=plus(300))
            books.append((engine.book(COUNTY), engine.verify()))
    assert books[0] == books[1]


# --- rules that fail --------------------------------------------------------------------------------------------------


def test_a_rule_that_fails_as_posts_are_called_stands_in_the_book_and_the_posts_are_called(engine: Engine) -> None:
    def fails(case: Case) -> None:
        if case.id.startswith("@"):
            raise RuntimeError("no such post")

    engine.localities.register(COUNTY, County(deadlines=fails))
    call(engine)
    (fault,) = next(event.about["faults"] for event in engine.book(COUNTY) if event.kind == "faulted")
    assert (fault["plugin"], fault["hook"]) == (COUNTY, "governflow_deadlines")
    assert set(present(engine).posts) == set(POSTS)
