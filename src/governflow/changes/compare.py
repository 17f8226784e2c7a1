"""What a changed rule set changes (规则变更影响): the place where nothing passes in silence.

Tables, lifecycles, units and calendars are compared exactly. What code decides cannot be listed: it is tried on the
boundary cases of both sides, on whole lives, and by asking who may do what.
"""

from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import attrs
import msgspec

from governflow._names import names_renamed
from governflow.changes.answers import LocalityAnswers
from governflow.changes.of_code import of_cases, of_duties, of_lives
from governflow.changes.of_journals import JournalChange, compared
from governflow.changes.of_tables import Difference, Layers, differences
from governflow.changes.rows import ASPECTS, WORDS, ChangeGroup, FoundChange, rows
from governflow.changes.sides import LocalSide, Question, RuleSide
from governflow.charter.answers.ask import differing
from governflow.charter.cases.reported import written
from governflow.engine.explain import remade
from governflow.errors import PolicyError
from governflow.policy.registry import Localities
from governflow.text import Text

_Declared = Mapping[str, Any]


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
    rows: tuple[ChangeGroup, ...]
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
    def otherwise(self) -> tuple[ChangeGroup, ...]:
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
    """Compare two sides, wherever they are asked, by the code of the locality on each."""
    both = _Both(old, new, codes)
    was, now = both.ask(LocalityAnswers.rules)
    cases = both.union(LocalityAnswers.cases)
    said, says = both.ask(LocalityAnswers.answers, cases)
    of, reworded = of_cases(cases, said, says)
    scenarios = both.union(LocalityAnswers.scenarios)
    lives = of_lives(scenarios, *both.ask(LocalityAnswers.lives, scenarios), of)
    sorts = both.union(LocalityAnswers.sorts)
    duties, questions = of_duties(sorts, *both.ask(LocalityAnswers.duties, sorts))
    together = [
        *rows([*_rules(was, now), *_calendars(said["calendars"], says["calendars"])], tried="exact"),
        *rows(of, tried="cases", of=len(cases)),
        *rows(lives, tried="lives", of=len(scenarios)),
        *rows(duties, tried="questions", of=questions),
    ]
    order = list(ASPECTS)
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
        compared(*both.ask(LocalityAnswers.journal, msgspec.to_builtins(journal, enc_hook=str))) if journal else None,
    )


def layers(rules: Mapping[str, Any]) -> Layers:
    """Make the tables of a side again, most specific layer first."""
    return [
        (source, {name: table for name, one in tables.items() if (table := remade(name, one)) is not None})
        for source, tables in rules["layers"]
    ]


class _Both:
    """Puts each question to both sides before it waits for an answer: they think at the same time."""

    def __init__(self, old: RuleSide, new: RuleSide, codes: tuple[str, str]) -> None:
        self.sides = tuple(zip((old, new), codes, strict=True))

    def ask(self, question: Question, *given: object) -> tuple[Any, Any]:
        waiting = [side.begin(question, code, *given) for side, code in self.sides]
        answers: list[Any] = []
        faults: list[Text] = []
        for answer in waiting:
            try:
                answers.append(answer())
            except PolicyError as fault:
                faults += fault.faults or (fault.text,)
        if faults:
            raise PolicyError.listing(Text("the rules cannot be compared", "规则无法比对"), dict.fromkeys(faults))
        one, two = answers
        return one, two

    def union(self, question: Question) -> list[Any]:
        """Return what either side would have compared, nothing twice."""
        return list({written(each): each for answers in self.ask(question) for each in answers}.values())

    def files(self) -> Files:
        # A folder is compared with a folder; with an installed plugin only the package is.
        whole = all(side.named for side, _ in self.sides)
        old, new = self.ask(LocalityAnswers.files, whole)
        return Files(
            tuple(name for name in old if name in new and old[name] != new[name]),
            tuple(name for name in new if name not in old),
            tuple(name for name in old if name not in new),
        )


# --- what rules declare -----------------------------------------------------------------------------------------------


def _rules(old: _Declared, new: _Declared) -> Iterator[FoundChange]:
    """Compare all that needs no case: lifecycles, units, words, and who lies above."""
    yield from _lifecycles(old["lifecycles"], new["lifecycles"])
    yield from _units(old["units"], new["units"])
    for aspect, what in (("chart", "intake"), ("chart", "above"), ("calendar", "zone"), ("names", "name")):
        if old[what] != new[what]:
            yield FoundChange(aspect, what, old[what], new[what])
    was, now = old["names"], new["names"]
    for number, word in enumerate(differing(was, now)):
        yield FoundChange("names", f"word:{word}", was.get(word), now.get(word), number=number)


def _lifecycles(old: _Declared, new: _Declared) -> Iterator[FoundChange]:
    number = count(1)
    for name in dict.fromkeys((*old, *new)):
        if name not in old or name not in new:
            was, now = (name if name in side else None for side in (old, new))
            yield FoundChange("lifecycle", "lifecycles", was, now, number=next(number))
            continue
        for part in ("states", "ends", "way"):
            before, after = _parts(old[name], part), _parts(new[name], part)
            keys = differing(before, after)
            for key in keys if part == "way" else sorted(keys):
                yield FoundChange("lifecycle", f"{part}:{name}", before.get(key), after.get(key), number=next(number))


def _parts(lifecycle: _Declared, part: str) -> Mapping[Any, Any]:
    """Return each state by itself, and each way by where it starts, the action, and its guard."""
    if part == "way":
        return {(way[0], way[1], *way[3]): way for way in lifecycle["ways"]}
    return {state: state for state in lifecycle[part]}


def _units(old: _Declared, new: _Declared) -> Iterator[FoundChange]:
    for number, unit in enumerate(differing(old, new)):
        was, now, example = old.get(unit), new.get(unit), {"unit": unit}
        if was is None or now is None:
            kind = (was or now or {})["kind"]
            yield FoundChange("chart", f"unit:{kind}", was and unit, now and unit, number=number, example=example)
            continue
        for part in differing(was, now):
            aspect = "names" if part == "name" else "chart"
            yield FoundChange(aspect, f"of unit:{part}", was[part], now[part], number=number, example=example)


def _calendars(old: _Declared, new: _Declared) -> Iterator[FoundChange]:
    """Compare the calendars on which clocks run, in each mode, day by day of the week and holiday by holiday."""
    for number, clock in enumerate(one for one in old if one in new):
        for mode in old[clock]:
            was, now, example = old[clock][mode], new[clock][mode], {"clock": clock, "mode": mode}
            for what in sorted(differing(was, now)):
                part = what.partition("@")[0]
                yield FoundChange("calendar", part, was.get(what), now.get(what), number=number, example=example)


__all__ = ["ChangeGroup", "Changes", "Difference", "Files", "Journal", "JournalChange", "between", "compare"]


__getattr__ = names_renamed(__name__, Row="ChangeGroup")
