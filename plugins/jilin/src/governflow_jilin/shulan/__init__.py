"""Shulan City (舒兰市, 220283): the city's rules over its own chart, with its justice offices and mediation centre."""

from datetime import datetime
from importlib.resources import files
from importlib.resources.abc import Traversable

from governflow.plugin import Demo, Locality, OrgChart, Text, hookimpl
from governflow_jilin.chart import ZONE, chart

_CODE = "220283"


@hookimpl
def governflow_locality() -> Locality:
    """Shulan, a city of county rank below Jilin City."""
    return Locality(_CODE, "舒兰市", "Shulan City")


@hookimpl
def governflow_units() -> OrgChart:
    """The city's chart, Shulan's own units first."""
    return chart(_CODE)


@hookimpl
def governflow_examples() -> Traversable:
    """The drain, and how the city's rules reach Shulan's units, as worked examples."""
    return files(__package__) / "examples.csv"


@hookimpl
def governflow_demo() -> Demo:
    """A made-up week."""
    return Demo(
        files(__package__) / "demo.csv",
        datetime(2025, 6, 20, 18, tzinfo=ZONE),
        Text(
            "Shulan: a drain, the justice office and the mediation centre",
            "舒兰市：下水道一事，司法所与调解中心报到会商",
        ),
        shown="演示-01",
    )
