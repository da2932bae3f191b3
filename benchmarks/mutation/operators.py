"""Makes mutants: copies of a module's syntax tree, each with one small change.

The operators are the classical ones (relational, logical, constant, return value and statement
deletion: Offutt et al., "An experimental determination of sufficient mutant operators", 1996),
with two for Python: a filter of a comprehension is dropped, a normalising method is not called.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE,
    ast.GtE: ast.Gt, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
_OPPOSITES = {
    "any": "all", "all": "any", "min": "max", "max": "min",
    "startswith": "endswith", "endswith": "startswith",
}  # fmt: skip
_NORMALISING = {"strip", "lstrip", "rstrip", "lower", "casefold", "resolve", "absolute"}
_COMPOUND = (ast.If, ast.While, ast.For, ast.AsyncFor, ast.With, ast.AsyncWith, ast.Try,
             ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Match)  # fmt: skip
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True)
class Mutant:
    """One change.

    Attributes:
        module: dotted name.
        function: qualified name of the function or class changed, "" in the module's own body.
        is_run: whether it is in a function; else it is evaluated once, at import.
        names: what the changed statement assigns or defines.
        line: where the change is, from 1.
        lines: those of the changed statement.
        before, after: the changed statement, of a compound one the first line.
        source: the module's, before the change.
        number: which of its changes this is, from 0 in the order of making.
    """

    module: str
    function: str
    is_run: bool
    names: tuple[str, ...]
    line: int
    lines: range
    before: str
    after: str
    source: str = field(repr=False)
    number: int

    def tree(self) -> ast.Module:
        """Return the whole module, changed."""
        tree = ast.parse(self.source)
        place, changed = next(islice(_all_changes(tree), self.number, None))
        place.put(changed)
        return ast.fix_missing_locations(tree)


@dataclass
class _Place:
    """A node, where it hangs, and what encloses it."""

    parent: ast.AST
    name: str
    index: int | None
    statement: ast.stmt
    function: str
    is_run: bool

    def node(self) -> ast.AST:
        value = getattr(self.parent, self.name)
        return value if self.index is None else value[self.index]  # type: ignore[no-any-return]

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.name, node)
        else:
            getattr(self.parent, self.name)[self.index] = node


def mutants_of(module: str, source: str) -> list[Mutant]:
    """Return every mutant of a module, in the order of its lines."""
    tree = ast.parse(source)
    made: dict[tuple[int, str, str], Mutant] = {}
    for number, (place, changed) in enumerate(_all_changes(tree)):
        original, statement = place.node(), place.statement
        before = _said(statement)
        if statement is original:
            after = _said(changed)
        else:
            place.put(changed)
            after = _said(statement)
            place.put(original)
        first, last = _extent(statement)
        line = getattr(original, "lineno", first)
        if after != before:
            made.setdefault(
                (line, before, after),
                Mutant(module, place.function, place.is_run, _names(statement), line,
                       range(first, last + 1), before, after, source, number),
            )  # fmt: skip
    return sorted(made.values(), key=lambda m: m.line)


def _all_changes(tree: ast.Module) -> Iterator[tuple[_Place, ast.AST]]:
    """Yield every change of a tree, and where it is put: always in the same order."""
    for place in list(_places(tree)):
        original = place.node()
        for changed in _changes(original):
            yield place, ast.copy_location(changed, original)


def _places(tree: ast.Module) -> Iterator[_Place]:
    """Yield every node that may be changed: no annotation, docstring, import or `assert`."""

    def walk(
        node: ast.AST, statement: ast.stmt | None, function: str, is_run: bool
    ) -> Iterator[_Place]:
        for name, value in ast.iter_fields(node):
            children = enumerate(value) if isinstance(value, list) else [(None, value)]
            for index, child in children:
                if not isinstance(child, ast.AST) or _is_passed_over(node, name, index, child):
                    continue
                own = child if isinstance(child, ast.stmt) else statement
                assert own is not None
                inner = _inside(node, name, function)
                runs = is_run or (name == "body" and isinstance(node, _FUNCTIONS))
                yield _Place(node, name, index, own, inner, runs)
                yield from walk(child, own, inner, runs)

    yield from walk(tree, None, "", False)


def _inside(node: ast.AST, name: str, function: str) -> str:
    """Return the name of what a field of a node belongs to: a default is evaluated outside."""
    if name == "body" and isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return f"{function}.{node.name}".lstrip(".")
    return function


def _is_passed_over(node: ast.AST, name: str, index: int | None, child: ast.AST) -> bool:
    """Tell whether a field of a node, and all in it, is left as it is."""
    if name in ("annotation", "returns", "decorator_list", "format_spec", "bases", "ctx", "op"):
        return True
    if isinstance(child, ast.Import | ast.ImportFrom | ast.Assert | ast.Delete):
        return True
    called = getattr(getattr(child, "func", getattr(child, "value", None)), "id", "")
    return (
        # for type checkers only
        (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test))
        or (
            isinstance(child, ast.Call | ast.Subscript) and called in ("TypeVar", "cast", "Literal")
        )
        # a docstring, or a remark under a constant
        or (isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant))
        # the whole f-string is emptied instead
        or (isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant))
    )


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand in a node's place."""
    for kind, changes in _OPERATORS:
        if isinstance(node, kind):
            yield from changes(node)
            return


def _other_comparisons(node: ast.Compare) -> Iterator[ast.AST]:
    if _is_simple(node):
        if swapped := _COMPARISONS.get(type(node.ops[0])):
            yield ast.Compare(node.left, [swapped()], node.comparators)
        if isinstance(node.ops[0], ast.Lt | ast.LtE | ast.Gt | ast.GtE):
            yield ast.UnaryOp(ast.Not(), node)


def _other_conjunctions(node: ast.BoolOp) -> Iterator[ast.AST]:
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    for dropped in range(len(node.values)):
        rest = [v for n, v in enumerate(node.values) if n != dropped]
        yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def _without_not(node: ast.UnaryOp) -> Iterator[ast.AST]:
    if isinstance(node.op, ast.Not):
        yield node.operand


def _other_arithmetic(node: ast.BinOp) -> Iterator[ast.AST]:
    is_text = any(isinstance(s, ast.JoinedStr) or _is_text(s) for s in (node.left, node.right))
    if not is_text and (changed := _ARITHMETIC.get(type(node.op))):
        yield ast.BinOp(node.left, changed(), node.right)


def _without_filter(node: ast.comprehension) -> Iterator[ast.AST]:
    for dropped in range(len(node.ifs)):
        rest = [c for n, c in enumerate(node.ifs) if n != dropped]
        yield ast.comprehension(node.target, node.iter, rest, node.is_async)


def _other_branch(node: ast.IfExp) -> Iterator[ast.AST]:
    yield ast.IfExp(_negated(node.test), node.body, node.orelse)


def _empty(_: ast.JoinedStr) -> Iterator[ast.AST]:
    yield ast.Constant("")


def _other_constants(node: ast.Constant) -> Iterator[ast.AST]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int | float) and value > 9:
        # One off says little of a limit; that it never holds, or holds at once, says much.
        yield ast.Constant(0)
        yield ast.Constant(value * 100)
    elif isinstance(value, int | float):
        yield ast.Constant(value + 1)
        if value not in (0, 1):
            yield ast.Constant(value - 1)
    elif isinstance(value, str):
        yield ast.Constant("" if value else "XX")
    elif isinstance(value, bytes):
        yield ast.Constant(b"" if value else b"XX")


def _other_calls(node: ast.Call) -> Iterator[ast.AST]:
    if isinstance(node.func, ast.Name) and node.func.id in _OPPOSITES:
        yield ast.Call(ast.Name(_OPPOSITES[node.func.id], ast.Load()), node.args, node.keywords)
    elif isinstance(node.func, ast.Attribute):
        if opposite := _OPPOSITES.get(node.func.attr):
            function = ast.Attribute(node.func.value, opposite, ast.Load())
            yield ast.Call(function, node.args, node.keywords)
        elif node.func.attr in _NORMALISING and not node.args:
            yield node.func.value


def _without_branch(node: ast.If | ast.While) -> Iterator[ast.AST]:
    # Comparisons and `not` are negated where they stand.
    if not isinstance(node.test, ast.UnaryOp) and not _is_simple(node.test):
        changed = copy.copy(node)
        changed.test = _negated(node.test)
        yield changed


def _other_answers(node: ast.Return) -> Iterator[ast.AST]:
    if isinstance(node.value, ast.Compare | ast.BoolOp) or (
        isinstance(node.value, ast.UnaryOp) and isinstance(node.value.op, ast.Not)
    ):
        yield ast.Return(ast.Constant(True))
        yield ast.Return(ast.Constant(False))
    elif node.value is not None and not isinstance(node.value, ast.Constant):
        yield ast.Return(ast.Constant(None))


def _nothing(_: ast.stmt) -> Iterator[ast.AST]:
    yield ast.Pass()


def _not_kept(node: ast.Assign) -> Iterator[ast.AST]:
    if isinstance(node.targets[0], ast.Attribute | ast.Subscript):
        yield ast.Pass()


_OPERATORS: tuple[tuple[Any, Callable[[Any], Iterator[ast.AST]]], ...] = (
    (ast.Compare, _other_comparisons),
    (ast.BoolOp, _other_conjunctions),
    (ast.UnaryOp, _without_not),
    (ast.BinOp, _other_arithmetic),
    (ast.Constant, _other_constants),
    (ast.JoinedStr, _empty),
    (ast.Call, _other_calls),
    (ast.comprehension, _without_filter),
    (ast.IfExp, _other_branch),
    (ast.If | ast.While, _without_branch),
    (ast.Return, _other_answers),
    (ast.Expr | ast.AugAssign | ast.Raise | ast.Continue | ast.Break, _nothing),
    (ast.Assign, _not_kept),
)


def _is_simple(node: ast.expr) -> bool:
    """Tell whether a test is one comparison."""
    return isinstance(node, ast.Compare) and len(node.ops) == 1


def _negated(test: ast.expr) -> ast.expr:
    negated = ast.UnaryOp(ast.Not(), test)
    return ast.copy_location(negated, test)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)


def _said(statement: ast.AST) -> str:
    """Return a statement on one line: of a compound one, its first line."""
    if isinstance(statement, _COMPOUND):
        short = copy.copy(statement)
        for part in ("body", "orelse", "finalbody", "handlers", "cases", "decorator_list"):
            if hasattr(short, part):
                setattr(short, part, [ast.Pass()] if part == "body" else [])
        if isinstance(short, ast.Try):
            return "try:"
        ast.fix_missing_locations(short)
        return ast.unparse(short).split("\n")[0] if not isinstance(short, ast.Match) else "match"
    return ast.unparse(statement).replace("\n", " ")


def _extent(statement: ast.stmt) -> tuple[int, int]:
    """Return the first and last line of a statement, of a compound one without its body."""
    body = getattr(statement, "body", None)
    if isinstance(statement, _COMPOUND) and body:
        return statement.lineno, max(statement.lineno, body[0].lineno - 1)
    return statement.lineno, statement.end_lineno or statement.lineno


def _names(statement: ast.stmt) -> tuple[str, ...]:
    """Return the names that a statement assigns or defines."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return (statement.name,)
    targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
    return tuple(t.id for t in targets if isinstance(t, ast.Name))
