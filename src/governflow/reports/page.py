"""Reports made from Jinja templates: printable pages, in which every word is escaped, and plain text.

Nothing outside a page is needed and no script runs. What all pages share stands in `page.html`.
"""

from functools import cache
from typing import TYPE_CHECKING

from governflow.reports.format import format_due, format_moment
from governflow.text import Text

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def _templates() -> "Environment":
    # Only for those who want a report.
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    templates = Environment(
        loader=PackageLoader("governflow", ""),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {"moment": format_moment, "due": format_due, "px": "{:.1f}".format}
    return templates


def render(template: str, lang: str, **values: object) -> str:
    """Return what a template makes of some values in one language.

    Args:
        template: The template, as a path within the package; it may say a text as `t("en", "zh")` or `say(text)`.
        lang: ``"zh"`` or ``"en"``.
        values: What it shows.
    """

    def say(text: Text) -> str:
        return text.say(lang)

    def t(en: str, zh: str) -> str:
        return say(Text(en, zh))

    made: str = _templates().get_template(template).render(t=t, say=say, lang=lang, **values)
    return made


def render_lines(template: str, lang: str, **values: object) -> list[str]:
    """Return the lines of a text; each language has a template of its own, ``template.en.txt`` and ``.zh.txt``."""
    language = "zh" if lang == "zh" else "en"
    return render(f"{template}.{language}.txt", language, **values).removesuffix("\n").split("\n")
