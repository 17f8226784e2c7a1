"""What a locality's own hooks speak of (钩子里的字面量): the texts and numbers in their code.

A rule that a hook treats apart is one that it names: an item, a place, a channel, a number of people. Cases drawn at
these words find in one try what chance would not find in a million.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from inspect import unwrap
from types import CodeType, FunctionType, MethodType

import attrs

from governflow.loading import HOOKS
from governflow.policy import Policy

#: Plugins of the core: what they speak of is no boundary of a locality's.
BUILT_IN = ("governflow", "100000")
#: Longer texts are explanations, and so many of one collection are enough.
_LONGEST, _MOST = 40, 200


@attrs.frozen
class Words:
    """What hooks speak of, in the order in which it was found.

    Args:
        texts: Texts.
        numbers: Whole numbers.
    """

    texts: tuple[str, ...]
    numbers: tuple[int, ...]


def spoken_of(policy: Policy) -> Words:
    """Collect the texts and numbers in the code of a stack's own hooks and of what they call in their package."""
    found: dict[str | int, None] = {}
    for function in functions(policy):
        for value in _values(_literals(function)):
            found[value] = None
    return Words(
        tuple(word for word in found if isinstance(word, str) and 0 < len(word) <= _LONGEST and "\n" not in word),
        tuple(number for number in found if isinstance(number, int)),
    )


def functions(policy: Policy) -> Iterator[FunctionType]:
    """Give the hooks of a stack, the built-in ones left out, and the functions of their packages that they call."""
    waiting: list[object] = [
        function
        for hook in HOOKS
        for source, function, _ in policy.impls(hook)
        if source not in BUILT_IN and hook != "governflow_demo"
    ]
    seen: set[int] = set()
    while waiting:
        function = _plain(waiting.pop(0))
        if function is None or id(function) in seen:
            continue
        seen.add(id(function))
        yield function
        home = function.__module__.partition(".")[0]
        waiting += [
            value for value in _reached(function) if str(getattr(value, "__module__", "")).partition(".")[0] == home
        ]


def _plain(function: object) -> FunctionType | None:
    """Give the function below methods, partial applications and caches."""
    while isinstance(function, (MethodType, partial)):
        function = function.__func__ if isinstance(function, MethodType) else function.func
    function = unwrap(function) if callable(function) else function
    return function if isinstance(function, FunctionType) else None


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for value in code.co_consts:
        if isinstance(value, CodeType):
            yield from _codes(value)


def _reached(function: FunctionType) -> Iterator[object]:
    """Give the globals and closed-over values that a function names, and its own defaults."""
    names = [name for code in _codes(function.__code__) for name in code.co_names]
    yield from (function.__globals__[name] for name in names if name in function.__globals__)
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not filled yet
            continue
    yield from function.__defaults__ or ()


def _literals(function: FunctionType) -> Iterator[object]:
    for code in _codes(function.__code__):
        yield from (value for value in code.co_consts if value is not function.__doc__)
    yield from _reached(function)


def _values(found: Iterable[object], depth: int = 0) -> Iterator[str | int]:
    for value in found:
        if isinstance(value, bool):
            continue
        if type(value) is str or type(value) is int:
            yield value
        elif depth < 2 and isinstance(value, Mapping):
            yield from _values(list(value.keys())[:_MOST], depth + 1)
            yield from _values(list(value.values())[:_MOST], depth + 1)
        elif depth < 2 and isinstance(value, (tuple, list, set, frozenset)):
            yield from sorted(_values(list(value)[:_MOST], depth + 1), key=str)
