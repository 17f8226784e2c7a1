"""Few rows in which every two values meet (两两组合): most faults hang on two circumstances at once."""

from collections.abc import Iterator, Sequence


def rows(sizes: Sequence[int], count: int) -> Iterator[tuple[int, ...]]:
    """Return rows of one place for each axis, so that soon every two places of any two axes stood in one row.

    Each row takes what has met least; it costs a few bit operations for every two axes. The rows are always the same.

    Args:
        sizes: How many places each axis has; at least one.
        count: How many rows to give.
    """
    axes = range(len(sizes))
    #: Which places of the second axis have not met a place of the first one: [first][place][second] -> bits.
    apart = [[[(1 << size) - 1 for size in sizes] for _ in range(own)] for own in sizes]
    longest = max(axes, key=lambda axis: sizes[axis], default=0)
    others = sorted((axis for axis in axes if axis != longest), key=lambda axis: -sizes[axis])
    for number in range(count):
        turn = number % len(others) if others else 0
        row = {longest: number % sizes[longest]}
        for axis in (*others[turn:], *others[:turn]):
            row[axis] = _least_met(sizes[axis], [apart[one][place][axis] for one, place in row.items()], number)
        for one, place in row.items():
            for other, where in row.items():
                apart[one][place][other] &= ~(1 << where)
        yield tuple(row[axis] for axis in axes)


def _least_met(size: int, apart: Sequence[int], number: int) -> int:
    """Choose a place that has met as few of the others as can be; by turns where several are equal."""
    left = (1 << size) - 1
    for one in apart:
        if left & one:
            left &= one
    start = number % size
    later = left >> start
    return start + _first(later) if later else _first(left)


def _first(bits: int) -> int:
    return (bits & -bits).bit_length() - 1
