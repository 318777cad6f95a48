"""A surrogate's files: the same bytes every time, all or nothing, and said to be one.

`write` is the one door: data files into the surrogate's folder, what was planted into
the sibling `<folder>.truth`, which only a ceiling opens. `save_mat` and `save_pickle`
put the mark `ABOUT` where a reader finds it first, and once more at the end.
"""

from __future__ import annotations

import json
import pickle
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from emolib.checks import damaged

ABOUT = "SURROGATE written by emolib: no person was recorded"
"""What every data file of a surrogate says about itself; readers tell it by this."""
HEADER, HEADER_BYTES = f"MATLAB 5.0 MAT-file, {ABOUT}", 116
MAX_BYTES = 2**32 - 2**20
"""A MATLAB 5 variable cannot be larger."""
PROTOCOL = 3
_NOW, _BEFORE = b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n"
_EMPTY_DICT, _SET_ITEM, _DROP, _END = b"}", b"s", b"0", b"."


def write(
    folder: str | Path, fill: Callable[[Path], tuple[dict, Mapping[str, np.ndarray]]]
) -> Path:
    """Write a surrogate and its truth; a failure leaves everything as it was.

    Parameters
    ----------
    folder : path
        Made if it does not exist.
    fill : function
        Writes the data files into the empty folder it is given; returns the parameters
        to note and the planted arrays, by name.

    Returns
    -------
    folder : Path
    """
    folder = Path(folder)
    with written_aside(folder) as aside:
        noted, arrays = fill(aside)
        with written_aside(truth_folder(folder)) as beside:
            for name, array in arrays.items():
                np.save(beside / f"{name}.npy", array)
            text = json.dumps(noted, indent=1, sort_keys=True)
            (beside / "parameters.json").write_text(text + "\n", encoding="utf-8")
    return folder


@contextmanager
def written_aside(folder: Path) -> Iterator[Path]:
    """Yield a folder beside `folder`; its files move there if nothing failed."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield aside
        folder.mkdir(exist_ok=True)
        for path in sorted(aside.iterdir()):
            if path.is_dir() and (folder / path.name).is_dir():
                shutil.rmtree(folder / path.name)
            path.replace(folder / path.name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def truth_folder(folder: Path) -> Path:
    """Return the folder beside a surrogate that holds its truth."""
    return folder.with_name(folder.name + ".truth")


@dataclass(frozen=True)
class Truth:
    """A truth folder as read back; arrays are mapped, not loaded."""

    folder: Path
    parameters: dict

    def __getitem__(self, name: str) -> np.ndarray:
        return np.load(self.folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)

    def places(self, kind: str, names: Iterable[str]) -> np.ndarray:
        """Return where names stand among the surrogate's 'subjects' or 'trials'."""
        known = {name: i for i, name in enumerate(self.parameters[kind])}
        names = list(names)
        unknown = [name for name in names if name not in known]
        if unknown:
            raise ValueError(
                f"meta must name the surrogate's own {kind}; got {unknown[:3]}. "
                f"{self.folder} knows {list(known)[:3]} …"
            )
        return np.array([known[name] for name in names], int)


def read_truth(folder: str | Path) -> Truth:
    """Return the truth in `folder`, which a surrogate's writer made."""
    folder = Path(folder)
    try:
        text = (folder / "parameters.json").read_text(encoding="utf-8")
        return Truth(folder, json.loads(text))
    except (OSError, ValueError) as error:
        raise damaged(
            folder, "the truth of a surrogate (parameters.json)", str(error),
            "A ceiling exists for surrogates only; write the surrogate again.",
        ) from None  # fmt: skip


def save_mat(path: Path, variables: dict[str, object]) -> Path:
    """Write variables to a MATLAB 5 file whose header text is fixed.

    SciPy writes the date there; a reader tells a surrogate by this text, and by the
    last variable.
    """
    from scipy.io import savemat

    marked = {**variables, "about": ABOUT}
    savemat(path, marked, format="5", oned_as="row", do_compression=False)
    with path.open("r+b") as file:
        file.write(HEADER.encode("ascii").ljust(HEADER_BYTES))
    return path


def struct(**fields) -> np.ndarray:
    """Return a 1x1 MATLAB struct with its fields in the given order."""
    out = np.empty((1, 1), dtype=[(name, object) for name in fields])
    for name, value in fields.items():
        out[name][0, 0] = value
    return out


def cell(items: Iterable, *, column: bool = False) -> np.ndarray:
    """Return a 1xn MATLAB cell, or nx1 when `column`."""
    items = list(items)
    out = np.empty((len(items), 1) if column else (1, len(items)), dtype=object)
    for i, item in enumerate(items):
        out.flat[i] = item
    return out


def save_pickle(path: Path, held: Mapping) -> Path:
    """Write a pickled dictionary of arrays, or of dictionaries, piece by piece.

    A pickle is a list of instructions for a stack. Each array is pickled by itself and
    joined in, which takes little memory. NumPy is named as before version 2, which
    every version reads. The first and the last words say that it is a surrogate: they
    are put on the stack and taken off again, so that readers never see them.

    Parameters
    ----------
    path : Path
    held : mapping of text to such a mapping, or to function
        Each function makes one array, when its turn has come; it is forgotten once
        written.
    """
    with path.open("wb") as file:
        file.write(bytes([0x80, PROTOCOL]) + _text(ABOUT) + _DROP)
        _save_piece(file, held)
        file.write(_text(ABOUT) + _DROP + _END)
    return path


def _save_piece(file: BinaryIO, held: Mapping | Callable) -> None:
    """Write the instructions that put a dictionary or an array on the stack."""
    if isinstance(held, Mapping):
        file.write(_EMPTY_DICT)
        for name, inner in held.items():
            file.write(_text(name))
            _save_piece(file, inner)
            file.write(_SET_ITEM)
        return
    whole = memoryview(pickle.dumps(held(), protocol=PROTOCOL))
    head = bytes(whole[2:100])  # without the mark of a pickle's beginning
    file.write(head.replace(_NOW, _BEFORE))
    file.write(whole[2 + len(head) : -1])


def _text(text: str) -> bytes:
    """Return the instruction that puts a text on the stack."""
    encoded = text.encode("utf-8")
    return b"X" + len(encoded).to_bytes(4, "little") + encoded
