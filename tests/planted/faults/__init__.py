"""Every fault that is planted, by the sort of thing that it is (病灶清单)."""

from collections.abc import Mapping

from planting import Fault

from faults import huimin, jilin, lawful, songtao, xianlin, yinjiang, zhenjiang

FAULTS: tuple[Fault, ...] = (
    *huimin.FAULTS,
    *zhenjiang.FAULTS,
    *jilin.FAULTS,
    *yinjiang.FAULTS,
    *songtao.FAULTS,
    *xianlin.FAULTS,
)
#: Changes that break no law.
LAWFUL = lawful.LAWFUL

#: The sorts of fault, in the order in which a reader of rules would look for them.
SORTS: Mapping[str, str] = {
    "rule deleted": "a rule is deleted, and cases are left without an answer",
    "gap": "a bound is shifted by one, and a gap opens",
    "overlap": "a bound is shifted by one, and two rules answer one case",
    "contradiction": "a rule is added that contradicts another",
    "dead rule": "a rule never fits, as others come before it",
    "no domain": "a column does not say what may stand in it",
    "unknown unit": "a table or the list of items names a unit that the chart no longer has",
    "wrong hook": "a hook is misspelt, not marked, or takes what nobody gives",
    "unknown unit for one item": "one item alone goes to a unit that is not there",
    "one item": "a hook fails for one item of many",
    "one number": "a hook fails at one number",
    "one village": "a hook fails for one place of many",
    "in an emergency only": "a hook fails for one item in an emergency only",
    "item at a place": "a hook fails for one item at one place",
    "urgent only": "a hook fails for urgent cases only",
    "long text": "a hook fails for a long text",
    "after a reopening": "a hook fails for what came back",
    "one action": "a hook fails at one action only",
    "one sort of actor": "a hook fails for the officials of one sort of unit",
    "machine's clock": "a hook reads the machine's clock",
    "chance": "a hook throws dice",
    "counter": "a hook counts how often it is called",
    "set order": "a hook goes by the order of a set",
    "object hash": "a hook goes by a hash, or by where an object lies in memory",
    "environment": "a hook reads the environment",
    "own file": "a hook reads a file that it writes itself",
    "coarse cache": "a hook keeps an answer under too coarse a key",
    "mutation": "a hook changes what it is given",
    "channel": "a hook weighs by which channel a case came",
    "informant": "a hook weighs who reported it on duty",
    "merits": "a hook weighs merits",
    "trap": "a state has no way out",
    "unreachable": "a state can no longer be reached",
    "two ways": "one action has two open ways in one state",
    "answer skipped": "a case can end unanswered",
    "no evaluation": "a case can end without anybody's verdict",
    "no clock": "a case can lie where no clock runs",
    "undated suspension": "a case can be suspended without a date",
    "no end": "a clock never stops, or has no end that anybody lives to see",
    "zero": "a clock gives no time at all",
    "late warning": "a clock warns after it is due",
    "beyond the law": "a clock gives more than the law gives for the whole case",
    "emergency slower": "what is more pressing is slower",
    "circle": "a ladder goes in a circle",
    "downward": "a ladder goes down",
    "nowhere": "a ladder goes to a unit that is not there",
    "at rung 3": "a ladder fails at one rung only",
    "no top": "a ladder never comes to its top",
    "silent top": "a ladder falls silent at its top",
    "looser than the statute": "a clock of the law is dropped, or counted longer",
    "meddling": "a plugin changes the core or another locality",
    "order of telling": "a hook goes by how often something was told of a case",
    "example": "a worked example has no source, cannot be read, or is not kept",
    "waiver": "a waiver has no reason or no end, or is over",
}
