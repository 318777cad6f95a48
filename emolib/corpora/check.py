"""Read a whole corpus once and say what is there, what is missing and what is next."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from emolib.checks import CorpusError
from emolib.containers import Features, Recording
from emolib.corpora.places import noted_folders
from emolib.corpora.registry import Corpus, get_corpus
from emolib.corpora.sources import is_surrogate

PIECE_S, LEAST_LIKENESS = 10.0, 0.6
"""Below this mean correlation between its beats a signal is hardly an ECG."""
LEAST_SUBJECTS = 5
"""Fewer subjects make fewer folds, because two are kept for validation."""


@dataclass(frozen=True)
class CorpusReport:
    """What `check_corpus` found.

    Parameters
    ----------
    text : str
        For people, several lines.
    usable : bool
        Whether a recipe can run on it.
    source : str
        ``"surrogate"``, ``"licensed"``, ``"open"``, or ``""`` when nothing was found.
    trials : list of dict
        A row per trial: subject, trial, problems, odd, ratings, parts, and per modality
        n_chans, sfreq, unit and duration_s, or n_steps, n_features and kind.
    optional : list of dict
        Rows of trials that the reader leaves out unless asked (AMIGOS's long videos).
    damaged : dict of str to str
        Subject -> the error that its file raised.
    seconds : float
        How long reading took.
    n_bytes : int
        Size of the data files.
    """

    text: str
    usable: bool
    source: str = ""
    trials: list[dict] = field(default_factory=list)
    optional: list[dict] = field(default_factory=list)
    damaged: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    n_bytes: int = 0

    @property
    def n_subjects(self) -> int:
        """Number of subjects that have a usable trial."""
        return len({row["subject"] for row in self.trials if not row["problems"]})

    @property
    def n_usable(self) -> int:
        """Number of trials without a problem."""
        return sum(not row["problems"] for row in self.trials)


def check_corpus(name: str, folder: str | Path) -> CorpusReport:
    """Return what is in a corpus's folder, real or surrogate, after reading all of it.

    Parameters
    ----------
    name : str
        A corpus of `CORPORA`.
    folder : path

    Returns
    -------
    report : CorpusReport
        `usable` is False when the folder is missing, holds another corpus or a damaged
        file, or fewer than three subjects or a single class remain; `text` says why.
    """
    corpus = get_corpus(name)
    start = time.perf_counter()
    try:
        files = corpus.files(folder)
        surrogate = is_surrogate(name, folder)
        rows, damaged = _read_all(corpus, folder, n_files=len(files))
    except (CorpusError, OSError) as error:
        return CorpusReport(f"NOT USABLE: {error}", usable=False)
    real = "open" if corpus.is_open else "licensed"
    found = CorpusReport(
        "",
        False,
        "surrogate" if surrogate else real,
        [row for row in rows if row["trial"] not in corpus.optional_trials],
        [row for row in rows if row["trial"] in corpus.optional_trials],
        damaged,
        time.perf_counter() - start,
        sum(path.stat().st_size for path in files),
    )
    return _judge(corpus, folder, found)


def _read_all(corpus: Corpus, folder, *, n_files: int) -> tuple[list[dict], dict]:
    """Return a row per trial, and subject -> error for files that do not read."""
    options = corpus.read_everything
    if n_files == 1 or corpus.n_utterances:
        return [_row(recording) for recording in corpus.read(folder, **options)], {}
    rows, damaged = [], {}
    for subject in corpus.list_subjects(folder):
        try:
            trials = corpus.read(folder, subjects=[subject], **options)
            rows += [_row(trial) for trial in trials]
        except CorpusError as error:
            damaged[subject] = str(error)
    return rows, damaged


def _row(recording: Recording) -> dict:
    """Return what the report needs of a trial; the signals are let go."""
    row = {
        "subject": recording.subject,
        "trial": recording.trial,
        "problems": recording.problems,
        "ratings": dict(recording.ratings),
        "odd": [*recording.notes, *_find_oddities(recording)],
        "parts": dict(recording.parts),
        "baseline_s": [signal.duration_s for signal in recording.baseline.values()],
    }
    for modality, signal in recording.signals.items():
        if isinstance(signal, Features):
            row[modality] = (signal.n_steps, signal.n_features, signal.kind)
        else:
            row[modality] = (
                signal.ch_names, signal.sfreq, signal.unit, signal.duration_s,
            )  # fmt: skip
    return row


def _find_oddities(recording: Recording) -> list[str]:
    """Return what a format cannot tell: an ECG whose first minute shows no heartbeat.

    Such a trial is kept, because whether it disturbs is for the reader to say.
    """
    from emolib.preprocessing.cardiac import heart_rate_features

    ecg = recording.signals.get("ecg")
    if ecg is None or recording.problems or ecg.duration_s < PIECE_S:
        return []
    n_times = int(PIECE_S * ecg.sfreq)
    n_pieces = min(6, ecg.data.shape[1] // n_times)
    pieces = ecg.data[:, : n_pieces * n_times].reshape(-1, n_pieces, n_times)
    likeness = heart_rate_features(pieces.swapaxes(0, 1), ecg.sfreq)["likeness"]
    if likeness.median() > LEAST_LIKENESS:
        return []
    return ["ecg: no heartbeat was found in the first minute (trial kept)."]


def _judge(corpus: Corpus, folder, found: CorpusReport) -> CorpusReport:
    """Return the report with its text and its verdict."""
    from dataclasses import replace

    if corpus.n_utterances:
        from emolib.corpora.utterances import (
            describe_next,
            describe_trials,
            list_labels,
        )
    else:
        from emolib.corpora.wording import describe_next, describe_trials, list_labels

    labels = list_labels(corpus, found.trials)
    reasons = []
    if found.damaged:
        reasons.append(f"{len(found.damaged)} damaged file(s), see above")
    if found.n_subjects < 3:
        words = f"{corpus.people} with usable trials; 3 are needed"
        reasons.append(f"{found.n_subjects} {words}")
    if not any(sum(n > 0 for n in counts) > 1 for *counts, _ in labels.values()):
        reasons.append("no target has both classes")
    lines = describe_trials(corpus, folder, found, labels)
    if reasons:
        lines.append(f"NOT USABLE: {'; '.join(reasons)}.")
    else:
        if found.n_subjects < LEAST_SUBJECTS and not corpus.n_utterances:
            lines.append(
                f"note       {found.n_subjects} subjects make fewer folds by subject "
                f"than the {LEAST_SUBJECTS} of the full tables"
            )
        noted = noted_folders().get(corpus.name)
        is_noted = noted is not None and noted == Path(folder).expanduser().resolve()
        lines += describe_next(corpus, folder, found, is_noted=is_noted)
    return replace(found, text="\n".join(lines), usable=not reasons)
