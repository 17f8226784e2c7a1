"""Moments on a line that is to scale, except that quiet stretches are shortened where short clocks would vanish.

Five minutes and sixty days stand in one picture. A quiet stretch is one in which nothing starts or stops; what is
shortened is marked as such.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import accumulate, count, pairwise, takewhile
from typing import Literal

import attrs

from governflow.model.terms import Outcome
from governflow.reports.dossier_model import ClockLine, Dossier

#: What a stretch of a clock's life is: time that counted, time past due, time that did not count, time that was left.
Stretch = Literal["counted", "late", "paused", "left"]

_MOST_BREAKS = 8


def picture_end(dossier: Dossier) -> datetime:
    """Return the right end of the picture: the last stop of an ended case; of an open one the next due time ahead."""
    now = dossier.until
    if dossier.ended:
        return max((clock.stopped for clock in dossier.clocks if clock.stopped), default=now)
    ahead = [clock.due for clock in dossier.clocks if clock.stopped is None and clock.due > now]
    return min(ahead, default=now)


@attrs.frozen
class TimeAxis:
    """Where moments lie on a line; build it with `TimeAxis.fit`.

    Args:
        stops: Moments as timestamps and their places, ascending.
        breaks: The shortened stretches: from, to, and how long in seconds.
    """

    stops: tuple[tuple[float, float], ...]
    breaks: tuple[tuple[float, float, float], ...]

    @classmethod
    def fit(cls, moments: Iterable[datetime], width: float, *, gap: float, least: float) -> "TimeAxis":
        """Lay moments out on a line.

        Args:
            moments: What has to be told apart.
            width: The length of the line.
            gap: The length of a shortened stretch.
            least: How far two moments should be apart at least.
        """
        times = sorted({moment.timestamp() for moment in moments})
        if len(times) < 2:
            times = [times[0], times[0] + 60.0] if times else [0.0, 60.0]
        gaps = [after - before for before, after in pairwise(times)]
        broken: frozenset[int] = frozenset()
        best = -1
        order = sorted(range(len(gaps)), key=lambda index: -gaps[index])
        for number in range(min(_MOST_BREAKS, len(gaps) - 1, int(width / (2 * gap))) + 1):
            chosen = frozenset(order[:number])
            scale = _scale(gaps, chosen, width, gap)
            if number and gaps[order[number - 1]] * scale < 2 * gap:
                break  # it would hardly be shorter
            seen = sum(1 for index, length in enumerate(gaps) if index in chosen or length * scale >= least)
            if seen > best:
                broken, best = chosen, seen
        scale = _scale(gaps, broken, width, gap)
        steps = [gap if index in broken else length * scale for index, length in enumerate(gaps)]
        places = list(accumulate(steps, initial=0.0))
        breaks = tuple((places[index], places[index + 1], gaps[index]) for index in sorted(broken))
        return cls(tuple(zip(times, places, strict=True)), breaks)

    def x(self, moment: datetime) -> float:
        """Return the place of a moment; one outside the line lies at its end."""
        time = moment.timestamp()
        index = bisect_right(self.stops, (time, float("inf")))
        if index == 0:
            return 0.0
        if index == len(self.stops):
            return self.stops[-1][1]
        (t0, x0), (t1, x1) = self.stops[index - 1], self.stops[index]
        return x0 + (x1 - x0) * (time - t0) / (t1 - t0)


def _scale(gaps: Sequence[float], broken: frozenset[int], width: float, gap: float) -> float:
    rest = sum(length for index, length in enumerate(gaps) if index not in broken)
    return (width - gap * len(broken)) / rest


def key_moments(clocks: Sequence[ClockLine], now: datetime, end: datetime) -> list[datetime]:
    """Return the moments that a picture has to tell apart: starts, stops, pauses, and due times before the end."""
    moments = [end]
    for clock in clocks:
        moments += [clock.started, clock.stopped or now]
        moments += [moment for moment in (clock.due, clock.original) if moment is not None and moment <= end]
        moments += [moment for pause in clock.pauses for moment in pause if moment is not None]
    return [moment for moment in moments if moment <= end]


def stretches(clock: ClockLine, now: datetime, end: datetime) -> list[tuple[Stretch, datetime, datetime]]:
    """Divide what is drawn of a clock into stretches.

    Args:
        clock: The clock.
        now: Up to where an unfinished clock has come.
        end: The right end of the picture.

    Returns:
        Kind, from and to of each, without a gap from its start to its stop, or to its due time if that is later.
    """
    stop = min(clock.stopped or now, end)
    late = clock.due if clock.outcome is Outcome.BREACHED and clock.due < stop else stop
    parts: list[tuple[Stretch, datetime, datetime]] = []
    at = clock.started
    for since, back in clock.pauses:
        parts += [("counted", at, since), ("paused", since, min(back or stop, stop))]
        at = min(back or stop, stop)
    parts += [("counted", at, late), ("late", max(late, at), stop)]
    if clock.due > stop:
        parts.append(("left", stop, min(clock.due, end)))
    return [part for part in parts if part[2].timestamp() > part[1].timestamp()]


def ticks(axis: TimeAxis, start: datetime, end: datetime, *, apart: float) -> list[datetime]:
    """Choose the moments that are written on the axis: round ones, or where it is broken the ends of its stretches.

    Args:
        axis: The axis.
        start: Its left end, in the zone in which it is read.
        end: Its right end.
        apart: How far two of them have to be apart.
    """
    zone = start.tzinfo
    if not axis.breaks:
        return _round_ticks(axis, start, end, apart)
    edges = [place for left, right, _ in axis.breaks for place in (left, right)]
    places = {place: datetime.fromtimestamp(time, zone) for time, place in axis.stops}
    chosen: dict[float, datetime] = {}
    for place in [axis.stops[0][1], axis.stops[-1][1], *edges, *places]:
        if all(abs(place - other) >= apart for other in chosen):
            chosen[place] = places[place]
    return [chosen[place] for place in sorted(chosen)]


_STEPS = [timedelta(minutes=m) for m in (1, 2, 5, 10, 15, 30)]
_STEPS += [timedelta(hours=h) for h in (1, 2, 3, 6, 12)]
_STEPS += [timedelta(days=d) for d in (1, 2, 5, 10, 20, 30, 60, 90, 180, 365, 730)]


def _round_ticks(axis: TimeAxis, start: datetime, end: datetime, apart: float) -> list[datetime]:
    """Step in local time from a midnight on, so that the marks fall on full days and hours."""
    length = end.timestamp() - start.timestamp()
    width = axis.stops[-1][1]
    step = next((step for step in _STEPS if step.total_seconds() * width >= apart * length), _STEPS[-1])
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    marks = (midnight + number * step for number in count())
    until_end = takewhile(lambda mark: mark.timestamp() <= end.timestamp(), marks)
    return [mark for mark in until_end if mark.timestamp() >= start.timestamp()] or [start]
