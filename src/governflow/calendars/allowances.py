"""Allowances (时限): how long somebody has, as the tables write it, and when that is used up.

Three kinds of time meet here. *Elapsed* time runs round the clock and knows no calendar (`30min`, `4h`, `2d`, `1w`).
*Working* time is counted within a calendar's windows (`4wh`). *Days* are counted as the Civil Code does unless a rule
of their own, a `DayCount`, says otherwise (`5wd` working days, `15cd` calendar days).
"""

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import attrs

from governflow.calendars.timeline import Pauses, joined, still_paused, utc
from governflow.calendars.working import WorkingCalendar
from governflow.errors import CalendarError

if TYPE_CHECKING:
    from fractions import Fraction  # only reading an allowance needs it

Unit: TypeAlias = Literal["s", "min", "h", "d", "w", "wh", "wd", "cd"]
OffDay: TypeAlias = Literal["stay", "same_time", "resume"]
End: TypeAlias = Literal["same_time", "close", "midnight"]
Skip: TypeAlias = Literal["holidays", "weekends"]

_SECONDS: dict[Unit, int] = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_NAMES: dict[Unit, tuple[str, str]] = {
    "s": ("second", "秒"),
    "min": ("minute", "分钟"),
    "h": ("hour", "小时"),
    "d": ("day", "天"),
    "w": ("week", "周"),
    "wh": ("working hour", "个工作小时"),
    "wd": ("working day", "个工作日"),
    "cd": ("calendar day", "个自然日"),
}
# 紧急工作时 and 紧急工作日 (urgent working hours and days) run on through nights and holidays in the urban-management
# standards that use them, in spite of their name.
_UNITS: dict[str, Unit] = {
    **{unit: unit for unit in get_args(Unit)},
    **dict.fromkeys(("秒", "秒钟"), "s"),
    **dict.fromkeys(("分", "分钟"), "min"),
    **dict.fromkeys(("时", "小时", "紧急工作时", "紧急工作小时"), "h"),
    **dict.fromkeys(("天", "日", "紧急工作日"), "d"),
    **dict.fromkeys(("周", "星期"), "w"),
    **dict.fromkeys(("工作时", "工作小时"), "wh"),
    **dict.fromkeys(("工作日", "工作天"), "wd"),
    **dict.fromkeys(("自然日", "自然天", "日历日", "日历天"), "cd"),
}
#: Patterns that `re` compiles, and keeps, when the first allowance is read.
_TEXT = r"(\d+(?:\.\d+)?|半|[一二两三四五六七八九十]+)\s*个?\s*([a-z]+|[\u4e00-\u9fff]+)"
_DIGITS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_TENS = r"(?:([一二三四五六七八九]?)(十))?([一二两三四五六七八九]?)"
_ROUND_THE_CLOCK = WorkingCalendar.always()


def _number(text: str) -> "Fraction | None":
    from fractions import Fraction

    if text == "半":
        return Fraction(1, 2)
    if text[0].isdecimal():
        return Fraction(text)
    found = re.fullmatch(_TENS, text)
    if found is None:
        return None
    tens, ten, ones = found.groups()
    return Fraction((_DIGITS[tens] if tens else 1) * 10 * bool(ten) + _DIGITS.get(ones or "", 0))


@attrs.frozen
class DayCount:
    """A rule for counting days, as a value.

    The defaults are those of the Civil Code (民法典 201, 203): the first day is not counted, and the last one ends at
    close of business, which on a calendar that is open from 00:00 to 24:00 is midnight.

    Args:
        cutoff: Local time of day from which on a start belongs to the next working day, at `resume`; None for never.
        resume: Local time of day at which such a start is taken to have happened.
        off_day: What a start on a day that is not counted becomes, before the cut-off: it stays where it is and the
            next working day is the first (`stay`), or it moves to the next working day at the same time of day
            (`same_time`) or at `resume`.
        end: When the last day ends: at the time of day of the (moved) start, at close of business, or at 24:00.
        skip: What is not counted: days without windows as well as holidays, make-up workdays being counted
            (`holidays`), or only the days on which the calendar's plain week is closed (`weekends`).

    Raises:
        CalendarError: A choice is none of the above, or `resume` is missing where it is needed.

    Examples:
        The practice of Boston's 311 service, whose calendar is Monday to Friday:

        >>> boston = DayCount(
        ...     cutoff=time(17), resume=time(8, 30), off_day="same_time", end="same_time", skip="weekends"
        ... )
        >>> office = WorkingCalendar(
        ...     tz="America/New_York", weekly={day: [("08:30", "17:00")] for day in ("mon", "tue", "wed", "thu", "fri")}
        ... )
        >>> late_on_friday = datetime(2011, 7, 1, 21, 30, tzinfo=UTC)
        >>> boston.due(late_on_friday, 2, office).isoformat()
        '2011-07-06T12:30:00+00:00'
    """

    cutoff: time | None = None
    resume: time | None = None
    off_day: OffDay = "stay"
    end: End = "close"
    skip: Skip = "holidays"

    def __attrs_post_init__(self) -> None:
        choices = (("off_day", self.off_day, OffDay), ("end", self.end, End), ("skip", self.skip, Skip))
        for name, given, allowed in choices:
            if given not in get_args(allowed):
                listed = ", ".join(map(repr, get_args(allowed)))
                raise CalendarError(
                    f"{name}={given!r} is no way to count days: use one of {listed}",
                    f"{name}={given!r} 不是计日方式：请用 {listed} 之一",
                )
        if self.resume is None and self.end == "same_time" and (self.cutoff is not None or self.off_day == "resume"):
            raise CalendarError(
                "a start that is moved to another day needs a time of day there: give resume=time(8, 30)",
                "顺延到另一日的起点需要时刻：请给出 resume=time(8, 30)",
            )

    def calendar(self, calendar: WorkingCalendar) -> WorkingCalendar:
        """Return the calendar as this rule sees it: without its holidays and shifts where only weekends are skipped."""
        return calendar if self.skip == "holidays" else calendar.regular()

    def due(self, start: datetime, days: int, calendar: WorkingCalendar, unit: Literal["wd", "cd"] = "wd") -> datetime:
        """Return the end of the last day.

        Args:
            start: When the count starts, aware.
            days: How many, 1 or more.
            calendar: Says which days are working days and when they end; its zone is the one that is meant.
            unit: Working days (`wd`), or calendar days whose last one rolls forward to a working day (`cd`).

        Returns:
            The due moment, in UTC. A same time of day that does not exist on the last day is as much later as the
            clocks were put forward; one that comes twice is the first of the two.

        Raises:
            CalendarError: `start` has no zone, or the calendar refuses.
        """
        calendar = self.calendar(calendar)
        local = utc(start).astimezone(calendar.zone)
        day, clock = local.date(), local.time()
        if self.cutoff is not None and clock >= self.cutoff:
            day, clock = calendar.add_days(day, 1), self.resume or clock
        elif self.off_day != "stay" and not calendar.is_working(day):
            day, clock = calendar.add_days(day, 1), (self.resume or clock) if self.off_day == "resume" else clock
        last = calendar.add_days(day, days) if unit == "wd" else calendar.add_calendar_days(day, days)
        return self._end_of(last, clock, calendar)

    def round_up(self, moment: datetime, calendar: WorkingCalendar) -> datetime:
        """Return the first end of a working day that is not before the moment (顺延至工作日结束), in UTC.

        Args:
            moment: Aware; one at 24:00 belongs to the day that ends then.
            calendar: As for `due`.
        """
        calendar = self.calendar(calendar)
        local = utc(moment).astimezone(calendar.zone)
        before = (utc(moment) - timedelta(microseconds=1)).astimezone(calendar.zone)
        day = calendar.add_calendar_days((local if self.end == "same_time" else before).date(), 0)
        end = self._end_of(day, local.time(), calendar)
        return end if end >= utc(moment) else self._end_of(calendar.add_days(day, 1), local.time(), calendar)

    def _end_of(self, day: date, clock: time, calendar: WorkingCalendar) -> datetime:
        if self.end == "close":
            return calendar.close_of_business(day)
        if self.end == "midnight":
            return calendar.end_of_day(day)
        return datetime.combine(day, clock, tzinfo=calendar.zone).astimezone(UTC)


WORKING_DAYS = DayCount()
CALENDAR_DAYS = DayCount(end="midnight")


@attrs.frozen
class Allowance:
    """How long somebody has.

    Args:
        amount: How many units, 1 or more.
        unit: `s`, `min`, `h`, `d` (24 h), `w`: elapsed; `wh`: working hours; `wd`: working days; `cd`: calendar days.
        counting: How days are counted; None for the Civil Code: working days to close of business, calendar days to
            24:00 of the last one, rolled past holidays.

    Raises:
        CalendarError: The amount is not a positive whole number, the unit is none of the above, or there is a rule
            for counting days although the unit is no day of a calendar.

    Examples:
        >>> str(Allowance.parse("2工作日")), Allowance.parse("4h").text("zh")
        ('2wd', '4小时')
    """

    amount: int
    unit: Unit
    counting: DayCount | None = None
    #: The time itself: elapsed or working hours, or so many days of 24 hours.
    span: timedelta = attrs.field(init=False, eq=False, repr=False)
    #: Whether it runs round the clock and needs no calendar.
    elapsed: bool = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        if self.unit not in get_args(Unit):
            raise CalendarError(
                f"{self.unit!r} is no unit of time: use one of {', '.join(get_args(Unit))}",
                f"{self.unit!r} 不是时间单位：请用 {'、'.join(get_args(Unit))} 之一",
            )
        if isinstance(self.amount, bool) or not isinstance(self.amount, int) or self.amount < 1:
            raise CalendarError(
                f"an allowance of {self.amount!r}{self.unit} gives nobody time: give a whole number from 1",
                f"时限 {self.amount!r}{self.unit} 没有给出时间：请给出不小于 1 的整数",
            )
        if self.counting is not None and self.unit not in ("wd", "cd"):
            raise CalendarError(
                f"{self.amount}{self.unit} has no days to count: leave the counting out, or use wd or cd",
                f"{self.amount}{self.unit} 不按日计算：请去掉计日规则，或使用 wd、cd",
            )
        try:
            span = timedelta(seconds=self.amount * _SECONDS.get(self.unit, 3600 if self.unit == "wh" else 86_400))
        except OverflowError:
            raise CalendarError(
                f"{self.amount}{self.unit} is more time than there is: give less", f"{self.amount}{self.unit} 过长"
            ) from None
        object.__setattr__(self, "span", span)
        object.__setattr__(self, "elapsed", self.unit in _SECONDS)

    @classmethod
    def parse(cls, text: "str | timedelta", counting: DayCount | None = None) -> "Allowance":
        """Read an allowance as tables write it, in English or Chinese forms.

        Args:
            text: `30min`, `4h`, `2d`, `1w`, `4wh`, `5wd`, `15cd`; `30分钟`, `2小时`, `半小时`, `2紧急工作时` (elapsed
                hours), `4工作时`, `两个工作日`, `5天`, `5日` (24 h each), `15个自然日` (calendar days), `1周`. Or a
                timedelta: elapsed time, in whole seconds.
            counting: How days are counted; None for the Civil Code.

        Raises:
            CalendarError: The text is none of these forms.
        """
        if isinstance(text, timedelta):
            from fractions import Fraction

            seconds = Fraction(text // timedelta(microseconds=1), 1_000_000)
            return cls._exactly(seconds, "d", repr(text), counting)
        found = (
            re.fullmatch(_TEXT, unicodedata.normalize("NFKC", text).strip().lower()) if isinstance(text, str) else None
        )
        unit = _UNITS.get(found[2]) if found else None
        number = _number(found[1]) if found else None
        if found is None or unit is None or number is None:
            raise CalendarError(
                f"{text!r} is no allowance: write 30min, 4h, 2d, 1w, 4wh, 5wd or 15cd",
                f"{text!r} 不是时限：请写 30分钟、4小时、2天、1周、4工作时、5工作日 或 15自然日",
            )
        if number.denominator == 1:
            return cls(int(number), unit, counting)
        if unit not in _SECONDS:
            raise CalendarError(
                f"{text!r} is not a whole number of {_NAMES[unit][0]}s: give a whole number",
                f"{text!r} 不是整数：请给出整数{_NAMES[unit][1]}",
            )
        return cls._exactly(number * _SECONDS[unit], unit, repr(text), counting)

    @classmethod
    def _exactly(cls, seconds: "Fraction", largest: Unit, given: str, counting: DayCount | None) -> "Allowance":
        """The same time in the largest unit, up to the one named, that it is a whole number of."""
        for unit in ("d", "h", "min", "s"):
            if _SECONDS[unit] <= _SECONDS[largest] and (seconds / _SECONDS[unit]).denominator == 1:
                return cls(int(seconds / _SECONDS[unit]), unit, counting)
        raise CalendarError(
            f"{given} is not a whole number of seconds: give whole seconds", f"{given} 不是整秒：请给出整秒"
        )

    def __str__(self) -> str:
        return f"{self.amount}{self.unit}"

    def text(self, lang: str) -> str:
        """Say the allowance to people, such as `5 working days` or `5个工作日`.

        Args:
            lang: `zh` for Chinese, anything else for English.
        """
        english, chinese = _NAMES[self.unit]
        if lang == "zh":
            return f"{self.amount}{chinese}"
        return f"{self.amount} {english}{'' if self.amount == 1 else 's'}"

    def due(self, start: datetime, calendar: WorkingCalendar, pauses: Pauses = ()) -> datetime:
        """Return the moment at which the allowance is used up.

        Args:
            start: When the clock starts, aware.
            calendar: Working time; elapsed allowances ignore it.
            pauses: As for `WorkingCalendar.due`; days are moved by each as `shift` does.

        Returns:
            The due moment, in UTC.

        Raises:
            CalendarError: `start` has no zone, a pause has no end, or the calendar refuses.
        """
        if self.elapsed:
            return _ROUND_THE_CLOCK.due(start, self.span, pauses)
        if self.unit == "wh":
            return calendar.due(start, self.span, pauses)
        if self.counting is None:
            # By the Civil Code only the day matters on which the clock starts, and many cases start on one day.
            due = _due_on(utc(start).astimezone(calendar.zone).date(), self, calendar)
        else:
            due = self._counting.due(start, self.amount, calendar, "wd" if self.unit == "wd" else "cd")
        for begin, end in joined(pauses) if pauses else ():
            begin = max(begin, start)
            if begin >= due:
                break
            if end is None:
                raise still_paused(begin)
            due = self.shift(due, begin, end, calendar)
        return due

    def warn(
        self, start: datetime, due: datetime, calendar: WorkingCalendar, share: float = 0.8, pauses: Pauses = ()
    ) -> datetime:
        """Return the moment at which a share of the allowance is used up.

        Args:
            start: When the clock started, aware.
            due: When it is due, aware.
            calendar: Working time; elapsed allowances ignore it.
            share: Between 0 and 1, of the elapsed time, or of the working time where the allowance is one of working
                hours or days and there is any between the two.
            pauses: As for `due`: no time is used up in them.

        Returns:
            The moment, in UTC, before `due`.

        Raises:
            CalendarError: A moment has no zone, or the share is not between 0 and 1.
        """
        if not 0 < share < 1:
            raise CalendarError(
                f"the share {share!r} is not between 0 and 1: give 0.8", f"比例 {share!r} 应在 0 与 1 之间"
            )
        start, due = utc(start), utc(due)
        if not self.elapsed and not calendar.round_the_clock:
            calendar = self._counting.calendar(calendar)
            worked = calendar.between(start, due, pauses)
            if worked:
                return calendar.due(start, worked * share, pauses)
        if not pauses:
            return start + (due - start) * share
        return _ROUND_THE_CLOCK.due(start, _ROUND_THE_CLOCK.between(start, due, pauses) * share, pauses)

    def shift(self, due: datetime, pause_start: datetime, pause_end: datetime, calendar: WorkingCalendar) -> datetime:
        """Return the new due moment of a running clock that stood still from one moment to another.

        What was left at `pause_start` is left at `pause_end`: working time for working hours and days, elapsed time for
        the others; calendar days then end with their day again, rolled past holidays.

        Args:
            due: The due moment before the pause, aware.
            pause_start: When the clock stopped, aware; a pause at or after `due` moves nothing.
            pause_end: When it ran again, aware.
            calendar: Working time; elapsed allowances ignore it.

        Returns:
            The new due moment, in UTC, never before the old one.

        Raises:
            CalendarError: A moment has no zone, or the calendar refuses.
        """
        due, begin, end = utc(due), utc(pause_start), utc(pause_end)
        if begin >= due or end <= begin:
            return due
        later = end + (due - begin)
        if self.elapsed:
            return later
        calendar = self._counting.calendar(calendar)
        if self.unit == "cd":
            return max(due, self._counting.round_up(later, calendar))
        left = calendar.between(begin, due)
        # A pause outside working hours takes no working time away; one that leaves none must not make the clock due
        # in the moment in which it runs again.
        return max(due, calendar.due(end, left)) if left else later

    def flagged(self, start: datetime, due: datetime, calendar: WorkingCalendar) -> bool:
        """Return whether the due moment rests on days for which the calendar's holiday list does not speak.

        Args:
            start: When the clock started, aware.
            due: When it is due, aware.
            calendar: The calendar that it ran on.
        """
        return not self.elapsed and self._counting.calendar(calendar).flagged(due, start)

    @property
    def _counting(self) -> DayCount:
        return self.counting or (CALENDAR_DAYS if self.unit == "cd" else WORKING_DAYS)


@lru_cache(maxsize=4096)
def _due_on(day: date, allowance: Allowance, calendar: WorkingCalendar) -> datetime:
    """Return the due moment of a day-counting allowance under the Civil Code's rule, which looks at no time of day."""
    start = datetime.combine(day, time(), tzinfo=calendar.zone)
    unit: Literal["wd", "cd"] = "wd" if allowance.unit == "wd" else "cd"
    return (WORKING_DAYS if unit == "wd" else CALENDAR_DAYS).due(start, allowance.amount, calendar, unit)
