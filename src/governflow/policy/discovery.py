"""Which localities are installed (插件发现), without importing or even parsing what nobody asked for.

`importlib.metadata.entry_points` reads and parses the metadata of every distribution, whatever its group: with a
distribution for each of 2,800 counties that is half a second before the first case. Here the folders of ``sys.path``
are listed, each ``entry_points.txt`` is read once and only searched for our group; everything else (versions, loading,
distributions in archives) is left to `importlib.metadata`.
"""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from importlib.metadata import Distribution  # it brings half of `email`, and most never need it

GROUP = "governflow"

_SECTION = re.compile(rb"^\[governflow\][ \t]*\r?\n((?:(?!\[).*(?:\n|\Z))*)", re.MULTILINE)
_LINE = re.compile(rb"^[ \t]*([^#;=\s][^=\n]*?)[ \t]*=[ \t]*([^\r\n#;]+?)[ \t]*\r?$", re.MULTILINE)


@attrs.frozen
class Installed:
    """One entry point of the group ``governflow``.

    Args:
        code: The locality's code.
        value: The module, and the object in it if one is named.
        home: The distribution's metadata folder, or the distribution itself where it is no folder.
    """

    code: str
    value: str
    home: "str | Distribution" = attrs.field(eq=False)

    @property
    def distribution(self) -> "Distribution":
        """The distribution that brings it."""
        from importlib.metadata import PathDistribution

        return PathDistribution(Path(self.home)) if isinstance(self.home, str) else self.home

    @property
    def called(self) -> str:
        """What a person calls the distribution: ``governflow-huimin 0.1.0``."""
        return f"{_name(self.distribution) or self.home} {version_of(self.distribution) or '?'}"

    def load(self) -> object:
        """Import the plugin."""
        from importlib.metadata import EntryPoint

        return EntryPoint(self.code, self.value, GROUP).load()


def installed(path: Iterable[str] | None = None) -> dict[str, tuple[Installed, ...]]:
    """Find the installed localities.

    Args:
        path: Where to look; ``sys.path`` by default. A distribution hides others of its name further down, as for
            imports.

    Returns:
        What speaks for each code: more than one entry is a fault of the installation.
    """
    found: dict[str, list[Installed]] = {}
    seen: set[str] = set()
    for folder in sys.path if path is None else path:
        for name, content, home in _entry_points(folder or "."):
            if name in seen:
                continue
            seen.add(name)
            section = _SECTION.search(content.removeprefix(b"\xef\xbb\xbf"))
            for code, value in _LINE.findall(section[1]) if section else ():
                # What is not UTF-8 is somebody's broken metadata: its own lines fail when they are used.
                words = [part.decode(errors="backslashreplace") for part in (code, value)]
                one = Installed(words[0].strip("\"'"), words[1], home)
                found.setdefault(one.code, []).append(one)
    return {code: tuple(ones) for code, ones in found.items()}


def _entry_points(folder: str) -> Iterator[tuple[str, bytes, "str | Distribution"]]:
    """Return what each distribution of a folder says, by its normalised name."""
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith((".dist-info", ".egg-info")))
    except NotADirectoryError:
        yield from _in_archive(folder)
        return
    except OSError:
        return  # an entry of the path that is not there
    for name in names:
        home = os.path.join(folder, name)
        stem = name.removesuffix(".dist-info").removesuffix(".egg-info").partition("-")[0]
        distribution = stem.lower().replace("_", "-").replace(".", "-")
        try:
            with open(os.path.join(home, "entry_points.txt"), "rb") as file:
                yield distribution, file.read(), home
        except OSError:
            yield distribution, b"", home  # it has none, and hides another of its name all the same


def _in_archive(archive: str) -> Iterator[tuple[str, bytes, "str | Distribution"]]:
    from importlib.metadata import DistributionFinder, MetadataPathFinder

    try:
        found = list(MetadataPathFinder.find_distributions(DistributionFinder.Context(path=[archive])))
    except OSError:
        return  # no archive after all
    for distribution in found:
        name = _name(distribution)
        try:
            text = distribution.read_text("entry_points.txt") or ""
        except (OSError, UnicodeError):
            text = ""
        if name is not None:
            yield name.lower().replace("_", "-").replace(".", "-"), text.encode(), distribution


def version_of(distribution: "Distribution") -> str | None:
    """Return a distribution's version, or None where its metadata names none."""
    try:
        return distribution.version or None
    except (KeyError, OSError, UnicodeError):
        return None


def _name(distribution: "Distribution") -> str | None:
    try:
        return distribution.metadata["Name"]
    except (KeyError, OSError, UnicodeError):
        return None
