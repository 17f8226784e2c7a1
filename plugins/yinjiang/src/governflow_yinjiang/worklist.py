"""The order of work: by colour, then by what is due first (分色治理)."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from governflow.plugin import SURVIVES_TRANSFER, Case, Text

#: The colours, most pressing first.
COLOURS: Mapping[str, Text] = {
    "red": Text("red", "红"),
    "orange": Text("orange", "橙"),
    "yellow": Text("yellow", "黄"),
    "blue": Text("blue", "蓝"),
}

_RANK = {colour: rank for rank, colour in enumerate(COLOURS)}
_NEVER = datetime.max.replace(tzinfo=UTC)


def worklist(cases: Iterable[Case]) -> list[Case]:
    """Sort open cases as they are to be worked off.

    Args:
        cases: Any cases; closed ones are left out.

    Returns:
        The open ones by colour, then by the clock that is due first, then by id. The clock of the whole case, which is
        the requester's and not the holder's, counts only where no other runs.
    """
    return sorted((case for case in cases if case.closed is None), key=_order)


def _order(case: Case) -> tuple[int, datetime, str]:
    rank = _RANK.get(str(case.facts.get("colour")), len(_RANK))
    running = [clock for clock in case.clocks.values() if clock.running]
    near = [clock.due for clock in running if SURVIVES_TRANSFER not in clock.traits] or [clock.due for clock in running]
    return rank, min(near, default=_NEVER), case.id


def lines(cases: Iterable[Case]) -> Iterable[Text]:
    """Say a worklist, one line a case.

    Args:
        cases: Any cases; closed ones are left out.
    """
    yield Text("The order of work, by colour and due time:", "办理次序（按颜色、截止时间）：")
    for place, case in enumerate(worklist(cases), 1):
        colour = COLOURS.get(str(case.facts.get("colour")), Text("no colour", "未分色"))
        yield Text(f"  {place}. {colour.en}: {case.id}, {case.item}", f"  {place}. {colour.zh}：{case.id}，{case.item}")
