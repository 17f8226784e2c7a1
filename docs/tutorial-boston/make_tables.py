"""Make the plugin's tables from the city's data: which queue takes a type of request, and how long it has.

Used as ``python docs/tutorial-boston/make_tables.py DATA``.
"""

import csv
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parent / "src" / "governflow_boston"

#: The file's codes; the names are ours.
DEPARTMENTS = {
    "PWDx": ("Public Works", "公共工程局"),
    "ISD": ("Inspectional Services", "检查服务局"),
    "PARK": ("Parks and Recreation", "公园与康乐局"),
    "BTDT": ("Transportation", "交通局"),
    "INFO": ("Mayor's 24 Hour Hotline", "市长24小时热线"),
    "PROP": ("Property Management", "物业管理局"),
}

Rows = list[dict[str, str]]


def target(rule: str) -> str:
    """Write a rule as an allowance: ``2 business days (...)`` is 2wd, ``2880h calendar`` is 120cd."""
    number, unit = rule.split()[:2]
    if unit == "business":
        return f"{number}wd"
    days, left = divmod(int(number.removesuffix("h")), 24)
    if left:
        raise ValueError(f"{rule!r} is no whole number of days")
    return f"{days}cd"


def unit_id(name: str) -> str:
    """Make an id of a queue's or department's name: ``ISD_Housing (INTERNAL)`` is isd-housing-internal."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def catalogue(requests: Rows, rules: Rows) -> Iterator[list[str]]:
    """Give each type of request with the queue that took most of it, and its target where the city has one."""
    targets = {row["type"]: target(row["rule"]) for row in rules}
    queues: dict[str, Counter[str]] = {}
    for row in requests:
        if row["department"] in DEPARTMENTS:
            queues.setdefault(row["type"], Counter())[row["queue"]] += 1
    yield ["item", "lead", "target"]
    for item, taken in sorted(queues.items()):
        lead = min(taken, key=lambda queue: (-taken[queue], queue))
        yield [item, unit_id(lead), targets.get(item, "")]


def units(requests: Rows, leads: set[str]) -> Iterator[list[str]]:
    """Give the org chart: the 311 desk, the mayor's office, the departments, and the queues that lead."""
    yield ["unit", "name", "name_en", "kind", "level", "parent", "forms"]
    yield ["intake", "311热线", "311 desk", "desk", "0", "mayor", ""]
    yield ["mayor", "市长办公室", "Mayor's Office", "mayor", "3", "", "study"]
    for code, (name_en, name) in DEPARTMENTS.items():
        yield [unit_id(code), name, name_en, "department", "2", "mayor", "verify|assist|lead|joint"]
    for queue, code in sorted({(row["queue"], row["department"]) for row in requests}):
        if code in DEPARTMENTS and unit_id(queue) in leads:
            yield [unit_id(queue), queue, queue, "queue", "1", unit_id(code), "direct"]


def main(data: Path) -> None:
    """Read the city's two files and write the plugin's two."""
    requests, rules = (
        list(csv.DictReader((data / name).read_text(encoding="utf-8").splitlines()))
        for name in ("boston311_2011q3.csv", "boston311_rules.csv")
    )
    items = list(catalogue(requests, rules))
    charted = list(units(requests, {lead for _, lead, _ in items}))
    for path, table in (("tables/catalogue.csv", items), ("units.csv", charted)):
        with (PACKAGE / path).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(table)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
