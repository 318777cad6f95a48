"""A linear reader over a shared projection."""

import os
import signal

import numpy as np
import pandas as pd
from emolib.papers.toy.data import flat
from emolib.papers.toy.diary import burn, note
from emolib.papers.toy.stages import project

from emolib.store import Outcome


def run(settings, context):
    note(f"unit {settings['fold']}")
    if settings.get("fails"):
        raise ValueError("learning rate must be small;\n got 1e9.")
    if settings.get("dies"):
        os.kill(os.getpid(), signal.SIGKILL)
    slow = {"seconds": settings.get("stage_s", 0), "after": settings.get("after", "")}
    stage = context.stage(project, n_features=settings["n_features"], **slow)
    x = flat(context.windows)
    score = 1 / (1 + np.exp(-(x @ stage.state["weight"]).sum(1)))
    burn(settings.get("burn_s", 0.0))
    note(f"working {settings['fold']}", settings.get("seconds", 0.0))
    if settings.get("diverges"):
        score[0] = np.nan
    known = {"window": np.arange(len(x)), "fold": settings["fold"], "seed": 0}
    predictions = context.windows.meta.assign(
        **known, y_true=context.windows.y, y_pred=(score > 0.5).astype(int)
    ).assign(y_score_1=score)
    history = pd.DataFrame({"epoch": [0, 1], "split": "train", "total": [1 / 3, 0.1]})
    return Outcome(predictions, {"history": history}, {"x": x}, dict(stage.state))
