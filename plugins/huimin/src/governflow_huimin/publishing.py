"""The result is made public (结果公示): a step of its own after a case is judged, and what may be said in it.

The step leaves the case as it is and nobody waits for it; its event holds no text. A notice says what, where (no
nearer than the village), by whom and how fast, and nothing that whoever asked has told.
"""

from collections.abc import Iterable, Mapping

from governflow.plugin import SAME, Action, Case, Event, Lifecycle, Move, OrgChart, Text, Verdict

PUBLISH = Action("publish", "published", Text("publish the result", "结果公示"))

#: The kinds of unit by level, lowest first: small matters stay with the first ones, big ones with the town.
LEVELS: Mapping[str, tuple[str, ...]] = {
    "village": ("micro_grid", "grid", "village"),
    "town": ("town",),
    "county": ("centre", "department", "working_group", "joint", "command", "leaders"),
}


def everyday(base: Lifecycle) -> Lifecycle:
    """Give the everyday lifecycle with the step added."""
    return base.derive("everyday", actions=[PUBLISH], add=[Move("publish", ("evaluated", "closed"), SAME)])


def notice(case: Case, history: Iterable[Event], chart: OrgChart) -> Text:
    """Say what may be published about a closed case.

    Args:
        case: The case.
        history: Its events.
        chart: The org chart.
    """
    where = chart.at(case.place, "village") or chart.at(case.place, "town")
    en, zh = (where.text.en, where.text.zh) if where is not None else ("the county", "本县")
    by = chart.name(settler(case, history))
    minutes = round((case.closed - case.opened).total_seconds() / 60) if case.closed and case.opened else 0
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    verdict = case.verdict or Verdict.NONE
    return Text(
        f"{case.item}, {en}: handled by {by.en}, closed after {days} d {hours} h {minutes} min, {verdict.text.en}",
        f"{zh}“{case.item}”：由{by.zh}办理，历时{days}天{hours}小时{minutes}分钟，{verdict.text.zh}",
    )


def settler(case: Case, history: Iterable[Event]) -> str:
    """Give the unit that settled a case: its holder, or whoever did it on the spot before it was dispatched.

    Args:
        case: The case.
        history: Its events.
    """
    named = [event.about.get("settled_by") for event in history if event.kind == "resolved"]
    return str(named[-1]) if named and named[-1] else case.unit


def settled(units: Iterable[str], chart: OrgChart) -> Mapping[str, int]:
    """Count by level who settled cases (小事不出社区、大事不出街道).

    Args:
        units: The unit that settled each case: see `settler`.
        chart: The org chart.

    Returns:
        The number for each of `LEVELS`.
    """
    levels = {kind: level for level, kinds in LEVELS.items() for kind in kinds}
    counted = dict.fromkeys(LEVELS, 0)
    for unit in units:
        known = chart.units.get(unit)
        if known is not None and known.kind in levels:
            counted[levels[known.kind]] += 1
    return counted
