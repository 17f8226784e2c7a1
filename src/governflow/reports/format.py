"""How reports write moments, lengths of time and reasons in the reader's language, and themselves as JSON values."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

import attrs

from governflow.model.terms import Outcome
from governflow.reports.dossier_model import Dossier, Reason, Step
from governflow.text import Text

#: A sign beside the word, so that no outcome is told by colour alone.
MARKS = {
    Outcome.MET: "✓",
    Outcome.BREACHED: "✗",
    Outcome.RUNNING: "▷",
    Outcome.PAUSED: "‖",
    Outcome.CANCELLED: "–",
    Outcome.LAPSED: "○",
}


def format_moment(moment: datetime) -> str:
    """Return a moment as text: seconds only where there are some, the zone's name only in the hour that comes twice."""
    text = f"{moment:%Y-%m-%d %H:%M:%S}" if moment.second else f"{moment:%Y-%m-%d %H:%M}"
    return f"{text} {moment:%Z}" if moment.fold else text


def format_due(moment: datetime) -> str:
    """Return a due moment as text: one at midnight ends the day before, as offices write it (24:00)."""
    if moment.hour or moment.minute or moment.second:
        return format_moment(moment)
    return f"{moment - timedelta(days=1):%Y-%m-%d} 24:00"


def format_span(seconds: float, lang: str) -> str:
    """Return a length of time by its largest unit, rounded."""
    for size, en, zh in ((86_400, "d", "天"), (3600, "h", "小时"), (60, "min", "分")):
        if seconds >= size * 0.95:
            return f"{round(seconds / size)}{Text(f' {en}', zh).say(lang)}"
    return f"{round(seconds)}{Text(' s', '秒').say(lang)}"


def format_reason(reason: Reason, lang: str) -> str:
    """Return a reason with its rule and where the rule comes from."""
    where = " · ".join(part for part in (reason.rule, reason.source) if part)
    en, zh = (f" [{where}]", f"〔{where}〕") if where else ("", "")
    return Text(f"because: {reason.text}{en}", f"依据：{reason.text}{zh}").say(lang)


def format_repeats(step: Step, lang: str) -> str:
    """Return how often a folded step happened, and until when; nothing where it happened once."""
    if step.times == 1:
        return ""
    since, until = format_moment(step.at), format_moment(step.until)
    return Text(f"{step.times} times, from {since} to {until}", f"共{step.times}次，{since} 至 {until}").say(lang)


def format_tally(dossier: Dossier) -> str:
    """Return in one line how many clocks were met, breached, ..."""
    counts = Counter(clock.result for clock in dossier.clocks)
    parts = [Text(f"{number} {word}", f"{word}{number}项").say(dossier.lang) for word, number in counts.items()]
    exempt = sum(1 for clock in dossier.clocks if clock.exempt)
    if exempt:
        parts.append(Text(f"{exempt} of them exempt", f"其中{exempt}项不计入统计").say(dossier.lang))
    total = Text(f"{len(dossier.clocks)} clocks: ", f"共{len(dossier.clocks)}项时限：").say(dossier.lang)
    return total + Text(", ", "，").say(dossier.lang).join(parts)


def format_origin(dossier: Dossier) -> str:
    """Return what the dossier was made from, and whether it holds personal data."""
    upto = format_moment(dossier.until)
    origin = Text(
        f"From the {dossier.events} events in this case's book, as of {upto}. All times are those of {dossier.zone}. ",
        f"本册依据本事项账本的{dossier.events}条记录编制，截至 {upto}。时间均为{zone_name(dossier)}。",
    )
    personal = Text("It holds personal data: keep it as such.", "本册载有个人信息，请按规定保管，不得外传。")
    masked = Text("Personal data are left out or masked (***).", "个人信息未载入或已作隐去处理（***）。")
    return origin.say(dossier.lang) + (personal if dossier.personal else masked).say(dossier.lang)


def zone_name(dossier: Dossier) -> str:
    """Return the name of the zone in which the moments are."""
    zh = "北京时间" if dossier.zone == "Asia/Shanghai" else f" {dossier.zone} 时间"
    return Text(dossier.zone, zh).say(dossier.lang)


def plain(value: object, zone: tzinfo | None, *names: str) -> Any:
    """Return a value as JSON holds it: objects by their fields, moments in ISO 8601.

    Args:
        value: A report, or a part of one.
        zone: The zone of the moments.
        names: Which of its fields to take; by default all that are public and no names in two languages (`Text`).
    """
    if names:
        return {name: plain(getattr(value, name), zone) for name in names}
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    if isinstance(value, Mapping):
        return {name: plain(part, zone) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part, zone) for part in value]
    kind: Any = type(value)
    if attrs.has(kind):
        fields = {field.name: getattr(value, field.name) for field in attrs.fields(kind)}
        public = (name for name, part in fields.items() if not name.startswith("_") and not isinstance(part, Text))
        return {name: plain(fields[name], zone) for name in public}
    return value
