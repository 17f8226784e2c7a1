"""The old name of `governflow.policy.hookspecs`, for one release."""

from governflow._deprecation import names_moved_to
from governflow.policy import hookspecs as _home

__getattr__ = names_moved_to(_home)
