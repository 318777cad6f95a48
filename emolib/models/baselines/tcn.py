"""A TCN a modality and a linear regressor: what paper 4 compares RMMT with first.

Of one modality it is the network of Zhang, Tang and Guan, "Visual-to-EEG cross-modal
knowledge distillation for continuous emotion recognition" (Pattern Recognition 2022):
its face teacher, its EEG student and that student untaught; teaching is a loss. Of both
it is F-Fusion, and two of them weighed are D-Fusion (paper 4, Section 4.5.1, Fig. 6).

``x {modality: (b, s, d)} -> TCN -> features (b, s, 128 a modality) -> valence (b, s)``
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from emolib.models.steps import TCN, ValenceOutputs, read_steps


class TCNOutputs(NamedTuple):
    """Valence of every step, and the features that it was read from."""

    valence: Tensor  # (b, s)
    features: Tensor  # (b, s, d a modality)


class TCNRegressor(nn.Module):
    """A TCN a modality, features side by side, and a linear map to valence.

    Paper 4, Section 4.5.1, Eq. (24) and (25).

    Parameters
    ----------
    step_widths : mapping of str to int
        Features a step of each modality.
    modalities : sequence of str
        Those that are read.
    d : int
    dropout : float
    """

    def __init__(
        self, step_widths: Mapping[str, int], *,
        modalities: Sequence[str] = ("face", "eeg"),
        d: int = 128, dropout: float = 0.1,
    ):  # fmt: skip
        super().__init__()
        self.step_widths = {name: step_widths[name] for name in modalities}
        tcns = {
            name: TCN(n, (d, d), dropout=dropout)
            for name, n in self.step_widths.items()
        }
        self.tcns = nn.ModuleDict(tcns)
        self.regressor = nn.Linear(len(tcns) * d, 1)

    def forward(self, x: Mapping[str, Tensor], lengths: Tensor) -> TCNOutputs:
        """Return the valence of every step; see `emolib.models.rmmt.RMMT`."""
        x, here = read_steps(x, lengths, self.step_widths)
        features = [tcn(x[name]) for name, tcn in self.tcns.items()]  # Eq. (24)
        joined = torch.cat(features, dim=-1)  # Eq. (25)
        return TCNOutputs(self.regressor(joined)[..., 0].where(here, 0.0), joined)


class DecisionFusion(nn.Module):
    """D-Fusion, trained as one: each modality answers, and answers are weighed.

    Paper 4, Section 4.5.1, Eq. (26). Trained apart, its branches are `TCNRegressor`s.

    Parameters
    ----------
    step_widths : mapping of str to int
        Features a step of face and eeg.
    w_face : float
        The paper's mu; the EEG's weight eta is 1 less it.
    **options
        Of `TCNRegressor`.
    """

    def __init__(
        self, step_widths: Mapping[str, int], *, w_face: float = 0.6, **options
    ):
        super().__init__()
        self.step_widths, self.w_face = dict(step_widths), w_face
        self.face, self.eeg = (
            TCNRegressor(step_widths, modalities=[name], **options)
            for name in ("face", "eeg")
        )

    def forward(self, x: Mapping[str, Tensor], lengths: Tensor) -> ValenceOutputs:
        """Return the valence of every step; see `emolib.models.rmmt.RMMT`."""
        face, eeg = (branch(x, lengths).valence for branch in (self.face, self.eeg))
        return ValenceOutputs(weighted(face, eeg, self.w_face))


def weighted(face, eeg, w_face: float):
    """Return Eq. (26) of two answers alike in shape, tensors or arrays.

    Paper 4, Section 4.5.1; mu + eta = 1 is not stated.
    """
    return w_face * face + (1 - w_face) * eeg  # Eq. (26)
