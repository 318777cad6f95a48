"""What stands behind the names that a pickle may look up: classes that call nothing.

They hold what NumPy would be given, check that it fits together, and become arrays when
the pickle is whole (`finish`). NumPy's own classes trust the sizes and offsets they are
given, so they are never called with a pickle's.
"""

from __future__ import annotations

import math
import re
import sys
from typing import NoReturn

import numpy as np

_DTYPE = re.compile(r"[biufcSU]\d{1,9}|\?|O[48]?")
_LATIN = ("latin1", "latin-1", "iso8859-1")
_MAX_AXES, _MAX_SIZE = 32, 2**63
_KEYS = (str, bytes, int, float, bool, type(None))
_MAX_KEY_BYTES = 4096
_UNFINISHED = object()


class RefusedError(Exception):
    """The pickle asks for something that data do not need."""


def refuse(what: str) -> NoReturn:
    """Raise the error for a pickle that asks for `what`."""
    raise RefusedError(f"one that asks for {what}")


def check_keys(keys: list) -> None:
    """Refuse keys that take long to hash or to compare, however often."""
    for key in keys:
        if type(key) not in _KEYS:
            refuse(f"a key or a member of a set that is a {type(key).__name__}")
        if sys.getsizeof(key) > _MAX_KEY_BYTES:
            refuse(f"a key or a member of a set of more than {_MAX_KEY_BYTES} bytes")


class _Sealed:
    """A stand-in whose class and instances take no state from a pickle.

    Without `__setstate__` a pickle could write into the attributes of the class.
    """

    __slots__ = ()
    __hash__ = None

    def __setstate__(self, state):
        refuse("a state for something that has none")


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


class _Set(_Sealed):
    """`set`: how sets are written at protocols 0 to 3."""

    made = set

    def __new__(cls, members):
        if not isinstance(members, list):
            refuse(f"a set made of a {type(members).__name__}")
        check_keys(members)
        return cls.made(_taken(members))


class _Frozenset(_Set):
    """`frozenset`: likewise."""

    made = frozenset


def _taken(items: list) -> list:
    """Return the items and leave none: named often, they would outgrow the file."""
    taken = items.copy()
    items.clear()
    return taken


class _Encode(_Sealed):
    """`_codecs.encode`: how bytes are written at protocols 0 to 2."""

    def __new__(cls, text, encoding="latin1"):
        return _latin(text, encoding)


def _latin(text, encoding) -> bytes:
    if not isinstance(text, str) or encoding not in _LATIN:
        refuse(f"{_named(text)} encoded as {_named(encoding)}")
    return text.encode("latin1")


class _Dtype(_Sealed):
    """`numpy.dtype`: a plain kind, its byte order given by the state."""

    __slots__ = ("dtype",)

    def __init__(self, name, *_):
        if not isinstance(name, str) or not _DTYPE.fullmatch(name):
            refuse(f"an array of kind {_named(name)}")
        self.dtype = np.dtype(name)

    def __setstate__(self, state):
        order, *inner = state[1:5]
        if order not in ("<", ">", "=", "|") or any(part is not None for part in inner):
            refuse("a structured array")
        if order in "<>":
            self.dtype = self.dtype.newbyteorder(order)


class _Array(_Sealed):
    """`numpy.ndarray` until the pickle is whole; then `finish` takes its contents."""

    __slots__ = ("contents", "order", "shape")

    def __setstate__(self, state):
        shape, dtype, is_fortran, raw = state[-4:]
        self.fill(shape, dtype, "F" if is_fortran else "C", raw)

    def fill(self, shape, dtype, order, raw):
        """Hold the contents: an array, or the list of an object array."""
        n_items = _n_items(shape)
        if not isinstance(dtype, _Dtype):
            refuse(f"an array of kind {type(dtype).__name__}")
        kind, self.shape, self.order = dtype.dtype, shape, order
        if kind.hasobject:
            is_whole = isinstance(raw, list) and len(raw) == n_items
            self.contents = _taken(raw) if is_whole else None
        else:
            raw = raw.encode("latin1") if isinstance(raw, str) else raw
            is_whole = len(raw) == n_items * kind.itemsize
            self.contents = _view(raw, kind, n_items) if is_whole else None
        if not is_whole:
            raise ValueError(f"an array of shape {shape} does not fit its contents")


def _n_items(shape) -> int:
    """Return the number of items of a shape."""
    is_shape = isinstance(shape, tuple) and len(shape) <= _MAX_AXES
    if not is_shape or not all(
        type(size) is int and 0 <= size < _MAX_SIZE for size in shape
    ):
        refuse("an array of a shape that cannot be")
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
            refuse("an array of a class of its own")
        return _Array()


class _FromBuffer(_Sealed):
    """`_frombuffer`: how NumPy writes arrays at protocol 5."""

    def __new__(cls, raw, dtype, shape, order, *_):
        if not isinstance(raw, bytes | bytearray):
            refuse(f"an array from {type(raw).__name__}")
        array = _Array()
        array.fill(shape, dtype, "F" if order == "F" else "C", raw)
        return array


class _Scalar(_Sealed):
    """`scalar`: one NumPy number or text."""

    def __new__(cls, dtype, raw):
        array = _Array()
        array.fill((1,), dtype, "C", raw)
        if isinstance(array.contents, list):
            refuse("an object as a NumPy scalar")
        return array.contents[0]


_NUMPY = ("numpy.core", "numpy._core")
_BUILTINS = {"set": _Set, "frozenset": _Frozenset, "bytes": _Bytes,
             "bytearray": _Bytes}  # fmt: skip
ADMITTED = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _Encode,
    **{(f"{core}.multiarray", "_reconstruct"): _Reconstruct for core in _NUMPY},
    **{(f"{core}.multiarray", "scalar"): _Scalar for core in _NUMPY},
    **{(f"{core}.numeric", "_frombuffer"): _FromBuffer for core in _NUMPY},
    **{(m, n): c for m in ("builtins", "__builtin__") for n, c in _BUILTINS.items()},
}


def finish(value, memo: dict):
    """Return `value` with arrays in place of their stand-ins, however deep.

    Keys and members of sets are plain (`check_keys`), hence finished.

    Parameters
    ----------
    value : object
        What a pickle holds.
    memo : dict of id to (object, object)
        What was finished so far, beside what it was: an id lasts as long as that.

    Raises
    ------
    RefusedError
        When it holds what is no data.
    """
    if id(value) in memo:
        return _finished(*memo[id(value)])
    if isinstance(value, _Array):
        return _finish_array(value, memo)
    if isinstance(value, list):
        memo[id(value)] = (value, value)
        value[:] = [finish(item, memo) for item in value]
    elif isinstance(value, dict):
        memo[id(value)] = (value, value)
        for key in value:
            value[key] = finish(value[key], memo)
    elif isinstance(value, tuple):
        memo[id(value)] = (_UNFINISHED, value)
        memo[id(value)] = (tuple(finish(item, memo) for item in value), value)
        return memo[id(value)][0]
    elif isinstance(value, _Dtype):
        return value.dtype
    elif isinstance(value, _Sealed | type):
        refuse("a class as data")
    return value


def _finished(found, value):
    """Return what `value` became; a tuple within itself never would become anything."""
    if found is _UNFINISHED:
        refuse("a tuple within itself")
    return found


def _finish_array(stand_in: _Array, memo: dict) -> np.ndarray:
    """Return the array that a stand-in holds; objects in it are finished too."""
    if not hasattr(stand_in, "contents"):
        refuse("an array without contents")
    contents = stand_in.contents
    if isinstance(contents, np.ndarray):
        found = contents.reshape(stand_in.shape, order=stand_in.order)
        memo[id(stand_in)] = (found, stand_in)
        return found
    flat = np.empty(len(contents), object)
    found = flat.reshape(stand_in.shape, order=stand_in.order)
    memo[id(stand_in)] = (found, stand_in)
    for i, item in enumerate(contents):
        flat[i] = finish(item, memo)
    return found
