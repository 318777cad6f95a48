"""The uni-modal classifier of paper 3 (Section 3.4, Table 4).

One modality, its encoder and a classifier: MEN with one modality, which is how its
public code trains single modalities too.

``x (b, s, d) -> specific (b, d) -> logits (b, k)``
"""

from __future__ import annotations

from collections.abc import Mapping

from emolib.models.baselines.men import MEN


class UniModal(MEN):
    """MEN of exactly one modality; `widths` names it."""

    def __init__(self, widths: Mapping[str, int], n_classes: int, **sizes):
        if len(widths) != 1:
            raise ValueError(
                f"widths must name one modality; got {sorted(widths)}. Several are MEN."
            )
        super().__init__(widths, n_classes, **sizes)
