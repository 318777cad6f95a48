"""Windows of a toy corpus."""

import numpy as np
import pandas as pd
from emolib.papers.toy.diary import note

from emolib.containers import Windows


def input_digest(data):
    return f"corpus {data['seed']}"


def prepare(data):
    note("prepare", data.get("seconds", 0))
    if data.get("broken"):
        raise ValueError("DREAMER.mat must be whole; got half of it.")
    rng = np.random.default_rng(data["seed"])
    n = 12
    x = rng.normal(size=(n, 2, 16))
    meta = pd.DataFrame({"subject": ["s01", "s02"] * 6, "trial": ["01"] * n})
    meta = meta.assign(session="1", start_s=np.arange(n) * 10.0)
    present = np.ones((n, 1), bool)
    y = np.arange(n) % 2
    return Windows({"eeg": x}, y, meta, present, {"eeg": 128.0}, {"eeg": ("A", "B")})
