"""What figures show is what they were given."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from matplotlib import rcParams
from matplotlib.figure import Figure

from emolib.containers import Windows
from emolib.figures import (
    comparison,
    contrasts,
    curves,
    efficiency,
    embeddings,
    ideal_readers,
    latents,
    noise,
    noise_effects,
    one_modality,
    protocols,
    scalp,
    signals,
    similarity,
    subjects,
    utterances,
)
from emolib.figures.style import (
    Picture,
    describe,
    digest_of,
    interval,
    look,
    new_figure,
    number,
    structure_of,
    style,
)

CH_NAMES = ("AF3", "F7", "O1", "O2")
FRACTIONS = [0.1, 0.3, 1.0]
GAIN = pd.DataFrame({
    "fraction": FRACTIONS, "mean": [0.05, 0.02, 0.0], "low": [0.03, 0.0, -0.01],
    "high": [0.07, 0.04, 0.01], "n": [12, 12, 12],
})  # fmt: skip
OPEN = pd.DataFrame({"fraction": FRACTIONS, "value": [0.062, 0.027, 0.007]})
ROWS = pd.DataFrame({
    "system": ["w/o align", "ours"], "mean": [0.61, 0.65], "low": [0.58, 0.62],
    "high": [0.64, 0.68],
})  # fmt: skip
PRIOR = pd.DataFrame({
    "target": ["valence", "arousal"], "share_high": [0.36, 0.41], "n_windows": [90, 80]
})  # fmt: skip
RATES = pd.DataFrame({
    "subject": ["s1", "s2", "s3"], "rest": [60.0, 70.0, 80.0],
    "task": [66.0, 75.0, 79.0],
})  # fmt: skip
SWEEP = pd.DataFrame({
    "parameter": ["temperature"] * 3 + ["w_patch"] * 2, "value": [0.05, 0.1, 0.5, 0, 1],
    "mean": [0.6, 0.7, 0.65, 0.61, 0.62], "low": [0.5] * 5, "high": [0.8] * 5,
})  # fmt: skip
RESULTS = pd.DataFrame(
    [
        (protocol, method, "", "accuracy", fold, 0, value + 0.01 * fold)
        for protocol, value in (("by_subject", 0.6), ("random_windows", 0.8))
        for method in ("linear probe", "chance", "majority")
        for fold in (0, 1)
    ],
    columns=["protocol", "method", "variant", "metric", "fold", "seed", "value"],
)
CELLS = pd.DataFrame({
    "column": ["DREAMER arousal"] * 2, "system": ["TFC", "ours"],
    "paper": [0.5432, 0.9611], "ours": [np.nan, 0.7], "low": [np.nan, 0.65],
    "high": [np.nan, 0.75],
})  # fmt: skip
READING = pd.DataFrame(
    [
        (task, stem, n, score)
        for task in ("ECG: heart rate", "EEG: alpha power")
        for stem, score in (("conv", 0.9), ("linear", 0.1))
        for n in (200, 500)
    ],
    columns=["task", "stem", "n_windows", "score"],
)
HISTORY = pd.DataFrame({
    "epoch": [1, 2, 3] * 2, "split": ["train"] * 3 + ["validation"] * 3,
    "total": [1.0, 0.8, 0.6, 1.1, 0.9, 1.0], "patch": [2.0, 1.6, 1.2, 2.2, 1.8, 2.0],
})  # fmt: skip

LEVELS = pd.DataFrame(
    [
        (name, kind, db, n, db + off + 0.01, db + off)
        for name, n in (("audio", 140), ("text", 5))
        for db, n in ((-10.0, n), (-20.0, n + 40))
        for kind, off in (("Gaussian", 0.0), ("impulse", 5.23))
    ],
    columns=["name", "noise", "asked_db", "n_steps", "nominal_db", "measured_db"],
)
BETAS = pd.DataFrame({"n_steps": [2, 2, 1], "step": [1, 2, 1],
                      "beta": [0.001, 0.1, 0.001]})  # fmt: skip
SNR_CURVES = pd.DataFrame(
    [
        (name, variance, n, 0.9**n, -4.0 * n + shift)
        for name, variance, shift in (("audio", 150.8, 21.8), ("text", 0.03, -15.2))
        for n in (1, 2, 3)
    ],
    columns=["name", "variance", "n_steps", "alpha_bar", "snr_db"],
)
CALLS = pd.DataFrame({"name": ["audio"] * 4, "snr_db": [19.0, 4.0, 2.0, -41.0]})
EXAMPLES = pd.DataFrame(
    [
        (kind, level, db, step, 0.5 * step, 0.5 * step + moved)
        for kind in ("Gaussian", "impulse")
        for level, db, moved in (("clean", np.nan, 0.0), ("−10 dB", -9.7, 0.25))
        for step in (1, 2)
    ],
    columns=["noise", "level", "nominal_db", "step", "clean", "noisy"],
)
TWINS = pd.DataFrame(
    [
        (name, db, kind, float(i), i + 0.1 * (kind == "noisy"))
        for name in ("audio", "text")
        for db in (-40.0, -10.0)
        for kind in ("original", "noisy")
        for i in range(5)
    ],
    columns=["name", "asked_db", "kind", "x", "y"],
)
DISTANCES = TWINS.drop_duplicates(["name", "asked_db"])[["name", "asked_db"]].assign(
    distance=[9.25, 7.5, 3.0, 2.0]
)
UNDER_NOISE = pd.DataFrame(
    [
        (kind, system, db + off, score + db / 100, score + db / 100 - 0.02, np.nan)
        for kind, off in (("Gaussian", 0.0), ("impulse", 5.2))
        for system, score in (("ceiling", 0.9), ("ours", 0.8), ("MEN", 0.75))
        for db in (-40.0, -10.0)
    ],
    columns=["noise", "system", "measured_db", "mean", "low", "high"],
)
DIFFERENCES = pd.DataFrame({
    "panel": ["−10 dB", "−10 dB", "−40 dB"], "row": ["w/o VAE", "w/o L_inv", "w/o VAE"],
    "difference": [-0.02, 0.01, -0.05], "low": [-0.04, np.nan, -0.07],
    "high": [0.0, np.nan, -0.03], "open": [0.11, 0.11, np.nan],
})  # fmt: skip
ALONE = pd.DataFrame(
    [
        (name, level, kind, score, np.nan, np.nan)
        for name in ("audio", "text")
        for kind, levels in (
            ("trained at this level", {"clean": 0.6, "−10": 0.5}),
            ("trained clean", {"clean": 0.6, "0": 0.55, "−10": 0.4}),
            ("ceiling", {"clean": 0.7, "0": 0.69, "−10": 0.65}),
            ("paper", {"clean": 0.669, "−10": 0.563}),
        )
        for level, score in levels.items()
    ],
    columns=["name", "level", "kind", "mean", "low", "high"],
).sort_values("level", key=lambda c: c.map(["clean", "0", "−10"].index), kind="stable")
MOVED = pd.DataFrame(
    [
        (name, kind, db, value)
        for name in ("audio", "text")
        for kind, size in (("one step", 1.0), ("time average", 0.2))
        for db, value in ((-10.0, 1.18 * size), (-40.0, 1.41 * size))
    ],
    columns=["name", "kind", "snr_db", "relative"],
)
EXPECTED = pd.DataFrame({"snr_db": [0.0, -40.0], "relative": [0.77, 1.41]})
UNITS = pd.DataFrame({
    "panel": ["ours"] * 3 + ["as released"] * 3, "unit": [1, 2, 3] * 2,
    "variance": [0.002, 0.5, 0.05, 1e-4, 1e-3, 1e-5], "kl": [0.0, 0.7, 0.1] * 2,
})  # fmt: skip
READERS = pd.DataFrame(
    [
        ("iemocap", system, db, score + slope * (db + 10))
        for system, score, slope in (
            ("ceiling, six", 0.79, 0.0037), ("ceiling, noisy ignored", 0.68, 0.0),
            ("ceiling, all noisy", 0.775, 0.015),
        )
        for db in (-40.0, -10.0)
    ],
    columns=["name", "system", "db", "mean"],
)  # fmt: skip


@pytest.fixture
def windows():
    rng = np.random.default_rng(0)
    meta = {"subject": "s01", "session": "1", "trial": "05", "start_s": 20.0}
    return Windows(
        x={"eeg": rng.normal(size=(2, 4, 80)), "ecg": rng.normal(size=(2, 2, 160))},
        y=np.array([0, 1]),
        meta=pd.DataFrame([{**meta, "stop_s": 30.0}] * 2),
        present=np.ones((2, 2), bool),
        sfreq={"eeg": 8.0, "ecg": 16.0},
        ch_names={"eeg": CH_NAMES, "ecg": ("ECG1", "ECG2")},
    )


def _matrices():
    rng = np.random.default_rng(1)
    return rng.uniform(-0.6, 0, (6, 6)), rng.uniform(-0.2, 0.3, (6, 6))


def _every_figure(windows):
    """Return each figure once, by name."""
    rng = np.random.default_rng(2)
    before = {"eeg": windows.x["eeg"][0, 0], "ecg": windows.x["ecg"][0, 0]}
    points = rng.normal(size=(8, 2))
    return {
        "windows": signals.plot_windows(windows),
        "shuffle": signals.plot_patch_shuffle(
            before, before, np.arange(10), sfreq=windows.sfreq
        ),
        "similarity": similarity.plot_similarity(*_matrices()),
        "tsne": embeddings.plot_tsne(
            points, points, np.arange(8) % 2, silhouettes=(0.01, 0.2)
        ),
        "readability": curves.plot_readability(READING),
        "history": curves.plot_history({"3 align": HISTORY}),
        "sweep": curves.plot_sweep(SWEEP),
        "efficiency": efficiency.plot_label_efficiency(GAIN, open_gain=OPEN),
        "protocols": protocols.plot_protocols(RESULTS),
        "paper": comparison.plot_paper_vs_ours(CELLS),
        "ablation": comparison.plot_ablation(ROWS),
        "prior": subjects.plot_class_prior(PRIOR),
        "heart": subjects.plot_heart_rate(RATES),
        "map": scalp.plot_topomap(
            {"planted": np.array([0.1, -0.2, 1.5, 1.2])}, CH_NAMES, label="Power (dB)"
        ),
        "schedule": noise.plot_schedule(BETAS, SNR_CURVES, LEVELS),
        "readings": noise.plot_readings(CALLS, LEVELS),
        "examples": noise.plot_examples(EXAMPLES),
        "levels": noise.plot_levels(LEVELS),
        "noise maps": noise_effects.plot_noise_maps(TWINS, DISTANCES),
        "under noise": noise_effects.plot_under_noise(UNDER_NOISE),
        "utterance": utterances.plot_utterance(*_sides(), {"audio": 5, "text": 8}),
        "differences": contrasts.plot_differences(DIFFERENCES, label="UA (fraction)"),
        "one modality": one_modality.plot_one_modality(ALONE),
        "distances": one_modality.plot_distances(MOVED, EXPECTED),
        "latents": latents.plot_latent_use(UNITS),
        "ideal readers": ideal_readers.plot_ideal_readers(READERS),
    }


def _sides():
    """Return one utterance, clean and with noise on its words."""
    rng = np.random.default_rng(3)
    clean = {"audio": rng.normal(size=(9, 40)), "text": rng.normal(size=(8, 50))}
    clean["audio"][5:] = 0
    return clean, {**clean, "text": clean["text"] + 2.0}


NAMES = (
    "windows", "shuffle", "similarity", "tsne", "readability", "history", "sweep",
    "efficiency", "protocols", "paper", "ablation", "prior", "heart", "map",
    "schedule", "readings", "examples", "levels", "noise maps", "under noise",
    "utterance",
    "differences", "one modality", "distances", "latents", "ideal readers",
)  # fmt: skip


def _drawn(ax):
    """Return every y value that the lines of `ax` show."""
    return np.concatenate([np.ravel(line.get_ydata()) for line in ax.lines]).astype(
        float
    )


def test_every_figure_says_in_numbers_what_it_shows(windows):
    figures = _every_figure(windows)
    assert tuple(figures) == NAMES
    for name, figure in figures.items():
        assert isinstance(figure, Figure), name
        assert any(c.isdigit() for c in figure.alt_text), name
        assert figure.alt_text.endswith("."), name
        assert figure.get_figwidth() <= 7.0, name
        assert structure_of(figure).startswith(f"{len(figure.axes)} axes: "), name


def test_every_axis_has_a_label_with_a_unit(windows):
    units = ("(", "Split", "Cosine", "R²")
    for name, figure in _every_figure(windows).items():
        for ax in figure.axes:
            labels = [label for label in (ax.get_xlabel(), ax.get_ylabel()) if label]
            assert all(any(u in label for u in units) for label in labels), name
        assert any(ax.get_xlabel() or ax.get_ylabel() for ax in figure.axes), name


def test_drawing_changes_no_global_setting(windows):
    before = dict(rcParams)
    _every_figure(windows)
    assert dict(rcParams) == before


def test_a_window_is_drawn_point_by_point(windows):
    figure = signals.plot_windows(windows, 1, n_patches=10)
    ecg, eeg = figure.axes
    shown = np.array([line.get_ydata() for line in eeg.lines[:4]])
    x = windows.x["eeg"][1]
    moved = shown - x
    np.testing.assert_allclose(moved, np.tile(moved[:, :1], 80), atol=1e-12)
    assert [t.get_text() for t in eeg.get_yticklabels()] == list(CH_NAMES)
    assert ecg.lines[0].get_xdata()[-1] == pytest.approx(10 - 1 / 16)


def test_an_absent_window_is_named(windows):
    with pytest.raises(ValueError, match=r"row must be in \[0, 1\]; got 2"):
        signals.plot_windows(windows, 2)


def test_an_order_that_repeats_a_patch_is_named(windows):
    x = {"eeg": windows.x["eeg"][0, 0]}
    with pytest.raises(ValueError, match="order must hold each patch once"):
        signals.plot_patch_shuffle(x, x, np.array([0, 0]), sfreq=windows.sfreq)


def test_similarity_matrices_share_limits_centred_on_zero():
    before, after = _matrices()
    figure = similarity.plot_similarity(before, after)
    images = [ax.images[0] for ax in figure.axes[:2]]
    limit = max(np.abs(before).max(), np.abs(after).max())
    for image, matrix in zip(images, (before, after), strict=True):
        assert image.get_clim() == (-limit, limit)
        np.testing.assert_array_equal(image.get_array(), matrix)


def test_similarity_numbers_are_those_of_the_matrix():
    matrix = np.array([[0.9, 0.1], [0.4, 0.2]])
    scores = similarity.similarity_scores(matrix)
    assert scores["matched"] == pytest.approx(0.55)
    assert scores["unmatched"] == pytest.approx(0.25)
    assert scores["gap"] == pytest.approx(0.3)
    assert scores["top1"] == 0.5
    assert scores["chance"] == 0.5
    text = similarity.plot_similarity(matrix, matrix).alt_text
    assert "matched mean 0.550, unmatched mean 0.250" in text


def test_cosines_of_a_vector_with_itself_are_one():
    x = np.random.default_rng(0).normal(size=(5, 7))
    cosines = similarity.cosine_matrix(x, 3 * x)
    np.testing.assert_allclose(np.diag(cosines), 1)
    with pytest.raises(ValueError, match="eeg must have shape"):
        similarity.cosine_matrix(x, x[:, :3])


def test_a_matrix_that_is_not_square_is_named():
    with pytest.raises(ValueError, match="Rows are ECG, columns EEG"):
        similarity.similarity_scores(np.ones((2, 3)))


def test_a_tsne_map_shows_every_window_in_its_class():
    points = np.random.default_rng(0).normal(size=(9, 2))
    y = np.array([0, 0, 0, 1, 1, 1, 1, 1, 1])
    figure = embeddings.plot_tsne(points, -points, y, silhouettes=(0.1, 0.2))
    for ax, sign in zip(figure.axes, (1, -1), strict=True):
        low, high = (c.get_offsets() for c in ax.collections)
        np.testing.assert_array_equal(low, sign * points[:3])
        np.testing.assert_array_equal(high, sign * points[3:])
    assert "3 low and 6 high" in figure.alt_text


def test_a_tsne_map_is_the_same_for_one_seed():
    x = np.random.default_rng(0).normal(size=(20, 5))
    a, b = (embeddings.tsne_map(x, seed=3, perplexity=5) for _ in range(2))
    np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match=r"perplexity must be in \(0, 20\)"):
        embeddings.tsne_map(x, seed=3)


def test_silhouette_is_high_for_classes_apart():
    y = np.arange(20) % 2
    x = np.random.default_rng(0).normal(size=(20, 3)) * 0.1 + y[:, None] * 9
    assert embeddings.silhouette(x, y) > 0.9


def test_readability_panels_share_limits_and_follow_the_modality():
    figure = curves.plot_readability(READING)
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim()
    colors = [ax.lines[0].get_color() for ax in figure.axes]
    assert colors == ["#D55E00", "#0072B2"]
    assert "EEG: alpha power, linear 0.10" in figure.alt_text


def test_history_draws_every_named_loss_and_the_best_epoch():
    figure = curves.plot_history({"3 align": HISTORY})
    drawn = _drawn(figure.axes[0])
    assert set(HISTORY["total"]) | set(HISTORY["patch"]) <= set(drawn)
    assert "best validation total 0.900 at epoch 2" in figure.alt_text


def test_history_marks_the_epoch_that_a_criterion_of_its_own_chose():
    monitored = HISTORY.assign(monitor=[np.nan] * 3 + [-0.4, -0.5, -0.6])
    figure = curves.plot_history({"noisy": monitored})
    assert "best by its own criterion at epoch 3" in figure.alt_text
    assert not {-0.4, -0.5, -0.6} & set(_drawn(figure.axes[0]))


def test_names_of_terms_do_not_touch_and_stay_in_order():
    many = HISTORY.assign(kl=0.01 + HISTORY["total"], mse=0.001)
    for log in (False, True):
        ax = curves.plot_history({"noisy": many}, log=log).axes[0]
        assert ax.get_yscale() == ("log" if log else "linear")
        heights = {text.get_text(): text.xy[1] for text in ax.texts}
        assert list(heights) == ["mse", "total", "kl", "patch"]
        assert np.diff(list(heights.values())).min() > 0.07


def test_a_sweep_shows_its_values_and_fills_the_one_in_use():
    figure = curves.plot_sweep(SWEEP, chosen={"temperature": 0.1})
    first, second = figure.axes
    assert first.get_ylim() == second.get_ylim()
    np.testing.assert_array_equal(first.lines[0].get_ydata(), [0.6, 0.7, 0.65])
    filled = [ln for ln in first.lines if ln.get_markerfacecolor() == "black"]
    assert 0.7 in np.concatenate([ln.get_ydata() for ln in filled[-1:]])


def test_a_flat_sweep_looks_flat():
    flat = SWEEP.assign(mean=0.7, low=np.nan, high=np.nan)
    low, high = curves.plot_sweep(flat).axes[0].get_ylim()
    assert high - low >= 0.1 - 1e-9


def test_label_efficiency_shows_gain_interval_and_open_gain():
    figure = efficiency.plot_label_efficiency(GAIN, open_gain=OPEN)
    drawn = _drawn(figure.axes[0])
    assert set(GAIN["mean"]) | set(OPEN["value"]) <= set(drawn)
    assert "10 % of labels +0.050 (+0.030 to +0.070), n = 12" in figure.alt_text
    assert "+0.027 at 30 %" in figure.alt_text


def test_an_open_gain_at_other_fractions_is_neither_drawn_nor_told():
    elsewhere = OPEN.assign(fraction=[0.2, 0.4, 0.6][: len(OPEN)])
    figure = efficiency.plot_label_efficiency(GAIN, open_gain=elsewhere)
    assert "linear student" not in figure.alt_text
    assert not set(OPEN["value"]) & set(_drawn(figure.axes[0]))


def test_label_efficiency_puts_levels_and_ceiling_beside_the_gain():
    scores = ROWS.assign(fraction=1.0)
    figure = efficiency.plot_label_efficiency(GAIN, scores=scores, ceiling=0.756)
    assert len(figure.axes) == 2
    assert 0.756 in _drawn(figure.axes[0])
    assert "Ceiling of ECG: 0.756" in figure.alt_text


def test_two_panels_do_not_fit_into_one_axes():
    _, axes = new_figure()
    with pytest.raises(ValueError, match="ax must come without scores"):
        efficiency.plot_label_efficiency(GAIN, scores=ROWS, ax=axes[0, 0])


def test_protocols_show_folds_and_reference_lines():
    figure = protocols.plot_protocols(RESULTS)
    ax = figure.axes[0]
    assert {0.6, 0.61, 0.8, 0.81} <= set(np.round(_drawn(ax), 6))
    shown = [t.get_text() for t in ax.get_legend().get_texts()]
    assert shown == ["majority", "chance", "linear probe"]
    assert [t.get_text() for t in ax.get_xticklabels()][0].startswith("random windows")


def test_an_unknown_metric_is_named():
    with pytest.raises(ValueError, match="metric must be one of 'accuracy'; got 'auc'"):
        protocols.plot_protocols(RESULTS, metric="auc")


def test_the_paper_stands_beside_ours_and_a_cell_not_run_says_so():
    note = "not comparable: surrogate"
    figure = comparison.plot_paper_vs_ours(CELLS, note=note)
    paper, ours = figure.axes[0].lines
    np.testing.assert_array_equal(paper.get_xdata(), [0.5432, 0.9611])
    np.testing.assert_array_equal(ours.get_xdata(), [np.nan, 0.7])
    assert "TFC 0.543 and not run; ours 0.961 and 0.700" in figure.alt_text
    assert note in figure.alt_text


def test_an_ablation_shows_its_rows_in_order():
    figure = comparison.plot_ablation(ROWS, reference=("chance", 0.5))
    ax = figure.axes[0]
    labels = {t.get_text(): t.get_position()[1] for t in ax.get_yticklabels()}
    assert labels["w/o align"] > labels["ours"]
    assert "ours 0.650 (0.620 to 0.680)" in figure.alt_text


def test_class_priors_fill_the_whole_bar():
    figure = subjects.plot_class_prior(PRIOR, implied={"valence": 0.6})
    bars = figure.axes[0].patches
    np.testing.assert_allclose([b.get_width() for b in bars], [0.36, 0.41, 0.64, 0.59])
    assert "valence 60%" in figure.alt_text


def test_heart_rates_are_joined_by_subject():
    figure = subjects.plot_heart_rate(RATES)
    pairs = [tuple(line.get_ydata()) for line in figure.axes[0].lines[:3]]
    assert pairs == [(60, 66), (70, 75), (80, 79)]
    assert "rises in 2 of 3 subjects, mean change +3.3" in figure.alt_text


def test_maps_share_limits_centred_on_zero():
    maps = {"planted": np.array([0, 0, 2.0, 1]), "measured": np.array([0, 0, 1.0, 0])}
    figure = scalp.plot_topomap(maps, CH_NAMES, label="Power (dB)")
    assert [ax.images[0].get_clim() for ax in figure.axes[:2]] == [(-2, 2)] * 2
    assert "largest 2.00 at O1" in figure.alt_text


def test_a_map_needs_one_value_per_channel():
    with pytest.raises(ValueError, match=r"maps\['planted'\] must have shape"):
        scalp.plot_topomap({"planted": np.ones(3)}, CH_NAMES, label="Power (dB)")


def test_the_schedule_shows_its_steps_and_the_chosen_t():
    steps, _, curves = noise.plot_schedule(BETAS, SNR_CURVES, LEVELS).axes
    assert [list(line.get_ydata()) for line in steps.lines] == [[0.001], [0.001, 0.1]]
    points = [line for line in curves.lines if line.get_label().startswith("audio")]
    np.testing.assert_array_equal(points[0].get_xdata(), [140, 140, 180, 180])
    named = [t.get_text() for t in curves.get_legend().get_texts()]
    assert named == ["audio, σ² = 150.8", "text, σ² = 0.03"]
    lines = {line.get_linestyle() for line in curves.lines if len(line.get_xdata()) > 2}
    assert len(lines) >= 2  # told apart without colour


def test_the_two_readings_are_calls_beside_levels():
    figure = noise.plot_readings(CALLS, LEVELS)
    bars = {b.get_x(): b.get_height() for b in figure.axes[0].patches}
    assert {x: h for x, h in bars.items() if h} == {-50: 25, 0: 50, 10: 25}
    upright = [
        ln.get_xdata()[0] for ln in figure.axes[0].lines if len(ln.get_xdata()) == 2
    ]
    assert upright == list(LEVELS.query("name == 'audio'")["nominal_db"])
    assert "from 19 to −41 dB, median 3; the paper" in figure.alt_text


def test_examples_show_noise_as_points_over_what_is_left():
    figure = noise.plot_examples(EXAMPLES)
    noisy = figure.axes[1]
    left, dots = noisy.lines[1], noisy.lines[2]
    np.testing.assert_array_equal(left.get_ydata(), [0.5, 1.0])
    np.testing.assert_array_equal(dots.get_ydata(), [0.75, 1.25])
    assert dots.get_linestyle() == "None"
    assert noisy.get_title(loc="left") == "−10 dB (nominal −9.7)"
    assert "Gaussian clean 0.00; Gaussian −10 dB 0.25" in figure.alt_text


def test_nominal_and_measured_levels_stand_beside_what_was_asked():
    figure = noise.plot_levels(LEVELS)
    drawn = np.round(_drawn(figure.axes[0])[2:], 6)  # behind the line at 0
    assert set(drawn) == {0.0, 0.01, 5.23, 5.24}
    ticks = [t.get_text() for t in figure.axes[1].get_xticklabels()]
    assert ticks == ["−10\n5", "−20\n45"]
    assert "impulse −10: −4.76, −4.77" in figure.alt_text


def test_noise_maps_go_from_little_to_much_noise_with_their_distance():
    figure = noise_effects.plot_noise_maps(TWINS, DISTANCES)
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles == ["−10 dB", "−40 dB", "", ""]
    said = [ax.texts[0].get_text() for ax in figure.axes]
    assert said == [f"mean distance {d}" for d in ("7.50", "9.25", "2.00", "3.00")]
    for ax in figure.axes:
        original, noisy = (c.get_offsets() for c in ax.collections)
        np.testing.assert_allclose(noisy - original, [[0, 0.1]] * 5)
    assert "of 5 utterances" in figure.alt_text
    assert "audio 7.50 at −10 dB, 9.25 at −40 dB" in figure.alt_text


def test_scores_under_noise_stand_at_the_dB_that_was_measured():
    figure = noise_effects.plot_under_noise(UNDER_NOISE, reference=("majority", 0.31))
    gaussian, impulse = figure.axes
    assert gaussian.get_ylim() == impulse.get_ylim()
    assert gaussian.get_xlim() == impulse.get_xlim()
    assert gaussian.get_xlim()[0] > gaussian.get_xlim()[1]  # louder to the right
    by_name = {line.get_label(): line for line in impulse.lines}
    np.testing.assert_allclose(by_name["ceiling"].get_xdata(), [-34.8, -4.8])
    assert by_name["ceiling"].get_linestyle() == "--"
    np.testing.assert_allclose(by_name["ours"].get_ydata(), [0.4, 0.7])
    np.testing.assert_allclose(by_name["MEN"].get_xdata(), [-34.8, -4.8], atol=0.5)
    assert "ours 0.700 at −4.8 dB" in figure.alt_text
    assert "majority: 0.310" in figure.alt_text


def test_differences_stand_around_zero_beside_what_is_open():
    figure = contrasts.plot_differences(DIFFERENCES, label="UA (fraction)")
    first, second = figure.axes
    assert first.get_xlim() == second.get_xlim()
    zero, gain, marks = first.lines
    assert set(zero.get_xdata()) == {0}
    np.testing.assert_array_equal(gain.get_xdata(), [0.11, 0.11])
    np.testing.assert_array_equal(marks.get_xdata(), [-0.02, 0.01])
    np.testing.assert_array_equal(marks.get_ydata(), [1, 0])
    assert "w/o VAE −0.020 (−0.040 to 0.000), open 0.110" in figure.alt_text
    assert "w/o VAE −0.050 (−0.070 to −0.030)." in figure.alt_text


def test_one_modality_has_a_curve_a_kind_and_no_mark_where_nothing_was_run():
    figure = one_modality.plot_one_modality(ALONE, reference=("majority", 0.309))
    audio, text = figure.axes
    assert audio.get_ylim() == text.get_ylim()
    by_kind = {line.get_label(): line for line in audio.lines}
    np.testing.assert_allclose(
        np.round(by_kind["trained at this level"].get_xdata()), [0, 2]
    )
    np.testing.assert_array_equal(
        by_kind["trained clean"].get_ydata(), [0.6, 0.55, 0.4]
    )
    assert by_kind["paper"].get_linestyle() == "None"
    assert [t.get_text() for t in audio.get_xticklabels()] == ["clean", "0", "−10"]
    assert "paper 0.669 at clean, 0.563 at −10" in figure.alt_text


def test_distances_stand_beside_the_formula_and_its_end():
    figure = one_modality.plot_distances(MOVED, EXPECTED)
    end, formula, step, average = figure.axes[0].lines
    assert end.get_ydata()[0] == np.sqrt(2)
    np.testing.assert_array_equal(formula.get_ydata(), EXPECTED["relative"])
    np.testing.assert_array_equal(step.get_ydata(), [1.18, 1.41])
    assert (step.get_fillstyle(), average.get_fillstyle()) == ("full", "none")
    assert "text, time average: 0.24 at −10.0 dB" in figure.alt_text


def test_latent_units_are_ranked_and_the_active_ones_filled():
    figure = latents.plot_latent_use(UNITS)
    active, silent = figure.axes[0].lines[:2]
    np.testing.assert_array_equal(active.get_ydata(), [0.5, 0.05])
    np.testing.assert_array_equal(silent.get_xdata(), [3])
    assert active.get_markerfacecolor() == "black" != silent.get_markerfacecolor()
    assert "ours 2 of 3 active, KL 0.80 nats an utterance" in figure.alt_text
    assert "as released 0 of 3 active" in figure.alt_text


def test_ideal_readers_leave_a_band_that_is_open_to_weighing():
    ours = pd.DataFrame({"name": "iemocap", "system": "ours", "db": [-10.0],
                         "mean": [0.7], "low": [0.68], "high": [0.72]})  # fmt: skip
    figure = ideal_readers.plot_ideal_readers(
        READERS, systems=ours, floors={"iemocap": 0.309}
    )
    (ax,) = figure.axes
    assert ax.get_xlim()[0] > ax.get_xlim()[1]  # louder to the right
    (band,) = [c for c in ax.collections if c.get_label() == "open to weighing"]
    edges = band.get_paths()[0].vertices
    np.testing.assert_allclose([edges[:, 1].min(), edges[:, 1].max()], [0.679, 0.79])
    assert len({line.get_linestyle() for line in ax.lines[:3]}) == 3
    assert "ours 0.700 (0.680 to 0.720) at −10 dB" in figure.alt_text


@pytest.mark.parametrize(
    "plot, frame",
    [
        (efficiency.plot_label_efficiency, GAIN),
        (protocols.plot_protocols, RESULTS),
        (comparison.plot_ablation, ROWS),
        (subjects.plot_class_prior, PRIOR),
        (subjects.plot_heart_rate, RATES),
    ],
)
def test_a_single_panel_goes_into_given_axes(plot, frame):
    figure, axes = new_figure(1, 2)
    given = axes[0, 1]
    assert plot(frame, ax=given) is figure
    assert len(figure.axes) == 2
    assert given.has_data() and not axes[0, 0].has_data()
    assert figure.alt_text


@pytest.mark.parametrize(
    "plot, frame, column",
    [
        (efficiency.plot_label_efficiency, GAIN, "low"),
        (protocols.plot_protocols, RESULTS, "protocol"),
        (comparison.plot_ablation, ROWS, "mean"),
        (comparison.plot_paper_vs_ours, CELLS, "paper"),
        (subjects.plot_class_prior, PRIOR, "n_windows"),
        (subjects.plot_heart_rate, RATES, "task"),
        (curves.plot_sweep, SWEEP, "value"),
        (curves.plot_readability, READING, "stem"),
        (noise.plot_examples, EXAMPLES, "clean"),
        (noise.plot_levels, LEVELS, "measured_db"),
        (partial(noise.plot_schedule, BETAS, SNR_CURVES), LEVELS, "nominal_db"),
        (partial(noise.plot_readings, CALLS), LEVELS, "asked_db"),
        (partial(noise_effects.plot_noise_maps, TWINS), DISTANCES, "distance"),
        (noise_effects.plot_under_noise, UNDER_NOISE, "low"),
        (partial(contrasts.plot_differences, label="UA"), DIFFERENCES, "low"),
        (one_modality.plot_one_modality, ALONE, "kind"),
        (partial(one_modality.plot_distances, MOVED), EXPECTED, "relative"),
        (latents.plot_latent_use, UNITS, "variance"),
        (ideal_readers.plot_ideal_readers, READERS, "db"),
    ],
)
def test_a_missing_column_is_named(plot, frame, column):
    with pytest.raises(ValueError, match=f"Missing: {column}"):
        plot(frame.drop(columns=column))
    with pytest.raises(ValueError, match="at least one row; got none"):
        plot(frame.iloc[:0])


def test_two_figures_in_one_are_both_described():
    figure, _ = new_figure()
    describe(describe(figure, "One."), "Two.")
    assert figure.alt_text == "One. Two."


def test_a_figure_shows_itself_with_its_text():
    figure, _ = new_figure()
    describe(figure, "Nothing yet, 0 points.")
    data, metadata = figure._repr_mimebundle_()
    assert isinstance(figure, Picture)
    assert data["text/plain"] == metadata["image/png"]["alt"] == figure.alt_text
    assert data["image/png"] == figure._repr_mimebundle_()[0]["image/png"]


def test_the_style_hides_two_spines_and_only_inside():
    with style():
        assert not rcParams["axes.spines.top"]
        assert rcParams["font.size"] == 8
    assert rcParams["axes.spines.top"]


def test_the_digest_counts_three_digits():
    frame = pd.DataFrame({"a": [1.2341, -0.0, np.nan], "b": ["x", "y", "z"]})
    near = frame.assign(a=[1.2339, 0.0, np.nan])
    far = frame.assign(a=[1.25, 0.0, np.nan])
    assert digest_of(frame) == digest_of(near) != digest_of(far)
    assert len(digest_of(frame)) == 12
    assert digest_of(frame, digits=5) != digest_of(near, digits=5)
    assert digest_of({"a": np.ones(2)}) != digest_of({"a": np.ones((2, 1))})


def test_the_structure_holds_no_plotted_value():
    scaled = GAIN.assign(mean=GAIN["mean"] * 1.37)
    one, other = (efficiency.plot_label_efficiency(f) for f in (GAIN, scaled))
    assert structure_of(one) == structure_of(other)
    assert "'Labelled training trials (%)'" in structure_of(one)


def test_numbers_have_a_true_minus_and_no_negative_zero():
    assert number(-0.1234) == "−0.123"
    assert number(-0.0001) == "0.000"
    assert number(0.05, sign=True) == "+0.050"
    assert number(np.nan) == "—"
    assert interval(0.5, np.nan, np.nan) == "0.500"


def test_systems_differ_by_more_than_colour():
    from emolib.figures.style import LOOKS

    marks = [(marker, filled) for _, marker, filled in LOOKS.values()]
    unfilled_or_colour = {(c, m, f) for c, m, f in LOOKS.values()}
    assert len(unfilled_or_colour) == len(LOOKS)
    assert len(set(marks)) >= len(LOOKS) - 3
    new = ["mine", "yours"]
    assert look("mine", new)["marker"] != look("yours", new)["marker"]


def test_an_utterance_is_drawn_as_it_is_with_its_padding_and_its_noise():
    clean, seen = _sides()
    figure = utterances.plot_utterance(clean, seen, {"audio": 5, "text": 8})
    assert "audio, 5 of 9 steps real, unchanged" in figure.alt_text
    assert "text, 8 of 8 steps real, moved by 2.00" in figure.alt_text
    left, right = (ax.images[0] for ax in figure.axes[2:4])
    moved = right.get_array() - left.get_array()
    np.testing.assert_allclose(moved, 2.0)
    assert left.get_clim() == right.get_clim()
    hatched = [len(ax.patches) for ax in figure.axes[:4]]
    assert hatched == [1, 1, 0, 0]
