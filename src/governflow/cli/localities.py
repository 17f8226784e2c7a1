"""Commands about localities: ``localities`` lists them, ``diagram`` draws a lifecycle, ``new`` starts one."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from governflow.cli.output import faults_of, new_console, print_indented, print_json, write_page
from governflow.errors import CommandError
from governflow.model.lifecycle import SAME
from governflow.policy.registry import FoundLocality, Localities
from governflow.scaffold import Scaffold
from governflow.text import Text


def localities(*, as_json: bool, lang: str) -> int:
    """List every locality that is built in or installed; one that cannot be loaded hides no other.

    Returns:
        The exit status: 1 if any has faults.
    """
    found = [_as_json(locality, lang) for locality in Localities().all()]
    faulty = sum(bool(locality["faults"]) for locality in found)
    if as_json:
        print_json(found)
        return 1 if faulty else 0
    out, number = new_console(), len(found)
    for locality in found:
        name = locality["name" if lang == "zh" else "name_en"] or Text("cannot be loaded", "无法加载").say(lang)
        rules, ancestors = locality["rules"], locality["ancestors"]
        hash_ = Text(f" · rule set {rules}", f" · 规则集 {rules}").say(lang) if rules else ""
        out.print(f"{locality['code']:<12}  {name}{hash_}", style="red" if locality["faults"] else "")
        over = Text(" · over ", " · 上级 ").say(lang) + " → ".join(ancestors) if ancestors else ""
        print_indented(out, locality["from"] + over, 14, style="dim")
        for fault in locality["faults"]:
            print_indented(out, f"✗ {fault}", 14)
    state = Text(f"{faulty} with faults", f"{faulty}个有问题") if faulty else Text("no faults", "均可使用")
    out.print(Text(f"{number} localities, {state.en}", f"共{number}个地方，{state.zh}").say(lang))
    return 1 if faulty else 0


def _as_json(found: FoundLocality, lang: str) -> dict[str, Any]:
    policy = found.policy
    return {
        "code": found.code,
        "name": policy.locality.name if policy is not None else None,
        "name_en": policy.locality.name_en if policy is not None else None,
        "from": found.home.say(lang),
        "ancestors": [layer.code for layer in policy.layers[1:]] if policy is not None else [],
        "rules": policy.rules if policy is not None else None,
        "faults": [fault.say(lang) for fault in faults_of(found.fault)] if found.fault is not None else [],
    }


def diagram(code: str, *, lifecycle: str, svg: Path | None, as_json: bool, lang: str) -> int:
    """Print a lifecycle, or draw it."""
    policy = Localities().policy(code)
    found = policy.lifecycles.get(lifecycle)
    if found is None:
        known = ", ".join(policy.lifecycles)
        raise CommandError(
            f"{code} has no lifecycle {lifecycle!r}; it has: {known}", f"{code} 没有流程“{lifecycle}”；现有：{known}"
        )
    if svg is not None:
        write_page(svg, _drawn(found.dot(lang)))
    elif as_json:
        print_json(
            [
                {
                    "action": row.action,
                    "from": source,
                    "to": source if row.target == SAME else row.target,
                    "guard": row.guard,
                }
                for row in found.rows
                for source in row.sources
            ]
        )
    else:
        sys.stdout.write(found.mermaid(lang))
    return 0


def _drawn(dot: str) -> bytes:
    """Return the SVG that Graphviz draws of a graph."""
    program = shutil.which("dot")
    if program is None:
        raise CommandError(
            "Graphviz is not installed (there is no program `dot`): leave --svg out for Mermaid",
            "未安装 Graphviz（找不到 dot 程序）：不加 --svg 可输出 Mermaid",
        )
    done = subprocess.run([program, "-Tsvg"], input=dot.encode(), capture_output=True, check=False)
    if done.returncode:
        raise CommandError(f"Graphviz failed: {done.stderr.decode().strip()}")
    return done.stdout


def new(
    code: str, name: str, *, name_en: str, parent: str | None, folder: Path | None, as_json: bool, lang: str
) -> int:
    """Write a distribution with one table to fill in, in one language, and say what to do next."""
    made = Scaffold(code.strip(), name.strip(), name_en.strip(), parent)
    folder = folder or Path(made.package)
    written = list(map(str, made.write(folder, lang)))
    if as_json:
        print_json({"code": made.code, "distribution": made.distribution, "folder": str(folder), "files": written})
        return 0
    inside = folder / "src" / made.package
    here = folder if folder.is_absolute() else f"./{folder}"
    steps = [
        (inside / "tables" / "catalogue.csv", Text("fill in your items, one a row", "填写事项，每行一项")),
        (inside / "units.csv", Text("put in your own units", "换成本地单位")),
        (f"governflow table {inside / 'tables'}", Text("check the tables", "检查表格")),
        (f"python -m pip install -e {here} pytest", Text("install it", "安装")),
        (f"governflow table {made.code}", Text("read all of its rules", "查看全部规则")),
        (f"governflow demo --locality {made.code}", Text("see a day by its rules", "按本地规则演示一天")),
        (f"python -m pytest {folder}", Text("run its tests", "运行测试")),
    ]
    count = len(written)
    print(Text(f"{folder} is there: {count} files. Next:", f"已建立 {folder}，共{count}个文件。下一步：").say(lang))
    for number, (command, why) in enumerate(steps, 1):
        print(f"  {number}. {why.say(lang)}\n     {command}")
    return 0
