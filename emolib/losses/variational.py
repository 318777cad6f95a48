"""Losses of NMER: a latent distribution, a representation to match, a class.

Fan et al. 2024 (paper 3), Section 2.4, Eq. (6) and (7) and the unnumbered total.
"""

from __future__ import annotations

from typing import Protocol

from torch import Tensor
from torch.nn import functional as F

from emolib.checks import check_option, check_shape

REDUCTIONS = ("batch_mean", "sum", "element_mean", "none")


class _Reconstructed(Protocol):
    """What `nmer_loss` reads of NMER's outputs."""

    logits: Tensor
    invariant: Tensor
    joint: Tensor
    mu: Tensor | None
    log_var: Tensor | None


def kl_divergence(
    mu: Tensor, log_var: Tensor, *, reduction: str = "batch_mean"
) -> Tensor:
    """Return the divergence of N(mu, sigma^2) from the standard normal distribution.

    Paper 3, Section 2.4, Eq. (6).

    Parameters
    ----------
    mu, log_var : Tensor, shape (b, d)
        Means and log variances. Eq. (6) calls sigma the variance and uses it as the
        standard deviation.
    reduction : {'batch_mean', 'sum', 'element_mean', 'none'}
        Eq. (6) is printed for one latent dimension of one utterance ('none'). Ours is
        'element_mean', a mean over both as Eq. (7) is one; 'batch_mean' is the sum over
        dimensions and the mean over utterances, nats an utterance; the public code
        sums over both.

    Returns
    -------
    loss : Tensor, shape () or (b, d)
        0 is perfect.
    """
    check_option("reduction", reduction, REDUCTIONS)
    check_shape("mu", mu, "b d")
    b, d = mu.shape
    check_shape("log_var", log_var, "b d", "It must match mu.", b=b, d=d)
    each = -0.5 * (log_var - log_var.exp() - mu.square() + 1)  # Eq. (6)  (b, d)
    if reduction == "none":
        return each
    return {
        "batch_mean": each.sum(1).mean(), "sum": each.sum(),
        "element_mean": each.mean(),
    }[reduction]  # fmt: skip


def feature_loss(features: Tensor, target: Tensor) -> Tensor:
    """Return the mean squared error between features and what they aim at.

    Paper 3, Section 2.4, Eq. (7); the form of L_inv too. Eq. (7) writes y for features.

    Parameters
    ----------
    features, target : Tensor, shape (b, d) or (b, s, d)
        The target learns nothing.

    Returns
    -------
    loss : Tensor, shape ()
        Mean over all values; 0 is perfect.
    """
    pattern = "b d" if target.ndim == 2 else "b s d"
    sizes = dict(zip(pattern.split(), target.shape, strict=True))
    check_shape("features", features, pattern, "It must match its target.", **sizes)
    return F.mse_loss(features, target.detach())


def nmer_loss(
    outputs: _Reconstructed, joint_clean: Tensor, invariant_clean: Tensor, y: Tensor, *,
    w_generation: float = 1.0, w_invariant: float = 10.0, w_class: float = 1.0,
    reduction: str = "element_mean",
) -> dict[str, Tensor]:  # fmt: skip
    """Return every term of NMER's loss and their weighted sum.

    Paper 3, Section 2.4: L = lambda_1 L_gen + lambda_2 L_inv + lambda_3 L_cls, with
    L_gen = L_kl + L_mse.

    Parameters
    ----------
    outputs : NMER's outputs
        Without VAE (`mu` is None) there is nothing generated, and L_gen is left out.
    joint_clean, invariant_clean : Tensor, shape (b, d)
        C-hat and H: specific and invariant features of the clean teacher.
    y : Tensor of int64, shape (b,)
    w_generation, w_invariant, w_class : float
        lambda_1, lambda_2 and lambda_3 of the paper. "w/o L_inv" is a weight of 0.
    reduction
        As in `kl_divergence`.

    Returns
    -------
    losses : dict of str to Tensor
        ``kl``, ``mse``, ``invariant``, ``class`` and ``total``; 0 is perfect.
    """
    terms = {
        "invariant": feature_loss(outputs.invariant, invariant_clean),
        "class": F.cross_entropy(outputs.logits, y),
    }
    total = w_invariant * terms["invariant"] + w_class * terms["class"]
    if outputs.mu is not None:
        kl = kl_divergence(outputs.mu, outputs.log_var, reduction=reduction)
        terms |= {"kl": kl, "mse": feature_loss(outputs.joint, joint_clean)}
        total = total + w_generation * (terms["kl"] + terms["mse"])
    return {**terms, "total": total}
