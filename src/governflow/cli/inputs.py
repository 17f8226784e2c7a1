"""What a command may be given: rules by a file, a folder, a code or a hash; a time as a clerk writes it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import attrs

from governflow.engine.engine import Engine
from governflow.engine.explain import CATALOGUE, KeptRules
from governflow.errors import CommandError, PolicyError, TableError, require
from governflow.journal.cells import LocalTimes
from governflow.normalize import ValueFault
from governflow.policy.codes import ROOT, prefixes, said
from governflow.policy.files import tables
from governflow.policy.hookspecs import LocalRules
from governflow.policy.registry import Localities
from governflow.tables import Catalogue, Table
from governflow.text import Text

AnyTable = Table | Catalogue

_FILES = (".csv", ".xlsx")
_HASH = re.compile(r"[0-9a-f]{16}")
#: Hooks with which code decides something; what a plugin merely declares is no decision.
DECIDING: Mapping[str, Text] = {
    "governflow_assess": Text("severity and urgency", "定级"),
    "governflow_tier": Text("tier", "分级"),
    "governflow_route": Text("route", "派单去向"),
    "governflow_deadlines": Text("deadlines", "时限"),
    "governflow_calendar": Text("calendar", "工作日历"),
    "governflow_lifecycles": Text("lifecycles", "办理流程"),
    "governflow_escalate": Text("escalation", "升级"),
    "governflow_authorise": Text("who may do what", "权限"),
    "governflow_merits": Text("merits", "积分"),
}


@attrs.frozen
class Rules:
    """The tables of something that a person named.

    Args:
        title: What it is called.
        layers: The tables by layer, most specific first; one layer "" for files.
        policy: Knows the names of what the tables speak of.
        alone: Whether these are files, which stand for no layer in particular.
        single: Whether it is one file, which stands for one table.
        code: What is decided in code beside the tables, by hook, most specific layer first; None where nobody knows.
    """

    title: Text
    layers: Sequence[tuple[str, Mapping[str, AnyTable]]]
    policy: LocalRules
    alone: bool = False
    single: bool = False
    code: Mapping[str, tuple[str, ...]] | None = attrs.field(factory=dict)


def borrowed(localities: Localities, code: str) -> Text | None:
    """Say whose rules a code without any of its own takes; None for one that has its own."""
    nearest = localities.nearest(code)
    if nearest == code:
        return None
    return Text(
        f"nobody registered {code}: the rules of {said(nearest).en} apply",
        f"没有登记 {code} 的规则：适用 {said(nearest).zh} 的规则",
    )


def is_file(what: str) -> bool:
    """Return whether a person means a file or a folder: a bare code is a code, whatever lies around."""
    path = Path(what)
    if path.suffix.lower() in _FILES or len(path.parts) > 1:
        return True
    return path.exists() and not what.isdigit() and not Localities().known(what)


def is_rule_set(what: str) -> bool:
    """Return whether this is the hash of a rule set."""
    return _HASH.fullmatch(what) is not None


def of_files(what: str, name: str | None) -> Rules:
    """Read a table's file, or a folder of them; a file answers the question of its own name unless another is given.

    Raises:
        CommandError: If there is nothing at the path.
        PolicyError: If a table cannot be used; every fault is named.
    """
    path = Path(what)
    title, policy = Text(path.name, path.name), Localities().policy(ROOT)
    require(path.exists(), f"there is no file {what}", f"没有文件 {what}")
    if path.is_file():
        name = name or path.stem
        return Rules(title, [("", {name: _read(path, name)})], policy, alone=True, single=True)
    try:
        found = tables(path)
    except PolicyError as fault:
        raise PolicyError.listing(fault.text, list(_one_by_one(path)) or fault.faults) from None
    require(found, f"{what} holds no tables (.csv, .xlsx)", f"{what} 中没有表格（.csv、.xlsx）")
    return Rules(title, [("", found)], policy, alone=True)


def _read(path: Path, name: str) -> AnyTable:
    return Catalogue.read(path) if name == CATALOGUE else Table.read(path, name=name)


def _one_by_one(folder: Path) -> Iterator[Text]:
    """Return every fault of a folder's tables as a sentence of its own, with the file that it is in."""
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in _FILES and not path.name.startswith(("~", ".")):
            try:
                _read(path, path.stem)
            except TableError as fault:
                yield from (Text(f"{path.name}, {one.en}", f"{path.name} {one.zh}") for one in fault.faults)


def of_code(code: str) -> Rules:
    """Return the rules of an installed locality, or of its nearest ancestor.

    Raises:
        CommandError: If that is no code, and no file either.
        PolicyError: If its rules cannot be loaded; every fault is named.
    """
    localities = Localities()
    require(
        localities.known(code) or len(list(prefixes(code))) > 1,
        f"{code!r} is neither a file nor a locality: give a path, or a code that `governflow localities` lists",
        f"“{code}”既不是文件，也不是地方代码：请给出路径，或 governflow localities 列出的代码",
    )
    policy = localities.policy(code)
    known = policy.locality
    title = Text(f"{known.name_en} ({code})", f"{known.name}（{code}）")
    if known.code != code:
        title = Text(f"{code} (rules of {known.name_en}, {known.code})", f"{code}（适用{known.name} {known.code}）")
    deciding = {hook: sources for hook in DECIDING if (sources := tuple(source for source, _, _ in policy.impls(hook)))}
    return Rules(title, policy.tables, policy, code=deciding)


def of_store(rules: str, store: Path) -> Rules:
    """Return a rule set by its hash, as a store has kept it: without the names of what its tables speak of.

    Raises:
        CommandError: If the store has kept none of this hash.
    """
    with Engine.open(store, must_exist=True, deliver=False) as engine:
        kept_rules = KeptRules(engine.rule_set)
        require(
            kept_rules.layers(rules) is not None,
            f"{store} has kept no rule set {rules}",
            f"{store} 中没有规则集 {rules}",
        )
        kept = list(kept_rules.tables([rules]))
    return Rules(Text(f"rule set {rules}", f"规则集 {rules}"), kept, Localities().policy(ROOT), code=None)


def named(what: str, *, name: str | None, store: Path | None) -> Rules:
    """Find out what a person means, and read it.

    Args:
        what: A path, a code, or the hash of a rule set.
        name: The question that a file answers.
        store: Where kept rule sets are looked for.

    Raises:
        CommandError: If it is nothing of these.
        PolicyError: If the rules cannot be used.
    """
    if is_file(what):
        return of_files(what, name)
    if not is_rule_set(what):
        return of_code(what)
    if store is None:
        raise CommandError(
            f"say where rule set {what} is kept: --store FILE", f"请用 --store 指明保存规则集 {what} 的数据文件"
        )
    return of_store(what, store)


def read_time(option: str, text: str, zone: ZoneInfo) -> tuple[datetime, bool]:
    """Read a time as journals write it, in the wall time of a locality.

    Args:
        option: The option that it was given with, for the sentence about a fault.
        text: What was typed.
        zone: The zone of a time without an offset.

    Returns:
        The moment in UTC, and whether it was a date without a time: then it is the end of that day.
    """
    try:
        return LocalTimes(zone).read(text.strip())
    except ValueFault as fault:
        raise CommandError(
            f"{option} {text!r}: {fault.reason.en}; allowed: {fault.allowed.en}",
            f"{option} “{text}”：{fault.reason.zh}；应为：{fault.allowed.zh}",
        ) from None
