"""MEN, the modality encoder network, a baseline of paper 3 (Section 3.4, Tables 2, 5).

Zhao, Li and Jin, "Missing Modality Imagination Network for Emotion Recognition with
Uncertain Missing Modalities", ACL 2021, Section 3.1. Input: all modalities, complete in
training. Its encoders are where MMIN starts from.

``x {m: (b, s, d)} -> specific (b, 3 d) -> logits (b, k)``

Differs from paper: padding is not read (`models.utterances`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor

from emolib.models.linear import Classifier
from emolib.models.utterances import FusionEncoder, UtteranceModel


class MENOutputs(NamedTuple):
    """Class scores, and the features of all modalities in a row."""

    logits: Tensor  # (b, k)
    specific: Tensor  # (b, m d)


class MEN(UtteranceModel):
    """An encoder per modality and a classifier on all of them.

    Parameters
    ----------
    widths : mapping of str to int
        Features per step of each modality.
    n_classes : int
    d : int
        Features per modality.
    dropout : float
        Of the classifier.
    """

    def __init__(
        self, widths: Mapping[str, int], n_classes: int, *, d: int = 128,
        dropout: float = 0.3,
    ):  # fmt: skip
        super().__init__()
        self.encoder = FusionEncoder(widths, d=d)
        self.widths = self.encoder.widths
        self.classifier = Classifier(len(self.widths) * d, n_classes, dropout=dropout)

    def read(self, specific: Tensor) -> MENOutputs:
        """Return the outputs of encoded utterances, `encode`'s (b, m, d)."""
        specific = specific.flatten(1)  # (b, m d)
        return MENOutputs(self.classifier(specific), specific)
