"""What a person sees on the terminal: tables by rich, plain text in a pipe."""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text as Line

from governflow.errors import CommandError, PolicyError, require
from governflow.model.terms import Form, Kind, Severity, Tier, Urgency
from governflow.policy.hookspecs import LocalRules
from governflow.reports.figure_names import NAMES
from governflow.reports.figures import RATES
from governflow.reports.format import allowance_text, percent
from governflow.reports.rates import Report, Tally
from governflow.text import NOTHING, Text

_CASES = Text("cases", "件数")
_UNITS_SHOWN = 10


def new_console(*, err: bool = False) -> Console:
    """Return a console: colours on a terminal, plain text of at most 100 columns in a pipe."""
    stream = sys.stderr if err else sys.stdout
    width = None if stream.isatty() else 100
    return Console(file=stream, width=width, highlight=False, soft_wrap=False, emoji=False, markup=False)


def print_note(text: Text, lang: str) -> None:
    """Print a sentence beside the result, on standard error."""
    print(text.say(lang), file=sys.stderr, flush=True)


def print_json(value: Any) -> None:
    """Print a value as JSON for programs."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def print_behind(figure: Text, cases: Sequence[str], *, as_json: bool, lang: str) -> None:
    """Print the ids of the cases behind a figure, a line each; what they are is said on standard error."""
    if as_json:
        print_json({"figure": figure.en, "number": len(cases), "cases": list(cases)})
        return
    print_note(Text(f"{figure.en}: {len(cases)}", f"{figure.zh}：{len(cases)}"), lang)
    sys.stdout.write("".join(f"{case}\n" for case in cases))


def print_faults(fault: PolicyError, lang: str, head: Mapping[str, Any], *, as_json: bool) -> None:
    """Print every fault of rules on a line of its own, and as JSON below what was asked for where that is wanted."""
    faults = [one.say(lang) for one in faults_of(fault)]
    if as_json:
        print_json({**head, "faults": faults})
    for sentence in faults:
        print(" ".join(sentence.split()), file=sys.stderr)


def faults_of(fault: PolicyError) -> tuple[Text, ...]:
    """Return every fault of rules as a sentence of its own."""
    return fault.faults or (fault.text,)


_TIMES = Text("times", "次数")
_AGAIN = Text("Again: later cycles, and those that a measure started", "再次计时：后续轮次及因处置而起的时限")
_MEASURES_DUE = Text(
    "Measures due (the journal is the record: they moved nothing)", "应采取的处置（台账为准，未改变事项）"
)
_FINDINGS = Text("Findings: done without being allowed to, or contradicting itself", "发现的问题：无权办理或自相矛盾")


def print_summary(report: Report, policy: LocalRules, lang: str, out: Console) -> None:
    """Print what became of the cases: clocks, rates, states, escalations, units."""
    if report.incomplete_cases:
        out.print(_incomplete(report.incomplete_cases).say(lang), style="bold")
    if report.unrecorded:
        out.print(unrecorded_text(report.unrecorded_clocks, policy).say(lang))
    _SummaryPrinter(report, policy, lang, out).print()


class _SummaryPrinter:
    """Prints the tables of a summary; where cases are incomplete, each row says how many of them it holds."""

    def __init__(self, report: Report, policy: LocalRules, lang: str, out: Console) -> None:
        self.report, self.policy, self.lang, self.out = report, policy, lang, out
        self.lacking = (NAMES["incomplete"],) if report.incomplete_cases else ()

    def print(self) -> None:
        report = self.report
        self.clocks(Text("Deadlines", "时限达成"), report.clocks)
        if report.again:
            self.clocks(_AGAIN, report.again)
        self.rates()
        states = [(self.policy.name(state), state) for state, _ in report.by_state.most_common()]
        self.counts(Text("Where the cases are", "事项状态"), Text("state", "状态"), _CASES, "by_state", states)
        kinds = [(kind.text, kind.value) for kind in Kind]
        how = Text("kind", "方式")
        self.counts(Text("Escalations", "升级"), how, _TIMES, "escalations", kinds)
        self.counts(_MEASURES_DUE, how, _TIMES, "measures_due", kinds)
        found = [(_unit_name(self.policy, unit), unit) for unit, _ in report.findings.most_common()]
        self.counts(_FINDINGS, NAMES["by_unit"], _TIMES, "findings", found)
        units = [(self.policy.units.name(unit), unit) for unit, _ in report.by_unit.most_common()]
        self.counts(Text("Who holds them", "承办单位"), NAMES["by_unit"], _CASES, "by_unit", units, most=_UNITS_SHOWN)

    def show(self, title: Text, heads: Sequence[Text], rows: Iterable[Sequence[str | Line]]) -> None:
        print_table(self.out, self.lang, (*heads, *self.lacking), rows, title=title, words=1)

    def clocks(self, title: Text, tallies: Mapping[str, Tally]) -> None:
        outcomes = (NAMES[name] for name in ("met", "breached", "exempt", "running"))
        rows = (
            (*_clock_row(self.policy.name(name).say(self.lang), tally), *(str(tally.incomplete) for _ in self.lacking))
            for name, tally in tallies.items()
        )
        self.show(title, (Text("clock", "时限"), *outcomes, Text("on time", "按时率")), rows)

    def rates(self) -> None:
        heads = (Text("rate", "指标"), Text("%", "%"), Text("n / of", "分子／分母"), NAMES["excluded"])
        rows = (
            (
                *(RATES[name].say(self.lang), percent(rate.n, rate.of), f"{rate.n} / {rate.of}", str(rate.excluded)),
                *(str(rate.incomplete) for _ in self.lacking),
            )
            for name, rate in self.report.rates.items()
        )
        self.show(Text("Rates", "三率及办结"), heads, rows)

    def counts(
        self,
        title: Text,
        what: Text,
        unit: Text,
        group: str,
        names: Sequence[tuple[Text, str]],
        most: int | None = None,
    ) -> None:
        """Print the figures of a group, if it has any; what is beyond so many rows is one row."""
        counted = self.report.counted
        rows = [
            (text.say(self.lang), counted[group, name], counted["incomplete_in", group, name])
            for text, name in names
            if (group, name) in counted
        ]
        if most is not None and (rest := rows[most:]):
            others = f"{Text('others', '其他').say(self.lang)} ({len(rest)})"
            rows[most:] = [(others, sum(row[1] for row in rest), sum(row[2] for row in rest))]
        if rows:
            shown = ((name, str(number), *(str(lacks) for _ in self.lacking)) for name, number, lacks in rows)
            self.show(title, (what, unit), shown)


def _unit_name(policy: LocalRules, unit: str) -> Text:
    return policy.units.name(unit) if unit else Text("not named", "未记名")


def _incomplete(cases: int) -> Text:
    """Say how many cases lack a step that was refused; the tables say which of their figures hold how many of them."""
    en = "1 case lacks" if cases == 1 else f"{cases} cases lack"
    return Text(f"{en} a step that was refused (incomplete)", f"{cases} 件有步骤未采用（不完整）")


def unrecorded_text(clocks: Sequence[str], policy: LocalRules) -> Text:
    """Say once which clocks could not be assessed, and why."""
    names = [policy.name(clock) for clock in clocks]
    en = " and ".join(filter(None, (", ".join(name.en for name in names[:-1]), names[-1].en)))
    is_ = "is" if len(names) == 1 else "are"
    return Text(
        f"{en} {is_} not recorded in this journal: not assessed",
        f"本台账未记录{'、'.join(name.zh for name in names)}：不予评估",
    )


def _clock_row(name: str, tally: Tally) -> tuple[str | Line, ...]:
    breached = Line(str(tally.breached), style="red" if tally.breached else "")
    return (
        name,
        str(tally.met),
        breached,
        str(tally.exempt),
        str(tally.running),
        percent(tally.met, tally.met + tally.breached),
    )


def print_table(
    out: Console,
    lang: str,
    heads: Sequence[Text],
    rows: Iterable[Sequence[str | Line]],
    *,
    title: Text = NOTHING,
    words: int | None = None,
    leading: int = 0,
) -> None:
    """Print a table, by its title if it has one.

    Args:
        out: Where to.
        lang: ``"zh"`` or ``"en"``.
        heads: The heading of each column.
        rows: Its rows.
        title: Its title.
        words: How many of its first columns hold words, and the rest figures; None where all hold words.
        leading: How many empty lines there are between two rows.
    """
    table = Table(
        title=title.say(lang) or None,
        title_justify="left",
        title_style="bold",
        header_style="bold",
        box=SIMPLE_HEAD,
        leading=leading,
        min_width=cell_len(title.say(lang)),  # or a narrow table breaks its own title
    )
    for place, head in enumerate(heads):
        figures = words is not None and place >= words
        table.add_column(head.say(lang), justify="right" if figures else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    out.print(table)


#: Signs that never begin a line: they hang into the margin.
_CLOSING = frozenset("，。；：、！？）》〕】”’,.;:!?)]")


def print_indented(out: Console, text: str, by: int, *, style: str = "") -> None:
    """Print a paragraph with all of its lines indented."""
    for line in wrapped(text, out.width - by):
        out.print(Line(" " * by + line, style=style, no_wrap=True, overflow="ignore"), crop=False)


def wrapped(text: str, width: int) -> Iterator[str]:
    """Break a text into lines of so many half-width characters: between words, and between any two Chinese ones."""
    room = max(width - 2, 8)
    for paragraph in text.split("\n"):
        line, used = "", 0
        for piece in re.findall(rf"\s+|[!-~]{{1,{room}}}|.", paragraph):
            size = cell_len(piece)
            if used + size > room and line and piece not in _CLOSING:
                yield line.rstrip()
                line, used, piece, size = "", 0, piece.lstrip(), cell_len(piece.lstrip())
            line, used = line + piece, used + size
        yield line.rstrip()


def span_text(length: timedelta, lang: str) -> str:
    """Write a length of time for people: whole days in words, the rest as the clock shows it."""
    days, rest = length.days, length - timedelta(days=length.days)
    if not days:
        return str(rest)
    text = Text(f"{days} day{'' if days == 1 else 's'}", f"{days}天").say(lang)
    return f"{text} {rest}" if rest else text


def ruled_text(ruled: Any, policy: LocalRules, lang: str) -> str:
    """Write what was ruled for people."""
    if isinstance(ruled, Mapping):
        assist = "、".join(policy.units.name(unit).say(lang) for unit in ruled.get("assist", ()))
        lead, form = policy.units.name(ruled["lead"]).say(lang), policy.name(Form(ruled["form"]).term).say(lang)
        with_ = Text(f", assisted by {assist}", f"，协办：{assist}").say(lang) if assist else ""
        return Text(f"{lead} ({form})", f"{lead}（{form}）").say(lang) + with_
    if isinstance(ruled, list):
        return Text(", ", "、").say(lang).join(ruled_text(part, policy, lang) for part in ruled)
    for closed in (Severity, Urgency, Tier, Kind):
        if ruled in closed._value2member_map_:
            return closed(ruled).text.say(lang)
    return allowance_text(str(ruled), lang)


#: What may be written over: a page or a picture, never a store or a journal whose name was typed by mistake.
_PAGES = (".html", ".htm", ".svg")


def write_page(path: Path, content: bytes) -> None:
    """Write a page or a picture to a file.

    Raises:
        CommandError: If the name is none of a page, or the file cannot be written.
    """
    require(
        path.suffix.lower() in _PAGES,
        f"{path} is not the name of a page: let it end in {' or '.join(_PAGES)}",
        f"{path} 不是网页文件名：应以 {'、'.join(_PAGES)} 结尾",
    )
    try:
        path.write_bytes(content)
    except OSError as fault:
        why = fault.strerror or str(fault)
        raise CommandError(f"{path} cannot be written: {why}", f"无法写入 {path}：{why}") from None
