"""Local windows mapped onto the time line, so that every question about working time is two binary searches.

A moment is a whole number of microseconds since 1970 in UTC here, so no figure is ever rounded; a day is its ordinal.
The windows of a year are mapped once, when the year is first asked for, with the open time summed up on the way: a
`OpenTimeIndex` holds some whole years of them, and a `Timeline` replaces its table by a longer one when that is needed.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import accumulate, groupby, pairwise
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from governflow.errors import CalendarError
from governflow.timesource import MICROSECOND, from_micros, to_micros

Kind: TypeAlias = Literal["counted", "closed", "holiday", "make-up", "paused"]
Pauses: TypeAlias = Iterable[tuple[datetime, datetime | None]]
Span: TypeAlias = tuple[int, int]
Piece: TypeAlias = tuple[int, int, Kind]

SECOND = 1_000_000
DAY = 86_400 * SECOND
FOREVER = 1 << 62
# Two years short of what `datetime` can hold, so that no zone's offset and no margin ever runs over the edge.
FIRST_YEAR, LAST_YEAR = 3, 9997
_EPOCH_DAY = date(1970, 1, 1).toordinal()


# --- moments and days -------------------------------------------------------------------------------------------------


def utc(moment: datetime) -> datetime:
    """Return an aware moment in UTC; raises `CalendarError` for one without a zone."""
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        raise CalendarError(
            f"{moment!r} is not a moment with a time zone: give an aware datetime, such as one with tzinfo=UTC",
            f"{moment!r} 不是带时区的时间：请给出带时区的 datetime，例如 tzinfo=UTC",
        )
    return moment.astimezone(UTC)


def instant(moment: datetime) -> int:
    """Return where a moment lies on the time line."""
    try:
        return to_micros(moment)
    except TypeError:  # only a naive datetime, or none at all, cannot be subtracted: `utc` says so
        return to_micros(utc(moment))


def midnight(day: int) -> int:
    """Where a day would begin if its zone were UTC."""
    return (day - _EPOCH_DAY) * DAY


_FIRST, _LAST = midnight(date(FIRST_YEAR, 1, 2).toordinal()), midnight(date(LAST_YEAR, 12, 31).toordinal())


def year_of(at: int) -> int:
    """The year of the instant, which must lie where a calendar can still count."""
    if not _FIRST <= at < _LAST:
        raise CalendarError(
            f"a calendar counts from the year {FIRST_YEAR} to {LAST_YEAR} and no further: give a moment in between",
            f"日历只能计算公元 {FIRST_YEAR} 年至 {LAST_YEAR} 年：请给出其间的时间",
        )
    return from_micros(at).year


def _offset(zone: ZoneInfo, at: int) -> int:
    offset = from_micros(at).astimezone(zone).utcoffset()
    return offset // MICROSECOND if offset is not None else 0


@lru_cache(maxsize=4096)
def _regimes(zone: ZoneInfo, year: int) -> tuple[tuple[int, int, int], ...]:
    """Local stretches of one offset each (local begin, local end, offset), reaching a little beyond the year."""
    first = midnight(date(year, 1, 1).toordinal() - 2)
    last = midnight(date(year, 12, 31).toordinal() + 3)
    regimes, begin, offset = [], first, _offset(zone, first)
    # Looking once a day finds every change of the clocks: no zone has ever changed them twice within one.
    for a in range(first, last, DAY):
        after = _offset(zone, a + DAY)
        if after == offset:
            continue
        low, high = a // SECOND, (a + DAY) // SECOND
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _offset(zone, middle * SECOND) == offset else (low, middle)
        regimes.append((begin + offset, high * SECOND + offset, offset))
        begin, offset = high * SECOND, after
    regimes.append((begin + offset, last + offset, offset))
    return tuple(regimes)


# --- pauses -----------------------------------------------------------------------------------------------------------


def merged(pauses: Pauses) -> list[Span]:
    """Sort the pauses and join those that overlap; one without an end lasts for ever."""
    whole: list[Span] = []
    spans = []
    for a, b in pauses:
        span = (instant(a), FOREVER if b is None else instant(b))
        if span[1] < span[0]:
            raise CalendarError(f"the pause {a} to {b} ends before it begins", f"暂停 {a} 至 {b} 结束早于开始")
        spans.append(span)
    for begin, end in sorted(spans):
        if whole and begin <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        elif end > begin:
            whole.append((begin, end))
    return whole


def joined(pauses: Pauses) -> list[tuple[datetime, datetime | None]]:
    """Return the pauses sorted, in UTC, with those that overlap or touch made one; an end of None stays None."""
    return [(from_micros(a), None if b == FOREVER else from_micros(b)) for a, b in merged(pauses)]


def still_paused(since: datetime) -> CalendarError:
    """Return the error for a clock whose due time cannot be known, because a pause of it has no end."""
    return CalendarError(
        f"the clock stands still since {since.isoformat()} with no end to the pause, so its due time is not known:"
        " resume it first, or give the pause an end",
        f"时钟自 {since.isoformat()} 起暂停且尚无结束时间，到期时间未知：请先恢复，或给出暂停的结束时间",
    )


# --- years of open time -----------------------------------------------------------------------------------------------


class OpenTimeIndex(msgspec.Struct, frozen=True, eq=False):
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
    rests: list[Span]  # holidays

    def worked(self, at: int) -> int:
        """Return the open time of the table up to then."""
        i = bisect_right(self.opens, at) - 1
        if i < 0:
            return 0
        return self.sums[i] + min(at, self.closes[i]) - self.opens[i]

    def when(self, total: int, *, latest: bool) -> int | None:
        """The earliest or latest moment at which `total` has been worked; None where the table does not hold it."""
        i = (bisect_right(self.sums, total) if latest else bisect_left(self.sums, total)) - 1
        if not 0 <= i < len(self.opens):
            return None
        return self.opens[i] + total - self.sums[i]

    def reached(self, at: int, need: int, stops: Sequence[Span], *, latest: bool) -> int | None:
        """When so much has been worked since, the stops left out; None where the table does not reach so far.

        A negative need goes backwards: each stop is then met at its end and left at its beginning.
        """
        ahead = 1 if need >= 0 else -1
        for stop in stops[::ahead]:
            met, left = stop[::ahead]
            if (left - at) * ahead <= 0:
                continue
            if (met - at) * ahead > 0:
                available = self.worked(met) - self.worked(at)
                if abs(available) >= abs(need):
                    break  # used up before this pause begins: it moves nothing
                need -= available
            if left == FOREVER and met <= self.end:
                raise still_paused(from_micros(met))
            if not self.start <= left <= self.end:
                return None
            at = left
        return self.when(self.worked(at) + need, latest=latest)


class Timeline:
    """The years worked out so far; more are added when they are asked for.

    A finished `OpenTimeIndex` is never changed, only replaced, so threads may share a calendar.
    """

    def __init__(
        self, zone: ZoneInfo, week: Sequence[list[Span]], holidays: Collection[int], shifts: Mapping[int, list[Span]]
    ) -> None:
        self.zone, self.week, self.holidays, self.shifts = zone, week, holidays, shifts
        self.make_up = {day for day in shifts if day in holidays or not week[(day + 6) % 7]}
        self._years: dict[int, tuple[list[tuple[int, int, int]], list[Span]]] = {}
        self._table: OpenTimeIndex | None = None

    def place(self, day: int, windows: Sequence[Span]) -> list[Span]:
        """Map local windows to instants: a time that does not exist has none, one that comes twice has two."""
        if not windows:
            return []
        start = (day - _EPOCH_DAY) * DAY
        return sorted(
            (max(start + a, begin) - offset, min(start + b, end) - offset)
            for begin, end, offset in _regimes(self.zone, date.fromordinal(day).year)
            if begin < start + DAY and start < end
            for a, b in windows
            if start + a < end and start + b > begin
        )

    def opened(self, day: int) -> list[Span]:
        """When the day is open."""
        if day in self.shifts:
            return self.place(day, self.shifts[day])
        return [] if day in self.holidays else self.place(day, self.week[(day + 6) % 7])

    def whole(self, day: int) -> list[Span]:
        """When it is that day at all."""
        return self.place(day, [(0, DAY)])

    def _year(self, year: int) -> tuple[list[tuple[int, int, int]], list[Span]]:
        if year not in self._years:
            days = range(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1)
            opened = [(a, b, day) for day in days for a, b in self.opened(day)]
            free = [day for day in days if day in self.holidays and day not in self.shifts]
            self._years[year] = opened, [span for day in free for span in self.whole(day)]
        return self._years[year]

    def table(self, first: int, last: int) -> OpenTimeIndex:
        """A table that is complete from one instant to the other, both included."""
        table = self._table
        if table is not None and table.start <= first and last <= table.end:
            return table
        low, high = year_of(first) - 1, year_of(last) + 1
        if table is not None:
            low, high = min(low, table.first_year), max(high, table.last_year)
        return self._build(low, high)

    def extend(self, table: OpenTimeIndex, need: int) -> OpenTimeIndex | None:
        """Twice as many years, backwards for a negative need (microseconds); None if no number of years would help."""
        low, high = table.first_year, table.last_year
        if not any(self.week):  # only the shifts are ever open: once they are in the table there is no more to come
            years = [date.fromordinal(day).year for day in self.shifts]
            low, high = min(low, *years, low), max(high, *years, high)
        elif need >= 0:
            high += high - low + 1
        else:
            low -= high - low + 1
        low, high = max(low, FIRST_YEAR), min(high, LAST_YEAR)
        # Refuse at once what would otherwise be looked for until the end of all years.
        left = (LAST_YEAR - table.first_year if need >= 0 else table.last_year - FIRST_YEAR) + 1
        most = sum(b - a for windows in self.week for a, b in windows) * 54 * left
        most += sum(b - a for windows in self.shifts.values() for a, b in windows) * 2
        if abs(need) > most or (low, high) == (table.first_year, table.last_year):
            return None
        return self._build(low, high)

    def _build(self, first: int, last: int) -> OpenTimeIndex:
        first, last = max(first, FIRST_YEAR), min(last, LAST_YEAR)
        parts = [self._year(year) for year in range(first, last + 1)]
        opened = sorted(window for part, _ in parts for window in part)
        self._table = OpenTimeIndex(
            first_year=first,
            last_year=last,
            start=midnight(date(first, 1, 2).toordinal()),
            end=midnight(date(last, 12, 31).toordinal()),
            opens=[a for a, _, _ in opened],
            closes=[b for _, b, _ in opened],
            days=[day for _, _, day in opened],
            sums=list(accumulate((b - a for a, b, _ in opened), initial=0)),
            working=sorted({day for _, _, day in opened}),
            rests=sorted(span for _, part in parts for span in part),
        )
        return self._table

    def pieces(self, first: int, last: int, stops: Sequence[Span]) -> list[Piece]:
        """Cut [first, last) into counted, uncounted and paused stretches, no two alike in a row."""
        table = self.table(first, last)
        near = slice(max(bisect_right(table.opens, first) - 1, 0), bisect_left(table.opens, last))
        spans = [*zip(table.opens[near], table.closes[near], strict=True), *stops]
        spans += table.rests[
            max(bisect_right(table.rests, (first, first)) - 1, 0) : bisect_left(table.rests, (last, last))
        ]
        edges = {first, last, *(edge for span in spans for edge in span if first < edge < last)}

        def kind_of(piece: Span) -> Kind:
            at = piece[0]
            if _within(stops, at):
                return "paused"
            i = bisect_right(table.opens, at) - 1
            if i >= 0 and at < table.closes[i]:
                return "make-up" if table.days[i] in self.make_up else "counted"
            return "holiday" if _within(table.rests, at) else "closed"

        pieces: list[Piece] = []
        for kind, alike in groupby(pairwise(sorted(edges)), kind_of):
            run = list(alike)
            pieces.append((run[0][0], run[-1][1], kind))
        return pieces


def _within(spans: Sequence[Span], at: int) -> bool:
    """Return whether an instant lies in one of the spans, which are sorted and do not overlap."""
    i = bisect_right(spans, (at, FOREVER)) - 1
    return i >= 0 and at < spans[i][1]
