"""What a command may be given for rules: a table's file, a folder of tables, a locality's code, a kept rule set."""

import importlib.util
import os
import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from importlib.metadata import EntryPoint
from pathlib import Path

import attrs

from governflow.engine.engine import Engine
from governflow.engine.explain import CATALOGUE, Archive, remade
from governflow.errors import CommandError, PolicyError, TableError, UnsoundLifecycle, described
from governflow.policy.builtin.defaults import ROOT
from governflow.policy.discovery import GROUP
from governflow.policy.files import tables
from governflow.policy.hookspecs import hookimpl
from governflow.policy.registry import Localities, prefixes, said
from governflow.policy.stack import Policy
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
    policy: Policy
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


def is_plugin(what: str) -> bool:
    """Return whether a person means a plugin that need not be installed: a project's folder, or a ``.py`` file."""
    path = Path(what)
    return path.suffix == ".py" or (path / "pyproject.toml").is_file()


def is_rule_set(what: str) -> bool:
    """Return whether this is the hash of a rule set."""
    return _HASH.fullmatch(what) is not None


def of_files(what: str, name: str | None) -> Rules:
    """Read a table's file, or a folder of them.

    Args:
        what: The path.
        name: The question that a file answers; the file's own name by default.

    Raises:
        CommandError: If there is nothing at the path.
        PolicyError: If a table cannot be used; every fault is named.
    """
    path = Path(what)
    if not path.exists():
        raise CommandError(f"there is no file {what}", f"没有文件 {what}")
    if path.is_dir():
        try:
            found: Mapping[str, AnyTable] = tables(path)
        except PolicyError as fault:
            raise PolicyError.listing(fault.text, list(_one_by_one(path)) or fault.faults) from None
        if not found:
            raise CommandError(f"{what} holds no tables (.csv, .xlsx)", f"{what} 中没有表格（.csv、.xlsx）")
    else:
        name = name or path.stem
        found = {name: _read(path, name)}
    return Rules(
        Text(path.name, path.name), [("", found)], Localities().policy(ROOT), alone=True, single=path.is_file()
    )


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
    if not localities.known(code) and len(list(prefixes(code))) < 2:
        raise CommandError(
            f"{code!r} is neither a file nor a locality: give a path, or a code that `governflow localities` lists",
            f"“{code}”既不是文件，也不是地方代码：请给出路径，或 governflow localities 列出的代码",
        )
    policy = localities.policy(code)
    known = policy.locality
    if known.code == code:
        title = Text(f"{known.name_en} ({code})", f"{known.name}（{code}）")
    else:
        title = Text(f"{code} (rules of {known.name_en}, {known.code})", f"{code}（适用{known.name} {known.code}）")
    deciding = {hook: sources for hook in DECIDING if (sources := tuple(source for source, _, _ in policy.impls(hook)))}
    return Rules(title, policy.tables, policy, code=deciding)


def of_store(rules: str, store: Path, policy: Policy) -> Rules | None:
    """Return a rule set as a store has kept it.

    Args:
        rules: Its hash.
        store: The SQLite file.
        policy: Knows the names; the rule set has none.
    """
    with Engine.open(store, must_exist=True, deliver=False) as engine:
        layers = Archive(engine.store.rule_set).layers(rules)
    if layers is None:
        return None
    made = [
        (source, {name: table for name, one in kept.items() if (table := remade(name, one)) is not None})
        for source, kept in layers
    ]
    return Rules(Text(f"rule set {rules}", f"规则集 {rules}"), made, policy, code=None)


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
    if is_rule_set(what):
        kept = of_store(what, store, Localities().policy(ROOT)) if store is not None else None
        if kept is None:
            where = str(store) if store is not None else None
            raise CommandError(
                f"{where} has kept no rule set {what}" if where else f"say where rule set {what} is kept: --store FILE",
                f"{where} 中没有规则集 {what}" if where else f"请用 --store 指明保存规则集 {what} 的数据文件",
            )
        return kept
    return of_code(what)


def faults_of(fault: PolicyError) -> tuple[Text, ...]:
    """Return every fault of rules as a sentence of its own."""
    return fault.faults or (fault.text,)


# --- plugins that need not be installed ------------------------------------------------------------------------------


def found(what: str) -> tuple[Localities, Sequence[str]]:
    """Find the localities that a person means.

    Args:
        what: A code; a folder with a ``pyproject.toml`` whose entry points name the plugins; or a ``.py`` file with
            hooks. What is found by its path is registered in this process and comes before what is installed.

    Returns:
        Where they are registered, and their codes, the most specific first.

    Raises:
        CommandError: If it is none of these.
        PolicyError: If a plugin cannot be imported.
    """
    localities = Localities()
    path = Path(what)
    if path.suffix == ".py":
        if not path.is_file():
            raise CommandError(f"there is no file {what}", f"没有文件 {what}")
        plugins = {"": _file(path)}
    elif (path / "pyproject.toml").is_file():
        plugins = _folder(path)
    elif not localities.known(what) and len(list(prefixes(what))) < 2:
        raise CommandError(
            f"{what!r} is neither a locality nor a plugin: give a code that `governflow localities` lists, "
            "a folder with a pyproject.toml, or a .py file",
            f"“{what}”既不是地方代码，也不是插件：请给出 governflow localities 列出的代码、"
            "含 pyproject.toml 的目录或 .py 文件",
        )
    else:
        return localities, (what,)
    codes = []
    for named, plugin in plugins.items():
        code = named or _speaks_for(plugin, path)
        localities.register(code, plugin)
        codes.append(code)
    # A county before its city, a village before its county: whoever checks a folder means its nearest rules.
    return localities, sorted(codes, key=lambda code: -len(code.rstrip("0")))


def _folder(folder: Path) -> dict[str, object]:
    """Import the plugins of a distribution that is not installed."""
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    except ValueError as fault:  # no TOML, or no UTF-8
        raise CommandError(
            f"{folder / 'pyproject.toml'} cannot be read: {fault}", f"{folder / 'pyproject.toml'} 无法读取：{fault}"
        ) from None
    points = project.get("project", {}).get("entry-points", {}).get(GROUP, {})
    if not isinstance(points, Mapping) or not points:
        raise CommandError(
            f"{folder} speaks for no locality: its pyproject.toml has no [project.entry-points.{GROUP}]",
            f"{folder} 未登记地方：pyproject.toml 缺少 [project.entry-points.{GROUP}]",
        )
    home = folder / "src" if (folder / "src").is_dir() else folder
    _importable(home)
    plugins = {code: _imported(value, EntryPoint(code, value, GROUP).load) for code, value in points.items()}
    for value in points.values():
        _require_own(str(value).partition(":")[0].strip(), home.resolve())
    return plugins


def _require_own(module: str, home: Path) -> None:
    """Refuse a package of the same name that lies elsewhere: it would be looked at instead, and nobody would know.

    Raises:
        PolicyError: If the module was imported from another place.
    """
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is not None and home not in Path(file).resolve().parents:
        raise PolicyError(
            f"{module} was imported from {file}, not from {home}: the package has to lie there",
            f"{module} 导入自 {file}，而非 {home}：插件包应位于该目录",
        )


def _file(path: Path) -> object:
    """Import a plugin that is one file, under a name that nothing else has.

    Its own name may be that of another module: of Python's ``calendar``, or of another county's ``county.py``.
    """
    _importable(path.parent)
    path = path.resolve()
    name = f"{path.stem}_{sha256(os.fsencode(path)).hexdigest()[:16]}"

    def load() -> object:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None  # noqa: PT018 - a .py file always has them
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]  # half a module is none
            raise
        return module

    return _imported(path.name, load)


def _importable(folder: Path) -> None:
    home = str(folder.resolve())
    if home not in sys.path:
        sys.path.insert(0, home)


def _imported(name: str, load: Callable[[], object]) -> object:
    """Import a plugin; one that builds an unsound lifecycle is a plugin all the same, and breaks that law."""
    try:
        return load()
    except UnsoundLifecycle as fault:
        return _Unsound(fault)
    except Exception as fault:
        what = described(fault)
        raise PolicyError(f"{name} cannot be imported: {what}", f"{name} 无法导入：{what}") from fault


class _Unsound:
    """Stands for a plugin that got no further than its lifecycle."""

    def __init__(self, fault: UnsoundLifecycle) -> None:
        self.fault = fault

    @hookimpl
    def governflow_lifecycles(self) -> None:
        raise self.fault


def _speaks_for(plugin: object, path: Path) -> str:
    says = getattr(plugin, "governflow_locality", None)
    if isinstance(plugin, _Unsound):
        return path.stem
    if says is None:
        raise CommandError(
            f"{path} does not say whom it speaks for: it has no governflow_locality",
            f"{path} 未说明代表哪个地方：缺少 governflow_locality",
        )
    try:
        return str(says().code)
    except Exception as fault:
        what = described(fault)
        raise PolicyError(f"governflow_locality raised {what}", f"governflow_locality 出错：{what}") from fault


def one_of(codes: Sequence[str], wanted: str | None, what: str) -> Sequence[str]:
    """Pick one of several localities, or all of them.

    Args:
        codes: What there is.
        wanted: The code of one of them; None for all.
        what: Where they come from, as it was typed.

    Raises:
        CommandError: If the wanted one is not among them.
    """
    if wanted is None:
        return codes
    if wanted not in codes:
        raise CommandError(
            f"{what} does not speak for {wanted}; it speaks for {', '.join(codes)}",
            f"{what} 中没有 {wanted}；现有：{'、'.join(codes)}",
        )
    return [wanted]
