"""A ruling as events keep it (裁定记录)."""

from typing import Any

from governflow.model.rulings import RecordedRuling
from governflow.policy.hookspecs import Ruling


def decided(what: str, value: Any, ruling: Ruling[Any], source: str) -> RecordedRuling:
    """Return a ruling as an event keeps it."""
    return RecordedRuling(what, value, ruling.reason, ruling.rule, source)
