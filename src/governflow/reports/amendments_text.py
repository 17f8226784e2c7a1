"""How a dossier tells what came late, what was retracted, and what that withdrew (补录更正的表述)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from governflow.model.events import EVENT_NAMES, RECALCULATED, REQUESTER, Event
from governflow.reports.amendments import Amendment, Gone, amendments, brought
from governflow.reports.dossier_model import Amended
from governflow.reports.localize import Localizer
from governflow.text import Text

_WITHDRAWN, _RETRACTED, _TOLD = Text("Withdrawn", "撤销推定"), Text("Retracted", "撤销登记"), Text("Told", "补录")
_WORDS: Mapping[str, Text] = {
    "text": Text("In words", "内容"),
    "note": Text("Remark", "备注"),
    "reason": Text("Reason given", "理由"),
}
_BESIDE = Text(
    "Worked out anew, for what is known beside the case has changed (an outage, what the source records)",
    "因系统停运、台账记录范围等情况变化，重新推定",
)


class AmendmentWriter(Localizer):
    """Writes the amendments of one case.

    Args:
        localizer: Says names and moments in the reader's language.
        book: The entries of the case's book.
        texts: What was said, by the number of the entry.
    """

    def __init__(self, localizer: Localizer, book: Sequence[Event], texts: Mapping[int, Mapping[str, object]]) -> None:
        super().__init__(localizer.lang, localizer.zone, localizer.policy, localizer.safe, localizer.tables)
        self.book, self.texts = book, texts
        #: By kind, the action that leaves it.
        self.actions = dict(_kinds(book))

    def amended(self) -> Iterator[Amended]:
        """Return each amendment in words."""
        for one in amendments(self.book):
            yield Amended(one.seq, self.local(one.at), self.title(one), tuple(self.lines(one)))

    def title(self, one: Amendment) -> str:
        """Return what an amendment is."""
        if one.kind == RECALCULATED:
            return self.t("Deadlines counted anew", "重算时限")
        if one.retracted:
            return self.t("Retracted and told anew", "撤销并补录") if one.told else _RETRACTED.say(self.lang)
        return self.t("Told late", "补录") if one.told else self.t("Worked out anew", "重新推定")

    def lines(self, one: Amendment) -> Iterable[str]:
        """Return what was told, what was retracted by whom, the words that came with it, and what was withdrawn."""
        for fact in one.told:
            yield self.pair(_TOLD, self.listed(self.name(fact.action), self.when(fact.at), self.who(fact.by)))
        for gone in one.retracted:
            who, at = self.who(gone.by), self.when(gone.entered)
            by = self.t(f"by {who}, {at}", f"{who}于 {at} 撤销")
            yield self.pair(_RETRACTED, self.listed(self.gone([gone.fact]), by))
        if one.kind != RECALCULATED and not one.told and not one.retracted:
            yield _BESIDE.say(self.lang)
        texts = self.texts.get(one.seq, {}) if one.kind != RECALCULATED else {}
        yield from (self.pair(label, self.safe(str(texts[key]))) for key, label in _WORDS.items() if texts.get(key))
        alike: dict[tuple[str, str], list[Gone]] = {}
        for event in one.withdrawn:
            alike.setdefault((event.kind, (event.clock or "").partition("#")[0]), []).append(event)
        yield from (self.pair(_WITHDRAWN, self.gone(group)) for group in alike.values())
        if not one.withdrawn:
            yield self.t("Nothing had to be withdrawn", "无需撤销任何推定")

    def gone(self, alike: Sequence[Gone]) -> str:
        """Return events of one kind and clock that are no part of the life any more: what, how often, when."""
        first, last = alike[0], alike[-1]
        known = EVENT_NAMES.get(first.kind)
        what = known.say(self.lang) if known is not None else self.name(self.actions.get(first.kind) or first.kind)
        clock = self.clock(first.clock.partition("#")[0]) if first.clock else ""
        named = self.t(f"{what} ({clock})", f"{what}（{clock}）") if clock else what
        if len(alike) == 1:
            number = self.t(f"No. {first.seq}", f"第{first.seq}号")
            return self.listed(named, self.when(first.at), number)
        since, until, times = self.when(first.at), self.when(last.at), len(alike)
        span = self.t(f"{times} times, from {since} to {until}", f"共{times}次，{since} 至 {until}")
        numbers = self.t(f"between No. {first.seq} and No. {last.seq}", f"第{first.seq}号至第{last.seq}号之间")
        return self.listed(named, span, numbers)

    def listed(self, *parts: str) -> str:
        """Put parts of a sentence in a row."""
        return self.t(", ", "，").join(parts)

    def who(self, by: Mapping[str, Any] | None) -> str:
        """Return who did something."""
        if by is None:
            return self.t("not named", "未记名")
        if by["id"] == REQUESTER.id:
            return self.t("the requester", "诉求人")
        who, unit = self.safe(str(by["id"])), by.get("unit")
        return self.t(f"{who} ({self.unit(unit)})", f"{who}（{self.unit(unit)}）") if unit else who


def _kinds(book: Sequence[Event]) -> Iterator[tuple[str, str]]:
    """Return the kind and the action of every event of a book, and of those that an amendment holds."""
    for event in book:
        yield event.kind, event.action
        yield from ((one["kind"], one.get("action", "")) for one in brought(event))
