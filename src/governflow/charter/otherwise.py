"""The same questions under other circumstances: on another day, and in another process (换个环境再问).

What the rules may not look at is changed, and they are asked again: the machine's clock, and in a second interpreter
the order of sets, everything that a plugin keeps between two questions, and which other plugins are loaded.
"""

import base64
import datetime as _datetime
import json
import os
import pickle
import subprocess
import sys
import time as _time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any

from governflow import defaults
from governflow.case import Case
from governflow.charter.asking import asked
from governflow.charter.subject import Told
from governflow.charter.words import functions
from governflow.discovery import installed
from governflow.localities import Localities
from governflow.policy import Policy

_DATETIME, _DATE = _datetime.datetime, _datetime.date
_TIME = _time.time  # noqa: TID251 - it is replaced, never asked

#: Days on which a rule that looks at the machine's clock answers differently: a Sunday night, a leap day, a year's end.
OTHER_DAYS = (
    _DATETIME(2031, 7, 6, 15, 30, tzinfo=_datetime.UTC),
    _DATETIME(2024, 2, 29, 4, 0, tzinfo=_datetime.UTC),
    _DATETIME(2027, 12, 31, 0, 5, 59, tzinfo=_datetime.UTC),
)
#: What the hashes of other processes start from, and whether they ask backwards.
SEEDS = ((1, False), (2, True), (5, True))
#: How long a second interpreter may take, in seconds.
PATIENCE = 60
_BOOT = (
    "import json, sys; job = json.load(sys.stdin); sys.path[:] = job['path']; "
    "from governflow.charter.otherwise import answer; answer(job)"
)


# --- another day ------------------------------------------------------------------------------------------------------


class _AnyDay(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.__mro__[2])  # the class that this one stands for


@contextmanager
def on(moment: _datetime.datetime, policy: Policy) -> Iterator[None]:
    """Let the machine's clock show another moment to the plugins of a stack.

    Args:
        moment: The moment, in UTC.
        policy: The stack; whoever takes the time from the modules ``datetime`` and ``time`` themselves sees it too.
    """
    shown = {id(old): new for old, new in _stand_ins(moment)}
    saved: list[tuple[ModuleType, str, object]] = []
    for module in (_datetime, _time, *_homes(policy)):
        for name, value in list(vars(module).items()):
            if id(value) in shown:
                saved.append((module, name, value))
                setattr(module, name, shown[id(value)])
    try:
        yield
    finally:
        for module, name, value in saved:
            setattr(module, name, value)


def _stand_ins(moment: _datetime.datetime) -> Iterator[tuple[object, object]]:
    def now(cls: type, tz: _datetime.tzinfo | None = None) -> _datetime.datetime:
        local = moment.astimezone(tz) if tz is not None else moment.astimezone().replace(tzinfo=None)
        return _DATETIME.fromisoformat(local.isoformat()).replace(tzinfo=tz)

    def today(cls: type) -> _datetime.date:
        return moment.astimezone().date()

    def utcnow(cls: type) -> _datetime.datetime:
        return moment.replace(tzinfo=None)

    a_moment = _AnyDay("datetime", (_Stands, _DATETIME), {})
    for name, function in (("now", now), ("today", now), ("utcnow", utcnow)):
        setattr(a_moment, name, classmethod(function))
    a_day = _AnyDay("date", (_Stands, _DATE), {"today": classmethod(today)})
    seconds = moment.timestamp()
    yield _DATETIME, a_moment
    yield _DATE, a_day
    yield _TIME, lambda: seconds
    yield _time.time_ns, lambda: int(seconds * 10**9)
    for name in ("localtime", "gmtime"):
        real = getattr(_time, name)
        yield real, lambda when=None, real=real: real(seconds if when is None else when)
    strftime = _time.strftime
    yield strftime, lambda form, when=None: strftime(form, _time.localtime(seconds) if when is None else when)


class _Stands:
    """Marks a class that stands for another one."""

    __slots__ = ()


def _homes(policy: Policy) -> Iterator[ModuleType]:
    """Give the modules of a stack's own plugins: of their hooks, and of the packages that those lie in."""
    named = {function.__module__ for function in functions(policy)}
    packages = tuple(f"{name.partition('.')[0]}." for name in named if name.partition(".")[0] != "governflow")
    for name, module in list(sys.modules.items()):
        if isinstance(module, ModuleType) and (name in named or name.startswith(packages)):
            yield module


@contextmanager
def watched(*fields: str) -> Iterator[set[str]]:
    """Watch which of some fields of a case are read.

    Args:
        *fields: Their names.

    Returns:
        The names of those that were read so far; a rule that takes all fields at once reads none of them by name.
    """
    read: set[str] = set()

    def property_of(name: str) -> property:
        def get(case: Case) -> object:
            read.add(name)
            return case.__dict__[name]

        return property(get)

    saved = {name: vars(Case).get(name) for name in fields}
    for name in fields:
        setattr(Case, name, property_of(name))
    try:
        yield read
    finally:
        for name, before in saved.items():
            if before is None:
                delattr(Case, name)
            else:
                setattr(Case, name, before)


# --- another process --------------------------------------------------------------------------------------------------


def elsewhere(
    localities: Localities,
    cases: Mapping[str, Sequence[Told]],
    *,
    without: Iterable[str] = (),
    seed: int = 1,
    backwards: bool = False,
) -> dict[str, list[str]] | None:
    """Ask in a second interpreter, which begins with nothing.

    Args:
        localities: What is registered here is registered there.
        cases: The cases of each locality.
        without: Codes that are left out there.
        seed: What its hashes start from; it says in which order a set gives its members.
        backwards: Whether the last case is asked first.

    Returns:
        The digest of each answer, in the order of the cases; None where a plugin cannot be taken there: it was made
        inside a function, or keeps what cannot be copied.
    """
    left_out = set(without)
    plugins = []
    for code, plugin in localities._registered.items():
        if code in left_out or plugin is defaults:
            continue
        packed = _packed(plugin)
        if packed is None:
            return None
        plugins.append({"code": code, **packed})
    job = {
        "path": sys.path,
        "plugins": plugins,
        "without": sorted(left_out),
        "cases": {**cases},
        "step": -1 if backwards else 1,
    }
    environment = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONIOENCODING": "utf-8"}
    try:
        done = subprocess.run(
            [sys.executable, "-c", _BOOT],
            input=json.dumps(job).encode(),
            capture_output=True,
            timeout=PATIENCE,
            env=environment,
            check=False,
        )
        # A plugin may print: what is asked for comes last.
        given: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    except (OSError, subprocess.TimeoutExpired, ValueError, IndexError):
        return None
    return given


def _packed(plugin: object) -> dict[str, Any] | None:
    """Say how to come by a plugin in another interpreter."""
    module = plugin if isinstance(plugin, ModuleType) else sys.modules.get(type(plugin).__module__)
    if module is None or module.__name__ == "__main__":
        return None
    home = {"module": module.__name__, "file": getattr(module, "__file__", None)}
    if module is plugin:
        return home
    try:
        return {**home, "pickle": base64.b64encode(pickle.dumps(plugin)).decode()}
    except Exception:  # noqa: BLE001 - whatever cannot be taken elsewhere stays here
        return None


def _unpacked(packed: Mapping[str, Any]) -> object:
    name = packed["module"]
    try:
        module = import_module(name)
    except ImportError:
        # A test's module, imported from its file under a name of its own.
        spec = spec_from_file_location(name, packed["file"])
        if spec is None or spec.loader is None:
            raise
        module = sys.modules[name] = module_from_spec(spec)
        spec.loader.exec_module(module)
    return pickle.loads(base64.b64decode(packed["pickle"])) if "pickle" in packed else module


def answer(job: Mapping[str, Any]) -> None:
    """Answer a job of `elsewhere` on standard output; called in the second interpreter."""
    localities = Localities()
    left_out = job["without"]
    vars(localities)["_installed"] = {code: ones for code, ones in installed().items() if code not in left_out}
    for packed in job["plugins"]:
        localities.register(packed["code"], _unpacked(packed))
    given = {}
    for code, cases in job["cases"].items():
        policy = localities.policy(code)
        given[code] = [asked(policy, told).digest for told in cases[:: job["step"]]][:: job["step"]]
    sys.stdout.write(f"\n{json.dumps(given)}\n")
