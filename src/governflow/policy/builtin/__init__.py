"""The built-in plugins: the defaults and the national statute."""
