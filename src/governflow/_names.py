"""Names that are found elsewhere: loaded when they are first used, or renamed.

An old name goes on working for one release, with a `DeprecationWarning` that says the new one.
"""

import sys
import warnings
from collections.abc import Callable, Collection, Mapping
from functools import wraps
from importlib import import_module
from types import ModuleType
from typing import Any, ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")


def _warn(old: str, new: str) -> None:
    warnings.warn(
        f"{old} is called {new} now; the old name goes with the next release", DeprecationWarning, stacklevel=3
    )


def old_attributes(**names: str) -> Callable[[type[T]], type[T]]:
    """Return a decorator of classes after which the old attributes can still be read.

    Args:
        **names: The new name of each old one.
    """

    def decorated(owner: type[T]) -> type[T]:
        for old, new in names.items():
            setattr(owner, old, _old_name(f"{owner.__name__}.{old}", new))
        return owner

    return decorated


def _old_name(old: str, new: str) -> property:
    def read(instance: object) -> object:
        _warn(old, new)
        return getattr(instance, new)

    return property(read)  # who looks over the class itself has read nothing yet


def old_keywords(**names: str) -> Callable[[type[T]], type[T]]:
    """Return a decorator of classes after which the constructor still takes the old keywords; see `old_attributes`."""

    def decorated(owner: type[T]) -> type[T]:
        setattr(owner, "__init__", _taking(names, owner.__init__, owner.__name__))  # noqa: B010 - mypy takes no other
        return owner

    return decorated


def old_arguments(**names: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Return a decorator of functions after which they still take the old keywords; see `old_attributes`."""
    return lambda function: _taking(names, function, function.__qualname__)


def _taking(names: Mapping[str, str], function: Callable[P, T], called: str) -> Callable[P, T]:
    """Return a function that takes old keywords, too."""

    @wraps(function)
    def renaming(*args: Any, **given: Any) -> T:
        for old in names.keys() & given.keys():
            _warn(f"{called}({old}=...)", names[old])
            given[names[old]] = given.pop(old)
        return function(*args, **given)

    return renaming


def loaded_when_used(module: str, names: Collection[str], *homes: str) -> Callable[[str], Any]:
    """Return the `__getattr__` of a module that loads what it offers when it is first used.

    Args:
        module: The module's name.
        names: What it offers.
        *homes: The modules that have the names, in the order in which they are looked through.
    """

    def found(name: str) -> Any:
        home = _home_of(name, homes) if name in names else None
        if home is None:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        value = getattr(home, name)
        setattr(sys.modules[module], name, value)
        return value

    return found


def names_moved_to(*homes: str, **renamed: str) -> Callable[[str], Any]:
    """Return the `__getattr__` of a module that has nothing left of its own: its names are found where they are now.

    Args:
        *homes: The modules that have the names now.
        **renamed: What the names are called there that were renamed as well.
    """

    def found(name: str) -> Any:
        called = renamed.get(name, name)
        home = None if name.startswith("__") else _home_of(called, homes)
        if home is None:
            raise AttributeError(f"there is no {name!r} here: its names are in governflow.{homes[0]} now")
        _warn(name, f"{home.__name__}.{called}")
        return getattr(home, called)

    return found


def names_renamed(module: str, otherwise: Callable[[str], Any] | None = None, **renamed: str) -> Callable[[str], Any]:
    """Return the `__getattr__` of a module of whose names some are others now.

    Args:
        module: The module's name.
        otherwise: Its `__getattr__` for all other names; None where it has none.
        **renamed: The new name of each old one.
    """

    def found(name: str) -> Any:
        if name in renamed:
            _warn(f"{module}.{name}", renamed[name])
            return getattr(sys.modules[module], renamed[name])
        if otherwise is not None:
            return otherwise(name)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return found


def _home_of(name: str, homes: Collection[str]) -> ModuleType | None:
    """Return the first module of the library that has a name; those behind it are not imported."""
    return next((module for module in map(_imported, homes) if hasattr(module, name)), None)


def _imported(home: str) -> ModuleType:
    try:
        return import_module(f"governflow.{home}")
    except AttributeError as fault:  # it would read as if only the name were missing
        raise ImportError(f"governflow.{home} cannot be imported: {fault}") from fault
