"""Texts and personal data told anew where the fact stays the same (文字更正): free text, who asked, their telephone.

They are updated in place, under the event that brought them; the book says that it was done, with a new commitment.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from governflow.engine.identity import TEXTS
from governflow.engine.session import Session
from governflow.model.case import evolve
from governflow.model.events import RETOLD, Event
from governflow.model.life import life
from governflow.stores.store import commitment

_encode = msgspec.json.Encoder(order="sorted").encode


def retell(session: Session, command_id: bytes, action: str, told: Mapping[str, Any]) -> bool:
    """Update the texts of the fact that a command told; return whether anything was new.

    What is not told any more stays. Texts of a case that was forgotten are never told again.
    """
    texts = {name: value for name in TEXTS if (value := told.get(name))}
    if not texts:
        return False
    with session.lock, session.transaction:
        case_id, version = session.store.command(command_id) or ("", 0)
        case, history = session.store.load(case_id), session.store.history(case_id)
        known = history[:version]
        fact = next((event for event in reversed(life(known)) if event.action == action), None)
        if case is None or fact is None or any(event.kind == "forgotten" for event in history):
            return False
        kept = session.store.texts(case_id).get(fact.seq)
        before: dict[str, Any] = msgspec.json.decode(kept[1]) if kept is not None else {}
        after = {**before, **texts}
        if isinstance(before.get("extra"), dict) and isinstance(texts.get("extra"), dict):
            after["extra"] = {**before["extra"], **texts["extra"]}
        if after == before:
            return False
        secret = (session.entropy(), _encode(after))
        now = max(session.store.now or fact.at, fact.at)
        event = Event(
            case_id,
            case.version + 1,
            RETOLD,
            now,
            case.state,
            about={"seq": fact.seq},
            secret=commitment(*secret),
            way=case.way,
        )
        session.append(session.rules_of(case.locality), case, evolve(case, event), [event], (fact.seq, *secret))
    return True
