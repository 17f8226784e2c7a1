"""The old name of `governflow.policy.hookspecs`, for one release."""

from governflow._names import names_moved_to

__getattr__ = names_moved_to("policy.hookspecs")
