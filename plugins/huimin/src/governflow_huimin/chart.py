"""Huimin's org chart (组织架构): from the liaison member's micro-grid to the county's leaders.

Towns and villages are those of the statistical codes of 2023. How many micro-grids a village has is not published, so
each gets the same few: an illustration that a county replaces with its own list.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files

from governflow.plugin import OrgChart, Text, Unit

#: How many micro-grids each village is given.
MICRO_GRIDS = 2

_FILE = files(__package__) / "units.csv"


@cache
def chart() -> OrgChart:
    """Give the chart: the units of the file, and the micro-grids below each of its villages."""
    listed = OrgChart.read(_FILE)
    return OrgChart.of([*listed.units.values(), *_micro_grids(listed.of_kind("village"))])


def _micro_grids(villages: Iterable[Unit]) -> Iterator[Unit]:
    """Divide villages into micro-grids (微网格), one liaison member (联户党员) each."""
    for village in villages:
        for number in range(1, MICRO_GRIDS + 1):
            text = Text(f"{village.text.en} micro-grid {number}", f"{village.text.zh}第{number}微网格")
            yield Unit(f"{village.id}-{number}", text, 0, village.id, roles=frozenset({"liaison"}), kind="micro_grid")
