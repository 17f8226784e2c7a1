"""Division codes (区划代码, GB/T 2260): what stands above a code, and the codes of the built-in plugins."""

from collections.abc import Iterator

from governflow.text import Text

#: The defaults, at the bottom of every stack.
ROOT = "000000"
#: The country: its statutes (信访工作条例) lie under every division of GB/T 2260.
NATION = "100000"


def prefixes(code: str) -> Iterator[str]:
    """Return the codes above a division code, nearest first: 371621 -> 371600 -> 370000 -> 100000 -> 000000.

    A code of nine or twelve digits (街道、村社区) stands under its county.
    """
    if code.isdigit() and len(code) in (6, 9, 12) and code not in (NATION, ROOT):
        if len(code) == 12 and not code.endswith("000"):
            yield code[:9]
        if len(code) > 6:
            yield code[:6]
        yield from (above for above in (code[:4] + "00", code[:2] + "0000") if above not in (code, ROOT))
        yield NATION
    if code != ROOT:
        yield ROOT


def said(nearest: str) -> Text:
    """Return how to name the rules that a code without any of its own takes."""
    if nearest == NATION:
        return Text(
            f"{ROOT} (the defaults, under the statutes of {NATION})", f"{ROOT}（默认规则，并适用 {NATION} 国家法规）"
        )
    return Text(nearest, nearest)
