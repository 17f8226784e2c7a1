"""``governflow diagram``: a locality's lifecycle as Mermaid, as JSON, or drawn by Graphviz (流程图)."""

import shutil
import subprocess
import sys
from pathlib import Path

from governflow.cli.output import print_json, write_page
from governflow.errors import CommandError
from governflow.model.lifecycle import SAME
from governflow.policy.registry import Localities


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
