"""Every law of the charter in its order: a chapter is a module of laws, and a new chapter is listed here (宪章目录)."""

from governflow.charter.laws import escalation, impartiality, lives, localities, rulings, timing
from governflow.charter.laws.registry import LAWS, Law

CHAPTERS = (rulings, impartiality, lives, timing, escalation, localities)


def laws() -> dict[str, Law]:
    """Return the charter: every law by its id; what somebody else added comes last."""
    place = {chapter.__name__: number for number, chapter in enumerate(CHAPTERS)}
    return dict(sorted(LAWS.items(), key=lambda law: place.get(law[1].check.__module__, len(place))))
