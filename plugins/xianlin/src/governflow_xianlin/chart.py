"""Three levels of grids (三级网格): ten communities, 156 sub-areas, and each of the 1,786 resident organisations.

The ten level-1 grids are the communities of the division codes and stand in ``units.csv`` with the offices, the street
and whoever is above it. How many level-2 and level-3 grids there are is published (2021); where they lie is not. So
they are made here, spread evenly over the communities, with numbers for names: an illustration, which the street
replaces by its own list. Two organisations bear the names that the article gives.
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from governflow.plugin import OrgChart, Text, Unit

GRIDS = 156
ORGANISATIONS = 1786

#: The resident organisations that the article names; where they lie in the chart is an illustration.
NAMED = (
    Text("Nanjing University", "南京大学"),
    Text("Taikang Xianlin Drum Tower Hospital", "泰康仙林鼓楼医院"),
)


@cache
def chart(grids: int = GRIDS, organisations: int = ORGANISATIONS) -> OrgChart:
    """Build the org chart.

    Args:
        grids: How many level-2 grids there are (二级网格).
        organisations: How many level-3 grids there are: each is one resident organisation (驻街单位).

    Returns:
        The chart, with every unit of ``units.csv``.
    """
    listed = OrgChart.read(files(__package__) / "units.csv")
    communities = listed.of_kind("community")
    second = [
        grid for place, one in enumerate(communities) for grid in _grids(one, _share(grids, len(communities), place))
    ]
    third = [
        _organisation(grid, number)
        for grid, numbers in zip(second, _numbers(organisations, len(second)), strict=True)
        for number in numbers
    ]
    return OrgChart.of([*listed.units.values(), *second, *third])


def _share(total: int, parts: int, place: int) -> int:
    """Give what one of several parts gets when a total is spread evenly, the first parts getting the odd ones."""
    return total // parts + (place < total % parts)


def _grids(community: Unit, count: int) -> Iterator[Unit]:
    for number in range(1, count + 1):
        name = Text(f"{community.text.en} Grid {number:02}", f"{community.text.zh}{number:02}网格")
        yield Unit(f"{community.id}-{number:02}", name, 1, community.id, kind="grid")


def _numbers(total: int, parts: int) -> Iterator[range]:
    """Deal the numbers from 1 to a total out to several parts."""
    first = 1
    for place in range(parts):
        after = first + _share(total, parts, place)
        yield range(first, after)
        first = after


def _organisation(grid: Unit, number: int) -> Unit:
    name = Text(f"Resident Organisation {number:04}", f"驻街单位{number:04}")
    if number <= len(NAMED):
        name = NAMED[number - 1]
    return Unit(f"{grid.id}-{number:04}", name, 0, grid.id, kind="organisation")
