"""Which modules of the package a recipe rests on, found by reading its imports."""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def recipe_modules(recipe: str | None) -> list[Path]:
    """Return every module that a recipe's folder imports, directly or through others.

    Without a recipe, those that the reports of any notebook rest on.
    """
    start = PACKAGE / "recipes" / recipe if recipe else PACKAGE / "reporting"
    todo = sorted(start.rglob("*.py"))
    found: set[Path] = set()
    while todo:
        path = todo.pop()
        if path not in found:
            found.add(path)
            todo += _imported(path)
    return sorted(found)


def tree_digest(path: Path) -> str:
    """Return a digest of a module's syntax tree, docstrings and comments left out."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_docstring(body[0]):
            node.body = body[1:] or [ast.Pass()]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


def _is_docstring(node: ast.AST) -> bool:
    """Tell whether a statement is a bare string."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _imported(path: Path) -> list[Path]:
    """Return the package's modules that a module imports by name."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
            names.add(node.module)
    files = [_file(name) for name in names if name.split(".")[0] == "emolib"]
    return sorted(file for file in files if file is not None)


def _file(module: str) -> Path | None:
    """Return the file of a module of the package, or None."""
    path = PACKAGE.joinpath(*module.split(".")[1:])
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file
    return None
