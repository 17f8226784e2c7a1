"""Why a row of a journal is refused, as a clerk reads it: in the journal's own zone, with the column to look at."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from governflow.errors import CommandError, FactError, GovernflowError, IllegalAction, NotAllowed, NotOurs, UnknownCase
from governflow.journal import DatedAction, Map, Reject, Row
from governflow.journal.mapping import find
from governflow.model.case import Case
from governflow.run.sorted_journal import SortedJournal
from governflow.text import Text

#: How far ahead of the machine's clock a journal may reach: some are run ahead of time, none by years.
AHEAD = timedelta(days=366)

#: Where to look when an action is refused: the first of these columns that is empty, else the last that is there.
_LOOK_AT: Mapping[str, tuple[str, ...]] = {
    "decline": ("note",),
    "dispatch": ("unit",),
    "transfer": ("unit",),
    "escalate": ("unit",),
    "whistle": ("unit",),
    "check_in": ("unit",),
    "confer": ("until",),
    "suspend": ("until",),
    "extend": ("actor", "note", "until"),
    "evaluate": ("score", "satisfied"),
    "reclassify": ("urgency", "severity"),
    "appeal": ("note", "clock"),
    "rule": ("clock", "satisfied"),
    "merge": ("into",),
    "report": ("case",),
}


def too_far_ahead(row: Row, latest: datetime) -> Reject | None:
    """Refuse a row that lies far in the future: a typing error in the year would take the clock there for good."""
    at = max(step.at for step in row.steps)
    if at <= latest:
        return None
    when = wall_time(at, row.zone)
    return row.refused(
        Text(f"{when} lies more than a year ahead of today", f"{when} 比今天晚一年以上"),
        Text("a time at which it has happened", "事情发生的时间"),
        value=when,
    )


def wall_time(moment: datetime, zone: str) -> str:
    """Write a moment as the clocks of a zone show it."""
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"


def refusal(
    row: Row, step: DatedAction, fault: GovernflowError, case: Case | None, journal: SortedJournal, map: Map
) -> Reject:
    """Return the reject of a row that the engine refused for one of its steps; ``case`` is as the store has it."""
    headings = tuple(row.cells)
    columns = find(headings, map)
    reason, field = _because(row, step, fault, case, journal)
    if field is None:
        asked = [name for name in _LOOK_AT.get(step.action, ()) if name in columns.fields]
        field = next((name for name in asked if name not in row.fields), asked[-1] if asked else "action")
    timed = columns.times.get(step.action) if field in ("time", "action") else None
    places = (timed, columns.fields.get(field), columns.fields.get("action"))
    heading = next((headings[place] for place in places if place is not None), "")
    if isinstance(fault, FactError):
        heading = fault.name
    return row.refused(reason, column=heading, value=row.cells.get(heading, ""))


def _because(
    row: Row, step: DatedAction, fault: GovernflowError, case: Case | None, journal: SortedJournal
) -> tuple[Text, str | None]:
    """Return the reason, and the field to look at where it is plain."""
    name, at = row.case, step.at
    reason = fault.in_zone(ZoneInfo(row.zone))
    if case is None:
        return _not_there(row, at, journal) or (reason, "case") if isinstance(fault, UnknownCase) else (reason, None)
    if isinstance(fault, NotOurs):
        return reason, "case"
    if isinstance(fault, IllegalAction):
        return reason, "action"
    if isinstance(fault, NotAllowed):
        return reason, "actor"
    if isinstance(fault, CommandError) and step.action == "report":
        when = wall_time(case.opened or at, row.zone)
        return Text(
            f"case {name} was reported already, at {when}: a case is reported once",
            f"事项 {name} 已于 {when} 上报：每个事项只上报一次",
        ), "case"
    too_early = any(moment is not None and at < moment for moment in (case.opened, case.last_changed_at))
    return reason, "time" if too_early else None


def _not_there(row: Row, at: datetime, journal: SortedJournal) -> tuple[Text, str] | None:
    """Return why a case that the journal reports is not in the store."""
    reported = journal.report_of(row.case)
    if reported is None:
        return None
    case, (moment, line) = row.case, reported
    here, when = wall_time(at, row.zone), wall_time(moment, row.zone)
    if moment > at:
        return Text(
            f"{here} is before case {case} was reported (line {line}, {when}): an action comes after the report",
            f"{here} 早于事项 {case} 的上报时间（第 {line} 行，{when}）：动作不能早于上报",
        ), "time"
    return Text(
        f"case {case} was not taken because its report in line {line} was refused: mend that row first",
        f"事项 {case} 在第 {line} 行的上报被退回，因此尚无此事项：请先改正该行",
    ), "case"
