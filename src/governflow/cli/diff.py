"""``governflow diff``: what a changed rule set changes, table by table and case by case (规则变更影响)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs
from rich.console import Console

from governflow.changes import summary
from governflow.changes.answers import LocalityAnswers
from governflow.changes.compare import Journal, between, layers
from governflow.changes.of_journals import JournalChange
from governflow.changes.of_tables import Difference, differences
from governflow.changes.rows import ASPECTS, ChangeGroup, by_aspect, merged
from governflow.changes.sides import LocalSide, RuleSide, WorkerSide
from governflow.changes.text import Teller, localizer
from governflow.cli.inputs import DECIDING, Rules, is_file, is_rule_set, named
from governflow.cli.output import faults_of, new_console, print_faults, print_indented, print_json, print_table
from governflow.errors import CommandError, PolicyError, require
from governflow.masking import clean
from governflow.policy.plugin_paths import is_plugin, localities_named, one_of
from governflow.reports.localize import Localizer
from governflow.tables import Rule
from governflow.text import Text

#: So many rows of one aspect are printed.
_SHOWN = 20
_BUILT_IN = ("governflow", "100000")
_VALUES = (Text("was", "原结果"), Text("is", "现结果"))
_EXAMPLE = Text("for example", "举例")


@attrs.frozen
class DiffRequest:
    """What a person wants compared, each as it was typed, and how it is told.

    Args:
        old: A table's file, a folder of tables, a kept rule set's hash, a locality's code, or a plugin's path.
        new: What is to take its place.
        name: The question that files answer; their own name by default.
        store: Where rule sets are kept.
        locality: Which of a plugin's localities; None for all of them.
        journal: A journal to be run under both.
        as_json: Whether programs are to read it.
        lang: ``"zh"`` or ``"en"``.
    """

    old: str
    new: str
    name: str | None
    store: Path | None
    locality: str | None
    journal: Journal | None
    as_json: bool
    lang: str


def diff(wanted: DiffRequest) -> int:
    """Compare two sets of rules: whole ones, or where either side is tables alone, the tables.

    Returns:
        The exit status: 0 if nothing is decided otherwise, 1 if anything is, 2 if they cannot be compared.
    """
    both = (wanted.old, wanted.new)
    try:
        if all(is_plugin(what) or not (is_file(what) or is_rule_set(what)) for what in both):
            return _plugins(wanted)
        return _tables(wanted)
    except PolicyError as fault:
        print_faults(fault, wanted.lang, {"old": wanted.old, "new": wanted.new}, as_json=wanted.as_json)
        return 2


# --- tables alone -----------------------------------------------------------------------------------------------------


def _tables(wanted: DiffRequest) -> int:
    require(
        wanted.journal is None,
        "a journal is run under whole rule sets: give codes or plugins, not tables alone",
        "台账须按整套规则试算：请给出地方代码或插件，而不是单独的表格",
    )
    name, both = wanted.name, (wanted.old, wanted.new)
    if name is None and all(is_file(what) and not is_plugin(what) for what in both):
        name = _question(*map(Path, both))
    was, now = (_rules(what, wanted, name) for what in both)
    first = 1 if was.alone or now.alone else None  # files stand for the top layer alone
    only = [side.layers[0][1] for side in (was, now) if side.single]
    found = differences(was.layers[:first], now.layers[:first], only=only)
    voice = _voice(was, now, wanted.lang)
    old, new = (side.title.say(wanted.lang) for side in (was, now))
    sentence, unseen = _sentence(old, new, found, voice), [*_unseen(was, old, voice), *_unseen(now, new, voice)]
    if wanted.as_json:
        print_json(
            {
                "old": old,
                "new": new,
                "same": not found,
                "sentence": sentence,
                "not_compared": unseen,
                "differences": [_table_as_json(one, wanted.lang) for one in found],
                "localities": [],
            }
        )
    else:
        out = new_console()
        out.print(f"{old} → {new}", style="bold")
        _print_tables(out, found, voice)
        _print_sentences(out, [sentence, *unseen])
    return 1 if found else 0


def _rules(what: str, wanted: DiffRequest, name: str | None) -> Rules:
    """Read the tables of a side; those of a plugin that is not installed are asked for elsewhere."""
    if not is_plugin(what):
        return named(what, name=name, store=wanted.store)
    with WorkerSide(what) as side:
        code = one_of(side.codes(), wanted.locality, what)[0]
        rules = side.begin(LocalityAnswers.rules, code)()
        hooks = side.begin(LocalityAnswers.hooks, code, list(DECIDING))()
    return Rules(
        _title(rules, what),
        layers(rules),
        localizer(wanted.lang, rules, ()).policy,
        code={hook: tuple(sources) for hook, sources in hooks.items() if sources},
    )


def _question(old: Path, new: Path) -> str | None:
    """Tell from two files' names which question they answer; folders need none."""
    if old.is_dir() or new.is_dir():
        return None
    require(
        old.stem == new.stem,
        f"{old.name} and {new.name} have different names: say which question they answer, such as --name tier",
        f"{old.name} 与 {new.name} 文件名不同：请用 --name 指明是哪张表，如 --name tier",
    )
    return old.stem


def _sentence(old: str, new: str, found: Sequence[Difference], voice: Localizer) -> str:
    """Say the result in one sentence that an official can sign."""
    if not found:
        return voice.t(
            f"Compared over all possible cases, {old} and {new} decide every one alike.",
            f"经对全部可能情形逐一比对，“{old}”与“{new}”的处理结果完全一致。",
        )
    parts = voice.t("; ", "、").join(summary.tables(found, voice))
    return voice.t(
        f"Compared over all possible cases, {new} decides differently from {old}: {parts}. "
        "Every other case is decided as before.",
        f"经对全部可能情形逐一比对，“{new}”与“{old}”相比，处理结果有变化的为：{parts}；其余情形的处理结果不变。",
    )


def _voice(old: Rules, new: Rules, lang: str) -> Localizer:
    """Speak as the locality does, where either side is one; files and kept rule sets name no units."""
    policy = next((side.policy for side in (new, old) if not side.alone and side.code is not None), new.policy)
    return Localizer(lang, ZoneInfo(policy.zone), policy, clean, [*new.layers, *old.layers])


def _unseen(side: Rules, title: str, voice: Localizer) -> Iterator[str]:
    """Return what was not compared: what plugins decide in code."""
    if side.code is None:
        yield voice.t(
            f"{title} was kept without the plugins' code: only tables are compared.",
            f"“{title}”只保存了表格，未保存插件程序：仅比对表格。",
        )
        return
    own = [hook for hook, sources in side.code.items() if any(one not in _BUILT_IN for one in sources)]
    if own:
        hooks = voice.join(DECIDING[hook].say(voice.lang) for hook in own)
        yield voice.t(
            f"Only tables are compared: {title} also decides in code ({hooks}).",
            f"仅比对表格：“{title}”另有程序参与判断（{hooks}），不在比对之列。",
        )


# --- whole rule sets --------------------------------------------------------------------------------------------------


def _plugins(wanted: DiffRequest) -> int:
    lang, out = wanted.lang, new_console()
    if wanted.journal is not None:
        for path in (wanted.journal.path, wanted.journal.map):
            require(path is None or path.is_file(), f"there is no file {path}", f"没有文件 {path}")
    compared: list[tuple[Teller, str]] = []
    with ExitStack() as stack:
        (old, olds), (new, news) = _opened(stack, wanted)
        pairs, alone = _paired(olds, news, wanted)
        require(
            wanted.journal is None or len(pairs) == 1,
            f"a journal belongs to one locality: say with --locality which of {', '.join(a for a, _ in pairs)}",
            f"台账只属于一个地方：请用 --locality 指明 {'、'.join(a for a, _ in pairs)} 之一",
        )
        if not wanted.as_json:
            out.print(f"{wanted.old} → {wanted.new}", style="bold")
        for codes in pairs:
            changes = between(old, new, codes, journal=wanted.journal)
            teller = Teller(changes, lang)
            was, now = _title(changes.old, wanted.old).say(lang), _title(changes.new, wanted.new).say(lang)
            compared.append((teller, summary.sentence(teller, was, now)))
            if not wanted.as_json:
                out.print()
                out.print(now, style="bold")
                _print(out, *compared[-1], last=codes == pairs[-1])
    same, only = not alone and all(teller.changes.same for teller, _ in compared), [one.say(lang) for one in alone]
    if wanted.as_json:
        print_json(
            {
                "old": wanted.old,
                "new": wanted.new,
                "same": same,
                "sentence": " ".join([*(sentence for _, sentence in compared), *only]),
                "not_compared": [],
                "differences": [
                    {"locality": teller.changes.new["code"], **_table_as_json(table, lang)}
                    for teller, _ in compared
                    for table in teller.changes.tables
                ],
                "localities": [_locality_as_json(*one) for one in compared],
                "only": only,
            }
        )
    elif alone:
        _print_sentences(out, only)
    return 0 if same else 1


def _opened(stack: ExitStack, wanted: DiffRequest) -> list[tuple[RuleSide, Sequence[str]]]:
    """Open both sides: each in a process of its own where one is not installed, and both at the same time."""
    both = (wanted.old, wanted.new)
    apart = any(is_plugin(what) for what in both)
    begun = [stack.enter_context(WorkerSide(what, named=is_plugin(what))) if apart else None for what in both]
    sides: list[tuple[RuleSide, Sequence[str]]] = []
    faults: list[Text] = []
    for what, side in zip(both, begun, strict=True):
        try:
            if side is not None:
                sides.append((side, side.codes()))
            else:
                localities, codes = localities_named(what)
                sides.append((LocalSide(localities), codes))
        except PolicyError as fault:
            faults += [Text(f"{what}: {one.en}", f"{what}：{one.zh}") for one in faults_of(fault)]
    if faults:
        raise PolicyError.listing(Text("the rules cannot be compared", "规则无法比对"), faults)
    return sides


def _paired(old: Sequence[str], new: Sequence[str], wanted: DiffRequest) -> tuple[list[tuple[str, str]], list[Text]]:
    """Pair the localities of both sides, and name those that only one of two plugins has."""
    codes, plugins = (old, new), tuple(is_plugin(what) for what in (wanted.old, wanted.new))
    if not all(plugins):
        # A code is whatever its holder wants it compared with: itself in the plugin, or the one thing that is there.
        sides = zip(codes, reversed(codes), plugins, (wanted.old, wanted.new), strict=True)
        one, two = (
            _picked(side, other, wanted.locality if plugin else None, what) for side, other, plugin, what in sides
        )
        return [(one, two)], []
    if wanted.locality is not None:
        one_of(list(dict.fromkeys((*old, *new))), wanted.locality, f"{wanted.old}, {wanted.new}")
        old, new = ([code for code in side if code == wanted.locality] for side in (old, new))
    both = [(code, code) for code in old if code in new]
    if not both and len(old) == len(new) == 1:
        return [(old[0], new[0])], []
    alone = [
        Text(f"{code}: only in {what}.", f"{code}：仅见于 {what}。")
        for side, other, what in ((old, new, wanted.old), (new, old, wanted.new))
        for code in side
        if code not in other
    ]
    if not both:
        raise PolicyError.listing(
            Text("nothing can be compared", "无可比对"),
            [*alone, Text("the two sides have no locality in common", "双方没有共同的地方")],
        )
    return both, alone


def _picked(codes: Sequence[str], other: Sequence[str], locality: str | None, what: str) -> str:
    if len(codes) == 1:
        return codes[0]
    if locality is not None:
        return one_of(codes, locality, what)[0]
    if other[0] in codes:
        return other[0]
    raise CommandError(
        f"{what} speaks for {', '.join(codes)}, not for {other[0]}: say with --locality which one is meant",
        f"{what} 代表 {'、'.join(codes)}，而非 {other[0]}：请用 --locality 指明是哪一个",
    )


def _title(rules: Mapping[str, Any], what: str) -> Text:
    """Name one side: the locality, and where it was named by its path, that."""
    (en, zh), code = rules["name"], rules["code"]
    if what == code:
        return Text(f"{en} ({code})", f"{zh}（{code}）")
    return Text(f"{en} ({code}) in {what}", f"{what} 中的{zh}（{code}）")


# --- as JSON, by the keys of docs/diff.md ----------------------------------------------------------------------------


def _locality_as_json(teller: Teller, sentence: str) -> dict[str, Any]:
    changes = teller.changes
    return {
        "old": changes.old["code"],
        "new": changes.new["code"],
        "same": changes.same,
        "sentence": sentence,
        "compared": {"cases": changes.cases, "lives": changes.lives, "questions": changes.questions},
        "changes": [_row_as_json(row, teller) for row in changes.rows],
        "reworded": changes.reworded,
        "files": attrs.asdict(changes.files),
        "journal": _journal_as_json(changes.journal) if changes.journal is not None else None,
    }


def _row_as_json(row: ChangeGroup, teller: Teller) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in ("aspect", "what", "old", "new")},
        "by_old": row.by_old.say("en") if row.by_old is not None else None,
        "by_new": row.by_new.say("en") if row.by_new is not None else None,
        "tried": row.tried,
        "of": row.of or None,
        "example": row.example,
        "told": teller.what(row.what),
        "count": row.count,
    }


def _journal_as_json(change: JournalChange) -> dict[str, Any]:
    return {
        "cases": change.cases,
        "otherwise": change.otherwise,
        "aspects": {aspect: {"count": count, "ids": ids} for aspect, (count, ids) in change.aspects.items()},
        "only_old": change.alone[0],
        "only_new": change.alone[1],
        "rows": change.rows,
        "refused": {"old": change.refused[0], "new": change.refused[1]},
        "until": change.end,
    }


def _table_as_json(one: Difference, lang: str) -> dict[str, Any]:
    return {
        "layer": one.source,
        "table": one.table,
        "changes": [
            {
                "cases": {name: said.say(lang) for name, said in change.region.items()},
                "example": dict(change.case),
                "old": _rule_as_json(change.old),
                "new": _rule_as_json(change.new),
            }
            for change in one.changes
        ],
        "items": [attrs.asdict(item) for item in one.items],
        "complete": not one.cut,
    }


def _rule_as_json(rule: Rule | None) -> dict[str, Any] | None:
    return None if rule is None else {"rule": rule.id, "outcomes": dict(rule.outcomes)}


# --- on the screen ----------------------------------------------------------------------------------------------------


def _print(out: Console, teller: Teller, sentence: str, *, last: bool) -> None:
    changes, lang = teller.changes, teller.lang
    _print_tables(out, changes.tables, teller.new)
    heads = (Text("what changes", "变化"), *_VALUES, Text("how many", "多少"), _EXAMPLE)
    for aspect, of in by_aspect(changes.rows):
        out.print()
        title = ASPECTS[aspect].say(lang)
        out.print(title[:1].upper() + title[1:], style="bold")
        shown = merged(of)
        rows = (
            (teller.what(row.what), *teller.ruled(row), teller.number(row), teller.example(row))
            for row in shown[:_SHOWN]
        )
        print_table(out, lang, heads, rows, leading=1)
        if len(shown) > _SHOWN:
            more = len(shown) - _SHOWN
            print_indented(out, teller.t(f"and {more} rows more: see --json", f"另有{more}行，见 --json"), 2)
    _print_sentences(out, [sentence, *summary.notes(teller, files=last)])
    if changes.journal is not None:
        out.print()
        for line in summary.journal(changes.journal, teller.new):
            print_indented(out, line.text, 2 * line.depth)


def _print_sentences(out: Console, sentences: Iterable[str]) -> None:
    out.print()
    for sentence in sentences:
        print_indented(out, sentence, 0)


def _print_tables(out: Console, found: Sequence[Difference], voice: Localizer) -> None:
    for one in found:
        out.print()
        out.print(" · ".join(filter(None, (one.source, voice.table(one.table)))), style="bold")
        heads = (Text("item", "事项"), *_VALUES) if one.items else (Text("cases", "情形"), *_VALUES, _EXAMPLE)
        items = [
            ("\n".join(filter(None, (item.item, item.condition))), _entry(item.old, voice), _entry(item.new, voice))
            for item in one.items
        ]
        groups = [
            (
                "\n".join(text.say(voice.lang) for text in change.region.values()) or voice.t("any case", "任何情形"),
                _answer(change.old, change.new, voice),
                _answer(change.new, change.old, voice),
                change.example.say(voice.lang),
            )
            for change in one.changes
        ]
        print_table(out, voice.lang, heads, [*items, *groups], leading=1)


def _answer(rule: Rule | None, other: Rule | None, voice: Localizer) -> str:
    """Return what a rule decides, as far as the other one does not."""
    if rule is None:
        return voice.t("no rule", "无规则")
    same = rule.outcomes.items() & other.outcomes.items() if other is not None else frozenset()
    decided = {name: value for name, value in rule.outcomes.items() if (name, value) not in same}
    none = voice.t("nothing of that", "未规定") if rule.outcomes else voice.t("no opinion", "不作规定")
    lines = voice.outcomes(decided) or [none]
    return "\n".join([*lines, voice.t(f"[{rule.id}]", f"〔{rule.id}〕")])


def _entry(outcomes: Mapping[str, str] | None, voice: Localizer) -> str:
    if outcomes is None:
        return voice.t("not listed", "未列入")
    return "\n".join(voice.outcomes(outcomes)) or voice.t("nothing", "无")
