"""The corpora, by what their readers state, and the folders noted for them here.

A new corpus is a reader, perhaps a writer (`emolib.surrogates`), and a name below.
``corpora.local.yaml`` at the project's root maps corpora to folders; it is ignored by
git, and no path of it reaches a report.
"""

from __future__ import annotations

from pathlib import Path

from emolib.checks import check_option
from emolib.code import write_whole
from emolib.datasets import (
    amigos,
    deap,
    dreamer,
    eegmat,
    iemocap,
    mahnob,
    mosei,
    mosi_utterances,
    stress_predict,
)
from emolib.datasets.corpus import Corpus
from emolib.store import project_root

CORPORA = {
    corpus.name: corpus
    for corpus in (
        deap.CORPUS,
        mahnob.CORPUS,
        stress_predict.CORPUS,
        dreamer.CORPUS,
        amigos.CORPUS,
        eegmat.CORPUS,
        iemocap.CORPUS,
        mosei.MOSEI,
        mosei.MOSI,
        mosi_utterances.CORPUS,
    )
}
NOTES = "corpora.local.yaml"


def get_corpus(name: str) -> Corpus:
    """Return the facts of a corpus; raise ValueError for an unknown name."""
    check_option("corpus", name, tuple(CORPORA))
    return CORPORA[name]


def list_corpora() -> str:
    """Return the corpora for people to read, with the folders noted so far."""
    noted = noted_folders()
    lines = []
    for corpus in CORPORA.values():
        kind = "open" if corpus.is_open else "licensed, surrogate built in"
        lines += [
            f"{corpus.name}: {corpus.title}, {corpus.size}, "
            f"{' + '.join(corpus.modalities)}; {kind}",
            f"    licence: {corpus.licence}; {corpus.ask}",
            f"    folder: {noted.get(corpus.name, 'none noted')}",
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
