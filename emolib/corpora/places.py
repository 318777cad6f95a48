"""The folders of licensed and open corpora, as noted on this machine.

``corpora.local.yaml`` at the project's root maps a corpus to a folder. It is ignored by
git, and no path of it reaches a report.
"""

from __future__ import annotations

from pathlib import Path

from emolib.code import write_whole
from emolib.corpora.registry import CORPORA, get_corpus
from emolib.store import cache_folder, project_root

__all__ = ["add_corpus", "cache_folder", "noted_folders", "project_root"]

NOTES = "corpora.local.yaml"


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
    write_whole(notes, yaml.safe_dump(noted, allow_unicode=True).encode())
    return notes
