"""Take eyes, heart and muscle out of EEG by independent component analysis (MNE).

Paper 1, Section 2.2 (after Luck 2014): notch, band-pass, ICA, resampling. The analysis
is fitted per subject on all trials joined and high-passed at 1 Hz; components are
chosen by rule and logged, so that nobody's eye decides.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emolib.checks import check_range

HIGHPASS_HZ, FIT_SFREQ, MAX_ITER = 1.0, 128.0, 300
EYE_CHANNELS = ("Fp1", "Fp2")
"""Where blinks are largest, when no EOG was recorded."""
EYE_CORRELATION = 0.4
"""Not stated: a component that follows an eye channel so closely is an eye's."""
MONTAGES = ("colin27_1005", "standard_1005")
"""Names of one template, in newer and older MNE."""


@dataclass(frozen=True)
class Cleaning:
    """An analysis and what it takes out.

    Parameters
    ----------
    ica : mne.preprocessing.ICA
    removed : dict of str to list of int
        ``"eye"``, ``"heart"``, ``"muscle"`` -> components.
    scores : dict of str to ndarray, shape (n_components,)
        By which they were chosen.
    converged : bool
        Whether FastICA came to rest; sources that are nearly Gaussian keep turning.
    """

    ica: object
    removed: dict[str, list[int]]
    scores: dict[str, np.ndarray]
    converged: bool = True

    @property
    def log(self) -> str:
        """What was taken out, and whether the analysis came to rest, in a sentence."""
        told = [
            f"{why} {', '.join(map(str, own))}"
            for why, own in self.removed.items()
            if own
        ]
        rest = "" if self.converged else "; FastICA did not come to rest"
        return f"components taken out: {'; '.join(told) or 'none'}{rest}"

    def apply(self, eeg: np.ndarray, ch_names: Sequence[str], sfreq: float):
        """Return EEG in µV, (n_chans, n_times), without what was chosen."""
        chosen = sorted({i for own in self.removed.values() for i in own})
        raw = _raw(eeg, ch_names, sfreq)
        return self.ica.apply(raw, exclude=chosen, verbose="error").get_data() * 1e6


def fit_cleaning(
    eeg: np.ndarray, ch_names: Sequence[str], sfreq: float, *,
    eog: np.ndarray | None = None, ecg: np.ndarray | None = None,
    n_components: int = 20, seed: int = 0,
) -> Cleaning:  # fmt: skip
    """Find what eyes, heart and muscles put into one person's EEG.

    Parameters
    ----------
    eeg : ndarray, shape (n_chans, n_times)
        In µV: all trials of the person, joined.
    ch_names : sequence of str
        Of the 10-05 system.
    sfreq : float
        In Hz.
    eog : ndarray, shape (n_eog, n_times)
        Recorded beside it; without it `EYE_CHANNELS` stand in.
    ecg : ndarray, shape (n_times,)
        Recorded beside it; without it no heart is looked for.
    n_components : int
        Not stated; 20.
    seed : int
        Of FastICA.

    Returns
    -------
    cleaning : Cleaning
    """
    import mne

    check_range("n_components", n_components, 1, len(ch_names))
    raw = _raw(eeg, ch_names, sfreq, eog=eog, ecg=ecg)
    raw.filter(HIGHPASS_HZ, None, picks="all", verbose="error")
    if sfreq > 2 * FIT_SFREQ:
        raw.resample(2 * FIT_SFREQ, verbose="error")
    ica = mne.preprocessing.ICA(
        n_components=n_components, method="fastica", random_state=seed,
        max_iter=MAX_ITER, fit_params={"tol": 1e-3}, verbose="error",
    )  # fmt: skip
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        ica.fit(raw, picks="eeg", verbose="error")
    converged = not any("did not converge" in str(w.message) for w in said)
    at = [name for name in EYE_CHANNELS if name in ch_names] if eog is None else None
    eye, eye_scores = ica.find_bads_eog(
        raw, ch_name=at, measure="correlation", threshold=EYE_CORRELATION,
        verbose="error",
    )  # fmt: skip
    removed = {"eye": eye, "heart": [], "muscle": []}
    scores = {"eye": np.max(np.abs(np.atleast_2d(eye_scores)), axis=0)}
    if ecg is not None:
        removed["heart"], scores["heart"] = ica.find_bads_ecg(
            raw, method="correlation", threshold="auto", verbose="error"
        )
    removed["muscle"], scores["muscle"] = ica.find_bads_muscle(raw, verbose="error")
    removed = {why: sorted(map(int, own)) for why, own in removed.items()}
    return Cleaning(ica, removed, scores, converged)


def _raw(eeg, ch_names, sfreq, *, eog=None, ecg=None):
    """Return an MNE Raw in volts with a montage."""
    import mne

    extra = {
        "eog": np.empty((0, eeg.shape[1])) if eog is None else np.atleast_2d(eog),
        "ecg": np.empty((0, eeg.shape[1])) if ecg is None else np.atleast_2d(ecg),
    }
    names, kinds = list(ch_names), ["eeg"] * len(ch_names)
    for kind, own in extra.items():
        names += [f"{kind.upper()} {i + 1}" for i in range(len(own))]
        kinds += [kind] * len(own)
    info = mne.create_info(names, sfreq, kinds)
    data = np.concatenate([eeg, *extra.values()]) * 1e-6
    raw = mne.io.RawArray(data, info, verbose="error")
    known = mne.channels.get_builtin_montages()
    name = next(name for name in MONTAGES if name in known)
    return raw.set_montage(name, match_case=False, verbose="error")
