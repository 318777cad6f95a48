"""From a corpus on disk to the features of paper 1, Section 2.2.

Windows hold features by modality: (n_windows, n_features), or (n_windows, 2, n_chans,
n_bands) of differential entropy and log power density, which are fused once they are
scaled (`training.observe`). ``present`` is what was recorded; what a run hides is drawn
later, so that one set of features serves every rate.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from emolib import corpora
from emolib.containers import Windows
from emolib.preprocessing.spectral import band_density, differential_entropy
from emolib.preprocessing.windowing import cut_windows

BANDS = {
    "theta": (4, 7), "slow alpha": (8, 10), "alpha": (8, 13), "beta": (14, 29),
    "gamma": (30, 45),
}  # fmt: skip
"""Band edges in Hz. The paper calls 8-10 alpha and 8-13 slow alpha (erratum 1)."""
DE_BANDS = {
    "theta": (4, 8), "slow alpha": (8, 10), "alpha": (8, 12), "beta": (12, 30),
    "gamma": (30, 45),
}  # fmt: skip
"""The edges that the likely source of Section 2.2 has for differential entropy."""


def folder(data: dict) -> corpora.CorpusFolder:
    """Return where the corpus of these data settings lies, written if it must be."""
    return corpora.locate(data["corpus"], data=data["data"], **data["surrogate"])


def input_digest(data: dict) -> str:
    """Return the digest of what `prepare` reads from disk; nothing is written."""
    found = corpora.identify(data["corpus"], data=data["data"], **data["surrogate"])
    return found.digest


def prepare(data: dict) -> Windows:
    """Return the features that every system of paper 1 is trained and tested on."""
    corpus = corpora.CORPORA[data["corpus"]]
    windows, removed = cut_windows(
        corpus.read(folder(data).path),
        window_s=data["window_s"],
        target=data["targets"],
        modalities=corpus.modalities,
    )
    x = {
        name: spectral_pair(signal, windows.sfreq[name], data)
        for name, signal in windows.x.items()
    }
    return replace(windows, x=x, removed=removed)


def spectral_pair(x: np.ndarray, sfreq: float, data: dict) -> np.ndarray:
    """Return differential entropy and log power density of windows.

    Paper 1, Section 2.2.

    Parameters
    ----------
    x : ndarray, shape (n_windows, n_chans, n_times)
    sfreq : float
        In Hz.
    data : dict
        entropy ('nats', or 'sd' as printed), variance, de_bands ('psd' for the bands of
        the density, 'source' for those of the likely source).

    Returns
    -------
    pair : ndarray, shape (n_windows, 2, n_chans, n_bands)
    """
    bands = {"psd": BANDS, "source": DE_BANDS}[data["de_bands"]]
    how = {"form": data["entropy"], "variance": data["variance"]}
    entropy = differential_entropy(x, sfreq=sfreq, bands=bands, **how)
    density = np.log(band_density(x, sfreq=sfreq, bands=BANDS))
    return np.stack([entropy, density], axis=1)
