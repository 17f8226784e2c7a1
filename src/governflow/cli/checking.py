"""``governflow check``: a locality's rules against the charter, before they meet a citizen (宪章检验)."""

import importlib.util
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import attrs

from governflow.charter import check, telling
from governflow.charter.checked import Checked
from governflow.charter.laws import LAWS
from governflow.charter.verdicts import Failure, Report, Verdict
from governflow.cli import screen
from governflow.cli.sources import borrowed, faults_of
from governflow.discovery import GROUP
from governflow.errors import CommandError, PolicyError, UnsoundLifecycle, described
from governflow.hookspecs import hookimpl
from governflow.localities import Localities, prefixes
from governflow.text import Text
from governflow.voice import Voice

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
    case = telling.read_case(asked.case) if asked.case is not None else None
    try:
        localities, codes = found(asked.what)
        codes = _one_of(codes, asked)
        reports: list[Checked] = []
        for code in codes:
            loud = None if as_json else _Screen(asked, localities, code, several=len(codes) > 1)
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
            reports.append(Checked.of(localities, report))
            if loud is not None:
                loud.end(reports[-1])
    except PolicyError as fault:
        faults = [one.say(asked.lang) for one in faults_of(fault)]
        if as_json:
            screen.as_json({"rules": asked.what, "passed": False, "faults": faults})
        for sentence in faults:
            print(sentence, file=sys.stderr)
        return 2
    if as_json:
        screen.as_json(_as_json(reports, asked))
    _write(reports, asked, junit, html)
    return 0 if all(checked.report.passed for checked in reports) else 1


def _one_of(codes: Sequence[str], asked: Asked) -> Sequence[str]:
    if asked.locality is None:
        return codes
    if asked.locality not in codes:
        raise CommandError(
            f"{asked.what} does not speak for {asked.locality}; it speaks for {', '.join(codes)}",
            f"{asked.what} 中没有 {asked.locality}；现有：{'、'.join(codes)}",
        )
    return [asked.locality]


# --- what is checked --------------------------------------------------------------------------------------------------


def found(what: str) -> tuple[Localities, Sequence[str]]:
    """Find the localities that a person means.

    Args:
        what: A code; a folder with a ``pyproject.toml`` whose entry points name the plugins; or a ``.py`` file with
            hooks. What is found by its path is registered in this process and comes before what is installed.

    Returns:
        Where they are registered, and their codes, the most specific first.

    Raises:
        CommandError: If it is none of these.
        PolicyError: If a plugin cannot be imported.
    """
    localities = Localities()
    path = Path(what)
    if path.suffix == ".py" and path.is_file():
        plugins = {"": _file(path)}
    elif (path / "pyproject.toml").is_file():
        plugins = _folder(path)
    elif not localities.known(what) and len(list(prefixes(what))) < 2:
        raise CommandError(
            f"{what!r} is neither a locality nor a plugin: give a code that `governflow localities` lists, "
            "a folder with a pyproject.toml, or a .py file",
            f"“{what}”既不是地方代码，也不是插件：请给出 governflow localities 列出的代码、"
            "含 pyproject.toml 的目录或 .py 文件",
        )
    else:
        return localities, (what,)
    codes = []
    for named, plugin in plugins.items():
        code = named or _speaks_for(plugin, path)
        localities.register(code, plugin)
        codes.append(code)
    # A county before its city, a village before its county: whoever checks a folder means its nearest rules.
    return localities, sorted(codes, key=lambda code: -len(code.rstrip("0")))


def _folder(folder: Path) -> dict[str, object]:
    """Import the plugins of a distribution that is not installed."""
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    except ValueError as fault:  # no TOML, or no UTF-8
        raise CommandError(
            f"{folder / 'pyproject.toml'} cannot be read: {fault}", f"{folder / 'pyproject.toml'} 无法读取：{fault}"
        ) from None
    points = project.get("project", {}).get("entry-points", {}).get(GROUP, {})
    if not isinstance(points, Mapping) or not points:
        raise CommandError(
            f"{folder} speaks for no locality: its pyproject.toml has no [project.entry-points.{GROUP}]",
            f"{folder} 未登记地方：pyproject.toml 缺少 [project.entry-points.{GROUP}]",
        )
    home = folder / "src" if (folder / "src").is_dir() else folder
    _importable(home)
    return {code: _imported(value, EntryPoint(code, value, GROUP).load) for code, value in points.items()}


def _file(path: Path) -> object:
    """Import a plugin that is one file, under its own name, so that another interpreter finds it too."""
    _importable(path.parent)

    def load() -> object:
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None and spec.loader is not None  # noqa: PT018 - a .py file always has them
        module = importlib.util.module_from_spec(spec)
        sys.modules.setdefault(path.stem, module)
        spec.loader.exec_module(module)
        return module

    return _imported(path.name, load)


def _importable(folder: Path) -> None:
    home = str(folder.resolve())
    if home not in sys.path:
        sys.path.insert(0, home)


def _imported(name: str, load: Callable[[], object]) -> object:
    """Import a plugin; one that builds an unsound lifecycle is a plugin all the same, and breaks that law."""
    try:
        return load()
    except UnsoundLifecycle as fault:
        return _Unsound(fault)
    except Exception as fault:
        what = described(fault)
        raise PolicyError(f"{name} cannot be imported: {what}", f"{name} 无法导入：{what}") from fault


class _Unsound:
    """Stands for a plugin that got no further than its lifecycle."""

    def __init__(self, fault: UnsoundLifecycle) -> None:
        self.fault = fault

    @hookimpl
    def governflow_lifecycles(self) -> None:
        raise self.fault


def _speaks_for(plugin: object, path: Path) -> str:
    says = getattr(plugin, "governflow_locality", None)
    if isinstance(plugin, _Unsound):
        return path.stem
    if says is None:
        raise CommandError(
            f"{path} does not say whom it speaks for: it has no governflow_locality",
            f"{path} 未说明代表哪个地方：缺少 governflow_locality",
        )
    try:
        return str(says().code)
    except Exception as fault:
        what = described(fault)
        raise PolicyError(f"governflow_locality raised {what}", f"governflow_locality 出错：{what}") from fault


# --- what is said of it -----------------------------------------------------------------------------------------------


class _Screen:
    """Prints each law as its verdict is reached: a search may take minutes."""

    def __init__(self, asked: Asked, localities: Localities, code: str, *, several: bool) -> None:
        self.asked, self.several = asked, several
        self.out = screen.console()
        self.note, self.head = borrowed(localities, code), Text(f"Checking {code}", f"检验 {code}")
        self.begun = False

    def law(self, verdict: Verdict) -> None:
        """Print one law; before the first of them, what is checked: by then nothing was refused."""
        if not self.begun:
            self.begun = True
            if self.note is not None:
                print(self.note.say(self.asked.lang), file=sys.stderr)
            self.out.print(self.head.say(self.asked.lang), style="bold")
        law, lang = LAWS[verdict.law], self.asked.lang
        mark = telling.MARKS[verdict.outcome]
        style = {"failed": "red", "waived": "yellow"}.get(verdict.outcome, "")
        told = f"{mark} {verdict.law:<{_ID}} {telling.result(verdict).say(lang)}"
        spent = telling.took(verdict)
        self.out.print(f"{told}  ({spent})", style=style)
        screen.indented(self.out, law.slogan.say(lang), 2, style="dim")

    def end(self, checked: Checked) -> None:
        """Print the stories of what failed, and the summary."""
        lang, report = self.asked.lang, checked.report
        voice = checked.voice(lang)
        for verdict in report.verdicts:
            if verdict.outcome != "failed":
                continue
            self.out.print()
            head, says = telling.law_lines(verdict, lang)
            self.out.print(head, style="bold")
            screen.indented(self.out, says, 2, style="dim")
            for failure in verdict.failures:
                self._failure(report, verdict, failure, voice)
        self.out.print()
        screen.indented(self.out, telling.title(checked).say(lang), 0)
        screen.indented(self.out, telling.level(report).say(lang), 0)
        screen.indented(self.out, telling.summary(report).say(lang), 0, style="" if report.passed else "red")

    def _failure(self, report: Report, verdict: Verdict, failure: Failure, voice: Voice) -> None:
        again = _again(report, verdict, failure, self.asked, several=self.several)
        self.out.print()
        for line in telling.story(failure, voice=voice, again=again):
            if line.command:
                # A command is never broken into lines: it has to be copied whole.
                self.out.print(" " * (2 * line.depth + 2) + line.text, soft_wrap=True, crop=False)
            else:
                screen.indented(self.out, line.text, 2 * line.depth + 2, style="" if line.depth else "red")


def _again(report: Report, verdict: Verdict, failure: Failure, asked: Asked, *, several: bool) -> str:
    return telling.reproduce(asked.what, report, verdict, failure, several=several, seed=asked.seed)


def _as_json(reports: Sequence[Checked], asked: Asked) -> dict[str, Any]:
    several = len(reports) > 1
    return {
        "passed": all(checked.report.passed for checked in reports),
        "reports": [
            {
                "code": report.code,
                "rule_set": report.rules,
                "level": report.level,
                "passed": report.passed,
                "laws": [_verdict(report, verdict, asked, several=several) for verdict in report.verdicts],
            }
            for report in (checked.report for checked in reports)
        ],
    }


def _verdict(report: Report, verdict: Verdict, asked: Asked, *, several: bool) -> dict[str, Any]:
    law, waiver, lang = LAWS[verdict.law], verdict.waiver, asked.lang
    return {
        "law": verdict.law,
        "slogan": law.slogan.say(lang),
        "says": law.says.say(lang),
        "outcome": verdict.outcome,
        "method": verdict.method,
        "examples": verdict.examples,
        "seconds": round(verdict.seconds, 3),
        "waiver": {"reason": waiver.reason.say(lang), "until": waiver.until} if waiver is not None else None,
        "failures": [
            {
                "sentence": failure.sentence.say(lang),
                "case": telling.plain(failure.case),
                "said": [said.say(lang) for said in failure.said],
                "look_at": failure.look_at,
                "suggestion": failure.suggestion.say(lang) if failure.suggestion is not None else None,
                "again": _again(report, verdict, failure, asked, several=several),
            }
            for failure in verdict.failures
        ],
    }


def _write(reports: Sequence[Checked], asked: Asked, junit: Path | None, html: Path | None) -> None:
    if junit is not None:
        from governflow.charter import junit as xml

        junit.write_bytes(xml.render(reports, what=asked.what, lang=asked.lang, seed=asked.seed))
        print(Text(f"the JUnit file is {junit}", f"JUnit 文件已写入 {junit}").say(asked.lang), file=sys.stderr)
    if html is not None:
        from governflow.charter import page

        html.write_text(page.render(reports, what=asked.what, lang=asked.lang, seed=asked.seed), encoding="utf-8")
        print(Text(f"the report is in {html}", f"检验报告已写入 {html}").say(asked.lang), file=sys.stderr)
