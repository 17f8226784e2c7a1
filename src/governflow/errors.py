"""What can go wrong, grouped by whose fault it is: the caller's, the policy author's, the store's.

Each error builds its own sentence, in both languages, and says what would be right.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, tzinfo

from governflow.text import SEMICOLON, Text


class GovernflowError(Exception):
    """Root of every error that governflow raises on purpose.

    Args:
        en: One English sentence (or the whole message, where there is no Chinese one).
        zh: The same sentence in Chinese.
        **values: What stands in the sentences as ``{name}``; without any, they are taken as they are. Moments are
            aware: `text` shows them in UTC, `in_zone` as the clocks of a place do.
    """

    def __init__(self, en: str, zh: str | None = None, /, **values: object) -> None:
        self._templates = Text(en, zh if zh is not None else en)
        self._values = values
        self.text = self._filled(datetime.isoformat)
        super().__init__(self.text.en)

    def in_zone(self, zone: tzinfo) -> Text:
        """Return the sentence with its moments as the clocks of a zone show them."""
        return self._filled(lambda moment: f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}")

    def _filled(self, shown: Callable[[datetime], str]) -> Text:
        if not self._values:
            return self._templates
        values = {name: shown(one) if isinstance(one, datetime) else one for name, one in self._values.items()}
        return Text(self._templates.en.format(**values), self._templates.zh.format(**values))


def described(fault: BaseException) -> str:
    """Return what somebody's code raised as text: an exception may have no words, or unprintable ones."""
    try:
        words = str(fault)
    except Exception:  # noqa: BLE001 - it is their exception that cannot be said
        words = "it has no words for it"
    return writable(f"{type(fault).__name__}: {words}")


def shown(value: object) -> str:
    """Show what somebody's code answered, in 80 characters that can be written down."""
    try:
        words = repr(value)
    except Exception:  # noqa: BLE001 - it is their object that cannot be shown
        words = f"a {type(value).__name__} that cannot be shown"
    return writable(words[:80])


def writable(words: str) -> str:
    """Escape halves of characters, which no file can hold."""
    return words.encode("utf-8", "backslashreplace").decode()


# --- the caller's ---------------------------------------------------------------------------------


class CommandError(GovernflowError):
    """A command that cannot be carried out as it was given."""


def require(holds: object, en: str, zh: str, **values: object) -> None:
    """Refuse a command with a `CommandError` of this sentence unless something holds."""
    if not holds:
        raise CommandError(en, zh, **values)


class IllegalAction(CommandError):
    """The case's state does not allow the action.

    Args:
        case: The case's id.
        action: What was asked.
        state: The state that the case is in.
        allowed_in: The states that would have allowed it.
        possible: The actions that the present state allows.
        names: Names in both languages of the actions and states, as the lifecycle gives them.
    """

    def __init__(
        self,
        case: str,
        action: str,
        state: str,
        allowed_in: Iterable[str],
        possible: Iterable[str],
        names: Mapping[str, Text],
    ) -> None:
        self.case, self.action, self.state = case, action, state
        self.allowed_in = tuple(allowed_in)
        self.possible = tuple(possible)

        def zh(words: Iterable[str]) -> str:
            return "、".join(names[word].zh if word in names else word for word in words) or "无"

        super().__init__(
            f"case {case} is {state}: {action} is not possible there, only in: "
            f"{', '.join(self.allowed_in) or 'no state'}; possible now: {', '.join(self.possible) or 'nothing'}",
            f"事项 {case} 处于“{zh([state])}”状态，不能“{zh([action])}”；"
            f"允许的状态：{zh(self.allowed_in)}；现在可以：{zh(self.possible)}",
        )


class UnknownCase(CommandError):
    """No case has this id."""

    def __init__(self, case: str) -> None:
        self.case = case
        super().__init__(f"there is no case {case}: report it first", f"没有编号为 {case} 的事项：请先上报")


class FactError(CommandError):
    """A fact that the rules do not ask for, or a value that is outside its domain.

    Args:
        name: What the fact was called.
        en: One English sentence.
        zh: The same sentence in Chinese.
    """

    def __init__(self, name: str, en: str, zh: str) -> None:
        super().__init__(en, zh)
        self.name = name


class NotOurs(CommandError):
    """A row about a case that the store holds for another locality, or runs another way."""


class Conflict(CommandError):
    """Somebody else changed the case since it was read."""

    def __init__(self, case: str, expected: int, found: int) -> None:
        self.case, self.expected, self.found = case, expected, found
        super().__init__(
            f"case {case} is at version {found}, not {expected}: read it again and decide anew",
            f"事项 {case} 已是第 {found} 版，而不是第 {expected} 版：请重新读取后再处理",
        )


class NotAllowed(CommandError):
    """The locality's rules do not let this actor do it.

    Args:
        en: One English sentence.
        zh: The same sentence in Chinese.
        denial: What the book keeps of it: ``action``, ``reason``, ``rule`` and ``source``; None where nobody acted.
    """

    def __init__(self, en: str, zh: str | None = None, denial: Mapping[str, object] | None = None) -> None:
        super().__init__(en, zh)
        self.denial = denial


class ClockBackwards(CommandError):
    """The engine's clock never goes back.

    Args:
        here: Where it stands, in UTC.
        there: Where it was to go.
    """

    def __init__(self, here: datetime, there: datetime) -> None:
        self.here, self.there = here, there
        super().__init__(
            "the engine's clock stands at {here} and never goes back to {there}",
            "引擎时钟已到 {here}，不能退回 {there}",
            here=here,
            there=there,
        )


class CalendarError(GovernflowError, ValueError):
    """A calendar, an allowance or a span of time that makes no sense."""


class JournalError(GovernflowError, ValueError):
    """A journal that cannot be read at all."""


class MapError(JournalError):
    """A map whose columns, times or values cannot be used."""


# --- the policy author's --------------------------------------------------------------------------


class PolicyError(GovernflowError):
    """A locality's rules are wrong in themselves.

    Args:
        en: One English sentence.
        zh: The same sentence in Chinese.
        faults: Every fault that was found, one sentence each.
    """

    def __init__(self, en: str, zh: str | None = None, faults: Iterable[Text] = ()) -> None:
        super().__init__(en, zh)
        self.faults = tuple(faults)

    @classmethod
    def listing(cls, what: Text, faults: Iterable[Text]) -> "PolicyError":
        """Make one sentence of what is wrong and all of its faults."""
        return cls(*_listed(what.en, what.zh, faults))


def _listed(en: str, zh: str, faults: Iterable[Text]) -> tuple[str, str, tuple[Text, ...]]:
    found = tuple(faults)
    listed = SEMICOLON.join(found)
    return f"{en}: {listed.en}", f"{zh}：{listed.zh}", found


class UnsoundLifecycle(PolicyError):
    """A lifecycle with a fault in its table; every fault is named."""

    def __init__(self, name: str, faults: Iterable[Text]) -> None:
        super().__init__(*_listed(f"lifecycle {name!r} is unsound", f"流程“{name}”不健全", faults))


class TableError(PolicyError):
    """A table that cannot be used; every fault is named by sheet, row and column.

    Args:
        name: The table's name or file.
        faults: What is wrong, one sentence each.
    """

    def __init__(self, name: str, faults: Iterable[Text]) -> None:
        super().__init__(*_listed(f"table {name} cannot be used", f"表格“{name}”无法使用", faults))

    @classmethod
    def of(cls, name: str, en: str, zh: str) -> "TableError":
        """Return the error of a table with one fault."""
        return cls(name, [Text(en, zh)])


# --- the store's ----------------------------------------------------------------------------------


class StoreError(GovernflowError):
    """The store cannot be opened, read or written."""


class Tampered(StoreError):
    """The ledger is not what was written: altered, cut off or reordered."""
