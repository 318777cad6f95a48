"""Write surrogates of CMU-MOSEI and CMU-MOSI, each in one of its three packages."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from scipy.special import ndtr

from emolib.checks import check_option, check_range, check_whole
from emolib.containers import MODALITIES_AVL
from emolib.surrogates import sizes, utterances
from emolib.surrogates.design import Knobs
from emolib.surrogates.files import save_pickle, write
from emolib.surrogates.sizes import Plan, sentiment_plan
from emolib.surrogates.traces import generator, trial_generators
from emolib.surrogates.utterances import Utterances

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
N_STEPS, UNALIGNED_STEPS = 50, (500, 375, 50)
TEXT = MODALITIES_AVL.index("text")
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
    own = Package(corpus, package, Knobs(**knobs))
    parts = {
        name: own.plant(k + 1, counts[count])
        for k, (name, count) in enumerate(PARTS.items())
    }

    def fill(aside: Path):
        held = {name: own.fields(part) for name, part in parts.items()}
        save_pickle(aside / FILES[package][corpus], held)
        noted, arrays = utterances.truth_of(
            list(parts.values()), **counts, **knobs, package=package, corpus=corpus,
            parts=[name for name, part in parts.items() for _ in part.subjects],
            variance=dict.fromkeys(MODALITIES_AVL, 1.0),
        )  # fmt: skip
        if not own.is_mmsa:
            arrays["energy"][ROW_WITHOUT_TEXT, TEXT] = 0
        return noted, arrays

    return write(folder, fill)


@dataclass(frozen=True)
class Package:
    """One package of CMU-MOSEI or CMU-MOSI: what is planted and how it is stored."""

    corpus: str
    name: str
    knobs: Knobs

    @property
    def plan(self) -> Plan:
        """What is planted, in features of the package's widths."""
        return sentiment_plan(self.corpus, self.name.split("_")[0])

    @property
    def is_mmsa(self) -> bool:
        """Whether it is one of MMSA's, which pads on the right."""
        return self.name.startswith("mmsa")

    def rng(self, stream: str, number: int) -> np.random.Generator:
        """Return the generator of one stream of a part."""
        return generator(self.knobs.seed, self.corpus, stream, number)

    def plant(self, number: int, n: int) -> Utterances:
        """Draw everything planted in the first n segments of part `number`, from 1.

        Besides labels, readings and lengths: sentiment `s`, and `clips`, the place of
        each segment in its video, from 0.
        """
        chance, *normal = self.rng("latents", number).standard_normal((n, 3)).T
        law = sizes.SENTIMENTS[self.corpus]
        s, labels, u = utterances.sentiment(law, ndtr(chance), np.stack(normal, axis=1))
        video, clips = np.divmod(np.arange(n), PER_VIDEO)
        offsets = self.rng("signatures", number).standard_normal((video.max() + 1, 3))
        offsets = offsets[video].T[..., None]
        low, high = sizes.SENTIMENT_STEPS
        words = self.rng("lengths", number).integers(low, high + 1, n)
        steps = STEPS_PER_WORD if self.name == "mmsa_unaligned" else (1, 1, 1)
        planted = {
            "s": s,
            "labels": labels,
            "readings": utterances.read_out(self.plan, self.knobs, number, u, offsets),
            "lengths": words[:, None] * steps,
            "clips": clips,
        }
        videos = [f"SURROGATE{number}{v + 1:04d}" for v in video]
        return Utterances(number, videos, self._names(videos, clips, words), planted)

    def _names(self, videos: list[str], clips, words) -> list[str]:
        """Return the publisher's ids: a clip of a video, or its start and end in s."""
        if self.name != "senti":
            form = "{}[{}]" if self.name == "raw" else "{}$_${}"
            return list(map(form.format, videos, clips))
        seconds = np.zeros((clips == 0).sum() * PER_VIDEO)
        seconds[: len(words)] = SECONDS_PER_WORD * words
        stop = np.cumsum(seconds.reshape(-1, PER_VIDEO), axis=1).ravel()
        form = "{}[{:.3f},{:.3f}]"
        return list(map(form.format, videos, stop - seconds, stop))

    def fields(self, part: Utterances) -> dict[str, Callable[[], np.ndarray]]:
        """Return what makes each array of a part, by the publisher's name for it."""
        features = {
            KEYS[name]: partial(self._features, part, name)
            for name in ("visual", "audio", "text")
        }
        others = {"senti": _senti_fields, "raw": _raw_fields}
        fields = others.get(self.name, _mmsa_fields)(self, part)
        return features | {k: partial(np.asarray, own) for k, own in fields.items()}

    def _features(self, part: Utterances, name: str) -> np.ndarray:
        """Return one modality, with the gaps that the licensed files have."""
        x, is_train = self.sequences(part, name), part.number == 1
        if is_train and name == "text" and not self.is_mmsa:
            x[ROW_WITHOUT_TEXT] = 0
        if is_train and name == "audio":
            x[ROW_WITH_INF, 0 if self.is_mmsa else -1, 2] = -np.inf
        return x

    def sequences(self, part: Utterances, name: str) -> np.ndarray:
        """Return one modality as stored, (n, n_steps, width), padded with zeros.

        Scaled to the variance of the corpus; audio features have means far from zero.
        """
        k, width = MODALITIES_AVL.index(name), self.plan.carriers[name].width
        n_steps = UNALIGNED_STEPS[k] if self.name == "mmsa_unaligned" else N_STEPS
        out, offset = np.zeros((len(part), n_steps, width), np.float32), np.zeros(width)
        if name == "audio":
            offset[:: sizes.AUDIO_OFFSET_EVERY] = sizes.AUDIO_OFFSET_SDS
        unit = np.float32(np.sqrt(sizes.SENTIMENT_VARIANCE[name]))
        of = self.knobs.seed, self.corpus, name, part.number
        rngs = trial_generators(*of, len(part))
        for start in range(0, len(out), AT_ONCE):
            rows = slice(start, start + AT_ONCE)
            lengths, said = part["lengths"][rows, k], part["readings"][rows, k]
            x = utterances.frames(self.plan, name, said, lengths, rngs[rows])
            x = (x + offset.astype(np.float32)) * unit
            here = np.arange(x.shape[1]) < lengths[:, None]
            there = np.arange(n_steps) < lengths[:, None]
            out[rows][there if self.is_mmsa else there[:, ::-1]] = x[here]
        return out


def _senti_fields(package: Package, part: Utterances) -> dict[str, np.ndarray]:
    """Return labels (n, 1, 1) and ids (n, 3), which CMU-MOSI has as bytes."""
    ids = np.array([re.split(r"[\[,\]]", name)[:3] for name in part.names])
    return {
        "labels": part["labels"][:, None, None].astype(np.float32),
        "id": ids.astype("S") if package.corpus == "mosi" else ids,
    }


def _raw_fields(package: Package, part: Utterances) -> dict[str, np.ndarray]:
    """Return labels (n, 1, 7): sentiment, six emotions; CMU-MOSI's are (n, 1, 1)."""
    labels = part["labels"][:, None]
    if package.corpus == "mosei":
        normal = package.rng("questions", part.number).standard_normal((len(part), 6))
        felt = np.round(3 * (0.5 * SIGNS * labels + 0.5 * normal)) / 3
        labels = np.concatenate([labels, np.clip(felt, 0, 3)], axis=1)
    return {"labels": labels[:, None].astype(np.float32), "id": np.array(part.names)}


def _mmsa_fields(package: Package, part: Utterances) -> dict[str, np.ndarray]:
    """Return what MMSA keeps besides features; `text_bert` is ids, mask, segment.

    Only the unaligned file holds lengths.
    """
    words, ids = part["lengths"][:, TEXT], np.array(part.names)
    mask = np.arange(N_STEPS) < words[:, None]
    tokens = np.where(mask, TOKENS[1], 0)
    tokens[:, 0], tokens[np.arange(len(words)), words - 1] = TOKENS[0], TOKENS[2]
    bert = np.stack([tokens, mask, np.zeros_like(tokens)], axis=1)
    sign = np.sign(part["labels"]).astype(int) + 1
    fields = {
        "raw_text": np.char.add("words of ", ids),
        "id": ids,
        "text_bert": bert.astype(np.float32),
        "annotations": np.array(["Negative", "Neutral", "Positive"])[sign],
        "classification_labels": sign.astype(np.float32),
        "regression_labels": part["labels"].astype(np.float32),
    }
    if package.name == "mmsa_unaligned":
        audio, visual = part["lengths"].T[:TEXT]
        fields |= {"audio_lengths": audio, "vision_lengths": visual}
    return fields
