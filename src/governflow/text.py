"""Everything a person reads exists in English and in Chinese."""

import attrs


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

    def __str__(self) -> str:
        return self.en


#: No words in either language: nothing is said.
NOTHING = Text("", "")
