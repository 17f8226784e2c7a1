"""The law that a ruling hangs on the case alone (同事同规): asked again, and otherwise, the rules say the same."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import cycle, islice
from random import Random  # noqa: TID251 - a fixed seed gives the same order every time

from governflow.charter.answers.ask import Answer, asked
from governflow.charter.answers.collect import First, batches, company, firsts, raised
from governflow.charter.answers.compare import answered_otherwise
from governflow.charter.answers.plain import PlainAnswer
from governflow.charter.answers.remote import WorkerEnvironment, answered, begin, unloadable
from governflow.charter.cases.reported import ReportedCase, written
from governflow.charter.laws.localities import asked_elsewhere, together
from governflow.charter.laws.registry import law
from governflow.charter.model import Failure
from governflow.charter.subject import Subject
from governflow.isolation.environment import LUCK, OTHER_DAYS, plugin_modules
from governflow.isolation.literals import literals_of
from governflow.isolation.observer import Observer, SideEffect
from governflow.model.rulings import RuleRef, named_of
from governflow.policy.stack import Policy
from governflow.text import Text

_TWICE = Text("asked twice in a row", "连问两次")
_ORDER = Text("asked after other cases", "在其他事项之后再问")
_NUMBER = Text("asked under another number, after other cases", "换个编号、在其他事项之后再问")
_DAY = Text("asked on another day, with other chances", "换个日子、换一次随机结果再问")
_FRESH = Text("in another process", "在另一进程中")
_SETS = Text("in another process, where sets have another order", "在集合顺序不同的另一进程中")
_MACHINE = Text(
    "asked in another order on another machine, which has other days, zones, variables and orders of sets",
    "换一台机器、换个顺序提问（日期、时区、环境变量和集合顺序均不同）",
)
_PURE = Text(
    "look at the case and the context alone: context.at is the moment, sorted() gives a set one order",
    "只看事项和上下文：时刻用 context.at，集合用 sorted() 定序",
)
#: So many cases are asked on every other day, the rest on one of them.
_SIMPLEST = 40
#: Further orders of sets: what hashes start from. A few cases are asked under each, the others in two processes alone.
_ORDERS, _EVERY = (4, 5, 9), 6
#: Other processes: what each is called, and how it is said in what it is unlike the first. This process is not compared
#: with them: nobody knows what its hashes start from, and the verdict would be another one from time to time.
_PROCESSES = (("together", _FRESH), *((f"order {seed}", _SETS) for seed in _ORDERS), ("machine", _MACHINE))


def _ahead(subject: Subject) -> None:
    """Begin the other processes."""
    together(subject)
    every = asked_elsewhere(subject)
    some = {subject.code: every[:_EVERY] + every[_EVERY::_EVERY]}
    for seed in _ORDERS:
        begin(subject, f"order {seed}", some, WorkerEnvironment(seed=seed))
    names = tuple(
        word for word in literals_of(subject.policy).texts if word.isascii() and word.isidentifier() and word.isupper()
    )
    how = WorkerEnvironment(seed=2, backwards=True, day=0, variables=names)
    begin(subject, "machine", {subject.code: every}, how)


@law(
    "ruling/pure",
    Text("the same matter gets the same answer", "同事同规"),
    Text(
        "the same case gets the same ruling: twice in a row, in another order, on another day, and in another process; "
        "no rule asks the machine for the time, for chance, for files or for the environment",
        "同一事项的裁定始终相同：连问两次、换个顺序、换个日子、换个进程均如此；规则不取用机器时间、随机数、文件和环境变量",
    ),
    ahead=_ahead,
)
def pure(subject: Subject) -> Iterator[Failure]:
    """Ask again, and otherwise."""
    policy = subject.policy
    alone = not subject.begun
    _ahead(subject)
    try:
        for number, batch in enumerate(batches(subject)):
            failures = list(islice(_impure(subject, policy, batch), 1))
            if not failures and number == 0:
                failures = list(_elsewhere(subject, policy, batch))
            if failures:
                yield from failures[:1]
                return
    finally:
        if alone:
            subject.dismiss()


def _impure(subject: Subject, policy: Policy, batch: list[First]) -> Iterator[Failure]:
    """Ask again here: at once, in another order, under other numbers, on other days."""
    for first in batch:
        subject.tried()
        if isinstance(first.answer, Exception):
            yield raised(first.told, first.answer)[1]
            return
    told: ReportedCase = {}
    touched: list[tuple[ReportedCase, SideEffect]] = []
    given = [(one.told, one.answer) for one in batch if isinstance(one.answer, Answer)]
    if subject.only is not None:  # what it is told after may be what changes it
        firsts(subject, company(subject))
    try:
        for when, some, numbers in (
            (_TWICE, given if len(given) == 1 else given[::2], ("check",)),
            (_ORDER, given[::-2], ("check",)),
            (_NUMBER, Random(1).sample(given, -(-len(given) // 3)), ("1", "2026-0002", "999999")),
        ):
            for (told, answer), number in zip(some, cycle(numbers), strict=False):
                if subject.late:
                    return
                again = asked(policy, told, number=number)
                if again.digest != answer.digest:
                    yield _varies(policy, answer.plain, again.plain, when)
        for day, (moment, luck) in enumerate(zip(OTHER_DAYS, LUCK, strict=True)):
            some = given if subject.only is not None else given[:_SIMPLEST] + given[_SIMPLEST + day :: 3]
            yield from _on_another_day(policy, some, moment, luck, touched)
        if touched:
            at, touch = touched[0]
            yield Failure(Text(f"a rule {touch.what.en}", f"规则{touch.what.zh}"), at, (), touch.where, _PURE)
    except Exception as fault:  # noqa: BLE001 - whatever a county's rule raises is what is looked for
        yield raised(told, fault)[1]


def _on_another_day(
    policy: Policy,
    given: Sequence[tuple[ReportedCase, Answer]],
    moment: datetime,
    luck: float,
    touched: list[tuple[ReportedCase, SideEffect]],
) -> Iterator[Failure]:
    """Ask on another day; what is touched there is a fault even where it made no difference."""
    watch = Observer(plugin_modules(policy))
    seeing = watch.policy(policy)
    with watch.watching(moment, luck):
        later = []
        for told, _ in given:
            before = len(watch.touched)
            later.append(asked(seeing, told))
            touched += [(told, touch) for touch in watch.touched[before:][:1]]
    for (_, answer), again in zip(given, later, strict=True):
        if again.digest != answer.digest:
            asking = next((touch.where for told, touch in touched if told is answer.told), None)
            yield _varies(policy, answer.plain, again.plain, _DAY, asking)


def _elsewhere(subject: Subject, policy: Policy, batch: list[First]) -> Iterator[Failure]:
    """Compare processes that know nothing of each other, forwards and backwards, here and on another machine."""
    asked_here = {written(one.told) for one in batch}
    first: dict[str, PlainAnswer] = {}
    for name, when in _PROCESSES:
        there = answered(subject, name)
        if isinstance(there, Failure):
            yield there
            return
        if isinstance(there, Text):
            subject.note = Text(f"not looked at in another process: {there.en}", f"未在另一进程中检验：{there.zh}")
            continue
        if subject.code not in there.cases:
            yield unloadable(subject, there.refused[subject.code], when)
            return
        said = {written(one.told): one for one in there.cases[subject.code]}
        pairs = [
            (first[key], one)
            for key, one in said.items()
            if key in asked_here and key in first and first[key].digest != one.digest
        ]
        if pairs:
            one, other = min(pairs, key=lambda pair: len(written(pair[0].told)))
            yield _varies(policy, one, other, when)
            return
        first = first or said


def _varies(policy: Policy, one: PlainAnswer, other: PlainAnswer, when: Text, asking: RuleRef | None = None) -> Failure:
    look_at = asking or named_of(Text("the hooks", "钩子"), policy.layers[0].source)
    return answered_otherwise(policy, one, other, Text(f"{when.en}, the rules answer", f"{when.zh}，"), _PURE, look_at)
