"""The old name of `governflow.calendars.allowances`, for one release."""

from governflow._deprecation import names_moved_to
from governflow.calendars import allowances as _home

__getattr__ = names_moved_to(_home)
