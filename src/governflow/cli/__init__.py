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
    from governflow.cli import running

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
    """One generated day in Huimin County through 54321 (演示：惠民县的一天，数据为生成)."""
    from governflow.cli import demonstrating

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
    from governflow.cli import reading

    return reading.show(case, store=store, html=html, personal=with_personal_data, as_json=as_json, lang=lang)


@cli.command()
@click.argument("case")
@_STORE
@_JSON
@_LANG
def explain(case: str, store: Path, as_json: bool, lang: str) -> int:  # noqa: FBT001
    """Say why: every ruling with reason, rule and source; every clock with its time accounted for (说明理由)."""
    from governflow.cli import reading

    return reading.explain(case, store=store, as_json=as_json, lang=lang)


@cli.command()
@_STORE
@click.option("--against", metavar="HEAD", help="A head noted earlier.")
@_JSON
@_LANG
def verify(store: Path, against: str | None, as_json: bool, lang: str) -> int:  # noqa: FBT001
    """Check that nothing in the ledger was altered or cut off, and print its head (账本校验)."""
    from governflow.cli import reading

    return reading.verify(store=store, against=against, as_json=as_json, lang=lang)


@cli.command()
@_STORE
@click.option("--every", type=click.FloatRange(min=0.1), default=10.0, show_default=True, help="Seconds between looks.")
@click.option("--once", is_flag=True, help="Fire what is due now and stop.")
@_JSON
@_LANG
def watch(store: Path, every: float, once: bool, as_json: bool, lang: str) -> int:  # noqa: FBT001
    """Fire deadlines as they come due, until interrupted (盯办)."""
    from governflow.cli import reading

    return reading.watch(store=store, every=every, once=once, as_json=as_json, lang=lang)


@cli.command()
@click.argument("code", default="000000")
@click.option("--lifecycle", default="everyday", show_default=True, help="Which of the locality's lifecycles.")
@click.option("--svg", type=click.Path(path_type=Path), help="Draw it with Graphviz instead.")
@_JSON
@_LANG
def diagram(code: str, lifecycle: str, svg: Path | None, as_json: bool, lang: str) -> int:  # noqa: FBT001
    """Draw the lifecycle of a locality as a Mermaid state diagram (流程图)."""
    from governflow.cli import reading

    return reading.diagram(code, lifecycle=lifecycle, svg=svg, as_json=as_json, lang=lang)


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
