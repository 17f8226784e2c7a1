"""A dossier on a terminal or in a pipe; readable from 80 columns on."""

from collections.abc import Iterable

from rich.cells import cell_len, set_cell_size
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text as Line

from governflow.model.terms import Outcome
from governflow.reports.dossier_model import Amended, ClockLine, Dossier, DossierStep, Fact, Statement
from governflow.reports.format import format_due, format_moment
from governflow.reports.time_axis import TimeAxis, key_moments, picture_end, stretches
from governflow.text import Text

_SIGNS = {"counted": "=", "late": "#", "paused": "~", "left": "."}
_SHORTEST_BAR, _LONGEST_BAR, _LABEL = 12, 60, 22


def print_dossier(dossier: Dossier, console: Console) -> None:
    """Print a dossier; nothing in it is taken for markup."""
    t = dossier.t

    def section(title: str, *parts: RenderableType) -> None:
        console.print()
        console.print(Line(title, style="bold"))
        _print_indented(console, parts, 2)

    console.print(Rule(Line(dossier.title, style="bold"), characters="="))
    console.print(_form(dossier.facts))
    section(t("The request", "诉求内容"), _form(dossier.requester), Line(dossier.request))
    key = t(
        "= counted  # overdue  ~ paused  . time left  | due  > due later; quiet stretches are shortened",
        "= 计时  # 超时  ~ 暂停  . 剩余  | 截止  > 截止在图外；平静时段已压缩",
    )
    section(t("The clocks", "时限"), Line(dossier.tally), _clocks(dossier, console.width - 2), Line(key, style="dim"))
    section(t("What happened", "办理经过"))
    for step in dossier.steps:
        _print_step(step, dossier.lang, console)
    colon = t(": ", "：")
    answers = [_statement(answer, colon) for answer in dossier.answers] or [Line(t("not answered yet", "尚未答复"))]
    verdicts = [_statement(verdict, colon) for verdict in dossier.verdicts] or [Line(dossier.judged)]
    section(t("Answer and verdict", "答复与评价"), *answers, *verdicts)
    if dossier.measures_due:
        due = [_statement(measure, colon) for measure in dossier.measures_due]
        section(t("Measures due (nothing was moved by them)", "应采取的处置（未改变事项）"), *due)
    if dossier.findings:
        section(t("Findings", "发现的问题"), *(_statement(finding, colon) for finding in dossier.findings))
    if dossier.amendments:
        section(t("Amendments", "补录更正"))
    for one in dossier.amendments:
        _print_amendment(one, console)
    console.print()
    console.print(Rule(characters="="))
    console.print(Line(dossier.origin, style="dim"))


def _form(facts: Iterable[Fact]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for fact in facts:
        table.add_row(Line(fact.label, style="dim"), Line(fact.value))
    return table


def _statement(statement: Statement, colon: str) -> RenderableType:
    return Line(f"{format_moment(statement.at)}  {statement.what}{colon}{statement.text}")


def _clocks(dossier: Dossier, width: int) -> RenderableType:
    """Return a bar for each clock in the room that the words leave."""
    end = picture_end(dossier)
    rows = []
    for clock in dossier.clocks:
        due = Text("due", "截止").say(dossier.lang) + " " + format_due(clock.due)[5:16]
        label = clock.label if cell_len(clock.label) <= _LABEL else set_cell_size(clock.label, _LABEL - 2) + "…"
        rows.append((clock, label, due, clock.result + (f" ({clock.exempt})" if clock.exempt else "")))
    taken = max(cell_len(row[1]) for row in rows) + max(cell_len(row[2]) + cell_len(row[3]) for row in rows) + 6
    room = max(_SHORTEST_BAR, min(_LONGEST_BAR, width - taken))
    axis = TimeAxis.fit(key_moments(dossier.clocks, dossier.until, end), room - 1, gap=3, least=1)
    table = Table(box=None, padding=(0, 1), pad_edge=False, show_header=False)
    for clock, label, due, result in rows:
        bar = _bar(clock, axis, dossier, room)
        style = "bold red" if clock.outcome is Outcome.BREACHED else ""
        table.add_row(*(Line(word, no_wrap=True) for word in (label, bar, due)), Line(result, style=style))
    return table


def _bar(clock: ClockLine, axis: TimeAxis, dossier: Dossier, room: int) -> str:
    bar = [" "] * room
    end = picture_end(dossier)
    parts = stretches(clock, dossier.until, end)
    for kind, since, to in parts:
        first, last = round(axis.x(since)), round(axis.x(to))
        for place in range(first, max(last, first + 1)):
            if bar[min(place, room - 1)] in " .":
                bar[min(place, room - 1)] = _SIGNS[kind]
    due = round(axis.x(clock.due))
    bar[due] = "|" if clock.due <= end else ">"
    if any(kind == "late" for kind, _, _ in parts) and due + 1 < room:
        bar[due + 1] = "#"  # however short, a breach is seen
    return "".join(bar)


def _print_step(step: DossierStep, lang: str, console: Console) -> None:
    head = Line()
    head.append(f"{step.number:>5}  {format_moment(step.at)}  ", style="dim")
    head.append(step.what, style="bold")
    if step.mark:
        head.append(Text(f" ({step.mark})", f"（{step.mark}）").say(lang), style="bold yellow")
    console.print(head)
    by, unit = Text("by", "经办").say(lang), Text("unit", "承办单位").say(lang)
    lines = [Line(step.repeats(lang), style="bold")] if step.times > 1 else []
    lines += [Line(f"{by} {step.by}  ·  {unit} {step.unit}"), *map(Line, (*step.details, *step.words))]
    lines += [Line(reason.say(lang), style="dim") for reason in step.reasons]
    _print_indented(console, lines, 7)


def _print_amendment(one: Amended, console: Console) -> None:
    head = Line()
    head.append(f"{one.number:>5}  {format_moment(one.at)}  ", style="dim")
    head.append(one.what, style="bold")
    console.print(head)
    _print_indented(console, map(Line, one.lines), 7)


def _print_indented(console: Console, parts: Iterable[RenderableType], by: int) -> None:
    for part in parts:
        console.print(Padding(part, (0, 0, 0, by), expand=False))
