import numpy as np
import pandas as pd
import pytest

from emolib.splits import given_folds


def published(n_sessions=5, n_each=6):
    """Return IEMOCAP's ten folds: a session out, its two speakers validate and test."""
    rows = []
    for session in range(1, n_sessions + 1):
        for speaker in "FM":
            for k in range(n_each + session):
                row = {
                    "subject": f"Ses0{session}{speaker}",
                    "session": f"Ses0{session}",
                    "trial": f"Ses0{session}{speaker}_{k}",
                    "start_s": 0.0,
                }
                for fold in range(1, 2 * n_sessions + 1):
                    out = (fold + 1) // 2 == session
                    tested = speaker == ("M" if fold % 2 else "F")
                    part = ("test" if tested else "val") if out else "train"
                    row[f"part_{fold}"] = part
                rows.append(row)
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
            rows = getattr(fold, part)
            assert (meta[f"part_{name}"].iloc[rows] == part).all()
        assert len(fold.train) + len(fold.val) + len(fold.test) == len(meta)


def test_the_audit_names_the_session_that_validation_and_test_share():
    audit = given_folds(published())["3"].audit
    assert (audit.subjects, audit.trials, audit.stimuli) == (0, 0, 0)
    assert audit.n_subjects == (8, 1, 1) and not audit.leaky
    assert audit.sessions == 1
    assert "Sessions of test: 0 in train, 1 in val." in audit.text
    assert audit.text.startswith("published fold 3: no trial on both sides")


def test_a_shared_speaker_and_a_repeated_utterance_are_told():
    meta = published()
    meta.loc[meta["subject"] == "Ses01M", "part_1"] = "train"
    meta.loc[meta.index[meta["subject"] == "Ses01M"][:3], "part_1"] = "test"
    audit = given_folds(meta)["1"].audit
    assert audit.subjects == 1 and "1 in train, 1 in val" in audit.text


def test_without_a_validation_part_training_subjects_validate():
    rng = np.random.default_rng(0)
    videos = rng.integers(0, 30, 200)
    meta = pd.DataFrame(
        {
            "subject": [f"v{v:02d}" for v in videos],
            "session": "1",
            "trial": [f"u{i}" for i in range(200)],
            "start_s": 0.0,
            "part_1": np.where(videos < 20, "train", "test"),
        }
    )
    fold = given_folds(meta, seed=3)["1"]
    sides = [set(meta["subject"].iloc[r]) for r in (fold.train, fold.val, fold.test)]
    assert list(map(len, sides)) == [16, 4, 10] and len(set.union(*sides)) == 30
    assert "validation drawn here from the training subjects" in fold.audit.text
    assert fold.audit.sessions == 0
    again = given_folds(meta.iloc[::-1].reset_index(drop=True), seed=3)["1"]
    assert set(meta["subject"].iloc[199 - again.val]) == sides[1]
    other = given_folds(meta, seed=4)["1"]
    assert set(other.val) != set(fold.val)


def test_rows_without_a_part_are_in_no_side():
    meta = published()
    meta.loc[:3, "part_2"] = ""
    fold = given_folds(meta)["2"]
    used = np.concatenate([fold.train, fold.val, fold.test])
    assert not set(range(4)) & set(used)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m.drop(columns=[f"part_{k}" for k in range(1, 11)]), "Use make_fol"),
        (lambda m: m.assign(part_4="testing"), "part_4 must be one of 'train', 'val'"),
        (lambda m: m.assign(part_4="train"), "fold 4 must have rows in each part; got"),
    ],
)
def test_folds_that_cannot_be_used_say_why(change, words):
    with pytest.raises(ValueError, match=words):
        given_folds(change(published()))
