"""Write a surrogate corpus once, keyed by what made it, and recognise one by content.

A surrogate stands in ``<cache>/surrogates/<corpus>-<16 hex digits>/``. It is written
aside and renamed, so that a folder is whole or not there; of two processes that write
the same one, the second to finish discards its own. Latents and parameters go to the
sibling folder ``….truth``: readers made by others list every file they find.
"""

from __future__ import annotations

import errno
import inspect
import shutil
import tempfile
import time
from pathlib import Path

from emolib.checks import check_keys
from emolib.code import code_digests, digest_of, library_versions
from emolib.corpora.places import cache_folder
from emolib.corpora.registry import get_corpus

LIBRARIES = ("numpy", "scipy", "mne")

_ASIDE = ".partial-"

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS)


def name_surrogate(name: str, parameters: dict) -> tuple[Path, str, dict]:
    """Return folder, digest and full parameters of a surrogate, written or not."""
    parameters = full_parameters(name, parameters)
    digest = surrogate_digest(name, parameters)
    folder = cache_folder() / "surrogates" / f"{name}-{digest[:16]}"
    return folder, digest, parameters


def ensure_surrogate(name: str, folder: Path, parameters: dict) -> None:
    """Write a surrogate into its folder, unless it is there."""
    if not folder.is_dir():
        _write_aside(name, folder, parameters)


def write_surrogate(name: str, folder: str | Path, **parameters) -> Path:
    """Write a surrogate corpus to a folder of your own.

    Parameters
    ----------
    name : str
        A licensed corpus.
    folder : path
        Must not exist, or be empty.
    **parameters
        The writer's: n_subjects, n_trials, seconds, effect, signature, nuisance, seed.

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
    _write_aside(name, folder, full_parameters(name, parameters))
    return folder


def full_parameters(name: str, given: dict) -> dict:
    """Return the writer's parameters with defaults filled in, numbers in their type."""
    corpus = get_corpus(name)
    if corpus.writer is None:
        raise ValueError(
            f"corpus must have a surrogate; got {name!r}, an open corpus, which has "
            f'none: {corpus.how_to_get} Then use data = "local".'
        )
    defaults = {
        key: parameter.default
        for key, parameter in inspect.signature(corpus.write).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    check_keys("surrogate parameter", given, list(defaults))
    chosen = {**defaults, **given}
    if chosen.get("n_trials", 0) > corpus.stimuli:
        raise ValueError(
            f"n_trials must be at most {corpus.stimuli}, the stimuli of "
            f"{corpus.title}; got {chosen['n_trials']}."
        )
    return {key: _number(key, chosen[key], defaults[key]) for key in chosen}


def _number(name: str, value, default):
    """Return a parameter in its default's type; text is no number."""
    if isinstance(default, (int, float)) and not isinstance(value, (int, float)):
        raise ValueError(f"surrogate parameter {name} must be a number; got {value!r}.")
    return float(value) if isinstance(default, float) else value


def surrogate_digest(name: str, parameters: dict) -> str:
    """Return the sha256 of what makes a surrogate: code, libraries, parameters."""
    corpus = get_corpus(name)
    versions = library_versions()
    return digest_of(
        {
            # the writer is imported first: its code counts as it was at that moment
            "writer": corpus.write.__name__,
            "code": code_digests([corpus.writer.split(":")[0]]),
            "libraries": {library: versions[library] for library in LIBRARIES},
            "parameters": parameters,
        }
    )


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
        if error.errno not in _NO_ROOM:
            raise
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
    if not source.exists():
        return
    try:
        if target.is_dir() and not any(target.iterdir()):
            target.rmdir()
        source.rename(target)
    except OSError:
        if not target.is_dir():
            raise
        shutil.rmtree(source, ignore_errors=True)


def truth_folder(folder: Path) -> Path:
    """Return the sibling that holds a surrogate's latents and parameters."""
    return folder.with_name(folder.name + ".truth")
