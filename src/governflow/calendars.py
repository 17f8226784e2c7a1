"""Working time (工作时间): when an allowance runs out, and how much of it has run.

Local windows are mapped onto the time line once a year of the calendar, with the open time summed up on the way.
Every question is then two binary searches, however long the allowance: nothing steps through days.
Inside, a moment is a whole number of microseconds since 1970 in UTC, so no figure is ever rounded.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import Literal, TypeAlias, get_args
from zoneinfo import ZoneInfo

import attrs

from governflow.errors import CalendarError

Boundary: TypeAlias = Literal["close", "open"]
Beyond: TypeAlias = Literal["flag", "error"]
Kind: TypeAlias = Literal["counted", "closed", "holiday", "make-up", "paused"]
Window: TypeAlias = tuple[str, str]
Weekly: TypeAlias = Mapping[str, Sequence[Sequence[str]]]
Pauses: TypeAlias = Iterable[tuple[datetime, datetime | None]]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
# Two years short of what `datetime` can hold, so that no zone's offset and no margin ever runs over the edge.
_FIRST_YEAR, _LAST_YEAR = 3, 9997
_FOREVER = 1 << 62
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")

_Span: TypeAlias = tuple[int, int]


def utc(moment: datetime) -> datetime:
    """Return the moment in UTC.

    Args:
        moment: Any timezone-aware datetime.

    Raises:
        CalendarError: The moment has no timezone.
    """
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        raise CalendarError(
            f"{moment!r} is not a moment with a time zone: give an aware datetime, such as one with tzinfo=UTC",
            f"{moment!r} 不是带时区的时间：请给出带时区的 datetime，例如 tzinfo=UTC",
        )
    return moment.astimezone(UTC)


def _micros(span: timedelta) -> int:
    return (span.days * 86_400 + span.seconds) * _SECOND + span.microseconds


def _instant(moment: datetime) -> int:
    try:
        return _micros(moment - _EPOCH)
    except TypeError:  # only a naive datetime, or none at all, cannot be subtracted: `utc` says so
        return _micros(utc(moment) - _EPOCH)


def _moment(instant: int) -> datetime:
    return _EPOCH + timedelta(microseconds=instant)


def _year_of(instant: int) -> int:
    """The year of the instant, which must lie where a calendar can still count."""
    first, last = (date(_FIRST_YEAR, 1, 2).toordinal(), date(_LAST_YEAR, 12, 31).toordinal())
    if not (first - _EPOCH_DAY) * _DAY <= instant < (last - _EPOCH_DAY) * _DAY:
        raise CalendarError(
            f"a calendar counts from the year {_FIRST_YEAR} to {_LAST_YEAR} and no further: give a moment in between",
            f"日历只能计算公元 {_FIRST_YEAR} 年至 {_LAST_YEAR} 年：请给出其间的时间",
        )
    return _moment(instant).year


def _ordinal(day: date) -> int:
    ordinal = day.toordinal()
    _year_of((ordinal - _EPOCH_DAY) * _DAY)
    return ordinal


def _clip(first: int, last: int) -> tuple[int, int]:
    return max(first, _FIRST_YEAR), min(last, _LAST_YEAR)


def _clock(text: str) -> int:
    found = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (99, 0, 0)
    total = hours * 3600 + minutes * 60 + seconds
    if minutes > 59 or seconds > 59 or total > 86_400:
        raise CalendarError(
            f"{text!r} is not a time of day: write HH:MM from 00:00 to 24:00",
            f"{text!r} 不是一天中的时刻：请写 00:00 至 24:00 之间的 HH:MM",
        )
    return total * _SECOND


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


def _offset(zone: ZoneInfo, instant: int) -> int:
    offset = _moment(instant).astimezone(zone).utcoffset()
    return _micros(offset) if offset is not None else 0


@lru_cache(maxsize=4096)
def _regimes(zone: ZoneInfo, year: int) -> tuple[tuple[int, int, int], ...]:
    """Local stretches of one offset each (local begin, local end, offset), reaching a little beyond the year."""
    first = (date(year, 1, 1).toordinal() - 2 - _EPOCH_DAY) * _DAY
    last = (date(year, 12, 31).toordinal() + 3 - _EPOCH_DAY) * _DAY
    regimes, begin, offset = [], first, _offset(zone, first)
    # Looking once a day finds every change of the clocks: no zone has ever changed them twice within one.
    for a in range(first, last, _DAY):
        after = _offset(zone, a + _DAY)
        if after == offset:
            continue
        low, high = a // _SECOND, (a + _DAY) // _SECOND
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _offset(zone, middle * _SECOND) == offset else (low, middle)
        regimes.append((begin + offset, high * _SECOND + offset, offset))
        begin, offset = high * _SECOND, after
    regimes.append((begin + offset, last + offset, offset))
    return tuple(regimes)


def _day(given: date, what: str) -> date:
    if not isinstance(given, date) or isinstance(given, datetime):
        raise CalendarError(f"{what} {given!r} is not a date: give date(2026, 2, 14)", f"{what} {given!r} 不是日期")
    return given


def _read_weekly(given: Weekly) -> tuple[tuple[str, tuple[Window, ...]], ...]:
    for name in given:
        if name not in DAYS:
            raise CalendarError(
                f"{name!r} is not a day of the week: use {', '.join(DAYS)}",
                f"{name!r} 不是星期：请用 {'、'.join(DAYS)}",
            )
    return tuple((name, _windows(name, given[name])) for name in DAYS if given.get(name))


def _read_holidays(given: Iterable[date]) -> frozenset[date]:
    return frozenset(_day(day, "the holiday") for day in given)


def _read_shifts(given: Mapping[date, Sequence[Sequence[str]]]) -> tuple[tuple[date, tuple[Window, ...]], ...]:
    return tuple(sorted((_day(day, "the shift"), _windows(day.isoformat(), given[day])) for day in given))


def _merge(pauses: Pauses) -> list[_Span]:
    """Sort the pauses and join those that overlap; one without an end lasts for ever."""
    merged: list[_Span] = []
    spans = []
    for a, b in pauses:
        span = (_instant(a), _FOREVER if b is None else _instant(b))
        if span[1] < span[0]:
            raise CalendarError(f"the pause {a} to {b} ends before it begins", f"暂停 {a} 至 {b} 结束早于开始")
        spans.append(span)
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif end > begin:
            merged.append((begin, end))
    return merged


def joined(pauses: Pauses) -> list[tuple[datetime, datetime | None]]:
    """Return the pauses sorted, in UTC, with those that overlap or touch made one; an end of None stays None.

    Args:
        pauses: Pairs of aware datetimes; an end of None means that the clock still stands.

    Raises:
        CalendarError: A moment has no zone, or a pause ends before it begins.
    """
    return [(_moment(a), None if b == _FOREVER else _moment(b)) for a, b in _merge(pauses)]


def still_paused(since: datetime) -> CalendarError:
    """Return the error for a clock whose due time cannot be known, because a pause of it has no end.

    Args:
        since: When the pause began.
    """
    return CalendarError(
        f"the clock stands still since {since.isoformat()} with no end to the pause, so its due time is not known:"
        " resume it first, or give the pause an end",
        f"时钟自 {since.isoformat()} 起暂停且尚无结束时间，到期时间未知：请先恢复，或给出暂停的结束时间",
    )


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


@attrs.frozen
class _Table:
    """Some whole years of open time, ready to be searched; `sums[i]` is the open time before window `i`."""

    first_year: int
    last_year: int
    start: int  # between `start` and `end` the table is certain to be complete
    end: int
    opens: list[int]
    closes: list[int]
    days: list[int]  # the day (ordinal) that each window belongs to
    sums: list[int]
    working: list[int]
    rests: list[_Span]  # holidays

    def worked(self, instant: int) -> int:
        i = bisect_right(self.opens, instant) - 1
        if i < 0:
            return 0
        return self.sums[i] + min(instant, self.closes[i]) - self.opens[i]

    def when(self, total: int, *, latest: bool) -> int | None:
        """The earliest or latest moment at which `total` has been worked; None where the table does not hold it."""
        i = (bisect_right(self.sums, total) if latest else bisect_left(self.sums, total)) - 1
        if not 0 <= i < len(self.opens):
            return None
        return self.opens[i] + total - self.sums[i]

    def after(self, at: int, need: int, stops: Sequence[_Span], *, latest: bool) -> int | None:
        for begin, end in stops:
            if end <= at:
                continue
            if begin > at:
                available = self.worked(begin) - self.worked(at)
                if available >= need:
                    break  # used up before this pause begins: it moves nothing
                need -= available
            if end == _FOREVER and begin <= self.end:
                raise still_paused(_moment(begin))
            if end > self.end:
                return None
            at = end
        return self.when(self.worked(at) + need, latest=latest)

    def before(self, at: int, need: int, stops: Sequence[_Span], *, latest: bool) -> int | None:
        for begin, end in reversed(stops):
            if begin >= at:
                continue
            if end < at:
                available = self.worked(at) - self.worked(end)
                if available >= need:
                    break
                need -= available
            if begin < self.start:
                return None
            at = begin
        return self.when(self.worked(at) - need, latest=latest)


class _Timeline:
    """The years worked out so far; more are added when they are asked for.

    A finished `_Table` is never changed, only replaced, so threads may share a calendar.
    """

    def __init__(self, calendar: "WorkingCalendar") -> None:
        def spans(windows: Iterable[Window]) -> list[_Span]:
            return [(_clock(a), _clock(b)) for a, b in windows]

        weekly = dict(calendar.weekly)
        self.zone = calendar.zone
        self.week = [spans(weekly.get(name, ())) for name in DAYS]
        self.holidays = {day.toordinal() for day in calendar.holidays}
        self.shifts = {day.toordinal(): spans(windows) for day, windows in calendar.shifts}
        self.make_up = {day for day in self.shifts if day in self.holidays or not self.week[(day + 6) % 7]}
        self.regular: WorkingCalendar | None = None
        self._years: dict[int, tuple[list[tuple[int, int, int]], list[_Span]]] = {}
        self._table: _Table | None = None

    def windows(self, day: int) -> list[_Span]:
        if day in self.shifts:
            return self.shifts[day]
        return [] if day in self.holidays else self.week[(day + 6) % 7]

    def place(self, day: int, windows: Sequence[_Span]) -> list[_Span]:
        """Map local windows to instants: a time that does not exist has none, one that comes twice has two."""
        if not windows:
            return []
        midnight = (day - _EPOCH_DAY) * _DAY
        return sorted(
            (max(midnight + a, begin) - offset, min(midnight + b, end) - offset)
            for begin, end, offset in _regimes(self.zone, date.fromordinal(day).year)
            if begin < midnight + _DAY and midnight < end
            for a, b in windows
            if midnight + a < end and midnight + b > begin
        )

    def end_of(self, day: int, windows: Sequence[_Span]) -> int | None:
        placed = self.place(day, windows)
        return max(end for _, end in placed) if placed else None

    def _year(self, year: int) -> tuple[list[tuple[int, int, int]], list[_Span]]:
        if year not in self._years:
            days = range(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1)
            opened = [(a, b, day) for day in days for a, b in self.place(day, self.windows(day))]
            free = [day for day in days if day in self.holidays and day not in self.shifts]
            self._years[year] = opened, [span for day in free for span in self.place(day, [(0, _DAY)])]
        return self._years[year]

    def table(self, first: int, last: int) -> _Table:
        """A table that is complete from one instant to the other, both included."""
        table = self._table
        if table is not None and table.start <= first and last <= table.end:
            return table
        low, high = _year_of(first) - 1, _year_of(last) + 1
        if table is not None:
            low, high = min(low, table.first_year), max(high, table.last_year)
        return self._build(low, high)

    def extend(self, table: _Table, need: int) -> _Table | None:
        """Twice as many years, backwards for a negative need (microseconds); None if no number of years would help."""
        low, high = table.first_year, table.last_year
        if not any(self.week):  # only the shifts are ever open: once they are in the table there is no more to come
            years = [date.fromordinal(day).year for day in self.shifts]
            low, high = min(low, *years, low), max(high, *years, high)
        elif need >= 0:
            high += high - low + 1
        else:
            low -= high - low + 1
        low, high = _clip(low, high)
        # Refuse at once what would otherwise be looked for until the end of all years.
        left = (_LAST_YEAR - table.first_year if need >= 0 else table.last_year - _FIRST_YEAR) + 1
        most = sum(b - a for windows in self.week for a, b in windows) * 54 * left
        most += sum(b - a for windows in self.shifts.values() for a, b in windows) * 2
        if abs(need) > most or (low, high) == (table.first_year, table.last_year):
            return None
        return self._build(low, high)

    def _build(self, first: int, last: int) -> _Table:
        first, last = _clip(first, last)
        parts = [self._year(year) for year in range(first, last + 1)]
        opened = sorted(window for part, _ in parts for window in part)
        sums = [0]
        for a, b, _ in opened:
            sums.append(sums[-1] + b - a)
        self._table = _Table(
            first_year=first,
            last_year=last,
            start=(date(first, 1, 2).toordinal() - _EPOCH_DAY) * _DAY,
            end=(date(last, 12, 31).toordinal() - _EPOCH_DAY) * _DAY,
            opens=[a for a, _, _ in opened],
            closes=[b for _, b, _ in opened],
            days=[day for _, _, day in opened],
            sums=sums,
            working=sorted({day for _, _, day in opened}),
            rests=sorted(span for _, part in parts for span in part),
        )
        return self._table

    def tiles(self, begin: int, end: int) -> list[tuple[int, int, Kind]]:
        """Cut [begin, end) into counted and uncounted stretches."""
        table = self.table(begin, end)
        tiles: list[tuple[int, int, Kind]] = []
        at = begin
        for i in range(max(bisect_right(table.opens, begin) - 1, 0), bisect_left(table.opens, end)):
            if table.closes[i] > at:
                tiles += self._gap(table, at, max(at, table.opens[i]))
                at, opened = min(end, table.closes[i]), max(at, table.opens[i])
                tiles.append((opened, at, "make-up" if table.days[i] in self.make_up else "counted"))
        return tiles + self._gap(table, at, end)

    @staticmethod
    def _gap(table: _Table, at: int, end: int) -> list[tuple[int, int, Kind]]:
        gap: list[tuple[int, int, Kind]] = []
        for begin, until in table.rests[max(bisect_right(table.rests, (at, at)) - 1, 0) :]:
            if begin >= end:
                break
            if until > at:
                gap += [(at, max(at, begin), "closed"), (max(at, begin), min(end, until), "holiday")]
                at = min(end, until)
        return [*gap, (at, end, "closed")]


def _read_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError, TypeError):
        raise CalendarError(
            f"there is no time zone {name!r}: give an IANA name, such as 'Asia/Shanghai'",
            f"没有时区 {name!r}：请给出 IANA 名称，例如 'Asia/Shanghai'",
        ) from None
    return name


def _read_coverage(given: tuple[date, date] | None) -> tuple[date, date] | None:
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
    if given not in get_args(Beyond):
        raise CalendarError(
            f"beyond={given!r} says nothing: use 'flag' or 'error'", f"beyond={given!r} 无效：请用 'flag' 或 'error'"
        )
    return given


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
    _round_the_clock: bool = attrs.field(init=False, eq=False, repr=False)
    _timeline: _Timeline = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        certain = self.coverage is None or self.beyond == "flag"
        whole_week = [windows for _, windows in self.weekly] == [(("00:00", "24:00"),)] * 7
        object.__setattr__(self, "zone", ZoneInfo(self.tz))
        object.__setattr__(self, "_round_the_clock", whole_week and certain and not self.holidays and not self.shifts)
        object.__setattr__(self, "_timeline", _Timeline(self))

    @classmethod
    def always(cls, tz: str = "UTC") -> "WorkingCalendar":
        """Return a calendar that is open round the clock, every day (全天候).

        Args:
            tz: IANA name of the zone in which its days begin and end.
        """
        return _always(tz)

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
                " pip install 'governflow[china]'",
                "中国节假日数据来自 chinesecalendar 包，尚未安装：请执行 pip install 'governflow[china]'",
            ) from None
        week = _read_weekly(weekly if weekly is not None else {name: [("00:00", "24:00")] for name in DAYS[:5]})
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
        if self._round_the_clock and not pauses:  # by far the most frequent question
            try:
                return (start if start.tzinfo is UTC else utc(start)) + allowance
            except OverflowError:
                _year_of(_FOREVER)
        at, need, stops = _instant(start), _micros(allowance), _merge(pauses) if pauses else ()
        line = self._timeline
        table: _Table | None = line.table(at, at)
        found = at if need == 0 and boundary == "close" else None
        while found is None:
            if table is None:
                since = start.isoformat()
                raise CalendarError(
                    f"an allowance of {allowance} from {since} can never be met, for the calendar is not open so long:"
                    " give it more windows, or a shorter allowance",
                    f"自 {since} 起 {allowance} 的时限永远用不完，日历没有这么多开放时间：请增加时段或缩短时限",
                )
            if need >= 0:
                found = table.after(at, need, stops, latest=boundary == "open")
            else:
                found = table.before(at, -need, stops, latest=boundary == "close")
            if found is None:
                table = line.extend(table, need)
        if self.beyond == "error":
            self._insist(min(at, found), max(at, found))
        return _moment(found)

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
        first, last = _instant(start), _instant(end)
        if last <= first:
            return timedelta(0)
        if self.beyond == "error":
            self._insist(first, last)
        table = self._timeline.table(first, last)
        worked = table.worked(last) - table.worked(first)
        for begin, until in _merge(pauses):
            a, b = max(begin, first), min(until, last)
            if a < b:
                worked -= table.worked(b) - table.worked(a)
        return timedelta(microseconds=worked)

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
        first, last = _instant(start), _instant(due)
        if last <= first:
            return []
        pieces: list[tuple[int, int, Kind]] = []
        stops = _merge(pauses)
        for a, b, kind in self._timeline.tiles(first, last):
            at = a
            for begin, end in stops:
                if at < end and begin < b:
                    pieces += [(at, max(at, begin), kind), (max(at, begin), min(end, b), "paused")]
                    at = min(end, b)
            pieces.append((at, b, kind))
        joined: list[tuple[int, int, Kind]] = []
        for a, b, kind in pieces:
            if a == b:
                continue
            if joined and joined[-1][2] == kind:
                joined[-1] = (joined[-1][0], b, kind)
            else:
                joined.append((a, b, kind))
        return [Segment(_moment(a), _moment(b), kind) for a, b, kind in joined]

    def is_working(self, day: date) -> bool:
        """Say whether the calendar is open at any time of the day (工作日)."""
        return bool(self._timeline.place(_ordinal(day), self._timeline.windows(day.toordinal())))

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
        noon = (ordinal - _EPOCH_DAY) * _DAY + _DAY // 2
        table: _Table | None = line.table(noon, noon)
        while table is not None:
            working = table.working
            i = bisect_right(working, ordinal) + days - 1 if days > 0 else bisect_left(working, ordinal) + days
            if 0 <= i < len(working):
                return self._known(start, date.fromordinal(working[i]))
            table = line.extend(table, 1 if days > 0 else -1) if abs(days) < 366 * _LAST_YEAR else None
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
        return self._known(start, last if self.is_working(last) else self.add_days(last, 1))

    def close_of_business(self, day: date) -> datetime:
        """Return the end of the day's last window (停止业务活动的时间, 民法典 203), in UTC.

        Raises:
            CalendarError: The day is closed.
        """
        close = self._timeline.end_of(_ordinal(day), self._timeline.windows(day.toordinal()))
        if close is None:
            raise CalendarError(
                f"{day} is closed and has no close of business: ask for a working day",
                f"{day} 不开放，没有停止业务的时间：请给出工作日",
            )
        return _moment(close)

    def end_of_day(self, day: date) -> datetime:
        """Return the moment at which the local day ends (二十四时), in UTC."""
        end = self._timeline.end_of(_ordinal(day), [(0, _DAY)])
        # A date that the zone left out altogether (a move across the date line) ended where the day before it did.
        return _moment(end) if end is not None else self.end_of_day(day - timedelta(days=1))

    def regular(self) -> "WorkingCalendar":
        """Return the same week without any holiday or shift: for rules that skip weekends only."""
        line = self._timeline
        if line.regular is None:
            line.regular = WorkingCalendar(tz=self.tz, weekly=dict(self.weekly))
        return line.regular

    @property
    def round_the_clock(self) -> bool:
        """Whether it is always open: every hour of every day."""
        return self._round_the_clock

    def covers(self, day: date) -> bool:
        """Say whether the holiday list speaks for the day."""
        return self.coverage is None or self.coverage[0] <= day <= self.coverage[1]

    def flagged(self, due: datetime, start: datetime | None = None) -> bool:
        """Say whether a due time rests on a day for which the holiday list does not speak, and is thus provisional.

        Args:
            due: The due moment, aware; one at 24:00 belongs to the day that ends then.
            start: When the clock started, aware; if left out only the day of `due` is looked at.
        """
        if self.coverage is None:
            return False
        last = _instant(due)
        first = last - 1 if start is None else _instant(start)
        return self._uncovered(min(first, last), max(first, last)) is not None

    def _uncovered(self, first: int, last: int) -> date | None:
        """The first day, of the first and the last of a half-open span, that is not covered."""
        if self.coverage is None:
            return None
        ends = first, max(first, last - 1)
        days = (_moment(instant).astimezone(self.zone).date() for instant in ends)
        return next((day for day in days if not self.covers(day)), None)

    def _insist(self, first: int, last: int) -> None:
        missing = self._uncovered(first, last)
        if missing is not None:
            self._known(missing, missing)

    def _known(self, start: date, end: date) -> date:
        """Give `end` back if the days up to it are covered, or if it does not matter."""
        missing = next((day for day in (start, end) if not self.covers(day)), None)
        if missing is None or self.beyond == "flag" or self.coverage is None:
            return end
        known = f"{self.coverage[0]} … {self.coverage[1]}"
        raise CalendarError(
            f"the holiday list speaks for {known}, not for {missing}: bring it up to date, or use beyond='flag'",
            f"节假日数据只涵盖 {known}，不含 {missing}：请更新数据，或使用 beyond='flag'",
        )


@cache
def _always(tz: str) -> WorkingCalendar:
    """One calendar a zone: its tables are worth keeping."""
    return WorkingCalendar(tz=tz, weekly={name: [("00:00", "24:00")] for name in DAYS})
