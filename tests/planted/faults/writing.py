"""How the faults are written down (写法)."""

from planting import Edit, Fault

MAIN = "__init__.py"


def line(file: str, old: str, new: str = "") -> Edit:
    """Replace what is there once; nothing new is a deletion."""
    return Edit(file, old, new)


def code(old: str, new: str, file: str = MAIN) -> Edit:
    """Replace some code."""
    return Edit(file, old, new)


def more(text: str, file: str = MAIN) -> Edit:
    """Write some code at the end of a module, with the imports that it needs."""
    return Edit(file, "", f"\n\n{text.strip()}\n")


def fault(id: str, sort: str, law: str, *edits: Edit, code: str = "", names: str = "") -> Fault:
    """Write one fault."""
    return Fault(id, sort, law, edits, code, names)


#: What hooks that are written at the end of a module need.
IMPORTS = """
from governflow.policy.hookspecs import Ruling, hookimpl
from governflow.model.terms import Mode, Tier, Urgency
"""


def tier(body: str, before: str = "") -> Edit:
    """Write a hook on tiers at the end of the module.

    Args:
        body: What it does, indented by nothing; it may ``return`` a tier, or fall through to the layer below.
        before: What stands before it.
    """
    indented = "".join(f"    {one}\n" for one in body.strip().splitlines())
    return more(
        f"{IMPORTS}{before}\n\n\ndef _tier_of(case, context):\n{indented}    return None\n\n\n"
        "@hookimpl\ndef governflow_tier(case, context):\n"
        "    found = _tier_of(case, context)\n"
        '    return None if found is None else Ruling(found, "our own rule", "tier/own")\n'
    )
