"""A check of the charter as a JUnit file, which every build server reads (检验结果的 JUnit 文件)."""

import re
from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from governflow.charter.report import text as telling
from governflow.charter.report.subject_names import Checked

#: What no XML file may hold.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(reports: Sequence[Checked], *, what: str, lang: str, seed: int = 0) -> bytes:
    """Write reports as JUnit: a suite for each locality, a test for each law under its stable id.

    Args:
        reports: The reports, each with the rules that it is about.
        what: What was checked, as it was typed.
        lang: ``"zh"`` or ``"en"``.
        seed: What chance started from at the level ``search``.

    Returns:
        The file, UTF-8.
    """
    root = Xml.Element("testsuites", name="governflow check")
    for checked in reports:
        report = checked.report
        counts = {outcome: sum(1 for one in report.verdicts if one.outcome == outcome) for outcome in telling.MARKS}
        suite = Xml.SubElement(
            root,
            "testsuite",
            name=f"governflow.{report.code}",
            tests=str(len(report.verdicts)),
            failures=str(counts["failed"]),
            errors="0",
            skipped=str(counts["waived"]),
            time=f"{sum(one.seconds for one in report.verdicts):.3f}",
        )
        for verdict in report.verdicts:
            test = Xml.SubElement(
                suite,
                "testcase",
                classname=f"governflow.{report.code}",
                name=verdict.law,
                time=f"{verdict.seconds:.3f}",
            )
            if verdict.outcome == "failed":
                message = verdict.failures[0].sentence.say(lang)
                told = telling.failed(checked, verdict, what=what, lang=lang, several=len(reports) > 1, seed=seed)
                Xml.SubElement(test, "failure", message=_legal(message)).text = _legal(told)
            elif verdict.outcome == "waived":
                Xml.SubElement(test, "skipped", message=_legal(telling.result(verdict).say(lang)))
            note = telling.note(verdict)
            if note is not None:
                Xml.SubElement(test, "system-out").text = _legal(note.say(lang))
    Xml.indent(root)
    written: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)
