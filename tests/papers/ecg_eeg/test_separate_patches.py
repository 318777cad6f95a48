"""Why each patch is not encoded alone: the shuffled copy would add nothing to L_p."""

import pytest
import torch

from emolib.corruptions.patch_shuffle import draw_permutations, shuffle_patches
from emolib.models.ecg_eeg import ECGEncoder, EEGEncoder
from emolib.papers.ecg_eeg.separate_patches import encode_separately, patch_losses

SIZES = {"n_layers": 1, "n_heads": 2, "d_patch": 8, "d_ff": 16}
N_PATCHES = 5


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    return {
        "ecg": torch.randn(6, 2, 320, generator=generator),
        "eeg": torch.randn(6, 14, 160, generator=generator),
    }


@pytest.fixture
def order():
    return draw_permutations(6, N_PATCHES, torch.Generator().manual_seed(1))


def encoders(n_patches, share=1):
    torch.manual_seed(2)
    ecg = ECGEncoder(n_chans=2, n_times=320 // share, n_patches=n_patches, **SIZES)
    eeg = EEGEncoder(n_chans=14, n_times=160 // share, n_patches=n_patches, **SIZES)
    return ecg.eval(), eeg.eval()


def separate():
    ecg, eeg = encoders(1, share=N_PATCHES)
    return (lambda x: encode_separately(ecg, x)), (lambda x: encode_separately(eeg, x))


def test_the_outputs_have_the_shapes_of_an_encoder_of_windows(batch):
    encode, _ = separate()
    whole, _ = encoders(N_PATCHES)
    for ours, theirs in zip(encode(batch["ecg"]), whole(batch["ecg"]), strict=True):
        assert ours.shape == theirs.shape


def test_a_patch_encoded_alone_does_not_know_its_neighbours(batch):
    encode, _ = separate()
    changed = batch["ecg"].clone()
    changed[..., 64:] = 0
    before, after = encode(batch["ecg"]).patches, encode(changed).patches
    assert torch.equal(before[:, 0], after[:, 0])
    assert not torch.allclose(before[:, 1], after[:, 1])


def test_shuffling_merely_reorders_patches_that_are_encoded_alone(batch, order):
    encode, _ = separate()
    before = encode(batch["ecg"]).patches
    after = encode(shuffle_patches(batch["ecg"], order)).patches
    expected = before.gather(1, order[..., None].expand_as(before))
    torch.testing.assert_close(after, expected)


def test_shuffling_changes_l_p_by_no_more_than_a_reordering_of_its_terms(batch, order):
    with torch.no_grad():
        plain, moved = patch_losses(*separate(), batch, order)
    torch.testing.assert_close(moved, plain, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_shuffling_changes_l_p_of_our_encoder(batch, seed):
    order = draw_permutations(6, N_PATCHES, torch.Generator().manual_seed(seed))
    with torch.no_grad():
        plain, moved = patch_losses(*encoders(N_PATCHES), batch, order)
    assert abs(moved - plain) > 1e-3
