"""Linear layers in a row: classifiers, and the cascade of MMIN and IF-MMIN."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from emolib.checks import check_option

FORMS = ("residual", "guided", "guided_first")


class Classifier(nn.Sequential):
    """Linear layers with ReLU and dropout between them, and one for the classes.

    Parameters
    ----------
    d_in, n_classes : int
    d_hidden : tuple of int
        Widths between; (128, 128) in the public codes of all systems.
    dropout : float
    batch_norm : bool
        Whether each hidden layer is batch-normalised after its ReLU (NMER's public
        code).
    """

    def __init__(
        self, d_in: int, n_classes: int, *, d_hidden: tuple[int, ...] = (128, 128),
        dropout: float, batch_norm: bool = False,
    ):  # fmt: skip
        layers: list[nn.Module] = []
        for d in d_hidden:
            layers += [nn.Linear(d_in, d), nn.ReLU()]
            layers += [nn.BatchNorm1d(d)] if batch_norm else []
            layers += [nn.Dropout(dropout)]
            d_in = d
        super().__init__(*layers, nn.Linear(d_in, n_classes))
        self.apply(init_kaiming)


class Cascade(nn.Module):
    """Autoencoders in a row that imagine missing features step by step.

    Zhao et al. 2021, Section 3.2, and, guided, Zuo et al. 2023, Section 2.2.

    Parameters
    ----------
    d : int
        Width of input and output.
    sizes : tuple of int
        Widths of an encoder, from the outside in; the decoder mirrors them.
    n_blocks : int
    form : {'residual', 'guided', 'guided_first'}
        What enters a block. Residual (MMIN): the sum of the input and of all outputs
        so far; the result is the transition of that sum. Guided (IF-MMIN since
        2024-09): the last output plus the guide; the result is the transition of the
        last output. Guided, first version: the input plus as many guides as blocks so
        far, no output at all; the result is the transition of the last input and
        output together.
    """

    def __init__(
        self, *, d: int = 384, sizes: tuple[int, ...] = (256, 128, 64),
        n_blocks: int = 5, form: str = "residual",
    ):  # fmt: skip
        super().__init__()
        check_option("form", form, FORMS)
        self.form = form
        self.d_latent = n_blocks * sizes[-1]
        inward, outward = (d, *sizes), (d, *sizes)[::-1]
        self.encoders = nn.ModuleList(
            linear_stack(inward, nn.LeakyReLU) for _ in range(n_blocks)
        )
        self.decoders = nn.ModuleList(
            linear_stack(outward, nn.ReLU) for _ in range(n_blocks)
        )
        self.transition = linear_stack((d, d, d), nn.ReLU)
        self.apply(init_kaiming)

    def forward(self, x: Tensor, guide: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the imagined features (b, d) and all latents in a row (b, n d_latent).

        Parameters
        ----------
        x : Tensor, shape (b, d)
        guide : Tensor, shape (b, d)
            The invariant features H' of the guided forms; None for the residual one.
        """
        latents, out = [], x
        for encoder, decoder in zip(self.encoders, self.decoders, strict=True):
            if self.form == "guided":
                x = out + guide
            if self.form == "guided_first":
                x = x + guide
            latents.append(encoder(x))
            out = decoder(latents[-1])
            if self.form == "residual":
                x = x + out
        last = {"residual": x, "guided": out, "guided_first": x + out}[self.form]
        return self.transition(last), torch.cat(latents, dim=-1)


def linear_stack(sizes: tuple[int, ...], activation: type[nn.Module]) -> nn.Sequential:
    """Return linear layers of these widths with an activation between them."""
    layers: list[nn.Module] = []
    for d_in, d_out in zip(sizes[:-1], sizes[1:], strict=True):
        layers += [nn.Linear(d_in, d_out), activation()]
    return nn.Sequential(*layers[:-1])


def init_kaiming(module: nn.Module) -> None:
    """Draw a linear or convolutional layer's weights anew, as MEN's public code does.

    Normal with variance 2 / fan-in; biases are zero. Other layers stay as they are.
    """
    if isinstance(module, nn.Linear | nn.Conv1d):
        nn.init.kaiming_normal_(module.weight)
        nn.init.zeros_(module.bias)
