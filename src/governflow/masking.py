"""Keeping personal data (个人信息) out of what is read: what is known of a person, and what looks like it, is masked.

Names and telephone numbers that a case knows of are masked wherever they stand in a text, spaced out, in wide letters
or with invisible signs in between; so is whatever looks like a telephone number, an identity number, a bank card or an
address of electronic mail. Better one harmless number too many than one resident named.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable

MASK = "***"

_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_SEP = r"[-\s.·]?"
_PRIVATE = re.compile(
    "|".join(
        [
            r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+",  # electronic mail
            rf"(?<!\d)\d{{6}}{_SEP}(?:19|20)\d\d{_SEP}\d{{4}}{_SEP}\d{{3}}[\dXx](?!\d)",  # 居民身份证 in groups
            r"(?<!\d)(?:\d{17}[\dXx]|\d{15,19})(?!\d)",  # 身份证, old ones of 15 digits, bank cards
            rf"(?<!\d)(?:\+?86{_SEP})?1[3-9](?:{_SEP}\d){{9}}(?!\d)",  # 手机
            # 座机, with an extension if there is one
            rf"(?<!\d)(?:\+?86{_SEP})?\(?0\d{{2,3}}\)?{_SEP}\d{{3,4}}{_SEP}\d{{4}}(?:\s*(?:转|-)\s*\d{{1,6}})?(?!\d)",
            r"(?<=电话)[:是为\s]*\d{3,4}-?\d{4}(?!\d)|(?<=座机)[:是为\s]*\d{3,4}-?\d{4}(?!\d)",  # without an area code
            r"\+\d(?:[-\s.()]{0,2}\d){7,14}(?!\d)|(?<!\d)\(?\d{3}\)?[-.\s]\s?\d{3}[-.\s]\d{4}(?!\d)",  # from abroad
        ]
    )
)
_NAMING = re.compile("姓名|联系人|诉求人|反映人|投诉人|来电人|举报人")
_BETWEEN = re.compile(r"[\s,，、;；/()（）]+")


def clean(text: str) -> str:
    """Take out what no reader sees and a terminal or a masker may fall for: control and format characters."""
    return "".join(sign for sign in text if sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cf", "Cs"))


def naming(pairs: Iterable[tuple[str, object]]) -> list[str]:
    """Find the values of columns whose heading says that they name somebody.

    Args:
        pairs: Headings and values, as somebody else's journal had them.
    """
    return [str(value) for heading, value in pairs if _NAMING.search(heading)]


def masker(names: Iterable[str], numbers: Iterable[str]) -> Callable[[str], str]:
    """Make the function that masks personal data in a text.

    Args:
        names: Names that the case knows of.
        numbers: Telephone numbers that it knows of.

    Returns:
        A function that masks them, and whatever looks like personal data, wherever they stand in a text.
    """
    known = [pattern for name in names for pattern in _name_patterns(clean(name).translate(_NARROW).strip())]
    for number in numbers:
        digits = re.findall(r"\d", clean(number).translate(_NARROW))
        if len(digits) >= 5:
            known.append(_SEP.join(digits))
    patterns = [_PRIVATE, *(re.compile(pattern) for pattern in known)]

    def mask(text: str) -> str:
        text = clean(text)
        narrow = text.translate(_NARROW)  # sign for sign, so that spans fit both
        hidden = sorted(found.span() for pattern in patterns for found in pattern.finditer(narrow))
        parts, at = [], 0
        for start, end in hidden:
            if end <= at:
                continue
            if start >= at:
                parts += [text[at:start], MASK]
            at = end
        return "".join(parts) + text[at:]

    return mask


def _name_patterns(name: str) -> list[str]:
    """A Chinese name is masked even if spaced out; of other names every part that is written as one."""
    if len(name) < 2:
        return []
    if not name.isascii():
        parts = [part for part in _BETWEEN.split(name) if len(part) > 1]
        return [r"\s*".join(map(re.escape, part)) for part in {name.replace(" ", ""), *parts}]
    parts = [part for part in _BETWEEN.split(name) if len(part) > 1 and part[0].isupper()]
    whole = r"\s+".join(map(re.escape, name.split()))
    return [
        rf"(?i:(?<![A-Za-z]){whole}(?![A-Za-z]))",
        *(rf"(?<![A-Za-z]){re.escape(part)}(?![A-Za-z])" for part in parts),
    ]
