"""Changes as JSON (变更的 JSON): the keys are those of ``docs/diff.md``."""

from typing import Any

import attrs

from governflow.changes.compare import Changes
from governflow.changes.of_journals import JournalChange
from governflow.changes.of_tables import Difference
from governflow.changes.rows import Row
from governflow.changes.text import Teller
from governflow.tables import Rule
from governflow.text import Text


def locality(codes: tuple[str, str], changes: Changes, sentence: Text, teller: Teller) -> dict[str, Any]:
    """Write what changes in one locality.

    Args:
        codes: Whose rules were asked on the old side, and on the new one.
        changes: The comparison.
        sentence: What can be signed.
        teller: Says rows for people.
    """
    return {
        "old": codes[0],
        "new": codes[1],
        "same": changes.same,
        "sentence": sentence.say(teller.lang),
        "compared": {"cases": changes.cases, "lives": changes.lives, "questions": changes.questions},
        "changes": [_row(row, teller) for row in changes.rows],
        "reworded": changes.reworded,
        "files": attrs.asdict(changes.files),
        "journal": _journal(changes.journal) if changes.journal is not None else None,
    }


def _row(row: Row, teller: Teller) -> dict[str, Any]:
    found = attrs.asdict(row, recurse=False, filter=attrs.filters.exclude("numbers", "others"))
    by = {"by_old": row.by_old, "by_new": row.by_new}
    found |= {name: rule.say("en") if rule is not None else None for name, rule in by.items()} | {"of": row.of or None}
    return found | {"told": teller.what(row), "count": row.count, "example": dict(row.example)}


def _journal(change: JournalChange) -> dict[str, Any]:
    return {
        "cases": change.cases,
        "otherwise": change.otherwise,
        "aspects": {aspect: {"count": count, "ids": list(ids)} for aspect, (count, ids) in change.aspects.items()},
        "only_old": list(change.alone[0]),
        "only_new": list(change.alone[1]),
        "rows": change.rows,
        "refused": {"old": change.refused[0], "new": change.refused[1]},
        "until": change.end,
    }


def table(one: Difference, lang: str) -> dict[str, Any]:
    """Write what changes in one table.

    Args:
        one: The changes.
        lang: ``"zh"`` or ``"en"``.
    """
    return {
        "layer": one.source,
        "table": one.table,
        "changes": [
            {
                "cases": {name: said.say(lang) for name, said in change.region.items()},
                "example": dict(change.case),
                "old": _rule(change.old),
                "new": _rule(change.new),
            }
            for change in one.changes
        ],
        "items": [attrs.asdict(item) for item in one.items],
        "complete": not one.cut,
    }


def _rule(rule: Rule | None) -> dict[str, Any] | None:
    return None if rule is None else {"rule": rule.id, "outcomes": dict(rule.outcomes)}
