"""What a rule said, as the ledger keeps it, and which rule that was (裁定)."""

from typing import Any

import attrs
import msgspec

from governflow.text import Text


class RecordedRuling(msgspec.Struct, frozen=True, gc=False):
    """A ruling as an event keeps it.

    Args:
        what: What was asked: ``assess``, ``tier``, ``route``, ``clock:<name>``, ``escalate``.
        value: What was ruled, as JSON can say it.
        reason: Why, in both languages.
        rule: The rule's id.
        source: The plugin that ruled.
    """

    what: str
    value: Any
    reason: Text
    rule: str
    source: str

    @property
    def ref(self) -> "RuleRef":
        """The rule that said it; what was asked, where the rule has no id."""
        return RuleRef.of(self.rule, self.source) if self.rule else RuleRef(hook=self.what, source=self.source)


@attrs.frozen
class RuleRef:
    """Which rule or hook, and whose it is; whatever is not known is empty.

    Args:
        table: The table that the rule stands in.
        rule: The rule's id: its row in the table, or the name that a hook gave it.
        hook: The hook, or the question that it answered.
        source: The plugin.
        line: The file and the line of the hook's code.
    """

    table: str = ""
    rule: str = ""
    hook: str = ""
    source: str = ""
    line: str = ""

    @classmethod
    def of(cls, rule: str, source: str) -> "RuleRef":
        """Return the reference to a rule by the id that a ruling holds: ``tier/T14`` is a rule of a table."""
        table, _, row = rule.partition("/")
        return cls(table, row, source=source) if table and row else cls(rule=rule, source=source)

    @property
    def name(self) -> Text:
        """The rule or the hook without its plugin; empty where only the plugin is known."""
        if self.table and not self.rule:
            return Text(f"table {self.table}", f"表格 {self.table}")
        plain = f"{self.table}/{self.rule}" if self.table else self.rule or self.hook
        plain += f" ({self.line})" if self.line else ""
        return Text(plain, plain)

    def say(self, lang: str) -> str:
        """Return it for a reader: ``tier/T14 of 371621@0.1.0``."""
        return named_of(self.name, self.source).say(lang)

    def __str__(self) -> str:
        return self.say("en")


def named_of(name: Text, source: str) -> Text:
    """Return something by its name and its plugin, either of which may be empty."""
    if not (name.en and source):
        return name if name.en else Text(source, source)
    return Text(f"{name.en} of {source}", f"{source} 的 {name.zh}")
