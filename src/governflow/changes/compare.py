"""What a changed rule set changes (规则变更影响): the place where nothing passes in silence.

Tables, lifecycles, units and calendars are compared exactly. What code decides cannot be listed: it is tried on the
boundary cases of both sides, on whole lives, and by asking who may do what.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from governflow.changes.answers import LocalityAnswers
from governflow.changes.of_code import of_cases, of_duties, of_lives
from governflow.changes.of_declarations import of_calendars, of_rules
from governflow.changes.of_journals import JournalChange, compared
from governflow.changes.of_tables import Difference, Layers, differences
from governflow.changes.rows import ASPECTS, WORDS, Row, rows
from governflow.changes.sides import LocalSide, Question, RuleSide
from governflow.charter.cases.reported import written
from governflow.engine.explain import remade
from governflow.errors import PolicyError
from governflow.policy.registry import Localities
from governflow.text import Text


@attrs.frozen
class Files:
    """Files of two plugins that differ by what is in them.

    Args:
        changed: On both sides, with other content.
        gained: Only on the new side.
        lost: Only on the old side.
    """

    changed: tuple[str, ...] = ()
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Every one of them, in order."""
        return tuple(sorted((*self.changed, *self.gained, *self.lost)))


@attrs.frozen
class Journal:
    """A journal to be run under both sets of rules.

    Args:
        path: The file.
        map: What its columns mean; None where they are ours.
        auto_dispatch: Whether every reported case is dispatched at once along the route.
    """

    path: Path
    map: Path | None = None
    auto_dispatch: bool = False


@attrs.frozen
class Changes:
    """What differs between two sets of rules.

    Args:
        old: What the old rules are in themselves, in plain values.
        new: What the new ones are.
        tables: What their tables decide otherwise.
        rows: What else is otherwise.
        files: Which files of the plugins differ.
        cases: How many boundary cases were compared.
        lives: How many whole lives were.
        questions: How many questions of who may do what were.
        reworded: How many cases are decided alike with another reason, or by another rule.
        journal: What would have gone otherwise in a journal, if one was given.
    """

    old: Mapping[str, object]
    new: Mapping[str, object]
    tables: tuple[Difference, ...]
    rows: tuple[Row, ...]
    files: Files
    cases: int
    lives: int
    questions: int
    reworded: int
    journal: JournalChange | None = None

    @property
    def same(self) -> bool:
        """Whether nothing was found that is decided otherwise; other words decide nothing."""
        return not self.tables and not self.otherwise and (self.journal is None or not self.journal.differs)

    @property
    def otherwise(self) -> tuple[Row, ...]:
        """The rows that decide something."""
        return tuple(row for row in self.rows if row.aspect not in WORDS)


def compare(old: Localities, new: Localities, code: str, *, journal: Journal | None = None) -> Changes:
    """Compare the rules of a locality with those that are to take their place, in this process.

    Plugins of the same module name cannot both be here: ``governflow diff`` asks each side in a process of its own.

    Args:
        old: Where the old rules are registered or installed.
        new: Where the new ones are.
        code: The locality's code.
        journal: A journal that is run under both.

    Raises:
        PolicyError: If the rules of either side cannot be used.
        JournalError: If the journal cannot be read.
    """
    return between(LocalSide(old), LocalSide(new), (code, code), journal=journal)


def between(old: RuleSide, new: RuleSide, codes: tuple[str, str], *, journal: Journal | None = None) -> Changes:
    """Compare two sides, wherever they are asked.

    Args:
        old: The old rules.
        new: The new ones.
        codes: Whose rules are asked on the old side, and on the new one.
        journal: A journal that is run under both.
    """
    both = _Both(old, new, codes)
    was, now = both.ask(LocalityAnswers.rules)
    cases = _union(*both.ask(LocalityAnswers.cases))
    said, says = both.ask(LocalityAnswers.answers, cases)
    of, reworded = of_cases(cases, said, says)
    scenarios = _union(*both.ask(LocalityAnswers.scenarios))
    lives = list(of_lives(scenarios, *both.ask(LocalityAnswers.lives, scenarios), of))
    sorts = _union(*both.ask(LocalityAnswers.sorts))
    duties, questions = of_duties(sorts, *both.ask(LocalityAnswers.duties, sorts))
    exact = [*of_rules(was, now), *of_calendars(said["calendars"], says["calendars"])]
    together = [
        *rows(exact, tried="exact"),
        *rows(of, tried="cases", of=len(cases)),
        *rows(lives, tried="lives", of=len(scenarios)),
        *rows(duties, tried="questions", of=questions),
    ]
    order = list(ASPECTS)
    lived = None
    if journal is not None:
        given = str(journal.path), str(journal.map) if journal.map is not None else None, journal.auto_dispatch
        lived = compared(*both.ask(LocalityAnswers.journal, *given))
    return Changes(
        was,
        now,
        differences(layers(was), layers(now)),
        tuple(sorted(together, key=lambda row: order.index(row.aspect))),
        both.files(),
        len(cases),
        len(scenarios),
        questions,
        reworded,
        lived,
    )


def layers(rules: Mapping[str, Any]) -> Layers:
    """Make the tables of a side again, most specific layer first."""
    return [
        (source, {name: table for name, one in told.items() if (table := remade(name, one)) is not None})
        for source, told in rules["layers"]
    ]


class _Both:
    """Puts each question to both sides before it waits for an answer: they think at the same time."""

    def __init__(self, old: RuleSide, new: RuleSide, codes: tuple[str, str]) -> None:
        self.sides = tuple(zip((old, new), codes, strict=True))

    def ask(self, question: Question, *given: object) -> tuple[Any, Any]:
        for side, code in self.sides:
            side.begin(question, code, *given)
        answers, faults = [], []
        for side, _ in self.sides:
            try:
                answers.append(side.end())
            except PolicyError as fault:
                faults.append(fault)
        if faults:
            every = [one for fault in faults for one in (fault.faults or (fault.text,))]
            raise PolicyError.listing(Text("the rules cannot be compared", "规则无法比对"), dict.fromkeys(every))
        one, two = answers
        return one, two

    def files(self) -> Files:
        # A folder is compared with a folder; with an installed plugin only the package is.
        whole = all(side.named for side, _ in self.sides)
        old, new = self.ask(LocalityAnswers.files, whole)
        return Files(
            tuple(name for name in old if name in new and old[name] != new[name]),
            tuple(name for name in new if name not in old),
            tuple(name for name in old if name not in new),
        )


def _union(one: list[Any], two: list[Any]) -> list[Any]:
    return list({written(each): each for each in (*one, *two)}.values())


__all__ = ["Changes", "Difference", "Files", "Journal", "JournalChange", "Row", "between", "compare"]
