"""Write small corpora in their true formats; every fact is typed here a second time."""

from pathlib import Path

import edfio
import numpy as np
from scipy.io import savemat

ELECTRODES = "AF3 F7 F3 FC5 T7 P7 O1 O2 P8 T8 FC6 F4 F8 AF4".split()


def cell(items, shape):
    out = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        out[i] = item
    return out.reshape(shape)


def struct_of(**fields):
    out = np.empty((1, 1), dtype=[(name, object) for name in fields])
    for name, value in fields.items():
        out[name][0, 0] = value
    return out


def noise(n_rows, n_columns, seed, offset=0.0):
    return np.random.default_rng(seed).normal(offset, 10, (n_rows, n_columns))


def dreamer_person(
    number, seconds=(12, 14), valence=(4, 2), with_ecg=True, baseline_s=61
):
    n = len(seconds)

    def modality(rate, n_chans, offset):
        def stored(k, lengths):
            names = [(number, i, k) for i in range(n)]
            pairs = zip(lengths, names, strict=True)
            return cell([noise(s * rate, n_chans, w, offset) for s, w in pairs], (n, 1))

        before = stored(0, [baseline_s] * n)
        return struct_of(baseline=before, stimuli=stored(1, seconds))

    scores = np.array(valence, dtype=float).reshape(n, 1)
    held = {"Age": "22", "Gender": "female", "EEG": modality(128, 14, 4200.0)}
    if with_ecg:
        held["ECG"] = modality(256, 2, 2000.0)
    held |= {"ScoreValence": scores, "ScoreArousal": scores[::-1].copy()}
    return struct_of(**held, ScoreDominance=np.full((n, 1), 3.0))


def write_dreamer(folder: Path, people=None, **changes):
    """Write DREAMER.mat; `people` are structs of `dreamer_person`."""
    folder.mkdir(parents=True, exist_ok=True)
    people = people or [dreamer_person(1), dreamer_person(2)]
    fields = {
        "Data": cell(people, (1, len(people))),
        "EEG_SamplingRate": 128,
        "ECG_SamplingRate": 256,
        "EEG_Electrodes": cell(ELECTRODES, (1, 14)),
    }
    held = {"DREAMER": struct_of(**{**fields, **changes})}
    savemat(folder / "DREAMER.mat", held, do_compression=True)
    return folder / "DREAMER.mat"


SHORT = "4 5 9 10 13 18 19 20 23 30 31 34 36 58 80 138".split()
LONG = ["N1", "P1", "B1", "U1"]


def amigos_cells(number, names=None, seconds=2):
    """Return the variables of one AMIGOS file that are read, as lists of 20 cells."""
    names = list(names or SHORT + LONG)
    n, answers = len(names), [[2.5, 7.5, 5.0, 6.0, 1.0, 1, 0, 0, 0, 0, 0, 0]]
    return {
        "joined_data": [noise((5 + seconds) * 128, 17, (number, i)) for i in range(n)],
        "labels_selfassessment": [np.array(answers) for _ in range(n)],
        "VideoIDs": names,
    }


def write_amigos(folder: Path, number=1, held=None):
    """Write Data_Preprocessed_PNN.mat."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"Data_Preprocessed_P{number:02d}.mat"
    held = held or amigos_cells(number)
    cells = {key: cell(items, (1, len(items))) for key, items in held.items()}
    savemat(path, cells, do_compression=True)
    return path


def write_biosemi(path: Path, labels, rows, sfreq):
    """Write a BDF in microvolts whose last row holds the codes of its triggers."""
    signals = []
    for label, row in zip(labels, rows, strict=True):
        unit, top = ("Boolean", 2**23) if row is rows[-1] else ("uV", 2**18)
        more = {"physical_dimension": unit, "physical_range": (-top, top - 1)}
        signals.append(edfio.BdfSignal(row, sfreq, label=label, **more))
    edfio.Bdf(signals).write(path)
    return path


def write_mahnob_features(
    folder: Path, trials=((3, 8), (13, 2), (3, 10)), n=150, **changes
):
    """Write a file a trial of (person, section), as the public repository has them.

    `changes` are tables in place of its own, None for none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for person, section in trials:
        rng = np.random.default_rng((person, section))
        held = {
            "target": np.clip(0.14 * rng.normal(size=(1, n)), -1, 1),
            "eeg_band_feats_full": rng.normal(size=(n, 128)),
            "face_feats": rng.normal(size=(n, 327)),
        }
        name = f"P{person}-features-resamp4hz-trial-{section}.mat"
        held = {key: own for key, own in (held | changes).items() if own is not None}
        savemat(folder / name, held)


def write_continuous_labels(folder: Path, trials, lengths):
    """Write the corpus's valence by the moment, in order of people and sections."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    labels = [0.07 * rng.normal(size=(1, n)) for n in lengths]
    held = {
        "trials_included": np.array(trials, np.uint8),
        "labels": cell(labels, (len(labels), 1)),
    }
    path = folder / "lable_continous_Mahnob.mat"
    savemat(path, held)
    return path, [label[0] for label in labels]
