"""The old name of `governflow.reports.special`, for one release."""

from governflow._deprecation import names_moved_to
from governflow.reports import special as _home

__getattr__ = names_moved_to(_home)
