"""Who is trained on, who is tested on, and what the two share.

- `protocols`: folds dealt here, by window, by trial, by subject; a share of the labels
- `given`: the folds a corpus is published with
- `audits`: what training and test of a fold have in common
"""

from emolib.splits.audits import Audit, Fold, audit_split
from emolib.splits.given import given_folds
from emolib.splits.protocols import PROTOCOLS, label_subset, make_folds

__all__ = [
    "PROTOCOLS", "Audit", "Fold", "audit_split", "given_folds", "label_subset",
    "make_folds",
]  # fmt: skip
