"""What the source of a case records of its life, and what it never says (来源记录范围)."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeAlias

import attrs

#: The column of a step that nobody records and somebody vouches for, as by ``--auto-dispatch``.
ASSUMED = ""

_Items: TypeAlias = tuple[tuple[str, str], ...]


def _frozen(table: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(dict(table))


def _items(table: Mapping[str, str]) -> _Items:
    return tuple(sorted(table.items()))


def _table() -> Any:
    return attrs.field(factory=dict, converter=_frozen, eq=_items)


@attrs.frozen(cache_hash=True)
class Source:
    """What a journal records: a case that came from one is measured by these steps and by no others.

    Args:
        recorded: Each action that it records to the column that holds its time; `ASSUMED` for one that it does not
            hold, but that is taken for granted: that starts clocks and meets none.
        counted_from: Clock to the action from whose recorded moment it counts, instead of what the rules say.
        once: Whether it has one cell for each step, so that nothing is known of a second one (a wide row).
    """

    recorded: Mapping[str, str] = _table()
    counted_from: Mapping[str, str] = _table()
    once: bool = False

    @classmethod
    def read(cls, value: "Source | Mapping[str, Any] | None") -> "Source | None":
        """Return a source as an event keeps it, or as it was given."""
        if value is None or isinstance(value, Source):
            return value
        tables = (_items(value.get(name, {})) for name in ("recorded", "counted_from"))
        return _made(*tables, once=bool(value.get("once")))

    def joined(self, other: "Source") -> "Source":
        """Return what two journals of one kind record together; where they differ, the later one is right."""
        assumed = {action: column for action, column in self.recorded.items() if column == ASSUMED}
        recorded = {**assumed, **other.recorded}
        recorded |= {action: column for action, column in self.recorded.items() if action not in recorded}
        return _made(_items(recorded), _items({**self.counted_from, **other.counted_from}), once=self.once)

    def as_json(self) -> dict[str, Any]:
        """Return it as an event keeps it."""
        kept: dict[str, Any] = {"recorded": dict(_items(self.recorded))}
        if self.counted_from:
            kept["counted_from"] = dict(_items(self.counted_from))
        if self.once:
            kept["once"] = True
        return kept

    def tells(self, started_by: str, stops: Iterable[str]) -> bool:
        """Return whether it tells how long it took from a step to the first of others: not from one column alone."""
        recorded = self.recorded
        column = recorded.get(started_by)
        return column is not None and any(recorded.get(action, ASSUMED) not in (ASSUMED, column) for action in stops)


@lru_cache(256)
def _made(recorded: _Items, counted_from: _Items, *, once: bool) -> Source:
    """Make a source; all cases of a journal share one."""
    return Source(dict(recorded), dict(counted_from), once)
