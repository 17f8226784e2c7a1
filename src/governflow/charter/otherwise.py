"""The same questions on another day, and what the rules read as they are asked (换个日子再问)."""

import datetime as _datetime
import sys
import time as _time
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from governflow.case import Case
from governflow.charter.words import functions
from governflow.policy import Policy

_DATETIME, _DATE = _datetime.datetime, _datetime.date
_TIME = _time.time  # noqa: TID251 - it is replaced, never asked

#: Days on which a rule that looks at the machine's clock answers differently: a Sunday night, a leap day, a year's end.
OTHER_DAYS = (
    _DATETIME(2031, 7, 6, 15, 30, tzinfo=_datetime.UTC),
    _DATETIME(2024, 2, 29, 4, 0, tzinfo=_datetime.UTC),
    _DATETIME(2027, 12, 31, 0, 5, 59, tzinfo=_datetime.UTC),
)


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
