"""What a notebook shows of the model says what the model does."""

import numpy as np
import pytest
import torch
from utterance_batches import WIDTHS, batch_of

from emolib.models.nmer import NMER
from emolib.papers.nmer.items import parts
from emolib.papers.nmer.items.latent import latent_of
from emolib.papers.nmer.task import Task

from .utterances import PLAIN, context

SMALL = {"d": 8, "n_heads": 2, "n_layers": 1, "d_ff": 4, "d_latent": 3}


def small(**switches):
    torch.manual_seed(0)
    return NMER(WIDTHS, 4, d_hidden=(5,), **SMALL, **switches).eval()


def test_the_ledger_counts_every_weight_once():
    model = small()
    ledger = parts.model_ledger(model, model(*batch_of()))
    assert ledger["weights"].sum() == sum(p.numel() for p in model.parameters())
    shapes = ledger.set_index("output")["shape"].to_dict()
    assert shapes["specific"] == (4, 24) and shapes["mu"] == (4, 3)


@pytest.mark.parametrize("as_released", [False, True])
def test_batch_mates_count_only_as_released(as_released):
    model = small(batch_as_sequence=as_released)
    difference = parts.alone_and_together(model, *batch_of())
    assert (difference > 1e-3) == as_released


def test_a_latent_that_says_nothing_is_seen():
    task = Task.of(PLAIN, context())
    model = NMER(task.widths, 4, d_hidden=(5,), **SMALL)
    corruption = task.corruption(PLAIN)
    use = latent_of(model, task, corruption)
    assert use["kl"] > 0 and use["active"] > 0 and use["n_units"] == 3
    for part in (model.vae.to_mu, model.vae.to_log_var):
        torch.nn.init.zeros_(part.weight), torch.nn.init.zeros_(part.bias)
    use = latent_of(model, task, corruption)
    assert (use["kl"], use["active"], use["n_units"]) == (0, 0, 3)
    torch.nn.init.ones_(model.vae.to_mu.bias)  # the same for all: 1/2 nat, no news
    use = latent_of(model, task, corruption)
    assert (use["kl"], use["active"]) == (1.5, 0)


def test_a_guide_that_has_shrunk_is_seen():
    task = Task.of(PLAIN, context())
    model = NMER(task.widths, 4, d_hidden=(5,), **SMALL)
    before = latent_of(model, task, task.corruption(PLAIN))
    last = model.encoder.shared[2]
    with torch.no_grad():
        last.weight.mul_(0.01), last.bias.mul_(0.01)
    after = latent_of(model, task, task.corruption(PLAIN))
    assert after["rms_specific"] == before["rms_specific"] > 0
    assert np.isclose(after["rms_invariant"], 0.01 * before["rms_invariant"])


def test_without_vae_there_is_no_latent():
    task = Task.of(PLAIN, context())
    model = NMER(task.widths, 4, d_hidden=(5,), use_vae=False, **SMALL)
    assert latent_of(model, task, task.corruption(PLAIN)) == {}
