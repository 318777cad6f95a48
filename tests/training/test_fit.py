import numpy as np
import pytest
import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from emolib.training.devices import one_thread
from emolib.training.fit import fit
from emolib.training.predict import predict
from emolib.training.seeding import seeded
from emolib.training.tensors import state_arrays


@pytest.fixture(autouse=True)
def single_thread():
    with one_thread():
        yield


def make_model(seed=0):
    with seeded(seed):
        return nn.Sequential(
            nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 2)
        )


def make_data(n=300, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    x = rng.normal(size=(n, 8))
    x[:, 2] += 2 * y - 1
    return {"x": x, "y": y}


def step(model, batch, generator):
    logits = model(batch["x"])
    classes = nn.functional.cross_entropy(logits, batch["y"])
    size = 1e-3 * logits.square().mean()
    return {"class": classes, "size": size, "total": classes + size}


def run(model=None, data=None, **options):
    options = {
        "validation": make_data(100, 1), "seed": 0, "max_epochs": 6, "batch_size": 32,
        "lr": 3e-3, "device": "cpu", **options,
    }  # fmt: skip
    loss = options.pop("step", step)
    return fit(model or make_model(), loss, data or make_data(), **options)


def same_state(one, two):
    a, b = state_arrays(one), state_arrays(two)
    return all(np.array_equal(a[name], b[name]) for name in a)


def changed_by(model, **options):
    """Return which weights a fit has changed."""
    before = state_arrays(model)
    run(model, **options)
    after = state_arrays(model)
    return {n for n in before if not np.array_equal(before[n], after[n])}


# ---------------------------------------------------------------- what a fit returns


def test_a_planted_effect_is_learnt_and_every_named_loss_of_both_splits_told():
    result = run(max_epochs=40, patience=8)
    test, history = make_data(400, 2), result.history
    logits = predict(
        result.model, lambda m, b: {"logits": m(b["x"])}, {"x": test["x"]}, device="cpu"
    )["logits"]
    assert (logits.argmax(1) == test["y"]).mean() > 0.75
    assert list(history.columns) == ["epoch", "split", "class", "size", "total"]
    n = history["epoch"].max()
    assert history["epoch"].tolist() == [e for e in range(1, n + 1) for _ in range(2)]
    assert history["split"].tolist() == ["train", "val"] * n
    np.testing.assert_allclose(
        history["class"] + history["size"], history["total"], rtol=1e-6
    )
    train = history.query("split == 'train'")["total"]
    assert train.iloc[-1] < 0.8 * train.iloc[0]


def test_a_seed_alone_decides_and_the_callers_random_stream_stays():
    one = run()
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    two = run()
    assert torch.equal(torch.rand(3), expected)
    assert same_state(one.model, two.model) and one.history.equals(two.history)
    assert not same_state(one.model, run(seed=1).model)


def test_the_state_of_the_best_validation_epoch_comes_back():
    result = run(max_epochs=60, patience=5, lr=0.05)
    val = result.history.query("split == 'val'").set_index("epoch")["total"]
    assert result.stop_reason == "patience" and not result.model.training
    assert result.best_epoch == val.idxmin() == val.index[-1] - 5
    held_out = {k: torch.from_numpy(v) for k, v in make_data(100, 1).items()}
    with torch.no_grad():
        batch = {"x": held_out["x"].float(), "y": held_out["y"]}
        again = step(result.model, batch, None)["total"]
    assert float(again) == pytest.approx(val.min(), rel=1e-4)


def test_without_validation_the_last_epoch_counts_and_there_is_no_patience():
    result = run(validation=None)
    assert (result.best_epoch, result.stop_reason) == (6, "max_epochs")
    assert set(result.history["split"]) == {"train"}


def test_a_monitor_chooses_the_epoch():
    told = [3.0, 1.0, 2.0, 4.0, 5.0, 6.0]
    wanted = iter(told)

    def monitor(model, held_out):
        assert not model.training and len(held_out["y"]) == 100
        return next(wanted)

    result = run(monitor=monitor)
    assert result.best_epoch == 2
    assert result.history.query("split == 'val'")["monitor"].tolist() == told


def test_a_named_loss_chooses_the_epoch_where_the_total_holds_more():
    later = iter(range(1000))

    def loss(model, batch, generator):
        terms = step(model, batch, generator)
        more = 0 if model.training else next(later)
        return {**terms, "total": terms["class"] + more}

    result = run(step=loss, monitor="class")
    told = result.history.query("split == 'val'").set_index("epoch")
    assert result.best_epoch == told["class"].idxmin() != told["total"].idxmin() == 1
    assert told["monitor"].tolist() == told["class"].tolist()


# ---------------------------------------------------------------- what learns, and how


def test_only_what_is_trainable_learns_and_the_rest_stands_still():
    model = nn.ModuleDict(
        {
            "encoder": nn.Sequential(nn.Linear(8, 4), nn.BatchNorm1d(4), nn.Dropout()),
            "head": nn.Linear(4, 2),
        }
    )

    def frozen_step(model, batch, generator):
        assert not model["encoder"].training
        assert model["head"].training == torch.is_grad_enabled()
        loss = model["head"](model["encoder"](batch["x"])).square().mean()
        return {"total": loss}

    moved = changed_by(model, step=frozen_step, trainable=[model["head"]])
    assert moved == {"head.weight", "head.bias"}
    assert all(weight.requires_grad for weight in model.parameters())
    assert all(weight.grad is None for weight in model.parameters())


def test_micro_batches_give_the_gradient_of_the_whole_batch():
    sizes = []

    def noted(model, batch, generator):
        sizes.append(len(batch["y"]))
        return step(model, batch, generator)

    models = [nn.Linear(8, 2), nn.Linear(8, 2)]
    models[1].load_state_dict(models[0].state_dict())
    for model, n_micro in zip(models, (1, 4), strict=True):
        run(model, step=noted, n_micro=n_micro, weight_decay=0.1)
    assert (max(sizes), sizes[-1]) == (32, 4)
    states = [model.state_dict() for model in models]
    torch.testing.assert_close(*states, rtol=1e-4, atol=1e-5)


def test_every_window_is_seen_once_an_epoch_in_a_new_order():
    orders = []
    data = {"x": np.arange(300, dtype=float)[:, None] * np.ones(8), "y": np.zeros(300)}

    def noted(model, batch, generator):
        orders.append(batch["x"][:, 0].tolist())
        return {"total": 0 * model(batch["x"]).mean()}

    run(data=data, step=noted, validation=None, max_epochs=2)
    first, second = sum(orders[:10], []), sum(orders[10:], [])
    assert sorted(first) == sorted(second) == list(range(300))
    assert first != second != sorted(second)
    orders.clear()
    run(data=data, step=noted, validation=None, max_epochs=1, drop_last=True)
    assert {len(batch) for batch in orders} == {32}
    assert len(run(data=make_data(10), drop_last=True, max_epochs=1).history) == 2


def test_the_schedule_sets_the_rate_of_each_epoch():
    assert not changed_by(make_model(), schedule=lambda epoch: 0.0)
    assert changed_by(make_model(), schedule=lambda epoch: float(epoch == 5))


@pytest.mark.parametrize(
    ("parts", "cut"), [(None, {"all"}), ([0, 3], {"first", "last"}), ([0], {"first"})]
)
def test_gradients_are_cut_to_the_norm_together_or_part_by_part(parts, cut):
    model, lengths = make_model(), {"first": 0.0, "last": 0.0, "all": 0.0}

    def note(optimizer, *_):
        weights = optimizer.param_groups[0]["params"]
        for name, some in zip(
            lengths, (weights[:2], weights[2:], weights), strict=True
        ):
            length = torch.cat([w.grad.flatten() for w in some]).norm().item()
            lengths[name] = max(lengths[name], length)

    hook = register_optimizer_step_pre_hook(note)
    parts = parts and [model[place] for place in parts]
    run(model, max_epochs=1, max_norm=0.1, norm_parts=parts)
    hook.remove()
    assert {n for n, length in lengths.items() if abs(length - 0.1) < 1e-5} == cut
    assert parts is None or len(parts) == 2 or lengths["last"] > 0.2


# ---------------------------------------------------------------- what goes wrong


def test_a_number_that_is_none_names_epoch_and_term():
    def poisoned(model, batch, generator):
        terms = step(model, batch, generator)
        return {**terms, "size": terms["size"] * float("nan")}

    with pytest.raises(FloatingPointError, match="got size = nan on train in epoch 1"):
        run(step=poisoned)
    data = make_data()
    data["x"][7, 3] = np.nan
    with pytest.raises(FloatingPointError, match="look for NaN in the data"):
        run(data=data)


def test_a_read_only_memory_map_can_be_trained_on_and_arrays_stay_as_they_are(tmp_path):
    data = make_data()
    data["x"] = data["x"].astype(np.float32)
    before = data["x"].copy()
    np.save(tmp_path / "x.npy", data["x"])
    mapped = {**data, "x": np.load(tmp_path / "x.npy", mmap_mode="r")}
    assert same_state(run(data=data).model, run(data=mapped).model)
    np.testing.assert_array_equal(data["x"], before)


OTHER_PART = [nn.Linear(2, 2)]
RAGGED, NOTHING = (
    {"x": np.zeros((n, 8)), "y": np.zeros(m)} for n, m in ((4, 3), (0, 0))
)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"validation": None, "patience": 3}, "validation must be given with patience"),
        ({"data": RAGGED}, "data must hold arrays of one length above 0"),
        ({"validation": NOTHING}, "validation must hold arrays of one length"),
        ({"trainable": OTHER_PART}, "trainable must be parts of .*; got 2 para"),
        ({"norm_parts": OTHER_PART}, "norm_parts must be parts of .*; got 2 para"),
        ({"trainable": []}, "at least one parameter of the model"),
        ({"step": lambda m, b, g: {"loss": m(b["x"]).mean()}}, "named 'total'; got {'"),
        ({"step": lambda m, b, g: {"total": m(b["x"])}}, "named 'total'; got {'total'"),
    ],
)  # fmt: skip
def test_what_cannot_be_fitted_says_why(options, words):
    with pytest.raises(ValueError, match=words):
        run(**options)


def test_running_out_of_memory_names_the_setting_to_lower():
    def greedy(model, batch, generator):
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(torch.OutOfMemoryError, match="batch_size=32, n_micro=1. Lower"):
        run(step=greedy)


def test_validation_draws_the_same_numbers_in_every_epoch_and_training_others():
    def drawn(model, batch, generator):
        shift = torch.rand((), generator=generator)
        return {"total": 0 * model(batch["x"]).mean() + shift}

    history = run(step=drawn).history
    distinct = history.groupby("split")["total"].nunique()
    assert (distinct["val"], distinct["train"]) == (1, 6)
