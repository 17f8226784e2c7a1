"""The old name of `governflow.reports.digest`, for one release."""

from governflow._deprecation import names_moved_to
from governflow.reports import digest as _home

__getattr__ = names_moved_to(_home)
