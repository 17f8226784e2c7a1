"""Compare what ``governflow run --json`` found with what the city itself recorded.

Used as ``python docs/tutorial-boston/compare.py DATA boston.json``.
"""

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/New_York")
CLOSE_ENOUGH = timedelta(minutes=3)
VERDICTS = {"met": "ONTIME", "breached": "OVERDUE"}


def compare(requests: Iterable[dict[str, str]], cases: Iterable[dict[str, Any]]) -> Counter[str]:
    """Count the due times and verdicts that are the city's own.

    Args:
        requests: The city's rows.
        cases: The cases of ``governflow run --json``.

    Returns:
        ``due`` of ``due of``; ``verdict`` of ``verdict of``: requests that were closed, have a verdict, and whose due
        time agrees.
    """
    found = {case["case"]: clock for case in cases for clock in case["clocks"] if clock["clock"].startswith("target")}
    counted: Counter[str] = Counter()
    for row in requests:
        clock = found.get(row["case_enquiry_id"])
        if clock is None or not row["target_dt"]:
            continue
        theirs = datetime.fromisoformat(row["target_dt"]).replace(tzinfo=ZONE)
        agrees = abs(datetime.fromisoformat(clock["due"]) - theirs) <= CLOSE_ENOUGH
        counted["due of"] += 1
        counted["due"] += agrees
        if agrees and row["closed_dt"] and row["ontime"]:
            counted["verdict of"] += 1
            counted["verdict"] += VERDICTS.get(clock["outcome"]) == row["ontime"]
    return counted


def main(data: Path, result: Path) -> None:
    """Print both shares."""
    with (data / "boston311_2011q3.csv").open(encoding="utf-8") as file:
        counted = compare(csv.DictReader(file), json.loads(result.read_text(encoding="utf-8"))["cases"])
    for name, what in (("due", "due times within 3 minutes"), ("verdict", "verdicts where the due time agrees")):
        n, of = counted[name], counted[f"{name} of"]
        print(f"{what}: {n} of {of} = {n / of:.2%}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
