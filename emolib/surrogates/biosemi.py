"""Write BDF files as BioSemi's recorder does: 24 bits, a Status channel of triggers."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from emolib.surrogates.files import ABOUT

EXTENT = 262144.0
"""Physical extent in µV, which 24 bits divide into steps of 1/32 µV."""
WIDE = {"Ohm": 4e6, "nS": 4e6}
"""Physical extent of other units."""
STATUS_EXTENT = 8388608


def save_bdf(
    path: Path, channels: Mapping[str, tuple[np.ndarray, str]], codes: np.ndarray,
    sfreq: float,
) -> Path:  # fmt: skip
    """Write channels and triggers; header text and date are fixed.

    Parameters
    ----------
    path : Path
    channels : mapping of label to (ndarray of shape (n_times,), unit)
        In file order; `n_times` is cut to whole seconds.
    codes : ndarray of int, shape (n_times,)
        The last channel, Status.
    sfreq : float
        In Hz, a whole number.
    """
    import edfio

    n_times = int(len(codes) // sfreq * sfreq)
    signals = [
        edfio.BdfSignal(
            np.clip(data[:n_times], -WIDE.get(unit, EXTENT), WIDE.get(unit, EXTENT)),
            sfreq, label=label, physical_dimension=unit, transducer_type=ABOUT,
            physical_range=(-WIDE.get(unit, EXTENT), WIDE.get(unit, EXTENT)),
        )
        for label, (data, unit) in channels.items()
    ]  # fmt: skip
    status = edfio.BdfSignal(
        codes[:n_times].astype(float), sfreq, label="Status",
        physical_dimension="Boolean",
        physical_range=(-STATUS_EXTENT, STATUS_EXTENT - 1),
    )  # fmt: skip
    edfio.Bdf(
        [*signals, status], starttime=datetime.time(0), data_record_duration=1.0
    ).write(path)
    with path.open("r+b") as file:
        file.seek(8)
        file.write(ABOUT.encode("ascii").ljust(80))
        file.seek(192)
        file.write(b"24BIT".ljust(44))
    return path
