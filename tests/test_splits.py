import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emolib.splits import PROTOCOLS, audit_split, label_subset, make_folds

ROOT = Path(__file__).resolve().parents[1]


def make_meta(n_subjects=8, n_trials=10, n_windows=4, step_s=10.0):
    rows = [
        (f"s{s:02d}", "1", f"{t:02d}", step_s * w, step_s * w + 10)
        for s in range(n_subjects)
        for t in range(n_trials)
        for w in range(n_windows)
    ]
    return pd.DataFrame(
        rows, columns=["subject", "session", "trial", "start_s", "stop_s"]
    )


def folds_of(meta, protocol, **options):
    options = {"n_folds": 4, "seed": 0, **options}
    return make_folds(meta, protocol=protocol, allow_trial_leakage=True, **options)


def trials_of(meta, rows):
    return set(map(tuple, meta.iloc[rows][["subject", "trial"]].to_numpy()))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_window_is_tested_once_and_the_sides_are_disjoint(protocol):
    meta = make_meta()
    folds = folds_of(meta, protocol)
    tested = np.concatenate([fold.test for fold in folds])
    assert sorted(tested) == list(range(len(meta)))
    for fold in folds:
        sides = np.concatenate([fold.train, fold.val, fold.test])
        assert sorted(sides) == list(range(len(meta)))
        assert min(map(len, (fold.train, fold.val, fold.test))) > 0


def test_by_subject_keeps_subjects_apart_in_validation_too():
    meta = make_meta(23)
    for fold in folds_of(meta, "by_subject", n_folds=5):
        sides = [
            set(meta["subject"].iloc[rows])
            for rows in (fold.train, fold.val, fold.test)
        ]
        assert not sides[0] & sides[1] and not (sides[0] | sides[1]) & sides[2]
        assert len(sides[1]) in (3, 4)
        assert fold.audit.subjects == 0 and not fold.audit.leaky


@pytest.mark.parametrize(
    ("n_subjects", "n_folds", "n_val"), [(3, 3, 1), (5, 5, 2), (6, 3, 2), (12, 3, 2)]
)
def test_at_least_two_subjects_validate_where_four_train(n_subjects, n_folds, n_val):
    for fold in folds_of(make_meta(n_subjects), "by_subject", n_folds=n_folds):
        assert fold.audit.n_subjects[1] == n_val
        assert f"{n_val} / " in fold.audit.text


def test_by_trial_keeps_trials_apart_and_spreads_each_subject_evenly():
    meta = make_meta(6, 18)
    for fold in folds_of(meta, "by_trial", n_folds=5):
        known = trials_of(meta, np.r_[fold.train, fold.val])
        assert not known & trials_of(meta, fold.test)
        assert not trials_of(meta, fold.train) & trials_of(meta, fold.val)
        per_subject = meta.iloc[fold.test].groupby("subject")["trial"].nunique()
        assert per_subject.between(3, 4).all() and len(per_subject) == 6
        assert fold.audit.subjects == 6 and fold.audit.trials == 0
        assert not fold.audit.leaky


def test_no_fold_is_empty_where_subjects_have_few_trials():
    for fold in folds_of(make_meta(3, 2), "by_trial", n_folds=6):
        assert fold.audit.n_trials[2] == 1 and not fold.audit.leaky


def test_two_sessions_with_equal_trial_names_are_two_trials():
    meta = make_meta(2, 4)
    again = meta.assign(session="2")
    both = pd.concat([meta, again], ignore_index=True)
    n_trials = sum(f.audit.n_trials[2] for f in folds_of(both, "by_trial", n_folds=2))
    assert n_trials == 16


def test_random_windows_say_that_they_leak():
    fold = folds_of(make_meta(), "random_windows")[0]
    assert fold.audit.leaky and fold.audit.trials > 0 and fold.audit.subjects == 8
    assert "LEAKY" in fold.audit.text and "random_windows, fold 0" in fold.audit.text


def test_random_windows_must_be_asked_for_twice():
    with pytest.raises(
        ValueError,
        match=r"split 'random_windows' puts windows of one trial in train and test "
        r"\(subject s00, trial 00, …\)\. Use 'by_trial', or allow_trial_leakage=True",
    ):
        make_folds(make_meta(), protocol="random_windows", n_folds=5, seed=0)


def test_the_audit_counts_windows_that_overlap_in_time():
    meta = make_meta(1, 2, 4, step_s=5.0)
    audit = audit_split(meta, np.array([0, 1]), np.array([], int), np.array([2, 3, 4]))
    assert (audit.subjects, audit.trials, audit.windows) == (1, 1, 1)
    assert audit.n_windows == (2, 0, 3) and audit.leaky


def test_the_audit_finds_the_leak_in_folds_made_within_trials():
    meta = make_meta(4, 6, 5)
    test = np.flatnonzero(meta["start_s"] == 0)
    train = np.flatnonzero(meta["start_s"] > 0)
    audit = audit_split(meta, train, np.array([], int), test, name="within trials")
    assert audit.trials == 24 and audit.leaky


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_order_of_rows_moves_no_window(protocol):
    meta = make_meta()
    shuffled = meta.sample(frac=1, random_state=0)
    ids = ["subject", "trial", "start_s"]
    for one, two in zip(
        folds_of(meta, protocol), folds_of(shuffled, protocol), strict=True
    ):
        for side in ("train", "val", "test"):
            a = meta.iloc[getattr(one, side)][ids].to_numpy().tolist()
            b = shuffled.iloc[getattr(two, side)][ids].to_numpy().tolist()
            assert sorted(a) == sorted(b)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_another_seed_is_another_assignment(protocol):
    meta = make_meta()
    one, two = (folds_of(meta, protocol, seed=s)[0].test for s in (0, 1))
    assert one.tolist() != two.tolist()


def test_processes_with_different_hash_seeds_make_the_same_folds():
    code = (
        "import zlib, numpy as np\n"
        "from tests.test_splits import folds_of, make_meta, PROTOCOLS\n"
        "from emolib.splits import label_subset\n"
        "meta = make_meta()\n"
        "y = np.arange(len(meta)) // 4 % 2\n"
        "rows = [r for p in PROTOCOLS for f in folds_of(meta, p)\n"
        "        for r in (f.train, f.val, f.test)]\n"
        "rows.append(label_subset(meta, rows[0], fraction=.3, seed=0, y=y))\n"
        "print(zlib.crc32(np.concatenate(rows).tobytes()))\n"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True, text=True, check=True, cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        ).stdout
        for seed in ("0", "1", "17")
    ]  # fmt: skip
    assert len(set(runs)) == 1 and runs[0]


def test_labels_in_the_meta_table_move_nothing():
    meta = make_meta()
    rng = np.random.default_rng(0)
    one = folds_of(meta.assign(valence=rng.random(len(meta))), "by_subject")
    two = folds_of(meta.assign(valence=np.nan), "by_subject")
    for a, b in zip(one, two, strict=True):
        assert a.val.tolist() == b.val.tolist() and a.test.tolist() == b.test.tolist()


def test_no_validation_where_none_is_asked_for():
    fold = folds_of(make_meta(), "by_subject", val_fraction=0.0)[0]
    assert len(fold.val) == 0 and len(fold.train) + len(fold.test) == 320


def test_too_many_folds_are_named():
    with pytest.raises(ValueError, match="between 2 and the 8 subjects .* got 9"):
        folds_of(make_meta(), "by_subject", n_folds=9)


def test_two_subjects_cannot_be_split_by_subject():
    with pytest.raises(ValueError, match="at least 3 subjects.*got 2. Use 'by_trial'"):
        folds_of(make_meta(2), "by_subject", n_folds=2)


def test_one_trial_cannot_be_split_by_trial():
    with pytest.raises(ValueError, match="at least 2 trials of a subject"):
        folds_of(make_meta(4, 1), "by_trial")


def test_an_unknown_protocol_is_named():
    with pytest.raises(ValueError, match="protocol must be one of 'by_subject'"):
        folds_of(make_meta(), "loso")


def test_the_validation_share_is_checked():
    with pytest.raises(ValueError, match=r"val_fraction must be in \[0, 1\)"):
        folds_of(make_meta(), "by_subject", val_fraction=1.0)


def labelled(n_subjects=8, n_trials=18, seed=0):
    meta = make_meta(n_subjects, n_trials)
    labels = np.random.default_rng(seed).random(n_subjects * n_trials) < 0.4
    return meta, np.repeat(labels.astype(int), 4)


def test_label_subsets_are_whole_trials_and_nested():
    meta, y = labelled()
    train = folds_of(meta, "by_subject")[0].train
    subsets = [
        label_subset(meta, train, fraction=f, seed=3, y=y) for f in (0.1, 0.3, 0.6, 1.0)
    ]
    for small, large in zip(subsets, subsets[1:], strict=False):
        assert set(small) < set(large)
    assert subsets[-1].tolist() == train.tolist()
    assert meta.iloc[subsets[0]].groupby(["subject", "trial"]).size().eq(4).all()


def test_each_subject_gives_the_same_share_of_both_classes():
    meta, y = labelled()
    train = np.arange(len(meta))
    rows = label_subset(meta, train, fraction=0.3, seed=0, y=y)
    per_subject = meta.iloc[rows].groupby("subject")["trial"].nunique()
    assert (per_subject == 5).all()
    assert abs(y[rows].mean() - y.mean()) < 0.1


def test_both_classes_are_there_however_small_the_share():
    meta = make_meta(3, 18)
    y = np.repeat((np.arange(54) % 18 == 5).astype(int), 4)
    for seed in range(10):
        rows = label_subset(meta, np.arange(216), fraction=0.01, seed=seed, y=y)
        assert set(y[rows]) == {0, 1}


def test_labels_outside_training_are_never_read():
    meta, y = labelled()
    train = folds_of(meta, "by_subject")[0].train
    poisoned = np.full(len(y), -1)
    poisoned[train] = y[train]
    one, two = (
        label_subset(meta, train, fraction=0.1, seed=0, y=labels)
        for labels in (y, poisoned)
    )
    assert one.tolist() == two.tolist()


def test_another_seed_chooses_other_trials():
    meta, y = labelled()
    train = np.arange(len(meta))
    one, two = (label_subset(meta, train, fraction=0.1, seed=s, y=y) for s in (0, 1))
    assert one.tolist() != two.tolist()


def test_a_share_of_nothing_is_refused():
    with pytest.raises(ValueError, match=r"fraction must be in \(0, 1\]"):
        label_subset(make_meta(), np.arange(10), fraction=0.0, seed=0)
