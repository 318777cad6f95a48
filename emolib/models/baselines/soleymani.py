"""Soleymani et al., a baseline of paper 4 (Table 4): two LSTMs on whole trials.

Soleymani et al., "Analysis of EEG Signals and Facial Expressions for Continuous Emotion
Detection", IEEE Trans. Affective Computing 2016. Its code is not public. Sizes are
those of a public re-implementation: a first LSTM half as wide as the features, a second
half of that; 128-64-32, 38-19-10 and 166-83-42.

``x {modality: (b, s, d)} -> side by side -> LSTM -> LSTM -> linear 32 -> valence``

Differs from that code: its widest LSTMs, 83 and 42, are an upper bound here, for a
backbone's 512 features would make a network of four million weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from emolib.models.steps import ValenceOutputs, read_steps

WIDEST, D_HEAD = (83, 42), 32


class SoleymaniLSTM(nn.Module):
    """Two LSTMs, one after the other, over the features of some modalities.

    Parameters
    ----------
    step_widths : mapping of str to int
        Features a step of each modality.
    modalities : sequence of str
        Those that are read, side by side; several are feature-level fusion.
    dropout : float
    """

    def __init__(
        self, step_widths: Mapping[str, int], *,
        modalities: Sequence[str] = ("face", "eeg"),
        dropout: float = 0.4,
    ):  # fmt: skip
        super().__init__()
        self.step_widths = {name: step_widths[name] for name in modalities}
        n = sum(self.step_widths.values())
        first, second = (
            min(-(-n // k), w) for k, w in zip((2, 4), WIDEST, strict=True)
        )
        self.first = nn.LSTM(n, first, batch_first=True)
        self.second = nn.LSTM(first, second, batch_first=True)
        self.hidden, self.answer = nn.Linear(second, D_HEAD), nn.Linear(D_HEAD, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Mapping[str, Tensor], lengths: Tensor) -> ValenceOutputs:
        """Return the valence of every step; see `emolib.models.rmmt.RMMT`."""
        x, here = read_steps(x, lengths, self.step_widths)
        steps = torch.cat([*x.values()], dim=-1)
        for lstm in (self.first, self.second):
            steps = self.dropout(lstm(steps)[0])
        valence = self.answer(self.dropout(self.hidden(steps)))[..., 0]
        return ValenceOutputs(valence.where(here, 0.0))
