"""TextCNN over utterances of unequal length, computed on real steps alone."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from emolib.models.linear import init_kaiming


class TextCNN(nn.Module):
    """Convolutions over 3, 4 and 5 steps, their maxima, one linear map.

    Kim 2014, as in MEN. A maximum is over windows that touch a real step; an utterance
    of fewer than five steps counts as one of five, whose last steps are zeros.

    Parameters
    ----------
    d_in, d : int
        Features per step; filters per kernel, and features that come out.
    dropout : float
        Before the linear map; 0.5 in the public code.
    """

    KERNELS = (3, 4, 5)

    def __init__(self, d_in: int, *, d: int = 128, dropout: float = 0.5):
        super().__init__()
        self.d = d
        self.convolutions = nn.ModuleList(nn.Conv1d(d_in, d, k) for k in self.KERNELS)
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(len(self.KERNELS) * d, d)
        self.apply(init_kaiming)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return a vector per utterance, (b, s, d_in) -> (b, d); zeros at length 0."""
        present = (lengths > 0).nonzero().squeeze(1)
        vectors = x.new_zeros(len(x), self.d)
        if len(present) == 0:
            return vectors
        pooled = self._pool(x, lengths, present)  # (u, 3 d)
        features = self.out(self.dropout(pooled)).relu()
        return vectors.index_copy(0, present, features)

    def _pool(self, x: Tensor, lengths: Tensor, present: Tensor) -> Tensor:
        """Return the rectified maxima of the utterances at `present`, shape (u, 3 d).

        Each real step is multiplied once with every tap of every kernel; a window is
        the sum of as many taps. Only the windows that win carry gradients.
        """
        real = lengths[present]
        rows, starts = _rows_of(x, real, present, max(self.KERNELS))
        taps = rows @ self._taps()  # (r, 12 d)
        place = self._winners(taps.detach(), real, starts)  # (u, 12 d), flat places
        won = taps.flatten().index_select(0, place.flatten()).view(place.shape)
        sums = [part.unflatten(1, (-1, self.d)).sum(1) for part in self._split(won)]
        bias = torch.cat([convolution.bias for convolution in self.convolutions])
        return (torch.cat(sums, dim=1) + bias).relu()

    def _taps(self) -> Tensor:
        """Return all kernels side by side, tap after tap, shape (d_in, 12 d)."""
        weights = [
            convolution.weight.permute(1, 2, 0).flatten(1)  # (d_in, k d)
            for convolution in self.convolutions
        ]
        return torch.cat(weights, dim=1)

    def _split(self, taps: Tensor) -> tuple[Tensor, ...]:
        return taps.split([kernel * self.d for kernel in self.KERNELS], dim=1)

    def _winners(self, taps: Tensor, real: Tensor, starts: Tensor) -> Tensor:
        """Return where the taps of each maximal window stand in ``taps.flatten()``."""
        filters = torch.arange(self.d, device=taps.device)
        step = torch.arange(int(real.max()), device=taps.device)
        places, column = [], 0
        for kernel, part in zip(self.KERNELS, self._split(taps), strict=True):
            n_windows = torch.minimum(real, real.clamp(min=5) - kernel + 1)
            exists = step < n_windows[:, None]  # (u, s)
            first = (starts[:, None] + step)[exists]  # row where each window starts
            score = part[:, : self.d].index_select(0, first)
            for tap in range(1, kernel):
                own = part[:, tap * self.d : (tap + 1) * self.d]
                score += own.index_select(0, first + tap)
            scores = part.new_full((*exists.shape, self.d), -torch.inf)
            scores[exists] = score
            row = starts[:, None] + scores.argmax(1)  # (u, d)
            for tap in range(kernel):
                places.append((row + tap) * taps.shape[1] + column + filters)
                column += self.d
        return torch.cat(places, dim=1)


def _rows_of(
    x: Tensor, real: Tensor, present: Tensor, shortest: int
) -> tuple[Tensor, Tensor]:
    """Return real steps one after another, and where each utterance starts.

    Utterances of fewer than `shortest` steps are filled up with zeros.
    """
    filled = real.clamp(min=shortest)
    ends = filled.cumsum(0)
    step = torch.arange(int(filled.max()), device=x.device)
    kept = step < filled[:, None]  # (u, s)
    is_real = (step < real[:, None])[kept]  # (r,)
    source = (present[:, None] * x.shape[1] + step)[kept]
    rows = x.flatten(0, 1).index_select(0, source.where(is_real, 0))
    if not is_real.all():
        rows = torch.where(is_real[:, None], rows, 0.0)
    return rows, ends - filled
