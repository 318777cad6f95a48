"""Time-frequency consistency, the pre-training loss of TFC.

Zhang et al., "Self-Supervised Contrastive Pre-Training for Time Series via
Time-Frequency Consistency", NeurIPS 2022, Section 4; the form and the weights of the
public code of 2022.
"""

from __future__ import annotations

from torch import Tensor

from emolib.losses.contrastive import nt_xent


def consistency_loss(
    outputs, view, *, temperature: float = 0.2, margin: float = 1.0,
    w_contrast: float = 0.2, w_consistency: float = 0.8,
) -> dict[str, Tensor]:  # fmt: skip
    """Return the losses of both branches and of their agreement.

    Time and spectrum of the same window, both undistorted, should agree better than any
    pair with a distorted member does; `margin` is how much better.

    Parameters
    ----------
    outputs, view : TFC outputs
        Of the windows and of their views, with `time` and `frequency` (b, h) and
        `z_time` and `z_frequency` (b, d).
    temperature, margin : float
    w_contrast, w_consistency : float
        Weights of the two branches and of the consistency.

    Returns
    -------
    losses : dict of str to Tensor
        ``time``, ``frequency``, ``consistency`` and ``total``. The consistency has no
        floor at 0: a pair that agrees much worse than its margin is rewarded.
    """

    def contrast(a: Tensor, b: Tensor) -> Tensor:
        return nt_xent(a, b, temperature=temperature, poly=True)

    time = contrast(outputs.time, view.time)
    frequency = contrast(outputs.frequency, view.frequency)
    distorted = (
        contrast(outputs.z_time, view.z_frequency)
        + contrast(view.z_time, outputs.z_frequency)
        + contrast(view.z_time, view.z_frequency)
    )
    agree = contrast(outputs.z_time, outputs.z_frequency)
    consistency = 3 * (margin + agree) - distorted
    total = w_contrast * (time + frequency) + w_consistency * consistency
    return {
        "time": time, "frequency": frequency, "consistency": consistency,
        "total": total,
    }  # fmt: skip
