"""What `governflow check` catches: every planted fault under all laws: ``.venv/bin/python benchmarks/planted.py``.

About 15 minutes, one fault after another. Each is planted in a copy of one of the six and checked at the level
``certify``, as it is before rules go live; a name as argument looks at those faults only whose id holds it.
"""

import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median

import attrs

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "planted"))

from faults import FAULTS, LAWFUL, SORTS
from faults.lawful import DIFF
from planting import Fault, Found, looked_at

#: How long a check of one of the six may take, in seconds: of a broken one, too.
LIMIT = 10


@attrs.frozen
class Looked:
    """One fault, and what became of it.

    Args:
        fault: The fault.
        found: What the check found.
        seconds: How long it took.
    """

    fault: Fault
    found: Found
    seconds: float


def look(faults: Iterable[Fault]) -> Iterator[Looked]:
    """Plant faults, one after another, and check each under all laws."""
    for fault in faults:
        with tempfile.TemporaryDirectory() as folder:
            begun = time.perf_counter()
            found = looked_at(fault, Path(folder), all_laws=True)
            yield Looked(fault, found, time.perf_counter() - begun)
        print(".", end="", file=sys.stderr, flush=True)


def show(sorts: Iterable[str], looked: list[Looked]) -> None:
    """Print one line for each sort, in Markdown."""
    print("| sort | planted | caught | by its own law | all laws that spoke | median | worst |")
    print("|---|---:|---:|---:|---|---:|---:|")
    for sort in sorts:
        some = [one for one in looked if one.fault.sort == sort]
        if some:
            laws = dict.fromkeys(law for one in some for law in one.found.laws)
            print(f"| {sort} | {_counted(some)} | {', '.join(laws)} | {_timed(some)} |")
    print(f"| **all** | {_counted(looked)} | | {_timed(looked)} |")


def _counted(some: list[Looked]) -> str:
    caught = sum(bool(one.found.laws) for one in some)
    own = sum(one.fault.law in one.found.laws for one in some)
    return f"{len(some)} | {caught} | {own}"


def _timed(some: list[Looked]) -> str:
    seconds = [one.seconds for one in some]
    return f"{median(seconds):.1f} s | {max(seconds):.1f} s"


def main(part: str) -> None:
    """Look at the faults whose ids hold a text, and at the lawful changes; name what escaped and what took too long."""
    looked = list(look(fault for fault in FAULTS if part in fault.id))
    lawful = list(look(fault for fault in LAWFUL if part in fault.id))
    print("\n\nFaults\n")
    if looked:
        show(SORTS, looked)
    for one in looked:
        if not one.found.laws:
            print(f"\nescaped: {one.fault.id} ({SORTS[one.fault.sort]}; {one.fault.law})")
        elif one.fault.law not in one.found.laws:
            print(f"\ncaught by another law: {one.fault.id} ({one.fault.law}: {', '.join(one.found.laws)})")
    for one in (*looked, *lawful):
        if one.seconds > LIMIT:
            print(f"\nlonger than {LIMIT} s: {one.fault.id} ({one.seconds:.0f} s)")
    print("\nLawful changes\n")
    if lawful:
        show(dict.fromkeys(one.fault.sort for one in lawful), lawful)
    for one in lawful:
        if one.fault.law == DIFF and not one.found.laws:
            print(f"\nleft to `governflow diff`: {one.fault.id} ({one.fault.names})")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
