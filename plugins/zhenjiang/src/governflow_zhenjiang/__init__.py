"""Zhenjiang Economic Development Zone (镇江经开区): three tiers, six forms, one chain from informant to district.

Most of the policy is data: ``units.csv`` and ``tables/``. What a table cannot say is here: the unit that stands for a
form around a case, who may do what below the community, and the points of informants. Source: the organisation
department of the zone's party committee (中共镇江市经开区委组织部) in 人民网-中国共产党新闻网, 2024-10-11.

Its three tiers carry no time limits: the clocks are those of the layers below, whatever the tier.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from governflow.plugin import (
    Actor,
    Breach,
    Case,
    Catalogue,
    Context,
    Demo,
    Escalation,
    Event,
    Locality,
    Merit,
    OrgChart,
    Refused,
    Ruling,
    Table,
    Text,
    hookimpl,
    tables,
)
from governflow_zhenjiang.access import refusal
from governflow_zhenjiang.ladder import ZONE, climb
from governflow_zhenjiang.points import earned
from governflow_zhenjiang.show import DEMO

_HERE = files(__name__)

#: 321171 is a statistical code (统计用区划代码, there named 镇江新区) and not in GB/T 2260: its parent has to be said.
_LOCALITY = Locality(ZONE, "镇江经开区", "Zhenjiang Economic Development Zone", parent="321100")

_TERMS = {
    "dispatch": Text("pass on", "派转"),
    "resolve": Text("close the loop", "闭环"),
    "close": Text("settle the matter", "案结事了"),
    "domain": Text("domain", "领域"),
    "must_report": Text("must be reported up", "必报"),
}


@hookimpl
def governflow_locality() -> Locality:
    """The zone, below Zhenjiang City."""
    return _LOCALITY


@hookimpl
def governflow_terms() -> Mapping[str, Text]:
    """The zone's own words."""
    return _TERMS


@hookimpl
def governflow_units() -> OrgChart:
    """The chain from informants to the zone, its departments and leaders."""
    return OrgChart.read(_HERE / "units.csv")


@hookimpl
def governflow_tables() -> Mapping[str, Table | Catalogue]:
    """The list of items, and which tier and form go to whom."""
    return _tables()


@hookimpl
def governflow_escalate(case: Case, cause: Breach, context: Context) -> Ruling[Escalation] | None:
    """The six forms, each by the unit around the case, up to the leader tied to the area."""
    return climb(case, cause, context, _leading)


@hookimpl
def governflow_authorise(actor: Actor | None, action: str, case: Case, context: Context) -> Refused | None:
    """Graded access: below the community the chain reports and settles what is easy."""
    return refusal(actor, action, case, context)


@hookimpl
def governflow_merits(event: Event, case: Case, context: Context) -> Sequence[Merit]:
    """Points of informants."""
    return tuple(earned(event, case, context.units))


@hookimpl
def governflow_examples() -> Traversable:
    """Three tiers, their forms, and what must be reported up, as worked examples."""
    return _HERE / "examples.csv"


@hookimpl
def governflow_demo() -> Demo:
    """Two days in the zone."""
    return DEMO


@cache
def _tables() -> Mapping[str, Table | Catalogue]:
    return tables(_HERE / "tables")


def _leading(item: str) -> str | None:
    """Give the department that leads on an item, by the list of items."""
    catalogue = _tables()["catalogue"]
    assert isinstance(catalogue, Catalogue)
    return (catalogue.item(item) or {}).get("lead")
