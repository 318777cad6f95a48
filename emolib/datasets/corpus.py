"""What a corpus is in facts, and where its files lie in a folder somebody unpacked.

A reader takes the publisher's folder, its parent or the data folder. Operating systems
leave files behind (``._s01.dat``, ``.DS_Store``, ``Thumbs.db``); these are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from emolib.checks import CorpusError, printable
from emolib.datasets.opened import opened, wrong

ARCHIVES = (".zip", ".7z", ".tar", ".tgz", ".rar", ".gz")
_LEFT_BEHIND = (
    "thumbs.db", "desktop.ini", "__macosx", "$recycle.bin", "lost+found",
    "system volume information",
)  # fmt: skip
_DEPTH = 4


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """One corpus: how it is found, read, licensed and rated.

    Parameters
    ----------
    name, title : str
        The key and the name in print.
    pattern : str
        Regular expression of the data files' names; its groups tell files apart.
    expected : str
        The data files in words, for messages.
    read : callable
        ``read(folder, subjects=None)`` yields recordings. Where one raises, the next
        call goes on with the next file, if there are several.
    find : callable
        ``find(folder, corpus)`` returns the data files, where names are not enough.
    list_subjects : callable
        ``list_subjects(folder)`` returns ids, where each subject has a file.
    licence, ask : str
        Terms, and where to apply or download.
    targets : tuple of str
        Ratings that can be predicted.
    rating_scale : tuple of float
        Lowest and highest rating.
    threshold : float
        A rating above it is of the second class; None where ratings are classes.
    modalities : tuple of str
    size : str
        People and trials of the whole corpus, in words.
    classes : tuple of str
        Names of the classes: of the ratings 0, 1, … where `threshold` is None, else of
        the ratings below and above it.
    ties : str
        The class, ``"low"`` or ``"high"``, of a rating that equals `threshold`.
    is_open : bool
        Anyone may have it; such a corpus has no surrogate.
    is_fetched : bool
        ``emolib corpora fetch`` downloads it.
    consenting : tuple of str
        Ids of people who agreed that a picture of their face may be published; nobody
        unless the corpus's own terms list them.
    """

    name: str
    title: str
    pattern: str
    expected: str
    read: Callable
    licence: str
    ask: str
    targets: tuple[str, ...]
    rating_scale: tuple[float, float]
    threshold: float | None
    modalities: tuple[str, ...]
    size: str
    find: Callable | None = None
    list_subjects: Callable | None = None
    classes: tuple[str, ...] = ("low", "high")
    ties: str = "low"
    is_open: bool = False
    is_fetched: bool = False
    consenting: tuple[str, ...] = ()

    @property
    def writer(self) -> str | None:
        """The surrogate writer as ``"module:function"``; None for an open corpus."""
        room = self.read.__module__.rpartition(".")[2]
        return None if self.is_open else f"emolib.surrogates.{room}:write_{self.name}"

    @property
    def write(self) -> Callable | None:
        """The surrogate writer, imported on first use."""
        if self.writer is None:
            return None
        module, function = self.writer.split(":")
        return getattr(import_module(module), function)

    @property
    def how_to_get(self) -> str:
        """How to come by the corpus and use it, in a sentence."""
        where = "Licence and folder are described in emolib/datasets/README.md"
        if not self.is_open:
            return f'{where}; to run without the corpus, set data = "surrogate".'
        if self.is_fetched:
            where = f"`emolib corpora fetch {self.name} FOLDER` downloads it"
        return f"{where}; `emolib corpora add {self.name} FOLDER` notes where it is."

    def class_of(self, rating: float) -> str:
        """Return the name of the class of a rating."""
        if self.threshold is None:
            return self.classes[int(rating)]
        is_tie = rating == self.threshold
        return self.classes[self.ties == "high" if is_tie else rating > self.threshold]

    def files(self, folder) -> list[Path]:
        """Return the data files in `folder`; raises as `find_files`."""
        if self.find is None:
            return list(find_files(folder, self).values())
        return self.find(folder, self)


def find_files(
    folder: str | Path, corpus: Corpus, *, alike: bool = False
) -> dict[tuple[str, ...], Path]:
    """Return the corpus's files, by the parts that their names vary in.

    Parameters
    ----------
    folder : path
        The publisher's folder, its parent, the data folder, or one data file.
    corpus : Corpus
    alike : bool
        Files of different folders may have one name; the caller tells them apart.

    Returns
    -------
    files : dict of tuple of str to Path
        The groups of the name's pattern, in lower case -> the file.

    Raises
    ------
    FileNotFoundError
        When `folder` is not there.
    CorpusError
        When it holds no such file: the message names a packed archive, or the corpus
        that the folder looks like. When it holds two of one name.
    """
    folder = Path(folder)
    with opened(folder, "a folder that may be read"):
        is_there = folder.exists()
    if not is_there:
        raise FileNotFoundError(
            f"{corpus.title} not found: expected {corpus.expected} in '{folder}'; got "
            f"no such folder. {corpus.how_to_get}"
        )
    names = [folder] if folder.is_file() else list(walk(folder))
    named = (lambda path: path.parts) if alike else None
    files = one_each(names, corpus.pattern, named)
    if not files:
        wanted = f"{corpus.title}: expected {corpus.expected} in '{folder}'"
        raise CorpusError(f"{wanted}; got {_found_instead(names)}. {corpus.how_to_get}")
    by_length = {name: [(len(part), part) for part in name] for name in files}
    return {name: files[name] for name in sorted(files, key=by_length.get)}


def one_each(
    paths: Iterable[Path], pattern: str, named: Callable | None = None
) -> dict[Hashable, Path]:
    """Return those of some files whose names fit; raise where two are one's.

    They are one's who have the same ``named(path)``, or else what the pattern's groups
    find, in whatever case.
    """
    files: dict[Hashable, Path] = {}
    for path in paths:
        if match := re.fullmatch(pattern, path.name, re.IGNORECASE):
            key = named(path) if named else tuple(map(str.lower, match.groups()))
            first = files.setdefault(key, path)
            if not first.samefile(path):
                remedy = "Keep one of them, or name the folder that holds it."
                raise wrong(path, "one file of each name", f"'{first}' too", remedy)
    return files


def walk(folder: Path) -> Iterator[Path]:
    """Yield the files of `folder` and of its sub-folders, shallow ones first."""
    folders = [folder]
    for _ in range(_DEPTH):
        paths = sorted(path for own in folders for path in _listed(own))
        yield from (path for path in paths if path.is_file())
        folders = [path for path in paths if path.is_dir()]


def _listed(folder: Path) -> list[Path]:
    """Return what a folder holds, without what operating systems leave behind."""
    with opened(folder, "a folder that may be read"):
        paths = list(folder.iterdir())
    return [p for p in paths if p.name[0] != "." and p.name.lower() not in _LEFT_BEHIND]


def _found_instead(names: list[Path]) -> str:
    """Return what is there in place of a corpus."""
    for module in iter_modules([str(Path(__file__).parent)], "emolib.datasets."):
        for other in vars(import_module(module.name)).values():
            for path in names if isinstance(other, Corpus) else ():
                if re.fullmatch(other.pattern, path.name, re.IGNORECASE):
                    return f"a folder that looks like {other.title} ({path.name})"
    for path in names:
        if path.name.lower().endswith(ARCHIVES):
            return f"an archive that is still packed, {path.name}: unpack it there"
    among = f", among them {names[0].name}" if names else ""
    return f"{len(names)} other file{'s' * (len(names) != 1)}{among}"


def choose_subjects(available: list[str], wanted: list[str] | None) -> list[str]:
    """Return `wanted`, or all; raise ValueError for one that is not there."""
    if wanted is None:
        return available
    unknown = [subject for subject in wanted if subject not in available]
    if unknown:
        said = f"subjects must be in the corpus; got {unknown}. It has {available}"
        raise ValueError(f"{printable(said)}.")
    return list(wanted)
