"""From a corpus's name to a folder of files, and what kind of data they are."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from emolib.checks import CorpusError, check_option
from emolib.code import digest_of, hash_files
from emolib.corpora.places import cache_folder, noted_folders
from emolib.corpora.registry import get_corpus
from emolib.corpora.surrogate import ensure_surrogate, name_surrogate
from emolib.datasets.headers import maker_texts

SOURCES = ("surrogate", "licensed", "open")


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


def identify(
    name: str, *, data: str = "surrogate", verify: bool = False, **parameters
) -> CorpusFolder:
    """Return what `locate` would, but write nothing: a surrogate may not exist yet.

    Parameters, errors and result are those of `locate`.
    """
    check_option("data", data, ("surrogate", "local"))
    corpus = get_corpus(name)
    noted = noted_folders().get(name) if data == "local" else None
    if noted is not None:
        source = "open" if corpus.is_open else "licensed"
        source = "surrogate" if is_surrogate(name, noted) else source
        digest = files_digest(corpus.files(noted), verify=verify)
        return CorpusFolder(noted, name, source, digest)
    if corpus.is_open:
        raise CorpusError(
            f'{corpus.title} must have data = "local" and a noted folder; got data = '
            f"{data!r}{' and no folder' * (data == 'local')}. It is open and has no "
            f"surrogate: {corpus.how_to_get}"
        )
    path, digest, parameters = name_surrogate(name, parameters)
    return CorpusFolder(path, name, "surrogate", digest, parameters)


def locate(
    name: str, *, data: str = "surrogate", verify: bool = False, **parameters
) -> CorpusFolder:
    """Return the folder of a corpus, a surrogate written if it must be.

    Parameters
    ----------
    name : str
        A corpus of `CORPORA`.
    data : str
        ``"surrogate"``: a corpus written here, once. ``"local"``: the folder noted by
        ``emolib corpora add``, or else the surrogate.
    verify : bool
        Hash the data files again, though their size and time did not change.
    **parameters
        The surrogate writer's: n_subjects, n_trials, seconds, effect, signature,
        nuisance, seed. Without meaning for a noted folder.

    Returns
    -------
    folder : CorpusFolder

    Raises
    ------
    CorpusError, FileNotFoundError
        When an open corpus has no folder, or the noted one does not hold it.
    """
    found = identify(name, data=data, verify=verify, **parameters)
    if found.parameters:
        ensure_surrogate(name, found.path, found.parameters)
    return found


def is_surrogate(name: str, folder: str | Path) -> bool:
    """Return True when any data file in `folder` says that it was made by emolib."""
    files = get_corpus(name).files(folder)
    texts = (text for path in files for text in maker_texts(path))
    return any("SURROGATE" in text and "emolib" in text for text in texts)


def files_digest(paths: list[Path], *, verify: bool = False) -> str:
    """Return a sha256 over names and contents of files.

    A file's own digest is kept by path, size and time of change in
    ``<cache>/file_digests.json``, so that a second call opens no data file.

    Parameters
    ----------
    paths : list of Path
    verify : bool
        Hash every file again.
    """
    kept = cache_folder() / "file_digests.json"
    found = hash_files(paths, kept=kept, verify=verify)
    names = _names_of(list(found))
    return digest_of({names[path]: digest for path, digest in found.items()})


def _names_of(paths: list[Path]) -> dict[Path, str]:
    """Return each file's name, with its folders where two files share a name."""
    if len({path.name for path in paths}) == len(paths):
        return {path: path.name for path in paths}
    top = Path(os.path.commonpath(paths))
    return {path: path.relative_to(top).as_posix() for path in paths}
