"""The old name of `governflow.model.lifecycle`, for one release."""

from governflow._deprecation import names_moved_to
from governflow.model import lifecycle as _home

__getattr__ = names_moved_to(_home, Row="Move", Way="CompiledTransition")
