"""What a perfect detector could read in the recordings of each corpus.

A cue is a planted parameter, read with the error that even a perfect detector makes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from emolib.surrogates import sizes

IN_PPG_ERROR = 0.8
"""Of the heart rate in bpm; in the ECG it is .5."""
_NAMED = {p.name: p for p in sizes.PARAMETERS}
IN_ECG = replace(
    _NAMED["ln_resp_rate"], name="resp_rate_in_ecg", modality="ecg",
    **sizes.RESP_RATE_IN_ECG,
)  # fmt: skip
LESS_AROUSAL = IN_ECG.arousal - _NAMED["ln_resp_rate"].arousal
IN_EEG = replace(
    _NAMED["heart_rate"], name="heart_rate_in_eeg", modality="eeg",
    error=sizes.HEART_RATE_IN_EEG_ERROR,
)  # fmt: skip
_AGAIN_IN_ECG = replace(
    _NAMED["ln_resp_rate"], modality="ecg", error=sizes.RESP_RATE_IN_ECG["error"]
)
_IN_PPG = (
    replace(_NAMED["heart_rate"], modality="ppg", error=IN_PPG_ERROR),
    replace(_NAMED["ln_rsa"], modality="ppg"),
)


class Cues(NamedTuple):
    """What can be read in a corpus: parameters, and some of them once more elsewhere.

    The heart rate in the EEG is the last, where the heart has a field there. What is
    read again has the parameter's own loadings, drifts and signatures.
    """

    planted: tuple[sizes.Parameter, ...]
    again: tuple[sizes.Parameter, ...] = (IN_EEG,)

    @property
    def all(self) -> tuple[sizes.Parameter, ...]:
        """Every cue, in order."""
        return self.planted + self.again

    @property
    def read(self) -> np.ndarray:
        """Which planted parameter each cue reads."""
        names = [own.name for own in self.planted]
        told = [own.name.removesuffix("_in_eeg") for own in self.again]
        return np.array([*range(len(names)), *map(names.index, told)])

    @property
    def spread(self) -> np.ndarray:
        """What of each cue is the subject's own, SD."""
        return np.array([own.subject for own in self.all])


def _of(*modalities: str) -> tuple[sizes.Parameter, ...]:
    return tuple(own for own in sizes.PARAMETERS if own.modality in modalities)


_ECG_AND_SKIN = Cues((*_of("eeg", "ecg", "gsr"), IN_ECG))
_BODY = _of("eeg", "resp", "gsr", "ppg", "temperature", "emg", "eog")
CUES = {
    "dreamer": _ECG_AND_SKIN,
    "amigos": _ECG_AND_SKIN,
    "deap": Cues((*_BODY, *_IN_PPG)),
    "mahnob": Cues(_of("eeg", "ecg", "gsr", "resp", "temperature"),
                   (_AGAIN_IN_ECG, IN_EEG)),
}  # fmt: skip
"""The cues of each corpus. Breathing is read from the ECG too; the heart rate from the
ECG or the pulse wave and, where the heart has a field there, once more from the EEG."""
