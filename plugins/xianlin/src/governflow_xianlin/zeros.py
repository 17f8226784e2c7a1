"""Four zeros (信访“四个零”): which cases went above the street instead of being settled in it.

The street counts four destinations: the district, the city, the province and Beijing (到区、去市、赴省、进京). A case
went above where it was handed or reported there, or where it came down from there because somebody had gone there.
This is a report on cases. It says nothing of who went, and no rule of the street looks at it.
"""

from collections.abc import Mapping
from datetime import datetime

import attrs

from governflow.plugin import Case, CaseReader, Event, Text
from governflow_xianlin.ladder import DISTRICT

CODE = "320113007"

#: The four destinations, and the word by which a case's channel says that it came down from there.
DESTINATIONS: Mapping[str, str] = {DISTRICT: "到区", "320100": "去市", "320000": "赴省", "100000": "进京"}


@attrs.frozen
class FourZeros:
    """What went above the street in a period.

    Args:
        since: From when, aware.
        until: Until when.
        cases: The ids of the cases by destination, in the order in which they were first reported.
        names: The destinations' names.
    """

    since: datetime
    until: datetime
    cases: Mapping[str, tuple[str, ...]]
    names: Mapping[str, Text]

    @property
    def zero(self) -> bool:
        """Whether nothing went above at all."""
        return not any(self.cases.values())

    def lines(self) -> tuple[Text, ...]:
        """Say it in four lines, one a destination."""
        found = []
        for unit, went in self.cases.items():
            name, listed = self.names[unit], ", ".join(went)
            en, zh = (f": {listed}", f"：{listed.replace(', ', '、')}") if went else ("", "")
            found.append(
                Text(f"to {name.en}: {len(went)}{en}", f"{DESTINATIONS[unit]}（{name.zh}）：{len(went)} 件{zh}")
            )
        return tuple(found)


def four_zeros(engine: CaseReader, since: datetime, until: datetime) -> FourZeros:
    """Count the cases that went above the street.

    Args:
        engine: The engine that has the street's cases.
        since: From when, aware.
        until: Until when, itself included.

    Returns:
        The report.
    """
    went: dict[str, list[str]] = {unit: [] for unit in DESTINATIONS}
    for case in engine.cases():
        if case.locality != CODE:
            continue
        there = _came_from(case) if case.opened is not None and since <= case.opened <= until else set()
        for event in engine.life(case.id):
            if since <= event.at <= until:
                there |= _went_to(event)
        for unit in there & went.keys():
            went[unit].append(case.id)
    units = engine.localities.policy(CODE).units
    listed = {unit: tuple(cases) for unit, cases in went.items()}
    return FourZeros(since, until, listed, {unit: units.name(unit) for unit in listed})


def _came_from(case: Case) -> set[str]:
    return {unit for unit, word in DESTINATIONS.items() if word in case.channel}


def _went_to(event: Event) -> set[str]:
    climb = event.escalation
    units = (event.changes.get("unit"), climb["to"] if climb is not None else None)
    return {unit for unit in units if isinstance(unit, str)}
