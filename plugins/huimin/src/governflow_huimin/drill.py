"""A made-up everyday morning, and then a drill in which the key is turned (平急转换演练), for ``governflow demo``.

Nothing in it happened: cases, people and the order in which posts come are made up.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from governflow.plugin import Actor, CaseReader, Demo, Text, balances
from governflow_huimin.chart import chart
from governflow_huimin.merits import mustered
from governflow_huimin.publishing import notice, settled, settler

if TYPE_CHECKING:
    from governflow.plugin import Engine

_CODE = "371621"
_UNTIL = datetime.fromisoformat("2026-03-18T14:00:00")
_CALLED = _UNTIL.replace(tzinfo=ZoneInfo("Asia/Shanghai"))
_MINUTE = timedelta(minutes=1)

#: Who does not come in time in the drill: one comes late, the other not at all.
_LATE, _ABSENT = "371621109", "371621109259"
_IN_CHARGE = Actor("演示值班领导", "371621-leaders")


def _turn_the_key(engine: CaseReader) -> Sequence[Text]:
    """Switch to emergency, let the posts come, look at who does not, and switch back."""
    from governflow.plugin import Engine  # only the drill acts: asking the rules costs no engine

    if not isinstance(engine, Engine):
        raise TypeError(f"the drill needs an engine that takes commands, not {engine!r}")
    return [
        *_published(engine),
        *_assembled(engine),
        *_ordered(engine),
        *_pursued(engine),
        *_back(engine),
    ]


def _published(engine: "Engine") -> Iterator[Text]:
    yield Text("Made public after the morning:", "上午的结果公示：")
    settlers = []
    for case in engine.cases():
        history = engine.life(case.id)
        if case.state == "closed":
            settlers.append(settler(case, history))
        if any(event.kind == "published" for event in history):
            told = notice(case, history, chart())
            yield Text(f"  {told.en}", f"  {told.zh}")
    levels = settled(settlers, chart())
    en = ", ".join(f"{level} {count}" for level, count in levels.items())
    names = zip(("村社区", "镇街", "县级"), levels.values(), strict=True)
    yield Text(f"Settled by level: {en}", "各层级办结：" + "、".join(f"{name}{count}件" for name, count in names))


def _assembled(engine: "Engine") -> Iterator[Text]:
    """Turn the key, and look who is on post after 30 minutes."""
    running = [case.id for case in engine.cases() if case.closed is None]
    engine.switch_mode(_CODE, "emergency", reason="应急演练（演示数据）", by=_IN_CHARGE, at=_CALLED)
    muster = engine.muster(_CODE)
    assert muster is not None
    yield Text(
        f"14:00, one key: emergency. {len(muster.posts)} posts are called, due 14:30. What it does to the open cases:",
        f"14:00 一键转入急时：向{len(muster.posts)}个点位发出集结指令，14:30前到岗。在办事项的变化：",
    )
    for name in running:
        switched = next(event for event in reversed(engine.history(name)) if event.kind == "mode_switched")
        about: Mapping[str, Any] = switched.about
        for clock, (before, after) in about["due"].items():
            told = engine.localities.policy(_CODE).name(clock.partition("#")[0])
            yield Text(
                f"  {name}: {told.en} due {_hand(after)} instead of {_hand(before)}",
                f"  {name}：{told.zh}截止由{_hand(before)}提前到{_hand(after)}",
            )
        if not about["due"]:
            yield Text(f"  {name}: goes on as it was", f"  {name}：时限不变，继续办理")
    punctual = [post for post in muster.posts if post not in (_LATE, _ABSENT)]
    for number, post in enumerate(punctual):
        engine.check_in_at_muster(
            _CODE, post=post, by=Actor("演示召集人", post), at=_CALLED + (4 + number % 24) * _MINUTE
        )
    engine.advance(_CALLED + 31 * _MINUTE)
    yield _who_is_absent(engine, "14:31")


def _ordered(engine: "Engine") -> Iterator[Text]:
    """Send one county order: it goes straight to the village, and the department is summoned with its task."""
    at = _CALLED + 32 * _MINUTE
    place, item = "大年陈镇大崔联村", "救援物资调度"
    told = "转移安置点需要帐篷和饮用水。（演示数据）"
    case = engine.report(locality=_CODE, item=item, severity="major", place=place, text=told, at=at, by=_IN_CHARGE)
    case = engine.dispatch(case.id, at=at + _MINUTE, by=_IN_CHARGE)
    engine.whistle(case.id, units=case.assist, at=at + 2 * _MINUTE, by=_IN_CHARGE)
    name = chart().name
    helping = Text(", ".join(name(unit).en for unit in case.assist), "、".join(name(unit).zh for unit in case.assist))
    yield Text(
        f"14:33, a county order goes straight to {name(case.unit).en}; summoned with its task: {helping.en}",
        f"14:33 县级指令“{item}”直达{name(case.unit).zh}，召集：{helping.zh}",
    )
    for unit in case.assist:
        engine.check_in(case.id, unit=unit, at=at + 20 * _MINUTE, by=Actor("演示部门联络员", unit))


def _pursued(engine: "Engine") -> Iterator[Text]:
    """Let one post come late, and see what the ladder does about the other."""
    engine.check_in_at_muster(_CODE, post=_LATE, by=Actor("演示召集人", _LATE), at=_CALLED + 58 * _MINUTE)
    engine.advance(_CALLED + 95 * _MINUTE)
    yield _who_is_absent(engine, "15:35")
    policy = engine.localities.policy(_CODE)
    for event in engine.book(_CODE):
        climb = event.escalation
        if climb is None:
            continue
        clock, to = policy.name(str(climb["clock"]).partition("#")[0]), chart().name(climb["to"])
        what = Text(event.kind.replace("_", " "), {"urged": "催办", "supervised": "督办"}.get(event.kind, "接手"))
        yield Text(
            f"  {_hand(event.at)} {clock.en}: {what.en} – {to.en}",
            f"  {_hand(event.at)} {clock.zh}：{what.zh}（{to.zh}）",
        )


def _back(engine: "Engine") -> Iterator[Text]:
    """Enter what the posts earned, and switch back."""
    muster = engine.muster(_CODE)
    assert muster is not None
    at = _CALLED + 96 * _MINUTE
    for merit in mustered(muster):
        engine.award(_CODE, merit, source="集结到岗记录（演示数据）", by=_IN_CHARGE, at=at)
    standing = balances(engine.book(_CODE), at)
    points = sum(account.points for account in standing.values())
    yield Text(
        f"{len(standing)} posts and units have earned {points} points; no ruling looks at them",
        f"{len(standing)}个点位和单位共获{points}分；积分不影响任何事项的办理",
    )
    engine.switch_mode(_CODE, "normal", reason="演练结束（演示数据）", by=_IN_CHARGE, at=at + 84 * _MINUTE)
    open_cases = sum(case.closed is None for case in engine.cases())
    yield Text(
        f"17:00, back to everyday; {open_cases} cases are still open, each with its clock",
        f"17:00 转回平时；仍有{open_cases}件在办，时限照常计时",
    )


def _who_is_absent(engine: "Engine", hand: str) -> Text:
    muster = engine.muster(_CODE)
    assert muster is not None
    units = [chart().name(post) for post in muster.absent]
    came = len(muster.posts) - len(units)
    en = ", ".join(unit.en for unit in units) or "nobody"
    zh = "、".join(unit.zh for unit in units) or "无"
    return Text(f"{hand}: {came} posts are there; absent: {en}", f"{hand} 已到岗{came}个点位；未到岗：{zh}")


def _hand(moment: datetime | str) -> str:
    """Say a moment as the county's clock shows it."""
    when = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{when.astimezone(_CALLED.tzinfo):%m-%d %H:%M}"


DEMO = Demo(
    files(__package__) / "demo.csv",
    _UNTIL,
    Text(
        "Huimin County: an everyday morning by 54321 with liaison micro-grids, then a drill: one key to emergency.\n"
        "Made-up data; how many micro-grids there are, points and who is absent are illustration.",
        "惠民县：按“54321”办理的一个平时上午（含党员联户微网格），随后演练“一键转换”。\n"
        "均为虚构数据；微网格数量、分值、缺岗点位均为示例。",
    ),
    shown="惠民演示-01",
    after=_turn_the_key,
)
