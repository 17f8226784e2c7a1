"""The old name of `governflow.policy.builtin.defaults`, for one release."""

from governflow._deprecation import names_moved_to
from governflow.policy.builtin import defaults as _home

__getattr__ = names_moved_to(_home)
