"""The two views of TS-TCC.

Eldele et al., "Time-Series Representation Learning via Temporal and Contextual
Contrasting", IJCAI 2021, Section 3.1: a weak and a strong view of every window.

Differs from paper: the strong view permutes all channels of a window alike; the public
code writes channel 0 into all of them.
"""

from __future__ import annotations

import torch
from torch import Tensor

from emolib.checks import check_range, check_shape


def weak_view(x: Tensor, *, sigma: float, generator: torch.Generator) -> Tensor:
    """Multiply every time point by a factor of its own from N(2, sigma).

    The factor is shared by the channels. Mean two and no smoothness in time are the
    public code's: it is multiplicative noise more than the rescaling it is called.

    Parameters
    ----------
    x : Tensor, shape (b, c, t)
    sigma : float
        Published: 2 for fault diagnosis, 1.1 for activity data.
    """
    check_shape("x", x, "b c t")
    return x * (2 + sigma * _normal(x[:, :1], generator))


def strong_view(
    x: Tensor, *, sigma: float, max_segments: int, generator: torch.Generator
) -> Tensor:
    """Permute segments of each window, then add noise from N(0, sigma).

    Parameters
    ----------
    x : Tensor, shape (b, c, t)
    sigma : float
        In the unit of `x`, z-scored here. Published: .1 for fault diagnosis, .8 for
        activity data.
    max_segments : int
        Upper bound, not reached, of the number of segments.
    """
    return jitter(permute_segments(x, max_segments, generator), sigma, generator)


def jitter(x: Tensor, sigma: float, generator: torch.Generator) -> Tensor:
    """Add noise from N(0, sigma) to every time point and channel."""
    return x + sigma * _normal(x, generator)


def permute_segments(
    x: Tensor, max_segments: int, generator: torch.Generator
) -> Tensor:
    """Cut each window at random places and put the pieces in a random order.

    Every window draws 1 to ``max_segments - 1`` segments, their borders and their
    order. Channels stay together.

    Parameters
    ----------
    x : Tensor, shape (b, c, t)
    max_segments : int
        2 or more, at most t.
    """
    check_shape("x", x, "b c t")
    b, c, t = x.shape
    check_range("max_segments", max_segments, 2, t)
    segment = _draw_segments(b, t, max_segments - 1, generator)  # (b, t)
    keys = _uniform((b, max_segments - 1), generator).gather(1, segment)
    source = keys.argsort(dim=-1, stable=True)  # order inside a segment is kept
    return x.gather(2, source[:, None].expand(b, c, t))


def draw_step(n_steps: int, n_predictions: int, generator: torch.Generator) -> int:
    """Draw the step whose context predicts the next `n_predictions`.

    Uniform over [0, n_steps - n_predictions), for `TSTCC.compare_views`.
    """
    check_range("n_predictions", n_predictions, 1, n_steps, closed="left")
    last = n_steps - n_predictions
    drawn = torch.randint(last, (), generator=generator, device=generator.device)
    return int(drawn)


def _draw_segments(b: int, t: int, most: int, generator: torch.Generator) -> Tensor:
    """Return the number of the segment each time point is in, shape (b, t)."""
    # most - 1 different borders each; a window with n segments uses its first n - 1
    borders = _uniform((b, t - 1), generator).topk(most - 1, dim=-1).indices + 1
    n_segments = torch.randint(
        1, most + 1, (b, 1), generator=generator, device=generator.device
    )
    used = torch.arange(most - 1, device=generator.device) < n_segments - 1
    starts = torch.zeros(b, t, dtype=torch.long, device=generator.device)
    return starts.scatter(1, borders, used.long()).cumsum(dim=-1)


def _uniform(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=generator, device=generator.device)


def _normal(like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(
        like.shape, generator=generator, device=generator.device, dtype=like.dtype
    )
