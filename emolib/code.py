"""What a value, a file and a piece of code are, as digests.

The digest of a module covers every module of the package that it imports, directly or
through others, docstrings and comments left out. Modules count as they were when the
package was imported, not as they are on disk now.
"""

import ast
import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib import metadata
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
MACHINERY = (
    "checks", "code", "run", "settings", "store", "study", "units", "upkeep", "workers",
)  # fmt: skip
"""Modules that check, keep and run work but compute none of it; outside every closure.

They would make each repair of the store, and each better word of an error, throw away
all finished work. What they hand on is tested to be exact; `emolib.store.FORMAT` is
raised when that ever changes.
"""
LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch", "mne")


def plain(value):
    """Return `value` made of dictionaries, lists, numbers, text and None alone.

    Tuples become lists and NumPy scalars become numbers, so that a value is the same
    before and after its journey through a file. Raises TypeError on anything else.
    """
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if hasattr(value, "dtype") and getattr(value, "ndim", 1) == 0:
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(
        "settings must be made of dictionaries with text keys, lists, numbers and "
        f"text; got {value!r}. Convert it before it becomes part of a key."
    )


def canonical(value) -> str:
    """Return `value` as JSON text in which equal values have equal text."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"))


def digest_of(value) -> str:
    """Return the sha256 of a plain value."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def hash_file(path: Path) -> str:
    """Return the sha256 of a file's content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# ---------------------------------------------------------------- code


def _read_package() -> dict[str, tuple[Path, bytes]]:
    """Return module name -> file and source of every module of the package."""
    found = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = ("emolib", *file.relative_to(PACKAGE).with_suffix("").parts)
        name = ".".join(parts).removesuffix(".__init__")
        found[name] = (file, file.read_bytes())
    return found


_IMPORTED = _read_package()
"""The sources as they were when this process imported the package."""


def modules_of(room: str) -> list[str]:
    """Return a package's name and those of its modules."""
    return [name for name in _IMPORTED if f"{name}.".startswith(f"{room}.")]


def code_digests(
    roots: Iterable[str], *, outside: Iterable[str] = ()
) -> dict[str, str]:
    """Return module name -> digest over the import closure of `roots`.

    Imports inside functions count. The ``__init__`` of a package counts only where a
    name is imported from it: a paper's tables do not belong to its systems.

    Parameters
    ----------
    roots : iterable of str
        Module names, for example ``"emolib.papers.ecg_eeg.data"``.
    outside : iterable of str
        Packages that are left out, beside the machinery.
    """
    left_out = ("emolib", *(f"emolib.{name}" for name in MACHINERY), *outside)
    found: dict[str, str] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name in found or name in left_out or name.startswith(tuple(outside)):
            continue
        if name not in _IMPORTED:
            raise ModuleNotFoundError(f"{name} must be a module; got no such file.")
        found[name], imported = _read_code(_IMPORTED[name][1])
        waiting += [n if n in _IMPORTED else n.rpartition(".")[0] for n in imported]
    return dict(sorted(found.items()))


def check_unchanged(code: Mapping[str, str]) -> None:
    """Raise RuntimeError unless `code` is both what was imported and what is on disk.

    A notebook's kernel whose files were edited would else store a wrong result under a
    right key.
    """
    changed = [name for name, digest in code.items() if not _is(name, digest)]
    if changed:
        raise RuntimeError(
            "the code must be on disk as this process imported it; changed since: "
            f"{', '.join(changed)}. Nothing was stored: restart the kernel."
        )


def _is(name: str, digest: str) -> bool:
    """Tell whether a module is what its digest says, imported and on disk."""
    try:
        file, source = _IMPORTED[name]
        return {_read_code(s)[0] for s in (source, file.read_bytes())} == {digest}
    except (KeyError, OSError, SyntaxError):
        return False


@lru_cache(maxsize=4096)
def _read_code(source: bytes) -> tuple[str, tuple[str, ...]]:
    """Return a source's digest and the names of the package that it imports."""
    tree = ast.parse(source)
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        if isinstance(getattr(node, "body", None), list):
            node.body = [inner for inner in node.body if not _is_text(inner)]
    digest = hashlib.sha256(ast.unparse(tree).encode()).hexdigest()[:16]
    return digest, tuple(sorted(n for n in names if n.startswith("emolib.")))


def _is_text(node) -> bool:
    """Tell whether a statement is a docstring or another text standing alone."""
    value = getattr(node, "value", None) if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


@cache
def library_versions() -> dict[str, str]:
    """Return the versions that results depend on, without a build's name (``+cu126``).

    The build is told apart by the device kind.
    """
    return {name: metadata.version(name).split("+")[0] for name in LIBRARIES}
