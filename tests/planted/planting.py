"""Faults as a newcomer makes them: edits of a plugin's real files, in a copy under a name of its own (病灶植入).

A `Fault` is data. `planted` copies the plugin's package, makes the edits as in an editor, imports the copy and
registers it for all the codes of its distribution: a county stands on the copy of its city.
"""

import importlib
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import attrs

from governflow.charter.check import LawVerdict, check
from governflow.errors import PolicyError
from governflow.policy.registry import Localities

PLUGINS = Path(__file__).parents[2] / "plugins"

#: Stands for a law: rules so wrong that they are not loaded at all, with every fault on a line of its own.
REFUSED = "refused"
_BROKE_OFF = "the check of this law broke off"


@attrs.frozen
class Edit:
    """One edit of one file.

    Args:
        file: The file, from the package's own folder.
        old: What is there, exactly once; empty to write at the end of the file, which is made if it is not there.
        new: What is written in its place.
    """

    file: str
    old: str
    new: str


@attrs.frozen
class Fault:
    """One thing that somebody breaks.

    Args:
        id: The plugin's folder and a name: ``huimin/gap-in-the-tiers``.
        sort: What kind of fault it is: a key of `faults.SORTS`.
        law: The law that it breaks, or `REFUSED`.
        edits: What is edited.
        code: The locality to check; that of the plugin itself by default.
        names: What the failure's story has to point at: a rule or a hook; empty where nobody can know.
    """

    id: str
    sort: str
    law: str
    edits: tuple[Edit, ...]
    code: str = ""
    names: str = ""

    @property
    def plugin(self) -> str:
        """The folder of the plugin that is broken."""
        return self.id.partition("/")[0]


@attrs.frozen
class Distribution:
    """A plugin as it lies in the repository.

    Args:
        package: Its package.
        home: The package's folder.
        modules: The module of each code that it speaks for, its own code first.
    """

    package: str
    home: Path
    modules: Mapping[str, str]

    @property
    def code(self) -> str:
        """Its own code."""
        return next(iter(self.modules))


@cache
def distribution(plugin: str) -> Distribution:
    """Read which package a plugin has, and which codes it speaks for."""
    folder = PLUGINS / plugin
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    modules = project["entry-points"]["governflow"]
    package = next(iter(modules.values())).partition(".")[0]
    return Distribution(package, folder / "src" / package, modules)


def edited(text: str, edit: Edit) -> str:
    """Make one edit.

    Raises:
        ValueError: If what is to be replaced is not there exactly once: the plugin has changed, and the fault with it.
    """
    if not edit.old:
        return f"{text.rstrip()}\n{edit.new}" if text else edit.new
    if text.count(edit.old) != 1:
        raise ValueError(f"{edit.file} has {text.count(edit.old)} times, not once: {edit.old!r}")
    return text.replace(edit.old, edit.new)


def copied(fault: Fault, folder: Path) -> tuple[str, Distribution]:
    """Copy the plugin into a folder under a name of its own, and make the edits.

    Returns:
        The package's new name, and what it was copied from.
    """
    known = distribution(fault.plugin)
    package = f"{known.package}_{re.sub(r'[^a-z0-9]+', '_', fault.id.partition('/')[2])}"
    home = folder / package
    shutil.copytree(known.home, home, ignore=shutil.ignore_patterns("__pycache__"))
    for edit in fault.edits:
        path = home / edit.file
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(edited(before, edit), encoding="utf-8")
    for source in home.rglob("*.py"):
        text = source.read_text(encoding="utf-8")
        source.write_text(re.sub(rf"\b{known.package}\b", package, text), encoding="utf-8")
    return package, known


@contextmanager
def planted(fault: Fault, folder: Path) -> Iterator[Localities]:
    """Plant a fault, for as long as the copy is looked at.

    Args:
        fault: The fault.
        folder: An empty folder; it is on the path meanwhile, also on that of the interpreters that a check starts.
    """
    package, known = copied(fault, folder)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        localities = Localities()
        for code, module in known.modules.items():
            localities.register(code, importlib.import_module(module.replace(known.package, package, 1)))
        yield localities
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] == package]:
            del sys.modules[name]


@attrs.frozen
class Found:
    """What a check made of a planted fault.

    Args:
        verdicts: The verdicts, the law's own or all; none if the rules were refused.
        refusal: Why the rules were refused, if they were.
    """

    verdicts: tuple[LawVerdict, ...] = ()
    refusal: str = ""

    @property
    def laws(self) -> tuple[str, ...]:
        """The laws that are broken; `REFUSED` where nothing was loaded."""
        failed = tuple(
            verdict.law
            for verdict in self.verdicts
            if verdict.outcome == "failed"
            # A check that could not be carried through has found nothing.
            and any(not failure.sentence.en.startswith(_BROKE_OFF) for failure in verdict.failures)
        )
        return (REFUSED,) if self.refusal else failed

    @property
    def places(self) -> tuple[str, ...]:
        """Where the failures point at; a refusal names its places in its own words."""
        return (self.refusal, *(str(failure.look_at) for verdict in self.verdicts for failure in verdict.failures))


def looked_at(fault: Fault, folder: Path, *, all_laws: bool = False) -> Found:
    """Plant a fault and check it at the level ``certify``, as the gate does before rules go live.

    Args:
        fault: The fault.
        folder: An empty folder.
        all_laws: Whether every law is looked at, and not the suspected one alone.
    """
    if fault.law == "locality/isolated":  # what it changes of the core must not be there for the next one
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
            return apart.submit(_looked_at, fault, folder, all_laws=all_laws).result()
    return _looked_at(fault, folder, all_laws=all_laws)


def _looked_at(fault: Fault, folder: Path, *, all_laws: bool) -> Found:
    laws = None if all_laws or fault.law == REFUSED else [fault.law]
    with planted(fault, folder) as localities:
        try:
            report = check(localities, fault.code or distribution(fault.plugin).code, laws=laws)
        except PolicyError as refusal:
            return Found(refusal=str(refusal))
        return Found(report.verdicts)
