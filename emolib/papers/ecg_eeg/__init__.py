"""Paper 2: an ECG encoder aligned with an EEG encoder.

`Settings` is the grid, `run` trains what the store lacks,
`tables` holds stored predictions against the paper.
"""

from emolib.papers.ecg_eeg import tables
from emolib.papers.ecg_eeg.grid import LABELS, knobs
from emolib.papers.ecg_eeg.grid import expand as grid
from emolib.papers.ecg_eeg.settings import Settings
from emolib.study import Paper

PAPER = Paper(Settings, grid, LABELS)
expand, run, windows = PAPER.expand, PAPER.run, PAPER.windows

__all__ = ["PAPER", "Settings", "expand", "knobs", "run", "tables", "windows"]
