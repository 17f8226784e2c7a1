"""``governflow check``: a locality's rules against the charter, before they meet a citizen (宪章检验)."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs

from governflow.charter.cases.reported import plain, read_case
from governflow.charter.check import check
from governflow.charter.laws.registry import LAWS
from governflow.charter.model import Failure, LawVerdict
from governflow.charter.report import html as html_report
from governflow.charter.report import junit as junit_report
from governflow.charter.report import text
from governflow.charter.report.text import CheckedLocality
from governflow.cli.output import new_console, print_indented, print_json
from governflow.cli.rule_sources import borrowed, faults_of
from governflow.errors import CommandError, PolicyError
from governflow.policy.plugin_paths import localities_named, one_of
from governflow.policy.registry import Localities
from governflow.reports.localize import Localizer
from governflow.text import Text

#: How wide the first columns of the list of laws are.
_ID, _RESULT = 20, 40


@attrs.frozen
class Asked:
    """What a person wants checked, and how.

    Args:
        what: A locality's code, or the path of a plugin that need not be installed.
        locality: Which of the path's localities; None for all of them.
        level: ``certify`` or ``search``.
        laws: The ids of the laws; none for all of them.
        seconds: How long each law may look at the level ``search``.
        seed: What chance starts from at the level ``search``.
        case: The one case to look at, as JSON.
        lang: ``"zh"`` or ``"en"``.
    """

    what: str
    locality: str | None
    level: str
    laws: tuple[str, ...]
    seconds: float | None
    seed: int
    case: str | None
    lang: str


def check_rules(asked: Asked, *, as_json: bool, junit: Path | None, html: Path | None) -> int:
    """Check rules and say law by law whether it holds, and what breaks it.

    Returns:
        The exit status: 0 if every law holds or is waived, 1 if one fails, 2 if the rules cannot be used at all.
    """
    if asked.seconds is not None and asked.level != "search":
        raise CommandError("--seconds belongs to --level search", "--seconds 只用于 --level search")
    case = read_case(asked.case) if asked.case is not None else None
    try:
        localities, codes = localities_named(asked.what)
        codes = one_of(codes, asked.locality, asked.what)
        reports: list[CheckedLocality] = []
        for code in codes:
            loud = None if as_json else _Screen(asked.lang, localities, code)
            report = check(
                localities,
                code,
                level=asked.level,
                laws=asked.laws or None,
                seconds=asked.seconds,
                seed=asked.seed,
                case=case,
                heard=loud.law if loud is not None else None,
            )
            several = len(codes) > 1
            reports.append(CheckedLocality.of(localities, report, what=asked.what, several=several, seed=asked.seed))
            if loud is not None:
                loud.end(reports[-1])
    except PolicyError as fault:
        faults = [one.say(asked.lang) for one in faults_of(fault)]
        if as_json:
            print_json({"rules": asked.what, "passed": False, "faults": faults})
        for sentence in faults:
            print(sentence, file=sys.stderr)
        return 2
    if as_json:
        print_json(_as_json(reports, asked.lang))
    _write(reports, asked.lang, junit, html)
    return 0 if all(checked.report.passed for checked in reports) else 1


# --- what is said of it -----------------------------------------------------------------------------------------------


class _Screen:
    """Prints each law as its verdict is reached: a search may take minutes."""

    def __init__(self, lang: str, localities: Localities, code: str) -> None:
        self.lang = lang
        self.out = new_console()
        self.note, self.head = borrowed(localities, code), Text(f"Checking {code}", f"检验 {code}")
        self.begun = False

    def law(self, verdict: LawVerdict) -> None:
        """Print one law; before the first of them, what is checked: by then nothing was refused."""
        if not self.begun:
            self.begun = True
            if self.note is not None:
                print(self.note.say(self.lang), file=sys.stderr)
            self.out.print(self.head.say(self.lang), style="bold")
        law, lang = LAWS[verdict.law], self.lang
        mark = text.MARKS[verdict.outcome]
        style = {"failed": "red", "waived": "yellow"}.get(verdict.outcome, "")
        told = f"{mark} {verdict.law:<{_ID}} {text.result(verdict).say(lang)}"
        spent = text.took(verdict)
        self.out.print(f"{told}  ({spent})", style=style)
        print_indented(self.out, law.slogan.say(lang), 2, style="dim")
        note = text.note(verdict)
        if note is not None:
            print_indented(self.out, note.say(lang), 2, style="yellow")

    def end(self, checked: CheckedLocality) -> None:
        """Print the stories of what failed, and the summary."""
        lang, report = self.lang, checked.report
        voice = checked.voice(lang)
        for verdict in report.verdicts:
            if verdict.outcome != "failed":
                continue
            self.out.print()
            head, says = text.law_lines(verdict, lang)
            self.out.print(head, style="bold")
            print_indented(self.out, says, 2, style="dim")
            for failure in verdict.failures:
                self._failure(failure, voice, checked.reproduce(verdict, failure))
        self.out.print()
        print_indented(self.out, text.title(checked).say(lang), 0)
        print_indented(self.out, text.level(report).say(lang), 0)
        print_indented(self.out, text.summary(report).say(lang), 0, style="" if report.passed else "red")

    def _failure(self, failure: Failure, voice: Localizer, again: str) -> None:
        self.out.print()
        for line in text.story(failure, voice=voice, again=again):
            if line.command:
                # A command is never broken into lines: it has to be copied whole.
                self.out.print(" " * (2 * line.depth + 2) + line.text, soft_wrap=True, crop=False)
            else:
                print_indented(self.out, line.text, 2 * line.depth + 2, style="" if line.depth else "red")


def _as_json(reports: Sequence[CheckedLocality], lang: str) -> dict[str, Any]:
    return {
        "passed": all(checked.report.passed for checked in reports),
        "reports": [
            {
                "code": checked.report.code,
                "rule_set": checked.report.rules,
                "level": checked.report.level,
                "passed": checked.report.passed,
                "laws": [_verdict(checked, verdict, lang) for verdict in checked.report.verdicts],
            }
            for checked in reports
        ],
    }


def _verdict(checked: CheckedLocality, verdict: LawVerdict, lang: str) -> dict[str, Any]:
    law, waiver = LAWS[verdict.law], verdict.waiver
    return {
        "law": verdict.law,
        "slogan": law.slogan.say(lang),
        "says": law.says.say(lang),
        "outcome": verdict.outcome,
        "method": verdict.method,
        "examples": verdict.examples,
        "seconds": round(verdict.seconds, 3),
        "note": verdict.note.say(lang) if verdict.note is not None else None,
        "waiver": {"reason": waiver.reason.say(lang), "until": waiver.until} if waiver is not None else None,
        "failures": [
            {
                "sentence": failure.sentence.say(lang),
                "case": plain(failure.case),
                "said": [said.say(lang) for said in failure.said],
                "look_at": failure.look_at.say("en") if failure.look_at is not None else "",
                "suggestion": failure.suggestion.say(lang) if failure.suggestion is not None else None,
                "again": checked.reproduce(verdict, failure),
            }
            for failure in verdict.failures
        ],
    }


def _write(reports: Sequence[CheckedLocality], lang: str, junit: Path | None, html: Path | None) -> None:
    if junit is not None:
        junit.write_bytes(junit_report.render(reports, lang))
        print(Text(f"the JUnit file is {junit}", f"JUnit 文件已写入 {junit}").say(lang), file=sys.stderr)
    if html is not None:
        html.write_text(html_report.render(reports, lang), encoding="utf-8")
        print(Text(f"the report is in {html}", f"检验报告已写入 {html}").say(lang), file=sys.stderr)
