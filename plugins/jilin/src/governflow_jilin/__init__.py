"""Jilin City, Jilin (吉林市, 220200): six steps, four nets, five teams (“四五六”工作体系).

What a table can say stands in ``tables/*.csv``: the catalogue, the net and the team of a case, the deadlines, and that
the city committee supervises what is overdue (市委督单). The mechanisms are those that an article of Guangming Daily
names (28 July 2023); it publishes no deadlines and no catalogue, so those are illustrations and say so.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from governflow.plugin import (
    PAUSES,
    Allowance,
    Case,
    Catalogue,
    ClockSpec,
    Context,
    Deadlines,
    Demo,
    Form,
    Lifecycle,
    Locality,
    OrgChart,
    Route,
    Ruling,
    Severity,
    Table,
    Text,
    Tier,
    Urgency,
    WorkingCalendar,
    hookimpl,
    tables,
)
from governflow_jilin.chart import CITY, ZONE, chart
from governflow_jilin.six_steps import ONLINE, six_steps

_HERE = files(__package__)

_FORM_OF = {Tier.THREE: Form.DIRECT, Tier.TWO: Form.VERIFY}

#: How soon those concerned confer: an illustration, the city publishes no deadline.
_CONFER = {Urgency.NORMAL: "2wd", Urgency.URGENT: "2wd", Urgency.EMERGENCY: "4h"}


@hookimpl
def governflow_locality() -> Locality:
    """Jilin City."""
    return Locality(CITY, "吉林市", "Jilin City")


@hookimpl
def governflow_terms() -> dict[str, Text]:
    """The online names of the steps (offline names are understood beside them), and those of nets and teams."""
    return ONLINE | {"net": Text("net", "所属网"), "team": Text("team", "承办队伍"), "domain": Text("domain", "领域")}


@hookimpl
def governflow_units() -> OrgChart:
    """The city with its districts, streets and towns, and the five teams."""
    return chart(CITY)


@hookimpl
def governflow_tables() -> Mapping[str, Table | Catalogue]:
    """Catalogue, nets, teams, deadlines, and the city committee's supervision."""
    return _tables()


@cache
def _tables() -> Mapping[str, Table | Catalogue]:
    return tables(_HERE / "tables")


@hookimpl
def governflow_lifecycles(base: Lifecycle) -> dict[str, Lifecycle]:
    """The six steps, for every case."""
    return {base.name: six_steps(base)}


@hookimpl
def governflow_calendar() -> WorkingCalendar:
    """Working days by the country's holidays and make-up workdays."""
    return _working_days()


@cache
def _working_days() -> WorkingCalendar:
    return WorkingCalendar.china()


@hookimpl
def governflow_deadlines(case: Case) -> Deadlines:
    """Conferring has a clock of its own, and starts that of carrying out; how long that may run, the table says."""
    return _deadlines(case.severity, case.urgency)


@cache
def _deadlines(severity: Severity, urgency: Urgency) -> Deadlines:
    table = _tables()["deadlines"]
    assert isinstance(table, Table)
    rule = table.decide({"severity": severity, "urgency": urgency})
    assert rule is not None  # a table with a gap is refused when it is loaded
    confer = ClockSpec(
        "confer",
        Text("confer", "会商"),
        Allowance.parse(_CONFER[urgency]),
        frozenset({"dispatch"}),
        frozenset({"confer"}),
        (PAUSES,),
        "jilin/confer",
        Text("nothing is carried out before those concerned have conferred", "先会商，后落实"),
    )
    resolve = ClockSpec(
        "resolve",
        Text("resolve", "办结"),
        Allowance.parse(rule.outcomes["resolve"]),
        frozenset({"confer", "arrive", "begin", "dispatch:no_visit"}),
        frozenset({"resolve"}),
        (PAUSES,),
        f"deadlines/{rule.id}",
        rule.reason,
    )
    return Deadlines((confer, resolve))


@hookimpl
def governflow_route(case: Case, context: Context) -> Ruling[Route]:
    """Route to the team of the place; the street helps with complex cases, the centre leads major ones."""
    units = context.units
    team = str(case.facts.get("team", "grid"))
    town, county = units.at(case.place, "town"), _county(case, context)
    street = (town.id,) if town is not None else ()
    if team == "enforcement":
        route = Route(f"{county}-enforcement", Form.LEAD, street)
    elif town is None:
        route = Route(f"{county}-centre", Form.LEAD)
    elif case.tier is Tier.ONE:
        route = Route(f"{county}-centre", Form.LEAD, (f"{town.id}-{team}", town.id))
    else:
        assist = street if case.tier is Tier.TWO else ()
        route = Route(f"{town.id}-{team}", _FORM_OF[case.tier or Tier.THREE], assist)
    lead = units.name(route.lead)
    return Ruling(
        route,
        Text(f"for {lead.en}, by net, team and place", f"按所属网、承办队伍和地点：{lead.zh}"),
        f"jilin/route/{team}",
    )


def _county(case: Case, context: Context) -> str:
    """Give the district of the place; where the place does not say, the locality's own, or the city."""
    found = context.units.at(case.place, "county")
    if found is not None:
        return found.id
    own = context.locality[:6]
    return own if f"{own}-centre" in context.units else CITY


@hookimpl
def governflow_examples() -> Traversable:
    """Nets, teams, routes and deadlines as worked examples."""
    return _HERE / "examples.csv"


@hookimpl
def governflow_demo() -> Demo:
    """A made-up week in both vocabularies."""
    return Demo(
        _HERE / "demo.csv",
        datetime(2025, 6, 20, 18, tzinfo=ZONE),
        Text(
            "Jilin City: six steps in two vocabularies, four nets, five teams, and the city committee supervising",
            "吉林市：六步接办线上线下两套说法，四张网、五支队伍，逾期由市委督单",
        ),
        shown="演示-01",
    )
