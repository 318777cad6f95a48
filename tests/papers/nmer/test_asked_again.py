"""What a trained VAE says of utterances, asked again: models here are made, not run."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from emolib.losses.variational import kl_divergence
from emolib.models.nmer import NMER
from emolib.papers.nmer.items import asked_again

from .utterances import WIDTHS, utterances

SMALL = {"d": 8, "d_latent": 5, "n_layers": 1, "n_heads": 2, "d_ff": 6}


def asked(monkeypatch, name="ours", **switches):
    """Let the views ask one untrained model about twelve utterances."""
    torch.manual_seed(0)
    model = NMER(WIDTHS, 4, **SMALL, **switches).eval()
    windows = utterances(n_speakers=2, n_each=6)
    arrays = dict(windows.x) | {f"{m}_length": n for m, n in windows.lengths.items()}
    y = np.asarray(windows.y, int)
    task = SimpleNamespace(seed=0)
    both = {"a": arrays, "avl": arrays}
    monkeypatch.setattr(
        asked_again, "_asked", lambda s: [(name, task, model, (y, both))]
    )
    return model, arrays


def decoder_of(model, *, keeps: slice):
    """Make the decoder and the classifier read a part of [z, H'] and nothing else."""
    d_in, d = 5 + 24, 24
    linear = torch.nn.Linear(d_in, d)
    with torch.no_grad():
        mask = torch.zeros(d_in)
        mask[keeps] = 30.0
        linear.weight.mul_(mask)
    model.vae.decoder = torch.nn.Sequential(linear)


@torch.no_grad()
def outputs_of(model, arrays):
    x = {m: torch.tensor(arrays[m]) for m in WIDTHS}
    lengths = {m: torch.tensor(arrays[f"{m}_length"]) for m in WIDTHS}
    return model(x, lengths)


def test_units_are_counted_by_their_variance_and_their_divergence(monkeypatch):
    model, arrays = asked(monkeypatch)
    units = asked_again.latent_units(None)
    assert list(units["unit"]) == [1, 2, 3, 4, 5] and set(units["panel"]) == {"ours"}
    outputs = outputs_of(model, arrays)
    total = kl_divergence(outputs.mu, outputs.log_var).item()
    assert units["kl"].sum() == pytest.approx(total, rel=1e-5)
    np.testing.assert_allclose(
        units["variance"], outputs.mu.var(0, correction=0), rtol=1e-4
    )


def test_a_decoder_of_the_guide_gives_the_same_answers_whatever_z_is(monkeypatch):
    model, _ = asked(monkeypatch)
    decoder_of(model, keeps=slice(5, None))
    answers = asked_again.answers_by_latent(None).set_index("latent")
    assert list(answers.index) == ["own", "zero", asked_again.OTHER]
    assert answers["changed"].eq(0).all() and answers["ua"].nunique() == 1


def test_a_decoder_of_z_answers_otherwise_with_anothers(monkeypatch):
    model, arrays = asked(monkeypatch)
    decoder_of(model, keeps=slice(0, 5))
    model.vae.to_mu.weight.data.mul_(100.0)  # utterances far apart, around zero
    model.vae.to_mu.bias.data.sub_(outputs_of(model, arrays).mu.mean(0))
    answers = asked_again.answers_by_latent(None).set_index("latent")
    assert (
        answers.loc["own", "changed"] == 0 < answers.loc[asked_again.OTHER, "changed"]
    )


@pytest.mark.parametrize("as_sequence", [False, True])
def test_only_a_batch_read_as_a_sequence_moves_with_its_mates(monkeypatch, as_sequence):
    asked(monkeypatch, batch_as_sequence=as_sequence)
    mates = asked_again.batch_mates(None).iloc[0]
    assert mates["n"] == 12
    assert (mates["moved"] > 1e-4) == as_sequence


def test_a_run_without_a_model_has_no_row(monkeypatch):
    monkeypatch.setattr(asked_again, "_asked", lambda study: [])
    assert asked_again.latent_units(None).empty
    assert (
        asked_again.answers_by_latent(None).empty
        and asked_again.batch_mates(None).empty
    )
