"""The dossier as one printable page: nothing outside it is needed, no script runs, and black on white says it all.

The picture of the clocks is drawn to scale; quiet stretches may be shortened, and are marked where they are. Every
outcome has a sign and a word beside its shade: the page is read on paper as often as on a screen.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from governflow.model.terms import Outcome
from governflow.reports.dossier_model import ClockLine, Dossier, Fact, Statement, Step
from governflow.reports.format import (
    MARKS,
    format_due,
    format_moment,
    format_origin,
    format_reason,
    format_repeats,
    format_span,
    format_tally,
    zone_name,
)
from governflow.reports.page import SANS, PageWriter, minor
from governflow.reports.time_axis import Axis, Stretch, key_moments, picture_end, stretches, ticks

_STYLE = f"""
body {{ max-width: 210mm; padding: 16mm 15mm 14mm;
  font: 10.5pt/1.6 "Source Han Serif SC", "Noto Serif CJK SC", "Songti SC", STSong, SimSun, serif; }}
body:lang(en) {{ font-family: Georgia, "Times New Roman", "Source Han Serif SC", "Noto Serif CJK SC", SimSun, serif; }}
h1, h2, th, .label, .what, svg {{ font-family: {SANS}, SimHei, "Helvetica Neue", Arial, sans-serif; }}
"""
_STYLE += """
header { text-align: center; padding-bottom: 4mm; }
header p { margin: 0; }
h1 { margin: 1mm 0 2mm; font-size: 23pt; font-weight: 700; line-height: 1.25; }
h1:lang(zh) { letter-spacing: .35em; text-indent: .35em; }
header strong { color: var(--ink); }
.keep { display: inline-block; margin-top: 2mm; padding: 0 3mm; border: 1.5px solid var(--ink); font-weight: 700; }
h2 { margin: 7mm 0 2.5mm; font-size: 12.5pt; line-height: 1.4; }
th, td { padding: 1.3mm 2mm; }
th { font-size: 9.5pt; color: #333; }
.facts { table-layout: fixed; margin-bottom: 3mm; }
.facts th { width: 16%; }
.facts td { overflow-wrap: anywhere; }
.grid thead { display: table-header-group; }
.grid td { font-size: 9.5pt; line-height: 1.5; }
.grid tr { break-inside: avoid; }
.time { font-variant-numeric: tabular-nums; }
.no { min-width: 3.4em; white-space: nowrap; text-align: center; }
.what { min-width: 6.2em; max-width: 9em; font-weight: 700; }
.who { min-width: 8.5em; max-width: 11em; overflow-wrap: anywhere; }
.late { font-weight: 700; border-bottom: 1.5px solid currentColor; }
.why { display: block; color: var(--soft); font-size: 8.8pt; }
.why code { font: 8pt ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.words { display: block; white-space: pre-wrap; overflow-wrap: anywhere; }
.details { display: block; }
blockquote { margin: 0 0 2mm; padding: 2.5mm 4mm; border-left: 2.5px solid var(--seal); background: var(--tint);
  white-space: pre-wrap; overflow-wrap: anywhere; break-inside: avoid; }
blockquote .label { display: block; margin-bottom: .5mm; font-size: 9.5pt; color: var(--soft); }
section, figure { break-inside: avoid; }
figure { margin: 0 0 3mm; }
svg { display: block; width: 100%; height: auto; }
p.sum { margin: 0 0 2mm; }
footer { margin-top: 8mm; padding-top: 2mm; border-top: .5pt solid var(--line); font-size: 8.8pt; color: var(--soft);
  break-inside: avoid; }
svg text.small { font-size: 9px; }
svg text.note { font-size: 8.5px; fill: var(--soft); }
svg .counted { fill: #cfcabd; stroke: var(--ink); stroke-width: .7; }
svg .late-part { fill: url(#late); stroke: var(--seal); stroke-width: 1.1; }
svg .paused-part { fill: url(#paused); stroke: var(--ink); stroke-width: .7; stroke-dasharray: 2 1.5; }
svg .left-part { stroke: var(--ink); stroke-width: .8; stroke-dasharray: 2.5 2.5; }
svg .axis { stroke: var(--ink); stroke-width: .8; }
svg .tick { stroke: #c9c5bb; stroke-width: .6; }
svg .cut { stroke: var(--soft); stroke-width: .7; }
svg .gap { fill: #fff; }
svg .now { stroke: var(--seal); stroke-dasharray: 1 2; }
svg .arrow { fill: none; stroke: var(--ink); }
svg .mark { fill: var(--ink); stroke: #fff; stroke-width: .5; }
svg .first { fill: #fff; stroke: var(--ink); stroke-width: .7; }
svg .breached .result { font-weight: 700; }
@page { size: A4; margin: 16mm 15mm 17mm;
  @bottom-center { content: counter(page) " / " counter(pages); font-size: 8pt; } }
@media screen and (max-width: 700px) { body { padding: 6mm 4mm; } .grid { display: block; overflow-x: auto; } }
"""

#: The numerals of a Chinese document's sections.
_NUMERALS = "一二三四五六七八九十"

_WIDTH, _ROW, _RIGHT, _HEAD = 680, 21, 106, 38
#: Half-width characters of a label that the picture has room for.
_LABEL = 24
#: More rows than this go into a second picture, so that each stands on one sheet.
_MOST_ROWS = 40


def render_html(dossier: Dossier) -> str:
    """Make one self-contained page.

    Args:
        dossier: The dossier; every word of it is escaped.

    Returns:
        The page as HTML, in the dossier's language.
    """
    page = _Page(dossier)
    return page.page(dossier.title, _STYLE, page.parts())


class _Page(PageWriter):
    """Writes the page of one dossier."""

    def __init__(self, dossier: Dossier) -> None:
        super().__init__(dossier.lang)
        self.dossier = dossier
        self.sections = 0
        self.left = self.plot = 0.0

    def parts(self) -> Iterable[str]:
        book = self.dossier
        yield self.masthead()
        yield self.section("The case", "基本情况") + _facts(book.facts)
        yield (
            self.section("The request", "诉求内容")
            + _facts(book.requester)
            + f"<blockquote>{escape(book.request)}</blockquote>"
        )
        first, *more = self.pictures()
        head = (
            self.section("The clocks", "时限情况")
            + f'<p class="sum">{escape(format_tally(book))}{self.t(".", "。")}</p>'
        )
        yield f"<section>{head}{first}</section>"
        yield from more
        yield self.clocks()
        yield self.section("What happened", "办理经过") + self.steps()
        yield self.section("Answer and verdict", "答复与评价") + self.outcome()
        yield f"<footer>{escape(format_origin(book))}</footer>"

    def masthead(self) -> str:
        book = self.dossier
        keep = (
            f'<p class="keep">{self.t("Holds personal data", "载有个人信息 · 内部使用")}</p>' if book.personal else ""
        )
        return (
            f"<header><p>{escape(book.locality)}</p><h1>{self.t('One case, one book', '一事一册')}</h1>"
            f"<p>{self.t('Case', '事项')} <strong>{escape(book.id)}</strong> · {escape(book.state)} · "
            f"{escape(book.judged)}</p>{keep}</header>"
        )

    def section(self, en: str, zh: str) -> str:
        self.sections += 1
        number = self.t(f"{self.sections}. ", f"{_NUMERALS[self.sections - 1]}、")
        return f"<h2>{number}{self.t(en, zh)}</h2>\n"

    # tables

    def clocks(self) -> str:
        heads = [
            ("Clock", "时限"),
            ("Allowed", "规定"),
            ("Started", "开始"),
            ("Due", "截止"),
            ("Ended", "结束"),
            ("Outcome", "结果"),
        ]
        return self.table(heads, map(self.clock, self.dossier.clocks), kind="grid")

    def clock(self, clock: ClockLine) -> str:
        times = (format_moment(clock.started), self.due(clock), format_moment(clock.stopped) if clock.stopped else "—")
        cells = "".join(f'<td class="time">{time}</td>' for time in times)
        label = f"<td>{escape(clock.label)}</td><td>{escape(clock.allowance)}</td>"
        return f"<tr>{label}{cells}<td>{self.result(clock)}</td></tr>"

    def due(self, clock: ClockLine) -> str:
        if clock.original is None:
            return format_due(clock.due)
        return format_due(clock.due) + minor(f"{self.t('first', '原定')} {format_due(clock.original)}")

    def result(self, clock: ClockLine) -> str:
        kind = "late" if clock.outcome is Outcome.BREACHED else "fine"
        html = f'<span class="{kind}">{MARKS[clock.outcome]} {escape(clock.result)}</span>'
        if clock.exempt:
            html += minor(self.t("not counted: ", "不计入统计：") + escape(clock.exempt))
        for since, back in clock.pauses:
            end = format_moment(back) if back else self.t("still", "至今")
            html += minor(f"{self.t('paused', '暂停')} {format_moment(since)} – {end}")
        return html

    def steps(self) -> str:
        heads = [
            ("No.", "序号"),
            ("Time", "时间"),
            ("Step", "环节"),
            ("Unit, by whom", "单位、经办"),
            ("Details, reason and rule", "说明与依据"),
        ]
        return self.table(heads, map(self.step, self.dossier.steps), kind="grid")

    def step(self, step: Step) -> str:
        when = format_moment(step.at).replace(" ", "<br>", 1)
        parts = [("details", format_repeats(step, self.lang))] if step.times > 1 else []
        parts += [("details", line) for line in step.details] + [("words", line) for line in step.words]
        parts += [("why", format_reason(reason, self.lang)) for reason in step.reasons]
        lines = "".join(f'<span class="{kind}">{escape(text)}</span>' for kind, text in parts)
        return (
            f'<tr><td class="no">{escape(step.number)}</td><td class="time">{when}</td>'
            f'<td class="what">{escape(step.what)}</td>'
            f'<td class="who">{escape(step.unit)}{minor(escape(step.by))}</td><td>{lines}</td></tr>'
        )

    def outcome(self) -> str:
        book = self.dossier
        none = f"<blockquote>{self.t('not answered yet', '尚未答复')}</blockquote>"
        answers = "".join(map(_statement, book.answers)) or none
        return answers + ("".join(map(_statement, book.verdicts)) or f"<blockquote>{escape(book.judged)}</blockquote>")

    # the picture

    def pictures(self) -> Iterable[str]:
        clocks = self.dossier.clocks
        for first in range(0, len(clocks), _MOST_ROWS):
            yield f"<figure>{self.picture(clocks[first : first + _MOST_ROWS])}</figure>"

    def picture(self, clocks: Sequence[ClockLine]) -> str:
        """Draw a bar for each clock, from its start over its due time to its end."""
        book = self.dossier
        now, end = book.until, picture_end(book)
        bottom = _HEAD + _ROW * len(clocks)
        height = bottom + 46
        self.left = max(56.0, *(_wide(_cut(clock.label)) * 5.4 + 12 for clock in clocks))
        self.plot = _WIDTH - self.left - _RIGHT
        axis = Axis.fit(key_moments(book.clocks, now, end), self.plot, gap=34, least=5)
        name = self.t("The clocks of this case on a line of time", "本事项各时限的时间图")
        parts = [
            f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{name}" font-size="10.5">',
            _PATTERNS,
        ]
        parts += self.scale(axis, min(clock.started for clock in book.clocks), end, bottom)
        for index, clock in enumerate(clocks):
            parts += self.bar(clock, axis, end, _HEAD + _ROW * index)
        parts += self.cuts(axis, bottom)
        if not book.ended and now < end:
            x = self.left + axis.x(now)
            parts.append(f'<path class="now" d="M{x:.1f} {_HEAD - 4}V{bottom}"/>')
        parts += self.legend(bottom + 16)
        return "\n".join([*parts, "</svg>"])

    def scale(self, axis: Axis, start: datetime, end: datetime, bottom: float) -> Iterable[str]:
        width = self.left + self.plot
        yield f'<path class="axis" d="M{self.left} {_HEAD - 4}H{width}M{self.left} {bottom}H{width}"/>'
        marks = ticks(axis, start.astimezone(ZoneInfo(self.dossier.zone)), end, apart=46)
        years = len({tick.year for tick in marks}) > 1
        days = all(tick.time() == datetime.min.time() for tick in marks)
        for tick in marks:
            x = self.left + axis.x(tick)
            yield f'<path class="tick" d="M{x:.1f} {_HEAD - 8}V{bottom}"/>'
            date = f"{tick:%y-%m-%d}" if years else f"{tick:%m-%d}"
            for line, text in enumerate((date,) if days else (f"{tick:%H:%M}", date)):
                y = _HEAD - 11 - 11 * line
                yield f'<text class="small" x="{x:.1f}" y="{y}" text-anchor="middle">{text}</text>'

    def cuts(self, axis: Axis, bottom: float) -> Iterable[str]:
        """Mark what is shortened: a band that cuts the bars, and how long it really was."""
        for left, right, seconds in axis.breaks:
            x, low, high = self.left + (left + right) / 2, bottom + 3, _HEAD - 7
            one, two = f"M{x - 4:.1f} {low}L{x - 1:.1f} {high}", f"M{x + 1:.1f} {low}L{x + 4:.1f} {high}"
            yield f'<path class="gap" d="{one}H{x + 4:.1f}L{x + 1:.1f} {low}Z"/><path class="cut" d="{one}{two}"/>'
            length = escape(format_span(seconds, self.lang))
            yield f'<text class="note" x="{x:.1f}" y="{bottom + 12}" text-anchor="middle">{length}</text>'

    def bar(self, clock: ClockLine, axis: Axis, end: datetime, top: float) -> Iterable[str]:
        now, middle = self.dossier.until, top + _ROW / 2
        title = f"{clock.label}: {format_moment(clock.started)} – {format_due(clock.due)}, {clock.result}"
        yield f'<g class="{clock.outcome}"><title>{escape(title)}</title>'
        yield f'<text x="{self.left - 8}" y="{middle + 4}" text-anchor="end">{escape(_cut(clock.label))}</text>'
        for kind, since, to in stretches(clock, now, end):
            x, wide = self.left + axis.x(since), axis.x(to) - axis.x(since)
            yield _stretch(kind, x, max(wide, 5 if kind == "late" else 1.5), middle)
        if clock.warned is not None and clock.warned <= end:
            x = self.left + axis.x(clock.warned)
            yield f'<path class="mark warned" d="M{x - 3:.1f} {top + 2}h6l-3 6Z"/>'
        if clock.original is not None and clock.original <= end:
            yield _diamond(self.left + axis.x(clock.original), middle, "first")
        if clock.due <= end:
            yield _diamond(self.left + axis.x(clock.due), middle, "mark due")
        else:
            yield f'<path class="arrow" d="M{self.left + self.plot} {middle - 3.5}l5 3.5l-5 3.5"/>'
        result = f"{MARKS[clock.outcome]} {escape(clock.result)}" + (
            self.t(" (exempt)", "（豁免）") if clock.exempt else ""
        )
        yield f'<text class="result" x="{self.left + self.plot + 10}" y="{middle + 4}">{result}</text></g>'

    def legend(self, top: float) -> Iterable[str]:
        """Return what the shades and signs mean."""
        x, y = float(self.left), top + 10
        kinds: tuple[Stretch, ...] = ("counted", "late", "paused", "left")
        words = (("counted", "计时"), ("past due", "超时"), ("paused", "暂停"), ("time left", "剩余"))
        for kind, (en, zh) in zip(kinds, words, strict=True):
            yield _stretch(kind, x, 20, y) + _note(x + 25, y, self.t(en, zh))
            x += self.wide(en, zh) + 38
        yield _diamond(x + 4, y, "mark") + _note(x + 12, y, self.t("due", "截止"))
        x += self.wide("due", "截止") + 26
        yield f'<path class="mark" d="M{x} {y - 3}h6l-3 6Z"/>' + _note(x + 10, y, self.t("warning", "预警"))
        if not self.dossier.ended:
            x += self.wide("warning", "预警") + 26
            now = f"{self.t('as of', '截至')} {format_moment(self.dossier.until)}"
            yield f'<path class="now" d="M{x} {y - 6}v12"/>' + _note(x + 6, y, now)
        note = self.t(
            f"Times of {self.dossier.zone}. Arrow: due outside the picture. Cut: a quiet stretch, shortened.",
            f"时间为{zone_name(self.dossier)}。箭头：截止时间在图外。斜线断口：平静时段已压缩。",
        )
        yield f'<text class="note" x="{self.left}" y="{y + 19}">{note}</text>'

    def wide(self, en: str, zh: str) -> float:
        return len(zh) * 9.2 if self.lang == "zh" else len(en) * 5.2


_PATTERNS = (
    '<defs><pattern id="late" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="4" height="4" fill="#fff"/><rect width="2.4" height="4" fill="#9b1c1c"/></pattern>'
    '<pattern id="paused" width="5" height="5" patternUnits="userSpaceOnUse">'
    '<rect width="5" height="5" fill="#fff"/><path d="M0 0V5" stroke="#5b5b5b" stroke-width="1.4"/></pattern></defs>'
)


def _stretch(kind: Stretch, x: float, wide: float, middle: float) -> str:
    """Draw a stretch, told by shade and shape alike."""
    if kind == "left":
        return f'<path class="left-part" d="M{x:.1f} {middle:.1f}h{wide:.1f}"/>'
    name = kind if kind == "counted" else f"{kind}-part"
    return f'<rect class="{name}" x="{x:.1f}" y="{middle - 5.5:.1f}" width="{wide:.1f}" height="11"/>'


def _note(x: float, y: float, text: str) -> str:
    return f'<text class="small" x="{x}" y="{y + 3.5}">{text}</text>'


def _diamond(x: float, y: float, kind: str) -> str:
    return f'<path class="{kind}" d="M{x:.1f} {y - 6}l4 6l-4 6l-4 -6Z"/>'


def _wide(text: str) -> int:
    """Return the width of a text in half-width characters."""
    return sum(1 if sign.isascii() else 2 for sign in text)


def _cut(label: str) -> str:
    """Shorten a label for the picture; the table below says it whole."""
    if _wide(label) <= _LABEL:
        return label
    while _wide(label) >= _LABEL:
        label = label[:-1]
    return label + "…"


def _facts(facts: Sequence[Fact]) -> str:
    """Set a form with two facts a line."""
    rows = []
    for index in range(0, len(facts), 2):
        pair = facts[index : index + 2]
        alone = ' colspan="3"' if len(pair) == 1 else ""
        cells = (f"<th>{escape(fact.label)}</th><td{alone}>{escape(fact.value)}</td>" for fact in pair)
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f'<table class="facts">{"".join(rows)}</table>'


def _statement(statement: Statement) -> str:
    label = f"{format_moment(statement.at)} · {escape(statement.what)}"
    return f'<blockquote><span class="label">{label}</span>{escape(statement.text)}</blockquote>'
