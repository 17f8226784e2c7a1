"""Calls ``governflow_recorded`` after the commit (办后告知); a delivery that fails is kept and tried again."""

from governflow.engine.session import Session
from governflow.errors import PolicyError, described
from governflow.model.events import decode


class Outbox:
    """What plugins have still to hear.

    Args:
        session: The store that keeps it, and the plugins.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._delivering = False
        self._failed: set[tuple[int, str]] = set()

    def deliver(self) -> int:
        """Deliver everything that waits, what failed before included; return how many deliveries failed."""
        with self._session.lock:
            self._failed.clear()
            self.deliver_new()
            return len(self._failed)

    def deliver_new(self) -> None:
        """Deliver what was not tried yet; what failed once waits for the next `deliver`."""
        with self._session.lock:
            if self._delivering:
                return  # a plugin acts on what it hears: what that leads to is delivered in its turn
            self._delivering = True
            try:
                self._deliver_all()
            finally:
                self._delivering = False

    def _deliver_all(self) -> None:
        store = self._session.store
        while waiting := [entry for entry in store.undelivered() if entry not in self._failed]:
            results = [(*entry, self._fault(*entry)) for entry in waiting]
            self._failed |= {(position, plugin) for position, plugin, fault in results if fault is not None}
            with self._session.transaction:
                for position, plugin, fault in results:
                    store.delivered(position, plugin, fault)

    def _fault(self, position: int, plugin: str) -> str | None:
        """Call a plugin; return why it failed, or None if it heard the event."""
        entry = self._session.store.entry(position)
        case = self._session.store.load(entry.case)
        assert case is not None
        event = decode(entry.body, entry.recorded)
        try:
            policy = self._session.localities.policy(case.locality)
        except PolicyError as fault:
            return str(fault)
        for source, function, names in policy.impls("governflow_recorded"):
            if source.partition("@")[0] == plugin:
                try:
                    function(*[event if name == "event" else case for name in names])
                except Exception as fault:  # noqa: BLE001 - a plugin that fails never breaks the case
                    return described(fault)
                return None
        return f"{plugin} is not registered"
