"""The old name of `governflow.model.lifecycle`, for one release."""

from governflow._deprecation import names_moved_to
from governflow.model import base_lifecycle as _base
from governflow.model import lifecycle as _home

__getattr__ = names_moved_to(_home, _base, Row="Move", Way="CompiledTransition")
