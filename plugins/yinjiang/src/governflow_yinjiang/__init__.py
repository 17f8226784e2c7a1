"""Yinjiang County, Guizhou (贵州省铜仁市印江土家族苗族自治县, 520625).

What a table can say stands in ``tables``: the catalogue, the colours, where a case goes, how long it may take. The
modules beside this one hold the rest: the lifecycles, their clocks, the org chart and the order of work. Source: the
article on Yinjiang named in the README; whatever it does not publish is marked as an illustration.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from governflow.plugin import (
    Actor,
    Allowed,
    Breach,
    Case,
    Catalogue,
    Context,
    Deadlines,
    Demo,
    Escalation,
    Form,
    Kind,
    Lifecycle,
    Locality,
    OrgChart,
    Refused,
    Route,
    Ruling,
    Table,
    Text,
    Tier,
    WorkingCalendar,
    hookimpl,
    tables,
)
from governflow_yinjiang.chart import chart
from governflow_yinjiang.deadlines import MEDIATION_DEADLINES, REVIEW, list_deadlines
from governflow_yinjiang.lifecycles import MEDIATION, PROBLEMS, THREE_LISTS, lifecycles
from governflow_yinjiang.worklist import COLOURS, lines, worklist

__all__ = ["CODE", "COLOURS", "MEDIATION", "THREE_LISTS", "worklist"]

CODE = "520625"
JOINT = f"{CODE}-joint"
COORDINATOR = f"{CODE}-shegong"

_LEFT_LYING = Text("left lying on the lists: the departments take it jointly", "清单事项逾期：由县级部门联办")
_NO_PLACE = Text("nobody knows the place: the coordinating department leads", "地点不明：由牵头部门领办")

_TERMS = {
    # The four steps 收集、受理、处置、答复 are labels over the one core.
    "report": Text("collect", "收集"),
    "accept": Text("take in", "受理"),
    "begin": Text("handle", "处置"),
    "answer": Text("answer", "答复"),
    "claim": Text("department claims", "认领"),
    "confer": Text("confer on site", "现场会商"),
    "colour": Text("colour", "颜色"),
    "importance": Text("importance", "重要程度"),
    "domain": Text("domain", "领域"),
}


@hookimpl
def governflow_locality() -> Locality:
    """Speak for Yinjiang."""
    return Locality(CODE, "印江土家族苗族自治县", "Yinjiang County")


@hookimpl
def governflow_terms() -> Mapping[str, Text]:
    """Call the steps as Yinjiang does."""
    return _TERMS


@hookimpl
def governflow_units() -> OrgChart:
    """Give the chart with its three levels of grids."""
    return _chart()


@cache
def _chart() -> OrgChart:
    return chart()


@hookimpl
def governflow_tables() -> Mapping[str, Table | Catalogue]:
    """Give the packaged tables."""
    return _tables()


@cache
def _tables() -> Mapping[str, Table | Catalogue]:
    return tables(files(__package__) / "tables")


@hookimpl
def governflow_lifecycles(base: Lifecycle) -> Mapping[str, Lifecycle]:
    """Confer on site, and add the three lists and mediation."""
    return lifecycles(base)


@hookimpl
def governflow_calendar(clock: str, context: Context) -> WorkingCalendar | None:
    """A quarter ends with its last day, be that a holiday or not."""
    return WorkingCalendar.always(context.zone) if clock == REVIEW else None


@hookimpl
def governflow_deadlines(case: Case, context: Context) -> Deadlines | None:
    """Give the two lifecycles clocks of their own; the table times everyday cases by colour."""
    if case.lifecycle == THREE_LISTS:
        return list_deadlines(case, context)
    return MEDIATION_DEADLINES if case.lifecycle == MEDIATION else None


@hookimpl
def governflow_route(case: Case, context: Context) -> Ruling[Route] | None:
    """Send to the town or street where the chart knows no community of the place; the table says all else."""
    units = context.units
    if case.tier in (Tier.ONE, Tier.TWO) or units.at(case.place, "community") is not None:
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
    """Say who takes over where the default ladder cannot know who comes next.

    On the lists a case has no form of handling yet; with the platform it stays where nobody knows the place.
    """
    name = cause.clock.name
    if cause.rung < 2 or name == "dispatch" or name.startswith("check_in:"):
        return None
    if case.lifecycle == THREE_LISTS and case.form is None:
        return Ruling(Escalation(Kind.TAKE_OVER, JOINT, Form.JOINT, cause.gap), _LEFT_LYING, "lists/joint")
    if case.unit == context.units.intake:
        return Ruling(Escalation(Kind.TAKE_OVER, COORDINATOR, Form.LEAD, cause.gap), _NO_PLACE, "ladder/no-place")
    return None


@hookimpl
def governflow_authorise(actor: Actor | None, action: str, case: Case, context: Context) -> Allowed | Refused | None:
    """Departments claim from the problems list; a street's big committee confers on the cases of its street."""
    unit = context.units.units.get(actor.unit) if actor is not None and actor.unit is not None else None
    if unit is None:
        return None
    if action == "claim" and case.state == PROBLEMS and unit.kind != "department":
        return Refused(
            Text("departments claim from the problems list: name one", "问题清单由职能部门认领：请以部门身份认领"),
            "lists/departments",
        )
    if action == "confer" and unit.kind == "committee":
        street = context.units.at(case.place, "town")
        if street is not None and unit.id.startswith(street.id):
            return Allowed()
        return Refused(
            Text("a street's committee confers on the cases of its own street", "街道“大工委”只召集本街道的事项"),
            "committee/own-street",
        )
    return None


@hookimpl
def governflow_examples() -> Traversable:
    """Colours, the three lists, mediation and routes as worked examples."""
    return files(__package__) / "examples.csv"


@hookimpl
def governflow_demo() -> Demo:
    """Show colours, the three lists and mediation over one quarter."""
    return Demo(
        files(__package__) / "demo.csv",
        datetime(2026, 4, 30, 18, 0),  # noqa: DTZ001 - the locality's own wall time
        Text(
            "A generated quarter in Yinjiang: colours, the three lists, a mediation; all data made up",
            "印江演示：分色治理、三张清单、两议两评两公开（一个季度，数据均为虚构）",
        ),
        after=lambda engine: list(lines(engine.cases())),
    )
