"""Three days in the zone, made up: what ``governflow demo --locality 321171`` shows (演示)."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

from governflow.plugin import CaseReader, Demo, OrgChart, Text, award, digest, special_report
from governflow_zhenjiang.ladder import ZONE

_CLIMBED, _MUST = "ZJ03", "ZJ05"
_COMMUNITY, _TOWN = "321171001001", "321171102"
_UNTIL = datetime.fromisoformat("2026-04-15T20:00:00")


def through(chart: OrgChart, informant: str) -> Text:
    """Say through whom what an informant reports goes up (全链路信息反馈).

    Args:
        chart: The org chart.
        informant: The informant's unit.
    """
    names = [chart.name(unit) for unit in chart.path(informant)]
    return Text(" → ".join(name.en for name in names), " → ".join(name.zh for name in names))


def after(engine: CaseReader) -> Sequence[Text]:
    """Show what the days left behind: the chain, the special report, the digests, the whistle award.

    Args:
        engine: The engine that took the demo's journal.

    Returns:
        Lines in both languages.
    """
    return tuple(_lines(engine))


def _lines(engine: CaseReader) -> Iterator[Text]:
    chart = engine.localities.policy(ZONE).units
    informant = engine.case(_MUST).informant or ""
    chain = through(chart, informant)
    yield Text(f"{_MUST} was reported through: {chain.en}", f"{_MUST} 的信息链：{chain.zh}")
    yield _BLANK
    report = special_report(engine, _CLIMBED)
    yield from _both(report.lines("en"), report.lines("zh"))
    until = _UNTIL.replace(tzinfo=ZoneInfo(engine.localities.policy(ZONE).zone))
    for unit in (_COMMUNITY, _TOWN, ZONE):
        yield _BLANK
        made = digest(engine, ZONE, unit, until=until)
        yield from _both(made.lines("en"), made.lines("zh"))
    yield _BLANK
    yield Text("Whistle award of the week", "本周金哨奖")
    for place in award(engine.book(ZONE), until - timedelta(weeks=1), until):
        who = chart.name(place.to)
        yield Text(f"{place.rank}. {who.en}: {place.points} points", f"{place.rank}. {who.zh}：{place.points} 分")


_BLANK = Text("", "")


def _both(en: Sequence[str], zh: Sequence[str]) -> Iterator[Text]:
    return (Text(*pair) for pair in zip(en, zh, strict=True))


DEMO = Demo(
    files(__package__) / "demo.csv",
    _UNTIL,
    Text(
        "Three days in Zhenjiang's development zone (made-up data): three tiers, six forms, and one case that climbs "
        "through all of them.",
        "镇江经开区三日（演示数据）：三级六办，其中一件逐级提级直至委领导研办。",
    ),
    _CLIMBED,
    after,
)
