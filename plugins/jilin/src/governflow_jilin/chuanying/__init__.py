"""Chuanying District (船营区, 220204): liaisons of the party-building alliance assist (党建联盟联络员).

More than twenty liaisons come from eight departments, civil affairs, education and health among them. They do not take
cases over: ``tables/liaison.csv`` says whose liaison assists the team to which the city's rules route a case.
"""

from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from importlib.resources.abc import Traversable

import attrs

from governflow.plugin import (
    Case,
    Catalogue,
    Context,
    Demo,
    Locality,
    OrgChart,
    Route,
    Ruling,
    Table,
    Text,
    hookimpl,
    tables,
)
from governflow_jilin import governflow_route as city_route
from governflow_jilin.chart import ZONE, chart

_CODE = "220204"


@hookimpl
def governflow_locality() -> Locality:
    """Chuanying District."""
    return Locality(_CODE, "船营区", "Chuanying District")


@hookimpl
def governflow_terms() -> dict[str, Text]:
    """The name of the attribute that the table derives."""
    return {"liaison": Text("liaison", "党建联盟联络员")}


@hookimpl
def governflow_units() -> OrgChart:
    """The city's chart, Chuanying's own units first."""
    return chart(_CODE)


@hookimpl
def governflow_tables() -> Mapping[str, Table | Catalogue]:
    """Whose liaison assists."""
    return tables(files(__package__) / "tables")


@hookimpl
def governflow_route(case: Case, context: Context) -> Ruling[Route] | None:
    """Route as the city does, with the liaison's help."""
    liaison = case.facts.get("liaison")
    if liaison is None:
        return None
    ruled, name = city_route(case, context), context.units.name(str(liaison))
    return Ruling(
        attrs.evolve(ruled.value, assist=(*ruled.value.assist, str(liaison))),
        Text(f"{ruled.reason.en}; {name.en} assists", f"{ruled.reason.zh}；{name.zh}协办"),
        "chuanying/liaison",
    )


@hookimpl
def governflow_examples() -> Traversable:
    """Whose liaison assists with what, as worked examples."""
    return files(__package__) / "examples.csv"


@hookimpl
def governflow_demo() -> Demo:
    """A made-up week."""
    return Demo(
        files(__package__) / "demo.csv",
        datetime(2025, 6, 20, 18, tzinfo=ZONE),
        Text(
            "Chuanying: liaisons of the party-building alliance assist the teams", "船营区：党建联盟联络员协助承办队伍"
        ),
        shown="演示-01",
    )
