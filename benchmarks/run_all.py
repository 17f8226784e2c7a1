"""All the benchmarks in one run, as one table: ``.venv/bin/python benchmarks/run_all.py`` (about 6 minutes)."""

import calendar_due
import durable
import late
import localities
import scale
import startup
import step
import tables
from measuring import Row, show


def calendars() -> list[Row]:
    """Turn the calendar's figures into rows with targets."""
    figures = {name: figure for name, figure, _ in calendar_due.rows()}
    ours = figures["due, a year of working time"]
    theirs = figures["due, a year of working time, businesstimedelta"]
    flat = figures["due, a year of allowance against a day"]
    return [
        Row(
            "businesstimedelta : `WorkingCalendar.due`, a year",
            f"{ours:.1f} µs",
            f"{theirs:,.0f} µs",
            theirs / ours,
            ">= 100",
        ),
        Row(
            "`WorkingCalendar.due`: a year : a day of allowance",
            f"{ours:.1f} µs",
            f"{ours / flat:.1f} µs",
            flat,
            "<= 1.5",
        ),
    ]


if __name__ == "__main__":
    # Memory first: a child inherits the peak of the process that starts it.
    show(
        [
            *scale.rows(),
            *step.rows(),
            *durable.rows(),
            *late.rows(),
            *calendars(),
            *startup.rows(),
            *tables.rows(),
            *localities.rows(),
        ]
    )
