from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from emolib.containers import Windows
from emolib.preprocessing.scaling import zscore


@pytest.fixture
def windows():
    """Return three subjects of one level and size each, 300 windows a subject."""
    rng = np.random.default_rng(0)
    subjects = np.repeat(["s01", "s02", "s03"], 300)
    level = np.repeat([4000.0, 4200.0, 3000.0], 300)[:, None, None]
    size = np.repeat([5.0, 20.0, 1.0], 300)[:, None, None]
    eeg = (level + size * rng.normal(size=(900, 2, 64))).astype(np.float32)
    meta = pd.DataFrame({"subject": subjects, "trial": "01", "start_s": np.arange(900)})
    return Windows(
        {"eeg": eeg}, np.zeros(900), meta, np.ones((900, 1), bool), {"eeg": 64.0},
        {"eeg": ("F3", "F4")},
    )  # fmt: skip


def test_each_subject_and_channel_has_mean_0_and_sd_1(windows):
    before = windows.x["eeg"].copy()
    scaled = zscore(windows, scope="subject").x["eeg"]
    assert scaled.dtype == np.float32
    for rows in (slice(0, 300), slice(300, 600), slice(600, 900)):
        part = scaled[rows].astype(float)
        np.testing.assert_allclose(part.mean(axis=(0, 2)), 0, atol=1e-5)
        np.testing.assert_allclose(part.std(axis=(0, 2)), 1, atol=1e-5)
    np.testing.assert_array_equal(windows.x["eeg"], before)


def test_scaling_equals_the_formula_from_memory_and_from_a_map(windows, tmp_path):
    x = windows.x["eeg"].astype(float)
    mean, sd = x.mean(axis=(0, 2))[:, None], x.std(axis=(0, 2))[:, None]
    scaled = zscore(windows, scope="pooled").x["eeg"]
    np.testing.assert_allclose(scaled, (x - mean) / sd, atol=2e-4)
    np.save(tmp_path / "eeg.npy", windows.x["eeg"])
    mapped = np.load(tmp_path / "eeg.npy", mmap_mode="r")
    again = zscore(replace(windows, x={"eeg": mapped}), scope="pooled")
    np.testing.assert_array_equal(again.x["eeg"], scaled)


def test_training_statistics_do_not_move_when_test_data_move(windows):
    train = np.arange(600)
    before = zscore(windows, scope="train", train=train).x["eeg"]
    moved = windows.x["eeg"].copy()
    moved[600:] *= 1000
    after = zscore(replace(windows, x={"eeg": moved}), scope="train", train=train)
    np.testing.assert_array_equal(before[:600], after.x["eeg"][:600])
    assert not np.array_equal(before[600:], after.x["eeg"][600:])


def test_hidden_windows_count_for_nothing(windows):
    present, hidden = windows.present.copy(), windows.x["eeg"].copy()
    present[::3], hidden[::3] = False, np.nan
    scaled = zscore(replace(windows, x={"eeg": hidden}, present=present)).x["eeg"]
    assert np.isnan(scaled[::3]).all() and np.isfinite(scaled[1::3]).all()


def test_what_cannot_be_scaled_is_named(windows):
    flat = windows.x["eeg"].copy()
    flat[300:600, 1] = 4200.0
    with pytest.raises(ValueError, match="flat or missing F4 for subject s02"):
        zscore(replace(windows, x={"eeg": flat}))
    for scope, train in (("train", None), ("subject", np.arange(3))):
        with pytest.raises(ValueError, match="train must be given with scope='train'"):
            zscore(windows, scope=scope, train=train)
