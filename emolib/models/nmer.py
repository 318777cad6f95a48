"""NMER, a noise-robust joint representation of utterances.

Fan, Zuo, Liu, Lian and Gao, "Learning Noise-Robust Joint Representation for Multimodal
Emotion Recognition under Incomplete Data Scenarios" (2024), Section 2.3, Fig. 2.

``x -> h', H' (b, 384) -> VAE encoder -> mu, log_var (b, 64) -> z``
``[z, H'] -> VAE decoder -> joint C (b, 384) -> logits (b, k)``

Each utterance is a sequence of one token to the Transformer: self-attention over one
key gives every weight to it, so that its five layers are a residual network of linear
maps, computed as such. The public code hands a batch over as one sequence, whose
utterances then attend to each other, by torch's fused kernel; that is the switch
`batch_as_sequence`.

Differs from paper: it does not give the latent size (64) nor the Transformer's inner
width and dropout (128, 0.1); they are those of the public code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from emolib.checks import check_option
from emolib.models.linear import Classifier, init_kaiming, linear_stack
from emolib.models.utterances import SpecificInvariantEncoder, UtteranceModel

ACTIVATIONS = {"linear": nn.Identity, "sigmoid": nn.Sigmoid}


class NMEROutputs(NamedTuple):
    """Class scores, and the features they came from; of the VAE, None without it."""

    logits: Tensor  # (b, k)
    specific: Tensor  # h'  (b, m d)
    invariant: Tensor  # H'  (b, m d)
    joint: Tensor  # C  (b, m d); without VAE h' and H' in a row  (b, 2 m d)
    mu: Tensor | None  # (b, d_latent)
    log_var: Tensor | None  # log sigma^2  (b, d_latent)


class CleanTeacherOutputs(NamedTuple):
    """Class scores of clean utterances, and the features a student aims at."""

    logits: Tensor  # (b, k)
    specific: Tensor  # C-hat  (b, m d)
    invariant: Tensor  # H  (b, m d)


class NMER(UtteranceModel):
    """Encoders, a VAE guided by invariant features, and a classifier.

    Paper 3, Section 2.3.

    Parameters
    ----------
    widths : mapping of str to int
        Features per step of each modality.
    n_classes : int
    d : int
        Features per modality.
    d_hidden : tuple of int
        Of the classifier; the paper's {384, 128, 4} read as three layers' outputs.
    dropout, text_dropout : float
        Of the classifier, and of the TextCNN.
    use_vae : bool
        Whether h' and H' pass the VAE; without it the classifier, of widths 128 and
        128, reads both ("w/o VAE", Table 2).
    separate : bool
        Whether the invariance encoder has encoders of its own, as in the public code.
    batch_norm : bool
        Of the classifier, as in the public code.
    vae
        Sizes and switches of the VAE below.
    """

    def __init__(
        self, widths: Mapping[str, int], n_classes: int, *, d: int = 128,
        d_hidden: tuple[int, ...] = (384, 128), dropout: float = 0.5,
        text_dropout: float = 0.5, use_vae: bool = True, separate: bool = False,
        batch_norm: bool = False, **vae,
    ):  # fmt: skip
        super().__init__()
        sizes = {"d": d, "separate": separate, "dropout": text_dropout}
        self.encoder = SpecificInvariantEncoder(widths, **sizes)
        self.widths = self.encoder.widths
        d_out = self.encoder.d_out
        self.vae = _ConditionalVAE(d_out, **vae) if use_vae else None
        self.classifier = Classifier(
            d_out if use_vae else 2 * d_out, n_classes, dropout=dropout,
            d_hidden=d_hidden if use_vae else (128, 128), batch_norm=batch_norm,
        )  # fmt: skip

    def forward(
        self,
        x: Mapping[str, Tensor],
        lengths: Mapping[str, Tensor],
        generator: Generator | None = None,
    ) -> NMEROutputs:
        """Return the class scores and the joint representation of a batch.

        Parameters
        ----------
        x : mapping of str to Tensor, shape (b, s, d) each
        lengths : mapping of str to Tensor of int, shape (b,) each
        generator : torch.Generator
            What z is drawn from, on the device of `x`; torch's own when not given.
        """
        return self.read(*self.encode(x, lengths), generator)

    def read(
        self, specific: Tensor, invariant: Tensor, generator: Generator | None = None
    ) -> NMEROutputs:
        """Return the outputs of encoded utterances, `encode`'s (b, m, d)."""
        specific, invariant = specific.flatten(1), invariant.flatten(1)  # h', H'
        if self.vae is None:
            joint, mu, log_var = torch.cat([specific, invariant], dim=1), None, None
        else:
            joint, mu, log_var = self.vae(specific, invariant, generator)  # C
        logits = self.classifier(joint)
        return NMEROutputs(logits, specific, invariant, joint, mu, log_var)


class _ConditionalVAE(nn.Module):
    """Transformer encoder to a latent distribution, linear decoder with a guide.

    Paper 3, Section 2.3.

    Parameters
    ----------
    d : int
        Width of features and of guide; the Transformer's is twice that.
    d_latent : int
    n_layers, n_heads, d_ff, vae_dropout : int, int, int, float
        Of the Transformer (post-norm). 16 heads in the paper, 8 in the public code.
    d_decoder : tuple of int
        Hidden widths of the decoder; (128, 256) is the paper's {128, 256, 384} read as
        three layers' outputs, (128,) what the public code had.
    output : {'linear', 'sigmoid'}
        Last activation. The public code's sigmoid cannot reach targets below 0.
    batch_as_sequence : bool
        Whether the utterances of a batch attend to each other, as in the public code:
        an utterance's output then depends on its batch.
    sample_in_eval : bool
        Whether z is drawn in evaluation too, as in the public code, or is mu.
    kaiming : bool
        Whether the Transformer's linear maps start from Kaiming's weights, as in the
        public code, or from torch's; those of queries, keys and values do from torch's.
    """

    def __init__(
        self, d: int, *, d_latent: int = 64, n_layers: int = 5, n_heads: int = 16,
        d_ff: int = 128, vae_dropout: float = 0.1,
        d_decoder: tuple[int, ...] = (128, 256), output: str = "linear",
        batch_as_sequence: bool = False, sample_in_eval: bool = False,
        kaiming: bool = False,
    ):  # fmt: skip
        super().__init__()
        check_option("output", output, tuple(ACTIVATIONS))
        self.batch_as_sequence, self.sample_in_eval = batch_as_sequence, sample_in_eval
        layer = nn.TransformerEncoderLayer(
            2 * d, n_heads, d_ff, vae_dropout, batch_first=True
        )
        self.encoder = nn.TransformerEncoder(
            layer, n_layers, enable_nested_tensor=False
        )
        self.to_mu, self.to_log_var = (nn.Linear(2 * d, d_latent) for _ in range(2))
        self.decoder = linear_stack((d_latent + d, *d_decoder, d), nn.LeakyReLU)
        self.decoder.append(ACTIVATIONS[output]())
        drawn = (self.to_mu, self.to_log_var, self.decoder)
        for part in (*drawn, self.encoder) if kaiming else drawn:
            part.apply(init_kaiming)

    def forward(
        self, specific: Tensor, invariant: Tensor, generator: Generator | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the joint representation C (b, d), mu and log_var (b, d_latent)."""
        tokens = torch.cat([specific, invariant], dim=1)  # (b, 2 d)
        if self.batch_as_sequence:
            encoded = self.encoder(tokens[None])[0]  # one sequence of b tokens
        else:
            encoded = _encode_alone(self.encoder, tokens)  # b sequences of one token
        mu, log_var = self.to_mu(encoded), self.to_log_var(encoded)
        z = mu
        if self.training or self.sample_in_eval:
            z = mu + (0.5 * log_var).exp() * _normal_like(mu, generator)
        return self.decoder(torch.cat([z, invariant], dim=1)), mu, log_var


class CleanTeacher(UtteranceModel):
    """The model of clean utterances whose features NMER and IF-MMIN aim at.

    Zuo et al. 2023, Section 2.2: specific and invariant features, and a classifier on
    both. The paper does not say how its teacher is trained.

    Differs from paper: no diffusion network beside it; the public code's fails for
    batches of other sizes than 64.

    Parameters
    ----------
    widths : mapping of str to int
    n_classes : int
    d : int
        Features per modality.
    separate : bool
        As in `NMER`.
    dropout : float
        Of the classifier.
    """

    def __init__(
        self, widths: Mapping[str, int], n_classes: int, *, d: int = 128,
        separate: bool = False, dropout: float = 0.3,
    ):  # fmt: skip
        super().__init__()
        self.encoder = SpecificInvariantEncoder(widths, d=d, separate=separate)
        self.widths = self.encoder.widths
        d_in = 2 * self.encoder.d_out
        self.classifier = Classifier(d_in, n_classes, dropout=dropout)

    def read(self, specific: Tensor, invariant: Tensor) -> CleanTeacherOutputs:
        """Return the outputs of encoded utterances, `encode`'s (b, m, d)."""
        specific, invariant = specific.flatten(1), invariant.flatten(1)
        logits = self.classifier(torch.cat([specific, invariant], dim=1))
        return CleanTeacherOutputs(logits, specific, invariant)


def _encode_alone(encoder: nn.TransformerEncoder, tokens: Tensor) -> Tensor:
    """Return what a post-norm Transformer makes of sequences of one token each, (b, d).

    The softmax over one key is 1: attention passes the value on, and neither query nor
    key is computed. Dropout of attention weights drops whole heads.
    """
    for layer in encoder.layers:
        attention, d = layer.self_attn, tokens.shape[1]
        value = F.linear(
            tokens, attention.in_proj_weight[2 * d :], attention.in_proj_bias[2 * d :]
        )
        if layer.training:
            kept = tokens.new_ones(len(tokens), attention.num_heads, 1)
            kept = F.dropout(kept, attention.dropout)
            value = (value.unflatten(1, (attention.num_heads, -1)) * kept).flatten(1)
        attended = layer.dropout1(attention.out_proj(value))
        tokens = layer.norm1(tokens + attended)
        hidden = layer.dropout(layer.linear1(tokens).relu())
        tokens = layer.norm2(tokens + layer.dropout2(layer.linear2(hidden)))
    return tokens


def _normal_like(x: Tensor, generator: Generator | None) -> Tensor:
    return torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)
