"""Read EDF files that come from elsewhere, and say plainly when one is damaged.

The header is compared with the file's size first: a truncated file would otherwise be
read as a shorter recording. Then `edfio` reads it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from emolib.checks import damaged

_REMEDY = "Copy or download the file again and compare it with the publisher's."
_MICROVOLTS = {"uv": 1.0, "µv": 1.0, "μv": 1.0, "mv": 1e3, "v": 1e6, "nv": 1e-3}
_NOT_READABLE = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError, OSError,
    OverflowError, ZeroDivisionError, MemoryError, AssertionError,
)  # fmt: skip


def read_edf(path: str | Path) -> dict[str, tuple[np.ndarray, float, str]]:
    """Return the channels of an EDF file, annotations left out.

    Parameters
    ----------
    path : path

    Returns
    -------
    channels : dict of str to (ndarray of shape (n_times,), float, str)
        Label -> values, sampling rate in Hz, unit. Electrical channels come in
        microvolts, ``"uV"``; others in the file's unit.

    Raises
    ------
    CorpusError
        When the file is no EDF file, truncated or mangled.
    """
    import edfio

    path = Path(path)
    check_whole(path)
    try:
        edf = edfio.read_edf(path)
        return {signal.label: _in_microvolts(signal) for signal in edf.signals}
    except _NOT_READABLE as error:
        got = f"contents that do not read (mangled: {type(error).__name__}, {error})"
        raise damaged(path, "a readable EDF file", got[:300], _REMEDY) from error


def _in_microvolts(signal) -> tuple[np.ndarray, float, str]:
    """Return values, rate and unit of one channel."""
    unit = signal.physical_dimension
    scale = _MICROVOLTS.get(unit.strip().lower())
    data = np.asarray(signal.data, dtype=float)
    rate = float(signal.sampling_frequency)
    return (data, rate, unit) if scale is None else (data * scale, rate, "uV")


def check_whole(path: Path) -> None:
    """Raise CorpusError unless the file is as long as its own header says."""
    size = path.stat().st_size
    with path.open("rb") as file:
        fixed = file.read(256)
        if not fixed.startswith(b"0       "):
            got = f"{size} bytes of something else" if size else "an empty file"
            raise damaged(path, "an EDF file", got, _REMEDY)
        try:
            n_header, n_records, n_chans = (
                int(fixed[start:stop])
                for start, stop in ((184, 192), (236, 244), (252, 256))
            )
            file.seek(256 + n_chans * 216)
            counts = file.read(8 * n_chans)
            n_values = sum(int(counts[8 * i : 8 * i + 8]) for i in range(n_chans))
        except (ValueError, OSError) as error:
            got = f"a header that does not read (mangled or truncated: {error})"
            raise damaged(path, "an EDF header", got, _REMEDY) from error
    expected = n_header + 2 * n_values * n_records
    if n_header != 256 * (n_chans + 1) or n_records < 1 or n_values < 1:
        got = f"{n_records} records of {n_chans} channels after {n_header} bytes"
        raise damaged(path, "an EDF header that agrees with itself", got, _REMEDY)
    if size != expected:
        kind = "truncated" if size < expected else "mangled"
        raise damaged(
            path, f"{expected} bytes, as its header says", f"{size} ({kind})", _REMEDY
        )
