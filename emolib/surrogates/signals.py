"""From a subject's planted traces to signals: what the writers share."""

from __future__ import annotations

import numpy as np

from emolib.surrogates.affect import Subject
from emolib.surrogates.cardiac import beat_times, draw_heart, synthesise_ecg
from emolib.surrogates.cortical import (
    draw_brain,
    head_model,
    source_levels,
    synthesise_eeg,
)
from emolib.surrogates.design import Design, Knobs
from emolib.surrogates.electrodermal import draw_responses, synthesise_conductance
from emolib.surrogates.ocular import blink_traces, draw_blinks
from emolib.surrogates.streams import generator, trial_generators


def _streams(design: Design, knobs: Knobs, stream: str, number: int, rows: slice):
    """Return the generators of some of a subject's trials."""
    every = trial_generators(knobs.seed, design.corpus, stream, number, design.n_trials)
    return every[rows]


def subject_eeg(
    design: Design, knobs: Knobs, number: int, truth: Subject, rows: slice, *,
    ch_names: tuple[str, ...], sfreq: float, n_times: int, blink_share: float,
) -> tuple[np.ndarray, list[np.ndarray]]:  # fmt: skip
    """Return EEG in µV, shape (n_rows, n_chans, n_times), and the blinks' times (s).

    Parameters
    ----------
    number : int
        The subject, from 1.
    rows : slice
        Trials of one length.
    blink_share : float
        How much of each blink is left in the EEG, 0 to 1.
    """
    rngs = _streams(design, knobs, "eeg", number, rows)
    own = generator(knobs.seed, design.corpus, "eeg", number)
    brain = draw_brain(own, len(ch_names), knobs.signature)
    eeg = synthesise_eeg(
        rngs, source_levels(truth.names, truth.theta[rows]), [brain] * len(rngs),
        ch_names=ch_names, sfreq=sfreq, n_times=n_times,
    )  # fmt: skip
    rngs = _streams(design, knobs, "artefacts", number, rows)
    blinks = draw_blinks(rngs, truth.trace("ln_blink_rate")[rows])
    bumps = blink_share * blink_traces(blinks, n_times, sfreq)
    eeg += head_model(tuple(ch_names)).blink[:, None] * bumps[:, None]
    return eeg, [own[0] for own in blinks]


def subject_ecg(
    design: Design, knobs: Knobs, number: int, truth: Subject, rows: slice, *,
    sfreq: float, n_times: int,
) -> tuple[np.ndarray, list[np.ndarray]]:  # fmt: skip
    """Return two leads in mV, (n_rows, 2, n_times), and the R peaks' times (s)."""
    rngs = _streams(design, knobs, "ecg", number, rows)
    own = generator(knobs.seed, design.corpus, "ecg", number)
    heart = draw_heart(own, knobs.signature)
    breath = truth.trace("ln_resp_rate")[rows]
    beats, intervals = beat_times(
        rngs, truth.trace("heart_rate")[rows], truth.trace("ln_rsa")[rows], breath,
        n_times / sfreq,
    )  # fmt: skip
    ecg = synthesise_ecg(
        rngs, beats, intervals, truth.trace("ln_t_wave")[rows], breath,
        [heart] * len(rngs), sfreq=sfreq, n_times=n_times, signature=knobs.signature,
    )  # fmt: skip
    return ecg, [peaks[np.isfinite(peaks)] for peaks in beats]


def subject_gsr(
    design: Design, knobs: Knobs, number: int, truth: Subject, rows: slice, *,
    sfreq: float, n_times: int,
) -> tuple[np.ndarray, list[np.ndarray]]:  # fmt: skip
    """Return skin conductance in µS, (n_rows, n_times), and the drivers' times (s)."""
    rngs = _streams(design, knobs, "gsr", number, rows)
    responses = draw_responses(rngs, truth.trace("ln_scr_rate")[rows])
    level = truth.trace("ln_scl")[rows]
    gsr = synthesise_conductance(level, responses, sfreq=sfreq, n_times=n_times)
    return gsr, [own[0] for own in responses]


def from_onset(events, baseline_s: float, seconds: float) -> list[np.ndarray]:
    """Return event times counted from stimulus onset, those inside the stimulus."""
    moved = [own - baseline_s for own in events]
    return [own[(own >= 0) & (own < seconds)] for own in moved]
