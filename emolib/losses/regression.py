"""How far a trace of valence is from the rated one, and features from a teacher's.

Jin et al. 2024 (paper 4), Section 3.4, Eq. (18)-(21).
"""

from __future__ import annotations

import torch
from torch import Tensor

from emolib.checks import check_option, check_shape

DIVISORS = ("equal", "mixed")
LEARNERS = ("eeg", "both")
"""Who moves in Eq. (20): the EEG features alone, or the face features too."""


def concordance(
    valence: Tensor, y: Tensor, lengths: Tensor, *, divisors: str = "equal"
) -> Tensor:
    """Return the CCC of each sequence by itself, along time, shape (b,).

    Paper 4, Section 3.4, Eq. (18).

    Parameters
    ----------
    valence, y : Tensor, shape (b, s)
        What stands at or behind `lengths` is not read.
    lengths : Tensor of int, shape (b,)
    divisors : {'equal', 'mixed'}
        ``mixed``: the covariance over n, variances over n - 1, as the public code of
        the paper's [32] has it; never 1 then.

    Returns
    -------
    ccc : Tensor
        1 is perfect, 0 what a constant gets.
    """
    check_option("divisors", divisors, DIVISORS)
    check_shape("y", y, "b s")
    check_shape("valence", valence, "b s", "It must match y.", b=len(y), s=y.shape[1])
    n = lengths[:, None].to(valence)
    here = torch.arange(y.shape[1], device=y.device) < lengths[:, None]
    x, y = valence.where(here, 0.0), y.where(here, 0.0)
    mean_x, mean_y = x.sum(1, keepdim=True) / n, y.sum(1, keepdim=True) / n
    apart_x, apart_y = (x - mean_x).where(here, 0.0), (y - mean_y).where(here, 0.0)
    n_free = (n - 1).clamp(min=1) if divisors == "mixed" else n
    covariance = (apart_x * apart_y).sum(1) / n[:, 0]
    variances = (apart_x.square() + apart_y.square()).sum(1) / n_free[:, 0]
    under = variances + (mean_x - mean_y)[:, 0].square()
    return 2 * covariance / under.clamp(min=1e-12)  # Eq. (18)


def concordance_loss(
    valence: Tensor, y: Tensor, lengths: Tensor, *, divisors: str = "equal"
) -> Tensor:
    """Return 1 - CCC, the mean over sequences; shape ().

    Paper 4, Section 3.4, Eq. (19). Whether CCC is taken of a window, a batch or a trial
    is not stated; of a window, as in the public code of the paper's [32].

    Parameters
    ----------
    valence, y, lengths, divisors
        As of `concordance`.
    """
    return 1 - concordance(valence, y, lengths, divisors=divisors).mean()  # Eq. (19)


def distillation_loss(
    eeg: Tensor, face: Tensor, lengths: Tensor, *, learner: str = "eeg"
) -> Tensor:
    """Return the mean absolute difference of two modalities' features; shape ().

    Paper 4, Section 3.4, Eq. (20) and the second term of Eq. (21), whose X_F, X_F must
    be X_E, X_F.

    Parameters
    ----------
    eeg, face : Tensor, shape (b, s, d)
        What stands at or behind `lengths` is not read.
    lengths : Tensor of int, shape (b,)
    learner : {'eeg', 'both'}
        ``eeg``: the face's features are a fixed target, as a teacher's are. ``both``,
        the bare formula: both can meet halfway, at a constant.
    """
    check_option("learner", learner, LEARNERS)
    check_shape("eeg", eeg, "b s d")
    b, s, d = eeg.shape
    check_shape("face", face, "b s d", "It must match eeg.", b=b, s=s, d=d)
    target = face.detach() if learner == "eeg" else face
    here = torch.arange(s, device=eeg.device) < lengths[:, None]
    distance = (eeg - target).abs().sum(-1).where(here, 0.0)  # |u_i - v_i|  (b, s)
    return distance.sum() / (lengths.sum() * d)  # Eq. (20)
