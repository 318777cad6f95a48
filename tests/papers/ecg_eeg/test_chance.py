import numpy as np
import pandas as pd

from emolib.containers import Windows
from emolib.papers.ecg_eeg.settings import Method
from emolib.papers.ecg_eeg.systems import chance


class Context:
    """Windows of subjects that are alike in everything but their names."""

    def __init__(self, n_subjects=8, n_trials=12):
        grid = [
            (f"s{i:02}", f"{k:02}") for i in range(n_subjects) for k in range(n_trials)
        ]
        meta = pd.DataFrame(grid, columns=["subject", "trial"])
        meta = meta.assign(session="1", start_s=0.0, stop_s=10.0)
        meta["arousal"] = np.where(meta["trial"].astype(int) % 4 == 0, 5.0, 1.0)
        n = len(meta)
        self.windows = Windows(
            x={"ecg": np.zeros((n, 1, 4), "float32")},
            y=np.zeros(n), meta=meta, present=np.ones((n, 1), bool),
        )  # fmt: skip


def settings(fold):
    task = {
        "target": "arousal", "threshold": 3.0, "protocol": "by_subject", "n_folds": 4,
        "fold": fold, "label_fraction": 1.0, "seed": 0,
    }  # fmt: skip
    return {**vars(Method()), **task}


def test_chance_draws_anew_in_each_fold():
    context = Context()
    drawn = [
        chance.run(settings(fold), context).predictions["y_score_1"].to_numpy()
        for fold in range(4)
    ]
    assert all(len(scores) == len(drawn[0]) for scores in drawn)
    assert not any(np.array_equal(drawn[0], other) for other in drawn[1:])
