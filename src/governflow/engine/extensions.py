"""More time for a clock (延期): who may ask for how much, and what the new due time is.

An extension is about one due moment. The date that it gives stands, whatever is counted anew afterwards, and it gives
time from now on: it never reaches into a time that is over, and never makes a clock due earlier.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from governflow.calendars import WorkingCalendar
from governflow.calendars.allowances import Allowance
from governflow.engine.transition import Transition
from governflow.errors import CommandError, require
from governflow.model import clocks
from governflow.model.clocks import Addition, Clock
from governflow.model.events import Actor
from governflow.text import Text
from governflow.timesource import in_utc


def text_of(details: Mapping[str, Any], name: str, en: str, zh: str) -> str:
    """Return a detail that must be a text with something in it, or refuse with a sentence in both languages."""
    given = str(details.get(name) or "").strip()
    require(given, en, zh)
    return given


def extend(step: Transition, details: Mapping[str, Any], by: Actor | None) -> None:
    """Give a running clock another due time: a date (``until``), or an allowance on top of the one that it has."""
    approved_by = text_of(details, "approved_by", "an extension needs who approved it", "延期须注明批准人")
    text_of(details, "reason", "an extension needs a reason", "延期须说明理由")
    clock = _chosen(step, details.get("clock"))
    until, more = details.get("until"), details.get("allowance")
    if until is not None:
        due = in_utc(until)
        _within_limit(step, clock, due, None)
        _require_later(clock, due, step.at)
        new, held = _by_date(clock, due), None
    elif more is not None:
        allowance = Allowance.parse(more)
        calendar = _calendar(step, clock)
        due = clocks.added_to(clock.due, allowance, calendar)
        _within_limit(step, clock, due, allowance)
        due, pauses = _after_pauses(step, clock, due, calendar)
        held = step.held if clocks.waits(clock) else None
        _require_later(clock, due, clock.paused or held or step.at)
        new = {**_on_top(clock, due, allowance, calendar, step.at), "pauses": pauses}
    else:
        raise CommandError(
            "an extension needs a new due time (until), or an allowance to add",
            "延期须给出新的截止时间，或增加的时限",
        )
    own = clocks.allowance_of(clock)
    calendar = WorkingCalendar.always() if own is None or own.elapsed else _calendar(step, clock)
    warn = clocks.warning(replace(clock, pauses=new.get("pauses", clock.pauses)), due, own, calendar)
    step.put(clocks.retimed(clock, due, warn, step.at, held, original=clock.original or clock.due, **new))
    step.about |= {"clock": clock.mark, "approved_by": approved_by}


def _by_date(clock: Clock, due: datetime) -> dict[str, Any]:
    """Return what a granted date changes in a clock: during a pause it knows of the pause, which does not move it."""
    counted = (clock.counted or clock.due) if clock.paused is not None else None
    return {"granted": due, "counted": counted}


def _on_top(clock: Clock, due: datetime, more: Allowance, calendar: WorkingCalendar, at: datetime) -> dict[str, Any]:
    """Return what an allowance on top changes in a clock."""
    new: dict[str, Any] = {"added": (*clock.added, Addition(str(more), at))}
    if clock.granted == clock.due:  # on top of a date it gives another date
        new["granted"] = due
    if clock.counted is not None:
        new["counted"] = clocks.added_to(clock.counted, more, calendar)
    new["calendar_unknown"] = clock.calendar_unknown or more.flagged(clock.started, due, calendar)
    return new


def _after_pauses(
    step: Transition, clock: Clock, due: datetime, calendar: WorkingCalendar
) -> tuple[datetime, tuple[tuple[datetime, datetime], ...]]:
    """Return a due time after the suspensions that began since the old one: with more time they are pauses."""
    pauses, own = clock.pauses, clocks.allowance_of(clock)
    for since, until in step.pauses(clock):
        if own is not None and clock.due <= since < due:
            due = own.shift(due, since, until, calendar)
            pauses = (*pauses, (since, until))
    return due, pauses


def _require_later(clock: Clock, due: datetime, now: datetime) -> None:
    require(
        due > clock.due,
        "{due} is not after the present due time {present}",
        "{due} 不晚于现在的截止时间 {present}",
        due=due,
        present=clock.due,
    )
    require(
        due >= now,
        "{due} is over already at {now}: an extension gives time from now on",
        "{due} 早于 {now}：延期只能延至此后的时间",
        due=due,
        now=now,
    )


def _calendar(step: Transition, clock: Clock) -> WorkingCalendar:
    return step.policy.calendar(clock.name.partition(":")[0], step.context, step.faults)


def _within_limit(step: Transition, clock: Clock, due: datetime, more: Allowance | None) -> None:
    """Refuse an extension that the clock's rule does not know, a second one where it knows one, and a longer one."""
    spec = step.plan.specs.get(clock.name.partition(":")[0])
    longest = spec.extension if spec is not None else None
    why, name = spec.reason if spec is not None else Text("", ""), step.policy.name(clock.name)
    if longest is None:
        if clocks.STATUTE in clock.traits:
            raise CommandError(
                f"{clock.name} cannot be extended: {why.en}", f"“{name.zh}”为法定时限，不得延长：{why.zh}"
            )
        return
    if clock.original is not None:
        raise CommandError(
            f"{clock.name} was extended once already and cannot be extended again: {why.en}",
            f"“{name.zh}”已延期一次，不得再次延期：{why.zh}",
        )
    calendar = _calendar(step, clock)
    latest = clocks.added_to(clock.due, longest, calendar)
    # Where the last day rolls past a holiday, one day more may end no later: what is written counts as well.
    if due > latest or (more is not None and more.span > longest.span):
        last = f"{latest.astimezone(calendar.zone):%Y-%m-%d %H:%M}"
        raise CommandError(
            f"{clock.name} can be extended by {longest.text('en')} at most, to {last}: {why.en}",
            f"“{name.zh}”延期最长{longest.text('zh')}，即至 {last}：{why.zh}",
        )


def _chosen(step: Transition, name: str | None) -> Clock:
    unfinished = [clock for clock in step.live.values() if clock.stopped is None]
    ours = [clock for clock in unfinished if clocks.SURVIVES_TRANSFER not in clock.traits] or unfinished
    meant = [clock for clock in unfinished if is_called(step, clock, name)] if name is not None else ours
    if meant and (name is not None or len(meant) == 1):
        return meant[0]
    asked = Text(f" (not {name!r})", f"（不是“{name}”）") if name else Text("", "")
    running = listed_names(step, unfinished)
    raise CommandError(
        f"say which running clock is meant{asked.en}; running: {running.en}",
        f"请指明是哪个计时中的时限{asked.zh}；计时中：{running.zh}",
    )


def is_called(step: Transition, clock: Clock, name: str) -> bool:
    """Return whether somebody means a clock by a name: its own, with or without its cycle, or that of the locality."""
    text = step.policy.name(clock.name)
    return name in (clock.name, clock.mark, text.en, text.zh)


def listed_names(step: Transition, listed: list[Clock]) -> Text:
    """Name clocks for a sentence."""
    zh = "、".join(step.policy.name(clock.name).zh for clock in listed)
    return Text(", ".join(clock.name for clock in listed) or "none", zh or "无")
