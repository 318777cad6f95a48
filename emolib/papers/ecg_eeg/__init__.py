"""Paper 2: an ECG encoder aligned with an EEG encoder.

`Settings` is the grid, `plan` says what it costs, `run` trains what the store lacks,
`items` turns stored predictions into the paper's tables and figures.
"""

from emolib.papers.ecg_eeg import items
from emolib.papers.ecg_eeg.settings import Method, Settings
from emolib.papers.ecg_eeg.study import Study, expand, plan, results_of, run, windows

__all__ = [
    "Method",
    "Settings",
    "Study",
    "expand",
    "items",
    "plan",
    "results_of",
    "run",
    "windows",
]
