"""A county to be checked, and a charter of three laws: what is told does not hang on what the real laws find."""

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from governflow import Text, hookimpl
from governflow.charter import check as charter
from governflow.charter.check import Failure, LawVerdict, Subject, check
from governflow.charter.model import LAWS, Law
from governflow.model.rulings import RuleRef
from governflow.policy.hookspecs import Locality
from governflow.policy.registry import Localities
from governflow.tables import Table

CODE = "990371"
TODAY = date(2026, 3, 2)
SAYS = Text("it holds", "本条成立")
#: The laws as they are.
REAL = dict(charter.laws())

PLUGIN = """
from importlib.resources import files

from governflow.policy.hookspecs import Waiver
from governflow.policy.hookspecs import Locality, hookimpl
from governflow.text import Text


@hookimpl
def governflow_locality():
    return Locality({code!r}, "惠民县", "Huimin County")
"""
TABLES = """

@hookimpl
def governflow_tables():
    return files(__name__) / "tables"
"""
WAIVERS = """

@hookimpl
def governflow_waivers():
    return [Waiver("story/broken", Text("being mended", "正在修改"), "2999-12-31")]
"""
#: A law that fails whatever the rules are.
ENDED = WAIVERS.replace("story/broken", "ruling/unambiguous").replace("2999", "2020")
CONFLICT = """规则,people/人数,事项等级,reason_en,reason_zh,依据
取值,0..100,,,,
T1,<30|none,3,few,人少,细则
T2,>=20,2,many,人多,细则
T3,<10,3,fewer,更少,细则
"""
SOUND = """规则,people/人数,事项等级,reason_en,reason_zh,依据
取值,0..100,,,,
T1,<30|none,3,few,人少,细则
T2,>=30,2,many,人多,细则
"""
GAP = """规则,people/人数,事项等级,reason_en,reason_zh,依据
取值,0..100,,,,
T1,<30|none,3,few,人少,细则
T2,>30,2,many,人多,细则
"""
unique = itertools.count()


def holds(subject: Subject) -> Iterator[Failure]:
    return iter(())


def tried(subject: Subject) -> Iterator[Failure]:
    for _ in range(1234):
        subject.tried()
    return iter(())


def broken(subject: Subject) -> Iterator[Failure]:
    """Every case of more than 20 people fails: the three that are looked at, or the one that is given."""
    cases = (
        [subject.only]
        if subject.only is not None
        else [{"place": "李庄村", "facts": {"people": n}} for n in (5, 25, 35)]
    )
    for case in cases:
        subject.tried()
        if case.get("facts", {}).get("people", 0) > 20:
            yield Failure(
                Text("nobody is responsible <for> this case", "此案无人负责 <甲>"),
                case,
                (Text("tier: two", "事项等级：二级"), Text("route: nobody", "派单：无")),
                RuleRef("tier", "T2", source=f"{subject.code}@0.1.0"),
                Text("name a unit", "请指定单位"),
            )


def the_law(id: str, method: str, finds: Callable[[Subject], Iterator[Failure]]) -> Law:
    return Law(id, Text("everything is attended to", "件件有着落"), SAYS, method, finds)


@contextmanager
def three_laws_only() -> Iterator[dict[str, Law]]:
    """Put a charter of three laws in place: one holds exactly, one after 1,234 examples, one is broken."""
    LAWS.clear()
    LAWS.update(
        {
            "story/exact": the_law("story/exact", "exact", holds),
            "story/tried": the_law("story/tried", "examples", tried),
            "story/broken": the_law("story/broken", "examples", broken),
        }
    )
    try:
        yield LAWS
    finally:
        LAWS.clear()
        LAWS.update(REAL)


def county(**hooks: Callable[..., Any]) -> Localities:
    """A county with some hooks of its own, registered in this process."""
    named = {"governflow_locality": lambda: Locality(CODE, "惠民县", "Huimin County")} | hooks
    localities = Localities()
    localities.register(CODE, SimpleNamespace(**{name: hookimpl(hook) for name, hook in named.items()}))
    return localities


def waived(*waivers: object) -> Localities:
    return county(governflow_waivers=lambda: list(waivers))


def verdicts(localities: Localities, **given: Any) -> dict[str, LawVerdict]:
    return {verdict.law: verdict for verdict in check(localities, CODE, today=TODAY, **given).verdicts}


def tier_table(text: str) -> Table:
    return Table.read(("tier.csv", text.encode()), name="tier")


REASON = Text("being mended", "正在修改")


def write_distribution(home: Path, source: str = PLUGIN, *, tier: str = "", codes: tuple[str, ...] = (CODE,)) -> Path:
    """Write a distribution that is not installed."""
    name = f"checked_{os.getpid()}_{next(unique)}"
    folder = home / name
    package = folder / "src" / name
    (package / "tables").mkdir(parents=True)
    points = ""
    for number, code in enumerate(codes):
        module = f"part_{number}"
        points += f'"{code}" = "{name}.{module}"\n'
        (package / f"{module}.py").write_text(
            source.format(code=code) + (TABLES.replace("__name__", repr(name)) if tier else ""), encoding="utf-8"
        )
    (package / "__init__.py").touch()
    if tier:
        (package / "tables" / "tier.csv").write_text(tier, encoding="utf-8")
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "{name}"\nversion = "0.1.0"\n\n[project.entry-points.governflow]\n{points}'
    )
    return folder
