"""What holds for every paper: no leak, same bytes, CPU as GPU, stages shared."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from in_memory import DrawnOnCpu

from emolib.units import windows_key

from .worlds import WORLDS

ROOT = Path(__file__).resolve().parents[2]
ALIGNMENT = "ECG-EEG alignment"
TRAINED = [(stem, name) for stem, world in WORLDS.items() for name in world.trained]
OTHERWISE = [
    ("ecg_eeg", ALIGNMENT, {"label_fractions": [0.5]}),
    ("ecg_eeg", ALIGNMENT, {"protocols": ["by_trial"]}),
    ("ecg_eeg", ALIGNMENT, {"overrides": {"zscore_scope": "train"}}),
    ("nmer", "NMER", {"noises": ["missing"]}),
    ("nmer", "NMER", {"readings": ["released"], "presets": ["as_released"]}),
]
each_paper = pytest.mark.parametrize("stem", WORLDS, scope="module")
each_trained = pytest.mark.parametrize(("stem", "system"), TRAINED)


@cache
def contexts(stem):
    """Return where units of whole windows are computed, so that they share stages."""
    return WORLDS[stem].context()


@cache
def whole(stem, system):
    """Return a unit of a system and its outcome on whole windows, computed once."""
    unit = WORLDS[stem].unit(system)
    return unit, WORLDS[stem].run(unit, contexts(stem))


def differences(one, other):
    """Return the tables and weights that two outcomes do not share to the bit."""
    mine, theirs = one.all_tables(), other.all_tables()
    names = [n for n in ("history", "validation", "levels") if n in mine]
    found = [name for name in names if not mine[name].equals(theirs[name])]
    assert "history" in names and sorted(one.state) == sorted(other.state)
    return found + [
        name
        for name, weights in one.state.items()
        if not np.array_equal(weights, other.state[name])
    ]


# ---------------------------------------------------------------- nothing leaks


@pytest.mark.parametrize(
    ("stem", "system", "changes"), [*((*pair, {}) for pair in TRAINED), *OTHERWISE],
    ids=str,
)  # fmt: skip
def test_signals_and_labels_of_the_test_fold_move_no_weight(stem, system, changes):
    """Trained again, the test fold's signals NaN and its labels exchanged: the same."""
    world = WORLDS[stem]
    unit = world.unit(system, **changes)
    told = world.run(unit, world.context()) if changes else whole(stem, system)[1]
    tampered = world.run(unit, world.context(world.poisoned(unit)))
    assert differences(told, tampered) == []
    assert tampered.predictions.filter(like="y_score_").isna().all(axis=None)
    assert (told.predictions["y_true"] != tampered.predictions["y_true"]).any()


@pytest.mark.parametrize(
    ("stem", "system"), [("ecg_eeg", "w/o align"), ("nmer", "NMER"), ("nmer", "MEN")]
)
def test_poisoned_training_labels_do_move_the_weights(stem, system):
    world, (unit, told) = WORLDS[stem], whole(stem, system)
    poisoned = world.run(unit, world.context(world.poisoned(unit, "train")))
    assert set(differences(told, poisoned)) & {*told.state}


# ---------------------------------------------------------------- what is kept


@each_trained
def test_history_and_validation_are_kept_and_weights_repeat_the_answers(stem, system):
    world, (unit, told) = WORLDS[stem], whole(stem, system)
    tables = told.all_tables()
    history = tables["history"]
    assert {"train", "val"} <= set(history["split"])
    assert np.isfinite(history["total"]).all()
    assert history.filter(["stage"]).notna().all(axis=None)
    fold = world.fold_of(world.windows(), unit.settings)
    assert set(tables["validation"]["window"]) == set(fold.val)
    assert told.state or system == "EEG teacher"  # whose weights stand with its stage
    if told.state:
        again = world.answers(unit, contexts(stem), told.state)
        assert again.equals(told.predictions)


@each_paper
def test_a_second_run_trains_nothing(settings, study, stem, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("something was trained again")

    assert study.failures == []
    monkeypatch.setattr("emolib.store.Store.put", refuse)
    again = WORLDS[stem].room.run(settings)
    names = [entry.folder.name for _, entry in again.finished]
    assert names == [entry.folder.name for _, entry in study.finished]


@each_paper
def test_another_corpus_on_disk_is_another_key(stem, monkeypatch):
    unit, digests = WORLDS[stem].unit(WORLDS[stem].trained[0]), set()
    place = f"emolib.papers.{stem}.data.input_digest"
    for content in ("one", "another"):
        monkeypatch.setattr(place, lambda _, c=content: c)
        digests.add(windows_key(unit).digest)
    assert len(digests) == 2


# ---------------------------------------------------------------- the same bytes

SHORT = {
    "ecg_eeg": {"systems": [ALIGNMENT, "w/o align", "linear probe", "chance"]},
    "nmer": {"systems": ["NMER", "MMIN", "MEN"], "dbs": [-40.0]},
}
CODE = """
import sys
from json import loads
from importlib import import_module

def told(stem, parameters):
    room = import_module(f"emolib.papers.{stem}")
    study = room.run(room.Settings.of(parameters))
    results = import_module(f"{room.__name__}.tables").results(study)
    return results.to_csv(index=False) + study.table().to_csv(index=False)

if __name__ == "__main__":
    print(told(sys.argv[1], loads(sys.argv[2])), end="")
"""
SLOW = [pytest.param(n, marks=pytest.mark.slow) for n in (2, 3)]


@each_paper
@pytest.mark.parametrize("n_workers", [1, *SLOW])
def test_a_process_under_another_hash_seed_gives_the_same_bytes(
    stem, settings, study, tmp_path, n_workers
):
    chosen, here = settings.change(**SHORT[stem]), {}
    exec(CODE, here)
    parameters = json.dumps(chosen.change(n_workers=n_workers).as_dict())
    other = "1" if os.environ.get("PYTHONHASHSEED") == "7" else "7"
    environment = {"EMOLIB_CACHE": str(tmp_path / "cache"), "PYTHONHASHSEED": other}
    run = subprocess.run(
        [sys.executable, "-c", CODE, stem, parameters], cwd=tmp_path, timeout=300,
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert run.stdout == here["told"](stem, chosen.as_dict())


# ---------------------------------------------------------------- CPU against GPU


def one_epoch(stem, system, device):
    """Return every loss of every stage: those of shared stages and the unit's own.

    Random numbers are drawn on the CPU for both devices; what is left are sums in
    another order.
    """
    world = WORLDS[stem]
    context = world.context(device=device)
    with DrawnOnCpu():
        outcome = world.run(world.unit(system, overrides=world.once), context)
    kept = [outcome, *context.stages.values()]
    tables = [o.tables["history"] for o in kept if "history" in o.tables]
    numbers = [t.select_dtypes("number").filter(regex=world.losses) for t in tables]
    return np.concatenate([part.to_numpy(float).ravel() for part in numbers])


@pytest.mark.parametrize(
    ("stem", "system"),
    [*(("ecg_eeg", name) for name in (ALIGNMENT, "TS-TCC", "TFC", "EEG-Conformer")),
     ("nmer", "NMER"), ("nmer", "MMIN")],
)  # fmt: skip
def test_the_comparison_itself_repeats_to_the_bit_on_a_cpu(comparable, stem, system):
    first, second = (one_epoch(stem, system, "cpu") for _ in range(2))
    assert len(first) and np.array_equal(first, second, equal_nan=True)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@each_trained
def test_losses_and_answers_are_nearly_the_same_on_a_gpu(comparable, stem, system):
    on_cpu, on_gpu = (one_epoch(stem, system, place) for place in ("cpu", "cuda:0"))
    assert on_gpu == pytest.approx(on_cpu, rel=1e-3, nan_ok=True)
    world, (unit, told) = WORLDS[stem], whole(stem, system)
    answers = [world.answers(unit, world.context(device=place), told.state)
               for place in ("cpu", "cuda:0")]  # fmt: skip
    scores = [table.filter(like="y_score_").to_numpy() for table in answers]
    assert scores[1] == pytest.approx(scores[0], abs=1e-4)
