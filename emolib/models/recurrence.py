"""LSTM over utterances of unequal length, pooled over their real steps.

torch's packed LSTM is the quick one on a GPU. On a CPU it takes several times as long
per step as the padded one; there, utterances of like length share a padded call.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

GROUP_SIZE = 16
"""Utterances of a padded call: smaller groups hold less padding, larger ones fewer
steps (measured at batches of 128: 16 is quickest)."""


def lstm_maximum(lstm: nn.LSTM, x: Tensor, lengths: Tensor) -> Tensor:
    """Return the maximum over real steps of an LSTM's outputs, shape (b, d_out).

    Parameters
    ----------
    lstm : nn.LSTM
        One direction, batch first.
    x : Tensor, shape (b, s, d)
        Padded on the right; what padding holds reaches no output and no gradient.
    lengths : Tensor of int, shape (b,)
        An utterance of length 0 gets zeros.
    """
    longest_first = lengths.argsort(descending=True, stable=True)
    order = longest_first[: int((lengths > 0).sum())]
    maximum = _packed_maximum if x.is_cuda else _padded_maximum
    vectors = [
        maximum(lstm, x[group], lengths[group])
        for group in order.split(len(x) if x.is_cuda else GROUP_SIZE)
        if len(group)
    ]
    zeros = x.new_zeros(len(x), lstm.hidden_size)
    return zeros.index_copy(0, order, torch.cat(vectors)) if vectors else zeros


def _packed_maximum(lstm: nn.LSTM, x: Tensor, lengths: Tensor) -> Tensor:
    """Return the maximum of utterances that come the longest first."""
    packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True)
    outputs, _ = lstm(packed)
    padded, _ = pad_packed_sequence(outputs, True, padding_value=-torch.inf)
    return padded.amax(1)


def _padded_maximum(lstm: nn.LSTM, x: Tensor, lengths: Tensor) -> Tensor:
    """Return the same; steps after an utterance's end are computed and left out."""
    x = x[:, : int(lengths[0])]
    is_real = (torch.arange(x.shape[1]) < lengths[:, None])[..., None]
    outputs, _ = lstm(torch.where(is_real, x, 0.0))
    return outputs.masked_fill(~is_real, -torch.inf).amax(1)
