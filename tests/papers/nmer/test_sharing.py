"""What is read off a finished run: a model asked again, ceilings, kept epochs."""

import numpy as np
import pytest

from emolib.papers import nmer
from emolib.papers.nmer import scores, tables
from emolib.papers.nmer.pictures import outputs_of, trained_models
from emolib.papers.nmer.reading import mean_recall


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
    found = {
        kind: study.table(noise=kind).filter(like="y_score").to_numpy()
        for kind in ("gaussian", "impulse")
    }
    sure = {kind: values.max(1).mean() for kind, values in found.items()}
    assert sure["impulse"] > sure["gaussian"] + 0.1


def test_a_ceiling_of_ua_is_that_of_an_observer_who_answers_for_ua(settings):
    wide = {"surrogate": {"n_trials": 40}, "dbs": [-30.0], "systems": ["ceiling"]}
    study = nmer.run(settings.change(**wide))
    ((_, entry),) = study.finished
    wa, ua = (entry.tables[name] for name in ("predictions", "best_ua"))
    found = scores.scores(study).query("condition == 'gaussian -30 dB avg'")
    found = found.groupby("metric")["value"].first()
    assert found["wa"] == pytest.approx((wa["y_true"] == wa["y_pred"]).mean())
    each = [
        mean_recall(part["y_true"], part["y_pred"]) for _, part in ua.groupby("clean")
    ]
    assert found["ua"] == pytest.approx(np.mean(each))
    assert not ua["y_pred"].equals(wa["y_pred"])


def test_the_kept_epoch_of_every_stage_is_known(study):
    kept = tables.kept_epochs(study)
    assert kept["stage"].value_counts().to_dict() == {
        "clean": 6,
        "noisy": 6,
        "alone": 2,
    }
    assert (kept["kept"] == 1).all() and (kept["run"] == 1).all()
    caps = kept.groupby("system")["cap"].unique().map(list).to_dict()
    assert caps == {"MEN": [1], "MMIN": [1], "NMER": [0], "w/o VAE": [0]}
    assert kept["ua"].between(0, 1).all()


@pytest.mark.slow
def test_at_the_defaults_of_the_notebook_nmer_and_men_learn():
    quick = {"n_epochs": 10, "teacher_epochs": 10, "baseline_epochs": 10, "n_layers": 1}
    often = {"batch_size": 16, "lr": 1e-3}
    overrides = {**quick, **often, **{f"baseline_{k}": v for k, v in often.items()}}
    given = {"systems": ["NMER", "MEN"], "device": "cpu", "overrides": overrides}
    found = scores.scores(nmer.run(nmer.Settings.of(given)))
    found = found.query("condition == 'gaussian -10 dB avg' and metric == 'ua'")
    ua = found.groupby("method")["value"].first()
    assert len(ua) == 2 and (ua > 0.25 + 0.1).all()  # chance, and a margin
