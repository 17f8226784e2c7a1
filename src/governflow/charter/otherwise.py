"""The same questions on another day, by other luck, and what the rules read as they are asked (换个条件再问)."""

import builtins
import datetime as _datetime
import os as _os
import random as _random  # noqa: TID251 - it is replaced, never asked
import sys
import time as _time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from governflow.case import Case
from governflow.charter.words import functions
from governflow.policy import Policy

_DATETIME, _DATE = _datetime.datetime, _datetime.date

#: Days on which a rule that looks at the machine's clock answers differently: a Sunday night, a leap day, a year's end.
OTHER_DAYS = (
    _DATETIME(2031, 7, 6, 15, 30, tzinfo=_datetime.UTC),
    _DATETIME(2024, 2, 29, 4, 0, tzinfo=_datetime.UTC),
    _DATETIME(2027, 12, 31, 0, 5, 59, tzinfo=_datetime.UTC),
)
#: Whoever is lucky draws the first, whoever is not the last, of whatever there is to draw.
LUCK = (0.0, 0.999999999, 0.5)

#: Is told what was asked for that no ruling may hang on.
Told = Callable[[str], object]


class _AnyDay(type):
    """The type of a class that stands for another one: what it makes is of the real class."""

    real: type

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.real)

    def __call__(cls, *args: Any, **given: Any) -> Any:
        return cls.real(*args, **given) if "real" in vars(cls) else super().__call__(*args, **given)


@contextmanager
def on(moment: _datetime.datetime, homes: Iterable[ModuleType], luck: float = 0.5, told: Told = id) -> Iterator[None]:
    """Let the machine's clock show another moment to plugins, and its dice another number.

    Args:
        moment: The moment, in UTC.
        homes: The plugins' modules; whoever asks the modules ``datetime``, ``time``, ``random`` and ``os`` themselves
            sees it too.
        luck: From 0 to 1, what is drawn by chance.
        told: Is told what was asked for.
    """
    homes = list(homes)
    shown = {id(old): new for old, new in (*_clocks(moment, told), *_dice(luck, told))}
    saved: list[tuple[object, str, object]] = []

    def put(where: object, name: str, value: object) -> None:
        saved.append((where, name, vars(where).get(name, _ABSENT)))
        setattr(where, name, value)

    for module in (_datetime, _time, _os, _random, *homes):
        for name, value in list(vars(module).items()):
            if id(value) in shown:
                put(module, name, shown[id(value)])
    for die, name, value in _drawn(luck, told):
        put(die, name, value)
    for home in homes:
        # Addresses are others in every process. What an object's hash is made of is asked elsewhere alone.
        put(home, "id", lambda value: builtins.id(value) ^ 0x5A5A50)
    try:
        yield
    finally:
        for where, name, value in reversed(saved):
            if value is _ABSENT:
                delattr(where, name)
            else:
                setattr(where, name, value)


_ABSENT = object()


def _clocks(moment: _datetime.datetime, told: Told) -> Iterator[tuple[object, object]]:
    """Give what shows the time, and what shows another time in its place."""

    def now(cls: type, tz: _datetime.tzinfo | None = None) -> _datetime.datetime:
        told("datetime.now()")
        local = moment.astimezone(tz) if tz is not None else moment.astimezone().replace(tzinfo=None)
        return _DATETIME.fromisoformat(local.isoformat()).replace(tzinfo=tz)

    def today(cls: type) -> _datetime.date:
        told("date.today()")
        return moment.astimezone().date()

    def today_now(cls: type) -> _datetime.datetime:
        return now(cls)

    def utcnow(cls: type) -> _datetime.datetime:
        told("datetime.utcnow()")
        return moment.replace(tzinfo=None)

    a_moment = _AnyDay("datetime", (_DATETIME,), {"real": _DATETIME})
    for name, function in (("now", now), ("today", today_now), ("utcnow", utcnow)):
        setattr(a_moment, name, classmethod(function))
    yield _DATETIME, a_moment
    yield _DATE, _AnyDay("date", (_DATE,), {"real": _DATE, "today": classmethod(today)})
    seconds = moment.timestamp() + 0.123456
    for name in ("time", "monotonic", "perf_counter", "process_time", "thread_time"):
        yield getattr(_time, name), lambda name=name: told(f"time.{name}()") and seconds
        yield getattr(_time, f"{name}_ns"), lambda name=name: told(f"time.{name}_ns()") and int(seconds * 10**9)
    for name in ("localtime", "gmtime", "ctime"):
        real = getattr(_time, name)
        yield real, lambda when=None, real=real: real((told("time") and seconds) if when is None else when)
    strftime, local = _time.strftime, _time.localtime

    def written(form: str, when: _time.struct_time | None = None) -> str:
        told("time.strftime()")
        return strftime(form, when or local(seconds))

    yield strftime, written


def _dice(luck: float, told: Told) -> Iterator[tuple[object, object]]:
    """Give the functions that draw, and what draws a certain number in their place; uuid and secrets go by these."""
    drawn = bytes([int(luck * 255)])
    yield _os.urandom, lambda size: told("os.urandom()") and drawn * size
    yield _random.random, lambda: told("random.random()") and luck
    yield _os.getpid, lambda: told("os.getpid()") and 4242


def _drawn(luck: float, told: Told) -> Iterator[tuple[type, str, object]]:
    """Give the methods by which every die draws: choice, randint, shuffle and sample go by these."""

    def random(self: object) -> float:
        told("random.random()")
        return luck

    def randbelow(self: object, below: int) -> int:
        told("random.choice()")
        return min(int(luck * below), below - 1)

    def getrandbits(self: object, bits: int) -> int:
        told("random.getrandbits()")
        return int(luck * ((1 << bits) - 1))

    for die in (_random.Random, _random.SystemRandom):
        yield die, "random", random
        yield die, "_randbelow", randbelow
        yield die, "getrandbits", getrandbits


def homes(policy: Policy) -> list[ModuleType]:
    """Give the modules of a stack's own plugins: of their hooks, and of the packages that those lie in."""
    named = {function.__module__ for function in functions(policy)}
    packages = tuple(f"{name.partition('.')[0]}." for name in named if name.partition(".")[0] != "governflow")
    return [
        module
        for name, module in list(sys.modules.items())
        if isinstance(module, ModuleType) and (name in named or name.startswith(packages))
    ]


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
