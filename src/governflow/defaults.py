"""The old name of `governflow.policy.builtin.defaults` and its clocks, for one release."""

from governflow._deprecation import names_moved_to
from governflow.policy.builtin import default_clocks as _clocks
from governflow.policy.builtin import defaults as _home

__getattr__ = names_moved_to(_home, _clocks)
