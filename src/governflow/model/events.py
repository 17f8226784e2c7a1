"""What happened, in the past tense (事件). The events are the truth; everything else can be folded from them.

An event holds what was decided (state, unit, due times, reasons, rules), so replaying it asks no plugin and no
calendar. It never holds personal data: free text, names and telephone numbers live in an erasable table, and the event
keeps a salted commitment to them (`secret`).

On paper an event is one line of JSON, the *body*: exactly what is hashed. `recorded`, when the store learnt of it, is
its envelope and belongs neither to the body nor to equality.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TypedDict, cast

import msgspec
from msgspec.structs import astuple, force_setattr

from governflow.errors import Tampered
from governflow.model.clocks import Clock
from governflow.model.rulings import RecordedRuling
from governflow.model.terms import Form, Way
from governflow.text import Text

VERSION = 1

#: Texts of an earlier event were told anew: the commitment is to those that stand there now.
RETOLD = "retold"
#: The kind of the event by which a calendar that has learnt counts clocks anew.
RECALCULATED = "recalculated"
#: The kind of the event by which a fact that came late, or was retracted, gives a case another life.
AMENDED = "amended"

#: What the kinds of events are called that have no name of their own in the lifecycle.
EVENT_NAMES: Mapping[str, Text] = {
    "warned": Text("Warning: soon due", "临期预警"),
    "breached": Text("Deadline missed", "超时"),
    "urged": Text("Holder urged", "催办"),
    "supervised": Text("Supervised from above", "督办"),
    "taken_over": Text("Taken over by a higher form", "提级接办"),
    "special_report_filed": Text("Special report filed", "形成专报"),
    "takeover_due": Text("Takeover by a higher form due", "应提级接办"),
    "special_report_due": Text("Special report due", "应形成专报"),
    "lapsed": Text("Time ran out", "到期"),
    "faulted": Text("Fault in the rules: put before a human", "规则故障：转人工研判"),
    RETOLD: Text("Texts updated", "文字更正"),
    "joined": Text("Another case merged into it", "有事项并入"),
    "answered_with": Text("Answered with the case that it was merged into", "随并入的事项反馈"),
    "unmerged": Text("Back: the case that it was merged into answers nobody", "并入的事项不再答复：恢复办理"),
    "forgotten": Text("Personal data erased on request", "应要求删除个人信息"),
    "reassessed": Text("Assessed anew", "重新研判"),
    "recalculated": Text("Deadlines counted anew", "重算时限"),
    "denied": Text("Not allowed", "不予准许"),
    "steps_refused": Text("Steps of a journal refused", "台账步骤有误未采用"),
    "mode_switched": Text("Mode switched", "平急转换"),
    "amended": Text("Amended: worked out anew", "补录更正：重新推定"),
}


class Actor(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Who acts: an official by post, never a resident by name.

    Args:
        id: The post or staff id; the role for a resident.
        unit: The unit that the actor belongs to, if it matters.
    """

    id: str
    unit: str | None = None


#: The one who asked. Residents are never named in an event.
REQUESTER = Actor("requester")


#: What an event says of an escalation: its kind and cause, the clock with its cycle (``arrive#1``; None where a person
#: escalated it), who held the case, to whom it went, and the form in which it is handled from then on, if any.
Escalated = TypedDict(
    "Escalated", {"kind": str, "cause": str, "clock": str | None, "from": str, "to": str, "form": Form | None}
)


class Fact(msgspec.Struct, frozen=True, gc=False):
    """What somebody did or said, as `Engine.tell` takes it (事实).

    Args:
        action: Any action of the case's lifecycle; ``report`` for the first one.
        at: When it happened, timezone-aware.
        by: Who did it.
        details: What the action needs: the keywords of `Engine.act`, or of `Engine.report`.
        command_id: An id under which it is known: told again it changes nothing.
    """

    action: str
    at: datetime
    by: Actor | None = None
    details: Mapping[str, object] = {}
    command_id: str | bytes | None = None


class Event(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="v", tag=VERSION, eq=False, gc=False):
    """One fact of one case, with its consequences. Moments are in UTC.

    Args:
        case: The case's id (``@<locality>`` for a locality's own book).
        seq: 1 for the first event of the case, then 2, ...
        kind: What happened, in the past tense.
        at: When it happened.
        state: The state of the case afterwards.
        action: The action that did it; empty for what the engine does by itself.
        by: Who did it; None for the engine.
        changes: Fields of the case that have new values.
        clocks: The clocks that are different now, whole.
        rulings: What the rules said, and why.
        about: Details that change nothing of the case (an escalation's from and to, an appeal's clock, ...).
        secret: The commitment to the texts and personal data that came with it.
        rules: The hash of the rule set that was asked, where one was.
        way: Who was the record of the case then: governflow, a journal, or the rules.
        details: What a command said beside texts, so that it can be worked out anew; None where it said nothing, for
            a report, and in ledgers that were written before facts could come late.
        withdrawn: The number of the amendment or recalculation that withdrew it; only in what a history returns,
            never in the ledger.
        recorded: When the store learnt of it.
    """

    case: str
    seq: int
    kind: str
    at: datetime
    state: str
    action: str = ""
    by: Actor | None = None
    changes: Mapping[str, object] = {}
    clocks: tuple[Clock, ...] = ()
    rulings: tuple[RecordedRuling, ...] = ()
    about: Mapping[str, object] = {}
    secret: str | None = None
    rules: str | None = None
    way: Way = Way.LIVE
    details: Mapping[str, object] | None = None
    withdrawn: int | None = None
    recorded: datetime | None = None

    @property
    def escalation(self) -> Escalated | None:
        """From whom to whom the case was escalated, and for which clock; None where it was not."""
        return cast(Escalated | None, self.about.get("escalation"))

    @property
    def measure_due(self) -> Escalated | None:
        """The measure that was due, where a journal is the record: who should have taken the case; None if none was."""
        return cast(Escalated | None, self.about.get("measure_due"))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Event) and astuple(self)[:-2] == astuple(other)[:-2]

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((self.case, self.seq))


_decoder = msgspec.json.Decoder(Event)

#: Write an event, not yet recorded, as the one line of JSON that is hashed; what is empty is left out.
encode = msgspec.json.Encoder().encode


def decode(body: bytes, recorded: datetime | None = None) -> Event:
    """Read an event back.

    Raises:
        Tampered: If the body is no event.
    """
    try:
        event = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise Tampered(f"an event cannot be read: {fault}", f"事件无法读取：{fault}") from fault
    if recorded is not None:
        force_setattr(event, "recorded", recorded)
    return event
