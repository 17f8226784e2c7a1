"""``governflow diff``: what a changed rule set changes, table by table and case by case (规则变更影响)."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from governflow.changes import json_output, summary
from governflow.changes.answers import LocalityAnswers
from governflow.changes.compare import Changes, Journal, between, layers
from governflow.changes.of_tables import Difference, differences
from governflow.changes.rows import ASPECTS, aspects, merged
from governflow.changes.sides import LocalSide, RuleSide, WorkerSide
from governflow.changes.text import Teller, localizer
from governflow.cli.output import new_console, new_table, print_indented, print_json
from governflow.cli.rule_sources import (
    DECIDING,
    Rules,
    faults_of,
    is_file,
    is_rule_set,
    named,
)
from governflow.errors import CommandError, PolicyError
from governflow.masking import clean
from governflow.policy.plugin_paths import is_plugin, localities_named, one_of
from governflow.reports.localize import Localizer
from governflow.tables import Rule
from governflow.text import Text

#: So many rows of one aspect are printed.
_SHOWN = 20
_BUILT_IN = ("governflow", "100000")


@attrs.frozen
class Wanted:
    """What a person wants compared, and how.

    Args:
        old: A table's file, a folder of tables, a kept rule set's hash, a locality's code, or a plugin's path.
        new: What is to take its place.
        name: The question that files answer; their own name by default.
        store: Where rule sets are kept.
        locality: Which of a plugin's localities; None for all of them.
        journal: A journal to be run under both.
        lang: ``"zh"`` or ``"en"``.
    """

    old: str
    new: str
    name: str | None = None
    store: Path | None = None
    locality: str | None = None
    journal: Journal | None = None
    lang: str = "en"


def diff(wanted: Wanted, *, as_json: bool) -> int:
    """Compare two sets of rules: whole ones, or where either side is tables alone, the tables.

    Returns:
        The exit status: 0 if nothing is decided otherwise, 1 if anything is, 2 if they cannot be compared.
    """
    try:
        if all(_whole(what) for what in (wanted.old, wanted.new)):
            return _plugins(wanted, as_json=as_json)
        return _tables(wanted, as_json=as_json)
    except PolicyError as fault:
        faults = [one.say(wanted.lang) for one in faults_of(fault)]
        if as_json:
            print_json({"old": wanted.old, "new": wanted.new, "faults": faults})
        for sentence in faults:
            print(" ".join(sentence.split()), file=sys.stderr)
        return 2


def _whole(what: str) -> bool:
    """Return whether something is a whole rule set: a plugin, or the code of a locality."""
    return is_plugin(what) or not (is_file(what) or is_rule_set(what))


# --- tables alone -----------------------------------------------------------------------------------------------------


def _tables(wanted: Wanted, *, as_json: bool) -> int:
    old, new, name, lang = wanted.old, wanted.new, wanted.name, wanted.lang
    if wanted.journal is not None:
        raise CommandError(
            "a journal is run under whole rule sets: give codes or plugins, not tables alone",
            "台账须按整套规则试算：请给出地方代码或插件，而不是单独的表格",
        )
    if name is None and all(is_file(what) and not is_plugin(what) for what in (old, new)):
        name = _question(Path(old), Path(new))
    was, now = (_rules(what, wanted, name) for what in (old, new))
    before, after = list(was.layers), list(now.layers)
    if was.alone or now.alone:  # files stand for the top layer alone
        before, after = before[:1], after[:1]
    only = [side.layers[0][1] for side in (was, now) if side.single]
    told = differences(before, after, only=only)
    said = [_sentence(was, now, told), *_unseen(was, now)]
    if as_json:
        print_json(
            {
                "old": was.title.say(lang),
                "new": now.title.say(lang),
                "same": not told,
                "sentence": said[0].say(lang),
                "not_compared": [one.say(lang) for one in said[1:]],
                "differences": [json_output.table(one, lang) for one in told],
                "localities": [],
            }
        )
    else:
        out = new_console()
        out.print(f"{was.title.say(lang)} → {now.title.say(lang)}", style="bold")
        _print_tables(told, _voice(was, now, lang))
        out.print()
        for text in said:
            print_indented(out, text.say(lang), 0)
    return 1 if told else 0


def _rules(what: str, wanted: Wanted, name: str | None) -> Rules:
    """Read the tables of a side; those of a plugin that is not installed are asked for elsewhere."""
    if not is_plugin(what):
        return named(what, name=name, store=wanted.store)
    with WorkerSide(what) as side:
        code = one_of(side.codes(), wanted.locality, what)[0]
        side.begin(LocalityAnswers.rules, code)
        rules = side.end()
        side.begin(LocalityAnswers.hooks, code, list(DECIDING))
        code_too = {hook: tuple(sources) for hook, sources in side.end().items() if sources}
    return Rules(_title(rules, what), layers(rules), localizer(wanted.lang, rules, ()).policy, code=code_too)


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


def _sentence(old: Rules, new: Rules, told: Sequence[Difference]) -> Text:
    """Say the result in one sentence that an official can sign."""
    a, b = old.title, new.title
    if not told:
        return Text(
            f"Compared over all possible cases, {a.en} and {b.en} decide every one alike.",
            f"经对全部可能情形逐一比对，“{a.zh}”与“{b.zh}”的处理结果完全一致。",
        )
    parts = _parts(told, {lang: _voice(old, new, lang) for lang in ("en", "zh")})
    return Text(
        f"Compared over all possible cases, {b.en} decides differently from {a.en}: "
        f"{'; '.join(part.en for part in parts)}. Every other case is decided as before.",
        f"经对全部可能情形逐一比对，“{b.zh}”与“{a.zh}”相比，处理结果有变化的为："
        f"{'、'.join(part.zh for part in parts)}；其余情形的处理结果不变。",
    )


def _parts(told: Sequence[Difference], voices: Mapping[str, Localizer]) -> list[Text]:
    several = len({one.source for one in told}) > 1
    return [
        summary.table_part(one, Text(*(voices[lang].table(one.table) for lang in ("en", "zh"))), several=several)
        for one in told
    ]


def _voice(old: Rules, new: Rules, lang: str) -> Localizer:
    """Speak as the locality does, where either side is one; files and kept rule sets name no units."""
    policy = next((side.policy for side in (new, old) if not side.alone and side.code is not None), new.policy)
    return Localizer(lang, ZoneInfo(policy.zone), policy, clean, [*new.layers, *old.layers])


def _unseen(old: Rules, new: Rules) -> Iterator[Text]:
    """Return what was not compared: what plugins decide in code."""
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


# --- whole rule sets --------------------------------------------------------------------------------------------------


@attrs.frozen
class _Compared:
    """One locality on both sides."""

    codes: tuple[str, str]
    old: Text
    new: Text
    changes: Changes

    def teller(self, lang: str) -> Teller:
        return Teller(self.changes, lang, [*layers(self.changes.new), *layers(self.changes.old)])

    @property
    def tables(self) -> list[Text]:
        both = [*layers(self.changes.new), *layers(self.changes.old)]
        voices = {lang: localizer(lang, self.changes.new, both) for lang in ("en", "zh")}
        return _parts(self.changes.tables, voices)

    @property
    def sentence(self) -> Text:
        tellers = {lang: self.teller(lang) for lang in ("en", "zh")}
        return summary.sentence(self.changes, self.old, self.new, self.tables, tellers)


def _plugins(wanted: Wanted, *, as_json: bool) -> int:
    lang = wanted.lang
    if wanted.journal is not None:
        for path in (wanted.journal.path, wanted.journal.map):
            if path is not None and not path.is_file():
                raise CommandError(f"there is no file {path}", f"没有文件 {path}")
    compared: list[_Compared] = []
    with ExitStack() as stack:
        (old, olds), (new, news) = _opened(stack, wanted)
        pairs, alone = _paired(olds, news, wanted)
        if wanted.journal is not None and len(pairs) > 1:
            raise CommandError(
                f"a journal belongs to one locality: say with --locality which of {', '.join(a for a, _ in pairs)}",
                f"台账只属于一个地方：请用 --locality 指明 {'、'.join(a for a, _ in pairs)} 之一",
            )
        if not as_json:
            new_console().print(f"{wanted.old} → {wanted.new}", style="bold")
        for codes in pairs:
            changes = between(old, new, codes, journal=wanted.journal)
            was, now = _title(changes.old, wanted.old), _title(changes.new, wanted.new)
            compared.append(_Compared(codes, was, now, changes))
            if not as_json:
                _print(compared[-1], lang, last=codes == pairs[-1])
    same = not alone and all(one.changes.same for one in compared)
    if as_json:
        print_json(_as_json(wanted, compared, alone, same=same))
    elif alone:
        new_console().print()
        for text in alone:
            print_indented(new_console(), text.say(lang), 0)
    return 0 if same else 1


def _opened(stack: ExitStack, wanted: Wanted) -> list[tuple[RuleSide, Sequence[str]]]:
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


def _paired(old: Sequence[str], new: Sequence[str], wanted: Wanted) -> tuple[list[tuple[str, str]], list[Text]]:
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


# --- as JSON ----------------------------------------------------------------------------------------------------------


def _as_json(wanted: Wanted, compared: Sequence[_Compared], alone: Sequence[Text], *, same: bool) -> dict[str, Any]:
    lang, only = wanted.lang, [text.say(wanted.lang) for text in alone]
    return {
        "old": wanted.old,
        "new": wanted.new,
        "same": same,
        "sentence": " ".join([*(one.sentence.say(lang) for one in compared), *only]),
        "not_compared": [],
        "differences": [
            {"locality": one.codes[1], **json_output.table(table, lang)}
            for one in compared
            for table in one.changes.tables
        ],
        "localities": [
            json_output.locality(one.codes, one.changes, one.sentence, one.teller(lang)) for one in compared
        ],
        "only": only,
    }


# --- on the screen ----------------------------------------------------------------------------------------------------


def _print(one: _Compared, lang: str, *, last: bool) -> None:
    out, changes, teller = new_console(), one.changes, one.teller(lang)
    out.print()
    out.print(one.new.say(lang), style="bold")
    _print_tables(changes.tables, localizer(lang, changes.new, [*layers(changes.new), *layers(changes.old)]))
    for aspect, rows in aspects(changes.rows):
        out.print()
        title = ASPECTS[aspect].say(lang)
        out.print(title[:1].upper() + title[1:], style="bold")
        heads = (Text("what changes", "变化"), Text("was", "原结果"), Text("is", "现结果"), Text("how many", "多少"))
        grid = new_table("", *(head.say(lang) for head in (*heads, Text("for example", "举例"))), numeric=False)
        grid.title, grid.leading = None, 1
        shown = merged(rows)
        for row in shown[:_SHOWN]:
            number = "\n".join(filter(None, (teller.number(row), teller.others(row))))
            was, now = teller.value(row, row.old, new=False), teller.value(row, row.new, new=True)
            grid.add_row(teller.what(row), was, now, number, teller.example(row))
        out.print(grid)
        if len(shown) > _SHOWN:
            more = len(shown) - _SHOWN
            print_indented(out, teller.t(f"and {more} rows more: see --json", f"另有{more}行，见 --json"), 2)
    out.print()
    for text in (one.sentence, *summary.reworded(changes), *(summary.files(changes) if last else ())):
        print_indented(out, text.say(lang), 0)
    if changes.journal is not None:
        out.print()
        for text in summary.journal(changes.journal):
            said = text.say(lang)
            print_indented(out, said.strip(), 2 if said.startswith(" ") else 0)


def _print_tables(told: Sequence[Difference], voice: Localizer) -> None:
    out, lang = new_console(), voice.lang
    for one in told:
        out.print()
        where = f"{one.source} · " if one.source else ""
        out.print(f"{where}{voice.table(one.table)}", style="bold")
        heads = [Text("item", "事项")] if one.items else [Text("cases", "情形")]
        heads += [Text("was", "原结果"), Text("is", "现结果")]
        heads += [] if one.items else [Text("for example", "举例")]
        grid = new_table("", *(head.say(lang) for head in heads), numeric=False)
        grid.title, grid.leading = None, 1
        for change in one.changes:
            cases = "\n".join(text.say(lang) for text in change.region.values()) or voice.t("any case", "任何情形")
            was, now = _answer(change.old, change.new, voice), _answer(change.new, change.old, voice)
            grid.add_row(cases, was, now, change.example.say(lang))
        for item in one.items:
            label = "\n".join(filter(None, (item.item, item.condition)))
            grid.add_row(label, *(_entry(side, voice) for side in (item.old, item.new)))
        out.print(grid)


def _answer(rule: Rule | None, other: Rule | None, voice: Localizer) -> str:
    """Return what a rule decides, as far as the other one does not."""
    if rule is None:
        return voice.t("no rule", "无规则")
    same = rule.outcomes.items() & other.outcomes.items() if other is not None else frozenset()
    decided = {name: value for name, value in rule.outcomes.items() if (name, value) not in same}
    none = voice.t("nothing of that", "未规定") if rule.outcomes else voice.t("no opinion", "不作规定")
    told = voice.outcomes(decided) or [none]
    return "\n".join([*told, f"〔{rule.id}〕" if voice.lang == "zh" else f"[{rule.id}]"])


def _entry(told: Mapping[str, str] | None, voice: Localizer) -> str:
    if told is None:
        return voice.t("not listed", "未列入")
    return "\n".join(voice.outcomes(told)) or voice.t("nothing", "无")
