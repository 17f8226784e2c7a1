"""Cases by the moment at which something next happens to them."""

from datetime import datetime
from heapq import heappop, heappush
from typing import Generic, TypeVar

M = TypeVar("M", int, datetime)


class DueQueue(Generic[M]):
    """A heap whose outdated entries are dropped when they surface.

    Moments are of any one type that can be compared; entries of one moment come in the order of the cases' numbers.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[M, int, str]] = []
        self._next: dict[str, M | None] = {}

    def __len__(self) -> int:
        return len(self._heap)

    def clear(self) -> None:
        """Forget all entries."""
        self._heap.clear()
        self._next.clear()

    def put(self, moment: M | None, number: int, case: str) -> None:
        """Enter when something next happens to a case; None if nothing does. It replaces what was entered before."""
        if moment is not None and self._next.get(case) != moment:
            heappush(self._heap, (moment, number, case))
        self._next[case] = moment

    def first(self) -> tuple[M, int, str] | None:
        """Return the entry that comes first, as moment, number and case, or None."""
        heap = self._heap
        while heap and self._next[heap[0][2]] != heap[0][0]:
            heappop(heap)
        return heap[0] if heap else None
