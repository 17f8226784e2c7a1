"""A new locality as a distribution of its own, with one table to fill in (新建地方插件).

What is written installs as it is, and its tests pass: whoever starts changes something that works.
"""

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from string import Template

import attrs

from governflow.errors import CommandError, require
from governflow.policy.codes import NATION, ROOT

_FILES = files(__name__) / "files"
_WORD = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
_DIGITS = (6, 9, 12)
#: Where each file of the template goes; ``$code`` and ``$package`` are filled in.
_PLACES: Mapping[str, str] = {
    "project.txt": "pyproject.toml",
    "README.md": "README.md",
    "plugin.txt": "src/$package/__init__.py",
    "units.csv": "src/$package/units.csv",
    "catalogue.$lang.csv": "src/$package/tables/catalogue.csv",
    "examples.$lang.csv": "src/$package/examples.csv",
    "test.txt": "tests/test_$word.py",
}


@attrs.frozen
class Scaffold:
    """A new locality.

    Args:
        code: Its code: a division code of 6, 9 or 12 digits, or a word of small letters.
        name: Its Chinese name.
        name_en: Its English name.
        parent: The code above it, where the digits do not say it; None else.

    Raises:
        CommandError: If a code is none, or the name is empty.
    """

    code: str
    name: str
    name_en: str = ""
    parent: str | None = None

    def __attrs_post_init__(self) -> None:
        require_code(self.code)
        if self.parent is not None:
            require_code(self.parent, above=True)
        require(self.parent != self.code, f"{self.code} cannot be its own parent", f"{self.code} 不能是自己的上级")
        for name in (self.name, *([self.name_en] if self.name_en else [])):
            require(
                name.strip() and name.isprintable(),
                f"{name!r} is no name: give the locality's name in one line",
                f"“{name}”不是名称：请用一行写出地方名称",
            )

    @property
    def word(self) -> str:
        """The code as part of a Python name."""
        return self.code.replace("-", "_")

    @property
    def package(self) -> str:
        """The name of its package."""
        return f"governflow_{self.word}"

    @property
    def distribution(self) -> str:
        """The name of its distribution."""
        return f"governflow-{self.code.replace('_', '-')}"

    def write(self, folder: Path, lang: str) -> tuple[Path, ...]:
        """Write the distribution.

        Args:
            folder: Where to; it must be empty or not there.
            lang: ``"zh"`` or ``"en"``: the language of the example rows.

        Returns:
            The files that were written.

        Raises:
            CommandError: If the folder holds anything, or cannot be written to.
        """
        try:
            require(
                not folder.exists() or (folder.is_dir() and not any(folder.iterdir())),
                f"{folder} is there already and is not empty: name another with --folder",
                f"{folder} 已存在且不为空：请用 --folder 另指定目录",
            )
            written = []
            for place, content in self._contents(lang):
                path = folder / place
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                written.append(path)
        except OSError as fault:
            why = fault.strerror or str(fault)
            raise CommandError(f"{folder} cannot be written: {why}", f"无法写入 {folder}：{why}") from None
        return tuple(written)

    def _contents(self, lang: str) -> Iterator[tuple[str, bytes]]:
        name_en = self.name_en or self.name
        both = self.name if name_en == self.name else f"{self.name} · {name_en}"
        words = {
            "code": self.code,
            "word": self.word,
            "package": self.package,
            "distribution": self.distribution,
            "both": both,
            # Names go into Python and TOML as those languages quote them: a name may hold anything.
            "said": _quoted(self.name),
            "said_en": _quoted(name_en),
            "described": _quoted(f"{both}: its rules for governflow"),
            "parent": "" if self.parent is None else f", parent={_quoted(self.parent)}",
            "lang": "zh" if lang == "zh" else "en",
        }
        for source, place in _PLACES.items():
            text = (_FILES / Template(source).substitute(words)).read_text(encoding="utf-8")
            content = Template(text).substitute(words)
            # Excel takes a CSV file for GB18030 unless it begins with a byte order mark.
            yield Template(place).substitute(words), content.encode("utf-8-sig" if place.endswith(".csv") else "utf-8")
        yield f"src/{self.package}/py.typed", b""


def _quoted(text: str) -> str:
    """Quote a text as both Python and TOML read it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def require_code(code: str, *, above: bool = False) -> None:
    """Refuse what is no code for a locality.

    Args:
        code: The code.
        above: Whether it is that of a parent, which may be the country.

    Raises:
        CommandError: If it is none.
    """
    if code in (ROOT, NATION):
        require(above, f"{code} is built in: give a code of your own", f"{code} 为内置代码：请给出本地代码")
    elif code.isascii() and code.isdigit():
        require(
            len(code) in _DIGITS,
            f"{code} has {len(code)} digits: a division code (GB/T 2260) has 6, 9 or 12",
            f"{code} 有 {len(code)} 位：区划代码（GB/T 2260）应为 6、9 或 12 位",
        )
        if len(code) > 6 and code.endswith("000"):
            short = code[:9] if len(code) == 12 and not code.endswith("000000") else code[:6]
            raise CommandError(
                f"{code} ends in zeros that say nothing: write {short}", f"{code} 末尾的零没有意义：请写 {short}"
            )
    else:
        require(
            _WORD.fullmatch(code) and len(code) <= 40,
            f"{code!r} is no code: give a division code such as 371621, or a word of small letters such as boston",
            f"“{code}”不是地方代码：请用区划代码（如 371621）或小写字母（如 boston）",
        )
