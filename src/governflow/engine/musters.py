"""Everyday and emergency running, and the muster between them (平急转换、集结).

One key switches a locality to emergency: every post (点位) has to check in within 30 minutes. It is written in the
locality's own book, whose clocks run like those of a case: one for each post, and one for the whole muster, which is
met only when the last post has checked in. A post that does not come climbs the ladder.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import attrs

from governflow.engine.transition import Outcomes, Transition, triaged
from governflow.errors import CommandError, require
from governflow.model import clocks
from governflow.model.base_lifecycle import BASE
from governflow.model.case import Case
from governflow.model.clocks import Clock
from governflow.model.events import Actor
from governflow.model.own_clocks import CHECK_IN, MUSTER
from governflow.model.terms import Mode
from governflow.policy.stack import Policy

#: The state of a locality's book, which is no case.
BOOK = "book"
_POST = "check_in:"


@attrs.frozen
class Muster:
    """A muster as the book has it. Moments are in UTC.

    Args:
        called: When it was called.
        due: When every post has to have checked in.
        posts: The clock of each post.
        complete: When the last post checked in; None while any is absent.
    """

    called: datetime
    due: datetime
    posts: Mapping[str, Clock]
    complete: datetime | None

    @property
    def absent(self) -> tuple[str, ...]:
        """The posts that have not checked in."""
        return tuple(post for post, clock in self.posts.items() if clock.stopped is None)


def muster(book: Case | None) -> Muster | None:
    """Return the present muster, or None in everyday running and where there are no posts."""
    whole = book.clocks.get(MUSTER.name) if book is not None else None
    if book is None or whole is None or book.mode is not Mode.EMERGENCY:
        return None
    posts = {
        name.removeprefix(_POST): clock
        for name, clock in book.clocks.items()
        if name.startswith(_POST) and clock.started == whole.started
    }
    return Muster(whole.started, whole.original or whole.due, MappingProxyType(posts), whole.stopped)


def switch(
    book: Case, policy: Policy, at: datetime, mode: Mode, about: Mapping[str, Any], by: Actor | None
) -> Outcomes:
    """Switch a locality's mode: to emergency opens a muster, back to everyday ends it.

    Raises:
        CommandError: If the locality runs in this mode already.
    """
    require(
        book.mode is not mode, f"{policy.code} runs in {mode} mode already", f"{policy.code} 已处于“{mode.text.zh}”状态"
    )
    step = Transition(book, policy, at, mode, BASE)
    step.changes |= {"mode": mode, "locality": policy.code, "unit": policy.units.intake, "zone": policy.zone}
    # Each muster climbs for itself.
    step.changes |= {"form": None, "special": None, "tier": None}
    step.about |= about
    step.cancel()
    posts = policy.units.having("post") if mode is Mode.EMERGENCY else ()
    for post in posts:
        step.start(step.plan.specs.get(CHECK_IN.name, CHECK_IN), f"{_POST}{post.id}")
    if posts:
        step.start(step.plan.specs.get(MUSTER.name, MUSTER), MUSTER.name)
        step.about["posts"] = [post.id for post in posts]
    return triaged(step, step.seal("mode_switched", BOOK, "", by))


def check_in(book: Case, policy: Policy, at: datetime, post: str, by: Actor | None) -> Outcomes:
    """Let a post check in (到岗); the last one completes the muster.

    Raises:
        CommandError: If the post was not called, or has checked in.
    """
    known = muster(book)
    if known is not None and post not in known.absent:  # who took the duty over comes in the place of the absent post
        taken = (name for name in known.absent if known.posts[name].duty == post)
        post = next(taken, post)
    if known is None or post not in known.absent or at < known.called:
        waiting = known.absent if known is not None else ()
        names = "、".join(policy.units.name(unit).zh for unit in waiting[:12]) or "无"
        raise CommandError(
            f"{post} is not awaited at a muster; still absent: {', '.join(waiting[:12]) or 'nobody'}",
            f"“{policy.units.name(post).zh}”不在待到岗之列；尚未到岗：{names}",
        )
    step = Transition(book, policy, at, book.mode, BASE)
    step.stop((f"{_POST}{post}",))
    step.about["unit"] = post
    if known.absent == (post,):
        # The last to be recorded need not be the last to have come.
        came = [step.live[f"{_POST}{name}"].stopped for name in known.posts]
        last = max(moment for moment in came if moment is not None)
        step.put(clocks.stopped(step.live[MUSTER.name], last))
    return step.seal("checked_in", BOOK, "", by)
