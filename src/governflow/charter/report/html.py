"""A check of the charter as one page: the laws, each failure's story, the tables coloured by what was found (检验报告).

Nothing outside the page is needed and no script runs. Beside every colour stands a sign: it is read on paper too.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import attrs

from governflow.charter.laws.registry import LAWS
from governflow.charter.model import Failure, LawVerdict
from governflow.charter.report import text
from governflow.charter.report.text import CheckedLocality
from governflow.reports.page import render as render_template
from governflow.tables import Dead, Findings, Overlap, Rule, Table

#: The laws that failures break, by the rules that they name.
Named = Mapping[str, set[str]]
_SIGNS = {"gap": "✗", "conflict": "✗", "named": "✗", "dead": "–", "fine": "✓"}


def render(reports: Sequence[CheckedLocality], lang: str) -> str:
    """Return reports as one self-contained page, every word of them escaped; ``lang`` is ``"zh"`` or ``"en"``."""
    return render_template(
        "charter/report/check.html",
        lang,
        title=" · ".join(text.title(checked).say(lang) for checked in reports),
        pages=[_Page(checked, lang) for checked in reports],
        laws=LAWS,
        signs=_SIGNS,
        text=text,
    )


@attrs.frozen
class _Table:
    """A decision table with what was found in it."""

    name: str
    source: str
    table: Table
    findings: Findings
    named: Named

    def finding(self, rule: Rule) -> tuple[str, Sequence[Overlap | Dead]]:
        """Return what a rule is coloured by, and what to say of it."""
        conflicts = [one for one in self.findings.conflicts if rule in one.rules]
        if conflicts:
            return "conflict", conflicts[:3]
        dead = [one for one in self.findings.dead if one.rule == rule]
        return ("dead", dead) if dead else ("named" if rule.id in self.named else "fine", ())


class _Page:
    """What a page shows of one report."""

    def __init__(self, checked: CheckedLocality, lang: str) -> None:
        self.checked, self.report = checked, checked.report
        self.voice = checked.voice(lang)

    def story(self, verdict: LawVerdict, failure: Failure) -> Iterator[text.Line]:
        """Return what is told of a failure."""
        return text.story(failure, voice=self.voice, again=self.checked.reproduce(verdict, failure))

    def tables(self) -> list[_Table]:
        """Return the decision tables; what something was found in comes first."""
        named = self.named()
        found = [
            _Table(self.voice.table(name), source, table, table.analyse(), named[source.partition("@")[0], name])
            for source, tables in self.checked.layers
            for name, table in tables.items()
            if isinstance(table, Table)
        ]
        found.sort(key=lambda one: not (one.findings.gaps or one.findings.conflicts or one.findings.dead or one.named))
        return found

    def named(self) -> Mapping[tuple[str, str], Named]:
        """Return the rules that failures point to, by layer and table, each with the laws that it breaks."""
        found: dict[tuple[str, str], Named] = defaultdict(lambda: defaultdict(set))
        for verdict in self.report.verdicts:
            for failure in verdict.failures:
                for one in failure.rules:
                    found[one.source.partition("@")[0], one.table][one.rule].add(verdict.law)
        return found
