"""Names and docstrings: one name, one thing; docstrings begin with a verb; names say something.

The bar was set by eleven codebases of this field: 0 to 1% of their functions' docstrings begin
without a verb, and 0.3 to 1.7% of their bound names are participles or pointers.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "coproarchive"
MODULES = sorted(PACKAGE.rglob("*.py"))

# Imperatives that docstrings begin with. A new verb is added here; a noun never is.
VERBS = frozenset(
    """
    Add Align Answer Ask Assign Begin Bring Build Carry Change Check Choose Cite Clean Clear Close
    Combine Compare Convert Copy Correct Count Create Cut Decode Delete Describe Destroy Divide
    Draw Edit End Enter Escape Estimate Export Find Finish Fold Format Give Group Hand Hash Hold
    Ignore Import Index Invert Join Keep Leave Let Link List Load Lock Look Lower Make Map Mark
    Match Merge Move Name Normalise Note Number Open Pair Parse Pass Plan Print Propose Put
    Raise Read Record Redirect Refuse Remember Remove Rename Render Replace Report Resolve
    Return Rewrite Run Save Say Score Search See Send Serialise Serve Set Shorten Show Sketch
    Sort Split Start Stop Store Suggest Sum Take Tell Test Try Turn Undo Unpack Update Wait Walk
    Write Yield
    """.split()
)

# Participles and pointers: a name says what the value is, not that it was found, kept or wanted.
NAME_NOTHING = frozenset(
    """
    anew apart asked behind found given having here it kept known ours own said shown such stuff
    taken theirs there these thing things those told wanted whatever
    """.split()
)


def name_of(path: Path) -> str:
    """Return the path below the package, for the names of tests."""
    return path.relative_to(PACKAGE).as_posix()


def is_property(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Tell whether a function is read like an attribute, so that a noun describes it."""
    return any("property" in ast.dump(decorator) for decorator in node.decorator_list)


def bound_names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and name of every parameter, variable, attribute, function and field."""
    for node in ast.walk(tree):
        match node:
            case ast.arg(arg=name):
                yield node.lineno, name
            case ast.Name(id=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield node.lineno, name


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_docstrings_of_functions_begin_with_a_verb(path: Path) -> None:
    """A function does something; its docstring says what in the imperative (PEP 257)."""
    wrong = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not is_property(node):
            first = (ast.get_docstring(node) or "Return").split()[0].rstrip(".,:;")
            if first not in VERBS:
                wrong.append(f"{name_of(path)}:{node.lineno} {node.name} begins with {first!r}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_name_names_nothing(path: Path) -> None:
    """A bound name is a term that can be looked up, or says what the value is."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    wrong = [
        f"{name_of(path)}:{line} {name}"
        for line, name in bound_names(tree)
        if name.strip("_") in NAME_NOTHING
    ]
    assert not wrong, "\n".join(wrong)


def test_two_types_never_share_a_name() -> None:
    """A reader who meets a type's name knows which type it is."""
    places: dict[str, list[str]] = defaultdict(list)
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name.lstrip("_")].append(name_of(path))
    twice = [f"{name}: {', '.join(where)}" for name, where in places.items() if len(where) > 1]
    assert not twice, "\n".join(twice)
