"""The old name of `governflow.model.events`, `governflow.stores.store`, for one release."""

from governflow._names import names_moved_to

__getattr__ = names_moved_to("model.events", "stores.store")
