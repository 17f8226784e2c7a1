"""How reports write moments and lengths of time, and themselves: as JSON values, or by Jinja templates.

A template makes a printable page, in which every word is escaped, or plain text. Nothing outside a page is needed and
no script runs; what all pages share stands in `page.html`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from fractions import Fraction
from functools import cache
from math import floor
from typing import TYPE_CHECKING, Any

import attrs

from governflow.calendars.allowances import Allowance
from governflow.errors import CalendarError
from governflow.model.clocks import PROMISED
from governflow.text import Text

if TYPE_CHECKING:
    from jinja2 import Environment


def format_moment(moment: datetime) -> str:
    """Return a moment as text: seconds only where there are some, the zone's name only in the hour that comes twice."""
    text = f"{moment:%Y-%m-%d %H:%M:%S}" if moment.second else f"{moment:%Y-%m-%d %H:%M}"
    return f"{text} {moment:%Z}" if moment.fold else text


def format_due(moment: datetime) -> str:
    """Return a due moment as text: one at midnight ends the day before, as offices write it (24:00)."""
    if moment.hour or moment.minute or moment.second:
        return format_moment(moment)
    return f"{moment - timedelta(days=1):%Y-%m-%d} 24:00"


def format_span(seconds: float, lang: str) -> str:
    """Return a length of time by its largest unit, rounded."""
    for size, en, zh in ((86_400, "d", "天"), (3600, "h", "小时"), (60, "min", "分")):
        if seconds >= size * 0.95:
            return f"{round(seconds / size)}{Text(f' {en}', zh).say(lang)}"
    return f"{round(seconds)}{Text(' s', '秒').say(lang)}"


def one_decimal(number: Fraction | float) -> str:
    """Write a number of at least 0 with one decimal, half up, as every figure is written; 0.15 is what it says."""
    tenths = floor(Fraction(str(number)) * 10 + Fraction(1, 2))
    return f"{tenths // 10}.{tenths % 10}"


def percent(n: int, of: int) -> str:
    """Write a share for people; a dash where nothing was counted."""
    return f"{one_decimal(Fraction(100 * n, of))} %" if of else "–"


def allowance_text(written: str, lang: str) -> str:
    """Write an allowance for people; what is none stays as it is."""
    if written == PROMISED:
        return Text("promised date", "承诺日期").say(lang)
    try:
        return Allowance.parse(written).text(lang)
    except CalendarError:
        return written


def plain(value: object, zone: tzinfo | None, *names: str) -> Any:
    """Return a value as JSON holds it: objects by their fields, moments in ISO 8601.

    Args:
        value: A report, or a part of one.
        zone: The zone of the moments.
        names: Which of its fields to take; by default all that are public and no names in two languages (`Text`).
    """
    if names:
        return {name: plain(getattr(value, name), zone) for name in names}
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    if isinstance(value, Mapping):
        return {name: plain(part, zone) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part, zone) for part in value]
    kind: Any = type(value)
    if attrs.has(kind):
        fields = {field.name: getattr(value, field.name) for field in attrs.fields(kind)}
        public = (name for name, part in fields.items() if not name.startswith("_") and not isinstance(part, Text))
        return {name: plain(fields[name], zone) for name in public}
    return value


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
    templates.filters |= {"moment": format_moment, "due": format_due, "px": "{:.1f}".format, "one_decimal": one_decimal}
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
