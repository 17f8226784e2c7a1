"""Laws about facts: when, and in which order, somebody learnt of them changes nothing (先报后报一个样)."""

from collections.abc import Iterator
from itertools import cycle, islice
from random import Random  # noqa: TID251 - seeded: the same seed makes the same lives

from governflow.charter.cases.reported import ReportedCase
from governflow.charter.laws.lives import look_at
from governflow.charter.lives.retelling import (
    differences,
    first_difference,
    lived_in_time,
    told_again,
    told_in_any_order,
    waits_for_who_asked,
)
from governflow.charter.lives.scenarios import by_lifecycle
from governflow.charter.lives.simulation import CASE, line
from governflow.charter.model import MOST, Failure, law
from governflow.charter.subject import Subject
from governflow.engine.engine import Engine
from governflow.errors import CommandError
from governflow.model.rulings import RuleRef
from governflow.text import Text

#: How many lives are told twice at the level ``certify``, and how many facts the shortest and the longest of them has.
_LIVES, _FEWEST, _MOST_FACTS = 30, 3, 10
#: So many events are told of a life that comes out otherwise.
_SAID = 8


@law(
    "facts/any-order",
    Text("late or early, what happened counts", "先报后报一个样"),
    Text(
        "facts told late, in any order and in any pieces, leave the same case as facts told in time",
        "事实补录不论先后、不论分几次，事项结果与及时登记相同",
    ),
)
def any_order(subject: Subject) -> Iterator[Failure]:
    """Tell lives twice: as they happen, and in any order with time passing in between."""
    found: dict[str, Failure] = {}
    for number, reported_case in enumerate(_reported(subject)):
        if subject.late or len(found) >= MOST:
            break
        subject.tried()
        failure = _told_twice(subject, reported_case, number)
        if failure is not None:
            found.setdefault(failure.sentence.en, failure)
    yield from found.values()


def _reported(subject: Subject) -> Iterator[ReportedCase]:
    """Return the cases whose lives are told, of every lifecycle in turn; a search goes on as long as it has time."""
    by_turns = [iter(cycle(cases_of)) for cases_of in by_lifecycle(subject).values()]
    every = (next(cases_of) for cases_of in cycle(by_turns))
    yield from every if subject.level == "search" else islice(every, max(_LIVES, len(by_turns)))


def _told_twice(subject: Subject, reported_case: ReportedCase, number: int) -> Failure | None:
    """Tell one life in time and in any order; return what is different."""
    choose = Random(f"{subject.code}/{subject.seed}/{number}").choice
    in_time, late = subject.engine(), subject.engine()
    most = min(_FEWEST + number // 3, _MOST_FACTS)
    story = lived_in_time(in_time, subject.code, reported_case, choose, most)
    if story is None:
        return None  # that it cannot be reported is the matter of ruling/total
    try:
        told_again(late, subject.code, story, told_in_any_order(late, subject.code, story, choose))
    except CommandError as refused:
        if late.find(CASE) is None or waits_for_who_asked(late):
            return None
        sentence = Text(
            f"what is taken when it is told in time is refused when it is told late: {refused.text.en}",
            f"及时登记时受理的事实，补录时被拒绝：{refused.text.zh}",
        )
        return _failure(subject, reported_case, sentence, in_time, late)
    if waits_for_who_asked(late):
        return None  # what the one who asked did stands from its own moment, and later facts stand too
    different = differences(in_time, late)
    return _failure(subject, reported_case, _sentence(different), in_time, late) if different else None


def _sentence(different: list[str]) -> Text:
    """Say what is different, the gravest first."""
    for name, en, zh in (
        ("state", "in another state", "状态"),
        ("unit", "with another unit", "责任单位"),
        ("form", "in another form", "办理方式"),
        ("clocks", "with other clocks", "时限"),
        ("life", "with another life", "办理经过"),
    ):
        if name in different:
            return Text(
                f"a case whose facts are told late, in another order, ends {en}",
                f"事实补录次序不同，事项的{zh}就不同",
            )
    return Text(
        "a case whose facts are told late, in another order, ends otherwise", "事实补录次序不同，事项的结果就不同"
    )


def _failure(subject: Subject, reported_case: ReportedCase, sentence: Text, in_time: Engine, late: Engine) -> Failure:
    """Tell both lives from where they differ."""
    policy, at = subject.policy, first_difference(in_time, late)
    since = min(moment[0] for moment in at if moment is not None) if at is not None else None
    said = list[Text]()
    for en, zh, engine in (("told in time", "及时登记", in_time), ("told late", "补录", late)):
        events = [event for event in engine.life(CASE) if since is None or event.at >= since]
        said.append(Text(f"{en}:", f"{zh}："))
        said += [line(event, policy) for event in events[:_SAID]]
    rule = _said_otherwise(in_time, late) or look_at(late.life(CASE))
    return Failure(sentence, dict(reported_case), tuple(said), rule, _ADVICE)


def _said_otherwise(in_time: Engine, late: Engine) -> RuleRef | None:
    """Return the first rule that said something in one life and not in the other."""
    heard = [
        [(event.at, ruling) for event in engine.life(CASE) for ruling in event.rulings if ruling.rule]
        for engine in (in_time, late)
    ]
    others = ([one for one in heard[0] if one not in heard[1]], [one for one in heard[1] if one not in heard[0]])
    first = min((one for other in others for one in other[:1]), key=lambda one: one[0], default=None)
    return first[1].ref if first is not None else None


_ADVICE = Text(
    "let hooks decide by what the case is, not by how often or when something was told of it",
    "钩子应依据事项本身作出判断，不得依据登记的次数或先后",
)
