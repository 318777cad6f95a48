"""Paper 4: RMMT, valence that moves with time, from the face and EEG.

`Settings` is the grid, `run` trains what the store lacks, `tables` holds stored
predictions against the paper.
"""

from emolib.papers.rmmt import tables
from emolib.papers.rmmt.grid import LABELS
from emolib.papers.rmmt.grid import expand as grid
from emolib.papers.rmmt.settings import Settings
from emolib.study import Paper

PAPER = Paper(Settings, grid, LABELS)
expand, run, windows = PAPER.expand, PAPER.run, PAPER.windows

__all__ = ["PAPER", "Settings", "expand", "run", "tables", "windows"]
