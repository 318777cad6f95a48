"""Paper 3: a joint representation of speech, face and words that bears noise.

`Settings` is the grid, `plan` says what it costs, `run` trains what the store lacks,
`items` turns stored predictions into the paper's tables and figures.
"""

from emolib.papers.nmer.settings import Method, Settings
from emolib.papers.nmer.study import RECIPE, expand, plan, run, windows

__all__ = ["RECIPE", "Method", "Settings", "expand", "plan", "run", "windows"]
