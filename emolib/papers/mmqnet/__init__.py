"""Paper 1: MMQ-Net, emotion recognition when modalities are missing.

`Settings` is the grid, `run` trains what the store lacks, `tables` holds stored
predictions against the paper.
"""

from emolib.papers.mmqnet import tables
from emolib.papers.mmqnet.grid import LABELS
from emolib.papers.mmqnet.grid import expand as grid
from emolib.papers.mmqnet.settings import Settings
from emolib.study import Paper

PAPER = Paper(Settings, grid, LABELS)
expand, run, windows = PAPER.expand, PAPER.run, PAPER.windows

__all__ = ["PAPER", "Settings", "expand", "run", "tables", "windows"]
