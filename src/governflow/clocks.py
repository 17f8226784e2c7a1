"""The old name of `governflow.model.clocks`, for one release."""

from governflow._deprecation import names_moved_to
from governflow.model import clocks as _home

__getattr__ = names_moved_to(_home, LASTS="SURVIVES_TRANSFER", Decided="RecordedRuling")
