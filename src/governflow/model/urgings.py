"""Urgings that repeat (反复催办): one event holds the first of them and the gaps, and is never altered.

How many there have been is worked out for the moment that is asked.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby

import msgspec


class Urging(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One unit urged again and again. Moments are in UTC.

    Args:
        since: When it is urged for the first time.
        rung: The rung of the ladder that this first time is.
        gaps: The gaps between each two times, alike ones together: ``((1 day, 8), (1 week, 1000))``.
    """

    since: datetime
    rung: int
    gaps: tuple[tuple[timedelta, int], ...]

    @classmethod
    def of(cls, since: datetime, rung: int, gaps: Iterable[timedelta]) -> "Urging":
        """Put alike gaps together."""
        return cls(since, rung, tuple((gap, len(list(alike))) for gap, alike in groupby(gaps)))

    @property
    def total(self) -> int:
        """How many times there are in all."""
        return 1 + sum(times for _, times in self.gaps)

    def count(self, before: datetime) -> int:
        """Return how many times there are before a moment."""
        if before <= self.since:
            return 0
        number, at = 1, self.since
        for gap, times in self.gaps:
            passed = min(times, -((at - before) // gap) - 1)
            number += passed
            at += passed * gap
            if passed < times:
                break
        return number

    def at(self, number: int) -> datetime | None:
        """Return the moment of the n-th time, 1 for the first; None if there are not so many."""
        at, left = self.since, number - 1
        for gap, times in self.gaps:
            at += min(left, times) * gap
            left -= min(left, times)
        return at if left <= 0 else None

    def next(self, at: datetime) -> tuple[int, datetime] | None:
        """Return the number and moment of the first time that is not before a moment; None if there is none."""
        number = self.count(at) + 1
        moment = self.at(number)
        return (number, moment) if moment is not None else None

    def moments(self, before: datetime) -> Iterator[datetime]:
        """Return the moments before a moment."""
        at, left = self.since, self.count(before)
        for gap, times in (*self.gaps, (timedelta(0), 1)):
            for _ in range(min(left, times)):
                yield at
                at += gap
            left -= min(left, times)
