"""MCTN, translation from modality to modality, a baseline of paper 3 (Tables 2 and 5).

Pham, Liang, Manzini, Morency and Poczos, "Found in Translation: Learning Robust Joint
Representations by Cyclic Translations between Modalities", AAAI 2019, Section 3. Input:
text alone; audio and visual are what it is translated to, in training.

``text (b, 20, D) -> encoder -> (b, 20, 32) -> decoder -> audio (b, 20, D)``
``audio as translated -> the same encoder and decoder -> text again (b, 20, D)``
``(b, 20, 32) -> encoder 2 -> (b, 20, 32) -> decoder 2 -> visual (b, 20, D)``
``encoder 2 -> LSTM 32, attention -> logits (b, k)``

All modalities are resampled to 20 steps and padded with zero features to the widest, D,
because the cycle sends a translation through the encoder of its source. The tanh that
ends a translation cannot reach features beyond -1 and 1; it is kept.

The published attention adds, to the score of every step, a map of the decoder's last
cell and a bias. Both are the same for all steps and leave the softmax where it is: they
are left out, the output is the same (tested), and the context is computed once.

Weights start as the public code's library draws them: Glorot's uniform, orthogonal in
the recurrence of encoders and predictor, biases 0, the predictor's forget gate 1.

Differs from paper: classes instead of one number; the forget gate has weights of its
own, where the public cell reads the input gate's; sigmoid gates, where the public
cell's library has a piecewise linear one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from emolib.containers import MODALITIES_AVL
from emolib.models.utterances import UtteranceModel, check_utterances


class MCTNOutputs(NamedTuple):
    """Class scores and the three translations."""

    logits: Tensor  # (b, k)
    translated: Tensor  # source to second modality  (b, s, D)
    returned: Tensor  # and back to the source  (b, s, D)
    translated_third: Tensor  # joint sequence to third modality  (b, s, D)


class MCTN(UtteranceModel):
    """Two translations, one of them there and back, and a predictor.

    Parameters
    ----------
    widths : mapping of str to int
        Features per step; all three modalities.
    n_classes : int
    order : tuple of str
        Source, second and third modality. The article's best starts from text, too.
    n_steps : int
        To which utterances are resampled.
    d_hidden : int
    """

    def __init__(
        self, widths: Mapping[str, int], n_classes: int, *,
        order: tuple[str, ...] = ("text", "audio", "visual"), n_steps: int = 20,
        d_hidden: int = 32,
    ):  # fmt: skip
        super().__init__()
        for name, given in (("order", order), ("widths", widths)):
            if sorted(given) != sorted(MODALITIES_AVL):
                raise ValueError(
                    f"{name} must name {', '.join(MODALITIES_AVL)} once each; got "
                    f"{list(given)}. MCTN translates between all three."
                )
        self.widths = {name: widths[name] for name in MODALITIES_AVL}
        self.order, self.n_steps = tuple(order), n_steps
        self.d_wide = max(self.widths.values())
        self.encoder = _Encoder(self.d_wide, d_hidden)
        self.decoder = _AttentionDecoder(d_hidden, self.d_wide)
        self.encoder_third = _Encoder(d_hidden, d_hidden)
        self.decoder_third = _AttentionDecoder(d_hidden, self.d_wide)
        self.predictor = _Predictor(d_hidden, n_classes)
        for name, width in self.widths.items():
            self.register_buffer(f"mean_{name}", torch.zeros(width))
            self.register_buffer(f"std_{name}", torch.ones(width))

    def set_scale(self, name: str, mean: Tensor, std: Tensor) -> None:
        """Keep the mean and deviation of a modality's training steps, shape (d,)."""
        self.get_buffer(f"mean_{name}").copy_(mean)
        self.get_buffer(f"std_{name}").copy_(std)

    def sequences(
        self, x: Mapping[str, Tensor], lengths: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """Return each modality z-scored, resampled and widened, shape (b, s, D)."""
        check_utterances(x, lengths, self.widths)
        return {name: self._sequence(name, x[name], lengths[name]) for name in x}

    def _sequence(self, name: str, x: Tensor, lengths: Tensor) -> Tensor:
        mean, std = (self.get_buffer(f"{part}_{name}") for part in ("mean", "std"))
        scaled = (resample_steps(x, lengths, self.n_steps) - mean) / std
        scaled = scaled.where((lengths > 0)[:, None, None], 0.0)
        return F.pad(scaled, (0, self.d_wide - scaled.shape[-1]))

    def encode(self, x, lengths) -> tuple[Tensor]:
        """Return what depends on the source alone, shape (b, 1, s, d)."""
        source = self.order[0]
        check_utterances(x, lengths, {source: self.widths[source]})
        sequence = self._sequence(source, x[source], lengths[source])
        return (self.encoder(sequence)[:, None],)

    def read(self, encoded: Tensor) -> MCTNOutputs:
        """Return the outputs of encoded utterances, `encode`'s (b, 1, s, d)."""
        encoded = encoded[:, 0]
        translated = self.decoder(encoded)
        returned = self.decoder(self.encoder(translated))
        joint = self.encoder_third(encoded)  # (b, s, d)
        logits = self.predictor(joint)
        return MCTNOutputs(logits, translated, returned, self.decoder_third(joint))


class _AttentionDecoder(nn.Module):
    """An LSTM from a zero state that reads one weighted mean of an encoded sequence.

    Parameters
    ----------
    d, d_out : int
        Width of the encoded steps and of the cell; features that come out.
    """

    def __init__(self, d: int, d_out: int):
        super().__init__()
        self.score = nn.Linear(d, 1, bias=False)
        self.cell = nn.LSTM(d, d, batch_first=True)
        self.out = nn.Linear(d, d_out)
        bound = (6 / (2 * d + 1)) ** 0.5  # the published score reads the cell too
        nn.init.uniform_(self.score.weight, -bound, bound)
        _start(self.cell, recurrence=nn.init.xavier_uniform_)
        _start(self.out)

    def forward(self, encoded: Tensor) -> Tensor:
        """Return as many steps as came in, (b, s, d) -> (b, s, d_out)."""
        weights = self.score(encoded).softmax(1)  # (b, s, 1)
        context = (weights * encoded).sum(1, keepdim=True).expand_as(encoded)
        hidden, _ = self.cell(context)
        return self.out(hidden).tanh()


class _Encoder(nn.Module):
    """A two-directional LSTM whose directions are added, (b, s, d_in) -> (b, s, d)."""

    def __init__(self, d_in: int, d: int):
        super().__init__()
        self.lstm = nn.LSTM(d_in, d, batch_first=True, bidirectional=True)
        _start(self.lstm)

    def forward(self, x: Tensor) -> Tensor:
        both, _ = self.lstm(x)
        return both.unflatten(-1, (2, -1)).sum(-2)


class _Predictor(nn.Module):
    """LSTM, a score per step through tanh, their weighted mean, one linear map."""

    def __init__(self, d: int, n_classes: int):
        super().__init__()
        self.lstm = nn.LSTM(d, d, batch_first=True)
        self.score = nn.Linear(d, 1)
        self.head = nn.Linear(d, n_classes)
        for part in (self.lstm, self.score, self.head):
            _start(part)
        nn.init.ones_(self.lstm.bias_ih_l0.detach()[d : 2 * d])  # forget gate

    def forward(self, joint: Tensor) -> Tensor:
        hidden, _ = self.lstm(joint)  # (b, s, d)
        weights = self.score(hidden).tanh().softmax(1)
        return self.head((weights * hidden).sum(1))


def _start(layer: nn.Module, recurrence=nn.init.orthogonal_) -> None:
    """Draw a layer's weights anew: Glorot's, those of a recurrence by `recurrence`."""
    for name, weight in layer.named_parameters():
        if "bias" in name:
            nn.init.zeros_(weight)
        else:
            (recurrence if "_hh" in name else nn.init.xavier_uniform_)(weight)


def resample_steps(x: Tensor, lengths: Tensor, n_steps: int) -> Tensor:
    """Return each utterance in `n_steps` steps, the means of equal parts of it.

    Parameters
    ----------
    x : Tensor, shape (b, s, d)
    lengths : Tensor of int, shape (b,)
        Real steps; parts overlap where they are not a multiple of `n_steps`, and
        repeat a step where there are fewer. Length 0 becomes zeros.
    n_steps : int

    Returns
    -------
    resampled : Tensor, shape (b, n_steps, d)
    """
    step = torch.arange(x.shape[1], device=x.device)
    part = torch.arange(n_steps, device=x.device)
    first = part * lengths[:, None] // n_steps  # (b, n)
    end = -(-(part + 1) * lengths[:, None] // n_steps)
    inside = (step >= first[..., None]) & (step < end[..., None])  # (b, n, s)
    weights = inside / (end - first).clamp(min=1)[..., None]
    is_real = step < lengths[:, None]
    return weights.to(x) @ x.masked_fill(~is_real[..., None], 0)
