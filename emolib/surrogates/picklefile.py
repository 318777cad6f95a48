"""Writing a pickle of arrays piece by piece: the same bytes every time, little memory.

A pickle is a list of instructions for a stack. Ours builds a dictionary of dictionaries
of arrays; each array is pickled by itself and joined in. NumPy is named as it was
before version 2, which every version reads. The first words say that it is a surrogate:
they are put on the stack and taken off again, so that readers never see them.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from emolib.surrogates.matfile import ABOUT

PROTOCOL = 3
_NOW, _BEFORE = b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n"
_EMPTY_DICT, _SET_ITEM, _DROP, _END = b"}", b"s", b"0", b"."


def save_pickle(
    path: Path, held: Mapping[str, Mapping[str, Callable[[], np.ndarray]]]
) -> Path:
    """Write a pickled dictionary of dictionaries of arrays.

    Parameters
    ----------
    path : Path
    held : mapping of text to mapping of text to function
        Each function makes one array, when its turn has come; it is forgotten once
        written.
    """
    with path.open("wb") as file:
        file.write(bytes([0x80, PROTOCOL]) + _text(ABOUT) + _DROP + _EMPTY_DICT)
        for outer, inner in held.items():
            file.write(_text(outer) + _EMPTY_DICT)
            for name, make in inner.items():
                file.write(_text(name))
                _write_array(file, make())
                file.write(_SET_ITEM)
            file.write(_SET_ITEM)
        file.write(_END)
    return path


def _text(text: str) -> bytes:
    """Return the instruction that puts a text on the stack."""
    encoded = text.encode("utf-8")
    return b"X" + len(encoded).to_bytes(4, "little") + encoded


def _write_array(file, array: np.ndarray) -> None:
    """Write the instructions that build an array, without the frame of a pickle."""
    whole = memoryview(pickle.dumps(array, protocol=PROTOCOL))
    head = bytes(whole[2:100])
    file.write(head.replace(_NOW, _BEFORE))
    file.write(whole[2 + len(head) : -1])
