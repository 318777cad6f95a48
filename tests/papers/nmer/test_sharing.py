"""A stage that several units need is trained once, and a model can be asked again."""

import json
from collections import Counter

import numpy as np
import pytest

from emolib.papers import nmer
from emolib.papers.nmer.pictures import outputs_of, trained_models

pytestmark = pytest.mark.usefixtures("in_cache")


def test_no_unit_fails(study):
    assert study.failures == []
    assert len(study.finished) == 5 * 2


def test_clean_stages_are_shared_across_systems_and_levels(study, cache):
    manifests = [
        json.loads(path.read_text())["key"]["parts"]
        for path in (cache / "store").rglob("manifest.json")
    ]
    found = Counter(key.get("function", key.get("kind", "unit")) for key in manifests)
    of = {name.removeprefix("emolib.papers.nmer."): n for name, n in found.items()}
    assert of["systems.men.train"] == 1  # MEN at both levels, and where MMIN starts
    assert of["systems.clean_teacher.train"] == 1  # NMER and w/o VAE, at both levels
    assert of["reading.measure_frames"] == 1
    assert of["noise.measure_levels"] == 2


def test_a_second_run_trains_nothing(settings, study):
    before = [entry.folder.stat().st_mtime_ns for _, entry in study.finished]
    again = nmer.run(settings)
    assert [e.folder for _, e in again.finished] == [
        e.folder for _, e in study.finished
    ]
    after = [entry.folder.stat().st_mtime_ns for _, entry in again.finished]
    assert before == after


def test_a_trained_model_asked_again_says_what_it_said(study):
    labels = {"system": "NMER", "db": -40.0}
    ((unit, task, model),) = trained_models(study, **labels)
    outputs = outputs_of(model, task)
    ((_, entry),) = study.select(**labels)
    table = entry.tables["predictions"].sort_values("window", kind="stable")
    answers = outputs["logits"].argmax(1).reshape(6, -1).T.flatten()
    assert np.array_equal(answers, table["y_pred"])
    assert outputs["mu"].shape == (len(table), 64)
    assert list(trained_models(study, system="majority")) == []


def test_impulses_of_one_size_take_nothing_from_who_can_subtract_them(settings):
    changed = {"noises": ["gaussian", "impulse"], "dbs": [-40.0], "conditions": ["all"]}
    study = nmer.run(settings.change(systems=["ceiling"], **changed))
    scores = {
        kind: study.table(noise=kind).filter(like="y_score").to_numpy()
        for kind in ("gaussian", "impulse")
    }
    sure = {kind: values.max(1).mean() for kind, values in scores.items()}
    assert sure["impulse"] > sure["gaussian"] + 0.1
