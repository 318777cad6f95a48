"""TextCNN over utterances of unequal length, computed on real steps alone.

torch's own convolutions over padded batches take four times as long a training step on
a CPU, and its own gradient of the windows that won a fifth longer: hence one function
with a gradient of its own.
"""

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
        self.convolutions = nn.ModuleList(nn.Conv1d(d_in, d, k) for k in self.KERNELS)
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(len(self.KERNELS) * d, d)
        self.apply(init_kaiming)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return a vector per utterance, (b, s, d_in) -> (b, d); zeros at length 0."""
        rows, starts = _real_rows(x, lengths, max(self.KERNELS))
        taps = [c.weight.permute(2, 0, 1).flatten(0, 1) for c in self.convolutions]
        won = _Winners.apply(rows, torch.cat(taps), lengths, starts, self.KERNELS)
        maxima = [
            sum(part.chunk(kernel, dim=1))  # (b, d)
            for kernel, part in zip(self.KERNELS, won, strict=True)
        ]
        bias = torch.cat([convolution.bias for convolution in self.convolutions])
        pooled = (torch.cat(maxima, dim=1) + bias).relu()  # (b, 3 d)
        features = self.out(self.dropout(pooled)).relu()
        return torch.where((lengths > 0)[:, None], features, 0.0)


class _Winners(torch.autograd.Function):
    """The responses to each tap of each filter, where the filter's window won.

    Each row is multiplied once with every tap of every kernel; a window is the sum of
    as many taps. The gradient is that of the windows that won: one row in some twenty,
    gathered instead of multiplied with zeros.
    """

    @staticmethod
    def forward(ctx, rows, taps, lengths, starts, kernels):
        responses = rows @ taps.t()  # (r, 12 d)
        d = len(taps) // sum(kernels)
        parts = responses.split([kernel * d for kernel in kernels], dim=1)
        winners = [
            _best_rows(part, lengths, starts, kernel)
            for kernel, part in zip(kernels, parts, strict=True)
        ]
        ctx.save_for_backward(rows, taps, torch.cat(winners, dim=1))
        return tuple(p.gather(0, w) for p, w in zip(parts, winners, strict=True))

    @staticmethod
    @once_differentiable
    def backward(ctx, *d_won):
        rows, taps, winners = ctx.saved_tensors  # winners (b, 12 d)
        weight = torch.cat(d_won, dim=1).to(rows.dtype).t()  # (12 d, b)
        kept = weight != 0
        counts = kept.sum(1)
        d_taps = F.embedding_bag(
            winners.t()[kept], rows, counts.cumsum(0) - counts, mode="sum",
            per_sample_weights=weight[kept],
        )  # fmt: skip
        d_rows = None
        if ctx.needs_input_grad[0]:
            of_taps = rows.new_zeros(len(rows), len(taps))
            d_rows = of_taps.scatter_(0, winners, weight.t()) @ taps
        return d_rows, d_taps, None, None, None


def _best_rows(part: Tensor, lengths: Tensor, starts: Tensor, kernel: int) -> Tensor:
    """Return the rows of each utterance's best window of each filter, (b, k d).

    Parameters
    ----------
    part : Tensor, shape (r, k d)
        Responses of every row to every tap of a kernel of `k` steps.
    lengths, starts : Tensor of int, shape (b,)
        Real steps of each utterance, and its first row.
    """
    step = torch.arange(max(int(lengths.max()), 1), device=part.device)
    n_windows = torch.minimum(lengths, lengths.clamp(min=5) - kernel + 1)
    exists = step < n_windows[:, None]  # (b, s)
    first = (starts[:, None] + step)[exists]  # row where each window starts
    own, *later = part.chunk(kernel, dim=1)
    score = own.index_select(0, first)
    for tap, responses in enumerate(later, 1):
        score += responses.index_select(0, first + tap)
    scores = score.new_full((*exists.shape, score.shape[1]), -torch.inf)
    scores[exists] = score
    row = starts[:, None] + scores.argmax(1)  # (b, d)
    return torch.cat([row + tap for tap in range(kernel)], dim=1)


def _real_rows(x: Tensor, lengths: Tensor, shortest: int) -> tuple[Tensor, Tensor]:
    """Return real steps one after another, and where each utterance starts.

    Utterances of fewer than `shortest` steps are filled up with zeros.
    """
    filled = lengths.clamp(min=shortest)
    step = torch.arange(int(filled.max()), device=x.device)
    kept = step < filled[:, None]  # (b, s)
    is_real = (step < lengths[:, None])[kept]  # (r,)
    first = torch.arange(len(x), device=x.device)[:, None] * x.shape[1]
    source = (first + step)[kept].where(is_real, 0)
    rows = x.flatten(0, 1).index_select(0, source)
    return torch.where(is_real[:, None], rows, 0.0), filled.cumsum(0) - filled
