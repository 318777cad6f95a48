"""The truth folder: what was planted, for the ceiling and for nobody else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emolib.checks import damaged
from emolib.surrogates.affect import Subject
from emolib.surrogates.design import Design
from emolib.surrogates.matfile import written_aside
from emolib.surrogates.traces import TRACE_SFREQ


def truth_folder(folder: Path) -> Path:
    """Return the folder beside a surrogate that holds its truth."""
    return folder.with_name(folder.name + ".truth")


def write_truth(
    folder: Path, parameters: dict, design: Design, subject_ids: Sequence[str],
    trial_ids: Sequence[str], subjects: Sequence[Subject],
    events: dict[str, Sequence[Sequence[np.ndarray]]],
) -> Path:  # fmt: skip
    """Write everything planted beside the surrogate, as .npy and .json.

    Parameters
    ----------
    parameters : dict
        The writer's knobs.
    events : mapping of name to one list per subject of one array per trial
        Times in seconds after onset: beats, blinks, skin responses. They are padded
        with NaN.
    """
    stop = design.n_before + round(max(design.seconds) * TRACE_SFREQ) + 1
    later = slice(design.n_before, stop)
    arrays = {
        "z": np.stack([s.z[..., later] for s in subjects]).astype(np.float32),
        "theta": np.stack([s.theta[..., later] for s in subjects]).astype(np.float32),
        "subject_signature": np.stack([s.subject_signature for s in subjects]),
        "trial_signature": np.stack([s.trial_signature for s in subjects]),
        "vigilance": np.stack([s.vigilance[:, later] for s in subjects]),
        "movement": np.stack([s.movement[:, later] for s in subjects]),
        "gains": np.stack([s.gains for s in subjects]),
        "bias": np.stack([s.bias for s in subjects]),
        "width": np.stack([s.width for s in subjects]),
        "zeta": np.stack([s.zeta for s in subjects]),
        "ratings": np.stack([s.ratings for s in subjects]),
        **{name: pad(own) for name, own in events.items()},
    }
    noted = {
        **parameters,
        "corpus": design.corpus,
        "subjects": list(subject_ids),
        "trials": list(trial_ids),
        "trial_seconds": list(design.seconds),
        "parameters": list(subjects[0].names),
        "trace_sfreq": TRACE_SFREQ,
    }
    return save_truth(folder, noted, arrays)


def save_truth(folder: Path, noted: dict, arrays: dict[str, np.ndarray]) -> Path:
    """Write a truth folder beside `folder`: parameters as .json, arrays as .npy."""
    target = truth_folder(folder)
    with written_aside(target) as aside:
        for name, array in arrays.items():
            np.save(aside / f"{name}.npy", array)
        text = json.dumps(noted, indent=1, sort_keys=True)
        (aside / "parameters.json").write_text(text + "\n", encoding="utf-8")
    return target


def pad(events: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
    """Return ragged event times as one array (n_subjects, n_trials, n), NaN-padded."""
    longest = max((len(own) for trials in events for own in trials), default=0)
    out = np.full((len(events), len(events[0]), longest), np.nan)
    for i, trials in enumerate(events):
        for j, own in enumerate(trials):
            out[i, j, : len(own)] = own
    return out


@dataclass(frozen=True)
class Truth:
    """A truth folder as read back; arrays are mapped, not loaded."""

    folder: Path
    parameters: dict

    def __getitem__(self, name: str) -> np.ndarray:
        return np.load(self.folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)


def read_truth(folder: Path) -> Truth:
    """Return the truth in `folder`, which a surrogate's writer made."""
    folder = Path(folder)
    try:
        text = (folder / "parameters.json").read_text(encoding="utf-8")
        return Truth(folder, json.loads(text))
    except (OSError, ValueError) as error:
        raise damaged(
            folder, "the truth of a surrogate (parameters.json)", str(error),
            "A ceiling exists for surrogates only; write the surrogate again.",
        ) from None  # fmt: skip
