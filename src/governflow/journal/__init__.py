"""Journals: CSV, XLSX and JSONL files in, clean rows out.

`read` gives the rows of a file one at a time: a `Row` that can be applied, a `Reject` with every fault named, or a
`Notice` of what was taken for granted. A `Map` says what the columns of somebody else's file mean. `RejectsWriter`
writes refused rows whole, so that they can be mended and run again.
"""

from governflow.journal.mapping import Map
from governflow.journal.parser import read
from governflow.journal.records import MAX_CELL, DatedAction, Item, Row
from governflow.journal.rejects import RejectsWriter
from governflow.model.headings import ACTIONS, FIELDS, HEADINGS, ORDER
from governflow.tabular.records import Fault, Notice, Reject

__all__ = [
    "ACTIONS",
    "FIELDS",
    "HEADINGS",
    "MAX_CELL",
    "ORDER",
    "DatedAction",
    "Fault",
    "Item",
    "Map",
    "Notice",
    "Reject",
    "RejectsWriter",
    "Row",
    "read",
]
