"""The tables and figures of paper 2, as views of stored predictions.

Nothing here trains; a changed sentence or colour costs no unit.
"""

from emolib.papers.ecg_eeg.items.alignment import (
    N_SHOWN,
    aligned_pairs,
    cosine_matrix,
    embeddings,
    figure_2,
    figure_2_results,
    matched_cosines,
    shown,
)
from emolib.papers.ecg_eeg.items.curves import (
    MODALITY,
    OPEN_GAIN,
    STAGES,
    gate,
    histories,
    label_efficiency,
    readability,
    sweep,
)
from emolib.papers.ecg_eeg.items.data import (
    IMPLIED_PRIOR,
    class_priors,
    heart_rates,
    shape_ledger,
)
from emolib.papers.ecg_eeg.items.tables import (
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
    "IMPLIED_PRIOR",
    "MODALITY",
    "N_SHOWN",
    "OPEN_GAIN",
    "STAGES",
    "aligned_pairs",
    "audits",
    "class_priors",
    "cosine_matrix",
    "dots",
    "embeddings",
    "failures",
    "figure_2",
    "figure_2_results",
    "figure_2_table",
    "gate",
    "heart_rates",
    "histories",
    "label_efficiency",
    "matched_cosines",
    "page",
    "readability",
    "reported_as_ours",
    "results",
    "shape_ledger",
    "shown",
    "subjects",
    "summary",
    "sweep",
    "table",
    "tables",
]
