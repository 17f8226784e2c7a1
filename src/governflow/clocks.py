"""The old name of `governflow.model.clocks`, for one release."""

from governflow._names import names_moved_to

__getattr__ = names_moved_to(
    "model.clocks",
    "model.own_clocks",
    "model.rulings",
    "policy.deadlines",
    LASTS="SURVIVES_TRANSFER",
    Decided="RecordedRuling",
)
