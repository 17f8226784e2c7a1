"""Which localities there are, and the policy of each (地方注册).

A locality is found by its code: registered in this process, or installed as a distribution whose entry point in the
group ``governflow`` is named by the code. Nothing is looked for until a code is asked for, and only that locality and
its ancestors are imported.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from types import MappingProxyType
from typing import NamedTuple

import attrs

from governflow._names import names_renamed, old_arguments
from governflow.errors import CommandError, PolicyError, described, shown
from governflow.policy.codes import NATION, ROOT, prefixes
from governflow.policy.discovery import Installed, installed
from governflow.policy.hookspecs import Locality
from governflow.policy.stack import Layer, Policy
from governflow.text import Text
from governflow.timesource import zone_named

#: The built-in plugins; any other may be registered or installed in the place of the country's.
_BUILT_IN = {ROOT: "governflow.policy.builtin.defaults", NATION: "governflow.policy.builtin.statute"}


def _assembled(code: str, layers: Sequence[Layer], lineage: tuple[str, ...]) -> Policy:
    """Build a policy; what builds it, tables and all, is imported when the first case asks for it."""
    from governflow.policy.assembly import assemble

    return assemble(code, layers, lineage=lineage)


def _lineage(code: str, layers: Iterable[Layer]) -> tuple[str, ...]:
    """Return a code and everything above it, with or without a plugin: by named parents, else by digits."""
    parents = {layer.code: layer.locality.parent for layer in layers}
    found: list[str] = []
    at: str | None = code
    while at is not None and at not in found:
        found.append(at)
        at = parents.get(at) or next(prefixes(at), None)
    return tuple(found)


class FoundLocality(NamedTuple):
    """One locality that can be used, for ``governflow localities``."""

    code: str
    home: Text  # where its plugin comes from: a distribution with its version, or this process
    policy: Policy | None
    fault: PolicyError | None  # why it cannot be loaded


class Localities:
    """The localities that an engine knows.

    Args:
        without: Codes whose installed plugins are left out, as if they were not installed.
    """

    def __init__(self, *, without: Iterable[str] = ()) -> None:
        self._without = frozenset(without)
        self._registered: dict[str, object] = {ROOT: import_module(_BUILT_IN[ROOT])}
        self._policies: dict[str, Policy | PolicyError] = {}
        self._fallbacks: dict[str, Policy] = {}
        #: Changes whenever a plugin is registered: whoever has looked at the rules looks again.
        self.generation: object = object()

    @cached_property
    def _installed(self) -> Mapping[str, tuple[Installed, ...]]:
        return {code: ones for code, ones in installed().items() if code not in self._without}

    @property
    def registered(self) -> Mapping[str, object]:
        """The plugins that were registered in this process, by code; the defaults among them."""
        return MappingProxyType(self._registered)

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code for which a plugin is registered or installed, in order."""
        return tuple(sorted({*self._registered, NATION, *self._installed}))

    def anew(self) -> "Localities":
        """Return the same localities with nothing of them loaded yet."""
        fresh = Localities(without=self._without)
        fresh._registered.update(self._registered)
        return fresh

    def register(self, code: str, plugin: object) -> None:
        """Register a plugin for a code in this process; it comes before an installed one.

        A second plugin for the same code takes the place of the first, as an upgrade does: past rulings stand.

        Args:
            code: The locality's code.
            plugin: An object or module with hooks.
        """
        self._registered[code] = plugin
        self._policies.clear()
        self._fallbacks.clear()
        self.generation = object()

    def known(self, code: str) -> bool:
        """Return whether a plugin speaks for exactly this code."""
        return code in self._registered or code == NATION or code in self._installed

    @old_arguments(told="code")
    def require_code(self, code: str) -> str:
        """Return a code as people type it, with full-width digits and spaces mended.

        Raises:
            CommandError: If no plugin speaks for it, and it is no division code of 6, 9 or 12 digits either.
        """
        mended = unicodedata.normalize("NFKC", code).strip()
        if self.known(mended) or (mended.isascii() and mended.isdigit() and len(mended) in (6, 9, 12)):
            return mended
        raise CommandError(
            f"{code!r} is no code of a locality: give 6, 9 or 12 digits, or a code of `governflow localities`",
            f"“{code}”不是地方代码：应为 6、9 或 12 位区划代码，或 governflow localities 列出的代码",
        )

    def nearest(self, code: str) -> str:
        """Return the code itself if it is known, or its nearest known ancestor."""
        return next(above for above in (code, *prefixes(code)) if self.known(above))

    def policy(self, code: str) -> Policy:
        """Return the policy of a locality; a code that nobody registered takes that of its nearest registered ancestor.

        Raises:
            PolicyError: If its rules are wrong in themselves.
        """
        known = self._policies.get(code)
        if known is None:
            # What is wrong is kept too: thousands of cases must not load it anew.
            known = self._policies[code] = self._loaded(code)
        if isinstance(known, PolicyError):
            raise known
        return known

    def _loaded(self, code: str) -> Policy | PolicyError:
        try:
            nearest = self.nearest(code)
            if nearest != code:
                # Thousands of villages may have their county's rules: they share everything but the name.
                policy = self.policy(nearest)
                return attrs.evolve(policy, code=code, lineage=_lineage(code, policy.layers))
            layers = list(self.layers(code))
            return _assembled(code, layers, lineage=_lineage(code, layers))
        except PolicyError as fault:
            return fault

    def fallback(self, code: str, fault: PolicyError) -> Policy:
        """Return the defaults in the name of a locality whose rules cannot be loaded: its clocks do not stand still."""
        policy = self._fallbacks.get(code)
        if policy is None:
            defaults = _assembled(code, [self._layer(ROOT)], lineage=(code, *prefixes(code)))
            policy = self._fallbacks[code] = attrs.evolve(defaults, fault=fault)
        return policy

    def all(self) -> Iterator[FoundLocality]:
        """Return every locality that is registered or installed, by code, loading each to find its faults."""
        for code in self.codes:
            try:
                yield FoundLocality(code, self._home(code), self.policy(code), None)
            except PolicyError as fault:
                yield FoundLocality(code, self._home(code), None, fault)

    def _home(self, code: str) -> Text:
        if code in (ROOT, NATION):
            return Text("built in", "内置")
        if code in self._registered:
            return Text("registered in this process", "本进程登记")
        listed = sorted(one.called for one in self._installed[code])
        return Text(" and ".join(listed), "、".join(listed))

    def layers(self, code: str) -> Iterator[Layer]:
        """Return the layers of a locality as they lie over each other, the most specific first.

        Raises:
            PolicyError: If a plugin cannot be imported or does not say who it is, or if parents go in a circle.
        """
        seen: list[str] = []
        at: str | None = self.nearest(code)
        while at is not None:
            if at in seen:
                circle = " -> ".join([*seen, at])
                raise PolicyError(f"the parents of {code} go in a circle: {circle}", f"{code} 的上级成环：{circle}")
            seen.append(at)
            layer = self._layer(at)
            yield layer
            if at == ROOT:
                return
            parent = layer.locality.parent
            at = self.nearest(parent) if parent else next(above for above in prefixes(at) if self.known(above))

    def _layer(self, code: str) -> Layer:
        plugin, source = self._plugin(code)
        try:
            says = getattr(plugin, "governflow_locality", None)
            locality = says() if says is not None else Locality(code, code, code)
        except Exception as fault:
            what = described(fault)
            raise PolicyError(
                f"{source}: governflow_locality raised {what}", f"{source}：governflow_locality 出错：{what}"
            ) from fault
        if not isinstance(locality, Locality):
            raise PolicyError(
                f"{source}: governflow_locality answered {shown(locality)}, not a Locality",
                f"{source}：governflow_locality 返回了 {shown(locality)}，应为 Locality",
            )
        zone, parent, speaks_for = locality.zone, locality.parent, locality.code
        checks = (
            (
                not isinstance(zone, str) or zone_named(zone) is None,
                f"there is no zone {zone!r}: give an IANA name such as Asia/Shanghai",
                f"没有时区 {zone!r}：应为 Asia/Shanghai 这样的 IANA 名称",
            ),
            (
                parent is not None and not (isinstance(parent, str) and parent.strip()),
                f"the parent {parent!r} is no code: give it as text",
                f"上级 {parent!r} 不是代码：应为文字",
            ),
            (
                speaks_for and speaks_for != code,
                f"the plugin says that it speaks for {speaks_for}: mend its code or its entry point",
                f"插件自称代表 {speaks_for}：请更正代码或登记",
            ),
        )
        for wrong, en, zh in checks:
            if wrong:
                raise PolicyError(f"{source}: {en}", f"{source}：{zh}")
        return Layer(code, source, plugin, locality)

    def _plugin(self, code: str) -> tuple[object, str]:
        registered = self._registered.get(code)
        if registered is not None:
            return registered, "governflow" if code == ROOT else code
        if code == NATION and code not in self._installed:
            return import_module(_BUILT_IN[NATION]), code  # only a Chinese locality needs the country's statutes
        one, *others = self._installed[code]
        if others:
            listed = sorted(f"{rival.called} ({rival.value})" for rival in (one, *others))
            raise PolicyError(
                f"two plugins for {code}: {' and '.join(listed)}; uninstall all but one",
                f"{code} 装有多个插件：{'、'.join(listed)}；请只保留一个",
            )
        try:
            plugin = one.load()
        except (Exception, SystemExit) as fault:
            what = described(fault)
            raise PolicyError(
                f"the plugin of {code} ({one.value}) cannot be imported: {what}",
                f"{code} 的插件（{one.value}）无法导入：{what}",
            ) from fault
        if one.version is None:
            raise PolicyError(
                f"the distribution of {code} ({one.home}) names no version: install it anew",
                f"{code} 的插件包（{one.home}）没有版本号：请重新安装",
            )
        return plugin, f"{code}@{one.version}"


__getattr__ = names_renamed(__name__, Found="FoundLocality")
