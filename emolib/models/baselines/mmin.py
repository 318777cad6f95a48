"""MMIN, the missing modality imagination network, a baseline of paper 3 (Tables 2, 5).

Zhao, Li and Jin, "Missing Modality Imagination Network for Emotion Recognition with
Uncertain Missing Modalities", ACL 2021, Sections 3.2 and 3.3. Input: modalities of
which some are missing or noisy. Its encoders start from MEN's.

``x -> specific (b, 3 d) -> imagined (b, 3 d), latents (b, 320) -> logits (b, k)``
``imagined -> second cascade -> returned (b, 3 d)``
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor

from emolib.models.linear import Cascade, Classifier
from emolib.models.utterances import FusionEncoder, UtteranceModel


class MMINOutputs(NamedTuple):
    """Class scores, and features before, after and back from imagination."""

    logits: Tensor  # (b, k)
    specific: Tensor  # h of what was seen  (b, m d)
    imagined: Tensor  # features of what was missing  (b, m d)
    returned: Tensor  # and back to what was seen  (b, m d)


class MMIN(UtteranceModel):
    """Encoders, a cascade forward, a cascade back, and a classifier on the latents.

    Parameters
    ----------
    widths : mapping of str to int
    n_classes : int
    d : int
        Features per modality.
    sizes, n_blocks
        Of both cascades.
    dropout : float
        Of the classifier.
    """

    def __init__(
        self, widths: Mapping[str, int], n_classes: int, *, d: int = 128,
        sizes: tuple[int, ...] = (256, 128, 64), n_blocks: int = 5,
        dropout: float = 0.5,
    ):  # fmt: skip
        super().__init__()
        self.encoder = FusionEncoder(widths, d=d)
        self.widths = self.encoder.widths
        cascade = {"d": len(self.widths) * d, "sizes": sizes, "n_blocks": n_blocks}
        self.imagine, self.go_back = Cascade(**cascade), Cascade(**cascade)
        self.classifier = Classifier(self.imagine.d_latent, n_classes, dropout=dropout)

    def read(self, specific: Tensor) -> MMINOutputs:
        """Return the outputs of encoded utterances, `encode`'s (b, m, d)."""
        specific = specific.flatten(1)  # (b, m d)
        imagined, latents = self.imagine(specific)
        returned, _ = self.go_back(imagined)
        return MMINOutputs(self.classifier(latents), specific, imagined, returned)
