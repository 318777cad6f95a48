"""LSTM over utterances of unequal length, pooled over real steps, none computed twice.

torch's own kernels are either quick or packed on a CPU, not both: the quick one runs
over all padding, the packed one takes several times as long per step. Here the real
steps of a batch lie one after another, the longest utterance first, and one loop runs
over them, with its derivative written out; on a GPU the same rows go to cuDNN.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence


class Packing(NamedTuple):
    """Where the real steps of a padded batch go."""

    order: Tensor  # (u,) utterances that have steps, the longest first
    source: Tensor  # (r,) row of the flattened batch, (b s, d), of each packed row
    sizes: list[int]  # utterances that have a step 0, 1, 2, …


def pack_steps(lengths: Tensor, n_steps: int) -> Packing:
    """Return the packing of real steps: all first steps, then all second ones, ….

    Parameters
    ----------
    lengths : Tensor of int, shape (b,)
        Real steps of each utterance; 0 is an absent one, which has no row.
    n_steps : int
        Steps of the padded batch.
    """
    longest_first = lengths.argsort(descending=True, stable=True)
    order = longest_first[: int((lengths > 0).sum())]
    step = torch.arange(n_steps, device=lengths.device)[:, None]
    is_real = step < lengths[order]  # (s, u)
    source = (order * n_steps + step)[is_real]
    sizes = [size for size in is_real.sum(1).tolist() if size]
    return Packing(order, source, sizes)


def lstm_maximum(lstm: nn.LSTM, x: Tensor, lengths: Tensor) -> Tensor:
    """Return the maximum over real steps of an LSTM's outputs, shape (b, d_out).

    Parameters
    ----------
    lstm : nn.LSTM
        One layer, one direction.
    x : Tensor, shape (b, s, d)
        Padded on the right; what padding holds is not read.
    lengths : Tensor of int, shape (b,)
        An utterance of length 0 gets zeros.
    """
    packing = pack_steps(lengths, x.shape[1])
    pooled = x.new_zeros(len(x), lstm.hidden_size)
    if not packing.sizes:
        return pooled
    rows = x.flatten(0, 1).index_select(0, packing.source)  # (r, d)
    run = _by_cudnn if x.is_cuda else _by_loop
    return pooled.index_copy(0, packing.order, run(lstm, rows, packing.sizes))


def _by_cudnn(lstm: nn.LSTM, rows: Tensor, sizes: list[int]) -> Tensor:
    packed = PackedSequence(rows, torch.tensor(sizes))
    outputs, _ = pad_packed_sequence(lstm(packed)[0], padding_value=-torch.inf)
    return outputs.amax(0)  # (s, u, d) -> (u, d)


def _by_loop(lstm: nn.LSTM, rows: Tensor, sizes: list[int]) -> Tensor:
    bias = lstm.bias_ih_l0 + lstm.bias_hh_l0
    return _LSTMMaximum.apply(rows, lstm.weight_ih_l0, lstm.weight_hh_l0, bias, sizes)


class _LSTMMaximum(torch.autograd.Function):
    """The recurrence and its maximum over time; gates stand as torch's: i, f, g, o."""

    @staticmethod
    def forward(ctx, rows, w_input, w_hidden, bias, sizes):
        gates = torch.addmm(bias, rows, w_input.t())  # (r, 4 d), all steps at once
        n, d = len(rows), w_hidden.shape[1]
        cells, hidden = rows.new_empty(n, d), rows.new_empty(n, d)
        best = rows.new_empty(sizes[0], d)
        best_row = torch.zeros(sizes[0], d, dtype=torch.long)
        before = None
        for now in _spans(sizes):
            size = now.stop - now.start
            gate, cell, out = gates[now], cells[now], hidden[now]
            if before is not None:
                gate.addmm_(hidden[before][:size], w_hidden.t())
            gate[:, : 2 * d].sigmoid_()
            gate[:, 2 * d : 3 * d].tanh_()
            gate[:, 3 * d :].sigmoid_()
            i, f, g, o = gate.split(d, dim=1)
            torch.mul(i, g, out=cell)
            if before is not None:
                cell.addcmul_(f, cells[before][:size])
            torch.tanh(cell, out=out).mul_(o)
            if before is None:
                best.copy_(out)
            else:
                torch.maximum(best[:size], out, out=best[:size])
            best_row[:size].masked_fill_(best[:size] == out, now.start)
            before = now
        best_row += torch.arange(sizes[0])[:, None]  # row of the first one, plus place
        ctx.sizes = sizes
        ctx.save_for_backward(rows, w_input, w_hidden, gates, cells, hidden, best_row)
        return best

    @staticmethod
    @once_differentiable
    def backward(ctx, d_best):
        rows, w_input, w_hidden, gates, cells, hidden, best_row = ctx.saved_tensors
        d, first = w_hidden.shape[1], ctx.sizes[0]
        earlier = _row_before(ctx.sizes)  # of the rows from step 1 on
        tanh_cells = cells.tanh()
        before = cells.index_select(0, earlier)
        d_gates = _slopes(gates, before, tanh_cells)  # the loop makes them gradients
        to_cell = tanh_cells.square_().neg_().add_(1).mul_(gates[:, 3 * d :])
        d_hidden = torch.zeros_like(hidden).scatter_(0, best_row, d_best)
        carried, spans = None, _spans(ctx.sizes)
        for number in reversed(range(len(spans))):
            now = spans[number]
            d_out, d_gate = d_hidden[now], d_gates[now]
            d_cell = d_out * to_cell[now]
            if carried is not None:
                d_cell[: len(carried)] += carried
            d_gate[:, 3 * d :].mul_(d_out)
            d_gate[:, : 3 * d].unflatten(1, (3, d)).mul_(d_cell[:, None])
            if number:
                carried = d_cell.mul_(gates[now, d : 2 * d])
                d_hidden[spans[number - 1]][: len(d_gate)].addmm_(d_gate, w_hidden)
        d_rows = d_gates @ w_input if ctx.needs_input_grad[0] else None
        d_w_hidden = d_gates[first:].t() @ hidden.index_select(0, earlier)
        return d_rows, d_gates.t() @ rows, d_w_hidden, d_gates.sum(0), None


def _slopes(gates: Tensor, before: Tensor, tanh_cells: Tensor) -> Tensor:
    """Return what each gate's gradient is a multiple of, shape (r, 4 d).

    Of i, f and g the multiple is the cell's gradient, of o the output's; `before` are
    the cells a step earlier, of the rows from step 1 on. At step 0 there is nothing to
    forget.
    """
    i, f, g, o = gates.chunk(4, dim=1)
    slopes = torch.empty_like(gates)
    of_i, of_f, of_g, of_o = slopes.chunk(4, dim=1)
    first = len(gates) - len(before)
    torch.mul(i, 1 - i, out=of_i).mul_(g)
    of_f[:first] = 0
    torch.mul(f[first:], 1 - f[first:], out=of_f[first:]).mul_(before)
    torch.addcmul(i, i * g, g, value=-1, out=of_g)
    torch.mul(o, 1 - o, out=of_o).mul_(tanh_cells)
    return slopes


def _spans(sizes: list[int]) -> list[slice]:
    """Return the packed rows of each step."""
    spans, start = [], 0
    for size in sizes:
        spans.append(slice(start, start + size))
        start += size
    return spans


def _row_before(sizes: list[int]) -> Tensor:
    """Return, of every row from step 1 on, the same utterance's row a step earlier."""
    size = torch.tensor(sizes)
    row = torch.arange(sizes[0], int(size.sum()))
    return row - torch.repeat_interleave(size[:-1], size[1:])
