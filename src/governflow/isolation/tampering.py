"""Find what a plugin has changed in governflow's own modules (越界改动)."""

import sys
from collections.abc import Iterable, Mapping

#: What is kept under a name: the value, and a copy of it where it can be changed in its place.
Kept = tuple[object, object]


def governflow_state() -> dict[tuple[str, str], Kept]:
    """Return what the modules of governflow and their classes hold, and what their tables, lists and sets hold."""
    found = {}
    for module in [one for name, one in sys.modules.items() if name.partition(".")[0] == "governflow"]:
        for name, value in vars(module).items():
            found[module.__name__, name] = _kept(value)
            if isinstance(value, type) and value.__module__ == module.__name__:
                found.update({(f"{module.__name__}.{name}", part): _kept(held) for part, held in vars(value).items()})
    return found


def _kept(value: object) -> Kept:
    return value, value.copy() if type(value) in (dict, list, set) else None  # type: ignore[attr-defined]


def _replaced(copy: object, now: object) -> bool:
    """Return whether an entry of a table was replaced or is gone, or a list or a set holds something else."""
    if isinstance(copy, dict) and isinstance(now, dict):
        return any(now.get(one) is not copy[one] for one in copy)  # a table may learn more
    if isinstance(copy, list) and isinstance(now, list):
        return [*map(id, copy)] != [*map(id, now)]
    return isinstance(copy, set) and copy != now


def changed_names(before: Mapping[tuple[str, str], Kept]) -> Iterable[str]:
    """Return what is another now: a name that means something else, or what it holds."""
    now = governflow_state()
    for key, (value, copy) in before.items():
        held, entries = now.get(key, (None, None))
        replaced = _replaced(copy, entries)
        # What Python keeps of a module or a class for itself may change; so may `cached_property` and the like.
        if (held is not value or replaced) and not key[1].startswith("__"):
            yield ".".join(key)
