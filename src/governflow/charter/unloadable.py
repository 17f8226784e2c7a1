"""Which laws are broken by rules that cannot be loaded: unsound tables and lifecycles are refused for it (无法加载)."""

import inspect
from collections.abc import Iterator, Mapping

from governflow.charter.model import Failure
from governflow.errors import PolicyError, UnsoundLifecycle
from governflow.model.base_lifecycle import BASE
from governflow.model.rulings import RuleRef
from governflow.policy.registry import Localities
from governflow.policy.stack import Layer

#: The laws that can be looked at where the rules cannot be loaded.
TABLES, LIFECYCLE = "ruling/unambiguous", "lifecycle/sound"


def layers_of(localities: Localities, code: str) -> list[Layer]:
    """Return the layers of a locality; none where a plugin cannot even be imported."""
    try:
        return list(localities.layers(code))
    except PolicyError:
        return []


def unsound_lifecycles(code: str, layers: list[Layer], fault: PolicyError) -> Iterator[Failure]:
    """Find the lifecycles for which rules are refused: built when the plugin is imported, or when its hook is asked."""
    if isinstance(fault.__cause__, UnsoundLifecycle):
        yield Failure(fault.__cause__.text, look_at=RuleRef(hook="governflow_lifecycles", source=code))
        return
    base = BASE
    for layer in reversed(layers):
        hook = getattr(layer.plugin, "governflow_lifecycles", None)
        if hook is None:
            continue
        try:
            made = hook(*[base for _ in inspect.signature(hook).parameters])
        except UnsoundLifecycle as unsound:
            yield Failure(unsound.text, look_at=RuleRef(hook="governflow_lifecycles", source=layer.source))
        except Exception:  # noqa: BLE001 - then the rules are refused for that
            return
        else:
            base = made.get(BASE.name, base) if isinstance(made, Mapping) else base
