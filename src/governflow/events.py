"""What happened, in the past tense (事件). The events are the truth; everything else can be folded from them.

An event holds what was decided (state, unit, due times, reasons, rules), so replaying it asks no plugin and no
calendar. It never holds personal data: free text, names and telephone numbers live in an erasable table, and the event
keeps a salted commitment to them (`secret`).

On paper an event is one line of JSON, the *body*: exactly what is hashed. `recorded`, when the store learnt of it, is
its envelope and belongs neither to the body nor to equality.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs
import msgspec

from governflow.clocks import Clock, Decided
from governflow.errors import Tampered

VERSION = 1


@attrs.frozen(slots=False)
class Actor:
    """Who acts: an official by post, never a resident by name.

    Args:
        id: The post or staff id; the role for a resident.
        unit: The unit that the actor belongs to, if it matters.
    """

    id: str
    unit: str | None = None


#: The one who asked. Residents are never named in an event.
REQUESTER = Actor("requester")


@attrs.frozen(slots=False)
class Event:
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
        recorded: When the store learnt of it.
    """

    case: str
    seq: int
    kind: str
    at: datetime
    state: str
    action: str = ""
    by: Actor | None = None
    changes: Mapping[str, Any] = attrs.field(factory=dict)
    clocks: tuple[Clock, ...] = ()
    rulings: tuple[Decided, ...] = ()
    about: Mapping[str, Any] = attrs.field(factory=dict)
    secret: str | None = None
    rules: str | None = None
    recorded: datetime | None = attrs.field(default=None, eq=False)


_OPTIONAL = ("action", "by", "changes", "clocks", "rulings", "about", "secret", "rules")
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)
_encode = _encoder.encode


def encode(event: Event) -> bytes:
    """Write an event as the one line of JSON that is hashed; what is empty is left out."""
    fields = event.__dict__
    body = {
        "v": VERSION,
        "case": event.case,
        "seq": event.seq,
        "kind": event.kind,
        "at": event.at,
        "state": event.state,
    }
    for name in _OPTIONAL:
        if value := fields[name]:
            body[name] = value
    return _encode(body)


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
        event.__dict__["recorded"] = recorded
    return event


#: The hash that every chain begins with.
GENESIS = b"\0" * 32

_sha256 = hashlib.sha256


def link(previous: bytes, content: bytes) -> bytes:
    """Give the next hash of a chain: SHA-256 over the previous hash and the content."""
    return _sha256(previous + content).digest()


def commitment(salt: bytes, content: bytes) -> str:
    """Commit to erasable content: without the salt the commitment says nothing about it."""
    return _sha256(salt + content).hexdigest()
