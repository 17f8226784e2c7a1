"""The old name of `governflow.model.lifecycle`, for one release."""

from governflow._names import names_moved_to

__getattr__ = names_moved_to("model.lifecycle", "model.base_lifecycle", Row="Move", Way="CompiledTransition")
