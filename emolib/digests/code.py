"""What a piece of code is, as a digest of its syntax trees.

The digest of a module covers every module of the package that it imports, directly or
through others, docstrings and comments left out. Modules that this process has imported
are taken as they were at that moment, not as they are on disk now.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.abc
import json
import sys
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
MACHINERY = ("emolib.digests", "emolib.store", "emolib.units")
"""Modules that keep and run work but compute none of it; left out of every closure.

They would make each repair of the store throw away all finished work. What they hand
on is tested to be exact; `emolib.store.FORMAT` is raised when that ever changes.
"""
LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch", "mne")

_SOURCES: dict[str, bytes] = {}  # module name -> source text when it was imported


class _Witness(importlib.abc.MetaPathFinder):
    """Notes the source of each module of the package when it is about to be imported.

    It finds nothing itself. A module that is loaded a second time keeps its first note:
    others still hold what the first one defined.
    """

    def find_spec(self, name, path=None, target=None):
        if name.startswith("emolib.") and name not in sys.modules:
            _note(name)
        return None


def watch_imports() -> None:
    """Note the source of every module of the package from now on."""
    if not any(isinstance(finder, _Witness) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Witness())
        for name in ("emolib", "emolib.digests", __name__):
            _note(name)


def _note(name: str) -> None:
    """Keep a module's source as it is now."""
    file = module_file(name)
    if file is not None:
        _SOURCES[name] = file.read_bytes()


def module_file(name: str) -> Path | None:
    """Return the file of a module of the package; None when there is none."""
    base = PACKAGE.joinpath(*name.split(".")[1:])
    candidates = (base / "__init__.py", base.with_name(f"{base.name}.py"))
    return next((file for file in candidates if file.is_file()), None)


def code_digests(roots: Iterable[str], *, on_disk: bool = False) -> dict[str, str]:
    """Return module name -> digest over the import closure of `roots`.

    Imports inside functions count. The ``__init__`` of a package counts only where a
    name is imported from it: a recipe's tables do not belong to its systems.

    Parameters
    ----------
    roots : iterable of str
        Module names, for example ``"emolib.papers.ecg_eeg.data"``.
    on_disk : bool
        Take every module as it is on disk, imported or not.
    """
    found: dict[str, str] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name in found or _is_machinery(name):
            continue
        found[name], imported = _read_code(_source(name, on_disk), _package(name))
        waiting += [_target(base, attribute) for base, attribute in imported]
    return dict(sorted(found.items()))


def changed_since(code: Mapping[str, str]) -> list[str]:
    """Return the modules of `code` that are no longer so, as imported or on disk."""
    return [
        name
        for name, digest in code.items()
        for on_disk in (False, True)
        if _digest_now(name, on_disk) != digest
    ]


def check_unchanged(code: Mapping[str, str]) -> None:
    """Raise RuntimeError when a module changed after this process imported it."""
    changed = sorted(set(changed_since(code)))
    if changed:
        raise RuntimeError(
            "the code must be on disk as this process imported it; changed since: "
            f"{', '.join(changed)}. Nothing was stored: restart the kernel."
        )


def _digest_now(name: str, on_disk: bool) -> str:
    """Return a module's digest, or nothing when its file is gone or does not parse."""
    try:
        return _read_code(_source(name, on_disk), _package(name))[0]
    except (OSError, ImportError, SyntaxError):
        return ""


def _is_machinery(name: str) -> bool:
    """Tell whether a module, or the bare package, keeps work rather than doing it."""
    rooms = (f"{room}." for room in MACHINERY)
    return name in ("emolib", *MACHINERY) or name.startswith(tuple(rooms))


def _source(name: str, on_disk: bool) -> bytes:
    """Return a module's source as imported, or as it is on disk."""
    if name in _SOURCES and not on_disk:
        return _SOURCES[name]
    file = module_file(name)
    if file is None:
        raise ModuleNotFoundError(f"{name} must be a module; got no file of that name.")
    return file.read_bytes()


def _package(name: str) -> str:
    """Return the package that a module's relative imports start from."""
    file = module_file(name)
    is_package = file is not None and file.name == "__init__.py"
    return name if is_package else name.rpartition(".")[0]


def _target(base: str, attribute: str | None) -> str:
    """Return the module that ``from base import attribute`` reads."""
    inner = f"{base}.{attribute}"
    return inner if attribute and module_file(inner) else base


@lru_cache(maxsize=4096)
def _read_code(source: bytes, package: str) -> tuple[str, tuple]:
    """Return a source's digest and the pairs (module, name) that it imports."""
    tree = ast.parse(source)
    text = json.dumps(_skeleton(tree))
    imports = {
        pair
        for node in ast.walk(tree)
        for pair in _imports(node, package)
        if pair[0].partition(".")[0] == "emolib"
    }
    return hashlib.sha256(text.encode()).hexdigest()[:16], tuple(
        sorted(imports, key=str)
    )


def _imports(node, package: str) -> list[tuple[str, str | None]]:
    """Return what one statement imports as pairs (module, name)."""
    if isinstance(node, ast.Import):
        return [(alias.name, None) for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = node.module or ""
    if node.level:
        above = package.split(".")[: len(package.split(".")) - node.level + 1]
        base = ".".join([*above, *([base] if base else [])])
    return [(base, alias.name) for alias in node.names]


def _skeleton(node):
    """Return a syntax tree as lists; statements that are only text are left out.

    Empty fields are left out too, so that the same source gives the same digest under
    Python versions that know more of them.
    """
    if isinstance(node, list):
        return [_skeleton(inner) for inner in node if not _is_text(inner)]
    if isinstance(node, ast.Constant):
        return f"{type(node.value).__name__}:{node.value!r}"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = {
        name: _skeleton(value)
        for name, value in ast.iter_fields(node)
        if value is not None and value != [] and name != "type_comment"
    }
    return [type(node).__name__, fields]


def _is_text(node) -> bool:
    """Tell whether a statement is a docstring or another text standing alone."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


@cache
def library_versions() -> dict[str, str]:
    """Return the versions that results depend on, without a build's name (``+cu126``).

    The build is told apart by the device kind.
    """
    from importlib import metadata

    found = {}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name).split("+")[0]
        except metadata.PackageNotFoundError:
            found[name] = "absent"
    return found
