"""The old name of `governflow.reports.merits`, `governflow.engine.merits`, for one release."""

from governflow._deprecation import names_moved_to
from governflow.engine import merits as _other_home
from governflow.reports import merits as _home

__getattr__ = names_moved_to(_home, _other_home)
