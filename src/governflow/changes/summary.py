"""What an official signs (签署意见): one sentence with figures, and what was proved and what was only tried."""

from collections.abc import Iterator, Sequence

from governflow.changes.of_journals import ASPECTS as OF_JOURNAL
from governflow.changes.of_journals import NAMED, JournalChange
from governflow.changes.of_tables import Difference
from governflow.changes.rows import ASPECTS, ChangeGroup, by_aspect
from governflow.changes.text import NOUNS, Teller
from governflow.charter.report.text import Line
from governflow.reports.localize import Localizer
from governflow.text import Text


def tables(differences: Sequence[Difference], voice: Localizer) -> Iterator[str]:
    """Say of each table how many groups of cases, or items, change."""
    several = len({one.source for one in differences}) > 1
    for one in differences:
        plural = "" if one.number == 1 else "s"
        sort = Text(f"item{plural}", "项") if one.items else Text(f"group{plural} of cases", "类情形")
        least = voice.t("at least ", "至少") if one.cut else ""
        layer = f"{one.source} " if several else ""
        count = voice.t(f": {least}{one.number} {sort.en}", f"{least}{one.number}{sort.zh}")
        yield layer + voice.table(one.table) + count


def sentence(teller: Teller, old: str, new: str) -> str:
    """Say the result in one sentence that an official can sign: with figures, what was proved and what was tried."""
    changes, t = teller.changes, teller.t
    how = t(
        "Compared exactly over all possible cases of the tables and all that the rules declare, and tried on "
        f"{changes.cases:,} boundary cases, {changes.lives:,} whole lives and {changes.questions:,} questions of who "
        "may do what",
        f"对规则表的全部可能情形及各项声明内容逐一比对，并对程序规则试算{changes.cases}个边界事项、"
        f"{changes.lives}个办理全程、{changes.questions}个权限问题",
    )
    parts = [*tables(changes.tables, teller.new), *_aspects(teller)]
    if parts:
        listed = t("; ", "；").join(parts)
        return t(
            f"{how}, {new} decides differently from {old} in: {listed}. Nothing else was found to change.",
            f"{how}，“{new}”与“{old}”相比，有变化的为：{listed}。未发现其他变化。",
        )
    number = len(changes.files.all)
    differ = "file differs" if number == 1 else "files differ"
    silent = t(f", although {number} {differ}", f"（但有{number}个文件内容不同）") if number else ""
    return t(
        f"{how}, {new} decides every one as {old} does{silent}.",
        f"{how}，“{new}”与“{old}”的处理结果完全一致{silent}。",
    )


def _aspects(teller: Teller) -> Iterator[str]:
    for aspect, rows in by_aspect(teller.changes.otherwise):
        name = ASPECTS[aspect].say(teller.lang)
        counts = teller.t(" and ", "、").join(_counts(teller, rows))
        most = teller.t("mostly ", "主要为") if len(rows) > 1 else ""
        first = most + teller.brief(rows[0])
        yield teller.t(f"{name} ({counts}: {first})", f"{name}（{counts}，{first}）")


def _counts(teller: Teller, rows: Sequence[ChangeGroup]) -> Iterator[str]:
    """Say how many changes of an aspect were found, by each way of looking for them."""
    for tried, noun in NOUNS.items():
        of = [row for row in rows if row.tried == tried]
        count = len(frozenset().union(*(row.numbers for row in of)))
        if of and tried == "exact":
            yield teller.t(f"{count} change{'' if count == 1 else 's'}, exactly", f"{count}处")
        elif of:
            of_all = of[0].of
            yield teller.t(f"{count:,} of the {of_all:,} {noun.en}", f"{of_all}{noun.zh}中的{count}{noun.zh}")


def notes(teller: Teller, *, files: bool) -> Iterator[str]:
    """Return how many cases are decided alike with other words, and where it is asked for which files differ."""
    changes, t = teller.changes, teller.t
    if changes.reworded:
        yield t(
            f"In {changes.reworded:,} of the {changes.cases:,} cases the same is decided with another reason or by "
            "another rule.",
            f"{changes.cases}例中有{changes.reworded}例处理结果不变，仅理由或所依规则不同。",
        )
    sorts = (
        (changes.files.changed, Text("Files that differ", "内容不同的文件")),
        (changes.files.gained, Text("Files only on the new side", "仅新方有的文件")),
        (changes.files.lost, Text("Files only on the old side", "仅旧方有的文件")),
    )
    for names, sort in sorts if files else ():
        if names:
            listed = (name or t("the file itself", "该文件本身") for name in names)
            yield teller.new.pair(sort, teller.new.join(listed))


def journal(change: JournalChange, voice: Localizer) -> Iterator[Line]:
    """Say how many of the real cases would have gone differently."""
    t = voice.t
    otherwise = {aspect: found for aspect, found in change.aspects.items() if found[0]}
    counts = (
        t(f"{OF_JOURNAL[aspect].en} {number:,}", f"{OF_JOURNAL[aspect].zh}{number}件")
        for aspect, (number, _) in otherwise.items()
    )
    how = voice.join(counts)
    differently = t(
        f"Of the {change.cases:,} real cases of the journal, {change.otherwise:,} would have gone differently: {how}.",
        f"台账{change.cases}件真实事项中，有{change.otherwise}件的办理会有不同：{how}。",
    )
    alike = t(
        f"None of the {change.cases:,} real cases of the journal would have gone differently.",
        f"台账{change.cases}件真实事项的办理均不会有不同。",
    )
    yield Line(0, differently if change.otherwise else alike)
    for aspect, (number, ids) in otherwise.items():
        more = t(", …", "等") if number > len(ids) else ""
        yield Line(1, voice.pair(OF_JOURNAL[aspect], voice.join(ids) + more))
    old, new = change.refused
    refused = t(
        f"Of its {change.rows:,} rows the old rules refuse {old:,}, the new ones {new:,}.",
        f"台账共{change.rows}行，旧规则退回{old}行，新规则退回{new}行。",
    )
    yield Line(0, refused)
    alone = (Text("taken by the old rules only", "仅旧规则采用"), Text("taken by the new rules only", "仅新规则采用"))
    for ids, sort in zip(change.alone, alone, strict=True):
        if ids:
            yield Line(1, voice.pair(sort, voice.join(ids[:NAMED])))
