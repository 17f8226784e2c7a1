"""How a dossier is set: moments in words, moments on a line, and the page for a terminal.

The time axis is to scale, except that quiet stretches in which nothing starts or stops are shortened where the short
clocks beside them would vanish: five minutes and sixty days stand in one picture. What is shortened is marked as such.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import attrs

from governflow.model.terms import Outcome
from governflow.text import Text

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from governflow.reports.dossier import ClockLine, Dossier, Said, Step

#: A sign beside the word, so that no outcome is told by colour alone.
MARKS = {
    Outcome.MET: "✓",
    Outcome.BREACHED: "✗",
    Outcome.RUNNING: "▷",
    Outcome.PAUSED: "‖",
    Outcome.CANCELLED: "–",
    Outcome.LAPSED: "○",
}
#: What a stretch of a clock's life is: time that counted, time past due, time that did not count, time that was left.
Stretch = Literal["counted", "late", "paused", "left"]

_MOST_BREAKS = 8


def spoken(moment: datetime) -> str:
    """Say a moment: seconds only where there are some, the zone's name only in the hour that comes twice."""
    told = f"{moment:%Y-%m-%d %H:%M:%S}" if moment.second else f"{moment:%Y-%m-%d %H:%M}"
    return f"{told} {moment:%Z}" if moment.fold else told


def deadline(moment: datetime) -> str:
    """Say a due moment: one at midnight ends the day before, as offices write it (24:00)."""
    if moment.hour or moment.minute or moment.second:
        return spoken(moment)
    return f"{moment - timedelta(days=1):%Y-%m-%d} 24:00"


def span(seconds: float, lang: str) -> str:
    """Say a length of time by its largest unit, rounded."""
    for size, en, zh in ((86_400, "d", "天"), (3600, "h", "小时"), (60, "min", "分")):
        if seconds >= size * 0.95:
            return f"{round(seconds / size)}{Text(f' {en}', zh).say(lang)}"
    return f"{round(seconds)}{Text(' s', '秒').say(lang)}"


def until(dossier: "Dossier") -> datetime:
    """Return the right end of the picture: the last stop of an ended case; of an open one the next due time ahead."""
    now = dossier.until
    if dossier.ended:
        return max((clock.stopped for clock in dossier.clocks if clock.stopped), default=now)
    ahead = [clock.due for clock in dossier.clocks if clock.stopped is None and clock.due > now]
    return min(ahead, default=now)


def tally(dossier: "Dossier") -> str:
    """Say in one line how many clocks were met, breached, ..."""
    counts: dict[str, int] = {}
    for clock in dossier.clocks:
        counts[clock.result] = counts.get(clock.result, 0) + 1
    told = [Text(f"{number} {word}", f"{word}{number}项").say(dossier.lang) for word, number in counts.items()]
    exempt = sum(1 for clock in dossier.clocks if clock.exempt)
    if exempt:
        told.append(Text(f"{exempt} of them exempt", f"其中{exempt}项不计入统计").say(dossier.lang))
    total = Text(f"{len(dossier.clocks)} clocks: ", f"共{len(dossier.clocks)}项时限：").say(dossier.lang)
    return total + Text(", ", "，").say(dossier.lang).join(told)


@attrs.frozen
class Axis:
    """Where moments lie on a line; build it with `Axis.fit`.

    Args:
        stops: Moments as timestamps and their places, ascending.
        breaks: The shortened stretches: from, to, and how long in seconds.
    """

    stops: tuple[tuple[float, float], ...]
    breaks: tuple[tuple[float, float, float], ...]

    @classmethod
    def fit(cls, moments: Iterable[datetime], width: float, *, gap: float, least: float) -> "Axis":
        """Lay moments out on a line.

        Args:
            moments: What has to be told apart.
            width: The length of the line.
            gap: The length of a shortened stretch.
            least: How far two moments should be apart at least.
        """
        times = sorted({moment.timestamp() for moment in moments})
        if len(times) < 2:
            times = [times[0], times[0] + 60.0] if times else [0.0, 60.0]
        gaps = [after - before for before, after in pairwise(times)]
        broken: frozenset[int] = frozenset()
        best = -1
        order = sorted(range(len(gaps)), key=lambda index: -gaps[index])
        for number in range(min(_MOST_BREAKS, len(gaps) - 1, int(width / (2 * gap))) + 1):
            chosen = frozenset(order[:number])
            scale = _scale(gaps, chosen, width, gap)
            if number and gaps[order[number - 1]] * scale < 2 * gap:
                break  # it would hardly be shorter
            seen = sum(1 for index, length in enumerate(gaps) if index in chosen or length * scale >= least)
            if seen > best:
                broken, best = chosen, seen
        scale = _scale(gaps, broken, width, gap)
        stops, breaks, at = [(times[0], 0.0)], [], 0.0
        for index, length in enumerate(gaps):
            step = gap if index in broken else length * scale
            if index in broken:
                breaks.append((at, at + step, length))
            at += step
            stops.append((times[index + 1], at))
        return cls(tuple(stops), tuple(breaks))

    def x(self, moment: datetime) -> float:
        """Return the place of a moment; one outside the line lies at its end."""
        time = moment.timestamp()
        index = bisect_right(self.stops, (time, float("inf")))
        if index == 0:
            return 0.0
        if index == len(self.stops):
            return self.stops[-1][1]
        (t0, x0), (t1, x1) = self.stops[index - 1], self.stops[index]
        return x0 + (x1 - x0) * (time - t0) / (t1 - t0)


def _scale(gaps: Sequence[float], broken: frozenset[int], width: float, gap: float) -> float:
    rest = sum(length for index, length in enumerate(gaps) if index not in broken)
    return (width - gap * len(broken)) / rest


def key_moments(clocks: Sequence["ClockLine"], now: datetime, end: datetime) -> list[datetime]:
    """Return the moments that a picture has to tell apart: starts, stops, pauses, and due times before the end."""
    moments = [end]
    for clock in clocks:
        moments += [clock.started, clock.stopped or now]
        moments += [moment for moment in (clock.due, clock.original) if moment is not None and moment <= end]
        moments += [moment for pause in clock.pauses for moment in pause if moment is not None]
    return [moment for moment in moments if moment <= end]


def stretches(clock: "ClockLine", now: datetime, end: datetime) -> list[tuple[Stretch, datetime, datetime]]:
    """Divide what is drawn of a clock into stretches.

    Args:
        clock: The clock.
        now: Up to where an unfinished clock has come.
        end: The right end of the picture.

    Returns:
        Kind, from and to of each, without a gap from its start to its stop, or to its due time if that is later.
    """
    stop = min(clock.stopped or now, end)
    late = clock.due if clock.outcome is Outcome.BREACHED and clock.due < stop else stop
    told: list[tuple[Stretch, datetime, datetime]] = []
    at = clock.started
    for since, back in clock.pauses:
        told += [("counted", at, since), ("paused", since, min(back or stop, stop))]
        at = min(back or stop, stop)
    told += [("counted", at, late), ("late", max(late, at), stop)]
    if clock.due > stop:
        told.append(("left", stop, min(clock.due, end)))
    return [part for part in told if part[2].timestamp() > part[1].timestamp()]


# --- the page for a terminal ------------------------------------------------------------------------------------------

_SIGNS = {"counted": "=", "late": "#", "paused": "~", "left": "."}
_SHORTEST_BAR, _LONGEST_BAR, _LABEL = 12, 60, 22


def render_text(dossier: "Dossier", console: "Console") -> None:
    """Write a dossier to a terminal or a pipe; readable from 80 columns on.

    Args:
        dossier: The dossier.
        console: Where to; nothing in the dossier is taken for markup.
    """
    from rich.padding import Padding
    from rich.rule import Rule
    from rich.text import Text as Line

    say = dossier.lang

    def section(en: str, zh: str, *parts: "RenderableType") -> None:
        console.print()
        console.print(Line(Text(en, zh).say(say), style="bold"))
        for part in parts:
            console.print(Padding(part, (0, 0, 0, 2), expand=False))

    console.print(Rule(Line(dossier.title, style="bold"), characters="="))
    console.print(_form([(fact.label, fact.value) for fact in dossier.facts]))
    section(
        "The request",
        "诉求内容",
        _form([(fact.label, fact.value) for fact in dossier.requester]),
        Line(dossier.request),
    )
    section("The clocks", "时限", Line(tally(dossier)), _clocks(dossier, console.width - 2), _key(dossier))
    section("What happened", "办理经过")
    for step in dossier.steps:
        _step(step, dossier, console)
    none = Text("not answered yet", "尚未答复").say(say)
    answers = [_said(told, say) for told in dossier.answers] or [Line(none)]
    verdicts = [_said(told, say) for told in dossier.verdicts] or [Line(dossier.judged)]
    section("Answer and verdict", "答复与评价", *answers, *verdicts)
    console.print()
    console.print(Rule(characters="="))
    console.print(Line(colophon(dossier), style="dim"))


def colophon(dossier: "Dossier") -> str:
    """Return what the dossier was made from, and whether it holds personal data."""
    upto = spoken(dossier.until)
    made = Text(
        f"From the {dossier.events} events in this case's book, as of {upto}. All times are those of {dossier.zone}. ",
        f"本册依据本事项账本的{dossier.events}条记录编制，截至 {upto}。时间均为{zone_name(dossier)}。",
    ).say(dossier.lang)
    kept = Text("It holds personal data: keep it as such.", "本册载有个人信息，请按规定保管，不得外传。")
    out = Text("Personal data are left out or masked (***).", "个人信息未载入或已作隐去处理（***）。")
    return made + (kept if dossier.personal else out).say(dossier.lang)


def zone_name(dossier: "Dossier") -> str:
    """Say in which zone the moments are."""
    return Text(dossier.zone, "北京时间" if dossier.zone == "Asia/Shanghai" else f" {dossier.zone} 时间").say(
        dossier.lang
    )


def _form(pairs: Iterable[tuple[str, str]]) -> "RenderableType":
    from rich.table import Table
    from rich.text import Text as Line

    table = Table.grid(padding=(0, 2))
    for label, value in pairs:
        table.add_row(Line(label, style="dim"), Line(value))
    return table


def _said(told: "Said", lang: str) -> "RenderableType":
    from rich.text import Text as Line

    return Line(f"{spoken(told.at)}  {told.what}{Text(': ', '：').say(lang)}{told.text}")


def _clocks(dossier: "Dossier", width: int) -> "RenderableType":
    """Draw a bar for each clock in the room that the words leave."""
    from rich.cells import cell_len, set_cell_size
    from rich.table import Table
    from rich.text import Text as Line

    end = until(dossier)
    rows = []
    for clock in dossier.clocks:
        due = Text("due", "截止").say(dossier.lang) + " " + deadline(clock.due)[5:16]
        label = clock.label if cell_len(clock.label) <= _LABEL else set_cell_size(clock.label, _LABEL - 2) + "…"
        rows.append((clock, label, due, clock.result + (f" ({clock.exempt})" if clock.exempt else "")))
    taken = max(cell_len(row[1]) for row in rows) + max(cell_len(row[2]) + cell_len(row[3]) for row in rows) + 6
    room = max(_SHORTEST_BAR, min(_LONGEST_BAR, width - taken))
    axis = Axis.fit(key_moments(dossier.clocks, dossier.until, end), room - 1, gap=3, least=1)
    table = Table(box=None, padding=(0, 1), pad_edge=False, show_header=False)
    for clock, label, due, result in rows:
        late = "bold red" if clock.outcome is Outcome.BREACHED else ""
        bar = _bar(clock, axis, dossier.until, end, room)
        words = [Line(word, no_wrap=True) for word in (label, bar, due)]
        table.add_row(*words, Line(result, style=late))
    return table


def _bar(clock: "ClockLine", axis: Axis, now: datetime, end: datetime, room: int) -> str:
    bar = [" "] * room
    for kind, since, to in stretches(clock, now, end):
        first, last = round(axis.x(since)), round(axis.x(to))
        for place in range(first, max(last, first + 1)):
            if bar[min(place, room - 1)] in " .":
                bar[min(place, room - 1)] = _SIGNS[kind]
    due = round(axis.x(clock.due))
    bar[due] = "|" if clock.due <= end else ">"
    if any(kind == "late" for kind, _, _ in stretches(clock, now, end)) and due + 1 < room:
        bar[due + 1] = "#"  # however short, a breach is seen
    return "".join(bar)


def _key(dossier: "Dossier") -> "RenderableType":
    from rich.text import Text as Line

    key = Text(
        "= counted  # overdue  ~ paused  . time left  | due  > due later; quiet stretches are shortened",
        "= 计时  # 超时  ~ 暂停  . 剩余  | 截止  > 截止在图外；平静时段已压缩",
    )
    return Line(key.say(dossier.lang), style="dim")


def _step(step: "Step", dossier: "Dossier", console: "Console") -> None:
    from rich.padding import Padding
    from rich.text import Text as Line

    head = Line()
    head.append(f"{step.number:>5}  {spoken(step.at)}  ", style="dim")
    head.append(step.what, style="bold")
    console.print(head)
    by = Text("by", "经办").say(dossier.lang)
    unit = Text("unit", "承办单位").say(dossier.lang)
    lines = [Line(repeated(step, dossier.lang), style="bold")] if step.times > 1 else []
    lines += [Line(f"{by} {step.by}  ·  {unit} {step.unit}"), *map(Line, (*step.details, *step.words))]
    lines += [
        Line(because(reason.text, reason.rule, reason.source, dossier.lang), style="dim") for reason in step.reasons
    ]
    for line in lines:
        console.print(Padding(line, (0, 0, 0, 7), expand=False))


def repeated(step: "Step", lang: str) -> str:
    """Return how often a folded step happened, and until when; nothing where it happened once."""
    if step.times == 1:
        return ""
    return Text(
        f"{step.times} times, from {spoken(step.at)} to {spoken(step.until)}",
        f"共{step.times}次，{spoken(step.at)} 至 {spoken(step.until)}",
    ).say(lang)


def because(reason: str, rule: str, source: str, lang: str) -> str:
    """Say a reason with its rule and where the rule comes from."""
    where = " · ".join(part for part in (rule, source) if part)
    told = Text(f" [{where}]", f"〔{where}〕").say(lang) if where else ""
    return Text(f"because: {reason}{told}", f"依据：{reason}{told}").say(lang)


def ticks(axis: Axis, start: datetime, end: datetime, *, apart: float) -> list[datetime]:
    """Choose the moments that are written on the axis: round ones, or where it is broken the ends of its stretches.

    Args:
        axis: The axis.
        start: Its left end, in the zone in which it is read.
        end: Its right end.
        apart: How far two of them have to be apart.
    """
    zone = start.tzinfo
    if not axis.breaks:
        return _round_ticks(axis, start, end, apart)
    edges = [place for left, right, _ in axis.breaks for place in (left, right)]
    places = {place: datetime.fromtimestamp(time, zone) for time, place in axis.stops}
    chosen: dict[float, datetime] = {}
    for place in [axis.stops[0][1], axis.stops[-1][1], *edges, *places]:
        if all(abs(place - other) >= apart for other in chosen):
            chosen[place] = places[place]
    return [chosen[place] for place in sorted(chosen)]


_STEPS = [timedelta(minutes=m) for m in (1, 2, 5, 10, 15, 30)]
_STEPS += [timedelta(hours=h) for h in (1, 2, 3, 6, 12)]
_STEPS += [timedelta(days=d) for d in (1, 2, 5, 10, 20, 30, 60, 90, 180, 365, 730)]


def _round_ticks(axis: Axis, start: datetime, end: datetime, apart: float) -> list[datetime]:
    """Step in local time from a midnight on, so that the marks fall on full days and hours."""
    length = end.timestamp() - start.timestamp()
    width = axis.stops[-1][1]
    step = next((step for step in _STEPS if step.total_seconds() * width >= apart * length), _STEPS[-1])
    tick = start.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    told = []
    while tick.timestamp() <= end.timestamp():
        if tick.timestamp() >= start.timestamp():
            told.append(tick)
        tick += step
    return told or [start]


def render_html(dossier: "Dossier") -> str:
    """Make the printable page; see `governflow.reports.dossier_html`, which only those load who want a page."""
    from governflow.reports import dossier_html

    return dossier_html.render_html(dossier)
