"""Catalogues (事项清单): what can be reported, who deals with it, and how long they have.

An item may have several rows, one for each condition under which it is taken up (立案条件); an empty item cell under a
filled one continues it. Columns that are not known by name are attributes of the item, which rules can ask for.
"""

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs
import msgspec

from governflow._names import old_arguments
from governflow.calendars.allowances import Allowance
from governflow.errors import CalendarError, TableError
from governflow.normalize import key
from governflow.tables.rules import CatalogueRow, Refusal
from governflow.text import Json

if TYPE_CHECKING:
    from governflow.tabular.grids import Source


@attrs.frozen(slots=False)
class Catalogue:
    """The items of a locality.

    Args:
        entries: The rows in their order.
        refused: The rows that could not be taken, where the catalogue was not read strictly.
    """

    entries: tuple[CatalogueRow, ...]
    refused: tuple[Refusal, ...] = ()

    @classmethod
    def read(cls, source: "Source", *, strict: bool = True) -> "Catalogue":
        """Read a catalogue from a CSV file (UTF-8 or GB18030) or all sheets of a workbook.

        Args:
            source: A path, a packaged resource, or a file's name and its bytes.
            strict: Whether a row that cannot be taken makes the whole catalogue unusable; else it is listed.

        Raises:
            TableError: It has no column of items, a column on who asks, or, read strictly, any row that cannot be
                taken or repeats another.
        """
        from governflow.tables.catalogue_parser import parse  # only who reads files needs their parser

        return cls(*parse(source, strict=strict))

    # --- asking ---

    @cached_property
    def items(self) -> tuple[str, ...]:
        """The names of all items."""
        return tuple(dict.fromkeys(entry.item for entry in self.entries))

    @cached_property
    def domains(self) -> tuple[str, ...]:
        """All domains (领域)."""
        return tuple(dict.fromkeys(filter(None, (entry.attributes.get("domain") for entry in self.entries))))

    def rows(self, item: str) -> tuple[CatalogueRow, ...]:
        """Return the rows of an item, by its name or its code; none where several items have the code."""
        by_name, by_code = self._index
        return by_name.get(key(item)) or by_name.get(by_code.get(key(item), ""), ())

    def item(self, name: str) -> Mapping[str, str] | None:
        """Return what all rows of an item have in common.

        Args:
            name: The item's name or its code.

        Returns:
            The attributes by id, or None if there is no such item.
        """
        rows = self.rows(name)
        if not rows:
            return None
        common = rows[0].attributes.items()
        return {one: value for one, value in common if all(row.attributes.get(one) == value for row in rows)}

    def entry(self, item: str, condition: str | None = None) -> CatalogueRow | None:
        """Return the row of an item under a condition.

        Args:
            item: The item's name or its code.
            condition: The condition as the catalogue words it; None where it is not known.

        Returns:
            The row; None if there is none, or if the condition is not known and the item has several.
        """
        rows = self.rows(item)
        if condition is not None:
            rows = tuple(row for row in rows if key(row.condition) == key(condition))
        return rows[0] if len(rows) == 1 else None

    @cached_property
    def _index(self) -> tuple[Mapping[str, tuple[CatalogueRow, ...]], Mapping[str, str]]:
        by_name: dict[str, tuple[CatalogueRow, ...]] = {}
        codes: dict[str, set[str]] = {}
        for entry in self.entries:
            by_name[key(entry.item)] = (*by_name.get(key(entry.item), ()), entry)
            if entry.code:
                codes.setdefault(key(entry.code), set()).add(key(entry.item))
        return by_name, {code: next(iter(names)) for code, names in codes.items() if len(names) == 1}

    # --- keeping ---

    @cached_property
    def digest(self) -> str:
        """SHA-256 over what the catalogue says, whatever file it came from, as hexadecimal digits."""
        entries = [entry.as_json() for entry in self.entries]
        for one in entries:
            del one["row"], one["sheet"]
        return hashlib.sha256(msgspec.json.encode(entries, order="deterministic")).hexdigest()

    def as_json(self) -> dict[str, Json]:
        """Return the catalogue as plain JSON values, from which `from_json` makes it again; without refused rows."""
        return {"entries": [entry.as_json() for entry in self.entries]}

    @classmethod
    @old_arguments(told="content")
    def from_json(cls, content: Mapping[str, Json]) -> "Catalogue":
        """Make a catalogue again from what `as_json` gave.

        Raises:
            TableError: It is not what `as_json` gave.
        """
        kept: Any = content  # what is made of it finds out whether it is whole
        try:
            return cls(
                tuple(
                    CatalogueRow(**{**one, "allowance": one["allowance"] and Allowance.parse(one["allowance"])})
                    for one in kept["entries"]
                )
            )
        except (KeyError, TypeError, CalendarError) as fault:
            raise TableError.of("catalogue", f"it was not kept whole: {fault}", f"保存的内容不完整：{fault}") from None
