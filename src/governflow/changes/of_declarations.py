"""What rules declare, compared exactly: lifecycles, units, calendars, words (声明内容逐项比对)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from governflow.changes.rows import Found

Rules = Mapping[str, Any]


def of_rules(old: Rules, new: Rules) -> Iterator[Found]:
    """Compare all that needs no case: lifecycles, units, words, and who lies above.

    Args:
        old: What the old rules are, as a side gives it.
        new: What the new ones are.
    """
    yield from _lifecycles(old["lifecycles"], new["lifecycles"])
    yield from _units(old["units"], new["units"])
    for aspect, what in (("chart", "intake"), ("chart", "above"), ("calendar", "zone"), ("names", "name")):
        if old[what] != new[what]:
            yield Found(aspect, what, old[what], new[what])
    for number, word in enumerate(dict.fromkeys((*old["names"], *new["names"]))):
        was, now = old["names"].get(word), new["names"].get(word)
        if was != now:
            yield Found("names", f"word:{word}", was, now, number=number)


def _lifecycles(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Found]:
    number = 0
    for name in dict.fromkeys((*old, *new)):
        if name not in old or name not in new:
            number += 1
            gone = name in old
            yield Found("lifecycle", "lifecycles", name if gone else None, None if gone else name, number=number)
            continue
        for part in ("states", "ends"):
            theirs, ours = old[name][part], new[name][part]
            for state in sorted({*theirs} ^ {*ours}):
                number += 1
                was, now = (state if state in side else None for side in (theirs, ours))
                yield Found("lifecycle", f"{part}:{name}", was, now, number=number)
        before, after = _ways(old[name]["ways"]), _ways(new[name]["ways"])
        for key in dict.fromkeys((*before, *after)):
            if before.get(key) != after.get(key):
                number += 1
                yield Found("lifecycle", f"way:{name}", before.get(key), after.get(key), number=number)


def _ways(ways: Sequence[Sequence[Any]]) -> dict[tuple[str, ...], Sequence[Any]]:
    """Return each way by what tells it from the others: where it starts, the action, and its guard."""
    return {(way[0], way[1], *way[3]): way for way in ways}


def _units(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Found]:
    for number, unit in enumerate(dict.fromkeys((*old, *new))):
        was, now, told = old.get(unit), new.get(unit), {"unit": unit}
        if was is None or now is None:
            kind = (was or now or {})["kind"]
            yield Found("chart", f"unit:{kind}", was and unit, now and unit, number=number, example=told)
            continue
        for part in was:
            if was[part] != now[part]:
                aspect = "names" if part == "name" else "chart"
                yield Found(aspect, f"of unit:{part}", was[part], now[part], number=number, example=told)


def of_calendars(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Found]:
    """Compare the calendars on which clocks run, day by day of the week and holiday by holiday.

    Args:
        old: The calendars by clock and mode, as a side gives them.
        new: The same of the other side.
    """
    for number, clock in enumerate(one for one in old if one in new):
        for mode in old[clock]:
            was, now, told = old[clock][mode], new[clock][mode], {"clock": clock, "mode": mode}
            for what, before, after in _hours(was, now):
                yield Found("calendar", what, before, after, number=number, example=told)


def _hours(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for part in ("zone", "coverage", "beyond", "faults"):
        if old.get(part) != new.get(part):
            yield f"hours:{part}", old.get(part), new.get(part)
    for part in ("week", "shifts"):
        for day in sorted({*old[part], *new[part]}):
            if old[part].get(day) != new[part].get(day):
                yield f"{part}:{day}", old[part].get(day), new[part].get(day)
    for day in sorted({*old["holidays"]} ^ {*new["holidays"]}):
        yield (
            "holiday",
            day if day in old["holidays"] else None,
            day if day in new["holidays"] else None,
        )
