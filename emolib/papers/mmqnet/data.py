"""From a corpus on disk to the features of paper 1, Section 2.2.

Windows hold features by modality: (n_windows, n_features), or (n_windows, 2, n_chans,
n_bands) of differential entropy and log power density, which are fused once they are
scaled (`training.observe`). ``present`` is what was recorded; what a run hides is drawn
later, so that one set of features serves every rate. One person's trials are in memory
at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from emolib import corpora
from emolib.containers import Recording, Signal, Windows
from emolib.papers.mmqnet.features import features_of
from emolib.preprocessing.cleaning import fit_cleaning
from emolib.preprocessing.filtering import bandpass, notch, resample
from emolib.preprocessing.usable import (
    ID_COLUMNS,
    check_unique,
    ids_of,
    reason_against,
    removed_table,
)
from emolib.store import Key, Outcome, Store
from emolib.units import kept, made_with

EEG_BAND, SFREQ, LINE_HZ = (4.0, 45.0), 128.0, 50.0
"""Section 2.2, in Hz."""
N_COMPONENTS = 20
"""Of the independent component analysis; not stated."""
BEATS = "heart_rate"
"""The trace of a wrist sensor that says where it found beats."""


def folder(data: dict) -> corpora.CorpusFolder:
    """Return where the corpus of these data settings lies, written if it must be."""
    return corpora.locate(data["corpus"], data=data["data"], **_knobs(data))


def input_digest(data: dict) -> str:
    """Return the digest of what `prepare` reads from disk; nothing is written."""
    found = corpora.identify(data["corpus"], data=data["data"], **_knobs(data))
    return found.digest


def _knobs(data: dict) -> dict:
    """Return the surrogate's knobs; one that is read raw is written raw."""
    raw = {"source": "raw"} if data["source"] == "raw" else {}
    return {**data["surrogate"], **(raw if data["corpus"] == "deap" else {})}


def prepare(data: dict) -> Windows:
    """Return the features that every system of paper 1 is trained and tested on.

    Each person's are kept in the store as soon as they are made: a run that was ended
    goes on with the next person.
    """
    corpus, store = corpora.CORPORA[data["corpus"]], Store()
    made = {"data": data, "input": input_digest(data), **made_with(__name__)}
    people = []
    for subject in corpus.list_subjects(folder(data).path):
        key = Key("mmqnet", "stage", {**made, "subject": subject})
        people.append(kept(store, key, partial(features_of_person, data, subject)))
    removed = pd.concat([entry.tables["removed"] for entry in people])
    found = [
        (entry.tables["meta"], entry.arrays)
        for entry in people
        if "meta" in entry.tables
    ]
    rows = [*removed.itertuples(index=False, name=None)]
    table = removed_table(rows, len(found), "trial")
    meta, x = _joined(found, _modalities(data))
    check_unique(meta)
    present = [
        np.isfinite(own.reshape(len(meta), -1)).all(axis=1) for own in x.values()
    ]
    y = meta[data["targets"][0]].to_numpy(float)
    return Windows(x, y, meta, np.stack(present, axis=1), removed=table)


def features_of_person(data: dict, subject: str) -> Outcome:
    """Return the features of one person's trials, and which trials were left out."""
    modalities, held, removed = _modalities(data), [], []
    for recording in trials_of(data, subject):
        faults = partial(_faults, recording, modalities)
        reason = reason_against(recording, (), data["targets"], faults)
        if reason:
            removed.append((*ids_of(recording), reason))
            continue
        held.append(_windows_of(recording, modalities, data))
    table = pd.DataFrame(removed, columns=[*ID_COLUMNS, "reason"])
    if not held:
        return Outcome(tables={"removed": table})
    meta, x = _joined(held, modalities)
    return Outcome(tables={"removed": table, "meta": meta}, arrays=x)


def trials_of(data: dict, subject: str) -> Iterator[Recording]:
    """Yield one person's trials, cleaned where asked."""
    corpus, path = corpora.CORPORA[data["corpus"]], folder(data).path
    options = {"source": data["source"]} if data["corpus"] == "deap" else {}
    trials = corpus.read(path, [subject], **options)
    if _is_cleaned(data):
        trials = cleaned(list(trials), seed=0)
    yield from trials


def _modalities(data: dict) -> list[str]:
    """Return the modalities of a corpus that are signals."""
    known = corpora.CORPORA[data["corpus"]].modalities
    return [name for name in known if name != "face"]


def _is_cleaned(data: dict) -> bool:
    """Return whether Section 2.2's chain is run here: DEAP's .dat files have been."""
    as_recorded = data["corpus"] == "mahnob" or data["source"] == "raw"
    is_eeg = data["corpus"] != "stress_predict"
    return is_eeg and (as_recorded or data["literal_2_2"])


def cleaned(trials: list[Recording], *, seed: int) -> list[Recording]:
    """Return one person's trials after Section 2.2's chain; `notes` say what went.

    Notch at 50 Hz and 4-45 Hz for the EEG, average reference, independent components of
    all trials joined (eyes, heart, muscle taken out), 128 Hz. Peripherals are brought
    to 128 Hz alone. The components are found before 4-45 Hz: a blink's slow part, by
    which it is told from an EOG, and a muscle's quick part lie outside.
    """
    held = [trial for trial in trials if "eeg" in trial.signals]
    if not held:
        return trials
    first = held[0].signals["eeg"]
    sfreq, names = first.sfreq, first.ch_names
    lines_out = [_referenced(trial.signals["eeg"]) for trial in held]
    beside = {
        kind: np.concatenate([t.signals[kind].data for t in held], axis=1)
        for kind in ("eog", "ecg")
        if all(kind in trial.signals for trial in held)
    }
    heart = {"ecg": beside["ecg"][0]} if "ecg" in beside else {}
    eyes = {"eog": beside["eog"]} if "eog" in beside else {}
    cleaning = fit_cleaning(
        np.concatenate(lines_out, axis=1), names, sfreq, n_components=N_COMPONENTS,
        seed=seed, **eyes, **heart,
    )  # fmt: skip
    found = {id(trial): eeg for trial, eeg in zip(held, lines_out, strict=True)}
    return [_with(trial, found.get(id(trial)), cleaning) for trial in trials]


def _referenced(signal: Signal) -> np.ndarray:
    """Return EEG without the line's hum, against the mean of all electrodes."""
    data = notch(signal.data, LINE_HZ, signal.sfreq)
    return data - data.mean(axis=0)


def _with(trial: Recording, eeg: np.ndarray | None, cleaning) -> Recording:
    """Return the trial with cleaned EEG, every signal at 128 Hz or below."""
    signals = dict(trial.signals)
    if eeg is not None:
        old = signals["eeg"]
        data = bandpass(eeg, *EEG_BAND, old.sfreq)
        data = cleaning.apply(data, old.ch_names, old.sfreq)
        signals["eeg"] = replace(old, data=data)
    for name, own in signals.items():
        if isinstance(own, Signal) and own.sfreq > SFREQ:
            data = resample(own.data, own.sfreq, SFREQ)
            signals[name] = replace(own, data=data, sfreq=SFREQ)
    notes = (*trial.notes, f"eeg: {cleaning.log}") if eeg is not None else trial.notes
    return replace(trial, signals=signals, notes=notes)


def _faults(recording: Recording, modalities) -> list[str]:
    """Return why a trial cannot be used at all: nothing usable in it."""
    found = usable(recording, modalities)
    return [] if found else ["no modality is usable"]


def usable(recording: Recording, modalities) -> list[str]:
    """Return the modalities of a trial without a problem of their own."""
    bad = {problem.split(":")[0] for problem in recording.problems}
    return [m for m in modalities if m in recording.signals and m not in bad]


def _windows_of(recording: Recording, modalities, data: dict) -> tuple:
    """Return the meta rows, features and presence of one trial's windows."""
    x, window_s = {}, data["window_s"]
    how = dict(as_printed=data["peripherals"] == "as_printed", form=data["entropy"],
               variance=data["variance"], de_bands=data["de_bands"])  # fmt: skip
    for name in usable(recording, modalities):
        x[name] = features_of(recording, name, window_s=window_s, **how)
    n = min(map(len, x.values()))
    rows = dict(zip(ID_COLUMNS, ids_of(recording), strict=True))
    start = window_s * np.arange(n)
    rows |= {"start_s": start, "stop_s": start + window_s}
    meta = pd.DataFrame(rows | {k: float(v) for k, v in recording.ratings.items()})
    return meta, {name: own[:n] for name, own in x.items()}


def _joined(held: list, modalities) -> tuple[pd.DataFrame, dict]:
    """Return the meta rows and features of several trials or people as one.

    A modality that one of them lacks is NaN there.
    """
    held.sort(key=lambda item: tuple(item[0][list(ID_COLUMNS)].iloc[0]))
    x = {}
    for name in modalities:
        shape = next((own[name].shape[1:] for _, own in held if name in own), None)
        if shape is None:
            continue
        parts = [
            own[name] if name in own else np.full((len(rows), *shape), np.nan)
            for rows, own in held
        ]
        x[name] = np.concatenate(parts).astype(np.float32)
    return pd.concat([rows for rows, _ in held], ignore_index=True), x
