import numpy as np
import pytest

from emolib.preprocessing.labels import binarise, class_prior


def test_ties_go_to_the_stated_side():
    ratings = np.array([2.9, 3.0, 3.1])
    assert binarise(ratings, threshold=3).tolist() == [0, 0, 1]
    assert binarise(ratings, threshold=3, ties="high").tolist() == [0, 1, 1]
    with pytest.raises(ValueError, match="ratings must not be missing; got 1 NaN of 2"):
        binarise(np.array([1.0, np.nan]), threshold=3)


def test_the_class_prior_counts_and_shares():
    prior = class_prior(np.array([0, 1, 1, 1]))
    assert prior["n_windows"].tolist() == [1, 3]
    assert prior["share"].tolist() == [0.25, 0.75]
    assert prior["name"].tolist() == ["low", "high"]
    with pytest.raises(ValueError, match="y must hold 0 and 1"):
        class_prior(np.array([1.0, 4.0]))
