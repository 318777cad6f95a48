"""TextCNN over utterances of unequal length, computed on real steps alone."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

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
        """Return the rectified maxima of utterances at `present`, shape (u, 3 d)."""
        real = lengths[present]
        rows, starts = _rows_of(x, real, present, max(self.KERNELS))
        taps = [
            convolution.weight.permute(2, 0, 1).flatten(0, 1)  # (k d, d_in)
            for convolution in self.convolutions
        ]
        bias = torch.cat([convolution.bias for convolution in self.convolutions])
        maxima = _WindowMaxima.apply(rows, torch.cat(taps), real, starts, self.KERNELS)
        return (maxima + bias).relu()


class _WindowMaxima(torch.autograd.Function):
    """The largest response of each filter over the windows of each utterance.

    Each real step is multiplied once with every tap of every kernel; a window is the
    sum of as many taps. The gradient is that of the windows that won: one row in some
    twenty, gathered instead of multiplied with zeros.
    """

    @staticmethod
    def forward(ctx, rows, taps, real, starts, kernels):
        responses = rows @ taps.t()  # (r, 12 d)
        d = len(taps) // sum(kernels)
        maxima, winners, column = [], [], 0
        for kernel in kernels:
            part = responses[:, column : column + kernel * d]
            best, row = _best_windows(part, real, starts, kernel)
            maxima.append(best)
            winners += [row + tap for tap in range(kernel)]
            column += kernel * d
        ctx.kernels = kernels
        ctx.save_for_backward(rows, taps, torch.cat(winners, dim=1))
        return torch.cat(maxima, dim=1)  # (u, 3 d)

    @staticmethod
    @once_differentiable
    def backward(ctx, d_maxima):
        rows, taps, winners = ctx.saved_tensors  # winners (u, 12 d)
        each = d_maxima.chunk(len(ctx.kernels), dim=1)
        per_tap = [
            part.repeat(1, kernel)
            for part, kernel in zip(each, ctx.kernels, strict=True)
        ]
        weight, winner = torch.cat(per_tap, dim=1).t(), winners.t()  # (12 d, u)
        counts = (weight != 0).sum(1)
        d_taps = F.embedding_bag(
            winner[weight != 0], rows, counts.cumsum(0) - counts, mode="sum",
            per_sample_weights=weight[weight != 0],
        )  # fmt: skip
        d_rows = None
        if ctx.needs_input_grad[0]:
            of_taps = torch.zeros(len(rows), len(taps)).to(rows)
            d_rows = of_taps.scatter_(0, winners, weight.t()) @ taps
        return d_rows, d_taps, None, None, None


def _best_windows(
    responses: Tensor, real: Tensor, starts: Tensor, kernel: int
) -> tuple[Tensor, Tensor]:
    """Return each filter's maximum over windows, and the row where its window starts.

    Parameters
    ----------
    responses : Tensor, shape (r, k d)
        Of every row to every tap of a kernel.
    real, starts : Tensor of int, shape (u,)
        Real steps of each utterance, and its first row.

    Returns
    -------
    best, row : Tensor, shape (u, d) each
    """
    step = torch.arange(int(real.max()), device=real.device)
    n_windows = torch.minimum(real, real.clamp(min=5) - kernel + 1)
    exists = step < n_windows[:, None]  # (u, s)
    first = (starts[:, None] + step)[exists]  # row where each window starts
    own, *later = responses.chunk(kernel, dim=1)
    score = own.index_select(0, first)
    for tap, part in enumerate(later, 1):
        score += part.index_select(0, first + tap)
    scores = score.new_full((*exists.shape, score.shape[1]), -torch.inf)
    scores[exists] = score
    best, place = scores.max(1)
    return best, starts[:, None] + place


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
