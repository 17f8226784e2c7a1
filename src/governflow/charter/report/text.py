"""How a check of the charter is told: one line a law, and for each failure its story (检验结果的表述)."""

import os
import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from xml.etree import ElementTree as Xml
from zoneinfo import ZoneInfo

import attrs

from governflow.charter.cases.reported import case_line
from governflow.charter.check import layers_of
from governflow.charter.model import LAWS, CheckReport, Failure, LawVerdict
from governflow.masking import clean
from governflow.policy import files as packaged
from governflow.policy.codes import ROOT
from governflow.policy.registry import Localities
from governflow.policy.stack import Layer, Policy
from governflow.reports.localize import Localizer
from governflow.tables import Catalogue, Table
from governflow.text import NOTHING, Text

Tables = Mapping[str, Table | Catalogue]

#: What no XML file may hold.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

MARKS: Mapping[str, str] = {"passed": "✓", "failed": "✗", "waived": "○"}

#: What only a case of a check tells. A life is told with steps: what was done to it, one after another.
_CASE_LABELS: Mapping[str, Text] = {
    "steps": Text("steps", "经过"),
    "at": Text("reported at", "上报时间"),
    "channel": Text("channel", "渠道"),
    "informant": Text("informant", "信息员"),
}


@attrs.frozen
class Line:
    """One line of a story, set in by its depth; a command is to be typed as it stands."""

    depth: int
    text: str
    command: bool = False


@attrs.frozen
class CheckedLocality:
    """A report with the rules that it is about and the command that made it."""

    report: CheckReport
    name: Text
    #: Knows what things are called; the defaults where its own rules could not be loaded.
    policy: Policy
    #: The tables by layer, most specific first.
    layers: Sequence[tuple[str, Tables]]
    #: What was checked, as it was typed: a code or a path, which may hold several localities.
    what: str
    several: bool = False
    seed: int = 0

    @classmethod
    def of(
        cls, localities: Localities, report: CheckReport, *, what: str, several: bool = False, seed: int = 0
    ) -> "CheckedLocality":
        """Find the rules that a report is about, also where they cannot be loaded."""
        if report.rules:
            policy = localities.policy(report.code)
            tables, known = policy.tables, [policy.locality]
        else:
            policy, layers = Localities().policy(ROOT), layers_of(localities, report.code)
            tables, known = tuple((layer.source, _tables(layer)) for layer in layers), [one.locality for one in layers]
        name = Text(known[0].name_en, known[0].name) if known else Text(report.code, report.code)
        return cls(report, name, policy, tables, what, several, seed)

    def voice(self, lang: str) -> Localizer:
        """Return what says these rules and their cases in one language."""
        return Localizer(lang, ZoneInfo(self.policy.zone), self.policy, clean, self.layers)

    def reproduce(self, verdict: LawVerdict, failure: Failure) -> str:
        """Return the command that finds a failure again."""
        parts = ["governflow", "check", self.what, *(["--locality", self.report.code] if self.several else [])]
        parts += ["--law", verdict.law]
        if verdict.method != "exact" and failure.case:
            parts += ["--case", case_line(failure.case)]
        if self.report.level == "search":
            parts += ["--level", "search", "--seed", str(self.seed)]
        return shlex.join(parts)


def _tables(layer: Layer) -> Tables:
    """Read the tables of a layer that could not be loaded, as far as they can be read."""
    hook = getattr(layer.plugin, "governflow_tables", None)
    try:
        found = packaged.read(hook()) if hook is not None else {}
    except Exception:  # noqa: BLE001 - what is wrong with them is told by the law; here they are only shown
        return {}
    named = found if isinstance(found, Mapping) else {}
    return {name: one for name, one in named.items() if isinstance(one, (Table, Catalogue))}


def reader_lang() -> str:
    """Return the language of whoever reads, as the machine is set: ``"zh"`` or ``"en"``."""
    languages = (os.environ.get(name) for name in ("GOVERNFLOW_LANG", "LC_ALL", "LC_MESSAGES", "LANG"))
    return "zh" if next((value for value in languages if value), "").startswith("zh") else "en"


def result(verdict: LawVerdict) -> Text:
    """Return what became of a law: proved, only tried, failed or waived."""
    number = len(verdict.failures)
    if verdict.outcome == "failed":
        return Text(f"failed: {number} failure{'' if number == 1 else 's'}", f"不成立：{number}处")
    if verdict.outcome == "waived" and verdict.waiver is not None:
        until, reason = verdict.waiver.until, verdict.waiver.reason
        return Text(f"waived until {until}: {reason.en}", f"豁免至 {until}：{reason.zh}")
    more = Text("; its waiver is no longer needed", "；豁免已无必要") if verdict.waiver is not None else NOTHING
    if verdict.method == "exact":
        return Text(f"passed exactly{more.en}", f"成立（穷尽检验）{more.zh}")
    tried = verdict.examples
    return Text(
        f"passed after {tried:,} example{'' if tried == 1 else 's'}{more.en}", f"成立（已检验{tried}例）{more.zh}"
    )


def note(verdict: LawVerdict) -> Text | None:
    """Return what could not be looked at."""
    if verdict.note is None:
        return None
    return Text(f"note: {verdict.note.en}", f"注意：{verdict.note.zh}")


def took(verdict: LawVerdict) -> str:
    """Write how long a law took."""
    return f"{verdict.seconds:.2f} s"


def summary(report: CheckReport) -> Text:
    """Say in one line how many laws hold."""
    counts = Counter(verdict.outcome for verdict in report.verdicts)
    total, spent = len(report.verdicts), sum(one.seconds for one in report.verdicts)
    waived = Text(f", {counts['waived']} waived", f"，{counts['waived']}条豁免") if counts["waived"] else NOTHING
    laws = "law" if total == 1 else "laws"
    return Text(
        f"{counts['passed']} of {total} {laws} hold, {counts['failed']} failed{waived.en}; {spent:.1f} s",
        f"共{total}条，{counts['passed']}条成立，{counts['failed']}条不成立{waived.zh}；用时 {spent:.1f} 秒",
    )


def title(checked: CheckedLocality) -> Text:
    """Name what was checked."""
    report, name = checked.report, checked.name
    if report.rules:
        return Text(
            f"{name.en} ({report.code}), rule set {report.rules}", f"{name.zh}（{report.code}），规则集 {report.rules}"
        )
    return Text(
        f"{name.en} ({report.code}), cannot be loaded: the other laws were not looked at",
        f"{name.zh}（{report.code}），规则无法加载：其余各条未检验",
    )


def level(report: CheckReport) -> Text:
    """Return how far a check has looked."""
    if report.level == "search":
        return Text("level search: random, another time it may find more", "检验级别：随机搜索，再次检验可能有新发现")
    return Text("level certify: the same verdict every time", "检验级别：认证，每次结论相同")


def story(failure: Failure, *, voice: Localizer, again: str) -> Iterator[Line]:
    """Tell one failure in the words of ``voice``, with the command that finds it again."""
    t, lang = voice.t, voice.lang
    colon = t(": ", "：")
    yield Line(0, failure.sentence.say(lang))
    if failure.case:
        yield Line(1, f"{t('the smallest case found', '最小案例')}{colon}{case_in_words(failure.case, voice)}")
    if failure.said:
        yield Line(1, f"{t('what the rules said', '规则的答复')}{colon.rstrip()}")
        yield from (Line(2, f"{number}. {said.say(lang)}") for number, said in enumerate(failure.said, 1))
    if failure.look_at is not None:
        yield Line(1, f"{t('look at', '请查看')}{colon}{failure.look_at.say(lang)}")
    if failure.suggestion is not None:
        yield Line(1, f"{t('what would mend it', '修改建议')}{colon}{failure.suggestion.say(lang)}")
    yield Line(1, f"{t('find it again', '复现')}{colon.rstrip()}")
    yield Line(2, again, command=True)


def law_lines(verdict: LawVerdict, lang: str) -> tuple[str, str]:
    """Return the heading of a law that failed, and the law itself."""
    law = LAWS[verdict.law]
    return Text(f"{law.id} · {law.slogan.en}", f"{law.id} · {law.slogan.zh}").say(lang), law.says.say(lang)


def failed(checked: CheckedLocality, verdict: LawVerdict, lang: str) -> str:
    """Return all of a law's failures as one text, for a test report."""
    head, says = law_lines(verdict, lang)
    lines, voice = [head, says], checked.voice(lang)
    for failure in verdict.failures:
        story_lines = story(failure, voice=voice, again=checked.reproduce(verdict, failure))
        lines += ["", *("  " * line.depth + line.text for line in story_lines)]
    return "\n".join(lines)


def case_in_words(case: Mapping[str, object], voice: Localizer) -> str:
    """Say a case in words: each fact by its name."""
    parts = []
    for field, given in case.items():
        facts = given if field == "facts" and isinstance(given, Mapping) else {field: given}
        for name, value in facts.items():
            label = _CASE_LABELS[name].say(voice.lang) if name in _CASE_LABELS else voice.fact(name)
            parts.append(f"{label}{voice.t(' = ', '=')}{_said(name, value, voice)}")
    return voice.join(parts)


def _said(name: str, value: object, voice: Localizer) -> str:
    if name == "at":
        return voice.when(datetime.fromisoformat(str(value)))
    if value is None or value == "":
        return voice.t("none", "无")
    if isinstance(value, bool):
        return voice.t("yes", "是") if value else voice.t("no", "否")
    if name == "steps" and isinstance(value, Sequence):
        return voice.t(f"{len(value)}, as told below", f"{len(value)}步，见下")
    if isinstance(value, (Mapping, Sequence)) and not isinstance(value, str):
        return case_line(value)
    text = getattr(value, "text", None)
    if isinstance(text, Text):
        return text.say(voice.lang)
    return voice.value(name, value)


def junit(reports: Sequence[CheckedLocality], lang: str) -> bytes:
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
                Xml.SubElement(test, "failure", message=_legal(message)).text = _legal(failed(checked, verdict, lang))
            elif verdict.outcome == "waived":
                Xml.SubElement(test, "skipped", message=_legal(result(verdict).say(lang)))
            noted = note(verdict)
            if noted is not None:
                Xml.SubElement(test, "system-out").text = _legal(noted.say(lang))
    Xml.indent(root)
    written: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _legal(words: str) -> str:
    return _ILLEGAL.sub("\ufffd", words)
