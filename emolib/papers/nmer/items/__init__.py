"""The tables and figures of paper 3, as views of stored predictions.

Nothing here trains; a changed sentence or colour costs no unit.
"""

from emolib.papers.nmer.items.data import shape_ledger, table_1
from emolib.papers.nmer.items.findings import (
    ablation,
    between_levels,
    between_systems,
    claims,
    not_run,
    null_test,
    null_words,
    rising,
    series,
)
from emolib.papers.nmer.items.latent import latent
from emolib.papers.nmer.items.noise import (
    by_db,
    figure_3,
    levels,
    majority,
)
from emolib.papers.nmer.items.parts import alone_and_together, model_ledger
from emolib.papers.nmer.items.tables import (
    METRICS,
    PRINTED,
    audits,
    failures,
    page,
    results,
    subjects,
    table,
    tables,
)
from emolib.papers.nmer.items.training import histories
from emolib.papers.nmer.scoring import summary

__all__ = [
    "METRICS",
    "PRINTED",
    "ablation",
    "alone_and_together",
    "audits",
    "between_levels",
    "between_systems",
    "by_db",
    "claims",
    "failures",
    "figure_3",
    "histories",
    "latent",
    "levels",
    "majority",
    "model_ledger",
    "not_run",
    "null_test",
    "null_words",
    "page",
    "results",
    "rising",
    "series",
    "shape_ledger",
    "subjects",
    "summary",
    "table",
    "table_1",
    "tables",
]
