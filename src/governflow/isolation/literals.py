"""Collect the texts, numbers and days in the code of a locality's own hooks (钩子里的字面量).

A rule that a hook treats apart is one that it names: an item, a place, a channel, a number of people. Cases drawn at
these words find in one try what chance would not find in a million.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from inspect import unwrap
from itertools import pairwise
from types import CodeType, FunctionType, MethodType, ModuleType

import attrs

from governflow.policy.hook_checks import HOOKS
from governflow.policy.stack import Policy

#: Plugins of the core: what they speak of is no boundary of a locality's.
BUILT_IN = ("governflow", "100000")
#: Hooks that decide nothing: a made-up day, what is promised, what is waived.
_ASIDE = ("governflow_demo", "governflow_examples", "governflow_waivers")
#: Longer texts are explanations, and so many of one collection are enough.
_LONGEST, _MOST = 40, 200
#: Hooks that are asked about a case: what the others speak of are the names of files and labels.
_DECIDING = tuple(hook for hook, takes in HOOKS.items() if "case" in takes or "context" in takes)


@attrs.frozen
class CodeLiterals:
    """What hooks speak of, in the order in which it was found."""

    texts: tuple[str, ...]
    numbers: tuple[int, ...]
    #: Constants, and what stands in a row as a year, a month and a day do.
    days: tuple[date, ...] = ()


def literals_of(policy: Policy) -> CodeLiterals:
    """Collect the texts, numbers and days in the code of a stack's own hooks and of what they call in their package."""
    found: dict[str | int | date, None] = {}
    for function in functions(policy, _DECIDING):
        values = list(_values(_literals(function)))
        found.update(dict.fromkeys((*values, *_days(values))))
    return CodeLiterals(
        tuple(word for word in found if isinstance(word, str) and 0 < len(word) <= _LONGEST and "\n" not in word),
        tuple(number for number in found if isinstance(number, int)),
        tuple(day for day in found if isinstance(day, date)),
    )


def _days(values: list[str | int | date]) -> Iterator[date]:
    """Return the days that are written as numbers: ``date(2026, 6, 19)``."""
    for (year, month), (_, day) in pairwise(pairwise(values)):
        if isinstance(year, int) and isinstance(month, int) and isinstance(day, int) and 1900 < year < 2100:
            try:
                yield date(year, month, day)
            except ValueError:
                continue


def functions(policy: Policy, hooks: Iterable[str] = HOOKS) -> Iterator[FunctionType]:
    """Return the hooks of a stack, the built-in ones left out, and the functions of their packages that they call."""
    waiting: list[object] = [
        function
        for hook in hooks
        for source, function, _ in policy.impls(hook)
        if source not in BUILT_IN and hook not in _ASIDE
    ]
    seen: set[int] = set()
    while waiting:
        function = _plain(waiting.pop(0))
        if function is None or id(function) in seen:
            continue
        seen.add(id(function))
        yield function
        home = function.__module__.partition(".")[0]
        waiting += [value for value in _reached(function) if _home(value) == home]


def _home(value: object) -> str:
    named = value.__name__ if isinstance(value, ModuleType) else str(getattr(value, "__module__", ""))
    return named.partition(".")[0]


def _plain(function: object) -> FunctionType | None:
    """Return the function below methods, partial applications and caches."""
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
    """Return the globals and closed-over values that a function names, what it takes from them, and its defaults."""
    names = dict.fromkeys(name for code in _codes(function.__code__) for name in code.co_names)
    home = _home(function)
    for name in names:
        value = function.__globals__.get(name)
        yield value
        if _home(value) != home:
            continue
        if isinstance(value, ModuleType):  # merits.earned(event)
            yield from (vars(value)[part] for part in names if part in vars(value))
        elif isinstance(value, type):
            yield from vars(value).values()
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


def _values(found: Iterable[object], depth: int = 0) -> Iterator[str | int | date]:
    for value in found:
        if isinstance(value, (str, int, date)) and type(value) in (str, int, date):
            yield value
        elif depth < 3 and attrs.has(type(value)):
            yield from _values(attrs.asdict(value, recurse=False).values(), depth + 1)  # type: ignore[arg-type]
        elif depth < 3 and isinstance(value, Mapping):
            yield from _values([*list(value.keys())[:_MOST], *list(value.values())[:_MOST]], depth + 1)
        elif depth < 3 and isinstance(value, (tuple, list, set, frozenset)):
            members = list(value) if isinstance(value, (tuple, list)) else sorted(value, key=_shown)
            yield from _values(members[:_MOST], depth + 1)


def _shown(value: object) -> str:
    """Return the order of a set's members; one that cannot be shown is no text or number anyway."""
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - whatever a county's own object raises
        return ""
