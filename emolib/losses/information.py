"""What the interference token still tells about the label, and MMQ-Net's whole loss.

Xu, Zuo and Li 2025 (paper 1), Section 2.4, Eq. (6)-(8). **A loss that learns**: the
critic's head is trained in the same step as the model, by a loss of its own that
reaches no weight of the model; give both to one optimiser, in one module.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from emolib.checks import check_option, check_shape
from emolib.losses.reconstruction import token_reconstruction

ESTIMATORS = ("difference", "club", "reversal")


class InformationCritic(nn.Module):
    """Estimate I(y; interference | category), and learn to.

    Paper 1, Section 2.4, Eq. (7), which names no estimator.

    Parameters
    ----------
    d : int
        Width of either token.
    n_classes : int
    estimator : {'difference', 'club', 'reversal'}
        ``difference``, in words of entropies H(y | C) - H(y | C, I): the cross-entropy
        of the model's own classifier less that of the critic, who reads both tokens;
        never below 0. ``club``: an upper bound on I(y; I), ``reversal``: a lower bound,
        the reversed gradient of a classifier. These two read the interference token
        alone, so they are not conditional.
    """

    def __init__(self, d: int, n_classes: int = 2, *, estimator: str = "difference"):
        super().__init__()
        check_option("estimator", estimator, ESTIMATORS)
        self.estimator = estimator
        d_in = 2 * d if estimator == "difference" else d
        self.head = nn.Sequential(
            nn.Linear(d_in, 2 * d), nn.ReLU(), nn.Linear(2 * d, n_classes)
        )

    def forward(
        self, category: Tensor, interference: Tensor, logits: Tensor, y: Tensor
    ) -> dict[str, Tensor]:
        """Return what the model pays and what the critic learns from.

        Parameters
        ----------
        category, interference : Tensor, shape (b, d)
        logits : Tensor, shape (b, k)
            The model's answer from the category token.
        y : Tensor of int64, shape (b,)

        Returns
        -------
        losses : dict of str to Tensor
            ``interference``, in nats: reaches the model alone, the category token only
            by way of `logits`. ``critic``, the cross-entropy of the head: reaches the
            head alone.
        """
        check_shape("category", category, "b d")
        b, d = category.shape
        check_shape("interference", interference, "b d", b=b, d=d)
        read = interference
        if self.estimator == "difference":
            read = torch.cat([category.detach(), interference], dim=1)
        frozen = {name: w.detach() for name, w in self.head.named_parameters()}
        told = functional_call(self.head, frozen, (read,))  # trains the model alone
        critic = F.cross_entropy(self.head(read.detach()), y)
        return {"interference": self._penalty(told, logits, y), "critic": critic}

    def _penalty(self, told: Tensor, logits: Tensor, y: Tensor) -> Tensor:
        known = F.cross_entropy(told, y)
        if self.estimator == "difference":
            return (F.cross_entropy(logits, y) - known).clamp(min=0)
        share = F.one_hot(y, told.shape[1]).to(told).mean(0)  # of each class
        if self.estimator == "club":
            return -known - (told.log_softmax(1) @ share).mean()
        return -(share.xlogy(share)).sum() - known


def mmqnet_loss(
    outputs, features: Tensor, y: Tensor, critic: InformationCritic, *,
    present: Tensor, dropped: Tensor | None = None, w_reconstruction: float = 1.0,
    w_class: float = 1.0, w_interference: float = 0.01,
) -> dict[str, Tensor]:  # fmt: skip
    """Return every term of MMQ-Net's loss and their weighted sum.

    Paper 1, Section 2.4, Eq. (8): L = lambda_1 L_R + lambda_2 L_C + lambda_3 L_I.

    Parameters
    ----------
    outputs : MMQ-Net's outputs
    features : Tensor, shape (b, m, d)
        The projected features F of all that was observed.
    y : Tensor of int64, shape (b,)
    critic : InformationCritic
        Its own loss is added to the total and trains nothing else.
    present : Tensor of bool, shape (b, m)
        What was observed: the a of Eq. (5).
    dropped : Tensor of bool, shape (b, m)
        What was hidden from the model on purpose and is to be restored, the error a
        mean over its features too; without it Eq. (5) is taken literally.
    w_reconstruction, w_class, w_interference : float
        lambda_1, lambda_2 and lambda_3. "w/o L_R" and "w/o L_I" are a weight of 0.

    Returns
    -------
    losses : dict of str to Tensor
        ``reconstruction``, ``class``, ``interference``, ``critic`` and ``total``.
    """
    if dropped is None:
        restoring = token_reconstruction(outputs.attended, features, present)
    else:
        chosen = dropped & present
        restoring = token_reconstruction(outputs.restored, features.detach(), chosen)
        restoring = restoring / features.shape[2]
    terms = {
        "reconstruction": restoring,
        "class": F.cross_entropy(outputs.logits, y),  # Eq. (6)
        **critic(outputs.category, outputs.interference, outputs.logits, y),
    }
    total = w_reconstruction * terms["reconstruction"] + w_class * terms["class"]
    total = total + w_interference * terms["interference"] + terms["critic"]
    return {**terms, "total": total}
