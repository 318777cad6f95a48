"""RMMT, a residual multimodal Transformer for valence that moves with time.

Jin, Xiao, Jin and Zhang, "Residual multimodal Transformer for expression-EEG fusion
continuous emotion recognition" (CAAI Trans. Intell. Technol. 2024), Section 3, Fig. 2.

``x {face: (b, s, d_F), eeg: (b, s, d_E)} -> TCN -> X_F, X_E (b, s, d) -> E->F -> cat``

Face features ask, EEG features answer; what they asked with is kept beside the answer.
With one modality as both it is the paper's RSMT-E or RSMT-F, without the residual MMT.

Differs from paper: Eq. (12) has ReLU where the method it cites has a softmax, and its
text speaks of weights; the softmax is the default. Eq. (13) prints V_F transposed; V_E
is meant. Eq. (14) adds the projected query, its text the face features; the default.
Differs from paper: layers (2), heads (4), the feed-forward width (512), dropout (0.1),
positions (sinusoids) and the regressor (a linear map) are not given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from emolib.checks import check_option
from emolib.models.blocks import ByteDropout
from emolib.models.steps import TCN, read_steps, sinusoids

ATTENTIONS = ("softmax", "relu")
SKIPS = ("stream", "query")
"""What Eq. (14) adds: the layer's input, or its projection Q_F, as printed."""


class RMMTOutputs(NamedTuple):
    """Valence of every step, and the features that it was read from."""

    valence: Tensor  # (b, s)
    query: Tensor  # X_F  (b, s, d)
    source: Tensor  # X_E  (b, s, d)
    fused: Tensor  # X_E->F after N layers  (b, s, d)


class RMMT(nn.Module):
    """A TCN a modality, attention from one to the other, and a regressor.

    Paper 4, Section 3.3, Eq. (8)-(17).

    Parameters
    ----------
    step_widths : mapping of str to int
        Features a step of each modality that is used.
    query, source : str
        The modality that asks, and the one that answers; RSMT-F: the face both.
    d, n_heads, n_layers, d_ff : int
    dropout : float
    attention : {'softmax', 'relu'}
        ``relu``: Eq. (12) as printed.
    skip : {'stream', 'query'}
        ``query``: Eq. (14) as printed.
    positions : bool
    residual : bool
        Eq. (17); False is the paper's MMT.
    """

    def __init__(
        self, step_widths: Mapping[str, int], *, query: str = "face",
        source: str = "eeg", d: int = 128, n_heads: int = 4, n_layers: int = 2,
        d_ff: int = 512, dropout: float = 0.1, attention: str = "softmax",
        skip: str = "stream", positions: bool = True, residual: bool = True,
    ):  # fmt: skip
        super().__init__()
        check_option("attention", attention, ATTENTIONS)
        check_option("skip", skip, SKIPS)
        self.step_widths = {
            name: step_widths[name] for name in dict.fromkeys((query, source))
        }
        self.query, self.source = query, source
        self.positions, self.residual = positions, residual
        tcns = {
            name: TCN(n, (d, d), dropout=dropout)
            for name, n in self.step_widths.items()
        }
        self.tcns = nn.ModuleDict(tcns)
        self.layers = nn.ModuleList(
            _CrossModalLayer(d, n_heads, d_ff, dropout, attention, skip)
            for _ in range(n_layers)
        )
        self.regressor = nn.Linear(2 * d if residual else d, 1)

    def forward(self, x: Mapping[str, Tensor], lengths: Tensor) -> RMMTOutputs:
        """Return the valence of every step; 0 where a sequence has ended.

        Parameters
        ----------
        x : mapping of str to Tensor, shape (b, s, d_m) each
        lengths : Tensor of int, shape (b,)
        """
        x, here = read_steps(x, lengths, self.step_widths)
        features = {name: tcn(x[name]) for name, tcn in self.tcns.items()}
        query, source = features[self.query], features[self.source]
        places = sinusoids(*query.shape[1:], query) if self.positions else 0.0
        fused, answers = query + places, source + places  # Eq. (8)
        for layer in self.layers:
            fused = layer(fused, answers, here)  # Eq. (9)-(16)
        read = torch.cat([query, fused], dim=-1) if self.residual else fused  # Eq. (17)
        valence = self.regressor(read)[..., 0].where(here, 0.0)
        return RMMTOutputs(valence, query, source, fused)


class _CrossModalLayer(nn.Module):
    """One layer of the multimodal Transformer: ask another modality, then think.

    Paper 4, Section 3.3, Eq. (9)-(16); one norm, as printed.

    Parameters
    ----------
    d, n_heads, d_ff : int
    dropout : float
    attention, skip : str
        As of `RMMT`.
    """

    def __init__(
        self, d: int, n_heads: int, d_ff: int, dropout: float = 0.1,
        attention: str = "softmax", skip: str = "stream",
    ):  # fmt: skip
        super().__init__()
        self.n_heads, self.attention, self.skip = n_heads, attention, skip
        self.w_q, self.w_k, self.w_v = (nn.Linear(d, d, bias=False) for _ in range(3))
        self.out = nn.Linear(d, d) if n_heads > 1 else nn.Identity()
        self.norm = nn.LayerNorm(d)
        self.feed_forward = nn.Sequential(
            nn.Linear(d, d_ff), nn.ReLU(), ByteDropout(dropout), nn.Linear(d_ff, d)
        )
        self.dropout = ByteDropout(dropout)

    def forward(self, stream: Tensor, source: Tensor, here: Tensor) -> Tensor:
        """Return the next X_E->F, (b, s, d); `here` (b, s) says which steps are."""
        query = self.w_q(stream)  # Eq. (9)
        q, k, v = (
            part.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)
            for part in (query, self.w_k(source), self.w_v(source))  # Eq. (10), (11)
        )  # (b, h, s, d / h) each
        weights = attention_weights(q, k, here, self.attention)  # Eq. (12)
        attended = self.out((weights @ v).transpose(1, 2).flatten(2))  # Eq. (13)
        kept = query if self.skip == "query" else stream
        between = self.norm(kept + self.dropout(attended))  # Eq. (14)
        return between + self.dropout(self.feed_forward(between))  # Eq. (15), (16)


def attention_weights(q: Tensor, k: Tensor, here: Tensor, attention: str) -> Tensor:
    """Return Att of Eq. (12), (b, h, s, s); steps that are not there weigh 0.

    Paper 4, Section 3.3, Eq. (12).

    Parameters
    ----------
    q, k : Tensor, shape (b, h, s, d)
    here : Tensor of bool, shape (b, s)
    attention : {'softmax', 'relu'}
        ``relu``, as printed: weights of any sum, that grow with the sequence's length.
    """
    scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
    there = here[:, None, None, :]
    if attention == "relu":
        return scores.relu().where(there, 0.0)
    return scores.where(there, -torch.inf).softmax(-1)
