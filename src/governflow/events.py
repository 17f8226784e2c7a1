"""The old name of `governflow.model.events`, `governflow.stores.chain`, for one release."""

from governflow._deprecation import names_moved_to
from governflow.model import events as _home
from governflow.stores import chain as _other_home

__getattr__ = names_moved_to(_home, _other_home)
