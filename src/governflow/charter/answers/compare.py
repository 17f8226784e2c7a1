"""What rules said, and in what two answers differ, told in both languages (裁定的表述与比较)."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from governflow.calendars.allowances import Allowance
from governflow.charter.answers.ask import REOPENED, RUNG, PlainAnswer, differing
from governflow.charter.model import Failure, LookAt
from governflow.errors import CalendarError
from governflow.isolation.literals import BUILT_IN
from governflow.masking import clean
from governflow.model.rulings import RecordedRuling, RuleRef
from governflow.model.terms import Form, Kind, Severity, Tier, Urgency
from governflow.policy.stack import Policy
from governflow.reports.localize import Localizer
from governflow.tables import Catalogue
from governflow.text import Text

_ASKED: Mapping[str, Text] = {
    "assess": Text("assess", "定级"),
    "tier": Text("tier", "事项等级"),
    "route": Text("route", "派单去向"),
    "escalate": Text("escalate", "升级"),
}
#: What became of a case is called by its field, or by the moment.
_RESULTS: Mapping[str, Text] = {
    "faults": Text("what fails", "出错情况"),
    "facts": Text("its facts", "要素"),
    "clock": Text("its clocks", "时限"),
    "report": Text("what becomes of it at its report", "上报后的结果"),
    "dispatch": Text("where it is dispatched", "派单后的结果"),
}
#: Of the many rungs that are asked about, so many are told, where it is the ladder that fails; of rulings that differ.
_RUNGS = _APART = 3
_CLOSED = (Severity, Urgency, Kind, Form)


def said(policy: Policy, answer: PlainAnswer) -> tuple[Text, ...]:
    """Tell what the rules said: one sentence a ruling, each with who said it, and what failed."""
    sentences = dict.fromkeys(_said(policy, one) for one in answer.rulings if not one.what.startswith((REOPENED, RUNG)))
    climbing = any(fault.hook == "governflow_escalate" for fault in answer.faults)
    rungs = [_said(policy, one) for one in answer.rulings if climbing and one.what.startswith(RUNG)]
    return (*sentences, *rungs[:_RUNGS], *_failed(answer))


def _failed(answer: PlainAnswer) -> tuple[Text, ...]:
    return tuple(
        Text(f"{fault.where}: {fault.text.en}", f"{fault.source} 的 {fault.hook}：{fault.text.zh}")
        for fault in answer.faults
    )


def voice_of(policy: Policy, lang: str) -> Localizer:
    """Return what says the names of these rules in one language, private words masked."""
    return Localizer(lang, ZoneInfo(policy.zone), policy, clean)


def _said(policy: Policy, one: RecordedRuling) -> Text:
    en, zh = voice_of(policy, "en"), voice_of(policy, "zh")
    about, by = asked_for(policy, one.what), f"{one.rule} of {one.source}" if one.rule else one.source
    return Text(
        f"{about.en}: {_value(one, en)} ({one.reason.en}; {by})",
        f"{about.zh}：{_value(one, zh)}（{one.reason.zh}；{f'{one.source} {one.rule}'.rstrip()}）",
    )


def asked_for(policy: Policy, what: str) -> Text:
    """Return what a ruling was asked for: a question, a clock, a fact that a table derives, or a rung."""
    if what.startswith(REOPENED):
        again = asked_for(policy, what.removeprefix(REOPENED))
        return Text(f"{again.en} after a reopening", f"重开后的{again.zh}")
    kind, _, name = what.partition(":")
    if kind == "fact":
        return Text(voice_of(policy, "en").fact(name), voice_of(policy, "zh").fact(name))
    if kind == "escalate" and name:
        clock, _, rung = name.rpartition(":")
        called = policy.name(clock)
        return Text(f"escalate, {called.en}, rung {rung}", f"升级（“{called.zh}”超时第{rung}级）")
    return _ASKED.get(what) or policy.name(name or kind)


def _value(one: RecordedRuling, voice: Localizer) -> str:
    if one.what.startswith("fact:"):
        return voice.value(one.what.removeprefix("fact:"), one.value)
    return _spoken(one.value, voice)


def _spoken(value: Any, voice: Localizer) -> str:
    if isinstance(value, Mapping):
        lead, form = voice.unit(value["lead"]), voice.form(Form(value["form"]))
        assist = voice.join(map(voice.unit, value.get("assist", ())))
        beside = voice.t(f", assisted by {assist}", f"，协办：{assist}") if assist else ""
        return voice.t(f"{lead} ({form})", f"{lead}（{form}）") + beside
    if isinstance(value, (list, tuple)):
        return voice.join(_spoken(part, voice) for part in value if part is not None)
    word = str(value)
    span = value if isinstance(value, timedelta) else _span(word)
    if span is not None:
        minutes = span // timedelta(minutes=1)
        return voice.t(f"again after {minutes} min", f"{minutes}分钟后再次")
    if word in Tier._value2member_map_:
        return voice.t(word, Tier(word).text.zh)
    for closed in _CLOSED:
        if word in closed._value2member_map_:
            return closed(word).text.say(voice.lang)
    if word in voice.policy.units.units:
        return voice.unit(word)
    try:
        return voice.t(word, Allowance.parse(word).text("zh"))
    except CalendarError:
        return voice.name(word)


def _span(word: str) -> timedelta | None:
    """Read a span of time as it comes from another process (ISO 8601)."""
    try:
        return msgspec.convert(word, timedelta) if word.startswith("P") else None
    except msgspec.ValidationError:
        return None


# --- two answers ------------------------------------------------------------------------------------------------------


def difference(policy: Policy, one: PlainAnswer, other: PlainAnswer) -> tuple[Text, RuleRef | None]:
    """Return about what two answers differ, and the rule and the plugin to look at.

    A hook comes before a table, which answers alike whoever asks, and the locality's own before those below it.
    """
    odd = [fault for fault in (*other.faults, *one.faults) if (fault in one.faults) != (fault in other.faults)]
    if odd:
        return _RESULTS["faults"], odd[0].where
    given = [(what, ruling) for what, before, after in _unlike(one, other) for ruling in (*after, *before)]
    if given:
        what, ruling = min(given, key=lambda pair: _suspicion(policy, pair[1]))
        return asked_for(policy, what), ruling.ref
    field = next(differing(one.results, other.results), None)
    if field is None:
        return Text("what becomes of it", "结果"), None
    name, _, moment = field.partition("@")
    return _RESULTS.get(name.partition(":")[0]) or _RESULTS[moment], None


def _suspicion(policy: Policy, ruling: RecordedRuling) -> tuple[bool, bool, int]:
    layers = [layer.source for layer in policy.layers]
    name, _, rule = ruling.rule.partition("/")
    table = dict(policy.tables).get(ruling.source, {}).get(name)
    of_a_table = isinstance(table, Catalogue) or (table is not None and any(one.id == rule for one in table.rules))
    place = layers.index(ruling.source) if ruling.source in layers else len(layers)
    return ruling.source in BUILT_IN, of_a_table, place


def contrast(policy: Policy, one: PlainAnswer, other: PlainAnswer) -> tuple[Text, ...]:
    """Tell only in what two answers differ: what was said before, and what was said after."""
    # What follows from a ruling, rung by rung and again after a reopening, says nothing new.
    unlike = sorted(_unlike(one, other), key=lambda found: found[0].startswith((REOPENED, RUNG)))
    first = [found for found in unlike if not found[0].startswith((REOPENED, RUNG))] or unlike[:1]
    lines = [
        (mark, _said(policy, ruling))
        for _, before, after in first[:_APART]
        for mark, rulings in ((_BEFORE, before), (_AFTER, after))
        for ruling in rulings
    ]
    was, now = _failed(one), _failed(other)
    lines += [(_BEFORE, fault) for fault in was if fault not in now]
    lines += [(_AFTER, fault) for fault in now if fault not in was]
    if not lines:
        lines = [(mark, line) for mark, side in ((_BEFORE, one), (_AFTER, other)) for line in _clocks(policy, side)]
    return tuple(Text(f"{mark.en}: {line.en}", f"{mark.zh}：{line.zh}") for mark, line in lines)


def answered_otherwise(
    policy: Policy, one: PlainAnswer, other: PlainAnswer, asked: Text, mend: Text, look_at: LookAt | None = None
) -> Failure:
    """Tell that a case was answered otherwise; ``asked`` begins the sentence: how they were asked, and who answers.

    Where no ruling differs, ``look_at`` says where to look.
    """
    what, where = difference(policy, one, other)
    sentence = Text(f"{asked.en} this case differently ({what.en})", f"{asked.zh}该事项的裁定不同（{what.zh}）")
    return Failure(sentence, other.reported_case, contrast(policy, one, other), where or look_at, mend)


_BEFORE, _AFTER = Text("before", "之前"), Text("after", "之后")


def _clocks(policy: Policy, answer: PlainAnswer) -> Iterator[Text]:
    """Return when each clock is due, after the dispatch where there was one."""
    due = {name.partition("@")[::2]: value for name, value in answer.results.items() if ":due@" in name}
    last = max((moment for _, moment in due), key=("report", "dispatch").index, default="")
    for (field, moment), value in due.items():
        if moment == last:
            name = policy.name(field.removeprefix("clock:").removesuffix(":due"))
            at = datetime.fromisoformat(str(value)).astimezone(ZoneInfo(policy.zone))
            yield Text(f"{name.en}: due {at:%Y-%m-%d %H:%M}", f"{name.zh}：截止 {at:%Y-%m-%d %H:%M}")


def _unlike(one: PlainAnswer, other: PlainAnswer) -> Iterator[tuple[str, list[RecordedRuling], list[RecordedRuling]]]:
    """Return what was asked and answered otherwise, in the order of asking, with the rulings that only one has."""
    for what in dict.fromkeys(ruling.what for ruling in (*one.rulings, *other.rulings)):
        before = [(_plain(ruling), ruling) for ruling in one.rulings if ruling.what == what]
        after = [(_plain(ruling), ruling) for ruling in other.rulings if ruling.what == what]
        if [plain for plain, _ in before] != [plain for plain, _ in after]:
            gone = [ruling for plain, ruling in before if plain not in dict(after)]
            come = [ruling for plain, ruling in after if plain not in dict(before)]
            yield what, gone or [ruling for _, ruling in before], come or [ruling for _, ruling in after]


def _plain(ruling: RecordedRuling) -> bytes:
    """Write a ruling down: one that comes from another process holds words where this one holds spans and the like."""
    return msgspec.json.encode(ruling, order="deterministic")
