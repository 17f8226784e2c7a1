"""Working time (工作时间): when an allowance runs out, and how much of it has run.

A calendar is read from windows, holidays and shifts, each checked on the way. Every question to it is two binary
searches on its time line (`governflow.calendars.timeline`), however long the allowance: nothing steps through days.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Literal, TypeAlias, get_args
from zoneinfo import ZoneInfo

import attrs

from governflow.calendars.timeline import (
    DAY,
    FOREVER,
    LAST_YEAR,
    SECOND,
    Kind,
    OpenTimeIndex,
    Pauses,
    Span,
    Timeline,
    instant,
    merged,
    midnight,
    utc,
    year_of,
)
from governflow.errors import CalendarError
from governflow.timesource import MICROSECOND, from_micros, zone_named

Boundary: TypeAlias = Literal["close", "open"]
Beyond: TypeAlias = Literal["flag", "error"]
Window: TypeAlias = tuple[str, str]
Weekly: TypeAlias = Mapping[str, Sequence[Sequence[str]]]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WHOLE_WEEK = tuple((name, (("00:00", "24:00"),)) for name in DAYS)
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
    except CalendarError:
        raise
    except (TypeError, ValueError):
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


def _spans(windows: Iterable[Window]) -> list[Span]:
    """Return windows as half-open spans of microseconds since midnight."""
    return [(_clock(a), _clock(b)) for a, b in windows]


def _day(given: date, what: str) -> date:
    if not isinstance(given, date) or isinstance(given, datetime):
        raise CalendarError(f"{what} {given!r} is not a date: give date(2026, 2, 14)", f"{what} {given!r} 不是日期")
    return given


def _read_weekly(given: Weekly) -> tuple[tuple[str, tuple[Window, ...]], ...]:
    """Return the windows of each day of the week that has any."""
    for name in given:
        if name not in DAYS:
            raise CalendarError(
                f"{name!r} is not a day of the week: use {', '.join(DAYS)}",
                f"{name!r} 不是星期：请用 {'、'.join(DAYS)}",
            )
    return tuple((name, _windows(name, given[name])) for name in DAYS if given.get(name))


def _read_holidays(given: Iterable[date]) -> frozenset[date]:
    """Return the days of a holiday list."""
    return frozenset(_day(day, "the holiday") for day in given)


def _read_shifts(given: Mapping[date, Sequence[Sequence[str]]]) -> tuple[tuple[date, tuple[Window, ...]], ...]:
    """Return the windows of single dates, by date."""
    return tuple(sorted((_day(day, "the shift"), _windows(day.isoformat(), given[day])) for day in given))


def _read_zone(name: str) -> str:
    """Return the name of a time zone that there is."""
    if zone_named(name) is None:
        raise CalendarError(
            f"there is no time zone {name!r}: give an IANA name, such as 'Asia/Shanghai'",
            f"没有时区 {name!r}：请给出 IANA 名称，例如 'Asia/Shanghai'",
        )
    return name


def _read_coverage(given: tuple[date, date] | None) -> tuple[date, date] | None:
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


def _read_beyond(given: Beyond) -> Beyond:
    """Return what becomes of days that the holiday list does not speak for."""
    if given not in get_args(Beyond):
        raise CalendarError(
            f"beyond={given!r} says nothing: use 'flag' or 'error'", f"beyond={given!r} 无效：请用 'flag' 或 'error'"
        )
    return given


def _ordinal(day: date) -> int:
    ordinal = day.toordinal()
    year_of(midnight(ordinal))
    return ordinal


@attrs.frozen
class Segment:
    """A stretch of a clock's time, half-open, of one kind.

    Args:
        start: Its first moment, UTC.
        end: The moment after its last, UTC.
        kind: `counted`, `closed`, `holiday` (节假日), `make-up` (调休上班: counted) or `paused`.
    """

    start: datetime
    end: datetime
    kind: Kind


@attrs.frozen(cache_hash=True)
class WorkingCalendar:
    """When an office is open, in its own zone, and what that makes of a span of time.

    Windows are half-open local times mapped to instants: an hour that a change of the clocks skips is not counted, one
    that it repeats is counted twice. All moments that come back are in UTC.

    Args:
        tz: IANA name of the zone in which all days and windows are meant.
        weekly: Windows per weekday (`mon` … `sun`) as `HH:MM` pairs, `24:00` ending a day; a day left out is closed.
        holidays: Days that are closed whatever the week says (节假日).
        shifts: Windows that replace those of a date and beat its holiday: make-up workdays (调休上班), half days.
        coverage: First and last day that the holiday list speaks for; None where it speaks for every day.
        beyond: What becomes of a result that needs a day outside `coverage`: `flag` computes it, and `flagged` says so;
            `error` refuses it.

    Raises:
        CalendarError: The zone, a weekday, a window or a date makes no sense.

    Examples:
        >>> from datetime import UTC, datetime, timedelta
        >>> office = WorkingCalendar(tz="Asia/Shanghai", weekly={"mon": [("09:00", "12:00"), ("14:00", "18:00")]})
        >>> office.due(datetime(2026, 3, 2, 3, 0, tzinfo=UTC), timedelta(hours=2)).isoformat()
        '2026-03-02T07:00:00+00:00'
    """

    tz: str = attrs.field(converter=_read_zone)
    weekly: tuple[tuple[str, tuple[Window, ...]], ...] = attrs.field(converter=_read_weekly)
    holidays: frozenset[date] = attrs.field(default=(), converter=_read_holidays, repr=False)
    shifts: tuple[tuple[date, tuple[Window, ...]], ...] = attrs.field(factory=dict, converter=_read_shifts, repr=False)
    coverage: tuple[date, date] | None = attrs.field(default=None, kw_only=True, converter=_read_coverage)
    beyond: Beyond = attrs.field(default="flag", kw_only=True, converter=_read_beyond)
    zone: ZoneInfo = attrs.field(init=False, eq=False, repr=False)
    #: Whether it is always open: every hour of every day.
    round_the_clock: bool = attrs.field(init=False, eq=False, repr=False)
    _timeline: Timeline = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        certain = self.coverage is None or self.beyond == "flag"
        object.__setattr__(self, "zone", ZoneInfo(self.tz))
        object.__setattr__(
            self, "round_the_clock", self.weekly == _WHOLE_WEEK and certain and not self.holidays and not self.shifts
        )
        weekly = dict(self.weekly)
        line = Timeline(
            self.zone,
            week=[_spans(weekly.get(name, ())) for name in DAYS],
            holidays={day.toordinal() for day in self.holidays},
            shifts={day.toordinal(): _spans(windows) for day, windows in self.shifts},
        )
        object.__setattr__(self, "_timeline", line)

    @classmethod
    def always(cls, tz: str = "UTC") -> "WorkingCalendar":
        """Return a calendar that is open round the clock, every day (全天候).

        Args:
            tz: IANA name of the zone in which its days begin and end.
        """
        return _plain_week(tz, _WHOLE_WEEK)

    @classmethod
    def china(
        cls, weekly: Weekly | None = None, *, tz: str = "Asia/Shanghai", beyond: Beyond = "flag"
    ) -> "WorkingCalendar":
        """Return a calendar with mainland China's statutory holidays and make-up workdays (法定节假日和调休).

        Args:
            weekly: Office hours; Monday to Friday from 00:00 to 24:00 if left out. A make-up workday has the hours of
                the first open day of the week.
            tz: IANA name of the zone.
            beyond: What becomes of days for which the State Council's list is not known: see the class.

        Raises:
            CalendarError: The package `chinesecalendar`, whose lists these are, is not installed.
        """
        try:
            from chinese_calendar import constants
        except ImportError:
            raise CalendarError(
                "the holidays of China come from the package chinesecalendar, which is not here:"
                " pip install chinesecalendar",
                "中国节假日数据来自 chinesecalendar 包，尚未安装：请执行 pip install chinesecalendar",
            ) from None
        week = _read_weekly(weekly if weekly is not None else dict(_WHOLE_WEEK[:5]))
        years = [day.year for day in constants.holidays]  # the list is published a whole year at a time
        return cls(
            tz=tz,
            weekly=dict(week),
            holidays=constants.holidays,
            shifts=dict.fromkeys(constants.workdays, week[0][1]) if week else {},
            coverage=(date(min(years), 1, 1), date(max(years), 12, 31)),
            beyond=beyond,
        )

    def due(self, start: datetime, allowance: timedelta, pauses: Pauses = (), boundary: Boundary = "close") -> datetime:
        """Return the moment at which an allowance of working time, begun at `start`, is used up.

        Args:
            start: When the clock starts, aware.
            allowance: Working time. A negative one counts backwards: the latest moment to have started by.
            pauses: Spans in which the clock stands still, in any order; they may overlap. An end of None means that
                it still stands. A pause that begins at or after the due moment does not move it.
            boundary: Where an allowance used up exactly at closing time is due: at closing (`close`) or at the next
                opening (`open`). An allowance of zero is due at `start` itself (`close`) or as soon as it is open.

        Returns:
            The due moment, in UTC.

        Raises:
            CalendarError: A moment has no zone; the allowance can never be met; a pause without an end begins before
                the due moment, which is therefore not known; or a day beyond the coverage is needed and
                `beyond="error"`.
        """
        if boundary != "close" and boundary != "open":
            raise CalendarError(
                f"{boundary!r} is no boundary: use 'close' or 'open'", f"{boundary!r} 不是边界：请用 'close' 或 'open'"
            )
        if not isinstance(allowance, timedelta):
            raise CalendarError(
                f"{allowance!r} is not a timedelta: give one, or let Allowance.parse(...).due(...) do it",
                f"{allowance!r} 不是 timedelta：请给出 timedelta，或使用 Allowance.parse(...).due(...)",
            )
        if self.round_the_clock and not pauses:  # by far the most frequent question
            try:
                return (start if start.tzinfo is UTC else utc(start)) + allowance
            except OverflowError:
                year_of(FOREVER)
        at, need, stops = instant(start), allowance // MICROSECOND, merged(pauses) if pauses else ()
        line = self._timeline
        table: OpenTimeIndex | None = line.table(at, at)
        found = at if need == 0 and boundary == "close" else None
        while found is None:
            if table is None:
                since = start.isoformat()
                raise CalendarError(
                    f"an allowance of {allowance} from {since} can never be met, for the calendar is not open so long:"
                    " give it more windows, or a shorter allowance",
                    f"自 {since} 起 {allowance} 的时限永远用不完，日历没有这么多开放时间：请增加时段或缩短时限",
                )
            found = table.reached(at, need, stops, latest=(boundary == "open") is (need >= 0))
            if found is None:
                table = line.extend(table, need)
        self._insist(self._ends(at, found))
        return from_micros(found)

    def between(self, start: datetime, end: datetime, pauses: Pauses = ()) -> timedelta:
        """Return the working time from `start` to `end`, less the pauses.

        Args:
            start: First moment, aware.
            end: The moment after the last, aware.
            pauses: As for `due`.

        Returns:
            Working time; zero when `end` is not after `start`.

        Raises:
            CalendarError: A moment has no zone, or a day beyond the coverage is needed and `beyond="error"`.
        """
        first, last = instant(start), instant(end)
        if last <= first:
            return timedelta(0)
        self._insist(self._ends(first, last))
        table = self._timeline.table(first, last)
        worked = table.worked(last) - table.worked(first)
        for begin, until in merged(pauses):
            a, b = max(begin, first), min(until, last)
            if a < b:
                worked -= table.worked(b) - table.worked(a)
        return worked * MICROSECOND

    def segments(self, start: datetime, due: datetime, pauses: Pauses = ()) -> list[Segment]:
        """Explain a span of time as segments that tile it exactly: no gap, no overlap, no two alike in a row.

        Working time is `counted`, or `make-up` on a date that a shift opens although the week or the holidays would
        have it closed. The rest is `holiday` on a date of the holiday list, else `closed`. A pause covers them all.

        Args:
            start: First moment, aware.
            due: The moment after the last, aware.
            pauses: As for `due`.

        Returns:
            The segments in order; none when `due` is not after `start`.
        """
        first, last = instant(start), instant(due)
        if last <= first:
            return []
        pieces = self._timeline.pieces(first, last, merged(pauses))
        return [Segment(from_micros(a), from_micros(b), kind) for a, b, kind in pieces]

    def is_working(self, day: date) -> bool:
        """Return whether the calendar is open at any time of the day (工作日)."""
        return bool(self._timeline.opened(_ordinal(day)))

    def add_days(self, start: date, days: int) -> date:
        """Return the working day that lies `days` working days after `start`, which itself is not counted (民法典 201).

        Args:
            start: Any date, working day or not.
            days: Working days; negative ones count backwards; zero gives `start` back.

        Raises:
            CalendarError: There are not so many working days, or a day beyond the coverage is needed and
                `beyond="error"`.
        """
        if days == 0:
            return start
        line, ordinal = self._timeline, _ordinal(start)
        noon = midnight(ordinal) + DAY // 2
        table: OpenTimeIndex | None = line.table(noon, noon)
        while table is not None:
            working = table.working
            i = bisect_right(working, ordinal) + days - 1 if days > 0 else bisect_left(working, ordinal) + days
            if 0 <= i < len(working):
                end = date.fromordinal(working[i])
                self._insist((start, end))
                return end
            table = line.extend(table, 1 if days > 0 else -1) if abs(days) < 366 * LAST_YEAR else None
        raise CalendarError(
            f"there are no {days} working days from {start} in this calendar: open more days, or ask for fewer",
            f"日历自 {start} 起没有 {days} 个工作日：请增加开放日或减少天数",
        )

    def add_calendar_days(self, start: date, days: int) -> date:
        """Return the last of `days` calendar days after `start`, rolled forward to a working day (民法典 201, 203).

        Args:
            start: The first day, which is not counted.
            days: Calendar days, none or more.

        Raises:
            CalendarError: `days` is negative, no working day ever follows, or a day beyond the coverage is needed and
                `beyond="error"`.
        """
        if days < 0:
            raise CalendarError(
                f"{days} calendar days lie in the past: give 0 or more", f"{days} 天为负：请给出 0 或以上"
            )
        last = date.fromordinal(_ordinal(start) + days)
        end = last if self.is_working(last) else self.add_days(last, 1)
        self._insist((start, end))
        return end

    def close_of_business(self, day: date) -> datetime:
        """Return the end of the day's last window (停止业务活动的时间, 民法典 203), in UTC.

        Raises:
            CalendarError: The day is closed.
        """
        opened = self._timeline.opened(_ordinal(day))
        if not opened:
            raise CalendarError(
                f"{day} is closed and has no close of business: ask for a working day",
                f"{day} 不开放，没有停止业务的时间：请给出工作日",
            )
        return from_micros(max(end for _, end in opened))

    def end_of_day(self, day: date) -> datetime:
        """Return the moment at which the local day ends (二十四时), in UTC."""
        whole = self._timeline.whole(_ordinal(day))
        if not whole:  # a date that the zone left out (a move across the date line) ended where the one before it did
            return self.end_of_day(day - timedelta(days=1))
        return from_micros(max(end for _, end in whole))

    def regular(self) -> "WorkingCalendar":
        """Return the same week without any holiday or shift: for rules that skip weekends only."""
        return _plain_week(self.tz, self.weekly)

    def covers(self, day: date) -> bool:
        """Return whether the holiday list speaks for the day."""
        return self.coverage is None or self.coverage[0] <= day <= self.coverage[1]

    def flagged(self, due: datetime, start: datetime | None = None) -> bool:
        """Return whether a due time rests on a day for which the holiday list does not speak, and is thus provisional.

        Args:
            due: The due moment, aware; one at 24:00 belongs to the day that ends then.
            start: When the clock started, aware; if left out only the day of `due` is looked at.
        """
        last = instant(due)  # which refuses a moment without a zone
        if self.coverage is None:
            return False
        first = last - 1 if start is None else instant(start)
        return not all(map(self.covers, self._ends(first, last)))

    def _ends(self, one: int, other: int) -> Iterable[date]:
        """The first and the last day of the half-open span between two instants."""
        first, last = min(one, other), max(one, other)
        return (from_micros(at).astimezone(self.zone).date() for at in (first, max(first, last - 1)))

    def _insist(self, days: Iterable[date]) -> None:
        """Refuse to answer if a day is not covered and that matters."""
        if self.coverage is None or self.beyond == "flag":
            return
        missing = next((day for day in days if not self.covers(day)), None)
        if missing is None:
            return
        known = f"{self.coverage[0]} … {self.coverage[1]}"
        raise CalendarError(
            f"the holiday list speaks for {known}, not for {missing}: bring it up to date, or use beyond='flag'",
            f"节假日数据只涵盖 {known}，不含 {missing}：请更新数据，或使用 beyond='flag'",
        )


# Equal calendars are one: their tables are worth keeping.


@lru_cache(maxsize=1024)
def _plain_week(tz: str, weekly: tuple[tuple[str, tuple[Window, ...]], ...]) -> WorkingCalendar:
    return WorkingCalendar(tz=tz, weekly=dict(weekly))
