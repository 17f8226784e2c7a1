"""Yongji County (永吉县, 220221): the digital community (数字社区).

Thirteen services are given online: nobody goes anywhere, and nobody confers about a certificate. For these items
``tables/catalogue.csv`` takes the place of the city's catalogue; for all others the city's stands.
"""

from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from importlib.resources.abc import Traversable

from governflow.plugin import (
    Case,
    Catalogue,
    Deadlines,
    Demo,
    Lifecycle,
    Locality,
    Move,
    OrgChart,
    Table,
    Text,
    hookimpl,
    tables,
)
from governflow_jilin.chart import ZONE, chart

_CODE = "220221"

_ONLINE = Deadlines(drop=("confer",))


@hookimpl
def governflow_locality() -> Locality:
    """Yongji County."""
    return Locality(_CODE, "永吉县", "Yongji County")


@hookimpl
def governflow_units() -> OrgChart:
    """The city's chart, Yongji's own units first."""
    return chart(_CODE)


@hookimpl
def governflow_tables() -> Mapping[str, Table | Catalogue]:
    """The thirteen online services."""
    return tables(files(__package__) / "tables")


@hookimpl
def governflow_lifecycles(base: Lifecycle) -> dict[str, Lifecycle]:
    """Services online: the one kind of case in the city that needs no conferring."""
    online = base.derive(
        "online",
        add=[
            Move("begin", ("dispatched", "claimed"), "handling"),
            Move("resolve", ("reported", "dispatched", "claimed"), "resolved"),
        ],
    )
    return {"online": online}


@hookimpl
def governflow_deadlines(case: Case) -> Deadlines | None:
    """Without conferring there is no clock for it."""
    return _ONLINE if case.lifecycle == "online" else None


@hookimpl
def governflow_examples() -> Traversable:
    """The thirteen services, and what is no service, as worked examples."""
    return files(__package__) / "examples.csv"


@hookimpl
def governflow_demo() -> Demo:
    """A made-up week."""
    return Demo(
        files(__package__) / "demo.csv",
        datetime(2025, 6, 20, 18, tzinfo=ZONE),
        Text(
            "Yongji: thirteen services online without a visit; everything else by the city's rules",
            "永吉县：“数字社区”13项便民服务线上办理，其余按吉林市规则",
        ),
        shown="线上-01",
    )
