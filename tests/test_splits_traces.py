"""Folds of whole trials: the sizes that paper 4 prints, and nobody on both sides."""

import numpy as np
import pandas as pd
import pytest

from emolib.splits.traces import trace_folds

TRIALS = (19, 5, 13, 9, 13, 9, 13, 13, 5, 6, 13, 2, 1, 11, 17, 10, 14, 15, 12, 16, 6, 4,
          10, 3)  # fmt: skip
"""Trials of each of the 24 people, in the order of their numbers."""


@pytest.fixture(scope="module")
def meta():
    who = np.repeat(np.arange(24), TRIALS)
    trial = np.concatenate([np.arange(n) for n in TRIALS])
    return pd.DataFrame({
        "subject": [f"P{i:02d}" for i in who], "session": "1",
        "trial": [f"{i:02d}" for i in trial], "start_s": 0.0, "stop_s": 35.0,
    })  # fmt: skip


def folds(meta, protocol="by_trial", n_folds=10, val_fraction=0.4, seed=0, **more):
    sizes = dict(n_folds=n_folds, val_fraction=val_fraction)
    return trace_folds(meta, protocol=protocol, seed=seed, **sizes, **more)


@pytest.mark.parametrize("order", ["shuffled", "contiguous"])
def test_239_trials_are_129_86_and_24_in_every_fold_but_the_last(meta, order):
    found = folds(meta, order=order)
    sizes = [(len(f.train), len(f.val), len(f.test)) for f in found]
    assert sizes == [(129, 86, 24)] * 9 + [(129, 87, 23)]
    assert sorted(np.concatenate([f.test for f in found])) == list(range(239))
    for fold in found:
        rows = np.concatenate([fold.train, fold.val, fold.test])
        assert sorted(rows) == list(range(239)) and not fold.audit.leaky


def test_contiguous_folds_share_few_people_with_training_a_shuffle_nearly_all(meta):
    def known(order):
        return np.mean([
            np.isin(meta["subject"].iloc[f.test], meta["subject"].iloc[f.train]).mean()
            for f in folds(meta, order=order)
        ])  # fmt: skip

    assert known("contiguous") < 0.6 < 0.95 < known("shuffled")


def test_by_subject_one_person_tests_and_none_of_his_trials_trains(meta):
    found = folds(meta, "by_subject", 24, 0.2)
    tested = [meta["subject"].iloc[f.test].unique().tolist() for f in found]
    assert sorted(sum(tested, [])) == sorted(meta["subject"].unique())
    for fold in found:
        assert fold.audit.subjects == 0
        n = len(fold.train) + len(fold.val)
        assert len(fold.train) == int(0.8 * n + 1e-9)
    few = folds(meta, "by_subject", 4)
    assert {len(meta["subject"].iloc[f.test].unique()) for f in few} == {6}


def test_folds_follow_from_the_seed_and_ids_alone(meta):
    first, again, other = (folds(meta, seed=seed) for seed in (0, 0, 1))
    assert all(np.array_equal(a.val, b.val) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0].test, other[0].test)
    with pytest.raises(ValueError, match=r"n_folds must be in \[2, 24\]; got 30"):
        folds(meta, "by_subject", 30)
