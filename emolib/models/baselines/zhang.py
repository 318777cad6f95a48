"""Zhang et al., a baseline of paper 4 (Tables 4 and 5): a TCN and a linear regressor.

Zhang, Tang and Guan, "Visual-to-EEG cross-modal knowledge distillation for continuous
emotion recognition", Pattern Recognition 2022. Its face teacher, its EEG student and
that student untaught are one network; teaching is a loss on its features. The branches
of paper 4's D-Fusion are the same network again.

``x {modality: (b, s, d)} -> TCN -> features (b, s, 128) -> valence (b, s)``
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor, nn

from emolib.models.steps import TCN, read_steps


class TCNOutputs(NamedTuple):
    """Valence of every step, and the features that it was read from."""

    valence: Tensor  # (b, s)
    features: Tensor  # (b, s, d)


class TCNRegressor(nn.Module):
    """One modality's TCN and a linear map to valence.

    Parameters
    ----------
    sizes : mapping of str to int
        Features a step of each modality.
    modality : str
        The one that is read.
    d : int
    dropout : float
    """

    def __init__(
        self, sizes: Mapping[str, int], *, modality: str = "eeg", d: int = 128,
        dropout: float = 0.1,
    ):  # fmt: skip
        super().__init__()
        self.modality, self.sizes = modality, {modality: sizes[modality]}
        self.tcn = TCN(sizes[modality], (d, d), dropout=dropout)
        self.regressor = nn.Linear(d, 1)

    def forward(self, x: Mapping[str, Tensor], lengths: Tensor) -> TCNOutputs:
        """Return the valence of every step; 0 where a sequence has ended.

        Parameters
        ----------
        x : mapping of str to Tensor, shape (b, s, d_m) each
        lengths : Tensor of int, shape (b,)
        """
        x, here = read_steps(x, lengths, self.sizes)
        features = self.tcn(x[self.modality])
        return TCNOutputs(self.regressor(features)[..., 0].where(here, 0.0), features)
