"""The old name of `governflow.model.terms`, for one release."""

from governflow._deprecation import names_moved_to
from governflow.model import terms as _home

__getattr__ = names_moved_to(_home)
