"""Write a surrogate of IEMOCAP's features, in the layout of MMIN and IF-MMIN."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from emolib.checks import check_range, check_whole
from emolib.containers import MODALITIES_AVL
from emolib.surrogates import sizes, utterances
from emolib.surrogates.design import Knobs
from emolib.surrogates.files import ABOUT, write
from emolib.surrogates.sizes import IEMOCAP
from emolib.surrogates.traces import generator, trial_generators
from emolib.surrogates.utterances import Utterances

N_SPEAKERS, N_CLASSES = 10, 4
PER_DIALOGUE, MAX_UTTERANCES = 20, 3960
"""A speaker's utterances in a dialogue; those that names have room for."""
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
    size = dict(n_subjects=n_subjects, n_trials=n_trials, seconds=seconds)
    _check_size(**size)
    knobs = Knobs(effect=effect, signature=signature, seed=seed)
    noted = size | dict(effect=effect, signature=signature, seed=seed)
    speakers = [plant(knobs, k + 1, n_trials, seconds) for k in range(n_subjects)]

    def fill(aside: Path):
        moments = _write_features(aside, knobs.seed, speakers)
        _write_mean_std(aside, moments)
        _write_targets(aside, speakers)
        return _truth(noted, speakers)

    return write(folder, fill)


def _check_size(n_subjects: int, n_trials: int, seconds: float) -> None:
    """Raise ValueError for a corpus from which no folds can be made."""
    whole = check_whole("n_subjects", n_subjects, "speakers")
    hint = "Two speakers make a session, and each fold leaves one session out."
    check_range("n_subjects", whole, 4, N_SPEAKERS, hint=hint)
    if whole % 2:
        raise ValueError(f"n_subjects must be even; got {n_subjects}. {hint}")
    hint = "A speaker needs one of each emotion; names have room for 3960."
    n_trials = check_whole("n_trials", n_trials, "utterances")
    check_range("n_trials", n_trials, 4, MAX_UTTERANCES, hint=hint)
    check_range("seconds", seconds, 1.0, 35.0)


def plant(knobs: Knobs, number: int, n: int, seconds: float) -> Utterances:
    """Draw everything planted in the utterances of speaker `number`, from 1.

    Besides labels, readings and lengths: `u` (n, 3), and `shown` (n, 50), False where
    no face was found.
    """
    rng = {
        stream: generator(knobs.seed, "iemocap", stream, number)
        for stream in ("latents", "signatures", "lengths", "gaps")
    }
    y = _classes(rng["latents"], n)
    u = utterances.emotions(y, rng["latents"])
    offsets = rng["signatures"].standard_normal((3, 1, 3))
    planted = {
        "u": u,
        "labels": y,
        "readings": utterances.read_out(IEMOCAP, knobs, number, u, offsets),
        "lengths": _lengths(rng["lengths"], n, seconds),
        "shown": _shown(rng["gaps"], n),
    }
    speaker = f"Ses{(number + 1) // 2:02d}{'MF'[number % 2]}"
    return Utterances(number, [speaker] * n, _names(speaker, n), planted)


def _classes(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return the classes (n,) of one speaker's utterances, in random order.

    Their shares are those of the corpus, but for rounding.
    """
    share = np.cumsum(sizes.EMOTION_COUNTS) / np.sum(sizes.EMOTION_COUNTS)
    steps = (np.arange(n) + rng.random()) / n
    return rng.permutation(np.searchsorted(share, steps, side="right"))


def _lengths(rng: np.random.Generator, n: int, seconds: float) -> np.ndarray:
    """Return the number of steps of each modality, (n, 3)."""
    spread = np.exp(sizes.AUDIO_SECONDS_SPREAD * rng.standard_normal(n))
    audio = np.round(seconds * sizes.AUDIO_STEPS_HZ * spread)
    text = rng.integers(sizes.TEXT_STEPS[0], sizes.TEXT_STEPS[1] + 1, n)
    audio = np.clip(audio, *sizes.AUDIO_STEPS).astype(int)
    return np.stack([audio, np.full(n, sizes.VISUAL_STEPS), text], axis=1)


def _shown(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return where a face was found, (n, 50): a quarter have one run without."""
    steps = np.arange(sizes.VISUAL_STEPS)
    has_gap = rng.random(n) < sizes.NO_FACE_SHARE
    low, high = sizes.NO_FACE_STEPS
    size = rng.integers(low, high + 1, n)
    start = np.floor(rng.random(n) * (sizes.VISUAL_STEPS - size + 1))
    inside = (steps >= start[:, None]) & (steps < (start + size)[:, None])
    return ~(inside & has_gap[:, None])


def _names(speaker: str, n: int) -> list[str]:
    """Return the ids of a speaker's utterances, as in ``Ses01F_impro01_F000``.

    Dialogues alternate between the two actors whose motion was captured; the last part
    names who speaks: F first, then M, in every session.
    """
    dialogues = zip(*np.divmod(np.arange(n), PER_DIALOGUE), strict=True)
    return [
        f"{speaker[:5]}{'FM'[d % 2]}_impro{d // 2 + 1:02d}_{speaker[5]}{i:03d}"
        for d, i in dialogues
    ]


def _write_features(aside: Path, seed: int, speakers: Sequence[Utterances]) -> list:
    """Write the three feature files; return each speaker's moments of the audio."""
    moments = []
    for name in MODALITIES_AVL:
        with _marked(aside / FILES[name]) as file:
            for speaker in speakers:
                x, lengths = _sequences(seed, speaker, name)
                if name == "audio":
                    moments.append(_moments(x, lengths))
                for utterance, own, n in zip(speaker.names, x, lengths, strict=True):
                    _store(file, utterance, own[:n])
    return moments


@contextmanager
def _marked(path: Path):
    """Yield a new HDF5 file that says that it is a surrogate, and no date."""
    import h5py

    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w", driver="core", backing_store=False) as file:
        file.attrs.update(about=ABOUT, source=ABOUT)
        yield file
        file.flush()
        made = (
            file.id.get_file_image()
        )  # HDF5 dies where a disk is full, Python does not
    path.write_bytes(made)


def _store(group, name: str, data: np.ndarray) -> None:
    group.create_dataset(name, data=data, track_times=False)


def _sequences(seed: int, speaker: Utterances, name: str):
    """Return one modality as written, (n, n_steps, width), and its lengths (n,)."""
    k = MODALITIES_AVL.index(name)
    lengths, readings = speaker["lengths"][:, k], speaker["readings"][:, k]
    rngs = trial_generators(seed, "iemocap", name, speaker.number, len(speaker))
    x = utterances.frames(IEMOCAP, name, readings, lengths, rngs)
    if name == "audio":
        return _unnormalised(x), lengths
    if name == "visual":
        x *= speaker["shown"][..., None]
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


def _write_targets(aside: Path, speakers: Sequence[Utterances]) -> None:
    """Write one-hot labels and names, as bytes, of each fold's parts."""
    for fold, parts in _folds(len(speakers)):
        target = aside / "target" / fold
        target.mkdir(parents=True)
        for part, members in parts.items():
            labels = np.concatenate([speakers[s]["labels"] for s in members])
            names = [[name.encode()] for s in members for name in speakers[s].names]
            np.save(target / f"{part}_label.npy", np.eye(N_CLASSES)[labels])
            np.save(target / f"{part}_int2name.npy", np.array(names))


def _truth(noted: Mapping, speakers: Sequence[Utterances]):
    """Return what the truth folder notes, and its arrays.

    `variance` is that of a feature over steps that are read, in which some have no
    face.
    """
    noted, arrays = utterances.truth_of(speakers, corpus="iemocap", **noted)
    shown, gate = arrays["shown"], utterances.gate(sizes.VISUAL_STEPS)
    arrays["energy"][:, 1] = [np.sum(gate[own] ** 2) for own in shown]
    real = sizes.VISUAL_STEPS - np.argmax(shown[:, ::-1], axis=1)
    variance = dict(audio=1.0, visual=float(shown.sum() / real.sum()), text=1.0)
    return noted | {"variance": variance}, arrays
