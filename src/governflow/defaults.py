"""The old name of `governflow.policy.builtin.defaults` and its clocks, for one release."""

from governflow._names import names_moved_to

__getattr__ = names_moved_to("policy.builtin.defaults", "policy.builtin.default_clocks")
