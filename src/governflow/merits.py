"""The old name of `governflow.reports.merits`, `governflow.engine.session`, for one release."""

from governflow._names import names_moved_to

__getattr__ = names_moved_to("reports.merits", "engine.session", entry="merit_entry")
