"""What a report is told with: the names and tables of the rules, also of those that cannot be loaded (被检规则)."""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

import attrs

from governflow.charter.model import CheckReport
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
class Checked:
    """A report with the rules that it is about.

    Args:
        report: The report.
        name: What the locality is called.
        policy: Knows what things are called; the defaults where its own rules could not be loaded.
        layers: The tables by layer, most specific first.
    """

    report: CheckReport
    name: Text
    policy: Policy
    layers: Sequence[tuple[str, Tables]]

    @classmethod
    def of(cls, localities: Localities, report: CheckReport) -> "Checked":
        """Find the rules that a report is about.

        Args:
            localities: Where they were checked.
            report: The report.
        """
        if report.rules:
            policy = localities.policy(report.code)
            locality = policy.locality
            return cls(report, Text(locality.name_en, locality.name), policy, policy.tables)
        try:
            layers = list(localities.layers(report.code))
        except PolicyError:
            layers = []
        name = Text(layers[0].locality.name_en, layers[0].locality.name) if layers else Text(report.code, report.code)
        return cls(report, name, Localities().policy(ROOT), [(layer.source, _tables(layer)) for layer in layers])

    def voice(self, lang: str) -> Localizer:
        """Return what says these rules and their cases in one language."""
        return Localizer(lang, ZoneInfo(self.policy.zone), self.policy, clean, self.layers)


def _tables(layer: Layer) -> Tables:
    """Read the tables of a layer that could not be loaded, as far as they can be read."""
    hook = getattr(layer.plugin, "governflow_tables", None)
    try:
        found = packaged.read(hook()) if hook is not None else {}
    except Exception:  # noqa: BLE001 - what is wrong with them is told by the law; here they are only shown
        return {}
    named = found if isinstance(found, Mapping) else {}
    return {name: one for name, one in named.items() if isinstance(one, (Table, Catalogue))}
