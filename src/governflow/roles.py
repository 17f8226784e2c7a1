"""The old name of `governflow.policy.roles`, for one release."""

from governflow._deprecation import names_moved_to
from governflow.policy import roles as _home

__getattr__ = names_moved_to(_home)
