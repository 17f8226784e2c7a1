"""Show plugins another moment and other random numbers, and record what they ask the machine for (换个条件再问)."""

import builtins
import datetime as _datetime
import gc as _gc
import os as _os
import random as _random  # noqa: TID251 - it is replaced, never asked
import sys
import time as _time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any
from weakref import WeakSet

from governflow.isolation.literals import functions
from governflow.model.case import Case
from governflow.policy.stack import Policy

_DATETIME, _DATE = _datetime.datetime, _datetime.date

#: Days on which a rule that looks at the machine's clock answers differently: a Sunday night, a leap day, a year's end.
OTHER_DAYS = (
    _DATETIME(2031, 7, 6, 15, 30, tzinfo=_datetime.UTC),
    _DATETIME(2024, 2, 29, 4, 0, tzinfo=_datetime.UTC),
    _DATETIME(2027, 12, 31, 0, 5, 59, tzinfo=_datetime.UTC),
)
#: Whoever is lucky draws the first, whoever is not the last, of whatever there is to draw.
LUCK = (0.0, 0.999999999, 0.5)

#: What a module holds, by name; the modules of two plugins may have one name.
Namespace = dict[str, Any]
#: Takes a note of what was asked for that no ruling may depend on; what it returns is true.
Recorder = Callable[[str], object]


class _AnyDay(type):
    """The type of a class that stands for another one: what it makes is of the real class."""

    real: type

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.real)

    def __call__(cls, *args: Any, **given: Any) -> Any:
        return cls.real(*args, **given) if "real" in vars(cls) else super().__call__(*args, **given)


@contextmanager
def machine_showing(
    moment: _datetime.datetime, homes: Iterable[Namespace], luck: float = 0.5, record: Recorder = id
) -> Iterator[None]:
    """Let the machine's clock show another moment to plugins, and its random sources draw another number (0 to 1).

    Whoever asks the modules ``datetime``, ``time``, ``random`` and ``os`` themselves sees it as well as the ``homes``.
    """
    homes, known = list(homes), set(sys.modules)
    replaced = [*_clocks(moment, record), *_dice(luck, record)]
    shown = {id(old): new for old, new in replaced}
    with replacing() as put:
        try:
            for home in (*map(vars, (_datetime, _time, _os, _random)), *homes):
                for name, value in list(home.items()):
                    if id(value) in shown:
                        put(home, name, shown[id(value)])
            for die, name, value in _drawn(luck, record):
                put(die, name, value)
            for home in homes:
                # Addresses are others in every process. What an object's hash is made of is asked elsewhere alone.
                put(home, "id", lambda value: builtins.id(value) ^ 0x5A5A50)
            yield
        finally:
            _forget(set(sys.modules) - known, homes, {id(new): old for old, new in replaced})


#: Puts a value in the place of another one: in a class, in a module, or in what a module holds.
Put = Callable[[Any, str, object], None]


_ABSENT = object()


@contextmanager
def replacing() -> Iterator[Put]:
    """Replace names for a while; whatever happens, even as they are replaced, all of them come back."""
    with ExitStack() as back:

        def put(where: Any, name: str, value: object) -> None:
            held = where if isinstance(where, dict) else vars(where)
            back.callback(_set, where, name, held.get(name, _ABSENT))
            _set(where, name, value)

        yield put


def _set(where: Any, name: str, value: object) -> None:
    held = where if isinstance(where, dict) else vars(where)
    if value is not _ABSENT:
        where.__setitem__(name, value) if isinstance(where, dict) else setattr(where, name, value)
    elif name in held:
        where.__delitem__(name) if isinstance(where, dict) else delattr(where, name)


def _forget(fresh: Iterable[str], homes: Sequence[Namespace], real: Mapping[int, object]) -> None:
    """Forget the plugins' modules that were imported on another day, and give others what was shown in its place."""
    theirs = [home for home in homes if _package(home) != "governflow"]
    packages = {_package(home) for home in theirs}
    folders = {Path(file).parent for home in theirs if (file := home.get("__file__"))}
    for name in fresh:
        module = sys.modules.get(name)
        if not isinstance(module, ModuleType):
            continue
        file = getattr(module, "__file__", None)
        package, _, part = name.rpartition(".")
        if name.partition(".")[0] in packages or (file and Path(file).parent in folders):
            del sys.modules[name]
            if package in sys.modules:
                vars(sys.modules[package]).pop(part, None)
            continue
        for held, value in list(vars(module).items()):
            if id(value) in real:
                setattr(module, held, real[id(value)])


def _package(home: Namespace) -> str:
    return str(home.get("__name__", "")).partition(".")[0]


def _clocks(moment: _datetime.datetime, record: Recorder) -> Iterator[tuple[object, object]]:
    """Return what shows the time, and what shows another time in its place."""

    def now(cls: type, tz: _datetime.tzinfo | None = None) -> _datetime.datetime:
        record("datetime.now()")
        local = moment.astimezone(tz) if tz is not None else moment.astimezone().replace(tzinfo=None)
        return _DATETIME.fromisoformat(local.isoformat()).replace(tzinfo=tz)

    def today(cls: type) -> _datetime.date:
        record("date.today()")
        return moment.astimezone().date()

    def utcnow(cls: type) -> _datetime.datetime:
        record("datetime.utcnow()")
        return moment.replace(tzinfo=None)

    of_moments = {"now": classmethod(now), "today": classmethod(now), "utcnow": classmethod(utcnow)}
    yield _DATETIME, _AnyDay("datetime", (_DATETIME,), {"real": _DATETIME, **of_moments})
    yield _DATE, _AnyDay("date", (_DATE,), {"real": _DATE, "today": classmethod(today)})
    seconds = moment.timestamp() + 0.123456
    for name in ("time", "monotonic", "perf_counter", "process_time", "thread_time"):
        yield getattr(_time, name), lambda name=name: record(f"time.{name}()") and seconds
        yield getattr(_time, f"{name}_ns"), lambda name=name: record(f"time.{name}_ns()") and int(seconds * 10**9)
    if hasattr(_time, "clock_gettime"):
        yield _time.clock_gettime, lambda clock: record("time.clock_gettime()") and seconds
        yield _time.clock_gettime_ns, lambda clock: record("time.clock_gettime_ns()") and int(seconds * 10**9)
    yield _os.times, lambda: record("os.times()") and _os.times_result((seconds,) * 5)
    for name in ("localtime", "gmtime", "ctime"):
        real = getattr(_time, name)
        yield real, lambda when=None, real=real: real((record("time") and seconds) if when is None else when)
    strftime, local = _time.strftime, _time.localtime

    def written(form: str, when: _time.struct_time | None = None) -> str:
        record("time.strftime()")
        return strftime(form, when or local(seconds))

    yield strftime, written


def _dice(luck: float, record: Recorder) -> Iterator[tuple[object, object]]:
    """Return the functions that draw, and what draws a certain number in their place; uuid and secrets go by these."""
    drawn = bytes([int(luck * 255)])
    yield _os.urandom, lambda size: record("os.urandom()") and drawn * size
    if hasattr(_os, "getrandom"):
        yield _os.getrandom, lambda size, flags=0: record("os.getrandom()") and drawn * size
    yield _random.random, lambda: record("random.random()") and luck
    yield _random.getrandbits, lambda bits: record("random.getrandbits()") and _bits(luck, bits)
    yield _os.getpid, lambda: record("os.getpid()") and 4242


def _drawn(luck: float, record: Recorder) -> Iterator[tuple[type, str, object]]:
    """Return the methods by which every die draws: choice, randint, shuffle and sample go by these.

    A die that is made with a seed draws the same every time: it draws as it always does.
    """
    seeded = WeakSet[_random.Random]()
    seed: Callable[..., None] = _random.Random.seed

    def sow(self: _random.Random, a: Any = None, version: int = 2) -> None:
        seed(self, a, version)
        (seeded.discard if a is None else seeded.add)(self)

    def drawing(real: Callable[..., Any], name: str, lucky: Callable[..., object]) -> Callable[..., object]:
        def draw(self: _random.Random, *args: Any) -> object:
            if self in seeded:
                return real(self, *args)
            record(f"random.{name}()")
            return lucky(*args)

        return draw

    yield _random.Random, "seed", sow
    for die in (_random.Random, _random.SystemRandom):
        yield die, "random", drawing(die.random, "random", lambda: luck)
        below: Callable[..., Any] = vars(die)["_randbelow"]
        yield die, "_randbelow", drawing(below, "choice", lambda below: min(int(luck * below), below - 1))
        yield die, "getrandbits", drawing(die.getrandbits, "getrandbits", lambda bits: _bits(luck, bits))


def _bits(luck: float, bits: int) -> int:
    return int(luck * ((1 << bits) - 1))


#: After so many new objects Python looks for those that only hold each other; 700 by default.
_RARELY = 50_000


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Let Python look for cycles of dead objects less often for a while: a check keeps nearly all that it makes."""
    usual, *older = _gc.get_threshold()
    if usual:  # 0: somebody has switched it off
        _gc.set_threshold(max(usual, _RARELY), *older)
    try:
        yield
    finally:
        _gc.set_threshold(usual, *older)


def plugin_modules(policy: Policy) -> list[Namespace]:
    """Return what the modules of a stack's own plugins hold: those of their hooks, and of the packages of these."""
    found = {id(function.__globals__): function.__globals__ for function in functions(policy)}
    packages = tuple(f"{name}." for home in found.values() if (name := _package(home)) not in ("governflow", ""))
    for name, module in list(sys.modules.items()):
        if isinstance(module, ModuleType) and f"{name}.".startswith(packages):
            found[id(vars(module))] = vars(module)
    return list(found.values())


@contextmanager
def fields_read(*fields: str) -> Iterator[set[str]]:
    """Watch which of some fields of a case are read; a rule that takes all fields at once reads none by name."""
    read: set[str] = set()

    def get(name: str, case: Case) -> object:
        read.add(name)
        return case.__dict__[name]

    with replacing() as put:
        for name in fields:
            put(Case, name, property(partial(get, name)))
        yield read
