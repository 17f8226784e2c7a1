"""What a changed table changes, exactly (规则变更影响)."""

from collections.abc import Iterable

import attrs

from governflow.tables.coverage import Space
from governflow.tables.domains import Closed, Code, Domain, Number, Open, Part
from governflow.tables.findings import AT_MOST, holes
from governflow.tables.partition import Cases, ColumnAxis, Region, bits, cut
from governflow.tables.rules import Column, Rule
from governflow.tables.table import Table
from governflow.tables.vocabulary import outcomes_text
from governflow.text import Text


@attrs.frozen(slots=False)
class Change(Cases):
    """Cases that two tables answer differently.

    Args:
        old: The rule that answered them, or None.
        new: The rule that answers them now, or None.
    """

    old: Rule | None
    new: Rule | None

    @property
    def text(self) -> Text:
        """The change as a sentence."""
        old, new = _answer(self.old), _answer(self.new)
        return Text(
            f"{self.said.en}: {old.en} becomes {new.en} (for example {self.example.en})",
            f"{self.said.zh}：由{old.zh}改为{new.zh}（例如{self.example.zh}）",
        )


def _answer(rule: Rule | None) -> Text:
    if rule is None:
        return Text("no answer", "无规则")
    said = outcomes_text(rule.outcomes)
    return Text(f"{said.en} ({rule.id})", f"{said.zh}（{rule.id}）")


def compare(old: Table, new: Table) -> list[Change]:
    """Find all cases that two tables answer differently; reasons alone do not count.

    Args:
        old: The table that was.
        new: The table that is.

    Returns:
        For each pair of rules whose outcomes differ the regions in which the one gave way to the other, at most
        `AT_MOST` of each pair, in the order of the old rules.
    """
    if old.digest == new.digest:
        return []
    space, count = _common(old, new)
    changes = []
    ours, theirs = (1 << count) - 1, space.every >> count << count
    if old.columns == new.columns:
        # A rule that is never the answer is none that cases change from or to. Where the domains differ it might be:
        # there are cases then that it was not asked for before.
        ours, theirs = _live(old), _live(new) << count
    for one in (*bits(ours), None):
        for two in (*bits(space.touching(_both(space, one, None), theirs)), None):
            was = None if one is None else old.rules[one]
            now = None if two is None else new.rules[two - count]
            if (was.outcomes if was else {}) == (now.outcomes if now else {}):
                continue
            box = _both(space, one, two)
            before = ours if one is None else ours & (1 << one) - 1
            before |= theirs if two is None else theirs & (1 << two) - 1
            found = holes(space, box, space.touching(box, before), AT_MOST)
            changes += [Change(space.axes, region, was, now) for region in found]
    return changes


def _live(table: Table) -> int:
    dead = {one.rule.id for one in table.analyse().dead}
    return sum(1 << number for number, rule in enumerate(table.rules) if rule.id not in dead)


def _both(space: Space, one: int | None, two: int | None) -> Region:
    box = space.whole
    for rule in (one, two):
        if rule is not None:
            box = tuple(a & b for a, b in zip(box, space.boxes[rule], strict=True))
    return box


def _common(old: Table, new: Table) -> tuple[Space, int]:
    """Both tables' rules over the columns of either, the old ones first."""
    sides, columns = (old, new), list(_columns(old, new))
    axes = []
    for name, text, holders in columns:
        held = [(table, column) for table, column in zip(sides, holders, strict=True) if column]
        parts = [part for table, column in held for part in (*_parts(column.domain), *table.parts_of(column))]
        domain = _united(held[0][1].domain, held[-1][1].domain)
        axes.append(ColumnAxis(name, text, cut(domain, parts), any(not column.always for _, column in held)))
    boxes: list[Region] = []
    for side, table in enumerate(sides):
        asked = [(axis, holders[side]) for axis, (_, _, holders) in zip(axes, columns, strict=True)]
        boxes += [
            tuple(
                axis.mask(table.cell(number, column), column.default) if column else axis.full for axis, column in asked
            )
            for number in range(len(table.rules))
        ]
    return Space(tuple(axes), tuple(boxes)), len(old.rules)


def _columns(old: Table, new: Table) -> Iterable[tuple[str, Text, tuple[Column | None, Column | None]]]:
    """The columns of either table; one whose domain is now of another kind counts as two."""
    before = {column.id: column for column in old.columns}
    after = {column.id: column for column in new.columns}
    for name in dict.fromkeys((*before, *after)):
        one, two = before.get(name), after.get(name)
        if one and two and _kind(one.domain) != _kind(two.domain):
            yield f"{name} (old)", Text(f"{one.text.en} (old)", f"{one.text.zh}（旧）"), (one, None)
            yield name, two.text, (None, two)
        else:
            yield name, (two or one).text, (one, two)  # type: ignore[union-attr]


def _kind(domain: Domain) -> str:
    return {Number: "number", Code: "code"}.get(type(domain), "text")


def _parts(domain: Domain) -> list[Part]:
    """What a domain itself speaks of: where it ends, or its values."""
    if isinstance(domain, Number):
        return [domain.span]
    return list(domain.values) if isinstance(domain, Closed) else []


def _united(first: Domain, last: Domain) -> Domain:
    """A domain that holds both."""
    if first == last:
        return first
    if isinstance(first, Number) and isinstance(last, Number):
        low = None if first.low is None or last.low is None else min(first.low, last.low)
        high = None if first.high is None or last.high is None else max(first.high, last.high)
        return Number(low, high, first.whole and last.whole)
    if isinstance(first, Closed) and isinstance(last, Closed):
        names = dict(zip((*first.values, *last.values), (*first.names, *last.names), strict=True))
        return Closed(tuple(names), tuple(names.values()))
    return Open() if not isinstance(first, Code) else first
