"""Read pickles that come from elsewhere, and run nothing that they ask for.

A pickle is a program: it may name any function and have it called. Here a name is
looked up in a short list, and what stands there are classes of ours (`stand_ins`) that
build arrays from bytes; NumPy's own unpickling, which trusts its input, is never
called. So the names of NumPy admit what NumPy writes, at every protocol, and no more.

A small file may also ask for endless work: to hash a tuple of tuples descends into each
of them, in C, to any depth and as often as it is named. So a key must be plain. Only
the unpickler written in Python can look at a key before it is hashed.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from emolib.checks import CorpusError, damaged
from emolib.datasets.contents import foreign_contents
from emolib.datasets.stand_ins import (
    ADMITTED,
    RefusedError,
    check_keys,
    finish,
    refuse,
)

_EXPECTED = "a pickle of arrays, lists, dictionaries, text and numbers, nothing else"
_REMEDY = (
    "Nothing in it was run. Do not use this file: get it again from the publisher and "
    "compare its checksum."
)
_BROKEN = "Copy or download the file again and compare its size with the publisher's."


def load_pickle(path: str | Path):
    """Return what a pickle of plain data holds: any protocol, Python 2 or 3.

    Parameters
    ----------
    path : path

    Returns
    -------
    held : object
        Made of dict, list, tuple, set, str, bytes, numbers, None, NumPy scalars and
        arrays of numbers, text or such objects. Keys and members of sets are str,
        bytes, numbers or None. Arrays of numbers are views of the bytes read, hence not
        writable.

    Raises
    ------
    CorpusError
        When it asks for anything else, is truncated, mangled, or no pickle.
    """
    path = Path(path)
    with path.open("rb") as file:
        foreign = foreign_contents(file.read(512))
        if foreign:
            raise damaged(path, _EXPECTED, *foreign)
        try:
            file.seek(0)
            whole = _Whole(file, path.stat().st_size)
            held = _Unpickler(whole, encoding="latin1").load()
            return finish(held, {})
        except RefusedError as refusal:
            raise damaged(path, _EXPECTED, str(refusal), _REMEDY) from None
        except RecursionError:
            got = "one with data nested hundreds deep"
            raise damaged(path, _EXPECTED, got, _REMEDY) from None
        except Exception as error:
            raise _mangled(path, error) from error


def _mangled(path: Path, error: Exception) -> CorpusError:
    """Return the error for a file that is no pickle, or not a whole one."""
    got = f"contents that do not read (mangled: {type(error).__name__}, {error})"
    if any(word in str(error) for word in ("truncated", "exhausted")):
        got = f"{path.stat().st_size} bytes that end too early (truncated)"
    return damaged(path, _EXPECTED, got[:300], _BROKEN)


class _Whole:
    """A file that says that it is too short, before room is made for what it lacks."""

    def __init__(self, file, n_bytes: int):
        self._file, self._n_left = file, n_bytes

    def read(self, n_bytes: int) -> bytes:
        """Return the next bytes, as many as asked for."""
        self._n_left -= n_bytes
        return self._file.read(n_bytes) if self._n_left >= 0 else _end()

    def readline(self) -> bytes:
        """Return the next line with its end."""
        line = self._file.readline()
        self._n_left -= len(line)
        return line if line.endswith(b"\n") else _end()


def _end() -> NoReturn:
    raise EOFError("truncated")


def _check_call(stack: list) -> None:
    """Refuse to call what is no name, or with what are no arguments."""
    if not isinstance(stack[-2], type) or type(stack[-1]) is not tuple:
        refuse("a call of something that cannot be called")


def _refuse_instance(stack: list) -> NoReturn:
    refuse("an instance of a class, or a name registered elsewhere")


# what an opcode must not find on the stack, of which it takes what is above a mark
_CHECKS = {
    pickle.SETITEM: lambda stack: check_keys(stack[-2:-1]),
    pickle.SETITEMS: lambda stack: check_keys(stack[::2]),
    pickle.DICT: lambda stack: check_keys(stack[::2]),
    pickle.ADDITEMS: check_keys,
    pickle.FROZENSET: check_keys,
    pickle.REDUCE: _check_call,
    **dict.fromkeys((pickle.INST, pickle.OBJ, pickle.NEWOBJ, pickle.NEWOBJ_EX,
                     pickle.EXT1, pickle.EXT2, pickle.EXT4), _refuse_instance),
}  # fmt: skip


def _dispatch(loaders: dict[int, Callable]) -> dict[int, Callable]:
    """Return what each opcode does, its check first."""
    checked = {c[0]: _checked(check, loaders[c[0]]) for c, check in _CHECKS.items()}
    # a bytearray would be made as long as the file says, before any of it is read
    checked[pickle.BYTEARRAY8[0]] = loaders[pickle.BINBYTES8[0]]
    return loaders | checked


def _checked(check: Callable, load: Callable) -> Callable:
    def load_checked(unpickler):
        check(unpickler.stack)
        load(unpickler)

    return load_checked


class _Unpickler(pickle._Unpickler):
    """Looks up names in `ADMITTED` only, and at keys before they are hashed."""

    dispatch = _dispatch(pickle._Unpickler.dispatch)

    def find_class(self, module, name):
        """Return our stand-in for a name, or refuse it."""
        if (module, name) not in ADMITTED:
            refuse(repr(f"{module}.{name}"[:200]))
        return ADMITTED[module, name]

    def persistent_load(self, pid):
        """Refuse a reference to something outside the file."""
        refuse("an object outside the file")
