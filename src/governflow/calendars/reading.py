"""What a calendar is made from, read and checked: windows, weeks, holidays, shifts, the zone (日历的读取)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Literal, TypeAlias, get_args

from governflow.calendars.timeline import SECOND, Span
from governflow.errors import CalendarError
from governflow.timesource import zone_named

Beyond: TypeAlias = Literal["flag", "error"]
Window: TypeAlias = tuple[str, str]
Weekly: TypeAlias = Mapping[str, Sequence[Sequence[str]]]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")


def _clock(text: str) -> int:
    found = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (99, 0, 0)
    total = hours * 3600 + minutes * 60 + seconds
    if minutes > 59 or seconds > 59 or total > 86_400:
        raise CalendarError(
            f"{text!r} is not a time of day: write HH:MM from 00:00 to 24:00",
            f"{text!r} 不是一天中的时刻：请写 00:00 至 24:00 之间的 HH:MM",
        )
    return total * SECOND


def _windows(where: str, given: Sequence[Sequence[str]]) -> tuple[Window, ...]:
    try:
        windows = sorted(((a, b) for a, b in given), key=lambda window: _clock(window[0]))
    except (TypeError, ValueError) as fault:
        if isinstance(fault, CalendarError):
            raise
        raise CalendarError(
            f"{given!r} for {where} is not a list of windows: write [('08:00', '12:00'), ...]",
            f"{where} 的 {given!r} 不是时段列表：请写 [('08:00', '12:00'), ...]",
        ) from None
    last = 0
    for a, b in windows:
        if _clock(b) <= _clock(a):
            raise CalendarError(
                f"the window {a}-{b} of {where} ends before it begins: split a night shift at 24:00",
                f"{where} 的时段 {a}-{b} 结束早于开始：跨夜时段请在 24:00 处拆开",
            )
        if _clock(a) < last:
            raise CalendarError(
                f"the window {a}-{b} of {where} overlaps the one before it: let each begin where the other has ended",
                f"{where} 的时段 {a}-{b} 与前一时段重叠：请在前一时段结束后再开始",
            )
        last = _clock(b)
    return tuple(windows)


def spans(windows: Iterable[Window]) -> list[Span]:
    """Return windows as half-open spans of microseconds since midnight."""
    return [(_clock(a), _clock(b)) for a, b in windows]


def _day(given: date, what: str) -> date:
    if not isinstance(given, date) or isinstance(given, datetime):
        raise CalendarError(f"{what} {given!r} is not a date: give date(2026, 2, 14)", f"{what} {given!r} 不是日期")
    return given


def read_weekly(given: Weekly) -> tuple[tuple[str, tuple[Window, ...]], ...]:
    """Return the windows of each day of the week that has any."""
    for name in given:
        if name not in DAYS:
            raise CalendarError(
                f"{name!r} is not a day of the week: use {', '.join(DAYS)}",
                f"{name!r} 不是星期：请用 {'、'.join(DAYS)}",
            )
    return tuple((name, _windows(name, given[name])) for name in DAYS if given.get(name))


def read_holidays(given: Iterable[date]) -> frozenset[date]:
    """Return the days of a holiday list."""
    return frozenset(_day(day, "the holiday") for day in given)


def read_shifts(given: Mapping[date, Sequence[Sequence[str]]]) -> tuple[tuple[date, tuple[Window, ...]], ...]:
    """Return the windows of single dates, by date."""
    return tuple(sorted((_day(day, "the shift"), _windows(day.isoformat(), given[day])) for day in given))


def read_zone(name: str) -> str:
    """Return the name of a time zone that there is."""
    if zone_named(name) is None:
        raise CalendarError(
            f"there is no time zone {name!r}: give an IANA name, such as 'Asia/Shanghai'",
            f"没有时区 {name!r}：请给出 IANA 名称，例如 'Asia/Shanghai'",
        )
    return name


def read_coverage(given: tuple[date, date] | None) -> tuple[date, date] | None:
    """Return the first and the last day that a holiday list speaks for."""
    if given is None:
        return None
    first, last = (_day(day, "the end of the coverage") for day in given)
    if last < first:
        raise CalendarError(
            f"the coverage {first} to {last} ends before it begins: give the first day, then the last",
            f"涵盖范围 {first} 至 {last} 结束早于开始：请先给首日，再给末日",
        )
    return first, last


def read_beyond(given: Beyond) -> Beyond:
    """Return what becomes of days that the holiday list does not speak for."""
    if given not in get_args(Beyond):
        raise CalendarError(
            f"beyond={given!r} says nothing: use 'flag' or 'error'", f"beyond={given!r} 无效：请用 'flag' 或 'error'"
        )
    return given
