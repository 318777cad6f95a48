"""The losses of TS-TCC, TFC, SSL-ECG and the EEG teacher, by hand."""

from types import SimpleNamespace

import pytest
import torch
from utterance_batches import features

from emolib.losses.contrastive import nt_xent
from emolib.losses.pretext import (
    WEIGHTS,
    consistency_loss,
    distortion_loss,
    temporal_contrast,
    ts_tcc_loss,
)
from emolib.losses.reconstruction import reconstruction_loss


def test_temporal_contrast_equals_a_loop():
    predictions, targets = features(2, 3, 4, 5), features(2, 3, 4, 5, seed=1)
    total = 0.0
    for m in range(2):
        for k in range(3):
            for i in range(4):
                scores = torch.stack(
                    [predictions[m, k, j] @ targets[m, k, i] for j in range(4)]
                )
                total += -float(scores.log_softmax(0)[i]) / (3 * 4)
    value = float(temporal_contrast(predictions, targets))
    assert value == pytest.approx(total)


def test_both_losses_of_ts_tcc_are_weighed():
    predictions, targets = features(2, 3, 4, 5), features(2, 3, 4, 5, seed=1)
    contexts = features(2, 4, 6)
    losses = ts_tcc_loss(predictions, targets, contexts)
    assert losses["temporal"] == temporal_contrast(predictions, targets)
    assert losses["contextual"] == nt_xent(contexts[0], contexts[1], temperature=0.2)
    total = losses["temporal"] + 0.7 * losses["contextual"]
    torch.testing.assert_close(losses["total"], total)


def branches(seed):
    names = ("time", "frequency", "z_time", "z_frequency")
    return SimpleNamespace(
        **{name: features(4, 6, seed=10 * seed + i) for i, name in enumerate(names)}
    )


def test_consistency_is_the_sum_of_three_triplets():
    own, view = branches(0), branches(1)

    def contrast(a, b):
        return nt_xent(a, b, temperature=0.2, poly=True)

    agree = contrast(own.z_time, own.z_frequency)
    pairs = (
        (own.z_time, view.z_frequency),
        (view.z_time, own.z_frequency),
        (view.z_time, view.z_frequency),
    )
    by_hand = sum(1 + agree - contrast(a, b) for a, b in pairs)
    losses = consistency_loss(own, view)
    torch.testing.assert_close(losses["consistency"], by_hand)
    assert losses["time"] == contrast(own.time, view.time)
    assert losses["frequency"] == contrast(own.frequency, view.frequency)
    total = 0.2 * (losses["time"] + losses["frequency"]) + 0.8 * by_hand
    torch.testing.assert_close(losses["total"], total)


def test_distortion_is_the_weighted_sum_of_seven_questions_of_yes_or_no():
    logits, distortion = features(14, 7), torch.arange(7).repeat(2)
    yes, said = torch.eye(7)[distortion].bool(), logits.sigmoid()
    each = -torch.where(yes, said, 1 - said).log().mean(0)  # a question
    by_hand = (each * torch.tensor(WEIGHTS, dtype=torch.float64)).sum()
    value = distortion_loss(logits, distortion)
    torch.testing.assert_close(value, by_hand)
    assert sum(WEIGHTS) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("loss", "shapes", "words"),
    [
        (temporal_contrast, [(2, 3, 4, 5), (2, 2, 4, 5)], "targets .* match predicti"),
        (ts_tcc_loss, [(2, 3, 4, 5)] * 2 + [(3, 4, 6)], "contexts .* with m=2"),
        (distortion_loss, [(2, 6), (2,)], "logits .* with k=7"),
        (distortion_loss, [(2, 7), (1,)], "distortion .* with b=2"),
        (reconstruction_loss, [(2, 1, 4), (2, 3, 4)], "restored .* match x"),
    ],
)
def test_shapes_that_do_not_belong_together_are_refused(loss, shapes, words):
    with pytest.raises(ValueError, match=words.replace(" ", " must have shape ", 1)):
        loss(*(features(*shape) for shape in shapes))


def test_the_error_of_a_reconstruction_is_the_mean_square_over_every_time_point():
    x = torch.tensor([[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]])
    assert reconstruction_loss(x + 2, x) == 4
    assert reconstruction_loss(torch.zeros_like(x), x) == pytest.approx(55 / 6)
