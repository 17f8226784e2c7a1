"""One generated day in Huimin County (惠民县), for ``governflow demo`` (演示数据).

Nothing in it happened, and every row says so in its channel. tests/generators/huimin_day.py makes the file.
"""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from governflow.model.base_lifecycle import BASE
from governflow.model.headings import FIELDS
from governflow.model.units import OrgChart
from governflow.text import Text

LOCALITY = "371621"
FILE = Path(__file__).with_name("huimin_day.csv")
#: The county's own wall clock. A journal is read in the locality's zone, so none is attached.
DAY = datetime.fromisoformat("2026-03-16T00:00:00")
UNTIL = datetime.fromisoformat("2026-03-24T12:00:00")

GENERATED = Text(
    "Generated data, no real cases: people, telephone numbers, grids and requests are made up by a program.",
    "本演示数据由程序生成，并非真实案件：人员、电话、网格和诉求均为虚构。",
)


def journal() -> list[dict[str, str]]:
    """Return the rows of the day, a narrow journal with Chinese headings, in the order of time; times are local."""
    with FILE.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def fitted(rows: Sequence[dict[str, str]], units: OrgChart) -> list[dict[str, str]]:
    """Fit the day to a locality with a chart of its own, which need not know the demo's units.

    A dispatch to a unit that the chart does not know goes along the locality's route; a case that needs such a unit in
    another way (transferred, lifted or summoned) is left out.

    Args:
        rows: The day.
        units: The locality's chart.

    Returns:
        The rows, with the ids of the chart where it knows the names.
    """
    if units.open:
        return list(rows)
    ids = {unit.text.zh: unit.id for unit in units.units.values()}
    action, unit, case, into = (FIELDS[name].zh for name in ("action", "unit", "case", "into"))
    binding = {BASE.actions[name].text.zh for name in ("transfer", "escalate", "whistle", "check_in")}
    out = {row[case] for row in rows if row[action] in binding and row[unit] not in ids}
    out |= {row[case] for row in rows if row[into] in out}
    return [{**row, unit: ids.get(row[unit], "")} for row in rows if row[case] not in out]


def as_csv(rows: Sequence[dict[str, str]]) -> bytes:
    """Return a journal as Excel reads it: with a byte order mark."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")
