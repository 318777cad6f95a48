"""Reading (a) of paper 2: each patch is encoded alone.

The paper cuts "the sequence into patches" in one sentence and "the encoded features" in
another. No row of a table trains this reading; it is here to show what it would mean.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from emolib.corruptions.patch_shuffle import shuffle_patches
from emolib.losses.contrastive import patch_info_nce
from emolib.models.ecg_eeg import EncoderOutputs, SignalEncoder


def encode_separately(encoder: SignalEncoder, x: Tensor) -> EncoderOutputs:
    """Return the outputs of an encoder that never sees two patches at once.

    Paper 2, Section 2.2, "we segment the sequence into patches".

    Parameters
    ----------
    encoder : SignalEncoder
        Built for one patch: ``n_times`` is a patch's, ``n_patches`` is 1.
    x : Tensor, shape (b, c, t)
        t is a multiple of the encoder's `n_times`.

    Returns
    -------
    outputs : EncoderOutputs
        As those of an encoder of whole windows: patches (b, p, d), window (b, p d).
    """
    alone = x.unflatten(-1, (-1, encoder.n_times)).transpose(1, 2)  # (b, p, c, m)
    tokens, _, vectors = encoder(alone.flatten(0, 1))
    patches = vectors.unflatten(0, alone.shape[:2])  # (b, p, d)
    tokens = tokens.unflatten(0, alone.shape[:2]).transpose(1, 2).flatten(2)
    return EncoderOutputs(tokens, patches, patches.flatten(1))


def patch_losses(
    encode_ecg: Callable[[Tensor], EncoderOutputs],
    encode_eeg: Callable[[Tensor], EncoderOutputs],
    batch: dict[str, Tensor],
    permutations: Tensor,
    *,
    temperature: float = 0.1,
) -> tuple[Tensor, Tensor]:
    """Return L_p of a batch, and L_p of the same batch with its patches shuffled.

    Paper 2, Section 2.2, Eq. (2). With reading (a) both hold the same terms in another
    order, so the shuffled copy says nothing new.

    Parameters
    ----------
    encode_ecg, encode_eeg : functions of a Tensor (b, c, t)
    batch : dict
        "ecg" (b, 2, t) and "eeg" (b, 14, t').
    permutations : Tensor of int64, shape (b, p)
    """
    shuffled = {name: shuffle_patches(x, permutations) for name, x in batch.items()}
    plain, moved = (
        patch_info_nce(
            encode_ecg(part["ecg"]).patches,
            encode_eeg(part["eeg"]).patches,
            temperature=temperature,
        )
        for part in (batch, shuffled)
    )
    return plain, moved
