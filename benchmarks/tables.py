"""Decision tables: a ruling of a long table against one of a short table and against a loop over the rules, and the
exact analysis of a table of 300 rules over 8 columns.
"""

import random
from time import perf_counter

from governflow.tables import Rule, Table
from measuring import Row, best, show

CASES = 2_000
HIGHEST = 999
Box = list[tuple[int, int]]


def partition(rules: int, columns: int, seed: int) -> list[Box]:
    """Cut the space of whole numbers into boxes, each a rule: no gap, no overlap."""
    draw = random.Random(seed)
    boxes: list[Box] = [[(0, HIGHEST)] * columns]
    while len(boxes) < rules:
        number, column = draw.randrange(len(boxes)), draw.randrange(columns)
        box = boxes[number]
        low, high = box[column]
        if low < high:
            middle = draw.randint(low, high - 1)
            boxes[number] = [*box[:column], (low, middle), *box[column + 1 :]]
            boxes.append([*box[:column], (middle + 1, high), *box[column + 1 :]])
    draw.shuffle(boxes)
    return boxes


def table_of(boxes: list[Box], hit: str = "unique") -> Table:
    """Write boxes as a table and read it."""
    columns = len(boxes[0])
    lines = [f"hit policy,{hit}", "rule," + ",".join(f"c{place}" for place in range(columns)) + ",colour"]
    lines.append("domain," + f"0..{HIGHEST}; default 0," * columns)
    for number, box in enumerate(boxes):
        lines.append(f"R{number}," + ",".join(f"{low}..{high}" for low, high in box) + f",{'abc'[number % 3]}")
    return Table.read(("table.csv", "\n".join(lines).encode()), name="colour")


def naive(boxes: list[Box], rules: tuple[Rule, ...], case: dict[str, object]) -> Rule | None:
    """Ask one rule after the other."""
    values = list(case.values())
    for box, rule in zip(boxes, rules, strict=True):
        if all(low <= value <= high for (low, high), value in zip(box, values, strict=True)):  # type: ignore[operator]
            return rule
    return None


def rows() -> list[Row]:
    """Measure."""
    long, short = partition(1_000, 4, seed=1), partition(10, 4, seed=1)
    many, few = table_of(long), table_of(short)
    draw = random.Random(2)
    cases: list[dict[str, object]] = [
        {f"c{place}": draw.randint(0, HIGHEST) for place in range(4)} for _ in range(CASES)
    ]
    assert all(many.decide(case) is naive(long, many.rules, case) for case in cases)
    ours, ten, looped = best(
        lambda: [many.decide(case) for case in cases],
        lambda: [few.decide(case) for case in cases],
        lambda: [naive(long, many.rules, case) for case in cases[:: CASES // 100]],
    )
    ours, ten, looped = ours / CASES * 1e6, ten / CASES * 1e6, looped / 100 * 1e6
    # What a table found out about itself is kept: each round needs a fresh one.
    seconds = []
    for hit in ("unique", "first"):
        table = table_of(partition(300, 8, seed=3), hit)
        started = perf_counter()
        assert table.analyse().sound
        seconds.append(perf_counter() - started)
    return [
        Row("ruling, 1,000 rules : 10 rules", f"{ours:.2f} µs", f"{ten:.2f} µs", ours / ten, "<= 3"),
        Row("ruling, 1,000 rules : loop over the rules", f"{ours:.2f} µs", f"{looped:.0f} µs", ours / looped, "<= 0.1"),
        Row("exact analysis, 300 rules x 8 columns", f"{max(seconds):.2f} s", "2 s", max(seconds) / 2, "<= 1"),
    ]


if __name__ == "__main__":
    show(rows())
