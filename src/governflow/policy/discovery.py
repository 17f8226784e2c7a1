"""Which localities are installed (插件发现), without importing what nobody asked for.

`importlib.metadata.entry_points` fails as a whole where one distribution on the path is broken, whatever its group. So
the distributions are looked at one by one here, and who is broken hides no other.
"""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from importlib.metadata import Distribution  # it brings half of `email`, and most never need it

GROUP = "governflow"


class Installed(NamedTuple):
    """One entry point of the group ``governflow``.

    Args:
        value: The module, and the object in it if one is named.
        load: What imports the plugin.
        distribution: The distribution that brings it.
    """

    value: str
    load: Callable[[], object]
    distribution: "Distribution"

    @property
    def home(self) -> str:
        """The distribution's metadata folder."""
        return str(getattr(self.distribution, "_path", self.distribution))

    @property
    def version(self) -> str | None:
        """The distribution's version, or None where its metadata names none."""
        return self._says("Version")

    @property
    def called(self) -> str:
        """What a person calls the distribution: ``governflow-huimin 0.1.0``."""
        return f"{self._says('Name') or self.home} {self.version or '?'}"

    def _says(self, what: str) -> str | None:
        try:
            return self.distribution.metadata[what] or None
        except (KeyError, OSError, UnicodeError):
            return None


def installed(path: Sequence[str] | None = None) -> dict[str, tuple[Installed, ...]]:
    """Find the installed localities.

    Args:
        path: Where to look; ``sys.path`` by default. A distribution hides others of its name further down, as for
            imports.

    Returns:
        What speaks for each code: more than one entry is a fault of the installation.
    """
    from importlib.metadata import distributions

    found: dict[str, tuple[Installed, ...]] = {}
    seen: set[str] = set()
    for distribution in distributions(path=sys.path if path is None else list(path)):
        try:
            # The name of the metadata's folder: `name` would have every distribution's metadata parsed.
            name: str = getattr(distribution, "_normalized_name")  # noqa: B009 - typeshed does not know it
            points = distribution.entry_points if name not in seen else ()
        except (OSError, TypeError, ValueError):  # it cannot be read, or makes no sense
            continue
        seen.add(name)
        for point in points:
            if point.group == GROUP:
                found[point.name] = (*found.get(point.name, ()), Installed(point.value, point.load, distribution))
    return found
