"""From a corpus on disk to the padded utterances of paper 3, Section 3.3."""

from __future__ import annotations

from dataclasses import replace

from emolib import corpora
from emolib.preprocessing.sequences import pad_sequences


def folder(data: dict) -> corpora.CorpusFolder:
    """Return where the corpus of these data settings lies, written if it must be."""
    return corpora.locate(data["corpus"], data=data["data"], **data["surrogate"])


def input_digest(data: dict) -> str:
    """Return the digest of what `prepare` reads from disk; nothing is written."""
    found = corpora.identify(data["corpus"], data=data["data"], **data["surrogate"])
    return found.digest


def truth_folder(data: dict):
    """Return the folder with a surrogate's latents, for its ceiling alone."""
    return corpora.truth_folder(folder(data).path)


def prepare(data: dict):
    """Return the utterances that every system of paper 3 is trained and tested on.

    Paper 3, Section 3.3. One utterance is one window: a sequence of feature vectors a
    modality, padded with zeros on the right of its real steps (``lengths``). Features
    stay as the corpus stores them: what is z-scored waits for the fold, whose training
    frames say how (`emolib.papers.nmer.training.Task`).
    """
    corpus = corpora.CORPORA[data["corpus"]]
    windows, removed = pad_sequences(
        corpus.read(folder(data).path), target=data["target"]
    )
    return replace(windows, removed=removed)
