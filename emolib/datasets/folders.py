"""Find a corpus's files in a folder that somebody unpacked somewhere.

A reader takes the publisher's folder, its parent or the data folder. Operating systems
leave files behind (``._s01.dat``, ``.DS_Store``, ``Thumbs.db``); these are passed over.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from emolib.checks import CorpusError

FILE_NAMES = {
    "dreamer": r"DREAMER\.mat",
    "amigos": r"Data_Preprocessed_P(\d+)\.mat",
    "eegmat": r"Subject(\d\d)_([12])\.edf",
    "iemocap": r"(comparE|denseface|bert_large)\.h5",
    "mosi_utterances": r"mosi_utterance_features\.npz",
    "mosei": r"(mosei_senti_data(?:_noalign)?|mosei_raw|(?:un)?aligned_50)\.pkl",
    "mosi": r"(mosi_data(?:_noalign)?|mosi_raw|(?:un)?aligned_50)\.pkl",
    "amigos (raw files)": r"Data_Original_P\d+\.mat",
    "deap": r"s\d\d\.(dat|bdf|mat)",
    "mahnob": r"Part_\d+_[SN]_Trial\d+_emotion\.bdf",
}
"""The name of a corpus's data files; also those of corpora often mistaken for it."""

ARCHIVES = (".zip", ".7z", ".tar", ".tar.gz", ".tgz", ".rar", ".gz")
_LEFT_BEHIND = {"thumbs.db", "desktop.ini", "__macosx", "$recycle.bin"}
_DEPTH = 3
_REMEDY = (
    "Licence and folder are described in emolib/datasets/README.md; to run without "
    'the corpus, set data = "surrogate".'
)
_REMEDIES_OPEN = {
    "eegmat": (
        "The folder is described in emolib/datasets/README.md; `emolib corpora fetch "
        "eegmat FOLDER` downloads the corpus."
    ),
    "mosi_utterances": (
        "The file, and where it comes from, are described in emolib/datasets/README.md."
    ),
}


def is_system_file(path: Path) -> bool:
    """Return True for what operating systems leave in folders."""
    return path.name.startswith(".") or path.name.lower() in _LEFT_BEHIND


def walk(folder: Path, depth: int = _DEPTH) -> Iterator[Path]:
    """Yield the files of `folder` and of its sub-folders, shallow ones first."""
    level = [folder]
    for _ in range(depth + 1):
        below = []
        for parent in level:
            for entry in sorted(_entries(parent)):
                if entry.is_dir():
                    below.append(entry)
                elif entry.is_file():
                    yield entry
        level = below


def _entries(folder: Path) -> list[Path]:
    """Return what stands in `folder`; a folder closed to us is passed over below."""
    try:
        found = [Path(entry.path) for entry in os.scandir(folder)]
    except PermissionError:
        return []
    return [path for path in found if not is_system_file(path)]


def find_files(folder: str | Path, corpus: str, label: str, expected: str) -> dict:
    """Return the corpus's files, by the parts that their names vary in.

    Parameters
    ----------
    folder : path
        The publisher's folder, its parent, the data folder, or one data file.
    corpus : str
        A key of `FILE_NAMES`.
    label, expected : str
        The corpus's name and files in words, for messages.

    Returns
    -------
    files : dict of tuple of str to Path
        The groups of the name's pattern -> the shallowest file of that name.

    Raises
    ------
    FileNotFoundError
        When `folder` is not there.
    CorpusError
        When it holds no such file: the message names a packed archive, or the corpus
        that the folder looks like.
    """
    folder = Path(folder)
    remedy = _REMEDIES_OPEN.get(corpus, _REMEDY)
    if not folder.exists():
        raise FileNotFoundError(
            f"{label} not found: expected {expected} in '{folder}'; got no such "
            f"folder. {remedy}"
        )
    names = [folder] if folder.is_file() else list(walk(folder))
    files: dict[tuple[str, ...], Path] = {}
    for path in names:
        match = re.fullmatch(FILE_NAMES[corpus], path.name, re.IGNORECASE)
        if match:
            files.setdefault(match.groups(), path)
    if not files:
        raise _not_found(folder, names, f"{label}: expected {expected}", remedy)
    return dict(sorted(files.items()))


def _not_found(
    folder: Path, names: list[Path], wanted: str, remedy: str
) -> CorpusError:
    """Return the error that says what is in `folder` in place of the corpus."""
    look_alike = recognise(names)
    packed = [p.name for p in names if p.name.lower().endswith(ARCHIVES)]
    if look_alike:
        corpus, name = next(iter(look_alike.items()))
        got = f"a folder that looks like {corpus.upper()} ({name})"
        remedy = f"Give the folder of this corpus, or name the corpus {corpus!r}."
    elif packed:
        got = f"an archive that is still packed, {packed[0]}"
        remedy = "Unpack it there and give the same folder again."
    else:
        got = f"{len(names)} other file{'s' * (len(names) != 1)}"
        if names:
            got += f", among them {names[0].name}"
    return CorpusError(f"{wanted} in '{folder}'; got {got}. {remedy}")


def recognise(names: list[Path]) -> Mapping[str, str]:
    """Return corpora whose file names occur in `names`, each with one such name."""
    found = {}
    for corpus, pattern in FILE_NAMES.items():
        for path in names:
            if re.fullmatch(pattern, path.name, re.IGNORECASE):
                found[corpus] = path.name
                break
    return found


def choose_subjects(available: list[str], wanted: list[str] | None) -> list[str]:
    """Return `wanted`, or all; raise ValueError for one that is not there."""
    if wanted is None:
        return available
    unknown = [subject for subject in wanted if subject not in available]
    if unknown:
        raise ValueError(
            f"subjects must be in the corpus; got {unknown}. It has {available}."
        )
    return list(wanted)
