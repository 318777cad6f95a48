"""From films to features of faces, paper 4, Section 3.1: a backbone that is frozen.

A real backbone comes from a checkpoint. The small one learns eight drawn expressions of
people who are in no corpus. So no label of a trial reaches the features; they are kept
by film, and shared by all that differs in EEG, fold, system or labels.
"""

from __future__ import annotations

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
from emolib.training.fit import fit
from emolib.training.predict import predict
from emolib.training.seeding import seeded
from emolib.training.tensors import load_state_arrays, state_arrays
from emolib.units import made_with

SEED = 0
N_PEOPLE, N_HELD_OUT = 200, 40
FIT = dict(lr=1e-3, batch_size=32, max_epochs=10, patience=4)
AT_ONCE = 64


def kept(function, **settings) -> Entry:
    """Return the entry of ``function(**settings)``, computed once for all.

    Parameters
    ----------
    function : callable
        At the top of this module; returns an Outcome.
    **settings
        Plain values, or what `_plain` makes plain.
    """
    made = made_with(function.__module__)
    plain = {name: _plain(value) for name, value in settings.items()}
    key = Key("rmmt", "stage", {"function": function.__name__, **plain, **made}, "cpu")
    store = Store()
    return store.once(key, lambda: store.put(key, function(**settings)))


def _plain(value):
    """Return what stands for a setting in a key: the content of a film or an entry."""
    if isinstance(value, Video):
        about = [value.fps, value.first_frame_s]
        return [code.hash_file(value.path), *about]
    return value.key.digest if isinstance(value, Entry) else value


def features_of(film: Video, n_steps: int, data: dict) -> tuple[np.ndarray, np.ndarray]:
    """Return a film's features, (n_steps, d), and at which steps they are a guess.

    Parameters
    ----------
    film : Video
    n_steps : int
        Labels of the trial, 4 a second.
    data : dict
        Its backbone, checkpoint and frames_per_step.
    """
    name, path = data["backbone"], data["checkpoint"]
    weights = kept(pretrained) if not path else code.hash_file(path)
    entry = kept(
        film_features, film=film, n_steps=n_steps, backbone=name, checkpoint=path,
        per_step=data["frames_per_step"], weights=weights,
    )  # fmt: skip
    return np.asarray(entry.arrays["features"]), np.asarray(entry.arrays["missing"])


def film_features(
    film: Video, n_steps: int, backbone: str, checkpoint: str, per_step: int, weights
) -> Outcome:
    """Return the features of a film's faces at each step, and which are a guess."""
    times = step_times(n_steps, 4.0, per_step)
    faces = cut_faces(film.frames(times), times)
    model = build_backbone(backbone)
    if checkpoint:
        load_checkpoint(model, checkpoint)
    else:
        load_state_arrays(model, weights.state)
    told = predict(
        model,
        lambda m, b: {"x": m(as_input(b["faces"], m.size))},
        {"faces": faces.pixels},
        device="cpu",
        batch_size=AT_ONCE,
    )["x"]
    features = told.reshape(n_steps, per_step, -1).mean(axis=1)
    missing = faces.missing.reshape(n_steps, per_step).all(axis=1)
    return Outcome(arrays={"features": features, "missing": missing})


def as_input(faces: torch.Tensor, size: int) -> torch.Tensor:
    """Return faces (b, 48, 48, 3) of 0 to 255 as (b, 3, size, size) of -1 to 1.

    A smaller network sees the middle, as in the source.
    """
    edge = (faces.shape[1] - size) // 2
    middle = faces[:, edge : edge + size, edge : edge + size]
    return middle.permute(0, 3, 1, 2).float() / 127.5 - 1


def pretrained() -> Outcome:
    """Train the small backbone on drawn expressions; people held out choose the epoch.

    Their accuracy stands in the table "held_out".
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
    result = fit(
        model,
        _step,
        parts[0],
        validation=parts[1],
        seed=SEED,
        device="cpu",
        optimizer="adam",
        **FIT,
    )
    told = predict(
        model, lambda m, b: {"x": m(as_input(b["faces"], 48))}, parts[1], device="cpu"
    )["x"].argmax(axis=1)
    accuracy = float(np.mean(told == parts[1]["label"]))
    return Outcome(
        state=state_arrays(backbone),
        tables={"history": result.history},
        notes={"held_out_accuracy": accuracy, "found": float(seen.mean())},
    )


def _step(model, batch, generator) -> dict:
    logits = model(as_input(batch["faces"], 48))
    loss = nn.functional.cross_entropy(logits, batch["label"])
    return {"total": loss}
