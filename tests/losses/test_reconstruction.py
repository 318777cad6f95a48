import pytest
import torch

from emolib.losses.reconstruction import reconstruction_loss


def test_the_error_is_the_mean_square_over_every_time_point():
    x = torch.tensor([[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]])
    assert reconstruction_loss(x, x) == 0
    assert reconstruction_loss(x + 2, x) == 4
    assert reconstruction_loss(torch.zeros_like(x), x) == pytest.approx(55 / 6)


def test_another_shape_is_refused_and_not_broadcast():
    x = torch.zeros(2, 3, 4)
    with pytest.raises(ValueError, match=r"restored must have shape .* match x"):
        reconstruction_loss(x[:, :1], x)
