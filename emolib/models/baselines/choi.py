"""Choi et al., a baseline of paper 4 (Table 4): CNN and LSTM, weighed by attention.

Choi, Kim and Song, "Multimodal Attention Network for Continuous-Time Emotion
Recognition Using Video and EEG Signals", IEEE Access 2020. There is no code and what is
known is its abstract: a video and an EEG network of CNN and LSTM answer each by itself,
and low-rank bilinear pooling of both decides, step by step, how much each counts.

Differs from paper: **a reconstruction**; every size is ours (LSTMs of 128, rank 64).
The face's CNN is the frozen backbone that all systems of paper 4 share; the EEG's sees
its bands as pictures of 9 x 9 places, where the 32 channels stand as on the head.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from emolib.models.steps import read_steps

GRID = {
    "Fp1": (0, 3), "AF3": (1, 3), "F3": (2, 2), "F7": (2, 0), "FC5": (3, 1),
    "FC1": (3, 3), "C3": (4, 2), "T7": (4, 0), "CP5": (5, 1), "CP1": (5, 3),
    "P3": (6, 2), "P7": (6, 0), "PO3": (7, 3), "O1": (8, 3), "Oz": (8, 4),
    "Pz": (6, 4), "Fp2": (0, 5), "AF4": (1, 5), "Fz": (2, 4), "F4": (2, 6),
    "F8": (2, 8), "FC6": (3, 7), "FC2": (3, 5), "Cz": (4, 4), "C4": (4, 6),
    "T8": (4, 8), "CP6": (5, 7), "CP2": (5, 5), "P4": (6, 6), "P8": (6, 8),
    "PO4": (7, 5), "O2": (8, 5),
}  # fmt: skip
"""Channel -> row from the front, column from the left, in the order of the features."""
SIDE = 9


class ChoiOutputs(NamedTuple):
    """Valence of every step, and how much each modality counted."""

    valence: Tensor  # (b, s)
    weights: Tensor  # (b, s, m), sum 1


class ChoiNet(nn.Module):
    """An LSTM a modality, an answer of each, and attention over the answers.

    Parameters
    ----------
    step_widths : mapping of str to int
        Features a step of each modality; the EEG's are bands of 32 channels each.
    modalities : sequence of str
        Those that are read; of one alone, all weight is its.
    d, rank : int
    dropout : float
    """

    def __init__(
        self, step_widths: Mapping[str, int], *,
        modalities: Sequence[str] = ("face", "eeg"),
        d: int = 128, rank: int = 64, dropout: float = 0.1,
    ):  # fmt: skip
        super().__init__()
        self.step_widths = {name: step_widths[name] for name in modalities}
        fronts = {n: _BandMaps(w, d) if n == "eeg" else nn.Identity()
                  for n, w in self.step_widths.items()}  # fmt: skip
        wide = {name: d if name == "eeg" else w for name, w in self.step_widths.items()}
        self.fronts = nn.ModuleDict(fronts)
        self.lstms = nn.ModuleDict(
            {name: nn.LSTM(n, d, batch_first=True) for name, n in wide.items()}
        )
        self.answers = nn.ModuleDict(
            {name: nn.Linear(d, 1) for name in self.step_widths}
        )
        self.dropout = nn.Dropout(dropout)
        if len(self.step_widths) > 1:
            maps = {name: nn.Linear(d, rank) for name in self.step_widths}
            self.low_rank = nn.ModuleDict(maps)
            self.weigh = nn.Linear(rank, len(self.step_widths))

    def forward(self, x: Mapping[str, Tensor], lengths: Tensor) -> ChoiOutputs:
        """Return valence and weights of every step; see `emolib.models.rmmt.RMMT`."""
        x, here = read_steps(x, lengths, self.step_widths)
        hidden = {
            name: self.dropout(self.lstms[name](self.fronts[name](steps))[0])
            for name, steps in x.items()
        }
        answers = torch.cat([self.answers[n](h) for n, h in hidden.items()], dim=-1)
        weights = self._weights(hidden, answers)
        valence = (weights * answers).sum(-1).where(here, 0.0)
        return ChoiOutputs(valence, weights)

    def _weights(self, hidden: Mapping[str, Tensor], answers: Tensor) -> Tensor:
        """Return how much each modality counts, by low-rank bilinear pooling."""
        if len(hidden) == 1:
            return torch.ones_like(answers)
        pooled = torch.stack([self.low_rank[n](h).tanh() for n, h in hidden.items()])
        return self.weigh(pooled.prod(0)).softmax(-1)  # (b, s, m)


class _BandMaps(nn.Module):
    """Two convolutions over the head, a picture a band, and a linear map."""

    def __init__(self, n_features: int, d: int):
        super().__init__()
        n_bands, rest = divmod(n_features, len(GRID))
        if rest or not n_bands:
            raise ValueError(
                f"eeg must hold bands of {len(GRID)} channels each; got {n_features} "
                "features. Choi's network draws them on the head: leave it out."
            )
        places = [SIDE * row + column for row, column in GRID.values()]
        self.register_buffer("places", torch.tensor(places), persistent=False)
        self.layers = nn.Sequential(
            nn.Conv2d(n_bands, 32, 3, padding=1), nn.ReLU(),
            nn.Conv2d(32, 32, 3, 2, padding=1), nn.ReLU(), nn.Flatten(),
            nn.Linear(32 * (SIDE // 2 + 1) ** 2, d),
        )  # fmt: skip

    def forward(self, steps: Tensor) -> Tensor:
        """Return features of every step, (b, s, f * 32) -> (b, s, d)."""
        bands = steps.unflatten(-1, (-1, len(GRID))).flatten(0, 1)  # (b s, f, 32)
        maps = bands.new_zeros(*bands.shape[:2], SIDE * SIDE)
        maps[..., self.places] = bands
        found = self.layers(maps.unflatten(-1, (SIDE, SIDE)))
        return found.unflatten(0, steps.shape[:2])
