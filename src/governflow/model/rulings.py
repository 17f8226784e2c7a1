"""What a rule said, as the ledger keeps it (裁定)."""

from typing import Any

import msgspec

from governflow.text import Text


class RecordedRuling(msgspec.Struct, frozen=True, gc=False):
    """A ruling as an event keeps it.

    Args:
        what: What was asked: ``assess``, ``tier``, ``route``, ``clock:<name>``, ``escalate``.
        value: What was ruled, as JSON can say it.
        reason: Why, in both languages.
        rule: The rule's id.
        source: The plugin that ruled.
    """

    what: str
    value: Any
    reason: Text
    rule: str
    source: str
