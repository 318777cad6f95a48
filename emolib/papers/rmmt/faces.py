"""From films to features of faces, paper 4, Section 3.1: a backbone that is frozen.

A real backbone comes from a checkpoint. The small one learns eight drawn expressions of
people who are in no corpus. So no label of a trial reaches the features; they are kept
by film, and shared by all that differs in EEG, fold, system or labels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from emolib import code
from emolib.containers import Video
from emolib.models.face import build_backbone
from emolib.preprocessing.faces import cut_face, cut_faces, step_times
from emolib.store import Entry, Key, Outcome, Store
from emolib.surrogates.expressions import EXPRESSIONS, draw_expressions
from emolib.training.checkpoints import load_checkpoint
from emolib.training.devices import device_kind, one_thread
from emolib.training.fit import fit
from emolib.training.predict import predict
from emolib.training.seeding import seeded
from emolib.training.tensors import load_state_arrays, state_arrays
from emolib.units import made_with

SEED = 0
N_PEOPLE, N_HELD_OUT = 200, 40
FIT = dict(
    lr=1e-3, batch_size=32, max_epochs=10, patience=4, optimizer="adam", device="cpu"
)
AT_ONCE = 64


class Frozen(NamedTuple):
    """A backbone with its weights, and how a run uses it."""

    model: nn.Module
    weights: str  # digest of what they are from
    per_step: int  # frames
    device: str


def frozen(data: Mapping) -> Frozen:
    """Return the backbone that the data settings name.

    Raises CorpusError when its checkpoint is none, or one of another network.
    """
    model, path = build_backbone(data["backbone"]), data["checkpoint"]
    if path:
        load_checkpoint(model, path)
        weights, device = code.hash_file(Path(path)), "auto"
    else:
        entry, device = _kept(pretrained, "cpu"), "cpu"
        load_state_arrays(model, entry.state)
        weights = entry.key.digest
    return Frozen(model.eval(), weights, data["frames_per_step"], device)


def features_of(
    film: Video, n_steps: int, sfreq: float, backbone: Frozen
) -> tuple[np.ndarray, np.ndarray]:
    """Return features of a film's faces, (n_steps, d), and where they are a guess.

    They are computed once for one film, number and rate of labels, and backbone.

    Raises CorpusError when the film does not decode, ends early or shows no face.
    """
    about = dict(
        film=code.hash_file(film.path), fps=film.fps, first_s=film.first_frame_s,
        weights=backbone.weights, per_step=backbone.per_step, n_steps=n_steps,
        sfreq=sfreq,
    )  # fmt: skip
    make = partial(film_features, film, n_steps, sfreq, backbone)
    entry = _kept(make, backbone.device, **about)
    return tuple(np.asarray(entry.arrays[name]) for name in ("features", "guessed"))


def _kept(make: Callable[[], Outcome], device: str, **about) -> Entry:
    """Return the entry of what `make` computes from what `about` says, made once."""
    about["function"] = getattr(make, "func", make).__name__
    parts = {**about, **made_with(__name__)}
    key, store = Key("rmmt", "stage", parts, device_kind(device)), Store()
    with one_thread():
        return store.once(key, lambda: store.put(key, make()))


def film_features(film: Video, n_steps: int, sfreq: float, backbone: Frozen) -> Outcome:
    """Return the features of a film's faces at each step, and which are a guess."""
    times = step_times(n_steps, sfreq, backbone.per_step)
    faces, shape = cut_faces(film.frames(times), times), (n_steps, backbone.per_step)
    told = _told(backbone.model, backbone.model.size, faces.pixels, backbone.device)
    features = told.reshape(*shape, -1).mean(axis=1)
    guessed = faces.guessed.reshape(shape).all(axis=1)
    return Outcome(arrays={"features": features, "guessed": guessed})


def _told(model: nn.Module, size: int, faces: np.ndarray, device: str) -> np.ndarray:
    """Return what a network says of faces (n, 48, 48, 3) of uint8."""
    return predict(
        model, lambda m, batch: {"x": m(as_input(batch["faces"], size))},
        {"faces": faces}, device=device, batch_size=AT_ONCE,
    )["x"]  # fmt: skip


def as_input(faces: torch.Tensor, size: int) -> torch.Tensor:
    """Return faces (b, 48, 48, 3) of 0 to 255 as (b, 3, size, size) of -1 to 1.

    A smaller network sees the middle, as in the source.
    """
    edge = (faces.shape[1] - size) // 2
    middle = faces[:, edge : edge + size, edge : edge + size]
    return middle.permute(0, 3, 1, 2).float() / 127.5 - 1


def pretrained() -> Outcome:
    """Train the small backbone on drawn expressions; people held out choose the epoch.

    Their accuracy stands in the notes.
    """
    drawn = draw_expressions(SEED, N_PEOPLE)
    rows = [cut_face(np.repeat(frame[..., None], 3, 2)) for frame in drawn.frames]
    seen = np.array([face is not None for face in rows])
    faces = np.stack([face for face in rows if face is not None])
    label, person = drawn.code[seen], drawn.person[seen]
    out = person >= N_PEOPLE - N_HELD_OUT
    with seeded(SEED):
        backbone = build_backbone("small")
        model = nn.Sequential(backbone, nn.Linear(backbone.d_out, len(EXPRESSIONS)))
    parts = [{"faces": faces[rows], "label": label[rows]} for rows in (~out, out)]
    result = fit(model, _step, parts[0], validation=parts[1], seed=SEED, **FIT)
    told = _told(model, backbone.size, parts[1]["faces"], "cpu").argmax(axis=1)
    accuracy = float(np.mean(told == parts[1]["label"]))
    notes = {"held_out_accuracy": accuracy, "found": float(seen.mean())}
    tables = {"history": result.history}
    return Outcome(state=state_arrays(backbone), tables=tables, notes=notes)


def _step(model, batch, generator) -> dict:
    logits = model(as_input(batch["faces"], 48))
    loss = nn.functional.cross_entropy(logits, batch["label"])
    return {"total": loss}
