from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emolib.splits import PROTOCOLS, audit_split, given_folds, label_subset, make_folds

ROOT = Path(__file__).resolve().parents[1]


def make_meta(n_subjects=8, n_trials=10, n_windows=4, step_s=10.0):
    places = product(range(n_subjects), range(n_trials), range(n_windows))
    rows = [(f"s{s:02d}", "1", f"{t:02d}", step_s * w) for s, t, w in places]
    meta = pd.DataFrame(rows, columns=["subject", "session", "trial", "start_s"])
    return meta.assign(stop_s=meta["start_s"] + 10)


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
        sides = (fold.train, fold.val, fold.test)
        assert sorted(np.concatenate(sides)) == list(range(len(meta)))
        assert min(map(len, sides)) > 0
    other = folds_of(meta, protocol, seed=1, val_fraction=0.0)[0]
    assert other.test.tolist() != folds[0].test.tolist() and not len(other.val)


@pytest.mark.parametrize(
    ("n_subjects", "n_folds", "n_val"),
    [(3, 3, [1]), (5, 5, [2]), (6, 3, [2]), (12, 3, [2]), (23, 5, [3, 4])],
)
def test_by_subject_keeps_subjects_apart_and_two_validate_where_four_train(
    n_subjects, n_folds, n_val
):
    meta = make_meta(n_subjects)
    for fold in folds_of(meta, "by_subject", n_folds=n_folds):
        rows = fold.train, fold.val, fold.test
        sides = [set(meta["subject"].iloc[side]) for side in rows]
        assert not sides[0] & sides[1] and not (sides[0] | sides[1]) & sides[2]
        assert len(sides[1]) in n_val and f"{len(sides[1])} / " in fold.audit.text
        assert fold.audit.n_subjects == tuple(map(len, sides))
        assert fold.audit.subjects == 0 and not fold.audit.leaky


def test_by_trial_keeps_trials_apart_and_spreads_each_subject_evenly():
    meta = make_meta(6, 18)
    for fold in folds_of(meta, "by_trial", n_folds=5):
        known = trials_of(meta, np.r_[fold.train, fold.val])
        assert not known & trials_of(meta, fold.test)
        assert not trials_of(meta, fold.train) & trials_of(meta, fold.val)
        per_subject = meta.iloc[fold.test].groupby("subject")["trial"].nunique()
        assert per_subject.between(3, 4).all() and len(per_subject) == 6
        assert fold.audit.subjects == 6 and not fold.audit.leaky
    for fold in folds_of(make_meta(3, 2), "by_trial", n_folds=6):
        assert fold.audit.n_trials[2] == 1  # no fold is empty


def test_two_sessions_with_equal_trial_names_are_two_trials():
    meta = make_meta(2, 4)
    both = pd.concat([meta, meta.assign(session="2")], ignore_index=True)
    n_trials = sum(f.audit.n_trials[2] for f in folds_of(both, "by_trial", n_folds=2))
    assert n_trials == 16


def test_random_windows_must_be_asked_for_twice_and_say_that_they_leak():
    fold = folds_of(make_meta(), "random_windows")[0]
    assert fold.audit.leaky and fold.audit.trials > 0 and fold.audit.subjects == 8
    assert "LEAKY" in fold.audit.text and "random_windows, fold 0" in fold.audit.text
    words = r"split 'random_windows' puts windows of one trial in train and test "
    words += (
        r"\(subject s00, trial 00, …\)\. Use 'by_trial', or allow_trial_leakage=True"
    )
    with pytest.raises(ValueError, match=words):
        make_folds(make_meta(), protocol="random_windows", n_folds=5, seed=0)


def test_the_audit_counts_what_a_split_within_trials_shares():
    meta = make_meta(1, 2, 4, step_s=5.0)
    audit = audit_split(meta, np.array([0, 1]), np.array([], int), np.array([2, 3, 4]))
    assert (audit.subjects, audit.trials, audit.windows) == (1, 1, 1)
    assert audit.n_windows == (2, 0, 3) and audit.leaky


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_neither_the_order_of_rows_nor_labels_move_a_window(protocol):
    meta = make_meta()
    shuffled = meta.sample(frac=1, random_state=0).assign(valence=np.nan)
    meta = meta.assign(valence=np.random.default_rng(0).random(len(meta)))
    ids = ["subject", "trial", "start_s"]
    pairs = zip(folds_of(meta, protocol), folds_of(shuffled, protocol), strict=True)
    for one, two in pairs:
        for side in ("train", "val", "test"):
            a = meta.iloc[getattr(one, side)][ids].to_numpy().tolist()
            b = shuffled.iloc[getattr(two, side)][ids].to_numpy().tolist()
            assert sorted(a) == sorted(b)


@pytest.mark.parametrize(
    ("sizes", "protocol", "options", "words"),
    [
        ((8,), "by_subject", {"n_folds": 9}, "between 2 and the 8 subjects .* got 9"),
        ((2,), "by_subject", {"n_folds": 2}, "at least 3 subjects.*2. Use 'by_trial'"),
        ((4, 1), "by_trial", {}, "at least 2 trials of a subject"),
    ],
)
def test_what_cannot_be_split_says_why(sizes, protocol, options, words):
    with pytest.raises(ValueError, match=words):
        folds_of(make_meta(*sizes), protocol, **options)


# ---------------------------------------------------------------- few labels


def test_label_subsets_are_nested_whole_trials_of_each_subject_and_class_alike():
    meta = make_meta(8, 18)
    labels = np.random.default_rng(0).random(8 * 18) < 0.4
    y = np.repeat(labels.astype(int), 4)
    train = folds_of(meta, "by_subject")[0].train
    poisoned = np.full(len(y), -1)  # labels outside training are never read
    poisoned[train] = y[train]
    shares = (0.1, 0.3, 0.6, 1.0)
    subsets = [label_subset(meta, train, fraction=f, seed=3, y=y) for f in shares]
    for small, large in zip(subsets, subsets[1:], strict=False):
        assert set(small) < set(large)
    assert subsets[-1].tolist() == train.tolist()
    assert meta.iloc[subsets[0]].groupby(["subject", "trial"]).size().eq(4).all()
    assert meta.iloc[subsets[1]].groupby("subject")["trial"].nunique().eq(5).all()
    assert abs(y[subsets[1]].mean() - y[train].mean()) < 0.1
    again = label_subset(meta, train, fraction=0.1, seed=3, y=poisoned)
    other = label_subset(meta, train, fraction=0.1, seed=1, y=y)
    assert again.tolist() == subsets[0].tolist() != other.tolist()


def test_both_classes_are_there_however_small_the_share():
    meta = make_meta(3, 18)
    y = np.repeat((np.arange(54) % 18 == 5).astype(int), 4)
    for seed in range(10):
        rows = label_subset(meta, np.arange(216), fraction=0.01, seed=seed, y=y)
        assert set(y[rows]) == {0, 1}


# ---------------------------------------------------------------- given folds


def published():
    """Return IEMOCAP's ten folds: a session out, its two speakers validate and test."""
    rows = []
    for session, speaker in product(range(1, 6), "FM"):
        row = {"subject": f"Ses0{session}{speaker}", "session": f"Ses0{session}"}
        for fold in range(1, 11):
            tested = speaker == ("M" if fold % 2 else "F")
            out = (fold + 1) // 2 == session
            part = ("test" if tested else "val") if out else "train"
            row[f"part_{fold}"] = part
        for k in range(6 + session):
            rows.append({**row, "trial": f"{row['subject']}_{k}", "start_s": 0.0})
    return pd.DataFrame(rows)


def test_the_publishers_folds_come_back_whole_and_in_order():
    meta = published().sample(frac=1, random_state=0).reset_index(drop=True)
    folds = given_folds(meta)
    assert list(folds) == [str(k) for k in range(1, 11)]
    tested = np.concatenate([fold.test for fold in folds.values()])
    assert sorted(tested) == list(range(len(meta)))
    for name, fold in folds.items():
        assert fold.fold == int(name) and fold.protocol == "given"
        for part in ("train", "val", "test"):
            rows = np.flatnonzero(meta[f"part_{name}"] == part)
            assert getattr(fold, part).tolist() == rows.tolist()
    meta.loc[:3, "part_2"] = ""  # in no side
    fold = given_folds(meta)["2"]
    assert not set(range(4)) & {*fold.train, *fold.val, *fold.test}


def test_the_audit_of_a_given_fold_names_what_its_sides_share():
    audit = given_folds(published())["3"].audit
    assert (audit.subjects, audit.trials, audit.stimuli) == (0, 0, 0)
    assert audit.n_subjects == (8, 1, 1) and not audit.leaky
    assert audit.sessions == 1
    assert "Sessions of test: 0 in train, 1 in val." in audit.text
    assert audit.text.startswith("published fold 3: no trial on both sides")
    meta = published()
    meta.loc[meta["subject"] == "Ses01M", "part_1"] = "train"
    meta.loc[meta.index[meta["subject"] == "Ses01M"][:3], "part_1"] = "test"
    audit = given_folds(meta)["1"].audit
    assert audit.subjects == 1 and "1 in train, 1 in val" in audit.text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m.drop(columns=[f"part_{k}" for k in range(1, 11)]), "Use make_fol"),
        (lambda m: m.assign(part_4="testing"), "part_4 must be one of 'train', 'val'"),
        (lambda m: m.assign(part_4="train"), "fold 4 must have rows in each part; got"),
    ],
)
def test_given_folds_that_cannot_be_used_say_why(change, words):
    with pytest.raises(ValueError, match=words):
        given_folds(change(published()))
