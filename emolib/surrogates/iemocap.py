"""Write a surrogate of IEMOCAP's features, in the layout of MMIN and IF-MMIN."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

import numpy as np

from emolib.checks import check_range, check_whole
from emolib.containers import MODALITIES_AVL
from emolib.surrogates import utterance_sizes as sizes
from emolib.surrogates.design import Knobs
from emolib.surrogates.matfile import ABOUT, written_aside
from emolib.surrogates.speakers import MAX_UTTERANCES, Speaker, plant
from emolib.surrogates.streams import generator, trial_generators
from emolib.surrogates.truth import save_truth
from emolib.surrogates.utterance_frames import frames, gate_energy
from emolib.surrogates.utterance_sizes import IEMOCAP

N_SPEAKERS, N_CLASSES = 10, 4
FILES = {
    "audio": "A/comparE.h5", "visual": "V/denseface.h5", "text": "L/bert_large.h5",
}  # fmt: skip
MEAN_STD_FILE = "A/comparE_mean_std.h5"
FIXED_STEPS = {"visual": sizes.VISUAL_STEPS, "text": sizes.TEXT_STEPS[1]}
"""Visual and text features are zero-padded to one length; audio is as long as it is."""


def write_iemocap(
    folder: str | Path, *, n_subjects: int = N_SPEAKERS, n_trials: int = 20,
    seconds: float = 4.5, effect: float = 1.0, signature: float = 1.0, seed: int = 0,
) -> Path:  # fmt: skip
    """Write feature and target files, and what was planted into `<folder>.truth`.

    The folder then holds ``A/comparE.h5``, ``A/comparE_mean_std.h5``,
    ``V/denseface.h5``, ``L/bert_large.h5`` and ``target/<fold>/``. The same parameters
    give the same bytes. The first n speakers of a larger corpus are the smaller one,
    but for what folds are made of (targets, mean and SD). The attribute `about` of each
    HDF5 file says that it is a surrogate.

    Parameters
    ----------
    folder : path
        Made if it does not exist.
    n_subjects : int
        Speakers, two a session: 4, 6, 8 or 10. There are as many folds.
    n_trials : int
        Utterances of each speaker.
    seconds : float
        Median length of an utterance's audio, at 10 steps a second.
    effect, signature, seed
        As in `emolib.surrogates.design.Knobs`. Nothing but affect links modalities
        here, so there is no nuisance to set.

    Returns
    -------
    folder : Path

    Raises
    ------
    ValueError
        For a number of speakers from which no folds can be made, or utterances that
        the names have no room for.
    """
    folder = Path(folder)
    parameters = dict(
        n_subjects=n_subjects, n_trials=n_trials, seconds=seconds, effect=effect,
        signature=signature, seed=seed,
    )  # fmt: skip
    _check_size(n_subjects, n_trials, seconds)
    knobs = Knobs(effect=effect, signature=signature, seed=seed)
    speakers = [
        plant(knobs, number + 1, n_trials, seconds) for number in range(n_subjects)
    ]
    with written_aside(folder) as aside:
        moments = _write_features(aside, knobs.seed, speakers)
        _write_mean_std(aside, moments)
        _write_targets(aside, speakers)
        _write_truth(folder, parameters, speakers)
    return folder


def _check_size(n_subjects: int, n_trials: int, seconds: float) -> None:
    """Raise ValueError for a corpus from which no folds can be made."""
    whole = check_whole("n_subjects", n_subjects, "speakers")
    hint = "Two speakers make a session, and each fold leaves one session out."
    check_range("n_subjects", whole, 4, N_SPEAKERS, hint=hint)
    if whole % 2:
        raise ValueError(f"n_subjects must be even; got {n_subjects}. {hint}")
    check_range(
        "n_trials", check_whole("n_trials", n_trials, "utterances"), 4, MAX_UTTERANCES,
        hint="A speaker needs one of each emotion; names have room for 3960.",
    )  # fmt: skip
    check_range("seconds", seconds, 1.0, 35.0)


def _write_features(aside: Path, seed: int, speakers: list[Speaker]) -> list:
    """Write the three feature files; return each speaker's moments of the audio."""
    moments = []
    for name in MODALITIES_AVL:
        with _marked(aside / FILES[name]) as file:
            for number, speaker in enumerate(speakers, start=1):
                x, lengths = _sequences(seed, number, speaker, name)
                if name == "audio":
                    moments.append(_moments(x, lengths))
                rows = zip(speaker.names, x, lengths, strict=True)
                for utterance, own, n_steps in rows:
                    _store(file, utterance, own[:n_steps])
    return moments


@contextmanager
def _marked(path: Path):
    """Yield a new HDF5 file that says that it is a surrogate, and no date."""
    import h5py

    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file.attrs["about"] = ABOUT
        yield file


def _store(group, name: str, data: np.ndarray) -> None:
    group.create_dataset(name, data=data, track_times=False)


def _sequences(seed: int, number: int, speaker: Speaker, name: str):
    """Return one modality as written, (n, n_steps, width), and its lengths (n,)."""
    lengths = speaker.lengths[:, MODALITIES_AVL.index(name)]
    readings = speaker.readings[:, MODALITIES_AVL.index(name)]
    rngs = trial_generators(seed, "iemocap", name, number, len(speaker.names))
    x = frames(IEMOCAP, name, readings, lengths, rngs)
    if name == "audio":
        return _unnormalised(x), lengths
    if name == "visual":
        x *= speaker.shown[..., None]
    n_steps = FIXED_STEPS[name]
    after = ((0, 0), (0, n_steps - x.shape[1]), (0, 0))
    return np.pad(x, after), np.full(len(x), n_steps)


def _unnormalised(x: np.ndarray) -> np.ndarray:
    """Return audio in the units of its features, whose means lie far from zero."""
    rng = generator(0, "iemocap", "directions", subject=len(MODALITIES_AVL))
    unit = np.exp(sizes.AUDIO_SCALE_SD * rng.standard_normal(x.shape[-1]))
    mean = sizes.AUDIO_OFFSET_SD * rng.standard_normal(x.shape[-1])
    return ((x + mean) * unit).astype(np.float32)


def _moments(x: np.ndarray, lengths: np.ndarray) -> tuple:
    """Return number of steps, sum and sum of squares of each feature."""
    real = x[np.arange(x.shape[1]) < lengths[:, None]].astype(float)
    return len(real), real.sum(axis=0), (real**2).sum(axis=0)


def _folds(n_speakers: int):
    """Yield each fold: its name, and the speakers (from 0) of every part.

    Two folds leave out one session; its two speakers take turns in validation and test.
    """
    for fold in range(n_speakers):
        val, tst = fold, fold + 1 if fold % 2 == 0 else fold - 1
        trn = [s for s in range(n_speakers) if s // 2 != fold // 2]
        yield str(fold + 1), {"trn": trn, "val": [val], "tst": [tst]}


def _write_mean_std(aside: Path, moments: list) -> None:
    """Write mean and SD of the audio over each fold's training speakers."""
    with _marked(aside / MEAN_STD_FILE) as file:
        for fold, parts in _folds(len(moments)):
            held = zip(*(moments[s] for s in parts["trn"]), strict=True)
            n_steps, total, squares = map(sum, held)
            mean = total / n_steps
            std = np.sqrt(np.maximum(squares / n_steps - mean**2, 0))
            group = file.create_group(fold)
            _store(group, "mean", mean)
            _store(group, "std", np.where(std > 0, std, 1.0))


def _write_targets(aside: Path, speakers: list[Speaker]) -> None:
    """Write one-hot labels and names, as bytes, of each fold's parts."""
    for fold, parts in _folds(len(speakers)):
        target = aside / "target" / fold
        target.mkdir(parents=True)
        for part, members in parts.items():
            labels = np.concatenate([speakers[s].labels for s in members])
            names = [[name.encode()] for s in members for name in speakers[s].names]
            np.save(target / f"{part}_label.npy", np.eye(N_CLASSES)[labels])
            np.save(target / f"{part}_int2name.npy", np.array(names))


def _write_truth(folder: Path, parameters: dict, speakers: list[Speaker]) -> None:
    """Write what was planted beside the surrogate."""
    joined = {
        name: np.concatenate([getattr(own, name) for own in speakers])
        for name in ("u", "labels", "readings", "lengths", "shown")
    }
    audio, visual, text = joined["lengths"].T
    shown = joined["shown"]
    energy = [gate_energy(audio), gate_energy(visual, shown), gate_energy(text)]
    real = visual - np.argmax(shown[:, ::-1], axis=1)
    noted = {
        **parameters,
        "corpus": "iemocap",
        "subjects": [name[:5] + name[-4] for own in speakers for name in own.names],
        "trials": [name for own in speakers for name in own.names],
        "variance": dict(audio=1.0, visual=float(shown.sum() / real.sum()), text=1.0),
    }
    save_truth(folder, noted, joined | {"energy": np.stack(energy, axis=1)})
