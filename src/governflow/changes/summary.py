"""What an official signs (签署意见): one sentence with figures, and what was proved and what was only tried."""

from collections.abc import Iterator, Mapping, Sequence

from governflow.changes.compare import Changes
from governflow.changes.of_journals import ASPECTS as OF_JOURNAL
from governflow.changes.of_journals import JournalChange
from governflow.changes.of_tables import Difference
from governflow.changes.rows import ASPECTS, aspects
from governflow.changes.text import NOUNS, Teller
from governflow.text import Text


def table_part(one: Difference, named: Text, *, several: bool) -> Text:
    """Say in the sentence how many groups of cases of one table change.

    Args:
        one: What changed in it.
        named: What the table is called.
        several: Whether tables of several layers change.
    """
    least = Text("at least ", "至少") if one.cut else Text("", "")
    sort = Text("item", "项") if one.items else Text("group of cases", "类情形")
    plural = sort.en if one.number == 1 else {"item": "items"}.get(sort.en, "groups of cases")
    layer = f"{one.source} " if several else ""
    return Text(
        f"{layer}{named.en}: {least.en}{one.number} {plural}", f"{layer}{named.zh}{least.zh}{one.number}{sort.zh}"
    )


def sentence(changes: Changes, old: Text, new: Text, tables: Sequence[Text], tellers: Mapping[str, Teller]) -> Text:
    """Say the result in one sentence that an official can sign: with figures, and what was proved and what was tried.

    Args:
        changes: The comparison.
        old: What the old rules are called.
        new: What the new ones are called.
        tables: What changes in the tables, a part each.
        tellers: What says single rows, by language.
    """
    how = Text(
        "Compared exactly over all possible cases of the tables and all that the rules declare, and tried on "
        f"{changes.cases:,} boundary cases, {changes.lives:,} whole lives and {changes.questions:,} questions of who "
        "may do what",
        f"对规则表的全部可能情形及各项声明内容逐一比对，并对程序规则试算{changes.cases}个边界事项、"
        f"{changes.lives}个办理全程、{changes.questions}个权限问题",
    )
    parts = [*tables, *_parts(changes, tellers)]
    if not parts:
        return Text(
            f"{how.en}, {new.en} decides every one as {old.en} does{_silent(changes).en}.",
            f"{how.zh}，“{new.zh}”与“{old.zh}”的处理结果完全一致{_silent(changes).zh}。",
        )
    return Text(
        f"{how.en}, {new.en} decides differently from {old.en} in: {'; '.join(part.en for part in parts)}. "
        "Nothing else was found to change.",
        f"{how.zh}，“{new.zh}”与“{old.zh}”相比，有变化的为：{'；'.join(part.zh for part in parts)}。未发现其他变化。",
    )


def _parts(changes: Changes, tellers: Mapping[str, Teller]) -> Iterator[Text]:
    for aspect, rows in aspects(changes.otherwise):
        name = ASPECTS[aspect]
        en, zh = [], []
        for tried in NOUNS:
            of = [row for row in rows if row.tried == tried]
            if not of:
                continue
            count = len(frozenset().union(*(row.numbers for row in of)))
            if tried == "exact":
                en.append(f"{count} change{'' if count == 1 else 's'}, exactly")
                zh.append(f"{count}处")
            else:
                en.append(f"{count:,} of the {of[0].of:,} {NOUNS[tried].en}")
                zh.append(f"{of[0].of}{NOUNS[tried].zh}中的{count}{NOUNS[tried].zh}")
        most = Text("", "") if len(rows) == 1 else Text("mostly ", "主要为")
        first = Text(tellers["en"].brief(rows[0]), tellers["zh"].brief(rows[0]))
        yield Text(
            f"{name.en} ({' and '.join(en)}: {most.en}{first.en})", f"{name.zh}（{'、'.join(zh)}，{most.zh}{first.zh}）"
        )


def _silent(changes: Changes) -> Text:
    """Say of files that differ that nothing was found to follow from it."""
    number = len(changes.files.all)
    if not number:
        return Text("", "")
    return Text(
        f", although {number} file{' differs' if number == 1 else 's differ'}", f"（但有{number}个文件内容不同）"
    )


def files(changes: Changes) -> Iterator[Text]:
    """Name the files that differ, one sentence a sort."""
    found = changes.files
    sorts = (
        (found.changed, Text("Files that differ", "内容不同的文件")),
        (found.gained, Text("Files only on the new side", "仅新方有的文件")),
        (found.lost, Text("Files only on the old side", "仅旧方有的文件")),
    )
    for names, sort in sorts:
        if names:
            en, zh = [name or "the file itself" for name in names], [name or "该文件本身" for name in names]
            yield Text(f"{sort.en}: {', '.join(en)}", f"{sort.zh}：{'、'.join(zh)}")


def reworded(changes: Changes) -> Iterator[Text]:
    """Return how many cases are decided alike with other words."""
    if changes.reworded:
        number = changes.reworded
        yield Text(
            f"In {number:,} of the {changes.cases:,} cases the same is decided with another reason or by another rule.",
            f"{changes.cases}例中有{number}例处理结果不变，仅理由或所依规则不同。",
        )


def journal(change: JournalChange) -> Iterator[Text]:
    """Return how many of the real cases would have gone differently."""
    told = [
        Text(f"{OF_JOURNAL[aspect].en} {number:,}", f"{OF_JOURNAL[aspect].zh}{number}件")
        for aspect, (number, _) in change.aspects.items()
        if number
    ]
    if change.otherwise:
        en, zh = ", ".join(one.en for one in told), "、".join(one.zh for one in told)
        yield Text(
            f"Of the {change.cases:,} real cases of the journal, {change.otherwise:,} would have gone "
            f"differently: {en}.",
            f"台账{change.cases}件真实事项中，有{change.otherwise}件的办理会有不同：{zh}。",
        )
    else:
        yield Text(
            f"None of the {change.cases:,} real cases of the journal would have gone differently.",
            f"台账{change.cases}件真实事项的办理均不会有不同。",
        )
    for aspect, (number, ids) in change.aspects.items():
        if number:
            more = Text(", …", "等") if number > len(ids) else Text("", "")
            name = OF_JOURNAL[aspect]
            yield Text(f"  {name.en}: {', '.join(ids)}{more.en}", f"  {name.zh}：{'、'.join(ids)}{more.zh}")
    old, new = change.refused
    yield Text(
        f"Of its {change.rows:,} rows the old rules refuse {old:,}, the new ones {new:,}.",
        f"台账共{change.rows}行，旧规则退回{old}行，新规则退回{new}行。",
    )
    for ids, sort in zip(
        change.alone,
        (Text("taken by the old rules only", "仅旧规则采用"), Text("taken by the new rules only", "仅新规则采用")),
        strict=True,
    ):
        if ids:
            yield Text(f"  {sort.en}: {', '.join(ids[:10])}", f"  {sort.zh}：{'、'.join(ids[:10])}")
