"""A stage that several units need is trained once, and a unit can be loaded."""

import json
from collections import Counter

import pytest

from emolib.papers import nmer
from emolib.papers.nmer.evaluate import predictions_under
from emolib.papers.nmer.systems import nmer as ours
from emolib.papers.nmer.task import Task
from emolib.training.devices import one_thread
from emolib.units import Context

pytestmark = pytest.mark.usefixtures("in_cache")


def test_no_unit_fails_and_none_is_given_what_it_does_not_read(study):
    assert study.failures == []
    assert len(study.finished) == 5 * 2
    assert all(entry.manifest["unread"] == [] for _, entry in study.finished)


def test_clean_stages_are_shared_across_systems_and_levels(study, cache):
    manifests = [
        json.loads(path.read_text())["key"]["parts"]
        for path in (cache / "store").rglob("manifest.json")
    ]
    found = Counter(key.get("function", key.get("kind", "unit")) for key in manifests)
    of = {name.removeprefix("emolib.papers.nmer."): n for name, n in found.items()}
    assert of["systems.men.train"] == 1  # MEN at both levels, and where MMIN starts
    assert of["systems.clean_teacher.train"] == 1  # ours and w/o VAE, at both levels
    assert of["frames.measure_frames"] == 1
    assert of["levels.measure_levels"] == 2


def test_a_second_run_trains_nothing(settings, study, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("something was trained again")

    monkeypatch.setattr("emolib.store.Store.put", refuse)
    again = nmer.run(settings)
    names = [entry.folder.name for _, entry in again.finished]
    assert names == [entry.folder.name for _, entry in study.finished]


def test_a_loaded_model_repeats_the_stored_predictions_to_the_bit(study):
    ((unit, entry),) = study.select(system="ours", db=-40.0)
    context = Context(unit)
    model = ours.restore(entry, context)
    task = Task.of(unit.settings, context)
    with one_thread():
        again = predictions_under(
            task, model, task.corruption(unit.settings), "test", device="cpu",
            forward=ours.forward,
        )  # fmt: skip
    assert again.equals(entry.predictions)
