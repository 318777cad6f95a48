"""InfoNCE between ECG and EEG, on patches and on windows; NT-Xent between views.

Wu et al., MICCAI 2025 (paper 2), Section 2.2, Eq. (1)-(4). The query is always ECG and
the candidates are always EEG: one direction. The paper does not define its similarity;
here it is the cosine. In a batch that holds originals and shuffled copies, all are
sequences of their own (2B rows), as the paper's text has it.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from emolib.checks import check_option, check_range, check_shape

TWINS = ("excluded", "negative")
SIMILARITIES = ("cosine", "centred")
COLDEST = 1e-3
"""Lowest temperature: below it gradients leave the range of half precision."""


class _Encoded(Protocol):
    """What `alignment_loss` reads of an encoder's outputs."""

    patches: Tensor
    window: Tensor


def info_nce(positive: Tensor, negatives: Tensor, *, temperature: float) -> Tensor:
    """Return the mean InfoNCE of queries, from their similarities.

    Paper 2, Section 2.2, Eq. (1).

    Parameters
    ----------
    positive : Tensor, shape (...)
        Similarity of each query with its positive.
    negatives : Tensor, shape (..., k)
        Similarity with every other candidate; ``-inf`` takes a candidate out.
    temperature : float
        tau of the paper, from `COLDEST` up.

    Returns
    -------
    loss : Tensor, shape ()
        0 is perfect; log(1 + k) when all similarities are equal.

    Notes
    -----
    ``-log(e^p / (e^p + sum e^n))`` is ``softplus(logsumexp(n) - p)``: no overflow at
    small temperatures.
    """
    _check_temperature(temperature)
    others = torch.logsumexp(negatives / temperature, dim=-1)
    return F.softplus(others - positive / temperature).mean()


def patch_info_nce(
    ecg: Tensor, eeg: Tensor, *, temperature: float = 0.1,
    recording: Tensor | None = None, twins: str = "excluded",
) -> Tensor:  # fmt: skip
    """Return patch-level InfoNCE between two encoders' patches.

    Paper 2, Section 2.2, Eq. (2).

    Parameters
    ----------
    ecg, eeg : Tensor, shape (b, p, d)
        Patches recorded at the same time stand at the same place.
    temperature : float
        tau_p of the paper.
    recording : Tensor of int, shape (b,)
        Rows with the same number are one recorded window and its shuffled copies
        (twins). Each row is its own when not given.
    twins : {'excluded', 'negative'}
        Whether patches of a row's twins are negatives. They are its own patches at
        other places; the paper says "negative" in one sentence and in the next takes
        out "patches from the same sequence". Patches of the row itself never are.

    Returns
    -------
    loss : Tensor, shape ()
        0 is perfect; log(1 + (b - 1) p) when all similarities are equal, or
        log(1 + (b - 2) p) for originals and their copies with twins excluded.
    """
    check_option("twins", twins, TWINS)
    _check_pair("ecg", ecg, "eeg", eeg, "b p d")
    row = torch.arange(len(ecg), device=ecg.device)
    if recording is not None:
        check_shape("recording", recording, "b", b=len(ecg))
    if recording is not None and twins == "excluded":
        row = recording
    similarity = torch.einsum("ipd,mqd->ipmq", _unit(ecg), _unit(eeg))
    positive = similarity.flatten(2).flatten(0, 1).diagonal()  # s(p_ij, p_ij)  (b p,)
    same = (row[:, None] == row)[:, None, :, None]
    negatives = similarity.masked_fill(same, -torch.inf)  # m != i  (b, p, b, p)
    return info_nce(
        positive, negatives.flatten(2).flatten(0, 1), temperature=temperature
    )


def window_info_nce(ecg: Tensor, eeg: Tensor, *, temperature: float = 0.1) -> Tensor:
    """Return sequence-level InfoNCE between two encoders' windows.

    Paper 2, Section 2.2, Eq. (3). The shuffled twin of a window is one of its
    negatives, as the paper's text says.

    Parameters
    ----------
    ecg, eeg : Tensor, shape (b, d)
        Row i of both is one window.
    temperature : float
        tau_S of the paper.

    Returns
    -------
    loss : Tensor, shape ()
        0 is perfect; log(b) when all similarities are equal.
    """
    _check_pair("ecg", ecg, "eeg", eeg, "b d")
    similarity = _unit(ecg) @ _unit(eeg).T  # s(P_i, P_m)  (b, b)
    same = torch.eye(len(ecg), dtype=torch.bool, device=ecg.device)
    negatives = similarity.masked_fill(same, -torch.inf)
    return info_nce(similarity.diagonal(), negatives, temperature=temperature)


def alignment_loss(
    ecg: _Encoded, eeg: _Encoded, *, w_patch: float = 0.5,
    temperature_patch: float = 0.1, temperature_window: float = 0.1,
    recording: Tensor | None = None, twins: str = "excluded",
    similarity: str = "cosine",
) -> dict[str, Tensor]:  # fmt: skip
    """Return both levels of the alignment loss and their weighted sum.

    Paper 2, Section 2.2, Eq. (4).

    Parameters
    ----------
    ecg, eeg : encoder outputs
        With `patches` (b, p, d_patch) and `window` (b, d).
    w_patch : float
        alpha of the paper, in [0, 1]. The text leaves both ends out, but its ablations
        are the ends: 0 is without patch, 1 without sequence alignment.
    temperature_patch, temperature_window : float
        tau_p and tau_S.
    recording, twins
        As in `patch_info_nce`.
    similarity : {'cosine', 'centred'}
        Cosine of the features as they are, or after the batch's mean feature of each
        encoder is taken away: what all windows share then counts for nothing.

    Returns
    -------
    losses : dict of str to Tensor
        ``patch`` L_p, ``window`` L_S and ``total`` L; 0 is perfect.
    """
    check_range("w_patch", w_patch, 0, 1)
    check_option("similarity", similarity, SIMILARITIES)
    kept = _centred if similarity == "centred" else _as_they_are
    patch = patch_info_nce(
        kept(ecg.patches), kept(eeg.patches), temperature=temperature_patch,
        recording=recording, twins=twins,
    )  # fmt: skip
    window = window_info_nce(
        kept(ecg.window), kept(eeg.window), temperature=temperature_window
    )
    total = w_patch * patch + (1 - w_patch) * window
    return {"patch": patch, "window": window, "total": total}


def nt_xent(
    a: Tensor, b: Tensor, *, temperature: float = 0.2, poly: bool = False
) -> Tensor:
    """Return the contrast between two views in which all other rows are negatives.

    The loss of SimCLR, shared by the baselines TS-TCC and TFC. Every row of both views
    is a query; its positive is the same row of the other view.

    Parameters
    ----------
    a, b : Tensor, shape (b, d)
    temperature : float
    poly : bool
        Whether TFC's extra term is added, ``1 - b / (2 b - 1) * mean(p)`` with p the
        probability given to the positive.

    Returns
    -------
    loss : Tensor, shape ()
        0 is perfect without `poly`; log(2 b - 1) when all similarities are equal.
    """
    _check_temperature(temperature)
    _check_pair("a", a, "b", b, "b d")
    n = len(a)
    views = _unit(torch.cat([a, b]))
    row = torch.arange(2 * n, device=a.device)
    scores = (views @ views.T / temperature).masked_fill(
        row[:, None] == row, -torch.inf
    )
    found = scores.log_softmax(-1)[row, row.roll(n)]  # log p  (2 b,)
    loss = -found.mean()
    return loss + 1 - n / (2 * n - 1) * found.exp().mean() if poly else loss


def _as_they_are(x: Tensor) -> Tensor:
    return x


def _centred(x: Tensor) -> Tensor:
    """Return the features less their mean over the batch, shape (b, ...)."""
    return x - x.mean(dim=0, keepdim=True)


def _check_temperature(temperature: float) -> None:
    check_range("temperature", temperature, COLDEST, float("inf"))


def _unit(x: Tensor) -> Tensor:
    """Return `x` with rows of length 1, in single precision at least.

    Products are then cosines. A row without length has cosine 0 with all others, and no
    gradient: where it would have to turn is not defined, and dividing by a tiny number
    only hides that.
    """
    x = x.to(torch.promote_types(x.dtype, torch.float32))
    length = x.norm(dim=-1, keepdim=True)
    none = length < 1e-8
    return x.masked_fill(none, 0) / length.masked_fill(none, 1)


def _check_pair(name: str, a: Tensor, other: str, b: Tensor, pattern: str) -> None:
    """Raise ValueError unless `a` follows `pattern` and `b` has the shape of `a`."""
    check_shape(name, a, pattern)
    sizes = dict(zip(pattern.split(), a.shape, strict=True))
    check_shape(other, b, pattern, f"It must match {name}, row by row.", **sizes)
