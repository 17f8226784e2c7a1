"""governflow: the library that local government runs its promises on."""

from governflow.case import Case
from governflow.engine import Engine
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
    Tampered,
    UnknownCase,
)
from governflow.events import Actor, Event
from governflow.hookspecs import hookimpl
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
    "GovernflowError",
    "IllegalAction",
    "JournalError",
    "NotAllowed",
    "PolicyError",
    "StoreError",
    "Tampered",
    "Text",
    "UnknownCase",
    "hookimpl",
]
