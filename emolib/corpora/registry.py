"""The list of corpora: a new one is a reader, perhaps a writer, and an entry here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module

from emolib.checks import check_option
from emolib.containers import MODALITIES_AVL
from emolib.datasets import amigos, dreamer, eegmat, iemocap, mosei, mosi_utterances


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
        A rating above it counts as high; None where ratings are classes.
    modalities : tuple of str
    n_subjects, stimuli : int
        Subjects of the whole corpus; most trials that one subject can have.
    n_utterances : int
        Utterances of the whole corpus, each a trial; None where trials are recordings
        in time.
    people : str
        What the corpus calls its subjects.
    classes : tuple of str
        Names of the classes: of the ratings 0, 1, … where `threshold` is None, else of
        the ratings below and above it.
    ties : str
        The class, ``"low"`` or ``"high"``, of a rating that equals `threshold`.
    is_open : bool
        Anyone may have it; such a corpus has no surrogate.
    is_fetched : bool
        ``emolib corpora fetch`` downloads it.
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
    threshold: float | None
    modalities: tuple[str, ...]
    n_subjects: int
    stimuli: int
    n_utterances: int | None = None
    people: str = "subjects"
    classes: tuple[str, ...] = ("low", "high")
    ties: str = "low"
    is_open: bool = False
    is_fetched: bool = False
    optional_trials: tuple[str, ...] = ()
    read_everything: Mapping = field(default_factory=dict)

    @property
    def write(self) -> Callable | None:
        """The surrogate writer, imported on first use; None for an open corpus."""
        if self.writer is None:
            return None
        module, function = self.writer.split(":")
        return getattr(import_module(module), function)

    @property
    def how_to_get(self) -> str:
        """How to come by an open corpus and use it, in a sentence."""
        where = "emolib/datasets/README.md says where it comes from"
        if self.is_fetched:
            where = f"`emolib corpora fetch {self.name} FOLDER` downloads it"
        return f"{where}, `emolib corpora add {self.name} FOLDER` notes where it is."

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
            is_fetched=True,
        ),
        Corpus(
            "iemocap",
            "IEMOCAP (features)",
            iemocap.read_iemocap,
            iemocap.find_iemocap,
            iemocap.list_subjects,
            "emolib.surrogates.iemocap:write_iemocap",
            "signed release form, for research",
            "https://sail.usc.edu/iemocap/",
            iemocap.TARGETS,
            iemocap.RATING_SCALE,
            None,
            MODALITIES_AVL,
            iemocap.N_SUBJECTS,
            iemocap.N_UTTERANCES,
            n_utterances=iemocap.N_UTTERANCES,
            people="speakers",
            classes=iemocap.EMOTIONS,
        ),
        *(
            Corpus(
                name,
                title,
                read,
                find,
                list_videos,
                f"emolib.surrogates.mosei:write_{name}",
                "research terms of Carnegie Mellon University",
                "http://multicomp.cs.cmu.edu/resources/",
                mosei.TARGETS,
                mosei.RATING_SCALE,
                0.0,
                MODALITIES_AVL,
                mosei.N_VIDEOS[name],
                mosei.N_UTTERANCES[name],
                n_utterances=mosei.N_UTTERANCES[name],
                people="videos",
                classes=("negative", "positive"),
                ties="high",
            )
            for name, title, read, find, list_videos in (
                (
                    "mosei",
                    "CMU-MOSEI (features)",
                    mosei.read_mosei,
                    mosei.find_mosei,
                    mosei.list_mosei_videos,
                ),
                (
                    "mosi",
                    "CMU-MOSI (features)",
                    mosei.read_mosi,
                    mosei.find_mosi,
                    mosei.list_mosi_videos,
                ),
            )
        ),
        Corpus(
            "mosi_utterances",
            "CMU-MOSI (a vector per utterance)",
            mosi_utterances.read_mosi_utterances,
            mosi_utterances.find_mosi_utterances,
            mosi_utterances.list_subjects,
            None,
            "MIT, open",
            "https://github.com/soujanyaporia/multimodal-sentiment-analysis",
            mosi_utterances.TARGETS,
            mosi_utterances.RATING_SCALE,
            None,
            MODALITIES_AVL,
            mosi_utterances.N_SUBJECTS,
            mosi_utterances.N_UTTERANCES,
            n_utterances=mosi_utterances.N_UTTERANCES,
            people="videos",
            classes=("negative", "positive"),
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
    width = max(map(len, CORPORA))
    lines = []
    for corpus in CORPORA.values():
        kind = "open" if corpus.is_open else "licensed, surrogate built in"
        where = noted.get(corpus.name, "no folder noted")
        size = f"{corpus.n_subjects} {corpus.people}, {corpus.stimuli} trials each"
        if corpus.n_utterances:
            size = f"{corpus.n_utterances} utterances of {corpus.n_subjects} "
            size += corpus.people
        lines += [
            f"{corpus.name:{width}} {corpus.title}: {size}, "
            f"{' + '.join(corpus.modalities)}; {kind}",
            f"{'':{width}} licence: {corpus.licence}; {corpus.ask}",
            f"{'':{width}} folder: {where}",
        ]
    return "\n".join(lines)
