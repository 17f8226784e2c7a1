"""The old name of `governflow.model.clocks`, for one release."""

from governflow._deprecation import names_moved_to
from governflow.model import clocks as _home
from governflow.model import rulings as _rulings
from governflow.policy import deadlines as _deadlines

__getattr__ = names_moved_to(_home, _rulings, _deadlines, LASTS="SURVIVES_TRANSFER", Decided="RecordedRuling")
