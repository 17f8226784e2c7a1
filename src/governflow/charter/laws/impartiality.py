"""The law that nobody is preferred (谁来提都一样): who asks, by which way and with what merits changes no ruling."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import islice

from governflow.charter.answers.ask import ACTOR, Answer, asked
from governflow.charter.answers.collect import Fault, First, everything, firsts, found, raised, sample
from governflow.charter.answers.compare import answered_otherwise
from governflow.charter.cases.dimensions import WHO, Dimensions, posts_of
from governflow.charter.cases.reported import BEGIN, ReportedCase, timeless
from governflow.charter.laws.registry import law
from governflow.charter.model import Failure
from governflow.charter.subject import Subject
from governflow.engine.engine import Engine
from governflow.errors import CommandError
from governflow.model.terms import Mode
from governflow.policy.hookspecs import Merit
from governflow.policy.stack import Policy
from governflow.text import Text

#: Of so many cases that a rule reads who asks of, every other way of asking is tried; of the rest one.
_CLOSELY = 30
#: Every so-manieth case is asked as somebody else though no rule reads who asks by name.
_SOME = 8
#: So many cases are lived through to their end, so that merits are earned.
_LIVED = 40


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
    policy = subject.policy
    asking = _Partial(subject, policy)
    failures = list(found(subject, asking.look, (one.told for one in everything(subject) if not asking.told_so(one))))
    yield from failures
    if not failures and not subject.late:
        yield from islice(_after_merits(subject, policy), 1)


class _Partial:
    """Asks a case as everybody if a rule reads who asks; else the simplest as everybody, and some as somebody."""

    def __init__(self, subject: Subject, policy: Policy) -> None:
        self._subject, self._policy = subject, policy
        known = Dimensions.of(policy)
        self._others = [{"channel": one} for one in known.channels if one]
        self._others += [{"informant": one} for one in known.informants if one]
        self._turn = self._close = 0
        self._weighed: set[str] = set()

    def told_so(self, first: First) -> bool:
        """Return whether a case can only show again what was found: the same of who asks makes a difference in it."""
        who = {name for name in WHO if name in first.told} or first.read
        return bool(who) and self._subject.only is None and who <= self._weighed

    def look(self, told: ReportedCase) -> Iterator[Fault]:
        """Find whom a case is answered otherwise for."""
        self._turn += 1
        plain = {name: value for name, value in told.items() if name not in WHO}
        if plain != told and self._turn % _SOME and not any(one.read for one in firsts(self._subject, (told,))):
            return
        given = firsts(self._subject, (told,)) if plain == told else firsts(self._subject, (plain, told))
        for one in given:
            if isinstance(one.answer, Exception):
                yield raised(one.told, one.answer)
                return
        if not given:
            return
        before = given[0].answer
        assert isinstance(before, Answer)
        for after in self._asked(told, plain, given[-1].read):
            if after.digest != before.digest:
                who = {name for name in WHO if after.told.get(name) is not None}
                self._weighed |= who
                yield self._told(before, after, sorted(who))
                if plain != told:
                    return

    def _asked(self, told: ReportedCase, plain: ReportedCase, read: frozenset[str]) -> Iterator[Answer]:
        """Ask as others."""
        if plain != told:  # each of who asks alone, where it alone makes the difference
            who = [{name: told[name]} for name in WHO if name in told]
            yield from (
                first.answer
                for first in firsts(self._subject, [{**plain, **one} for one in who] + [told][: len(who) - 1])
                if isinstance(first.answer, Answer)
            )
        new = read - self._weighed
        some: Sequence[Mapping[str, str]] = ()
        if (new and self._close < _CLOSELY) or self._turn <= 2:
            self._close += 1
            some = [one for one in self._others if self._turn <= 2 or not one.keys().isdisjoint(new)]
        elif new:
            some = [one for one in self._others if not one.keys().isdisjoint(new)]
            some = [some[self._turn % len(some)]]
        elif self._turn % _SOME == 0:
            some = [self._others[self._turn // _SOME % len(self._others)]]
        for other in some:
            yield asked(self._policy, {**plain, **other})

    def _told(self, before: Answer, after: Answer, who: Sequence[str]) -> Fault:
        en, zh = " and ".join(who), "、".join({"channel": "渠道", "informant": "信息员"}[name] for name in who)
        asking = Text(f"with another {en} the rules answer", f"换一个{zh}，")
        mend = Text(f"rule on the matter alone: leave {en} out of it", f"只看事项本身：裁定不得依据{zh}")
        failure = answered_otherwise(self._policy, before.plain, after.plain, asking, mend)
        return failure.sentence.en, failure


# --- merits -----------------------------------------------------------------------------------------------------------


def _after_merits(subject: Subject, policy: Policy) -> Iterator[Failure]:
    """Ask, let merits be earned and entered, and ask again; who asked is told to the engine in between."""
    some = sample(subject)
    some = some[:: max(1, len(some) // 150)]
    posts = list(dict.fromkeys((*posts_of(policy.units), next(iter(policy.units.units)))))
    try:
        with_engine(subject, [one.told for one in some[:_LIVED]], posts)
        for first in some:
            subject.tried()
            again = asked(policy, first.told)
            if isinstance(first.answer, Answer) and again.digest != first.answer.digest:
                asking = Text("after merits were earned the rules answer", "记入积分后，")
                mend = Text(
                    "merits reward those on duty: no ruling may look at them", "积分只用于激励：裁定不得依据积分"
                )
                yield answered_otherwise(policy, first.answer.plain, again.plain, asking, mend)
    except CommandError as refusal:
        yield Failure(Text(f"merits cannot be entered: {refusal.text.en}", f"积分无法记入：{refusal.text.zh}"))
    except Exception as fault:  # noqa: BLE001 - whatever a county's rule raises is what is looked for
        yield raised({}, fault)[1]


def with_engine(subject: Subject, cases: Sequence[ReportedCase], holders: Sequence[str]) -> None:
    """Live through cases in a real engine: named people ask, posts report, the work is done, merits are entered."""
    engine = subject.engine()
    for number, told in enumerate(map(timeless, cases)):
        if told.get("mode", Mode.NORMAL) != Mode.NORMAL:
            continue
        holder = holders[number % len(holders)]
        who = {"reporter": f"某人{number}", "phone": "000-0000-0000", "text": "请尽快", "informant": holder}
        details = {name: value for name, value in told.items() if name != "mode"}
        try:
            case = engine.report(locality=subject.code, at=BEGIN, by=ACTOR, **{**details, **who})
        except CommandError:
            continue  # told by ruling/total
        _work(engine, case.id)
        points = 1000 if number % 2 else -1000
        kind = "informant" if number % 3 else "post"
        merit = Merit(holder, kind, points, Text("a check", "检验"), "charter")
        engine.award(subject.code, merit, source="charter", by=ACTOR, at=BEGIN)
    engine.close()


def _work(engine: Engine, case_id: str) -> None:
    """Do all the work of a case, in time and to everybody's satisfaction."""
    at = BEGIN

    def do(step: Callable[..., object], **details: object) -> None:
        nonlocal at
        at += timedelta(minutes=1)
        with suppress(CommandError):  # a lifecycle of its own: the rest is tried
            step(case_id, at=at, **details)

    do(engine.dispatch, by=ACTOR)
    case = engine.case(case_id)
    above = engine.localities.policy(case.locality).units.above(case.unit, case.form) or case.unit
    do(engine.claim, by=ACTOR)
    do(engine.whistle, by=ACTOR, units=[above])
    do(engine.check_in, by=ACTOR, unit=above)
    for step in (engine.confer, engine.arrive, engine.begin, engine.resolve, engine.answer):
        do(step, by=ACTOR)
    do(engine.evaluate, by=ACTOR, satisfied=True)
    do(engine.revisit, by=ACTOR)
    do(engine.archive, by=ACTOR)
