"""Paper 3: a joint representation of speech, face and words that bears noise.

`Settings` is the grid, `run` trains what the store lacks,
`tables` turns stored predictions into the paper's tables.
"""

from emolib.papers.nmer.grid import PAPER_3, task_of
from emolib.papers.nmer.settings import Method, Settings

__all__ = [
    "PAPER_3", "Method", "Settings", "expand", "run", "task_of", "windows",
]  # fmt: skip

expand, run, windows = PAPER_3.expand, PAPER_3.run, PAPER_3.windows
