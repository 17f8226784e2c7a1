"""Tells the engine facts of a case, late ones and several together, and takes back what was wrong (补录、撤销登记).

What comes in time is a command like any other (`command_handler`). Here are those for which the life has to be worked
out anew; `amend` does it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from governflow.engine.amend import Anew, amended
from governflow.engine.decide import Command, authorise
from governflow.engine.identity import TEXTS
from governflow.engine.known_facts import KnownFact, facts_of
from governflow.engine.session import Session
from governflow.engine.transition import Transition
from governflow.errors import CommandError, require
from governflow.model.base_lifecycle import BASE
from governflow.model.case import Case, evolve
from governflow.model.events import AMENDED, Actor, Event
from governflow.model.life import life
from governflow.policy.stack import Policy
from governflow.stores.store import commitment

#: Salt and content of the texts that came with a fact.
Secret = tuple[bytes, bytes]

_encode = msgspec.json.Encoder(order="sorted").encode


def comes_late(case: Case, policy: Policy, action: str, at: datetime) -> bool:
    """Return whether a fact lies before what is known of a case already, or at its last moment but not after it."""
    latest = case.latest_at
    if latest is None or at > latest:
        return False
    if at < latest or not case.latest_action:
        return True
    places = policy.lifecycles.get(case.lifecycle, BASE).places
    return places.get(action, len(places)) <= places.get(case.latest_action, len(places))


def tell_facts(
    session: Session,
    policy: Policy,
    name: str,
    case: Case | None,
    facts: Sequence[KnownFact],
    secrets: Mapping[str, Secret],
    keys: Sequence[tuple[bytes, bytes | None]] = (),
    retracted: Mapping[int, Mapping[str, Any]] | None = None,
) -> Case:
    """Write what facts make of a case, within a transaction, and return the case afterwards.

    Args:
        session: Where it is written.
        policy: The rules.
        name: The id of the case.
        case: The case as it is kept; None if it is reported now.
        facts: The facts told now.
        secrets: The texts that come with them, by commitment.
        keys: The command ids of the facts, each with the digest of its command.
        retracted: The places in the life of the facts that are retracted, each with what the book says of it.

    Raises:
        CommandError: If the life does not fit.
    """
    book = session.store.history(name) if case is not None else []
    anew = anew_of(session, policy, name)
    entries, after = amended(book, case, anew, told=facts, retracted=retracted or {}, now=session.store.now)
    for chunk, secret in _by_texts(entries, secrets, session.entropy):
        before, case = case, _folded(case, chunk)
        session.append(policy, before, case, chunk, (chunk[0].seq, *secret) if secret is not None else None)
    for key, digest in keys:
        session.append(policy, case, after, [], None, key, digest)
    return after


def anew_of(session: Session, policy: Policy, name: str) -> Anew:
    """Return what works the life of a case out anew, in the modes and with the outages of a store."""
    return Anew(name, policy, lambda at: session.mode(policy, at), lambda at: session.outage_at(policy, at))


def work_anew(session: Session, policy: Policy, case: Case, since: datetime) -> None:
    """Work a life out anew from a moment on, within a transaction; one that then does not fit stays as it is."""
    try:
        book = session.store.history(case.id)
        entries, after = amended(book, case, anew_of(session, policy, case.id), since=since, now=session.store.now)
    except CommandError:
        return
    if entries:
        session.append(policy, case, after, entries)


def _folded(case: Case | None, events: Iterable[Event]) -> Case:
    for event in events:
        case = evolve(case, event)
    assert case is not None
    return case


def _by_texts(
    entries: Sequence[Event], secrets: Mapping[str, Secret], entropy: Callable[[], bytes]
) -> list[tuple[list[Event], Secret | None]]:
    """Cut entries into parts of which each brings the texts of its first one."""
    parts: list[tuple[list[Event], Secret | None]] = []
    for entry in entries:
        secret = secrets.get(entry.secret) if entry.secret is not None else None
        if entry.kind == AMENDED and secrets:  # one entry holds what came with all of them
            secret = next(iter(secrets.values())) if len(secrets) == 1 else (entropy(), _joined(secrets.values()))
            entry = replace(entry, secret=commitment(*secret))
        if secret is not None or not parts:
            parts.append(([], secret))
        parts[-1][0].append(entry)
    return parts


def _joined(secrets: Iterable[Secret]) -> bytes:
    """Return the texts of several facts as those of one entry: nothing is lost, each stands in a line of its own."""
    texts: dict[str, Any] = {}
    for _, content in secrets:
        for name, value in msgspec.json.decode(content).items():
            known = texts.get(name)
            if isinstance(known, str) and isinstance(value, str):
                value = f"{known}\n{value}"
            texts[name] = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
    return _encode(texts)


_TEXTS = frozenset(TEXTS)


def sealed(session: Session, details: Mapping[str, Any]) -> Secret | None:
    """Return salt and content of the texts that a command brings, or None if it brings none."""
    if _TEXTS.isdisjoint(details):
        return None
    texts = {name: value for name in TEXTS if (value := details.get(name))}
    return (session.entropy(), _encode(texts)) if texts else None


def retracted_facts(
    session: Session,
    policy: Policy,
    case: Case,
    events: Sequence[Event],
    reason: Mapping[str, Any],
    by: Actor | None,
    at: datetime,
) -> dict[int, Mapping[str, Any]]:
    """Return the places in the life of facts that are to be retracted, each with what the book says of it.

    Raises:
        CommandError: If one is no fact of the life as it is now.
        NotAllowed: If the rules do not let the actor do it.
    """
    if not events:
        return {}
    known = list(facts_of(life(session.store.history(case.id))))
    gone: dict[int, Mapping[str, Any]] = {}
    for event in events:
        found = [
            place for place, fact in known if fact.event is not None and fact.at == event.at and _is(fact.event, event)
        ]
        require(
            found,
            "{kind} at {at} is no fact of case {case} as it stands: only what somebody did or said is retracted",
            "{at} 的“{kind}”不是事项 {case} 现有的事实：只能撤销有人所做或所说的事",
            kind=event.kind,
            at=event.at,
            case=case.id,
        )
        gone[found[0]] = {"by": msgspec.to_builtins(by), "entered": at.isoformat()}
    authorise(Transition(case, policy, at, case.mode), Command("retract", reason, by))
    return gone


def _is(known: Event, event: Event) -> bool:
    return known.seq == event.seq and known.action == event.action
