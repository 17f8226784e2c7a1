"""What every form of a report is written from: verdicts, the names and tables of the rules, the command (被检规则)."""

import shlex
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

import attrs

from governflow.charter.cases.given import case_line
from governflow.charter.model import CheckReport, Failure, LawVerdict
from governflow.errors import PolicyError
from governflow.masking import clean
from governflow.policy import files as packaged
from governflow.policy.codes import ROOT
from governflow.policy.registry import Localities
from governflow.policy.stack import Layer, Policy
from governflow.reports.localize import Localizer
from governflow.tables import Catalogue, Table
from governflow.text import Text

Tables = Mapping[str, Table | Catalogue]


@attrs.frozen
class CheckedLocality:
    """A report with the rules that it is about and the command that made it.

    Args:
        report: The report.
        name: What the locality is called.
        policy: Knows what things are called; the defaults where its own rules could not be loaded.
        layers: The tables by layer, most specific first.
        what: What was checked, as it was typed: a code or a path.
        several: Whether what was typed holds several localities.
        seed: What chance started from at the level ``search``.
    """

    report: CheckReport
    name: Text
    policy: Policy
    layers: Sequence[tuple[str, Tables]]
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
            locality = policy.locality
            name = Text(locality.name_en, locality.name)
            return cls(report, name, policy, policy.tables, what, several, seed)
        try:
            layers = list(localities.layers(report.code))
        except PolicyError:
            layers = []
        name = Text(layers[0].locality.name_en, layers[0].locality.name) if layers else Text(report.code, report.code)
        tables = [(layer.source, _tables(layer)) for layer in layers]
        return cls(report, name, Localities().policy(ROOT), tables, what, several, seed)

    def voice(self, lang: str) -> Localizer:
        """Return what says these rules and their cases in one language."""
        return Localizer(lang, ZoneInfo(self.policy.zone), self.policy, clean, self.layers)

    def reproduce(self, verdict: LawVerdict, failure: Failure) -> str:
        """Return the command that finds a failure again."""
        code = self.report.code
        parts = ["governflow", "check", self.what, *(["--locality", code] if self.several else [])]
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
