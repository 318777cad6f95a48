"""Write utterance features in their true layouts; every fact is typed here again."""

import pickle

import h5py
import numpy as np

RNG = np.random.default_rng(0)
IEMOCAP_WIDTHS = {"A/comparE.h5": 130, "V/denseface.h5": 342, "L/bert_large.h5": 1024}


def steps(n, width):
    return RNG.normal(3.0, 1.0, (n, width)).astype(np.float32)


def iemocap_ids(n_each=2):
    """Return ids of ten speakers: who is filmed comes first, who speaks last."""
    return [
        f"Ses0{session}{filmed}_impro01_{voice}{i:03d}"
        for session in (1, 2, 3, 4, 5)
        for filmed, voice in (("F", "F"), ("F", "M"))
        for i in range(n_each)
    ]


def iemocap_features(ids):
    """Return file -> utterance -> array: audio unpadded, face 50 steps, words 22."""
    held = {name: {} for name in IEMOCAP_WIDTHS}
    for i, utterance in enumerate(ids):
        held["A/comparE.h5"][utterance] = steps(10 + i, 130)
        held["V/denseface.h5"][utterance] = padded(50, [40], 342, "right")[0]
        held["L/bert_large.h5"][utterance] = padded(22, [6 + i % 17], 1024, "right")[0]
    return held


def write_iemocap(folder, held=None, *, labels=None, n_folds=10):
    """Write the three HDF5 files, and labels of each fold."""
    ids = iemocap_ids()
    labels = labels or {utterance: i % 4 for i, utterance in enumerate(ids)}
    held = held or iemocap_features(ids)
    for name, arrays in held.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(folder / name, "w") as file:
            file.update(arrays)
    for fold in range(1, n_folds + 1):
        out = f"Ses0{(fold + 1) // 2}"
        tested = "M" if fold % 2 else "F"
        parts = {"trn": [], "val": [], "tst": []}
        for utterance in labels:
            left_out = utterance.startswith(out)
            side = "tst" if utterance[-4] == tested else "val"
            parts[side if left_out else "trn"].append(utterance)
        target = folder / "target" / str(fold)
        target.mkdir(parents=True)
        for part, members in parts.items():
            one_hot = np.eye(4)[[labels[utterance] for utterance in members]]
            np.save(target / f"{part}_label.npy", one_hot)
            names = np.array([[u.encode()] for u in members])
            np.save(target / f"{part}_int2name.npy", names)
    return folder


N = {"train": 5, "valid": 3, "test": 4}
LENGTHS = {split: [50 if i == 0 else 7 + i for i in range(n)] for split, n in N.items()}


def padded(n_steps, lengths, width, side="left"):
    """Return sequences of these lengths, padded with zeros on one side."""
    x = np.zeros((len(lengths), n_steps, width), np.float32)
    for row, length in zip(x, lengths, strict=True):
        real = row[n_steps - length :] if side == "left" else row[:length]
        real[:] = steps(length, width)
    return x


def three(widths, split, side="left"):
    names = ("text", "audio", "vision")
    padded_to = (padded(50, LENGTHS[split], width, side) for width in widths)
    return dict(zip(names, padded_to, strict=True))


def senti(widths=(300, 74, 35), as_bytes=False):
    """Return mosei_senti_data.pkl: labels (N, 1, 1), id (N, 3), padded on the left."""
    held = {}
    for split, n in N.items():
        ids = np.array([[f"{split}-{i // 2}", str(2.0 * i), "9.5"] for i in range(n)])
        held[split] = {
            **three(widths, split),
            "labels": np.linspace(-3, 3, n).reshape(n, 1, 1).astype(np.float32),
            "id": ids.astype("S") if as_bytes else ids,
        }
    return held


def raw(n_labels=7, widths=(300, 74, 713)):
    """Return mosei_raw.pkl: labels (N, 1, 7) whose first is sentiment, id as text."""
    held = {}
    for split, n in N.items():
        labels = np.full((n, 1, n_labels), 0.5)
        labels[:, 0, 0] = np.linspace(-3, 3, n)
        ids = [f"{split}-{i // 2}[{i}]" for i in range(n)]
        held[split] = {**three(widths, split), "labels": labels, "id": ids}
    return held


def mmsa(aligned=True, narrow=False):
    """Return MMSA's pickle: regression_labels (N,), lengths where not aligned."""
    held = {}
    for split, n in N.items():
        widths = text, audio, vision = (768, 5, 20) if narrow else (768, 74, 35)
        held[split] = {
            **three(widths, split, side="right"),
            "raw_text": np.array([f"words {i}" for i in range(n)]),
            "id": np.array([f"{split}-{i // 2}$_${i}" for i in range(n)]),
            "regression_labels": np.linspace(-3, 3, n),
        }
        if not aligned:
            lengths = [9 * length for length in LENGTHS[split]]
            held[split]["audio"] = padded(500, lengths, audio, "right")
            held[split]["vision"] = padded(500, lengths, vision, "right")
            held[split]["audio_lengths"] = lengths
            held[split]["vision_lengths"] = np.array(lengths)
    return held


def write_pickle(path, held, protocol=4):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(held, protocol=protocol))
    return path


def mosi_vectors():
    """Return the arrays of mosi_utterance_features.npz, five and four rows."""
    held = {}
    for part, n in (("train", 5), ("test", 4)):
        for name, width in (("text", 100), ("audio", 73), ("video", 100)):
            held[f"{name}_{part}"] = steps(n, width)
        held[f"label_{part}"] = (np.arange(n) % 2).astype(np.int8)
        held[f"row_{part}"] = np.arange(n, dtype=np.int16)
        videos = [f"{part}{i // 2}" for i in range(n)]
        held[f"video_id_{part}"] = np.array(videos)
        held[f"utt_id_{part}"] = np.array([f"{v}_{i}" for i, v in enumerate(videos)])
    return held


def write_mosi_vectors(folder, held=None, **changes):
    path = folder / "mosi_utterance_features.npz"
    np.savez(path, **{**(held or mosi_vectors()), **changes})
    return path
