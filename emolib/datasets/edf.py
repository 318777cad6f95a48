"""Read EDF and BDF files that come from elsewhere, channel by channel.

EDF holds 16 bits a value, BDF (BioSemi) 24, of which a channel called Status keeps its
triggers in the low 16. `edfio` reads both, lazily: a recording of an hour is never in
memory as a whole. What a header promises is checked before a value is believed.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from emolib.checks import printable
from emolib.containers import Signal
from emolib.datasets.opened import opened, wrong

MARKS = {".edf": b"0       ", ".bdf": b"\xffBIOSEMI"}
"""What a file begins with, by its ending."""

RATE_TOLERANCE = 1e-3
"""A rate within a thousandth of a corpus's is taken for it, with a note."""

LEAST_GAP_S = 1e-3
"""Between two records; what is less is how their starts are rounded."""

_GAPS = "Leave it out (move it elsewhere): its trial is then told as missing."
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
        twice, or says that its data last no time.
    """
    import edfio

    kind = Path(path).suffix.lower()
    read = edfio.read_bdf if kind == ".bdf" else edfio.read_edf
    what = "a BDF file" if kind == ".bdf" else "an EDF file"
    with opened(path, what, MARKS[kind]) as path:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            _check_duration(path)
            edf = read(path, header_encoding="latin-1")
        for warning in said:  # too few records
            if "indicates -1 data records" not in str(warning.message):
                raise ValueError(warning.message)
            notes.append("file: its number of records was not written; all are read.")
        signals = {signal.label: signal for signal in edf.signals}
        if len(signals) < len(edf.signals):
            labels = [signal.label for signal in edf.signals]
            twice = max(labels, key=labels.count)
            got = f"{twice} {labels.count(twice)} times"
            raise wrong(path, "each channel once", got)
        if edf.reserved[:5] in ("EDF+D", "BDF+D") and (gap := _gap(edf)):
            got = f"{edf.reserved[:5]} with a gap: {gap}"
            raise wrong(path, "one continuous recording", got, _GAPS)
        yield signals


def _gap(edf) -> str:
    """Return where a recording's first gap is, told by the starts of its records."""
    said = edf._timekeeping_signal.digital.tobytes()
    size = len(said) // edf.num_data_records
    records = (said[at : at + size] for at in range(0, len(said), size))
    starts = [float(record.partition(b"\x14")[0]) for record in records]
    late = np.diff(starts) - edf.data_record_duration
    if not (gaps := np.flatnonzero(abs(late) > LEAST_GAP_S)).size:
        return ""
    n = int(gaps[0]) + 1
    return f"record {n + 1} begins {late[n - 1]:g} s after record {n} ends"


def _check_duration(path: Path) -> None:
    """Raise unless a record of data lasts some time, so that there is a rate."""
    with path.open("rb") as file:
        said = file.read(256)[244:252].decode("latin-1").strip()
    if not 0 < float(said) < np.inf:
        raise wrong(path, "records of data that last some seconds", f"{said} s")


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

    Raises
    ------
    ValueError
        When the file gives the channel a scale that is no scale.
    """
    _check_scale(signal)
    data = signal.data if span_s is None else signal.get_data_slice(*span_s)
    rate, unit = float(signal.sampling_frequency), signal.physical_dimension
    scale = _MICROVOLTS.get(unit.strip().lower())
    data = np.asarray(data, dtype=float)
    if scale is None:
        return data, rate, printable(unit)
    return data * scale, rate, "uV"


def _check_scale(signal) -> None:
    """Raise unless the values of a channel run from one number to another."""
    for kind in ("physical", "digital"):
        try:
            low, high = getattr(signal, f"{kind}_range")
        except ValueError as error:
            raise ValueError(f"{kind} range of {signal.label}: {error}") from None
        if not abs(high - low) > 0:
            span = f"{low:g} to {high:g}"
            raise ValueError(f"{kind} range of {signal.label}: {span}")


def joined(
    modality: str,
    channels: Mapping[str, tuple],
    sfreq: float,
    unit: str,
    notes: list[str],
) -> Signal | str:
    """Return channels as one signal, or why they make none.

    Parameters
    ----------
    modality : str
    channels : mapping of str to tuple
        Name -> what `values` returned.
    sfreq : float
        The corpus's rate in Hz.
    unit : str
        The corpus's unit; where it is ``"uV"`` another one is kept, and noted.
    notes : list of str
        A sentence is added for what was set right or is odd.
    """
    kinds = {(rate, own) for _, rate, own in channels.values()}
    if len(kinds) > 1:
        each = " and ".join(f"{rate:g} Hz in {own!r}" for rate, own in sorted(kinds))
        return f"its channels differ in rate or unit: {each}."
    rate, own = kinds.pop()
    if abs(rate / sfreq - 1) > RATE_TOLERANCE:
        return f"sampled at {rate:g} Hz; expected {sfreq:g} Hz."
    if abs(rate / sfreq - 1) > 1e-9:
        notes.append(f"{modality}: sampled at {rate:g} Hz; taken for {sfreq:g} Hz.")
    if unit == "uV" != own:
        notes.append(f"{modality}: its unit is {own!r}; expected microvolts.")
        unit = own
    data = np.stack([data for data, *_ in channels.values()])
    return Signal(data, sfreq, tuple(channels), unit)


def triggers(signal) -> np.ndarray:
    """Return the trigger code at every time point of a BDF's Status channel.

    The high eight bits say how the amplifier is; files whose Status keeps a constant
    above them are read alike.
    """
    return np.asarray(signal.digital, np.int64) & 0xFFFF
