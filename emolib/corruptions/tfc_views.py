"""The views of TFC, one in time and one in frequency.

Zhang et al., "Self-Supervised Contrastive Pre-Training for Time Series via
Time-Frequency Consistency", NeurIPS 2022, Section 4.

Differs from paper: the public code of 2023 adds its two perturbed spectra, which
doubles their size; here each window gets one of the two.
"""

from __future__ import annotations

import torch
from torch import Tensor

from emolib.checks import check_range, check_shape
from emolib.corruptions.ts_tcc_views import jitter, permute_segments, weak_view


def time_view(
    x: Tensor, *, sigma: float, sigma_scale: float, max_segments: int,
    generator: torch.Generator,
) -> Tensor:  # fmt: skip
    """Jitter, scale or permute each window, one of the three drawn per window.

    Parameters
    ----------
    x : Tensor, shape (b, c, t)
    sigma : float
        Of the jitter, in the unit of `x`.
    sigma_scale, max_segments : float, int
        As in `ts_tcc_views.weak_view` and `ts_tcc_views.permute_segments`.
    """
    views = torch.stack(
        [
            jitter(x, sigma, generator),
            weak_view(x, sigma=sigma_scale, generator=generator),
            permute_segments(x, max_segments, generator),
        ]
    )
    chosen = torch.randint(3, (len(x),), generator=generator, device=generator.device)
    return views[chosen, torch.arange(len(x), device=x.device)]


def frequency_view(
    spectrum: Tensor, *, ratio: float = 0.1, generator: torch.Generator
) -> Tensor:
    """Drop bins of each spectrum, or raise bins; one of the two drawn per window.

    Parameters
    ----------
    spectrum : Tensor, shape (b, c, t)
        Magnitudes, not negative.
    ratio : float
        Share of bins that are dropped (set to 0) or raised, each drawn alone.

    Notes
    -----
    A raised bin gains U(0, 1) x 0.1 x the largest magnitude of its own channel, so a
    window's view does not depend on the rest of its batch.
    """
    check_shape("spectrum", spectrum, "b c t")
    check_range("ratio", ratio, 0, 1)
    hit, height = torch.rand(
        (2, *spectrum.shape), generator=generator, device=generator.device,
        dtype=spectrum.dtype,
    )  # fmt: skip
    hit = hit < ratio
    raised = spectrum + hit * height * 0.1 * spectrum.amax(-1, keepdim=True)
    drops = torch.rand(
        (len(spectrum), 1, 1), generator=generator, device=generator.device
    )
    return torch.where(drops < 0.5, spectrum.masked_fill(hit, 0), raised)
