"""An invented county without a fault, its neighbour, and what a law says of a county like it."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from governflow import Case, Text, hookimpl
from governflow.calendars import WorkingCalendar
from governflow.charter.check import laws
from governflow.charter.model import Failure
from governflow.charter.subject import Subject
from governflow.model.clocks import ClockSpec
from governflow.model.terms import Form, Tier
from governflow.model.units import OrgChart, Unit
from governflow.policy.builtin.statute import governflow_deadlines as of_the_law
from governflow.policy.hookspecs import (
    Locality,
    Route,
    Ruling,
)
from governflow.policy.registry import Localities
from governflow.tables import Catalogue, Table

COUNTY, OTHER = "990101", "990102"
LAWS = laws()


def table(name: str, *lines: str) -> Table:
    return Table.read((f"{name}.csv", "\n".join(lines).encode()), name=name)


def text(words: str) -> Text:
    return Text(words, words)


CHART = OrgChart.of(
    [
        Unit("intake", Text("Intake", "受理平台"), 0, "leaders"),
        *(
            Unit(f"99010100100{n}", Text(f"Village {n}", f"{name}村"), 1, "990101001", (Form.DIRECT,), kind="village")
            for n, name in enumerate("甲乙丙", 1)
        ),
        Unit("990101001", Text("Town", "丁镇"), 2, "bureau", (Form.VERIFY, Form.ASSIST), kind="town"),
        Unit("bureau", Text("Bureau", "住建局"), 3, "joint", (Form.LEAD,), frozenset({"post"}), "bureau"),
        Unit("joint", Text("Jointly", "联办"), 4, "leaders", (Form.JOINT,)),
        Unit("leaders", Text("Leaders", "县领导"), 5, None, (Form.STUDY,)),
    ]
)
ITEMS = tuple(f"事项{n}" for n in range(1, 201))
CATALOGUE = Catalogue.read(("catalogue.csv", "\n".join(("事项,依据", *(f"{item},示例" for item in ITEMS))).encode()))
TIER = (
    "规则,严重程度,people/人数,事项等级,理由",
    "取值,,0..1000；默认 0,,",
    "T1,重大,,一级,重大事项",
    "T2,一般|复杂,>=30,一级,三十人以上",
    "T3,复杂,<30,二级,复杂事项",
    "T4,一般,<30,三级,一般事项",
)
DEADLINES = ("规则,严重程度,办结,理由", "D1,一般,1天,一般", "D2,复杂,3天,复杂", "D3,重大,5天,重大")


class County:
    """A county without a fault."""

    tier: Sequence[str] = TIER

    @hookimpl
    def governflow_locality(self) -> Locality:
        return Locality(COUNTY, "测试县", "Test County")

    @hookimpl
    def governflow_units(self) -> OrgChart:
        return CHART

    @hookimpl
    def governflow_tables(self) -> Mapping[str, Table | Catalogue]:
        return {
            "catalogue": CATALOGUE,
            "tier": table("tier", *self.tier),
            "deadlines": table("deadlines", *DEADLINES),
        }


class Neighbour:
    """Another county, which is to be left alone."""

    @hookimpl
    def governflow_locality(self) -> Locality:
        return Locality(OTHER, "邻县", "Next County")


ONE, THREE = (Ruling(tier, text("by the hook"), "hook") for tier in (Tier.ONE, Tier.THREE))
TO_BUREAU = Ruling(Route("bureau", Form.LEAD), text("to the bureau"), "hook")


def whole(**changes: Any) -> ClockSpec:
    """The 60 days of the law, changed."""
    spec = next(one for one in of_the_law(Case("")).clocks if one.name == "whole")
    return attrs.evolve(spec, **changes)


IDLE = WorkingCalendar("Asia/Shanghai", {"mon": [("09:00", "17:00")]})


def subject(plugin: object, **how: Any) -> Subject:
    localities = Localities()
    localities.register(OTHER, Neighbour())
    localities.register(COUNTY, plugin)
    return Subject(localities, COUNTY, **how)


def broken(law: str, plugin: object, **how: Any) -> list[Failure]:
    return looked_at(law, subject(plugin, **how))


def looked_at(law: str, locality: Subject) -> list[Failure]:
    try:
        (LAWS[law].ahead or id)(locality)
        return list(LAWS[law].check(locality))
    finally:
        locality.dismiss()


class Promises(County):
    def __init__(self, *promised: object) -> None:
        self.given = promised

    @hookimpl
    def governflow_examples(self) -> Any:
        return list(self.given)


SAID = "公告 2026-01-05"
