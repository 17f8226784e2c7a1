"""Everything that a locality's plugin is written with: the one module of the library that a county imports from.

    from governflow.plugin import Locality, Ruling, Text, Tier, hookimpl

What decides is loaded with the module. What only a demonstration or a report of the county's own needs (`Engine`,
`digest`, ...) is loaded when it is first used, so that asking a county's rules costs no more than the rules.
"""

from typing import TYPE_CHECKING

from governflow._names import loaded_when_used
from governflow.calendars import WorkingCalendar
from governflow.calendars.allowances import Allowance, DayCount
from governflow.model.case import Case
from governflow.model.clocks import DUTY, LAPSES, PAUSES, STATUTE, SURVIVES_TRANSFER, ClockSpec
from governflow.model.events import Actor, Event
from governflow.model.lifecycle import SAME, Action, Lifecycle, Move
from governflow.model.terms import Form, Kind, Mode, Outcome, Severity, Tier, Urgency, Verdict, Way
from governflow.model.units import INTAKE, OrgChart, Unit
from governflow.policy import roles
from governflow.policy.builtin.default_clocks import ANSWER
from governflow.policy.files import tables
from governflow.policy.hookspecs import (
    Allowed,
    Assessment,
    Breach,
    CaseReader,
    Context,
    Deadlines,
    Demo,
    Escalation,
    Locality,
    Merit,
    Refused,
    Route,
    Ruling,
    Waiver,
    hookimpl,
)
from governflow.policy.registry import Localities
from governflow.tables import Catalogue, Table
from governflow.text import Text

if TYPE_CHECKING:
    from governflow.engine.engine import Engine
    from governflow.engine.musters import Muster
    from governflow.reports.digest import digest
    from governflow.reports.merits import award, balances
    from governflow.reports.special import special_report

__all__ = [
    "ANSWER",
    "DUTY",
    "INTAKE",
    "LAPSES",
    "PAUSES",
    "SAME",
    "STATUTE",
    "SURVIVES_TRANSFER",
    "Action",
    "Actor",
    "Allowance",
    "Allowed",
    "Assessment",
    "Breach",
    "Case",
    "CaseReader",
    "Catalogue",
    "ClockSpec",
    "Context",
    "DayCount",
    "Deadlines",
    "Demo",
    "Engine",
    "Escalation",
    "Event",
    "Form",
    "Kind",
    "Lifecycle",
    "Localities",
    "Locality",
    "Merit",
    "Mode",
    "Move",
    "Muster",
    "OrgChart",
    "Outcome",
    "Refused",
    "Route",
    "Ruling",
    "Severity",
    "Table",
    "Text",
    "Tier",
    "Unit",
    "Urgency",
    "Verdict",
    "Waiver",
    "Way",
    "WorkingCalendar",
    "award",
    "balances",
    "digest",
    "hookimpl",
    "roles",
    "special_report",
    "tables",
]

__getattr__ = loaded_when_used(
    __name__, __all__, "engine.engine", "engine.musters", "reports.merits", "reports.digest", "reports.special"
)
