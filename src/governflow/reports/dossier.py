"""One case, one book (一事一册): everything that happened to a case, as a person reads it.

    dossier = compile_dossier(engine, case.id, lang="zh", personal=False)
    render_html(dossier)                    # `governflow.reports.dossier_html`: the printable page

A dossier is data: built once, in one language, with every moment in the case's own zone. Personal data are left out
before anything is rendered: without ``personal`` the requester is withheld, the names and numbers that the case knows
of are masked wherever they appear, and so is whatever looks like a telephone number, an identity number or an address
of electronic mail. Better one harmless number too many than one resident named.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from governflow.calendars.allowances import Allowance
from governflow.engine.explain import KeptRules
from governflow.masking import clean, masker, naming
from governflow.model.base_lifecycle import BASE
from governflow.model.clocks import PROMISED, Clock
from governflow.model.events import Event
from governflow.model.terms import Form, Kind, Mode, Verdict, Way
from governflow.policy.hookspecs import CaseReader
from governflow.reports.amendments_text import AmendmentWriter
from governflow.reports.consequences import findings, measures_due
from governflow.reports.dossier_model import Amended, ClockLine, Dossier, Fact, Statement
from governflow.reports.figures import exemption
from governflow.reports.history import compile_steps
from governflow.reports.localize import ERASED, Localizer, times
from governflow.text import Text


def compile_dossier(reader: CaseReader, case_id: str, *, lang: str, personal: bool) -> Dossier:
    """Return everything that a store knows about a case.

    Args:
        reader: Where the case is, such as an engine; nothing in it is changed.
        case_id: The case.
        lang: ``"zh"`` or ``"en"``.
        personal: Whether personal data may be shown to the reader; who may see them is for the caller to decide.

    Returns:
        The dossier.

    Raises:
        UnknownCase: If there is no such case.
    """
    return _DossierWriter(reader, case_id, lang, personal=personal).dossier()


# --- how it is written ---------------------------------------------------------------------------------------------

_WITHHELD = Text("withheld (personal data)", "不予显示（个人信息）")
_NO_WORDS = Text("(no text was recorded)", "（未记录文字）")
#: By action: which of its texts answers the requester, and what that answer is.
_ANSWERS: Mapping[str, tuple[str, Text]] = {
    "answer": ("text", Text("Answer", "答复")),
    "decline": ("reason", Text("Not taken in, for this reason", "不予受理，理由")),
    "merge": ("reason", Text("Answered with another case", "随另一事项答复")),
}


class _DossierWriter(Localizer):
    """Writes one dossier in one language."""

    def __init__(self, reader: CaseReader, case_id: str, lang: str, *, personal: bool) -> None:
        self.case = case = reader.case(case_id)
        self.history: Sequence[Event] = reader.history(case_id)
        self.life: Sequence[Event] = reader.life(case_id)
        self.personal = personal
        self.kept_rules = KeptRules(reader.rule_set)
        self.outages = reader.outages(case.locality)
        self.now = reader.now
        self.forgotten = any(event.kind == "forgotten" for event in self.history)
        self.texts: Mapping[int, Mapping[str, Any]] = {int(str(texts["seq"])): texts for texts in reader.texts(case_id)}
        given = self.texts.values()
        self.names = [str(text["reporter"]) for text in given if text.get("reporter")]
        self.numbers = [str(text["phone"]) for text in given if text.get("phone")]
        self.extra = [(str(name), value) for text in given for name, value in (text.get("extra") or {}).items()]
        # Columns of somebody else's journal that nobody mapped may name the very person whom the text names too.
        safe = clean if personal else masker([*self.names, *naming(self.extra)], self.numbers)
        policy = reader.rules_of(case.locality)
        earlier = self.kept_rules.tables(event.rules for event in self.history if event.rules != policy.rules)
        super().__init__(lang, ZoneInfo(case.zone), policy, safe, [*policy.tables, *earlier])

    def dossier(self) -> Dossier:
        case = self.case
        lifecycle = self.policy.lifecycles.get(case.lifecycle, BASE)
        ended = case.state in lifecycle.ends
        last = max((event.at for event in self.history), default=case.opened)
        assert last is not None
        until = last if ended or self.now is None else max(last, self.now)
        verdicts = tuple(self.verdicts())
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
            steps=compile_steps(self, case, self.history, self.texts, self.kept_rules, self.now),
            clocks=tuple(map(self.line, case.all_clocks)),
            answers=tuple(self.answers()),
            verdicts=verdicts,
            judged=verdicts[-1].text if verdicts else self.t("not evaluated", "未评价"),
            measures_due=tuple(self.measures_due()),
            findings=tuple(self.findings()),
            amendments=tuple(self.amendments()),
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
        case, lang, none = self.case, self.lang, "—"
        # A reopening forgets the report in the case; the book does not.
        filed = [self.when(event.at) for event in self.life if event.kind == "special_report_filed"]
        severity = self.join((case.severity.text.say(lang), case.urgency.text.say(lang)))
        always = (
            ("case", "Case", "事项编号", case.id),
            ("state", "State", "当前状态", self.name(case.state)),
            ("locality", "Locality", "所属地区", self.locality()),
            ("unit", "Responsible unit", "承办单位", self.unit(case.unit)),
            ("item", "Item", "事项类别", self.safe(case.item) or none),
            ("place", "Place", "地点", self.safe(case.place) or none),
            ("severity", "Severity, urgency", "轻重缓急", severity),
            ("tier", "Tier", "事项层级", case.tier.text.say(lang) if case.tier else none),
            ("form", "Form of handling", "办理方式", self.form(case.form) if case.form else none),
            ("channel", "Channel", "来源渠道", self.safe(case.channel) or none),
            ("opened", "Opened", "上报时间", self.when(case.opened) if case.opened else none),
            ("closed", "Closed", "了结时间", self.when(case.closed) if case.closed else self.t("still open", "未了结")),
            ("reopened", "Reopened", "重新办理", self.t(times(case.reopened), f"{case.reopened}次")),
            ("special", "Special report", "专报", self.join(filed) or self.t("none", "无")),
        )
        where_told = (
            ("assist", "Assisting units", "协办单位", self.units(case.assist)),
            ("informant", "Reported by", "信息员", self.unit(case.informant) if case.informant else ""),
            ("mode", "Mode", "运行状态", case.mode.text.say(lang) if case.mode is not Mode.NORMAL else ""),
            ("way", "Run", "办理依据", case.way.text.say(lang) if case.way is not Way.LIVE else ""),
            ("merged_into", "Merged into", "并入事项", case.merged_into or ""),
            ("appeals", "Appeals to rule on", "待裁定申诉", self.join(map(self.mark, case.appeals))),
        )
        yield from (Fact(name, self.t(en, zh), value) for name, en, zh, value in always)
        yield from (Fact(f"fact:{name}", label, value) for name, label, value in self.facts_of(case.facts))
        yield from (Fact(name, self.t(en, zh), value) for name, en, zh, value in where_told if value)

    def requester(self) -> Iterable[Fact]:
        who, contact = self.t("Requester", "诉求人"), self.t("Telephone", "联系电话")
        if not self.case.asked:
            found = self.t("found by a worker, nobody asked", "主动发现，无诉求人")
            yield Fact("requester", who, found)
        elif self.forgotten:
            yield Fact("requester", who, ERASED.say(self.lang))
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
        yield from (Fact("extra", clean(name), clean(str(value))) for name, value in self.extra)

    def request(self) -> str:
        first = (self.life or self.history)[0]
        words = self.texts.get(first.seq, {}).get("text")
        if words:
            return self.safe(str(words))
        if first.secret and first.seq not in self.texts:
            return ERASED.say(self.lang)
        return self.t("(no text was given)", "（未填写）")

    def line(self, clock: Clock) -> ClockLine:
        def local(moment: datetime | None) -> datetime | None:
            return self.local(moment) if moment is not None else None

        exempt, mark = exemption(clock, self.outages), f"{clock.name}#{clock.cycle}"
        warnings = (event for event in self.life if event.kind == "warned" and event.about.get("clock") == mark)
        pauses: list[tuple[datetime, datetime | None]] = [(self.local(a), self.local(b)) for a, b in clock.pauses]
        if clock.paused is not None:
            pauses.append((self.local(clock.paused), None))
        promised = clock.allowance == PROMISED
        return ClockLine(
            name=clock.name.partition(":")[0],
            label=self.clock(clock.name, clock.cycle),
            cycle=clock.cycle,
            allowance=self.t("promised", "承诺日期") if promised else Allowance.parse(clock.allowance).text(self.lang),
            started=self.local(clock.started),
            due=self.local(clock.due),
            original=local(clock.original),
            warned=local(next((event.at for event in warnings), None)),
            stopped=local(clock.stopped),
            outcome=clock.outcome,
            result=clock.outcome.text.say(self.lang),
            exempt=exempt.text.say(self.lang) if exempt else "",
            pauses=tuple(pauses),
        )

    def answers(self) -> Iterable[Statement]:
        for event in self.life:
            if event.action not in _ANSWERS:
                continue
            key, what = _ANSWERS[event.action]
            texts = self.texts.get(event.seq, {})
            words = self.safe(str(texts.get(key) or texts.get("note") or ""))
            if not words and event.action == "merge":
                words = self.t(f"see case {self.case.merged_into}", f"见事项 {self.case.merged_into}")
            elif not words:
                words = (ERASED if event.secret and not texts else _NO_WORDS).say(self.lang)
            yield Statement(self.local(event.at), what.say(self.lang), words)

    def measures_due(self) -> Iterable[Statement]:
        for due in measures_due(self.life):
            kind, form = Kind(due["kind"]).text.say(self.lang), due["form"]
            handled = self.t(", ", "，") + self.form(Form(form)) if form else ""
            yield Statement(self.local(due["at"]), kind, f"{self.unit(due['from'])} → {self.unit(due['to'])}{handled}")

    def findings(self) -> Iterable[Statement]:
        for found in findings(self.life):
            unit = self.unit(found["unit"]) if found["unit"] else self.t("not named", "未记名")
            what = f"{self.name(found['action'])} · {unit}"
            yield Statement(self.local(found["at"]), what, self.safe(found["reason"].say(self.lang)))

    def amendments(self) -> Iterable[Amended]:
        return AmendmentWriter(self, self.history, self.texts).amended()

    def verdicts(self) -> Iterable[Statement]:
        for event in self.life:
            changes: Mapping[str, Any] = event.changes
            verdict, score, verifier = (changes.get(name) for name in ("verdict", "score", "verifier"))
            if verdict is None:
                continue
            what = self.t("Verdict of the requester", "诉求人评价")
            text = Verdict(verdict).text.say(self.lang)
            if score is not None:
                text += self.t(f", score {score} of 5", f"，评分 {score}（满分 5）")
            if not self.case.asked:
                what = self.t("Verification", "核查")
                if verifier:
                    unit = self.unit(verifier)
                    text += self.t(f", verified by {unit}", f"，核查单位：{unit}")
            elif event.kind == "lapsed":
                text += self.t(" in time", "（到期）")
            yield Statement(self.local(event.at), what, text)
