"""How one change is told (变更的表述): what it is about, its values and its case, in the reader's language."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from governflow.calendars.allowances import Allowance
from governflow.changes.compare import Changes
from governflow.changes.of_code import clock_of
from governflow.changes.of_tables import Layers
from governflow.changes.rows import Row
from governflow.charter.lives.simulation import ADVANCE, FAIL, MEND, MUSTER, OUTAGE, REASSESS, SWITCH
from governflow.charter.report.text import told_case
from governflow.errors import CalendarError, PolicyError
from governflow.masking import clean
from governflow.model.clocks import PROMISED
from governflow.model.terms import FORMS, Form, Kind, Mode, Severity, Tier, Urgency
from governflow.model.units import OrgChart, Unit
from governflow.policy.codes import ROOT
from governflow.policy.registry import Localities
from governflow.reports.localize import Localizer
from governflow.text import Text

Rules = Mapping[str, Any]

_DAYS: Mapping[str, Text] = {
    "mon": Text("Monday", "星期一"),
    "tue": Text("Tuesday", "星期二"),
    "wed": Text("Wednesday", "星期三"),
    "thu": Text("Thursday", "星期四"),
    "fri": Text("Friday", "星期五"),
    "sat": Text("Saturday", "星期六"),
    "sun": Text("Sunday", "星期日"),
}
_PARTS: Mapping[str, Text] = {
    "assess": Text("severity and urgency", "严重程度、紧急程度"),
    "severity": Text("severity", "严重程度"),
    "urgency": Text("urgency", "紧急程度"),
    "tier": Text("tier", "事项等级"),
    "unit": Text("unit", "单位"),
    "form": Text("form", "办理方式"),
    "assist": Text("assisting units", "协办单位"),
    "lifecycle": Text("lifecycle", "流程"),
    "state": Text("state", "状态"),
    "refused": Text("report", "上报"),
    "allowance": Text("time allowed", "时限"),
    "starts": Text("begins with", "起算"),
    "stops": Text("ends with", "止算"),
    "traits": Text("kind of clock", "计时性质"),
    "extension": Text("longest extension", "最长延期"),
    "due": Text("due moment", "截止时刻"),
    "event": Text("what happens", "发生"),
    "faults": Text("fault", "故障"),
    "broken": Text("fault", "故障"),
    "lifecycles": Text("lifecycle", "流程"),
    "states": Text("state", "状态"),
    "ends": Text("end", "终点"),
    "way": Text("way", "通路"),
    "holiday": Text("holiday", "节假日"),
    "zone": Text("zone", "时区"),
    "coverage": Text("days that the list of holidays speaks for", "节假日安排覆盖的日期"),
    "beyond": Text("beyond the list of holidays", "超出节假日安排"),
    "intake": Text("intake", "受理平台"),
    "above": Text("rules above", "上级规则"),
    "name": Text("name", "名称"),
    "level": Text("level", "层级"),
    "parent": Text("unit above", "上级单位"),
    "forms": Text("stands for the forms", "办理方式"),
    "roles": Text("roles", "角色"),
    "kind": Text("kind", "类别"),
}
_WHO: Mapping[str, Text] = {
    "nobody": Text("nobody in particular", "未注明经办人"),
    "requester": Text("whoever asked", "诉求人"),
    "without a unit": Text("somebody without a unit", "无单位人员"),
    "holder": Text("the holder", "承办单位"),
    "assisting": Text("an assisting unit", "协办单位"),
}
_ANSWERS: Mapping[str, Text] = {
    "allowed": Text("allowed", "可以"),
    "refused": Text("refused", "不可以"),
    "fails": Text("the rule fails", "规则故障"),
}
#: What a life may do beside the actions of its lifecycle.
_STEPS: Mapping[str, Text] = {
    SWITCH: Text("switch of the mode", "平急转换"),
    MUSTER: Text("check in at the muster", "集结报到"),
    OUTAGE: Text("outage", "系统停运"),
    REASSESS: Text("reassess", "重新研判"),
    FAIL: Text("a rule fails", "规则故障"),
    MEND: Text("the rule is mended", "规则修复"),
}
_CLOSED: Mapping[str, Any] = {"severity": Severity, "urgency": Urgency, "tier": Tier, "form": Form}
_NONE = Text("none", "无")
#: What was looked at, with the Chinese measure word.
NOUNS: Mapping[str, Text] = {
    "exact": Text("exactly", "处"),
    "cases": Text("cases", "例"),
    "lives": Text("lives", "个全程"),
    "questions": Text("questions", "问"),
}


def localizer(lang: str, rules: Rules, layers: Layers) -> Localizer:
    """Return a localizer with the names and units of a side, which may have been asked in another process.

    Args:
        lang: ``"zh"`` or ``"en"``.
        rules: What the side is in itself.
        layers: Whose columns name facts.
    """
    policy = Localities().policy(ROOT)
    names = {word: Text(*pair) for word, pair in rules["names"].items()}
    policy = attrs.evolve(policy, names=names, units=_chart(rules) or policy.units)
    return Localizer(lang, ZoneInfo(rules["zone"]), policy, clean, layers)


def _chart(rules: Rules) -> OrgChart | None:
    units = [
        Unit(
            name,
            Text(*one["name"]),
            one["level"],
            one["parent"],
            tuple(Form(form) for form in one["forms"]),
            frozenset(one["roles"]),
            one["kind"],
        )
        for name, one in rules["units"].items()
    ]
    try:
        return OrgChart.of(units, intake=rules["intake"])
    except PolicyError:  # a chart that a plugin made in another way than ours: its units are called by their ids
        return None


class Teller:
    """Says the rows of one comparison in one language.

    Args:
        changes: The comparison.
        lang: ``"zh"`` or ``"en"``.
        layers: The tables of both sides: their columns name facts.
    """

    def __init__(self, changes: Changes, lang: str, layers: Layers) -> None:
        self.lang = lang
        self.old, self.new = (localizer(lang, rules, layers) for rules in (changes.old, changes.new))

    def t(self, en: str, zh: str) -> str:
        """Say a text of our own."""
        return en if self.lang == "en" else zh

    def what(self, row: Row) -> str:
        """Return what of it changes: ``solve: time allowed``."""
        return self._what(row.what)

    def _what(self, what: str) -> str:
        head, _, rest = what.partition(":")
        if head == "reopened":
            part = f"{rest}:allowance" if rest.startswith("clock:") else rest
            return self._colon(self.t("after a reopening", "重新办理时"), self._what(part))
        if head in ("clock", "escalate"):
            name, part = clock_of(what)
            clock = self._named(name)
            if head == "clock":
                return self._colon(clock, self._part(part))
            rung = (
                self.t(f"step {int(part) + 1}", f"第{int(part) + 1}级") if part.isdigit() else self.t("a step", "升级")
            )
            return self._colon(clock, rung)
        if head == "may":
            action, _, who = rest.partition("|")
            return self._colon(self._named(action), self._who(who))
        if head in ("states", "ends", "way"):
            return self._colon(self._named(rest), self._part(head))
        if head == "week":
            return _DAYS[rest].say(self.lang)
        if head == "shifts":
            return self.t(f"hours on {rest}", f"{rest} 工作时间")
        if head == "unit" and rest:
            return self.t(f"units: {self.new.kind(rest)}", f"单位：{self.new.kind(rest)}")
        if head == "merit":
            return rest
        if head == "at":
            return self._colon(self._named(rest), self.t("moment", "时间"))
        if head == "word":
            return rest
        if head.startswith("of ") and head != "of unit":
            event = self._named(head.removeprefix("of "))
            return self._colon(event, self._part(rest))
        return self._part(rest or head)

    def value(self, row: Row, value: Any, *, new: bool) -> str:
        """Return what it was, or what it is, and which rule says so.

        Args:
            row: The row.
            value: Its old or its new value.
            new: Which side's names are meant.
        """
        said = self._value(row.what, value, self.new if new else self.old)
        rule = row.by_new if new else row.by_old
        if rule is None:
            return said
        return "\n".join([said, self.t(f"[{rule.say('en')}]", f"〔{rule.say('zh')}〕")])

    def brief(self, row: Row) -> str:
        """Say a row in a few words, without its rules: ``handle: time allowed, 30 minutes → 45 minutes``."""
        was, now = self._value(row.what, row.old, self.old), self._value(row.what, row.new, self.new)
        return f"{self.what(row)}{self.t(', ', '，')}{was} → {now}"

    def others(self, row: Row) -> str:
        """Say that a row stands for more than it shows."""
        if not row.others:
            return ""
        plural = "" if row.others == 1 else "s"
        return self.t(f"and {row.others} other change{plural} of this sort", f"另有{row.others}种同类变化")

    def number(self, row: Row) -> str:
        """Return how many differ so, of how many."""
        if row.tried == "exact":
            return self.t(f"{row.count} (exact)", f"{row.count}（穷尽）")
        noun = NOUNS[row.tried]
        return self.t(f"{row.count:,} of {row.of:,} {noun.en}", f"{row.count}／{row.of}{noun.zh}")

    def example(self, row: Row) -> str:
        """Say the smallest case that shows it."""
        told = dict(row.example)
        after = told.pop("after", None)
        unit, clock = told.pop("unit", None), told.pop("clock", None)
        if unit is not None:
            side = self.new if unit in self.new.policy.units.units else self.old
            return f"{side.unit(unit)} ({unit})" if self.lang == "en" else f"{side.unit(unit)}（{unit}）"
        if clock is not None:
            mode = Mode(told["mode"]).text.say(self.lang)
            return self.t(f"{self._named(clock)}, {mode}", f"{self._named(clock)}，{mode}")
        if row.tried == "exact":
            return ""
        steps = told.pop("steps", None)
        said = told_case(told, self.new) or self.t("a plain case", "一般事项")
        if steps is not None:
            done = [
                _STEPS[do].say(self.lang) if do in _STEPS else self._named(do) for _, do, _ in steps if do != ADVANCE
            ]
            if done:
                said += (
                    self.t("; then: ", "；经过：") + self.t(", ", "、").join(done[:6]) + ("…" if len(done) > 6 else "")
                )
            else:
                said += self.t("; nobody acts", "；无人办理")
        return said + self._after(after) if after is not None else said

    def _after(self, moment: str) -> str:
        """Say at which moment of a case somebody asked whether they may."""
        if moment == "late":
            return self.t("; a day and a half after nobody acted, by night", "；一天半无人办理之后的夜间")
        held, _, kind = moment.partition(":")
        if held == "held":
            return self.t(f"; held by: {self.new.kind(kind)}", f"；承办单位为{self.new.kind(kind)}")
        return self.t(f"; after: {self._named(moment)}", f"；{self._named(moment)}之后")

    # --- names ----------------------------------------------------------------------------------------------------

    def _colon(self, one: str, two: str) -> str:
        return f"{one}{self.t(': ', '：')}{two}"

    def _part(self, name: str) -> str:
        plain, _, moment = name.partition("@")
        known = _PARTS[plain].say(self.lang) if plain in _PARTS else self.new.fact(plain)
        return known + self.t(" (at report)", "（上报时）") if moment == "report" else known

    def _named(self, word: str) -> str:
        side = self.new if word in self.new.policy.names else self.old
        return side.name(word)

    def _who(self, who: str) -> str:
        if who in _WHO:
            return _WHO[who].say(self.lang)
        place, _, kind = who.partition(":")
        if place == "near":
            return self.t(f"the {self.new.kind(kind)} around it", f"属地{self.new.kind(kind)}")
        return self.t(f"another {self.new.kind(kind)}", f"其他{self.new.kind(kind)}")

    def _value(self, what: str, value: Any, side: Localizer) -> str:
        head, _, rest = what.partition("@")[0].removeprefix("reopened:").partition(":")
        if head == "clock" and ":" not in rest:
            rest = f"{rest}:allowance"
        last = rest.rpartition(":")[2] if head == "clock" else head
        if value is None or value == []:
            return _NONE.say(self.lang)
        say = self._sayers().get(last)
        return say(value, side) if say is not None else self._plain(value, side)

    def _sayers(self) -> Mapping[str, Callable[[Any, Localizer], str]]:
        return {
            **{name: self._member(closed) for name, closed in _CLOSED.items()},
            "unit": lambda value, side: side.unit(value),
            "intake": lambda value, side: side.unit(value),
            "assist": lambda value, side: side.join(map(side.unit, value)),
            "allowance": lambda value, side: self._allowance(value),
            "extension": lambda value, side: self._allowance(value),
            "due": lambda value, side: side.when(datetime.fromisoformat(value)),
            "at": lambda value, side: side.when(datetime.fromisoformat(value)),
            "starts": lambda value, side: side.join(map(side.name, value)),
            "stops": lambda value, side: side.join(map(side.name, value)),
            "assess": lambda value, side: side.join(
                (Severity(value[0]).text.say(self.lang), Urgency(value[1]).text.say(self.lang))
            ),
            "escalate": self._climb,
            "way": self._way,
            "states": lambda value, side: side.name(value),
            "ends": lambda value, side: side.name(value),
            "state": lambda value, side: side.name(value),
            "lifecycles": lambda value, side: side.name(value),
            "lifecycle": lambda value, side: side.name(value),
            "event": lambda value, side: side.name(value).replace("_", " "),
            "may": lambda value, side: _ANSWERS[value].say(self.lang),
            "merit": self._merit,
            "week": self._windows,
            "shifts": self._windows,
            "refused": lambda value, side: self.t("refused: ", "不予受理：") + Text(**value).say(self.lang),
            "word": lambda value, side: Text(*value).say(self.lang),
            "name": lambda value, side: Text(*value).say(self.lang),
        }

    def _member(self, closed: Any) -> Callable[[Any, Localizer], str]:
        return lambda value, side: str(closed(value).text.say(self.lang))

    def _allowance(self, written: str) -> str:
        if written == PROMISED:
            return self.t("promised date", "承诺日期")
        try:
            return Allowance.parse(written).text(self.lang)
        except CalendarError:
            return written

    def _climb(self, value: Any, side: Localizer) -> str:
        if not isinstance(value, list):
            return self._plain(value, side)
        kind, to, form, *again = value
        said = Kind(kind).text.say(self.lang) + self.t(": ", "：") + side.unit(to)
        if form is not None:
            said += self.t(f", {Form(form).text.en}", f"，{Form(form).text.zh}")
        if again and again[0] is not None:
            said += self.t(f"; next after {_span(again[0]).en}", f"；{_span(again[0]).zh}后再升级")
        return said

    def _way(self, value: Sequence[Any], side: Localizer) -> str:
        source, action, target, guard, cycle = value
        held = f" [{guard[0]} = {guard[1]}]" if guard else ""
        again = self.t(" (a new cycle)", "（重新计时）") if cycle else ""
        return f"{side.name(source)} – {side.name(action)}{held} → {side.name(target)}{again}"

    def _merit(self, value: Sequence[Any], side: Localizer) -> str:
        said = []
        for holder, points, days in value:
            lasts = self.t("for good", "长期") if days is None else self.t(f"{days} days", f"{days}天")
            said.append(
                f"{points:+d} ({side.name(holder)}, {lasts})" if self.lang == "en" else f"{points:+d}分，{lasts}"
            )
        return side.join(said)

    def _windows(self, value: Sequence[Sequence[str]], side: Localizer) -> str:
        return side.join(f"{start}–{end}" for start, end in value)

    def _plain(self, value: Any, side: Localizer) -> str:
        if isinstance(value, dict) and {"en", "zh"} <= value.keys():
            return str(value[self.lang])
        if isinstance(value, list):
            return side.join(self._plain(one, side) for one in value)
        if isinstance(value, dict):
            return side.join(f"{name} {self._plain(one, side)}" for name, one in value.items() if one not in (None, []))
        if isinstance(value, str) and value in FORMS:
            return Form(value).text.say(self.lang)
        if isinstance(value, str) and value in side.policy.units.units:
            return side.unit(value)
        return side.name(value) if isinstance(value, str) else str(value)


def _span(written: str) -> Text:
    """Say a length of time as msgspec writes it: ``PT1800S``, ``P1DT60S``."""
    days, _, seconds = written.removeprefix("P").partition("T")
    length = timedelta(days=float(days.removesuffix("D") or 0), seconds=float(seconds.removesuffix("S") or 0))
    minutes = round(length.total_seconds() / 60)
    if minutes % 1440 == 0:
        number = minutes // 1440
        return Text(f"{number} day{'' if number == 1 else 's'}", f"{number}天")
    if minutes % 60 == 0:
        number = minutes // 60
        return Text(f"{number} hour{'' if number == 1 else 's'}", f"{number}小时")
    return Text(f"{minutes} minutes", f"{minutes}分钟")
