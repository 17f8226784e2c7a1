"""What a unit looks over and how often: every day, week and month (每日一梳理、每周一分析、每月一通报).

In Zhenjiang's development zone the community goes through its cases daily, the street analyses them weekly and the
district reports monthly. A digest is counted from the cases as they stand; where it is made for a moment long past,
what was reopened or extended since is seen as it is now. `governflow.reports.trends` says what is rising, emerging and
recurring.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import attrs

from governflow.errors import CommandError, require
from governflow.model.case import Case
from governflow.model.terms import Form, Kind
from governflow.policy.hookspecs import CaseReader, LocalRules
from governflow.reports.consequences import Consequences
from governflow.reports.figure_names import NAMES, paths, read_figure
from governflow.reports.figures import Figure, incomplete_in
from governflow.reports.format import percent, plain, render_lines
from governflow.reports.rates import Rate
from governflow.reports.trends import Count, Issue, Recurrence, Signs, Where, locality_name
from governflow.text import Text
from governflow.timesource import in_utc

PERIODS: Mapping[str, Text] = {
    "day": Text("Daily review", "每日梳理"),
    "week": Text("Weekly analysis", "每周分析"),
    "month": Text("Monthly bulletin", "每月通报"),
}

SIGNS = Signs()

_SHOWN = 10


@attrs.frozen
class Digest:
    """The cases of a unit's area in a period; build it with `digest`.

    Args:
        locality: The locality's code.
        unit: The unit whose area it is; None for the whole locality.
        name: The name of the unit or the locality.
        period: One of `PERIODS`.
        since: When the period begins, in the locality's zone; included.
        until: When it ends; not included.
        reported: How many cases were reported in it.
        closed: How many were done in it: resolved and answered (办结), or at another end.
        archived: How many were archived in it (归档).
        open: How many are open at its end.
        overdue: How many of these have a clock past its due time.
        escalated: How many were taken over or led to a special report in it.
        escalations: How often each kind of escalation was used in it.
        measures_due: How often each kind of measure was only due in it, where a journal is the record.
        findings: How often facts were taken in it that a unit was not to bring about, by unit.
        proactive: Cases that a worker found (主动处置), of all reported in it; the others were asked for (投诉).
        above: How many went above the unit in it, or are studied by the leaders (信访四个零: none).
        by_domain: Cases reported in it by domain, the most first.
        by_item: Cases reported in it by item, the most first.
        rising: Tendencies (倾向性).
        emerging: First signs (苗头性).
        recurring: What came back, the most first.
        compared: How many of the earlier periods of `Signs` the records cover.
        signs: What counted as rising, emerging and recurring.
        incomplete_in: How many cases of which a step was refused each of these figures holds.
    """

    locality: str
    unit: str | None
    name: Text
    period: str
    since: datetime
    until: datetime
    reported: int
    closed: int
    archived: int
    open: int
    overdue: int
    escalated: int
    escalations: Mapping[Kind, int]
    measures_due: Mapping[Kind, int]
    findings: tuple[Where, ...]
    proactive: Rate
    above: int
    by_domain: Mapping[str, int]
    by_item: Mapping[str, int]
    rising: tuple[Issue, ...]
    emerging: tuple[Issue, ...]
    recurring: tuple[Recurrence, ...]
    compared: int
    signs: Signs
    incomplete_in: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON values; times are ISO 8601 in the locality's zone."""
        recurring = [
            {**plain(issue, None, "item", "place"), **plain(issue.where, None), "reopened": issue.reopened}
            for issue in self.recurring
        ]
        proactive = plain(self.proactive, None, "n", "of")
        findings = {where.at: where.cases for where in self.findings}
        told = {"proactive": proactive, "findings": findings, "recurring": recurring}
        return {**plain(self, self.since.tzinfo), **told}

    def lines(self, lang: str) -> list[str]:
        """Return it as lines of text in one language; long lists are cut at ten and say so."""

        def places(where: Iterable[Where]) -> list[tuple[str, int]]:
            return [(place.text.say(lang), place.cases) for place in where]

        period = PERIODS[self.period]
        incomplete = [(NAMES[name].say(lang), n) for name, n in self.incomplete_in.items() if type(n) is int]
        return render_lines(
            *("reports/digest", lang),
            digest=self,
            period=period,
            places=places,
            percent=percent,
            incomplete=incomplete,
            most=_SHOWN,
        )


def digest(
    reader: CaseReader,
    locality: str,
    unit: str | None = None,
    period: str | None = None,
    *,
    until: datetime,
    signs: Signs = SIGNS,
) -> Digest:
    """Count the cases of a unit's area in a day, week or month.

    A case belongs to the area if the unit or one below it holds it or first received it, or its place lies there.

    Args:
        reader: Where the cases are, such as an engine.
        locality: The locality's code.
        unit: The unit, by id or name; None for the whole locality.
        period: ``day``, ``week`` or ``month``; by default what the unit's level goes by: the day for those who handle
            directly (communities), the week for those who verify and assist (streets), else the month.
        until: When the period ends, timezone-aware; it begins at the same wall time a day, week or month earlier, so at
            midnight of the first it is the calendar month.
        signs: What counts as rising, emerging and recurring.

    Returns:
        The digest.

    Raises:
        CommandError: If there is no such unit or period, or ``until`` has no zone.
    """
    count = _count(reader, locality, unit, period, until, signs)
    for _ in _counted(reader, count):
        pass
    return _digest(count)


def behind(
    reader: CaseReader,
    locality: str,
    figure: str,
    unit: str | None = None,
    period: str | None = None,
    *,
    until: datetime,
    signs: Signs = SIGNS,
) -> tuple[Figure, list[str]]:
    """Return a figure of a digest and the cases behind it, by id: as many as the figure says.

    Args:
        reader: Where the cases are, such as an engine.
        locality: The locality's code.
        figure: Which one: its path in the JSON of the digest, or its words (`governflow.reports.figure_names`).
        unit: As for `digest`.
        period: As for `digest`.
        until: As for `digest`.
        signs: As for `digest`.

    Raises:
        CommandError: If there is no such figure, unit or period, or ``until`` has no zone.
    """
    count = _count(reader, locality, unit, period, until, signs)
    named: dict[Figure, list[str]] = {}
    for case, found in _counted(reader, count):
        for name, times in found:
            named.setdefault(name, []).extend([case.id] * times)
    known = [*dict(paths(_digest(count).as_json())), *named]
    wanted = read_figure(figure, (name for name in known if name[0] in _LISTED), count.policy)
    return wanted, named.get(wanted, [])


#: What of a digest's figures are cases.
_LISTED = frozenset(
    (
        *("reported", "closed", "archived", "open", "overdue", "escalated", "escalations", "measures_due", "findings"),
        *("proactive", "above", "by_domain", "by_item", "incomplete_in"),
    )
)


def _count(
    reader: CaseReader, locality: str, unit: str | None, period: str | None, until: datetime, signs: Signs
) -> Count:
    policy = reader.localities.policy(locality)
    holder = _unit(policy, unit) if unit is not None else None
    span = period or _customary(policy, holder)
    en, zh = ", ".join(PERIODS), "、".join(f"{name}（{text.zh}）" for name, text in PERIODS.items())
    require(span in PERIODS, f"{span!r} is no period: use one of {en}", f"{span!r} 不是周期：应为 {zh} 之一")
    outages, incomplete = reader.outages(policy.code), reader.incomplete(policy.code)
    return Count(policy, holder, span, in_utc(until), signs, outages=outages, incomplete=incomplete)


def _counted(reader: CaseReader, count: Count) -> Iterator[tuple[Case, list[tuple[Figure, int]]]]:
    """Count every case of the area; return each with the figures in which it counts."""
    for case in reader.cases():
        if case.locality == count.policy.code and count.concerns(case):
            followed = Consequences.read(reader, case.id) if count.during(case) else Consequences()
            yield case, count.add(case, followed)


def _digest(count: Count) -> Digest:
    since, policy, counted = count.begins[0], count.policy, count.counted
    return Digest(
        locality=policy.code,
        unit=count.unit,
        name=policy.units.name(count.unit) if count.unit else locality_name(policy),
        period=count.period,
        since=since,
        until=count.until.astimezone(since.tzinfo),
        reported=counted["reported",],
        closed=counted["closed",],
        archived=counted["archived",],
        open=counted["open",],
        overdue=counted["overdue",],
        escalated=counted["escalated",],
        escalations=_by_kind(count.group("escalations")),
        measures_due=_by_kind(count.group("measures_due")),
        findings=tuple(
            Where(unit, policy.units.name(unit) if unit else Text("not named", "未记名"), times)
            for unit, times in count.group("findings").items()
        ),
        proactive=Rate(counted["proactive", "n"], counted["proactive", "of"]),
        above=counted["above",],
        by_domain=count.group("by_domain"),
        by_item=count.group("by_item"),
        rising=count.rising(),
        emerging=count.emerging(),
        recurring=count.recurring(),
        compared=count.compared(),
        signs=count.signs,
        incomplete_in=incomplete_in(counted),
    )


def _by_kind(counted: Mapping[str, int]) -> dict[Kind, int]:
    return {kind: counted[kind.value] for kind in Kind if counted.get(kind.value)}


def _unit(policy: LocalRules, wanted: str) -> str:
    units = policy.units
    named = [unit.id for unit in units.units.values() if wanted in (unit.text.zh, unit.text.en)]
    if wanted in units.units or not named:
        if wanted in units:
            return wanted
        known = list(units.units.values())[:12]
        raise CommandError(
            f"the org chart of {policy.code} has no unit {wanted!r}; it has: {', '.join(unit.id for unit in known)}",
            f"{policy.code} 的组织架构中没有“{wanted}”；现有：{'、'.join(unit.text.zh for unit in known)}",
        )
    require(
        len(named) == 1,
        f"several units are called {wanted!r}: say which by its id: {', '.join(named)}",
        f"有多个单位名为“{wanted}”：请用编号指明：{'、'.join(named)}",
    )
    return named[0]


def _customary(policy: LocalRules, unit: str | None) -> str:
    known = policy.units.units.get(unit) if unit is not None else None
    if known is None:
        return "month"
    for forms, span in (((Form.DIRECT,), "day"), ((Form.VERIFY, Form.ASSIST), "week")):
        levels = [one.level for one in policy.units.units.values() if any(form in one.forms for form in forms)]
        if levels and known.level <= max(levels):
            return span
    return "month"
