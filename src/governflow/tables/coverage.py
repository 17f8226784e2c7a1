"""What a table answers, for every admissible case and not for a sample (规则表精确检查).

Rules are boxes in the space of cases, and everything asked here comes down to one question: does some part of a box lie
outside a set of rules? It is answered by halving the box until one rule covers a piece or none touches it.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property, reduce
from itertools import accumulate
from operator import or_
from typing import TypeAlias

import attrs

from governflow.tables.partition import ColumnAxis, Region, bits


@attrs.frozen(slots=False)
class Space:
    """Rules as boxes over the axes of their columns.

    Args:
        axes: One for each column.
        boxes: One for each rule.
    """

    axes: tuple[ColumnAxis, ...]
    boxes: tuple[Region, ...]

    @cached_property
    def by_atom(self) -> tuple[tuple[int, ...], ...]:
        """For each axis and each of its classes the mask of the rules that take it in."""
        by_atom = []
        for place, axis in enumerate(self.axes):
            rules = [0] * axis.size
            masks = ((1 << number, box[place]) for number, box in enumerate(self.boxes))
            for holders, mask in _grouped(masks, axis.full):
                for atom in bits(mask):
                    rules[atom] |= holders
            by_atom.append(tuple(rules))
        return tuple(by_atom)

    @cached_property
    def _touching(self) -> tuple[dict[int, int], ...]:
        """For each axis, for each mask that was asked for there, the rules that touch it."""
        return tuple({} for _ in self.axes)

    @property
    def whole(self) -> Region:
        """The box of all admissible cases."""
        return tuple(axis.full for axis in self.axes)

    @property
    def every(self) -> int:
        """The mask of all rules."""
        return (1 << len(self.boxes)) - 1

    def touching(self, box: Region, rules: int) -> int:
        """Return those of the rules that have a case in common with a box."""
        for place, mask in enumerate(box):
            known = self._touching[place].get(mask)
            if known is None:
                known = self._touching[place][mask] = reduce(or_, [self.by_atom[place][atom] for atom in bits(mask)], 0)
            rules &= known
            if not rules:
                return 0
        return rules

    def search(self, box: Region, rules: int, more: Sequence[Region] = ()) -> tuple[Region | None, int]:
        """Find a part of a box that lies outside all of some rules and regions.

        The box is halved until a piece is covered by one rule or touched by none. Where no such part is left, the
        second answer is the rules that were needed to cover the box.
        """
        used = 0
        if not all(box):
            return None, used
        lines = tuple(
            _grouped([(1 << atom, held[atom]) for atom in bits(mask)], rules)
            for held, mask in zip(self.by_atom, box, strict=True)
        )
        # The pieces are searched depth first, the one that fewer rules touch first: there a hole is found soonest.
        waiting = [(lines, rules, tuple(more))]
        while waiting:
            lines, active, others = waiting.pop()
            active, covering = _look(lines, active)
            if covering:
                used |= 0 if covering & used else covering & -covering
                continue
            piece = tuple([sum([mask for mask, _ in line]) for line in lines])
            others = tuple(other for other in others if all(a & b for a, b in zip(piece, other, strict=True)))
            if any(all(not a & ~b for a, b in zip(piece, other, strict=True)) for other in others):
                continue
            if not active:
                if not others:
                    return piece, used
                rest = _without(piece, others[0])
                waiting += [(tuple(((mask, 0),) for mask in part), 0, others[1:]) for part in rest]
                continue
            lines = tuple(_grouped(line, active) for line in lines)
            place, halves = _cut(lines)
            parts = [
                ((*lines[:place], half, *lines[place + 1 :]), active & reduce(or_, [held for _, held in half]), others)
                for half in halves
            ]
            waiting += sorted(parts, key=lambda part: -part[1].bit_count())
        return None, used

    def widen(self, box: Region, rules: int, more: Sequence[Region] = ()) -> Region:
        """Widen a box that no rule touches, column by column, as far as none does."""
        for place, axis in enumerate(self.axes):
            line = _with(box, place, axis.full)
            near = self.touching(line, rules)
            mask = sum(1 << atom for atom, holders in enumerate(self.by_atom[place]) if not holders & near)
            for other in more:
                if all(a & b for a, b in zip(line, other, strict=True)):
                    mask &= ~other[place]
            box = _with(box, place, mask)
        return box


#: One column of a piece: groups of classes that no rule left there tells apart, each with the rules that take it in.
_Line: TypeAlias = tuple[tuple[int, int], ...]


def _grouped(line: Iterable[tuple[int, int]], rules: int) -> _Line:
    groups: dict[int, int] = {}
    for mask, held in line:
        held &= rules
        groups[held] = groups.get(held, 0) | mask
    return tuple((mask, held) for held, mask in groups.items())


def _look(lines: tuple[_Line, ...], active: int) -> tuple[int, int]:
    """Return the rules that touch a piece, and those that cover it."""
    covering = active
    for line in lines:
        union = 0
        for _, held in line:
            union |= held
            covering &= held
        active &= union
        if not active:
            return 0, 0
    return active, covering & active


def _cut(lines: tuple[_Line, ...]) -> tuple[int, tuple[_Line, _Line]]:
    """Find the best cut of a piece in two: one that leaves few rules in either half, and in the fuller one above all.

    Any set of classes may be cut off: those before a place in the line, or one alone.
    """
    lowest = -1
    best = (0, 0, 1)
    for place, line in enumerate(lines):
        after = list(accumulate((held for _, held in reversed(line)), or_))[::-1]
        before = 0
        for number, (_, held) in enumerate(line[:-1]):
            cuts = [(number, held, before | after[number + 1])] if number else []
            before |= held
            cuts.append((0, before, after[number + 1]))
            for start, inside, outside in cuts:
                one, two = inside.bit_count(), outside.bit_count()
                score = one + two + max(one, two)
                if lowest < 0 or score < lowest:
                    lowest, best = score, (place, start, number + 1)
    place, start, end = best
    line = lines[place]
    return place, (line[start:end], line[:start] + line[end:])


def _with(box: Region, place: int, mask: int) -> Region:
    return (*box[:place], mask, *box[place + 1 :])


def _without(box: Region, other: Region) -> Iterable[Region]:
    """Cut a box that it overlaps out of a box: the pieces that are left."""
    for place, mask in enumerate(other):
        if rest := box[place] & ~mask:
            yield _with(box, place, rest)
        box = _with(box, place, box[place] & mask)
