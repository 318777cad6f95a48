"""Paper 2: an ECG encoder aligned with an EEG encoder.

`Settings` is the grid, `plan` says what it costs, `run` trains what the store lacks.
"""

from emolib.papers.ecg_eeg.grid import LABELS, order
from emolib.papers.ecg_eeg.grid import expand as _grid
from emolib.papers.ecg_eeg.settings import Method, Settings
from emolib.units.study import Recipe, Study

RECIPE = Recipe(Settings, _grid, LABELS, order)
run = RECIPE.run
Settings.from_parameters = Settings.of
