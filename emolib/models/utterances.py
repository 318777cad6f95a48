"""Encoders of whole utterances, shared by NMER, MEN, MMIN and IF-MMIN.

Sequences of features come as ``x {modality: (b, s, d)}``, padded on the right, with
``lengths {modality: (b,)}``. What padding holds is never read, an utterance's output
does not depend on its batch, and a modality of length 0 (missing) becomes zeros.

Modalities stand in one order everywhere: audio, visual, text. The public codes put text
second; only the names of columns differ.

Differs from paper: its public code has no masks, so that maxima see padded steps and an
utterance's output depends on the longest of its batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor, nn

from emolib.checks import check_option, check_range, check_shape
from emolib.containers import MODALITIES_AVL
from emolib.models.linear import init_kaiming
from emolib.models.text_cnn import TextCNN


class UtteranceModel(nn.Module):
    """A model that reads, with `read`, what its `encoder` makes of each modality.

    Encoding is apart, so that what depends on one modality alone is computed once for
    all conditions.
    """

    def forward(self, x: Mapping[str, Tensor], lengths: Mapping[str, Tensor], *draws):
        """Return the outputs for a batch of utterances.

        Parameters
        ----------
        x : mapping of str to Tensor, shape (b, s, d) each
        lengths : mapping of str to Tensor of int, shape (b,) each
        *draws
            What `read` takes besides.
        """
        return self.read(*self.encode(x, lengths), *draws)

    def encode(self, x, lengths) -> tuple[Tensor, ...]:
        """Return what depends on one modality alone, (b, m, d) each."""
        encoded = self.encoder(x, lengths)
        return encoded if isinstance(encoded, tuple) else (encoded,)


class FusionEncoder(nn.Module):
    """One encoder per modality: LSTM for audio and visual, TextCNN for text.

    Paper 3, Section 2.3, the specificity encoders; those of MEN (Zhao et al. 2021).

    Parameters
    ----------
    widths : mapping of str to int
        Features per step of each modality that is read.
    d : int
        Features per modality that come out.
    dropout : float
        Of the TextCNN.
    """

    def __init__(
        self, widths: Mapping[str, int], *, d: int = 128, dropout: float = 0.5
    ):
        super().__init__()
        for name in widths:
            check_option("modality", name, MODALITIES_AVL)
        check_range("number of modalities", len(widths), 1, len(MODALITIES_AVL))
        self.widths = {name: widths[name] for name in MODALITIES_AVL if name in widths}
        self.d = d
        make = {"text": partial(TextCNN, dropout=dropout)}
        self.encoders = nn.ModuleDict(
            {n: make.get(n, LSTMEncoder)(w, d=d) for n, w in self.widths.items()}
        )

    def forward(self, x: Mapping[str, Tensor], lengths: Mapping[str, Tensor]) -> Tensor:
        """Return a vector per modality, shape (b, m, d); missing ones are zeros."""
        check_utterances(x, lengths, self.widths)
        pairs = self.encoders.items()
        return torch.stack([read(x[n], lengths[n]) for n, read in pairs], dim=1)


class SpecificInvariantEncoder(nn.Module):
    """Specific features h' of each modality, and features H' of one shared space.

    Paper 3, Section 2.3, after IF-MMIN. The paper's invariance encoder has a "linear
    structure": here two linear maps shared by all modalities. They read the specific
    features, as in IF-MMIN, which the paper cites for them.

    Parameters
    ----------
    widths, d, dropout
        As in `FusionEncoder`.
    separate : bool
        Whether the shared maps read a second set of encoders, as in the public code.
    """

    def __init__(
        self, widths: Mapping[str, int], *, d: int = 128, separate: bool = False,
        dropout: float = 0.5,
    ):  # fmt: skip
        super().__init__()
        self.specific = FusionEncoder(widths, d=d, dropout=dropout)
        self.common = FusionEncoder(widths, d=d, dropout=dropout) if separate else None
        self.shared = nn.Sequential(
            nn.Linear(d, d), nn.LeakyReLU(), nn.Linear(d, d), nn.LeakyReLU()
        ).apply(init_kaiming)
        self.widths = self.specific.widths
        self.d_out = len(self.widths) * d

    def forward(
        self, x: Mapping[str, Tensor], lengths: Mapping[str, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Return h' and H', shape (b, m, d) each; missing ones are zeros in both."""
        specific = self.specific(x, lengths)
        common = specific if self.common is None else self.common(x, lengths)
        present = torch.stack([lengths[name] > 0 for name in self.widths], dim=1)
        invariant = torch.where(present[..., None], self.shared(common), 0.0)
        return specific, invariant


class LSTMEncoder(nn.Module):
    """Maximum over the real steps of a one-directional LSTM, (b, s, d_in) -> (b, d).

    On a CPU, utterances of like length share a padded call: torch's packed LSTM takes
    three times as long, a padded call of the whole batch more than twice.
    """

    GROUP_SIZE = 16  # smaller groups hold less padding, larger ones fewer steps

    def __init__(self, d_in: int, *, d: int = 128):
        super().__init__()
        self.lstm = nn.LSTM(d_in, d, batch_first=True)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return a vector per utterance; zeros where the length is 0."""
        longest_first = lengths.argsort(descending=True, stable=True)
        groups = longest_first.split(len(x) if x.is_cuda else self.GROUP_SIZE)
        maxima = [self._maximum(x[rows], lengths[rows]) for rows in groups]
        return torch.cat(maxima)[longest_first.argsort()]

    def _maximum(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return the maxima of utterances that come the longest first."""
        x = x[:, : max(int(lengths[0]), 1)]
        step = torch.arange(x.shape[1], device=x.device)
        is_real = (step < lengths[:, None])[..., None]  # (b, s, 1)
        outputs, _ = self.lstm(torch.where(is_real, x, 0.0))
        maxima = outputs.masked_fill(~is_real, -torch.inf).amax(1)
        return torch.where((lengths > 0)[:, None], maxima, 0.0)


def check_utterances(
    x: Mapping[str, Tensor], lengths: Mapping[str, Tensor], widths: Mapping[str, int]
) -> None:
    """Raise ValueError unless `x` and `lengths` hold what a model of `widths` reads.

    Modalities beside those of `widths` are ignored.
    """
    missing = [name for name in widths if name not in x or name not in lengths]
    if missing:
        raise ValueError(
            f"x and lengths must hold {', '.join(widths)}; got {sorted(x)} and "
            f"{sorted(lengths)}. A missing modality has its zeros, and length 0."
        )
    n = len(x[next(iter(widths))])
    for name, width in widths.items():
        hint = f"The model was built for {name} of {width} features a step."
        check_shape(name, x[name], "b s d", hint, b=n, d=width)
        check_shape(f"lengths[{name!r}]", lengths[name], "b", b=n)
        if n and int(lengths[name].max()) > x[name].shape[1]:
            raise ValueError(
                f"lengths[{name!r}] must be at most the {x[name].shape[1]} steps that "
                f"{name} has; got {int(lengths[name].max())}. Trim both alike."
            )
