"""The grid of paper 4, what its settings refuse, and its tables."""

import pytest
import torch
from planted_sequences import SIZES_OF, units_of

from emolib.losses.regression import concordance_loss, distillation_loss
from emolib.models.rmmt import RMMT
from emolib.papers.rmmt.grid import places
from emolib.papers.rmmt.settings import BANDS, SYSTEMS
from emolib.papers.rmmt.systems.rmmt import loss_step
from emolib.reporting import load_reported


def test_every_cell_of_the_paper_has_a_unit_and_none_is_trained_twice():
    alphas = [k / 5 for k in range(1, 11)]
    protocols = ["by_trial", "by_subject"]
    units = units_of(systems=[*SYSTEMS], protocols=protocols, alphas=alphas)
    printed = [
        (item, unit.labels["method"], condition)
        for unit in units
        for item, condition in places(unit.labels)
        if SYSTEMS[unit.labels["system"]].kind != "reference"
    ]
    reported = load_reported("rmmt").query("item.str.startswith('Table')")
    cells = reported[["item", "method", "condition"]].drop_duplicates()
    assert sorted(printed) == sorted(map(tuple, cells.to_numpy()))
    own = [(u.system, str(u.settings)) for u in units]
    assert len(set(own)) == len(own)


def test_six_bands_of_32_channels_are_192_features():
    assert len(BANDS) * 32 == 192
    edges = [*BANDS.values()]
    assert all(a[1] == b[0] for a, b in zip(edges, edges[1:], strict=False))


def batch_of():
    torch.manual_seed(0)
    batch = {n: torch.randn(3, 9, d) for n, d in SIZES_OF.items()}
    return batch | {"y": torch.randn(3, 9), "lengths": torch.tensor([9, 5, 7])}


def test_the_total_is_eq_21():
    batch = batch_of()
    model = RMMT(SIZES_OF, d=8).eval()
    told = model({n: batch[n] for n in SIZES_OF}, batch["lengths"])
    ccc = concordance_loss(told.valence, batch["y"], batch["lengths"])
    apart = distillation_loss(told.source, told.query, batch["lengths"])
    terms = loss_step(0.4, "eeg", "equal")(model, batch, None)
    torch.testing.assert_close(terms["total"], ccc + 0.4 * apart)
    none = loss_step(0.0, "eeg", "equal")(model, batch, None)
    assert set(none) == {"ccc", "total"} and torch.equal(none["total"], ccc)


@pytest.mark.parametrize(("learner", "moves"), [("eeg", False), ("both", True)])
def test_distillation_moves_the_face_s_network_only_where_both_learn(learner, moves):
    batch = batch_of()
    model = RMMT(SIZES_OF, d=8)
    terms = loss_step(1.0, learner, "equal")(model, batch, None)
    terms["distillation"].backward()
    grads = {m: [w.grad for w in model.tcns[m].parameters()] for m in SIZES_OF}
    assert all(g is not None and g.any() for g in grads["eeg"])
    assert all((g is not None) is moves for g in grads["face"])
