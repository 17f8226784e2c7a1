"""Fengman District (丰满区, 220211): one street, one enforcement team (多帽合一).

Police, market and city wardens act as one team in the street's name. ``tables/route.csv`` routes enforcement in the
streets to it; of everything else the district has no opinion, and the city decides.
"""

from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from importlib.resources.abc import Traversable

from governflow.plugin import Catalogue, Demo, Locality, OrgChart, Table, Text, hookimpl, tables
from governflow_jilin.chart import ZONE, chart

_CODE = "220211"


@hookimpl
def governflow_locality() -> Locality:
    """Fengman District."""
    return Locality(_CODE, "丰满区", "Fengman District")


@hookimpl
def governflow_units() -> OrgChart:
    """The city's chart, Fengman's own units first."""
    return chart(_CODE)


@hookimpl
def governflow_tables() -> Mapping[str, Table | Catalogue]:
    """Routing of enforcement, and of nothing else."""
    return tables(files(__package__) / "tables")


@hookimpl
def governflow_examples() -> Traversable:
    """Enforcement street by street, and what is the city's, as worked examples."""
    return files(__package__) / "examples.csv"


@hookimpl
def governflow_demo() -> Demo:
    """A made-up week."""
    return Demo(
        files(__package__) / "demo.csv",
        datetime(2025, 6, 20, 18, tzinfo=ZONE),
        Text(
            "Fengman: one street, one enforcement team; everything else by the city's rules",
            "丰满区：“多帽合一”，一个街道一支队伍，其余按吉林市规则",
        ),
        shown="演示-01",
    )
