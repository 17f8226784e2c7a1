"""Atoms: a column's domain cut into the classes that no rule tells apart.

All that a table can say of a column is then a bit mask over its atoms. What is answered with these masks is exact: it
holds for every admissible case, not for a sample.
"""

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cached_property
from typing import TypeAlias

import attrs

from governflow.tables.domains import (
    AFTER_ALL,
    BEFORE_ALL,
    CODE_LENGTHS,
    Cell,
    Closed,
    Code,
    Cut,
    Domain,
    Number,
    Open,
    Part,
    Span,
    say,
)
from governflow.tables.vocabulary import IS
from governflow.text import COMMA, Text

Value: TypeAlias = str | int


def bits(mask: int) -> Iterator[int]:
    """Return the places of the bits that are set, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


@attrs.frozen
class Atoms:
    """One column's atoms.

    Args:
        domain: What was cut.
        count: How many atoms there are.
        mask: The atoms that some parts of the domain take in.
        find: The place of a fact's atom; -1 for a value outside the domain.
        sample: A value in an atom.
        cell: The atoms of a mask as a condition, and whether it is rather what the condition leaves out.
    """

    domain: Domain
    count: int
    mask: Callable[[Iterable[Part]], int]
    find: Callable[[object], int]
    sample: Callable[[int], Value]
    cell: Callable[[int], tuple[tuple[Part, ...], bool]]


def cut(domain: Domain, parts: Iterable[Part]) -> Atoms:
    """Cut a domain where the parts of it that rules speak of begin and end."""
    if isinstance(domain, Number):
        return _numbers(domain, [part for part in parts if isinstance(part, Span)])
    named = [str(part) for part in parts]
    if isinstance(domain, Closed):
        return _listed(domain, domain.values)
    if isinstance(domain, Open):
        return _listed(domain, tuple(dict.fromkeys(named)))
    return _codes(domain, set(named))


# --- sets and texts ---------------------------------------------------------------------------------------------------


def _listed(domain: Closed | Open, values: tuple[str, ...]) -> Atoms:
    """One atom a value; where any text may stand, one more for anything else."""
    rest = len(values) if isinstance(domain, Open) else -1
    places: dict[Hashable, int] = {value: place for place, value in enumerate(values)}
    if values == ("yes", "no"):
        places |= {True: 0, False: 1}
    other = "other"
    while other in places:
        other += "'"

    def mask(parts: Iterable[Part]) -> int:
        return sum({1 << places[part] for part in parts if part in places})

    def find(value: object) -> int:
        return places.get(value, rest)

    samples = values if rest < 0 else (*values, other)
    return Atoms(domain, len(samples), mask, find, samples.__getitem__, _naming(values, rest))


def _naming(values: tuple[str, ...], rest: int) -> Callable[[int], tuple[tuple[Part, ...], bool]]:
    """Return how a mask is said by its values; with the rest in it, by those that it leaves out."""

    def cell(mask: int) -> tuple[tuple[Part, ...], bool]:
        inverse = rest >= 0 and bool(mask >> rest & 1)
        return tuple(value for place, value in enumerate(values) if bool(mask >> place & 1) is not inverse), inverse

    return cell


# --- numbers ----------------------------------------------------------------------------------------------------------


def _numbers(domain: Number, spans: list[Span]) -> Atoms:
    """One atom between every two neighbouring cuts."""
    whole = domain.span
    inner = {end for span in spans for end in (span.start, span.end) if whole.start < end < whole.end}
    cuts: list[Cut] = [whole.start, *sorted(inner), whole.end]
    places = {end: place for place, end in enumerate(cuts)}
    count = len(cuts) - 1

    def mask(parts: Iterable[Part]) -> int:
        found = 0
        for part in parts:
            assert isinstance(part, Span)
            start, end = max(part.start, whole.start), min(part.end, whole.end)
            if start < end:
                found |= (1 << places[end]) - (1 << places[start])
        return found

    def find(value: object) -> int:
        number = value if type(value) is int else domain.number(value)
        place = -1 if number is None else bisect_right(cuts, (number, 0)) - 1
        return place if place < count else -1

    def sample(place: int) -> Value:
        number = _between(cuts[place], cuts[place + 1])
        return int(number) if domain.whole else domain.read(number)

    def cell(mask: int) -> tuple[tuple[Part, ...], bool]:
        return tuple(Span(cuts[place], cuts[place + 1]) for place in range(count) if mask >> place & 1), False

    return Atoms(domain, count, mask, find, sample, cell)


def _between(start: Cut, end: Cut) -> int | Decimal:
    """A number between two cuts: the first one where there is a first."""
    if start == BEFORE_ALL:
        if end == AFTER_ALL:
            return 0
        return end[0] if end[1] else end[0] - 1
    if not start[1]:
        return start[0]
    return start[0] + 1 if end == AFTER_ALL else (Decimal(start[0]) + end[0]) / 2


# --- codes ------------------------------------------------------------------------------------------------------------


def _codes(domain: Code, named: set[str]) -> Atoms:
    """One atom for what each named code or prefix says beyond the longer ones; the last is every other place."""
    exact = {code for code in named if not code.endswith("*")}
    prefixes = {code[:-1] for code in named if code.endswith("*")}
    free = {f"{prefix}*": _free(prefix, exact, prefixes) for prefix in sorted(prefixes)}
    samples = {code: code for code in sorted(exact)} | {node: code for node, code in free.items() if code is not None}
    nodes = tuple(samples)
    places = {node: place for place, node in enumerate(nodes)}
    lengths = sorted({len(prefix) for prefix in prefixes}, reverse=True)
    rest = len(nodes)

    def mask(parts: Iterable[Part]) -> int:
        found = 0
        for text in map(str, parts):
            if text.endswith("*"):
                found |= sum(1 << place for node, place in places.items() if node.startswith(text[:-1]))
            else:
                found |= 1 << places[text]
        return found

    def find(value: object) -> int:
        text = str(value)
        if text in places and "*" not in text:
            return places[text]
        for length in lengths:
            if text[:length] in prefixes and len(text) >= length:
                return places.get(f"{text[:length]}*", -1)
        return rest

    values = (*samples.values(), _free("", exact, prefixes) or "elsewhere")
    return Atoms(domain, rest + 1, mask, find, values.__getitem__, _naming(nodes, rest))


def _free(prefix: str, exact: set[str], prefixes: set[str]) -> str | None:
    """A code that begins so and that no other named code or longer prefix takes in; None if there is none."""
    some = (_search(prefix, lengths, exact, prefixes - {prefix}) for lengths in (CODE_LENGTHS[:3], CODE_LENGTHS[3:]))
    return next(filter(None, some), None)


def _search(prefix: str, lengths: tuple[int, ...], exact: set[str], others: set[str]) -> str | None:
    if prefix in others or len(prefix) > max(lengths):
        return None
    if len(prefix) in lengths and prefix not in exact:
        return prefix
    longer = (prefix + digit for digit in ("0123456789" if prefix else "1234567890"))
    some = (_search(more, lengths, exact, others) for more in longer)
    return next(filter(None, some), None)


# --- a column's axis --------------------------------------------------------------------------------------------------


@attrs.frozen
class ColumnAxis:
    """One column in the space of cases: its atoms and, where a case may leave it out, one more for that.

    Args:
        id: The column's id.
        text: Its name.
        atoms: Its atoms.
        unstated: Whether "not stated" is an admissible value of its own.
    """

    id: str
    text: Text
    atoms: Atoms
    unstated: bool

    @property
    def size(self) -> int:
        """How many classes a case can be in."""
        return self.atoms.count + self.unstated

    @property
    def full(self) -> int:
        """The mask of all of them."""
        return (1 << self.size) - 1

    def mask(self, cell: Cell | None, default: Value | None = None) -> int:
        """Return the classes that a cell takes in.

        Args:
            cell: The condition; None for anything.
            default: What counts for a case that does not state it; None where that is a value of its own.
        """
        if cell is None:
            return self.full
        mask = self.atoms.mask(cell.parts)
        if not self.unstated:
            return mask
        stated = cell.unstated if default is None else bool(mask >> self.atoms.find(default) & 1)
        return mask | stated << self.atoms.count

    def sample(self, mask: int) -> Value | None:
        """Return a value in one of the classes; None for "not stated", where nothing else is left."""
        place = (mask & -mask).bit_length() - 1
        return None if place == self.atoms.count else self.atoms.sample(place)

    def say_value(self, value: Value | None) -> Text:
        """Say to people what one case states."""
        if value is None:
            return Text(f"{self.text.en} not stated", f"{self.text.zh}未填")
        domain, written = self.atoms.domain, str(value)
        return IS.join((self.text, domain.say(written) if isinstance(domain, Closed) else Text(written, written)))

    def say(self, mask: int) -> Text:
        """Say to people which classes a mask holds."""
        parts, inverse = self.atoms.cell(mask & (1 << self.atoms.count) - 1)
        unstated = bool(mask >> self.atoms.count & 1)
        if not inverse:
            return say(self.atoms.domain, self.text, Cell(parts, unstated))
        en, zh = " or not stated" if unstated else "", "或未填" if unstated else ""
        if not parts:
            return Text(f"{self.text.en} stated{en}", f"{self.text.zh}已填{zh}")
        listed = [str(part) for part in parts]
        return Text(
            f"{self.text.en} other than {', '.join(listed)}{en}", f"{self.text.zh}为{'、'.join(listed)}以外{zh}"
        )


Region: TypeAlias = tuple[int, ...]


def sampled(axes: tuple[ColumnAxis, ...], region: Region) -> Mapping[str, Value]:
    """Return one case in a region; what it does not state is left out."""
    values = {axis.id: axis.sample(mask) for axis, mask in zip(axes, region, strict=True)}
    return {name: value for name, value in values.items() if value is not None}


@attrs.frozen(slots=False)
class Cases:
    """The cases of one region.

    A bad table has tens of thousands of such regions, and nobody reads more than a few: what is said of one is worked
    out when it is asked for.

    Args:
        axes: The axes of the space.
        box: The region, as masks over the axes.
    """

    axes: tuple[ColumnAxis, ...] = attrs.field(eq=False, repr=False)
    box: Region

    @cached_property
    def region(self) -> Mapping[str, Text]:
        """The condition of each column that matters."""
        pairs = zip(self.axes, self.box, strict=True)
        return {axis.id: axis.say(mask) for axis, mask in pairs if mask != axis.full}

    @property
    def said(self) -> Text:
        """All conditions of the region in one."""
        return COMMA.join(self.region.values()) if self.region else Text("any case", "任何情形")

    @cached_property
    def case(self) -> Mapping[str, Value]:
        """One of the cases; what it does not state is left out."""
        return sampled(self.axes, self.box)

    @property
    def example(self) -> Text:
        """The same case to be read."""
        if not self.axes:
            return Text("any case", "任何事项")
        return COMMA.join(axis.say_value(self.case.get(axis.id)) for axis in self.axes)
