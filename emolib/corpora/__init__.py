"""Corpora by name, and from a name to a folder of files, real or surrogate.

``locate("dreamer")`` returns a folder in DREAMER's own format: a surrogate by default,
the licensed corpus once ``emolib corpora add dreamer FOLDER`` has noted where it is.
What checks and fetches a corpus stands beside (`emolib.corpora.check`): no paper needs
it, so it stays out of the code that a result depends on.

A new corpus is a reader, perhaps a writer (`emolib.surrogates`), and a name below.
``corpora.local.yaml`` at the project's root maps corpora to folders; it is ignored by
git, and no path of it reaches a report.

A surrogate stands in ``<cache>/surrogates/<corpus>-<16 hex digits>/``, named by what
made it: code, libraries, parameters. It is written aside and renamed, so that a folder
is whole or not there. Latents and parameters go to the sibling folder ``….truth``:
readers made by others list every file they find.
"""

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from filelock import FileLock
from pydantic import create_model

from emolib import code
from emolib.checks import CorpusError, check_option, typed
from emolib.datasets import (
    amigos,
    deap,
    dreamer,
    eegmat,
    iemocap,
    mahnob,
    mahnob_continuous,
    mahnob_features,
    mosei,
    mosi_utterances,
    stress_predict,
)
from emolib.datasets.corpus import Corpus
from emolib.datasets.opened import marks
from emolib.settings import Number, Typed, Whole
from emolib.store import cache_folder, project_root
from emolib.surrogates.files import truth_folder

LIBRARIES = ("numpy", "scipy", "mne")

_KNOWN = (
    dreamer.CORPUS, amigos.CORPUS, eegmat.CORPUS, iemocap.CORPUS, mosei.MOSEI,
    mosei.MOSI, mosi_utterances.CORPUS, deap.CORPUS, mahnob.CORPUS,
    stress_predict.CORPUS, mahnob_continuous.CORPUS, mahnob_features.CORPUS,
)  # fmt: skip
CORPORA = {corpus.name: corpus for corpus in _KNOWN}
NOTES = "corpora.local.yaml"
UNKNOWN = "unknown source"
"""What a surrogate is called whose mark is damaged."""


def get_corpus(name: str) -> Corpus:
    """Return the facts of a corpus; raise ValueError for an unknown name."""
    check_option("corpus", name, tuple(CORPORA))
    return CORPORA[name]


def list_corpora() -> str:
    """Return the corpora for people to read, with the folders noted so far."""
    noted, lines = noted_folders(), []
    for name, corpus in CORPORA.items():
        kind = "open" if corpus.is_open else "licensed, surrogate built in"
        held = " + ".join(corpus.modalities)
        lines += [
            f"{name}: {corpus.title}, {corpus.size}, {held}; {kind}",
            f"    licence: {corpus.licence}; {corpus.ask}",
            f"    folder: {typed(noted[name]) if name in noted else 'none noted'}",
        ]
    return "\n".join(lines)


def noted_folders() -> dict[str, Path]:
    """Return the folders noted in ``corpora.local.yaml``, by corpus.

    Raises
    ------
    ValueError
        When the file is not a mapping of known corpora to folders.
    """
    import yaml

    notes = project_root() / NOTES
    if not notes.is_file():
        return {}
    try:
        held = dict(yaml.safe_load(notes.read_text(encoding="utf-8")) or {})
        for name in held:
            get_corpus(name)
        return {name: Path(folder).expanduser() for name, folder in held.items()}
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise ValueError(
            f"{NOTES} must hold lines 'CORPUS: FOLDER' with a corpus of "
            f"{', '.join(CORPORA)}; got a file that does not ({error}). Mend or delete "
            "it, then run `emolib corpora add CORPUS FOLDER`."
        ) from error


def add_corpus(name: str, folder: str | Path) -> Path:
    """Note the folder of a corpus, after finding its files there.

    Parameters
    ----------
    name : str
        A corpus of `CORPORA`.
    folder : path

    Returns
    -------
    notes : Path
        ``corpora.local.yaml``.

    Raises
    ------
    FileNotFoundError, CorpusError
        When the folder does not hold the corpus.
    """
    import yaml

    get_corpus(name).files(folder)
    noted = {key: str(value) for key, value in noted_folders().items()}
    noted[name] = str(Path(folder).expanduser().resolve())
    notes = project_root() / NOTES
    aside = notes.with_name(f".partial-{NOTES}")  # a full disk leaves the earlier notes
    try:
        aside.write_text(yaml.safe_dump(noted, allow_unicode=True), encoding="utf-8")
        return aside.replace(notes)
    finally:
        aside.unlink(missing_ok=True)


# ------------------------------------------------------------- from name to folder


@dataclass(frozen=True)
class CorpusFolder:
    """A folder that a reader takes, and what is known of its contents.

    Parameters
    ----------
    path : Path
    name : str
        The corpus.
    source : str
        ``"surrogate"``, ``"licensed"``, ``"open"`` or `UNKNOWN`, told by the content.
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
    versions = {library: code.library_versions()[library] for library in LIBRARIES}
    tables = _files_digest(sorted(code.PACKAGE.glob("surrogates/*.csv")))
    digest = code.digest_of([name, _writer_code(name), tables, versions, parameters])
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
        code.check_unchanged(_writer_code(name))  # its name says which code writes it
        with FileLock(cache_folder() / f"surrogates-{name}.lock"):
            if not found.path.is_dir():  # of two processes the second finds it
                _write_aside(name, found.path, found.parameters)
    return found


def source_of(name: str, folder: str | Path) -> str:
    """Return ``"surrogate"``, ``"licensed"`` or ``"open"``, told by the content.

    A surrogate says what it is in two places. Where one of them is damaged, and no file
    is whole, it is `UNKNOWN`: never taken for licensed.
    """
    corpus = get_corpus(name)
    real = "open" if corpus.is_open else "licensed"
    most = 0
    for path in corpus.files(folder):
        with suppress(OSError, CorpusError):  # one that cannot be read says nothing
            most = max(most, marks(path))
    return {0: real, 1: UNKNOWN}.get(most, "surrogate")


def _files_digest(paths: list[Path]) -> str:
    """Return a sha256 over names and contents of files."""
    top = Path(os.path.commonpath([path.parent for path in paths]))
    states = [(path, path.stat()) for path in paths]
    return code.digest_of([
        (path.relative_to(top).as_posix(), _hashed(path, s.st_size, s.st_mtime_ns))
        for path, s in states
    ])  # fmt: skip


@cache
def _hashed(path: Path, *_) -> str:
    """Return the sha256 of a file as it is at a size and a time of change."""
    return code.hash_file(path)


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


def _full_parameters(name: str, given: dict) -> dict:
    """Return the writer's parameters with defaults filled in, numbers in their type."""
    corpus = get_corpus(name)
    if corpus.is_open:
        raise CorpusError(
            f"surrogate must have a writer; got {name!r}, an open corpus, which has "
            f"none: note its folder and set data = 'local'. {corpus.how_to_get}"
        )
    defaults = corpus.write.__kwdefaults__
    kinds = {int: Whole, float: Number, str: str}  # 1 and 1.0 are one surrogate
    known = {key: (kinds[type(value)], value) for key, value in defaults.items()}
    return create_model("Surrogate", __base__=Typed, **known).of(given).as_dict()


def _writer_code(name: str) -> dict[str, str]:
    """Return the digests of all code that writes a surrogate."""
    return code.code_digests([get_corpus(name).writer.split(":")[0]])


def _write_aside(name: str, folder: Path, parameters: dict) -> None:
    """Write a surrogate beside `folder`, then rename it and its truth into place."""
    aside = folder.with_name(f".partial-{folder.name}")
    pairs = {truth_folder(aside): truth_folder(folder), aside: folder}
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        killed = folder.parent.glob(f".{aside.name}*")  # what a writer left that was
        for path in (*pairs, truth_folder(folder), *killed):
            shutil.rmtree(path, ignore_errors=True)
        get_corpus(name).write(aside, **parameters)
        for written, target in pairs.items():
            written.rename(target)
    except OSError as error:
        raise OSError(
            f"the surrogate of {name} must fit into '{folder.parent}'; got '{error}'. "
            "Free some space or set EMOLIB_CACHE to a folder with room; nothing "
            "half-written was left."
        ) from error
    finally:
        for written in pairs:
            shutil.rmtree(written, ignore_errors=True)
