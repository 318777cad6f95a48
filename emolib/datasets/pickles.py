"""Read pickles that come from elsewhere, and run nothing that they ask for.

A pickle is a program: it may name any function and have it called. Here a name is
looked up in a short list, and what stands there are classes of this file that build
arrays from bytes; NumPy's own unpickling, which trusts its input, is never called. So
the names of NumPy below admit what NumPy writes, at every protocol, and no more.
"""

from __future__ import annotations

import math
import pickle
import pickletools
import re
from itertools import count
from pathlib import Path
from typing import NoReturn

import numpy as np

from emolib.checks import CorpusError, damaged
from emolib.datasets.contents import foreign_contents

_EXPECTED = "a pickle of arrays, lists, dictionaries, text and numbers, nothing else"
_REMEDY = (
    "Nothing in it was run. Do not use this file: get it again from the publisher and "
    "compare its checksum."
)
_BROKEN = "Copy or download the file again and compare its size with the publisher's."
_DTYPE = re.compile(r"[biufcSU]\d{1,9}|\?|O[48]?")
_LATIN = ("latin1", "latin-1", "iso8859-1")
_MAX_AXES = 32


def load_pickle(path: str | Path):
    """Return what a pickle of plain data holds: any protocol, Python 2 or 3.

    Parameters
    ----------
    path : path

    Returns
    -------
    held : object
        Made of dict, list, tuple, set, str, bytes, numbers, None, NumPy scalars and
        arrays of numbers, text or such objects. Arrays of numbers are views of the
        bytes read, hence not writable.

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
            _check_memory(file)
            file.seek(0)
            held = _Unpickler(file, encoding="latin1").load()
            return _finish(held, {})
        except _RefusedError as refusal:
            raise damaged(path, _EXPECTED, str(refusal), _REMEDY) from None
        except Exception as error:
            raise _mangled(path, error) from error


def _mangled(path: Path, error: Exception) -> CorpusError:
    """Return the error for a file that is no pickle, or not a whole one."""
    got = f"contents that do not read (mangled: {type(error).__name__}, {error})"
    if any(word in str(error) for word in ("truncated", "remain", "exhausted")):
        got = f"{path.stat().st_size} bytes that end too early (truncated)"
    return damaged(path, _EXPECTED, got[:300], _BROKEN)


class _RefusedError(Exception):
    """The pickle asks for something that data do not need."""


def _refuse(what: str) -> NoReturn:
    raise _RefusedError(f"one that asks for {what}")


def _check_memory(file) -> None:
    """Refuse a memo place far beyond what was stored: it would be allocated."""
    codes = {opcode.code.encode("latin1"): opcode for opcode in pickletools.opcodes}
    for i in count():
        opcode = codes[file.read(1) or _end()]
        if opcode.name == "STOP":
            return
        # Python 2 wrote bytes as such text; pickletools' own reader wants ASCII
        read = type(file).readline if opcode.name == "STRING" else None
        read = read or (opcode.arg and opcode.arg.reader)
        argument = read(file) if read else None
        if opcode.name in ("PUT", "BINPUT", "LONG_BINPUT") and argument > i + 256:
            _refuse(f"room for {argument} objects that it does not hold")


def _end() -> NoReturn:
    raise EOFError("truncated")


class _Unpickler(pickle.Unpickler):
    """Looks up names in `_ADMITTED` only."""

    def find_class(self, module, name):
        """Return our stand-in for a name, or refuse it."""
        if (module, name) not in _ADMITTED:
            _refuse(repr(f"{module}.{name}"))
        return _ADMITTED[module, name]

    def persistent_load(self, pid):
        """Refuse a reference to something outside the file."""
        _refuse("an object outside the file")


class _Sealed:
    """A stand-in whose class and instances take no state from a pickle.

    Without `__setstate__` a pickle could write into the attributes of the class.
    """

    __slots__ = ()
    __hash__ = None

    def __setstate__(self, state):
        _refuse("a state for something that has none")


class _Bytes(_Sealed):
    """`bytes` and `bytearray`, of contents that are there (never of a length)."""

    def __new__(cls, text="", encoding="latin1"):
        if isinstance(text, bytes | bytearray):
            return bytes(text)
        return _latin(text, encoding)


def _named(value) -> str:
    """Return a text as it is, shortened, and the type of anything else.

    What else a pickle holds may take for ever to print.
    """
    return repr(value[:40]) if isinstance(value, str) else type(value).__name__


class _Encode(_Sealed):
    """`_codecs.encode`: how bytes are written at protocols 0 to 2."""

    def __new__(cls, text, encoding="latin1"):
        return _latin(text, encoding)


def _latin(text, encoding) -> bytes:
    if not isinstance(text, str) or encoding not in _LATIN:
        _refuse(f"{_named(text)} encoded as {_named(encoding)}")
    return text.encode("latin1")


class _Dtype(_Sealed):
    """`numpy.dtype`: a plain kind, its byte order given by the state."""

    __slots__ = ("dtype",)

    def __init__(self, name, *_):
        if not isinstance(name, str) or not _DTYPE.fullmatch(name):
            _refuse(f"an array of kind {_named(name)}")
        self.dtype = np.dtype(name)

    def __setstate__(self, state):
        order, *inner = state[1:5]
        if order not in ("<", ">", "=", "|") or any(part is not None for part in inner):
            _refuse("a structured array")
        if order in "<>":
            self.dtype = self.dtype.newbyteorder(order)


class _Array(_Sealed):
    """`numpy.ndarray` until the pickle is whole; then `_finish` takes its contents."""

    __slots__ = ("contents", "order", "shape")

    def __setstate__(self, state):
        shape, dtype, is_fortran, raw = state[-4:]
        self.fill(shape, dtype, "F" if is_fortran else "C", raw)

    def fill(self, shape, dtype, order, raw):
        """Hold the contents: an array, or the list of an object array."""
        n_items = _n_items(shape)
        if not isinstance(dtype, _Dtype):
            _refuse(f"an array of kind {type(dtype).__name__}")
        kind, self.shape, self.order = dtype.dtype, shape, order
        if kind.hasobject:
            self.contents = raw
            is_whole = isinstance(raw, list) and len(raw) == n_items
        else:
            raw = raw.encode("latin1") if isinstance(raw, str) else raw
            is_whole = len(raw) == n_items * kind.itemsize
            self.contents = _view(raw, kind, n_items) if is_whole else None
        if not is_whole:
            raise ValueError(f"an array of shape {shape} does not fit its contents")


def _n_items(shape) -> int:
    """Return the number of items of a shape."""
    is_shape = isinstance(shape, tuple) and len(shape) <= _MAX_AXES
    if not is_shape or not all(type(size) is int and size >= 0 for size in shape):
        _refuse("an array of a shape that cannot be")
    return math.prod(shape)


def _view(raw, kind: np.dtype, n_items: int) -> np.ndarray:
    """Return bytes as numbers or text, none of which is beyond Unicode."""
    if not n_items:
        return np.empty(0, kind)
    view = np.frombuffer(raw, kind)
    if kind.kind == "U":
        codes = view.view(np.dtype("u4").newbyteorder(kind.byteorder))
        if codes.max() > 0x10FFFF:
            raise ValueError("text with characters that do not exist")
    return view


class _Reconstruct(_Sealed):
    """`_reconstruct`: an array whose state follows."""

    def __new__(cls, kind, *_):
        if kind is not _Array:
            _refuse("an array of a class of its own")
        return _Array()


class _FromBuffer(_Sealed):
    """`_frombuffer`: how NumPy writes arrays at protocol 5."""

    def __new__(cls, raw, dtype, shape, order, *_):
        if not isinstance(raw, bytes | bytearray):
            _refuse(f"an array from {type(raw).__name__}")
        array = _Array()
        array.fill(shape, dtype, "F" if order == "F" else "C", raw)
        return array


class _Scalar(_Sealed):
    """`scalar`: one NumPy number or text."""

    def __new__(cls, dtype, raw):
        array = _Array()
        array.fill((1,), dtype, "C", raw)
        if isinstance(array.contents, list):
            _refuse("an object as a NumPy scalar")
        return array.contents[0]


_NUMPY = ("numpy.core", "numpy._core")
_BUILTINS = {"list": list, "tuple": tuple, "dict": dict, "set": set,
             "frozenset": frozenset, "bytes": _Bytes, "bytearray": _Bytes}  # fmt: skip
_ADMITTED = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _Encode,
    **{(f"{core}.multiarray", "_reconstruct"): _Reconstruct for core in _NUMPY},
    **{(f"{core}.multiarray", "scalar"): _Scalar for core in _NUMPY},
    **{(f"{core}.numeric", "_frombuffer"): _FromBuffer for core in _NUMPY},
    **{(m, n): c for m in ("builtins", "__builtin__") for n, c in _BUILTINS.items()},
}


def _finish(value, memo: dict):
    """Return `value` with arrays in place of their stand-ins, however deep."""
    if id(value) in memo:
        return memo[id(value)][0]
    if isinstance(value, _Array):
        return _finish_array(value, memo)
    if isinstance(value, list):
        memo[id(value)] = (value, value)
        value[:] = [_finish(item, memo) for item in value]
    elif isinstance(value, dict):
        memo[id(value)] = (value, value)
        for key in value:
            _finish(key, memo)
            value[key] = _finish(value[key], memo)
    elif isinstance(value, set | frozenset):
        for item in value:
            _finish(item, memo)
    elif isinstance(value, tuple):
        memo[id(value)] = (tuple(_finish(item, memo) for item in value), value)
        return memo[id(value)][0]
    elif isinstance(value, _Dtype):
        return value.dtype
    elif isinstance(value, _Sealed | type):
        _refuse("a class as data")
    return value


def _finish_array(stand_in: _Array, memo: dict) -> np.ndarray:
    """Return the array that a stand-in holds; objects in it are finished too."""
    if not hasattr(stand_in, "contents"):
        _refuse("an array without contents")
    contents = stand_in.contents
    if isinstance(contents, np.ndarray):
        found = contents.reshape(stand_in.shape, order=stand_in.order)
        memo[id(stand_in)] = (found, stand_in)
        return found
    flat = np.empty(len(contents), object)
    found = flat.reshape(stand_in.shape, order=stand_in.order)
    memo[id(stand_in)] = (found, stand_in)
    for i, item in enumerate(contents):
        flat[i] = _finish(item, memo)
    return found
