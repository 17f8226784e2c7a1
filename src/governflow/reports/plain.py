"""Reports as plain JSON values."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

import attrs

from governflow.text import Text


def plain(value: object, zone: tzinfo | None, *names: str) -> Any:
    """Return a value as JSON holds it: objects by their fields, moments in ISO 8601.

    Args:
        value: A report, or a part of one.
        zone: The zone of the moments.
        names: Which of its fields to take; by default all that are public and no names in two languages (`Text`).
    """
    if names:
        return {name: plain(getattr(value, name), zone) for name in names}
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    if isinstance(value, Mapping):
        return {name: plain(part, zone) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part, zone) for part in value]
    kind: Any = type(value)
    if attrs.has(kind):
        fields = {field.name: getattr(value, field.name) for field in attrs.fields(kind)}
        public = (name for name, part in fields.items() if not name.startswith("_") and not isinstance(part, Text))
        return {name: plain(fields[name], zone) for name in public}
    return value
