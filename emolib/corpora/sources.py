"""From a corpus's name to a folder of files, and what kind of data they are.

A surrogate stands in ``<cache>/surrogates/<corpus>-<16 hex digits>/``, named by what
made it: code, libraries, parameters. It is written aside and renamed, so that a folder
is whole or not there; of two processes that write the same one, the second to finish
discards its own. Latents and parameters go to the sibling folder ``….truth``: readers
made by others list every file they find.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from emolib.checks import CorpusError, check_keys, check_option
from emolib.code import (
    PACKAGE,
    check_unchanged,
    code_digests,
    digest_of,
    hash_files,
    library_versions,
)
from emolib.corpora.registry import get_corpus, noted_folders
from emolib.datasets.opened import is_marked
from emolib.store import cache_folder

LIBRARIES = ("numpy", "scipy", "mne")

_ASIDE = ".partial-"


@dataclass(frozen=True)
class CorpusFolder:
    """A folder that a reader takes, and what is known of its contents.

    Parameters
    ----------
    path : Path
    name : str
        The corpus.
    source : str
        ``"surrogate"``, ``"licensed"`` or ``"open"``, told by the content.
    digest : str
        sha256 in hex: of code, libraries and parameters for a surrogate written here,
        of the data files otherwise.
    parameters : dict
        The surrogate writer's, in full; empty otherwise.
    """

    path: Path
    name: str
    source: str
    digest: str
    parameters: dict = field(default_factory=dict)

    def read(self, **options):
        """Yield the recordings, as the corpus's reader does."""
        return get_corpus(self.name).read(self.path, **options)


def identify(name: str, *, data: str = "surrogate", **parameters) -> CorpusFolder:
    """Return what `locate` would, but write nothing: a surrogate may not exist yet.

    Parameters, errors and result are those of `locate`.
    """
    check_option("data", data, ("surrogate", "local"))
    corpus = get_corpus(name)
    noted = noted_folders().get(name) if data == "local" else None
    if noted is not None:
        digest = _files_digest(corpus.files(noted))
        return CorpusFolder(noted, name, source_of(name, noted), digest)
    parameters = _full_parameters(name, parameters)
    digest = _surrogate_digest(name, parameters)
    path = cache_folder() / "surrogates" / f"{name}-{digest[:16]}"
    return CorpusFolder(path, name, "surrogate", digest, parameters)


def locate(name: str, *, data: str = "surrogate", **parameters) -> CorpusFolder:
    """Return the folder of a corpus, a surrogate written if it must be.

    Parameters
    ----------
    name : str
        A corpus of `CORPORA`.
    data : str
        ``"surrogate"``: a corpus written here, once. ``"local"``: the folder noted by
        ``emolib corpora add``, or else the surrogate.
    **parameters
        The surrogate writer's, such as n_subjects, effect and seed. Without meaning for
        a noted folder.

    Returns
    -------
    folder : CorpusFolder

    Raises
    ------
    CorpusError, FileNotFoundError
        When an open corpus has no folder, or the noted one does not hold it.
    """
    found = identify(name, data=data, **parameters)
    if found.parameters and not found.path.is_dir():
        check_unchanged(_writer_code(name))  # its name says which code writes it
        _write_aside(name, found.path, found.parameters)
    return found


def source_of(name: str, folder: str | Path) -> str:
    """Return ``"surrogate"``, ``"licensed"`` or ``"open"``, told by the content."""
    corpus = get_corpus(name)
    real = "open" if corpus.is_open else "licensed"
    return "surrogate" if any(map(is_marked, corpus.files(folder))) else real


def _files_digest(paths: list[Path]) -> str:
    """Return a sha256 over names and contents of files.

    A file's own digest is kept by path, size and time of change in
    ``<cache>/file_digests.json``, so that a second call opens no data file.
    """
    top = Path(os.path.commonpath([path.parent for path in paths]))
    found = hash_files(paths, kept=cache_folder() / "file_digests.json")
    named = {path.relative_to(top).as_posix(): own for path, own in found.items()}
    return digest_of(named)


# ------------------------------------------------------------- writing a surrogate


def write_surrogate(name: str, folder: str | Path, **parameters) -> Path:
    """Write a surrogate corpus to a folder of your own.

    Parameters
    ----------
    name : str
        A licensed corpus.
    folder : path
        Must not exist, or be empty.
    **parameters
        The writer's, such as n_subjects, effect and seed.

    Returns
    -------
    folder : Path
        ``folder``; latents and parameters stand in its sibling ``<folder>.truth``.

    Raises
    ------
    FileExistsError
        When there is something in the folder.
    ValueError
        For an unknown parameter, or more trials than the corpus has stimuli.
    """
    folder = Path(folder).expanduser().resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(
            f"folder must be new or empty; got '{folder}', which is not. Name another "
            "folder: readers made by others take every file in it for data."
        )
    parameters = _full_parameters(name, parameters)
    if folder.exists():
        folder.rmdir()
    _write_aside(name, folder, parameters)
    return folder


def truth_folder(folder: Path) -> Path:
    """Return the sibling that holds a surrogate's latents and parameters."""
    return folder.with_name(folder.name + ".truth")


def _full_parameters(name: str, given: dict) -> dict:
    """Return the writer's parameters with defaults filled in, numbers in their type."""
    corpus = get_corpus(name)
    if corpus.is_open:
        raise CorpusError(
            f"surrogate must have a writer; got {name!r}, an open corpus, which has "
            f"none: note its folder and set data = 'local'. {corpus.how_to_get}"
        )
    defaults = corpus.write.__kwdefaults__
    check_keys("surrogate parameter", given, list(defaults))
    chosen = {**defaults, **given}
    for key, default in defaults.items():
        if isinstance(default, str):
            continue
        if not isinstance(chosen[key], int | float):
            raise ValueError(
                f"surrogate parameter {key} must be a number; got {chosen[key]!r}."
            )
        if isinstance(default, float):  # 1 and 1.0 are one surrogate
            chosen[key] = float(chosen[key])
    return chosen


def _surrogate_digest(name: str, parameters: dict) -> str:
    """Return the sha256 of what makes a surrogate: code to parameters."""
    return digest_of(
        {
            "writer": get_corpus(name).writer,
            "code": _writer_code(name),
            "tables": _files_digest(sorted(PACKAGE.glob("surrogates/*.csv"))),
            "libraries": {own: library_versions()[own] for own in LIBRARIES},
            "parameters": parameters,
        }
    )


def _writer_code(name: str) -> dict[str, str]:
    """Return the digests of all code that writes a surrogate."""
    return code_digests([get_corpus(name).writer.split(":")[0]])


def _write_aside(name: str, folder: Path, parameters: dict) -> None:
    """Write a surrogate beside `folder`, then rename it and its truth into place."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _sweep(folder.parent)
        with tempfile.TemporaryDirectory(
            dir=folder.parent, prefix=_ASIDE, ignore_cleanup_errors=True
        ) as aside:
            written = Path(aside) / folder.name
            get_corpus(name).write(written, **parameters)
            _rename(truth_folder(written), truth_folder(folder))
            _rename(written, folder)
    except OSError as error:
        raise OSError(
            error.errno,
            f"the surrogate of {name} must fit into '{folder.parent}'; got "
            f"'{error.strerror}'. Free some space or set EMOLIB_CACHE to a folder with "
            "room; nothing half-written was left",
        ) from error


def _sweep(parent: Path) -> None:
    """Remove what writers that were killed left aside, an hour or more ago."""
    for left in parent.glob(f"{_ASIDE}*"):
        if time.time() - left.stat().st_mtime > 3600:
            shutil.rmtree(left, ignore_errors=True)


def _rename(source: Path, target: Path) -> None:
    """Move a folder into place; if one of that name came first, keep that one."""
    try:
        if source.exists():
            source.rename(target)
    except OSError:
        if not target.is_dir():
            raise
