"""IF-MMIN, imagination with invariant features, a baseline of paper 3 (Tables 2, 5).

Zuo, Liu, Zhao, Gao and Li, "Exploiting Modality-Invariant Feature for Robust Multimodal
Emotion Recognition with Missing Modalities", ICASSP 2023, Section 2. Input: modalities
of which some are missing or noisy. Its encoders start from the clean teacher's.

``x -> specific, invariant (b, 3 d) -> imagined (b, 3 d), latents (b, 320) -> logits``

Differs from paper: the cascade is that of the public code since 2024-09, in which each
block reads the one before; the first one, in which none does, is an option.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor

from emolib.models.linear import Cascade, Classifier
from emolib.models.utterances import SpecificInvariantEncoder, UtteranceModel


class IFMMINOutputs(NamedTuple):
    """Class scores, and features before and after imagination."""

    logits: Tensor  # (b, k)
    specific: Tensor  # h'  (b, m d)
    invariant: Tensor  # H'  (b, m d)
    imagined: Tensor  # features of what was missing  (b, m d)


class IFMMIN(UtteranceModel):
    """Encoders, a cascade guided by invariant features, a classifier on the latents.

    Parameters
    ----------
    widths : mapping of str to int
    n_classes : int
    d : int
        Features per modality.
    sizes, n_blocks, form
        Of the cascade; `form` is 'guided' or 'guided_first'.
    dropout : float
        Of the classifier.
    """

    def __init__(
        self, widths: Mapping[str, int], n_classes: int, *, d: int = 128,
        sizes: tuple[int, ...] = (256, 128, 64), n_blocks: int = 5,
        form: str = "guided", dropout: float = 0.5,
    ):  # fmt: skip
        super().__init__()
        self.encoder = SpecificInvariantEncoder(widths, d=d)
        self.widths = self.encoder.widths
        self.imagine = Cascade(
            d=self.encoder.d_out, sizes=sizes, n_blocks=n_blocks, form=form
        )
        self.classifier = Classifier(self.imagine.d_latent, n_classes, dropout=dropout)

    def read(self, specific: Tensor, invariant: Tensor) -> IFMMINOutputs:
        """Return the outputs of encoded utterances, `encode`'s (b, m, d)."""
        specific, invariant = specific.flatten(1), invariant.flatten(1)  # (b, m d)
        imagined, latents = self.imagine(specific, invariant)
        return IFMMINOutputs(self.classifier(latents), specific, invariant, imagined)
