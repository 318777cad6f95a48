"""What a notebook shows of the model: shapes, weights, and who hears batch mates."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import torch
from torch import Tensor, nn

SYMBOLS = {
    "specific": "h′", "invariant": "H′", "mu": "μ", "log_var": "log σ²", "joint": "C",
    "logits": "o",
}  # fmt: skip
"""Outputs of `emolib.models.nmer.NMER` in the order of the forward pass."""


def model_ledger(model: nn.Module, outputs) -> pd.DataFrame:
    """Return the shape of each named output, and the weights that it adds.

    Paper 3, Section 2.3.

    Parameters
    ----------
    model : NMER
        With its VAE.
    outputs : NMEROutputs
        Of a batch.

    Returns
    -------
    ledger : DataFrame
        Columns output, symbol, shape, part (of the model), weights.
    """
    vae = model.vae
    parts = {
        "specific": ("specificity encoders", [model.encoder.specific]),
        "invariant": ("invariance encoder", [model.encoder.shared]),
        "mu": ("Transformer, map to μ", [vae.encoder, vae.to_mu]),
        "log_var": ("map to log σ²", [vae.to_log_var]),
        "joint": ("decoder", [vae.decoder]),
        "logits": ("classifier", [model.classifier]),
    }
    rows = [
        (name, SYMBOLS[name], tuple(getattr(outputs, name).shape), part, _n(modules))
        for name, (part, modules) in parts.items()
    ]
    return pd.DataFrame(rows, columns=["output", "symbol", "shape", "part", "weights"])


def _n(modules) -> int:
    return sum(weights.numel() for part in modules for weights in part.parameters())


@torch.no_grad()
def alone_and_together(
    model: nn.Module, x: Mapping[str, Tensor], lengths: Mapping[str, Tensor]
) -> float:
    """Return how much an utterance's class scores depend on its batch.

    Paper 3, Section 2.3; the released code's Transformer attends across the batch.

    Parameters
    ----------
    model : nn.Module
        In evaluation mode.
    x, lengths : mapping of modality to Tensor
        A batch.

    Returns
    -------
    difference : float
        Largest difference of a logit between the utterance by itself and in the batch.
    """
    together = model(x, lengths).logits
    alone = [
        model(
            {name: values[i : i + 1] for name, values in x.items()},
            {name: steps[i : i + 1] for name, steps in lengths.items()},
        ).logits
        for i in range(len(together))
    ]
    return float((together - torch.cat(alone)).abs().max())
