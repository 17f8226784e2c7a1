"""What happened to a case, one step after the other: what was done, by whom, what it changed, and by which rule."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import attrs
from msgspec.structs import replace

from governflow.engine.explain import KeptRules
from governflow.model.base_lifecycle import BASE
from governflow.model.case import Case, condition_of, evolve
from governflow.model.clocks import Clock
from governflow.model.events import EVENT_NAMES, REQUESTER, Escalated, Event
from governflow.model.faults import faults_in
from governflow.model.life import numbered
from governflow.model.lifecycle import START
from governflow.model.rulings import RecordedRuling
from governflow.model.terms import Cause, Form, Kind, Mode, Severity, Tier, Urgency, Verdict
from governflow.model.urgings import Urging
from governflow.reports.amendments import Timed, is_shared, timeline
from governflow.reports.consequences import findings, repeated_urgings
from governflow.reports.dossier_model import DossierStep, Reason
from governflow.reports.localize import ERASED, Localizer, times
from governflow.text import Text

_UNJUDGED = Text("Lapsed without a verdict", "到期未评")
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

#: Fields of the case, as the ledger and as the case call them, that an event tells of when it sets them.
_SET: Mapping[str, str] = {"assist": "assist", "until": "suspended_until", "merged_into": "merged_into"}
_FINDING = Text("Finding", "发现的问题")
#: Why something was done that no rule was asked about.
_GROUNDS: Mapping[str, Text] = {
    "mode_switched": Text("the mode applies to every open case", "运行状态适用于全部在办事项"),
    "forgotten": Text("whoever asked may have their data erased", "诉求人有权要求删除个人信息"),
    "faulted": Text("a fault in the rules never loses a case", "规则故障不得影响事项办理"),
}


def compile_steps(
    localizer: Localizer,
    case: Case,
    history: Sequence[Event],
    texts: Mapping[int, Mapping[str, object]],
    kept_rules: KeptRules,
    until: datetime | None = None,
) -> tuple[DossierStep, ...]:
    """Return what happened to a case in the order of time; what was urged again and again is folded into one step each.

    What came late stands at its own moment, marked; what an amendment has withdrawn is no step.

    Args:
        localizer: Says names and moments in the reader's language.
        case: The case as it is now.
        history: The entries of its book.
        texts: What was said, by the number of the event.
        kept_rules: The tables of the time, to show the row that gave a ruling.
        until: As of when repeated urgings are counted; the last event by default.
    """
    timed = timeline(history)
    events = list(numbered(one.event for one in timed))
    entries = {event.seq: one for event, one in zip(events, timed, strict=True)}
    repeated = repeated_urgings([event for event in events if event.withdrawn is None], until)
    shared = frozenset(entry.seq for entry in history if is_shared(entry))
    writer = _StepWriter(localizer, case, texts, kept_rules, repeated, entries, shared)
    return tuple(_folded(writer.steps(events)))


class _StepWriter(Localizer):
    """Writes the steps of one case."""

    def __init__(
        self,
        localizer: Localizer,
        case: Case,
        texts: Mapping[int, Mapping[str, object]],
        kept_rules: KeptRules,
        repeated: Mapping[int, tuple[Urging, datetime]],
        entries: Mapping[int, Timed],
        shared: Container[int],
    ) -> None:
        super().__init__(localizer.lang, localizer.zone, localizer.policy, localizer.safe, localizer.tables)
        self.case, self.texts, self.kept_rules = case, texts, kept_rules
        self.repeated, self.entries = repeated, entries
        self.shared = shared
        self.under = condition_of(case)
        self.met: set[tuple[str | None, ...]] = set()

    def steps(self, history: Iterable[Event]) -> Iterable[DossierStep]:
        before, clocks = Case(self.case.id), dict[tuple[str, int], Clock]()
        rules: dict[tuple[str, int], Reason] = {}
        for event in history:
            after = evolve(before if event.seq > 1 else None, event)
            for clock in event.clocks:
                for ruling in event.rulings:
                    if ruling.what == f"clock:{clock.name.partition(':')[0]}":
                        rules[clock.name, clock.cycle] = self.reason(ruling)
            urging, ended = self.repeated.get(event.seq, (None, event.at))
            times = max(urging.count(ended), 1) if urging is not None else 1
            last = urging.at(times) if urging is not None else None
            entry = self.entries[event.seq]
            yield DossierStep(
                seq=entry.event.seq,
                at=self.local(event.at),
                kind=event.kind,
                what=self.what(event),
                by=self.by(event, before),
                unit=self.unit(after.unit),
                mark=self.marked(entry),
                details=(*self.came(entry), *self.changes(event, before, after), *self.clock_news(event, clocks)),
                words=tuple(self.words(event)),
                reasons=tuple(self.reasons(event, before, rules)),
                last=entry.event.seq,
                until=self.local(last or event.at),
                times=times,
            )
            clocks.update({(clock.name, clock.cycle): clock for clock in event.clocks})
            before = after

    def marked(self, entry: Timed) -> str:
        """Return what sets a step apart: it was told late, follows from what was told late, or was withdrawn."""
        if entry.event.withdrawn is not None:
            return self.t("withdrawn", "已撤销")
        if entry.told is not None:
            return self.t("told late", "补录")
        return self.t("worked out anew", "重新推定") if entry.anew else ""

    def came(self, entry: Timed) -> Iterable[str]:
        """Return when a fact was told that came late, or that an event was withdrawn."""
        event = entry.event
        if event.withdrawn is not None:
            number = event.withdrawn
            yield self.t(f"Withdrawn by No. {number}: it counts nowhere", f"已由第{number}号撤销，不计入任何统计")
        if entry.told is None:
            return
        if (done := event.about.get("done_at")) is not None:
            at = self.when(datetime.fromisoformat(str(done)))
            yield self.t(f"It happened {at}, and counts from then", f"实际发生于 {at}，按该时刻计算")
        else:
            at = self.when(entry.told)
            yield self.t(f"Told late, {at}: No. {event.seq}", f"{at} 补录，见第{event.seq}号")

    def what(self, event: Event) -> str:
        own = EVENT_NAMES.get(event.kind)
        if event.kind == "lapsed" and str(event.about.get("clock", "")).partition("#")[0] == "evaluate":
            return _UNJUDGED.say(self.lang)
        if own is not None and not (event.kind == "urged" and event.action):
            if event.kind == "taken_over" and event.action == "dispatch":
                own = Text("Dispatched by the level above", "上级兜底派单")
            return own.say(self.lang)
        base = BASE.actions.get(event.action)
        named = self.policy.name(event.action or event.kind)
        if self.lang != "zh" and base is not None and named == base.text:
            return _PAST.get(event.kind) or event.kind.replace("_", " ").capitalize()
        name = self.safe(named.say(self.lang))
        return name[:1].upper() + name[1:]

    def by(self, event: Event, before: Case) -> str:
        if event.by is None:
            closed = event.kind == "closed" and before.state == "evaluated" and before.last_changed_at == event.at
            resumed = event.kind == "resumed" and before.suspended_until == event.at
            alone = not event.action or event.kind in ("taken_over", "lapsed") or closed or resumed
            return self.t("the system", "系统") if alone and event.kind != "denied" else self.t("not named", "未记名")
        if event.by == REQUESTER:
            return self.t("the requester", "诉求人")
        who, unit = self.safe(event.by.id), self.unit(event.by.unit or "")
        return self.t(f"{who} ({unit})", f"{who}（{unit}）") if event.by.unit else who

    def changes(self, event: Event, before: Case, after: Case) -> Iterable[str]:
        about: Mapping[str, Any] = event.about
        if (climb := event.escalation) is not None:
            yield self.escalation(climb)
        if (due := event.measure_due) is not None:
            yield self.t("Due, and not carried out by the rules. ", "应采取，系统未代为执行。") + self.escalation(due)
        for found in findings([event]):
            yield self.pair(_FINDING, self.safe(found["reason"].say(self.lang)))
        changed = []
        for name, label in _CHANGED.items():
            old, new = getattr(before, name), getattr(after, name)
            if name not in event.changes or (old == new if event.seq > 1 else name == "unit"):
                continue
            say = self.unit if name == "unit" else self.member
            fresh = event.seq == 1 or not old
            changed.append(self.pair(label, say(new) if fresh else f"{say(old)} → {say(new)}"))
        if changed:
            yield self.t("; ", "；").join(changed)
        values = {**about, **{name: getattr(after, field) for name, field in _SET.items() if event.changes.get(name)}}
        labelled: tuple[tuple[str, Text, Callable[[Any], str]], ...] = (
            ("assist", Text("Assisting units", "协办单位"), self.units),
            ("units", Text("Summoned", "召集单位"), self.units),
            ("unit", Text("Checked in", "报到单位"), self.unit),
            ("settled_by", Text("Settled on the spot by", "当场处理"), self.unit),
            ("action", Text("Asked for", "申请动作"), self.asked),
            ("clock", Text("Deadline", "时限"), self.mark),
            ("approved_by", Text("Approved by", "批准人"), self.safe),
            ("until", Text("Until", "挂起至"), self.when),
            ("merged_into", Text("Merged into", "并入事项"), str),
            ("case", Text("The other case", "相关事项"), str),
        )
        yield from (self.pair(label, say(values[name])) for name, label, say in labelled if values.get(name))
        if about.get("chosen"):
            yield self.t("The unit was chosen by hand", "承办单位由人工指定")
        yield from self.anew(event, before, after)
        if "granted" in about:
            yield self.t("Appeal granted", "申诉成立") if about["granted"] else self.t("Appeal refused", "申诉不成立")
        if event.changes.get("verdict"):
            score = after.score
            verdict = Verdict(str(event.changes["verdict"])).text.say(self.lang)
            shown = verdict if score is None else self.t(f"{verdict}, score {score}", f"{verdict}，评分 {score}")
            yield self.pair(Text("Verdict", "评价"), shown)
        if after.reopened > before.reopened:
            yield self.t(f"Reopened, {times(after.reopened)} in all", f"重新办理，共{after.reopened}次")
        if event.kind == "forgotten":
            yield self.t("The book itself stays whole", "账本本身保持完整")
        for fault in faults_in(about):
            sentence = f"{fault.source} · {fault.hook} · {fault.text.say(self.lang)}"
            yield self.pair(Text("Fault", "故障"), self.safe(sentence))

    def asked(self, action: str) -> str:
        """Return an action that was asked for; retracting is none of the lifecycle's."""
        return self.t("retract a fact", "撤销登记") if action == "retract" else self.name(action)

    def member(self, value: Form | Severity | Urgency | Tier | None) -> str:
        """Return a member of a closed set in the reader's language; the locality names its forms."""
        if value is None:
            return "—"
        return self.form(value) if isinstance(value, Form) else value.text.say(self.lang)

    def anew(self, event: Event, before: Case, after: Case) -> Iterable[str]:
        """Return what a switch of the mode or a new assessment has changed beside clocks and what `_CHANGED` names."""
        if event.kind == "mode_switched":
            old, new = (Mode(str(event.about[end])).text.say(self.lang) for end in ("from", "to"))
            yield self.pair(Text("Mode", "运行状态"), f"{old} → {new}")
        if event.seq > 1 and "facts" in event.changes:
            names = dict.fromkeys((*before.facts, *after.facts))
            for name in (name for name in names if before.facts.get(name) != after.facts.get(name)):
                old, new = (
                    self.value(name, facts[name]) if name in facts else self.t("not stated", "未填")
                    for facts in (before.facts, after.facts)
                )
                yield f"{self.fact(name)}{self.t(': ', '：')}{old} → {new}"
        for mark in cast(Sequence[str], event.about.get("anew", ())):
            yield self.t(
                f"{self.mark(mark)}: the new time counts from now on, for otherwise it would be over already",
                f"{self.mark(mark)}：新时限自此刻起算，否则已经届满",
            )
        if event.kind == "reassessed" and not event.about.get("before") and not event.about.get("due"):
            yield self.t("Nothing changed", "结果无变化")

    def escalation(self, climb: Escalated) -> str:
        kind, cause = Kind(climb["kind"]).text.say(self.lang), Cause(climb["cause"]).text.say(self.lang)
        source, target = self.unit(climb["from"]), self.unit(climb["to"])
        path = source if source == target else f"{source} → {target}"
        mark = self.mark(climb["clock"]) if climb["clock"] else ""
        en = f"{mark}: {cause}" if mark else cause
        return self.t(f"{kind.capitalize()}: {path} ({en})", f"{kind}：{path}，原因：{mark}{cause}")

    def clock_news(self, event: Event, known: Mapping[tuple[str, int], Clock]) -> Iterable[str]:
        for clock in event.clocks:
            mark = clock.name, clock.cycle
            old = known.get(mark) or replace(clock, paused=None, stopped=None, exempt=None, duty=None)
            name, due, was = self.clock(*mark), self.by_when(clock.due), self.by_when(old.due)
            result, duty = clock.outcome.text.say(self.lang), self.unit(clock.duty or "")
            goes_on = old.paused and not clock.paused and not clock.stopped
            news = (
                (mark not in known, f"Clock started: {name}, due {due}", f"开始计时：{name}，截止 {due}"),
                (clock.due != old.due, f"New due time: {name}, {was} → {due}", f"截止时间调整：{name}，{was} → {due}"),
                (event.kind == "breached", f"It was due {due}", f"应于 {due} 前完成"),
                (clock.paused and not old.paused, f"Clock paused: {name}", f"暂停计时：{name}"),
                (goes_on, f"Clock goes on: {name}", f"恢复计时：{name}"),
                (clock.stopped and not old.stopped, f"Clock ended: {name} – {result}", f"计时结束：{name}（{result}）"),
                (old.misses and not clock.misses, f"Breach withdrawn: {name}", f"撤销超时认定：{name}"),
                (clock.duty != old.duty, f"Duty taken on: {name}, by {duty}", f"责任接手：{name}，{duty}"),
            )
            yield from (self.t(en, zh) for happened, en, zh in news if happened)
            yield from self.excuses(name, clock, old)

    def excuses(self, name: str, clock: Clock, old: Clock) -> Iterable[str]:
        """Return why breaches of a clock do not count any more, each with its due moment where there are several."""
        known = {(miss.at, miss.exempt) for miss in old.misses}
        for miss in clock.misses:
            if miss.exempt is not None and (miss.at, miss.exempt) not in known:
                due, why = self.by_when(miss.at), miss.exempt.text.say(self.lang)
                several = len(clock.misses) > 1
                en, zh = (f" (due {due})", f"（应于 {due} 前完成）") if several else ("", "")
                yield self.t(f"Not counted: {name}{en}, {why}", f"不计入统计：{name}{zh}，{why}")

    def words(self, event: Event) -> Iterable[str]:
        entry = self.entries[event.seq].event.seq
        texts = self.texts.get(entry) if event.secret else None
        if texts and entry in self.shared:
            yield self.pair(_WORDS["text"], self.t(f"see amendment No. {entry}", f"见补录更正第{entry}号"))
            return
        if texts is None:
            if event.secret:
                yield self.pair(_WORDS["text"], ERASED.say(self.lang))
            return
        for key in ("text", "reason", "note"):
            if not texts.get(key) or (key == "text" and event.seq == 1):
                continue  # the request has a place of its own
            label = _WORDS.get(event.action, _WORDS[key]) if key == "text" else _WORDS[key]
            yield self.pair(label, self.safe(str(texts[key])))

    def reason(self, ruling: RecordedRuling) -> Reason:
        return Reason(self.safe(ruling.reason.say(self.lang)), ruling.rule, ruling.source)

    def with_row(self, event: Event, ruling: RecordedRuling) -> Reason:
        """Return the reason with the row of the table that gave it, as it stood then; whole when it is first met."""
        plain = self.reason(ruling)
        row = self.kept_rules.row(ruling, event.rules, self.under)
        if row is None:
            return plain
        met = (event.rules, ruling.source, ruling.rule, *row.outcomes)
        shown = self.place(row) if met in self.met else self.row(row, plain.text)
        self.met.add(met)
        return attrs.evolve(plain, text=self.t(f"{plain.text} ({shown})", f"{plain.text}（{shown}）"))

    def reasons(self, event: Event, before: Case, rules: Mapping[tuple[str, int], Reason]) -> Iterable[Reason]:
        """Return what was ruled; of what falls due, the rule that set the deadline; else the row of the lifecycle."""
        once = {self.reason(ruling): ruling for ruling in reversed(event.rulings)}
        yield from (self.with_row(event, ruling) for ruling in reversed(once.values()))
        if event.rulings:
            return
        if event.kind == "denied":
            about: Mapping[str, Any] = event.about
            yield Reason(self.safe(_text(about["reason"]).say(self.lang)), str(about["rule"]), str(about["source"]))
            return
        if event.kind in _GROUNDS:
            yield Reason(_GROUNDS[event.kind].say(self.lang))
            return
        mark = event.about.get("clock") if event.kind in ("warned", "breached", "lapsed") else None
        if mark is not None:
            name, _, cycle = str(mark).rpartition("#")
            yield rules.get((name, int(cycle)), Reason(self.t("a promised date", "承诺的日期")))
            return
        old = self.name(before.state if event.seq > 1 else START)
        new = self.name(event.state)
        stays = self.t(f"allowed while {new}; the state stays", f"“{new}”状态下允许，状态不变")
        path = stays if before.state == event.state else self.t(f"lifecycle: {old} → {new}", f"办理流程：{old} → {new}")
        own = self.policy.lifecycles.get(self.case.lifecycle) is BASE
        yield Reason(path, f"lifecycle/{self.case.lifecycle}", "governflow" if own else self.policy.locality.code)


def _text(reason: Text | Mapping[str, str]) -> Text:
    """Read a reason that an event holds: as it was made, or as it came back from the ledger."""
    return reason if isinstance(reason, Text) else Text(reason["en"], reason["zh"])


def _folded(steps: Iterable[DossierStep]) -> Iterable[DossierStep]:
    """Fold what was urged again and again into one line each: how often, from when to when, by which numbers."""
    run: dict[tuple[object, ...], DossierStep] = {}
    for step in steps:
        if step.kind != "urged" or step.words:
            yield from run.values()
            run = {}
            yield step
            continue
        key = (step.what, step.by, step.unit, step.details, step.reasons)
        first = run.get(key)
        run[key] = (
            step
            if first is None
            else attrs.evolve(first, times=first.times + step.times, last=step.seq, until=step.until)
        )
    yield from run.values()
