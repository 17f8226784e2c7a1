"""``governflow diff``: exactly which cases two sets of tables decide differently (规则变更影响)."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from governflow.cli import screen
from governflow.cli.sources import DECIDING, AnyTable, Rules, is_file, named
from governflow.cli.tabling import says
from governflow.errors import CommandError
from governflow.explain import CATALOGUE
from governflow.privacy import clean
from governflow.tables import Catalogue, Change, Entry, Rule, Table, compare
from governflow.tables.findings import AT_MOST
from governflow.text import Text
from governflow.voice import Voice

_BUILT_IN = ("governflow", "100000")


@attrs.frozen
class ItemChange:
    """What a catalogue says otherwise of an item.

    Args:
        item: The item.
        condition: The condition under which it is taken up, "" for always.
        old: What differs, as it was, by column; None where the item was not there.
        new: What differs, as it is; None where the item is gone.
    """

    item: str
    condition: str
    old: Mapping[str, str] | None
    new: Mapping[str, str] | None


@attrs.frozen
class Difference:
    """What changed in one table of one layer.

    Args:
        source: The layer, "" for files.
        table: The table's name.
        changes: The cases that are decided differently.
        items: The items of which the catalogue says something else.
    """

    source: str
    table: str
    changes: tuple[Change, ...] = ()
    items: tuple[ItemChange, ...] = ()

    @property
    def number(self) -> int:
        """How many groups of cases, or items, changed."""
        return len(self.changes) + len(self.items)


def diff(old: str, new: str, *, name: str | None, store: Path | None, as_json: bool, lang: str) -> int:
    """Compare two sets of tables.

    Args:
        old: A file, a folder, a code or the hash of a rule set.
        new: What took its place.
        name: The question that files answer; their own name by default.
        store: Where rule sets are kept.
        as_json: Print one JSON object.
        lang: ``"zh"`` or ``"en"``.

    Returns:
        The exit status: 1 if any case is decided differently.
    """
    if name is None and is_file(old) and is_file(new):
        name = _question(Path(old), Path(new))
    was, now = (named(what, name=name, store=store) for what in (old, new))
    differences = [found for pair in _pairs(was, now) if (found := _difference(*pair)).number]
    said = [_sentence(was, now, differences), *_unseen(was, now)]
    if as_json:
        screen.as_json(
            {
                "old": was.title.say(lang),
                "new": now.title.say(lang),
                "same": not differences,
                "differences": [_told(one, lang) for one in differences],
                "sentence": said[0].say(lang),
                "not_compared": [one.say(lang) for one in said[1:]],
            }
        )
    else:
        _print(was, now, differences, said, lang)
    return 1 if differences else 0


def _question(old: Path, new: Path) -> str | None:
    """Tell from two files' names which question they answer; folders need none."""
    if old.is_dir() or new.is_dir():
        return None
    if old.stem != new.stem:
        raise CommandError(
            f"{old.name} and {new.name} have different names: say which question they answer, such as --name tier",
            f"{old.name} 与 {new.name} 文件名不同：请用 --name 指明是哪张表，如 --name tier",
        )
    return old.stem


# --- what is compared with what ---------------------------------------------------------------------------------------

_Pair = tuple[str, str, AnyTable | None, AnyTable | None]


def _pairs(old: Rules, new: Rules) -> Iterator[_Pair]:
    """Pair the tables of both sides: layer with layer, question with question."""
    before, after = list(old.layers), list(new.layers)
    if old.alone or new.alone:  # files stand for the top layer alone
        before, after = before[:1], after[:1]
    codes = {source.partition("@")[0] for source, _ in before} & {source.partition("@")[0] for source, _ in after}
    rest = iter([layer for layer in before if layer[0].partition("@")[0] not in codes])
    was = {source.partition("@")[0]: found for source, found in before}
    for source, found in after:
        code = source.partition("@")[0]
        theirs = was[code] if code in codes else next(rest, ("", {}))[1]
        names = dict.fromkeys((*theirs, *found))
        # A file is compared with the table of its name, not with all that a locality has.
        meant = [side.layers[0][1] for side in (old, new) if side.single]
        names = dict.fromkeys(name for name in names if all(name in one for one in meant))
        yield from ((source, name, theirs.get(name), found.get(name)) for name in names)
    for source, found in rest:
        yield from ((source, name, one, None) for name, one in found.items())


def _difference(source: str, name: str, old: AnyTable | None, new: AnyTable | None) -> Difference:
    if name == CATALOGUE:
        was, now = (one if isinstance(one, Catalogue) else Catalogue(()) for one in (old, new))
        return Difference(source, name, items=tuple(_items(was, now)))
    one, two = (table if isinstance(table, Table) else None for table in (old, new))
    if one is None and two is None:
        return Difference(source, name)
    return Difference(source, name, tuple(compare(one or _empty(two), two or _empty(one))))


def _empty(other: Table | None) -> Table:
    """Give a table without rules to compare one with that was not there."""
    assert other is not None
    return attrs.evolve(other, columns=(), rules=())


def _items(old: Catalogue, new: Catalogue) -> Iterator[ItemChange]:
    before, after = ({(entry.item, entry.condition): entry for entry in side.entries} for side in (old, new))
    for key in dict.fromkeys((*before, *after)):
        was, now = (_says(side.get(key)) for side in (before, after))
        if was is None or now is None:
            yield ItemChange(*key, was, now)
            continue
        other = {name for name in (*was, *now) if was.get(name) != now.get(name)}
        if other:
            yield ItemChange(
                *key,
                {name: value for name, value in was.items() if name in other},
                {name: value for name, value in now.items() if name in other},
            )


def _says(entry: Entry | None) -> Mapping[str, str] | None:
    """Give what decides: a reason alone is no change."""
    return None if entry is None else {name: value for name, value in says(entry).items() if name != "reason"}


# --- how it is said ---------------------------------------------------------------------------------------------------


def _sentence(old: Rules, new: Rules, differences: list[Difference]) -> Text:
    """Say the result in one sentence that an official can sign."""
    a, b = old.title, new.title
    if not differences:
        return Text(
            f"Compared over all possible cases, {a.en} and {b.en} decide every one alike.",
            f"经对全部可能情形逐一比对，“{a.zh}”与“{b.zh}”的处理结果完全一致。",
        )
    en, zh = [], []
    several = len({one.source for one in differences}) > 1
    for one in differences:
        least = Text("at least ", "至少") if _cut(one) else Text("", "")
        said = [_voice(old, new, lang).table(one.table) for lang in ("en", "zh")]
        sort = Text("item", "项") if one.items else Text("group of cases", "类情形")
        plural = sort.en if one.number == 1 else {"item": "items"}.get(sort.en, "groups of cases")
        if several:
            said = [f"{one.source} {table}" for table in said]
        en.append(f"{said[0]}: {least.en}{one.number} {plural}")
        zh.append(f"{said[1]}{least.zh}{one.number}{sort.zh}")
    return Text(
        f"Compared over all possible cases, {b.en} decides differently from {a.en}: {'; '.join(en)}. "
        "Every other case is decided as before.",
        f"经对全部可能情形逐一比对，“{b.zh}”与“{a.zh}”相比，处理结果有变化的为：{'、'.join(zh)}；"
        "其余情形的处理结果不变。",
    )


def _voice(old: Rules, new: Rules, lang: str) -> Voice:
    """Speak as the locality does, where either side is one; files and kept rule sets name no units."""
    policy = next((side.policy for side in (new, old) if not side.alone and side.code is not None), new.policy)
    return Voice(lang, ZoneInfo(policy.zone), policy, clean, [*new.layers, *old.layers])


def _cut(one: Difference) -> bool:
    """Say whether there may be more groups than are listed: `compare` stops at so many of each pair of rules."""
    pairs = [(change.old and change.old.id, change.new and change.new.id) for change in one.changes]
    return any(pairs.count(pair) >= AT_MOST for pair in set(pairs))


def _unseen(old: Rules, new: Rules) -> Iterator[Text]:
    """Say what was not compared: what plugins decide in code."""
    for side in (old, new):
        if side.code is None:
            yield Text(
                f"{side.title.en} was kept without the plugins' code: only tables are compared.",
                f"“{side.title.zh}”只保存了表格，未保存插件程序：仅比对表格。",
            )
            continue
        own = [hook for hook, sources in side.code.items() if any(one not in _BUILT_IN for one in sources)]
        if own:
            en, zh = (sep.join(DECIDING[hook].say(lang) for hook in own) for lang, sep in (("en", ", "), ("zh", "、")))
            yield Text(
                f"Only tables are compared: {side.title.en} also decides in code ({en}).",
                f"仅比对表格：“{side.title.zh}”另有程序参与判断（{zh}），不在比对之列。",
            )


def _told(one: Difference, lang: str) -> dict[str, Any]:
    return {
        "layer": one.source,
        "table": one.table,
        "changes": [
            {
                "cases": {name: said.say(lang) for name, said in change.region.items()},
                "example": dict(change.case),
                "old": _rule(change.old),
                "new": _rule(change.new),
            }
            for change in one.changes
        ],
        "items": [attrs.asdict(item) for item in one.items],
        "complete": not _cut(one),
    }


def _rule(rule: Rule | None) -> dict[str, Any] | None:
    return None if rule is None else {"rule": rule.id, "outcomes": dict(rule.outcomes)}


def _print(old: Rules, new: Rules, differences: list[Difference], said: list[Text], lang: str) -> None:
    out = screen.console()
    voice = _voice(old, new, lang)
    out.print(f"{old.title.say(lang)} → {new.title.say(lang)}", style="bold")
    for one in differences:
        out.print()
        where = f"{one.source} · " if one.source else ""
        out.print(f"{where}{voice.table(one.table)}", style="bold")
        heads = [Text("item", "事项")] if one.items else [Text("cases", "情形")]
        heads += [Text("was", "原结果"), Text("is", "现结果")]
        heads += [] if one.items else [Text("for example", "举例")]
        grid = screen.table("", *(head.say(lang) for head in heads), numeric=False)
        grid.title, grid.leading = None, 1
        for change in one.changes:
            cases = "\n".join(text.say(lang) for text in change.region.values()) or voice.t("any case", "任何情形")
            was, now = _answer(change.old, change.new, voice), _answer(change.new, change.old, voice)
            grid.add_row(cases, was, now, change.example.say(lang))
        for item in one.items:
            label = "\n".join(filter(None, (item.item, item.condition)))
            grid.add_row(label, *(_entry(side, voice) for side in (item.old, item.new)))
        out.print(grid)
    out.print()
    for text in said:
        screen.indented(out, text.say(lang), 0)


def _answer(rule: Rule | None, other: Rule | None, voice: Voice) -> str:
    """Say what a rule decides, as far as the other one does not."""
    if rule is None:
        return voice.t("no rule", "无规则")
    same = rule.outcomes.items() & other.outcomes.items() if other is not None else frozenset()
    decided = {name: value for name, value in rule.outcomes.items() if (name, value) not in same}
    none = voice.t("nothing of that", "未规定") if rule.outcomes else voice.t("no opinion", "不作规定")
    told = voice.outcomes(decided) or [none]
    return "\n".join([*told, f"〔{rule.id}〕" if voice.lang == "zh" else f"[{rule.id}]"])


def _entry(told: Mapping[str, str] | None, voice: Voice) -> str:
    if told is None:
        return voice.t("not listed", "未列入")
    return "\n".join(voice.outcomes(told)) or voice.t("nothing", "无")
