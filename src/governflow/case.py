"""The old name of `governflow.model.case`, for one release."""

from governflow._deprecation import names_moved_to
from governflow.model import case as _home

__getattr__ = names_moved_to(_home)
