"""The house is in order: small modules and functions, no import hidden in a string, public names that are typed."""

import ast
import inspect
import re
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"
MODULES = sorted(SOURCE.rglob("*.py"))
MODULE_LINES, FUNCTION_LINES = 500, 60

#: What is loaded when it is asked for is imported in one place; a worker imports itself by its own name.
LAZY = {"governflow/_names.py", "governflow/isolation/worker.py"}

#: Text that imports a part of the library where no reader and no tool sees it.
HIDDEN = re.compile(r"(?:^|[;(])\s*(?:from|import)\s+governflow\b", re.MULTILINE)


def name_of(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


@pytest.fixture(scope="module")
def trees() -> dict[str, ast.Module]:
    return {name_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}


def test_no_module_is_longer_than_500_lines() -> None:
    lines = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: count for name, count in lines.items() if count > MODULE_LINES} == {}


def test_no_function_is_longer_than_60_lines(trees: dict[str, ast.Module]) -> None:
    long = {
        f"{name}:{node.lineno} {node.name}": length
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES
    }
    assert long == {}


def test_every_module_says_in_its_first_line_what_it_is_for(trees: dict[str, ast.Module]) -> None:
    assert [name for name, tree in trees.items() if not (ast.get_docstring(tree) or "").strip()] == []


def _docstrings(tree: ast.Module) -> set[int]:
    """The ids of the nodes that are documentation: they may show how something is imported."""
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(node, holders) or isinstance(body, list):
            for statement in body or ():  # a string below an attribute documents it as well
                if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                    found.add(id(statement.value))
    return found


def hidden_imports(tree: ast.Module) -> Iterator[str]:
    """Find the strings that import governflow: programs for another interpreter, and names given to import_module."""
    documentation = _docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            if called in {"import_module", "__import__"} and "governflow" in ast.unparse(node):
                yield f"{node.lineno}: {ast.unparse(node)}"
        elif isinstance(node, ast.Constant) and id(node) not in documentation and HIDDEN.search(str(node.value)):
            yield f"{node.lineno}: {node.value[:60]!r}"


def test_no_string_hides_an_import(trees: dict[str, ast.Module]) -> None:
    hidden = {name: list(hidden_imports(tree)) for name, tree in trees.items() if name not in LAZY}
    assert {name: found for name, found in hidden.items() if found} == {}


# --- the public names -------------------------------------------------------------------------------------------------

FACES = ("governflow", "governflow.plugin", "governflow.calendars", "governflow.testing")
PUBLIC = [(face, name) for face in FACES for name in import_module(face).__all__]


def untyped(public: object, name: str) -> Iterator[str]:
    """Find what a public name takes, returns or holds that has no type, or `Any`."""
    if inspect.isclass(public):
        protocol = getattr(public, "_is_protocol", False)  # nobody makes one: its __init__ is Python's own
        for attribute, annotation in inspect.get_annotations(public).items():
            if not attribute.startswith("_") and _is_any(annotation):
                yield f"{name}.{attribute}: {annotation}"
        for attribute, member in vars(public).items():
            function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
            if inspect.isfunction(function) and (
                not attribute.startswith("_") or (attribute == "__init__" and not protocol)
            ):
                yield from untyped(function, f"{name}.{attribute}")
    elif inspect.isfunction(public):
        signature = inspect.signature(public)
        for parameter in signature.parameters.values():
            if parameter.name not in {"self", "cls"} and _is_any(parameter.annotation):
                yield f"{name}({parameter})"
        if _is_any(signature.return_annotation) and not name.endswith("__init__"):
            yield f"{name} -> {signature.return_annotation}"


def _is_any(annotation: object) -> bool:
    said = annotation if isinstance(annotation, str) else repr(annotation)
    return annotation is inspect.Parameter.empty or re.search(r"\bAny\b", said) is not None


@pytest.mark.parametrize("face", FACES)
def test_every_public_name_is_exported_once(face: str) -> None:
    module = import_module(face)
    assert [name for name, times in Counter(module.__all__).items() if times > 1] == []
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


def test_a_name_means_one_thing_on_every_public_face() -> None:
    meant: dict[str, object] = {}
    for face, name in PUBLIC:
        found = getattr(import_module(face), name)
        assert meant.setdefault(name, found) is found, f"{face}.{name}"


@pytest.mark.parametrize(("face", "name"), PUBLIC)
def test_every_public_name_is_typed(face: str, name: str) -> None:
    assert list(untyped(getattr(import_module(face), name), name)) == []
