"""Telling plugins what was recorded, after the commit (办后告知): what fails is kept and tried again, never lost."""

from governflow.engine.session import Session
from governflow.errors import PolicyError, described
from governflow.model.events import decode
from governflow.policy.registry import Localities
from governflow.stores import Store
from governflow.timesource import Entropy, TimeSource


class Deliveries(Session):
    """The part of an engine that calls ``governflow_recorded``."""

    def __init__(self, store: Store, clock: TimeSource, entropy: Entropy, localities: Localities) -> None:
        super().__init__(store, clock, entropy, localities)
        self._delivering = False
        self._failed: set[tuple[int, str]] = set()

    def deliver(self) -> int:
        """Tell the plugins what was recorded and what they have not heard yet; what fails is kept for the next time.

        Returns:
            How many deliveries failed and wait.
        """
        with self._lock:
            self._failed.clear()
            self._tell_all()
            return len(self._failed)

    def _tell_all(self) -> None:
        """Tell what has not been told; what has failed once waits for the next `deliver` or `advance`."""
        if self._delivering:
            return  # a plugin acts on what it hears: what that leads to is delivered in its turn
        self._delivering = True
        try:
            while waiting := [entry for entry in self.store.undelivered() if entry not in self._failed]:
                told = [(*entry, self._tell(*entry)) for entry in waiting]
                self._failed |= {(position, plugin) for position, plugin, fault in told if fault is not None}
                self.store.begin()
                for position, plugin, fault in told:
                    self.store.delivered(position, plugin, fault)
                self.store.commit()
        finally:
            self._delivering = False

    def _tell(self, position: int, plugin: str) -> str | None:
        entry = self.store.entry(position)
        case = self.store.load(entry.case)
        assert case is not None
        event = decode(entry.body, entry.recorded)
        try:
            policy = self.localities.policy(case.locality)
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
