"""What stands out among the cases of a period: counted one case at a time, never holding any (倾向性、苗头性).

* **rising** (倾向性): an item that was reported at least 3 times in the period, and at least half more often than in
  the mean of the 4 periods before;
* **emerging** (苗头性): an item that was reported at least twice, and not once in the 4 periods before (so it is not
  also called rising);
* **recurring**: an item that was reported from the same place at least twice within 90 days, or was reopened.

No source gives figures for these words; ours are parameters (`Signs`).
"""

import calendar
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from governflow.masking import masker
from governflow.model.case import Case
from governflow.model.clocks import LAPSES, Clock
from governflow.model.terms import Form, Kind
from governflow.policy.hookspecs import LocalRules
from governflow.reports.consequences import Consequences, times_within
from governflow.reports.figures import Figure, Outages, done_at, exemption
from governflow.text import Text
from governflow.timesource import in_utc

#: How many days the periods have; a month has as many as the calendar gives it.
_DAYS = {"day": 1, "week": 7}
_CLIMBED = (Kind.TAKE_OVER, Kind.SPECIAL_REPORT)
_mask = lru_cache(4096)(masker((), ()))


@attrs.frozen
class Signs:
    """What counts as rising, emerging and recurring.

    Args:
        rising: How often at least in the period.
        growth: How much more at least than the mean of the periods before: 0.5 is half more.
        emerging: How often at least, where it was not there before.
        periods: With how many earlier periods the present one is compared.
        days: Within how many days a case of the same item and place recurs.
    """

    rising: int = 3
    growth: float = 0.5
    emerging: int = 2
    periods: int = 4
    days: int = 90


@attrs.frozen
class Where:
    """A place or unit with the cases there.

    Args:
        at: The id of the unit that the place names; else the place as told, or the holder where none was.
        text: Its name.
        cases: How many.
    """

    at: str
    text: Text
    cases: int


@attrs.frozen
class Issue:
    """An item that stands out.

    Args:
        item: The catalogue item.
        cases: How often it was reported in the period.
        mean: How often in the mean of the periods before.
        where: Where, the most first.
    """

    item: str
    cases: int
    mean: float
    where: tuple[Where, ...]


@attrs.frozen
class Recurrence:
    """An item that came back.

    Args:
        item: The catalogue item.
        place: The place as told.
        where: The unit that the place names, or the holder, and how often it was reported from there.
        reopened: How often these cases were reopened.
    """

    item: str
    place: str
    where: Where
    reopened: int


def back(until: datetime, period: str, number: int) -> datetime:
    """Return the same wall time so many periods earlier; a month that is too short gives its last day.

    Args:
        until: A moment in the zone whose days are counted.
        period: ``day``, ``week`` or ``month``.
        number: How many.
    """
    wall = until.replace(tzinfo=None)
    if period in _DAYS:
        return (wall - timedelta(days=number * _DAYS[period])).replace(tzinfo=until.tzinfo)
    year, month = divmod(wall.year * 12 + wall.month - 1 - number, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return wall.replace(year=year, month=month + 1, day=min(wall.day, last), tzinfo=until.tzinfo)


def ranked(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return counts, the highest first, then by name."""
    return sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))


def locality_name(policy: LocalRules) -> Text:
    """Return the name of a locality: its code where it has no rules, and so no name, of its own."""
    known = policy.locality
    return Text(known.name_en, known.name) if known.code == policy.code else Text(policy.code, policy.code)


def spot(policy: LocalRules, case: Case) -> str:
    """Return where a case is: the id of the smallest unit that its place names, else the place, else the holder."""
    place = policy.units.find(case.place) if case.place else None
    return place.id if place is not None else _mask(case.place) or case.unit


class Count:
    """Counts the cases of one area in one period, by figures that are called as in the JSON of a digest.

    Args:
        policy: The locality's rules: its chart and zone.
        unit: The unit whose area is counted; None for the whole locality.
        period: ``day``, ``week`` or ``month``.
        until: When the period ends, in UTC.
        signs: What counts as rising, emerging and recurring.
        outages: The locality's declared outages.
        incomplete: The cases that lack a step which a journal told in vain.
    """

    def __init__(
        self,
        policy: LocalRules,
        unit: str | None,
        period: str,
        until: datetime,
        signs: Signs,
        *,
        outages: Outages = (),
        incomplete: Container[str] = (),
    ) -> None:
        self.policy, self.unit, self.period, self.until, self.signs = policy, unit, period, until, signs
        self.outages, self.incomplete = outages, incomplete
        local = until.astimezone(ZoneInfo(policy.zone))
        #: Where this period and the earlier ones begin, latest first, in the locality's zone.
        self.begins = [back(local, period, number) for number in range(1, signs.periods + 2)]
        self.since, self.before = in_utc(self.begins[0]), in_utc(self.begins[-1])
        self.recent = until - timedelta(days=signs.days)
        self.first: datetime | None = None
        self.counted: Counter[Figure] = Counter()
        self._earlier: Counter[str] = Counter()
        self._where: dict[str, Counter[str]] = {}
        self._again: dict[tuple[str, str, str], list[int]] = {}

    def concerns(self, case: Case) -> bool:
        """Return whether a case belongs to the area: by its holder, who first received it, or its place."""
        if case.opened is None or case.opened >= self.until:
            return False
        if self.unit is None or self._below(case.unit) or self._below(case.first_receiver):
            return True
        place = self.policy.units.find(case.place) if case.place else None
        return place is not None and self._below(place.id)

    def _below(self, unit: str | None) -> bool:
        return unit is not None and (unit == self.unit or self.unit in self.policy.units.path(unit))

    def during(self, case: Case) -> bool:
        """Return whether anything can have happened to a case in the period."""
        return case.closed is None or case.closed >= self.since

    def add(self, case: Case, followed: Consequences) -> list[tuple[Figure, int]]:
        """Count a case of the area with what followed for it; return in which figures, and how often."""
        opened, item, place = case.opened or self.until, _mask(case.item), _mask(case.place)
        self.first = opened if self.first is None else min(self.first, opened)
        if opened >= self.since:
            self._where.setdefault(item, Counter())[spot(self.policy, case)] += 1
        elif opened >= self.before:
            self._earlier[item] += 1
        if opened >= self.recent or (case.reopened and (case.closed is None or case.closed >= self.recent)):
            seen = self._again.setdefault((item, place, spot(self.policy, case)), [0, 0])
            seen[0] += 1
            seen[1] += case.reopened
        found = list(self._figures(case, followed))
        for figure, times in found:
            self.counted[figure] += times
        return found

    def _figures(self, case: Case, followed: Consequences) -> Iterator[tuple[Figure, int]]:
        lacking = case.id in self.incomplete
        for figure, times in (*self._states(case), *self._climbs(case, followed)):
            if times:
                yield figure, times
                if lacking:
                    yield ("incomplete_in", *figure), times

    def _states(self, case: Case) -> Iterator[tuple[Figure, int]]:
        if case.opened is not None and case.opened >= self.since:
            yield ("reported",), 1
            yield ("proactive", "n"), not case.asked
            yield ("proactive", "of"), 1
            yield ("by_item", _mask(case.item)), 1
            yield ("by_domain", str(case.facts.get("domain", ""))), 1
        done = done_at(case)
        if done is None or done >= self.until:
            yield ("open",), 1
            yield ("overdue",), any(map(self._late, case.all_clocks))
        else:
            yield ("closed",), done >= self.since
        archived = case.state == "closed" and case.closed is not None
        yield ("archived",), archived and self._within(case.closed)

    def _within(self, moment: datetime | None) -> bool:
        return moment is not None and self.since <= moment < self.until

    def _late(self, clock: Clock) -> bool:
        unfinished = clock.stopped is None or clock.stopped >= self.until
        missed = unfinished and clock.due < self.until and clock.paused is None and LAPSES not in clock.traits
        return missed and exemption(clock, self.outages) is None

    def _climbs(self, case: Case, followed: Consequences) -> Iterator[tuple[Figure, int]]:
        """Return what was carried out on the ladder in the period, and apart from it what was only due or is wrong."""
        climbs, since, until = followed.escalations, self.since, self.until
        for entry in climbs:
            yield ("escalations", entry["kind"]), times_within(entry, since, until)
        climbed = [entry for entry in climbs if since <= entry["at"] < until and entry["kind"] in _CLIMBED]
        yield ("escalated",), bool(climbed)
        study = case.form is Form.STUDY and self.during(case)
        yield ("above",), study or any(self._left(entry) for entry in climbed)
        for entry in followed.measures_due:
            yield ("measures_due", entry["kind"]), self._within(entry["at"])
        for entry in followed.findings:
            yield ("findings", entry["unit"] or ""), self._within(entry["at"])

    def _left(self, entry: Mapping[str, Any]) -> bool:
        """Return whether a case left the area upwards; a dispatch or a summons that others see to is no such thing."""
        if str(entry["clock"]).startswith(("dispatch#", "check_in:")):
            return False
        if self.unit is None:
            return bool(entry["kind"] == Kind.SPECIAL_REPORT or entry["form"] == Form.STUDY)
        to, own = (self.policy.units.units.get(unit) for unit in (entry["to"], self.unit))
        return to is not None and own is not None and to.level > own.level

    def group(self, name: str) -> dict[str, int]:
        """Return the figures of one group by what they are of, such as an item; the highest first."""
        return dict(ranked({figure[1]: number for figure, number in self.counted.items() if figure[0] == name}))

    # --- what stands out ----------------------------------------------------------------------------------------------

    def rising(self) -> tuple[Issue, ...]:
        """Return the tendencies, the most first."""
        least, more = self.signs.rising, 1 + self.signs.growth
        return tuple(issue for issue in self._issues() if issue.mean and issue.cases >= max(least, issue.mean * more))

    def emerging(self) -> tuple[Issue, ...]:
        """Return the first signs, the most first."""
        return tuple(issue for issue in self._issues() if not issue.mean and issue.cases >= self.signs.emerging)

    def _issues(self) -> list[Issue]:
        return [
            Issue(item, number, self._earlier[item] / self.signs.periods, self._places(item))
            for item, number in ranked(self.group("by_item"))
            if item
        ]

    def _places(self, item: str) -> tuple[Where, ...]:
        return tuple(self._place(at, cases) for at, cases in ranked(self._where[item]))

    def _place(self, at: str, cases: int) -> Where:
        return Where(at, self.policy.units.name(at), cases)

    def recurring(self) -> tuple[Recurrence, ...]:
        """Return what came back, the most first."""
        found = [
            Recurrence(item, place, self._place(at, cases), reopened)
            for (item, place, at), (cases, reopened) in self._again.items()
            if reopened or (cases > 1 and item and place)
        ]
        return tuple(sorted(found, key=lambda one: (-one.where.cases, -one.reopened, one.item, one.place)))

    def compared(self) -> int:
        """Return how many of the earlier periods lie wholly within the records."""
        first = self.first
        return sum(first <= in_utc(begin) for begin in self.begins[1:]) if first is not None else 0
