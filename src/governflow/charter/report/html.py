"""A check of the charter as one page: the laws, each failure's story, the tables coloured by what was found (检验报告).

Nothing outside the page is needed and no script runs. Beside every colour stands a sign: it is read on paper too.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import attrs

from governflow.charter.model import LAWS
from governflow.charter.report import text
from governflow.charter.report.text import CheckedLocality
from governflow.reports.format import render as render_template
from governflow.reports.localize import Localizer
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
        pages=[(checked, checked.voice(lang)) for checked in reports],
        tables_of=_tables,
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


def _tables(checked: CheckedLocality, voice: Localizer) -> list[_Table]:
    """Return the decision tables, with the laws that failures break; what something was found in comes first."""
    named: Mapping[tuple[str, str], Named] = defaultdict(lambda: defaultdict(set))
    for verdict in checked.report.verdicts:
        for failure in verdict.failures:
            for one in failure.rules:
                named[one.source.partition("@")[0], one.table][one.rule].add(verdict.law)
    found = (
        _Table(voice.table(name), source, table, table.analyse(), named[source.partition("@")[0], name])
        for source, tables in checked.layers
        for name, table in tables.items()
        if isinstance(table, Table)
    )
    return sorted(
        found, key=lambda one: not (one.findings.gaps or one.findings.conflicts or one.findings.dead or one.named)
    )
