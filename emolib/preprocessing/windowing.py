"""Cut recordings into equal windows, and list every trial that gave none.

disk -> reader -> `Recording` -> **`cut_windows`** -> `Windows`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from emolib.checks import check_whole
from emolib.containers import Recording, Windows
from emolib.preprocessing.usable import (
    ID_COLUMNS,
    check_unique,
    ids_of,
    reason_against,
    removed_table,
)


def cut_windows(
    recordings: Iterable[Recording],
    *,
    window_s: float,
    target: str | Sequence[str] | None,
    modalities: Sequence[str] = ("eeg", "ecg"),
    step_s: float | None = None,
    last_s: float | None = None,
):
    """Return the windows of all usable trials, and the table of trials left out.

    Paper 2, Section 2.1. The stream is read once and a recording is let go as soon as
    it is cut. A trial is left out, with its reason, when its reader found a problem
    with one of `modalities` or with `target`, a modality is absent, a channel is
    constant or holds missing values, a rating of `target` is missing, or it is shorter
    than one window.

    Parameters
    ----------
    recordings : iterable of Recording
        In any order.
    window_s : float
        Length of a window in seconds; 10 in paper 2.
    target : str, sequence of str or None
        Ratings that must be there; the first becomes `y`. None where there are no
        ratings (`y` is then NaN).
    modalities : sequence of str
        Each keeps its own rate; ``window_s * sfreq`` must be whole for each.
    step_s : float or None
        Seconds from one start to the next; None: `window_s`, so no overlap.
    last_s : float or None
        Cut the last so many seconds of each trial only; a shorter trial is cut whole.

    Returns
    -------
    windows : Windows
        Sorted by subject, session, trial and start. `x` is in single precision; `y`
        holds raw ratings.
    removed : DataFrame
        Columns subject, session, trial, reason; one row per trial left out.
    """
    step_s = window_s if step_s is None else step_s
    if window_s <= 0 or step_s <= 0:
        raise ValueError(
            f"window_s and step_s must be above 0; got {window_s} and {step_s}."
        )
    targets = (target,) if isinstance(target, str) else tuple(target or ())
    seen: dict[str, tuple] = {}
    kept, removed = [], []
    for recording in recordings:
        bad = partial(_bad_channels, recording.signals, modalities)
        reason = reason_against(recording, modalities, targets, bad)
        if not reason:
            _check_same_layout(recording, modalities, seen)
            pieces, starts = _cut(recording, modalities, window_s, step_s, last_s)
            if len(starts):
                pieces = {m: piece.astype(np.float32) for m, piece in pieces.items()}
                kept.append(
                    (ids_of(recording), _rows(recording, starts, window_s), pieces)
                )
                continue
            reason = _too_short(recording, modalities, window_s)
        removed.append((*ids_of(recording), reason))
    table = removed_table(removed, len(kept), "trial")
    return _join(kept, modalities, next(iter(targets), None), seen), table


def _bad_channels(signals, modalities) -> list[str]:
    """List what is absent, the channels with missing values, those that never move."""
    reasons = []
    for name in modalities:
        data = np.asarray(signals[name].data) if name in signals else None
        if data is None or not data.shape[1]:
            reasons.append(f"{name}: {'absent' if data is None else 'empty'}")
            continue
        names = np.array(signals[name].ch_names)
        missing = ~np.isfinite(data).all(axis=1)
        constant = ~missing & (data == data[:, :1]).all(axis=1)
        reasons += [
            f"{name}: {what} in {', '.join(names[channels])}"
            for what, channels in (("missing values", missing), ("no change", constant))
            if channels.any()
        ]
    return reasons


def _check_same_layout(recording, modalities, seen: dict) -> None:
    """Raise when rate or channels differ from the first recording's."""
    for name in modalities:
        signal = recording.signals[name]
        layout = (float(signal.sfreq), tuple(signal.ch_names))
        first = seen.setdefault(name, layout)
        if layout != first:
            raise ValueError(
                f"{name} must have one rate and one list of channels; got {layout} in "
                f"{recording.name} after {first}. Resample or pick channels first."
            )


def _n_times(seconds: float, what: str, name: str, sfreq: float) -> int:
    return check_whole(
        f"{what} × sfreq of {name} ({seconds:g} s × {sfreq:g} Hz)",
        seconds * sfreq,
        "time points",
    )


def _cut(recording, modalities, window_s, step_s, last_s):
    """Return pieces (n_windows, n_chans, n_times) by modality, and starts in s."""
    signals = {name: recording.signals[name] for name in modalities}
    offset_s = _offset_s(signals.values(), last_s)
    views = {}
    for name, signal in signals.items():
        length = _n_times(window_s, "window_s", name, signal.sfreq)
        step = _n_times(step_s, "step_s", name, signal.sfreq)
        data = np.asarray(signal.data)[:, round(offset_s * signal.sfreq) :]
        if data.shape[1] < length:
            return {}, np.empty(0)
        view = np.lib.stride_tricks.sliding_window_view(data, length, axis=1)
        views[name] = view[:, ::step].swapaxes(0, 1)
    n_windows = min(len(view) for view in views.values())
    starts = offset_s + step_s * np.arange(n_windows)
    return {name: view[:n_windows] for name, view in views.items()}, starts


def _offset_s(signals, last_s: float | None) -> float:
    """Return where cutting starts: a time point of the slowest signal."""
    if last_s is None:
        return 0.0
    slowest = min(signal.sfreq for signal in signals)
    duration = min(signal.duration_s for signal in signals)
    return max(0.0, np.floor((duration - last_s) * slowest + 1e-6) / slowest)


def _too_short(recording, modalities, window_s) -> str:
    name = min(modalities, key=lambda m: recording.signals[m].duration_s)
    duration = recording.signals[name].duration_s
    return f"{name}: {duration:.2f} s, shorter than one window of {window_s:g} s"


def _join(kept, modalities, target, seen) -> Windows:
    """Join the pieces in the order of their ids; each is let go once copied."""
    kept.sort(key=lambda item: item[0])
    meta = pd.concat([rows for _, rows, _ in kept], ignore_index=True)
    check_unique(meta)
    x = {name: _stack([pieces for _, _, pieces in kept], name) for name in modalities}
    y = np.full(len(meta), np.nan) if target is None else meta[target].to_numpy(float)
    return Windows(
        x=x,
        y=y,
        meta=meta,
        present=np.ones((len(meta), len(modalities)), bool),
        sfreq={name: seen[name][0] for name in modalities},
        ch_names={name: seen[name][1] for name in modalities},
    )


def _rows(recording, starts, window_s):
    """Return the meta rows of one trial."""
    rows = dict(zip(ID_COLUMNS, ids_of(recording), strict=True))
    rows |= {"start_s": starts, "stop_s": starts + window_s}
    return pd.DataFrame(rows | {k: float(v) for k, v in recording.ratings.items()})


def _stack(pieces: list[dict], name: str) -> np.ndarray:
    """Copy one modality of all trials into one array, freeing each piece."""
    n_windows = sum(len(piece[name]) for piece in pieces)
    first = pieces[0][name]
    stacked = np.empty((n_windows, *first.shape[1:]), first.dtype)
    row = 0
    for piece in pieces:
        part = piece.pop(name)
        stacked[row : row + len(part)] = part
        row += len(part)
    return stacked
