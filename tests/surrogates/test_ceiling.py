import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from emolib.surrogates.ceiling import auc, ceiling_auc, ceiling_predictions
from emolib.surrogates.cues import window_means

REPORTED = {
    # latent; EEG window, trial; ECG window, trial; both window, trial
    ("dreamer", "valence"): (0.891, 0.834, 0.910, 0.645, 0.709, 0.837, 0.911),
    ("dreamer", "arousal"): (0.872, 0.806, 0.860, 0.756, 0.811, 0.814, 0.867),
    ("amigos", "valence"): (0.869, 0.805, 0.886, 0.631, 0.688, 0.807, 0.887),
    ("amigos", "arousal"): (0.893, 0.828, 0.881, 0.778, 0.837, 0.836, 0.888),
}
SETS = [("eeg",), ("ecg",), ("eeg", "ecg")]
FEW = 40


def every_ceiling(corpus, target, **knobs):
    """Return the seven ceilings of one row of the table above."""
    out = [ceiling_auc(corpus, target, observer="latent", **knobs)]
    for modalities in SETS:
        for level in ("window", "trial"):
            out.append(
                ceiling_auc(corpus, target, modalities=modalities, level=level, **knobs)
            )
    return np.array(out)


@pytest.fixture(scope="module")
def dreamer(truth_of):
    return truth_of("dreamer")


def ask(truth, meta, **question):
    question = dict(target="arousal", threshold=3, n_subjects=FEW) | question
    return ceiling_predictions(truth, meta, **question)


def test_the_area_under_the_curve_is_scikit_learns():
    rng = np.random.default_rng(0)
    y, score = rng.random(300) > 0.6, np.round(rng.random(300), 1)
    assert auc(y, score) == pytest.approx(roc_auc_score(y, score))
    assert np.isnan(auc(np.ones(3), np.ones(3)))


def test_predictions_have_the_rows_and_ids_of_the_windows(dreamer):
    truth, meta = dreamer
    out = ask(truth, meta)
    assert len(out) == len(meta) == 4 * 18 * 6
    assert list(out.columns) == [
        "window", "subject", "session", "trial", "start_s", "stop_s", "y_true",
        "y_pred", "y_score_1",
    ]  # fmt: skip
    pd.testing.assert_frame_equal(out[meta.columns], meta)
    ratings = np.load(truth / "ratings.npy")[..., 1]
    np.testing.assert_array_equal(out["y_true"], np.repeat(ratings.ravel() > 3, 6))
    np.testing.assert_array_equal(out["y_pred"], out["y_score_1"] > 0.5)
    assert out["y_score_1"].between(0, 1).all()
    assert out["y_score_1"].mean() == pytest.approx(0.41, abs=0.12)


def test_a_trial_gets_one_prediction_at_trial_level(dreamer):
    truth, meta = dreamer
    out = ask(truth, meta, level="trial")
    assert len(out) == 4 * 18
    assert out["start_s"].eq(1).all()
    assert out["stop_s"].eq(61).all()


def test_the_order_of_the_windows_does_not_matter(dreamer):
    truth, meta = dreamer
    mixed = meta.sample(frac=1, random_state=0)
    out = ask(truth, mixed.reset_index(drop=True))
    straight = ask(truth, meta)
    np.testing.assert_allclose(
        out["y_score_1"], straight["y_score_1"].iloc[mixed.index]
    )


def test_half_a_grid_step_lies_between_low_and_high(dreamer):
    truth, meta = dreamer
    at, between = ask(truth, meta, threshold=2.5), ask(truth, meta, threshold=2)
    pd.testing.assert_frame_equal(at, between)


def test_cues_of_a_hidden_modality_reach_no_ceiling(truth_of):
    truth, meta = truth_of("dreamer", n_subjects=2)
    before = {m: ask(truth, meta, modalities=m) for m in SETS}
    _poison(
        truth,
        np.load(truth / "theta.npy"),
        ("heart_rate", "ln_rsa", "ln_t_wave", "ln_resp_rate"),
    )
    pd.testing.assert_frame_equal(ask(truth, meta, modalities=("eeg",)), before["eeg",])
    for hidden in SETS[1:]:
        after = ask(truth, meta, modalities=hidden)
        assert not after["y_score_1"].equals(before[hidden]["y_score_1"])


def _poison(truth, theta, names):
    import json

    known = json.loads((truth / "parameters.json").read_text())["parameters"]
    theta[:, :, [known.index(name) for name in names]] += np.random.default_rng(
        0
    ).standard_normal((*theta.shape[:2], len(names), 1))
    np.save(truth / "theta.npy", theta)


def test_the_observer_never_uses_the_corpus_it_is_asked_about(dreamer, monkeypatch):
    import emolib.surrogates.ceiling as module

    seeds = []
    real = module.simulate_cues
    monkeypatch.setattr(
        module,
        "simulate_cues",
        lambda *given: (seeds.append(given[1].seed), real(*given))[1],
    )
    ask(*dreamer)
    assert len(seeds) == 1
    assert seeds[0] != 0


def test_long_videos_have_windows_of_their_own(truth_of):
    truth, meta = truth_of("amigos", n_subjects=2, videos="all")
    out = ask(truth, meta, threshold=5)
    assert len(out) == len(meta) == 2 * (16 * 6 + 4 * 9)
    assert out["y_score_1"].notna().all()


def test_short_windows_are_read_with_larger_errors(truth_of):
    truth, meta = truth_of("dreamer", n_subjects=2, window_s=2.0)
    out = ask(truth, meta)
    assert len(out) == 2 * 18 * 30


def test_heart_cues_use_the_ten_seconds_around_a_short_window():
    trace = np.arange(241)[None] / 4.0
    windows = ((0.0, 2.0), (20.0, 22.0), (58.0, 60.0))
    wide = window_means(trace, windows, 60.0, own_ten=True)[0]
    narrow = window_means(trace, windows, 60.0, own_ten=False)[0]
    np.testing.assert_allclose(narrow, [0.875, 20.875, 58.875])
    np.testing.assert_allclose(wide, [4.875, 20.875, 54.875])


def test_ceilings_fall_with_the_effect_and_end_at_chance():
    ladder = [
        ceiling_auc("dreamer", "arousal", effect=e, n_subjects=60)
        for e in (1.0, 0.4, 0.0)
    ]
    assert (np.diff(ladder) < -0.03).all()
    assert ladder[-1] == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize("target", ["valence", "arousal"])
def test_deleting_a_modality_never_raises_a_ceiling(target):
    eeg, ecg, both = (
        ceiling_auc("dreamer", target, modalities=m, n_subjects=60) for m in SETS
    )
    assert both > eeg - 0.003
    assert eeg > ecg


@pytest.mark.parametrize("target", ["valence", "arousal"])
def test_the_more_an_observer_knows_the_better_it_does(target):
    cold, normalised, labelled = (
        ceiling_auc("dreamer", target, observer=o, n_subjects=60)
        for o in ("cold", "normalised", "labelled")
    )
    assert cold < normalised + 0.01
    assert normalised < labelled


@pytest.mark.parametrize("target", ["valence", "arousal"])
def test_a_small_run_comes_near_the_ceilings_of_the_model(target):
    got = every_ceiling("dreamer", target, n_subjects=60)
    np.testing.assert_allclose(got, REPORTED["dreamer", target], atol=0.05)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (dict(target="joy"), "target must be one of 'valence'"),
        (dict(observer="psychic"), "observer must be one of 'cold', 'normalised'"),
        (dict(level="year"), "level must be one of 'window', 'trial'"),
        (dict(modalities=("smell",)), "modality must be one of 'eeg'"),
        (dict(modalities=()), "modalities must name at least one; got none"),
    ],
)
def test_a_wrong_question_is_one_clear_error(dreamer, wrong, message):
    with pytest.raises(ValueError, match=message):
        ask(*dreamer, **wrong)


def test_an_unknown_corpus_has_no_ceiling():
    with pytest.raises(ValueError, match="corpus must be one of 'dreamer', 'amigos'"):
        ceiling_auc("eegmat", "valence")


def test_windows_of_another_corpus_are_refused(dreamer):
    truth, meta = dreamer
    with pytest.raises(ValueError, match="meta must name the surrogate's own subjects"):
        ask(truth, meta.assign(subject="s99"))


def test_a_corpus_without_truth_has_no_ceiling(tmp_path, dreamer):
    with pytest.raises(ValueError, match="A ceiling exists for surrogates only"):
        ask(tmp_path, dreamer[1])


@pytest.mark.slow
@pytest.mark.parametrize(("corpus", "target"), list(REPORTED))
def test_the_ceilings_of_the_model_are_reproduced(corpus, target):
    got = np.mean(
        [
            every_ceiling(corpus, target, n_subjects=400, seed=1000 * s)
            for s in range(3)
        ],
        axis=0,
    )
    np.testing.assert_allclose(got, REPORTED[corpus, target], atol=0.015)
    assert 0.79 <= got[5] <= 0.91


@pytest.mark.slow
def test_nothing_is_left_at_effect_zero():
    for target in ("valence", "arousal"):
        for modalities in SETS:
            got = ceiling_auc(
                "dreamer", target, modalities=modalities, effect=0.0, n_subjects=400
            )
            assert got == pytest.approx(0.5, abs=0.02)
