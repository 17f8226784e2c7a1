"""Plugins named by a path, which need not be installed: found, imported and registered (未安装的插件)."""

import importlib.util
import os
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from importlib.metadata import EntryPoint
from pathlib import Path

import attrs

from governflow.errors import CommandError, PolicyError, UnsoundLifecycle, described
from governflow.policy.codes import prefixes
from governflow.policy.discovery import GROUP
from governflow.policy.hookspecs import hookimpl
from governflow.policy.registry import Localities


def is_plugin(what: str) -> bool:
    """Return whether a path names a plugin that need not be installed: a project's folder, or a ``.py`` file."""
    path = Path(what)
    return path.suffix == ".py" or (path / "pyproject.toml").is_file()


def localities_named(what: str) -> tuple[Localities, Sequence[str]]:
    """Return where the localities that a person means are registered, and their codes, the most specific first.

    Args:
        what: A code; a folder with a ``pyproject.toml`` whose entry points name the plugins; or a ``.py`` file with
            hooks. What is found by its path is registered in this process and comes before what is installed.
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


def one_of(codes: Sequence[str], wanted: str | None, what: str) -> Sequence[str]:
    """Pick the wanted one of several localities, or all of them; `what` is what was typed to name them."""
    if wanted is None:
        return codes
    if wanted not in codes:
        raise CommandError(
            f"{what} does not speak for {wanted}; it speaks for {', '.join(codes)}",
            f"{what} 中没有 {wanted}；现有：{'、'.join(codes)}",
        )
    return [wanted]


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
    """Refuse a package of the same name that lies elsewhere: it would be looked at instead, and nobody would know."""
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


@attrs.frozen
class _Unsound:
    """Stands for a plugin that got no further than its lifecycle."""

    fault: UnsoundLifecycle

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
