"""governflow: the library that local government runs its promises on.

What is named here is the public face. It is loaded when it is first used, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from governflow.engine.engine import Engine
    from governflow.errors import (
        CalendarError,
        ClockBackwards,
        CommandError,
        Conflict,
        GovernflowError,
        IllegalAction,
        JournalError,
        NotAllowed,
        PolicyError,
        StoreError,
        TableError,
        Tampered,
        UnknownCase,
        UnsoundLifecycle,
    )
    from governflow.model.case import Case
    from governflow.model.events import Actor, Event
    from governflow.policy.hookspecs import hookimpl
    from governflow.text import Text

_HOME = {
    "Actor": "model.events",
    "CalendarError": "errors",
    "Case": "model.case",
    "ClockBackwards": "errors",
    "CommandError": "errors",
    "Conflict": "errors",
    "Engine": "engine.engine",
    "Event": "model.events",
    "GovernflowError": "errors",
    "IllegalAction": "errors",
    "JournalError": "errors",
    "NotAllowed": "errors",
    "PolicyError": "errors",
    "StoreError": "errors",
    "TableError": "errors",
    "Tampered": "errors",
    "Text": "text",
    "UnknownCase": "errors",
    "UnsoundLifecycle": "errors",
    "hookimpl": "policy.hookspecs",
}


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"governflow.{home}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})


__all__ = [
    "Actor",
    "CalendarError",
    "Case",
    "ClockBackwards",
    "CommandError",
    "Conflict",
    "Engine",
    "Event",
    "GovernflowError",
    "IllegalAction",
    "JournalError",
    "NotAllowed",
    "PolicyError",
    "StoreError",
    "TableError",
    "Tampered",
    "Text",
    "UnknownCase",
    "UnsoundLifecycle",
    "hookimpl",
]
