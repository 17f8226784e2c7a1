"""Xianlin Subdistrict, Nanjing (南京市栖霞区仙林街道): the four-step method; nothing ends until it stays settled.

Most of the policy is data: ``units.csv``, ``tables/``, ``duties.csv``, ``informants.csv``. What a table cannot say is
here: the lifecycle that closes no case before the revisit (回头看), its clock, the grids below the communities, the
street's own ladder, and the supervising team that sees and urges. Source: the subdistrict's entry to a collection of
cases on party building and livelihood (民生网, 2021-04-14).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from zoneinfo import ZoneInfo

from governflow.plugin import (
    DUTY,
    Actor,
    Allowance,
    Allowed,
    Breach,
    Case,
    CaseReader,
    Catalogue,
    ClockSpec,
    Context,
    Deadlines,
    Demo,
    Escalation,
    Form,
    Lifecycle,
    Locality,
    OrgChart,
    Refused,
    Route,
    Ruling,
    Severity,
    Table,
    Text,
    digest,
    hookimpl,
    roles,
    tables,
)
from governflow_xianlin.chart import chart
from governflow_xianlin.ladder import climb
from governflow_xianlin.zeros import CODE, four_zeros

_HERE = files(__package__)

#: How far the demo is followed, in the street's wall time.
UNTIL = datetime.fromisoformat("2026-04-01T12:00:00")

_LOCALITY = Locality(CODE, "仙林街道", "Xianlin Subdistrict", parent="320113")

#: The four steps (四步法) are names over the core: collect, settle or confer, revisit; the fourth is the digests.
_TERMS = {
    "report": Text("collect", "采集"),
    "reported": Text("collected", "已采集"),
    "resolve": Text("settle", "处理"),
    "resolved": Text("settled", "已处理"),
    "confer": Text("confer at the street", "街道会办"),
    "conferring": Text("before the street's conference", "会办中"),
    "evaluated": Text("evaluated, to be revisited", "已评价待回访"),
}

#: Counted from the answer: an unsatisfied verdict ends it with the cycle, and a lapsed one does not put it off.
_REVISIT = ClockSpec(
    "revisit",
    Text("revisit", "回头看"),
    Allowance.parse("7d"),
    frozenset({"answer"}),
    frozenset({"revisit"}),
    (DUTY,),
    "four-steps/revisit",
    Text("revisited within 7 days of the answer (illustration)", "反馈后7天内上门回头看（示例）"),
)
_DEADLINES = Deadlines((_REVISIT,))

_WITH_THE_GRID = Text(
    "the grid settles it on the spot, the office tied to its community is responsible with it",
    "网格当场处理，捆绑所在一级网格的服务办公室共同负责",
)


@hookimpl
def governflow_locality() -> Locality:
    """Xianlin Subdistrict, below Qixia District."""
    return _LOCALITY


@hookimpl
def governflow_terms() -> Mapping[str, Text]:
    """The four steps as labels."""
    return _TERMS


@hookimpl
def governflow_units() -> OrgChart:
    """Three levels of grids, ten offices, the street, its leaders, and whoever is above."""
    return chart()


@hookimpl
def governflow_tables() -> Mapping[str, Table | Catalogue]:
    """The catalogue, the route and the deadlines."""
    return tables(_HERE / "tables")


@hookimpl
def governflow_lifecycles(base: Lifecycle) -> Mapping[str, Lifecycle]:
    """No case is closed from its evaluation: only a revisit closes it, or opens it again (回头看)."""
    return {"everyday": base.derive("everyday", forbid=[("evaluated", "close")])}


@hookimpl
def governflow_route(case: Case, context: Context) -> Ruling[Route] | None:
    """A general matter goes to the level-2 grid that its place names; the table answers where it names none."""
    grid = context.units.at(case.place, "grid")
    if grid is None or case.severity is not Severity.GENERAL:
        return None
    office = context.units.at(grid.id, "office")
    assist = (office.id,) if office is not None else ()
    return Ruling(Route(grid.id, Form.DIRECT, assist), _WITH_THE_GRID, "route/grid")


@hookimpl
def governflow_deadlines() -> Deadlines:
    """The clock of the revisit."""
    return _DEADLINES


@hookimpl
def governflow_escalate(case: Case, cause: Breach, context: Context) -> Ruling[Escalation] | None:
    """The street's own ladder: its leaders before the district."""
    return climb(case, cause, context)


_watchers = roles.only("urge")


@hookimpl
def governflow_authorise(actor: Actor | None, action: str, case: Case, context: Context) -> Allowed | Refused | None:
    """The supervising team (“盯得紧”督导考核队) sees and urges, and does nothing else."""
    return _watchers(actor, action, case, context)


@hookimpl
def governflow_examples() -> Traversable:
    """Grids and their offices, the street's conference and the revisit, as worked examples."""
    return _HERE / "examples.csv"


@hookimpl
def governflow_demo() -> Demo:
    """Some days in the grids: settled on the spot, before the street's conference, and one that came back."""
    return Demo(
        _HERE / "demo.csv",
        UNTIL,
        Text(
            "Some days in Xianlin's grids (made-up data): no case is closed before the revisit, and one comes back.",
            "仙林街道网格数日（演示数据）：未经“回头看”不归档，其中一件复发重办。",
        ),
        shown="XL03",
        after=_looked_over,
    )


def _looked_over(engine: CaseReader) -> Sequence[Text]:
    """The fourth step: what the week's digest spots early, and whether anything went above the street."""
    until = UNTIL.replace(tzinfo=ZoneInfo(_LOCALITY.zone))
    week = digest(engine, CODE, period="week", until=until)
    early = [
        Text(
            f"spotted early: {issue.item}, {issue.cases} this week and none before",
            f"苗头性问题：{issue.item}，本周 {issue.cases} 件，此前没有",
        )
        for issue in week.emerging
    ]
    return [*early, *four_zeros(engine, until - timedelta(days=31), until).lines()]
