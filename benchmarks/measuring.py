"""How the benchmarks measure: the sides of a ratio take turns in one run, and each counts with its best round."""

import gc
import time
from collections.abc import Callable

import attrs


@attrs.frozen
class Row:
    """One line of the table.

    Args:
        what: What is compared with what.
        ours: Our figure, with its unit.
        theirs: The other figure, with its unit.
        ratio: The ratio that the target speaks of.
        target: The target, as text: ``<= 3``.
    """

    what: str
    ours: str
    theirs: str
    ratio: float
    target: str

    @property
    def held(self) -> bool:
        """Whether the ratio holds its target."""
        sign, _, bound = self.target.partition(" ")
        return self.ratio <= float(bound) if sign == "<=" else self.ratio >= float(bound)


def best(*sides: Callable[[], object], rounds: int = 7) -> list[float]:
    """Time the sides in turns.

    Args:
        *sides: What to time; each is called once a round, after one round to warm up.
        rounds: How many rounds count.

    Returns:
        The seconds of each side's best round.
    """
    for side in sides:
        side()
    figures = [float("inf")] * len(sides)
    for _ in range(rounds):
        for place, side in enumerate(sides):
            gc.collect()
            gc.disable()
            started = time.perf_counter()
            side()
            figures[place] = min(figures[place], time.perf_counter() - started)
            gc.enable()
    return figures


def show(rows: list[Row]) -> None:
    """Print the table in Markdown."""
    print("| what | ours | theirs | ratio | target | held |")
    print("|---|---:|---:|---:|---|---|")
    for row in rows:
        held = "yes" if row.held else "**no**"
        print(f"| {row.what} | {row.ours} | {row.theirs} | {row.ratio:.2f} | {row.target} | {held} |")
