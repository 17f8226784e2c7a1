"""Lists that are data (十项职责、网格“十大员”): what each grid worker answers for, and who watches and tells.

The article gives the numbers and a few of the names; each row says whether it is the article's or an illustration.
"""

import csv
from importlib.resources import files

import attrs

from governflow.plugin import Text


@attrs.frozen
class Listed:
    """One entry of a list.

    Args:
        id: A short name.
        text: Its name in both languages.
        basis: Where it comes from.
    """

    id: str
    text: Text
    basis: str


def _read(name: str) -> tuple[Listed, ...]:
    rows = csv.reader((files(__package__) / name).read_text(encoding="utf-8").splitlines()[1:])
    return tuple(Listed(short, Text(name_en, name_zh), basis) for short, name_zh, name_en, basis in rows)


#: The ten duties of a grid (网格十项职责, "十联"): every grid worker takes in all of them. Domains of the catalogue.
DUTIES = _read("duties.csv")
#: The ten kinds of informant (网格“十大员”), who tell the grid what they see on their rounds.
INFORMANTS = _read("informants.csv")
