"""Songtao County, Guizhou (贵州省铜仁市松桃苗族自治县, 520628).

The street whistles and the departments check in (街道吹哨、部门报到), which the core does by itself; six working groups
are routed to by domain, and four nets named by it, which tables say. What is left for hooks is the pool of the double
check-in (双报到): teams claim from it, and what nobody claims goes to the community of the place. Source: the article
on Songtao named in the README; whatever it does not publish is marked as an illustration.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from governflow.plugin import (
    PAUSES,
    Actor,
    Allowance,
    Breach,
    Case,
    Catalogue,
    ClockSpec,
    Context,
    Deadlines,
    Demo,
    Escalation,
    Form,
    Kind,
    Locality,
    OrgChart,
    Refused,
    Route,
    Ruling,
    Table,
    Text,
    Tier,
    hookimpl,
    tables,
)

CODE = "520628"
POOL = f"{CODE}-pool"
DOUBLE_CHECK_IN = f"{CODE}-shuangbaodao"
COORDINATOR = f"{CODE}-zhili"

_TERMS = {
    "whistle": Text("street whistles", "街道吹哨"),
    "check_in": Text("department checks in", "部门报到"),
    "claim": Text("team claims", "认领"),
    "domain": Text("domain", "领域"),
    "group": Text("working group", "工作组"),
    "net": Text("net", "四网"),
}

_CLAIM = ClockSpec(
    "claim",
    Text("claim", "认领"),
    Allowance.parse("1d"),
    frozenset({"dispatch"}),
    frozenset({"claim", "arrive", "begin", "resolve"}),
    (PAUSES,),
    "pool/claim",
    Text("a team claims it within a day (an illustration)", "服务队1天内认领（示例）"),
)
#: Whoever waits in the pool is not late on site: the way there counts from the claim.
_ARRIVE = ClockSpec(
    "arrive",
    Text("arrive", "到场"),
    Allowance.parse("1d"),
    frozenset({"claim"}),
    frozenset({"arrive", "begin", "resolve"}),
    (PAUSES,),
    "pool/arrive",
    Text("the team is on site within a day of its claim (an illustration)", "认领后1天内到场（示例）"),
)
_IN_THE_POOL = {True: Deadlines((_CLAIM, _ARRIVE)), False: Deadlines((_CLAIM,))}
_FIND_A_TEAM = Ruling(
    Escalation(Kind.URGE, DOUBLE_CHECK_IN, None, timedelta(minutes=30)),
    Text("nobody claimed it: the group that runs the pool looks for a team", "无服务队认领：催“双报到”工作组协调"),
    "pool/find-a-team",
)
_UNCLAIMED = Text("still no team: dispatched to the unit of the place", "仍无服务队认领：派单到属地")
_LATE = Text("the team did not finish it: the unit of the place takes over", "服务队逾期未办结：由属地接办")
_NO_PLACE = Text("nobody knows the place: the social governance group leads", "地点不明：由基层社会治理工作组领办")
_VOLUNTEERS = frozenset({"pool", "team"})


@hookimpl
def governflow_locality() -> Locality:
    """Speak for Songtao."""
    return Locality(CODE, "松桃苗族自治县", "Songtao County")


@hookimpl
def governflow_terms() -> Mapping[str, Text]:
    """Call the steps as Songtao does."""
    return _TERMS


@hookimpl
def governflow_units() -> OrgChart:
    """Give the org chart: groups, departments, towns, the seat's communities, the pool and its teams."""
    return _chart()


@cache
def _chart() -> OrgChart:
    return OrgChart.read(files(__package__) / "units.csv")


@hookimpl
def governflow_tables() -> Mapping[str, Table | Catalogue]:
    """Give the packaged tables."""
    return _tables()


@cache
def _tables() -> Mapping[str, Table | Catalogue]:
    return tables(files(__package__) / "tables")


@hookimpl
def governflow_deadlines(case: Case, context: Context) -> Deadlines | None:
    """Let what is in the pool, or with a team, be claimed before anybody has to arrive."""
    return _IN_THE_POOL[case.visit] if _with_volunteers(case, context.units) else None


def _with_volunteers(case: Case, units: OrgChart) -> bool:
    holder = units.units.get(case.unit)
    return holder is not None and not _VOLUNTEERS.isdisjoint(holder.roles)


@hookimpl
def governflow_route(case: Case, context: Context) -> Ruling[Route] | None:
    """Send to the town or street where the chart knows no community of the place; the table says all else."""
    units = context.units
    if case.tier is not Tier.THREE or case.facts.get("group") == "shuangbaodao":
        return None
    if units.at(case.place, "community") is not None:
        return None
    town = units.at(case.place, "town")
    return None if town is None else _to_town(town.id)


@cache
def _to_town(town: str) -> Ruling[Route]:
    reason = Text(
        "the place names no community: its town or street handles it", "地点未指明社区：由所在街道（乡镇）核办"
    )
    return Ruling(Route(town, Form.VERIFY), reason, "route/no-community")


@hookimpl
def governflow_escalate(case: Case, cause: Breach, context: Context) -> Ruling[Escalation] | None:
    """Give what nobody claimed, or a team did not finish, to the community of the place; else the default ladder.

    What stays with the desk because nobody knows its place goes to the group above it, and not to some street.
    """
    units, name = context.units, cause.clock.name
    if name == "dispatch" or name.startswith("check_in:"):
        return None
    if case.unit == units.intake and cause.rung >= 2:
        return Ruling(Escalation(Kind.TAKE_OVER, COORDINATOR, Form.LEAD, cause.gap), _NO_PLACE, "ladder/no-place")
    if not _with_volunteers(case, units):
        return None
    if name == "claim":
        return _FIND_A_TEAM if cause.rung == 0 else _taken_over(case, cause, context, "pool/unclaimed", _UNCLAIMED)
    return _taken_over(case, cause, context, "pool/late", _LATE) if cause.rung >= 2 else None


def _taken_over(case: Case, cause: Breach, context: Context, rule: str, reason: Text) -> Ruling[Escalation]:
    to, form = _around(case.place, context.units)
    return Ruling(Escalation(Kind.TAKE_OVER, to, form, cause.gap), reason, rule)


def _around(place: str, units: OrgChart) -> tuple[str, Form]:
    """Give who is responsible on the spot: the community, else the street, else the group that runs the pool."""
    community, town = units.at(place, "community"), units.at(place, "town")
    if community is not None:
        return community.id, Form.DIRECT
    return (town.id, Form.VERIFY) if town is not None else (DOUBLE_CHECK_IN, Form.LEAD)


@hookimpl
def governflow_authorise(actor: Actor | None, action: str, case: Case, context: Context) -> Refused | None:
    """Only teams claim from the pool, and nobody below the street whistles."""
    unit = context.units.units.get(actor.unit) if actor is not None and actor.unit is not None else None
    if unit is None:
        return None
    if action == "claim" and case.unit == POOL and "team" not in unit.roles:
        return Refused(
            Text("teams of the double check-in claim from the pool", "认领池由“双报到”服务队认领"), "pool/teams"
        )
    if action == "whistle" and unit.kind in ("community", "team", "pool"):
        return Refused(Text("the street whistles: ask it to", "街道吹哨、部门报到：请由街道吹哨"), "whistle/street")
    return None


@hookimpl
def governflow_examples() -> Traversable:
    """Groups, nets, the pool and deadlines as worked examples."""
    return files(__package__) / "examples.csv"


@hookimpl
def governflow_demo() -> Demo:
    """Show a whistle with a department that does not come, and the pool."""
    return Demo(
        files(__package__) / "demo.csv",
        datetime(2026, 5, 15, 18, 0),  # noqa: DTZ001 - the locality's own wall time
        Text(
            "Two generated weeks in Songtao: the street whistles, teams claim from the pool; all data made up",
            "松桃演示：街道吹哨、部门报到，双报到认领（两周，数据均为虚构）",
        ),
    )
