"""What it costs that every county of the country is installed: the first use of one, a ruling of one, a long table.

The fake distributions lie in a temporary folder, each as an installer lays it down: a package, and its metadata beside
it. A first use is a fresh interpreter that imports governflow and loads one county's policy.
"""

import random
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from governflow import hookimpl
from governflow.model.case import Case
from governflow.model.terms import Mode
from governflow.policy.discovery import installed
from governflow.policy.registry import Localities
from governflow.policy.stack import Policy
from governflow.tables import Table
from measuring import Row, best, show
from startup import ENVIRONMENT
from tables import HIGHEST, partition

#: As many codes as there are counties. Those that begin with 99 are nobody's: nothing that is installed is in the way.
CODES = [f"99{number // 80 + 1:02}{number % 80 + 1:02}" for number in range(2_800)]
CODE = CODES[1_234]
RULINGS = 2_000
AT = datetime(2026, 3, 2, tzinfo=UTC)

PLUGIN = """
from governflow import hookimpl
from governflow.policy.hookspecs import Ruling
from governflow.model.terms import Tier

RULING = Ruling(Tier.TWO, "to the town", "t/1")

@hookimpl
def governflow_tier(case):
    return RULING
"""
FIRST_USE = f"from governflow.policy.registry import Localities; Localities().policy({CODE!r})"


def distribution(folder: Path, name: str, codes: list[str]) -> None:
    """Lay down a distribution whose package has a module for each code."""
    package, home = folder / f"place_{name}", folder / f"place_{name}-0.1.0.dist-info"
    package.mkdir(parents=True)
    home.mkdir()
    (package / "__init__.py").touch()
    for code in codes:
        (package / f"c{code}.py").write_text(PLUGIN)
    (home / "METADATA").write_text(f"Metadata-Version: 2.1\nName: place-{name}\nVersion: 0.1.0\n")
    lines = [f"{code} = place_{name}.c{code}" for code in codes]
    (home / "entry_points.txt").write_text("\n".join(["[governflow]", *lines, ""]))


def first_use(folder: Path) -> None:
    """Use one county in a fresh interpreter."""
    subprocess.run([sys.executable, "-c", FIRST_USE], check=True, env={**ENVIRONMENT, "PYTHONPATH": str(folder)})


def policy_in(folder: Path) -> Policy:
    """Load the county's policy as if only what is in the folder were installed."""
    known = Localities()
    known.__dict__["_installed"] = installed([str(folder)])  # else what this machine has would be found too
    return known.policy(CODE)


class Tabled:
    """A county whose tiers are decided by a table over four facts.

    Args:
        rules: How many rules the table has.
    """

    def __init__(self, rules: int) -> None:
        lines = ["rule,c0,c1,c2,c3,tier", "domain," + f"0..{HIGHEST}; default 0," * 4]
        for number, box in enumerate(partition(rules, 4, seed=1)):
            lines.append(f"R{number}," + ",".join(f"{low}..{high}" for low, high in box) + f",{number % 3 + 1}")
        self._tables = {"tier": Table.read(("tier.csv", "\n".join(lines).encode()), name="tier")}

    @hookimpl
    def governflow_tables(self) -> dict[str, Table]:
        """Give the table."""
        return self._tables


def with_table(rules: int) -> Policy:
    """Load a policy with a table of so many rules."""
    known = Localities()
    known.register(CODE, Tabled(rules))
    return known.policy(CODE)


def rule(policy: Policy, cases: list[Case]) -> None:
    """Ask a policy for the tier of each case, as the engine does."""
    faults: list[tuple[str, str, str]] = []
    for case in cases:
        answer = policy.ask("governflow_tier", faults, case, policy.context(case, Mode.NORMAL, AT))
        assert answer is not None
    assert not faults


def rows() -> list[Row]:
    """Measure."""
    draw = random.Random(2)
    facts = [{f"c{place}": draw.randint(0, HIGHEST) for place in range(4)} for _ in range(RULINGS)]
    cases = [Case(str(number), CODE, opened=AT, facts=told) for number, told in enumerate(facts)]
    with tempfile.TemporaryDirectory() as temporary:
        one, many_points, many = (Path(temporary) / name for name in ("one", "points", "distributions"))
        distribution(one, "one", [CODE])
        distribution(many_points, "all", CODES)
        for code in CODES:
            distribution(many, code, [code])
        alone, points, distributions = best(
            lambda: first_use(one), lambda: first_use(many_points), lambda: first_use(many), rounds=11
        )
        sys.path[:0] = map(str, (one, many))  # where the two policies import their county from
        single, crowded = policy_in(one), policy_in(many)
        few, full = best(lambda: rule(single, cases), lambda: rule(crowded, cases))
    short, long = with_table(10), with_table(1_000)
    ten, thousand = best(lambda: rule(short, cases), lambda: rule(long, cases))
    return [
        _row("first use of a county: 2,800 entry points in one distribution : one", points, alone, "ms", "<= 1.5"),
        _row("first use of a county: 2,800 distributions : one", distributions, alone, "ms", "<= 3"),
        _row("ruling by a hook: 2,800 counties installed : one", full / RULINGS, few / RULINGS, "µs", "<= 1.2"),
        _row("ruling through the policy: 1,000 rules : 10 rules", thousand / RULINGS, ten / RULINGS, "µs", "<= 3"),
    ]


def _row(what: str, ours: float, theirs: float, unit: str, target: str) -> Row:
    scale = 1e3 if unit == "ms" else 1e6
    return Row(what, f"{ours * scale:.1f} {unit}", f"{theirs * scale:.1f} {unit}", ours / theirs, target)


if __name__ == "__main__":
    show(rows())
