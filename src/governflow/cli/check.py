"""``governflow check``: a locality's rules against the charter, before they meet a citizen (宪章检验)."""

from pathlib import Path
from typing import Any

from governflow.charter.cases.reported import plain, read_case
from governflow.charter.check import check as check_charter
from governflow.charter.model import LAWS, Failure, LawVerdict
from governflow.charter.report import html as html_report
from governflow.charter.report import text
from governflow.charter.report.text import CheckedLocality
from governflow.cli.inputs import borrowed
from governflow.cli.output import new_console, print_faults, print_indented, print_json, print_note
from governflow.errors import PolicyError, require
from governflow.policy.plugin_paths import localities_named, one_of
from governflow.policy.registry import Localities
from governflow.reports.localize import Localizer
from governflow.text import Text

#: How wide the first column of the list of laws is.
_ID = 20


def check(
    what: str,
    *,
    locality: str | None,
    level: str,
    laws: tuple[str, ...],
    case: str | None,
    seconds: float | None,
    seed: int,
    junit: Path | None,
    html: Path | None,
    as_json: bool,
    lang: str,
) -> int:
    """Check rules and say law by law whether it holds, and what breaks it.

    Returns:
        The exit status: 0 if every law holds or is waived, 1 if one fails, 2 if the rules cannot be used at all.
    """
    require(
        seconds is None or level == "search", "--seconds belongs to --level search", "--seconds 只用于 --level search"
    )
    only = read_case(case) if case is not None else None
    reports: list[CheckedLocality] = []
    try:
        localities, codes = localities_named(what)
        codes = one_of(codes, locality, what)
        for code in codes:
            screen = None if as_json else _Screen(lang, localities, code)
            report = check_charter(
                localities,
                code,
                level=level,
                laws=laws or None,
                seconds=seconds,
                seed=seed,
                case=only,
                heard=screen.law if screen is not None else None,
            )
            reports.append(CheckedLocality.of(localities, report, what=what, several=len(codes) > 1, seed=seed))
            if screen is not None:
                screen.end(reports[-1])
    except PolicyError as fault:
        print_faults(fault, lang, {"rules": what, "passed": False}, as_json=as_json)
        return 2
    passed = all(checked.report.passed for checked in reports)
    if as_json:
        print_json({"passed": passed, "reports": [_as_json(checked, lang) for checked in reports]})
    if junit is not None:
        junit.write_bytes(text.junit(reports, lang))
        print_note(Text(f"the JUnit file is {junit}", f"JUnit 文件已写入 {junit}"), lang)
    if html is not None:
        html.write_text(html_report.render(reports, lang), encoding="utf-8")
        print_note(Text(f"the report is in {html}", f"检验报告已写入 {html}"), lang)
    return 0 if passed else 1


# --- what is said of it -----------------------------------------------------------------------------------------------


class _Screen:
    """Prints each law as its verdict is reached: a search may take minutes."""

    def __init__(self, lang: str, localities: Localities, code: str) -> None:
        self.lang, self.out, self.begun = lang, new_console(), False
        self.note, self.head = borrowed(localities, code), Text(f"Checking {code}", f"检验 {code}")

    def law(self, verdict: LawVerdict) -> None:
        """Print one law; before the first of them, what is checked: by then nothing was refused."""
        if not self.begun:
            self.begun = True
            if self.note is not None:
                print_note(self.note, self.lang)
            self.out.print(self.head.say(self.lang), style="bold")
        lang, style = self.lang, {"failed": "red", "waived": "yellow"}.get(verdict.outcome, "")
        line = f"{verdict.law:<{_ID}} {text.result(verdict).say(lang)}  ({text.took(verdict)})"
        self.out.print(f"{text.MARKS[verdict.outcome]} {line}", style=style)
        print_indented(self.out, LAWS[verdict.law].slogan.say(lang), 2, style="dim")
        note = text.note(verdict)
        if note is not None:
            print_indented(self.out, note.say(lang), 2, style="yellow")

    def end(self, checked: CheckedLocality) -> None:
        """Print the stories of what failed, and the summary."""
        lang, report, voice = self.lang, checked.report, checked.voice(self.lang)
        for verdict in (one for one in report.verdicts if one.outcome == "failed"):
            self.out.print()
            head, says = text.law_lines(verdict, lang)
            self.out.print(head, style="bold")
            print_indented(self.out, says, 2, style="dim")
            for failure in verdict.failures:
                self._failure(failure, voice, checked.reproduce(verdict, failure))
        self.out.print()
        for line in (text.title(checked), text.level(report)):
            print_indented(self.out, line.say(lang), 0)
        print_indented(self.out, text.summary(report).say(lang), 0, style="" if report.passed else "red")

    def _failure(self, failure: Failure, voice: Localizer, again: str) -> None:
        self.out.print()
        for line in text.story(failure, voice=voice, again=again):
            if line.command:
                # A command is never broken into lines: it has to be copied whole.
                self.out.print(" " * (2 * line.depth + 2) + line.text, soft_wrap=True, crop=False)
            else:
                print_indented(self.out, line.text, 2 * line.depth + 2, style="" if line.depth else "red")


def _as_json(checked: CheckedLocality, lang: str) -> dict[str, Any]:
    report = checked.report
    return {
        "code": report.code,
        "rule_set": report.rules,
        "level": report.level,
        "passed": report.passed,
        "laws": [_verdict(checked, verdict, lang) for verdict in report.verdicts],
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
