"""governflow: the library that local government runs its promises on.

What is named here is the public face. It is loaded when it is first used, so that importing the package costs nothing.
"""

from typing import TYPE_CHECKING

from governflow._names import loaded_when_used

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
    from governflow.model.events import Actor, Event, Fact
    from governflow.policy.hookspecs import hookimpl
    from governflow.text import Text

__all__ = [
    "Actor",
    "CalendarError",
    "Case",
    "ClockBackwards",
    "CommandError",
    "Conflict",
    "Engine",
    "Event",
    "Fact",
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

# The homes import each other in this order: none is loaded for a name that an earlier one has.
__getattr__ = loaded_when_used(
    __name__, __all__, "text", "errors", "model.events", "model.case", "policy.hookspecs", "engine.engine"
)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
