"""Asked, nominal and measured dB as tables."""

from types import SimpleNamespace

import numpy as np
import pytest
from in_memory import Context

from emolib.papers import nmer
from emolib.papers.nmer import level_views, noise_views, task
from emolib.papers.nmer.systems import majority
from emolib.study import Study

from .utterances import PLAIN, utterances


@pytest.fixture(scope="module")
def study():
    """Return a study of one made-up corpus, without a store."""
    context = Context(utterances(), {"corpus": "iemocap"})
    finished = []
    for noise, db, exact in (("gaussian", -10.0, False), ("impulse", 0.0, True)):
        settings = PLAIN | {"noise": noise, "db": db, "exact": exact}
        outcome = majority.run(settings, context)
        labels = {"dataset": "iemocap", "target": "emotion", "protocol": "given folds"}
        unit = SimpleNamespace(labels=labels | {"system": "majority"},
                               settings=settings)  # fmt: skip
        entry = SimpleNamespace(tables=outcome.all_tables())
        finished.append((unit, entry))
    settings = nmer.Settings(systems=["majority"])
    sources = {"iemocap": "surrogate"}
    return Study(settings, finished, [], sources, nmer.RECIPE)


def test_levels_say_what_was_asked_and_what_came(study):
    levels = level_views.level_frame(study)
    assert len(levels) == 2 * 3
    exact = levels[levels["exact"]]
    assert exact["n_steps"].isna().all()
    np.testing.assert_allclose(exact["nominal_db"], 0, atol=1e-9)
    inexact = levels[~levels["exact"]].set_index("name")
    assert (inexact["n_steps"] >= 1).all()
    # audio is z-scored, so its σ² is 1 and its T that of unit variance
    assert inexact.loc["audio", "variance"] == pytest.approx(1)
    assert inexact.loc["audio", "n_steps"] == 46


def test_levels_become_results_under_the_papers_labels(study):
    results = level_views.level_results(level_views.level_frame(study))
    assert set(results["condition"]) == {"gaussian -10 dB", "impulse 0 dB exact"}
    steps = results[results["metric"] == "n_noise_steps"]
    assert steps["variant"].tolist() == ["a", "v", "l"]  # none where solved exactly
    assert (results["item"] == "Section 2.2.3").all()
    assert results["source"].eq("surrogate").all()


def test_distances_become_results_of_fig_3(study):
    ours = task.Task.of(PLAIN, Context(utterances(), {"corpus": "iemocap"}))
    arrays = ours.arrays(ours.fold.test)
    x = {m: arrays[m] for m in ours.widths}
    lengths = {m: arrays[f"{m}_length"] for m in x}
    _, distances = noise_views.map_frames(
        x, lengths, ours.variances, dbs=(-10.0,), n_pairs=6
    )
    levels = level_views.level_frame(study)
    results = level_views.distance_results(distances, ours, levels)
    assert results["condition"].eq("gaussian -10 dB").all()
    assert results["metric"].eq("average_distance").all()
    assert dict(
        zip(results["variant"], results["value"], strict=True)
    ) == pytest.approx(dict(zip("avl", distances["distance"], strict=True)))
