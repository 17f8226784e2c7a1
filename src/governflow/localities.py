"""Which localities there are, and the policy of each (地方注册).

A locality is found by its code: registered in this process, or installed as a distribution whose entry point in the
group ``governflow`` is named by the code. Nothing is looked for until a code is asked for, and only that locality and
its ancestors are imported.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from governflow import defaults
from governflow.defaults import ROOT
from governflow.errors import PolicyError
from governflow.hookspecs import Locality
from governflow.policy import Layer, Policy

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "governflow"


def prefixes(code: str) -> Iterator[str]:
    """Give the codes above a division code, nearest first: 371621 -> 371600 -> 370000 -> 000000 (GB/T 2260).

    A code of nine or twelve digits (街道、村社区) stands under its county.
    """
    if code.isdigit() and len(code) in (6, 9, 12):
        if len(code) == 12 and not code.endswith("000"):
            yield code[:9]
        if len(code) > 6:
            yield code[:6]
        for above in (code[:4] + "00", code[:2] + "0000"):
            if above not in (code, ROOT):
                yield above
    if code != ROOT:
        yield ROOT


class Localities:
    """The localities that an engine knows."""

    def __init__(self) -> None:
        self._registered: dict[str, object] = {ROOT: defaults}
        self._policies: dict[str, Policy] = {}

    @cached_property
    def _installed(self) -> "dict[str, EntryPoint]":
        from importlib.metadata import entry_points  # a quarter of the time that importing governflow would take

        return {point.name: point for point in entry_points(group=GROUP)}

    def register(self, code: str, plugin: object) -> None:
        """Register a plugin for a code in this process; it comes before an installed one.

        Args:
            code: The locality's code.
            plugin: An object or module with hooks.
        """
        self._registered[code] = plugin
        self._policies.clear()

    def known(self, code: str) -> bool:
        """Say whether a plugin speaks for exactly this code."""
        return code in self._registered or code in self._installed

    def nearest(self, code: str) -> str:
        """Give the code itself if it is known, or its nearest known ancestor."""
        return next(above for above in (code, *prefixes(code)) if self.known(above))

    def policy(self, code: str) -> Policy:
        """Give the policy of a locality; a code that nobody registered takes that of its nearest registered ancestor.

        Raises:
            PolicyError: If its rules are wrong in themselves.
        """
        policy = self._policies.get(code)
        if policy is None:
            policy = self._policies[code] = Policy(code, list(self._layers(code)))
        return policy

    def fallback(self, code: str, fault: PolicyError) -> Policy:
        """Give the defaults in the name of a locality whose rules cannot be loaded: its clocks do not stand still."""
        policy = Policy(code, [self._layer(ROOT)])
        policy.fault = str(fault)
        return policy

    def _layers(self, code: str) -> Iterator[Layer]:
        seen: list[str] = []
        at: str | None = self.nearest(code)
        while at is not None:
            if at in seen:
                raise PolicyError(f"the parents of {code} go in a circle: {' -> '.join([*seen, at])}")
            seen.append(at)
            layer = self._layer(at)
            yield layer
            if at == ROOT:
                return
            parent = layer.locality.parent
            at = self.nearest(parent) if parent else next(above for above in prefixes(at) if self.known(above))

    def _layer(self, code: str) -> Layer:
        plugin = self._registered.get(code)
        source = "governflow" if code == ROOT else code
        if plugin is None:
            point = self._installed[code]
            try:
                plugin = point.load()
            except Exception as fault:
                raise PolicyError(f"the plugin of {code} ({point.value}) cannot be imported: {fault}") from fault
            source = f"{code}@{point.dist.version}" if point.dist else code
        says = getattr(plugin, "governflow_locality", None)
        locality = says() if says is not None else Locality(code, code, code)
        if not isinstance(locality, Locality):
            raise PolicyError(f"{source}: governflow_locality answered {locality!r:.80}, not a Locality")
        return Layer(code, source, plugin, locality)
