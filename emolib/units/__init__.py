"""Units of work: a recipe expands its settings into them; here they are run and kept.

A unit is a pure function of the settings it reads and of its data. It knows no table,
notebook or config; two notebooks that share one train it once.
"""

from emolib.units.costs import Plan, estimate
from emolib.units.running import Finished, find_unit, load, run_units
from emolib.units.unit import Unit
from emolib.units.upkeep import prune, status, verify, why

__all__ = [
    "Finished", "Plan", "Unit", "estimate", "find_unit", "load", "prune", "run_units",
    "status", "verify", "why",
]  # fmt: skip
