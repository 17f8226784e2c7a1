"""Takes one command: known ids, versions, what fell due before it, the decision, and the events, in one transaction."""

from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from governflow.engine.decide import Command, decide, unreported
from governflow.engine.identity import digest_of, require_same, without_name
from governflow.engine.known_facts import KnownFact, facts_of
from governflow.engine.merging import SILENT
from governflow.engine.session import SKEW, Session, require_actor
from governflow.engine.tell import Secret, comes_late, retracted_facts, sealed, tell_facts
from governflow.engine.verbs import ReportDetails
from governflow.errors import CommandError, Conflict, NotAllowed, UnknownCase, require, shown
from governflow.model.case import Case, evolve, fold
from governflow.model.events import Actor, Event, Fact
from governflow.model.life import life
from governflow.policy.stack import Policy
from governflow.stores.store import commitment
from governflow.timesource import in_utc


def take_command(
    session: Session,
    action: str,
    case_id: str | None,
    details: Mapping[str, Any],
    by: Actor | None,
    at: datetime | None,
    command_id: str | bytes | None,
    version: int | None = None,
    locality: str | None = None,
) -> Case:
    """Take a command and return the case afterwards; `Engine.act` documents arguments and refusals."""
    given = None if at is None else in_utc(at)
    at = in_utc(session.clock.now()) if given is None else given
    require_actor(by)
    key = command_id.encode() if isinstance(command_id, str) else command_id
    store = session.store
    with session.lock:  # a refusal and what the book says of it belong together
        store.begin()
        try:
            known = store.load(case_id) if case_id is not None else None
            by = without_name(store, action, known if action != "report" else None, details, by)
            digest: bytes | None = None
            if key is not None:
                digest = digest_of(action, case_id, locality, given, by, details)
                if (seen := store.command(key)) is not None:
                    require_same(key, store.command_digest(key), digest, seen[0])
                    past = _as_of(session, *seen)
                    store.commit()
                    return past
            case, policy, is_new = _subject(session, action, case_id, known, details, at, locality)
            if given is None:
                at = _after_what_is_known(case, at)
            if version is not None and version != case.version:
                _require_only_denials(session, case, version)
            secret = sealed(session, details) if details else None
            command = Command(action, details, by, commitment(*secret) if secret else None)
            if not is_new and _is_late(case, policy, action, at, given):
                after = _tell_late(session, policy, case, KnownFact(action, at, command), secret, key, digest)
            else:
                before = None if is_new else case
                fallen: list[Event] = []
                if case.next_event_at is not None and case.next_event_at < at:
                    fallen, case = session.catch_up(case, policy, at)
                events, after = decide(case, command, policy, at, session.mode(policy, at))
                texts = (next(event.seq for event in events if event.secret), *secret) if secret else None
                session.append(policy, before, after, fallen + events if fallen else events, texts, key, digest)
            store.commit()
        except BaseException as refused:
            store.rollback()
            if isinstance(refused, NotAllowed) and refused.denial is not None:
                _deny(session, refused.denial, case_id if action != "report" else None, locality, by, at, key)
                session.deliver_new()
            raise
    if policy.observed:
        session.deliver_new()
    return after


def _is_late(case: Case, policy: Policy, action: str, at: datetime, given: datetime | None) -> bool:
    """Return whether a command comes before something that is known of its case; ``given`` is the moment it names."""
    if given is None and at == case.latest_at and case.latest_action:
        return False  # whoever names no moment acts after all that is known, however coarse the clock is
    return comes_late(case, policy, action, at)


def _tell_late(
    session: Session,
    policy: Policy,
    case: Case,
    fact: KnownFact,
    secret: Secret | None,
    key: bytes | None,
    digest: bytes | None,
) -> Case:
    sealed_as = fact.command.secret if fact.command is not None else None
    secrets = {sealed_as: secret} if secret and sealed_as else {}
    keys = [(key, digest)] if key is not None else []
    return tell_facts(session, policy, case.id, case, [fact], secrets, keys)


def tell(
    session: Session,
    name: str,
    told: Sequence[Fact],
    locality: str | None = None,
    instead: Sequence[Event] = (),
    reason: str = "",
    by: Actor | None = None,
    at: datetime | None = None,
) -> Case:
    """Take facts of one case together and return the case afterwards; `Engine.tell` and `retract` document it."""
    require(told or instead, "tell at least one fact", "至少应告知一项事实")
    require_actor(by)
    moment, details = session.moment(at), {"reason": reason}
    if instead:
        reasoned = isinstance(reason, str) and reason.strip()
        require(reasoned, "a retraction needs a reason", "撤销登记须说明理由")
    with session.lock:
        try:
            with session.transaction:
                case = session.store.load(name)
                policy = session.localities.policy(case.locality if case is not None else locality or "000000")
                telling = _Telling(session, name, policy.code if case is None else case.locality)
                for fact in told:
                    telling.add(fact)
                if instead:
                    _require_one_case(instead, session.load(name))
                    telling.seal(details)
                gone = retracted_facts(session, policy, case, instead, details, by, moment) if case else {}
                reports = _require_one_report(case, name, telling.facts, again=0 in gone)
                if case is not None and 0 in gone and not reports:
                    _require_last(session, case, gone)
                if telling.facts or gone:
                    case = tell_facts(session, policy, name, case, telling.facts, telling.secrets, telling.keys, gone)
        except NotAllowed as refused:
            if refused.denial is not None:
                who, when = (by, moment) if instead else (told[0].by, in_utc(told[0].at))
                _deny(session, refused.denial, name, locality, who, when, None)
                session.deliver_new()
            raise
    session.deliver_new()
    assert case is not None
    return case


class _Telling:
    """Facts on their way to the engine: those that are known already are left out."""

    def __init__(self, session: Session, name: str, locality: str) -> None:
        self.session, self.name, self.locality = session, name, locality
        self.facts: list[KnownFact] = []
        self.secrets: dict[str, Secret] = {}
        self.keys: list[tuple[bytes, bytes | None]] = []

    def add(self, fact: Fact) -> None:
        """Add a fact unless its command id was taken before."""
        require(isinstance(fact, Fact), "{fact} is no Fact", "{fact} 不是一项事实", fact=shown(fact))
        require_actor(fact.by)
        unknown = sorted(fact.details.keys() - ReportDetails.__annotations__.keys()) if fact.action == "report" else ()
        require(
            not unknown,
            "a report takes no {names}",
            "上报没有“{names}”这一内容",
            names=", ".join(unknown),
        )
        store, action, details = self.session.store, fact.action, fact.details
        case = store.load(self.name) if action != "report" else None
        at, by = in_utc(fact.at), without_name(store, action, case, details, fact.by)
        if fact.command_id is not None:
            key = fact.command_id.encode() if isinstance(fact.command_id, str) else fact.command_id
            digest = digest_of(action, self.name, self.locality, at, by, details)
            if (seen := store.command(key)) is not None:
                require_same(key, store.command_digest(key), digest, seen[0])
                return
            self.keys.append((key, digest))
        if action == "merge":
            _require_other(self.session, self.name, self.locality, details.get("into"))
        self.facts.append(KnownFact(action, at, Command(action, details, by, self.seal(details))))

    def seal(self, details: Mapping[str, Any]) -> str | None:
        """Keep the texts among details for the erasable table; return what stands for them in the ledger."""
        secret = sealed(self.session, details)
        if secret is None:
            return None
        sealed_as = commitment(*secret)
        self.secrets[sealed_as] = secret
        return sealed_as


def _require_one_report(case: Case | None, name: str, facts: Sequence[KnownFact], *, again: bool) -> int:
    """Refuse a second report, and facts of a case without one; return how many reports there are among the facts."""
    reports = sum(fact.action == "report" for fact in facts)
    if case is None and facts and not reports:
        raise UnknownCase(name)
    require(
        reports <= (case is None or again),
        "case {case} is reported once only",
        "事项 {case} 只能上报一次",
        case=name,
    )
    return reports


def _require_one_case(instead: Sequence[Event], case: Case) -> None:
    for event in instead:
        require(
            isinstance(event, Event) and event.case == case.id,
            "{event} is no event of case {case}",
            "{event} 不是事项 {case} 的事件",
            event=shown(event),
            case=case.id,
        )


def _require_last(session: Session, case: Case, gone: Container[int]) -> None:
    """Refuse to retract a report without another one in its place, as long as other facts stand."""
    known = facts_of(life(session.store.history(case.id)))
    require(
        all(place in gone for place, fact in known if fact.command is not None),
        "the report of case {case} is retracted only when no other fact of it is left",
        "事项 {case} 尚有其他事实，不能撤销上报",
        case=case.id,
    )


def _deny(
    session: Session,
    denial: Mapping[str, object],
    case_id: str | None,
    locality: str | None,
    by: Actor | None,
    at: datetime,
    key: bytes | None,
) -> None:
    """Write a denial into the case, or into the locality's book if there is no case yet; once for a command.

    Nothing else happens for its sake: who is refused must not be able to set anything off, whatever moment they name.
    """
    mark = b"denied:" + key if key is not None else None
    with session.transaction:
        if mark is not None and session.store.command(mark) is not None:
            return
        case = session.store.load(case_id) if case_id is not None else None
        if case is None:
            code = locality or "000000"
            listeners = session.rules_of(code).observed
            session.append_to_book(code, "denied", dict(denial), by, at, mark, listeners)
            return
        rules = session.rules_of(case.locality)
        event = Event(case.id, case.version + 1, "denied", at, case.state, by=by, about=dict(denial), way=case.way)
        session.append(rules, case, evolve(case, event), [event], None, mark)


def _after_what_is_known(case: Case, now: datetime) -> datetime:
    """Return the moment of a command without one: another machine's clock may be a little ahead of this one's."""
    latest = case.last_changed_at
    return latest if latest is not None and now < latest <= now + SKEW else now


def _subject(
    session: Session,
    action: str,
    case_id: str | None,
    known: Case | None,
    details: Mapping[str, Any],
    at: datetime,
    locality: str | None,
) -> tuple[Case, Policy, bool]:
    """Return the case that a command is about, its policy, and whether the command begins it."""
    if action != "report":
        if known is None or known.id.startswith("@"):
            raise UnknownCase(str(case_id))
        if action == "merge":
            _require_other(session, known.id, known.locality, details.get("into"))
        return known, session.localities.policy(known.locality), False
    if known is not None:
        raise CommandError(
            f"case {case_id} was reported already, on {known.opened:%Y-%m-%d %H:%M} UTC in {known.locality}",
            f"事项 {case_id} 已经上报过（{known.locality}）",
        )
    policy = session.localities.policy(locality or "000000")
    name = case_id or _new_id(session, policy.code, at, policy.zone)
    if not isinstance(name, str) or name.startswith("@") or not name.strip():
        raise CommandError(f"{name!r} cannot be the id of a case", f"{name!r} 不能作为事项编号")
    return unreported(name, policy, at, session.mode(policy, at), details), policy, True


def _require_only_denials(session: Session, case: Case, version: int) -> None:
    """Refuse a stale version; neither a denial nor a case that was merged into this one has changed anything of it."""
    if not 0 < version <= case.version or any(
        event.kind not in ("denied", "joined") for event in session.store.history(case.id)[version:]
    ):
        raise Conflict(case.id, version, case.version)


def _new_id(session: Session, code: str, at: datetime, zone: str) -> str:
    store = session.store
    number = store.count() + 1
    day = at.astimezone(ZoneInfo(zone))
    while store.load(name := f"{code}-{day.year:04}{day.month:02}{day.day:02}-{number:05d}") is not None:
        number += 1  # somebody gave a case this very id
    return name


def _require_other(session: Session, name: str, locality: str, into: Any) -> None:
    """Refuse to merge a case into one that will answer nobody, or into itself."""
    other = session.load(into)
    require(
        other.state not in SILENT,
        f"case {into} is {other.state} and will answer nobody: merge into a case that will",
        f"事项 {into} 已终止，不会再有答复：请并入有答复的事项",
    )
    require(
        other.locality == locality,
        f"case {into} is one of {other.locality}, not of {locality}: a case is merged within its locality",
        f"事项 {into} 属于 {other.locality}，不属于 {locality}：只能在同一地方内并案",
    )
    require(into != name, f"case {into} cannot be merged into itself", f"事项 {into} 不能并入自身")


def _as_of(session: Session, case_id: str, version: int) -> Case:
    """Return a case as it was at a version: what a command returned the first time."""
    case = session.load(case_id)
    past = case if case.version == version else fold(session.store.history(case_id)[:version])
    assert past is not None
    return past
