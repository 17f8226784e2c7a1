"""Who acts, and which command it is (身份): never the name of the one who asked, and never one id for two commands."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from governflow.errors import require
from governflow.model.case import Case
from governflow.model.events import REQUESTER, Actor
from governflow.stores import Store
from governflow.timesource import in_utc

#: What a command brings that may say who somebody is: it goes into the erasable table, never into an event.
TEXTS = ("reporter", "phone", "text", "note", "reason", "extra")
_TEXTS = frozenset(TEXTS)

#: What only the one who asked does where nobody says for which unit it was done.
OF_THE_REQUESTER = frozenset({"evaluate", "request_review", "withdraw"})

_write = msgspec.json.Encoder(order="sorted", enc_hook=repr).encode


def without_name(
    store: Store, action: str, case: Case | None, details: Mapping[str, Any], by: Actor | None
) -> Actor | None:
    """Return who acts as an event may say it: the one who asked by their role, whatever they called themselves.

    An actor with a unit is an official, and stays. ``case`` is None where the action begins it.
    """
    if by is None or by.unit is not None:
        return by
    if details and _names(by, details):
        return REQUESTER
    if case is None:
        return by
    if case.asked and action in OF_THE_REQUESTER:
        return REQUESTER
    texts = store.texts(case.id)
    if texts and any(_names(by, msgspec.json.decode(content)) for _, content in texts.values()):
        return REQUESTER
    return by


def _names(by: Actor, told: Mapping[str, Any]) -> bool:
    """Return whether an actor goes by the name or the number of the one who asked."""
    reporter, phone = told.get("reporter"), told.get("phone")
    if reporter is None and phone is None:
        return False
    return _plain(by.id) in (_plain(reporter), _plain(phone))


def _plain(name: object) -> str:
    return "".join(name.split()).casefold() if isinstance(name, str) else ""


def digest_of(
    action: str,
    case_id: str | None,
    locality: str | None,
    at: datetime | None,
    by: Actor | None,
    details: Mapping[str, Any],
) -> bytes:
    """Return what tells a command from every other one: all that it says but for texts and personal data."""
    told = {
        name: in_utc(value) if isinstance(value, datetime) else value
        for name, value in details.items()
        if value is not None and name not in _TEXTS
    }
    when = None if at is None else in_utc(at)
    return hashlib.blake2b(_write([action, case_id, locality, when, by, told]), digest_size=16).digest()


def require_same(command_id: bytes, kept: bytes | None, digest: bytes | None, case_id: str) -> None:
    """Refuse an id under which another command was taken; what an earlier version kept has no digest, and passes."""
    name = command_id.decode("utf-8", "replace") if command_id.isascii() else command_id.hex()
    require(
        kept is None or kept == digest,
        f"the command id {name} belongs to another command, about case {case_id}: give each command an id of its own",
        f"指令编号“{name}”已用于另一条指令（事项 {case_id}）：每条指令应使用自己的编号",
    )
