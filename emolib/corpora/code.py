"""The digest of a module and of all it imports from this package."""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_PACKAGE = __name__.partition(".")[0]


@cache
def digest_code(module: str) -> str:
    """Return a sha256 over a module's import closure; comments do not count.

    Parameters
    ----------
    module : str
        Dotted name inside the package.
    """
    sources = {}
    _collect(module, sources)
    whole = hashlib.sha256()
    for name in sorted(sources):
        whole.update(f"{name}\n{sources[name]}\n".encode())
    return whole.hexdigest()


def _collect(module: str, sources: dict[str, str]) -> None:
    """Add the syntax of `module` and of what it imports to `sources`."""
    if module in sources:
        return
    spec = find_spec(module)
    if spec is None or not spec.origin:
        return
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    sources[module] = ast.dump(_without_docstrings(tree))
    for name in _imported(tree):
        _collect(name, sources)


def _without_docstrings(tree: ast.Module) -> ast.Module:
    """Remove docstrings in place and return the tree."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            body[0] = ast.copy_location(ast.Pass(), first)
    return tree


def _imported(tree: ast.Module) -> list[str]:
    """Return the modules of this package that a syntax tree imports."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    inside = [n for n in names if n.partition(".")[0] == _PACKAGE and n != _PACKAGE]
    return sorted(n for n in inside if _is_module(n))


def _is_module(name: str) -> bool:
    """Return True when a dotted name is a module and not something inside one."""
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False
