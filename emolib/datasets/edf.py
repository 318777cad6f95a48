"""Read EDF and BDF files that come from elsewhere, channel by channel.

EDF holds 16 bits a value, BDF (BioSemi) 24, of which a channel called Status keeps its
triggers in the low 16. `edfio` reads both, lazily: a recording of an hour is never in
memory as a whole. What a header promises is checked before a value is believed.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from emolib.datasets.opened import opened, wrong

MARKS = {".edf": b"0       ", ".bdf": b"\xffBIOSEMI"}
"""What a file begins with, by its ending."""

_MICROVOLTS = {"uv": 1.0, "µv": 1.0, "μv": 1.0, "mv": 1e3, "v": 1e6, "nv": 1e-3}


@contextmanager
def edf_signals(path: str | Path, notes: list[str]) -> Iterator[dict]:
    """Open an EDF or BDF file; whatever fails inside the block is one CorpusError.

    Parameters
    ----------
    path : path
        Its ending, ``.edf`` or ``.bdf``, says which.
    notes : list of str
        A sentence is added for what was set right.

    Yields
    ------
    signals : dict of str to edfio signal
        In file order, annotations left out; `values` gives what they hold.

    Raises
    ------
    CorpusError
        When the file is another kind, truncated, mangled, has gaps, holds a channel
        twice, or gives a channel a scale without extent.
    """
    import edfio

    kind = Path(path).suffix.lower()
    read = edfio.read_bdf if kind == ".bdf" else edfio.read_edf
    what = "a BDF file" if kind == ".bdf" else "an EDF file"
    with opened(path, what, MARKS[kind]) as path:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            edf = read(path, header_encoding="latin-1")
            for signal in edf.signals:
                with opened(path, f"a scale of {signal.label} in numbers"):
                    _ = signal.physical_range, signal.digital_range
        for warning in said:  # too few records, a scale without extent
            if "indicates -1 data records" not in str(warning.message):
                raise ValueError(warning.message)
            notes.append("file: its number of records was not written; all are read.")
        signals = {signal.label: signal for signal in edf.signals}
        if len(signals) < len(edf.signals):
            labels = [signal.label for signal in edf.signals]
            twice = max(labels, key=labels.count)
            got = f"{twice} {labels.count(twice)} times"
            raise wrong(path, "each channel once", got)
        if edf.reserved[:5] in ("EDF+D", "BDF+D"):
            got = f"{edf.reserved[:5]}, which has gaps"
            raise wrong(path, "one continuous recording", got)
        yield signals


def values(signal, span_s: tuple[float, float] | None = None):
    """Return what a channel holds, from one second to another or whole.

    Returns
    -------
    data : ndarray, shape (n_times,)
        Electrical channels in microvolts, others in the file's unit.
    sfreq : float
        In Hz.
    unit : str
        ``"uV"``, or the file's.
    """
    data = signal.data if span_s is None else signal.get_data_slice(*span_s)
    rate, unit = float(signal.sampling_frequency), signal.physical_dimension
    scale = _MICROVOLTS.get(unit.strip().lower())
    data = np.asarray(data, dtype=float)
    return (data, rate, unit) if scale is None else (data * scale, rate, "uV")


def triggers(signal) -> np.ndarray:
    """Return the trigger code at every time point of a BDF's Status channel.

    The high eight bits say how the amplifier is; files whose Status keeps a constant
    above them are read alike.
    """
    return np.asarray(signal.digital, np.int64) & 0xFFFF
