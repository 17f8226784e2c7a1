"""What every printable page shares: the frame, the styles, tables, and words in the reader's language, escaped.

Nothing outside a page is needed and no script runs. Beside every colour stands a sign: pages are read on paper too.
"""

from collections.abc import Iterable, Sequence
from html import escape

from governflow.text import Text

#: The sans-serif fonts of a Chinese office, for a style's ``font-family``.
SANS = '"Source Han Sans SC", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei"'

_STYLE = """
:root { --ink: #1c1c1c; --soft: #5b5b5b; --line: #b9b4a8; --seal: #9b1c1c; --tint: #f6f4ee; }
* { box-sizing: border-box; }
html { background: #e9e6df; }
body { margin: 0 auto; background: #fff; color: var(--ink); }
header { border-bottom: 3px double var(--seal); margin-bottom: 5mm; }
header p { color: var(--soft); }
h1 { color: var(--seal); }
h2, h3 { break-after: avoid; }
table { width: 100%; border-collapse: collapse; }
th, td { border: .5pt solid var(--line); text-align: left; vertical-align: top; }
th { font-weight: 500; background: var(--tint); }
.time { white-space: nowrap; }
.minor { display: block; color: var(--soft); font-size: 8.8pt; }
@media print { html { background: none; } body { max-width: none; padding: 0; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }
"""


class PageWriter:
    """Writes one self-contained page in one language.

    Args:
        lang: ``"zh"`` or ``"en"``.
    """

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def t(self, en: str, zh: str) -> str:
        """Return the text in the page's language, escaped."""
        return self.say(Text(en, zh))

    def say(self, text: Text) -> str:
        """Return a text in the page's language, escaped."""
        return escape(text.say(self.lang))

    def table(self, heads: Sequence[tuple[str, str]], rows: Iterable[str], *, kind: str = "") -> str:
        """Return a table.

        Args:
            heads: The heading of each column, in English and Chinese.
            rows: Its rows as HTML.
            kind: The name of its style.
        """
        head = "".join(f"<th>{self.t(en, zh)}</th>" for en, zh in heads)
        name = f' class="{kind}"' if kind else ""
        return f"<table{name}><thead><tr>{head}</tr></thead>\n<tbody>" + "\n".join(rows) + "</tbody></table>"

    def page(self, title: str, style: str, parts: Iterable[str]) -> str:
        """Return the whole page.

        Args:
            title: What stands in the reader's window; it is escaped.
            style: What this page adds to the styles that all share.
            parts: The body as HTML.
        """
        return (
            f'<!DOCTYPE html>\n<html lang="{self.t("en", "zh-CN")}">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(title)}</title>\n<style>{_STYLE}{style}</style>\n</head>\n<body>\n"
            + "\n".join(parts)
            + "\n</body>\n</html>\n"
        )


def minor(html: str) -> str:
    """Return a smaller line below what stands in a cell."""
    return f'<span class="minor">{html}</span>'
