"""What figures show is what they were given."""

from base64 import b64decode
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from matplotlib import rcParams
from matplotlib.figure import Figure
from PIL import Image

from emolib.containers import Windows
from emolib.corpora import CORPORA
from emolib.figures.blocks import plot_blocks
from emolib.figures.history import plot_history
from emolib.figures.maps import (
    plot_levels,
    plot_noise_maps,
    plot_similarity,
    plot_topomap,
    plot_tsne,
)
from emolib.figures.scores import plot_scores
from emolib.figures.signals import draw_face, plot_patch_shuffle, plot_windows
from emolib.figures.style import describe, look_of, name_ends, new_figure, number

CH_NAMES = ("AF3", "F7", "O1", "O2")
MAPS = {"planted": np.array([0, 0, 2.0, 1]), "measured": np.array([0, 0, -1.0, 0])}
MATRIX = np.array([[0.9, 0.1], [0.4, 0.2]])
FOREST = pd.DataFrame({
    "column": ["DREAMER", "DREAMER", "AMIGOS"], "system": ["TFC", "NMER", "TFC"],
    "mean": [np.nan, 0.7, 0.6], "low": [np.nan, 0.65, 0.5], "high": [np.nan, 0.75, 0.7],
    "paper": [0.54, 0.96, np.nan],
})  # fmt: skip
NOISY = pd.DataFrame(
    [
        (noise, system, db + off, score + db / 100, score + db / 100 - 0.02, np.nan)
        for noise, off in (("gaussian", 0.0), ("impulse", 5.2))
        for system, score in (("ceiling", 0.9), ("NMER", 0.8), ("MEN", 0.75))
        for db in (-10.0, -40.0)
    ],
    columns=["noise", "system", "db", "mean", "low", "high"],
)
HISTORY = pd.DataFrame({
    "epoch": [1, 2, 3] * 2, "split": ["train"] * 3 + ["val"] * 3,
    "total": [1.0, 0.8, 0.6, 1.1, 0.9, 1.0], "patch": [2.0, 1.6, 1.2, 2.2, 1.8, 2.0],
    "mse": 0.001, "kl": [1.01, 0.81, 0.61, 1.11, 0.91, 1.01], "seed": 0,
})  # fmt: skip
LEVELS = pd.DataFrame({
    "name": ["audio", "audio", "text"], "noise": ["gaussian", "impulse", "gaussian"],
    "asked_db": -10.0, "nominal_db": [-10.1, -4.9, -10.0],
    "measured_db": [-10.15, -4.85, -10.0],
})  # fmt: skip
BLOCKS = [["audio", "LSTM", "h"], ["", "teacher", ""]]
TWINS = pd.DataFrame({
    "name": ["audio"] * 4, "asked_db": [-10.0] * 2 + [-40.0] * 2,
    "kind": ["original", "noisy"] * 2, "x": [1.0, 2.0, 3.0, 5.0], "y": 0.0,
})  # fmt: skip
DISTANCES = pd.DataFrame({"name": "audio", "asked_db": [-10.0, -40.0],
                          "distance": [7.5, 9.25]})  # fmt: skip


@pytest.fixture
def windows():
    rng = np.random.default_rng(0)
    return Windows(
        x={"eeg": rng.normal(size=(2, 4, 80)), "ecg": rng.normal(size=(2, 2, 160))},
        y=np.array([0, 1]),
        meta=pd.DataFrame({"subject": ["s01"] * 2, "session": "1", "trial": "05",
                           "start_s": 20.0, "stop_s": 30.0}),
        present=np.ones((2, 2), bool),
        sfreq={"eeg": 8.0, "ecg": 16.0},
        ch_names={"eeg": CH_NAMES, "ecg": ("ECG1", "ECG2")},
    )  # fmt: skip


def _forest(**more):
    given = {"at": "system", "panel": "column", "label": "AUC (fraction)"}
    return plot_scores(FOREST, horizontal=True, **given, **more)


def _under_noise(**more):
    given = {"at": "db", "by": "system", "panel": "noise", "label": "WA (fraction)"}
    return plot_scores(NOISY, place_label="SNR (dB)", joined=True, **given, **more)


def _lines(ax):
    """Return the lines of `ax` by their labels, the last of each."""
    return {line.get_label(): line for line in ax.lines}


def test_every_figure_says_in_a_sentence_what_it_shows_with_units_on_its_axes(windows):
    before = dict(rcParams)
    single = NOISY.rename(columns={"mean": "value"})
    readers = plot_scores(single, at="noise", by="system", label="AUC (fraction)")
    every = [
        _forest(), _under_noise(), readers, plot_windows(windows),
        plot_history({"3 align": HISTORY}),
        plot_topomap(MAPS, CH_NAMES, label="Power (dB)"),
        plot_similarity({"before": MATRIX, "after": MATRIX}),
        plot_levels(LEVELS), plot_noise_maps(TWINS, DISTANCES),
    ]  # fmt: skip
    for figure in every:
        assert isinstance(figure, Figure)
        assert figure.alt_text.endswith("."), figure.alt_text
        assert "\n" not in figure.alt_text
        assert figure.get_figwidth() <= 7.0
        labels = [figure.get_supxlabel(), figure.get_supylabel()]
        labels += [label for ax in figure.axes for label in (ax.get_xlabel(),
                   ax.get_ylabel())]  # fmt: skip
        assert any(labels), figure.alt_text
        for label in filter(None, labels):
            assert any(unit in label for unit in ("(", "Cosine", "– –"))
    assert dict(rcParams) == before  # drawing changes no setting of the reader's


def test_scores_stand_in_their_rows_beside_the_papers_numbers():
    figure = _forest(references={"chance": 0.5, "ceiling": {"AMIGOS": 0.9}})
    dreamer, amigos = figure.axes
    drawn = _lines(dreamer)
    np.testing.assert_array_equal(drawn["paper"].get_xdata(), [0.54, 0.96])
    np.testing.assert_array_equal(drawn["this run"].get_xdata(), [np.nan, 0.7])
    assert [t.get_text() for t in dreamer.get_yticklabels()] == ["TFC", "NMER"]
    assert dreamer.get_ylim()[0] > dreamer.get_ylim()[1]  # the first row on top
    assert dreamer.get_xlim() == amigos.get_xlim()
    said = [[t.get_text() for t in ax.texts] for ax in (dreamer, amigos)]
    assert said == [["chance"], ["chance", "ceiling"]]
    assert "2 scores from 0.600 to 0.700" in figure.alt_text


def test_numbers_stand_where_they_belong_in_the_order_of_the_frame():
    band = ("MEN", "ceiling", "open")
    figure = _under_noise(references={"majority": 0.31}, band=band)
    gaussian, impulse = figure.axes
    assert gaussian.get_xlim() == impulse.get_xlim()
    assert gaussian.get_xlim()[0] > gaussian.get_xlim()[1]  # louder to the right
    drawn = _lines(impulse)
    np.testing.assert_array_equal(drawn["ceiling"].get_xdata(), [-4.8, -34.8])
    np.testing.assert_allclose(drawn["NMER"].get_ydata(), [0.7, 0.4])
    np.testing.assert_allclose(drawn["NMER"].get_xdata(), [-4.8, -34.8], atol=0.5)
    assert drawn["ceiling"].get_linestyle() == "--"
    shaded = [c for c in impulse.collections if c.get_label() == "open"]
    heights = shaded[0].get_datalim(impulse.transData).intervaly
    assert np.ptp(heights) == pytest.approx(0.8 - 0.35)
    alone = _under_noise(band=("MEN", "one that failed", "open"))
    assert "open" not in [c.get_label() for ax in alone.axes for c in ax.collections]


def test_points_of_one_subject_are_joined_and_figures_can_be_drawn_into_one():
    rows = pd.DataFrame({"fraction": ["10 %", "100 %"], "mean": [0.05, 0.0]})
    points = pd.DataFrame({"fraction": ["10 %", "100 %"] * 2, "pair": [1, 1, 2, 2],
                           "value": [0.1, 0.0, 0.0, 0.0]})  # fmt: skip
    figure, ((ax, flat),) = new_figure(1, 2)
    plot_scores(rows, at="fraction", label="Gain", points=points, ax=ax)
    plot_scores(rows.assign(mean=0.7), at="fraction", label="AUC", ax=flat)
    pairs = [list(ln.get_ydata()) for ln in ax.lines if ln.get_marker() == "None"]
    assert pairs == [[0.1, 0.0], [0.0, 0.0]]
    assert [each.get_ylabel() for each in figure.axes] == ["Gain", "AUC"]
    assert "Gain: 2 scores from 0.000 to 0.050. AUC: 2 scores" in figure.alt_text
    assert np.ptp(flat.get_ylim()) >= 0.04 - 1e-9  # what is flat looks flat


def test_series_are_told_apart_without_colour_and_take_their_modalitys():
    tasks = {"gaussian": "ECG: heart rate", "impulse": "EEG: alpha power"}
    rows = NOISY.assign(task=NOISY["noise"].map(tasks))
    axes = plot_scores(rows, at="db", by="system", panel="task", label="WA").axes
    colors = [_lines(ax)["NMER"].get_color() for ax in axes]
    assert colors == ["#D55E00", "#0072B2"]
    names = ["NMER", "MEN", "MMIN", "IF-MMIN", "MCTN", "new one", "another"]
    looks = [look_of(name, names, joined=True) for name in names]
    assert len({(each["marker"], each["mfc"]) for each in looks}) == len(names)
    assert len({each["linestyle"] for each in looks}) == 2


def test_a_missing_column_is_named():
    with pytest.raises(ValueError, match="Missing: method"):
        plot_scores(FOREST, at="method", label="AUC")


def test_a_window_is_drawn_point_by_point_and_its_shuffle_by_patches(windows):
    ecg, eeg = plot_windows(windows, 1, n_patches=10).axes
    shown = np.array([line.get_ydata() for line in eeg.lines[:4]])
    moved = shown - windows.x["eeg"][1]
    np.testing.assert_allclose(moved, np.tile(moved[:, :1], 80), atol=1e-12)
    assert [t.get_text() for t in eeg.get_yticklabels()] == list(CH_NAMES)
    assert ecg.lines[0].get_xdata()[-1] == pytest.approx(10 - 1 / 16)
    before = {name: windows.x[name][0, 0] for name in ("ecg", "eeg")}
    order = np.array([2, 1, 0])
    shuffled = plot_patch_shuffle(before, before, order, sfreq=windows.sfreq)
    said = [[t.get_text() for t in ax.texts] for ax in shuffled.axes]
    assert said == [["1", "2", "3"], ["3", "2", "1"]]
    assert "2 of 3 patches moved" in shuffled.alt_text


def test_maps_and_matrices_share_limits_centred_on_zero():
    heads = plot_topomap(MAPS, CH_NAMES, label="Power (dB)")
    assert [ax.images[0].get_clim() for ax in heads.axes[:2]] == [(-2, 2)] * 2
    figure = plot_similarity({"before": MATRIX, "after": -2 * MATRIX})
    for ax, matrix in zip(figure.axes[:2], (MATRIX, -2 * MATRIX), strict=True):
        assert ax.images[0].get_clim() == (-1.8, 1.8)
        np.testing.assert_array_equal(ax.images[0].get_array(), matrix)
    said = figure.axes[0].get_title(loc="left").split("\n")
    assert said[1:] == ["matched 0.550 · unmatched 0.250", "top-1 50% (chance 50%)"]
    with pytest.raises(ValueError, match="Rows are ECG, columns EEG"):
        plot_similarity({"before": np.ones((2, 3))})


def test_names_move_apart_only_where_lines_end_beside_each_other():
    _, ((ax,),) = new_figure()
    for name, right in {"near": 10, "too": 10, "far": 1}.items():
        ax.plot([0, right], [0, 1], label=name)
    name_ends(ax, ax.lines)
    height = {text.get_text(): text.xy[1] for text in ax.texts}
    assert height["far"] == height["near"] < height["too"]


def test_maps_of_windows_say_how_far_classes_and_people_stand_apart():
    x = np.repeat(np.eye(2), 6, axis=0) + np.linspace(0, 0.1, 12)[:, None]
    groups = {"class": np.repeat(["low", "high"], 6), "person": np.repeat(["s01"], 12)}
    said = [ax.get_title(loc="left") for ax in plot_tsne({"after": x}, groups).axes]
    assert said[0].startswith("after, by class: silhouette 0.9")
    assert said[1] == "after, by person: silhouette —"  # one alone


def test_history_draws_every_named_loss_and_the_epoch_that_was_kept():
    figure = plot_history({"3 align": HISTORY})
    drawn = np.concatenate([np.ravel(ln.get_ydata()) for ln in figure.axes[0].lines])
    assert set(HISTORY["total"]) | set(HISTORY["patch"]) <= set(drawn)
    assert list(_lines(figure.axes[0]))[:-1] == ["total", "patch", "mse", "kl"]
    assert "3 align 2" in figure.alt_text
    own = HISTORY.assign(monitor=[np.nan] * 3 + [-0.4, -0.5, -0.6])
    assert "3 align 3" in plot_history({"3 align": own}).alt_text


def test_levels_stand_at_their_db_and_an_arrow_leads_to_impulses():
    (ax,) = plot_levels(LEVELS).axes
    at = np.concatenate([each.get_offsets()[:, 0] for each in ax.collections])
    assert {-10.1, -4.9, -10.15, -4.85} <= set(np.round(at, 2))
    arrows = [(round(each.xyann[0], 1), round(each.xy[0], 1)) for each in ax.texts]
    assert arrows == [(-10.1, -4.9), (-10.0, -10.0)]  # text has no impulses
    assert ax.get_xlim()[0] > ax.get_xlim()[1]  # louder to the right


def test_blocks_carry_their_shapes_and_hatches_and_arrows_lead_along_paths():
    given = {"words": {"audio": "(6, 75, 130)"}, "frozen": ["teacher"]}
    figure = plot_blocks(BLOCKS, [["audio", "LSTM", "h"], ["teacher", "h"]], **given)
    texts = figure.axes[0].texts
    boxes = {t.get_text(): t.get_bbox_patch() for t in texts if t.get_text()}
    assert [*boxes] == ["audio\n(6, 75, 130)", "LSTM\n", "h\n", "teacher\n"]
    hatched = [name for name, box in boxes.items() if box.get_hatch()]
    assert hatched == ["teacher\n"]
    ends = [(t.xyann, t.xy) for t in texts if hasattr(t, "xyann")]
    assert ends == [((0, 0), (1, 0)), ((1, 0), (2, 0)), ((1, -1), (2, 0))]


def test_noise_maps_hold_each_pair_and_its_distance():
    figure = plot_noise_maps(TWINS, DISTANCES)
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles == ["−10 dB, mean distance 7.50", "−40 dB, mean distance 9.25"]
    drawn = [ax.collections[0].get_offsets()[:, 0].tolist() for ax in figure.axes]
    joined = [ax.lines[0].get_xdata().tolist() for ax in figure.axes]
    assert drawn == joined == [[1.0, 2.0], [3.0, 5.0]]  # each with its twin


def test_two_texts_and_a_png_with_full_colours_reach_a_notebook():
    figure, axes = new_figure()
    describe(describe(figure, "One."), "Two.")
    axes[0, 0].imshow(np.arange(400.0).reshape(20, 20), aspect="auto")
    data, about = figure._repr_mimebundle_()
    with Image.open(BytesIO(b64decode(data["image/png"]))) as image:
        assert image.mode in ("RGB", "RGBA") and len(image.getcolors(10**6)) > 400
    assert data["text/plain"] == about["image/png"]["alt"] == "One. Two."
    assert about["image/png"]["width"] == 672
    assert [number(v) for v in (-0.5, -0.0001, np.nan)] == ["−0.500", "0.000", "—"]


def test_a_real_face_is_drawn_only_of_those_who_agreed():
    frame = np.zeros((4, 4, 3), np.uint8)
    for may_publish in (True, False):
        _, ((ax,),) = new_figure()
        draw_face(ax, frame, may_publish)
        words = [text.get_text() for text in ax.texts]
        assert bool(ax.images) is may_publish
        assert any("do not publish" in text for text in words) is not may_publish
    assert not any(corpus.consenting for corpus in CORPORA.values())
