"""How well an ideal observer can do: the ceilings of a surrogate.

Cues and ratings are jointly Gaussian but for the scale's grid, so the likelihood-ratio
observer is linear in the cues. Its moments are estimated on fresh simulated subjects,
never on the corpus it is asked about. Responsiveness differs between people and is
averaged over, so the linear observer is a slight lower bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import ndtr
from scipy.stats import rankdata

from emolib.checks import check_option
from emolib.surrogates import sizes
from emolib.surrogates.affect import SYSTEMS
from emolib.surrogates.amigos import amigos_design
from emolib.surrogates.cues import (
    CUE_MODALITIES,
    CUES,
    CueSet,
    Layout,
    bias_part,
    cue_index,
    latent_means,
    read_cues,
    simulate_cues,
)
from emolib.surrogates.design import Design, Knobs, Scale
from emolib.surrogates.dreamer import dreamer_design
from emolib.surrogates.streams import generator
from emolib.surrogates.traces import one_pole
from emolib.surrogates.truth import Truth, read_truth

OBSERVERS = ("cold", "normalised", "labelled", "latent")
LEVELS = ("window", "trial")
DESIGNS = {"dreamer": dreamer_design, "amigos": amigos_design}
N_OBSERVED, OBSERVER_SEED = 300, 7_000_003
"""Fresh subjects that the observers' moments are estimated on, and their seed's step
away from the corpus's."""


def ceiling_predictions(
    truth_folder: str | Path, meta, *, target: str, threshold: float,
    modalities: Sequence[str] = ("eeg", "ecg"), observer: str = "normalised",
    level: str = "window", n_subjects: int = N_OBSERVED,
):  # fmt: skip
    """Return what an ideal observer says about a surrogate's windows.

    Parameters
    ----------
    truth_folder : path
        The folder `<corpus>.truth` that the writer left beside the corpus.
    meta : DataFrame
        One row per window: subject, trial, start_s, stop_s.
    target : {'valence', 'arousal', 'dominance'}
    threshold : float
        A rating above it is high.
    modalities : sequence of {'eeg', 'ecg', 'gsr'}
        Cues of the others are deleted, which is the ideal treatment of what is missing.
    observer : {'normalised', 'cold', 'labelled', 'latent'}
        'cold' knows one window; 'normalised' also the subject's unlabelled windows;
        'labelled' also the subject's rating bias; 'latent' the affect itself.
    level : {'window', 'trial'}
        One prediction per window, or per trial from mean cues.
    n_subjects : int
        Fresh subjects that the observer's moments are estimated on.

    Returns
    -------
    predictions : DataFrame
        The identifying columns of `meta`, y_true, y_pred, y_score_1.
    """
    _check(target, modalities, observer, level)
    truth = read_truth(Path(truth_folder))
    design = _design(truth)
    knobs = Knobs(**{k: truth.parameters[k] for k in Knobs.__dataclass_fields__})
    rows = _ids(meta, truth)
    out = []
    for block in np.unique([design.blocks[k] for k in rows["_trial"].unique()]):
        own = rows[[design.blocks[k] == block for k in rows["_trial"]]]
        layout = Layout(
            tuple(sorted(own["_trial"].unique().tolist())),
            tuple(sorted(set(zip(own["start_s"], own["stop_s"], strict=True)))),
        )
        seen = _seen(truth, design, knobs, layout)
        fresh = simulate_cues(design, _elsewhere(knobs), layout, n_subjects)
        kind = _Question(target, tuple(modalities), observer, level)
        score = _scores(kind, design, threshold, fresh, seen)
        out.append(_frame(own, layout, score, seen, kind, threshold))
    return _joined(out)


def ceiling_auc(
    corpus: str, target: str, *, observer: str = "normalised",
    modalities: Sequence[str] = ("eeg", "ecg"), level: str = "window",
    effect: float = 1.0, signature: float = 1.0, nuisance: float = 1.0,
    window_s: float = 10.0, n_subjects: int = 400, seed: int = 0,
) -> float:  # fmt: skip
    """Return the model's ceiling: an observer's AUC over many simulated subjects.

    Parameters
    ----------
    corpus : {'dreamer', 'amigos'}
        At its default length, its usual threshold, and all its (short) stimuli.
    target, observer, modalities, level
        As in `ceiling_predictions`.
    effect, signature, nuisance : float
    window_s : float
        Windows tile the last 60 s.
    n_subjects : int
        As many subjects estimate the observer, and as many others are tested.

    Returns
    -------
    auc : float
        Over all windows (or trials) together; 0.5 is chance.
    """
    check_option("corpus", corpus, tuple(DESIGNS), "Only these have a ceiling.")
    _check(target, modalities, observer, level)
    design = DESIGNS[corpus]()
    n_short = design.blocks.count(0)
    stop = design.seconds[0]
    starts = np.arange(stop - 60, stop - window_s + 1e-9, window_s)
    layout = Layout(
        tuple(range(n_short)), tuple((float(s), float(s + window_s)) for s in starts)
    )
    knobs = Knobs(effect, signature, nuisance, seed)
    seen = simulate_cues(design, knobs, layout, n_subjects)
    fresh = simulate_cues(design, _elsewhere(knobs), layout, n_subjects)
    scale = dict(design.scales)[target]
    kind = _Question(target, tuple(modalities), observer, level)
    score = _scores(kind, design, scale.threshold, fresh, seen)
    high = seen.ratings[..., sizes.AFFECT.index(target)] > scale.threshold
    return auc(np.broadcast_to(high[..., None], score.shape), score)


def auc(y_true: np.ndarray, y_score: np.ndarray) -> float:
    """Return the area under the ROC curve; NaN when a class is empty."""
    high = np.asarray(y_true, bool).ravel()
    ranks = rankdata(np.asarray(y_score).ravel())
    n_high, n_low = high.sum(), (~high).sum()
    if not n_high or not n_low:
        return float("nan")
    wins = ranks[high].sum() - n_high * (n_high + 1) / 2
    return float(wins / (n_high * n_low))


def _check(target, modalities, observer, level) -> None:
    check_option("target", target, sizes.AFFECT, "Other ratings have no ceiling yet.")
    check_option("observer", observer, OBSERVERS)
    check_option("level", level, LEVELS)
    for modality in modalities:
        check_option("modality", modality, CUE_MODALITIES)
    if not modalities:
        raise ValueError("modalities must name at least one; got none.")


@dataclass(frozen=True)
class _Question:
    target: str
    modalities: tuple[str, ...]
    observer: str
    level: str


def _elsewhere(knobs: Knobs) -> Knobs:
    """Return the same knobs at the observers' own seed."""
    return Knobs(
        knobs.effect, knobs.signature, knobs.nuisance, knobs.seed + OBSERVER_SEED
    )


def _design(truth: Truth) -> Design:
    noted = truth.parameters
    check_option("corpus", noted["corpus"], tuple(DESIGNS))
    return DESIGNS[noted["corpus"]](
        n_trials=noted["n_trials"], seconds=noted["seconds"]
    )


def _ids(meta, truth: Truth):
    """Return meta with the rows of subject and trial in the truth."""
    rows = meta[[c for c in _ID_COLUMNS if c in meta.columns]].copy()
    if "window" not in rows:
        rows.insert(0, "window", np.arange(len(rows)))
    for column, name in (("subject", "subjects"), ("trial", "trials")):
        known = {value: i for i, value in enumerate(truth.parameters[name])}
        unknown = sorted(set(rows[column].astype(str)) - set(known))
        if unknown:
            raise ValueError(
                f"meta must name the surrogate's own {name}; got {unknown[:3]}. "
                f"{truth.folder} knows {list(known)[:3]} …"
            )
        rows[f"_{column}"] = rows[column].astype(str).map(known)
    return rows


_ID_COLUMNS = ("window", "subject", "session", "trial", "start_s", "stop_s")


def _seen(truth: Truth, design: Design, knobs: Knobs, layout: Layout) -> CueSet:
    """Return the cues of the corpus itself, from its truth folder."""
    trials = list(layout.trials)
    names, seconds = truth.parameters["parameters"], design.seconds[trials[0]]
    thetas, zs = truth["theta"], truth["z"]
    gains, biases = truth["gains"], truth["bias"]
    parts = []
    for i in range(len(thetas)):
        z = np.asarray(zs[i, trials], float)
        theta = _cue_traces(
            np.asarray(thetas[i, trials], float), names, z, gains[i], knobs
        )
        rngs = [
            generator(knobs.seed, design.corpus, "observer", i + 1, k + 1)
            for k in trials
        ]
        parts.append(
            (
                read_cues(theta, layout, seconds, rngs),
                latent_means(z, layout, seconds),
                bias_part(design, biases[i])[trials],
                truth["ratings"][i, trials],
            )
        )
    cues, latents, bias, ratings = (np.stack(own) for own in zip(*parts, strict=True))
    return CueSet(cues, latents, np.full_like(bias, np.nan), bias, ratings)


def _cue_traces(theta, names, z, gain, knobs: Knobs) -> np.ndarray:
    """Return the traces of `CUES`; breathing in the ECG answers less to arousal."""
    out = np.empty((len(theta), len(CUES), theta.shape[-1]))
    for column, cue in enumerate(CUES):
        if cue.name in names:
            out[:, column] = theta[:, names.index(cue.name)]
            continue
        full = theta[:, names.index("ln_resp_rate")]
        lagged = one_pole(z[:, 1][..., None], cue.lag_s)[..., 0]
        missing = sizes.RESP_RATE_IN_ECG["arousal"] - _RESP_AROUSAL
        factor = knobs.effect * gain[SYSTEMS.index(cue.system)]
        out[:, column] = full + factor * missing * lagged
    return out


_RESP_AROUSAL = next(p.arousal for p in sizes.PARAMETERS if p.name == "ln_resp_rate")


def _scores(
    kind: _Question, design: Design, threshold: float, fresh: CueSet, seen: CueSet
) -> np.ndarray:
    """Return P(high) for the seen windows, shape (n_subjects, n_trials, n_windows).

    At trial level the last axis has length 1.
    """
    j = sizes.AFFECT.index(kind.target)
    x, x_seen = (_treated(part, kind) for part in (fresh, seen))
    y = fresh.liking[..., j]
    known = np.zeros_like(seen.bias_part[..., j])
    if kind.observer == "labelled":
        y, known = y - fresh.bias_part[..., j], seen.bias_part[..., j]
    edge = effective_threshold(threshold, dict(design.scales)[kind.target])
    out = np.empty(x_seen.shape[:3])
    for window in range(x.shape[2]):
        flat = x[:, :, window].reshape(-1, x.shape[-1])
        centre = flat.mean(axis=0)
        cov = np.cov(flat - centre, rowvar=False, bias=True).reshape(len(centre), -1)
        c = (flat - centre).T @ (y.ravel() - y.mean()) / len(flat)
        weights = np.linalg.solve(cov + 1e-9 * np.diag(np.diag(cov) + 1e-12), c)
        left = max(y.var() - c @ weights, 1e-6)
        expected = y.mean() + known + (x_seen[:, :, window] - centre) @ weights
        out[:, :, window] = ndtr((expected - edge) / np.sqrt(left))
    return out


def _treated(part: CueSet, kind: _Question) -> np.ndarray:
    """Return what the observer sees, (n_subjects, n_trials, n_windows or 1, n)."""
    if kind.observer == "latent":
        x = part.latents
    else:
        x = part.cues[..., cue_index(kind.modalities)]
        if kind.observer != "cold":
            x = x - x.mean(axis=(1, 2), keepdims=True)
    return x.mean(axis=2, keepdims=True) if kind.level == "trial" else x


def effective_threshold(threshold: float, scale: Scale) -> float:
    """Return where, on the ungridded scale, ratings begin to be high."""
    if not scale.grid:
        return threshold
    return (np.floor(threshold / scale.grid + 1e-9) + 0.5) * scale.grid


def _frame(rows, layout: Layout, score, seen: CueSet, kind: _Question, threshold):
    """Return the observer's predictions for the rows of meta."""
    trials = rows["_trial"].map({k: i for i, k in enumerate(layout.trials)}).to_numpy()
    subjects = rows["_subject"].to_numpy()
    windows = np.zeros(len(rows), int)
    if kind.level == "window":
        place = {edges: i for i, edges in enumerate(layout.windows)}
        edges = zip(rows["start_s"], rows["stop_s"], strict=True)
        windows = np.array([place[own] for own in edges])
    rating = seen.ratings[subjects, trials, sizes.AFFECT.index(kind.target)]
    p = score[subjects, trials, windows]
    out = rows.drop(columns=["_subject", "_trial"])
    out = out.assign(
        y_true=(rating > threshold).astype(int), y_pred=(p > 0.5).astype(int)
    )
    out["y_score_1"] = p
    if kind.level == "trial":
        edges = {"start_s": "min", "stop_s": "max"}
        first = {c: edges.get(c, "first") for c in out.columns}
        keys = [rows["_subject"].to_numpy(), rows["_trial"].to_numpy()]
        out = out.groupby(keys, sort=False).agg(first)
    return out


def _joined(parts):
    import pandas as pd

    return pd.concat(parts).sort_values("window", kind="stable").reset_index(drop=True)
