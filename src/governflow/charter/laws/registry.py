"""The charter (宪章): what must hold of any locality's rules, each law under the slogan that is painted on the wall."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import attrs

from governflow.charter.model import Failure
from governflow.text import Text

if TYPE_CHECKING:
    from governflow.charter.subject import Subject

Check = Callable[["Subject"], Iterator[Failure]]


@attrs.frozen
class Law:
    """One law.

    Args:
        id: Its stable id.
        slogan: The slogan, or the principle, that it makes checkable.
        says: The law in one sentence.
        method: ``exact`` where nothing is left out, else ``examples``.
        check: Gives the failures; it calls ``subject.tried()`` for each example that it looks at.
        ahead: Begins what takes long and can go on beside other laws, unless it was begun; None where there is nothing
            of the kind. Whoever checks the law calls it first, and `Subject.dismiss` at the end.
    """

    id: str
    slogan: Text
    says: Text
    method: str
    check: Check
    ahead: Callable[["Subject"], object] | None = None


#: Every law by id, in the order of the charter; the modules that define them add to it.
LAWS: dict[str, Law] = {}


def law(
    id: str, slogan: Text, says: Text, *, method: str = "examples", ahead: Callable[["Subject"], object] | None = None
) -> Callable[[Check], Check]:
    """Add a law to the charter."""

    def add(check: Check) -> Check:
        LAWS[id] = Law(id, slogan, says, method, check, ahead)
        return check

    return add
