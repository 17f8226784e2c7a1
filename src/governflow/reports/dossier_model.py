"""The data of a dossier (一事一册): facts, clocks, steps, answers, in one language and the case's own zone."""

from collections import Counter
from datetime import datetime

import attrs

from governflow.model.terms import Outcome
from governflow.reports.format import format_moment
from governflow.text import Text


@attrs.frozen
class Reason:
    """Why something was done: in words, the id of the rule (empty where none was asked), the plugin that ruled."""

    text: str
    rule: str = ""
    source: str = ""

    def say(self, lang: str) -> str:
        """Return it in one line, with its rule and where the rule comes from."""
        where = " · ".join(part for part in (self.rule, self.source) if part)
        en, zh = (f" [{where}]", f"〔{where}〕") if where else ("", "")
        return Text(f"because: {self.text}{en}", f"依据：{self.text}{zh}").say(lang)


@attrs.frozen
class DossierStep:
    """One thing that happened, or the same thing several times in a row. Moments are in the case's zone.

    Args:
        seq: The number of its event in the case's book.
        at: When.
        kind: What, for programs.
        what: What, for readers.
        by: Who did it.
        unit: The unit responsible for the case afterwards.
        details: What changed, one sentence each.
        words: What was said, one remark, reason or answer each.
        reasons: Why, and by which rule.
        last: The number of its last event.
        until: When it happened last.
        times: How often it happened in a row.
        mark: What sets it apart, in words: told late, worked out anew, withdrawn; empty for most.
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
    last: int
    until: datetime
    times: int = 1
    mark: str = ""

    @property
    def number(self) -> str:
        """The number of its event, or the first and the last."""
        return str(self.seq) if self.last == self.seq else f"{self.seq}–{self.last}"

    def repeats(self, lang: str) -> str:
        """Return how often it happened in a row, and until when."""
        since, until = format_moment(self.at), format_moment(self.until)
        return Text(f"{self.times} times, from {since} to {until}", f"共{self.times}次，{since} 至 {until}").say(lang)


@attrs.frozen
class Fact:
    """One line of a form: what it is for programs, what it is for readers, and what it says."""

    name: str
    label: str
    value: str


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
        outcome: What became of it; `result` says it in words.
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
class Statement:
    """What was told to somebody, or judged by somebody: when in the case's zone, what it is, and the words."""

    at: datetime
    what: str
    text: str


@attrs.frozen
class Amended:
    """What one entry of the book has changed of the life: its number, when in the case's zone, what, in sentences."""

    number: int
    at: datetime
    what: str
    lines: tuple[str, ...]


@attrs.frozen
class Dossier:
    """One case, one book; build it with `compile_dossier`.

    Args:
        lang: The language that it is written in.
        zone: The zone of all its moments.
        state: The state that the case is in, in words.
        ended: Whether the case needs no further work.
        facts: The head of the form.
        requester: Who asked, or why that is not said.
        request: What was asked, in the words of the one who asked.
        steps: Everything that happened, in the order of time.
        clocks: Every clock, in the order in which they started.
        answers: What the one who asked was answered.
        verdicts: How the result was judged.
        judged: The last verdict in one line, or that there is none.
        measures_due: What the rules would have done where a journal is the record: due, and moving nothing.
        findings: What is wrong about facts that were taken all the same.
        amendments: What was told late or retracted, and what that withdrew, in the order of the book.
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
    steps: tuple[DossierStep, ...]
    clocks: tuple[ClockLine, ...]
    answers: tuple[Statement, ...]
    verdicts: tuple[Statement, ...]
    judged: str
    measures_due: tuple[Statement, ...]
    findings: tuple[Statement, ...]
    amendments: tuple[Amended, ...]
    until: datetime
    events: int

    @property
    def title(self) -> str:
        """What stands on the cover."""
        return self.t(f"One case, one book · Case {self.id}", f"一事一册 · 事项 {self.id}")

    @property
    def tally(self) -> str:
        """How many clocks were met, breached, ..., in one line."""
        counts = Counter(clock.result for clock in self.clocks)
        parts = [self.t(f"{number} {word}", f"{word}{number}项") for word, number in counts.items()]
        exempt = sum(1 for clock in self.clocks if clock.exempt)
        if exempt:
            parts.append(self.t(f"{exempt} of them exempt", f"其中{exempt}项不计入统计"))
        total = self.t(f"{len(self.clocks)} clocks: ", f"共{len(self.clocks)}项时限：")
        return total + self.t(", ", "，").join(parts)

    @property
    def origin(self) -> str:
        """What it was made from, and whether it holds personal data."""
        upto = format_moment(self.until)
        origin = self.t(
            f"From the {self.events} events in this case's book, as of {upto}. All times are those of {self.zone}. ",
            f"本册依据本事项账本的{self.events}条记录编制，截至 {upto}。时间均为{self.zone_name}。",
        )
        if self.personal:
            return origin + self.t(
                "It holds personal data: keep it as such.", "本册载有个人信息，请按规定保管，不得外传。"
            )
        return origin + self.t("Personal data are left out or masked (***).", "个人信息未载入或已作隐去处理（***）。")

    @property
    def zone_name(self) -> str:
        """What the zone of its moments is called."""
        return self.t(self.zone, "北京时间" if self.zone == "Asia/Shanghai" else f" {self.zone} 时间")

    def t(self, en: str, zh: str) -> str:
        """Return a text of our own in its language."""
        return Text(en, zh).say(self.lang)
