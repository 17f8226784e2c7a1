"""This checkout against an older one: ``python benchmarks/before_after.py OLD_CHECKOUT`` (about 40 minutes).

Each side runs its own benchmarks with the interpreter of its own ``.venv``; the sides take turns, and each figure is
the median of seven runs. `scale` runs at a tenth of its size. The ratio is new : old: above 1 is worse.
"""

import json
import re
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROUNDS = 7
BOUND = 1.10
BENCHMARKS = ("step", "durable", "scale")
#: What a side does: measure one benchmark, and print what each row calls ours.
MEASURE = """
import json, sys
sys.path.insert(0, "benchmarks")
import {name} as benchmark
for constant in ("LARGE", "ROWS"):
    if hasattr(benchmark, constant):
        setattr(benchmark, constant, getattr(benchmark, constant) // 10)
print(json.dumps([[row.what, row.ours] for row in benchmark.rows()]))
"""


def measured(checkout: Path, name: str) -> dict[str, float]:
    """Run one benchmark of one checkout, and return our figure of each row as a cost: less is better."""
    command = [checkout / ".venv/bin/python", "-c", MEASURE.format(name=name)]
    done = subprocess.run(command, cwd=checkout, check=True, stdout=subprocess.PIPE, text=True)
    costs = {}
    for what, ours in json.loads(done.stdout.splitlines()[-1]):
        number, _, unit = ours.replace(",", "").partition(" ")
        # The seconds that a row mentions beside its figure are another in every run.
        row = re.sub(r" \(\d+ s\)", "", what)
        costs[row] = 1e6 / float(number) if unit == "/s" else float(number)
    return costs


def main(old: Path) -> int:
    """Measure both sides in turns and print the table; the status says whether a row is worse than the bound."""
    new = Path(__file__).parents[1]
    costs: dict[str, dict[Path, list[float]]] = defaultdict(lambda: defaultdict(list))
    for _ in range(ROUNDS):
        for name in BENCHMARKS:
            for checkout in (old, new):
                for row, cost in measured(checkout, name).items():
                    costs[row][checkout].append(cost)
    print("| what | before | after | ratio | at most 1.10 |\n|---|---:|---:|---:|---|")
    worse = False
    for row, sides in costs.items():
        before, after = (statistics.median(sides[checkout]) for checkout in (old, new))
        ratio = after / before
        worse |= ratio > BOUND
        print(f"| {row} | {before:.4g} | {after:.4g} | {ratio:.2f} | {'no' if ratio > BOUND else 'yes'} |")
    return int(worse)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
