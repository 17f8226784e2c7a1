"""The merits ledger: who earned what, what still counts, and who gets the whistle award; sums worked out by hand."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import attrs
import pytest

from governflow import CommandError, Engine
from governflow.cli import reports as briefing
from governflow.engine.session import ENTERED, merit_entry
from governflow.model.events import Event
from governflow.policy.hookspecs import Merit
from governflow.reports.merits import award, balances, ranking
from governflow.text import Text

CST = timezone(timedelta(hours=8))
T0 = datetime(2026, 1, 5, 9, tzinfo=CST)
DAY = timedelta(days=1)
SORTED = Text("waste was sorted", "垃圾分类")


def earned(to: str, points: int, day: int = 0, *, holder: str = "informant", until: int | None = None) -> Event:
    """An entry of a day's book; ``until`` is the day on which it expires."""
    merit = Merit(to, holder, points, SORTED, "sorting", T0 + until * DAY if until is not None else None)
    about = merit_entry(merit, "inspection", "c-1")
    return Event("@371621", day + 1, ENTERED, (T0 + day * DAY).astimezone(UTC), "book", about=about)


# --- entries ----------------------------------------------------------------------------------------------------------


def test_an_entry_keeps_reason_source_case_and_expiry_as_plain_json() -> None:
    merit = Merit("grid 7", "post", -2, Text("was not there", "未到岗"), "attendance", T0)
    about = merit_entry(merit, "muster of 5 January", None)
    assert about == {
        "to": "grid 7",
        "holder": "post",
        "points": -2,
        "reason": {"en": "was not there", "zh": "未到岗"},
        "rule": "attendance",
        "source": "muster of 5 January",
        "expires": "2026-01-05T01:00:00+00:00",
        "case": None,
    }
    assert json.loads(json.dumps(about)) == about


@pytest.mark.parametrize(
    ("wrong", "source", "said"),
    [
        ({"holder": "requester"}, "inspection", "merits are for post, unit, informant, volunteer"),
        ({"to": " "}, "inspection", "needs whose it is"),
        ({"points": 0}, "inspection", "other than zero"),
        ({"points": 1.5}, "inspection", "whole number"),
        ({"points": True}, "inspection", "whole number"),
        ({"reason": Text("sorted", "")}, "inspection", "needs a reason"),
        ({}, "  ", "needs its source"),
        ({"expires": datetime(2026, 1, 5, 9)}, "inspection", "no time with a zone"),  # noqa: DTZ001 - refused for that
    ],
)
def test_an_entry_that_is_nobodys_or_says_nothing_is_refused_in_both_languages(
    wrong: dict[str, Any], source: str, said: str
) -> None:
    merit = attrs.evolve(Merit("grid 7", "post", 1, SORTED), **wrong)
    with pytest.raises(CommandError, match=said) as refused:
        merit_entry(merit, source, None)
    assert refused.value.text.zh != refused.value.text.en


def test_whoever_asks_has_no_account() -> None:
    with pytest.raises(CommandError, match="whoever asks has none"):
        merit_entry(Merit("Wang", "requester", 1, SORTED), "inspection", None)


# --- balances ---------------------------------------------------------------------------------------------------------


def test_a_balance_is_what_was_gained_less_what_was_lost() -> None:
    account = balances([earned("a", 5), earned("a", 3, 1), earned("a", -2, 2)], T0 + 3 * DAY)["a"]
    assert (account.points, account.gained, account.lost, account.expired) == (6, 8, 2, 0)
    assert account.holder == "informant"


def test_no_account_falls_below_zero_and_it_still_says_what_was_lost() -> None:
    account = balances([earned("a", 1), earned("a", -4, 1)], T0 + DAY)["a"]
    assert (account.points, account.gained, account.lost) == (0, 1, 4)


def test_what_was_lost_below_zero_is_still_owed_when_something_is_earned() -> None:
    book = [earned("a", -4), earned("a", 5, 1)]
    assert [balances(book, T0 + day * DAY)["a"].points for day in (0, 1)] == [0, 1]


def test_an_entry_counts_until_the_moment_it_expires() -> None:
    book = [earned("a", 5, until=10), earned("a", 2)]
    at = T0 + 10 * DAY
    assert balances(book, at - timedelta(microseconds=1))["a"].points == 7
    assert (balances(book, at)["a"].points, balances(book, at)["a"].expired) == (2, 1)


def test_an_old_fault_expires_like_an_old_merit() -> None:
    book = [earned("a", -5, until=10), earned("a", 2)]
    assert [balances(book, T0 + day * DAY)["a"].points for day in (9, 10)] == [0, 2]


def test_what_is_earned_later_is_not_there_yet() -> None:
    assert balances([earned("a", 5, 1)], T0) == {}
    assert balances([earned("a", 5, 1)], T0 + DAY)["a"].points == 5


def test_the_richest_account_comes_first_and_equals_by_name() -> None:
    book = [earned("c", 1), earned("b", 3), earned("a", 1)]
    assert list(balances(book, T0)) == ["b", "a", "c"]


def test_other_entries_of_the_book_are_no_merits() -> None:
    switched = Event("@371621", 9, "mode_switched", T0.astimezone(UTC), "book", about={"reason": "flood"})
    assert list(balances([switched, earned("a", 1)], T0)) == ["a"]
    assert [place.to for place in ranking([switched, earned("a", 1)], T0, T0 + DAY)] == ["a"]


# --- rankings and the award -------------------------------------------------------------------------------------------


def test_equal_points_share_a_rank_and_the_next_rank_is_left_out() -> None:
    book = [earned("d", 1), earned("c", 4), earned("b", 4), earned("a", 9)]
    told = [(place.rank, place.to, place.points) for place in ranking(book, T0, T0 + DAY)]
    assert told == [(1, "a", 9), (2, "b", 4), (2, "c", 4), (4, "d", 1)]


def test_a_period_takes_its_first_moment_in_and_leaves_its_last_one_out() -> None:
    book = [earned("a", 1, 0), earned("a", 2, 1), earned("a", 4, 2)]
    assert [place.points for place in ranking(book, T0 + DAY, T0 + 2 * DAY)] == [2]


def test_losses_count_in_a_ranking_and_expiry_does_not() -> None:
    book = [earned("a", 5, until=1), earned("a", -7), earned("b", 1)]
    told = [(place.to, place.points, place.entries) for place in ranking(book, T0, T0 + DAY)]
    assert told == [("b", 1, 1), ("a", -2, 2)]


def test_a_ranking_is_of_one_kind_of_holder_where_one_is_named() -> None:
    book = [earned("a", 5), earned("grid 7", 9, holder="post")]
    assert [place.to for place in ranking(book, T0, T0 + DAY, holder="informant")] == ["a"]
    assert [place.to for place in ranking(book, T0, T0 + DAY)] == ["grid 7", "a"]
    with pytest.raises(CommandError, match="'requester' has no merits"):
        ranking(book, T0, T0 + DAY, holder="requester")


def test_the_whistle_award_goes_to_informants_by_what_they_gained() -> None:
    book = [earned("a", 5), earned("a", -4), earned("b", 4), earned("post", 9, holder="post"), earned("c", -1)]
    assert [(place.rank, place.to, place.points) for place in award(book, T0, T0 + DAY)] == [(1, "a", 5), (2, "b", 4)]


def test_nobody_is_left_out_of_the_award_for_sharing_its_last_rank() -> None:
    book = [earned("a", 9), earned("b", 8), earned("d", 7), earned("c", 7), earned("e", 6)]
    assert [(place.rank, place.to) for place in award(book, T0, T0 + DAY)] == [(1, "a"), (2, "b"), (3, "c"), (3, "d")]
    assert [place.to for place in award(book, T0, T0 + DAY, first=1)] == ["a"]


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store whose locality has a book with three accounts."""
    path = tmp_path / "cases.db"
    with Engine.open(path) as engine:
        for to, holder, points, day, expires in (
            ("张庄信息员1", "informant", 5, 0, None),
            ("李庄信息员2", "informant", 3, 1, T0 + 20 * DAY),
            ("一号点位", "post", -1, 2, None),
        ):
            merit = Merit(to, holder, points, SORTED, "sorting", expires)
            engine.award("371621", merit, source="inspection", at=T0 + day * DAY)
    return path


def told(capsys: pytest.CaptureFixture[str], store: Path, **options: Any) -> Any:
    given = {"holder": None, "since": None, "until": "2026-02-01", "as_json": True, "lang": "en"} | options
    assert briefing.merits("371621", store=store, **given) == 0
    out = capsys.readouterr().out
    return json.loads(out) if given["as_json"] else out


def test_the_command_gives_accounts_and_only_with_a_period_a_ranking(
    capsys: pytest.CaptureFixture[str], store: Path
) -> None:
    accounts = told(capsys, store)
    assert [(one["to"], one["points"], one["expired"]) for one in accounts["balances"]] == [
        *(("张庄信息员1", 5, 0), ("一号点位", 0, 0), ("李庄信息员2", 0, 1))
    ]
    assert accounts["ranking"] == []
    assert accounts["at"] == "2026-02-02T00:00:00+08:00"  # the whole of the day that was given
    ranked = told(capsys, store, since="2026-01-06", holder="informant")
    assert [(one["to"], one["rank"], one["award"]) for one in ranked["ranking"]] == [("李庄信息员2", 1, True)]


@pytest.mark.parametrize(("lang", "award_said"), [("zh", "金哨奖"), ("en", "whistle award")])
def test_the_command_prints_accounts_and_the_award(
    capsys: pytest.CaptureFixture[str], store: Path, lang: str, award_said: str
) -> None:
    out = told(capsys, store, since="2026-01-01", as_json=False, lang=lang)
    assert out.count(award_said) == 2  # both informants, and no post
    assert "张庄信息员1" in out


def test_the_command_refuses_a_time_that_nobody_can_read(store: Path) -> None:
    with pytest.raises(CommandError, match=r"--since 'spring'"):
        briefing.merits("371621", store=store, holder=None, since="spring", until=None, as_json=True, lang="en")


def test_the_command_refuses_accounts_of_requesters(store: Path) -> None:
    with pytest.raises(CommandError, match="'requester' has no merits"):
        briefing.merits("371621", store=store, holder="requester", since=None, until=None, as_json=True, lang="en")
