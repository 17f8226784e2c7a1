"""The org chart: real towns, streets, villages and communities, and grids below those of the county seat (组织架构).

Three levels of grids: the community is the general grid (社区总网格), an estate or a street block has a grid head
(小区、街区网格长), a building or a lane has a grid worker (楼栋、街巷网格员). The lower two are generated, so that a
county sees how its own list will look; how many there are says nothing about Yinjiang.
"""

from collections.abc import Iterator
from importlib.resources import files

from governflow.plugin import OrgChart, Text, Unit

#: Generated grids of each community: its street blocks come last, and have lanes where an estate has buildings.
_ESTATES, _BLOCKS, _BUILDINGS = 2, 1, 4


def chart() -> OrgChart:
    """Give Yinjiang's org chart."""
    source = files(__package__) / "units.csv"
    real = OrgChart.read(source)
    return OrgChart.read(source, more=[grid for unit in real.of_kind("community") for grid in _grids(unit)])


def _grids(community: Unit) -> Iterator[Unit]:
    if not community.text.zh.endswith("社区"):
        return  # villages have their own ways; the article speaks of the town
    for number in range(1, _ESTATES + _BLOCKS + 1):
        block = number > _ESTATES
        grid = f"{community.id}-{number:02}"
        text = Text(
            f"{community.text.en} {'Block' if block else 'Estate'} {number}",
            f"{community.text.zh}{number}号{'街区' if block else '小区'}",
        )
        yield Unit(grid, text, 1, community.id, kind="estate")
        for house in range(1, _BUILDINGS + 1):
            name = Text(
                f"{text.en} {'Lane' if block else 'Building'} {house}", f"{text.zh}{house}{'巷' if block else '栋'}"
            )
            yield Unit(f"{grid}{house:02}", name, 0, grid, kind="building")
