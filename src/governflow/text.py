"""Everything a person reads exists in English and in Chinese; what a program reads is JSON."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias, Union

import attrs

#: What can be written as JSON and read again.
Json: TypeAlias = Union[bool, int, float, str, "Sequence[Json]", "Mapping[str, Json]", None]


@attrs.frozen
class Text:
    """One sentence or name in both languages.

    Args:
        en: English.
        zh: Chinese (简体中文).
    """

    en: str
    zh: str

    @property
    def sound(self) -> bool:
        """Whether both sentences are texts that can be written down and read again."""
        try:
            self.en.encode()
            self.zh.encode()
        except (AttributeError, UnicodeEncodeError):
            return False
        return type(self.en) is str and type(self.zh) is str

    def say(self, lang: str) -> str:
        """Return the text in one language.

        Args:
            lang: ``"zh"`` or ``"en"``; anything that is not ``"zh"`` is English.

        Returns:
            The text in that language.
        """
        return self.zh if lang == "zh" else self.en

    def join(self, texts: Iterable["Text"]) -> "Text":
        """Return several texts as one, this one between them, as ``str.join`` does."""
        found = list(texts)
        return Text(self.en.join(one.en for one in found), self.zh.join(one.zh for one in found))

    def __str__(self) -> str:
        return self.en


#: No words in either language: nothing is said.
NOTHING = Text("", "")
COMMA = Text(", ", "、")
SEMICOLON = Text("; ", "；")
