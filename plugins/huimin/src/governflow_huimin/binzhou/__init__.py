"""Binzhou City, Shandong (山东省滨州市, 371600): its regulation on grid services, in force since 1 October 2021.

滨州市社会治理网格化服务管理条例. What a program can keep of it:

* art. 10: the list of items is published: ``tables/catalogue.csv``, below each county's own;
* art. 11: a unit whose duty a case is not says so promptly; after that it keeps the case. The article gives no figure:
  the two hours are an illustration;
* art. 11: the result is told to whoever asked: the ``answer`` clock of the defaults;
* art. 13: access is graded: liaison members and volunteers help a grid worker (art. 7), and do no more;
* art. 14: an electronic file of the whole course: the dossier that every case has.

No org chart: each county has its own.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from governflow.plugin import (
    LAPSES,
    STATUTE,
    Actor,
    Allowance,
    Case,
    Catalogue,
    ClockSpec,
    Context,
    Deadlines,
    Locality,
    Outcome,
    Refused,
    Table,
    Text,
    hookimpl,
    tables,
)

CODE = "371600"


@cache
def _tables() -> Mapping[str, Table | Catalogue]:
    return tables(files(__package__) / "tables")


#: How long a unit may say that a case is not its duty.
EXPLAIN = ClockSpec(
    "explain",
    Text("say that it is not one's duty", "职责说明"),
    Allowance.parse("2h"),
    frozenset({"dispatch"}),
    frozenset({"return", "arrive", "confer", "begin", "resolve"}),
    (LAPSES, STATUTE),
    "binzhou/11",
    Text("a unit whose duty it is not says so promptly (art. 11)", "不属于本单位职责的应及时说明（条例第十一条）"),
)
_DEADLINES = Deadlines((EXPLAIN,))

#: What those may do who help a grid worker.
HELPING = frozenset(
    {"report", "claim", "arrive", "begin", "resolve", "answer", "inform", "note", "return", "check_in", "appeal"}
)
_TOO_LATE = Refused(
    Text(
        "that it is another's duty had to be said promptly (Binzhou regulation, art. 11): handle it, or have it "
        "transferred by the platform",
        "不属于本单位职责的应当及时说明（滨州市网格化条例第十一条），现已逾期：请办理，或由平台转办",
    ),
    "binzhou/11",
)
_HELPS_ONLY = Refused(
    Text(
        "access is graded (Binzhou regulation, art. 13): a liaison member helps the grid worker; ask the village",
        "分级准入授权（滨州市网格化条例第十三条）：联户党员、志愿者只协助网格员办理，该操作请由村社区进行",
    ),
    "binzhou/13",
)


@hookimpl
def governflow_locality() -> Locality:
    """Binzhou City."""
    return Locality(CODE, "滨州市", "Binzhou City")


@hookimpl
def governflow_terms() -> Mapping[str, Text]:
    """The name of the regulation's clock."""
    return {EXPLAIN.name: EXPLAIN.text}


@hookimpl
def governflow_tables() -> Mapping[str, Table | Catalogue]:
    """The published list of items (art. 10)."""
    return _tables()


@hookimpl
def governflow_deadlines(case: Case) -> Deadlines:
    """The time in which a unit says that a case is not its duty (art. 11)."""
    return _DEADLINES


@hookimpl
def governflow_authorise(actor: Actor | None, action: str, case: Case, context: Context) -> Refused | None:
    """Refuse a late return (art. 11), and what goes beyond helping to those who help (art. 13)."""
    if action == "return":
        explain = case.clocks.get(EXPLAIN.name)
        if explain is not None and explain.outcome is Outcome.LAPSED:
            return _TOO_LATE
    if actor is None or actor.unit is None or action in HELPING:
        return None
    unit = context.units.units.get(actor.unit)
    return _HELPS_ONLY if unit is not None and "liaison" in unit.roles else None


@hookimpl
def governflow_examples() -> Traversable:
    """What the regulation lists, and its clocks, as worked examples."""
    return files(__package__) / "examples.csv"
