"""The command line (命令行). What a command needs is imported when it runs: ``governflow --help`` stays quick."""

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

PATH = click.Path(path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)


def locale_name() -> str:
    """Return the language that the machine is set to; empty if to none."""
    variables = ("GOVERNFLOW_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    return next((value for name in variables if (value := os.environ.get(name))), "")


_OUTPUT = (
    click.Option(["--json", "as_json"], is_flag=True, help="One JSON object or list on standard output."),
    click.Option(
        ["--lang"],
        type=click.Choice(["zh", "en"]),
        default=lambda: "zh" if locale_name().startswith("zh") else "en",
        show_default="the machine's language",
        help="Language of everything a person reads (界面语言).",
    ),
)


class CommandGroup(click.Group):
    """Commands, each of which takes ``--json`` and ``--lang`` as its last options."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        cmd.params += _OUTPUT
        super().add_command(cmd, name)


STORE = click.option("--store", type=FILE, required=True, help="The SQLite file (数据文件).")
COLUMN_MAP = click.option("--map", "map_path", type=PATH, help="TOML: which column means what (列映射).")
AUTO_DISPATCH = click.option(
    "--auto-dispatch", is_flag=True, help="Dispatch every reported case at once along the route (自动派单)."
)
ONE_LOCALITY = click.option("--locality", metavar="CODE", help="Only this one of the localities of a path (地方代码).")

BEHIND = click.option(
    "--list", "figure", metavar="FIGURE", help="Instead, the ids of the cases behind a figure (指标明细)."
)


def rules_of(default: str | None, *, shown: bool | str = True) -> Callable[[Command], Command]:
    """Return the option that says by whose rules a journal is taken."""
    return click.option(
        "--locality", default=default, show_default=shown, metavar="CODE", help="Whose rules apply (地方代码)."
    )


# --- the commands -----------------------------------------------------------------------------------------------------


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="governflow", message="%(package)s %(version)s")
def cli() -> None:
    """Cases, deadlines, escalation and one book per case, by each locality's own rules.

    诉求有人理、件件有着落、事事有回音。
    """


@cli.command()
@click.argument("journal", type=PATH)
@rules_of("000000")
@COLUMN_MAP
@click.option("--store", type=FILE, help="Keep the cases in this SQLite file.")
@click.option("--until", metavar="TIME", help="How far to take the clock; the last row's time by default.")
@AUTO_DISPATCH
@click.option(
    "--record", "way", flag_value="record", help="The journal is the record: measures are due only; by default (实录)."
)
@click.option("--enforce", "way", flag_value="enforce", help="As if the rules had been running live (推演).")
@click.option("--rejects", type=PATH, help="Write refused rows here, whole (.csv, .xlsx, .jsonl).")
@click.option("--amend", is_flag=True, help="A row that was changed corrects what the store holds (更正).")
@click.option(
    "--whole-cases", is_flag=True, help="With --amend: also retract what the file does not hold any more of its cases."
)
@BEHIND
def run(**given: Any) -> int:
    """Take a journal through the rules and say what became of every case (台账办理).

    JOURNAL is a CSV, XLSX or JSONL file. Exit status: 0 all rows taken; 1 some rows refused, each named; 2 nothing
    could be read.
    """
    from governflow.cli.run import run_journal

    return run_journal(**given)


@cli.command()
@rules_of(None, shown="371621 if its plugin is installed, else 000000")
@click.option("--journal", type=PATH, help="Also write the generated journal here (.csv).")
@click.option("--html", type=PATH, help="Also write the dossier shown as a page.")
def demo(**given: Any) -> int:
    """A generated day by a locality's rules; Huimin County's 54321 by default (演示，数据为生成)."""
    from governflow.cli.demo import demonstrate

    return demonstrate(**given)


@cli.command()
@click.argument("case")
@STORE
@click.option("--html", type=PATH, help="Write one self-contained, printable page.")
@click.option("--with-personal-data", "personal", is_flag=True, help="Show who asked, and texts unmasked (含个人信息).")
def show(**given: Any) -> int:
    """Show a case's dossier (一事一册)."""
    from governflow.cli.cases import show

    return show(**given)


@cli.command()
@click.argument("case")
@STORE
def explain(**given: Any) -> int:
    """Say why: every ruling with reason, rule and source; every clock with its time accounted for (说明理由)."""
    from governflow.cli.cases import explain

    return explain(**given)


@cli.command()
@STORE
@click.option("--against", metavar="HEAD", help="A head noted earlier.")
def verify(**given: Any) -> int:
    """Check that nothing in the ledger was altered or cut off, and print its head (账本校验)."""
    from governflow.cli.cases import verify

    return verify(**given)


@cli.command()
@STORE
@click.option("--every", type=click.FloatRange(min=0.1), default=10.0, show_default=True, help="Seconds between looks.")
@click.option("--once", is_flag=True, help="Fire what is due now and stop.")
def watch(**given: Any) -> int:
    """Fire deadlines as they come due, until interrupted (盯办)."""
    from governflow.cli.cases import watch

    return watch(**given)


@cli.command()
@click.argument("code", default="000000")
@click.option("--lifecycle", default="everyday", show_default=True, help="Which of the locality's lifecycles.")
@click.option("--svg", type=PATH, help="Draw it with Graphviz instead.")
def diagram(**given: Any) -> int:
    """Draw the lifecycle of a locality as a Mermaid state diagram (流程图)."""
    from governflow.cli.localities import diagram

    return diagram(**given)


@cli.command()
def localities(**given: Any) -> int:
    """List the localities that can be used, and what is wrong with any (地方清单).

    Exit status: 1 if any of them has faults.
    """
    from governflow.cli.localities import localities

    return localities(**given)


@cli.command()
@click.argument("rules", metavar="CODE|FILE|FOLDER")
@click.option("--name", metavar="QUESTION", help="What a file answers: tier, route, ... (its own name by default).")
@click.option("--all", "whole", is_flag=True, help="List long catalogues whole (列出全部事项).")
def table(**given: Any) -> int:
    """Print a locality's rules: every table with its rules, and what is wrong with it (规则表).

    A table can be checked before it is installed: give its file, or the folder. Exit status: 1 if there are faults.
    """
    from governflow.cli.table import table

    return table(**given)


@cli.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--name", metavar="QUESTION", help="What the files answer: tier, route, ... (their own name by default).")
@click.option("--store", type=FILE, help="Where rule sets are kept (数据文件).")
@ONE_LOCALITY
@click.option("--journal", type=PATH, help="Also try real cases: a journal, as for run (台账).")
@COLUMN_MAP
@AUTO_DISPATCH
def diff(*, journal: Any, map_path: Any, auto_dispatch: Any, **given: Any) -> int:
    """Say what changes between two sets of rules (规则变更影响).

    OLD and NEW are codes of localities, or plugins that are not installed (a folder with a pyproject.toml, or a .py
    file): then all that they decide is compared. Or they are files, folders of tables, or hashes of rule sets that a
    store has kept: then the tables are. Exit status: 0 all is decided alike; 1 some is not; 2 it cannot be compared.
    """
    from governflow.changes.compare import Journal
    from governflow.cli.diff import DiffRequest, diff

    if journal is None and (map_path is not None or auto_dispatch):
        raise click.UsageError("--map and --auto-dispatch belong to --journal")
    real = Journal(journal, map_path, auto_dispatch) if journal is not None else None
    return diff(DiffRequest(**given, journal=real))


@cli.command()
@click.argument("what", metavar="CODE_OR_PATH")
@click.option("--level", type=click.Choice(["certify", "search"]), default="certify", show_default=True)
@click.option("--law", "laws", multiple=True, metavar="ID", help="Only this law; may be given again (条目).")
@click.option("--case", metavar="JSON", help="Look at this one case only, as a failure prints it (只验此例).")
@ONE_LOCALITY
@click.option("--seconds", type=click.FloatRange(min=0.1), help="With --level search: how long each law may look.")
@click.option("--seed", type=int, default=0, show_default=True, help="With --level search: what chance starts from.")
@click.option("--junit", type=FILE, help="Also write a JUnit file.")
@click.option("--html", type=FILE, help="Also write the report as one page.")
def check(**given: Any) -> int:
    """Check a locality's rules against the charter before they meet a citizen (宪章检验).

    CODE_OR_PATH is the code of a locality, or a plugin that is not installed: a folder with a pyproject.toml, or a .py
    file. Exit status: 0 every law holds; 1 some do not; 2 the rules cannot be used at all.
    """
    from governflow.cli.check import check

    return check(**given)


@cli.command()
@click.argument("code")
@STORE
def upgrade(**given: Any) -> int:
    """Show which open cases new rules know nothing of, before they are used (规则升级预检).

    A state, a lifecycle, a unit or a clock that the rules installed now do not have any more: each case is named, with
    where it would go. Nothing is written. Exit status: 0 none is concerned; 1 some are.
    """
    from governflow.cli.upgrade import upgrade

    return upgrade(**given)


@cli.command()
@click.argument("code")
@click.argument("name")
@click.option("--name-en", default="", metavar="NAME", help="The English name (英文名).")
@click.option("--parent", metavar="CODE", help="The code above it, where the digits do not say it (上级代码).")
@click.option("--folder", type=PATH, help="Where to write; governflow_CODE by default.")
def new(**given: Any) -> int:
    """Start a locality: a plugin that installs, with one table to fill in (新建地方插件)."""
    from governflow.cli.localities import new

    return new(**given)


@cli.command()
@click.argument("code")
@STORE
@click.option("--unit", metavar="UNIT", help="Whose area; all of the locality by default (单位).")
@click.option(
    "--period", type=click.Choice(["day", "week", "month"]), help="By default as fits the unit's level (周期)."
)
@click.option("--until", metavar="TIME", help="The end of the period; a date is counted in.")
@BEHIND
def digest(**given: Any) -> int:
    """Sum up a day, a week or a month of a unit's area: what rises, emerges, comes back (梳理、分析、通报)."""
    from governflow.cli.reports import digest

    return digest(**given)


@cli.command()
@click.argument("code")
@STORE
@click.option("--holder", metavar="KIND", help="Only of one kind: post, unit, informant, volunteer (类别).")
@click.option("--since", metavar="TIME", help="Also rank what was earned from here on.")
@click.option("--until", metavar="TIME", help="Up to when; a date is counted in.")
def merits(**given: Any) -> int:
    """Show a locality's merits, and who earned most (积分、金哨奖)."""
    from governflow.cli.reports import merits

    return merits(**given)


@cli.command()
@click.argument("case")
@STORE
def special(**given: Any) -> int:
    """Write the special report of a case: growth, distribution, what it went through (专报)."""
    from governflow.cli.reports import special

    return special(**given)


def main() -> None:
    """Run the command line: every error is one sentence on standard error, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that knows no Chinese must not stop the work
    raise SystemExit(_status())


def _status() -> int:
    """Run the command that was typed and return its exit status."""
    try:
        status = cli.main(standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        return 130
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.exceptions.NoArgsIsHelpError as help_:
        click.echo(help_.format_message(), err=True)  # a page, not a sentence: nobody has done anything wrong yet
        return 2
    except click.ClickException as fault:
        return _fail(_in_chinese(fault) if _wants_chinese(sys.argv) else fault.format_message())
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python would complain once more when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as fault:
        return _fail(f"{fault.strerror or fault}: {fault.filename}" if fault.filename else str(fault))
    except Exception as fault:
        from governflow.errors import GovernflowError  # only now: ``--help`` does not need it

        if isinstance(fault, GovernflowError):
            return _fail(fault.text.say("zh" if _wants_chinese(sys.argv) else "en"))
        if os.environ.get("GOVERNFLOW_DEBUG"):
            raise
        return _fail(
            f"governflow itself is at fault ({type(fault).__name__}: {fault}); please report it, "
            "with GOVERNFLOW_DEBUG=1 for the details"
        )
    return status if isinstance(status, int) else 0


def _in_chinese(fault: click.ClickException) -> str:
    """Return in Chinese what click says in English about a command that was typed wrong."""
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
        return f"{name} 应为文件，不能是目录" if isinstance(kind, click.Path) else f"{name} 的值无效：应为数字"
    return f"命令有误：{fault.format_message()}"


def _wants_chinese(arguments: list[str]) -> bool:
    typed = " ".join(arguments).replace("=", " ")
    if "--lang zh" in typed:
        return True
    return "--lang en" not in typed and locale_name().startswith("zh")


def _fail(sentence: str) -> int:
    click.echo(" ".join(sentence.split()), err=True)
    return 2
