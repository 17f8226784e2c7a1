"""The rows of a catalogue, taken or refused."""

from collections.abc import Mapping

import attrs

from governflow.calendars.allowances import Allowance
from governflow.text import Text


@attrs.frozen
class CatalogueRow:
    """One row of a catalogue.

    Args:
        sheet: The sheet's name, "" for a CSV file.
        row: Its row in the sheet, from 1.
        item: The item's name.
        code: Its code, "" for none.
        condition: When it is taken up under this row (立案条件), "" for always.
        closing: When it counts as done (结案条件).
        allowance: How long it may take, or None.
        written: The allowance as it is written.
        attributes: All other columns by id; several units are separated by ``|``.
    """

    sheet: str
    row: int
    item: str
    code: str = ""
    condition: str = ""
    closing: str = ""
    allowance: Allowance | None = None
    written: str = ""
    attributes: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def units(self) -> tuple[str, ...]:
        """The responsible units (处置单位)."""
        return tuple(self.attributes.get("units", "").split("|")) if self.attributes.get("units") else ()


@attrs.frozen
class Refusal:
    """One row that could not be taken.

    Args:
        sheet: The sheet's name, "" for a CSV file.
        row: Its row in the sheet, from 1.
        item: The item that it belongs to, "" if that is not known.
        reason: Why, and what would be right.
    """

    sheet: str
    row: int
    item: str
    reason: Text
