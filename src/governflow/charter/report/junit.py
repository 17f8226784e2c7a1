"""A check of the charter as a JUnit file, which every build server reads (检验结果的 JUnit 文件)."""

import re
from collections import Counter
from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from governflow.charter.report import text
from governflow.charter.report.text import CheckedLocality

#: What no XML file may hold.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(reports: Sequence[CheckedLocality], lang: str) -> bytes:
    """Return reports as JUnit in UTF-8: a suite for each locality, a test for each law under its stable id."""
    root = Xml.Element("testsuites", name="governflow check")
    for checked in reports:
        report = checked.report
        counts = Counter(verdict.outcome for verdict in report.verdicts)
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
                stories = text.failed(checked, verdict, lang)
                Xml.SubElement(test, "failure", message=_legal(message)).text = _legal(stories)
            elif verdict.outcome == "waived":
                Xml.SubElement(test, "skipped", message=_legal(text.result(verdict).say(lang)))
            note = text.note(verdict)
            if note is not None:
                Xml.SubElement(test, "system-out").text = _legal(note.say(lang))
    Xml.indent(root)
    written: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _legal(words: str) -> str:
    return _ILLEGAL.sub("\ufffd", words)
