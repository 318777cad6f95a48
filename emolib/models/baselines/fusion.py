"""F-Fusion and D-Fusion, what paper 4 first compares RMMT with (Table 3, Fig. 6).

Jin et al. 2024, Section 4.5.1, Eq. (24)-(26), on the feature extractors of RMMT. The
regressors, linear maps, are not given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from emolib.models.baselines.zhang import TCNRegressor
from emolib.models.steps import TCN, read_steps


class FusionOutputs(NamedTuple):
    """Valence of every step."""

    valence: Tensor  # (b, s)


class FeatureFusion(nn.Module):
    """F-Fusion: features of all modalities side by side, and a regressor.

    Paper 4, Eq. (24) and (25).

    Parameters
    ----------
    sizes : mapping of str to int
        Features a step of each modality.
    d : int
    dropout : float
    """

    def __init__(self, sizes: Mapping[str, int], *, d: int = 128, dropout: float = 0.1):
        super().__init__()
        self.sizes = dict(sizes)
        tcns = {name: TCN(n, (d, d), dropout=dropout) for name, n in sizes.items()}
        self.tcns = nn.ModuleDict(tcns)
        self.regressor = nn.Linear(len(sizes) * d, 1)

    def forward(self, x: Mapping[str, Tensor], lengths: Tensor) -> FusionOutputs:
        """Return the valence of every step; see `emolib.models.rmmt.RMMT`."""
        x, here = read_steps(x, lengths, self.sizes)
        features = [tcn(x[name]) for name, tcn in self.tcns.items()]  # Eq. (24)
        joined = torch.cat(features, dim=-1)  # Eq. (25)
        return FusionOutputs(self.regressor(joined)[..., 0].where(here, 0.0))


class DecisionFusion(nn.Module):
    """D-Fusion: each modality answers, and answers are weighed.

    Paper 4, Eq. (26). Trained as one here; apart, its branches are `TCNRegressor`s.

    Parameters
    ----------
    sizes : mapping of str to int
        Features a step of face and eeg.
    w_face : float
        The paper's mu; the EEG's weight eta is 1 less it.
    d : int
    dropout : float
    """

    def __init__(
        self, sizes: Mapping[str, int], *, w_face: float = 0.6, d: int = 128,
        dropout: float = 0.1,
    ):  # fmt: skip
        super().__init__()
        self.sizes, self.w_face = dict(sizes), w_face
        branches = {m: TCNRegressor(sizes, modality=m, d=d, dropout=dropout)
                    for m in ("face", "eeg")}  # fmt: skip
        self.branches = nn.ModuleDict(branches)

    def forward(self, x: Mapping[str, Tensor], lengths: Tensor) -> FusionOutputs:
        """Return the valence of every step; see `emolib.models.rmmt.RMMT`."""
        face, eeg = (self.branches[m](x, lengths).valence for m in ("face", "eeg"))
        return FusionOutputs(weighted(face, eeg, self.w_face))


def weighted(face, eeg, w_face: float):
    """Return Eq. (26) of two answers alike in shape, tensors or arrays.

    Paper 4, Section 4.5.1; mu + eta = 1 is not stated.
    """
    return w_face * face + (1 - w_face) * eeg  # Eq. (26)
