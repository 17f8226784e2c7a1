"""The dossier as one printable page: nothing outside it is needed, no script runs, and black on white says it all.

The picture of the clocks is drawn to scale; quiet stretches may be shortened, and are marked where they are. Every
outcome has a sign and a word beside its shade: the page is read on paper as often as on a screen.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from governflow.model.terms import Outcome
from governflow.reports.dossier_model import ClockLine, Dossier
from governflow.reports.format import format_moment, format_span, render
from governflow.reports.time_axis import TimeAxis, key_moments, picture_end, stretches, ticks
from governflow.text import Text

#: A sign beside the word, so that no outcome is told by colour alone.
_MARKS = {
    Outcome.MET: "✓",
    Outcome.BREACHED: "✗",
    Outcome.RUNNING: "▷",
    Outcome.PAUSED: "‖",
    Outcome.CANCELLED: "–",
    Outcome.LAPSED: "○",
}
#: Half-width characters of a label that the picture has room for.
_LABEL = 24
#: More rows than this go into a second picture, so that each stands on one sheet.
_MOST_ROWS = 40
#: What stands below a picture: the sign, the room that it takes, and what it means.
_LEGEND = (
    ("counted", 25, Text("counted", "计时")),
    ("late", 25, Text("past due", "超时")),
    ("paused", 25, Text("paused", "暂停")),
    ("left", 25, Text("time left", "剩余")),
    ("due", 12, Text("due", "截止")),
    ("warned", 10, Text("warning", "预警")),
)


def render_html(dossier: Dossier) -> str:
    """Make one self-contained page.

    Args:
        dossier: The dossier; every word of it is escaped.

    Returns:
        The page as HTML, in the dossier's language.
    """
    clocks, lang = dossier.clocks, dossier.lang
    return render(
        "reports/dossier.html",
        lang,
        title=dossier.title,
        book=dossier,
        pictures=[_Picture(dossier, clocks[at : at + _MOST_ROWS]) for at in range(0, len(clocks), _MOST_ROWS)],
        marks=_MARKS,
        span=partial(format_span, lang=lang),
    )


class _Picture:
    """Where everything lies in a picture of some of a case's clocks."""

    width, row, top = 680, 21, 38

    def __init__(self, book: Dossier, clocks: Sequence[ClockLine]) -> None:
        self.book, self.clocks = book, clocks
        self.end = picture_end(book)
        self.bottom = self.top + self.row * len(clocks)
        self.left = max(56.0, *(_wide(self.label(clock)) * 5.4 + 12 for clock in clocks))
        self.plot = self.width - self.left - 106
        self.axis = TimeAxis.fit(key_moments(book.clocks, book.until, self.end), self.plot, gap=34, least=5)

    def x(self, moment: datetime) -> float:
        """Return where a moment lies."""
        return self.left + self.axis.x(moment)

    def label(self, clock: ClockLine) -> str:
        """Return a clock's label, shortened for the picture; the table below says it whole."""
        label = clock.label
        if _wide(label) <= _LABEL:
            return label
        while _wide(label) >= _LABEL:
            label = label[:-1]
        return label + "…"

    def scale(self) -> Iterator[tuple[float, list[str]]]:
        """Return the places of the marks on the axis, and what is written at each, from below."""
        start = min(clock.started for clock in self.book.clocks)
        marks = ticks(self.axis, start.astimezone(ZoneInfo(self.book.zone)), self.end, apart=46)
        date = "%y-%m-%d" if len({tick.year for tick in marks}) > 1 else "%m-%d"
        days = all(tick.time() == datetime.min.time() for tick in marks)
        for tick in marks:
            yield self.x(tick), [f"{tick:{form}}" for form in ((date,) if days else ("%H:%M", date))]

    def stretches(self, clock: ClockLine) -> Iterator[tuple[str, float, float]]:
        """Return the kind, place and width of each stretch of a bar."""
        for kind, since, to in stretches(clock, self.book.until, self.end):
            wide = self.axis.x(to) - self.axis.x(since)
            yield kind, self.x(since), max(wide, 5 if kind == "late" else 1.5)

    def legend(self) -> Iterator[tuple[str, float, int, str]]:
        """Return what the shades and signs mean: the sign, its place, its room, and the words."""
        until = format_moment(self.book.until)
        now = ("now", 6, Text(f"as of {until}", f"截至 {until}"))
        signs = _LEGEND if self.book.ended else (*_LEGEND, now)
        x = self.left
        for kind, room, text in signs:
            words = text.say(self.book.lang)
            yield kind, x, room, words
            x += room + 13 + len(words) * (9.2 if self.book.lang == "zh" else 5.2)


def _wide(text: str) -> int:
    """Return the width of a text in half-width characters."""
    return sum(1 if sign.isascii() else 2 for sign in text)
