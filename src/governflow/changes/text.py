"""How one change is told (变更的表述): what it is about, its values and its case, in the reader's language."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import msgspec

from governflow.changes.compare import Changes, layers
from governflow.changes.of_code import clock_of
from governflow.changes.of_tables import Layers
from governflow.changes.rows import ChangeGroup
from governflow.charter.lives.simulation import ADVANCE, FAIL, MEND, MUSTER, OUTAGE, REASSESS, SWITCH
from governflow.charter.report.text import case_in_words
from governflow.errors import PolicyError
from governflow.masking import clean
from governflow.model.terms import FORMS, Form, Kind, Mode, Severity, Tier, Urgency
from governflow.model.units import OrgChart, Unit
from governflow.policy.codes import ROOT
from governflow.policy.registry import Localities
from governflow.reports.format import allowance_text
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
    "at": Text("moment", "时间"),
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
#: So many steps of a life are named.
_STEPS_SAID = 6
_Sayer = Callable[[Localizer, Any], str]
#: What was looked at, with the Chinese measure word.
NOUNS: Mapping[str, Text] = {
    "exact": Text("exactly", "处"),
    "cases": Text("cases", "例"),
    "lives": Text("lives", "个全程"),
    "questions": Text("questions", "问"),
}


def localizer(lang: str, rules: Rules, layers: Layers) -> Localizer:
    """Return a localizer with the names and units of a side, which may have been asked in another process."""
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
    """Says one comparison in one language, by the names that either side gives."""

    def __init__(self, changes: Changes, lang: str) -> None:
        both = [*layers(changes.new), *layers(changes.old)]
        self.changes, self.lang = changes, lang
        self.old, self.new = (localizer(lang, rules, both) for rules in (changes.old, changes.new))
        self.t = self.new.t

    def what(self, what: str) -> str:
        """Return what changes, by the name of its row: ``solve: time allowed``."""
        head, _, rest = what.partition(":")
        if head == "reopened":
            part = f"{rest}:allowance" if rest.startswith("clock:") else rest
            return self._colon(self.t("after a reopening", "重新办理时"), self.what(part))
        if head == "clock":
            name, part = clock_of(what)
            return self._colon(self._named(name), self._part(part))
        if head == "escalate":
            name, part = clock_of(what)
            step = f"{int(part) + 1}" if part.isdigit() else ""
            rung = self.t(f"step {step}", f"第{step}级") if step else self.t("a step", "升级")
            return self._colon(self._named(name), rung)
        if head == "may":
            action, _, who = rest.partition("|")
            return self._colon(self._named(action), self._who(who))
        if head in ("states", "ends", "way", "at"):
            return self._colon(self._named(rest), self._part(head))
        if head == "week":
            return _DAYS[rest].say(self.lang)
        if head == "shifts":
            return self.t(f"hours on {rest}", f"{rest} 工作时间")
        if head == "unit" and rest:
            return self._colon(self.t("units", "单位"), self.new.kind(rest))
        if head in ("merit", "word"):
            return rest
        if head.startswith("of ") and head != "of unit":
            return self._colon(self._named(head.removeprefix("of ")), self._part(rest))
        return self._part(rest or head)

    def values(self, row: ChangeGroup) -> tuple[str, str]:
        """Return what it was and what it is, in words."""
        return _value(self.old, row.what, row.old), _value(self.new, row.what, row.new)

    def ruled(self, row: ChangeGroup) -> Iterator[str]:
        """Return what it was and what it is, each with the rule that says so."""
        for said, rule in zip(self.values(row), (row.by_old, row.by_new), strict=True):
            by = rule.say(self.lang) if rule is not None else ""
            yield said + (self.t(f"\n[{by}]", f"\n〔{by}〕") if by else "")

    def brief(self, row: ChangeGroup) -> str:
        """Say a row in a few words, without its rules: ``handle: time allowed, 30 minutes → 45 minutes``."""
        return self.what(row.what) + self.t(", ", "，") + " → ".join(self.values(row))

    def number(self, row: ChangeGroup) -> str:
        """Return how many differ so, of how many, and for how many other changes the row stands."""
        noun = NOUNS[row.tried]
        number = self.t(f"{row.count:,} of {row.of:,} {noun.en}", f"{row.count}／{row.of}{noun.zh}")
        if row.tried == "exact":
            number = self.t(f"{row.count} (exact)", f"{row.count}（穷尽）")
        if not row.others:
            return number
        plural = "" if row.others == 1 else "s"
        others = self.t(f"and {row.others} other change{plural} of this sort", f"另有{row.others}种同类变化")
        return f"{number}\n{others}"

    def example(self, row: ChangeGroup) -> str:
        """Say the smallest case that shows it."""
        case = dict(row.example)
        unit, clock, steps, after = (case.pop(name, None) for name in ("unit", "clock", "steps", "after"))
        if unit is not None:
            name = (self.new if unit in self.new.policy.units.units else self.old).unit(unit)
            return self.t(f"{name} ({unit})", f"{name}（{unit}）")
        if clock is not None:
            return self._named(clock) + self.t(", ", "，") + Mode(case["mode"]).text.say(self.lang)
        if row.tried == "exact":
            return ""
        said = case_in_words(case, self.new) or self.t("a plain case", "一般事项")
        if steps is not None:
            said += self._done([do for _, do, _ in steps if do != ADVANCE])
        return said + self._after(after) if after is not None else said

    def _done(self, steps: Sequence[str]) -> str:
        """Say what was done in a life."""
        if not steps:
            return self.t("; nobody acts", "；无人办理")
        done = [_STEPS[do].say(self.lang) if do in _STEPS else self._named(do) for do in steps[:_STEPS_SAID]]
        more = "…" if len(steps) > _STEPS_SAID else ""
        return self.t("; then: ", "；经过：") + self.new.join(done) + more

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
        return (self.new if word in self.new.policy.names else self.old).name(word)

    def _who(self, who: str) -> str:
        if who in _WHO:
            return _WHO[who].say(self.lang)
        place, _, kind = who.partition(":")
        name = self.new.kind(kind)
        if place == "near":
            return self.t(f"the {name} around it", f"属地{name}")
        return self.t(f"another {name}", f"其他{name}")


# --- values -----------------------------------------------------------------------------------------------------------


def _value(side: Localizer, what: str, value: Any) -> str:
    """Say a value by what it is a value of, with the names of the side that gave it."""
    head, _, rest = what.partition("@")[0].removeprefix("reopened:").partition(":")
    if head == "clock":
        head = rest.rpartition(":")[2] if ":" in rest else "allowance"
    if value is None or value == []:
        return side.t("none", "无")
    return _SAYERS.get(head, _plain)(side, value)


def _climb(side: Localizer, value: Any) -> str:
    if not isinstance(value, list):
        return _plain(side, value)
    kind, to, form, *again = value
    said = side.pair(Kind(kind).text, side.unit(to))
    if form is not None:
        said += side.t(", ", "，") + side.form(Form(form))
    if again and again[0] is not None:
        gap = _gap(side, again[0])
        said += side.t(f"; next after {gap}", f"；{gap}后再升级")
    return said


def _gap(side: Localizer, written: str) -> str:
    """Say a length of time as msgspec writes it, ``PT1800S`` or ``P1DT60S``, by its largest whole unit."""
    minutes = round(msgspec.convert(written, timedelta) / timedelta(minutes=1))
    size, unit = next((size, unit) for size, unit in ((1440, "d"), (60, "h"), (1, "min")) if minutes % size == 0)
    return allowance_text(f"{minutes // size}{unit}", side.lang)


def _way(side: Localizer, value: Sequence[Any]) -> str:
    source, action, target, guard, cycle = value
    held = f" [{guard[0]} = {guard[1]}]" if guard else ""
    again = side.t(" (a new cycle)", "（重新计时）") if cycle else ""
    return f"{side.name(source)} – {side.name(action)}{held} → {side.name(target)}{again}"


def _merit(side: Localizer, value: Sequence[Any]) -> str:
    said = []
    for holder, points, days in value:
        lasts = side.t("for good", "长期") if days is None else side.t(f"{days} days", f"{days}天")
        said.append(side.t(f"{points:+d} ({side.name(holder)}, {lasts})", f"{points:+d}分，{lasts}"))
    return side.join(said)


def _plain(side: Localizer, value: Any) -> str:
    if isinstance(value, dict) and {"en", "zh"} <= value.keys():
        return str(value[side.lang])
    if isinstance(value, list):
        return side.join(_plain(side, one) for one in value)
    if isinstance(value, dict):
        return side.join(f"{name} {_plain(side, one)}" for name, one in value.items() if one not in (None, []))
    if isinstance(value, str) and value in FORMS:
        return side.form(Form(value))
    if isinstance(value, str) and value in side.policy.units.units:
        return side.unit(value)
    return side.name(value) if isinstance(value, str) else str(value)


_SAYERS: Mapping[str, _Sayer] = {
    "severity": lambda side, value: Severity(value).text.say(side.lang),
    "urgency": lambda side, value: Urgency(value).text.say(side.lang),
    "tier": lambda side, value: Tier(value).text.say(side.lang),
    "form": lambda side, value: side.form(Form(value)),
    **dict.fromkeys(("unit", "intake"), Localizer.unit),
    **dict.fromkeys(("states", "ends", "state", "lifecycles", "lifecycle"), Localizer.name),
    **dict.fromkeys(("allowance", "extension"), lambda side, value: allowance_text(value, side.lang)),
    **dict.fromkeys(("due", "at"), lambda side, value: side.when(datetime.fromisoformat(value))),
    **dict.fromkeys(("starts", "stops"), lambda side, value: side.join(map(side.name, value))),
    **dict.fromkeys(("week", "shifts"), lambda side, value: side.join(map("–".join, value))),
    **dict.fromkeys(("word", "name"), lambda side, value: Text(*value).say(side.lang)),
    "assist": lambda side, value: side.join(map(side.unit, value)),
    "assess": lambda side, value: side.join(
        (Severity(value[0]).text.say(side.lang), Urgency(value[1]).text.say(side.lang))
    ),
    "event": lambda side, value: side.name(value).replace("_", " "),
    "may": lambda side, value: _ANSWERS[value].say(side.lang),
    "refused": lambda side, value: side.t("refused: ", "不予受理：") + _plain(side, value),
    "escalate": _climb,
    "way": _way,
    "merit": _merit,
}
