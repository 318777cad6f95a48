"""Where things stand: the project, its cache, and the folders of licensed corpora.

``corpora.local.yaml`` at the project's root maps a corpus to a folder. It is ignored by
git, and no path of it reaches a report.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from emolib.corpora.registry import CORPORA, get_corpus

NOTES = "corpora.local.yaml"


def project_root() -> Path:
    """Return the folder of the project: where the package's sources lie, else here."""
    root = Path(__file__).resolve().parents[2]
    return root if (root / "pyproject.toml").is_file() else Path.cwd()


def cache_folder() -> Path:
    """Return the cache: ``EMOLIB_CACHE``, else ``.emolib`` in the project."""
    named = os.environ.get("EMOLIB_CACHE")
    return Path(named).expanduser() if named else project_root() / ".emolib"


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
        held = yaml.safe_load(notes.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _bad_notes(f"a file that is not YAML ({error})") from error
    if not isinstance(held, dict):
        raise _bad_notes(f"{held!r}")
    for name, folder in held.items():
        if name not in CORPORA or not isinstance(folder, str):
            raise _bad_notes(f"'{name}: {folder}'")
    return {name: Path(folder).expanduser() for name, folder in held.items()}


def _bad_notes(got: str) -> ValueError:
    """Return the error for notes that cannot be used."""
    return ValueError(
        f"{NOTES} must hold lines 'CORPUS: FOLDER' with a corpus of "
        f"{', '.join(CORPORA)}; got {got}. Mend or delete it, then run `emolib corpora "
        "add CORPUS FOLDER`."
    )


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
        ``corpora.local.yaml``, replaced as a whole.

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
    replace_text(notes, yaml.safe_dump(noted, allow_unicode=True))
    return notes


def replace_text(path: Path, content: str) -> None:
    """Write a text file aside and rename it into place."""
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise
