"""Who is trained on, who is tested on, and what the two share.

- `protocols`: folds dealt here, by window, by trial, by subject
- `given`: the folds a corpus is published with
- `audits`: what training and test of a fold have in common
- `label_subsets`: a share of the training labels
"""

from emolib.splits.audits import Audit, Fold, audit_split
from emolib.splits.given import given_folds
from emolib.splits.label_subsets import label_subset
from emolib.splits.protocols import PROTOCOLS, make_folds

__all__ = [
    "PROTOCOLS", "Audit", "Fold", "audit_split", "given_folds", "label_subset",
    "make_folds",
]  # fmt: skip
