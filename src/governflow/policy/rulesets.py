"""Rule sets as a store keeps them (规则集): who rules, in which version, and every table, known by a hash.

The hash is that of what the tables say, not of the file that they came from: a comma more in the spreadsheet is the
same rule set, one cell changed is another.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from governflow.model.lifecycle import Lifecycle
from governflow.model.units import OrgChart

if TYPE_CHECKING:
    from governflow.tables import Catalogue, Table

Tables = Mapping[str, "Table | Catalogue"]

_encode = msgspec.json.Encoder(order="deterministic").encode


def written(sources: Sequence[str], tables: Mapping[str, Tables], apart: str) -> bytes:
    """Write a rule set down: its layers, most specific first, with their tables, and what `standing_apart` says."""
    layers: list[dict[str, Any]] = [
        {"source": source, "tables": {name: table.as_json() for name, table in tables.get(source, {}).items()}}
        for source in sources
    ]
    return _encode([*layers, {"source": "", "apart": apart}])


def known_as(sources: Sequence[str], tables: Mapping[str, Tables], apart: str) -> str:
    """Return the hash by which a rule set is known."""
    digests = [[source, {name: table.digest for name, table in tables.get(source, {}).items()}] for source in sources]
    return _fingerprint(_encode([digests, apart]))


def standing_apart(units: OrgChart, lifecycles: Mapping[str, Lifecycle]) -> str:
    """Return a hash of the org chart and the lifecycles."""
    chart = [[unit.id, unit.level, unit.parent, unit.forms, sorted(unit.roles)] for unit in units.units.values()]
    rows = {
        name: [[row.action, row.sources, row.target, row.guard, row.cycle] for row in lifecycle.rows]
        for name, lifecycle in lifecycles.items()
    }
    return _fingerprint(_encode([chart, rows]))


def read_again(content: bytes) -> str | None:
    """Return the hash of what `written` gave, worked out from what is in it; None if it cannot be read."""
    from governflow.tables import Catalogue, Table  # only who verifies a ledger makes tables again

    try:
        *layers, last = msgspec.json.decode(content)
        tables = {
            layer["source"]: {
                name: Catalogue.from_json(one) if name == "catalogue" else Table.from_json(one)
                for name, one in layer["tables"].items()
            }
            for layer in layers
        }
        return known_as([layer["source"] for layer in layers], tables, last["apart"])
    except Exception:  # noqa: BLE001 - whatever somebody made of it, it is no rule set any more
        return None


def _fingerprint(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
