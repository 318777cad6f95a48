"""What ideal readers score, against the values fixed before any system was trained."""

import numpy as np
import pytest

from emolib.papers.nmer.items.observers import (
    ideal_readers,
    one_modality_readers,
    open_gain,
)

DBS = [-10.0, -20.0, -30.0, -40.0]
FIXED = {  # WA of IEMOCAP's surrogate (its README), n = 40 000
    "ceiling, six": [0.793, 0.740, 0.692, 0.681],
    "ceiling, noisy ignored": [0.678] * 4,
    "ceiling, all noisy": [0.775, 0.637, 0.421, 0.332],
}
ALONE = {"a": [0.652, 0.585, 0.314], "v": [0.563, 0.545, 0.319],
         "l": [0.636, 0.620, 0.325]}  # fmt: skip


@pytest.fixture(scope="module")
def readers():
    return ideal_readers("iemocap", DBS)


def test_readers_score_what_was_worked_out_beforehand(readers):
    for system, wanted in FIXED.items():
        found = readers[readers["system"] == system]
        assert found["db"].tolist() == DBS
        np.testing.assert_allclose(found["wa"], wanted, atol=0.012)


def test_what_is_open_to_weighing_closes_with_the_noise(readers):
    gain = open_gain(readers)
    assert gain["db"].tolist() == DBS
    np.testing.assert_allclose(gain["open"], gain["ceiling"] - gain["ignored"])
    np.testing.assert_allclose(gain["open"], [0.115, 0.06, 0.014, 0.003], atol=0.006)


def test_one_modality_alone_falls_from_clean_on():
    alone = one_modality_readers((-10.0, -40.0))
    for letter, wanted in ALONE.items():
        found = alone[alone["modality"] == letter]
        assert np.isnan(found["db"].iloc[0])
        np.testing.assert_allclose(found["wa"], wanted, atol=0.012)
        assert found["ua"].is_monotonic_decreasing


def test_on_sentiment_the_reader_of_noise_alone_gives_the_commonest_answer():
    loud = ideal_readers("mosei", [-40.0]).set_index("system").loc["ceiling, all noisy"]
    np.testing.assert_allclose([loud["wa"], loud["ua"]], [0.704, 0.5], atol=0.012)
