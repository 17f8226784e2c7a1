"""Write the generated parts of the documentation: the picture of the layers, and the closed sets of the glossary.

    python tools/generated_docs.py            # writes them into docs/architecture.md and docs/glossary.md

A page marks where a part stands: ``<!-- generated: layers -->`` ... ``<!-- end -->``. `tests/test_architecture.py`
fails when a page no longer says what the code says.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path

from governflow.model import terms
from governflow.model.base_lifecycle import BASE
from governflow.model.case import Case
from governflow.policy.builtin import defaults

ROOT = Path(__file__).parents[1]
PAGES = ("docs/architecture.md", "docs/glossary.md")


def layers() -> list[list[str]]:
    """Return the packages of each layer, the top layer first, as the import contract in ``pyproject.toml`` has them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    [contract] = [contract for contract in contracts if contract["id"] == "layers"]
    return [re.split(r"\s*[:|]\s*", layer) for layer in contract["layers"]]


def picture() -> str:
    """Return the layers as a Mermaid flowchart: one box a layer, each arrow an import that is allowed."""
    lines = ["```mermaid", "flowchart TD"]
    drawn = layers()[1:]  # the first holds the old names of modules only
    names = [f"L{number}" for number in range(len(drawn))]
    for name, packages in zip(names, drawn, strict=True):
        lines.append(f'    {name}["{" · ".join(packages)}"]')
    lines += [f"    {above} --> {below}" for above, below in pairwise(names)]
    return "\n".join([*lines, "```"])


def _table(*rows: tuple[str, ...]) -> str:
    heading, *body = rows
    lines = [heading, tuple("---" for _ in heading), *body]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def closed_sets() -> str:
    """Return every closed set of `governflow.model.terms` with its values in both languages."""
    rows = [("set", "value", "English", "中文")]
    for name, closed in vars(terms).items():
        if isinstance(closed, type) and issubclass(closed, terms._Named) and closed is not terms._Named:
            rows += [(f"`{name}`", f"`{value.value}`", value.text.en, value.text.zh) for value in closed]
    return _table(*rows)


def states() -> str:
    """Return the states of the base lifecycle in both languages."""
    rows = [(f"`{state}`", text.en, text.zh) for state, text in BASE.states.items()]
    return _table(("state", "English", "中文"), *rows)


def actions() -> str:
    """Return the actions of the base lifecycle, each with the event that it leaves."""
    rows = [
        (f"`{action.name}`", f"`{action.past}`", action.text.en, action.text.zh) for action in BASE.actions.values()
    ]
    return _table(("action", "event", "English", "中文"), *rows)


def clocks() -> str:
    """Return the clocks of the defaults with the time that each allows; `resolve` has one for each severity."""
    rows = [("clock", "allowance", "English", "中文")]
    for severity in terms.Severity:
        for spec in defaults.governflow_deadlines(Case("", severity=severity)).clocks:
            row = (f"`{spec.name}`", f"`{spec.written}`", spec.reason.en, spec.reason.zh)
            if row not in rows:
                rows.append(row)
    return _table(*rows)


PARTS: Mapping[str, Callable[[], str]] = {
    "layers": picture,
    "closed sets": closed_sets,
    "states": states,
    "actions": actions,
    "clocks": clocks,
}

_PART = re.compile(r"(<!-- generated: ([\w ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def regenerated(page: str) -> str:
    """Return a page with its generated parts made anew."""
    return _PART.sub(lambda found: f"{found[1]}\n{PARTS[found[2]]()}\n\n{found[3]}", page)


def stale() -> Iterator[str]:
    """Name the pages whose generated parts are not what the code says."""
    for name in PAGES:
        page = (ROOT / name).read_text(encoding="utf-8")
        if regenerated(page) != page:
            yield name


def main() -> None:
    """Write every generated part."""
    for name in PAGES:
        path = ROOT / name
        path.write_text(regenerated(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
