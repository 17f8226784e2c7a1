"""One case, one book (一事一册): everything that happened to a case, as a person reads it.

    dossier = compile(engine, case.id, lang="zh", personal=False)
    render_text(dossier, Console())         # `governflow.pages.render_html` makes the printable page

A dossier is data: built once, in one language, with every moment in the case's own zone. Personal data are left out
before anything is rendered: without ``personal`` the requester is withheld, the names and numbers that the case knows
of are masked wherever they appear, and so is whatever looks like a telephone number, an identity number or an address
of electronic mail. Better one harmless number too many than one resident named.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from governflow.allowances import Allowance
from governflow.case import Case, evolve
from governflow.clocks import PROMISED, Clock, Decided
from governflow.engine import Engine
from governflow.events import REQUESTER, Event
from governflow.lifecycle import BASE, START
from governflow.pages import deadline, render_text, spoken
from governflow.policy import Policy
from governflow.reports import exemption
from governflow.terms import Cause, Exempt, Kind, Mode, Outcome, Verdict
from governflow.text import Text

__all__ = ["ClockLine", "Dossier", "Fact", "Reason", "Said", "Step", "compile", "masker", "render_text"]

MASK = "***"


@attrs.frozen
class Fact:
    """One line of a form.

    Args:
        name: What it is, for programs.
        label: What it is, for readers.
        value: What it says.
    """

    name: str
    label: str
    value: str


@attrs.frozen
class Reason:
    """Why something was done.

    Args:
        text: The reason in words.
        rule: The id of the rule; empty where no rule was asked.
        source: The plugin that ruled.
    """

    text: str
    rule: str = ""
    source: str = ""


@attrs.frozen
class Step:
    """One thing that happened, or the same thing several times in a row.

    Args:
        seq: The number of its event in the case's book.
        at: When, in the case's zone.
        kind: What, for programs.
        what: What, for readers.
        by: Who did it.
        unit: The unit responsible for the case afterwards.
        details: What changed, one sentence each.
        words: What was said, one remark, reason or answer each.
        reasons: Why, and by which rule.
        times: How often it happened in a row.
        last: The number of its last event.
        until: When it happened last.
    """

    seq: int
    at: datetime
    kind: str
    what: str
    by: str
    unit: str
    details: tuple[str, ...]
    words: tuple[str, ...]
    reasons: tuple[Reason, ...]
    times: int
    last: int
    until: datetime

    @property
    def number(self) -> str:
        """The number of its event, or the first and the last."""
        return str(self.seq) if self.last == self.seq else f"{self.seq}–{self.last}"


@attrs.frozen
class ClockLine:
    """One clock in one cycle. Moments are in the case's zone.

    Args:
        name: Its name, for programs.
        label: Its name with the cycle where it is not the first, for readers.
        cycle: 1 for the first of its name, then 2, ...
        allowance: How long it may run, in words.
        started: When it began.
        due: When it had to be stopped at the latest.
        original: The due time before the first extension.
        warned: When its warning was given.
        stopped: When it ended; None while it is unfinished.
        outcome: What became of it.
        result: What became of it, in words.
        exempt: Why its breach does not count, in words; empty if it does.
        pauses: When it was paused; the last one has no end while it lasts.
    """

    name: str
    label: str
    cycle: int
    allowance: str
    started: datetime
    due: datetime
    original: datetime | None
    warned: datetime | None
    stopped: datetime | None
    outcome: Outcome
    result: str
    exempt: str
    pauses: tuple[tuple[datetime, datetime | None], ...]


@attrs.frozen
class Said:
    """Something that was told to somebody, or judged by somebody.

    Args:
        at: When, in the case's zone.
        what: What it is: answer, reason of the refusal, verdict.
        text: The words.
    """

    at: datetime
    what: str
    text: str


@attrs.frozen
class Dossier:
    """One case, one book; build it with `compile`.

    Args:
        lang: The language that it is written in.
        id: The case's id.
        locality: The locality's name.
        zone: The zone of all its moments.
        state: The state that the case is in, in words.
        ended: Whether the case needs no further work.
        personal: Whether it holds personal data.
        facts: The head of the form.
        requester: Who asked, or why that is not said.
        request: What was asked, in the words of the one who asked.
        steps: Everything that happened, in the order of the book.
        clocks: Every clock, in the order in which they started.
        answers: What the one who asked was answered.
        verdicts: How the result was judged.
        judged: The last verdict in one line, or that there is none.
        until: The moment up to which the book tells.
        events: The number of events in the book.
    """

    lang: str
    id: str
    locality: str
    zone: str
    state: str
    ended: bool
    personal: bool
    facts: tuple[Fact, ...]
    requester: tuple[Fact, ...]
    request: str
    steps: tuple[Step, ...]
    clocks: tuple[ClockLine, ...]
    answers: tuple[Said, ...]
    verdicts: tuple[Said, ...]
    judged: str
    until: datetime
    events: int

    @property
    def title(self) -> str:
        """What stands on the cover."""
        return Text(f"One case, one book · Case {self.id}", f"一事一册 · 事项 {self.id}").say(self.lang)


def compile(engine: Engine, case_id: str, *, lang: str, personal: bool) -> Dossier:
    """Gather everything that a store knows about a case.

    Args:
        engine: The engine; nothing in it is changed.
        case_id: The case.
        lang: ``"zh"`` or ``"en"``.
        personal: Whether personal data may be shown to the reader; who may see them is for the caller to decide.

    Returns:
        The dossier.

    Raises:
        UnknownCase: If there is no such case.
    """
    return _Scribe(engine, case_id, lang, personal).dossier()


# --- personal data ----------------------------------------------------------------------------------------------------

_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_SEP = r"[-\s.·]?"
_PRIVATE = re.compile(
    "|".join(
        [
            r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+",  # electronic mail
            rf"(?<!\d)\d{{6}}{_SEP}(?:19|20)\d\d{_SEP}\d{{4}}{_SEP}\d{{3}}[\dXx](?!\d)",  # 居民身份证 in groups
            r"(?<!\d)(?:\d{17}[\dXx]|\d{15,19})(?!\d)",  # 身份证, old ones of 15 digits, bank cards
            rf"(?<!\d)(?:\+?86{_SEP})?1[3-9](?:{_SEP}\d){{9}}(?!\d)",  # 手机
            # 座机, with an extension if there is one
            rf"(?<!\d)(?:\+?86{_SEP})?\(?0\d{{2,3}}\)?{_SEP}\d{{3,4}}{_SEP}\d{{4}}(?:\s*(?:转|-)\s*\d{{1,6}})?(?!\d)",
            r"(?<=电话)[:是为\s]*\d{3,4}-?\d{4}(?!\d)|(?<=座机)[:是为\s]*\d{3,4}-?\d{4}(?!\d)",  # without an area code
            r"\+\d(?:[-\s.()]{0,2}\d){7,14}(?!\d)|(?<!\d)\(?\d{3}\)?[-.\s]\s?\d{3}[-.\s]\d{4}(?!\d)",  # from abroad
        ]
    )
)
_NAMING = re.compile("姓名|联系人|诉求人|反映人|投诉人|来电人|举报人")
_BETWEEN = re.compile(r"[\s,，、;；/()（）]+")


def clean(text: str) -> str:
    """Take out what no reader sees and a terminal or a masker may fall for: control and format characters."""
    return "".join(sign for sign in text if sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cf", "Cs"))


def masker(names: Iterable[str], numbers: Iterable[str]) -> Callable[[str], str]:
    """Make the function that masks personal data in a text.

    Args:
        names: Names that the case knows of.
        numbers: Telephone numbers that it knows of.

    Returns:
        A function that masks them, and whatever looks like personal data, wherever they stand in a text.
    """
    known = [pattern for name in names for pattern in _name_patterns(clean(name).translate(_NARROW).strip())]
    for number in numbers:
        digits = re.findall(r"\d", clean(number).translate(_NARROW))
        if len(digits) >= 5:
            known.append(_SEP.join(digits))
    patterns = [_PRIVATE, *(re.compile(pattern) for pattern in known)]

    def mask(text: str) -> str:
        text = clean(text)
        narrow = text.translate(_NARROW)  # sign for sign, so that spans fit both
        hidden = sorted(found.span() for pattern in patterns for found in pattern.finditer(narrow))
        parts, at = [], 0
        for start, end in hidden:
            if end <= at:
                continue
            if start >= at:
                parts += [text[at:start], MASK]
            at = end
        return "".join(parts) + text[at:]

    return mask


def _name_patterns(name: str) -> list[str]:
    """A Chinese name is masked even if spaced out; of other names every part that is written as one."""
    if len(name) < 2:
        return []
    if not name.isascii():
        parts = [part for part in _BETWEEN.split(name) if len(part) > 1]
        return [r"\s*".join(map(re.escape, part)) for part in {name.replace(" ", ""), *parts}]
    parts = [part for part in _BETWEEN.split(name) if len(part) > 1 and part[0].isupper()]
    whole = r"\s+".join(map(re.escape, name.split()))
    return [
        rf"(?i:(?<![A-Za-z]){whole}(?![A-Za-z]))",
        *(rf"(?<![A-Za-z]){re.escape(part)}(?![A-Za-z])" for part in parts),
    ]


# --- the scribe -------------------------------------------------------------------------------------------------------

#: What the engine does by itself, and what has no name of its own in the lifecycle.
_KINDS: Mapping[str, Text] = {
    "warned": Text("Warning: soon due", "临期预警"),
    "breached": Text("Deadline missed", "超时"),
    "urged": Text("Holder urged", "催办"),
    "supervised": Text("Supervised from above", "督办"),
    "taken_over": Text("Taken over by a higher form", "提级接办"),
    "special_report_filed": Text("Special report filed", "形成专报"),
    "lapsed": Text("Lapsed without a verdict", "到期未评"),
    "faulted": Text("Fault in the rules: put before a human", "规则故障：转人工研判"),
    "forgotten": Text("Personal data erased on request", "应要求删除个人信息"),
    "reassessed": Text("Assessed anew", "重新研判"),
    "recalculated": Text("Deadlines counted anew", "重算时限"),
}
#: Kinds whose bare word would not tell an English reader what was done.
_PAST: Mapping[str, str] = {
    "begun": "Work begun",
    "ruled": "Ruled on the appeal",
    "noted": "Remark",
    "answered": "Answered to the requester",
    "informed": "Requester informed",
    "whistled": "Units summoned (whistle)",
    "revisited": "Revisited on site",
}
_ERASED = Text("erased on request", "已应要求删除")
_WITHHELD = Text("withheld (personal data)", "不予显示（个人信息）")
#: How the words of an event are introduced: by action and key, or by key.
_WORDS: Mapping[str, Text] = {
    "answer": Text("Answer", "答复"),
    "inform": Text("Told", "告知"),
    "text": Text("In words", "内容"),
    "note": Text("Remark", "备注"),
    "reason": Text("Reason given", "理由"),
}
_CHANGED: Mapping[str, Text] = {
    "unit": Text("Unit", "承办单位"),
    "form": Text("Form", "办理方式"),
    "severity": Text("Severity", "严重程度"),
    "urgency": Text("Urgency", "紧急程度"),
    "tier": Text("Tier", "事项层级"),
}


class _Scribe:
    """Writes one dossier."""

    def __init__(self, engine: Engine, case_id: str, lang: str, personal: bool) -> None:  # noqa: FBT001 - private
        self.case: Case = engine.case(case_id)
        self.history: Sequence[Event] = engine.history(case_id)
        self.lang, self.personal = lang, personal
        self.policy: Policy = engine.localities.policy(self.case.locality)
        self.outages = engine.outages(self.case.locality)
        self.now = engine.now
        self.zone = ZoneInfo(self.case.zone)
        self.texts: Mapping[int, Mapping[str, Any]] = {told["seq"]: told for told in engine.texts(case_id)}
        self.forgotten = any(event.kind == "forgotten" for event in self.history)
        told = self.texts.values()
        self.names = [str(text["reporter"]) for text in told if text.get("reporter")]
        # Columns of somebody else's journal that nobody mapped may name the very person whom the text names too.
        extra = [pair for text in told for pair in (text.get("extra") or {}).items()]
        named = [str(value) for name, value in extra if _NAMING.search(str(name))]
        self.numbers = [str(text["phone"]) for text in told if text.get("phone")]
        self.safe = clean if personal else masker([*self.names, *named], self.numbers)

    # words

    def t(self, en: str, zh: str) -> str:
        return Text(en, zh).say(self.lang)

    def local(self, moment: datetime) -> datetime:
        """Give a moment in the case's zone, its offset fixed: two moments in one zone would compare by their hands."""
        local = moment.astimezone(self.zone)
        return local.replace(tzinfo=timezone(local.utcoffset() or timedelta(), local.tzname() or ""))

    def when(self, moment: datetime) -> str:
        return spoken(self.local(moment))

    def by_when(self, due: datetime) -> str:
        return deadline(self.local(due))

    def unit(self, unit: str) -> str:
        return self.safe(self.policy.units.name(unit).say(self.lang)) if unit else "—"

    def name(self, word: str) -> str:
        return self.safe(self.policy.name(word).say(self.lang))

    def clock(self, name: str, cycle: int = 1) -> str:
        told = self.name(name)
        return told if cycle == 1 else self.t(f"{told} ({cycle})", f"{told}（第{cycle}次）")

    def mark(self, mark: str) -> str:
        """Say ``name#cycle``."""
        name, _, cycle = mark.rpartition("#")
        return self.clock(name, int(cycle)) if name and cycle.isdigit() else self.clock(mark)

    def join(self, parts: Iterable[str]) -> str:
        return self.t(", ", "、").join(parts)

    def pair(self, label: Text, value: str) -> str:
        return label.say(self.lang) + self.t(": ", "：") + value

    # the parts

    def dossier(self) -> Dossier:
        case = self.case
        lifecycle = self.policy.lifecycles.get(case.lifecycle, BASE)
        ended = case.state in lifecycle.ends
        last = max((event.at for event in self.history), default=case.opened)
        assert last is not None
        until = last if ended or self.now is None else max(last, self.now)
        verdicts = self.verdicts()
        return Dossier(
            lang=self.lang,
            id=case.id,
            locality=self.locality(),
            zone=case.zone,
            state=self.name(case.state),
            ended=ended,
            personal=self.personal,
            facts=tuple(self.facts()),
            requester=tuple(self.requester()),
            request=self.request(),
            steps=tuple(_folded(self.steps())),
            clocks=tuple(map(self.line, case.all_clocks)),
            answers=tuple(self.answers()),
            verdicts=verdicts,
            judged=verdicts[-1].text if verdicts else self.t("not evaluated", "未评价"),
            until=self.local(until),
            events=len(self.history),
        )

    def locality(self) -> str:
        known, code = self.policy.locality, self.case.locality
        name = self.t(known.name_en, known.name)
        if known.code == code:
            return name
        return self.t(f"{code} (under the rules of {known.code}, {name})", f"{code}（适用 {known.code}“{name}”）")

    def facts(self) -> Iterable[Fact]:
        case, none = self.case, "—"

        def fact(name: str, en: str, zh: str, value: str) -> Fact:
            return Fact(name, self.t(en, zh), value)

        yield fact("case", "Case", "事项编号", case.id)
        yield fact("state", "State", "当前状态", self.name(case.state))
        yield fact("locality", "Locality", "所属地区", self.locality())
        yield fact("unit", "Responsible unit", "承办单位", self.unit(case.unit))
        yield fact("item", "Item", "事项类别", self.safe(case.item) or none)
        yield fact("place", "Place", "地点", self.safe(case.place) or none)
        severity = self.join((case.severity.text.say(self.lang), case.urgency.text.say(self.lang)))
        yield fact("severity", "Severity, urgency", "轻重缓急", severity)
        yield fact("tier", "Tier", "事项层级", case.tier.text.say(self.lang) if case.tier else none)
        yield fact("form", "Form of handling", "办理方式", case.form.text.say(self.lang) if case.form else none)
        yield fact("channel", "Channel", "来源渠道", self.safe(case.channel) or none)
        yield fact("opened", "Opened", "上报时间", self.when(case.opened) if case.opened else none)
        yield fact(
            "closed", "Closed", "了结时间", self.when(case.closed) if case.closed else self.t("still open", "未了结")
        )
        yield fact("reopened", "Reopened", "重新办理", self.t(_times(case.reopened), f"{case.reopened}次"))
        # A reopening forgets the report in the case; the book does not.
        filed = [self.when(event.at) for event in self.history if event.kind == "special_report_filed"]
        special = self.join(filed) or self.t("none", "无")
        yield fact("special", "Special report", "专报", special)
        if case.assist:
            yield fact("assist", "Assisting units", "协办单位", self.join(map(self.unit, case.assist)))
        if case.informant:
            yield fact("informant", "Reported by", "信息员", self.safe(case.informant))
        if case.mode is not Mode.NORMAL:
            yield fact("mode", "Mode", "运行状态", case.mode.text.say(self.lang))
        if case.merged_into:
            yield fact("merged_into", "Merged into", "并入事项", case.merged_into)
        if case.appeals:
            yield fact("appeals", "Appeals to rule on", "待裁定申诉", self.join(map(self.mark, case.appeals)))

    def requester(self) -> Iterable[Fact]:
        who, contact = self.t("Requester", "诉求人"), self.t("Telephone", "联系电话")
        if not self.case.asked:
            found = self.t("found by a worker, nobody asked", "主动发现，无诉求人")
            yield Fact("requester", who, found)
        elif self.forgotten:
            yield Fact("requester", who, _ERASED.say(self.lang))
        elif not self.personal:
            yield Fact("requester", who, _WITHHELD.say(self.lang))
        if not self.personal:
            return
        if self.case.asked and not self.forgotten:
            none = self.t("not given", "未留")
            yield Fact("requester", who, self.join(map(clean, self.names)) or none)
            yield Fact("phone", contact, self.join(map(clean, self.numbers)) or none)
        elif self.names or self.numbers:  # given later than the erasure, or by a worker on duty
            yield Fact("given", self.t("Given", "所留信息"), self.join(map(clean, [*self.names, *self.numbers])))
        for told in self.texts.values():
            extra = told.get("extra") or {}
            yield from (Fact("extra", clean(str(name)), clean(str(value))) for name, value in extra.items())

    def request(self) -> str:
        first = self.history[0]
        told = self.texts.get(first.seq, {}).get("text")
        if told:
            return self.safe(str(told))
        if first.secret and first.seq not in self.texts:
            return _ERASED.say(self.lang)
        return self.t("(no text was given)", "（未填写）")

    def line(self, clock: Clock) -> ClockLine:
        exempt = exemption(clock, self.outages)
        base = clock.name.partition(":")[0]
        promised = self.t("promised", "承诺日期")
        warned = next(
            (
                event.at
                for event in self.history
                if event.kind == "warned" and event.about.get("clock") == f"{clock.name}#{clock.cycle}"
            ),
            None,
        )
        pauses: list[tuple[datetime, datetime | None]] = [(self.local(a), self.local(b)) for a, b in clock.pauses]
        if clock.paused is not None:
            pauses.append((self.local(clock.paused), None))
        return ClockLine(
            name=base,
            label=self.clock(clock.name, clock.cycle),
            cycle=clock.cycle,
            allowance=promised if clock.allowance == PROMISED else Allowance.parse(clock.allowance).text(self.lang),
            started=self.local(clock.started),
            due=self.local(clock.due),
            original=self.local(clock.original) if clock.original else None,
            warned=self.local(warned) if warned else None,
            stopped=self.local(clock.stopped) if clock.stopped else None,
            outcome=clock.outcome,
            result=clock.outcome.text.say(self.lang),
            exempt=exempt.text.say(self.lang) if exempt else "",
            pauses=tuple(pauses),
        )

    def answers(self) -> Iterable[Said]:
        missing = self.t("(no text was recorded)", "（未记录文字）")
        for event in self.history:
            told = self.texts.get(event.seq, {})
            key = {"answer": "text", "decline": "reason", "merge": "reason"}.get(event.action)
            if key is None:
                continue
            said = str(told.get(key) or told.get("note") or "")
            text = self.safe(said) or (_ERASED.say(self.lang) if event.secret and not told else missing)
            what = self.t("Answer", "答复")
            if event.action == "decline":
                what = self.t("Not taken in, for this reason", "不予受理，理由")
            elif event.action == "merge":
                what = self.t("Answered with another case", "随另一事项答复")
                text = (
                    self.t(f"see case {self.case.merged_into}", f"见事项 {self.case.merged_into}") if not said else text
                )
            yield Said(self.local(event.at), what, text)

    def verdicts(self) -> tuple[Said, ...]:
        told = []
        for event in self.history:
            verdict = event.changes.get("verdict")
            if verdict is None:
                continue
            text = Verdict(verdict).text.say(self.lang)
            if (score := event.changes.get("score")) is not None:
                text += self.t(f", score {score} of 5", f"，评分 {score}（满分 5）")
            verifier = event.changes.get("verifier")
            what = self.t("Verdict of the requester", "诉求人评价")
            if not self.case.asked:
                what = self.t("Verification", "核查")
                text += (
                    self.t(f", verified by {self.unit(verifier)}", f"，核查单位：{self.unit(verifier)}")
                    if verifier
                    else ""
                )
            elif event.kind == "lapsed":
                text += self.t(" in time", "（到期）")
            told.append(Said(self.local(event.at), what, text))
        return tuple(told)

    # the steps

    def steps(self) -> Iterable[Step]:
        before, clocks = Case(self.case.id), dict[tuple[str, int], Clock]()
        rules: dict[tuple[str, int], Reason] = {}
        for event in self.history:
            after = evolve(before if event.seq > 1 else None, event)
            for clock in event.clocks:
                for ruling in event.rulings:
                    if ruling.what == f"clock:{clock.name.partition(':')[0]}":
                        rules[clock.name, clock.cycle] = self.reason(ruling)
            yield Step(
                seq=event.seq,
                at=self.local(event.at),
                kind=event.kind,
                what=self.what(event),
                by=self.by(event, before),
                unit=self.unit(after.unit),
                details=(*self.changes(event, before, after), *self.clock_news(event, clocks)),
                words=tuple(self.words(event)),
                reasons=tuple(self.reasons(event, before, rules)),
                times=1,
                last=event.seq,
                until=self.local(event.at),
            )
            clocks.update({(clock.name, clock.cycle): clock for clock in event.clocks})
            before = after

    def what(self, event: Event) -> str:
        own = _KINDS.get(event.kind)
        if own is not None and not (event.kind == "urged" and event.action):
            if event.kind == "taken_over" and event.action == "dispatch":
                own = Text("Dispatched by the level above", "上级兜底派单")
            return own.say(self.lang)
        base = BASE.actions.get(event.action)
        named = self.policy.name(event.action or event.kind)
        if self.lang != "zh" and base is not None and named == base.text:
            return _PAST.get(event.kind) or event.kind.replace("_", " ").capitalize()
        return self.safe(named.say(self.lang))

    def by(self, event: Event, before: Case) -> str:
        if event.by is None:
            closed = event.kind == "closed" and before.state == "evaluated" and before.moved == event.at
            resumed = event.kind == "resumed" and before.until == event.at
            alone = not event.action or event.kind in ("taken_over", "lapsed") or closed or resumed
            return self.t("the system", "系统") if alone else self.t("not named", "未记名")
        if event.by == REQUESTER:
            return self.t("the requester", "诉求人")
        who = self.safe(event.by.id)
        return (
            self.t(f"{who} ({self.unit(event.by.unit)})", f"{who}（{self.unit(event.by.unit)}）")
            if event.by.unit
            else who
        )

    def changes(self, event: Event, before: Case, after: Case) -> Iterable[str]:
        about = event.about
        if (climb := about.get("escalation")) is not None:
            yield self.escalation(climb)
        changed = []
        for name, label in _CHANGED.items():
            old, new = getattr(before, name), getattr(after, name)
            if name not in event.changes or (old == new if event.seq > 1 else name == "unit"):
                continue
            say = self.unit if name == "unit" else lambda value: value.text.say(self.lang) if value else "—"
            fresh = event.seq == 1 or not old
            changed.append(self.pair(label, say(new) if fresh else f"{say(old)} → {say(new)}"))
        if changed:
            yield self.t("; ", "；").join(changed)
        if event.changes.get("assist"):
            yield self.pair(Text("Assisting units", "协办单位"), self.join(map(self.unit, after.assist)))
        if about.get("chosen"):
            yield self.t("The unit was chosen by hand", "承办单位由人工指定")
        if about.get("units"):
            yield self.pair(Text("Summoned", "召集单位"), self.join(map(self.unit, about["units"])))
        if about.get("unit"):
            yield self.pair(Text("Checked in", "报到单位"), self.unit(about["unit"]))
        if about.get("settled_by"):
            yield self.pair(Text("Settled on the spot by", "当场处理"), self.unit(about["settled_by"]))
        if about.get("clock") and "escalation" not in about:
            yield self.pair(Text("Deadline", "时限"), self.mark(about["clock"]))
        if about.get("approved_by"):
            yield self.pair(Text("Approved by", "批准人"), self.safe(str(about["approved_by"])))
        if "granted" in about:
            yield self.t("Appeal granted", "申诉成立") if about["granted"] else self.t("Appeal refused", "申诉不成立")
        if event.changes.get("until") and after.until is not None:
            yield self.pair(Text("Until", "挂起至"), self.when(after.until))
        if event.changes.get("verdict"):
            score = after.score
            verdict = Verdict(event.changes["verdict"]).text.say(self.lang)
            shown = verdict if score is None else self.t(f"{verdict}, score {score}", f"{verdict}，评分 {score}")
            yield self.pair(Text("Verdict", "评价"), shown)
        if after.reopened > before.reopened:
            yield self.t(f"Reopened, {_times(after.reopened)} in all", f"重新办理，共{after.reopened}次")
        if event.changes.get("merged_into"):
            yield self.pair(Text("Merged into", "并入事项"), str(after.merged_into))
        if event.kind == "forgotten":
            yield self.t("The book itself stays whole", "账本本身保持完整")
        for fault in about.get("faults", ()):
            told = self.safe(f"{fault['plugin']} · {fault['hook']} · {fault['fault']}")
            yield self.pair(Text("Fault", "故障"), told)

    def escalation(self, climb: Mapping[str, Any]) -> str:
        kind, cause = Kind(climb["kind"]).text.say(self.lang), Cause(climb["cause"]).text.say(self.lang)
        source, target = self.unit(climb["from"]), self.unit(climb["to"])
        path = source if source == target else f"{source} → {target}"
        mark = self.mark(climb["clock"]) if climb.get("clock") else ""
        en = f"{mark}: {cause}" if mark else cause
        return self.t(f"{kind.capitalize()}: {path} ({en})", f"{kind}：{path}，原因：{mark}{cause}")

    def clock_news(self, event: Event, known: Mapping[tuple[str, int], Clock]) -> Iterable[str]:
        for clock in event.clocks:
            old, name, due = (
                known.get((clock.name, clock.cycle)),
                self.clock(clock.name, clock.cycle),
                self.by_when(clock.due),
            )
            if old is None:
                yield self.t(f"Clock started: {name}, due {due}", f"开始计时：{name}，截止 {due}")
            elif old.due != clock.due:
                yield self.t(
                    f"New due time: {name}, {self.by_when(old.due)} → {due}",
                    f"截止时间调整：{name}，{self.by_when(old.due)} → {due}",
                )
            elif event.kind == "breached":
                yield self.t(f"It was due {due}", f"应于 {due} 前完成")
            if clock.paused is not None and (old is None or old.paused is None):
                yield self.t(f"Clock paused: {name}", f"暂停计时：{name}")
            elif old is not None and old.paused is not None and clock.paused is None and clock.stopped is None:
                yield self.t(f"Clock goes on: {name}", f"恢复计时：{name}")
            if clock.stopped is not None and (old is None or old.stopped is None):
                result = clock.outcome.text.say(self.lang)
                yield self.t(f"Clock ended: {name} – {result}", f"计时结束：{name}（{result}）")
            if clock.exempt is not None and (old is None or old.exempt is None):
                exempt = Exempt(clock.exempt).text.say(self.lang)
                yield self.t(f"Not counted: {name}, {exempt}", f"不计入统计：{name}，{exempt}")
            if clock.duty and (old is None or old.duty != clock.duty):
                yield self.t(
                    f"Duty taken on: {name}, by {self.unit(clock.duty)}", f"责任接手：{name}，{self.unit(clock.duty)}"
                )

    def words(self, event: Event) -> Iterable[str]:
        told = self.texts.get(event.seq)
        if told is None:
            if event.secret:
                yield self.pair(_WORDS["text"], _ERASED.say(self.lang))
            return
        for key in ("text", "reason", "note"):
            if not told.get(key) or (key == "text" and event.seq == 1):
                continue  # the request has a place of its own
            label = _WORDS.get(event.action, _WORDS[key]) if key == "text" else _WORDS[key]
            yield self.pair(label, self.safe(str(told[key])))

    def reason(self, ruling: Decided) -> Reason:
        return Reason(self.safe(ruling.reason.say(self.lang)), ruling.rule, ruling.source)

    def reasons(self, event: Event, before: Case, rules: Mapping[tuple[str, int], Reason]) -> Iterable[Reason]:
        """Give what was ruled; of what falls due, the rule that set the deadline; else the row of the lifecycle."""
        yield from dict.fromkeys(map(self.reason, event.rulings))
        if event.rulings:
            return
        mark = event.about.get("clock") if event.kind in ("warned", "breached", "lapsed") else None
        if mark is not None:
            name, _, cycle = mark.rpartition("#")
            if (rule := rules.get((name, int(cycle)))) is not None:
                yield rule
                return
            yield Reason(self.t("a promised date", "承诺的日期"))
            return
        if event.kind == "forgotten":
            yield Reason(self.t("whoever asked may have their data erased", "诉求人有权要求删除个人信息"))
            return
        if event.kind == "faulted":
            yield Reason(self.t("a fault in the rules never loses a case", "规则故障不得影响事项办理"))
            return
        old = self.name(before.state if event.seq > 1 else START)
        new = self.name(event.state)
        stays = self.t(f"allowed while {new}; the state stays", f"“{new}”状态下允许，状态不变")
        path = stays if before.state == event.state else self.t(f"lifecycle: {old} → {new}", f"办理流程：{old} → {new}")
        own = self.policy.lifecycles.get(self.case.lifecycle) is BASE
        yield Reason(path, f"lifecycle/{self.case.lifecycle}", "governflow" if own else self.policy.locality.code)


def _times(number: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")


def _folded(steps: Iterable[Step]) -> Iterable[Step]:
    """Fold what was urged again and again into one line each: how often, from when to when, by which numbers."""
    run: dict[tuple[object, ...], Step] = {}
    for step in steps:
        if step.kind != "urged" or step.words:
            yield from run.values()
            run = {}
            yield step
            continue
        key = (step.what, step.by, step.unit, step.details, step.reasons)
        first = run.get(key)
        run[key] = step if first is None else attrs.evolve(first, times=first.times + 1, last=step.seq, until=step.at)
    yield from run.values()
