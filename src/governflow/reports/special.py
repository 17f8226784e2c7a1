"""The special report (专报) of a case.

In Zhenjiang's development zone a case of the first tier that joint handling cannot close becomes a special report: the
lead department submits it to the leader in charge, with the growth trend (增长趋势), the regional distribution
(区域分布) and what made it hard to coordinate (疑难协调). The report holds just that.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from governflow.masking import masker
from governflow.model.case import Case
from governflow.model.events import Event
from governflow.model.terms import FORMS, Form, Kind
from governflow.policy.hookspecs import CaseReader, LocalRules
from governflow.reports.figures import exemption
from governflow.reports.format import plain, render_lines
from governflow.reports.localize import Localizer
from governflow.reports.summons import Called, Summons, summonses
from governflow.reports.trends import Where, back, locality_name, ranked, spot
from governflow.text import Text

__all__ = ["Called", "Held", "Missed", "SpecialReport", "Summons", "special_report", "summonses"]

#: How many months the growth trend shows, the month of the filing included.
MONTHS = 12
#: The kind of unit by which the distribution is given, where the chart has one around the place.
AREA = "town"

_mask = masker((), ())


@attrs.frozen
class Held:
    """A unit that held the case. The moment is in UTC.

    Args:
        at: Since when.
        unit: The unit.
        form: In which of the six forms.
    """

    at: datetime
    unit: str
    form: Form | None


@attrs.frozen
class Missed:
    """A deadline that was missed. Moments are in UTC.

    Args:
        clock: The clock's name.
        cycle: 1 for the first of its name, then 2, ...
        due: When it was due.
        stopped: When it was done after all; None if it was not.
        exempt: Whether the miss is excused: by an appeal, a later fact or an outage.
    """

    clock: str
    cycle: int
    due: datetime
    stopped: datetime | None
    exempt: bool


@attrs.frozen
class SpecialReport:
    """The special report of a case; build it with `special_report`.

    Args:
        case: The case's id.
        locality: The locality's name.
        item: The catalogue item.
        domain: Its domain, where the catalogue gives one.
        place: Where it is, as told.
        opened: When it was reported, in the case's zone, as are all moments of this report.
        filed: When the report was filed; None if this is a draft of a case that has none.
        until: Up to when it tells: the filing, or the last event.
        by: The unit that submits it: the last holder below the leader in charge.
        to: The leader in charge.
        growth: Cases of the same item in the locality by month (``2026-01``), the month of ``until`` last.
        regions: The same cases by town, or else by the unit or place where they are, the most first.
        held: The units and forms that the case went through.
        missed: The deadlines that were missed.
        conferences: When somebody conferred, and which unit.
        summonses: Who was summoned, and who came when.
        escalations: How often it was urged, supervised, taken over.
        reopened: How often it was reopened.
        days: How many whole days it had been open.
    """

    case: str
    locality: Text
    item: str
    domain: str
    place: str
    opened: datetime
    filed: datetime | None
    until: datetime
    by: str
    to: str
    growth: tuple[tuple[str, int], ...]
    regions: tuple[Where, ...]
    held: tuple[Held, ...]
    missed: tuple[Missed, ...]
    conferences: tuple[tuple[datetime, str], ...]
    summonses: tuple[Summons, ...]
    escalations: tuple[tuple[Kind, int], ...]
    reopened: int
    days: int
    _policy: LocalRules = attrs.field(repr=False, eq=False)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON values; times are ISO 8601 in the case's zone."""
        zone = self.opened.tzinfo
        summonses = [
            {
                **plain(summons, zone, "at", "unit"),
                "called": [plain(unit, zone, "unit", "due", "came", "in_time", "duty") for unit in summons.called],
            }
            for summons in self.summonses
        ]
        return {
            **plain(self, zone, "case", "item", "domain", "place", "opened", "filed", "until", "by", "to"),
            "growth": [{"month": month, "cases": cases} for month, cases in self.growth],
            "regions": plain(self.regions, zone),
            "difficulty": {
                **plain(self, zone, "days", "reopened", "held", "missed"),
                "conferences": [{"at": plain(at, zone), "unit": unit} for at, unit in self.conferences],
                "summonses": summonses,
                "escalations": dict(self.escalations),
            },
        }

    def lines(self, lang: str) -> list[str]:
        """Return it as lines of text in one language."""
        assert self.opened.tzinfo is not None
        voice = Localizer(lang, self.opened.tzinfo, self._policy, str)
        half = len(self.growth) // 2
        halves = (self.growth[:half], self.growth[half:])
        return render_lines("reports/special", lang, report=self, voice=voice, halves=halves)


def special_report(reader: CaseReader, case_id: str) -> SpecialReport:
    """Make the special report of a case: the last that was filed, or a draft where none was.

    Args:
        reader: Where the cases are, such as an engine.
        case_id: The case.

    Returns:
        The report, as of its filing; a draft is as of the case's last event.

    Raises:
        UnknownCase: If there is no such case.
    """
    case, history = reader.case(case_id), reader.life(case_id)
    policy = reader.rules_of(case.locality)
    filed = [place for place, event in enumerate(history) if event.kind == "special_report_filed"]
    filing = history[filed[-1]] if filed else None
    events = history[: filed[-1] + 1] if filed else history
    zone = ZoneInfo(case.zone)
    opened, until = events[0].at, events[-1].at
    months, regions = _spread(reader, policy, case, until.astimezone(zone))
    held = _held(events)
    last = {(clock.name, clock.cycle): clock for event in events for clock in event.clocks}
    climbs = [event.escalation for event in events if event.escalation is not None]
    leader = policy.units.for_form(FORMS[-1], held[-1].unit)
    to = climbs[-1]["to"] if filing is not None else leader.id if leader is not None else held[-1].unit
    outages = reader.outages(case.locality)
    kinds = Counter(Kind(entry["kind"]) for entry in climbs if entry["kind"] != Kind.SPECIAL_REPORT)
    return SpecialReport(
        case=case_id,
        locality=locality_name(policy),
        item=_mask(case.item),
        domain=str(case.facts.get("domain", "")),
        place=_mask(case.place),
        opened=opened.astimezone(zone),
        filed=filing.at.astimezone(zone) if filing is not None else None,
        until=until.astimezone(zone),
        by=next((one.unit for one in reversed(held) if one.unit != to), to),
        to=to,
        growth=months,
        regions=regions,
        held=held,
        missed=tuple(
            Missed(clock.name, clock.cycle, clock.missed_at, clock.stopped, exemption(clock, outages) is not None)
            for clock in last.values()
            if clock.missed_at is not None
        ),
        conferences=tuple(_conferences(events)),
        summonses=tuple(summonses(events)),
        escalations=tuple((kind, kinds[kind]) for kind in Kind if kinds[kind]),
        reopened=sum("reopened" in event.changes for event in events),
        days=(until - opened).days,
        policy=policy,
    )


def _spread(
    reader: CaseReader, policy: LocalRules, case: Case, until: datetime
) -> tuple[tuple[tuple[str, int], ...], tuple[Where, ...]]:
    """Count the cases of the same item by month and by region; a case without an item is alone."""
    first = until.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    months = {f"{back(first, 'month', number):%Y-%m}": 0 for number in reversed(range(MONTHS))}
    regions: Counter[str] = Counter()
    for other in reader.cases():
        same = other.item == case.item if case.item else other.id == case.id
        if not same or other.locality != case.locality or other.opened is None or other.opened > until:
            continue
        month = f"{other.opened.astimezone(until.tzinfo):%Y-%m}"
        if month in months:
            months[month] += 1
            town = policy.units.at(other.place, AREA) if other.place else None
            regions[town.id if town is not None else spot(policy, other)] += 1
    where = tuple(Where(at, policy.units.name(at), number) for at, number in ranked(regions))
    return tuple(months.items()), where


def _held(events: Sequence[Event]) -> tuple[Held, ...]:
    found: list[Held] = []
    unit, form = "", None
    for event in events:
        changes: Mapping[str, Any] = event.changes
        unit = changes.get("unit", unit)
        form = Form(changes["form"]) if changes.get("form") else form
        if not found or (found[-1].unit, found[-1].form) != (unit, form):
            found.append(Held(event.at, unit, form))
    return tuple(found)


def _conferences(events: Sequence[Event]) -> Iterable[tuple[datetime, str]]:
    holder = ""
    for event in events:
        holder = str(event.changes.get("unit", holder))
        if event.action == "confer":
            yield event.at, (event.by.unit if event.by else None) or holder
