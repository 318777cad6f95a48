"""Predictions -> tidy Results, with intervals and tests.

`scores` counts, `summaries` averages over folds and gives intervals, `comparisons`
compares two systems and one system with chance. AUC is computed per fold and
averaged, never pooled over folds; windows are never the unit of an interval.
`distances` compares vectors with their noisy twins (import it by its name).
"""

from emolib.metrics.comparisons import (
    holm,
    paired_differences,
    permutation_test,
    pooled_difference,
)
from emolib.metrics.scores import (
    CLASS_METRICS,
    EVERY_METRIC,
    METRICS,
    chance_predictions,
    score_folds,
    subject_scores,
)
from emolib.metrics.summaries import summarise

__all__ = [
    "CLASS_METRICS", "EVERY_METRIC", "METRICS", "chance_predictions",
    "holm", "paired_differences", "permutation_test",
    "pooled_difference", "score_folds", "subject_scores", "summarise",
]  # fmt: skip
