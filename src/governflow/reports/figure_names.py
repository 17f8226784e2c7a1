"""How people call a figure: by its path as JSON has it, or in the words of the tables, in either language.

``clocks.arrive.breached``, ``arrive.breached`` and ``到场.超时`` are one figure.
"""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from governflow.errors import CommandError
from governflow.model.base_lifecycle import BASE
from governflow.model.terms import Kind
from governflow.normalize import key, nearest
from governflow.policy.hookspecs import LocalRules
from governflow.reports.figures import RATES, Figure
from governflow.text import Text

#: The names of figures and of what they are made of, as tables show them.
NAMES: Mapping[str, Text] = {
    "cases": Text("cases", "件数"),
    "reported": Text("reported", "上报"),
    "open": Text("open", "未办结"),
    "closed": Text("closed", "已办结"),
    "archived": Text("archived", "已归档"),
    "reopened": Text("reopened", "重新办理"),
    "overdue": Text("overdue", "超时未办"),
    "escalated": Text("escalated", "提级"),
    "above": Text("gone above", "上交上级"),
    "proactive": Text("found by workers", "主动处置"),
    "incomplete": Text("incomplete", "不完整"),
    "incomplete_in": Text("incomplete in", "不完整件数"),
    "clocks": Text("deadlines", "时限"),
    "again": Text("again", "再次"),
    "rates": Text("rates", "三率"),
    "escalations": Text("escalations", "升级"),
    "measures_due": Text("measures due", "应采取的处置"),
    "findings": Text("findings", "发现的问题"),
    "by_state": Text("state", "状态"),
    "by_unit": Text("unit", "单位"),
    "by_domain": Text("domain", "领域"),
    "by_item": Text("item", "事项"),
    "recurring": Text("recurring", "反复出现"),
    "met": Text("met", "按时"),
    "breached": Text("breached", "超时"),
    "exempt": Text("exempt", "免计"),
    "running": Text("running", "计时中"),
    "n": Text("n", "分子"),
    "of": Text("of", "分母"),
    "excluded": Text("excluded", "剔除"),
    **RATES,
    **{kind.value: kind.text for kind in Kind},
}
#: The names of the everyday actions, after which clocks are called.
_ACTIONS: Mapping[str, Text] = {action.name: action.text for action in BASE.actions.values()}
#: Groups whose parts are counted by the names of units.
_OF_UNITS = frozenset({"by_unit", "findings"})


def paths(told: Mapping[str, Any], before: Figure = ()) -> Iterator[tuple[Figure, int]]:
    """Return every figure in the JSON of a summary by its path, with its number."""
    for name, value in told.items():
        if isinstance(value, Mapping):
            yield from paths(value, (*before, name))
        elif type(value) is int:
            yield (*before, name), value


def say_figure(figure: Figure, policy: LocalRules) -> Text:
    """Return a figure in words: each part of its path, in both languages."""
    parts = [_word(figure[:place], part, policy) for place, part in enumerate(figure)]
    return Text(".".join(part.en for part in parts), ".".join(part.zh for part in parts))


def _word(before: Figure, part: str, policy: LocalRules) -> Text:
    if before and before[-1] in _OF_UNITS:
        return policy.units.name(part) if part else Text("not named", "未记名")
    if before and before[-1] == "rates" and part in RATES:  # the state 已办结 is called as the rate 办结率 is in JSON
        return RATES[part]
    local = policy.name(part)
    named = local.en != part or local.zh != part
    return local if before and named else NAMES.get(part, local)


def _common(figure: Figure) -> Text:
    """Return a figure in the words that journals use everywhere, whatever the locality calls its steps."""
    parts = [_ACTIONS.get(part) or NAMES.get(part) or Text(part, part) for part in figure]
    return Text(".".join(part.en for part in parts), ".".join(part.zh for part in parts))


def _key(name: str) -> str:
    return key(name).replace(".", "")


def read_figure(text: str, known: Iterable[Figure], policy: LocalRules) -> Figure:
    """Return the figure that somebody names.

    Args:
        text: Its path, or its words in either language, the locality's or the common ones. The first part may be
            left out where it is a group, and ``n`` after the name of a rate.
        known: The figures that there are.
        policy: The locality's rules: the names of its clocks, states and units.

    Raises:
        CommandError: If there is none of that name; the nearest is named.
    """
    names: dict[str, Figure] = {}
    for figure in known:
        words, common = say_figure(figure, policy), _common(figure)
        for name in (".".join(figure), words.zh, words.en, common.zh, common.en):
            for called in (name, name.partition(".")[2]):
                if called:
                    names.setdefault(_key(called), figure)
                    if figure[-1] == "n":  # a rate is called by its name alone
                        names.setdefault(_key(called.rpartition(".")[0]), figure)
    found = names.get(_key(text))
    if found is None:
        closest = get_close_matches(_key(text), names, 1, 0) or [""]  # where none looks like it, the least unlike
        alike = names.get(nearest(_key(text), names) or closest[0])
        words = say_figure(alike, policy) if alike else Text("", "")
        en = f"; the nearest is {'.'.join(alike)}" if alike else ""
        zh = f"；最接近的是 {words.zh}（{'.'.join(alike)}）" if alike else ""
        raise CommandError(f"there is no figure {text!r}{en}", f"没有名为“{text}”的指标{zh}")
    return found
