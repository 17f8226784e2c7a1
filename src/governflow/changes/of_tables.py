"""What two sets of tables decide differently, exactly (规则表逐一比对)."""

from collections.abc import Iterator, Mapping, Sequence

import attrs

from governflow.engine.explain import CATALOGUE
from governflow.tables import Catalogue, CatalogueRow, Change, Table, compare
from governflow.tables.findings import AT_MOST

AnyTable = Table | Catalogue
#: Tables by layer, most specific first.
Layers = Sequence[tuple[str, Mapping[str, AnyTable]]]
#: Columns of a catalogue that decide nothing: a reason or a source alone is no change.
_SILENT = ("item", "basis", "reason")


@attrs.frozen
class ItemChange:
    """What a catalogue says otherwise of an item.

    Args:
        item: The item.
        condition: The condition under which it is taken up, "" for always.
        old: What differs, as it was, by column; None where the item was not there.
        new: What differs, as it is; None where the item is gone.
    """

    item: str
    condition: str
    old: Mapping[str, str] | None
    new: Mapping[str, str] | None


@attrs.frozen
class Difference:
    """What changed in one table of one layer.

    Args:
        source: The layer, "" for files.
        table: The table's name.
        changes: The cases that are decided differently.
        items: The items of which the catalogue says something else.
    """

    source: str
    table: str
    changes: tuple[Change, ...] = ()
    items: tuple[ItemChange, ...] = ()

    @property
    def number(self) -> int:
        """How many groups of cases, or items, changed."""
        return len(self.changes) + len(self.items)

    @property
    def cut(self) -> bool:
        """Whether there may be more groups than are listed: `compare` stops at so many of each pair of rules."""
        pairs = [(change.old and change.old.id, change.new and change.new.id) for change in self.changes]
        return any(pairs.count(pair) >= AT_MOST for pair in set(pairs))


def differences(old: Layers, new: Layers, *, only: Sequence[Mapping[str, AnyTable]] = ()) -> tuple[Difference, ...]:
    """Compare the tables of two stacks: layer with layer, question with question.

    Args:
        old: The layers that were.
        new: The layers that are.
        only: Compare only the questions that all of these have: a file stands for one table, not for all.

    Returns:
        One for each table that decides something otherwise.
    """
    found = (_difference(*pair) for pair in _pairs(old, new, only))
    return tuple(one for one in found if one.number)


def _pairs(
    old: Layers, new: Layers, only: Sequence[Mapping[str, AnyTable]]
) -> Iterator[tuple[str, str, AnyTable | None, AnyTable | None]]:
    was, now = ({source.partition("@")[0]: found for source, found in layers} for layers in (old, new))
    rest = iter([layer for layer in old if layer[0].partition("@")[0] not in now])
    for source, found in new:
        code = source.partition("@")[0]
        theirs = was[code] if code in was else next(rest, ("", {}))[1]
        names = [name for name in dict.fromkeys((*theirs, *found)) if all(name in one for one in only)]
        yield from ((source, name, theirs.get(name), found.get(name)) for name in names)
    for source, found in rest:
        yield from ((source, name, one, None) for name, one in found.items())


def _difference(source: str, name: str, old: AnyTable | None, new: AnyTable | None) -> Difference:
    if name == CATALOGUE:
        was, now = (one if isinstance(one, Catalogue) else Catalogue(()) for one in (old, new))
        return Difference(source, name, items=tuple(_items(was, now)))
    tables = [table for table in (old, new) if isinstance(table, Table)]
    if not tables:
        return Difference(source, name)
    empty = attrs.evolve(tables[0], columns=(), rules=())  # in the place of a table that was not there
    one, two = (table if isinstance(table, Table) else empty for table in (old, new))
    return Difference(source, name, tuple(compare(one, two)))


def _items(old: Catalogue, new: Catalogue) -> Iterator[ItemChange]:
    before, after = ({(entry.item, entry.condition): entry for entry in side.entries} for side in (old, new))
    for key in dict.fromkeys((*before, *after)):
        was, now = (outcomes_of(side[key], *_SILENT) if key in side else None for side in (before, after))
        if was is None or now is None:
            yield ItemChange(*key, was, now)
            continue
        other = {name for name in (*was, *now) if was.get(name) != now.get(name)}
        if other:
            yield ItemChange(
                *key,
                {name: value for name, value in was.items() if name in other},
                {name: value for name, value in now.items() if name in other},
            )


def outcomes_of(entry: CatalogueRow, *silent: str) -> Mapping[str, str]:
    """Return what a row of a catalogue says of its item, without the columns that decide nothing."""
    outcomes = {name: value for name, value in entry.attributes.items() if value and name not in silent}
    return outcomes | ({"resolve": str(entry.allowance)} if entry.allowance is not None else {})
