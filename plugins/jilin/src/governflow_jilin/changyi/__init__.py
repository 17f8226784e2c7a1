"""Changyi District (昌邑区, 220202): the council on small stools (“小板凳”议事会).

Collect, confer, carry out, answer (收集—协商—落实—反馈): residents and their community's grid worker sit together, what
can be settled is settled on the spot, and the rest is answered at the next meeting. The date is promised when they
confer: ``confer(until=...)`` is a clock. Where nobody names one, a month is taken for it, which is an illustration.
"""

from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from importlib.resources.abc import Traversable

from governflow.plugin import (
    DUTY,
    SAME,
    Action,
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
    Move,
    OrgChart,
    Route,
    Ruling,
    Table,
    Text,
    hookimpl,
    tables,
)
from governflow_jilin.chart import ZONE, chart

_CODE = "220202"

#: The council answers at its next meeting: that takes the place of the city's clocks for carrying out and answering.
_COUNCIL = Deadlines(
    (
        ClockSpec(
            "meeting",
            Text("next meeting", "下次议事会"),
            Allowance.parse("30cd"),
            frozenset({"confer"}),
            frozenset({"inform", "answer"}),
            (DUTY,),
            "changyi/meeting",
            Text("what is not settled on the spot is answered at the next meeting", "未能当场处理的，下次会上反馈"),
        ),
    ),
    drop=("resolve", "answer"),
)


@hookimpl
def governflow_locality() -> Locality:
    """Changyi District."""
    return Locality(_CODE, "昌邑区", "Changyi District")


@hookimpl
def governflow_terms() -> dict[str, Text]:
    """The council's word for conferring beside the city's, and its clock."""
    return {"confer": Text("confer", "会商·协商"), "meeting": Text("next meeting", "下次议事会")}


@hookimpl
def governflow_units() -> OrgChart:
    """The city's chart, Changyi's own units first."""
    return chart(_CODE)


@hookimpl
def governflow_tables() -> Mapping[str, Table | Catalogue]:
    """What is brought before the council."""
    return tables(files(__package__) / "tables")


@hookimpl
def governflow_lifecycles(base: Lifecycle) -> dict[str, Lifecycle]:
    """The council: whoever promised an answer keeps the case, and calls others in instead of passing it on."""
    council = base.derive(
        "council",
        actions=[
            Action("report", "reported", Text("collect", "收集")),
            Action("confer", "conferred", Text("confer", "协商")),
        ],
        forbid=[(state, "transfer") for state in ("conferring", "handling")],
        # The next meeting may find that it takes one more.
        add=[Move("confer", ("conferring",), SAME)],
    )
    return {"council": council}


@hookimpl
def governflow_deadlines(case: Case) -> Deadlines | None:
    """Before a council, the next meeting is the deadline."""
    return _COUNCIL if case.lifecycle == "council" else None


@hookimpl
def governflow_route(case: Case, context: Context) -> Ruling[Route] | None:
    """Leave with the community what came before its council."""
    community = context.units.at(case.place, "community") if case.lifecycle == "council" else None
    if community is None:
        return None
    return Ruling(
        Route(community.id, Form.DIRECT),
        Text("what its council heard stays with the community", "议事会收集的事项由本社区直办"),
        "changyi/council",
    )


@hookimpl
def governflow_examples() -> Traversable:
    """What comes before the council, and what does not, as worked examples."""
    return files(__package__) / "examples.csv"


@hookimpl
def governflow_demo() -> Demo:
    """A made-up fortnight of the council."""
    return Demo(
        files(__package__) / "demo.csv",
        datetime(2025, 6, 18, 18, tzinfo=ZONE),
        Text(
            "Changyi: the council on small stools settles on the spot, or promises an answer for its next meeting",
            "昌邑区：“小板凳”议事会收集—协商—落实—反馈，当场处理，或承诺下次会上反馈",
        ),
        shown="议事-02",
    )
