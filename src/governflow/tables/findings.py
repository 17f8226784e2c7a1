"""What is wrong with a table, exactly: gaps, conflicts and dead rules (漏项、冲突、失效规则).

Every finding names the rules and their rows, and gives one concrete case.
"""

from collections.abc import Iterable, Sequence

import attrs

from governflow.tables.coverage import Space
from governflow.tables.domains import Number
from governflow.tables.partition import Cases, Region, bits
from governflow.tables.rules import Rule
from governflow.tables.vocabulary import outcomes_text
from governflow.text import COMMA, Text

#: So many gaps are reported, and so many sentences of each kind are said.
AT_MOST = 20
#: A dead rule that more rules than this cover together is shown with all of them, not with the fewest.
_FEW = 8


@attrs.frozen(slots=False)
class Gap(Cases):
    """Cases that no rule answers.

    Args:
        near: The rules that answer the next lower and higher number, each with its condition there.
    """

    near: tuple[tuple[Rule, Text], ...] = ()

    @property
    def text(self) -> Text:
        """The finding as a sentence."""
        en = "".join(f"{rule.where.en} says {cell.en}, " for rule, cell in self.near)
        zh = "".join(f"{rule.where.zh}写的是{cell.zh}，" for rule, cell in self.near)
        return Text(
            f"{en}nobody answers {self.said.en}: add a rule for it (for example {self.example.en})",
            f"{zh}没有规则回答{self.said.zh}：请补充规则（例如{self.example.zh}）",
        )


@attrs.frozen(slots=False)
class Overlap(Cases):
    """Cases that two rules of a ``unique`` table answer differently.

    Args:
        rules: The two.
    """

    rules: tuple[Rule, Rule]

    @property
    def text(self) -> Text:
        """The finding as a sentence."""
        one, two = self.rules
        this, that = outcomes_text(one.outcomes), outcomes_text(two.outcomes)
        return Text(
            f"{one.where.en} answers {this.en} and {two.where.en} answers {that.en} to {self.said.en}: narrow one of "
            f"them (for example {self.example.en})",
            f"{one.where.zh}的结果为{this.zh}，{two.where.zh}的结果为{that.zh}，二者都适用于{self.said.zh}："
            f"请收窄其中一条（例如{self.example.zh}）",
        )


@attrs.frozen
class Dead:
    """A rule that is never the answer.

    Args:
        rule: The rule.
        covers: The rules that are asked before it and take in all its cases; none if it has no cases.
    """

    rule: Rule
    covers: tuple[Rule, ...]

    @property
    def text(self) -> Text:
        """The finding as a sentence."""
        where = self.rule.where
        if not self.covers:
            return Text(
                f"{where.en} fits no admissible case: mend its conditions", f"{where.zh}不适用于任何情形：请修改条件"
            )
        few = COMMA.join(rule.where for rule in self.covers[:5])
        if len(self.covers) > 5:
            few = Text(f"{few.en} and {len(self.covers) - 5} more", f"{few.zh}等 {len(self.covers)} 条")
        return Text(
            f"{where.en} can never be the answer, {few.en} {'takes' if len(self.covers) == 1 else 'take'} in all its "
            "cases: leave it out or move it up",
            f"{where.zh}永远不会被采用，其全部情形已由{few.zh}包含：请删去或上移",
        )


@attrs.frozen
class Findings:
    """All that is wrong with a table.

    Args:
        gaps: Cases without an answer; no two overlap.
        more_gaps: Whether there are more than are listed.
        conflicts: Pairs of rules that answer one case differently; none where the first rule counts.
        dead: Rules that are never the answer.
    """

    gaps: tuple[Gap, ...] = ()
    more_gaps: bool = False
    conflicts: tuple[Overlap, ...] = ()
    dead: tuple[Dead, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.gaps or self.conflicts or self.dead)

    def faults(self) -> tuple[Text, ...]:
        """Return every finding as a sentence."""
        found = [gap.text for gap in self.gaps]
        if self.more_gaps:
            found.append(Text(f"there are more than {AT_MOST} gaps", f"漏项超过 {AT_MOST} 处"))
        for some in (self.conflicts, self.dead):
            found += [one.text for one in some[:AT_MOST]]
            if len(some) > AT_MOST:
                found.append(Text(f"{len(some) - AT_MOST} more of this kind", f"同类问题另有 {len(some) - AT_MOST} 处"))
        return tuple(found)


def find(space: Space, rules: Sequence[Rule], *, first: bool) -> Findings:
    """Find all that is wrong with rules; unless the first that fits counts, no two may answer a case differently."""
    dead = list(_dead(space, rules, first=first))
    live = space.every & ~sum(1 << number for number, _ in dead)
    gaps = holes(space, space.whole, live, AT_MOST + 1)
    return Findings(
        tuple(Gap(space.axes, gap, _near(space, rules, gap)) for gap in gaps[:AT_MOST]),
        len(gaps) > AT_MOST,
        () if first else tuple(_conflicts(space, rules)),
        tuple(one for _, one in dead),
    )


def holes(space: Space, box: Region, rules: int, limit: int) -> list[Region]:
    """Find the parts of a box that lie outside all of some rules, at most so many, none overlapping."""
    found: list[Region] = []
    while len(found) < limit and (hole := space.search(box, rules, found)[0]) is not None:
        wide = space.widen(hole, rules, found)
        found.append(tuple(a & b for a, b in zip(wide, box, strict=True)))
    return found


def _near(space: Space, rules: Sequence[Rule], region: Region) -> tuple[tuple[Rule, Text], ...]:
    """The rules just below and just above a gap, along the column of numbers that has the most of them."""
    point = tuple(mask & -mask for mask in region)
    best: tuple[tuple[Rule, Text], ...] = ()
    for place, axis in enumerate(space.axes):
        if region[place] == axis.full or not isinstance(axis.atoms.domain, Number):
            continue
        line = (*point[:place], axis.full, *point[place + 1 :])
        hit = space.touching(line, space.every)
        at = point[place].bit_length() - 1
        held = [takers & hit for takers in space.by_atom[place][: axis.atoms.count]]
        sides = [next(filter(None, side), 0) for side in (held[:at][::-1], held[at + 1 :])]
        numbers = dict.fromkeys(next(bits(side)) for side in sides if side)
        near = tuple((rules[number], axis.say(space.boxes[number][place])) for number in numbers)
        if len(near) > len(best):
            best = near
    return best


def _alike(rules: Sequence[Rule]) -> list[int]:
    """For each rule the mask of those with the same outcomes."""
    keys = [tuple(sorted(rule.outcomes.items())) for rule in rules]
    groups: dict[tuple[tuple[str, str], ...], int] = {}
    for number, key in enumerate(keys):
        groups[key] = groups.get(key, 0) | 1 << number
    return [groups[key] for key in keys]


def _conflicts(space: Space, rules: Sequence[Rule]) -> Iterable[Overlap]:
    alike = _alike(rules)
    for number, box in enumerate(space.boxes):
        later = space.every >> number << number
        for other in bits(space.touching(box, later & ~alike[number])):
            both = tuple(a & b for a, b in zip(box, space.boxes[other], strict=True))
            yield Overlap(space.axes, both, (rules[number], rules[other]))


def _dead(space: Space, rules: Sequence[Rule], *, first: bool) -> Iterable[tuple[int, Dead]]:
    alike = _alike(rules)
    live = space.every
    for number, box in enumerate(space.boxes):
        earlier = (1 << number) - 1 & live & (-1 if first else alike[number])
        near = space.touching(box, earlier) if all(box) else 0
        hole, covers = space.search(box, near) if near or not all(box) else (box, 0)
        if hole is not None:
            continue
        # What a dead rule takes in is taken in without it: it need not be looked at again.
        live &= ~(1 << number)
        yield number, Dead(rules[number], tuple(rules[cover] for cover in bits(_fewest(space, box, covers))))


def _fewest(space: Space, box: Region, covers: int) -> int:
    """Leave out of the rules that cover a box those that are not needed for it, where they are few enough to try."""
    if covers.bit_count() <= _FEW:
        for cover in bits(covers):
            if space.search(box, covers & ~(1 << cover))[0] is None:
                covers &= ~(1 << cover)
    return covers
