"""The charter (宪章), law by law, and what a check of it found (检验结论): per law a verdict, per failure a story.

A law is what must hold of any locality's rules, under the slogan that is painted on the wall.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import attrs

from governflow.model.rulings import RuleRef, named_of
from governflow.policy.hookspecs import Waiver
from governflow.text import Text

if TYPE_CHECKING:
    from governflow.charter.subject import Subject

#: How many failures a law tells of.
MOST = 5


@attrs.frozen
class RuleRefs:
    """Several rules of one plugin.

    Args:
        rules: The rules, one or more.
        joint: What stands between two of them.
    """

    rules: tuple[RuleRef, ...]
    joint: Text

    def say(self, lang: str) -> str:
        """Return them for a reader: ``tier/T14, tier/T15 of 371621@0.1.0``.

        Args:
            lang: ``"zh"`` or ``"en"``.
        """
        names = [rule.name for rule in self.rules]
        listed = Text(self.joint.en.join(name.en for name in names), self.joint.zh.join(name.zh for name in names))
        return named_of(listed, self.rules[0].source).say(lang)

    def __str__(self) -> str:
        return self.say("en")


#: What to look at: rules, hooks, or a text where it is neither.
LookAt = RuleRef | RuleRefs | Text


def the_plugin(code: str) -> Text:
    """Return what to look at where no single rule or hook of a plugin is."""
    return named_of(Text("the plugin", "插件"), code)


def as_written(place: str) -> Text:
    """Return a place that is written alike in both languages."""
    return Text(place, place)


@attrs.frozen
class Failure:
    """One case in which a law does not hold, told so that an official understands it.

    Args:
        sentence: What is wrong, in one sentence.
        case: The smallest case found, as a report tells it (``item``, ``place``, ``severity``, facts, ...); empty where
            the law is not about a case.
        said: What the rules said, step by step, each with who said it.
        look_at: The rule or hook to look at: ``tier/T14 of 371621@0.1.0``, ``governflow_route of 371621``; None where
            nothing is known.
        suggestion: What would mend it, where that can be known.
    """

    sentence: Text
    case: Mapping[str, object] = attrs.field(factory=dict)
    said: tuple[Text, ...] = ()
    look_at: LookAt | None = None
    suggestion: Text | None = None

    @property
    def rules(self) -> tuple[RuleRef, ...]:
        """The rules of tables that are to be looked at."""
        named = self.look_at.rules if isinstance(self.look_at, RuleRefs) else (self.look_at,)
        return tuple(one for one in named if isinstance(one, RuleRef) and one.table and one.rule)


Check = Callable[["Subject"], Iterator[Failure]]


@attrs.frozen
class Law:
    """One law.

    Args:
        id: Its stable id.
        slogan: The slogan, or the principle, that it makes checkable.
        says: The law in one sentence.
        method: ``exact`` where nothing is left out, else ``examples``.
        check: Gives the failures; it calls ``subject.tried()`` for each example that it looks at.
        ahead: Begins what takes long and can go on beside other laws, unless it was begun; None where there is nothing
            of the kind. Whoever checks the law calls it first, and `Subject.dismiss` at the end.
    """

    id: str
    slogan: Text
    says: Text
    method: str
    check: Check
    ahead: Callable[["Subject"], object] | None = None


#: Every law by id, in the order of the charter; the modules that define them add to it.
LAWS: dict[str, Law] = {}


def law(
    id: str, slogan: Text, says: Text, *, method: str = "examples", ahead: Callable[["Subject"], object] | None = None
) -> Callable[[Check], Check]:
    """Add a law to the charter."""

    def add(check: Check) -> Check:
        LAWS[id] = Law(id, slogan, says, method, check, ahead)
        return check

    return add


@attrs.frozen
class LawVerdict:
    """What became of one law.

    Args:
        law: The law's id.
        outcome: ``passed``, ``failed`` or ``waived``.
        method: ``exact`` or ``examples``.
        examples: How many cases, lives or pairs were looked at; 0 for an exact law.
        seconds: How long it took.
        failures: Every failure found, the smallest first; kept for a waived law too.
        waiver: The waiver, if there is one.
        note: What could not be looked at here, and why.
    """

    law: str
    outcome: str
    method: str
    examples: int
    seconds: float
    failures: tuple[Failure, ...] = ()
    waiver: Waiver | None = None
    note: Text | None = None


@attrs.frozen
class CheckReport:
    """The verdicts of one check.

    Args:
        code: The locality.
        rules: The hash of its rule set.
        level: ``certify`` or ``search``.
        verdicts: One for each law, in the order of the charter.
    """

    code: str
    rules: str
    level: str
    verdicts: tuple[LawVerdict, ...]

    @property
    def passed(self) -> bool:
        """Whether no law failed."""
        return all(verdict.outcome != "failed" for verdict in self.verdicts)
