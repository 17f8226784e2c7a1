"""The old name of `governflow.engine.musters`, for one release."""

from governflow._deprecation import names_moved_to
from governflow.engine import musters as _home

__getattr__ = names_moved_to(_home)
