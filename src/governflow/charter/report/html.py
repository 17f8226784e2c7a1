"""A check of the charter as one page: the laws, each failure's story, the tables coloured by what was found (检验报告).

Nothing outside the page is needed and no script runs. Beside every colour stands a sign: it is read on paper too.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from html import escape

from governflow.charter.laws.registry import LAWS
from governflow.charter.model import LawVerdict
from governflow.charter.report import text
from governflow.charter.report.text import CheckedLocality
from governflow.reports.page import SANS, PageWriter, minor
from governflow.tables import Dead, Findings, Overlap, Rule, Table

_STYLE = f"""
body {{ max-width: 240mm; padding: 14mm 15mm; font: 10.5pt/1.6 {SANS}, Arial, sans-serif; }}
"""
_STYLE += """
h1 { margin: 0; font-size: 20pt; }
header p { margin: 1mm 0 3mm; }
h2 { margin: 8mm 0 2mm; font-size: 13pt; }
h3 { margin: 5mm 0 1mm; font-size: 11pt; }
p { margin: 0 0 2mm; }
table { font-size: 9.5pt; }
th, td { padding: 1.2mm 2mm; overflow-wrap: anywhere; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
.verdict { padding: 2.5mm 4mm; border-left: 2.5px solid var(--line); }
.verdict.failed { border-color: var(--seal); }
th { white-space: nowrap; }
.sign { width: 2.2em; text-align: center; font-weight: 700; }
.time { text-align: right; }
.failed, .conflict, .gap, .named { background: #f6d9d5; }
.waived, .dead { background: #e7e4dc; }
.passed, .fine { background: #eef4ea; }
.story { margin: 0 0 3mm; padding: 2mm 4mm; border-left: 2.5px solid var(--seal); background: var(--tint);
  break-inside: avoid; }
.story p { margin: 0; overflow-wrap: anywhere; }
.story p:first-child { font-weight: 700; }
code { font: 8.5pt/1.5 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
@page { size: A4; margin: 14mm; }
"""

Named = dict[str, set[str]]
_SIGNS = {"gap": "✗", "conflict": "✗", "named": "✗", "dead": "–", "fine": "✓"}


def render(reports: Sequence[CheckedLocality], lang: str) -> str:
    """Return reports as one self-contained page, every word of them escaped; ``lang`` is ``"zh"`` or ``"en"``."""
    pages = [_Page(checked, lang) for checked in reports]
    name = " · ".join(text.title(checked).say(lang) for checked in reports)
    return PageWriter(lang).page(name, _STYLE, (part for page in pages for part in page.parts()))


class _Page(PageWriter):
    """Writes the part of a page that is about one report."""

    def __init__(self, checked: CheckedLocality, lang: str) -> None:
        super().__init__(lang)
        self.checked, self.report = checked, checked.report
        self.voice = checked.voice(lang)

    def parts(self) -> Iterator[str]:
        report = self.report
        yield (
            f"<header><h1>{self.t('The charter', '宪章检验')} · {self.say(text.title(self.checked))}</h1>"
            f"<p>{self.say(text.summary(report))} · {self.say(text.level(report))}</p></header>"
        )
        yield self.verdict()
        yield f"<h2>{self.t('The laws', '条目')}</h2>"
        yield self.laws()
        broken = [verdict for verdict in report.verdicts if verdict.failures]
        if broken:
            yield f"<h2>{self.t('What was found', '发现的问题')}</h2>"
        for verdict in broken:
            yield from self.stories(verdict)
        yield from self.tables()

    def verdict(self) -> str:
        """Say in plain words what the report comes to, and how to read it."""
        kind, said = (
            "failed",
            self.t(
                "These rules are not ready for citizens: at least one law does not hold. What was found stands "
                "below, each with the case that shows it and the place to look at.",
                "这套规则尚不能上线：至少有一条不成立。发现的问题见下，每一处都附有案例和应查看的规则。",
            ),
        )
        if self.report.passed:
            kind = "passed"
            said = self.t("Nothing was found that stands against using these rules.", "未发现妨碍这套规则上线的问题。")
        how = self.t(
            "“Passed exactly” leaves nothing out. “Passed after N examples” says that N were looked at and none broke "
            "the law: that is no proof.",
            "“穷尽检验”没有遗漏；“已检验N例”指看过的N例都成立，并非证明。",
        )
        return f'<p class="verdict {kind}"><strong>{said}</strong>{minor(how)}</p>'

    def laws(self) -> str:
        heads = (("", ""), ("Law", "条目"), ("Verdict", "结论"), ("Took", "用时"))
        return self.table(heads, map(self.law, self.report.verdicts))

    def law(self, verdict: LawVerdict) -> str:
        law, note = LAWS[verdict.law], text.note(verdict)
        noted = minor(self.say(note)) if note is not None else ""
        return (
            f'<tr class="{verdict.outcome}"><td class="sign">{text.MARKS[verdict.outcome]}</td>'
            f"<td>{escape(law.id)} · {self.say(law.slogan)}{minor(self.say(law.says))}</td>"
            f"<td>{self.say(text.result(verdict))}{noted}</td>"
            f'<td class="time">{text.took(verdict)}</td></tr>'
        )

    def stories(self, verdict: LawVerdict) -> Iterator[str]:
        head, _ = text.law_lines(verdict, self.lang)
        yield f"<h3>{text.MARKS[verdict.outcome]} {escape(head)}</h3>"
        for failure in verdict.failures:
            lines = text.story(failure, voice=self.voice, again=self.checked.reproduce(verdict, failure))
            told = "".join(
                f'<p style="margin-left: {line.depth * 6}mm">'
                + (f"<code>{escape(line.text)}</code>" if line.command else escape(line.text))
                + "</p>"
                for line in lines
            )
            yield f'<div class="story">{told}</div>'

    # tables

    def tables(self) -> Iterator[str]:
        named = self.named()
        decision = [
            (table.analyse(), named[source.partition("@")[0], name], table, self.voice.table(name), source)
            for source, tables in self.checked.layers
            for name, table in tables.items()
            if isinstance(table, Table)
        ]
        if decision:
            yield f"<h2>{self.t('The decision tables', '规则表')}</h2>"
            signs = self.t(
                "✗ contradicted, missing, or named by a failure above; – never the answer; ✓ nothing found.",
                "✗ 矛盾、缺失或被上述问题指出；– 永远不会被采用；✓ 未发现问题。",
            )
            yield f"<p>{signs}</p>"
        # What something was found in comes first.
        decision.sort(key=lambda one: not (one[0].gaps or one[0].conflicts or one[0].dead or one[1]))
        for findings, by_rule, table, name, source in decision:
            yield f"<h3>{escape(name)} · {escape(source)}</h3>"
            yield self.decision(table, findings, by_rule)

    def named(self) -> Mapping[tuple[str, str], Named]:
        """Return the rules that failures point to, by layer and table, each with the laws that it breaks."""
        found: dict[tuple[str, str], Named] = defaultdict(lambda: defaultdict(set))
        for verdict in self.report.verdicts:
            for failure in verdict.failures:
                for one in failure.rules:
                    found[one.source.partition("@")[0], one.table][one.rule].add(verdict.law)
        return found

    def decision(self, one: Table, findings: Findings, named: Named) -> str:
        rows = [
            self.rule(rule, one, *self.finding(rule, findings, named), named.get(rule.id, set())) for rule in one.rules
        ]
        rows += [
            f'<tr class="gap"><td class="sign">{_SIGNS["gap"]}</td><td>{self.t("no rule", "无规则")}</td>'
            f'<td colspan="3">{self.say(gap.text)}</td></tr>'
            for gap in findings.gaps
        ]
        heads = (("", ""), ("Rule", "规则"), ("When", "情形"), ("Then", "结果"), ("Reason, source", "理由、出处"))
        return self.table(heads, rows)

    def finding(self, rule: Rule, findings: Findings, named: Named) -> tuple[str, tuple[Overlap | Dead, ...]]:
        conflicts = tuple(one for one in findings.conflicts if rule in one.rules)
        if conflicts:
            return "conflict", conflicts[:3]
        dead = tuple(one for one in findings.dead if one.rule == rule)
        if dead:
            return "dead", dead
        return ("named" if rule.id in named else "fine"), ()

    def rule(self, rule: Rule, one: Table, kind: str, found: tuple[Overlap | Dead, ...], laws: Collection[str]) -> str:
        asked, decided, grounds = self.voice.rule(one, rule)
        when = "<br>".join(map(escape, asked)) or self.t("all other cases", "其他情形")
        then = "<br>".join(map(escape, decided)) or self.t("no opinion", "不作规定")
        why = "<br>".join(map(escape, grounds))
        why += "".join(minor(self.say(finding.text)) for finding in found)
        if laws:
            why += minor(self.t("named above: ", "见上文：") + escape(", ".join(sorted(laws))))
        return (
            f'<tr class="{kind}"><td class="sign">{_SIGNS[kind]}</td><td>{escape(rule.id)}</td>'
            f"<td>{when}</td><td>{then}</td><td>{why}</td></tr>"
        )
