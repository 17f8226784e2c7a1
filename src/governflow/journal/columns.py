"""Which column of a file is which field of ours."""

from collections.abc import Iterable, Mapping

import attrs

from governflow.journal.mapping import Map
from governflow.model.headings import FIELDS, HEADINGS
from governflow.normalize import key, nearest
from governflow.tabular.records import RESERVED
from governflow.text import Text

#: What every row must have.
NARROW = ("time", "case", "action")


@attrs.frozen
class Columns:
    """The columns of one set of headings.

    Args:
        fields: Our field to the place of its column.
        times: Canonical action to the place of the column with its time; empty for a narrow journal.
        unmapped: Places of columns that are nobody's.
        conflicts: Fields for which several columns could stand, with their headings.
    """

    fields: Mapping[str, int]
    times: Mapping[str, int]
    unmapped: tuple[int, ...]
    conflicts: Mapping[str, tuple[str, ...]]


def find(headings: tuple[str, ...], map: Map) -> Columns:
    """Find our fields among the headings.

    A map's headings come first; beside them a narrow journal's headings are known by their English and Chinese names.
    In a wide journal only the map speaks.
    """
    fields = {name: place for name, heading in map.columns.items() if (place := _place(heading, headings)) is not None}
    times = {name: place for name, heading in map.times.items() if (place := _place(heading, headings)) is not None}
    taken = {*fields.values(), *times.values(), *(i for i, heading in enumerate(headings) if heading in RESERVED)}
    conflicts: dict[str, tuple[str, ...]] = {}
    if not map.wide:
        spoken_for = map.columns.keys() | map.constants.keys()
        candidates: dict[str, list[int]] = {}
        for place, heading in enumerate(headings):
            name = HEADINGS.get(key(heading))
            if name is not None and place not in taken and name not in spoken_for:
                candidates.setdefault(name, []).append(place)
        for name, places in candidates.items():
            # Beside 备注 a 说明 is just another column; but of two synonyms nobody knows which is meant.
            proper = [place for place in places if key(headings[place]) in (name, key(FIELDS[name].zh))]
            chosen = proper if len(proper) == 1 else places
            if len(chosen) == 1:
                fields[name] = chosen[0]
                taken.add(chosen[0])
            else:
                conflicts[name] = tuple(headings[place] for place in places)
    unmapped = tuple(place for place in range(len(headings)) if place not in taken)
    return Columns(fields, times, unmapped, conflicts)


def _place(heading: str, headings: tuple[str, ...]) -> int | None:
    if heading in headings:
        return headings.index(heading)
    alike = [place for place, other in enumerate(headings) if key(other) == key(heading)]
    return alike[0] if len(alike) == 1 else None


def missing(headings: tuple[str, ...], map: Map) -> list[str]:
    """Return the headings of a map, or our names (``time (时间)``), that a table must have and lacks."""
    mapped = [*map.columns.values(), *map.times.values()]
    absent = [heading for heading in dict.fromkeys(mapped) if _place(heading, headings) is None]
    if not map.wide:
        columns = find(headings, map)
        absent += [
            f"{name} ({FIELDS[name].zh})"
            for name in NARROW
            if name not in columns.fields and name not in columns.conflicts and name not in map.columns
        ]
    return absent


def lack(headings: tuple[str, ...], absent: list[str]) -> Text:
    """Return which columns are missing, and what may have been meant."""
    there = [heading for heading in headings if heading not in RESERVED]
    pairs = [(name, _alike(name, there)) for name in absent]
    en = ", ".join(f"{name}{f' (nearest: {alike})' if alike else ''}" for name, alike in pairs)
    zh = "、".join(f"{name}{f'（最接近：{alike}）' if alike else ''}" for name, alike in pairs)
    shown = [heading[:40] for heading in there[:12]] + (["…"] if len(there) > 12 else [])
    columns = "column" if len(absent) == 1 else "columns"
    return Text(
        f"the journal lacks the {columns} {en}; it has: {', '.join(shown) or 'none'}",
        f"台账缺少列：{zh}；现有列：{'、'.join(shown) or '无'}",
    )


def _alike(name: str, headings: Iterable[str]) -> str | None:
    headings = list(headings)
    words = name.removesuffix(")").split(" (")  # our own names come in both languages
    return next((alike for word in words if (alike := nearest(word, headings)) is not None), None)


def conflict(columns: Columns) -> Text:
    """Return which columns could all stand for one field."""
    en = "; ".join(f"{', '.join(names)} could all be {field}" for field, names in columns.conflicts.items())
    zh = "；".join(f"{'、'.join(names)} 都可能是{FIELDS[field].zh}" for field, names in columns.conflicts.items())
    return Text(f"{en}: say in a map which one it is", f"{zh}：请用对照表指明")
