"""Windows of a toy corpus."""

import numpy as np
import pandas as pd
from emolib.papers.toy.diary import note

from emolib.containers import Windows
from emolib.corpora import read


def input_digest(data):
    return f"corpus {data['seed']}"


def prepare(data):
    note("prepare", data.get("seconds", 0))
    if data.get("broken"):
        raise ValueError("DREAMER.mat must be whole; got half of it.")
    x = read(data["seed"])
    meta = pd.DataFrame({"subject": ["s01", "s02"] * 6, "trial": ["01"] * len(x)})
    meta = meta.assign(session="1", start_s=np.arange(len(x)) * 10.0)
    present, y = np.ones((len(x), 1), bool), np.arange(len(x)) % 2
    return Windows({"eeg": x}, y, meta, present, {"eeg": 128.0}, {"eeg": ("A", "B")})


def flat(windows):
    return np.asarray(windows.x["eeg"], float).reshape(len(windows), -1)
