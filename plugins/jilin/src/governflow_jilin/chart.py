"""The chart of Jilin City and the five teams of each of its streets and towns (五支队伍)."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from zoneinfo import ZoneInfo

import attrs

from governflow.plugin import INTAKE, OrgChart, Text, Unit

CITY = "220200"

#: Where the wall clocks of the city stand.
ZONE = ZoneInfo("Asia/Shanghai")

#: The four teams that stand in every street and town, by the value of the attribute ``team``. The fifth, for
#: enforcement, stands in the districts and counties, and is named in ``units.csv``.
STREET_TEAMS: Mapping[str, Text] = MappingProxyType(
    {
        "safety": Text("head of safety and livelihood", "平安（民生服务）负责人"),
        "grid": Text("grid workers", "网格员队伍"),
        "business": Text("business helpers", "助企服务队伍"),
        "volunteers": Text("volunteers", "志愿服务队伍"),
    }
)


@cache
def _units() -> tuple[Unit, ...]:
    written = tuple(OrgChart.read(files(__package__) / "units.csv").units.values())
    teams = (
        Unit(
            f"{town.id}-{name}",
            Text(f"{town.text.en} {text.en}", f"{town.text.zh}{text.zh}"),
            town.level - 1,
            town.id,
            roles=frozenset({"team"}),
            kind=f"team_{name}",
        )
        for town in written
        if town.kind == "town"
        for name, text in STREET_TEAMS.items()
    )
    return (*written, *teams)


@cache
def chart(code: str) -> OrgChart:
    """Give the chart of the city as one of its districts sees it.

    Args:
        code: The city's code or that of a district or county below it.

    Returns:
        The whole chart, the locality's own units first: where several units stand for a form of handling and none is
        above the case, the first one does.
    """
    units = (attrs.evolve(unit, parent=code) if unit.id == INTAKE else unit for unit in _units())
    return OrgChart.of(sorted(units, key=lambda unit: not unit.id.startswith(code)))
