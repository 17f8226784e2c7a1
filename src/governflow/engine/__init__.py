"""Commands, deadlines and books: the one place where rules, cases, clock and store meet."""

from governflow._names import loaded_when_used

# Where it was before this was a package; `from governflow import Engine` is the way to it.
__getattr__ = loaded_when_used(__name__, ["Engine"], "engine.engine")
