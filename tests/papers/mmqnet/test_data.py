"""From files to features, a person at a time, and what an ideal reader makes of it."""

import numpy as np
import pytest

from emolib.metrics import score_folds
from emolib.papers import mmqnet
from emolib.papers.mmqnet import data
from emolib.units import Context, run_units

SIZE = {"deap": {"n_subjects": 3, "n_trials": 6}, "mahnob": {"n_subjects": 2}}


def units_of(corpus, **changes):
    few = {"corpora": [corpus], "surrogate": SIZE[corpus], "device": "cpu"}
    return mmqnet.expand({"systems": ["ceiling"], "rates": [0.0], **few, **changes})


def test_a_run_that_was_ended_goes_on_with_the_next_person(monkeypatch, tmp_path):
    monkeypatch.setenv("EMOLIB_CACHE", str(tmp_path))
    (unit,), asked, whole = units_of("deap"), [], data.features_of_person

    def ended(settings, subject):
        asked.append(subject)
        if subject == "s03" and len(asked) == 3:
            raise KeyboardInterrupt
        return whole(settings, subject)

    monkeypatch.setattr(data, "features_of_person", ended)
    with pytest.raises(KeyboardInterrupt):
        Context(unit)
    windows = Context(unit).windows
    assert asked == ["s01", "s02", "s03", "s03"]
    assert windows.meta.groupby(["subject", "trial"]).size().tolist() == [30] * 18
    assert all(np.isfinite(x).all() for x in windows.x.values())


@pytest.mark.parametrize("corpus", ["deap", "mahnob"])
def test_the_ceiling_is_above_chance_and_falls_with_what_is_missing(corpus):
    splits = {"protocols": ["by_trial", "random_windows"], "folds": [0, 1]}
    found = run_units(units_of(corpus, rates=[0.0, 0.7], **splits), progress=False)
    assert not found.failures
    assert {unit.labels["protocol"] for unit, _ in found.entries} == {"by_trial"}
    auc = {0.0: [], 0.7: []}
    for unit, entry in found.entries:
        scores = score_folds(entry.predictions).set_index("metric")["value"]
        auc[unit.labels["rate"]].append(scores["auc"])
    complete, missing = (np.mean(values) for values in auc.values())
    assert complete > 0.6 and complete > missing + 0.01
