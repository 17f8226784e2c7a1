"""The command line (命令行). What a command needs is imported when it runs: ``governflow --help`` stays quick."""

import io
import os
import sys
from pathlib import Path

import click

_LANG = click.option(
    "--lang",
    type=click.Choice(["zh", "en"]),
    default=lambda: "zh" if _locale().startswith("zh") else "en",
    show_default="the machine's language",
    help="Language of everything a person reads (界面语言).",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object or list on standard output.")
_STORE = click.option(
    "--store", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The SQLite file (数据文件)."
)


def _locale() -> str:
    told = (os.environ.get(name) for name in ("GOVERNFLOW_LANG", "LC_ALL", "LC_MESSAGES", "LANG"))
    return next((value for value in told if value), "")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="governflow", message="%(package)s %(version)s")
def cli() -> None:
    """Cases, deadlines, escalation and one book per case, by each locality's own rules.

    诉求有人理、件件有着落、事事有回音。
    """


@cli.command()
@click.argument("journal", type=click.Path(path_type=Path))
@click.option("--locality", default="000000", show_default=True, metavar="CODE", help="Whose rules apply (地方代码).")
@click.option("--map", "map_", type=click.Path(path_type=Path), help="TOML: which column means what (列映射).")
@click.option("--store", type=click.Path(dir_okay=False, path_type=Path), help="Keep the cases in this SQLite file.")
@click.option("--until", metavar="TIME", help="How far to take the clock; the last row's time by default.")
@click.option("--auto-dispatch", is_flag=True, help="Dispatch every reported case at once along the route (自动派单).")
@click.option(
    "--rejects", type=click.Path(path_type=Path), help="Write refused rows here, whole (.csv, .xlsx, .jsonl)."
)
@_JSON
@_LANG
def run(
    journal: Path,
    locality: str,
    map_: Path | None,
    store: Path | None,
    until: str | None,
    auto_dispatch: bool,  # noqa: FBT001 - click passes flags by name
    rejects: Path | None,
    as_json: bool,  # noqa: FBT001
    lang: str,
) -> int:
    """Take a journal through the rules and say what became of every case (台账办理).

    JOURNAL is a CSV, XLSX or JSONL file. Exit status: 0 all rows taken; 1 some rows refused, each named; 2 nothing
    could be read.
    """
    from governflow.cli import run as running

    return running.run_journal(
        journal,
        locality=locality,
        map_path=map_,
        store=store,
        until=until,
        auto_dispatch=auto_dispatch,
        rejects=rejects,
        as_json=as_json,
        lang=lang,
    )


@cli.command()
@click.option("--locality", default="371621", show_default=True, metavar="CODE", help="Whose rules apply (地方代码).")
@click.option("--journal", type=click.Path(path_type=Path), help="Also write the generated journal here (.csv).")
@click.option("--html", type=click.Path(path_type=Path), help="Also write the dossier shown as a page.")
@_JSON
@_LANG
def demo(locality: str, journal: Path | None, html: Path | None, as_json: bool, lang: str) -> int:  # noqa: FBT001
    """A generated day by a locality's rules; Huimin County's 54321 by default (演示，数据为生成)."""
    from governflow.cli import demo as demonstrating

    return demonstrating.demonstrate(locality=locality, journal=journal, html=html, as_json=as_json, lang=lang)


@cli.command()
@click.argument("case")
@_STORE
@click.option("--html", type=click.Path(path_type=Path), help="Write one self-contained, printable page.")
@click.option("--with-personal-data", is_flag=True, help="Show who asked, and texts unmasked (含个人信息).")
@_JSON
@_LANG
def show(
    case: str,
    store: Path,
    html: Path | None,
    with_personal_data: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
    lang: str,
) -> int:
    """Show a case's dossier (一事一册)."""
    from governflow.cli import cases as reading

    return reading.show(case, store=store, html=html, personal=with_personal_data, as_json=as_json, lang=lang)


@cli.command()
@click.argument("case")
@_STORE
@_JSON
@_LANG
def explain(case: str, store: Path, as_json: bool, lang: str) -> int:  # noqa: FBT001
    """Return why: every ruling with reason, rule and source; every clock with its time accounted for (说明理由)."""
    from governflow.cli import cases as reading

    return reading.explain(case, store=store, as_json=as_json, lang=lang)


@cli.command()
@_STORE
@click.option("--against", metavar="HEAD", help="A head noted earlier.")
@_JSON
@_LANG
def verify(store: Path, against: str | None, as_json: bool, lang: str) -> int:  # noqa: FBT001
    """Check that nothing in the ledger was altered or cut off, and print its head (账本校验)."""
    from governflow.cli import cases as reading

    return reading.verify(store=store, against=against, as_json=as_json, lang=lang)


@cli.command()
@_STORE
@click.option("--every", type=click.FloatRange(min=0.1), default=10.0, show_default=True, help="Seconds between looks.")
@click.option("--once", is_flag=True, help="Fire what is due now and stop.")
@_JSON
@_LANG
def watch(store: Path, every: float, once: bool, as_json: bool, lang: str) -> int:  # noqa: FBT001
    """Fire deadlines as they come due, until interrupted (盯办)."""
    from governflow.cli import cases as reading

    return reading.watch(store=store, every=every, once=once, as_json=as_json, lang=lang)


@cli.command()
@click.argument("code", default="000000")
@click.option("--lifecycle", default="everyday", show_default=True, help="Which of the locality's lifecycles.")
@click.option("--svg", type=click.Path(path_type=Path), help="Draw it with Graphviz instead.")
@_JSON
@_LANG
def diagram(code: str, lifecycle: str, svg: Path | None, as_json: bool, lang: str) -> int:  # noqa: FBT001
    """Draw the lifecycle of a locality as a Mermaid state diagram (流程图)."""
    from governflow.cli import cases as reading

    return reading.diagram(code, lifecycle=lifecycle, svg=svg, as_json=as_json, lang=lang)


@cli.command()
@_JSON
@_LANG
def localities(as_json: bool, lang: str) -> int:  # noqa: FBT001
    """List the localities that can be used, and what is wrong with any (地方清单).

    Exit status: 1 if any of them has faults.
    """
    from governflow.cli import localities as listing

    return listing.localities(as_json=as_json, lang=lang)


@cli.command()
@click.argument("rules", metavar="CODE|FILE|FOLDER")
@click.option("--name", metavar="QUESTION", help="What a file answers: tier, route, ... (its own name by default).")
@click.option("--all", "whole", is_flag=True, help="List long catalogues whole (列出全部事项).")
@_JSON
@_LANG
def table(rules: str, name: str | None, whole: bool, as_json: bool, lang: str) -> int:  # noqa: FBT001
    """Print a locality's rules: every table with its rules, and what is wrong with it (规则表).

    A table can be checked before it is installed: give its file, or the folder. Exit status: 1 if there are faults.
    """
    from governflow.cli import table as tabling

    return tabling.table(rules, name=name, whole=whole, as_json=as_json, lang=lang)


@cli.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--name", metavar="QUESTION", help="What the files answer: tier, route, ... (their own name by default).")
@click.option("--store", type=click.Path(dir_okay=False, path_type=Path), help="Where rule sets are kept (数据文件).")
@click.option("--locality", metavar="CODE", help="Only this one of the localities of a path (地方代码).")
@click.option("--journal", type=click.Path(path_type=Path), help="Also try real cases: a journal, as for run (台账).")
@click.option("--map", "map_", type=click.Path(path_type=Path), help="TOML: which column means what (列映射).")
@click.option("--auto-dispatch", is_flag=True, help="Dispatch every reported case at once along the route (自动派单).")
@_JSON
@_LANG
def diff(
    old: str,
    new: str,
    name: str | None,
    store: Path | None,
    locality: str | None,
    journal: Path | None,
    map_: Path | None,
    auto_dispatch: bool,  # noqa: FBT001 - click passes flags by name
    as_json: bool,  # noqa: FBT001
    lang: str,
) -> int:
    """Return what changes between two sets of rules (规则变更影响).

    OLD and NEW are codes of localities, or plugins that are not installed (a folder with a pyproject.toml, or a .py
    file): then all that they decide is compared. Or they are files, folders of tables, or hashes of rule sets that a
    store has kept: then the tables are. Exit status: 0 all is decided alike; 1 some is not; 2 it cannot be compared.
    """
    from governflow.changes.compare import Journal
    from governflow.cli import diff as comparing

    if journal is None and (map_ is not None or auto_dispatch):
        raise click.UsageError("--map and --auto-dispatch belong to --journal")
    real = Journal(journal, map_, auto_dispatch) if journal is not None else None
    wanted = comparing.Wanted(old, new, name, store, locality, real, lang)
    return comparing.diff(wanted, as_json=as_json)


@cli.command()
@click.argument("what", metavar="CODE_OR_PATH")
@click.option("--level", type=click.Choice(["certify", "search"]), default="certify", show_default=True)
@click.option("--law", "laws", multiple=True, metavar="ID", help="Only this law; may be given again (条目).")
@click.option("--case", metavar="JSON", help="Look at this one case only, as a failure prints it (只验此例).")
@click.option("--locality", metavar="CODE", help="Only this one of the localities of a path (地方代码).")
@click.option("--seconds", type=click.FloatRange(min=0.1), help="With --level search: how long each law may look.")
@click.option("--seed", type=int, default=0, show_default=True, help="With --level search: what chance starts from.")
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Also write a JUnit file.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Also write the report as one page.")
@_JSON
@_LANG
def check(
    what: str,
    level: str,
    laws: tuple[str, ...],
    case: str | None,
    locality: str | None,
    seconds: float | None,
    seed: int,
    junit: Path | None,
    html: Path | None,
    as_json: bool,  # noqa: FBT001
    lang: str,
) -> int:
    """Check a locality's rules against the charter before they meet a citizen (宪章检验).

    CODE_OR_PATH is the code of a locality, or a plugin that is not installed: a folder with a pyproject.toml, or a .py
    file. Exit status: 0 every law holds; 1 some do not; 2 the rules cannot be used at all.
    """
    from governflow.cli import check as checking

    asked = checking.Asked(what, locality, level, laws, seconds, seed, case, lang)
    return checking.check_rules(asked, as_json=as_json, junit=junit, html=html)


@cli.command()
@click.argument("code")
@click.argument("name")
@click.option("--name-en", default="", metavar="NAME", help="The English name (英文名).")
@click.option("--parent", metavar="CODE", help="The code above it, where the digits do not say it (上级代码).")
@click.option("--folder", type=click.Path(path_type=Path), help="Where to write; governflow_CODE by default.")
@_JSON
@_LANG
def new(
    code: str,
    name: str,
    name_en: str,
    parent: str | None,
    folder: Path | None,
    as_json: bool,  # noqa: FBT001
    lang: str,
) -> int:
    """Start a locality: a plugin that installs, with one table to fill in (新建地方插件)."""
    from governflow.cli import new as founding

    return founding.new(code, name, name_en=name_en, parent=parent, folder=folder, as_json=as_json, lang=lang)


@cli.command()
@click.argument("code")
@_STORE
@click.option("--unit", metavar="UNIT", help="Whose area; all of the locality by default (单位).")
@click.option(
    "--period", type=click.Choice(["day", "week", "month"]), help="By default as fits the unit's level (周期)."
)
@click.option("--until", metavar="TIME", help="The end of the period; a date is counted in.")
@_JSON
@_LANG
def digest(
    code: str,
    store: Path,
    unit: str | None,
    period: str | None,
    until: str | None,
    as_json: bool,  # noqa: FBT001
    lang: str,
) -> int:
    """Sum up a day, a week or a month of a unit's area: what rises, emerges, comes back (梳理、分析、通报)."""
    from governflow.cli import reports as briefing

    return briefing.digest(code, store=store, unit=unit, period=period, until=until, as_json=as_json, lang=lang)


@cli.command()
@click.argument("code")
@_STORE
@click.option("--holder", metavar="KIND", help="Only of one kind: post, unit, informant, volunteer (类别).")
@click.option("--since", metavar="TIME", help="Also rank what was earned from here on.")
@click.option("--until", metavar="TIME", help="Up to when; a date is counted in.")
@_JSON
@_LANG
def merits(
    code: str,
    store: Path,
    holder: str | None,
    since: str | None,
    until: str | None,
    as_json: bool,  # noqa: FBT001
    lang: str,
) -> int:
    """Show a locality's merits, and who earned most (积分、金哨奖)."""
    from governflow.cli import reports as briefing

    return briefing.merits(code, store=store, holder=holder, since=since, until=until, as_json=as_json, lang=lang)


@cli.command()
@click.argument("case")
@_STORE
@_JSON
@_LANG
def special(case: str, store: Path, as_json: bool, lang: str) -> int:  # noqa: FBT001
    """Write the special report of a case: growth, distribution, what it went through (专报)."""
    from governflow.cli import reports as briefing

    return briefing.special(case, store=store, as_json=as_json, lang=lang)


def main() -> None:
    """Run the command line: every error is one sentence on standard error, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that knows no Chinese must not stop the work
    try:
        status = cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        status = 130
    except click.exceptions.Exit as end:
        status = end.exit_code
    except click.exceptions.NoArgsIsHelpError as told:
        click.echo(told.format_message(), err=True)  # a page, not a sentence: nobody has done anything wrong yet
        status = 2
    except click.ClickException as fault:
        status = _fail(_in_chinese(fault) if _wants_chinese(sys.argv) else fault.format_message())
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python would complain once more when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    except OSError as fault:
        status = _fail(f"{fault.strerror or fault}: {fault.filename}" if fault.filename else str(fault))
    except Exception as fault:
        from governflow.errors import GovernflowError  # only now: ``--help`` does not need it

        if isinstance(fault, GovernflowError):
            raise SystemExit(_fail(fault.text.say("zh" if _wants_chinese(sys.argv) else "en"))) from None
        if os.environ.get("GOVERNFLOW_DEBUG"):
            raise
        status = _fail(
            f"governflow itself is at fault ({type(fault).__name__}: {fault}); please report it, "
            "with GOVERNFLOW_DEBUG=1 for the details"
        )
    raise SystemExit(status if isinstance(status, int) else 0)


def _in_chinese(fault: click.ClickException) -> str:
    """Say in Chinese what click says in English about a command that was typed wrong."""
    context = getattr(fault, "ctx", None)
    name = fault.param.get_error_hint(context) if isinstance(fault, click.BadParameter) and fault.param else ""
    if isinstance(fault, click.NoSuchOption):
        perhaps = f"；是否为 {'、'.join(fault.possibilities)}" if fault.possibilities else ""
        return f"没有选项 {fault.option_name}{perhaps}"
    if isinstance(fault, click.MissingParameter):
        return f"缺少{'参数' if isinstance(fault.param, click.Argument) else '选项'} {name}"
    if isinstance(fault, click.BadOptionUsage):
        return f"选项 {fault.option_name} 用法有误：{fault.message}"
    if isinstance(fault, click.BadParameter):
        kind = fault.param.type if fault.param else None
        if isinstance(kind, click.Choice):
            return f"{name} 的值无效：应为 {' 或 '.join(map(str, kind.choices))}"
        if isinstance(kind, click.Path):
            return f"{name} 应为文件，不能是目录"
        return f"{name} 的值无效：应为数字"
    return f"命令有误：{fault.format_message()}"


def _wants_chinese(arguments: list[str]) -> bool:
    told = " ".join(arguments).replace("=", " ")
    if "--lang zh" in told:
        return True
    return "--lang en" not in told and _locale().startswith("zh")


def _fail(sentence: str) -> int:
    click.echo(" ".join(sentence.split()), err=True)
    return 2
