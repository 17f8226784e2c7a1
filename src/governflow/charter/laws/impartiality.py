"""The laws that a ruling hangs on the case alone (同事同规、谁来提都一样): not on when or where, nor on who asks."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import chain, cycle, islice
from random import Random  # noqa: TID251 - a fixed seed gives the same order every time
from typing import Any

from governflow.charter.answers.ask import ACTOR, Answer, PlainAnswer, asked
from governflow.charter.answers.collect import (
    Fault,
    FirstAnswer,
    batches,
    company,
    everything,
    firsts,
    found,
    raised,
    sample,
)
from governflow.charter.answers.compare import answered_otherwise
from governflow.charter.answers.remote import WorkerEnvironment, answered, begin, unlike_elsewhere
from governflow.charter.cases.dimensions import Dimensions, posts_of
from governflow.charter.cases.reported import BEGIN, WHO, ReportedCase, timeless, written
from governflow.charter.laws.localities import asked_elsewhere, together
from governflow.charter.model import Failure, law
from governflow.charter.subject import Subject
from governflow.engine.engine import Engine
from governflow.errors import CommandError
from governflow.isolation.environment import LUCK, OTHER_DAYS, plugin_modules
from governflow.isolation.literals import literals_of
from governflow.isolation.observer import Observer, SideEffect
from governflow.model.rulings import RuleRef, named_of
from governflow.model.terms import Mode
from governflow.policy.hookspecs import Merit
from governflow.policy.stack import Policy
from governflow.text import Text

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
_SETS = Text("in another process, where sets have another order", "在集合顺序不同的另一进程中")
_PROCESSES = (
    ("together", Text("in another process", "在另一进程中")),
    *((f"order {seed}", _SETS) for seed in _ORDERS),
    (
        "machine",
        Text(
            "asked in another order on another machine, which has other days, zones, variables and orders of sets",
            "换一台机器、换个顺序提问（日期、时区、环境变量和集合顺序均不同）",
        ),
    ),
)
#: Of so many cases that a rule reads who asks of, every other way of asking is tried; of the rest one.
_CLOSELY = 30
#: Every so-manieth case is asked as somebody else though no rule reads who asks by name.
_SOME = 8
#: So many cases are lived through to their end, so that merits are earned.
_LIVED = 40


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
    begin(subject, "machine", {subject.code: every}, WorkerEnvironment(seed=2, backwards=True, day=0, variables=names))


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
    for number, batch in enumerate(batches(subject)):
        elsewhere = _elsewhere(subject, policy, batch) if number == 0 else ()
        failure = next(chain(_impure(subject, policy, batch), elsewhere), None)
        if failure is not None:
            yield failure
            return


def _impure(subject: Subject, policy: Policy, batch: list[FirstAnswer]) -> Iterator[Failure]:
    """Ask again here: at once, in another order, under other numbers, on other days."""
    for first in batch:
        subject.tried()
        if isinstance(first.answer, Exception):
            yield raised(first.reported_case, first.answer)[1]
            return
    reported_case: ReportedCase = {}
    touched: list[tuple[ReportedCase, SideEffect]] = []
    under_another_number = Text("asked under another number, after other cases", "换个编号、在其他事项之后再问")
    given = [(one.reported_case, one.answer) for one in batch if isinstance(one.answer, Answer)]
    if subject.only is not None:  # what it is told after may be what changes it
        firsts(subject, company(subject))
    try:
        for when, some, numbers in (
            (Text("asked twice in a row", "连问两次"), given if len(given) == 1 else given[::2], ("check",)),
            (Text("asked after other cases", "在其他事项之后再问"), given[::-2], ("check",)),
            (under_another_number, Random(1).sample(given, -(-len(given) // 3)), ("1", "2026-0002", "999999")),
        ):
            for (reported_case, answer), number in zip(some, cycle(numbers), strict=False):
                if subject.late:
                    return
                again = asked(policy, reported_case, number=number)
                if again.plain.digest != answer.plain.digest:
                    yield _varies(policy, answer.plain, again.plain, when)
        for day, (moment, luck) in enumerate(zip(OTHER_DAYS, LUCK, strict=True)):
            some = given if subject.only is not None else given[:_SIMPLEST] + given[_SIMPLEST + day :: 3]
            yield from _on_another_day(policy, some, moment, luck, touched)
        if touched:
            at, touch = touched[0]
            yield Failure(Text(f"a rule {touch.what.en}", f"规则{touch.what.zh}"), at, (), touch.where, _PURE)
    except Exception as fault:  # noqa: BLE001 - whatever a county's rule raises is what is looked for
        yield raised(reported_case, fault)[1]


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
        for reported_case, _ in given:
            before = len(watch.touched)
            later.append(asked(seeing, reported_case))
            touched += [(reported_case, touch) for touch in watch.touched[before:][:1]]
    for (_, answer), again in zip(given, later, strict=True):
        if again.plain.digest != answer.plain.digest:
            asking = next(
                (touch.where for reported_case, touch in touched if reported_case is answer.reported_case), None
            )
            when = Text("asked on another day, with other chances", "换个日子、换一次随机结果再问")
            yield _varies(policy, answer.plain, again.plain, when, asking)


def _elsewhere(subject: Subject, policy: Policy, batch: list[FirstAnswer]) -> Iterator[Failure]:
    """Compare processes that know nothing of each other, forwards and backwards, here and on another machine."""
    asked_here = {written(one.reported_case) for one in batch}
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
            why = there.refused[subject.code]
            yield unlike_elsewhere(subject, Text(f"{when.en}, {why.en}", f"{when.zh}，{why.zh}"))
            return
        said = {written(one.reported_case): one for one in there.cases[subject.code]}
        pairs = [
            (first[key], one)
            for key, one in said.items()
            if key in asked_here and key in first and first[key].digest != one.digest
        ]
        if pairs:
            one, other = min(pairs, key=lambda pair: len(written(pair[0].reported_case)))
            yield _varies(policy, one, other, when)
            return
        first = first or said


def _varies(policy: Policy, one: PlainAnswer, other: PlainAnswer, when: Text, asking: RuleRef | None = None) -> Failure:
    look_at = asking or named_of(Text("the hooks", "钩子"), policy.layers[0].source)
    return answered_otherwise(policy, one, other, Text(f"{when.en}, the rules answer", f"{when.zh}，"), _PURE, look_at)


@law(
    "ruling/impartial",
    Text("whoever asks, by whatever way, is treated alike", "谁来提都一样"),
    Text(
        "who asked, by which channel, who reported it on duty and who has how many merits changes no ruling",
        "诉求人、渠道、上报的信息员以及积分，都不改变裁定",
    ),
)
def impartial(subject: Subject) -> Iterator[Failure]:
    """Change who asks, and nothing else."""
    asking = _Partial(subject)
    cases = (one.reported_case for one in everything(subject) if not asking.shown_before(one))
    failures = list(found(subject, asking.look, cases))
    yield from failures
    if not failures and not subject.late:
        yield from islice(_after_merits(subject, subject.policy), 1)


class _Partial:
    """Asks a case as everybody if a rule reads who asks; else the simplest as everybody, and some as somebody."""

    def __init__(self, subject: Subject) -> None:
        self._subject, self._policy = subject, subject.policy
        known = Dimensions.of(subject.policy)
        self._others = [{"channel": one} for one in known.channels if one]
        self._others += [{"informant": one} for one in known.informants if one]
        self._turn = self._close = 0
        self._weighed: set[str] = set()

    def shown_before(self, first: FirstAnswer) -> bool:
        """Return whether a case can only show again what was found: the same of who asks makes a difference in it."""
        who = {name for name in WHO if name in first.reported_case} or first.read
        return bool(who) and self._subject.only is None and who <= self._weighed

    def look(self, reported_case: ReportedCase) -> Iterator[Fault]:
        """Find whom a case is answered otherwise for."""
        self._turn += 1
        plain = {name: value for name, value in reported_case.items() if name not in WHO}
        anonymous, alone = plain == reported_case, (reported_case,)
        if not anonymous and self._turn % _SOME and not any(one.read for one in firsts(self._subject, alone)):
            return
        given = firsts(self._subject, alone if anonymous else (plain, reported_case))
        for one in given:
            if isinstance(one.answer, Exception):
                yield raised(one.reported_case, one.answer)
                return
        if not given:
            return
        before = given[0].answer
        assert isinstance(before, Answer)
        for after in self._asked(reported_case, plain, given[-1].read):
            if after.plain.digest != before.plain.digest:
                who = {name for name in WHO if after.reported_case.get(name) is not None}
                self._weighed |= who
                yield self._failure(before, after, sorted(who))
                if not anonymous:
                    return

    def _asked(self, reported_case: ReportedCase, plain: ReportedCase, read: frozenset[str]) -> Iterator[Answer]:
        """Ask as others."""
        if plain != reported_case:  # each of who asks alone, where it alone makes the difference
            who = [{name: reported_case[name]} for name in WHO if name in reported_case]
            alone = [{**plain, **one} for one in who]
            given = firsts(self._subject, alone if len(alone) == 1 else [*alone, reported_case])
            yield from (first.answer for first in given if isinstance(first.answer, Answer))
        fitting = [one for one in self._others if not one.keys().isdisjoint(read - self._weighed)]
        if self._turn <= 2:
            some = self._others
        elif fitting:
            self._close += 1
            some = fitting if self._close <= _CLOSELY else [fitting[self._turn % len(fitting)]]
        else:
            some = [self._others[self._turn // _SOME % len(self._others)]] if self._turn % _SOME == 0 else []
        yield from (asked(self._policy, {**plain, **other}) for other in some)

    def _failure(self, before: Answer, after: Answer, who: Sequence[str]) -> Fault:
        en, zh = " and ".join(who), "、".join({"channel": "渠道", "informant": "信息员"}[name] for name in who)
        failure = answered_otherwise(
            self._policy,
            before.plain,
            after.plain,
            Text(f"with another {en} the rules answer", f"换一个{zh}，"),
            Text(f"rule on the matter alone: leave {en} out of it", f"只看事项本身：裁定不得依据{zh}"),
        )
        return failure.sentence.en, failure


# --- merits -----------------------------------------------------------------------------------------------------------


def _after_merits(subject: Subject, policy: Policy) -> Iterator[Failure]:
    """Ask, let merits be earned and entered, and ask again; who asked is told to the engine in between."""
    some = sample(subject)
    some = some[:: max(1, len(some) // 150)]
    posts = list(dict.fromkeys((*posts_of(policy.units), next(iter(policy.units.units)))))
    try:
        with_engine(subject, [one.reported_case for one in some[:_LIVED]], posts)
        for first in some:
            subject.tried()
            again = asked(policy, first.reported_case)
            if isinstance(first.answer, Answer) and again.plain.digest != first.answer.plain.digest:
                yield answered_otherwise(
                    policy,
                    first.answer.plain,
                    again.plain,
                    Text("after merits were earned the rules answer", "记入积分后，"),
                    Text("merits reward those on duty: no ruling may look at them", "积分只用于激励：裁定不得依据积分"),
                )
    except CommandError as refusal:
        yield Failure(Text(f"merits cannot be entered: {refusal.text.en}", f"积分无法记入：{refusal.text.zh}"))
    except Exception as fault:  # noqa: BLE001 - whatever a county's rule raises is what is looked for
        yield raised({}, fault)[1]


def with_engine(subject: Subject, cases: Sequence[ReportedCase], holders: Sequence[str]) -> None:
    """Live through cases in a real engine: named people ask, posts report, the work is done, merits are entered."""
    engine = subject.engine()
    for number, reported_case in enumerate(map(timeless, cases)):
        if reported_case.get("mode", Mode.NORMAL) != Mode.NORMAL:
            continue
        holder = holders[number % len(holders)]
        details = {name: value for name, value in reported_case.items() if name != "mode"}
        details |= {"reporter": f"某人{number}", "phone": "000-0000-0000", "text": "请尽快", "informant": holder}
        try:
            case = engine.report(locality=subject.code, at=BEGIN, by=ACTOR, **details)
        except CommandError:
            continue  # told by ruling/total
        _work(engine, case.id)
        merit = Merit(
            holder,
            "informant" if number % 3 else "post",
            1000 if number % 2 else -1000,
            Text("a check", "检验"),
            "charter",
        )
        engine.award(subject.code, merit, source="charter", by=ACTOR, at=BEGIN)
    engine.close()


def _work(engine: Engine, case_id: str) -> None:
    """Do all the work of a case, in time and to everybody's satisfaction."""
    with suppress(CommandError):  # a lifecycle of its own, here as below: the rest is tried
        engine.dispatch(case_id, at=BEGIN + timedelta(minutes=1), by=ACTOR)
    case = engine.case(case_id)
    above = engine.localities.policy(case.locality).units.above(case.unit, case.form) or case.unit
    needs: Mapping[str, Mapping[str, Any]] = {
        "whistle": {"units": [above]},
        "check_in": {"unit": above},
        "evaluate": {"satisfied": True},
    }
    work = ("claim", "whistle", "check_in", "confer", "arrive", "begin", "resolve", "answer", "evaluate", "revisit")
    for minute, action in enumerate((*work, "close"), 2):
        with suppress(CommandError):
            engine.act(action, case_id, at=BEGIN + timedelta(minutes=minute), by=ACTOR, **needs.get(action, {}))
