"""How D-Fusion is trained and weighed: Eq. (26), mu chosen on validation trials.

Paper 4, Section 4.5.1 and Fig. 7, which seem to choose mu on test trials. ``apart``,
each branch is trained on its own CCC loss, once, and stored answers are weighed;
``joint``, one loss of the weighted answer, at the paper's mu of 0.6.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from emolib.metrics.traces import trace_scores
from emolib.models.baselines.tcn import DecisionFusion, weighted
from emolib.papers.rmmt.systems.tcn import SIZES, trained
from emolib.papers.rmmt.training import Fitted, Task, as_unit, ccc_step, pick

W_FACE = 0.6
"""The paper's mu, Section 4.5.1."""
SWEEP = np.arange(11) / 10


def fit(task: Task) -> Fitted:
    """Return D-Fusion; its table ``weights`` is Fig. 7."""
    if task.settings["decisions"] == "joint":
        options = pick(task.settings, SIZES)
        model = task.build(DecisionFusion, w_face=W_FACE, **options)
        return task.fitted(task.fit(model, ccc_step(task.settings["divisors"])))
    models = {name: trained(task, [name])[0] for name in ("face", "eeg")}
    told = {
        part: [task.answers(models[name], part) for name in ("face", "eeg")]
        for part in ("val", "test")
    }
    weights = sweep(task, told)
    on_val = weights[weights["part"] == "val"].reset_index(drop=True)
    chosen = float(on_val["w_face"][on_val["ccc"].idxmax()])
    return Fitted(
        lambda part: weighted(*told[part], chosen), {"w_face": np.array(chosen)},
        tables={"weights": weights.assign(chosen=weights["w_face"] == chosen)},
    )  # fmt: skip


def sweep(task: Task, told: dict) -> pd.DataFrame:
    """Return RMSE, PCC and CCC of each part at each mu: columns part, w_face, ...."""
    rows = []
    for part, answers in told.items():
        for w_face in SWEEP:
            table = task.table(part, weighted(*answers, w_face))
            found = trace_scores(table["y_pred"], table["y_true"])
            rows.append({"part": part, "w_face": w_face, **found})
    return pd.DataFrame(rows)


run = as_unit(fit)
