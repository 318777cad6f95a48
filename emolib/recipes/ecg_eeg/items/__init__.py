"""The tables and figures of paper 2, as views of stored predictions.

Nothing here trains; a changed sentence or colour costs no unit.
"""

from emolib.recipes.ecg_eeg.items.alignment import (
    N_SHOWN,
    aligned_pairs,
    cosine_matrix,
    embeddings,
    figure_2,
    figure_2_results,
    matched_cosines,
    shown,
)
from emolib.recipes.ecg_eeg.items.curves import (
    MODALITY,
    OPEN_GAIN,
    gate,
    histories,
    label_efficiency,
    readability,
    sweep,
)
from emolib.recipes.ecg_eeg.items.tables import (
    audits,
    dots,
    failures,
    figure_2_table,
    page,
    reported_as_ours,
    results,
    subjects,
    summary,
    table,
    tables,
)

__all__ = [
    "MODALITY",
    "N_SHOWN",
    "OPEN_GAIN",
    "aligned_pairs",
    "audits",
    "cosine_matrix",
    "dots",
    "embeddings",
    "failures",
    "figure_2",
    "figure_2_results",
    "figure_2_table",
    "gate",
    "histories",
    "label_efficiency",
    "matched_cosines",
    "page",
    "readability",
    "reported_as_ours",
    "results",
    "shown",
    "subjects",
    "summary",
    "sweep",
    "table",
    "tables",
]
