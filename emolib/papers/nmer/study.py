"""Running the units of a grid, and scoring what they predicted."""

from __future__ import annotations

from emolib.papers.nmer.grid import LABELS, shared_stage
from emolib.papers.nmer.grid import expand as expand_grid
from emolib.papers.nmer.settings import REFERENCES, Settings
from emolib.study import Paper, in_running_order


def in_order(units: list) -> list:
    """Return units in the order in which two workers seldom wait for one stage.

    Of the units that need MEN's clean encoder or the clean teacher of a fold, the first
    comes first.
    """
    return in_running_order(
        units,
        shares=shared_stage,
        trains=lambda unit: unit.labels["system"] not in REFERENCES,
    )


RECIPE = Paper(Settings, expand_grid, LABELS, in_order)
expand, plan, run = RECIPE.expand, RECIPE.plan, RECIPE.run
windows = RECIPE.windows
