"""The list of corpora: a new one is a reader, perhaps a writer, and an entry here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module

from emolib.checks import check_option
from emolib.datasets import amigos, dreamer, eegmat


@dataclass(frozen=True)
class Corpus:
    """One corpus: how it is read, written, licensed and rated.

    Parameters
    ----------
    name, title : str
        The key and the name in print.
    read, find, list_subjects : callable
        ``read(folder, subjects=None)`` yields recordings; ``find(folder)`` returns the
        data file or files; ``list_subjects(folder)`` the ids.
    writer : str
        ``"module:function"`` of the surrogate writer; None for an open corpus.
    licence, ask : str
        Terms, and where to apply or download.
    targets : tuple of str
        Ratings that can be predicted.
    rating_scale : tuple of float
        Lowest and highest rating.
    threshold : float
        A rating above it counts as high.
    modalities : tuple of str
    n_subjects, stimuli : int
        Subjects of the whole corpus; most trials that one subject can have.
    is_open : bool
        Anyone may download it; such a corpus has no surrogate.
    optional_trials : tuple of str
        Trials beyond `stimuli` that the reader leaves out unless asked.
    read_everything : mapping
        What to give the reader to have those too.
    """

    name: str
    title: str
    read: Callable
    find: Callable
    list_subjects: Callable
    writer: str | None
    licence: str
    ask: str
    targets: tuple[str, ...]
    rating_scale: tuple[float, float]
    threshold: float
    modalities: tuple[str, ...]
    n_subjects: int
    stimuli: int
    is_open: bool = False
    optional_trials: tuple[str, ...] = ()
    read_everything: Mapping = field(default_factory=dict)

    @property
    def write(self) -> Callable | None:
        """The surrogate writer, imported on first use; None for an open corpus."""
        if self.writer is None:
            return None
        module, function = self.writer.split(":")
        return getattr(import_module(module), function)

    def files(self, folder) -> list:
        """Return the data files in `folder`, always as a list."""
        found = self.find(folder)
        return list(found) if isinstance(found, list) else [found]


CORPORA = {
    corpus.name: corpus
    for corpus in (
        Corpus(
            "dreamer",
            "DREAMER",
            dreamer.read_dreamer,
            dreamer.find_dreamer,
            dreamer.list_subjects,
            "emolib.surrogates.dreamer:write_dreamer",
            "on request, for research",
            "https://zenodo.org/records/546113",
            dreamer.TARGETS,
            dreamer.RATING_SCALE,
            3.0,
            ("eeg", "ecg"),
            dreamer.N_SUBJECTS,
            dreamer.N_TRIALS,
        ),
        Corpus(
            "amigos",
            "AMIGOS",
            amigos.read_amigos,
            amigos.find_amigos,
            amigos.list_subjects,
            "emolib.surrogates.amigos:write_amigos",
            "signed end-user agreement, for research",
            "https://www.eecs.qmul.ac.uk/mmv/datasets/amigos/",
            amigos.TARGETS,
            amigos.RATING_SCALE,
            5.0,
            ("eeg", "ecg"),
            amigos.N_SUBJECTS,
            len(amigos.SHORT_VIDEOS),
            optional_trials=amigos.LONG_VIDEOS,
            read_everything={"videos": "all"},
        ),
        Corpus(
            "eegmat",
            "EEGMAT",
            eegmat.read_eegmat,
            eegmat.find_eegmat,
            eegmat.list_subjects,
            None,
            "ODC-By 1.0, open",
            "https://physionet.org/content/eegmat/1.0.0/",
            eegmat.TARGETS,
            eegmat.RATING_SCALE,
            0.5,
            ("eeg", "ecg"),
            eegmat.N_SUBJECTS,
            eegmat.N_TRIALS,
            is_open=True,
        ),
    )
}


def get_corpus(name: str) -> Corpus:
    """Return the entry of a corpus; raise ValueError for an unknown name."""
    check_option("corpus", name, tuple(CORPORA))
    return CORPORA[name]


def list_corpora() -> str:
    """Return the corpora as a table for people, with the folders noted so far."""
    from emolib.corpora.places import noted_folders

    noted = noted_folders()
    lines = []
    for corpus in CORPORA.values():
        kind = "open" if corpus.is_open else "licensed, surrogate built in"
        where = noted.get(corpus.name, "no folder noted")
        lines += [
            f"{corpus.name:8} {corpus.title}: {corpus.n_subjects} subjects, "
            f"{corpus.stimuli} trials each, {' + '.join(corpus.modalities)}; {kind}",
            f"{'':8} licence: {corpus.licence}; {corpus.ask}",
            f"{'':8} folder: {where}",
        ]
    return "\n".join(lines)
