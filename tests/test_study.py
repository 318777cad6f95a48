"""What is read off the finished units of a run."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from emolib.metrics import paired_differences, pooled_difference
from emolib.study import Paper, Study, compare

LEANS = {"NMER": 1.5, "MEN": 0.5, "IF-MMIN": 1.0}


def predictions(lean, n_subjects, db, fold):
    rng = np.random.default_rng([fold, n_subjects, int(-db)])
    n = n_subjects * 10
    meta = {"subject": np.arange(n) // 10, "trial": np.arange(n) % 10}
    frame = pd.DataFrame(meta).astype(str).assign(start_s=0.0, fold=fold, seed=0)
    y = np.arange(n) % 2
    score = 1 / (1 + np.exp(-rng.normal(size=n) - lean * (y - 0.5) * (1 + db / 50)))
    return frame.assign(y_true=y, y_pred=(score > 0.5).astype(int), y_score_1=score)


def study_of(n_subjects=6):
    """Return a study of made-up predictions; IF-MMIN was not run at -40 dB."""
    finished = []
    for system, lean in LEANS.items():
        for db in (-10.0, -40.0)[: 1 if system == "IF-MMIN" else 2]:
            for fold in (1, 2):
                table = predictions(lean, n_subjects, db, fold)
                labels = {"system": system, "db": db, "dataset": "toy"}
                tables = {"predictions": table, "validation": table[:40]}
                unit = SimpleNamespace(labels=labels)
                finished.append((unit, SimpleNamespace(tables=tables)))
    paper = Paper(None, list, ("system", "db", "dataset"))
    return Study(None, finished, [], {"toy": "surrogate"}, paper)


def test_pairs_are_compared_by_subject_within_each_combination_of_labels():
    study = study_of()
    pairs = [("NMER", "MEN"), ("NMER", "IF-MMIN"), ("NMER", "MCTN")]
    found = compare(study, "system", pairs, metric="ua", by=["db"], dataset="toy")
    assert found[["a", "b", "db"]].to_numpy().tolist() == [
        ["NMER", "MEN", -10.0], ["NMER", "IF-MMIN", -10.0], ["NMER", "MEN", -40.0],
    ]  # fmt: skip
    for row in found.itertuples():
        sides = [study.table(system=name, db=row.db) for name in (row.a, row.b)]
        paired = paired_differences(*sides, "ua")
        assert (row.mean, row.low, row.high, row.n) == (
            paired.mean, paired.low, paired.high, 6,
        )  # fmt: skip
    assert set(found["interval"]) == {"t over subjects"}
    levels = compare(study, "db", [(-40.0, -10.0)], by=["system"])
    assert levels["system"].tolist() == ["NMER", "MEN"]


def test_subjects_can_be_shown_one_by_one_and_windows_pooled():
    study = study_of(24)
    chosen = {"metric": "ua", "db": -10.0}
    pairs = [("NMER", "MEN")]
    each = compare(study, "system", pairs, per_subject=True, **chosen)
    assert len(each) == 24
    (row,) = compare(study, "system", pairs, **chosen).itertuples()
    assert row.mean == pytest.approx(each["difference"].mean())
    (pooled,) = compare(study, "system", pairs, pooled=True, **chosen).itertuples()
    sides = [study.table(system=name, db=-10.0) for name in ("NMER", "MEN")]
    assert (pooled.mean, pooled.low, pooled.high) == pooled_difference(*sides, "ua")
    few = compare(study, "system", pairs, table="validation", **chosen)
    assert few["n"].item() == 4
