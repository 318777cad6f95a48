"""Write surrogates of CMU-MOSEI and CMU-MOSI, each in one of its three packages."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from emolib.checks import check_option, check_range, check_whole
from emolib.containers import MODALITIES_AVL
from emolib.surrogates.design import Knobs
from emolib.surrogates.matfile import written_aside
from emolib.surrogates.picklefile import save_pickle
from emolib.surrogates.segments import Part, plant, sequences, times_of
from emolib.surrogates.streams import generator
from emolib.surrogates.truth import save_truth
from emolib.surrogates.utterance_frames import gate_energy
from emolib.surrogates.utterance_sizes import Plan, sentiment_plan

PACKAGES = ("senti", "raw", "mmsa_aligned", "mmsa_unaligned")
"""`senti` is what MulT and MultiBench read, `raw` MultiBench's other file, `mmsa` those
of MMSA."""
FILES = {
    ("mosei", "senti"): "mosei_senti_data.pkl", ("mosi", "senti"): "mosi_data.pkl",
    ("mosei", "raw"): "mosei_raw.pkl", ("mosi", "raw"): "mosi_raw.pkl",
    ("mosei", "mmsa_aligned"): "aligned_50.pkl",
    ("mosi", "mmsa_aligned"): "aligned_50.pkl",
    ("mosei", "mmsa_unaligned"): "unaligned_50.pkl",
    ("mosi", "mmsa_unaligned"): "unaligned_50.pkl",
}  # fmt: skip
N_STEPS, UNALIGNED_STEPS = 50, {"audio": 500, "visual": 375, "text": 50}
KEYS = {"visual": "vision", "audio": "audio", "text": "text"}
ROW_WITHOUT_TEXT, ROW_WITH_INF = 3, 5
"""Rows of the training part: all text zero; one audio value minus infinity."""
MIN_PART, MAX_PART = 8, 40_000
"""Segments that a part may have."""
SIGNS = np.array([1, -1, -1, 0, -1, -1])
"""Happy, sad, angry, surprised, disgusted, afraid: how each goes with sentiment."""
TOKENS = (101, 1012, 102)
"""BERT's first token, one that stands for a word, its last."""


def write_mosei(
    folder: str | Path, *, n_train: int = 120, n_val: int = 30, n_test: int = 60,
    package: str = "senti", effect: float = 1.0, signature: float = 1.0, seed: int = 0,
) -> Path:  # fmt: skip
    """Write one package of CMU-MOSEI, and what was planted into `<folder>.truth`.

    The same parameters give the same bytes; the first n segments of a larger part are
    the smaller part; labels depend on nothing but the seed. The fourth training segment
    has no text (every value zero; not in MMSA's packages, where text has its special
    tokens), the sixth one audio value of minus infinity, as the licensed files have.
    The first bytes of the file say that it is a surrogate.

    Parameters
    ----------
    folder : path
        Made if it does not exist.
    n_train, n_val, n_test : int
        Segments of each part, five to a video.
    package : {'senti', 'raw', 'mmsa_aligned', 'mmsa_unaligned'}
        Which of the publishers' files.
    effect, signature, seed
        As in `emolib.surrogates.design.Knobs`; `signature` multiplies what the segments
        of a video share. Nothing but affect links modalities, so there is no nuisance.

    Returns
    -------
    folder : Path

    Raises
    ------
    ValueError
        For an unknown package, or a part of fewer than eight segments.
    """
    parameters = dict(
        n_train=n_train, n_val=n_val, n_test=n_test, package=package, effect=effect,
        signature=signature, seed=seed,
    )  # fmt: skip
    return _write("mosei", folder, parameters)


def write_mosi(
    folder: str | Path, *, n_train: int = 120, n_val: int = 30, n_test: int = 60,
    package: str = "senti", effect: float = 1.0, signature: float = 1.0, seed: int = 0,
) -> Path:  # fmt: skip
    """Write one package of CMU-MOSI; parameters and result are those of `write_mosei`.

    Labels are in fifths and more extreme, audio and visual features fewer.
    """
    parameters = dict(
        n_train=n_train, n_val=n_val, n_test=n_test, package=package, effect=effect,
        signature=signature, seed=seed,
    )  # fmt: skip
    return _write("mosi", folder, parameters)


def _write(corpus: str, folder: str | Path, parameters: dict) -> Path:
    """Write one package of one of the two corpora."""
    folder, package = Path(folder), parameters["package"]
    counts = [parameters[name] for name in ("n_train", "n_val", "n_test")]
    check_option("package", package, PACKAGES)
    for name, n in zip(("n_train", "n_val", "n_test"), counts, strict=True):
        check_range(name, check_whole(name, n, "segments"), MIN_PART, MAX_PART)
    knobs = Knobs(**{k: parameters[k] for k in ("effect", "signature", "seed")})
    plan = sentiment_plan(corpus, package.split("_")[0])
    aligned = package != "mmsa_unaligned"
    parts = [
        plant(plan, knobs, number, n, aligned=aligned)
        for number, n in enumerate(counts, start=1)
    ]
    with written_aside(folder) as aside:
        held = {part.name: _fields(plan, package, knobs.seed, part) for part in parts}
        save_pickle(aside / FILES[corpus, package], held)
        _write_truth(folder, corpus, parameters, parts)
    return folder


def _fields(
    plan: Plan, package: str, seed: int, part: Part
) -> dict[str, Callable[[], np.ndarray]]:
    """Return what makes each array of a part, by the publisher's name for it."""
    features = {
        KEYS[name]: partial(_features, plan, package, seed, part, name)
        for name in ("visual", "audio", "text")
    }
    others = {"senti": _senti_fields, "raw": _raw_fields}.get(package, _mmsa_fields)
    fields = others(plan.corpus, seed, part)
    if package == "mmsa_unaligned":
        fields |= _length_fields(part)
    return features | {k: partial(np.asarray, own) for k, own in fields.items()}


def _features(plan: Plan, package: str, seed: int, part: Part, name: str) -> np.ndarray:
    """Return one modality, with the gaps that the licensed files have."""
    unaligned = package == "mmsa_unaligned"
    n_steps = UNALIGNED_STEPS[name] if unaligned else N_STEPS
    is_mmsa = package.startswith("mmsa")
    x = sequences(plan, seed, part, name, n_steps=n_steps, padded_left=not is_mmsa)
    if part.name == "train" and name == "text" and not is_mmsa:
        x[ROW_WITHOUT_TEXT] = 0
    if part.name == "train" and name == "audio":
        x[ROW_WITH_INF, 0 if is_mmsa else -1, 2] = -np.inf
    return x


def _ids(package: str, part: Part) -> np.ndarray:
    """Return the publisher's ids: (n, 3) video, start, end; or one text a segment."""
    pairs = list(zip(part.videos, part.clips, strict=True))
    if package == "senti":
        rows = zip(part.videos, *times_of(part), strict=True)
        return np.array([[video, f"{a:.3f}", f"{b:.3f}"] for video, a, b in rows])
    if package == "raw":
        return np.array([f"{video}[{clip}]" for video, clip in pairs])
    return np.array([f"{video}$_${clip}" for video, clip in pairs])


def _senti_fields(corpus: str, seed: int, part: Part) -> dict[str, np.ndarray]:
    """Return labels (n, 1, 1) and ids (n, 3), which CMU-MOSI has as bytes."""
    ids = _ids("senti", part)
    return {
        "labels": part.labels[:, None, None].astype(np.float32),
        "id": ids.astype("S") if corpus == "mosi" else ids,
    }


def _raw_fields(corpus: str, seed: int, part: Part) -> dict[str, np.ndarray]:
    """Return labels (n, 1, 7): sentiment, six emotions; CMU-MOSI's are (n, 1, 1)."""
    labels = part.labels[:, None]
    if corpus == "mosei":
        rng = generator(seed, corpus, "questions", part.number)
        felt = 0.5 * SIGNS * labels + 0.5 * rng.standard_normal((len(labels), 6))
        labels = np.concatenate([labels, np.clip(np.round(3 * felt) / 3, 0, 3)], axis=1)
    return {"labels": labels[:, None].astype(np.float32), "id": _ids("raw", part)}


def _mmsa_fields(corpus: str, seed: int, part: Part) -> dict[str, np.ndarray]:
    """Return what MMSA keeps besides features; `text_bert` is ids, mask, segment."""
    words = part.lengths[:, MODALITIES_AVL.index("text")]
    mask = np.arange(N_STEPS) < words[:, None]
    tokens = np.where(mask, TOKENS[1], 0)
    tokens[:, 0], tokens[np.arange(len(words)), words - 1] = TOKENS[0], TOKENS[2]
    bert = np.stack([tokens, mask, np.zeros_like(tokens)], axis=1)
    sign, ids = np.sign(part.labels).astype(int) + 1, _ids("mmsa", part)
    return {
        "raw_text": np.char.add("words of ", ids),
        "id": ids,
        "text_bert": bert.astype(np.float32),
        "annotations": np.array(["Negative", "Neutral", "Positive"])[sign],
        "classification_labels": sign.astype(np.float32),
        "regression_labels": part.labels.astype(np.float32),
    }


def _length_fields(part: Part) -> dict[str, np.ndarray]:
    """Return the lengths that only the unaligned file holds."""
    return {
        f"{KEYS[name]}_lengths": part.lengths[:, MODALITIES_AVL.index(name)]
        for name in ("audio", "visual")
    }


def _write_truth(
    folder: Path, corpus: str, parameters: dict, parts: list[Part]
) -> None:
    """Write what was planted beside the surrogate; parts follow each other."""
    joined = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("s", "labels", "readings", "lengths", "clips")
    }
    energy = np.stack([gate_energy(own) for own in joined["lengths"].T], axis=1)
    package = parameters["package"]
    if not package.startswith("mmsa"):
        energy[ROW_WITHOUT_TEXT, MODALITIES_AVL.index("text")] = 0
    noted = {
        **parameters,
        "corpus": corpus,
        "subjects": [video for part in parts for video in part.videos],
        "trials": [_name(row) for part in parts for row in _ids(package, part)],
        "parts": [part.name for part in parts for _ in part.videos],
        "variance": dict.fromkeys(MODALITIES_AVL, 1.0),
    }
    save_truth(folder, noted, joined | {"energy": energy})


def _name(row) -> str:
    """Return the name of a segment as our reader makes it from its id."""
    return str(row) if np.ndim(row) == 0 else f"{row[0]}[{row[1]},{row[2]}]"
