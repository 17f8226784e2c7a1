"""How cells are read: text in, a value of the field's type out.

A closed word may be written in English or Chinese, in any case, width and spacing. What is not known is never guessed:
the reader raises `ValueFault`, naming what would be allowed.

Of a time the year comes first, or it is refused: nobody can tell 4/5/2019 from 5/4/2019. A time without an offset is a
wall time of the journal's zone. One that the zone skips (clocks put forward) is refused; one that it has twice (clocks
put back) is taken as the first of the two. A date without a time is the end of that day.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from governflow.journal.records import Value
from governflow.model.headings import FIELDS, CellKind, Field
from governflow.normalize import ValueFault, half_width, key, nearest
from governflow.text import NOTHING, Text

_V = TypeVar("_V")

_REMEMBERED, _SHORT = 10_000, 100

# What Excel shows of a long number: the digits behind the last shown are gone. Without the plus it may be a name (2E5).
_DIGITS_LOST = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE]\+\d+")
_SCORE = re.compile(r"([1-5])(?:\.0+)?\s*分?")

#: What Excel leaves in a cell whose formula failed.
_NAMES = ("N/A", "REF!", "VALUE!", "NAME?", "DIV/0!", "NULL!", "NUM!", "SPILL!", "CALC!", "GETTING_DATA", "FIELD!")
ERRORS = frozenset(f"#{name}" for name in _NAMES)

_DIGITS = Text(
    "Excel has rounded this number and its last digits are lost: format the column as text and enter it again",
    "Excel 已将此编号取整，末尾数字已丢失：请将该列设为文本格式后重新录入",
)
ERROR = Text(
    "the cell holds an Excel error instead of a value: mend the formula, then paste the column as values",
    "单元格是 Excel 错误值：请修正公式后将该列粘贴为数值",
)
FORMULA = Text(
    "the cell holds a formula, not a value: copy the column and paste it as values",
    "单元格是公式而不是值：请复制该列并选择性粘贴为数值",
)


def read_text(text: str) -> str:
    """Return free text as it stands, unless it is what Excel leaves of a formula that failed."""
    if text[:1] == "#" and text in ERRORS:
        raise ValueFault(ERROR, NOTHING)
    return text


def read_id(text: str) -> str:
    """Read a name or number by which something is known: half-width, otherwise as typed, leading zeros and all."""
    text = half_width(text)
    if "+" in text and _DIGITS_LOST.fullmatch(text):
        raise ValueFault(_DIGITS, NOTHING)
    if text.startswith("="):
        raise ValueFault(FORMULA, NOTHING)
    return read_text(text)


def _read_score(text: str) -> int:
    found = _SCORE.fullmatch(half_width(text))
    if found is None:
        raise ValueFault(Text("not a score", "不是有效评分"), FIELDS["score"].allowed)
    return int(found[1])


def field_reader(field: Field) -> Callable[[str], Value]:
    """Return the reader of a field's cells; the field is neither a time nor an action."""

    def choose(text: str) -> Value:
        try:
            return field.choices[key(text)]
        except KeyError:
            raise ValueFault(Text(f"not a known {field.name}", f"不是有效的{field.zh}"), field.allowed) from None

    readers: Mapping[CellKind, Callable[[str], Value]] = {
        CellKind.ID: read_id,
        CellKind.SCORE: _read_score,
        CellKind.CHOICE: choose,
    }
    return readers.get(field.sort, read_text)


def action_reader(actions: Mapping[str, str]) -> Callable[[str], str]:
    """Return the reader of action names, given each with its canonical name; of any other word it names the nearest."""
    known = {key(name): canonical for name, canonical in actions.items()}
    names = dict.fromkeys(actions.values())
    chinese = [name for name in actions if not name.isascii()]

    def read(text: str) -> str:
        if (found := known.get(key(text))) is not None:
            return found
        alike = nearest(text, actions)
        en, zh = ("", "") if alike is None else (f"; perhaps {alike} is meant", f"；是否为“{alike}”")
        raise ValueFault(
            Text(f"not a known action{en}", f"不是已知的动作{zh}"), Text(", ".join(names), "、".join(chinese or names))
        )

    return read


def translating(table: Mapping[str, str], read: Callable[[str], _V]) -> Callable[[str], _V | None]:
    """Return a reader that first looks into a map's table, their words to ours; a word translated to "" is None."""
    if not table:
        return read
    folded = {key(theirs): ours for theirs, ours in table.items()}

    def translate(text: str) -> _V | None:
        ours = table.get(text) or folded.get(key(text), text)
        return read(ours) if ours else None

    return translate


def remembering(read: Callable[[str], _V]) -> Callable[[str], _V]:
    """Return a reader that does not read the same text twice, in bounded memory: units and items repeat."""
    known = lru_cache(_REMEMBERED)(read)
    return lambda text: known(text) if len(text) <= _SHORT else read(text)


# --- times as clerks write them, to instants --------------------------------------------------------------------------

END_OF_DAY = time(23, 59, 59)
FIRST_YEAR, LAST_YEAR = 1990, 2100

#: Excel counts days from here; the first sixty of its days are off by one, long before `FIRST_YEAR`.
EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a wall time

ALLOWED = Text(
    "2019-04-25 09:32, 2019/4/25 9:32:09, 2019年4月25日 9时32分, 2019-04-25T09:32:09+08:00 or 2019-04-25",
    "2019-04-25 09:32、2019/4/25 9:32:09、2019年4月25日 9时32分、2019-04-25T09:32:09+08:00 或 2019-04-25",
)

_WRITTEN = re.compile(
    r"""(?P<year>\d{4})\s*(?P<sep>[-/.年])\s*(?P<month>\d{1,2})\s*(?:(?P=sep)|月)\s*(?P<day>\d{1,2})\s*日?
    (?:(?:(?<=日)|\s*T|\s+|(?=[上下]午))\s*
       (?P<half>上午|下午|AM|PM)?\s*(?P<hour>\d{1,2})\s*
       (?::\s*(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:[.,](?P<fraction>\d{1,9}))?)?
        |[时点]\s*(?:(?P<minutes>\d{1,2})\s*分?\s*(?:(?P<seconds>\d{1,2})\s*秒)?)?)
       \s*(?P<after>AM|PM)?\s*(?P<offset>Z|[+-]\d{2}:?\d{2})?
    )?""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
#: Times without signs between their parts: 20260316, 202603160800, 20260316080000.
_BARE = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?", re.ASCII)
#: What databases and clerks write where nothing has happened yet.
_BLANK = frozenset(
    {
        *("null", "none", "nil", "nan", "nat", "na", "n/a", "/", "–", "—", "open", "pending"),
        *("未办结", "未完成", "未办理", "未处理", "未到场", "未派单", "未反馈", "未回复", "未回访", "未评价"),
        *("办理中", "处理中", "无", "暂无", "空"),
    }
)
#: The days that stand for no day: zero in databases, spreadsheets and the clocks of machines.
_NO_DAY = re.compile(r"(?:0000-00-00|1900-01-0[01]|1899-12-3[01]|1970-01-01)(?:[ T]00:00(?::00(?:\.0+)?)?)?", re.ASCII)
_YEAR_LAST = re.compile(r"\d{1,2}\s*[-/.]\s*\d{1,2}\s*[-/.]\s*(?:\d{4}|\d{2})(?!\d).*", re.DOTALL)
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")

_HOUR = timedelta(hours=1)
_MOMENT = timedelta(microseconds=1)
_CACHED = 100_000


def is_blank(text: str) -> bool:
    """Return whether a cell for a time says that there is none: NULL, -, N/A, 未办结, 0000-00-00."""
    if text[:1] in "23":  # as nearly every time begins
        return False
    folded = key(text)
    return not folded or folded in _BLANK or _NO_DAY.fullmatch(text.replace("/", "-")) is not None


class LocalTimes:
    """Reads the times of one journal.

    Args:
        zone: The zone of times without an offset.
        serials: Whether a bare five-digit number may be read as an Excel day number. Not so for a workbook that counts
            from 1904: there the same number is another day.
    """

    def __init__(self, zone: ZoneInfo, *, serials: bool = True) -> None:
        self.zone = zone
        self.serials = serials
        # One look at the zone per wall hour: a journal has a million rows but few distinct hours.
        self._offset = lru_cache(_CACHED)(self._offset_of_hour)
        # Likewise the halves of times that are not written the ISO way, by the blank between day and clock.
        self._days: dict[str, datetime] = {}
        self._clocks: dict[str, timedelta] = {}

    def read(self, text: str) -> tuple[datetime, bool]:
        """Read one time.

        Args:
            text: The cell, without blanks around it.

        Returns:
            The instant in UTC, and whether the cell held a date without a time (then it is 23:59:59 of that day).

        Raises:
            ValueFault: If it is no time, or one that cannot be.
        """
        # The fast way: the ISO forms, which the standard library reads in C. It takes any character between date and
        # time and some forms without dashes; those go the slow way.
        if text[4:5] == "-" and text[7:8] == "-" and text[10:11] in " T":
            try:
                wall = datetime.fromisoformat(text)
            except ValueError:
                wall, date_only = self._slowly(text)
            else:
                date_only = len(text) == 10
                if date_only:
                    wall = datetime.combine(wall, END_OF_DAY)
        else:
            wall, date_only = self._slowly(text)
        if not FIRST_YEAR <= wall.year <= LAST_YEAR:
            raise _fault(
                f"the year {wall.year} is not between {FIRST_YEAR} and {LAST_YEAR}",
                f"年份 {wall.year} 不在 {FIRST_YEAR} 至 {LAST_YEAR} 之间",
            )
        if wall.tzinfo is not None:
            return wall.astimezone(UTC), date_only
        offset = self._offset(wall.year, wall.month, wall.day, wall.hour)
        if offset is None:
            return self._carefully(wall, text), date_only
        return wall.replace(tzinfo=UTC) - offset, date_only

    def _offset_of_hour(self, year: int, month: int, day: int, hour: int) -> timedelta | None:
        """The offset of a whole wall hour, or None where it changes within that hour or the hour comes twice."""
        start = datetime(year, month, day, hour, tzinfo=self.zone)
        end = start + _HOUR - _MOMENT  # wall arithmetic
        seen = {moment.replace(fold=fold).utcoffset() for moment in (start, end) for fold in (0, 1)}
        return seen.pop() if len(seen) == 1 else None

    def _carefully(self, wall: datetime, text: str) -> datetime:
        instant = wall.replace(tzinfo=self.zone, fold=0).astimezone(UTC)
        if instant.astimezone(self.zone).replace(tzinfo=None) != wall:
            raise _fault(
                f"{text} does not exist in {self.zone.key}: the clocks were put forward over it",
                f"{self.zone.key} 没有 {text} 这个时刻：当时时钟已拨快",
            )
        return instant

    def _slowly(self, text: str) -> tuple[datetime, bool]:
        date, _, clock = text.partition(" ")
        known, since = self._days.get(date), self._clocks.get(clock)
        if known is not None and since is not None:
            return known + since, False
        written, text = text, " ".join(half_width(text).split())
        found = _WRITTEN.fullmatch(text)
        if found is None:
            return self._serial(text)
        year, month, day = int(found["year"]), int(found["month"]), int(found["day"])
        try:
            midnight = datetime(year, month, day)  # noqa: DTZ001 - a wall time
        except ValueError:
            raise _fault(f"there is no day {text}", f"没有“{text}”这一天") from None
        if found["hour"] is None:
            return datetime.combine(midnight, END_OF_DAY), True
        hour = int(found["hour"])
        minute = int(found["minute"] or found["minutes"] or 0)
        second = int(found["second"] or found["seconds"] or 0)
        hour = _of_24(hour, found["half"] or found["after"], text)
        micro = int((found["fraction"] or "").ljust(6, "0")[:6])
        # 24:00 ends the day; any other time past 23:59:59 is none.
        if minute > 59 or second > 59 or hour > 24 or (hour == 24 and (minute or second or micro)):
            raise _fault(f"there is no such time of day: {text}", f"没有这样的时刻：“{text}”")
        since = timedelta(hours=hour, minutes=minute, seconds=second, microseconds=micro)
        offset = found["offset"]
        if offset is not None:
            return _with_offset(midnight + since, offset, text), False
        if written == text and date.removesuffix("日") == text[: found.end("day")]:
            if len(self._days) + len(self._clocks) >= 2 * _CACHED:
                self._days.clear()
                self._clocks.clear()
            self._days[date], self._clocks[clock] = midnight, since
        return midnight + since, False

    def _serial(self, text: str) -> tuple[datetime, bool]:
        if _SERIAL.fullmatch(text):
            if not self.serials:
                raise _fault(
                    "a bare number in a workbook that counts days from 1904: give the column a date format",
                    "该工作簿从 1904 年起计日，无法解读纯数字：请把该列设为日期格式",
                )
            day, _, fraction = text.partition(".")
            wall = EXCEL_EPOCH + timedelta(days=int(day))
            if not int(fraction or 0):
                return datetime.combine(wall, END_OF_DAY), True
            # Excel's own precision ends near a millisecond; without rounding 9:32:09 becomes 9:32:08.999999.
            return wall + timedelta(milliseconds=round(float("0." + fraction) * 86_400_000)), False
        if (bare := _BARE.fullmatch(text)) is not None:
            year, month, day, *clock = bare.groups()
            hour, minute, second = (part or "00" for part in clock)
            time = f" {hour}:{minute}:{second}" if clock[0] else ""
            return self._slowly(f"{year}-{month}-{day}{time}")
        if _YEAR_LAST.fullmatch(text):
            raise _fault(
                "day and month cannot be told apart: write the year first",
                "无法分辨日和月：请把年份写在最前面",
            )
        raise _fault("not a time", "不是可识别的时间")


def _of_24(hour: int, half: str | None, text: str) -> int:
    """The hour of the day, where 上午/下午 or AM/PM may stand beside it."""
    if half is None:
        return hour
    afternoon = half.upper() in ("下午", "PM")
    if hour > 12 and not (afternoon and hour < 24):
        raise _fault(f"there is no such time of day: {text}", f"没有这样的时刻：“{text}”")
    return hour % 12 + 12 * afternoon


def _with_offset(wall: datetime, offset: str, text: str) -> datetime:
    if offset.upper() == "Z":
        return wall.replace(tzinfo=UTC)
    try:
        return datetime.fromisoformat(wall.isoformat() + offset)
    except ValueError:
        raise _fault(f"there is no such offset: {text}", f"没有这样的时区偏移：“{text}”") from None


def _fault(en: str, zh: str) -> ValueFault:
    return ValueFault(Text(en, zh), ALLOWED)
