"""How a word is recognised however it was typed: full-width, spaced, in capitals."""

from collections.abc import Iterable

from governflow.text import Text

# Full-width ASCII (ａ, ５, ：) and the ideographic space to their ordinary forms; invisible characters to nothing. Only
# these: full compatibility folding would also turn ① into 1 and change an id that was right.
_HALF: dict[int, int | None] = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_HALF |= {0x3000: 0x20, 0xA0: 0x20, 0x200B: None, 0x200C: None, 0x200D: None, 0x2060: None, 0xFEFF: None}

_IGNORED = str.maketrans("", "", " \t\r\n_-*:")


class ValueFault(Exception):
    """A cell that cannot be understood; never leaves this package.

    Args:
        reason: What is wrong with it.
        allowed: What would be right.
    """

    def __init__(self, reason: Text, allowed: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason
        self.allowed = allowed


def half_width(text: str) -> str:
    """Return a text in ordinary letters, digits and blanks, with none around it and no invisible characters."""
    return text if text.isascii() else text.translate(_HALF).strip()


def key(text: str) -> str:
    """Fold a heading or a closed word so that its spellings meet.

    It becomes lower case and half-width, without blanks, underscores, hyphens, colons and asterisks.
    """
    return half_width(text).casefold().translate(_IGNORED)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is most like one as it was typed, or None if none is similar."""
    from difflib import get_close_matches  # only needed once something is wrong

    by_key = {key(other): other for other in known}
    found = get_close_matches(key(word), by_key, n=1, cutoff=0.6)
    return by_key[found[0]] if found else None


def number_text(number: float) -> str:
    """Write a numeric cell as the clerk sees it: whole numbers without a point.

    From 16 digits on it is the scientific form: Excel keeps 15 and has rounded the rest, so that writing the digits out
    would pass off a wrong number as an exact one.
    """
    if abs(number) >= 1e15:
        return f"{number:.14E}"
    if isinstance(number, int) or number.is_integer():
        return str(int(number))
    return f"{number:.15g}"
