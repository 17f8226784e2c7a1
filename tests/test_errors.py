"""Errors say what is wrong from data: moments are shown as the reader's clocks show them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from governflow.errors import ClockBackwards, CommandError
from governflow.text import Text

_NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def test_a_moment_is_shown_in_utc_unless_a_zone_is_named() -> None:
    error = CommandError("{who} came at {at}", "{who} 于 {at} 到场", who="{x}", at=_NOON)
    assert error.text == Text("{x} came at 2026-01-05T12:00:00+00:00", "{x} 于 2026-01-05T12:00:00+00:00 到场")
    assert str(error) == error.text.en
    there = error.in_zone(ZoneInfo("Asia/Shanghai"))
    assert there == Text("{x} came at 2026-01-05 20:00:00", "{x} 于 2026-01-05 20:00:00 到场")


def test_a_sentence_without_values_is_taken_as_it_is() -> None:
    error = CommandError("{nobody} came")
    assert error.in_zone(UTC) == error.text == Text("{nobody} came", "{nobody} came")


def test_the_clock_says_where_it_stands() -> None:
    error = ClockBackwards(_NOON, _NOON.replace(hour=11))
    assert "2026-01-05T12:00:00+00:00 and never goes back to 2026-01-05T11:00:00+00:00" in str(error)
