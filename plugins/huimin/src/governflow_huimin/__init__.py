"""Huimin County, Shandong (山东省惠民县, 371621): 54321, one key from everyday to emergency, liaison micro-grids.

Most of what the county decides is in ``tables/``: the list of items, tiers (小事不出社区、大事不出街道), routes,
deadlines and the ladder, each with its source. Here are the few things that a table cannot say. The law above the
county, that of Binzhou City, is `governflow_huimin.binzhou`.

Source: 《以“四制”探寻基层治理“最优解”》, by the county's Party secretary, 25 January 2024.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from governflow.plugin import (
    Actor,
    Allowed,
    Case,
    Catalogue,
    Context,
    Demo,
    Event,
    Form,
    Lifecycle,
    Locality,
    Merit,
    OrgChart,
    Route,
    Ruling,
    Table,
    Text,
    Tier,
    hookimpl,
    tables,
)
from governflow_huimin import drill, merits, publishing
from governflow_huimin.chart import chart

CODE = "371621"


@cache
def _tables() -> Mapping[str, Table | Catalogue]:
    return tables(files(__package__) / "tables")


#: What a residential branch does (小区党支部: 掌握诉求、信息分流、问题办理、情况反馈), and a town's measures.
_TERMS = {
    "report": Text("take note of the request", "掌握诉求"),
    "accept": Text("sort", "信息分流"),
    "resolve": Text("handle", "问题办理"),
    "answer": Text("answer", "情况反馈"),
    "confer": Text("confer on measures", "措施会商"),
    "muster": Text("muster of all posts", "集结到岗"),
    "lowest": Text("lowest level that can", "最低可办层级"),
    "task": Text("task in an emergency", "急时任务"),
    "domain": Text("domain", "领域"),
    "form:lead": Text("one county department leads", "县直部门领办"),
    "form:joint": Text("county departments jointly", "县级部门联办"),
    "form:study": Text("studied by the county's leaders", "县领导研办"),
}


@hookimpl
def governflow_locality() -> Locality:
    """Huimin County, below Binzhou City."""
    return Locality(CODE, "惠民县", "Huimin County", parent="371600")


@hookimpl
def governflow_terms() -> Mapping[str, Text]:
    """The county's own words."""
    return _TERMS


@hookimpl
def governflow_units() -> OrgChart:
    """15 towns, 116 villages and communities, their micro-grids, and the county's departments."""
    return chart()


@hookimpl
def governflow_tables() -> Mapping[str, Table | Catalogue]:
    """The county's list of items and its decision tables."""
    return _tables()


@hookimpl
def governflow_lifecycles(base: Lifecycle) -> Mapping[str, Lifecycle]:
    """Everyday, with the publication of results."""
    return {"everyday": publishing.everyday(base)}


@hookimpl
def governflow_route(case: Case, context: Context) -> Ruling[Route] | None:
    """A small matter whose place names only the town goes to the town's grid, not back to the platform."""
    if case.tier is not Tier.THREE or "task" in case.facts:
        return None
    place = context.units.find(case.place)
    if place is None or place.kind != "town":
        return None
    return _to_the_grid(f"{place.id}-grid")


@cache
def _to_the_grid(grid: str) -> Ruling[Route]:
    reason = Text("the place names no village: the town's grid handles it", "地点未写明村社区：由镇街网格办理")
    return Ruling(Route(grid, Form.DIRECT), reason, "route/town-grid")


@hookimpl
def governflow_authorise(actor: Actor | None, action: str, case: Case, context: Context) -> Allowed | None:
    """What a worker found and a department settled is verified by the town where it lies, too (属地核查)."""
    if action != "evaluate" or case.asked or actor is None or actor.unit in (None, case.unit):
        return None
    town = context.units.at(case.place, "town")
    return Allowed() if town is not None and town.id == actor.unit else None


@hookimpl
def governflow_merits(event: Event, case: Case) -> Sequence[Merit]:
    """What posts and units earn by being in time; see `governflow_huimin.merits`."""
    return merits.earned(event, case)


@hookimpl
def governflow_examples() -> Traversable:
    """54321, the lowest level that can, and both chains of command, as worked examples."""
    return files(__package__) / "examples.csv"


@hookimpl
def governflow_demo() -> Demo:
    """An everyday morning, and then the key is turned."""
    return drill.DEMO
