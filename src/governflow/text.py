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

    def say(self, lang: str) -> str:
        """Give the text in one language.

        Args:
            lang: ``"zh"`` or ``"en"``; anything that is not ``"zh"`` is English.

        Returns:
            The text in that language.
        """
        return self.zh if lang == "zh" else self.en

    def __str__(self) -> str:
        return self.en
