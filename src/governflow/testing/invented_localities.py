"""Lawful localities that nobody has seen yet, drawn by Hypothesis, for tools that take any locality (虚构地方)."""

from collections.abc import Callable, Mapping

import attrs
from hypothesis import strategies as st

from governflow.model.case import Case
from governflow.model.lifecycle import Lifecycle
from governflow.model.terms import Form, Tier, Urgency
from governflow.model.units import OrgChart, Unit
from governflow.policy.hookspecs import Locality, Ruling, hookimpl
from governflow.policy.registry import Localities
from governflow.policy.stack import Policy
from governflow.tables import Catalogue, Table
from governflow.text import Text

#: A code under the national statutes, and one under the defaults alone.
_CODES = ("990101", "harbour")
_ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York")
_ITEMS = ("streetlight", "路灯不亮", "pothole", "噪音扰民")
_RAISED = Ruling(Tier.ONE, Text("an emergency goes to the top at once", "特急事项直报区级"), "tier/at-once")


@attrs.frozen(eq=False, repr=False)
class Invented:
    """The plugin of an invented locality."""

    code: str
    zone: str
    units: OrgChart
    tables: Mapping[str, Table | Catalogue]
    #: Whether no case is closed before somebody has gone back to look.
    revisits: bool
    #: Whether a hook gives emergencies the highest tier.
    raises: bool

    def __repr__(self) -> str:
        tables = {name: table.as_json() for name, table in self.tables.items()}
        return f"Invented({self.code}, {self.zone}, {list(self.units.units)}, {tables}, {self.revisits}, {self.raises})"

    @hookimpl
    def governflow_locality(self) -> Locality:
        """An invented place."""
        return Locality(self.code, "虚构县", "Invented County", zone=self.zone)

    @hookimpl
    def governflow_units(self) -> OrgChart:
        """Its chart."""
        return self.units

    @hookimpl
    def governflow_tables(self) -> Mapping[str, Table | Catalogue]:
        """Its tables."""
        return self.tables

    @hookimpl
    def governflow_lifecycles(self, base: Lifecycle) -> Mapping[str, Lifecycle]:
        """The everyday lifecycle, perhaps with a revisit that nobody skips."""
        return {"everyday": base.derive("everyday", forbid=[("evaluated", "close")])} if self.revisits else {}

    @hookimpl
    def governflow_tier(self, case: Case) -> Ruling[Tier] | None:
        """Perhaps emergencies go to the top."""
        return _RAISED if self.raises and case.urgency is Urgency.EMERGENCY else None


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Return a Hypothesis strategy of lawful invented localities: chart, tables, zone, lifecycle, sometimes a hook.

    Returns:
        Policies; `registered` gives the localities to which tools look them up.
    """
    code, zone, units = draw(st.sampled_from(_CODES)), draw(st.sampled_from(_ZONES)), draw(_charts())
    kinds: Mapping[str, Callable[[st.DrawFn, OrgChart], Table | Catalogue]] = {
        "catalogue": _catalogue,
        "tier": _tiers,
        "route": _routes,
        "deadlines": _deadlines,
    }
    tables = {name: table(draw, units) for name, table in kinds.items() if draw(st.booleans())}
    plugin = Invented(code, zone, units, tables, revisits=draw(st.booleans()), raises=draw(st.booleans()))
    localities = Localities()
    localities.register(code, plugin)
    return localities.policy(code)


@st.composite
def _charts(draw: st.DrawFn) -> OrgChart:
    """Draw a chart in which every form has a unit: villages below towns, departments, the leaders on top."""
    towns, villages, departments = (draw(st.integers(1, most)) for most in (2, 3, 3))
    units = [
        Unit("intake", Text("intake", "受理平台"), 0, "leaders"),
        Unit("leaders", Text("leaders", "县领导"), 6, None, (Form.STUDY,)),
        Unit("joint", Text("departments jointly", "联办"), 5, "leaders", (Form.JOINT,)),
    ]
    for number in range(departments):
        name = Text(f"Department {number}", f"第{number}局")
        units.append(Unit(f"department-{number}", name, 4, "joint", (Form.LEAD,), kind="department"))
    for number in range(towns):
        name = Text(f"Town {number}", f"第{number}镇")
        units.append(Unit(f"town-{number}", name, 3, "joint", (Form.VERIFY, Form.ASSIST), kind="town"))
        for place in range(villages):
            name = Text(f"Village {number}.{place}", f"{number}镇{place}村")
            roles = frozenset({"post"}) if draw(st.booleans()) else frozenset()
            units.append(Unit(f"village-{number}-{place}", name, 2, f"town-{number}", (Form.DIRECT,), roles, "village"))
    return OrgChart.of(units)


def _table(name: str, *lines: str) -> Table:
    return Table.read((f"{name}.csv", "\n".join(lines).encode()), name=name)


def _catalogue(draw: st.DrawFn, units: OrgChart) -> Catalogue:
    leads = [unit.id for unit in units.of_kind("department")]
    listed = draw(st.lists(st.sampled_from(_ITEMS), min_size=1, unique=True))
    rows = [f"{item},{draw(st.sampled_from(['order', 'service']))},{draw(st.sampled_from(leads))}" for item in listed]
    return Catalogue.read(("catalogue.csv", "\n".join(["item,domain,lead", *rows]).encode()))


def _tiers(draw: st.DrawFn, units: OrgChart) -> Table:
    """Draw tiers by severity and by how many people it concerns: nothing left out, nothing said twice."""
    rows = []
    for severity in ("general", "complex", "major"):
        bound = draw(st.integers(1, 50))
        few, many = (draw(st.sampled_from(["1", "2", "3"])) for _ in range(2))
        rows += [f"{severity[0]}1,{severity},<{bound},{few}", f"{severity[0]}2,{severity},>={bound},{many}"]
    return _table("tier", "hit policy,unique,,", "rule,severity,people,tier", "domain,,0..100; default 0,", *rows)


def _routes(draw: st.DrawFn, units: OrgChart) -> Table:
    department = draw(st.sampled_from([unit.id for unit in units.of_kind("department")]))
    return _table(
        "route",
        "rule,tier,lead,form",
        f"R1,1,{department},lead",
        f"R2,2,{draw(st.sampled_from(['@town', 'town-0']))},verify",
        f"R3,3,{draw(st.sampled_from(['@village', 'village-0-0']))},direct",
    )


def _deadlines(draw: st.DrawFn, units: OrgChart) -> Table:
    """Draw allowances that grow shorter as cases grow more urgent."""
    unit = draw(st.sampled_from(["h", "wd", "cd", "d"]))
    rows = []
    for severity in ("general", "complex", "major"):
        spans = sorted(draw(st.lists(st.integers(1, 15), min_size=3, max_size=3)), reverse=True)
        rows += [
            f"{severity[0]}{number},{severity},{urgency},30min,{span}{unit}"
            for number, (urgency, span) in enumerate(zip(("normal", "urgent", "emergency"), spans, strict=True))
        ]
    return _table("deadlines", "rule,severity,urgency,dispatch,resolve", *rows)
