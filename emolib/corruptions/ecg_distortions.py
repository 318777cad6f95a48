"""The six distortions of SSL-ECG, with the sizes of its 2020 form.

Sarkar and Etemad, "Self-Supervised ECG Representation Learning for Emotion
Recognition", IEEE Transactions on Affective Computing 2020, Section 3. Each takes
windows (b, c, t) and returns windows of the same shape; all channels of a window are
distorted alike, only the noise is drawn per channel.
"""

from __future__ import annotations

from math import ceil

import torch
from torch import Tensor

from emolib.checks import check_shape
from emolib.corruptions.patch_shuffle import draw_permutations, shuffle_patches

DISTORTIONS = ("original", "noise", "scale", "negate", "flip", "permute", "warp")
"""In the order of `distort_all` and of the model's seven heads."""


def distort_all(x: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return every window in all seven versions, and which version each is.

    Parameters
    ----------
    x : Tensor, shape (b, c, t)

    Returns
    -------
    versions : Tensor, shape (7 b, c, t)
        All originals, then all noisy windows, and so on.
    distortion : Tensor of int64, shape (7 b,)
        Index into `DISTORTIONS`.
    """
    check_shape("x", x, "b c t")
    versions = [
        x,
        add_noise(x, generator=generator),
        1.1 * x,
        -x,
        x.flip(-1),
        permute_pieces(x, generator=generator),
        warp_time(x, generator=generator),
    ]
    distortion = torch.arange(len(DISTORTIONS), device=x.device)
    return torch.cat(versions), distortion.repeat_interleave(len(x))


def add_noise(x: Tensor, *, snr_db: float = 15.0, generator: torch.Generator) -> Tensor:
    """Add white noise at a signal-to-noise ratio in dB, channel by channel."""
    noise = torch.randn(
        x.shape, generator=generator, device=generator.device, dtype=x.dtype
    )
    power = x.square().mean(-1, keepdim=True) / 10 ** (snr_db / 10)
    return x + power.sqrt() * noise


def permute_pieces(
    x: Tensor, *, n_pieces: int = 20, generator: torch.Generator
) -> Tensor:
    """Cut each window into equal pieces and put them in a random order."""
    return shuffle_patches(x, draw_permutations(len(x), n_pieces, generator))


def warp_time(
    x: Tensor, *, n_pieces: int = 9, stretch: float = 1.05, generator: torch.Generator
) -> Tensor:
    """Stretch half of the pieces of each window, squeeze the others, and crop.

    Five random pieces of nine become `stretch` times as long, four become shorter by
    the same factor, with linear interpolation: 2,560 time points become 2,579, of which
    2,560 are taken from a random place.

    Parameters
    ----------
    x : Tensor, shape (b, c, t)
    n_pieces : int
        Odd, so that the warped window is longer than the window.
    stretch : float
        Above 1.
    """
    check_shape("x", x, "b c t")
    b, c, t = x.shape
    piece = t // n_pieces
    longer, shorter = ceil(piece * stretch), ceil(piece / stretch)
    n_longer = (n_pieces + 1) // 2
    spare = n_longer * longer + (n_pieces - n_longer) * shorter - t
    if spare < 0 or shorter < 2:
        raise ValueError(
            f"x must be long enough to be warped in {n_pieces} pieces; got {t} time "
            f"points, of which {t + spare} would be left. Take fewer pieces."
        )
    stretched = draw_permutations(b, n_pieces, generator) < n_longer  # (b, pieces)
    lengths = torch.where(stretched, longer, shorter)
    crop = torch.randint(
        spare + 1, (b, 1), generator=generator, device=generator.device
    )
    left, share = _places(lengths, crop + torch.arange(t, device=x.device), piece)
    left, share = left[:, None].expand(b, c, t), share[:, None].to(x.dtype)
    right = (left + 1).clamp(max=t - 1)
    return x.gather(2, left) * (1 - share) + x.gather(2, right) * share


def _places(lengths: Tensor, wanted: Tensor, piece: int) -> tuple[Tensor, Tensor]:
    """Return the time point left of what each warped one shows, and how far past it.

    Whole numbers as far as they go: both ends of a piece are met exactly.
    """
    ends = lengths.cumsum(-1)
    number = torch.searchsorted(ends, wanted, right=True)  # which piece  (b, t)
    length = lengths.gather(1, number)
    inside = wanted - (ends.gather(1, number) - length)  # 0 .. length - 1
    steps = inside * (piece - 1)
    left = number * piece + steps // (length - 1)
    return left, (steps % (length - 1)) / (length - 1)
