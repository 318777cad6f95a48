"""Write surrogates of CMU-MOSEI and CMU-MOSI, each in one of its three packages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from scipy.special import ndtr

from emolib.checks import check_option, check_range, check_whole
from emolib.containers import MODALITIES_AVL
from emolib.surrogates import utterance_sizes as sizes
from emolib.surrogates.design import Knobs
from emolib.surrogates.files import save_pickle, write
from emolib.surrogates.traces import generator, trial_generators
from emolib.surrogates.utterance_sizes import Plan, sentiment_plan
from emolib.surrogates.utterances import (
    Utterances,
    frames,
    joined,
    read_out,
    sentiment,
)

PACKAGES = ("senti", "raw", "mmsa_aligned", "mmsa_unaligned")
"""`senti` is what MulT and MultiBench read, `raw` MultiBench's other file, `mmsa` those
of MMSA."""
FILES = {
    "senti": {"mosei": "mosei_senti_data.pkl", "mosi": "mosi_data.pkl"},
    "raw": {"mosei": "mosei_raw.pkl", "mosi": "mosi_raw.pkl"},
    "mmsa_aligned": dict.fromkeys(("mosei", "mosi"), "aligned_50.pkl"),
    "mmsa_unaligned": dict.fromkeys(("mosei", "mosi"), "unaligned_50.pkl"),
}
PARTS = {"train": "n_train", "valid": "n_val", "test": "n_test"}
"""What the publisher calls the parts of the split, and we their sizes."""
PER_VIDEO, AT_ONCE = 5, 256
"""Segments of a video, in all of which one person speaks, in one part only; those that
are made at a time."""
STEPS_PER_WORD, SECONDS_PER_WORD = (11, 8, 1), 0.4
"""Steps of audio, visual and text where they are not aligned with words."""
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
    counts = dict(n_train=n_train, n_val=n_val, n_test=n_test)
    knobs = dict(effect=effect, signature=signature, seed=seed)
    return _write("mosei", folder, counts, package, knobs)


def write_mosi(
    folder: str | Path, *, n_train: int = 120, n_val: int = 30, n_test: int = 60,
    package: str = "senti", effect: float = 1.0, signature: float = 1.0, seed: int = 0,
) -> Path:  # fmt: skip
    """Write one package of CMU-MOSI; parameters and result are those of `write_mosei`.

    Labels are in fifths and more extreme, audio and visual features fewer.
    """
    counts = dict(n_train=n_train, n_val=n_val, n_test=n_test)
    knobs = dict(effect=effect, signature=signature, seed=seed)
    return _write("mosi", folder, counts, package, knobs)


def _write(corpus: str, folder: str | Path, counts: dict, package: str, knobs: dict):
    """Write one package of one of the two corpora."""
    check_option("package", package, PACKAGES)
    for name, n in counts.items():
        check_range(name, check_whole(name, n, "segments"), MIN_PART, MAX_PART)
    plan, chosen = sentiment_plan(corpus, package.split("_")[0]), Knobs(**knobs)
    is_aligned = package != "mmsa_unaligned"
    parts = {
        part: plant(plan, chosen, k + 1, counts[count], aligned=is_aligned)
        for k, (part, count) in enumerate(PARTS.items())
    }

    def fill(aside: Path):
        held = {name: _fields(plan, package, chosen.seed, own)
                for name, own in parts.items()}  # fmt: skip
        save_pickle(aside / FILES[package][corpus], held)
        return _truth(corpus, counts | knobs | {"package": package}, parts)

    return write(folder, fill)


def plant(
    plan: Plan, knobs: Knobs, number: int, n: int, *, aligned: bool
) -> Utterances:
    """Draw everything planted in the first n segments of part `number`, from 1.

    Besides labels, readings and lengths: sentiment `s`, and `clips`, the place of each
    segment in its video, from 0.
    """
    rng = {
        stream: generator(knobs.seed, plan.corpus, stream, number)
        for stream in ("latents", "signatures", "lengths")
    }
    chance, *normal = rng["latents"].standard_normal((n, 3)).T
    law = sizes.SENTIMENTS[plan.corpus]
    s, labels, u = sentiment(law, ndtr(chance), np.stack(normal, axis=1))
    video, clips = np.divmod(np.arange(n), PER_VIDEO)
    offsets = rng["signatures"].standard_normal((video.max() + 1, 3))
    low, high = sizes.SENTIMENT_STEPS
    words = rng["lengths"].integers(low, high + 1, n)
    planted = {
        "s": s,
        "labels": labels,
        "readings": read_out(plan, knobs, number, u, offsets[video].T[..., None]),
        "lengths": words[:, None] * ((1, 1, 1) if aligned else STEPS_PER_WORD),
        "clips": clips,
    }
    return Utterances(number, [f"SURROGATE{number}{v + 1:04d}" for v in video], planted)


def sequences(
    plan: Plan, seed: int, part: Utterances, name: str, *, n_steps: int,
    padded_left: bool,
) -> np.ndarray:  # fmt: skip
    """Return one modality as stored, (n, n_steps, width), padded with zeros.

    Scaled to the variance of the corpus; audio features have means far from zero.
    """
    k, width = MODALITIES_AVL.index(name), plan.carriers[name].width
    out, offset = np.zeros((len(part), n_steps, width), np.float32), np.zeros(width)
    if name == "audio":
        offset[:: sizes.AUDIO_OFFSET_EVERY] = sizes.AUDIO_OFFSET_SDS
    unit = np.float32(np.sqrt(sizes.SENTIMENT_VARIANCE[name]))
    rngs = trial_generators(seed, plan.corpus, name, part.number, len(part))
    for start in range(0, len(out), AT_ONCE):
        rows = slice(start, start + AT_ONCE)
        lengths = part["lengths"][rows, k]
        x = frames(plan, name, part["readings"][rows, k], lengths, rngs[rows])
        x = (x + offset.astype(np.float32)) * unit
        here = np.arange(x.shape[1]) < lengths[:, None]
        there = np.arange(n_steps) < lengths[:, None]
        out[rows][there[:, ::-1] if padded_left else there] = x[here]
    return out


def times_of(part: Utterances) -> tuple[np.ndarray, np.ndarray]:
    """Return start and end of each segment in its video, in seconds."""
    seconds = SECONDS_PER_WORD * part["lengths"][:, MODALITIES_AVL.index("text")]
    after = np.cumsum(seconds)
    first = np.flatnonzero(part["clips"] == 0)
    before = np.repeat((after - seconds)[first], np.diff([*first, len(seconds)]))
    return after - seconds - before, after - before


def _fields(
    plan: Plan, package: str, seed: int, part: Utterances
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


def _features(
    plan: Plan, package: str, seed: int, part: Utterances, name: str
) -> np.ndarray:
    """Return one modality, with the gaps that the licensed files have."""
    n_steps = UNALIGNED_STEPS[name] if package == "mmsa_unaligned" else N_STEPS
    is_mmsa, is_train = package.startswith("mmsa"), part.number == 1
    x = sequences(plan, seed, part, name, n_steps=n_steps, padded_left=not is_mmsa)
    if is_train and name == "text" and not is_mmsa:
        x[ROW_WITHOUT_TEXT] = 0
    if is_train and name == "audio":
        x[ROW_WITH_INF, 0 if is_mmsa else -1, 2] = -np.inf
    return x


def _ids(package: str, part: Utterances) -> np.ndarray:
    """Return the publisher's ids: (n, 3) video, start, end; or one text a segment."""
    if package == "senti":
        rows = zip(part.subjects, *times_of(part), strict=True)
        return np.array([[video, f"{a:.3f}", f"{b:.3f}"] for video, a, b in rows])
    form = "{}[{}]" if package == "raw" else "{}$_${}"
    return np.array(list(map(form.format, part.subjects, part["clips"])))


def _senti_fields(corpus: str, seed: int, part: Utterances) -> dict[str, np.ndarray]:
    """Return labels (n, 1, 1) and ids (n, 3), which CMU-MOSI has as bytes."""
    ids = _ids("senti", part)
    return {
        "labels": part["labels"][:, None, None].astype(np.float32),
        "id": ids.astype("S") if corpus == "mosi" else ids,
    }


def _raw_fields(corpus: str, seed: int, part: Utterances) -> dict[str, np.ndarray]:
    """Return labels (n, 1, 7): sentiment, six emotions; CMU-MOSI's are (n, 1, 1)."""
    labels = part["labels"][:, None]
    if corpus == "mosei":
        rng = generator(seed, corpus, "questions", part.number)
        felt = 0.5 * SIGNS * labels + 0.5 * rng.standard_normal((len(labels), 6))
        labels = np.concatenate([labels, np.clip(np.round(3 * felt) / 3, 0, 3)], axis=1)
    return {"labels": labels[:, None].astype(np.float32), "id": _ids("raw", part)}


def _mmsa_fields(corpus: str, seed: int, part: Utterances) -> dict[str, np.ndarray]:
    """Return what MMSA keeps besides features; `text_bert` is ids, mask, segment."""
    words = part["lengths"][:, MODALITIES_AVL.index("text")]
    mask = np.arange(N_STEPS) < words[:, None]
    tokens = np.where(mask, TOKENS[1], 0)
    tokens[:, 0], tokens[np.arange(len(words)), words - 1] = TOKENS[0], TOKENS[2]
    bert = np.stack([tokens, mask, np.zeros_like(tokens)], axis=1)
    sign, ids = np.sign(part["labels"]).astype(int) + 1, _ids("mmsa", part)
    return {
        "raw_text": np.char.add("words of ", ids),
        "id": ids,
        "text_bert": bert.astype(np.float32),
        "annotations": np.array(["Negative", "Neutral", "Positive"])[sign],
        "classification_labels": sign.astype(np.float32),
        "regression_labels": part["labels"].astype(np.float32),
    }


def _length_fields(part: Utterances) -> dict[str, np.ndarray]:
    """Return the lengths that only the unaligned file holds."""
    return {
        f"{KEYS[name]}_lengths": part["lengths"][:, MODALITIES_AVL.index(name)]
        for name in ("audio", "visual")
    }


def _truth(corpus: str, noted: Mapping, parts: Mapping[str, Utterances]):
    """Return what the truth folder notes, and its arrays; parts follow each other."""
    planted, package = joined(list(parts.values())), noted["package"]
    energy = planted["lengths"].astype(float)
    if not package.startswith("mmsa"):
        energy[ROW_WITHOUT_TEXT, MODALITIES_AVL.index("text")] = 0
    ids = [row for part in parts.values() for row in _ids(package, part)]
    noted = {
        **noted,
        "corpus": corpus,
        "subjects": [video for part in parts.values() for video in part.subjects],
        "trials": [_name(row) for row in ids],
        "parts": [name for name, part in parts.items() for _ in part.subjects],
        "variance": dict.fromkeys(MODALITIES_AVL, 1.0),
    }
    return noted, planted | {"energy": energy}


def _name(row: str | Sequence[str]) -> str:
    """Return the name of a segment as our reader makes it from its id."""
    return str(row) if np.ndim(row) == 0 else f"{row[0]}[{row[1]},{row[2]}]"
