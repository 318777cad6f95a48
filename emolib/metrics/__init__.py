"""Predictions -> tidy Results, with intervals and tests.

`scores` counts, `summaries` averages over folds and gives intervals, `comparisons`
compares two systems and one system with chance. AUC is computed per fold and
averaged, never pooled over folds; windows are never the unit of an interval.
`distances` compares vectors with their noisy twins (import it by its name).
"""

from emolib.metrics.comparisons import (
    PairedDifference,
    holm,
    paired_differences,
    permutation_null,
    permutation_test,
    pooled_difference,
)
from emolib.metrics.scores import (
    CLASS_METRICS,
    EVERY_METRIC,
    METRICS,
    auc_score,
    chance_predictions,
    majority_predictions,
    predictions_frame,
    score_classification,
    score_folds,
    subject_scores,
)
from emolib.metrics.summaries import bootstrap_interval, summarise, t_interval

__all__ = [
    "CLASS_METRICS", "EVERY_METRIC", "METRICS", "PairedDifference", "auc_score",
    "bootstrap_interval", "chance_predictions", "holm", "majority_predictions",
    "paired_differences", "permutation_null", "permutation_test", "pooled_difference",
    "predictions_frame", "score_classification", "score_folds", "subject_scores",
    "summarise", "t_interval",
]  # fmt: skip
